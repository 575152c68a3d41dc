"""The result as facts, as tables for programs, and as tables for readers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.units import unit_name
from customer_value.clv.validation import label_of
from customer_value.display import Prose, Table
from customer_value.result import Fact

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue

__all__ = [
    "checks_table",
    "customer_table",
    "facts",
    "histories_table",
    "holdout_table",
    "parameters_table",
    "sensitivity_table",
    "tables",
    "top_accounts_table",
]

NO_HOLDOUT = (
    "There is no check on time kept back: either none was kept back, or too few customers had bought again "
    "before it."
)

_COLUMNS = (
    "p_alive", "expected_purchases", "discounted_purchases", "expected_spend",
    "clv", "clv_low", "clv_high", "value_at_risk",
)  # fmt: skip


def customer_table(result: LifetimeValue) -> pd.DataFrame:
    """One row per customer with a purchase; all values missing where there is no model."""
    if result.valuation is not None:
        return result.valuation.table
    table = result.customers[["customer_id", "frequency"]].astype({"frequency": "int64"})
    return table.assign(**dict.fromkeys(_COLUMNS, np.nan))


def facts(result: LifetimeValue) -> dict[str, Fact]:
    """Headline figures, keyed ``clv.figure``."""
    fit, holdout, value = result.fit, result.holdout, result.valuation
    spend = result.spend.fit if result.spend else None
    known: dict[str, Fact] = {
        "model": fit.model.label if fit else None,
        "parameters": dict(fit.parameters) if fit else None,
        "standard_errors": _finite(fit.standard_errors) if fit else None,
        "log_likelihood": fit.log_likelihood if fit else None,
        "time_unit": unit_name(result.options.time_unit),
        "spend_parameters": dict(spend.parameters) if spend else None,
        "chosen_because": holdout.because if holdout else None,
        "best_on_holdout": label_of(holdout.winner) if holdout else None,
        "holdout": {label_of(n): asdict(s) for n, s in holdout.scores.items()} if holdout else None,
        "holdout_actual": holdout.actual if holdout else None,
        "holdout_low": holdout.total_low if holdout else None,
        "holdout_high": holdout.total_high if holdout else None,
        "holdout_days": holdout.days if holdout else None,
        "calibration": _calibration(result),
        "calibration_end": result.calibration_end.isoformat(),
        "customer_equity": value.equity if value else None,
        "customer_equity_low": value.low if value else None,
        "customer_equity_high": value.high if value else None,
        "value_at_risk": float(value.table["value_at_risk"].sum()) if value else None,
        "value_beyond_data_share": value.beyond_data_share if value else None,
        "expected_active": float(value.table["p_alive"].sum()) if value else None,
        "horizon_months": result.options.horizon_months,
        "discount_rate": result.options.discount_rate,
        "value_basis": result.margins.basis,
        "customers": len(result.customers),
        "repeat_customers": result.repeaters,
        "returns_only": result.returns_only,
        "checks": {check.name: check.verdict for check in result.checks},
        "warnings": list(result.warnings),
    }
    return {f"clv.{name}": fact for name, fact in known.items()}


def tables(result: LifetimeValue) -> dict[str, Any]:
    """Tables of the run; those without rows are left out, but for the customers."""
    found = {
        "clv_holdout": result.holdout.table if result.holdout else pd.DataFrame(),
        "clv_tracking": result.tracking,
        "clv_repeats": result.repeats,
        "clv_conditional": result.conditional,
        "clv_sensitivity": result.valuation.sensitivity if result.valuation else pd.DataFrame(),
        "clv_checks": pd.DataFrame([asdict(check) for check in result.checks]),
    }
    return {"clv": customer_table(result)} | {name: table for name, table in found.items() if len(table)}


def histories_table(result: LifetimeValue) -> Table | Prose:
    """Five customers as the models see them: the most, the least and some between."""
    columns = ["customer_id", "frequency", "recency", "T"]
    if result.customers.empty:
        return Prose(("No customer has a purchase.",), kind="note")
    order = result.customers.sort_values(["frequency", "recency", "customer_id"], ascending=False)
    places = np.unique(np.linspace(0, len(order) - 1, 5).round().astype(int))
    shown = order.iloc[places][columns].astype({"frequency": "Int64", "recency": "Int64", "T": "Int64"})
    shown.columns = ["customer", "x: repeat purchases", "t_x: days from first to last", "T: days observed"]
    return Table(shown, dict.fromkeys(shown.columns[1:], words.count), "Customers as the models see them")


def holdout_table(result: LifetimeValue) -> Table | Prose:
    """Models and rules on the time kept back, smallest error first."""
    if result.holdout is None:
        return Prose((NO_HOLDOUT,), kind="note")
    shown = result.holdout.table.sort_values(["mean_absolute_error", "method"], ignore_index=True)
    shown = shown.drop(columns=["root_mean_square_error", "actual"])
    shown.columns = [
        "method", "kind", "predicted", "bias", "mean error",
        "rank correlation", "gini", "caught by top 20%",
    ]  # fmt: skip
    formats: dict[str, Callable[[Any], str]] = {
        "predicted": words.count,
        "bias": words.percent,
        "mean error": lambda v: words.decimal(v, 3),
        "caught by top 20%": words.percent,
    }
    caption = (
        f"Purchases in the {words.count(result.holdout.days, 'day')} after "
        f"{words.day(result.calibration_end)}: {words.count(result.holdout.actual)} happened"
    )
    return Table(shown, formats, caption)


def parameters_table(result: LifetimeValue) -> Table | Prose:
    """Parameters of purchases and of spend with standard errors and intervals."""
    rows = []
    for fit in (result.fit, result.spend.fit if result.spend else None):
        if fit is None:
            continue
        bounds, errors = fit.interval(), fit.standard_errors
        for name, value in fit.parameters.items():
            open_end = not math.isfinite(errors[name])
            rows.append(
                {
                    "model": fit.model.label,
                    "parameter": name,
                    "value": value,
                    "standard error": None if open_end else errors[name],
                    "95% interval": "not determined by these data"
                    if open_end
                    else f"{words.decimal(bounds[name][0], 3)} to {words.decimal(bounds[name][1], 3)}",
                }
            )
    if not rows:
        return Prose(("No model could be fitted, so there are no parameters.",), kind="note")
    unit = unit_name(result.options.time_unit)
    caption = f"Parameters, time in {unit}s, spend in {result.currency}"
    three = {"value": lambda v: words.decimal(v, 3), "standard error": lambda v: words.decimal(v, 3)}
    return Table(pd.DataFrame(rows), three, caption)


def top_accounts_table(result: LifetimeValue, most: int = 15) -> Table | Prose:
    """The customers with the highest lifetime value, with interval and value at risk."""
    if result.valuation is None:
        return Prose(("Without a model there are no values.",), kind="note")
    shown = result.valuation.table.sort_values(["clv", "customer_id"], ascending=[False, True]).head(most)
    names = result.customers.set_index("customer_id")
    columns: dict[str, Any] = {"customer": shown["customer_id"]}
    if "name" in names.columns:
        columns["name"] = shown["customer_id"].map(names["name"])
    columns |= {
        "P(alive)": shown["p_alive"],
        "expected purchases": shown["expected_purchases"],
        "spend per purchase": shown["expected_spend"],
        "lifetime value": shown["clv"],
        "low": shown["clv_low"],
        "high": shown["clv_high"],
        "value at risk": shown["value_at_risk"],
    }
    money = dict.fromkeys(
        ("spend per purchase", "lifetime value", "low", "high", "value at risk"),
        lambda v: words.money(v, result.currency),
    )
    formats = money | {"P(alive)": words.percent, "expected purchases": lambda v: words.decimal(v, 1)}
    caption = (
        f"Highest lifetime value ({result.margins.basis}, next {result.options.horizon_months} months), "
        "with 95% interval"
    )
    return Table(pd.DataFrame(columns), formats, caption, most=most)


def sensitivity_table(result: LifetimeValue) -> Table | Prose:
    """Customer equity when one assumption changes."""
    if result.valuation is None:
        return Prose(("Without a model there is nothing to vary.",), kind="note")
    shown = result.valuation.sensitivity.copy()
    shown.columns = ["assumption", "changed to", "customer equity", "change"]
    money = dict.fromkeys(("customer equity", "change"), lambda v: words.money(v, result.currency))
    return Table(shown, money, "Customer equity when one assumption changes")


def checks_table(result: LifetimeValue) -> Table | Prose:
    """Every assumption with its verdict, evidence and remedy."""
    if not result.checks:
        return Prose(("Without purchases there is nothing to check.",), kind="note")
    shown = pd.DataFrame([asdict(check) for check in result.checks])
    return Table(shown, dict.fromkeys(shown.columns, str), "What the models assume")


def _calibration(result: LifetimeValue) -> Fact:
    if result.holdout is None:
        return None
    return {
        label_of(name): {"parameters": dict(fit.parameters), "log_likelihood": fit.log_likelihood}
        for name, fit in result.holdout.fits.items()
    }


def _finite(values: dict[str, float]) -> dict[str, Fact]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
