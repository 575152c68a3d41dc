"""The kept share: what credits on any day do to lifetime value."""

import datetime as dt
import functools
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from clv_kit import SETTINGS, analysed, shop_workbook
from clv_kit import cdnow as cdnow_result
from customer_value import clv, plots
from customer_value.clv import many
from customer_value.clv.value import value_customers
from customer_value.display import Picture, Prose, show
from customer_value.expressions import as_table
from customer_value.kept import kept_share_of, late_credits
from text_kit import said

REVENUE = SETTINGS.replace(", cost: cost", "")
AS_OF = "as_of: 2024-06-30\n"


def shares_of(rows, *, margin_rate=None, **columns):
    """Kept shares of customers given as (gross, net_revenue, purchase_days)."""
    table = pd.DataFrame(rows, columns=["gross", "net_revenue", "purchase_days"]).assign(**columns)
    return kept_share_of(table, margin_rate=margin_rate).of(table).tolist()


@functools.cache
def purchases():
    """Customer, day and cents of purchases that end at some time, at gaps that differ."""
    rng, found = np.random.default_rng(3), []
    for customer in range(60):
        day, level = int(rng.integers(0, 200)), int(rng.integers(4, 12))
        while day < 880:
            found.append((f"K{customer:02d}", day, 1000 * (level + int(rng.integers(0, 4)))))
            if rng.random() < 0.06:
                break
            day += 1 + int(rng.exponential(30 + customer))
    return found


def every(place):
    return True


def every_second(place):
    return place % 2 == 0


def every_other_customer(place):
    return int(purchases()[place][0][1:]) % 2 == 0


def every_third(place):
    return place % 3 == 0


@functools.cache
def credited(share=0, lag=7, whose=every):
    """Order lines of which a share, in hundredths, is credited so many days later."""
    lines = ["customer,date,invoice,amount"]
    for place, (customer, day, cents) in enumerate(purchases()):
        date = dt.date(2022, 1, 3) + dt.timedelta(days=day)
        back = min(date + dt.timedelta(days=lag), dt.date(2024, 6, 30))
        lines.append(f"{customer},{date},{place},{cents / 100:.2f}")
        if share and whose(place):
            lines.append(f"{customer},{back},C{place},{-cents * share / 10_000:.2f}")
    return "\n".join(lines) + "\n"


def value(lines, orders=REVENUE):
    return analysed(lines, orders + AS_OF)


def in_memory_or_not(lines, orders):
    """The lifetime value by both routes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "MOST_IN_MEMORY", 0)
        streamed = clv.lifetime_value_of(shop_workbook(lines, orders + AS_OF))
    return value(lines, orders), streamed


@functools.cache
def partly_credited():
    """A shop in which shares differ, with a customer that only returned."""
    return credited(70, 25, whose=every_third) + "ZZ,2023-05-01,R1,-500.00\n"


# ---------------------------------------------------------------- the definition


def test_from_three_purchase_days_on_a_share_is_the_customers_own():
    assert shares_of([(100, 50, 3), (100, 90, 9)]) == [0.5, 0.9]


def test_before_that_three_purchases_of_the_company_are_added():
    found = shares_of([(300, 150, 3), (60, 60, 1), (40, 20, 1)])  # 80 a purchase day, 230 of 400 are kept
    assert found == pytest.approx([0.5, (60 + 240 * 0.575) / 300, (20 + 240 * 0.575) / 280])


def test_the_company_keeps_the_share_of_the_sums_returns_without_a_sale_included():
    table = pd.DataFrame(
        {"gross": [300.0, 100, 0], "net_revenue": [300.0, 0, -100], "purchase_days": [3, 1, 0]}
    )
    assert kept_share_of(table).company == 0.5


def test_credits_above_sales_give_nothing_and_are_counted():
    rows = [(100, -20, 4), (100, 100, 4)]
    assert shares_of(rows) == [0, 1]
    assert kept_share_of(pd.DataFrame(rows, columns=["gross", "net_revenue", "purchase_days"])).above == 1


def test_margin_is_kept_of_gross_and_may_be_lost_down_to_all_of_it():
    assert shares_of([(100, 50, 4), (100, 100, 4), (50, -60, 4)], margin=[20.0, -30, -80]) == [0.2, -0.3, -1]


def test_a_stated_margin_rate_multiplies_the_share_of_net():
    margin = [0.4 * net for net in (50, 100, -60)]
    found = shares_of([(100, 50, 4), (100, 100, 4), (50, -60, 4)], margin=margin, margin_rate=0.4)
    assert found == pytest.approx([0.2, 0.4, 0])


def test_where_nothing_was_sold_nothing_is_kept():
    assert shares_of([(0, -10, 0), (0, 0, 3)]) == [0, 0]


money = st.integers(1, 10**6)
histories = st.lists(st.tuples(money, st.integers(0, 100), st.integers(1, 5)), min_size=1, max_size=8)


@given(histories, st.integers(2, 1000))
@settings(max_examples=30, deadline=None)
def test_shares_lie_between_nothing_and_all_and_do_not_depend_on_the_unit_of_money(rows, factor):
    plain = [(gross, gross - gross * back / 100, days) for gross, back, days in rows]
    found = shares_of(plain)
    scaled = shares_of([(gross * factor, net * factor, days) for gross, net, days in plain])
    assert scaled == pytest.approx(found)
    assert all(0 <= share <= 1 for share in found)


# ---------------------------------------------------------------- four companies


def test_half_credited_on_any_day_is_worth_half_and_all_credited_nothing():
    none = value(credited()).facts["clv.modelled_equity"]
    assert none > 0
    for lag in (0, 40):
        half = value(credited(50, lag))
        assert half.facts["clv.modelled_equity"] == pytest.approx(none / 2)
        assert half.facts["clv.checks"]["steady spend per purchase"] != "fails"
    assert value(credited(100, 7)).facts["clv.modelled_equity"] == 0


@given(st.integers(1, 99), st.integers(1, 120))
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_crediting_a_share_of_every_purchase_takes_that_share_of_value(share, lag):
    whole, rest = value(credited()), value(credited(share, lag))
    for name in ("modelled_equity", "modelled_equity_low", "modelled_equity_high"):
        assert rest.facts[f"clv.{name}"] == pytest.approx((1 - share / 100) * whole.facts[f"clv.{name}"])


def test_money_ten_times_as_large_is_worth_ten_times_as_much():
    head, *rows = partly_credited().splitlines()
    tens = [f"{row.rsplit(',', 1)[0]},{10 * float(row.rsplit(',', 1)[1]):.2f}" for row in rows]
    ones, more = (value("\n".join([head, *lines]) + "\n") for lines in (rows, tens))
    for name in ("modelled_equity", "modelled_equity_low", "modelled_equity_high"):
        assert more.facts[f"clv.{name}"] == pytest.approx(10 * ones.facts[f"clv.{name}"], rel=1e-4)


def test_a_company_that_takes_everything_back_is_told_and_drawn():
    result = value(credited(100, 7))
    told = said((*result.findings, *result.warnings, *result.next_steps))
    assert "expected to bring EUR 0 in sales after returns" in told
    assert "As much was credited as was sold" in told
    for name in plots.clv.__all__:
        picture = show(getattr(plots.clv, name), result)
        assert isinstance(picture, Picture | Prose)
        assert not re.search(r"\bnan\b", repr(picture).lower()), name


def test_one_credit_on_a_later_day_halves_what_purchases_are_worth():
    table = pd.DataFrame({"gross": [200.0], "net_revenue": [100.0], "purchase_days": [2]})
    assert kept_share_of(table).of(table).tolist() == [0.5]


def test_a_rate_and_a_cost_in_proportion_give_the_same_value():
    lines = partly_credited()
    head, *rows = lines.splitlines()
    costed = "\n".join([f"{head},cost", *(f"{row},{0.6 * float(row.rsplit(',', 1)[1]):.4f}" for row in rows)])
    by_cost, by_rate = value(costed, SETTINGS), value(lines, REVENUE + "margin_rate: 0.4\n")
    assert by_cost.facts["clv.value_basis"] == by_rate.facts["clv.value_basis"] == "margin"
    assert by_cost.facts["clv.modelled_equity"] == pytest.approx(by_rate.facts["clv.modelled_equity"])
    plain = value(lines)
    assert by_rate.facts["clv.modelled_equity"] == pytest.approx(0.4 * plain.facts["clv.modelled_equity"])
    assert "times the margin rate of 40%" in said(by_rate.warnings)


# ---------------------------------------------------------------- intervals


def relative_width(result):
    valuation = result.valuation
    return (valuation.high - valuation.low) / valuation.equity


def test_intervals_hold_the_uncertainty_of_the_share_and_none_where_there_is_none():
    none, even = value(credited()), value(credited(50, 40))
    assert none.kept.doubt is None
    assert even.kept.doubt is None
    assert cdnow_result().kept.doubt is None
    assert relative_width(even) == pytest.approx(relative_width(none))


def test_uncertain_shares_widen_the_interval_of_the_total_and_move_those_of_customers():
    result = value(credited(100, 7, whose=every_other_customer))
    known = result.customers
    sure = value_customers(known, result.fit, result.spend, result.kept.of(known), result.options, 900)
    unsure = result.valuation
    assert sure.equity == pytest.approx(unsure.equity, rel=1e-12)
    width, middle = ((unsure.high - unsure.low), (unsure.high + unsure.low) / 2)
    assert width / middle > 1.03 * (sure.high - sure.low) / ((sure.high + sure.low) / 2)
    gave_back = (unsure.table["kept_share"] == 0) & (unsure.table["p_alive"] > 0.9)
    assert (sure.table.loc[gave_back, "clv_high"] == 0).all()
    assert (unsure.table.loc[gave_back, "clv_high"] > 0).all()


def test_what_few_purchases_say_of_a_share_is_less_certain_than_what_many_say():
    table = pd.DataFrame({"gross": 100.0, "net_revenue": [100.0, 70, 40, 90] * 20, "purchase_days": 4})
    doubt = kept_share_of(table).doubt
    told = as_table(pd.DataFrame({"share": 0.75, "frequency": [0, 3, 30], "ahead": 10.0}))
    found = (
        told.select(d=doubt.deviation(told.share, told.frequency, told.ahead)).to_pyarrow()["d"].to_pylist()
    )
    assert found == sorted(found, reverse=True)
    assert found[0] > found[2] > 0


def test_intervals_of_the_total_hold_it_and_customers_never_bring_less_than_nothing():
    result = value(credited(100, 7, whose=every_second))
    assert result.valuation.low < result.valuation.equity < result.valuation.high
    assert (result.table["clv_low"] >= 0).all()


def test_shares_of_the_future_spread_around_what_customers_kept():
    table = pd.DataFrame({"gross": 100.0, "net_revenue": [100.0, 0.0] * 40, "purchase_days": 1})
    doubt = kept_share_of(table).doubt
    rng = np.random.default_rng(1)
    share, x = np.full(20_000, 0.5), np.zeros(20_000)
    drawn = doubt.draw(rng, share, x, np.full(20_000, 4), doubt.company)
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    told = as_table(pd.DataFrame({"share": [0.5], "frequency": [0], "ahead": [4.0]}))
    deviation = (
        told.select(d=doubt.deviation(told.share, told.frequency, told.ahead)).to_pyarrow()["d"][0].as_py()
    )
    assert drawn.std() == pytest.approx(deviation, rel=0.2)


# ---------------------------------------------------------------- many customers


@pytest.mark.parametrize("extra", ["", "margin_rate: 0.4\n"])
def test_many_customers_have_the_values_of_the_route_in_memory(extra):
    held, streamed = in_memory_or_not(partly_credited(), REVENUE + extra)
    assert streamed.kept == held.kept
    ours, theirs = streamed.tables["clv"].to_pandas(), held.tables["clv"]
    for name in ("expected_spend", "kept_share", "clv"):
        assert ours[name].tolist() == pytest.approx(theirs[name].tolist(), rel=1e-6)
    assert streamed.valuation.equity == pytest.approx(held.valuation.equity, rel=1e-6)
    assert (ours["clv_low"] <= ours["clv"]).all()
    assert ours["clv_high"].sum() == pytest.approx(theirs["clv_high"].sum(), rel=0.15)


# ---------------------------------------------------------------- what is said


def test_credits_that_come_late_are_said():
    assert "may still be credited" not in said(value(credited(50, 0)).warnings)
    lines = credited() + "".join(f"K{c:02d},2024-06-20,R{c},-200.00\n" for c in range(60))
    assert "Recent sales may still be credited" in said(value(lines).warnings)


def test_hardly_any_credits_have_no_usual_time():
    table = pd.DataFrame({"customer_id": ["a", "a"], "purchase_days": [1, 0], "gross": [1000.0, 0.0]})
    table = table.assign(month=pd.to_datetime(["2024-01-01", "2024-06-01"]))
    assert late_credits(table.assign(returns=[0.0, 5.0])) is None
    assert late_credits(table.assign(returns=[0.0, 50.0])) == 1


def test_whose_share_counts_is_told_and_shown_only_where_something_came_back():
    plain, back = value(credited()), value(credited(50, 40))
    assert "share of them that is kept" not in said(plain.warnings)
    assert "share of them that is kept after returns" in said(back.warnings)
    assert "Share kept" not in repr(clv.top_accounts_table(plain))
    assert "Share kept" in repr(clv.top_accounts_table(back))


def test_the_models_own_total_is_a_fact_beside_what_the_report_stands_for():
    found = cdnow_result().facts
    for end in ("", "_low", "_high"):
        assert found[f"clv.modelled_equity{end}"] == found[f"clv.customer_equity{end}"]
    assert value("customer,date,invoice,amount\na,2024-01-01,1,5\n").facts["clv.modelled_equity"] is None
