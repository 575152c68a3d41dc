"""Staying in discrete time, when the chance to leave differs between customers.

At every occasion a customer leaves with a chance of their own, and the chances follow a beta
distribution (a, b). Of those who are there, the share S(j) = B(a, b + j) / B(a, b) stays for j more
occasions. The models of contracts (sBG) and of purchase opportunities (BG/BB) both rest on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from customer_value.clv.inputs import Array, distinct
from customer_value.errors import InputError

__all__ = ["check_discount", "endless_stay", "expected_stay", "log_stay", "running"]

_CLOSE = 1e-13
_CELLS = 1_000_000


def running(terms: Array) -> Array:
    """Sums of the first 0, 1, 2, … terms.

    Examples
    --------
    >>> running(np.array([1.0, 2.0]))
    array([0., 1., 3.])
    """
    return np.append(0.0, np.cumsum(terms))


def log_stay(a: float, b: float, most: int) -> Array:
    """Log of the share that stays for 0, 1, …, ``most`` occasions.

    Examples
    --------
    >>> np.exp(log_stay(1.0, 1.0, 3)).round(4)
    array([1.    , 0.5   , 0.3333, 0.25  ])
    """
    return running(-np.log1p(a / (b + np.arange(most))))


def expected_stay(a: float, b: float, passed: Array, *, discount_rate: float, horizon: Array | None) -> Array:
    """Expected number of occasions still to come for those who have stayed for some already.

    The sum over j = 1, 2, … of S(passed + j) / S(passed) / (1 + discount_rate)^j.

    Parameters
    ----------
    a, b
        The beta distribution of new customers.
    passed
        Occasions that a customer has stayed for, whole numbers.
    discount_rate
        Effective rate per occasion; the first one ahead is discounted once.
    horizon
        Occasions to look ahead, whole numbers in the shape of ``passed``; None for no end. Infinite
        values are returned where the sum has none.

    Returns
    -------
    numpy.ndarray
        In the shape of ``passed``.

    Examples
    --------
    >>> expected_stay(2.0, 1.0, np.array([0.0]), discount_rate=0.0, horizon=None)
    array([1.])
    >>> expected_stay(2.0, 1.0, np.array([0.0]), discount_rate=0.0, horizon=np.array([2.0]))
    array([0.5])
    """
    if horizon is None:
        values, place = np.unique(passed, return_inverse=True)
        return endless_stay(np.asarray(a), b + values, discount_rate)[place].reshape(passed.shape)
    rows, place = distinct(passed.ravel(), horizon.ravel())
    values, ahead = (row.astype(int) for row in rows)
    if not len(values):
        return np.zeros(passed.shape)
    logs = log_stay(a, b, int((values + ahead).max()))
    most = max(1, _CELLS // max(1, int(ahead.max())))
    parts = [
        _sums(logs, values[i : i + most], ahead[i : i + most], discount_rate)
        for i in range(0, len(values), most)
    ]
    return np.concatenate(parts)[place].reshape(passed.shape)


def endless_stay(a: Array, b: Array, discount_rate: float) -> Array:
    """`expected_stay` without end of those who have not stayed yet, for arrays of parameters.

    It is z·b/(a+b) · ₂F₁(1, b+1; a+b+1; z) with z = 1/(1+d), from Gauss' continued fraction.

    Examples
    --------
    >>> endless_stay(np.array([2.0, 0.5]), np.array([1.0, 1.0]), 0.0)
    array([ 1., inf])
    """
    a, b = np.broadcast_arrays(a, b)
    if discount_rate == 0:
        return np.where(a > 1, b / np.where(a > 1, a - 1, 1.0), np.inf)
    z = 1 / (1 + discount_rate)
    return np.asarray(z * b / (a + b) * _settled(lambda terms: _fraction(b + 1, a + b, z, terms)))


def check_discount(discount_rate: float) -> None:
    """Refuse a rate that is not a number of 0 or more."""
    if not (math.isfinite(discount_rate) and discount_rate >= 0):
        raise InputError(f"The discount rate {discount_rate} must be a number of 0 or more.")


def _sums(logs: Array, passed: Array, ahead: Array, discount_rate: float) -> Array:
    j = np.arange(1, int(ahead.max(initial=0)) + 1)
    inside = j <= ahead[:, None]
    place = np.where(inside, passed[:, None] + j, passed[:, None])
    terms = np.exp(logs[place] - logs[passed][:, None] - j * math.log1p(discount_rate))
    return np.asarray(np.sum(np.where(inside, terms, 0.0), axis=1))


def _fraction(upper: Array, c: Array, z: float, terms: int) -> Array:
    """₂F₁(1, upper; c + 1; z) from that many pairs of terms, the last one first."""
    value = np.ones(upper.shape)
    for n in range(terms, 0, -1):
        even = n * (c - upper + n) / ((c + 2 * n - 1) * (c + 2 * n))
        odd = (upper + n) * (c + n) / ((c + 2 * n) * (c + 2 * n + 1))
        value = 1 - even * z / (1 - odd * z / value)
    return np.asarray(1 / (1 - upper / (c + 1) * z / value))


def _settled(estimate: Callable[[int], Array]) -> Array:
    """An estimate with ever more terms, until it no longer changes."""
    terms, last = 32, estimate(16)
    while True:
        value = estimate(terms)
        if np.all(np.abs(value - last) <= _CLOSE * np.abs(value)) or terms > 2**20:
            return value
        terms, last = 2 * terms, value
