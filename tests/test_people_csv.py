"""CSV for people: whatever a company's file holds, no cell is one that a spreadsheet would execute."""

import csv
import re
from pathlib import Path

from typer.testing import CliRunner

from customer_value.cli import app
from customer_value.people_csv import csv_text, guarded, unguarded
from customer_value.report.overview import Entry, overview_csv

SOURCES = Path(__file__).parents[1] / "lib" / "customer_value"
STARTS = ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠", " =", "'=", "''@")


def dangerous(path):
    """Cells that begin like a formula and are no number."""
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    return [
        c
        for c in cells
        if re.match(r"\s*[=+\-@＝＋－＠\t\r]", c) and not re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", c)
    ]


def test_every_csv_of_a_run_is_harmless_whatever_files_reasons_and_ids_are_called(desk):
    lines = [f'"{start}cmd|{n}!A0",2024-0{n % 9 + 1}-01,{n + 1}.00' for n, start in enumerate(STARTS * 2)]
    desk.file("=orders.csv", "customer,=day,amount\n" + "\n".join(lines) + "\n@void,2024-01-05,7.00\n")
    desk.settings(
        "currency: EUR\norders:\n  path: '=orders.csv'\n"
        "  columns: {customer_id: customer, order_date: '=day', amount: amount}\n"
        "  exclude:\n  - {reason: '=HYPERLINK(1)', column: customer, is: '@void'}\n"
    )
    run = desk.run()
    files = list(run.rglob("*.csv"))
    assert {"ledger.csv", "customers.csv"} <= {path.name for path in files}
    assert {path.name: dangerous(path) for path in files if dangerous(path)} == {}
    assert "'=HYPERLINK(1)" in (run / "ledger.csv").read_text()


def test_the_overview_of_a_batch_is_harmless(tmp_path):
    path = tmp_path / "overview.csv"
    path.write_text(overview_csv([Entry("=1", "=1", title="@title", currency="EUR", failure="-failed=")]))
    assert dangerous(path) == []


def test_a_drafted_codebook_is_harmless_and_read_back_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    items = ["=SUM(1)", "'=quoted", "@at", "-minus", "Q1"]
    answers = [[f"P{n}", *(str((n * 7 + place) % 5 + 1) for place, _ in enumerate(items))] for n in range(30)]
    Path("s.csv").write_text(csv_without_guard(["respondent", *items], answers))
    made = CliRunner().invoke(app, ["init", "--survey", "s.csv"])
    assert made.exit_code == 0, made.output
    assert dangerous(Path("s_items.csv")) == []
    Path("survey.yml").write_text("currency: EUR\n" + made.stdout)
    checked = CliRunner().invoke(app, ["check", "survey.yml"])
    assert checked.exit_code == 0, checked.output
    assert re.search(r"survey\s+kept\s.*150", checked.stdout), checked.stdout


def csv_without_guard(columns, rows):
    return "\n".join(",".join(row) for row in [columns, *rows]) + "\n"


def test_guarded_text_comes_back_and_numbers_stay(desk):
    texts = [f"{start}x" for start in STARTS] + ["-5", "+4.50", "'", "plain", ""]
    assert [unguarded(guarded(text)) for text in texts] == texts
    assert csv_text(["=n", "v"], [[-1.5, None], ["-5", float("nan")]]) == "'=n,v\n-1.5,\n-5,\n"


def test_csv_is_written_in_one_place():
    writes = re.compile(r"\.to_csv\(|csv\.writer\(|csv\.DictWriter\(")
    found = {
        str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*.py") if writes.search(path.read_text())
    }
    assert {name for name in found if not name.startswith("simulate/")} == {"people_csv.py"}
