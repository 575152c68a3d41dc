"""How fast reports are made, next to papermill's command line: python benchmarks/report.py

The peer is what one would do without this package: papermill's command line, one notebook after the
other, on the same settings and notebooks. Everything is measured in one run, by the clock, each piece
in processes of its own. Pages in HTML are part of the time here and not of the peer's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import yaml
from jupyter_client.manager import KernelManager
from printing import markdown

ROOT = Path(__file__).parents[1]
SAMPLE, NOTEBOOKS = ROOT / "data" / "sample", ROOT / "notebooks"
CONFIG = "company.yml"
OVERHEAD, REPORT, BATCH = 1.5, 3.0, 4.0
PACKAGES = ("papermill", "nbclient", "ipykernel", "duckdb", "pandas", "matplotlib")


def main() -> None:
    options = _options()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()},", end=" ")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree(SAMPLE, folder / "input")
        print("\n" + _aligned(measured(folder, options)))


def measured(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of the table."""
    notebooks = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    size = f"{len(notebooks)} notebooks"
    loop = sum(loop_of(notebooks, folder, number) for number in range(options.times)) / options.times
    rows: list[dict[str, Any]] = [{"work": f"papermill's command line, {size} in turn", "seconds": loop}]
    for kernels in ("forked", "fresh"):
        seconds = min(report(folder, kernels, number) for number in range(options.times))
        rows.append({"work": f"report, {kernels} kernels", "seconds": seconds, "ratio": loop / seconds})
        if kernels == "forked":
            rows[-1]["to reach"] = REPORT
    rows += overheads(notebooks, folder)
    seconds = batch(folder, options.reports, options.jobs)
    ratio = loop * options.reports / seconds
    work = f"batch of {options.reports} reports (the loop {options.reports} times: {loop * options.reports:.0f} s)"
    rows.append({"work": work, "seconds": seconds, "ratio": ratio, "to reach": BATCH})
    return rows


def loop_of(notebooks: Sequence[Path], folder: Path, number: int) -> float:
    """Seconds of papermill's command line for each notebook, all of one run."""
    run = folder / f"loop-{number}"
    run.mkdir()
    begin = time.perf_counter()
    for path in notebooks:
        command = [sys.executable, "-m", "papermill", str(path), str(run / path.name), "--no-progress-bar"]
        command += ["--cwd", str(folder / "input"), "-k", "python3", "-p", "config", CONFIG]
        _run(command, CUSTOMER_VALUE_RUN=str(run))
    return time.perf_counter() - begin


def report(folder: Path, kernels: str, number: int, *more: str) -> float:
    """Seconds of ``customer-value report``."""
    output = folder / f"report-{kernels}-{number}"
    begin = time.perf_counter()
    _run(
        [*_command("report"), str(folder / "input" / CONFIG), "-o", str(output), "--kernels", kernels, *more]
    )
    return time.perf_counter() - begin


def overheads(notebooks: Sequence[Path], folder: Path) -> list[dict[str, Any]]:
    """What a notebook takes beyond its own cells, one at a time on forked kernels.

    Both are of the same run: two runs of the same cells differ by a second or two. How long the cells take in
    kernels that were not forked but have imported everything is measured apart, to show that it is the same.
    """
    whole = report(folder, "forked", 99, "--jobs", "1")
    lines = (folder / "report-forked-99.log.jsonl").read_text(encoding="utf-8").splitlines()
    took, own = {}, dict.fromkeys((path.stem for path in notebooks), 0.0)
    for event in map(json.loads, lines):
        if event["kind"] == "cell finished":
            own[event["notebook"]] += event.get("cell_seconds", 0.0)
        if event["kind"] == "notebook finished":
            took[event["notebook"]] = event["seconds"]
    run = folder / "w"
    run.mkdir()
    alone = {path.stem: _cells_alone(path, folder / "input", run) for path in notebooks}
    over = {name: took[name] - own[name] for name in own}
    for name, seconds in own.items():
        print(
            f"{name}: {took[name]:.2f} s, of which its cells {seconds:.2f} s ({alone[name]:.2f} s in a kernel "
            "that was not forked)",
            flush=True,
        )
    spread = f"{min(over.values()):.2f} to {max(over.values()):.2f} s"
    everything = (whole - sum(own.values())) / len(own)
    return [
        {
            "work": "cells of all notebooks, in a report with one notebook at a time",
            "seconds": sum(own.values()),
        },
        {"work": "the same in kernels that have imported everything", "seconds": sum(alone.values())},
        {
            "work": f"overhead of a notebook, median ({spread})",
            "seconds": median(over.values()),
            "at most": OVERHEAD,
        },
        {
            "work": "overhead of a notebook, the command, its start and the pages shared out",
            "seconds": everything,
            "at most": OVERHEAD,
        },
    ]


def batch(folder: Path, reports: int, jobs: int | None) -> float:
    """Seconds of ``customer-value batch`` for reports that differ in their title."""
    common = yaml.safe_load((folder / "input" / CONFIG).read_text(encoding="utf-8"))
    named = [{"name": f"unit {number}", "title": f"Unit {number}"} for number in range(1, reports + 1)]
    path = folder / "input" / "units.yml"
    path.write_text(yaml.safe_dump({"common": common, "reports": named}), encoding="utf-8")
    more = ["--jobs", str(jobs)] if jobs else []
    begin = time.perf_counter()
    _run([*_command("batch"), str(path), "-o", str(folder / "batch"), *more])
    return time.perf_counter() - begin


def _cells_alone(path: Path, folder: Path, run: Path) -> float:
    """Seconds that the cells of a notebook take in a kernel that has imported everything."""
    from customer_value.surroundings import child_environment

    environment = {**child_environment(lambda: run), "CUSTOMER_VALUE_RUN": str(run)}
    manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=str(run / "kernel.json"))
    manager.start_kernel(cwd=str(folder), env=environment)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    try:
        _execute(client, "from customer_value.report import warm; warm._import_all()")
        _execute(client, "import duckdb; duckdb.execute('RESET threads')")
        seconds = 0.0
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                begin = time.perf_counter()
                _execute(client, cell.source)
                seconds += time.perf_counter() - begin
                if "parameters" in cell.metadata.get("tags", []):
                    _execute(client, f"config = {CONFIG!r}")
        return seconds
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _execute(client: Any, source: str) -> None:
    reply = client.execute_interactive(source, output_hook=lambda message: None, timeout=600)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{reply['content'].get('evalue')} in: {source}")


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "customer_value.cli", name]


def _run(command: Sequence[str], **environment: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}: {done.stderr[-2000:]}")


def _aligned(rows: list[dict[str, Any]]) -> str:
    """The table in Markdown, padded so that it can be read as it is."""
    titles = ["work", "seconds", "times the loop's speed", "to reach", "reached"]
    cells = []
    for row in rows:
        bound, limit = row.get("to reach"), row.get("at most")
        reached = "" if bound is None and limit is None else "no"
        if (bound and row["ratio"] >= bound) or (limit and row["seconds"] <= limit):
            reached = "yes"
        cells.append(
            [
                row["work"],
                f"{row['seconds']:.2f}",
                f"{row['ratio']:.1f}" if "ratio" in row else "",
                f"{bound:g}" if bound else f"at most {limit:g} s" if limit else "",
                reached,
            ]
        )
    return markdown(titles, cells)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reports", type=int, default=20, help="reports of the batch")
    parser.add_argument("--jobs", type=int, help="reports side by side in the batch")
    parser.add_argument("--times", type=int, default=1, help="how often the loop and the report are timed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
