"""What all models of purchases without a contract share.

A customer buys at a rate of their own for as long as they are "alive", and nobody tells us when
that ends. Each model differs in when customers may drop out; everything else follows from two
things that a model states: how likely a customer is alive now (`p_alive`), and at what rate a
customer who is alive now will buy u time units ahead (`_rate_ahead`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customer_value.clv.fitting import Fit, fitted, maximise
from customer_value.clv.inputs import (
    Array,
    History,
    check_parameters,
    checked_counts,
    checked_history,
    checked_times,
    distinct,
)
from customer_value.clv.integrals import discounted_integral
from customer_value.clv.units import unit_name
from customer_value.errors import FitError, InputError

__all__ = ["Ahead", "PurchaseModel"]


@dataclass(frozen=True)
class Ahead:
    """Simulated purchases: ``number`` at random times within ``span``, one more at its end if ``last``."""

    number: Array
    span: Array
    last: Array


class PurchaseModel(ABC):
    """Purchases of customers without a contract: the questions that every model answers.

    Times are in the time unit in which the model was fitted; arguments broadcast.
    """

    names: ClassVar[tuple[str, ...]]
    timed: ClassVar[tuple[str, ...]]
    title: ClassVar[str]
    label: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse parameters outside their domain."""
        check_parameters(self.label, **{name: getattr(self, name) for name in self.names})

    @classmethod
    @abstractmethod
    def _likelihood(cls, parameters: Array, history: History) -> tuple[float, Array]:
        """Log likelihood and its derivatives; the latter analytic in complex parameters too."""

    @classmethod
    @abstractmethod
    def _starts(cls, rate: float) -> list[tuple[float, ...]]:
        """Parameters to start from, given the mean purchase rate, when the mean T is 1."""

    @abstractmethod
    def _p_alive(self, x: Array, t_x: Array, T: Array) -> Array:
        """Probability of being alive, for checked arrays."""

    @abstractmethod
    def _rate_ahead(self, u: Array, x: Array, T: Array) -> Array:
        """Purchase rate u ahead of a customer who is alive at T."""

    @abstractmethod
    def _shortest_time(self, x: Array, T: Array) -> Array:
        """Time on which the rate ahead starts to change."""

    @abstractmethod
    def _endless(self, x: Array, T: Array) -> Array:
        """Purchases in all future of a customer who is alive at T, or infinity."""

    @abstractmethod
    def _pmf(self, n: Array, t: Array) -> Array:
        """Probability of n repeat purchases of a new customer within t, for checked arrays."""

    @classmethod
    def fit(cls, summary: pd.DataFrame, *, time_unit: str) -> Fit[Self]:
        """Fit by maximum likelihood.

        Parameters
        ----------
        summary
            One row per customer, or per distinct history with its ``weight`` (customers): columns
            ``frequency`` (repeat purchases), ``recency`` and ``T``, both in ``time_unit``. Tables in
            days are converted by `in_time_unit`.
        time_unit
            ``"D"``, ``"W"`` or ``"M"``: the unit of the summary and of the model.

        Returns
        -------
        Fit
            Parameters, log likelihood and standard errors.

        Raises
        ------
        InputError
            If a row cannot be; names row and value.
        FitError
            If nobody bought again or no maximum is found; says what was tried.
        """
        unit_name(time_unit)
        history = History.of(summary)
        scale = _time_scale(history, cls.label)
        scaled = history.scaled(scale)

        def objective(logs: Array) -> tuple[float, Array]:
            value, slope = cls._likelihood(np.exp(logs), scaled)
            return value, slope * np.exp(logs)

        rate = float(np.sum(scaled.weight * scaled.x) / scaled.customers)
        optimum = maximise(objective, cls._starts(rate), name=cls.label)
        factors = [scale if name in cls.timed else 1.0 for name in cls.names]
        model = cls(*(np.exp(optimum.logs) * factors).tolist())
        best = cls._likelihood(model._values(), history)[0]
        return fitted(model, cls.names, optimum, best, history.customers, time_unit)

    def log_likelihood(self, summary: pd.DataFrame) -> float:
        """Log likelihood of a summary (as for `fit`) at these parameters."""
        return self._likelihood(self._values(), History.of(summary))[0]

    @abstractmethod
    def _lives(self, rng: np.random.Generator, x: Array, T: Array, ahead: float) -> Ahead:
        """Random purchases within the time ahead of customers who are alive at T."""

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """Probability that a customer will ever buy again, given their history.

        Parameters
        ----------
        x
            Repeat purchases.
        t_x, T
            Time from the first purchase to the last one and to now, in the model's time unit.

        Returns
        -------
        numpy.ndarray
            Probabilities from 0 to 1.

        Raises
        ------
        InputError
            If a history is impossible; names row and value.
        """
        return self._p_alive(*checked_history(x, t_x, T))

    def expected_purchases(self, t: ArrayLike) -> Array:
        """Expected repeat purchases of a new customer within t after the first purchase.

        Parameters
        ----------
        t
            Length of time, in the model's time unit.

        Returns
        -------
        numpy.ndarray
            Expected numbers in the shape of t.

        Raises
        ------
        InputError
            If a time is negative or missing.
        """
        return self.conditional_expected_purchases(t, 0, 0, 0)

    def conditional_expected_purchases(
        self, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> Array:
        """Expected purchases within the next t, given a customer's history.

        Parameters
        ----------
        t
            Length of time ahead, in the model's time unit.
        x, t_x, T
            As for `p_alive`.

        Returns
        -------
        numpy.ndarray
            Expected numbers.

        Raises
        ------
        InputError
            If a time or history is impossible; names row and value.
        """
        ahead = checked_times("t", t)
        history = np.broadcast_arrays(ahead, *checked_history(x, t_x, T))
        return self._p_alive(*history[1:]) * self._if_alive(history[1], history[3], history[0], 0.0)

    def discounted_expected_purchases(
        self,
        x: ArrayLike,
        t_x: ArrayLike,
        T: ArrayLike,
        *,
        discount_rate: float,
        horizon: float | None = None,
    ) -> Array:
        """Present value of a customer's expected purchases, counting each as one.

        Parameters
        ----------
        x, t_x, T
            As for `p_alive`.
        discount_rate
            Effective rate per time unit of the model (`discount_rate_per_unit` converts a yearly one).
        horizon
            How far to look, in the model's time unit; None for all future.

        Returns
        -------
        numpy.ndarray
            Discounted expected purchases.

        Raises
        ------
        InputError
            If the rate or horizon is out of range, if the sum over all future has no finite value,
            or if a history is impossible.
        """
        if not (math.isfinite(discount_rate) and discount_rate >= 0):
            raise InputError(f"The discount rate {discount_rate} must be a number of 0 or more.")
        if horizon is not None and not (math.isfinite(horizon) and horizon >= 0):
            raise InputError(f"The horizon {horizon} must be a number of 0 or more, or None for no end.")
        count, last, observed = checked_history(x, t_x, T)
        ahead = np.full(count.shape, np.inf if horizon is None else horizon)
        value = self._if_alive(count, observed, ahead, math.log1p(discount_rate))
        if not np.isfinite(value).all():
            raise InputError(
                f"{self.label}: purchases without end and without discount have no finite sum for these "
                "parameters; give a horizon or a discount rate above 0."
            )
        return self._p_alive(count, last, observed) * value

    def probability_of_purchases(self, n: ArrayLike, t: ArrayLike) -> Array:
        """Probability that a new customer makes exactly n repeat purchases within t.

        Parameters
        ----------
        n
            Number of repeat purchases.
        t
            Length of time since the first purchase, in the model's time unit.

        Returns
        -------
        numpy.ndarray
            Probabilities.

        Raises
        ------
        InputError
            If a count or time is not possible.
        """
        return self._pmf(*np.broadcast_arrays(checked_counts("n", n), checked_times("t", t)))

    def simulate_ahead(
        self, rng: np.random.Generator, p_alive: Array, x: Array, T: Array, ahead: float
    ) -> Ahead:
        """Draw one future for each customer: alive or not, rate, dropout and purchases.

        Parameters
        ----------
        rng
            Source of randomness.
        p_alive
            Probability of being alive, as `p_alive` gives it.
        x, T
            Valid histories (not checked), one-dimensional.
        ahead
            Length of the future, in the model's time unit.

        Returns
        -------
        Ahead
            Purchases of each customer.
        """
        alive = rng.random(len(x)) < p_alive
        lives = self._lives(rng, x, T, ahead)
        return Ahead(np.where(alive, lives.number, 0), lives.span, alive & lives.last)

    def _values(self) -> Array:
        return np.array([getattr(self, name) for name in self.names])

    def _if_alive(self, x: Array, T: Array, ahead: Array, force: float) -> Array:
        shape = x.shape
        (x, T, ahead), inverse = distinct(x.ravel(), T.ravel(), ahead.ravel())
        if force == 0 and len(ahead) and np.isinf(ahead).all():
            return self._endless(x, T)[inverse].reshape(shape)
        scale = self._shortest_time(x, T)

        def rate(rows: Array, u: Array) -> Array:
            return self._rate_ahead(u, x[rows, None], T[rows, None])

        return discounted_integral(rate, scale, ahead, force)[inverse].reshape(shape)


def _time_scale(history: History, name: str) -> float:
    if history.repeaters == 0:
        raise FitError(
            f"{name}: none of {history.customers:.0f} customers bought again, so there is nothing to fit. "
            "Use more history."
        )
    return float(np.sum(history.weight * history.T) / history.customers)
