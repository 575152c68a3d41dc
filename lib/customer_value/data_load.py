"""What was loaded: the ledger, coverage in time, and what a reader must know about the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ibis
import pandas as pd

from customer_value import words
from customer_value.display import Prose, Table, written
from customer_value.expressions import exact_sum
from customer_value.ledger import Ledger
from customer_value.result import Fact, warning_list
from customer_value.survey_load import SurveyLoad, survey_load_of
from customer_value.text import (
    NOTHING,
    Count,
    Day,
    Listing,
    Money,
    Month,
    Name,
    Share,
    Text,
    say,
    say_for,
)
from customer_value.text.phrases import paragraph
from customer_value.voids import VOID_NOTE
from customer_value.workbook import Workbook

__all__ = ["DataLoad", "overview", "overview_of"]

THIN_MONTH = 0.5
"""A first or last month with less than this share of the median month's orders looks cut off."""

MANY_RETURNS = 0.10
"""Returns above this share of gross sales are worth a warning."""


@dataclass(frozen=True)
class DataLoad:
    """The inputs of a report, accounted for.

    Attributes
    ----------
    ledger
        Where every row ended.
    months
        One row per calendar month of the data, without gaps: month (first day), customers
        (with a purchase), orders, gross, returns, net_revenue, complete (whether the data cover
        the whole month).
    totals
        customers, buyers, returns_only, orders, gross, returns, net_revenue, and margin,
        cost_to_serve and profit where known; money in ``currency``.
    as_of, as_of_stated
        The report's date and whether the settings gave it.
    """

    ledger: Ledger
    months: pd.DataFrame
    totals: Mapping[str, float]
    currency: str
    as_of: dt.date
    as_of_stated: bool
    first_order: dt.date
    last_order: dt.date
    input_warnings: tuple[Text | str, ...]
    inputs: tuple[str, ...]

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Facts ``data.*``; money in the report's currency."""
        ledger, totals = self.ledger, self.totals
        money = {f"data.{name}": totals[name] for name in _MONEY if name in totals}
        return {
            "data.rows_read": ledger.rows("orders", "read"),
            "data.rows_kept": ledger.rows("orders", "kept"),
            "data.rows_excluded": {line.reason: line.rows for line in ledger.of("orders", "excluded")},
            **({"data.rows_added": ledger.rows("orders", "added")} if ledger.of("orders", "added") else {}),
            "data.amount_read": float(ledger.amount("orders", "read")),
            "data.amount_kept": float(ledger.amount("orders", "kept")),
            "data.customers": int(totals["customers"]),
            "data.customers_with_purchase": int(totals["buyers"]),
            "data.customers_returns_only": int(totals["returns_only"]),
            "data.orders": int(totals["orders"]),
            "data.as_of": self.as_of.isoformat(),
            "data.first_order": self.first_order.isoformat(),
            "data.last_order": self.last_order.isoformat(),
            "data.currency": None if self.currency == words.NO_CURRENCY else self.currency,
            "data.value_basis": self.value_basis,
            "data.warnings": [written(warning) for warning in self.warnings],
            **money,
        }

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Table ``months``."""
        return {"months": self.months}

    @property
    def value_basis(self) -> str:
        """The best measure of value that the inputs allow: profit, margin or revenue."""
        return next((name for name in ("profit", "margin") if name in self.totals), "revenue")

    @property
    def summary(self) -> Table:
        """The size of what is analysed."""
        totals = self.totals
        rows = [
            ("Customers", words.count(totals["customers"])),
            ("… with at least one purchase", words.count(totals["buyers"])),
            ("… with returns, void or free orders only", words.count(totals["returns_only"])),
            ("Orders", words.count(totals["orders"])),
            ("First order", words.day(self.first_order)),
            ("Last order", words.day(self.last_order)),
            ("As of", words.day(self.as_of)),
            *((_MONEY[name], words.money(totals[name], self.currency)) for name in _MONEY if name in totals),
        ]
        return Table(pd.DataFrame(rows, columns=["Figure", "Value"]), caption="What is analysed")

    @property
    def ledger_table(self) -> Table:
        """Where every row ended, with money."""
        return self.ledger.rows_table(self.currency)

    @property
    def readings_table(self) -> Table:
        """How the files were read."""
        return self.ledger.notes_table()

    @property
    def warnings_list(self) -> Prose:
        """The warnings as a list to read, or the sentence that there are none."""
        return warning_list(self)

    @cached_property
    def warnings(self) -> tuple[Text | str, ...]:
        """What a reader must know before believing the figures."""
        return (*self.input_warnings, *self._coverage_warnings())

    @property
    def findings(self) -> tuple[Text, ...]:
        """What this means here."""
        parts = (self._kept(), self._span(), self._returns(), _BASIS[self.value_basis])
        return tuple(part for part in parts if part)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next, most important first."""
        reading = say("Read the warnings on this page before any other page.") if self.warnings else NOTHING
        parts = (self._asking(), reading, self._costs(), self._not_given())
        steps = tuple(part for part in parts if part)
        return steps or (say("Nothing has to be mended here; go on to the next page."),)

    def _kept(self) -> Text:
        ledger = self.ledger
        read = ledger.rows("orders", "read")
        money = Money(float(ledger.amount("orders", "kept")), self.currency)
        if not ledger.rows("orders", "excluded"):
            return say_for(
                read,
                "The only order row is analysed: {money} in total.",
                "All {n} order rows are analysed: {money} in total.",
                money=money,
            )
        kept = ledger.rows("orders", "kept") - ledger.kept_of_added("orders")
        biggest = max(ledger.of("orders", "excluded"), key=lambda line: line.rows or 0)
        return say_for(
            read,
            "{kept} of {n} order row are analysed ({share}), {money} in total; the most common reason for leaving a "
            "row out is '{reason}' ({rows}).",
            "{kept} of {n} order rows are analysed ({share}), {money} in total; the most common reason for leaving a "
            "row out is '{reason}' ({rows}).",
            kept=Count(kept),
            share=Share(kept / read),
            money=money,
            reason=Name(biggest.reason),
            rows=say_for(biggest.rows or 0, "{n} row", "{n} rows"),
        )

    def _span(self) -> Text:
        stated = say("as the settings state") if self.as_of_stated else say("the last order date in the data")
        return say_for(
            (self.last_order - self.first_order).days + 1,
            "The orders run from {first} to {last} ({n} day); everything is computed as of {as_of}, {stated}.",
            "The orders run from {first} to {last} ({n} days); everything is computed as of {as_of}, {stated}.",
            first=Day(self.first_order),
            last=Day(self.last_order),
            as_of=Day(self.as_of),
            stated=stated,
        )

    def _returns(self) -> Text:
        return paragraph(self._subtracted(), *self._voids(), self._without_purchase())

    def _subtracted(self) -> Text:
        gross, returns = self.totals["gross"], self.totals["returns"]
        money = Money(returns, self.currency)
        if not returns > 0:
            return NOTHING
        if not gross > 0:
            return say("Returns and credits of {returns} are subtracted from revenue.", returns=money)
        return say(
            "Returns and credits of {returns}, {share} of gross sales, are subtracted from revenue.",
            returns=money,
            share=Share(returns / gross),
        )

    def _voids(self) -> tuple[Text, ...]:
        return tuple(
            say_for(
                line.rows or 0,
                "Void is {n} row: {detail}.",
                "Void are {n} rows: {detail}.",
                detail=Name(line.detail, most=_WHOLE),
            )
            for line in self.ledger.of("orders", "note")
            if line.reason == VOID_NOTE
        )

    def _without_purchase(self) -> Text:
        only = int(self.totals["returns_only"])
        if not only:
            return NOTHING
        return say_for(
            only,
            "{n} customer has no paid purchase, only returns, void orders or orders for nothing; it counts in the "
            "money but in no purchase model.",
            "{n} customers have no paid purchase, only returns, void orders or orders for nothing; they count in the "
            "money but in no purchase model.",
        )

    def _asking(self) -> Text:
        mendable = [line for line in self.ledger.of("orders", "excluded") if line.reason in _MENDABLE]
        if not mendable:
            return NOTHING
        worst = max(mendable, key=lambda line: (abs(line.amount or 0), line.rows or 0))
        return say_for(
            worst.rows or 0,
            "Ask whoever exports the orders about the {n} row with {fault}; they hold {money}.",
            "Ask whoever exports the orders about the {n} rows with {fault}; they hold {money}.",
            fault=_MENDABLE[worst.reason],
            money=Money(float(worst.amount or 0), self.currency),
        )

    def _costs(self) -> Text:
        if "margin" not in self.totals:
            return say(
                "Add the cost of each order line, or a margin_rate, so that value means margin and not revenue."
            )
        if "cost_to_serve" not in self.totals:
            return say("Add service costs per customer, so that profit can be told from margin.")
        return NOTHING

    def _not_given(self) -> Text:
        missing = tuple(label for name, label in _OPTIONAL.items() if name not in self.inputs)
        if not missing:
            return NOTHING
        return say("Not given, and would add to this report: {tables}.", tables=Listing(missing))

    def _coverage_warnings(self) -> tuple[Text, ...]:
        found = (self._silence(), self._cut_first(), self._cut_last(), self._many_returns())
        return tuple(warning for warning in found if warning)

    def _silence(self) -> Text:
        silent = (self.months["orders"] == 0) & (self.months["gross"] == 0) & (self.months["returns"] == 0)
        empty = tuple(Month(month.date()) for month in self.months.loc[silent, "month"])
        if not empty:
            return NOTHING
        months = Listing(empty, most=4)
        if len(empty) == 1:
            return say("{months} has no order; check that no file is missing.", months=months)
        return say("{months} have no order; check that no file is missing.", months=months)

    def _cut_first(self) -> Text:
        month = self._cut_off(0)
        if month is None:
            return NOTHING
        return say(
            "The first month, {month}, is only partly covered; do not compare it with others.",
            month=month,
        )

    def _cut_last(self) -> Text:
        month = self._cut_off(-1)
        if month is None:
            return NOTHING
        return say(
            "The last month, {month}, is only partly covered; do not compare it with others.",
            month=month,
        )

    def _cut_off(self, edge: int) -> Month | None:
        """The first or the last of several months, if the data cover it in part and it has few orders."""
        month = self.months.iloc[edge]
        thin = month["orders"] < THIN_MONTH * self.months["orders"].median() and len(self.months) > 3
        return Month(month["month"].date()) if thin and not month["complete"] else None

    def _many_returns(self) -> Text:
        gross, returns = self.totals["gross"], self.totals["returns"]
        if not returns > MANY_RETURNS * gross:
            return NOTHING
        return say(
            "Returns and credits are {returns} against gross sales of {gross}; check that negative amounts are "
            "returns.",
            returns=Money(returns, self.currency),
            gross=Money(gross, self.currency),
        )


def overview(
    customers: ibis.Table,
    customer_months: ibis.Table,
    *,
    ledger: Ledger,
    origin: dt.date,
    as_of: dt.date,
    as_of_stated: bool,
    currency: str,
    input_warnings: tuple[Text | str, ...] = (),
    inputs: tuple[str, ...] = ("orders",),
) -> DataLoad:
    """Sum up what was loaded.

    Parameters
    ----------
    customers, customer_months
        Reduced tables (`customer_value.reduce`), lazily.
    ledger
        The ledger of all inputs.
    origin
        First date in the orders, returns included.
    as_of, as_of_stated
        The report's date, and whether the settings gave it.
    currency
        ISO code of all money.
    input_warnings
        Warnings of the contract.
    inputs
        Names of the input tables that were given.

    Returns
    -------
    DataLoad
    """
    totals = _totals(customers)
    bought_first, bought_last = _order_span(customers)
    first, last = bought_first or origin, bought_last or as_of
    months = _months(customer_months, first, last)
    return DataLoad(
        ledger=ledger,
        months=months,
        totals=totals,
        currency=currency,
        as_of=as_of,
        as_of_stated=as_of_stated,
        first_order=first,
        last_order=last,
        input_warnings=input_warnings,
        inputs=inputs,
    )


def overview_of(workbook: Workbook) -> DataLoad | SurveyLoad:
    """`overview` of what a workbook has loaded.

    Parameters
    ----------
    workbook
        As `customer_value.load_data` returns it.

    Returns
    -------
    DataLoad or SurveyLoad
        The latter for a report with a survey and no orders.
    """
    state = workbook.state
    if state.dates is None:
        return survey_load_of(workbook)
    return overview(
        workbook.table("customers"),
        workbook.table("customer_months"),
        ledger=state.ledger,
        origin=state.dates.origin,
        as_of=workbook.as_of,
        as_of_stated=state.as_of_stated,
        currency=workbook.currency,
        input_warnings=state.warnings,
        inputs=state.ledger.tables(),
    )


_MONEY = {
    "gross": "Gross sales",
    "returns": "Returns and credits",
    "net_revenue": "Net revenue",
    "margin": "Margin",
    "cost_to_serve": "Cost to serve",
    "profit": "Profit (margin less cost to serve)",
}

_BASIS = {
    "profit": say("Costs and service costs are known, so value can mean profit."),
    "margin": say("Costs are known, so value can mean margin; service costs are not, so profit is unknown."),
    "revenue": say("No costs are given, so value means revenue on every page."),
}

_MENDABLE = {
    "no customer id": say("no customer id"),
    "blank date": say("no date"),
    "unreadable date": say("a date that cannot be read"),
    "blank amount": say("no amount"),
    "unreadable amount": say("an amount that cannot be read"),
}

_OPTIONAL = {
    "customers": say("a customer file"),
    "service_costs": say("service costs"),
    "survey": say("a survey"),
    "referrals": say("referrals"),
    "feedback": say("feedback (complaints and ideas)"),
    "contracts": say("contracts (start, end)"),
}

_WHOLE = 200
"""Longer than any remark in the ledger."""


def _totals(customers: ibis.Table) -> dict[str, float]:
    names = [name for name in _MONEY if name in customers.columns]
    exact = {name: exact_sum(customers[name]) for name in names}
    row = customers.aggregate(
        customers=customers.count(),
        buyers=(customers.purchase_days > 0).sum(),
        returns_only=(customers.purchase_days == 0).sum(),
        orders=customers.orders.sum(),
        **exact,
    ).execute()
    return {str(name): float(row[name].iloc[0]) for name in row.columns}


def _order_span(customers: ibis.Table) -> tuple[dt.date | None, dt.date | None]:
    row = customers.aggregate(first=customers.first_order.min(), last=customers.last_order.max()).execute()
    return _date(row["first"].iloc[0]), _date(row["last"].iloc[0])


def _date(value: object) -> dt.date | None:
    stamp = pd.Timestamp(value)
    return None if stamp is pd.NaT else stamp.date()


def _months(customer_months: ibis.Table, first: dt.date, last: dt.date) -> pd.DataFrame:
    money = {name: exact_sum(customer_months[name]) for name in ("gross", "returns", "net_revenue")}
    table = customer_months.group_by("month").aggregate(
        customers=(customer_months.purchase_days > 0).sum(), orders=customer_months.orders.sum(), **money
    )
    found = table.execute()
    found["month"] = pd.to_datetime(found["month"]).astype("datetime64[s]")
    found = found.set_index("month").sort_index()
    start = min(found.index[0], pd.Timestamp(first).replace(day=1))
    end = max(found.index[-1], pd.Timestamp(last).replace(day=1))
    calendar = pd.date_range(start, end, freq="MS", name="month", unit="s")
    months = found.reindex(calendar, fill_value=0).reset_index()
    ends = months["month"] + pd.offsets.MonthEnd(0)
    months["complete"] = (months["month"] >= pd.Timestamp(first)) & (ends <= pd.Timestamp(last))
    return months.astype({"customers": "int64", "orders": "int64"})
