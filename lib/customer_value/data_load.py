"""What was loaded: the ledger, coverage in time, and what a reader must know about the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ibis
import pandas as pd

from customer_value import words
from customer_value.display import Prose, Table
from customer_value.expressions import exact_sum
from customer_value.ledger import Ledger
from customer_value.result import Fact, warning_list
from customer_value.survey_load import SurveyLoad, survey_load_of
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
    input_warnings: tuple[str, ...]
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
            "data.warnings": list(self.warnings),
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
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before believing the figures."""
        return (*self.input_warnings, *self._coverage_warnings())

    @property
    def findings(self) -> tuple[str, ...]:
        """What this means here."""
        return tuple(part for part in (self._kept(), self._span(), self._returns(), self._basis()) if part)

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do next, most important first."""
        steps = []
        excluded = self.ledger.of("orders", "excluded")
        avoidable = [line for line in excluded if line.reason in _MENDABLE]
        if avoidable:
            worst = max(avoidable, key=lambda line: (abs(line.amount or 0), line.rows or 0))
            steps.append(
                f"Ask whoever exports the orders about the {words.count(worst.rows or 0, 'row')} with "
                f"{_MENDABLE[worst.reason]}; they hold "
                f"{words.money(float(worst.amount or 0), self.currency)}."
            )
        if self.input_warnings or self._coverage_warnings():
            steps.append("Read the warnings on this page before any other page.")
        if "margin" not in self.totals:
            steps.append(
                "Add the cost of each order line, or a margin_rate, so that value means margin and not revenue."
            )
        elif "cost_to_serve" not in self.totals:
            steps.append("Add service costs per customer, so that profit can be told from margin.")
        missing = [label for name, label in _OPTIONAL.items() if name not in self.inputs]
        if missing:
            steps.append(f"Not given, and would add to this report: {words.listing(missing)}.")
        return tuple(steps) or ("Nothing has to be mended here; go on to the next page.",)

    def _kept(self) -> str:
        ledger = self.ledger
        read = ledger.rows("orders", "read")
        money = words.money(float(ledger.amount("orders", "kept")), self.currency)
        if not ledger.rows("orders", "excluded"):
            all_rows = f"All {words.count(read)} order rows are" if read > 1 else "The only order row is"
            return f"{all_rows} analysed: {money} in total."
        kept = ledger.rows("orders", "kept") - ledger.kept_of_added("orders")
        biggest = max(ledger.of("orders", "excluded"), key=lambda line: line.rows or 0)
        return (
            f"{words.count(kept)} of {words.count(read, 'order row')} are analysed ({words.percent(kept / read)}), "
            f"{money} in total; the most common reason for leaving a row out is '{biggest.reason}' "
            f"({words.count(biggest.rows or 0, 'row')})."
        )

    def _span(self) -> str:
        days = (self.last_order - self.first_order).days + 1
        stated = "as the settings state" if self.as_of_stated else "the last order date in the data"
        return (
            f"The orders run from {words.day(self.first_order)} to {words.day(self.last_order)} "
            f"({words.count(days, 'day')}); everything is computed as of {words.day(self.as_of)}, {stated}."
        )

    def _returns(self) -> str:
        gross, returns = self.totals["gross"], self.totals["returns"]
        only = int(self.totals["returns_only"])
        parts = []
        if returns > 0:
            share = f", {words.percent(returns / gross)} of gross sales," if gross > 0 else ""
            parts.append(
                f"Returns and credits of {words.money(returns, self.currency)}{share} are subtracted from revenue."
            )
        parts.extend(
            f"Void {words.verb(line.rows or 0, 'is', 'are')} {words.count(line.rows or 0, 'row')}: {line.detail}."
            for line in self.ledger.of("orders", "note")
            if line.reason == VOID_NOTE
        )
        if only:
            parts.append(
                f"{words.count(only, 'customer has', 'customers have')} no paid purchase, only returns, void orders or "
                f"orders for nothing; {words.verb(only, 'it counts', 'they count')} in the money but in no "
                "purchase model."
            )
        return " ".join(parts)

    def _basis(self) -> str:
        basis = {
            "profit": "Costs and service costs are known, so value can mean profit.",
            "margin": "Costs are known, so value can mean margin; service costs are not, so profit is unknown.",
            "revenue": "No costs are given, so value means revenue on every page.",
        }
        return basis[self.value_basis]

    def _coverage_warnings(self) -> tuple[str, ...]:
        found = []
        silent = (self.months["orders"] == 0) & (self.months["gross"] == 0) & (self.months["returns"] == 0)
        empty = self.months[silent]
        if len(empty):
            names = words.listing([f"{month:%B %Y}" for month in empty["month"]], most=4)
            verb = words.verb(len(empty), "has", "have")
            found.append(f"{names} {verb} no order; check that no file is missing.")
        typical = self.months["orders"].median()
        for position, name in ((0, "first"), (-1, "last")):
            month = self.months.iloc[position]
            thin = month["orders"] < THIN_MONTH * typical and len(self.months) > 3
            if thin and not month["complete"]:
                found.append(
                    f"The {name} month, {month['month']:%B %Y}, is only partly covered; do not compare it with others."
                )
        gross, returns = self.totals["gross"], self.totals["returns"]
        if returns > MANY_RETURNS * gross:
            found.append(
                f"Returns and credits are {words.money(returns, self.currency)} against gross sales of "
                f"{words.money(gross, self.currency)}; check that negative amounts are returns."
            )
        return tuple(found)


def overview(
    customers: ibis.Table,
    customer_months: ibis.Table,
    *,
    ledger: Ledger,
    origin: dt.date,
    as_of: dt.date,
    as_of_stated: bool,
    currency: str,
    input_warnings: tuple[str, ...] = (),
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

_MENDABLE = {
    "no customer id": "no customer id",
    "blank date": "no date",
    "unreadable date": "a date that cannot be read",
    "blank amount": "no amount",
    "unreadable amount": "an amount that cannot be read",
}

_OPTIONAL = {
    "customers": "a customer file",
    "service_costs": "service costs",
    "survey": "a survey",
    "referrals": "referrals",
    "feedback": "feedback (complaints and ideas)",
    "contracts": "contracts (start, end)",
}


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
