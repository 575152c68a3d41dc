"""Tables of the page on satisfaction and delivered value, formatted for reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.codebook import OWN, rows_of
from customer_value.display import Prose, Table
from customer_value.pareto.measure import value_name
from customer_value.satisfaction import phrases
from customer_value.satisfaction.delivered import DeliveredValue
from customer_value.survey import MINIMUM
from customer_value.text import ENGLISH, Count, Listing, Name, Signed, Text, say

if TYPE_CHECKING:
    from customer_value.satisfaction.analysis import Satisfaction

__all__ = [
    "BY",
    "MEASURES",
    "competitors_table",
    "complaints_table",
    "delivered_rows",
    "gaps_table",
    "groups_table",
    "importance_table",
    "late_words",
    "money_table",
    "point_words",
    "points",
    "quadrant_table",
    "scores_table",
    "signed",
    "waves_table",
    "weights_table",
    "written",
]

BY = {by: ENGLISH.read(kind) for by, kind in phrases.KINDS.items()}
MEASURES = {"index": "satisfaction index", "top_two": "top-2-box", "nps": "net promoter score"}


def point_words(value: float) -> str:
    """A figure on a scale of 100, with one decimal and no nought behind it that says nothing.

    >>> point_words(12.345), point_words(-0.04), point_words(3)
    ('12.3', '0.0', '3.0')
    """
    return ENGLISH.write(phrases.score(value))


def late_words(months: int) -> str:
    """The second half of the time after something, in which a customer who stayed still buys.

    >>> late_words(12), late_words(3)
    ('7 to 12 months', '2 to 3 months')
    """
    return ENGLISH.read(phrases.late(months))


def signed(value: float) -> str:
    """The same with its sign.

    >>> signed(2.04), signed(-2.0), signed(0.01)
    ('+2.0', '−2.0', '0.0')
    """
    return ENGLISH.write(Signed(float(value)))


def written(measure: str, value: float) -> str:
    """A score as people read it."""
    if measure == "top_two":
        return words.percent(float(value))
    return signed(value) if measure == "nps" else point_words(value)


def scores_table(result: Satisfaction) -> Table | Prose:
    """The three measures of all respondents."""
    rows = result.scores[result.scores["by"] == "all"]
    if rows.empty:
        return _note(_no_scores(result))
    caption = f"Satisfaction of all respondents ({result.panel.name if result.panel else ''})"
    return _titled(_measured(rows, "measure"), None, caption)


def groups_table(result: Satisfaction) -> Table | Prose:
    """The measures by group, a row per group."""
    rows = result.scores[result.scores["by"].isin(["industry", "region", "abc"])]
    if rows.empty:
        return _note(
            say(
                "No group of customers can be told apart here: that needs industry or region in the customer file, or "
                "orders for the ABC classes, and at least {fewest} respondents in a group.",
                fewest=Count(MINIMUM),
            )
        )
    shown = _wide(rows)
    shown.insert(0, "group of customers", [f"{BY[by]}: {words.plain(group)}" for by, group in shown.index])
    return _titled(shown.reset_index(drop=True), None, f"Satisfaction by group, {_SCALES}", most=40)


def waves_table(result: Satisfaction) -> Table | Prose:
    """The measures wave by wave."""
    rows = result.scores[result.scores["by"] == "wave"]
    if rows["group"].nunique() < 2:
        return _note(
            say("There is one survey wave with enough respondents, so nothing can be compared over time yet.")
        )
    shown = _wide(rows)
    shown.insert(0, "survey wave", [group for _, group in shown.index])
    return _titled(shown.reset_index(drop=True), None, f"Satisfaction by survey wave, {_SCALES}")


_SCALES = "95% intervals in brackets"


def gaps_table(result: Satisfaction) -> Table | Prose:
    """Expected and perceived, construct by construct with its attributes."""
    if result.gaps.empty:
        return _note(_no_gaps(result))
    order = {"all": 0, "construct": 1, "attribute": 2}
    table = result.gaps.assign(rank=result.gaps["level"].map(order))
    table = table.sort_values(["construct", "rank", "gap", "name"], ignore_index=True)
    shown = pd.DataFrame(
        {
            "what": [_gap_name(row) for row in rows_of(table)],
            "expected": table["expected"],
            "perceived": table["perceived"],
            "gap": table["gap"],
            "95% interval": [f"{signed(row.low)} to {signed(row.high)}" for row in rows_of(table)],
            "respondents": table["n"],
        }
    )
    formats = {"expected": point_words, "perceived": point_words, "gap": signed}
    return _titled(shown, formats, "Perceived minus expected, on scales from 0 to 100", most=60)


def importance_table(result: Satisfaction) -> Table | Prose:
    """Attributes by urgency."""
    if isinstance(result.importance, str):
        return _note(result.importance)
    found = result.importance
    table = found.table
    shown = pd.DataFrame(
        {
            found.level: [words.plain(name) for name in table["attribute"]],
            "importance": table["share"],
            "part of R²": table["importance"],
            "95% interval": [f"{words.decimal(r.low)} to {words.decimal(r.high)}" for r in rows_of(table)],
            "performance": table["performance"],
            "most urgent in": table["first"],
            "place": table["quadrant"],
        }
    )
    formats: Mapping[str, Callable[[Any], str]] = {
        "importance": words.percent,
        "part of R²": words.decimal,
        "performance": point_words,
        "most urgent in": words.percent,
    }
    return _titled(
        shown,
        formats,
        "Importance, performance (0 to 100) and share of resamples in which each is most urgent",
    )


def weights_table(result: Satisfaction) -> Table | Prose:
    """The components of delivered value."""
    if isinstance(result.delivered, str):
        return _note(result.delivered)
    own = result.delivered.own
    shown = pd.DataFrame(
        {
            "component": own["component"],
            "counts as": own["kind"],
            "weight": own["weight"],
            "score": own["score"],
            "95% interval": [f"{point_words(r.low)} to {point_words(r.high)}" for r in rows_of(own)],
            "respondents": own["n"],
        }
    )
    formats = {"weight": lambda value: f"{value:g}", "score": point_words}
    return _titled(shown, formats, "This company, each component from 0 to 100")


def competitors_table(result: Satisfaction) -> Table | Prose:
    """Own value against each competitor, as rated by the same people."""
    if isinstance(result.delivered, str):
        return _note(result.delivered)
    totals = result.delivered.totals
    if totals.empty:
        return _note(_no_rival(result.delivered))
    shown = pd.DataFrame(
        {
            "competitor": [words.plain(name) for name in totals["competitor"]],
            "own value": totals["own"],
            "its value": totals["value"],
            "advantage": totals["advantage"],
            "95% interval": [f"{signed(r.low)} to {signed(r.high)}" for r in rows_of(totals)],
            "own ratio": totals["own_ratio"].astype(float),
            "its ratio": totals["ratio"].astype(float),
            "respondents": totals["n"],
        }
    )
    formats = {"own value": point_words, "its value": point_words, "advantage": signed}
    return _titled(
        shown,
        formats,
        "Delivered value, by those who rated both on the same attributes; ratio: benefits ÷ costs",
    )


def quadrant_table(result: Satisfaction, quadrant: str) -> Table | Prose:
    """The largest accounts of one quadrant of the win-win map."""
    if isinstance(result.winwin, str):
        return _note(result.winwin)
    found = result.winwin
    rows = found.of(quadrant)
    if rows.empty:
        return _note(say("No account is in this corner of the map."))
    money = value_name(found.earnings)
    shown = rows[["customer_id", "name", "value", "earnings"]].rename(
        columns={"customer_id": "customer", "value": "delivered value", "earnings": money}
    )
    formats: dict[str, Callable[[Any], str]] = {
        "delivered value": point_words,
        money: lambda amount: words.money(amount, result.currency),
    }
    return _titled(shown, formats, f"Accounts by {money}", most=10)


def complaints_table(result: Satisfaction) -> Table | Prose:
    """Retention and spend after a complaint, against comparable accounts."""
    if isinstance(result.complaints, str):
        return _note(result.complaints)
    found, rows = result.complaints, []
    for row in rows_of(found.effects):
        known = pd.notna(row.difference)
        spend = pd.notna(row.spend_difference)
        ends = f"({_ratio(row.spend_low)} to {_ratio(row.spend_high)})"
        rows.append(
            {
                "complaints": {"all": "all", "resolved": "resolved", "open": "not resolved"}.get(
                    row.group, row.group
                ),
                "accounts": int(row.accounts),
                "stayed": _percent(row.retained),
                "comparable": _percent(row.comparable),
                "difference": f"{points(row.difference)} ({points(row.low)} to {points(row.high)})"
                if known
                else "–",
                "spend after ÷ before": _ratio(row.spend),
                "its comparable": _ratio(row.comparable_spend),
                "its difference": f"{_ratio(row.spend_difference)} {ends}" if spend else "–",
            }
        )
    caption = (
        f"Stayed: still bought {late_words(found.months)} after; money of {found.months} months after and before; "
        "95% intervals in brackets"
    )
    return _titled(pd.DataFrame(rows), None, caption)


def points(share: float) -> str:
    """A difference of shares in percentage points.

    >>> points(0.123), points(-0.05)
    ('+12 points', '−5 points')
    """
    return ENGLISH.read(phrases.points(share))


def money_table(result: Satisfaction) -> Table | Prose:
    """Retention and lifetime value by satisfaction."""
    if isinstance(result.link, str):
        return _note(result.link)
    table = result.link.table
    shown = pd.DataFrame(
        {
            "group": [_group_name(number, result.link.groups) for number in table["group"]],
            "accounts": table["accounts"],
            "satisfaction": table["satisfaction"],
        }
    )
    formats: dict[str, Callable[[Any], str]] = {"satisfaction": point_words}
    if not result.link.why_no_retention:
        shown["stayed"] = table["retained"]
        shown["its interval"] = [
            _span(r.retained_low, r.retained_high, words.percent) for r in rows_of(table)
        ]
        formats["stayed"] = words.percent
    if not result.link.why_no_value:
        shown["mean lifetime value"] = table["clv"]
        shown["95% interval"] = [_span(r.clv_low, r.clv_high, _money(result)) for r in rows_of(table)]
        formats["mean lifetime value"] = _money(result)
    late = "" if result.link.months is None else f"; stayed: bought again within {result.link.months} months"
    caption = f"Accounts by satisfaction, from the least to the most satisfied{late}"
    return _titled(shown, formats, caption)


def delivered_rows(found: DeliveredValue) -> pd.DataFrame:
    """Own components and those of each competitor in one table, for other programs."""
    own = found.own.assign(competitor="").rename(columns={"score": "own"})
    names = ["competitor", "component", "kind", "weight", "own", "low", "high", "n"]
    both = (
        [own[names], found.parts]
        if len(found.parts)
        else [own[names].assign(score=float("nan"), difference=float("nan"))]
    )
    table = pd.concat(both, ignore_index=True)
    order = ["competitor", "component", "kind", "weight", "own", "score", "difference", "low", "high", "n"]
    kinds = dict.fromkeys(["weight", "own", "score", "difference", "low", "high"], float) | {"n": int}
    return table[order].astype(kinds)


def _measured(rows: pd.DataFrame, first: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            first: [MEASURES[name] for name in rows["measure"]],
            "figure": [written(r.measure, r.value) for r in rows_of(rows)],
            "95% interval": [
                f"{written(r.measure, r.low)} to {written(r.measure, r.high)}" for r in rows_of(rows)
            ],
            "respondents": list(rows["n"]),
        }
    )


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per group, a column per measure with its interval."""
    keys = list(dict.fromkeys(zip(rows["by"], rows["group"], strict=True)))
    table = pd.DataFrame(index=pd.MultiIndex.from_tuples(keys))
    sizes = rows.groupby(["by", "group"])["n"].max()
    table["respondents"] = [int(sizes[key]) for key in keys]
    for measure, name in MEASURES.items():
        some = rows[rows["measure"] == measure]
        if len(some):
            texts = {
                (
                    r.by,
                    r.group,
                ): f"{written(measure, r.value)} ({written(measure, r.low)} to {written(measure, r.high)})"
                for r in rows_of(some)
            }
            table[name] = [texts.get(key, "–") for key in keys]
    return table


def _gap_name(row: Any) -> str:
    if row.level == "all":
        return "everything"
    name = words.plain(row.name)
    return name if row.level == "construct" else f"· {name}"


def _group_name(number: int, groups: int) -> str:
    end = " (least satisfied)" if number == 1 else " (most satisfied)" if number == groups else ""
    return f"{number}{end}"


def _money(result: Satisfaction) -> Callable[[Any], str]:
    return lambda amount: words.money(amount, result.currency)


def _span(low: float, high: float, write: Callable[[Any], str]) -> str:
    return "–" if pd.isna(low) else f"{write(low)} to {write(high)}"


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else words.percent(float(share))


def _ratio(value: float) -> str:
    return "–" if pd.isna(value) else words.decimal(float(value))


def _no_scores(result: Satisfaction) -> Text:
    if result.panel is None:
        return say("No survey wave has {fewest} respondents, so nothing is averaged.", fewest=Count(MINIMUM))
    own = result.survey.items[result.survey.items["target"] == OWN]
    if (own["scale"] == "nps").any() or (own["aspect"] == "overall").any():
        return say(
            "Too few respondents answered the questions on overall satisfaction and recommendation to average them."
        )
    return say(
        "The survey asks neither for overall satisfaction (aspect overall) nor for a recommendation (scale nps)."
    )


def _no_gaps(result: Satisfaction) -> Text:
    if result.panel is None:
        return _no_scores(result)
    return say(
        "No question was asked both as an expectation and as a perception and answered by {fewest} respondents, so "
        "there is no gap to show.",
        fewest=Count(MINIMUM),
    )


def _no_rival(found: DeliveredValue) -> Text:
    if found.too_few:
        return say(
            "Under {fewest} respondents rated both this company and {competitors} on one attribute.",
            fewest=Count(MINIMUM),
            competitors=Listing(tuple(Name(name) for name in found.too_few), either=True),
        )
    return say("The survey did not ask about a competitor, so delivered value stands alone.")


def _note(text: Text | str) -> Prose:
    return Prose((text,), kind="note")


def _titled(
    shown: pd.DataFrame,
    formats: Mapping[str, Callable[[Any], str]] | None,
    caption: str,
    **options: int,
) -> Table:
    """A table whose headings begin with a capital letter."""
    titled = shown.rename(columns=_capital)
    return Table(
        titled, {_capital(name): write for name, write in (formats or {}).items()}, caption, **options
    )


def _capital(heading: str) -> str:
    return heading[:1].upper() + heading[1:]
