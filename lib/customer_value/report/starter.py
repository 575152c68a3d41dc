"""The process that forks kernels, as seen from the one that makes a report.

`customer_value.report.warm` is what runs in it. It needs seconds to get ready, so a report starts it
before anything else.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from customer_value.scratch import scratch_folder
from customer_value.surroundings import OWN_FOLDER, child_environment

__all__ = ["WarmProcess", "can_fork", "warm_process"]


def can_fork() -> bool:
    """Whether this system can fork kernels; macOS can, but its libraries do not survive it."""
    return hasattr(os, "fork") and sys.platform == "linux"


class WarmProcess:
    """The process that forks; started with the first report, ended with this process.

    Raises
    ------
    RuntimeError
        From all methods, if the process has ended or could not be made ready.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._ready = False
        self._held = contextlib.ExitStack()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "customer_value.report.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=OWN_FOLDER,
            env=child_environment(lambda: self._held.enter_context(scratch_folder())),
            text=True,
        )

    @property
    def alive(self) -> bool:
        """Whether the process can still be asked."""
        return self.process.poll() is None

    def fork(self, command: Sequence[str], folder: str, environment: Mapping[str, str], output: Path) -> int:
        """A new kernel; returns its process number."""
        order = {
            "command": list(command),
            "folder": folder,
            "environment": dict(environment),
            "output": str(output),
        }
        return int(self._ask(order)["pid"])

    def status(self, pid: int) -> int | None:
        """The exit status of a kernel, None while it lives."""
        try:
            status: int | None = self._ask({"poll": pid})["status"]
        except RuntimeError:
            return -int(signal.SIGKILL)
        return status

    def end(self) -> None:
        """End the process and with it every kernel that it made."""
        if not self._ready:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._held.close()

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        with self._turn:
            if not self._ready:
                self._get_ready()
            return self._exchange(json.dumps(order) + "\n")

    def _get_ready(self) -> None:
        threads = self._exchange("")["threads"]
        if threads != 1:
            raise RuntimeError(f"the process that forks kernels has {threads} threads and cannot fork")
        self._ready = True

    def _exchange(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except (OSError, ValueError) as error:
            raise RuntimeError("the process that forks kernels has ended") from error
        if not answer:
            raise RuntimeError("the process that forks kernels has ended")
        told: dict[str, Any] = json.loads(answer)
        return told


def warm_process() -> WarmProcess:
    """The process that forks for this one, started where there is none."""
    with _START:
        global _shared
        if _shared is None or not _shared.alive:
            _shared = WarmProcess()
            atexit.register(_shared.end)
        return _shared


_START = threading.Lock()
_shared: WarmProcess | None = None
