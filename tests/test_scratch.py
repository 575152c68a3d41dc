"""Folders of ours go, whatever ends the command that made them; nothing of the user's does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook
from typer.testing import CliRunner

from customer_value import cli, scratch
from customer_value.errors import ConfigError
from customer_value.report.failed import forget_kept, keep
from customer_value.report.progress import Event, RunLog
from customer_value.scratch import own_folder, own_lock, scratch_folder, set_aside, sweep
from customer_value.user_folders import state_folder
from report_company import code, write_notebook

ORDERS = "customer,date,amount\n" + "".join(f"c{n},2024-01-{n:02d},{n}.50\n" for n in range(1, 20))
SETTINGS = """\
currency: EUR
orders: {path: orders.csv, columns: {customer_id: customer, order_date: date, amount: amount}}
"""

STUCK = """\
import importlib, pathlib, sys, time
module, name, *arguments = sys.argv[1:]
def stay(*args, **options):
    pathlib.Path("here").touch()
    time.sleep(600)
setattr(importlib.import_module(module), name, stay)
from customer_value.cli import main
sys.argv[1:] = arguments
main()
"""
"""The command line, stuck where it calls a function."""


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with orders and settings, a home and a folder for temporary files, of a short path."""
    tmp_path = tmp_path_factory.mktemp("p")
    for name in ("home", "tmp", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.delenv("CUSTOMER_VALUE_STATE")
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(scratch, "_LONGEST_PATH", 1000)
    (tmp_path / "work" / "orders.csv").write_text(ORDERS)
    (tmp_path / "work" / "my.yml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def killed(*command: str) -> None:
    """Run something until it says that it is there, and kill it."""
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not Path("here").exists():
        assert process.poll() is None, "ended by itself"
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    Path("here").unlink()


def ours(place: Path) -> set[str]:
    """All that lies about, and the notes in the home."""
    folders = [
        place / "work",
        place / "tmp",
        place / "home" / ".local" / "state" / "customer_value" / "folders",
    ]
    return {str(path.relative_to(place)) for folder in folders for path in folder.rglob("*")}


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize(
    "command",
    [
        ("customer_value.inputs", "read_inputs", "check", "my.yml"),
        ("customer_value.guess", "drafted", "init", "orders.csv"),
        ("customer_value.report.steps", "write_site", "report", "my.yml", "--output", "out/report"),
        ("customer_value.report.batch", "make_report", "batch", "my.yml", "--output", "out"),
    ],
    ids=lambda command: command[2],
)
def test_what_a_killed_command_left_goes_with_the_next_of_any_kind(
    place: Path, command: tuple[str, ...]
) -> None:
    write_notebook(Path("books"), "01_data_load", code("x = 1"))
    more = ("--notebooks", "books") if command[2] in ("report", "batch") else ()
    before = ours(place)
    killed("-c", STUCK, *command, *more)
    assert any(name.startswith(("tmp/cv-", "work/out/.")) for name in ours(place) - before)
    assert CliRunner().invoke(cli.app, ["cache"]).exit_code == 0
    logs = {"work/out", "work/out/report.log.jsonl", "work/out/batch.log.jsonl"}
    assert ours(place) - before <= logs


def test_a_folder_that_only_looks_like_ours_stays(place: Path) -> None:
    mine = place / "tmp" / "cv-12345678"
    mine.mkdir()
    for name in ("lock", "thesis.docx"):
        (mine / name).touch()
    with scratch_folder() as folder:
        assert folder.parent == mine.parent
    assert {path.name for path in mine.iterdir()} == {"lock", "thesis.docx"}


def note_of_a_killed_command(path: Path, **told: object) -> Path:
    notes = state_folder() / "folders"
    notes.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    about = {"path": str(path), "machine": scratch.platform.node()}
    about |= {"device": status.st_dev, "inode": status.st_ino}
    (note := notes / "0123.jsonl").write_text(json.dumps(about | told) + "\n")
    return note


def test_only_a_noted_folder_that_is_the_same_and_no_link_is_removed(place: Path) -> None:
    mine, ours = place / "mine", place / "ours"
    mine.mkdir()
    (mine / "thesis.docx").touch()
    note = note_of_a_killed_command(mine, inode=1)
    sweep()
    assert not note.exists()
    ours.symlink_to(mine)
    note_of_a_killed_command(ours)
    note_of_a_killed_command(ours, inode=mine.stat().st_ino)
    sweep()
    note = note_of_a_killed_command(mine, machine="another")
    sweep()
    assert note.exists()
    assert (mine / "thesis.docx").exists()
    note_of_a_killed_command(mine)
    sweep()
    assert not mine.exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system has no such rights")
def test_notes_that_others_could_have_written_are_not_believed(place: Path) -> None:
    mine = place / "mine"
    mine.mkdir()
    note = note_of_a_killed_command(mine)
    note.parent.chmod(0o777)
    sweep()
    assert mine.exists()


def test_nobody_takes_the_folder_of_a_living_command(place: Path) -> None:
    code = "from customer_value.scratch import sweep; sweep()"
    with scratch_folder() as folder, own_lock(place / ".lock") as held:
        subprocess.run([sys.executable, "-c", code], check=True)
        sweep()
        assert held
        assert folder.exists()
        assert (place / ".lock").exists()
    assert not list((place / "tmp").iterdir())
    assert not (place / ".lock").exists()


def test_without_a_place_for_notes_a_command_works_and_removes_only_its_own(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "file").touch()
    monkeypatch.setenv("CUSTOMER_VALUE_STATE", str(place / "file"))
    with scratch_folder() as folder:
        (folder / "x").touch()
    assert not folder.exists()


def test_a_folder_set_aside_gets_its_name_back_unless_another_has_it(place: Path) -> None:
    report, aside = place / "report", place / ".report.previous"
    report.mkdir()
    (report / "old").touch()
    with pytest.raises(ZeroDivisionError), set_aside(report, aside, give_back=True):
        raise ZeroDivisionError
    assert (report / "old").exists()
    with set_aside(report, aside, give_back=True), own_folder(place / "new") as new:
        new.rename(report)
    assert report.exists()
    assert not (report / "old").exists()
    assert not aside.exists()


def test_a_log_that_is_not_of_a_run_is_not_overwritten(tmp_path: Path) -> None:
    log = tmp_path / "x.log.jsonl"
    for mine in (b"my notes\n", b'{"time": 1}\n', b"\xff\x00"):
        log.write_bytes(mine)
        with pytest.raises(ConfigError, match="is no log of an earlier run and would be lost; move it away"):
            RunLog(log)
        assert log.read_bytes() == mine
    log.unlink()
    for _ in range(2):
        with RunLog(log) as told:
            told(Event("run started"))
    assert len(log.read_text().splitlines()) == 1


def test_a_kept_notebook_that_somebody_worked_on_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    partial, folder = tmp_path / "01_data_load.ipynb", tmp_path / "report-failed"
    for source in ("1 / 0", "2 / 0"):
        kept = keep(new_notebook(cells=[code(source)]), partial, folder)
    assert [path.name for path in folder.iterdir()] == [kept.name] == [partial.name]
    kept.write_text(kept.read_text().replace("2 / 0", "2 / 1"))
    assert keep(new_notebook(cells=[code("3 / 0")]), partial, folder).name == "01_data_load-2.ipynb"
    forget_kept(folder)
    assert [path.name for path in folder.iterdir()] == [partial.name]
    assert "2 / 1" in kept.read_text()
