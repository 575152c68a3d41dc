"""What to do next about loyalty, with names, written from the result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import RELATIVE
from customer_value.loyalty.names import RANKED_BY
from customer_value.loyalty.sentences import without_preference
from customer_value.reliability import GOOD
from customer_value.survey import MINIMUM

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = ["next_steps"]

_NAMED = 5


def next_steps(result: LoyaltyMatrix) -> tuple[str, ...]:
    """Whom to talk to about what, with names."""
    if not result.with_orders:
        return _without_orders(result)
    if result.customers.empty:
        return ("Check the orders and the report's date: there is no purchase to work with.",)
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
        "Repeat the survey in a year with the same items: who has moved between the cells, and who has left, "
        "shows whether the matrix foretells anything here.",
    )
    return tuple(part for part in parts if part)


def _names(table: pd.DataFrame) -> str:
    shown = [_one(row.name, row.customer_id) for row in rows_of(table[["name", "customer_id"]].head(_NAMED))]
    left = len(table) - len(shown)
    return words.listing([*shown, *([f"{words.count(left)} more"] if left else [])], most=_NAMED + 1)


def _one(name: str, customer_id: str) -> str:
    identity = words.plain(customer_id, most=20)
    return identity if name == customer_id else f"{words.plain(name, most=40)} ({identity})"


def _cultivate(result: LoyaltyMatrix) -> str:
    table = result.priorities["latent"]
    if table.empty:
        return ""
    if table["ranked_by"].iloc[0] != "annual_potential":
        return (
            f"Ask the latent loyal with the highest revenue what keeps them from buying more: {_names(table)}. "
            "Add annual_potential to the customer file, to know where it pays most."
        )
    open_part = (table["annual_potential"] - table["year_revenue"].fillna(0)).clip(lower=0).sum()
    return (
        f"Ask the latent loyal with high potential what keeps them from buying more: {_names(table)}. Together they "
        f"buy about {words.short_money(float(open_part), result.currency)} a year elsewhere or not at all."
    )


def _secure(result: LoyaltyMatrix) -> str:
    table = result.priorities["inert"]
    if table.empty:
        return ""
    amount = words.short_money(float(table["net_revenue"].sum()), result.currency)
    return (
        f"Find out what holds the inert loyal with high revenue before a competitor does: {_names(table)}. They "
        f"brought {amount} so far {without_preference(result)}; give them a reason, or a contract, to stay."
    )


def _protect(result: LoyaltyMatrix) -> str:
    table = result.priorities["true"]
    if table.empty:
        return ""
    by = RANKED_BY[str(table["ranked_by"].iloc[0])]
    return f"Look after the truly loyal with the highest {by}, and ask them for referrals: {_names(table)}."


def _win(result: LoyaltyMatrix) -> str:
    table = result.priorities["none"]
    if table.empty:
        return ""
    return (
        f"Decide which of the largest customers that are not loyal are worth winning: {_names(table)}. "
        "Serve the others where it costs least."
    )


def _without_orders(result: LoyaltyMatrix) -> tuple[str, ...]:
    first = (
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


def _mark_items(result: LoyaltyMatrix) -> str:
    if result.survey is None or len(result.opinions):
        return ""
    return (
        "Mark in the codebook which items ask for attitude, perceived performance or overall judgement (column "
        "aspect), and make the report again."
    )


def _ask_the_share(result: LoyaltyMatrix) -> str:
    if result.survey is None or result.status != "no_orders":
        return ""
    percentages = result.survey.items[result.survey.items["scale"] == "percentage"]["item"].tolist()
    if percentages:
        names = words.listing(map(words.plain, percentages), last="or")
        return (
            f"If {names} asks which share of its purchases somebody makes here, name it in the settings "
            "(loyalty: stated_share): then the matrix can be drawn from the survey alone."
        )
    return (
        "Ask in the next survey which share of its purchases in the category somebody makes here, in percent: then the "
        "matrix can be drawn from the survey alone."
    )


def _no_rivals(result: LoyaltyMatrix) -> str:
    if result.opinions.empty or result.opinions["attitude_source"].iloc[-1] == RELATIVE:
        return ""
    return (
        "Ask for a rating of the main competitors on the same attributes and the same scale in the next survey; "
        "preference is the difference."
    )


def _few(result: LoyaltyMatrix) -> str:
    if result.opinions.empty or result.opinions["respondents"].iloc[-1] >= MINIMUM:
        return ""
    return f"Win more answers: at least {MINIMUM} respondents are needed, and far more for firm shares."


def _ask_next(result: LoyaltyMatrix) -> str:
    rest = result.customers[result.customers["cell"] == "not_surveyed"]
    total = float(result.customers["net_revenue"].sum())
    table = rest.sort_values(["net_revenue", "customer_id"], ascending=[False, True]).head(_NAMED)
    amount = float(table["net_revenue"].sum())
    if table.empty or amount <= 0:
        return ""
    share = f" ({words.percent(amount / total)} of all)" if total >= amount else ""
    return (
        f"Ask the largest customers without a place next: {_names(table)} brought "
        f"{words.short_money(amount, result.currency)} of net revenue{share}."
    )


def _declare(result: LoyaltyMatrix) -> str:
    if result.survey is None:
        return ""
    latest = result.survey.latest_reliability
    scales = latest.loc[latest["opposed"] != "", "scale"]
    if scales.empty:
        return ""
    return (
        f"Look at the wording of the items of {words.listing(map(words.plain, scales))}, declare the reversed ones "
        "in the codebook (column reversed), and make the report again."
    )


def _mend_scales(result: LoyaltyMatrix) -> str:
    if result.survey is None:
        return ""
    latest = result.survey.latest_reliability
    weak = latest[(latest["reliability"] < GOOD) & (latest["items"] > 2) & (latest["opposed"] == "")]
    items = result.survey.item_rest.merge(weak[["wave", "scale", "alpha"]], on=["wave", "scale"])
    better = items[items["alpha_if_dropped"] > items["alpha"] + 0.02]
    better = better.sort_values(["alpha_if_dropped", "item"], ascending=[False, True]).drop_duplicates(
        "scale"
    )
    if better.empty:
        return ""
    advice = [
        f"{words.plain(row.scale)} without item {words.plain(row.item)} would reach "
        f"{words.decimal(row.alpha_if_dropped)} instead of {words.decimal(row.alpha)}"
        for row in rows_of(better)
    ]
    return f"Mend the weak scales before the next survey: Cronbach's alpha of {words.listing(advice)}."


def _ask_more_people(result: LoyaltyMatrix) -> str:
    close = result.placed[result.placed["within_one_error"]]
    single = int((close["respondents"] == 1).sum())
    if single < MINIMUM:
        return ""
    return (
        f"Ask a second person at the {words.count(single, 'account')} near the attitude cut where only one person "
        "answered; one answer is too little to place them."
    )


def _how_to_survey(result: LoyaltyMatrix) -> tuple[str, ...]:
    customers = result.customers.sort_values(["net_revenue", "customer_id"], ascending=[False, True])
    everyone = len(customers)
    sample = math.ceil(96.04 / (1 + (96.04 - 1) / everyone))
    total = float(customers["net_revenue"].sum())
    steps = [
        {
            "no_survey": "Run a short survey and name its file and codebook in the settings (survey, survey_items).",
            "not_linked": "Bring the customer ids of the survey and of the orders together, and map customer_id.",
            "no_attitude": "Add items on attitude or perceived performance, with aspect attitude or perceived.",
            "too_few": f"Win more answers: at least {MINIMUM} respondents are needed, and far more for firm shares.",
        }[result.status],
        "Ask for a rating of this company and of its two main competitors on the same attributes and the same "
        "scale; preference is the difference.",
    ]
    if everyone >= 2 * MINIMUM:
        steps.append(
            f"{words.count(sample, 'answer')} from a random choice of customers would tell the share that prefers this "
            "company to within 10 points."
        )
    if total > 0:
        top = customers.head(_NAMED)
        share = float(top["net_revenue"].sum()) / total
        part = f", {words.percent(share)} of net revenue" if share <= 1 else ""
        steps.append(f"Begin with the largest customers{part}: {_names(top)}.")
    return tuple(steps)
