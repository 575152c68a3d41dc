"""What environment variables hold: no path, address or password in any word, file or log; ordinary words stay."""

from __future__ import annotations

import gzip
import html
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from customer_value import secrecy
from customer_value.cli import app
from customer_value.errors import CustomerValueError
from customer_value.report import batch, make_report
from report_company import code, contents, write_notebook

FOLDER = "hush & 'hush'"
"""Part of every secret path, with signs that are escaped in many ways."""

SETTINGS = """\
currency: EUR
orders:
  path_env: ORDERS_FILE
  columns: {customer_id: customer, order_date: date, amount: amount}
"""
CSV = "customer,date,amount\na,2024-01-01,10.00\nb,2024-02-01,20.00\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with settings whose orders lie in a folder that nobody may hear of."""
    (tmp_path / FOLDER).mkdir()
    (tmp_path / "my.yml").write_text(SETTINGS)
    return tmp_path


def missing(path: Path) -> Path:
    return path


def through_a_file(path: Path) -> Path:
    path.write_text(CSV)
    return path / "more.csv"


def loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


def too_long(path: Path) -> Path:
    return path.with_name("x" * 300)


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def an_address(path: Path) -> str:
    return f"s3:/{path}"


def no_parquet(path: Path) -> Path:
    path.write_bytes(b"PAR1 and no more")
    return path


def damaged_pages(path: Path) -> Path:
    rows = {"customer": [str(n) for n in range(1000)], "date": ["2024-01-01"] * 1000, "amount": range(1000)}
    pq.write_table(pa.table({name: list(values) for name, values in rows.items()}), path)
    with path.open("r+b") as file:
        file.seek(4)
        file.write(b"\xff" * 3000)
    return path


def damaged_gzip(path: Path) -> Path:
    path = path.with_suffix(".csv.gz")
    path.write_bytes(gzip.compress(CSV.encode() * 1000)[:-30])
    return path


def damaged_workbook(path: Path) -> Path:
    path = path.with_suffix(".xlsx")
    path.write_bytes(b"PK\x03\x04 and no more")
    return path


def damaged_sqlite(path: Path) -> Path:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE orders (customer, date, amount)")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", [("a" * 50, "2024-01-01", 1)] * 2000)
    database.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    return path


def no_duckdb(path: Path) -> Path:
    path.write_bytes(bytes(8) + b"DUCK and no more")
    return path


def two_files(path: Path) -> Path:
    path.with_name("orders-1.csv").write_text(CSV)
    path.with_name("orders-2.csv").write_text(CSV.replace("amount", "price"))
    return path.with_name("orders-*.csv")


KINDS = [
    missing, through_a_file, loop, too_long, a_folder, an_address, no_parquet, damaged_pages, damaged_gzip,
    damaged_workbook, damaged_sqlite, no_duckdb, two_files,
]  # fmt: skip


def says(*arguments: str) -> str:
    """What a command says that fails: one sentence."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code in (1, 2), done.output
    assert done.output.count("\n") == 1
    return done.output


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_wrong_with_a_secret_file_is_said_without_its_path(
    kind: Callable[[Path], Path | str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(kind(place / FOLDER / "orders"))
    monkeypatch.setenv("ORDERS_FILE", path)
    said = says("check", str(place / "my.yml"))
    assert "ORDERS_FILE" in said or kind is damaged_pages
    assert "hush" not in said
    assert kind in (a_folder, an_address, two_files) or "hush" not in says("init", path)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that an ordinary user may not enter, for a user whose rights count."""
    folder = Path(tempfile.mkdtemp(prefix="secrets-"))
    folder.chmod(0o755)
    (folder / "my.yml").write_text(SETTINGS)
    (folder / "hush").mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.seteuid(65534)
    else:
        (folder / "hush").chmod(0)
    yield folder
    if os.getuid() == 0:
        os.seteuid(0)
    (folder / "hush").chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="the system has no such rights")
def test_a_folder_that_may_not_be_entered_is_not_named(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("orders.csv", "*.csv"):
        monkeypatch.setenv("ORDERS_FILE", str(closed / "hush" / name))
        said = says("check", str(closed / "my.yml"))
        assert "ORDERS_FILE" in said
        assert "hush" not in said
    for name in ("orders.csv", "orders.xlsx"):
        assert says("init", str(closed / "hush" / name)) == f"{name} cannot be read: Permission denied.\n"


FORMS = """\
import html, json, os, sys, urllib.parse
path = os.environ["ORDERS_FILE"]
forms = [path, html.escape(path), json.dumps(path), repr(path), "'" + path.replace("'", "''") + "'"]
forms += [urllib.parse.quote(path), "file://" + urllib.parse.quote(path), os.path.abspath(path), os.path.dirname(path)]
"""


def failing(place: Path, *sources: str) -> str:
    """The sentence of a report that fails; it and all that is left tell nothing."""
    write_notebook(place / "books", "01_data_load", *map(code, sources))
    with pytest.raises(CustomerValueError) as caught:
        make_report(place / "my.yml", place / "report", notebooks=place / "books")
    shutil.rmtree(place / "books")
    told = b"".join(contents(place).values()) + str(caught.value).encode()
    assert b"hush" not in told.replace(FORMS.encode(), b"")
    assert not (place / "report").exists()
    return str(caught.value)


def test_what_other_programs_say_of_a_secret_is_taken_out_however_it_is_written(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_FILE", str(place / FOLDER / "orders"))
    said = failing(
        place,
        FORMS,
        "print(*forms)\nprint(*forms, file=sys.stderr)",
        'import duckdb\nduckdb.sql("select * from read_parquet(\'" + path.replace("\'", "\'\'") + "\')")',
    )
    assert 'No files found that match the pattern "$ORDERS_FILE"' in said
    log = [json.loads(line) for line in (place / "report.log.jsonl").read_text().splitlines()]
    assert any('the pattern "$ORDERS_FILE"' in line.get("text", "") for line in log)
    kept = nbformat.read(place / "report-failed" / "01_data_load.ipynb", as_version=4)
    printed = [output.text for cell in kept.cells for output in cell.get("outputs", []) if "text" in output]
    assert [text.count("$ORDERS_FILE") for text in printed] == [9, 9]


def test_a_file_shows_a_secret_however_it_is_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(place / FOLDER / "örders")
    monkeypatch.setenv("ORDERS_FILE", path)
    secrecy.secret("ORDERS_FILE", place)
    sql = path.replace("'", "''")
    forms = [path, html.escape(path), json.dumps(path), json.dumps(path, ensure_ascii=False), repr(path), sql]
    forms += [
        quote(path),
        quote(path, safe=""),
        f"file://{quote(path)}",
        f"{path}-wal",
        html.escape(repr(path)),
    ]
    for form in forms:
        (place / "page").write_text(f"before\\n{form}<br>after")
        assert secrecy.variable_shown_in(place / "page") == "ORDERS_FILE", form
    (place / "page").write_text(f"{path}2 {place / FOLDER} örders")
    assert secrecy.variable_shown_in(place / "page") is None


def test_a_report_that_shows_a_secret_is_not_published(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_FILE", str(place / FOLDER / "orders"))
    said = failing(place, FORMS, "from IPython.display import HTML\nHTML('<p>' + html.escape(path) + '</p>')")
    assert said.startswith("The report was not published: 01_data_load.html shows the path")
    assert "ORDERS_FILE" in said


def test_a_table_that_shows_a_secret_is_not_published(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_FILE", f"{FOLDER}/orders")
    made = "from pathlib import Path\nPath(os.environ['CUSTOMER_VALUE_RUN'], 'mine.csv').write_text('x\\n' + path)"
    assert "published: mine.csv shows" in failing(place, FORMS, made)


@pytest.mark.parametrize("value", ["orders", "postgresql://reader:orders@example.org/shop", "sub/orders"])
def test_ordinary_words_that_a_secret_is_made_of_stay_in_pages(
    place: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ORDERS_FILE", value)
    words = "print('orders of <a> reader in the shop, sub-orders, orders.csv')"
    write_notebook(place / "books", "01_data_load", code(words))
    page = make_report(place / "my.yml", place / "report", notebooks=place / "books").with_name(
        "01_data_load.html"
    )
    assert "orders of &lt;a&gt; reader in the shop, sub-orders, orders.csv" in page.read_text()
    assert "ORDERS_FILE" not in page.read_text()


@pytest.mark.parametrize(
    ("value", "said", "told"),
    [
        ("postgresql://me:orders@h/x", "no orders for 'orders' in reorders", "no $V for '$V' in reorders"),
        ("postgresql://me:p%40ss-w0rd@h/x", 'p@ss-w0rd, "p%40ss-w0rd", p%2540ss-w0rd', '$V, "$V", $V'),
        ("postgresql://me:abc@h/x", "abc of me:abc@h and postgresql://me:abc@h/x", "abc of $V and $V"),
        ("sc://h:1/;use_ssl=true;token=t0k3n-t0k3n", "h:1 true t0k3n-t0k3n", "h:1 true $V"),
        ("mysql://me:x@h/x?ssl_key=/etc/hush.pem", "no file /etc/hush.pem", "no file $V"),
        ("orders.csv", "orders.csv of orders", "orders.csv of orders"),
        ("private/orders.csv", "/base/private/orders.csv, private/orders.csv2", "$V, private/orders.csv2"),
        ("/srv/hush/*.csv", "/srv/hush/a.csv /srv/hush /srv/hush/a.db", "$V $V /srv/hush/a.db"),
        ("/srv/hush/a b.csv", "file:///srv/hush/a%20b.csv, (/srv/hush/a b.csv-wal)", "file://$V, ($V-wal)"),
    ],
)
def test_what_is_taken_out_of_a_message(
    monkeypatch: pytest.MonkeyPatch, value: str, said: str, told: str
) -> None:
    monkeypatch.setattr(secrecy, "_named", {})
    monkeypatch.setenv("V", value)
    secrecy.remember({"orders": [{"database_env": "V", "path": "orders.csv"}]}, Path("/base"))
    assert secrecy.redacted(said) == told


def test_a_batch_tells_no_secret(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_FILE", str(place / FOLDER / "orders"))
    (place / "other.yml").write_text(SETTINGS)
    write_notebook(place / "books", "01_data_load", code("import os\nopen(os.environ['ORDERS_FILE'])"))
    arguments = [str(place / name) for name in ("my.yml", "other.yml")]
    monkeypatch.chdir(place)
    done = CliRunner().invoke(app, ["batch", *arguments, "--notebooks", "books", "--output", "all"])
    assert done.exit_code == 1
    assert "ORDERS_FILE" in done.output
    shutil.rmtree(place / "books")
    assert "hush" not in done.output
    assert b"hush" not in b"".join(contents(place).values())


def test_a_server_that_is_not_there_is_said_without_its_address(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    text = SETTINGS.replace("path_env: ORDERS_FILE", "database_env: SHOP\n  table: orders")
    (place / "my.yml").write_text(text)
    monkeypatch.setenv("SHOP", "postgresql://reader:hush-w0rd@127.0.0.1:1/shop")
    said = says("check", str(place / "my.yml"))
    assert said.startswith("The PostgreSQL server of SHOP cannot be reached")
    failing(place, "from customer_value.workbook import load_data\nload_data(config)")


def test_an_unexpected_error_tells_no_secret(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(f"what is {os.environ['ORDERS_FILE']}?")

    monkeypatch.setenv("ORDERS_FILE", str(place / FOLDER / "orders"))
    monkeypatch.setattr("customer_value.inputs.find_files", broken)
    assert "what is $ORDERS_FILE?" in says("check", str(place / "my.yml"))
    monkeypatch.setenv("CUSTOMER_VALUE_TRACEBACK", "1")
    done = CliRunner().invoke(app, ["check", str(place / "my.yml")])
    assert "Traceback" in done.output
    assert done.output.count("\n") > 5
    assert "hush" not in done.output


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "postgresql://me:hush@host/x",
            "my.yml, line 2: orders: path holds the address of a server, or a password; ",
        ),
        ("s3a://me:hush@bucket/x.parquet", "my.yml, line 2: orders: path holds the address of a server, "),
        ("abfss://box@account.net/x", "orders.path: there is no file "),
    ],
)
def test_an_address_in_the_place_of_a_path_is_not_repeated(place: Path, path: str, told: str) -> None:
    (place / "my.yml").write_text(SETTINGS.replace("path_env: ORDERS_FILE", f"path: {path}"))
    said = says("check", str(place / "my.yml"))
    assert said.startswith(told)
    assert "hush" not in said


def test_an_address_in_the_place_of_a_variable_s_name_is_not_repeated(place: Path) -> None:
    text = SETTINGS.replace("path_env: ORDERS_FILE", "database_env: mysql://me:hush@host/x\n  table: orders")
    (place / "my.yml").write_text(text)
    assert says("check", str(place / "my.yml")) == (
        "my.yml, line 3: orders.database_env: takes the name of an environment variable, such as ORDERS_PLACE, not "
        "what it holds.\n"
    )


def test_a_title_that_shows_a_secret_is_not_in_the_overview(tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERS_FILE", str(tmp_path / "hidden" / "orders.csv"))
    text = f"title: from {tmp_path}/hidden/orders.csv\n{SETTINGS}"
    (tmp_path / "my.yml").write_text(text)
    plan = batch._planned([tmp_path / "my.yml"])[0]
    entry = batch._entry(tmp_path, plan, batch.Outcome("my", "my", "failed", "It failed."))
    assert (entry.title, entry.currency) == ("", "EUR")
