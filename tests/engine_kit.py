"""The same orders in every kind of place that orders can lie in."""

import datetime as dt
import random
import sqlite3
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

COLLECTED = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning"),
]
"""For tests with servers and Spark, whose drivers leave sockets and files to the collector."""

MONEY = pa.decimal128(18, 4)
SCHEMA = pa.schema(
    {
        "customer": pa.string(),
        "ordered": pa.string(),
        "day": pa.date32(),
        "at": pa.timestamp("us"),
        "instant": pa.timestamp("us", tz="UTC"),
        "amount": MONEY,
        "quantity": MONEY,
        "unit price": MONEY,
        "List": MONEY,
        "cost": MONEY,
        "discount": MONEY,
        "order": pa.string(),
        "product": pa.string(),
        "currency": pa.string(),
        "note": pa.string(),
        "price": pa.float64(),
    }
)
HOSTILE = (
    "O'Brien", '"; DROP TABLE orders; --', "<b>x</b>", "=1+1", "名前", "🦊", "a\\b", "a,b", "A", "a", "ä", "Ä", "%_?",
    "{{ 7 * 7 }}", "$$", "-- /* x */", ":name %(x)s", "viv", "fluff", "\vt\f",
)  # fmt: skip
START = dt.date(2023, 1, 2)


def generated_orders(rows: int, seed: int = 1) -> pa.Table:
    """Orders with a few of everything that can be odd about a row."""
    rng = random.Random(seed)
    names = [*HOSTILE, *(f"C{number:03d}" for number in range(30))]
    records = [_record(rng, names) for _ in range(rows)]
    records += [_taken_back(rng, record) for record in rng.sample(records, rows // 8)]
    records += [records[place] for place in (0, 0, 5, 17)]
    rng.shuffle(records)
    return pa.Table.from_pylist(records, schema=SCHEMA)


def _record(rng: random.Random, names: list[str]) -> dict[str, object]:
    name = rng.choice(names)
    day = START + dt.timedelta(min(rng.randrange(730), rng.randrange(900)))
    time = dt.time(rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.choice([0, 123_456]))
    sign = -1 if rng.random() < 0.1 else 1
    quantity = Decimal(rng.randrange(1, 40)) * sign
    price = Decimal(rng.randrange(1, 50_000)) / 100
    listed = price * rng.choice([1, 2, Decimal("1.25")])
    at = dt.datetime.combine(day, time)
    return {
        "customer": rng.choice([name] * 40 + [f" {name}\t", f"\u00a0{name}\u3000"] * 5 + [None, " "]),
        "ordered": rng.choice([day.isoformat()] * 30 + [None, "soon", "2024-02-30", f"{day} 10:15:00", "1899-01-01"]),
        "day": None if rng.random() < 0.03 else day,
        "at": at,
        "instant": at.replace(tzinfo=dt.UTC),
        "amount": rng.choice([quantity * price] * 20 + [None, *map(Decimal, ("0", "0.0001", "12345678901.2345"))]),
        "quantity": quantity,
        "unit price": price,
        "List": rng.choice([listed, listed, None, Decimal(0)]),
        "cost": quantity * price * Decimal("0.6") if rng.random() < 0.9 else None,
        "discount": rng.choice([None, *(Decimal(n) / 100 for n in (0, 5, 10, 33))]),
        "order": rng.choice([None, " ", *(f"{name}-{number % 40}" for number in (day.toordinal(), rng.randrange(40)))]),
        "product": rng.choice([None, " p", "p", "P", "q", "ß", "z1"]),
        "currency": rng.choice(["EUR", "eur ", "USD"]),
        "note": rng.choice([*HOSTILE, "", None]),
        "price": float(quantity * price),
    }  # fmt: skip


def _taken_back(rng: random.Random, record: dict[str, object]) -> dict[str, object]:
    """A row of the opposite money at some hour of the same day or the next one."""
    money = {name: _opposite(record[name]) for name in ("amount", "quantity", "cost", "price")}
    later = rng.choice([dt.timedelta(hours=2), dt.timedelta(), -dt.timedelta(hours=2), dt.timedelta(days=1)])
    at = record["at"] + later
    other = {"order": rng.choice([record["order"], f"C{rng.randrange(1000)}"])}
    written = {"day": at.date(), "ordered": at.isoformat(sep=" ", timespec="seconds")}
    return {**record, **money, **other, **written, "at": at, "instant": at.replace(tzinfo=dt.UTC)}


def _opposite(value: object) -> object:
    return None if value is None else -value


def write_parquet(table: pa.Table, folder: Path, parts: int = 1) -> None:
    """A file, or a folder of parts."""
    folder.mkdir(parents=True, exist_ok=True)
    size = -(-len(table) // parts)
    for number in range(parts):
        pq.write_table(table.slice(number * size, size), folder / f"{number}.parquet")


def write_csv(table: pa.Table, path: Path) -> None:
    path.write_text(csv_text(table), encoding="utf-8")


def csv_text(table: pa.Table, *, header: bool = True) -> str:
    """Text in quotes, NULL as nothing."""
    out = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, out, pyarrow.csv.WriteOptions(include_header=header))
    return out.getvalue().to_pybytes().decode()


def write_duckdb(table: pa.Table, path: Path, name: str) -> None:
    with duckdb.connect(str(path)) as con:
        con.register("arrow", table)
        con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM arrow')


def write_sqlite(table: pa.Table, path: Path, name: str) -> None:
    columns = ", ".join(f'"{column}"' for column in table.column_names)
    marks = ", ".join("?" * table.num_columns)
    with sqlite3.connect(path) as con:
        con.execute(f'CREATE TABLE "{name}" ({columns})')
        con.executemany(f'INSERT INTO "{name}" VALUES ({marks})', (_simple(row) for row in table.to_pylist()))
    con.close()


def _simple(row: dict[str, object]) -> list[object]:
    return [value if value is None or isinstance(value, float) else str(value) for value in row.values()]


def read_tables(run: Path) -> dict[str, pd.DataFrame]:
    """The reduced tables of a run."""
    found = {}
    for path in sorted((run / "tables").glob("*.parquet")):
        files = sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]
        found[path.stem] = pa.concat_tables([pq.read_table(file) for file in files]).to_pandas()
    return found
