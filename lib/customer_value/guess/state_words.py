"""The words of order states (``states.yml``): what a value says of an order, and which headings such columns have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from customer_value.guess.vocabulary import tokens_of

__all__ = ["Codes", "Meaning", "codes_of", "heading_says", "listed_words", "meaning_of", "state_key"]


@dataclass(frozen=True)
class Meaning:
    """What a word says: ``reason`` for the ledger, and how it ``counts`` (see ``states.yml``)."""

    reason: str
    counts: str


@dataclass(frozen=True)
class Codes:
    """Which of the codes of a column stand for credits and for payments, and whether all others are sales."""

    credits: frozenset[str]
    payments: frozenset[str]
    whole: bool


_OTHER = Meaning("other", "other")


def meaning_of(text: str) -> Meaning | None:
    """What a word says of an order, None if it is not known.

    >>> meaning_of("wc-cancelled"), meaning_of("交易关闭").reason, meaning_of("Net 30")
    (Meaning(reason='cancelled', counts='never'), 'cancelled', None)
    >>> [meaning_of(text).reason for text in ("Fattura stornata", "Nicht storniert", "Remboursé partiellement")]
    ['cancelled', 'other', 'other']
    """
    key = state_key(text)
    exact, stems = _meanings()
    if key in exact:
        return exact[key]
    found = next(
        (
            meaning
            for begins, holds, meaning in stems
            if key.startswith(begins) or any(part in key for part in holds)
        ),
        None,
    )
    return _OTHER if found is not None and _is_unsure(text, key) else found


def state_key(text: str) -> str:
    """A word without capitals, accents, blanks and signs.

    >>> state_key("Closed - Won"), state_key("wc-on-hold"), state_key("Annulée")
    ('closedwon', 'onhold', 'annulee')
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "", re.sub(r"^wc[-_ ]", "", plain.strip())) or plain


def heading_says(name: str, kind: str, only: str | None = None) -> bool:
    """Whether a heading is one of a list of ``states.yml``; ``only`` names one way in which it may be.

    >>> heading_says("Stato", "headings"), heading_says("Fully Refunded?", "refund_flag")
    (True, True)
    """
    key = state_key(name)
    words, begins, holds = _heading_words(kind)
    ways = {
        "words": key in words,
        "begins": key.startswith(begins),
        "holds": any(word in key for word in holds),
    }
    return ways[only] if only else any(ways.values())


@cache
def listed_words(kind: str) -> frozenset[str]:
    """The words of an entry, as keys."""
    return frozenset(state_key(word) for word in _words()[kind]["words"])


def codes_of(values: Collection[str]) -> Codes | None:
    """What the codes of documents in a column stand for; None if no set of codes has a sale and a credit of them.

    >>> codes_of(["SI", "SC"])
    Codes(credits=frozenset({'SC'}), payments=frozenset(), whole=True)
    >>> codes_of(["SI", "XY"]), codes_of(["FA", "AV", "ZZ"]).whole
    (None, False)
    """
    codes = {value.strip().upper(): value for value in values}
    fitting = []
    for known in _words()["codes"]["sets"]:
        sale, credit, payment = (codes.keys() & set(known[kind]) for kind in ("sale", "credit", "payment"))
        if sale and credit - sale:
            rest = codes.keys() - sale - credit - payment
            found = [frozenset(codes[code] for code in kind - sale) for kind in (credit, payment)]
            whole = not rest and all(len(code) > 1 for code in codes)
            fitting.append((len(rest), Codes(found[0], found[1], whole)))
    return min(fitting, key=lambda fit: fit[0])[1] if fitting else None


def _is_unsure(text: str, key: str) -> bool:
    """Whether a state is denied, partial or only asked for."""
    unsure = _words()["unsure"]
    tokens = tokens_of(text)
    denied = {state_key(word) for word in unsure["words"]}
    first = bool(tokens) and tokens[0] in denied
    wide = tuple(word for word in denied if not word.isascii())
    return first or key.startswith(wide) or any(state_key(word) in key for word in unsure["holds"])


@cache
def _heading_words(kind: str) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    entry = _words()[kind]
    words, begins, holds = (
        [state_key(word) for word in entry.get(how, [])] for how in ("words", "begins", "holds")
    )
    return frozenset(words), tuple(begins), tuple(holds)


@cache
def _meanings() -> tuple[dict[str, Meaning], list[tuple[tuple[str, ...], tuple[str, ...], Meaning]]]:
    """Whole values to their meaning, and for each meaning how values begin and what stands in them."""
    exact: dict[str, Meaning] = {}
    stems = []
    for reason, entry in _words().items():
        if entry["counts"] in ("heading", "codes"):
            continue
        meaning = Meaning(reason, entry["counts"])
        for word in entry.get("words", []):
            exact.setdefault(state_key(word), meaning)
        begins, holds = (tuple(state_key(word) for word in entry.get(how, [])) for how in ("begins", "holds"))
        stems.append((begins, holds, meaning))
    return exact, stems


@cache
def _words() -> dict[str, dict[str, Any]]:
    text = (resources.files("customer_value.guess") / "states.yml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return found
