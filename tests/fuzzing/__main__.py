"""``python -m fuzzing``: random input through the commands, faults through reports, each from a seed."""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any


def main() -> int:
    """Run cases until the time is over or all are done; 1 if any failed."""
    options = _options()
    from fuzzing import forked

    forked.import_all()
    options.keep.mkdir(parents=True, exist_ok=True)
    seeds = options.only or list(range(options.seed, options.seed + options.cases))
    end = time.monotonic() + 60 * options.minutes
    outcomes = _all(seeds, options, end)
    return _told(outcomes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="stop after this time [5]")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it [1]")
    parser.add_argument("--cases", type=int, default=10**6, help="most cases")
    parser.add_argument("--only", type=int, nargs="*", help="these seeds instead")
    parser.add_argument("--skip", type=int, nargs="*", default=[], help="steps of the case to leave out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cases side by side")
    parser.add_argument("--verbose", action="store_true", help="tell of every case")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for cases that fail")
    return parser.parse_args()


def _all(seeds: list[int], options: argparse.Namespace, end: float) -> list[Any]:
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    jobs = max(1, min(options.jobs, len(seeds)))
    workers = [
        context.Process(target=_work, args=(seeds[first::jobs], options, end, queue)) for first in range(jobs)
    ]
    for worker in workers:
        worker.start()
    outcomes, living = [], jobs
    while living:
        try:
            outcome = queue.get()
        except KeyboardInterrupt:
            continue  # the workers heard it, too, and end
        if outcome is None:
            living -= 1
            continue
        outcomes.append(outcome)
        if options.verbose or outcome.complaints:
            told = f"seed {outcome.seed} ({outcome.what}): {outcome.status} in {outcome.seconds} s"
            print(f"{told}; {outcome.sentence[:200]!a}", flush=True)
        if outcome.complaints:
            print(f"    {'; '.join(outcome.complaints)[:400]!a}; kept in {outcome.kept}", flush=True)
    for worker in workers:
        worker.join()
    return outcomes


def _work(seeds: list[int], options: argparse.Namespace, end: float, queue: Any) -> None:
    from fuzzing.runs import run_seed

    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # whoever ends it gets what it was at cleared up
    try:
        for seed in seeds:
            if time.monotonic() > end:
                break
            queue.put(run_seed(seed, options.keep, tuple(options.skip)))
    except KeyboardInterrupt:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        queue.put(None)


def _told(outcomes: list[Any]) -> int:
    failed = [outcome for outcome in outcomes if outcome.complaints]
    statuses = collections.Counter(outcome.status for outcome in outcomes)
    told = ", ".join(f"{count} ended with {status}" for status, count in sorted(statuses.items()))
    print(f"{len(outcomes)} cases: {told}; {len(failed)} failed.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
