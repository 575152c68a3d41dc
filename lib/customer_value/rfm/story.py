"""Sentences about recency, frequency and money, written from the figures and true for any data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_value.rfm.phrases import DIMENSION_NAMES, label, labels, scores
from customer_value.rfm.prediction import GROUPINGS
from customer_value.rfm.remarks import SMALL_BASE, sentences
from customer_value.text import NOTHING, Count, Day, Listing, Money, Name, Share, Text, say, say_for
from customer_value.text.phrases import customers, days, months

if TYPE_CHECKING:
    from customer_value.rfm.analysis import Rfm

__all__ = ["findings", "money_by_recency", "next_steps", "warnings"]

_QUIET = ("Can't lose", "At risk")
_NOT_LONG = 14
"""Days of silence that worry nobody, wherever the ranking puts a customer."""

_LONGEST_TREATMENT = 400


def findings(result: Rfm) -> tuple[Text, ...]:
    """What the scores and segments show, most important first."""
    if not result.customers:
        return (_base(result),)
    if _one_cell(result):
        return (_base(result), _sameness(result))
    parts = [
        _base(result),
        _biggest(result),
        _recent_or_quiet(result),
        _quiet(result),
        _once(result),
        _none(result),
        *sentences(result, "eight_class")[:1],
    ]
    if result.levels is not None:
        parts += sentences(result, "portfolio_group")[1:2]
    if result.migration is not None:
        parts += [*sentences(result, "left"), *sentences(result, "joined")]
    if result.prediction is not None:
        parts += sentences(result, "prediction_summary")
    if result.cohorts is not None:
        parts += sentences(result, "cohort_trend")
    return tuple(part for part in parts if part)


def next_steps(result: Rfm) -> tuple[Text, ...]:
    """What to do, the group with the most at stake first."""
    if not result.customers:
        return (
            say(
                "Check that the orders hold sales and not returns alone; without a purchase nobody can be scored."
            ),
        )
    if _one_cell(result):
        return (say("Treat these customers alike for now, and look again when their orders differ."),)
    recent, quiet = money_by_recency(result)
    keep, win_back = ("Champion", "Loyal"), _QUIET
    order = [*win_back, *keep] if quiet >= recent else [*keep, *win_back]
    order += ["New", "Potential loyalist", "Need attention", "Promising", "Lost"]
    steps = [_step(result, name) for name in order if result.segment(name)["customers"]][:5]
    steps = [*_call_back(result), *steps, *_use_what_predicts(result)]
    if not steps:
        biggest = result.segments.loc[result.segments["customers"].idxmax(), "segment"]
        steps = [_step(result, str(biggest))]
    return tuple(steps)


def warnings(result: Rfm) -> tuple[Text, ...]:
    """What limits the scores."""
    parts: list[Text] = []
    if not result.customers:
        return ()
    free = [name for name in DIMENSION_NAMES if getattr(result.options.cutoffs, name) is None]
    if result.customers < SMALL_BASE and free:
        parts.append(
            say_for(
                result.customers,
                "Only {n} customer is scored. Under {base}, the steps move with every single customer: for "
                "comparisons over time use fixed cut-offs.",
                "Only {n} customers are scored. Under {base}, the steps move with every single customer: for "
                "comparisons over time use fixed cut-offs.",
                base=Count(SMALL_BASE),
            )
        )
    if result.empty_scores:
        empty = scores(result.empty_scores)
        parts.append(
            say(
                "Nobody has {scores}: equal values share a score, and there are too few different ones to fill each.",
                scores=empty,
            )
            if len(free) == len(DIMENSION_NAMES)
            else say("Nobody has {scores} by the cut-offs in force.", scores=empty)
        )
    if result.total <= 0:
        parts.append(
            say(
                "Net revenue in the window is {total} in total, so there are no shares of it.",
                total=Money(result.total, result.currency),
            )
        )
    if result.migration is not None and not result.migration.whole_window:
        parts.append(sentences(result, "migration")[-1])
    return tuple(parts)


def money_by_recency(result: Rfm) -> tuple[float, float]:
    """Net revenue of recency scores 4 and 5, and of 1 and 2."""
    by_score = result.grid.groupby("recency_score")["net_revenue"].sum()
    return float(by_score[[4, 5]].sum()), float(by_score[[1, 2]].sum())


def _base(result: Rfm) -> Text:
    window = say("an order")
    if result.window_months is not None:
        window = say("an order in the {months} before", months=months(result.window_months))
    if not result.customers:
        return say(
            "As of {as_of}, no customer has {window}, so there are no scores and no segments.",
            as_of=Day(result.as_of),
            window=window,
        )
    return say_for(
        result.customers,
        "As of {as_of}, {n} customer with {window} is scored, with net revenue of {total}{left_out}.",
        "As of {as_of}, {n} customers with {window} are scored, with net revenue of {total}{left_out}.",
        as_of=Day(result.as_of),
        window=window,
        total=Money(result.total, result.currency),
        left_out=_left_out(result),
    )


def _left_out(result: Rfm) -> Text:
    """Who is not scored, to end a sentence; nothing where all are."""
    groups = []
    if result.outside_window:
        groups.append(say("{number} without an order in that time", number=Count(result.outside_window)))
    if result.never_bought:
        groups.append(say("{number} without any purchase", number=Count(result.never_bought)))
    return say("; left out: {groups}", groups=Listing(tuple(groups))) if groups else NOTHING


def _biggest(result: Rfm) -> Text:
    most = _row(result, "customers")
    richest = _row(result, "net_revenue")
    if richest["segment"] == most["segment"] or not richest["revenue_share"] > 0:
        return say("The largest segment is {largest}.", largest=_sized(most))
    return say(
        "The largest segment is {largest}. Most revenue comes from {richest}.",
        largest=_sized(most),
        richest=_sized(richest),
    )


def _sized(row: dict[str, Any]) -> Text:
    """A segment with its size and, where it is known, its share of the money."""
    known = row["revenue_share"] == row["revenue_share"]
    return say(
        "{segment}: {customers} ({share}){money}",
        segment=label(row["segment"]),
        customers=customers(row["customers"]),
        share=Share(row["customer_share"]),
        money=say(" with {share} of net revenue", share=Share(row["revenue_share"])) if known else NOTHING,
    )


def _recent_or_quiet(result: Rfm) -> Text:
    recent, quiet = money_by_recency(result)
    if result.total <= 0:
        return NOTHING
    if not all(_customers(result, two) for two in ((5, 4), (2, 1))):
        return say("The customers ordered about equally long ago: recency does not tell them apart.")
    shares = say(
        "customers with recency 4 or 5 (last order at most {recent_days} ago) brought {recent} of net revenue, "
        "those with 1 or 2 (last order at least {quiet_days} ago) {quiet}",
        recent_days=days(_range(result, (5, 4))["highest"].max()),
        recent=Share(recent / result.total),
        quiet_days=days(_range(result, (2, 1))["lowest"].min()),
        quiet=Share(quiet / result.total),
    )
    if recent >= 1.5 * quiet:
        return say("The money is with customers who ordered lately: {shares}.", shares=shares)
    if quiet >= 1.5 * recent:
        return say("The money is with customers who have gone quiet: {shares}.", shares=shares)
    return say("Recent and quiet customers carry similar money: {shares}.", shares=shares)


def _quiet(result: Rfm) -> Text:
    rows = [result.segment(name) for name in _QUIET]
    number = sum(row["customers"] for row in rows)
    either = labels(_QUIET[::-1], either=True)
    if not number:
        return say("No frequent customer has gone quiet: nobody is in {segments}.", segments=either)
    money = sum(row["net_revenue"] for row in rows)
    ago = sum(row["customers"] * row["recency_days"] for row in rows if row["customers"]) / number
    if ago < _NOT_LONG:
        return say_for(
            number,
            "{n} frequent customer is in {segments} because others ordered later still; the last order was only "
            "{days} ago on average.",
            "{n} frequent customers are in {segments} because others ordered later still; the last order was only "
            "{days} ago on average.",
            segments=either,
            days=days(ago),
        )
    share = NOTHING
    if result.total > 0:
        share = say(" ({share})", share=Share(money / result.total))
    return say_for(
        number,
        "{n} frequent customer has gone quiet ({segments}): {money} of net revenue{share}, last order {days} ago on "
        "average.",
        "{n} frequent customers have gone quiet ({segments}): {money} of net revenue{share}, last order {days} ago on "
        "average.",
        segments=either,
        money=Money(money, result.currency),
        share=share,
        days=days(ago),
    )


def _once(result: Rfm) -> Text:
    share = Share(result.one_order / result.customers)
    median = result.median_recency or 0
    if median < 1:
        return say(
            "{share} of the scored customers ordered once; at least half of all ordered on {as_of} itself.",
            share=share,
            as_of=Day(result.as_of),
        )
    return say(
        "{share} of the scored customers ordered once; at least half of all ordered within the last {days}.",
        share=share,
        days=days(median),
    )


def _none(result: Rfm) -> Text:
    empty = list(result.segments.loc[result.segments["customers"] == 0, "segment"])
    if set(_QUIET) <= set(empty):
        empty = [name for name in empty if name not in _QUIET]
    return say("Nobody is in {segments}.", segments=labels(empty, 11, either=True)) if empty else NOTHING


def _sameness(result: Rfm) -> Text:
    return say_for(
        result.customers,
        "One customer cannot be compared with others, so its scores say nothing.",
        "All {n} customers fall into the same recency and frequency scores: the segments do not tell them apart.",
    )


def _one_cell(result: Rfm) -> bool:
    return int((result.grid["customers"] > 0).sum()) == 1


def _step(result: Rfm, name: str) -> Text:
    row = result.segment(name)
    return say(
        "{segment} ({customers}, {money}): {treatment}",
        segment=label(name),
        customers=customers(row["customers"]),
        money=Money(row["net_revenue"], result.currency),
        treatment=Name(row["treatment"], _LONGEST_TREATMENT),
    )


def _call_back(result: Rfm) -> list[Text]:
    """The largest losses among those that left the best segments, by name."""
    found = result.migration
    if found is None:
        return []
    losses = found.leavers[found.leavers["change"] < 0].head(3)
    if not len(losses):
        return []
    names = tuple(Name(str(name), 40) for name in losses["name"])
    money = Money(-float(losses["change"].sum()), result.currency)
    if len(names) == 1:
        return [
            say(
                "Talk first to {name}: it has left the best segments and brought {money} less than in the window to "
                "{previous}.",
                name=names[0],
                money=money,
                previous=Day(found.previous),
            )
        ]
    return [
        say(
            "Talk first to {names}: they have left the best segments and brought {money} less than in the window to "
            "{previous}.",
            names=Listing(names),
            money=money,
            previous=Day(found.previous),
        )
    ]


def _use_what_predicts(result: Rfm) -> list[Text]:
    found = result.prediction
    if found is None or not found.judged or not 0 < found.buyers < found.customers:
        return []
    names = [name for name in ("segment", "eight_class", "portfolio_group") if name in found.separations]
    names = [name for name in names if found.separations[name].judged]
    weak = [GROUPINGS[name] for name in names if not found.separations[name].buying]
    if weak and len(weak) == len(names):
        return [
            say(
                "Do not plan contacts by these segments alone: in the last {months} none of them told who would buy.",
                months=months(_months(result)),
            )
        ]
    if weak:
        return [
            say(
                "Do not use {groupings} to foretell who will buy: so far they did not tell.",
                groupings=Listing(tuple(weak)),
            )
        ]
    return []


def _months(result: Rfm) -> int:
    return result.options.migration_months


def _row(result: Rfm, column: str) -> dict[str, Any]:
    return result.segment(str(result.segments.loc[result.segments[column].idxmax(), "segment"]))


def _customers(result: Rfm, two: tuple[int, int]) -> int:
    return int(result.grid.loc[result.grid["recency_score"].isin(two), "customers"].sum())


def _range(result: Rfm, two: tuple[int, int]) -> Any:
    """The days behind two recency scores."""
    return result.cutoffs[(result.cutoffs["dimension"] == "recency") & result.cutoffs["score"].isin(two)]
