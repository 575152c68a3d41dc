"""Making reports: run the notebooks, render them as HTML, publish the folder whole or not at all."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from customer_value.report.light import light_imports

if TYPE_CHECKING:
    from customer_value.report.batch import make_batch
    from customer_value.report.notebooks import notebooks_folder
    from customer_value.report.run import make_report

_HOMES = {"make_batch": "batch", "make_report": "run", "notebooks_folder": "notebooks"}

__all__ = ["make_batch", "make_report", "notebooks_folder"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the process that forks kernels needs none of them."""
    if name in _HOMES:
        with light_imports():
            return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
