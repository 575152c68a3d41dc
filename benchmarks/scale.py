"""What many orders take, from the file to the report: python benchmarks/scale.py --folder FOLDER

Makes orders of customers with very different purchase rates (Parquet, once; the folder keeps them) and
measures, beside the floor of the engine on the same file in the same run: the reduction to tables, with
and without judging the rows, under a memory limit, RFM scores next to another package, whole reports, and
what reaches the driver of Spark. Every step runs in a process of its own; seconds are those of the clock,
memory is the peak of the process with those that it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from printing import markdown

SIZES = {"1m": 100_000, "10m": 1_000_000, "100m": 10_000_000}
"""Name of a file of orders and its customers; each has between nine and ten orders on average."""

AS_OF = "2024-12-31"
STEPS = ("reduce", "limit", "rfm", "report", "spark")
MEMORY = "4GB"

ORDERS = """
COPY (
  WITH customers AS (
    SELECT k,
           1 + floor(9 * (-2 * ln(1 - {u1}) * pow(cos(2 * pi() * {u2}), 2)) + {u3})::INTEGER AS orders,
           floor(0.8 * 1095 * {u4})::INTEGER AS born,
           CASE WHEN {u5} < 0.4 THEN 1.0 ELSE {u6} END AS stayed,
           3.2 + 0.8 * sqrt(-2 * ln(1 - {u7})) * cos(2 * pi() * {u8}) AS level
    FROM range({customers}) t(k)
  ), placed AS (
    SELECT k, born, stayed, level, unnest(range(orders)) AS j FROM customers
  )
  SELECT {id} AS customer_id,
         DATE '2022-01-01'
           + (born + CASE WHEN j = 0 THEN 0 ELSE floor((1095 - born) * stayed * {u9}) END)::INTEGER AS order_date,
         exp(level + 0.5 * sqrt(-2 * ln(1 - {u10})) * cos(2 * pi() * {u11}))::DECIMAL(12, 2) AS amount,
         k * 100000 + j AS order_id
  FROM placed ORDER BY order_date, hash(k, j)
) TO '{path}' (FORMAT parquet)
"""
FLOOR = """
SELECT count(*), sum(days), min(first), max(last), sum(money) FROM (
  SELECT customer_id, count(DISTINCT order_date) AS days, min(order_date) AS first, max(order_date) AS last,
         sum(amount) AS money
  FROM read_parquet('{path}') GROUP BY customer_id)
"""
READ = """
SELECT count(*), max(customer_id), min(order_date), max(order_date), sum(amount), max(order_id)
FROM read_parquet('{path}')
"""
SETTINGS = """\
title: {orders} orders
currency: EUR
as_of: {as_of}
engine: {engine}
orders:
  path: {path}
  columns: {{customer_id: customer_id, order_date: order_date, amount: amount, order_id: order_id}}
"""
ENGINES = {"duckdb": "{kind: duckdb}", "limited": f"{{kind: duckdb, memory_limit: {MEMORY}}}"}
ENGINES["spark"] = """{kind: spark, master: 'local-cluster[1,2,3072]', memory_limit: 1GB, options: {
  spark.executor.memory: 3g, spark.driver.maxResultSize: 64m, spark.eventLog.enabled: true,
  spark.eventLog.compress: false, spark.eventLog.dir: '{events}'}}"""
"""Two processes of Java, so that the driver's memory is its own; more than 64 MB of results stop a query."""


def main() -> None:
    """Make the orders that are asked for, run the steps, print a table."""
    options = _options()
    if options.step:
        print(json.dumps(INNER[options.step](options)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.folder.resolve(), options.peers, options.timeout)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {_versions()}", flush=True)
    rows: list[dict[str, str]] = []
    for size in options.orders:
        bench.make(size, options.ids)
    works = {
        "reduce": lambda: [row for size in options.orders for row in bench.reduction(size)],
        "limit": lambda: bench.limited(options.orders[-1]),
        "rfm": lambda: bench.scores("10m" if "10m" in options.orders else options.orders[0]),
        "report": lambda: bench.report(options.orders[-1]),
        "spark": lambda: bench.spark([size for size in ("1m", "10m") if size in options.orders]),
    }
    for name in options.steps:
        found = works[name]()
        rows += found
        print(_aligned(found), flush=True)
    if len(options.steps) > 1:
        print(f"\n{_aligned(rows)}")


@dataclass(frozen=True)
class Bench:
    """Where the files are, and the other environment's Python."""

    folder: Path
    peers: str | None
    timeout: float

    def path(self, size: str) -> Path:
        """The orders of a size."""
        return self.folder / f"orders-{size}.parquet"

    def make(self, size: str, ids: str) -> None:
        """Write the orders of a size, unless they are there."""
        path = self.path(size)
        if not path.exists():
            partial = path.with_suffix(".partial")
            self.run("make", partial, ("--customers", str(SIZES[size]), "--ids", ids))
            partial.rename(path)

    def floor(self, size: str) -> dict[str, Any]:
        """What the engine needs to read the file and to group it, the better of two."""
        read, group = (
            min((self.run(s, self.path(size)) for _ in range(2)), key=lambda found: found["inside"])
            for s in ("read", "floor")
        )
        return {"read": read["inside"], "floor": group["inside"], "rows": group["rows"]}

    def reduction(self, size: str) -> list[dict[str, str]]:
        """Orders to all reduced tables against the floor."""
        floor = self.floor(size)
        judged = self.run("check", self._settings(size, "duckdb"))
        whole = self.run("run", self._settings(size, "duckdb"), ("--to", str(self._run_folder(size))))
        write = self.run("write", self._run_folder(size))["inside"]
        parts = {
            "read": floor["read"],
            "group": floor["floor"] - floor["read"],
            "judge": max(judged["inside"] - floor["read"], 0.0),
            "write": write,
        }
        alone = {name: whole[name] - judged[name] for name in ("inside", "processor")}
        orders = f"{floor['rows']:,} orders"
        return [
            _row(f"{orders}: floor (read {floor['read']:.1f} s, then group)", floor["floor"], None),
            _row(f"{orders}: read and judge (contract, ledger)", judged, floor["floor"]),
            _row(
                f"{orders}: reduce alone (all but reading and judging)",
                whole | alone,
                floor["floor"],
            ),
            _row(f"{orders}: to all reduced tables", whole, floor["floor"], most=3.0, limits=_limits(parts)),
        ]

    def limited(self, size: str) -> list[dict[str, str]]:
        """The same within a memory limit, and whether the tables are the same."""
        known = self._run_folder(size)
        if not (known / "_run" / "state.json").exists():
            self.run("run", self._settings(size, "duckdb"), ("--to", str(known)))
        to = self.folder / f"run-{size}-limited"
        done = self.run("run", self._settings(size, "limited"), ("--to", str(to)))
        same = self.run("tables", known)["tables"] == self.run("tables", to)["tables"]
        shutil.rmtree(to)
        row = _row(f"{size} orders with memory_limit {MEMORY}: to all reduced tables", done, None)
        fits = same and done["gigabytes"] < 6
        note = "same tables" if same else "OTHER tables"
        return [row | {"to reach": "same tables, under 6 GB", "reached": _yes(fits), "limited by": note}]

    def scores(self, size: str) -> list[dict[str, str]]:
        """RFM scores from the file of orders to a file of scores, next to the other package."""
        out = self.folder / "scores.parquet"

        def best(step: str, python: str | None = None) -> dict[str, Any]:
            runs = [self.run(step, self.path(size), ("--to", str(out)), python) for _ in range(2)]
            return min(runs, key=_seconds)

        theirs = best("peer", self.peers) if self.peers else None
        rows = []
        for step, counted in (("rfm", "counting order ids"), ("rfm-rows", "every row an order")):
            ours = best(step)
            row = _row(f"{size} orders: to RFM scores of each customer, {counted}", ours, None)
            if theirs:
                ratio = theirs["inside"] / ours["inside"]
                row |= {"beside": f"openretailscience {theirs['inside']:.1f} s, {theirs['gigabytes']:.1f} GB"}
                row |= {"ratio": f"{ratio:.1f}", "to reach": "2", "reached": _yes(ratio >= 2)}
            rows.append(row)
        out.unlink(missing_ok=True)
        return rows

    def report(self, size: str) -> list[dict[str, str]]:
        """A whole report, the tables of the pages included."""
        to = self.folder / f"report-{size}"
        shutil.rmtree(to, ignore_errors=True)
        done = self.run("report", self._settings(size, "limited"), ("--to", str(to)))
        pages = sum(path.stat().st_size for path in to.rglob("*.html")) / 1e6
        reached = done["inside"] < 600 and pages < 10
        row = _row(f"{size} orders: full report, HTML of {pages:.1f} MB", done, None)
        row |= {"to reach": "10 min, 10 MB", "reached": _yes(reached), "limited by": done["slowest"]}
        return [row]

    def spark(self, sizes: list[str]) -> list[dict[str, str]]:
        """What reaches the driver of Spark for more and more orders."""
        rows = []
        for size in sizes:
            to = self.folder / f"run-{size}-spark"
            try:
                done = self.run("collected", self._settings(size, "spark"), ("--to", str(to)))
            except subprocess.CalledProcessError as error:
                reason = (error.stderr or "no message").strip().splitlines()[-1]
                rows.append({"work": f"{size} orders on Spark", "limited by": reason})
                continue
            finally:
                shutil.rmtree(to, ignore_errors=True)
            work = (
                f"{size} orders on Spark: {done['rows']:,} rows to Python, {done['results']:.0f} MB of results to "
                f"the driver (at most {done['largest']:.0f} MB at once)"
            )
            held = (
                f"driver {done['driver']:.2f} GB (Java, at most 1 GB of heap), {done['own']:.2f} GB (Python)"
            )
            rows.append(_row(work, done, None) | {"limited by": held})
        return rows

    def run(
        self, step: str, path: Path, extra: tuple[str, ...] = (), python: str | None = None
    ) -> dict[str, Any]:
        """One step in a process of its own: what it tells, its seconds and its peak memory."""
        command = [python or sys.executable, __file__, "--step", step, "--path", str(path), *extra]
        start, busy = time.perf_counter(), _processor_seconds()
        process = subprocess.Popen(
            [*command, "--folder", str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        watch = Watch(process.pid)
        try:
            told, complaint = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise SystemExit(f"{step} took over {self.timeout:.0f} s.") from None
        finally:
            watch.stop()
        if process.returncode:
            if step == "collected":
                raise subprocess.CalledProcessError(process.returncode, command, told, complaint)
            raise SystemExit(f"{step}: {complaint}")
        found = json.loads(told.splitlines()[-1])
        inside, busy = time.perf_counter() - start, _processor_seconds() - busy
        return {"inside": inside, "processor": busy, "gigabytes": watch.peak} | found

    def _settings(self, size: str, engine: str) -> Path:
        path = self.folder / f"{size}-{engine}.yml"
        kind = ENGINES[engine].replace("{events}", _events(self.folder).as_uri())
        told = SETTINGS.format(orders=size, as_of=AS_OF, engine=kind, path=self.path(size))
        path.write_text(told, encoding="utf-8")
        return path

    def _run_folder(self, size: str) -> Path:
        return self.folder / f"run-{size}"


class Watch:
    """Peak memory of a process and of all that it starts, looked at five times a second (Linux).

    Memory that processes share is counted once, in parts (PSS); where that is unknown it stays 0.
    """

    def __init__(self, process: int) -> None:
        self.process, self.peak, self._done = process, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            held = sum(_kilobytes(member) for member in _family(self.process))
            self.peak = max(self.peak, held / 1e6)


def _processor_seconds() -> float:
    """Seconds of all processors that ended processes took, start and imports included."""
    import resource

    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _family(process: int) -> list[int]:
    found, waiting = [], [process]
    while waiting:
        member = waiting.pop()
        found.append(member)
        for task in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def _engine(options: argparse.Namespace) -> Any:
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET temp_directory = '{options.folder / 'spilled'}'")
    return con


def _make(options: argparse.Namespace) -> dict[str, Any]:
    """Write the orders in the order of their days, as a shop does."""
    con = _engine(options)
    con.execute("SET memory_limit = '5GB'")
    places = {f"u{i}": _evenly("k", i) for i in range(1, 9)} | {
        f"u{i}": _evenly("k, j", i) for i in (9, 10, 11)
    }
    ids = {"text": "'C' || lpad(k::VARCHAR, 8, '0')", "bigint": "k"}[options.ids]
    con.execute(ORDERS.format(path=options.path, customers=options.customers, id=ids, **places))
    return {}


def _evenly(key: str, number: int) -> str:
    """A number from 0 to 1 that follows from a key, in SQL."""
    return f"((hash({key}, {number}) >> 11)::DOUBLE / 9007199254740992.0)"


def _query(statement: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def step(options: argparse.Namespace) -> dict[str, Any]:
        con = _engine(options)
        seconds, _ = _timed(lambda: con.execute(statement.format(path=options.path)).fetchall())
        rows = con.execute(f"SELECT count(*) FROM read_parquet('{options.path}')").fetchall()[0][0]
        return {"inside": seconds, "rows": rows}

    return step


def _import_engine() -> None:
    """What is imported at first use; neither here nor at the floor does the start count."""
    import ibis

    ibis.duckdb.connect().disconnect()


def _check(options: argparse.Namespace) -> dict[str, Any]:
    import tempfile

    from customer_value.config import load_settings
    from customer_value.engines import Engine
    from customer_value.inputs import read_inputs

    settings = load_settings(options.path)
    _import_engine()
    with tempfile.TemporaryDirectory() as folder, Engine(settings.engine, Path(folder)) as engine:
        return {"inside": _timed(lambda: read_inputs(settings, options.path.parent, engine, Path(folder)))[0]}


def _reduced(options: argparse.Namespace) -> dict[str, Any]:
    from customer_value.config import load_settings
    from customer_value.inputs import write_run

    shutil.rmtree(options.to, ignore_errors=True)
    settings = load_settings(options.path)
    _import_engine()
    return {"inside": _timed(lambda: write_run(settings, options.path.parent, options.to))[0]}


def _write(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds to write the finished tables once more."""
    con, seconds = _engine(options), 0.0
    for table in sorted((options.path / "tables").glob("*.parquet")):
        copy = options.path / "copy.parquet"
        seconds += _timed(
            lambda t=table, c=copy: con.execute(f"COPY (FROM '{t}') TO '{c}' (FORMAT parquet)")
        )[0]
        copy.unlink()
    return {"inside": seconds}


def _tables(options: argparse.Namespace) -> dict[str, Any]:
    """Every reduced table as its rows and a sum over what is in them, whatever their order."""
    con, found = _engine(options), {}
    for table in sorted((options.path / "tables").glob("*.parquet")):
        query = f"SELECT count(*), sum(hash(t)::HUGEINT)::VARCHAR FROM read_parquet('{table}') t"
        found[table.stem] = list(con.execute(query).fetchall()[0])
    return {"tables": found}


def _rfm(options: argparse.Namespace) -> dict[str, Any]:
    """The same figures of each customer as the other package takes, scored here: orders by their ids."""
    return _scored(options, ("customer_id", "order_date", "amount", "order_id"))


def _rfm_of_rows(options: argparse.Namespace) -> dict[str, Any]:
    """As `_rfm`, where the settings name no order id because every row is an order."""
    return _scored(options, ("customer_id", "order_date", "amount"))


def _scored(options: argparse.Namespace, columns: tuple[str, ...]) -> dict[str, Any]:
    import datetime as dt

    import ibis

    from customer_value.rfm import base, cutoffs, from_orders, score

    def work() -> None:
        as_of = dt.date.fromisoformat(AS_OF)
        orders = ibis.duckdb.connect().read_parquet(options.path).select(*columns)
        known = base(from_orders(orders, as_of), as_of).cache()
        score(known, cutoffs(known)).to_parquet(options.to)

    _import_engine()
    return {"inside": _timed(work)[0]}


def _peer(options: argparse.Namespace) -> dict[str, Any]:
    import ibis
    from openretailscience.segmentation.rfm import RFMSegmentation

    def work() -> None:
        names = {"transaction_date": "order_date", "transaction_id": "order_id", "unit_spend": "amount"}
        orders = ibis.duckdb.connect().read_parquet(options.path).rename(names)
        scored = RFMSegmentation(orders, current_date=AS_OF, r_segments=5, f_segments=5, m_segments=5)
        scored.table.to_parquet(options.to)

    _import_engine()
    return {"inside": _timed(work)[0]}


def _report(options: argparse.Namespace) -> dict[str, Any]:
    """A report by the command line, and which page took longest."""
    code = "from customer_value.cli import main; main()"
    command = [sys.executable, "-c", code, "report", str(options.path), "--output", str(options.to)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr or done.stdout)
    return {"inside": seconds, "slowest": _slowest(options.to)}


def _slowest(report: Path) -> str:
    """The page that took longest, by the log of the run where there is one."""
    pages: dict[str, float] = {}
    for log in [*report.parent.glob(f"{report.name}*.jsonl"), *report.rglob("*.jsonl")]:
        for line in log.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event.get("notebook") and event.get("seconds"):
                pages[event["notebook"]] = max(pages.get(event["notebook"], 0.0), float(event["seconds"]))
    named = sorted(pages.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in named)


def _collected(options: argparse.Namespace) -> dict[str, Any]:
    """Rows and bytes that reach the driver while Spark reduces, and the memory of the driver's processes."""
    from ibis.backends.pyspark import Backend

    counted = {"rows": 0}

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def work(*args: Any, **kwargs: Any) -> Any:
            found = method(*args, **kwargs)
            counted["rows"] += len(found) if hasattr(found, "__len__") else 1
            return found

        return work

    Backend.execute = counting(Backend.execute)
    events = _events(options.folder.resolve())
    shutil.rmtree(events, ignore_errors=True)
    events.mkdir(parents=True)
    try:
        found = _reduced(options)
        held = {"own": _most_held(os.getpid()), "driver": _most_held(_spark_driver(os.getpid()))}
        return found | counted | held | _results(events)
    finally:
        shutil.rmtree(events)


def _events(folder: Path) -> Path:
    """Where Spark writes what it does."""
    return folder / "spark-events"


def _spark_driver(process: int) -> int:
    """The Java process of the driver that a process started."""
    commands = {member: Path(f"/proc/{member}/cmdline").read_bytes() for member in _family(process)}
    return next(member for member, command in commands.items() if b"SparkSubmit" in command)


def _most_held(process: int) -> float:
    """The most memory that a process has held, in GB (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e6


def _results(events: Path) -> dict[str, float]:
    """Megabytes that Spark's tasks sent to the driver, together and of the job that sent most; their seconds."""
    sent: dict[int, float] = {}
    busy = 0.0
    for log in sorted(events.rglob("events_*")):
        jobs: dict[int, int] = {}
        for line in log.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["Event"] == "SparkListenerJobStart":
                jobs |= dict.fromkeys(event["Stage IDs"], event["Job ID"])
            if event["Event"] == "SparkListenerTaskEnd":
                job, told = jobs[event["Stage ID"]], event["Task Metrics"]
                sent[job] = sent.get(job, 0.0) + told["Result Size"] / 1e6
                busy += told["Executor CPU Time"] / 1e9
    return {"results": sum(sent.values()), "largest": max(sent.values()), "processor": busy}


INNER: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "make": _make,
    "read": _query(READ),
    "floor": _query(FLOOR),
    "check": _check,
    "run": _reduced,
    "write": _write,
    "tables": _tables,
    "rfm": _rfm,
    "rfm-rows": _rfm_of_rows,
    "peer": _peer,
    "report": _report,
    "collected": _collected,
}


def _row(
    work: str,
    found: dict[str, Any] | float,
    floor: float | None,
    *,
    most: float | None = None,
    limits: str = "",
) -> dict[str, str]:
    seconds = found if isinstance(found, float) else float(found["inside"])
    row = {"work": work, "seconds": f"{seconds:.1f}"}
    if not isinstance(found, float):
        row |= {"processor (s)": f"{found['processor']:.1f}", "memory (GB)": f"{found['gigabytes']:.1f}"}
    if floor is not None:
        row |= {"beside": f"floor {floor:.1f} s", "ratio": f"{seconds / floor:.1f}"}
        if most is not None:
            row |= {"to reach": f"{most:g} or less", "reached": _yes(seconds <= most * floor)}
    return row | ({"limited by": limits} if limits else {})


def _limits(parts: dict[str, float]) -> str:
    """What takes longest, and how long each part would take alone."""
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
    return f"{max(parts, key=lambda name: parts[name])} ({told})"


def _seconds(found: dict[str, Any]) -> float:
    return float(found["inside"])


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


def _aligned(rows: list[dict[str, str]]) -> str:
    titles = [
        "work",
        "seconds",
        "processor (s)",
        "memory (GB)",
        "beside",
        "ratio",
        "to reach",
        "reached",
        "limited by",
    ]
    cells = [[row.get(name, "") for name in titles] for row in rows]
    return markdown(titles, cells)


def _versions() -> str:
    import importlib.metadata as metadata

    return ", ".join(
        f"{name} {metadata.version(name)}" for name in ("duckdb", "ibis-framework", "numpy", "pandas")
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("scratch/scale"), help="where the files are kept")
    parser.add_argument("--orders", nargs="+", choices=list(SIZES), default=["10m", "100m"])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS[:4]))
    parser.add_argument("--ids", choices=("text", "bigint"), default="text", help="customer ids of new files")
    parser.add_argument(
        "--peers", metavar="PYTHON", help="interpreter of the environment with openretailscience"
    )
    parser.add_argument("--timeout", type=float, default=3_600, help="seconds that one step may take")
    parser.add_argument("--step", choices=list(INNER), help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--customers", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
