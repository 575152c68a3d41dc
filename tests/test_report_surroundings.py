"""Nothing from a folder of data or of the user's set-up gets into a report, and the settings are read once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from customer_value.errors import InputError
from customer_value.report import make_report, starter
from customer_value.report.progress import Event
from customer_value.surroundings import child_environment
from report_company import BESIDE, code, contents, write_notebook, write_settings

KERNELS = [
    "fresh",
    pytest.param("forked", marks=pytest.mark.skipif(not starter.can_fork(), reason="no fork")),
]
PROGRAMS = (
    "random.py", "json.py", "matplotlib.py", "customer_value/__init__.py", "ipykernel_launcher.py",
    "sitecustomize.py", "usercustomize.py", "ipython_kernel_config.py", "profile_default/startup/00.py",
    "profile_default/ipython_config.py",
)  # fmt: skip
STYLES = ("matplotlibrc", "matplotlib/matplotlibrc", "stylelib/default.mplstyle")

DRAWS = """\
import random, json, os, pathlib, sys
import matplotlib.pyplot as plt
import pandas as pd
from customer_value import show
from customer_value.plots import style

print(plt.rcParams["lines.linewidth"], plt.rcParams["backend"][-7:], sys.flags.safe_path)
_ = pathlib.Path(os.environ["CUSTOMER_VALUE_RUN"], "ledger.csv").write_text(config)

def bars(names, ax):
    ax.barh([style.label(name) for name in names], range(len(names)))
    ax.plot(range(9))
    return style.describe(ax, "Bars")

show(bars, sorted({"a", "b"}))
"""
TABLE = "print({'x', 'y', 'z'})\npd.DataFrame({'a long name of a column': range(40), 'day': pd.Timestamp(0)})"


def hostile(folder: Path, mark: Path) -> Path:
    """A folder with files that leave a mark if they are executed, and styles that would show in a figure."""
    for name in PROGRAMS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"open({str(mark)!r}, 'a').write(__file__ + '\\n')\n")
    for name in STYLES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("lines.linewidth: 9\nfont.size: 30\naxes.facecolor: red\n")
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that was made where nothing is hostile, and its notebooks beside it."""
    folder = tmp_path_factory.mktemp("plain")
    write_notebook(folder / "books", "01_data_load", code(DRAWS), code(TABLE))
    return make_report(
        write_settings(folder / "input"), folder / "report", notebooks=folder / "books", kernels="fresh"
    ).parent


@pytest.mark.parametrize("kernels", KERNELS)
def test_no_program_beside_the_data_or_of_the_user_is_executed_and_no_style_shows(
    plain: Path, tmp_path: Path, kernels: str
) -> None:
    """The command as pip installs it, in a folder of hostile files, for a user with a set-up of their own."""
    mark = tmp_path / "executed"
    start, data, own = (hostile(tmp_path / name, mark) for name in ("start", "data", "own"))
    script = tmp_path / "bin" / "customer-value"
    script.parent.mkdir()
    script.write_text("from customer_value.cli import main\nmain()\n")
    user = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "IPYTHONDIR", "MPLCONFIGDIR", "MATPLOTLIBRC"), str(own))
    user |= {"PYTHONSTARTUP": str(own / "random.py"), "PYTHONHASHSEED": "7", "PYTHONINSPECT": ""}
    user |= {"MPLBACKEND": "svg", "COLUMNS": "20", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "C"}
    arguments = [
        "report",
        str(write_settings(data)),
        "--output",
        str(tmp_path / "report"),
        "--kernels",
        kernels,
    ]
    done = subprocess.run(
        [sys.executable, str(script), *arguments, "--notebooks", str(plain.parent / "books")],
        cwd=start, env=os.environ | user, capture_output=True, text=True, umask=0o077,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not mark.exists(), mark.read_text()
    assert contents(tmp_path / "report") == contents(plain)
    assert "1.5 _inline True" in (plain / "01_data_load.html").read_text()


def test_relative_entries_of_the_path_for_modules_are_left_out(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_settings(hostile(tmp_path / "data", tmp_path / "executed"))
    monkeypatch.chdir(config.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", os.environ.get("PYTHONPATH", ""), "x/.."]))
    report = make_report(config.name, tmp_path / "report", notebooks=plain.parent / "books", kernels="fresh")
    assert not (tmp_path / "executed").exists()
    assert contents(report.parent) == contents(plain)


def test_the_command_imports_nothing_more_from_where_it_was_started(tmp_path: Path) -> None:
    start = hostile(tmp_path / "start", tmp_path / "executed")
    (start / "customer_value" / "__init__.py").unlink()  # that name is imported before a word can be said
    (start / "sitecustomize.py").unlink()
    (start / "json.py").unlink()
    (start / "random.py").unlink()
    (start / "duckdb.py").write_text((start / "matplotlib.py").read_text())
    command = [sys.executable, "-m", "customer_value.cli", "check", str(write_settings(tmp_path / "data"))]
    (tmp_path / "data" / "orders.csv").write_text("customer,date,amount\na,2024-01-01,1.00\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), ".", ""])}
    done = subprocess.run(command, cwd=start, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "executed").exists()


def test_what_decides_where_python_is_stays_and_how_it_behaves_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stay = {"PYTHONUSERBASE": "/base", "PYTHONDONTWRITEBYTECODE": "1"}
    go = {"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "MATPLOTLIBRC": "/x", "IPYTHONDIR": "/x"}
    for name, value in {**stay, **go, "PYTHONPATH": os.pathsep.join(["", ".", "../x"])}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CUSTOMER_VALUE_CACHE", "/dev/null/none")
    environment = child_environment(lambda: Path("/scratch"))
    assert environment["MPLCONFIGDIR"] == str(Path("/scratch/matplotlib"))
    assert stay.items() <= environment.items()
    assert not {*go, "PYTHONPATH"} & set(environment)


DOLLARS = "currency: USD\norders:\n  path: none.csv\n  columns: {customer_id: x, order_date: y, amount: z}\n"
OPENS = """\
from customer_value import open_workbook
workbook = open_workbook(config)
print(workbook, workbook.settings.currency, workbook.base.name)
"""


def test_settings_that_are_edited_during_a_run_change_nothing(tmp_path: Path) -> None:
    config, books = write_settings(tmp_path / "data"), tmp_path / "books"
    (tmp_path / "data" / "orders.csv").write_text(
        "customer,date,amount\na,2024-01-01,1.00\nb,2024-02-01,2.00\n"
    )
    write_notebook(books, "01_data_load", code("from customer_value import load_data\nload_data(config)"))
    write_notebook(books, "02_money", code(OPENS))
    first = make_report(config, tmp_path / "first", notebooks=books)

    def edit(event: Event) -> None:
        if (event.kind, event.notebook) == ("notebook finished", "01_data_load"):
            config.write_text(DOLLARS, encoding="utf-8")

    second = make_report(config, tmp_path / "second", notebooks=books, progress=edit)
    assert config.read_text() == DOLLARS
    assert contents(second.parent) == contents(first.parent)
    assert "money in EUR EUR data" in (second.parent / "02_money.html").read_text()
    assert str(tmp_path).encode() not in b"".join(contents(second.parent).values())


def test_a_policy_that_is_edited_during_a_run_stops_it(tmp_path: Path) -> None:
    config, books = write_settings(tmp_path / "data"), tmp_path / "books"
    config.write_text(config.read_text() + "rfm: {policy: mine.csv}\n")
    (tmp_path / "data" / "mine.csv").write_text("segmentation,segment,treatment\n")
    write_notebook(books, "01_data_load", code(BESIDE + "_ = pathlib.Path('mine.csv').write_text('other')"))
    with pytest.raises(InputError, match=r"mine\.csv changed while being read"):
        make_report(config, tmp_path / "report", notebooks=books)
    assert not (tmp_path / "report").exists()
