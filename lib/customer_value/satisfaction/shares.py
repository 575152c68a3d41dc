"""Intervals of shares."""

from __future__ import annotations

import math

__all__ = ["wilson"]

_Z = 1.959963984540054


def wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share of n; n may be an effective number.

    Notes
    -----
    Wilson 1927 (J. American Statistical Association 22).

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0.8, 70)]
    [0.6918, 0.877]
    """
    square = _Z**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(max(share * (1 - share), 0.0) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
