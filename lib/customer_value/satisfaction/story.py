"""The words of the page on satisfaction and delivered value, written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value.codebook import COST_COMPONENTS, OWN, rows_of
from customer_value.pareto.phrases import value_label
from customer_value.satisfaction.differences import clear_differences
from customer_value.satisfaction.phrases import COMPONENT_NAMES, KINDS, late, names, points, score
from customer_value.survey import MINIMUM
from customer_value.text import (
    NOTHING,
    Count,
    Interval,
    Listing,
    Money,
    Name,
    Number,
    Share,
    Signed,
    Text,
    Value,
    say,
    say_for,
)
from customer_value.text.phrases import accounts, paragraph, respondents

if TYPE_CHECKING:
    from customer_value.satisfaction.analysis import Satisfaction
    from customer_value.satisfaction.complaints import Complaints
    from customer_value.satisfaction.importance import Importance
    from customer_value.satisfaction.link import MoneyLink, WhatIf

__all__ = [
    "NOT_CAUSAL",
    "complaints",
    "findings",
    "mend_first",
    "thing",
    "warnings",
    "what_if",
    "why_no_score",
]

_CLOSE = 10

NOT_CAUSAL = say(
    "Accounts that complain may differ from the others in what the data do not hold, so this is a comparison and "
    "does not prove that the complaint, or the way it was handled, is the cause."
)


def findings(result: Satisfaction) -> tuple[Text, ...]:
    """What customers think, why, how it compares and what goes with it."""
    if result.panel is None:
        return (
            say_for(
                result.respondents,
                "{n} person gave a usable answer and no survey wave has {fewest} respondents: nothing is averaged, "
                "because so few say little about the customers.",
                "{n} people gave a usable answer and no survey wave has {fewest} respondents: nothing is averaged, "
                "because so few say little about the customers.",
                fewest=Count(MINIMUM),
            ),
        )
    parts = (
        _how_satisfied(result),
        _who_differs(result),
        _over_time(result),
        _gap(result),
        _first(result),
        _against_rivals(result),
        _who_wins(result),
        _after_a_complaint(result),
        _and_money(result),
    )
    return tuple(part for part in parts if part)


def warnings(result: Satisfaction) -> tuple[Text | str, ...]:
    """What to know before believing it."""
    told: list[Text | str] = list(result.survey.warnings)
    told += [_hidden(by, number) for by, number in sorted(result.hidden.items())]
    told += _score_warnings(result)
    if not isinstance(result.importance, str) and result.importance.same:
        told.append(
            say(
                "Everybody rated {attributes} alike; what does not differ cannot explain who is more satisfied, so it "
                "is not weighed.",
                attributes=names(result.importance.same),
            )
        )
    if not isinstance(result.delivered, str) and result.delivered.missing:
        missing = tuple(COMPONENT_NAMES[name] for name in result.delivered.missing)
        told.append(
            say(
                "The survey does not ask about these parts of delivered value: {missing}. They count as nothing.",
                missing=Listing(missing, most=8),
            )
        )
    if not isinstance(result.delivered, str) and result.delivered.too_few:
        told.append(
            say(
                "Too few respondents rated {competitors} to compare delivered value.",
                competitors=names(result.delivered.too_few),
            )
        )
    if not isinstance(result.complaints, str) and result.complaints.unmatched:
        told.append(
            say_for(
                result.complaints.unmatched,
                "{n} account with a complaint has no comparable account and is left out of that comparison.",
                "{n} accounts with a complaint have no comparable account and are left out of that comparison.",
            )
        )
    if result.panel is not None and result.with_orders:
        told += [part for part in (result.winwin, result.complaints, result.link) if isinstance(part, str)]
    return tuple(dict.fromkeys(told))


def mend_first(result: Satisfaction) -> tuple[Text | str, ...]:
    """Which attribute to mend first, and why."""
    found = result.importance
    if isinstance(found, str):
        return (found,)
    explained = _explained(found)
    if found.first is None:
        return (
            explained,
            say("Nothing that was asked goes up with overall satisfaction, so no attribute is named."),
        )
    note = NOTHING
    if found.level != "attribute":
        note = say(
            "There are too few respondents to weigh single attributes, so whole constructs are weighed."
        )
    return tuple(part for part in (explained, _first(result), note) if part)


def thing(result: Satisfaction, attribute: str) -> Value:
    """What an attribute is called: its name, with the question where the name is only that of an item."""
    name = Name(str(attribute))
    if result.panel is None or attribute not in result.panel.items.index:
        return name
    wording = result.panel.items.loc[attribute, "wording_en"]
    if pd.isna(wording):
        return name
    return say("{name} (“{wording}”)", name=name, wording=Name(str(wording), most=90))


def complaints(result: Satisfaction) -> tuple[Text | str, ...]:
    """What followed complaints, resolved or not, and what cannot be concluded."""
    found = result.complaints
    if isinstance(found, str):
        return (found,)
    told = [_stayed(found, name) for name in ("all", "resolved", "open")]
    told += [_stayed_resolved(found), _spent(found), _spent_resolved(found)]
    return (*(part for part in told if part), NOT_CAUSAL)


def what_if(result: Satisfaction) -> tuple[Text | str, ...]:
    """The value of moving the middle up one step, or why it is not given."""
    link = result.link
    if isinstance(link, str):
        return (link,)
    if link.what_if is None:
        return (
            link.why_no_value
            or say(
                "All accounts are about equally satisfied or too few for a middle, so no step up is valued."
            ),
        )
    return (_one_step_up(link, link.what_if, result.currency),)


def why_no_score(result: Satisfaction, measure: str) -> Text:
    """The true reason why there is no ``nps`` or no ``index`` of the latest wave."""
    items = result.survey.items
    own = items[items["target"] == OWN]
    marked = own[own["scale"] == "nps"] if measure == "nps" else own[own["aspect"] == "overall"]
    if marked.empty or result.panel is None:
        return _UNMARKED[measure]
    asked = [item for item in marked["item"] if item in result.panel.scores.columns]
    answers = int(result.panel.scores[asked].notna().any(axis=1).sum())
    values: dict[str, Value] = {"items": _items_on(measure, marked["item"]), "score": _SCORES[measure]}
    if not answers:
        return say("Nobody in the latest wave answered {items}, so there is no {score}.", **values)
    if answers >= MINIMUM:
        return say(
            "The weights of the index leave out all answers to {items}, so there is no {score}.", **values
        )
    return say_for(
        answers,
        "Only {n} respondent answered {items}: fewer than five answers are never averaged, so there is no {score}.",
        "Only {n} respondents answered {items}: fewer than five answers are never averaged, so there is no {score}.",
        **values,
    )


def _hidden(by: str, number: int) -> Text:
    """How many groups of one kind are too small to show."""
    fewest = Count(MINIMUM)
    if by == "industry":
        return say_for(
            number,
            "{n} industry with fewer than {fewest} respondents is not shown.",
            "{n} industries with fewer than {fewest} respondents are not shown.",
            fewest=fewest,
        )
    if by == "region":
        return say_for(
            number,
            "{n} region with fewer than {fewest} respondents is not shown.",
            "{n} regions with fewer than {fewest} respondents are not shown.",
            fewest=fewest,
        )
    if by == "abc":
        return say_for(
            number,
            "{n} ABC class with fewer than {fewest} respondents is not shown.",
            "{n} ABC classes with fewer than {fewest} respondents are not shown.",
            fewest=fewest,
        )
    return say_for(
        number,
        "{n} survey wave with fewer than {fewest} respondents is not shown.",
        "{n} survey waves with fewer than {fewest} respondents are not shown.",
        fewest=fewest,
    )


def _score_warnings(result: Satisfaction) -> list[Text | str]:
    if result.panel is None:
        return []
    told: list[Text | str] = [
        why_no_score(result, measure) for measure in ("nps", "index") if measure not in result.headline
    ]
    if result.gaps.empty:
        told.append(
            say("No question was asked both as an expectation and as a perception, so there is no gap.")
        )
    elif not len(result.gaps[result.gaps["level"] != "all"]):
        told.append(
            say(
                "Expectations and perceptions are not joined by attribute or construct, so only their means over all "
                "are compared."
            )
        )
    told += [part for part in (result.importance, result.delivered) if isinstance(part, str)]
    return told


_UNMARKED = {
    "nps": say(
        "No item is marked as nps in the codebook (scale nps, 0 to 10), so there is no net promoter score."
    ),
    "index": say(
        "No item asks for overall satisfaction (aspect overall), so there is no satisfaction index."
    ),
}
_SCORES = {"nps": say("net promoter score"), "index": say("satisfaction index")}


def _items_on(measure: str, marked: pd.Series) -> Text:
    items, one = names(marked), len(marked) == 1
    if measure == "nps":
        if one:
            return say("the item on recommendation (scale nps), {items}", items=items)
        return say("the items on recommendation (scale nps), {items}", items=items)
    if one:
        return say("the item on overall satisfaction (aspect overall), {items}", items=items)
    return say("the items on overall satisfaction (aspect overall), {items}", items=items)


def _how_satisfied(result: Satisfaction) -> Text:
    found = result.headline
    if not found:
        return paragraph(*dict.fromkeys(why_no_score(result, measure) for measure in ("index", "nps")))
    told = []
    if "index" in found and result.panel is not None:
        row = found["index"]
        told.append(
            say(
                "The satisfaction index is {index} of 100 ({interval}, {respondents}, {wave}).",
                index=score(row["value"]),
                interval=Interval(score(row["low"]), score(row["high"])),
                respondents=respondents(row["n"]),
                wave=Name(result.panel.name),
            )
        )
    if "top_two" in found:
        told.append(
            say(
                "{share} of the marks for overall satisfaction are one of the best two.",
                share=Share(float(found["top_two"]["value"])),
            )
        )
    if "nps" in found:
        told.append(_promoters(found["nps"]))
    return paragraph(*told)


def _promoters(row: pd.Series) -> Text:
    values: dict[str, Value] = {"score": Signed(float(row["value"])), "interval": _signed_interval(row)}
    if row["low"] > 0:
        return say(
            "The net promoter score is {score} ({interval}): more would recommend this company than warn against it.",
            **values,
        )
    if row["high"] < 0:
        return say(
            "The net promoter score is {score} ({interval}): more would warn against this company than recommend it.",
            **values,
        )
    return say(
        "The net promoter score is {score} ({interval}): about as many would warn against this company as recommend "
        "it.",
        **values,
    )


def _who_differs(result: Satisfaction) -> Text:
    """Of each kind of group the two furthest apart whose difference is no chance."""
    table = result.differences
    if table.empty:
        return NOTHING
    index = result.scores[result.scores["measure"] == "index"].set_index(["by", "group"])
    pairs = say_for(len(table), "{n} pair of groups compared", "{n} pairs of groups compared")
    told = []
    for row in rows_of(clear_differences(table)):
        low, high = (index.loc[(row.by, name)] for name in (row.lower, row.higher))
        told.append(
            say(
                "by {kind} from {lower} with {low} ({few}) to {higher} with {high} ({many})",
                kind=KINDS[str(row.by)],
                lower=Name(str(row.lower)),
                low=score(low["value"]),
                few=respondents(low["n"]),
                higher=Name(str(row.higher)),
                high=score(high["value"]),
                many=respondents(high["n"]),
            )
        )
    if told:
        return say(
            "Satisfaction differs clearly {differences} ({pairs}, all at a level of 5%).",
            differences=Listing(tuple(told)),
            pairs=pairs,
        )
    kinds = tuple(KINDS[str(by)] for by in sorted(table["by"].unique()))
    return say(
        "The satisfaction index does not differ clearly by {kinds}: every difference may be chance ({pairs}).",
        kinds=Listing(kinds, either=True),
        pairs=pairs,
    )


def _over_time(result: Satisfaction) -> Text:
    rows = result.score("index", "wave")
    if len(rows) < 2:
        return NOTHING
    before, now = rows.iloc[-2], rows.iloc[-1]
    change = float(now["value"] - before["value"])
    half = [((row["high"] - row["low"]) / 2) ** 2 for row in (before, now)]
    reach = float(sum(half) ** 0.5)
    values: dict[str, Value] = {
        "wave": Name(str(before["group"])),
        "before": score(before["value"]),
        "now": score(now["value"]),
        "change": Signed(change),
        "interval": Interval(Signed(change - reach), Signed(change + reach)),
    }
    if change - reach > 0:
        return say(
            "Since the survey wave before ({wave}) the index has risen: {before} then, {now} now, a change of {change} "
            "({interval}).",
            **values,
        )
    if change + reach < 0:
        return say(
            "Since the survey wave before ({wave}) the index has fallen: {before} then, {now} now, a change of "
            "{change} ({interval}).",
            **values,
        )
    return say(
        "Since the survey wave before ({wave}) the index has not changed clearly: {before} then, {now} now, a change "
        "of {change} ({interval}).",
        **values,
    )


def _gap(result: Satisfaction) -> Text:
    overall = result.gaps[result.gaps["level"] == "all"]
    attributes = result.gaps[result.gaps["level"] == "attribute"]
    told = [_gap_of_all(row) for _, row in overall.head(1).iterrows()]
    short = attributes[attributes["high"] < 0].sort_values(["gap", "name"])
    if len(short):
        listed = [
            say("{attribute} ({gap})", attribute=Name(str(row.name)), gap=Signed(float(row.gap)))
            for row in rows_of(short)
        ]
        told.append(say("Clearly short of the expectation: {attributes}.", attributes=Listing(tuple(listed))))
    elif len(attributes):
        told.append(say("No attribute falls clearly short of what was expected."))
    return paragraph(*told)


def _gap_of_all(row: pd.Series) -> Text:
    values: dict[str, Value] = {
        "interval": _signed_interval(row),
        "respondents": respondents(row["n"]),
    }
    size = score(abs(row["gap"]))
    if row["low"] > 0:
        return say(
            "Customers get more than they expected, {size} points of 100 on average ({interval}, {respondents}).",
            size=size,
            **values,
        )
    if row["high"] < 0:
        return say(
            "Customers get less than they expected, {size} points of 100 on average ({interval}, {respondents}).",
            size=size,
            **values,
        )
    return say(
        "On the whole customers get about what they expected, {gap} points of 100 ({interval}, {respondents}).",
        gap=Signed(float(row["gap"])),
        **values,
    )


def _explained(found: Importance) -> Text:
    """How much of the differences in satisfaction the attributes explain."""
    values: dict[str, Value] = {"share": Share(found.r_squared), "respondents": respondents(found.n)}
    number = Count(len(found.table))
    if number.number == 1:
        return say(
            "{attribute} alone explains {share} of the differences in overall satisfaction between {respondents}.",
            attribute=Name(str(found.table.iloc[0]["attribute"])),
            **values,
        )
    if found.level == "construct":
        return say(
            "Together the {number} constructs explain {share} of the differences in overall satisfaction between "
            "{respondents}.",
            number=number,
            **values,
        )
    return say(
        "Together the {number} attributes explain {share} of the differences in overall satisfaction between "
        "{respondents}.",
        number=number,
        **values,
    )


def _first(result: Satisfaction) -> Text:
    found = result.importance
    if isinstance(found, str) or found.first is None:
        return NOTHING
    first = found.first
    mend = say(
        "Mend {attribute} first: it carries {share} of what is explained and stands at {performance} of 100. "
        "Importance times the distance to 100 is larger than for any other.",
        attribute=thing(result, first["attribute"]),
        share=Share(float(first["share"])),
        performance=score(first["performance"]),
    )
    sure = say(
        "It came first in {share} of the samples drawn anew.",
        share=Share(float(first["first"])),
    )
    doubt = NOTHING
    if first["first"] < 0.5:
        doubt = say("So read it as one of the first few, not as the only answer.")
    return paragraph(mend, _equally_good(found.table), sure, doubt)


def _equally_good(table: pd.DataFrame) -> Text:
    low, high = float(table["performance"].min()), float(table["performance"].max())
    if len(table) < 2 or high - low >= _CLOSE:
        return NOTHING
    return say(
        "All stand at about the same height, from {low} to {high}, so it is importance that decides.",
        low=score(low),
        high=score(high),
    )


def _against_rivals(result: Satisfaction) -> Text:
    found = result.delivered
    if isinstance(found, str):
        return NOTHING
    low, high = found.reach
    if found.totals.empty:
        return say(
            "Delivered value is {value} on a scale from {lowest} to {highest} ({interval}); no competitor was rated "
            "beside it.",
            value=score(found.value),
            lowest=Number(low, 0),
            highest=Number(high, 0),
            interval=Interval(score(found.low), score(found.high)),
        )
    return paragraph(*(_against(row, found.parts) for _, row in found.totals.iterrows()))


def _against(total: pd.Series, parts: pd.DataFrame) -> Text:
    """Delivered value beside that of one competitor."""
    size = score(abs(total["advantage"]))
    values: dict[str, Value] = {
        "competitor": Name(str(total["competitor"])),
        "own": score(total["own"]),
        "value": score(total["value"]),
        "interval": _signed_interval(total),
        "why": _why(parts[parts["competitor"] == total["competitor"]]),
    }
    if total["low"] > 0:
        return say(
            "This company delivers {size} points more value than {competitor} ({own} against {value}, {interval})"
            "{why}.",
            size=size,
            **values,
        )
    if total["high"] < 0:
        return say(
            "This company delivers {size} points less value than {competitor} ({own} against {value}, {interval})"
            "{why}.",
            size=size,
            **values,
        )
    return say(
        "This company delivers about as much value as {competitor}, {advantage} points ({own} against {value}, "
        "{interval}){why}.",
        advantage=Signed(float(total["advantage"])),
        **values,
    )


def _why(parts: pd.DataFrame) -> Text:
    """The component that makes most of a difference, if it is clear."""
    clear = parts[(parts["low"] > 0) | (parts["high"] < 0)]
    better = clear[clear["difference"] > 0].sort_values(["difference", "component"], ascending=[False, True])
    worse = clear[clear["difference"] < 0].sort_values(["difference", "component"])
    if len(better) and len(worse):
        return say(
            "; most of what speaks for it is {better} and most of what speaks against it is {worse}",
            better=_component(better.iloc[0]),
            worse=_component(worse.iloc[0]),
        )
    if len(better):
        return say("; most of what speaks for it is {better}", better=_component(better.iloc[0]))
    if len(worse):
        return say("; most of what speaks against it is {worse}", worse=_component(worse.iloc[0]))
    return say("; no single component makes a clear difference")


def _component(row: pd.Series) -> Text:
    difference = float(row["difference"])
    values: dict[str, Value] = {
        "component": COMPONENT_NAMES[str(row["component"])],
        "difference": Signed(difference),
    }
    if row["component"] not in COST_COMPONENTS:
        return say("{component} ({difference})", **values)
    if difference > 0:
        return say("lower {component} ({difference})", **values)
    return say("higher {component} ({difference})", **values)


def _who_wins(result: Satisfaction) -> Text:
    found = result.winwin
    if isinstance(found, str):
        return NOTHING
    table = found.quadrants.set_index("quadrant")
    losing = int((found.accounts["earnings"] < 0).sum())
    money = value_label(found.earnings)
    both = say_for(
        int(table.loc["both", "accounts"]),
        "Of {accounts} with a known delivered value, {n} gets more value and brings more {money} than the median of "
        "these accounts (both win).",
        "Of {accounts} with a known delivered value, {n} get more value and bring more {money} than the median of "
        "these accounts (both win).",
        accounts=accounts(len(found.accounts)),
        money=money,
    )
    company = say_for(
        int(table.loc["company", "accounts"]),
        "{n} brings much {money} and gets little value: {earnings} that a better offer could take.",
        "{n} bring much {money} and get little value: {earnings} that a better offer could take.",
        money=money,
        earnings=Money(float(table.loc["company", "earnings"]), result.currency, short=True),
    )
    loss = say_for(losing, "{n} account brings a loss.", "{n} accounts bring a loss.") if losing else NOTHING
    return paragraph(both, company, loss)


def _after_a_complaint(result: Satisfaction) -> Text:
    found = result.complaints
    if isinstance(found, str):
        return NOTHING
    told = [part for part in (_stayed(found, name) for name in ("resolved", "open")) if part]
    return paragraph(*(told or [_stayed(found, "all")]), say("This is no proof of cause."))


def _stayed(found: Complaints, name: str) -> Text:
    row = found.group(name)
    if pd.isna(row["difference"]):
        return NOTHING
    values: dict[str, Value] = {
        "accounts": _complaining(row["accounts"], name),
        "retained": Share(float(row["retained"])),
        "late": late(found.months),
        "comparable": Share(float(row["comparable"])),
        "difference": points(row["difference"]),
        "interval": Interval(points(row["low"]), points(row["high"])),
    }
    if row["low"] > 0:
        return say(
            "Of {accounts}, {retained} still bought {late} after it, more than the {comparable} of comparable "
            "accounts (difference {difference}, {interval}).",
            **values,
        )
    if row["high"] < 0:
        return say(
            "Of {accounts}, {retained} still bought {late} after it, fewer than the {comparable} of comparable "
            "accounts (difference {difference}, {interval}).",
            **values,
        )
    return say(
        "Of {accounts}, {retained} still bought {late} after it, not clearly different from the {comparable} of "
        "comparable accounts (difference {difference}, {interval}).",
        **values,
    )


def _complaining(number: float, name: str) -> Text:
    if name == "resolved":
        return say_for(
            number,
            "{n} account with a complaint that was resolved",
            "{n} accounts with a complaint that was resolved",
        )
    if name == "open":
        return say_for(
            number,
            "{n} account with a complaint that was not resolved",
            "{n} accounts with a complaint that was not resolved",
        )
    return say_for(number, "{n} account with a complaint", "{n} accounts with a complaint")


def _stayed_resolved(found: Complaints) -> Text:
    """Who stayed where complaints were resolved, against where they were not."""
    gap = found.group("resolved − open")
    if pd.isna(gap["difference"]):
        return NOTHING
    span = Interval(points(gap["low"]), points(gap["high"]))
    if gap["low"] > 0:
        return say(
            "Where complaints were resolved, accounts stayed more often than where they were not ({interval}).",
            interval=span,
        )
    if gap["high"] < 0:
        return say(
            "Where complaints were resolved, accounts stayed less often than where they were not ({interval}).",
            interval=span,
        )
    return say(
        "Whether a complaint was resolved makes no clear difference to who stayed ({interval}).",
        interval=span,
    )


def _spent(found: Complaints) -> Text:
    row = found.group("all")
    if pd.isna(row["spend_difference"]):
        return NOTHING
    values: dict[str, Value] = {
        "months": Count(found.months),
        "spend": Number(float(row["spend"])),
        "comparable": Number(float(row["comparable_spend"])),
        "difference": Number(float(row["spend_difference"])),
        "interval": Interval(Number(float(row["spend_low"])), Number(float(row["spend_high"]))),
    }
    if row["spend_low"] > 0:
        return say(
            "For each unit of money spent in the {months} months before, accounts with a complaint spent {spend} in "
            "the {months} months after, more than the {comparable} of comparable accounts (difference {difference}, "
            "{interval}).",
            **values,
        )
    if row["spend_high"] < 0:
        return say(
            "For each unit of money spent in the {months} months before, accounts with a complaint spent {spend} in "
            "the {months} months after, less than the {comparable} of comparable accounts (difference {difference}, "
            "{interval}).",
            **values,
        )
    return say(
        "For each unit of money spent in the {months} months before, accounts with a complaint spent {spend} in the "
        "{months} months after, not clearly different from the {comparable} of comparable accounts (difference "
        "{difference}, {interval}).",
        **values,
    )


def _spent_resolved(found: Complaints) -> Text:
    gap = found.group("resolved − open")
    if pd.isna(gap["spend_difference"]) or gap["spend_low"] <= 0 <= gap["spend_high"]:
        return NOTHING
    values: dict[str, Value] = {
        "difference": Number(float(abs(gap["spend_difference"]))),
        "interval": Interval(Number(float(gap["spend_low"])), Number(float(gap["spend_high"]))),
    }
    if gap["spend_low"] > 0:
        return say(
            "Compared with accounts like them, those with a resolved complaint went on to spend more than those "
            "without, by {difference} for each unit of money before ({interval}).",
            **values,
        )
    return say(
        "Compared with accounts like them, those with a resolved complaint went on to spend less than those without, "
        "by {difference} for each unit of money before ({interval}).",
        **values,
    )


def _and_money(result: Satisfaction) -> Text:
    link = result.link
    if isinstance(link, str):
        return NOTHING
    step = NOTHING if link.what_if is None else _one_step_up(link, link.what_if, result.currency)
    return paragraph(_who_stayed(link), step)


def _who_stayed(link: MoneyLink) -> Text:
    if not (link.difference and link.top and link.bottom and link.months):
        return NOTHING
    gap, low, high = link.difference
    values: dict[str, Value] = {
        "top": Share(link.top[0]),
        "top_accounts": accounts(link.top[1]),
        "months": Count(link.months),
        "bottom": Share(link.bottom[0]),
        "bottom_accounts": accounts(link.bottom[1]),
        "difference": points(gap),
        "interval": Interval(points(low), points(high)),
    }
    if low > 0:
        return say(
            "Satisfied accounts stayed more often: of the more satisfied half {top} ({top_accounts}) bought again "
            "within {months} months after the survey, of the less satisfied half {bottom} ({bottom_accounts}; "
            "difference {difference}, {interval}).",
            **values,
        )
    if high < 0:
        return say(
            "Satisfied accounts stayed less often: of the more satisfied half {top} ({top_accounts}) bought again "
            "within {months} months after the survey, of the less satisfied half {bottom} ({bottom_accounts}; "
            "difference {difference}, {interval}).",
            **values,
        )
    return say(
        "Satisfaction does not tell clearly who stayed: of the more satisfied half {top} ({top_accounts}) bought "
        "again within {months} months after the survey, of the less satisfied half {bottom} ({bottom_accounts}; "
        "difference {difference}, {interval}).",
        **values,
    )


def _one_step_up(link: MoneyLink, found: WhatIf, currency: str) -> Text:
    first, last = found.groups[0], found.groups[-1]
    middle = say("group {group}", group=Count(first))
    if first != last:
        middle = say("groups {first} to {last}", first=Count(first), last=Count(last))
    question = say_for(
        found.accounts,
        "What if the {n} account in the middle ({middle} of {groups}) were one group more satisfied, and lifetime "
        "value followed the straight line through all accounts?",
        "What if the {n} accounts in the middle ({middle} of {groups}) were one group more satisfied, and lifetime "
        "value followed the straight line through all accounts?",
        middle=middle,
        groups=Count(link.groups),
    )
    low, high = (Money(amount, currency, short=True) for amount in (found.low, found.high))
    values: dict[str, Value] = {
        "money": Money(found.value, currency, short=True),
        "interval": Interval(low, high),
    }
    if found.low > 0:
        answer = say("They would be worth {money} more in all ({interval}).", **values)
    elif found.high < 0:
        answer = say(
            "On that line they would be worth less, {money} in all: here the more satisfied are worth less "
            "({interval}).",
            **values,
        )
    else:
        answer = say("The answer could be nothing: {money} in all ({interval}).", **values)
    caveat = say(
        "Satisfied accounts may be worth more for other reasons, so this is a thought experiment and not a forecast."
    )
    return paragraph(question, answer, caveat)


def _signed_interval(row: pd.Series) -> Interval:
    return Interval(Signed(float(row["low"])), Signed(float(row["high"])))
