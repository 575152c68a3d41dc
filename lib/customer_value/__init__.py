"""Customer value and key accounts: the library behind the notebooks.

A notebook opens a workbook, asks one module a question, and shows the answer::

    from customer_value import open_workbook, pareto, plots, show

    workbook = open_workbook("report.yml")
    result = pareto.concentration(workbook.table("customers"), currency=workbook.currency)
    show(plots.lorenz_curve, result)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from customer_value.display import Prose, Table, show
    from customer_value.result import findings, next_steps
    from customer_value.workbook import Workbook, load_data, open_workbook

_HOMES = {
    "Prose": "display",
    "Table": "display",
    "Workbook": "workbook",
    "findings": "result",
    "load_data": "workbook",
    "next_steps": "result",
    "open_workbook": "workbook",
    "show": "display",
}

__all__ = [
    "Prose",
    "Table",
    "Workbook",
    "__version__",
    "findings",
    "load_data",
    "next_steps",
    "open_workbook",
    "show",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts at once."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
