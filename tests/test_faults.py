"""What may go wrong from outside while a report is made: the report that was there stays, nothing else does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Desk
from customer_value.errors import ConfigError, CustomerValueError, InputError, MachineError, NotebookError
from customer_value.inputs import check_inputs
from customer_value.report import make_report, starter
from customer_value.report.progress import Event
from report_company import BESIDE, code, contents, markdown, write_notebook, write_settings

KERNELS = [
    "fresh",
    pytest.param("forked", marks=pytest.mark.skipif(not starter.can_fork(), reason="no fork")),
]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
NOBODY = 65534

FINE = (
    'import os, pathlib\n_ = pathlib.Path(os.environ["CUSTOMER_VALUE_RUN"], "ledger.csv").write_text(config)'
)


@dataclass
class Place:
    """A folder with a settings file, notebooks, and a report of an earlier run."""

    folder: Path
    report: Path
    before: dict[str, bytes]

    @property
    def config(self) -> Path:
        return self.folder / "input" / "acme.yml"

    @property
    def books(self) -> Path:
        return self.folder / "notebooks"

    def notebook(self, *sources: str) -> None:
        write_notebook(self.books, "01_data_load", markdown("## The heart"), *map(code, sources))

    def make(self, *sources: str, **options: object) -> Path:
        self.notebook(*sources)
        return make_report(self.config, self.report, notebooks=self.books, **options)  # type: ignore[arg-type]

    def fails(self, *sources: str, kind: type[Exception] = NotebookError, **options: object) -> str:
        """The message of a run that fails, after which all is as before."""
        with pytest.raises(CustomerValueError) as caught:
            self.make(*sources, **options)
        assert type(caught.value) is kind
        assert "\n" not in str(caught.value)
        self.is_as_before()
        return str(caught.value)

    def is_as_before(self) -> None:
        assert contents(self.report) == self.before
        assert not list(self.report.parent.glob(".*"))
        assert processes_in(self.folder) == []

    def works_again(self) -> None:
        self.make(FINE)
        assert contents(self.report) == self.before
        assert not list(self.report.parent.glob(".*"))
        assert not self.report.with_name("report-failed").exists()
        assert not list(Path(tempfile.gettempdir()).glob("cv-*"))
        assert processes_in(self.folder) == []


def processes_in(folder: Path) -> list[int]:
    """Living processes whose working folder lies in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until(happened: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that was made before anything went wrong."""
    folder = tmp_path_factory.mktemp("earlier")
    write_notebook(folder / "notebooks", "01_data_load", markdown("## The heart"), code(FINE))
    config = write_settings(folder / "input")
    return make_report(config, folder / "report", notebooks=folder / "notebooks").parent


@pytest.fixture
def place(earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    shutil.copytree(earlier, tmp_path / "report")
    write_settings(tmp_path / "input")
    with (
        tempfile.TemporaryDirectory() as temporary
    ):  # its path is short enough for sockets; tmp_path may not be
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        yield Place(tmp_path, tmp_path / "report", contents(earlier))


CHILD = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])"
WAITS = f"""\
{BESIDE}
import time
pathlib.Path("pids").write_text(f"{{os.getpid()}} {{os.getppid()}}")
time.sleep(600)
"""


def started(place: Place, kernels: str) -> subprocess.Popen[str]:
    """A run in a process of its own, in the middle of its notebook."""
    place.notebook(*[CHILD] * (kernels == "forked"), WAITS)
    arguments = ["report", str(place.config), "--output", str(place.report), "--notebooks", str(place.books)]
    command = [sys.executable, "-m", "customer_value.cli", *arguments, "--kernels", kernels]
    environment = os.environ | {"TMPDIR": tempfile.gettempdir()}
    # A test run started in the background ignores SIGINT, and what it starts would inherit that.
    heeded = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=place.folder,
    )
    signal.signal(signal.SIGINT, heeded)
    pids = place.folder / "input" / "pids"
    wait_until(lambda: pids.exists() and pids.read_text())
    return process


@LINUX
@pytest.mark.parametrize("kernels", KERNELS)
def test_a_killed_runner_takes_its_processes_along_and_the_next_run_clears_up(
    place: Place, kernels: str
) -> None:
    process = started(place, kernels)
    kernel, parent = map(int, (place.folder / "input" / "pids").read_text().split())
    assert kernel in processes_in(place.folder)
    assert Path(f"/proc/{parent}").exists()
    with pytest.raises(ConfigError, match="Another run is writing to"):
        place.make(FINE)
    process.kill()
    process.communicate()
    wait_until(lambda: not processes_in(place.folder) and not Path(f"/proc/{parent}").exists())
    assert contents(place.report) == place.before
    assert list(place.folder.glob(".report.*.partial"))
    assert list(Path(tempfile.gettempdir()).glob("cv-*"))
    place.works_again()


@LINUX
@pytest.mark.parametrize(
    ("number", "status", "kernels"),
    [(signal.SIGINT, 130, "fresh"), (signal.SIGTERM, 143, "forked" if starter.can_fork() else "fresh")],
)
def test_a_run_that_is_asked_to_end_clears_up_itself(
    place: Place, number: int, status: int, kernels: str
) -> None:
    process = started(place, kernels)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.count("\n")) == (status, 1)
    assert not list(Path(tempfile.gettempdir()).glob("cv-*"))
    place.is_as_before()


@LINUX
@pytest.mark.parametrize("kernels", KERNELS)
def test_a_killed_kernel_is_told(place: Place, kernels: str) -> None:
    said = place.fails(CHILD, "import os\nos.kill(os.getpid(), 9)", kernels=kernels)
    assert said.startswith(
        'Notebook 01_data_load stopped at cell 6 of 6 (under "The heart"): its process ended unexpectedly, '
        "often because memory ran out; with --jobs 1 a run takes least. The notebook as far as it ran is kept: "
    )
    place.works_again()


@pytest.mark.skipif(not starter.can_fork(), reason="no fork")
def test_a_kernel_ends_with_the_process_that_forked_it_and_the_next_run_has_another(place: Place) -> None:
    said = place.fails("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)", kernels="forked")
    assert "at cell 5 of 5" in said
    assert "its process ended unexpectedly" in said
    place.works_again()
    assert starter.warm_process().alive


DEAF = "import ctypes\nctypes.PyDLL(None).sleep(600)"
"""Native code that never gives Python a turn: no interrupt is heard."""


@pytest.mark.parametrize("source", ["import time\ntime.sleep(600)", DEAF], ids=["sleeping", "deaf"])
def test_a_cell_that_hangs_is_ended_after_the_time_in_the_settings(place: Place, source: str) -> None:
    with place.config.open("a") as settings:
        settings.write("report: {cell_timeout_seconds: 1}\n")
    said = place.fails(source)
    assert (
        'at cell 5 of 5 (under "The heart"): the cell took longer than 1 second; if it needs more, '
        "raise report.cell_timeout_seconds in the settings." in said
    )
    place.works_again()


def test_two_runs_into_one_folder_do_not_meet(place: Place) -> None:
    place.notebook(BESIDE + "import time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.02)", FINE)
    first = threading.Thread(
        target=make_report, args=(place.config, place.report), kwargs={"notebooks": place.books}
    )
    first.start()
    wait_until(lambda: list(place.folder.glob(".report.lock")))
    with pytest.raises(ConfigError, match=r"Another run is writing to .*; wait until it has ended"):
        make_report(place.config, place.report, notebooks=place.books)
    (place.folder / "input" / "go").touch()
    first.join()
    assert place.report.joinpath("index.html").exists()
    assert contents(place.report) != place.before
    place.works_again()


@pytest.fixture
def small(place: Place) -> Iterator[Place]:
    """The same on a disk with room for a report of two megabytes."""
    disk = place.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk needs the right to mount: {mounted.stderr.decode().strip()}")
    try:
        shutil.copytree(place.report, disk / "report")
        place.report = disk / "report"
        yield place
    finally:
        subprocess.run(["umount", str(disk)], check=True)


BIG_TABLE = """\
import os, pathlib
import numpy, pandas
from customer_value.tables import write_table
frame = pandas.DataFrame({"x": numpy.random.default_rng(1).random(10**6)})
write_table(pathlib.Path(os.environ["CUSTOMER_VALUE_RUN"]), "big", frame)
"""
BIG_QUERY = """\
import os
import duckdb
path = os.path.join(os.environ["CUSTOMER_VALUE_RUN"], "big.parquet")
duckdb.sql("select random() as x from range(1000000)").write_parquet(path)
"""
BIG_PAGE = "import random\nprint(random.Random(1).randbytes(2 * 10**6).hex())"


@LINUX
@pytest.mark.parametrize("source", [BIG_TABLE, BIG_QUERY, BIG_PAGE], ids=["table", "query", "page"])
def test_a_full_disk_is_told(small: Place, source: str) -> None:
    page = source is BIG_PAGE
    said = small.fails(source, kind=MachineError if page else NotebookError)
    if page:
        assert "report cannot be written: the disk is full; " in said
    assert (
        "the disk is full; make room on it, or choose another one by --output or the variable TMPDIR." in said
    )
    small.works_again()


def test_memory_that_runs_out_in_a_notebook_is_told(place: Place) -> None:
    said = place.fails("raise MemoryError('Unable to allocate 9 TiB')")
    assert 'at cell 5 of 5 (under "The heart"): memory ran out; close other programs' in said
    own = "from customer_value.errors import MachineError\nraise MachineError('a.csv: the disk is full.')"
    assert place.fails(own, kind=MachineError).startswith("a.csv: the disk is full.")


@LINUX
def test_a_disk_that_is_full_from_the_start_is_told(small: Place) -> None:
    filler = small.report.with_name("filler")
    with suppress(OSError), filler.open("wb") as file:
        file.write(bytes(4 * 10**6))
    assert "cannot be written: the disk is full; make room on it" in small.fails(FINE, kind=MachineError)
    filler.unlink()
    small.works_again()


ROWS = ("a,2024-01-01,10.00", "b,2024-02-01,20.00", "a,2024-03-01,5.00")


def appended(path: Path) -> None:
    with path.open("a") as file:
        file.write("c,2024-04-01,1.00\n")


def truncated(path: Path) -> None:
    os.truncate(path, 30)


def replaced(path: Path) -> None:
    path.with_suffix(".new").write_bytes(path.read_bytes())
    path.with_suffix(".new").replace(path)


def rewritten(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"20.00", b"99.00"))


@pytest.mark.parametrize("change", [appended, truncated, replaced, rewritten, Path.unlink])
def test_a_source_that_changes_while_it_is_read_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    from customer_value import inputs

    reduce = inputs._reduce

    def late(*arguments: object) -> None:
        change(desk.folder / "orders.csv")
        reduce(*arguments)  # type: ignore[arg-type]

    desk.orders(*ROWS)
    monkeypatch.setattr(inputs, "_reduce", late)
    with pytest.raises(InputError) as caught:
        desk.run()
    assert str(caught.value) == (
        "orders.csv changed while being read, so nothing was made of it; run again when nobody writes to it."
    )
    assert not (desk.folder / "run" / "_run" / "state.json").exists()


def test_a_source_that_changes_during_a_report_is_told(place: Place) -> None:
    (place.folder / "input" / "orders.csv").write_text("customer,date,amount\n" + "\n".join(ROWS) + "\n")
    meddle = """\
    from pathlib import Path
    from customer_value import inputs, load_data
    reduce = inputs._reduce
    def late(*arguments):
        Path("orders.csv").open("a").write("c,2024-04-01,1.00\\n")
        return reduce(*arguments)
    inputs._reduce = late
    """
    source = "\n".join(line.strip("\n")[4:] for line in meddle.splitlines())
    said = place.fails(BESIDE + source, "load_data(config)", kind=InputError)
    assert said.startswith("orders.csv changed while being read")
    (place.folder / "input" / "orders.csv").unlink()
    place.works_again()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may enter, for a user whose rights count: the administrator may do anything."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    folder.chmod(0o777)
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def nobody(open_folder: Path) -> Iterator[Callable[[], None]]:
    """Makes this process that of an ordinary user, until the test ends."""
    if not hasattr(os, "seteuid"):
        pytest.skip("the system has no such rights")
    yield lambda: os.seteuid(NOBODY) if os.geteuid() == 0 else None
    if os.getuid() == 0:
        os.seteuid(0)


def test_a_folder_that_may_not_be_written_is_told(open_folder: Path, nobody: Callable[[], None]) -> None:
    config = write_settings(open_folder / "input")
    write_notebook(open_folder / "books", "01_data_load", code(FINE))
    (open_folder / "closed").mkdir(mode=0o555)
    nobody()
    said = f"^The folder {open_folder}/closed cannot be written: Permission denied. Mend that, or choose"
    with pytest.raises(ConfigError, match=said):
        make_report(config, open_folder / "closed" / "report", notebooks=open_folder / "books")
    assert list((open_folder / "closed").iterdir()) == []


def test_a_report_of_somebody_else_is_left_alone(
    earlier: Path, open_folder: Path, nobody: Callable[[], None]
) -> None:
    before = contents(earlier)
    shutil.copytree(earlier, open_folder / "report")
    (open_folder / "report").chmod(0o555)
    config = write_settings(open_folder / "input")
    write_notebook(open_folder / "books", "01_data_load", code(FINE))
    nobody()
    with pytest.raises(
        ConfigError, match="report cannot be replaced: you may not write to it; choose another"
    ):
        make_report(config, open_folder / "report", notebooks=open_folder / "books")
    assert contents(open_folder / "report") == before
    assert not list(open_folder.glob(".*"))


def test_an_input_that_may_not_be_read_is_told(open_folder: Path, nobody: Callable[[], None]) -> None:
    config = write_settings(open_folder)
    (open_folder / "orders.csv").write_text("customer,date,amount\n")
    (open_folder / "orders.csv").chmod(0)
    nobody()
    with pytest.raises(InputError, match=r"^orders\.csv cannot be read: Permission denied\.$"):
        check_inputs(config)


def test_a_clock_that_jumps_changes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, jumps = time.time, iter(range(10**9))

    def unsteady() -> float:
        return clock() + (-1) ** next(jumps) * 86_400 * 400

    future = clock() + 86_400 * 400
    os.utime(place.config, (future, future))
    events: list[Event] = []
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", unsteady)
        place.make("import time\ntime.time = lambda: 0.0", FINE, progress=events.append)
    place.notebook("import time\ntime.time = lambda: 0.0", FINE)
    steady = make_report(place.config, place.folder / "steady", notebooks=place.books).parent
    assert contents(place.report) == contents(steady)
    assert all(0 <= event.seconds < 60 for event in events)
    assert "kernel restarted" not in [event.kind for event in events]
