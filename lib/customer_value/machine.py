"""What the machine has for this process: processors and free memory, also inside a container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_memory", "processors"]


def available_memory() -> int | None:
    """Free bytes of the machine, or of the container if that is less; None where the system does not tell."""
    found = list(_available(Path("/proc"), Path("/sys/fs/cgroup")))
    return min(found) if found else None


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _available(proc: Path, groups: Path) -> Iterator[int]:
    """What the machine has free, and what every control group around this process leaves."""
    machine = _numbers(proc / "meminfo").get("MemAvailable:")
    if machine is not None:
        yield machine * 1024
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _left(groups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            limit, usage = "memory.limit_in_bytes", "memory.usage_in_bytes"
            yield from _left(groups / "memory", path, limit, usage, "total_inactive_file")


def _left(root: Path, path: str, limit: str, usage: str, reclaimable: str) -> Iterator[int]:
    own = root / path.strip("/")
    for folder in (own, *own.parents):
        if folder.is_relative_to(root):
            most, used = _text(folder / limit).strip(), _text(folder / usage).strip()
            if most.isdigit() and used.isdigit():
                cached = _numbers(folder / "memory.stat").get(reclaimable, 0)
                yield max(0, int(most) - int(used) + cached)


def _numbers(path: Path) -> dict[str, int]:
    """The lines of a file of the system, each a name and a number."""
    words = (line.split() for line in _text(path).splitlines())
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
