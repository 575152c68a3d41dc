"""Values that no engine takes as they are meant: each row is accounted for, or one sentence says what is wrong."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from customer_value.cli import app
from customer_value.config import load_settings
from customer_value.errors import ConfigError, InputError
from customer_value.inputs import write_run

DAYS = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(6)]
INFINITE, UNKNOWN = float("inf"), float("nan")
IN_PARQUET = """\
currency: EUR
orders:
  path: orders.parquet
  max_unread: 1
  columns: {customer_id: customer, order_date: date, amount: amount}
"""


def stored(desk, more="", **columns):
    table = pa.table({"customer": ["a"] * 6, "date": DAYS, "amount": [1.0] * 6} | columns)
    pq.write_table(table, desk.folder / "orders.parquet")
    return desk.settings(IN_PARQUET.replace("  max_unread", f"{more}  max_unread"))


def counted(desk):
    desk.run()
    return {reason: rows for reason, rows in desk.ledger().items() if reason not in ("read", "kept")}


def refusal(desk):
    """The sentence of `check`, which is that of a run, too."""
    with pytest.raises((ConfigError, InputError)) as told:
        write_run(load_settings(desk.config), desk.folder, desk.folder / "run")
    checked = CliRunner().invoke(app, ["check", str(desk.config)])
    assert (checked.exit_code, checked.stderr.strip()) == (2, str(told.value))
    return str(told.value)


def test_ids_that_are_no_number_or_beyond_whole_numbers(desk):
    stored(desk, customer=[UNKNOWN, INFINITE, -INFINITE, 1e300, 2.0**64, 17850.0])
    assert counted(desk) == {"no customer id": 3}
    saved = pq.read_table(desk.folder / "run" / "tables" / "customers.parquet")["customer_id"]
    assert set(saved.to_pylist()) == {"17850", "1.8446744073709552e+19", "1e+300"}


def test_amounts_and_days_that_are_no_number(desk):
    stored(desk, amount=[INFINITE, -INFINITE, 1e300, 1e14, 5.0, 6.0])
    assert counted(desk) == {"unreadable amount": 4}
    stored(desk, "  dates: excel-serial\n", date=[INFINITE, -INFINITE, 1e300, 45000.0, 45001.0, 45002.0])
    assert counted(desk) == {"unreadable date": 3}


@pytest.mark.parametrize("days", [2**31 - 1, -(2**31), 2_932_897, -719_529])
def test_days_beyond_the_calendar_are_unreadable(desk, days):
    far = pa.array([days, *(day.toordinal() - 719_163 for day in DAYS[1:])], pa.int32())
    assert counted(stored(desk, date=far.cast(pa.date32()))) == {"unreadable date": 1}


def test_infinity_in_json_is_not_blank(desk):
    desk.settings(IN_PARQUET.replace("orders.parquet", "orders.json"))
    row = '{{"customer": "{}", "date": "2024-01-0{}", "amount": {}}}'
    rows = [row.format("a", 1, "Infinity"), row.format("b", 2, "9" * 5000), row.format("c", 3, "NaN")]
    desk.file("orders.json", "\n".join([*rows, row.format("d", 4, 5)]))
    assert counted(desk) == {"unreadable amount": 2, "blank amount": 1}


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("amount", pa.array([Decimal("0.07")] * 6, pa.decimal256(50, 2)), "decimals of 50 digits cannot be read"),
        ("customer", pa.array([Decimal(10) ** 38] * 6, pa.decimal256(39, 0)), "decimals of 39 digits cannot be read"),
        ("date", pa.array([10**17] * 6, pa.timestamp("ms")), "a time more than 292,000 years away"),
        ("customer", pa.array([["a"]] * 6), "holds lists or records, which are neither ids nor names"),
        ("customer", pa.array([{"id": "a"}] * 6), "holds lists or records, which are neither ids nor names"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_rightly_is_refused(desk, column, values, told):
    sentence = refusal(stored(desk, **{column: values}))
    assert sentence.startswith(f"orders.parquet, column '{column}': ")
    assert told in sentence


ASKED = """\
survey: {path: answers.csv, layout: wide}
survey_items: {path: items.csv}
"""


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("rfm: {policy: gone.csv}", "rfm.policy: the file gone.csv does not exist."),
        ("rfm: {policy: items.csv}", "items.csv needs the columns segmentation, segment and treatment"),
        ("loyalty: {stated_share: q9}", "loyalty.stated_share: item 'q9' is not in the codebook"),
        (
            "satisfaction: {index_weights: {q9: 1}}",
            "index_weights: 'q9' is not an item on overall satisfaction",
        ),
        ("satisfaction: {index_weights: {q1: 0}}", "index_weights: the weights cannot all be zero"),
        ("clv: {calibration_end: 2031-01-01}", "clv.calibration_end (2031-01-01) lies outside the data"),
    ],
)
def test_check_finds_what_a_page_would_refuse(desk, more, told):
    desk.settings(desk.config.read_text() + ASKED + more + "\n").orders(
        *(f"c{n},2024-01-0{n},5" for n in range(1, 7))
    )
    desk.file("items.csv", "item,construct,aspect,scale_min,scale_max\nq1,content,overall,1,7\n")
    desk.file("answers.csv", "q1\n" + "5\n6\n4\n" * 20)
    assert told in refusal(desk)


@pytest.mark.parametrize("rate", ["1.0e+300", "1.0e-20"])
def test_rates_within_reason(desk, rate):
    desk.settings(desk.config.read_text() + f"    currency: code\n  rates: {{USD: {rate}}}\n")
    with pytest.raises(
        ConfigError, match=r"line 9: orders.rates.USD: input should be (less|greater) than or equal to"
    ):
        load_settings(desk.config)
