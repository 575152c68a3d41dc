"""Making a report from a settings file: the one function behind ``customer-value report``."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

from customer_value.config import load_settings
from customer_value.errors import CustomerValueError, NotebookError
from customer_value.report.execute import execute
from customer_value.report.forked import can_fork
from customer_value.report.kernel import Kernels
from customer_value.report.notebooks import (
    find_notebooks,
    inputs_needed,
    normalised,
    notebooks_folder,
    parameters_of,
    prerequisites,
    redacted,
)
from customer_value.report.progress import Event, Listener, RunLog, silent
from customer_value.report.publish import Workspace, as_typed, publish, workspace
from customer_value.report.schedule import run_in_order
from customer_value.report.secrecy import redactor
from customer_value.report.site import write_site

__all__ = ["make_report"]

CELL_TIMEOUT_SECONDS = 1800
"""Longest time for one cell: models on large data take minutes, a cell that hangs should end."""

MOST_JOBS = 4

KernelKind = Literal["fresh", "forked"]


def make_report(
    config: Path | str,
    output: Path | str,
    *,
    parameters: Mapping[str, object] | None = None,
    notebooks: Path | None = None,
    progress: Listener = silent,
    jobs: int | None = None,
    cell_timeout: int = CELL_TIMEOUT_SECONDS,
    kernels: KernelKind = "fresh",
) -> Path:
    """Run the notebooks on one company's data and publish the report.

    The first notebook runs alone (it reads and reduces the input), the others side by side, each as
    soon as its `prerequisites` are done. Each runs in the folder of the settings file, with
    ``config`` as the name of that file, and writes to the folder that the environment variable
    ``CUSTOMER_VALUE_RUN`` names. A notebook that needs an input which the settings do not have is
    left out, and the index page says what would add it.

    Parameters
    ----------
    config
        The settings file (YAML).
    output
        The report's folder; an earlier report there is replaced at the very end, in one step.
    parameters
        Further parameters of notebooks; each must exist in at least one.
    notebooks
        Folder of the notebooks; by default those of the project.
    progress
        Hears of every `Event` of the run.
    jobs
        How many notebooks may run side by side; by default as many as there are cores, at most 4.
    cell_timeout
        Seconds that one cell may take.
    kernels
        ``"fresh"`` starts a new process for each notebook; ``"forked"`` forks it from one that has
        imported everything, which is faster (Linux only, elsewhere kernels are fresh).

    Returns
    -------
    pathlib.Path
        The report's ``index.html``. Times are in ``NAME.log.jsonl`` beside the report's folder.

    Raises
    ------
    ConfigError, InputError
        If settings, parameters or input are wrong, also where a notebook found out.
    NotebookError
        If a notebook stopped; the message names notebook and cell. The report that was there stays.
        ``NAME-failed`` beside the report's folder keeps the notebook as far as it ran.
    """
    config = Path(config).absolute()
    settings = load_settings(config)
    every = find_notebooks(notebooks or notebooks_folder())
    chosen = dict(parameters or {})
    plan = parameters_of(every, {**chosen, "config": config.name})
    given = {name for name, value in settings if value is not None}
    files = [path for path in every if given.issuperset(inputs_needed(path))]
    missing = {path: inputs_needed(path) for path in every if path not in files}
    waits = prerequisites(every)
    redact = redactor(settings)
    with workspace(Path(output)) as place, RunLog(place.log, redact) as log:

        def tell(event: Event) -> None:
            log(event)
            progress(event)

        try:
            run = _Run(place, plan, waits, tell, redact, cell_timeout, kernels == "forked" and can_fork())
            executed = run.notebooks(files, config.parent, jobs or min(os.cpu_count() or 1, MOST_JOBS))
            started = time.monotonic()
            write_site(place.site, executed, settings.title, settings.currency, chosen, missing)
            tell(Event("pages rendered", seconds=round(time.monotonic() - started, 3)))
            index = publish(place)
        except BaseException:
            log(Event("run failed", text=traceback.format_exc()))
            raise
        _forget_failure(place.failed, every)
        tell(Event("published"))
        return index


@dataclass(frozen=True)
class _Run:
    """The notebooks of one run."""

    place: Workspace
    plan: Mapping[str, Mapping[str, object]]
    waits: Mapping[str, frozenset[str]]
    tell: Listener
    redact: Callable[[str], str]
    cell_timeout: int
    forked: bool

    def notebooks(self, files: Sequence[Path], folder: Path, jobs: int) -> dict[str, NotebookNode]:
        """Execute all, side by side, each when those it waits for are done."""
        self.tell(Event("run started", cells=len(files)))
        environment = {"CUSTOMER_VALUE_RUN": str(self.place.site)}
        with (
            Kernels(folder, environment, forked=self.forked) as kernels,
            ThreadPoolExecutor(max_workers=jobs) as pool,
        ):
            try:
                return run_in_order(pool, files, self.waits, lambda path: self._one(path, kernels))
            except BaseException:
                kernels.stop()
                pool.shutdown(cancel_futures=True)
                raise

    def _one(self, path: Path, kernels: Kernels) -> NotebookNode:
        partial = self.place.executed / path.name
        try:
            notebook = execute(path, partial, self.plan[path.stem], kernels, self.tell, self.cell_timeout)
        except CustomerValueError as error:
            sentence = self.redact(str(error))
            if not kernels.stopped and self._kept(partial) and isinstance(error, NotebookError):
                kept = as_typed(self.place.failed / path.name)
                sentence += f" The notebook as far as it ran is kept: {kept}"
            raise type(error)(sentence) from error
        return redacted(normalised(notebook), self.redact)

    def _kept(self, partial: Path) -> bool:
        """Put a copy of a partial notebook where people can look at it."""
        with suppress(OSError, ValueError):
            notebook = redacted(nbformat.read(partial, as_version=4), self.redact)
            self.place.failed.mkdir(exist_ok=True)
            nbformat.write(notebook, self.place.failed / partial.name)
            return True
        return False


def _forget_failure(folder: Path, files: Sequence[Path]) -> None:
    """Remove the partial notebooks of an earlier failure, and nothing else that may lie there."""
    with suppress(OSError):
        for path in files:
            (folder / path.name).unlink(missing_ok=True)
        folder.rmdir()
