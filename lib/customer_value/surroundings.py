"""What the processes that we start find around them: nothing from a folder of data, nothing of the user's set-up.

A file beside the data may be called ``random.py`` or ``matplotlibrc``, whoever sent it, and a person may have a style
or a start-up file of their own. Neither may run in a report or change it. Packages that the user installed for this
Python, with pip's ``--user`` or by an absolute entry of ``PYTHONPATH``, are part of it and stay.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from customer_value.user_folders import cache_folder

__all__ = ["OWN_FOLDER", "child_environment", "leave_start_folder"]

OWN_FOLDER = Path(__file__).resolve().parent
"""Where a process may start that needs no folder of its own: there is no data here."""

_FIXED = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
}
"""The same for every report; libraries read most of it when they are imported, and some would start threads."""

_OF_A_USER = ("PYTHON", "MPL", "MATPLOTLIB", "IPYTHON")
_OF_THE_INSTALLATION = (
    "PYTHONCOERCECLOCALE", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONPATH",
    "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX", "PYTHONUSERBASE", "PYTHONUTF8",
)  # fmt: skip
"""Variables that say where Python is and how names of files are read, not how it is to behave."""


def child_environment(scratch: Callable[[], Path]) -> dict[str, str]:
    """The environment of every process that makes a report.

    Modules are found where this Python has them and at the absolute entries of ``PYTHONPATH``, not in the folder in
    which a process starts. Matplotlib finds a folder of ours, which keeps its list of fonts, instead of the user's.

    Parameters
    ----------
    scratch
        Gives a folder for it, asked only if the user's cache cannot be written.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in _OF_THE_INSTALLATION or not name.startswith(_OF_A_USER)
    }
    inherited.pop("PYTHONPATH", None)
    if path := os.pathsep.join(_absolute_entries()):
        inherited["PYTHONPATH"] = path
    return {**inherited, **_FIXED, "MPLCONFIGDIR": str(_matplotlib_folder(scratch))}


def leave_start_folder() -> None:
    """Import nothing more from the folder in which this command was started, nor from other relative places."""
    with contextlib.suppress(OSError):
        if not sys.flags.safe_path and sys.path[:1] in ([""], [str(Path.cwd())]):
            del sys.path[0]
        absolute = _absolute_entries()
        relative = {str(Path(entry).absolute()) for entry in _entries() if entry not in absolute}
        sys.path[:] = [entry for entry in sys.path if entry and (entry not in relative or entry in absolute)]


def _matplotlib_folder(scratch: Callable[[], Path]) -> Path:
    with contextlib.suppress(OSError, RuntimeError):
        cache = cache_folder().absolute()
        for folder in (cache, cache / "matplotlib"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    return scratch() / "matplotlib"


def _absolute_entries() -> list[str]:
    return [entry for entry in _entries() if Path(entry).is_absolute()]


def _entries() -> list[str]:
    """The entries of ``PYTHONPATH``; an empty one means the folder in which a process starts."""
    stated = os.environ.get("PYTHONPATH")
    return stated.split(os.pathsep) if stated else []
