"""The words of column headings in many languages (``words/*.yml``), and what a heading says with them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import yaml

__all__ = ["UNKNOWN", "Heading", "is_value_of", "read_heading", "tokens_of", "values_of", "written_values_of"]

UNKNOWN = "unknown"
"""What a word says that is in no list."""

_VALUES = ("total_rows", "guests")
_SPELLING: dict[str, str | int | None] = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ı": "i",
}  # fmt: skip
_LONGEST_PHRASE = 5
_SHORT_PARTS = frozenset(("id", "nr", "no", "am", "dt", "vk", "ek", "ca", "pu", "ht", "ttc"))
"""Words of two or three letters that may be part of a longer one; others would be found in too many."""

_LINKS = frozenset(("s", "n", "en", "es", "er", "e", "ns"))
"""Letters that join two words in German and Dutch."""


@dataclass(frozen=True)
class Heading:
    """What a column's name says.

    Parameters
    ----------
    name
        The name.
    says
        For each of its words the keys of the lists that it stands in.
    """

    name: str
    says: tuple[frozenset[str], ...]

    def has(self, *keys: str) -> bool:
        """Whether a word stands in one of some lists."""
        return any(not word.isdisjoint(keys) for word in self.says)

    def only(self, *keys: str) -> bool:
        """Whether every word stands in one of some lists."""
        return all(not word.isdisjoint(keys) for word in self.says)

    def names(self, key: str, *, beside: tuple[str, ...]) -> bool:
        """Whether a word stands in a list, and all others in that or further ones."""
        return self.has(key) and self.only(key, *beside)


@lru_cache(maxsize=4096)
def read_heading(name: str) -> Heading:
    """Split a name into known words and look each up.

    >>> [sorted(word) for word in read_heading("Kundennr.").says]
    [['buyer'], ['id']]
    >>> read_heading("买家会员名").has("username"), read_heading("Account Manager").has("account")
    (True, False)
    """
    says = [keys for token in _phrases(tokens_of(name)) for keys in token]
    if re.search(r"[%％‰]", name):
        says.append(frozenset({"measure"}))
    return Heading(name, tuple(says))


def is_value_of(key: str, text: str) -> bool:
    """Whether a cell says no more than a word of a list: ``total_rows`` or ``guests``.

    >>> is_value_of("total_rows", "Grand Total:"), is_value_of("total_rows", "Total Energies")
    (True, False)
    """
    return " ".join(tokens_of(text)) in values_of(key)


@cache
def values_of(key: str) -> frozenset[str]:
    """The values of a list, as the joined words of `tokens_of`."""
    return frozenset(" ".join(tokens_of(word)) for word in _lists()[key])


def written_values_of(key: str) -> list[str]:
    """The values of a list as they are written, with their accents."""
    return list(_lists()[key])


def tokens_of(name: str) -> list[str]:
    """The words of a name: lower case, without accents, split at capitals and signs.

    >>> tokens_of("OrderDate"), tokens_of("Stück-Preis (EUR)"), tokens_of("CustomerPONumber")
    (['order', 'date'], ['stueck', 'preis', 'eur'], ['customer', 'po', 'number'])
    """
    return list(_tokens(name))


@lru_cache(maxsize=16_384)
def _tokens(name: str) -> tuple[str, ...]:
    composed = unicodedata.normalize("NFC", name)
    spelt = unicodedata.normalize("NFKD", composed.translate(str.maketrans(_SPELLING)))
    plain = "".join(c for c in spelt if not _is_accent(c))
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", plain)
    return tuple(part for part in re.split(r"[\W_]+", unicodedata.normalize("NFC", parted.lower())) if part)


def _is_accent(character: str) -> bool:
    """An accent of a Latin letter; the marks of kana stay, which make other letters of them."""
    return bool(unicodedata.combining(character)) and character not in "\u3099\u309a"


@cache
def _lists() -> dict[str, list[str]]:
    """Key to the words of all languages."""
    found: dict[str, list[str]] = {}
    folder = resources.files("customer_value.guess") / "words"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        for key, listed in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader).items():
            found.setdefault(key, []).extend(listed)
    return found


@cache
def _known() -> dict[str, frozenset[str]]:
    """A word or phrase, its tokens joined, to the lists that it stands in."""
    found: dict[str, set[str]] = {}
    for key, listed in _lists().items():
        if key in _VALUES:
            continue
        for word in listed:
            found.setdefault("".join(tokens_of(word)), set()).add(key)
    return {word: frozenset(keys) for word, keys in found.items()}


def _phrases(tokens: list[str]) -> list[list[frozenset[str]]]:
    """The keys of each word, a phrase of several tokens before its parts."""
    known, said, start = _known(), [], 0
    while start < len(tokens):
        for end in range(min(len(tokens), start + _LONGEST_PHRASE), start, -1):
            phrase = "".join(tokens[start:end])
            if phrase in known:
                said.append([known[phrase]])
                break
        else:
            end = start + 1
            said.append(_parts(tokens[start]))
        start = end
    return said


def _parts(token: str) -> list[frozenset[str]]:
    """The words that one token is made of; unknown if letters are left over."""
    known = _known()
    plain = re.sub(r"[0-9]+$", "", token)
    if plain in known:
        return [known[plain]]
    parts = _split(plain) if plain else None
    if parts is None:
        return [frozenset({UNKNOWN})]
    return [known.get(part, frozenset({UNKNOWN})) for part in parts]


def _split(token: str) -> list[str] | None:
    """The fewest known words, and the longest first, that make up a token; None if it is not made of them.

    Scripts without blanks between words may leave some characters over.
    """
    known, wide = _known(), not token.isascii()
    best: list[tuple[int, int, list[str]] | None] = [(0, 0, [])] + [None] * len(token)
    for end in range(1, len(token) + 1):
        for start in range(end):
            before = best[start]
            part = token[start:end]
            if before is None:
                continue
            if part in known and (
                wide or len(part) > 3 or part in _SHORT_PARTS or (len(part) == 3 and start)
            ):
                step = (before[0], before[1] + 1, [*before[2], part])
            elif not wide and start and end < len(token) and part in _LINKS:
                step = (before[0], before[1], before[2])
            elif wide and len(part) == 1:
                step = (before[0] + 1, before[1] + 1, [*before[2], part])
            else:
                continue
            best[end] = step if best[end] is None else min(best[end], step, key=lambda s: s[:2])
    found = best[-1]
    return None if found is None else found[2]
