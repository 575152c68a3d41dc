import codecs
import gzip

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customer_value.errors import InputError
from sources_kit import opened, rows, told

TABLE = [["id", "day", "price"], ["007", "31.12.2024", "1,50"], ["8", "01.02.2025", "2,00"]]


@pytest.mark.parametrize(("sign", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separator_and_line_ends_are_found(tmp_path, sign, name, end):
    text = end.join(sign.join(row) for row in TABLE) + end
    source = opened(tmp_path, {"a.csv": text})
    assert rows(source) == [tuple(row) for row in TABLE[1:]]
    assert told(source)["separator"] == name


def test_comma_with_quoted_decimal_commas(tmp_path):
    source = opened(tmp_path, {"a.csv": 'id,price\n1,"1,50"\n2,"2,00"\n'})
    assert rows(source) == [("1", "1,50"), ("2", "2,00")]


def test_decimal_commas_do_not_pass_for_separators_without_a_header(tmp_path):
    source = opened(tmp_path, {"a.csv": "12,5;13,5;14,5\n1,5;3,5;4,5\n"})
    assert rows(source) == [("12,5", "13,5", "14,5"), ("1,5", "3,5", "4,5")]


def test_columns_aligned_with_blanks(tmp_path):
    text = " 00004 0001 19970101  2   29.33\r\n 00021 0002 19970118 10    9.73\r\n"
    source = opened(tmp_path, {"raw.txt": text})
    assert rows(source)[1] == ("00021", "0002", "19970118", "10", "9.73")
    assert source.table.columns[:5] == ("1", "2", "3", "4", "5")
    assert told(source)["header"] == "none; columns are called 1, 2, 3, …"


def test_a_header_over_columns_aligned_with_blanks(tmp_path):
    source = opened(tmp_path, {"raw.txt": " id  day value\n 1  19970101  11.77\n"})
    assert rows(source) == [("1", "19970101", "11.77")]


def test_separators_line_ends_and_quotes_inside_quotes_belong_to_the_value(tmp_path):
    source = opened(tmp_path, {"a.csv": 'id,name\r\n1,"Smith, ""Jo""\nLtd"\r\n2,b\r\n'})
    assert rows(source) == [("1", 'Smith, "Jo"\nLtd'), ("2", "b")]


def test_backslash_before_quotes(tmp_path):
    source = opened(tmp_path, {"a.csv": 'id,name\n1,"the \\"old\\" shop"\n2,"b"\n'})
    assert rows(source) == [("1", 'the "old" shop'), ("2", "b")]


def test_an_inch_sign_is_no_quote(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": 'id,name\n1,12" pipe\n2,b\n'}))[0] == ("1", '12" pipe')


def test_mixed_line_ends_are_read(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": "a,b\r\n1,2\n3,4\r\n"})) == [("1", "2"), ("3", "4")]


def test_empty_lines_are_no_rows_and_blank_fields_are_null(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": 'a,b\n\n1,\n\n"",2\n\n'})) == [("1", None), (None, "2")]


def test_a_separator_at_the_end_of_the_rows_only(tmp_path):
    assert rows(opened(tmp_path, {"a.csv": "a;b\n1;2;\n3;4;\n"})) == [("1", "2"), ("3", "4")]


def test_one_column(tmp_path):
    source = opened(tmp_path, {"a.csv": "name\nx\ny\n"})
    assert rows(source) == [("x",), ("y",)]


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("kunde;stadt\nMüller;Köln\nJürgen;Straße\n", "cp1252", "Windows-1252"),
        ("client,ville\nHélène,Orléans\nFrançois,Nîmes\n", "cp1252", "Windows-1252"),
        ("id,price\n1,€5\n2,€6\n", "cp1252", "Windows-1252"),
        ("zákazník;částka\nNovák Žižka;5\nŘehoř;6\n", "cp1250", "Windows-1250"),
        ("клиент;сумма\nИванов;100\nПетрова;5\n", "cp1251", "Windows-1251"),
        ("πελάτης;ποσό\nΝίκος;5\n", "cp1253", "Windows-1253"),
        ("客户,日期,金额\n张三,2021-01-02,100\n李四,2021-02-03,5\n", "gb18030", "GB 18030"),
        ("客戶,日期,金額\n張三,2021-01-02,100\n李四,2021-02-03,5\n", "big5", "Big5"),
        ("顧客,日付,金額\n田中さん,2021-01-02,100\nトヨタ,2021-02-03,5\n", "cp932", "Shift JIS"),
        ("고객,금액\n김철수,100\n박영희,5\n서울전자,6\n", "euc_kr", "EUC-KR"),
        ("клиент;сумма\nИванов;100\nПетрова;5\nСидоров;9\n", "koi8-r", "KOI8-R"),
        ("客户,金额\n张三,100\n", "utf-8", "UTF-8"),
        ("客户,金额\n张三,100\n", "utf-8-sig", "UTF-8"),
        ("客户,金额\n张三,100\n", "utf-16", "UTF-16"),
        ("id,Größe\nab,100\n", "utf-16-le", "UTF-16"),
        ("id,Größe\nab,100\n", "utf-16-be", "UTF-16"),
    ],
)
def test_encoding_is_found(tmp_path, text, encoding, name):
    source = opened(tmp_path, {"a.csv": text.encode(encoding)})
    lines = [line.replace(";", ",").split(",") for line in text.splitlines()]
    assert list(source.table.columns[:-1]) == lines[0]
    assert rows(source) == [tuple(line) for line in lines[1:]]
    assert told(source)["encoding"] == name


def test_declared_encoding_is_stated_as_declared(tmp_path):
    source = opened(tmp_path, {"a.csv": "n\nŽ\n".encode("cp1250")}, encoding="windows-1250")
    assert rows(source) == [("Ž",)]
    assert next(r for r in source.readings if r.aspect == "encoding").declared


def test_gzip(tmp_path):
    source = opened(tmp_path, {"a.csv.gz": gzip.compress(b"a,b\n1,2\n", mtime=0)})
    assert rows(source) == [("1", "2")]
    assert source.files[0].name == "a.csv.gz"


@pytest.mark.parametrize(
    ("content", "spec", "words"),
    [
        (b"", {}, "a.csv is empty."),
        (b"\n \n", {}, "a.csv is empty."),
        (b"id,day\n", {}, "a.csv has a header but no rows."),
        (b"id,day\n1,2\n1,2\n1,2,3\n1,2\n", {}, "a.csv, line 4: has 3 columns where the others have 2"),
        (b"id,day\n1,2\n1\n1,2\n1,2\n", {}, "a.csv, line 3: has 1 column where the others have 2"),
        (b'id,day\n1,2\n1,"2\n1,2\n', {}, 'a.csv, line 3: a quote (") is opened and not closed'),
        (b"id,day\n1,\x00\n", {}, "a.csv holds NUL bytes"),
        (b"id;day\n1;a;2\n2;b;3\n", {}, "the first line ('id' …) has 2 columns, the rows have 3; remove"),
        (b"id,day\n1,\xff\n", {"encoding": "utf-8"}, "not readable as UTF-8"),
        (b"id,day\n1,2\n", {"encoding": "klingon"}, "the encoding 'klingon' is not known"),
        (b"id,day\n1,2\n", {"separator": "<>"}, "separator must be one character"),
        ("n\nä\nö\nü\nß\n".encode() + b"\xe4\n", {}, "a.csv, line 6: not valid UTF-8, though other lines are"),
        (b" 1 2 3\n 4 5\n", {"separator": "whitespace"}, "a.csv, line 2: has 2 columns where the others have 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where(tmp_path, content, spec, words):
    with pytest.raises(InputError) as error:
        opened(tmp_path, {"a.csv": content}, **spec)
    assert words in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_utf8_with_a_mark_and_no_header(tmp_path):
    source = opened(tmp_path, {"a.csv": codecs.BOM_UTF8 + b"7,2024-01-31\n8,2024-01-30\n"})
    assert rows(source)[0] == ("7", "2024-01-31")


def test_column_names_are_stripped_and_never_twice_the_same(tmp_path):
    source = opened(tmp_path, {"a.csv": ", id ,Total,total,_file\n0,1,2,3,4\n"})
    assert list(source.table.columns) == ["1", "id", "Total (1)", "total (2)", "_file (1)", "_file"]
    assert "called by its position" in told(source)["column names"]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("id,2023,2024\n5,1,2\n", True),
        ("anna,berlin\nbob,london\n", True),
        ("7,12.5\n8,13.5\n", False),
        ("A7,2024-01-31,5\nA8,2024-01-30,6\n", False),
        ("name,31/12/2024,€ 5\nx,30/12/2024,€ 6\n", False),
    ],
)
def test_header_is_found(tmp_path, text, header):
    assert len(rows(opened(tmp_path, {"a.csv": text}))) == 2 - header


def test_header_can_be_stated(tmp_path):
    source = opened(tmp_path, {"a.csv": "anna,berlin\nbob,london\n"}, header=False)
    assert rows(source) == [("anna", "berlin"), ("bob", "london")]


FIELD = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\x1f", exclude_categories=["Cs"]), min_size=1
)


@given(st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=8), st.sampled_from(",;\t|"))
@example([("0", '="', '="\n"x')], ",")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_comes_back_unchanged(tmp_path, table, sign):
    def quoted(cells):
        return sign.join('"' + cell.replace('"', '""') + '"' for cell in cells)

    text = "\n".join(map(quoted, [("a", "b", "c"), *table])) + "\n"
    source = opened(tmp_path, {"a.csv": text}, separator=sign, encoding="utf-8", header=True)
    assert rows(source) == table
