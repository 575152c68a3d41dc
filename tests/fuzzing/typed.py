"""Columns of the types that files with types can have, fit for their place or not."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pyarrow as pa

__all__ = ["TYPES", "as_sqlite", "as_type"]


def _number(text: str, place: int) -> int:
    digits = "".join(sign for sign in text if sign in "0123456789")[:9]
    return int(digits or place)


_DAY = dt.date(2024, 1, 1)

_MAKERS: dict[str, tuple[Any, Any]] = {
    "text": (pa.string(), lambda text, n: text or None),
    "large text": (pa.large_string(), lambda text, n: text),
    "bytes": (pa.binary(), lambda text, n: text.encode()),
    "int64": (pa.int64(), lambda text, n: n),
    "uint64": (pa.uint64(), lambda text, n: 2**64 - 1 - n),
    "int8": (pa.int8(), lambda text, n: n % 100),
    "bool": (pa.bool_(), lambda text, n: n % 2 == 0),
    "float": (pa.float64(), lambda text, n: n / 100),
    "float with NaN": (pa.float64(), lambda text, n: float("nan") if n % 5 == 0 else n / 100),
    "float with infinity": (pa.float64(), lambda text, n: float("-inf") if n % 7 == 0 else n / 100),
    "huge float": (pa.float64(), lambda text, n: n * 1e300),
    "half": (pa.float16(), lambda text, n: n % 100 / 4),
    "decimal": (pa.decimal128(12, 2), lambda text, n: Decimal(n % 10**9) / 100),
    "decimal of 38": (pa.decimal128(38, 10), lambda text, n: Decimal(n)),
    "decimal of 50": (pa.decimal256(50, 2), lambda text, n: Decimal(n * 10**30)),
    "date": (pa.date32(), lambda text, n: _DAY + dt.timedelta(days=n % 300)),
    "far date": (pa.date32(), lambda text, n: 2**31 - 1 - n % 300),
    "early date": (pa.date32(), lambda text, n: dt.date(1, 1, 1)),
    "instant": (pa.timestamp("us", tz="UTC"), lambda text, n: 1_700_000_000_000_000 + n),
    "odd zone": (pa.timestamp("us", tz="Mars/Olympus"), lambda text, n: 1_700_000_000_000_000 + n),
    "nanoseconds": (pa.timestamp("ns"), lambda text, n: 1_700_000_000_000_000_000 + n),
    "far instant": (pa.timestamp("us"), lambda text, n: 2**63 - 1 - n),
    "time": (pa.time64("us"), lambda text, n: n),
    "duration": (pa.duration("us"), lambda text, n: n),
    "list": (pa.list_(pa.string()), lambda text, n: [text] * (n % 3)),
    "struct": (pa.struct([("a", pa.int64()), ("b", pa.string())]), lambda text, n: {"a": n, "b": text}),
    "map": (pa.map_(pa.string(), pa.int64()), lambda text, n: [(text, n)]),
    "dictionary": (pa.dictionary(pa.int32(), pa.string()), lambda text, n: text),
    "null": (pa.null(), lambda text, n: None),
}
TYPES = tuple(_MAKERS)
"""The names of the types of a column."""


def as_type(values: list[str], kind: str, dice: random.Random) -> Any:
    """A column of that type, made from text."""
    kind_of, make = _MAKERS[kind]
    made = [make(text, _number(text, place)) for place, text in enumerate(values)]
    if kind in ("date", "decimal", "float") and dice.random() < 0.3:
        made = [None if dice.random() < 0.2 else value for value in made]
    if kind == "dictionary":
        return pa.array(made, pa.string()).dictionary_encode()
    if kind == "half":
        import numpy as np

        return pa.array(np.array(made, dtype=np.float16))
    return pa.array(made, kind_of)


def as_sqlite(text: str, kind: str, dice: random.Random) -> object:
    """A value as SQLite may hold it: any type in any row."""
    if kind == "text":
        return text
    number = _number(text, 3)
    odd = (None, text.encode(), number, number / 100, 9e999, -(2**63), 2**63 - 1, b"\xff\xfe\x00", "", -0.0)
    return dice.choice((*odd, text, text, text))
