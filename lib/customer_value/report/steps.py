"""The steps of `customer_value.report.make_report`: plan, execute, render, publish."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from customer_value.config import SettingsFile
from customer_value.errors import CustomerValueError, NotebookError
from customer_value.inputs import known_parts, policy_file
from customer_value.report.execute import execute
from customer_value.report.failed import forget_kept, keep
from customer_value.report.kernel import Kernels
from customer_value.report.memory import MOST_JOBS, jobs_for, memory_of_notebook
from customer_value.report.notebooks import (
    find_notebooks,
    fitting,
    inputs_needed,
    normalised,
    notebooks_folder,
    parameters_of,
    prerequisites,
    without_secrets,
)
from customer_value.report.progress import Event, Listener, RunLog
from customer_value.report.publish import Workspace, as_typed, not_writable, publish, workspace
from customer_value.report.schedule import run_in_order
from customer_value.report.site import write_site
from customer_value.secrecy import redacted, variable_shown_in
from customer_value.settings import Settings
from customer_value.sources.files import unchanged

__all__ = ["Ways", "make"]


@dataclass(frozen=True)
class Ways:
    """How notebooks are run: as `make_report` takes it, None for what it is to find out."""

    jobs: int | None
    cell_timeout: int | None
    forked: bool


def make(
    config: SettingsFile,
    output: Path,
    chosen: Mapping[str, object],
    notebooks: Path | None,
    progress: Listener,
    ways: Ways,
) -> Path:
    """As `make_report`."""
    settings = config.for_report()
    every = find_notebooks(notebooks or notebooks_folder())
    plan = parameters_of(every, {**chosen, "config": config.name})
    given = {name for name, value in settings if value is not None}
    files = [path for path in every if given.issuperset(inputs_needed(path))]
    missing = {path: inputs_needed(path) for path in every if path not in files}
    with workspace(output) as place, _log(place.log) as log:

        def tell(event: Event) -> None:
            log(event)
            progress(event)

        try:
            run = _Run(place, plan, prerequisites(every), tell, settings, ways)
            config.keep(place.site)
            with unchanged(policy_file(settings, config.folder)):
                executed = run.notebooks(files)
            started = time.monotonic()
            write_site(place.site, executed, settings.title, settings.currency, chosen, missing)
            tell(Event("pages rendered", seconds=round(time.monotonic() - started, 3)))
            _refuse_secrets(place.site)
            index = publish(place)
        except BaseException as error:
            log(Event("run failed", text=redacted(traceback.format_exc())))
            if isinstance(error, OSError):
                raise _of_the_output(error, output) from error
            raise
        forget_kept(place.failed)
        tell(Event("published"))
        return index


@dataclass(frozen=True)
class _Run:
    """The notebooks of one run."""

    place: Workspace
    plan: Mapping[str, Mapping[str, object]]
    waits: Mapping[str, frozenset[str]]
    tell: Listener
    settings: Settings
    ways: Ways

    def notebooks(self, files: Sequence[Path]) -> dict[str, NotebookNode]:
        """Execute all, side by side, each when those it waits for are done."""
        self.tell(Event("run started", cells=len(files)))
        environment = {"CUSTOMER_VALUE_RUN": str(self.place.site)}
        with (
            Kernels(self.place.start, environment, forked=self.ways.forked) as kernels,
            ThreadPoolExecutor(max_workers=self.ways.jobs or MOST_JOBS) as pool,
        ):
            try:
                return run_in_order(
                    pool, files, self.waits, lambda path: self._one(path, kernels), self._side_by_side
                )
            except BaseException:
                kernels.stop()
                pool.shutdown(cancel_futures=True)
                raise

    def _side_by_side(self) -> int:
        if self.ways.jobs is not None:
            return self.ways.jobs
        limit = self.settings.engine.memory_bytes
        return jobs_for(memory_of_notebook(self.place.site / "tables", limit))

    def _one(self, path: Path, kernels: Kernels) -> NotebookNode:
        partial = self.place.executed / path.name
        seconds = self.ways.cell_timeout or self.settings.report.cell_timeout_seconds
        try:
            path = self._cut_to_fit(path, partial)
            notebook = execute(path, partial, self.plan[path.stem], kernels, self.tell, seconds)
        except CustomerValueError as error:
            sentence = str(error)
            found = None if kernels.stopped else self._kept(partial)
            if found is not None:
                kept = as_typed(found)
                if isinstance(error, NotebookError):
                    sentence += f" The notebook as far as it ran is kept: {kept}"
                elif self.waits[path.stem]:
                    sentence += f" (Found in {' '.join(error.__notes__)}, kept as far as it ran: {kept})"
            raise type(error)(sentence) from error
        return normalised(notebook)

    def _cut_to_fit(self, path: Path, cut: Path) -> Path:
        """The notebook to execute: as it is, or a copy without the cells that this input has nothing for."""
        given = {name for name, value in self.settings if value is not None}
        whole = nbformat.read(path, as_version=4)
        notebook = fitting(whole, given | known_parts(self.place.site))
        if len(notebook.cells) == len(whole.cells):
            return path
        nbformat.write(notebook, cut)
        return cut

    def _kept(self, partial: Path) -> Path | None:
        """Put a copy of a partial notebook, whole or not at all, where people can look at it."""
        with suppress(OSError, ValueError):
            nbformat.write(without_secrets(nbformat.read(partial, as_version=4)), partial)
            if not variable_shown_in(partial):
                return keep(nbformat.read(partial, as_version=4), partial, self.place.failed)
        return None


def _log(path: Path) -> RunLog:
    try:
        return RunLog(path)
    except OSError as error:
        raise _of_the_output(error, path) from None


def _refuse_secrets(site: Path) -> None:
    """Publish no file in which the secret of a variable stands, as a notebook may have printed it."""
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        if variable := variable_shown_in(path):
            raise NotebookError(
                f"The report was not published: {path.relative_to(site).as_posix()} shows the path, address or "
                f"password that {variable} holds; take it out of what the notebook or the settings print there."
            )


def _of_the_output(error: OSError, output: Path) -> CustomerValueError:
    where = redacted(as_typed(Path(error.filename))) if isinstance(error.filename, str) else str(output)
    return not_writable(where, error)
