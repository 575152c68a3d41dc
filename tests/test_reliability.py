"""Omega against models that are known, alpha against another program, and scales that go together."""

import numpy as np
import pandas as pd
import pingouin
import pytest

from customer_value import reliability
from customer_value.constructs import account_means, construct_correlations, respondent_means, wave_means
from customer_value.survey import score_answers

LOADINGS = np.array([0.9, 0.7, 0.6, 0.5])
NOISE = np.array([0.3, 0.5, 0.4, 0.8])
MODEL = np.outer(LOADINGS, LOADINGS) + np.diag(NOISE)


def answers_with(covariance: np.ndarray, respondents: int = 60) -> pd.DataFrame:
    """Answers whose sample covariance is exactly the one asked for."""
    drawn = np.random.default_rng(7).standard_normal((respondents, len(covariance)))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn, rowvar=False))).T
    return pd.DataFrame(white @ np.linalg.cholesky(covariance).T).rename(columns=lambda n: f"Q{n + 1}")


def test_alpha_and_its_interval_agree_with_pingouin():
    table = pd.DataFrame(np.random.default_rng(3).integers(1, 8, (40, 5)) + np.arange(40)[:, None] // 8)
    alpha, interval = pingouin.cronbach_alpha(data=table)
    assert reliability.cronbach_alpha(table) == pytest.approx(alpha, abs=1e-12)
    np.testing.assert_allclose(reliability.alpha_interval(alpha, 40, 5), interval, atol=6e-4)


def test_omega_finds_the_loadings_of_a_known_model():
    found = reliability.omega(answers_with(MODEL))
    np.testing.assert_allclose(found.loadings, LOADINGS, atol=1e-4)
    np.testing.assert_allclose(found.noise, NOISE, atol=1e-4)
    assert found.omega == pytest.approx(2.7**2 / (2.7**2 + 2.0), abs=1e-5)
    assert found.ave == pytest.approx(float((LOADINGS**2 / np.diag(MODEL)).mean()), abs=1e-5)


def test_omega_of_three_items_is_what_their_covariances_give_by_hand():
    # λ₁² = s₁₂ s₁₃ / s₂₃ and so on: 0.48 · 0.40 / 0.30 = 0.64, hence λ = 0.8, 0.6, 0.5.
    covariance = np.array([[1.0, 0.48, 0.40], [0.48, 1.0, 0.30], [0.40, 0.30, 1.0]])
    assert reliability.omega(answers_with(covariance)).omega == pytest.approx(
        1.9**2 / (1.9**2 + 0.36 + 0.64 + 0.75), abs=1e-5
    )


def test_omega_equals_alpha_where_all_items_are_equally_good():
    table = answers_with(np.full((4, 4), 0.5) + np.diag([0.5] * 4))
    assert reliability.omega(table).omega == pytest.approx(reliability.cronbach_alpha(table), abs=1e-5)


def test_the_interval_of_omega_shrinks_with_the_root_of_the_respondents():
    few, many = (reliability.omega(answers_with(MODEL, n)) for n in (100, 400))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            answers_with(np.array([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]])),
            r"item Q1 .*\(a Heywood case\)",
        ),
        (answers_with(MODEL).assign(Q5=lambda t: t["Q1"] + t["Q2"]), "follow exactly"),
        (answers_with(MODEL).assign(Q4=3.0), "all give the same answer to Q4"),
        (answers_with(MODEL).head(4), "more respondents than the 4 there are"),
        (answers_with(MODEL)[["Q1", "Q2"]], "three items or more"),
    ],
)
def test_where_there_is_no_omega_a_sentence_says_why(table, told):
    found = reliability.omega(table)
    assert found.omega is None
    assert pd.Series([found.problem]).str.contains(told).all()


def survey_of(scores: dict[str, list[float]], **columns: object) -> object:
    """Items A1, A2, … and B1, … answered from 0 to 10 by respondents of their own accounts."""
    table = pd.DataFrame(scores)
    people = [f"R{n}" for n in range(len(table))]
    known = {"respondent_id": people, "customer_id": people} | columns
    long = table.assign(**known).melt(list(known), var_name="item", value_name="score")
    book = pd.DataFrame({"item": list(scores), "construct": [name[0] for name in scores]})
    return score_answers(long, book.assign(aspect="perceived", scale_min=0, scale_max=10))


ONE = [2, 4, 5, 7, 9, 3]


def test_scales_that_differ_by_chance_alone_have_a_disattenuated_correlation_near_one():
    base = answers_with(np.full((4, 4), 0.4) + np.diag([0.6] * 4), 80)
    table = ((base - base.min()) / (base.max() - base.min()) * 10).set_axis(["A1", "A2", "B1", "B2"], axis=1)
    found = survey_of(table.to_dict("list")).correlations.iloc[0]
    assert (found["construct"], found["other"], found["n"]) == ("A", "B", 80)
    assert found["low"] < found["r"] < found["high"] < found["disattenuated"]
    assert found["disattenuated"] == pytest.approx(1, abs=0.05)
    assert found["smaller_ave"] == pytest.approx(0.4, abs=0.02)
    assert found["r"] ** 2 < found["smaller_ave"]


def test_correlations_of_fewer_than_five_are_not_given():
    four = survey_of({"A1": [1, 2, 3, 5], "B1": [2, 2, 4, 5]}).correlations
    assert (four["n"].tolist(), four["r"].isna().all()) == ([4], True)
    five = survey_of({"A1": [1, 2, 3, 5, 6], "B1": [2, 2, 4, 5, 5]}).correlations
    assert five["r"].iloc[0] == pytest.approx(np.corrcoef([1, 2, 3, 5, 6], [2, 2, 4, 5, 5])[0, 1])


def test_a_survey_of_one_scale_has_no_correlations():
    survey = survey_of({"A1": ONE})
    assert survey.correlations.empty
    assert construct_correlations(survey.scores.head(0), survey.reliability).empty


def test_half_of_the_items_is_enough_for_a_score():
    table = {"A1": [5.0, None], "A2": [7.0, None], "A3": [None, 1.0]}
    assert respondent_means(survey_of(table).scores)[["respondent_id", "score"]].values.tolist() == [
        ["R0", 0.6]
    ]


def test_several_respondents_of_an_account_are_combined_by_their_weights():
    survey = survey_of({"A1": [10, 0, 5]}, customer_id=["K1", "K1", None], weight=[3, 1, 1])
    found = account_means(survey)
    assert found[["customer_id", "respondents", "score"]].values.tolist() == [["K1", 2, 0.75]]


def two_waves(first: list[float], second: list[float], same: bool) -> object:
    days = ["2024-01-05"] * len(first) + ["2025-01-05"] * len(second)
    names = [f"R{n}" for n in range(len(first))] + [f"{'R' if same else 'S'}{n}" for n in range(len(second))]
    return survey_of(
        {"A1": first + second}, respondent_id=names, customer_id=names, date=pd.to_datetime(days)
    )


def test_the_interval_of_a_mean_is_that_of_students_t():
    row = wave_means(survey_of({"A1": ONE})).iloc[0]
    error = np.std(ONE, ddof=1) / 10 / np.sqrt(6)
    assert row["mean"] == pytest.approx(0.5)
    assert row["high"] - row["mean"] == pytest.approx(2.570582 * error, rel=1e-6)


def test_the_same_people_make_the_interval_of_a_change_narrower():
    second = [score + 1 for score in ONE]
    paired, apart = (wave_means(two_waves(ONE, second, same)).iloc[1] for same in (True, False))
    assert paired["change"] == pytest.approx(apart["change"]) == pytest.approx(0.1)
    assert paired["change_high"] - paired["change_low"] == pytest.approx(0, abs=1e-9)
    assert apart["change_low"] < 0 < apart["change_high"]


def test_waves_and_groups_under_five_are_suppressed_with_their_number():
    means = wave_means(two_waves(ONE, [1, 2, 3], same=True))
    assert means["respondents"].tolist() == [6, 3]
    assert means.loc[1, ["mean", "low", "change"]].isna().all()
    groups = {f"R{n}": "A" if n else "B" for n in range(6)}
    by_group = wave_means(survey_of({"A1": ONE}), groups).set_index("group")
    assert by_group["respondents"].to_dict() == {"A": 5, "B": 1}
    assert by_group["mean"].isna().to_dict() == {"A": False, "B": True}
