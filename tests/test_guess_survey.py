"""First codebooks for questionnaires of many kinds, and that the inputs can be checked with them."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from customer_value import cli
from customer_value.errors import InputError
from customer_value.guess import survey_draft
from customer_value.guess.scales import Scale, guess_scale
from customer_value.inputs import check_inputs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drafted(folder, text, name="answers.csv"):
    """The codebook drafted for a file, by item; the drafted settings must be accepted with it."""
    (folder / name).write_text(text, encoding="utf-8")
    draft = survey_draft(folder / name)
    draft.codebook.to_csv(folder / draft.codebook_name, index=False)
    (folder / "my.yml").write_text(draft.settings)
    return draft, draft.codebook.set_index("item")


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


WIDE = rows(
    "Respondent,Customer No,Date,CUSA1,CUSA2,NPS,q_share,Age",
    "R1,17,2024-01-05,5,4,9,80,33",
    "R2,18,2024-01-06,-99,1,10,55,41",
    "R3,18,2024-01-06,3,0,0,12,58",
    "R4,19,2024-01-09,2,None,7,100,29",
)


def test_a_wide_file_gives_a_codebook_that_check_accepts(folder):
    draft, book = drafted(folder, WIDE)
    assert list(book.index) == ["CUSA1", "CUSA2", "NPS", "q_share"]
    assert book.loc["CUSA1", ["construct", "scale_min", "scale_max", "missing_codes"]].tolist() == [
        "CUSA", "1", "5", "-99",
    ]  # fmt: skip
    assert book.loc["CUSA2", "missing_codes"] == "0;none"
    assert book["scale"].tolist() == ["likert", "likert", "nps", "percentage"]
    assert "that -99 means no answer" in book.loc["CUSA1", "note"]
    assert "layout: wide" in draft.settings
    inputs = check_inputs(folder / "my.yml")
    assert inputs.ledger.rows("survey", "kept") == 16
    assert {line.reason: line.detail for line in inputs.ledger.of("survey", "note")}[
        "columns not read"
    ] == "Age"


def test_a_long_file_gives_the_same_scales(folder):
    table = pd.read_csv(pd.io.common.StringIO(WIDE), dtype=str, keep_default_na=False).drop(columns="Age")
    long = table.melt(["Respondent", "Customer No", "Date"], var_name="item", value_name="score")
    draft, book = drafted(folder, long.to_csv(index=False))
    assert book["scale_max"].to_dict() == {"CUSA1": "5", "CUSA2": "5", "NPS": "10", "q_share": "100"}
    assert "layout" not in draft.settings
    assert check_inputs(folder / "my.yml").ledger.rows("survey", "kept") == 16


def test_items_of_one_construct_get_one_scale(folder):
    _, book = drafted(folder, rows("id,A1,A2", "1,1,2", "2,4,7", "3,2,6", "4,3,5"))
    assert book["scale_max"].tolist() == ["7", "7"]


def test_questions_as_column_names_become_wordings(folder):
    _, book = drafted(folder, rows("How satisfied are you?,exp_price", "1,2", "5,4", "4,5"))
    assert book.loc["How satisfied are you?", ["wording_en", "construct", "aspect"]].tolist() == [
        "How satisfied are you?", "satisfaction", "overall",
    ]  # fmt: skip
    assert book.loc["exp_price", "aspect"] == "expected"


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 2, 3, 4, 5], Scale(1, 5)),
        ([1, 3, 6], Scale(1, 7)),
        ([2, 8, 10], Scale(1, 10)),
        ([0, 5, 10], Scale(0, 10)),
        ([0, 1, 2, 3, 4], Scale(0, 4)),
        ([0, 1, 5, 7], Scale(1, 7, (0,))),
        ([1, 2, 5, 8, 9], Scale(1, 5, (8, 9))),
        ([1, 2, 7, 9, 99], Scale(1, 7, (9, 99))),
        ([1, 2, 3, 8, 9, 10], Scale(1, 10)),
        ([-1, 1, 2, 5], Scale(1, 5, (-1,))),
        ([-3, -1, 0, 3], Scale(-3, 3)),
        ([5, 33, 50, 77, 88, 95], Scale(0, 100)),
        ([0.25, 0.5, 1], Scale(0, 1)),
        ([1, 1.5, 4.5, 5], Scale(1, 5)),
        ([0.5, 3, 4.5], Scale(0, 5)),
        ([0, 3.25, 9.5], Scale(0, 10)),
        ([3.67, 6.33], Scale(1, 7)),
        ([47.9151, 52.7449], None),
        ([250, 1200], None),
        ([-99], None),
    ],
)
def test_scales_and_codes_are_guessed_from_the_values(values, scale):
    assert guess_scale(values) == scale


def test_a_file_without_answers_is_refused(folder):
    (folder / "people.csv").write_text("name,city,country\nAnn,Oslo,NO\nBob,Rome,IT\n")
    with pytest.raises(InputError, match=r"people.csv: no column looks like answers"):
        survey_draft(folder / "people.csv")


def test_init_writes_a_codebook_once_and_prints_settings(folder):
    (folder / "answers.csv").write_text(WIDE)
    first = CliRunner().invoke(cli.app, ["init", "--survey", "answers.csv"])
    assert first.exit_code == 0
    assert first.stdout.startswith("# Check answers_items.csv first")
    written = (folder / "answers_items.csv").read_bytes()
    again = CliRunner().invoke(cli.app, ["init", "--survey", "answers.csv"])
    assert (again.exit_code, again.stdout) == (2, "")
    assert "answers_items.csv is there already and is not overwritten" in again.stderr
    assert (folder / "answers_items.csv").read_bytes() == written
    assert CliRunner().invoke(cli.app, ["init"]).exit_code == 2


def test_init_takes_orders_and_a_survey_together(folder):
    (folder / "answers.csv").write_text(WIDE)
    days = [f"{17 + n % 3},2024-02-{n + 1:02d},{n}.50" for n in range(20)]
    (folder / "orders.csv").write_text(rows("customer,date,amount", *days))
    both = CliRunner().invoke(cli.app, ["init", "orders.csv", "--survey", "answers.csv"])
    (folder / "my.yml").write_text(both.stdout)
    inputs = check_inputs(folder / "my.yml")
    assert inputs.ledger.tables() == ("orders", "survey_items", "survey")
