"""The result as facts, as tables for programs, and as tables for readers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.both import with_contracts
from customer_value.clv.classes import CLASSES
from customer_value.clv.units import unit_name
from customer_value.clv.validation import label_of
from customer_value.clv.validation_tables import NO_HOLDOUT
from customer_value.display import Prose, Table, written
from customer_value.expressions import as_fact
from customer_value.result import Fact
from customer_value.text import say

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue
    from customer_value.clv.realised import Realised

__all__ = [
    "checks_table",
    "classes_table",
    "customer_table",
    "facts",
    "histories_table",
    "holdout_table",
    "parameters_table",
    "sensitivity_table",
    "spend_check",
    "tables",
    "top_accounts_table",
]

_COLUMNS = (
    "p_alive", "expected_purchases", "discounted_purchases", "expected_spend", "kept_share",
    "clv", "clv_low", "clv_high", "clv_endless", "value_at_risk",
)  # fmt: skip


def customer_table(result: LifetimeValue) -> pd.DataFrame:
    """One row per customer without a contract and with a purchase.

    All values of the future are missing where there is no model, and ``clv_endless`` is where no value
    without an end to the horizon is given. ``realised_value`` and ``acquisition_cost`` are there where
    they are known.
    """
    if result.valuation is None:
        table = result.customers[["customer_id", "frequency"]].astype({"frequency": "int64"})
        table = table.assign(**dict.fromkeys(_COLUMNS, np.nan))
    else:
        table = result.valuation.table
        table = table.assign(clv_endless=np.nan) if result.why_not_endless else table
    return _with_so_far(table, result.realised)


def _with_so_far(table: pd.DataFrame, realised: Realised | None) -> pd.DataFrame:
    if realised is None:
        return table
    so_far = realised.table
    table = table.assign(realised_value=so_far["realised_value"].to_numpy())
    known = realised.costed > 0
    return table.assign(acquisition_cost=so_far["acquisition_cost"].to_numpy()) if known else table


def facts(result: LifetimeValue) -> dict[str, Fact]:
    """Headline figures, keyed ``clv.figure``.

    ``modelled_equity`` is the model's own total of the customers without a contract, whatever its holdout says;
    ``customer_equity`` is what the report stands for, contracts included.
    """
    fit, holdout, value, equity = result.fit, result.holdout, result.valuation, result.equity
    spend = result.spend.fit if result.spend else None
    known: dict[str, Fact] = {
        "model": fit.model.label if fit else None,
        "parameters": dict(fit.parameters) if fit else None,
        "standard_errors": _finite(fit.standard_errors) if fit else None,
        "log_likelihood": fit.log_likelihood if fit else None,
        "time_unit": unit_name(result.options.time_unit),
        "spend_parameters": dict(spend.parameters) if spend else None,
        "chosen_because": written(holdout.because) if holdout else None,
        "best_on_holdout": label_of(holdout.winner) if holdout else None,
        "holdout": {label_of(n): asdict(s) for n, s in holdout.scores.items()} if holdout else None,
        "holdout_actual": holdout.actual if holdout else None,
        "holdout_low": holdout.total_low if holdout else None,
        "holdout_high": holdout.total_high if holdout else None,
        "holdout_days": holdout.days if holdout else None,
        "calibration": _calibration(result),
        "calibration_end": result.calibration_end.isoformat(),
        "modelled_equity": value.equity if value else None,
        "modelled_equity_low": value.low if value else None,
        "modelled_equity_high": value.high if value else None,
        "customer_equity": equity.total if equity else None,
        "customer_equity_low": equity.low if equity else None,
        "customer_equity_high": equity.high if equity else None,
        "customer_equity_contracts": equity.contracts if equity else None,
        "contracts": dict(result.contracts.facts) if result.contracts else None,
        "customer_equity_endless": value.endless if value and not result.why_not_endless else None,
        "why_not_endless": (written(result.why_not_endless) or None) if value else None,
        "equity_by_class": _by_class(result),
        "realised_value": result.realised.total if result.realised else None,
        "acquisition_cost": result.realised.cost if result.realised and result.realised.costed else None,
        "value_at_risk": result.figures["everyone"].value_at_risk if value else None,
        "value_beyond_data_share": value.beyond_data_share if value else None,
        "expected_active": result.figures["everyone"].p_alive if value else None,
        "horizon_months": result.options.horizon_months,
        "discount_rate": result.options.discount_rate,
        "value_basis": result.kept.basis,
        "kept_share": result.kept.overall if result.number else None,
        "credits_above_sales": result.kept.above,
        "customers": result.number,
        "repeat_customers": result.repeaters,
        "returns_only": result.returns_only,
        "checks": {check.name: check.verdict for check in result.checks},
        "warnings": [written(sentence) for sentence in result.warnings],
    }
    return {f"clv.{name}": fact for name, fact in known.items()}


def tables(result: LifetimeValue) -> dict[str, Any]:
    """Tables of the run; those without rows are left out, but for the customers."""
    found = {
        "clv_holdout": result.holdout.table if result.holdout else pd.DataFrame(),
        "clv_tracking": result.tracking,
        "clv_repeats": result.repeats,
        "clv_conditional": result.conditional,
        "clv_classes": result.valuation.classes if result.valuation else pd.DataFrame(),
        "clv_covariates": result.covariates.coefficients if result.covariates else pd.DataFrame(),
        "clv_sensitivity": result.valuation.sensitivity if result.valuation else pd.DataFrame(),
        "clv_checks": _checks(result),
    }
    found |= dict(result.contracts.tables) if result.contracts else {}
    customers = with_contracts(result.table, result.contracts)
    return {"clv": customers} | {name: table for name, table in found.items() if len(table)}


def histories_table(result: LifetimeValue) -> Table | Prose:
    """Five customers as the models see them: the most, the least and some between."""
    columns = ["customer_id", "frequency", "recency", "T"]
    if result.customers.empty:
        return Prose((result.why_no_model,), kind="note")
    order = result.customers.sort_values(["frequency", "recency", "customer_id"], ascending=False)
    places = np.unique(np.linspace(0, len(order) - 1, 5).round().astype(int))
    shown = order.iloc[places][columns].astype({"frequency": "Int64", "recency": "Int64", "T": "Int64"})
    shown = shown.assign(silence=shown["T"] - shown["recency"])
    shown.columns = [
        "Customer", "Repeat purchases (x)", "Days from first to last (t_x)", "Days observed (T)", "Days silent"
    ]  # fmt: skip
    caption = f"Customers as the models see them{f', of {written(result.sampled)}' if result.sampled else ''}"
    return Table(shown, dict.fromkeys(shown.columns[1:], words.count), caption)


def holdout_table(result: LifetimeValue) -> Table | Prose:
    """Models and rules on the time kept back, smallest error first."""
    if result.holdout is None:
        return Prose((NO_HOLDOUT,), kind="note")
    shown = result.holdout.table.sort_values(["mean_absolute_error", "method"], ignore_index=True)
    shown = shown[list(_HOLDOUT)].rename(columns=_HOLDOUT)
    formats: dict[str, Callable[[Any], str]] = {
        "Predicted": words.count,
        "Bias": words.percent,
        "Mean error": lambda v: words.decimal(v, 3),
        "Caught by top 20%": words.percent,
    }
    caption = (
        f"Purchases in the {words.count(result.holdout.days, 'day')} after "
        f"{words.day(result.calibration_end)}: {words.count(result.holdout.actual)} happened"
        f"{f' to {written(result.sampled)}' if result.sampled else ''}"
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
                    "Model": fit.model.label,
                    "Parameter": name,
                    "Value": value,
                    "Standard error": None if open_end else errors[name],
                    "95% interval": "not determined by these data"
                    if open_end
                    else f"{words.decimal(bounds[name][0], 3)} to {words.decimal(bounds[name][1], 3)}",
                }
            )
    if not rows:
        return Prose((say("No model could be fitted, so there are no parameters."),), kind="note")
    unit = unit_name(result.options.time_unit)
    caption = words.with_currency(f"Parameters, time in {unit}s", result.currency, ", spend in {}")
    three = {"Value": lambda v: words.decimal(v, 3), "Standard error": lambda v: words.decimal(v, 3)}
    return Table(pd.DataFrame(rows), three, caption)


def top_accounts_table(result: LifetimeValue, most: int = 15) -> Table | Prose:
    """The customers with the highest lifetime value, with interval and value at risk."""
    if result.valuation is None:
        return Prose((say("Without a model there are no values."),), kind="note")
    shown = result.figures.best.head(most)
    columns: dict[str, Any] = {"Customer": shown["customer_id"]}
    if result.names is not None:
        columns["Name"] = shown["customer_id"].map(result.names)
    there = [name for name in _ACCOUNT if name in shown.columns]
    told = [name for name in there if name != "kept_share" or (shown[name] != 1).any()]
    columns |= {_ACCOUNT[name]: shown[name] for name in told}
    columns["Value at risk"] = _at_risk(shown["value_at_risk"], result.currency)
    money = dict.fromkeys(
        ("Spend per purchase", "So far", "Lifetime value", "Low", "High", "Value at risk"),
        lambda v: v if isinstance(v, str) else words.money(round(v, 2), result.currency),
    )
    formats = money | {
        "P(alive)": words.percent,
        "Share kept": words.percent,
        "Expected purchases": lambda v: words.decimal(v, 1),
    }
    caption = (
        f"Highest lifetime value ({result.kept.basis}, next {result.options.horizon_months} months), "
        "with 95% interval"
    )
    return Table(pd.DataFrame(columns), formats, caption, most=most)


def spend_check(result: LifetimeValue) -> Prose:
    """The two assumptions of the spend model as sentences."""
    found = [check for check in result.checks if check.name in (INDEPENDENCE, SPEND_MEAN)]
    if not found:
        return Prose((say("Without purchases there is nothing to check."),), kind="note")
    told = (
        say("{check} {remedy}", check=check.told, remedy=check.remedy) if check.remedy else check.told
        for check in found
    )
    return Prose(tuple(told))


def classes_table(result: LifetimeValue) -> Table | Prose:
    """Customer equity by class with its interval."""
    if result.valuation is None:
        return Prose((say("Without a model there is no customer equity to split."),), kind="note")
    shown = result.valuation.classes
    if shown.empty:
        return Prose((say("All customers are in one class, whatever they are sorted by."),), kind="note")
    named = shown["by"].map(CLASSES).map(_capital)
    shown = shown.assign(by=named).rename(columns=_CLASS)
    formats = dict.fromkeys(("Customer equity", "Low", "High"), lambda v: words.money(v, result.currency))
    caption = (
        f"Customer equity by class ({result.kept.basis}, next {result.options.horizon_months} months), "
        "with 95% interval"
    )
    return Table(shown, formats | {"Share": words.percent}, caption, most=len(shown))


def sensitivity_table(result: LifetimeValue) -> Table | Prose:
    """Customer equity when one assumption changes."""
    if result.valuation is None:
        return Prose((say("Without a model there is nothing to vary."),), kind="note")
    shown = result.valuation.sensitivity.rename(columns=_SENSITIVITY)
    shown = shown.assign(Assumption=shown["Assumption"].map(_capital))
    money = dict.fromkeys(("Customer equity", "Change"), lambda v: words.money(v, result.currency))
    return Table(shown, money, "Customer equity when one assumption changes")


def checks_table(result: LifetimeValue) -> Table | Prose:
    """Every assumption with its verdict, evidence and remedy."""
    if not result.checks:
        return Prose((say("Without purchases there is nothing to check."),), kind="note")
    shown = _checks(result).rename(columns=_CHECK)
    shown = shown[list(_CHECK.values())].assign(Assumption=shown["Assumption"].map(_capital))
    caption = f"What the models assume{f', seen on {written(result.sampled)}' if result.sampled else ''}"
    return Table(shown, dict.fromkeys(shown.columns, str), caption)


_HOLDOUT = {
    "method": "Method",
    "kind": "Kind",
    "predicted": "Predicted",
    "bias": "Bias",
    "mean_absolute_error": "Mean error",
    "rank_correlation": "Rank correlation",
    "gini": "Gini",
    "top_20_share": "Caught by top 20%",
}
INDEPENDENCE, SPEND_MEAN = "spend independent of frequency", "average spend defined"
_ACCOUNT = {
    "p_alive": "P(alive)",
    "expected_purchases": "Expected purchases",
    "expected_spend": "Spend per purchase",
    "kept_share": "Share kept",
    "realised_value": "So far",
    "clv": "Lifetime value",
    "clv_low": "Low",
    "clv_high": "High",
}
_CLASS = {
    "by": "By",
    "class": "Class",
    "customers": "Customers",
    "equity": "Customer equity",
    "low": "Low",
    "high": "High",
    "share": "Share",
}
_SENSITIVITY = {
    "assumption": "Assumption",
    "changed_to": "Changed to",
    "customer_equity": "Customer equity",
    "change": "Change",
}
_CHECK = {"name": "Assumption", "verdict": "Verdict", "evidence": "Evidence", "remedy": "Remedy"}


def _checks(result: LifetimeValue) -> pd.DataFrame:
    """A row per assumption, in words."""
    return pd.DataFrame(
        [
            {
                "name": check.name,
                "verdict": check.verdict,
                "evidence": written(check.evidence),
                "remedy": written(check.remedy),
            }
            for check in result.checks
        ]
    )


def _at_risk(values: pd.Series, currency: str) -> pd.Series:
    """Value at risk, in words where the model cannot tell."""
    if not values.isna().any():
        return values
    written = values.map(lambda v: words.money(round(v, 2), currency), na_action="ignore")
    return written.astype(object).where(values.notna(), "not identified")


def _by_class(result: LifetimeValue) -> Fact:
    if result.valuation is None:
        return None
    found: dict[str, Any] = {}
    for row in result.valuation.classes.to_dict("records"):
        figures = {name: as_fact(row[name]) for name in ("equity", "low", "high", "share")}
        found.setdefault(row["by"], {})[row["class"]] = {"customers": int(row["customers"])} | figures
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _calibration(result: LifetimeValue) -> Fact:
    if result.holdout is None:
        return None
    return {
        label_of(name): {"parameters": dict(fit.parameters), "log_likelihood": fit.log_likelihood}
        for name, fit in result.holdout.fits.items()
    }


def _finite(values: dict[str, float]) -> dict[str, Fact]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
