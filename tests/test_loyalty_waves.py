"""What came after a survey, what moved between two, and what the survey says without orders."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import Prose, findings, loyalty, next_steps, open_workbook, show
from customer_value.loyalty.cells import FOUR
from customer_value.plots import loyalty as charts
from customer_value.settings import LoyaltySettings
from loyalty_kit import AS_OF, DISLIKES, ITEMS, LEVEL, PREFERS, cell_of, customers, place, show_title, survey
from text_kit import said

CHARTS = (
    charts.attitude_spread,
    charts.matrix_scatter,
    charts.matrix_counts,
    charts.cell_retention,
    charts.cell_moves,
    charts.respondents_vs_rest,
    charts.repeat_purchase_only,
)
TABLES = (
    "answers_table", "axes", "cells_table", "classes_table", "comparison_table", "correlations_table",
    "held_by_table", "hindrances_table", "means_table", "moves_table", "opinions_table", "over_full_table",
    "reliability_table", "retention_table", "sensitivity_table", "splits_table", "warnings_list",
)  # fmt: skip


def months(*rows: tuple[str, str]) -> pd.DataFrame:
    """Customer and month of each purchase day, worth 10 each."""
    table = pd.DataFrame(rows, columns=["customer_id", "month"])
    return table.assign(month=pd.to_datetime(table["month"] + "-01"), purchase_days=1, net_revenue=10.0)


def bought(ids: range, *when: str) -> list[tuple[str, str]]:
    return [(f"C{i}", month) for i in ids for month in when]


def answered(day: str, *scores: tuple[int, int, int, int]) -> pd.DataFrame:
    return survey(*scores).assign(date=day)


def everything_shown_by(result: loyalty.LoyaltyMatrix) -> str:
    lists = [result.priority_table(cell) for cell in ("true", "latent", "inert", "none", "not_surveyed")]
    shown = [getattr(result, name) for name in TABLES] + [show(chart, result) for chart in CHARTS]
    return "\n".join(repr(one) for one in (*shown, *lists, findings(result), next_steps(result)))


BEFORE = ("2023-01", "2023-05")
TWELVE = [PREFERS] * 6 + [DISLIKES] * 6


def followed_up(*after: tuple[str, str], as_of: dt.date = AS_OF, **more: object) -> loyalty.LoyaltyMatrix:
    base = customers([3] * 12)
    rows = months(*bought(range(12), *BEFORE), *after)
    return loyalty.matrix(
        base, answered("2023-06-15", *TWELVE), ITEMS, None, rows, as_of=as_of, currency="EUR", **more
    )


def test_retention_counts_purchases_in_the_period_after_the_month_of_the_survey():
    inside = [*bought(range(5), "2023-07"), *bought(range(6, 8), "2024-06")]
    outside = [("C8", "2024-07"), ("C9", "2023-06")]
    table = followed_up(*inside, *outside).retention.set_index("cell")
    assert table.loc["true", ["customers", "retained"]].tolist() == [6, 5]
    assert table.loc["inert", ["customers", "retained"]].tolist() == [6, 2]
    assert table.loc["true", "rate"] == pytest.approx(5 / 6)
    assert table.loc["true", ["low", "high"]].tolist() == pytest.approx([0.4365, 0.9699], abs=1e-3)
    assert table["measured_on"].unique().tolist() == [pd.Timestamp("2023-06-30")]


def test_the_length_of_the_period_can_be_chosen():
    table = followed_up(*bought(range(12), "2023-09"), period_months=2).retention.set_index("cell")
    assert table.loc[["true", "inert"], "retained"].tolist() == [0, 0]


def test_cells_are_those_of_the_day_of_the_survey_and_not_of_what_came_later():
    base = customers([0] * 5 + [3] * 5)
    rows = months(*bought(range(5), "2023-03"), *bought(range(5, 10), "2023-03", "2023-09", "2023-10"))
    result = loyalty.matrix(
        base, answered("2023-06-15", *[PREFERS] * 10), ITEMS, None, rows, as_of=AS_OF, currency="EUR"
    )
    assert list(cell_of(result).values()) == ["latent"] * 5 + ["true"] * 5
    assert set(result.by_wave["cell"]) == {"latent"}
    assert result.retention.set_index("cell").loc["latent", ["customers", "retained"]].tolist() == [10, 5]


def test_what_was_stated_in_a_wave_is_the_repeat_purchase_of_that_wave():
    base, scores = customers([3] * 10), answered("2023-06-15", *[PREFERS] * 10)
    item = {"item": "share", "construct": "share", "aspect": "other", "target": "own", "scale": "percentage"}
    items = pd.concat(
        [ITEMS.assign(scale="likert"), pd.DataFrame([{**item, "scale_min": 0, "scale_max": 100}])]
    )
    told = scores[scores["item"] == "own_quality"].assign(item="share")
    told["score"] = [90] * 5 + [10] * 5
    result = loyalty.matrix(
        base, pd.concat([scores, told]), items, None, months(*bought(range(10), *BEFORE, "2023-08")),
        as_of=AS_OF, currency="EUR", options=LoyaltySettings(stated_share="share"),
    )  # fmt: skip
    cells = result.by_wave.set_index("customer_id")["cell"]
    assert cells.loc[[f"C{i}" for i in range(5)]].unique().tolist() == ["true"]
    assert cells.loc[[f"C{i}" for i in range(5, 10)]].unique().tolist() == ["latent"]


def test_a_period_that_is_not_over_is_not_counted():
    result = followed_up(*bought(range(12), "2023-07"), as_of=dt.date(2024, 5, 31))
    assert result.retention.empty
    assert "will be known with orders up to 30 June 2024" in repr(result.retention_table)
    assert isinstance(show(charts.cell_retention, result), Prose)
    assert len(followed_up(as_of=dt.date(2024, 6, 30)).retention) == 5


def test_small_cells_are_not_followed_up():
    base = customers([3] * 8)
    rows = months(*bought(range(8), *BEFORE, "2023-08"))
    scores = [PREFERS] * 4 + [DISLIKES] * 4
    result = loyalty.matrix(
        base, answered("2023-06-15", *scores), ITEMS, None, rows, as_of=AS_OF, currency="EUR"
    )
    table = result.retention.set_index("cell")
    assert table.loc["true", "customers"] == 4
    assert table.loc["true", ["retained", "rate"]].isna().all()
    assert "bought again" not in repr(findings(result))


@pytest.mark.parametrize(
    ("stayers", "verdict"),
    [
        (range(6), "the truly loyal stayed more often than the inert loyal"),
        (range(6, 12), "the inert loyal stayed more often than the truly loyal"),
        (range(12), "preference made no clear difference"),
    ],
)
def test_whether_preference_foretold_who_stays_gets_opposite_verdicts(stayers, verdict):
    result = followed_up(*bought(stayers, "2023-09"))
    assert verdict in repr(findings(result))
    if len(stayers) == 6:
        title = "Truly loyal: 100% bought again; inert loyal: 0%"
        other = "Inert loyal: 100% bought again; truly loyal: 0%"
        assert show_title(charts.cell_retention, result) == (title if stayers[0] == 0 else other)


def two_waves(first: list, second: list, source: pd.DataFrame = ITEMS) -> loyalty.LoyaltyMatrix:
    n = len(first)
    answers = pd.concat([answered("2023-06-15", *first), answered("2024-06-15", *second)])
    rows = months(*bought(range(n), *BEFORE), *bought(range(n), "2023-12", "2024-03"))
    return loyalty.matrix(customers([3] * n), answers, source, None, rows, as_of=AS_OF, currency="EUR")


def test_movement_between_waves_worked_by_hand():
    result = two_waves([PREFERS] * 2 + [DISLIKES] * 6, [PREFERS] * 8)
    moves = result.moves[result.moves["customers"] > 0].set_index(["from_cell", "to_cell"])
    assert moves["customers"].to_dict() == {("true", "true"): 2, ("inert", "true"): 6}
    assert moves.loc[("inert", "true"), ["revenue_before", "revenue_after"]].tolist() == pytest.approx(
        [round(120 * 365 / 181, 2), 120]
    )
    assert (result.movement.both, result.movement.stayed, result.movement.became_true) == (8, 2, 6)
    assert result.movement.p_value == pytest.approx(2 * 0.5**6)
    assert "25% stayed in their cell; 6 became truly loyal" in show_title(charts.cell_moves, result)


def test_drift_towards_and_away_from_loyalty():
    towards, away = [DISLIKES] * 7, [PREFERS] * 7
    assert "More customers became truly loyal than" in repr(findings(two_waves(towards, away)))
    assert "More customers ceased to be truly loyal" in repr(findings(two_waves(away, towards)))
    mixed = two_waves([PREFERS, DISLIKES] * 4, [DISLIKES, PREFERS] * 4)
    assert "There is no clear drift" in repr(findings(mixed))


def test_attitudes_that_rise_and_fall_between_waves():
    low = [(2, 2, 4, 4), (2, 3, 4, 4), (2, 2, 4, 5)] * 4
    high = [(4, 4, 2, 2), (4, 5, 2, 2), (4, 4, 2, 1)] * 4
    assert "Attitudes have risen" in repr(findings(two_waves(low, high)))
    assert "Attitudes have fallen" in repr(findings(two_waves(high, low)))
    assert "may be chance" in repr(findings(two_waves(low, low)))


def test_waves_that_measured_attitude_differently_are_not_compared():
    answers = pd.concat([answered("2023-06-15", *[PREFERS] * 6), answered("2024-06-15", *[PREFERS] * 6)])
    late = answers["date"] == "2024-06-15"
    answers = answers[~late | answers["item"].str.startswith("own")]
    rows = months(*bought(range(6), *BEFORE))
    result = loyalty.matrix(customers([3] * 6), answers, ITEMS, None, rows, as_of=AS_OF, currency="EUR")
    assert result.movement is None
    assert "measured attitude differently and are not compared" in repr(findings(result))
    assert "no two in succession that measured attitude alike" in repr(result.moves_table)


def test_other_splits_worked_by_hand():
    scores = [(5, 5, 3, 3), (5, 5, 3, 3), (4, 4, 3, 3), (4, 4, 3, 3), (3, 3, 3, 3)]
    table = place(customers([5, 1, 5, 1, 0]), survey(*scores)).splits.set_index("split")
    assert table.loc["as used here"].tolist() == [4, 0, 0, 1, 0]
    assert table.loc["median cut of attitude"].tolist() == [2, 0, 2, 1, 2]
    assert table.loc["at least two repeat purchase days"].tolist() == [2, 2, 0, 1, 2]


def test_lifetime_value_is_summed_by_cell_and_ranks_the_truly_loyal():
    base = customers([2] * 6)
    values = pd.DataFrame(
        {"customer_id": [f"C{i}" for i in range(5)], "clv": [10.0, 50, 20, 30, 40], "p_alive": 0.5}
    )
    result = place(base, survey(*[PREFERS] * 5, DISLIKES), values=values)
    cells = result.cells.set_index("cell")
    assert cells.loc["true", ["clv", "mean_p_alive"]].tolist() == [150.0, 0.5]
    assert cells.loc["inert", "clv"] == 0
    assert math.isnan(cells.loc["inert", "mean_p_alive"])
    assert result.priorities["true"]["customer_id"].tolist() == ["C1", "C4", "C3"]
    assert "Most of it, 100%, lies with the truly loyal" in repr(findings(result))
    assert result.facts["loyalty.cells_clv"]["true"] == 150.0
    assert "larger points for more lifetime value" in repr(show(charts.matrix_scatter, result))


def test_those_that_are_not_loyal_are_listed_too():
    result = place(customers([0] * 6), survey(*[DISLIKES] * 6))
    assert result.priorities["none"]["customer_id"].tolist() == ["C5", "C4", "C3"]
    assert "C5, C4 and C3" in said(result.next_steps)


RATED = pd.DataFrame(
    {
        "item": ["own_liking", "rival_liking", "own_price", "rival_price", "own_range", "rival_range"],
        "construct": "x",
        "aspect": ["attitude"] * 2 + ["perceived"] * 4,
        "attribute": ["liking"] * 2 + ["price"] * 2 + ["range"] * 2,
        "component": [None, None, "money", "money", "product", "product"],
        "target": ["own", "Rival"] * 3,
        "scale_min": 1,
        "scale_max": 5,
    }
)


def rated(kinds: list[tuple[int, ...]]) -> pd.DataFrame:
    """Answers to the six items of RATED, with a little spread on the last four."""
    rows = []
    for i, scores in enumerate(kinds):
        for k, (item, score) in enumerate(zip(RATED["item"], scores, strict=True)):
            wobble = (i + k) % 2 if k > 1 else 0
            rows.append((f"R{i}", f"C{i}", item, score + wobble))
    return pd.DataFrame(rows, columns=["respondent_id", "customer_id", "item", "score"])


def test_what_the_latent_loyal_rate_lower_is_named():
    true, latent = (5, 3, 1, 2, 4, 3), (5, 3, 4, 2, 4, 3)
    result = place(customers([3] * 8 + [0] * 8), rated([true] * 8 + [latent] * 8), items=RATED)
    table = result.hindrances
    assert table["attribute"].tolist() == ["price", "range"]
    assert table["difference"].tolist() == pytest.approx([-0.75, 0.0])
    assert "they rate lower price (0.75 lower" in repr(findings(result))
    same = place(customers([3] * 8 + [0] * 8), rated([true] * 16), items=RATED)
    assert "nothing clearly lower than the truly loyal do (2 attributes compared)" in repr(findings(same))


def test_inert_customers_that_the_price_holds_and_those_it_does_not():
    cheap, ranged, nothing = (2, 4, 1, 4, 2, 2), (2, 4, 3, 3, 4, 1), (2, 4, 4, 1, 1, 4)
    told = {
        name: repr(findings(place(customers([3] * 8), rated([kind] * 8), items=RATED)))
        for name, kind in (("cheap", cheap), ("ranged", ranged), ("nothing", nothing))
    }
    assert "than at the best competitor: price. The price is part of it" in told["cheap"]
    assert "than at the best competitor: range. The price is not part of it." in told["ranged"]
    assert "clearly ahead of its best competitor in nothing they were asked" in told["nothing"]


def test_classes_show_figures_with_intervals_and_hide_small_groups():
    result = place(
        customers([1] * 14),
        survey(*[PREFERS] * 5, *[DISLIKES] * 7),
        customer_file=pd.DataFrame(
            {"customer_id": [f"C{i}" for i in range(14)], "region": ["North"] * 10 + ["South"] * 4}
        ),
    )
    table = result.groups.set_index(["by", "class"])
    north, south = table.loc[("region", "North")], table.loc[("region", "South")]
    assert north[["customers", "surveyed", "placed", "true_share"]].tolist() == [10, 10, 10, 0.5]
    assert north["true_low"] == pytest.approx(0.2366, abs=1e-3)
    assert (south["customers"], south["placed"]) == (4, 2)
    assert south[["response_rate", "attitude", "true_share", "true_low"]].isna().all()


def test_opinions_worked_by_hand_need_no_orders():
    answers = survey(PREFERS, PREFERS, LEVEL, DISLIKES, PREFERS).drop(columns="customer_id")
    result = loyalty.matrix(None, answers, ITEMS, as_of=None, currency="XXX")
    row = result.opinions.iloc[0]
    assert row[["respondents", "mean", "high_share"]].tolist() == pytest.approx([5, 0.2, 0.6])
    reach = 2.776445 * pd.Series([0.5, 0.5, 0, -0.5, 0.5]).std() / 5**0.5
    assert row[["low", "high"]].tolist() == pytest.approx([0.2 - reach, 0.2 + reach])
    assert result.status == "no_orders"
    assert said(result.findings[0]).startswith(
        "Repeat purchase needs orders, which this report does not have"
    )
    assert result.facts["loyalty.cells"] == dict.fromkeys([*FOUR, "not_surveyed"], 0)
    assert "nan" not in everything_shown_by(result).lower()


def test_most_of_the_respondents_and_few_of_them():
    for scores, verdict in (([PREFERS] * 20, "most do."), ([DISLIKES] * 20, "most do not.")):
        result = loyalty.matrix(None, survey(*scores), ITEMS, as_of=None, currency="XXX")
        assert verdict in said(result.findings[2])


def test_three_respondents_without_orders_are_not_averaged():
    result = loyalty.matrix(None, survey(PREFERS, LEVEL, DISLIKES), ITEMS, as_of=None, currency="XXX")
    assert result.opinions["mean"].isna().all()
    assert "under 5 nothing is averaged" in said(result.findings[1])
    assert isinstance(show(charts.attitude_spread, result), Prose)
    assert "Win more answers" in said(result.next_steps[1])
    assert "nan" not in everything_shown_by(result).lower()


def test_neither_orders_nor_survey_is_no_crash():
    result = loyalty.matrix(None, as_of=None, currency="XXX")
    assert result.status == "no_orders"
    assert "nan" not in everything_shown_by(result).lower()


def test_answers_that_name_no_customer_still_tell_what_people_think():
    result = place(customers([3] * 6), survey(*[PREFERS] * 8).drop(columns="customer_id"))
    assert result.status == "not_linked"
    assert said(result.findings[1]).startswith(
        "8 respondents rate this company 0.50 above its best competitor"
    )
    assert "nan" not in everything_shown_by(result).lower()


NO_ORDERS = """\
survey:
  path: survey.csv
  columns: {respondent_id: respondent_id, item: item, score: score}
survey_items:
  path: items.csv
  columns: {attribute: attribute, target: target, missing_codes: missing_codes}
"""


def test_a_report_without_orders_shows_the_survey_part(desk):
    desk.settings(NO_ORDERS)
    desk.file("survey.csv", survey(*[PREFERS, LEVEL] * 5).to_csv(index=False))
    desk.file("items.csv", ITEMS.to_csv(index=False))
    workbook = open_workbook(desk.config)
    result = loyalty.matrix_of(workbook)
    assert result.facts["loyalty.attitude"] == 0.25
    assert result.facts["loyalty.reliability"]["preference (own)"]["n"] == 10
    workbook.record(result)
    assert pd.read_parquet(workbook.folder / "tables" / "loyalty.parquet").empty


answer = st.sampled_from([PREFERS, LEVEL, DISLIKES, (5, 1, 3, 0), (0, 0, 0, 0)])
shopper = st.tuples(
    st.lists(st.integers(0, 23), min_size=1, max_size=4), st.none() | answer, st.none() | answer
)


@settings(max_examples=3, deadline=None)
@given(st.lists(shopper, min_size=1, max_size=24))
def test_every_wave_is_a_partition_and_movement_adds_up(shoppers):
    days = [[f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in sorted(when)] for when, _, _ in shoppers]
    base = customers([len(set(when)) - 1 for when in days])
    base["first_order"] = [pd.Timestamp(f"{when[0]}-01") for when in days]
    parts = [
        survey(*[row[wave] or LEVEL for row in shoppers]).assign(date=day)
        for wave, day in ((1, "2023-06-15"), (2, "2024-03-15"))
    ]
    asked = [[f"C{i}" for i, row in enumerate(shoppers) if row[wave]] for wave in (1, 2)]
    answers = pd.concat([part[part["customer_id"].isin(ids)] for part, ids in zip(parts, asked, strict=True)])
    rows = months(*((f"C{i}", month) for i, when in enumerate(days) for month in sorted(set(when))))
    result = loyalty.matrix(base, answers, ITEMS, None, rows, as_of=AS_OF, currency="EUR", period_months=6)
    assert not result.by_wave.duplicated(["wave", "customer_id"]).any()
    assert set(result.by_wave["cell"]) <= {*FOUR, "not_surveyed"}
    assert sum(result.facts["loyalty.cells"].values()) == len(base)
    if len(result.retention):
        wave = result.by_wave[result.by_wave["wave"] == result.retention["wave"].iloc[0]]
        assert result.retention["customers"].sum() == len(wave)
    if result.movement:
        inside = result.moves[result.moves["from_cell"].isin(FOUR) & result.moves["to_cell"].isin(FOUR)]
        assert inside["customers"].sum() == result.movement.both
    assert (result.splits[list(FOUR)].sum(axis=1) == len(result.placed)).all()
    told = said((*result.findings, *result.next_steps, *result.warnings))
    assert "nan" not in told.lower().split()
    assert " 1 customers" not in told
