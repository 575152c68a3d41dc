import hashlib
import os
import sqlite3
import traceback

import pytest

from customer_value.errors import InputError
from sources_kit import CON, dates, ids, message_of, numbers, opened, rows, told

A = "id,day\n1,2024-01-31\n"
B = "day;id\n30.01.2024;2\n"


def test_a_pattern_takes_the_files_in_order_of_their_names(tmp_path):
    source = opened(
        tmp_path, {"in/b.csv": "id\n2\n", "in/a.csv": "id\n1\n", "in/.c.csv": "id\n3\n"}, path="in/*.csv"
    )
    assert [file.name for file in source.files] == ["in/a.csv", "in/b.csv"]
    assert source.table.to_pyarrow().to_pylist() == [{"id": "1", "_file": 0}, {"id": "2", "_file": 1}]


def test_a_file_named_twice_is_read_once(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": A}, path=["a.csv", "*.csv", "./a.csv"])) == [("1", "2024-01-31")]


def test_files_are_told_with_hash_and_size(tmp_path):
    file = opened(tmp_path, {"a.csv": A}).files[0]
    assert (file.name, file.sha256, file.bytes) == ("a.csv", hashlib.sha256(A.encode()).hexdigest(), len(A))


def test_files_may_differ_in_dialect_and_order_of_columns(tmp_path):
    source = opened(tmp_path, {"a.csv": A, "b.csv": B.encode("utf-16")})
    assert rows(source) == [("1", "2024-01-31"), ("2", "30.01.2024")]
    assert told(source)["separator"] == "comma in a.csv; semicolon in b.csv"
    assert told(source)["encoding"] == "UTF-8 in a.csv; UTF-16 in b.csv"
    assert "(row 2 of a.csv) and '30.01.2024' (row 2 of b.csv)" in message_of(
        lambda: dates(source, "day"), InputError
    )


def test_files_must_have_the_same_columns(tmp_path):
    with pytest.raises(InputError, match=r"b.csv has no column 'day', a.csv has it"):
        opened(tmp_path, {"a.csv": A, "b.csv": "id,date\n1,2024-01-31\n"})


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("order.csv", "orders.path: there is no file 'order.csv'; did you mean 'orders.csv'?"),
        (
            "x/*.csv",
            "orders.path: no file matches 'x/*.csv'; paths are relative to the folder of the settings",
        ),
        (".", "is a folder; name the files"),
        ("a.docx", "a.docx: the ending '.docx' is not one of a known kind; state format"),
        ("b.xlsx", "b.xlsx is named like excel but is not one"),
    ],
)
def test_what_is_not_there_is_told(tmp_path, path, words):
    files = {"orders.csv": A, "a.docx": "x", "b.xlsx": "id\n1\n"}
    assert words in message_of(lambda: opened(tmp_path, files, path=path), InputError)


def test_an_absolute_path_is_shown_by_its_last_part(tmp_path):
    source = opened(tmp_path, {"a.csv": A}, path=str(tmp_path / "a.csv"))
    assert source.files[0].name == "a.csv"
    words = message_of(lambda: opened(tmp_path, {}, path=str(tmp_path / "b.csv")), InputError)
    assert str(tmp_path) not in words


def test_equal_names_are_told_apart(tmp_path):
    files = {"x/a.csv": A, "y/a.csv": A}
    source = opened(tmp_path, files, path=[str(tmp_path / name) for name in files])
    assert [file.name for file in source.files] == ["a.csv (file 1)", "a.csv (file 2)"]


def test_the_content_of_an_environment_variable_is_never_shown(tmp_path, monkeypatch):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/a.csv").write_text("id,day\n1,01/02/2024\n")
    monkeypatch.setenv("ORDERS", str(tmp_path / "secret/a.csv"))
    source = opened(tmp_path, {}, path_env="ORDERS")
    assert [file.name for file in source.files] == ["$ORDERS"]
    assert "secret" not in repr(source.readings)
    words = message_of(lambda: dates(source, "day"), InputError)
    assert "$ORDERS, column 'day'" in words
    assert "secret" not in words


@pytest.mark.parametrize("value", ["", "secret/b.csv", "secret/*.csv", "postgres://user:secret@host/db"])
def test_a_wrong_environment_variable_is_named_and_not_shown(tmp_path, monkeypatch, value):
    monkeypatch.setenv("ORDERS", value)
    words = message_of(lambda: opened(tmp_path, {}, path_env="ORDERS"), InputError)
    assert "ORDERS" in words
    assert "secret" not in words


def test_an_error_carries_no_address_in_what_caused_it(tmp_path, monkeypatch):
    (tmp_path / "hush.parquet").write_bytes(b"PAR1 and no more")
    monkeypatch.setenv("ORDERS", str(tmp_path / "hush.parquet"))
    with pytest.raises(InputError) as error:
        opened(tmp_path, {}, path_env="ORDERS")
    assert error.value.__suppress_context__
    assert "hush" not in "".join(traceback.format_exception(error.value))


def test_an_unset_environment_variable(tmp_path):
    assert "NOPE" not in os.environ
    assert "NOPE is not set" in message_of(lambda: opened(tmp_path, {}, path_env="NOPE"), InputError)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("custmer", "did you mean 'Customer'?"),
        ("customer", "did you mean 'Customer'?"),
        ("Total", "did you mean 'Total (1)' or 'Total (2)'?"),
        ("zzz", "it has 'Customer', 'Total (1)' and 'Total (2)'."),
    ],
)
def test_a_missing_column_is_named_with_the_nearest(tmp_path, asked, hint):
    source = opened(tmp_path, {"a.csv": "Customer,Total,Total\na,1,2\n"})
    with pytest.raises(InputError) as error:
        source.require({"customer_id": asked})
    assert str(error.value) == f"orders.columns.customer_id: a.csv has no column '{asked}'; {hint}"


def test_parquet_keeps_its_types_and_takes_wider_ones(tmp_path):
    for name, sql in {
        "a": "SELECT 1 AS id, DATE '2024-01-31' AS day",
        "b": "SELECT 2.5 AS id, TIMESTAMP '2024-02-01 10:00' AS day",
    }.items():
        CON.raw_sql(f"COPY ({sql}) TO '{tmp_path}/{name}.parquet'")
    source = opened(tmp_path, {}, path="*.parquet")
    assert numbers(source, "id") == [1, 2.5]
    assert dates(source, "day") == ["2024-01-31", "2024-02-01"]
    assert not source.text


def test_numbers_in_one_file_and_text_in_another_become_text(tmp_path):
    for name, sql in {"a": "1.5::DOUBLE", "b": "'1,234.5'", "c": "7.0::DOUBLE"}.items():
        CON.raw_sql(f"COPY (SELECT {sql} AS x) TO '{tmp_path}/{name}.parquet'")
    source = opened(tmp_path, {}, path="*.parquet")
    assert numbers(source) == [1.5, 1234.5, 7]
    assert ids(source)[2] == "7"


def test_damaged_parquet(tmp_path):
    with pytest.raises(InputError, match=r"a.parquet cannot be read: it is damaged"):
        opened(tmp_path, {"a.parquet": b"PAR1 and no more"})


def sqlite_file(folder, *statements):
    with sqlite3.connect(folder / "a.db") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def test_sqlite_with_values_of_mixed_types(tmp_path):
    sqlite_file(
        tmp_path,
        "CREATE TABLE t (id, day TEXT, n INTEGER, price REAL, mixed)",
        "INSERT INTO t VALUES ('007', '2024-01-31', 3, 1.234, 1.234), (8, '2024-02-01', NULL, 2, '2.5')",
    )
    source = opened(tmp_path, {}, path="a.db")
    assert ids(source, "id") == ["007", "8"]
    assert numbers(source, "n") == [3, None]
    assert numbers(source, "price") == [1.234, 2]
    assert numbers(source, "mixed") == [1.234, 2.5]
    assert told(source)["table"] == "t"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "a.db holds several tables: 'orders' and 'parts'; state which one with table."),
        ("order", "a.db has no table 'order'; did you mean 'orders'?"),
        ("parts", "a.db, table 'parts' has no rows."),
    ],
)
def test_tables_of_a_database_are_told(tmp_path, table, words):
    sqlite_file(tmp_path, "CREATE TABLE orders (x)", "CREATE TABLE parts (x)")
    assert words in message_of(lambda: opened(tmp_path, {}, path="a.db", table=table), InputError)


def test_duckdb_file(tmp_path):
    CON.raw_sql(f"ATTACH '{tmp_path}/a.duckdb' AS made")
    CON.raw_sql("CREATE TABLE made.main.t AS SELECT 1 AS id, 2.5 AS price")
    CON.raw_sql("DETACH made")
    source = opened(tmp_path, {}, path="a.duckdb")
    assert rows(source) == [(1, 2.5)]
    assert "has no table 'u'" in message_of(
        lambda: opened(tmp_path, {}, path="a.duckdb", table="u"), InputError
    )


def test_text_of_a_fixed_list_is_text_and_sorts_as_text(tmp_path):
    CON.raw_sql(f"ATTACH '{tmp_path}/a.duckdb' AS made")
    CON.raw_sql("CREATE TABLE made.main.t AS SELECT unnest(['b', 'a'])::ENUM ('b', 'a') AS id")
    CON.raw_sql("DETACH made")
    found = opened(tmp_path, {}, path="a.duckdb").table
    assert found.aggregate(low=found.id.min()).to_pyarrow().to_pylist() == [{"low": "a"}]
    assert found.select("id").to_pyarrow()["id"].type == "string"


def test_a_file_of_another_kind_than_its_name(tmp_path):
    sqlite_file(tmp_path, "CREATE TABLE t (id)", "INSERT INTO t VALUES (1)")
    (tmp_path / "a.db").rename(tmp_path / "a.csv")
    assert rows(opened(tmp_path, {}, path="a.csv")) == [(1,)]


@pytest.mark.parametrize("head", ["<html><body>", "\ufeff<!DOCTYPE html>\n<html>", "\n<TABLE border=1>"])
@pytest.mark.parametrize("name", ["export.xls", "export.csv"])
def test_a_web_page_is_told_to_be_one_whatever_its_name(tmp_path, head, name):
    text = f"{head}<tr><td>customer</td><td>date</td></tr><tr><td>a</td><td>2024-01-01</td></tr>"
    with pytest.raises(InputError, match=rf"{name} is a web page \(HTML\), whatever its name; open it in"):
        opened(tmp_path, {name: text})


def test_text_that_begins_with_a_sign_of_markup_is_still_text(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": "<b>id</b>,day\n1,2024-01-31\n"})) == [("1", "2024-01-31")]
