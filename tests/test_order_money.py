"""Totals of orders, refunds, credits, repeated headings: what counts, and where it stands in the ledger."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_value import data_load
from customer_value.errors import ConfigError, InputError
from customer_value.workbook import open_workbook
from text_kit import said

SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {{customer_id: customer, order_date: date, amount: total, order_id: order{more}}}
{rules}"""
HEADER = "order,customer,date,total,status,refund"


def desk_with(desk, rules="", more=""):
    return desk.settings(
        SETTINGS.format(more=more, rules="".join(f"  {rule}\n" for rule in rules.split("\n")))
    )


def money(desk):
    """Amount of the orders by status or reason of exclusion."""
    lines = [line for line in desk.check().ledger.of("orders") if line.status != "note"]
    return {line.reason or line.status: line.amount for line in lines}


def test_a_total_on_each_line_counts_once(desk):
    desk_with(desk, "amount_is: order_on_each_line")
    desk.orders(
        "1,a,2024-01-01,30,,", "1,a,2024-01-01,30,,", "2,b,2024-01-02,5,,", ",b,2024-01-02,7,,", header=HEADER
    )
    assert desk.ledger() == {"read": 4, "kept": 4}
    assert money(desk) == {"read": 42, "kept": 42}


def test_a_number_used_again_next_year_is_another_order(desk):
    desk_with(desk, "amount_is: order_on_each_line")
    desk.orders("1,a,2023-01-01,30,,", "1,a,2023-01-20,30,,", "1,a,2024-01-01,30,,", header=HEADER)
    desk.settings(desk.config.read_text() + "as_of: 2024-01-01\n")
    assert money(desk)["kept"] == 60


def test_a_total_stays_with_a_line_that_is_kept(desk):
    desk_with(desk, "amount_is: order_on_each_line\nexclude: [{reason: fee, column: status, is: fee}]")
    desk.orders("1,a,2024-01-01,30,fee,", "1,a,2024-01-01,30,,", header=HEADER)
    assert money(desk) == {"read": 30, "kept": 30, "fee": 0}


def test_totals_that_disagree_in_a_few_orders_are_said_and_in_many_refused(desk):
    desk_with(desk, "amount_is: order_on_each_line")
    same = [f"{order},a,2024-01-{order % 28 + 1:02d},10,," for order in range(30) for _ in "xx"]
    desk.orders(*same, "x,a,2024-01-01,-30,,", "x,a,2024-01-01,5,,", header=HEADER)
    assert money(desk)["kept"] == 270
    assert any(
        "1 of 31 orders with several lines has different totals" in text for text in desk.check().warnings
    )
    desk.orders(*(f"{order},a,2024-01-01,{line},," for order in range(9) for line in (1, 2)), header=HEADER)
    with pytest.raises(InputError, match=r"9 of 9 orders .* for instance order '0'.*Set amount_is: row"):
        desk.check()


def test_a_total_on_the_first_line_leaves_the_others_readable(desk):
    rules = (
        "amount_is: order_on_first_line\nmax_unread: 1\nexclude: [{reason: void, column: status, is: void}]"
    )
    desk_with(desk, rules, more=", currency: money")
    desk.orders(
        "1,a,2024-01-01,30,paid,EUR", "1,,,,,", "2,b,2024-01-02,9,void,EUR", "2,b,,,,", "3,c,2024-01-02,much,,EUR",
        "3,c,,,,", header="order,customer,date,total,status,money",
    )  # fmt: skip
    assert desk.ledger() == {"read": 6, "kept": 2, "void": 2, "unreadable amount": 1, "blank amount": 1}
    assert money(desk)["kept"] == 30


def test_a_first_line_setting_on_repeated_totals_is_refused(desk):
    desk_with(desk, "amount_is: order_on_first_line")
    desk.orders(*(f"{order},a,2024-01-01,5,," for order in range(9) for _ in "xx"), header=HEADER)
    with pytest.raises(InputError, match="order_on_each_line if the order's total is repeated"):
        desk.check()


def test_money_given_back_becomes_a_return_of_its_own(desk):
    desk_with(
        desk, "max_unread: 1\nexclude: [{reason: void, column: status, is: void}]", more=", refund: refund"
    )
    desk.orders("1,a,2024-01-01,30,,-10", "2,b,2024-01-02,9,void,9", "3,b,2024-01-02,9,,", "4,b,2024-01-02,9,,x",
                header=HEADER)  # fmt: skip
    assert desk.ledger() == {"read": 4, "money given back": 1, "kept": 3, "void": 1, "unreadable amount": 1}
    assert money(desk) == {"read": 48, "money given back": -10, "kept": 29, "void": 9, "unreadable amount": 0}
    rows = desk.run() / "tables" / "customers.csv"
    assert "a,2024-01-01,2024-01-01,1,1,30.0,10.0,20.0" in rows.read_text()


def test_the_page_of_the_data_counts_rows_that_were_read(desk):
    desk_with(desk, "exclude: [{reason: void, column: status, is: void}]", more=", refund: refund")
    desk.orders("1,a,2024-01-01,30,,10", "2,b,2024-01-02,9,void,9", header=HEADER)
    result = data_load.overview_of(open_workbook(desk.config))
    assert said(result.findings[0]).startswith("1 of 2 order rows are analysed (50%), EUR 20.00 in total")
    assert result.facts["data.rows_added"] == 1


def test_a_refund_repeated_on_each_line_counts_once(desk):
    desk_with(desk, "amount_is: order_on_each_line", more=", refund: refund")
    desk.orders("1,a,2024-01-01,30,,10", "1,a,2024-01-01,30,,10", header=HEADER)
    assert money(desk) == {"read": 30, "money given back": -10, "kept": 20}


def test_refunds_are_dropped_or_refused_like_other_returns(desk):
    desk_with(desk, "returns: drop", more=", refund: refund")
    desk.orders("1,a,2024-01-01,30,,10", header=HEADER)
    assert money(desk) == {"read": 30, "money given back": -10, "kept": 30, "return dropped": -10}
    desk_with(desk, "returns: error", more=", refund: refund")
    with pytest.raises(InputError, match=r"row 2, column 'refund'.*returns: error"):
        desk.check()


def test_money_off_is_taken_from_the_amount(desk):
    desk_with(desk, "max_unread: 1", more=", deduct: refund")
    desk.orders("1,a,2024-01-01,30,,5", "2,b,2024-01-02,9,,-4", "3,b,2024-01-03,-9,,4", "4,b,2024-01-02,9,,",
                "5,b,2024-01-02,9,,?", header=HEADER)  # fmt: skip
    assert money(desk) == {"read": 34, "kept": 34, "unreadable amount": 0}


def test_credits_are_negative_whatever_their_sign(desk):
    desk_with(desk, "credits: [{column: status, is: [Credit Memo]}]", more=", cost: refund")
    desk.orders("1,a,2024-01-01,30,Invoice,5", "2,a,2024-01-02,10,Credit Memo,2", "3,a,2024-01-03,-4,Credit Memo,-1",
                header=HEADER)  # fmt: skip
    rows = desk.run() / "tables" / "customers.csv"
    assert money(desk)["kept"] == 16
    assert "30.0,14.0,16.0,14.0" in rows.read_text()  # gross, returns, net revenue, margin


def test_repeated_headings_are_no_orders(desk):
    desk_with(desk)
    desk.orders("1,a,2024-01-01,30,,", HEADER, "2,order,2024-01-02,9,,", header=HEADER)
    assert desk.ledger() == {"read": 3, "kept": 2, "repeated heading": 1}


def test_duplicates_of_an_order_leave_its_money(desk):
    desk_with(desk, "amount_is: order_on_each_line\ndrop_duplicates: true")
    desk.orders("1,a,2024-01-01,30,,", "1,a,2024-01-01,30,,", header=HEADER)
    assert money(desk) == {"read": 30, "kept": 30, "exact duplicate": 0}


def test_rows_that_are_no_orders_are_told_before_anything_else(desk):
    desk_with(desk, "exclude: [{reason: total, column: order, is: Total, no_order: true}]")
    desk.orders("1,a,2024-01-01,30,,", "Total,,,30,,", ",,,5,,", header=HEADER)
    assert desk.ledger() == {"read": 3, "kept": 1, "total": 1, "no customer id": 1}


@pytest.mark.parametrize("more", ["amount_is: order_on_each_line", "amount_is: order_on_first_line"])
def test_totals_need_an_order_number(desk, more):
    desk.settings(SETTINGS.format(more="", rules=f"  {more}\n").replace(", order_id: order", ""))
    with pytest.raises(ConfigError, match=r"needs columns.amount and columns.order_id"):
        desk.check()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(-500, 500), st.integers(0, 90)),
        min_size=20,
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_each_order_counts_once_in_any_order_of_rows(desk, orders, random):
    """customer, lines, cents and cents given back of each order."""
    lines = [
        f"O{number},c{customer},2024-01-0{number % 9 + 1},{cents / 100:.2f},,{back / 100:.2f}"
        for number, (customer, count, cents, back) in enumerate(orders)
        for _ in range(count)
    ]
    random.shuffle(lines)
    desk_with(desk, "amount_is: order_on_each_line", more=", refund: refund").orders(*lines, header=HEADER)
    total, back = (sum(order[place] for order in orders) for place in (2, 3))
    ledger = desk.check().ledger
    assert ledger.amount("orders", "read") == Decimal(total) / 100
    assert ledger.amount("orders", "kept") == Decimal(total - back) / 100


def test_a_column_of_refunds_without_any_adds_no_line(desk):
    desk_with(desk, more=", refund: refund")
    desk.orders("1,a,2024-01-01,30,,0", "2,b,2024-01-02,9,,", header=HEADER)
    assert desk.ledger() == {"read": 2, "kept": 2}
