"""What the customers are worth from now on: the analysis behind notebook 04."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from customer_value.clv import assumptions as assume
from customer_value.clv import caveats, reading, story
from customer_value.clv.assumptions import Check
from customer_value.clv.fitting import Fit
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.tracking import conditional_table, repeat_histogram, tracking_table
from customer_value.clv.units import in_time_unit
from customer_value.clv.validation import MODELS, Holdout, validate
from customer_value.clv.value import (
    Margins,
    SpendModel,
    Valuation,
    margins_of,
    spend_of,
    value_customers,
)
from customer_value.display import Prose
from customer_value.errors import FitError, NotEnoughData
from customer_value.result import Fact, warning_list
from customer_value.settings import ClvSettings
from customer_value.workbook import Workbook

__all__ = ["LifetimeValue", "lifetime_value", "lifetime_value_of"]


@dataclass(frozen=True)
class LifetimeValue:
    """The lifetime value of every customer, of all of them, and how far it can be trusted.

    Attributes
    ----------
    start, calibration_end, as_of
        First order date, last day used to choose the model, and the report's date.
    currency, options
        Unit of money; horizon, discount rate, time unit and seed.
    customers
        Customers with a purchase as of ``as_of``, sorted by customer_id.
    returns_only
        Customers with returns but no purchase; they have no lifetime value here.
    fit
        The chosen model fitted to all history, or None with the reason in ``why_no_model``.
    holdout
        Predictions against what happened, or None if nothing could be kept back.
    spend, margins, valuation
        Spend per purchase, share of it that counts as value, and the values (None without a model).
    tracking, repeats, conditional
        Tables of the fit in pictures; empty where there is none.
    checks
        The assumptions with a verdict each.
    """

    start: dt.date | None
    calibration_end: dt.date
    as_of: dt.date
    currency: str
    options: ClvSettings
    customers: pd.DataFrame
    returns_only: int
    fit: Fit[PurchaseModel] | None
    why_no_model: str
    holdout: Holdout | None
    spend: SpendModel | None
    margins: Margins
    valuation: Valuation | None
    tracking: pd.DataFrame
    repeats: pd.DataFrame
    conditional: pd.DataFrame
    checks: tuple[Check, ...]

    @property
    def repeaters(self) -> int:
        """Customers who bought on more than one day."""
        return int((self.customers["frequency"] > 0).sum())

    @property
    def model(self) -> PurchaseModel | None:
        """The chosen model, or None."""
        return self.fit.model if self.fit else None

    @property
    def table(self) -> pd.DataFrame:
        """One row per customer with a purchase; see `value.value_customers` for the columns."""
        return reading.customer_table(self)

    @property
    def choice(self) -> Prose:
        """Why this model, or why none, to read."""
        if self.holdout is not None:
            return Prose((self.holdout.because,))
        if self.fit is None:
            return Prose((self.why_no_model,), kind="note")
        why = f"{self.fit.model.label} is used because it is the simplest."
        return Prose((reading.NO_HOLDOUT, why), kind="note")

    @property
    def warnings_list(self) -> Prose:
        """The warnings to read, or the sentence that there are none."""
        return warning_list(self)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Headline figures, keyed ``clv.figure``; null where nothing honest can be said."""
        return reading.facts(self)

    @property
    def tables(self) -> Mapping[str, Any]:
        """Tables of the run: clv, and what stands behind it."""
        return reading.tables(self)

    @property
    def findings(self) -> tuple[str, ...]:
        """What this means here."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do next."""
        return story.next_steps(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before believing the figures."""
        return caveats.warnings(self)


def lifetime_value(
    snapshots: pd.DataFrame,
    patterns: pd.DataFrame,
    weekly: pd.DataFrame,
    *,
    as_of: dt.date,
    calibration_end: dt.date,
    currency: str,
    options: ClvSettings | None = None,
    months: Any | None = None,
    customer_file: pd.DataFrame | None = None,
) -> LifetimeValue:
    """Choose a model on the time kept back, fit it to all history, and value every customer.

    Parameters
    ----------
    snapshots
        One row per date and customer, as reduced: as_of, customer_id, first_order, purchase_days,
        net_revenue, [margin], frequency, recency, T (days), monetary_value, gap_mean, gap_log_mean;
        at least for ``as_of`` and ``calibration_end``.
    patterns
        Distinct histories of the same dates: as_of, frequency, recency, T (days), customers.
    weekly
        acquired_week, week, customers, purchase_days.
    as_of, calibration_end
        The report's date; last day of the calibration period.
    currency
        ISO code of all money.
    options
        Horizon, yearly discount rate, time unit and seed.
    months
        customer_id, month, purchase_days (pandas or Ibis), for two of the simple rules; optional.
    customer_file
        customer_id with name and acquired_on where known; optional.

    Returns
    -------
    LifetimeValue
        Facts, tables and sentences. Where the data do not carry a model it says so, and its facts
        are null.
    """
    options = options or ClvSettings()
    now, returns_only = _customers_at(snapshots, as_of, customer_file)
    known, _ = _customers_at(snapshots, calibration_end, None)
    holdout = validate(
        known, now, _patterns_at(patterns, calibration_end), months,
        calibration_end=calibration_end, as_of=as_of, time_unit=options.time_unit, seed=options.seed,
    )  # fmt: skip
    today = _patterns_at(patterns, as_of)
    fit, why = _fit(now, today, holdout, options)
    spend = spend_of(now) if len(now) else None
    margins = margins_of(now)
    start = None if now.empty else pd.Timestamp(now["first_order"].min())
    valuation = None
    if fit is not None and spend is not None and start is not None:
        days = (pd.Timestamp(as_of) - start).days
        valuation = value_customers(now, fit, spend, margins, options, days)
    return LifetimeValue(
        start=None if start is None else start.date(),
        calibration_end=calibration_end,
        as_of=as_of,
        currency=currency,
        options=options,
        customers=now,
        returns_only=returns_only,
        fit=fit,
        why_no_model=why,
        holdout=holdout,
        spend=spend,
        margins=margins,
        valuation=valuation,
        tracking=_tracking(weekly, now, holdout, options, calibration_end, as_of),
        repeats=pd.DataFrame() if fit is None else repeat_histogram(today, fit.model, options.time_unit),
        conditional=pd.DataFrame()
        if holdout is None
        else conditional_table(holdout.predictions, holdout.model),
        checks=_checks(now, spend, customer_file, start, as_of),
    )


def lifetime_value_of(
    workbook: Workbook, *, horizon_months: int | None = None, discount_rate: float | None = None
) -> LifetimeValue:
    """The lifetime value of a workbook's customers.

    Parameters
    ----------
    workbook
        As `open_workbook` returns it.
    horizon_months, discount_rate
        Instead of those in the settings; None keeps them.

    Returns
    -------
    LifetimeValue
        As `lifetime_value` returns it.

    Examples
    --------
    >>> value = lifetime_value_of(open_workbook("data/sample/cdnow.yml"))  # doctest: +SKIP
    >>> findings(value)                                                    # doctest: +SKIP
    """
    dates = [workbook.as_of, workbook.calibration_end]
    snapshots, patterns = workbook.table("snapshots"), workbook.table("purchase_patterns")
    return lifetime_value(
        snapshots.filter(snapshots.as_of.isin(dates)).to_pandas(),
        patterns.filter(patterns.as_of.isin(dates)).to_pandas(),
        workbook.frame("weekly_purchases"),
        as_of=workbook.as_of,
        calibration_end=workbook.calibration_end,
        currency=workbook.currency,
        options=workbook.options("clv", horizon_months=horizon_months, discount_rate=discount_rate),
        months=workbook.table("customer_months"),
        customer_file=workbook.frame("customer_file") if workbook.has("customer_file") else None,
    )


def _customers_at(
    snapshots: pd.DataFrame, date: dt.date, customer_file: pd.DataFrame | None
) -> tuple[pd.DataFrame, int]:
    """Customers with a purchase on a date, sorted, with names; and how many have returns only."""
    here = snapshots[pd.to_datetime(snapshots["as_of"]) == pd.Timestamp(date)]
    bought = here[here["frequency"].notna()].sort_values("customer_id", ignore_index=True)
    bought = bought.assign(first_order=pd.to_datetime(bought["first_order"]))
    if customer_file is not None and "name" in customer_file.columns:
        names = customer_file.drop_duplicates("customer_id").set_index("customer_id")["name"]
        bought = bought.assign(name=bought["customer_id"].map(names))
    return bought, len(here) - len(bought)


def _patterns_at(patterns: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    here = patterns[pd.to_datetime(patterns["as_of"]) == pd.Timestamp(date)]
    return here.rename(columns={"customers": "weight"})[["frequency", "recency", "T", "weight"]]


def _fit(
    now: pd.DataFrame, today: pd.DataFrame, holdout: Holdout | None, options: ClvSettings
) -> tuple[Fit[PurchaseModel] | None, str]:
    repeaters = int((now["frequency"] > 0).sum())
    if repeaters < assume.LEAST_REPEATERS:
        return None, story.too_few(len(now), repeaters)
    order = sorted(MODELS, key=lambda model: holdout is None or model.title != holdout.model)
    reasons = []
    for model in order:
        try:
            return model.fit(in_time_unit(today, options.time_unit), time_unit=options.time_unit), ""
        except FitError as reason:
            reasons.append(str(reason))
    return None, f"No model could be fitted. {reasons[0]}"


def _tracking(
    weekly: pd.DataFrame,
    now: pd.DataFrame,
    holdout: Holdout | None,
    options: ClvSettings,
    calibration_end: dt.date,
    as_of: dt.date,
) -> pd.DataFrame:
    if holdout is None:
        return pd.DataFrame()
    acquired = now.groupby("first_order").size().rename("customers").reset_index()
    return tracking_table(
        weekly, acquired, holdout.fits[holdout.model].model,
        time_unit=options.time_unit, calibration_end=calibration_end, as_of=as_of,
    )  # fmt: skip


def _checks(
    now: pd.DataFrame,
    spend: SpendModel | None,
    customer_file: pd.DataFrame | None,
    start: pd.Timestamp | None,
    as_of: dt.date,
) -> tuple[Check, ...]:
    if spend is None or start is None:
        return ()
    again = now[(now["frequency"] > 0) & (now["monetary_value"] > 0)]
    acquired_on = None
    if customer_file is not None and "acquired_on" in customer_file.columns:
        acquired_on = customer_file.drop_duplicates("customer_id").set_index("customer_id")["acquired_on"]
    first_orders = now.set_index("customer_id")["first_order"]
    return (
        assume.check_repeaters(int((now["frequency"] > 0).sum())),
        assume.check_independence(
            again["frequency"].to_numpy(float), again["monetary_value"].to_numpy(float)
        ),
        assume.check_spend_mean(spend.fit),
        assume.check_regularity(now),
        assume.check_first_dates(first_orders, acquired_on, start, pd.Timestamp(as_of)),
    )


def require_model(result: LifetimeValue) -> tuple[Fit[PurchaseModel], Valuation]:
    """The fit and the values, for charts that need them.

    Raises
    ------
    NotEnoughData
        If there is no model; the reason stands in ``why_no_model``.
    """
    if result.fit is None or result.valuation is None:
        raise NotEnoughData("Without a model there is nothing to draw here.")
    return result.fit, result.valuation
