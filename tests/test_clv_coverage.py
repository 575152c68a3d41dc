"""How often intervals hold where the model is right, and by how much they miss where it is not."""

import pytest

from customer_value.clv.coverage import WORLDS, World, coverage_study, simulate_world
from customer_value.errors import InputError

NOMINAL = [0.5, 0.8, 0.95]
COVERED = ["covered_50", "covered_80", "covered_95"]


@pytest.fixture(scope="module")
def study():
    return coverage_study().set_index(["world", "model", "measure"]).sort_index()


def test_intervals_hold_where_the_model_is_right(study):
    row = study.loc[("as the model assumes", "BG/NBD", "purchases")]
    assert row[COVERED].tolist() == pytest.approx(NOMINAL, abs=0.02)
    assert (row["runs"], row["totals_inside"]) == (3, 3)
    assert abs(row["bias"]) < 0.05
    sales = study.loc[("as the model assumes", "BG/NBD", "sales")]
    assert sales["covered_95"] == pytest.approx(0.96, abs=0.01)
    assert sales["totals_inside"] >= 2


def test_regular_buyers_are_overrated_by_random_timing_and_not_by_their_own_model(study):
    random = study.loc[("regular buyers", "BG/NBD", "purchases")]
    assert random[COVERED].tolist() == pytest.approx([0.55, 0.86, 0.97], abs=0.01)
    assert random["bias"] == pytest.approx(0.11, abs=0.02)
    assert random["totals_inside"] < random["runs"]
    own = study.loc[("regular buyers", "MBG/CNBD-k", "purchases")]
    assert own[COVERED].tolist() == pytest.approx(NOMINAL, abs=0.02)
    assert own["bias"] == pytest.approx(-0.04, abs=0.02)
    assert own["totals_inside"] == 3


def test_a_season_makes_every_total_miss(study):
    row = study.loc[("season", "BG/NBD", "purchases")]
    assert row[COVERED].tolist() == pytest.approx([0.42, 0.72, 0.91], abs=0.01)
    assert row["bias"] == pytest.approx(-0.38, abs=0.02)
    assert row["totals_inside"] == 0


def test_a_price_rise_makes_totals_miss_and_hardly_shows_in_customers(study):
    row = study.loc[("price rise of 25%", "BG/NBD", "sales")]
    assert row["covered_95"] == pytest.approx(0.94, abs=0.02)
    assert row["bias"] < -0.15
    assert row["totals_inside"] < row["runs"]


def test_the_same_seed_gives_the_same_study():
    small = {"customers": 200, "runs": 1, "replicates": 40}
    first, second = coverage_study(WORLDS[:1], **small), coverage_study(WORLDS[:1], **small)
    assert first.equals(second)
    assert not first.equals(coverage_study(WORLDS[:1], **small, seed=2))


def test_worlds_differ_in_what_they_say():
    plain, regular = (simulate_world(World("world", regularity=k), 4_000, seed=1) for k in (1, 6))
    high = simulate_world(World("world", season=0.5), 4_000, seed=1)
    dear = simulate_world(World("world", price_rise=0.5), 4_000, seed=1)
    assert high["purchases"].sum() > 1.15 * plain["purchases"].sum()
    assert dear["sales"].sum() == pytest.approx(1.5 * plain["sales"].sum())
    spread = [t.loc[t["frequency"] > 2, "gap_mean"] / t["gap_log_mean"].map(pow_e) for t in (plain, regular)]
    assert spread[0].mean() > 1.3 > 1.15 > spread[1].mean()


def test_a_world_needs_customers():
    with pytest.raises(InputError, match="not 0"):
        simulate_world(World("empty"), 0, seed=1)


def pow_e(value):
    return 2.718281828459045**value
