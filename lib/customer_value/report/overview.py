"""The overview of a batch: the headline figures of many reports side by side, read from their facts.

Each row keeps its own currency and date; nothing is added up across reports, since their money may
be in different currencies and their customers may be the same.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from customer_value import words
from customer_value.people_csv import csv_text
from customer_value.report.publish import GENERATOR
from customer_value.report.render import filled
from customer_value.settings import NO_CURRENCY

__all__ = ["FIGURES", "OVERVIEW_START", "Entry", "Figure", "overview_csv", "overview_html", "overview_json"]

_ABOUT = ("report", "title", "currency", "as_of", "status")
OVERVIEW_START = ",".join(_ABOUT)
"""How the CSV of an overview begins, whatever its figures are."""

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One report of a batch.

    Attributes
    ----------
    name, folder
        Of the report; the folder lies beside the overview.
    title, currency
        From its settings; empty where those could not be read.
    facts
        The content of its ``facts.json``; empty if the report could not be made.
    failure
        Why it could not be made, in a sentence; empty if it was.
    earlier
        Whether a report made before is still in the folder although this time none could be made.
    """

    name: str
    folder: str
    title: str = ""
    currency: str = ""
    facts: Facts = field(default_factory=dict)
    failure: str = ""
    earlier: bool = False

    @property
    def as_of(self) -> dt.date | None:
        """The date as of which the report was computed."""
        value = self.facts.get("data.as_of")
        return None if value is None else dt.date.fromisoformat(str(value)[:10])

    @property
    def own_currency(self) -> str:
        """The code of its currency; empty where it has no money."""
        return "" if self.currency == NO_CURRENCY else self.currency


@dataclass(frozen=True)
class Figure:
    """A headline figure that is compared.

    Attributes
    ----------
    name
        Its column in ``overview.csv``.
    label
        Its column on the page.
    kind
        ``count``, ``money`` (in the report's own currency), ``share`` (a fraction), ``points``.
    value
        Takes the facts of a report; None where they do not tell it.
    remark
        Takes the facts; what a reader must know to compare the figure, if anything.
    """

    name: str
    label: str
    kind: str
    value: Callable[[Facts], float | None]
    remark: Callable[[Facts], str] = lambda facts: ""


@dataclass(frozen=True)
class Cell:
    """A figure of one report as the page shows it; ``bar`` is a share in percent."""

    label: str
    text: str
    remark: str = ""
    bar: str = ""


def overview_html(title: str, entries: Sequence[Entry]) -> str:
    """The page that compares the reports of a batch.

    Parameters
    ----------
    title
        Of the page.
    entries
        The reports in the order of the batch.

    Returns
    -------
    str
        A whole HTML document with links to ``FOLDER/index.html``.
    """
    made = [entry for entry in entries if not entry.failure]
    shown = _shown(made)
    return filled(
        "overview.html.j2",
        title=title,
        about=_about(entries),
        figures=shown,
        rows=[(entry, _small(entry, made), [_cell(figure, entry) for figure in shown]) for entry in made],
        ranges=_ranges(shown, made),
        failed=[entry for entry in entries if entry.failure],
    )


def overview_csv(entries: Sequence[Entry]) -> str:
    """The figures as CSV: a row per report; shares are fractions, money is in the row's currency."""
    names = [figure.name for figure in FIGURES]
    rows = [[*(row[name] for name in _ABOUT), *map(row["figures"].get, names)] for row in map(_row, entries)]
    return csv_text([*_ABOUT, *names], rows)


def overview_json(entries: Sequence[Entry]) -> str:
    """The figures as JSON; those that a report does not have are missing in it."""
    content = {"generator": GENERATOR, "reports": [_row(entry) for entry in entries]}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _fact(name: str) -> Callable[[Facts], float | None]:
    return lambda facts: facts.get(name)


def _ratio(part: str, whole: str) -> Callable[[Facts], float | None]:
    def ratio(facts: Facts) -> float | None:
        above, below = facts.get(part), facts.get(whole)
        return above / below if above is not None and below else None

    return ratio


def _at_risk(facts: Facts) -> float | None:
    segments = facts.get("rfm.segments") or {}
    total = sum(segments.values())
    return (segments.get("At risk", 0) + segments.get("Can't lose", 0)) / total if total else None


def _gone(facts: Facts) -> float | None:
    active = _ratio("clv.expected_active", "clv.customers")(facts)
    return None if active is None else max(0.0, 1 - active)


def _concentrated(facts: Facts) -> str:
    value = str(facts.get("pareto.value", "net_revenue"))
    return "" if value in ("net_revenue", "revenue") else f"of {value.replace('_', ' ')}"


def _horizon(facts: Facts) -> str:
    basis, months = facts.get("clv.value_basis"), facts.get("clv.horizon_months")
    parts = [str(basis).replace("_", " ")] if basis else []
    return " over ".join([*parts, words.count(months, "month")] if months else parts)


FIGURES = (
    Figure("customers", "Customers", "count", _fact("data.customers")),
    Figure("respondents", "Respondents", "count", _fact("data.respondents")),
    Figure("net_revenue", "Net revenue", "money", _fact("data.amount_kept")),
    Figure(
        "customers_for_80_share",
        "80% comes from so many customers",
        "share",
        _fact("pareto.customers_for_80_share"),
        _concentrated,
    ),
    Figure("top_20_share", "The top 20% bring", "share", _fact("pareto.top_20_share"), _concentrated),
    Figure("repeat_rate", "Bought again", "share", _ratio("clv.repeat_customers", "clv.customers")),
    Figure("at_risk_share", "At risk: bought often, but not lately", "share", _at_risk),
    Figure("gone_share", "Probably gone for good", "share", _gone),
    Figure("customer_equity", "Customer equity", "money", _fact("clv.customer_equity"), _horizon),
    Figure("satisfaction_index", "Satisfaction index (of 100)", "points", _fact("satisfaction.index")),
    Figure("net_promoter_score", "Net promoter score", "points", _fact("satisfaction.nps")),
)
"""What is compared, in the order of the columns."""


def _shown(entries: Sequence[Entry]) -> list[Figure]:
    """The figures that at least one report has; respondents only where a report has no customers."""
    survey_only = any(entry.facts.get("data.customers") is None for entry in entries)
    return [
        figure
        for figure in FIGURES
        if any(figure.value(entry.facts) is not None for entry in entries)
        and (figure.name != "respondents" or survey_only)
    ]


def _cell(figure: Figure, entry: Entry) -> Cell:
    value = figure.value(entry.facts)
    if value is None:
        return Cell(figure.label, "–")
    bar = f"{min(100.0, max(0.0, 100 * value)):.1f}" if figure.kind == "share" else ""
    return Cell(figure.label, _written(figure, value, entry), figure.remark(entry.facts), bar)


def _written(figure: Figure, value: float, entry: Entry) -> str:
    if figure.kind == "money":
        return words.short_money(float(value), entry.currency)
    if figure.kind == "share":
        return words.percent(value)
    return words.count(value) if figure.kind == "count" else words.decimal(value, 0)


def _small(entry: Entry, entries: Sequence[Entry]) -> list[str]:
    """What stands below a report's name: its title, and date and currency where reports differ in them."""
    title = [] if entry.title in ("", entry.name) else [entry.title]
    parts = []
    if entry.as_of and len(_dates(entries)) > 1:
        parts.append(f"as of {words.day(entry.as_of)}")
    if entry.own_currency and len(_currencies(entries)) > 1:
        parts.append(f"money in {entry.own_currency}")
    text = ", ".join(parts)
    return [*title, text[:1].upper() + text[1:]] if text else title


def _about(entries: Sequence[Entry]) -> str:
    made = [entry for entry in entries if not entry.failure]
    failed, dates, currencies = len(entries) - len(made), _dates(made), _currencies(made)
    parts = [words.count(len(entries), "report")]
    if failed:
        parts.append(f"{words.count(failed)} of them could not be made")
    if len(dates) == 1:
        parts.append(f"as of {words.day(dates[0])}")
    if currencies:
        parts.append(f"money in {words.listing(currencies)}")
    if len(currencies) > 1:
        parts.append("each report in its own")
    return ", ".join(parts)


def _dates(entries: Sequence[Entry]) -> list[dt.date]:
    return sorted({entry.as_of for entry in entries if entry.as_of})


def _currencies(entries: Sequence[Entry]) -> list[str]:
    return sorted({entry.own_currency for entry in entries} - {""})


def _ranges(figures: Sequence[Figure], entries: Sequence[Entry]) -> list[str]:
    """Lowest and highest of each figure that can be compared whatever the size of a report."""
    sentences = []
    for figure in figures:
        values = [(figure.value(entry.facts), entry) for entry in entries]
        known = [(value, entry) for value, entry in values if value is not None]
        comparable = len({figure.remark(entry.facts) for _, entry in known}) == 1
        if figure.kind not in ("share", "points") or len(known) < 2 or not comparable:
            continue
        (low, lowest), (high, highest) = min(known, key=_first), max(known, key=_first)
        least, most = (_written(figure, value, entry) for value, entry in ((low, lowest), (high, highest)))
        if least == most:
            sentences.append(f"{figure.label}: {least} in every report.")
        else:
            sentences.append(
                f"{figure.label}: from {least} ({words.plain(lowest.name)}) to {most} "
                f"({words.plain(highest.name)})."
            )
    return sentences


def _first(pair: tuple[float, Entry]) -> float:
    return pair[0]


def _row(entry: Entry) -> dict[str, Any]:
    values = {figure.name: figure.value(entry.facts) for figure in FIGURES}
    row = {
        "report": entry.name,
        "folder": entry.folder,
        "title": entry.title,
        "currency": entry.own_currency or None,
        "as_of": None if entry.as_of is None else entry.as_of.isoformat(),
        "status": entry.failure or "made",
        "figures": {name: value for name, value in values.items() if value is not None},
    }
    return {key: value for key, value in row.items() if value is not None} | {
        "currency": row["currency"],
        "as_of": row["as_of"],
    }
