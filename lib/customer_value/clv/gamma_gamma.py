"""Gamma-Gamma, the model of how much customers spend per purchase.

What a customer spends varies from purchase to purchase around a mean of their own. The means differ
between customers, and are independent of how often they buy (an assumption to check). A customer
with few purchases is drawn towards the mean of all; one with many keeps their own.

Source: Fader & Hardie, note 025 ("The Gamma-Gamma Model of Monetary Value").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import betaln, polygamma, psi

from customer_value.clv.fitting import Curvature, Fit, Objective, fitted, in_logs, maximise
from customer_value.clv.inputs import (
    Array,
    Spend,
    check_parameters,
    checked_counts,
    checked_times,
    distinct,
)
from customer_value.errors import FitError, InputError

__all__ = ["GammaGamma"]

_ROUGH = 1_500


@dataclass(frozen=True)
class GammaGamma:
    """Parameters of a Gamma-Gamma model.

    Parameters
    ----------
    p
        Shape of the amounts of one customer.
    q, gamma
        Shape and rate of the gamma distribution of the customers' own rates; ``gamma`` in money.

    Examples
    --------
    >>> cdnow = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    >>> round(cdnow.mean_spend, 2)
    35.22
    >>> cdnow.expected_spend(x=[0, 2, 50], monetary_value=[0, 20, 20]).round(2)
    array([35.22, 22.74, 20.13])
    """

    p: float
    q: float
    gamma: float

    names: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")
    title: ClassVar[str] = "GammaGamma"
    label: ClassVar[str] = "Gamma-Gamma"

    def __post_init__(self) -> None:
        check_parameters(self.label, p=self.p, q=self.q, gamma=self.gamma)

    @classmethod
    def fit(cls, summary: pd.DataFrame) -> Fit[GammaGamma]:
        """Fit by maximum likelihood to customers who bought again.

        Parameters
        ----------
        summary
            Columns ``frequency`` (repeat purchases, at least 1), ``monetary_value`` (mean spend per
            repeat purchase, above 0, in one currency) and, optionally, ``weight`` (customers).

        Returns
        -------
        Fit
            Parameters, log likelihood and standard errors; it has no time unit.

        Raises
        ------
        InputError
            If a row cannot be; names row and value.
        FitError
            If fewer than two customers remain or no maximum is found.
        """
        return cls._fit(Spend.of(summary))

    @classmethod
    def _fit(cls, spend: Spend, near: GammaGamma | None = None) -> Fit[GammaGamma]:
        customers = float(spend.weight.sum())
        if customers < 2 or np.ptp(spend.mean) == 0:
            alike = (
                f"all {customers:.0f} customers spend the same"
                if customers > 1
                else "there are no two customers"
            )
            raise FitError(f"{cls.label}: {alike}, so there is nothing to compare.")
        scale = float(np.sum(spend.weight * spend.mean) / customers)
        scaled = Spend(spend.x, spend.mean / scale, spend.weight)
        starts = [(2.0, 3.0, 1.0), (6.0, 4.0, 0.5), (1.0, 10.0, 9.0), (20.0, 20.0, 1.0)]
        known = None if near is None else (near.p, near.q, near.gamma / scale)
        optimum = maximise(
            _by_logs(scaled),
            starts if known is None else [known],
            name=cls.label,
            curvature=_bent_by_logs(scaled),
            rough=_bent_by_logs(scaled.thinned(_ROUGH)) if len(spend.x) > 2 * _ROUGH else None,
            near=known,
        )
        p, q, gamma = (float(v) for v in np.exp(optimum.logs))
        model = cls(p, q, gamma * scale)
        best = _likelihood(np.array([p, q, gamma * scale]), spend)[0]
        return fitted(model, cls.names, optimum, best, customers, None, spend)

    @property
    def mean_spend(self) -> float:
        """Mean spend per purchase over all customers, pγ/(q−1).

        Raises
        ------
        InputError
            If q ≤ 1: spend varies so much between customers that the mean does not exist.
        """
        self._require_mean()
        return self.p * self.gamma / (self.q - 1)

    def expected_spend(self, x: ArrayLike, monetary_value: ArrayLike) -> Array:
        """Expected spend per future purchase of customers with a known past.

        Parameters
        ----------
        x
            Repeat purchases; 0 gives the mean of all customers.
        monetary_value
            Mean spend per repeat purchase, 0 or more (ignored for x = 0).

        Returns
        -------
        numpy.ndarray
            Money per purchase.

        Raises
        ------
        InputError
            If q ≤ 1, or a value is impossible; names row and value.
        """
        self._require_mean()
        count, mean = np.broadcast_arrays(checked_counts("frequency", x), np.asarray(monetary_value, float))
        mean = checked_times("monetary_value", np.where(count > 0, mean, 0.0))
        return np.asarray(self.p * (self.gamma + count * mean) / (self.p * count + self.q - 1))

    def density_of_means(self, x: ArrayLike, monetary_value: ArrayLike) -> Array:
        """Density of the mean spend over x repeat purchases of a customer, at given amounts."""
        count, mean = np.broadcast_arrays(
            checked_counts("frequency", x, 1), np.asarray(monetary_value, float)
        )
        values = np.array([self.p, self.q, self.gamma])
        return np.exp(_log_densities(values, count, mean))

    def simulate(self, x: ArrayLike, seed: int) -> pd.DataFrame:
        """New customers with random mean spend.

        Parameters
        ----------
        x
            Repeat purchases of each, 1 or more.
        seed
            Of the random numbers; the same seed gives the same customers.

        Returns
        -------
        pandas.DataFrame
            One row per x: ``frequency``, ``monetary_value``.

        Raises
        ------
        InputError
            If a count is not a whole number from 1.

        Examples
        --------
        >>> means = GammaGamma(6.25, 3.74, 15.44).simulate([5] * 2000, seed=1)["monetary_value"]
        >>> bool(33 < means.mean() < 37)
        True
        """
        return self._summary(np.random.default_rng([seed, 5]), np.ravel(checked_counts("frequency", x, 1)))

    def _summary(self, rng: np.random.Generator, x: Array) -> pd.DataFrame:
        rate = np.maximum(rng.standard_gamma(self.q, len(x)), 1e-300) / self.gamma
        mean = np.maximum(rng.standard_gamma(self.p * x), 1e-300) / (x * rate)
        return pd.DataFrame({"frequency": x.astype("int64"), "monetary_value": mean})

    def _alike(self, rng: np.random.Generator, data: Spend) -> pd.DataFrame:
        """New customers, one for each in the data, with as many purchases."""
        return self._summary(rng, np.repeat(data.x, data.weight.astype(np.int64)))

    def _data_alike(self, rng: np.random.Generator, data: Spend) -> Spend:
        return Spend.of(self._alike(rng, data))

    def _refitted(self, data: Spend) -> GammaGamma:
        """The model fitted to other data, from these parameters on."""
        return self._fit(data, near=self).model

    def _require_mean(self) -> None:
        if self.q <= 1:
            raise InputError(
                f"Gamma-Gamma: q is {self.q:.3g}, not above 1, so mean spend is not defined. "
                "Look for a few huge orders, or value customers by a plain average."
            )


def _by_logs(spend: Spend) -> Objective:
    def objective(logs: Array) -> tuple[float, Array]:
        value, slope = _likelihood(np.exp(logs), spend)
        return value, slope * np.exp(logs)

    return objective


def _bent_by_logs(spend: Spend) -> Curvature:
    def curvature(logs: Array) -> tuple[float, Array, Array]:
        values = np.exp(logs)
        return in_logs(values, *_likelihood(values, spend), _bend(values, spend))

    return curvature


def _log_densities(parameters: Array, x: Array, mean: Array) -> Array:
    p, q, gamma = parameters
    ratio = mean * x / gamma
    (level,), place = distinct(np.ravel(x))
    whole = betaln(p * level, q)[place].reshape(np.shape(x))
    return np.asarray(-whole - q * np.log1p(ratio) - p * x * np.log1p(1 / ratio) - np.log(mean))


def _likelihood(parameters: Array, spend: Spend) -> tuple[float, Array]:
    """Log likelihood and its derivatives by (p, q, γ); the latter analytic in complex parameters."""
    p, q, gamma = parameters
    x, total = spend.x, spend.mean * spend.x
    value = float(np.sum(spend.weight * _log_densities(np.real(parameters), x, spend.mean)))
    (level,), place = distinct(x)
    whole = psi(p * level + q)[place]
    slopes = (
        x * (whole - psi(p * level)[place] - np.log1p(gamma / total)),
        whole - psi(q) - np.log1p(total / gamma),
        q / gamma - (p * x + q) / (gamma + total),
    )
    return value, np.array([np.sum(spend.weight * part) for part in slopes])


def _bend(parameters: Array, spend: Spend) -> Array:
    """Second derivatives of the log likelihood by (p, q, γ)."""
    p, q, gamma = parameters
    x, weight, both = spend.x, spend.weight, gamma + spend.mean * spend.x
    (level,), place = distinct(x)
    whole, own = polygamma(1, p * level + q)[place], polygamma(1, p * level)[place]
    pp, pq, pg = weight @ (x**2 * (whole - own)), weight @ (x * whole), -(weight @ (x / both))
    qq, qg = weight @ (whole - polygamma(1, q)), weight @ (1 / gamma - 1 / both)
    gg = weight @ ((p * x + q) / both**2 - q / gamma**2)
    return np.array([[pp, pq, pg], [pq, qq, qg], [pg, qg, gg]])
