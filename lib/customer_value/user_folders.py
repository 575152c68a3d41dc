"""Where a user's own files are that no settings name: what can be made again, and notes of what is under way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder", "state_folder"]


def cache_folder() -> Path:
    """The folder of what can be made again: as ``CUSTOMER_VALUE_CACHE`` says, else where the system keeps such."""
    return _folder("CUSTOMER_VALUE_CACHE", "XDG_CACHE_HOME", ".cache", mac="Caches", windows="")


def state_folder() -> Path:
    """The folder of notes: as ``CUSTOMER_VALUE_STATE`` says, else where the system keeps such things."""
    return _folder(
        "CUSTOMER_VALUE_STATE", "XDG_STATE_HOME", ".local/state", mac="Application Support", windows="state"
    ).absolute()


def _folder(stated: str, xdg: str, usual: str, *, mac: str, windows: str) -> Path:
    if told := os.environ.get(stated):
        return Path(told)
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / "customer_value"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "customer_value" / windows
    return Path(os.environ.get(xdg) or Path.home() / usual) / "customer_value"
