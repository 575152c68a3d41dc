"""Shops of different shape, analysed once for all tests of lifetime value."""

from __future__ import annotations

import datetime as dt
import functools
import tempfile
from pathlib import Path

import numpy as np

from customer_value import clv
from customer_value.config import load_settings
from customer_value.inputs import write_run
from customer_value.workbook import Workbook

SAMPLE = Path(__file__).parents[1] / "data" / "sample"

SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, order_id: invoice, amount: amount, cost: cost}
"""


@functools.cache
def cdnow_workbook() -> Workbook:
    """The CDNOW sample."""
    return _workbook(SAMPLE / "cdnow.yml")


@functools.cache
def cdnow() -> clv.LifetimeValue:
    """The lifetime value of the CDNOW sample."""
    return clv.lifetime_value_of(cdnow_workbook())


@functools.cache
def shop_workbook(lines: str, settings: str = SETTINGS) -> Workbook:
    """The workbook of an order file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "orders.csv").write_text(lines, encoding="utf-8")
        (folder / "my.yml").write_text(settings, encoding="utf-8")
        return _workbook(folder / "my.yml")


@functools.cache
def analysed(lines: str, settings: str = SETTINGS, **options: float) -> clv.LifetimeValue:
    """The lifetime value of an order file."""
    return clv.lifetime_value_of(shop_workbook(lines, settings), **options)


@functools.cache
def shop(stay: float = 0.97, cost: float = 0.6, customers: int = 80) -> str:
    """Orders of a shop whose customers come back after a purchase with probability ``stay``."""
    rng = np.random.default_rng(1)
    lines, number = ["customer,date,invoice,amount,cost"], 0
    for customer in range(customers):
        day, gap = rng.integers(0, 300), rng.gamma(3, 8) + 3
        while day < 720:
            number += 1
            amount = rng.gamma(4, 25)
            date = dt.date(2023, 1, 2) + dt.timedelta(days=int(day))
            lines.append(f"K{customer:03d},{date},{number},{amount:.2f},{amount * cost:.2f}")
            if rng.random() > stay:
                break
            day += max(1, rng.exponential(gap))
    return "\n".join(lines) + "\n"


def _workbook(config: Path) -> Workbook:
    settings = load_settings(config)
    run = Path(_KEPT.name) / str(len(list(Path(_KEPT.name).iterdir())))
    write_run(settings, config.parent, run)
    return Workbook(settings, run)


_KEPT = tempfile.TemporaryDirectory()
