"""What to do next about loyalty, with names, written from the result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import RELATIVE
from customer_value.loyalty.names import RANKED_BY
from customer_value.loyalty.sentences import without_preference
from customer_value.reliability import GOOD
from customer_value.survey import MINIMUM
from customer_value.text import NOTHING, Count, Listing, Money, Name, Number, Share, Text, Value, say

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = ["next_steps"]

_NAMED = 5


def next_steps(result: LoyaltyMatrix) -> tuple[Text, ...]:
    """Whom to talk to about what, with names."""
    if not result.with_orders:
        return _without_orders(result)
    if result.customers.empty:
        return (say("Check the orders and the report's date: there is no purchase to work with."),)
    if result.status != "placed":
        return _how_to_survey(result)
    parts = (
        _cultivate(result),
        _secure(result),
        _protect(result),
        _win(result),
        _ask_next(result),
        _declare(result),
        _mend_scales(result),
        _ask_more_people(result),
        say(
            "Repeat the survey in a year with the same items: who has moved between the cells, and who has left, "
            "shows whether the matrix foretells anything here."
        ),
    )
    return tuple(part for part in parts if part)


def _names(table: pd.DataFrame) -> Listing:
    shown = [_one(row.name, row.customer_id) for row in rows_of(table[["name", "customer_id"]].head(_NAMED))]
    left = len(table) - len(shown)
    more = [say("{n} more", n=Count(left))] if left else []
    return Listing((*shown, *more), most=_NAMED + 1)


def _one(name: str, customer_id: str) -> Value:
    identity = Name(customer_id, most=20)
    if name == customer_id:
        return identity
    return say("{name} ({identity})", name=Name(name, most=40), identity=identity)


def _cultivate(result: LoyaltyMatrix) -> Text:
    table = result.priorities["latent"]
    if table.empty:
        return NOTHING
    if table["ranked_by"].iloc[0] != "annual_potential":
        return say(
            "Ask the latent loyal with the highest revenue what keeps them from buying more: {names}. Add "
            "annual_potential to the customer file, to know where it pays most.",
            names=_names(table),
        )
    open_part = (table["annual_potential"] - table["year_revenue"].fillna(0)).clip(lower=0).sum()
    return say(
        "Ask the latent loyal with high potential what keeps them from buying more: {names}. Together they buy about "
        "{money} a year elsewhere or not at all.",
        names=_names(table),
        money=Money(float(open_part), result.currency, short=True),
    )


def _secure(result: LoyaltyMatrix) -> Text:
    table = result.priorities["inert"]
    if table.empty:
        return NOTHING
    return say(
        "Find out what holds the inert loyal with high revenue before a competitor does: {names}. They brought {money} "
        "so far {without_preference}; give them a reason, or a contract, to stay.",
        names=_names(table),
        money=Money(float(table["net_revenue"].sum()), result.currency, short=True),
        without_preference=without_preference(result),
    )


def _protect(result: LoyaltyMatrix) -> Text:
    table = result.priorities["true"]
    if table.empty:
        return NOTHING
    return say(
        "Look after the truly loyal with the highest {by}, and ask them for referrals: {names}.",
        by=RANKED_BY[str(table["ranked_by"].iloc[0])],
        names=_names(table),
    )


def _win(result: LoyaltyMatrix) -> Text:
    table = result.priorities["none"]
    if table.empty:
        return NOTHING
    return say(
        "Decide which of the largest customers that are not loyal are worth winning: {names}. Serve the others where "
        "it costs least.",
        names=_names(table),
    )


def _without_orders(result: LoyaltyMatrix) -> tuple[Text, ...]:
    first = say(
        "Add the orders to the settings, with the customer ids that the survey uses: then the matrix shows which of "
        "the respondents also buy."
    )
    parts = (
        _mark_items(result),
        first,
        _few(result),
        _no_rivals(result),
        _ask_the_share(result),
        _declare(result),
        _mend_scales(result),
    )
    return tuple(part for part in parts if part)


def _mark_items(result: LoyaltyMatrix) -> Text:
    if result.survey is None or len(result.opinions):
        return NOTHING
    return say(
        "Mark in the codebook which items ask for attitude, perceived performance or overall judgement (column "
        "aspect), and make the report again."
    )


def _ask_the_share(result: LoyaltyMatrix) -> Text:
    if result.survey is None or result.status != "no_orders":
        return NOTHING
    percentages = result.survey.items[result.survey.items["scale"] == "percentage"]["item"].tolist()
    if percentages:
        return say(
            "If {items} asks which share of its purchases somebody makes here, name it in the settings (loyalty: "
            "stated_share): then the matrix can be drawn from the survey alone.",
            items=Listing(tuple(map(Name, percentages)), either=True),
        )
    return say(
        "Ask in the next survey which share of its purchases in the category somebody makes here, in percent: then the "
        "matrix can be drawn from the survey alone."
    )


def _no_rivals(result: LoyaltyMatrix) -> Text:
    if result.opinions.empty or result.opinions["attitude_source"].iloc[-1] == RELATIVE:
        return NOTHING
    return say(
        "Ask for a rating of the main competitors on the same attributes and the same scale in the next survey; "
        "preference is the difference."
    )


def _few(result: LoyaltyMatrix) -> Text:
    if result.opinions.empty or result.opinions["respondents"].iloc[-1] >= MINIMUM:
        return NOTHING
    return _win_answers()


def _win_answers() -> Text:
    return say(
        "Win more answers: at least {minimum} respondents are needed, and far more for firm shares.",
        minimum=Count(MINIMUM),
    )


def _ask_next(result: LoyaltyMatrix) -> Text:
    rest = result.customers[result.customers["cell"] == "not_surveyed"]
    total = float(result.customers["net_revenue"].sum())
    table = rest.sort_values(["net_revenue", "customer_id"], ascending=[False, True]).head(_NAMED)
    amount = float(table["net_revenue"].sum())
    if table.empty or amount <= 0:
        return NOTHING
    return say(
        "Ask the largest customers without a place next: {names} brought {money} of net revenue{share}.",
        names=_names(table),
        money=Money(amount, result.currency, short=True),
        share=say(" ({share} of all)", share=Share(amount / total)) if total >= amount else NOTHING,
    )


def _declare(result: LoyaltyMatrix) -> Text:
    if result.survey is None:
        return NOTHING
    latest = result.survey.latest_reliability
    scales = latest.loc[latest["opposed"] != "", "scale"]
    if scales.empty:
        return NOTHING
    return say(
        "Look at the wording of the items of {scales}, declare the reversed ones in the codebook (column reversed), "
        "and make the report again.",
        scales=Listing(tuple(map(Name, scales))),
    )


def _mend_scales(result: LoyaltyMatrix) -> Text:
    if result.survey is None:
        return NOTHING
    latest = result.survey.latest_reliability
    weak = latest[(latest["reliability"] < GOOD) & (latest["items"] > 2) & (latest["opposed"] == "")]
    items = result.survey.item_rest.merge(weak[["wave", "scale", "alpha"]], on=["wave", "scale"])
    better = items[items["alpha_if_dropped"] > items["alpha"] + 0.02]
    better = better.sort_values(["alpha_if_dropped", "item"], ascending=[False, True]).drop_duplicates(
        "scale"
    )
    if better.empty:
        return NOTHING
    advice = tuple(
        say(
            "{scale} without item {item} would reach {better} instead of {now}",
            scale=Name(row.scale),
            item=Name(row.item),
            better=Number(row.alpha_if_dropped),
            now=Number(row.alpha),
        )
        for row in rows_of(better)
    )
    return say(
        "Mend the weak scales before the next survey: Cronbach's alpha of {advice}.", advice=Listing(advice)
    )


def _ask_more_people(result: LoyaltyMatrix) -> Text:
    close = result.placed[result.placed["within_one_error"]]
    single = int((close["respondents"] == 1).sum())
    if single < MINIMUM:
        return NOTHING
    return say(
        "Ask a second person at the {n} accounts near the attitude cut where only one person answered; one answer is "
        "too little to place them.",
        n=Count(single),
    )


def _how_to_survey(result: LoyaltyMatrix) -> tuple[Text, ...]:
    steps = (
        {
            "no_survey": say(
                "Run a short survey and name its file and codebook in the settings (survey, survey_items)."
            ),
            "not_linked": say(
                "Bring the customer ids of the survey and of the orders together, and map customer_id."
            ),
            "no_attitude": say(
                "Add items on attitude or perceived performance, with aspect attitude or perceived."
            ),
            "too_few": _win_answers(),
        }[result.status],
        say(
            "Ask for a rating of this company and of its two main competitors on the same attributes and the same "
            "scale; preference is the difference."
        ),
        _sample(len(result.customers)),
        _begin(result),
    )
    return tuple(step for step in steps if step)


def _sample(everyone: int) -> Text:
    """How many answers are enough."""
    if everyone < 2 * MINIMUM:
        return NOTHING
    return say(
        "{n} answers from a random choice of customers would tell the share that prefers this company to within 10 "
        "points.",
        n=Count(math.ceil(96.04 / (1 + (96.04 - 1) / everyone))),
    )


def _begin(result: LoyaltyMatrix) -> Text:
    customers = result.customers.sort_values(["net_revenue", "customer_id"], ascending=[False, True])
    total = float(customers["net_revenue"].sum())
    if not total > 0:
        return NOTHING
    top = customers.head(_NAMED)
    share = float(top["net_revenue"].sum()) / total
    if share > 1:
        return say("Begin with the largest customers: {names}.", names=_names(top))
    return say(
        "Begin with the largest customers, {share} of net revenue: {names}.",
        share=Share(share),
        names=_names(top),
    )
