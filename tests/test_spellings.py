"""Names that differ in capitals, spaces and punctuation: said with counts, joined when asked."""

import ibis
import pytest

from customer_value.spellings import spelling_key

JOINED = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, amount: amount}
  join_spellings: true
"""
NAMES = ("Ash GmbH", "ASH GMBH", "Ash Gmbh", "Ash GmbH", "Birk KG")


def lines(*names):
    return (f"{name},2024-01-{day:02d},10" for day, name in enumerate(names, 1))


def alike(one, other):
    con = ibis.duckdb.connect()
    try:
        keys = [spelling_key(ibis.literal(text), "duckdb") for text in (one, other)]
        return bool(con.execute(keys[0] == keys[1]))
    finally:
        con.disconnect()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ash GmbH", "ASH GMBH"), ("Müller & Co. KG", "MÜLLER&CO KG"),
        ("株式会社ＡＢＣ１", "株式会社 abc1"), ("O'Brien", "O’Brien"),
        ("A-1", "a1"), ("Ann@X.com", "ann@x.com"), ("Jose\u0301", "JOSÉ"), ("Weiß, Ute", "weiß ute"),
        ("【甲】公司", "甲公司"),
    ],
)  # fmt: skip
def test_the_same_name_in_another_way(one, other):
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.23", "123"), ("12-3", "1-23"), ("A 12-3", "A 1-23"), ("C++", "C#"), ("a.b@x.com", "ab@x.com"),
        ("???", "!!!"),
        ("🦊", "🐻"), ("Müller", "Muller"), ("x1", "x2"),
    ],
)  # fmt: skip
def test_another_name(one, other):
    assert not alike(one, other)


def test_spellings_are_said_with_counts(desk):
    desk.orders(*lines(*NAMES, "birk kg"))
    said = [text for text in desk.check().warnings if "written in more than one way" in text]
    assert said == [
        "2 customers are written in more than one way, for instance 'Ash Gmbh' and 'ASH GMBH'; "
        "orders.join_spellings: true counts each as one."
    ]


def test_joined_names_are_shown_as_they_are_written_most(desk):
    desk.settings(JOINED).orders(*lines(*NAMES, "birk kg"))
    inputs = desk.check()
    notes = {line.reason: line.detail for line in inputs.ledger.of("orders", "note")}
    assert (
        notes["spellings of customers"]
        == "3 spellings of 2 customers count under the most frequent one (stated)"
    )
    assert not any("more than one way" in text for text in inputs.warnings)
    customers = (desk.run() / "tables" / "customers.csv").read_text().splitlines()[1:]
    assert [line.split(",")[0] for line in customers] == ["Ash GmbH", "Birk KG"]
    assert ",40.0," in customers[0]


def test_the_customer_file_is_joined_to_the_same_spelling(desk):
    files = "customers:\n  path: customers.csv\n  columns: {customer_id: name, region: region}\n"
    desk.settings(JOINED + files).orders(*lines(*NAMES)).file(
        "customers.csv", "name,region\nash-gmbh,North\nNew,South\n"
    )
    assert (desk.run() / "tables" / "customer_file.csv").read_text().splitlines()[1:] == [
        "Ash GmbH,North",
        "New,South",
    ]


def test_numbers_have_one_spelling(desk):
    desk.settings(JOINED).orders(*lines("0012", "12", "1-2"))
    assert len((desk.run() / "tables" / "customers.csv").read_text().splitlines()) == 4
