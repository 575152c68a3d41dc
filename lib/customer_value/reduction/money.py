"""Exact money: whole ten-thousandths until everything is summed, then the engine's nearest double."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DECIMALS", "as_double", "fits_int64", "scaled", "split_sum"]

Array = NDArray[Any]

DECIMALS = 4
"""Decimal places of money, see `customer_value.contract.MONEY`."""

_EXACT_DOUBLE = 2**53
_SAFE_SUM = float(2**62)
_HALF = 32


def scaled(decimals: Any) -> Array:
    """The whole numbers behind a pyarrow decimal128 array of at most 18 digits, as int64.

    A decimal128 is a 128-bit whole number; up to 18 digits its low half is the number itself.
    """
    words = np.frombuffer(decimals.buffers()[1], dtype=np.int64)
    start = 2 * decimals.offset
    return words[start : start + 2 * len(decimals) : 2]


def fits_int64(starts: Array, *amounts: Array) -> bool:
    """Whether the sum of each stretch of rows surely fits into 64 bits, whatever part of it is summed.

    Parameters
    ----------
    starts
        First row of each stretch.
    amounts
        Whole numbers per row (int64); their absolute values are added up as doubles, and the limit
        leaves a factor of two for the rounding of those.
    """
    if not len(starts):
        return True
    size = sum(np.abs(amount.astype(np.float64)) for amount in amounts)
    total = np.asarray(size)
    if total.sum() < _SAFE_SUM:
        return True
    return bool(np.add.reduceat(total, starts).max() < _SAFE_SUM)


def split_sum(values: Array) -> int:
    """The exact sum of whole numbers of any size.

    Examples
    --------
    >>> split_sum(np.array([2**62, 2**62, 2**62]))
    13835058055282163712
    """
    high, low = values >> _HALF, values & (2**_HALF - 1)
    return (int(high.sum()) << _HALF) + int(low.sum())


def as_double(values: Array, decimals: int = DECIMALS) -> Array:
    """Doubles from whole numbers with so many decimal places, rounded as the engine rounds.

    Parameters
    ----------
    values
        int64, or Python's whole numbers where these might not fit.
    decimals
        The numbers are counts of 10 to the power of minus this.

    Notes
    -----
    DuckDB divides by the power of ten where the whole number is exact as a double (up to 2⁵³), and
    else adds the whole units and the fraction. Both are followed to the last bit.

    Examples
    --------
    >>> as_double(np.array([12_345_600, -1]))
    array([ 1.23456e+03, -1.00000e-04])
    """
    power = 10**decimals
    doubles: Array = values.astype(np.float64) / float(power)
    large = np.flatnonzero((values > _EXACT_DOUBLE) | (values < -_EXACT_DOUBLE))
    if len(large):
        some = values[large]
        whole = np.where(some < 0, -(-some // power), some // power)
        rest = some - whole * power
        doubles[large] = _engine_double(whole) + rest.astype(np.float64) / float(power)
    return doubles


def _engine_double(whole: Array) -> Array:
    """Doubles of whole numbers; those of 128 bits are converted half by half, as the engine does it."""
    if whole.dtype != object:
        return whole.astype(np.float64)
    return np.array([_wide_double(int(number)) for number in whole], dtype=np.float64)


def _wide_double(number: int) -> float:
    high, low = number >> 64, number & (2**64 - 1)
    if high == -1:
        return -float(2**64 - 1 - low) - 1
    return float(low) + float(high) * float(2**64 - 1)
