"""What valid orders are, and where every row that does not count goes.

The rules, in the order in which a row is judged; the first that applies names its ledger line:

0. repeated heading, and the report's own exclusions of rows that are no orders at all (``no_order``: totals,
transfers); 1. no customer id, 2. blank or unreadable date, 3. blank or unreadable amount, 4. date after as_of,
5. exact duplicate (only if ``drop_duplicates``), 6. the report's own exclusions (service code,
bad-debt adjustment, …), 7. return dropped (only if ``returns: drop``).

Everything is an Ibis expression: the engine where the rows lie does the work, and no order line
reaches Python.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.ledger import RETURN, Ledger, LedgerLine
from customer_value.order_money import (
    ADDED,
    as_credits,
    first_return,
    less,
    of_order,
    order_totals,
    totals_warnings,
    with_refund,
    with_refunds,
)
from customer_value.reduction import NUMBER, ORDER_NUMBER, Survey, id_figures, survey_from
from customer_value.settings import Exclusion, OrdersTable, Settings
from customer_value.sources import (
    Reading,
    Source,
    date_column,
    find_place,
    id_and_written,
    id_column,
    number_column,
    open_table,
)
from customer_value.sources.engine import MONEY, as_believed, hashed
from customer_value.sources.native import as_money, rounded_money, row_key
from customer_value.sources.parquet import read_saved, save_parquet
from customer_value.sources.spark import as_view
from customer_value.sources.times import time_of_day
from customer_value.spellings import join_spellings
from customer_value.unread import (
    BLANK,
    BLANK_AMOUNT,
    BLANK_DATE,
    NO_AMOUNT,
    NO_DATE,
    blank_fields,
    refuse_unread,
    unread_rules,
    unread_warnings,
)
from customer_value.voids import TIME, Voids, void_note, with_voids

__all__ = [
    "MONEY",
    "NO_ORDERS",
    "Copies",
    "Orders",
    "copies_warning",
    "exact_copies",
    "ledger_notes",
    "read_orders",
]

LONGEST_SILENCE_DAYS, LONGER_THAN_BEFORE, HARDLY_ANY = 90, 3, 0.001
"""A last order date is taken for a typing mistake if it is more days after the one before it, more than so many times
the longest silence before, and if one row or less than this share of the rows has it."""

NO_ORDERS = "This needs orders; the settings file has none."
"""What is said where orders are asked for and a report has only a survey."""

_MOST_DISCOUNT = 1_000_000
_WRITTEN = "_written"

NO_ID = "no customer id"
LATE, DUPLICATE, REPEATED = "date after as_of", "exact duplicate", "same row in another file"
HEADING = "repeated heading"


@dataclass(frozen=True)
class Orders:
    """The kept order rows, lazily, with the account of all rows.

    Attributes
    ----------
    rows
        Ibis table where the orders lie: customer_id, order_date, amount and the mapped ones of order_id,
        product_id, quantity, unit_price, discount, channel; ``cost`` where cost, margin or a margin
        rate is known; ``_void``, whether a sale was taken back or takes one back (`customer_value.voids`),
        only where there are such rows; ``_hash``, equal for rows that are equal in every source column; ``_number`` and
        ``_order_number``, customer_id and order_id where DuckDB reads them as whole numbers. Money is
        DECIMAL in the report's currency.
    first_date
        First date with a kept row.
    as_of
        The date as of which everything is computed.
    as_of_stated
        Whether the settings gave it (otherwise it is the last order date).
    survey
        How the ids of the kept rows look; None where the rows do not lie in DuckDB.
    spellings
        How each customer id is written where spellings are joined (`customer_value.spellings`); else None.
    """

    rows: ibis.Table
    first_date: dt.date
    as_of: dt.date
    as_of_stated: bool
    ledger: Ledger
    warnings: tuple[str, ...]
    source: Source
    survey: Survey | None
    spellings: ibis.Table | None = None


@dataclass(frozen=True)
class Copies:
    """Kept rows that are equal to an earlier one in every column, and their money."""

    rows: int
    amount: Decimal


def read_orders(settings: Settings, base: Path, engine: Engine, scratch: Path) -> Orders:
    """Read, judge and account for every row of the orders.

    Parameters
    ----------
    settings
        The report's settings.
    base
        Folder that relative paths start from (that of the settings file).
    engine
        What the run computes with.
    scratch
        Folder for intermediate files; the caller removes it.

    Raises
    ------
    InputError
        If there are none, the source cannot be read, a column is missing, dates or numbers are ambiguous, several
        currencies come without rates, no row is left, the last date stands alone, or the ledger
        does not add up.
    """
    spec = settings.orders
    if spec is None:
        raise InputError(NO_ORDERS)
    source = open_table("orders", spec, base, engine, scratch, stays=True)
    source.require(_needed(spec))
    typed, readings = _typed(source, spec, settings)
    joined = join_spellings(typed, source, engine, scratch) if spec.join_spellings else None
    if joined is not None:
        typed, readings = joined.rows, [*readings, joined.reading]
    told = totals_warnings(typed, spec)
    typed = order_totals(typed, spec)
    if source.engine == "pyspark":
        typed = as_view(typed, "typed_orders")
    if _is_text(source, spec) or (source.engine == "duckdb" and _is_involved(spec)):
        typed = _materialised(typed, engine.local, scratch / "orders.parquet")
    judged = with_refunds(source, _judged(typed, spec, settings.as_of), spec, RETURN)
    account, survey = _account(judged, with_survey=source.engine == "duckdb")
    judged = _as_written(judged, account)
    judged, voids = with_voids(judged, account, spec, RETURN, engine, scratch)
    if voids is not None and spec.returns == "drop":
        account, survey = _account(judged, with_survey=source.engine == "duckdb")
    refuse_unread(source, spec, settings, account)
    dates = _kept_dates(account)
    as_of = settings.as_of or _last_date(source, spec, account, settings)
    lines = _lines(account, [rule.reason for rule in spec.exclude], source)
    lines += void_note(voids, spec.void_days, lambda amount: words.money(float(amount), settings.currency))
    ledger = Ledger(tuple(lines) + ledger_notes("orders", (*source.readings, *readings))).reconciled()
    _refuse_unusable(ledger)
    if spec.returns == "error":
        _refuse_returns(source, spec, account, voids)
    assert as_of is not None  # there is a kept row, so there is a last date
    everything = not ledger.rows("orders", "excluded")
    kept = judged if everything else judged.filter(judged.outcome.isnull())
    unused = ("outcome", "_excluded", "_file", *BLANK.values(), *([ADDED] if ADDED in kept.columns else []))
    rows = as_believed(_with_cost(source, kept, spec, settings, account).drop(*unused))
    warnings = (
        *told,
        *_row_warnings(ledger, settings),
        *unread_warnings(source, spec, settings, ledger),
        *_overlap_warnings(judged, source),
        *_as_of_warnings(dates[-1], settings),
    )
    spellings = None if joined is None else joined.spellings
    stated = settings.as_of is not None
    return Orders(rows, dates[0], as_of, stated, ledger, warnings, source, survey, spellings)


def exact_copies(rows: ibis.Table) -> Copies:
    """Count the kept rows that repeat an earlier one; every row is looked at."""
    groups = rows.group_by("_hash").aggregate(copies=rows.count(), amount=rows.amount.sum())
    repeated = groups.filter(groups.copies > 1)
    surplus = repeated.amount * (repeated.copies - 1) / repeated.copies
    found = (
        repeated.aggregate(rows=(repeated.copies - 1).sum(), amount=surplus.sum()).to_pyarrow().to_pylist()[0]
    )
    return Copies(int(found["rows"] or 0), Decimal(str(found["amount"] or 0)))


def copies_warning(copies: Copies, currency: str) -> tuple[str, ...]:
    """What a reader should know about exact copies: nothing if there are none."""
    if not copies.rows:
        return ()
    return (
        f"{words.count(copies.rows, 'row is', 'rows are')} an exact copy of an earlier one "
        f"({words.money(float(copies.amount), currency)}). They are kept, since an order can hold the same "
        "line twice; set drop_duplicates: true if they are mistakes.",
    )


def ledger_notes(table: str, readings: Sequence[Reading]) -> tuple[LedgerLine, ...]:
    """Ledger lines that state how a table was read."""
    return tuple(
        LedgerLine(table, "note", reading.aspect, detail=f"{reading.value} ({_how(reading)})")
        for reading in readings
    )


def _how(reading: Reading) -> str:
    return "stated" if reading.declared else "detected"


def _needed(spec: OrdersTable) -> dict[str, str]:
    fields = {name: column for name, column in spec.columns if column is not None}
    fields |= {f"exclude.{n}.column": rule.column for n, rule in enumerate(spec.exclude, 1)}
    return fields | {f"credits.{n}.column": rule.column for n, rule in enumerate(spec.credits, 1)}


def _typed(source: Source, spec: OrdersTable, settings: Settings) -> tuple[ibis.Table, list[Reading]]:
    """The source columns under the workbook's names and types; blanks and nonsense become NULL."""
    readings: list[Reading] = []

    def number(column: str | None) -> Any:
        if column is None:
            return None
        value, reading = number_column(source, column, spec)
        readings.extend([reading] if reading and reading not in readings else [])
        return value

    columns = spec.columns
    date, date_reading = date_column(source, columns.order_date, spec, settings.timezone)
    quantity, unit_price = number(columns.quantity), number(columns.unit_price)
    amount = number(columns.amount)
    if amount is None:
        amount = _product(source, quantity, unit_price)
    rate = _rate(source, spec, settings)
    money = {
        "amount": amount,
        "unit_price": unit_price,
        "cost": _cost(source, amount, quantity, columns, number),
    }
    customer, written = id_and_written(source, columns.customer_id)
    if columns.deduct:
        money["amount"] = less(source, money["amount"], columns.deduct, number(columns.deduct))
    if columns.refund:
        money |= with_refund(source, money["amount"], columns.refund, number(columns.refund))
    fields = {
        "customer_id": of_order(source, spec, customer),
        "order_date": of_order(source, spec, date),
        **{name: _converted(source, value, rate) for name, value in money.items() if value is not None},
        **_plain_fields(source, spec, quantity, unit_price, number),
        **_whole_ids(source, spec),
    }
    fields = as_credits(source, spec, fields)
    if written is not None and not _is_text(source, spec) and not _is_involved(spec):
        fields[_WRITTEN] = written
    time = time_of_day(source, columns.order_date, spec, settings.timezone)
    if time is not None:
        fields[TIME] = time
    fields |= blank_fields(source, spec)
    fields["_hash"] = _row_hash(source)
    fields["_file"] = source.table["_file"]
    fields["_excluded"] = _first_exclusion(source, spec)
    table = as_believed(source.table.select(**fields))
    return table, [date_reading, *readings]


def _plain_fields(
    source: Source, spec: OrdersTable, quantity: Any, unit_price: Any, number: Any
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    columns = spec.columns
    if columns.order_id:
        fields["order_id"] = id_column(source, columns.order_id)
    if columns.product_id and spec.amount_is == "row":
        fields["product_id"] = id_column(source, columns.product_id)
    if columns.channel:
        fields["channel"] = id_column(source, columns.channel)
    if quantity is not None:
        fields["quantity"] = quantity
    if columns.discount:
        fields["discount"] = number(columns.discount)
    elif columns.list_price and unit_price is not None:
        fields["discount"] = _discount(unit_price, number(columns.list_price))
    return fields


def _whole_ids(source: Source, spec: OrdersTable) -> dict[str, Any]:
    """Ids that are whole numbers in DuckDB as such: they are looked at much faster than as text."""
    named = {NUMBER: spec.columns.customer_id, ORDER_NUMBER: spec.columns.order_id}
    return {
        name: of_order(source, spec, source.table[column].cast("int64"))
        for name, column in named.items()
        if column and source.engine == "duckdb" and source.table[column].type().is_signed_integer()
    }


def _discount(price: Any, listed: Any) -> Any:
    """What is off the list price, as a fraction of it; by steps that every engine takes alike."""
    off = 1 - price.cast("float64") / listed.cast("float64").nullif(0)
    sensible = ibis.ifelse(off.abs() < _MOST_DISCOUNT, off, ibis.null())
    return rounded_money((sensible * 10_000 + 0.5).floor().cast(MONEY) * _literal(Decimal("0.0001")))


def _row_hash(source: Source) -> Any:
    values = [source.table[name] for name in sorted(source.table.columns) if name != "_file"]
    if source.engine != "duckdb":
        return row_key(source, values)
    return hashed(ibis.struct({str(n): value for n, value in enumerate(values)}))


def _product(source: Source, value: Any, factor: Any) -> Any:
    """A product as money, NULL where it is too large.

    DuckDB stops where the product of two 18-digit numbers has more than 18 digits, so one is made longer.
    """
    longer = value.cast(f"decimal(38, {factor.type().scale})") if source.engine == "duckdb" else value
    return _money(source, longer * factor)


def _money(source: Source, value: Any) -> Any:
    """A result as money, NULL where it is too large."""
    if source.engine != "duckdb":
        return as_money(value)
    return value.try_cast("decimal(36, 4)").try_cast(MONEY)


def _cost(source: Source, amount: Any, quantity: Any, columns: Any, number: Any) -> Any:
    if columns.cost:
        return number(columns.cost)
    if columns.unit_cost:
        return _product(source, quantity, number(columns.unit_cost))
    if columns.margin:
        return _money(source, amount - number(columns.margin))
    return None


def _rate(source: Source, spec: OrdersTable, settings: Settings) -> Any:
    """The value of a row's currency in the report's, or None if there is but one currency."""
    column = spec.columns.currency
    if column is None:
        return None
    written = id_column(source, column)
    code = of_order(source, spec, written).upper()
    found = source.table.select(code=code).distinct().order_by("code").limit(200).execute()["code"]
    codes = [str(value) for value in found if isinstance(value, str)]
    rates = {settings.currency: 1.0, **{name.upper(): rate for name, rate in spec.rates.items()}}
    unknown = [name for name in codes if name not in rates]
    if settings.currency == words.NO_CURRENCY and len(unknown) == 1 and len(codes) == 1:
        return None
    if unknown:
        listed = words.listing([words.plain(name, 12) for name in codes])
        own = "one currency" if settings.currency == words.NO_CURRENCY else settings.currency
        raise InputError(
            f"orders, column '{column}': amounts are in {listed} but the report is in {own}; "
            f"give their value in {own} under orders.rates, or set currency."
        )
    if len(codes) != len(found):
        place, _ = find_place(source, column, written.isnull())
        raise InputError(f"{place}: the currency (column '{column}') is blank; fill it in.")
    if codes in ([settings.currency], []):
        return None
    return ibis.cases(*((code == name, _literal(rates[name])) for name in codes))


def _literal(number: float | Decimal) -> Any:
    """A number as the DECIMAL that it is written as; engines differ in what they make of one without a type."""
    written = Decimal(str(number)).normalize()
    _, digits, exponent = written.as_tuple()
    scale = max(-int(exponent), 4)
    whole = max(len(digits) + int(exponent), 0)
    return ibis.literal(written, type=f"decimal({max(whole + scale, 18)}, {scale})")


def _converted(source: Source, value: Any, rate: Any) -> Any:
    return value if rate is None else _product(source, value, rate)


def _first_exclusion(source: Source, spec: OrdersTable) -> Any:
    rules = [(_matches(source, spec, rule), rule.reason) for rule in spec.exclude]
    if _may_repeat_headings(source, spec):
        rules.insert(0, (_is_heading(source, spec), HEADING))
    return ibis.cases(*rules) if rules else ibis.null("string")


def _no_orders(spec: OrdersTable) -> list[str]:
    return [rule.reason for rule in spec.exclude if rule.no_order]


def _may_repeat_headings(source: Source, spec: OrdersTable) -> bool:
    """Whether a row can hold the headings once more: all columns of a file are text then."""
    texts = (source.table[column].type().is_string() for _, column in spec.columns if column is not None)
    return source.numbered and any(source.header_rows) and all(texts)


def _is_heading(source: Source, spec: OrdersTable) -> Any:
    columns = dict.fromkeys(column for _, column in spec.columns if column is not None)
    return ibis.and_(*(id_column(source, name) == name for name in columns)).fill_null(False)


def _matches(source: Source, spec: OrdersTable, rule: Exclusion) -> Any:
    if rule.below is not None or rule.above is not None:
        value, _ = number_column(source, rule.column, spec)
        over = value > rule.above if rule.above is not None else value < rule.below
        return over.fill_null(False)
    text = of_order(source, spec, id_column(source, rule.column))
    if rule.is_ is not None:
        return text.isin([str(value) for value in rule.is_]).fill_null(False)
    if rule.is_not is not None:
        return ~text.isin([str(value) for value in rule.is_not]).fill_null(False)
    starts = [text.startswith(prefix) for prefix in rule.starts_with or ()]
    return ibis.or_(*starts).fill_null(False)


def _is_text(source: Source, spec: OrdersTable) -> bool:
    """Whether dates or numbers have to be parsed; then it is done once."""
    columns = spec.columns
    parsed = {
        columns.order_date, columns.amount, columns.quantity, columns.unit_price, columns.cost, columns.unit_cost,
        columns.margin, columns.list_price, columns.discount, columns.refund,
        columns.deduct,
    }  # fmt: skip
    here = source.engine == "duckdb"
    return here and any(source.table[name].type().is_string() for name in parsed if name is not None)


def _is_involved(spec: OrdersTable) -> bool:
    """Whether a row's customer or money depends on other rows; then it is worked out once."""
    return spec.amount_is != "row" or spec.join_spellings


def _materialised(table: ibis.Table, con: Any, path: Path) -> ibis.Table:
    """Text is parsed once: the typed rows go to Parquet and are read from there."""
    save_parquet(table, path)
    return read_saved(con, path)


def _judged(typed: ibis.Table, spec: OrdersTable, as_of: dt.date | None) -> ibis.Table:
    """The typed rows with ``outcome``: NULL for kept rows, else the reason of the exclusion."""
    ids = typed[NUMBER] if NUMBER in typed.columns else typed.customer_id
    rules = [
        (typed["_excluded"].isin([HEADING, *_no_orders(spec)]), typed["_excluded"]),
        (ids.isnull(), NO_ID),
        *unread_rules(typed),
    ]
    if as_of is not None:
        rules.append((typed.order_date > ibis.literal(as_of), LATE))
    first = typed.mutate(outcome=ibis.cases(*rules))
    if spec.drop_duplicates:
        first = _without_duplicates(first, spec.drop_duplicates)
    rest = [(first.outcome.notnull(), first.outcome), (first["_excluded"].notnull(), first["_excluded"])]
    if spec.returns == "drop":
        rest.append((first.amount < 0, ibis.literal(RETURN)))
    return first.mutate(outcome=ibis.cases(*rest))


def _without_duplicates(table: ibis.Table, how: object) -> ibis.Table:
    """Mark all but one of identical rows; across files only, rows that one file holds twice stay.

    Where only one of them has their order's money, that one is left.
    """
    first = ["_file", ibis.desc(ibis._.amount.abs())]
    if how == "across_files":
        within = table.mutate(
            _copy=ibis.row_number().over(ibis.window(group_by=["_hash", "_file"], order_by=first))
        )
        keys, reason = ["_hash", "_copy"], REPEATED
    else:
        within, keys, reason = table.mutate(_copy=ibis.literal(0)), ["_hash"], DUPLICATE
    nth = ibis.row_number().over(ibis.window(group_by=keys, order_by=first))
    numbered = within.mutate(_nth=nth)
    marked = numbered.mutate(
        outcome=ibis.coalesce(
            numbered.outcome, ibis.ifelse(numbered["_nth"] > 0, reason, ibis.null("string"))
        )
    )
    return marked.drop("_copy", "_nth")


def _account(judged: ibis.Table, *, with_survey: bool) -> tuple[pd.DataFrame, Survey | None]:
    """What became of all rows, and how the ids of the kept ones look, in one pass.

    The account is a row per outcome and date: columns outcome (None: kept), order_date, rows, amount (exact),
    returns, no_amount, no_cost and trimmed (rows with a negative amount, without amount, without cost, with a
    customer id that is written otherwise).
    """
    figures = {
        "rows": judged.count(),
        "amount": judged.amount.sum(),
        "returns": (judged.amount < 0).sum(),
        "no_amount": judged.amount.isnull().sum(),
    }
    if "cost" in judged.columns:
        figures["no_cost"] = judged["cost"].isnull().sum()
    if ADDED in judged.columns:
        figures["added"] = judged[ADDED].sum()
        figures["added_amount"] = judged.amount.sum(where=judged[ADDED])
    if _WRITTEN in judged.columns:
        figures["trimmed"] = (~judged.customer_id.identical_to(judged[_WRITTEN])).sum()
    asked = figures | (id_figures(judged) if with_survey else {})
    found = judged.group_by("outcome", "order_date").aggregate(**asked).to_pyarrow().to_pylist()
    survey = survey_from(group for group in found if group["outcome"] is None) if with_survey else None
    frame = pd.DataFrame(found, columns=["outcome", "order_date", *figures], dtype=object)
    counts = [name for name in figures if name not in ("amount", "added_amount")]
    return frame.assign(**{name: [int(value or 0) for value in frame[name]] for name in counts}), survey


def _as_written(judged: ibis.Table, account: pd.DataFrame) -> ibis.Table:
    """The judged rows with the source's own column of customer ids if it needs no trimming.

    Where every row is kept, the outcome is no longer worked out either.
    """
    if account["outcome"].isna().all():
        judged = judged.mutate(outcome=ibis.null("string"))
    if _WRITTEN not in judged.columns:
        return judged
    if account["trimmed"].sum():
        return judged.drop(_WRITTEN)
    return judged.mutate(customer_id=judged[_WRITTEN]).drop(_WRITTEN)


def _kept_dates(account: pd.DataFrame) -> list[dt.date]:
    """The dates of kept rows, earliest first."""
    return sorted(account.loc[account["outcome"].isna(), "order_date"])


def _last_date(
    source: Source, spec: OrdersTable, account: pd.DataFrame, settings: Settings
) -> dt.date | None:
    """The last date with a kept row, unless it must be a typing mistake."""
    days = _kept_dates(account)
    if not days:
        return None
    if not _stands_alone(account, days):
        return days[-1]
    last, before = days[-1], days[-2]
    column = spec.columns.order_date
    date, _ = date_column(source, column, spec, settings.timezone)
    place, value = find_place(source, column, date == ibis.literal(last))
    raise InputError(
        f"{place}, column '{column}': the last order date, {words.day(last)} "
        f"('{words.plain(value)}'), is {words.count((last - before).days)} days after the one before "
        f"it, {words.day(before)}. Correct it, or state as_of in the settings if it is right "
        f"(as_of: {last.isoformat()}) or to leave it out (as_of: {before.isoformat()})."
    )


def _stands_alone(account: pd.DataFrame, days: Sequence[dt.date]) -> bool:
    """Whether the last day follows a silence unlike any before it, and hardly a row says so."""
    silences = [(later - day).days for day, later in pairwise(days)]
    if not silences or silences[-1] <= max(
        LONGEST_SILENCE_DAYS, LONGER_THAN_BEFORE * max(silences[:-1], default=0)
    ):
        return False
    kept = account[account["outcome"].isna()]
    rows = int(kept.loc[kept["order_date"] == days[-1], "rows"].sum())
    return rows == 1 or rows < HARDLY_ANY * kept["rows"].sum()


def _lines(account: pd.DataFrame, rules: Sequence[str], source: Source) -> list[LedgerLine]:
    """The ledger lines; a rule of the settings that matches nothing has a line of no rows.

    What was read is counted where the source was opened, and must be what was judged.
    """
    found = {
        _text(outcome): (int(part["rows"].sum()), sum(map(_exact, part["amount"]), Decimal(0)))
        for outcome, part in account.groupby(account["outcome"].map(_text))
    }
    added = [] if "added" not in account else [_added(account)]
    more, its_money = added[0] if added else (0, Decimal(0))
    read = (
        sum(source.counts) or sum(rows for rows, _ in found.values()) - more,
        sum((a for _, a in found.values()), Decimal(0)) - its_money,
    )
    kept = found.pop("", (0, Decimal(0)))
    rows = {reason: (0, Decimal(0)) for reason in rules} | found
    excluded = sorted(rows.items(), key=lambda item: (_rank(item[0]), item[0]))
    return [
        LedgerLine("orders", "read", "", *read),
        *(LedgerLine("orders", "added", "money given back", *figures) for figures in added if figures[0]),
        LedgerLine("orders", "kept", "", *kept),
        *(LedgerLine("orders", "excluded", reason, *figures) for reason, figures in excluded),
    ]


def _added(account: pd.DataFrame) -> tuple[int, Decimal]:
    """Rows that stand for refunds, and their money."""
    return int(account["added"].sum()), sum(map(_exact, account["added_amount"]), Decimal(0))


def _rank(reason: str) -> int:
    order = [HEADING, NO_ID, BLANK_DATE, NO_DATE, BLANK_AMOUNT, NO_AMOUNT, LATE, DUPLICATE, REPEATED]
    return order.index(reason) if reason in order else len(order)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _exact(value: object) -> Decimal:
    return value if isinstance(value, Decimal) and value.is_finite() else Decimal(0)


def _refuse_unusable(ledger: Ledger) -> None:
    if ledger.rows("orders", "kept") == 0:
        why = words.listing(
            f"{words.count(line.rows or 0, 'row')}: {line.reason}" for line in ledger.of("orders", "excluded")
        )
        late = any(line.reason == LATE for line in ledger.of("orders", "excluded"))
        check = "as_of" if late else "the columns"
        raise InputError(f"orders: no row is left to analyse ({why}). Check {check} in the settings.")


def _refuse_returns(source: Source, spec: OrdersTable, account: pd.DataFrame, voids: Voids | None) -> None:
    given = account.loc[account["outcome"].isna(), "returns"].sum()
    if given > (0 if voids is None else voids.rows // 2):
        amount_column, place, text = first_return(source, spec)
        raise InputError(
            f"{place}, column '{amount_column}': a return or credit ({words.plain(text)}), and "
            "the settings say returns: error. Use returns: net to subtract returns, or drop."
        )


def _with_cost(
    source: Source, kept: ibis.Table, spec: OrdersTable, settings: Settings, account: pd.DataFrame
) -> ibis.Table:
    """Fill in cost from the margin rate where it is not known."""
    rate = settings.margin_rate
    if rate is not None:
        by_rate = _product(source, kept.amount, _literal(round(1 - Decimal(str(rate)), 16)))
        known = kept["cost"] if "cost" in kept.columns else ibis.null(MONEY)
        return kept.mutate(cost=ibis.coalesce(known, by_rate))
    if "cost" in kept.columns:
        unknown = int(account.loc[account["outcome"].isna(), "no_cost"].sum())
        if unknown:
            column = spec.columns.cost or spec.columns.unit_cost or spec.columns.margin
            raise InputError(
                f"orders, column '{column}': {words.count(unknown, 'kept row has', 'kept rows have')} no readable "
                "value. Fill it in, or set margin_rate, which is then used for these rows."
            )
    return kept


def _row_warnings(ledger: Ledger, settings: Settings) -> list[str]:
    read_rows, read_amount = ledger.rows("orders", "read"), ledger.amount("orders", "read")
    found = []
    for line in ledger.of("orders", "excluded"):
        rows, amount = line.rows or 0, line.amount or Decimal(0)
        share = float(abs(amount) / abs(read_amount)) if read_amount else rows / read_rows
        if not rows:
            found.append(
                f"The exclusion '{words.plain(line.reason)}' leaves out no row: none matches, or another reason "
                "already left them out."
            )
        if line.reason == NO_ID and max(share, 0) > 0.01:
            of_all = f", {words.percent(share)} of all that was read" if 0 <= amount <= read_amount else ""
            found.append(
                f"{words.count(rows, 'row has', 'rows have')} no customer id and cannot be assigned to "
                f"anyone: {words.money(float(amount), settings.currency)}{of_all}. Every figure in this report "
                "leaves them out."
            )
    return found


def _overlap_warnings(judged: ibis.Table, source: Source) -> list[str]:
    if len(source.files) < 2:
        return []
    pairs = judged.filter(judged.outcome.isnull()).group_by("_hash", "_file").aggregate(n=ibis._.count())
    spread = pairs.group_by("_hash").aggregate(files=ibis._.count())
    shared = pairs.semi_join(spread.filter(spread.files > 1), "_hash")
    other = shared.view()
    both = shared.join(other, [shared["_hash"] == other["_hash"], shared["_file"] < other["_file"]])
    both = both.select(a=shared["_file"], b=other["_file"], n=ibis.least(shared.n, other.n))
    found = both.group_by("a", "b").aggregate(rows=both.n.sum()).order_by("a", "b").limit(20).execute()
    names = [file.name for file in source.files]
    return [
        f"{names[int(row.a)]} and {names[int(row.b)]} overlap: they share "
        f"{words.count(row.rows, 'identical row')}, which count twice. If a block was exported twice, set "
        "drop_duplicates: across_files."
        for row in found.itertuples()
    ]


def _as_of_warnings(last: dt.date, settings: Settings) -> list[str]:
    if settings.as_of is None:
        return []
    silence = (settings.as_of - last).days
    if silence <= LONGEST_SILENCE_DAYS:
        return []
    return [
        f"as_of is {words.day(settings.as_of)} but the last order is of {words.day(last)}, "
        f"{words.count(silence)} days earlier: every customer looks inactive. Check that the data are complete."
    ]
