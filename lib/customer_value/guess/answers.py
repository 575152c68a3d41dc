"""Which columns of a questionnaire are answers to items, and on which scale they are given.

A column that looks like none is kept with the reason, so that a person can be told why it fell out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

import pandas as pd

from customer_value import words
from customer_value.guess.answer_words import (
    is_no_answer,
    is_not_applicable,
    labelled_number,
    places,
    word_scale,
)
from customer_value.guess.headings import is_about_the_person, recommends
from customer_value.guess.names import tokens_of
from customer_value.guess.scales import Scale, guess_scale

__all__ = ["Answers", "answers_to", "numbers_of"]

_NUMERIC = 0.5
_READ = 0.8
"""At least this part of the answers in words must be words of one scale."""

_MOST_WORDS = 5
_FEW = 10


@dataclass(frozen=True)
class Answers:
    """The answers to one item.

    Parameters
    ----------
    values
        As they are written, without blanks.
    numbers
        The same as numbers, words by their step; missing where a word means no answer.
    scale
        The scale that they seem to be given on.
    steps
        Word to number, for answers in words.
    silent
        Words that mean no answer.
    whole_scale
        Whether the scale comes from the words, so that numbers of other items do not change it.
    """

    values: pd.Series
    numbers: pd.Series
    scale: Scale
    steps: Mapping[str, float]
    silent: tuple[str, ...]
    whole_scale: bool = False


def answers_to(
    columns: Mapping[str, pd.Series], asked: Mapping[str, str], *, by_item: bool
) -> tuple[dict[str, Answers], dict[str, str]]:
    """The columns that hold answers, and why the others do not.

    Parameters
    ----------
    columns
        Heading (or name of the item) to its values as text, without blanks.
    asked
        Heading to the question, where the file holds that, too.
    by_item
        Whether the file names the items itself (one answer per row), so that all of them are meant.

    Returns
    -------
    tuple
        Item to its answers, in the order given; and heading to the reason for those left out.
    """
    found: dict[str, Answers] = {}
    left: dict[str, str] = {}
    spoken = {name: _places(values) for name, values in columns.items()}
    numbers = _numbers_of_all(columns)
    for name, values in columns.items():
        reason = "" if by_item else _no_item(asked.get(name, name), numbers[name])
        read = None if reason else _numeric(values, numbers[name]) or _in_words(name, values, spoken)
        if read is None:
            left[name] = reason or _what_it_holds(values, numbers[name])
        else:
            found[name] = read
    for name in [] if by_item else _choices(found):
        left[name] = "two values only, 1 and 2, so that it rather tells two kinds of people apart"
        del found[name]
    return found, left


def numbers_of(values: pd.Series) -> pd.Series:
    """Text as numbers, missing where it is none; a decimal comma is read."""
    text = values.str.strip().str.replace("−", "-")
    text = text.where(~text.str.fullmatch(r"-?\d{1,3},\d{1,2}"), text.str.replace(",", "."))
    return pd.to_numeric(text, errors="coerce")


def _numbers_of_all(columns: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """The numbers of each column; they are read below each other, which takes no longer for many than for one."""
    if not columns:
        return {}
    read = numbers_of(pd.concat(list(columns.values())))
    ends = list(accumulate(map(len, columns.values())))
    starts = [0, *ends[:-1]]
    return {name: read.iloc[a:b] for name, a, b in zip(columns, starts, ends, strict=True)}


def _no_item(name: str, read: pd.Series) -> str:
    """Why a column is no item, whatever its scale; empty if nothing speaks against it."""
    if read.empty:
        return "no value"
    if is_about_the_person(name) and not recommends(name):
        return "about the person or the interview"
    numbers = read.dropna()
    if len(numbers) and set(numbers) <= {0.0, 1.0}:
        return "0 and 1 only"
    if _counts_up(numbers):
        return "counts the rows"
    return ""


def _counts_up(numbers: pd.Series) -> bool:
    """Whether a column numbers the rows or people."""
    whole = len(numbers) > _FEW and bool((numbers == numbers.round()).all())
    return whole and bool((numbers.diff().dropna() > 0).all())


def _choices(found: Mapping[str, Answers]) -> list[str]:
    """Columns with the values 1 and 2 only, unless their siblings show that the scale goes on."""
    two = {
        name
        for name, answers in found.items()
        if not answers.whole_scale
        and len(answers.values) >= _FEW
        and set(answers.numbers.dropna()) == {1.0, 2.0}
    }
    siblings = {_stem(name) for name in found if name not in two}
    return [name for name in found if name in two and _stem(name) not in siblings]


def _stem(name: str) -> str:
    tokens = tokens_of(name)
    return "".join(sign for sign in tokens[0] if not sign.isdigit()) if tokens else name


def _numeric(values: pd.Series, numbers: pd.Series) -> Answers | None:
    """Answers in numbers, some perhaps with their label beside them."""
    written = values[numbers.isna()]
    labels = {word: number for word in written.unique() if (number := labelled_number(word)) is not None}
    if not _one_label_each(labels):
        labels = {}
    rest = sorted({word.casefold() for word in written.unique() if word not in labels})
    read = numbers.fillna(values.map(labels).astype(float)) if labels else numbers
    if (
        read.notna().mean() < _NUMERIC
        or len(rest) > _MOST_WORDS
        or any(";" in word for word in [*rest, *labels])
    ):
        return None
    scale = guess_scale(read.dropna())
    if scale is None:
        return None
    whole = bool(labels) and {scale.low, scale.high} <= set(labels.values())
    return Answers(values, read, scale, labels, tuple(rest), whole)


def _one_label_each(labels: Mapping[str, float]) -> bool:
    return len(set(labels.values())) == len(labels)


def _places(values: pd.Series) -> dict[str, dict[str, int]]:
    return {} if numbers_of(values).notna().mean() >= _NUMERIC else places(values.unique())


def _in_words(
    name: str, values: pd.Series, spoken: Mapping[str, Mapping[str, Mapping[str, int]]]
) -> Answers | None:
    """Answers in words of one scale, together with the items that use the same scale."""
    counts = values.value_counts()
    silent = [word for word in counts.index if is_no_answer(word) or is_not_applicable(word)]
    said = counts.drop(silent)
    own = spoken[name]
    if said.empty or not own:
        return None
    kind = max(own, key=lambda one: sum(int(said.get(word, 0)) for word in own[one]))
    at = {word: place for word, place in own[kind].items() if word in said.index}
    unknown = [word for word in said.index if word not in at]
    if said[list(at)].sum() < _READ * said.sum() or len(unknown) > _MOST_WORDS or not at:
        return None
    if any(";" in word for word in [*counts.index]):
        return None
    others = [one[kind] for other, one in spoken.items() if kind in one and other != name]
    here = set(at.values())
    if len(here) < 2 and not any(len(set(other.values())) > 1 for other in others):
        return None
    wider = max((other for other in others if set(other.values()) >= here), key=len, default={})
    found = word_scale(kind, at, wider)
    numbers = values.map(found.steps).astype(float)
    quiet = tuple(sorted({word.casefold() for word in [*silent, *unknown]}))
    return Answers(values, numbers, Scale(1, found.size), found.steps, quiet, whole_scale=True)


def _what_it_holds(values: pd.Series, numbers: pd.Series) -> str:
    """What a column holds that is no scale, with one or two of its values."""
    if values.empty:
        return "no value"
    shown = words.listing([f"'{words.plain(value, most=30)}'" for value in _first(values.unique(), 2)])
    if numbers.notna().mean() >= _NUMERIC:
        return f"numbers that are on no usual scale, such as {shown}"
    return f"words that are on no known scale, such as {shown}"


def _first(values: Iterable[str], most: int) -> list[str]:
    return sorted(values)[:most]
