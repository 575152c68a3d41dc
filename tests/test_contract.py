"""Every row read ends in one ledger line, and the money adds up."""

import datetime as dt
from decimal import Decimal

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_value.config import load_settings
from customer_value.contract import read_orders
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.ledger import Ledger, LedgerLine
from customer_value.reduction.survey import survey_of

MORE = {
    "as_of": "as_of: 2024-01-31\n",
    "drop": "  returns: drop\n",
    "error": "  returns: error\n",
    "duplicates": "  drop_duplicates: true\n",
    "unread": "  max_unread: 1\n",
}


def extended(desk, text):
    return desk.settings(desk.config.read_text() + text)


def test_good_rows_are_kept(desk):
    desk.orders("a,2024-01-01,10.50", "b,2024-01-02,-3.25")
    inputs = desk.check()
    assert inputs.ledger.amount("orders", "kept") == Decimal("7.25")
    assert inputs.orders.as_of == dt.date(2024, 1, 2)
    assert desk.ledger() == {"read": 2, "kept": 2}


def test_each_bad_row_has_its_reason(desk):
    extended(desk, MORE["unread"] + MORE["as_of"]).orders(
        "a,2024-01-01,1.00",
        ",2024-01-01,2.00",
        "  ,2024-01-01,2.50",
        "a,someday,3.00",
        "a,2024-01-02,",
        "a,2024-01-02,much",
        "a,2024-02-01,5.00",
    )
    assert desk.ledger() == {
        "read": 7,
        "kept": 1,
        "no customer id": 2,
        "unreadable date": 1,
        "blank amount": 1,
        "unreadable amount": 1,
        "date after as_of": 1,
    }
    inputs = desk.check()
    assert inputs.ledger.amount("orders", "read") == Decimal("13.50")
    assert inputs.ledger.amount("orders", "excluded") == Decimal("12.50")


def test_the_first_reason_that_applies_names_the_row(desk):
    desk.orders("a,2024-01-01,1.00", ",someday,much")
    assert desk.ledger()["no customer id"] == 1


def test_exclusions_of_the_settings_have_their_own_lines(desk):
    rules = (
        "  exclude:\n"
        "    - {reason: service code, column: product, is: [POST, M]}\n"
        "    - {reason: bad-debt adjustment, column: invoice, starts_with: A}\n"
        "    - {column: country, is_not: DE}\n"
        "    - {reason: tiny, column: amount, below: 1}\n"
    )
    extended(desk, rules).orders(
        "a,2024-01-01,10.00,x,1,DE",
        "a,2024-01-01,10.00,POST,2,DE",
        "a,2024-01-01,10.00,x,A3,DE",
        "a,2024-01-01,10.00,x,4,FR",
        "a,2024-01-01,10.00,x,5,",
        "a,2024-01-01,0.50,x,6,DE",
        header="customer,date,amount,product,invoice,country",
    )
    assert desk.ledger() == {
        "read": 6,
        "kept": 1,
        "bad-debt adjustment": 1,
        "filtered out": 2,
        "service code": 1,
        "tiny": 1,
    }


def test_an_exclusion_that_leaves_out_nothing_is_said(desk):
    extended(desk, "  exclude:\n    - {reason: service code, column: customer, is: POST}\n").orders(
        "a,2024-01-01,1.00"
    )
    assert desk.ledger() == {"read": 1, "kept": 1, "service code": 0}
    assert "The exclusion 'service code' leaves out no row" in desk.check().warnings[0]


def test_a_setting_that_makes_most_values_unreadable_stops_the_run(desk):
    rows = [f"a,2024-01-{day:02d},12.50" for day in range(1, 31)]
    extended(desk, "  decimal: ','\n").orders(*rows, "a,2024-01-12,7")
    with pytest.raises(
        InputError,
        match=r"orders.csv, row 2, column 'amount': '12.50' cannot be read as an amount .* 30 of 31 rows \(97%\) would "
        r"be lost. Check decimal in the settings, or the column; .*set max_unread: 0.97 under orders",
    ):
        desk.check()


def test_blank_amounts_are_counted_and_do_not_stop_the_run(desk):
    desk.orders("a,2024-01-01,1.00", *["a,2024-01-02,"] * 9)
    assert desk.ledger()["blank amount"] == 9
    assert "9 rows with a customer have no amount" in desk.check().warnings[0]


def test_values_that_cannot_be_read_stop_the_run_above_the_accepted_share(desk):
    rows = [f"a,2024-01-{day:02d},1.00" for day in range(1, 20)]
    desk.orders(*rows, "a,2024-01-20,much")
    assert desk.ledger()["unreadable amount"] == 1
    assert desk.check().warnings[0] == (
        "1 row has an amount that cannot be read, such as 'much' (orders.csv, row 21, column 'amount'); the ledger "
        "counts them and the figures leave them out."
    )
    desk.orders(*rows, "a,2024-01-20,much", "a,2024-01-21,more")
    with pytest.raises(
        InputError, match=r"row 21, column 'amount': 'much' .* 2 of 21 rows \(10%\) would be lost"
    ):
        desk.check()
    extended(desk, "  max_unread: 0.1\n")
    assert desk.ledger()["unreadable amount"] == 2


def test_a_date_that_cannot_be_read_loses_money_that_is_known(desk):
    rows = [f"a,2024-01-{day:02d},1.00" for day in range(1, 31)]
    desk.orders(*rows, "a,someday,1.50")
    assert "cannot be read, such as 'someday' (orders.csv, row 32, column 'date')" in desk.check().warnings[0]
    assert desk.check().warnings[0].endswith("with EUR 1.50 on them.")
    desk.orders(*rows, "a,someday,10.00")
    with pytest.raises(InputError, match=r"'someday' .* 1 of 31 rows \(3.2%, worth EUR 10.00, 25%\)"):
        desk.check()


def test_blank_dates_of_footers_and_customers_do_not_stop_the_run(desk):
    desk.orders("a,2024-01-01,1.00", "a,,99.00", ",,100.00", "Total,,")
    assert desk.ledger() == {"read": 4, "kept": 1, "no customer id": 1, "blank date": 2}
    assert "2 rows with a customer have no date" in desk.check().warnings[1]
    assert "EUR 99.00 on them" in desk.check().warnings[1]


def test_an_as_of_before_the_first_order_is_what_the_message_names(desk):
    extended(desk, "as_of: 2020-01-01\n").orders("a,2024-01-01,1.00")
    with pytest.raises(InputError, match="Check as_of in the settings"):
        desk.check()


def test_returns_are_netted_dropped_or_refused(desk):
    desk.orders("a,2024-01-01,10.00", "a,2024-01-02,-4.00")
    assert desk.check().ledger.amount("orders", "kept") == Decimal("6.00")
    before = desk.config.read_text()
    desk.settings(before + MORE["drop"])
    assert desk.ledger()["return dropped"] == 1
    desk.settings(before + MORE["error"])
    with pytest.raises(InputError, match=r"orders.csv, row 3, column 'amount': a return or credit \(-4.00\)"):
        desk.check()


def test_exact_copies_are_reported_and_dropped_on_request(desk):
    desk.orders(*["a,2024-01-01,10.00"] * 3, "b,2024-01-01,10.00")
    assert desk.ledger()["kept"] == 4
    assert "2 rows are an exact copy" in desk.check().warnings[0]
    assert "EUR 20.00" in desk.check().warnings[0]
    extended(desk, MORE["duplicates"])
    assert desk.ledger() == {"read": 4, "kept": 2, "exact duplicate": 2}


def test_overlapping_files_are_named_and_can_be_mended(desk):
    block = ["a,2024-01-30,1.00", "a,2024-01-30,1.00", "b,2024-01-31,2.00"]
    header = "customer,date,amount"
    desk.file("o-1.csv", "\n".join([header, "c,2024-01-01,9.00", *block]) + "\n")
    desk.file("o-2.csv", "\n".join([header, *block, "c,2024-02-09,9.00"]) + "\n")
    desk.settings(desk.config.read_text().replace("orders.csv", "o-*.csv"))
    assert any("o-1.csv and o-2.csv overlap: they share 3 identical rows" in w for w in desk.check().warnings)
    extended(desk, "  drop_duplicates: across_files\n")
    assert desk.ledger() == {"read": 8, "kept": 5, "same row in another file": 3}


def test_files_that_meet_but_do_not_overlap_are_not_accused(desk):
    desk.file("o-1.csv", "customer,date,amount\na,2024-01-30,1.00\n")
    desk.file("o-2.csv", "customer,date,amount\na,2024-01-31,1.00\n")
    desk.settings(desk.config.read_text().replace("orders.csv", "o-*.csv"))
    assert desk.check().warnings == ()


def test_blank_ids_above_one_percent_of_the_money_are_a_warning(desk):
    desk.orders("a,2024-01-01,98.00", ",2024-01-01,2.00")
    assert "1 row has no customer id" in desk.check().warnings[0]
    assert "2.0% of all" in desk.check().warnings[0]
    desk.orders("a,2024-01-01,995.00", ",2024-01-01,5.00")
    assert desk.check().warnings == ()


def test_a_share_is_told_of_a_total_that_it_is_a_part_of(desk):
    desk.orders("a,2024-01-05,10.00", ",2024-01-05,-80.00")
    warning = desk.check().warnings[0]
    assert "assigned to anyone: −EUR 80.00. Every figure" in warning


def test_a_last_date_that_stands_alone_is_an_error_that_names_its_row(desk):
    desk.orders("a,2024-01-01,1.00", "b,2042-01-02,1.00", "a,2024-01-03,1.00")
    with pytest.raises(InputError, match=r"orders.csv, row 3, column 'date': .*2 January 2042"):
        desk.check()
    extended(desk, MORE["as_of"])
    assert desk.ledger()["date after as_of"] == 1


@pytest.mark.parametrize("step", [182, 365])
def test_yearly_and_half_yearly_data_are_no_mistake(desk, step):
    days = [dt.date(2020, 1, 1) + dt.timedelta(step * n) for n in range(4)]
    desk.orders(*(f"a,{day},1.00" for day in days))
    assert desk.check().orders.as_of == days[-1]


def test_a_last_date_of_many_rows_is_no_mistake(desk):
    desk.orders("a,2024-01-01,1.00", "a,2024-01-02,1.00", *["b,2024-12-02,1.00"] * 2)
    assert desk.check().orders.as_of == dt.date(2024, 12, 2)


def test_a_last_date_of_hardly_any_rows_is_a_mistake(desk):
    desk.orders(*["a,2024-01-01,1.00"] * 2001, *["b,2024-12-02,1.00"] * 2)
    with pytest.raises(InputError, match="336 days after the one before"):
        desk.check()


def test_an_as_of_long_after_the_last_order_is_a_warning(desk):
    extended(desk, "as_of: 2024-12-31\n").orders("a,2024-01-01,1.00")
    assert "365 days earlier" in desk.check().warnings[0]


def test_quantity_times_price_is_exact(desk):
    desk.settings(
        desk.config.read_text().replace("amount: amount", "quantity: pieces\n    unit_price: price")
    )
    desk.orders("a,2024-01-01,3,0.10", "a,2024-01-02,-1,0.3333", header="customer,date,pieces,price")
    assert desk.check().ledger.amount("orders", "kept") == Decimal("-0.0333")


def test_several_currencies_need_rates(desk):
    desk.settings(desk.config.read_text() + "    currency: cur\n")
    desk.orders("a,2024-01-01,10.00,EUR", "a,2024-01-02,10.00,USD", header="customer,date,amount,cur")
    with pytest.raises(InputError, match=r"amounts are in EUR and USD .*orders.rates"):
        desk.check()
    desk.settings(desk.config.read_text() + "  rates: {USD: 0.9}\n")
    assert desk.check().ledger.amount("orders", "kept") == Decimal("19.00")


def test_a_blank_currency_is_named(desk):
    desk.settings(desk.config.read_text() + "    currency: cur\n")
    desk.orders("a,2024-01-01,10.00,EUR", "a,2024-01-02,10.00,", header="customer,date,amount,cur")
    with pytest.raises(InputError, match=r"row 3: the currency \(column 'cur'\) is blank"):
        desk.check()


def test_a_missing_cost_is_an_error_unless_a_rate_stands_in(desk):
    desk.settings(desk.config.read_text() + "    cost: cost\n")
    desk.orders("a,2024-01-01,10.00,4.00", "a,2024-01-02,10.00,", header="customer,date,amount,cost")
    with pytest.raises(InputError, match="1 kept row has no readable value"):
        desk.check()
    rows = extended(desk, "margin_rate: 0.5\n").check  # the rate fills the gap only
    assert rows() is not None


def test_a_margin_rate_alone_gives_margin(desk):
    import pandas as pd

    extended(desk, "margin_rate: 0.25\n").orders("a,2024-01-01,10.00")
    customers = pd.read_parquet(desk.run() / "tables" / "customers.parquet")
    assert customers["margin"].iloc[0] == 2.5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "orders.csv is empty"),
        ("customer,date,amount\n", "no rows"),
        ("customer,date,amount\n,2024-01-01,1.00\n", "no row is left to analyse"),
        ("customer,date\na,2024-01-01\n", "no column 'amount'"),
        ("customer,date,amount\na,01/02/2024,1.00\n", "day-first"),
        ("customer,date,amount\na,2024-01-01,1.00\na,13/02/2024,1.00\n", "row"),
    ],
)
def test_unusable_files_get_one_sentence(desk, content, sentence):
    desk.file("orders.csv", content)
    with pytest.raises(InputError) as caught:
        desk.check()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_how_a_file_was_read_is_stated_in_the_ledger(desk):
    desk.file("orders.csv", "customer;date;amount\na;31.12.2023;1.234,50\n".encode("cp1252"))
    ledger = desk.check().ledger
    notes = {line.reason: line.detail for line in ledger.of("orders", "note")}
    assert ledger.amount("orders", "kept") == Decimal("1234.50")
    assert any("emicolon" in detail for detail in notes.values())
    assert all(detail.endswith(("(detected)", "(stated)")) for detail in notes.values())


def typed_orders(desk, ids):
    """Orders with typed columns in a Parquet file, and all that the contract makes of them."""
    days = [dt.date(2024, 1, day) for day in range(1, len(ids) + 1)]
    amounts = [Decimal(day) for day in range(1, len(ids) + 1)]
    table = pa.table({"customer": ids, "date": days, "amount": pa.array(amounts, pa.decimal128(12, 2))})
    pq.write_table(table, desk.folder / "orders.parquet")
    desk.config.write_text(desk.config.read_text().replace("orders.csv", "orders.parquet"))
    settings = load_settings(desk.config)
    with Engine(settings.engine, desk.folder) as engine:
        orders = read_orders(settings, desk.folder, engine, desk.folder)
        query = ibis.to_sql(orders.rows.select("customer_id"))
        found = orders.rows.order_by("order_date").select("customer_id").to_pyarrow()["customer_id"]
        assert orders.survey == survey_of(orders.rows)
        return orders.survey, found.to_pylist(), '"_written" AS "customer_id"' in str(query)


def test_ids_without_blanks_are_read_as_they_are_written(desk):
    survey, found, as_written = typed_orders(desk, ["b", "a", "b", "ç"])
    assert (found, survey.first, survey.last) == (["b", "a", "b", "ç"], "a", "ç")
    assert as_written


@pytest.mark.parametrize("blank", [" b", "b\t", "\u00a0b", "b\u3000"])
def test_one_id_with_a_blank_and_all_are_trimmed(desk, blank):
    _, found, as_written = typed_orders(desk, ["b", "a", blank, "c"])
    assert found == ["b", "a", "b", "c"]
    assert not as_written


def test_ids_that_are_numbers_are_looked_at_as_numbers(desk):
    survey, found, _ = typed_orders(desk, [9, 10, 9, None])
    assert (found, survey.first, survey.last) == (["9", "10", "9"], 9, 10)


def test_a_ledger_that_does_not_add_up_stops_the_run():
    lines = (LedgerLine("orders", "read", "", 2, Decimal(1)), LedgerLine("orders", "kept", "", 1, Decimal(1)))
    with pytest.raises(InputError, match="does not add up"):
        Ledger(lines).reconciled()


cells = st.tuples(
    st.sampled_from(["a", "b", "", " "]),
    st.sampled_from(["2024-01-01", "2024-01-05", "2024-03-01", "", "someday"]),
    st.sampled_from(["1.50", "-2.25", "0.00", "", "much", "1e2"]),
)


@given(st.lists(cells, max_size=40))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_are_accounted_for(desk, rows):
    if "as_of" not in desk.config.read_text():
        extended(desk, MORE["unread"] + "as_of: 2024-02-01\n")
    whole = "z,2024-01-01,1.00"  # below the last whole row, a single cell may be a remark
    desk.orders(whole, *(",".join(row) for row in rows), whole)
    ledger = desk.ledger()
    assert ledger["read"] == sum(any(row) for row in rows) + 2, "rows without any value are no rows"
    assert ledger["read"] == sum(n for reason, n in ledger.items() if reason != "read")
