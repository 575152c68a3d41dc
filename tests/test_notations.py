"""Every notation that the settings accept gives the very tables that plain dates and amounts give.

What pages show is computed from these tables alone, so equal tables are equal pages.
"""

import csv
import datetime as dt
import io
import json
import sqlite3
from decimal import Decimal
from typing import get_args

import duckdb
import ibis
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer_value.inputs import read_state, write_run
from customer_value.settings import Settings, TableSource
from customer_value.sources.dates import NAMED
from customer_value.sources.engine import as_believed

HEAD = ("customer", "date", "order", "amount")
DAYS = [dt.date(2023, 1, 5) + dt.timedelta(23 * n + n % 4) for n in range(24)]
ROWS = [
    (1001 + n % 5, day, n, Decimal(1234 + 100 * n) * (-1 if n == 7 else 1) + Decimal("0.25"))
    for n, day in enumerate(DAYS)
]
ZERO = dt.date(1899, 12, 30)


def serial(day):
    return (day - ZERO).days


def noon(day):
    return dt.datetime(day.year, day.month, day.day, 12)


def turns(one, other):
    """Every other day written in another way."""
    return lambda day: one(day) if day.toordinal() % 2 else other(day)


def written(pattern):
    return lambda day: day.strftime(pattern)


STATED = {
    "iso": str,
    "year-month-day": written("%Y/%m/%d 23:59"),
    "day-first": written("%d/%m/%y"),
    "month-first": written("%m-%d-%Y"),
    "excel-serial": lambda day: f"{serial(day)}.75",
    "mixed": turns(serial, str),
    "mixed-day-first": turns(serial, written("%d/%m/%Y")),
    "mixed-month-first": turns(serial, written("%m/%d/%Y")),
    "minguo": lambda day: f"{day.year - 1911}/{day:%m/%d}",
    "buddhist": lambda day: f"{day:%d/%m}/{day.year + 543}",
    "reiwa": lambda day: f"令和{day.year - 2018}年{day.month}月{day.day}日",
    "%d.%m.%Y": written("%d.%m.%Y"),
    "%G-W%V-%u": written("%G-W%V-%u"),
    "%Y-%m-%d %H:%M %z": written("%Y-%m-%d 12:00 +0100"),
}
FOUND = [
    written(pattern) for pattern in ("%Y%m%d", "%d.%m.%Y", "%B %d, %Y", "%d %b %Y", "%Y年%m月%d日", "%Y-%m-%dT12:00Z")
]  # fmt: skip


def comma(amount):
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def side(minus, plus):
    return lambda amount: f"{abs(amount)} {minus if amount < 0 else plus}"


AMOUNTS = (
    (comma, {}),
    (lambda amount: str(amount).replace(".", ","), {"decimal": ","}),
    (str, {"decimal": "."}),
    (lambda amount: f"({-amount:,})" if amount < 0 else f"{amount:,}", {}),
    (lambda amount: f"{-amount}-" if amount < 0 else f"€ {amount}", {}),
    (lambda amount: f"{amount:E}", {}),
    (side("Dr", "Cr"), {"dr_cr": "credit-positive"}),
    (side("Cr", "Dr"), {"dr_cr": "debit-positive"}),
    (lambda amount: str(amount).translate(str.maketrans("0123456789.-", "０１２３４５６７８９．－")), {}),
    (lambda amount: f"CHF {amount:,}".replace(",", "'"), {}),
)
FILES = (
    {},
    {"separator": ";", "encoding": "utf-16"},
    {"separator": "tab", "encoding": "gb18030"},
    {"separator": "|", "header": True, "format": "csv"},
    {"header": False},
)
LAYOUTS = [
    (date, said, *AMOUNTS[n % len(AMOUNTS)], FILES[n % len(FILES)])
    for n, (said, date) in enumerate([*STATED.items(), *((None, date) for date in FOUND)])
]


def tables_of(folder, orders, **more):
    columns = {"customer_id": "customer", "order_date": "date", "order_id": "order", "amount": "amount"}
    settings = {"currency": "EUR", "orders": {"columns": columns, **orders}, "engine": {"threads": 1}, **more}
    write_run(Settings.model_validate(settings), folder, folder / "run")
    saved = {path.stem: pq.read_table(path) for path in (folder / "run" / "tables").glob("*.parquet")}
    state = read_state(folder / "run")
    lines = [(line.status, line.rows, line.amount) for line in state.ledger.lines if line.status != "note"]
    told = {name: (table.schema.remove_metadata(), table.to_pylist()) for name, table in saved.items()}
    return told | {"dates": state.dates, "ledger": lines}


def as_csv(folder, date=str, amount=str, *, separator=",", encoding="utf-8", header=True, **_):
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if separator == "tab" else separator, lineterminator="\n")
    writer.writerows([HEAD] if header else [])
    writer.writerows((f" {c}", date(day), n, amount(money)) for c, day, n, money in ROWS)
    (folder / "o.csv").write_bytes(text.getvalue().encode(encoding))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    as_csv(folder)
    return tables_of(folder, {"path": "o.csv"})


@pytest.mark.parametrize(("date", "said", "amount", "more", "file"), LAYOUTS)
def test_text_in_every_notation(tmp_path, plain, date, said, amount, more, file):
    as_csv(tmp_path, date, amount, **file)
    numbered = {
        "columns": dict(zip(("customer_id", "order_date", "order_id", "amount"), "1234", strict=True))
    }
    spec = {"path": "o.csv", "dates": said, **more, **file, **({} if file.get("header", True) else numbered)}
    assert tables_of(tmp_path, spec, timezone="Europe/Berlin") == plain


def test_no_notation_of_the_settings_is_forgotten():
    assert set(NAMED) == {name for name in STATED if "%" not in name}
    tried = [{**more, **file} for _, _, _, more, file in LAYOUTS]
    for field in ("decimal", "dr_cr"):
        accepted = {
            value for part in get_args(TableSource.model_fields[field].annotation) for value in get_args(part)
        }
        assert accepted == {spec[field] for spec in tried if field in spec}, field
    formats = get_args(get_args(TableSource.model_fields["format"].annotation)[0])
    assert set(formats) == {*STORED, "csv", "delta", "iceberg"}


def parquet(folder, ids, days, amounts):
    kinds = {"customer": ids, "date": days, "order": pa.array([row[2] for row in ROWS]), "amount": amounts}
    pq.write_table(pa.table(kinds), folder / "o.parquet")
    return {"path": "o.parquet"}


def in_duckdb(folder, sql):
    with duckdb.connect(str(folder / "o.duckdb")) as con:
        con.execute("SET timezone = 'UTC'")
        con.execute('CREATE TABLE plain (customer BIGINT, date DATE, "order" BIGINT, amount DECIMAL(18, 4))')
        con.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", ROWS)
        con.execute("CREATE TYPE one AS ENUM (SELECT DISTINCT customer::VARCHAR FROM plain ORDER BY 1 DESC)")
        con.execute(f"CREATE VIEW o AS SELECT * REPLACE ({sql}) FROM plain")
    return {"path": "o.duckdb", "table": "o"}


def in_sqlite(folder, date):
    with sqlite3.connect(folder / "o.sqlite") as con:
        con.execute('CREATE TABLE o (customer, date, "order", amount)')
        con.executemany(
            "INSERT INTO o VALUES (?, ?, ?, ?)", [(c, date(d), n, float(a)) for c, d, n, a in ROWS]
        )
    con.close()
    return {"path": "o.sqlite"}


def in_excel(folder, date, sheets=1):
    book = openpyxl.Workbook()
    for n in range(sheets):
        sheet = book.active if n == 0 else book.create_sheet()
        before = None
        for row in [HEAD, *sorted(ROWS)[n::sheets]]:
            customer, *rest = row if row is HEAD else (row[0], date(row[1]), row[2], float(row[3]))
            sheet.append([None if customer == before else customer, *rest])
            before = customer
    book.save(folder / "o.xlsx")
    return {"path": "o.xlsx", "fill_down": "customer", "sheet": "all" if sheets > 1 else 1}


def in_json(folder, date):
    rows = [dict(zip(HEAD, (c, date(d), n, float(a)), strict=True)) for c, d, n, a in ROWS]
    (folder / "o.json").write_text(json.dumps(rows))
    return {"path": "o.json"}


IDS, MONEY = [row[0] for row in ROWS], [row[3] for row in ROWS]
SERIALS, NOONS = [serial(day) for day in DAYS], [noon(day) for day in DAYS]
SERIAL = {"dates": "excel-serial"}
STORED = {
    "parquet": [
        lambda f: parquet(f, pa.array(IDS, pa.uint64()), DAYS, pa.array(MONEY, pa.decimal128(38, 20))),
        lambda f: parquet(
            f, pa.array(map(str, IDS)).dictionary_encode(), pa.array(NOONS, pa.timestamp("ns")), MONEY
        ),
        lambda f: parquet(f, pa.array(IDS, pa.float64()), pa.array(NOONS, pa.timestamp("ms", "UTC")), MONEY),
        lambda f: parquet(f, pa.array(map(str, IDS), pa.large_string()), pa.array(NOONS, pa.date64()), MONEY),
        lambda f: parquet(
            f, pa.array(map(Decimal, IDS), pa.decimal128(38, 2)), pa.array(NOONS, pa.timestamp("s")), MONEY
        ),
        lambda f: parquet(
            f, IDS, pa.array(NOONS, pa.timestamp("us", "America/New_York")), list(map(float, MONEY))
        ),
        lambda f: parquet(f, IDS, pa.array(map(str, DAYS)).dictionary_encode(), pa.array(map(str, MONEY))),
        lambda f: parquet(f, IDS, [int(day.strftime("%Y%m%d")) for day in DAYS], MONEY),
        lambda f: parquet(f, IDS, pa.array(SERIALS, pa.int32()), MONEY) | SERIAL,
        lambda f: parquet(f, IDS, [number + 0.75 for number in SERIALS], MONEY) | SERIAL,
        lambda f: (
            parquet(f, IDS, [day.replace(year=day.year + 543) for day in DAYS], MONEY) | {"dates": "buddhist"}
        ),
    ],
    "duckdb": [
        lambda f: in_duckdb(
            f, 'customer::HUGEINT AS customer, "order"::UHUGEINT AS "order", date::TIMESTAMPTZ AS date'
        ),
        lambda f: in_duckdb(
            f, "customer::VARCHAR::one AS customer, date::TIMESTAMP_S AS date, amount::DOUBLE AS amount"
        ),
    ],
    "sqlite": [lambda f: in_sqlite(f, str), lambda f: in_sqlite(f, serial) | SERIAL],
    "excel": [
        lambda f: in_excel(f, noon, sheets=2),
        lambda f: in_excel(f, lambda day: serial(day) + 0.25) | SERIAL,
        lambda f: in_excel(f, turns(serial, str)) | {"dates": "mixed"},
    ],
    "json": [lambda f: in_json(f, written("%d/%m/%Y")), lambda f: in_json(f, serial) | SERIAL],
}


@pytest.mark.parametrize(
    ("form", "write"), [(form, write) for form, some in STORED.items() for write in some]
)
def test_columns_of_every_type(tmp_path, plain, form, write):
    assert tables_of(tmp_path, {**write(tmp_path), "format": form}, timezone="Europe/Berlin") == plain


def test_types_that_ibis_believes_are_those_of_the_engine():
    con = ibis.duckdb.connect()
    con.raw_sql("CREATE TABLE plain AS SELECT DATE '2024-01-30' AS day, 1.5::DECIMAL(18, 4) AS price")
    table = con.table("plain")
    told = table.select(later=table.day + ibis.interval(days=2), square=table.price * table.price)
    con.raw_sql(f"CREATE TABLE held AS {con.compile(as_believed(told))}")
    assert con.table("held").schema() == told.schema()
    assert con.table("held").to_pyarrow()["later"].to_pylist() == [dt.date(2024, 2, 1)]
    assert as_believed(table) is table
