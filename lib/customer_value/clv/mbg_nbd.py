"""MBG/NBD, the modified beta-geometric model of purchases without a contract.

Like BG/NBD, but the very first purchase may be the last one too, so that a customer who bought once
long ago is less likely to be alive than one who bought once last week.

Source: Batislam, Denizel & Filiztekin 2007, International Journal of Research in Marketing 24(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from customer_value.clv.beta_geometric import BetaGeometric

__all__ = ["ModifiedBetaGeoNBD"]


@dataclass(frozen=True)
class ModifiedBetaGeoNBD(BetaGeometric):
    """Parameters of an MBG/NBD model.

    Parameters
    ----------
    r, alpha
        Shape and rate of the gamma distribution of purchase rates; ``alpha`` in time units.
    a, b
        Parameters of the beta distribution of dropout probabilities.

    Examples
    --------
    >>> cdnow = ModifiedBetaGeoNBD(r=0.525, alpha=6.183, a=0.891, b=1.614)
    >>> cdnow.p_alive(x=0, t_x=0, T=[4, 39]).round(2)
    array([0.58, 0.39])
    """

    title: ClassVar[str] = "ModifiedBetaGeoNBD"
    label: ClassVar[str] = "MBG/NBD"
    chances: ClassVar[int] = 1
