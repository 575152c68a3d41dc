"""How many purchases lie ahead where each takes k hidden events and may be the last.

How far a customer is on the way to the next purchase, the stage, is known only as far as the silence
since the last one tells. Given the rate of hidden events, the n-th purchase ahead of a customer at
stage j is event number nk − j; it comes within the horizon with a Poisson probability, and the
customer is still there for it with probability E(1 − p)^(n−1). All terms of the sum are positive. The
mean over the rate, a gamma variable, is a trapezoidal rule in its logarithm, which converges
exponentially; all customers with equally many purchases share its nodes and the sums there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.special import betaincinv, betaln, gammainc, gammainccinv, gammaincinv, gammaln, psi

from customer_value.clv.inputs import Array
from customer_value.clv.integrals import legendre

__all__ = ["purchases_ahead", "stage_sums", "stage_weights"]

_FORGOTTEN = 45.0
_CELLS = 1_000_000
_NODES = 16
_RARE = 0.5
_MANY = 20_000.0
_FIRST = 512
_WIDE = 12.0


def purchases_ahead(
    k: int,
    shape: Array,
    start: Array,
    silence: Array,
    leave: float,
    stay: Array,
    horizon: Array,
    force: float,
) -> Array:
    """Expected purchases ahead of customers who are still there, each discounted to now.

    Parameters
    ----------
    k
        Hidden events to a purchase.
    shape, start
        Of the gamma distribution of the rate of hidden events if nothing had happened since the last
        purchase; customers of equal shape should be neighbours.
    silence
        Time since the last purchase.
    leave, stay
        Of the beta distribution of the probability that a purchase is the last. Customers of equal
        shape have equal ``stay``.
    horizon
        How far to look; infinite only with ``force`` above 0.
    force
        Continuous discount rate.

    Returns
    -------
    numpy.ndarray
        One value per customer.
    """
    out = np.zeros(len(shape))
    for rows in _alike(shape, horizon):
        until = float(horizon[rows.start])
        if until == 0:
            continue
        if force * until > _FORGOTTEN:
            until = math.inf
        common, there = float(shape[rows.start]), float(stay[rows.start])
        logs = _log_rates(common, k, start[rows], until, force)
        ahead = _given_rate(k, np.exp(logs), leave, there, until, force)
        out[rows] = _mean_over_rates(k, common, start[rows], silence[rows], logs, ahead)
    return out


def stage_weights(k: int, shape: Array, silence: Array) -> list[Array]:
    """Weights of 0 to k - 1 hidden events since the last purchase.

    Parameters
    ----------
    k
        Hidden events to a purchase.
    shape
        As for `purchases_ahead`.
    silence
        Time since the last purchase as a share of ``start``.
    """
    weights = [np.ones_like(shape * silence)]
    for stage in range(1, k):
        weights.append(weights[-1] * (shape + stage - 1) / stage * silence)
    return weights


def stage_sums(k: int, shape: Array, silence: Array) -> tuple[Array, Array, Array]:
    """Sum of the weights of the stages, and the slopes of its logarithm by shape and by silence."""
    total = weight = np.ones_like(shape * silence)
    by_shape = by_silence = risen = np.zeros_like(total)
    for stage in range(1, k):
        risen = risen + 1 / (shape + stage - 1)
        by_silence = by_silence + weight * (shape + stage - 1)
        weight = weight * (shape + stage - 1) / stage * silence
        total, by_shape = total + weight, by_shape + weight * risen
    return total, by_shape / total, by_silence / total


def _mean_over_rates(k: int, shape: float, start: Array, silence: Array, logs: Array, ahead: Array) -> Array:
    """Mean over stages and rates: a gamma density times a power of silence for each stage."""
    rates, stages = np.exp(logs), np.arange(k)
    ways = np.array([float(math.factorial(stage)) for stage in stages])
    by_stage = (rates ** stages[:, None] / ways[:, None] * ahead).T
    out = np.empty(len(start))
    for rows in _blocks(len(start), len(rates)):
        begin = start[rows, None]
        density = np.exp(shape * (np.log(begin) + logs) - begin * rates - gammaln(shape))
        mean = (logs[1] - logs[0]) * density @ by_stage
        out[rows] = (mean * silence[rows, None] ** stages).sum(axis=1)
    return out / stage_sums(k, np.full(len(start), shape), silence / start)[0]


def _log_rates(shape: float, k: int, start: Array, horizon: float, force: float) -> Array:
    """Evenly spaced logs of rates, from where on to where they matter.

    The step resolves the gamma density of the rates as well as the beat of regular purchases.
    """
    longest = min(horizon, 1 / force if force > 0 else math.inf)
    high = math.log(gammainccinv(shape + k, 1e-18) / start.min())
    low = -math.log(max(longest, start.max())) - 38 / (shape + k)
    rare = gammaincinv(shape, 1e-17) / start.max()
    if rare > 0:
        low = max(low, math.log(rare))
    step = 2 * math.pi / (12 * k + math.sqrt(75 * (shape + k)))
    return np.linspace(low, high, math.ceil((high - low) / step) + 1)


def _given_rate(k: int, rates: Array, leave: float, stay: float, horizon: float, force: float) -> Array:
    """Purchases ahead by stage (rows) and rate of hidden events (columns)."""
    discount = -np.log1p(force / rates)
    if horizon == math.inf:
        lost = -np.expm1(k * discount)
        each = _mean_end(leave, stay, np.exp(k * discount) / lost) / lost
        return np.asarray(np.exp(np.arange(k, 0, -1)[:, None] * discount) * each)
    events = (rates + force) * horizon
    few = int(np.searchsorted(events, _MANY))
    out = np.empty((k, len(rates)))
    for start in range(0, few, _NODES):
        nodes = slice(start, min(start + _NODES, few))
        out[:, nodes] = _sum_over_events(k, events[nodes], discount[nodes], leave, stay)
    if few < len(rates):
        out[:, few:] = _sum_over_many(k, events[few:], discount[few:], leave, stay)
    return out


def _sum_over_events(k: int, events: Array, discount: Array, leave: float, stay: float) -> Array:
    """The sum over purchases ahead, from the chance of each number of events within the horizon."""
    number = math.ceil((events[-1] + 9 * math.sqrt(events[-1]) + 40) / k)
    event = np.arange(1.0, number * k + 1)[:, None]
    exactly = np.exp(event * np.log(np.maximum(events, 1e-300)) - events - gammaln(event + 1))
    reached = np.cumsum(exactly[::-1], axis=0)[::-1] * np.exp(event * discount)
    there = _there(number, leave, stay)
    return np.asarray(np.tensordot(there, reached.reshape(number, k, -1), axes=1)[::-1])


def _sum_over_many(k: int, events: Array, discount: Array, leave: float, stay: float) -> Array:
    """The same for very many events: after some hundred purchases an integral takes the sum's place.

    From the middle before its first term on, it needs one term of the Euler-Maclaurin series.
    """
    first = np.exp(k * np.arange(float(_FIRST))[:, None] * discount)
    head = _there(_FIRST, leave, stay) @ first * np.exp(np.arange(k, 0, -1)[:, None] * discount)
    stage, spread = np.arange(k)[:, None], _WIDE * np.sqrt(events)
    low = _FIRST - 0.5
    near, far = ((events + sign * spread + stage) / k - 1 for sign in (-1, 1))

    def term(n: Array, certain: bool) -> Array:
        event = (n + 1) * k - stage[..., None]
        logs = betaln(leave, stay + n) - betaln(leave, stay) + event * discount[:, None]
        return np.asarray(np.exp(logs) * (1.0 if certain else gammainc(event, events[:, None])))

    nodes, weights = legendre(64)
    ratio = np.log((near + 1) / (low + 1))[..., None]
    grown = (low + 1) * np.exp(ratio * nodes)
    body = (term(grown - 1, True) * grown) @ weights * ratio[..., 0]
    width = (far - near)[..., None]
    end = term(near[..., None] + width * nodes, False) @ weights * width[..., 0]
    slope = psi(stay + low) - psi(leave + stay + low) + k * discount
    edge = term(np.full((k, len(events), 1), low), True)[..., 0] * slope / 24
    return np.asarray(head + body + end + edge)


def _there(number: int, leave: float, stay: float) -> Array:
    """Probability of still being there for the first, second, ... purchase ahead."""
    before = np.arange(number - 1)
    return np.append(1.0, np.cumprod((stay + before) / (leave + stay + before)))


def _mean_end(leave: float, stay: float, odds: Array) -> Array:
    """Mean of 1 / (1 + odds · p) for p from a beta distribution, by a sum over the logit of p."""
    step = 2 * math.pi / (24 + math.sqrt(75 * (1 + leave * stay / (leave + stay))))
    high = _least_logit(stay, leave)
    often = leave > _RARE
    low = -_least_logit(leave, stay) if often else -math.log1p(odds.max()) - 40 / (1 + leave)
    logit = np.linspace(low, high, math.ceil((high - low) / step) + 1)
    log_p, log_rest = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    density = np.exp(leave * log_p + stay * log_rest - betaln(leave, stay)) * (logit[1] - logit[0])
    pulled = odds[:, None] * np.exp(log_p)
    return np.asarray(1 / (1 + pulled) @ density if often else 1 - pulled / (1 + pulled) @ density)


def _least_logit(first: float, second: float) -> float:
    """Minus the logit that a beta variable (first, second) is below with a chance of 1e-17."""
    small = betaincinv(first, second, 1e-17)
    return math.log1p(-small) - math.log(small) if small > 0 else 700.0


def _alike(*columns: Array) -> Iterator[slice]:
    """Slices of neighbouring rows that are equal in all columns."""
    changes = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    bounds = [0, *(np.flatnonzero(changes) + 1), len(columns[0])]
    return (slice(start, stop) for start, stop in pairwise(bounds) if stop > start)


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    size = max(1, _CELLS // columns)
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))
