"""The two integrals behind every expectation: over future time, and over the dropout rate.

Both stay accurate for thousands of purchases, very long horizons and parameters near their limits;
tests compare them with 30-digit arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import betaln, hyp2f1

from customer_value.clv.inputs import Array

__all__ = ["discounted_integral", "legendre", "mean_power"]

_CUT = 50.0
_BLOCK = 1 << 13
_STEP = 0.125


def discounted_integral(
    rate: Callable[[Array, Array], Array],
    scale: Array,
    horizon: Array,
    force: float,
) -> Array:
    r"""Discounted purchases :math:`\int_0^H e^{-\delta u} m(u)\,du`, one for each row.

    Gauss-Legendre in :math:`\log(1 + u/c)`, where mixtures of exponentials of any age are smooth.

    Parameters
    ----------
    rate
        m(u): takes row numbers and a matrix of times (rows × nodes), returns rates of that shape.
    scale
        c, the shortest time on which the rate of each row changes.
    horizon
        H of each row; infinite needs ``force`` above 0.
    force
        δ, the continuous discount rate; 0 gives the plain expectation.

    Returns
    -------
    numpy.ndarray
        One value per row.
    """
    upper = np.minimum(horizon, _CUT / force) if force > 0 else horizon
    top = np.log1p(upper / scale)
    out = np.zeros(len(scale))
    if not len(scale):
        return out
    block = max(1, _BLOCK // _points(top))
    for start in range(0, len(scale), block):
        rows = np.arange(start, min(start + block, len(scale)))
        nodes, weights = legendre(_points(top[rows]))
        steps = top[rows, None] * nodes
        times = scale[rows, None] * np.expm1(steps)
        density = rate(rows, times) * np.exp(steps - force * times)
        out[rows] = scale[rows] * top[rows] * (density @ weights)
    return out


def mean_power(power: Array, first: Array, second: Array, stretch: Array) -> Array:
    r"""Mean of :math:`(1 + pw)^{-k}` for p from a beta distribution.

    Equals :math:`{}_2F_1(k, a; a+b; -w)`. Where the direct value would overflow or lose digits, an
    integral over the logit of p, centred on its mode, takes over.

    Parameters
    ----------
    power
        k > 0.
    first, second
        a and b of the beta distribution.
    stretch
        w ≥ 0.

    Returns
    -------
    numpy.ndarray
        Values in (0, 1], in the shape that the arguments broadcast to.

    Examples
    --------
    >>> float(mean_power(np.array(2.0), np.array(1.0), np.array(1.0), np.array(1.0)))
    0.5
    """
    k, a, b, w = (np.array(v, dtype=float) for v in np.broadcast_arrays(power, first, second, stretch))
    mild = (a + b < 120) | ((k > 20) & (b < 5000))
    between = (a < 5) & (w < 20_000) & (np.abs(k - a - np.rint(k - a)) > 0.01)
    easy = mild & (k < 6000) & (between | ((a < 20) & (w < 200)))
    out = np.full(k.shape, np.nan)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        shrink = np.exp(-a[easy] * np.log1p(w[easy]))
        z = w[easy] / (1 + w[easy])
        out[easy] = shrink * hyp2f1(a[easy] + b[easy] - k[easy], a[easy], a[easy] + b[easy], z)
    out, settled = _with_rare_dropout(out, k, a, b, w)
    hard = ~(settled | (easy & np.isfinite(out)))
    if np.any(hard):
        out[hard] = _logit_mean(k[hard], a[hard], b[hard], w[hard])
    return out


@lru_cache(maxsize=64)
def legendre(points: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Legendre on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return (nodes + 1) / 2, weights / 2


def _points(top: Array) -> int:
    return 8 + 4 * int(np.ceil(top.max()))


def _with_rare_dropout(out: Array, k: Array, a: Array, b: Array, w: Array) -> tuple[Array, Array]:
    """Three terms of the series in p where the fourth, which bounds the error, is negligible."""
    first = k * w * a / (a + b)
    second = first * (k + 1) * w * (a + 1) / (a + b + 1) / 2
    third = second * (k + 2) * w * (a + 2) / (a + b + 2) / 3
    settled = third < 1e-12
    return np.where(settled, 1 - first + second, out), settled


def _logit_mean(k: Array, a: Array, b: Array, w: Array) -> Array:
    out = np.empty(len(k))
    for start in range(0, len(k), 20_000):
        part = slice(start, start + 20_000)
        out[part] = _logit_block(k[part], a[part], b[part], w[part])
    return out


def _logit_block(k: Array, a: Array, b: Array, w: Array) -> Array:
    wide_a, wide_b = np.maximum(a, 1.0), np.maximum(b, 1.0)
    mode = _mode(k, wide_a, wide_b, w)
    p = _expit(mode)
    bend = k * w * p * (1 - p) * (1 - 2 * p - w * p * p) / (1 + w * p) ** 2
    width = np.minimum(1.0, 1 / np.sqrt(np.maximum((wide_a + wide_b) * p * (1 - p) + bend, 1e-12)))
    reach = np.arcsinh(40 / (np.minimum(a, b) * width) + 12).max()
    steps = np.arange(-np.ceil(reach / _STEP), np.ceil(reach / _STEP) + 1) * _STEP
    y = mode[:, None] + width[:, None] * np.sinh(steps)
    log_weight = np.log(width)[:, None] + np.log(np.cosh(steps)) - betaln(a, b)[:, None]
    return np.asarray(_STEP * np.exp(_log_density(y, k, a, b, w) + log_weight).sum(axis=1))


def _log_density(y: Array, k: Array, a: Array, b: Array, w: Array) -> Array:
    log_p = -np.logaddexp(0, -y)
    log_rest = -np.logaddexp(0, y)
    bent = k[:, None] * np.log1p(w[:, None] * np.exp(log_p))
    return np.asarray(a[:, None] * log_p + b[:, None] * log_rest - bent)


def _mode(k: Array, a: Array, b: Array, w: Array) -> Array:
    high = np.log(a) - np.log(b)
    low = high - np.log1p(w) - np.log1p(k) - 5
    for _ in range(40):
        middle = (low + high) / 2
        p = _expit(middle)
        rising = a - (a + b) * p - k * w * p * (1 - p) / (1 + w * p) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.asarray((low + high) / 2)


def _expit(y: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0, -y)))
