import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

import report_company as company
from customer_value.errors import ConfigError, CustomerValueError, NotebookError
from customer_value.report import kernel, make_report, notebooks_folder, starter
from customer_value.report.notebooks import find_notebooks, normalised, parameters_of, prerequisites
from customer_value.report.progress import Event, console
from customer_value.report.schedule import run_in_order
from report_company import BESIDE, code, contents, markdown, write_notebook, write_settings

forks = pytest.mark.skipif(not starter.can_fork(), reason="kernels can be forked on Linux only")

OK = 'import os, pathlib\npathlib.Path(os.environ["CUSTOMER_VALUE_RUN"], "ledger.csv").write_text(config)'
BEHAVED = """\
import os, sys
print("in", os.path.basename(os.getcwd()), os.listdir(), "" in sys.path, sys.argv[0][-3:])
print("to stderr", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """A report of two small notebooks, and the events of its second run."""
    folder = tmp_path_factory.mktemp("made {x}")
    config, books = write_settings(folder / "input"), folder / "notebooks"
    write_notebook(books, "01_data_load", code(OK), code("config + str(depth)"))
    parameters = nbformat.read(books / "01_data_load.ipynb", as_version=4)
    parameters.cells[1].source += "depth = None\n"
    nbformat.write(parameters, books / "01_data_load.ipynb")
    write_notebook(books, "02_other", code(BEHAVED))
    alone = {"jobs": 1, "kernels": "fresh"}
    make_report(config, folder / "first", notebooks=books, parameters={"depth": 3}, **alone)
    events: list[Event] = []
    make_report(config, folder / "report", notebooks=books, parameters={"depth": 3}, progress=events.append)
    return folder / "report", events


def test_same_input_gives_the_same_report_byte_for_byte_whatever_the_kernels(
    made: tuple[Path, list[Event]],
) -> None:
    report, _ = made
    files = contents(report)
    assert files == contents(report.with_name("first"))
    assert set(files) == {
        "index.html", "01_data_load.html", "02_other.html", "facts.json", "ledger.csv", "provenance.json",
    }  # fmt: skip


def test_nothing_is_left_beside_the_report_but_its_log(made: tuple[Path, list[Event]]) -> None:
    beside = {path.name for path in made[0].parent.iterdir()}
    assert beside == {"first", "first.log.jsonl", "report", "report.log.jsonl", "input", "notebooks"}


def test_notebooks_start_in_an_empty_folder_and_see_only_the_settings_name(
    made: tuple[Path, list[Event]],
) -> None:
    report, _ = made
    assert (report / "ledger.csv").read_text() == "acme.yml"
    assert "acme.yml3" in (report / "01_data_load.html").read_text()
    assert "in start [] False .py" in (report / "02_other.html").read_text()
    assert str(report.parent).encode() not in b"".join(contents(report).values())


def test_log_keeps_times_and_standard_error(made: tuple[Path, list[Event]]) -> None:
    report, _ = made
    lines = [json.loads(line) for line in report.with_name("report.log.jsonl").read_text().splitlines()]
    assert lines[0]["kind"] == "run started"
    assert lines[-1]["kind"] == "published"
    assert [line["text"] for line in lines if line["kind"] == "notebook stderr"] == ["to stderr\n"]
    assert all("time" in line for line in lines)


def test_log_tells_how_long_each_cell_took_by_itself(made: tuple[Path, list[Event]]) -> None:
    cells, notebooks = (
        [event for event in made[1] if event.kind == kind] for kind in ("cell finished", "notebook finished")
    )
    for notebook in notebooks:
        own = sum(event.cell_seconds for event in cells if event.notebook == notebook.notebook)
        assert 0 < own < notebook.seconds


def test_progress_tells_every_notebook_and_cell(made: tuple[Path, list[Event]]) -> None:
    _, events = made
    ended = {event.notebook: event for event in events if event.kind == "notebook finished"}
    assert list(ended) == ["01_data_load", "02_other"]
    assert all(event.cell == event.cells and event.seconds > 0 for event in ended.values())


def failing(folder: Path, source: str, name: str = "01_data_load") -> str:
    """The message of a run whose last notebook fails in its last cell."""
    config, books = write_settings(folder / "input"), folder / "notebooks"
    write_notebook(books, "01_data_load", code(OK))
    write_notebook(books, name, markdown("## The heart"), code("fine = 1"), code(source))
    with pytest.raises(CustomerValueError) as caught:
        make_report(config, folder / "report", notebooks=books)
    assert not (folder / "report").exists()
    assert not list(folder.glob(".*"))
    return f"{type(caught.value).__name__}: {caught.value}"


def test_failed_notebook_is_named_with_its_cell_and_kept(tmp_path: Path) -> None:
    message = failing(tmp_path, "1 / 0")
    kept = tmp_path / "report-failed" / "01_data_load.ipynb"
    assert message == (
        'NotebookError: Notebook 01_data_load stopped at cell 6 of 6 (under "The heart"): ZeroDivisionError: '
        f"division by zero. The notebook as far as it ran is kept: {kept}"
    )
    assert "ZeroDivisionError" in kept.read_text()
    lines = [json.loads(line) for line in (tmp_path / "report.log.jsonl").read_text().splitlines()]
    failed = next(line for line in lines if line["kind"] == "notebook failed")
    assert "Traceback" in failed["text"]
    assert 0 < failed["cell_seconds"] < failed["seconds"]
    write_notebook(tmp_path / "notebooks", "01_data_load", code("1"))
    make_report(tmp_path / "input" / "acme.yml", tmp_path / "report", notebooks=tmp_path / "notebooks")
    assert not kept.parent.exists()


def test_input_error_in_a_notebook_keeps_its_own_sentence(tmp_path: Path) -> None:
    source = "from customer_value.errors import InputError\nraise InputError('orders.csv, row 3: no date.')"
    assert failing(tmp_path, source) == "InputError: orders.csv, row 3: no date."


def test_input_error_in_a_later_notebook_names_it(tmp_path: Path) -> None:
    source = "from customer_value.errors import InputError\nraise InputError('This needs a date.')"
    kept = tmp_path / "report-failed" / "05_loyalty.ipynb"
    assert failing(tmp_path, source, "05_loyalty") == (
        'InputError: This needs a date. (Found in notebook 05_loyalty, cell 6 of 6 (under "The heart"), '
        f"kept as far as it ran: {kept})"
    )
    assert kept.exists()


ALONE = """\
import os, random, sys
assert not {"statsmodels.api", "pyspark", "psycopg", "papermill", "nbformat"} & set(sys.modules)
import duckdb, numpy
assert numpy.__dict__.setdefault("mark", os.getpid()) == os.getpid()
import debugpy  # not imported for kernels, but there
assert "mine" not in os.environ
os.environ["mine"] = "1"
import matplotlib.pyplot as plt
assert plt.rcParams["lines.linewidth"] == 1.5
plt.rcParams["lines.linewidth"] = 9
with open("drawn.txt", "a") as file:
    print(os.getpid(), os.getppid(), os.getpgrp(), random.random(), numpy.random.random(), file=file)
duckdb.sql("select sum(range) from range(3000000)").fetchall()[0][0]
"""


@forks
def test_forked_kernels_share_nothing_but_their_start(tmp_path: Path) -> None:
    config = write_settings(tmp_path / "input")
    for number in range(1, 4):
        write_notebook(tmp_path / "books", f"0{number}_part", code(OK if number == 1 else BESIDE + ALONE))
    make_report(config, tmp_path / "report", notebooks=tmp_path / "books", kernels="forked")
    pids, parents, groups, *drawn = zip(
        *(line.split() for line in (tmp_path / "input" / "drawn.txt").read_text().splitlines()), strict=True
    )
    assert groups == pids
    assert len(set(parents)) == 1
    assert all(a != b for a, b in [pids, *drawn])


@forks
def test_the_process_that_forks_has_one_thread() -> None:
    warm = starter.warm_process()
    warm.status(1)
    process = Path(f"/proc/{warm.process.pid}")
    assert len(list((process / "task").iterdir())) == 1


def test_secrets_are_in_no_file_of_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_ADDRESS", "db://me:s3cret@host/x")
    monkeypatch.setattr(
        company, "SETTINGS", company.SETTINGS.replace("path: orders.csv", "path_env: ORDERS_ADDRESS")
    )
    message = failing(tmp_path, "import os\nraise ValueError('cannot open ' + os.environ['ORDERS_ADDRESS'])")
    assert "cannot open $ORDERS_ADDRESS" in message
    assert "s3cret" not in message
    assert b"s3cret" not in b"".join(contents(tmp_path).values())


def test_unknown_parameter_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    write_notebook(tmp_path, "01_data_load")
    book = nbformat.read(tmp_path / "01_data_load.ipynb", as_version=4)
    book.cells[1].source += "top_share = None  # share of customers\n"
    nbformat.write(book, tmp_path / "01_data_load.ipynb")
    files = find_notebooks(tmp_path)
    assert parameters_of(files, {"top_share": 0.1}) == {"01_data_load": {"top_share": 0.1}}
    with pytest.raises(ConfigError, match="did you mean 'top_share'"):
        parameters_of(files, {"topshare": 0.1})
    with pytest.raises(ConfigError, match="is not a number, text"):
        parameters_of(files, {"top_share": object()})


def test_notebook_must_take_the_settings_file(tmp_path: Path) -> None:
    write_notebook(tmp_path, "01_data_load")
    book = nbformat.read(tmp_path / "01_data_load.ipynb", as_version=4)
    book.cells[1].metadata = {}
    nbformat.write(book, tmp_path / "01_data_load.ipynb")
    with pytest.raises(ConfigError, match="no parameter 'config'"):
        parameters_of(find_notebooks(tmp_path), {})


def test_folder_without_notebooks_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There are no notebooks"):
        find_notebooks(tmp_path)


def test_notebooks_of_the_clone_are_found() -> None:
    assert (notebooks_folder() / "01_data_load.ipynb").exists()


def test_normalised_notebook_has_stable_ids_and_no_times() -> None:
    cell = code("1", "headline")
    cell.metadata["papermill"] = {"start_time": "2020-01-01"}
    cell.metadata["execution"] = {}
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {"input_path": "/home/me"}})
    tidy = normalised(book)
    assert tidy.cells[0].id == "cell-01"
    assert tidy.cells[0].metadata == {"tags": ["headline"]}
    assert set(tidy.metadata) == {"kernelspec", "language_info"}
    assert normalised(tidy) == tidy


def test_plain_progress_is_one_line_per_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    with console() as tell:
        tell(Event("run started", cells=2))
        tell(Event("notebook started", "01_a", cells=5))
        tell(Event("notebook finished", "01_a", cell=5, cells=5, seconds=1.23))
    assert capsys.readouterr().out == "[1/2] 01_a  5 cells in 1.2 s\n"


def test_kernel_that_does_not_start_is_tried_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, tries = kernel._Kernel.start_kernel, []

    async def flaky(self: kernel._Kernel, **options: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("Kernel died before replying to kernel_info")
        await start(self, **options)

    monkeypatch.setattr(kernel._Kernel, "start_kernel", flaky)
    config, events = write_settings(tmp_path / "input"), []
    write_notebook(tmp_path / "notebooks", "01_data_load", code("1"))
    make_report(config, tmp_path / "report", notebooks=tmp_path / "notebooks", progress=events.append)
    assert [event.kind for event in events].count("kernel restarted") == 1


def test_a_kernel_whose_outputs_come_late_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_OUTPUT_DELAY_SECONDS", 1e-6)
    config = write_settings(tmp_path / "input")
    write_notebook(tmp_path / "notebooks", "01_data_load", code("1"))
    make_report(config, tmp_path / "report", notebooks=tmp_path / "notebooks")


def marked(folder: Path, name: str, **own: list[str]) -> Path:
    write_notebook(folder, name, code(OK if name.startswith("01") else "1"))
    path = folder / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["customer_value"] = own
    nbformat.write(notebook, path)
    return path


def waiting(folder: Path, name: str, *after: str) -> Path:
    return marked(folder, name, after=list(after))


def test_a_page_without_its_input_is_left_out_and_the_index_says_what_would_add_it(tmp_path: Path) -> None:
    config, books = write_settings(tmp_path / "input"), tmp_path / "books"
    marked(books, "01_data_load", needs=["orders"])
    marked(books, "02_loyalty", needs=["survey", "survey_items"])
    marked(books, "03_all", after=["02_loyalty"])
    index = make_report(config, tmp_path / "report", notebooks=books)
    assert not (index.parent / "02_loyalty.html").exists()
    assert (index.parent / "03_all.html").exists()
    assert "Loyalty: needs survey and survey_items in the settings file." in index.read_text()


def test_a_notebook_waits_for_those_it_names(tmp_path: Path) -> None:
    files = [waiting(tmp_path, "01_a"), waiting(tmp_path, "02_b"), waiting(tmp_path, "03_c", "02_b")]
    waits = prerequisites(files)
    assert waits == {"01_a": frozenset(), "02_b": {"01_a"}, "03_c": {"01_a", "02_b"}}
    begun: list[str] = []
    finished: dict[str, list[str]] = {}

    def run(path: Path) -> str:
        finished[path.stem] = list(begun)
        time.sleep(0.05 if path.stem == "02_b" else 0)
        begun.append(path.stem)
        return path.stem.upper()

    with ThreadPoolExecutor(3) as pool:
        assert list(run_in_order(pool, files, waits, run, lambda: 3).items()) == [
            ("01_a", "01_A"),
            ("02_b", "02_B"),
            ("03_c", "03_C"),
        ]
    assert finished["03_c"] == ["01_a", "02_b"]


def test_a_notebook_cannot_wait_for_one_that_comes_later(tmp_path: Path) -> None:
    files = [waiting(tmp_path, "01_a"), waiting(tmp_path, "02_b", "03_c"), waiting(tmp_path, "03_c")]
    with pytest.raises(ConfigError, match="02_b waits for 03_c, which does not come before it"):
        prerequisites(files)


def test_normalising_keeps_what_a_notebook_waits_for(tmp_path: Path) -> None:
    notebook = nbformat.read(waiting(tmp_path, "03_c", "02_b"), as_version=4)
    assert normalised(notebook).metadata["customer_value"] == {"after": ["02_b"]}


def test_temporary_files_that_others_remove_during_a_run_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = kernel.Kernels.new

    def emptied(self: kernel.Kernels) -> kernel._Kernel:
        shutil.rmtree(self._own)
        return new(self)

    monkeypatch.setattr(kernel.Kernels, "new", emptied)
    config = write_settings(tmp_path / "input")
    write_notebook(tmp_path / "notebooks", "01_data_load", code("1"))
    with pytest.raises(NotebookError, match="its temporary files were removed during the run"):
        make_report(config, tmp_path / "report", notebooks=tmp_path / "notebooks", kernels="fresh")
