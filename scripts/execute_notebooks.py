"""Execute the committed notebooks in place on the sample data and keep them tidy.

    python scripts/execute_notebooks.py             execute all, with their default parameters
    python scripts/execute_notebooks.py 02_pareto   execute one
    python scripts/execute_notebooks.py --check     only say which are not executed or not tidy

A tidy notebook holds no times, paths or random ids: executing it again on the same data changes
nothing but what the library changed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

from customer_value.errors import CustomerValueError
from customer_value.report.execute import execute
from customer_value.report.kernel import Kernels
from customer_value.report.notebooks import find_notebooks, normalised, prerequisites
from customer_value.report.progress import Event, console
from customer_value.report.schedule import run_in_order
from customer_value.settings import ReportSettings

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def main() -> int:
    """Execute or check; the exit status is 1 if something is wrong."""
    parser = argparse.ArgumentParser(description="Execute the notebooks in place, or check them.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 02_pareto; all by default")
    parser.add_argument("--check", action="store_true", help="change nothing")
    chosen = parser.parse_args()
    paths = [path for path in find_notebooks(NOTEBOOKS) if not chosen.names or path.stem in chosen.names]
    if not paths:
        parser.error(f"there is no notebook {' or '.join(chosen.names)}")
    if chosen.check:
        complaints = [f"{path.name}: {complaint}" for path in paths for complaint in untidy(path)]
        for complaint in complaints:
            print(complaint, file=sys.stderr)
        return 1 if complaints else 0
    return execute_in_place(paths)


def execute_in_place(paths: Sequence[Path]) -> int:
    """Execute the first notebook alone, for the data, then the others two by two, in their order."""
    os.environ.pop("CUSTOMER_VALUE_RUN", None)
    with (
        tempfile.TemporaryDirectory() as scratch,
        Kernels(NOTEBOOKS, {}) as kernels,
        ThreadPoolExecutor(max_workers=2) as pool,
        console() as tell,
    ):

        def one(path: Path) -> None:
            notebook = execute(
                path, Path(scratch, path.name), {}, kernels, tell, ReportSettings().cell_timeout_seconds
            )
            nbformat.write(normalised(notebook), path)

        tell(Event("run started", cells=len(paths)))
        try:
            run_in_order(pool, paths, prerequisites(find_notebooks(NOTEBOOKS)), one, lambda: 2)
        except CustomerValueError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def untidy(path: Path) -> list[str]:
    """What is wrong with a committed notebook."""
    notebook = nbformat.read(path, as_version=4)
    found = []
    if normalised(notebook) != notebook:
        found.append("metadata or cell ids are not normalised; run make notebooks")
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        if cell.source.strip() and cell.execution_count is None:
            found.append(f"cell {number} was not executed")
        streams = [output.get("name", output.output_type) for output in cell.outputs]
        found += [f"cell {number} shows {name}" for name in streams if name in ("stderr", "error")]
    return found


if __name__ == "__main__":
    sys.exit(main())
