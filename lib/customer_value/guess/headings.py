"""What the heading of a question asks for, in the languages of common exports.

The words stand in ``headings.yml``. Nothing is certain here: what a heading seems to say is proposed in a
drafted codebook, for people to check.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from customer_value.guess.names import tokens_of
from customer_value.yaml_file import read_yaml

__all__ = ["aspect_of", "is_about_the_person", "is_purchase_share", "is_question", "recommends", "says"]

_SHORT = 3
"""A heading of more words is a question."""

_NEAR = 2
"""As many signs more may stand in a short Chinese or Japanese heading."""

_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@lru_cache(maxsize=65_536)
def says(heading: str, kind: str) -> bool:
    """Whether a heading has a word of a kind.

    Parameters
    ----------
    heading
        Name of a column, or a whole question.
    kind
        A key of ``headings.yml`` that holds a list.

    Examples
    --------
    >>> says("Respondent No.", "respondent"), says("受访者编号", "respondent"), says("Zufriedenheit", "satisfaction")
    (True, True, True)
    """
    return _has(heading, tuple(_words()[kind]))


def is_question(heading: str) -> bool:
    """Whether a heading is a whole question or statement.

    >>> is_question("Q1_a"), is_question("How satisfied are you with us?"), is_question("您对我们的服务是否满意？")
    (False, True, True)
    """
    ideographs = len(_IDEOGRAPHS.findall(heading))
    return len(tokens_of(heading)) > _SHORT or ideographs > 2 * _SHORT


def is_about_the_person(heading: str) -> bool:
    """Whether a heading asks who answers, or counts the rows, and not what somebody thinks.

    >>> [is_about_the_person(name) for name in ("Age group", "您的性别", "How old are you?", "Phone support")]
    [True, True, True, False]
    """
    if _has(heading, tuple(_words()["person_question"])):
        return True
    if is_question(heading):
        return False
    text = unicodedata.normalize("NFKC", heading)
    if _IDEOGRAPHS.search(text):
        words = [word for word in _words()["person"] if _IDEOGRAPHS.search(word) and word in text]
        return any(
            len(_IDEOGRAPHS.findall(re.sub(_ABOUT_US, "", text.replace(word, "")))) <= _NEAR for word in words
        )
    tokens = {token for token in tokens_of(heading) if not token.isdigit()}
    beside = _parts_of("person_beside") | _parts_of("about_us")
    return bool(_parts_of("person") & tokens) and tokens <= _parts_of("person") | beside


def recommends(heading: str) -> bool:
    """Whether a heading asks whether somebody would recommend.

    >>> recommends("NPS"), recommends("Würden Sie uns weiterempfehlen?"), recommends("Quality")
    (True, True, False)
    """
    return says(heading, "recommend")


def is_purchase_share(heading: str) -> bool:
    """Whether a heading asks which share of its purchases in the category a customer makes here.

    >>> is_purchase_share("What share of your purchases do you make with us?"), is_purchase_share("钱包份额")
    (True, True)
    >>> is_purchase_share("At which price difference (in %) would you leave?")
    False
    """
    if says(heading, "share_of_wallet"):
        return True
    return says(heading, "purchases") and (says(heading, "share") or "%" in heading)


def aspect_of(heading: str) -> str:
    """What a heading says that it asks for, one of the aspects of a codebook.

    Examples
    --------
    >>> aspect_of("Overall satisfaction"), aspect_of("Wie zufrieden sind Sie mit uns?"), aspect_of("CUSA1")
    ('overall', 'overall', 'overall')
    >>> aspect_of("Satisfaction with the delivery"), aspect_of("exp_quality"), aspect_of("Q7")
    ('perceived', 'expected', 'other')
    """
    if recommends(heading) or is_purchase_share(heading):
        return "other"
    if _is_overall(heading):
        return "overall"
    short = _by_short_name(heading)
    if short:
        return short
    aspects: dict[str, list[str]] = _words()["aspects"]
    found = next((aspect for aspect, stems in aspects.items() if _has(heading, tuple(stems))), None)
    return found or ("perceived" if says(heading, "satisfaction") else "other")


def _is_overall(heading: str) -> bool:
    if says(heading, "overall_satisfaction"):
        return True
    overall = says(heading, "overall")
    if says(heading, "satisfaction"):
        return overall or not _rest(heading)
    return overall and not is_question(heading) and len(tokens_of(heading)) < _SHORT


def _rest(heading: str) -> str:
    """What a heading speaks of beside satisfaction and this company as a whole."""
    if _IDEOGRAPHS.search(heading):
        return re.sub(_ABOUT_US, "", heading)
    known = _parts_of("about_us") | _parts_of("satisfaction")
    stems = tuple(word.rstrip("*") for word in map(_plain, _words()["satisfaction"]) if word.endswith("*"))
    left = [token for token in tokens_of(heading) if token not in known and not token.isdigit()]
    return " ".join(token for token in left if not token.startswith(stems))


def _by_short_name(heading: str) -> str:
    """The aspect by the letters before a number or an underscore, as in CUSA1 and exp_price."""
    if is_question(heading) or " " in heading.strip():
        return ""
    letters = re.match(r"[^\W\d_]*", heading)
    first = letters.group().casefold() if letters else ""
    names: dict[str, list[str]] = _words()["short_names"]
    return next((aspect for aspect, short in names.items() if first in short), "")


def _has(heading: str, listed: tuple[str, ...]) -> bool:
    tokens = tokens_of(heading)
    text = unicodedata.normalize("NFKC", heading)
    return any(_matches(tokens, text, word) for word in listed)


def _matches(tokens: list[str], text: str, word: str) -> bool:
    if _IDEOGRAPHS.search(word):
        return word in text
    parts = _parts(word)
    if not parts:
        return False
    *whole, last = parts
    size, prefix = len(parts), word.endswith("*")
    for start in range(len(tokens) - size + 1):
        *before, end = tokens[start : start + size]
        if before == whole and (end == last or (prefix and end.startswith(last))):
            return True
    return False


_ABOUT_US = (
    r"不?满意度?|不?滿意度?|満足度?|感到|您|你|对|對|我们|我們|公司|本店|的|是否|吗|嗎|程度|"
    r"弊社|当社|どの|していますか|に|は|[\W\d_]"
)


@cache
def _parts_of(kind: str) -> frozenset[str]:
    return frozenset(part for word in _words()[kind] for part in _parts(word))


@cache
def _parts(word: str) -> list[str]:
    return tokens_of(_plain(word).rstrip("*"))


def _plain(word: str) -> str:
    return word.strip().casefold()


@cache
def _words() -> dict[str, Any]:
    name = "headings.yml"
    content: dict[str, Any] = read_yaml((resources.files("customer_value.guess") / name).read_bytes(), name)
    return content
