"""One look at the ids of order rows: what is needed to lay the rows by in parts of equal size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from customer_value.sources.engine import byte_length, hashed

__all__ = ["NUMBER", "ORDER_NUMBER", "Survey", "id_figures", "survey_from", "survey_of"]

NUMBER, ORDER_NUMBER = "_number", "_order_number"
"""Columns of order rows where customer_id and order_id are whole numbers in the source: the ids as such."""

SAMPLED = 1024
"""One row in so many tells where parts begin."""


@dataclass(frozen=True)
class Survey:
    """How the ids of order rows look.

    Attributes
    ----------
    rows
        How many rows.
    first, last
        The least and the greatest id, as whole numbers or as text; None without rows.
    longest
        Most bytes of an id; 0 if ids are numbers.
    sample
        Ids of one row in `SAMPLED` in the order of text, drawn by what the rows hold, so that the same data
        give the same.
    """

    rows: int
    first: Any
    last: Any
    longest: int
    sample: list[Any]

    @property
    def of_numbers(self) -> bool:
        """Whether ids are whole numbers."""
        return isinstance(self.first, int)


def id_figures(rows: ibis.Table) -> dict[str, Any]:
    """What to aggregate of (groups of) order rows, for `survey_from` to make a survey of."""
    ids = rows[NUMBER] if NUMBER in rows.columns else rows.customer_id
    drawn = hashed(ids, rows.order_date, rows.amount) % SAMPLED == 0
    longest = {} if NUMBER in rows.columns else {"longest": byte_length(ids).max()}
    return {
        "rows": rows.count(),
        "first": ids.min(),
        "last": ids.max(),
        **longest,
        "sample": ids.collect(where=drawn),
    }


def survey_from(groups: Iterable[Mapping[str, Any]]) -> Survey:
    """The survey of groups of rows by their `id_figures`."""
    some = [group for group in groups if group["rows"]]
    if not some:
        return Survey(0, None, None, 0, [])
    return Survey(
        rows=sum(group["rows"] for group in some),
        first=min(group["first"] for group in some),
        last=max(group["last"] for group in some),
        longest=max(group.get("longest", 0) for group in some),
        sample=sorted((name for group in some for name in group["sample"] or []), key=str),
    )


def survey_of(rows: ibis.Table) -> Survey:
    """The survey of order rows, by a pass over them."""
    return survey_from(rows.aggregate(**id_figures(rows)).to_pyarrow().to_pylist())
