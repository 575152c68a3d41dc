"""The tables beside the orders: customer file, service costs, survey, referrals, feedback, contracts.

Each is read, typed and accounted for in the ledger like the orders; all of them are optional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.codebook import check_codebook, rows_of, word_numbers
from customer_value.contract import LATE, ledger_notes
from customer_value.contract_spans import first_fault
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.ledger import Ledger, LedgerLine
from customer_value.people_csv import unguarded_column
from customer_value.settings import Settings, SurveyItemColumns, SurveyItemsTable, SurveyTable, TableSource
from customer_value.sources import (
    Reading,
    Source,
    date_column,
    find_place,
    find_rows,
    id_column,
    number_column,
    open_table,
)
from customer_value.sources.engine import as_believed
from customer_value.sources.parquet import read_saved, save_parquet
from customer_value.spellings import with_spelling
from customer_value.survey_input import (
    answer_columns,
    codebook_source,
    one_answer_per_row,
    respondent_rows,
    wide_answers,
)

__all__ = ["COMPANIONS", "Companion", "read_companions"]

_MARK = "_unread_"
_CUSTOMERS = ("customer_id", "parent_id", "referrer_id", "referred_id")


@dataclass(frozen=True)
class Shape:
    """What a table must and may hold: field to kind (id, date, money, text).

    A row is left out if a ``required`` field is blank or unreadable, or a ``readable`` one unreadable.
    """

    fields: Mapping[str, str]
    required: tuple[str, ...]
    dated: str | None = None
    amount: str | None = None
    unique: str | None = None
    readable: tuple[str, ...] = ()


COMPANIONS: Mapping[str, Shape] = {
    "customers": Shape(
        {
            "customer_id": "id",
            "name": "text",
            "industry": "text",
            "region": "text",
            "channel": "text",
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
            "not_applicable_codes": "text",
            "words": "text",
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
    "contracts": Shape(
        {
            "customer_id": "id",
            "started_on": "date",
            "ended_on": "date",
            "cohort": "text",
            "value": "money",
        },
        required=("customer_id", "started_on"),
        dated="started_on",
        readable=("ended_on",),
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
    settings: Settings,
    base: Path,
    engine: Engine,
    scratch: Path,
    as_of: dt.date | None,
    spellings: ibis.Table | None = None,
) -> dict[str, Companion]:
    """Read every table beside the orders that the settings name.

    Rows after ``as_of`` are left out; None leaves out none. With ``spellings`` customers are written as in the
    orders (`customer_value.spellings`).

    Raises
    ------
    InputError
        If a source cannot be read, a column is missing, an id that must be unique is repeated, the
        codebook is wrong, a survey score is neither a number nor a declared missing code, or a contract
        cannot be.
    """
    found: dict[str, Companion] = {}
    for name, shape in COMPANIONS.items():
        if getattr(settings, name) is not None:
            items = _item_names(found) if name == "survey" else []
            found[name] = _read(name, shape, settings, base, engine, scratch, as_of, items, spellings)
            if name == "survey_items":
                found[name] = _checked_codebook(found[name])
    if "survey" in found:
        found["survey"] = _with_scores(found["survey"], found["survey_items"])
    return found


def _read(
    name: str,
    shape: Shape,
    settings: Settings,
    base: Path,
    engine: Engine,
    scratch: Path,
    as_of: dt.date | None,
    items: list[str],
    spellings: ibis.Table | None,
) -> Companion:
    spec: TableSource = getattr(settings, name)
    source = replace(_opened(name, spec, base, engine, scratch), currency=settings.currency)
    mapped = {f: _column(spec, f) for f in shape.fields}
    used = {f: column for f, column in mapped.items() if column is not None}
    if isinstance(spec, SurveyItemsTable):
        used = _by_name(source, spec, used)
    source.require(used)
    answers = (
        answer_columns(source, spec, items) if isinstance(spec, SurveyTable) and spec.layout == "wide" else []
    )
    extra = wide_answers(source, answers) if answers else {}
    if answers and "respondent_id" not in used:
        extra["respondent_id"] = respondent_rows(source)
    typed, readings, unreadable = _typed(source, shape, used, spec, settings, extra)
    if spellings is not None:
        typed = with_spelling(typed, [name for name in _CUSTOMERS if name in used], spellings)
    if answers:
        typed = one_answer_per_row(typed)
    typed = typed.mutate(outcome=_outcome(typed, shape, as_of)).drop(*_marks(typed))
    table = _cached(typed, engine.local, scratch / f"{name}.parquet")
    notes = ledger_notes(name, (*source.readings, *readings))
    if isinstance(spec, SurveyTable | SurveyItemsTable):
        notes += _survey_notes(name, source, used, answers, spec)
    ledger = Ledger((*_lines(name, table, shape), *notes))
    kept = table.filter(table.outcome.isnull()).drop("outcome")
    _refuse_repeats(source, used, kept, shape)
    if name == "contracts":
        _refuse_impossible(source, used, kept, spec, settings)
    warnings = [*_blank_warnings(name, ledger), *unreadable]
    return Companion(name, kept, ledger.reconciled(), tuple(warnings), source)


def _column(spec: Any, field: str) -> str | None:
    name = getattr(spec.columns, field + "_" if field == "construct" else field)
    return str(name) if name is not None else None


def _typed(
    source: Source,
    shape: Shape,
    used: Mapping[str, str],
    spec: TableSource,
    settings: Settings,
    extra: Mapping[str, Any],
) -> tuple[ibis.Table, list[Reading], list[str]]:
    fields = dict(extra)
    readings: list[Reading] = []
    warnings: list[str] = []
    for field, column in used.items():
        kind = shape.fields[field]
        text = id_column(source, column)
        if kind in ("id", "text"):
            fields[field] = unguarded_column(text) if isinstance(spec, SurveyItemsTable) else text
            continue
        if not _holds(source, column, text):
            fields[field] = ibis.null("date" if kind == "date" else "decimal(18, 4)")
            continue
        reading: Reading | None
        if kind == "date":
            value, reading = date_column(source, column, spec, settings.timezone)
        else:
            value, reading = number_column(source, column, spec)
        fields[field] = value
        readings.extend([reading] if reading and reading not in readings else [])
        if field in shape.readable:
            fields[_MARK + field] = text.notnull() & value.isnull()
        elif field not in shape.required:
            lost = int(source.table.filter(text.notnull() & value.isnull()).count().execute())
            warnings.extend(_lost(source, column, lost))
    return as_believed(source.table.select(**fields)), readings, warnings


def _holds(source: Source, column: str, text: Any) -> bool:
    """Whether a column has a value; mostly the first rows show it."""
    seen = source.glance.get(column)
    return bool(seen and seen.holds) or bool(source.table.filter(text.notnull()).count().execute())


def _lost(source: Source, column: str, lost: int) -> list[str]:
    if not lost:
        return []
    return [
        f"{source.files[0].name}, column '{column}': {words.count(lost, 'value')} cannot be read and "
        f"{words.verb(lost, 'is', 'are')} treated as unknown."
    ]


def _outcome(typed: ibis.Table, shape: Shape, as_of: dt.date | None) -> Any:
    rules = [(typed[field].isnull(), _missing(field)) for field in shape.required]
    rules += [(typed[mark], f"unreadable {mark.removeprefix(_MARK)}") for mark in _marks(typed)]
    if as_of is not None and shape.dated and shape.dated in typed.columns:
        rules.append((typed[shape.dated] > ibis.literal(as_of), LATE))
    return ibis.cases(*rules)


def _marks(typed: ibis.Table) -> list[str]:
    return [name for name in typed.columns if name.startswith(_MARK)]


def _missing(field: str) -> str:
    names = {
        "date": "unreadable date",
        "started_on": "unreadable date",
        "cost": "unreadable cost",
        "customer_id": "no customer id",
    }
    return names.get(field, f"no {field.replace('_id', '')} id" if field.endswith("_id") else f"no {field}")


def _cached(table: ibis.Table, con: Any, path: Path) -> ibis.Table:
    save_parquet(table.order_by(table.columns), path)
    return read_saved(con, path)


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
        place, _ = find_place(source, column, id_column(source, column) == key)
        others = int(repeated.count().execute()) - 1
        more = f" (and {words.count(others, 'other')})" if others else ""
        place = place or source.files[0].name
        raise InputError(
            f"{place}, column '{column}': '{words.plain(key)}'{more} stands in {first['n'].iloc[0]} rows; it must "
            "stand once. Remove the repeats."
        )


def _refuse_impossible(
    source: Source, used: Mapping[str, str], kept: ibis.Table, spec: TableSource, settings: Settings
) -> None:
    contracts = kept.execute()
    fault = first_fault(contracts)
    if fault is None:
        return
    ids = id_column(source, used["customer_id"])
    starts, _ = date_column(source, used["started_on"], spec, settings.timezone)
    ends, _ = date_column(source, used["ended_on"], spec, settings.timezone)
    places: list[tuple[str, int]] = []
    for row in contracts.loc[list(fault.rows)].itertuples():
        ended = ends.isnull() if pd.isna(row.ended_on) else ends == pd.Timestamp(row.ended_on).date()
        same = (ids == row.customer_id) & (starts == pd.Timestamp(row.started_on).date()) & ended
        found = [(file, number) for file, number, _ in find_rows(source, used["started_on"], same)]
        places.append(next((place for place in found if place not in places), found[0]))
    where = words.listing(dict.fromkeys(f"{file}, row {row}" if row else file for file, row in places))
    customer = words.plain(contracts.loc[fault.rows[0], "customer_id"])
    raise InputError(f"{where}: customer '{customer}' {fault.why} Correct the dates, or leave one row out.")


def _blank_warnings(name: str, ledger: Ledger) -> list[str]:
    return [
        f"{name}: {words.count(line.rows or 0, 'row')} left out ({line.reason})."
        for line in ledger.of(name, "excluded")
    ]


def _opened(name: str, spec: TableSource, base: Path, engine: Engine, scratch: Path) -> Source:
    written = (
        codebook_source(spec, base, engine.local, scratch) if isinstance(spec, SurveyItemsTable) else None
    )
    return written or open_table(name, spec, base, engine, scratch, stays=False)


def _by_name(source: Source, spec: SurveyItemsTable, used: Mapping[str, str]) -> dict[str, str]:
    """The columns of a codebook: those that the settings name, and those that are called like a field."""
    present = set(source.table.columns)
    stated = {SurveyItemColumns.model_fields[name].alias or name for name in spec.columns.model_fields_set}
    found = {field: column for field, column in used.items() if field in stated}
    for field in COMPANIONS["survey_items"].fields:
        names = (field, "kind") if field == "scale" else (field,)
        named = next((name for name in names if name in present), None)
        if field not in stated and named is not None:
            found[field] = named
    missing = {field: field for field in ("item", "construct", "aspect") if field not in found}
    return found | missing


def _survey_notes(
    name: str, source: Source, used: Mapping[str, str], answers: list[str], spec: TableSource
) -> tuple[LedgerLine, ...]:
    told = {}
    if answers:
        rows = sum(source.counts)
        told["layout"] = (
            f"one respondent per row: {words.count(rows, 'row')} with {words.count(len(answers), 'item')} each; "
            "this ledger counts answers"
        )
    known = {*used.values(), *answers, "_file"}
    unread = [words.plain(column) for column in source.table.columns if column not in known]
    if unread:
        told["columns not read"] = words.listing(unread, most=12)
    return tuple(LedgerLine(name, "note", what, detail=detail) for what, detail in told.items())


def _item_names(found: Mapping[str, Companion]) -> list[str]:
    return (
        list(found["survey_items"].rows.select("item").execute()["item"]) if "survey_items" in found else []
    )


def _checked_codebook(items: Companion) -> Companion:
    """The codebook with scales and reversals as they count, kept in the order of the items."""
    frame = items.rows.execute()
    book = check_codebook(frame).set_index("item").loc[frame["item"]]
    counted = {name: book[name].to_numpy() for name in ("scale_min", "scale_max", "reversed")}
    return replace(items, rows=ibis.memtable(frame.assign(**counted)))


def _with_scores(survey: Companion, items: Companion) -> Companion:
    """Turn scores into numbers; a declared code that is a word goes to the column ``code``."""
    answers = survey.rows.execute()
    book = check_codebook(items.rows.execute())
    codes = {row.item: (*row.missing_codes, *row.not_applicable_codes) for row in rows_of(book)}
    text = answers["score"].astype("string").str.strip().str.replace("−", "-")
    numbers = _as_numbers(text)
    if worded := word_numbers(book):
        keys = zip(answers["item"], text.str.casefold(), strict=True)
        numbers = numbers.fillna(pd.Series([worded.get(key) for key in keys], index=text.index, dtype=float))
    odd = answers[text.notna() & numbers.isna()]
    declared = [str(row.score).strip().casefold() in codes.get(row.item, ()) for row in odd.itertuples()]
    wrong = odd[[not is_declared for is_declared in declared]]
    if len(wrong):
        row = wrong.iloc[0]
        raise InputError(
            f"{survey.source.files[0].name}: respondent '{words.plain(row['respondent_id'])}', item "
            f"'{words.plain(row['item'])}': the score '{words.plain(row['score'])}' is not a number. "
            "Correct it, or declare it in the codebook: under words with its number, or under missing_codes."
        )
    word = pd.Series(pd.NA, index=answers.index, dtype="string")
    word[odd.index] = text[odd.index].str.casefold()
    scored = answers.assign(score=numbers.astype("float64"), code=word)
    return replace(survey, rows=ibis.memtable(scored))


def _as_numbers(text: pd.Series) -> pd.Series:
    """Scores as numbers, with a point or a comma before the decimals; missing where they are words."""
    comma = text.str.fullmatch(r"-?\d{1,3},\d{1,2}").fillna(False).astype(bool)
    return pd.to_numeric(text.where(~comma, text.str.replace(",", ".")), errors="coerce").astype("float64")
