"""Settings as YAML text with a comment for every guess; any column name is safe in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from customer_value import words
from customer_value.guess.choice import Choice
from customer_value.guess.remarks import Currency, Exclusion

__all__ = ["FIELDS", "commented", "scalar", "settings_text"]

FIELDS = (
    "customer_id", "order_date", "amount", "quantity", "unit_price", "order_id", "product_id", "cost", "unit_cost",
    "margin", "list_price", "discount", "currency", "channel",
)  # fmt: skip
_REQUIRED = ("customer_id", "order_date", "amount")


def settings_text(
    found: Mapping[str, Choice],
    *,
    path: str,
    currency: Currency,
    options: Mapping[str, tuple[Any, str]],
    timezone: tuple[str, str] | None = None,
    excluded: Exclusion | None = None,
    suggested: list[Exclusion] | None = None,
    notes: list[str] | None = None,
) -> str:
    """Write a settings file.

    Parameters
    ----------
    found
        Field to column.
    path
        Of the file with orders.
    currency
        The report's currency.
    options
        Key of ``orders`` to its value and a comment.
    timezone
        The time zone and a comment, if times carry an offset.
    excluded
        Rows to leave out.
    suggested, notes
        What is written as comments only.
    """
    lines = [commented(f"currency: {currency.code}", currency.reason)]
    if timezone is not None:
        lines.append(commented(f"timezone: {scalar(timezone[0])}", timezone[1]))
    lines += ["", "orders:", f"  path: {scalar(path)}"]
    lines += [commented(f"  {key}: {scalar(value)}", reason) for key, (value, reason) in options.items()]
    lines.append("  columns:")
    lines += _columns(found)
    if excluded is not None:
        lines += [
            commented("  exclude:", f"{words.count(excluded.rows, 'row')}; remove this to keep them"),
            f"    - {_flow(excluded)}",
        ]
    lines += _suggestions(suggested or [], inside=excluded is not None)
    lines += [f"# {words.plain(note, 400)}" for note in notes or []]
    return "\n".join(lines) + "\n"


def _columns(found: Mapping[str, Choice]) -> list[str]:
    lines = []
    for field in FIELDS:
        if field in found:
            choice = found[field]
            told = _alternatives(choice) if choice.is_gamble else choice.reason
            lines.append(commented(f"    {field}: {scalar(choice.column)}", told))
        elif field in _REQUIRED and not (field == "amount" and "unit_price" in found):
            lines.append(commented(f"    {field}: ???", "the name of the column"))
    return lines


def _alternatives(choice: Choice) -> str:
    return f"or {words.listing([words.plain(name, 40) for name in choice.others], most=4).replace(' and ', ' or ')}"


def _suggestions(suggested: list[Exclusion], *, inside: bool) -> list[str]:
    if not suggested:
        return []
    lines = ["  # To leave out rows that are no sales of goods, remove the '# ' in front:"]
    if not inside:
        lines.append("  # exclude:")
    return [*lines, *(f"  #   - {_flow(rule)}  # {words.count(rule.rows, 'row')}" for rule in suggested)]


def _flow(rule: Exclusion) -> str:
    values = ", ".join(scalar(value) for value in rule.values)
    return f"{{reason: {scalar(rule.reason)}, column: {scalar(rule.column)}, {rule.how}: [{values}]}}"


def commented(text: str, comment: str) -> str:
    """A line of YAML with a comment after it, if there is something to say."""
    return f"{text}  # {words.plain(comment, 300)}" if comment else text


def scalar(value: object) -> str:
    """A value as YAML on one line.

    >>> scalar("order: #1"), scalar("12"), scalar(False), scalar("a, b")
    ("'order: #1'", "'12'", 'false', "'a, b'")
    """
    safe = not isinstance(value, str) or value.isprintable()
    style = None if safe else '"'
    text = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=safe, width=10**6, default_style=style
    ).strip()
    return text[1:-1]
