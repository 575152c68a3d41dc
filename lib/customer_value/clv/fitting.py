"""Maximum likelihood for all models: log parameters, several starts, exact derivatives.

The first derivatives are analytic. The second ones are too, or else the complex-step derivative of
the first, which is exact to rounding because every gradient is analytic in the parameters. Many rows
are climbed on a few that stand for them; from there Newton's method needs the whole only a few times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, minimize

from customer_value.clv.inputs import Array
from customer_value.errors import FitError, InputError

__all__ = ["Curvature", "Fit", "Objective", "Optimum", "fitted", "in_logs", "maximise"]

Model = TypeVar("Model")

EDGE = 12.0
_NEAR_EDGE = 2.0
_FLAT = 1e-7
_STILL = 1e-4
_WIDEST = 2.0
_UNDETERMINED = 3.0
_NEWTON_STEPS = 60
_ENOUGH = 1e-13
_NEARLY = 1e-8
_ROUGHLY = 1e-2
_TINY = 1e-30
_PARTNERS = {"r": "alpha", "a": "b", "s": "beta", "q": "gamma"}

Objective = Callable[[Array], tuple[float, Array]]
"""Log likelihood and its gradient by log parameters; the gradient is analytic in complex ones."""

Curvature = Callable[[Array], tuple[float, Array, Array]]
"""Log likelihood, its gradient and its second derivatives by log parameters."""


@dataclass(frozen=True)
class Optimum:
    """Where the likelihood is highest: log parameters, value, and the observed information there."""

    logs: Array
    log_likelihood: float
    information: Array
    at_edge: tuple[bool, ...]


@dataclass(frozen=True)
class Fit(Generic[Model]):
    """A fitted model with what is known about its precision.

    Parameters
    ----------
    model
        The parameters with the highest likelihood.
    names
        Parameter names, in the order of the covariance.
    log_likelihood
        At the fitted parameters, summed over customers.
    covariance
        Of the log parameters, from the observed information.
    customers
        Customers in the fit.
    time_unit
        Unit of all times of the model (`None` where it has none).
    undetermined
        Parameters that the data leave open: the likelihood keeps rising, or hardly changes, as they
        grow or vanish. Predictions stay usable; their standard errors are infinite.
    data
        The distinct weighted rows of the fit (a `History` or `Spend`).
    """

    model: Model
    names: tuple[str, ...]
    log_likelihood: float
    covariance: Array
    customers: float
    time_unit: str | None
    undetermined: tuple[str, ...]
    data: Any = None

    @property
    def parameters(self) -> dict[str, float]:
        """Parameter values by name."""
        return {name: float(getattr(self.model, name)) for name in self.names}

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the parameters (delta method from log parameters)."""
        spread = np.sqrt(np.diag(self.covariance))
        errors = {name: self.parameters[name] * float(s) for name, s in zip(self.names, spread, strict=True)}
        return {name: float("inf") if name in self.undetermined else e for name, e in errors.items()}

    def interval(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Intervals of the parameters, normal in logs, so that they stay above zero."""
        width = NormalDist().inv_cdf(0.5 + level / 2)
        out = {}
        for name, value in self.parameters.items():
            factor = float(np.exp(min(width * self.standard_errors[name] / value, 700.0)))
            out[name] = (value / factor, value * factor)
        return out

    def draw(self, number: int, rng: np.random.Generator) -> dict[str, Array]:
        """Parameters drawn from the normal approximation in logs, an array of draws by name.

        Directions in which the data say nothing are drawn no wider than a factor of e² per
        standard deviation.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        spread = np.minimum(np.sqrt(np.maximum(values, 0.0)), _WIDEST)
        signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))])
        steps = rng.standard_normal((number, len(values))) * spread @ (vectors * signs).T
        draws = np.exp(np.log(list(self.parameters.values())) + steps)
        return {name: draws[:, i] for i, name in enumerate(self.names)}

    def simulate(self, seed: int) -> pd.DataFrame:
        """As many customers as in the fit, each observed as long, with random histories.

        Parameters
        ----------
        seed
            Of the random numbers; the same seed gives the same customers.

        Returns
        -------
        pandas.DataFrame
            The columns of a summary to fit, one row per customer.

        Raises
        ------
        InputError
            If the fit holds no data, or weights that are not whole numbers of customers.
        """
        return self._template()._alike(np.random.default_rng([seed, 5]), self._kept())

    def bootstrap(self, replicates: int, seed: int, kind: str = "parametric") -> pd.DataFrame:
        """Parameters refitted to random data, which show how much the fit may be off.

        Parameters
        ----------
        replicates
            Number of refits, each started from this fit's parameters.
        seed
            Of the random numbers; replicate i is the same whatever their number.
        kind
            ``"parametric"``: customers simulated from the model, as `simulate` does. ``"cases"``: the
            customers of the fit drawn with replacement.

        Returns
        -------
        pandas.DataFrame
            One row per replicate, one column per parameter. A refit that fails leaves a row of
            missing values, so that failures are counted by ``table.isna().any(axis=1).sum()``.

        Raises
        ------
        InputError
            If the kind is unknown, the fit holds no data, or weights that are not whole numbers.

        Examples
        --------
        >>> from customer_value.clv import BetaGeoNBD
        >>> customers = BetaGeoNBD(0.5, 6.0, 0.8, 2.5).simulate(np.full(500, 52.0), seed=1)
        >>> fit = BetaGeoNBD.fit(customers, time_unit="W")
        >>> fit.bootstrap(20, seed=1).shape
        (20, 4)
        """
        if kind not in ("parametric", "cases"):
            raise InputError(f"The kind of bootstrap {kind!r} is unknown; use 'parametric' or 'cases'.")
        model, data = self._template(), self._kept()
        rows = np.full((replicates, len(self.names)), np.nan)
        for i in range(replicates):
            rng = np.random.default_rng([seed, 6, i])
            try:
                other = _drawn_cases(rng, data) if kind == "cases" else model._data_alike(rng, data)
                refitted = model._refitted(other)
            except FitError:
                continue
            rows[i] = [getattr(refitted, name) for name in self.names]
        return pd.DataFrame(rows, columns=list(self.names))

    def _template(self) -> Any:
        return self.model

    def _kept(self) -> Any:
        if self.data is None:
            raise InputError("This fit holds no data to draw customers from.")
        if np.any(self.data.weight % 1):
            raise InputError("The weights are not whole numbers of customers, so none can be drawn.")
        return self.data


def maximise(
    objective: Objective,
    starts: Sequence[Sequence[float]],
    *,
    name: str,
    curvature: Curvature | None = None,
    rough: Curvature | None = None,
    near: Sequence[float] | None = None,
) -> Optimum:
    """The highest point of a log likelihood, from several starts.

    Parameters
    ----------
    objective
        Log likelihood and gradient with respect to log parameters, which may be complex.
    starts
        Parameter values (not logs) to start from; parameters are kept within e^±12.
    name
        The model's name, for the error.
    curvature
        Log likelihood, gradient and second derivatives (complex step if not given).
    rough
        The same for a few rows that stand for all. They are climbed from all starts, and the best end
        is taken up from there; the whole is climbed only where that does not lead to a maximum.
    near
        Parameters known to be close to the maximum, tried first.

    Returns
    -------
    Optimum
        The best point, its value and its observed information.

    Raises
    ------
    FitError
        If no start ends at a maximum; the message says what was tried and what to do.
    """
    bend = curvature or _by_complex_step(objective)
    for logs in _hints(starts, rough, near):
        summit = _polish(bend, np.clip(logs, -EDGE, EDGE), _ENOUGH if near is None else _NEARLY)
        if _sharp(summit):
            return Optimum(summit.logs, summit.value, summit.information, (False,) * len(logs))
    climbed = _climbs(objective, starts)
    if not climbed:
        raise FitError(f"{name}: the likelihood is not finite from any of {len(starts)} starts. {_ADVICE}")
    summit = _polish(bend, climbed[0][0])
    edge = np.abs(summit.logs) > EDGE - _NEAR_EDGE
    inner, slope = summit.information[np.ix_(~edge, ~edge)], summit.slope[~edge]
    scale = 1 + abs(summit.value)
    steep = np.abs(slope).max(initial=0.0) > 1e-4 * scale**0.5
    if steep or (len(inner) and np.linalg.eigvalsh(inner).min() < -_FLAT * scale):
        raise FitError(
            f"{name}: no maximum of the likelihood was found from {len(starts)} starts; the best ended at "
            f"parameters {', '.join(f'{v:.4g}' for v in np.exp(summit.logs))} with a slope of "
            f"{np.abs(summit.slope).max():.2g}. {_ADVICE}"
        )
    return Optimum(summit.logs, summit.value, summit.information, tuple(bool(e) for e in edge))


def in_logs(parameters: Array, value: float, slope: Array, bend: Array) -> tuple[float, Array, Array]:
    """Derivatives by log parameters from derivatives by the parameters themselves."""
    by_log = slope * parameters
    return value, by_log, bend * np.outer(parameters, parameters) + np.diag(by_log)


def fitted(
    model: Model,
    names: tuple[str, ...],
    optimum: Optimum,
    log_likelihood: float,
    customers: float,
    unit: str | None,
    data: Any = None,
) -> Fit[Model]:
    """The fit of a model from the optimum of its likelihood."""
    free = ~np.array(optimum.at_edge)
    covariance = np.zeros((len(names), len(names)))
    if free.any():
        values, vectors = np.linalg.eigh(optimum.information[np.ix_(free, free)])
        inverse = (vectors / np.maximum(values, 1e-8)) @ vectors.T
        covariance[np.ix_(free, free)] = (inverse + inverse.T) / 2
    wide = np.sqrt(np.diag(covariance)) > _UNDETERMINED
    loose = {name for name, e, w in zip(names, ~free, wide, strict=True) if e or w}
    loose |= {_PARTNERS[name] for name in loose if name in _PARTNERS}
    open_ends = tuple(name for name in names if name in loose)
    return Fit(model, names, log_likelihood, covariance, customers, unit, open_ends, data)


_ADVICE = (
    "Check the purchase dates and times for mistakes, leave out customers who are not comparable, "
    "or use more history."
)


@dataclass(frozen=True)
class _Summit:
    """A point, and the likelihood there with its slope and its information."""

    logs: Array
    value: float
    slope: Array
    information: Array


def _hints(
    starts: Sequence[Sequence[float]], rough: Curvature | None, near: Sequence[float] | None
) -> Iterator[Array]:
    """Points that are probably close to the maximum, the likeliest first."""
    if near is not None:
        yield np.log(near)
    if rough is not None:
        tops = [_polish(rough, np.log(start), _ROUGHLY) for start in starts]
        yield max(tops, key=lambda top: np.nan_to_num(top.value, nan=-np.inf)).logs


def _climbs(objective: Objective, starts: Sequence[Sequence[float]]) -> list[tuple[Array, float]]:
    """Where the climbs end that stay finite, the highest first."""
    ends = [end for start in starts if (end := _climb(objective, np.log(start))) is not None]
    return sorted(ends, key=lambda end: -end[1])


def _climb(objective: Objective, start: Array) -> tuple[Array, float] | None:
    """BFGS on a scale on which log parameters cannot leave their range."""

    def negative(free: Array) -> tuple[float, Array]:
        bent = np.tanh(free / EDGE)
        value, slope = objective(EDGE * bent)
        return -value, -slope * (1 - bent**2)

    origin = EDGE * np.arctanh(np.clip(start / EDGE, -0.98, 0.98))
    height = negative(origin)[0]
    if not np.isfinite(height):
        return None
    flat = 1e-5 * (1 + abs(height)) ** 0.5
    heights = [height]

    def stop_where_flat(intermediate_result: OptimizeResult) -> None:
        heights.append(float(intermediate_result.fun))
        if len(heights) > 5 and heights[-4] - heights[-1] < _STILL:
            raise StopIteration

    found = minimize(
        negative, origin, jac=True, method="BFGS", callback=stop_where_flat, options={"gtol": flat}
    )
    return (EDGE * np.tanh(found.x / EDGE), -float(found.fun)) if np.isfinite(found.fun) else None


def _polish(curvature: Curvature, logs: Array, enough: float = _ENOUGH) -> _Summit:
    """Newton's method, with shorter steps where a full one leads down.

    It ends where a step would gain no more than ``enough`` in the log likelihood.
    """
    here = _look(curvature, logs)
    gain = np.inf
    for _ in range(_NEWTON_STEPS):
        free = np.abs(here.logs) < EDGE - _NEAR_EDGE
        if not free.any() or not np.isfinite(here.value):
            break
        slope = here.slope[free]
        step = _newton_step(here.information[np.ix_(free, free)], slope)
        last_gain, gain = gain, abs(float(slope @ step))
        if gain < enough or (gain < 1e-6 and gain > last_gain / 4):
            break
        there = _step(curvature, here, free, step)
        if there is None:
            break
        here = there
    return here


def _step(curvature: Curvature, here: _Summit, free: Array, step: Array) -> _Summit | None:
    for part in (1.0, 0.25, 0.0625):
        logs = here.logs.copy()
        logs[free] = np.clip(logs[free] + part * step, -EDGE, EDGE)
        there = _look(curvature, logs)
        if there.value >= here.value - 1e-12 * abs(here.value):
            return there
    return None


def _look(curvature: Curvature, logs: Array) -> _Summit:
    value, slope, bend = curvature(logs)
    return _Summit(logs, value, slope, -(bend + bend.T) / 2)


def _sharp(summit: _Summit) -> bool:
    """Whether a point is a maximum well inside the range, beyond any doubt of the data's."""
    if not np.isfinite(summit.value) or np.abs(summit.logs).max() > EDGE - _NEAR_EDGE:
        return False
    values, vectors = np.linalg.eigh(summit.information)
    if values[0] <= 0:
        return False
    widths = np.abs(vectors) @ (1 / np.sqrt(values))
    return bool(
        widths.max() < _UNDETERMINED and summit.slope @ (vectors / values @ vectors.T) @ summit.slope < 1e-6
    )


def _newton_step(information: Array, slope: Array) -> Array:
    values, vectors = np.linalg.eigh(information)
    step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-6))
    return np.asarray(step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-300)))


def _by_complex_step(objective: Objective) -> Curvature:
    """The second derivatives of a log likelihood whose gradient is analytic."""

    def curvature(logs: Array) -> tuple[float, Array, Array]:
        value, slope = objective(logs)
        steps = 1j * _TINY * np.eye(len(logs))
        return value, slope, np.array([np.imag(objective(logs + step)[1]) / _TINY for step in steps])

    return curvature


def _drawn_cases(rng: np.random.Generator, data: Any) -> Any:
    """The same rows with random weights: customers drawn with replacement."""
    shares = data.weight / data.weight.sum()
    weight = rng.multinomial(round(float(data.weight.sum())), shares).astype(float)
    return data.weighted(weight)
