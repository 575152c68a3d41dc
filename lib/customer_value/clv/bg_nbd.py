"""BG/NBD, the beta-geometric model of purchases without a contract.

While alive, a customer buys at random times at a rate of their own. After each repeat purchase they
may drop out for good, with a probability of their own; before the first repeat purchase they
cannot, so a customer who has bought once is alive by construction. Rates differ between customers as
a gamma distribution (r, α), dropout probabilities as a beta distribution (a, b).

Source: Fader, Hardie & Lee 2005, Marketing Science 24(2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from customer_value.clv.beta_geometric import BetaGeometric

__all__ = ["BetaGeoNBD"]


@dataclass(frozen=True)
class BetaGeoNBD(BetaGeometric):
    """Parameters of a BG/NBD model.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of purchase rates; ``alpha`` in time units.
    a, b
        Parameters of the beta distribution of dropout probabilities.

    Examples
    --------
    >>> cdnow = BetaGeoNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> round(float(cdnow.conditional_expected_purchases(39, x=2, t_x=30.43, T=38.86)), 3)
    1.226

    >>> import pandas as pd
    >>> histories = {"frequency": [0, 0, 1, 2, 5], "recency": [0, 0, 9, 30, 30], "T": [30, 39, 35, 38, 31]}
    >>> fit = BetaGeoNBD.fit(pd.DataFrame(histories), time_unit="W")
    >>> fit.customers, fit.time_unit
    (5.0, 'W')
    """

    title: ClassVar[str] = "BetaGeoNBD"
    label: ClassVar[str] = "BG/NBD"
    chances: ClassVar[int] = 0
