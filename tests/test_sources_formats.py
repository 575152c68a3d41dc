import io
import json
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_value.errors import InputError, MachineError
from customer_value.settings import TableSource
from customer_value.sources import open_table
from customer_value.sources.margins import repeats_heading
from sources_kit import ids, listed, message_of, numbers, opened, rows, told

LINES = '{"id": "007", "n": 1.5}\n{"id": "8", "n": 2, "note": "x"}\n'
ARRAY = '[{"id": "007", "n": 1.5},\n {"id": "8", "n": 2, "note": "x"}]'


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_dot_", ".").replace("_in_", "/"), content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a.txt"])
@pytest.mark.parametrize("text", [LINES, ARRAY, '{"page": 1, "orders": ' + ARRAY + "}"])
def test_json_lines_arrays_and_answers_are_tables(tmp_path, name, text):
    source = opened(tmp_path, {name: text})
    assert rows(source) == [("007", 1.5, None), ("8", 2.0, "x")]
    assert told(source)["format"] == "JSON"


def test_objects_within_objects_are_columns_and_lists_are_text(tmp_path):
    text = '{"customer": {"id": 7, "at": {"city": "Köln"}}, "tags": ["a", "ß"]}\n{"customer": {"id": 8}, "tags": []}'
    source = opened(tmp_path, {"a.json": text})
    assert list(source.table.columns[:-1]) == ["customer.id", "customer.at.city", "tags"]
    assert rows(source) == [(7, "Köln", '["a", "ß"]'), (8, None, "[]")]


def test_numbers_of_json_are_not_ambiguous_and_its_ids_keep_their_zeros(tmp_path):
    source = opened(tmp_path, {"a.json": '[{"id": "007", "x": 1.234}, {"id": 7, "x": "2,5"}]'})
    assert ids(source, "id") == ["007", "7"]
    assert numbers(source, "x") == [1.234, 2.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "a.json holds no rows."),
        ("[1, 2]", "a.json, row 1: not an object with names and values but '1'"),
        ('[{"a": 1}, {"a": ', "a.json, row 2: is cut off or not valid JSON"),
        ('{"a": 1}\n{"a": oops}\n', "a.json, row 2: is cut off or not valid JSON"),
    ],
)
def test_json_that_is_no_table_says_where(tmp_path, text, words):
    assert words in message_of(lambda: opened(tmp_path, {"a.json": text}), InputError)


ROW = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.text(st.characters(codec="utf-8"), min_size=1), min_size=1
)


@given(st.lists(ROW, min_size=1, max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_in_json_comes_back_unchanged(tmp_path, table):
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    source = opened(folder, {"a.jsonl": "\n".join(map(json.dumps, table))}, encoding="utf-8")
    names = list(source.table.columns[:-1])
    expected = [
        tuple(text if (text := row.get(n)) and text.strip() else None for n in names) for row in table
    ]
    assert rows(source) == expected


def test_a_zip_of_one_file_is_that_file(tmp_path):
    content = zipped(a_dot_csv="id;n\n7;1\n", __MACOSX_in_a_dot_csv="junk", _dot_DS_Store="junk")
    source = opened(tmp_path, {"a.zip": content})
    assert rows(source) == [("7", "1")]
    assert source.files[0].name == "a.zip"
    assert source.files[0].bytes == len(content)
    assert told(source)["file in the zip"] == "a.csv"


def test_a_workbook_in_a_zip(tmp_path):
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "n"])
    book.active.append(["7", 1.5])
    book.save(buffer)
    assert rows(opened(tmp_path, {"a.zip": zipped(a_dot_xlsx=buffer.getvalue())})) == [("7", 1.5)]


def test_a_zip_of_several_files_names_them(tmp_path):
    content = zipped(a_dot_csv="x\n1\n", b_dot_csv="x\n2\n")
    text = message_of(lambda: opened(tmp_path, {"a.zip": content}), InputError)
    assert text.startswith("a.zip holds several files: 'a.csv' and 'b.csv'; unpack it")


def test_a_zip_that_cannot_be_unpacked(tmp_path):
    good = zipped(a_dot_csv="id;n\n7;1\n" * 50)
    secret = bytearray(good)
    secret[6] |= 1
    secret[good.index(b"PK\x01\x02") + 8] |= 1
    cases = [
        (good[:60], "is damaged and cannot be unpacked"),
        (good.replace(b"7;1", b"7;2", 1), "is damaged and cannot be unpacked"),
        (bytes(secret), "has a password"),
        (zipped(), "is empty: it holds no file"),
    ]
    for content, words in cases:
        assert words in message_of(lambda c=content: opened(tmp_path, {"a.zip": c}), InputError)


def test_a_zip_that_would_fill_the_disk_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 3}))
    text = message_of(lambda: opened(tmp_path, {"a.zip": zipped(a_dot_csv="id;n\n7;1\n")}), MachineError)
    assert "more than the disk has room for" in text


def test_a_blank_takes_the_value_above_in_the_order_of_the_file(tmp_path):
    text = "id,shop,n\n,a,1\nB,,2\n,,3\n A ,b,4\n  ,,5\n"
    source = opened(tmp_path, {"a.csv": text}, fill_down=["id", "shop"])
    assert [(i, s) for i, s in zip(ids(source, "id"), ids(source, "shop"), strict=True)] == [
        (None, "a"), ("B", "a"), ("B", "a"), ("A", "b"), ("A", "b"),
    ]  # fmt: skip
    assert told(source)["blanks that take the value above"] == "5 in 'id' and 'shop'"


def test_values_above_end_with_their_file(tmp_path):
    source = opened(tmp_path, {"a.csv": "id,n\nA,1\n", "b.csv": "id,n\n,2\nB,3\n"}, fill_down="id")
    assert ids(source, "id") == ["A", None, "B"]


def test_many_rows_keep_the_order_of_the_file(tmp_path):
    lines = [f"{number if number % 3 == 0 else ''},{number}" for number in range(300_000)]
    source = opened(tmp_path, {"a.csv": "id,n\n" + "\n".join(lines) + "\n"}, fill_down=["id"])
    wrong = source.table.filter(source.table["id"].cast("int64") != source.table["n"].cast("int64") // 3 * 3)
    assert wrong.count().execute() == 0


def test_fill_down_of_what_has_no_order_or_no_such_column(tmp_path):
    pq.write_table(pa.table({"id": ["a", None]}), tmp_path / "a.parquet")
    text = message_of(lambda: opened(tmp_path, {}, path="a.parquet", fill_down=["id"]), InputError)
    assert text.startswith("orders.fill_down: rows of Parquet have no order of their own")
    text = message_of(lambda: opened(tmp_path, {"a.csv": "id\n1\n"}, fill_down=["ID"]), InputError)
    assert text == "a.csv has no column 'ID' to fill down; it has 'id'."


TABLE = "id,day,n\n1,2024-01-02,5\n2,2024-01-03,6\n"


@pytest.mark.parametrize(
    ("text", "aspect", "words"),
    [
        ("Sales of 2024\n\n" + TABLE, "rows above the heading", "1 row left out: 'Sales of 2024'"),
        (
            "Report,Sales,\nFrom,2024-01-01,\n,,\n" + TABLE,
            "rows above the heading",
            "2 rows left out: 'Report' and",
        ),
        (
            TABLE + '\n"Generated by me, 1/2/2024"\nExample Ltd\n',
            "rows below the table",
            "2 rows left out: 'Gen",
        ),
        (TABLE + ",,\nConfidential,,\n", "rows below the table", "1 row left out: 'Confidential'"),
        (TABLE + "Source: office,,\n", "rows below the table", "1 row left out: 'Source: office'"),
    ],
)
def test_what_stands_above_and_below_a_table_is_left_out_and_said(tmp_path, text, aspect, words):
    source = opened(tmp_path, {"a.csv": text})
    assert rows(source) == [("1", "2024-01-02", "5"), ("2", "2024-01-03", "6")]
    assert told(source)[aspect].startswith(words)


@pytest.mark.parametrize("end", ["C3", "3\n", "3,2024-01-04\n"])
def test_a_last_row_that_was_cut_off_is_no_remark(tmp_path, end):
    with pytest.raises(InputError, match=r"line 4: has .* where the others have 3"):
        opened(tmp_path, {"a.csv": TABLE + end})


def test_a_last_row_that_has_but_its_id_is_a_row(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": TABLE + "Miller Ltd,,\n"}))[2] == ("Miller Ltd", None, None)


def test_a_total_is_a_row_of_the_table(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": TABLE + "Total,,11\n"}))[2] == ("Total", None, "11")


def test_a_stated_separator_is_no_row(tmp_path):
    source = opened(tmp_path, {"a.csv": "sep=;\r\nid;a,b\r\n1;2,5\r\n"})
    assert rows(source) == [("1", "2,5")]
    assert source.header_rows == (2,)


def test_an_indented_list(tmp_path):
    text = "List\t\t\n\t\t\t\n\tid\tday\tnet\n\t\t\t\n\t7\t02.01.2024\t80,50-\n\t8\t03.01.2024\t1.234,56\n"
    source = opened(tmp_path, {"a.txt": text})
    assert list(source.table.columns[:-1]) == ["id", "day", "net"]
    assert numbers(source, "net") == [-80.5, 1234.56]
    assert source.header_rows == (4,)


def test_text_of_formulas_is_text(tmp_path):
    source = opened(tmp_path, {"a.csv": 'id,n\n"=""007""","=""1.50"""\n="8",2.00\n'})
    assert ids(source, "id") == ["007", "8"]
    assert numbers(source, "n") == [1.5, 2]


def test_titles_and_remarks_of_a_sheet(tmp_path):
    book = openpyxl.Workbook()
    table = [["id", "day", "n"], ["a", "2024-01-02", 5], ["b", "2024-01-03", 6]]
    for row in [["Sales"], [None], *table, [None], ["Source: office"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    source = opened(tmp_path, {}, path="a.xlsx")
    assert rows(source) == [("a", "2024-01-02", 5), ("b", "2024-01-03", 6)]
    assert told(source)["rows below the table"] == "1 row left out: 'Source: office'"
    assert source.header_rows == (3,)


def test_a_heading_that_is_repeated_is_found(tmp_path):
    text = "id,Name,n,n\n1,a,5,5\nID,name,n,N\n2,name,6,6\n,Name,,\nid,,n,\n"
    source = opened(tmp_path, {"a.csv": text})
    assert listed(source, repeats_heading(source)) == [False, True, False, False, True]


@pytest.mark.parametrize("place", [{"database_env": "SHOP", "table": "orders"}, {"table": "shop.orders"}])
def test_tables_of_databases_are_not_filled_down(tmp_path, place):
    spec = TableSource(**place, fill_down=["id"])
    with pytest.raises(InputError, match="rows of a database have no order of their own"):
        open_table("orders", spec, tmp_path, None, tmp_path, stays=True)
