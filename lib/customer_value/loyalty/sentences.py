"""The words of the loyalty page, written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import MEAN, RELATIVE
from customer_value.loyalty.insights import (
    attitude_alone,
    bound_by,
    came_back,
    hindered_by,
    moved,
    other_waves,
    worth,
)
from customer_value.loyalty.names import NAMES
from customer_value.loyalty.repeat_purchase import AGAIN, RATE, SHARE_OF_WALLET, SHARES, STATED_SHARE
from customer_value.survey import MINIMUM

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = ["attitude_words", "axes", "behaviour_words", "findings", "warnings", "without_preference"]

_CAVEAT = (
    "In published replications attitude and behaviour together often foretell little more than each does alone. "
    "Use the cells to choose whom to talk to, not as proof of what a customer will do."
)


def findings(result: LoyaltyMatrix) -> tuple[str, ...]:
    """What the matrix says: where customers stand, what the halves mean, how far to trust it."""
    if not result.with_orders:
        return _of_the_survey_alone(result)
    if result.customers.empty:
        return (f"No customer has a purchase up to {words.day(result.as_of)}, so there is nobody to place.",)
    if result.status != "placed":
        return (_why_nobody(result), *attitude_alone(result), *_behaviour_alone(result))
    parts = (
        _where_most_are(result),
        _halves(result),
        _what_revenue_rests_on(result),
        _against_competitors(result),
        other_waves(result),
        worth(result),
        _does_attitude_matter(result),
        came_back(result),
        moved(result),
        hindered_by(result),
        bound_by(result),
        _border(result),
        _not_surveyed(result),
        _who_answers(result),
    )
    return tuple(part for part in parts if part)


def _of_the_survey_alone(result: LoyaltyMatrix) -> tuple[str, ...]:
    """What respondents think and, where they state it, how much of their buying they do here."""
    if result.status != "placed":
        return (_why_nobody(result), *attitude_alone(result))
    parts = (
        _where_most_are(result),
        _halves(result),
        _against_competitors(result),
        other_waves(result),
        _does_attitude_matter(result),
        hindered_by(result),
        bound_by(result),
        _border(result),
    )
    return tuple(part for part in parts if part)


def warnings(result: LoyaltyMatrix) -> tuple[str, ...]:
    """What to know before believing the matrix."""
    joined = result.with_orders
    told = list(result.repeat.warnings) if joined else []
    counts = result.counts
    if n := counts["returns_only"]:
        told.append(
            f"{words.count(n, 'customer')} with returns only {words.verb(n, 'is', 'are')} not counted here."
        )
    if result.survey is None:
        return tuple(told)
    told.extend(result.survey.warnings)
    if joined and (n := counts["unknown_accounts"]):
        told.append(
            f"{words.count(n, 'surveyed account')} {words.verb(n, 'has', 'have')} no purchase in the orders "
            f"and {words.verb(n, 'is', 'are')} not placed."
        )
    if joined and (n := counts["unlinked"]):
        told.append(f"The answers of {words.count(n, 'respondent')} name no account and are not placed.")
    if result.status != "placed":
        return tuple(told)
    told.extend(_unplaced(result))
    told.extend(_silent(result) if joined else (_ONLY_STATED,))
    told.extend(_mixed_measures(result))
    if result.options.cuts == "median":
        told.append(
            "The cuts are medians: they call about half of the customers high on each axis whatever the "
            "customers say or do, so they compare customers with each other and not with a standard."
        )
    return (*told, _CAVEAT)


_ONLY_STATED = (
    "What respondents say about their purchases is not measured: people round, forget and please. Shares of 0%, 50% "
    "and 100% are named more often than they are true."
)


def axes(result: LoyaltyMatrix) -> tuple[str, ...]:
    """How attitude and repeat purchase were measured and cut, wave by wave."""
    waves = [] if result.attitudes is None else rows_of(result.attitudes.waves)
    cuts = result.placed.groupby("attitude_source")["attitude_cut"].first()
    told = []
    for row in waves:
        if row.attitude_source:
            cut = (
                f", high above {words.decimal(cuts[row.attitude_source])}"
                if row.attitude_source in cuts
                else ""
            )
            told.append(
                f"Attitude{f' ({row.name})' if row.wave else ''} is {_MEASURES[row.attitude_source]}{cut}. "
                f"It uses the items on {_ASPECTS[row.aspect]}, answered by "
                f"{words.count(row.respondents, 'respondent')}."
            )
    if result.status == "no_orders":
        return (*told, "Repeat purchase needs orders, which this report does not have.")
    if result.placed.empty:
        return (*told, result.repeat.definition)
    height = float(result.placed["repeat_cut"].iloc[0])
    shown = words.percent(height) if result.repeat.source in SHARES else words.decimal(height)
    return (*told, f"{result.repeat.definition} Here it is high above {shown}.")


_MEASURES = {
    RELATIVE: "the rating of this company minus that of its best competitor on the same attributes (−1 to 1)",
    MEAN: "the mean rating of this company (0 to 1), because too few rated a competitor",
}
_ASPECTS = {"attitude": "attitude", "perceived": "perceived performance", "overall": "overall judgement"}


def attitude_words(result: LoyaltyMatrix) -> str:
    """What a high attitude means here, fit after "they"."""
    if result.options.cuts == "median":
        return "rate this company higher than half of the customers placed do"
    return {
        RELATIVE: "rate this company above its best competitor",
        MEAN: "rate this company above the middle of the scale",
    }.get(result.attitude_source, "rate this company highly")


def behaviour_words(result: LoyaltyMatrix) -> str:
    """What high repeat purchase means here, fit after "they"."""
    if result.options.cuts == "median":
        return "buy more here, by the measure used, than half of the customers placed do"
    return {
        SHARE_OF_WALLET: f"buy more than {words.percent(result.repeat.cut)} of their need here",
        STATED_SHARE: f"make more than {words.percent(result.repeat.cut)} of their purchases here, as they say",
        RATE: "buy more often than their industry does",
        AGAIN: "come back after their first purchase day",
    }[result.repeat.source]


def without_preference(result: LoyaltyMatrix) -> str:
    """What a low attitude means here, fit after "they buy"."""
    return "without preferring this company" if _is_preference(result) else "without a high attitude"


def _is_preference(result: LoyaltyMatrix) -> bool:
    return result.options.cuts == "fixed" and result.attitude_source == RELATIVE


def _number(result: LoyaltyMatrix, cell: str) -> int:
    return int(result.cells.set_index("cell").loc[cell, "customers"])


def _revenue(result: LoyaltyMatrix, cell: str) -> float:
    return float(result.cells.set_index("cell").loc[cell, "net_revenue"])


def _money(result: LoyaltyMatrix, amount: float) -> str:
    return words.short_money(amount, result.currency)


def _share_of(amount: float, total: float) -> str:
    return f" ({words.percent(amount / total)} of all)" if total > 0 and 0 <= amount <= total else ""


def _where_most_are(result: LoyaltyMatrix) -> str:
    placed = len(result.placed)
    order = ["true", "latent", "inert", "none"]
    cell = max(order, key=lambda name: (_number(result, name), -order.index(name)))
    n = _number(result, cell)
    lead = "Most of them" if 2 * n > placed else "The largest group"
    attitude, behaviour = attitude_words(result), behaviour_words(result)
    meaning = {
        "true": f"they {attitude} and {behaviour}",
        "latent": f"they {attitude} but do not {behaviour}",
        "inert": f"they {behaviour} but do not {attitude}",
        "none": f"they neither {attitude} nor {behaviour}",
    }[cell]
    true = _number(result, "true")
    rest = (
        f" {words.count(true)} {words.verb(true, 'is', 'are')} truly loyal."
        if true
        else " Nobody is truly loyal."
    )
    return (
        f"{words.count(placed, result.unit)} could be placed. {lead}, {words.count(n)} "
        f"({words.percent(n / placed)}), {words.verb(n, 'is', 'are')} {NAMES[cell]}: {meaning}."
        f"{'' if cell == 'true' else rest}"
    )


def _halves(result: LoyaltyMatrix) -> str:
    latent, inert = _number(result, "latent"), _number(result, "inert")
    opinion = "preference" if _is_preference(result) else "good opinion"
    brought = f" ({_money(result, _revenue(result, 'latent'))} of net revenue)" if result.with_orders else ""
    first = (
        f"{words.count(latent, result.unit)} {words.verb(latent, 'is', 'are')} latent loyal{brought}: the {opinion} "
        "is there, and something else, such as price, range, distance or a contract elsewhere, keeps them from buying "
        "more."
        if latent
        else f"No placed {result.unit} is latent loyal: nobody with a high attitude holds back from buying."
    )
    brought = f" ({_money(result, _revenue(result, 'inert'))})" if result.with_orders else ""
    second = (
        f"{words.count(inert, result.unit)} {words.verb(inert, 'is', 'are')} inert loyal{brought}: they buy "
        f"{without_preference(result)}, from habit, for the price or for want of a choice, and are likely to go first "
        "when a competitor moves."
        if inert
        else f"No placed {result.unit} is inert loyal: nobody buys repeatedly with a low attitude."
    )
    return f"{first} {second}"


def _what_revenue_rests_on(result: LoyaltyMatrix) -> str:
    parts = {cell: _revenue(result, cell) for cell in ("true", "latent", "inert", "none")}
    total = sum(parts.values())
    if total <= 0 or min(parts.values()) < 0:
        return ""
    loyal, habit = parts["true"], parts["inert"]
    verdict = (
        "more of it rests on loyalty than on habit or price"
        if loyal > habit
        else "more of it rests on habit or price than on loyalty"
        if habit > loyal
        else "as much of it rests on habit or price as on loyalty"
    )
    return (
        f"Of the {_money(result, total)} of net revenue that the placed customers brought up to "
        f"{words.day(result.as_of)}, {words.percent(loyal / total)} comes from the truly loyal and "
        f"{words.percent(habit / total)} from the inert loyal: {verdict}."
    )


def _against_competitors(result: LoyaltyMatrix) -> str:
    compared = result.placed["relative_attitude"].dropna()
    if len(compared) < MINIMUM:
        return (
            "The survey did not ask about competitors (or too few answered), so the mean rating stands in for "
            "preference; somebody may rate this company well and a competitor better."
        )
    mean, error = float(compared.mean()), 1.96 * float(compared.sem())
    span = words.interval(words.decimal(mean - error), words.decimal(mean + error))
    scale = "on a scale from −1 to 1"
    size = words.decimal(abs(mean))
    who = f"On average {result.unit}s"
    if mean - error > 0:
        return f"{who} rate this company {size} above its best competitor, {scale} ({span})."
    if mean + error < 0:
        return f"{who} rate this company {size} below its best competitor, {scale} ({span})."
    return f"{who} see this company level with its best competitor: the lead {scale} is in the {span}."


def _does_attitude_matter(result: LoyaltyMatrix) -> str:
    link = result.link
    if link is None:
        return ""
    low, high = (f"{words.decimal(end * 100, 0)} points" for end in (link.lower, link.upper))
    points = words.interval(low, high)
    verdict = {
        "together": "Here preference and buying go together",
        "opposite": f"Here {result.unit}s with the higher attitude buy less",
        "unclear": "Here preference says little about buying: the difference may be chance",
    }[link.verdict]
    return (
        f"Of the {result.unit}s with a high attitude {words.percent(link.high)} have high repeat purchase, of the "
        f"others {words.percent(link.low)} (difference {words.decimal(link.difference * 100, 0)} points, {points}). "
        f"{verdict}."
    )


def _border(result: LoyaltyMatrix) -> str:
    placed = result.placed
    near, cuts = int(placed["near_border"].sum()), int(placed["changes_by_cuts"].sum())
    error = int(placed["within_one_error"].sum())
    other = "medians" if result.options.cuts == "fixed" else "fixed values"
    if not near:
        return f"No {result.unit} is near a border: cells stay the same under other cuts and within one standard error."
    verdict = (
        "Read single placements as provisional" if near > len(placed) / 3 else "Most placements are firm"
    )
    return (
        f"{words.count(near)} of {words.count(len(placed))} placed {result.unit}s "
        f"({words.percent(near / len(placed))}) {words.verb(near, 'is', 'are')} near a border: {words.count(cuts)} "
        f"would change cell if the cuts were {other}, {words.count(error)} "
        f"{words.verb(error, 'is', 'are')} within one standard error of the attitude cut. {verdict}."
    )


def _not_surveyed(result: LoyaltyMatrix) -> str:
    n, everyone = _number(result, "not_surveyed"), len(result.customers)
    answered = int(result.customers["surveyed"].sum())
    reply = f"{words.count(answered)} of {words.count(everyone, 'customer')} ({words.percent(answered / everyone)})"
    if not n:
        return f"The survey covers everybody: {reply} answered and could be placed."
    amount, total = _revenue(result, "not_surveyed"), float(result.cells["net_revenue"].sum())
    return (
        f"The survey reached {reply}. {words.count(n, 'customer')} {words.verb(n, 'is', 'are')} in no cell, with "
        f"{_money(result, amount)} of net revenue{_share_of(amount, total)}; what they prefer is not known."
    )


def _who_answers(result: LoyaltyMatrix) -> str:
    table = result.respondents_vs_rest
    if table.empty:
        return ""
    value, recency = (
        next(rows_of(table[table["measure"] == name])) for name in ("net_revenue", "days_since")
    )
    size = _direction(value, "larger", "smaller")
    fresh = _direction(recency, "less recent", "more recent")
    money = (words.money(amount, result.currency) for amount in (value.respondents, value.rest))
    figures = "median net revenue {} against {} for the rest, ".format(*money) + (
        f"last purchase {words.count(recency.respondents, 'day')} against {words.count(recency.rest, 'day')} ago"
    )
    kinds = [kind for kind in (size, fresh) if kind]
    if not kinds:
        return f"Those who answered do not differ clearly from the rest in value or recency: {figures}."
    return (
        f"Those who answered are {words.listing(kinds)} customers than the rest: {figures}. Shares in the matrix "
        "speak for customers like them."
    )


def _direction(row: object, above: str, below: str) -> str:
    lower, upper = getattr(row, "lower", 0.0), getattr(row, "upper", 1.0)
    return above if lower > 0.5 else below if upper < 0.5 else ""


def _why_nobody(result: LoyaltyMatrix) -> str:
    everyone = words.count(len(result.customers), "customer")
    people = words.count(result.counts["people"], "person", "people")
    respondents = words.count(result.counts["respondents"], "respondent")
    return {
        "no_orders": "Repeat purchase needs orders, which this report does not have: nobody is placed in "
        "the loyalty matrix, and this page shows what the respondents think.",
        "no_survey": f"There is no survey in this report, so none of the {everyone} can be placed in the "
        "loyalty matrix: what customers buy is known, what they prefer is not.",
        "not_linked": f"{people} answered the survey, but no answer names a customer of this report, so nobody "
        "can be placed.",
        "no_attitude": "The survey has answers, but none to an item on attitude, perceived performance or "
        "overall judgement of this company, so nobody can be placed.",
        "too_few": f"Only {respondents} with a usable answer could be joined to customers; under {MINIMUM} nothing "
        "is averaged and nobody is placed.",
    }[result.status]


def _behaviour_alone(result: LoyaltyMatrix) -> tuple[str, ...]:
    customers = result.customers
    again = customers["frequency"] > 0
    n, share = int(again.sum()), float(again.mean())
    revenue, total = float(customers.loc[again, "net_revenue"].sum()), float(customers["net_revenue"].sum())
    verdict = "Most customers come back" if share > 0.5 else "Most customers do not come back"
    verdict = verdict if share != 0.5 else "Half of the customers come back"
    told = [
        f"{verdict}: {words.count(n)} of {words.count(len(customers), 'customer')} ({words.percent(share)}) "
        f"bought on a further day up to {words.day(result.as_of)}, and brought {_money(result, revenue)} of net "
        f"revenue{_share_of(revenue, total)}."
    ]
    if result.repeat.source == SHARE_OF_WALLET:
        wallet = result.customers["repeat_purchase"].dropna()
        high = int((wallet > result.repeat.cut).sum())
        told.append(
            f"The median share of wallet is {words.percent(float(wallet.median()))} over "
            f"{words.count(len(wallet), 'customer')} with known potential; {words.count(high)} "
            f"{words.verb(high, 'buys', 'buy')} more than {words.percent(result.repeat.cut)} of the need here."
        )
    told.append(
        "Repeat purchase alone cannot tell the truly loyal from those whom only habit, price or want of a choice "
        "holds, nor find those who would like to buy more."
    )
    return tuple(told)


def _unplaced(result: LoyaltyMatrix) -> tuple[str, ...]:
    reasons = result.customers["why_not"].value_counts()
    known = ("answers give no attitude", "repeat purchase not known")
    counts = {reason: int(reasons.get(reason, 0)) for reason in known}
    return tuple(
        f"{words.count(n, result.unit)} answered but {words.verb(n, 'is', 'are')} in no cell ({reason}), and "
        f"{words.verb(n, 'is', 'are')} counted with the not surveyed."
        for reason, n in counts.items()
        if n
    )


def _silent(result: LoyaltyMatrix) -> tuple[str, ...]:
    """Latent loyal customers who may have left since they answered."""
    latent = result.placed[result.placed["cell"] == "latent"]
    n = int((latent["year_revenue"] <= 0).sum())
    if not n:
        return ()
    return (
        f"{words.count(n)} of {words.count(len(latent), 'latent loyal customer')} bought nothing in the last 12 "
        f"months: {words.verb(n, 'it', 'they')} may have left since answering. Ask first whether "
        f"{words.verb(n, 'it still buys', 'they still buy')} anything of the kind.",
    )


def _mixed_measures(result: LoyaltyMatrix) -> tuple[str, ...]:
    waves = result.placed["survey_wave"].nunique()
    told = []
    newest = (
        result.survey.waves["last_day"].max() if result.survey is not None and result.with_orders else None
    )
    if newest is not None and (age := (pd.Timestamp(result.as_of) - newest).days) > 365:
        told.append(
            f"The last answer is of {words.day(newest.date())}, {words.count(age, 'day')} before the report's date; "
            "attitudes may have changed since."
        )
    if waves > 1:
        told.append(
            f"The answers come from {words.count(waves, 'survey wave')}; for each {result.unit} the latest one counts."
        )
    if len(result.placed["attitude_source"].unique()) > 1:
        told.append(
            "Some waves asked about competitors and others did not; within a wave one measure of attitude is used, "
            "but customers of different waves are measured differently."
        )
    return tuple(told)
