"""Running the case of a seed, and making a case that fails smaller."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from fuzzing import forked, properties
from fuzzing.cases import SECRET, Case, build, case_of
from fuzzing.faults import run_fault
from fuzzing.outcome import Outcome, kept

__all__ = ["run_seed"]


EVERY = 25
"""Every so many seeds is a fault in the middle of a report, the others are input."""


def run_seed(seed: int, keep: Path, skip: tuple[int, ...] = ()) -> Outcome:
    """Run what a seed stands for; if input fails, leave out what is not needed for that, and keep it."""
    if seed % EVERY == 0:
        return run_fault(seed, keep)
    case = case_of(seed)
    for number in skip:
        case = case.without(number)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))  # a TemporaryDirectory would end with every forked child
    try:
        root, outcome = _tried(case, folder)
        if not outcome.complaints:
            return outcome
        for number, step in enumerate(case.steps):
            smaller = case.without(number)
            other_root, other = _tried(smaller, folder) if step else (root, None)
            if other is not None and _kind(other) == _kind(outcome):
                case, root, outcome = smaller, other_root, other
        return kept(outcome, root, keep, [number for number, step in enumerate(case.steps) if not step])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kind(outcome: Outcome) -> str:
    return outcome.complaints[0].split(":")[0] if outcome.complaints else ""


def _tried(case: Case, folder: Path) -> tuple[Path, Outcome]:
    root = Path(tempfile.mkdtemp(dir=folder))
    notes = root / "notes"
    built = forked.in_child(lambda: build(case, root), notes)
    if built.status or built.ended:
        return root, Outcome(
            case.seed, case.told(), -1, (f"the case cannot be made: {built.stderr[-500:]}",), built.seconds
        )
    ran, complaints = _one(case, _arguments(case, root), root)
    if case.command == "init" and ran.status == 0:
        (root / "in" / "my.yml").write_text(ran.stdout)
        for codebook in (root / "cwd").iterdir():
            codebook.rename(root / "in" / codebook.name)
        drafted = Case(**{**case.__dict__, "command": "check"})
        (notes / "case.json").write_text(json.dumps({"plain": None}))
        ran, more = _one(drafted, ["check", "../in/my.yml"], root)
        complaints += [f"the draft: {line}" for line in more]
    if case.command == "check" and case.also_reduced and ran.status == 0 and not complaints:
        complaints += _reduced(root, notes)
    return root, Outcome(case.seed, case.told(), ran.status, tuple(complaints), ran.seconds, ran.stderr[:300])


def _one(case: Case, arguments: list[str], root: Path) -> tuple[forked.Ran, list[str]]:
    before = _around(root)
    ran = forked.in_child(forked.command(arguments, root, _environment(root)), root / "notes")
    return ran, properties.complaints(case, ran, root, before, _around(root))


def _around(root: Path) -> forked.Snapshot:
    folders = ("in", SECRET, "home", "tmp", "cwd")
    return {
        f"{name}/{path}": state for name in folders for path, state in forked.snapshot(root / name).items()
    }


def _environment(root: Path) -> dict[str, str]:
    secret = next((root / SECRET).glob("*"), root / SECRET / "none.csv")
    return {"HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "FUZZ_FILE": str(secret)}


def _arguments(case: Case, root: Path) -> list[str]:
    if case.command == "init":
        file = next(
            path
            for path in sorted((root / "in").glob("*")) + sorted((root / SECRET).glob("*"))
            if path.stem.startswith(case.table)
        )
        return [
            "init",
            *(["--survey"] if "survey" in case.table else []),
            os.path.relpath(file, root / "cwd"),
        ]
    if case.command == "report":
        from report_company import code, write_notebook

        write_notebook(
            root / "books", "01_data_load", code("from customer_value import load_data\nload_data(config)")
        )
        return [
            "report",
            "../in/my.yml",
            "--output",
            str(root / "out" / "report"),
            "--notebooks",
            str(root / "books"),
        ]
    return ["check", "../in/my.yml"]


def _reduced(root: Path, notes: Path) -> list[str]:
    """What `check` accepts a report must read to its end, with the same ledger."""

    def reduce() -> None:
        from customer_value.inputs import read_state
        from customer_value.workbook import load_data

        load_data("../in/my.yml")
        lines = [line for line in read_state(run).ledger.lines if line.status != "note"]
        told = [
            [
                line.table,
                line.status,
                line.reason,
                line.rows,
                None if line.amount is None else str(line.amount),
            ]
            for line in lines
        ]
        (notes / "reduced.json").write_text(json.dumps(told))

    run = root / "run"
    run.mkdir()
    for folder in ("tables", "facts", "_run"):
        (run / folder).mkdir()
    environment = _environment(root) | {"CUSTOMER_VALUE_RUN": str(run)}

    def work() -> None:
        os.environ.update(environment)
        os.chdir(root / "cwd")
        tempfile.tempdir = None
        reduce()

    ran = forked.in_child(work, notes)
    if ran.ended or ran.status:
        said = ran.stderr.strip().splitlines()[-1:] or [""]
        return [f"accepted by check, not by a report: {ran.ended or said[0][:200]}"]
    checked = [
        list(line.values())
        for line in json.loads((notes / "ledger.json").read_text())
        if line["status"] != "note"
    ]
    same = checked == json.loads((notes / "reduced.json").read_text())
    return [] if same else ["check and report have different ledgers"]
