"""Sorting rows by keys of whole numbers, much faster than by text.

Everything is done by sorting one array of unsigned 64-bit numbers that hold a key in their high bits
and the row's place in their low bits: such numbers are all different, so a fast unstable sort gives
the one stable order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["changes", "first_occurrences", "first_places", "running", "sort_order"]

Array = NDArray[Any]

_WORD = 64
_MIXER = np.uint64(0x9E3779B97F4A7C15)


def sort_order(keys: Sequence[Array]) -> Array:
    """The rows' places in the order of several keys, the first key counting most.

    Parameters
    ----------
    keys
        Arrays of uint64 of equal length (rows). Bits that are the same in all rows cost nothing.

    Returns
    -------
    ndarray
        Places (int64); equal rows keep their order.

    Notes
    -----
    If the varying bits of all keys and the place fit into 64 bits, one sort does it. Otherwise as
    many leading bits as fit are sorted and give each row the number of its group, which replaces
    them in the next round; a key that does not vary within groups any more is left out.

    Examples
    --------
    >>> sort_order([np.array([2, 1, 2], dtype=np.uint64), np.array([5, 9, 4], dtype=np.uint64)])
    array([1, 2, 0])
    """
    rows = len(keys[0])
    place_bits = max(rows - 1, 1).bit_length()
    pending = [_varying(key) for key in keys]
    group, group_bits = np.zeros(rows, dtype=np.uint64), 0
    while True:
        packed, pending = _packed(group, pending, _WORD - place_bits - group_bits)
        packed <<= np.uint64(place_bits)
        packed |= np.arange(rows, dtype=np.uint64)
        packed.sort()
        order = _low_bits(packed, place_bits)
        if not pending:
            return order
        packed >>= np.uint64(place_bits)
        new = changes(packed)
        pending = [field for field in pending if _varies_within(field[0][order], new)]
        if not pending:
            return order
        number = np.cumsum(new, dtype=np.uint64) - np.uint64(1)
        group[order] = number
        group_bits = int(number[-1]).bit_length()


def changes(*sorted_keys: Array) -> Array:
    """Whether each row differs from the one before it in any key; the first row does.

    Examples
    --------
    >>> changes(np.array([3, 3, 4]))
    array([ True, False,  True])
    """
    new = np.ones(len(sorted_keys[0]), dtype=bool)
    if len(new):
        np.not_equal(sorted_keys[0][1:], sorted_keys[0][:-1], out=new[1:])
        for key in sorted_keys[1:]:
            new[1:] |= key[1:] != key[:-1]
    return new


def first_occurrences(group: Array, key: Array) -> Array:
    """Whether a row is the first with its group and key.

    Parameters
    ----------
    group
        Whole numbers.
    key
        Hashes (uint64): their high bits must be evenly spread for speed, not for the result.

    Examples
    --------
    >>> first_occurrences(np.array([1, 1, 1, 2]), np.array([7, 8, 7, 7], dtype=np.uint64))
    array([ True,  True, False,  True])
    """
    first: Array = first_places(group, key) == np.arange(len(key))
    return first


def first_places(group: Array, key: Array) -> Array:
    """Where the first row with the group and key of each row is.

    Parameters
    ----------
    group, key
        As in `first_occurrences`.

    Examples
    --------
    >>> first_places(np.array([1, 1, 1, 2]), np.array([7, 8, 7, 7], dtype=np.uint64))
    array([0, 1, 0, 3])
    """
    rows = len(key)
    first = np.arange(rows)
    if rows < 2:
        return first
    place_bits = (rows - 1).bit_length()
    mixed = (key ^ (group.astype(np.uint64) * _MIXER)) >> np.uint64(place_bits) << np.uint64(place_bits)
    mixed |= np.arange(rows, dtype=np.uint64)
    mixed.sort()
    new = changes(mixed >> np.uint64(place_bits))
    if new.all():
        return first
    place = _low_bits(mixed, place_bits)
    again = np.flatnonzero(~new)
    run = np.cumsum(new) - 1
    row, leader = place[again], place[np.flatnonzero(new)[run[again]]]
    same = (key[row] == key[leader]) & (group[row] == group[leader])
    first[row] = leader
    if not same.all():
        unlike = place[np.isin(run, run[again[~same]])]
        order = unlike[np.lexsort((unlike, key[unlike], group[unlike]))]
        new = changes(group[order], key[order])
        first[order] = order[np.flatnonzero(new)[np.cumsum(new) - 1]]
    return first


def running(values: Array) -> Array:
    """Sums of the first 0, 1, 2, … values: the sum of any stretch is a difference of two of them.

    Whole numbers of 64 bits may overflow on the way: the difference is right as long as the sum of the stretch
    itself fits, since both ends have lost the same multiple of 2⁶⁴.

    Examples
    --------
    >>> running(np.array([5, 1, 2]))
    array([0, 5, 6, 8])
    """
    kind = values.dtype if values.dtype == object else np.int64
    sums = np.zeros(len(values) + 1, dtype=kind)
    np.cumsum(values, dtype=kind, out=sums[1:])
    return sums


def _low_bits(words: Array, bits: int) -> Array:
    return (words & np.uint64((1 << bits) - 1)).astype(np.int64)


def _varying(key: Array) -> tuple[Array, int]:
    """The key without the bits that are the same in all rows, and how many bits remain."""
    mask = int(np.bitwise_or.reduce(key)) ^ int(np.bitwise_and.reduce(key)) if len(key) else 0
    code, width, low = np.zeros(len(key), dtype=np.uint64), 0, 0
    part = np.empty_like(code)
    while mask >> low:
        low += _trailing(mask >> low, 0)
        length = _trailing(mask >> low, 1)
        np.right_shift(key, np.uint64(low), out=part)
        part &= np.uint64((1 << length) - 1)
        part <<= np.uint64(width)
        code |= part
        width, low = width + length, low + length
    return code, width


def _trailing(number: int, bit: int) -> int:
    """How many of the lowest bits equal ``bit``."""
    count = 0
    while (number >> count) & 1 == bit:
        count += 1
    return count


def _packed(
    group: Array, fields: list[tuple[Array, int]], room: int
) -> tuple[Array, list[tuple[Array, int]]]:
    """The group and the leading bits of the fields in one number, and what did not fit."""
    packed = group.copy()
    for place, (code, bits) in enumerate(fields):
        taken = min(bits, room)
        packed <<= np.uint64(taken)
        rest = bits - taken
        packed |= code >> np.uint64(rest) if taken else np.uint64(0)
        room -= taken
        if rest:
            left = code & np.uint64((1 << rest) - 1)
            return packed, [(left, rest), *fields[place + 1 :]]
    return packed, []


def _varies_within(sorted_key: Array, new_group: Array) -> bool:
    return bool(((sorted_key[1:] != sorted_key[:-1]) & ~new_group[1:]).any())
