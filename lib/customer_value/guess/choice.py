"""What was found for a field: a column, or a question with the columns that can be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from customer_value import words
from customer_value.guess.names import weight
from customer_value.guess.profile import Column
from customer_value.guess.yaml_text import scalar

__all__ = ["Choice", "Found", "Question", "doubt", "heaviest", "shown"]


@dataclass(frozen=True)
class Choice:
    """The column for a field.

    Parameters
    ----------
    column
        Its name.
    reason
        Why, in words for a comment.
    """

    column: str
    reason: str


@dataclass(frozen=True)
class Question:
    """What a person has to decide.

    Parameters
    ----------
    sentence
        What is asked, without a full stop; part of what `customer-value init` says where it stops.
    options
        What can be written, as YAML, and what speaks for it; none where the file has nothing that fits.
    hint
        What is written beside the open field if there are no options.
    meanwhile
        The option that the rest of the draft is made with, where one is needed.
    """

    sentence: str
    options: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    meanwhile: str = ""

    @property
    def choices(self) -> str:
        """The options for the comment of a draft."""
        if not self.options:
            return self.hint
        told = [f"{value} ({why})" if why else value for value, why in self.options.items()]
        return f"one of: {'; '.join(told)}"


Found = Choice | Question


def doubt(columns: Sequence[Column], what: str) -> Question:
    """Several columns that may be one thing."""
    listed = words.listing([f"{shown(column.name)} ({column.told})" for column in columns], most=8)
    both = "both" if len(columns) == 2 else "all"
    told = {scalar(column.name): column.told for column in columns}
    return Question(f"columns {listed} may {both} be {what}", told, meanwhile=columns[0].name)


def heaviest(role: str, columns: Sequence[Column]) -> list[Column]:
    """The columns whose names say most about a role; empty if none says anything."""
    best = max((weight(role, column.name) for column in columns), default=0)
    return [column for column in columns if best and weight(role, column.name) == best]


def shown(name: str) -> str:
    """A column name in a message.

    >>> shown("order date")
    "'order date'"
    """
    return f"'{words.plain(name, 40)}'"
