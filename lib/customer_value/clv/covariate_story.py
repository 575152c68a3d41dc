"""What the categories of customers change, in sentences and as a table to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.covariate_levels import NOT_STATED, OTHER, Covariate
from customer_value.clv.covariates import BUYING, LEAVING, CovariateFit
from customer_value.clv.units import DAYS, YEAR
from customer_value.display import Prose, Table

__all__ = ["covariate_findings", "covariate_table", "customers_of", "sure_differences", "times"]

_LEVEL = 0.05
_MOST = 3
_PHRASES = {
    "industry": ("in {}", "in other industries"),
    "region": ("in {}", "in other regions"),
    "channel": ("of the channel {}", "of other channels"),
    "account_manager": ("of {}", "of other account managers"),
}
_PART = {BUYING: "how often customers buy", LEAVING: "when they leave"}


def covariate_findings(fit: CovariateFit) -> tuple[str, ...]:
    """What differs between the categories of customers, and what does not.

    Parameters
    ----------
    fit
        As `fit_with_covariates` returns it.

    Returns
    -------
    tuple of str
        One verdict on all covariates, the strongest differences of each, and the covariates without
        one; empty if the fit has no covariate. Differences are told only where chance does not
        explain all of them together, nor those of the covariate (Holm's adjustment).
    """
    covariates = fit.model.covariates
    if not covariates:
        return ()
    names = words.listing(_column(c.name) for c in covariates)
    by_chance = f"chance alone makes differences as large as these in {words.percent(max(fit.p_value, 1e-12))} of cases"
    if fit.p_value >= _LEVEL:
        verb = words.verb(len(covariates), "makes", "make")
        return (
            f"{_capital(names)} {verb} no difference to buying or leaving that chance does not explain: "
            f"{by_chance}.",
        )
    verdict = (
        f"{_capital(names)} {words.verb(len(covariates), 'tells', 'tell')} customers apart: {by_chance}."
    )
    found = [verdict, *(sentence for c in covariates for sentence in _of_covariate(fit, c))]
    return tuple(found)


def covariate_table(fit: CovariateFit) -> Table | Prose:
    """Every level against its base: how often it buys, how it leaves, and purchases in the first year."""
    if not fit.model.covariates:
        return Prose(("The model has no covariates.",), kind="note")
    known = fit.coefficients.set_index(["part", "covariate", "level"])
    year = YEAR / DAYS[fit.time_unit]
    rows = []
    for covariate in fit.model.covariates:
        for level, customers in zip(covariate.levels, covariate.customers, strict=True):
            row: dict[str, Any] = {"column": _column(covariate.name), "level": words.plain(level)}
            row["customers"] = round(customers)
            for part, name in ((BUYING, "buying"), (LEAVING, "leaving")):
                factor, bounds = _cells(known, (part, covariate.name, level), level == covariate.base)
                row |= {f"{name}, times the base": factor, f"{name}, 95% interval": bounds}
            model = fit.model_for({covariate.name: level})
            row["purchases in the first year"] = float(model.expected_purchases(year))
            rows.append(row)
    formats: dict[str, Callable[[Any], str]] = {
        "customers": words.count,
        "buying, times the base": times,
        "leaving, times the base": times,
        "purchases in the first year": lambda v: words.decimal(v, 2),
    }
    caption = (
        f"{fit.model.label}: each level against the base of its column, other columns equal. Buying: how often "
        f"while a customer is active. Leaving: the {_leaving(fit)}. Purchases of a new customer after the "
        "first one, other columns at their base"
    )
    return Table(pd.DataFrame(rows), formats, caption, most=60)


def sure_differences(fit: CovariateFit) -> pd.DataFrame:
    """The rows of `CovariateFit.coefficients` that chance does not explain, the strongest first.

    Chance explains neither all differences together, nor those of the covariate, nor that of the
    level, each time allowing for the number of comparisons (Holm's adjustment).
    """
    table = fit.coefficients
    real = fit.tests[fit.tests["p_adjusted"] < _LEVEL] if fit.p_value < _LEVEL else fit.tests.head(0)
    told = set(zip(real["part"], real["covariate"], strict=True))
    own = np.array([key in told for key in zip(table["part"], table["covariate"], strict=True)], dtype=bool)
    sure = table[own & (table["p_adjusted"] < _LEVEL).to_numpy()]
    order = sure.assign(size=sure["estimate"].abs()).sort_values(["size", "level"], ascending=[False, True])
    return order.drop(columns="size").reset_index(drop=True)


def customers_of(covariate: str, level: str) -> str:
    """The level as it follows the word "customers".

    Examples
    --------
    >>> customers_of("industry", "retail"), customers_of("region", "not stated"), customers_of("size", "XL")
    ('in retail', 'whose region is not stated', 'with size XL')
    """
    one, others = _PHRASES.get(
        covariate, (f"with {_column(covariate)} {{}}", f"with another {_column(covariate)}")
    )
    if level == NOT_STATED:
        return f"whose {_column(covariate)} is not stated"
    return others if level == OTHER else one.replace("{}", words.plain(level))


def times(factor: float) -> str:
    """A factor with as many digits as tell it from 1.

    Examples
    --------
    >>> times(1.823), times(1.04), times(0.5), times(0.0123), times(23.4), times(0.9972)
    ('1.8', '1.04', '0.50', '0.012', '23', '0.997')
    """
    if 0.995 <= factor < 1.005 and factor != 1:
        return words.decimal(factor, 3)
    if factor >= 10 or factor < 0.095:
        return words.significant(factor, 2) if factor < 100 else words.count(factor)
    return words.decimal(factor, 1 if factor >= 1.15 else 2)


def _of_covariate(fit: CovariateFit, covariate: Covariate) -> list[str]:
    tests = fit.tests[fit.tests["covariate"] == covariate.name].set_index("part")["p_adjusted"]
    found, alike = [], []
    for part in (BUYING, LEAVING):
        if part not in tests.index:
            continue
        if tests[part] >= _LEVEL:
            alike.append(_PART[part])
            continue
        found += _differences(fit, covariate, part)
    if alike:
        what = f", neither to {alike[0]} nor to {alike[1]}," if len(alike) == 2 else f" to {alike[0]}"
        name = _capital(_column(covariate.name))
        found.append(f"{name} makes no difference{what} that chance does not explain.")
    open_levels = fit.coefficients[
        (fit.coefficients["covariate"] == covariate.name) & fit.coefficients["factor"].isna()
    ]
    found += [
        f"For customers {customers_of(covariate.name, row['level'])} the data do not tell {_PART[row['part']]}."
        for row in open_levels.to_dict("records")
    ]
    return found


def _differences(fit: CovariateFit, covariate: Covariate, part: str) -> list[str]:
    sure = sure_differences(fit)
    sure = sure[(sure["covariate"] == covariate.name) & (sure["part"] == part)]
    base = customers_of(covariate.name, covariate.base)
    if sure.empty:
        return [
            f"Customers differ by {_column(covariate.name)} in {_PART[part]}, but no level differs for certain from "
            f"those {base}."
        ]
    sentence = _buying if part == BUYING else _leaving_sentence
    told = [sentence(fit, covariate, row) for row in sure.head(_MOST).to_dict("records")]
    more = len(sure) - _MOST
    if more > 0:
        told.append(
            f"{words.count(more, 'more level')} of {_column(covariate.name)} "
            f"{words.verb(more, 'differs', 'differ')} from those {base} in {_PART[part]}; see the table."
        )
    return told


def _buying(fit: CovariateFit, covariate: Covariate, row: dict[str, Any]) -> str:
    return (
        f"Customers {customers_of(covariate.name, row['level'])} buy {times(row['factor'])} times as often as those "
        f"{customers_of(covariate.name, covariate.base)}{_same(fit, covariate)} "
        f"({words.interval(times(row['low']), times(row['high']))})."
    )


def _leaving_sentence(fit: CovariateFit, covariate: Covariate, row: dict[str, Any]) -> str:
    who, base = (customers_of(covariate.name, level) for level in (row["level"], covariate.base))
    bounds = words.interval(times(row["low"]), times(row["high"]))
    if "a" not in fit.model.base:
        return (
            f"Customers {who} leave for good {times(row['factor'])} times as fast as those {base}"
            f"{_same(fit, covariate)} ({bounds})."
        )
    here, there = (_dropout(fit, {covariate.name: level}) for level in (row["level"], covariate.base))
    readily = "more" if row["factor"] > 1 else "less"
    return (
        f"Customers {who} leave {readily} readily after a purchase than those {base}{_same(fit, covariate)}: "
        f"{words.percent(here)} against {words.percent(there)}{_where(fit, covariate)} "
        f"(the odds are {times(row['factor'])} times as high, {bounds})."
    )


def _dropout(fit: CovariateFit, levels: dict[str, str]) -> float:
    model: Any = fit.model_for(levels)
    return float(model.a / (model.a + model.b))


def _same(fit: CovariateFit, covariate: Covariate) -> str:
    others = [_column(c.name) for c in fit.model.covariates if c.name != covariate.name]
    return f" with the same {words.listing(others)}" if others else ""


def _where(fit: CovariateFit, covariate: Covariate) -> str:
    others = [customers_of(c.name, c.base) for c in fit.model.covariates if c.name != covariate.name]
    return f" among customers {words.listing(others)}" if others else ""


def _cells(known: pd.DataFrame, key: tuple[str, str, str], is_base: bool) -> tuple[float | None, str | None]:
    if is_base:
        return 1.0, "base"
    if key not in known.index:
        return None, None
    row = known.loc[key]
    if pd.isna(row["factor"]):
        return None, "not determined by these data"
    return float(row["factor"]), f"{times(row['low'])} to {times(row['high'])}"


def _leaving(fit: CovariateFit) -> str:
    return "odds of leaving after a purchase" if "a" in fit.model.base else "rate of leaving"


def _column(name: str) -> str:
    return words.plain(name.replace("_", " "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
