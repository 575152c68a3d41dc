from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import reliability
from customer_value.codebook import check_codebook
from customer_value.errors import InputError
from customer_value.survey import score_answers


def codebook(**changes: object) -> pd.DataFrame:
    book = {
        "item": ["Q1", "Q2", "Q3"],
        "construct": "service",
        "aspect": "perceived",
        "scale_min": 1,
        "scale_max": 5,
        "reversed": [False, False, True],
        "missing_codes": "-99;0;None",
    }
    return pd.DataFrame(book | changes)


def answers(rows: list[tuple[object, ...]], columns: str = "respondent_id item score") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def dated(*days: str) -> pd.DataFrame:
    people = [f"R{i}" for i in range(len(days))]
    return pd.DataFrame(
        {"respondent_id": people, "item": "Q1", "score": 3, "date": pd.to_datetime(list(days))}
    )


def test_scores_go_from_0_to_1_and_reversed_items_are_turned():
    survey = score_answers(answers([("R1", "Q1", 1), ("R1", "Q2", 4), ("R1", "Q3", 5)]), codebook())
    assert survey.scores["score"].tolist() == [0.0, 0.75, 0.0]


def test_scales_of_any_length_are_put_on_one_scale():
    book = codebook(scale_min=[0, 1, -3], scale_max=[10, 7, 3], reversed=False, missing_codes=None)
    survey = score_answers(answers([("R1", "Q1", 7), ("R1", "Q2", 4), ("R1", "Q3", 0)]), book)
    assert survey.scores["score"].tolist() == [0.7, 0.5, 0.5]


def test_missing_codes_and_blanks_are_taken_out_and_counted():
    rows = [("R1", "Q1", -99.0), ("R1", "Q2", 0.0), ("R1", "Q3", None), ("R2", "Q1", 5.0)]
    survey = score_answers(answers(rows), codebook())
    assert survey.scores[["respondent_id", "score"]].values.tolist() == [["R2", 1.0]]
    assert survey.ledger.set_index("reason")["answers"].to_dict() == {
        "declared missing code": 2,
        "blank": 1,
        "kept": 1,
    }
    assert survey.missing.iloc[0].tolist() == ["Q1", 2, 0, 1, 1, 0]


def test_blanks_missing_codes_and_not_applicable_are_counted_by_kind():
    book = codebook(not_applicable_codes="9;n/a")
    rows = [("R1", "Q1", "N/A"), ("R2", "Q1", 9), ("R3", "Q1", "−99"), ("R4", "Q1", None), ("R5", "Q1", 4)]
    survey = score_answers(answers(rows), book)
    counted = survey.missing.set_index("item").loc["Q1"]
    assert counted.to_dict() == {
        "answers": 5, "blank": 1, "missing_code": 1, "valid": 1, "not_applicable": 2,
    }  # fmt: skip
    assert dict(survey.ledger.values.tolist())["not applicable"] == 2


def test_a_word_that_was_taken_out_of_the_scores_is_still_counted():
    table = answers([("R1", "Q1", None), ("R2", "Q1", 4.0)]).assign(code=["none", None])
    assert score_answers(table, codebook()).missing["missing_code"].sum() == 1


def test_nps_and_percentage_bring_their_own_scale():
    book = codebook(scale=["nps", "percentage", "likert"], scale_min=[None, "", 1], scale_max=[None, None, 5])
    assert check_codebook(book)[["scale_min", "scale_max"]].values.tolist() == [[0, 10], [0, 100], [1, 5]]
    alone = codebook(scale="NPS").drop(columns=["scale_min", "scale_max"])
    assert check_codebook(alone)["scale_max"].tolist() == [10, 10, 10]


def test_a_missing_code_may_be_a_word():
    survey = score_answers(answers([("R1", "Q1", "none"), ("R1", "Q2", "4")]), codebook())
    assert survey.scores["score"].tolist() == [0.75]


def test_a_missing_code_inside_the_scale_is_obeyed_with_a_warning():
    survey = score_answers(answers([("R1", "Q1", 5), ("R1", "Q2", 4)]), codebook(missing_codes="5"))
    assert len(survey.scores) == 1
    assert "Item Q1: the missing code 5 lies inside the scale 1 to 5" in survey.warnings[-3]


def test_a_score_outside_its_scale_names_respondent_item_and_value():
    with pytest.raises(InputError, match=r"respondent 'R7', item 'Q2': score '6' is outside the scale"):
        score_answers(answers([("R1", "Q1", 3), ("R7", "Q2", 6)]), codebook())


def test_a_score_that_is_no_number_names_respondent_item_and_value():
    with pytest.raises(InputError, match=r"respondent 'R7', item 'Q2': score 'often' is no number"):
        score_answers(answers([("R7", "Q2", "Often")]), codebook())


def test_an_item_that_the_codebook_does_not_know_is_an_error_with_a_suggestion():
    with pytest.raises(
        InputError, match=r"item 'Q33' \(2 answers, first from respondent 'R1'\).*Did you mean 'Q3'"
    ):
        score_answers(answers([("R1", "Q33", 3), ("R2", "Q33", 3), ("R2", "Q1", 3)]), codebook())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale_min": [1, 5, 1]}, r"item 'Q2': scale_min 5 is not below scale_max 5"),
        ({"scale_max": [5, "five", 5]}, r"item 'Q2': scale_max is 'five'; it must be a number"),
        ({"scale_max": [5, None, 5]}, r"item 'Q2': scale_max is blank"),
        (
            {"aspect": ["perceived", "overal", "other"]},
            r"item 'Q2': aspect 'overal' .*Did you mean 'overall'",
        ),
        ({"aspect": ["perceived", None, "other"]}, r"item 'Q2': aspect '' is not one of expected"),
        ({"component": ["image", "cash", None]}, r"item 'Q2': component 'cash' is not one of product"),
        ({"reversed": ["yes", "perhaps", "no"]}, r"item 'Q2': reversed is 'perhaps'; write true or false"),
        ({"construct": ["service", None, "service"]}, r"item 'Q2': construct is blank"),
        ({"scale": ["likert", "lickert", None]}, r"item 'Q2': scale 'lickert' .*Did you mean 'likert'"),
        ({"scale": ["likert", "nps", None]}, r"item 'Q2': a scale nps goes from 0 to 10, not from 1 to 5"),
        ({"not_applicable_codes": [None, "0", None]}, r"item 'Q2': 0 cannot be both a missing code and"),
        ({"item": ["Q1", "Q2", "Q2"]}, r"item 'Q2' is listed twice"),
        ({"item": ["Q1", None, "Q3"]}, r"row 2 has no item name"),
    ],
)
def test_a_mistake_in_the_codebook_names_item_column_and_value(changes, message):
    with pytest.raises(InputError, match=message):
        check_codebook(codebook(**changes))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match=r"no column aspect and scale_max"):
        check_codebook(codebook().drop(columns=["aspect", "scale_max"]))
    with pytest.raises(InputError, match=r"Survey answers \(survey\): no column score"):
        score_answers(answers([("R1", "Q1", 3)]).drop(columns="score"), codebook())


def test_blank_target_is_the_own_company_and_blank_reversed_is_no():
    book = check_codebook(codebook(target=[None, "OWN", "Rival"], reversed=[None, "", "TRUE"]))
    assert book["target"].tolist() == ["own", "own", "Rival"]
    assert book["reversed"].tolist() == [False, False, True]


def test_scales_are_named_by_construct_with_what_tells_them_apart():
    book = codebook(construct=["price", "service", "service"], target=[None, None, "Rival"])
    assert check_codebook(book)["scale_name"].tolist() == ["price", "service (own)", "service (Rival)"]


def test_two_different_answers_on_one_day_are_an_error_and_equal_ones_count_once():
    with pytest.raises(InputError, match=r"respondent 'R1', item 'Q1': two different answers on one day"):
        score_answers(answers([("R1", "Q1", 3), ("R1", "Q1", 4)]), codebook())
    survey = score_answers(answers([("R1", "Q1", 3), ("R1", "Q1", 3)]), codebook())
    assert len(survey.scores) == 1
    assert "1 survey answer was left out: the same answer is there twice." in survey.warnings


def test_the_last_answer_within_a_wave_counts():
    rows = [("R1", "Q1", 5, "2024-03-09"), ("R1", "Q1", 1, "2024-03-02")]
    survey = score_answers(answers(rows, "respondent_id item score date"), codebook())
    assert survey.scores["score"].tolist() == [1.0]
    assert dict(survey.ledger.values.tolist()) == {"kept": 1, "answered again later": 1}


def test_answers_after_the_reports_date_are_left_out():
    survey = score_answers(dated("2024-01-05", "2024-01-20"), codebook(), as_of=dt.date(2024, 1, 10))
    assert dict(survey.ledger.values.tolist()) == {"kept": 1, "after the report's date": 1}


def test_answers_without_a_respondent_are_counted_and_left_out():
    survey = score_answers(answers([(None, "Q1", 3), ("R1", "Q1", 3)]), codebook())
    assert len(survey.scores) == 1
    assert "1 survey answer was left out: no respondent is named." in survey.warnings


def test_a_new_wave_starts_after_sixty_quiet_days():
    survey = score_answers(dated("2024-01-01", "2024-02-29", "2024-05-01"), codebook())
    assert survey.waves["name"].tolist() == ["1 January 2024 to 29 February 2024", "1 May 2024"]


def test_a_survey_that_never_stops_is_cut_at_quarters():
    survey = score_answers(dated(*(f"2024-{month:02}-15" for month in range(1, 10))), codebook())
    assert survey.waves["first_day"].dt.month.tolist() == [1, 4, 7]


def test_answers_without_a_date_are_one_wave():
    survey = score_answers(answers([("R1", "Q1", 3), ("R2", "Q1", 3)]), codebook())
    assert survey.waves[["wave", "name", "respondents"]].values.tolist() == [[0, "no date", 2]]


def test_weights_must_be_numbers_and_one_per_respondent():
    columns = "respondent_id item score weight"
    with pytest.raises(InputError, match=r"respondent 'R1': the weight must be a number of 0 or more"):
        score_answers(answers([("R1", "Q1", 3, -1)], columns), codebook())
    with pytest.raises(InputError, match=r"respondent 'R1': weights 1 and 2 in one wave"):
        score_answers(answers([("R1", "Q1", 3, 1), ("R1", "Q2", 3, 2)], columns), codebook())


def test_no_answers_at_all_give_empty_tables():
    survey = score_answers(answers([]), codebook())
    assert survey.scores.empty
    assert survey.waves.empty
    assert survey.reliability.empty
    assert survey.warnings == ()


TEN = pd.DataFrame(
    {
        "a": [3, 4, 2, 5, 1, 3, 4, 2, 5, 3],
        "b": [2, 4, 1, 5, 1, 3, 5, 2, 4, 3],
        "c": [3, 5, 2, 4, 2, 3, 4, 1, 5, 4],
    }
)


def test_alpha_is_what_its_formula_gives():
    parts, total = TEN.var().sum(), TEN.sum(axis=1).var()
    assert reliability.cronbach_alpha(TEN) == pytest.approx(1.5 * (1 - parts / total), rel=1e-12)


def test_alpha_of_a_table_worked_by_hand():
    # Item variances 1, 1, 3; the sums 4, 6, 11 have variance 13.
    table = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3], "c": [2, 2, 5]})
    assert reliability.cronbach_alpha(table) == pytest.approx(12 / 13)


def test_two_items_of_equal_variance_have_alpha_equal_to_spearman_brown():
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 1, 4, 3]})
    assert reliability.spearman_brown(table) == pytest.approx(2 * 0.6 / 1.6)
    assert reliability.cronbach_alpha(table) == pytest.approx(0.75)


def test_alpha_is_not_defined_where_nothing_varies():
    table = pd.DataFrame({"a": [2, 2, 2], "b": [3, 3, 3]})
    assert reliability.cronbach_alpha(table) is None
    assert reliability.spearman_brown(table) is None
    assert reliability.item_rest(table)["item_rest"].isna().all()


def test_dropping_the_item_that_does_not_fit_raises_alpha():
    table = TEN.assign(noise=[1, 5, 4, 2, 3, 5, 1, 3, 2, 4])
    worst = reliability.item_rest(table).set_index("item").loc["noise"]
    assert worst["item_rest"] < 0
    assert worst["alpha_if_dropped"] == pytest.approx(reliability.cronbach_alpha(TEN))


def many(scores: dict[str, list[int]]) -> pd.DataFrame:
    table = pd.DataFrame(scores).rename_axis("respondent_id").reset_index()
    return table.melt("respondent_id", var_name="item", value_name="score")


def test_reliability_uses_turned_scores_of_complete_respondents():
    turned = TEN.assign(c=6 - TEN["c"]).set_axis(["Q1", "Q2", "Q3"], axis=1)
    extra = pd.concat([many(turned.to_dict("list")), answers([("late", "Q1", 1)])])
    row = score_answers(extra, codebook()).latest_reliability.iloc[0]
    assert (row["scale"], row["items"], row["n"]) == ("service", 3, 10)
    assert row["alpha"] == pytest.approx(reliability.cronbach_alpha(TEN))
    assert row["low"] < row["alpha"] < row["high"]


def test_a_reversed_wording_that_is_not_declared_is_pointed_out():
    turned = TEN.assign(c=6 - TEN["c"]).set_axis(["Q1", "Q2", "Q3"], axis=1)
    warnings = score_answers(many(turned.to_dict("list")), codebook(reversed=False)).warnings
    assert any("Item Q3 runs against the rest of its scale service" in told for told in warnings)
    assert any("do not hang together well: Cronbach's alpha is" in told for told in warnings)


def test_two_items_report_spearman_brown():
    pair = TEN[["a", "b"]].set_axis(["Q1", "Q2"], axis=1)
    row = score_answers(many(pair.to_dict("list")), codebook()).latest_reliability.iloc[0]
    assert row["reliability"] == row["spearman_brown"] == pytest.approx(reliability.spearman_brown(pair))


def test_three_items_report_omega_with_its_interval_and_the_variance_extracted():
    straight = TEN.set_axis(["Q1", "Q2", "Q3"], axis=1)
    row = score_answers(many(straight.to_dict("list")), codebook(reversed=False)).latest_reliability.iloc[0]
    assert row["omega"] == pytest.approx(reliability.omega((TEN - 1) / 4).omega)
    assert row["omega_low"] < row["omega"] < row["omega_high"]
    assert (0 < row["ave"] < 1, row["omega_problem"]) == (True, "")


def test_fewer_than_five_respondents_have_no_reliability():
    four = TEN.head(4).set_axis(["Q1", "Q2", "Q3"], axis=1)
    survey = score_answers(many(four.to_dict("list")), codebook())
    assert survey.reliability["alpha"].isna().all()
    assert survey.item_rest.empty


scores = st.lists(st.integers(1, 5), min_size=1, max_size=20)


@settings(max_examples=4, deadline=None)
@given(scores)
def test_turning_an_item_and_declaring_it_reversed_changes_nothing(values):
    straight = score_answers(many({"Q1": values}), codebook())
    turned = score_answers(many({"Q3": [6 - value for value in values]}), codebook())
    np.testing.assert_allclose(straight.scores["score"], turned.scores["score"], atol=1e-12)
    assert straight.scores["score"].between(0, 1).all()


@settings(max_examples=4, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(1, 5)] * 3), min_size=1, max_size=12), st.randoms(use_true_random=False)
)
def test_row_order_is_irrelevant(rows, random):
    table = many(pd.DataFrame(rows, columns=["Q1", "Q2", "Q3"]).to_dict("list"))
    shuffled = table.iloc[random.sample(range(len(table)), len(table))]
    one, other = score_answers(table, codebook()), score_answers(shuffled, codebook().iloc[::-1])
    for name in ("scores", "items", "waves", "missing", "ledger", "reliability", "item_rest", "correlations"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
