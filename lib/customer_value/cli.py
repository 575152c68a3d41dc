"""The command ``customer-value``.

Exit status: 0 done; 2 the input, the settings or the command line is wrong (one sentence on standard
error); 1 anything else: the machine stands in the way (disk, memory, a limit set to it), a notebook or a fit
failed, in a batch some report did; 128 + n ended by signal n.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import traceback
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from customer_value.errors import (
    ConfigError,
    CustomerValueError,
    FitError,
    InputError,
    MachineError,
    NotebookError,
)
from customer_value.faults import fault_of
from customer_value.secrecy import redacted
from customer_value.streams import (
    Unprinted,
    complain,
    end_unprinted,
    end_without_reader,
    open_streams,
    print_error,
    print_output,
)
from customer_value.surroundings import leave_start_folder

__all__ = ["app", "main"]

app = typer.Typer(
    name="customer-value",
    help="Customer value and key accounts: check the data, run the notebooks, publish the report.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

TRACEBACK_VARIABLE = "CUSTOMER_VALUE_TRACEBACK"
"""Set in the environment, it lets an unexpected error show its traceback."""


class Kernels(StrEnum):
    """How the process of a notebook comes about."""

    FRESH = "fresh"
    FORKED = "forked"


Config = Annotated[
    Path,
    typer.Argument(
        metavar="CONFIG.yml",
        help="The settings file; FILE.yml#NAME for one report of a file that lists several.",
        show_default=False,
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the report.", show_default=False)
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the notebooks; may be repeated.",
        show_default=False,
    ),
]
Notebooks = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of other notebooks than the project's own.", show_default=False),
]
KernelChoice = Annotated[
    Kernels | None,
    typer.Option(
        help="Fork the process of a notebook from one that has imported everything (the default on Linux), "
        "or start a fresh one for each.",
        show_default=False,
    ),
]


def main() -> None:
    """Run the command line."""
    open_streams()
    leave_start_folder()
    try:
        app()
    except OSError as error:  # from the help, which is printed before any command begins
        end_unprinted(error.strerror or str(error))


def _print_version(asked: bool) -> None:
    if asked:
        from customer_value import __version__

        typer.echo(f"customer-value {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Options of the command itself."""
    from customer_value.scratch import sweep

    sweep()


@app.command(no_args_is_help=True)
def report(
    config: Config,
    output: Output,
    parameters: Parameters = None,
    notebooks: Notebooks = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            metavar="N",
            help="Notebooks side by side [default: the cores, at most 4, and as memory allows].",
            show_default=False,
        ),
    ] = None,
    kernels: KernelChoice = None,
) -> None:
    """Run the notebooks on CONFIG.yml and publish the report in DIR."""
    with _exit_status(hint=f"The log is {output}.log.jsonl"), _ended_by_signals():
        from customer_value.report import make_report
        from customer_value.report.progress import console, read_log
        from customer_value.report.publish import as_typed, folder_of

        real = folder_of(output)
        with console(earlier=read_log(real.with_name(f"{real.name}.log.jsonl"))) as progress:
            index = make_report(
                config,
                output,
                parameters=_parsed(parameters or []),
                notebooks=notebooks,
                progress=progress,
                jobs=jobs,
                kernels=kernels.value if kernels else None,
            )
        print_output(f"The report is ready: {as_typed(index)}")


@app.command(no_args_is_help=True)
def batch(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...",
            help="Settings files, or files that list reports under 'reports:'.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder of the batch: a folder for each report, and an overview.",
            show_default=False,
        ),
    ],
    parameters: Parameters = None,
    notebooks: Notebooks = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            metavar="N",
            help="Reports side by side [default: the cores, and as memory allows].",
            show_default=False,
        ),
    ] = None,
    kernels: KernelChoice = None,
    again: Annotated[
        bool, typer.Option("--again", help="Make finished reports again, too, although nothing has changed.")
    ] = False,
) -> None:
    """Make a report of each of FILES in a folder of its own under DIR, and a page that compares them.

    A report that fails does not stop the others. Run again after a stop or a failure, it makes only what
    is missing or has changed.
    """
    stopped = "Stopped. Finished reports are kept; the same command makes the rest."
    hint = f"The log is {output / 'batch.log.jsonl'}"
    with _exit_status(hint=hint, stopped=stopped), _ended_by_signals():
        from customer_value.report import make_batch
        from customer_value.report.progress import batch_console, read_log
        from customer_value.report.publish import as_typed, folder_of

        with batch_console(earlier=read_log(folder_of(output) / "batch.log.jsonl")) as progress:
            made = make_batch(
                files,
                output,
                parameters=_parsed(parameters or []),
                notebooks=notebooks,
                progress=progress,
                jobs=jobs,
                kernels=kernels.value if kernels else None,
                again=again,
            )
        print_output(made.summary())
        print_output(f"The overview is ready: {as_typed(made.index)}")
        for outcome in made.failed:
            complain(f"{outcome.name}: {outcome.sentence}")
        if made.failed:
            raise typer.Exit(1)


@app.command(no_args_is_help=True)
def check(config: Config) -> None:
    """Read the input and show where every row ended; make no report."""
    with _exit_status(), _ended_by_signals():
        from customer_value.config import SettingsFile
        from customer_value.inputs import check_inputs

        file = SettingsFile.read(config)
        currency = file.for_report().currency
        inputs = check_inputs(file)
        print_output(f"{inputs.ledger.rows_table(currency)!r}\n\n{inputs.ledger.notes_table()!r}")
        for warning in inputs.warnings:
            print_output(f"\nWarning: {warning}")


@app.command(no_args_is_help=True)
def init(
    orders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[ORDERS...]",
            help="A file with orders, several with the same columns, or a folder of such.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The sheet of a workbook that holds the orders.", show_default=False
        ),
    ] = None,
    layout: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file with the layout of your own export.", show_default=False),
    ] = None,
    survey: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file with survey answers.", show_default=False),
    ] = None,
) -> None:
    """Look at files with orders, survey answers or both, and print first settings.

    What cannot be told is asked: the question goes to standard error, the settings with an open choice marked
    ??? are printed all the same, and the exit status is 2. For a survey a codebook is drafted, too:
    FILE_items.csv in the current folder. No file is overwritten.
    """
    with _exit_status(), _ended_by_signals():
        from customer_value.guess import first_settings

        if not orders and survey is None:
            raise ConfigError("Name a file with orders, or one with survey answers: --survey FILE.")
        draft = first_settings(orders, sheet=sheet, layout=layout) if orders else None
        parts = [] if draft is None else [draft.text]
        if survey is not None:
            parts.append(_drafted(survey))
        print_output("\n".join(parts), nl=False)
        if draft is not None and draft.remark:
            typer.echo(draft.remark, err=True)
        if draft is not None and draft.question:
            raise InputError(draft.question)


def _drafted(survey: Path) -> str:
    """Write the codebook of a survey, and give the settings for it."""
    from customer_value.guess import survey_draft
    from customer_value.people_csv import csv_of

    draft = survey_draft(survey)
    try:
        with Path(draft.codebook_name).open("x", encoding="utf-8", newline="") as file:
            file.write(csv_of(draft.codebook))
    except FileExistsError:
        raise ConfigError(
            f"{draft.codebook_name} is there already and is not overwritten; rename it, or work in another folder."
        ) from None
    complain(f"Drafted the codebook {draft.codebook_name}; check its constructs, aspects, scales and codes.")
    return draft.settings


@app.command(no_args_is_help=True)
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)],
) -> None:
    """Write the simulated sample company, to try the other commands on."""
    with _exit_status(), _ended_by_signals():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(f"{folder} is not an empty folder; name a new one.")
        from customer_value.simulate import simulate_company, write_company

        write_company(simulate_company(), folder)
        config = folder / "company.yml"
        print_output(
            f"Try: customer-value report {config} --output {folder.with_name(folder.name + '-report')}"
        )


@app.command()
def cache(
    clear: Annotated[
        bool, typer.Option("--clear", help="Remove the runs that no notebook has open.")
    ] = False,
) -> None:
    """Show the runs that notebooks opened by hand have left on this machine, or remove them."""
    with _exit_status(), _ended_by_signals():
        from customer_value.cache import clear_cache, listed

        print_output(clear_cache() if clear else listed())


@contextlib.contextmanager
def _exit_status(hint: str = "", stopped: str = "") -> Iterator[None]:
    """Turn every failure into one line on standard error and the exit status it stands for."""
    try:
        yield
    except typer.Exit:
        raise
    except (NotebookError, FitError, MachineError) as error:
        _fail(f"{error}", 1)
    except CustomerValueError as error:
        _fail(f"{error}", 2)
    except KeyboardInterrupt:
        _fail(stopped or "Interrupted; nothing was published.", 128 + signal.SIGINT)
    except _Ended as error:
        _fail(stopped or "Ended by a signal; nothing was published.", 128 + error.number)
    except BrokenPipeError:
        end_without_reader()
    except Unprinted as error:
        end_unprinted(str(error))
    except OSError as error:
        _fail(_os_sentence(error), 2 if error.errno == errno.ENAMETOOLONG else 1)
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            print_error(redacted(traceback.format_exc()))
            raise typer.Exit(1) from None
        if fault := fault_of(error):
            _fail(f"Stopped: {fault}.", 1)
        sentence = " ".join(redacted(str(error)).split())
        more = hint or f"Set {TRACEBACK_VARIABLE}=1 to see where"
        _fail(f"Unexpected {type(error).__name__}: {sentence}. {more}.", 1)


def _fail(sentence: str, status: int) -> NoReturn:
    complain(sentence)
    raise typer.Exit(status)


class _Ended(BaseException):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the first of the usual signals unwind the stack, and no second one disturb that."""
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

    def end(number: int, frame: FrameType | None) -> NoReturn:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise _Ended(number)

    before = {number: signal.getsignal(number) for number in numbers}
    heeded = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    try:
        for number in heeded:
            signal.signal(number, end)
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)


def _os_sentence(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return redacted(f"{where}{fault_of(error) or error.strerror or error}.")


def _parsed(settings: list[str]) -> dict[str, object]:
    """Parameters from NAME=VALUE; a value that is not JSON is text."""
    from customer_value.words import plain

    parsed: dict[str, object] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        shown = f"--set {plain(setting)}"
        if not equals or not name.isidentifier():
            raise ConfigError(f"{shown}: write it as NAME=VALUE.")
        if name == "config":
            raise ConfigError(f"{shown}: the settings file is named without --set.")
        try:
            parsed[name] = json.loads(text)
        except ValueError:
            parsed[name] = text
        except RecursionError:
            raise ConfigError(
                f"{shown}: nests too deep; write a number, a text or a list of these."
            ) from None
        if re.search(
            "[\0\ud800-\udfff]", json.dumps(parsed[name], ensure_ascii=False).replace("\\u0000", "\0")
        ):
            raise ConfigError(f"{shown}: holds a character that cannot stand in a text; write it in UTF-8.")
    return parsed


if __name__ == "__main__":
    main()
