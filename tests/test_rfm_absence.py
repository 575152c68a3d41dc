"""Who is not silent for longer than usual has no name of absence."""

import datetime as dt

import ibis
import pandas as pd
import pytest

import rfm_kit
from customer_value import rfm
from customer_value.rfm.prediction import FEW, _separation
from customer_value.rfm.remarks import _verdict, sentences
from rfm_kit import rows, studied
from text_kit import said

ABSENT = {"About to sleep", "Need attention", "At risk", "Can't lose", "Hibernating", "Lost"}
END = dt.date(2024, 6, 30)


def month_ends(customer, months, amount=100):
    """Orders on the last day of the first so many of the 24 months to December 2024."""
    days = pd.date_range("2023-01-31", periods=months, freq="ME")
    return [(customer, f"{day:%Y-%m-%d}", amount) for day in days]


def test_customers_of_every_month_end_are_not_away_on_the_last_day():
    faithful = [order for n in range(18) for order in month_ends(f"f{n}", 24)]
    lost = [order for n in range(10) for order in month_ends(f"l{n}", 22 - 2 * n)]
    found = rows(studied(faithful + lost, thresholds="median"))
    assert set(found.loc["f0":"f9", "eight_class"]) == {"Important value"}
    assert not set(found.loc["f0":"f9", "segment"]) & ABSENT
    assert found.loc["l0", "eight_class"] == "Ordinary win-back"


def test_nobody_who_bought_today_is_away():
    result = studied([(f"c{n}", "2024-06-30", 20 + n) for n in range(40)], as_of=END)
    found = rows(result)
    assert set(found["segment"]) == {"Promising"}
    assert set(found["eight_class"]) == {"Important development", "Ordinary development"}
    assert set(result.grid.loc[result.grid["customers"] > 0, "segment"]) == {"Promising"}
    assert "40 customers with recency 1 to 3" in said(sentences(result, "map")[-1])


def test_the_usual_gap_is_the_customers_median_or_that_of_the_others():
    often = [("often", f"2024-0{month}-0{day}", 5) for month, day in ((1, 1), (1, 5), (1, 9), (6, 1))]
    seldom = [("seldom", day, 5) for day in ("2022-01-01", "2023-01-01", "2024-01-02")]
    found = rows(studied([*often, *seldom, ("once", "2024-02-01", 5)], as_of=END))
    assert found["usual_gap_days"].to_dict() == {"often": 4, "once": (4 + 365.5) / 2, "seldom": 365.5}
    assert (found.loc["once", "recency_days"], found.loc["once", "segment"]) == (150, "Promising")
    assert found.loc["seldom", "segment"] not in ABSENT


def test_a_silence_as_long_as_usual_is_no_absence_and_a_day_more_is():
    table = {"recency_days": [30, 31], "recency_score": [1, 1], "frequency_score": [5, 5]}
    scored = ibis.memtable(table | {"usual_gap_days": [30.0, 30.0]})
    assert rfm.with_segment(scored).order_by("recency_days").segment.to_list() == ["Loyal", "Can't lose"]


def test_one_order_is_never_high_even_if_all_have_one():
    table = ibis.memtable({"recency_days": [5, 5], "orders": [1, 1], "net_revenue": [0.7, 0.7]})
    limits = rfm.thresholds(table, rfm_kit.RfmSettings())
    assert limits == {"recency": 5.0, "frequency": 1.0, "monetary": 0.7}
    assert set(rfm.with_eight_class(table, limits).eight_class.to_list()) == {"Important development"}


@pytest.mark.parametrize("number", [3, 7, 11])
@pytest.mark.parametrize("amount", [0.7, 0.1, 1234567.8901])
def test_equal_values_equal_their_mean(number, amount):
    base = ibis.memtable(
        {"recency_days": [1] * number, "orders": [2] * number, "net_revenue": [amount] * number}
    )
    assert rfm.thresholds(base, rfm_kit.RfmSettings())["monetary"] == amount


def test_groups_of_which_nobody_bought_give_no_verdict():
    sums = pd.DataFrame(
        {"group": ["Lost", "Hibernating", "New"], "customers": [FEW, 2 * FEW, 3], "buyers": [0, 0, 2]}
    )
    sums["orders"], sums["net_revenue"], sums["squares"] = (
        sums["buyers"],
        sums["buyers"] * 5.0,
        sums["buyers"] * 25.0,
    )
    one = _separation("segment", sums)
    assert (one.judged, one.buying) == (False, False)

    class Found:
        previous, as_of, buyers, customers = dt.date(2023, 1, 1), END, 2, 93

        @staticmethod
        def of(_):
            return sums.assign(buying_share=sums["buyers"] / sums["customers"])

    verdict = said(_verdict(Found, one, "EUR"))
    assert (
        "cannot be checked on who buys: none of the customers of the groups that are large enough" in verdict
    )
    assert "0%" not in verdict
