"""First settings for a file with orders: what its columns seem to be, and why.

A guess that would be a gamble is not made: the candidates are named and the run stops.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis

from customer_value import words
from customer_value.config import load_settings
from customer_value.errors import ConfigError, InputError
from customer_value.guess.choice import Choice
from customer_value.guess.money import guess_costs, guess_discount, guess_money
from customer_value.guess.profile import Table, look_at
from customer_value.guess.questionnaire import SurveyDraft, first_survey
from customer_value.guess.remarks import (
    Currency,
    cancelled,
    guess_currency,
    no_goods,
    prefixes,
)
from customer_value.guess.roles import SERIAL, guess_customer, guess_date, guess_id
from customer_value.guess.writing import settings_text
from customer_value.settings import OrderColumns, OrdersTable, TableSource
from customer_value.sources import date_column, number_column, open_source

__all__ = ["SurveyDraft", "first_settings", "survey_draft"]

_MISSING = {
    "customer_id": "no column looks like the customer",
    "order_date": "no column looks like the date of an order",
    "amount": "no column looks like an amount, or like quantity and price",
}


def first_settings(path: Path) -> str:
    """Look at a file with orders and write first settings for it.

    Parameters
    ----------
    path
        A file of any readable kind; the settings name it as it is given, relative to the current
        folder.

    Returns
    -------
    str
        YAML with a comment for every guess; `customer_value.config.load_settings` accepts it.

    Raises
    ------
    InputError
        If the file cannot be read, or a field has no column or several that are as likely; the
        message lists them and shows what to write.
    """
    written = _as_written(path)
    spec = TableSource(path=[written])
    with tempfile.TemporaryDirectory() as scratch:
        con = ibis.duckdb.connect()
        try:
            source = open_source("orders", spec, Path.cwd(), con, Path(scratch))
            text = _guessed(look_at(source, spec), written).text()
        finally:
            con.disconnect()
    _require_valid(text, source.files[0].name)
    return text


def survey_draft(path: Path) -> SurveyDraft:
    """Look at a file with survey answers and draft a codebook and settings for it.

    Parameters
    ----------
    path
        A file with one answer per row or one respondent per row; the settings name it as it is given,
        relative to the current folder.

    Returns
    -------
    SurveyDraft
        Every guess that a person has to check is noted in the codebook.

    Raises
    ------
    InputError
        If the file cannot be read or no column looks like answers.
    """
    draft = first_survey(path, _as_written(path))
    _require_valid(draft.settings, path.name)
    return draft


@dataclass
class _Draft:
    """Settings in the making."""

    path: str
    found: dict[str, Choice]
    options: dict[str, tuple[Any, str]] = field(default_factory=dict)
    currency: Currency = field(default_factory=lambda: Currency("XXX", "your currency, for instance EUR"))
    more: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        return settings_text(
            self.found, path=self.path, currency=self.currency, options=self.options, **self.more
        )


def _guessed(table: Table, path: str) -> _Draft:
    name = table.source.files[0].name
    draft = _Draft(path, _fields(table))
    if not table.named:
        draft.options["header"] = (False, "the columns are called 1, 2, 3, … by their position")
    if "order_date" in draft.found and draft.found["order_date"].reason == SERIAL:
        draft.options["dates"] = ("excel-serial", "days counted by a spreadsheet")
    _stop_if_unsure(name, draft)
    money = [draft.found[role].column for role in ("amount", "unit_price") if role in draft.found]
    draft.currency = guess_currency(table, money, {choice.column for choice in draft.found.values()})
    if draft.currency.column is not None:
        draft.found["currency"] = Choice(draft.currency.column, "")
    _read_dates(table, draft, name)
    notes = _add_optional(table, draft.found)
    _read_numbers(table, draft, name)
    codes = no_goods(table, draft.found.get("product_id"))
    money_of_row = draft.found.get("amount") or draft.found.get("quantity")
    rules, returns = prefixes(table, draft.found.get("order_id"), money_of_row)
    draft.more |= {
        "excluded": cancelled(table),
        "suggested": [*([codes] if codes else []), *rules],
        "notes": [*notes, *returns],
    }
    return draft


def _fields(table: Table) -> dict[str, Choice]:
    """The required fields and those that help to find them."""
    found: dict[str, Choice] = {}

    def taken() -> set[str]:
        return {choice.column for choice in found.values()}

    date = guess_date(table)
    if date is not None:
        found["order_date"] = date
    for role in ("order_id", "product_id"):
        choice = guess_id(role, table, taken())
        if choice is not None:
            found[role] = choice
    order = found.get("order_id")
    found |= guess_money(table, order.column if order else None)
    customer = guess_customer(table, taken(), order.column if order else None)
    if customer is not None:
        found["customer_id"] = customer
    return found


def _stop_if_unsure(name: str, draft: _Draft) -> None:
    found = draft.found
    doubts = [choice.reason.rstrip(".") for choice in found.values() if choice.is_gamble]
    missing = [
        told
        for role, told in _MISSING.items()
        if role not in found and not (role == "amount" and "unit_price" in found)
    ]
    if not doubts and not missing:
        return
    raise InputError(_stopped(name, "; ".join([*doubts, *missing]), draft))


def _stopped(name: str, problem: str, draft: _Draft) -> str:
    return f"{name}: {problem}. Choose, and write a settings file such as\n\n{draft.text()}"


def _read_dates(table: Table, draft: _Draft, name: str) -> None:
    """Read the dates once, so that settings are not written for dates that nobody can read."""
    column = draft.found["order_date"]
    dates = draft.options.get("dates", (None, ""))[0]
    spec = table.spec.model_copy(update={"dates": dates})
    zone = _zone_as_written(table, column.column)
    try:
        _, reading = date_column(table.source, column.column, spec, zone[0] if zone else None)
    except InputError as error:
        if "cannot be told apart" in str(error):
            draft.options["dates"] = ("day-first", "or month-first")
        raise _unreadable(name, error, draft) from error
    if zone:
        draft.more["timezone"] = zone
    draft.found["order_date"] = Choice(
        column.column, "; ".join(filter(None, [reading.value.removeprefix("none needed, "), column.reason]))
    )


def _read_numbers(table: Table, draft: _Draft, name: str) -> None:
    """Read the money once, so that settings are not written for numbers that may be a thousand times as large."""
    columns = {role: choice.column for role, choice in draft.found.items()}
    spec = OrdersTable(**table.spec.model_dump(), columns=OrderColumns(**columns))
    for role in ("amount", "quantity", "unit_price", "cost", "unit_cost", "margin"):
        if role not in columns:
            continue
        try:
            number_column(table.source, columns[role], spec)
        except InputError as error:
            if "decimal sign cannot be told" in str(error):
                draft.options["decimal"] = (".", "or ','")
            raise _unreadable(name, error, draft) from error


def _unreadable(name: str, error: InputError, draft: _Draft) -> InputError:
    problem = str(error).removeprefix(f"{name}, ").removesuffix(".")
    return InputError(_stopped(name, problem, draft))


def _zone_as_written(table: Table, column: str) -> tuple[str, str] | None:
    """A time zone in which times with one and the same offset keep the date they are written with."""
    value = table.source.table[column]
    if value.type().is_timestamp() and value.type().timezone is not None:
        return "UTC", "dates are those of this time zone; change it to yours"
    if not value.type().is_string():
        return None
    offset = value.re_extract(
        r"[0-9]{1,2}:[0-9]{2}\S* ?(Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)\s*$", 1
    ).nullif("")
    source = table.source.table.select(offset=offset)
    offsets = source.filter(source["offset"].notnull()).distinct().order_by("offset").limit(3)
    found = offsets.to_pyarrow()["offset"].to_pylist()
    hours = {_hours(text) for text in found}
    if len(hours) != 1 or None in hours:
        return None
    hour = hours.pop() or 0
    zone = "UTC" if hour == 0 else f"Etc/GMT{-hour:+d}"
    return (
        zone,
        f"all times are written with the offset {words.plain(found[0])}; write yours, for instance Europe/Berlin",
    )


def _hours(offset: str) -> int | None:
    if offset.upper() in ("Z", "UTC", "GMT"):
        return 0
    digits = offset[1:].replace(":", "")
    if digits[2:] not in ("", "00") or int(digits[:2]) > 12:
        return None
    return int(digits[:2]) * (-1 if offset[0] == "-" else 1)


def _add_optional(table: Table, found: dict[str, Choice]) -> list[str]:
    costs, notes = guess_costs(table, found)
    found |= costs
    discount, more = guess_discount(table, [choice.column for choice in found.values()])
    if discount is not None:
        found["discount"] = discount
    channel = guess_id("channel", table, {choice.column for choice in found.values()})
    if channel is not None:
        found["channel"] = channel
    return [*notes, *more]


def _as_written(path: Path) -> str:
    """The path for the settings: relative where the file is below the current folder."""
    path = path.expanduser()
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def _require_valid(text: str, name: str) -> None:
    """Refuse to print settings that would not be accepted."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "settings.yml"
        config.write_text(text, encoding="utf-8")
        try:
            load_settings(config)
        except ConfigError as error:
            raise InputError(f"{name}: no valid settings could be guessed ({error}).") from error
