"""Executing one notebook, and saying in one sentence why it stopped."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from customer_value import errors, words
from customer_value.errors import CustomerValueError, FitError, NotebookError
from customer_value.faults import fault_of, machine_fault
from customer_value.report.kernel import ENGINE, Kernels
from customer_value.report.notebooks import papermill_path
from customer_value.report.progress import Event, Listener
from customer_value.secrecy import redacted

__all__ = ["execute"]


def execute(
    path: Path,
    partial: Path,
    parameters: Mapping[str, object],
    kernels: Kernels,
    tell: Listener,
    cell_timeout: int,
) -> NotebookNode:
    """Run one notebook to its end.

    Parameters
    ----------
    path
        The notebook; it is not changed.
    partial
        Where the notebook is written as far as it ran, if it stops before its end.
    parameters
        Put into a cell after the one tagged ``parameters``; if there are none, there is no such cell.
    kernels
        Gives the process; a start that fails is tried a second time.
    tell
        Hears of every cell.
    cell_timeout
        Seconds that one cell may take.

    Raises
    ------
    CustomerValueError
        The error that a cell raised, if it is about the input or the settings; otherwise a
        `NotebookError` that names notebook and cell.
    """
    watch = _Watch(path.stem, len(nbformat.read(path, as_version=4).cells) + bool(parameters), tell)
    arguments = {
        "input_path": papermill_path(path),
        "output_path": None,
        "parameters": dict(parameters),
        "cell_timeout": cell_timeout,
        "begun": watch.begun,
        "cell_begun": watch.cell_begun,
        "cell_done": watch.cell_done,
    }
    watch.say("notebook started")
    try:
        try:
            notebook = _once(arguments, kernels, watch)
        except (RuntimeError, TimeoutError) as error:
            if watch.done or kernels.stopped:
                raise
            watch.say("kernel restarted", redacted(f"{type(error).__name__}: {error}"))
            notebook = _once(arguments, kernels, watch)
    except Exception as error:
        if not kernels.stopped:
            watch.say("notebook failed", redacted(_in_full(error)), watch.cell_seconds())
        watch.write(partial)
        raise _explained(error, watch, cell_timeout) from error
    finally:
        _close_event_loop()
    for text in _stderr(notebook):
        watch.say("notebook stderr", redacted(text))
    watch.say("notebook finished")
    return notebook


@dataclass
class _Watch:
    """How far a notebook is."""

    name: str
    cells: int
    tell: Listener
    at: int = 0
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    cell_started: float = 0.0
    notebook: NotebookNode | None = None

    def begun(self, notebook: NotebookNode) -> None:
        self.notebook = notebook

    def cell_begun(self, index: int) -> None:
        self.at, self.cell_started = index, time.monotonic()

    def cell_done(self, count: int) -> None:
        self.done = count
        self.say("cell finished", cell_seconds=self.cell_seconds())

    def cell_seconds(self) -> float:
        """How long the cell at work has taken; 0 before the first."""
        return round(time.monotonic() - self.cell_started, 3) if self.cell_started else 0.0

    def say(self, kind: Any, text: str = "", cell_seconds: float = 0.0) -> None:
        seconds = round(time.monotonic() - self.started, 3)
        self.tell(
            Event(kind, self.name, self.done, self.cells, seconds, text=text, cell_seconds=cell_seconds)
        )

    def write(self, partial: Path) -> None:
        """Write the notebook as far as it ran; that it cannot be written is not what went wrong."""
        if self.notebook is not None:
            with suppress(OSError):
                nbformat.write(self.notebook, partial)

    def place(self, index: int) -> str:
        """The cell, counted from 1 with the one for the parameters, and the heading above it."""
        heading = ""
        for cell in self.notebook.cells[: index + 1] if self.notebook is not None else ():
            if cell.cell_type == "markdown":
                found = re.findall(r"^#{1,3} +(.+?) *$", cell.source, flags=re.MULTILINE)
                heading = html.unescape(found[-1]) if found else heading
        return f"cell {min(index + 1, self.cells)} of {self.cells}" + (
            f' (under "{heading}")' if heading else ""
        )


def _once(arguments: Mapping[str, Any], kernels: Kernels, watch: _Watch) -> NotebookNode:
    kernel = kernels.new()
    try:
        return papermill.execute_notebook(
            **arguments,
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            kernel=kernel,
        )
    except Exception:
        if said := kernel.said():
            watch.say("kernel said", redacted(said))
        raise


def _explained(error: Exception, watch: _Watch, cell_timeout: int) -> CustomerValueError:
    if isinstance(error, PapermillExecutionError):
        sentence = " ".join(str(error.evalue).split())
        kind = _own_kind(str(error.ename))
        place = watch.place(error.cell_index)
        if kind and not issubclass(kind, NotebookError | FitError):
            own = kind(sentence)
            own.add_note(f"notebook {watch.name}, {place}")
            return own
        what = (
            sentence
            if kind
            else machine_fault(str(error.ename), sentence) or redacted(f"{error.ename}: {sentence}")
        )
    else:
        place = watch.place(watch.at)
        what = _plainly(error, cell_timeout)
    return NotebookError(f"Notebook {watch.name} stopped at {place}: {what.rstrip(':. ')}.")


def _own_kind(name: str) -> type[CustomerValueError] | None:
    """The class of an error that a notebook raised, if it is one of ours."""
    kind = getattr(errors, name, None) if name in errors.__all__ else None
    return kind if isinstance(kind, type) and issubclass(kind, CustomerValueError) else None


def _plainly(error: Exception, cell_timeout: int) -> str:
    if isinstance(error, CellTimeoutError):
        return (
            f"the cell took longer than {words.count(cell_timeout, 'second')}; if it needs more, "
            "raise report.cell_timeout_seconds in the settings"
        )
    if isinstance(error, DeadKernelError):
        return "its process ended unexpectedly, often because memory ran out; with --jobs 1 a run takes least"
    if isinstance(error, FileNotFoundError) and not Path(str(error.filename or ".")).parent.exists():
        return "its temporary files were removed during the run; see to it that nobody does, or name another TMPDIR"
    sentence = " ".join(str(error).split())
    return fault_of(error) or redacted(f"{type(error).__name__}: {sentence}")


def _in_full(error: Exception) -> str:
    return str(error) if isinstance(error, PapermillExecutionError) else f"{type(error).__name__}: {error}"


def _stderr(notebook: NotebookNode) -> list[str]:
    return [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]


def _close_event_loop() -> None:
    """The loop that the notebook client made for this thread would else be left open; it may have made none."""
    with suppress(RuntimeError):
        asyncio.get_event_loop_policy().get_event_loop().close()
    asyncio.set_event_loop(None)
