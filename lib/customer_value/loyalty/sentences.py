"""The words of the loyalty page, written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

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
from customer_value.loyalty.names import NAMES, points, unit, units, wave_name
from customer_value.loyalty.repeat_purchase import AGAIN, RATE, SHARE_OF_WALLET, SHARES, STATED_SHARE
from customer_value.survey import MINIMUM
from customer_value.text import (
    NOTHING,
    Count,
    Day,
    Interval,
    Listing,
    Money,
    Number,
    Share,
    Text,
    Value,
    say,
    say_for,
)
from customer_value.text.phrases import customers, days, numbers, paragraph, respondents

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = ["attitude_words", "axes", "behaviour_words", "findings", "warnings", "without_preference"]

_CAVEAT = say(
    "In published replications attitude and behaviour together often foretell little more than each does alone. "
    "Use the cells to choose whom to talk to, not as proof of what a customer will do."
)


def findings(result: LoyaltyMatrix) -> tuple[Text, ...]:
    """What the matrix says: where customers stand, what the halves mean, how far to trust it."""
    if not result.with_orders:
        return _of_the_survey_alone(result)
    if result.customers.empty:
        day = Day(result.as_of)
        return (say("No customer has a purchase up to {day}, so there is nobody to place.", day=day),)
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


def _of_the_survey_alone(result: LoyaltyMatrix) -> tuple[Text, ...]:
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


def warnings(result: LoyaltyMatrix) -> tuple[Text | str, ...]:
    """What to know before believing the matrix."""
    joined = result.with_orders
    told: list[Text | str] = list(result.repeat.warnings) if joined else []
    counts = result.counts
    if n := counts["returns_only"]:
        told.append(
            say_for(
                n,
                "{n} customer without a purchase is not counted here.",
                "{n} customers without a purchase are not counted here.",
            )
        )
    if result.survey is None:
        return tuple(told)
    told.extend(result.survey.warnings)
    if joined and (n := counts["unknown_accounts"]):
        told.append(
            say_for(
                n,
                "{n} surveyed account has no purchase in the orders and is not placed.",
                "{n} surveyed accounts have no purchase in the orders and are not placed.",
            )
        )
    if joined and (n := counts["unlinked"]):
        told.append(
            say_for(
                n,
                "The answers of {n} respondent name no account and are not placed.",
                "The answers of {n} respondents name no account and are not placed.",
            )
        )
    if result.status != "placed":
        return tuple(told)
    told.extend(_unplaced(result))
    told.extend(_silent(result) if joined else (_ONLY_STATED,))
    told.extend(_mixed_measures(result))
    if result.options.cuts == "median":
        told.append(
            say(
                "The cuts are medians: they call about half of the customers high on each axis whatever the "
                "customers say or do, so they compare customers with each other and not with a standard."
            )
        )
    return (*told, _CAVEAT)


_ONLY_STATED = say(
    "What respondents say about their purchases is not measured: people round, forget and please. Shares of 0%, 50% "
    "and 100% are named more often than they are true."
)


def axes(result: LoyaltyMatrix) -> tuple[Text, ...]:
    """How attitude and repeat purchase were measured and cut, wave by wave."""
    waves = [] if result.attitudes is None else rows_of(result.attitudes.waves)
    cuts = result.placed.groupby("attitude_source")["attitude_cut"].first()
    told = [_attitude_axis(result, row, cuts) for row in waves if row.attitude_source]
    if result.status == "no_orders":
        return (*told, say("Repeat purchase needs orders, which this report does not have."))
    if result.placed.empty:
        return (*told, result.repeat.definition)
    height = float(result.placed["repeat_cut"].iloc[0])
    cut = Share(height) if result.repeat.source in SHARES else Number(height)
    return (*told, paragraph(result.repeat.definition, say("Here it is high above {cut}.", cut=cut)))


def _attitude_axis(result: LoyaltyMatrix, row: Any, cuts: pd.Series) -> Text:
    source = row.attitude_source
    values: dict[str, Value] = {
        "measure": _MEASURES[source],
        "cut": say(", high above {cut}", cut=Number(cuts[source])) if source in cuts else NOTHING,
        "aspect": _ASPECTS[row.aspect],
        "respondents": respondents(row.respondents),
    }
    if row.wave:
        return say(
            "Attitude ({wave}) is {measure}{cut}. It uses the items on {aspect}, answered by {respondents}.",
            wave=wave_name(result.survey, row.wave),
            **values,
        )
    return say(
        "Attitude is {measure}{cut}. It uses the items on {aspect}, answered by {respondents}.", **values
    )


_MEASURES = {
    RELATIVE: say(
        "the rating of this company minus that of its best competitor on the same attributes (−1 to 1)"
    ),
    MEAN: say("the mean rating of this company (0 to 1), because too few rated a competitor"),
}
_ASPECTS = {
    "attitude": say("attitude"),
    "perceived": say("perceived performance"),
    "overall": say("overall judgement"),
}


def attitude_words(result: LoyaltyMatrix) -> Text:
    """What a high attitude means here, fit after "they"."""
    if result.options.cuts == "median":
        return say("rate this company higher than half of the customers placed do")
    return {
        RELATIVE: say("rate this company above its best competitor"),
        MEAN: say("rate this company above the middle of the scale"),
    }.get(result.attitude_source, say("rate this company highly"))


def behaviour_words(result: LoyaltyMatrix) -> Text:
    """What high repeat purchase means here, fit after "they"."""
    if result.options.cuts == "median":
        return say("buy more here, by the measure used, than half of the customers placed do")
    cut = Share(result.repeat.cut)
    return {
        SHARE_OF_WALLET: say("buy more than {cut} of their need here", cut=cut),
        STATED_SHARE: say("make more than {cut} of their purchases here, as they say", cut=cut),
        RATE: say("buy more often than their industry does"),
        AGAIN: say("come back after their first purchase day"),
    }[result.repeat.source]


def without_preference(result: LoyaltyMatrix) -> Text:
    """What a low attitude means here, fit after "they buy"."""
    if _is_preference(result):
        return say("without preferring this company")
    return say("without a high attitude")


def _is_preference(result: LoyaltyMatrix) -> bool:
    return result.options.cuts == "fixed" and result.attitude_source == RELATIVE


def _number(result: LoyaltyMatrix, cell: str) -> int:
    return int(result.cells.set_index("cell").loc[cell, "customers"])


def _revenue(result: LoyaltyMatrix, cell: str) -> float:
    return float(result.cells.set_index("cell").loc[cell, "net_revenue"])


def _money(result: LoyaltyMatrix, amount: float) -> Money:
    return Money(amount, result.currency, short=True)


def _share_of(amount: float, total: float) -> Text:
    if not (total > 0 and 0 <= amount <= total):
        return NOTHING
    return say(" ({share} of all)", share=Share(amount / total))


def _where_most_are(result: LoyaltyMatrix) -> Text:
    placed = len(result.placed)
    order = ["true", "latent", "inert", "none"]
    cell = max(order, key=lambda name: (_number(result, name), -order.index(name)))
    true = _number(result, "true")
    rest = (
        say_for(true, "{n} is truly loyal.", "{n} are truly loyal.")
        if true
        else say("Nobody is truly loyal.")
    )
    return paragraph(
        say("{placed} could be placed.", placed=units(result.unit, placed)),
        _largest_group(result, cell, _number(result, cell), placed),
        NOTHING if cell == "true" else rest,
    )


def _largest_group(result: LoyaltyMatrix, cell: str, n: int, placed: int) -> Text:
    means: dict[str, Value] = {"attitude": attitude_words(result), "behaviour": behaviour_words(result)}
    values: dict[str, Value] = {
        "share": Share(n / placed),
        "cell": NAMES[cell],
        "meaning": {
            "true": say("they {attitude} and {behaviour}", **means),
            "latent": say("they {attitude} but do not {behaviour}", **means),
            "inert": say("they {behaviour} but do not {attitude}", **means),
            "none": say("they neither {attitude} nor {behaviour}", **means),
        }[cell],
    }
    if 2 * n > placed:
        return say_for(
            n,
            "Most of them, {n} ({share}), is {cell}: {meaning}.",
            "Most of them, {n} ({share}), are {cell}: {meaning}.",
            **values,
        )
    return say_for(
        n,
        "The largest group, {n} ({share}), is {cell}: {meaning}.",
        "The largest group, {n} ({share}), are {cell}: {meaning}.",
        **values,
    )


def _halves(result: LoyaltyMatrix) -> Text:
    return paragraph(_latent(result), _inert(result))


def _latent(result: LoyaltyMatrix) -> Text:
    number = _number(result, "latent")
    if not number:
        return say(
            "No placed {unit} is latent loyal: nobody with a high attitude holds back from buying.",
            unit=unit(result.unit),
        )
    brought = NOTHING
    if result.with_orders:
        brought = say(" ({money} of net revenue)", money=_money(result, _revenue(result, "latent")))
    return say_for(
        number,
        "{n} {unit} is latent loyal{brought}: the {opinion} is there, and something else, such as price, range, "
        "distance or a contract elsewhere, keeps them from buying more.",
        "{n} {unit} are latent loyal{brought}: the {opinion} is there, and something else, such as price, range, "
        "distance or a contract elsewhere, keeps them from buying more.",
        unit=unit(result.unit, number),
        brought=brought,
        opinion=say("preference") if _is_preference(result) else say("good opinion"),
    )


def _inert(result: LoyaltyMatrix) -> Text:
    number = _number(result, "inert")
    if not number:
        return say(
            "No placed {unit} is inert loyal: nobody buys repeatedly with a low attitude.",
            unit=unit(result.unit),
        )
    brought = NOTHING
    if result.with_orders:
        brought = say(" ({money})", money=_money(result, _revenue(result, "inert")))
    return say_for(
        number,
        "{n} {unit} is inert loyal{brought}: they buy {without_preference}, from habit, for the price or for want of "
        "a choice, and are likely to go first when a competitor moves.",
        "{n} {unit} are inert loyal{brought}: they buy {without_preference}, from habit, for the price or for want of "
        "a choice, and are likely to go first when a competitor moves.",
        unit=unit(result.unit, number),
        brought=brought,
        without_preference=without_preference(result),
    )


def _what_revenue_rests_on(result: LoyaltyMatrix) -> Text:
    parts = {cell: _revenue(result, cell) for cell in ("true", "latent", "inert", "none")}
    total = sum(parts.values())
    if total <= 0 or min(parts.values()) < 0:
        return NOTHING
    loyal, habit = parts["true"], parts["inert"]
    verdict = say("as much of it rests on habit or price as on loyalty")
    if loyal > habit:
        verdict = say("more of it rests on loyalty than on habit or price")
    elif habit > loyal:
        verdict = say("more of it rests on habit or price than on loyalty")
    return say(
        "Of the {money} of net revenue that the placed customers brought up to {day}, {loyal} comes from the truly "
        "loyal and {habit} from the inert loyal: {verdict}.",
        money=_money(result, total),
        day=Day(result.as_of),
        loyal=Share(loyal / total),
        habit=Share(habit / total),
        verdict=verdict,
    )


def _against_competitors(result: LoyaltyMatrix) -> Text:
    compared = result.placed["relative_attitude"].dropna()
    if len(compared) < MINIMUM:
        return say(
            "The survey did not ask about competitors (or too few answered), so the mean rating stands in for "
            "preference; somebody may rate this company well and a competitor better."
        )
    mean, error = float(compared.mean()), 1.96 * float(compared.sem())
    told: dict[str, Value] = {"units": unit(result.unit, 2), "interval": numbers(mean - error, mean + error)}
    if mean - error > 0:
        return say(
            "On average {units} rate this company {size} above its best competitor, on a scale from −1 to 1 "
            "({interval}).",
            size=Number(abs(mean)),
            **told,
        )
    if mean + error < 0:
        return say(
            "On average {units} rate this company {size} below its best competitor, on a scale from −1 to 1 "
            "({interval}).",
            size=Number(abs(mean)),
            **told,
        )
    return say(
        "On average {units} see this company level with its best competitor: the lead on a scale from −1 to 1 is in "
        "the {interval}.",
        **told,
    )


def _does_attitude_matter(result: LoyaltyMatrix) -> Text:
    link = result.link
    if link is None:
        return NOTHING
    verdict = {
        "together": say("Here preference and buying go together"),
        "opposite": say("Here {units} with the higher attitude buy less", units=unit(result.unit, 2)),
        "unclear": say("Here preference says little about buying: the difference may be chance"),
    }[link.verdict]
    return say(
        "Of the {units} with a high attitude {high} have high repeat purchase, of the others {low} (difference "
        "{difference}, {interval}). {verdict}.",
        units=unit(result.unit, 2),
        high=Share(link.high),
        low=Share(link.low),
        difference=points(link.difference),
        interval=Interval(points(link.lower), points(link.upper)),
        verdict=verdict,
    )


def _border(result: LoyaltyMatrix) -> Text:
    placed = result.placed
    near, cuts = int(placed["near_border"].sum()), int(placed["changes_by_cuts"].sum())
    error = int(placed["within_one_error"].sum())
    if not near:
        return say(
            "No {unit} is near a border: cells stay the same under other cuts and within one standard error.",
            unit=unit(result.unit),
        )
    verdict = say("Most placements are firm")
    if near > len(placed) / 3:
        verdict = say("Read single placements as provisional")
    return say_for(
        near,
        "{n} of {placed} placed {units} ({share}) is near a border: {cuts} would change cell if the cuts were {other}, "
        "{within}. {verdict}.",
        "{n} of {placed} placed {units} ({share}) are near a border: {cuts} would change cell if the cuts were "
        "{other}, {within}. {verdict}.",
        placed=Count(len(placed)),
        units=unit(result.unit, 2),
        share=Share(near / len(placed)),
        cuts=Count(cuts),
        other=say("medians") if result.options.cuts == "fixed" else say("fixed values"),
        within=say_for(
            error,
            "{n} is within one standard error of the attitude cut",
            "{n} are within one standard error of the attitude cut",
        ),
        verdict=verdict,
    )


def _not_surveyed(result: LoyaltyMatrix) -> Text:
    n, everyone = _number(result, "not_surveyed"), len(result.customers)
    answered = int(result.customers["surveyed"].sum())
    reply = say(
        "{answered} of {customers} ({share})",
        answered=Count(answered),
        customers=customers(everyone),
        share=Share(answered / everyone),
    )
    if not n:
        return say("The survey covers everybody: {reply} answered and could be placed.", reply=reply)
    amount, total = _revenue(result, "not_surveyed"), float(result.cells["net_revenue"].sum())
    return say_for(
        n,
        "The survey reached {reply}. {n} customer is in no cell, with {money} of net revenue{share}; what they prefer "
        "is not known.",
        "The survey reached {reply}. {n} customers are in no cell, with {money} of net revenue{share}; what they "
        "prefer is not known.",
        reply=reply,
        money=_money(result, amount),
        share=_share_of(amount, total),
    )


def _who_answers(result: LoyaltyMatrix) -> Text:
    table = result.respondents_vs_rest
    if table.empty:
        return NOTHING
    value, recency = (
        next(rows_of(table[table["measure"] == name])) for name in ("net_revenue", "days_since")
    )
    size = _direction(value, say("larger"), say("smaller"))
    fresh = _direction(recency, say("less recent"), say("more recent"))
    figures = say(
        "median net revenue {money} against {money_rest} for the rest, last purchase {days} against {days_rest} ago",
        money=Money(value.respondents, result.currency),
        money_rest=Money(value.rest, result.currency),
        days=days(recency.respondents),
        days_rest=days(recency.rest),
    )
    kinds = tuple(kind for kind in (size, fresh) if kind)
    if not kinds:
        return say(
            "Those who answered do not differ clearly from the rest in value or recency: {figures}.",
            figures=figures,
        )
    return say(
        "Those who answered are {kinds} customers than the rest: {figures}. Shares in the matrix speak for customers "
        "like them.",
        kinds=Listing(kinds),
        figures=figures,
    )


def _direction(row: object, above: Text, below: Text) -> Text:
    lower, upper = getattr(row, "lower", 0.0), getattr(row, "upper", 1.0)
    return above if lower > 0.5 else below if upper < 0.5 else NOTHING


def _why_nobody(result: LoyaltyMatrix) -> Text:
    return {
        "no_orders": say(
            "Repeat purchase needs orders, which this report does not have: nobody is placed in the loyalty matrix, "
            "and this page shows what the respondents think."
        ),
        "no_survey": say(
            "There is no survey in this report, so none of the {customers} can be placed in the loyalty matrix: what "
            "customers buy is known, what they prefer is not.",
            customers=customers(len(result.customers)),
        ),
        "not_linked": say_for(
            result.counts["people"],
            "{n} person answered the survey, but no answer names a customer of this report, so nobody can be placed.",
            "{n} people answered the survey, but no answer names a customer of this report, so nobody can be placed.",
        ),
        "no_attitude": say(
            "The survey has answers, but none to an item on attitude, perceived performance or overall judgement of "
            "this company, so nobody can be placed."
        ),
        "too_few": say(
            "Only {respondents} with a usable answer could be joined to customers; under {minimum} nothing is averaged "
            "and nobody is placed.",
            respondents=respondents(result.counts["respondents"]),
            minimum=Count(MINIMUM),
        ),
    }[result.status]


def _behaviour_alone(result: LoyaltyMatrix) -> tuple[Text, ...]:
    told = (
        _who_comes_back(result),
        _median_wallet(result),
        say(
            "Repeat purchase alone cannot tell the truly loyal from those whom only habit, price or want of a choice "
            "holds, nor find those who would like to buy more."
        ),
    )
    return tuple(part for part in told if part)


def _who_comes_back(result: LoyaltyMatrix) -> Text:
    everyone = result.customers
    again = everyone["frequency"] > 0
    share = float(again.mean())
    revenue, total = float(everyone.loc[again, "net_revenue"].sum()), float(everyone["net_revenue"].sum())
    verdict = say("Half of the customers come back")
    if share != 0.5:
        verdict = say("Most customers come back") if share > 0.5 else say("Most customers do not come back")
    return say(
        "{verdict}: {n} of {customers} ({share}) bought on a further day up to {day}, and brought {money} of net "
        "revenue{part}.",
        verdict=verdict,
        n=Count(int(again.sum())),
        customers=customers(len(everyone)),
        share=Share(share),
        day=Day(result.as_of),
        money=_money(result, revenue),
        part=_share_of(revenue, total),
    )


def _median_wallet(result: LoyaltyMatrix) -> Text:
    if result.repeat.source != SHARE_OF_WALLET:
        return NOTHING
    wallet = result.customers["repeat_purchase"].dropna()
    return say_for(
        int((wallet > result.repeat.cut).sum()),
        "The median share of wallet is {median} over {customers} with known potential; {n} buys more than {cut} of the "
        "need here.",
        "The median share of wallet is {median} over {customers} with known potential; {n} buy more than {cut} of the "
        "need here.",
        median=Share(float(wallet.median())),
        customers=customers(len(wallet)),
        cut=Share(result.repeat.cut),
    )


_NO_CELL = {
    "answers give no attitude": say("answers give no attitude"),
    "repeat purchase not known": say("repeat purchase not known"),
}


def _unplaced(result: LoyaltyMatrix) -> tuple[Text, ...]:
    reasons = result.customers["why_not"].value_counts()
    counts = {reason: int(reasons.get(reason, 0)) for reason in _NO_CELL}
    return tuple(
        say_for(
            n,
            "{n} {unit} answered but is in no cell ({reason}), and is counted with the not surveyed.",
            "{n} {unit} answered but are in no cell ({reason}), and are counted with the not surveyed.",
            unit=unit(result.unit, n),
            reason=_NO_CELL[reason],
        )
        for reason, n in counts.items()
        if n
    )


def _silent(result: LoyaltyMatrix) -> tuple[Text, ...]:
    """Latent loyal customers who may have left since they answered."""
    latent = result.placed[result.placed["cell"] == "latent"]
    n = int((latent["year_revenue"] <= 0).sum())
    if not n:
        return ()
    return (
        say_for(
            n,
            "{n} of {latent} bought nothing in the last 12 months: it may have left since answering. Ask first whether "
            "it still buys anything of the kind.",
            "{n} of {latent} bought nothing in the last 12 months: they may have left since answering. Ask first "
            "whether they still buy anything of the kind.",
            latent=say_for(len(latent), "{n} latent loyal customer", "{n} latent loyal customers"),
        ),
    )


def _mixed_measures(result: LoyaltyMatrix) -> tuple[Text, ...]:
    waves = result.placed["survey_wave"].nunique()
    told = []
    newest = (
        result.survey.waves["last_day"].max() if result.survey is not None and result.with_orders else None
    )
    if newest is not None and (age := (pd.Timestamp(result.as_of) - newest).days) > 365:
        told.append(
            say(
                "The last answer is of {day}, {age} before the report's date; attitudes may have changed since.",
                day=Day(newest.date()),
                age=days(age),
            )
        )
    if waves > 1:
        told.append(
            say(
                "The answers come from {n} survey waves; for each {unit} the latest one counts.",
                n=Count(waves),
                unit=unit(result.unit),
            )
        )
    if len(result.placed["attitude_source"].unique()) > 1:
        told.append(
            say(
                "Some waves asked about competitors and others did not; within a wave one measure of attitude is used, "
                "but customers of different waves are measured differently."
            )
        )
    return tuple(told)
