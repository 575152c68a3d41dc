"""The notebooks of a failed run, kept for people to look at.

Each carries a hash of itself in its metadata. One that somebody has worked on since no longer fits its hash, so it
is neither replaced nor removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["forget_kept", "keep"]

_OWN, _MARK = "customer_value", "kept_after_failure"


def keep(notebook: NotebookNode, partial: Path, folder: Path) -> Path:
    """Put a notebook into a folder, in the place of one of ours or beside one of somebody else.

    Parameters
    ----------
    notebook
        As far as it ran.
    partial
        Where it can be written before it gets its place, on the same disk.
    folder
        Made where there is none.

    Returns
    -------
    pathlib.Path
        Where it is.
    """
    nbformat.write(notebook, partial)
    content = json.loads(partial.read_text(encoding="utf-8"))
    content["metadata"].setdefault(_OWN, {})[_MARK] = _hash(content)
    partial.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    folder.mkdir(exist_ok=True)
    target, number = folder / partial.name, 1
    while (target.exists() or target.is_symlink()) and not _is_ours(target):
        number += 1
        target = folder / f"{partial.stem}-{number}{partial.suffix}"
    return partial.replace(target)


def forget_kept(folder: Path) -> None:
    """Remove the notebooks that `keep` left, and nothing else that may lie there."""
    with suppress(OSError):
        kept = [path for path in folder.glob("*.ipynb") if _is_ours(path)]
        for path in kept:
            path.unlink()
        if kept:
            folder.rmdir()


def _is_ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return bool(content["metadata"][_OWN][_MARK] == _hash(content))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _hash(notebook: Mapping[str, Any]) -> str:
    """Over all of a notebook but its mark."""
    metadata = notebook["metadata"]
    own = {key: value for key, value in metadata.get(_OWN, {}).items() if key != _MARK}
    content = {**notebook, "metadata": {**metadata, _OWN: own}}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
