"""An order number that comes again next year is another order."""

import datetime as dt
from itertools import groupby

import pandas as pd
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

TEXT = """\
currency: EUR
as_of: 2026-12-31
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: day, amount: amount, order_id: order}
"""
HEADER = "customer,day,amount,order"
START = dt.date(2024, 1, 1)


def orders(desk, *rows, text=TEXT):
    """Orders of each customer."""
    desk.settings(text).orders(*rows, header=HEADER)
    customers = pd.read_parquet(desk.run() / "tables" / "customers.parquet")
    return dict(zip(customers["customer_id"], customers["orders"], strict=True))


def told(desk):
    """What the warnings and the ledger say of order numbers."""
    inputs = desk.check()
    notes = [line.detail for line in inputs.ledger.of("orders", "note") if line.reason == "order numbers"]
    return [*notes, *(warning for warning in inputs.warnings if "order number" in warning)]


def test_numbers_that_restart_are_new_orders_and_are_said(desk):
    rows = [
        "a,2024-01-05,10,1",
        "a,2025-01-05,10,1",
        "a,2026-01-05,10,1",
        "a,2024-03-05,10,2",
        "b,2025-02-01,10,1",
    ]
    assert orders(desk, *rows) == {"a": 4, "b": 1}
    note, warning = told(desk)
    assert note.startswith("1 order number of a customer comes again more than 31 days after")
    assert "2 orders more in all" in warning


def test_an_order_over_a_month_is_one_order(desk):
    assert orders(desk, "a,2024-01-01,10,1", "a,2024-01-15,10,1", "a,2024-02-01,10,1") == {"a": 1}
    assert told(desk) == []


def test_the_first_day_of_an_order_counts_not_the_one_before(desk):
    rows = ["a,2024-01-01,10,1", "a,2024-01-20,10,1", "a,2024-02-02,10,1", "a,2024-03-04,10,1"]
    assert orders(desk, *rows) == {"a": 2}


def test_a_late_credit_starts_no_order(desk):
    assert orders(desk, "a,2024-01-01,10,1", "a,2024-05-01,-4,1") == {"a": 1}
    assert told(desk) == []


def test_the_span_is_a_setting(desk):
    rows = ["a,2024-01-01,10,1", "a,2024-01-08,10,1"]
    assert orders(desk, *rows, text=TEXT + "  order_number_days: 6\n") == {"a": 2}


def test_numbers_of_numbers_are_told_apart_as_well(desk):
    table = pd.DataFrame({"customer": [7, 7, 7], "amount": [1.0, 2.0, 3.0], "order": [1, 1, 2]})
    table["day"] = pd.to_datetime(["2024-01-01", "2025-01-01", "2025-01-02"])
    table.to_parquet(desk.folder / "orders.parquet")
    desk.settings(TEXT.replace("orders.csv", "orders.parquet"))
    customers = pd.read_parquet(desk.run() / "tables" / "customers.parquet")
    assert customers["orders"].tolist() == [3]


def expected_orders(days):
    """Orders of one number by its days of sale."""
    count, first = 0, None
    for day in sorted(days):
        if first is None or day - first > 31:
            count, first = count + 1, day
    return count


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("12"), st.integers(0, 400)),
        min_size=50,
        max_size=120,
    )
)
@examples(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_days_are_told_apart_as_the_rule_says(desk, rows):
    found = orders(desk, *(f"{c},{START + dt.timedelta(day)},5,{number}" for c, number, day in rows))
    wanted = {}
    for (customer, _), group in groupby(sorted(rows), key=lambda row: row[:2]):
        wanted[customer] = wanted.get(customer, 0) + expected_orders([day for *_, day in group])
    assert found == wanted
