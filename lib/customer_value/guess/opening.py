"""Which files and which sheets a draft is made for, and how the settings name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from customer_value import words
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.guess.choice import Question
from customer_value.guess.looking import look_at
from customer_value.guess.names import weight
from customer_value.guess.profile import Table
from customer_value.guess.yaml_text import scalar
from customer_value.scratch import scratch_folder
from customer_value.settings import EngineSettings, TableSource
from customer_value.sources import open_source
from customer_value.sources.damage import explained
from customer_value.sources.files import BY_SUFFIX, at_home
from customer_value.sources.workbooks import Sheet, sheets_of
from customer_value.troubles import told_plainly

__all__ = ["Chosen", "choose", "looking", "opened"]


@dataclass
class Chosen:
    """What is read.

    Parameters
    ----------
    written
        The files as the settings name them.
    stated
        Keys of the settings that say how they are read, with a comment.
    asked
        Such keys that a person has to decide.
    """

    written: list[str]
    stated: dict[str, tuple[Any, str]] = field(default_factory=dict)
    asked: dict[str, Question] = field(default_factory=dict)

    def spec(self, **more: Any) -> TableSource:
        """How it is read, as far as it is known."""
        stated = {key: value for key, (value, _) in self.stated.items()}
        meanwhile = {key: question.meanwhile for key, question in self.asked.items()}
        return TableSource(path=self.written, **{**meanwhile, **stated, **more})


def choose(paths: Sequence[Path], sheet: str | None) -> Chosen:
    """The files and the sheet to look at.

    Parameters
    ----------
    paths
        Files, or one folder of files of one kind.
    sheet
        Of a workbook, if it is known.

    Raises
    ------
    InputError
        If a folder holds no readable files, or files of several kinds, or may not be entered.
    """
    try:
        chosen = Chosen(_written(paths))
        books = [path for path in paths if BY_SUFFIX.get(path.suffix.lower()) == "excel" and path.is_file()]
    except OSError as error:
        name = words.plain(Path(error.filename).name)
        raise InputError(f"{name} cannot be read: {error.strerror}.") from None
    if sheet is not None:
        chosen.stated["sheet"] = (sheet, "")
        return chosen
    if len(books) == 1 == len(paths):
        _choose_sheet(at_home(books[0]), chosen)
    return chosen


def opened(chosen: Chosen, con: Any, scratch: Path) -> Table:
    """Open what was chosen and look at its columns."""
    spec = chosen.spec()
    return look_at(open_source("orders", spec, Path.cwd(), con, scratch), spec, scratch)


@contextmanager
def looking(name: str, spec: TableSource) -> Iterator[tuple[Any, Path]]:
    """DuckDB and a folder for copies while files are looked at; what is wrong with them is told."""
    with (
        scratch_folder() as scratch,
        explained({name: spec}, Path.cwd(), scratch),
        Engine(EngineSettings(), scratch) as engine,
    ):
        yield engine.local, scratch


def _written(paths: Sequence[Path]) -> list[str]:
    if len(paths) == 1 and _is_folder(paths[0]):
        return [_pattern(at_home(paths[0]))]
    folders = [path for path in paths if _is_folder(path)]
    if folders:
        raise InputError(f"{folders[0]} is a folder; name files, or one folder alone.")
    return [_relative(path) for path in paths]


def _is_folder(path: Path) -> bool:
    path = at_home(path)
    with told_plainly(words.plain(path.name), path):
        return path.is_dir()


def _pattern(folder: Path) -> str:
    """A pattern for the files of a folder, all of one kind."""
    with told_plainly(folder.name, folder):
        files = [
            file
            for file in sorted(folder.iterdir())
            if file.is_file() and not file.name.startswith((".", "~$"))
        ]
    endings = sorted({file.suffix for file in files if file.suffix.lower() in BY_SUFFIX})
    if len(endings) > 1:
        listed = words.listing(endings)
        raise InputError(
            f"{folder.name} holds files of several kinds, {listed}; name those to read, such as "
            f"{folder.name}/*{endings[0]}."
        )
    if not endings:
        raise InputError(f"{folder.name} holds no file of a kind that can be read, such as .csv or .xlsx.")
    return f"{_relative(folder)}/*{endings[0]}"


def _relative(path: Path) -> str:
    """The path for the settings: relative where the file is below the current folder."""
    path = at_home(path)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"./{path.as_posix()}" if path.parts[:1] == ("~",) else path.as_posix()


def _choose_sheet(path: Path, chosen: Chosen) -> None:
    sheets = sheets_of(path)
    if len(sheets) < 2:
        return
    fitting = [sheet for sheet in sheets if _fits(path, sheet)]
    if len(fitting) == 1:
        others = words.listing(
            [f"'{words.plain(sheet.name, 30)}'" for sheet in sheets if sheet not in fitting]
        )
        chosen.stated["sheet"] = (fitting[0].name, f"the only sheet that holds orders; left aside: {others}")
    elif fitting and len({frozenset(sheet.header) for sheet in fitting}) == 1:
        told = f"the same columns on {words.count(len(fitting), 'sheet')}, read as one"
        names = [sheet.name for sheet in fitting]
        chosen.stated["sheet"] = (
            "all" if len(fitting) == len(sheets) and "all" not in names else names,
            told,
        )
    else:
        likely = fitting or sheets
        rows = {scalar(sheet.name): words.count(sheet.rows, "row") for sheet in likely}
        listed = words.listing(
            [f"'{words.plain(sheet.name, 30)}' ({rows[scalar(sheet.name)]})" for sheet in likely]
        )
        sentence = f"orders may stand on several sheets, {listed}; say which with --sheet NAME"
        chosen.asked["sheet"] = Question(sentence, rows, meanwhile=likely[0].name)


def _fits(path: Path, sheet: Sheet) -> bool:
    """Whether a sheet has at least three columns, among them dates and numbers."""
    if len(sheet.header) < 3 or sheet.rows < 1:
        return False
    spec = TableSource(path=[str(path)], sheet=sheet.name)
    try:
        with looking("orders", spec) as (con, scratch):
            table = look_at(open_source("orders", spec, Path.cwd(), con, scratch), spec, scratch)
    except InputError:
        return False
    dated = table.of_kind("date") or [c for c in table.columns if weight("order_date", c.name)]
    return bool(dated) and bool(table.of_kind("number"))
