"""Which column is the day of the sale, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import ibis

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.guess.choice import Choice, Found, Question, doubt, heaviest, shown
from customer_value.guess.names import tokens_of, weight
from customer_value.guess.profile import Column, Table
from customer_value.guess.vocabulary import read_heading
from customer_value.sources import date_column, id_column
from customer_value.sources.moments import AS_WRITTEN
from customer_value.sources.offers import Offer, offers

__all__ = ["SERIAL", "Reading", "guess_date", "read_dates"]

SERIAL = "days counted by a spreadsheet"
WHAT = "the date of the order"
_DAY = re.compile(r"[0-9]+\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}|^[0-9]{6,8}$")
_SPAN = ("order", "bestell", "bestellung", "订单", "訂單", "pedido", "注文", "下单", "purchase")


@dataclass
class Reading:
    """How the dates of the chosen column are read.

    Parameters
    ----------
    told
        In words, for the comment.
    options
        Settings of the orders that make them readable, with a comment.
    timezone
        The time zone and a comment, if times carry an offset.
    questions
        Setting to what has to be decided.
    """

    told: str = ""
    options: dict[str, tuple[object, str]] = field(default_factory=dict)
    timezone: tuple[str, str] | None = None
    questions: dict[str, Question] = field(default_factory=dict)


def guess_date(table: Table) -> Found:
    """The day of the sale: by name among the columns that hold dates, else the only such column."""
    dates = [c for c in table.of_kind("date") if not _never(c)]
    full = [c for c in dates if c.filled > 0.5 * max((d.filled for d in dates), default=0)]
    named = _of_deals(table, _ordered_first(heaviest("order_date", full)))
    unread = [c for c in table.columns if c not in dates and weight("order_date", c.name) >= 2 and c.filled]
    if named:
        offered = [c for c in unread if weight("order_date", c.name) > weight("order_date", named[0].name)]
        offered = [c for c in offered if _serial(table, c) or _offered(table, c)]
        if not offered:
            return _one_of(table, named)
        unread = offered
    serial = [c for c in heaviest("order_date", unread) if c.kind == "number" and _serial(table, c)]
    if len(serial) == 1:
        return Choice(serial[0].name, SERIAL)
    offered = [c for c in heaviest("order_date", unread) if _offered(table, c)]
    if offered:
        return Choice(offered[0].name, "")
    if len(full) == 1:
        return Choice(full[0].name, f"the only column with dates; {_in_words(full[0])}")
    if full:
        return doubt(full, WHAT)
    written = [
        c for c in table.of_kind("text", "number") if _like_days(c) and not _never(c) and _offered(table, c)
    ]
    if written:
        return Choice(written[0].name, "") if len(written) == 1 else doubt(written, WHAT)
    periods = [c for c in table.columns if _pattern_of(c)]
    if periods and not unread:
        finest = max(periods, key=lambda c: len(str(_pattern_of(c))))
        return Choice(finest.name, "there are no days; each sale counts on the first day of its period")
    return _none(table, unread)


def read_dates(table: Table, column: str, timezone: tuple[str, str] | None = None) -> Reading:
    """Read the dates once, so that settings are not written for dates that nobody can read."""
    reading = Reading(timezone=timezone or _zone_as_written(table, column))
    zone = reading.timezone[0] if reading.timezone else None
    if table.column(column).kind == "number" and _serial(table, table.column(column)):
        reading.options["dates"] = ("excel-serial", SERIAL)
    if table.column(column).kind != "date" and (pattern := _pattern_of(table.column(column))):
        reading.options["dates"] = (pattern, "")
    spec = table.spec
    if "dates" in reading.options:
        spec = spec.model_copy(update={"dates": reading.options["dates"][0]})
    try:
        _, read = date_column(table.source, column, spec, zone)
    except (InputError, ConfigError) as error:
        _ask(table, column, str(error), reading)
        return reading
    mixed = [
        offer
        for offer in offers(table.source, column, spec)
        if offer.setting == "dates" and offer.share > 0.9
    ]
    if mixed:
        _offer(mixed, column, reading)
    reading.told = read.value.removeprefix("none needed, ")
    return reading


def _one_of(table: Table, named: list[Column]) -> Found:
    if len(named) > 1 and not all(_same_days(table, named[0], other) for other in named[1:]):
        return doubt(named, WHAT)
    return Choice(named[0].name, _in_words(named[0]))


def _never(column: Column) -> bool:
    """Whether a date is plainly not that of a sale: due, birth, last change."""
    heading = read_heading(column.name)
    return heading.has("no_date", "person") and not heading.has("close")


def _of_deals(table: Table, named: list[Column]) -> list[Column]:
    """For deals the day on which they were closed, not that on which somebody entered them."""
    closing = [
        c for c in table.of_kind("date") if read_heading(c.name).has("close") and weight("order_date", c.name)
    ]
    deals = any(read_heading(c.name).has("deal") for c in table.columns)
    if closing and (deals or all(read_heading(c.name).has("created") for c in named)):
        return closing
    return named


def _ordered_first(columns: Sequence[Column]) -> list[Column]:
    """Of several, those that name the order rather than an invoice or a payment."""
    ordered = [
        c
        for c in columns
        if any(word in tokens_of(c.name) or (not word.isascii() and word in c.name) for word in _SPAN)
    ]
    if len(columns) > 1 and ordered:
        plain = [c for c in ordered if not read_heading(c.name).has("created")]
        return plain or ordered
    return list(columns)


def _same_days(table: Table, one: Column, other: Column) -> bool:
    days = []
    for column in (one, other):
        try:
            zone = _zone_as_written(table, column.name)
            days.append(date_column(table.source, column.name, table.spec, zone[0] if zone else None)[0])
        except InputError:
            days.append(id_column(table.source, column.name))
    if days[0].type() != days[1].type():
        return False
    return (table.share(days[0] == days[1]) or 0) > 0.999


def _in_words(column: Column) -> str:
    return words.count(column.distinct, "different value")


def _serial(table: Table, column: Column) -> bool:
    if column.kind != "number":
        return False
    return table.share(table.number(column.name).between(20_000, 60_000)) == 1.0


def _like_days(column: Column) -> bool:
    """Whether the commonest values look like dates of any calendar, whatever the column is called."""
    return bool(column.common) and all(_DAY.search(value) for value, _ in column.common)


def _offered(table: Table, column: Column) -> bool:
    return any(offer.setting == "dates" for offer in offers(table.source, column.name, table.spec))


def _none(table: Table, unread: Sequence[Column]) -> Question:
    if unread:
        column = unread[0]
        seen = words.listing([f"'{words.plain(value, 24)}'" for value, _ in column.common])
        hint = (
            "a date that is written in full; a column of date keys has to be joined with its calendar table"
        )
        sentence = (
            f"column {shown(column.name)} is called like the date of an order, but its values cannot be read as dates, "
            f"such as {seen}"
        )
        return Question(sentence, hint=hint)
    others = [
        f"{shown(c.name)}{c.such_as}"
        for c in table.columns
        if (c.kind == "date" and _never(c)) or _a_period(c)
    ]
    told = f" ({words.listing(others, most=4)} {words.verb(len(others), 'is', 'are')} none)" if others else ""
    return Question(
        f"no column looks like the date of an order{told}", hint="the column with the day of the sale"
    )


def _pattern_of(column: Column) -> str | None:
    """How a column that is called a year or a month writes its periods, if there are several."""
    if not _a_period(column) or column.distinct < 2:
        return None
    seen = [value for value, _ in column.common]
    shapes = {
        "%Y": r"(?:19|20)[0-9]{2}",
        "%Y-%m": r"(?:19|20)[0-9]{2}-[0-9]{2}",
        "%Y/%m": r"(?:19|20)[0-9]{2}/[0-9]{2}",
    }
    return next((p for p, shape in shapes.items() if all(re.fullmatch(shape, value) for value in seen)), None)


def _a_period(column: Column) -> bool:
    return bool(
        {"year", "month", "quarter", "jahr", "monat", "年", "年份", "月"} & set(tokens_of(column.name))
    )


def _ask(table: Table, column: str, problem: str, reading: Reading) -> None:
    """Put what keeps the dates from being read as a question, with what has been seen."""
    offered = [offer for offer in offers(table.source, column, table.spec) if offer.setting == "dates"]
    if offered:
        _offer(offered, column, reading)
        return
    sentence = problem.removesuffix(".")
    if "cannot be told apart" not in problem:
        reading.questions["dates"] = Question(
            sentence, {"day-first": "31/12/2024", "month-first": "12/31/2024", "year-month-day": "2024-12-31"}
        )
        return
    decided = _as_neighbours(table, column)
    if decided:
        reading.options["dates"] = decided
        return
    example = next((value for value, _ in table.column(column).common), "")
    sentence = f"column {shown(column)}: day and month cannot be told apart, as in '{words.plain(example)}'"
    reading.questions["dates"] = Question(
        sentence, {"day-first": "as 31/12/2024", "month-first": "as 12/31/2024"}
    )


def _offer(offered: Sequence[Offer], column: str, reading: Reading) -> None:
    told = {offer.value: offer.told for offer in offered}
    read = words.listing([f"{offer.told} (dates: {offer.value})" for offer in offered], last="or")
    example = words.plain(offered[0].example)
    sentence = f"column {shown(column)}: dates are written as '{example}', which can be read as {read}"
    reading.questions["dates"] = Question(sentence, told)


def _as_neighbours(table: Table, column: str) -> tuple[str, str] | None:
    """The order of day and month that the other columns with dates prove, if they agree."""
    found: dict[str, str] = {}
    for other in table.of_kind("date"):
        if other.name == column:
            continue
        try:
            zone = _zone_as_written(table, other.name)
            told = date_column(table.source, other.name, table.spec, zone[0] if zone else None)[1].value
        except InputError:
            continue
        for order in ("day", "month"):
            if told.startswith(f"{order} first"):
                found.setdefault(f"{order}-first", other.name)
    if len(found) != 1:
        return None
    order, name = next(iter(found.items()))
    return order, f"as the dates in column {shown(name)} are written"


def _zone_as_written(table: Table, column: str) -> tuple[str, str] | None:
    """How times with an offset keep the date they are written with."""
    value = table.source.table[column]
    if value.type().is_timestamp() and value.type().timezone is not None:
        return "UTC", "dates are those of this time zone; change it to yours"
    if not value.type().is_string():
        return None
    offset = value.re_extract(
        r"[0-9]{1,2}:[0-9]{2}\S* ?(Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)\s*$", 1
    ).nullif("")
    source = table.source.table.select(offset=offset)
    source = source.filter(source["offset"].notnull())
    counts = source.group_by("offset").aggregate(rows=source.count())
    found = counts.order_by([ibis.desc("rows"), "offset"]).limit(3).to_pyarrow()["offset"].to_pylist()
    if not found:
        return None
    if all(text.upper() in ("Z", "UTC", "GMT") for text in found):
        return (
            "UTC",
            f"all times are written with {words.plain(found[0])}; write yours, for instance Europe/Berlin",
        )
    listed = words.listing([words.plain(text) for text in found], last="or")
    return AS_WRITTEN, f"local dates as they are written, with the offset {listed}"
