"""Small companies of different shape, for tests of whole reports."""

from __future__ import annotations

import numpy as np


def order_lines(shape: str) -> str:
    """An order file as CSV text; ``shape`` is one of the keys of SHAPES."""
    return SHAPES[shape]()


def _lines(rows) -> str:
    return "customer,date,invoice,amount,cost\n" + "".join(
        f"{c},{day},{number},{amount:.2f},{cost:.2f}\n" for number, (c, day, amount, cost) in enumerate(rows)
    )


def _day(number: int) -> str:
    return str(np.datetime64("2023-01-02") + int(number))


def _thirty() -> str:
    generator = np.random.default_rng(1)
    rows = []
    for customer in range(30):
        for day in np.sort(generator.integers(0, 700, generator.integers(1, 12))):
            amount = generator.gamma(2, 150)
            rows.append((f"K{customer:02d}", _day(day), amount, amount * 0.7))
    return _lines(rows)


def _losing() -> str:
    generator = np.random.default_rng(2)
    rows = []
    for customer in range(80):
        for day in np.sort(generator.integers(0, 500, generator.integers(1, 9))):
            amount = generator.gamma(2, 100)
            rows.append((f"K{customer:02d}", _day(day), amount, amount * 1.2))
    return _lines(rows)


def _one_customer() -> str:
    return _lines(("only", _day(30 * n), 100 + n, 60) for n in range(8))


def _all_returns() -> str:
    return _lines((f"K{n}", _day(n), -10.0 - n, -5) for n in range(12))


def _one_purchase_each() -> str:
    return _lines((f"K{n:03d}", _day(n), 20.0 + n, 5) for n in range(300))


def _even() -> str:
    return _lines(
        (f"K{c:03d}", _day(7 * week + c % 7), 50.0, 20) for c in range(60) for week in range(0, 100, 4)
    )


def _one_day() -> str:
    return _lines((f"K{n:03d}", "2024-05-01", 20.0 + n, 5) for n in range(50))


SHAPES = {
    "thirty customers": _thirty,
    "loses money": _losing,
    "one customer": _one_customer,
    "all returns": _all_returns,
    "one purchase each": _one_purchase_each,
    "even and regular": _even,
    "one day": _one_day,
}
