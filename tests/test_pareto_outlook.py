"""What may change: periods and moves at the top, exits, contracts, parent accounts, heavy losses."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import SAMPLE
from customer_value import open_workbook, pareto, plots, show
from customer_value.display import Picture, Prose
from customer_value.expressions import as_table
from customer_value.pareto.bootstrap import intervals
from customer_value.pareto.contracts import STATES
from customer_value.pareto.figures import Plan
from customer_value.pareto.groups import find_heads
from customer_value.pareto.phrases import multiple
from customer_value.settings import ParetoSettings
from text_kit import said

AS_OF = dt.date(2024, 12, 31)
QUICK = ParetoSettings(resamples=100)
CHARTS = (
    "pareto_chart", "whale_curve", "abc_bars", "pyramid_bars", "cumulative_curves", "tier_map",
    "concentration_by_period", "top_moves", "loss_by_exit", "contracts_by_month", "accounts_and_groups",
)  # fmt: skip
TABLES = (
    "split", "compare", "abc", "pyramid", "risk", "largest", "losing", "tier", "period", "values_by_period", "moves",
    "moved", "contracts", "soonest", "rollup", "groups",
)  # fmt: skip


def ids(number):
    return [f"K{n:03d}" for n in range(number)]


def company(revenue, **columns):
    """A customer table with the given net revenue of each customer."""
    base = {
        "customer_id": ids(len(revenue)),
        "first_order": dt.date(2022, 1, 3),
        "last_order": dt.date(2024, 12, 1),
        "net_revenue": [float(value) for value in revenue],
    }
    return pd.DataFrame(base | columns)


def analysed(revenue, *, value="net_revenue", months=None, names=None, costs=None, **columns):
    return pareto.concentration(
        company(revenue, **columns),
        currency="EUR",
        as_of=AS_OF,
        value=value,
        months=months,
        names=names,
        costs=costs,
        options=QUICK,
    )


def in_months(rows, **more):
    """Customer-months from (customer, year, month, money)."""
    frame = pd.DataFrame(
        [(c, dt.date(y, m, 1), float(v)) for c, y, m, v in rows],
        columns=["customer_id", "month", "net_revenue"],
    )
    return frame.assign(**more)


def said_by(result):
    tables = [repr(getattr(result, f"{name}_table")) for name in TABLES]
    shown = [repr(show(getattr(plots, chart), result, size=(4, 3))) for chart in CHARTS]
    return " ".join([said(result.findings), said(result.next_steps), said(result.warnings), *tables, *shown])


RULE = [400.0] * 20 + [25.0] * 80


class TestLosses:
    """Accounts in trade with businesses: half of them at a loss, peaks far above the total."""

    HALF = [100.0] * 20 + [-95.0] * 20

    def test_shares_of_a_total_that_losses_blur_give_way_to_the_gains(self):
        result = analysed(RULE[:40], profit=self.HALF, value="profit")
        assert result.main.heavy_losses
        assert result.facts["pareto.whale_peak"] == pytest.approx(20)
        assert result.facts["pareto.herfindahl"] is None
        assert "losses are larger than the total of EUR 100" in said(result.verdict)
        assert "Among the 20 customers above zero, 80% bring 80% of what they bring" in said(result.verdict)

    def test_gains_that_few_bring_get_the_opposite_verdict(self):
        few = [10_000.0] + [10.0] * 29 + [-330.0] * 30
        result = analysed([50.0] * 60, profit=few, value="profit")
        assert "far more concentrated than 80/20" in said(result.verdict)

    def test_a_negative_total_still_says_who_brings_the_gains(self):
        result = analysed([50.0] * 60, profit=[10.0] * 30 + [-20.0] * 30, value="profit")
        assert "there are no shares to speak of, only amounts. Among the 30 customers above zero" in said(
            result.verdict
        )
        assert result.facts["pareto.whale_peak"] is None
        assert sum(result.facts["pareto.abc"].values()) == 60

    def test_peak_has_an_interval(self):
        facts = analysed(RULE, profit=[30.0] * 60 + [-5.0] * 40).facts
        assert facts["pareto.whale_peak_low"] < facts["pareto.whale_peak"] < facts["pareto.whale_peak_high"]

    def test_multiples_stay_readable(self):
        assert [multiple(x) for x in (0.2, 5.2, 123.4, -40)] == ["20%", "520%", "123 times", "−40 times"]

    def test_what_is_earned_is_compared_with_what_is_bought(self):
        same = analysed(RULE, profit=[value / 10 for value in RULE]).findings
        other = analysed([10.0] * 50 + [11.0] * 50, profit=[100.0] * 5 + [1.0] * 95).findings
        assert "profit is as concentrated as net revenue" in said(same)
        assert "profit is more concentrated than net revenue" in said(other)

    @pytest.mark.parametrize(("shift", "value"), [(-5, "net_revenue"), (-6, "profit"), (-200, "profit")])
    def test_words_and_charts_survive_any_loss(self, shift, value):
        profit = [float(n % 11) + shift * (n % 2) for n in range(60)]
        text = said_by(analysed(range(1, 61), profit=profit, value=value))
        assert "nan" not in text
        assert "inf" not in text.replace("find", "").replace("information", "")


class TestCells:
    def test_binned_intervals_of_profit_agree_with_the_exact_ones(self):
        random = np.random.default_rng(8)
        values = random.lognormal(4, 1.8, 25_000) - random.lognormal(3.5, 1.2, 25_000)
        plan = Plan((0.01, 0.2), (0.5, 0.8), (1, 10), (0.8,))
        exact = intervals(values, plan, resamples=150, exact_up_to=len(values))
        cells = intervals(values, plan, resamples=150, exact_up_to=1_000)
        width = exact[1] - exact[0]
        defined = np.isfinite(width)
        assert defined.sum() == plan.size - 1
        for one, other in zip(exact, cells, strict=True):
            assert (np.abs(one - other)[defined] < 0.4 * width[defined]).all()


class TestMoves:
    OLD = {"K000": 90, "K001": 80} | dict.fromkeys(ids(10)[2:], 1)
    NEW = {"K000": 95, "K002": 70, "K003": 60} | dict.fromkeys(ids(10)[4:], 1)

    def moved(self, **options):
        rows = [
            (c, 2022 + n, 3, v)
            for n, year in enumerate((self.OLD, self.OLD, self.NEW))
            for c, v in year.items()
        ]
        return analysed(range(1, 11), months=in_months(rows), **options)

    def test_money_of_those_who_stay_leave_and_enter_by_hand(self):
        last = self.moved().periods.iloc[-1]
        assert (last["stayed"], last["left"], last["entered"]) == (1, 1, 1)
        assert (last["left_before"], last["left_now"], last["left_gone"]) == (80, 0, 1)
        assert (last["entered_before"], last["entered_now"], last["entered_new"]) == (1, 70, 0)
        assert (last["stayed_before"], last["stayed_now"], last["retained"]) == (90, 95, 0.5)

    def test_the_movers_are_listed_by_name(self):
        names = pd.DataFrame({"customer_id": ["K001"], "name": ["Acme"]})
        moved = self.moved(names=names).moved
        assert moved[["customer_id", "move", "before", "now"]].to_numpy().tolist() == [
            ["K001", "left", 80, 0],
            ["K002", "entered", 1, 70],
        ]
        assert moved["name"].tolist()[0] == "Acme"

    def test_customers_equal_at_the_edge_of_the_top_all_belong(self):
        rows = [(c, 2022 + n, 3, 5) for n in range(3) for c in ids(10)]
        last = analysed(range(1, 11), months=in_months(rows)).periods.iloc[-1]
        assert (last["top_before"], last["stayed"], last["left"], last["entered"]) == (10, 10, 0, 0)

    def test_steady_and_changing_tops_are_told_apart(self):
        steady = [(c, year, 3, n) for year in (2022, 2023, 2024) for n, c in enumerate(ids(30))]
        changing = [
            (c, year, 3, (n + 10 * year) % 30) for year in (2022, 2023, 2024) for n, c in enumerate(ids(30))
        ]
        stay, change = (
            said(analysed(range(1, 31), months=in_months(r)).findings) for r in (steady, changing)
        )
        assert "nobody left the top; nobody entered it" in stay
        assert "6 customers left the top" in change


class TestPeriods:
    def test_years_and_quarters_each_add_up_to_the_total_of_every_value(self):
        months = in_months([("K000", 2022, 1, 70), ("K001", 2023, 5, 30), ("K000", 2024, 11, -20)])
        months["margin"] = months["net_revenue"] / 2
        costs = pd.DataFrame(
            {
                "customer_id": ["K000", "K001", "K001", "stranger"],
                "date": [dt.date(2022, 2, 9), dt.date(2024, 1, 2), dt.date(2025, 1, 2), dt.date(2023, 1, 2)],
                "cost": [5.0, 3.0, 100.0, 100.0],
            }
        )
        result = analysed([50, 30], margin=[25.0, 15.0], profit=[20.0, 12.0], months=months, costs=costs)
        totals = result.stability.table.groupby(["kind", "value"])["total"].sum()
        for kind in ("year", "quarter"):
            assert totals[kind].to_dict() == {"margin": 40, "net_revenue": 80, "profit": 32}

    def test_a_return_before_the_first_purchase_is_in_a_period_too(self):
        months = in_months([("K000", 2021, 12, -5), ("K000", 2022, 1, 55), ("K001", 2024, 5, 30)])
        table = analysed([50, 30], months=months).stability.table
        assert table[table["kind"] == "year"]["total"].tolist() == [-5, 55, 0, 30]

    def test_the_long_table_has_every_value_and_period(self):
        months = in_months([(c, 2022 + n, 3, 10 + n) for n in range(3) for c in ids(30)])
        table = analysed([33] * 30, months=months).tables["concentration"]
        top = table[(table["figure"] == "top_share") & (table["of"] == 0.2) & (table["unit"] == "customer")]
        assert top["period"].tolist()[:4] == ["all", "2022", "2023", "2024"]
        assert top["estimate"].iloc[0] == pytest.approx(0.2)
        totals = table[(table["figure"] == "total") & table["period"].str.fullmatch(r"\d{4}")]
        assert totals["estimate"].sum() == pytest.approx(33 * 30)


class TestRisk:
    def test_an_account_at_a_loss_may_leave_with_gain(self):
        result = analysed([500, 30, 20], profit=[-40.0, 20.0, 30.0])
        assert result.risk["profit_remaining"].tolist() == [50.0]
        assert "profit would be EUR 50.00 instead of EUR 10.00" in said(result.findings)

    def test_big_earners_leave_with_loss(self):
        findings = analysed([500, 30, 20], profit=[40.0, 20.0, 40.0]).findings
        assert "profit would be EUR 60.00 instead of EUR 100 (40% less)" in said(findings)


class TestContracts:
    FILE = pd.DataFrame(
        {
            "customer_id": ids(5),
            "contract_end": [AS_OF, dt.date(2025, 1, 1), dt.date(2025, 12, 31), dt.date(2026, 1, 1), None],
            "name": ["E", "D", "C", "B", "A"],
        }
    )

    def test_each_customer_is_in_one_state_and_the_money_adds_up(self):
        months = in_months([(c, 2023 + n, 6, 5 + n) for n in range(2) for c in ids(5)])
        result = analysed([10, 20, 30, 40, 50], names=self.FILE, months=months)
        states = result.contracts.states
        assert states["state"].tolist() == list(STATES)
        assert states["customers"].tolist() == [1, 2, 1, 1]
        assert states["net_revenue"].tolist() == [10, 50, 40, 50]
        assert states["last_year"].tolist() == [6, 12, 6, 6]
        assert result.contracts.soonest["name"].tolist() == ["C", "D"]
        assert result.contracts.by_month["customers"].tolist() == [1, *[0] * 10, 1]
        assert result.facts["pareto.contracts_ending_customers"] == 2
        assert "brought EUR 12.00 of net revenue since 1 January 2024, 40% of all" in said(result.findings)

    def test_no_contract_that_ends_soon_is_said(self):
        later = self.FILE.assign(contract_end=dt.date(2030, 1, 1))
        result = analysed([10, 20, 30, 40, 50], names=later)
        assert "No contract is known to end in the 12 months" in said(result.findings)
        assert isinstance(show(plots.contracts_by_month, result), Prose)
        assert result.soonest_table is None

    def test_nothing_is_shown_where_no_contract_is_known(self):
        for file in (None, self.FILE.drop(columns="contract_end"), self.FILE.assign(contract_end=None)):
            result = analysed([10, 20, 30, 40, 50], names=file)
            assert result.contracts is None
            assert result.contracts_table is None
            assert "does not say when contracts end" in repr(show(plots.contracts_by_month, result))


def heads_of(parents):
    """The head of each account that has one, from a mapping of accounts to parents."""
    file = pd.DataFrame({"customer_id": list(parents), "parent_id": list(parents.values())})
    found = find_heads(as_table(file.astype("string")))
    rows = found.table.to_pyarrow().to_pylist()
    return {row["customer_id"]: row["group_id"] for row in rows}, found


class TestGroups:
    def test_a_chain_leads_to_its_head(self):
        heads, found = heads_of({"a": "b", "b": "c", "c": "d", "d": None, "e": "outside", "f": "f"})
        assert heads == {"a": "d", "b": "d", "c": "d", "e": "outside"}
        assert found.circular == 0

    def test_a_circle_and_what_hangs_on_it_stay_alone_and_are_named(self):
        heads, found = heads_of({"a": "b", "b": "a", "c": "a", "x": "y", "y": None})
        assert heads == {"x": "y"}
        assert (found.circular, found.circular_examples) == (3, ("a", "b", "c"))

    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.integers(-1, 9), min_size=10, max_size=10))
    def test_heads_are_those_of_following_each_chain(self, parents):
        mapping = {str(n): None if p < 0 else str(p) for n, p in enumerate(parents)}
        expected, circular = {}, 0
        for account in mapping:
            seen, at = {account}, account
            while mapping[at] not in (None, at) and mapping[at] not in seen:
                at = mapping[at]
                seen.add(at)
            if mapping[at] not in (None, at):
                circular += 1
            elif at != account:
                expected[account] = at
        heads, found = heads_of(mapping)
        assert heads == expected
        assert found.circular == circular

    def rolled(self, parents, revenue=RULE, **columns):
        file = pd.DataFrame({"customer_id": list(parents), "parent_id": list(parents.values())})
        return analysed(revenue, names=file, **columns)

    def test_groups_keep_the_total_and_concentrate_it(self):
        result = self.rolled(
            {f"K{n:03d}": "K000" for n in range(1, 10)}, profit=[value / 8 for value in RULE]
        )
        assert (result.rollup.groups, result.rollup.accounts, result.rollup.customers) == (1, 10, 91)
        after = result.rollup.measures["net_revenue"]
        assert after.total == result.main.total
        assert after.largest[1].value == pytest.approx(0.4)
        assert result.rollup.measures["profit"].total == pytest.approx(sum(RULE) / 8)
        assert "more depends on few than single accounts show" in said(result.findings)
        assert isinstance(show(plots.accounts_and_groups, result), Picture)

    def test_small_groups_change_nothing(self):
        findings = self.rolled({"K098": "K097"}).findings
        assert "this hardly changes how much hangs on how few" in said(findings)

    def test_parents_that_nobody_shares(self):
        result = self.rolled({"K001": "head office"})
        assert result.rollup.groups == 0
        assert result.rollup_table is None
        assert "No two customers have the same parent account" in said(result.findings)

    def test_circles_are_reported(self):
        warnings = self.rolled({"K001": "K002", "K002": "K001"}).warnings
        assert "The parents of 2 accounts run in a circle (K001 and K002)" in said(warnings)


@pytest.fixture(scope="module")
def nordwind():
    """The sample company's workbook and its result."""
    workbook = open_workbook(SAMPLE / "company.yml")
    return workbook, pareto.concentration_of(workbook)


class TestSample:
    """The shipped companies."""

    def test_every_table_ties_to_the_ledger(self, nordwind):
        workbook, result = nordwind
        kept = [line for line in workbook.state.ledger.of("orders") if line.status == "kept"]
        total = float(sum(line.amount for line in kept))
        assert result.main.total == pytest.approx(total)
        assert result.main.abc_table["value"].sum() == pytest.approx(total)
        assert result.main.bars["value"].sum() == pytest.approx(total)
        assert result.tiers["net_revenue"].sum() == pytest.approx(total)
        assert result.contracts.states["net_revenue"].sum() == pytest.approx(total)
        assert result.classes.net_revenue.sum().to_pyarrow().as_py() == pytest.approx(total)
        assert result.rollup.table.net_revenue.sum().to_pyarrow().as_py() == pytest.approx(total)
        assert (result.risk["net_revenue"] + result.risk["net_revenue_remaining"]).tolist() == pytest.approx(
            [total] * 4
        )
        by_kind = result.stability.table.groupby(["kind", "value"])["total"].sum()
        for value, found in result.measures.items():
            assert by_kind["year", value] == pytest.approx(found.total)
            assert by_kind["quarter", value] == pytest.approx(found.total)
            assert found.pyramid_table["value"].sum() == pytest.approx(found.total)

    def test_shares_add_up_to_the_whole(self, nordwind):
        _, result = nordwind
        for found in result.measures.values():
            for table in (found.abc_table, found.pyramid_table):
                assert table["value_share"].sum() == pytest.approx(1)
                assert table["customer_share"].sum() == pytest.approx(1)

    def test_classes_hold_one_row_per_customer(self, nordwind):
        workbook, result = nordwind
        classes = result.classes.to_pyarrow().to_pandas()
        assert classes["customer_id"].is_unique
        assert len(classes) == workbook.table("customers").count().to_pyarrow().as_py()
        assert set(classes["abc"]) == {"A", "B", "C"}
        assert {"net_revenue_tier", "profit_tier"} <= set(classes.columns)
        assert (classes.loc[classes["profit"] <= 0, "profit_tier"] == "lead").all()

    def test_the_sample_shows_every_section(self, nordwind):
        _, result = nordwind
        tables = [getattr(result, f"{name}_table") for name in TABLES]
        assert None not in tables
        assert "nan" not in " ".join([said(result.findings), said(result.next_steps), *map(repr, tables)])
        for chart in ("top_moves", "loss_by_exit", "contracts_by_month", "accounts_and_groups"):
            assert isinstance(show(getattr(plots, chart), result, size=(4, 3)), Picture), chart

    def test_cdnow_as_published(self):
        """Recomputed from the CDNOW 1/10 sample of Fader, Hardie & Lee 2005."""
        result = pareto.concentration_of(open_workbook(SAMPLE / "cdnow.yml"))
        assert result.facts["pareto.customers"] == 2357
        assert result.facts["pareto.total"] == pytest.approx(244_091.94)
        assert result.facts["pareto.top_20_share"] == pytest.approx(0.674229, abs=5e-7)
        top = [row["net_revenue"] for row in result.classes.to_pyarrow().to_pylist()]
        assert sum(sorted(top)[-472:]) / sum(top) == pytest.approx(0.6746, abs=5e-5)


def test_without_the_largest_is_not_told_where_nothing_goes_with_them():
    nothing, something = (said(analysed(values).findings) for values in ([0] * 12, [5] + [0] * 11))
    assert "Without the 10 largest customers" not in nothing
    assert "Without the 10 largest customers net revenue would be EUR 0 instead of EUR 5.00" in something
