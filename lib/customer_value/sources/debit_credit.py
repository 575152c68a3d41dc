"""Amounts that say on which side of an account they stand: ``52.50 Dr`` and ``20.00 Cr``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.sources.textcolumn import Condition, TextColumn

__all__ = ["CREDIT", "DEBIT", "has_side", "on_side", "refuse_sides", "signed", "without_side"]

_DEBIT = r"dr|debit|db|soll|debe|借方?"
_CREDIT = r"cr|credit|haben|haber|[贷貸]方?"
_SIDE = rf"{_DEBIT}|{_CREDIT}|[dcsh]"
_BEHIND = rf"(?i)^(.*?[0-9)])[ \x{{A0}}\x{{202F}}]*({_SIDE})\.?$"
_BEFORE = rf"(?i)^({_SIDE})\.?[ \x{{A0}}\x{{202F}}]*([(+-]?[0-9.,].*)$"
DEBIT = rf"(?i)^(?:{_DEBIT}|[ds])$"
CREDIT = rf"(?i)^(?:{_CREDIT}|[ch])$"
_SURE = rf"(?i)^(?:{_DEBIT}|{_CREDIT})$"


def has_side(text: Any, which: str) -> Any:
    """Whether an amount is written with a side, `DEBIT` or `CREDIT`."""
    return _side(text).re_search(which)


def on_side(which: str) -> Condition:
    """The condition that an amount is written with a side."""
    return lambda text: has_side(text, which)


def without_side(text: Any) -> Any:
    """The amount alone."""
    number = ibis.coalesce(text.re_extract(_BEHIND, 1).nullif(""), text.re_extract(_BEFORE, 2).nullif(""))
    return ibis.coalesce(number, text)


def signed(texts: TextColumn, positive: str) -> TextColumn:
    """The same column with the sides as signs; amounts without a side keep theirs.

    Parameters
    ----------
    texts
        The column.
    positive
        ``"debit-positive"`` or ``"credit-positive"``.
    """
    negative = CREDIT if positive == "debit-positive" else DEBIT

    def plain(text: Any) -> Any:
        minus = ibis.ifelse(has_side(text, negative), ibis.literal("-"), ibis.literal(""))
        return (minus + without_side(text)).re_replace("^--", "").re_replace(r"^-\((.*)\)$", r"\1")

    return replace(
        texts, text=plain(texts.text), values=texts.values.select(text=plain(texts.values["text"])).distinct()
    )


def refuse_sides(texts: TextColumn) -> None:
    """Say that amounts are written with sides, of which nobody has said which is positive.

    Raises
    ------
    InputError
        If there are words for a side, or letters for both.
    """
    seen = texts.count(
        sure=lambda text: _side(text).re_search(_SURE),
        debit=lambda text: has_side(text, DEBIT),
        credit=lambda text: has_side(text, CREDIT),
    )
    if not seen["sure"] and not (seen["debit"] and seen["credit"]):
        return
    found = {DEBIT: seen["debit"], CREDIT: seen["credit"]}
    shown = [texts.row(on_side(side)) for side, count in found.items() if count]
    raise InputError(
        f"{texts.place}: amounts are written with debit and credit, as {' and '.join(shown)}; "
        "state dr_cr: debit-positive or dr_cr: credit-positive."
    )


def _side(text: Any) -> Any:
    """What names the side of an amount; an empty text if nothing does."""
    behind = text.re_extract(_BEHIND, 2)
    return ibis.ifelse(behind != "", behind, text.re_extract(_BEFORE, 1))
