"""What the respondents think, what came after the survey and why, in words written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import MEAN, RELATIVE
from customer_value.loyalty.cells import FOUR
from customer_value.loyalty.names import NAMES
from customer_value.loyalty.representation import difference_of_shares
from customer_value.survey import MINIMUM

if TYPE_CHECKING:
    from customer_value.loyalty.matrix import LoyaltyMatrix

__all__ = ["attitude_alone", "bound_by", "came_back", "hindered_by", "moved", "other_waves", "worth"]


def attitude_alone(result: LoyaltyMatrix) -> tuple[str, ...]:
    """What the respondents of the latest wave think, whether or not they are known as customers."""
    if result.status == "too_few":
        return ()
    if result.survey is None or result.opinions.empty:
        return (_NO_ATTITUDE,) if result.survey is not None and result.status == "no_orders" else ()
    latest = result.opinions.iloc[-1]
    n = latest["respondents"]
    if pd.isna(latest["mean"]):
        return (
            f"Only {words.count(n, 'respondent')} gave a usable answer{_when(latest)}; under {MINIMUM} nothing is "
            "averaged.",
        )
    high = {
        RELATIVE: "prefer this company to its best competitor",
        MEAN: "rate this company above the middle of the scale",
    }[latest["attitude_source"]]
    span = words.interval(words.percent(latest["high_share_low"]), words.percent(latest["high_share_high"]))
    near = latest["near_cut"]
    told = (
        f"{words.count(n, 'respondent')} rate this company {_level(latest)}{_when(latest)}.",
        f"{words.percent(latest['high_share'])} of them {high} ({span}): "
        f"{_majority(latest['high_share_low'], latest['high_share_high'])}.",
        f"{words.count(near, 'respondent')} {words.verb(near, 'stands', 'stand')} within one standard error "
        f"({words.decimal(latest['standard_error'])}) of the line between a high and a low attitude, where one "
        "person's answers cannot tell the two apart.",
        other_waves(result),
    )
    return tuple(part for part in told if part)


_NO_ATTITUDE = (
    "The survey has answers, but the codebook marks no item on this company as attitude, perceived performance or "
    "overall judgement (column aspect), so there is no attitude to show."
)


def other_waves(result: LoyaltyMatrix) -> str:
    """The attitude of the last two waves, compared."""
    usable = result.opinions[result.opinions["mean"].notna() & (result.opinions["wave"] > 0)]
    if len(usable) < 2:
        return ""
    before, after = usable.iloc[-2], usable.iloc[-1]
    if before["attitude_source"] != after["attitude_source"]:
        names = f"{before['name']} and {after['name']}"
        return f"The surveys of {names} measured attitude differently and are not compared."
    change, low, high = result.attitude_change
    verdict = "Attitudes have not changed clearly, the difference may be chance"
    if low > 0:
        verdict = "Attitudes have risen"
    elif high < 0:
        verdict = "Attitudes have fallen"
    sign = "+" if change > 0 else ""
    size = (
        f"difference {sign}{words.decimal(change)}, {words.interval(words.decimal(low), words.decimal(high))}"
    )
    told = [
        f"{words.decimal(row['mean'])} ({row['name']}, "
        f"{words.interval(words.decimal(row['low']), words.decimal(row['high']))})"
        for row in (before, after)
    ]
    return f"The mean attitude of respondents was {told[0]} and then {told[1]}. {verdict} ({size})."


def worth(result: LoyaltyMatrix) -> str:
    """Lifetime value of the placed customers, by cell."""
    table = result.cells.set_index("cell")
    if "clv" not in table.columns:
        return ""
    parts = {cell: float(table.loc[cell, "clv"]) for cell in FOUR}
    total = sum(parts.values())
    if total <= 0 or min(parts.values()) < 0:
        return ""
    best = max(parts, key=lambda cell: parts[cell])
    lead = "Most of it" if 2 * parts[best] > total else "The largest part"
    rest = [f"{words.percent(parts[cell] / total)} with the {NAMES[cell]}" for cell in FOUR if cell != best]
    return (
        "The lifetime value still to come from the placed customers is about "
        f"{words.short_money(total, result.currency)}. {lead}, {words.percent(parts[best] / total)}, lies with the "
        f"{NAMES[best]}, {words.listing(rest)}."
    )


def came_back(result: LoyaltyMatrix) -> str:
    """Who bought in the period after the survey, by the cell of that time."""
    table = result.retention.set_index("cell")
    known = table[table["rate"].notna()].drop("not_surveyed", errors="ignore")
    if known.empty:
        return ""
    told = [
        f"{words.percent(row['rate'])} of the {words.count(row['customers'])} {NAMES[str(cell)]} "
        f"({words.interval(words.percent(row['low']), words.percent(row['high']))})"
        for cell, row in known.iterrows()
    ]
    first = words.day(table["measured_on"].iloc[0].date())
    period = words.count(result.period_months, "month")
    head = f"In the {period} after {first} bought again: {words.listing(told)}, in the cells of that day."
    return f"{head} {_foretold(table)}".strip()


def moved(result: LoyaltyMatrix) -> str:
    """Who changed cell between the last two waves."""
    found = result.movement
    if found is None:
        return ""
    verdict = {
        "towards": "More customers became truly loyal than ceased to be",
        "away": "More customers ceased to be truly loyal than became so",
        "unclear": "There is no clear drift towards or away from true loyalty",
    }[found.verdict]
    near = found.movers_near_border
    border = ""
    if found.stayed < found.both:
        border = f" {words.count(near)} of those who moved stood near a border, where chance alone moves customers."
    return (
        f"{words.count(found.both, 'customer')} {words.verb(found.both, 'was', 'were')} placed in both surveys "
        f"({found.from_name}, and {found.to_name}); {words.count(found.stayed)} stayed in the same cell, "
        f"{words.count(found.became_true)} became truly loyal, {words.count(found.ceased_true)} ceased to be. "
        f"{verdict}.{border}"
    )


def hindered_by(result: LoyaltyMatrix) -> str:
    """What the latent loyal rate clearly lower than the truly loyal."""
    table = result.hindrances
    if table.empty:
        return ""
    lower = table[table["high"] < 0]
    if lower.empty:
        return (
            "The latent loyal rate nothing clearly lower than the truly loyal do "
            f"({words.count(len(table), 'attribute')} compared): what keeps them from buying more is not in the "
            "questionnaire, so it must be asked."
        )
    told = [
        f"{words.plain(row.attribute)} ({words.decimal(-row.difference)} lower on a scale from 0 to 1, "
        f"{words.interval(words.decimal(-row.high), words.decimal(-row.low))})"
        for row in rows_of(lower.head(3))
    ]
    return f"What may hinder the latent loyal: compared with the truly loyal they rate lower {words.listing(told)}."


def bound_by(result: LoyaltyMatrix) -> str:
    """Whether the inert loyal find anything better here, the price above all."""
    table = result.held_by
    if table.empty:
        return ""
    better = table[table["low"] > 0]
    if better.empty:
        return (
            "The inert loyal see this company clearly ahead of its best competitor in nothing they were asked "
            f"({words.count(len(table), 'attribute')}): habit, want of a choice or something not asked holds them."
        )
    names = words.listing([words.plain(row.attribute) for row in rows_of(better.head(3))])
    asked, price = (table["component"] == "money").any(), (better["component"] == "money").any()
    verdict = "Whether the price holds them was not asked."
    if price:
        verdict = "The price is part of it, so a lower one elsewhere may be enough to lose them."
    elif asked:
        verdict = "The price is not part of it."
    return f"What the inert loyal find better here than at the best competitor: {names}. {verdict}"


def _when(row: Any) -> str:
    return f", survey of {row['name']}" if row["wave"] > 0 else ""


def _level(row: Any) -> str:
    span = words.interval(words.decimal(row["low"]), words.decimal(row["high"]))
    if row["attitude_source"] == MEAN:
        return f"{words.decimal(row['mean'])} on average, on a scale from 0 to 1 ({span})"
    way = "below" if row["mean"] < 0 else "above"
    return f"{words.decimal(abs(row['mean']))} {way} its best competitor, on a scale from −1 to 1 ({span})"


def _majority(low: float, high: float) -> str:
    if low > 0.5:
        return "most do"
    return "most do not" if high < 0.5 else "about half do"


def _foretold(table: pd.DataFrame) -> str:
    """Whether preference told apart who stays, among those who bought much and those who bought little."""
    told = []
    for high, low, among in (("true", "inert", "high"), ("latent", "none", "low")):
        if table.loc[[high, low], "rate"].isna().any():
            continue
        first, second = table.loc[high], table.loc[low]
        link = difference_of_shares(
            int(first["retained"]), int(first["customers"]), int(second["retained"]), int(second["customers"])
        )
        verdict = {
            "together": f"the {NAMES[high]} stayed more often than the {NAMES[low]}",
            "opposite": f"the {NAMES[low]} stayed more often than the {NAMES[high]}",
            "unclear": "preference made no clear difference",
        }[link.verdict]
        low_end, high_end = (f"{words.decimal(end * 100, 0)} points" for end in (link.lower, link.upper))
        size = f"{words.decimal(link.difference * 100, 0)} points"
        told.append(
            f"With {among} repeat purchase {verdict} (difference {size}, {words.interval(low_end, high_end)})."
        )
    return " ".join(told)
