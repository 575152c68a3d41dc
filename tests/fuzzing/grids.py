"""Tables of a made-up company as grids of text, and the same grid as a file of every kind that is read."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import random
import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["BASES", "ENDINGS", "Dialect", "Grid", "packed", "written"]

ENDINGS = {
    "csv": ".csv", "json": ".json", "jsonl": ".jsonl", "parquet": ".parquet", "xlsx": ".xlsx", "xls": ".xls",
    "sqlite": ".sqlite", "duckdb": ".duckdb",
}  # fmt: skip
"""The kinds of file, with the endings of their names."""


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written."""

    separator: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    quoting: int = csv.QUOTE_MINIMAL


@dataclass
class Grid:
    """A table as text: headings, and rows that mutations may leave ragged.

    ``types`` holds the kinds of the columns, by place, for files that have types; without one a column is text.
    """

    headings: list[str]
    rows: list[list[str]]
    types: dict[int, str] = field(default_factory=dict)

    def squared(self) -> list[list[str]]:
        """The rows as wide as the headings."""
        width = len(self.headings)
        return [(row + [""] * width)[:width] for row in self.rows]


def _orders(dice: random.Random) -> Grid:
    start = dt.date(2023, 1, 2)
    rows = []
    for number in range(dice.choice((3, 12, 40, 40, 40, 150))):
        day = start + dt.timedelta(days=5 * number + dice.randrange(5))
        cents = dice.randrange(100, 90_000)
        amount = f"{cents // 100}.{cents % 100:02d}"
        cost = f"{cents * 6 // 1000}.{cents % 97:02d}"
        quantity, product = str(dice.randrange(1, 9)), f"P{dice.randrange(6)}"
        rows.append(
            [f"R{number:04d}", f"K{dice.randrange(12):02d}", day.isoformat(), product, quantity, amount, cost]
        )
    return Grid(["order", "customer", "date", "product", "quantity", "amount", "cost"], rows)


def _customers(dice: random.Random) -> Grid:
    rows = [
        [f"K{n:02d}", f"Firm {n}", dice.choice(("food", "steel", "")), f"2022-0{n % 9 + 1}-15", str(n * 1000)]
        for n in range(13)
    ]
    return Grid(["id", "name", "industry", "acquired", "potential"], rows)


def _contracts(dice: random.Random) -> Grid:
    rows = [
        [f"K{n:02d}", f"202{n % 3}-05-01", f"202{n % 3 + 1}-06-30" if n % 2 else "", f"{n}.50"]
        for n in range(13)
    ]
    return Grid(["customer", "started", "ended", "value"], rows)


def _service(dice: random.Random) -> Grid:
    rows = [
        [f"K{dice.randrange(13):02d}", f"2024-{n % 12 + 1:02d}-11", "visit", f"{n}.25"] for n in range(20)
    ]
    return Grid(["customer", "date", "activity", "cost"], rows)


def _feedback(dice: random.Random) -> Grid:
    kinds = ("complaint", "idea", "praise")
    rows = [
        [f"K{dice.randrange(13):02d}", f"2024-{n % 12 + 1:02d}-21", kinds[n % 3], "", ""] for n in range(12)
    ]
    return Grid(["customer", "date", "kind", "worth", "resolved"], rows)


def _referrals(dice: random.Random) -> Grid:
    return Grid(["by", "whom", "date"], [[f"K{n:02d}", f"K{n + 5:02d}", "2024-03-01"] for n in range(5)])


def _answers(dice: random.Random) -> Grid:
    rows = [
        [
            f"r{n}",
            f"K{n % 12:02d}",
            f"2024-0{n % 3 + 1}-05",
            f"Q{item}",
            str(dice.choice((1, 2, 3, 4, 5, -99))),
        ]
        for n in range(14)
        for item in range(1, 6)
    ]
    return Grid(["who", "account", "on", "item", "score"], rows)


def _wide_answers(dice: random.Random) -> Grid:
    rows = [
        [f"r{n}", f"K{n % 12:02d}", "2024-03-05", *(str(dice.choice((1, 2, 3, 4, 5, -99))) for _ in range(5))]
        for n in range(14)
    ]
    return Grid(["who", "account", "on", *(f"Q{item}" for item in range(1, 6))], rows)


def _codebook(dice: random.Random) -> Grid:
    aspects = ("expected", "perceived", "perceived", "overall", "attitude")
    rows = [
        [
            f"Q{n}",
            ("service", "service", "image", "overall", "loyalty")[n - 1],
            aspect,
            "1",
            "5",
            "no",
            "-99",
            "",
        ]
        for n, aspect in enumerate(aspects, 1)
    ]
    names = ["item", "construct", "aspect", "scale_min", "scale_max", "reversed", "missing_codes", "words"]
    return Grid(names, rows)


def _policy(dice: random.Random) -> Grid:
    rows = [["eight_class", "Ordinary win-back", "Write to them"], ["eight_class", "Ordinary keep", "Call"]]
    return Grid(["segmentation", "segment", "treatment"], rows)


BASES = {
    "orders": _orders, "customers": _customers, "contracts": _contracts, "service_costs": _service,
    "feedback": _feedback, "referrals": _referrals, "survey": _answers, "wide_survey": _wide_answers,
    "survey_items": _codebook, "policy": _policy,
}  # fmt: skip
"""The tables of the company before anything happens to them."""


def written(grid: Grid, kind: str, dialect: Dialect, dice: random.Random) -> bytes:
    """The bytes of a file of that kind with the rows of a grid."""
    if kind == "csv":
        return csv_text(grid, dialect).encode(dialect.encoding, "surrogatepass")
    if kind in ("json", "jsonl"):
        rows = [dict(zip(grid.headings, row, strict=True)) for row in grid.squared()]
        lines = [json.dumps(row, ensure_ascii=dice.random() < 0.5) for row in rows]
        text = "\n".join(lines) if kind == "jsonl" else "[" + ",\n".join(lines) + "]"
        return text.encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ENDINGS[kind]}"
        {"parquet": _parquet, "xlsx": _xlsx, "xls": _xls, "sqlite": _sqlite, "duckdb": _duckdb}[kind](
            grid, path, dice
        )
        return path.read_bytes()


def csv_text(grid: Grid, dialect: Dialect) -> str:
    """The text of a CSV, ragged rows as they are."""
    lines = io.StringIO()
    writer = csv.writer(
        lines, delimiter=dialect.separator, lineterminator=dialect.newline, quoting=dialect.quoting
    )
    writer.writerows([grid.headings, *grid.rows])
    return lines.getvalue()


def packed(content: bytes, way: str, name: str) -> tuple[bytes, str]:
    """The content as gzip or as the only member of a zip, with the name that then fits."""
    if way == "gz":
        return gzip.compress(content, mtime=0), f"{name}.gz"
    if way == "zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return target.getvalue(), f"{name}.zip"
    return content, name


def _safe(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


def _parquet(grid: Grid, path: Path, dice: random.Random) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from fuzzing.typed import as_type

    columns = zip(*grid.squared(), strict=True) if grid.rows else [[] for _ in grid.headings]
    arrays = [
        as_type([_safe(value) for value in column], grid.types.get(place, "text"), dice)
        for place, column in enumerate(columns)
    ]
    table = pa.Table.from_arrays(arrays, names=[_safe(name) for name in grid.headings])
    compression = dice.choice(("snappy", "none", "gzip", "zstd"))
    pq.write_table(table, path, row_group_size=dice.choice((7, 1000)), compression=compression)


def _natural(text: str) -> object:
    """A cell as a program would store it: a date or a number where it is one."""
    for read in (dt.date.fromisoformat, int, float):
        try:
            value = read(text)
        except (ValueError, OverflowError):
            continue
        return value if isinstance(value, dt.date) or abs(value) < 2**53 else _safe(text)
    return _safe(text)


def _xlsx(grid: Grid, path: Path, dice: random.Random) -> None:
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook()
    stamp = dt.datetime(2024, 1, 1)
    book.properties.created = book.properties.modified = stamp
    sheet = book.active
    natural = dice.random() < 0.7
    for number, row in enumerate([grid.headings, *grid.rows]):
        cells = [ILLEGAL_CHARACTERS_RE.sub("", _safe(value))[:32_000] for value in row]
        sheet.append([_natural(cell) for cell in cells] if natural and number else cells)
    if dice.random() < 0.05:
        book.create_sheet("Notes").append(["nothing", "here"])
    book.save(path)


def _xls(grid: Grid, path: Path, dice: random.Random) -> None:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Orders")
    plain, dates = xlwt.XFStyle(), xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for number, row in enumerate([grid.headings, *grid.rows][:60_000]):
        for place, cell in enumerate(row[:250]):
            value = _natural(cell) if number else _safe(cell)
            if isinstance(value, dt.date) and value.year < 1901:
                value = value.isoformat()
            style = dates if isinstance(value, dt.date) else plain
            sheet.write(number, place, value[:32_000] if isinstance(value, str) else value, style)
    book.save(str(path))


def _sqlite(grid: Grid, path: Path, dice: random.Random) -> None:
    from fuzzing.typed import as_sqlite

    names = _quoted(grid.headings)
    with sqlite3.connect(path) as con:
        kinds = [dice.choice(("", " text", " numeric")) for _ in names]
        con.execute(f"create table orders ({', '.join(map(''.join, zip(names, kinds, strict=True)))})")
        marks = ", ".join("?" for _ in names)
        rows = [
            [as_sqlite(_safe(value), grid.types.get(place, "text"), dice) for place, value in enumerate(row)]
            for row in grid.squared()
        ]
        con.executemany(f"insert into orders values ({marks})", rows)
    con.close()


def _duckdb(grid: Grid, path: Path, dice: random.Random) -> None:
    import duckdb

    names = _quoted(grid.headings)
    with duckdb.connect(str(path), config={"threads": 1}) as con:
        con.execute(f"create table orders ({', '.join(name + ' varchar' for name in names)})")
        marks = ", ".join("?" for _ in names)
        for row in grid.squared():
            con.execute(f"insert into orders values ({marks})", [_safe(value) for value in row])


def _quoted(headings: list[str]) -> list[str]:
    """Names that a database takes: none empty, none twice."""
    names: dict[str, str] = {}
    for place, heading in enumerate(headings):
        plain = _safe(heading).replace("\0", "").replace('"', '""')[:500] or str(place)
        plain = plain if plain.casefold() not in names else f"{plain} {place}"
        names[plain.casefold()] = f'"{plain}"'
    return list(names.values())
