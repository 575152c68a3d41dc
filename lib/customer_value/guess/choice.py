"""What was guessed for a field, and what else it could have been."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from customer_value import words
from customer_value.guess.names import weight
from customer_value.guess.profile import Column, Table

__all__ = ["Choice", "doubt", "heaviest", "settled", "shown"]


@dataclass(frozen=True)
class Choice:
    """The column for a field.

    Parameters
    ----------
    column
        The guess, or the first of several candidates.
    reason
        Why, in words for a comment; for several candidates the sentence that says so.
    others
        The other candidates; if there are any, the choice would be a gamble.
    """

    column: str
    reason: str
    others: tuple[str, ...] = ()

    @property
    def is_gamble(self) -> bool:
        """Whether a person has to choose."""
        return bool(self.others)


def doubt(columns: Sequence[Column], what: str) -> Choice:
    """Several columns that may be one thing."""
    listed = words.listing([f"{shown(column.name)} ({column.told})" for column in columns])
    both = "both" if len(columns) == 2 else "all"
    names = [column.name for column in columns]
    return Choice(names[0], f"columns {listed} may {both} be {what}.", tuple(names[1:]))


def heaviest(role: str, columns: Sequence[Column]) -> list[Column]:
    """The columns whose names say most about a role; empty if none says anything."""
    best = max((weight(role, column.name) for column in columns), default=0)
    return [column for column in columns if best and weight(role, column.name) == best]


def settled(
    columns: Sequence[Column], table: Table, what: str, reason: Callable[[Column], str]
) -> Choice | None:
    """The first column if any others group the rows alike, else a doubt; None without columns."""
    if not columns:
        return None
    if all(table.same_partition(columns[0].name, other.name) for other in columns[1:]):
        return Choice(columns[0].name, reason(columns[0]))
    return doubt(columns, what)


def shown(name: str) -> str:
    """A column name in a message.

    >>> shown("order date")
    "'order date'"
    """
    return f"'{words.plain(name, 40)}'"
