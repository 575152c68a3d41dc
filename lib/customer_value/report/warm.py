"""A process that has imported everything and forks a kernel whenever it is asked to.

Most of the time that a fresh kernel takes is spent on imports, the same ones every time. This process
makes them once, starts no thread, and is told through its standard input, one JSON object per line,
to fork; the child becomes an ordinary IPython kernel in a session of its own. When the standard
input ends (the run is over, or was killed) the process ends all kernels and itself.

Run as ``python -m customer_value.report.warm``; `customer_value.report.starter` talks to it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["main"]

_IMPORTS = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger",
    "IPython.core.completerlib", "IPython.core.oinspect", "IPython.extensions.storemagic", "pandas", "pyarrow.parquet",
    "scipy.optimize", "scipy.special", "scipy.stats", "matplotlib.pyplot", "seaborn", "duckdb", "ibis",
    "ibis.backends.duckdb", "customer_value.workbook", "customer_value.inputs", "customer_value.data_load",
    "customer_value.pareto", "customer_value.rfm", "customer_value.clv", "customer_value.loyalty",
    "customer_value.satisfaction", "customer_value.plots",
)  # fmt: skip

_UNUSED = "debugpy"
"""A debugger that every kernel would import."""

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Import, say how it went, and serve until the standard input ends."""
    orders, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    _import_all()
    _tell(answers, {"threads": _threads()})
    living: dict[int, int | None] = {}
    try:
        for line in orders:
            _tell(answers, _serve(json.loads(line), living, (orders, answers)))
    finally:
        for pid, status in living.items():
            if status is None:
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
    os._exit(0)  # what is imported need not be taken down one by one


def _import_all() -> None:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]
    for name in _IMPORTS:
        with contextlib.suppress(Exception):  # the notebook that needs it will say what is wrong
            importlib.import_module(name)
    sys.modules.pop(_UNUSED, None)  # a notebook may want it
    import duckdb

    duckdb.execute("SET threads = 1")
    gc.freeze()


def _threads() -> int:
    """Threads of this process; a process with more than one must not fork."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        import threading

        return threading.active_count()


def _serve(order: Mapping[str, Any], living: dict[int, int | None], pipes: tuple[Any, Any]) -> dict[str, Any]:
    """Fork a kernel, or say whether one has ended."""
    if "poll" in order:
        return {"status": _status(int(order["poll"]), living)}
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become_kernel(order, pipes)
    living[pid] = None
    return {"pid": pid}


def _status(pid: int, living: dict[int, int | None]) -> int | None:
    if living.get(pid) is None and pid in living:
        with contextlib.suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                living[pid] = os.waitstatus_to_exitcode(status)
    return living.get(pid, -1)


def _become_kernel(order: Mapping[str, Any], pipes: tuple[Any, Any]) -> NoReturn:
    status = 1
    try:
        _leave_parent(order, pipes)
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(sys.argv[1:], parent_handle=os.getppid())
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _leave_parent(order: Mapping[str, Any], pipes: tuple[Any, Any]) -> None:
    """A session, folder, environment, output and randomness of its own."""
    os.setsid()
    _end_with_parent()
    for pipe in pipes:
        os.close(pipe.fileno())
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[:] = order["command"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed()
    import numpy as np

    np.random.seed()  # noqa: NPY002
    import duckdb

    duckdb.execute("RESET threads")


def _end_with_parent() -> None:
    """Where the system can: be killed as soon as the parent is gone."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _tell(answers: Any, answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
