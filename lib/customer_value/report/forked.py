"""A kernel provisioner that forks kernels from a process in which everything is imported already.

A fresh kernel spends seconds on imports, a forked one about a tenth of that, and is as separate from
all others as a fresh one: its own process, session, folder and environment. Named in a kernel
specification as ``{"kernel_provisioner": {"provisioner_name": "customer-value-forked"}}``.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import threading
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from customer_value.report.starter import WarmProcess, warm_process

__all__ = ["PROVISIONER", "ForkedProvisioner"]

PROVISIONER = "customer-value-forked"
"""The name of the provisioner in kernel specifications."""


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels through `warm_process`."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Fork a kernel for a command as ``python -m ipykernel_launcher -f FILE [options]``.

        Where that fails, start a fresh one.
        """
        output = getattr(options.get("stdout"), "name", os.devnull)
        folder, environment = str(options.get("cwd") or Path.cwd()), dict(options["env"])
        command = [_launcher(), *cmd[cmd.index("-f") :]]
        try:
            warm = await asyncio.to_thread(warm_process)
            pid = await asyncio.to_thread(warm.fork, command, folder, environment, Path(output))
        except RuntimeError:
            return await super().launch_kernel(cmd, **options)
        self.process = _Forked(pid, warm)  # type: ignore[assignment]
        self.pid = self.pgid = pid
        self.cwd = folder
        return self.connection_info


class _Forked:
    """As much of `subprocess.Popen` as a provisioner needs."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, warm: WarmProcess) -> None:
        self.pid = pid
        self._warm = warm
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._warm.status(self.pid)
        return self.returncode

    def wait(self) -> int:
        while (status := self.poll()) is None:
            threading.Event().wait(0.02)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _launcher() -> str:
    spec = importlib.util.find_spec("ipykernel_launcher")
    return str(spec.origin) if spec else ""
