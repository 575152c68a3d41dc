"""Maximum likelihood for all models: log parameters, several starts, exact derivatives.

The first derivatives are analytic. The second ones are the complex-step derivative of the first,
which is exact to rounding because every gradient here is an analytic function of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Generic, TypeVar

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from customer_value.clv.inputs import Array
from customer_value.errors import FitError

__all__ = ["Fit", "Optimum", "fitted", "maximise"]

Model = TypeVar("Model")

EDGE = 12.0
_NEAR_EDGE = 2.0
_FLAT = 1e-7
_STILL = 1e-4
_WIDEST = 2.0
_UNDETERMINED = 3.0
_PARTNERS = {"r": "alpha", "a": "b", "s": "beta", "q": "gamma"}

Objective = Callable[[Array], tuple[float, Array]]
"""Log likelihood and its gradient by log parameters; the gradient is analytic in complex ones."""


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
    """

    model: Model
    names: tuple[str, ...]
    log_likelihood: float
    covariance: Array
    customers: float
    time_unit: str | None
    undetermined: tuple[str, ...]

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


def maximise(
    objective: Objective,
    starts: Sequence[Sequence[float]],
    *,
    name: str,
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

    Returns
    -------
    Optimum
        The best point, its value and its observed information.

    Raises
    ------
    FitError
        If no start ends at a maximum; the message says what was tried and what to do.
    """
    ends = [end for start in starts if (end := _climb(objective, np.log(start))) is not None]
    if not ends:
        raise FitError(f"{name}: the likelihood is not finite from any of {len(starts)} starts. {_ADVICE}")
    logs = _polish(objective, max(ends, key=lambda end: end[1])[0])
    value, slope = objective(logs)
    edge = np.abs(logs) > EDGE - _NEAR_EDGE
    free = ~edge
    information = _information(objective, logs)
    inner = information[np.ix_(free, free)]
    scale = 1 + abs(value)
    eigenvalues = np.linalg.eigvalsh(inner) if free.any() else np.ones(1)
    steep = np.abs(slope[free]).max(initial=0.0) > 1e-4 * scale**0.5
    if steep or eigenvalues.min() < -_FLAT * scale:
        raise FitError(
            f"{name}: no maximum of the likelihood was found from {len(starts)} starts; the best ended at "
            f"parameters {', '.join(f'{v:.4g}' for v in np.exp(logs))} with a slope of "
            f"{np.abs(slope).max():.2g}. {_ADVICE}"
        )
    return Optimum(logs, value, information, tuple(bool(e) for e in edge))


def fitted(
    model: Model,
    names: tuple[str, ...],
    optimum: Optimum,
    log_likelihood: float,
    customers: float,
    unit: str | None,
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
    return Fit(model, names, log_likelihood, covariance, customers, unit, open_ends)


_ADVICE = (
    "Check the purchase dates and times for mistakes, leave out customers who are not comparable, "
    "or use more history."
)


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


def _polish(objective: Objective, logs: Array) -> Array:
    value, slope = objective(logs)
    for _ in range(60):
        free = np.abs(logs) < EDGE - _NEAR_EDGE
        if not free.any() or np.abs(slope[free]).max() < 1e-9 * (1 + abs(value)) ** 0.5:
            break
        step = _newton_step(_information(objective, logs)[np.ix_(free, free)], slope[free])
        moved = logs.copy()
        moved[free] = np.clip(logs[free] + step, -EDGE, EDGE)
        new_value, new_slope = objective(moved)
        if not new_value >= value - 1e-10 * abs(value):
            break
        logs, value, slope = moved, new_value, new_slope
    return logs


def _newton_step(information: Array, slope: Array) -> Array:
    values, vectors = np.linalg.eigh(information)
    step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-6))
    return np.asarray(step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-300)))


def _information(objective: Objective, logs: Array) -> Array:
    size = len(logs)
    tiny = 1e-30
    columns = [np.imag(objective(logs + 1j * tiny * np.eye(size)[i])[1]) / tiny for i in range(size)]
    matrix = -np.array(columns)
    return np.asarray((matrix + matrix.T) / 2)
