"""Time and memory of notebook 02 for many customers: python benchmarks/concentration.py 10000000

Writes skewed made-up tables (customers with margin and profit, their months, a customer file) into a
temporary folder, in a process of its own, then computes, draws and records what the notebook does and
prints seconds (by the clock, and of the
processor over all cores) and peak memory after each step.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis

from customer_value import pareto, plots, show, tables
from customer_value.settings import ParetoSettings

CHARTS = (
    "pareto_chart", "lorenz_curve", "whale_curve", "abc_bars", "pyramid_bars", "cumulative_curves", "tier_map",
    "concentration_by_period", "top_moves", "loss_by_exit", "contracts_by_month", "accounts_and_groups",
)  # fmt: skip
READ = (
    "split_table", "compare_table", "abc_table", "pyramid_table", "tier_table", "losing_table", "period_table",
    "values_by_period_table", "moves_table", "moved_table", "risk_table", "largest_table", "contracts_table",
    "soonest_table", "rollup_table", "groups_table",
)  # fmt: skip

CUSTOMERS = """
COPY (
  SELECT printf('C%08d', i) AS customer_id,
         DATE '2022-01-03' + CAST(hash(i) % 900 AS INTEGER) AS first_order,
         DATE '2024-12-20' AS last_order,
         round(exp(3.5 + 1.8 * z), 2) AS net_revenue,
         round(0.3 * exp(3.5 + 1.8 * z), 2) AS margin,
         round(0.3 * exp(3.5 + 1.8 * z) - exp(2.5 + 1.2 * w), 2) AS profit
  FROM (SELECT range AS i,
               sqrt(-2 * ln((hash(range * 2 + 1) % 1000003 + 1) / 1000004.0))
                 * cos(2 * pi() * (hash(range * 3 + 2) % 1000003) / 1000003.0) AS z,
               sqrt(-2 * ln((hash(range * 5 + 3) % 1000003 + 1) / 1000004.0))
                 * cos(2 * pi() * (hash(range * 7 + 4) % 1000003) / 1000003.0) AS w
        FROM range({number}))
  ORDER BY customer_id
) TO '{folder}/customers.parquet'
"""
MONTHS = """
COPY (
  SELECT customer_id, date_trunc('month', DATE '2022-01-03' + CAST(hash(i * 10 + n) % 1090 AS INTEGER))::DATE AS month,
         round(net_revenue / 2, 2) AS net_revenue, round(margin / 2, 2) AS margin
  FROM (SELECT *, CAST(substr(customer_id, 2) AS BIGINT) AS i FROM '{folder}/customers.parquet'), range(2) AS t(n)
  ORDER BY customer_id, month
) TO '{folder}/customer_months.parquet'
"""
COSTS = """
COPY (
  SELECT customer_id, DATE '2022-01-03' + CAST(hash(customer_id) % 1090 AS INTEGER) AS date,
         round(margin - profit, 2) AS cost
  FROM '{folder}/customers.parquet'
) TO '{folder}/service_costs.parquet'
"""
FILE = """
COPY (
  SELECT customer_id, 'Firm ' || i AS name,
         CASE WHEN i % 4 = 0 THEN printf('C%08d', CAST(i - i % 3 AS BIGINT)) END AS parent_id,
         CASE WHEN i % 5 = 0 THEN DATE '2024-06-30' + CAST(i % 700 AS INTEGER) END AS contract_end
  FROM (SELECT customer_id, CAST(substr(customer_id, 2) AS BIGINT) AS i FROM '{folder}/customers.parquet')
) TO '{folder}/customer_file.parquet'
"""


def main() -> None:
    """Make the tables, run the steps, print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", type=int)
    parser.add_argument("--folder", type=Path, help="where the tables are kept; default: a temporary folder")
    parser.add_argument("--only-make", action="store_true")
    parser.add_argument("--without-record", action="store_true", help="leave out writing Parquet and CSV")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        if asked.only_make:
            make_tables(asked.customers, folder)
            return
        if not (folder / "customer_file.parquet").exists():
            again = [sys.executable, __file__, str(asked.customers), "--folder", str(folder), "--only-make"]
            subprocess.run(again, check=True)
        measure(folder, Path(scratch), record=not asked.without_record)


def make_tables(number: int, folder: Path) -> None:
    """Write the made-up reduced tables."""
    folder.mkdir(parents=True, exist_ok=True)
    con = ibis.duckdb.connect()
    for statement in (CUSTOMERS, MONTHS, COSTS, FILE):
        con.raw_sql(statement.format(number=number, folder=folder))


def measure(folder: Path, scratch: Path, *, record: bool) -> None:
    """Run notebook 02's steps on the tables and print time and memory."""
    con = ibis.duckdb.connect()
    known = {path.stem: con.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    result = step(
        "compute",
        lambda: pareto.concentration(
            known["customers"],
            currency="EUR",
            months=known["customer_months"],
            names=known["customer_file"],
            costs=known["service_costs"],
            options=ParetoSettings(),
        ),
    )
    step(
        "words and tables",
        lambda: [result.findings, result.next_steps, *(repr(getattr(result, n)) for n in READ)],
    )
    step("charts", lambda: [show(getattr(plots, name), result) for name in CHARTS])
    if record:
        step("record", lambda: tables.write_result(scratch / "run", result))
    print(result.verdict)


def step(name: str, work: Callable[[], Any]) -> Any:
    """Do one thing and print how long it took and the highest memory so far."""
    start, worked = time.perf_counter(), time.process_time()
    done = work()
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{name:<20} {seconds:8.1f} s   processor {worked:8.1f} s   peak {peak:5.2f} GB", flush=True)
    return done


if __name__ == "__main__":
    main()
