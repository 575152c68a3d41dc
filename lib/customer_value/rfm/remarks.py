"""Sentences about each part of RFM: what was found, with its numbers, true for any data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from customer_value import words
from customer_value.display import Prose
from customer_value.rfm.names import BEST, NOT_YET, OUTSIDE, SEGMENTS, TEXTBOOK_GROUPS
from customer_value.rfm.portfolio import months_back, year_end
from customer_value.rfm.prediction import FEW, GROUPINGS, Prediction, Separation, shown_groups
from customer_value.rfm.proposal import proposed_cutoffs

if TYPE_CHECKING:
    from customer_value.rfm.analysis import Rfm

__all__ = ["SMALL_BASE", "TOPICS", "remark", "sentences"]

SMALL_BASE = 200
"""Customers below which quantiles move with every single customer."""

_NAMES = {"recency": "recency", "frequency": "frequency", "monetary": "money"}
_CLEAR = 1.1
_TRENDS = {
    1: "newer customers come back more often.",
    0: "no more of a change than chance explains.",
    -1: "newer customers come back less often.",
}


def remark(result: Rfm, topic: str) -> Prose | None:
    """What was found on one topic, to read; None where there is nothing to say.

    Parameters
    ----------
    result
        What to speak of.
    topic
        ``cutoffs``, ``proposal``, ``map``, ``tie``, ``eight_class``, ``portfolio_group``,
        ``migration``, ``left``, ``joined``, ``prediction``, ``scores`` or ``cohorts``.
    """
    parts = sentences(result, topic)
    return Prose(parts, kind="text") if parts else None


def sentences(result: Rfm, topic: str) -> tuple[str, ...]:
    """The sentences of `remark`."""
    return tuple(part for part in TOPICS[topic](result) if part)


def _cutoffs(result: Rfm) -> list[str]:
    if not result.customers:
        return ["Nobody is scored, so there are no cut-offs."]
    parts = []
    for name, title in _NAMES.items():
        own = result.cutoffs[(result.cutoffs["dimension"] == name) & (result.cutoffs["customers"] > 0)]
        big, small = own.loc[own["customers"].idxmax()], own.loc[own["customers"].idxmin()]
        if len(own) == 1:
            parts.append(f"{title}: all have {big['score']}")
        elif big["customers"] == small["customers"]:
            parts.append(f"{title}: {words.count(big['customers'], 'customer')} with each score")
        else:
            parts.append(
                f"{title}: from {words.count(small['customers'], 'customer')} with score {small['score']} to "
                f"{words.count(big['customers'])} with score {big['score']}"
            )
    return [f"Sizes of the groups. {'; '.join(parts)}.".replace(". recency", ". Recency"), _empty(result)]


def _empty(result: Rfm) -> str:
    if not result.empty_scores:
        return "Every score from 1 to 5 has customers."
    scores = [f"{_NAMES[name]} {score}" for name, score in result.empty_scores]
    return f"Nobody has {words.listing(scores, most=15, last='or')}."


def _proposal(result: Rfm) -> list[str]:
    if not result.customers:
        return ["Nobody is scored, so there is nothing to propose."]
    fixed = [name for name in _NAMES if getattr(result.options.cutoffs, name) is not None]
    if len(fixed) == len(_NAMES):
        return ["All cut-offs are fixed: the same figures get the same scores in every period."]
    fifth = result.customers / 5
    if result.customers >= SMALL_BASE:
        return [
            f"{words.count(result.customers, 'customer')} are enough for quantiles: one score holds about "
            f"{words.count(fifth)}, so one customer more or less moves a limit little. To compare periods, fix "
            f"the cut-offs all the same."
        ]
    settings = ", ".join(
        f"{name}: [{', '.join(_number(value) for value in four)}]"
        for name, four in proposed_cutoffs(result.cutoffs).items()
        if name not in fixed
    )
    one = words.percent(1 / result.customers)
    return [
        f"Under {SMALL_BASE} customers quantiles are not stable: with {words.count(result.customers)} of them each "
        f"is {one} of the base, and a score holds about {words.count(max(fifth, 1), 'customer')}. When one buyer "
        f"joins or leaves, the limits move and others change their score without having done anything.",
        f"Fixed cut-offs stay. Round numbers near the present ones, to put under rfm in the settings: "
        f"cutoffs: {{{settings}}}. Recency: most days for the scores 5, 4, 3 and 2; the others: least for 2, 3, "
        f"4 and 5.",
    ]


def _map(result: Rfm) -> list[str]:
    if not result.customers:
        return ["Nobody is scored, so the map is empty."]
    best = result.segments[result.segments["segment"].isin(BEST)]
    number = int(best["customers"].sum())
    if not number:
        return [
            f"Nobody is in {words.listing(BEST, last='or')}, the two segments that are recent and frequent.",
            _not_away(result),
        ]
    text = (
        f"{words.count(number, 'customer')} ({words.percent(number / result.customers)}) "
        f"{words.verb(number, 'is', 'are')} in {words.listing(BEST)}, recent and frequent"
    )
    if result.total > 0:
        text += f", with {words.percent(best['net_revenue'].sum() / result.total)} of net revenue"
    return [f"{text}.", _not_away(result)]


def _not_away(result: Rfm) -> str:
    """Who has a name of its own because nobody need miss it yet."""
    number = result.not_away
    if not number:
        return ""
    return (
        f"{words.count(number, 'customer')} with recency 1 to 3 {words.verb(number, 'has', 'have')} been silent for no "
        f"longer than usual between two orders, and so {words.verb(number, 'has', 'have')} the name that recency 4 "
        "gives: the score is a rank, and somebody is always last."
    )


def _tie(result: Rfm) -> list[str]:
    whole = result.tie.set_index("line")["net_revenue"]
    scored, everything = float(whole["Scored customers"]), float(whole["All orders"])
    text = f"The segments add to {words.money(scored, result.currency)}"
    others = [
        f"{words.money(money, result.currency)} of {name[0].lower()}{name[1:]}"
        for name, money in whole.items()
        if name not in ("Scored customers", "All orders") and round(money, 2)
    ]
    if not others:
        return [f"{text}, which is the net revenue of all orders that were kept."]
    return [
        f"{text}; with {words.listing(others)} that is {words.money(everything, result.currency)}, the net "
        f"revenue of all orders that were kept."
    ]


def _eight(result: Rfm) -> list[str]:
    if not result.customers:
        return ["Nobody is scored, so there are no classes."]
    frame = result.classes["eight_class"]
    important = frame.iloc[:4]
    number, money = int(important["customers"].sum()), float(important["net_revenue"].sum())
    kind = "money per order" if result.per_order else "money"
    text = (
        f"{words.count(number, 'customer')} of {words.count(result.customers)} "
        f"{words.verb(number, 'is', 'are')} important ({kind} above the threshold)"
    )
    if result.total > 0:
        text += f" and {words.verb(number, 'brings', 'bring')} {words.percent(money / result.total)} of net revenue"
    held = frame[frame["customers"] > 0]
    biggest = held.loc[held["customers"].idxmax()]
    parts = [
        f"{text}. The largest class is {biggest['eight_class']} with "
        f"{words.count(biggest['customers'], 'customer')} ({words.percent(biggest['customer_share'])})."
    ]
    same = [
        _NAMES[name]
        for name in _NAMES
        if (own := result.cutoffs[result.cutoffs["dimension"] == name])["lowest"].min()
        == own["highest"].max()
    ]
    away = frame.iloc[[1, 3]]
    gone = int(away["customers"].sum())
    if gone and _NAMES["recency"] not in same:
        parts.append(
            f"{words.count(gone, 'important customer')} {words.verb(gone, 'has', 'have')} low recency: together "
            f"they brought {words.money(float(away['net_revenue'].sum()), result.currency)}."
        )
    elif number and not gone:
        parts.append("No important customer has low recency.")
    if same:
        parts.append(f"All have the same {words.listing(same)}, which therefore says nothing here.")
    return parts


def _portfolio(result: Rfm) -> list[str]:
    frame = result.classes.get("portfolio_group")
    if frame is None or not frame["customers"].sum():
        return ["There are no customers with a purchase, so there are no portfolio groups."]
    number, total = int(frame["customers"].sum()), float(frame["net_revenue"].sum())
    held = frame[frame["customers"] > 0]
    biggest = held.loc[held["customers"].idxmax()]
    named = int(frame.loc[frame["portfolio_group"].isin(TEXTBOOK_GROUPS), "customers"].sum())
    rest = "" if named == number else "; the others have names of their own, so that nobody is in a rest"
    parts = [
        f"The seven groups of the textbook hold {words.count(named)} of {words.count(number, 'customer')}{rest}. "
        f"The largest group is "
        f"{biggest['portfolio_group']} with {words.count(biggest['customers'], 'customer')} "
        f"({words.percent(biggest['customer_share'])})."
    ]
    lost = frame[frame["portfolio_group"].str.startswith(("High lost", "High long lost"))]
    gone = int(lost["customers"].sum())
    if gone:
        share = f" ({words.percent(lost['net_revenue'].sum() / total)})" if total > 0 else ""
        parts.append(
            f"{words.count(gone, 'customer')} with high contribution in the last 24 months "
            f"{words.verb(gone, 'has', 'have')} not bought for more than half a year: "
            f"{words.money(float(lost['net_revenue'].sum()), result.currency)} of net revenue{share}."
        )
    else:
        parts.append("No customer with high contribution has been silent for more than half a year.")
    parts.append(_short_history(result))
    fewer, money = result.shrinking
    if fewer:
        parts.append(
            f"Stable is whoever is in no other state: {words.count(fewer)} of those customers "
            f"{words.verb(fewer, 'has', 'have')} brought less than 80% of the year before, "
            f"{words.money(money, result.currency)} less in all."
        )
    return parts


def _short_history(result: Rfm) -> str:
    """Where the orders do not fill the two years that are compared."""
    end = year_end(result.as_of)
    if result.origin is None or result.origin <= months_back(end, 24):
        return ""
    if result.origin >= months_back(end, 12):
        return (
            f"The orders begin on {words.day(result.origin)}, so there is no year before the last to compare "
            f"with: nobody can be growing or seasonal yet."
        )
    return (
        f"The orders begin on {words.day(result.origin)}, so the last 12 months are compared with less than a "
        f"year: more customers look as if they were growing than are."
    )


def _migration(result: Rfm) -> list[str]:
    found = result.migration
    if found is None:
        return [_nothing_before(result)]
    flows = found.flows
    known = flows[flows["segment_then"].isin(SEGMENTS)]
    number = int(known["customers"].sum())
    same = int(known.loc[known["segment_then"] == known["segment_now"], "customers"].sum())
    silent = int(known.loc[known["segment_now"] == OUTSIDE, "customers"].sum())
    new = int(flows.loc[flows["segment_then"] == NOT_YET, "customers"].sum())
    parts = [
        f"Of {words.count(number, 'customer')} with an order in the "
        f"{words.count(found.window_months, 'month')} to {words.day(found.previous)}, {words.count(same)} "
        f"({words.percent(same / number)}) {words.verb(same, 'is', 'are')} in the same segment on "
        f"{words.day(found.as_of)} and {words.count(silent)} ({words.percent(silent / number)}) did not order in "
        f"the {words.count(found.window_months, 'month')} to that date. "
        f"{words.count(new, 'customer') if new else 'Nobody'} {words.verb(new or 1, 'has', 'have')} come since."
    ]
    if not found.whole_window:
        parts.append(
            f"The data do not reach back to the beginning of the earlier window, so it holds less than "
            f"{words.count(found.window_months, 'month')}: read the comparison with care."
        )
    return parts


def _left(result: Rfm) -> list[str]:
    found = result.migration
    if found is None:
        return []
    number, then, now = found.moves["left"]
    stayed, _, _ = found.moves["stayed"]
    if not number + stayed:
        return [f"Nobody was in {words.listing(BEST, last='or')} on {words.day(found.previous)}."]
    if not number:
        return [f"Nobody left {words.listing(BEST)}: all {words.count(stayed)} are still there."]
    lost = then - now
    text = (
        f"{words.count(number)} of {words.count(number + stayed, 'customer')} left {words.listing(BEST)}. Their "
        f"net revenue went from {words.money(then, result.currency)} to {words.money(now, result.currency)}: "
    )
    if lost > 0:
        return [f"{text}{words.money(lost, result.currency)} less."]
    return [f"{text}nothing was lost, they order less often or lately but spend as much."]


def _joined(result: Rfm) -> list[str]:
    found = result.migration
    if found is None:
        return []
    number, then, now = found.moves["joined"]
    if not number:
        return [f"Nobody is new in {words.listing(BEST)}."]
    left, lost = found.moves["left"][0], found.lost_value
    compare = f"more than the {words.count(left)} that left" if number > left else (
        f"fewer than the {words.count(left)} that left" if number < left else "as many as left"
    )  # fmt: skip
    change = now - then
    direction = "more" if change >= 0 else "less"
    text = (
        f"{words.count(number, 'customer')} {words.verb(number, 'is', 'are')} new in {words.listing(BEST)}, "
        f"{compare}. They brought {words.money(abs(change), result.currency)} {direction} than in the window before"
    )
    if lost > 0 and change > 0:
        verdict = "makes up for" if change >= lost else "does not make up for"
        text += f", which {verdict} the {words.money(lost, result.currency)} of those that left"
    return [f"{text}."]


def _prediction(result: Rfm) -> list[str]:
    found = result.prediction
    if found is None:
        return [_nothing_before(result)]
    if not found.judged:
        return [
            f"Only {words.count(found.customers, 'customer')} {words.verb(found.customers, 'was', 'were')} scored "
            f"on {words.day(found.previous)}; under {FEW} it cannot be judged whether the segments predict."
        ]
    return [
        _verdict(found, found.separations[name], result.currency)
        for name in ("segment", "eight_class", "portfolio_group")
        if name in found.separations
    ]


def _prediction_summary(result: Rfm) -> list[str]:
    """The verdict on the three segmentations in two sentences."""
    found = result.prediction
    if found is None or not found.judged or not 0 < found.buyers < found.customers:
        return _prediction(result)[:1]
    names = [name for name in ("segment", "eight_class", "portfolio_group") if name in found.separations]
    good = [name for name in names if found.separations[name].buying]
    poor = [name for name in names if name not in good]
    parts = []
    if good:
        best = max(good, key=lambda name: found.separations[name].cramers_v or 0.0)
        parts.append(_verdict(found, found.separations[best], result.currency))
        others = [GROUPINGS[name] for name in good if name != best]
        if others:
            parts.append(f"So do {words.listing(others)}, but no better.")
    parts += [_verdict(found, found.separations[name], result.currency) for name in poor]
    return [" ".join(parts)]


def _scores(result: Rfm) -> list[str]:
    found = result.prediction
    if found is None or not found.judged:
        return []
    names = ("recency_score", "frequency_score", "monetary_score", "weighted_score")
    parts = [_verdict(found, found.separations[name], result.currency) for name in names]
    known = {n: v for n in names[:3] if (v := found.separations[n].cramers_v) is not None}
    if known and any(found.separations[name].buying for name in known):
        best = max(known, key=lambda name: known[name])
        parts.append(
            f"Of the three, {GROUPINGS[best].removesuffix('s')} tells best who buys again.".replace(
                "the ", "the ", 1
            )
        )
    return parts


def _verdict(found: Prediction, one: Separation, currency: str) -> str:
    name = GROUPINGS[one.grouping]
    span = f"from {words.day(found.previous)} to {words.day(found.as_of)}"
    if found.buyers in (0, found.customers):
        who = "all" if found.buyers else "none"
        return f"{_upper(name)} cannot be checked on who buys: {who} of the customers bought again {span}."
    frame = found.of(one.grouping)
    if len(frame) < 2:
        return f"{_upper(name)} put all customers in one group, so they separate nothing."
    frame = shown_groups(frame)
    if not one.judged:
        who = "all customers" if frame["buyers"].sum() else "none of the customers"
        return (
            f"{_upper(name)} cannot be checked on who buys: {who} of the groups that are large enough bought again "
            f"{span}."
        )
    best, worst = frame.loc[frame["buying_share"].idxmax()], frame.loc[frame["buying_share"].idxmin()]
    label = "score " if one.grouping.endswith("_score") else ""
    figures = (
        f"{words.percent(best['buying_share'])} of {label}{best['group']} bought again and "
        f"{words.percent(worst['buying_share'])} of {label}{worst['group']} (all: "
        f"{words.percent(found.buyers / found.customers)})"
    )
    if not one.buying:
        text = (
            f"{_upper(name)} did not separate who buys {span}: {figures} is no more than chance or too little "
            f"to act on."
        )
        return text + (
            " They do separate how much is spent."
            if one.money
            else " Nor do they separate how much is spent."
        )
    money = ""
    if one.money:
        rich = frame.loc[frame["net_revenue_per_customer"].idxmax()]
        most = float(rich["net_revenue_per_customer"])
        money = (
            f" The most money per customer came from {label}{rich['group']}, {words.money(most, currency)}."
            if most > 0
            else " None of them brought any money, but some lost more than others."
        )
    else:
        money = " How much is spent they do not separate."
    if one.backwards:
        return f"{_upper(name)} separate who buys {span}, but the wrong way round: {figures}.{money}"
    return f"{_upper(name)} separate who buys {span}: {figures}.{money}"


def _cohorts(result: Rfm) -> list[str]:
    found = result.cohorts
    if found is None:
        return ["Nobody bought, so there are no cohorts."]
    sizes = found.sizes
    parts = [
        f"{words.count(int(sizes.sum()), 'customer')} bought for the first time in "
        f"{words.count(len(sizes), 'different month')}."
    ]
    after = [
        f"{words.percent(share[0])} after {words.count(month, 'month')}"
        for month in (1, 3, 6, 12)
        if (share := found.retention_after(month)) is not None
    ]
    if after:
        parts.append(
            f"Over all cohorts old enough to know, this share of the customers bought in that month after their "
            f"first: {words.listing(after)}."
        )
    parts += _cohort_trend(result)
    if round(found.returns_only, 2):
        parts.append(
            f"{words.money(found.returns_only, result.currency)} belong to customers without a purchase, who are "
            f"in no cohort."
        )
    return parts


def _cohort_trend(result: Rfm) -> list[str]:
    """Whether newer customers come back as often as older ones."""
    halves = result.cohorts.halves if result.cohorts else None
    if halves is None:
        return []
    (old, _, _), (new, number, _) = halves
    return [
        f"In the three months after the first purchase, {words.percent(new)} of the customers of the newer "
        f"{words.count(number, 'monthly cohort')} bought in a month, and {words.percent(old)} of the older "
        f"ones: {_TRENDS[_trend(*halves)]}"
    ]


def _trend(older: tuple[float, int, int], newer: tuple[float, int, int]) -> int:
    """1 if the newer come back more often, -1 if less, 0 if by little or by what chance explains."""
    (old, _, before), (new, _, after) = older, newer
    mean = (old * before + new * after) / (before + after)
    chance = math.sqrt(mean * (1 - mean) * (1 / before + 1 / after))
    if abs(new - old) < 2 * chance or max(new, old) < _CLEAR * min(new, old):
        return 0
    return 1 if new > old else -1


def _nothing_before(result: Rfm) -> str:
    if result.previous is None:
        return "No earlier date is given, so there is nothing to compare with."
    return f"Nobody ordered in the window before {words.day(result.previous)}, so there is nothing to compare with."


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


TOPICS: Mapping[str, Callable[[Rfm], list[str]]] = {
    "cutoffs": _cutoffs,
    "proposal": _proposal,
    "map": _map,
    "tie": _tie,
    "eight_class": _eight,
    "portfolio_group": _portfolio,
    "migration": _migration,
    "left": _left,
    "joined": _joined,
    "prediction": _prediction,
    "scores": _scores,
    "prediction_summary": _prediction_summary,
    "cohorts": _cohorts,
    "cohort_trend": _cohort_trend,
}
