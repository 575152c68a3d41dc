"""What a run tells while it works: events, the log that keeps them, the bars that show them, the time left."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TextIO, cast

from customer_value import words
from customer_value.errors import ConfigError

__all__ = [
    "BatchPace",
    "Event",
    "Listener",
    "ReportPace",
    "RunLog",
    "batch_console",
    "console",
    "read_log",
    "silent",
    "time_left",
]

_LONGEST_LOG = 50 << 20

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
    "batch started",
    "report started",
    "report finished",
    "report up to date",
    "report failed",
    "overview written",
    "batch stopped",
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
        How many of its cells are done, of how many; of a run: how many notebooks there are, of a
        batch: how many reports.
    seconds
        How long it took; of a cell: from the start of its notebook on.
    cell_seconds
        How long a cell took by itself, also one at which a notebook failed.
    text
        Anything else that the log should keep.
    report
        The report's name, if it is one of a batch.
    """

    kind: Kind
    notebook: str = ""
    cell: int = 0
    cells: int = 0
    seconds: float = 0.0
    text: str = ""
    report: str = ""
    cell_seconds: float = 0.0


_IN_EVERY_LINE = {"time", "since_start", "kind"}
_LONGEST_FIRST_LINE = 1 << 20

Listener = Callable[[Event], None]
"""Anything that wants to hear of the events of a run; called from several threads."""


def silent(event: Event) -> None:
    """A listener that says nothing."""


class RunLog:
    """The log of one run: a JSON object per line, with the time of each event.

    A log that cannot be begun is an `OSError`; one that cannot be written further, as on a full disk,
    does not stop the run.

    Parameters
    ----------
    path
        The file; what an earlier run wrote there is replaced.

    Raises
    ------
    ConfigError
        If the file is there and is no such log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.Lock()
        self._started = time.monotonic()
        if os.path.lexists(path) and not _is_log(path):
            raise ConfigError(
                f"{path} is no log of an earlier run and would be lost; move it away, or choose another --output."
            )
        self._file = path.open("w", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._file.close()

    def __call__(self, event: Event) -> None:
        """Write one line."""
        told = {name: value for name, value in asdict(event).items() if value not in ("", 0)}
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "since_start": round(time.monotonic() - self._started, 3),
            **told,
        }
        with self._turn, suppress(OSError):
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines that an earlier run left in its log; none if there is none. Broken lines are left out."""
    found: list[dict[str, Any]] = []
    if not _is_log(path):
        return found
    with suppress(OSError), path.open("rb") as file:
        for line in file.read(_LONGEST_LOG).splitlines():
            with suppress(ValueError, RecursionError):
                content = json.loads(line)
                found += [content] if _is_event(content) else []
    return found


def _is_event(content: object) -> bool:
    if not isinstance(content, dict):
        return False
    numbers = [content.get(name, 0) for name in ("seconds", "since_start", "cell")]
    texts = [content.get(name, "") for name in ("kind", "notebook", "report")]
    return all(type(number) in (int, float) and 0 <= number < 1e9 for number in numbers) and all(
        isinstance(text, str) for text in texts
    )


def _is_log(path: Path) -> bool:
    """Whether a file is empty or begins like a log of a run."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            line = file.readline(_LONGEST_FIRST_LINE)
        first = json.loads(line) if line else None
    except (OSError, ValueError, RecursionError):
        return False
    return first is None or (isinstance(first, dict) and first.keys() >= _IN_EVERY_LINE)


def time_left(seconds: float | None) -> str:
    """A time as people say it, for the end of a line; nothing where it is not known.

    Examples
    --------
    >>> time_left(7), time_left(42), time_left(150), time_left(5000), time_left(None)
    ('under 10 s left', 'about 40 s left', 'about 3 min left', 'about 1 h 25 min left', '')
    """
    if seconds is None:
        return ""
    if seconds < 10:
        return "under 10 s left"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} s left"
    minutes = max(1, math.floor(seconds / 60 + 0.5))
    if minutes < 60:
        return f"about {minutes} min left"
    minutes = 5 * round(minutes / 5)
    return f"about {minutes // 60} h{f' {minutes % 60} min' if minutes % 60 else ''} left"


class ReportPace:
    """How long a report will still take.

    What an earlier run of the same report took tells it from the first cell on: the work done so far
    is looked up in that run's times, and its rest is stretched by how much slower this run is. Without
    one the notebooks that are done tell it, from the second on.

    Parameters
    ----------
    earlier
        The lines of that run's log, as `read_log` gives them.
    clock
        Seconds that only grow.
    """

    def __init__(
        self, earlier: Sequence[Mapping[str, Any]] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._began = self._heard = clock()
        self._past = _Past.of(earlier)
        self._done = 0.0
        self._planned = self._most = 0
        self._running: dict[str, float] = {}
        self._took: list[float] = []

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        self._heard = self._clock()
        if event.kind == "run started":
            self._began, self._planned = self._heard, event.cells
        elif event.kind == "notebook started":
            self._running[event.notebook] = self._heard
            self._most = max(self._most, len(self._running))
        elif event.kind == "cell finished":
            self._done += self._past.work.get((event.notebook, event.cell), 0.0)
        elif event.kind == "notebook finished":
            self._running.pop(event.notebook, None)
            self._took.append(event.seconds)

    def seconds(self) -> float | None:
        """Seconds that are left; None while nothing sound can be said."""
        left = self._from_past() if self._past.total else self._from_this_run()
        return None if left is None or left < 1 else left

    def _from_past(self) -> float | None:
        if not self._done:
            return None
        there, total = self._past.place(self._done), self._past.total
        slack = total / 10
        slower = (self._heard - self._began + slack) / (there + slack)
        return (total - there) * slower - (self._clock() - self._heard)

    def _from_this_run(self) -> float | None:
        if len(self._took) < 2:
            return None
        mean = sum(self._took) / len(self._took)
        rest = [max(mean - (self._clock() - began), mean / 10) for began in self._running.values()]
        waiting = mean * (self._planned - len(self._took) - len(self._running))
        return max([*rest, (sum(rest) + waiting) / max(1, self._most)])


class BatchPace:
    """How long a batch will still take, from what reports took: those done, and those of an earlier batch.

    Parameters
    ----------
    earlier
        The lines of that batch's log, as `read_log` gives them.
    clock
        Seconds that only grow.
    """

    def __init__(
        self, earlier: Sequence[Mapping[str, Any]] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        finished = [line for line in earlier if line.get("kind") == "report finished"]
        self._took = {str(line.get("report")): float(line.get("seconds", 0)) for line in finished}
        self._fresh: dict[str, float] = {}
        self._running: dict[str, float] = {}
        self._planned = self._ended = self._most = 0

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        if event.kind == "batch started":
            self._planned = event.cells
        elif event.kind == "report started":
            self._running[event.report] = self._clock()
            self._most = max(self._most, len(self._running))
        elif event.kind in ("report finished", "report failed", "report up to date"):
            self._ended += 1
            self._running.pop(event.report, None)
            if event.kind == "report finished":
                self._fresh[event.report] = event.seconds

    def seconds(self) -> float | None:
        """Seconds that are left; None while nothing sound can be said."""
        known = self._fresh or self._took
        if not known or not self._running:
            return None
        mean = sum(known.values()) / len(known)
        now = self._clock()
        rest = []
        for name, began in self._running.items():
            usual = mean if self._fresh else self._took.get(name, mean)
            rest.append(max(usual - (now - began), usual / 10))
        waiting = mean * max(0, self._planned - self._ended - len(self._running))
        return max([*rest, (sum(rest) + waiting) / self._most])


def console(
    stream: TextIO | None = None, earlier: Sequence[Mapping[str, Any]] = ()
) -> AbstractContextManager[Listener]:
    """A listener for people: bars on a terminal, a line per notebook elsewhere, and the time left.

    Parameters
    ----------
    stream
        Where to write; standard output by default.
    earlier
        The log of an earlier run of the same report, as `read_log` gives it.
    """
    return _shown(stream or sys.stdout, ReportPace(earlier), "notebook")


def batch_console(
    stream: TextIO | None = None, earlier: Sequence[Mapping[str, Any]] = ()
) -> AbstractContextManager[Listener]:
    """A listener for people who wait for a batch: a bar per report on a terminal, a line elsewhere.

    Parameters
    ----------
    stream
        Where to write; standard output by default.
    earlier
        The log of an earlier batch into the same folder, as `read_log` gives it.
    """
    return _shown(stream or sys.stdout, BatchPace(earlier), "report")


Pace = ReportPace | BatchPace


@dataclass(frozen=True)
class _Past:
    """An earlier run: seconds of each cell, and when so much work was done."""

    work: Mapping[tuple[str, int], float]
    marks: Sequence[tuple[float, float]]
    total: float

    @classmethod
    def of(cls, lines: Sequence[Mapping[str, Any]]) -> Self:
        work: dict[tuple[str, int], float] = {}
        marks, before, total, done = [], dict[str, float](), 0.0, 0.0
        for line in lines:
            name, at = str(line.get("notebook", "")), float(line.get("since_start", 0))
            if line.get("kind") == "cell finished":
                seconds = max(0.0, at - before.get(name, at))
                work[name, int(line.get("cell", 0))] = seconds
                done += seconds
                marks.append((done, at))
            if line.get("kind") == "published":
                total = at
            before[name] = at
        return cls(work, marks, total if done else 0.0)

    def place(self, done: float) -> float:
        """When in that run so much work was done."""
        reached = [at for work, at in self.marks if work <= done + 1e-6]
        return max(reached, default=0.0)


def _shown(
    stream: TextIO, pace: Pace, unit: Literal["notebook", "report"]
) -> AbstractContextManager[Listener]:
    heard = cast("TextIO", _Unheard(stream))
    if stream.isatty():
        return _bars(heard, pace, unit)
    return nullcontext(_Lines(heard, pace) if unit == "notebook" else _BatchLines(heard, pace))


class _Unheard(io.TextIOBase):
    """A stream that may be full or gone: a run does not end because nobody can be told how far it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding


class _Lines:
    """Plain lines: which notebook ended, how long it took, how far the run is, how long it will take."""

    def __init__(self, stream: TextIO, pace: Pace) -> None:
        self._stream = stream
        self._pace = pace
        self._turn = threading.Lock()
        self._planned = 0
        self._done = 0

    def __call__(self, event: Event) -> None:
        with self._turn:
            self._pace(event)
            if event.kind in ("run started", "batch started"):
                self._planned = event.cells
            elif said := self._said(event):
                self._done += 1
                place = f"[{self._done}/{self._planned}]"
                left = time_left(self._pace.seconds()) if self._done < self._planned else ""
                self._stream.write(f"{place} {said}{', ' if left else ''}{left}\n")
                self._stream.flush()

    def _said(self, event: Event) -> str:
        if event.kind == "notebook finished":
            return f"{event.notebook}  {event.cells} cells in {event.seconds:.1f} s"
        return ""


class _BatchLines(_Lines):
    """Plain lines: which report ended, and how."""

    def _said(self, event: Event) -> str:
        name = words.plain(event.report)
        if event.kind == "report finished":
            return f"{name}  done in {event.seconds:.1f} s"
        if event.kind == "report up to date":
            return f"{name}  up to date"
        return f"{name}  failed" if event.kind == "report failed" else ""


@contextmanager
def _bars(stream: TextIO, pace: Pace, unit: Literal["notebook", "report"]) -> Iterator[Listener]:
    """A bar for each notebook or report, and one for all with the time left."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class Left(ProgressColumn):
        """The time left, on the line for all."""

        def render(self, task: Task) -> Text:
            return Text(time_left(pace.seconds()) if task.id == whole else str(task.fields.get("said", "")))

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30, complete_style="cyan", finished_style="green"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        Left(),
        console=Console(file=stream, highlight=False),
    )
    whole = progress.add_task("all", total=None, unit=f"{unit}s")
    tasks: dict[str, TaskID] = {}
    cells: dict[str, dict[str, tuple[int, int]]] = {}
    turn = threading.Lock()

    def listen(event: Event) -> None:
        with turn:
            pace(event)
            _show(event)

    def _show(event: Event) -> None:
        name = event.notebook if unit == "notebook" else event.report
        if event.kind == ("run started" if unit == "notebook" else "batch started"):
            progress.update(whole, total=event.cells)
        elif name and name not in tasks and event.kind.endswith(("started", "up to date", "failed")):
            tasks[name] = progress.add_task(
                escape(words.plain(name)), total=event.cells or None, unit="cells"
            )
        if event.notebook and name in tasks:
            cells.setdefault(name, {})[event.notebook] = (event.cell, event.cells)
            done, known = (sum(part) for part in zip(*cells[name].values(), strict=True))
            progress.update(tasks[name], completed=done, total=known)
        if event.kind.startswith(unit) and event.kind.endswith(("finished", "up to date", "failed")):
            said = event.kind.removeprefix(f"{unit} ")
            progress.update(tasks[name], said="" if said == "finished" else said)
            progress.stop_task(tasks[name])
            progress.advance(whole)

    with progress:
        yield listen
