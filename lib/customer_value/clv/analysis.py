"""What the customers are worth from now on: the analysis behind notebook 04."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from customer_value.clv import assumptions as assume
from customer_value.clv import caveats, reading, story
from customer_value.clv.assumptions import Check, assumptions
from customer_value.clv.bg_nbd import BetaGeoNBD
from customer_value.clv.both import Equity, customer_equity, without_customers
from customer_value.clv.classes import customer_classes
from customer_value.clv.contracts import ContractValue, contract_value_of
from customer_value.clv.covariates import CovariateFit, covariate_fits
from customer_value.clv.figures import Crowd, ValueFigures, figures_of
from customer_value.clv.fitting import Fit
from customer_value.clv.phrases import model as model_name
from customer_value.clv.phrases import reported
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.realised import Realised, realised_value
from customer_value.clv.rules import RULES
from customer_value.clv.tracking import conditional_table, repeat_histogram, tracking_table
from customer_value.clv.validation import MODELS, Holdout, fit_chosen, validate
from customer_value.clv.validation_tables import NO_HOLDOUT
from customer_value.clv.value import SpendModel, Valuation, spend_of, value_customers
from customer_value.display import Prose
from customer_value.errors import FitError, NotEnoughData
from customer_value.kept import KeptShare, kept_share_of, late_credits, stated_rate
from customer_value.result import Fact, warning_list
from customer_value.row_order import by_content
from customer_value.settings import ClvSettings
from customer_value.text import NOTHING, Count, Text, say, say_for
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
    abc_cuts
        Shares of sales at which classes A and B end.
    customers
        Customers without a contract and with a purchase as of ``as_of``, sorted by customer_id; a random
        sample of them where there is a ``crowd``.
    returns_only
        Customers with returns but no purchase; they have no lifetime value here.
    fit
        The chosen model fitted to all history, or None with the reason in ``why_no_model``.
    holdout
        Predictions against what happened, or None if nothing could be kept back.
    spend, kept, valuation
        Gross spend per purchase, share of it that counts as value, and the values (None without a model).
    late_credits
        Share of the money credited that came more than 30 days after the purchase before it, or None.
    realised
        What the customers have brought so far, less what it cost to win them; None where the money of
        each month is not known.
    tracking, repeats, conditional
        Tables of the fit in pictures; empty where there is none.
    covariates, why_no_covariates
        What the categories that the settings name change, or None and the reason (`NOTHING` if they name none).
    contracts
        What customers under contract are worth; None where no contracts are given.
    checks
        The assumptions with a verdict each.
    crowd
        What is known of all customers where they are too many to hold in memory; None otherwise.
    """

    start: dt.date | None
    calibration_end: dt.date
    as_of: dt.date
    currency: str
    options: ClvSettings
    abc_cuts: Sequence[float]
    customers: pd.DataFrame
    returns_only: int
    fit: Fit[PurchaseModel] | None
    why_no_model: Text
    holdout: Holdout | None
    spend: SpendModel | None
    kept: KeptShare
    late_credits: float | None
    valuation: Valuation | None
    realised: Realised | None
    tracking: pd.DataFrame
    repeats: pd.DataFrame
    conditional: pd.DataFrame
    covariates: CovariateFit | None
    why_no_covariates: Text
    contracts: ContractValue | None
    checks: tuple[Check, ...]
    crowd: Crowd | None = None

    @property
    def number(self) -> int:
        """Customers without a contract and with a purchase."""
        return len(self.customers) if self.crowd is None else self.crowd.customers

    @property
    def repeaters(self) -> int:
        """Customers who bought on more than one day."""
        return int((self.customers["frequency"] > 0).sum()) if self.crowd is None else self.crowd.repeaters

    @property
    def purchase_days(self) -> float:
        """Days with a purchase, of all customers."""
        return float(self.crowd.purchase_days if self.crowd else self.customers["purchase_days"].sum())

    @property
    def net_revenue(self) -> float:
        """Net sales to all customers."""
        return (
            float(self.crowd.net_revenue) if self.crowd else math.fsum(self.customers["net_revenue"].dropna())
        )

    @property
    def sampled(self) -> Text:
        """The sample in words, where ``customers`` is one; `NOTHING` otherwise."""
        if self.crowd is None:
            return NOTHING
        return say_for(
            len(self.customers),
            "{n} customer taken at random of {all}",
            "{n} customers taken at random of {all}",
            all=Count(self.crowd.customers),
        )

    @property
    def names(self) -> Mapping[str, str] | None:
        """Names by customer_id, of those who are listed at least; None where no names are known."""
        if self.crowd is not None:
            return self.crowd.names
        if "name" not in self.customers.columns:
            return None
        return dict(zip(self.customers["customer_id"], self.customers["name"], strict=True))

    @cached_property
    def figures(self) -> ValueFigures:
        """Sums over all customers with a value, and the customers to name."""
        return figures_of(self.table) if self.crowd is None else self.crowd.figures

    @property
    def model(self) -> PurchaseModel | None:
        """The chosen model, or None."""
        return self.fit.model if self.fit else None

    @property
    def table(self) -> Any:
        """One row per customer without a contract, lazily if many; see `value.Valuation` for the columns."""
        return reading.customer_table(self) if self.crowd is None else self.crowd.table

    @property
    def equity(self) -> Equity | None:
        """Customer equity of all customers, under contract or not; None where nothing can be valued."""
        return customer_equity(self.valuation, self.contracts)

    @property
    def why_not_endless(self) -> Text:
        """Why no value without an end to the horizon is given, as a sentence; `NOTHING` where it is."""
        if self.options.discount_rate == 0:
            return say("Without a discount rate a value without an end to the horizon need not be finite.")
        if self.holdout is not None and self.holdout.winner in RULES:
            return say(
                "A value without an end to the horizon is not given, because a simple rule predicts the time kept back "
                "at least as well as the model does."
            )
        return NOTHING

    @property
    def choice(self) -> Prose:
        """Why this model, or why none, to read."""
        if self.holdout is not None:
            return Prose(story.choice(self))
        if self.fit is None:
            return Prose((self.why_no_model,), kind="note")
        why = say("{model} is used because it is the simplest.", model=model_name(self.fit.model.label))
        return Prose((NO_HOLDOUT, why), kind="note")

    @property
    def spend_check(self) -> Prose:
        """Whether spend per purchase goes with frequency, and whether it has a mean, to read."""
        return reading.spend_check(self)

    @property
    def so_far(self) -> Prose:
        """What the customers have brought until now, to read."""
        known = story.so_far(self)
        return Prose(known) if known else Prose((say("What each month brought is not known."),), kind="note")

    @property
    def endless(self) -> Prose:
        """What a value without an end to the horizon would be, to read."""
        return Prose(story.endless(self) or (say("Without a model there is no value to come."),), kind="note")

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
    def findings(self) -> tuple[Text, ...]:
        """What this means here."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next."""
        return story.next_steps(self)

    @property
    def warnings(self) -> tuple[Text, ...]:
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
    values: pd.DataFrame | None = None,
    abc_cuts: Sequence[float] = (0.80, 0.95),
    contracts: ContractValue | None = None,
    classes: pd.DataFrame | None = None,
    margin_rate: float | None = None,
) -> LifetimeValue:
    """Choose a model on the time kept back, fit it to all history, and value every customer.

    Parameters
    ----------
    snapshots
        One row per date and customer, as reduced: as_of, customer_id, first_order, purchase_days, gross,
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
        customer_id, month, purchase_days, gross, returns, net_revenue, [margin] (pandas or Ibis), for two
        of the simple rules, the trend of spend and realised value; optional.
    customer_file
        customer_id with name, acquired_on, acquisition_cost, region and industry where known; optional.
    values
        customer_id, net_revenue, [margin], [profit] of all customers, for ABC classes and the
        pyramid; None: the money of the snapshots.
    abc_cuts
        Shares of the positive total at which classes A and B end.
    contracts
        What customers under contract are worth (`contract_value`); they are taken out of everything
        else, and their value is added to customer equity.

    classes
        customer_id and a column of ordered categories per classification, instead of those that follow
        from ``values`` and ``customer_file``.
    margin_rate
        The stated margin rate, where all margin follows from it alone.

    Returns
    -------
    LifetimeValue
        Facts, tables and sentences. Where the data do not carry a model it says so, and its facts
        are null.
    """
    options = options or ClvSettings()
    if contracts is not None:
        snapshots, patterns, months = without_customers(snapshots, months, contracts.customer_ids)
        weekly = weekly.head(0)
    snapshots = by_content(snapshots, "customer_id")
    now, returns_only = _customers_at(snapshots, as_of, customer_file)
    known, _ = _customers_at(snapshots, calibration_end, None)
    holdout = validate(
        known, now, _patterns_at(patterns, calibration_end), months,
        calibration_end=calibration_end, as_of=as_of, time_unit=options.time_unit, seed=options.seed,
    )  # fmt: skip
    today = _patterns_at(patterns, as_of)
    fit, why = _fit(now, today, holdout, options)
    spend = spend_of(now) if len(now) else None
    kept = kept_share_of(_at(snapshots, as_of), margin_rate=margin_rate)
    start = None if now.empty else pd.Timestamp(now["first_order"].min()).date()
    if classes is None:
        everyone = _money_at(snapshots, as_of) if values is None else values
        classes = customer_classes(now, everyone, abc_cuts=abc_cuts, customer_file=customer_file)
    else:
        classes = classes.set_index("customer_id").loc[now["customer_id"]].reset_index(drop=True)
    covariates, why_no_covariates = _covariates(now, fit, customer_file, options)
    valuation = _valuation(now, fit, spend, kept, options, start, as_of, classes)
    realised = _realised(now, months, kept, options, customer_file)
    return LifetimeValue(
        start=start,
        calibration_end=calibration_end,
        as_of=as_of,
        currency=currency,
        options=options,
        abc_cuts=abc_cuts,
        customers=_by_id(now),
        returns_only=returns_only,
        fit=fit,
        why_no_model=story.only_contracts(contracts) if now.empty and contracts is not None else why,
        holdout=holdout,
        spend=spend,
        kept=kept,
        late_credits=None if months is None else late_credits(months),
        valuation=valuation and replace(valuation, table=_by_id(valuation.table)),
        realised=realised and replace(realised, table=_by_id(realised.table)),
        tracking=_tracking(weekly, now, holdout, options, calibration_end, as_of),
        repeats=_repeats(today, fit, options),
        conditional=_conditional(holdout),
        covariates=covariates,
        why_no_covariates=why_no_covariates,
        contracts=contracts,
        checks=assumptions(
            now,
            spend=spend.fit if spend else None,
            months=months,
            weekly=weekly if len(weekly) else None,
            acquired_on=_acquired(customer_file),
            holdout=holdout,
            origin=start,
            as_of=as_of,
        ),
    )


def lifetime_value_of(
    workbook: Workbook, *, horizon_months: int | None = None, discount_rate: float | None = None
) -> LifetimeValue:
    """The lifetime value of a workbook's customers.

    Of more than 200,000 customers every one is valued, but what is fitted, compared and checked rests on
    a random sample (`many`), and only that is held in memory.

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
    from customer_value.clv.many import lifetime_value_of_many, too_many  # here: it builds on this module

    options = workbook.options("clv", horizon_months=horizon_months, discount_rate=discount_rate)
    contracts = contract_value_of(workbook, horizon_months=horizon_months, discount_rate=discount_rate)
    if too_many(workbook):
        return lifetime_value_of_many(workbook, options, contracts)
    dates = [workbook.as_of, workbook.calibration_end]
    money = [name for name in _MONEY if name in workbook.table("customers").columns]
    snapshots, patterns = workbook.table("snapshots"), workbook.table("purchase_patterns")
    return lifetime_value(
        snapshots.filter(snapshots.as_of.isin(dates)).to_pandas(),
        patterns.filter(patterns.as_of.isin(dates)).to_pandas(),
        workbook.frame("weekly_purchases"),
        as_of=workbook.as_of,
        calibration_end=workbook.calibration_end,
        currency=workbook.currency,
        options=options,
        months=workbook.table("customer_months"),
        customer_file=workbook.frame("customer_file") if workbook.has("customer_file") else None,
        values=workbook.frame("customers", ["customer_id", *money]),
        abc_cuts=workbook.settings.pareto.abc_cuts,
        contracts=contracts,
        margin_rate=stated_rate(workbook.settings),
    )


_MONEY = ("net_revenue", "margin", "profit")


def _customers_at(
    snapshots: pd.DataFrame, date: dt.date, customer_file: pd.DataFrame | None
) -> tuple[pd.DataFrame, int]:
    """Customers with a purchase on a date, in their order, with names; and how many have returns only."""
    here = _at(snapshots, date)
    bought = here[here["frequency"].notna()].reset_index(drop=True)
    bought = bought.assign(first_order=pd.to_datetime(bought["first_order"]))
    if customer_file is not None and "name" in customer_file.columns:
        names = customer_file.drop_duplicates("customer_id").set_index("customer_id")["name"]
        bought = bought.assign(name=bought["customer_id"].map(names))
    return bought, len(here) - len(bought)


def _by_id(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("customer_id", ignore_index=True)


def _at(table: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    return table[pd.to_datetime(table["as_of"]) == pd.Timestamp(date)]


def _patterns_at(patterns: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    here = _at(patterns, date)
    return here.rename(columns={"customers": "weight"})[["frequency", "recency", "T", "weight"]]


def _money_at(snapshots: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    here = _at(snapshots, date)
    return here[["customer_id", *(name for name in _MONEY if name in here.columns)]]


def _fit(
    now: pd.DataFrame, today: pd.DataFrame, holdout: Holdout | None, options: ClvSettings
) -> tuple[Fit[PurchaseModel] | None, Text]:
    repeaters = int((now["frequency"] > 0).sum())
    if repeaters < assume.LEAST_REPEATERS:
        return None, story.too_few(len(now), repeaters)
    try:
        return fit_chosen(holdout, now, time_unit=options.time_unit, patterns=today)[1], NOTHING
    except FitError as reason:
        return None, say("No model could be fitted. {reason}", reason=reported(reason))


def _valuation(
    now: pd.DataFrame,
    fit: Fit[PurchaseModel] | None,
    spend: SpendModel | None,
    kept: KeptShare,
    options: ClvSettings,
    start: dt.date | None,
    as_of: dt.date,
    classes: pd.DataFrame,
) -> Valuation | None:
    if fit is None or spend is None or start is None:
        return None
    days = (as_of - start).days
    return value_customers(now, fit, spend, kept.of(now), options, days, classes, kept.doubt)


def _covariates(
    now: pd.DataFrame,
    fit: Fit[PurchaseModel] | None,
    customer_file: pd.DataFrame | None,
    options: ClvSettings,
) -> tuple[CovariateFit | None, Text]:
    """What the categories change, by the chosen model where it takes covariates, else by BG/NBD."""
    if fit is None:
        return None, say("Without a model there is nothing that categories of customers could change.")
    kinds = [model for model in MODELS if isinstance(fit.model, model)]
    return covariate_fits(now, customer_file, options, kinds[0] if kinds else BetaGeoNBD)


def _realised(
    now: pd.DataFrame,
    months: Any | None,
    kept: KeptShare,
    options: ClvSettings,
    customer_file: pd.DataFrame | None,
) -> Realised | None:
    if months is None or now.empty:
        return None
    return realised_value(
        now, months, discount_rate=options.discount_rate, basis=kept.basis, customer_file=customer_file
    )


def _repeats(today: pd.DataFrame, fit: Fit[PurchaseModel] | None, options: ClvSettings) -> pd.DataFrame:
    return pd.DataFrame() if fit is None else repeat_histogram(today, fit.model, options.time_unit)


def _conditional(holdout: Holdout | None) -> pd.DataFrame:
    return pd.DataFrame() if holdout is None else conditional_table(holdout.predictions, holdout.model)


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


def _acquired(customer_file: pd.DataFrame | None) -> pd.Series | None:
    if customer_file is None or "acquired_on" not in customer_file.columns:
        return None
    return customer_file.drop_duplicates("customer_id").set_index("customer_id")["acquired_on"]


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
