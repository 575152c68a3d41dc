"""The tables beside the orders: customer file, service costs, survey, referrals, feedback.

Each is read, typed and accounted for in the ledger like the orders; all of them are optional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.contract import LATE, ledger_notes
from customer_value.errors import InputError
from customer_value.ledger import Ledger, LedgerLine
from customer_value.settings import Settings, TableSource
from customer_value.sources import (
    Reading,
    Source,
    date_column,
    find_row,
    id_column,
    number_column,
    open_source,
)

__all__ = ["COMPANIONS", "Companion", "read_companions"]


@dataclass(frozen=True)
class Shape:
    """What a table must and may hold: field to kind (id, date, money, text)."""

    fields: Mapping[str, str]
    required: tuple[str, ...]
    dated: str | None = None
    amount: str | None = None
    unique: str | None = None


COMPANIONS: Mapping[str, Shape] = {
    "customers": Shape(
        {
            "customer_id": "id",
            "name": "text",
            "industry": "text",
            "region": "text",
            "parent_id": "id",
            "account_manager": "text",
            "acquired_on": "date",
            "acquisition_cost": "money",
            "annual_potential": "money",
            "contract_end": "date",
        },
        required=("customer_id",),
        unique="customer_id",
    ),
    "service_costs": Shape(
        {"customer_id": "id", "date": "date", "cost": "money", "activity": "text"},
        required=("customer_id", "date", "cost"),
        dated="date",
        amount="cost",
    ),
    "survey_items": Shape(
        {
            "item": "id",
            "construct": "text",
            "aspect": "text",
            "scale_min": "money",
            "scale_max": "money",
            "attribute": "text",
            "component": "text",
            "target": "text",
            "reversed": "text",
            "missing_codes": "text",
            "scale": "text",
            "wording_en": "text",
            "wording_zh": "text",
        },
        required=("item",),
        unique="item",
    ),
    "survey": Shape(
        {
            "respondent_id": "id",
            "customer_id": "id",
            "date": "date",
            "item": "id",
            "score": "text",
            "weight": "money",
        },
        required=("respondent_id", "item"),
        dated="date",
    ),
    "referrals": Shape(
        {"referrer_id": "id", "referred_id": "id", "date": "date", "incentive": "money"},
        required=("referrer_id", "referred_id", "date"),
        dated="date",
    ),
    "feedback": Shape(
        {
            "customer_id": "id",
            "date": "date",
            "kind": "text",
            "estimated_value": "money",
            "resolved_on": "date",
        },
        required=("customer_id", "date"),
        dated="date",
    ),
}


@dataclass(frozen=True)
class Companion:
    """One of the tables beside the orders, typed, with the account of its rows."""

    name: str
    rows: ibis.Table
    ledger: Ledger
    warnings: tuple[str, ...]
    source: Source


def read_companions(
    settings: Settings, base: Path, con: Any, scratch: Path, as_of: dt.date
) -> dict[str, Companion]:
    """Read every table beside the orders that the settings name.

    Raises
    ------
    InputError
        If a source cannot be read, a column is missing, an id that must be unique is repeated,
        or a survey score is neither a number nor a declared missing code.
    """
    found = {
        name: _read(name, shape, settings, base, con, scratch, as_of)
        for name, shape in COMPANIONS.items()
        if getattr(settings, name) is not None
    }
    if "survey" in found:
        found["survey"] = _with_scores(found["survey"], found["survey_items"])
    return found


def _read(
    name: str, shape: Shape, settings: Settings, base: Path, con: Any, scratch: Path, as_of: dt.date
) -> Companion:
    spec: TableSource = getattr(settings, name)
    source = open_source(name, spec, base, con, scratch)
    mapped = {f: _column(spec, f) for f in shape.fields}
    used = {f: column for f, column in mapped.items() if column is not None}
    source.require(used)
    typed, readings, unreadable = _typed(source, shape, used, spec, settings)
    typed = typed.mutate(outcome=_outcome(typed, shape, as_of))
    table = _cached(typed, con, scratch / f"{name}.parquet")
    ledger = Ledger((*_lines(name, table, shape), *ledger_notes(name, (*source.readings, *readings))))
    kept = table.filter(table.outcome.isnull()).drop("outcome")
    _refuse_repeats(source, used, kept, shape)
    warnings = [*_blank_warnings(name, ledger), *unreadable]
    return Companion(name, kept, ledger.reconciled(), tuple(warnings), source)


def _column(spec: Any, field: str) -> str | None:
    name = getattr(spec.columns, field + "_" if field == "construct" else field)
    return str(name) if name is not None else None


def _typed(
    source: Source, shape: Shape, used: Mapping[str, str], spec: TableSource, settings: Settings
) -> tuple[ibis.Table, list[Reading], list[str]]:
    fields: dict[str, Any] = {}
    readings: list[Reading] = []
    warnings: list[str] = []
    for field, column in used.items():
        kind = shape.fields[field]
        text = id_column(source, column)
        if kind in ("id", "text"):
            fields[field] = text
            continue
        if not int(source.table.filter(text.notnull()).count().execute()):
            fields[field] = ibis.null("date" if kind == "date" else "decimal(18, 4)")
            continue
        reading: Reading | None
        if kind == "date":
            value, reading = date_column(source, column, spec, settings.timezone)
        else:
            value, reading = number_column(source, column, spec)
        fields[field] = value
        readings.extend([reading] if reading and reading not in readings else [])
        if field not in shape.required:
            lost = int(source.table.filter(text.notnull() & value.isnull()).count().execute())
            warnings.extend(_lost(source, column, lost))
    return source.table.select(**fields), readings, warnings


def _lost(source: Source, column: str, lost: int) -> list[str]:
    if not lost:
        return []
    return [
        f"{source.files[0].name}, column '{column}': {words.count(lost, 'value')} cannot be read and "
        f"{words.verb(lost, 'is', 'are')} treated as unknown."
    ]


def _outcome(typed: ibis.Table, shape: Shape, as_of: dt.date) -> Any:
    rules = [(typed[field].isnull(), _missing(field)) for field in shape.required]
    if shape.dated and shape.dated in typed.columns:
        rules.append((typed[shape.dated] > ibis.literal(as_of), LATE))
    return ibis.cases(*rules)


def _missing(field: str) -> str:
    names = {"date": "unreadable date", "cost": "unreadable cost", "customer_id": "no customer id"}
    return names.get(field, f"no {field.replace('_id', '')} id" if field.endswith("_id") else f"no {field}")


def _cached(table: ibis.Table, con: Any, path: Path) -> ibis.Table:
    table.order_by(table.columns).to_parquet(path)
    return con.read_parquet(path)


def _lines(name: str, table: ibis.Table, shape: Shape) -> list[LedgerLine]:
    total = table[shape.amount].sum() if shape.amount else ibis.null("decimal(18, 4)")
    grouped = table.group_by("outcome").aggregate(rows=table.count(), amount=total)
    found = []
    for row in grouped.order_by("outcome").execute().itertuples():
        reason = row.outcome if isinstance(row.outcome, str) else ""
        found.append((reason, int(row.rows), _money(row.amount, shape)))
    read = (sum(rows for _, rows, _ in found), _sum([money for _, _, money in found], shape))
    kept = next(((rows, money) for reason, rows, money in found if not reason), (0, _money(None, shape)))
    return [
        LedgerLine(name, "read", "", *read),
        LedgerLine(name, "kept", "", *kept),
        *(LedgerLine(name, "excluded", reason, rows, money) for reason, rows, money in found if reason),
    ]


def _money(value: object, shape: Shape) -> Decimal | None:
    if shape.amount is None:
        return None
    return value if isinstance(value, Decimal) and value.is_finite() else Decimal(0)


def _sum(parts: list[Decimal | None], shape: Shape) -> Decimal | None:
    return sum((part or Decimal(0) for part in parts), Decimal(0)) if shape.amount else None


def _refuse_repeats(source: Source, used: Mapping[str, str], kept: ibis.Table, shape: Shape) -> None:
    if shape.unique is None:
        return
    counts = kept.group_by(shape.unique).aggregate(n=kept.count())
    repeated = counts.filter(counts.n > 1).order_by(shape.unique)
    first = repeated.limit(1).execute()
    if len(first):
        key = first[shape.unique].iloc[0]
        column = used[shape.unique]
        file, row, _ = find_row(source, column, id_column(source, column) == key)
        others = int(repeated.count().execute()) - 1
        more = f" (and {words.count(others, 'other')})" if others else ""
        raise InputError(
            f"{file}, column '{column}': '{words.plain(key)}'{more} stands in {first['n'].iloc[0]} rows, first in "
            f"row {row}; it must stand once. Remove the repeats."
        )


def _blank_warnings(name: str, ledger: Ledger) -> list[str]:
    return [
        f"{name}: {words.count(line.rows or 0, 'row')} left out ({line.reason})."
        for line in ledger.of(name, "excluded")
    ]


def _with_scores(survey: Companion, items: Companion) -> Companion:
    """Turn scores into numbers; declared codes that are words become NULL, other words are an error."""
    answers = survey.rows.execute()
    codes = _word_codes(items.rows.execute())
    text = answers["score"].astype("string").str.strip()
    numbers = pd.to_numeric(text, errors="coerce")
    odd = answers[text.notna() & numbers.isna()]
    declared = [str(row.score).strip() in codes.get(row.item, ()) for row in odd.itertuples()]
    wrong = odd[[not is_declared for is_declared in declared]]
    if len(wrong):
        row = wrong.iloc[0]
        raise InputError(
            f"{survey.source.files[0].name}: respondent '{words.plain(row['respondent_id'])}', item "
            f"'{words.plain(row['item'])}': the score '{words.plain(row['score'])}' is not a number. "
            "Correct it, or declare it under missing_codes in the codebook."
        )
    scored = answers.assign(score=numbers.astype("float64"))
    return Companion(survey.name, ibis.memtable(scored), survey.ledger, survey.warnings, survey.source)


def _word_codes(items: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    if "missing_codes" not in items:
        return {}
    return {
        row.item: tuple(code.strip() for code in str(row.missing_codes or "").split(";") if code.strip())
        for row in items.itertuples()
    }
