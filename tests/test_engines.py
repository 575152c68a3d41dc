"""Every engine makes the same of the same orders: ledger, warnings, and each table byte for byte."""

import datetime as dt
import os
import re
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

import engine_kit as kit
from conftest import Desk
from customer_value.inputs import read_state
from engine_kit import read_tables

pytestmark = kit.COLLECTED

ALL = """\
currency: EUR
margin_rate: 0.33335
orders:
  {place}
  columns: {{customer_id: customer, order_date: ordered, amount: amount, order_id: order, product_id: product,
    quantity: quantity, cost: cost, discount: discount, currency: currency, unit_price: unit price, channel: note}}
  dates: iso
  max_unread: 1
  rates: {{USD: 1.08654}}
  exclude:
  - {{column: note, is: ["=1+1", "a\\\\b"], reason: by value}}
  - {{column: quantity, above: 38, reason: by size}}
  - {{column: product, starts_with: z, reason: by beginning}}
  - {{column: customer, is: "O'Brien", reason: by name}}
"""
TIMES = """\
currency: EUR
as_of: 2024-06-30
orders:
  {place}
  columns: {{customer_id: customer, order_date: at, quantity: quantity, unit_price: unit price, list_price: List,
    unit_cost: unit price, order_id: order}}
  drop_duplicates: true
  returns: drop
  free_orders: count
rfm: {{window_months: 9}}
"""
INSTANTS = """\
currency: EUR
timezone: Asia/Shanghai
orders:
  {place}
  columns: {{customer_id: customer, order_date: instant, amount: price, product_id: product}}
  one_order_is: row
  void_days: 2
"""
DAYS = """\
currency: EUR
orders:
  {place}
  columns: {{customer_id: customer, order_date: day, amount: amount, margin: cost}}
  free_orders: count
margin_rate: 0.5
"""
KINDS = {"all": ALL, "times": TIMES, "instants": INSTANTS, "days": DAYS}
SPARK = "engine: spark\n"


@pytest.fixture(scope="module")
def orders():
    return kit.generated_orders(400)


@pytest.fixture(scope="module")
def expected(orders, tmp_path_factory):
    """What DuckDB makes of a Parquet file, for each kind of settings."""
    folder = tmp_path_factory.mktemp("expected")
    kit.write_parquet(orders, folder / "orders")
    return {
        kind: outcome(folder / kind, text.format(place=f"path: {folder}/orders/0.parquet"))
        for kind, text in KINDS.items()
    }


def outcome(folder, text):
    """Ledger but for how files were read, warnings, dates, and all tables, as frames and as files for people."""
    folder.mkdir(parents=True)
    desk = Desk(folder).settings(text)
    run = desk.run()
    state = read_state(run)
    ledger = [line for line in state.ledger.lines if line.status != "note" or line.rows is not None]
    sheets = {path.name: path.read_bytes() for path in (run / "tables").glob("*.csv")}
    warnings = tuple(re.sub(r"such as '.*?' \(.*?, column", "(column", one) for one in state.warnings)
    return ledger, warnings, state.dates, read_tables(run), sheets


def assert_same(found, expected):
    assert found[:3] == expected[:3]
    assert found[3].keys() == expected[3].keys()
    for name, frame in expected[3].items():
        pd.testing.assert_frame_equal(found[3][name], frame, check_exact=True, obj=name)
    assert found[4] == expected[4]


def test_the_orders_are_of_every_kind(expected):
    reasons = {line.reason for ledger, *_ in expected.values() for line in ledger}
    assert {"no customer id", "unreadable date", "blank date", "blank amount", "date after as_of"} <= reasons
    assert {"exact duplicate", "return dropped", "by value", "by size", "by beginning", "by name"} <= reasons
    assert all(line.rows for ledger, *_ in expected.values() for line in ledger)
    assert any("order numbers of customers come again" in warning for warning in expected["all"][1])
    assert all("void" in {line.reason for line in ledger} for ledger, *_ in expected.values())
    assert any("exact copy" in warning for warning in expected["all"][1])
    assert expected["all"][3]["customers"]["net_revenue"].max() > 1e10
    assert len(expected["all"][3]["customer_product_prices"]) > 50


def test_rates_and_products_are_exact_and_what_is_too_large_is_left_out(desk):
    desk.settings(
        "currency: EUR\nmargin_rate: 0.33335\norders:\n  path: orders.csv\n  max_unread: 1\n"
        "  rates: {USD: 1.08654}\n  columns: {customer_id: c, order_date: d, quantity: q, unit_price: p, currency: m}\n"
    )
    far = "b,2024-01-03,99999999999,99999999999,EUR"
    desk.orders("a,2024-01-01,1000000,1000000.5,EUR", "a,2024-01-02,1,100,USD", far, header="c,d,q,p,m")
    ledger = desk.check().ledger
    assert ledger.amount("orders", "kept") == Decimal("1000000500108.654")
    assert [line.rows for line in ledger.of("orders", "excluded")] == [1]
    customers = read_tables(desk.run())["customers"]
    assert customers["margin"].iloc[0] == pytest.approx(1000000500108.654 * 0.33335, abs=0.0002)


@pytest.mark.parametrize("kind", ["csv", "sqlite", "duckdb"])
def test_other_files(kind, orders, expected, tmp_path):
    if kind == "csv":
        kit.write_csv(orders, tmp_path / "orders.csv")
    else:
        getattr(kit, f"write_{kind}")(orders, tmp_path / f"orders.{kind}", "orders")
    found = outcome(tmp_path / "run", ALL.format(place=f"path: ../orders.{kind}"))
    assert_same(found, expected["all"])


@pytest.mark.parametrize("kind", KINDS)
def test_postgresql(kind, orders, expected, postgres, tmp_path, monkeypatch):
    postgres.fill("orders", orders)
    monkeypatch.setenv("SHOP", postgres.address)
    found = outcome(tmp_path / "run", KINDS[kind].format(place="database_env: SHOP\n  table: orders"))
    assert_same(found, expected[kind])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "instants"])
def test_mariadb(kind, orders, expected, mariadb, tmp_path, monkeypatch):
    mariadb.fill("orders", orders)
    monkeypatch.setenv("SHOP", mariadb.address)
    found = outcome(tmp_path / "run", KINDS[kind].format(place="database_env: SHOP\n  table: orders"))
    assert_same(found, expected[kind])


@pytest.mark.parametrize("kind", ["all", "times", "instants"])
def test_spark(kind, orders, expected, spark, tmp_path):
    kit.write_parquet(orders, tmp_path / "a folder [1]", parts=3)
    text = KINDS[kind].format(place="path: '../a folder [1]'") + SPARK
    assert_same(outcome(tmp_path / "a run", text), expected[kind])


TOTALS = """\
currency: EUR
orders:
  {place}
  columns: {{customer_id: c, order_date: d, amount: a, order_id: o, product_id: p, refund: r, cost: k}}
  amount_is: {amount_is}
  credits: [{{column: s, is: credit}}]
  join_spellings: true
  exclude: [{{column: s, is: void, reason: void}}]
"""
LINES = [
    dict(zip("codaprks", row, strict=True))
    for row in (
        ("Äsh GmbH", "1", "2024-01-01", "30", "x", "5", "3", "paid"),
        ("ÄSH-GMBH", "1", "2024-01-01", None, "y", None, "4", None),
        ("äsh gmbh.", "2", "2024-01-05", "12", "x", None, "3", "credit"),
        ("Äsh GmbH", "1", "2024-03-05", "30", "x", "5", "3", "paid"),
        ("Ｂirk １", "3", "2024-01-02", "9", "x", "9", "3", "void"),
        ("birk 1", "3", None, None, "y", None, "3", None),
        ("BIRK 1", "4", "2024-02-02", "9", "x", None, "3", "paid"),
        ("birk 1", "4", "2024-02-02", None, "z", None, "2", "paid"),
        ("1-2", None, "2024-02-02", "9", "z", "1", "2", "paid"),
        ("12", None, "2024-02-02", "9", "z", None, "2", "paid"),
    )
]


@pytest.fixture(scope="module", params=["order_on_each_line", "order_on_first_line"])
def totals(request, tmp_path_factory):
    """Orders with totals, the settings that read them, and what DuckDB makes of them."""
    table = pa.Table.from_pylist(LINES, schema=pa.schema([(name, pa.string()) for name in "codaprks"]))
    table = table.set_column(3, "a", table["a"].cast(kit.MONEY)).set_column(
        5, "r", table["r"].cast(kit.MONEY)
    )
    folder = tmp_path_factory.mktemp("totals")
    kit.write_parquet(table, folder / "orders")
    text = TOTALS.replace("{amount_is}", request.param)
    found = outcome(folder / "run", text.format(place=f"path: {folder}/orders/0.parquet"))
    assert {line.reason or line.status: line.amount for line in found[0]}["money given back"] == -11
    assert found[3]["customers"]["net_revenue"].sum() == 64
    return table, text, found


@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_totals_of_orders_on_a_server(server, totals, request, tmp_path, monkeypatch):
    table, text, expected = totals
    database = request.getfixturevalue(server)
    database.fill("totals", table)
    monkeypatch.setenv("SHOP", database.address)
    assert_same(outcome(tmp_path / "run", text.format(place="database_env: SHOP\n  table: totals")), expected)


def test_totals_of_orders_on_spark(totals, spark, tmp_path):
    table, text, expected = totals
    kit.write_parquet(table, tmp_path / "orders", parts=2)
    assert_same(outcome(tmp_path / "run", text.format(place="path: ../orders") + SPARK), expected)


COMPANIONS = """\
as_of: 2024-03-05
currency: EUR
orders:
  path: ../orders.parquet
  columns: {{customer_id: c, order_date: d, amount: a, cost: k}}
customers:
  {customers}
  columns: {{customer_id: id, name: name, acquired_on: since, annual_potential: potential}}
service_costs:
  {costs}
  columns: {{customer_id: id, date: day, cost: cost, activity: activity}}
survey:
  {answers}
  columns: {{respondent_id: who, customer_id: id, item: item, score: score, date: day}}
survey_items:
  {items}
"""
DAY = dt.date(2024, 3, 1)
TABLES = {
    "customers": [
        {"id": "a", "name": "A & <Sons>", "since": DAY, "potential": Decimal("1000.5000")},
        {"id": "B ", "name": "名前", "since": None, "potential": None},
    ],
    "costs": [
        {"id": "a", "day": DAY, "cost": Decimal("12.3400"), "activity": "visit"},
        {"id": "a", "day": dt.date(2024, 3, 2), "cost": Decimal("-0.0100"), "activity": None},
        {"id": None, "day": DAY, "cost": Decimal("7.0000"), "activity": "call"},
        {"id": "stranger", "day": dt.date(2031, 1, 1), "cost": Decimal("7.0000"), "activity": "call"},
    ],
    "answers": [
        {"who": who, "id": "a", "item": item, "score": score, "day": DAY}
        for who, item, score in (("r1", "q1", "5"), ("r1", "q2", "99"), ("r2", "q1", None), ("r2", "q2", "1"))
    ],
    "items": [
        {"item": item, "construct": "loyalty", "aspect": "attitude", "scale_min": 1, "scale_max": 5,
         "missing_codes": "99"}
        for item in ("q1", "q2")
    ],
}  # fmt: skip
BUYS = [
    {"c": customer, "d": dt.date(2024, 2, day), "a": Decimal("10.0000") * day, "k": Decimal("4.0000")}
    for customer in ("a", "A", "B")
    for day in (1, 9, 20)
]


def companions_of(folder, places, extra=""):
    kit.pq.write_table(pa.Table.from_pylist(BUYS), folder / "orders.parquet")
    return outcome(folder / "run", COMPANIONS.format(**places) + extra)


@pytest.fixture(scope="module")
def companion_tables():
    return {name: pa.Table.from_pylist(rows) for name, rows in TABLES.items()}


@pytest.fixture(scope="module")
def expected_companions(companion_tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("companions")
    for name, table in companion_tables.items():
        kit.pq.write_table(table, folder / f"{name}.parquet")
    found = companions_of(folder, {name: f"path: ../{name}.parquet" for name in TABLES})
    assert found[3]["customers"]["cost_to_serve"].tolist() == [0, 0, 12.33]
    return found


@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_tables_beside_the_orders_from_a_server(
    server, companion_tables, expected_companions, request, tmp_path, monkeypatch
):
    database = request.getfixturevalue(server)
    for name, table in companion_tables.items():
        database.fill(name, table)
    monkeypatch.setenv("SHOP", database.address)
    places = {name: f"database_env: SHOP\n  table: {name}" for name in TABLES}
    assert_same(companions_of(tmp_path, places), expected_companions)


def test_tables_beside_the_orders_from_the_catalog_of_spark(
    companion_tables, expected_companions, spark, tmp_path
):
    for name, table in companion_tables.items():
        spark.createDataFrame(table).createOrReplaceTempView(name)
    places = {name: f"table: {name}" for name in TABLES}
    assert_same(companions_of(tmp_path, places, SPARK), expected_companions)


ID = st.one_of(st.none(), st.sampled_from(["a", "A", " a", "a\u00a0", "ä", ""]), st.text(max_size=3))
ORDER = st.tuples(
    ID.map(lambda text: text and text.replace("\0", "").encode("utf-8", "ignore").decode()),
    st.integers(0, 40),
    st.integers(-3_000, 3_000),
    st.sampled_from(["1", "2", "3", None]),
)


@given(st.lists(ORDER, min_size=1, max_size=12))
@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_orders_are_the_same_on_postgresql(postgres, tmp_path_factory, records):
    first = {"c": "somebody", "d": dt.date(2024, 1, 1), "a": Decimal("1.0000"), "o": "0"}
    rows = [
        {"c": c, "d": dt.date(2024, 1, 1) + dt.timedelta(d), "a": Decimal(a).scaleb(-2), "o": o}
        for c, d, a, o in records
    ]
    kinds = pa.schema({"c": pa.string(), "d": pa.date32(), "a": kit.MONEY, "o": pa.string()})
    table = pa.Table.from_pylist([first, *rows], schema=kinds)
    folder = tmp_path_factory.mktemp("any")
    kit.write_parquet(table, folder)
    postgres.fill("anything", table)
    os.environ["ANYTHING"] = postgres.address
    text = "currency: EUR\norders:\n  {place}\n  columns: {{customer_id: c, order_date: d, amount: a, order_id: o}}\n"
    places = {"here": f"path: {folder}/0.parquet", "there": "database_env: ANYTHING\n  table: anything"}
    here, there = (outcome(folder / name, text.format(place=place)) for name, place in places.items())
    assert_same(there, here)
