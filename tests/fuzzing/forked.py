"""One command in a forked process with limits, and what it did to the folders around it."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CPU_SECONDS", "Ran", "Snapshot", "command", "import_all", "in_child", "snapshot"]

CPU_SECONDS = 40
"""Processor time that no small input may need."""

MEMORY = 6 * 2**30 + (os.cpu_count() or 1) * 2**28
"""Address space: what no small input may need, and room for the threads of the engine."""

WALL_SECONDS = 150
Snapshot = dict[str, tuple[int, int, str]]

_IMPORTS = (
    "ibis.backends.duckdb", "pyarrow.parquet", "openpyxl", "xlwt", "customer_value.cli",
    "customer_value.inputs", "customer_value.guess", "customer_value.data_load", "customer_value.rfm",
    "customer_value.report",
)  # fmt: skip
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    status: int
    ended: str
    stdout: str
    stderr: str
    trace: str
    seconds: float


def import_all() -> None:
    """Import what the commands need, without a thread, so that this process may fork."""
    import gc
    import importlib

    os.environ.update(_ENVIRONMENT)
    for name in _IMPORTS:
        importlib.import_module(name)
    import duckdb

    duckdb.execute("SET threads = 1")
    gc.freeze()
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise RuntimeError(f"this process has {threads} threads and cannot fork")


def in_child(work: Callable[[], int | None], notes: Path, seconds: float = WALL_SECONDS) -> Ran:
    """Do something in a forked process; what it prints goes to files in the folder of notes."""
    notes.mkdir(parents=True, exist_ok=True)
    for name in ("stdout", "stderr", "trace"):
        (notes / name).unlink(missing_ok=True)
    sys.stdout.flush()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(work, notes)
    status, ended = _awaited(pid, started + seconds)
    said = {
        name: (notes / name).read_bytes().decode("utf-8", "surrogateescape")
        if (notes / name).exists()
        else ""
        for name in ("stdout", "stderr", "trace")
    }
    return Ran(status, ended, seconds=round(time.monotonic() - started, 2), **said)


def command(arguments: list[str], root: Path, environment: dict[str, str]) -> Callable[[], int]:
    """The command ``customer-value`` with these arguments, for `in_child`."""

    def run() -> int:
        for name in [name for name in os.environ if name.startswith(("XDG_", "CUSTOMER_VALUE_", "FUZZ_"))]:
            del os.environ[name]
        os.environ.update(environment)
        os.chdir(root / "cwd")
        tempfile.tempdir = None
        sys.argv = ["customer-value", *arguments]
        from customer_value import cli

        _record_ledger(root / "notes" / "ledger.json")
        _record_trace(root / "notes" / "trace")
        cli.main()
        return 0

    return run


def snapshot(root: Path) -> Snapshot:
    """Every file and folder with its size, time and hash."""
    found: Snapshot = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        times = status.st_mtime_ns if path.is_file() else 0
        digest = hashlib.sha256(content).hexdigest()
        found[str(path.relative_to(root))] = (status.st_size if path.is_file() else -1, times, digest)
    return found


def _child(work: Callable[[], int | None], notes: Path) -> None:
    status = 70
    try:
        os.setsid()
        for number, name in ((1, "stdout"), (2, "stderr")):
            descriptor = os.open(notes / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, number)
            os.close(descriptor)
        sys.stdout.reconfigure(encoding="utf-8", errors="strict")  # type: ignore[union-attr]
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
        status = work() or 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _awaited(pid: int, deadline: float) -> tuple[int, str]:
    """Exit status, and in a word how it came about where it is none of its own."""
    pause = 0.01
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return -9, "hangs"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # whatever it started
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return code, ""
    if -code in (signal.SIGXCPU, signal.SIGKILL) and used.ru_utime + used.ru_stime >= CPU_SECONDS - 1:
        return code, "processor limit"
    return code, f"signal {signal.Signals(-code).name}"


def _record_ledger(target: Path) -> None:
    """Leave the figures of every ledger that `check` prints, for a second opinion."""
    from customer_value import inputs

    usual = inputs.check_inputs

    def recorded(*arguments: object, **options: object) -> object:
        result = usual(*arguments, **options)  # type: ignore[arg-type]
        lines = [
            {"table": line.table, "status": line.status, "reason": line.reason, "rows": line.rows}
            | {"amount": None if line.amount is None else str(line.amount)}
            for line in result.ledger.lines
        ]
        target.write_text(json.dumps(lines, default=str))
        return result

    inputs.check_inputs = recorded  # type: ignore[assignment]


def _record_trace(target: Path) -> None:
    """Keep the traceback behind every sentence on standard error, for whoever mends it."""
    import typer

    usual = typer.echo

    def recorded(*arguments: object, **options: object) -> None:
        if options.get("err") and sys.exc_info()[1] is not None:
            with target.open("a") as file:
                traceback.print_exc(file=file)
        usual(*arguments, **options)  # type: ignore[arg-type]

    typer.echo = recorded
