"""What the respondents think, what came after the survey and why, in words written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import MEAN, RELATIVE
from customer_value.loyalty.cells import FOUR
from customer_value.loyalty.names import NAMES, points, wave_name
from customer_value.loyalty.representation import difference_of_shares
from customer_value.survey import MINIMUM
from customer_value.text import (
    NOTHING,
    Count,
    Day,
    Interval,
    Listing,
    Money,
    Name,
    Number,
    Share,
    Text,
    Value,
    say,
    say_for,
)
from customer_value.text.phrases import months, numbers, paragraph, respondents, shares

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = ["attitude_alone", "bound_by", "came_back", "hindered_by", "moved", "other_waves", "worth"]


def attitude_alone(result: LoyaltyMatrix) -> tuple[Text, ...]:
    """What the respondents of the latest wave think, whether or not they are known as customers."""
    if result.status == "too_few":
        return ()
    if result.survey is None or result.opinions.empty:
        return (_NO_ATTITUDE,) if result.survey is not None and result.status == "no_orders" else ()
    latest = result.opinions.iloc[-1]
    if pd.isna(latest["mean"]):
        return (
            say(
                "Only {respondents} gave a usable answer{when}; under {minimum} nothing is averaged.",
                respondents=respondents(latest["respondents"]),
                when=_when(result, latest),
                minimum=Count(MINIMUM),
            ),
        )
    told = (
        say(
            "{respondents} rate this company {level}{when}.",
            respondents=respondents(latest["respondents"]),
            level=_level(latest),
            when=_when(result, latest),
        ),
        _high(latest),
        say_for(
            latest["near_cut"],
            "{n} respondent stands within one standard error ({error}) of the line between a high and a low attitude, "
            "where one person's answers cannot tell the two apart.",
            "{n} respondents stand within one standard error ({error}) of the line between a high and a low attitude, "
            "where one person's answers cannot tell the two apart.",
            error=Number(latest["standard_error"]),
        ),
        other_waves(result),
    )
    return tuple(part for part in told if part)


_NO_ATTITUDE = say(
    "The survey has answers, but the codebook marks no item on this company as attitude, perceived performance or "
    "overall judgement (column aspect), so there is no attitude to show."
)


def other_waves(result: LoyaltyMatrix) -> Text:
    """The attitude of the last two waves, compared."""
    usable = result.opinions[result.opinions["mean"].notna() & (result.opinions["wave"] > 0)]
    if len(usable) < 2:
        return NOTHING
    before, after = usable.iloc[-2], usable.iloc[-1]
    if before["attitude_source"] != after["attitude_source"]:
        return say(
            "The surveys of {before} and {after} measured attitude differently and are not compared.",
            before=wave_name(result.survey, before["wave"]),
            after=wave_name(result.survey, after["wave"]),
        )
    change, low, high = result.attitude_change
    verdict = say("Attitudes have not changed clearly, the difference may be chance")
    if low > 0:
        verdict = say("Attitudes have risen")
    elif high < 0:
        verdict = say("Attitudes have fallen")
    size = Number(change)
    return say(
        "The mean attitude of respondents was {before} and then {after}. {verdict} ({difference}, {interval}).",
        before=_mean_of(result, before),
        after=_mean_of(result, after),
        verdict=verdict,
        difference=say("difference +{size}", size=size)
        if change > 0
        else say("difference {size}", size=size),
        interval=numbers(low, high),
    )


def worth(result: LoyaltyMatrix) -> Text:
    """Lifetime value of the placed customers, by cell."""
    table = result.cells.set_index("cell")
    if "clv" not in table.columns:
        return NOTHING
    parts = {cell: float(table.loc[cell, "clv"]) for cell in FOUR}
    total = sum(parts.values())
    if total <= 0 or min(parts.values()) < 0:
        return NOTHING
    best = max(parts, key=lambda cell: parts[cell])
    rest = tuple(
        say("{share} with the {cell}", share=Share(parts[cell] / total), cell=NAMES[cell])
        for cell in FOUR
        if cell != best
    )
    values: dict[str, Value] = {
        "money": Money(total, result.currency, short=True),
        "share": Share(parts[best] / total),
        "cell": NAMES[best],
        "rest": Listing(rest),
    }
    if 2 * parts[best] > total:
        return say(
            "The lifetime value still to come from the placed customers is about {money}. Most of it, {share}, lies "
            "with the {cell}, {rest}.",
            **values,
        )
    return say(
        "The lifetime value still to come from the placed customers is about {money}. The largest part, {share}, lies "
        "with the {cell}, {rest}.",
        **values,
    )


def came_back(result: LoyaltyMatrix) -> Text:
    """Who bought in the period after the survey, by the cell of that time."""
    table = result.retention.set_index("cell")
    known = table[table["rate"].notna()].drop("not_surveyed", errors="ignore")
    if known.empty:
        return NOTHING
    told = tuple(
        say(
            "{share} of the {n} {cell} ({interval})",
            share=Share(row["rate"]),
            n=Count(row["customers"]),
            cell=NAMES[str(cell)],
            interval=shares(row["low"], row["high"]),
        )
        for cell, row in known.iterrows()
    )
    head = say(
        "In the {months} after {day} bought again: {told}, in the cells of that day.",
        months=months(result.period_months),
        day=Day(table["measured_on"].iloc[0].date()),
        told=Listing(told),
    )
    return paragraph(head, *_foretold(table))


def moved(result: LoyaltyMatrix) -> Text:
    """Who changed cell between the last two waves."""
    found = result.movement
    if found is None:
        return NOTHING
    verdict = {
        "towards": say("More customers became truly loyal than ceased to be."),
        "away": say("More customers ceased to be truly loyal than became so."),
        "unclear": say("There is no clear drift towards or away from true loyalty."),
    }[found.verdict]
    border = NOTHING
    if found.stayed < found.both:
        border = say(
            "{n} of those who moved stood near a border, where chance alone moves customers.",
            n=Count(found.movers_near_border),
        )
    counts = say_for(
        found.both,
        "{n} customer was placed in both surveys ({first}, and {second}); {stayed} stayed in the same cell, {became} "
        "became truly loyal, {ceased} ceased to be.",
        "{n} customers were placed in both surveys ({first}, and {second}); {stayed} stayed in the same cell, {became} "
        "became truly loyal, {ceased} ceased to be.",
        first=wave_name(result.survey, found.from_wave),
        second=wave_name(result.survey, found.to_wave),
        stayed=Count(found.stayed),
        became=Count(found.became_true),
        ceased=Count(found.ceased_true),
    )
    return paragraph(counts, verdict, border)


def hindered_by(result: LoyaltyMatrix) -> Text:
    """What the latent loyal rate clearly lower than the truly loyal."""
    table = result.hindrances
    if table.empty:
        return NOTHING
    lower = table[table["high"] < 0]
    if lower.empty:
        return say_for(
            len(table),
            "The latent loyal rate nothing clearly lower than the truly loyal do ({n} attribute compared): what keeps "
            "them from buying more is not in the questionnaire, so it must be asked.",
            "The latent loyal rate nothing clearly lower than the truly loyal do ({n} attributes compared): what keeps "
            "them from buying more is not in the questionnaire, so it must be asked.",
        )
    told = tuple(
        say(
            "{attribute} ({difference} lower on a scale from 0 to 1, {interval})",
            attribute=Name(row.attribute),
            difference=Number(-row.difference),
            interval=numbers(-row.high, -row.low),
        )
        for row in rows_of(lower.head(3))
    )
    return say(
        "What may hinder the latent loyal: compared with the truly loyal they rate lower {told}.",
        told=Listing(told),
    )


def bound_by(result: LoyaltyMatrix) -> Text:
    """Whether the inert loyal find anything better here, the price above all."""
    table = result.held_by
    if table.empty:
        return NOTHING
    better = table[table["low"] > 0]
    if better.empty:
        return say_for(
            len(table),
            "The inert loyal see this company clearly ahead of its best competitor in nothing they were asked ({n} "
            "attribute): habit, want of a choice or something not asked holds them.",
            "The inert loyal see this company clearly ahead of its best competitor in nothing they were asked ({n} "
            "attributes): habit, want of a choice or something not asked holds them.",
        )
    names = Listing(tuple(Name(row.attribute) for row in rows_of(better.head(3))))
    asked, price = (table["component"] == "money").any(), (better["component"] == "money").any()
    verdict = say("Whether the price holds them was not asked.")
    if price:
        verdict = say("The price is part of it, so a lower one elsewhere may be enough to lose them.")
    elif asked:
        verdict = say("The price is not part of it.")
    return paragraph(
        say("What the inert loyal find better here than at the best competitor: {names}.", names=names),
        verdict,
    )


def _when(result: LoyaltyMatrix, row: Any) -> Text:
    if not row["wave"] > 0:
        return NOTHING
    return say(", survey of {wave}", wave=wave_name(result.survey, row["wave"]))


def _level(row: Any) -> Text:
    interval = numbers(row["low"], row["high"])
    if row["attitude_source"] == MEAN:
        return say(
            "{mean} on average, on a scale from 0 to 1 ({interval})",
            mean=Number(row["mean"]),
            interval=interval,
        )
    size = Number(abs(row["mean"]))
    if row["mean"] < 0:
        return say(
            "{size} below its best competitor, on a scale from −1 to 1 ({interval})",
            size=size,
            interval=interval,
        )
    return say(
        "{size} above its best competitor, on a scale from −1 to 1 ({interval})", size=size, interval=interval
    )


def _high(row: Any) -> Text:
    low, high = row["high_share_low"], row["high_share_high"]
    majority = say("about half do")
    if low > 0.5:
        majority = say("most do")
    elif high < 0.5:
        majority = say("most do not")
    values: dict[str, Value] = {
        "share": Share(row["high_share"]),
        "interval": shares(low, high),
        "majority": majority,
    }
    if row["attitude_source"] == RELATIVE:
        return say(
            "{share} of them prefer this company to its best competitor ({interval}): {majority}.", **values
        )
    return say(
        "{share} of them rate this company above the middle of the scale ({interval}): {majority}.", **values
    )


def _mean_of(result: LoyaltyMatrix, row: Any) -> Text:
    return say(
        "{mean} ({wave}, {interval})",
        mean=Number(row["mean"]),
        wave=wave_name(result.survey, row["wave"]),
        interval=numbers(row["low"], row["high"]),
    )


def _foretold(table: pd.DataFrame) -> list[Text]:
    """Whether preference told apart who stays, among those who bought much and those who bought little."""
    told = []
    for high, low in (("true", "inert"), ("latent", "none")):
        if table.loc[[high, low], "rate"].isna().any():
            continue
        first, second = table.loc[high], table.loc[low]
        link = difference_of_shares(
            int(first["retained"]), int(first["customers"]), int(second["retained"]), int(second["customers"])
        )
        verdict = {
            "together": say(
                "the {more} stayed more often than the {less}", more=NAMES[high], less=NAMES[low]
            ),
            "opposite": say(
                "the {more} stayed more often than the {less}", more=NAMES[low], less=NAMES[high]
            ),
            "unclear": say("preference made no clear difference"),
        }[link.verdict]
        values: dict[str, Value] = {
            "verdict": verdict,
            "difference": points(link.difference),
            "interval": Interval(points(link.lower), points(link.upper)),
        }
        if high == "true":
            told.append(
                say("With high repeat purchase {verdict} (difference {difference}, {interval}).", **values)
            )
        else:
            told.append(
                say("With low repeat purchase {verdict} (difference {difference}, {interval}).", **values)
            )
    return told
