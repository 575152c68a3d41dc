"""Customer ids as whole numbers that sort as the ids do.

Text is slow to compare, so an id becomes a few unsigned 64-bit words: the bytes behind the beginning
that all ids share, eight to a word, the first byte highest, zeros behind the last. Words compare like
the bytes, and the bytes of UTF-8 compare like the code points, which is the engine's order of text. No
id holds a zero byte (such ids are numbered by the engine instead, as are very long ones), so the words
give the id back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

__all__ = [
    "MOST_WORDS",
    "Identifiers",
    "NumberedIdentifiers",
    "WordIdentifiers",
    "ZeroByte",
    "shared_beginning",
]

Array = NDArray[Any]

MOST_WORDS = 8
"""Ids with more than eight times as many bytes behind their common beginning are numbered instead."""

_BYTES = 8


class ZeroByte(Exception):
    """An id holds a zero byte, so it cannot be told from a shorter one by its words."""


@dataclass(frozen=True)
class WordIdentifiers:
    """Ids as words.

    Attributes
    ----------
    prefix
        Bytes that every id begins with.
    words
        Words per id.

    Examples
    --------
    >>> ids = WordIdentifiers(b"C-", 1)
    >>> words = ids.words_of(pa.array(["C-7", "C-10", "C-1"]))
    >>> [name.as_py() for name in ids.names_of(np.sort(words, axis=0))]
    ['C-1', 'C-10', 'C-7']
    """

    prefix: bytes
    words: int

    def words_of(self, names: Any) -> Array:
        """The words of a string array without nulls; shape (ids, words), uint64.

        Raises
        ------
        ZeroByte
            If an id holds one.
        """
        start, stop, data = _text_buffers(names)
        if np.count_nonzero(data) != len(data) - _BYTES:
            raise ZeroByte
        whole = np.ndarray((len(data) - _BYTES + 1,), dtype=">u8", buffer=data, strides=(1,))
        words = np.empty((len(start), self.words), dtype=np.uint64)
        for place in range(self.words):
            at = start + (len(self.prefix) + _BYTES * place)
            words[:, place] = _leading_bytes(whole[np.minimum(at, len(whole) - 1)], stop - at)
        return words

    def words_of_names(self, names: Any) -> Array:
        """The words of some ids; here the same as `words_of`."""
        return self.words_of(names)

    def names_of(self, words: Array) -> Any:
        """The ids of an array of words, as a pyarrow string array."""
        tail = np.ascontiguousarray(words, dtype=">u8").view(np.uint8)
        head = np.broadcast_to(np.frombuffer(self.prefix, np.uint8), (len(tail), len(self.prefix)))
        text = np.hstack([head, tail])
        offsets = np.zeros(len(text) + 1, dtype=np.int32)
        np.cumsum(np.count_nonzero(text, axis=1), out=offsets[1:])
        data = text[text != 0]
        return pa.StringArray.from_buffers(len(text), pa.py_buffer(offsets), pa.py_buffer(data))


@dataclass(frozen=True)
class NumberedIdentifiers:
    """Ids that the engine has numbered in their order; ``path`` holds ``_number`` and ``customer_id``."""

    path: Path
    words: int = 1

    def words_of(self, numbers: Any) -> Array:
        """The numbers (int64) as words; shape (ids, 1), uint64."""
        return np.asarray(numbers).astype(np.uint64)[:, None]

    def words_of_names(self, names: Any) -> Array:
        """The words of a few ids, ascending."""
        table = pq.read_table(self.path, filters=[("customer_id", "in", names.to_pylist())])
        return self.words_of(np.sort(table["_number"].to_numpy()))

    def names_of(self, words: Array) -> Any:
        """The ids of ascending numbers, as a pyarrow string array."""
        low, high = int(words[0, 0]), int(words[-1, 0])
        table = pq.read_table(self.path, filters=[("_number", ">=", low), ("_number", "<=", high)])
        table = table.sort_by("_number")
        places = np.searchsorted(table["_number"].to_numpy(), words[:, 0].astype(np.int64))
        return table["customer_id"].combine_chunks().take(pa.array(places))


Identifiers = WordIdentifiers | NumberedIdentifiers


def shared_beginning(first: str, last: str) -> bytes:
    """The bytes that two ids begin with, and so every id between them.

    Examples
    --------
    >>> shared_beginning("C-0007", "C-0915")
    b'C-0'
    """
    one, other = first.encode(), last.encode()
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return one[:same]


def _text_buffers(names: Any) -> tuple[Array, Array, Array]:
    """First and last byte of each text, and the bytes, with a word of zeros behind them."""
    _, offsets, data = names.buffers()
    wide = np.int64 if pa.types.is_large_string(names.type) else np.int32
    ends = np.frombuffer(offsets, wide)[names.offset : names.offset + len(names) + 1].astype(np.int64)
    text = np.zeros(int(ends[-1] - ends[0]) + _BYTES, dtype=np.uint8)
    if data is not None:
        text[:-_BYTES] = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    ends -= ends[0]
    return ends[:-1], ends[1:], text


def _leading_bytes(words: Array, count: Array) -> Array:
    """Keep the first ``count`` bytes of each word and clear the others."""
    cleared = (_BYTES * (_BYTES - np.clip(count, 0, _BYTES))).astype(np.uint64)
    kept = (words.astype(np.uint64) >> cleared) << cleared
    kept[count <= 0] = 0
    return kept
