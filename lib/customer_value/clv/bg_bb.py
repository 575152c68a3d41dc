"""BG/BB, the beta-geometric/beta-Bernoulli model of purchases at fixed opportunities.

A mailing, a yearly appeal, a trade fair: there are opportunities to buy, and at each one a customer
who is still there buys or does not, with a chance of their own. At the beginning of each opportunity
the customer may have dropped out for good, with a chance of their own. Chances to buy differ between
customers as a beta distribution (α, β), chances to drop out as a beta distribution (γ, δ).

Source: Fader, Hardie & Shang 2010, Marketing Science 29(6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customer_value.clv.counts import Opportunities, checked_opportunities
from customer_value.clv.fitting import Fit, fitted, maximise
from customer_value.clv.inputs import Array, check_parameters, checked_counts, distinct
from customer_value.clv.survival import check_discount, expected_stay, log_stay, running
from customer_value.errors import FitError, InputError

__all__ = ["BetaGeoBetaBinomial"]


@dataclass(frozen=True)
class BetaGeoBetaBinomial:
    """Parameters of a BG/BB model.

    Parameters
    ----------
    alpha, beta
        Of the beta distribution of the chance to buy at an opportunity.
    gamma, delta
        Of the beta distribution of the chance to drop out before an opportunity.

    Examples
    --------
    >>> donors = BetaGeoBetaBinomial(alpha=1.2035, beta=0.7497, gamma=0.6567, delta=2.7834)
    >>> donors.expected_purchases([1, 2, 11]).round(4)
    array([0.4985, 0.9234, 3.3887])
    >>> round(float(donors.p_alive(x=3, t_x=4, n=6)), 3)
    0.472
    """

    alpha: float
    beta: float
    gamma: float
    delta: float

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    title: ClassVar[str] = "BetaGeoBetaBinomial"
    label: ClassVar[str] = "BG/BB"

    def __post_init__(self) -> None:
        check_parameters(self.label, **{name: getattr(self, name) for name in self.names})

    @classmethod
    def fit(cls, summary: pd.DataFrame) -> Fit[BetaGeoBetaBinomial]:
        """Fit by maximum likelihood.

        Parameters
        ----------
        summary
            One row per customer, or per distinct history with its ``weight`` (customers):
            ``frequency`` (purchases x), ``recency`` (number of the opportunity of the last purchase,
            0 without one) and ``opportunities`` (n, since the customer was won; the purchase that
            won the customer is not counted).

        Returns
        -------
        Fit
            Parameters, log likelihood and standard errors; its time unit is the opportunity.

        Raises
        ------
        InputError
            If a row cannot be; names row and value.
        FitError
            If nobody bought or no maximum is found; says what was tried.
        """
        return cls._fit(Opportunities.of(summary))

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> Array:
        """Log likelihood of each history; the number of orders in which x purchases can fall is not in it."""
        history = checked_opportunities(x, t_x, n)
        rows, place = distinct(*(column.ravel() for column in history))
        values = _log_likelihoods(
            self._values(), Opportunities(rows[0], rows[1], rows[2], np.ones(len(rows[0])))
        )[0]
        return np.asarray(values[place].reshape(history[0].shape))

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, n: ArrayLike, ahead: ArrayLike = 0) -> Array:
        """Probability that a customer is there at opportunity n + ahead.

        Parameters
        ----------
        x
            Purchases.
        t_x
            Number of the opportunity of the last purchase, 0 without one.
        n
            Opportunities so far.
        ahead
            Opportunities later; 1 gives the probability in the paper, of being there for the next one.

        Returns
        -------
        numpy.ndarray
            Probabilities from 0 to 1.

        Raises
        ------
        InputError
            If a history is impossible; names row and value.
        """
        later = checked_counts("ahead", ahead)
        count, last, asked, later = np.broadcast_arrays(*checked_opportunities(x, t_x, n), later)
        logs = log_stay(self.gamma, self.delta, int((asked + later).max(initial=0)))
        stay = logs[(asked + later).astype(int)] - logs[asked.astype(int)]
        return np.asarray(self._p_alive(count, last, asked) * np.exp(stay))

    def expected_purchases(self, n: ArrayLike) -> Array:
        """Expected purchases of a new customer at the first n opportunities.

        Raises
        ------
        InputError
            If n is missing, negative or no whole number.
        """
        return self.conditional_expected_purchases(n, 0, 0, 0)

    def conditional_expected_purchases(
        self, n_ahead: ArrayLike, x: ArrayLike, t_x: ArrayLike, n: ArrayLike
    ) -> Array:
        """Expected purchases at the next ``n_ahead`` opportunities, given a customer's history.

        Parameters
        ----------
        n_ahead
            Opportunities ahead.
        x, t_x, n
            As for `p_alive`.

        Returns
        -------
        numpy.ndarray
            Expected numbers.

        Raises
        ------
        InputError
            If a number or history is impossible; names row and value.
        """
        ahead = checked_counts("n_ahead", n_ahead)
        history = checked_opportunities(x, t_x, n)
        count, last, asked, ahead = np.broadcast_arrays(*history, ahead)
        return self._ahead(count, last, asked, 0.0, ahead)

    def discounted_expected_purchases(
        self,
        x: ArrayLike,
        t_x: ArrayLike,
        n: ArrayLike,
        *,
        discount_rate: float,
        horizon: int | None = None,
    ) -> Array:
        """Present value of a customer's expected purchases, counting each as one.

        The next opportunity is one period away, so that its purchase is discounted once.

        Parameters
        ----------
        x, t_x, n
            As for `p_alive`.
        discount_rate
            Effective rate per opportunity.
        horizon
            Opportunities to look ahead; None for all future.

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
        check_discount(discount_rate)
        history = checked_opportunities(x, t_x, n)
        ahead = (
            None if horizon is None else np.broadcast_to(checked_counts("horizon", horizon), history[0].shape)
        )
        value = self._ahead(*history, discount_rate, ahead)
        if not np.isfinite(value).all():
            raise InputError(
                f"{self.label}: purchases without end and without discount have no finite sum for these "
                "parameters; give a horizon or a discount rate above 0."
            )
        return value

    def probability_of_purchases(self, x: ArrayLike, n: ArrayLike) -> Array:
        """Probability that a new customer buys at exactly x of the first n opportunities.

        Parameters
        ----------
        x
            Purchases.
        n
            Opportunities.

        Returns
        -------
        numpy.ndarray
            Probabilities.

        Raises
        ------
        InputError
            If a number is missing, negative or no whole number.
        """
        count, asked = np.broadcast_arrays(checked_counts("x", x), checked_counts("n", n))
        rows, place = distinct(count.ravel(), asked.ravel())
        values = [self._probability(int(k), int(most)) for k, most in zip(*rows, strict=True)]
        return np.array(values)[place].reshape(count.shape)

    def simulate(self, n: ArrayLike, seed: int) -> pd.DataFrame:
        """Histories of new customers.

        Parameters
        ----------
        n
            Opportunities of each customer.
        seed
            Of the random numbers.

        Returns
        -------
        pandas.DataFrame
            ``frequency``, ``recency`` and ``opportunities``, a row per customer.
        """
        asked = np.atleast_1d(checked_counts("n", n)).astype(int)
        return self._simulated(np.random.default_rng([seed, 7]), asked)

    @classmethod
    def _fit(cls, data: Opportunities, near: BetaGeoBetaBinomial | None = None) -> Fit[BetaGeoBetaBinomial]:
        if not data.x.any():
            raise FitError(
                f"{cls.label}: none of {data.customers:.0f} customers bought at an opportunity, so there is "
                "nothing to fit. Use more history."
            )

        def objective(logs: Array) -> tuple[float, Array]:
            value, slope = _likelihood(np.exp(logs), data)
            return value, slope * np.exp(logs)

        known = near._values().tolist() if near else None
        optimum = maximise(objective, _starts(data), name=cls.label, near=known)
        model = cls(*np.exp(optimum.logs).tolist())
        return fitted(model, cls.names, optimum, optimum.log_likelihood, data.customers, None, data)

    def _refitted(self, data: Opportunities) -> BetaGeoBetaBinomial:
        return self._fit(data, near=self).model

    def _alike(self, rng: np.random.Generator, data: Opportunities) -> pd.DataFrame:
        return self._simulated(rng, np.repeat(data.n, data.weight.astype(int)).astype(int))

    def _data_alike(self, rng: np.random.Generator, data: Opportunities) -> Opportunities:
        return Opportunities.of(self._alike(rng, data))

    def _simulated(self, rng: np.random.Generator, n: Array) -> pd.DataFrame:
        buys, leaves = rng.beta(self.alpha, self.beta, len(n)), rng.beta(self.gamma, self.delta, len(n))
        x, t_x = np.zeros(len(n), int), np.zeros(len(n), int)
        there = np.ones(len(n), bool)
        for t in range(1, int(n.max(initial=0)) + 1):
            there &= (rng.random(len(n)) >= leaves) & (t <= n)
            bought = there & (rng.random(len(n)) < buys)
            x[bought] += 1
            t_x[bought] = t
        return pd.DataFrame({"frequency": x, "recency": t_x, "opportunities": n})

    def _values(self) -> Array:
        return np.array([self.alpha, self.beta, self.gamma, self.delta])

    def _p_alive(self, x: Array, t_x: Array, n: Array) -> Array:
        """The share of the likelihood that belongs to having stayed all the time."""
        rows, place = distinct(x.ravel(), t_x.ravel(), n.ravel())
        data = Opportunities(rows[0], rows[1], rows[2], np.ones(len(rows[0])))
        values = self._values()
        stayed = _log_there(values, data.x, data.n) - _log_there(values, data.x, data.t_x)
        there = np.exp(stayed - np.log(np.real(_silences(values, data)[0])))
        return np.asarray(np.minimum(there, 1.0)[place].reshape(x.shape))

    def _ahead(self, x: Array, t_x: Array, n: Array, discount_rate: float, ahead: Array | None) -> Array:
        chance = (self.alpha + x) / (self.alpha + self.beta + n)
        stay = expected_stay(self.gamma, self.delta, n, discount_rate=discount_rate, horizon=ahead)
        return np.asarray(self._p_alive(x, t_x, n) * chance * stay)

    def _probability(self, x: int, n: int) -> float:
        """Over the number of opportunities at which the customer was there: n, or fewer and gone."""
        if x > n:
            return 0.0
        i = np.arange(x, n + 1)
        k = np.arange(n)
        factorials = running(np.log1p(k))
        orders = factorials[i] - factorials[x] - factorials[i - x]
        stayed = log_stay(self.gamma, self.delta, n)[i]
        left = np.where(i < n, np.log(self.gamma / (self.gamma + self.delta + i)), 0.0)
        bought = running(np.log(self.alpha + k))[x] + running(np.log(self.beta + k))[i - x]
        bought = bought - running(np.log(self.alpha + self.beta + k))[i]
        return float(np.sum(np.exp(orders + bought + stayed + left)))


def _starts(data: Opportunities) -> list[tuple[float, float, float, float]]:
    share = float(np.sum(data.weight * data.x) / np.sum(data.weight * data.t_x))
    buys, length = min(max(share, 0.02), 0.98), float(np.average(data.n, weights=data.weight))
    return [
        (2 * buys, 2 * (1 - buys), 0.5, 0.5 * length),
        (0.5 * buys, 0.5 * (1 - buys), 1.0, 3.0 * length),
        (10 * buys, 10 * (1 - buys), 0.3, 3.0),
    ]


def _likelihood(parameters: Array, data: Opportunities) -> tuple[float, Array]:
    values, slopes = _log_likelihoods(parameters, data)
    return float(np.sum(data.weight * values)), np.sum(data.weight * slopes, axis=1)


def _log_likelihoods(parameters: Array, data: Opportunities) -> tuple[Array, Array]:
    """Log likelihood of each row and its four derivatives, the latter analytic in complex parameters.

    A history is what happened up to the last purchase, with the customer there all the time, and the
    silence after it.
    """
    silence, slopes = _silences(parameters, data)
    values = np.real(_log_there(parameters, data.x, data.t_x) + np.log(silence))
    return values, _slopes_there(parameters, data.x, data.t_x) + slopes / silence


def _log_there(parameters: Array, x: Array, t: Array) -> Array:
    """Log probability of being there at t opportunities and buying at x stated ones of them."""
    alpha, beta, gamma, delta = parameters
    x, t = x.astype(int), t.astype(int)
    k = np.arange(int(t.max(initial=0)))
    bought, skipped = running(np.log(alpha + k)), running(np.log(beta + k))
    asked, stayed = running(np.log(alpha + beta + k)), running(-np.log1p(gamma / (delta + k)))
    return np.asarray(bought[x] + skipped[t - x] - asked[t] + stayed[t])


def _slopes_there(parameters: Array, x: Array, t: Array) -> Array:
    alpha, beta, gamma, delta = parameters
    x, t = x.astype(int), t.astype(int)
    k = np.arange(int(t.max(initial=0)))
    asked, left = running(1 / (alpha + beta + k))[t], running(1 / (gamma + delta + k))[t]
    return np.array(
        [
            running(1 / (alpha + k))[x] - asked,
            running(1 / (beta + k))[t - x] - asked,
            -left,
            running(gamma / ((delta + k) * (gamma + delta + k)))[t],
        ]
    )


def _silences(parameters: Array, data: Opportunities) -> tuple[Array, Array]:
    """Probability of no purchase from t_x to n of a customer there at t_x, and its derivatives.

    From the last opportunity backwards: the customer leaves at once, or stays, does not buy, and is
    silent from then on. All terms are positive and at most 1, whatever n is.
    """
    (x, n), group = distinct(data.x, data.n)
    order = np.argsort(-n, kind="stable")
    x, n, group = x[order], n[order], np.argsort(order)[group]
    longest = int(n.max(initial=0))
    open_groups = np.searchsorted(-n, -np.arange(longest), side="left")
    rows = np.argsort(data.t_x, kind="stable")
    bounds = np.searchsorted(data.t_x[rows], np.arange(longest + 1))
    kind = np.result_type(parameters, float)
    now = np.zeros((5, len(n)), dtype=kind)
    now[0] = 1.0
    found = np.zeros((5, len(data.x)), dtype=kind)
    found[0] = 1.0
    first = int(data.t_x.min(initial=longest))
    for t in range(longest - 1, first - 1, -1):
        part = slice(0, int(open_groups[t]))
        now[:, part] = _step_back(parameters, t, x[part], now[:, part])
        here = rows[bounds[t] : bounds[t + 1]]
        found[:, here] = now[:, group[here]]
    return found[0], found[1:]


def _step_back(parameters: Array, t: int, x: Array, later: Array) -> Array:
    """Silence from t on (first row) and its derivatives, from silence from t + 1 on."""
    alpha, beta, gamma, delta = parameters
    asked, both = alpha + beta + t, gamma + delta + t
    skip, stay = (beta + t - x) / asked, (delta + t) / both
    silent = later[0]
    now = skip * stay * later
    now[0] += gamma / both
    now[1] -= skip / asked * stay * silent
    now[2] += (1 - skip) / asked * stay * silent
    now[3] += stay / both - skip * stay / both * silent
    now[4] += -gamma / both**2 + skip * (1 - stay) / both * silent
    return np.asarray(now)
