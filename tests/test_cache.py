"""Runs of notebooks opened by hand: found again while nothing has changed, bounded, of their user alone."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from customer_value import cache, cli, library, workbook
from customer_value.errors import ConfigError
from customer_value.workbook import load_data, open_workbook

OPEN = (
    "import sys; from customer_value.workbook import open_workbook; print(open_workbook(sys.argv[1]).folder)"
)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A cache of this test alone, and what lies in it; runs that this process opened count as closed."""
    monkeypatch.setenv("CUSTOMER_VALUE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(workbook, "spill_folder", lambda: tmp_path)

    def there() -> list[str]:
        for descriptor in cache._IN_USE.values():
            os.close(descriptor)
        cache._IN_USE.clear()
        return sorted(path.name for path in (tmp_path / "cache").iterdir())

    return there


def opened(desk, number):
    """Open the run of another input."""
    desk.orders(f"a,2024-01-01,{number}.00")
    run = open_workbook(desk.config).folder
    os.utime(run / "_run" / "used", (time.time() + number,) * 2)
    return run.name


def test_the_last_runs_of_a_settings_file_stay(desk, runs, monkeypatch):
    first, second = opened(desk, -4), opened(desk, -3)
    assert runs() == sorted([first, second])
    monkeypatch.setenv("CUSTOMER_VALUE_CACHE_RUNS", "2")
    third = opened(desk, -2)
    assert runs() == sorted([second, third])
    desk.config = desk.config.rename(desk.folder / "other.yml")
    fourth = opened(desk, -1)
    assert runs() == sorted([second, third, fourth])


def test_old_runs_and_those_beyond_the_size_go(desk, runs, monkeypatch):
    old, new = opened(desk, -2 * 86_400), opened(desk, -2)
    runs()
    monkeypatch.setenv("CUSTOMER_VALUE_CACHE_DAYS", "1")
    open_workbook(desk.config)
    assert runs() == [new]
    monkeypatch.setenv("CUSTOMER_VALUE_CACHE_SIZE", "0MB")
    last = opened(desk, 0)
    assert runs() == [last]
    assert old != new


@pytest.mark.parametrize(("name", "value"), [("RUNS", "many"), ("DAYS", "-1"), ("SIZE", "10")])
def test_a_limit_that_cannot_be_read_is_told(desk, runs, monkeypatch, name, value):
    monkeypatch.setenv(f"CUSTOMER_VALUE_CACHE_{name}", value)
    with pytest.raises(ConfigError, match=f"CUSTOMER_VALUE_CACHE_{name} is '{value}'; it must be a"):
        open_workbook(desk.orders("a,2024-01-01,1.00").config)


def test_a_run_that_a_notebook_has_open_is_not_removed(desk, runs):
    run = opened(desk, 1)
    runs()
    code = f"{OPEN}; sys.stdout.flush(); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(desk.config)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as notebook:
        assert notebook.stdout.readline().strip().endswith(run)
        said = CliRunner().invoke(cli.app, ["cache", "--clear"]).stdout
        assert "Removed 0 runs of 0.0 MB" in said
        assert "1 run is open in a notebook and kept" in said
        assert run in runs()
    assert "Removed 1 run of" in CliRunner().invoke(cli.app, ["cache", "--clear"]).stdout
    assert runs() == []


def test_the_command_tells_what_is_there_and_removes_nothing_else(desk, runs, tmp_path):
    opened(desk, 0)
    (tmp_path / "cache" / "mine").mkdir()
    said = CliRunner().invoke(cli.app, ["cache"]).stdout
    assert f"{tmp_path / 'cache'} holds 1 run of 0." in said
    assert said.rstrip().endswith(str(desk.config))
    runs()
    assert CliRunner().invoke(cli.app, ["cache", "--clear"]).exit_code == 0
    assert runs() == ["mine"]


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such rights")
def test_only_the_user_may_enter_a_run(desk, runs, tmp_path):
    before = os.umask(0)
    run = opened(desk, 0)
    os.umask(before)
    for folder in (tmp_path / "cache", tmp_path / "cache" / run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_run_does_not_outlive_the_code_that_made_it(desk, runs, monkeypatch):
    run = opened(desk, 0)
    with monkeypatch.context() as other:
        other.setattr(library, "_versions", lambda: ["duckdb 99"])
        assert open_workbook(desk.config).folder.name != run
    source = Path(workbook.__file__).parent / "reduction"
    assert {path.name for path in source.glob("*.py")} <= {Path(name).name for name, *_ in library._marks()}
    with monkeypatch.context() as edited:
        edited.setattr(library, "_marks", lambda: [("/reduce.py", 1, 2)])
        edited.setattr(library, "_hash", lambda mark: "another")
        assert open_workbook(desk.config).folder.name != run


def test_notebooks_opened_at_once_share_one_run(desk, runs):
    desk.orders("a,2024-01-01,1.00")
    command = [sys.executable, "-c", OPEN, str(desk.config)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {notebook.communicate()[0] for notebook in both}
    assert len(told) == len(runs()) == 1


def test_a_run_read_anew_takes_nothing_from_a_notebook_that_has_the_one_before(desk, runs, monkeypatch):
    before = open_workbook(desk.orders("a,2024-01-01,1.00").config)
    monkeypatch.setattr(workbook, "live_tables", lambda settings: ["orders"])
    anew = load_data(desk.config)
    assert anew.folder != before.folder
    assert len(before.frame("customers")) == 1
    assert open_workbook(desk.config).folder == anew.folder
