"""The analysis of lifetime value: choice, values, words; data of opposite shape get opposite verdicts."""

import dataclasses
import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from clv_kit import SETTINGS, analysed, shop, shop_workbook
from clv_kit import cdnow as cdnow_result
from companies import order_lines
from customer_value import clv, tables
from customer_value.clv.assumptions import check_first_dates, check_independence, check_regularity
from customer_value.clv.rules import rule_predictions
from customer_value.clv.scores import paired_interval, score
from customer_value.clv.tracking import tracking_table
from customer_value.clv.value import spend_of
from customer_value.display import written
from customer_value.settings import ClvSettings


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_result()


def said(result):
    shown = (str(part) for part in (result.choice, result.so_far, result.endless))
    sentences = map(written, (*result.findings, *result.next_steps, *result.warnings))
    return " ".join((*sentences, *shown))


# ---------------------------------------------------------------- CDNOW as a whole


def test_cdnow_is_compared_on_the_published_calibration(cdnow):
    """Fader, Hardie & Lee 2005, Marketing Science 24(2); Fader & Hardie, note 025."""
    calibration = cdnow.facts["clv.calibration"]["BG/NBD"]
    assert calibration["log_likelihood"] == pytest.approx(-9582.4292, abs=0.001)
    published = {"r": 0.242595, "alpha": 4.413602, "a": 0.792922, "b": 2.425907}
    assert calibration["parameters"] == pytest.approx(published, abs=5e-4)
    predicted = {name: row["predicted"] for name, row in cdnow.facts["clv.holdout"].items()}
    assert predicted["BG/NBD"] == pytest.approx(1653.4, abs=1)
    assert predicted["Pareto/NBD"] == pytest.approx(1665.5, abs=1)
    assert predicted["MBG/NBD"] == pytest.approx(1576.7, abs=1)
    assert cdnow.facts["clv.holdout_actual"] == 1882


def test_cdnow_has_a_value_per_customer_that_adds_up(cdnow):
    table = cdnow.tables["clv"]
    assert len(table) == 2357
    assert table["clv"].sum() == pytest.approx(cdnow.facts["clv.customer_equity"])
    assert (table["clv_low"] <= table["clv_high"]).all()
    assert table["clv"].min() > 0
    low, high = cdnow.facts["clv.customer_equity_low"], cdnow.facts["clv.customer_equity_high"]
    assert low < cdnow.facts["clv.customer_equity"] < high


def test_equal_customers_get_equal_values_and_intervals(cdnow):
    table = cdnow.tables["clv"]
    alike = cdnow.customers.groupby(["frequency", "recency", "T", "monetary_value"], dropna=False).ngroup()
    columns = ["p_alive", "clv", "clv_low", "clv_high", "value_at_risk"]
    assert table.groupby(alike)[columns].nunique(dropna=False).max().max() == 1


def test_half_of_an_endless_value_lies_beyond_three_times_the_data(cdnow):
    assert cdnow.facts["clv.value_beyond_data_share"] == pytest.approx(0.5, abs=0.03)
    assert "three times the length of the data" in said(cdnow)


def test_the_tracking_plot_counts_what_happened(cdnow):
    table = cdnow.tracking
    after = table.loc[table["in_holdout"], "actual"].sum()
    assert after == 1882
    assert len(table) == 78
    expected = table["expected_total"].iloc[-1]
    assert expected == pytest.approx(table["actual_total"].iloc[-1], rel=0.05)


def test_facts_and_tables_can_be_kept(cdnow, tmp_path):
    tables.write_result(tmp_path, cdnow)
    kept = pd.read_parquet(tmp_path / "tables" / "clv.parquet")
    assert list(kept["customer_id"]) == list(cdnow.table["customer_id"])


def test_nothing_depends_on_row_order():
    workbook, whole = shop_workbook(shop()), analysed(shop())
    names = ("snapshots", "purchase_patterns", "weekly_purchases")
    again = clv.lifetime_value(
        *(workbook.frame(name).sample(frac=1, random_state=7) for name in names),
        as_of=workbook.as_of,
        calibration_end=workbook.calibration_end,
        currency="EUR",
        options=workbook.options("clv"),
        months=workbook.frame("customer_months").sample(frac=1, random_state=7),
    )
    assert dict(again.facts) == dict(whole.facts)
    pd.testing.assert_frame_equal(again.table, whole.table)


# ---------------------------------------------------------------- opposite data


def test_staying_and_leaving_customers_get_opposite_words():
    staying = analysed(shop(stay=1.0))
    leaving = analysed(shop(stay=0.75))
    kept, lost = (r.table.loc[r.table["frequency"] > 0, "p_alive"].mean() for r in (staying, leaving))
    assert kept > 0.9 > 0.4 > lost
    assert staying.valuation.equity > 3 * leaving.valuation.equity
    assert "won back" in said(leaving)


def test_a_loss_is_called_a_loss_and_a_gain_a_gain():
    gain, loss = analysed(shop(cost=0.6)), analysed(shop(cost=1.3))
    assert gain.valuation.equity > 0 > loss.valuation.equity
    assert "expected to bring EUR" in written(gain.findings[0])
    assert "cost more than they bring" in written(loss.findings[0])
    assert "Raise prices" in said(loss)
    assert "Raise prices" not in said(gain)


def test_without_cost_value_means_revenue_and_says_so():
    orders = SETTINGS.replace(", cost: cost", "")
    with_cost, without = analysed(shop()), analysed(shop(), orders)
    assert without.facts["clv.value_basis"] == "revenue"
    assert "Cost is not known" in said(without)
    assert "Cost is not known" not in said(with_cost)
    assert with_cost.valuation.equity == pytest.approx(0.4 * without.valuation.equity, rel=0.02)


def test_a_longer_horizon_is_worth_more_and_a_higher_rate_less(cdnow):
    change = cdnow.valuation.sensitivity.set_index("changed_to")["change"]
    assert change["12 months"] < 0 < change["72 months"]
    assert change["20% a year"] < 0 < change["5% a year"]


def test_parameters_of_the_notebook_replace_the_settings():
    longer = analysed(shop(), horizon_months=72, discount_rate=0.2)
    assert longer.facts["clv.horizon_months"] == 72
    assert longer.valuation.equity > analysed(shop()).valuation.equity


def test_a_holdout_without_purchases_is_told_and_not_divided_by():
    lines = [
        line for line in shop(stay=0.9).splitlines() if "customer" in line or line.split(",")[1] < "2024-03"
    ]
    settings = SETTINGS + "as_of: 2024-12-31\nclv: {calibration_end: 2024-06-30}\n"
    result = analysed("\n".join(lines) + "\n", settings)
    assert result.holdout.actual == 0
    assert all(s.bias is None and s.gini is None for s in result.holdout.scores.values())
    assert "0 happened" in said(result)


def test_regular_buyers_let_a_simple_rule_win():
    result = analysed(order_lines("even and regular"))
    assert result.holdout.winner == "last_period"
    assert "The simple rule wins here" in said(result)
    assert "Random timing of purchases: fails" in said(result)


def test_without_time_kept_back_the_simplest_model_is_used():
    result = analysed(shop(), SETTINGS + "clv: {calibration_end: 2023-01-05}\n")
    assert result.holdout is None
    assert result.facts["clv.model"] == "BG/NBD"
    assert "nobody knows yet how well it predicts" in said(result)
    assert "simplest" in str(result.choice)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("one customer", "There is only one customer."),
        ("all returns", "No customer has a purchase"),
        ("one purchase each", "None of the 300 customers has bought on a second day"),
        ("one day", "None of the 50 customers"),
        ("thirty customers", "Only 27 of 30 customers"),
    ],
)
def test_data_that_carry_no_model_say_so(tmp_path, shape, words):
    result = analysed(order_lines(shape))
    assert written(result.findings[0]).startswith(words)
    assert result.facts["clv.model"] is None
    assert result.facts["clv.customer_equity"] is None
    assert result.table["clv"].isna().all()
    tables.write_result(tmp_path, result)


@pytest.mark.parametrize("shape", ["one customer", "all returns", "one day"])
def test_no_sentence_says_nan_or_one_customers(shape):
    result = analysed(order_lines(shape))
    parts = [result.choice, result.warnings_list]
    parts += [
        getattr(clv, name)(result)
        for name in clv.__all__
        if name.endswith("_table") and name != "covariate_table"
    ]
    text = " ".join((said(result), *map(repr, parts)))
    assert not re.search(r"\b[nN]a[nN]\b|\binf\b|\b1 customers\b", text)


# ---------------------------------------------------------------- value


def test_customers_who_paid_nothing_stay_out_of_the_spend_fit_and_are_counted():
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"frequency": rng.integers(1, 9, 60).astype(float), "gross": 100.0})
    table = table.assign(purchase_days=table["frequency"] + 1, monetary_value=rng.gamma(4, 10, 60))
    table.loc[:2, "monetary_value"] = 0.0
    spend = spend_of(table)
    assert (spend.fitted_on, spend.left_out) == (57, 3)
    lowest = spend.expected(np.array([3.0]), np.array([0.0]))
    assert 0 < lowest[0] < spend.fit.model.mean_spend


def test_value_at_risk_is_value_if_alive_less_value(cdnow):
    row = cdnow.table[cdnow.table["p_alive"].between(0.2, 0.8)].iloc[0]
    assert row["value_at_risk"] == pytest.approx(row["clv"] / row["p_alive"] - row["clv"])


def test_bg_nbd_does_not_invent_a_risk_for_customers_with_one_purchase():
    result = analysed(shop(stay=0.9), SETTINGS + "clv: {calibration_end: 2023-01-05}\n")
    once = result.table["frequency"] == 0
    assert result.facts["clv.model"] == "BG/NBD"
    assert result.table.loc[once, "value_at_risk"].isna().all()
    assert result.table.loc[once, "clv"].min() > 0
    assert "value at risk is therefore not known" in said(result)


# ---------------------------------------------------------------- scores and rules


def test_scores_of_perfect_predictions():
    actual = np.array([0.0, 1, 2, 7])
    found = score(actual, actual)
    assert (found.bias, found.mean_absolute_error, found.gini) == (0, 0, 1)
    assert found.rank_correlation == pytest.approx(1)


def test_equal_predictions_find_nobody():
    found = score(np.array([0.0, 1, 2, 7]), np.full(4, 2.5))
    assert found.rank_correlation is None
    assert found.gini == pytest.approx(0)
    assert found.top_20_share == pytest.approx(0.2)


def test_paired_intervals_tell_a_difference_from_chance():
    rng = np.random.default_rng(1)
    low, high = paired_interval(rng.normal(0, 1, 500), seed=1)
    assert low < 0 < high
    assert paired_interval(rng.normal(1, 1, 500), seed=1)[0] > 0


def test_simple_rules_on_a_tiny_history():
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "frequency": [3.0, 1.0],
            "recency": [340.0, 30.0],
            "T": [350.0, 350.0],
            "first_order": pd.Timestamp("2023-01-15"),
        }
    )
    bought = {"a": ["01", "06", "11", "12"], "b": ["01", "02"]}
    months = pd.DataFrame(
        [(c, pd.Timestamp(f"2023-{m}-01"), 1) for c, ms in bought.items() for m in ms],
        columns=["customer_id", "month", "purchase_days"],
    )
    found, hiatus = rule_predictions(customers, months, calibration_end=dt.date(2023, 12, 31), days=61)
    assert found["same_rate"].tolist() == pytest.approx([3 / 350 * 61, 61 / 350])
    assert found["last_period"].round(1).tolist() == [2.0, 0.0]
    assert found["hiatus"].tolist() == pytest.approx([3 / 350 * 61, 0])
    assert hiatus >= 1


def test_tracking_follows_each_customer_from_their_own_day():
    weekly = pd.DataFrame(
        {
            "acquired_week": pd.to_datetime(["2024-01-01"] * 2),
            "week": pd.to_datetime(["2024-01-01", "2024-01-08"]),
            "customers": [2, 1],
            "purchase_days": [3, 1],
        }
    )
    acquired = pd.DataFrame(
        {"first_order": pd.to_datetime(["2024-01-01", "2024-01-04"]), "customers": [1, 1]}
    )
    model = clv.BetaGeoNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
    table = tracking_table(
        weekly, acquired, model, time_unit="D",
        calibration_end=dt.date(2024, 1, 7), as_of=dt.date(2024, 1, 14),
    )  # fmt: skip
    assert table["actual"].tolist() == [1, 1]
    assert table["expected_total"].tolist() == pytest.approx(
        [float(model.expected_purchases([6, 3]).sum()), float(model.expected_purchases([13, 10]).sum())]
    )
    assert table["in_holdout"].tolist() == [False, True]


# ---------------------------------------------------------------- assumptions


def gaps_of(shape, customers=300, seed=2):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        gaps = rng.gamma(shape, rng.uniform(5, 90) / shape, rng.integers(2, 12))
        rows.append((len(gaps), gaps.mean(), np.log(gaps).mean()))
    return pd.DataFrame(rows, columns=["frequency", "gap_mean", "gap_log_mean"])


@pytest.mark.parametrize("shape", [0.5, 1.0, 3.0, 8.0])
def test_regularity_is_recovered(shape):
    k, low, high = clv.regularity(gaps_of(shape))
    assert low < shape < high
    assert k == pytest.approx(shape, rel=0.1)


@pytest.mark.parametrize(("shape", "verdict"), [(0.4, "doubtful"), (1.0, "holds"), (4.0, "fails")])
def test_timing_gets_opposite_verdicts(shape, verdict):
    assert check_regularity(gaps_of(shape)).verdict == verdict


@pytest.mark.parametrize(("slope", "verdict"), [(0.0, "holds"), (0.15, "fails"), (-0.15, "fails")])
def test_spend_and_frequency_get_opposite_verdicts(slope, verdict):
    rng = np.random.default_rng(3)
    x = rng.integers(1, 20, 800)
    found = check_independence(x, np.exp(slope * x + rng.normal(0, 1, 800)))
    assert found.verdict == verdict
    assert ("too low" in written(found.remedy)) == (slope > 0)
    assert ("too high" in written(found.remedy)) == (slope < 0)


def test_old_customers_in_young_books_are_seen():
    days = pd.Series(pd.Timestamp("2024-01-05"), index=["a", "b", "c"])
    span = (pd.Timestamp("2024-01-02"), pd.Timestamp("2024-12-31"))
    old = pd.Series(pd.to_datetime(["2019-05-01", "2018-01-01", "2024-01-05"]), index=["a", "b", "c"])
    assert check_first_dates(days, old, *span).verdict == "fails"
    assert check_first_dates(days, days, *span).verdict == "holds"


def test_settings_of_the_horizon_are_on_the_page(cdnow):
    assert cdnow.options == ClvSettings(calibration_end=dt.date(1997, 9, 30))
    assert "36 months" in written(cdnow.findings[0])
    assert "10% a year" in written(cdnow.findings[0])


def test_the_result_is_frozen(cdnow):
    with pytest.raises(dataclasses.FrozenInstanceError):
        cdnow.currency = "EUR"
