"""Files and folders under names that a shell, SQL, a pattern, a template or a web address would take apart."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from customer_value import cli
from customer_value.config import load_settings
from customer_value.inputs import check_inputs, write_run
from customer_value.workbook import open_workbook
from report_company import code, contents, write_notebook

NAME = "-a'b\"c\\\u00a0\u3000\n%20{x}$HOME*?[ab]~😀"
ROWS = [f"c{n % 7},2024-{1 + n % 12:02d}-{1 + n % 28:02d},{n}.50" for n in range(1, 60)]
DECOY = "customer,date,amount\nsomebody,2024-01-01,999999.00\n"
LOAD = "from customer_value import load_data, open_workbook\nload_data(config)"
SHOW = "len(open_workbook(config).frame('customers'))"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the system has no such names")


def quoted(text: str) -> str:
    """A text of YAML."""
    return json.dumps(text, ensure_ascii=False)


def write_company(folder: Path, name: str) -> Path:
    """Orders and settings of one name; the settings name the orders as a YAML text."""
    folder.mkdir(parents=True)
    (folder / f"{name}.csv").write_text("\n".join(["customer,date,amount", *ROWS]) + "\n")
    config = folder / f"{name}.yml"
    config.write_text(
        f"title: Acme\ncurrency: EUR\norders:\n  path: {quoted(name + '.csv')}\n"
        "  columns: {customer_id: customer, order_date: date, amount: amount}\n"
    )
    return config


@pytest.fixture
def odd():
    """A folder of that name; beside it what it means as a pattern. Its path is short enough for sockets."""
    root = Path(tempfile.mkdtemp(prefix="odd-"))
    for folder in (root, root / "year=1" / NAME):
        for like in (NAME.replace("[ab]", "a").replace("?", "x"), NAME.replace("*", "**")):
            (folder / like).mkdir(parents=True)
            (folder / like / f"{NAME}.csv").write_text(DECOY)
    yield root / "year=1" / NAME
    shutil.rmtree(root)


def run(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"TMPDIR": str(folder / "t"), "CUSTOMER_VALUE_CACHE": str(folder / "cache")}
    (folder / "t").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "customer_value.cli", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list((folder / "t").iterdir())
    return done.stdout


def test_a_report_of_odd_names_is_that_of_plain_ones(odd, tmp_path):
    plain = write_company(tmp_path / "plain", "orders")
    write_run(load_settings(plain), plain.parent, tmp_path / "run")
    config = write_company(odd / NAME, NAME)
    write_notebook(odd / f"{NAME}-books", "01_data_load", code(LOAD), code(SHOW))
    books = ["--notebooks", f"{NAME}-books"]
    run(odd, "report", "--output", f"{NAME}-out", *books, "--", f"./{config.relative_to(odd)}")
    assert contents(odd / f"{NAME}-out" / "tables") == contents(tmp_path / "run" / "tables")
    config.rename(config.with_name("acme.yml"))
    run(odd, "batch", "--output", f"{NAME}-many", *books, "--", f"{NAME}/acme.yml")
    assert contents(odd / f"{NAME}-many" / "acme" / "tables") == contents(tmp_path / "run" / "tables")


def test_a_draft_and_a_cached_run_under_odd_names(odd, monkeypatch):
    monkeypatch.chdir(odd)
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    monkeypatch.setenv("CUSTOMER_VALUE_CACHE", str(odd / "cache"))
    orders = write_company(odd / "plain", "orders").with_suffix(".csv").rename(odd / f"{NAME}.csv")
    drafted = CliRunner().invoke(cli.app, ["init", "--", orders.name])
    (odd / "draft.yml").write_text(drafted.stdout)
    assert CliRunner().invoke(cli.app, ["check", "draft.yml"]).exit_code == 0
    assert len(open_workbook("draft.yml").frame("customers")) == 7
    assert not list(odd.glob("cv-*"))


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "jsonl", "duckdb", "sqlite"])
@pytest.mark.parametrize("wanted", ["{name}", "{folder}/*.{kind}"])
def test_an_input_of_an_odd_name_is_read_and_nothing_else(odd, tmp_path, kind, wanted):
    frame = pd.DataFrame([row.split(",") for row in ROWS], columns=["customer", "date", "amount"])
    plain = tmp_path / "plain"
    if kind == "csv":
        frame.to_csv(plain, index=False)
    elif kind == "parquet":
        frame.to_parquet(plain)
    elif kind == "xlsx":
        frame.to_excel(plain, index=False, engine="openpyxl")
    elif kind == "jsonl":
        frame.to_json(plain, orient="records", lines=True)
    elif kind == "duckdb":
        with duckdb.connect(str(plain)) as con:
            con.execute("CREATE TABLE orders AS SELECT * FROM frame")
    else:
        con = sqlite3.connect(plain)
        frame.to_sql("orders", con, index=False)
        con.close()
    config = write_company(odd / NAME, NAME)
    (odd / NAME / f"{NAME}.csv").unlink()
    plain.rename(odd / NAME / f"{NAME}.{kind}")
    path = wanted.format(name=f"{NAME}.{kind}", folder=odd / NAME, kind=kind)
    text = config.read_text().replace(
        json.dumps(f"{NAME}.csv", ensure_ascii=False), json.dumps(path, ensure_ascii=False)
    )
    config.write_text(text)
    assert check_inputs(config).ledger.rows("orders", "kept") == len(ROWS)
