"""Eight classes, portfolio groups, weights, fixed cut-offs, RFA and the policy file."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from customer_value import rfm
from customer_value.config import load_settings
from customer_value.errors import ConfigError
from customer_value.rfm import portfolio, scores
from customer_value.rfm.names import LEVELS, STATES
from customer_value.rfm.people import moment
from customer_value.settings import RfmSettings
from rfm_kit import AS_OF, compared, monthly, rows, studied
from text_kit import said


def bought(days, orders, money):
    """A scored base."""
    ids = [f"K{n:03d}" for n in range(len(days))]
    frame = pd.DataFrame({"customer_id": ids, "recency_days": days, "orders": orders, "net_revenue": money})
    return scores.as_table(frame.astype({"net_revenue": "float64"}))


def classes(table, **options):
    """The eight class of each customer, in the order of their ids."""
    found = rfm.with_eight_class(table, rfm.thresholds(table, RfmSettings(**options)))
    return found.order_by("customer_id").eight_class.to_list()


class TestEightClasses:
    def test_the_names_follow_money_recency_and_frequency(self):
        names = {(r, f, m): rfm.class_of(r, f, m) for r in (1, 0) for f in (1, 0) for m in (1, 0)}
        assert names[1, 1, 1] == "Important value"
        assert names[0, 1, 1] == "Important retention"
        assert names[1, 0, 1] == "Important development"
        assert names[0, 0, 1] == "Important win-back"
        assert [names[r, f, 0].split()[0] for r in (1, 0) for f in (1, 0)] == ["Ordinary"] * 4
        assert tuple(sorted(names.values())) == tuple(sorted(rfm.EIGHT_CLASSES))

    def test_the_mean_is_the_threshold_and_who_equals_it_is_high(self):
        table = bought([0, 10, 20], [1, 2, 3], [100, 200, 300])
        assert classes(table) == ["Ordinary development", "Important value", "Important retention"]

    def test_median_and_fixed_thresholds(self):
        table = bought([0, 10, 99], [1, 2, 30], [100, 200, 9000])
        assert rfm.thresholds(table, RfmSettings(thresholds="median"))["frequency"] == 2
        fixed = RfmSettings(thresholds="median", fixed_thresholds={"frequency": 1})
        assert rfm.thresholds(table, fixed) == {"recency": 10, "frequency": 1, "monetary": 200}
        fixed = {"thresholds": "median", "fixed_thresholds": {"frequency": 1, "monetary": 201}}
        assert classes(table, **fixed)[1] == "Ordinary value"

    @settings(max_examples=5, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4), st.integers(-3, 9)), min_size=1, max_size=12)
    )
    def test_every_customer_is_in_exactly_one_and_equal_ones_in_the_same(self, members):
        found = classes(bought(*map(list, zip(*members, strict=True))))
        assert set(found) <= set(rfm.EIGHT_CLASSES)
        assert len({(member, name) for member, name in zip(members, found, strict=True)}) == len(set(members))


def state(date="2024-12-31", **changes):
    """The level and state of one customer with ordinary figures but for the changes."""
    usual = {
        "recency_days": 20, "first_order": dt.date(2020, 1, 1), "last_gap": 30, "contribution": 50.0,
        "recent": 100.0, "earlier": 100.0, "recent_quarters": 15, "earlier_quarters": 15,
        "before_return": 24298, "return_month": 24299,
    }  # fmt: skip
    table = scores.as_table(pd.DataFrame([usual | changes]))
    level, found = portfolio.level_and_state(table, dt.date.fromisoformat(date), (10.0, 90.0), 1.2)
    row = table.select(level=level, state=found).to_pyarrow().to_pylist()[0]
    return LEVELS[row["level"]], STATES[row["state"]]


class TestPortfolioGroups:
    def test_textbook_names_seven_of_all_combinations(self):
        assert len(rfm.PORTFOLIO_GROUPS) == len(set(rfm.PORTFOLIO_GROUPS)) == 21
        assert rfm.PORTFOLIO_GROUPS[:7] == rfm.TEXTBOOK_GROUPS
        assert rfm.TEXTBOOK_GROUPS[0] == "Top decile stable"

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, "stable"),
            ({"recency_days": 180}, "stable"),
            ({"recency_days": 181}, "lost"),
            ({"recency_days": 360}, "lost"),
            ({"recency_days": 361}, "long lost"),
            ({"recency_days": 90, "last_gap": 180}, "reactivated"),
            ({"recency_days": 91, "last_gap": 180}, "stable"),
            ({"recency_days": 90, "last_gap": 179}, "stable"),
            ({"before_return": 24291, "return_month": 24298}, "reactivated"),
            ({"before_return": 24292, "return_month": 24298}, "stable"),
            ({"recent_quarters": 1, "earlier_quarters": 1}, "seasonal"),
            ({"recent_quarters": 9, "earlier_quarters": 8}, "seasonal"),
            ({"recent_quarters": 1, "earlier_quarters": 4}, "stable"),
            ({"recent_quarters": 3, "earlier_quarters": 6}, "stable"),
            ({"recent_quarters": 1, "earlier_quarters": None}, "stable"),
            ({"recent": 120.0}, "growing"),
            ({"recent": 119.99}, "stable"),
            ({"recent": 5.0, "earlier": 0.0}, "stable"),
            ({"first_order": dt.date(2024, 1, 1), "earlier": 0.0}, "new"),
            ({"first_order": dt.date(2023, 12, 31), "earlier": 0.0}, "stable"),
            ({"recency_days": 400, "recent_quarters": 1, "earlier_quarters": 1}, "long lost"),
        ],
    )
    def test_the_first_state_that_holds(self, changes, expected):
        assert state(**changes)[1] == expected

    def test_levels_begin_with_their_lowest_contribution(self):
        assert [state(contribution=value)[0] for value in (9.99, 10.0, 89.99, 90.0)] == [
            "Low", "Middle", "Middle", "High",
        ]  # fmt: skip

    def test_groups_of_orders_by_hand(self):
        orders = [
            *monthly("big", "2022-12-01", 25, 1000.0),
            *monthly("growing", "2022-12-01", 13, 10.0),
            *monthly("growing", "2024-01-01", 12, 20.0),
            *monthly("winter", "2022-12-01", 1, 30.0),
            *monthly("winter", "2023-12-01", 1, 30.0),
            *monthly("winter", "2024-12-01", 1, 30.0),
            *monthly("gone", "2023-01-01", 14, 5.0),
            *monthly("away", "2023-01-01", 18, 5.0),
            *monthly("fresh", "2024-10-01", 3, 50.0),
        ]
        table = rows(studied(orders))
        assert table["state"].to_dict() == {
            "away": "lost", "big": "stable", "fresh": "new", "gone": "lost", "growing": "growing",
            "winter": "reactivated",
        }  # fmt: skip
        assert table.loc["big", "portfolio_group"] == "Top decile stable"
        assert table.loc["big", "contribution"] == 24_000

    def test_an_unfinished_month_counts_for_contribution_and_not_for_growth(self):
        orders = [("a", "2022-12-20", 10.0), ("a", "2023-12-20", 10.0), ("a", "2024-12-05", 100.0)]
        result = studied(orders, as_of=dt.date(2024, 12, 15))
        everybody = result.everybody.to_pyarrow().to_pylist()[0]
        assert (everybody["recent"], everybody["earlier"], everybody["contribution"]) == (10, 10, 120)

    def test_whoever_shrinks_without_stopping_is_stable_and_named(self):
        orders = [*monthly("a", "2023-01-01", 12, 100.0), *monthly("a", "2024-01-01", 12, 50.0)]
        result = studied(orders)
        assert result.shrinking == (1, 600.0)
        assert "1 of those customers has brought less than 80%" in repr(rfm.remark(result, "portfolio_group"))

    def test_customers_outside_the_window_keep_a_group_and_have_no_score(self):
        orders = [*monthly("now", "2024-01-01", 12, 10.0), ("once", "2022-05-05", 99.0)]
        result = studied(orders, window_months=12)
        once = rows(result).loc["once"]
        assert once["portfolio_group"].endswith("long lost")
        assert once["segment"] == once["eight_class"] == "No order in the window"
        assert pd.isna(once["recency_score"])
        assert sum(result.facts["rfm.seven_groups"].values()) == 2
        assert sum(result.facts["rfm.segments"].values()) == 1

    def test_a_history_under_two_years_is_said(self):
        result = studied(monthly("a", "2024-02-01", 11, 10.0))
        half = replace(result, origin=dt.date(2023, 6, 10))
        old = replace(result, origin=dt.date(2021, 6, 10))
        assert "there is no year before the last" in repr(rfm.remark(result, "portfolio_group"))
        assert "less than a year" in repr(rfm.remark(half, "portfolio_group"))
        assert "The orders begin" not in repr(rfm.remark(old, "portfolio_group"))


MIXED = [
    order
    for n in range(24)
    for order in monthly(f"K{n:02d}", f"2022-{1 + n % 12:02d}-01", 34 - n, 10.0 + n % 7, every=1 + n % 5)
]


class TestPartitions:
    @settings(max_examples=3, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 9), st.dates(dt.date(2022, 1, 1), AS_OF), st.integers(-400, 900)),
            min_size=1,
            max_size=40,
        ).filter(lambda orders: any(amount > 0 for *_, amount in orders))
    )
    def test_complete_disjoint_and_tied_to_the_orders(self, orders):
        orders = [(f"K{c}", str(day), float(amount)) for c, day, amount in orders]
        result = compared(orders)
        buyers = {c for c, _, amount in orders if amount > 0}
        table = rows(result)
        assert set(table.index) == buyers
        for key, names in rfm.SEGMENTATIONS.items():
            frame = result.classes[key]
            assert list(frame[key]) == list(names)
            assert frame["customers"].sum() == len(buyers)
            assert frame["customer_share"].sum() == pytest.approx(1)
            assert table[key].isin(names).all()
            counted = dict(zip(frame[key], frame["customers"], strict=True))
            assert table[key].value_counts().to_dict() == {name: n for name, n in counted.items() if n}
        tie = result.tie.set_index("line")["net_revenue"]
        assert tie.iloc[:-1].sum() == pytest.approx(tie["All orders"])
        assert tie["All orders"] == pytest.approx(sum(amount for *_, amount in orders))

    def test_nothing_depends_on_the_order_of_rows_or_on_ids(self):
        renamed = [(f"x{99 - int(c[1:])}", day, amount) for c, day, amount in reversed(MIXED)]
        one, other = compared(MIXED), compared(renamed)
        assert one.facts == other.facts
        columns = ["rfm", "segment", "eight_class", "portfolio_group", "previous_segment"]
        first, second = (sorted(rows(r)[columns].to_numpy().tolist()) for r in (one, other))
        assert first == second

    def test_tables_end_with_the_money_of_all_orders(self):
        orders = [*MIXED, ("returns", "2024-05-05", -77.0), ("old", "2022-01-03", 500.0)]
        result = studied(orders, window_months=24)
        for of in rfm.SEGMENTATIONS:
            frame = rfm.class_table(result, of).frame
            names, money = list(frame.iloc[:, 0]), frame["Net revenue"]
            first = (
                len(result.classes[of]) if of != "portfolio_group" else names.index("All that ever bought")
            )
            assert names[-2:] == ["Orders and returns before the window", "All orders"]
            assert "Customers without a purchase" in names
            assert money[:first].sum() == pytest.approx(money[first])
            assert money[first:-1].sum() == pytest.approx(money.iloc[-1])
            assert money.iloc[-1] == pytest.approx(sum(amount for *_, amount in orders))


class TestScoring:
    def test_fixed_cutoffs_of_the_settings(self):
        fixed = {
            "recency": [30, 90, 180, 365],
            "frequency": [2, 3, 5, 10],
            "monetary": [100, 500, 1000, 5000],
        }
        table = bought([30, 31, 366], [1, 5, 10], [99.99, 100, 5000])
        steps = scores.fixed_steps(RfmSettings(cutoffs=fixed).cutoffs)
        assert rfm.score(table, steps).order_by("customer_id").rfm.to_list() == ["511", "442", "155"]

    def test_fixed_cutoffs_give_the_same_scores_in_any_company(self):
        fixed = {
            "recency": [30, 90, 180, 365],
            "frequency": [2, 3, 5, 10],
            "monetary": [100, 500, 1000, 5000],
        }
        small, large = (studied(orders, cutoffs=fixed) for orders in (MIXED[:40], MIXED))
        both = rows(small).index.intersection(rows(large).index)[:-1]
        assert rows(small).loc[both, "rfm"].tolist() == rows(large).loc[both, "rfm"].tolist()
        assert "fixed: days at most 30, 90, 180, 365; orders at least 2" in repr(small.cutoff_table)
        assert "fixed cut-offs" not in said(small.warnings)

    def test_other_quantiles_move_the_limits(self):
        table = bought(range(100), range(1, 101), range(100))
        sizes = rfm.cutoffs(table, (0.5, 0.7, 0.9, 0.95)).set_index(["dimension", "score"])["customers"]
        assert sizes["recency"].tolist() == sizes["monetary"].tolist() == [5, 5, 20, 20, 50]
        assert sizes["frequency"].sum() == 100

    def test_weights(self):
        table = scores.as_table(pd.DataFrame({"r": [4, 2], "f": [1, 4], "m": [3, 3]}))
        three = (table.r, table.f, table.m)
        assert scores.weighted(three, (1, 1, 1)).to_list() == pytest.approx([8 / 3, 3])
        assert scores.weighted(three, (1, 0, 0)).to_list() == [4, 2]
        assert scores.weighted(three, (0.5, 0.3, 0.2)).to_list() == pytest.approx([2.9, 2.8])

    def test_rfa_scores_the_mean_amount_per_order(self):
        orders = [*monthly("often", "2024-01-01", 10, 10.0), ("rarely", "2024-12-10", 60.0)]
        total, mean = (rows(studied(orders, monetary_is=kind)) for kind in ("total", "per_order"))
        assert total.loc["often", "monetary_score"] > total.loc["rarely", "monetary_score"]
        assert mean.loc["often", "monetary_score"] < mean.loc["rarely", "monetary_score"]
        assert mean.loc["often", "net_revenue_per_order"] == 10

    @pytest.mark.parametrize("window", [None, 6])
    def test_the_day_of_a_credit_changes_no_mean_per_order(self, window):
        sales = [*monthly("often", "2024-01-01", 10, 10.0), ("rarely", "2024-12-10", 60.0)]
        days = ("2024-03-09", "2024-08-01", "2024-12-09")
        orders = [(f"{who} {day}", bought, paid) for day in days for who, bought, paid in sales]
        given_back = [(f"often {day}", day, -50.0) for day in days]
        scored = rows(studied([*orders, *given_back], monetary_is="per_order", window_months=window))
        assert [scored.loc[f"often {day}", "net_revenue_per_order"] for day in days] == [5, 5, 5]

    def test_equal_means_per_order_are_equal(self):
        base = scores.with_per_order(bought([1, 1], [3, 1], [0.3, 0.1]))
        assert base[scores.PER_ORDER].nunique().execute() == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"quantiles": [0.2, 0.2, 0.6, 0.8]},
            {"quantiles": [0.0, 0.4, 0.6, 0.8]},
            {"cutoffs": {"recency": [90, 30, 180, 365]}},
            {"weights": [0, 0, 0]},
            {"weights": [1, -1, 1]},
            {"high_share": 0.6, "low_share": 0.6},
            {"growth": 1.0},
        ],
    )
    def test_impossible_settings_are_refused(self, wrong):
        with pytest.raises(ValidationError):
            RfmSettings(**wrong)

    def test_settings_errors_name_the_line(self, desk):
        text = desk.config.read_text() + "rfm:\n  cutoffs:\n    recency: [90, 30]\n"
        desk.settings(text)
        with pytest.raises(
            ConfigError, match=r"line 10: rfm\.cutoffs\.recency: needs four numbers that rise"
        ):
            load_settings(desk.config)

    def test_a_small_base_gets_a_proposal_and_a_large_one_none(self):
        small = repr(rfm.remark(compared(MIXED), "proposal"))
        assert "Under 200 customers" in small
        assert "cutoffs: {recency: [" in small
        large = moment(bought(range(200), range(1, 201), range(200)), AS_OF, RfmSettings())
        assert len(large.cutoffs) == 15

    @settings(max_examples=20, deadline=None)
    @given(
        st.lists(st.floats(-1e6, 1e9), max_size=5, unique=True),
        st.sampled_from(["recency", "frequency", "monetary"]),
    )
    def test_proposed_cutoffs_are_four_that_the_settings_accept(self, values, name):
        values = sorted(abs(round(v)) if name != "monetary" else v for v in values)
        number = len(values)
        steps = pd.DataFrame(
            {"dimension": name, "score": range(number), "customers": 1, "lowest": values, "highest": values}
        ).astype({"lowest": "float64", "highest": "float64"})
        if not number:
            return
        found = rfm.proposed_cutoffs(steps)
        assert RfmSettings(cutoffs=found).cutoffs is not None

    def test_amounts_below_a_hundredth_are_proposed_as_one(self):
        steps = pd.DataFrame({"dimension": "monetary", "score": [1], "lowest": [1e-102], "highest": [1e-102]})
        assert rfm.proposed_cutoffs(steps) == {"monetary": (0.01, 0.02, 0.04, 0.08)}


def policy_file(tmp_path, text):
    path = tmp_path / "my_policy.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def eight_rows(separator=",", last="Nothing."):
    names = [*rfm.EIGHT_CLASSES]
    lines = [separator.join(("eight_class", name, "Act.")) for name in names[:-1]]
    head = separator.join(("segmentation", "segment", "treatment"))
    return "\n".join([head, *lines, separator.join(("eight_class", names[-1], last))])


class TestPolicy:
    def test_the_standard_policy_covers_every_segment(self):
        for key, names in rfm.SEGMENTATIONS.items():
            assert tuple(rfm.standard_policy()[key]) == names

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_a_company_replaces_one_segmentation(self, tmp_path, separator):
        policy = rfm.read_policy(policy_file(tmp_path, "\ufeff" + eight_rows(separator)).name, tmp_path)
        assert policy["eight_class"]["Ordinary win-back"] == "Nothing."
        assert policy["segment"] == rfm.standard_policy()["segment"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "needs the columns"),
            ("segmentation,segment\n", "treatment is missing"),
            ("segmentation,segment,treatment\n", "holds no treatment"),
            ("segmentation,segment,treatment\nsegment,Champoin,Act.\n", "did you mean 'Champion'"),
            ("segmentation,segment,treatment\nsegments,Champion,Act.\n", "no segmentation 'segments'"),
            ("segmentation,segment,treatment\nsegment,Champion,\n", "has no treatment"),
            (
                "segmentation,segment,treatment\nsegment,New,A\nsegment,New,B\n",
                "row 3: 'New' of segment is given twice",
            ),
            (eight_rows().rsplit("\n", 1)[0], "eight_class lacks Ordinary win-back"),
            ("名称".encode("gb18030"), "not UTF-8"),
        ],
    )
    def test_a_wrong_file_gives_one_clear_sentence(self, tmp_path, text, message):
        with pytest.raises(ConfigError, match=message) as raised:
            rfm.read_policy(policy_file(tmp_path, text))
        assert "\n" not in str(raised.value)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(ConfigError, match=r"none\.csv does not exist"):
            rfm.read_policy("none.csv", tmp_path)

    def test_hostile_text_stays_text(self, tmp_path):
        evil = "<script>alert(1)</script> =cmd|' /C calc'!A0"
        policy = rfm.read_policy(policy_file(tmp_path, eight_rows(last=evil)))
        result = studied([("a", "2022-01-01", 1.0), ("b", "2024-12-01", 9.0)], policy=policy)
        html = rfm.treatment_table(result, "eight_class")._repr_html_()
        assert "&lt;script&gt;" in html
        assert "<script>" not in html
