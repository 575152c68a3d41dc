"""The loyalty matrix itself: attitude on one axis, repeat purchase on the other, four cells.

A customer is loyal when it prefers this company *and* buys here. The two halves need opposite
treatment: the latent loyal prefer this company but something keeps them from buying; the inert loyal
buy without preferring it, from habit or for the price, and leave when a competitor moves (Dick & Basu
1994). Customers without a usable answer are in no cell; they are shown as not surveyed and never
imputed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from customer_value.clv.classes import customer_classes
from customer_value.codebook import rows_of
from customer_value.display import Prose, Table
from customer_value.errors import InputError
from customer_value.expressions import as_fact
from customer_value.loyalty import display, reasons, representation, sentences, steps, waves
from customer_value.loyalty.attitude import Attitudes, account_attitudes
from customer_value.loyalty.cells import CELLS, alternative_splits, cells_of, place, priority
from customer_value.loyalty.groups import by_class
from customer_value.loyalty.opinions import change_between, opinions
from customer_value.loyalty.repeat_purchase import RepeatPurchase, measure_repeat_purchase
from customer_value.loyalty.stated import (
    respondents_as_customers,
    stated_purchases,
    stated_shares,
)
from customer_value.purchase_share import share_item
from customer_value.result import Fact, warning_list
from customer_value.settings import LoyaltySettings
from customer_value.survey import MINIMUM, SurveyScores, score_answers
from customer_value.text import Text

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["LoyaltyMatrix", "matrix", "matrix_of"]


@dataclass(frozen=True)
class LoyaltyMatrix:
    """Where each customer stands in the loyalty matrix.

    Parameters
    ----------
    customers
        One row per customer with a purchase: ``customer_id``, ``relative_attitude`` (−1 to 1; missing
        where the wave has no competitor ratings), ``mean_attitude`` (0 to 1), ``attitude`` (the one that
        ``attitude_source`` names), ``attitude_source``, ``attitude_cut``, ``standard_error``,
        ``respondents``, ``survey_wave``, ``repeat_purchase``, ``repeat_source``, ``repeat_cut``,
        ``cell``, ``near_border``, ``changes_by_cuts``, ``within_one_error``, ``why_not`` (why a
        customer is in no cell), ``surveyed``, ``name`` (if known), ``annual_potential``,
        ``year_revenue`` (last 12 months), ``net_revenue``, ``margin`` (if known), ``clv`` and
        ``p_alive`` (lifetime value and chance still to be active, if known), ``frequency`` (x),
        ``days_since``. Empty in a report without orders.
    survey
        The checked answers, or None without a survey.
    attitudes
        Attitudes per wave, or None.
    repeat
        The measure of repeat purchase.
    with_orders
        Whether the report has orders. Without them respondents (or the accounts that they name) are placed, if they
        state the share of purchases that they make here; then no column of money or days is known.
    status
        ``placed``, or why nobody is: ``no_orders``, ``no_survey``, ``not_linked``, ``no_attitude``,
        ``too_few``.
    counts
        ``people`` (with a valid answer), ``respondents`` (those with an attitude who belong to
        a customer), ``unlinked`` (people whose answers name no
        account), ``unknown_accounts`` (surveyed accounts without a purchase), ``returns_only``.
    by_wave
        The matrix at the time of each wave, see `customer_value.loyalty.waves.cells_by_wave`.
    classes
        Classifications of the customers, a column each, in their order.
    known_as_of, currency, options
        Date (None where a report without orders has none), currency and settings of the report.
    period_months
        Length of the period in which a customer that buys again counts as retained.
    """

    customers: pd.DataFrame
    survey: SurveyScores | None
    attitudes: Attitudes | None
    repeat: RepeatPurchase
    with_orders: bool
    status: str
    counts: dict[str, int]
    by_wave: pd.DataFrame
    classes: pd.DataFrame
    known_as_of: dt.date | None
    currency: str
    options: LoyaltySettings
    period_months: int

    @property
    def as_of(self) -> dt.date:
        """Date of the report; an error where it has none."""
        return _need(self.known_as_of)

    @property
    def unit(self) -> str:
        """What is placed: a customer; in a survey alone an account, or a respondent if it names none."""
        if self.with_orders:
            return "customer"
        named = self.survey is not None and (
            self.survey.scores["customer_id"] != self.survey.scores["respondent_id"]
        )
        return "account" if np.any(named) else "respondent"

    @cached_property
    def placed(self) -> pd.DataFrame:
        """The customers that are in one of the four cells."""
        return self.customers[self.customers["cell"] != "not_surveyed"]

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Customers and money per cell.

        Columns ``cell``, ``customers``, ``share``, ``net_revenue``, ``revenue_share``, ``margin`` (if
        known), ``clv`` (if known), ``mean_x``, ``mean_attitude``, ``mean_p_alive`` (if known; the means
        are missing under five customers), ``near_border``.
        """
        return cells_of(self.customers)

    @cached_property
    def attitude_source(self) -> str:
        """`RELATIVE` or `MEAN`, ``differs by wave``, or empty if nobody is placed."""
        sources = sorted(self.placed["attitude_source"].unique())
        return sources[0] if len(sources) == 1 else "differs by wave" if sources else ""

    @cached_property
    def response_rate(self) -> float | None:
        """Share of customers with a usable answer; None without a survey."""
        if self.survey is None or self.customers.empty:
            return None
        return float(self.customers["surveyed"].mean())

    @cached_property
    def respondents_vs_rest(self) -> pd.DataFrame:
        """How the surveyed differ from the rest, see `customer_value.loyalty.representation`."""
        return representation.compare(self.customers)

    @cached_property
    def link(self) -> representation.Link | None:
        """Whether repeat purchase goes with attitude; None where it cannot be told."""
        return representation.attitude_behaviour(self.placed)

    @cached_property
    def priorities(self) -> dict[str, pd.DataFrame]:
        """Customers to act on: ``true``, ``latent``, ``inert``, ``none``, ``not_surveyed``, best first."""
        return {name: priority(self.customers, name) for name in CELLS}

    @cached_property
    def splits(self) -> pd.DataFrame:
        """Sizes of the cells under other splits, see `customer_value.loyalty.cells.alternative_splits`."""
        return alternative_splits(self.placed, self.repeat.source, self.options)

    @cached_property
    def opinions(self) -> pd.DataFrame:
        """Attitude of the respondents per wave, see `customer_value.loyalty.opinions`."""
        return opinions(self.attitudes)

    @cached_property
    def attitude_change(self) -> tuple[float, float, float]:
        """Change of the mean attitude between the last two dated waves with five respondents, with its interval.

        Not a number where there are no two, or where they measured attitude differently.
        """
        usable = self.opinions[self.opinions["mean"].notna() & (self.opinions["wave"] > 0)].tail(2)
        if len(usable) < 2 or self.attitudes is None or len(set(usable["attitude_source"])) > 1:
            return (float("nan"),) * 3
        before, after = usable["wave"]
        return change_between(self.attitudes.people, before, after)

    @cached_property
    def retention(self) -> pd.DataFrame:
        """Who bought in the period after a wave, see `customer_value.loyalty.waves.retention`."""
        return waves.retention(self.by_wave)

    @cached_property
    def moves(self) -> pd.DataFrame:
        """From cell to cell between waves, see `customer_value.loyalty.waves.moves`."""
        return waves.moves(self.by_wave)

    @cached_property
    def movement(self) -> waves.Movement | None:
        """The last two waves compared; None where there are no two."""
        return waves.movement(self.by_wave)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Results by class of customer, see `customer_value.loyalty.groups`."""
        return by_class(self.customers, self.classes)

    @cached_property
    def hindrances(self) -> pd.DataFrame:
        """What the latent loyal rate lower than the truly loyal, see `customer_value.loyalty.reasons`."""
        return reasons.hindrances(self.survey, self._with_wave)

    @cached_property
    def held_by(self) -> pd.DataFrame:
        """What the inert loyal find better here, see `customer_value.loyalty.reasons`."""
        return reasons.held_by(self.survey, self._with_wave)

    @property
    def _with_wave(self) -> pd.DataFrame:
        """The placed customers with the wave whose answers count for them."""
        if self.attitudes is None:
            return self.placed.assign(wave=0)
        return self.placed.merge(self.attitudes.latest[["customer_id", "wave"]], on="customer_id")

    @property
    def facts(self) -> dict[str, Fact]:
        """Headline figures, keyed ``loyalty.figure``."""
        table = self.cells.set_index("cell")
        scales = None if self.survey is None else self.survey.latest_reliability
        alphas = [] if scales is None else rows_of(scales[scales["items"] > 1])
        return {
            "loyalty.customers": len(self.customers),
            "loyalty.cells": {cell: int(table.loc[cell, "customers"]) for cell in CELLS},
            "loyalty.cells_revenue": {cell: as_fact(table.loc[cell, "net_revenue"]) for cell in CELLS}
            if self.with_orders
            else None,
            "loyalty.near_border": self._near_border,
            "loyalty.response_rate": as_fact(self.response_rate) if self.with_orders else None,
            "loyalty.respondents": self._respondents,
            "loyalty.people": self.counts["people"],
            "loyalty.unknown_accounts": self.counts["unknown_accounts"],
            "loyalty.reliability": {
                row.scale: {
                    "alpha": as_fact(row.alpha),
                    "omega": as_fact(getattr(row, "omega", None)),
                    "spearman_brown": as_fact(row.spearman_brown),
                    "n": row.n,
                }
                for row in alphas
            },
            "loyalty.attitude_source": self._attitude_source,
            "loyalty.repeat_source": None if self.status == "no_orders" else self.repeat.source,
            "loyalty.came_back_share": as_fact((self.customers["frequency"] > 0).mean())
            if self.with_orders
            else None,
            "loyalty.status": self.status,
            **self._more_facts,
        }

    @property
    def _more_facts(self) -> dict[str, Fact]:
        """Lifetime value per cell, what came after the survey, and what all respondents think."""
        found: dict[str, Fact] = {}
        if "clv" in self.cells.columns:
            table = self.cells.set_index("cell")
            found["loyalty.cells_clv"] = {cell: as_fact(table.loc[cell, "clv"]) for cell in CELLS}
        if len(self.retention):
            rates = self.retention.set_index("cell")["rate"]
            found["loyalty.retention"] = {cell: as_fact(rates[cell]) for cell in CELLS}
            found["loyalty.retention_from"] = self.retention["measured_on"].iloc[0].date().isoformat()
            found["loyalty.retention_months"] = self.period_months
        if self.movement is not None:
            found["loyalty.moved"] = self.movement.both - self.movement.stayed
            found["loyalty.placed_twice"] = self.movement.both
        if len(self.opinions):
            latest = self.opinions.iloc[-1]
            found["loyalty.attitude"] = as_fact(latest["mean"])
            found["loyalty.attitude_high_share"] = as_fact(latest["high_share"])
            found["loyalty.attitude_interval"] = [as_fact(latest[end]) for end in ("low", "high")]
            ends = ("high_share_low", "high_share_high")
            found["loyalty.attitude_high_share_interval"] = [as_fact(latest[end]) for end in ends]
            found["loyalty.standard_error"] = as_fact(latest["standard_error"])
        return found

    @property
    def _respondents(self) -> int:
        """Respondents with an attitude: those of customers or, where nobody is placed, those of the latest wave."""
        if self.status != "no_orders" or self.opinions.empty:
            return self.counts["respondents"]
        return int(self.opinions["respondents"].iloc[-1])

    @property
    def _attitude_source(self) -> str | None:
        """How attitude was measured, of those placed or, where nobody is, in the latest wave."""
        if self.attitude_source or self.status != "no_orders" or self.opinions.empty:
            return self.attitude_source or None
        return str(self.opinions["attitude_source"].iloc[-1])

    @property
    def _near_border(self) -> int | None:
        """Customers near a border of their cell or, where there are no cells, respondents near the attitude cut."""
        if self.status != "no_orders":
            return int(self.customers["near_border"].sum())
        near = self.opinions["near_cut"].iloc[-1] if len(self.opinions) else float("nan")
        return None if pd.isna(near) else int(near)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables for other programs.

        ``loyalty`` (per customer), ``loyalty_cells``, ``loyalty_respondents`` and, with a survey,
        ``loyalty_splits``, ``loyalty_classes``, ``loyalty_waves``, ``loyalty_retention``,
        ``loyalty_moves``, ``loyalty_opinions``, ``loyalty_hindrances``, ``loyalty_held_by``,
        ``loyalty_reliability``, ``loyalty_items``, ``survey_ledger``.
        """
        found = {
            "loyalty": self.customers.drop(columns="name"),
            "loyalty_cells": self.cells,
            "loyalty_respondents": self.respondents_vs_rest,
        }
        if self.survey is not None:
            found["loyalty_splits"] = self.splits
            found["loyalty_classes"] = self.groups
            found["loyalty_waves"] = self.by_wave
            found["loyalty_retention"] = self.retention
            found["loyalty_moves"] = self.moves
            found["loyalty_opinions"] = self.opinions
            found["loyalty_hindrances"] = self.hindrances
            found["loyalty_held_by"] = self.held_by
            found["loyalty_reliability"] = self.survey.reliability
            found["loyalty_items"] = self.survey.item_rest
            found["survey_ledger"] = self.survey.ledger
        return found

    @property
    def cells_table(self) -> Table | Prose:
        """The cells with customers, money and means."""
        return display.cells_table(self)

    @property
    def axes(self) -> Prose:
        """How the two axes were measured here, and where they are cut."""
        return Prose(sentences.axes(self))

    @property
    def sensitivity_table(self) -> Table | Prose:
        """How firmly customers stand in their cells."""
        return display.sensitivity_table(self)

    @property
    def splits_table(self) -> Table | Prose:
        """The cells under other splits."""
        return display.splits_table(self)

    @property
    def opinions_table(self) -> Table | Prose:
        """Attitude of the respondents, wave by wave."""
        return display.opinions_table(self)

    @property
    def correlations_table(self) -> Table | Prose:
        """How far the constructs of the survey go together."""
        return display.correlations_table(self)

    @property
    def means_table(self) -> Table | Prose:
        """How the customers of each cell buy and judge."""
        return display.means_table(self)

    @property
    def retention_table(self) -> Table | Prose:
        """Who bought again in the period after the survey."""
        return display.retention_table(self)

    @property
    def moves_table(self) -> Table | Prose:
        """From cell to cell between the last two waves."""
        return display.moves_table(self)

    @property
    def classes_table(self) -> Table | Prose:
        """Response, attitude and true loyalty by class."""
        return display.classes_table(self)

    @property
    def hindrances_table(self) -> Table | Prose:
        """What the latent loyal rate lower than the truly loyal."""
        return display.hindrances_table(self)

    @property
    def held_by_table(self) -> Table | Prose:
        """What the inert loyal find better here than at the best competitor."""
        return display.held_by_table(self)

    @property
    def answers_table(self) -> Table | Prose:
        """Where every survey answer ended."""
        return display.answers_table(self)

    @property
    def reliability_table(self) -> Table | Prose:
        """How well the items of each scale hang together."""
        return display.reliability_table(self)

    @property
    def comparison_table(self) -> Table | Prose:
        """Those who answered against the rest."""
        return display.comparison_table(self)

    @property
    def over_full_table(self) -> Table | Prose:
        """Customers who bought more than their stated potential."""
        return display.over_full_table(self)

    def priority_table(self, cell: str) -> Table | Prose:
        """The customers of a cell that matter most (``latent``, ``true``, ``inert``, ``not_surveyed``)."""
        return display.priority_table(self, cell)

    @property
    def warnings_list(self) -> Prose:
        """The warnings, to read."""
        return warning_list(self)

    @property
    def findings(self) -> tuple[Text, ...]:
        """What the matrix says here."""
        return sentences.findings(self)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next, with names."""
        return steps.next_steps(self)

    @property
    def warnings(self) -> tuple[Text | str, ...]:
        """What to know before believing it."""
        return sentences.warnings(self)


def matrix(
    customers: pd.DataFrame | None,
    answers: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
    customer_file: pd.DataFrame | None = None,
    customer_months: Any = None,
    *,
    as_of: dt.date | None,
    currency: str,
    options: LoyaltySettings | None = None,
    values: pd.DataFrame | None = None,
    period_months: int = 12,
    abc_cuts: Sequence[float] = (0.80, 0.95),
) -> LoyaltyMatrix:
    """Place customers in the loyalty matrix.

    Parameters
    ----------
    customers
        The reduced table: ``customer_id``, ``first_order``, ``last_order``, ``net_revenue``,
        ``frequency`` (x, repeat purchase days), ``T`` (days), ``margin`` if known. None in a report
        without orders, where only the survey is read.
    answers, items
        Survey answers and codebook (`customer_value.survey.score_answers`), or None without a survey.
    customer_file
        ``customer_id`` with ``name``, ``industry``, ``annual_potential`` where known, or None.
    customer_months
        ``customer_id``, ``month``, ``net_revenue`` (pandas or Ibis); needed for share of wallet; and
        ``purchase_days``, needed for what came after a wave.
    as_of
        Date of the report; may be None without customers.
    currency
        ISO code of all money.
    options
        Cuts, see `customer_value.settings.LoyaltySettings`.
    values
        ``customer_id``, ``clv``, ``p_alive`` where known (`customer_value.clv_values`), or None.
    period_months
        A customer is retained if it buys within this many months after a wave.
    abc_cuts
        Shares of the positive total at which classes A and B end.

    Returns
    -------
    LoyaltyMatrix
        The population is every customer with a purchase; customers with returns only are counted. A
        value is high above its cut: relative attitude 0, mean attitude 0.5, share of wallet 0.5,
        purchase rate 1, x 0, stated share 0.5; or, with ``cuts: median``, the median of the placed customers. With
        fewer than five respondents nobody is placed.

    Raises
    ------
    InputError
        If survey, codebook or customer file are wrong.

    Notes
    -----
    A customer is *near the border* if it would be in another cell under the other kind of cuts, or if
    its attitude is within one standard error of the cut. Source: Dick & Basu 1994 (J. Academy of
    Marketing Science 22).

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": ["a", "b"], "first_order": "2024-01-05",
    ...     "last_order": ["2024-06-01", "2024-01-05"], "net_revenue": [900.0, 50.0],
    ...     "frequency": [4, 0], "T": [360, 360]})
    >>> matrix(customers, as_of=dt.date(2024, 12, 30), currency="EUR").facts["loyalty.cells"]
    {'true': 0, 'latent': 0, 'inert': 0, 'none': 0, 'not_surveyed': 2}
    """
    options = options or LoyaltySettings()
    with_orders = customers is not None
    survey = None if answers is None or items is None else score_answers(answers, items, as_of=as_of)
    item = None if survey is None else _stated_item(survey, options, with_orders=with_orders)
    if survey is not None and answers is not None and items is not None and item and not with_orders:
        survey = score_answers(respondents_as_customers(answers), items, as_of=as_of)
    attitudes = None if survey is None else account_attitudes(survey)
    shares = None if survey is None or item is None else stated_shares(survey, item)
    base = _nobody() if customers is None else customers
    day = _need(as_of) if with_orders else as_of or _NO_DAY
    if survey is not None and item is not None and not with_orders:
        buyers = _respondents(survey)
    else:
        buyers = _with_values(_buyers(base, day), values)
    buyers = _with_attitude(buyers, survey, attitudes)
    known = buyers.loc[buyers["attitude"].notna(), "customer_id"]
    if shares is not None and item is not None:
        cut = options.share_of_wallet_cut
        repeat = stated_purchases(buyers, shares, item, cut, with_orders=with_orders)
    else:
        repeat = measure_repeat_purchase(
            buyers, known, customer_file, customer_months, as_of=day, currency=currency, options=options
        )
    counts = _counts(base, buyers, survey)
    status = _status(buyers, survey, attitudes, counts, with_orders=with_orders, stated=item is not None)
    table = buyers.merge(repeat.values, on="customer_id", how="left").assign(repeat_source=repeat.source)
    table = place(table, repeat.cut, options, usable=status == "placed")
    table = _with_names(table, customer_file)
    by_wave = waves.cells_by_wave(
        survey,
        attitudes,
        buyers,
        customer_file,
        customer_months,
        source=repeat.source,
        as_of=day,
        currency=currency,
        options=options,
        period_months=period_months,
        shares=shares,
    )
    return LoyaltyMatrix(
        customers=table,
        survey=survey,
        attitudes=attitudes,
        repeat=repeat,
        with_orders=with_orders,
        status=status,
        counts=counts,
        by_wave=by_wave,
        classes=_classes(table if with_orders else base, base, customer_file, abc_cuts),
        known_as_of=as_of,
        currency=currency,
        options=options,
        period_months=period_months,
    )


def matrix_of(
    workbook: Workbook, *, cuts: str | None = None, share_of_wallet_cut: float | None = None
) -> LoyaltyMatrix:
    """The loyalty matrix of a workbook, from the tables that its run has.

    Parameters
    ----------
    workbook
        Opened with `customer_value.open_workbook`.
    cuts, share_of_wallet_cut
        Instead of the settings' values; None keeps those.

    Returns
    -------
    LoyaltyMatrix
    """
    from customer_value.clv_values import customer_values

    def given(name: str) -> pd.DataFrame | None:
        return workbook.frame(name) if workbook.has(name) else None

    customers = None
    if workbook.has("customers"):
        there = workbook.table("customers").columns
        customers = workbook.frame("customers", [name for name in _READ if name in there])
    asked = workbook.has("survey_answers") and customers is not None
    return matrix(
        customers,
        given("survey_answers"),
        given("survey_items"),
        given("customer_file"),
        workbook.table("customer_months") if workbook.has("customer_months") else None,
        as_of=workbook.known_as_of,
        currency=workbook.currency,
        options=workbook.options("loyalty", cuts=cuts, share_of_wallet_cut=share_of_wallet_cut),
        values=customer_values(workbook) if asked else None,
        period_months=workbook.settings.rfm.migration_months,
        abc_cuts=workbook.settings.pareto.abc_cuts,
    )


_READ = ("customer_id", "first_order", "last_order", "net_revenue", "margin", "profit", "frequency", "T")
"""What is read of the customers; the whole table would not fit into memory where they are many."""


def _buyers(customers: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    bought = customers[customers["frequency"].notna()].sort_values("customer_id", ignore_index=True)
    last = pd.to_datetime(bought["last_order"])
    kept = ["customer_id", "first_order", "last_order", "net_revenue", "margin", "frequency", "T"]
    table = bought[[name for name in kept if name in bought.columns]].copy()
    table["customer_id"] = table["customer_id"].astype("str")
    table["frequency"] = table["frequency"].astype(float)
    return table.assign(days_since=(pd.Timestamp(as_of) - last).dt.days.astype(float))


_NO_DAY = dt.date(1970, 1, 1)
"""Stands where a day is wanted but nothing is measured up to it: a report without orders."""


def _need(as_of: dt.date | None) -> dt.date:
    if as_of is None:
        raise InputError(
            "The loyalty matrix needs the date up to which the orders go. State as_of in the settings."
        )
    return as_of


def _nobody() -> pd.DataFrame:
    """The customers of a report without orders."""
    types = {"customer_id": "str", "first_order": "datetime64[us]", "last_order": "datetime64[us]"}
    types |= dict.fromkeys(("net_revenue", "frequency", "T"), "float64")
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})


def _stated_item(survey: SurveyScores, options: LoyaltySettings, *, with_orders: bool) -> str | None:
    """The item whose answers are the axis of repeat purchase: the one that is named or, without orders, any."""
    if with_orders and options.stated_share is None:
        return None
    return share_item(survey.items, options.stated_share)


def _respondents(survey: SurveyScores) -> pd.DataFrame:
    """Those who answered in place of customers, where there are no orders."""
    ids = pd.Series(sorted(set(survey.scores["customer_id"].dropna())), dtype="str")
    unknown = dict.fromkeys(("net_revenue", "frequency", "T", "days_since"), float("nan"))
    return pd.DataFrame({"customer_id": ids, "first_order": pd.NaT, "last_order": pd.NaT, **unknown})


def _with_values(buyers: pd.DataFrame, values: pd.DataFrame | None) -> pd.DataFrame:
    if values is None or buyers.empty:
        return buyers
    known = values[["customer_id", "clv", "p_alive"]].astype({"customer_id": "str"})
    return buyers.merge(known, on="customer_id", how="left").astype({"clv": float, "p_alive": float})


def _classes(
    table: pd.DataFrame, base: pd.DataFrame, customer_file: pd.DataFrame | None, abc_cuts: Sequence[float]
) -> pd.DataFrame:
    if table.empty:
        return pd.DataFrame()
    found = customer_classes(
        table[["customer_id", "first_order"]], base, abc_cuts=abc_cuts, customer_file=customer_file
    )
    return found[[name for name in _CLASSES if name in found.columns]]


_CLASSES = ("abc", "industry", "region")


def _with_attitude(
    buyers: pd.DataFrame, survey: SurveyScores | None, attitudes: Attitudes | None
) -> pd.DataFrame:
    columns = ["customer_id", "relative_attitude", "mean_attitude", "attitude", "attitude_source"]
    columns += ["standard_error", "respondents", "survey_wave"]
    if survey is None or attitudes is None:
        found = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    else:
        names = attitudes.waves.set_index("wave")["name"]
        found = attitudes.latest.assign(survey_wave=attitudes.latest["wave"].map(names))[columns]
    table = buyers.merge(found, on="customer_id", how="left")
    figures = ["relative_attitude", "mean_attitude", "attitude", "standard_error"]
    table[figures] = table[figures].astype(float)
    table["respondents"] = table["respondents"].astype(float).fillna(0).astype(int)
    answered = set() if survey is None else set(survey.scores["customer_id"].dropna())
    return table.assign(surveyed=table["customer_id"].isin(answered))


def _counts(customers: pd.DataFrame, buyers: pd.DataFrame, survey: SurveyScores | None) -> dict[str, int]:
    columns = ["customer_id", "respondent_id"]
    scores = pd.DataFrame(columns=columns) if survey is None else survey.scores
    people = scores[columns].drop_duplicates()
    return {
        "people": len(people),
        "respondents": int(buyers["respondents"].sum()),
        "unlinked": int(people["customer_id"].isna().sum()),
        "unknown_accounts": len(set(people["customer_id"].dropna()) - set(buyers["customer_id"])),
        "returns_only": int(customers["frequency"].isna().sum()),
    }


def _status(
    buyers: pd.DataFrame,
    survey: SurveyScores | None,
    attitudes: Attitudes | None,
    counts: dict[str, int],
    *,
    with_orders: bool,
    stated: bool,
) -> str:
    if survey is None or attitudes is None:
        return "no_survey" if with_orders else "no_orders"
    if not with_orders and not stated:
        return "no_orders"
    if len(survey.scores) and not (attitudes.waves["attitude_source"] != "").any():
        return "no_attitude" if with_orders else "no_orders"
    if counts["people"] >= MINIMUM and not buyers["surveyed"].any():
        return "not_linked"
    return "placed" if counts["respondents"] >= MINIMUM else "too_few"


def _with_names(table: pd.DataFrame, customer_file: pd.DataFrame | None) -> pd.DataFrame:
    if customer_file is None or "name" not in customer_file.columns:
        return table.assign(name=table["customer_id"])
    table = table.merge(customer_file[["customer_id", "name"]], on="customer_id", how="left")
    return table.assign(name=table["name"].fillna(table["customer_id"]))
