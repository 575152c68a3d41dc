"""Sentences about what may change: the top over time, large customers, contracts and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.pareto.measure import Measure
from customer_value.pareto.phrases import multiple, names, part, ranks

if TYPE_CHECKING:
    from customer_value.pareto.analysis import Concentration

__all__ = ["findings", "next_steps", "warnings"]

_KEPT_MOST = 0.6
_ENDINGS = ("_before", "_now")
_SAME = 0.95
"""Effective customers after the roll-up, as a share of those before, from which little changes."""


def findings(result: Concentration) -> list[str]:
    """What happened at the top, and what hangs on customers, contracts and groups."""
    return [_stability(result), _moves(result), _risk(result), _contracts(result), _groups(result)]


def next_steps(result: Concentration) -> list[str]:
    """Whom to see about it."""
    return [_renew_list(result), _win_back(result), _renew_contracts(result), _see_groups(result)]


def warnings(result: Concentration) -> list[str]:
    """Parents that lead nowhere."""
    rollup = result.rollup
    if rollup is None or not rollup.circular:
        return []
    first = words.listing([words.plain(example) for example in rollup.circular_examples], most=5)
    number = words.count(rollup.circular, "account")
    return [
        f"The parents of {number} run in a circle ({first}): such an account has no head and counts as a "
        f"customer of its own in the roll-up."
    ]


def _stability(result: Concentration) -> str:
    complete = None if result.periods is None else result.periods[result.periods["complete"]]
    if complete is None or len(complete) < 2 or not ranks(result.main):
        return ""
    shares = complete["top_share_value"].dropna()
    share = words.percent(result.options.top_share)
    parts = []
    if len(shares) >= 2:
        parts.append(
            f"Over the {words.count(len(shares), f'complete {result.period}')} the top {share} of active "
            f"customers held {_range(shares)} of {result.main.name}"
        )
    if result.top_retained is not None:
        parts.append(
            f"{words.percent(result.top_retained)} of the top {share} of the {result.period} before the "
            f"latest complete one were in the top {share} again"
        )
    return f"{'; '.join(parts)}." if parts else ""


def _moves(result: Concentration) -> str:
    last = _last_moves(result)
    if last is None or not ranks(result.main):
        return ""
    before, now, row = last
    money = {name: words.money(row[name], result.currency) for name in row.index if name.endswith(_ENDINGS)}
    left, entered = "nobody left the top", "nobody entered it"
    if row["left"]:
        silent = f", {words.count(row['left_gone'])} of them nothing any more" if row["left_gone"] else ""
        left = (
            f"{words.count(row['left'], 'customer')} left the top: {money['left_before']} of "
            f"{result.main.name} before, {money['left_now']} after{silent}"
        )
    if row["entered"]:
        fresh = f", {words.count(row['entered_new'])} of them from nothing" if row["entered_new"] else ""
        entered = (
            f"{words.count(row['entered'])} entered it: {money['entered_before']} before, "
            f"{money['entered_now']} after{fresh}"
        )
    return f"From {before} to {now}, {left}; {entered}."


def _risk(result: Concentration) -> str:
    if not len(result.risk):
        return ""
    row = result.risk.iloc[-1]
    number = int(row["leaving"])
    who = "the largest customer" if number == 1 else f"the {words.count(number)} largest customers"
    values = dict.fromkeys([result.value, result.pyramid_value])
    parts = [
        _without(result.measures[value], row, result.currency)
        for value in values
        if round(float(row[value]), 2)
    ]
    return f"Without {who} {words.listing(parts)}." if parts else ""


def _without(found: Measure, row: pd.Series, currency: str) -> str:
    """What is left of a value, and how that compares with the total."""
    left, gone = float(row[f"{found.value}_remaining"]), float(row[found.value])
    text = (
        f"{found.name} would be {words.money(left, currency)} instead of {words.money(found.total, currency)}"
    )
    if not found.has_shares or found.heavy_losses or not gone:
        return text
    return f"{text} ({multiple(abs(gone) / found.total)} {'less' if gone > 0 else 'more'})"


def _contracts(result: Concentration) -> str:
    found = result.contracts
    if found is None or result.as_of is None:
        return ""
    soon = found.of("ends soon")
    number = int(soon["customers"])
    if not number:
        return f"No contract is known to end in the 12 months after {words.day(result.as_of)}."
    text = (
        f"The contracts of {words.count(number, 'customer')} end in the 12 months after {words.day(result.as_of)}; "
        f"{words.verb(number, 'it', 'they')} brought "
    )
    if found.last_year_from is None:
        return f"{text}{part(result.main, float(soon[result.value]), result.currency)}."
    everyone = float(found.states["last_year"].sum())
    amount = float(soon["last_year"])
    share = f", {words.percent(amount / everyone)} of all" if everyone > 0 and amount >= 0 else ""
    return (
        f"{text}{words.money(amount, result.currency)} of {result.main.name} since "
        f"{words.day(found.last_year_from)}{share}."
    )


def _groups(result: Concentration) -> str:
    rollup = result.rollup
    if rollup is None:
        return ""
    if not rollup.groups:
        return "No two customers have the same parent account, so a roll-up to groups changes nothing."
    before, after = result.main, rollup.measures[result.value]
    text = (
        f"{words.count(rollup.accounts, 'account')} belong to {words.count(rollup.groups, 'group')}. Counted as "
        f"groups there are {words.count(rollup.customers, 'customer')}"
    )
    few, fewer = before.effective_customers.value, after.effective_customers.value
    ten, ten_after = before.largest[10].value, after.largest[10].value
    if few is None or fewer is None or ten is None or ten_after is None:
        return f"{text} instead of {words.count(before.customers)}."
    largest = (
        f"the ten largest hold {words.percent(ten_after)} of {before.name} instead of {words.percent(ten)}"
    )
    if before.customers <= 10:
        largest = f"the largest holds {words.percent(after.largest[1].value or 0)} of {before.name}"
    verdict = "more depends on few than single accounts show"
    if fewer >= _SAME * few:
        verdict = "this hardly changes how much hangs on how few"
    return f"{text} instead of {words.count(before.customers)}, and {largest}: {verdict}."


def _renew_list(result: Concentration) -> str:
    kept = result.top_retained
    if kept is None or not ranks(result.main):
        return ""
    share = words.percent(result.options.top_share)
    if kept < _KEPT_MOST:
        stayed = f"only {words.percent(kept)} of" if kept > 0 else "nobody of"
        return (
            f"Renew the list of top customers every {result.period}: {stayed} the top {share} stayed at the "
            "top, so a list made once is soon wrong."
        )
    return (
        f"The list of top customers can stand for a {result.period}: {words.percent(kept)} of the top "
        f"{share} stayed at the top."
    )


def _win_back(result: Concentration) -> str:
    last = _last_moves(result)
    left = result.moved[result.moved["move"] == "left"]
    if last is None or not len(left) or not ranks(result.main):
        return ""
    before, now, row = last
    return (
        f"Ask those who left the top why they buy less ({words.money(row['left_before'], result.currency)} in "
        f"{before}, {words.money(row['left_now'], result.currency)} in {now}), first {names(left)}."
    )


def _renew_contracts(result: Concentration) -> str:
    found = result.contracts
    if found is None or not len(found.soonest):
        return ""
    number = int(found.of("ends soon")["customers"])
    return (
        f"Start talks on the {words.count(number, 'contract')} that {words.verb(number, 'ends', 'end')} within 12 "
        f"months before a competitor does, first with {names(found.soonest)}."
    )


def _see_groups(result: Concentration) -> str:
    rollup = result.rollup
    if rollup is None or not len(rollup.largest):
        return ""
    first = rollup.largest.iloc[0]
    amount = words.money(first[result.value], result.currency)
    return (
        f"Agree terms with the head of a group once for all its accounts; the largest group, "
        f"{names(rollup.largest, 1)}, has {words.count(first['accounts'], 'account')} and {amount} of "
        f"{result.main.name}."
    )


def _last_moves(result: Concentration) -> tuple[str, str, pd.Series] | None:
    """Labels of the last two neighbouring complete periods and the moves between them."""
    frame = result.periods
    if frame is None:
        return None
    both = frame["complete"] & frame["complete"].shift(fill_value=False) & frame["retained"].notna()
    if not both.any():
        return None
    last = int(frame.index[both][-1])
    return str(frame.loc[last - 1, "period"]), str(frame.loc[last, "period"]), frame.loc[last]


def _range(shares: pd.Series) -> str:
    low, high = multiple(shares.min()), multiple(shares.max())
    return low if low == high else f"{low} to {high}"
