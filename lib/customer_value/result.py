"""What every analysis returns: tables, headline figures, and words written from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from customer_value.display import Prose
from customer_value.text import Text

__all__ = ["Fact", "Result", "findings", "next_steps", "warning_list"]

Fact = str | int | float | bool | None | list[Any] | dict[str, Any]
"""A JSON value. Shares are fractions, money is in the report's currency, dates are ISO strings."""


@runtime_checkable
class Result(Protocol):
    """The shape that all results share; each is a frozen dataclass of its own."""

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Headline figures, keyed ``notebook.figure``."""

    @property
    def tables(self) -> Mapping[str, Any]:
        """Name to table (pandas, or a lazy Ibis table where it may be large)."""

    @property
    def findings(self) -> tuple[Text | str, ...]:
        """What this means here: sentences with numbers, true for these data."""

    @property
    def next_steps(self) -> tuple[Text | str, ...]:
        """What to do next, following from the findings."""

    @property
    def warnings(self) -> tuple[Text | str, ...]:
        """What a reader must know before believing the figures; may be empty."""


def findings(result: Result) -> Prose:
    """The findings of a result ("what this means here") as bullet points."""
    return Prose(tuple(result.findings), kind="list")


def next_steps(result: Result) -> Prose:
    """The next steps of a result ("what to do next") as bullet points."""
    return Prose(tuple(result.next_steps), kind="list")


def warning_list(result: Result) -> Prose:
    """The warnings of a result to read, or the sentence that there are none."""
    if not result.warnings:
        return Prose(("Nothing stands out: no warning.",))
    return Prose(tuple(result.warnings), kind="warning")
