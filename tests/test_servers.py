"""Database servers: read-only, one snapshot, no address in any word, odd tables, and what goes wrong."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from conftest import Desk
from customer_value import order_tables
from customer_value.engines import Engine
from customer_value.errors import ConfigError, CustomerValueError, InputError
from customer_value.inputs import read_state
from customer_value.report import make_report
from customer_value.settings import EngineSettings
from engine_kit import COLLECTED, read_tables
from report_company import code, contents, write_notebook

pytestmark = COLLECTED

SECRET = "s3cret-word"
ORDERS = "(customer text, day date, amount numeric(12, 2))"
ROWS = "('a', '2024-01-01', 10), ('A', '2024-01-09', 20.50), ('b', '2024-01-20', -5)"
SETTINGS = """\
currency: EUR
orders:
  database_env: SHOP
  table: {table}
  columns: {{customer_id: {customer}, order_date: {day}, amount: {amount}}}
"""


@pytest.fixture(scope="module")
def readers(postgres):
    """PostgreSQL with orders, and a user who may read them only."""
    postgres.execute(
        f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'",
        f"CREATE TABLE sold {ORDERS}",
        f"INSERT INTO sold VALUES {ROWS}",
        "GRANT SELECT ON sold TO reader",
    )
    return postgres


@pytest.fixture(scope="module")
def shop(mariadb):
    """MariaDB with orders, and a user who may read them only."""
    mariadb.execute(
        f"CREATE TABLE sold {ORDERS}",
        f"INSERT INTO sold VALUES {ROWS}",
        f"CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{SECRET}'",
        "GRANT SELECT ON shop.sold TO reader@'127.0.0.1'",
    )
    return mariadb


@pytest.fixture
def table(desk, monkeypatch):
    """Settings for a table of a server, read by its reader unless told otherwise."""

    def write(server, name="sold", address=None, customer="customer", day="day", amount="amount"):
        monkeypatch.setenv("SHOP", address or server.address_of("reader", SECRET))
        return desk.settings(SETTINGS.format(table=name, customer=customer, day=day, amount=amount))

    return write


def refused(desk: Desk, kind=InputError) -> str:
    """The sentence of a run that stops; it gives nothing away."""
    with pytest.raises(CustomerValueError) as caught:
        desk.run()
    assert type(caught.value) is kind
    said = str(caught.value)
    assert "\n" not in said
    for word in (SECRET, "127.0.0.1", "reader:", "://"):
        assert word not in said.replace("postgresql:// or mysql://", "")
    return said


@pytest.fixture(params=["readers", "shop"])
def server(request):
    return request.getfixturevalue(request.param)


def test_case_and_blanks_tell_customers_apart_as_everywhere(server, table):
    run = table(server).run()
    customers = read_tables(run)["customers"]
    assert customers["customer_id"].tolist() == ["A", "a", "b"]
    assert customers["net_revenue"].tolist() == [20.5, 10.0, -5.0]


def test_the_server_itself_refuses_to_write(server, table, tmp_path):
    table(server, address=server.address)
    with Engine(EngineSettings(), tmp_path) as engine:
        connection = engine.server("SHOP").con.con
        with pytest.raises(Exception, match=r"(?i)read.only"):
            connection.cursor().execute("INSERT INTO sold VALUES ('x', '2024-01-01', 1)")


def test_a_run_sees_one_moment_whatever_others_commit(server, table, monkeypatch):
    def interrupted(rows):
        server.execute("INSERT INTO sold VALUES ('late', '2024-02-02', 1000)")
        return original(rows)

    original = order_tables.exact_copies
    monkeypatch.setattr(order_tables, "exact_copies", interrupted)
    run = table(server).run()
    assert read_state(run).ledger.rows("orders", "kept") == 3
    assert "late" not in set(read_tables(run)["customers"]["customer_id"])
    monkeypatch.undo()
    again = table(server).check()
    server.execute("DELETE FROM sold WHERE customer = 'late'")
    assert again.ledger.rows("orders", "kept") == 4


def test_nothing_that_is_written_tells_the_address(server, table):
    run = table(server).run()
    written = b"".join(path.read_bytes() for path in run.rglob("*") if path.is_file())
    assert b"sold" in written
    for word in (SECRET, "127.0.0.1", str(server.port), "reader"):
        assert word.encode() not in written


ADDRESSES = [
    ("readers", "reader", "wrong", "postgres", "refuses the user or the password"),
    ("readers", "nobody", "wrong", "postgres", "refuses the user or the password"),
    ("readers", "reader", SECRET, "elsewhere", "has no such database"),
    ("shop", "reader", "wrong", "shop", "refuses the user or the password"),
    ("shop", "reader", SECRET, "elsewhere", "does not let this user into the database"),
]


@pytest.mark.parametrize(("server", "user", "password", "database", "reason"), ADDRESSES)
def test_a_refused_connection(server, user, password, database, reason, table, request):
    there = request.getfixturevalue(server)
    said = refused(table(there, address=there.address_of(user, password, database)))
    assert "SHOP" in said
    assert reason in said
    assert password not in said.split()
    assert user not in said.split()


@pytest.mark.parametrize(
    ("address", "kind", "reason"),
    [
        (f"postgresql://u:{SECRET}@no-such-host.invalid/db", InputError, "cannot be reached"),
        (f"mysql://u:{SECRET}@no-such-host.invalid/db", InputError, "cannot be reached"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db", InputError, "cannot be reached"),
        (f"mysql://u:{SECRET}@127.0.0.1:1/db", InputError, "cannot be reached"),
        (f"oracle://u:{SECRET}@127.0.0.1/db", ConfigError, "begins with postgresql:// or mysql://"),
        (f"postgresql://u:{SECRET}@127.0.0.1:many/db", ConfigError, "valid address"),
        (f"postgresql://u:{SECRET}@127.0.0.1/db?nonsense=1", InputError, "not valid"),
        ("", InputError, "not set"),
    ],
)
def test_an_address_that_leads_nowhere(address, kind, reason, table, monkeypatch):
    pytest.importorskip("psycopg")
    pytest.importorskip("pymysql")
    desk = table(None, address="x")
    monkeypatch.setenv("SHOP", address)
    assert reason in refused(desk, kind)


def test_a_table_that_is_not_there(server, table):
    assert "did you mean 'sold'?" in refused(table(server, "Sold2"))


def test_a_table_of_another_schema(readers, table):
    readers.execute(
        'CREATE SCHEMA "The Shop"',
        f'CREATE TABLE "The Shop"."Orders ""2024"".x" {ORDERS}',
        f'INSERT INTO "The Shop"."Orders ""2024"".x" VALUES {ROWS}',
        'GRANT USAGE ON SCHEMA "The Shop" TO reader',
        'GRANT SELECT ON ALL TABLES IN SCHEMA "The Shop" TO reader',
    )
    name = "'The Shop.Orders \"2024\".x'"
    assert table(readers, name).check().ledger.rows("orders", "read") == 3
    assert "did you mean 'The Shop.Orders" in refused(table(readers, "'Orders \"2024\".x'"))


def test_columns_with_odd_names(server, table):
    mark = '"' if "postgres" in server.address else "`"
    names = ['Kunde "A"', "Tag; DROP `x`", "Betrag %(s)s"]
    kinds = ("text", "date", "int")
    columns = ", ".join(
        f"{mark}{name.replace(mark, 2 * mark)}{mark} {kind}" for name, kind in zip(names, kinds, strict=True)
    )
    server.execute(
        f"CREATE TABLE odd ({columns})",
        "INSERT INTO odd VALUES ('a', '2024-01-01', 5)",
        "GRANT SELECT ON odd TO reader" + ("" if "postgres" in server.address else "@'127.0.0.1'"),
    )
    customer, day, amount = (f"'{name}'" for name in names)
    found = table(server, "odd", customer=customer, day=day, amount=amount).check()
    assert found.ledger.amount("orders", "kept") == 5


def test_views_and_types_of_every_kind(readers, table):
    readers.execute(
        "CREATE TYPE state AS ENUM ('new', 'old')",
        "CREATE DOMAIN price AS numeric(10, 2)",
        "CREATE TABLE types (c state, d timestamptz, a money, j jsonb, i inet, l int[], p price, b bytea, "
        "u uuid, n numeric, f real, t timestamp, e date, x xml, y interval, z point, q bit(3))",
        "INSERT INTO types VALUES ('new', '2024-01-01 23:30+00', 12.34, '{\"a\": 1}', '10.0.0.1', '{1, 2}', 1.5, "
        "'\\x00ff', gen_random_uuid(), 'NaN', 'Infinity', 'infinity', '-infinity', '<a/>', '1 day', '(1,2)', '101')",
        "INSERT INTO types (c, d, a) VALUES ('old', '2024-01-02', -1)",
        "CREATE MATERIALIZED VIEW seen AS SELECT * FROM types",
        "GRANT SELECT ON seen, types TO reader",
    )
    zone = "timezone: Europe/Berlin\n"

    def read(**columns):
        desk = table(readers, "seen", **{"customer": "c", "day": "d", "amount": "a", **columns})
        return desk.settings(desk.config.read_text() + zone).check()

    found = read()
    assert str(found.orders.first_date) == "2024-01-02"
    assert str(found.ledger.amount("orders", "kept")) == "11.3400"
    assert str(read(amount="p").ledger.amount("orders", "kept")) == "1.5000"
    for customer in ("j", "i", "l", "b", "y", "z", "q"):
        assert read(customer=customer).ledger.rows("orders", "kept") == 1
    for nothing in ({"amount": "n"}, {"amount": "f"}, {"day": "t"}, {"day": "e"}, {"customer": "n"}):
        with pytest.raises(InputError, match=r"no row is left|1 of 2 rows \(50%\) would be lost"):
            read(**nothing)


def test_an_empty_table(readers, table):
    readers.execute(f"CREATE TABLE nothing {ORDERS}", "GRANT SELECT ON nothing TO reader")
    assert refused(table(readers, "nothing")) == "orders.table: 'nothing' of SHOP has no rows."


def test_what_a_user_may_not_read(server, table):
    server.execute(f"CREATE TABLE private {ORDERS}", f"INSERT INTO private VALUES {ROWS}")
    assert "SELECT" in refused(table(server, "private")) or "has no table" in refused(
        table(server, "private")
    )


def test_only_the_columns_that_a_user_may_read(readers, table):
    readers.execute(
        "CREATE TABLE partly (customer text, day date, amount int, name text)",
        "INSERT INTO partly VALUES ('a', '2024-01-01', 1, 'private')",
        "GRANT SELECT (customer, day, amount) ON partly TO reader",
    )
    assert table(readers, "partly").check().ledger.rows("orders", "kept") == 1


def test_more_columns_than_a_function_takes(readers, table):
    more = ", ".join(f"x{number} int" for number in range(220))
    readers.execute(
        f"CREATE TABLE wide (customer text, day date, amount int, {more})",
        "INSERT INTO wide (customer, day, amount) VALUES ('a', '2024-01-01', 1), ('a', '2024-01-01', 1)",
        "GRANT SELECT ON wide TO reader",
    )
    assert "1 row is an exact copy" in table(readers, "wide").check().warnings[0]


def test_a_lock_and_a_time_limit_are_said(readers, table):
    import psycopg

    readers.execute("ALTER ROLE reader SET lock_timeout = '200ms'")
    with psycopg.connect(readers.address) as other:
        other.execute("LOCK TABLE sold IN ACCESS EXCLUSIVE MODE")
        assert "keeps a table locked" in refused(table(readers))
    readers.execute(
        "ALTER ROLE reader RESET lock_timeout",
        "ALTER ROLE reader SET statement_timeout = '300ms'",
        "CREATE VIEW slow AS SELECT sold.*, pg_sleep(0.2)::text AS waited FROM sold",
        "GRANT SELECT ON slow TO reader",
    )
    assert "statement_timeout" in refused(table(readers, "slow"))
    readers.execute("ALTER ROLE reader RESET statement_timeout")
    assert table(readers).check().ledger.rows("orders", "kept") == 3


def test_a_zone_that_the_server_does_not_know(shop, table):
    shop.execute(
        "CREATE TABLE times (customer text, day timestamp, amount int)",
        "INSERT INTO times VALUES ('a', '2024-01-01 12:00', 1)",
        "GRANT SELECT ON shop.times TO reader@'127.0.0.1'",
    )
    desk = table(shop, "times")
    assert "state the time zone" in refused(desk)
    desk.settings(desk.config.read_text() + "timezone: Europe/Berlin\n")
    assert "does not know the time zone" in refused(desk)


def test_a_database_that_takes_text_for_bytes_is_read_in_the_encoding_that_is_stated(readers, table):
    """In SQL_ASCII neither the server nor its driver knows what a letter is, and trimming one byte would break it."""
    readers.execute(
        "CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    address = readers.address_of("owner", SECRET, "bytes")

    def fill(encoding):
        with psycopg.connect(address, autocommit=True, client_encoding="sql_ascii") as connection:
            connection.execute(b"DROP TABLE IF EXISTS sold")
            connection.execute('CREATE TABLE sold ("Käufer" text, day text, amount numeric(12, 2))'.encode())
            for name in ("à", "à\u00a0", 'Müller, "der\r\nJüngere"', None):
                value = "NULL" if name is None else f"'{name}'"
                connection.execute(f"INSERT INTO sold VALUES ({value}, '2024-01-05', 2.5)".encode(encoding))

    psycopg = pytest.importorskip("psycopg")
    fill("utf-8")
    desk = table(readers, address=address, customer="Käufer")
    found = read_tables(desk.run())["customers"]
    assert found["customer_id"].tolist() == ['Müller, "der\r\nJüngere"', "à"]
    assert found["net_revenue"].tolist() == [2.5, 5.0]
    fill("latin-1")
    assert refused(desk) == (
        "The database of SHOP does not know the encoding of its text (SQL_ASCII), and column 'Käufer' holds what is "
        "not UTF-8, such as 'à'; state the right one, for instance encoding: windows-1252."
    )
    stated = desk.settings(desk.config.read_text().replace("table: sold", "table: sold\n  encoding: latin-1"))
    again = stated.run()
    assert read_tables(again)["customers"]["customer_id"].tolist() == ['Müller, "der\r\nJüngere"', "à"]
    assert any("ISO 8859-1" in line.detail for line in read_state(again).ledger.of("orders", "note"))
    assert refused(stated.settings(stated.config.read_text().replace("latin-1", "lattin"))).startswith(
        "orders: the encoding 'lattin' is not known"
    )


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP"])
def test_a_database_of_another_alphabet(readers, table, encoding):
    name = encoding.lower()
    readers.execute(
        f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    address = readers.address_of("owner", SECRET, name)
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(address, autocommit=True, client_encoding="utf8") as connection:
        connection.execute(f"CREATE TABLE sold {ORDERS}")
        connection.execute(f"INSERT INTO sold VALUES {ROWS}, (' ü ', '2024-02-01', 7)")
    desk = table(readers, address=address)
    assert read_tables(desk.run())["customers"]["customer_id"].tolist() == ["A", "a", "b", "ü"]
    desk.settings(desk.config.read_text().replace("table: sold", "table: sold\n  encoding: latin-1"))
    assert (
        refused(desk) == "orders.encoding: the database of SHOP knows the encoding of its text; leave it out."
    )


def test_a_table_in_latin1_of_a_server_that_knows_it(shop, table):
    shop.execute(
        f"CREATE TABLE western {ORDERS} CHARACTER SET latin1",
        "INSERT INTO western VALUES ('\u00a0Müller ', '2024-01-05', 1), ('Muller', '2024-01-06', 1)",
        "GRANT SELECT ON shop.western TO reader@'127.0.0.1'",
    )
    found = read_tables(table(shop, "western").run())["customers"]
    assert found["customer_id"].tolist() == ["Muller", "Müller"]


ENDLESS = {
    "readers": "WITH RECURSIVE days(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM days) SELECT n, day FROM days, sold",
    "shop": "SELECT one.seq AS n, day FROM seq_1_to_1000000 one, seq_1_to_1000000 other, sold",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_view_ends(name, table, request):
    server = request.getfixturevalue(name)
    reader = "reader" if name == "readers" else "reader@'127.0.0.1'"
    server.execute(f"CREATE VIEW endless AS {ENDLESS[name]}", f"GRANT SELECT ON endless TO {reader}")
    desk = table(server, "endless", customer="n", amount="n")
    desk.settings(desk.config.read_text() + "engine: {statement_timeout_seconds: 1}\n")
    said = refused(desk)
    assert "server of SHOP stopped a query: it took longer than 1 second (an endless view?)" in said
    assert said.endswith("raise engine.statement_timeout_seconds in the settings.")


LOAD = "from customer_value.workbook import load_data\nworkbook = load_data(config)"


@pytest.fixture
def slow(readers, table):
    """Settings for a view that takes seconds."""
    readers.execute("CREATE OR REPLACE VIEW slow AS SELECT sold.*, pg_sleep(2)::text AS waited FROM sold")
    return table(readers, "slow", address=readers.address)


@pytest.mark.filterwarnings(
    "ignore:.*was deleted while still open:ResourceWarning"
)  # Ibis cannot close it any more
def test_a_connection_killed_while_it_is_read(readers, slow, table):
    with killed(readers, "backend"):
        assert "was lost while it was read" in refused(slow)
    assert not (slow.folder / "run" / "_run" / "state.json").exists()
    readers.revived()
    assert read_tables(table(readers).run())["customers"]["net_revenue"].tolist() == [20.5, 10.0, -5.0]


def test_a_server_killed_while_a_report_reads_it(readers, table, slow, tmp_path):
    books, report = tmp_path / "notebooks", tmp_path / "report"
    write_notebook(books, "01_data_load", code(LOAD))
    config = table(readers, address=readers.address).config
    make_report(config, report, notebooks=books)
    before = contents(report)
    table(readers, "slow", address=readers.address)
    with killed(readers, "postmaster"), pytest.raises(InputError) as caught:
        make_report(config, report, notebooks=books)
    assert "The connection to the PostgreSQL server of SHOP was lost while it was read" in str(caught.value)
    assert contents(report) == before
    assert not list(tmp_path.glob(".*"))
    readers.revived()
    table(readers, address=readers.address)
    make_report(config, report, notebooks=books)
    tables = [name for name in before if name.startswith("tables/")]
    assert [contents(report)[name] for name in tables] == [before[name] for name in tables]


@contextmanager
def killed(server, victim):
    """Kill -9 what serves us, or all of the server, in the middle of a query."""
    killer = threading.Thread(target=_kill, args=(server, victim))
    killer.start()
    yield
    killer.join()


def _kill(server, victim):
    query = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'customer-value' AND state = 'active' "
        "AND query LIKE '%slow%'"
    )
    for _ in range(600):
        if pids := server.execute(query):
            break
        time.sleep(0.05)
    postmaster = server.pid
    if victim == "postmaster":
        os.kill(postmaster, signal.SIGKILL)
    os.kill(pids[0][0], signal.SIGKILL)
