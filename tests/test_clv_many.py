"""Lifetime value of many customers: the engine's route gives what the route in memory gives."""

import numpy as np
import pandas as pd
import pytest

from clv_kit import SETTINGS, cdnow_workbook, shop, shop_workbook
from clv_kit import cdnow as cdnow_result
from customer_value import clv, plots
from customer_value.clv import many
from customer_value.clv.figures import figures_of, figures_on
from customer_value.display import show
from customer_value.expressions import as_table
from text_kit import said


def valued(workbook, *, sample=10**9, **options):
    """A lifetime value by the route for many customers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "MOST_IN_MEMORY", 0)
        patch.setattr(many, "SAMPLE", sample)
        return clv.lifetime_value_of(workbook, **options)


@pytest.fixture(scope="module")
def held():
    return cdnow_result()


@pytest.fixture(scope="module")
def streamed():
    return valued(cdnow_workbook())


@pytest.fixture(scope="module")
def sampled():
    return valued(cdnow_workbook(), sample=1_200)


def known_and_unknown_customers():
    table = cdnow_result().table
    return table.assign(value_at_risk=table["value_at_risk"].where(table["frequency"] != 3))


# ---------------------------------------------------------------- the same as in memory


def test_every_customer_has_the_value_that_the_route_in_memory_gives(held, streamed):
    found = streamed.tables["clv"].to_pandas()
    left_out = ["clv_low", "clv_high"]
    pd.testing.assert_frame_equal(
        found.drop(columns=left_out), held.table[found.columns].drop(columns=left_out),
        check_dtype=False, rtol=1e-9, atol=1e-3,
    )  # fmt: skip
    assert list(found.columns) == list(held.table.columns)


def test_intervals_of_customers_are_close_to_those_of_their_own_simulation(held, streamed):
    found = streamed.tables["clv"].to_pandas()
    assert (found["clv_low"] <= found["clv"]).all()
    assert np.corrcoef(found["clv_high"], held.table["clv_high"])[0, 1] > 0.97
    assert found["clv_high"].sum() == pytest.approx(held.table["clv_high"].sum(), rel=0.1)


def test_histories_alike_have_one_interval_in_proportion_to_their_value(streamed):
    found = streamed.tables["clv"].to_pandas().merge(streamed.customers, on=["customer_id", "frequency"])
    ratio = (found["clv_high"] / found["clv"]).round(9)
    assert ratio.groupby([found["frequency"], found["recency"], found["T"]]).nunique().max() == 1


def test_totals_classes_and_assumptions_are_the_same(held, streamed):
    ours, theirs = streamed.valuation, held.valuation
    assert (ours.equity, ours.low, ours.high) == pytest.approx(
        (theirs.equity, theirs.low, theirs.high), rel=1e-6
    )
    assert ours.beyond_data_share == pytest.approx(theirs.beyond_data_share, rel=1e-6)
    pd.testing.assert_frame_equal(ours.classes, theirs.classes, check_dtype=False, rtol=1e-5)
    pd.testing.assert_frame_equal(ours.sensitivity, theirs.sensitivity, rtol=1e-5)
    pd.testing.assert_frame_equal(streamed.tracking, held.tracking)
    assert streamed.holdout.came.customers == held.holdout.came.customers


def test_facts_are_the_same(held, streamed):
    ours, theirs = dict(streamed.facts), dict(held.facts)
    ours.pop("clv.warnings"), theirs.pop("clv.warnings")
    assert ours.keys() == theirs.keys()
    for name, fact in theirs.items():
        if isinstance(fact, float):
            assert ours[name] == pytest.approx(fact, rel=1e-5, abs=0.05), name
        elif not isinstance(fact, dict):
            assert ours[name] == fact, name


def test_sentences_are_the_same_but_for_the_word_on_the_sample(held, streamed):
    sample = f" from {said(streamed.sampled)}"
    assert said(streamed.findings).replace(sample, "") == said(held.findings)
    assert said(streamed.next_steps) == said(held.next_steps)


@pytest.mark.parametrize("make", [lambda: cdnow_result().table, known_and_unknown_customers])
def test_figures_from_the_engine_are_those_from_memory(make):
    table = make()
    ours, theirs = figures_on(as_table(table)), figures_of(table)
    for name, part in theirs.parts.items():
        assert ours[name].customers == part.customers
        for column in ("clv", "p_alive", "value_at_risk", "discounted_purchases"):
            assert getattr(ours[name], column) == pytest.approx(getattr(part, column), abs=0.1, nan_ok=True)
    assert ours.tenths == pytest.approx(theirs.tenths, abs=0.1)
    assert ours.top_positive == pytest.approx(theirs.top_positive, abs=0.1)
    for name in ("best", "worst", "likely", "gone"):
        assert getattr(ours, name)["customer_id"].tolist() == getattr(theirs, name)["customer_id"].tolist()


def test_tenths_with_losses_and_ties_add_up():
    table = pd.DataFrame({"customer_id": [f"{n:02d}" for n in range(23)], "clv": [5.0] * 12 + [-2.0] * 11})
    table = table.assign(frequency=1, p_alive=0.5, value_at_risk=0.0, discounted_purchases=1.0)
    ours, theirs = figures_on(as_table(table)), figures_of(table)
    assert ours.tenths == pytest.approx(theirs.tenths)
    assert (ours.positive, ours.top_positive) == (60, 10) == (theirs.positive, theirs.top_positive)


# ---------------------------------------------------------------- a sample


def test_a_sample_gives_about_the_total_of_all_and_values_everybody(held, sampled):
    assert len(sampled.customers) < 1_300 < sampled.number == len(held.customers)
    assert sampled.tables["clv"].count().to_pyarrow().as_py() == len(held.customers)
    assert sampled.valuation.low < held.valuation.equity < sampled.valuation.high
    assert sampled.valuation.high - sampled.valuation.low > held.valuation.high - held.valuation.low


def test_readers_are_told_what_rests_on_the_sample(held, sampled):
    sample = said(sampled.sampled)
    assert sample in said(sampled.warnings)
    assert sample in repr(clv.checks_table(sampled))
    assert sample in said(sampled.findings)
    assert "at random" not in said((*held.findings, *held.warnings, repr(clv.checks_table(held))))


def test_a_sample_depends_on_ids_alone():
    ids = [f"K{n}" for n in range(4_000)]
    forward, backward = (as_table(pd.DataFrame({"customer_id": order})) for order in (ids, ids[::-1]))
    chosen = [
        set(t.filter(many.sampled(t.customer_id, 0.25)).customer_id.to_list()) for t in (forward, backward)
    ]
    assert chosen[0] == chosen[1]
    assert 900 < len(chosen[0]) < 1_100
    more = set(forward.filter(many.sampled(forward.customer_id, 0.5)).customer_id.to_list())
    assert chosen[0] < more


def test_all_charts_and_tables_of_the_notebook_are_drawn(sampled):
    for name in (
        "iso_value_curves",
        "spend_distribution",
        "top_accounts",
        "value_by_decile",
        "equity_by_class",
    ):
        assert "nan" not in repr(show(getattr(plots, name), sampled)), name
    for name in ("top_accounts_table", "classes_table", "histories_table", "holdout_table"):
        assert "nan" not in repr(getattr(clv, name)(sampled)).lower(), name


# ---------------------------------------------------------------- margins, contracts, no model


def test_margins_are_those_of_the_route_in_memory():
    workbook = shop_workbook(shop())
    ours, theirs = valued(workbook), clv.lifetime_value_of(workbook)
    assert ours.facts["clv.value_basis"] == "margin"
    assert ours.kept == theirs.kept
    assert ours.tables["clv"].to_pandas()["clv"].tolist() == pytest.approx(theirs.table["clv"].tolist())
    assert ours.realised.total == pytest.approx(theirs.realised.total)


def test_customers_under_contract_are_apart(tmp_path):
    rows = [f"K{n:03d},2019-0{1 + n % 9}-01,{'2022-01-31' if n % 3 == 0 else ''},100" for n in range(30)]
    path = tmp_path / "contracts.csv"
    path.write_text("\n".join(["customer,from,to,worth", *rows]) + "\n")
    columns = "{customer_id: customer, started_on: from, ended_on: to, value: worth}"
    workbook = shop_workbook(shop(), f"{SETTINGS}contracts: {{path: {path}, columns: {columns}}}\n")
    ours, theirs = valued(workbook), clv.lifetime_value_of(workbook)
    table = ours.tables["clv"].to_pandas()
    assert table["kind"].value_counts().to_dict() == theirs.tables["clv"]["kind"].value_counts().to_dict()
    assert table["clv"].sum() == pytest.approx(theirs.tables["clv"]["clv"].sum(), rel=1e-6)


def test_without_a_model_there_are_no_values():
    workbook = shop_workbook(shop(stay=0.0))
    ours, theirs = valued(workbook), clv.lifetime_value_of(workbook)
    assert ours.fit is None
    assert said(ours.findings) == said(theirs.findings)
    assert ours.tables["clv"].to_pandas()["clv"].isna().all()
