"""Many reports in one go: the one function behind ``customer-value batch``.

In the output folder each report has a folder of its own. Beside them are the overview
(``index.html``, ``overview.csv``, ``overview.json``), the batch's log (``batch.log.jsonl``) and
``batch.json``, which holds a key of every finished report. The key is a hash of all that a report is
made from, so that a batch that was stopped goes on where it was, and a report is made again only if
something has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from customer_value import words
from customer_value.config import SettingsFile, folder_name
from customer_value.errors import ConfigError, CustomerValueError
from customer_value.faults import fault_of
from customer_value.inputs import input_files, live_tables, policy_file
from customer_value.library import code_fingerprint, digest, mark
from customer_value.machine import available_memory, processors
from customer_value.report.memory import memory_of_notebook
from customer_value.report.notebooks import find_notebooks, notebooks_folder
from customer_value.report.overview import OVERVIEW_START, Entry, overview_csv, overview_html, overview_json
from customer_value.report.progress import Event, Listener, RunLog, silent
from customer_value.report.publish import GENERATOR, MANIFEST, folder_of, read_json, reserved
from customer_value.report.run import KernelKind, make_report
from customer_value.report.site import versions
from customer_value.scratch import own_folder
from customer_value.secrecy import redacted, shows_secret
from customer_value.settings import Settings

__all__ = ["Batch", "Outcome", "make_batch"]

STATE, LOG, PAGE = "batch.json", "batch.log.jsonl", "index.html"
_OVERVIEW = ("overview.csv", "overview.json", PAGE)
_READY = ".overview.ready"

_UNPACKED = 2
"""How many times its size an input file may take in memory while it is reduced."""


@dataclass(frozen=True)
class Outcome:
    """What became of one report.

    Attributes
    ----------
    name, folder
        Of the report; the folder lies in that of the batch.
    status
        ``"made"``, ``"up to date"`` (it was there already, made from the same) or ``"failed"``.
    sentence
        Why it failed.
    seconds
        How long it took.
    """

    name: str
    folder: str
    status: Literal["made", "up to date", "failed"]
    sentence: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Batch:
    """What became of a batch: the overview page, and the outcomes in the order of the reports."""

    index: Path
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The reports that could not be made."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    def summary(self) -> str:
        """How many reports ended how, in a sentence."""
        statuses = [outcome.status for outcome in self.outcomes]
        kinds = ("made", "up to date", "failed")
        parts = [f"{statuses.count(kind)} {kind}" for kind in kinds if kind in statuses]
        return f"{words.count(len(statuses), 'report')}: {words.listing(parts)}."


def make_batch(
    files: Sequence[Path | str],
    output: Path | str,
    *,
    parameters: Mapping[str, object] | None = None,
    notebooks: Path | None = None,
    progress: Listener = silent,
    jobs: int | None = None,
    cell_timeout: int | None = None,
    kernels: KernelKind | None = None,
    again: bool = False,
) -> Batch:
    """Make a report of each settings file and the overview that compares them.

    A report that fails does not stop the others. One that is there already and was made from the same
    settings, input, parameters, notebooks and library is not made again.

    Parameters
    ----------
    files
        Settings files; one that lists reports stands for all of them, ``FILE.yml#NAME`` for one.
    output
        Folder of the batch; each report goes into a folder in it, called as the report in the list,
        else as the settings file without its ending.
    parameters, notebooks, cell_timeout, kernels
        As `customer_value.report.make_report` takes them.
    progress
        Hears of every `Event`, those of a report's own run included, with the report's name.
    jobs
        How many reports are made side by side; by default as many as there are cores and as memory
        can hold. Where fewer reports are left than that, each runs more notebooks side by side.
    again
        Whether to make the finished reports again, too.

    Returns
    -------
    Batch

    Raises
    ------
    ConfigError
        If a file does not exist, is the only one and wrong, two reports would share a folder, or the output
        folder cannot be used. Nothing has been made then.
    """
    plans = _planned([Path(file) for file in files])
    books = find_notebooks(notebooks or notebooks_folder())
    target = folder_of(Path(output))
    with reserved(target, Path(output)):
        _refuse_unless_ours(target, Path(output))
        target.mkdir(exist_ok=True)
        _finish_overview(target)
        aside = target / f".{secrets.token_hex(4)}.partial"
        with RunLog(target / LOG) as log, own_folder(aside, mode=0o777):

            def tell(event: Event) -> None:
                if not event.notebook:
                    log(event)
                progress(event)

            state = _State(target / STATE, aside)
            ways = (dict(parameters or {}), notebooks, cell_timeout, kernels, again)
            run = _Run(target, *ways, tell, _Keys(books), state)
            outcomes = run.all(plans, jobs)
            title = (
                f"Overview: {Path(files[0]).stem}" if len({plan.file for plan in plans}) == 1 else "Overview"
            )
            entries = [_entry(target, *pair) for pair in zip(plans, outcomes, strict=True)]
            _write_overview(target, aside, title, entries)
            tell(Event("overview written"))
    return Batch(target / PAGE, tuple(outcomes))


@dataclass(frozen=True)
class _Plan:
    """A report to make: its name, its folder, the file that it comes from, its settings as named there.

    ``read`` is that file as it was when the batch began, None if it could not be read then.
    """

    name: str
    folder: str
    file: Path
    config: Path
    read: SettingsFile | None

    def settings_file(self) -> SettingsFile:
        """What was read, or what is wrong with the file."""
        return self.read or SettingsFile.read(self.config)


def _planned(files: Sequence[Path]) -> list[_Plan]:
    if not files:
        raise ConfigError("Name at least one settings file.")
    plans = [plan for file in files for plan in _plans_of(file, alone=len(files) == 1)]
    seen: dict[str, _Plan] = {}
    for plan in plans:
        other = seen.setdefault(plan.folder.casefold(), plan)
        if other is not plan:
            both = f"{other.config} and {plan.config}"
            what = f"{plan.config} is named twice" if other.config == plan.config else f"{both} share a name"
            raise ConfigError(
                f"{what}, and each report needs its own folder; rename one, or list them in one file with "
                "'reports:' and a name for each."
            )
    return plans


def _plans_of(file: Path, *, alone: bool) -> list[_Plan]:
    """The reports of a file; where it is one of several files, what is wrong in it is left to its own report."""
    if not file.exists() and "#" in file.name:
        path, _, name = str(file).rpartition("#")
        read = SettingsFile.read(file)
        if alone or name not in read.reports():
            read.settings()
        return [_Plan(name, folder_name(name), Path(path), file, read)]
    if file.is_dir() or not file.exists():
        what = "is a folder; name the settings files in it" if file.is_dir() else "does not exist"
        raise ConfigError(f"The settings file {file} {what}.")
    names: list[str] = []
    whole = None
    try:
        whole = SettingsFile.read(file)
        names = whole.reports()
    except ConfigError:
        if alone:
            raise
    if whole and names:
        listed = [replace(whole, report=name) for name in names]
        return [
            _Plan(name, folder_name(name), file, file.with_name(read.name), read)
            for name, read in zip(names, listed, strict=True)
        ]
    if whole and alone:
        whole.settings()
    try:
        return [_Plan(file.stem, folder_name(file.stem), file, file, whole)]
    except ConfigError as error:
        raise ConfigError(f"{file}: {error} Rename the file.") from None


class _Stopped(BaseException):
    """The batch was asked to end; raised in the threads of its reports."""


@dataclass
class _Run:
    """The reports of one batch."""

    target: Path
    parameters: Mapping[str, object]
    notebooks: Path | None
    cell_timeout: int | None
    kernels: KernelKind | None
    again: bool
    tell: Listener
    keys: _Keys
    state: _State

    def all(self, plans: Sequence[_Plan], jobs: int | None) -> list[Outcome]:
        """Make every report, side by side; what is finished stays if the batch is stopped."""
        self._stopping = threading.Event()
        self._left = itertools.count(len(plans), -1)
        self._cores = processors()
        self._jobs = min(jobs or self._fitting(plans), len(plans))
        self.tell(Event("batch started", cells=len(plans)))
        with ThreadPoolExecutor(max_workers=self._jobs) as pool:
            futures = [pool.submit(self._one, plan) for plan in plans]
            try:
                wait(futures)
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop(futures)
                raise

    def _stop(self, futures: Sequence[Future[Outcome]]) -> None:
        """End the kernels of all reports, also those that are only just about to start some."""
        from customer_value.report.kernel import stop_all

        self._stopping.set()
        while any(future.running() for future in futures):
            stop_all()
            time.sleep(0.1)
        self.tell(Event("batch stopped"))

    def _fitting(self, plans: Sequence[_Plan]) -> int:
        """As many reports as there are cores, and as free memory can hold."""
        memory = available_memory()
        if memory is None:
            return self._cores
        needs = [1]
        for plan in plans:
            with contextlib.suppress(CustomerValueError, OSError):
                file = plan.settings_file()
                settings = file.settings()
                limit = settings.engine.memory_bytes
                read = sum(path.stat().st_size for path in _files(file.folder, settings))
                tables = self.target / plan.folder / "tables"
                needs.append(memory_of_notebook(tables, limit) + min(_UNPACKED * read, limit))
        return max(1, min(self._cores, memory // max(needs)))

    def _one(self, plan: _Plan) -> Outcome:
        left, started = next(self._left), time.monotonic()
        self.tell(Event("report started", report=plan.name))
        share = self._cores // min(self._jobs, left)
        outcome = self._made(plan, None if share == self._cores > 1 else max(1, share))
        seconds = round(time.monotonic() - started, 3)
        outcome = replace(outcome, seconds=seconds)
        kinds = {"made": "report finished", "up to date": "report up to date", "failed": "report failed"}
        event = Event("report finished", seconds=seconds, text=outcome.sentence, report=plan.name)
        self.tell(replace(event, kind=kinds[outcome.status]))  # type: ignore[arg-type]
        return outcome

    def _made(self, plan: _Plan, jobs: int | None) -> Outcome:
        folder = self.target / plan.folder
        try:
            file = plan.settings_file()
            settings = file.settings()
            key, before = self.keys.of(file, settings, self.parameters)
            if key and not self.again and self.state.holds(plan.folder, key, folder):
                return Outcome(plan.name, plan.folder, "up to date")
            self.state.forget(plan.folder)
            make_report(
                file,
                folder,
                parameters=self.parameters,
                notebooks=self.notebooks,
                progress=lambda event: self._heard(replace(event, report=plan.name)),
                jobs=jobs,
                cell_timeout=self.cell_timeout,
                kernels=self.kernels,
            )
            if key and before == self.keys.marks(file, settings):
                self.state.keep(plan.folder, key, folder)
        except Exception as error:
            if self._stopping.is_set():
                raise _Stopped from error
            return Outcome(plan.name, plan.folder, "failed", _sentence(error))
        return Outcome(plan.name, plan.folder, "made")

    def _heard(self, event: Event) -> None:
        if self._stopping.is_set():
            raise _Stopped
        if event.notebook:
            self.tell(event)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, CustomerValueError):
        return text
    if fault := fault_of(error):
        return f"Stopped: {fault}."
    if isinstance(error, OSError):
        return redacted(f"{error.filename or ''}: {error.strerror or text}.".removeprefix(": "))
    return redacted(f"Unexpected {type(error).__name__}: {text}.")


class _Keys:
    """Hashes of all that a report is made from; a file that several reports read is read once."""

    def __init__(self, notebooks: Sequence[Path]) -> None:
        self._turn = threading.Lock()
        self._known: dict[tuple[object, ...], str] = {}
        self._same = [
            versions(),
            code_fingerprint(),
            [[path.name, self._hash(path)] for path in notebooks],
        ]

    def of(
        self, file: SettingsFile, settings: Settings, parameters: Mapping[str, object]
    ) -> tuple[str, list[tuple[object, ...]]]:
        """The key of a report, and the state of its files; no key if it reads what has no files."""
        marks = self.marks(file, settings)
        if live_tables(settings):
            return "", marks
        with self._turn:
            files = [[path.name, self._hash(path)] for path in _files(file.folder, settings)]
        own = [file.name, settings.model_dump(mode="json", by_alias=True), dict(parameters), files]
        text = json.dumps([*self._same, *own], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest(), marks

    def marks(self, file: SettingsFile, settings: Settings) -> list[tuple[object, ...]]:
        """Sizes and times of the input files, which change when a file does."""
        return [mark(path) for path in _files(file.folder, settings)]

    def _hash(self, path: Path) -> str:
        known = mark(path)
        if known not in self._known:
            self._known[known] = digest(path)
        return self._known[known]


def _files(base: Path, settings: Settings) -> list[Path]:
    """The files that a report reads beside its settings."""
    return [*input_files(settings, base), *(found.path for found in policy_file(settings, base))]


class _State:
    """Which reports are finished: folder to the key of what it was made from and a hash of what it holds."""

    def __init__(self, path: Path, aside: Path) -> None:
        self._path = path
        self._partial = aside / path.name
        self._turn = threading.Lock()
        self._reports: dict[str, dict[str, str]] = {}
        content = read_json(path)
        reports = content.get("reports") if content.get("generator") == GENERATOR else None
        if isinstance(reports, dict):
            self._reports = {folder: known for folder, known in reports.items() if isinstance(known, dict)}

    def holds(self, folder: str, key: str, report: Path) -> bool:
        """Whether the report is there, whole, and made from the same."""
        known = self._reports.get(folder, {})
        return known.get("key") == key and known.get("content") == _content(report)

    def keep(self, folder: str, key: str, report: Path) -> None:
        """Note that a report is finished."""
        content = _content(report)
        with self._turn:
            self._reports[folder] = {"key": key, "content": content}
            self._write()

    def forget(self, folder: str) -> None:
        """Note that a report is to be made again."""
        with self._turn:
            if self._reports.pop(folder, None):
                self._write()

    def _write(self) -> None:
        text = _json({"generator": GENERATOR, "reports": self._reports})
        self._partial.write_text(text, encoding="utf-8")
        self._partial.replace(self._path)


def _content(report: Path) -> str:
    """A hash over all files of a report; empty if there is none."""
    if not (report / MANIFEST).is_file():
        return ""
    files = sorted(path for path in report.rglob("*") if path.is_file())
    listed = [[path.relative_to(report).as_posix(), digest(path)] for path in files]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _entry(target: Path, plan: _Plan, outcome: Outcome) -> Entry:
    title = currency = ""
    with contextlib.suppress(CustomerValueError):
        settings = plan.settings_file().settings()
        title, currency = "" if shows_secret(settings.title) else settings.title, settings.currency
    folder = target / plan.folder
    if outcome.status == "failed":
        earlier = (folder / PAGE).is_file()
        return Entry(plan.name, plan.folder, title, currency, {}, outcome.sentence, earlier)
    return Entry(plan.name, plan.folder, title, currency, read_json(folder / "facts.json"))


def _refuse_unless_ours(target: Path, shown: Path) -> None:
    """Only an overview may be replaced by an overview."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ConfigError(f"{shown} is a file; --output names a folder.")
    if (target / MANIFEST).exists():
        raise ConfigError(f"{shown} holds a single report; choose another --output for the batch.")
    ready = target / _READY
    inside = ready.iterdir() if ready.is_dir() else [ready] * os.path.lexists(ready)
    taken = [name for name in (*_OVERVIEW, STATE) if not _may_be_replaced(target / name)]
    taken += [_READY for path in inside if path.name not in _OVERVIEW or not _may_be_replaced(path)][:1]
    if taken:
        raise ConfigError(f"{shown} holds another {words.listing(sorted(taken))}; choose another --output.")


def _may_be_replaced(path: Path) -> bool:
    """Whether a file is missing or was written by a batch."""
    if not os.path.lexists(path):
        return True
    with contextlib.suppress(OSError, ValueError, RecursionError):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if path.suffix == ".json":
            content = json.loads(text)
            return isinstance(content, dict) and content.get("generator") == GENERATOR
        sign = f'<meta name="generator" content="{GENERATOR}">'
        return sign in text if path.name == PAGE else text.startswith(OVERVIEW_START)
    return False


def _write_overview(target: Path, aside: Path, title: str, entries: Sequence[Entry]) -> None:
    """Replace the overview: written aside, committed by one renaming, then put in place file by file."""
    texts = (overview_csv(entries), overview_json(entries), overview_html(title, entries))
    partial = aside / "overview"
    partial.mkdir()
    for name, text in zip(_OVERVIEW, texts, strict=True):
        (partial / name).write_text(text, encoding="utf-8", newline="\n")
    partial.rename(target / _READY)
    _finish_overview(target)


def _finish_overview(target: Path) -> None:
    """Put a committed overview in place, also one whose batch was killed just then."""
    ready = target / _READY
    if ready.is_dir():
        for path in sorted(ready.iterdir(), reverse=True):
            path.replace(target / path.name)
        ready.rmdir()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
