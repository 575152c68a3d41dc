"""What a fitted model says may happen to each customer, against what did.

Each replicate draws the parameters once for all customers and then a future for each of them. Where
the outcome falls among the futures of a customer is the probability integral transform (PIT): even
from 0 to 1 if the model is right, whatever the model. Counts are discrete, so the transform of an
outcome is an interval, from the share of futures below it to the share not above it; a random place in
it is the *randomised* transform. The figures here are the averages over all random places, so that
none of them hangs on a draw and equal customers count the same.

Source: Czado, Gneiting & Held 2009, Biometrics 65(4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from customer_value.clv.candidates import Candidate
from customer_value.clv.fitting import Fit
from customer_value.clv.inputs import Array

__all__ = ["LEVELS", "Forecast", "forecast"]

LEVELS = (0.5, 0.8, 0.95)
"""Nominal levels of the intervals whose coverage is measured."""

_CHUNK = 4_000
_CLASSES = 8
_KS_95 = 1.358
_CLOSE = 0.02


@dataclass(frozen=True)
class Forecast:
    """Simulated futures of all customers, summed up, beside what happened.

    Parameters
    ----------
    totals
        Purchases of all customers, one per replicate.
    actual
        Purchases of each customer.
    below, upto
        Bounds of each customer's probability integral transform.
    low, high
        Bounds of the intervals of each customer in purchases, a column per level in `LEVELS`.
    chance
        What the futures say of how often those intervals hold: more than nominal, as purchases are
        whole numbers.
    classes
        Customers by number of purchases (0 to 6, and 7 or more), a row per replicate.
    """

    totals: Array
    actual: Array
    below: Array
    upto: Array
    low: Array
    high: Array
    chance: Array
    classes: Array

    @property
    def coverage(self) -> pd.DataFrame:
        """How often the intervals of customers hold what happened.

        Returns
        -------
        pandas.DataFrame
            nominal, customers, covered (share of customers, by the transform; nominal if the model is
            right), covered_low, covered_high (its 95 % interval, customers taken one by one), inside
            (share of customers within whole-number bounds), inside_expected (what the model says of
            that), verdict ("holds", "too narrow" or "too wide": by more than chance and two points).
        """
        rows = []
        for column, level in enumerate(LEVELS):
            share = self._within((1 - level) / 2, (1 + level) / 2)
            covered, width = float(share.mean()), 1.96 * float(share.std()) / len(share) ** 0.5
            inside = (self.low[:, column] <= self.actual) & (self.actual <= self.high[:, column])
            rows.append(
                {
                    "nominal": level,
                    "customers": len(share),
                    "covered": covered,
                    "covered_low": max(covered - width, 0.0),
                    "covered_high": min(covered + width, 1.0),
                    "inside": float(inside.mean()),
                    "inside_expected": float(self.chance[:, column].mean()),
                    "verdict": _verdict(covered, width, level),
                }
            )
        return pd.DataFrame(rows)

    def pit(self, bins: int = 10) -> Array:
        """Share of customers in equal classes of the transform; even if the model is right."""
        edges = np.linspace(0, 1, bins + 1)
        return np.diff([self._share_below(edge) for edge in edges])

    @property
    def distance(self) -> float:
        """Largest distance of the transform's distribution from an even one (Kolmogorov–Smirnov)."""
        grid = np.linspace(0.01, 0.99, 99)
        return float(max(abs(self._share_below(u) - u) for u in grid))

    @property
    def uneven(self) -> bool:
        """Whether chance leaves the distance from an even distribution unexplained, at 5 %.

        The bound for single draws is used; the average over draws varies less, so that it errs on
        the side of the model.
        """
        return bool(self.distance > _KS_95 / len(self.actual) ** 0.5)

    def _share_below(self, place: float) -> float:
        return float(self._within(0.0, place).mean())

    def _within(self, start: float, stop: float) -> Array:
        """The part of each customer's transform that lies between two places."""
        overlap = np.minimum(self.upto, stop) - np.maximum(self.below, start)
        return np.asarray(np.clip(overlap / (self.upto - self.below), 0.0, 1.0))


def forecast(
    candidate: Candidate,
    fit: Fit[Any],
    customers: pd.DataFrame,
    actual: Array,
    *,
    ahead: float,
    seed: int,
    replicates: int,
) -> Forecast:
    """Simulate the futures of customers and place what happened among them.

    Parameters
    ----------
    candidate, fit
        The model.
    customers
        One row per customer with the candidate's columns, times in the unit of the fit.
    actual
        Purchases of each customer in the time ahead.
    ahead
        Length of the time, in the unit of the fit.
    seed, replicates
        Of the simulation. The result does not depend on the order of the customers, and equal
        customers share their futures.
    """
    models = candidate.draw(fit, replicates, np.random.default_rng([seed, 5]))
    columns = list(candidate.columns)
    group = customers.groupby(columns, sort=True, dropna=False).ngroup().to_numpy()
    histories = customers[columns].iloc[np.unique(group, return_index=True)[1]]
    order = np.argsort(group, kind="stable")
    totals, classes = np.zeros(replicates), np.zeros((replicates, _CLASSES))
    placed = []
    for number, part in enumerate(_chunks(group[order])):
        rng = np.random.default_rng([seed, 6, number])
        rows, places = np.unique(group[order[part]], return_inverse=True)
        here = histories.iloc[rows]
        counts = np.empty((len(places), replicates), dtype=np.int64)
        for r, model in enumerate(models):
            counts[:, r] = candidate.future(model, here, places, ahead, rng)
        totals += counts.sum(axis=0)
        classes += _classes(counts)
        placed.append(_placed(counts, places, actual[order[part]]))
    below, upto, low, high, chance = (np.concatenate(parts) for parts in zip(*placed, strict=True))
    back = np.argsort(order, kind="stable")
    return Forecast(totals, actual, below[back], upto[back], low[back], high[back], chance[back], classes)


def _placed(counts: Array, groups: Array, actual: Array) -> tuple[Array, ...]:
    """Place outcomes among the pooled futures of customers with equal histories."""
    span = int(max(counts.max(initial=0), actual.max(initial=0))) + 2
    key = np.sort((counts + groups[:, None] * span).ravel())
    start = np.searchsorted(key, groups * span)
    number = np.searchsorted(key, (groups + 1) * span) - start
    mine = groups * span + actual.astype(np.int64)
    below = (np.searchsorted(key, mine) - start) / (number + 1)
    upto = (np.searchsorted(key, mine, side="right") - start + 1) / (number + 1)
    low, high, chance = [], [], []
    for level in LEVELS:
        bounds = [
            key[start + np.clip(np.ceil(q * number).astype(int) - 1, 0, None)] - groups * span
            for q in ((1 - level) / 2, (1 + level) / 2)
        ]
        first = np.searchsorted(key, groups * span + bounds[0])
        last = np.searchsorted(key, groups * span + bounds[1], side="right")
        low.append(bounds[0])
        high.append(bounds[1])
        chance.append((last - first) / number)
    return below, upto, np.stack(low, axis=1), np.stack(high, axis=1), np.stack(chance, axis=1)


def _classes(counts: Array) -> Array:
    most = np.minimum(counts, _CLASSES - 1)
    return np.stack([(most == value).sum(axis=0) for value in range(_CLASSES)], axis=1)


def _chunks(groups: Array) -> Iterator[slice]:
    """Slices of about 4,000 customers that do not split customers with equal histories."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    start = 0
    while start < len(groups):
        place = np.searchsorted(starts, start + _CHUNK)
        stop = int(starts[place]) if place < len(starts) else len(groups)
        yield slice(start, stop)
        start = stop


def _verdict(covered: float, width: float, level: float) -> str:
    """More than chance, and by more than two points."""
    if abs(covered - level) <= max(width, _CLOSE):
        return "holds"
    return "too narrow" if covered < level else "too wide"
