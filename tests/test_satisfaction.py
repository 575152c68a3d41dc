"""Satisfaction: gaps, index, importance, complaints, money; delivered value has a file of its own."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cells import shown_by
from conftest import SAMPLE
from customer_value import Prose, clv_values, plots, show
from customer_value.errors import InputError, NotEnoughData
from customer_value.expressions import as_table
from customer_value.satisfaction import analysis, complaints, link, relative_weights, satisfaction_and_value
from customer_value.satisfaction.gaps import gaps_of
from customer_value.satisfaction.importance import importance_of
from customer_value.satisfaction.panel import panels_of
from customer_value.satisfaction.scores import satisfaction_of_accounts, scores_of
from customer_value.settings import SatisfactionSettings
from customer_value.survey import score_answers
from satisfaction_kit import answers, codebook, measure, panel, words_of
from text_kit import said

OVERALL = codebook(
    sat="satisfaction overall - - own 1 10 likert",
    ideal="satisfaction overall - - own 1 5 likert",
    nps="recommendation other - - own 0 10 nps",
)
PAIRS = codebook(
    exp_speed="service expected speed service own 1 5 likert",
    exp_price="burden expected price money own 1 5 likert",
    own_speed="service perceived speed service own 1 5 likert",
    own_price="burden perceived price money own 1 5 likert",
)
AS_OF = dt.date(2024, 12, 31)


def values(table: pd.DataFrame) -> dict[str, float]:
    return dict(zip(table["measure"], table["value"], strict=True))


def test_index_top_two_and_nps_worked_by_hand():
    found = scores_of(panel(OVERALL, (10, 5, 10), (10, 5, 9), (1, 1, 6), (5.5, 3, 8), (5.5, 3, 0)), seed=1)
    assert values(found) == pytest.approx({"index": 100 * 3 / 5, "top_two": 2 / 5, "nps": 0.0})
    assert found["n"].tolist() == [5, 5, 5]
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()


def test_the_index_takes_the_weights_of_the_settings():
    rows = [(10, 1, 5)] * 6
    equal = measure(OVERALL, *rows)
    given_weights = measure(
        OVERALL, *rows, options=SatisfactionSettings(index_weights={"sat": 3, "ideal": 1})
    )
    assert equal.facts["satisfaction.index"] == pytest.approx(50)
    assert given_weights.facts["satisfaction.index"] == pytest.approx(75)
    with pytest.raises(InputError, match="'nps' is not an item on overall satisfaction"):
        measure(OVERALL, *rows, options=SatisfactionSettings(index_weights={"nps": 1}))
    with pytest.raises(InputError, match="cannot all be zero"):
        measure(OVERALL, *rows, options=SatisfactionSettings(index_weights={"sat": 0}))


def test_a_reversed_item_counts_turned_round():
    items = OVERALL.assign(reversed=["yes", "no", "no"])
    found = scores_of(panel(items, *[(1, 5, 9)] * 5), seed=1)
    assert values(found) == pytest.approx({"index": 100, "top_two": 1, "nps": 100})


def test_a_net_promoter_score_needs_an_item_that_is_marked_as_one():
    result = measure(OVERALL.assign(scale="likert"), *[(9, 5, 9)] * 6)
    assert result.facts["satisfaction.nps"] is None
    assert "No item is marked as nps" in said(result.warnings)
    assert "a recommendation from 0 to 10" in said(result.next_steps)


def test_weights_of_respondents_count():
    table = answers(OVERALL, *[(10, 5, 10)] * 5, *[(1, 1, 0)] * 5)
    table["weight"] = np.where(table["respondent_id"] < "R005", 3.0, 1.0)
    assert satisfaction_and_value(table, OVERALL).facts["satisfaction.index"] == pytest.approx(75)


def test_respondents_of_one_account_are_combined_by_weight():
    table = answers(OVERALL, (10, 5, 10), (1, 1, 0))
    table["customer_id"] = "C000"
    table["weight"] = np.where(table["respondent_id"] == "R000", 3.0, 1.0)
    found = satisfaction_of_accounts(panels_of(score_answers(table, OVERALL))[0])
    assert found.to_dict() == {"C000": pytest.approx(75)}


def test_a_gap_is_perceived_minus_expected_and_a_burden_counts_turned_round():
    found = gaps_of(panel(PAIRS, *[(5, 2, 3, 4)] * 3, *[(4, 3, 4, 3)] * 3), seed=1).set_index(
        ["level", "name"]
    )
    assert found.loc[("attribute", "speed"), "gap"] == pytest.approx((-50 + 0) / 2)
    assert found.loc[("attribute", "price"), "gap"] == pytest.approx((-50 + 0) / 2)
    assert found.loc[("construct", "burden"), "gap"] == pytest.approx(-25)
    assert found.loc[("all", "all"), "gap"] == pytest.approx(-25)
    assert (found["expected"] + found["gap"]).tolist() == pytest.approx(found["perceived"].tolist())


def test_a_gap_counts_only_respondents_who_answered_both():
    rows = [(5, 1, 1, 1)] * 5 + [(None, 1, 5, 1)] * 5
    found = gaps_of(panel(PAIRS, *rows), seed=1).set_index("name")
    assert found.loc["speed", ["gap", "n"]].tolist() == [-100, 5]


def test_attributes_that_are_not_joined_are_compared_by_construct_or_as_a_whole():
    loose = PAIRS.assign(attribute=None)
    found = gaps_of(panel(loose, *[(5, 2, 3, 4)] * 5), seed=1)
    assert found["level"].tolist() == ["construct", "construct", "all"]
    apart = loose.assign(construct=["hopes", "hopes", "service", "burden"])
    assert gaps_of(panel(apart, *[(5, 2, 3, 4)] * 5), seed=1)["level"].tolist() == ["all"]
    told = measure(apart, *[(5, 2, 3, 4)] * 5).warnings
    assert "are not joined by attribute or construct" in said(told)


def test_three_respondents_are_not_averaged():
    result = measure(pd.concat([OVERALL, PAIRS]), *[(10, 5, 10, 5, 1, 5, 1)] * 3)
    assert result.status == "too_few"
    assert result.facts["satisfaction.index"] is None
    assert result.facts["satisfaction.gap"] is None
    assert "3 people gave a usable answer" in said(result.findings[0])
    assert "nothing is averaged" in words_of(result)


def test_groups_under_five_are_left_out_and_counted():
    file = pd.DataFrame(
        {"customer_id": [f"C{i:03d}" for i in range(9)], "industry": ["Hotel"] * 6 + ["Farm"] * 3}
    )
    result = measure(OVERALL, *[(10, 5, 10)] * 9, customer_file=file)
    assert result.score("index", "industry")["group"].tolist() == ["Hotel"]
    assert "1 industry with fewer than 5 respondents is not shown." in said(result.warnings).splitlines()


def test_groups_are_compared_and_the_verdict_follows_the_data():
    ids = [f"C{i:03d}" for i in range(40)]
    file = pd.DataFrame({"customer_id": ids, "region": ["North"] * 20 + ["South"] * 20})
    apart = measure(OVERALL, *[(9, 5, 9), (8, 4, 9)] * 10, *[(2, 1, 3), (3, 2, 3)] * 10, customer_file=file)
    alike = measure(OVERALL, *[(9, 5, 9), (2, 1, 3)] * 20, customer_file=file)
    assert any(
        told.startswith("Satisfaction differs clearly by region from South")
        for told in said(apart.findings).splitlines()
    )
    assert "does not differ clearly by region" in said(alike.findings)


def test_abc_classes_come_from_net_revenue():
    money = pd.DataFrame(
        {"customer_id": [f"C{i:03d}" for i in range(10)], "net_revenue": [100.0] * 5 + [1.0] * 5}
    )
    result = measure(OVERALL, *[(9, 5, 9)] * 5, *[(1, 1, 1)] * 5, customers=money)
    assert result.score("index", "abc")["group"].tolist() == ["A", "C"]


def test_waves_are_compared_and_opposite_changes_get_opposite_verdicts():
    low, high = answers(OVERALL, *[(2, 2, 2), (3, 2, 3)] * 5), answers(OVERALL, *[(9, 5, 9), (8, 4, 9)] * 5)

    def over_time(first: pd.DataFrame, second: pd.DataFrame) -> str:
        both = pd.concat([first.assign(date="2023-03-01"), second.assign(date="2024-03-01")])
        result = satisfaction_and_value(both, OVERALL)
        assert not isinstance(show(plots.satisfaction_over_waves, result), Prose)
        return next(told for told in said(result.findings).splitlines() if "survey wave before" in told)

    assert "the index has risen" in over_time(low, high)
    assert "the index has fallen" in over_time(high, low)


def test_satisfied_and_dissatisfied_customers_get_opposite_verdicts():
    items = pd.concat([OVERALL, PAIRS], ignore_index=True)
    good = measure(items, *[(9, 5, 9, 2, 4, 5, 1), (10, 5, 10, 3, 4, 4, 2)] * 6)
    bad = measure(items, *[(2, 1, 2, 5, 1, 2, 4), (1, 2, 4, 4, 2, 1, 5)] * 6)
    assert "more would recommend this company than warn against it" in said(good.findings[0])
    assert "more would warn against this company than recommend it" in said(bad.findings[0])
    assert any(
        told.startswith("Customers get more than they expected") for told in said(good.findings).splitlines()
    )
    assert any(
        told.startswith("Customers get less than they expected") for told in said(bad.findings).splitlines()
    )


def dominance(matrix: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """General dominance: mean rise of R² over all subsets, by size (an independent computation)."""
    k = len(outcome)

    def r2(subset: tuple[int, ...]) -> float:
        rows = list(subset)
        return (
            float(outcome[rows] @ np.linalg.solve(matrix[np.ix_(rows, rows)], outcome[rows])) if rows else 0.0
        )

    found = np.zeros(k)
    for j in range(k):
        others = [i for i in range(k) if i != j]
        for size in range(k):
            subsets = list(itertools.combinations(others, size))
            found[j] += np.mean([r2((*s, j)) - r2(s) for s in subsets]) / k
    return found


def test_relative_weights_of_orthogonal_predictors_are_their_squared_correlations():
    assert relative_weights(np.eye(3), np.array([0.6, -0.5, 0.0])).tolist() == pytest.approx([0.36, 0.25, 0])


@given(st.floats(-0.9, 0.9), st.floats(-1, 1), st.floats(-1, 1))
def test_relative_weights_of_two_predictors_are_their_general_dominance(r, one, other):
    matrix, outcome = np.array([[1, r], [r, 1.0]]), 0.5 * np.array([one, other])
    assert relative_weights(matrix, outcome) == pytest.approx(dominance(matrix, outcome), abs=1e-9)


@given(st.integers(0, 10_000))
def test_relative_weights_add_up_to_r_squared_in_any_order(seed):
    x = np.random.default_rng(seed).normal(size=(40, 4))
    matrix = np.corrcoef(np.column_stack([x, x @ [0.5, 0.2, 0, -0.4] + x[:, 0] * x[:, 1]]), rowvar=False)
    inner, outcome = matrix[:4, :4], matrix[:4, 4]
    weights = relative_weights(inner, outcome)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(outcome @ np.linalg.solve(inner, outcome))
    order = [2, 0, 3, 1]
    assert relative_weights(inner[np.ix_(order, order)], outcome[order]) == pytest.approx(weights[order])
    assert weights == pytest.approx(dominance(inner, outcome), abs=0.05)


MAP = codebook(
    speed="service perceived speed service own 0 10 likert",
    range="product perceived range product own 0 10 likert",
    sat="satisfaction overall - - own 0 10 likert",
)


def crossed(weight: float, n: int = 4) -> list[tuple[float, ...]]:
    """Orthogonal ratings of two attributes; satisfaction goes with the first by ``weight``."""
    levels = [2.0, 5.0, 8.0]
    cells = [(a, b, weight * a + (1 - weight) * b) for a in levels for b in levels]
    return cells * n


def test_what_matters_and_falls_short_is_mended_first():
    one, other = measure(MAP, *crossed(0.8)), measure(MAP, *crossed(0.2))
    shares = one.importance.table.set_index("attribute")["importance"]
    assert shares.to_dict() == pytest.approx({"speed": 0.64 / 0.68, "range": 0.04 / 0.68})
    assert one.importance.r_squared == pytest.approx(1)
    assert one.facts["satisfaction.mend_first"] == "speed"
    assert other.facts["satisfaction.mend_first"] == "range"
    assert any(told.startswith("Mend speed first") for told in said(one.findings).splitlines())


def test_an_attribute_that_goes_against_satisfaction_is_not_named():
    rows = [(a, 5.0, 10 - a) for a in (1.0, 3.0, 5.0, 7.0, 9.0)] * 8
    result = measure(MAP, *rows)
    assert result.importance.same == ("range",)
    assert result.facts["satisfaction.mend_first"] is None
    assert "Everybody rated range alike" in said(result.warnings)


def test_importance_says_in_a_sentence_why_there_is_none():
    twins = [(a, a, b) for a, b in itertools.product((2.0, 5.0, 8.0), (3.0, 6.0))] * 6
    assert "were answered alike by everybody" in measure(MAP, *twins).importance
    assert "importance needs at least 30" in measure(MAP, *crossed(0.5, 1)).importance
    assert (
        "Everybody is equally satisfied" in measure(MAP, *[(a, 10 - a, 5.0) for a in range(9)] * 4).importance
    )
    assert "does not ask for overall satisfaction" in measure(MAP[:2], *[(1, 2)] * 40).importance
    assert (
        "does not ask how single attributes are perceived" in measure(OVERALL, *[(9, 5, 9)] * 40).importance
    )


def test_an_item_without_an_attribute_is_named_with_its_question():
    items = MAP.assign(attribute=None, wording_en=["They deliver fast.", "They have it all.", None])
    told = measure(items, *crossed(0.8)).mend_first
    assert "Mend speed (“They deliver fast.”) first" in repr(told)


def test_too_few_respondents_for_the_attributes_weigh_the_constructs():
    rng = np.random.default_rng(3)
    items = codebook(
        **{f"a{i}": f"{'one' if i < 5 else 'two'} perceived a{i} - own 0 10 likert" for i in range(10)},
        sat="satisfaction overall - - own 0 10 likert",
    )
    rows = [(*(row := rng.integers(0, 11, 10)), float(row.mean())) for _ in range(35)]
    people = panel(items, *rows)
    found = importance_of(people, people.scores["sat"], seed=1)
    assert found.level == "construct"
    assert set(found.table["attribute"]) == {"one", "two"}


def months(*rows: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["customer_id", "month", "net_revenue"])
    return table.assign(month=pd.to_datetime(table["month"]), purchase_days=1)


def histories(after_open: float, after_resolved: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sixty equal accounts; ten with an open, ten with a resolved complaint that buy more or less after it."""
    rows, told = [], []
    for i in range(60):
        money = after_open if i < 10 else after_resolved if i < 20 else 100.0
        rows += [(f"C{i:03d}", f"2023-{m:02d}-01", 100.0) for m in range(1, 13)]
        rows += [(f"C{i:03d}", f"2024-{m:02d}-01", money) for m in range(1, 13) if money > 0]
        if i < 20:
            told.append((f"C{i:03d}", "2023-12-10", "Complaint", None if i < 10 else "2023-12-20"))
    feedback = pd.DataFrame(told, columns=["customer_id", "date", "kind", "resolved_on"])
    return feedback, months(*rows)


def test_who_leaves_after_an_open_complaint_shows_against_comparable_accounts():
    feedback, table = histories(0.0, 100.0)
    found = complaints.after_complaints(feedback, table, as_of=AS_OF, seed=1)
    rows = found.effects.set_index("group")
    assert found.months == 6
    assert rows["accounts"].tolist() == [20, 10, 10, 20]
    assert rows.loc["open", ["retained", "comparable", "difference"]].tolist() == [0, 1, -1]
    assert rows.loc["resolved", ["retained", "comparable", "difference"]].tolist() == [1, 1, 0]
    assert rows.loc["open", "high"] < 0 < rows.loc["resolved", "high"]
    assert rows.loc["resolved − open", "difference"] == 1
    assert rows.loc["all", ["spend", "comparable_spend"]].tolist() == [0.5, 1.0]


def test_opposite_complaints_get_opposite_sentences():
    def told(after_open: float, after_resolved: float) -> str:
        feedback, table = histories(after_open, after_resolved)
        result = measure(OVERALL, *[(9, 5, 9)] * 6, feedback=feedback, customer_months=table, as_of=AS_OF)
        return said(result.about_complaints.parts)

    lost, kept = told(0.0, 100.0), told(100.0, 0.0)
    assert "accounts stayed more often than where they were not" in lost
    assert "accounts stayed less often than where they were not" in kept
    assert "does not prove that the complaint" in lost
    assert "does not prove that the complaint" in kept


def test_complaints_say_in_a_sentence_why_there_is_nothing():
    feedback, table = histories(0.0, 100.0)
    for wrong, told in (
        (feedback.assign(kind="idea"), "holds no complaint"),
        (feedback.head(3), "Only 3 accounts with a complaint"),
        (feedback.assign(date="2024-12-30"), "Only 0 accounts with a complaint"),
    ):
        with pytest.raises(NotEnoughData, match=told):
            complaints.after_complaints(wrong, table, as_of=AS_OF, seed=1)


def joined(stay: int, worth: float) -> link.MoneyLink:
    """Forty accounts, from dissatisfied to satisfied; those above ``stay`` buy on; value rises by ``worth``."""
    ids = [f"C{i:03d}" for i in range(40)]
    level = pd.Series(np.arange(40.0), index=ids)
    rows = [(c, "2023-06-01", 10.0) for c in ids]
    rows += [(c, "2024-06-01", 10.0) for i, c in enumerate(ids) if (i >= stay if stay >= 0 else i < -stay)]
    money = pd.DataFrame({"customer_id": ids, "clv": 1000 + worth * np.arange(40)})
    last = pd.Timestamp("2023-11-15")
    return link.money_link(level, as_table(months(*rows)), money, last_day=last, as_of=AS_OF, seed=1)


def test_retention_and_value_by_satisfaction_worked_by_hand():
    found = joined(20, 10.0)
    assert (found.groups, found.months) == (2, 12)
    assert found.table["retained"].tolist() == [0, 1]
    assert found.table["clv"].tolist() == pytest.approx([1095, 1295])
    gap, low, high = found.difference
    assert gap == 1
    assert 0 < low < high
    assert joined(-20, 10.0).difference[2] < 0


def test_one_step_up_is_worth_the_slope_times_the_middle():
    ids = [f"C{i:03d}" for i in range(100)]
    level = pd.Series(np.arange(100.0), index=ids)
    group = np.repeat(np.arange(1, 6), 20)
    table = as_table(months(*[(c, "2023-06-01", 1.0) for c in ids]))

    def what_if(step: float) -> link.WhatIf:
        money = pd.DataFrame({"customer_id": ids, "clv": 500 + step * group})
        none = pd.NaT
        return link.money_link(level, table, money, last_day=none, as_of=AS_OF, seed=1).what_if

    assert (what_if(50).groups, what_if(50).accounts) == ((3,), 20)
    assert what_if(50).value == pytest.approx(1000)
    assert what_if(-50).high < 0 < what_if(50).low
    with pytest.raises(NotEnoughData, match="fewer than 10 accounts"):
        link.money_link(level.head(9), table, None, last_day=pd.NaT, as_of=AS_OF, seed=1)


def test_without_orders_the_parts_that_need_them_say_so():
    result = measure(pd.concat([OVERALL, PAIRS]), *[(9, 5, 9, 4, 2, 5, 1), (7, 3, 8, 5, 1, 4, 2)] * 5)
    assert "The win-win map needs orders" in result.winwin
    assert "What follows a complaint needs orders" in result.complaints
    assert "Setting satisfaction against money needs orders" in result.link
    assert "orders" not in said(result.warnings)
    for chart in (plots.win_win_map, plots.retention_by_satisfaction, plots.satisfaction_over_waves):
        assert isinstance(show(chart, result), Prose)


def test_the_order_of_rows_changes_nothing():
    items = pd.concat([OVERALL, PAIRS], ignore_index=True)
    rng = np.random.default_rng(5)
    rows = [tuple(int(v) for v in rng.integers(1, 6, 7)) for _ in range(40)]
    table = answers(items, *rows)
    one = satisfaction_and_value(table, items)
    other = satisfaction_and_value(table.sample(frac=1, random_state=1), items.sample(frac=1, random_state=2))
    assert one.facts == other.facts
    assert one.findings == other.findings


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(st.lists(st.tuples(*[st.sampled_from([None, 1, 2, 3, 4, 5])] * 7), min_size=0, max_size=14))
def test_no_sentence_ever_holds_nan_or_a_wrong_number(rows):
    items = pd.concat([OVERALL, PAIRS], ignore_index=True)
    result = measure(items, *rows)
    told = words_of(result)
    assert "nan" not in told.replace("Hernan", "")
    assert not re.search(r"(?<![\d.,])1 (respondents|accounts|points)\b", told)
    for key in ("index", "nps", "top_two"):
        fact = result.facts[f"satisfaction.{key}"]
        assert fact is None or math.isfinite(fact)
    for table in result.tables.values():
        assert "n" not in table or (table["n"] >= 5).all()


def test_hostile_names_stay_text():
    items = codebook(
        **{
            "<b>": "<script> overall - - own 0 10 likert",
            "=cmd": "<i> perceived $x_1$ product own 0 10 likert",
        }
    )
    rows = [(a, b) for a in range(6) for b in (a, 9 - a)] * 4
    result = measure(items, *rows)
    picture = show(plots.importance_performance, result)
    assert "$x_1$" in picture.alt
    assert "<b>" not in result.importance_table._repr_html_()


class Desk:
    """A workbook with some tables."""

    def __init__(self, **tables):
        self.tables = tables

    def has(self, name):
        return name in self.tables

    def frame(self, name, columns=None):
        return self.tables[name] if columns is None else self.tables[name][list(columns)]


def test_lifetime_values_come_from_the_run_and_are_none_without_orders():
    clv = pd.DataFrame(
        {"customer_id": ["b", "a", "c"], "clv": [2.0, 1.0, None], "p_alive": [0.5, 0.25, 1], "x": 1}
    )
    found = clv_values.customer_values(Desk(customers=clv, clv=clv))
    assert found.values.tolist() == [["a", 1.0, 0.25], ["b", 2.0, 0.5]]
    assert clv_values.customer_values(Desk()) is None
    assert clv_values.customer_values(Desk(customers=clv, clv=clv.assign(clv=np.nan))) is None


@pytest.fixture(scope="module")
def shown():
    def quick(workbook):
        return workbook.frame("customers", ["customer_id", "net_revenue"]).rename(
            columns={"net_revenue": "clv"}
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "customer_values", quick)
        return shown_by(NOTEBOOK, SAMPLE / "company.yml")


NOTEBOOK = SAMPLE.parents[1] / "notebooks" / "06_satisfaction_and_value.ipynb"


def test_the_notebook_runs_on_the_sample_company(shown):
    told = "\n".join(repr(part) for part in shown)
    assert "The satisfaction index is" in told
    assert "nan" not in told
    assert "This company delivers" in told
