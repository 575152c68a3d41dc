"""Answers that are given in words: in which order they stand, and which mean no answer.

The words stand in ``answer_words.yml``, in the languages of common questionnaires. A scale is put together
from the words that were used, so that it may have any number of steps: where somebody is "very satisfied", there is
a "very dissatisfied", too, even if nobody ticked it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from customer_value.yaml_file import read_yaml

__all__ = ["WordScale", "is_no_answer", "is_not_applicable", "labelled_number", "places", "word_scale"]

_LABELLED = re.compile(
    r"^\s*(?P<number>-?\d{1,3}(?:\.\d)?)\s*(?:(?:/\s*(?:5|7|10|100)|分|点|星|stars?|points?|sterne?|pts?|punkte?)\s*$"
    r"|[-–—:=.)(、,]+\s*(?P<label>[^\d\s][^\d]*)$)",
    re.IGNORECASE,
)
_STARS = re.compile(r"^\s*([★⭐✮]\ufe0f?)+(☆\ufe0f?)*\s*$")
_FARTHEST, _FROM_BOTH_ENDS = 4, 2


@dataclass(frozen=True)
class WordScale:
    """The words of a scale in their order.

    Parameters
    ----------
    kind
        What it measures, for instance ``satisfaction``.
    steps
        Word, as it is written in the answers, to its number from 1 for the lowest; the usual word where nobody
        used a step.
    size
        How many steps there are.
    """

    kind: str
    steps: Mapping[str, float]
    size: int


def places(words: Iterable[str]) -> dict[str, dict[str, int]]:
    """Where words stand on each kind of scale that knows them.

    Parameters
    ----------
    words
        As they are written in the answers.

    Returns
    -------
    dict
        Kind of scale to word to place; a kind that knows none is left out.

    Examples
    --------
    >>> places(["Very satisfied", "zufrieden"])
    {'satisfaction': {'Very satisfied': 3, 'zufrieden': 2}}
    """
    written = list(dict.fromkeys(words))
    found = {}
    for kind in _data()["scales"]:
        known = _known(kind)
        plain = {word: _plain(word) for word in written}
        counts = {
            language: sum(text in table for text in plain.values()) for language, table in known.items()
        }
        order = sorted(counts, key=lambda language: -counts[language])
        at = {
            word: next(known[language][text] for language in order if text in known[language])
            for word, text in plain.items()
            if any(text in table for table in known.values())
        }
        if at:
            found[kind] = at
    return found


def word_scale(kind: str, own: Mapping[str, int], others: Mapping[str, int] | None = None) -> WordScale:
    """The scale of an item from the places of its words.

    Parameters
    ----------
    kind
        Of scale.
    own
        Word to place, of this item.
    others
        Word to place, of an item that was answered on the same scale.

    Examples
    --------
    >>> scale = word_scale("satisfaction", {"satisfied": 2, "Very satisfied": 3})
    >>> scale.size, scale.steps["Very satisfied"], scale.steps["very dissatisfied"]
    (5, 5.0, 1.0)
    """
    used = {**(others or {}), **own}
    merge = _ends_are_one(kind, set(used.values()))
    at = {word: _nearer(place) if merge else place for word, place in used.items()}
    whole = sorted(_completed(kind, set(at.values())))
    usual = _usual(kind, own)
    if merge and _FARTHEST in map(abs, used.values()):
        usual |= {_nearer(place): usual[place] for place in (_FARTHEST, -_FARTHEST) if place in usual}
    steps: dict[str, float] = {}
    for number, place in enumerate(whole, 1):
        here = [word for word in own if at[word] == place] or [word for word in at if at[word] == place][:1]
        steps |= dict.fromkeys(here or usual.get(place, [])[:1], float(number))
    return WordScale(kind, steps, len(whole))


def is_not_applicable(word: str) -> bool:
    """Whether an answer says that the question does not apply.

    >>> is_not_applicable("N/A"), is_not_applicable("entfällt"), is_not_applicable("good")
    (True, True, False)
    """
    return _plain(word) in _silent("not_applicable")


def is_no_answer(word: str) -> bool:
    """Whether an answer says that there is none.

    >>> is_no_answer("Don't know"), is_no_answer("keine Angabe"), is_no_answer("5")
    (True, True, False)
    """
    return _plain(word) in _silent("no_answer")


def labelled_number(word: str) -> float | None:
    """The number of an answer that has its label with it, or that counts stars.

    >>> [labelled_number(word) for word in ("5 - Very satisfied", "(1) gar nicht", "8/10", "★★★☆☆", "4分", "18-24")]
    [5.0, 1.0, 8.0, 3.0, 4.0, None]
    """
    if _STARS.match(word):
        return float(sum(sign in "★⭐✮" for sign in word))
    found = _LABELLED.match(re.sub(r"^\s*\((-?\d{1,3})\)", r"\1)", word))
    return float(found["number"]) if found else None


def _ends_are_one(kind: str, used: set[int]) -> bool:
    """Whether "very" and "completely" are the same step, since neither side of the scale has both."""
    farthest = _data()["scales"][kind].get("mirror")
    return farthest == _FARTHEST and not used >= {3, _FARTHEST} and not used >= {-3, -_FARTHEST}


def _nearer(place: int) -> int:
    return {_FARTHEST: 3, -_FARTHEST: -3}.get(place, place)


def _completed(kind: str, seen: set[int]) -> set[int]:
    """The places of a whole scale of which some were used."""
    spec = _data()["scales"][kind]
    if "ladder" in spec:
        return seen | set(spec["ladder"])
    farthest = max(abs(place) for place in seen)
    if farthest > spec["mirror"]:
        return seen | ({-2} if not any(place < 0 for place in seen) else set())
    sides = [sum(place > 0 for place in seen), sum(place < 0 for place in seen)]
    both = seen if sides[0] == sides[1] else seen | {-place for place in seen}
    if 0 not in seen and (all(place > 0 for place in seen) or all(place < 0 for place in seen)):
        both.add(0)
    if farthest > _FROM_BOTH_ENDS and not any(0 < abs(place) < farthest for place in both):
        both |= {-_FROM_BOTH_ENDS, _FROM_BOTH_ENDS}
    return both


def _usual(kind: str, own: Mapping[str, int]) -> dict[int, list[str]]:
    """The words by place in the language that most of the words used are of."""
    known = _known(kind)
    counts = {language: sum(_plain(word) in table for word in own) for language, table in known.items()}
    language = max(counts, key=lambda name: counts[name])
    words: dict[int, list[str]] = _data()["scales"][kind]["words"][language]
    if not _TRADITIONAL & set("".join(own)):
        return dict(words)
    return {
        place: sorted(listed, key=lambda word: not _TRADITIONAL & set(word))
        for place, listed in words.items()
    }


_TRADITIONAL = set("滿極贊強較點還確無見從來沒爾經總願絕對會預樣優")
"""Signs of the traditional Chinese script."""


@cache
def _known(kind: str) -> dict[str, dict[str, int]]:
    """Language to word, plainly written, to place."""
    spec: dict[str, dict[int, list[str]]] = _data()["scales"][kind]["words"]
    return {
        language: {_plain(word): place for place, words in by_place.items() for word in words}
        for language, by_place in spec.items()
    }


@cache
def _silent(kind: str) -> frozenset[str]:
    return frozenset(_plain(str(word)) for line in _data()[kind] for word in line)


def _plain(word: str) -> str:
    """Lower case, without accents, punctuation and doubled spaces."""
    spelt = unicodedata.normalize("NFKD", word.casefold().replace("ß", "ss"))
    letters = "".join(
        sign for sign in spelt if not unicodedata.combining(sign) or "\u3040" <= sign <= "\u30ff"
    )
    composed = unicodedata.normalize("NFC", letters)
    return " ".join(re.sub(r"[\W_]+", " ", composed).split())


@cache
def _data() -> dict[str, Any]:
    name = "answer_words.yml"
    content: dict[str, Any] = read_yaml((resources.files("customer_value.guess") / name).read_bytes(), name)
    return content
