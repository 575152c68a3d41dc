"""Contracts: how much of the money hangs on agreements that end soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import pandas as pd

from customer_value.expressions import exact_sum, kept
from customer_value.pareto.accounts import with_names

__all__ = ["MONTHS_AHEAD", "STATES", "ContractEnds", "contract_ends", "year_before"]

MONTHS_AHEAD = 12

STATES = ("ended", "ends soon", "ends later", "no end known")
"""By ``as_of``, within 12 months after it, after that, and without a date; each customer in one."""

_LISTED = 10
_PLACES = 4


@dataclass(frozen=True)
class ContractEnds:
    """Money by the end of the contract.

    Attributes
    ----------
    last_year_from
        First day of the last twelve calendar months; None where no months are known.
    states
        All four states: state, customers, the values over the whole period, last_year (headline
        value in the last twelve calendar months; missing where no months are known).
    by_month
        Contracts that end in each of the 12 months ahead: month (first day), customers, last_year.
    soonest
        The ten largest that end within 12 months: customer_id, name (if known), contract_end, the
        values, last_year; by last_year where it is known, else by the headline value.
    """

    last_year_from: dt.date | None
    states: pd.DataFrame
    by_month: pd.DataFrame
    soonest: pd.DataFrame

    def of(self, state: str) -> pd.Series:
        """The row of one state."""
        return self.states.set_index("state").loc[state]


def year_before(as_of: dt.date) -> dt.date:
    """First day of the twelve calendar months that end with that of ``as_of``.

    >>> year_before(dt.date(2024, 12, 31)), year_before(dt.date(2024, 5, 15))
    (datetime.date(2024, 1, 1), datetime.date(2023, 6, 1))
    """
    first: dt.date = (pd.Timestamp(as_of).replace(day=1) - pd.DateOffset(months=MONTHS_AHEAD - 1)).date()
    return first


def contract_ends(
    customers: ibis.Table,
    file: ibis.Table,
    values: Sequence[str],
    *,
    as_of: dt.date,
    money: ibis.Table | None = None,
) -> ContractEnds:
    """Put each customer's money beside the end of its contract.

    Parameters
    ----------
    customers
        customer_id and the values, the headline value first.
    file
        Customer file with contract_end, and name where known.
    values
        Value columns, the headline value first.
    as_of
        A contract that ends on this day has ended.
    money
        As `customer_value.pareto.periods.dated_money` returns it, for the last twelve months.
    """
    dated = kept(_with_last_year(_with_state(customers, file, values, as_of), values[0], as_of, money))
    everyone = customers.aggregate(
        customers=customers.count(), **{value: exact_sum(customers[value]) for value in values}
    ).to_pyarrow().to_pylist()[0] | {"last_year": _last_year(values[0], as_of, money)}
    soon = dated.filter(dated.state == "ends soon")
    rank = ["last_year"] if money is not None else []
    order = [*(ibis.desc(name) for name in (*rank, *values)), ibis.asc("contract_end"), "customer_id"]
    first = soon.order_by(order).limit(_LISTED).drop("state").to_pyarrow().to_pandas()
    first["contract_end"] = pd.to_datetime(first["contract_end"])
    columns = ["contract_end", *values, "last_year"]
    return ContractEnds(
        last_year_from=year_before(as_of) if money is not None else None,
        states=_states(dated, everyone),
        by_month=_by_month(soon, as_of),
        soonest=with_names(first[["customer_id", *columns]], file),
    )


def _with_state(customers: ibis.Table, file: ibis.Table, values: Sequence[str], as_of: dt.date) -> ibis.Table:
    """The customers whose contract has an end: customer_id, contract_end, state, the values."""
    ends = file.filter(file.contract_end.notnull())
    ends = ends.group_by("customer_id").aggregate(contract_end=ends.contract_end.max().cast("date"))
    joined = customers.inner_join(ends, "customer_id")
    last = (pd.Timestamp(as_of) + pd.DateOffset(months=MONTHS_AHEAD)).date()
    state = ibis.cases(
        (ends.contract_end <= ibis.literal(as_of), "ended"),
        (ends.contract_end <= ibis.literal(last), "ends soon"),
        else_="ends later",
    )
    known = {value: customers[value] for value in values}
    return joined.select(customers.customer_id, contract_end=ends.contract_end, state=state, **known)


def _with_last_year(table: ibis.Table, value: str, as_of: dt.date, money: ibis.Table | None) -> ibis.Table:
    if money is None:
        return table.mutate(last_year=ibis.null("float64"))
    known = kept(table)
    recent = _recent(money, as_of).semi_join(known, "customer_id")
    spent = recent.group_by("customer_id").aggregate(_spent=exact_sum(recent[value]))
    joined = known.left_join(spent, "customer_id")
    return joined.select(*(known[name] for name in known.columns), last_year=joined["_spent"].fill_null(0.0))


def _last_year(value: str, as_of: dt.date, money: ibis.Table | None) -> float | None:
    """Money of all customers in the last twelve calendar months."""
    if money is None:
        return None
    recent = _recent(money, as_of)
    return float(recent.aggregate(total=exact_sum(recent[value])).total.to_pyarrow()[0].as_py() or 0.0)


def _recent(money: ibis.Table, as_of: dt.date) -> ibis.Table:
    return money.filter(money.day >= ibis.literal(year_before(as_of)))


def _states(dated: ibis.Table, everyone: Mapping[str, float | None]) -> pd.DataFrame:
    """Customers and money per state; those without a known end are the rest of all."""
    names = [name for name in everyone if name != "customers"]
    found = dated.group_by("state").aggregate(
        customers=dated.count(), **{name: exact_sum(dated[name]) for name in names}
    )
    frame = (
        found.to_pyarrow().to_pandas().set_index("state").astype("float64").reindex(list(STATES)).fillna(0.0)
    )
    rest = pd.Series(everyone, dtype="float64").fillna(0.0) - frame.sum()
    frame.loc[STATES[-1]] = rest.round(_PLACES)
    if everyone["last_year"] is None:
        frame["last_year"] = float("nan")
    return frame.astype({"customers": "int64"}).reset_index()


def _by_month(soon: ibis.Table, as_of: dt.date) -> pd.DataFrame:
    months = soon.mutate(month=soon.contract_end.truncate("M"))
    found = months.group_by("month").aggregate(
        customers=months.count(), last_year=exact_sum(months.last_year)
    )
    frame = found.to_pyarrow().to_pandas()
    first = pd.Timestamp(as_of) + pd.DateOffset(days=1)
    last = pd.Timestamp(as_of) + pd.DateOffset(months=MONTHS_AHEAD)
    every = pd.date_range(first.replace(day=1), last, freq="MS", name="month")
    frame["month"] = pd.to_datetime(frame["month"])
    frame = frame.set_index("month").astype("float64").reindex(every).fillna(0.0)
    return frame.astype({"customers": "int64"}).reset_index()
