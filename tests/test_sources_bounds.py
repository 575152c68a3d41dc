"""What unpacks to more than memory holds: far cells and damaged references of workbooks, packed bombs."""

import gzip
import zipfile

import openpyxl
import pytest
import xlwt

from customer_value.errors import InputError
from sources_kit import message_of, opened, rows

TABLE = [("customer", "day", "net"), (1, "2024-01-03", 5), (2, "2024-02-03", 7)]


def workbook(folder, more="", *, table=TABLE):
    """An .xlsx with the table and, below it, rows as they stand in the file."""
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(row)
    book.save(folder / "plain.xlsx")
    with (
        zipfile.ZipFile(folder / "plain.xlsx") as plain,
        zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as edited,
    ):
        for name in plain.namelist():
            text = plain.read(name).decode()
            edited.writestr(name, text.replace("</sheetData>", f"{more}</sheetData>"))


def ods(folder, more):
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = ["".join(cell.format(value) for value in row) for row in TABLE]
    cells = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(folder / "a.ods", "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr(
            "content.xml",
            f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="S">'
            f"{cells}{more}</table:table></office:spreadsheet></office:body></office:document-content>",
        )


def row(reference, cell='t="n"><v>1</v></c>'):
    return f'<row r="1"><c r="{reference}" {cell}</row>'


@pytest.mark.parametrize(
    ("more", "last"),
    [
        (row("XFD1048576", 's="0"/>'), (2, "2024-02-03", 7)),
        (row("A1048576"), (1, None, None)),
        (row("XFD9"), (None, None, None, 1)),
    ],
)
def test_a_far_cell_beside_a_small_table_is_read(tmp_path, more, last):
    workbook(tmp_path, more)
    assert rows(opened(tmp_path, {}, path="a.xlsx"))[-1] == last


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (row("XFD1048576"), "its cells lie as far as XFD1048576, which is more than memory can hold"),
        (row("ALL1") + row("A1048576"), "as far as A1048576 and ALL1, which is more"),
        (row("AAAAAAA4294967295"), "it has a cell 'AAAAAAA4294967295', which no sheet has"),
        (row("A0"), "it has a cell 'A0', which no sheet has"),
        ("<row><c></row>", "it is damaged"),
    ],
)
def test_a_sheet_that_memory_cannot_hold_or_no_program_wrote_is_refused(tmp_path, more, words):
    workbook(tmp_path, more)
    message = message_of(lambda: opened(tmp_path, {}, path="a.xlsx"), InputError)
    assert message.startswith("a.xlsx, sheet 'Sheet' cannot be read: ")
    assert words in message


def test_a_sheet_that_is_not_read_may_be_damaged(tmp_path):
    book = openpyxl.Workbook()
    for cells in TABLE:
        book.active.append(cells)
    far = book.create_sheet("far")
    far["A1"] = far["XFD1048576"] = 1
    book.save(tmp_path / "a.xlsx")
    assert len(rows(opened(tmp_path, {}, path="a.xlsx", sheet="Sheet"))) == 2
    assert "sheet 'far' cannot be read" in message_of(lambda: opened(tmp_path, {}, path="a.xlsx"), InputError)


def test_repeated_cells_of_open_document_are_bounded(tmp_path):
    blank = (
        '<table:table-row table:number-rows-repeated="1048573">'
        '<table:table-cell table:number-columns-repeated="16384"{}</table:table-row>'
    )
    ods(tmp_path, blank.format("/>"))
    assert len(rows(opened(tmp_path, {}, path="a.ods"))) == 2
    ods(tmp_path, blank.format(' office:value-type="float" office:value="1"/>'))
    assert "too far apart" in message_of(lambda: opened(tmp_path, {}, path="a.ods"), InputError)


def test_an_old_workbook_with_a_cell_beyond_its_last_column_is_refused(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("orders")
    for position, cells in enumerate(TABLE):
        for column, cell in enumerate(cells):
            sheet.write(position, column, cell)
    sheet.write(5, 5, 1234.5678)
    book.save(str(tmp_path / "a.xls"))
    number = bytes.fromhex("03020e00 0500 0500")
    content = (tmp_path / "a.xls").read_bytes()
    assert content.count(number) == 1
    far = content.replace(number, bytes.fromhex("03020e00 ffff ffff"))
    assert "a.xls cannot be opened" in message_of(lambda: opened(tmp_path, {"a.xls": far}), InputError)


def test_a_bomb_is_not_unpacked(tmp_path):
    content = b"customer,day,net\n" + b"1,2024-01-03,5\n" * 5_000_000
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    workbook(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", content)
    packed = {"a.csv.gz": gzip.compress(content, 6)}
    for name in ("a.zip", "a.csv.gz", "a.xlsx"):
        message = message_of(lambda: opened(tmp_path, packed, path=name), InputError)  # noqa: B023
        assert message.startswith(f"{name} unpacks to more than 200 times its size")


def test_entities_of_a_workbook_are_not_expanded(tmp_path):
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    workbook(tmp_path, row("A4", 't="inlineStr"><is><t>&e11;</t></is></c>'))
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as plain,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as edited,
    ):
        for name in plain.namelist():
            text = plain.read(name).decode()
            doctype = f'<!DOCTYPE w [<!ENTITY e0 "lol">{laughs}]><worksheet '
            edited.writestr(name, text.replace("<worksheet ", doctype))
    message = message_of(lambda: opened(tmp_path, {}, path="b.xlsx"), InputError)
    assert "b.xlsx, sheet 'Sheet' cannot be read: it is damaged" in message


def test_a_name_of_a_column_has_an_end(tmp_path):
    message = message_of(lambda: opened(tmp_path, {"a.csv": f"x{'x' * 20_000},y\n1,2\n"}), InputError)
    assert "the name of column 1 has 20,001 characters" in message
