"""What page 1 says about data of opposite shape, and that its pictures and tables agree with it."""

import pytest

from conftest import SAMPLE
from customer_value import data_load, plots
from customer_value.display import Picture, Prose, show
from customer_value.workbook import open_workbook
from text_kit import said


def loaded(desk, *rows, extra="", header="customer,date,amount"):
    desk.settings(desk.config.read_text() + extra).orders(*rows, header=header)
    return data_load.overview_of(open_workbook(desk.config))


YEAR = [f"{c},2024-{m:02d}-15,10.00" for c in "abc" for m in range(1, 13)]


def test_clean_data_say_that_all_rows_count_and_that_nothing_stands_out(desk):
    result = loaded(desk, *YEAR)
    assert said(result.findings[0]) == "All 36 order rows are analysed: EUR 360 in total."
    assert result.warnings == ()
    assert "no warning" in repr(result.warnings_list)
    assert "rows with" not in said(result.next_steps)


def test_dirty_data_say_what_was_left_out_and_whom_to_ask(desk):
    result = loaded(desk, *YEAR, ",2024-05-05,90.00", ",2024-05-05,90.00", "a,someday,1.00")
    assert "36 of 39 order rows are analysed (92%)" in said(result.findings[0])
    assert "'no customer id' (2 rows)" in said(result.findings[0])
    assert "the 2 rows with no customer id; they hold EUR 180" in said(result.next_steps[0])
    assert "1 row has a date that cannot be read" in said(result.warnings)


def test_the_facts_tie_to_the_ledger(desk):
    facts = loaded(desk, *YEAR, "a,2024-12-20,-7.50", ",2024-05-05,90.00").facts
    assert facts["data.rows_read"] == facts["data.rows_kept"] + sum(facts["data.rows_excluded"].values())
    assert (
        facts["data.amount_kept"]
        == facts["data.net_revenue"]
        == facts["data.gross"] - facts["data.returns"]
        == 352.5
    )
    assert (facts["data.customers"], facts["data.orders"]) == (3, 36)
    assert facts["data.as_of"] == "2024-12-20"


def test_cdnow_has_the_published_rows_customers_and_money():
    """Fader, Hardie & Lee 2005, Marketing Science 24(2)."""
    facts = data_load.overview_of(open_workbook(SAMPLE / "cdnow.yml")).facts
    assert (facts["data.rows_kept"], facts["data.customers"]) == (6919, 2357)
    assert facts["data.amount_kept"] == 244091.94


def test_a_month_without_orders_is_a_warning(desk):
    result = loaded(desk, *[row for row in YEAR if "-06-" not in row])
    assert said(result.warnings) == "June 2024 has no order; check that no file is missing."
    assert result.facts["data.warnings"] == [said(result.warnings)]
    assert result.months.loc[5, "orders"] == 0


def test_returns_are_stated_and_many_are_a_warning(desk):
    few = loaded(desk, *YEAR, "a,2024-12-16,-3.60")
    assert "EUR 3.60, 1.0% of gross sales, are subtracted" in said(few.findings[2])
    assert few.warnings == ()
    many = loaded(desk, *YEAR, "d,2024-12-16,-300.00")
    assert (
        "1 customer has no paid purchase, only returns, void orders or orders for nothing; it counts in the money"
        in said(many.findings[2])
    )
    assert "check that negative amounts are returns" in said(many.warnings[0])


@pytest.mark.parametrize(
    ("extra", "basis", "words"),
    [("", "revenue", "value means revenue"), ("margin_rate: 0.3\n", "margin", "value can mean margin")],
)
def test_what_value_means_is_said(desk, extra, basis, words):
    result = loaded(desk, *YEAR, extra=extra)
    assert result.facts["data.value_basis"] == basis
    assert words in said(result.findings)


def test_only_returns_are_survived(desk):
    result = loaded(desk, "a,2024-01-01,-5.00", "b,2024-01-02,-1.00")
    assert result.totals["buyers"] == 0
    assert "2 customers have no paid purchase" in said(result.findings)
    assert (result.first_order.isoformat(), result.last_order.isoformat()) == ("2024-01-01", "2024-01-02")
    assert "no order" not in said(result.warnings)
    assert isinstance(show(plots.revenue_by_month, result), Prose)


def test_charts_have_a_text_alternative_with_numbers(desk):
    result = loaded(desk, *YEAR)
    for chart in (plots.revenue_by_month, plots.buyers_by_month):
        picture = show(chart, result)
        assert isinstance(picture, Picture)
        assert any(character.isdigit() for character in picture.alt)
