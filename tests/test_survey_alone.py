"""What a survey says by itself: words, reversals, widths of intervals, stated purchases, and facts that hold it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import loyalty, reliability
from customer_value.bounds import clopper_pearson, of_steady_answers, promoter_ends
from customer_value.codebook import check_codebook
from customer_value.errors import InputError
from customer_value.loyalty.opinions import change_between
from customer_value.loyalty.repeat_purchase import STATED_SHARE
from customer_value.purchase_share import share_item
from customer_value.satisfaction.differences import between_groups
from customer_value.settings import LoyaltySettings
from customer_value.survey import score_answers
from loyalty_kit import ITEMS, LEVEL, PREFERS, cell_of, customers, place, survey
from satisfaction_kit import codebook, measure
from text_kit import said

NPS = codebook(
    sat="satisfaction overall - - own 1 5 likert",
    rec="recommendation other - - own 0 10 nps",
)

OTHER = codebook(quick="service other - - own 1 5 likert")
ASKED = codebook(rec="recommendation other - - own 0 10 nps", quick="service other - - own 1 5 likert")


def worded(words, **more):
    row = {
        "item": ["Q1"],
        "construct": "service",
        "aspect": "overall",
        "scale_min": 1,
        "scale_max": 3,
        "words": words,
    }
    return pd.DataFrame(row | more)


def test_answers_in_words_count_with_their_numbers():
    told = pd.DataFrame({"respondent_id": list("abcd"), "item": "Q1", "score": ["LOW", "mid=dle ", "3", "?"]})
    scored = score_answers(told, worded("low=1; mid=dle=2; high=3", missing_codes="?"))
    assert scored.scores["score"].tolist() == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("book", "message"),
    [
        (worded("low"), "words holds 'low'; write each word with its number"),
        (worded("low=7"), "gives 'low' the number 7, which is outside the scale 1 to 3"),
        (worded("low=1;Low=2"), "gives 'low' two numbers"),
        (worded("low=1", missing_codes="low"), "low cannot be both a word of the scale and a code"),
    ],
)
def test_words_that_cannot_be_are_refused(book, message):
    with pytest.raises(InputError, match=message):
        check_codebook(book)


def test_a_word_that_the_codebook_lacks_is_an_error_that_names_it():
    told = pd.DataFrame({"respondent_id": ["a"], "item": "Q1", "score": ["middling"]})
    with pytest.raises(InputError, match="score 'middling' is no number and none of its words"):
        score_answers(told, worded("low=1;high=3"))


def test_half_declared_reversals_name_one_side_only():
    rng = np.random.default_rng(3)
    good = rng.normal(size=80)
    scores = {
        f"a{n}": np.clip(np.round(3 + good * (-1 if n in (2, 4, 5) else 1) + rng.normal(0, 0.7, 80)), 1, 5)
        for n in range(1, 7)
    }
    wide = pd.DataFrame(scores)
    assert set(reliability.opposed(wide)) in ({"a2", "a4", "a5"}, {"a1", "a3", "a6"})
    items = pd.DataFrame(
        {"item": list(wide), "construct": "loyal", "aspect": "attitude", "scale_min": 1, "scale_max": 5}
    )
    long = (
        wide.rename_axis("respondent_id")
        .reset_index()
        .melt("respondent_id", var_name="item", value_name="score")
    )
    told = [text for text in score_answers(long, items).warnings if "run against" in text]
    assert told == [
        "Items a2, a4 and a5 run against the rest of their scale loyal. Are they, or the others instead, reversed "
        "wordings that are not declared? Until that is settled the means of the scale say nothing."
    ]
    result = loyalty.matrix(None, long, items, as_of=None, currency="XXX")
    assert "declare the reversed ones" in said(result.next_steps)


def test_an_item_that_only_has_little_in_common_is_not_called_reversed():
    table = pd.DataFrame(
        {"a": [1, 2, 3, 4, 5, 3] * 4, "b": [1, 2, 3, 4, 5, 2] * 4, "noise": [3, 1, 4, 1, 3, 3] * 4}
    )
    assert reliability.opposed(table) == ()


@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_reversals_are_found_whichever_side_is_turned(seed, turned):
    rng = np.random.default_rng(seed)
    sides = np.where(turned, -1, 1)
    table = pd.DataFrame(rng.normal(size=(60, 1)) * sides + rng.normal(0, 0.3, (60, 4)), columns=list("abcd"))
    found = set(reliability.opposed(table))
    one = {name for name, is_turned in zip("abcd", turned, strict=True) if is_turned}
    assert found in (one, set("abcd") - one)
    assert len(found) <= 2


def test_twelve_of_twelve_promoters_may_be_as_few_as_47():
    result = measure(NPS, *[(5, 10)] * 12)
    facts = result.facts
    assert (facts["satisfaction.nps"], facts["satisfaction.nps_high"]) == (100, 100)
    assert facts["satisfaction.nps_low"] == pytest.approx(100 * (2 * 0.025 ** (1 / 12) - 1))
    assert facts["satisfaction.index_low"] == pytest.approx(100 * 0.025 ** (1 / 12))
    assert facts["satisfaction.top_two_low"] == pytest.approx(0.025 ** (1 / 12))


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 15))
def test_the_interval_of_a_net_promoter_score_has_a_width_and_holds_it(promoters, passives, detractors):
    marks = pd.Series([100.0] * promoters + [0.0] * passives + [-100.0] * detractors, dtype=float)
    if len(marks) < 5 or (promoters and detractors):
        return
    low, high = promoter_ends(marks, pd.Series(1.0, index=marks.index), marks.mean(), marks.mean())
    assert -100 <= low <= marks.mean() <= high <= 100
    assert high - low > 1


def test_one_who_is_not_a_promoter_does_not_narrow_the_interval():
    ends = [
        promoter_ends(pd.Series([100.0] * n + [0.0] * (12 - n)), pd.Series([1.0] * 12), 99.0, 100.0)[0]
        for n in (12, 11)
    ]
    assert ends[1] < ends[0]


def test_exact_intervals_of_shares():
    assert clopper_pearson(0, 10) == pytest.approx((0, 1 - 0.025**0.1))
    assert clopper_pearson(0.5, 10) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert of_steady_answers(0.0, 10) == pytest.approx((0, 1 - 0.025**0.1))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([(5, 10)] * 4 + [(5, None)] * 8, "Only 4 respondents answered the item on recommendation (scale nps), rec"),
        ([(5, None)] * 12, "Nobody in the latest wave answered the item on recommendation (scale nps), rec"),
    ],
)  # fmt: skip
def test_the_reason_for_a_missing_score_is_the_true_one(rows, reason):
    told = said(measure(NPS, *rows).warnings).splitlines()
    assert any(text.startswith(reason) for text in told)
    assert not any("is marked as nps" in text for text in told)


def test_groups_whose_intervals_overlap_may_still_differ():
    people = pd.DataFrame({"customer_id": [f"C{n}" for n in range(40)], "weight": 1.0})
    scores = pd.Series([0.4, 0.6] * 10 + [0.47, 0.67] * 10)
    labels = {"region": pd.Series(["North"] * 20 + ["South"] * 20)}
    row = between_groups(scores, people, labels).iloc[0]
    assert (row["lower"], row["higher"], row["difference"]) == ("North", "South", pytest.approx(7))
    assert row["p_value"] == pytest.approx(0.0374, abs=1e-3)
    labels["industry"] = pd.Series(["A", "A", "B", "B"] * 10)
    assert between_groups(scores, people, labels)["p_value"].iloc[0] == pytest.approx(2 * row["p_value"])


def test_the_respondents_of_one_account_are_one_observation():
    people = pd.DataFrame({"customer_id": [f"C{n // 5}" for n in range(40)], "weight": 1.0})
    scores = pd.Series(np.repeat([0.3, 0.7, 0.4, 0.6, 0.5, 0.9, 0.6, 0.8], 5))
    labels = {"region": pd.Series(["North"] * 20 + ["South"] * 20)}
    alone = people.assign(customer_id=[f"C{n}" for n in range(40)])
    assert between_groups(scores, people, labels)["p_value"].iloc[0] > 0.05
    assert between_groups(scores, alone, labels)["p_value"].iloc[0] < 0.001


def test_a_change_between_waves_knows_who_answered_twice():
    people = pd.DataFrame(
        {
            "customer_id": "",
            "respondent_id": [f"R{n}" for n in range(8)] * 2,
            "wave": [1] * 8 + [2] * 8,
            "attitude": [*np.linspace(0, 0.7, 8), *(np.linspace(0, 0.7, 8) + np.array([0.04, 0.06] * 4))],
        }
    )
    change, low, high = change_between(people, 1, 2)
    assert (change, low > 0, high < 0.1) == (pytest.approx(0.05), True, True)
    others = people.assign(respondent_id=[f"R{n}" for n in range(16)])
    assert change_between(others, 1, 2)[1] < 0


SHARE = {
    "item": "share", "construct": "behaviour", "aspect": "other", "target": "own", "scale": "percentage",
    "scale_min": 0, "scale_max": 100, "wording_en": "What share of your purchases in this category is made with us?",
}  # fmt: skip
WITH_SHARE = pd.concat([ITEMS, pd.DataFrame([SHARE])], ignore_index=True)


def stated(*shares, scores=None):
    """Accounts C0, C1, … with a relative attitude and the share that they state."""
    rows = survey(*(scores or [PREFERS, PREFERS, LEVEL, LEVEL, PREFERS, LEVEL]))
    told = [(f"R{n}.0", f"C{n}", "share", share) for n, share in enumerate(shares)]
    return pd.concat([rows, pd.DataFrame(told, columns=rows.columns)], ignore_index=True)


def test_a_stated_share_is_the_axis_without_orders():
    answers = stated(80, 20, 90, 10, 51, 50)
    result = loyalty.matrix(None, answers, WITH_SHARE, as_of=None, currency="XXX")
    assert cell_of(result) == {
        "C0": "true",
        "C1": "latent",
        "C2": "inert",
        "C3": "none",
        "C4": "true",
        "C5": "none",
    }
    facts = result.facts
    assert facts["loyalty.repeat_source"] == STATED_SHARE
    assert (facts["loyalty.cells_revenue"], facts["loyalty.came_back_share"]) == (None, None)
    assert said(result.findings[0]).startswith("6 accounts could be placed.")
    assert "make more than 50% of their purchases here, as they say" in said(result.findings[0])
    told = said((*result.findings, *result.warnings, *result.next_steps))
    assert "XXX" not in told
    assert "nan" not in told
    assert "XXX" not in repr(result.cells_table)
    nameless = loyalty.matrix(
        None, answers.drop(columns="customer_id"), WITH_SHARE, as_of=None, currency="XXX"
    )
    assert said(nameless.findings[0]).startswith("6 respondents could be placed.")


def test_with_orders_the_stated_share_counts_only_where_the_settings_name_it():
    answers, base = stated(80, 20, 90, 10, 51, 50), customers([3, 3, 0, 0, 0, 0])
    assert place(base, answers, items=WITH_SHARE).repeat.source != STATED_SHARE
    named = place(base, answers, items=WITH_SHARE, options=LoyaltySettings(stated_share="share"))
    assert named.repeat.source == STATED_SHARE
    assert cell_of(named)["C2"] == "inert"
    assert named.facts["loyalty.cells_revenue"]["inert"] == 300.0
    with pytest.raises(
        InputError, match=r"stated_share: item 'shore' is not in the codebook\. Did you mean 'share'"
    ):
        place(base, answers, items=WITH_SHARE, options=LoyaltySettings(stated_share="shore"))


def test_other_percentages_are_no_purchase_share():
    other = WITH_SHARE.assign(
        item=WITH_SHARE["item"].replace("share", "Q9"), wording_en="At which difference in % would you leave?"
    )
    book = check_codebook(other)
    assert share_item(book) is None
    result = loyalty.matrix(None, survey(*[PREFERS] * 6), other, as_of=None, currency="XXX")
    assert "If Q9 asks which share of its purchases" in said(result.next_steps)


def test_facts_of_a_survey_alone_hold_what_the_page_says():
    result = loyalty.matrix(
        None, survey(PREFERS, PREFERS, PREFERS, LEVEL, LEVEL, LEVEL), ITEMS, as_of=None, currency="XXX"
    )
    row, facts = result.opinions.iloc[-1], result.facts
    assert (facts["loyalty.respondents"], facts["loyalty.near_border"]) == (
        row["respondents"],
        row["near_cut"],
    )
    assert facts["loyalty.repeat_source"] is None
    assert facts["loyalty.attitude_source"] == row["attitude_source"]
    assert facts["loyalty.attitude_interval"] == pytest.approx([row["low"], row["high"]])
    assert said(result.findings[1]).startswith(f"{facts['loyalty.respondents']} respondents rate")
    assert any(
        text.startswith(f"{facts['loyalty.near_border']} respondents stand within")
        for text in said(result.findings).splitlines()
    )


def test_a_survey_without_an_attitude_says_what_to_mark():
    items = ITEMS.assign(aspect="other")
    result = loyalty.matrix(None, survey(*[PREFERS] * 6), items, as_of=None, currency="XXX")
    assert "the codebook marks no item on this company as attitude" in said(result.findings)
    assert said(result.next_steps[0]).startswith("Mark in the codebook which items ask for attitude")


def test_a_question_that_few_answered_is_not_said_to_be_missing():
    few, none = measure(ASKED, *[(9, 3)] * 4, *[(None, 3)] * 6), measure(OTHER, *[(3,)] * 6)
    assert "Too few respondents answered the questions" in repr(few.scores_table)
    assert "asks neither for overall satisfaction" in repr(none.scores_table)
