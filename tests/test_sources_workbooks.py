import datetime as dt

import openpyxl
import pytest
import xlwt

from customer_value.errors import InputError
from customer_value.sources.workbooks import Sheet, sheets_of
from sources_kit import dates, ids, message_of, numbers, opened, rows, told

TABLE = [
    ["id", "day", "price", "mixed"],
    ["007", dt.date(2024, 1, 31), 1.234, 1.234],
    [None, None, None, None],
    [8, dt.datetime(2024, 2, 1, 9, 30), 2, "2,5"],
]


def workbook(folder, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for row in table:
            sheet.append(row)
    book.save(folder / "a.xlsx")


def test_cells_keep_their_kind(tmp_path):
    workbook(tmp_path, orders=TABLE, empty=[])
    source = opened(tmp_path, {}, path="a.xlsx")
    assert ids(source, "id") == ["007", "8"]
    assert dates(source, "day") == ["2024-01-31", "2024-02-01"]
    assert numbers(source, "price") == [1.234, 2]
    assert numbers(source, "mixed") == [1.234, 2.5]
    assert told(source)["sheet"] == "orders"


def test_whole_numbers_are_ids_without_a_point(tmp_path):
    workbook(tmp_path, orders=[["id", "n"], [17850, 1], [None, 2]])
    assert ids(opened(tmp_path, {}, path="a.xlsx"), "id") == ["17850", None]


def test_old_workbooks(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("orders")
    for row, cells in enumerate([["id", "price"], ["a", 1.5]]):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    book.save(str(tmp_path / "a.xls"))
    assert rows(opened(tmp_path, {}, path="a.xls")) == [("a", 1.5)]


def test_dates_that_half_became_dates_are_a_mixture(tmp_path):
    workbook(tmp_path, orders=[["day"], [dt.date(2024, 1, 12)], ["31/12/2024"]])
    source = opened(tmp_path, {}, path="a.xlsx")
    assert "written in different ways" in message_of(lambda: dates(source, "day"), InputError)


def test_a_sheet_is_chosen_by_name_or_number(tmp_path):
    workbook(tmp_path, one=[["x"], [1]], two=[["x"], [2]])
    assert rows(opened(tmp_path, {}, path="a.xlsx", sheet="two")) == [(2,)]
    assert rows(opened(tmp_path, {}, path="a.xlsx", sheet=1)) == [(1,)]


@pytest.mark.parametrize(
    ("sheets", "spec", "words"),
    [
        ({"one": [["x"], [1]], "two": [["x"], [2]]}, {}, "has data on several sheets: 'one' and 'two'"),
        ({"one": [["x"], [1]]}, {"sheet": "onee"}, "a.xlsx has no sheet 'onee'; it has 'one'."),
        ({"one": [["x"], [1]]}, {"sheet": 2}, "a.xlsx has no sheet '2'; it has 'one'."),
        ({"one": []}, {}, "a.xlsx is empty: no sheet holds data."),
        ({"one": [["x", "y"]]}, {}, "a.xlsx, sheet 'one' has a header but no rows."),
    ],
)
def test_what_cannot_be_read_says_where(tmp_path, sheets, spec, words):
    workbook(tmp_path, **sheets)
    assert words in message_of(lambda: opened(tmp_path, {}, path="a.xlsx", **spec), InputError)


def test_a_damaged_workbook(tmp_path):
    with pytest.raises(InputError, match=r"a.xlsx cannot be opened: it is damaged"):
        opened(tmp_path, {"a.xlsx": b"PK\x03\x04 and no more"})


@pytest.mark.parametrize("sheet", ["all", ["one", 2], ["two", "one", "one"]])
def test_sheets_are_read_as_one(tmp_path, sheet):
    workbook(tmp_path, one=[["x"], [1]], two=[["x"], [2]], empty=[])
    source = opened(tmp_path, {}, path="a.xlsx", sheet=sheet)
    assert sorted(rows(source)) == [(1,), (2,)]
    assert {file.name for file in source.files} == {"a.xlsx, sheet 'one'", "a.xlsx, sheet 'two'"}


def test_sheets_with_different_columns_are_not_one(tmp_path):
    workbook(tmp_path, one=[["x"], [1]], two=[["y"], [2]])
    text = message_of(lambda: opened(tmp_path, {}, path="a.xlsx", sheet="all"), InputError)
    assert text.startswith("a.xlsx, sheet 'two' has no column 'x', a.xlsx, sheet 'one' has it")


def test_what_the_sheets_of_a_workbook_hold(tmp_path):
    workbook(
        tmp_path, orders=[["Sales"], ["id", "n"], ["a", 1], ["b", 2]], empty=[], note=[["hello"], ["you"]]
    )
    orders, note = sheets_of(tmp_path / "a.xlsx")
    assert orders == Sheet("orders", ("id", "n"), 2)
    assert (note.name, len(note.header)) == ("note", 1)
