"""Cells that a report has nothing for are left out before its notebooks run."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from customer_value import cli
from customer_value.report import make_report
from customer_value.report.notebooks import find_notebooks, fitting, notebooks_folder
from customer_value.report.render import figures


def cell(text, *tags):
    kind = new_markdown_cell if text.startswith(("#", "Words")) else new_code_cell
    return kind(text, metadata={"tags": list(tags)})


def left(cells, *known):
    return [kept.source for kept in fitting(new_notebook(cells=cells), known).cells]


def test_a_tag_on_a_heading_holds_for_its_section():
    cells = [
        cell("# Page"), cell("## Money", "needs-orders"), cell("a"), cell("### Inside"), cell("b"),
        cell("## Survey"), cell("c"),
    ]  # fmt: skip
    assert left(cells, "survey") == ["# Page", "## Survey", "c"]
    assert len(left(cells, "orders")) == 7


def test_a_tag_on_another_cell_holds_for_that_cell():
    cells = [
        cell("a", "needs-feedback"),
        cell("Words", "without-feedback"),
        cell("b", "needs-orders", "needs-feedback"),
    ]
    assert left(cells) == ["Words"]
    assert left(cells, "feedback") == ["a"]
    assert left(cells, "feedback", "orders") == ["a", "b"]


def test_the_first_picture_stands_for_a_page_whose_headline_was_left_out():
    pictures = [
        new_output("display_data", {"image/png": "iVBORw0KGgo="}, metadata={"image/png": {"alt": alt}})
        for alt in ("first", "second")
    ]
    cells = [new_code_cell("show()", outputs=[picture]) for picture in pictures]
    assert [figure.alt for figure in figures(new_notebook(cells=cells))] == ["first"]


def test_every_need_of_a_cell_is_known_to_a_run():
    known = {
        "orders", "customers", "survey", "survey_items", "feedback", "referrals", "contracts", "service_costs",
        "repeat_purchase", "customer_groups", "expectations", "attributes", "components",
        "waves",
    }  # fmt: skip
    for path in find_notebooks(notebooks_folder()):
        for one in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            needs = {
                tag.partition("-")[2] for tag in one["metadata"].get("tags", []) if tag.startswith("needs-")
            }
            assert needs <= known, path.name


SURVEY = "\n".join(
    [
        '"Overall, how satisfied are you with us?",Staff are friendly,Would you recommend us?,Your age',
        *("Very satisfied,Agree,9,30", "Satisfied,Strongly agree,10,41", "Neutral,Neutral,6,33") * 4,
        "Don't know,Disagree,8,55",
    ]
)  # fmt: skip
SHARE = "What share of your purchases do you make with us? (%)"


def report_of(folder, text, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "answers.csv").write_text(text, encoding="utf-8")
    drafted = CliRunner().invoke(cli.app, ["init", "--survey", "answers.csv"])
    assert drafted.exit_code == 0, drafted.stderr
    (folder / "my.yml").write_text(drafted.stdout, encoding="utf-8")
    page = make_report(folder / "my.yml", folder / "out").parent
    pages = {path.stem[:2]: path.read_text(encoding="utf-8") for path in page.glob("*.html")}
    return pages, json.loads((page / "facts.json").read_text(encoding="utf-8"))


def test_a_survey_in_words_makes_its_report_with_no_hand_editing(tmp_path, monkeypatch):
    pages, facts = report_of(tmp_path, SURVEY, monkeypatch)
    assert (facts["satisfaction.index"], facts["data.answers_missing"]["missing_code"]) == (75.0, 1)
    assert (facts["loyalty.respondents"], facts["loyalty.repeat_source"]) == (12, None)
    assert facts["satisfaction.nps"] == pytest.approx(100 * 4 / 13)
    for heading in (
        "The matrix",
        "Who moved?",
        "Who wins?",
        "After a complaint",
        "Coverage in time",
        "Delivered value",
    ):
        assert not any(f">{heading}</h2>" in page for page in pages.values()), heading
    for page in pages.values():
        assert "This part needs orders" not in page
        assert "XXX" not in page


def test_a_stated_share_of_purchases_draws_the_matrix(tmp_path, monkeypatch):
    rows = ["sat_overall,q_friendly,share", *["5,4,80", "4,5,20", "2,1,90", "1,2,10"] * 3]
    text = "\n".join(rows).replace("share", f'"{SHARE}"')
    pages, facts = report_of(tmp_path, text, monkeypatch)
    assert facts["loyalty.repeat_source"] == "stated purchase share"
    assert facts["loyalty.cells"] == {"true": 3, "latent": 3, "inert": 3, "none": 3, "not_surveyed": 0}
    assert "The matrix</h2>" in pages["05"]
    assert "Who moved?" not in pages["05"]
    assert "12 respondents could be placed" in pages["05"]


@pytest.mark.parametrize("name", ["01_data_load", "06_satisfaction_and_value"])
def test_pages_of_a_survey_alone_do_not_speak_of_orders(name):
    path = next(path for path in find_notebooks(notebooks_folder()) if path.stem == name)
    known = ("survey", "survey_items", "expectations", "attributes", "components")
    alone, both = (
        "\n".join(
            cell.source
            for cell in fitting(nbformat.read(path, 4), parts).cells
            if cell.cell_type == "markdown"
        )
        for parts in (known, (*known, "orders", "customer_groups"))
    )
    assert "orders" in both
    assert "orders" not in alone
    assert "order history" not in alone
