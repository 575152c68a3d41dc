"""Damaged files, odd files and a machine that gives no more: one sentence that is true of the cause."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from conftest import SETTINGS, Desk
from customer_value import cli
from customer_value.errors import InputError, MachineError
from customer_value.guess import first_settings
from customer_value.inputs import check_inputs
from customer_value.troubles import said as said_by
from engine_kit import write_duckdb

RNG = random.Random(1)
FRAME = pd.DataFrame(
    {
        "customer": [f"C{RNG.randrange(50):03d}" for _ in range(600)],
        "date": [dt.date(2024, 1 + RNG.randrange(12), 1 + RNG.randrange(28)) for _ in range(600)],
        "amount": [RNG.randrange(1, 99_999) / 100 for _ in range(600)],
        "note": [f"note {RNG.random()}" for _ in range(600)],
    }
)
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="sets limits and makes pipes as on Linux")


def parquet(path: Path) -> None:
    pq.write_table(TABLE, path, row_group_size=200)


def plain_parquet(path: Path) -> None:
    pq.write_table(TABLE, path, row_group_size=200, compression="none", use_dictionary=False)


def database(path: Path) -> None:
    write_duckdb(TABLE, path, "orders")


def sqlite(path: Path) -> None:
    con = sqlite3.connect(path)
    FRAME.astype({"date": "str"}).to_sql("orders", con, index=False)
    con.close()


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode(), mtime=0))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", FRAME.to_csv(index=False))


def json_array(path: Path) -> None:
    FRAME.astype({"date": "str"}).to_json(path, orient="records")


def workbook(path: Path) -> None:
    FRAME.head(200).to_excel(path, index=False)


KINDS: dict[str, Callable[[Path], None]] = {
    "a.parquet": parquet, "b.parquet": plain_parquet, "a.duckdb": database, "a.sqlite": sqlite, "a.csv.gz": packed,
    "a.zip": zipped, "a.json": json_array, "a.xlsx": workbook,
}  # fmt: skip


def damaged(content: bytes, seed: int) -> bytes:
    """The same with something amiss anywhere: cut, or bits, zeros or chance in place of what was there."""
    rng = random.Random(seed)
    place, raw = rng.randrange(len(content)), bytearray(content)
    if seed % 5 == 0:
        return content[:place]
    if seed % 5 == 1:
        raw[place] ^= 1 << rng.randrange(8)
    else:
        new = (bytes(512), rng.randbytes(64), b"\xff" * 64)[seed % 5 - 2][: len(raw) - place]
        raw[place : place + len(new)] = new
    return bytes(raw)


def reading(desk: Desk, name: str, more: str = "") -> Path:
    return desk.settings(SETTINGS.replace("orders.csv", name) + more).config


def sentence(call: Callable[[], object], kind: type[Exception] = InputError) -> str:
    with pytest.raises(kind) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("name", KINDS)
def test_a_file_damaged_anywhere_is_read_or_told_by_its_name(desk: Desk, name: str) -> None:
    KINDS[name](desk.folder / name)
    whole = (desk.folder / name).read_bytes()
    config = reading(desk, name)
    told = []
    for seed in range(8):
        desk.file(name, damaged(whole, seed))
        try:
            check_inputs(config)
        except InputError as error:
            told.append(str(error))
    assert len(told) >= 3
    assert all(name in said and "\n" not in said and str(desk.folder) not in said for said in told)


def test_of_several_files_the_damaged_one_is_named_though_it_is_read_late(desk: Desk) -> None:
    for name in ("a.parquet", "b.parquet", "c.parquet"):
        parquet(desk.folder / name)
    content = bytearray((desk.folder / "b.parquet").read_bytes())
    content[1000:1200] = bytes(200)
    desk.file("b.parquet", bytes(content))
    said = sentence(lambda: check_inputs(reading(desk, "'*.parquet'")))
    assert said.startswith("b.parquet cannot be read: it is damaged (")
    assert said.endswith("); export it again.")
    assert sentence(lambda: first_settings(desk.folder / "b.parquet")).startswith("b.parquet cannot be read")


def test_pages_that_sqlite_reads_in_the_wrong_order_are_refused(desk: Desk) -> None:
    sqlite(desk.folder / "a.sqlite")
    content = bytearray((desk.folder / "a.sqlite").read_bytes())
    page = int.from_bytes(content[16:18], "big")
    cells = 2 * page + 8
    content[cells : cells + 2], content[cells + 2 : cells + 4] = (
        content[cells + 2 : cells + 4],
        content[cells : cells + 2],
    )
    desk.file("a.sqlite", bytes(content))
    said = sentence(lambda: check_inputs(reading(desk, "a.sqlite")))
    assert "a.sqlite cannot be read: it is damaged (On tree page 3 cell" in said
    assert "out of order" in said


def test_a_broken_view_and_a_removed_column_are_told_as_such(desk: Desk) -> None:
    steps = "CREATE TABLE t (x INT, y INT); CREATE VIEW v AS SELECT x FROM t; DROP TABLE t; "
    with duckdb.connect(str(desk.folder / "a.duckdb")) as con:
        con.execute(steps)
    said = sentence(lambda: check_inputs(reading(desk, "a.duckdb")))
    assert said.startswith(
        "a.duckdb cannot be read: its view or table is broken (Table with name t does not exist"
    )
    with duckdb.connect(str(desk.folder / "b.duckdb")) as con:
        con.execute(f"{steps} CREATE TABLE t (y INT)")
    said = sentence(lambda: check_inputs(reading(desk, "b.duckdb", "  table: v\n")))
    assert 'b.duckdb cannot be read: its view or table is broken (Referenced column "x" not found' in said
    with sqlite3.connect(desk.folder / "a.sqlite") as other:
        other.executescript("CREATE VIEW v AS SELECT x FROM gone")
    other.close()
    said = sentence(lambda: check_inputs(reading(desk, "a.sqlite")))
    assert said == "a.sqlite cannot be read: its view is broken (no such table: main.gone)."


def test_a_database_that_another_program_holds_is_told(desk: Desk) -> None:
    path = desk.folder / "a.duckdb"
    database(path)
    holder = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holder, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        said = sentence(lambda: check_inputs(reading(desk, "a.duckdb")))
        other.communicate()
    assert said == "a.duckdb cannot be opened as a DuckDB database: it is in use by another program."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "a.json cannot be read: its values are nested too deeply."),
        ('[{"customer": ' + "9" * 5_000 + "}]", "a.json, row 1: a number has more than 4,300 digits"),
        (r'[{"customer": "\ud800"}]', "a.json cannot be read: it holds text that is no valid Unicode"),
    ],
)
def test_json_that_no_table_can_hold_is_told(desk: Desk, text: str, words: str) -> None:
    desk.file("a.json", text)
    assert words in sentence(lambda: check_inputs(reading(desk, "a.json")))


def test_a_name_of_a_column_that_the_engine_cannot_write_is_told(desk: Desk) -> None:
    desk.file("a.json", '{"nul\\u0000": 1, "customer": "a", "date": "2024-01-01", "amount": 1}\n')
    said = sentence(lambda: check_inputs(reading(desk, "a.json")))
    assert said == "a.json: the column name 'nul' cannot be used; rename it."


def test_a_workbook_whose_sheet_is_damaged_is_not_called_empty(desk: Desk) -> None:
    book, good = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["customer", "date"])
    book.save(good)
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(desk.folder / "a.xlsx", "w") as new:
        for member in old.namelist():
            new.writestr(member, old.read(member)[: 300 if "sheet1" in member else None])
    said = sentence(lambda: check_inputs(reading(desk, "a.xlsx")))
    assert said.startswith("a.xlsx, sheet 'Sheet' cannot be read: it is damaged; ")


def test_what_the_engine_says_of_whole_files_is_told_as_it_says_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*_: object) -> None:
        raise duckdb.InternalException("INTERNAL Error: something else\nand its stack")

    parquet(desk.folder / "a.parquet")
    monkeypatch.setattr("customer_value.inputs._looked_up", stops)
    said = sentence(lambda: check_inputs(reading(desk, "a.parquet")))
    assert said == "a.parquet cannot be reduced: something else."


@LINUX
def test_what_is_no_plain_file_is_told(desk: Desk) -> None:
    def told(name: str) -> str:
        return sentence(lambda: check_inputs(reading(desk, name)))

    os.mkfifo(desk.folder / "pipe.csv")
    (desk.folder / "loop.csv").symlink_to("loop.csv")
    (desk.folder / os.fsdecode(b"x\xff.csv")).write_text("customer\n1\n")
    assert "pipe.csv is a pipe or device; save what it gives as a file." in told("pipe.csv")
    assert "zero is a pipe or device" in told("/dev/zero")
    assert "loop.csv cannot be read: Too many levels of symbolic links." in told("loop.csv")
    assert "x… cannot be read: File name too long." in told("x" * 300 + ".csv")
    assert r"the path of x\xff.csv is not valid UTF-8; rename the file" in told("'x*.csv'")
    assert "no file matches '***.xml'" in told("'***.xml'")
    assert "File name too long" in sentence(lambda: first_settings(Path("x" * 300 + ".csv")))


@LINUX
def test_a_folder_that_may_not_be_read_is_not_passed_over(desk: Desk) -> None:
    if os.geteuid() == 0 and not hasattr(os, "seteuid"):
        pytest.skip("the administrator may read anything")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("open", "closed"):
            Path(folder, name).mkdir()
            Path(folder, name, "orders.csv").write_text("customer,date,amount\na,2024-01-01,1\n")
        Path(folder).chmod(0o755)
        Path(folder, "closed").chmod(0)
        Path(folder, "my.yml").write_text(SETTINGS.replace("orders.csv", "'*/orders.csv'"))
        before = os.geteuid()
        try:
            os.seteuid(65534 if before == 0 else before)
            said = sentence(lambda: check_inputs(Path(folder, "my.yml")))
        finally:
            os.seteuid(before)
            Path(folder, "closed").chmod(0o700)
    assert said == "orders.path: what matches */orders.csv cannot be read: Permission denied."


@pytest.mark.parametrize("limit", ["0MB", "9MB", "99999999TB", "1.5.5GB", "many"])
def test_a_memory_limit_that_cannot_be_is_told(desk: Desk, limit: str) -> None:
    desk.orders("a,2024-01-01,1").settings(f"{SETTINGS}engine: {{memory_limit: {limit}}}\n")
    done = CliRunner().invoke(cli.app, ["check", str(desk.config)])
    assert done.exit_code == 2
    assert "engine.memory_limit: must be a size from 10MB to 1000TB, for instance 4GB" in done.output


def test_an_engine_with_too_little_memory_is_told_and_is_no_fault_of_the_input(desk: Desk) -> None:
    desk.file("orders.csv", FRAME.to_csv(index=False))
    desk.settings(f"{SETTINGS}engine: {{memory_limit: 10MB, threads: 1024}}\n")
    done = CliRunner().invoke(cli.app, ["check", str(desk.config)])
    assert done.exit_code == 1
    assert done.stderr == (
        "orders.csv cannot be read: the engine's memory does not suffice; raise engine.memory_limit in the settings, "
        "or lower engine.threads.\n"
    )


@LINUX
def test_a_full_disk_for_temporary_files_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as disk:  # a short path, as TMPDIR is left alone where it is long
        mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("a small disk needs the right to mount")
        try:
            for name, make in KINDS.items():
                make(desk.folder / name)
            monkeypatch.setattr(tempfile, "tempdir", disk)
            for name in ("a.csv.gz", "a.zip", "a.sqlite", "a.json"):
                said = sentence(lambda name=name: check_inputs(reading(desk, name)), MachineError)
                assert said.startswith(f"{name} ")
                assert "the disk is full" in said or "more than the disk has room for" in said
        finally:
            subprocess.run(["umount", disk], check=True)


LIMITED = """\
import os, re, resource, sys
import customer_value.inputs
from customer_value import cli
for limit, amount in (("RLIMIT_FSIZE", 1000), ("RLIMIT_AS", 30_000_000)):
    if not os.fork():
        now = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
        most = amount + now * (limit == "RLIMIT_AS")
        resource.setrlimit(getattr(resource, limit), (most, most))
        sys.argv = ["customer-value", "check", "my.yml"]
        try:
            cli.main()
        except SystemExit as end:
            os._exit(end.code)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@LINUX
def test_limits_of_the_process_are_told_and_are_no_fault_of_the_input(desk: Desk) -> None:
    desk.file("orders.csv", FRAME.to_csv(index=False))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        cwd=desk.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["1", "1"]
    assert [line.split(": ")[1].split("; ")[0] for line in done.stderr.splitlines()] == [
        "a file would become larger than the system lets it (ulimit -f)",
        "memory ran out",
    ]


def test_what_a_library_says_comes_without_the_names_of_its_classes() -> None:
    for text in ("Invalid Input Error: TProtocolException: Invalid data", "TProtocolException: Invalid data"):
        assert said_by(duckdb.Error(text)) == "Invalid data"
