"""Several files, folders, sheets and questions: what a draft names and what the command says."""

import datetime as dt

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from customer_value import cli
from customer_value.config import load_settings
from customer_value.errors import ConfigError, InputError
from customer_value.guess import first_settings
from customer_value.guess.vocabulary import read_heading

HEADER = ["Customer", "Order date", "Order no.", "Amount"]
ROWS = [[f"C{n % 5}", dt.date(2024, 1, 1) + dt.timedelta(days=n), f"O{n}", 10 + n] for n in range(20)]
STATES = ("paid", "paid", "paid", "cancelled")


def text_of(rows):
    return "\n".join(",".join(map(str, row)) for row in (HEADER, *rows)) + "\n"


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def run(*arguments):
    return CliRunner().invoke(cli.app, ["init", *map(str, arguments)])


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_folder_of_equal_files_is_a_pattern(tmp_path):
    (tmp_path / "years").mkdir()
    for year in (0, 10):
        (tmp_path / "years" / f"part-{year}.csv").write_text(text_of(ROWS[year : year + 10]))
    draft = first_settings(tmp_path / "years")
    assert yaml.safe_load(draft.text)["orders"]["path"] == "years/*.csv"
    assert "5 different values in 20 rows" in draft.text


def test_several_files_are_a_list(tmp_path):
    for year in (0, 10):
        (tmp_path / f"part-{year}.csv").write_text(text_of(ROWS[year : year + 10]))
    draft = first_settings([tmp_path / "part-0.csv", tmp_path / "part-10.csv"])
    assert yaml.safe_load(draft.text)["orders"]["path"] == ["part-0.csv", "part-10.csv"]


def test_a_folder_of_several_kinds_is_refused(tmp_path):
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "a.csv").write_text(text_of(ROWS))
    (tmp_path / "all" / "b.json").write_text("[]")
    with pytest.raises(InputError, match=r"files of several kinds, \.csv and \.json; name those to read"):
        first_settings(tmp_path / "all")


def test_the_only_sheet_with_orders_is_taken_and_said(tmp_path):
    book = workbook(
        tmp_path / "a.xlsx", Orders=[HEADER, *ROWS], Notes=[["This book holds orders"], ["of 2024"]]
    )
    draft = first_settings(book)
    assert (draft.question, yaml.safe_load(draft.text)["orders"]["sheet"]) == ("", "Orders")
    assert "# the only sheet that holds orders; left aside: 'Notes'" in draft.text


def test_sheets_with_the_same_columns_are_read_as_one(tmp_path):
    book = workbook(tmp_path / "a.xlsx", H1=[HEADER, *ROWS[:10]], H2=[HEADER, *ROWS[10:]])
    draft = first_settings(book)
    assert yaml.safe_load(draft.text)["orders"]["sheet"] == "all"
    assert "5 different values in 20 rows" in draft.text


def test_sheets_that_differ_are_asked_and_named(tmp_path):
    other = ["Klant", "Datum", "Bedrag"]
    book = workbook(tmp_path / "a.xlsx", DE=[HEADER, *ROWS], NL=[other, *([r[0], r[1], r[3]] for r in ROWS)])
    draft = first_settings(book)
    assert (
        "orders may stand on several sheets, 'DE' (20 rows) and 'NL' (20 rows); say which with --sheet NAME"
        in draft.question
    )
    assert "  sheet: ???  # one of: DE (20 rows); NL (20 rows)" in draft.text
    named = first_settings(book, sheet="NL")
    assert (named.question, yaml.safe_load(named.text)["orders"]["columns"]["amount"]) == ("", "Bedrag")


def test_all_questions_come_at_once_and_the_draft_holds_the_rest(tmp_path):
    lines = ["order,customer_id,client_id,date,amount,total,status,currency"]
    lines += [
        f"{n},a{n % 7},b{n % 5},0{1 + n % 9}/0{1 + n % 5}/2024,{50 + n},{60 + 3 * n},{STATES[n % 4]},USD"
        for n in range(40)
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    found = run(tmp_path / "a.csv")
    assert found.exit_code == 2
    for part in (
        "may both be the customer",
        "may both be the amount of a row",
        "day and month cannot be told apart",
    ):
        assert part in found.stderr
    assert "Choose where the draft says ???." in found.stderr
    settings = yaml.safe_load(found.stdout)
    assert settings["currency"] == "USD"
    assert settings["orders"]["exclude"] == [{"reason": "cancelled", "column": "status", "is": ["cancelled"]}]
    assert settings["orders"]["columns"]["amount"] == settings["orders"]["dates"] == "???"
    assert (
        "customer_id: ???  # one of: customer_id (7 different values in 40 rows, such as a0 and a1); client_id ("
        in found.stdout
    )


def test_open_choices_are_refused_by_name_and_with_what_can_be_meant(tmp_path):
    (tmp_path / "my.yml").write_text(
        "currency: EUR\norders:\n  path: a.csv\n  columns:\n    customer_id: ???  # one of: kunde (7 values); client\n"
        "    order_date: date\n    amount: ???\n"
    )
    with pytest.raises(ConfigError) as error:
        load_settings(tmp_path / "my.yml")
    assert str(error.value) == (
        "my.yml: 2 choices are still open ('???'): line 5, orders.columns.customer_id (one of: kunde (7 values); "
        "client); line 7, orders.columns.amount."
    )


def test_a_layout_of_your_own(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "Beleg,Wer,Wann,Summe\n" + "".join(f"B{n},k{n % 3},2024-01-{n + 1:02d},{n + 1}\n" for n in range(9))
    )
    (tmp_path / "shop.yml").write_text(
        "name: My shop\nheadings: [Beleg, Wer, Summe]\n"
        "columns: {order_id: Beleg, customer_id: Wer, order_date: Wann, amount: Summe}\n"
    )
    found = run(tmp_path / "orders.csv", "--layout", tmp_path / "shop.yml")
    assert (found.exit_code, found.stderr) == (0, "")
    assert "# Recognised as an export of My shop (orders)" in found.stdout
    assert yaml.safe_load(found.stdout)["orders"]["columns"]["customer_id"] == "Wer"


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("Wiederverkäufer", "trade"), ("détaillant", "trade"), ("distribuidor", "trade"), ("revendedor", "trade"),
        ("punto vendita", "trade"), ("winkel", "trade"), ("经销商", "trade"), ("門店", "trade"), ("販売店", "trade"),
        ("subscriber", "buyer"), ("Patient", "buyer"), ("donateur", "buyer"), ("suscriptor", "buyer"),
        ("sold-to", "buyer"), ("BillTo", "buyer"), ("购买人", "buyer"), ("採購方", "buyer"), ("購入者", "buyer"),
        ("暱稱", "username"), ("Kundenbetreuer", "not_buyer"), ("vendedor", "not_buyer"), ("收货人", "not_buyer"),
        ("営業担当", "not_buyer"), ("Kassierer", "not_buyer"), ("destinatário", "not_buyer"),
    ],
)  # fmt: skip
def test_words_in_many_languages(heading, key):
    assert read_heading(heading).says == (read_heading(heading).says[0],)
    assert read_heading(heading).has(key)
