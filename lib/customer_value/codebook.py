"""The codebook of a survey: what each item asks, on which scale, and which codes mean "no answer".

Every mistake is an error that names the item, the column and the value, because a wrong scale or a
reversal that nobody declared turns satisfied customers into dissatisfied ones without a trace.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from customer_value import words
from customer_value.errors import InputError

__all__ = [
    "ASPECTS",
    "COST_COMPONENTS",
    "KINDS",
    "OWN",
    "check_codebook",
    "need_columns",
    "rows_of",
    "suggestion",
    "text_column",
    "word_numbers",
]

ASPECTS = ("expected", "perceived", "attitude", "overall", "other")
"""What an item may ask for."""

COST_COMPONENTS = ("money", "time", "energy", "psychic")
"""Components of delivered value that are costs to the customer: a high score is a burden."""

COMPONENTS = ("product", "service", "personnel", "image", *COST_COMPONENTS)
"""Components of delivered value that an item may belong to."""

OWN = "own"
"""The target of items about this company; every other target is a competitor's name."""

KINDS = ("likert", "semantic_differential", "nps", "percentage")
"""What a scale may be."""

_OWN_SCALE = {"nps": (0.0, 10.0), "percentage": (0.0, 100.0)}
_CODEBOOK = "Survey codebook (survey_items)"
_YES = {"true", "yes", "y", "t", "x", "1", "ja", "是"}
_NO = {"false", "no", "n", "f", "0", "", "nein", "否"}


def check_codebook(items: pd.DataFrame) -> pd.DataFrame:
    """Check the codebook and fill in what may be left out.

    Parameters
    ----------
    items
        One item per row: ``item``, ``construct``, ``aspect`` (one of `ASPECTS`), ``scale_min``,
        ``scale_max`` (blank: 0 to 10 if the scale is ``nps``, 0 to 100 if it is ``percentage``), and where
        known ``attribute``, ``component``, ``target`` (``own`` if blank), ``reversed`` (no if blank),
        ``missing_codes`` and ``not_applicable_codes`` (separated by ``;``), ``words`` (answers in words with their
        numbers, ``very satisfied=5;satisfied=4``), ``scale`` (the kind, one of `KINDS`), ``wording_en``,
        ``wording_zh``.

    Returns
    -------
    pandas.DataFrame
        The same columns, all present, sorted by item; ``missing_codes`` and ``not_applicable_codes`` as
        tuples of text, ``words`` as tuples of a word and its number, and
        ``scale_name``, the name of the group of items that measure one thing: the construct, with
        aspect and target in brackets where the construct has several.

    Raises
    ------
    InputError
        Naming the item, the column and the value.

    Examples
    --------
    >>> check_codebook(pd.DataFrame({"item": ["Q1"], "construct": ["service"], "aspect": ["percieved"],
    ...                              "scale_min": [1], "scale_max": [5]}))
    Traceback (most recent call last):
    ...
    customer_value.errors.InputError: Survey codebook (survey_items), item 'Q1': aspect 'percieved' is not \
one of expected, perceived, attitude, overall, other. Did you mean 'perceived'?
    """
    need_columns(items, _needed(items), _CODEBOOK)
    text = ["item", "construct", "aspect", "attribute", "component", "target"]
    text += ["scale", "wording_en", "wording_zh"]
    book = pd.DataFrame({name: text_column(items, name) for name in text})
    book["item"] = book["item"].fillna("")
    if (book["item"] == "").any():
        raise InputError(f"{_CODEBOOK}: row {int((book['item'] == '').argmax()) + 1} has no item name.")
    if book["item"].duplicated().any():
        first = book["item"][book["item"].duplicated()].min()
        raise InputError(f"{_CODEBOOK}: item {first!r} is listed twice. Keep one row per item.")
    book["aspect"] = [_one_of("aspect", ASPECTS, row.item, row.aspect) for row in rows_of(book.fillna(""))]
    named = book["component"].notna()
    book.loc[named, "component"] = [
        _one_of("component", COMPONENTS, row.item, row.component) for row in rows_of(book[named])
    ]
    for item in book["item"][book["construct"].isna()]:
        raise InputError(f"{_CODEBOOK}, item {item!r}: construct is blank. Name what the item measures.")
    kinds = [_kind(row.item, row.scale) for row in rows_of(book)]
    book["scale"] = pd.Series(kinds, index=book.index, dtype="str")
    for place, name in enumerate(("scale_min", "scale_max")):
        given = zip(rows_of(book), _given(items, name), strict=True)
        book[name] = [_scale_end(row, name, place, value) for row, value in given]
    for row in rows_of(book[book["scale_min"] >= book["scale_max"]]):
        raise InputError(
            f"{_CODEBOOK}, item {row.item!r}: scale_min {row.scale_min:g} is not below scale_max "
            f"{row.scale_max:g}. Declare a reversed item with reversed, not by turning its scale round."
        )
    for row in rows_of(book[book["scale"] == "nps"]):
        if (row.scale_min, row.scale_max) != _OWN_SCALE["nps"]:
            raise InputError(
                f"{_CODEBOOK}, item {row.item!r}: a scale nps goes from 0 to 10, not from {row.scale_min:g} to "
                f"{row.scale_max:g}. Correct its ends, or call it likert."
            )
    target = book["target"].fillna(OWN)
    book["target"] = target.where(target.str.casefold() != OWN, OWN)
    book["reversed"] = [
        _reversed(i, v) for i, v in zip(book["item"], text_column(items, "reversed"), strict=True)
    ]
    for name in ("missing_codes", "not_applicable_codes"):
        book[name] = [_codes(v) for v in text_column(items, name)]
    book["words"] = [
        _worded(row, value) for row, value in zip(rows_of(book), text_column(items, "words"), strict=True)
    ]
    for row in rows_of(book):
        if both := set(row.missing_codes) & set(row.not_applicable_codes):
            raise InputError(
                f"{_CODEBOOK}, item {row.item!r}: {words.listing(sorted(both))} cannot be both a missing code and "
                "a code for not applicable."
            )
    book["scale_name"] = _scale_names(book)
    return book.sort_values("item", ignore_index=True)


def word_numbers(book: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Item and word, in small letters, to the number that the word stands for in a checked codebook.

    Examples
    --------
    >>> book = check_codebook(pd.DataFrame({"item": ["Q1"], "construct": ["service"], "aspect": ["perceived"],
    ...     "scale_min": [1], "scale_max": [2], "words": ["Poor=1; Good=2"]}))
    >>> word_numbers(book)
    {('Q1', 'poor'): 1.0, ('Q1', 'good'): 2.0}
    """
    return {(row.item, word): number for row in rows_of(book) for word, number in row.words}


def need_columns(frame: pd.DataFrame, names: tuple[str, ...], where: str) -> None:
    """Raise `InputError` naming the columns that a table does not have."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InputError(f"{where}: no column {words.listing(absent)}. Map it in the settings.")


def text_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column as text, trimmed; missing where blank or where the table does not have it.

    Examples
    --------
    >>> text_column(pd.DataFrame({"score": [4.0, 2.5, None]}), "score").fillna("?").tolist()
    ['4', '2.5', '?']
    """
    if name not in frame.columns:
        return pd.Series(pd.NA, index=range(len(frame)), dtype="str")
    codes, values = pd.factorize(frame[name])
    texts = pd.Series([*(_one_text(value) for value in values), ""], dtype="str")
    text = texts.iloc[codes].reset_index(drop=True)
    return text.where(text != "")


def suggestion(value: str, known: list[str]) -> str:
    """A sentence that offers the known word nearest to a wrong one, or nothing.

    Examples
    --------
    >>> suggestion("percieved", ["perceived", "other"])
    " Did you mean 'perceived'?"
    """
    near = difflib.get_close_matches(value, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a small table, with its columns as attributes."""
    return iter(frame.itertuples())


def _one_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _one_of(column: str, allowed: tuple[str, ...], item: str, value: str) -> str:
    word = value.casefold()
    if word not in allowed:
        raise InputError(
            f"{_CODEBOOK}, item {item!r}: {column} {value!r} is not one of {', '.join(allowed)}."
            f"{suggestion(word, list(allowed))}"
        )
    return word


def _needed(items: pd.DataFrame) -> tuple[str, ...]:
    kinds = set(text_column(items, "scale").str.casefold().dropna())
    always = ("item", "construct", "aspect")
    return always if kinds & set(_OWN_SCALE) else (*always, "scale_min", "scale_max")


def _given(items: pd.DataFrame, name: str) -> Any:
    return items[name] if name in items.columns else [None] * len(items)


def _kind(item: str, value: Any) -> Any:
    if pd.isna(value):
        return value
    return _one_of("scale", KINDS, item, str(value).replace(" ", "_").replace("-", "_"))


def _scale_end(row: Any, name: str, place: int, value: Any) -> float:
    item = row.item
    blank = pd.isna(value) or not str(value).strip()
    if blank and row.scale in _OWN_SCALE:
        return _OWN_SCALE[row.scale][place]
    try:
        end = float(str(value).replace("−", "-"))
    except ValueError:
        end = math.nan
    if not math.isfinite(end):
        shown = "blank" if blank else repr(str(value))
        raise InputError(f"{_CODEBOOK}, item {item!r}: {name} is {shown}; it must be a number.")
    return end


def _reversed(item: str, value: Any) -> bool:
    text = "" if pd.isna(value) else str(value).casefold()
    if text not in _YES | _NO:
        raise InputError(f"{_CODEBOOK}, item {item!r}: reversed is {value!r}; write true or false.")
    return text in _YES


def _codes(value: Any) -> tuple[str, ...]:
    if pd.isna(value):
        return ()
    return tuple(code.strip().replace("−", "-").casefold() for code in str(value).split(";") if code.strip())


def _worded(row: Any, value: Any) -> tuple[tuple[str, float], ...]:
    """Words with their numbers, as ``words`` states them."""
    parts = [] if pd.isna(value) else [part for part in str(value).split(";") if part.strip()]
    found: dict[str, float] = {}
    for part in parts:
        word, _, number = part.rpartition("=")
        word = _folded(word)
        try:
            stands_for = float(number.replace("−", "-"))
        except ValueError:
            stands_for = math.nan
        if not word or not math.isfinite(stands_for):
            raise InputError(
                f"{_CODEBOOK}, item {row.item!r}: words holds {part.strip()!r}; write each word with its number, such "
                "as 'very dissatisfied=1;very satisfied=5'."
            )
        if not row.scale_min <= stands_for <= row.scale_max:
            raise InputError(
                f"{_CODEBOOK}, item {row.item!r}: words gives {word!r} the number {stands_for:g}, which is outside the "
                f"scale {row.scale_min:g} to {row.scale_max:g}."
            )
        if found.setdefault(word, stands_for) != stands_for:
            raise InputError(f"{_CODEBOOK}, item {row.item!r}: words gives {word!r} two numbers.")
    silent = (*row.missing_codes, *row.not_applicable_codes)
    if both := [word for word in found if word in silent]:
        raise InputError(
            f"{_CODEBOOK}, item {row.item!r}: {words.listing(both)} cannot be both a word of the scale and a code for "
            "no answer."
        )
    return tuple(found.items())


def _folded(word: str) -> str:
    """A word as it is compared: trimmed and in small letters."""
    return word.strip().replace("−", "-").casefold()


def _scale_names(book: pd.DataFrame) -> list[str]:
    kinds = book.groupby("construct")[["aspect", "target"]].nunique()
    names = []
    for row in rows_of(book):
        more = [str(getattr(row, part)) for part in kinds.columns if kinds.loc[row.construct, part] > 1]
        names.append(f"{row.construct} ({', '.join(more)})" if more else str(row.construct))
    return names
