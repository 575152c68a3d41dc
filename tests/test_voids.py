"""A sale that is taken back at once is neither a purchase nor a return; a true return is."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from customer_value.config import load_settings
from customer_value.contract import read_orders
from customer_value.engines import Engine
from customer_value.errors import InputError

LINES = """\
currency: EUR
as_of: 2024-12-31
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: at, amount: amount, order_id: order, product_id: product}
"""
BARE = LINES.replace(", order_id: order, product_id: product", "")
ORDERS = LINES.replace(", product_id: product", "")
HEADER = "customer,at,amount,order,product"


def figures(desk, *rows, text=LINES, header=HEADER):
    """The customer table of some rows by customer."""
    desk.settings(text).orders(*rows, header=header)
    return pd.read_parquet(desk.run() / "tables" / "customers.parquet").set_index("customer_id")


def voids(desk, *rows, text=LINES, header=HEADER):
    """How many rows are void."""
    desk.settings(text).orders(*rows, header=header)
    return sum(line.rows for line in desk.check().ledger.of("orders", "note") if line.reason == "void")


def test_an_order_taken_back_the_same_day_is_no_purchase_and_no_return(desk):
    found = figures(
        desk,
        "a,2024-01-05 09:00,5.00,1,x",
        "a,2024-03-01 10:00,80.00,2,y",
        "a,2024-03-01 10:12,-80.00,C2,y",
        "b,2024-03-01 10:00,70.00,3,y",
        "b,2024-03-01 10:16,-70.00,C3,y",
    )
    columns = ["orders", "purchase_days", "gross", "returns", "net_revenue"]
    assert found[columns].to_numpy().tolist() == [[1, 1, 5, 0, 5], [0, 0, 0, 0, 0]]
    assert found.loc["a", "last_order"] == dt.date(2024, 1, 5)
    notes = [line for line in desk.check().ledger.of("orders", "note") if line.reason == "void"]
    assert [(line.rows, line.amount) for line in notes] == [(4, Decimal(150))]
    assert "EUR 150 was sold and taken back on the same day" in notes[0].detail


@pytest.mark.parametrize(("sold", "back", "rows"), [("10:00", "10:12", 2), ("10:12", "10:00", 0)])
def test_times_with_an_offset_count_as_they_are_written(desk, sold, back, rows):
    offset = "-05:00"
    found = voids(
        desk,
        f"a,2024-03-01T{sold}:00{offset},80.00,2,y",
        f"a,2024-03-01T{back}:00{offset},-80.00,C2,y",
        f"b,2024-03-02T{sold}:00{offset},5.00,3,y",
        text=LINES.replace("as_of", "timezone: as written\nas_of"),
    )
    assert found == rows


@pytest.mark.parametrize(
    "credit",
    [
        "a,2024-03-02 10:00,-80.00,C,y",
        "a,2024-03-01 09:59,-80.00,C,y",
        "a,2024-03-01 11:00,-79.99,C,y",
        "a,2024-03-01 11:00,-80.00,C,z",
        "b,2024-03-01 11:00,-80.00,C,y",
    ],
)
def test_another_day_an_earlier_hour_a_part_another_product_or_customer_is_a_return(desk, credit):
    assert voids(desk, "a,2024-03-01 10:00,80.00,1,y", credit) == 0


@pytest.mark.parametrize("time", ["2024-03-01", "2024-03-01 10:00"])
def test_without_times_or_at_the_same_instant_the_sale_comes_first(desk, time):
    assert voids(desk, f"a,{time},-80.00,C,y", f"a,{time},80.00,1,y") == 2


def test_the_setting_tells_within_how_many_days(desk):
    rows = ["a,2024-03-01,80.00,1,y", "a,2024-03-04,-80.00,C,y"]
    assert [voids(desk, *rows, text=LINES + f"  void_days: {days}\n") for days in (0, 2, 3)] == [0, 0, 2]


def test_each_credit_takes_the_latest_sale_that_is_still_free(desk):
    rows = ["a,2024-03-01,80.00,1,y", "a,2024-03-03,80.00,2,y", "a,2024-03-04,-80.00,C,y"]
    found = figures(desk, *rows, text=LINES + "  void_days: 7\n")
    assert found.loc["a", "last_order"] == dt.date(2024, 3, 1)
    again = figures(desk, *rows, "a,2024-03-05,-80.00,C,y", text=LINES + "  void_days: 7\n")
    assert again.loc["a", "purchase_days"] == 0


def test_without_products_a_credit_needs_the_order_or_the_only_such_amount_of_the_day(desk):
    two = ["a,2024-03-01,80.00,1", "a,2024-03-01,80.00,2"]
    header = "customer,at,amount,order"
    assert voids(desk, two[0], "a,2024-03-01,-80.00,C", text=ORDERS, header=header) == 2
    assert voids(desk, *two, "a,2024-03-01,-80.00,C", text=ORDERS, header=header) == 0
    assert voids(desk, *two, "a,2024-03-01,-80.00,2", text=ORDERS, header=header) == 2
    assert voids(desk, *two, "a,2024-03-01,-80.00,1", text=BARE, header=header) == 0


def test_a_blank_product_is_like_none(desk):
    rows = ["a,2024-03-01,80.00,1,", "a,2024-03-01,80.00,2,y", "a,2024-03-01,-80.00,3,"]
    assert voids(desk, *rows) == 0
    assert voids(desk, rows[0], rows[2]) == 2


def test_dropped_returns_are_the_true_ones(desk):
    rows = [
        "a,2024-03-01,80.00,1,y",
        "a,2024-03-01,-80.00,C,y",
        "a,2024-03-02,-9.00,C,y",
        "a,2024-04-01,9.00,2,y",
    ]
    found = figures(desk, *rows, text=LINES + "  returns: drop\n")
    assert desk.ledger() == {"read": 4, "kept": 3, "return dropped": 1}
    assert found[["gross", "returns", "purchase_days"]].to_numpy().tolist() == [[9, 0, 1]]
    with pytest.raises(InputError, match="a return or credit"):
        figures(desk, *rows, text=LINES + "  returns: error\n")
    assert voids(desk, *rows[:2], rows[3], text=LINES + "  returns: error\n") == 2


def test_free_orders_that_count_do_not_bring_a_void_one_back(desk):
    rows = ["a,2024-03-01,80.00,1,y", "a,2024-03-01,-80.00,C,y", "a,2024-05-01,0.00,2,y"]
    found = figures(desk, *rows, text=LINES + "  free_orders: count\n")
    assert (found.loc["a", "orders"], found.loc["a", "purchase_days"]) == (1, 1)


def test_product_years_leave_void_lines_out(desk):
    figures(desk, "a,2024-03-01,80.00,1,y", "a,2024-03-01,-80.00,C,y", "a,2024-05-01,3.00,2,z")
    years = pd.read_parquet(desk.folder / "run" / "tables" / "customer_product_years.parquet")
    assert years[["product_id", "lines", "net_revenue"]].to_numpy().tolist() == [["z", 1, 3.0]]


CUSTOMERS = "abcdefgh"
"""Each is a case of its own: a file read once holds many."""

ROW = st.tuples(
    st.sampled_from(CUSTOMERS),
    st.integers(1, 6),
    st.sampled_from(["", " 09:00", " 10:00:01", " 10:00:02"]),
    st.sampled_from([10, 10, -10, -10, 20, -20, 0]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["x", "x", "y"]),
)


def expected_voids(rows, days):
    """The rule as it is told: each credit, in order of time, takes the latest sale that is free."""
    whole = {"": (-1, 99), " 09:00": (9, 9), " 10:00:01": (10.1, 10.1), " 10:00:02": (10.2, 10.2)}
    events = sorted(
        (day, whole[time][amount < 0], amount < 0, n) for n, (_, day, time, amount, *_) in enumerate(rows)
    )
    free, void = [], 0
    for day, _, is_credit, n in events:
        customer, _, _, amount, _, product = rows[n]
        if not is_credit:
            free.append((day, n))
            continue
        same = (customer, -amount, product)
        fits = [(d, m) for d, m in free if (rows[m][0], rows[m][3], rows[m][5]) == same and day - d <= days]
        if amount and fits:
            free.remove(fits[-1])
            void += 2
    return void


@pytest.mark.parametrize("days", [0, 1, 3])
@given(st.lists(ROW, min_size=40, max_size=120))
@examples(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_are_matched_as_the_rule_says_whatever_their_order(desk, days, rows):
    text = LINES + f"  void_days: {days}\n"
    lines = [
        f"{c},2024-03-0{day}{time},{amount}.00,{order},{product}"
        for c, day, time, amount, order, product in rows
    ]
    lines.append("z,2024-03-01 08:00,1.00,1,x")
    found = order_rows(desk, *lines, text=text)
    assert found[0] == expected_voids(rows, days)
    assert found == order_rows(desk, *reversed(lines), text=text)


def order_rows(desk, *lines, text):
    """How many rows are void, and the kept rows with what is void, sorted."""
    desk.settings(text).orders(*lines, header=HEADER)
    settings = load_settings(desk.config)
    with Engine(settings.engine, desk.folder) as engine:
        orders = read_orders(settings, desk.folder, engine, desk.folder)
        rows, notes = orders.rows, orders.ledger.of("orders", "note")
        void = sum(line.rows for line in notes if line.reason == "void")
        assert "_time" not in rows.columns
        if "_void" not in rows.columns:
            return void, None
        assert rows.amount.sum(where=rows["_void"]).to_pyarrow().as_py() == 0
        found = rows.select("customer_id", "order_date", "amount", "order_id", "product_id", "_void", "_hash")
        found = found.to_pyarrow().to_pylist()
        assert sum(row["_void"] for row in found) == void
        return void, sorted(map(str, found))


def test_customers_know_gross_less_returns(desk):
    found = figures(desk, *(f"a,2024-03-0{n},{amount},1,y" for n, amount in enumerate((5, -5, 7, -7, -7), 1)))
    assert found["gross"].iloc[0] - found["returns"].iloc[0] == found["net_revenue"].iloc[0] == -7
