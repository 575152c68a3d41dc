"""The words of the page on satisfaction and delivered value, written from the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.codebook import COST_COMPONENTS, OWN, rows_of
from customer_value.pareto.measure import value_name
from customer_value.satisfaction.differences import clear_differences
from customer_value.satisfaction.display import BY, late_words, point_words, points, signed
from customer_value.survey import MINIMUM

if TYPE_CHECKING:
    from customer_value.satisfaction.analysis import Satisfaction
    from customer_value.satisfaction.complaints import Complaints

__all__ = [
    "COMPONENT_NAMES",
    "NOT_CAUSAL",
    "complaints",
    "findings",
    "mend_first",
    "thing",
    "warnings",
    "what_if",
    "why_no_score",
]

COMPONENT_NAMES = {
    "product": "products",
    "service": "service",
    "personnel": "people",
    "image": "image",
    "money": "cost in money",
    "time": "cost in time",
    "energy": "effort",
    "psychic": "worry",
}
"""Components of delivered value as they stand in a sentence."""

_CLOSE = 10

NOT_CAUSAL = (
    "Accounts that complain may differ from the others in what the data do not hold, so this is a comparison and "
    "does not prove that the complaint, or the way it was handled, is the cause."
)


def findings(result: Satisfaction) -> tuple[str, ...]:
    """What customers think, why, how it compares and what goes with it."""
    if result.panel is None:
        people = words.count(result.respondents, "person", "people")
        return (
            f"{people} gave a usable answer and no survey wave has {MINIMUM} respondents: nothing is "
            "averaged, because "
            "so few say little about the customers.",
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


def warnings(result: Satisfaction) -> tuple[str, ...]:
    """What to know before believing it."""
    told = list(result.survey.warnings)
    for by, number in sorted(result.hidden.items()):
        name = {"industry": "industry", "region": "region", "abc": "ABC class", "wave": "survey wave"}[by]
        plural = {"industry": "industries", "abc": "ABC classes"}.get(by, f"{name}s")
        told.append(
            f"{words.count(number, name, plural)} with fewer than {MINIMUM} respondents "
            f"{words.verb(number, 'is', 'are')} "
            "not shown."
        )
    told.extend(_score_warnings(result))
    if not isinstance(result.importance, str) and result.importance.same:
        told.append(
            f"Everybody rated {_named(result.importance.same)} alike; what does not differ cannot explain who is "
            "more satisfied, so it is not weighed."
        )
    if not isinstance(result.delivered, str) and result.delivered.missing:
        missing = words.listing([COMPONENT_NAMES[name] for name in result.delivered.missing], most=8)
        told.append(
            f"The survey does not ask about these parts of delivered value: {missing}. They count as nothing."
        )
    if not isinstance(result.delivered, str) and result.delivered.too_few:
        told.append(
            f"Too few respondents rated {_named(result.delivered.too_few)} to compare delivered value."
        )
    if not isinstance(result.complaints, str) and (n := result.complaints.unmatched):
        told.append(
            f"{words.count(n, 'account')} with a complaint {words.verb(n, 'has', 'have')} no comparable account and "
            f"{words.verb(n, 'is', 'are')} left out of that comparison."
        )
    if result.panel is not None and result.with_orders:
        told += [part for part in (result.winwin, result.complaints, result.link) if isinstance(part, str)]
    return tuple(dict.fromkeys(told))


def mend_first(result: Satisfaction) -> tuple[str, ...]:
    """Which attribute to mend first, and why."""
    found = result.importance
    if isinstance(found, str):
        return (found,)
    explained = (
        f"Together the {words.count(len(found.table))} {found.level}s explain "
        f"{words.percent(found.r_squared)} of the "
        f"differences in overall satisfaction between {words.count(found.n, 'respondent')}."
    )
    if len(found.table) == 1:
        explained = (
            f"{words.plain(found.table.iloc[0]['attribute'])} alone explains {words.percent(found.r_squared)} of the "
            f"differences in overall satisfaction between {words.count(found.n, 'respondent')}."
        )
    first = found.first
    if first is None:
        return (
            explained,
            "Nothing that was asked goes up with overall satisfaction, so no attribute is named.",
        )
    place = (
        f"Mend {thing(result, first['attribute'])} first: it carries {words.percent(first['share'])} of what "
        "is explained "
        f"and stands at {point_words(first['performance'])} of 100. Importance times the distance to 100 "
        "is larger than for "
        f"any other.{_equally_good(found.table)}"
    )
    sure = f"It came first in {words.percent(first['first'])} of the samples drawn anew."
    doubt = "" if first["first"] >= 0.5 else " So read it as one of the first few, not as the only answer."
    note = (
        ""
        if found.level == "attribute"
        else ("There are too few respondents to weigh single attributes, so whole constructs are weighed.")
    )
    return tuple(part for part in (explained, f"{place} {sure}{doubt}", note) if part)


def thing(result: Satisfaction, attribute: str) -> str:
    """What an attribute is called: its name, with the question where the name is only that of an item."""
    name = words.plain(attribute)
    if result.panel is None or attribute not in result.panel.items.index:
        return name
    wording = result.panel.items.loc[attribute, "wording_en"]
    return name if pd.isna(wording) else f"{name} (“{words.plain(wording, most=90)}”)"


def _equally_good(table: pd.DataFrame) -> str:
    low, high = float(table["performance"].min()), float(table["performance"].max())
    if len(table) < 2 or high - low >= _CLOSE:
        return ""
    return (
        f" All stand at about the same height, from {point_words(low)} to {point_words(high)}, so it is "
        "importance that "
        "decides."
    )


def complaints(result: Satisfaction) -> tuple[str, ...]:
    """What followed complaints, resolved or not, and what cannot be concluded."""
    found = result.complaints
    if isinstance(found, str):
        return (found,)
    told = [_stayed(found, name) for name in ("all", "resolved", "open")]
    gap = found.group("resolved − open")
    if pd.notna(gap["difference"]):
        span = words.interval(points(gap["low"]), points(gap["high"]))
        if gap["low"] > 0:
            told.append(
                f"Where complaints were resolved, accounts stayed more often than where they were not ({span})."
            )
        elif gap["high"] < 0:
            told.append(
                f"Where complaints were resolved, accounts stayed less often than where they were not ({span})."
            )
        else:
            told.append(f"Whether a complaint was resolved makes no clear difference to who stayed ({span}).")
    told += [_spent(found), _spent_resolved(found)]
    return (*(part for part in told if part), NOT_CAUSAL)


def what_if(result: Satisfaction) -> tuple[str, ...]:
    """The value of moving the middle up one step, or why it is not given."""
    if isinstance(result.link, str):
        return (result.link,)
    found, link = result.link.what_if, result.link
    if found is None:
        return (
            link.why_no_value
            or "All accounts are about equally satisfied or too few for a middle, so no step up is valued.",
        )
    first, last = found.groups[0], found.groups[-1]
    middle = f"group {first}" if first == last else f"groups {first} to {last}"
    money = [words.short_money(amount, result.currency) for amount in (found.value, found.low, found.high)]
    start = (
        f"What if the {words.count(found.accounts, 'account')} in the middle ({middle} of {link.groups}) "
        "were one group more "
        "satisfied, and lifetime value followed the straight line through all accounts? "
    )
    if found.low > 0:
        verdict = f"They would be worth {money[0]} more in all"
    elif found.high < 0:
        verdict = f"On that line they would be worth less, {money[0]} in all: here the more satisfied are worth less"
    else:
        verdict = f"The answer could be nothing: {money[0]} in all"
    return (
        f"{start}{verdict} ({words.interval(money[1], money[2])}). Satisfied accounts may be worth more for other "
        "reasons, so this is a thought experiment and not a forecast.",
    )


def _how_satisfied(result: Satisfaction) -> str:
    found = result.headline
    if not found:
        return " ".join(dict.fromkeys(why_no_score(result, measure) for measure in ("index", "nps")))
    told = []
    if "index" in found:
        row = found["index"]
        span = words.interval(point_words(row["low"]), point_words(row["high"]))
        told.append(
            f"The satisfaction index is {point_words(row['value'])} of 100 ({span}, "
            f"{words.count(row['n'], 'respondent')}"
            f", {result.panel.name if result.panel else ''})."
        )
    if "top_two" in found:
        told.append(
            f"{words.percent(found['top_two']['value'])} of the marks for overall satisfaction are one of "
            "the best two."
        )
    if "nps" in found:
        row = found["nps"]
        verdict = (
            "more would recommend this company than warn against it"
            if row["low"] > 0
            else "more would warn against this company than recommend it"
            if row["high"] < 0
            else "about as many would warn against this company as recommend it"
        )
        span = words.interval(signed(row["low"]), signed(row["high"]))
        told.append(f"The net promoter score is {signed(row['value'])} ({span}): {verdict}.")
    return " ".join(told)


def _who_differs(result: Satisfaction) -> str:
    """Of each kind of group the two furthest apart whose difference is no chance."""
    table = result.differences
    if table.empty:
        return ""
    index = result.scores[result.scores["measure"] == "index"].set_index(["by", "group"])
    told = []
    for row in rows_of(clear_differences(table)):
        low, high = (index.loc[(row.by, name)] for name in (row.lower, row.higher))
        told.append(
            f"by {BY[str(row.by)]} from {words.plain(row.lower)} with {point_words(low['value'])} "
            f"({words.count(low['n'], 'respondent')}) to {words.plain(row.higher)} with {point_words(high['value'])} "
            f"({words.count(high['n'], 'respondent')})"
        )
    pairs = f"{words.count(len(table), 'pair')} of groups compared"
    if told:
        return f"Satisfaction differs clearly {words.listing(told)} ({pairs}, all at a level of 5%)."
    kinds = words.listing([BY[str(by)] for by in sorted(table["by"].unique())], last="or")
    return f"The satisfaction index does not differ clearly by {kinds}: every difference may be chance ({pairs})."


def _over_time(result: Satisfaction) -> str:
    rows = result.score("index", "wave")
    if len(rows) < 2:
        return ""
    before, now = rows.iloc[-2], rows.iloc[-1]
    change = now["value"] - before["value"]
    half = [((row["high"] - row["low"]) / 2) ** 2 for row in (before, now)]
    reach = sum(half) ** 0.5
    verdict = "risen" if change - reach > 0 else "fallen" if change + reach < 0 else "not changed clearly"
    return (
        f"Since the survey wave before ({before['group']}) the index has {verdict}: "
        f"{point_words(before['value'])} then, "
        f"{point_words(now['value'])} now, a change of {signed(change)} "
        f"({words.interval(signed(change - reach), signed(change + reach))})."
    )


def _gap(result: Satisfaction) -> str:
    if result.gaps.empty:
        return ""
    overall = result.gaps[result.gaps["level"] == "all"]
    attributes = result.gaps[result.gaps["level"] == "attribute"]
    told = ""
    if len(overall):
        row = overall.iloc[0]
        span = words.interval(signed(row["low"]), signed(row["high"]))
        size = point_words(abs(row["gap"]))
        verdict = (
            f"Customers get more than they expected, {size} points of 100 on average"
            if row["low"] > 0
            else f"Customers get less than they expected, {size} points of 100 on average"
            if row["high"] < 0
            else f"On the whole customers get about what they expected, {signed(row['gap'])} points of 100"
        )
        told = f"{verdict} ({span}, {words.count(row['n'], 'respondent')})."
    if attributes.empty:
        return told
    short = attributes[attributes["high"] < 0].sort_values(["gap", "name"])
    if short.empty:
        return f"{told} No attribute falls clearly short of what was expected.".strip()
    names = [f"{words.plain(r.name)} ({signed(r.gap)})" for r in rows_of(short)]
    return f"{told} Clearly short of the expectation: {words.listing(names)}.".strip()


def _first(result: Satisfaction) -> str:
    if isinstance(result.importance, str) or result.importance.first is None:
        return ""
    return mend_first(result)[1]


def _against_rivals(result: Satisfaction) -> str:
    found = result.delivered
    if isinstance(found, str):
        return ""
    low, high = found.reach
    scale = f"on a scale from {words.decimal(low, 0)} to {words.decimal(high, 0)}"
    if found.totals.empty:
        span = words.interval(point_words(found.low), point_words(found.high))
        return f"Delivered value is {point_words(found.value)} {scale} ({span}); no competitor was rated beside it."
    told = []
    for row in rows_of(found.totals):
        name, span = words.plain(row.competitor), words.interval(signed(row.low), signed(row.high))
        size = point_words(abs(row.advantage))
        if row.low > 0:
            verdict = f"delivers {size} points more value than {name}"
        elif row.high < 0:
            verdict = f"delivers {size} points less value than {name}"
        else:
            verdict = f"delivers about as much value as {name}, {signed(row.advantage)} points"
        told.append(
            f"This company {verdict} ({point_words(row.own)} against {point_words(row.value)}, "
            f"{span}){_why(result, row.competitor)}."
        )
    return " ".join(told)


def _why(result: Satisfaction, competitor: str) -> str:
    """The component that makes most of a difference, if it is clear."""
    if isinstance(result.delivered, str):
        return ""
    parts = result.delivered.parts
    mine = parts[(parts["competitor"] == competitor) & ((parts["low"] > 0) | (parts["high"] < 0))]
    if mine.empty:
        return "; no single component makes a clear difference"
    better, worse = mine[mine["difference"] > 0], mine[mine["difference"] < 0]
    told = []
    if len(better):
        top = better.sort_values(["difference", "component"], ascending=[False, True]).iloc[0]
        told.append(f"most of what speaks for it is {_component(top)}")
    if len(worse):
        top = worse.sort_values(["difference", "component"]).iloc[0]
        told.append(f"most of what speaks against it is {_component(top)}")
    return f"; {' and '.join(told)}"


def _component(row: pd.Series) -> str:
    name = COMPONENT_NAMES[str(row["component"])]
    lower = "lower " if row["component"] in COST_COMPONENTS and row["difference"] > 0 else ""
    higher = "higher " if row["component"] in COST_COMPONENTS and row["difference"] < 0 else ""
    return f"{lower}{higher}{name} ({signed(row['difference'])})"


def _who_wins(result: Satisfaction) -> str:
    found = result.winwin
    if isinstance(found, str):
        return ""
    table = found.quadrants.set_index("quadrant")
    n = len(found.accounts)
    both, company = int(table.loc["both", "accounts"]), int(table.loc["company", "accounts"])
    losing = int((found.accounts["earnings"] < 0).sum())
    money = value_name(found.earnings)
    tail = (
        f" {words.count(losing, 'account')} {words.verb(losing, 'brings', 'bring')} a loss." if losing else ""
    )
    return (
        f"Of {words.count(n, 'account')} with a known delivered value, {words.count(both)} "
        f"{words.verb(both, 'gets', 'get')} more value and "
        f"{words.verb(both, 'brings', 'bring')} more {money} than the median of these accounts (both win). "
        f"{words.count(company)} "
        f"{words.verb(company, 'brings', 'bring')} much {money} and {words.verb(company, 'gets', 'get')} "
        "little value: "
        f"{words.short_money(float(table.loc['company', 'earnings']), result.currency)} that a better "
        f"offer could take.{tail}"
    )


def _after_a_complaint(result: Satisfaction) -> str:
    if isinstance(result.complaints, str):
        return ""
    told = [_stayed(result.complaints, name) for name in ("resolved", "open")]
    told = [part for part in told if part] or [_stayed(result.complaints, "all")]
    return f"{' '.join(told)} This is no proof of cause."


def _stayed(found: Complaints, name: str) -> str:
    row = found.group(name)
    if pd.isna(row["difference"]):
        return ""
    what = {
        "all": "a complaint",
        "resolved": "a complaint that was resolved",
        "open": "a complaint that was not resolved",
    }
    span = words.interval(points(row["low"]), points(row["high"]))
    verdict = (
        "more than" if row["low"] > 0 else "fewer than" if row["high"] < 0 else "not clearly different from"
    )
    return (
        f"Of {words.count(row['accounts'], 'account')} with {what[name]}, {words.percent(row['retained'])} "
        f"still bought {late_words(found.months)} after it, {verdict} the "
        f"{words.percent(row['comparable'])} of comparable accounts (difference "
        f"{points(row['difference'])}, {span})."
    )


def _spent(found: Complaints) -> str:
    row = found.group("all")
    if pd.isna(row["spend_difference"]):
        return ""
    span = words.interval(words.decimal(row["spend_low"]), words.decimal(row["spend_high"]))
    verdict = (
        "more than"
        if row["spend_low"] > 0
        else "less than"
        if row["spend_high"] < 0
        else "not clearly different from"
    )
    return (
        f"For each unit of money spent in the {found.months} months before, accounts with a complaint spent "
        f"{words.decimal(row['spend'])} in the {found.months} months after, {verdict} the "
        f"{words.decimal(row['comparable_spend'])} of "
        f"comparable accounts (difference {words.decimal(row['spend_difference'])}, {span})."
    )


def _spent_resolved(found: Complaints) -> str:
    gap = found.group("resolved − open")
    if pd.isna(gap["spend_difference"]) or gap["spend_low"] <= 0 <= gap["spend_high"]:
        return ""
    verdict = "more" if gap["spend_low"] > 0 else "less"
    span = words.interval(words.decimal(gap["spend_low"]), words.decimal(gap["spend_high"]))
    return (
        f"Compared with accounts like them, those with a resolved complaint went on to spend {verdict} than those "
        f"without, by {words.decimal(abs(gap['spend_difference']))} for each unit of money before ({span})."
    )


def _and_money(result: Satisfaction) -> str:
    if isinstance(result.link, str):
        return ""
    link, told = result.link, []
    if link.difference and link.top and link.bottom:
        gap, low, high = link.difference
        verdict = (
            "Satisfied accounts stayed more often"
            if low > 0
            else "Satisfied accounts stayed less often"
            if high < 0
            else "Satisfaction does not tell clearly who stayed"
        )
        told.append(
            f"{verdict}: of the more satisfied half {words.percent(link.top[0])} "
            f"({words.count(link.top[1], 'account')}) "
            f"bought again within {link.months} months after the survey, of the less satisfied half "
            f"{words.percent(link.bottom[0])} ({words.count(link.bottom[1], 'account')}; difference {points(gap)}, "
            f"{words.interval(points(low), points(high))})."
        )
    if link.what_if is not None:
        told.append(what_if(result)[0])
    return " ".join(told)


def _score_warnings(result: Satisfaction) -> list[str]:
    if result.panel is None:
        return []
    told = []
    if "nps" not in result.headline:
        told.append(why_no_score(result, "nps"))
    if "index" not in result.headline:
        told.append(why_no_score(result, "index"))
    if result.gaps.empty:
        told.append("No question was asked both as an expectation and as a perception, so there is no gap.")
    elif not len(result.gaps[result.gaps["level"] != "all"]):
        told.append(
            "Expectations and perceptions are not joined by attribute or construct, so only their means "
            "over all are compared."
        )
    told += [part for part in (result.importance, result.delivered) if isinstance(part, str)]
    return told


_SCORES = {
    "nps": (
        "No item is marked as nps in the codebook (scale nps, 0 to 10), so there is no net promoter score.",
        "recommendation (scale nps)",
        "net promoter score",
    ),
    "index": (
        "No item asks for overall satisfaction (aspect overall), so there is no satisfaction index.",
        "overall satisfaction (aspect overall)",
        "satisfaction index",
    ),
}


def why_no_score(result: Satisfaction, measure: str) -> str:
    """The true reason why there is no ``nps`` or no ``index`` of the latest wave."""
    unmarked, what, name = _SCORES[measure]
    items = result.survey.items
    own = items[items["target"] == OWN]
    marked = own[own["scale"] == "nps"] if measure == "nps" else own[own["aspect"] == "overall"]
    if marked.empty or result.panel is None:
        return unmarked
    asked = [item for item in marked["item"] if item in result.panel.scores.columns]
    answers = int(result.panel.scores[asked].notna().any(axis=1).sum())
    items_on = f"the {words.verb(len(marked), 'item', 'items')} on {what}, {_named(marked['item'].tolist())}"
    if not answers:
        return f"Nobody in the latest wave answered {items_on}, so there is no {name}."
    if answers >= MINIMUM:
        return f"The weights of the index leave out all answers to {items_on}, so there is no {name}."
    return (
        f"Only {words.count(answers, 'respondent')} answered {items_on}: fewer than five answers are never averaged, "
        f"so there is no {name}."
    )


def _named(names: tuple[str, ...] | list[str]) -> str:
    return words.listing([words.plain(name) for name in names])
