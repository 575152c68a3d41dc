"""JSON lines and JSON arrays: an object is a row, its keys are the columns."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.cells import kind_of, type_of, write_rows
from customer_value.sources.delimited import as_utf8
from customer_value.sources.encodings import encoding_name
from customer_value.sources.files import Found
from customer_value.sources.parquet import in_parquet
from customer_value.sources.parts import Part, column_names, described
from customer_value.sources.source import Reading

__all__ = ["read_json"]

_CHUNK = 1 << 20
_LARGEST = 1 << 26
_MOST_COLUMNS = 1_000
_BETWEEN = re.compile(r"[\s,]*")
_MOST_DIGITS = 4_000
_DECODER = json.JSONDecoder(
    parse_constant=lambda name: None if name == "NaN" else float(name),
    parse_int=lambda digits: int(digits) if len(digits) < _MOST_DIGITS else digits,
)


def read_json(file: Found, number: int, spec: TableSource, con: Any, scratch: Path) -> Part:
    """Read JSON lines, or an array of objects, into Parquet.

    An object within an object becomes columns such as ``customer.id``, a list within a row its text; what a
    row has not is blank. Numbers are numbers and text stays text, so that the id ``"007"`` keeps its zeros.

    Raises
    ------
    InputError
        If it is not JSON, holds something else than objects, or no row.
    """
    path, encoding = as_utf8(file, number, spec, scratch)
    kinds: dict[str, set[str]] = {}
    for row in _rows(path, file):
        for key, cell in row.items():
            held = kinds.setdefault(key, set())
            if cell is not None:
                held.add(kind_of(cell))
        if len(kinds) > _MOST_COLUMNS:
            raise InputError(
                f"{file.name}: its rows have more than {_MOST_COLUMNS:,} different names of values, so names seem "
                "to be data; export it as a table with columns of fixed names."
            )
    if not kinds:
        raise InputError(f"{file.name} holds no rows.")
    names, naming = column_names(list(kinds), file.name)
    types = [type_of(held) for held in kinds.values()]
    target = scratch / f"{number}.parquet"
    rows = write_rows(_cells(path, file, list(kinds)), names, types, target)
    relation = in_parquet(target)
    told = Reading("encoding", encoding_name(encoding), spec.encoding is not None)
    return Part(relation, described(con, relation), (told, *naming), rows, 0, target)


def _cells(path: Path, file: Found, keys: Sequence[str]) -> Iterator[list[Any]]:
    for row in _rows(path, file):
        yield [row.get(key) for key in keys]


def _rows(path: Path, file: Found) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(_items(path, file), 1):
        if not isinstance(item, dict):
            raise InputError(
                f"{file.name}, row {number:,}: not an object with names and values but "
                f"'{words.plain(json.dumps(item, ensure_ascii=False), 40)}'; every row must be one."
            )
        yield _flat(item)


def _items(path: Path, file: Found) -> Iterator[Any]:
    """The rows one after the other, without holding more than one and a piece of the file."""
    with path.open(encoding="utf-8-sig") as stream:
        text = stream.read(_CHUNK).lstrip()
        array = text.startswith("[")
        at, count, done, first = int(array), 0, False, None
        while True:
            at = _after_gap(text, at)
            if array and text.startswith("]", at):
                return
            try:
                item, at = _DECODER.raw_decode(text, at)
            except json.JSONDecodeError:
                more = "" if done else stream.read(_CHUNK)
                done = not more
                if done and at == len(text) and not array:
                    break
                if done or len(text) - at > _LARGEST:
                    raise InputError(_broken(file, count + 1, ended=done)) from None
                text, at = text[at:] + more, 0
                continue
            except ValueError:
                most = f"{sys.get_int_max_str_digits():,}"
                raise InputError(
                    f"{file.name}, row {count + 1:,}: a number has more than {most} digits; export the file again."
                ) from None
            count += 1
            if count == 1 and not array:
                first = item
                continue
            if first is not None:
                yield first
                first = None
            yield item
    if first is not None:
        yield from _wrapped(first)


def _wrapped(item: Any) -> list[Any]:
    """The rows of an answer such as ``{"orders": [...]}``; one row if it is none."""
    lists = [value for value in item.values() if _is_rows(value)] if isinstance(item, dict) else []
    return list(lists[0]) if len(lists) == 1 else [item]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _after_gap(text: str, at: int) -> int:
    gap = _BETWEEN.match(text, at)
    return gap.end() if gap else at


def _flat(item: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in item.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[before + key] = _cell(value)
    return flat


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def _broken(file: Found, number: int, *, ended: bool) -> str:
    what = (
        "is cut off or not valid JSON" if ended else "is longer than 64 MB, so a bracket seems to be missing"
    )
    return f"{file.name}, row {number:,}: {what}; export the file again."
