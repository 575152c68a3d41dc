"""Settings that would make a column readable; offered with a value that was seen, never taken by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from customer_value.settings import TableSource
from customer_value.sources.source import Source

__all__ = ["Offer", "offers"]


@dataclass(frozen=True)
class Offer:
    """A setting under which nearly all values of a column read.

    Parameters
    ----------
    setting, value
        Key of the input table, or ``timezone`` of the settings, and what it would be: ``"dates"`` and
        ``"minguo"``.
    example
        A value of the column that reads so, and not without.
    share
        Share of the distinct values that read.
    told
        What it means, for the comment of a draft.
    """

    setting: str
    value: str
    example: str
    share: float
    told: str


def offers(source: Source, column: str, spec: TableSource) -> list[Offer]:
    """What could be stated to read a column that is not read, or not wholly, as it stands.

    Parameters
    ----------
    source
        The source; files only, others have types.
    column
        Its column.
    spec
        How it is read now.

    Returns
    -------
    list of Offer
        The likeliest first; empty for a column that reads without.
    """
    return []
