"""How fast the lifetime-value models are, next to other packages: python benchmarks/clv.py

Simulates customers with CDNOW's BG/NBD parameters, times in weeks, counted in whole days with all
purchases of a day as one. Every step runs in a process of its own. The other packages run in an
environment of their own (see README.md), named by ``--peers``; without one their columns stay empty.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from printing import markdown

CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
ORDERS = Path(__file__).parents[1] / "data" / "sample" / "cdnow" / "orders.csv"
WINDOWS = {"12 weeks": 12, "2 years": 104, "5 years": 261}
AFTER = 27
SEED = 1
AHEAD = 39.0
WEEKLY_RATE = 0.0018
MODELS = {"bg": "BetaGeoNBD", "mbg": "ModifiedBetaGeoNBD", "pareto": "ParetoNBD"}
PACKAGES = ("numpy", "scipy", "pandas", "lifetimes", "clvkit")


def main() -> None:
    options = _options()
    if options.step:
        print(json.dumps(STEPS[options.step](options)))
        return
    bench = Bench(options.peers, options.timeout, 10 if options.quick else 1, options.processor_time)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, seed {SEED}")
    print("here:  ", _versions(sys.executable))
    print("peers: ", _versions(options.peers) if options.peers else "none named, so no comparison (--peers)")
    with tempfile.TemporaryDirectory() as folder:
        rows = [*bench.fits(Path(folder)), *bench.scores(Path(folder)), *bench.sizes(Path(folder))]
    rows += bench.refits()
    print()
    print(_aligned(rows))


@dataclass(frozen=True)
class Bench:
    """What is measured: ``peers`` is the other environment's Python, ``less`` divides all sizes."""

    peers: str | None
    timeout: float
    less: int
    processor_time: bool

    def fits(self, folder: Path) -> list[dict[str, Any]]:
        """Fits against the other packages, grouping into distinct rows included."""
        works = [
            ("BG/NBD", "bg", 1_000_000, "lifetimes", "lifetimes_bg", 30),
            ("BG/NBD", "bg", 100_000, "clvkit", "clvkit_bg", 200),
            ("Pareto/NBD", "pareto", 100_000, "lifetimes", "lifetimes_pareto", 20),
            ("MBG/NBD", "mbg", 1_000_000, "lifetimes", "lifetimes_mbg", None),
            ("Pareto/NBD", "pareto", 1_000_000, None, None, None),
        ]
        rows = []
        for label, step, size, package, other, target in works:
            data, distinct = self.data(folder, size, "12 weeks")
            ours = self.run(step, data)
            theirs = self.run(other, data, self.peers) if other else None
            work = f"fit {label}, {size // self.less:,} customers ({distinct:,} distinct rows)"
            rows.append(_row(work, ours, theirs, package, self.target(target)))
            if theirs and "parameters" in theirs:
                extra = ("--model", step, "--parameters", json.dumps(theirs["parameters"]))
                found = self.run("likelihood", data, extra=extra)["log_likelihood"]
                rows[-1]["likelihood"] = f"{ours['log_likelihood'] - found:+.4f}"
        return rows

    def scores(self, folder: Path) -> list[dict[str, Any]]:
        """Scores of every customer; the other package has the first two."""
        data, _ = self.data(folder, 1_000_000, "12 weeks")
        ours, theirs = self.run("scores", data), self.run("lifetimes_scores", data, self.peers)
        size = f"{1_000_000 // self.less:,} customers"
        names = {"p_alive": "p_alive", "expected": "expected purchases", "dert": "DERT"}
        rows = []
        for keys, target in ((("expected", "p_alive"), 5), (("expected", "p_alive", "dert"), 5)):
            own = {"seconds": sum(ours[k] for k in keys)}
            other = theirs
            if "failed" not in theirs:
                other = {"seconds": sum(theirs[k] for k in keys if k in theirs)}
            what = ", ".join(names[k] for k in keys)
            note = "" if len(keys) == 2 else " (against its first two)"
            rows.append(_row(f"score {size}: {what}{note}", own, other, "lifetimes", self.target(target)))
        return rows

    def sizes(self, folder: Path) -> list[dict[str, Any]]:
        """Fit time per distinct row, for ten times the customers."""
        rows = []
        for window in WINDOWS:
            cost = {}
            for size in (1_000_000, 10_000_000):
                data, distinct = self.data(folder, size, window)
                found = self.run("distinct", data)
                cost[size] = found["seconds"] / distinct
                rows.append(
                    {
                        "work": f"BG/NBD, {size // self.less:,} customers acquired within {window} "
                        f"({distinct:,} distinct rows): group {found['group']:.2f} s, fit",
                        "here (s)": f"{found['seconds']:.2f}",
                        "note": f"{cost[size] * 1e6:.2f} microseconds per distinct row",
                    }
                )
                data.unlink()
            change = cost[10_000_000] / cost[1_000_000] - 1
            rows[-1]["ratio"] = f"{change:+.0%} per row"
            if self.less == 1:
                rows[-1] |= {"to reach": "within ±30%", "reached": abs(change) <= 0.3}
        return rows

    def refits(self) -> list[dict[str, Any]]:
        """Bootstrap refits on the CDNOW sample."""
        number = 1_000 // self.less
        rows = []
        for step, label in (("bootstrap_bg", "BG/NBD"), ("bootstrap_pareto", "Pareto/NBD")):
            for kind in ("parametric", "cases"):
                found = self.run(step, extra=("--replicates", str(number), "--kind", kind))
                work = f"{number:,} bootstrap refits on CDNOW, {label}, {kind}"
                row = {
                    "work": work,
                    "here (s)": f"{found['seconds']:.1f}",
                    "note": f"{found['missing']} failed",
                }
                if self.less == 1:
                    row |= {"to reach": "under 30 s", "reached": found["seconds"] < 30}
                rows.append(row)
        return rows

    def target(self, ratio: float | None) -> float | None:
        """A ratio to reach counts at full size only."""
        return ratio if self.less == 1 else None

    def data(self, folder: Path, size: int, window: str) -> tuple[Path, int]:
        """Customers in a file (made once), and how many distinct histories they have."""
        path = folder / f"{size}-{window.replace(' ', '-')}.npy"
        if not path.exists():
            np.save(path, customers(size // self.less, WINDOWS[window]))
        return path, self.run("count", path)["distinct"]

    def run(
        self,
        step: str,
        data: Path | None = None,
        python: str | None = sys.executable,
        extra: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """One step in a process of its own: its figures, or why there are none."""
        if python is None:
            return {"failed": "no peers"}
        command = [python, __file__, "--step", step, *(("--data", str(data)) if data else ()), *extra]
        command += ["--processor-time"] if self.processor_time else []
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout, check=False)
        except subprocess.TimeoutExpired:
            return {"failed": f"over {self.timeout:.0f} s", "seconds": self.timeout}
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
            if python == sys.executable:
                raise SystemExit(f"{step}: {done.stderr}")
            return {"failed": reason[0]}
        return json.loads(done.stdout.splitlines()[-1])


def customers(number: int, weeks: int) -> np.ndarray:
    """Rows (frequency, days to the last purchase, days observed) of simulated customers."""
    parts = [_some(min(1_000_000, number - start), weeks, start) for start in range(0, number, 1_000_000)]
    return np.concatenate(parts)


def _some(number: int, weeks: int, start: int) -> np.ndarray:
    rng = np.random.default_rng([SEED, weeks, start])
    end = 7 * (weeks + AFTER) - rng.integers(0, 7 * weeks, number)
    rate = np.maximum(rng.standard_gamma(CDNOW["r"], number) / CDNOW["alpha"] / 7, 1e-12)
    leave = rng.beta(CDNOW["a"], CDNOW["b"], number)
    now, last, bought = np.zeros(number), np.zeros(number, np.int32), np.zeros(number, np.int32)
    there = np.arange(number)
    while len(there):
        now[there] += rng.standard_exponential(len(there)) / rate[there]
        there = there[now[there] < end[there]]
        day = np.ceil(now[there]).astype(np.int32)
        bought[there] += day > last[there]
        last[there] = day
        there = there[rng.random(len(there)) >= leave[there]]
    return np.column_stack([bought, last, end]).astype(np.int32)


def _summary(options: argparse.Namespace) -> pd.DataFrame:
    rows = np.load(options.data)
    return pd.DataFrame(
        {"frequency": rows[:, 0].astype(float), "recency": rows[:, 1] / 7, "T": rows[:, 2] / 7}
    )


def _best(options: argparse.Namespace, work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Seconds of the fastest of several runs, and what the last one gives."""
    clock = time.process_time if options.processor_time else time.perf_counter
    seconds = []
    for _ in range(times):
        begin = clock()
        result = work()
        seconds.append(clock() - begin)
    return min(seconds), result


def _count(options: argparse.Namespace) -> dict[str, Any]:
    rows = np.load(options.data).astype(np.int64)
    return {"distinct": len(np.unique((rows[:, 0] << 40) + (rows[:, 1] << 20) + rows[:, 2]))}


def _likelihood(options: argparse.Namespace) -> dict[str, Any]:
    from customer_value import clv

    model = getattr(clv, MODELS[options.model])(**json.loads(options.parameters))
    return {"log_likelihood": model.log_likelihood(_summary(options))}


def _ours(name: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def step(options: argparse.Namespace) -> dict[str, Any]:
        from customer_value import clv

        summary = _summary(options)
        seconds, fit = _best(options, lambda: getattr(clv, name).fit(summary, time_unit="W"), 5)
        return {"seconds": seconds, "log_likelihood": fit.log_likelihood}

    return step


def _our_scores(options: argparse.Namespace) -> dict[str, Any]:
    from customer_value import clv

    model, table = clv.BetaGeoNBD(**CDNOW), _summary(options)
    history = table["frequency"], table["recency"], table["T"]
    return {
        "p_alive": _best(options, lambda: model.p_alive(*history), 5)[0],
        "expected": _best(options, lambda: model.conditional_expected_purchases(AHEAD, *history), 5)[0],
        "dert": _best(
            options, lambda: model.discounted_expected_purchases(*history, discount_rate=WEEKLY_RATE), 5
        )[0],
    }


def _our_distinct(options: argparse.Namespace) -> dict[str, Any]:
    from customer_value import clv
    from customer_value.clv.inputs import History

    summary = _summary(options)
    group, history = _best(options, lambda: History.of(summary), 3)
    rows = pd.DataFrame(
        {"frequency": history.x, "recency": history.t_x, "T": history.T, "weight": history.weight}
    )
    seconds, _ = _best(options, lambda: clv.BetaGeoNBD.fit(rows, time_unit="W"), 5)
    return {"group": group, "seconds": seconds}


def _bootstrap(name: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def step(options: argparse.Namespace) -> dict[str, Any]:
        from customer_value import clv

        fit = getattr(clv, name).fit(_cdnow(), time_unit="W")
        seconds, table = _best(options, lambda: fit.bootstrap(options.replicates, SEED, options.kind), 1)
        return {"seconds": seconds, "missing": int(table.isna().any(axis=1).sum())}

    return step


def _cdnow() -> pd.DataFrame:
    """The CDNOW sample up to the end of September 1997, in weeks."""
    days = pd.read_csv(ORDERS, parse_dates=["order_date"])[["customer_id", "order_date"]].drop_duplicates()
    end = pd.Timestamp("1997-09-30")
    dates = days[days["order_date"] <= end].groupby("customer_id")["order_date"].agg(["min", "max", "size"])
    recency, T = (dates["max"] - dates["min"]).dt.days / 7, (end - dates["min"]).dt.days / 7
    return pd.DataFrame({"frequency": dates["size"] - 1, "recency": recency, "T": T})


def _lifetimes(name: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def step(options: argparse.Namespace) -> dict[str, Any]:
        warnings.simplefilter("ignore")
        import lifetimes

        table = _summary(options)
        fitter = getattr(lifetimes, name)()
        seconds, _ = _best(options, lambda: fitter.fit(table["frequency"], table["recency"], table["T"]), 1)
        return {"seconds": seconds, "parameters": {n: float(v) for n, v in fitter.params_.items()}}

    return step


def _lifetimes_scores(options: argparse.Namespace) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    import lifetimes

    fitter, table = lifetimes.BetaGeoFitter(), _summary(options)
    fitter.params_ = pd.Series(CDNOW)
    history = table["frequency"], table["recency"], table["T"]
    ahead = fitter.conditional_expected_number_of_purchases_up_to_time
    return {
        "p_alive": _best(options, lambda: fitter.conditional_probability_alive(*history), 5)[0],
        "expected": _best(options, lambda: ahead(AHEAD, *history), 5)[0],
    }


def _clvkit(options: argparse.Namespace) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    from clvkit.clv.bgnbd import BGNBD
    from clvkit.customer_base import CustomerBase

    base = CustomerBase(
        _summary(options),
        time_unit="W",
        observation_period_end=pd.Timestamp("2000-01-01"),
        has_monetary=False,
        on_negative="net",
    )
    seconds, model = _best(options, lambda: BGNBD().fit(base), 1)
    return {"seconds": seconds, "parameters": {n: float(v) for n, v in model.params_.items()}}


STEPS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "count": _count,
    "likelihood": _likelihood,
    **{name: _ours(model) for name, model in MODELS.items()},
    "scores": _our_scores,
    "distinct": _our_distinct,
    "bootstrap_bg": _bootstrap("BetaGeoNBD"),
    "bootstrap_pareto": _bootstrap("ParetoNBD"),
    "lifetimes_bg": _lifetimes("BetaGeoFitter"),
    "lifetimes_mbg": _lifetimes("ModifiedBetaGeoFitter"),
    "lifetimes_pareto": _lifetimes("ParetoNBDFitter"),
    "lifetimes_scores": _lifetimes_scores,
    "clvkit_bg": _clvkit,
}


def _row(
    work: str, ours: dict[str, Any], theirs: dict[str, Any] | None, package: str | None, target: float | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"work": work, "here (s)": f"{ours['seconds']:.3f}"}
    if theirs is None:
        return row
    row["peer"] = package
    if "seconds" not in theirs:
        return row | {"note": f"no figure: {theirs['failed']}"}
    ratio, over = theirs["seconds"] / ours["seconds"], ">" if "failed" in theirs else ""
    row |= {"peer (s)": f"{over}{theirs['seconds']:.3g}", "ratio": f"{over}{ratio:.3g}"}
    if target:
        row |= {"to reach": f"{target}", "reached": ratio >= target}
    return row


def _aligned(rows: list[dict[str, Any]]) -> str:
    """The table in Markdown, padded so that it can be read as it is."""
    names = [
        "work",
        "here (s)",
        "peer",
        "peer (s)",
        "ratio",
        "to reach",
        "reached",
        "likelihood",
        "note",
    ]
    titles = [*names[:7], "log likelihood, here less peer", "note"]
    yes = {True: "yes", False: "no"}
    cells = [[str(yes.get(v, v)) for v in (row.get(name, "") for name in names)] for row in rows]
    return markdown(titles, cells)


def _versions(python: str) -> str:
    code = (
        "import importlib.metadata as m\n"
        f"for p in {PACKAGES!r}:\n"
        "    try: print(p, m.version(p), end=', ')\n"
        "    except m.PackageNotFoundError: print(p, 'missing', end=', ')"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip(", ")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of every size")
    parser.add_argument("--peers", metavar="PYTHON", help="the other environment's interpreter")
    parser.add_argument(
        "--processor-time", action="store_true", help="count processor seconds, for a machine with other work"
    )
    parser.add_argument("--timeout", type=float, default=900, help="seconds that one step may take")
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--replicates", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--model", choices=list(MODELS), help=argparse.SUPPRESS)
    parser.add_argument("--parameters", help=argparse.SUPPRESS)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
