"""What a run tells while it works: events, the log that keeps them, the bars that show them."""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TextIO

__all__ = ["Event", "Listener", "RunLog", "console", "silent"]

Kind = Literal[
    "run started",
    "notebook started",
    "cell finished",
    "notebook finished",
    "notebook failed",
    "notebook stderr",
    "kernel restarted",
    "kernel said",
    "pages rendered",
    "run failed",
    "published",
]


@dataclass(frozen=True)
class Event:
    """Something that happened in a run.

    Attributes
    ----------
    kind
        What happened.
    notebook
        The notebook's name without its ending, if it happened in one.
    cell, cells
        How many of its cells are done, of how many.
    seconds
        How long it took.
    text
        Anything else that the log should keep.
    """

    kind: Kind
    notebook: str = ""
    cell: int = 0
    cells: int = 0
    seconds: float = 0.0
    text: str = ""


Listener = Callable[[Event], None]
"""Anything that wants to hear of the events of a run; called from several threads."""


def silent(event: Event) -> None:
    """A listener that says nothing."""


class RunLog:
    """The log of one run: a JSON object per line, with the time of each event.

    Parameters
    ----------
    path
        The file; what an earlier run wrote there is replaced.
    redact
        Takes secrets out of a text.
    """

    def __init__(self, path: Path, redact: Callable[[str], str] = str) -> None:
        self.path = path
        self._redact = redact
        self._turn = threading.Lock()
        self._started = time.monotonic()
        self._file = path.open("w", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __call__(self, event: Event) -> None:
        """Write one line."""
        told = {name: value for name, value in asdict(event).items() if value not in ("", 0)}
        if event.text:
            told["text"] = self._redact(event.text)
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "since_start": round(time.monotonic() - self._started, 3),
            **told,
        }
        with self._turn:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()


@contextmanager
def console(stream: TextIO | None = None) -> Iterator[Listener]:
    """A listener for people: bars on a terminal, a line per notebook elsewhere.

    Parameters
    ----------
    stream
        Where to write; standard output by default.
    """
    stream = stream or sys.stdout
    if stream.isatty():
        with _bars(stream) as listener:
            yield listener
    else:
        yield _Lines(stream)


class _Lines:
    """Plain lines: which notebook ended, how long it took, how far the run is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._turn = threading.Lock()
        self._planned = 0
        self._done = 0

    def __call__(self, event: Event) -> None:
        with self._turn:
            if event.kind == "run started":
                self._planned = event.cells
            elif event.kind == "notebook finished":
                self._done += 1
                place = f"[{self._done}/{self._planned}]"
                self._say(f"{place} {event.notebook}  {event.cells} cells in {event.seconds:.1f} s")

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


@contextmanager
def _bars(stream: TextIO) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30, complete_style="cyan", finished_style="green"),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        console=Console(file=stream, highlight=False),
    )
    tasks: dict[str, TaskID] = {}

    def listen(event: Event) -> None:
        name = event.notebook
        if event.kind == "notebook started":
            tasks[name] = progress.add_task(name, total=event.cells)
        elif event.kind == "cell finished":
            progress.update(tasks[name], completed=event.cell)
        elif event.kind == "notebook finished":
            progress.update(tasks[name], completed=event.cells)
            progress.stop_task(tasks[name])

    with progress:
        yield listen
