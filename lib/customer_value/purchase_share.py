"""Which item of a survey asks for the share of its purchases that a customer makes here."""

from __future__ import annotations

import pandas as pd

from customer_value.codebook import OWN, rows_of, suggestion
from customer_value.errors import InputError
from customer_value.guess.headings import is_purchase_share

__all__ = ["share_item"]


def share_item(items: pd.DataFrame, named: str | None = None) -> str | None:
    """The item that asks for the share of purchases made here.

    Parameters
    ----------
    items
        A checked codebook.
    named
        The item as the settings name it; None looks for one.

    Returns
    -------
    str or None
        Of the items of scale percentage on this company, the first (by name) whose name, construct, attribute or
        wording asks for a share of purchases.

    Raises
    ------
    InputError
        If the named item is not in the codebook.

    Examples
    --------
    >>> from customer_value.codebook import check_codebook
    >>> share_item(check_codebook(pd.DataFrame({"item": ["q9"], "construct": ["behaviour"], "aspect": ["other"],
    ...     "scale": ["percentage"], "wording_en": ["What share of your purchases do you make with us?"]})))
    'q9'
    """
    if named is not None:
        known = items["item"].tolist()
        if named not in known:
            raise InputError(
                f"Settings, loyalty.stated_share: item {named!r} is not in the codebook.{suggestion(named, known)}"
            )
        return named
    for row in rows_of(
        items[(items["scale"] == "percentage") & (items["target"] == OWN)].sort_values("item")
    ):
        told = (row.item, row.construct, row.attribute, row.wording_en, row.wording_zh)
        if any(is_purchase_share(str(text)) for text in told if not pd.isna(text)):
            return str(row.item)
    return None
