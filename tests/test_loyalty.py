from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import Prose, loyalty, open_workbook, show
from customer_value.errors import InputError
from customer_value.loyalty.attitude import MEAN, RELATIVE, account_attitudes
from customer_value.loyalty.repeat_purchase import AGAIN, RATE, SHARE_OF_WALLET
from customer_value.loyalty.representation import attitude_behaviour, response_by_fifth
from customer_value.plots import loyalty as charts
from customer_value.settings import LoyaltySettings
from customer_value.survey import score_answers
from loyalty_kit import (
    DISLIKES,
    ITEMS,
    LEVEL,
    PREFERS,
    cell_of,
    customers,
    place,
    show_title,
    survey,
    wallet,
)
from text_kit import said

SURVEY_SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, amount: amount}
survey:
  path: survey.csv
  columns: {respondent_id: respondent_id, customer_id: customer_id, date: date, item: item, score: score}
survey_items:
  path: items.csv
  columns: {attribute: attribute, target: target, missing_codes: missing_codes}
"""


def test_the_four_cells_worked_by_hand():
    answers = survey((5, 4, 3, 4), (5, 4, 3, 4), (2, 3, 4, 4), LEVEL, PREFERS)
    result = place(customers([3, 0, 2, 0, 1, 4]), answers)
    assert result.customers["relative_attitude"].tolist()[:5] == [0.25, 0.25, -0.375, 0.0, 0.5]
    assert cell_of(result) == {
        "C0": "true", "C1": "latent", "C2": "inert", "C3": "none", "C4": "true", "C5": "not_surveyed",
    }  # fmt: skip
    assert result.facts["loyalty.cells"] == {"true": 2, "latent": 1, "inert": 1, "none": 1, "not_surveyed": 1}
    assert result.facts["loyalty.cells_revenue"]["true"] == 600.0
    assert result.facts["loyalty.response_rate"] == pytest.approx(5 / 6)


def test_the_best_competitor_is_the_one_that_a_respondent_rates_highest():
    third = pd.DataFrame(
        {"item": ["third_quality", "third_service"], "attribute": ["quality", "service"], "target": "Third"}
    )
    items = pd.concat([ITEMS, third], ignore_index=True).ffill()
    extra = pd.DataFrame(
        {"respondent_id": "R0.0", "customer_id": "C0", "item": third["item"], "score": [5, 5]}
    )
    answers = pd.concat([survey(*[PREFERS] * 5), extra])
    table = account_attitudes(score_answers(answers, items)).latest
    assert table["relative_attitude"].tolist() == [0.0, 0.5, 0.5, 0.5, 0.5]


def test_attributes_asked_of_one_side_only_do_not_count():
    items = ITEMS.assign(attribute=["quality", "price", "quality", "service"])
    table = account_attitudes(score_answers(survey(*[(5, 1, 3, 1)] * 5), items)).latest
    assert table["relative_attitude"].tolist() == [0.5] * 5


def test_a_burden_counts_turned_round():
    items = ITEMS.assign(component=[None, "money", None, "money"])
    table = account_attitudes(score_answers(survey(*[(3, 1, 3, 5)] * 5), items)).latest
    assert table["relative_attitude"].tolist() == [0.5] * 5


def test_without_competitor_ratings_the_mean_attitude_stands_in_for_all():
    answers = survey(*[PREFERS, DISLIKES, LEVEL] * 2)
    answers = answers[answers["item"].str.startswith("own")]
    result = place(customers([1] * 6), answers)
    assert result.attitude_source == MEAN
    assert result.customers["attitude"].tolist() == [1.0, 0.25, 0.5] * 2
    assert result.customers["relative_attitude"].isna().all()
    assert list(cell_of(result).values()) == ["true", "inert", "inert"] * 2
    assert "did not ask about competitors" in said(result.findings)


def test_measures_are_never_mixed_within_a_wave():
    answers = survey(*[PREFERS] * 8)
    own, first = answers["item"].str.startswith("own"), answers["customer_id"].isin(["C0", "C1"])
    few = place(customers([1] * 8), answers[own | first])
    assert set(few.placed["attitude_source"]) == {MEAN}
    many = place(customers([1] * 8), answers[own | ~first])
    assert set(many.placed["attitude_source"]) == {RELATIVE}
    assert many.customers["why_not"].tolist()[:2] == ["answers give no attitude"] * 2


def test_respondents_of_one_account_are_combined_by_weight():
    answers = pd.concat(
        [survey(*[PREFERS] * 4), survey(PREFERS, PREFERS, PREFERS, PREFERS, DISLIKES).tail(4)]
    )
    second = answers.tail(4).assign(respondent_id="other", score=[5, 5, 3, 3], weight=3.0)
    answers = pd.concat([answers.assign(weight=1.0), second])
    row = account_attitudes(score_answers(answers, ITEMS)).latest.set_index("customer_id").loc["C4"]
    assert row["respondents"] == 2
    assert row["relative_attitude"] == pytest.approx((1 * -0.5 + 3 * 0.5) / 4)


def test_the_latest_wave_of_an_account_counts():
    old, new = survey(*[DISLIKES] * 5), survey(PREFERS)
    answers = pd.concat([old.assign(date="2023-03-01"), new.assign(date="2024-03-01")])
    result = place(customers([1] * 5), answers)
    assert list(cell_of(result).values()) == ["true", "inert", "inert", "inert", "inert"]
    assert (
        "The answers come from 2 survey waves; for each customer the latest one counts."
        in said(result.warnings).splitlines()
    )


def test_the_error_of_a_single_respondent_is_sd_times_root_of_one_minus_alpha():
    rows = [(5, 4, 3, 3), (4, 4, 3, 3), (3, 2, 3, 3), (2, 2, 3, 3), (4, 3, 3, 3), (1, 2, 3, 3)]
    found = account_attitudes(score_answers(survey(*rows), ITEMS))
    wide = pd.DataFrame(rows)[[0, 1]] / 4
    sd, total = wide.mean(axis=1).std(), wide.sum(axis=1).var()
    alpha = 2 * (1 - wide.var().sum() / total)
    assert found.waves.loc[0, "alpha"] == pytest.approx(alpha)
    assert found.latest["standard_error"].tolist() == pytest.approx([sd * math.sqrt(1 - alpha)] * 6)


def test_respondents_who_disagree_widen_the_error():
    answers = survey(*[PREFERS] * 5, people=2)
    split = answers["respondent_id"] == "R0.1"
    answers.loc[split, "score"] = list(DISLIKES)
    error = account_attitudes(score_answers(answers, ITEMS)).latest["standard_error"]
    assert error[0] == pytest.approx(0.5)
    assert (error[1:] < 0.5).all()


def test_share_of_wallet_counts_the_last_twelve_months():
    result = place(customers([0] * 5), survey(*[PREFERS] * 5), **wallet([100, 120, 121, 600, 60]))
    assert result.repeat.source == SHARE_OF_WALLET
    assert result.customers["repeat_purchase"].tolist() == pytest.approx([0.6, 0.5, 60 / 121, 0.1, 1.0])
    assert list(cell_of(result).values()) == ["true", "latent", "latent", "latent", "true"]


def test_a_month_that_is_not_over_is_brought_to_a_full_year():
    base = customers([0] * 5)
    result = loyalty.matrix(base, as_of=dt.date(2024, 12, 2), currency="EUR", **wallet([100] * 5))
    assert result.customers["repeat_purchase"].tolist() == pytest.approx([0.6 * 366 / 337] * 5)


def test_more_than_the_whole_wallet_is_reported_as_a_data_problem():
    result = place(customers([0] * 5), survey(*[PREFERS] * 5), **wallet([100, 100, 100, 50, 20]))
    assert result.repeat.over_full["customer_id"].tolist() == ["C4", "C3"]
    assert any(
        "2 customers bought more than their stated yearly potential" in told and "C4 with EUR 60.00" in told
        for told in said(result.warnings).splitlines()
    )


def test_potential_known_for_few_falls_back_to_the_rate_of_the_industry():
    more = wallet([100, 100, 100, None, None])
    more["customer_file"]["industry"] = "Hotels"
    result = place(customers([0, 2, 4, 4, 0]), survey(*[PREFERS] * 5), **more)
    assert result.repeat.source == RATE
    assert result.customers["repeat_purchase"].tolist() == pytest.approx([0, 1, 2, 2, 0])
    assert set(result.customers["repeat_source"]) == {RATE}
    assert list(cell_of(result).values()) == ["latent", "latent", "true", "true", "latent"]


def test_an_industry_is_compared_with_itself_and_a_small_one_with_all():
    file = pd.DataFrame(
        {"customer_id": [f"C{i}" for i in range(11)], "industry": ["Slow"] * 5 + ["Fast"] * 5 + ["Odd"]}
    )
    result = place(customers([1] * 5 + [9] * 5 + [5]), customer_file=file)
    assert result.customers["repeat_purchase"].tolist() == pytest.approx([1.0] * 10 + [1.0])


def test_without_potential_and_industry_only_coming_back_counts():
    result = place(customers([0, 1, 7]))
    assert (result.repeat.source, result.repeat.cut) == (AGAIN, 0.0)


def test_median_cuts_split_the_customers_placed_and_say_so():
    answers = survey((5, 5, 4, 4), (5, 5, 3, 3), (5, 5, 2, 2), (5, 5, 1, 1), PREFERS, PREFERS)
    result = place(customers([9, 8, 1, 2, 3, 4]), answers, options=LoyaltySettings(cuts="median"))
    assert list(cell_of(result).values()) == ["inert", "inert", "latent", "latent", "none", "inert"]
    assert "about half of the customers high" in said(result.warnings)


def test_customers_near_a_border_are_flagged():
    rows = [(5, 5, 1, 1), (5, 4, 2, 1), (1, 1, 5, 5), (1, 2, 5, 4), (3, 4, 4, 3), (3, 3, 3, 3)]
    result = place(customers([1] * 6), survey(*rows))
    assert result.customers["within_one_error"].tolist() == [False, False, False, False, True, True]
    assert (result.customers["near_border"] >= result.customers["changes_by_cuts"]).all()
    assert result.facts["loyalty.near_border"] == int(result.customers["near_border"].sum())


def test_three_respondents_are_not_averaged():
    result = place(customers([3, 0, 2, 0, 1]), survey(PREFERS, DISLIKES, PREFERS))
    assert result.facts["loyalty.cells"]["not_surveyed"] == 5
    assert result.facts["loyalty.reliability"] == {"preference (own)": UNKNOWN, "preference (Rival)": UNKNOWN}
    assert said(result.findings[0]).startswith("Only 3 respondents with a usable answer")
    assert result.facts["loyalty.near_border"] == 0


UNKNOWN = {"alpha": None, "omega": None, "spearman_brown": None, "n": 3}


def test_cells_of_few_customers_show_counts_but_no_means():
    cells = place(customers([3] * 6), survey(*[PREFERS] * 5, DISLIKES)).cells.set_index("cell")
    assert cells.loc["true", "mean_x"] == 3.0
    assert cells.loc["inert", "customers"] == 1
    assert math.isnan(cells.loc["inert", "mean_x"])


def test_without_a_survey_behaviour_is_shown_and_the_gap_is_named():
    result = place(customers([3, 0, 2, 0, 1]))
    assert result.facts["loyalty.cells"] == {"true": 0, "latent": 0, "inert": 0, "none": 0, "not_surveyed": 5}
    assert result.facts["loyalty.response_rate"] is None
    assert "There is no survey in this report" in said(result.findings[0])
    assert said(result.findings[1]).startswith("Most customers come back: 3 of 5 customers (60%)")
    assert "Run a short survey" in said(result.next_steps[0])


def test_survey_accounts_that_never_bought_are_counted():
    result = place(customers([3] * 5), survey(*[PREFERS] * 7))
    assert result.facts["loyalty.unknown_accounts"] == 2
    assert "2 surveyed accounts have no purchase" in said(result.warnings)


def test_a_survey_that_names_no_customer_says_so():
    answers = survey(*[PREFERS] * 6)
    for unlinked in (answers.drop(columns="customer_id"), answers.assign(customer_id="nobody")):
        result = place(customers([3] * 6), unlinked)
        assert result.status == "not_linked"
        assert said(result.findings[0]).startswith(
            "6 people answered the survey, but no answer names a customer"
        )


def test_a_survey_without_items_on_this_company_says_so():
    result = place(customers([3] * 6), survey(*[PREFERS] * 6), items=ITEMS.assign(aspect="expected"))
    assert result.status == "no_attitude"
    assert "none to an item on attitude" in said(result.findings[0])


def test_customers_with_returns_only_are_left_out_and_counted():
    result = place(customers([3, None, 2]))
    assert result.facts["loyalty.customers"] == 2
    assert "1 customer without a purchase is not counted here." in said(result.warnings).splitlines()


def test_nobody_at_all_is_no_crash():
    result = place(customers([]), survey())
    assert said(result.findings) == (
        "No customer has a purchase up to 31 December 2024, so there is nobody to place."
    )
    assert isinstance(show(charts.matrix_scatter, result), Prose)
    assert isinstance(show(charts.repeat_purchase_only, result), Prose)


def test_a_customer_file_that_lists_a_customer_twice_is_an_error():
    file = pd.DataFrame({"customer_id": ["C0", "C0"], "industry": "Hotels"})
    with pytest.raises(InputError, match="customer 'C0' is listed twice"):
        place(customers([1, 2]), customer_file=file)


LOYAL = place(customers([5] * 20 + [0] * 4), survey(*[PREFERS] * 20, *[DISLIKES] * 4))
CHURNING = place(customers([0] * 20 + [5] * 4), survey(*[DISLIKES] * 20, *[PREFERS] * 4))
BOUND = place(customers([5] * 20 + [0] * 4), survey(*[DISLIKES] * 20, *[PREFERS] * 4))


def test_a_loyal_and_a_churning_base_get_opposite_verdicts():
    assert "Most of them, 20 (83%), are truly loyal" in said(LOYAL.findings[0])
    assert "Most of them, 20 (83%), are not loyal" in said(CHURNING.findings[0])
    assert "above its best competitor, on a scale" in said(LOYAL.findings[3])
    assert "below its best competitor, on a scale" in said(CHURNING.findings[3])


def test_money_that_rests_on_habit_gets_the_opposite_verdict_of_money_that_rests_on_loyalty():
    assert "more of it rests on loyalty than on habit or price" in said(LOYAL.findings[2])
    assert "more of it rests on habit or price than on loyalty" in said(BOUND.findings[2])
    assert any(step.startswith("Look after the truly loyal") for step in said(LOYAL.next_steps).splitlines())
    assert any(
        step.startswith("Find out what holds the inert loyal") for step in said(BOUND.next_steps).splitlines()
    )


def test_attitude_that_goes_with_buying_and_against_it():
    cells = {"together": ("true", "none"), "opposite": ("latent", "inert"), "unclear": ("true", "inert")}
    for verdict, (high, low) in cells.items():
        link = attitude_behaviour(pd.DataFrame({"cell": [high] * 30 + [low] * 30}))
        assert link is not None
        assert link.verdict == verdict
    assert attitude_behaviour(pd.DataFrame({"cell": ["true"] * 30})) is None


@pytest.mark.parametrize(("first", "word"), [(0, "smaller"), (20, "larger")])
def test_who_answered_is_compared_with_the_rest(first, word):
    answers = survey(*[PREFERS] * 40)
    answers = answers[answers["customer_id"].isin([f"C{i}" for i in range(first, first + 20)])]
    result = place(customers([1] * 40), answers)
    assert f"Those who answered are {word} customers than the rest" in said(result.findings)
    assert f"the {word} customers more readily" in show_title(charts.respondents_vs_rest, result)


def test_equal_customers_share_a_fifth():
    base = pd.DataFrame({"surveyed": [True, False] * 5, "net_revenue": 7.0})
    assert response_by_fifth(base, "net_revenue")["customers"].tolist() == [0, 0, 10, 0, 0]


def test_lists_name_the_customers_that_matter():
    result = place(
        customers([0] * 6), survey(*[PREFERS] * 5, DISLIKES), **wallet([1000, 2000, 3000, 4000, 50, 500])
    )
    assert result.priorities["latent"]["customer_id"].tolist() == ["C3", "C2", "C1"]
    assert "Name C3 (C3), Name C2 (C2) and Name C1 (C1)" in said(result.next_steps[0])
    assert "EUR 8.82 thousand" in said(result.next_steps[0]) or "EUR 8,820" in said(result.next_steps[0])


@pytest.mark.parametrize("result", [LOYAL, CHURNING, BOUND, place(customers([0, 1, 2]))])
def test_every_chart_and_table_has_something_to_say(result):
    for chart in (
        charts.matrix_scatter,
        charts.matrix_counts,
        charts.repeat_purchase_only,
        charts.respondents_vs_rest,
    ):
        assert "nan" not in repr(show(chart, result)).lower()
    tables = (result.cells_table, result.answers_table, result.reliability_table, result.comparison_table)
    lists = [result.priority_table(cell) for cell in ("latent", "true", "inert", "not_surveyed")]
    for table in (*tables, result.over_full_table, *lists):
        assert "nan" not in repr(table).lower()
        assert table._repr_html_()


def test_a_low_mean_attitude_is_not_called_a_lack_of_preference():
    answers = survey(*[DISLIKES] * 6)
    told = place(customers([1] * 6), answers[answers["item"].str.startswith("own")]).findings[1]
    assert "they buy without a high attitude" in said(told)
    told = place(customers([1] * 6), answers).findings[1]
    assert "they buy without preferring this company" in said(told)


def test_old_answers_are_warned_of():
    old = place(customers([1] * 5), survey(*[PREFERS] * 5).assign(date="2023-03-01"))
    assert any(
        told.startswith("The last answer is of 1 March 2023, 671 days before")
        for told in said(old.warnings).splitlines()
    )


@pytest.mark.parametrize("with_survey", [True, False])
def test_a_workbook_is_placed_from_its_files(desk, with_survey):
    desk.orders(*(f"C{i},2024-0{month}-15,100" for i in range(6) for month in (1, 3)))
    if with_survey:
        desk.settings(SURVEY_SETTINGS)
        desk.file("survey.csv", survey(*[PREFERS] * 5).assign(date="2024-02-01").to_csv(index=False))
        desk.file("items.csv", ITEMS.to_csv(index=False))
    workbook = open_workbook(desk.config)
    result = loyalty.matrix_of(workbook, cuts="fixed")
    assert result.facts["loyalty.cells"]["true"] == (5 if with_survey else 0)
    workbook.record(result)
    kept = pd.read_parquet(workbook.folder / "tables" / "loyalty.parquet")
    assert kept["cell"].tolist() == result.customers["cell"].tolist()


def test_chart_titles_state_opposite_findings():
    assert show_title(charts.matrix_scatter, LOYAL) == "83% of the customers placed are truly loyal"
    assert show_title(charts.matrix_scatter, CHURNING) == "83% of the customers placed are not loyal"
    assert "truly loyal" in show_title(charts.matrix_counts, BOUND)


def test_customer_names_stay_text():
    names = ["<script>alert(1)</script>", "=cmd|'/C calc'!A0", "a\nb", "$x_1$", "مرحبا", "🦊"]
    file = pd.DataFrame({"customer_id": [f"C{i}" for i in range(6)], "name": names})
    result = place(customers([0] * 6), survey(*[PREFERS] * 6), customer_file=file)
    assert "<script>" not in result.priority_table("latent")._repr_html_()
    assert "\n" not in said(result.next_steps[0])


scores = st.tuples(*[st.integers(0, 5)] * 4)
base = st.lists(
    st.tuples(st.none() | st.integers(0, 9), st.none() | scores, st.integers(-500, 5000)), max_size=24
)


@settings(max_examples=3, deadline=None)
@given(base, st.randoms(use_true_random=False))
def test_cells_are_a_complete_partition_and_row_order_is_irrelevant(rows, random):
    table = customers([x for x, _, _ in rows], [float(money) for _, _, money in rows] or None)
    answers = survey(*[row or LEVEL for _, row, _ in rows])
    answers = answers[answers["customer_id"].isin([f"C{i}" for i, row in enumerate(rows) if row[1]])]
    result = place(table, answers)
    cells, money = result.facts["loyalty.cells"], result.facts["loyalty.cells_revenue"]
    bought = table["frequency"].notna()
    assert sum(cells.values()) == bought.sum() == len(result.tables["loyalty"])
    assert sum(money.values()) == pytest.approx(table.loc[bought, "net_revenue"].sum())
    words = said((*result.findings, *result.next_steps, *result.warnings))
    assert "nan" not in words.lower().split()
    assert " 1 customers" not in words
    mixed = [frame.iloc[random.sample(range(len(frame)), len(frame))] for frame in (table, answers)]
    other = place(*mixed)
    assert other.facts == result.facts
    assert other.findings == result.findings
    pd.testing.assert_frame_equal(other.tables["loyalty"], result.tables["loyalty"])


def test_latent_customers_who_may_have_left_are_warned_of():
    more = wallet([1000] * 6)
    active = more["customer_months"]["customer_id"].isin(["C0", "C1", "C2", "C3"])
    more["customer_months"] = more["customer_months"][active]
    result = place(customers([0] * 6), survey(*[PREFERS] * 6), **more)
    assert any(
        told.startswith("2 of 6 latent loyal customers bought nothing")
        for told in said(result.warnings).splitlines()
    )
