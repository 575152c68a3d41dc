"""Concentration: figures against published ones, direct formulas and hand-made companies."""

import datetime as dt
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import pareto, plots, show
from customer_value.display import Picture, Prose
from customer_value.errors import InputError, NotEnoughData
from customer_value.pareto.bootstrap import binned, intervals
from customer_value.pareto.figures import Plan
from customer_value.pareto.periods import choose_period
from customer_value.settings import ParetoSettings
from text_kit import said

AS_OF = dt.date(2024, 12, 31)
QUICK = ParetoSettings(resamples=100)
CDNOW = Path(__file__).parents[1] / "data" / "sample" / "cdnow" / "orders.csv"

amounts = st.integers(0, 1_000_000).map(lambda cents: cents / 100)
companies = st.lists(amounts, min_size=1, max_size=60).filter(lambda values: sum(values) > 0)
any_amounts = st.lists(st.integers(-100_000, 1_000_000).map(lambda c: c / 100), min_size=1, max_size=40)


def company(revenue, **columns):
    """A customer table with the given net revenue of each customer."""
    size = len(revenue)
    base = {
        "customer_id": [f"K{n:03d}" for n in range(size)],
        "first_order": dt.date(2022, 1, 3),
        "last_order": dt.date(2024, 12, 1),
        "net_revenue": [float(value) for value in revenue],
    }
    return pd.DataFrame(base | columns)


def analysed(revenue, *, months=None, names=None, options=QUICK, **columns):
    """The result for such a company."""
    return pareto.concentration(
        company(revenue, **columns),
        currency="EUR",
        as_of=AS_OF,
        months=months,
        names=names,
        options=options,
    )


def yearly(*years):
    """Customer-months with one month per year from 2022 on; each year maps a customer to money."""
    rows = [
        (name, dt.date(2022 + n, 5, 1), float(money))
        for n, year in enumerate(years)
        for name, money in year.items()
    ]
    return pd.DataFrame(rows, columns=["customer_id", "month", "net_revenue"])


CONCENTRATED = [10_000.0] * 3 + [10.0] * 97
RULE = [400.0] * 20 + [25.0] * 80
EVEN = [float(v) for v in range(90, 130)]


class TestFigures:
    def test_top_share_is_linear_between_customers(self):
        assert pareto.top_share([50, 30, 20], 0.5) == pytest.approx(0.65)

    def test_customers_for_share_is_linear_between_customers(self):
        assert pareto.customers_for_share([50, 30, 20], 0.65) == pytest.approx(0.5)

    def test_shares_are_of_the_net_total(self):
        assert pareto.top_share([90, 30, -20], 1 / 3) == pytest.approx(0.9)
        assert pareto.customers_for_share([90, 30, -20], 0.9) == pytest.approx(1 / 3)

    def test_no_shares_without_a_positive_total(self):
        for values in ([0, 0], [-1, -2], [0.1, 0.2, -0.3]):
            assert np.isnan(pareto.top_share(values))
            assert np.isnan(pareto.whale_peak(values))

    def test_gini_is_not_defined_with_negative_values(self):
        assert np.isnan(pareto.gini([5, -1]))

    def test_herfindahl_counts_effective_customers(self):
        assert pareto.effective_customers([7] * 25) == pytest.approx(25)
        assert pareto.herfindahl([3, 1]) == pytest.approx(0.625)

    def test_herfindahl_means_nothing_when_losses_dwarf_the_total(self):
        assert np.isnan(pareto.herfindahl([100, -99]))

    def test_whale_peak_can_be_many_times_the_total(self):
        assert pareto.whale_peak([60, 10, -60]) == pytest.approx(7)

    @given(companies)
    def test_gini_agrees_with_the_mean_difference_of_all_pairs(self, values):
        array = np.array(values)
        direct = np.abs(array[:, None] - array).mean() / (2 * array.mean())
        assert pareto.gini(values) == pytest.approx(direct, abs=1e-12)

    @given(companies, st.randoms(use_true_random=False))
    def test_order_of_customers_does_not_matter(self, values, random):
        shuffled = random.sample(values, len(values))
        for figure in (pareto.top_share, pareto.customers_for_share, pareto.gini, pareto.herfindahl):
            assert figure(values) == figure(shuffled)

    @given(companies, st.sampled_from([0.001, 3.0, 1e6]))
    def test_currency_does_not_matter(self, values, rate):
        for figure in (pareto.top_share, pareto.customers_for_share, pareto.gini, pareto.herfindahl):
            assert figure([v * rate for v in values]) == pytest.approx(figure(values), rel=1e-9, abs=1e-12)

    @given(companies)
    def test_bounds(self, values):
        assert 0 <= pareto.gini(values) < 1
        assert 1 - 1e-9 <= pareto.effective_customers(values) <= len(values) + 1e-9
        shares = [pareto.top_share(values, share) for share in np.linspace(0.01, 0.99, 9)]
        assert all(b >= a - 1e-12 for a, b in pairwise(shares))

    @given(st.integers(1, 50), amounts.filter(lambda v: v > 0))
    def test_equal_customers_have_no_inequality(self, size, value):
        assert pareto.gini([value] * size) == 0
        assert pareto.top_share([value] * size, 0.2) == pytest.approx(0.2)


class TestPublished:
    """Recomputed from the CDNOW 1/10 sample of Fader, Hardie & Lee 2005 and its master file."""

    def test_cdnow_sample(self):
        orders = pd.read_csv(CDNOW, dtype={"customer_id": str})
        spent = orders.groupby("customer_id")["amount"].sum().round(2)
        result = analysed(spent.tolist())
        assert result.facts["pareto.customers"] == 2357
        assert result.facts["pareto.total"] == pytest.approx(244_091.94, abs=0.005)
        assert result.facts["pareto.top_20_share"] == pytest.approx(0.674229, abs=5e-7)
        assert "more even than 80/20" in said(result.verdict)


class TestBootstrap:
    def test_interval_agrees_with_a_naive_bootstrap(self):
        values = np.random.default_rng(1).pareto(2, 200) + 0.1
        random = np.random.default_rng(2)
        naive = [
            [f(drawn) for f in (pareto.top_share, pareto.customers_for_share, pareto.gini)]
            for drawn in (random.choice(values, 200) for _ in range(1_500))
        ]
        low, high = intervals(values, Plan(), resamples=1_500)
        expected = np.quantile(naive, [0.025, 0.975], axis=0)
        assert np.array([low[:3], high[:3]]) == pytest.approx(expected, abs=0.02)

    def test_cells_of_neighbours_give_the_interval_of_single_customers(self):
        values = np.random.default_rng(3).pareto(1.5, 100_000)
        plan = Plan((0.05, 0.2), (0.8,))
        exact = intervals(values, plan, resamples=100, exact_up_to=len(values))
        cells = intervals(values, plan, resamples=100, exact_up_to=10_000)
        width = exact[1] - exact[0]
        for a, b in zip(exact, cells, strict=True):
            assert (np.abs(a - b) <= 0.4 * width).all()

    def test_cells_keep_customers_and_money(self):
        values = np.sort(np.random.default_rng(4).normal(10, 50, 30_000))[::-1]
        cells = binned(values)
        assert len(cells.values) == 10_000
        assert cells.counts.sum() == 30_000
        assert cells.counts @ cells.values == pytest.approx(values.sum())
        assert (np.diff(cells.values) <= 0).all()

    def test_same_seed_same_interval_whatever_the_order(self):
        values = np.random.default_rng(5).pareto(2, 50)
        first = intervals(values, Plan(), resamples=100, seed=7)
        second = intervals(values[::-1], Plan(), resamples=100, seed=7)
        assert np.array_equal(first, second)


class TestClasses:
    def test_customer_who_crosses_a_cut_is_in_the_better_class(self):
        assert analysed([70, 20, 6, 4]).facts["pareto.abc"] == {"A": 2, "B": 1, "C": 1}

    def test_exact_shares_meet_the_cut_without_rounding(self):
        assert pareto.abc_bounds([0.24, 0.03, 0.02, 0.01]) == {"A": 0.24, "B": 0.02}

    def test_customers_that_are_not_positive_are_c(self):
        assert analysed([100, 0, -5]).facts["pareto.abc"] == {"A": 1, "B": 0, "C": 2}

    def test_nobody_positive(self):
        assert analysed([0, -5]).facts["pareto.abc"] == {"A": 0, "B": 0, "C": 2}

    def test_pyramid_goes_by_the_share_of_customers_ahead(self):
        result = analysed(range(1, 201))
        assert result.facts["pareto.pyramid"] == {"platinum": 2, "gold": 8, "iron": 30, "lead": 160}
        assert result.facts["pareto.pyramid_value"] == "net_revenue"

    def test_unprofitable_account_is_lead_whatever_its_revenue(self):
        result = analysed([1000, 10, 5], margin=[300.0, 2.0, 1.0], profit=[-50.0, 1.0, 0.5])
        row = result.classes.to_pyarrow().to_pylist()[0]
        assert (row["net_revenue_tier"], row["profit_tier"]) == ("platinum", "lead")
        assert result.facts["pareto.pyramid_value"] == "profit"

    @settings(max_examples=12, deadline=None)
    @given(any_amounts, st.randoms(use_true_random=False))
    def test_classes_are_complete_disjoint_and_blind_to_order_and_ids(self, values, random):
        options = ParetoSettings(resamples=100)
        order = random.sample(range(len(values)), len(values))
        result = analysed(values, options=options)
        shuffled = company([values[n] for n in order])
        other = pareto.concentration(shuffled, currency="EUR", as_of=AS_OF, options=options)
        rows, again = (r.classes.to_pyarrow().to_pandas() for r in (result, other))
        table = result.main.abc_table
        assert table["customers"].sum() == len(values)
        assert table["value"].sum() == pytest.approx(sum(values), abs=1e-6)
        first, second = (
            frame[["net_revenue", "abc"]].drop_duplicates().sort_values("net_revenue")
            for frame in (rows, again)
        )
        assert first["net_revenue"].is_unique
        assert first.to_numpy().tolist() == second.to_numpy().tolist()
        assert rows["abc"].value_counts().to_dict() == {
            k: n for k, n in result.facts["pareto.abc"].items() if n
        }
        assert result.facts == other.facts


class TestVerdict:
    def test_opposite_companies_get_opposite_verdicts(self):
        assert "far more concentrated than 80/20" in said(analysed(CONCENTRATED).verdict)
        assert "80/20 is a fair description here" in said(analysed(RULE).verdict)
        assert "far more even than 80/20" in said(analysed(EVEN).verdict)

    def test_verdict_states_the_measured_split_and_its_interval(self):
        verdict = said(analysed(RULE).verdict)
        assert verdict.startswith("20% of customers bring 80% of net revenue (95% interval 20% to 38%); ")

    def test_steps_follow_the_verdict(self):
        concentrated, even = analysed(CONCENTRATED).next_steps, analysed(EVEN).next_steps
        assert "Secure the largest customer, K000" in said(concentrated)
        assert "named contact" in said(concentrated)
        assert "Do not plan around a few large customers" in said(even)

    def test_equal_customers(self):
        assert "All 50 customers bring the same net revenue" in said(analysed([10] * 50).verdict)

    def test_few_customers_make_no_rule(self):
        result = analysed([100, 5, 1])
        assert "3 customers are too few to speak of a rule" in said(result.verdict)
        assert result.facts["pareto.top_20_share_low"] is None

    def test_one_customer(self):
        result = analysed([7])
        assert "1 customer is too few" in said(result.verdict)
        assert result.facts["pareto.top_20_share"] == pytest.approx(0.2)
        assert result.facts["pareto.gini"] == 0

    @pytest.mark.parametrize("revenue", [[0] * 30, [-5] * 30, [100, -100] * 15])
    def test_total_that_is_not_positive_has_money_but_no_shares(self, revenue):
        result = analysed(revenue)
        assert "there are no shares to speak of" in said(result.verdict)
        assert result.facts["pareto.top_20_share"] is None
        assert result.facts["pareto.total"] == pytest.approx(sum(revenue))

    def test_negative_customers_are_named_and_the_whale_curve_stands_in(self):
        result = analysed([*RULE, -30.0])
        assert result.facts["pareto.gini"] is None
        assert result.facts["pareto.gini_without_negative"] == pytest.approx(pareto.gini(RULE))
        assert result.facts["pareto.negative_customers"] == 1
        assert "whale" in said(result.warnings)
        assert isinstance(show(plots.lorenz_curve, result), Prose)
        assert isinstance(show(plots.whale_curve, result), Picture)
        lorenz = show(plots.lorenz_curve, result, without_negative=True)
        assert "over 100 customers, without 1 below zero" in repr(lorenz)

    def test_other_shares_keep_the_meaning_of_the_named_facts(self):
        result = analysed(RULE, options=ParetoSettings(top_share=0.1, value_share=0.5, resamples=100))
        assert result.facts["pareto.top_20_share"] == pytest.approx(0.8)
        assert result.facts["pareto.top_share_value"] == pytest.approx(0.4)
        assert "bring 50% of net revenue" in said(result.verdict)


class TestProfit:
    def test_losses_are_counted_and_the_biggest_buyers_among_them_named(self):
        names = pd.DataFrame({"customer_id": ["K000"], "name": ["Acme <b>\nLtd"]})
        profit = [-500.0, 900.0, *[10.0] * 38]
        result = analysed([5000.0, 4000.0, *[50.0] * 38], profit=profit, names=names)
        assert result.facts["pareto.loss_making_customers"] == 1
        assert result.facts["pareto.loss_making_total"] == -500
        assert result.facts["pareto.whale_peak"] == pytest.approx(1280 / 780)
        assert "(−EUR 500 of profit), first Acme <b> Ltd." in said(result.next_steps)

    def test_losses_of_small_customers_get_another_step(self):
        result = analysed(RULE, profit=[90.0] * 20 + [-1.0] * 80)
        assert "Make small customers cheaper to serve: all 80" in said(result.next_steps)

    def test_profitable_company_is_told_so(self):
        result = analysed(RULE, profit=[value / 10 for value in RULE])
        assert "No customer has negative profit" in said(result.findings)
        assert "lose money" not in said(result.next_steps)

    def test_losing_company_has_no_peak_but_money(self):
        result = analysed(EVEN, profit=[-1.0] * 39 + [10.0])
        assert result.facts["pareto.whale_peak"] is None
        assert "uses up the EUR 10.00 that the others earn" in said(result.findings)

    def test_peak_far_above_the_total(self):
        result = analysed(EVEN, profit=[100.0] * 20 + [-95.0] * 20)
        assert result.facts["pareto.whale_peak"] == pytest.approx(20)
        assert isinstance(show(plots.whale_curve, result), Picture)

    def test_tiers_cross_completely(self):
        result = analysed(range(1, 101), profit=[float(v) for v in range(100, 0, -1)])
        assert len(result.tiers) == 16
        assert result.tiers["customers"].sum() == 100
        assert result.tiers["net_revenue"].sum() == pytest.approx(5050)


class TestRisk:
    def test_what_leaves_with_the_largest(self):
        risk = analysed([50, 30, 15, 5]).risk
        assert risk["leaving"].tolist() == [1, 3]
        assert risk["net_revenue"].tolist() == [50, 95]
        assert risk["net_revenue_remaining"].tolist() == [50, 5]

    def test_profit_leaves_with_the_largest_by_revenue(self):
        risk = analysed([50, 30], profit=[1.0, 20.0]).risk
        assert risk["profit"].tolist() == [1.0]


class TestPeriods:
    def test_period_is_a_year_from_two_complete_ones_on(self):
        assert choose_period(dt.date(2023, 1, 5), dt.date(2024, 12, 28)) == "year"
        assert choose_period(dt.date(2023, 2, 5), dt.date(2024, 12, 28)) == "quarter"

    def test_share_of_the_top_that_stays(self):
        low = {f"K{n:03d}": 1.0 for n in range(10)}
        result = analysed(
            range(1, 21),
            months=yearly(
                low | {"K000": 9, "K001": 9}, low | {"K000": 9, "K002": 9}, low | {"K000": 9, "K003": 9}
            ),
        )
        assert result.period == "year"
        assert result.periods["retained"].tolist()[1:] == [0.5, 0.5]
        assert result.facts["pareto.top_20_retained"] == 0.5

    def test_steady_and_changing_tops_get_opposite_advice(self):
        ids = [f"K{n:03d}" for n in range(30)]
        steady = [dict(zip(ids, range(1, 31), strict=True))] * 3
        changing = [dict(zip(ids, np.roll(range(1, 31), 10 * n), strict=True)) for n in range(3)]
        stay, leave = (analysed(range(1, 31), months=yearly(*y)).next_steps for y in (steady, changing))
        assert "can stand for a year: 100%" in said(stay)
        assert "every year: nobody of the top 20% stayed" in said(leave)

    def test_incomplete_period_is_marked_and_not_compared(self):
        result = pareto.concentration(
            company(range(1, 31)),
            currency="EUR",
            as_of=dt.date(2024, 6, 30),
            months=yearly({"K000": 5, "K001": 1}, {"K000": 5}, {"K001": 5}),
            options=QUICK,
        )
        assert result.periods["complete"].tolist() == [True, True, False]
        assert result.facts["pareto.top_20_retained"] == 1


class TestResult:
    def test_returns_only_customers_count_here(self):
        table = company([50, -5]).assign(first_order=[dt.date(2024, 1, 1), None])
        result = pareto.concentration(table, currency="EUR", as_of=AS_OF)
        assert result.returns_only == 1
        assert result.facts["pareto.customers"] == 2

    def test_missing_values_are_left_out_and_said(self):
        result = pareto.concentration(
            company([50, 40], margin=[1.0, None]), currency="EUR", value="margin", as_of=AS_OF
        )
        assert result.main.missing == 1
        assert "1 customer has no known margin" in said(result.warnings)

    def test_no_customers(self):
        with pytest.raises(NotEnoughData, match="no customer"):
            analysed([])

    def test_unknown_value_names_the_columns(self):
        with pytest.raises(InputError, match="no column profit; it has customer_id"):
            pareto.concentration(company([1]), currency="EUR", value="profit")

    @pytest.mark.parametrize("revenue", [[7], [0] * 30, [-5] * 30, [*RULE, -9]])
    def test_tables_charts_and_words_work_for_any_company(self, revenue):
        low = dict.fromkeys(["K000", "K001"], 5.0)
        result = analysed(revenue, months=yearly(low, low, low), profit=[v / 5 - 2 for v in revenue])
        for chart in ("pareto_chart", "lorenz_curve", "whale_curve", "abc_bars", "tier_map"):
            assert isinstance(show(getattr(plots, chart), result, size=(4, 3)), Picture | Prose)
        assert isinstance(show(plots.concentration_by_period, result, size=(4, 3)), Picture)
        tables = ("split", "compare", "abc", "pyramid", "risk", "largest", "losing", "tier", "period")
        texts = [repr(getattr(result, f"{name}_table")) for name in tables]
        words = " ".join([said(result.findings), said(result.next_steps), said(result.warnings), *texts])
        assert "nan" not in words
        assert " 1 customers" not in words
