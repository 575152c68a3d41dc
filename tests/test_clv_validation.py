"""Checks on time kept back and of what models assume: exact on tiny tables, opposite on opposite data."""

import datetime as dt
import functools
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clv_kit import analysed, cdnow_workbook
from clv_kit import cdnow as cdnow_result
from companies import order_lines
from customer_value import clv
from customer_value.clv import candidates, validation_tables
from customer_value.clv.assumptions import (
    check_cohorts,
    check_first_dates,
    check_independence,
    check_regularity,
    check_same_day,
    check_season,
    check_spend_trend,
)
from customer_value.clv.candidates import CANDIDATES, Candidate
from customer_value.clv.coverage import World, simulate_world
from customer_value.clv.forecast import forecast
from customer_value.clv.scores import calibration_by_group, mean_count_interval
from customer_value.clv.seasons import season_note, season_of
from customer_value.clv.tracking import holdout_histogram
from customer_value.clv.trends import spend_trend
from customer_value.display import Picture, Prose, show
from customer_value.errors import InputError
from customer_value.plots import validation as charts
from customer_value.text import NOTHING
from text_kit import said


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_result()


# ---------------------------------------------------------------- calibration


def test_calibration_of_a_tiny_table():
    predicted = np.array([0.1, 0.2, 1.0, 3.0])
    table = calibration_by_group(np.array([0.0, 1, 1, 5]), predicted, groups=2)
    assert table["group"].tolist() == [1, 2]
    assert table["customers"].tolist() == [2, 2]
    assert table["predicted"].tolist() == pytest.approx([0.15, 2.0])
    assert table["actual"].tolist() == [0.5, 3.0]
    assert table[["predicted_from", "predicted_to"]].to_numpy().tolist() == [[0.1, 0.2], [1.0, 3.0]]


def test_equal_predictions_share_a_tenth():
    predicted = np.repeat([0.5, 2.0], [70, 30])
    table = calibration_by_group(np.arange(100.0), predicted)
    assert table["customers"].tolist() == [70, 30]
    assert table["group"].tolist() == [4, 9]


def test_the_interval_of_a_mean_is_exact_for_chance_and_wider_beyond():
    # Garwood's interval of a Poisson count of 10 is 4.795 to 18.390; of 0 it ends at 3.689.
    mean, number = np.array([1.0, 0.0, 1.0]), np.array([10, 10, 10])
    low, high = mean_count_interval(mean, number, np.array([1.0, 0.0, 4.0]))
    assert low[:2].tolist() == pytest.approx([0.4795, 0], abs=1e-4)
    assert high[:2].tolist() == pytest.approx([1.8390, 0.3689], abs=1e-4)
    assert low[2] < low[0] < high[0] < high[2]


# ---------------------------------------------------------------- futures of customers


def told(futures):
    """A candidate whose futures are given, one after the other."""
    return Candidate(
        "told",
        "told",
        fit=lambda customers, unit: None,
        predict=lambda fit, customers, ahead: np.zeros(len(customers)),
        draw=lambda fit, number, rng: list(futures[:number]),
        future=lambda value, histories, places, ahead, rng: np.full(len(places), value),
    )


def people(**columns):
    return pd.DataFrame({"frequency": [1.0], "recency": [2.0], "T": [5.0]} | columns)


def test_what_happened_is_placed_among_the_futures():
    found = forecast(told([0, 1, 2, 3]), None, people(), np.array([2.0]), ahead=1, seed=1, replicates=4)
    assert (found.below[0], found.upto[0]) == (2 / 5, 4 / 5)
    assert found.totals.tolist() == [0, 1, 2, 3]
    assert found.pit(5).tolist() == pytest.approx([0, 0, 0.5, 0.5, 0])


def test_intervals_of_single_customers_hold_whole_numbers():
    found = forecast(told(range(100)), None, people(), np.array([10.0]), ahead=1, seed=1, replicates=100)
    assert found.low[0].tolist() == [24, 9, 2]
    assert found.high[0].tolist() == [74, 89, 97]
    assert found.chance[0].tolist() == pytest.approx([0.51, 0.81, 0.96])
    assert found.coverage["inside"].tolist() == [0, 1, 1]


@pytest.fixture(scope="module")
def shop():
    return simulate_world(World("right"), 900, seed=5)


def futures_of(table, model="BetaGeoNBD"):
    fit = CANDIDATES[model].fit(table, "W")
    return forecast(
        CANDIDATES[model], fit, table, table["purchases"].to_numpy(float), ahead=26, seed=1, replicates=150
    )


def test_the_transform_is_even_where_the_model_is_right(shop):
    found = futures_of(shop)
    assert not found.uneven
    assert found.distance < 1.36 / 900**0.5
    assert found.pit() == pytest.approx(np.full(10, 0.1), abs=0.03)
    assert found.coverage["verdict"].tolist() == ["holds"] * 3


def test_the_transform_is_uneven_where_the_world_is_another_one():
    found = futures_of(simulate_world(World("season", season=0.6), 900, seed=5))
    assert found.uneven
    assert found.pit()[-1] > 0.15
    assert "too narrow" in found.coverage["verdict"].tolist()


def test_futures_depend_neither_on_order_nor_on_who_one_is(shop):
    whole = shop.assign(recency=shop["recency"].round(), T=shop["T"].round()).query("recency > 0")
    mixed = whole.sample(frac=1, random_state=3)
    first, second = futures_of(whole), futures_of(mixed)
    back = mixed.index.get_indexer(whole.index)
    assert (first.totals == second.totals).all()
    assert (first.below == second.below[back]).all()
    alike = whole.groupby(["frequency", "recency", "T", "purchases"]).ngroup().to_numpy()
    assert alike.max() < len(alike) - 1
    assert pd.Series(first.upto).groupby(alike).nunique().max() == 1


def test_the_histogram_of_the_time_kept_back_counts_everyone(cdnow):
    table = holdout_histogram(cdnow.holdout.forecast)
    assert table["actual"].tolist() == [1673, 302, 153, 77, 54, 23, 21, 54]
    assert table["expected"].sum() == pytest.approx(2357)
    assert (table["low"] <= table["expected"]).all()


# ---------------------------------------------------------------- the comparison


def two_tables(world, customers=600, seed=3):
    table = simulate_world(world, customers, seed)
    table = table.assign(customer_id=[f"K{n:04d}" for n in range(customers)])
    days = ["recency", "T", "gap_mean"]
    table[days] = table[days] * 7
    table["gap_log_mean"] = table["gap_log_mean"] + np.log(7) * (table["frequency"] > 0)
    return table.drop(columns=["purchases", "sales", "gap_log_sum"]), table[["customer_id", "purchases"]]


@functools.cache
def compared(regularity):
    """The comparison in a world of random or of regular buyers."""
    return clv.validate(*two_tables(World("world", regularity=regularity), customers=300), days=182)


def test_two_tables_are_enough():
    known, later = two_tables(World("right"), customers=300)
    found = clv.validate(known, later[later["purchases"] > 0], days=182)
    assert found.actual == later["purchases"].sum()
    assert set(found.scores) == {"BetaGeoNBD", "ModifiedBetaGeoNBD", "ParetoNBD", "same_rate"}
    assert (found.newcomers, found.season_note) == (0, NOTHING)
    assert found.coverage["total_inside"].iloc[-1]


def test_the_comparison_does_not_depend_on_row_order():
    known, later = two_tables(World("right"), customers=120)
    first = clv.validate(known, later, days=182)
    second = clv.validate(known.sample(frac=1, random_state=1), later[::-1], days=182)
    assert said(first.because) == said(second.because)
    assert first.total_low == second.total_low
    pd.testing.assert_frame_equal(first.calibration, second.calibration)


def test_regular_buyers_bring_in_their_model_and_random_ones_do_not():
    regular = compared(4)
    assert regular.model == "ModifiedBetaGeoCNBD"
    assert regular.label == "MBG/CNBD-k"
    assert regular.fits["ModifiedBetaGeoCNBD"].model.k in (3, 4, 5)
    errors = {name: score.mean_absolute_error for name, score in regular.scores.items()}
    assert errors["ModifiedBetaGeoCNBD"] < 0.95 * errors["BetaGeoNBD"]
    random = compared(1)
    assert "not buy more regularly than by chance" in said(random.left_out["ModifiedBetaGeoCNBD"])
    assert "ModifiedBetaGeoCNBD" not in random.scores
    assert "MBG/CNBD-k was not compared" in said(clv.holdout_notes(random, "EUR"))


def test_a_further_model_is_one_more_entry(monkeypatch):
    plain = CANDIDATES["BetaGeoNBD"]
    oracle = Candidate(
        "Oracle", "the oracle", plain.fit, lambda fit, c, ahead: truth, plain.draw, plain.future
    )
    known, later = two_tables(World("right"), customers=300)
    truth = later["purchases"].to_numpy(float)
    monkeypatch.setattr(candidates, "CANDIDATES", CANDIDATES | {"Oracle": oracle})
    monkeypatch.setattr("customer_value.clv.validation.CANDIDATES", CANDIDATES | {"Oracle": oracle})
    found = clv.validate(known, later, days=182)
    assert (found.model, found.label) == ("Oracle", "the oracle")
    assert found.scores["Oracle"].mean_absolute_error == 0


def test_newcomers_and_their_revenue_stand_apart():
    known, _ = two_tables(World("right"), customers=200)
    known = known.assign(net_revenue=100.0)
    after = known[["customer_id", "frequency"]].assign(net_revenue=130.0)
    new = pd.DataFrame({"customer_id": ["new"], "frequency": [1.0], "net_revenue": [2000.0]})
    found = clv.validate(known, pd.concat([after, new]), days=182)
    assert (found.newcomers, found.actual) == (1, 0)
    assert (found.came.revenue, found.came.known_revenue) == (2000, 6000)
    assert found.came.share == 0.25
    note = said(clv.holdout_notes(found, "EUR")[0])
    assert note.startswith("1 customer came only in the time kept back")
    assert "EUR 2,000 of revenue (25% of all), beside EUR 6,000" in note


def test_what_cannot_be_compared_is_said():
    known, later = two_tables(World("right"), customers=50)
    with pytest.raises(InputError, match="days, or calibration_end and as_of"):
        clv.validate(known, later)
    with pytest.raises(InputError, match="name customer K0001 twice"):
        clv.validate(known, pd.concat([later, later[1:2]]), days=182)
    with pytest.raises(InputError, match="need a column purchases, or frequency"):
        clv.validate(known, later[["customer_id"]], days=182)
    assert clv.validate(known.head(20), later, days=182) is None


def test_cdnow_intervals_are_measured(cdnow):
    found = cdnow.holdout.coverage.set_index("nominal")
    assert cdnow.holdout.model == "ParetoNBD"
    assert found["covered"].tolist() == pytest.approx([0.48, 0.775, 0.94], abs=0.01)
    assert found["total_inside"].tolist() == [False, False, True]
    assert cdnow.holdout.calibration["customers"].sum() == 2357
    assert said(cdnow.holdout.season_note).startswith(
        "The time kept back runs from 1 October 1997 to 30 June 1998"
    )


# ---------------------------------------------------------------- season


def company(level, months=36, customers=400, start="2021-01-01", seed=1):
    """Customers acquired at once who buy as often as a month of the year asks for."""
    rng = np.random.default_rng(seed)
    every = pd.date_range(start, periods=months, freq="MS")
    days = [rng.poisson(customers * 0.3 * level(month.month)) for month in every]
    days[0] += customers
    first = pd.Series(pd.Timestamp(start), index=[f"K{n}" for n in range(customers)])
    table = pd.DataFrame({"customer_id": "all", "month": every, "purchase_days": days})
    return table, first, (every[-1] + pd.offsets.MonthEnd(0)).date()


def high_winter(month):
    return 1.5 if month in (11, 12) else 0.9


def test_a_season_is_seen_and_an_even_year_is_not_taken_for_one():
    season, even = season_of(*company(high_winter)), season_of(*company(lambda month: 1.0))
    assert (season.verdict, even.verdict) == ("strong", "none")
    assert season.index[12] == pytest.approx(1.5, abs=0.12)
    assert season.swing > 0.05 > even.swing
    assert (check_season(season).verdict, check_season(even).verdict) == ("fails", "holds")
    assert "whole years" in said(check_season(season).remedy)


def test_single_wild_months_are_no_season():
    rng = np.random.default_rng(1)
    table, first, as_of = company(lambda month: 1.0)
    table["purchase_days"] = (table["purchase_days"] * rng.gamma(8, 1 / 8, len(table))).round()
    table.loc[0, "purchase_days"] += 400
    assert season_of(table, first, as_of).verdict != "strong"


def test_under_two_years_nobody_can_tell_a_season():
    found = season_of(*company(high_winter, months=20))
    assert found.verdict == "cannot tell"
    assert said(found.evidence).startswith("The data cover 20 whole months")


def test_a_season_does_not_depend_on_the_engine():
    table, first, as_of = company(high_winter)
    import ibis

    assert season_of(ibis.memtable(table), first, as_of).index.tolist() == pytest.approx(
        season_of(table, first, as_of).index.tolist()
    )


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [
        (dt.date(2022, 12, 31), dt.date(2023, 12, 31), ""),
        (dt.date(2023, 9, 30), dt.date(2023, 12, 31), "come out too low by about as much"),
        (dt.date(2023, 1, 31), dt.date(2023, 8, 31), "come out too high by about as much"),
    ],
)
def test_a_comparison_on_another_season_is_told(start, stop, words):
    note = said(season_note(season_of(*company(high_winter)), start, stop))
    assert (words in note) if words else note == ""
    assert season_note(season_of(*company(lambda month: 1.0)), start, stop) == NOTHING


# ---------------------------------------------------------------- assumptions


def test_spend_and_frequency_of_cdnow_are_related_as_published():
    # Fader & Hardie, note 025: 946 customers, correlation 0.1139; ranks recomputed.
    known = cdnow_workbook().frame("snapshots")
    known = known[known["as_of"].astype(str).str.startswith("1997-09-30") & (known["frequency"] > 0)]
    x, mean = known["frequency"].to_numpy(float), known["monetary_value"].to_numpy(float)
    assert len(x) == 946
    assert np.corrcoef(x, mean)[0, 1] == pytest.approx(0.1139, abs=5e-5)
    found = check_independence(x, mean)
    assert found.verdict == "doubtful"
    assert "Rank correlation 0.21 (95% interval 0.14 to 0.27)" in said(found.evidence)
    assert "plain correlation 0.11 (95% interval 0.05 to 0.18)" in said(found.evidence)
    assert pd.Series(x).corr(pd.Series(mean), method="spearman") == pytest.approx(0.206, abs=5e-4)


@pytest.mark.parametrize(("orders", "verdict"), [(103, "holds"), (150, "doubtful"), (0, "cannot tell")])
def test_several_orders_a_day_are_told(orders, verdict):
    found = check_same_day(pd.DataFrame({"orders": [orders], "purchase_days": [min(orders, 100)]}))
    assert found.verdict == verdict


def spending(growth, customers=200, noise=0.3, seed=4):
    rng = np.random.default_rng(seed)
    months = pd.date_range("2021-01-01", periods=36, freq="MS")
    rows = []
    for customer in range(customers):
        level = rng.gamma(2, 50)
        for place in np.flatnonzero(rng.random(36) < 0.3):
            money = level * (1 + growth) ** (place / 12) * rng.gamma(1 / noise, noise)
            rows.append((f"K{customer}", months[place], 1, money))
    return pd.DataFrame(rows, columns=["customer_id", "month", "purchase_days", "gross"])


@pytest.mark.parametrize(
    ("growth", "verdict", "words"),
    [(0.0, "holds", ""), (0.12, "fails", "too low"), (-0.12, "fails", "too high")],
)
def test_a_rise_of_prices_is_found_within_customers(growth, verdict, words):
    found = spend_trend(spending(growth))
    assert found.low < growth < found.high
    assert (found.now > 1) == (found.yearly > 0)
    check = check_spend_trend(spending(growth))
    assert check.verdict == verdict
    assert words in said(check.remedy)


def test_a_spend_that_never_changes_is_said_in_one_word():
    table = spending(0.0).assign(gross=lambda t: t["customer_id"].str.len() * 10.0)
    assert "spend the same per purchase from year to year" in said(check_spend_trend(table).evidence)


def test_larger_newcomers_are_no_rise_of_prices():
    table = spending(0.0, noise=0.05)
    late = table[table["month"] >= "2022-07-01"].assign(gross=lambda t: t["gross"] * 3)
    early = table[table["month"] < "2022-07-01"]
    table = pd.concat([early, late.assign(customer_id="new " + late["customer_id"])])
    assert check_spend_trend(table).verdict == "holds"


def cohorts(late, weeks=80, newcomers=30, seed=2):
    rng = np.random.default_rng(seed)
    every = pd.date_range("2023-01-02", periods=weeks, freq="7D")
    rows = []
    for n, cohort in enumerate(every):
        rows.append((cohort, cohort, newcomers, newcomers))
        rate = newcomers * 0.05 * (late if n > 30 else 1)
        rows += [(cohort, week, 1, rng.poisson(rate)) for week in every[n + 1 :]]
    return pd.DataFrame(rows, columns=["acquired_week", "week", "customers", "purchase_days"])


@pytest.mark.parametrize(
    ("late", "verdict", "words"),
    [(1.0, "holds", ""), (0.4, "fails", "too much"), (2.0, "fails", "too little")],
)
def test_newcomers_of_another_kind_get_opposite_verdicts(late, verdict, words):
    found = check_cohorts(cohorts(late), pd.Timestamp("2024-07-14"))
    assert found.verdict == verdict
    assert words in said(found.remedy)


def test_the_remedy_for_regular_buyers_says_what_became_of_their_model():
    known, won = two_tables(World("world", regularity=4), customers=300)[0], compared(4)
    assert "was compared on the time kept back and is used" in said(check_regularity(known, won).remedy)
    lost = SimpleNamespace(scores=won.scores, model="BetaGeoNBD", label="BG/NBD")
    assert "is not used: off by" in said(check_regularity(known, lost).remedy)
    assert "could not be compared here" in said(check_regularity(known).remedy)


def test_every_assumption_is_checked_with_what_there_is(cdnow):
    workbook = cdnow_workbook()
    full = clv.assumptions(
        cdnow.customers, months=workbook.table("customer_months"), weekly=workbook.frame("weekly_purchases")
    )
    bare = clv.assumptions(
        cdnow.customers[["customer_id", "first_order", "frequency", "recency", "T", "monetary_value"]]
    )
    assert [check.name for check in full] == [check.name for check in bare]
    assert len(full) == 9
    assert {check.name for check in bare if check.verdict == "cannot tell"} == {
        "one order a day", "random timing of purchases", "purchases even over the year", "steady spend per purchase",
        "newcomers alike over time",
    }  # fmt: skip
    assert all(check.remedy for check in full if check.verdict in ("fails", "doubtful"))
    assert clv.assumptions(cdnow.customers.head(0)) == ()


@pytest.mark.parametrize(("early", "verdict"), [(0, "holds"), (200, "doubtful")])
def test_a_crowd_at_the_start_of_the_data_is_taken_for_old_customers(early, verdict):
    days = np.concatenate([np.arange(0, 720, 2), np.linspace(0, 80, early).astype(int)])
    first = pd.Series(pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D"))
    found = check_first_dates(first, None, pd.Timestamp("2022-01-01"), pd.Timestamp("2023-12-31"))
    assert found.verdict == verdict
    assert ("with_true_first_dates" in said(found.remedy)) == bool(early)


# ---------------------------------------------------------------- old customers in young books


def truncated(seed):
    """Customers won over four years, of whom only the last two years are in the data; and their truth."""
    rng = np.random.default_rng(seed)
    n, m = 2_500, 400
    joined = rng.random(n) * 208
    rate, dropout = rng.gamma(1.0, 1 / 8, n)[:, None], rng.beta(0.6, 8, n)[:, None]
    there = np.cumsum(rng.random((n, m)) < dropout, axis=1)[:, :-1] == 0
    there = np.hstack([np.ones((n, 2), dtype=bool), there])
    times = np.hstack(
        [joined[:, None], joined[:, None] + np.cumsum(rng.exponential(1 / rate, (n, m)), axis=1)]
    )
    day = np.where(there, np.floor(times * 7), np.inf)
    seen = (day >= 104 * 7) & (day < 208 * 7)
    kept = seen.any(axis=1)
    first = np.min(np.where(seen, day, np.inf), axis=1)[kept]
    last = np.max(np.where(seen, day, -np.inf), axis=1)[kept]
    start = pd.Timestamp("2020-01-06")
    table = pd.DataFrame(
        {
            "customer_id": np.flatnonzero(kept).astype(str),
            "first_order": start + pd.to_timedelta(first, unit="D"),
            "frequency": [len(np.unique(row[s])) - 1.0 for row, s in zip(day[kept], seen[kept], strict=True)],
            "recency": last - first,
            "T": 208 * 7 - first,
        }
    )
    won = pd.Series(start + pd.to_timedelta(np.floor(joined[kept] * 7), unit="D"), index=table["customer_id"])
    actual = ((day >= 208 * 7) & (day < 260 * 7)).sum(axis=1)[kept]
    return table, won, (start + pd.Timedelta(weeks=104)).date(), actual


def test_true_first_dates_take_most_of_the_bias_away():
    bias, error = {"naive": [], "true": []}, {"naive": [], "true": []}
    truth = clv.BetaGeoNBD(r=1.0, alpha=8.0, a=0.6, b=8.0).expected_purchases(156)
    for seed in range(3):
        table, won, origin, actual = truncated(seed)
        fixed = clv.with_true_first_dates(table, won, origin=origin)
        for name, rows in (("naive", table), ("true", fixed)):
            weeks = clv.in_time_unit(rows, "W")
            model = clv.BetaGeoNBD.fit(weeks, time_unit="W").model
            bias[name].append(float(model.expected_purchases(156) / truth) - 1)
            ahead = model.conditional_expected_purchases(52, weeks["frequency"], weeks["recency"], weeks["T"])
            error[name].append(np.abs(ahead - actual).mean())
    assert np.mean(bias["naive"]) > 0.04
    assert abs(np.mean(bias["true"])) < 0.5 * np.mean(bias["naive"])
    assert all(right < wrong for right, wrong in zip(error["true"], error["naive"], strict=True))


def test_a_base_of_old_customers_only_is_refused():
    table, won, origin, _ = truncated(0)
    with pytest.raises(InputError, match="no newcomer to fit"):
        clv.with_true_first_dates(table, won - pd.Timedelta(days=9_999), origin=origin)


# ---------------------------------------------------------------- for readers


@pytest.mark.parametrize("name", [n for n in charts.__all__ if n != "seasonality"])
def test_every_chart_has_a_text_alternative_with_numbers(cdnow, name):
    picture = show(getattr(charts, name), cdnow)
    assert isinstance(picture, Picture)
    assert re.search(r"\d", picture.alt)


def test_the_season_is_drawn_or_refused_in_words(cdnow):
    assert "two years" in repr(show(charts.seasonality, cdnow))
    found = season_of(*company(high_winter))
    drawn = show(charts.seasonality, SimpleNamespace(holdout=SimpleNamespace(season=found)))
    assert "December +" in drawn.alt
    shown = clv.season_table(SimpleNamespace(holdout=SimpleNamespace(season=found)))
    assert "December" in repr(shown)


def shown(result):
    """Every chart and table of the validation, as text."""
    parts = [show(getattr(charts, name), result) for name in charts.__all__]
    tables = [name for name in validation_tables.__all__ if name.endswith("table")]
    return parts + [getattr(validation_tables, name)(result) for name in tables]


def test_without_a_comparison_there_are_sentences_only():
    result = analysed(order_lines("one customer"))
    assert all(isinstance(part, Prose) for part in shown(result))
    told = said(text for check in result.checks for text in (check.evidence, check.remedy))
    assert not re.search(r"\b[nN]a[nN]\b|\binf\b|\b1 (customers|weeks|orders)\b", told)


@pytest.mark.parametrize("regularity", [1, 4])
def test_without_dates_and_money_there_is_no_empty_word(regularity):
    result = SimpleNamespace(holdout=compared(regularity))
    text = said([*map(repr, shown(result)), *clv.holdout_notes(result.holdout, "EUR")])
    assert not re.search(r"\b[nN]a[nN]\b|\binf\b|\bNone\b", text)


def test_few_customers_are_cut_into_fewer_groups():
    known, later = two_tables(World("right"), customers=70)
    found = clv.validate(known, later, days=182)
    assert found.groups == 7
    assert "group" in repr(clv.calibration_table(SimpleNamespace(holdout=found)))
