"""The processes that run notebooks: this very Python, nothing of the user's set-up, ended for sure.

A kernel found by name could belong to another environment, and read start-up files of the user; both
would make a report depend on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, Self

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from traitlets import Type

from customer_value.report.forked import PROVISIONER
from customer_value.scratch import scratch_folder
from customer_value.surroundings import child_environment

__all__ = ["ENGINE", "Kernels", "stop_all"]

ENGINE = "customer-value"
"""The papermill engine that runs a notebook on a kernel of `Kernels`."""

_LONGEST_DEATH_SECONDS = 5
_OUTPUT_DELAY_SECONDS = 0.05
"""How long to wait at first for what comes on the channel of outputs; if that is not open yet, nothing does."""
_LATEST_OUTPUT_SECONDS = 60
"""How long after its end the output of a cell may arrive; a busy machine needs more than the usual 4."""


class Kernels:
    """All kernels of one run; leaving the block ends those that still live.

    Parameters
    ----------
    folder
        Working folder of the notebooks.
    environment
        Variables that the notebooks see beside those of this process.
    forked
        Whether kernels are forked from a process that has imported everything, which is faster.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], *, forked: bool = False) -> None:
        self.folder = folder
        self.forked = forked
        self._held = contextlib.ExitStack()
        self._own = self._held.enter_context(scratch_folder())
        self._environment = {**child_environment(lambda: self._own), **environment}
        self._turn = threading.Lock()
        self._alive: set[_Kernel] = set()
        self._made = 0
        self.stopped = False
        _RUNS.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._held.close()

    def new(self) -> _Kernel:
        """A kernel that is not started yet; its own output goes to the file that `said` reads."""
        with self._turn:
            self._made += 1
        own = self._own / str(self._made)
        own.mkdir(mode=0o700)
        return _Kernel(
            run=self,
            kernel_name="python3",
            transport="tcp" if sys.platform == "win32" else "ipc",
            connection_file=str(own / "k.json"),
            settings_folder=own,
        )

    def environment(self, kernel: _Kernel) -> dict[str, str]:
        """The variables that one kernel sees; IPython finds an empty profile of its own."""
        return {**self._environment, "IPYTHONDIR": str(kernel.own)}

    def started(self, kernel: _Kernel) -> None:
        """Note a living kernel; one that was late to start after `stop` is ended at once."""
        with self._turn:
            self._alive.add(kernel)
        if self.stopped:
            kernel.kill_now()

    def ended(self, kernel: _Kernel) -> None:
        """Note that a kernel has ended."""
        with self._turn:
            self._alive.discard(kernel)

    def stop(self) -> None:
        """End every kernel at once and start no more."""
        self.stopped = True
        with self._turn:
            alive = list(self._alive)
        for kernel in alive:
            kernel.kill_now()


def stop_all() -> None:
    """End the kernels of every run of this process; their runs fail."""
    for kernels in list(_RUNS):
        kernels.stop()


_RUNS: weakref.WeakSet[Kernels] = weakref.WeakSet()


class _Client(AsyncKernelClient):
    """A client that waits by a clock which cannot be set, and no longer than until the kernel is heard."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        await asyncio.wait_for(self._heard(), timeout)

    async def _heard(self) -> None:
        """Ask until both the answer and, on the channel of outputs, the end of answering have come."""
        patience = _OUTPUT_DELAY_SECONDS
        while True:
            asked = self.kernel_info()
            with contextlib.suppress(Empty):
                while not _answers(reply := await self.get_shell_msg(timeout=1), asked):
                    pass
                while not _ends(await self.get_iopub_msg(timeout=patience), asked):
                    pass
                self._handle_kernel_info_reply(reply)
                return
            patience = min(2 * patience, 1.0)
            if not await self.is_alive():
                raise RuntimeError("the kernel died before it answered")


def _answers(message: Mapping[str, Any], asked: str) -> bool:
    """Whether a message belongs to a request."""
    return bool(message["parent_header"].get("msg_id") == asked)


def _ends(message: Mapping[str, Any], asked: str) -> bool:
    """Whether a message says that the work on a request is done."""
    return _answers(message, asked) and message["content"].get("execution_state") == "idle"


class _Kernel(AsyncKernelManager):
    """A kernel on this interpreter."""

    client_factory = Type(_Client)

    def __init__(self, *, run: Kernels, settings_folder: Path, **traits: Any) -> None:
        super().__init__(**traits)
        self.run = run
        self.own = settings_folder

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        without_habits = ["--IPKernelApp.ignore_cwd=True", "--HistoryManager.enabled=False"]
        forked = {"kernel_provisioner": {"provisioner_name": PROVISIONER}} if self.run.forked else {}
        return KernelSpec(
            argv=command + without_habits, display_name="Python 3", language="python", metadata=forked
        )

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        said = (self.own / "output.txt").open("ab")
        with said:
            try:
                await super().start_kernel(
                    **options,
                    cwd=str(self.run.folder),
                    env=self.run.environment(self),
                    stdout=said,
                    stderr=said,
                )
            except BaseException:
                self.kill_now()
                raise
        self.run.started(self)

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
        """End the process without asking: its cells are done, or it hears nobody."""
        self.kill_now()
        end = time.monotonic() + _LONGEST_DEATH_SECONDS
        while await self._async_is_alive() and time.monotonic() < end:
            await asyncio.sleep(0.005)
        await self.cleanup_resources(restart=restart)

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        self.kill_now()
        await super().cleanup_resources(restart=restart)
        self.run.ended(self)

    def said(self) -> str:
        """The end of what the process wrote outside of cells, for the log."""
        with contextlib.suppress(OSError):
            return (self.own / "output.txt").read_text(encoding="utf-8", errors="replace")[-4000:]
        return ""

    def kill_now(self) -> None:
        """End the process and what it started, without asking; nothing happens if they have ended."""
        process = getattr(self.provisioner, "process", None)
        if process is None:
            return
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


class _Engine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own client on a given kernel, with calls at the start, before and after every cell."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel: _Kernel,
        begun: Callable[[NotebookNode], None],
        cell_begun: Callable[[int], None],
        cell_done: Callable[[int], None],
        cell_timeout: int,
        start_timeout: int = 60,
        **ignored: object,
    ) -> None:
        def executes(cell: object, cell_index: int) -> None:
            cell_begun(cell_index)

        def executed(cell: object, cell_index: int, **reply: object) -> None:
            cell_done(cell_index + 1)

        begun(nb_man.nb)
        client = PapermillNotebookClient(
            nb_man,
            km=kernel,
            kernel_name=kernel_name,
            timeout=cell_timeout,
            startup_timeout=start_timeout,
            iopub_timeout=_LATEST_OUTPUT_SECONDS,
            on_cell_execute=executes,
            on_cell_executed=executed,
        )
        client.execute(cleanup_kc=True)


papermill_engines.register(ENGINE, _Engine)
