"""Models in which industry, region or channel change how often customers buy and when they leave.

A plain model gives every customer the same distribution of purchase rates and of dropout. Here the
categories of a customer shift both, proportionally::

    buying rate   alpha_i = alpha · exp(-g'z_i)     a customer buys exp(g) times as often
    leaving       beta_i  = beta · exp(-h'z_i)      Pareto/NBD: leaves at exp(h) times the rate
                  a_i     = a · exp(h'z_i)          BG/NBD, MBG/NBD: has exp(h) times the odds a/b
                                                    of leaving after a purchase

with z the levels of the customer (0 for the base level of each covariate) and all other parameters
shared. The source lets a and b of the BG/NBD move separately. Here b is shared: then each level has
one number for leaving that a reader can say in words, and the mean dropout a/(a+b) still moves freely.

Source: Fader & Hardie 2007, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD
models".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from customer_value import words
from customer_value.clv.bg_nbd import BetaGeoNBD
from customer_value.clv.covariate_levels import LEAST, Covariate, cells, dummies, read_covariates
from customer_value.clv.fitting import Fit, Optimum, in_logs, maximise
from customer_value.clv.inputs import Array, History, checked_history, checked_times
from customer_value.clv.phrases import reported
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.units import in_time_unit
from customer_value.errors import FitError, InputError
from customer_value.settings import ClvSettings
from customer_value.text import NOTHING, Text, say

__all__ = ["BUYING", "LEAVING", "CovariateFit", "CovariateModel", "covariate_fits", "fit_with_covariates"]

BUYING, LEAVING = "buying rate", "leaving"

_HISTORY = ("frequency", "recency", "T")
_WIDEST = 2.0
_UNDETERMINED = 3.0


@dataclass(frozen=True)
class CovariateModel:
    """A purchase model whose buying rate and dropout depend on the categories of the customer.

    Parameters
    ----------
    kind
        The purchase model.
    covariates
        The categorical columns with their levels.
    base
        Parameters of the plain model of customers whose levels are all the base ones.
    effects
        Log of the factor of each (part, covariate, level) against the base level.
    """

    kind: type[PurchaseModel]
    covariates: tuple[Covariate, ...]
    base: Mapping[str, float]
    effects: Mapping[tuple[str, str, str], float]

    @property
    def label(self) -> str:
        """The model's name in sentences."""
        names = words.listing(c.name.replace("_", " ") for c in self.covariates)
        return f"{self.kind.label} by {names}" if self.covariates else self.kind.label

    def model_for(self, levels: Mapping[str, str] | None = None) -> PurchaseModel:
        """The plain model of customers with these levels.

        Parameters
        ----------
        levels
            Level by covariate; a covariate that is not named is at its base level, a level that was
            too small to stand alone counts as "other".

        Raises
        ------
        InputError
            If a covariate or level is not known.
        """
        levels = levels or {}
        unknown = [name for name in levels if name not in {c.name for c in self.covariates}]
        if unknown:
            raise InputError(f"{words.listing(unknown)} is not a covariate of this model.")
        own = tuple(c.level_of(levels.get(c.name, c.base)) for c in self.covariates)
        return self._model(own)

    def groups(self, table: pd.DataFrame) -> list[tuple[PurchaseModel, Array]]:
        """The plain models of the customers of a table, each with the numbers of its rows."""
        return [(self._model(levels), rows) for levels, rows in cells(table, self.covariates)]

    def p_alive(self, table: pd.DataFrame) -> Array:
        """Probability that each customer will ever buy again.

        Parameters
        ----------
        table
            Columns frequency, recency, T (in the model's time unit) and the covariates.
        """
        _check_histories(table)
        return self._by_group(table, lambda model, history, _: model.p_alive(*history))

    def conditional_expected_purchases(self, t: ArrayLike, table: pd.DataFrame) -> Array:
        """Expected purchases of each customer within the next t.

        Parameters
        ----------
        t
            Length of time ahead in the model's time unit, one for all or one per row.
        table
            As for `p_alive`.
        """
        _check_histories(table)
        ahead = np.broadcast_to(checked_times("t", t), (len(table),))
        return self._by_group(
            table, lambda model, history, rows: model.conditional_expected_purchases(ahead[rows], *history)
        )

    def discounted_expected_purchases(
        self, table: pd.DataFrame, *, discount_rate: float, horizon: float | None = None
    ) -> Array:
        """Present value of the expected purchases of each customer, counting each as one.

        Parameters
        ----------
        table
            As for `p_alive`.
        discount_rate, horizon
            Per time unit of the model, and in it; None for all future.
        """
        _check_histories(table)
        return self._by_group(
            table,
            lambda model, history, _: model.discounted_expected_purchases(
                *history, discount_rate=discount_rate, horizon=horizon
            ),
        )

    def simulate_ahead(
        self, rng: np.random.Generator, table: pd.DataFrame, ahead: float, places: Array | None = None
    ) -> Array:
        """Purchases of customers in one random future.

        Parameters
        ----------
        rng
            Source of randomness.
        table
            Histories and levels, as for `p_alive`.
        ahead
            Length of the future, in the model's time unit.
        places
            Row number of each customer's history in the table; None for one customer per row.
        """
        own = np.arange(len(table)) if places is None else places
        return self._future(rng, _members(cells(table, self.covariates), table, own), len(own), ahead)

    def simulate(self, table: pd.DataFrame, seed: int) -> pd.DataFrame:
        """New customers with the levels and T of a table, and random purchases.

        Parameters
        ----------
        table
            Columns T (in the model's time unit) and the covariates.
        seed
            Of the random numbers.

        Returns
        -------
        pandas.DataFrame
            The covariates, frequency, recency, T; rows as in the table.
        """
        out = table[[c.name for c in self.covariates]].assign(frequency=0, recency=0.0, T=table["T"])
        x, t_x = np.zeros(len(table)), np.zeros(len(table))
        for number, (model, rows) in enumerate(self.groups(table)):
            rng = np.random.default_rng([seed, 11, number])
            x[rows], t_x[rows] = model._histories(rng, table["T"].to_numpy(float)[rows])
        return out.assign(frequency=x.astype("int64"), recency=t_x)

    def _model(self, levels: tuple[str, ...]) -> PurchaseModel:
        values = dict(self.base)
        for part, name, sign in _parts(self.kind):
            total = sum(
                self.effects.get((part, covariate.name, level), 0.0)
                for covariate, level in zip(self.covariates, levels, strict=True)
            )
            values[name] *= float(np.exp(sign * total))
        return self.kind(**values)

    def _future(
        self, rng: np.random.Generator, members: Sequence[_Members], customers: int, ahead: float
    ) -> Array:
        number = np.zeros(customers)
        for part in members:
            model = self._model(part.levels)
            x, t_x, T = part.histories
            p_alive = model.p_alive(x, t_x, T)[part.places]
            future = model.simulate_ahead(rng, p_alive, x[part.places], T[part.places], ahead)
            number[part.customers] = future.number + future.last
        return number

    def _by_group(self, table: pd.DataFrame, score: Any) -> Array:
        out = np.zeros(len(table))
        columns = [table[name].to_numpy(float) for name in _HISTORY]
        for model, rows in self.groups(table):
            out[rows] = score(model, [column[rows] for column in columns], rows)
        return out


@dataclass(frozen=True)
class CovariateFit:
    """A fitted model with covariates, and what is known about its precision.

    Parameters
    ----------
    model
        The model with the highest likelihood.
    plain
        The fit of the same customers without covariates.
    log_likelihood
        At the fitted parameters, summed over customers.
    covariance
        Of the log parameters: the base ones in the order of the model's names, then the effects.
    determined
        Whether the data say what each of them is; others have no standard error.
    customers, time_unit
        Customers in the fit; unit of all times of the model.
    data
        The distinct rows of the fit: the levels, frequency, recency, T, weight (customers).
    notes
        What was merged or left out, in sentences.
    """

    model: CovariateModel
    plain: Fit[Any]
    log_likelihood: float
    covariance: Array
    determined: tuple[bool, ...]
    customers: float
    time_unit: str
    data: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def base(self) -> dict[str, str]:
        """The level of each covariate that the others are compared with."""
        return {c.name: c.base for c in self.model.covariates}

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters in the order of the covariance: base ones, then "part: covariate = level"."""
        effects = (f"{part}: {name} = {level}" for part, name, level in self.model.effects)
        return (*self.model.base, *effects)

    @property
    def parameters(self) -> dict[str, float]:
        """Base parameters and factors of the effects, by name."""
        return dict(zip(self.names, np.exp(_logs_of(self.model)).tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Of the parameters and factors (delta method from logs); infinite where undetermined."""
        spread = np.sqrt(np.diag(self.covariance)).tolist()
        return {
            name: value * error if known else float("inf")
            for (name, value), error, known in zip(
                self.parameters.items(), spread, self.determined, strict=True
            )
        }

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Parameters and effects that the data leave open."""
        return tuple(name for name, known in zip(self.names, self.determined, strict=True) if not known)

    @property
    def degrees_of_freedom(self) -> int:
        """Parameters more than in the plain model."""
        return len(self.model.effects)

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log likelihood over the plain model."""
        return max(2 * (self.log_likelihood - self.plain.log_likelihood), 0.0)

    @property
    def p_value(self) -> float:
        """Probability of a gain as large if no covariate made any difference (1 without covariates)."""
        freedom = self.degrees_of_freedom
        return float(chi2.sf(self.likelihood_ratio, freedom)) if freedom else 1.0

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """The effect of every level against the base level of its covariate.

        Returns
        -------
        pandas.DataFrame
            part ("buying rate" or "leaving"), covariate, level, base, customers, estimate (log of the
            factor), factor, standard_error (of the estimate), low, high (95 % interval of the factor),
            p_value (Wald), p_adjusted (Holm, over the levels of the covariate and part). Where the
            data do not tell (see ``determined``) all figures are missing.
        """
        errors = np.sqrt(np.diag(self.covariance))[len(self.model.base) :]
        known = self.determined[len(self.model.base) :]
        width, normal = NormalDist().inv_cdf(0.975), NormalDist()
        rows = []
        for (key, estimate), error, tells in zip(self.model.effects.items(), errors, known, strict=True):
            part, name, level = key
            covariate = next(c for c in self.model.covariates if c.name == name)
            row: dict[str, Any] = {"part": part, "covariate": name, "level": level, "base": covariate.base}
            row["customers"] = covariate.customers[covariate.levels.index(level)]
            figures = {
                "estimate": estimate,
                "factor": np.exp(estimate),
                "standard_error": error,
                "low": np.exp(estimate - width * error),
                "high": np.exp(estimate + width * error),
                "p_value": 2 * normal.cdf(-abs(estimate) / error) if error > 0 else 0.0,
            }
            rows.append(row | (figures if tells else dict.fromkeys(figures, np.nan)))
        table = pd.DataFrame(rows, columns=_COLUMNS)
        together = table.groupby(["part", "covariate"], sort=False)["p_value"]
        return table.assign(p_adjusted=together.transform(_holm))

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Whether each covariate makes a difference to each part, all its levels together.

        Returns
        -------
        pandas.DataFrame
            part, covariate, statistic (Wald), degrees_of_freedom, p_value, p_adjusted (Holm, over the
            rows). Levels that the data do not determine take no part.
        """
        keys = list(self.model.effects)
        estimates = np.array([self.model.effects[key] for key in keys])
        known = np.array(self.determined[len(self.model.base) :], dtype=bool)
        spread = self.covariance[len(self.model.base) :, len(self.model.base) :]
        rows = []
        for part, covariate in dict.fromkeys((part, covariate) for part, covariate, _ in keys):
            own = known & np.array([key[:2] == (part, covariate) for key in keys])
            freedom = int(own.sum())
            gap = estimates[own]
            statistic = float(gap @ np.linalg.pinv(spread[np.ix_(own, own)]) @ gap) if freedom else 0.0
            p_value = float(chi2.sf(statistic, freedom)) if freedom else 1.0
            rows.append((part, covariate, statistic, freedom, p_value))
        columns = ["part", "covariate", "statistic", "degrees_of_freedom", "p_value"]
        table = pd.DataFrame(rows, columns=columns)
        return table.assign(p_adjusted=_holm(table["p_value"]))

    def model_for(self, levels: Mapping[str, str] | None = None) -> PurchaseModel:
        """The plain model of customers with these levels; see `CovariateModel.model_for`."""
        return self.model.model_for(levels)

    def draw(self, number: int, rng: np.random.Generator) -> list[CovariateModel]:
        """Models drawn from the normal approximation in logs, one per replicate for all customers.

        Directions in which the data say nothing are drawn no wider than a factor of e² per standard
        deviation.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        spread = np.minimum(np.sqrt(np.maximum(values, 0.0)), _WIDEST)
        signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))])
        steps = rng.standard_normal((number, len(values))) * spread @ (vectors * signs).T
        return [_model_of(self.model, row) for row in _logs_of(self.model) + steps]

    def simulate(self, seed: int) -> pd.DataFrame:
        """As many customers as in the fit, with their levels and T, and purchases that the model draws.

        Returns
        -------
        pandas.DataFrame
            One row per customer: the covariates, frequency, recency, T.
        """
        times = self.data["weight"].round().astype(int)
        each = self.data.loc[self.data.index.repeat(times)].reset_index(drop=True)
        return self.model.simulate(each, seed)

    def simulate_totals(self, table: pd.DataFrame, *, horizon: float, seed: int, replicates: int) -> Array:
        """Simulated total of purchases of all customers of a table within a horizon, one per replicate.

        Holds the uncertainty of the parameters and the randomness of the future.
        """
        _check_histories(table)
        ordered = table.sort_values(["frequency", "recency", "T"], ignore_index=True)
        own = np.arange(len(ordered))
        members = _members(cells(ordered, self.model.covariates), ordered, own)
        rng = np.random.default_rng([seed, 12])
        drawn = self.draw(replicates, np.random.default_rng([seed, 13]))
        return np.array([model._future(rng, members, len(own), horizon).sum() for model in drawn])


def fit_with_covariates(
    model: type[PurchaseModel],
    summary: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time_unit: str,
    base: Mapping[str, str] | None = None,
    least: int = LEAST,
) -> CovariateFit:
    """Fit a purchase model whose buying rate and dropout depend on categories of the customer.

    Parameters
    ----------
    model
        ``BetaGeoNBD``, ``ModifiedBetaGeoNBD`` or ``ParetoNBD``.
    summary
        One row per customer, or per distinct history and levels with its ``weight`` (customers):
        columns ``frequency``, ``recency`` and ``T``, both in ``time_unit``, and the covariates.
    covariates
        Categorical columns. Missing and blank values count as "not stated"; levels with fewer than
        ``least`` customers who bought again count together as "other"; what follows from other
        columns is left out. All of that is said in ``notes``.
    time_unit
        ``"D"``, ``"W"`` or ``"M"``: the unit of the summary and of the model.
    base
        Level to compare with, by covariate; by default the most frequent one that is stated.
    least
        Customers who bought again that a level needs to stand alone.

    Returns
    -------
    CovariateFit
        Coefficients with standard errors, the test against the plain model, and models to score with.

    Raises
    ------
    InputError
        If a row cannot be, or a column or base level is missing.
    FitError
        If no covariate can be used, nobody bought again, or no maximum is found.

    Examples
    --------
    >>> histories = {"frequency": [0, 1, 2, 5] * 2, "recency": [0, 9, 30, 30] * 2, "T": [30, 35, 38, 31] * 2}
    >>> table = pd.DataFrame(histories).assign(industry=["shop", "farm"] * 4, weight=20)
    >>> fit = fit_with_covariates(BetaGeoNBD, table, covariates=["industry"], time_unit="W")
    >>> fit.base, fit.degrees_of_freedom
    ({'industry': 'farm'}, 2)
    """
    names = [covariates] if isinstance(covariates, str) else list(covariates)
    plain: Fit[Any] = model.fit(summary, time_unit=time_unit)
    weight = summary["weight"].to_numpy(float) if "weight" in summary.columns else np.ones(len(summary))
    table, weight = summary[weight > 0].reset_index(drop=True), weight[weight > 0]
    used, notes = read_covariates(table, names, weight, least=least, base=base or {})
    if names and not used:
        raise FitError(f"{model.label}: no covariate can be used. {' '.join(notes)}")
    parts = cells(table, used)
    scale = float(np.average(table["T"].to_numpy(float), weights=weight))
    groups = _Groups(
        model,
        tuple(_matrix(model, dummies(levels, used)) for levels, _ in parts),
        tuple(History.of(table.iloc[rows]) for _, rows in parts),
        np.array([scale if name in model.timed else 1.0 for name in model.names]),
    )
    optimum = _optimum(groups, plain)
    keys = [(p, c.name, level) for p, _, _ in _parts(model) for c in used for level in c.effects]
    template = CovariateModel(model, used, dict.fromkeys(model.names, 1.0), dict.fromkeys(keys, 0.0))
    covariance, determined = _precision(optimum)
    return CovariateFit(
        _model_of(template, optimum.logs), plain, optimum.log_likelihood, covariance, determined,
        float(weight.sum()), time_unit, _rows_of(groups, parts, used), notes,
    )  # fmt: skip


def covariate_fits(
    customers: pd.DataFrame,
    customer_file: pd.DataFrame | None,
    options: ClvSettings,
    model: type[PurchaseModel] = BetaGeoNBD,
) -> tuple[CovariateFit | None, Text]:
    """The fit with the covariates that the settings name, or None and the reason.

    Parameters
    ----------
    customers
        Customers at a date: customer_id, frequency, recency, T (days); rows without frequency
        (returns only) are left out.
    customer_file
        customer_id and the columns that ``options.covariates`` names; a customer who is not in it
        counts as "not stated".
    options
        ``covariates`` and ``time_unit``.
    model
        The purchase model.

    Returns
    -------
    tuple
        The fit and `NOTHING`, or None and a sentence; both empty if the settings name no covariate.
    """
    if not options.covariates:
        return None, NOTHING
    if customer_file is None:
        return None, say("There is no customer file, so the categories of the customers are not known.")
    try:
        table = with_categories(customers[customers["frequency"].notna()], customer_file, options.covariates)
        summary = in_time_unit(table, options.time_unit)
        return fit_with_covariates(
            model, summary, covariates=options.covariates, time_unit=options.time_unit
        ), NOTHING
    except FitError as reason:
        return None, reported(reason)


def with_categories(
    customers: pd.DataFrame, customer_file: pd.DataFrame, covariates: Sequence[str]
) -> pd.DataFrame:
    """The customers with the columns of the customer file beside them.

    Raises
    ------
    InputError
        If the customer file has no such column.
    """
    missing = [name for name in covariates if name not in customer_file.columns]
    if missing:
        raise InputError(
            f"clv.covariates: the customer file has no column {words.listing(missing)}; "
            "name it under customers.columns."
        )
    known = customer_file.drop_duplicates("customer_id").set_index("customer_id")
    return customers.assign(**{name: customers["customer_id"].map(known[name]) for name in covariates})


_COLUMNS = [
    "part", "covariate", "level", "base", "customers", "estimate", "factor",
    "standard_error", "low", "high", "p_value",
]  # fmt: skip


@dataclass(frozen=True)
class _Members:
    """Customers with one combination of levels: their numbers, and their places among the histories."""

    levels: tuple[str, ...]
    histories: tuple[Array, ...]
    customers: Array
    places: Array


def _members(
    parts: Sequence[tuple[tuple[str, ...], Array]], table: pd.DataFrame, places: Array
) -> list[_Members]:
    columns = [table[name].to_numpy(float) for name in _HISTORY]
    found = []
    for levels, rows in parts:
        position = np.full(len(table), -1)
        position[rows] = np.arange(len(rows))
        customers = np.flatnonzero(position[places] >= 0)
        histories = tuple(column[rows] for column in columns)
        found.append(_Members(levels, histories, customers, position[places[customers]]))
    return found


@dataclass(frozen=True)
class _Groups:
    """The histories of each combination of levels, and how its parameters follow from base and effects.

    The logs of a group's parameters are linear in the base logs and the effects, so that its
    derivatives by its own few parameters give all others.
    """

    kind: type[PurchaseModel]
    matrices: tuple[Array, ...]
    histories: tuple[History, ...]
    units: Array

    def likelihood(self, logs: Array) -> tuple[float, Array]:
        """Log likelihood and its slope."""
        value, slope = 0.0, np.zeros(len(logs))
        for matrix, history in zip(self.matrices, self.histories, strict=True):
            own = np.exp(matrix @ logs) * self.units
            part, by_parameter = self.kind._likelihood(own, history)
            value += part
            slope = slope + (by_parameter * own) @ matrix
        return value, slope

    def curvature(self, logs: Array) -> tuple[float, Array, Array]:
        """Log likelihood, its slope and its second derivatives."""
        value, slope, bend = 0.0, np.zeros(len(logs)), np.zeros((len(logs), len(logs)))
        for matrix, history in zip(self.matrices, self.histories, strict=True):
            own = np.exp(matrix @ logs) * self.units
            part, by_log, bend_by_log = in_logs(own, *self.kind._curvature(own, history))
            value += part
            slope += by_log @ matrix
            bend += matrix.T @ bend_by_log @ matrix
        return value, slope, bend


def _rows_of(
    groups: _Groups, parts: Sequence[tuple[tuple[str, ...], Array]], covariates: Sequence[Covariate]
) -> pd.DataFrame:
    tables = []
    for (levels, _), history in zip(parts, groups.histories, strict=True):
        known: dict[str, Any] = {c.name: level for c, level in zip(covariates, levels, strict=True)}
        past = {"frequency": history.x, "recency": history.t_x, "T": history.T, "weight": history.weight}
        tables.append(pd.DataFrame(known | past))
    return pd.concat(tables, ignore_index=True)


def _parts(kind: type[PurchaseModel]) -> tuple[tuple[str, str, int], ...]:
    """Which parameter carries each part, and the sign with which its log does."""
    return (BUYING, "alpha", -1), ((LEAVING, "a", 1) if "a" in kind.names else (LEAVING, "beta", -1))


def _matrix(kind: type[PurchaseModel], effects: Array) -> Array:
    """From base logs, buying effects and leaving effects to the logs of a group's parameters."""
    shifts = [np.zeros((len(kind.names), len(effects))) for _ in _parts(kind)]
    for shift, (_, name, sign) in zip(shifts, _parts(kind), strict=True):
        shift[kind.names.index(name)] = sign * effects
    return np.hstack([np.eye(len(kind.names)), *shifts])


def _optimum(groups: _Groups, plain: Fit[Any]) -> Optimum:
    """From the plain fit without effects; the logs are those of the model in its own unit."""
    kind, units = groups.kind, groups.units
    size = groups.matrices[0].shape[1]
    start = [*(np.array(list(plain.parameters.values())) / units).tolist(), *[1.0] * (size - len(units))]
    name = f"{kind.label} with covariates"
    found = maximise(groups.likelihood, [start], name=name, curvature=groups.curvature, near=start)
    return replace(found, logs=found.logs + np.append(np.log(units), np.zeros(size - len(units))))


def _precision(optimum: Optimum) -> tuple[Array, tuple[bool, ...]]:
    """Covariance of the logs, and which of them the data determine."""
    free = ~np.array(optimum.at_edge)
    covariance = np.zeros(optimum.information.shape)
    if free.any():
        values, vectors = np.linalg.eigh(optimum.information[np.ix_(free, free)])
        inverse = (vectors / np.maximum(values, 1e-8)) @ vectors.T
        covariance[np.ix_(free, free)] = (inverse + inverse.T) / 2
    known = free & (np.sqrt(np.diag(covariance)) <= _UNDETERMINED)
    return covariance, tuple(bool(k) for k in known)


def _logs_of(model: CovariateModel) -> Array:
    return np.append(np.log(list(model.base.values())), list(model.effects.values()))


def _model_of(template: CovariateModel, logs: Array) -> CovariateModel:
    base = dict(zip(template.base, np.exp(logs[: len(template.base)]).tolist(), strict=True))
    effects = dict(zip(template.effects, logs[len(template.base) :].tolist(), strict=True))
    return CovariateModel(template.kind, template.covariates, base, effects)


def _check_histories(table: pd.DataFrame) -> None:
    missing = [name for name in _HISTORY if name not in table.columns]
    if missing:
        raise InputError(f"The table has no column {words.listing(missing)}, which the model needs to know.")
    checked_history(*(table[name] for name in _HISTORY))


def _holm(p_values: pd.Series) -> pd.Series:
    """p-values adjusted for looking at all of them; missing ones stay missing."""
    known = p_values.dropna().sort_values(kind="stable")
    steps = known * np.arange(len(known), 0, -1)
    return steps.cummax().clip(upper=1.0).reindex(p_values.index)
