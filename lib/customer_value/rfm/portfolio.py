"""The portfolio groups: how much a customer contributes, and what it is doing now.

*Level*, by contribution over the last 24 months (margin where cost is known, else net revenue):
high is the top tenth of the customers, low the bottom half, middle between; equal contributions
share a level. *State*, the first that holds: lost (last purchase 181 to 360 days ago), long lost
(more), reactivated (a purchase in the last 90 days after a silence of 180 days or more), seasonal
(in each of the last two years all purchases in the same one or two quarters), growing (the last 12
months at least 1.2 times the 12 before, which are above zero), new (first purchase in the last 12
months), stable. "Stable" is whoever is left: it also holds customers that buy less than before.

Months are calendar months. Where the date is not the end of a month, the years end with the last
whole month, and the days since count for contribution and season, never for growth. The silence is
exact to the day before the last purchase; before an earlier one of the last 90 days it is read from
the months (six whole ones without a purchase).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import ibis
import pandas as pd

from customer_value.expressions import EXACT_MONEY, any_bits, chosen
from customer_value.rfm.names import LEVELS, PORTFOLIO, STATES

__all__ = ["activity", "level_and_state", "months_back", "portfolio_group", "year_end"]

_QUARTER_BITS = {1: 1, 2: 2, 3: 4, 4: 8}


def year_end(date: dt.date) -> dt.date:
    """First day after the last whole month on a date.

    Examples
    --------
    >>> year_end(dt.date(2024, 12, 31)), year_end(dt.date(2024, 12, 30))
    (datetime.date(2025, 1, 1), datetime.date(2024, 12, 1))
    """
    tomorrow = date + dt.timedelta(days=1)
    return tomorrow if tomorrow.day == 1 else date.replace(day=1)


def months_back(date: dt.date, months: int) -> dt.date:
    """The same day that many months before, or the month's last day."""
    found: dt.date = (pd.Timestamp(date) - pd.DateOffset(months=months)).date()
    return found


def activity(months: ibis.Table, date: dt.date, *, begun: bool, prefix: str = "") -> dict[str, Any]:
    """Aggregates per customer over its months, from which level and state follow.

    Parameters
    ----------
    months
        customer_id, month, orders, net_revenue, [margin].
    date
        Looked back from; later months are not looked at.
    begun
        Whether the month of ``date`` counts where it is not whole (its rows must end with ``date``).
    prefix
        Put before the names.

    Returns
    -------
    dict
        Ibis aggregates: recent, earlier (contribution of the last 12 whole months and of the 12
        before), rest (of the begun month), recent_quarters, earlier_quarters (bit masks),
        before_return, return_month (month numbers).
    """
    month = months.month.cast("date")
    end = year_end(date)
    start, middle = months_back(end, 24), months_back(end, 12)
    last = date if begun else end - dt.timedelta(days=1)
    value = months["margin" if "margin" in months.columns else "net_revenue"].cast(EXACT_MONEY)
    recent, earlier = _between(month, middle, end), _between(month, start, middle)
    rest = (month >= ibis.literal(end)) & (month <= ibis.literal(last))
    bits = month.quarter().cases(*_QUARTER_BITS.items(), else_=0).cast("int8")
    number = (month.year() * 12 + month.month()).cast("int32")
    bought = months.orders > 0
    inside = month >= ibis.literal(date - dt.timedelta(days=90))
    found = {
        "recent": value.sum(where=recent),
        "earlier": value.sum(where=earlier),
        "rest": value.sum(where=rest),
        "recent_quarters": any_bits(bits, where=bought & (recent | rest)),
        "earlier_quarters": any_bits(bits, where=bought & earlier),
        "before_return": number.max(where=bought & ~inside),
        "return_month": number.min(where=bought & inside & (month <= ibis.literal(last))),
    }
    money = ("recent", "earlier", "rest")
    return {
        prefix + name: aggregate.fill_null(0).cast("float64") if name in money else aggregate
        for name, aggregate in found.items()
    }


def level_and_state(
    people: ibis.Table,
    date: dt.date,
    cuts: Sequence[float | None],
    growth: float,
    prefix: str = "",
) -> tuple[Any, Any]:
    """Level and state of each customer as Ibis expressions: places in `LEVELS` and `STATES`.

    Parameters
    ----------
    people
        recency_days, first_order, last_gap (days), the columns of `activity`, and contribution.
    date
        As of when.
    cuts
        Lowest contribution of the levels middle and high; None for a level that nobody has.
    growth
        Times the year before.
    prefix
        Of the columns.
    """
    column = {name: people[prefix + name] for name in _NEEDED}
    branches = [
        (column["contribution"] >= bound, place)
        for place, bound in enumerate(reversed(cuts))
        if bound is not None
    ]
    lowest = len(LEVELS) - 1
    level = ibis.cases(*branches, else_=lowest) if branches else ibis.literal(lowest)
    days = column["recency_days"]
    months_silent = column["return_month"] - column["before_return"] - 1
    back = (days <= 90) & ((column["last_gap"] >= 180) | (months_silent >= 6)).fill_null(False)
    place = {name: number for number, name in enumerate(STATES)}
    state = ibis.cases(
        (days > 360, place["long lost"]),
        (days > 180, place["lost"]),
        (back, place["reactivated"]),
        (_seasonal(column["recent_quarters"], column["earlier_quarters"]), place["seasonal"]),
        (_growing(column["recent"], column["earlier"], growth), place["growing"]),
        (column["first_order"] > ibis.literal(months_back(date, 12)), place["new"]),
        else_=place["stable"],
    )
    return level.cast("int8"), state.cast("int8")


def portfolio_group(level: Any, state: Any) -> Any:
    """The name of the group of a level and a state, as an Ibis expression."""
    names = [PORTFOLIO[one, other] for one in LEVELS for other in STATES]
    return chosen(names, level.cast("int64") * len(STATES) + state)


_NEEDED = (
    "recency_days", "first_order", "last_gap", "contribution", "recent", "earlier",
    "recent_quarters", "earlier_quarters", "before_return", "return_month",
)  # fmt: skip


def _between(month: Any, start: dt.date, end: dt.date) -> Any:
    return (month >= ibis.literal(start)) & (month < ibis.literal(end))


def _seasonal(recent: Any, earlier: Any) -> Any:
    recent, earlier = recent.fill_null(0), earlier.fill_null(0)
    return ((recent & earlier) != 0) & _two_bits_at_most(recent | earlier)


def _two_bits_at_most(mask: Any) -> Any:
    """Whether nothing is left without the two lowest bits; a list of masks would make the engine join."""
    rest = mask & (mask - 1)
    return (rest & (rest - 1)) == 0


def _growing(recent: Any, earlier: Any, growth: float) -> Any:
    times = Fraction(str(growth)).limit_denominator(10**4)
    more = (recent * times.denominator).round(4) >= (earlier * times.numerator).round(4)
    return (earlier > 0) & more
