"""Delivered value: benefits minus costs, against competitors, and the win-win map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from customer_value import Prose, plots, show
from customer_value.config import override
from customer_value.errors import ConfigError, NotEnoughData
from customer_value.satisfaction import COMPONENTS
from customer_value.satisfaction.delivered import delivered_value
from customer_value.satisfaction.winwin import win_win
from customer_value.settings import DeliveredValueSettings
from satisfaction_kit import codebook, measure, panel, words_of
from text_kit import said

EQUAL = dict.fromkeys(COMPONENTS, 1.0)
BOTH = codebook(
    own_goods="product perceived goods product own 0 10 likert",
    own_price="burden perceived price money own 0 10 likert",
    own_extra="product perceived extra product own 0 10 likert",
    rival_goods="product perceived goods product Rival 0 10 likert",
    rival_price="burden perceived price money Rival 0 10 likert",
)
AHEAD, BEHIND = (8, 2, 0, 5, 4), (5, 4, 0, 8, 2)


def test_value_is_benefits_minus_costs_worked_by_hand():
    found = delivered_value(panel(BOTH, *[(8, 2, 6, 5, 4)] * 3, *[(6, 4, 4, 5, 4)] * 3), EQUAL, seed=1)
    assert found.own.set_index("component")["score"].to_dict() == {"product": 60, "money": 30}
    assert (found.value, found.ratio, found.reach) == (30, 2.0, (-100, 100))
    assert found.missing == ("service", "personnel", "image", "time", "energy", "psychic")


def test_a_competitor_is_compared_on_the_attributes_asked_of_both():
    found = delivered_value(panel(BOTH, *[AHEAD] * 6), EQUAL, seed=1)
    total = found.totals.iloc[0]
    assert total[["own", "value", "advantage"]].tolist() == [60, 10, 50]
    assert total[["own_ratio", "ratio"]].tolist() == [4.0, 1.25]
    assert found.parts.set_index("component")["difference"].to_dict() == {"product": 30, "money": 20}


def test_weights_change_the_balance_and_can_leave_a_part_out():
    people = panel(BOTH, *[AHEAD] * 6)
    found = delivered_value(people, EQUAL | {"product": 2.0, "money": 0.5}, seed=1)
    assert found.totals.iloc[0][["own", "value", "advantage"]].tolist() == [150, 80, 70]
    without = delivered_value(people, EQUAL | {"money": 0.0}, seed=1)
    assert without.totals.iloc[0]["advantage"] == 30
    assert without.ratio is None


def test_only_respondents_who_rated_both_are_compared():
    rows = [AHEAD] * 5 + [(0, 10, 0, None, None)] * 5
    found = delivered_value(panel(BOTH, *rows), EQUAL, seed=1)
    assert found.totals.iloc[0][["own", "advantage", "n"]].tolist() == [60, 50, 5]
    few = delivered_value(panel(BOTH, *[AHEAD] * 4, *[(0, 10, 0, None, None)] * 5), EQUAL, seed=1)
    assert few.totals.empty
    assert few.too_few == ("Rival",)


def test_a_component_without_attributes_is_compared_as_a_whole():
    loose = BOTH.assign(attribute=None)
    found = delivered_value(panel(loose, *[AHEAD] * 6), EQUAL, seed=1)
    assert found.parts.set_index("component")["own"].to_dict() == {"product": 40, "money": 20}


def test_ahead_and_behind_get_opposite_verdicts():
    ahead, behind = measure(BOTH, *[AHEAD] * 6), measure(BOTH, *[BEHIND] * 6)
    assert ahead.facts["value.advantage"] == 50
    assert behind.facts["value.advantage"] == -50
    assert "delivers 50.0 points more value than Rival" in said(ahead.findings)
    assert "delivers 50.0 points less value than Rival" in said(behind.findings)
    assert "most of what speaks for it is products (+30.0)" in said(ahead.findings)
    assert "most of what speaks against it is products (−30.0)" in said(behind.findings)
    assert any(
        told.startswith("Say in offers what speaks for this company: products")
        for told in said(ahead.next_steps).splitlines()
    )
    assert any(
        told.startswith("Look at what Rival does about products")
        for told in said(behind.next_steps).splitlines()
    )
    assert "Advantage −50.0" in show(plots.delivered_value_bridge, behind).alt


def test_facts_name_own_value_and_every_competitor():
    facts = measure(BOTH, *[AHEAD] * 6).facts
    assert facts["value.delivered"] == {"own": 20.0, "competitors": {"Rival": 10.0}}
    assert facts["value.compared"]["Rival"]["own"] == 60.0
    assert next(iter(facts)) == "satisfaction.index"


def test_the_strongest_competitor_comes_first():
    third = BOTH[BOTH["target"] == "Rival"].assign(target="Third", item=["third_goods", "third_price"])
    items = pd.concat([BOTH, third], ignore_index=True)
    found = delivered_value(panel(items, *[(*AHEAD, 9, 3)] * 6), EQUAL, seed=1)
    assert found.totals["competitor"].tolist() == ["Third", "Rival"]
    assert found.totals["advantage"].tolist() == [0, 50]
    result = measure(items, *[(*AHEAD, 9, 3)] * 6)
    assert (
        "Bridge from the delivered value of Rival, 10.0"
        in show(plots.delivered_value_bridge, result, competitor="Rival").alt
    )
    assert isinstance(show(plots.delivered_value_bridge, result, competitor="Fourth"), Prose)


def test_without_components_or_competitors_it_says_so():
    result = measure(BOTH.assign(component=None), *[AHEAD] * 6)
    assert "belongs to a component of delivered value" in result.delivered
    assert result.facts["value.delivered"] is None
    alone = measure(BOTH[:3], *[(8, 2, 0)] * 6)
    assert "no competitor was rated beside it" in said(alone.findings)
    assert "the same attributes of the main competitor" in said(alone.next_steps)
    assert isinstance(show(plots.delivered_value_bridge, alone), Prose)
    assert "delivered value stands alone" in repr(alone.competitors_table)


def test_weights_that_are_all_zero_are_an_error():
    with pytest.raises(ConfigError, match="weights cannot all be zero"):
        override(DeliveredValueSettings(), **dict.fromkeys(COMPONENTS, 0))


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(
    st.lists(st.tuples(*[st.one_of(st.none(), st.integers(0, 10))] * 5), min_size=5, max_size=15),
    st.lists(st.floats(0, 5), min_size=8, max_size=8),
)
def test_the_components_add_up_to_the_advantage_whatever_the_weights(rows, weights):
    try:
        found = delivered_value(panel(BOTH, *rows), dict(zip(COMPONENTS, weights, strict=True)), seed=1)
    except (NotEnoughData, IndexError):
        return
    for row in found.totals.to_dict("records"):
        parts = found.parts[found.parts["competitor"] == row["competitor"]]
        assert parts["difference"].sum() == pytest.approx(row["advantage"], abs=1e-6)
        assert row["own"] - row["value"] == pytest.approx(row["advantage"], abs=1e-6)
        assert row["low"] <= row["high"]


def accounts(n: int, profit: list[float] | None = None) -> pd.DataFrame:
    money = pd.DataFrame(
        {"customer_id": [f"C{i:03d}" for i in range(n)], "net_revenue": np.arange(n) * 100.0}
    )
    return money if profit is None else money.assign(profit=profit)


def test_the_win_win_map_names_who_wins():
    rows = [(10 - i, i, 0, 5, 5) for i in range(10)]
    result = measure(BOTH, *rows, customers=accounts(10))
    found = result.winwin
    assert found.earnings == "net_revenue"
    assert found.quadrants["accounts"].tolist() == [0, 5, 5, 0]
    assert found.of("company")["customer_id"].tolist() == ["C009", "C008", "C007", "C006", "C005"]
    assert "bring much net revenue and get little value" in said(result.next_steps)
    turned = measure(BOTH, *rows[::-1], customers=accounts(10)).winwin
    assert turned.quadrants["accounts"].tolist() == [5, 0, 0, 5]


def test_profit_counts_where_it_is_known_and_losses_are_told():
    rows = [(10 - i, i, 0, 5, 5) for i in range(10)]
    result = measure(BOTH, *rows, customers=accounts(10, [-50.0] * 3 + [5.0, 6, 7, 8, 9, 10, 11]))
    assert result.winwin.earnings == "profit"
    assert "3 accounts bring a loss" in said(result.findings)
    assert "get much value and bring a loss: C000, C001 and C002" in said(result.next_steps)


def test_hostile_names_are_cut_in_figures_and_escaped_in_tables():
    names = pd.DataFrame(
        {"customer_id": [f"C{i:03d}" for i in range(10)], "name": "<script>alert(1)</script>" * 3}
    )
    rows = [(10 - i, i, 0, 5, 5) for i in range(10)]
    result = measure(BOTH, *rows, customers=accounts(10), customer_file=names)
    assert "<script>" not in result.quadrant_table("company")._repr_html_()
    assert "10 accounts" in show(plots.win_win_map, result).alt
    assert "nan" not in words_of(result)


def test_few_accounts_are_not_mapped():
    with pytest.raises(NotEnoughData, match="fewer than 5 accounts"):
        win_win(pd.Series({"C000": 1.0}), accounts(9))
