"""Which of two columns of money falls out, where one is the other and a tax, shipping, a fee or a discount."""

from __future__ import annotations

import pandas as pd

from customer_value.guess.arithmetic import Sum
from customer_value.guess.vocabulary import read_heading

__all__ = ["SUM_RULES", "discount_in"]


def _after_fees(found: Sum) -> tuple[str, str] | None:
    """What is left after fees: these are a cost of the seller, not less revenue."""
    fees = [name for name, _ in found.parts if _is_fee(name)]
    if not found.grows and fees and _all_are(found, "fee", "tax", "shipping"):
        return found.whole, f"is what is left after fees: {found.told}"
    if len(fees) < len(found.parts):
        return None
    if read_heading(found.base).has("subtotal"):
        return found.whole, f"holds more than the goods: {found.told}"
    return found.base, f"is what is left after fees: {found.told}"


def _with_tax_or_shipping(found: Sum) -> tuple[str, str] | None:
    """What holds tax, shipping or a tip on top of another column."""
    if not found.grows or not any(
        read_heading(name).has("tax", "shipping", "tip") for name, _ in found.parts
    ):
        return None
    return found.whole, f"holds more than the goods: {found.told}"


def _before_discount(found: Sum) -> tuple[str, str] | None:
    """What discounts have yet to be taken off."""
    if not _all_are(found, "discount"):
        return None
    return (found.whole if found.grows else found.base), f"is before discounts: {found.told}"


def discount_in(found: Sum, numbers: pd.DataFrame) -> str | None:
    """The discount that a sum takes off its base, if there is one; not one that was taken off before."""
    off = [(name, sign) for name, sign in found.parts if read_heading(name).has("discount")]
    return off[0][0] if len(off) == 1 and off[0][1] * numbers[off[0][0]].sum() < 0 else None


def _is_fee(name: str) -> bool:
    """Whether a column is a fee and not "taxes and charges"."""
    heading = read_heading(name)
    return heading.has("fee") and not heading.has("tax", "shipping")


def _all_are(found: Sum, *keys: str) -> bool:
    return all(read_heading(name).has(*keys) for name, _ in found.parts)


SUM_RULES = (_after_fees, _with_tax_or_shipping, _before_discount)
"""In this order: each gives the column that falls out, and why."""
