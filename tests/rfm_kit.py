"""Orders of a few customers, reduced to the tables that RFM reads."""

from __future__ import annotations

import datetime as dt
import functools

import ibis
import pandas as pd

from customer_value import reduce, rfm
from customer_value.settings import RfmSettings

AS_OF = dt.date(2024, 12, 31)
PREVIOUS = dt.date(2023, 12, 31)


def reduced(orders, as_of=AS_OF, previous=None, window_months=None):
    """Customers, snapshots (if there is an earlier date) and months of (customer, day, amount)."""
    rows = pd.DataFrame(orders, columns=["customer_id", "order_date", "amount"])
    table = ibis.memtable(rows.assign(order_date=pd.to_datetime(rows["order_date"])))
    table = table.mutate(order_date=table.order_date.cast("date"), amount=table.amount.cast("decimal(18, 2)"))
    days = reduce.customer_days(table).cache()

    def at(date, months):
        start = None if months is None else (pd.Timestamp(date) - pd.DateOffset(months=months)).date()
        found = reduce.customers_at(days, date, start)
        return found.select(as_of=ibis.literal(date), **{name: found[name] for name in found.columns})

    snapshots = None
    if previous is not None:
        snapshots = ibis.union(*(at(date, window_months or 12) for date in (previous, as_of))).to_pandas()
    customers = at(as_of, window_months).to_pandas()
    return customers, snapshots, reduce.customer_months(days, as_of).to_pandas()


def studied(orders, as_of=AS_OF, previous=None, policy=None, names=None, **options):
    """The result for such orders; the same orders and options give the same object.

    Without an earlier date nothing is compared, which halves the time.
    """
    key = repr((orders, as_of, previous, policy, names, options))
    if key not in _STUDIED:
        _STUDIED[key] = _study(orders, as_of, previous, policy, names, options)
    return _STUDIED[key]


compared = functools.partial(studied, previous=PREVIOUS)
_STUDIED = {}


def _study(orders, as_of, previous, policy, names, options):
    customers, snapshots, months = reduced(orders, as_of, previous, options.get("window_months"))
    return rfm.rfm(
        customers, as_of=as_of, currency="EUR", options=RfmSettings(**options), snapshots=snapshots,
        months=months, previous=previous, policy=policy,
        names=None if names is None else pd.DataFrame(names),
    )  # fmt: skip


def rows(result):
    """The table ``rfm`` in memory, by customer."""
    return result.tables["rfm"].to_pyarrow().to_pandas().set_index("customer_id")


def monthly(customer, start, months, amount, every=1):
    """One order on the tenth of every month, or of every few."""
    first = pd.Timestamp(start).replace(day=10)
    days = [first + pd.DateOffset(months=n) for n in range(0, months, every)]
    return [(customer, f"{day:%Y-%m-%d}", amount) for day in days]
