"""How likely a text is, read in one encoding or another: by its letters, their neighbours, signs and digits.

A reading is worth the logarithm of its probability, summed over the characters beyond ASCII; those of ASCII are the
same in all encodings that are compared. Readings are compared as a whole, so that many lines decide what one does not.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

__all__ = ["CANDIDATES", "Candidate", "evidence"]

_IMPOSSIBLE, _STRANGE, _ODD, _USUAL = -15.0, -9.0, -4.0, -1.2
_CURRENCIES = "€£¥¢₤"
_QUOTES = "‘’“”„‚«»‹›"
_SCORES = {"…": -2.0, "•": -3.0, "§": -2.5, "×": -3.0, "±": -3.5, "†": -6.0,
           "‰": -6.0, "¦": -7.0, "\u00ad": -5.0}  # fmt: skip
_ELISIONS = (
    "l",
    "d",
    "s",
    "n",
    "c",
    "j",
    "m",
    "t",
    "qu",
    "o",
    "dell",
    "all",
    "sull",
    "nell",
    "un",
    "aujourd",
    "sant",
)
_PARTNERS = {"‘": "’", "“": "”„", "”": "“„", "„": "“”", "‚": "‘’", "«": "»", "»": "«", "‹": "›", "›": "‹"}
_ENDINGS = ("s", "t", "re", "ll", "ve", "d", "m")
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў"
_ACCENTED = frozenset("άέήίόύώϊϋΐΰΆΈΉΊΌΎΏ")
_GREEK = "αοιετσνηυρπκμλςωγδχθφβξζψάέήίόύώϊϋΐΰ"
_HEBREW = "יוהלארתבשמנדעחקכטפגסצזםןךףץ"
_ARABIC = "ايلمنرتبوعدهسفحقكأةجخشصضطغىذثزئءظؤإآ"
_THAI = "านรกอเงมยล่วด้ทสิีัตะปบคหแจุ์พชู็ืขใไโผซธศณภฟถึฉญษฐำฝฮฆ"
_ORDERS = {"cyrillic": _CYRILLIC, "greek": _GREEK, "hebrew": _HEBREW, "arabic": _ARABIC, "thai": _THAI}
"""The letters of an alphabet, the commonest first."""
_VOWELS = "аеёиоуыэюяіїєαεηιουωάέήίόύώ"
_MARKED = -0.3
"""Of a letter of ASCII letters' alphabet: that it has a mark at all."""
_SHAPE_PRIOR, _LETTER_PRIOR, _PAIR_PRIOR = 2.0, 4.0, 4.0


@dataclass(frozen=True)
class Candidate:
    """An encoding that a file may be in.

    Parameters
    ----------
    encoding
        The codec.
    kind
        Which characters are usual in it: a list of ``scripts/latin.yml`` or ``scripts/east.yml``, or a script.
    prior
        What is known before a letter is read: the logarithm of how seldom it is met.
    """

    encoding: str
    kind: str
    prior: float


CANDIDATES = (
    Candidate("cp1252", "west", 0.0),
    Candidate("iso8859-15", "west", -1.0),
    Candidate("mac_roman", "west", -1.5),
    Candidate("cp850", "west", -1.5),
    Candidate("cp437", "west", -3.0),
    Candidate("cp1250", "central", -1.5),
    Candidate("iso8859-2", "central", -2.0),
    Candidate("cp852", "central", -2.5),
    Candidate("mac_latin2", "central", -3.5),
    Candidate("cp1254", "turkish", -2.5),
    Candidate("cp857", "turkish", -4.0),
    Candidate("cp1257", "baltic", -3.5),
    Candidate("cp1251", "cyrillic", 0.0),
    Candidate("koi8-r", "cyrillic", -2.0),
    Candidate("cp866", "cyrillic", -2.5),
    Candidate("mac_cyrillic", "cyrillic", -3.0),
    Candidate("iso8859-5", "cyrillic", -3.5),
    Candidate("cp1253", "greek", -0.5),
    Candidate("cp1255", "hebrew", -3.0),
    Candidate("cp1256", "arabic", -3.0),
    Candidate("cp874", "thai", -2.0),
    Candidate("gb18030", "simplified", 0.0),
    Candidate("cp950", "traditional", 0.0),
    Candidate("big5hkscs", "traditional", -2.0),
    Candidate("cp932", "japanese", 0.0),
    Candidate("euc_jp", "japanese", -1.5),
    Candidate("cp949", "korean", 0.0),
)


def evidence(units: Iterable[str], kind: str) -> float:
    """The logarithm of the probability of pieces of text, of a kind of `CANDIDATES`."""
    letter = _letters(kind)
    total = 0.0
    for unit in units:
        padded = f"  {unit}  "
        total += sum(
            _character(padded, place, letter) for place, sign in enumerate(padded) if not sign.isascii()
        )
    return total


def _character(text: str, place: int, letter: Callable[[str, int], float]) -> float:
    sign = text[place]
    category = unicodedata.category(sign)
    if category in ("Cc", "Co", "Cn", "Cs"):
        return _IMPOSSIBLE
    if category[0] in "LM" and sign not in "ªºµ":
        return letter(text, place)
    return _of_sign(text, place)


def _of_sign(text: str, place: int) -> float:
    """How usual it is that a sign, which is no letter, stands where it stands."""
    sign = text[place]
    left, right = text[place - 1], text[place + 1]
    if sign == "\u00a0":
        return _of_hard_blank(text, place)
    if sign in _CURRENCIES:
        return _of_currency(text, place)
    inside = left.isalpha() and right.isalpha()
    if sign in _QUOTES:
        return _of_quote(text, place, inside=inside)
    if sign in "–—":
        return (
            -7.0
            if right.islower() and not left.isdigit()
            else -1.5
            if left.isspace() == right.isspace()
            else -3.0
        )
    if sign in "°ºª":
        return _USUAL if left.isdigit() or left in "nN" else -7.0
    if sign in "½¼¾":
        return -1.5 if left.isdigit() else _STRANGE if left.isalpha() or right.isdigit() else -2.5
    if sign in "²³¹":
        return -10.0 if inside else -1.5 if left in "mMkK" or left.isdigit() else -7.0
    if sign in "®™©":
        return -2.0 if not inside and (left.isalnum() or sign == "©") and not right.isalpha() else -8.0
    if sign in "¿¡":
        return _USUAL if right.isalpha() and not left.isalnum() else -7.0
    if "\u3000" <= sign <= "\u303f" or "\uff01" <= sign <= "\uff60" or sign in "￥￦":
        beside = any(other.isascii() and other.isalpha() for other in (left, right))
        return -7.0 if beside or not any(other > "\u3040" and other.isalpha() for other in text) else -5.0
    if sign == "µ":
        return -1.5 if right in "mglsFAVW" and not left.isalpha() and not text[place + 2].isalpha() else -8.0
    if sign == "·":
        return (
            -2.5
            if (not left.isalpha() and not right.isalpha()) or left.lower() == right.lower() == "l"
            else -7.0
        )
    if sign == "´":
        return _of_apostrophe(text, place) - 1.0 if inside else -6.5
    if sign == "…" and not inside:
        return -4.0 if left.isupper() else -2.0
    if sign in _SCORES:
        return _SCORES[sign] - (3.0 if inside else 0.0)
    return _STRANGE


def _of_hard_blank(text: str, place: int) -> float:
    left, right = text[place - 1], text[place + 1]
    if left.isdigit() and (right.isdigit() or right in _CURRENCIES):
        return -0.7
    if left.isalnum() and right.isalnum():
        parts = re.findall(r"\w+$", text[:place]) + re.findall(r"^\w+", text[place + 1 :])
        return -2.0 if min(map(len, parts)) > 2 or left.isdigit() or right.isdigit() else -7.0
    return -1.5 if right in "€£$:;!?»%" or left in "«€£$" else -3.0


def _of_currency(text: str, place: int) -> float:
    before = text[:place].rstrip(" \u00a0")[-1:]
    after = text[place + 1 :].lstrip(" \u00a0-")[:1]
    if before.isdigit() or after.isdigit():
        return -0.7 if text[place] in "€£¥" else _ODD
    near = text[place - 1].isalpha() or text[place + 1].isalpha()
    return -10.0 if near else -2.0 if text[place] in "€£" else -4.0 if text[place] == "¥" else -7.0


def _of_quote(text: str, place: int, *, inside: bool) -> float:
    sign, left, right = text[place], text[place - 1], text[place + 1]
    if inside:
        return _of_apostrophe(text, place) if sign == "’" else -7.0 if sign == "‘" else _STRANGE
    opens, closes = not left.isalnum() and right.isalnum(), left.isalnum() and not right.isalnum()
    partner = _PARTNERS.get(sign, "")
    lonely = 0.0 if any(other in text for other in partner) or not partner else -3.0
    if (opens and sign in "‘“„‚«‹»›") or (closes and sign in "’”“‘»›«‹"):
        return -1.5 + (0.0 if closes and sign == "’" else lonely)
    if sign in "«»" and (left in " \u00a0" and right in " \u00a0"):
        return -3.0 + lonely
    return -3.0 + lonely if sign in "’”“" and not left.isalnum() and not right.isalnum() else -6.0


def _of_apostrophe(text: str, place: int) -> float:
    """``L’Oréal``, ``dell’Orto``, ``Smith’s``; not ``Ram’rez``."""
    before = re.findall(r"[^\W\d]+$", text[:place])[0].lower()
    after = re.findall(r"^[^\W\d]+", text[place + 1 :])[0].lower()
    elided = before in _ELISIONS and _shape(_lower(after[0])) == "v"
    return (
        -1.0 if elided or (before in _ELISIONS and after[0] == "h") else -2.0 if after in _ENDINGS else -6.0
    )


def _letters(kind: str) -> Callable[[str, int], float]:
    if kind in ("west", "central", "turkish", "baltic"):
        return _latin(kind).letter
    if kind in ("simplified", "traditional", "japanese", "korean"):
        return _East(kind).letter
    return _Script(kind).letter


class _Latin:
    """Letters with marks, by what stands beside them in the words of a list."""

    def __init__(self, words: Iterable[str]) -> None:
        self.pairs: Counter[tuple[str, ...]] = Counter()
        for word in words:
            spelt = _lower(f" {word.replace('-', ' ')} ")
            for place, sign in enumerate(spelt):
                if not sign.isascii():
                    left, right = spelt[place - 1], spelt[place + 1]
                    shape = _shape(left) + _shape(right)
                    for key in (("lcr", left, sign, right), ("lc", left, sign), ("cr", sign, right), ("c", sign),
                                ("lr", left, right), ("l", left), ("r", right), ("",), ("s", shape),
                                ("sc", shape, sign)):  # fmt: skip
                        self.pairs[key] += 1

    def letter(self, text: str, place: int) -> float:
        sign = text[place]
        left, right = _neighbour(text[place - 1]), _neighbour(text[place + 1])
        if "0" in (left, right):
            return _STRANGE
        if left == right == " " and (sign.isupper() or sign == "ø"):
            return -2.5 if sign in "Øø" and text[place + 1 :].lstrip()[:1].isdigit() else -7.0
        chance = self._chance(left, _lower(sign), right)
        crowded = left.isalpha() and right.isalpha() and not (left.isascii() or right.isascii())
        alone = left == right == " "
        return _MARKED + math.log(chance) + _case(text, place) - 1.0 * alone - 1.5 * crowded

    def _chance(self, left: str, sign: str, right: str) -> float:
        pairs = self.pairs
        if not pairs[("c", sign)]:
            return 1e-5
        alone = pairs[("c", sign)] / pairs[("",)]
        shape = _shape(left) + _shape(right)
        usual = (pairs[("sc", shape, sign)] + _SHAPE_PRIOR * alone) / (pairs[("s", shape)] + _SHAPE_PRIOR)
        after = (pairs[("lc", left, sign)] + _LETTER_PRIOR * usual) / (pairs[("l", left)] + _LETTER_PRIOR)
        before = (pairs[("cr", sign, right)] + _LETTER_PRIOR * usual) / (pairs[("r", right)] + _LETTER_PRIOR)
        both = pairs[("lcr", left, sign, right)] + _PAIR_PRIOR * math.sqrt(after * before)
        return both / (pairs[("lr", left, right)] + _PAIR_PRIOR)


@cache
def _latin(kind: str) -> _Latin:
    return _Latin(str(_lists("latin.yml")[kind]).split())


class _East:
    """Characters of Chinese, Japanese and Korean, by how common they are."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.common = frozenset("".join(str(_lists("east.yml")[kind]).split()))

    def letter(self, text: str, place: int) -> float:
        sign = text[place]
        left, right = text[place - 1], text[place + 1]
        latin = [other for other in (left, right) if other.isascii() and other.isalpha()]
        beside = 4.0 * len(latin) if any(map(str.islower, latin)) else 1.0 * len(latin)
        return self._alone(sign, left, right) - beside

    def _alone(self, sign: str, left: str, right: str) -> float:
        if sign in self.common:
            return -3.5
        if "\uff61" <= sign <= "\uff9f":
            beside = any("\uff61" <= other <= "\uff9f" for other in (left, right))
            return -4.5 if beside and self.kind == "japanese" else -12.0
        if self.kind == "japanese" and "\u3041" <= sign <= "\u30fe":
            return -2.5
        if self.kind == "korean":
            return (-6.0 if _lead(sign, "euc_kr") else -11.0) if "가" <= sign <= "힣" else -10.0
        if not "\u4e00" <= sign <= "\u9fff":
            return -4.0 if sign in "ー々ヶ" else -12.0
        lead = _lead(sign, {"simplified": "gb2312", "traditional": "big5", "japanese": "euc_jp"}[self.kind])
        first = {"simplified": 0xD8, "traditional": 0xC9, "japanese": 0xD0}[self.kind]
        return -13.0 if not lead else -7.2 if lead < first else -9.5


class _Script:
    """Letters of an alphabet of its own, by how often they occur."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def letter(self, text: str, place: int) -> float:
        sign = text[place]
        if any(other.isascii() and other.isalpha() for other in (text[place - 1], text[place + 1])):
            return -12.0
        if not unicodedata.name(sign, "").startswith(self.kind.upper()):
            return _STRANGE
        rank = _ORDERS[self.kind].find(sign.lower())
        chance = -8.0 if rank < 0 else -2.0 - rank / 8
        beside_digit = text[place - 1].isdigit() or text[place + 1].isdigit()
        return chance + self._place(text, place) + _case(text, place) - (1.5 if beside_digit else 0.0)

    def _place(self, text: str, place: int) -> float:
        """What is known of where letters stand: marks follow letters, some letters end a word or begin it."""
        sign, left, right = text[place], text[place - 1], text[place + 1]
        word = re.findall(r"[^\W\d]*$", text[:place])[0] + re.findall(r"^[^\W\d]*", text[place:])[0]
        if len(word) == 1 and self.kind != "thai":
            return 0.0 if sign in "ивскоуяаієη" else -3.0
        if self.kind == "thai":
            alone = unicodedata.category(sign) == "Mn" and unicodedata.category(left)[0] not in "LM"
            return -8.0 if alone or (sign in "เแโใไ" and not right.isalpha()) else 0.0
        if self.kind == "hebrew":
            return -8.0 if sign in "םןךףץ" and right.isalpha() else 0.0
        if self.kind == "arabic":
            return -8.0 if sign in "ةى" and right.isalpha() else 0.0
        if self.kind == "greek" and sign in "σς" and (sign == "σ") != right.isalpha():
            return -8.0
        if self.kind == "greek" and len(word) > 2 and not word.isupper() and not set(word) & _ACCENTED:
            return -1.5
        shapes = {other.lower() in _VOWELS for other in (left, sign, right)}
        return -1.0 if len(shapes) == 1 and left.isalpha() and right.isalpha() else 0.0


def _case(text: str, place: int) -> float:
    """Capitals stand at the beginning of a word or among capitals."""
    sign, left, right = text[place], text[place - 1], text[place + 1]
    if sign.isupper():
        if left.islower():
            return -7.0
        return -4.0 if left.isalpha() and right.islower() else -0.3
    if left.isupper() and right.isupper():
        return -5.0
    return -1.5 if right.islower() and not text[:place].strip() else 0.0


def _shape(sign: str) -> str:
    """A vowel, a consonant, or no letter."""
    plain = unicodedata.normalize("NFD", sign)[0]
    return " " if not sign.isalpha() else "v" if plain in "aeiouyæøœı" else "c"


def _lower(text: str) -> str:
    """Small letters, one for each; the Turkish İ would become two."""
    return text.replace("İ", "\0").lower().replace("\0", "İ")


def _neighbour(sign: str) -> str:
    return _lower(sign) if sign.isalpha() else "0" if sign.isdigit() else " "


def _lead(sign: str, encoding: str) -> int:
    try:
        raw = sign.encode(encoding)
    except UnicodeEncodeError:
        return 0
    return raw[0] if len(raw) == 2 else 0


@cache
def _lists(name: str) -> dict[str, Any]:
    text = resources.files("customer_value.sources").joinpath(f"scripts/{name}").read_text(encoding="utf-8")
    lists: dict[str, Any] = yaml.safe_load(text)
    return lists
