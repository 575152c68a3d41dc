"""Sentences about each part of RFM: what was found, with its numbers, true for any data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from customer_value.display import Prose
from customer_value.rfm.names import BEST, NOT_YET, OUTSIDE, PORTFOLIO, SEGMENTS, TEXTBOOK_GROUPS
from customer_value.rfm.phrases import DIMENSION_NAMES, label, labels, scores
from customer_value.rfm.portfolio import months_back, year_end
from customer_value.rfm.prediction import (
    FEW,
    GROUPINGS,
    GROUPINGS_FIRST,
    Prediction,
    Separation,
    shown_groups,
)
from customer_value.rfm.proposal import proposed_cutoffs
from customer_value.text import (
    NOTHING,
    Count,
    Day,
    Listing,
    Money,
    Name,
    Series,
    Share,
    Text,
    Value,
    say,
    say_for,
)
from customer_value.text.phrases import customers, months, paragraph

if TYPE_CHECKING:
    from customer_value.rfm.analysis import Rfm

__all__ = ["SMALL_BASE", "TOPICS", "remark", "sentences"]

SMALL_BASE = 200
"""Customers below which quantiles move with every single customer."""

_CLEAR = 1.1
_LONGEST_SETTING = 400
_TRENDS = {
    1: say("newer customers come back more often."),
    0: say("no more of a change than chance explains."),
    -1: say("newer customers come back less often."),
}
_ONE_SCORE = {
    "recency_score": say("the recency score"),
    "frequency_score": say("the frequency score"),
    "monetary_score": say("the money score"),
}
_TIE_LINES = {
    "Customers without an order in the window": say("customers without an order in the window"),
    "Customers without a purchase": say("customers without a purchase"),
    "Orders and returns before the window": say("orders and returns before the window"),
}
"""Line of the table ``rfm_tie`` to its name within a sentence."""


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


def sentences(result: Rfm, topic: str) -> tuple[Text, ...]:
    """The sentences of `remark`."""
    return tuple(part for part in TOPICS[topic](result) if part)


def _cutoffs(result: Rfm) -> list[Text]:
    if not result.customers:
        return [say("Nobody is scored, so there are no cut-offs.")]
    first, *others = DIMENSION_NAMES
    clauses = [_sizes(result, first, say("Recency"))]
    clauses += [_sizes(result, name, DIMENSION_NAMES[name]) for name in others]
    return [say("Sizes of the groups. {dimensions}.", dimensions=Series(tuple(clauses))), _empty(result)]


def _sizes(result: Rfm, name: str, title: Text) -> Text:
    own = result.cutoffs[(result.cutoffs["dimension"] == name) & (result.cutoffs["customers"] > 0)]
    big, small = own.loc[own["customers"].idxmax()], own.loc[own["customers"].idxmin()]
    if len(own) == 1:
        return say("{dimension}: all have {score}", dimension=title, score=Count(big["score"]))
    if big["customers"] == small["customers"]:
        return say(
            "{dimension}: {customers} with each score", dimension=title, customers=customers(big["customers"])
        )
    return say(
        "{dimension}: from {fewest} with score {rare} to {most} with score {common}",
        dimension=title,
        fewest=customers(small["customers"]),
        rare=Count(small["score"]),
        most=Count(big["customers"]),
        common=Count(big["score"]),
    )


def _empty(result: Rfm) -> Text:
    if not result.empty_scores:
        return say("Every score from 1 to 5 has customers.")
    return say("Nobody has {scores}.", scores=scores(result.empty_scores))


def _proposal(result: Rfm) -> list[Text]:
    if not result.customers:
        return [say("Nobody is scored, so there is nothing to propose.")]
    fixed = [name for name in DIMENSION_NAMES if getattr(result.options.cutoffs, name) is not None]
    if len(fixed) == len(DIMENSION_NAMES):
        return [say("All cut-offs are fixed: the same figures get the same scores in every period.")]
    fifth = result.customers / 5
    if result.customers >= SMALL_BASE:
        return [
            say(
                "{customers} are enough for quantiles: one score holds about {fifth}, so one customer more or less "
                "moves a limit little. To compare periods, fix the cut-offs all the same.",
                customers=customers(result.customers),
                fifth=Count(fifth),
            )
        ]
    settings = ", ".join(
        f"{name}: [{', '.join(_number(value) for value in four)}]"
        for name, four in proposed_cutoffs(result.cutoffs).items()
        if name not in fixed
    )
    return [
        say(
            "Under {base} customers quantiles are not stable: with {number} of them each is {one} of the base, and a "
            "score holds about {fifth}. When one buyer joins or leaves, the limits move and others change their "
            "score without having done anything.",
            base=Count(SMALL_BASE),
            number=Count(result.customers),
            one=Share(1 / result.customers),
            fifth=customers(max(fifth, 1)),
        ),
        say(
            "Fixed cut-offs stay. Round numbers near the present ones, to put under rfm in the settings: {setting}. "
            "Recency: most days for the scores 5, 4, 3 and 2; the others: least for 2, 3, 4 and 5.",
            setting=Name(f"cutoffs: {{{settings}}}", _LONGEST_SETTING),
        ),
    ]


def _map(result: Rfm) -> list[Text]:
    if not result.customers:
        return [say("Nobody is scored, so the map is empty.")]
    best = result.segments[result.segments["segment"].isin(BEST)]
    number = int(best["customers"].sum())
    if not number:
        return [
            say(
                "Nobody is in {best}, the two segments that are recent and frequent.",
                best=labels(BEST, either=True),
            ),
            _not_away(result),
        ]
    money = NOTHING
    if result.total > 0:
        share = best["net_revenue"].sum() / result.total
        money = say(", with {share} of net revenue", share=Share(share))
    return [
        say_for(
            number,
            "{n} customer ({share}) is in {best}, recent and frequent{money}.",
            "{n} customers ({share}) are in {best}, recent and frequent{money}.",
            share=Share(number / result.customers),
            best=labels(BEST),
            money=money,
        ),
        _not_away(result),
    ]


def _not_away(result: Rfm) -> Text:
    """Who has a name of its own because nobody need miss it yet."""
    number = result.not_away
    if not number:
        return NOTHING
    return say_for(
        number,
        "{n} customer with recency 1 to 3 has been silent for no longer than usual between two orders, and so has the "
        "name that recency 4 gives: the score is a rank, and somebody is always last.",
        "{n} customers with recency 1 to 3 have been silent for no longer than usual between two orders, and so have "
        "the name that recency 4 gives: the score is a rank, and somebody is always last.",
    )


def _tie(result: Rfm) -> list[Text]:
    whole = result.tie.set_index("line")["net_revenue"]
    scored = Money(float(whole["Scored customers"]), result.currency)
    others = [
        say("{money} of {whose}", money=Money(float(whole[line]), result.currency), whose=whose)
        for line, whose in _TIE_LINES.items()
        if round(whole[line], 2)
    ]
    if not others:
        return [
            say(
                "The segments add to {scored}, which is the net revenue of all orders that were kept.",
                scored=scored,
            )
        ]
    return [
        say(
            "The segments add to {scored}; with {others} that is {all}, the net revenue of all orders that were kept.",
            scored=scored,
            others=Listing(tuple(others)),
            all=Money(float(whole["All orders"]), result.currency),
        )
    ]


def _eight(result: Rfm) -> list[Text]:
    if not result.customers:
        return [say("Nobody is scored, so there are no classes.")]
    frame = result.classes["eight_class"]
    important = frame.iloc[:4]
    number, money = int(important["customers"].sum()), float(important["net_revenue"].sum())
    parts = [paragraph(_important(result, number, money), _largest_class(frame))]
    same = [
        name
        for name in DIMENSION_NAMES
        if (own := result.cutoffs[result.cutoffs["dimension"] == name])["lowest"].min()
        == own["highest"].max()
    ]
    away = frame.iloc[[1, 3]]
    gone = int(away["customers"].sum())
    if gone and "recency" not in same:
        parts.append(
            say_for(
                gone,
                "{n} important customer has low recency: together they brought {money}.",
                "{n} important customers have low recency: together they brought {money}.",
                money=Money(float(away["net_revenue"].sum()), result.currency),
            )
        )
    elif number and not gone:
        parts.append(say("No important customer has low recency."))
    if same:
        parts.append(
            say(
                "All have the same {dimensions}, which therefore says nothing here.",
                dimensions=Listing(tuple(DIMENSION_NAMES[name] for name in same)),
            )
        )
    return parts


def _important(result: Rfm, number: int, money: float) -> Text:
    values: dict[str, Value] = {
        "all": Count(result.customers),
        "kind": say("money per order") if result.per_order else say("money"),
    }
    if result.total > 0:
        return say_for(
            number,
            "{n} customer of {all} is important ({kind} above the threshold) and brings {share} of net revenue.",
            "{n} customers of {all} are important ({kind} above the threshold) and bring {share} of net revenue.",
            share=Share(money / result.total),
            **values,
        )
    return say_for(
        number,
        "{n} customer of {all} is important ({kind} above the threshold).",
        "{n} customers of {all} are important ({kind} above the threshold).",
        **values,
    )


def _largest_class(frame: Any) -> Text:
    biggest = _biggest(frame)
    return say(
        "The largest class is {class_} with {customers} ({share}).",
        class_=label(biggest["eight_class"]),
        customers=customers(biggest["customers"]),
        share=Share(biggest["customer_share"]),
    )


def _portfolio(result: Rfm) -> list[Text]:
    frame = result.classes.get("portfolio_group")
    if frame is None or not frame["customers"].sum():
        return [say("There are no customers with a purchase, so there are no portfolio groups.")]
    number, biggest = int(frame["customers"].sum()), _biggest(frame)
    named = int(frame.loc[frame["portfolio_group"].isin(TEXTBOOK_GROUPS), "customers"].sum())
    rest = NOTHING
    if named != number:
        rest = say("; the others have names of their own, so that nobody is in a rest")
    parts = [
        say(
            "The seven groups of the textbook hold {named} of {all}{rest}. The largest group is {group} with "
            "{customers} ({share}).",
            named=Count(named),
            all=customers(number),
            rest=rest,
            group=label(biggest["portfolio_group"]),
            customers=customers(biggest["customers"]),
            share=Share(biggest["customer_share"]),
        )
    ]
    parts += [_lost(result, frame), _short_history(result)]
    fewer, less = result.shrinking
    if fewer:
        parts.append(
            say_for(
                fewer,
                "Stable is whoever is in no other state: {n} of those customers has brought less than 80% of the year "
                "before, {money} less in all.",
                "Stable is whoever is in no other state: {n} of those customers have brought less than 80% of the "
                "year before, {money} less in all.",
                money=Money(less, result.currency),
            )
        )
    return parts


def _lost(result: Rfm, frame: Any) -> Text:
    """The customers with high contribution that stay away, and their money."""
    lost = frame[frame["portfolio_group"].isin([PORTFOLIO["High", "lost"], PORTFOLIO["High", "long lost"]])]
    gone, money = int(lost["customers"].sum()), float(lost["net_revenue"].sum())
    total = float(frame["net_revenue"].sum())
    if not gone:
        return say("No customer with high contribution has been silent for more than half a year.")
    return say_for(
        gone,
        "{n} customer with high contribution in the last 24 months has not bought for more than half a year: {money} "
        "of net revenue{share}.",
        "{n} customers with high contribution in the last 24 months have not bought for more than half a year: "
        "{money} of net revenue{share}.",
        money=Money(money, result.currency),
        share=say(" ({share})", share=Share(money / total)) if total > 0 else NOTHING,
    )


def _biggest(frame: Any) -> Any:
    """The row of a segmentation with most customers."""
    held = frame[frame["customers"] > 0]
    return held.loc[held["customers"].idxmax()]


def _short_history(result: Rfm) -> Text:
    """Where the orders do not fill the two years that are compared."""
    end = year_end(result.as_of)
    if result.origin is None or result.origin <= months_back(end, 24):
        return NOTHING
    if result.origin >= months_back(end, 12):
        return say(
            "The orders begin on {origin}, so there is no year before the last to compare with: nobody can be "
            "growing or seasonal yet.",
            origin=Day(result.origin),
        )
    return say(
        "The orders begin on {origin}, so the last 12 months are compared with less than a year: more customers look "
        "as if they were growing than are.",
        origin=Day(result.origin),
    )


def _migration(result: Rfm) -> list[Text]:
    found = result.migration
    if found is None:
        return [_nothing_before(result)]
    flows = found.flows
    known = flows[flows["segment_then"].isin(SEGMENTS)]
    number = int(known["customers"].sum())
    same = int(known.loc[known["segment_then"] == known["segment_now"], "customers"].sum())
    silent = int(known.loc[known["segment_now"] == OUTSIDE, "customers"].sum())
    new = int(flows.loc[flows["segment_then"] == NOT_YET, "customers"].sum())
    moved = say_for(
        same,
        "Of {customers} with an order in the {months} to {previous}, {n} ({same_share}) is in the same segment on "
        "{as_of} and {silent} ({silent_share}) did not order in the {months} to that date.",
        "Of {customers} with an order in the {months} to {previous}, {n} ({same_share}) are in the same segment on "
        "{as_of} and {silent} ({silent_share}) did not order in the {months} to that date.",
        customers=customers(number),
        months=months(found.window_months),
        previous=Day(found.previous),
        same_share=Share(same / number),
        as_of=Day(found.as_of),
        silent=Count(silent),
        silent_share=Share(silent / number),
    )
    come = say("Nobody has come since.")
    if new:
        come = say_for(new, "{n} customer has come since.", "{n} customers have come since.")
    parts = [paragraph(moved, come)]
    if not found.whole_window:
        parts.append(
            say(
                "The data do not reach back to the beginning of the earlier window, so it holds less than {months}: "
                "read the comparison with care.",
                months=months(found.window_months),
            )
        )
    return parts


def _left(result: Rfm) -> list[Text]:
    found = result.migration
    if found is None:
        return []
    number, then, now = found.moves["left"]
    stayed, _, _ = found.moves["stayed"]
    if not number + stayed:
        either = labels(BEST, either=True)
        return [say("Nobody was in {best} on {previous}.", best=either, previous=Day(found.previous))]
    if not number:
        return [
            say("Nobody left {best}: all {stayed} are still there.", best=labels(BEST), stayed=Count(stayed))
        ]
    values: dict[str, Value] = {
        "number": Count(number),
        "customers": customers(number + stayed),
        "best": labels(BEST),
        "then": Money(then, result.currency),
        "now": Money(now, result.currency),
    }
    if then > now:
        return [
            say(
                "{number} of {customers} left {best}. Their net revenue went from {then} to {now}: {lost} less.",
                lost=Money(then - now, result.currency),
                **values,
            )
        ]
    return [
        say(
            "{number} of {customers} left {best}. Their net revenue went from {then} to {now}: nothing was lost, they "
            "order less often or lately but spend as much.",
            **values,
        )
    ]


def _joined(result: Rfm) -> list[Text]:
    found = result.migration
    if found is None:
        return []
    number, then, now = found.moves["joined"]
    if not number:
        return [say("Nobody is new in {best}.", best=labels(BEST))]
    values: dict[str, Value] = {
        "best": labels(BEST),
        "compared": _compared(number, found.moves["left"][0]),
        "money": Money(abs(now - then), result.currency),
    }
    if now < then:
        return [
            say_for(
                number,
                "{n} customer is new in {best}, {compared}. They brought {money} less than in the window before.",
                "{n} customers are new in {best}, {compared}. They brought {money} less than in the window before.",
                **values,
            )
        ]
    return [
        say_for(
            number,
            "{n} customer is new in {best}, {compared}. They brought {money} more than in the window before{outcome}.",
            "{n} customers are new in {best}, {compared}. They brought {money} more than in the window before"
            "{outcome}.",
            outcome=_outcome(now - then, found.lost_value, result.currency),
            **values,
        )
    ]


def _compared(joined: int, left: int) -> Text:
    """How many joined the best segments beside those that left them."""
    if joined > left:
        return say("more than the {left} that left", left=Count(left))
    if joined < left:
        return say("fewer than the {left} that left", left=Count(left))
    return say("as many as left")


def _outcome(change: float, lost: float, currency: str) -> Text:
    """Whether what was gained makes up for what was lost, if something was."""
    if not (lost > 0 and change > 0):
        return NOTHING
    money = Money(lost, currency)
    if change >= lost:
        return say(", which makes up for the {lost} of those that left", lost=money)
    return say(", which does not make up for the {lost} of those that left", lost=money)


def _prediction(result: Rfm) -> list[Text]:
    found = result.prediction
    if found is None:
        return [_nothing_before(result)]
    if not found.judged:
        return [
            say_for(
                found.customers,
                "Only {n} customer was scored on {previous}; under {few} it cannot be judged whether the segments "
                "predict.",
                "Only {n} customers were scored on {previous}; under {few} it cannot be judged whether the segments "
                "predict.",
                previous=Day(found.previous),
                few=Count(FEW),
            )
        ]
    return [
        _verdict(found, found.separations[name], result.currency)
        for name in ("segment", "eight_class", "portfolio_group")
        if name in found.separations
    ]


def _prediction_summary(result: Rfm) -> list[Text]:
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
            parts.append(say("So do {groupings}, but no better.", groupings=Listing(tuple(others))))
    parts += [_verdict(found, found.separations[name], result.currency) for name in poor]
    return [paragraph(*parts)]


def _scores(result: Rfm) -> list[Text]:
    found = result.prediction
    if found is None or not found.judged:
        return []
    names = (*_ONE_SCORE, "weighted_score")
    parts = [_verdict(found, found.separations[name], result.currency) for name in names]
    known = {n: v for n in _ONE_SCORE if (v := found.separations[n].cramers_v) is not None}
    if known and any(found.separations[name].buying for name in known):
        best = max(known, key=lambda name: known[name])
        parts.append(say("Of the three, {score} tells best who buys again.", score=_ONE_SCORE[best]))
    return parts


def _verdict(found: Prediction, one: Separation, currency: str) -> Text:
    unchecked = _unchecked(found, one)
    if unchecked:
        return unchecked
    frame = shown_groups(found.of(one.grouping))
    values = _period_of(found, one) | {"figures": _best_and_worst(found, one, frame)}
    if not one.buying and one.money:
        return say(
            "{grouping} did not separate who buys from {previous} to {as_of}: {figures} is no more than chance or too "
            "little to act on. They do separate how much is spent.",
            **values,
        )
    if not one.buying:
        return say(
            "{grouping} did not separate who buys from {previous} to {as_of}: {figures} is no more than chance or too "
            "little to act on. Nor do they separate how much is spent.",
            **values,
        )
    if one.backwards:
        separated = say(
            "{grouping} separate who buys from {previous} to {as_of}, but the wrong way round: {figures}.",
            **values,
        )
    else:
        separated = say("{grouping} separate who buys from {previous} to {as_of}: {figures}.", **values)
    return paragraph(separated, _richest(one, frame, currency))


def _period_of(found: Prediction, one: Separation) -> dict[str, Value]:
    return {
        "grouping": GROUPINGS_FIRST[one.grouping],
        "previous": Day(found.previous),
        "as_of": Day(found.as_of),
    }


def _unchecked(found: Prediction, one: Separation) -> Text:
    """Why it cannot be said whether a grouping separates who buys; nothing where it can."""
    values = _period_of(found, one)
    if found.buyers == found.customers:
        return say(
            "{grouping} cannot be checked on who buys: all of the customers bought again from {previous} to {as_of}.",
            **values,
        )
    if not found.buyers:
        return say(
            "{grouping} cannot be checked on who buys: none of the customers bought again from {previous} to {as_of}.",
            **values,
        )
    frame = found.of(one.grouping)
    if len(frame) < 2:
        return say(
            "{grouping} put all customers in one group, so they separate nothing.",
            grouping=values["grouping"],
        )
    if one.judged:
        return NOTHING
    if shown_groups(frame)["buyers"].sum():
        return say(
            "{grouping} cannot be checked on who buys: all customers of the groups that are large enough bought again "
            "from {previous} to {as_of}.",
            **values,
        )
    return say(
        "{grouping} cannot be checked on who buys: none of the customers of the groups that are large enough bought "
        "again from {previous} to {as_of}.",
        **values,
    )


def _best_and_worst(found: Prediction, one: Separation, frame: Any) -> Text:
    best, worst = frame.loc[frame["buying_share"].idxmax()], frame.loc[frame["buying_share"].idxmin()]
    return say(
        "{best_share} of {best} bought again and {worst_share} of {worst} (all: {all})",
        best_share=Share(best["buying_share"]),
        best=_group(one, best["group"]),
        worst_share=Share(worst["buying_share"]),
        worst=_group(one, worst["group"]),
        all=Share(found.buyers / found.customers),
    )


def _richest(one: Separation, frame: Any, currency: str) -> Text:
    """Whether the groups of a grouping that separates who buys also separate how much is spent."""
    if not one.money:
        return say("How much is spent they do not separate.")
    rich = frame.loc[frame["net_revenue_per_customer"].idxmax()]
    most = float(rich["net_revenue_per_customer"])
    if not most > 0:
        return say("None of them brought any money, but some lost more than others.")
    return say(
        "The most money per customer came from {group}, {money}.",
        group=_group(one, rich["group"]),
        money=Money(most, currency),
    )


def _group(one: Separation, group: str) -> Text:
    """A group of a grouping: a segment by its name, or a score."""
    if one.grouping.endswith("_score"):
        return say("score {score}", score=Count(int(group)))
    return label(group)


def _cohorts(result: Rfm) -> list[Text]:
    found = result.cohorts
    if found is None:
        return [say("Nobody bought, so there are no cohorts.")]
    sizes = found.sizes
    parts = [
        say(
            "{customers} bought for the first time in {months}.",
            customers=customers(int(sizes.sum())),
            months=say_for(len(sizes), "{n} different month", "{n} different months"),
        )
    ]
    after = [
        say("{share} after {months}", share=Share(share[0]), months=months(month))
        for month in (1, 3, 6, 12)
        if (share := found.retention_after(month)) is not None
    ]
    if after:
        parts.append(
            say(
                "Over all cohorts old enough to know, this share of the customers bought in that month after their "
                "first: {shares}.",
                shares=Listing(tuple(after)),
            )
        )
    parts += _cohort_trend(result)
    if round(found.returns_only, 2):
        parts.append(
            say(
                "{money} belong to customers without a purchase, who are in no cohort.",
                money=Money(found.returns_only, result.currency),
            )
        )
    return parts


def _cohort_trend(result: Rfm) -> list[Text]:
    """Whether newer customers come back as often as older ones."""
    halves = result.cohorts.halves if result.cohorts else None
    if halves is None:
        return []
    (old, _, _), (new, number, _) = halves
    return [
        say(
            "In the three months after the first purchase, {new} of the customers of the newer {cohorts} bought in a "
            "month, and {old} of the older ones: {trend}",
            new=Share(new),
            cohorts=say_for(number, "{n} monthly cohort", "{n} monthly cohorts"),
            old=Share(old),
            trend=_TRENDS[_trend(*halves)],
        )
    ]


def _trend(older: tuple[float, int, int], newer: tuple[float, int, int]) -> int:
    """1 if the newer come back more often, -1 if less, 0 if by little or by what chance explains."""
    (old, _, before), (new, _, after) = older, newer
    mean = (old * before + new * after) / (before + after)
    chance = math.sqrt(mean * (1 - mean) * (1 / before + 1 / after))
    if abs(new - old) < 2 * chance or max(new, old) < _CLEAR * min(new, old):
        return 0
    return 1 if new > old else -1


def _nothing_before(result: Rfm) -> Text:
    if result.previous is None:
        return say("No earlier date is given, so there is nothing to compare with.")
    return say(
        "Nobody ordered in the window before {previous}, so there is nothing to compare with.",
        previous=Day(result.previous),
    )


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


TOPICS: Mapping[str, Callable[[Rfm], list[Text]]] = {
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
