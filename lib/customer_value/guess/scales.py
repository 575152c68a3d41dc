"""On which scale the answers to an item seem to be given, and which values mean no answer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "guess_scale", "plain_number"]

_CODES = frozenset((77, 88, 97, 98, 99, 777, 888, 997, 998, 999, -7, -8, -9, -77, -88, -97, -98, -99, -999))
"""Values that questionnaires use for "no answer"."""

_SEPARATE = (8, 9)
_ENDS = ((1, 5), (1, 7), (1, 10), (0, 100))
_ENDS_FROM_ZERO = ((0, 4), (0, 6), (0, 10), (0, 100))
_ENDS_WITH_PARTS = ((0, 5), (0, 10), (0, 100))
_MOST = 100


@dataclass(frozen=True)
class Scale:
    """A guessed scale: its ends and the values outside it, which are proposed as codes for no answer."""

    low: float
    high: float
    codes: tuple[float, ...] = ()


def guess_scale(values: Iterable[float]) -> Scale | None:
    """The usual scale that holds the values seen.

    Parameters
    ----------
    values
        All different values; answers and codes.

    Returns
    -------
    Scale or None
        None if the values look like no answers on a scale (amounts, years).

    Examples
    --------
    >>> guess_scale([1, 2, 3, 5, -99]), guess_scale([0, 1, 2, 4, 5])
    (Scale(low=1, high=5, codes=(-99,)), Scale(low=1, high=5, codes=(0,)))
    >>> guess_scale([0, 2, 9, 10]), guess_scale([-3, -1, 0, 2]), guess_scale([1, 2, 4, 9])
    (Scale(low=0, high=10, codes=()), Scale(low=-3, high=3, codes=()), Scale(low=1, high=5, codes=(9,)))
    >>> guess_scale([-2, -1, 1, 2, 5]), guess_scale([1952, 1980])
    (Scale(low=1, high=5, codes=(-2, -1)), None)
    >>> guess_scale([1, 2.5, 4.5]), guess_scale([0.5, 3, 5]), guess_scale([2, 7.5, 9])
    (Scale(low=1, high=5, codes=()), Scale(low=0, high=5, codes=()), Scale(low=1, high=10, codes=()))
    """
    seen = sorted(set(values))
    codes = [value for value in seen if value in _CODES and not _fits_percentage(seen, value)]
    answers = [value for value in seen if value not in codes]
    answers, more = _without_separate(answers)
    codes += more
    if not answers or max(answers) > _MOST:
        return None
    below = [value for value in answers if value < 0]
    if _both_ways(answers, below):
        ends = max(-answers[0], answers[-1])
        return Scale(-ends, ends, tuple(sorted(codes)))
    codes += below
    answers = [value for value in answers if value >= 0]
    return _from_zero_up(answers, codes) if answers else None


def plain_number(value: float) -> str:
    """A number as it stands in a codebook.

    >>> plain_number(-99.0), plain_number(0.5)
    ('-99', '0.5')
    """
    return f"{value:g}"


def _both_ways(answers: list[float], below: list[float]) -> bool:
    """Whether a scale seems to go from minus to plus, such as −3 to 3."""
    if set(answers) == {-1, 0, 1}:
        return True
    return len(below) > 1 and answers[0] >= -5 and 0 <= answers[-1] <= 1 - answers[0]


def _fits_percentage(seen: list[float], value: float) -> bool:
    """Whether a value such as 88 is one of many between 11 and 100."""
    return value > 0 and sum(10 < other <= _MOST and other not in _CODES for other in seen) > 2


def _without_separate(answers: list[float]) -> tuple[list[float], list[float]]:
    """Take off an 8 or 9 that stands apart from answers up to 7."""
    apart = [value for value in answers if value in _SEPARATE]
    rest = [value for value in answers if value not in _SEPARATE]
    if not apart or not rest or max(rest) > 7 or min(rest) < 0 or len(rest) < 3:
        return answers, []
    top = next(high for _, high in _ENDS if max(rest) <= high)
    return (rest, apart) if top == 5 or apart == [9] else (answers, [])


def _from_zero_up(answers: list[float], codes: list[float]) -> Scale | None:
    if any(value != math.floor(value) for value in answers):
        if answers[-1] <= 1:
            return Scale(0, 1, tuple(sorted(codes)))
        if answers[-1] > 10 and any(value != round(value, 2) for value in answers):
            return None
        if answers[0] < 1 or answers[-1] > 10:
            low, high = next(ends for ends in _ENDS_WITH_PARTS if answers[-1] <= ends[1])
            return Scale(low, high, tuple(sorted(codes)))
    if answers[0] == 0 and answers[-1] in (5, 7):
        codes, answers = [*codes, 0], answers[1:]
    usual = _ENDS if answers[0] > 0 else _ENDS_FROM_ZERO
    low, high = next(ends for ends in usual if answers[-1] <= ends[1])
    return Scale(low, high, tuple(sorted(codes)))
