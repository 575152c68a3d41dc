"""Migration, prediction and cohorts: two dates, the same yardstick, nothing invented about the future."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from customer_value import plots, rfm, show
from customer_value.display import Picture, Prose
from customer_value.rfm import prediction
from rfm_kit import compared, monthly, rows, studied
from text_kit import said

FIXED = {"recency": [40, 100, 200, 300], "frequency": [2, 3, 5, 10], "monetary": [10, 20, 30, 40]}
MOVES = [
    *monthly("faithful", "2022-12-01", 25, 10.0),
    *monthly("leaver", "2023-01-01", 12, 100.0),
    ("leaver", "2024-03-05", 40.0),
    *monthly("riser", "2024-01-01", 12, 30.0),
    ("riser", "2023-02-02", 30.0),
    *monthly("fresh", "2024-02-01", 11, 5.0),
    ("asleep", "2021-05-05", 70.0),
]


def flow(result, then, now):
    """Customers and money of one move."""
    frame = result.migration.flows.set_index(["segment_then", "segment_now"])
    return tuple(frame.loc[(then, now)])


class TestMigration:
    def test_the_moves_by_hand(self):
        result = compared(MOVES, cutoffs=FIXED)
        assert flow(result, "Champion", "Champion") == (1, 120, 120)
        assert flow(result, "Champion", "Lost") == (1, 1200, 40)
        assert flow(result, "Lost", "Champion") == (1, 30, 360)
        assert flow(result, "Not yet a customer", "Champion") == (1, 0, 55)
        assert flow(result, "No order in the window", "No order in the window") == (1, 0, 0)
        assert result.migration.flows["customers"].sum() == 5
        assert result.facts["rfm.migration_lost_value"] == 1160
        assert rows(result)["previous_segment"].to_dict() == {
            "asleep": "No order in the window", "faithful": "Champion", "fresh": "Not yet a customer",
            "leaver": "Champion", "riser": "Lost",
        }  # fmt: skip

    def test_who_left_and_who_is_new_by_name(self):
        result = compared(MOVES, cutoffs=FIXED)
        assert result.migration.leavers[["customer_id", "change"]].to_numpy().tolist() == [["leaver", -1160]]
        assert result.migration.newcomers["customer_id"].tolist() == ["riser", "fresh"]
        assert "EUR 1,160 less" in repr(rfm.remark(result, "left"))
        assert "does not make up for" in repr(rfm.remark(result, "joined"))
        assert said(result.next_steps).startswith("Talk first to leaver: it has left")

    def test_the_money_of_the_moves_is_the_money_of_the_windows(self):
        flows = compared(MOVES, cutoffs=FIXED).migration.flows
        money = pd.DataFrame(MOVES, columns=["c", "day", "amount"])
        years = money.groupby(money["day"].str[:4])["amount"].sum()
        assert flows["net_revenue_then"].sum() == pytest.approx(years["2023"])
        assert flows["net_revenue_now"].sum() == pytest.approx(years["2024"])

    def test_the_same_behaviour_in_both_years_is_no_move(self):
        orders = [
            order
            for n in range(1, 7)
            for year in (2023, 2024)
            for order in [(f"K{n}", f"{year}-{m:02d}-{10 + n}", 10.0) for m in range(n, 13, n)]
        ]
        found = compared(orders).migration
        assert (
            found.flows.query("customers > 0")["segment_then"]
            == found.flows.query("customers > 0")["segment_now"]
        ).all()
        assert found.moves["left"][0] == found.moves["joined"][0] == 0
        assert found.lost_value == 0

    def test_names_come_from_the_customer_file(self):
        result = compared(MOVES, cutoffs=FIXED, names={"customer_id": ["leaver"], "name": ["<b>Acme</b>"]})
        assert result.migration.leavers["name"].tolist() == ["<b>Acme</b>"]
        assert result.migration.newcomers["name"].tolist() == ["riser", "fresh"]
        assert "&lt;b&gt;Acme" in rfm.movers_table(result)._repr_html_()

    def test_an_earlier_window_that_the_data_do_not_fill_is_said(self):
        short, long = (
            compared([("a", "2023-06-01", 5.0), ("a", "2024-06-01", 5.0)]),
            compared(MOVES, cutoffs=FIXED),
        )
        assert "do not reach back" in said(short.warnings)
        assert "do not reach back" not in said(long.warnings)

    def test_nobody_before_is_a_sentence_and_not_an_error(self):
        result = compared([("a", "2024-06-01", 5.0), ("b", "2024-07-01", 6.0)])
        assert result.migration is None
        assert result.facts["rfm.migration_lost_value"] is None
        assert rows(result)["previous_segment"].tolist() == ["Not yet a customer"] * 2
        assert "Nobody ordered in the window before 31 December 2023" in repr(rfm.remark(result, "migration"))
        for made in (rfm.migration_table, rfm.movers_table, rfm.lift_table):
            assert made(result) is None
        for chart in (plots.migration_flows, plots.migration_matrix, plots.lift_bars, plots.score_lifts):
            assert isinstance(show(chart, result), Prose)


def loyal_and_gone(turned):
    """Forty frequent buyers and forty that came once; those that buy again are the first, or the second."""
    orders = []
    for n in range(40):
        orders += [(f"F{n:02d}", f"2023-{m:02d}-{1 + n % 28:02d}", 50.0) for m in (3, 6, 9, 12)]
        orders += [(f"O{n:02d}", f"2023-{1 + n % 6:02d}-{1 + n % 28:02d}", 10.0)]
        buyer = f"{'O' if turned else 'F'}{n:02d}"
        orders += [(buyer, f"2024-{1 + n % 12:02d}-11", 20.0)]
    return orders


def equal_chances():
    """As above, but every second of both kinds buys again for the same money."""
    orders = [order for order in loyal_and_gone(False) if order[1] < "2024"]
    return orders + [(f"{kind}{n:02d}", "2024-05-05", 20.0) for n in range(0, 40, 2) for kind in "FO"]


class TestPrediction:
    def test_the_period_after_by_hand(self):
        found = compared(loyal_and_gone(turned=False)).prediction
        assert (found.customers, found.buyers, found.orders, found.net_revenue) == (80, 40, 40, 800)
        scores = found.of("frequency_score").set_index("group")
        assert scores["buyers"].sum() == 40
        assert scores.loc["1", "buying_share"] == 0
        assert scores.loc["1", "customers"] == 40
        assert scores["buying_share_lift"].max() == pytest.approx(2)

    def test_opposite_futures_get_opposite_verdicts(self):
        straight, turned, chance = (
            compared(orders) for orders in (loyal_and_gone(False), loyal_and_gone(True), equal_chances())
        )
        assert "The eleven segments separate who buys" in repr(rfm.remark(straight, "prediction"))
        assert "The eleven segments did not separate who buys" in repr(rfm.remark(chance, "prediction"))
        assert "the wrong way round" in repr(rfm.remark(turned, "scores"))
        assert "the wrong way round" not in repr(rfm.remark(straight, "scores"))
        assert straight.facts["rfm.separates"]["segment"]["buying"]
        assert not chance.facts["rfm.separates"]["segment"]["buying"]
        assert "Do not plan contacts by these segments alone" in said(chance.next_steps)
        assert "Do not" not in said(straight.next_steps)

    def test_groups_add_to_all_in_every_grouping(self):
        found = compared(loyal_and_gone(False)).prediction
        sums = found.groups.groupby("grouping")[["customers", "buyers", "orders", "net_revenue"]].sum()
        assert (sums == [80, 40, 40, 800]).all(axis=None)
        assert set(sums.index) == set(prediction.GROUPINGS)

    def test_few_customers_are_not_judged(self):
        result = compared(MOVES, cutoffs=FIXED)
        assert result.facts["rfm.separates"] is None
        assert "under 30 it cannot be judged" in repr(rfm.remark(result, "prediction"))

    @pytest.mark.parametrize(("year", "word"), [("2024", "all"), (None, "none")])
    def test_all_or_nobody_buying_again_tells_nothing(self, year, word):
        orders = [(f"K{n:02d}", f"2023-{1 + n % 12:02d}-03", 5.0 + n) for n in range(40)]
        again = (
            [(customer, f"{year}-06-06", 9.0) for customer, *_ in orders]
            if year
            else [("new", "2024-01-05", 1.0)]
        )
        text = repr(rfm.remark(compared(orders + again), "prediction"))
        assert f"{word} of the customers bought again" in text

    def test_strength_against_a_direct_computation(self):
        frame = pd.DataFrame(
            {"group": ["2", "1"], "customers": [60, 40], "buyers": [45, 10], "orders": [45, 10],
             "net_revenue": [450.0, 100.0], "squares": [4500.0, 1000.0]}
        )  # fmt: skip
        found = prediction._separation("recency_score", frame)
        values = np.repeat([10.0, 0.0, 10.0, 0.0], [45, 15, 10, 30])
        group = np.repeat([1, 0], [60, 40])
        assert found.cramers_v == pytest.approx(abs(np.corrcoef(values, group)[0, 1]))
        assert found.eta_squared == pytest.approx(np.corrcoef(values, group)[0, 1] ** 2)
        assert not found.backwards


class TestCohorts:
    ORDERS = (
        ("a", "2024-01-05", 10.0),
        ("b", "2024-01-20", 30.0),
        ("a", "2024-02-11", 6.0),
        ("c", "2024-02-14", 5.0),
        ("b", "2024-03-01", -4.0),
        ("returns", "2024-02-02", -9.0),
    )

    def found(self, as_of=dt.date(2024, 3, 31)):
        return studied(list(self.ORDERS), as_of=as_of).cohorts

    def test_unknown_months_are_blank_and_known_ones_without_a_buyer_zero(self):
        triangle = self.found().triangle()
        assert triangle.iloc[0].tolist() == [1, 0.5, 0]
        assert triangle.iloc[1, :2].tolist() == [1, 0]
        assert np.isnan(triangle.iloc[1, 2])

    def test_a_month_that_is_not_over_is_unknown_and_its_money_kept(self):
        found = self.found(as_of=dt.date(2024, 3, 30))
        assert found.triangle().iloc[0].tolist() == [1, 0.5]
        assert found.cells["net_revenue"].sum() == self.found().cells["net_revenue"].sum()

    def test_money_ties_to_all_orders(self):
        found = self.found()
        assert found.returns_only == -9
        assert found.cells["net_revenue"].sum() + found.returns_only == sum(
            money for *_, money in self.ORDERS
        )
        revenue = found.triangle("net_revenue_per_customer")
        assert revenue.iloc[0].tolist() == [20, 3, -2]

    def test_returns_before_the_first_purchase_have_a_month_of_their_own(self):
        found = studied(
            [("a", "2024-01-05", -5.0), ("a", "2024-03-05", 20.0)], as_of=dt.date(2024, 3, 31)
        ).cohorts
        assert found.cells[["months_since", "net_revenue"]].to_numpy().tolist() == [[-2, -5], [0, 20]]
        assert found.triangle().to_numpy().tolist() == [[1]]

    @pytest.mark.parametrize(("newer", "words"), [(8, "come back more often"), (2, "come back less often")])
    def test_newer_cohorts_get_the_verdict_that_their_numbers_give(self, newer, words):
        orders = []
        for month in range(1, 9):
            for n in range(50):
                customer = f"{month}-{n}"
                orders.append((customer, f"2023-{month:02d}-03", 5.0))
                back = 5 if month <= 4 else newer
                orders += [(customer, f"2023-{month + k:02d}-04", 5.0) for k in (1, 2, 3) if n % 10 < back]
        result = studied(orders, as_of=dt.date(2023, 11, 30))
        assert words in repr(rfm.remark(result, "cohorts"))

    def test_many_cohorts_are_all_in_the_table_and_the_latest_in_the_figure(self):
        orders = [(f"K{y}{m}", f"{y}-{m:02d}-05", 5.0) for y in range(2020, 2025) for m in range(1, 13)]
        result = studied(orders)
        assert result.tables["cohorts"]["cohort"].nunique() == 60
        assert result.cohorts.triangle().shape[0] == 24
        assert isinstance(show(plots.cohort_map, result, size=(5, 4)), Picture)


ODD = {
    "one order": [("a", "2024-12-31", 5.0)],
    "equal": [(f"K{n}", f"{y}-05-05", 5.0) for n in range(40) for y in (2022, 2023, 2024)],
    "negative": [
        (f"K{n}", f"{y}-05-05", a) for n in range(9) for y in (2022, 2023, 2024) for a in (1.0, -5.0)
    ],
}


@pytest.mark.parametrize("shape", ODD)
def test_every_table_chart_and_sentence_works_for_odd_companies(shape):
    result = compared(ODD[shape])
    made = [rfm.class_table(result, of) for of in rfm.SEGMENTATIONS]
    made += [rfm.treatment_table(result, of) for of in rfm.SEGMENTATIONS]
    made += [rfm.lift_table(result, of) for of in prediction.GROUPINGS]
    made += [made_of(result) for made_of in (rfm.threshold_table, rfm.portfolio_table, rfm.cohort_table)]
    made += [rfm.migration_table(result, of) for of in ("customers", "net_revenue_then")]
    made += [rfm.movers_table(result, which) for which in ("left", "joined")]
    made += [rfm.remark(result, topic) for topic in rfm.remarks.TOPICS]
    made = [one for one in made if one is not None]
    charts = (
        plots.portfolio_map,
        plots.migration_flows,
        plots.migration_matrix,
        plots.lift_bars,
        plots.cohort_map,
    )
    made += [show(chart, result, size=(5, 3)) for chart in charts]
    text = " ".join([*map(repr, made), said(result.findings), said(result.next_steps), said(result.warnings)])
    assert "nan" not in text
    assert "None" not in text
    assert " 1 customers" not in text
    assert len(rows(result)) == result.customers


def test_the_most_money_is_not_praised_where_nobody_brought_any():
    orders = []
    for number in range(40):
        often = number % 2
        orders += monthly(f"K{number}", "2023-01-01", 12, 10.0, every=1 if often else 6)
        orders += [(f"K{number}", "2024-03-05", 10.0)] * often
        orders += [(f"K{number}", "2024-04-05", -10.0 if often else -60.0 - number)]
    told = rfm.remark(compared(orders), "prediction")
    assert "None of them brought any money, but some lost more than others." in repr(told)
    assert "The most money per customer came from" not in repr(told)
