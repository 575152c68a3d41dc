"""Spark Connect: a Spark that is not ours reads, reduces and analyses, and nothing of Spark runs here."""

import json
import re
from types import SimpleNamespace

import pandas as pd
import pytest

import engine_kit as kit
from conftest import Desk
from customer_value.config import load_settings
from customer_value.pareto import concentration_of
from customer_value.report import make_report
from customer_value.sources.spark import _do_not_wait_for_ever, spark_sentence
from customer_value.workbook import Workbook
from report_company import code, write_notebook

SETTINGS = """\
currency: EUR
as_of: 2025-01-31
orders:
  path: {path}
  columns: {{customer_id: customer, order_date: at, amount: amount, order_id: order}}
"""
ENGINE = "engine: {{kind: spark, remote: '{address}'}}\n"
LOAD = """
from customer_value import load_data
_ = load_data(config)
"""
ANALYSE = """
from customer_value import open_workbook
from customer_value.pareto import concentration_of

workbook = open_workbook(config).on_spark()
workbook.record(concentration_of(workbook))
"""
MISS = """
from customer_value.errors import InputError
from customer_value.inputs import check_inputs

try:
    check_inputs({config!r})
except InputError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def company(spark_connect, tmp_path_factory):
    """What DuckDB makes of a company's orders, and the report that a Spark elsewhere makes; no Java starts here."""
    folder = tmp_path_factory.mktemp("company")
    orders = kit.generated_orders(300)
    kit.write_parquet(orders, folder / "one")
    kit.write_parquet(orders, folder / "several", parts=2)
    here = Desk(folder).settings(SETTINGS.format(path="one/0.parquet"))
    workbook = Workbook(load_settings(here.config), here.run())
    result = concentration_of(workbook)
    workbook.record(result)
    books = folder / "notebooks"
    write_notebook(books, "01_data_load", code(LOAD))
    write_notebook(books, "02_pareto", code(ANALYSE), code(MISS.format(config=str(folder / "nowhere.yml"))))
    for path in ("several", "nowhere.parquet"):
        text = SETTINGS.format(path=path) + ENGINE.format(address=spark_connect.address)
        (folder / path).with_suffix(".yml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", "/nowhere")
        page = make_report(folder / "several.yml", folder / "report", notebooks=books)
    return SimpleNamespace(run=workbook.folder, report=page.parent)


def test_the_tables_are_those_that_duckdb_makes(company):
    expected, found = kit.read_tables(company.run), kit.read_tables(company.report)
    reduced = {"customers", "customer_months", "purchase_patterns", "snapshots", "weekly_purchases"}
    assert reduced <= expected.keys() == found.keys()
    for name, frame in expected.items():
        exact = {"check_exact": True} if name in reduced else {"rtol": 1e-9}
        pd.testing.assert_frame_equal(found[name], frame, obj=name, **exact)


def test_the_account_of_rows_and_the_facts_are_the_same(company):
    ledgers = [pd.read_csv(folder / "ledger.csv") for folder in (company.report, company.run)]
    found, expected = (ledger[ledger["status"] != "note"] for ledger in ledgers)
    assert len(expected) > 3
    pd.testing.assert_frame_equal(found, expected)
    facts = json.loads((company.report / "facts.json").read_text(encoding="utf-8"))
    recorded = json.loads((company.run / "facts" / "pareto.json").read_text(encoding="utf-8"))["facts"]
    assert recorded
    assert {name: facts[name] for name in recorded} == recorded


def test_what_it_cannot_read_is_said_and_it_is_left_to_serve_others(company, spark_connect):
    page = (company.report / "02_pareto.html").read_text(encoding="utf-8")
    assert "orders: Spark cannot read nowhere.parquet: there is no such file or folder." in page
    assert not {"WARN", "grpc", "stderr"} & set(re.findall(r"\w+", page))
    spark_connect.greet()


def test_one_that_dies_is_asked_for_half_a_minute_and_then_said(spark_connect):
    from pyspark.errors import RetriesExceeded

    given = []
    client = SimpleNamespace(set_retry_policies=given.extend)
    session = type("SparkSession", (), {"__module__": "pyspark.sql.connect.session", "client": client})()
    _do_not_wait_for_ever(session)
    waits = [policy.max_retries * policy.max_backoff / 1_000 for policy in given]
    assert waits == [30]
    sentence = spark_sentence(RetriesExceeded(errorClass="RETRIES_EXCEEDED", messageParameters={}))
    assert sentence.startswith("Spark stopped answering, so nothing was published")
