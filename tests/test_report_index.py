import json
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from customer_value.errors import NotebookError
from customer_value.report.index import Section, cards, index_html
from customer_value.report.render import Link
from customer_value.report.site import write_site

LINK = Link("02_pareto.html", "2", "Is it 80/20?")
FACTS = {
    "data.customers": 1234,
    "data.amount_kept": 12_412_345.2,
    "data.first_order": "2023-01-02",
    "data.last_order": "2025-12-30",
    "data.as_of": "2025-12-31",
    "pareto.customers_for_80_share": 0.21,
    "pareto.value": "net_revenue",
    "rfm.segments": {"Champion": 10, "At risk": 4, "Can't lose": 1, "Lost": 85},
    "clv.customer_equity": 8_123_456.0,
    "clv.horizon_months": 36,
    "clv.value_basis": "margin",
    "pareto.loss_making_customers": 31,
    "pareto.loss_making_total": -88_000.0,
    "loyalty.cells": {"true": 15, "latent": 5, "inert": 5, "none": 5, "not_surveyed": 70},
    "satisfaction.index": 75.4,
    "satisfaction.nps": 24.6,
}


def index(*sections: Section, **provenance: object) -> str:
    return index_html("Acme <&>", "EUR", FACTS, sections, provenance, ["facts.json", "tables/a.csv"])


def card(label: str, facts: dict[str, object]) -> str:
    return next(f"{card.figure}; {card.remark}" for card in cards(facts, "EUR") if card.label == label)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Customers", "1,234; in the whole period"),
        ("Net revenue", "EUR 12.4 million; orders less returns, whole period"),
        ("80% of net revenue comes from", "21% of customers; "),
        ("Champions: recent, frequent buyers", "10; 10% of customers"),
        ("At risk: bought often, but not lately", "5; 5% of customers, EUR 70.0 thousand of net revenue"),
        ("Customer equity", "EUR 8.12 million; expected margin over the next 36 months, discounted"),
        ("Customers that cost more than they bring", "31; −EUR 88.0 thousand"),
        ("Truly loyal", "15; of 30 surveyed customers that could be placed"),
        ("Satisfaction index", "75 of 100; net promoter score +25"),
    ],
)
def test_cards_say_the_figure_with_its_unit(label: str, expected: str) -> None:
    revenue = {"At risk": 60_000.0, "Can't lose": 10_000.0}
    facts = FACTS | {"rfm.segments_revenue": revenue} if label.startswith("At risk") else FACTS
    assert card(label, facts) == expected


def test_equity_carries_its_interval() -> None:
    bounds = {"clv.customer_equity_low": 7.4e6, "clv.customer_equity_high": 8.9e6}
    assert card("Customer equity", FACTS | bounds).endswith(
        "; 95% interval EUR 7.40 million to EUR 8.90 million"
    )


def test_no_losses_no_card() -> None:
    labels = [card.label for card in cards(FACTS | {"pareto.loss_making_customers": 0}, "EUR")]
    assert "Customers that cost more than they bring" not in labels


def test_customers_who_only_returned_goods_are_told() -> None:
    assert (
        card("Customers", FACTS | {"data.customers_returns_only": 8})
        == "1,234; of whom 8 without a paid purchase"
    )


def test_figures_that_are_not_there_have_no_card() -> None:
    assert cards({}, "EUR") == []
    assert cards(dict.fromkeys(FACTS), "EUR") == []
    assert cards({"rfm.segments": {}, "loyalty.cells": {"not_surveyed": 3}}, "EUR") == []


def test_period_and_currency_are_stated() -> None:
    assert "Orders from 2 January 2023 to 30 December 2025, as of 31 December 2025, money in EUR" in index()


def test_title_and_sentences_are_escaped() -> None:
    html = index(Section(LINK, (), ("<b>found</b>",), ("<i>do</i>",), ("<u>mind</u>",)))
    assert "<title>Acme &lt;&amp;&gt;</title>" in html
    for text in ("&lt;b&gt;found", "&lt;i&gt;do", "&lt;u&gt;mind"):
        assert text in html


def test_long_lists_are_cut_and_say_how_much_is_left() -> None:
    many = tuple(f"sentence {n}" for n in range(6))
    html = index(Section(LINK, (), many, many, many))
    assert "2 more findings, and the whole analysis" in html
    assert "with 4 more warnings" in html


def test_inputs_are_listed_with_rows_and_hashes() -> None:
    inputs = [{"table": "orders", "file": f"{n}.csv", "sha256": "ab" * 32, "bytes": 1234} for n in (1, 2)]
    html = index(inputs=inputs, rows_read={"orders": 541_909}, parameters={"clv": {"time_unit": "W"}})
    for text in ("541,909", "1.csv", "2.csv", "1,234", "ab" * 32, "clv.time_unit"):
        assert text in html


def test_settings_are_written_without_brackets() -> None:
    exclude = [{"column": "product", "is": ["FREIGHT", "POST"]}]
    html = index(
        parameters={
            "orders": {"exclude": exclude, "drop_duplicates": False},
            "pareto": {"abc_cuts": [0.8, 0.9]},
        }
    )
    for text in ("column: product, is: FREIGHT; POST", "<dd>no</dd>", "<dd>0.8; 0.9</dd>"):
        assert text in html


def record(folder: Path, name: str, **content: object) -> None:
    (folder / "facts").mkdir(exist_ok=True)
    (folder / "facts" / f"{name}.json").write_text(json.dumps(content))


NOTEBOOKS = {
    "01_data_load": new_notebook(cells=[new_markdown_cell("# Data")]),
    "05_loyalty_matrix": new_notebook(cells=[new_markdown_cell("# Loyal?")]),
}


def test_site_merges_facts_and_lists_its_files(tmp_path: Path) -> None:
    record(tmp_path, "loyalty", facts={"loyalty.b": 2}, findings=["Half are loyal."])
    record(tmp_path, "data", facts={"data.a": 1})
    (tmp_path / "_run").mkdir()
    (tmp_path / "_run" / "state.json").touch()
    write_site(tmp_path, NOTEBOOKS, "Acme", "EUR", {"top_share": 0.1})
    assert (tmp_path / "facts.json").read_text() == '{\n  "data.a": 1,\n  "loyalty.b": 2\n}\n'
    files = ["01_data_load.html", "05_loyalty_matrix.html", "facts.json", "index.html", "provenance.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert provenance["files"] == files
    assert provenance["overrides"] == {"top_share": 0.1}
    assert "Half are loyal." in (tmp_path / "index.html").read_text()


def test_one_fact_cannot_have_two_values(tmp_path: Path) -> None:
    record(tmp_path, "loyalty", facts={"data.a": 2})
    record(tmp_path, "data", facts={"data.a": 1})
    with pytest.raises(NotebookError, match=r"records 'data.a' again"):
        write_site(tmp_path, NOTEBOOKS, "Acme", "EUR", {})


def test_facts_must_belong_to_a_notebook(tmp_path: Path) -> None:
    record(tmp_path, "loyal", facts={"loyal.a": 2})
    with pytest.raises(NotebookError, match=r"'loyal.…' were recorded"):
        write_site(tmp_path, NOTEBOOKS, "Acme", "EUR", {})


def test_not_a_number_is_refused(tmp_path: Path) -> None:
    record(tmp_path, "data", facts={"data.a": float("nan")})
    with pytest.raises(NotebookError, match="NaN is not a number"):
        write_site(tmp_path, NOTEBOOKS, "Acme", "EUR", {})


def test_a_warning_of_several_pages_stands_once() -> None:
    same = [Section(LINK, (), ("Found.",), (), ("Mind the scale.",)) for _ in range(2)]
    assert index(*same).count("Mind the scale.") == 1


def test_a_survey_alone_is_headed_by_its_days_and_respondents() -> None:
    facts = {"data.first_answer": "2024-03-01", "data.last_answer": "2024-03-20", "data.respondents": 250}
    html = index_html("Survey", "XXX", facts, [], {}, [])
    assert "Answers from 1 March 2024 to 20 March 2024" in html
    assert "XXX" not in html
    assert cards(facts, "XXX")[0].figure == "250"
