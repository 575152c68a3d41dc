"""Customer ids as whole numbers that sort as the ids do.

Text is slow to compare, so an id becomes a few unsigned 64-bit words: the bytes behind the beginning
that all ids share, eight to a word, the first byte highest, zeros behind the last. Words compare like
the bytes, and the bytes of UTF-8 compare like the code points, which is the engine's order of text. No
id holds a zero byte (such ids are numbered by the engine instead, as are very long ones), so the words
give the id back. Ids that are whole numbers in the source never become text: they are one word that sorts
as their digits do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from customer_value.reduction.survey import NUMBER

__all__ = [
    "MOST_DIGITS",
    "MOST_WORDS",
    "DigitIdentifiers",
    "Identifiers",
    "NumberedIdentifiers",
    "WordIdentifiers",
    "ZeroByte",
    "shared_beginning",
]

Array = NDArray[Any]

MOST_WORDS = 8
"""Ids with more than eight times as many bytes behind their common beginning are numbered instead."""

MOST_DIGITS = 18
"""Ids that are whole numbers of more digits are taken as text."""

_BYTES = 8
_POWERS = 10 ** np.arange(MOST_DIGITS, dtype=np.uint64)


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
    >>> [name.as_py() for name in ids.names_of(np.sort(words[0])[:, None])]
    ['C-1', 'C-10', 'C-7']
    """

    prefix: bytes
    words: int

    def words_of(self, names: Any) -> list[Array]:
        """The words of a string array without nulls: arrays of uint64, the first counting most.

        Raises
        ------
        ZeroByte
            If an id holds one.
        """
        start, stop, data = _text_buffers(names)
        if np.count_nonzero(data) != len(data) - _BYTES:
            raise ZeroByte
        whole = np.ndarray((len(data) - _BYTES + 1,), dtype=">u8", buffer=data, strides=(1,))
        length = int(stop[0]) if len(stop) else 0
        alike = bool((stop - start == length).all())
        words = []
        for place in range(self.words):
            skipped = len(self.prefix) + _BYTES * place
            if alike and length > skipped:
                words.append(_leading_bytes(whole[skipped::length][: len(start)], np.array(length - skipped)))
            else:
                at = start + skipped
                words.append(_leading_bytes(whole[np.minimum(at, len(whole) - 1)], stop - at))
        return words

    def words_of_names(self, names: list[str]) -> list[Array]:
        """The words of some ids in ascending order."""
        return self.words_of(pa.array(names, pa.string()))

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
class DigitIdentifiers:
    """Whole numbers from zero on, as words that sort as their digits do.

    A number is filled up with zeros to ``digits`` digits, and its length breaks ties.

    Attributes
    ----------
    digits
        Digits of the longest id, at most `MOST_DIGITS`: the words fit into 64 bits by a hair.
    words
        Words per id: one.

    Examples
    --------
    >>> ids = DigitIdentifiers(2)
    >>> words = ids.words_of(np.array([7, 10, 1]))
    >>> [name.as_py() for name in ids.names_of(np.sort(words[0])[:, None])]
    ['1', '10', '7']
    """

    digits: int
    words: int = 1

    def words_of(self, numbers: Any) -> list[Array]:
        """The words of an array of whole numbers, in a list as other ids have several."""
        number = np.asarray(numbers).astype(np.uint64)
        further = np.searchsorted(_POWERS[1 : self.digits], number, side="right")
        filled = number * _POWERS[self.digits - 1 - further]
        return [filled * np.uint64(self.digits) + further.astype(np.uint64)]

    def words_of_names(self, names: list[int]) -> list[Array]:
        """The words of some ids, ascending."""
        return [np.sort(self.words_of(np.array(names, dtype=np.uint64))[0])]

    def names_of(self, words: Array) -> Any:
        """The ids of an array of words, as a pyarrow string array."""
        filled, further = np.divmod(words[:, 0], np.uint64(self.digits))
        number = filled // _POWERS[self.digits - 1 - further.astype(np.int64)]
        return pa.array(number.astype(np.int64)).cast(pa.string())


@dataclass(frozen=True)
class NumberedIdentifiers:
    """Ids that the engine has numbered in their order; ``path`` holds ``_number`` and ``customer_id``."""

    path: Path
    words: int = 1

    def words_of(self, numbers: Any) -> list[Array]:
        """The numbers (int64) as words, in a list as other ids have several."""
        return [np.asarray(numbers).astype(np.uint64)]

    def words_of_names(self, names: list[str]) -> list[Array]:
        """The words of a few ids, ascending."""
        table = pq.read_table(self.path, filters=[("customer_id", "in", names)])
        return self.words_of(np.sort(table[NUMBER].to_numpy()))

    def names_of(self, words: Array) -> Any:
        """The ids of ascending numbers, as a pyarrow string array."""
        low, high = int(words[0, 0]), int(words[-1, 0])
        table = pq.read_table(self.path, filters=[(NUMBER, ">=", low), (NUMBER, "<=", high)])
        table = table.sort_by(NUMBER)
        places = np.searchsorted(table[NUMBER].to_numpy(), words[:, 0].astype(np.int64))
        return table["customer_id"].combine_chunks().take(pa.array(places))


Identifiers = WordIdentifiers | DigitIdentifiers | NumberedIdentifiers


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
    kept: Array = (words.astype(np.uint64) >> cleared) << cleared
    return kept if count.min(initial=1) > 0 else np.where(count > 0, kept, np.uint64(0))
