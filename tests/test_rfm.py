"""RFM: scores that keep ties, segments that leave nobody out, words that follow the data."""

import datetime as dt
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value import plots, rfm, show
from customer_value.display import Picture, Prose
from customer_value.errors import InputError
from customer_value.settings import RfmSettings
from text_kit import said

AS_OF = dt.date(2024, 12, 31)
CDNOW = Path(__file__).parents[1] / "data" / "sample" / "cdnow" / "orders.csv"

people = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 12), st.integers(-5_000, 50_000)), min_size=1, max_size=60
)


def base_of(days, orders, money):
    """A customer table from days since the last order, orders and money."""
    return pd.DataFrame(
        {
            "customer_id": [f"K{n:03d}" for n in range(len(days))],
            "last_order": [AS_OF - dt.timedelta(days=int(d)) for d in days],
            "window_orders": list(orders),
            "window_net_revenue": [float(m) for m in money],
        }
    )


def scored(days, orders, money, **options):
    """The result for such a table."""
    return rfm.rfm(base_of(days, orders, money), as_of=AS_OF, currency="EUR", **options)


def rows(result):
    """The scored customers in memory."""
    return result.tables["rfm"].to_pyarrow().to_pandas()


def scores_of(members):
    """Only the scores and segments of (days, orders, cents) per customer, in their order."""
    days, orders, cents = zip(*members, strict=True)
    base = rfm.base(base_of(days, orders, [c / 100 for c in cents]), AS_OF)
    table = rfm.with_segment(rfm.score(base, rfm.cutoffs(base)))
    return table.order_by("customer_id").to_pyarrow().to_pandas()


def mid_rank_scores(values, classes, lowest):
    """The rule of the scores, written directly: lowest + floor(classes * (mid-rank - 1/2) / n)."""
    place = (pd.Series(values).rank().to_numpy() - 0.5) / len(values)
    return lowest + np.floor(classes * place + 1e-12).astype(int)


ACTIVE = scored([*range(1, 101)], [2 + n % 9 for n in range(100)][::-1], [*range(1100, 100, -10)])
SILENT = scored([*range(1, 101)], [2 + n % 9 for n in range(100)], [*range(110, 1110, 10)])


class TestScores:
    def test_five_different_customers_get_five_scores(self):
        table = rows(scored([50, 40, 30, 20, 10], [1] * 5, [10, 20, 30, 40, 50]))
        assert table["recency_score"].tolist() == [1, 2, 3, 4, 5]
        assert table["monetary_score"].tolist() == [1, 2, 3, 4, 5]
        assert table["rfm"].tolist() == ["111", "212", "313", "414", "515"]

    def test_one_order_scores_one_and_repeaters_two_to_five(self):
        table = rows(scored([1] * 6, [1, 1, 2, 3, 4, 5], [1] * 6))
        assert table["frequency_score"].tolist() == [1, 1, 2, 3, 4, 5]

    def test_equal_customers_score_in_the_middle(self):
        table = rows(scored([5] * 7, [3] * 7, [9] * 7))
        assert set(table["rfm"]) == {"343"}

    def test_money_below_zero_is_scored_lowest(self):
        table = rows(scored([1] * 5, [1] * 5, [-50, 10, 20, 30, 40]))
        assert table["monetary_score"].tolist() == [1, 2, 3, 4, 5]

    @settings(max_examples=5, deadline=None)
    @given(people)
    def test_scores_follow_the_mid_rank_rule(self, members):
        days, _, cents = (np.array(column) for column in zip(*members, strict=True))
        table = scores_of(members)
        assert table["recency_score"].tolist() == mid_rank_scores(-days, 5, 1).tolist()
        assert table["monetary_score"].tolist() == mid_rank_scores(cents / 100, 5, 1).tolist()
        assert (table.loc[table["orders"] == 1, "frequency_score"] == 1).all()
        repeaters = table[table["orders"] > 1]
        expected = mid_rank_scores(repeaters["orders"], 4, 2) if len(repeaters) else np.array([])
        assert repeaters["frequency_score"].tolist() == expected.tolist()

    @settings(max_examples=4, deadline=None)
    @given(people, st.randoms(use_true_random=False))
    def test_scores_do_not_depend_on_rows_or_ids(self, members, random):
        shuffled = random.sample(members, len(members))
        columns = ["recency_days", "orders", "net_revenue", "rfm", "segment"]
        first, second = (sorted(scores_of(some)[columns].to_numpy().tolist()) for some in (members, shuffled))
        assert first == second

    def test_facts_and_words_do_not_depend_on_rows_or_ids(self):
        columns = range(1, 41), [1 + n % 5 for n in range(40)], [n * 1.1 for n in range(40)]
        one, other = scored(*columns), scored(*(list(column)[::-1] for column in columns))
        assert one.facts == other.facts
        assert one.findings == other.findings

    def test_customers_without_a_purchase_or_outside_the_window_are_counted_not_scored(self):
        table = base_of([5, 400, 9], [2, 0, 0], [30, 0, -9])
        table.loc[2, "last_order"] = None
        result = rfm.rfm(table, as_of=AS_OF, currency="EUR", options=RfmSettings(window_months=12))
        assert (result.customers, result.outside_window, result.never_bought) == (1, 1, 1)
        assert "1 without an order in that time and 1 without any purchase" in said(result.findings[0])

    def test_nobody_to_score(self):
        result = scored([900], [0], [0], options=RfmSettings(window_months=6))
        assert (result.customers, result.outside_window) == (0, 1)
        assert "no customer has an order in the 6 months before" in said(result.findings[0])
        assert sum(result.facts["rfm.segments"].values()) == 0
        assert result.facts["rfm.one_order_share"] is None
        for chart in (plots.score_map, plots.segment_bars, plots.score_distribution):
            assert "nothing to draw" in repr(show(chart, result))
        assert "nan" not in repr([result.cutoff_table, result.segment_table, result.treatment_table])

    def test_missing_column_is_named(self):
        with pytest.raises(InputError, match="window_orders"):
            rfm.rfm(base_of([1], [1], [1]).drop(columns="window_orders"), as_of=AS_OF, currency="EUR")


class TestCutoffs:
    def test_ranges_and_sizes_are_printed_and_empty_scores_named(self):
        result = scored([10, 10, 10, 10, 50], [1, 1, 1, 2, 3], [5, 5, 5, 5, 5])
        recency = result.facts["rfm.cutoffs"]["recency"]
        assert recency["1"] == {"customers": 1, "lowest": 50, "highest": 50}
        assert recency["5"] == {"customers": 0, "lowest": None, "highest": None}
        assert ("recency", 5) in result.empty_scores
        assert "recency 5" in said(result.warnings)

    def test_fixed_cutoffs_reproduce_the_scores_and_rate_another_base(self):
        first = base_of(range(10, 110), [1 + n % 7 for n in range(100)], range(100))
        own = rfm.rfm(first, as_of=AS_OF, currency="EUR")
        again = rfm.rfm(first, as_of=AS_OF, currency="EUR", steps=own.cutoffs)
        assert rows(own)["rfm"].tolist() == rows(again)["rfm"].tolist()
        later = scored([500, 0], [30, 1], [1000, -1], steps=own.cutoffs)
        assert rows(later)["rfm"].tolist() == ["155", "511"]

    def test_cutoffs_that_cross_are_refused(self):
        steps = scored([50, 40, 30, 20, 10], [1] * 5, [10, 20, 30, 40, 50]).cutoffs
        steps.loc[steps["dimension"] == "monetary", "lowest"] = [1.0, 2.0, 3.0, 4.0, 5.0]
        with pytest.raises(InputError, match="monetary must change in one direction"):
            scored([1], [1], [1], steps=steps)


class TestSegments:
    def test_the_grid_names_all_eleven(self):
        names = {rfm.segment_of(r, f) for r in range(1, 6) for f in range(1, 6)}
        assert names == set(rfm.SEGMENTS) == set(rfm.TREATMENTS)

    @pytest.mark.parametrize(
        ("recency", "names"),
        [
            (5, "New, Potential loyalist, Potential loyalist, Champion, Champion"),
            (4, "Promising, Potential loyalist, Potential loyalist, Loyal, Loyal"),
            (3, "About to sleep, About to sleep, Need attention, Loyal, Loyal"),
            (2, "Hibernating, Hibernating, At risk, At risk, Can't lose"),
            (1, "Lost, Hibernating, At risk, At risk, Can't lose"),
        ],
    )
    def test_the_grid_row_by_row(self, recency, names):
        assert [rfm.segment_of(recency, f) for f in range(1, 6)] == names.split(", ")

    @settings(max_examples=4, deadline=None)
    @given(people)
    def test_segments_are_a_complete_partition_that_ties_to_the_total(self, members):
        result = scored(*zip(*members, strict=True))
        assert (result.cutoffs.groupby("dimension")["customers"].sum() == len(members)).all()
        counts = result.facts["rfm.segments"]
        assert list(counts) == list(rfm.SEGMENTS)
        assert sum(counts.values()) == len(members)
        assert sum(result.facts["rfm.segments_revenue"].values()) == pytest.approx(result.total)
        table = rows(result)
        assert table["segment"].value_counts().to_dict() == {k: n for k, n in counts.items() if n}
        assert result.segments["customer_share"].sum() == pytest.approx(1)

    def test_table_of_customers_is_lazy(self):
        assert isinstance(ACTIVE.tables["rfm"], ibis.Table)


class TestPublished:
    """CDNOW 1/10 sample (Fader, Hardie & Lee 2005), every row an order with a positive amount."""

    def test_cdnow(self):
        orders = pd.read_csv(CDNOW, dtype={"customer_id": str}, parse_dates=["order_date"])
        paid = orders[orders["amount"] > 0].groupby("customer_id")
        table = pd.DataFrame(
            {
                "last_order": paid["order_date"].max(),
                "window_orders": paid.size(),
                "window_net_revenue": paid["amount"].sum().round(2),
            }
        ).reset_index()
        result = rfm.rfm(table, as_of=dt.date(1998, 6, 30), currency="USD")
        assert result.customers == 2349
        assert result.total == pytest.approx(244_091.94)
        assert result.facts["rfm.cutoffs"]["frequency"]["1"]["customers"] == 1197
        assert result.facts["rfm.segments"]["New"] == 0


class TestWords:
    def test_opposite_bases_get_opposite_verdicts(self):
        assert "The money is with customers who ordered lately" in said(ACTIVE.findings)
        assert "The money is with customers who have gone quiet" in said(SILENT.findings)

    def test_the_first_step_is_where_the_money_is(self):
        assert said(ACTIVE.next_steps).startswith("Champion")
        assert said(SILENT.next_steps).startswith("Can't lose")

    def test_frequent_customers_that_went_quiet_are_counted_or_denied(self):
        assert "frequent customers have gone quiet" in said(SILENT.findings)
        quiet = scored([1, 2, 3, 200, 300], [5, 6, 7, 1, 1], [9] * 5)
        assert "No frequent customer has gone quiet" in said(quiet.findings)

    def test_equal_customers_are_not_told_apart(self):
        result = scored([5] * 7, [3] * 7, [9] * 7)
        assert "do not tell them apart" in said(result.findings[1])
        assert len(result.next_steps) == 1

    def test_small_bases_are_told_to_use_fixed_cutoffs(self):
        assert "fixed cut-offs" in said(ACTIVE.warnings)
        assert not scored(range(200), range(1, 201), range(200)).warnings

    @pytest.mark.parametrize(
        "columns",
        [
            ([0], [1], [7]),
            ([5] * 30, [1] * 30, [0] * 30),
            ([5, 6, 7], [200, 1, 2], [-5, -6, 1e9]),
            (range(60), range(1, 61), range(60)),
        ],
    )
    def test_tables_charts_and_words_work_for_any_base(self, columns):
        result = scored(*columns)
        drawn = [show(chart, result, size=(4, 3)) for chart in (plots.score_map, plots.segment_bars)]
        drawn += [
            show(plots.score_distribution, result, of=of, size=(4, 3)) for of in ("recency", "frequency")
        ]
        assert all(isinstance(picture, Picture) for picture in drawn)
        assert isinstance(show(plots.score_distribution, result, of="monetary", size=(4, 3)), Picture | Prose)
        texts = map(repr, [result.cutoff_table, result.segment_table, result.treatment_table])
        words = " ".join([said(result.findings), said(result.next_steps), said(result.warnings), *texts])
        assert "nan" not in words
        assert " 1 customers" not in words
