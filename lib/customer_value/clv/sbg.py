"""sBG, the shifted beta-geometric model of how long contracts last.

At each renewal a customer leaves with a chance of their own, which stays as it is; the chances differ
between customers as a beta distribution (α, β). Those likely to leave do so first, so that the
renewal rate of a cohort rises with its age although no customer changes.

Sources: Fader & Hardie 2007, Journal of Interactive Marketing 21(1); for residual lifetimes Fader &
Hardie 2010, Marketing Science 29(1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customer_value.clv.counts import Renewals
from customer_value.clv.fitting import Fit, fitted, maximise
from customer_value.clv.inputs import Array, check_parameters, checked_counts, checked_times
from customer_value.clv.survival import check_discount, expected_stay, log_stay
from customer_value.errors import FitError, InputError

__all__ = ["ShiftedBetaGeometric", "plausible_models"]

_GRID = 120
_FAR = 20.0


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Parameters of an sBG model; its time unit is the contract period.

    Parameters
    ----------
    alpha, beta
        Of the beta distribution of the chance to leave at a renewal.

    Examples
    --------
    >>> model = ShiftedBetaGeometric(alpha=3.8, beta=15.2)
    >>> model.retention([1, 2, 3]).round(3)
    array([0.8  , 0.81 , 0.819])
    >>> model.discounted_expected_residual_lifetime([0, 1, 4], discount_rate=0.1).round(2)
    array([3.31, 3.45, 3.84])
    """

    alpha: float
    beta: float

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    title: ClassVar[str] = "ShiftedBetaGeometric"
    label: ClassVar[str] = "sBG"

    def __post_init__(self) -> None:
        check_parameters(self.label, alpha=self.alpha, beta=self.beta)

    @classmethod
    def fit(cls, summary: pd.DataFrame) -> Fit[ShiftedBetaGeometric]:
        """Fit by maximum likelihood; cohorts of different age count as far as each was seen.

        Parameters
        ----------
        summary
            One row per contract (or kind of contract): ``periods`` (renewals that it came up for),
            ``churned`` (true if it ended at the last of them), optionally ``weight`` (contracts) and
            ``entered`` (renewals passed before it was first seen). Or one row per renewal and
            cohort: ``periods`` (number of the renewal, from 1), ``at_risk`` and ``lost`` (contracts).

        Returns
        -------
        Fit
            Parameters, log likelihood and standard errors. Where churn does not fall with age, both
            parameters grow without end: they are then listed as ``undetermined``, and only their
            ratio, the churn rate, means something.

        Raises
        ------
        InputError
            If a row cannot be; names row and value.
        FitError
            If no contract came up for renewal, none ended, or all ended at once.

        Examples
        --------
        >>> seen = {"periods": [1, 2, 3, 3], "churned": [1, 1, 1, 0], "weight": [131, 126, 90, 653]}
        >>> fit = ShiftedBetaGeometric.fit(pd.DataFrame(seen))
        >>> fit.customers, round(float(fit.model.survival(3)), 3)
        (1000.0, 0.653)
        """
        data = Renewals.of(summary)
        _refuse_one_sided(data)
        renewals = np.arange(len(data.lost))

        def objective(logs: Array) -> tuple[float, Array]:
            alpha, beta = np.exp(logs)
            value, slope = _likelihood(alpha, beta, renewals, data)
            return value, slope * np.exp(logs)

        churn = float(data.lost.sum() / data.at_risk.sum())
        starts = [(size * churn, size * (1 - churn)) for size in (1.0, 5.0, 50.0)]
        optimum = maximise(objective, starts, name=cls.label)
        model = cls(*np.exp(optimum.logs).tolist())
        found = fitted(model, cls.names, optimum, optimum.log_likelihood, data.customers, None)
        return replace(found, undetermined=cls.names if found.undetermined else ())

    def survival(self, t: ArrayLike) -> Array:
        """Share of new contracts that are still there after renewal t (1 at t = 0).

        Parameters
        ----------
        t
            Renewals, whole numbers.

        Returns
        -------
        numpy.ndarray
            Shares from 0 to 1.

        Raises
        ------
        InputError
            If t is missing, negative or no whole number.
        """
        count = checked_counts("t", t).astype(int)
        return np.asarray(np.exp(log_stay(self.alpha, self.beta, int(count.max(initial=0)))[count]))

    def churn(self, t: ArrayLike) -> Array:
        """Share of new contracts that end at renewal t (probability that a lifetime is t periods).

        Parameters
        ----------
        t
            Number of the renewal, from 1.

        Returns
        -------
        numpy.ndarray
            Probabilities.

        Raises
        ------
        InputError
            If t is missing, below 1 or no whole number.
        """
        count = checked_counts("t", t, least=1)
        return np.asarray(self.survival(count - 1) * self.alpha / (self.alpha + self.beta + count - 1))

    def retention(self, t: ArrayLike) -> Array:
        """Share of the contracts that come up for renewal t which are renewed.

        Parameters
        ----------
        t
            Number of the renewal, from 1.

        Returns
        -------
        numpy.ndarray
            Rates, rising with t.

        Raises
        ------
        InputError
            If t is missing, below 1 or no whole number.
        """
        count = checked_counts("t", t, least=1)
        return np.asarray((self.beta + count - 1) / (self.alpha + self.beta + count - 1))

    def expected_lifetime(self, horizon: int | None = None) -> float:
        """Expected number of periods of a new contract, the first one included.

        Parameters
        ----------
        horizon
            Periods to count at most; None for no end.

        Raises
        ------
        InputError
            If there is no end and α ≤ 1: some contracts last so long that the mean does not exist.
        """
        if horizon is not None and checked_counts("horizon", horizon) == 0:
            return 0.0
        ahead = None if horizon is None else horizon - 1
        return 1.0 + float(self.discounted_expected_residual_lifetime(0, discount_rate=0.0, horizon=ahead))

    def discounted_expected_residual_lifetime(
        self,
        renewals: ArrayLike,
        *,
        discount_rate: float,
        horizon: ArrayLike | None = None,
        wait: ArrayLike = 0.0,
    ) -> Array:
        """Present value of one unit of money at each renewal to come (DERL).

        A renewal pays when it happens, at the start of its period. The period that is running has been
        paid for and is not in it.

        Parameters
        ----------
        renewals
            Renewals that the contract has passed; 0 in the first period.
        discount_rate
            Effective rate per period.
        horizon
            Number of renewals to look ahead; None for no end.
        wait
            Periods until the next renewal. 0, as in the paper, if it is due now.

        Returns
        -------
        numpy.ndarray
            Discounted expected renewals.

        Raises
        ------
        InputError
            If a number is out of range, or there is no end, no discount and α ≤ 1.
        """
        check_discount(discount_rate)
        ahead = 0.0 if horizon is None else checked_counts("horizon", horizon)
        parts = (checked_counts("renewals", renewals), ahead, checked_times("wait", wait))
        passed, ahead, later = np.broadcast_arrays(*parts)
        stay = expected_stay(
            self.alpha,
            self.beta,
            passed,
            discount_rate=discount_rate,
            horizon=None if horizon is None else ahead,
        )
        if not np.isfinite(stay).all():
            raise InputError(
                f"{self.label}: renewals without end and without discount have no finite sum, since alpha is "
                f"{self.alpha:.3g}, not above 1; give a horizon or a discount rate above 0."
            )
        return np.asarray(stay * np.exp((1 - later) * np.log1p(discount_rate)))

    def simulate(self, n: ArrayLike, seed: int) -> pd.DataFrame:
        """New contracts, each watched over a number of renewals.

        Parameters
        ----------
        n
            Renewals that each contract is watched over.
        seed
            Of the random numbers.

        Returns
        -------
        pandas.DataFrame
            ``periods`` (renewals that it came up for) and ``churned``, a row per contract.
        """
        watched = np.atleast_1d(checked_counts("n", n)).astype(int)
        rng = np.random.default_rng([seed, 8])
        lived = self.lifetimes(rng, np.zeros(len(watched)), watched)
        churned = lived < watched
        return pd.DataFrame({"periods": np.where(churned, lived + 1, watched), "churned": churned})

    def lifetimes(self, rng: np.random.Generator, renewals: Array, most: Array) -> Array:
        """Random numbers of further renewals of contracts, at most ``most``.

        Parameters
        ----------
        rng
            Source of randomness.
        renewals
            Renewals that each contract has passed (not checked).
        most
            Where to stop counting.
        """
        leaves = np.clip(rng.beta(self.alpha, self.beta + renewals), 1e-300, 1 - 1e-16)
        stays = np.floor(np.log1p(-rng.random(len(leaves))) / np.log1p(-leaves))
        return np.asarray(np.minimum(stays, most).astype(int))


def plausible_models(data: Renewals, number: int, rng: np.random.Generator) -> list[ShiftedBetaGeometric]:
    """Models drawn by how well they agree with the data, for data too thin to fit.

    Every mean churn rate μ = α/(α+β) and every polarisation φ = 1/(1+α+β) between 0 and 1 is as
    likely as any other before the data are seen.

    Parameters
    ----------
    data
        Renewals and ends; all, none or some of the contracts may have ended.
    number
        Models to draw.
    rng
        Source of randomness.

    Examples
    --------
    >>> seen = Renewals.of(pd.DataFrame({"periods": [1], "churned": [0], "weight": [12]}))
    >>> models = plausible_models(seen, 400, np.random.default_rng(1))
    >>> bool(0.90 < np.mean([float(model.retention(1)) for model in models]) < 0.95)
    True
    """
    sides = [(0.0, 1.0), (0.0, 1.0)]
    for _ in range(4):
        mean, split, logs = _grid(sides, data)
        near = np.argwhere(logs > logs.max() - _FAR)
        steps = [(high - low) / _GRID for low, high in sides]
        sides = [
            (max(0.0, axis[i.min()] - step), min(1.0, axis[i.max()] + step))
            for axis, i, step in zip((mean, split), near.T, steps, strict=True)
        ]
    mean, split, logs = _grid(sides, data)
    weight = np.exp(logs - logs.max()).ravel()
    cells = rng.choice(len(weight), size=number, p=weight / weight.sum())
    steps = [(high - low) / _GRID for low, high in sides]
    u = mean[cells // _GRID] + (rng.random(number) - 0.5) * steps[0]
    size = 1 / (split[cells % _GRID] + (rng.random(number) - 0.5) * steps[1]) - 1
    return [ShiftedBetaGeometric(float(a), float(b)) for a, b in zip(u * size, (1 - u) * size, strict=True)]


def _grid(sides: list[tuple[float, float]], data: Renewals) -> tuple[Array, Array, Array]:
    """Middles of the cells, and the log likelihood at each."""
    steps = (np.arange(_GRID) + 0.5) / _GRID
    mean, split = (low + (high - low) * steps for low, high in sides)
    size = 1 / split - 1
    logs = np.zeros((_GRID, _GRID))
    for t, (faced, ended) in enumerate(zip(data.at_risk, data.lost, strict=True)):
        total = np.log(size + t)
        logs += ended * (np.log(mean)[:, None] + np.log(size) - total)
        logs += (faced - ended) * (np.log((1 - mean)[:, None] * size + t) - total)
    return mean, split, logs


def _likelihood(alpha: complex, beta: complex, renewals: Array, data: Renewals) -> tuple[float, Array]:
    """Log likelihood and its derivatives by (α, β); the latter analytic in complex parameters."""
    kept = data.at_risk - data.lost
    value = data.lost * np.log(alpha) + kept * np.log(beta + renewals)
    value = np.real(value - data.at_risk * np.log(alpha + beta + renewals))
    asked = np.sum(data.at_risk / (alpha + beta + renewals))
    slopes = (np.sum(data.lost) / alpha - asked, np.sum(kept / (beta + renewals)) - asked)
    return float(np.sum(value)), np.array(slopes)


def _refuse_one_sided(data: Renewals) -> None:
    asked, lost = float(data.at_risk.sum()), float(data.lost.sum())
    if asked == 0:
        raise FitError("sBG: no contract has come up for renewal, so there is nothing to fit.")
    if lost == 0:
        raise FitError(
            "sBG: no contract has ended at a renewal, so nobody can tell how long they last. Use more history."
        )
    if lost == asked:
        raise FitError(
            "sBG: every contract ended at its first renewal, so nobody can tell who would stay. Use more history."
        )
