"""A short, fixed part of `make fuzz`: odd input through the commands, and faults in the middle of reports."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing.cases import FORMATS, SECRET, case_of
from fuzzing.forked import Ran
from fuzzing.properties import changes, of_the_ledger, of_what_is_said
from fuzzing.runs import EVERY

SEEDS = (
    11, 13, 16, 24, 27, 35, 37, 44, 45, 58, 63, 66, 67, 90, 98, 111, 112, 113, 167, 168, 173, 290, 302, 435, 944, 1000,
    1259,
)  # fmt: skip
"""All kinds of file and of mutation are among them, and a fault in a report."""


def test_the_seeds_cover_all_kinds_of_file() -> None:
    cases = [case_of(seed) for seed in SEEDS if seed % EVERY]
    assert {case.format for case in cases} == set(FORMATS)
    assert {case.command for case in cases} >= {"check", "init"}
    assert {case.pack for case in cases} == {"", "gz", "zip"}
    stages = {step.split()[0] for case in cases for step in case.steps}
    assert {seed % EVERY for seed in SEEDS} >= {0, 11}
    assert stages == {"grid", "text", "bytes", "member", "packed", "zipped", "tree", "yaml", "settings"}


@pytest.mark.skipif(sys.platform != "linux", reason="forks, limits, and looks into /proc")
def test_odd_input_gets_one_sentence_and_a_fault_leaves_a_whole_report(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fuzzing", "--minutes", "10", "--keep", str(tmp_path)]
    ran = subprocess.run(
        [*command, "--only", *map(str, SEEDS)],
        cwd=Path(__file__).parent,
        text=True,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(SEEDS)} cases" in ran.stdout


GOOD = Ran(2, "", "", "orders.csv is empty.\n", "", 1.0)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("orders.csv is empty.\n", None),
        ("orders.csv is\nempty.\n", "2 lines"),
        ("orders.csv is empty\n", "no full stop"),
        ("Unexpected KeyError: 'a'.\n", "words of a library: KeyError"),
        ("It holds <a.b object at 0x7f0011223344>.\n", "an address"),
        ("orders.csv holds \x1b[31m.\n", "control characters"),
        (f"../{SECRET}/orders.csv is empty.\n", "the secret path"),
        ("x" * 10_000 + ".\n", "endless"),
    ],
)
def test_words_that_are_not_for_people_are_found(said: str, found: str | None) -> None:
    complaints = list(of_what_is_said(dataclasses.replace(GOOD, stderr=said)))
    assert [found in complaint for complaint in complaints] == [True] if found else not complaints  # type: ignore[operator]


def test_rows_and_money_that_are_lost_are_found(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "orders.csv").write_text("customer,amount\na,1.00\nb,2.50\n")
    plain = {"file": "orders.csv", "separator": ",", "encoding": "utf-8"}
    (tmp_path / "notes" / "case.json").write_text(json.dumps({"plain": plain}))
    lines = [
        {"table": "orders", "status": status, "rows": rows, "amount": amount}
        for status, rows, amount in (("read", 2, "3.50"), ("kept", 1, "1.00"), ("excluded", 1, "2.50"))
    ]
    told = tmp_path / "notes" / "ledger.json"
    told.write_text(json.dumps(lines))
    assert not list(of_the_ledger(tmp_path / "notes"))
    told.write_text(json.dumps(lines[:2]))
    assert len(list(of_the_ledger(tmp_path / "notes"))) == 2
    told.write_text(json.dumps([{**lines[0], "rows": 1, "amount": "1.00"}, lines[1]]))
    assert [line.split(" by ")[0] for line in of_the_ledger(tmp_path / "notes")] == ["rows", "money"]


def test_what_changes_around_a_run_is_found() -> None:
    before = {"in/a": (1, 5, "x"), "in/b": (1, 5, "y")}
    after = {"in/a": (1, 6, "x"), "tmp/customer-value-abcdefgh": (-1, 0, "")}
    found = list(changes(before, after, re.compile(r"(?!)")))
    assert found == ["changed: in/a", "gone: in/b", "left behind: tmp/customer-value-########"]
