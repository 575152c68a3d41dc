"""How far the figures of concentration would move with other customers of the same kind.

Each resample draws as many customers as there are, with replacement, and computes the figures
again; the middle 95 % of the resamples is the interval. Up to `EXACT_UP_TO` customers every customer
is drawn; above that, neighbours in value share a cell and the cells are drawn (multinomial), so
that the cost does not grow with the number of customers. The largest and the smallest always stay
apart, since they decide the figures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from customer_value.pareto.figures import Cells, Plan, compute

__all__ = ["EXACT_UP_TO", "binned", "intervals"]

EXACT_UP_TO = 20_000
"""Customers above which cells are resampled instead of customers."""

_EDGE = 2_000
_MIDDLE = 6_000

Floats = npt.NDArray[np.float64]


def intervals(
    values: Floats,
    plan: Plan,
    *,
    resamples: int = 2_000,
    seed: int = 0,
    level: float = 0.95,
    exact_up_to: int = EXACT_UP_TO,
) -> tuple[Floats, Floats]:
    """Bootstrap interval of each figure of a plan (percentile method, Efron 1979).

    Parameters
    ----------
    values
        One value per customer, in any order.
    plan
        Figures wanted.
    resamples, seed
        Number of resamples and the seed of their random numbers.
    level
        Share of resamples inside the interval.
    exact_up_to
        Number of customers above which cells are resampled.

    Returns
    -------
    tuple of arrays
        Lower and upper ends in the order of the plan; nan where a figure is not defined in every
        resample.

    Examples
    --------
    >>> low, high = intervals(np.array([9.0, 5.0, 3.0, 2.0, 1.0] * 10), Plan(), resamples=200)
    >>> bool(low[0] < 0.45 < high[0])
    True
    """
    ordered = np.sort(values)[::-1].astype(np.float64)
    if len(ordered) <= exact_up_to:
        cells = Cells.of(ordered)
        draw = _customers(len(ordered), seed)
    else:
        cells = binned(ordered)
        draw = _cells(cells.counts, seed)
    figures = np.empty((resamples, plan.size))
    for row in range(resamples):
        figures[row] = compute(Cells(cells.values, draw()), plan)
    tail = (1 - level) / 2
    low, high = np.quantile(figures, [tail, 1 - tail], axis=0)
    return low, high


def binned(ordered: Floats) -> Cells:
    """Sorted values in cells: each extreme customer alone, the others in equally large groups.

    Parameters
    ----------
    ordered
        Values from high to low.

    Returns
    -------
    Cells
        10,000 cells whose money adds up to that of the customers.
    """
    number = len(ordered)
    inner = np.linspace(_EDGE, number - _EDGE, _MIDDLE + 1).astype(np.int64)
    starts = np.concatenate([np.arange(_EDGE), inner[:-1], np.arange(number - _EDGE, number)])
    counts = np.diff(np.append(starts, number)).astype(np.float64)
    return Cells(np.add.reduceat(ordered, starts) / counts, counts)


def _customers(number: int, seed: int) -> Callable[[], Floats]:
    random = np.random.default_rng(seed)

    def draw() -> Floats:
        drawn = random.integers(0, number, number, dtype=np.int32)
        return np.bincount(drawn, minlength=number).astype(np.float64)

    return draw


def _cells(counts: Floats, seed: int) -> Callable[[], Floats]:
    random = np.random.default_rng(seed)
    number = int(counts.sum())
    shares = counts / number

    def draw() -> Floats:
        return random.multinomial(number, shares).astype(np.float64)

    return draw
