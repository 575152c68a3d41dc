"""What to do next about satisfaction and delivered value, with names, written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.pareto.measure import value_name
from customer_value.satisfaction.display import point_words
from customer_value.satisfaction.story import COMPONENT_NAMES, thing
from customer_value.survey import MINIMUM

if TYPE_CHECKING:
    from customer_value.satisfaction.analysis import Satisfaction

__all__ = ["next_steps"]

_NAMED = 5


def next_steps(result: Satisfaction) -> tuple[str, ...]:
    """What to mend, whom to talk to, what to ask next time."""
    if result.panel is None:
        return (
            f"Win more answers: at least {MINIMUM} respondents are needed in one wave, and about a hundred for a "
            "satisfaction index that is right to within about five points.",
        )
    parts = (
        _mend(result),
        _catch_up(result),
        _secure(result),
        _resolve(result),
        _unprofitable(result),
        _ask_next(result),
        "Ask the same questions again in a year: a single survey shows where things stand, two show whether "
        "mending helped.",
    )
    return tuple(part for part in parts if part)


def _mend(result: Satisfaction) -> str:
    if isinstance(result.importance, str) or result.importance.first is None:
        return ""
    first = result.importance.first
    short = result.gaps
    gap = short[(short["level"] == "attribute") & (short["name"] == first["attribute"]) & (short["high"] < 0)]
    more = ", and customers expected more than they get" if len(gap) else ""
    return (
        f"Begin with {thing(result, first['attribute'])}: it matters and stands at "
        f"{point_words(first['performance'])} of "
        f"100{more}. Ask ten customers who gave it a low mark what went wrong, and name one person who mends it."
    )


def _catch_up(result: Satisfaction) -> str:
    found = result.delivered
    if isinstance(found, str) or found.totals.empty:
        return ""
    behind = found.parts[found.parts["high"] < 0].sort_values(["difference", "competitor", "component"])
    if behind.empty:
        ahead = found.parts[found.parts["low"] > 0].sort_values(
            ["difference", "competitor", "component"], ascending=[False, True, True]
        )
        if ahead.empty:
            return ""
        top = ahead.iloc[0]
        return (
            f"Say in offers what speaks for this company: {COMPONENT_NAMES[str(top['component'])]} is "
            "where it is furthest "
            f"ahead of {words.plain(top['competitor'])}."
        )
    worst = behind.iloc[0]
    return (
        f"Look at what {words.plain(worst['competitor'])} does about "
        f"{COMPONENT_NAMES[str(worst['component'])]}: there it "
        f"is ahead by {point_words(-worst['difference'])} points of delivered value, the largest lead of a "
        "competitor."
    )


def _secure(result: Satisfaction) -> str:
    found = result.winwin
    if isinstance(found, str):
        return ""
    table = found.of("company")
    table = table[table["earnings"] > 0]
    if table.empty:
        return ""
    amount = float(table.head(_NAMED)["earnings"].sum())
    return (
        f"Visit the accounts that bring much {value_name(found.earnings)} and get little value, the largest first: "
        f"{_accounts(table)}. The first {words.count(min(_NAMED, len(table)))} bring "
        f"{words.short_money(amount, result.currency)}."
    )


def _resolve(result: Satisfaction) -> str:
    if isinstance(result.complaints, str):
        return ""
    gap = result.complaints.group("resolved − open")
    if pd.notna(gap["difference"]) and gap["low"] > 0:
        return (
            "Close open complaints, the oldest first: accounts whose complaint was resolved stayed more "
            "often. Check it "
            "by noting for each complaint when it was answered and when it was resolved."
        )
    return ""


def _unprofitable(result: Satisfaction) -> str:
    found = result.winwin
    if isinstance(found, str) or found.earnings == "net_revenue":
        return ""
    losing = found.accounts[(found.accounts["earnings"] < 0) & (found.accounts["quadrant"] == "customer")]
    if losing.empty:
        return ""
    losing = losing.sort_values(["earnings", "customer_id"])
    return (
        "Talk about price, order size or service with the accounts that get much value and bring a loss: "
        f"{_accounts(losing)}."
    )


def _ask_next(result: Satisfaction) -> str:
    missing = []
    if "index" not in result.headline:
        missing.append("overall satisfaction")
    if "nps" not in result.headline:
        missing.append("a recommendation from 0 to 10")
    if result.gaps.empty:
        missing.append("what customers expected, attribute by attribute")
    if isinstance(result.delivered, str):
        missing.append("the four benefits and the four costs (money, time, effort, worry)")
    elif result.delivered.totals.empty:
        missing.append("the same attributes of the main competitor")
    return f"Ask next time also for {words.listing(missing)}." if missing else ""


def _accounts(table: pd.DataFrame) -> str:
    shown = [
        _one(str(name), str(customer))
        for name, customer in zip(table["name"].head(_NAMED), table["customer_id"].head(_NAMED), strict=True)
    ]
    left = len(table) - len(shown)
    return words.listing([*shown, *([f"{words.count(left)} more"] if left else [])], most=_NAMED + 1)


def _one(name: str, customer_id: str) -> str:
    identity = words.plain(customer_id, most=20)
    return identity if name == customer_id else f"{words.plain(name, most=40)} ({identity})"
