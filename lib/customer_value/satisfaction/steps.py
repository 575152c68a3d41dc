"""What to do next about satisfaction and delivered value, with names, written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value.pareto.phrases import value_label
from customer_value.satisfaction.phrases import COMPONENT_NAMES, score
from customer_value.satisfaction.story import thing
from customer_value.survey import MINIMUM
from customer_value.text import NOTHING, Count, Listing, Money, Name, Text, Value, say

if TYPE_CHECKING:
    from customer_value.satisfaction.analysis import Satisfaction

__all__ = ["next_steps"]

_NAMED = 5


def next_steps(result: Satisfaction) -> tuple[Text, ...]:
    """What to mend, whom to talk to, what to ask next time."""
    if result.panel is None:
        return (
            say(
                "Win more answers: at least {fewest} respondents are needed in one wave, and about a hundred for a "
                "satisfaction index that is right to within about five points.",
                fewest=Count(MINIMUM),
            ),
        )
    parts = (
        _mend(result),
        _catch_up(result),
        _secure(result),
        _resolve(result),
        _unprofitable(result),
        _ask_next(result),
        say(
            "Ask the same questions again in a year: a single survey shows where things stand, two show whether "
            "mending helped."
        ),
    )
    return tuple(part for part in parts if part)


def _mend(result: Satisfaction) -> Text:
    if isinstance(result.importance, str) or result.importance.first is None:
        return NOTHING
    first = result.importance.first
    short = result.gaps
    gap = short[(short["level"] == "attribute") & (short["name"] == first["attribute"]) & (short["high"] < 0)]
    values: dict[str, Value] = {
        "attribute": thing(result, first["attribute"]),
        "performance": score(first["performance"]),
    }
    if len(gap):
        return say(
            "Begin with {attribute}: it matters and stands at {performance} of 100, and customers expected more than "
            "they get. Ask ten customers who gave it a low mark what went wrong, and name one person who mends it.",
            **values,
        )
    return say(
        "Begin with {attribute}: it matters and stands at {performance} of 100. Ask ten customers who gave it a low "
        "mark what went wrong, and name one person who mends it.",
        **values,
    )


def _catch_up(result: Satisfaction) -> Text:
    found = result.delivered
    if isinstance(found, str) or found.totals.empty:
        return NOTHING
    behind = found.parts[found.parts["high"] < 0].sort_values(["difference", "competitor", "component"])
    if behind.empty:
        ahead = found.parts[found.parts["low"] > 0].sort_values(
            ["difference", "competitor", "component"], ascending=[False, True, True]
        )
        if ahead.empty:
            return NOTHING
        top = ahead.iloc[0]
        return say(
            "Say in offers what speaks for this company: {component} is where it is furthest ahead of {competitor}.",
            component=COMPONENT_NAMES[str(top["component"])],
            competitor=Name(str(top["competitor"])),
        )
    worst = behind.iloc[0]
    return say(
        "Look at what {competitor} does about {component}: there it is ahead by {size} points of delivered value, the "
        "largest lead of a competitor.",
        competitor=Name(str(worst["competitor"])),
        component=COMPONENT_NAMES[str(worst["component"])],
        size=score(-worst["difference"]),
    )


def _secure(result: Satisfaction) -> Text:
    found = result.winwin
    if isinstance(found, str):
        return NOTHING
    table = found.of("company")
    table = table[table["earnings"] > 0]
    if table.empty:
        return NOTHING
    return say(
        "Visit the accounts that bring much {value} and get little value, the largest first: {accounts}. The first "
        "{number} bring {money}.",
        value=value_label(found.earnings),
        accounts=_accounts(table),
        number=Count(min(_NAMED, len(table))),
        money=Money(float(table.head(_NAMED)["earnings"].sum()), result.currency, short=True),
    )


def _resolve(result: Satisfaction) -> Text:
    if isinstance(result.complaints, str):
        return NOTHING
    gap = result.complaints.group("resolved − open")
    if pd.notna(gap["difference"]) and gap["low"] > 0:
        return say(
            "Close open complaints, the oldest first: accounts whose complaint was resolved stayed more often. Check "
            "it by noting for each complaint when it was answered and when it was resolved."
        )
    return NOTHING


def _unprofitable(result: Satisfaction) -> Text:
    found = result.winwin
    if isinstance(found, str) or found.earnings == "net_revenue":
        return NOTHING
    losing = found.accounts[(found.accounts["earnings"] < 0) & (found.accounts["quadrant"] == "customer")]
    if losing.empty:
        return NOTHING
    return say(
        "Talk about price, order size or service with the accounts that get much value and bring a loss: {accounts}.",
        accounts=_accounts(losing.sort_values(["earnings", "customer_id"])),
    )


def _ask_next(result: Satisfaction) -> Text:
    missing = []
    if "index" not in result.headline:
        missing.append(say("overall satisfaction"))
    if "nps" not in result.headline:
        missing.append(say("a recommendation from 0 to 10"))
    if result.gaps.empty:
        missing.append(say("what customers expected, attribute by attribute"))
    if isinstance(result.delivered, str):
        missing.append(say("the four benefits and the four costs (money, time, effort, worry)"))
    elif result.delivered.totals.empty:
        missing.append(say("the same attributes of the main competitor"))
    return say("Ask next time also for {missing}.", missing=Listing(tuple(missing))) if missing else NOTHING


def _accounts(table: pd.DataFrame) -> Listing:
    shown: list[Value] = [
        _one(str(name), str(customer))
        for name, customer in zip(table["name"].head(_NAMED), table["customer_id"].head(_NAMED), strict=True)
    ]
    left = len(table) - len(shown)
    if left:
        shown.append(say("{left} more", left=Count(left)))
    return Listing(tuple(shown), most=_NAMED + 1)


def _one(name: str, customer_id: str) -> Value:
    identity = Name(customer_id, most=20)
    if name == customer_id:
        return identity
    return say("{name} ({customer})", name=Name(name, most=40), customer=identity)
