"""Running notebooks side by side, each as soon as those that it waits for are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from pathlib import Path
from typing import TypeVar

__all__ = ["run_in_order"]

Result = TypeVar("Result")


def run_in_order(
    pool: Executor,
    files: Sequence[Path],
    waits: Mapping[str, frozenset[str]],
    run: Callable[[Path], Result],
    most: Callable[[], int],
) -> dict[str, Result]:
    """Run every notebook once, none before those it waits for.

    Of several that could begin, those with the longest chain of others behind them begin first.

    Parameters
    ----------
    pool
        Where the runs happen; its size bounds how many run at a time.
    files
        The notebooks, those that are waited for first.
    waits
        As `prerequisites` gives them; names that are not among ``files`` are taken as done.
    run
        Runs one notebook.
    most
        How many may run at a time; asked once, when the first is done, which runs alone.

    Returns
    -------
    dict
        Name of the notebook (without ending) to its result, in the order of ``files``.

    Raises
    ------
    Exception
        What the first run that failed raised; runs that have begun go on in the pool.
    """
    names = {path.stem for path in files}
    urgent = sorted(files, key=lambda path: -_chain(path.stem, waits))
    futures: dict[str, Future[Result]] = {}
    bound = 1
    while len(done := _finished(futures)) < len(files):
        if len(done) == 1:
            bound = most()
        for path in urgent:
            ready = path.stem not in futures and waits[path.stem] & names <= set(done)
            if ready and len(futures) - len(done) < bound:
                futures[path.stem] = pool.submit(run, path)
        wait([future for future in futures.values() if not future.done()], return_when=FIRST_COMPLETED)
    return {path.stem: done[path.stem] for path in files}


def _chain(name: str, waits: Mapping[str, frozenset[str]]) -> int:
    """How many notebooks follow one after the other once this one is done."""
    return max((1 + _chain(other, waits) for other, needed in waits.items() if name in needed), default=0)


def _finished(futures: Mapping[str, Future[Result]]) -> dict[str, Result]:
    """Results of the runs that are done; the failure of the first that failed, if one did."""
    return {name: future.result() for name, future in futures.items() if future.done()}
