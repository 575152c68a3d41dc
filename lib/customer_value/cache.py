"""Runs of notebooks that are opened by hand: made once, found again until something changes, bounded.

A run is a folder ``KEY-NUMBER`` in the user's cache; the key is a hash of all that its tables are made from. It holds
copies of a company's customers, so only its user may enter it. A process that has opened a run holds a shared lock in
it to its end, and no run is removed under such a process. Which runs stay the environment decides, see `LIMITS`.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import functools
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from customer_value import words
from customer_value.config import SettingsFile
from customer_value.errors import ConfigError
from customer_value.inputs import input_files, write_run
from customer_value.library import code_fingerprint, mark
from customer_value.locks import same_file, try_lock
from customer_value.scratch import own_folder, own_lock, set_aside
from customer_value.settings import Settings, bytes_of
from customer_value.tables import write_json
from customer_value.user_folders import cache_folder

__all__ = [
    "LIMITS",
    "CachedRun",
    "cached_run",
    "cached_runs",
    "clear_cache",
    "listed",
    "spill_folder",
]

LIMITS = {
    "CUSTOMER_VALUE_CACHE_RUNS": "3",
    "CUSTOMER_VALUE_CACHE_DAYS": "30",
    "CUSTOMER_VALUE_CACHE_SIZE": "10 GB",
}
"""How many runs of one settings file stay, how long after their last use, and how large all may be together."""

_RUN = re.compile(r"[0-9a-f]{24}(-[0-9]+)?")
_DAY_SECONDS = 86_400

_IN_USE: dict[Path, int] = {}
"""Runs that this process has opened, with the descriptor that holds the lock."""


@dataclass(frozen=True)
class CachedRun:
    """A run in the cache.

    Attributes
    ----------
    folder
        Where it is.
    settings
        The settings file that it was made from; empty if it does not say so.
    bytes
        The size of its files.
    used
        When it was opened last, in seconds since 1970.
    """

    folder: Path
    settings: str
    bytes: int
    used: float


def cached_run(file: SettingsFile, settings: Settings, *, again: bool = False) -> Path:
    """The run of a settings file in the cache, made where there is none.

    Parameters
    ----------
    file, settings
        The file and what it says.
    again
        Whether to read the input anew in any case.

    Raises
    ------
    ConfigError, InputError
        If the inputs or the limits are wrong.
    """
    cache, key, limits = cache_folder().absolute(), _key(file, settings), _limits()
    run = None if again else _opened(cache, key)
    if run is None:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            with contextlib.suppress(OSError):  # a disk without locks
                held.enter_context(own_lock(cache / f".{key}.lock", wait=True))
            run = (None if again else _opened(cache, key)) or _made(cache, key, file, settings)
    for old in _beyond(cached_runs(), limits):
        if old.folder != run:
            _removed(old.folder)
    return run


def cached_runs() -> list[CachedRun]:
    """The runs in the cache, the last used first."""
    found = [_described(folder) for folder in _runs(cache_folder().absolute())]
    return sorted(found, key=lambda run: (-run.used, run.folder.name))


def listed() -> str:
    """Where the runs are, how many, how large, and of which settings."""
    runs = cached_runs()
    lines = [f"{cache_folder()} holds {_told(runs)}."]
    for run in runs:
        used = dt.datetime.fromtimestamp(run.used).astimezone()
        lines.append(f"{used:%Y-%m-%d %H:%M}  {_size(run.bytes):>9}  {words.plain(run.settings, 200)}")
    return "\n".join(lines)


def clear_cache() -> str:
    """Remove all runs but those that are open in a notebook, and say how many went and stay."""
    runs = cached_runs()
    gone = [run for run in runs if _removed(run.folder)]
    kept = len(runs) - len(gone)
    stay = f"; {words.count(kept, 'run is', 'runs are')} open in a notebook and kept" if kept else ""
    return f"Removed {_told(gone)} from {cache_folder()}{stay}."


@functools.cache
def spill_folder() -> Path:
    """Where this process puts what does not fit into memory, beside the runs; removed at its end."""
    held = contextlib.ExitStack()
    atexit.register(held.close)
    return held.enter_context(own_folder(cache_folder().absolute() / f".spilled-{secrets.token_hex(4)}"))


def _key(file: SettingsFile, settings: Settings) -> str:
    """Changes whenever the settings, an input file, the library or one below it changes."""
    variables = [spec.path_env or spec.database_env for spec in settings.tables().values()]
    parts = [
        code_fingerprint(),
        settings.model_dump_json(),
        [os.environ.get(name) for name in variables if name],
        [mark(path) for path in input_files(settings, file.folder)],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _opened(cache: Path, key: str) -> Path | None:
    """The newest run of a key, from now on in use."""
    return next((run for run in _numbered(cache, key) if _hold(run)), None)


def _made(cache: Path, key: str, file: SettingsFile, settings: Settings) -> Path:
    """A new run; its number is free, because only the holder of the key's lock makes one."""
    number = max((int(run.name.partition("-")[2]) for run in _numbered(cache, key)), default=0) + 1
    with own_folder(cache / f".partial-{secrets.token_hex(4)}") as partial:
        write_run(settings, file.folder, partial)
        size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
        write_json(
            partial / "_run" / "cached.json", {"settings": str(file.folder / file.name), "bytes": size}
        )
        _used(partial).touch()
        run = partial.rename(cache / f"{key}-{number}")
    _hold(run)
    return run


def _numbered(cache: Path, key: str) -> list[Path]:
    """The runs of a key, the newest first."""
    runs = [run for run in _runs(cache) if run.name.startswith(f"{key}-")]
    return sorted(runs, key=lambda run: -int(run.name.partition("-")[2]))


def _runs(cache: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for entry in list(os.scandir(cache)):
            whole = _RUN.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            if whole and _is_ours(entry) and Path(entry.path, "_run", "state.json").is_file():
                yield cache / entry.name


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()


def _described(run: Path) -> CachedRun:
    told: dict[str, object] = {}
    with contextlib.suppress(OSError, ValueError):
        told = json.loads((run / "_run" / "cached.json").read_text(encoding="utf-8"))
    used = 0.0
    for path in (run, _used(run)):
        with contextlib.suppress(OSError):
            used = path.stat().st_mtime
    return CachedRun(run, str(told.get("settings", "")), int(str(told.get("bytes", 0))), used)


def _used(run: Path) -> Path:
    """The file in a run that whoever has opened it locks, and whose time tells when that was."""
    return run / "_run" / "used"


def _hold(run: Path) -> bool:
    """Open a run for this process, to its end; False if it is being removed."""
    if run not in _IN_USE:
        try:
            descriptor = os.open(_used(run), os.O_RDWR)
        except FileNotFoundError:
            return False
        if not try_lock(descriptor, shared=True) or not same_file(descriptor, _used(run)):
            os.close(descriptor)
            return False
        _IN_USE[run] = descriptor
    os.utime(_used(run))
    return True


def _removed(run: Path) -> bool:
    """Remove a run unless it is in use; whether it has gone."""
    if run in _IN_USE:
        return False
    with contextlib.suppress(OSError), contextlib.ExitStack() as held:
        if _used(run).exists():
            descriptor = os.open(_used(run), os.O_RDWR)
            held.callback(os.close, descriptor)
            if not try_lock(descriptor):
                return False
        with set_aside(run, run.with_name(f".removed-{secrets.token_hex(4)}")):
            pass
    return not run.exists()


def _beyond(runs: list[CachedRun], limits: Mapping[str, float]) -> Iterator[CachedRun]:
    """The runs that are more, older or larger than may stay."""
    most, days, size = limits.values()
    seen: dict[str, int] = {}
    total = 0
    for run in runs:
        seen[run.settings] = seen.get(run.settings, 0) + 1
        total += run.bytes
        if seen[run.settings] > most or time.time() - run.used > days * _DAY_SECONDS or total > size:
            total -= run.bytes
            yield run


def _limits() -> dict[str, float]:
    """The limits of the environment."""
    found: dict[str, float] = {}
    for name, usual in LIMITS.items():
        value = os.environ.get(name, "").strip() or usual
        is_size = name.endswith("SIZE")
        try:
            found[name] = bytes_of(value) if is_size else int(value)
            if found[name] < 0:
                raise ValueError
        except ValueError:
            kind = "a size such as 500 MB" if is_size else "a whole number"
            raise ConfigError(f"The environment variable {name} is '{value}'; it must be {kind}.") from None
    return found


def _told(runs: Sequence[CachedRun]) -> str:
    return f"{words.count(len(runs), 'run')} of {_size(sum(run.bytes for run in runs))}"


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
