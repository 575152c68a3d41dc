"""From purchases to money: spend per purchase, what is kept of it, value of each customer, and their total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from customer_value.clv.classes import class_equity, membership
from customer_value.clv.fitting import Fit
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.inputs import Array
from customer_value.clv.phrases import reported
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.simulation import Base, replicates_for, simulate_values
from customer_value.clv.units import DAYS, discount_rate_per_unit, in_time_unit, months_in_units
from customer_value.errors import FitError
from customer_value.kept import ShareDoubt
from customer_value.settings import ClvSettings
from customer_value.text import NOTHING, Text, say, say_for

__all__ = [
    "SpendModel",
    "Valuation",
    "beyond_share",
    "sensitivity",
    "spend_of",
    "value_customers",
    "value_histories",
]

_LEAST_SPENDERS = 30
_ORDER = (
    "customer_id", "frequency", "p_alive", "expected_purchases", "discounted_purchases", "expected_spend",
    "kept_share", "clv", "clv_low", "clv_high", "clv_endless", "value_at_risk",
)  # fmt: skip


@dataclass(frozen=True)
class SpendModel:
    """What a future purchase is expected to bring, in gross sales.

    Parameters
    ----------
    fit
        The spend model, or None where it cannot be used.
    average
        Gross sales per purchase day over all customers; used for everyone if there is no fit.
    fitted_on
        Customers in the fit.
    left_out
        Customers who bought again but for nothing.
    why_not
        Why there is no fit, as a sentence.
    """

    fit: Fit[GammaGamma] | None
    average: float
    fitted_on: int
    left_out: int
    why_not: Text = NOTHING

    def expected(self, x: Array, mean: Array) -> Array:
        """Expected spend per purchase; a mean that is not positive counts as 0."""
        if self.fit is None:
            return np.full(len(x), self.average)
        return self.fit.model.expected_spend(x, mean)


@dataclass(frozen=True)
class Valuation:
    """Value of each customer, of all together, and what stands behind it.

    Parameters
    ----------
    table
        One row per customer, lazily where they are too many to hold: customer_id (where given),
        frequency, p_alive, expected_purchases (within the horizon, not discounted), discounted_purchases,
        expected_spend (gross, per purchase), kept_share (what is left of it after returns and, where value is
        margin, cost), clv, clv_low, clv_high (95 % interval), clv_endless (value without an end to the
        horizon; missing at a discount rate of 0, where it need not be finite), value_at_risk (missing
        where the model cannot tell whether a customer is alive).
    equity, low, high
        Sum of ``clv`` and its 95 % interval.
    endless
        Value of all customers without an end to the horizon; None at a discount rate of 0.
    beyond_data_share
        Share of the value without end that lies later than three times the data; None at a discount
        rate of 0 or without value.
    totals
        Simulated customer equity, one per replicate.
    classes
        Equity by class (`class_equity`); no rows where no classes were given.
    sensitivity
        assumption, changed_to, customer_equity, change.
    """

    table: Any
    equity: float
    low: float
    high: float
    endless: float | None
    beyond_data_share: float | None
    totals: Array
    classes: pd.DataFrame
    sensitivity: pd.DataFrame


def spend_of(customers: pd.DataFrame) -> SpendModel:
    """Fit the spend model to customers who bought again, or say why it cannot be.

    Parameters
    ----------
    customers
        frequency, monetary_value (gross), purchase_days, gross.
    """
    again = customers[customers["frequency"] > 0]
    usable = again[again["monetary_value"] > 0]
    days = float(customers["purchase_days"].sum())
    average = float(customers["gross"].sum()) / days
    left_out = len(again) - len(usable)

    def without(why: Text) -> SpendModel:
        return SpendModel(None, average, len(usable), left_out, why)

    if len(usable) < _LEAST_SPENDERS:
        return without(
            say_for(
                len(usable),
                "Repeat purchases with a value are known of {n} customer only, too few for a spend model.",
                "Repeat purchases with a value are known of {n} customers only, too few for a spend model.",
            )
        )
    try:
        fit = GammaGamma.fit(usable[["frequency", "monetary_value"]])
    except FitError as reason:
        return without(reported(reason))
    if fit.model.q <= 1:
        return without(
            say("Spend differs so much between customers that the model has no mean (q is not above 1).")
        )
    return SpendModel(fit, average, len(usable), left_out)


def value_customers(
    customers: pd.DataFrame,
    fit: Fit[PurchaseModel],
    spend: SpendModel,
    shares: Array,
    options: ClvSettings,
    data_days: float,
    classes: pd.DataFrame | None = None,
    doubt: ShareDoubt | None = None,
) -> Valuation:
    """Expected discounted purchases × expected gross spend × kept share, with intervals.

    Parameters
    ----------
    customers
        customer_id, frequency, recency, T (days), monetary_value; sorted by customer_id.
    fit, spend, shares
        What purchases and gross spend are expected to be, and the share of it that each customer keeps.
    options
        Horizon, discount rate, time unit and seed.
    data_days
        Days that the data cover; beyond three times that a value is far from any evidence.
    classes
        Classifications of the customers, as `customer_classes` returns them; optional.
    doubt
        How uncertain the shares are (`customer_value.kept.KeptShare.doubt`); None: not at all.

    Returns
    -------
    Valuation
        The table keeps the order of the customers.
    """
    history = in_time_unit(customers, options.time_unit)
    within = 3 * data_days / DAYS[options.time_unit]
    return value_histories(history, fit, spend, shares, options, within, classes, doubt)


def value_histories(
    history: pd.DataFrame,
    fit: Fit[PurchaseModel],
    spend: SpendModel,
    shares: Array,
    options: ClvSettings,
    within: float,
    classes: pd.DataFrame | None = None,
    doubt: ShareDoubt | None = None,
) -> Valuation:
    """The same for customers whose times are in the model's unit already.

    Parameters
    ----------
    history
        frequency, recency, T (model's unit), monetary_value and, where known, customer_id.
    fit, spend, shares, options, classes, doubt
        As for `value_customers`.
    within
        Time ahead, in the model's unit, beyond which a value is far from any evidence.
    """
    base = _base(history, shares)
    rate = discount_rate_per_unit(options.discount_rate, options.time_unit)
    horizon = months_in_units(options.horizon_months, options.time_unit)
    labels, groups = membership(pd.DataFrame(index=range(len(history))) if classes is None else classes)
    ranges = simulate_values(
        fit,
        spend.fit if spend.fit is not None else spend.average,
        base,
        horizon=horizon,
        force=float(np.log1p(rate)),
        seed=options.seed,
        replicates=replicates_for(len(history)),
        groups=groups if len(labels) else None,
        doubt=doubt,
    )
    table = _table(fit.model, spend, base, horizon, rate).assign(clv_low=ranges.low, clv_high=ranges.high)
    if "customer_id" in history.columns:
        table.insert(0, "customer_id", history["customer_id"].to_numpy())
    low, high = np.quantile(ranges.totals, (0.025, 0.975))
    worth = table["expected_spend"].to_numpy() * base.kept
    return Valuation(
        table=table[[name for name in _ORDER if name in table.columns]],
        equity=float(table["clv"].sum()),
        low=float(low),
        high=float(high),
        endless=None if table["clv_endless"].isna().any() else float(table["clv_endless"].sum()),
        beyond_data_share=beyond_share(fit.model, base, table["clv_endless"].to_numpy(), worth, rate, within),
        totals=ranges.totals,
        classes=class_equity(labels, groups, table["clv"].to_numpy(), ranges.group_totals),
        sensitivity=sensitivity(fit.model, (base.x, base.t_x, base.T), worth, options),
    )


def _table(model: PurchaseModel, spend: SpendModel, base: Base, horizon: float, rate: float) -> pd.DataFrame:
    history = (base.x, base.t_x, base.T)
    p_alive = model.p_alive(*history)
    discounted = model.discounted_expected_purchases(*history, discount_rate=rate, horizon=horizon)
    amount = spend.expected(base.x, base.mean)
    clv = discounted * amount * base.kept
    at_risk = clv / np.maximum(p_alive, 1e-300) - clv
    endless = np.full(len(clv), np.nan)
    if rate > 0:
        endless = model.discounted_expected_purchases(*history, discount_rate=rate) * amount * base.kept
    return pd.DataFrame(
        {
            "frequency": base.x.astype("int64"),
            "p_alive": p_alive,
            "expected_purchases": model.conditional_expected_purchases(horizon, *history),
            "discounted_purchases": discounted,
            "expected_spend": amount,
            "kept_share": base.kept,
            "clv": clv,
            "clv_endless": endless,
            "value_at_risk": np.where(_identified(model, base.x), at_risk, np.nan),
        }
    )


def _base(history: pd.DataFrame, shares: Array) -> Base:
    x, t_x, T = (history[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    mean = np.maximum(history["monetary_value"].fillna(0).to_numpy(float), 0.0)
    return Base(x, t_x, T, np.where(x > 0, mean, 0.0), shares)


def _identified(model: PurchaseModel, x: Array) -> Array:
    """BG/NBD takes every customer with one purchase as alive, whatever happens."""
    return (x > 0) | (getattr(model, "chances", 1) > 0)


def beyond_share(
    model: PurchaseModel, base: Base, endless: Array, worth: Array, rate: float, within: float
) -> float | None:
    """Share of the value without end that lies later than ``within``; losses count by their size."""
    if rate == 0 or within <= 0:
        return None
    whole = float(np.abs(endless).sum())
    near = model.discounted_expected_purchases(base.x, base.t_x, base.T, discount_rate=rate, horizon=within)
    return 1 - float(np.sum(np.abs(worth) * near)) / whole if whole > 0 else None


def sensitivity(
    model: PurchaseModel, history: tuple[Array, ...], worth: Array, options: ClvSettings
) -> pd.DataFrame:
    """Customer equity under other horizons, discount rates and spend."""

    def equity(months: float, yearly: float, factor: float = 1.0) -> float:
        rate = discount_rate_per_unit(yearly, options.time_unit)
        ahead = months_in_units(months, options.time_unit)
        purchases = model.discounted_expected_purchases(*history, discount_rate=rate, horizon=ahead)
        return factor * float(np.sum(worth * purchases))

    months, yearly = options.horizon_months, options.discount_rate
    base = equity(months, yearly)
    rows = [("horizon", f"{m} months", equity(m, yearly)) for m in sorted({max(1, months // 3), 2 * months})]
    rows += [("discount rate", f"{d * 100:.4g}% a year", equity(months, d)) for d in (yearly / 2, yearly * 2)]
    rows += [
        ("spend per purchase", said, equity(months, yearly, f)) for said, f in (("−10%", 0.9), ("+10%", 1.1))
    ]
    return pd.DataFrame(
        [{"assumption": a, "changed_to": c, "customer_equity": e, "change": e - base} for a, c, e in rows]
    )
