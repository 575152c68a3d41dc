"""SQLite and DuckDB files: nothing is written beside them, what stands in their logs counts, no view is endless."""

import shutil
import signal
import sqlite3
import subprocess
import sys

import duckdb
import pytest

from conftest import Desk
from customer_value.config import load_settings
from customer_value.errors import InputError
from customer_value.inputs import input_files

SETTINGS = """\
currency: EUR
orders:
  path: {path}
  table: orders
  columns: {{customer_id: customer, order_date: day, amount: amount}}
engine: {{statement_timeout_seconds: 1}}
"""
ROWS = [("a", "2024-01-01", 10), ("b", "2024-01-09", 20)]
ENDLESS = """\
CREATE VIEW orders AS WITH RECURSIVE days(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM days)
SELECT n AS customer, '2024-01-01' AS day, n AS amount FROM days
"""


@pytest.fixture
def shop(desk: Desk):
    """A SQLite file in WAL mode, as somebody has it open who has not written everything to it."""
    with sqlite3.connect(desk.folder / "shop.db") as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE orders (customer, day, amount)")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", ROWS)
    yield database
    database.close()


def copied(desk: Desk, *names: str):
    """The files as they are now, in a folder that nobody may write to, for settings there."""
    folder = desk.folder / "copy"
    folder.mkdir()
    for name in names:
        shutil.copy(desk.folder / name, folder / name)
        (folder / name).chmod(0o444)
    folder.chmod(0o555)
    return desk.settings(SETTINGS.format(path=f"copy/{names[0]}"))


def beside(desk: Desk, folder: str = "copy") -> dict[str, bytes]:
    """The databases of a folder, and what lies beside them."""
    return {path.name: path.read_bytes() for path in (desk.folder / folder).iterdir() if "shop" in path.name}


@pytest.mark.parametrize("writer", ["gone", "there"])
def test_what_stands_in_the_log_of_a_sqlite_file_counts_and_nothing_is_written(desk, shop, writer):
    if writer == "gone":
        copied(desk, "shop.db", "shop.db-wal")
    else:
        desk.settings(SETTINGS.format(path="shop.db"))
    folder = "copy" if writer == "gone" else "."
    before = beside(desk, folder)
    ledger = desk.check().ledger
    assert ledger.amount("orders", "kept") == 30
    assert any("-wal" in line.detail for line in ledger.of("orders", "note"))
    assert beside(desk, folder) == before
    assert [path.name for path in input_files(load_settings(desk.config), desk.folder)][1] == "shop.db-wal"


def test_a_sqlite_file_in_wal_mode_without_a_log_is_read_alone(desk, shop):
    shop.close()
    copied(desk, "shop.db")
    before = beside(desk)
    assert desk.check().ledger.amount("orders", "kept") == 30
    assert beside(desk) == before


def test_what_a_killed_program_had_half_written_does_not_count(desk):
    program = f"""\
import os, signal, sqlite3
database = sqlite3.connect({str(desk.folder / "shop.db")!r})
database.execute("CREATE TABLE orders (customer, day, amount)")
database.executemany("INSERT INTO orders VALUES (?, ?, ?)", {ROWS!r})
database.commit()
database.execute("PRAGMA cache_size = 1")
database.executemany("INSERT INTO orders VALUES (?, ?, ?)", [("c" * 900, "2024-01-01", 5)] * 100)
database.execute("UPDATE orders SET amount = 7")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    copied(desk, "shop.db", "shop.db-journal")
    before = beside(desk)
    assert desk.check().ledger.amount("orders", "kept") == 30
    assert beside(desk) == before


def test_the_log_of_a_duckdb_file_counts_and_stays(desk):
    with duckdb.connect(desk.folder / "shop.duckdb") as database:
        database.execute("SET checkpoint_threshold = '1GB'")
        database.execute("CREATE TABLE orders (customer TEXT, day DATE, amount INT)")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", ROWS)
        copied(desk, "shop.duckdb", "shop.duckdb.wal")
    before = beside(desk)
    assert desk.check().ledger.amount("orders", "kept") == 30
    assert beside(desk) == before


def test_a_log_that_is_written_to_while_it_is_read_is_told(desk, shop, monkeypatch):
    from customer_value import inputs

    read = inputs.read_inputs

    def late(*arguments):
        shop.execute("INSERT INTO orders VALUES ('c', '2024-02-01', 5)")
        shop.commit()
        return read(*arguments)

    desk.settings(SETTINGS.format(path="shop.db"))
    monkeypatch.setattr(inputs, "read_inputs", late)
    with pytest.raises(InputError, match=r"^shop\.db changed while being read"):
        desk.check()


@pytest.mark.parametrize("connect", [sqlite3.connect, duckdb.connect])
def test_an_endless_view_ends(desk, connect):
    database = connect(desk.folder / "shop.db")
    database.execute(ENDLESS)
    database.close()
    desk.settings(SETTINGS.format(path="shop.db"))
    said = (
        "shop.db, table 'orders': reading took longer than 1 second (an endless view?); if it needs more time, raise "
        "engine.statement_timeout_seconds in the settings."
    )
    with pytest.raises(InputError) as caught:
        desk.check()
    assert str(caught.value) == said
