"""Small files in the layouts of shops, ledgers and warehouses, made anew, and what a draft for them reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from customer_value.config import load_settings
from customer_value.contract import read_orders
from customer_value.engines import Engine
from customer_value.guess import OrdersDraft, first_settings
from customer_value.inputs import check_inputs

NAMES = ("Ash", "Birk", "Cole", "Dorn", "Elm", "Frey", "Gant", "Hill", "Ivy", "Juno", "Kerr", "Lund")
PRICES = (Decimal("49.90"), Decimal("12.50"), Decimal("8.75"), Decimal("120.00"))


@dataclass(frozen=True)
class Sale:
    """A sale of the made-up shop; everything about it follows from its number."""

    n: int

    @property
    def who(self) -> int:
        return (self.n * 7 + self.n // 12 * 3) % 12

    @property
    def name(self) -> str:
        return NAMES[self.who]

    @property
    def mail(self) -> str:
        return f"{self.name.lower()}@example.org"

    @property
    def day(self) -> dt.date:
        return dt.date(2023, 1, 2) + dt.timedelta(days=3 * self.n)

    @property
    def quantity(self) -> int:
        return 1 + (self.n * 5 + self.n // 3) % 4

    @property
    def price(self) -> Decimal:
        return PRICES[(self.n + self.n // 4) % 4]

    @property
    def product(self) -> str:
        return f"SKU-{(self.n + self.n // 4) % 4 + 1}"

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


SALES = [Sale(n) for n in range(60)]
TOTAL = sum((sale.amount for sale in SALES), Decimal(0))


@dataclass(frozen=True)
class Case:
    """A file and what has to come of it.

    ``columns`` and ``options`` are parts of ``orders`` that the draft must hold, ``asked`` a part of the question
    (empty: none may be asked), ``answers`` replaces open choices by what a person would write, and ``kept`` is the
    money that is then counted.
    """

    content: str | bytes
    kept: Decimal | None = None
    columns: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    currency: str | None = None
    asked: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    customers: int | None = None
    name: str = "orders.csv"


def table(
    header: Sequence[str], rows: Sequence[Sequence[object]], sign: str = ",", encoding: str = "utf-8"
) -> bytes:
    """A text file."""
    lines = [sign.join(_field(cell, sign) for cell in row) for row in (header, *rows)]
    return ("\n".join(lines) + "\n").encode(encoding)


def of_sales(
    header: Sequence[str], row: Callable[[Sale], Sequence[object]], sign: str = ",", encoding: str = "utf-8"
) -> bytes:
    """A text file with a row for each sale."""
    return table(header, [row(sale) for sale in SALES], sign, encoding)


def of_lines(header: Sequence[str], row: Callable[[int, Sale], Sequence[object]], sign: str = ",") -> bytes:
    """A text file with the sales as lines of orders of one to three: the row is given the order's number."""
    return table(header, [row(order_of(sale), sale) for sale in SALES], sign)


def order_of(sale: Sale) -> int:
    """The order that a sale is a line of: orders have one, two and three lines in turn."""
    return sale.n // 6 * 3 + (0, 1, 1, 2, 2, 2)[sale.n % 6]


def first_of(order: int) -> Sale:
    """The first line of an order; what the order has in common is taken from it."""
    return next(sale for sale in SALES if order_of(sale) == order)


def total_of(order: int) -> Decimal:
    """The money of an order."""
    return sum((sale.amount for sale in SALES if order_of(sale) == order), Decimal(0))


def drafted(folder: Path, case: Case) -> tuple[OrdersDraft, dict[str, Any]]:
    """The draft for a case, in the current folder, and its settings as they stand."""
    raw = case.content.encode() if isinstance(case.content, str) else case.content
    (folder / case.name).write_bytes(raw)
    draft = first_settings(folder / case.name)
    return draft, yaml.safe_load(draft.text)


def ledger(folder: Path, text: str, answers: dict[str, str]) -> dict[str, tuple[int, Decimal]]:
    """The rows and money of each ledger line of the orders, once open choices are answered."""
    lines = []
    for line in text.splitlines():
        key = line.split(":")[0].strip(" -")
        lines.append(line.replace("???", answers[key], 1) if "???" in line and key in answers else line)
    (folder / "my.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = check_inputs(folder / "my.yml").ledger.of("orders")
    return {
        line.reason or line.status: (line.rows, Decimal(str(line.amount or 0)))
        for line in found
        if line.status != "note"
    }


def customers_of(folder: Path) -> int:
    """How many customers `ledger` has kept, by reading the file once more."""
    settings = load_settings(folder / "my.yml")
    with Engine(settings.engine, folder / "scratch") as engine:
        rows = read_orders(settings, folder, engine, folder / "scratch").rows
        return int(rows.customer_id.nunique().execute())


def _field(cell: object, sign: str) -> str:
    text = str(cell)
    return f'"{text}"' if sign in text else text
