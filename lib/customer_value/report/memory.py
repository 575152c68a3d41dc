"""How many notebooks may run side by side without running out of memory."""

from __future__ import annotations

from pathlib import Path

from customer_value.machine import available_memory, processors

__all__ = ["MOST_JOBS", "jobs_for", "memory_of_notebook"]

MOST_JOBS = 4

_BASE = 400 * 2**20
"""What a notebook takes before it has read anything."""

_UNFOLDED = 20
"""How many times its size as a Parquet file a table may take while a notebook computes with it."""


def jobs_for(notebook: int, cores: int | None = None, memory: int | None = None) -> int:
    """How many notebooks may run side by side.

    Parameters
    ----------
    notebook
        Bytes that one may take.
    cores
        Processors; by default those of this process.
    memory
        Free bytes; by default what `customer_value.machine.available_memory` finds. Unknown memory does not bound.

    Returns
    -------
    int
        At least 1, at most the cores, at most 4.

    Examples
    --------
    >>> jobs_for(3 * 2**30, cores=8, memory=8 * 2**30)
    2
    """
    cores = processors() if cores is None else cores
    memory = available_memory() if memory is None else memory
    fitting = MOST_JOBS if memory is None else memory // notebook
    return max(1, min(cores, MOST_JOBS, fitting))


def memory_of_notebook(tables: Path, engine_limit: int) -> int:
    """Bytes that a notebook may take: more with larger reduced tables, at most what its engine may hold.

    Parameters
    ----------
    tables
        Folder of the reduced tables (Parquet).
    engine_limit
        Bytes that the engine of one notebook may hold.
    """
    reduced = sum(path.stat().st_size for path in tables.rglob("*.parquet") if path.is_file())
    return _BASE + min(_UNFOLDED * reduced, engine_limit)
