"""Words that tables, sentences and steps of the loyalty page share."""

from __future__ import annotations

__all__ = ["CLASS_NAMES", "NAMES", "RANKED_BY", "title"]

NAMES = {
    "true": "truly loyal",
    "latent": "latent loyal",
    "inert": "inert loyal",
    "none": "not loyal",
    "not_surveyed": "not surveyed or not placed",
}
"""Names of the cells as they stand in a sentence."""

RANKED_BY = {
    "annual_potential": "yearly potential",
    "clv": "lifetime value",
    "margin": "margin",
    "net_revenue": "net revenue",
}
"""What a list of customers is sorted by."""

CLASS_NAMES = {"abc": "ABC class", "industry": "industry", "region": "region"}
"""Classifications of customers."""


def title(cell: str) -> str:
    """The name of a cell at the start of a line.

    >>> title("true")
    'Truly loyal'
    """
    name = NAMES[cell]
    return name[:1].upper() + name[1:]
