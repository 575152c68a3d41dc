"""Drafts of files with hundreds of columns: the engine is asked for all of them together."""

import pytest

from customer_value.guess import first_settings, survey_draft


@pytest.fixture
def asked(monkeypatch):
    """The queries that DuckDB is asked, counted."""
    from ibis.backends.duckdb import Backend

    queries = []
    plain, arrow = Backend.raw_sql, Backend.to_pyarrow
    monkeypatch.setattr(
        Backend, "raw_sql", lambda self, q, **more: queries.append(q) or plain(self, q, **more)
    )
    monkeypatch.setattr(
        Backend, "to_pyarrow", lambda self, *a, **more: queries.append(a) or arrow(self, *a, **more)
    )
    return queries


def wide(path, columns, cell, rows=20):
    names = [f"{name}_{n}" for n in range(columns) for name in ("c",)]
    lines = [",".join(["customer_id", "order_date", "amount", *names])]
    for row in range(rows):
        cells = [cell(row, n) for n in range(columns)]
        lines.append(
            ",".join(
                [f"K{row % 7}", f"2023-{row % 12 + 1:02d}-{row % 27 + 1:02d}", f"{row * 7 + 3}.50", *cells]
            )
        )
    path.write_text("\n".join(lines) + "\n")
    return path


KINDS = {
    "numbers": lambda row, n: f"{(row * 31 + n * 17) % 9973}.{n % 90 + 10}",
    "grouped numbers": lambda row, n: f'"{(row * 31 + n) % 90 + 1},{(row * n) % 900 + 100}.{n % 90 + 10}"',
    "numbers like dates": lambda row, n: str(20_200_101 + row * 31 + n),
    "dates": lambda row, n: f"2024-{(row + n) % 12 + 1:02d}-{n % 28 + 1:02d}",
    "words": lambda row, n: f"word {(row * 3 + n) % 11}",
    "blanks": lambda row, n: "",
    "total": lambda row, n: f"Total {n}" if row == 3 else "x",
}


@pytest.mark.parametrize("kind", KINDS)
def test_more_columns_are_not_more_queries(asked, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    counts = []
    for columns in (30, 90):
        asked.clear()
        first_settings(wide(tmp_path / "wide.csv", columns, KINDS[kind]))
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 10, counts


def test_a_long_file_of_many_columns_is_asked_no_more_either(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draft = first_settings(wide(tmp_path / "wide.csv", 60, KINDS["numbers"], rows=2_100))
    assert "amount: amount" in draft.text
    assert len(asked) < 60 * 3


def test_numbers_with_signs_beyond_a_few_are_left_out_of_the_sums_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draft = first_settings(wide(tmp_path / "wide.csv", 30, lambda row, n: f"${row * 3 + n}.50"))
    assert draft.remark.startswith("wide.csv: 18 columns of numbers with signs around them were not compared")
    assert "amount: amount" in draft.text


@pytest.mark.parametrize(
    ("name", "columns", "cell", "told"),
    [
        (
            "tax_",
            20,
            lambda row, n: f"{row * 3 + n}.50",
            "3 columns called like a tax, fee or discount were not",
        ),
        ("customer", 42, lambda row, n: f"A{row % 5}", "3 columns called like a customer were not compared"),
        (
            "c_",
            15,
            lambda row, n: "Total" if row == 3 else f"x{row}",
            "3 columns with words for totals were not",
        ),
    ],
)
def test_whatever_is_too_much_to_be_compared_is_said(tmp_path, monkeypatch, name, columns, cell, told):
    monkeypatch.chdir(tmp_path)
    path = wide(tmp_path / "wide.csv", columns, cell)
    path.write_text(path.read_text().replace("c_", name).replace("tax_0", "total"))
    assert told in first_settings(path).remark


def test_a_questionnaire_of_many_items_is_read_in_one_go(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = wide(tmp_path / "wide.csv", 150, lambda row, n: str((row * 7 + n * 3) % 5 + 1))
    draft = survey_draft(path)
    assert len(draft.codebook) >= 150
    assert len(asked) < 30
