"""Surveys as people keep them: one respondent per row, and codebooks written as YAML.

Both become what the rest of the workbook reads, one answer per row and one item per row.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.codebook import suggestion
from customer_value.errors import InputError
from customer_value.settings import SurveyItemColumns, SurveyItemsTable, SurveyTable
from customer_value.sources import Source, SourceFile, id_column
from customer_value.sources.files import find_files, fingerprint
from customer_value.sources.parquet import read_saved
from customer_value.yaml_file import read_bounded, read_yaml

__all__ = ["answer_columns", "codebook_source", "one_answer_per_row", "respondent_rows", "wide_answers"]

_ANSWERS = "_answers"
_OTHER_NAMES = {"kind": "scale"}


def codebook_source(spec: SurveyItemsTable, base: Path, con: Any, scratch: Path) -> Source | None:
    """A codebook that is written as YAML, as a source; None if it is a table.

    The file holds items by their names, or a list of items, or these under ``items`` beside ``defaults``,
    which hold for every item that does not say otherwise::

        defaults: {scale_min: 1, scale_max: 10, scale: likert}
        items:
          CUSA1: {construct: satisfaction, aspect: overall, wording_en: Overall satisfaction}
          CUSA2: {construct: satisfaction, aspect: overall, missing_codes: [-99, None]}
          CUSA3: {construct: satisfaction, aspect: overall, scale_max: 3, words: {low: 1, middle: 2, high: 3}}

    Raises
    ------
    ConfigError, InputError
        If it is no YAML or no codebook; the message names the file and the item.
    """
    if spec.format is not None or spec.path_env is not None:
        return None
    found = find_files("survey_items", spec, base)
    written = [file for file in found if file.path.suffix.casefold() in (".yml", ".yaml")]
    if not written:
        return None
    if len(found) > 1:
        raise InputError(
            f"survey_items.path: give one YAML codebook; there are {words.count(len(found))} files."
        )
    file = fingerprint(found[0])
    rows = _items_of(read_yaml(read_bounded(found[0].path), file.name), file.name)
    return _as_source(rows, file, con, scratch / "codebook.parquet")


def answer_columns(source: Source, spec: SurveyTable, items: Sequence[str]) -> list[str]:
    """The columns of a wide survey that hold answers.

    Parameters
    ----------
    source
        The file, one respondent per row.
    spec
        Its settings.
    items
        The items of the codebook.

    Raises
    ------
    InputError
        If the codebook or the settings name a column that the file does not have, or the settings one
        that the codebook does not have.
    """
    present = {str(name) for name in source.table.columns}
    file = source.files[0].name
    if spec.items is None:
        absent = [item for item in items if item not in present]
        if absent:
            these = words.verb(len(absent), "this item", "these items")
            raise InputError(
                f"{file} has no column for {these} of the codebook: {words.listing(map(words.plain, absent))}. "
                "Correct the names, or list the columns with answers under survey.items."
            )
        return list(items)
    source.require({f"items.{n}": name for n, name in enumerate(spec.items, 1)})
    for name in spec.items:
        if name not in items:
            raise InputError(
                f"survey.items: column '{words.plain(name)}' is not in the codebook.{suggestion(name, list(items))}"
            )
    return list(spec.items)


def respondent_rows(source: Source) -> Any:
    """Names for respondents without an id: the number of the row, as a spreadsheet shows it."""
    position = ibis.row_number()
    names = []
    for number, file in enumerate(source.files):
        row = position - sum(source.counts[:number]) + source.header_rows[number] + 1
        name = ibis.literal("row ") + row.cast("string")
        names.append((source.table["_file"] == number, name + f" of {file.name}" if number else name))
    return ibis.cases(*names)


def wide_answers(source: Source, columns: Sequence[str]) -> dict[str, Any]:
    """A field that holds all answers of a respondent, for `one_answer_per_row`."""
    pairs = [ibis.struct({"item": ibis.literal(name), "score": id_column(source, name)}) for name in columns]
    return {_ANSWERS: ibis.array(pairs)}


def one_answer_per_row(table: ibis.Table) -> ibis.Table:
    """Turn rows of respondents with `wide_answers` into rows of ``item`` and ``score``."""
    long = table.mutate(**{_ANSWERS: table[_ANSWERS].unnest()})
    return long.mutate(item=long[_ANSWERS]["item"], score=long[_ANSWERS]["score"]).drop(_ANSWERS)


def _items_of(content: Any, name: str) -> list[dict[str, Any]]:
    defaults: Any = {}
    if isinstance(content, dict) and "items" in content and set(content) <= {"items", "defaults"}:
        content, defaults = content["items"], content.get("defaults") or {}
    if isinstance(content, dict):
        content = [{"item": item, **_fields(fields, str(item), name)} for item, fields in content.items()]
    if not isinstance(content, list) or not content:
        raise InputError(
            f"{name}: expected items, such as 'Q1: {{construct: service, aspect: perceived, …}}'."
        )
    rows = [_fields(row, f"number {n}", name) for n, row in enumerate(content, 1)]
    shared = _fields(defaults, "defaults", name)
    return [{key: _as_text(value) for key, value in (shared | row).items()} for row in rows]


def _fields(fields: Any, item: str, name: str) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise InputError(f"{name}, item {item!r}: expected keys such as construct and aspect.")
    known = [field.alias or key for key, field in SurveyItemColumns.model_fields.items()]
    for key in map(str, fields):
        if key not in (*known, *_OTHER_NAMES):
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"possible here: {', '.join(known)}."
            raise InputError(f"{name}, item {item!r}: unknown key '{words.plain(key)}'; {hint}")
    return {_OTHER_NAMES.get(str(key), str(key)): value for key, value in fields.items()}


def _as_text(value: Any) -> str | None:
    if isinstance(value, dict):
        return ";".join(f"{word}={number}" for word, number in value.items())
    if isinstance(value, list):
        return ";".join(str(part) for part in value if part is not None)
    if isinstance(value, bool):
        return str(value).casefold()
    return None if value is None else str(value)


def _as_source(rows: list[dict[str, Any]], file: SourceFile, con: Any, path: Path) -> Source:
    frame = pd.DataFrame(rows).astype("str").where(pd.DataFrame(rows).notna())
    frame.assign(_file=0).to_parquet(path)
    table = read_saved(con, path)
    return Source("survey_items", table, (file,), (), True, (len(frame),), (0,))
