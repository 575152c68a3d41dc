"""Sentences about recency, frequency and money, written from the figures and true for any data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_value import words
from customer_value.rfm.prediction import GROUPINGS
from customer_value.rfm.remarks import SMALL_BASE, sentences

if TYPE_CHECKING:
    from customer_value.rfm.analysis import Rfm

__all__ = ["findings", "money_by_recency", "next_steps", "warnings"]

_QUIET = ("Can't lose", "At risk")
_NOT_LONG = 14
"""Days of silence that worry nobody, wherever the ranking puts a customer."""

_DIMENSIONS = {"recency": "recency", "frequency": "frequency", "monetary": "money"}


def findings(result: Rfm) -> tuple[str, ...]:
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


def next_steps(result: Rfm) -> tuple[str, ...]:
    """What to do, the group with the most at stake first."""
    if not result.customers:
        return (
            "Check that the orders hold sales and not returns alone; without a purchase nobody can be scored.",
        )
    if _one_cell(result):
        return ("Treat these customers alike for now, and look again when their orders differ.",)
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


def warnings(result: Rfm) -> tuple[str, ...]:
    """What limits the scores."""
    parts: list[str] = []
    if not result.customers:
        return ()
    free = [name for name in _DIMENSIONS if getattr(result.options.cutoffs, name) is None]
    if result.customers < SMALL_BASE and free:
        parts.append(
            f"Only {words.count(result.customers, 'customer')} {words.verb(result.customers, 'is', 'are')} "
            f"scored. Under {SMALL_BASE}, the steps move with every single customer: for comparisons over time "
            f"use fixed cut-offs."
        )
    if result.empty_scores:
        scores = [f"{_DIMENSIONS[name]} {score}" for name, score in result.empty_scores]
        parts.append(
            f"Nobody has {words.listing(scores, most=15, last='or')}: equal values share a score, and there "
            f"are too few different ones to fill each."
            if len(free) == len(_DIMENSIONS)
            else f"Nobody has {words.listing(scores, most=15, last='or')} by the cut-offs in force."
        )
    if result.total <= 0:
        parts.append(
            f"Net revenue in the window is {words.money(result.total, result.currency)} in total, so there "
            f"are no shares of it."
        )
    if result.migration is not None and not result.migration.whole_window:
        parts.append(sentences(result, "migration")[-1])
    return tuple(parts)


def money_by_recency(result: Rfm) -> tuple[float, float]:
    """Net revenue of recency scores 4 and 5, and of 1 and 2."""
    by_score = result.grid.groupby("recency_score")["net_revenue"].sum()
    return float(by_score[[4, 5]].sum()), float(by_score[[1, 2]].sum())


def _base(result: Rfm) -> str:
    window = (
        "an order"
        if result.window_months is None
        else (f"an order in the {words.count(result.window_months, 'month')} before")
    )
    if not result.customers:
        return f"As of {words.day(result.as_of)}, no customer has {window}, so there are no scores and no segments."
    text = (
        f"As of {words.day(result.as_of)}, {words.count(result.customers, 'customer')} with {window} "
        f"{words.verb(result.customers, 'is', 'are')} scored, with net revenue of "
        f"{words.money(result.total, result.currency)}"
    )
    left = []
    if result.outside_window:
        left.append(f"{words.count(result.outside_window)} without an order in that time")
    if result.never_bought:
        left.append(f"{words.count(result.never_bought)} without any purchase")
    return f"{text}; left out: {words.listing(left)}." if left else f"{text}."


def _biggest(result: Rfm) -> str:
    most = _row(result, "customers")
    richest = _row(result, "net_revenue")
    text = f"The largest segment is {most['segment']}: {_size(result, most)}{_revenue(most)}"
    if richest["segment"] == most["segment"] or not richest["revenue_share"] > 0:
        return f"{text}."
    return (
        f"{text}. Most revenue comes from {richest['segment']}: {_size(result, richest)}{_revenue(richest)}."
    )


def _recent_or_quiet(result: Rfm) -> str:
    recent, quiet = money_by_recency(result)
    if result.total <= 0:
        return ""
    if not all(_customers(result, scores) for scores in ((5, 4), (2, 1))):
        return "The customers ordered about equally long ago: recency does not tell them apart."
    shares = (
        f"customers with recency 4 or 5{_days(result, (5, 4), 'at most')} brought "
        f"{words.percent(recent / result.total)} of net revenue, those with 1 or 2"
        f"{_days(result, (2, 1), 'at least')} {words.percent(quiet / result.total)}"
    )
    if recent >= 1.5 * quiet:
        return f"The money is with customers who ordered lately: {shares}."
    if quiet >= 1.5 * recent:
        return f"The money is with customers who have gone quiet: {shares}."
    return f"Recent and quiet customers carry similar money: {shares}."


def _quiet(result: Rfm) -> str:
    rows = [result.segment(name) for name in _QUIET]
    number = sum(row["customers"] for row in rows)
    if not number:
        return "No frequent customer has gone quiet: nobody is in At risk or Can't lose."
    money = sum(row["net_revenue"] for row in rows)
    days = sum(row["customers"] * row["recency_days"] for row in rows if row["customers"]) / number
    if days < _NOT_LONG:
        return (
            f"{words.count(number, 'frequent customer')} {words.verb(number, 'is', 'are')} in At risk or Can't "
            f"lose because others ordered later still; the last order was only {words.count(days, 'day')} ago "
            f"on average."
        )
    share = f" ({words.percent(money / result.total)})" if result.total > 0 else ""
    return (
        f"{words.count(number, 'frequent customer')} {words.verb(number, 'has', 'have')} gone quiet (At risk "
        f"or Can't lose): {words.money(money, result.currency)} of net revenue{share}, last order "
        f"{words.count(days, 'day')} ago on average."
    )


def _once(result: Rfm) -> str:
    share = words.percent(result.one_order / result.customers)
    days = result.median_recency or 0
    half = f"within the last {words.count(days, 'day')}"
    if days < 1:
        half = f"on {words.day(result.as_of)} itself"
    return f"{share} of the scored customers ordered once; at least half of all ordered {half}."


def _none(result: Rfm) -> str:
    empty = list(result.segments.loc[result.segments["customers"] == 0, "segment"])
    if set(_QUIET) <= set(empty):
        empty = [name for name in empty if name not in _QUIET]
    return f"Nobody is in {words.listing(empty, most=11, last='or')}." if empty else ""


def _sameness(result: Rfm) -> str:
    who = words.count(result.customers, "customer")
    if result.customers == 1:
        return "One customer cannot be compared with others, so its scores say nothing."
    return f"All {who} fall into the same recency and frequency scores: the segments do not tell them apart."


def _one_cell(result: Rfm) -> bool:
    return int((result.grid["customers"] > 0).sum()) == 1


def _step(result: Rfm, name: str) -> str:
    row = result.segment(name)
    return (
        f"{name} ({words.count(row['customers'], 'customer')}, "
        f"{words.money(row['net_revenue'], result.currency)}): {row['treatment']}"
    )


def _call_back(result: Rfm) -> list[str]:
    """The largest losses among those that left the best segments, by name."""
    found = result.migration
    if found is None:
        return []
    losses = found.leavers[found.leavers["change"] < 0].head(3)
    if not len(losses):
        return []
    names = [words.plain(name, most=40) for name in losses["name"]]
    money = words.money(-float(losses["change"].sum()), result.currency)
    return [
        f"Talk first to {words.listing(names)}: {words.verb(len(names), 'it has', 'they have')} left the best "
        f"segments and brought {money} less than in the window to {words.day(found.previous)}."
    ]


def _use_what_predicts(result: Rfm) -> list[str]:
    found = result.prediction
    if found is None or not found.judged or not 0 < found.buyers < found.customers:
        return []
    names = [name for name in ("segment", "eight_class", "portfolio_group") if name in found.separations]
    names = [name for name in names if found.separations[name].judged]
    weak = [GROUPINGS[name] for name in names if not found.separations[name].buying]
    if weak and len(weak) == len(names):
        return [
            f"Do not plan contacts by these segments alone: in the last "
            f"{words.count(_months(result), 'month')} none of them told who would buy."
        ]
    if weak:
        return [f"Do not use {words.listing(weak)} to foretell who will buy: so far they did not tell."]
    return []


def _months(result: Rfm) -> int:
    return result.options.migration_months


def _row(result: Rfm, column: str) -> dict[str, Any]:
    return result.segment(str(result.segments.loc[result.segments[column].idxmax(), "segment"]))


def _size(result: Rfm, row: dict[str, Any]) -> str:
    return f"{words.count(row['customers'], 'customer')} ({words.percent(row['customer_share'])})"


def _revenue(row: dict[str, Any]) -> str:
    known = row["revenue_share"] == row["revenue_share"]
    return f" with {words.percent(row['revenue_share'])} of net revenue" if known else ""


def _customers(result: Rfm, scores: tuple[int, int]) -> int:
    return int(result.grid.loc[result.grid["recency_score"].isin(scores), "customers"].sum())


def _days(result: Rfm, scores: tuple[int, int], bound: str) -> str:
    """The days behind two scores, as an aside."""
    own = result.cutoffs[(result.cutoffs["dimension"] == "recency") & result.cutoffs["score"].isin(scores)]
    days = own["highest"].max() if bound == "at most" else own["lowest"].min()
    return f" (last order {bound} {words.count(days, 'day')} ago)"
