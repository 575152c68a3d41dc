"""The money side: value of a table, value so far, equity by class, and what is said of the endless."""

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clv_kit import SETTINGS, analysed, cdnow_workbook, shop
from clv_kit import cdnow as cdnow_result
from companies import order_lines
from customer_value import clv, plots
from customer_value.clv.both import customer_equity, without_customers
from customer_value.clv.classes import class_equity, customer_classes, membership
from customer_value.clv.realised import realised_value
from customer_value.display import show
from customer_value.errors import FitError, InputError
from customer_value.pareto import concentration
from text_kit import said

_TABLES = (
    "checks_table", "classes_table", "histories_table", "holdout_table", "parameters_table",
    "sensitivity_table", "top_accounts_table",
)  # fmt: skip
NONSENSE = re.compile(r"\b[nN]a[nN]\b|\binf\b|\bNone\b|\b1 (customers|months|days)\b")


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_result()


@pytest.fixture(scope="module")
def weeks(cdnow):
    columns = ["customer_id", "frequency", "recency", "T", "monetary_value"]
    return clv.in_time_unit(cdnow.customers[columns], "W")


def model_wins(result):
    """The same result as if no simple rule had come near the model."""
    return dataclasses.replace(
        result, holdout=dataclasses.replace(result.holdout, winner=result.holdout.model)
    )


# ---------------------------------------------------------------- a table without a workbook


def test_a_table_and_a_fit_give_the_values_of_the_workbook(cdnow, weeks):
    found = clv.clv(weeks, cdnow.fit, cdnow.spend.fit)
    for column in ("p_alive", "clv", "clv_low", "clv_high", "clv_endless"):
        np.testing.assert_allclose(found.table[column], cdnow.valuation.table[column], rtol=1e-9)
    assert (found.low, found.high) == pytest.approx((cdnow.valuation.low, cdnow.valuation.high))


def test_the_endless_value_is_the_limit_of_long_horizons(cdnow, weeks):
    some = weeks.head(40)
    endless = clv.clv(some, cdnow.fit, 10.0).endless
    near, far = (clv.clv(some, cdnow.fit, 10.0, horizon_months=m).equity for m in (60, 600))
    assert near < far < endless
    assert far == pytest.approx(endless, rel=0.02)


def test_value_to_infinity_is_never_below_value_within_a_horizon(cdnow):
    table = cdnow.valuation.table
    assert (table["clv_endless"] >= table["clv"]).all()


def test_without_a_discount_nothing_endless_is_given(cdnow, weeks):
    found = clv.clv(weeks.head(20), cdnow.fit, 10.0, discount_rate=0)
    assert found.endless is None
    assert found.beyond_data_share is None
    assert found.table["clv_endless"].isna().all()


def test_margin_rates_scale_value_and_interval(cdnow, weeks):
    some = weeks.head(50)
    sales, margin = clv.clv(some, cdnow.fit, 10.0), clv.clv(some, cdnow.fit, 10.0, margin_rate=0.3)
    column = clv.clv(some.assign(margin_rate=0.3), cdnow.fit, 10.0)
    assert margin.equity == pytest.approx(0.3 * sales.equity)
    assert (margin.low, margin.high) == pytest.approx((0.3 * sales.low, 0.3 * sales.high))
    pd.testing.assert_frame_equal(column.table, margin.table)
    assert (sales.table["kept_share"] == 1).all()
    assert (column.table["kept_share"] == 0.3).all()


def test_a_margin_rate_multiplies_the_kept_share(cdnow, weeks):
    some = weeks.head(50)
    sales = clv.clv(some, cdnow.fit, 10.0)
    both = clv.clv(some.assign(kept_share=0.5), cdnow.fit, 10.0, margin_rate=0.3)
    assert both.equity == pytest.approx(0.15 * sales.equity)
    assert both.table["kept_share"].tolist() == pytest.approx([0.15] * 50)


def test_a_spend_model_is_fitted_where_none_is_given(cdnow, weeks):
    some = weeks.head(400)
    again = some[some["frequency"].gt(0) & some["monetary_value"].gt(0)]
    own = clv.GammaGamma.fit(again[["frequency", "monetary_value"]])
    assert clv.clv(some, cdnow.fit).equity == pytest.approx(clv.clv(some, cdnow.fit, own).equity)


@pytest.mark.parametrize(
    ("change", "spend", "message"),
    [
        ({"T": 0.0}, 10.0, "is after T 0"),
        ({"frequency": -1.0}, 10.0, "frequency -1 is below 0"),
        ({"margin_rate": 1.5}, 10.0, "Row 1: margin_rate 1.5 must be a number of 1 or less"),
        ({"kept_share": 1.2}, 10.0, "Row 1: kept_share 1.2 must be a number of 1 or less"),
        ({}, -1.0, "spend per purchase -1.0"),
    ],
)
def test_impossible_tables_are_refused_by_row_and_value(cdnow, weeks, change, spend, message):
    with pytest.raises(InputError, match=re.escape(message)):
        clv.clv(weeks.head(3).assign(**change), cdnow.fit, spend)


def test_a_table_that_lacks_a_column_is_refused(cdnow, weeks):
    with pytest.raises(InputError, match="no column monetary_value"):
        clv.clv(weeks.drop(columns="monetary_value"), cdnow.fit)
    with pytest.raises(InputError, match="no customers"):
        clv.clv(weeks.head(0), cdnow.fit, 10.0)


def test_a_spend_model_without_a_mean_is_refused(cdnow, weeks):
    endless_mean = dataclasses.replace(cdnow.spend.fit, model=clv.GammaGamma(p=2.0, q=0.9, gamma=10.0))
    with pytest.raises(FitError, match="no mean"):
        clv.clv(weeks, cdnow.fit, endless_mean)


# ---------------------------------------------------------------- value so far


def tiny_months(**columns):
    months = pd.DataFrame(
        [("a", "2023-01-01", 1, 100.0), ("a", "2024-01-01", 1, 110.0), ("a", "2024-07-01", 0, -10.0),
         ("b", "2023-11-01", 0, -5.0), ("b", "2023-12-01", 2, 50.0), ("c", "2023-05-01", 0, -9.0)],
        columns=["customer_id", "month", "purchase_days", "net_revenue"],
    )  # fmt: skip
    return months.assign(month=pd.to_datetime(months["month"]), **columns)


TWO = pd.DataFrame({"customer_id": ["a", "b"], "first_order": pd.to_datetime(["2023-01-20", "2023-12-03"])})


def test_realised_value_discounts_to_the_first_purchase():
    found = realised_value(TWO, tiny_months(), discount_rate=0.10)
    credit = -10 / 1.1**1.5
    assert found.table["earned"].tolist() == pytest.approx([200 + credit, 45], abs=1e-3)
    assert found.total == pytest.approx(245 + credit, abs=1e-3)


def test_realised_value_is_less_acquisition_cost_where_known():
    file = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "acquisition_cost": [60.0, 70.0],
            "acquired_on": ["2019-01-01", "2023-12-01"],
        }
    )
    found = realised_value(TWO, tiny_months(), discount_rate=0, customer_file=file)
    assert found.table["realised_value"].tolist() == [200 - 60, 45 - 70]
    assert (found.cost, found.costed) == (130, 2)
    assert (found.judged, found.behind) == (1, 1)


def test_realised_value_may_be_margin():
    months = tiny_months(margin=[30.0, 33, -3, -2, 20, -4])
    found = realised_value(TWO, months, discount_rate=0, basis="margin")
    assert found.table["earned"].tolist() == [60, 18]


def test_realised_value_does_not_depend_on_the_order_of_rows():
    months = tiny_months()
    once = realised_value(TWO, months, discount_rate=0.07)
    again = realised_value(TWO, months.iloc[::-1], discount_rate=0.07)
    pd.testing.assert_frame_equal(once.table, again.table)


def test_value_so_far_is_told_and_kept(cdnow):
    net = cdnow.customers["net_revenue"].sum()
    assert 0.9 * net < cdnow.facts["clv.realised_value"] < net
    assert cdnow.facts["clv.acquisition_cost"] is None
    assert "the realised value" in str(cdnow.so_far)
    assert "to win" not in str(cdnow.so_far)
    assert cdnow.table["realised_value"].sum() == pytest.approx(cdnow.facts["clv.realised_value"])


def test_money_spent_to_win_customers_is_told(tmp_path):
    costs = "customer,cost\n" + "".join(f"K{n:03d},{5000 if n < 20 else 1}\n" for n in range(80))
    result = with_file(tmp_path, costs, "customer_id: customer, acquisition_cost: cost")
    assert result.facts["clv.acquisition_cost"] == 100_060
    assert "Less EUR 100 thousand to win them" in str(result.so_far)
    assert "not earned that cost back" in str(result.so_far)


def with_file(tmp_path, lines, columns):
    """The lifetime value of the shop with a customer file beside it."""
    (tmp_path / "customers.csv").write_text(lines)
    path = tmp_path / "customers.csv"
    return analysed(shop(), f"{SETTINGS}customers: {{path: {path}, columns: {{{columns}}}}}\n")


def test_a_loss_so_far_is_called_a_loss():
    assert "customers lost EUR" in str(analysed(shop(cost=1.3)).so_far)
    assert "customers brought EUR" in str(analysed(shop(cost=0.6)).so_far)


def test_value_so_far_is_there_without_a_model():
    result = analysed(order_lines("one purchase each"))
    assert result.fit is None
    assert result.facts["clv.realised_value"] == pytest.approx(result.customers["margin"].sum())


# ---------------------------------------------------------------- equity by class


def test_each_split_adds_up_to_customer_equity(cdnow):
    for result in (cdnow, analysed(shop())):
        sums = result.tables["clv_classes"].groupby("by")[["equity", "customers"]].sum()
        assert sums["equity"].to_numpy() == pytest.approx(result.valuation.equity)
        assert (sums["customers"] == len(result.customers)).all()


def test_intervals_of_classes_hold_their_values(cdnow):
    table = cdnow.valuation.classes
    assert (table["low"] < table["equity"]).all()
    assert (table["equity"] < table["high"]).all()


def test_classes_are_those_of_the_page_on_concentration(cdnow):
    workbook = cdnow_workbook()
    found = concentration(workbook.table("customers"), currency="USD")
    wanted = found.classes.to_pandas().set_index("customer_id").loc[cdnow.customers["customer_id"]]
    here = customer_classes(cdnow.customers, workbook.frame("customers"))
    assert here["abc"].tolist() == wanted["abc"].tolist()
    assert here["tier"].tolist() == wanted["net_revenue_tier"].tolist()


def test_classes_of_a_tiny_table():
    customers = pd.DataFrame(
        {
            "customer_id": list("abcd"),
            "first_order": pd.to_datetime(["2022-03-01", "2022-05-01", "2023-01-01", "2023-02-01"]),
        }
    )
    values = pd.DataFrame({"customer_id": list("abcde"), "net_revenue": [80.0, 15, 3, 2, -9]})
    file = pd.DataFrame(
        {"customer_id": list("abc"), "region": ["N", "S", "N"], "acquired_on": ["2020-01-01", None, None]}
    )
    found = customer_classes(customers, values, customer_file=file)
    assert found["abc"].tolist() == ["A", "B", "C", "C"]
    assert found["cohort"].tolist() == ["2020", "2022", "2023", "2023"]
    assert found["region"].tolist() == ["N", "S", "N", "not stated"]
    assert "industry" not in found.columns
    labels, groups = membership(found)
    equity = class_equity(labels, groups, np.array([5.0, 3, 1, 1]), np.ones((len(labels), 4)))
    abc = equity[equity["by"] == "abc"]
    assert abc["equity"].tolist() == [5, 3, 2]
    assert abc["share"].tolist() == [0.5, 0.3, 0.2]


def test_many_regions_are_shown_as_the_largest_and_the_others():
    customers = pd.DataFrame({"customer_id": [f"{n:02d}" for n in range(40)], "first_order": "2023-01-01"})
    file = customers.assign(region=[f"R{n % 12:02d}" for n in range(40)])
    values = customers.assign(net_revenue=1.0)
    found = customer_classes(customers, values, customer_file=file)["region"]
    assert found.nunique() == 8
    assert found.cat.categories[-1] == "5 others"


def test_customers_won_within_a_year_are_split_by_quarter():
    days = pd.to_datetime(["2023-01-05", "2023-04-05", "2023-12-31"])
    customers = pd.DataFrame({"customer_id": list("abc"), "first_order": days})
    found = customer_classes(customers, customers.assign(net_revenue=1.0))
    assert found["cohort"].tolist() == ["2023 Q1", "2023 Q2", "2023 Q4"]


def test_a_loss_has_classes_but_no_shares():
    table = analysed(shop(cost=1.3)).valuation.classes
    assert table["equity"].sum() < 0
    assert table["share"].isna().all()
    assert "–" in repr(clv.classes_table(analysed(shop(cost=1.3))))


def test_the_best_customers_so_far_are_told_with_what_they_will_bring(cdnow):
    assert "777 customers of class A, who brought the first 80% of sales so far" in said(cdnow.findings)


# ---------------------------------------------------------------- the endless


def test_where_a_simple_rule_wins_no_endless_value_is_given(cdnow):
    assert "simple rule" in cdnow.facts["clv.why_not_endless"]
    assert cdnow.facts["clv.customer_equity_endless"] is None
    assert cdnow.table["clv_endless"].isna().all()
    assert "is not given, because a simple rule" in str(cdnow.endless)
    assert "52% of it would lie later than three times" in str(cdnow.endless)


def test_where_the_model_wins_the_endless_value_is_given_with_its_far_share(cdnow):
    result = model_wins(cdnow)
    assert result.facts["clv.why_not_endless"] is None
    assert result.facts["clv.customer_equity_endless"] == pytest.approx(result.table["clv_endless"].sum())
    assert "customer equity would be USD 462 thousand. 52% of it would lie later" in str(result.endless)


def test_without_a_discount_rate_the_page_says_why_nothing_endless_is_given():
    result = analysed(shop(), discount_rate=0)
    assert "Without a discount rate" in str(result.endless)
    assert result.facts["clv.customer_equity_endless"] is None


# ---------------------------------------------------------------- with and without a contract


def test_values_with_and_without_a_contract_are_summed_over_all_pairs_of_futures():
    free = SimpleNamespace(equity=10.0, totals=np.array([8.0, 12.0]))
    bound = SimpleNamespace(equity=5.0, totals=np.array([4.0, 5.0, 6.0]))
    found = customer_equity(free, bound)
    assert (found.total, found.contracts) == (15, 5)
    assert (found.low, found.high) == pytest.approx(np.quantile([12, 13, 14, 16, 17, 18], [0.025, 0.975]))
    assert customer_equity(None, bound).total == 5
    assert customer_equity(free, None).contracts is None
    assert customer_equity(None, None) is None


def test_histories_are_counted_again_without_the_customers_under_contract():
    snapshots = pd.DataFrame(
        {"as_of": "2024-01-01", "customer_id": list("abcd"), "frequency": [1.0, 1, 1, None],
         "recency": [5.0, 5, 5, None], "T": [9.0, 9, 9, None]}
    )  # fmt: skip
    months = pd.DataFrame({"customer_id": list("abca"), "purchase_days": 1})
    left, patterns, kept = without_customers(snapshots, months, frozenset("a"))
    assert left["customer_id"].tolist() == ["b", "c", "d"]
    assert patterns["customers"].tolist() == [2]
    assert sorted(kept.customer_id.to_pandas()) == ["b", "c"]


def test_customers_under_contract_are_valued_by_their_contract(tmp_path):
    rows = [f"K{n:03d},2019-0{1 + n % 9}-01,{'2022-01-31' if n % 3 == 0 else ''},100" for n in range(30)]
    path = tmp_path / "contracts.csv"
    path.write_text("\n".join(["customer,from,to,worth", *rows]) + "\n")
    columns = "{customer_id: customer, started_on: from, ended_on: to, value: worth}"
    settings = f"{SETTINGS}contracts: {{path: {path}, columns: {columns}}}\n"
    result = analysed(order_lines("one purchase each"), settings)
    table = result.tables["clv"]
    assert len(result.customers) == 270
    assert result.fit is None
    assert table["kind"].value_counts().to_dict() == {"no contract": 270, "contract": 20}
    assert result.facts["clv.customer_equity"] == pytest.approx(table["clv"].sum())
    assert "open contract" in said(result.findings)
    assert "name no contracts" not in repr(show(plots.contract_renewals, result))


# ---------------------------------------------------------------- words


def test_headings_start_with_a_capital_letter(cdnow):
    for name in _TABLES:
        found = getattr(clv, name)(cdnow)
        if hasattr(found, "frame"):
            assert all(heading[0].isupper() or not heading[0].isalpha() for heading in found.frame.columns)


@pytest.mark.parametrize("shape", ["one customer", "loses money"])
def test_the_new_sentences_are_free_of_nonsense(shape):
    result = analysed(order_lines(shape))
    for part in (result.so_far, result.endless, clv.classes_table(result)):
        assert not NONSENSE.search(repr(part))


def test_value_at_risk_that_nobody_can_know_is_called_not_identified():
    result = analysed(shop(stay=0.9), SETTINGS + "clv: {calibration_end: 2023-01-05}\n")
    assert "not identified" in repr(clv.top_accounts_table(result, most=80))
    assert "not identified" not in repr(clv.top_accounts_table(cdnow_result()))
