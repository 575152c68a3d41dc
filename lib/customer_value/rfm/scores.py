"""Scores for recency, frequency and money in which equal values always get equal scores.

A customer's place is q = (mid-rank − ½)/n among the customers that ordered in the window. Recency
(days since the last order, fewer is better) and money score 1 + ⌊5q⌋. Customers with one order have
frequency 1; repeaters score 2 + ⌊4q⌋ with q among repeaters, for in many bases half of the customers
ordered once. A score is a step function of the value, so the steps (cut-offs) are found once, by
counting equal values on the engine, and then give every customer a score by comparison. The same
cut-offs applied at another date make two periods comparable.

In place of fifths there can be other quantiles (four shares a < b < c < d; the repeaters' frequency is
then cut at (b − a)/(1 − a) and so on, which is 1/4, 1/2, 3/4 for fifths), or fixed cut-offs. In RFA the
mean amount per order takes the place of money: gross money per order times the share that the customer keeps of
it (`customer_value.kept`), so that it does not hang on the day on which a credit is booked.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.errors import InputError
from customer_value.expressions import as_table, on_spark
from customer_value.kept import kept_share_of
from customer_value.reduction.sorting import changes
from customer_value.rfm.absence import usual_gap
from customer_value.settings import RfmCutoffs

__all__ = [
    "DIMENSIONS",
    "NEEDED",
    "PER_ORDER",
    "SCORES",
    "applied_cutoffs",
    "base",
    "cutoffs",
    "fixed_steps",
    "joined_digits",
    "kept_sales",
    "lowest_values",
    "score",
    "score_of",
    "scores_of",
    "value_columns",
    "weighted",
    "with_per_order",
]

SCORES = (5, 4, 3, 2, 1)
DIMENSIONS = {"recency": "recency_days", "frequency": "orders", "monetary": "net_revenue"}
"""Dimension to the column of the scored table that holds its value."""

NEEDED = ("customer_id", "last_order", "window_orders", "window_net_revenue")
PER_ORDER = "net_revenue_per_order"
KEPT_SALES = "kept_sales"
_WITH_GROSS = {"gross", "net_revenue", "purchase_days", "window_gross"}
QUINTILES = (0.2, 0.4, 0.6, 0.8)


def base(customers: ibis.Table | pd.DataFrame, as_of: dt.date, monetary_is: str = "total") -> ibis.Table:
    """The customers that are scored: those with an order in the window.

    Parameters
    ----------
    customers
        One row per customer: customer_id, last_order, window_orders, window_net_revenue; for RFA also
        gross, net_revenue, purchase_days and window_gross, without which the net money of the window is
        divided by its orders.
    as_of
        Date from which recency is counted back.
    monetary_is
        ``"total"`` (RFM) or ``"per_order"`` (RFA).

    Returns
    -------
    ibis.Table
        customer_id, recency_days (days from the last order to ``as_of``), orders (distinct orders
        in the window), net_revenue (net money in the window), for RFA net_revenue_per_order; with the
        column gap_median also usual_gap_days (`customer_value.rfm.absence`).

    Examples
    --------
    >>> rows = {"customer_id": ["a", "b"], "last_order": [dt.date(2024, 5, 1), None],
    ...         "window_orders": [2, 0], "window_net_revenue": [30.0, -5.0]}
    >>> base(pd.DataFrame(rows), dt.date(2024, 5, 31)).to_pyarrow().to_pandas().values.tolist()
    [['a', 30, 2, 30.0]]
    """
    table = as_table(customers, needs=NEEDED)
    bought = table.filter(table.last_order.notnull(), table.window_orders > 0)
    selected = bought.select(
        "customer_id",
        recency_days=ibis.literal(as_of).delta(bought.last_order.cast("date"), unit="day").cast("int64"),
        orders=bought.window_orders.cast("int64"),
        net_revenue=bought.window_net_revenue.cast("float64"),
        **usual_gap(bought),
        **(kept_sales(table, bought) if monetary_is == "per_order" else {}),
    )
    if monetary_is != "per_order":
        return selected
    scored = with_per_order(selected)
    return scored.drop(KEPT_SALES) if KEPT_SALES in scored.columns else scored


def kept_sales(customers: ibis.Table, some: ibis.Table, of: str = "window_gross") -> dict[str, Any]:
    """A column with what is kept of the gross money of some customers, where gross money is known.

    Parameters
    ----------
    customers
        All customers, also those with returns only, as reduced.
    some
        Those that the column is for, with the same columns.
    of
        Which gross money.
    """
    if not set(customers.columns) >= _WITH_GROSS:
        return {}
    kept = kept_share_of(customers.drop("margin") if "margin" in customers.columns else customers)
    return {KEPT_SALES: some[of].cast("float64") * kept.on(some)}


def with_per_order(table: ibis.Table) -> ibis.Table:
    """Add the mean amount per order, to four places, so that equal means are equal numbers."""
    money = table[KEPT_SALES if KEPT_SALES in table.columns else "net_revenue"]
    return table.mutate(**{PER_ORDER: (money / table.orders.nullif(0)).round(4)})


def value_columns(table: ibis.Table) -> dict[str, str]:
    """Dimension to the column of a table that holds its value: RFM, or RFA where it has that column."""
    return DIMENSIONS | ({"monetary": PER_ORDER} if PER_ORDER in table.columns else {})


def cutoffs(
    scored_base: ibis.Table,
    quantiles: Sequence[float] = QUINTILES,
    dimensions: Sequence[str] = tuple(DIMENSIONS),
) -> pd.DataFrame:
    """The realised steps of each score.

    Parameters
    ----------
    scored_base
        As `base` returns it.
    quantiles
        Four rising shares: a customer at least that far up the ranking has score 2, 3, 4, 5.
    dimensions
        Which to cut.

    Returns
    -------
    pandas.DataFrame
        dimension (recency, frequency, monetary), score (5 to 1), customers, lowest, highest (value
        among the customers with that score; missing where equal values leave a score empty). Five
        rows for each dimension.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"recency_days": [9, 9, 2], "orders": [1, 1, 4],
    ...                                "net_revenue": [5.0, 6.0, 7.0]}))
    >>> found = cutoffs(table)
    >>> found[(found.dimension == "recency") & (found.customers > 0)].values.tolist()
    [['recency', 5, 1, 2.0, 2.0], ['recency', 2, 2, 9.0, 9.0]]
    """
    shares = _fractions(quantiles)
    columns = value_columns(scored_base)
    parts = []
    for name in dimensions:
        values = _counted(scored_base, columns[name])
        if name == "frequency":
            placed = _frequency_scores(values, shares)
        else:
            placed = _ranked(values[::-1] if name == "recency" else values, shares, lowest=1)
        parts.append(_steps(placed, name))
    empty = pd.DataFrame(columns=["dimension", "score", "customers", "lowest", "highest"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def fixed_steps(fixed: RfmCutoffs) -> pd.DataFrame:
    """Steps for the dimensions with fixed cut-offs, in the columns of `cutoffs`.

    Examples
    --------
    >>> steps = fixed_steps(RfmCutoffs(recency=(30, 90, 180, 365)))
    >>> steps[["score", "highest"]].values.tolist()
    [[5.0, 30.0], [4.0, 90.0], [3.0, 180.0], [2.0, 365.0], [1.0, nan]]
    """
    frames = []
    for name in DIMENSIONS:
        four = getattr(fixed, name)
        if four is None:
            continue
        bounds = [*(four if name == "recency" else four[::-1]), math.nan]
        column, other = ("highest", "lowest") if name == "recency" else ("lowest", "highest")
        frames.append(pd.DataFrame({"dimension": name, "score": SCORES, column: bounds, other: math.nan}))
    empty = pd.DataFrame(columns=["dimension", "score", "lowest", "highest"])
    return pd.concat(frames, ignore_index=True) if frames else empty


def applied_cutoffs(scored: ibis.Table) -> pd.DataFrame:
    """Group sizes and ranges of values of scores that were given, in the columns of `cutoffs`."""
    parts = []
    for name, column in value_columns(scored).items():
        grouped = scored.group_by(score=scored[f"{name}_score"]).aggregate(
            customers=scored.count(), lowest=scored[column].min(), highest=scored[column].max()
        )
        parts.append(_all_scores(grouped.to_pyarrow().to_pandas(), name))
    return pd.concat(parts, ignore_index=True)


def lowest_values(table: ibis.Table, column: str, shares: Sequence[float]) -> list[float | None]:
    """The lowest value at least that far up the ranking by mid-rank, for each share.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"v": [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 10.0]}))
    >>> lowest_values(table, "v", [0.5, 0.9, 0.99])
    [5.0, 10.0, None]
    """
    cuts = _fractions(shares)
    ranked = _ranked(_counted(table, column), cuts, lowest=0)
    found = (ranked.loc[ranked["score"] > n, "found"].min() for n in range(len(cuts)))
    return [None if math.isnan(value) else float(value) for value in found]


def score(scored_base: ibis.Table, steps: pd.DataFrame) -> ibis.Table:
    """Give every customer its scores by comparison with cut-offs.

    Parameters
    ----------
    scored_base
        As `base` returns it, for this or another date.
    steps
        Cut-offs as `cutoffs` returns them, or written by hand with the same columns (``highest`` is
        what counts for recency, ``lowest`` for the others).

    Returns
    -------
    ibis.Table
        The base with recency_score, frequency_score, monetary_score (1 to 5) and rfm (text such
        as "543"). A value worse than every step scores 1.

    Raises
    ------
    InputError
        If the steps of a dimension do not rise with the score.
    """
    scores = scores_of(scored_base, steps)
    return scored_base.mutate(**scores, rfm=joined_digits(list(scores.values())))


def scores_of(table: ibis.Table, steps: pd.DataFrame) -> dict[str, Any]:
    """The three scores of a table's customers as Ibis expressions, by the name of their column."""
    return {
        f"{name}_score": score_of(table[column], steps, name) for name, column in value_columns(table).items()
    }


def joined_digits(scores: Sequence[Any]) -> Any:
    """Three scores as text such as "543", as an Ibis expression."""
    digits = [score.cast("string") for score in scores]
    return digits[0] + digits[1] + digits[2]


def score_of(values: Any, steps: pd.DataFrame, dimension: str) -> Any:
    """The best score whose step a value reaches: recency has to be at most, the others at least."""
    own = steps[steps["dimension"] == dimension].sort_values("score", ascending=False)
    column = "highest" if dimension == "recency" else "lowest"
    known = [(int(s), float(b)) for s, b in zip(own["score"], own[column], strict=True) if not math.isnan(b)]
    bounds = [bound for _, bound in known]
    _check_order(bounds if dimension == "recency" else bounds[::-1], dimension)
    branches = [(values <= b if dimension == "recency" else values >= b, s) for s, b in known]
    return ibis.cases(*branches, else_=1).cast("int64") if branches else ibis.literal(1, type="int64")


def weighted(scores: Sequence[Any], weights: Sequence[float]) -> Any:
    """The mean of three scores with the weights of R, F and M (1 to 5), as an Ibis expression."""
    shares = _fractions(weights)
    common = math.lcm(*(share.denominator for share in shares))
    whole = [int(share * common) for share in shares]
    parts = [score * weight for score, weight in zip(scores, whole, strict=True)]
    total = (parts[0] + parts[1] + parts[2]).cast("float64") / float(sum(whole))
    return total.round(6)


def _fractions(numbers: Sequence[float]) -> list[Fraction]:
    """The numbers as they were written, so that whole numbers can be compared."""
    return [Fraction(str(number)).limit_denominator(10**6) for number in numbers]


def _counted(table: ibis.Table, column: str) -> pd.DataFrame:
    """Distinct values, ascending, with their customers; missing values last.

    They are counted in memory; Spark sends each value once.
    """
    if on_spark(table):
        rows = table.group_by(found=table[column]).aggregate(customers=table.count()).to_pyarrow()
        values, sizes = (rows[name].to_numpy() for name in ("found", "customers"))
        order = np.argsort(values)
        found, customers = values[order].astype(np.float64), sizes[order]
        return pd.DataFrame({"found": found, "customers": customers.astype(np.int64)})
    values = np.sort(table.select(column).to_pyarrow()[column].to_numpy()) + 0
    missing = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    values = values[: len(values) - missing]
    starts = np.flatnonzero(changes(values))
    found, customers = values[starts].astype(np.float64), np.diff(starts, append=len(values))
    if missing:
        found, customers = np.append(found, np.nan), np.append(customers, missing)
    return pd.DataFrame({"found": found, "customers": customers.astype(np.int64)})


def _frequency_scores(values: pd.DataFrame, shares: list[Fraction]) -> pd.DataFrame:
    one, *others = shares
    among = [(share - one) / (1 - one) for share in others]
    once = values["found"] <= 1
    return pd.concat([values[once].assign(score=1), _ranked(values[values["found"] > 1], among, lowest=2)])


def _ranked(values: pd.DataFrame, shares: Sequence[Fraction], *, lowest: int) -> pd.DataFrame:
    """Values from the worst to the best with their score: ``lowest`` plus the shares that the place reaches.

    The place is (behind + customers / 2) / n; all is compared in whole numbers.
    """
    customers = values["customers"].to_numpy()
    twice_place, twice_all = 2 * np.cumsum(customers) - customers, 2 * int(customers.sum())
    score = np.full(len(values), lowest, dtype=np.int64)
    for share in shares:
        score += twice_place * share.denominator >= twice_all * share.numerator
    return values.assign(score=score)


def _steps(placed: pd.DataFrame, dimension: str) -> pd.DataFrame:
    grouped = placed.groupby("score").agg(
        customers=("customers", "sum"), lowest=("found", "min"), highest=("found", "max")
    )
    return _all_scores(grouped.reset_index(), dimension)


def _all_scores(grouped: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """All five scores of one dimension, those that nobody has without a range."""
    frame = grouped.set_index("score").reindex(list(SCORES)).reset_index()
    frame["customers"] = frame["customers"].fillna(0).astype("int64")
    frame[["lowest", "highest"]] = frame[["lowest", "highest"]].astype("float64")
    frame.insert(0, "dimension", dimension)
    return frame


def _check_order(rising: list[float], dimension: str) -> None:
    if len(rising) > 1 and not bool(np.all(np.diff(rising) > 0)):
        raise InputError(f"The cut-offs for {dimension} must change in one direction with the score.")
