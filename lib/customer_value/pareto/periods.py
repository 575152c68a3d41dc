"""Is concentration stable: the same figures per quarter and year, and who stays at the top.

Figures of a period are those of the customers active in it. Two neighbouring periods are compared
by their top customers: who stayed, who left, who entered, and with how much money. Everything is
summed on the engine; at most two periods are held at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value.expressions import as_table, exact_sum, kept, sorted_columns
from customer_value.pareto.classes import top_bound
from customer_value.pareto.figures import net_total
from customer_value.pareto.measure import Figures, figure_plan, figures_of
from customer_value.settings import ParetoSettings

__all__ = ["KINDS", "Period", "Stability", "choose_period", "dated_money", "stability"]

KINDS = ("year", "quarter")

_LENGTH = {"year": pd.DateOffset(years=1), "quarter": pd.DateOffset(months=3)}
_TRUNCATE = {"year": "Y", "quarter": "Q"}
_TOLERANCE = pd.Timedelta(days=7)
_LISTED = 10
_UNITS = 10_000.0
Floats = npt.NDArray[np.float64]
_MOVES = (
    "retained", "top_before", "stayed", "stayed_before", "stayed_now", "left", "left_before", "left_now",
    "left_gone", "entered", "entered_before", "entered_now", "entered_new",
)  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A calendar period; complete if the data miss at most a week of it."""

    kind: str
    begin: pd.Timestamp
    complete: bool

    @property
    def label(self) -> str:
        """The period as it is written: ``2024`` or ``2024 Q3``."""
        year = str(self.begin.year)
        return year if self.kind == "year" else f"{year} Q{self.begin.quarter}"

    @property
    def after(self) -> pd.Timestamp:
        """The first day after it."""
        return self.begin + _LENGTH[self.kind]


@dataclass(frozen=True)
class Stability:
    """Concentration over time.

    Attributes
    ----------
    kind
        The kind of period that words and charts use: ``"year"`` or ``"quarter"``.
    table
        A row per kind, value and period: kind, value, period (label), start, complete, customers,
        total, negative_customers, negative_total, top_share_value, customers_for_80_share, gini,
        effective_customers; and, for the headline value, how the top compares with that of the
        period before: retained (share that stayed), top_before, stayed, left, entered (customers),
        ``stayed_before``, ``stayed_now``, ``left_before``, ``left_now``, ``entered_before``,
        ``entered_now`` (their money in the two periods), left_gone (of those who left, how many
        brought nothing any more), entered_new (of those who entered, how many brought nothing
        before).
    figures
        (value, period label) to all figures of that period.
    moved
        The largest that left and entered the top between the last two complete periods of
        ``kind``: customer_id, move (``"left"`` or ``"entered"``), before, now (money); no rows
        where nobody moved or there are no two periods.
    """

    kind: str
    table: pd.DataFrame
    figures: Mapping[tuple[str, str], Figures]
    moved: pd.DataFrame

    def periods(self, value: str) -> pd.DataFrame:
        """The rows of one value in periods of the chosen kind."""
        mine = (self.table["kind"] == self.kind) & (self.table["value"] == value)
        return self.table[mine].reset_index(drop=True)


def choose_period(start: dt.date, as_of: dt.date) -> str:
    """``"year"`` where the data hold two complete calendar years or more, else ``"quarter"``.

    Examples
    --------
    >>> choose_period(dt.date(2021, 1, 4), dt.date(2022, 12, 30))
    'year'
    >>> choose_period(dt.date(1997, 1, 1), dt.date(1998, 6, 30))
    'quarter'
    """
    years = _periods("year", start, start, as_of)
    return "year" if sum(period.complete for period in years) >= 2 else "quarter"


def dated_money(
    months: ibis.Table | pd.DataFrame,
    values: Sequence[str],
    *,
    as_of: dt.date,
    costs: ibis.Table | pd.DataFrame | None = None,
    customers: ibis.Table | None = None,
) -> ibis.Table:
    """Money with a date: months of sales and, where profit is wanted, costs of service.

    Parameters
    ----------
    months
        One row per customer and month: customer_id, month and net_revenue, margin if known.
    values
        Value columns wanted; those that cannot be dated are left out.
    as_of
        Later costs are not looked at.
    costs
        Costs of service: customer_id, date, cost. With them, profit can be dated.
    customers
        Costs of others than these are left out, as in the customer table.

    Returns
    -------
    ibis.Table
        customer_id, day and a column per value; missing where a row says nothing about it.
    """
    table = as_table(months, needs=("customer_id", "month"))
    wanted = [value for value in values if value in table.columns]
    with_profit = costs is not None and "profit" in values and "margin" in table.columns
    profit = {"profit": table.margin} if with_profit else {}
    sales = table.select(
        "customer_id", day=table.month.cast("date"), **{v: table[v] for v in wanted}, **profit
    )
    if not with_profit or costs is None:
        return sales
    spent = as_table(costs, needs=("customer_id", "date", "cost"))
    spent = spent.filter(spent.date.cast("date") <= ibis.literal(as_of))
    if customers is not None and _any(spent.anti_join(customers, "customer_id")):
        spent = kept(spent.semi_join(customers, "customer_id"))
    nothing = {value: ibis.null(table.schema()[value]) for value in wanted}
    loss = -spent["cost"].cast(table.schema()["margin"])
    return sales.union(spent.select("customer_id", day=spent.date.cast("date"), **nothing, profit=loss))


def stability(
    money: ibis.Table, value: str, *, start: dt.date, as_of: dt.date, options: ParetoSettings
) -> Stability:
    """Concentration of each calendar year and quarter among the customers active in it.

    Parameters
    ----------
    money
        As `dated_money` returns it.
    value
        The headline value, by which the top customers of two periods are compared.
    start, as_of
        First and last date of the orders.
    options
        Which share of customers is the top. Equal customers at its edge all belong to it.
    """
    first = _first_day(money, start)
    kind, add_up = choose_period(start, as_of), _summing(money)
    records: list[dict[str, Any]] = []
    figures: dict[tuple[str, str], Figures] = {}
    pair: tuple[_Top, _Top] | None = None
    for each in KINDS:
        previous = None
        for period in _periods(each, first, start, as_of):
            spent = _spent(money, period, add_up)
            sorted_values = _sorted_values(spent)
            here = _Top(period, spent, value, top_bound(sorted_values[value], options.top_share))
            moves = here.moves(previous)
            for name, values in sorted_values.items():
                found = figures_of(values, figure_plan(options))
                figures[name, period.label] = found
                records.append(_record(period, name, values, found, options, moves if name == value else {}))
            if each == kind and previous and previous.period.complete and period.complete:
                pair = previous, here
            previous = here
    table = pd.DataFrame(records).astype(dict.fromkeys(_MOVES, "float64"))
    table["_order"] = table["value"].map({name: n for n, name in enumerate(dict.fromkeys(table["value"]))})
    table = table.sort_values(["kind", "_order", "start"], kind="stable", key=_years_first)
    moved = pair[1].list_of_moves(pair[0]) if pair else _no_moves()
    return Stability(kind, table.drop(columns="_order").reset_index(drop=True), figures, moved)


@dataclass(frozen=True)
class _Top:
    """The customers of a period and the lowest value of its top."""

    period: Period
    spent: ibis.Table
    value: str
    bound: float | None

    def moves(self, before: _Top | None) -> dict[str, float]:
        """Counts and money of those who stayed, left and entered since the period before."""
        if before is None or before.bound is None or self.bound is None:
            return {}
        was, came = self._were(before), self._are(before)
        stays, fresh = was.now >= self.bound, came.before < before.bound
        out = was.aggregate(
            top_before=was.count(),
            stayed=stays.sum(),
            stayed_before=exact_sum(was.before, where=stays),
            stayed_now=exact_sum(was.now, where=stays),
            left=(~stays).sum(),
            left_before=exact_sum(was.before, where=~stays),
            left_now=exact_sum(was.now, where=~stays),
            left_gone=(was.now <= 0).sum(),
        )
        into = came.aggregate(
            entered=fresh.sum(),
            entered_before=exact_sum(came.before, where=fresh),
            entered_now=exact_sum(came.now, where=fresh),
            entered_new=(came.before <= 0).sum(),
        )
        found = {**out.to_pyarrow().to_pylist()[0], **into.to_pyarrow().to_pylist()[0]}
        return {name: float(number or 0) for name, number in found.items()} | {
            "retained": found["stayed"] / found["top_before"]
        }

    def list_of_moves(self, before: _Top) -> pd.DataFrame:
        """The largest that left and entered since the period before."""
        if before.bound is None or self.bound is None:
            return _no_moves()
        was, came = self._were(before), self._are(before)
        left = was.filter(was.now < self.bound).mutate(move=ibis.literal("left"))
        left = left.order_by(ibis.desc("before"), ibis.asc("now"), "customer_id").limit(_LISTED)
        entered = came.filter(came.before < before.bound).mutate(move=ibis.literal("entered"))
        entered = entered.order_by(ibis.desc("now"), ibis.asc("before"), "customer_id").limit(_LISTED)
        frames = [part.to_pyarrow().to_pandas() for part in (left, entered)]
        return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)[
            ["customer_id", "move", "before", "now"]
        ]

    def _were(self, before: _Top) -> ibis.Table:
        """The top customers of the period before: customer_id, before, now."""
        top = before._top("before")
        rest = self.spent.select("customer_id", now=self.spent[self.value])
        joined = top.left_join(rest, "customer_id")
        return joined.select(top.customer_id, top.before, now=rest.now.fill_null(0.0))

    def _are(self, before: _Top) -> ibis.Table:
        """The top customers of this period: customer_id, before, now."""
        top = self._top("now")
        rest = before.spent.select("customer_id", before=before.spent[self.value])
        joined = top.left_join(rest, "customer_id")
        return joined.select(top.customer_id, before=rest.before.fill_null(0.0), now=top.now)

    def _top(self, name: str) -> ibis.Table:
        chosen = self.spent.filter(self.spent[self.value] >= self.bound)
        return chosen.select("customer_id", **{name: chosen[self.value]})


def _any(table: ibis.Table) -> bool:
    return bool(table.limit(1).count().to_pyarrow().as_py())


def _summing(money: ibis.Table) -> Callable[[Any], Any]:
    """How money is summed without regard to the order of rows: fast where no sum can be too large.

    Doubles hold whole numbers up to 2^53, so ten-thousandths add up exactly below that.
    """
    names = [name for name in money.columns if name not in ("customer_id", "day")]
    moved = (
        money.aggregate([money[name].abs().sum().name(name) for name in names]).to_pyarrow().to_pylist()[0]
    )
    if max((amount or 0.0 for amount in moved.values()), default=0.0) * _UNITS < 2**52:
        return lambda column: (column * _UNITS).round().cast("float64").sum() / _UNITS
    return exact_sum


def _spent(money: ibis.Table, period: Period, add_up: Callable[[Any], Any]) -> ibis.Table:
    """What each customer brought in a period, kept until it is no longer looked at."""
    begin, after = (ibis.literal(moment.date()) for moment in (period.begin, period.after))
    part = money.filter((money.day >= begin) & (money.day < after))
    names = [name for name in money.columns if name not in ("customer_id", "day")]
    return kept(part.group_by("customer_id").aggregate(**{name: add_up(part[name]) for name in names}))


def _sorted_values(spent: ibis.Table) -> dict[str, Floats]:
    """Each value column from high to low, without missing values."""
    return sorted_columns(spent, [name for name in spent.columns if name != "customer_id"])


def _no_moves() -> pd.DataFrame:
    return pd.DataFrame(columns=["customer_id", "move", "before", "now"])


def _record(
    period: Period,
    value: str,
    values: Floats,
    found: Figures,
    options: ParetoSettings,
    moves: dict[str, float],
) -> dict[str, Any]:
    return {
        "kind": period.kind,
        "value": value,
        "period": period.label,
        "start": period.begin,
        "complete": period.complete,
        "customers": len(values),
        "total": net_total(values),
        "negative_customers": int((values < 0).sum()),
        "negative_total": float(values[values < 0].sum()),
        "top_share_value": _number(found.top[options.top_share].value),
        "customers_for_80_share": _number(found.needed[0.8].value),
        "gini": _number(found.gini.value),
        "effective_customers": _number(found.effective_customers.value),
        **{name: moves.get(name, np.nan) for name in _MOVES},
    }


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _years_first(column: pd.Series) -> pd.Series:
    return column.map(KINDS.index) if column.name == "kind" else column


def _first_day(money: ibis.Table, start: dt.date) -> dt.date:
    """The first day with money; a return or a cost may come before the first purchase."""
    first = money.day.min().to_pyarrow().as_py()
    return start if first is None else min(start, first)


def _periods(kind: str, first: dt.date, start: dt.date, as_of: dt.date) -> list[Period]:
    begin = pd.Timestamp(first).to_period(_TRUNCATE[kind]).start_time
    begins = pd.date_range(begin, pd.Timestamp(as_of), freq={"year": "YS", "quarter": "QS"}[kind])
    return [Period(kind, moment, _complete(moment, kind, start, as_of)) for moment in begins]


def _complete(begin: pd.Timestamp, kind: str, start: dt.date, as_of: dt.date) -> bool:
    last = begin + _LENGTH[kind] - pd.Timedelta(days=1)
    return bool(pd.Timestamp(start) - begin <= _TOLERANCE and last - pd.Timestamp(as_of) <= _TOLERANCE)
