"""The policy: what to do for each segment, from a file that a company can replace.

The standard policy is `policy.csv` in this folder. The setting ``rfm.policy`` names a file of the
company's own, with the same columns segmentation, segment, treatment. It may leave out a whole
segmentation, which then keeps the standard treatments, but no segment of one that it names.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from customer_value import words
from customer_value.errors import ConfigError
from customer_value.rfm.names import SEGMENTATIONS
from customer_value.yaml_file import decoded, read_bounded

__all__ = ["Policy", "read_policy", "standard_policy"]

Policy = Mapping[str, Mapping[str, str]]
"""Segmentation to segment to treatment."""

_COLUMNS = ("segmentation", "segment", "treatment")
_LONGEST = 400


def standard_policy() -> Policy:
    """The treatments that come with the workbook, for every segment of every segmentation.

    Examples
    --------
    >>> standard_policy()["eight_class"]["Ordinary win-back"]
    'Do not spend money on them beyond a newsletter.'
    """
    return _standard()


def read_policy(path: str | Path | None, base: Path | None = None) -> Policy:
    """A company's treatments, the standard ones where the file names no segmentation.

    Parameters
    ----------
    path
        CSV file (comma, semicolon or tab; UTF-8) with columns segmentation (segment, eight_class or
        portfolio_group), segment and treatment; None: the standard policy.
    base
        The folder to which ``path`` is relative; by default the working directory.

    Returns
    -------
    Policy

    Raises
    ------
    ConfigError
        If the file cannot be read, lacks a column, names an unknown segment, or leaves one out.
    """
    if path is None:
        return standard_policy()
    place = (base or Path()) / path
    given = _parsed(_text_of(place), place.name)
    return {**standard_policy(), **given}


@cache
def _standard() -> Policy:
    text = resources.files("customer_value.rfm").joinpath("policy.csv").read_text(encoding="utf-8")
    return _parsed(text, "policy.csv")


def _text_of(path: Path) -> str:
    try:
        return decoded(read_bounded(path), words.plain(path.name))
    except FileNotFoundError:
        raise ConfigError(f"rfm.policy: the file {words.plain(path.name)} does not exist.") from None
    except IsADirectoryError:
        raise ConfigError("rfm.policy: it names a folder; name the file in it.") from None
    except OSError as error:
        raise ConfigError(f"rfm.policy: {words.plain(path.name)} cannot be read: {error.strerror}.") from None


def _parsed(text: str, file: str) -> Policy:
    name = words.plain(file)
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ConfigError(f"{name} is not a table: {error}.") from None
    columns = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        raise ConfigError(
            f"{name} needs the columns segmentation, segment and treatment; "
            f"{words.listing(missing)} {words.verb(len(missing), 'is', 'are')} missing."
        )
    places = [columns.index(column) for column in _COLUMNS]
    found: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            _add(found, [row[place] if place < len(row) else "" for place in places], f"{name}, row {number}")
    _refuse_gaps(found, name)
    return {key: {segment: own[segment] for segment in SEGMENTATIONS[key]} for key, own in found.items()}


def _add(found: dict[str, dict[str, str]], cells: list[str], where: str) -> None:
    segmentation, segment, treatment = (words.plain(cell, most=_LONGEST) for cell in cells)
    if segmentation not in SEGMENTATIONS:
        raise ConfigError(
            f"{where}: there is no segmentation '{words.plain(segmentation, most=40)}'; "
            f"there are {words.listing(SEGMENTATIONS)}."
        )
    known = SEGMENTATIONS[segmentation]
    if segment not in known:
        close = difflib.get_close_matches(segment, known, n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {words.listing(known, most=21)}."
        raise ConfigError(f"{where}: {segmentation} has no '{words.plain(segment, most=40)}'; {hint}")
    if segment in found.get(segmentation, {}):
        raise ConfigError(f"{where}: '{segment}' of {segmentation} is given twice.")
    if not treatment:
        raise ConfigError(f"{where}: '{segment}' of {segmentation} has no treatment.")
    found.setdefault(segmentation, {})[segment] = treatment


def _refuse_gaps(found: Mapping[str, Mapping[str, str]], name: str) -> None:
    if not found:
        raise ConfigError(f"{name} holds no treatment.")
    for segmentation, own in found.items():
        missing = [segment for segment in SEGMENTATIONS[segmentation] if segment not in own]
        if missing:
            raise ConfigError(f"{name}: {segmentation} lacks {words.listing(missing, most=21)}.")
