"""How long RFM takes, and how much memory, for a number of customers.

    python benchmarks/rfm.py 10000000 --folder scratch/rfm-10m

Makes a run with reduced tables of that many simulated customers (once; the folder keeps it), then
computes everything that notebook 03 computes, records it, and draws its figures. Prints seconds,
processor seconds (on a busy machine the better measure) and peak memory per step. Peak memory per step
needs Linux; elsewhere it is that of the process so far.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis

from customer_value import plots, reduce, rfm, show, tables
from customer_value.settings import OrdersTable, RfmSettings, Settings
from customer_value.workbook import Workbook

AS_OF = dt.date(2024, 12, 31)
PREVIOUS = dt.date(2023, 12, 31)
CALIBRATION_END = dt.date(2023, 9, 30)
DAYS = """
    COPY (
        WITH people AS (
            SELECT range AS number,
                   DATE '2020-01-01' + (hash(range) % 1800)::INTEGER AS first_day,
                   1 + floor(-ln((hash(range, 1) % 1000000 + 0.5) / 1000000) * 2.2)::INTEGER AS days
            FROM range({customers})
        ), purchases AS (
            SELECT number, place,
                   first_day + CASE WHEN place = 0 THEN 0
                       ELSE (hash(number, place) % (1 + date_diff('day', first_day, DATE '{as_of}')))::INTEGER
                   END AS order_date,
                   round(exp(3 + (hash(number, 2) % 2000) / 1000.0 + (hash(number, place, 3) % 1000) / 1000.0), 2)
                       AS money
            FROM people, range(200) r(place)
            WHERE place < days
        ), sold AS (
            SELECT format('C{{:09d}}', number) AS customer_id, order_date::DATE AS order_date,
                   sum(money)::DECIMAL(18, 2) AS gross, count(*) AS orders
            FROM purchases GROUP BY ALL
        )
        SELECT customer_id, order_date, true AS bought, gross, 0::DECIMAL(18, 2) AS returns,
               gross AS net_revenue, (gross * 0.3)::DECIMAL(18, 2) AS margin, orders,
               date_diff('day', lag(order_date) OVER (PARTITION BY customer_id ORDER BY order_date), order_date)
                   AS gap
        FROM sold ORDER BY customer_id, order_date
    ) TO '{target}' (FORMAT parquet)
"""


def main() -> None:
    """Make the tables if they are not there, and measure."""
    parser = argparse.ArgumentParser(description="Measure RFM on simulated customers.")
    parser.add_argument("customers", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("scratch/rfm"))
    parser.add_argument("--memory-limit", help="of the engine, such as 4GB; default: the engine's own")
    chosen = parser.parse_args()
    if not tables.parquet_path(chosen.folder, "customer_months").exists():
        make_run(chosen.folder, chosen.customers)
    measure(chosen.folder, chosen.memory_limit)


def make_run(folder: Path, customers: int) -> None:
    """Leave the reduced tables of a simulated company in a folder."""
    tables.tables_folder(folder).mkdir(parents=True, exist_ok=True)
    con = ibis.duckdb.connect()
    con.raw_sql("SET memory_limit = '5GB'")
    con.raw_sql(f"SET temp_directory = '{folder / 'scratch'}'")
    path = folder / "days.parquet"
    con.raw_sql(DAYS.format(customers=customers, as_of=AS_OF, target=path))
    days = con.read_parquet(path)
    reduce.customers_at(days, AS_OF).to_parquet(tables.parquet_path(folder, "customers"))
    parts = []
    for date in (PREVIOUS, CALIBRATION_END, AS_OF):
        table = reduce.customers_at(days, date, date.replace(year=date.year - 1))
        target = folder / f"snapshot-{date}.parquet"
        table.select(as_of=ibis.literal(date), **{c: table[c] for c in table.columns}).to_parquet(target)
        parts.append(con.read_parquet(target))
    ibis.union(*parts).to_parquet(tables.parquet_path(folder, "snapshots"))
    reduce.customer_months(days, AS_OF).to_parquet(tables.parquet_path(folder, "customer_months"))
    con.disconnect()
    for part in (path, *folder.glob("snapshot-*.parquet")):
        part.unlink()


def measure(folder: Path, memory_limit: str | None = None) -> None:
    """Print seconds and peak memory of each step of notebook 03."""
    settings = Settings(currency="EUR", orders=OrdersTable(path="-", columns=_COLUMNS))
    workbook = Workbook(settings, folder)
    if memory_limit:
        workbook.table("customers").get_backend().raw_sql(f"SET memory_limit = '{memory_limit}'")
    total = 0.0

    def step(name: str, work: Callable[[], Any]) -> Any:
        nonlocal total
        _forget_peak()
        start, busy = time.perf_counter(), time.process_time()
        found = work()
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        total += seconds
        print(f"{name:40s}{seconds:8.1f} s{busy:8.1f} s of CPU {_peak_gigabytes():6.2f} GB", flush=True)
        return found

    result = step("scores, segments, comparisons, cohorts", lambda: _result(workbook))
    step("words and tables", lambda: (result.findings, result.next_steps, repr(result.segment_table)))
    step("figures", lambda: [show(chart, result) for chart in _CHARTS])
    print(f"{'computations':40s}{total:8.1f} s")
    lazy = result.tables["rfm"]
    parquet = folder / "rfm.parquet"
    step("table rfm to Parquet", lambda: lazy.to_parquet(parquet))
    parquet.unlink()
    step("record: all tables, Parquet and CSV", lambda: workbook.record(result))
    print(f"{'everything':40s}{total:8.1f} s")


def _result(workbook: Workbook) -> rfm.Rfm:
    return rfm.rfm(
        workbook.table("customers"),
        as_of=AS_OF,
        currency="EUR",
        options=RfmSettings(),
        snapshots=workbook.table("snapshots"),
        months=workbook.table("customer_months"),
        previous=PREVIOUS,
    )


def _forget_peak() -> None:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _peak_gigabytes() -> float:
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


_COLUMNS = {"customer_id": "customer", "order_date": "date", "amount": "amount"}
_CHARTS = (
    plots.score_map,
    plots.segment_bars,
    plots.score_distribution,
    plots.portfolio_map,
    plots.migration_matrix,
    plots.migration_flows,
    plots.lift_bars,
    plots.cohort_map,
)


if __name__ == "__main__":
    main()
