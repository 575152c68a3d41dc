"""Sentences about what may change: the top over time, large customers, contracts and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value.pareto.measure import Measure
from customer_value.pareto.phrases import multiple, names, part, ranks, value_label
from customer_value.text import (
    NOTHING,
    Count,
    Day,
    Listing,
    Money,
    Multiple,
    Name,
    Series,
    Share,
    Text,
    Value,
    say,
    say_for,
)
from customer_value.text.phrases import accounts, customers

if TYPE_CHECKING:
    from customer_value.pareto.analysis import Concentration

__all__ = ["findings", "next_steps", "warnings"]

_KEPT_MOST = 0.6
_SAME = 0.95
"""Effective customers after the roll-up, as a share of those before, from which little changes."""

_PERIODS = {"year": say("year"), "quarter": say("quarter")}


def findings(result: Concentration) -> list[Text]:
    """What happened at the top, and what hangs on customers, contracts and groups."""
    return [_stability(result), _moves(result), _risk(result), _contracts(result), _groups(result)]


def next_steps(result: Concentration) -> list[Text]:
    """Whom to see about it."""
    return [_renew_list(result), _win_back(result), _renew_contracts(result), _see_groups(result)]


def warnings(result: Concentration) -> list[Text]:
    """Parents that lead nowhere."""
    rollup = result.rollup
    if rollup is None or not rollup.circular:
        return []
    return [
        say(
            "The parents of {accounts} run in a circle ({first}): such an account has no head and counts as a "
            "customer of its own in the roll-up.",
            accounts=accounts(rollup.circular),
            first=Listing(tuple(map(Name, rollup.circular_examples)), most=5),
        )
    ]


def _stability(result: Concentration) -> Text:
    complete = None if result.periods is None else result.periods[result.periods["complete"]]
    if complete is None or len(complete) < 2 or not ranks(result.main):
        return NOTHING
    shares = complete["top_share_value"].dropna()
    top = Share(result.options.top_share)
    parts = []
    if len(shares) >= 2:
        parts.append(
            say(
                "Over the {periods} the top {top} of active customers held {range} of {value}",
                periods=_complete_periods(result.period, len(shares)),
                top=top,
                range=_range(shares),
                value=value_label(result.value),
            )
        )
    if result.top_retained is not None:
        parts.append(
            say(
                "{retained} of the top {top} of the {period} before the latest complete one were in the top {top} "
                "again",
                retained=Share(result.top_retained),
                top=top,
                period=_PERIODS[result.period],
            )
        )
    return say("{parts}.", parts=Series(tuple(parts))) if parts else NOTHING


def _complete_periods(kind: str, number: int) -> Text:
    if kind == "year":
        return say_for(number, "{n} complete year", "{n} complete years")
    return say_for(number, "{n} complete quarter", "{n} complete quarters")


def _moves(result: Concentration) -> Text:
    last = _last_moves(result)
    if last is None or not ranks(result.main):
        return NOTHING
    before, now, row = last
    return say(
        "From {before} to {now}, {left}; {entered}.",
        before=before,
        now=now,
        left=_left(result, row),
        entered=_entered(result, row),
    )


def _left(result: Concentration, row: pd.Series) -> Text:
    if not row["left"]:
        return say("nobody left the top")
    silent = NOTHING
    if row["left_gone"]:
        silent = say(", {n} of them nothing any more", n=Count(row["left_gone"]))
    return say(
        "{customers} left the top: {before} of {value} before, {after} after{silent}",
        customers=customers(row["left"]),
        before=Money(row["left_before"], result.currency),
        value=value_label(result.value),
        after=Money(row["left_now"], result.currency),
        silent=silent,
    )


def _entered(result: Concentration, row: pd.Series) -> Text:
    if not row["entered"]:
        return say("nobody entered it")
    fresh = NOTHING
    if row["entered_new"]:
        fresh = say(", {n} of them from nothing", n=Count(row["entered_new"]))
    return say(
        "{n} entered it: {before} before, {after} after{fresh}",
        n=Count(row["entered"]),
        before=Money(row["entered_before"], result.currency),
        after=Money(row["entered_now"], result.currency),
        fresh=fresh,
    )


def _risk(result: Concentration) -> Text:
    if not len(result.risk):
        return NOTHING
    row = result.risk.iloc[-1]
    parts = [
        _without(result.measures[value], row, result.currency)
        for value in dict.fromkeys([result.value, result.pyramid_value])
        if round(float(row[value]), 2)
    ]
    if not parts:
        return NOTHING
    return say_for(
        int(row["leaving"]),
        "Without the largest customer {changes}.",
        "Without the {n} largest customers {changes}.",
        changes=Listing(tuple(parts)),
    )


def _without(found: Measure, row: pd.Series, currency: str) -> Text:
    """What is left of a value, and how that compares with the total."""
    left, gone = float(row[f"{found.value}_remaining"]), float(row[found.value])
    change = NOTHING
    if found.has_shares and not found.heavy_losses and gone:
        size = Multiple(abs(gone) / found.total)
        change = say(" ({size} less)", size=size) if gone > 0 else say(" ({size} more)", size=size)
    return say(
        "{value} would be {left} instead of {total}{change}",
        value=value_label(found.value),
        left=Money(left, currency),
        total=Money(found.total, currency),
        change=change,
    )


def _contracts(result: Concentration) -> Text:
    found = result.contracts
    if found is None or result.as_of is None:
        return NOTHING
    soon = found.of("ends soon")
    number, as_of = int(soon["customers"]), Day(result.as_of)
    if not number:
        return say("No contract is known to end in the 12 months after {as_of}.", as_of=as_of)
    return say_for(
        number,
        "The contracts of {n} customer end in the 12 months after {as_of}; it brought {brought}.",
        "The contracts of {n} customers end in the 12 months after {as_of}; they brought {brought}.",
        as_of=as_of,
        brought=_brought(result, soon),
    )


def _brought(result: Concentration, soon: pd.Series) -> Text:
    """What those whose contracts end soon bought, in the last year where that is known."""
    found = result.contracts
    if found is None or found.last_year_from is None:
        return part(result.main, float(soon[result.value]), result.currency)
    everyone, amount = float(found.states["last_year"].sum()), float(soon["last_year"])
    share = NOTHING
    if everyone > 0 and amount >= 0:
        share = say(", {share} of all", share=Share(amount / everyone))
    return say(
        "{money} of {value} since {start}{share}",
        money=Money(amount, result.currency),
        value=value_label(result.value),
        start=Day(found.last_year_from),
        share=share,
    )


def _groups(result: Concentration) -> Text:
    rollup = result.rollup
    if rollup is None:
        return NOTHING
    if not rollup.groups:
        return say("No two customers have the same parent account, so a roll-up to groups changes nothing.")
    before, after = result.main, rollup.measures[result.value]
    counted: dict[str, Value] = {
        "accounts": accounts(rollup.accounts),
        "groups": say_for(rollup.groups, "{n} group", "{n} groups"),
        "customers": customers(rollup.customers),
        "before": Count(before.customers),
    }
    few, fewer = before.effective_customers.value, after.effective_customers.value
    ten, ten_after = before.largest[10].value, after.largest[10].value
    if few is None or fewer is None or ten is None or ten_after is None:
        return say(
            "{accounts} belong to {groups}. Counted as groups there are {customers} instead of {before}.",
            **counted,
        )
    value = value_label(before.value)
    largest = say(
        "the ten largest hold {after} of {value} instead of {before}",
        after=Share(ten_after),
        value=value,
        before=Share(ten),
    )
    if before.customers <= 10:
        largest = say(
            "the largest holds {share} of {value}", share=Share(after.largest[1].value or 0), value=value
        )
    verdict = say("more depends on few than single accounts show")
    if fewer >= _SAME * few:
        verdict = say("this hardly changes how much hangs on how few")
    return say(
        "{accounts} belong to {groups}. Counted as groups there are {customers} instead of {before}, and {largest}: "
        "{verdict}.",
        **counted,
        largest=largest,
        verdict=verdict,
    )


def _renew_list(result: Concentration) -> Text:
    kept = result.top_retained
    if kept is None or not ranks(result.main):
        return NOTHING
    values: dict[str, Value] = {"period": _PERIODS[result.period], "top": Share(result.options.top_share)}
    if kept >= _KEPT_MOST:
        return say(
            "The list of top customers can stand for a {period}: {kept} of the top {top} stayed at the top.",
            kept=Share(kept),
            **values,
        )
    if kept > 0:
        return say(
            "Renew the list of top customers every {period}: only {kept} of the top {top} stayed at the top, so a list "
            "made once is soon wrong.",
            kept=Share(kept),
            **values,
        )
    return say(
        "Renew the list of top customers every {period}: nobody of the top {top} stayed at the top, so a list made "
        "once is soon wrong.",
        **values,
    )


def _win_back(result: Concentration) -> Text:
    last = _last_moves(result)
    left = result.moved[result.moved["move"] == "left"]
    if last is None or not len(left) or not ranks(result.main):
        return NOTHING
    before, now, row = last
    return say(
        "Ask those who left the top why they buy less ({earlier} in {before}, {later} in {now}), first {names}.",
        earlier=Money(row["left_before"], result.currency),
        before=before,
        later=Money(row["left_now"], result.currency),
        now=now,
        names=names(left),
    )


def _renew_contracts(result: Concentration) -> Text:
    found = result.contracts
    if found is None or not len(found.soonest):
        return NOTHING
    return say_for(
        int(found.of("ends soon")["customers"]),
        "Start talks on the {n} contract that ends within 12 months before a competitor does, first with {names}.",
        "Start talks on the {n} contracts that end within 12 months before a competitor does, first with {names}.",
        names=names(found.soonest),
    )


def _see_groups(result: Concentration) -> Text:
    rollup = result.rollup
    if rollup is None or not len(rollup.largest):
        return NOTHING
    first = rollup.largest.iloc[0]
    return say(
        "Agree terms with the head of a group once for all its accounts; the largest group, {name}, has {accounts} and "
        "{money} of {value}.",
        name=names(rollup.largest, 1),
        accounts=accounts(first["accounts"]),
        money=Money(first[result.value], result.currency),
        value=value_label(result.value),
    )


def _last_moves(result: Concentration) -> tuple[Name, Name, pd.Series] | None:
    """Labels of the last two neighbouring complete periods and the moves between them."""
    frame = result.periods
    if frame is None:
        return None
    both = frame["complete"] & frame["complete"].shift(fill_value=False) & frame["retained"].notna()
    if not both.any():
        return None
    last = int(frame.index[both][-1])
    before, now = (Name(str(frame.loc[row, "period"])) for row in (last - 1, last))
    return before, now, frame.loc[last]


def _range(shares: pd.Series) -> Value:
    low, high = Multiple(shares.min()), Multiple(shares.max())
    if multiple(low.times) == multiple(high.times):
        return low
    return say("{low} to {high}", low=low, high=high)
