"""Spark: what it is asked to read, what it cannot, how it starts, and that it is gone afterwards."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import servers
from clv_kit import shop
from conftest import Desk
from customer_value.clv import lifetime_value_of, many
from customer_value.config import load_settings
from customer_value.display import written
from customer_value.errors import ConfigError, InputError
from customer_value.pareto import concentration_of
from customer_value.report import make_report
from customer_value.rfm import rfm_of
from customer_value.settings import EngineSettings
from customer_value.sources.spark import connect_spark
from customer_value.workbook import Workbook
from engine_kit import COLLECTED
from report_company import code, write_notebook

pytestmark = COLLECTED

SETTINGS = """\
currency: EUR
engine: spark
orders:
  {place}
  columns: {{customer_id: c, order_date: d, amount: a}}
"""
ROWS = pa.table(
    {"c": ["a", "b", "a"], "d": ["2024-01-01", "2024-01-09", "2024-02-01"], "a": [10.0, 5.5, -1.0]}
)


@pytest.fixture
def orders(spark, desk):
    def write(place: str):
        return desk.settings(SETTINGS.format(place=place))

    return write


def said(desk, kind=InputError) -> str:
    with pytest.raises(kind) as caught:
        desk.check()
    assert "\n" not in str(caught.value)
    assert str(desk.folder) not in str(caught.value)
    return str(caught.value)


def test_files_folders_patterns_and_the_catalog(orders, desk, spark):
    (desk.folder / "parts").mkdir()
    for number in (1, 2):
        pq.write_table(ROWS, desk.folder / "parts" / f"part {number}.parquet")
    spark.createDataFrame(ROWS).write.saveAsTable("sold")
    places = {"path: 'parts/part [12]*'": 6, "table: spark_catalog.default.sold": 3}
    found = {place: orders(place).check().ledger.rows("orders", "kept") for place in places}
    assert found == places


def test_what_spark_cannot_read_is_said(orders, desk, monkeypatch):
    assert "no such file or folder" in said(orders("path: nowhere.parquet"))
    (desk.folder / "bad.parquet").write_text("not Parquet at all")
    assert "damaged or not a Parquet file" in said(orders("path: bad.parquet"))
    (desk.folder / "empty").mkdir()
    assert "holds no such file" in said(orders("path: empty"))
    assert "no such table" in said(orders("table: nowhere"))
    assert "spark.jars.packages" in said(orders("path: empty\n  format: delta"))
    assert "leave out engine: spark for csv files" in said(orders("path: orders.csv"))
    monkeypatch.setenv("PLACE", str(desk.folder / "secret"))
    assert (
        said(orders("path_env: PLACE"))
        == "orders: Spark cannot read $PLACE: there is no such file or folder."
    )


def test_a_wrong_column_and_no_rows(orders, desk):
    pq.write_table(ROWS.rename_columns(["c", "day", "a"]), desk.folder / "o.parquet")
    assert "o.parquet has no column 'd'; did you mean 'day'?" in said(orders("path: o.parquet"))
    pq.write_table(ROWS.slice(0, 0), desk.folder / "none.parquet")
    assert said(orders("path: none.parquet")) == "orders: none.parquet has no rows."


def test_a_file_that_vanishes_while_it_is_read(orders, desk, monkeypatch):
    pq.write_table(ROWS, desk.folder / "o.parquet")

    def judged(*arguments, **options):
        (desk.folder / "o.parquet").unlink()
        return original(*arguments, **options)

    from customer_value import contract

    original = contract._account
    monkeypatch.setattr(contract, "_account", judged)
    assert "changed while it was read" in said(orders("path: o.parquet"))


def test_without_pyspark(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match="needs PySpark and Java 17"):
        connect_spark(EngineSettings(kind="spark"))


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ({"remote": "http://127.0.0.1"}, "must be the address of Spark Connect"),
        ({"remote": "sc://127.0.0.1:1"}, "cannot be reached"),
        ({"remote_env": "CUSTOMER_VALUE_NOWHERE"}, "CUSTOMER_VALUE_NOWHERE is not set"),
    ],
)
def test_a_spark_connect_that_is_not_there(engine, reason, monkeypatch):
    session = pytest.importorskip("pyspark.sql").SparkSession
    monkeypatch.setattr(session, "getActiveSession", lambda: None)
    with pytest.raises(ConfigError, match=reason):
        connect_spark(EngineSettings(kind="spark", **engine))


COMPANY = """\
currency: EUR
as_of: 2024-03-31
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, order_id: invoice, amount: amount, cost: cost}
customers:
  path: customers.csv
  columns: {customer_id: id, name: name, region: region, parent_id: parent, contract_end: until, acquired_on: won,
    acquisition_cost: spent}
contracts: {path: contracts.csv, columns: {customer_id: id, started_on: from, ended_on: to, value: worth}}
"""
CUSTOMERS = ["id,name,region,parent,until,won,spent"] + [
    f"K{n:03d},Name {n},{'NS'[n % 2]},{f'K{n - 1:03d}' if n % 4 == 1 else ''},"
    f"{f'2025-{n % 12 + 1:02d}-28' if n % 3 else ''},{'2023-01-01' if n % 2 else ''},{n * 3 if n % 5 else ''}"
    for n in range(80)
]
CONTRACTS = ["id,from,to,worth"] + [
    f"K{n:03d},2019-0{1 + n % 9}-01,{'' if n % 3 else '2022-01-31'},100" for n in range(30)
]


@pytest.fixture(scope="module")
def company(spark, tmp_path_factory):
    """A run with all that analyses look at, and the same with settings that name Spark."""
    desk = Desk(tmp_path_factory.mktemp("company")).settings(COMPANY).file("orders.csv", shop())
    desk.file("customers.csv", "\n".join(CUSTOMERS)).file("contracts.csv", "\n".join(CONTRACTS))
    here = Workbook(load_settings(desk.config), desk.run())
    settings = here.settings.model_copy(update={"engine": EngineSettings(kind="spark")})
    return here, Workbook(settings, here.folder)


@pytest.mark.parametrize("analysis", [rfm_of, concentration_of, lifetime_value_of])
def test_analyses_on_spark_give_what_duckdb_gives(analysis, company, monkeypatch):
    monkeypatch.setattr(many, "MOST_IN_MEMORY", 0)
    here, there = company[0], company[1].on_spark()
    expected, found = analysis(here), analysis(there)
    assert found.facts == expected.facts
    assert list(map(written, found.findings)) == list(map(written, expected.findings))
    there.record(found)
    for name, table in expected.tables.items():
        if isinstance(table, pd.DataFrame):
            pd.testing.assert_frame_equal(found.tables[name], table, rtol=1e-9, obj=name)
        else:
            assert Path(here.folder, "tables", f"{name}.parquet").is_dir()
            pd.testing.assert_frame_equal(here.frame(name), table.to_pandas(), rtol=1e-9, obj=name)


def test_a_workbook_whose_settings_name_no_spark(company):
    with pytest.raises(ConfigError, match="state engine: spark"):
        company[0].on_spark()


START = """
import sys
from customer_value.errors import ConfigError
from customer_value.settings import EngineSettings
from customer_value.sources.spark import connect_spark
try:
    connect_spark(EngineSettings(kind="spark", master=sys.argv[1]))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("master", "without_java", "reason"),
    [("nonsense", False, "Master must"), ("local[1]", True, "Java is missing; install Java 17")],
)
def test_a_spark_that_cannot_start(master, without_java, reason):
    servers.spark_here()
    environment = dict(os.environ)
    if without_java:
        programs = [folder for folder in ("/usr/bin", "/bin") if not Path(folder, "java").exists()]
        if not programs:
            environment["JAVA_HOME"] = "/nowhere"
    done = subprocess.run(
        [sys.executable, "-c", START, master], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("Spark cannot be started or reached: ")
    assert reason in done.stdout
    assert done.stdout.count("\n") == 1


LOAD = """
import os
from pathlib import Path
from customer_value.config import SettingsFile
from customer_value.engines import Engine

run = Path(os.environ["CUSTOMER_VALUE_RUN"])
with Engine(SettingsFile.kept(run).settings().engine, Path(os.environ["CUSTOMER_VALUE_RUN"])) as engine:
    rows = len(engine.spark.sql("SELECT 1 AS one").to_pyarrow())
_ = Path(os.environ["CUSTOMER_VALUE_RUN"], "ledger.csv").write_text(config)
print(f"{rows} row")
"""


def test_a_report_leaves_no_java_behind_and_no_noise(desk, tmp_path):
    servers.spark_here()
    mark = f"-Dmark={uuid4().hex}"
    options = servers.SMALL_SPARK | {
        "spark.driver.extraJavaOptions": f"{mark} {servers.SMALL_SPARK['spark.driver.extraJavaOptions']}"
    }
    engine = json.dumps({"kind": "spark", "master": "local[2]", "memory_limit": "1GB", "options": options})
    pq.write_table(ROWS, desk.folder / "o.parquet")
    text = SETTINGS.format(place="path: o.parquet").replace("engine: spark", f"engine: {engine}")
    books = tmp_path / "notebooks"
    write_notebook(books, "01_data_load", code(LOAD))
    page = make_report(desk.settings(text).config, tmp_path / "report", notebooks=books)
    shown = (page.parent / "01_data_load.html").read_text(encoding="utf-8")
    assert "1 row" in shown
    assert not {"WARN", "incubator", "log4j", "stderr"} & set(re.findall(r"\w+", shown))
    for _ in range(100):
        if not processes_with(mark):
            break
        time.sleep(0.1)
    assert not processes_with(mark)


def processes_with(mark: str) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in line.read_bytes():
                found.append(line.parent.name)
        except OSError:
            continue
    return found
