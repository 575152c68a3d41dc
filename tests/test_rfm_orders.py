"""From orders to RFM scores without a report."""

import datetime as dt

import hypothesis.strategies as st
import ibis
import pandas as pd
import pytest
from hypothesis import given, settings

from customer_value import rfm
from customer_value.errors import InputError
from customer_value.rfm import orders as straight

AS_OF = dt.date(2024, 5, 31)


def found(rows: pd.DataFrame, **options: object) -> pd.DataFrame:
    table = rfm.from_orders(rows, AS_OF, **options).order_by("customer_id")
    return table.to_pyarrow().to_pandas().set_index("customer_id")


def some(*rows: tuple[str, object, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "order_date", "amount"])
    return frame.assign(order_date=[dt.date.fromisoformat(day) for day in frame["order_date"]])


def by_hand(rows: pd.DataFrame, start: dt.date | None) -> dict[str, tuple[dt.date | None, int, float]]:
    figures = {}
    for customer, own in rows[rows["order_date"] <= AS_OF].groupby("customer_id"):
        sales = own[own["amount"] > 0]
        inside = own if start is None else own[own["order_date"] > start]
        counted = inside[inside["amount"] > 0]["order_id"]
        last = max(sales["order_date"], default=None)
        orders = counted.nunique() + int(counted.isna().sum())
        figures[customer] = (last, orders, round(float(inside["amount"].sum()), 4))
    return figures


def test_lines_of_one_order_are_one_order():
    customers = found(
        some(("a", "1", "2024-05-01", 10.0), ("a", "1", "2024-05-01", 5.5), ("b", "2", "2024-04-01", 7.0))
    )
    assert customers["window_orders"].to_dict() == {"a": 1, "b": 1}
    assert customers["window_net_revenue"].to_dict() == {"a": 15.5, "b": 7.0}


def test_a_return_takes_money_and_is_no_order():
    customers = found(
        some(("a", "1", "2024-05-01", 10.0), ("a", "2", "2024-05-09", -4.0), ("b", "3", "2024-05-02", -1.0))
    )
    assert customers.loc["a"].tolist() == [dt.date(2024, 5, 1), 1, 6.0]
    assert pd.isna(customers.loc["b", "last_order"])
    assert customers.loc["b", "window_orders"] == 0


def test_a_row_without_an_order_id_is_an_order():
    customers = found(
        some(("a", None, "2024-05-01", 10.0), ("a", None, "2024-05-01", 5.0), ("a", "7", "2024-05-01", 1.0))
    )
    assert customers.loc["a", "window_orders"] == 3


def test_later_rows_are_left_out_and_the_window_limits_orders_and_money_only():
    rows = some(("a", "1", "2024-01-15", 8.0), ("a", "2", "2024-06-01", 9.0), ("b", "3", "2024-05-31", 4.0))
    customers = found(rows, window_months=3)
    assert customers.loc["a"].tolist() == [dt.date(2024, 1, 15), 0, 0.0]
    assert customers.loc["b"].tolist() == [dt.date(2024, 5, 31), 1, 4.0]


def test_every_row_is_an_order_where_there_are_no_order_ids():
    rows = some(("a", "1", "2024-05-01", 10.0), ("a", "1", "2024-05-01", 5.0))
    assert found(rows.drop(columns="order_id")).loc["a", "window_orders"] == 2


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="amount"):
        rfm.from_orders(pd.DataFrame({"customer_id": ["a"], "order_date": [AS_OF]}), AS_OF)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([None, "1", "2", "3", "4"]),
        st.dates(dt.date(2024, 1, 1), dt.date(2024, 6, 30)),
        st.integers(-3_000, 9_000).map(lambda cents: cents / 100),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(ROWS, st.sampled_from([None, 1, 3]), st.booleans())
def test_the_figures_are_those_of_a_plain_grouping(rows, window, only_sales):
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "order_date", "amount"])
    if only_sales:
        frame["amount"] = frame["amount"].abs() + 0.01
    start = None if window is None else (pd.Timestamp(AS_OF) - pd.DateOffset(months=window)).date()
    got = {
        customer: (
            None if pd.isna(row.last_order) else row.last_order,
            row.window_orders,
            row.window_net_revenue,
        )
        for customer, row in found(frame, window_months=window).iterrows()
    }
    assert got == by_hand(frame, start)


def test_where_ids_are_not_looked_at_the_engine_counts_the_same(monkeypatch):
    rows = some(("a", "1", "2024-05-01", 10.0), ("a", "2", "2024-05-02", 5.0), ("b", "3", "2024-05-02", 5.0))
    quick = found(rows)
    monkeypatch.setattr(straight, "MOST_ROWS", 0)
    assert found(rows).equals(quick)


def test_scores_follow_from_orders():
    rows = ibis.memtable(some(*((f"c{n}", str(n), f"2024-05-{n + 1:02d}", 10.0 * n + 1) for n in range(20))))
    known = rfm.base(rfm.from_orders(rows, AS_OF), AS_OF)
    scored = rfm.score(known, rfm.cutoffs(known)).order_by("customer_id").to_pyarrow().to_pandas()
    assert scored.set_index("customer_id").loc["c19", "rfm"] == "515"


def test_the_connection_of_the_orders_is_left_as_it_was():
    con = ibis.duckdb.connect()
    rows = some(("a", 1, "2024-05-01", 1.0), ("b", 2, "2024-05-02", 2.0))
    before = con.raw_sql("SELECT current_setting('streaming_buffer_size')").fetchone()
    rfm.from_orders(con.create_table("orders", rows), AS_OF)
    assert con.raw_sql("SELECT current_setting('streaming_buffer_size')").fetchone() == before
