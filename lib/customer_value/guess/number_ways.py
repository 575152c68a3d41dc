"""How numbers are read that are written in one of the usual ways throughout, so that nothing is left to ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from customer_value.sources.engine import MONEY, trimmed
from customer_value.sources.files import sql_text
from customer_value.sources.many import aggregated, formulas

__all__ = ["Way", "as_it_is", "way_of", "ways_of_all"]

Way = Callable[[Any], Any]
"""From a column to its numbers."""

_PLAIN = re.compile(r"-?[0-9]{1,13}(?:\.[0-9]{1,2})?")
_GROUPED_BY_COMMA = re.compile(r"-?(?:[0-9]{1,13}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,2})?")
_GROUPED_BY_POINT = re.compile(r"-?(?:[0-9]{1,13}|[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,3})(?:,[0-9]{1,2})?")


def way_of(texts: Sequence[str], decimal: str | None) -> Way | None:
    """How the values of a column are read; None if their signs do not prove it.

    Parameters
    ----------
    texts
        All its values without outer blanks.
    decimal
        The decimal sign if it is stated.

    Examples
    --------
    >>> way_of(["1,234.50", "7"], None).__name__, way_of(["1,234", "7"], None)
    ('_grouped_by_comma', None)
    """
    if not texts:
        return None
    fits = (all(map(pattern.fullmatch, texts)) for pattern in (_PLAIN, _GROUPED_BY_COMMA, _GROUPED_BY_POINT))
    return _chosen([*fits, any("." in text for text in texts), any("," in text for text in texts)], decimal)


def ways_of_all(table: Any, names: Sequence[str], decimal: str | None) -> dict[str, Way | None]:
    """As `way_of` for columns of text of a long file, in few queries."""
    texts = formulas(table, names, trimmed)
    found = {}
    for name, seen in zip(names, _seen(table, list(texts.values())), strict=True):
        found[name] = _chosen(seen, decimal)
    return found


def as_it_is(value: Any) -> Any:
    """The numbers of a column that holds numbers."""
    return value.try_cast(MONEY)


def _seen(table: Any, texts: Sequence[str]) -> list[list[bool]]:
    patterns = [sql_text(pattern.pattern) for pattern in (_PLAIN, _GROUPED_BY_COMMA, _GROUPED_BY_POINT)]
    figures = []
    for text in texts:
        figures += [f"bool_and(regexp_full_match({text}, {pattern}))" for pattern in patterns]
        figures += [f"bool_or(contains({text}, '{sign}'))" for sign in ".,"]
    answers = [bool(answer) for answer in aggregated(table, figures)]
    return [answers[start : start + 5] for start in range(0, len(answers), 5)]


def _chosen(seen: Sequence[bool], decimal: str | None) -> Way | None:
    plain, by_comma, by_point, point, comma = seen
    if decimal != ",":
        if plain:
            return _with_point
        if by_comma and point:
            return _grouped_by_comma
    return _with_comma if by_point and comma and decimal != "." else None


def _with_point(value: Any) -> Any:
    return trimmed(value).try_cast(MONEY)


def _grouped_by_comma(value: Any) -> Any:
    return trimmed(value).replace(",", "").try_cast(MONEY)


def _with_comma(value: Any) -> Any:
    return trimmed(value).replace(".", "").replace(",", ".").try_cast(MONEY)
