"""What the categories of customers change, in sentences and as a table to read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.covariate_levels import NOT_STATED, OTHER, Covariate
from customer_value.clv.covariates import BUYING, LEAVING, CovariateFit
from customer_value.clv.units import DAYS, YEAR
from customer_value.display import Prose, Table
from customer_value.text import (
    ENGLISH,
    NOTHING,
    Count,
    Interval,
    Listing,
    Name,
    Number,
    Share,
    Text,
    Value,
    say,
    say_for,
)

__all__ = ["covariate_findings", "covariate_table", "customers_of", "sure_differences", "times"]

_LEVEL = 0.05
_MOST = 3
_PART = {BUYING: say("how often customers buy"), LEAVING: say("when they leave")}


def covariate_findings(fit: CovariateFit) -> tuple[Text, ...]:
    """What differs between the categories of customers, and what does not.

    Parameters
    ----------
    fit
        As `fit_with_covariates` returns it.

    Returns
    -------
    tuple of Text
        One verdict on all covariates, the strongest differences of each, and the covariates without
        one; empty if the fit has no covariate. Differences are told only where chance does not
        explain all of them together, nor those of the covariate (Holm's adjustment).
    """
    covariates = fit.model.covariates
    if not covariates:
        return ()
    first, *more = covariates
    named: dict[str, Value] = {
        "columns": Listing((_opening(first.name), *(_name(c.name) for c in more))),
        "cases": Share(max(fit.p_value, 1e-12)),
    }
    single = len(covariates) == 1
    if fit.p_value >= _LEVEL and single:
        return (
            say(
                "{columns} makes no difference to buying or leaving that chance does not explain: chance alone makes "
                "differences as large as these in {cases} of cases.",
                **named,
            ),
        )
    if fit.p_value >= _LEVEL:
        return (
            say(
                "{columns} make no difference to buying or leaving that chance does not explain: chance alone makes "
                "differences as large as these in {cases} of cases.",
                **named,
            ),
        )
    if single:
        verdict = say(
            "{columns} tells customers apart: chance alone makes differences as large as these in {cases} of cases.",
            **named,
        )
    else:
        verdict = say(
            "{columns} tell customers apart: chance alone makes differences as large as these in {cases} of cases.",
            **named,
        )
    return (verdict, *(sentence for c in covariates for sentence in _of_covariate(fit, c)))


def covariate_table(fit: CovariateFit) -> Table | Prose:
    """Every level against its base: how often it buys, how it leaves, and purchases in the first year."""
    if not fit.model.covariates:
        return Prose((say("The model has no covariates."),), kind="note")
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


def customers_of(covariate: str, level: str) -> Text:
    """The level as it follows the word "customers".

    Examples
    --------
    >>> from customer_value.text import ENGLISH
    >>> known = [("industry", "retail"), ("region", "not stated"), ("size", "XL")]
    >>> [ENGLISH.read(customers_of(*one)) for one in known]
    ['in retail', 'whose region is not stated', 'with size XL']
    """
    if level == NOT_STATED:
        return say("whose {column} is not stated", column=_name(covariate))
    if level == OTHER:
        return _of_others(covariate)
    match covariate:
        case "industry" | "region":
            return say("in {level}", level=Name(level))
        case "channel":
            return say("of the channel {level}", level=Name(level))
        case "account_manager":
            return say("of {level}", level=Name(level))
    return say("with {column} {level}", column=_name(covariate), level=Name(level))


def _of_others(covariate: str) -> Text:
    match covariate:
        case "industry":
            return say("in other industries")
        case "region":
            return say("in other regions")
        case "channel":
            return say("of other channels")
        case "account_manager":
            return say("of other account managers")
    return say("with another {column}", column=_name(covariate))


def times(factor: float) -> str:
    """A factor with as many digits as tell it from 1.

    Examples
    --------
    >>> times(1.823), times(1.04), times(0.5), times(0.0123), times(23.4), times(0.9972)
    ('1.8', '1.04', '0.50', '0.012', '23', '0.997')
    """
    return ENGLISH.write(_times(factor))


def _times(factor: float) -> Value:
    if 0.995 <= factor < 1.005 and factor != 1:
        return Number(factor, 3)
    if factor >= 100:
        return Count(factor)
    if factor >= 10:
        return Number(factor, 0)
    if 0 < factor < 0.095:
        return Number(factor, 1 - math.floor(math.log10(factor)))
    if factor == 0:
        return Number(factor, 0)
    return Number(factor, 1 if factor >= 1.15 else 2)


def _of_covariate(fit: CovariateFit, covariate: Covariate) -> list[Text]:
    tests = fit.tests[fit.tests["covariate"] == covariate.name].set_index("part")["p_adjusted"]
    found, alike = [], []
    for part in (BUYING, LEAVING):
        if part not in tests.index:
            continue
        if tests[part] >= _LEVEL:
            alike.append(part)
            continue
        found += _differences(fit, covariate, part)
    if len(alike) == 2:
        found.append(
            say(
                "{column} makes no difference, neither to how often customers buy nor to when they leave, that chance "
                "does not explain.",
                column=_opening(covariate.name),
            )
        )
    elif alike:
        found.append(
            say(
                "{column} makes no difference to {part} that chance does not explain.",
                column=_opening(covariate.name),
                part=_PART[alike[0]],
            )
        )
    open_levels = fit.coefficients[
        (fit.coefficients["covariate"] == covariate.name) & fit.coefficients["factor"].isna()
    ]
    found += [
        say(
            "For customers {who} the data do not tell {part}.",
            who=customers_of(covariate.name, row["level"]),
            part=_PART[row["part"]],
        )
        for row in open_levels.to_dict("records")
    ]
    return found


def _differences(fit: CovariateFit, covariate: Covariate, part: str) -> list[Text]:
    sure = sure_differences(fit)
    sure = sure[(sure["covariate"] == covariate.name) & (sure["part"] == part)]
    where: dict[str, Value] = {
        "column": _name(covariate.name),
        "part": _PART[part],
        "base": customers_of(covariate.name, covariate.base),
    }
    if sure.empty:
        return [
            say(
                "Customers differ by {column} in {part}, but no level differs for certain from those {base}.",
                **where,
            )
        ]
    sentence = _buying if part == BUYING else _leaving_sentence
    told = [sentence(fit, covariate, row) for row in sure.head(_MOST).to_dict("records")]
    more = len(sure) - _MOST
    if more > 0:
        told.append(
            say_for(
                more,
                "{n} more level of {column} differs from those {base} in {part}; see the table.",
                "{n} more levels of {column} differ from those {base} in {part}; see the table.",
                **where,
            )
        )
    return told


def _buying(fit: CovariateFit, covariate: Covariate, row: dict[str, Any]) -> Text:
    return say(
        "Customers {who} buy {times} times as often as those {base}{same} ({interval}).",
        **_against_base(fit, covariate, row),
    )


def _leaving_sentence(fit: CovariateFit, covariate: Covariate, row: dict[str, Any]) -> Text:
    compared = _against_base(fit, covariate, row)
    if "a" not in fit.model.base:
        return say(
            "Customers {who} leave for good {times} times as fast as those {base}{same} ({interval}).",
            **compared,
        )
    here, there = (_dropout(fit, {covariate.name: level}) for level in (row["level"], covariate.base))
    compared |= {"here": Share(here), "there": Share(there), "where": _where(fit, covariate)}
    if row["factor"] > 1:
        return say(
            "Customers {who} leave more readily after a purchase than those {base}{same}: {here} against "
            "{there}{where} (the odds are {times} times as high, {interval}).",
            **compared,
        )
    return say(
        "Customers {who} leave less readily after a purchase than those {base}{same}: {here} against {there}{where} "
        "(the odds are {times} times as high, {interval}).",
        **compared,
    )


def _against_base(fit: CovariateFit, covariate: Covariate, row: dict[str, Any]) -> dict[str, Value]:
    return {
        "who": customers_of(covariate.name, row["level"]),
        "base": customers_of(covariate.name, covariate.base),
        "same": _same(fit, covariate),
        "times": _times(row["factor"]),
        "interval": Interval(_times(row["low"]), _times(row["high"])),
    }


def _dropout(fit: CovariateFit, levels: dict[str, str]) -> float:
    model: Any = fit.model_for(levels)
    return float(model.a / (model.a + model.b))


def _same(fit: CovariateFit, covariate: Covariate) -> Text:
    others = [_name(c.name) for c in fit.model.covariates if c.name != covariate.name]
    return say(" with the same {columns}", columns=Listing(tuple(others))) if others else NOTHING


def _where(fit: CovariateFit, covariate: Covariate) -> Text:
    others = [customers_of(c.name, c.base) for c in fit.model.covariates if c.name != covariate.name]
    return say(" among customers {who}", who=Listing(tuple(others))) if others else NOTHING


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


def _name(column: str) -> Name:
    return Name(column.replace("_", " "))


def _opening(column: str) -> Name:
    """The name of a column where it opens a sentence."""
    name = _column(column)
    return Name(name[:1].upper() + name[1:])
