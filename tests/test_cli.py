import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from customer_value import __version__, cli, report
from customer_value.errors import ConfigError, FitError, InputError, NotebookError
from customer_value.report.progress import Event, console

ORDERS = "customer,date,amount\nA,2024-01-05,10.50\nB,2024-02-01,20.00\n,2024-02-03,5.00\n"
SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, amount: amount}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "my.yml").write_text(SETTINGS)
    return tmp_path / "my.yml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def made(monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None) -> list[dict[str, object]]:
    """Replace the making of reports by something that remembers its options, and may fail."""
    calls: list[dict[str, object]] = []

    def make_report(config: Path, output: Path, **options: object) -> Path:
        calls.append(options)
        if error:
            raise error
        return output / "index.html"

    monkeypatch.setattr(report, "make_report", make_report)
    return calls


def test_version() -> None:
    assert run("--version").stdout == f"customer-value {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["check", "--help"]])
def test_help_is_plain_and_succeeds(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["report", "x.yml"], ["reprot"], ["report", "x.yml", "--output", "o", "--jobs", "0"]]
)
def test_wrong_command_line_is_status_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_path_to_open_is_printed_last(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch)
    result = run("report", "x.yml", "--output", "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == f"The report is ready: {Path('out/index.html')}"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError("my.yml, line 3: unknown key."), 2),
        (InputError("orders.csv, row 3: no date."), 2),
        (NotebookError("Notebook 02 stopped."), 1),
        (FitError("The model did not converge."), 1),
    ],
)
def test_errors_are_one_sentence_and_a_status(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    made(monkeypatch, error)
    result = run("report", "x.yml", "--output", "out")
    assert (result.exit_code, result.stderr) == (status, f"{error}\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("odd\nthing"), "thing"),
        (OSError(28, "No space left on device", "/x"), "/x: the disk is full; "),
        (OSError(13, "Permission denied", "/x"), "/x: Permission denied."),
    ],
)
def test_unexpected_error_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    made(monkeypatch, error)
    result = run("report", "x.yml", "--output", "out")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert told in result.stderr
    assert result.stderr.endswith(".\n")


def test_parameters_are_json_or_text(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = made(monkeypatch)
    options = ["a=0.1", "b=text", "c=[1, 2]", "d=true", "e=2024-01-31", "f=null", "g=a = b", "h=0010"]
    run("report", "x.yml", "--output", "out", *(part for option in options for part in ("--set", option)))
    assert calls[0]["parameters"] == {
        "a": 0.1, "b": "text", "c": [1, 2], "d": True, "e": "2024-01-31", "f": None, "g": "a = b", "h": "0010",
    }  # fmt: skip


def test_parameter_without_a_value_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch)
    result = run("report", "x.yml", "--output", "out", "--set", "top_share")
    assert (result.exit_code, result.stderr) == (2, "--set top_share: write it as NAME=VALUE.\n")


def test_check_prints_the_ledger_and_the_warnings(config: Path) -> None:
    result = run("check", config)
    assert result.exit_code == 0
    assert "no customer id" in result.stdout
    assert "Warning: 1 row has no customer id" in result.stdout
    assert not [path for path in config.parent.iterdir() if path.name not in ("my.yml", "orders.csv")]


def test_check_of_wrong_settings_is_status_2(config: Path) -> None:
    config.write_text(SETTINGS.replace("currency", "curency"))
    result = run("check", config)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean 'currency'" in result.stderr


def test_report_on_missing_settings_is_status_2(tmp_path: Path) -> None:
    result = run("report", tmp_path / "no.yml", "--output", tmp_path / "out")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_init_prints_settings_that_check_accepts(config: Path) -> None:
    result = run("init", config.with_name("orders.csv"))
    assert (result.exit_code, result.stderr) == (0, "")
    written = config.with_name("new.yml")
    written.write_text(result.stdout)
    assert run("check", written).exit_code == 0


def test_sample_goes_into_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    result = run("sample", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path} is not an empty folder; name a new one.\n")


def test_sample_writes_settings_that_load(tmp_path: Path) -> None:
    from customer_value.config import load_settings

    assert run("sample", tmp_path / "company").exit_code == 0
    assert load_settings(tmp_path / "company" / "company.yml").currency


def test_start_is_light() -> None:
    heavy = "{'pandas', 'numpy', 'ibis', 'papermill', 'matplotlib', 'pydantic'}"
    program = f"import sys; import customer_value.cli; print({heavy} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_reader_that_goes_away_is_no_error_message(config: Path) -> None:
    program = [sys.executable, "-m", "customer_value.cli", "check", str(config)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def started(*arguments: str, **streams: Any) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own; its streams are pipes unless it is given others."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    program = [sys.executable, "-m", "customer_value.cli", *arguments]
    return subprocess.run(program, text=True, check=False, **pipes)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "arguments", [["check", "my.yml"], ["init", "orders.csv"], ["--help"], ["--version"]]
)
def test_a_full_standard_output_is_said_as_that(config: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = started(*arguments, stdout=full, cwd=config.parent)
    sentence = "Standard output cannot be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (1, sentence)


def test_a_status_is_told_where_nobody_can_be_told_why(config: Path) -> None:
    command = [sys.executable, "-m", "customer_value.cli", "check"]
    closed = ["sh", "-c", 'exec "$0" "$@" 2>&-', *command, "no.yml"]
    assert subprocess.run(closed, cwd=config.parent, check=False).returncode == 2
    shut = ["sh", "-c", 'exec "$0" "$@" >&-', *command, "my.yml"]
    done = subprocess.run(shut, cwd=config.parent, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "Standard output cannot be written: Bad file descriptor.\n")


def test_a_run_goes_on_where_nobody_can_be_told_how_far_it_is() -> None:
    read, write = os.pipe()
    os.close(read)
    gone = open(write, "w")  # noqa: SIM115, PTH123
    with console(gone) as listener:
        listener(Event("run started", cells=1))
        listener(Event("notebook finished", notebook="01_a", cells=1))
    with contextlib.suppress(BrokenPipeError):
        gone.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["report", "my.yml", "-o", "/"], "/ cannot be the folder of a report; name a folder of its own."),
        (["batch", "my.yml", "-o", "/"], "/ cannot be the folder of a report; name a folder of its own."),
        (["report", "my.yml", "-o", "."], ". is not empty and holds no report of customer-value"),
        (["report", "my.yml", "-o", "orders.csv"], "orders.csv is a file; --output names a folder."),
        (["report", "my.yml", "-o", "orders.csv/x"], "orders.csv/x lies inside a file, not a folder"),
        (["report", "my.yml", "-o", "/dev/null"], "/dev/null is a file; --output names a folder."),
        (["report", "my.yml", "-o", "x" * 300], "The name of the output folder is too long"),
        (["report", "my.yml", "-o", "o", "--set", "seed=" + "[" * 99_999], "nests too deep"),
        (
            ["report", "my.yml", "-o", "o", "--set", 'seed="\\ud800"'],
            "a character that cannot stand in a text",
        ),
        (
            ["report", "my.yml", "-o", "o", "--set", "config=x.yml"],
            "the settings file is named without --set.",
        ),
        (["report", "my.yml", "-o", "o", "--set", "x" * 9_999], "--set xxx"),
        (["check", "x" * 5_000], "File name too long"),
        (["check", f"my.yml#{'x' * 5_000}"], "File name too long"),
        (["check", os.fsdecode(b"\xff\x1b[31m.yml")], "[31m.yml does not exist."),
        (["init", "x" * 5_000], "File name too long"),
    ],
)
def test_strange_arguments_get_one_sentence_and_status_2(
    config: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(config.parent)
    done = run(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 4_100
    assert {path.name for path in config.parent.iterdir()} == {"my.yml", "orders.csv"}
