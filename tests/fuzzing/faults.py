"""Something goes wrong at a random moment of a real report that takes the place of an earlier one."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fuzzing.forked import Ran
from fuzzing.outcome import Outcome, kept
from fuzzing.properties import CACHE, STATE, of_what_is_said
from report_company import code, contents, markdown, write_notebook

__all__ = ["run_fault"]

SETTINGS = """\
title: {title}
currency: EUR
orders:
  path: orders.csv
  columns: {{customer_id: customer, order_date: date, amount: amount}}
"""
LIGHT = """\
import os, pathlib, time
run = pathlib.Path(os.environ["CUSTOMER_VALUE_RUN"])
time.sleep(0.2)
for number in range(5):
    _ = (run / f"part-{number}.csv").write_text("a" * 20_000)
    time.sleep(0.02)
"""
REAL = "from customer_value import load_data\nload_data(config)"
LONGEST = 240
DISK = 3 * 2**20


class Ground:
    """A folder with all that a report needs, and a report of earlier settings."""

    def __init__(self, root: Path, dice: random.Random) -> None:
        self.root = root
        for name in ("home", "tmp", "input", "out", "cwd"):
            (root / name).mkdir(parents=True)
        self.report = root / "out" / "report"
        self.real = dice.random() < 0.3
        self.kernels = dice.choice(("fresh", "forked"))
        self.mounted = False
        for name in (".cache/matplotlib", ".cache/customer_value/matplotlib"):
            if (
                fonts := Path.home() / name
            ).is_dir():  # looked for anew they would take longer than the report
                shutil.copytree(fonts, root / "home" / name)

    @property
    def settings(self) -> Path:
        return self.root / "input" / "my.yml"

    @property
    def orders(self) -> Path:
        return self.root / "input" / "orders.csv"

    @property
    def notebook(self) -> Path:
        return self.root / "books" / "01_data_load.ipynb"

    def filled(self, title: str) -> None:
        """All inputs as they should be, with that title."""
        for path in (self.settings, self.orders, self.notebook):
            with contextlib.suppress(OSError):
                path.unlink()
        self.settings.write_text(SETTINGS.format(title=title))
        rows = "".join(f"K{n % 5},2024-{n % 12 + 1:02d}-0{n % 9 + 1},{n}.50\n" for n in range(60))
        self.orders.write_text("customer,date,amount\n" + rows)
        write_notebook(
            self.root / "books", "01_data_load", markdown("## The heart"), code(REAL if self.real else LIGHT)
        )

    def start(self, command: str = "report") -> subprocess.Popen[str]:
        """The command, as a process in a session of its own."""
        arguments = [command, "../input/my.yml"]
        if command == "report":
            arguments += ["--output", str(self.report), "--notebooks", "../books", "--kernels", self.kernels]
        own = {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp")}
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "CUSTOMER_"))
        }
        heeded = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "customer_value.cli", *arguments],
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.root / "cwd",
                env=inherited | own,
                start_new_session=True,
            )
        finally:
            signal.signal(signal.SIGINT, heeded)

    def ended(self, process: subprocess.Popen[str]) -> Ran:
        """What came of the command."""
        started = time.monotonic()
        try:
            stdout, stderr = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            return Ran(-9, "hangs", stdout, stderr, "", LONGEST)
        return Ran(process.returncode, "", stdout, stderr, "", round(time.monotonic() - started, 2))

    def processes(self) -> list[int]:
        """Living processes that a command of this ground started, itself among them."""
        mark, found = f"TMPDIR={self.root / 'tmp'}\0".encode(), []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return sorted(found)

    def small_disk(self) -> str:
        """Put the output on a disk of its own; why it cannot be done, or nothing."""
        order = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self.report.parent)]
        try:
            mounted = subprocess.run(order, capture_output=True, text=True, check=False)
        except OSError as error:
            return str(error)
        self.mounted = not mounted.returncode
        return mounted.stderr.strip()

    def removed(self) -> None:
        """Nothing stays behind of the ground itself."""
        for pid in self.processes():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.report.parent)], check=False)
        shutil.rmtree(self.root, ignore_errors=True)


_MADE: dict[tuple[bool, str], tuple[dict[str, bytes], float]] = {}
Fault = Callable[[Ground, subprocess.Popen[str], random.Random], object]


def signalled(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    process.send_signal(
        dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    )


def a_child_killed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    """A kernel, or the process that forks kernels."""
    children: list[int] = []
    while not children and process.poll() is None:
        children = [pid for pid in ground.processes() if pid != process.pid]
    if children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(children), dice.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV)))


def all_paused(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    paused = ground.processes()
    for number, pause in ((signal.SIGSTOP, 1.0), (signal.SIGCONT, 0.0)):
        for pid in paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        time.sleep(pause)


def no_larger_files(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    """From now on no file may grow beyond a size, as where a quota is used up."""
    size = dice.choice((0, 5_000, 100_000))
    for pid in ground.processes():
        with contextlib.suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, size))


def disk_full(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    """A file of somebody else's takes what room there is, or nearly."""
    room = shutil.disk_usage(ground.report.parent).free
    with contextlib.suppress(OSError), (ground.report.parent / "filler").open("wb") as file:
        file.write(bytes(max(0, room - dice.choice((0, 0, 20_000, 100_000)))))


def settings_changed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    text = SETTINGS.format(title="Changed").replace("EUR", "USD")
    _changed(ground.settings, text, dice)


def input_changed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    _changed(ground.orders, "customer,date,amount\nK1,2024-01-01,1.00\nK2,2024-05-05,7.00\n", dice)


def notebook_changed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    _changed(ground.notebook, ground.notebook.read_text().replace("The heart", "Another heart"), dice)


def _changed(path: Path, text: str, dice: random.Random) -> None:
    way = dice.choice(("rewritten", "replaced", "truncated", "removed"))
    if way == "rewritten":
        path.write_text(text)
    elif way == "replaced":
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)
    elif way == "truncated":
        os.truncate(path, dice.choice((0, 10, 60)))
    else:
        path.unlink()


def raced(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> subprocess.Popen[str]:
    return ground.start()


def a_check_killed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    """Another command beside the report; what it leaves the next run removes, and no more than that."""
    other = ground.start("check")
    with contextlib.suppress(subprocess.TimeoutExpired):
        other.wait(dice.uniform(0.5, 4))
    other.kill()
    other.communicate()


def output_removed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    shutil.rmtree(ground.report, ignore_errors=True)


def partial_removed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    for folder in ground.report.parent.glob(".report.*.partial"):
        shutil.rmtree(folder, ignore_errors=True)


def temporary_removed(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    for path in (ground.root / "tmp").iterdir():
        shutil.rmtree(path, ignore_errors=True)


def strangers_file(ground: Ground, process: subprocess.Popen[str], dice: random.Random) -> None:
    with contextlib.suppress(OSError):
        (ground.report / "mine.txt").write_text("mine")


FAULTS: tuple[Fault, ...] = (
    signalled, signalled, a_child_killed, a_child_killed, all_paused, no_larger_files, disk_full, settings_changed,
    input_changed, notebook_changed, raced, output_removed, partial_removed, temporary_removed, strangers_file,
    a_check_killed,
)  # fmt: skip


def run_fault(seed: int, keep: Path) -> Outcome:
    """One report with a fault, and one after it; what a seed decides is which fault, and when."""
    dice = random.Random(f"{seed} fault")
    fault = dice.choice(FAULTS)
    ground = Ground(Path(tempfile.mkdtemp(prefix="fz-")), dice)
    started = time.monotonic()
    what = f"{fault.__name__}, kernels {ground.kernels}, {'real' if ground.real else 'light'} notebook"
    try:
        why_not = ground.small_disk() if fault is disk_full else ""
        if why_not:
            return Outcome(seed, f"{what}: left out, a small disk needs the right to mount: {why_not}", 0, ())
        status, complaints, said = _judged(ground, fault, dice)
        outcome = Outcome(seed, what, status, tuple(complaints), round(time.monotonic() - started, 1), said)
        return kept(outcome, ground.root, keep) if complaints else outcome
    finally:
        ground.removed()


def _judged(ground: Ground, fault: Fault, dice: random.Random) -> tuple[int, list[str], str]:
    earlier, lasts = _earlier(ground)
    ground.filled("New")
    process = ground.start()
    _wait_for_the_moment(ground, process, lasts, dice)
    late = process.poll() is not None
    other = fault(ground, process, dice)
    runs = [ground.ended(process), *([ground.ended(other)] if isinstance(other, subprocess.Popen) else [])]
    complaints = [line for ran in runs for line in _of_a_run(ran)]
    complaints += _left_alive(ground)
    found = contents(ground.report)
    if fault is strangers_file and not found.pop("mine.txt", None):
        complaints.append("a file of somebody else's is gone")
    (ground.report / "mine.txt").unlink(missing_ok=True)
    (ground.report.parent / "filler").unlink(missing_ok=True)
    whole = [earlier, *([{}] if fault is output_removed else [])]
    if found not in whole and fault in (settings_changed, input_changed, notebook_changed):
        whole.append(_made(ground))
    ground.filled("New")
    whole.append(_made(ground))
    if found not in whole:
        complaints.append("the report is neither the earlier nor the new one")
    if not whole[-1] or _unlisted(whole[-1]):
        complaints.append("the next run makes no whole report")
    complaints += _left(ground)
    said = " / ".join(ran.stderr[:300] for ran in runs)
    return runs[0].status, complaints, f"(after its end) {said}" if late else said


def _earlier(ground: Ground) -> tuple[dict[str, bytes], float]:
    """Put the report of earlier settings in its place; made once for all faults of this process."""
    kind = (ground.real, ground.kernels)
    if kind not in _MADE:
        ground.filled("Earlier")
        started = time.monotonic()
        if not _made(ground):
            raise RuntimeError("the report of a run without a fault cannot be made")
        _MADE[kind] = contents(ground.report.parent), time.monotonic() - started
    made, lasts = _MADE[kind]
    for name, content in made.items():
        path = ground.report.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return contents(ground.report), lasts


def _wait_for_the_moment(
    ground: Ground, process: subprocess.Popen[str], lasts: float, dice: random.Random
) -> None:
    """From the start, from the first cell on, or from when only publishing is left to do: a little later."""
    log, anchor = (
        ground.report.with_name("report.log.jsonl"),
        dice.choice(("", "run started", "pages rendered")),
    )
    reach = {"": 0.8 * lasts, "run started": 0.4 * lasts, "pages rendered": 0.05}[anchor]
    end = time.monotonic() + 3 * lasts
    old = log.stat().st_mtime_ns if log.exists() else 0
    while anchor and process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            if log.stat().st_mtime_ns != old and anchor in log.read_text(errors="replace"):
                break
        time.sleep(0.002)
    time.sleep(dice.uniform(0, reach))


def _of_a_run(ran: Ran) -> Iterator[str]:
    if ran.ended:
        yield ran.ended
    elif ran.status not in (0, 1, 2, 129, 130, 143, -9):
        yield f"status {ran.status}"
    elif ran.status == 1 and ran.stderr.startswith("Notebook 01_data_load stopped at cell "):
        yield from ["more than one line"] * (
            ran.stderr.count("\n") != 1
        )  # says what its cell said, and a path
    elif ran.status != -9:
        yield from of_what_is_said(ran)


def _left_alive(ground: Ground) -> list[str]:
    end = time.monotonic() + 15
    while living := ground.processes():
        if time.monotonic() > end:
            return [f"{len(living)} processes stay alive"]
        time.sleep(0.05)
    return []


def _made(ground: Ground) -> dict[str, bytes]:
    """The report as a good run makes it now; nothing if it fails."""
    ran = ground.ended(ground.start())
    return contents(ground.report) if ran.status == 0 else {}


def _unlisted(report: dict[str, bytes]) -> bool:
    """Whether the manifest of a report does not list exactly its files."""
    listed = json.loads(report["provenance.json"])["files"]
    return set(listed) | {"provenance.json"} != set(report)


def _left(ground: Ground) -> Iterator[str]:
    """What a good run leaves, but for what is documented."""
    known = re.compile(rf"out/report(/.*)?|out/report\.log\.jsonl|{STATE}|{CACHE}")
    for top in ("home", "tmp", "out", "cwd"):
        for path in sorted((ground.root / top).rglob("*")):
            name = str(path.relative_to(ground.root))
            if not known.fullmatch(name):
                yield f"left behind: {name}"
