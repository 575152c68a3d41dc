"""What the segments are worth from now on: RFM joined with lifetime value.

Notebook 03 does not do this: it runs side by side with the notebook of lifetime value, so whether that
has finished would depend on time. A notebook that runs after both can.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from customer_value.expressions import as_table, exact_sum
from customer_value.rfm.names import SEGMENTATIONS

__all__ = ["clv_by_segment"]


def clv_by_segment(
    customers: ibis.Table | pd.DataFrame, clv: ibis.Table | pd.DataFrame, of: str = "segment"
) -> pd.DataFrame:
    """Lifetime value of each segment.

    Parameters
    ----------
    customers
        The table ``rfm`` of a run: customer_id and the segmentation.
    clv
        The table ``clv`` of a run: customer_id, clv (missing where there is no model).
    of
        ``"segment"``, ``"eight_class"`` or ``"portfolio_group"``.

    Returns
    -------
    pandas.DataFrame
        All segments: the segmentation, customers, valued (customers with a value), clv (sum),
        clv_share, clv_per_customer (mean of those with a value).

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": ["a", "b", "c"], "segment": ["Loyal", "Loyal", "Lost"]})
    >>> values = pd.DataFrame({"customer_id": ["a", "b"], "clv": [30.0, 50.0]})
    >>> found = clv_by_segment(rows, values).set_index("segment")
    >>> found.loc[["Loyal", "Lost"], ["customers", "valued", "clv"]].values.tolist()
    [[2.0, 2.0, 80.0], [1.0, 0.0, 0.0]]
    """
    scored = as_table(customers, needs=("customer_id", of))
    values = as_table(clv, needs=("customer_id", "clv"))
    values = values.select(_id=values.customer_id, clv=values.clv.cast("float64").nullif(float("nan")))
    joined = scored.left_join(values, scored.customer_id == values["_id"])
    sums = joined.group_by(of).aggregate(
        customers=joined.count(), valued=joined.clv.count(), clv=exact_sum(joined.clv)
    )
    frame = sums.to_pyarrow().to_pandas().set_index(of)
    others = [name for name in sorted(frame.index.dropna()) if name not in SEGMENTATIONS[of]]
    frame = frame.reindex([*SEGMENTATIONS[of], *others], fill_value=0).fillna({"clv": 0.0})
    frame = frame.astype({"customers": "int64", "valued": "int64", "clv": "float64"})
    total = frame["clv"].sum()
    frame["clv_share"] = frame["clv"] / total if total > 0 else np.nan
    frame["clv_per_customer"] = frame["clv"] / frame["valued"].where(frame["valued"] > 0)
    return frame.rename_axis(of).reset_index()
