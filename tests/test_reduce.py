"""Orders become customers: hand-computed tables, and what must hold for any orders."""

import datetime as dt
import math

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import reduce

DAY = dt.date


def order_rows(records, **types):
    """Order rows as the contract leaves them: dates and DECIMAL money."""
    frame = pd.DataFrame(records)
    money = {name: "decimal(18, 4)" for name in ("amount", "cost", "quantity", "discount") if name in frame}
    table = ibis.memtable(frame)
    return table.mutate(
        order_date=table.order_date.cast("date"),
        **{name: table[name].cast(kind) for name, kind in money.items()},
    )


def one_customer(records, as_of, order="row", window=None):
    rows = order_rows([{"customer_id": "a", **record} for record in records])
    return reduce.customers_at(reduce.customer_days(rows, order), as_of, window).execute().iloc[0]


HISTORY = [
    {"order_date": DAY(2024, 1, 1), "amount": 100.0, "order_id": "1"},
    {"order_date": DAY(2024, 1, 1), "amount": 50.0, "order_id": "1"},
    {"order_date": DAY(2024, 1, 1), "amount": 10.0, "order_id": "2"},
    {"order_date": DAY(2024, 1, 11), "amount": 30.0, "order_id": "3"},
    {"order_date": DAY(2024, 1, 11), "amount": -5.0, "order_id": "3"},
    {"order_date": DAY(2024, 1, 20), "amount": -20.0, "order_id": "C3"},
    {"order_date": DAY(2024, 2, 10), "amount": 80.0, "order_id": "4"},
]


def test_a_history_by_hand():
    row = one_customer(HISTORY, DAY(2024, 3, 1))
    assert row["orders"] == 4
    assert row["purchase_days"] == 3
    assert (row["gross"], row["returns"], row["net_revenue"]) == (270.0, 25.0, 245.0)
    assert (row["frequency"], row["recency"], row["T"]) == (2, 40, 60)
    assert row["monetary_value"] == pytest.approx((30 + 80) / 2)
    assert (row["gap_mean"], row["last_gap"]) == (20.0, 30)
    assert row["gap_std"] == pytest.approx(math.sqrt(200))
    assert row["gap_log_mean"] == pytest.approx((math.log(10) + math.log(30)) / 2, abs=1e-8)


def test_an_earlier_date_sees_only_what_had_happened():
    row = one_customer(HISTORY, DAY(2024, 1, 15))
    assert (row["orders"], row["frequency"], row["recency"], row["T"]) == (3, 1, 10, 14)
    assert row["net_revenue"] == 185.0
    assert math.isnan(row["gap_std"])


def test_the_window_counts_days_after_its_start():
    row = one_customer(HISTORY, DAY(2024, 3, 1), window=DAY(2024, 1, 11))
    assert (row["window_orders"], row["window_gross"], row["window_net_revenue"]) == (1, 80.0, 60.0)


def test_the_day_of_a_credit_changes_no_money_per_purchase():
    sales = [{"order_date": DAY(2024, 1, day), "amount": 100.0} for day in (1, 9, 20)]
    for day in (9, 15, 31):
        row = one_customer([*sales, {"order_date": DAY(2024, 1, day), "amount": -60.0}], DAY(2024, 2, 1))
        assert (row["monetary_value"], row["net_revenue"], row["frequency"]) == (100.0, 240.0, 2)


def test_returns_alone_are_money_but_no_purchase():
    row = one_customer([{"order_date": DAY(2024, 1, 5), "amount": -9.0}], DAY(2024, 2, 1))
    assert (row["net_revenue"], row["returns"], row["orders"], row["purchase_days"]) == (-9.0, 9.0, 0, 0)
    assert row[["first_order", "last_order", "frequency", "recency", "T", "monetary_value"]].isna().all()


def test_a_return_never_changes_frequency_or_recency():
    with_return = one_customer(HISTORY, DAY(2024, 3, 1))
    without = one_customer([r for r in HISTORY if r["amount"] > 0], DAY(2024, 3, 1))
    columns = ["frequency", "recency", "T", "orders", "gross"]
    assert list(with_return[columns]) == list(without[columns])


def test_a_day_whose_returns_exceed_its_sales_is_still_a_purchase_day():
    records = [
        {"order_date": DAY(2024, 1, 1), "amount": 10.0},
        {"order_date": DAY(2024, 1, 2), "amount": 5.0},
        {"order_date": DAY(2024, 1, 2), "amount": -50.0},
    ]
    row = one_customer(records, DAY(2024, 1, 3))
    assert (row["frequency"], row["monetary_value"], row["net_revenue"]) == (1, 5.0, -35.0)


def test_without_order_ids_a_row_or_a_day_is_an_order():
    records = [{"order_date": DAY(2024, 1, 1), "amount": 1.0}] * 3
    assert one_customer(records, DAY(2024, 1, 1), "row")["orders"] == 3
    assert one_customer(records, DAY(2024, 1, 1), "day")["orders"] == 1


def test_an_order_over_two_days_counts_once():
    records = [
        {"order_date": DAY(2024, 1, 1), "amount": 1.0, "order_id": "x"},
        {"order_date": DAY(2024, 1, 2), "amount": 1.0, "order_id": "x"},
    ]
    row = one_customer(records, DAY(2024, 1, 2))
    assert (row["orders"], row["purchase_days"]) == (1, 2)


def test_an_order_for_nothing_counts_only_on_request():
    records = [
        {"order_date": DAY(2024, 1, 1), "amount": 0.0, "order_id": "x"},
        {"order_date": DAY(2024, 1, 5), "amount": 9.0, "order_id": "y"},
    ]
    rows = order_rows([{"customer_id": "a", **record} for record in records])

    def counted(free_orders):
        days = reduce.customer_days(rows, None, free_orders)
        row = reduce.customers_at(days, DAY(2024, 1, 6)).execute().iloc[0]
        return row["orders"], row["frequency"], row["T"], row["net_revenue"]

    assert counted("ignore") == (1, 0, 1, 9.0)
    assert counted("count") == (2, 1, 5, 9.0)


def test_margin_is_amount_less_cost():
    records = [
        {"order_date": DAY(2024, 1, 1), "amount": 10.0, "cost": 4.0},
        {"order_date": DAY(2024, 1, 9), "amount": 20.0, "cost": 25.0},
        {"order_date": DAY(2024, 1, 9), "amount": -10.0, "cost": -4.0},
    ]
    row = one_customer(records, DAY(2024, 1, 9))
    assert (row["margin"], row["monetary_value"]) == (-5.0, 20.0)


def test_months_weeks_products_and_patterns():
    rows = order_rows(
        [
            {
                "customer_id": c,
                "order_date": d,
                "amount": a,
                "product_id": p,
                "quantity": 2.0,
                "discount": 0.1,
            }
            for c, d, a, p in [
                ("a", DAY(2024, 1, 1), 10.0, "p"),
                ("a", DAY(2024, 1, 10), 20.0, "q"),
                ("a", DAY(2024, 2, 1), -5.0, "q"),
                ("b", DAY(2024, 1, 10), 30.0, "p"),
            ]
        ]
    )
    days = reduce.customer_days(rows, "day")
    as_of = DAY(2024, 2, 1)
    months = reduce.customer_months(days, as_of).execute()
    assert list(months["net_revenue"]) == [30.0, -5.0, 30.0]
    assert list(months["purchase_days"]) == [2, 0, 1]
    weeks = reduce.weekly_purchases(days, DAY(2024, 1, 1), as_of).execute()
    assert [str(w)[:10] for w in weeks["week"]] == ["2024-01-01", "2024-01-08", "2024-01-08"]
    assert [str(w)[:10] for w in weeks["acquired_week"]] == ["2024-01-01", "2024-01-01", "2024-01-08"]
    years = reduce.customer_product_years(rows, as_of).execute()
    assert list(years["net_revenue"]) == [10.0, 15.0, 30.0]
    prices = reduce.customer_product_prices(rows, as_of).execute()
    assert list(prices["lines"]) == [1, 1, 1]
    assert prices["log_quantity_sum"].iloc[0] == pytest.approx(math.log(2), abs=1e-8)
    customers = reduce.customers_at(days, as_of).mutate(as_of=ibis.literal(as_of))
    patterns = reduce.purchase_patterns(customers).execute()
    assert list(zip(patterns["frequency"], patterns["T"], patterns["customers"], strict=True)) == [
        (0, 22, 1),
        (1, 31, 1),
    ]


orders = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.integers(0, 40),
        st.integers(-2_000, 5_000),
        st.sampled_from("123456"),
    ),
    min_size=1,
    max_size=60,
)


@given(orders)
@settings(max_examples=7, deadline=None)
def test_any_orders_keep_their_money_and_their_sense(records):
    def customers(items):
        rows = order_rows(
            [
                {
                    "customer_id": c,
                    "order_date": DAY(2024, 1, 1) + dt.timedelta(d),
                    "amount": a / 100,
                    "order_id": o,
                }
                for c, d, a, o in items
            ]
        )
        return reduce.customers_at(reduce.customer_days(rows, None), DAY(2024, 3, 1)).execute()

    table = customers(records)
    assert table["net_revenue"].sum() == pytest.approx(sum(a for _, _, a, _ in records) / 100)
    bought = table[table["purchase_days"] > 0]
    assert (bought["recency"] <= bought["T"]).all()
    assert (bought["frequency"] == bought["purchase_days"] - 1).all()
    assert ((bought["recency"] > 0) == (bought["frequency"] > 0)).all()
    pd.testing.assert_frame_equal(table, customers(records[::-1]))
