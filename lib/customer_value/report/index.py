"""The first page of a report: what a manager needs, from facts and recorded sentences alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from customer_value import words
from customer_value.report.render import Figure, Link, filled
from customer_value.settings import NO_CURRENCY

__all__ = ["Card", "Section", "cards", "index_html"]

MOST_FINDINGS = 4
"""Sentences of one analysis on this page; the rest are on the page of the analysis."""

MOST_STEPS = 3
MOST_WARNINGS = 2

_DOWNLOADS = {
    "facts.json": "every headline figure, for other programs",
    "ledger.csv": "where every row that was read ended",
    "provenance.json": "inputs, parameters, versions and the files of this report",
}


@dataclass(frozen=True)
class Section:
    """One analysis on the index page."""

    link: Link
    figures: tuple[Figure, ...]
    findings: tuple[str, ...]
    next_steps: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A headline figure: what it is, the figure with its unit, and a remark."""

    label: str
    figure: str
    remark: str = ""


def index_html(
    title: str,
    currency: str,
    facts: Mapping[str, Any],
    sections: Sequence[Section],
    provenance: Mapping[str, Any],
    files: Sequence[str],
    left_out: Sequence[tuple[str, Sequence[str]]] = (),
) -> str:
    """The index page as a whole HTML document.

    Parameters
    ----------
    title, currency
        Of the report.
    facts
        The content of ``facts.json``.
    sections
        The analyses in the order of their pages; the first, on what was loaded, is shown last.
    provenance
        ``inputs`` (table, file, sha256, bytes, rows), ``as_of``, ``parameters``, ``versions``;
        what is missing is left out.
    files
        All files of the report, for the links to tables.
    left_out
        Titles of pages that this input does not allow, with the input tables that each needs.
    """
    analyses_first = [*sections[1:], *sections[:1]]
    return filled(
        "index.html.j2",
        title=title,
        period=_period(facts, currency),
        cards=cards(facts, currency),
        links=[section.link for section in sections],
        warned=_warned(sections),
        told=[section for section in analyses_first if section.findings or section.figures],
        advised=[section for section in analyses_first if section.next_steps],
        most_findings=MOST_FINDINGS,
        most_steps=MOST_STEPS,
        most_warnings=MOST_WARNINGS,
        inputs=_inputs(provenance),
        settings=list(_settings(provenance)),
        versions=provenance.get("versions", {}),
        downloads=[(name, meaning) for name, meaning in _DOWNLOADS.items() if name in files],
        tables=_tables(files),
        left_out=[(name, words.listing(needs)) for name, needs in left_out],
    )


def cards(facts: Mapping[str, Any], currency: str) -> list[Card]:
    """The headline figures that these facts allow, in the order of the analyses.

    Examples
    --------
    >>> cards({"pareto.customers_for_80_share": 0.21, "pareto.top_20_share": 0.79}, "EUR")
    [Card(label='80% of revenue comes from', figure='21% of customers', remark='the top 20% bring 79%')]
    """
    writers: tuple[Callable[[Mapping[str, Any], str], Card | None], ...] = (
        _customers,
        _respondents,
        _revenue,
        _concentration,
        _losses,
        _best_segment,
        _segment_at_risk,
        _customer_equity,
        _loyalty,
        _satisfaction,
    )
    return [card for write in writers if (card := write(facts, currency)) is not None]


def _customers(facts: Mapping[str, Any], currency: str) -> Card | None:
    number = facts.get("data.customers")
    if number is None:
        return None
    without = facts.get("data.customers_returns_only", 0)
    remark = f"of whom {words.count(without)} without a paid purchase" if without else "in the whole period"
    return Card("Customers", words.count(number), remark)


def _warned(sections: Sequence[Section]) -> list[Section]:
    """The sections with warnings, each warning only where it first occurs."""
    seen: set[str] = set()
    kept = []
    for section in sections:
        new = tuple(warning for warning in section.warnings if warning not in seen)
        seen.update(new)
        kept += [replace(section, warnings=new)] if new else []
    return kept


def _respondents(facts: Mapping[str, Any], currency: str) -> Card | None:
    number = facts.get("data.respondents")
    if number is None or facts.get("data.customers") is not None:
        return None
    return Card("Respondents", words.count(number), "who answered the survey; there are no orders")


def _revenue(facts: Mapping[str, Any], currency: str) -> Card | None:
    amount = facts.get("data.amount_kept")
    if amount is None:
        return None
    return Card(
        "Net revenue", words.short_money(float(amount), currency), "orders less returns, whole period"
    )


def _concentration(facts: Mapping[str, Any], currency: str) -> Card | None:
    share = facts.get("pareto.customers_for_80_share")
    if share is None:
        return None
    value = _value_name(facts.get("pareto.value", "revenue"))
    top = facts.get("pareto.top_20_share")
    remark = "" if top is None else f"the top 20% bring {words.percent(top)}"
    return Card(f"80% of {value} comes from", f"{words.percent(share)} of customers", remark)


def _losses(facts: Mapping[str, Any], currency: str) -> Card | None:
    number, total = facts.get("pareto.loss_making_customers"), facts.get("pareto.loss_making_total")
    if not number or total is None:
        return None
    return Card(
        "Customers that cost more than they bring", words.count(number), words.short_money(total, currency)
    )


def _best_segment(facts: Mapping[str, Any], currency: str) -> Card | None:
    return _segment(facts, currency, ("Champion",), "Champions: recent, frequent buyers")


def _segment_at_risk(facts: Mapping[str, Any], currency: str) -> Card | None:
    return _segment(facts, currency, ("At risk", "Can't lose"), "At risk: bought often, but not lately")


def _segment(facts: Mapping[str, Any], currency: str, names: Sequence[str], label: str) -> Card | None:
    segments = facts.get("rfm.segments")
    if not segments or not sum(segments.values()):
        return None
    number = sum(segments.get(name, 0) for name in names)
    parts = [f"{words.percent(number / sum(segments.values()))} of customers"]
    revenue = facts.get("rfm.segments_revenue")
    if revenue:
        money = sum(revenue.get(name) or 0 for name in names)
        parts.append(f"{words.short_money(money, currency)} of net revenue")
    return Card(label, words.count(number), ", ".join(parts))


def _customer_equity(facts: Mapping[str, Any], currency: str) -> Card | None:
    equity = facts.get("clv.customer_equity")
    if equity is None:
        return None
    basis = facts.get("clv.value_basis")
    parts = [f"expected {_value_name(basis)}"] if basis else []
    if months := facts.get("clv.horizon_months"):
        parts.append(f"over the next {words.count(months, 'month')}, discounted")
    bounds = [facts.get(f"clv.customer_equity_{end}") for end in ("low", "high")]
    remark = " ".join(parts)
    if None not in bounds:
        low, high = (words.short_money(bound, currency) for bound in bounds if bound is not None)
        remark += f"; {words.interval(low, high)}"
    return Card("Customer equity", words.short_money(equity, currency), remark.removeprefix("; "))


def _value_name(value: str) -> str:
    return str(value).replace("_", " ")


def _loyalty(facts: Mapping[str, Any], currency: str) -> Card | None:
    cells = facts.get("loyalty.cells")
    if not cells:
        return None
    surveyed = sum(number for name, number in cells.items() if name != "not_surveyed")
    if not surveyed:
        return None
    true = cells.get("true", 0)
    return Card(
        "Truly loyal",
        words.count(true),
        f"of {words.count(surveyed, _placed(facts))} that could be placed",
    )


def _placed(facts: Mapping[str, Any]) -> str:
    return "surveyed customer" if facts.get("data.customers") is not None else "respondent"


def _satisfaction(facts: Mapping[str, Any], currency: str) -> Card | None:
    index, promoters = facts.get("satisfaction.index"), facts.get("satisfaction.nps")
    if index is None:
        return None
    sign = "+" if promoters and promoters >= 0.5 else ""
    remark = "" if promoters is None else f"net promoter score {sign}{words.decimal(promoters, 0)}"
    return Card("Satisfaction index", f"{words.decimal(index, 0)} of 100", remark)


def _period(facts: Mapping[str, Any], currency: str) -> str:
    first, last, as_of = (_date(facts.get(f"data.{name}")) for name in ("first_order", "last_order", "as_of"))
    parts = []
    if first and (last or as_of):
        parts.append(f"Orders from {first} to {last or as_of}")
    answered = [_date(facts.get(f"data.{name}")) for name in ("first_answer", "last_answer")]
    if not first and all(answered):
        parts.append(f"Answers from {answered[0]} to {answered[1]}")
    if as_of and as_of not in (last, answered[1]):
        parts.append(f"as of {as_of}")
    if currency != NO_CURRENCY:
        parts.append(f"money in {currency}")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _date(value: object) -> str:
    return words.day(dt.date.fromisoformat(str(value)[:10])) if value else ""


def _inputs(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The input tables with their rows and files."""
    found: dict[str, dict[str, Any]] = {}
    rows_read = provenance.get("rows_read", {})
    for row in provenance.get("inputs", []):
        name = str(row["table"])
        table = found.setdefault(name, {"name": name, "rows": _counted(rows_read.get(name)), "files": []})
        table["files"].append(
            {
                "name": words.plain(row["file"], most=200),
                "bytes": _counted(row.get("bytes")),
                "sha256": str(row.get("sha256") or "–"),
            }
        )
    return list(found.values())


def _counted(number: float | None) -> str:
    return "–" if number is None else words.count(number)


def _settings(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if as_of := provenance.get("as_of"):
        yield "as_of", str(as_of)
    yield from _flat(provenance.get("parameters", {}))
    yield from _flat(provenance.get("overrides", {}))


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        elif value not in (None, []):
            yield f"{above}{name}", words.plain(_written(value), most=200)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_written(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(_written, value))
    return str(value)


def _tables(files: Sequence[str]) -> list[dict[str, Any]]:
    """The tables with their files, one per format."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        folder, _, name = file.rpartition("/")
        stem, _, ending = name.rpartition(".")
        if folder == "tables" and stem:
            found.setdefault(stem, {"name": stem, "files": []})["files"].append((ending, file))
    return list(found.values())
