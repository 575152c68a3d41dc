from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_value.errors import InputError
from customer_value.settings import OrdersTable, TableSource
from customer_value.sources import find_place, number_column, open_source
from sources_kit import CON, ids, listed, message_of, numbers, of_values, opened

QUIET = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.parametrize(
    "values",
    [
        ["1234.5", "-2"],
        ["1,234.50", "-2.00"],
        ["1.234,50", "-2,00"],
        ["1 234,50", "-2,00"],
        ["1\u00a0234,50", "\u22122,00"],
        ["1\u202f234,50 €", "-2,00 €"],
        ["1'234.50", "-2.00"],
        ["$1,234.50", "($2.00)"],
        ["$ 1,234.50", "-$2.00"],
        ["€ 1.234,50", "€ -2,00"],
        ["1.234,50 EUR", "-2 EUR"],
        ["CHF 1’234.50", "CHF -2.-"[:-2]],
        ["￥1,234.50", "￥-2"],
        ["1,234.50", "2.00-"],
        ["1,234.50", "(2.00)"],
        ["1234.5", "-2e0"],
        ["1.2345E+3", "-2.0E0"],
        ["+1234,5", "-2,0"],
        [" 1234.5 ", "\t-2\n"],
        ["1234.50000", "-2.00000"],
    ],
)
def test_ways_to_write_numbers(tmp_path, values):
    assert numbers(of_values(tmp_path, values)) == [1234.5, -2]


def test_indian_grouping(tmp_path):
    assert numbers(of_values(tmp_path, ["₹12,34,567.50", "₹1,234.00"])) == [1234567.5, 1234]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "1.234"], [1.5, 1.234]),
        (["1,5", "1.234", "1,234"], [1.5, 1234, 1.234]),
        (["1,234,567", "1,234", "0.5"], [1234567, 1234, 0.5]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["0.125", "1.234"], [0.125, 1.234]),
        (["1234.567", "1.234"], [1234.567, 1.234]),
        ([".5", "5."], [0.5, 5]),
        (["100", "2000"], [100, 2000]),
    ],
)
def test_evidence_decides(tmp_path, values, expected):
    assert numbers(of_values(tmp_path, values)) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1.234", "12.345"], "the decimal sign cannot be told, as in '1.234' (row 2 of a.csv)"),
        (
            ["7", "1,234"],
            "cannot be told, as in '1,234' (row 3 of a.csv); state decimal: '.' or decimal: ','",
        ),
        (["1.5", "1,5"], "'1.5' (row 2 of a.csv) and '1,5' (row 3 of a.csv)"),
        (
            ["€ 5", "$ 6"],
            "amounts are in different currencies, '$ 6' (row 3 of a.csv) and '€ 5' (row 2 of a.csv)",
        ),
        (["many", "few"], "no row can be read as a number, as 'many' (row 2 of a.csv)"),
        (["5%", "6%"], "no row can be read as a number"),
    ],
)
def test_what_would_be_a_guess_is_an_error(tmp_path, values, words):
    source = of_values(tmp_path, values)
    assert words in message_of(lambda: numbers(source), InputError)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "many",
        "1,5.5",
        "12 34",
        "1.2.3",
        "5%",
        "--5",
        "NaN",
        "inf",
        "1_000",
        "0x10",
        "99999999999999999",
    ],
)
def test_what_is_no_number_is_null(tmp_path, value):
    assert numbers(of_values(tmp_path, [value, "2.5"])) == [None, 2.5]


@pytest.mark.parametrize(
    ("decimal", "values", "expected"),
    [
        (",", ["1.234", "1,234"], [1234, 1.234]),
        (".", ["1.234", "1,234"], [1.234, 1234]),
        (",", ["1,5", "1.5"], [1.5, None]),
    ],
)
def test_declared_decimal_sign(tmp_path, decimal, values, expected):
    assert numbers(of_values(tmp_path, values), decimal=decimal) == expected


@pytest.mark.parametrize(("price", "expected"), [("1,234.50", 1000), ("1.234,50", 1)])
def test_other_columns_of_the_file_may_prove_the_decimal_sign(tmp_path, price, expected):
    source = opened(tmp_path, {"a.csv": f"quantity;price;note\n1,000;{price};1.5 kg, 2\n7;2;x\n"})
    assert numbers(source, "quantity") == [expected, 7]


def test_several_currencies_are_fine_with_a_currency_column(tmp_path):
    source = of_values(tmp_path, ["€ 5", "$ 6"])
    columns = {"customer_id": "x", "order_date": "x", "amount": "x", "currency": "c"}
    value, _ = number_column(source, "x", OrdersTable(path="a.csv", columns=columns))
    assert listed(source, value) == [5, 6]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("2.00005::DOUBLE", "2.0001"),
        ("'nan'::DOUBLE", None),
        ("'inf'::DOUBLE", None),
        ("1e17::DOUBLE", None),
        ("7::TINYINT", "7"),
        ("1.5::DECIMAL(30,2)", "1.5"),
    ],
)
def test_types_of_the_engine(tmp_path, sql, expected):
    CON.raw_sql(f"COPY (SELECT {sql} AS x) TO '{tmp_path}/a.parquet'")
    source = open_source("orders", TableSource(path="a.parquet"), tmp_path, CON, tmp_path / "s")
    value, reading = number_column(source, "x", TableSource(path="a.parquet"))
    assert listed(source, value) == [None if expected is None else Decimal(expected)]
    assert reading is None


def test_the_decimal_sign_is_stated(tmp_path):
    _, reading = number_column(of_values(tmp_path, ["1,5"]), "x", TableSource(path="a.csv"))
    assert (reading.aspect, reading.value, reading.declared) == ("decimal sign of x", "comma", False)


WRITTEN = [
    lambda n: f"{n:.2f}",
    lambda n: f"{n:,.2f}",
    lambda n: f"{n:,.2f}".translate(str.maketrans(",.", ".,")),
    lambda n: f"{n:,.2f}".translate(str.maketrans(",.", " ,")) + " €",
    lambda n: f"$({abs(n):,.2f})" if n < 0 else f"${n:,.2f}",
]


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2).map(lambda n: n + 0), min_size=1, max_size=6),
    st.sampled_from(WRITTEN),
)
@QUIET
def test_numbers_with_evidence_come_back(tmp_path, amounts, written):
    source = of_values(tmp_path, [written(amount) for amount in amounts])
    value, _ = number_column(source, "x", TableSource(path="a.csv"))
    assert listed(source, value) == amounts


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["007", " 8 ", "", "\u00a0"], ["007", "8", None, None]),
        (["17850.0", "", "13047.0"], ["17850", None, "13047"]),
        (["17850.0", "13047"], ["17850.0", "13047"]),
        (["NA", "null", "None", "nan"], ["NA", "null", "None", "nan"]),
        (["=cmd|' /C calc'!A0", "<b>x</b>", "../../etc", "客户🙂", "أحمد"], None),
    ],
)
def test_ids_stay_what_they_are(tmp_path, values, expected):
    assert ids(of_values(tmp_path, values)) == (expected or values)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("17850.0::DOUBLE", "17850"), ("'nan'::DOUBLE", None), ("7.5::DOUBLE", "7.5"), ("42::BIGINT", "42"),
        ("42.00::DECIMAL(9,2)", "42"), ("true", "true"), ("NULL::DOUBLE", None),
    ],
)  # fmt: skip
def test_typed_ids(tmp_path, sql, expected):
    CON.raw_sql(f"COPY (SELECT {sql} AS x) TO '{tmp_path}/a.parquet'")
    source = open_source("orders", TableSource(path="a.parquet"), tmp_path, CON, tmp_path / "s")
    assert ids(source) == [expected]


def test_ids_lose_the_point_zero_file_by_file(tmp_path):
    source = opened(tmp_path, {"a.csv": "x\n1.0\n2.0\n", "b.csv": "x\n1\n2\n"})
    assert ids(source) == ["1", "2", "1", "2"]


def test_a_row_is_found_by_what_holds_for_it(tmp_path):
    source = opened(tmp_path, {"a.csv": "x,y\n1,a\n2,b\n", "b.csv": "x,y\n3,c\n4,d\n"})
    value, _ = number_column(source, "x", TableSource(path="a.csv"))
    assert find_place(source, "y", value > 3) == ("b.csv, row 3", "d")
    assert find_place(source, "y", value > 9) == ("", "")


@pytest.mark.parametrize(
    ("values", "currency", "expected"),
    [
        (["1,480", "550"], "JPY", [1480, 550]),
        (["12.480 ₫", "950 ₫"], None, [12480, 950]),
        (["¥1,480", "¥12,000"], None, [1480, 12000]),
        (["1,480円"], None, [1480]),
        (["1,480", "2,000"], "IDR", [1480, 2000]),
        (["1.480", "2.000"], "IDR", [1480, 2000]),
        (["₩1,480"], "EUR", [1480]),
        (["1,50,000", "2,350"], None, [150000, 2350]),
        (["Rs. 1,23,456.00", "Rs. 2,500/-"], None, [123456, 2500]),
        (["INR 1,480"], None, [1480]),
        (["1.480"], "JPY", [1.48]),
    ],
)
def test_three_digits_are_thousands_where_the_currency_says_so(tmp_path, values, currency, expected):
    assert numbers(replace(of_values(tmp_path, values), currency=currency)) == expected


@pytest.mark.parametrize("currency", [None, "EUR", "XXX"])
def test_three_digits_prove_nothing_where_amounts_have_cents(tmp_path, currency):
    source = replace(of_values(tmp_path, ["1,480", "2,000"]), currency=currency)
    assert "decimal sign cannot be told" in message_of(lambda: numbers(source), InputError)


def test_a_quantity_may_have_three_decimals_whatever_the_currency(tmp_path):
    source = replace(opened(tmp_path, {"a.csv": "c;d;kg;a\n1;2024-01-01;1,480;9000\n"}), currency="IDR")
    columns = {"customer_id": "c", "order_date": "d", "amount": "a", "quantity": "kg"}
    spec = OrdersTable(path="a.csv", columns=columns)
    assert "cannot be told" in message_of(lambda: number_column(source, "kg", spec), InputError)


def test_a_chinese_japanese_or_korean_heading_means_a_decimal_point(tmp_path):
    assert numbers(opened(tmp_path, {"a.csv": "小計;n\n1,480;1\n"}), "小計") == [1480]


@pytest.mark.parametrize(
    "values",
    [
        ["１，２３４．５", "−２"],
        ["￥１，２３４．５", "-￥２"],
        ["١٬٢٣٤٫٥", "-٢"],
        ["1\u202f234,5\u00a0€", "(2,00) €"],
    ],
)
def test_digits_of_other_scripts_and_narrow_blanks(tmp_path, values):
    assert numbers(of_values(tmp_path, values)) == [1234.5, -2]


SIDES = ["1,234.50 Dr", "20.00 Cr", "0.00", "(5.00) Dr", "-3 Cr"]


def test_debit_and_credit_have_the_signs_that_are_stated(tmp_path):
    source = of_values(tmp_path, SIDES)
    assert numbers(source, dr_cr="debit-positive") == [1234.5, -20, 0, -5, 3]
    assert numbers(source, dr_cr="credit-positive") == [-1234.5, 20, 0, 5, -3]


@pytest.mark.parametrize(
    "values", [["7,50 S", "2,00 H"], ["Dr 7.50", "CR. 2.00"], ["借 7.50", "贷 2.00"], ["7.50D", "2.00C"]]
)
def test_other_words_for_debit_and_credit(tmp_path, values):
    assert numbers(of_values(tmp_path, values), dr_cr="debit-positive") == [7.5, -2]


def test_debit_and_credit_are_not_guessed(tmp_path):
    text = message_of(lambda: numbers(of_values(tmp_path, SIDES)), InputError)
    assert (
        "'1,234.50 Dr' (row 2 of a.csv) and '20.00 Cr' (row 3 of a.csv); state dr_cr: debit-positive" in text
    )


@pytest.mark.parametrize(
    "values", [["12.50", "n/a"], ["12.50", "12.50.50"], ["12.50", "5 boxes"], ["12.50", "--1"]]
)
def test_an_unreadable_amount_is_never_nothing(tmp_path, values):
    assert numbers(of_values(tmp_path, values)) == [12.5, None]
