"""Contracts: from start and end to renewals, values by hand, intervals, degenerate bases, the input."""

import datetime as dt

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value.clv.contracts import contract_value, contract_value_of
from customer_value.clv.retention import constant_value, wilson
from customer_value.clv.sbg import ShiftedBetaGeometric
from customer_value.config import load_settings
from customer_value.contract_spans import renewals_before, renewals_until
from customer_value.display import Picture, Prose, show
from customer_value.errors import InputError
from customer_value.plots.contracts import contract_survival
from customer_value.settings import ClvSettings
from customer_value.workbook import Workbook
from text_kit import said

AS_OF = dt.date(2023, 6, 30)
CONTRACTS = """\
contracts:
  path: contracts.csv
  columns: {customer_id: who, started_on: since, ended_on: until}
"""


def table(*rows, columns=("customer_id", "started_on", "ended_on", "value")):
    return pd.DataFrame(rows, columns=list(columns))


def valued(contracts, as_of=AS_OF, *, currency="EUR", period_months=12, customer_months=None, **options):
    return contract_value(
        contracts,
        as_of,
        ClvSettings(**options),
        currency=currency,
        period_months=period_months,
        customer_months=customer_months,
    )


def base(model, years, number, seed, first=2010, value=100.0):
    """Contracts that start in the first days of a year and are seen until some years later."""
    lived = model.simulate(np.full(number, years), seed)
    ended = [f"{first + p}-01-01" if c else None for p, c in lived.itertuples(index=False)]
    ids = [f"K{first}-{i:04d}" for i in range(number)]
    return pd.DataFrame(
        {"customer_id": ids, "started_on": f"{first}-01-01", "ended_on": ended, "value": value}
    )


def ages(result):
    names = ["passed", "periods", "churned"]
    return result.contracts.set_index("customer_id")[names].astype(int).to_numpy().tolist()


@pytest.fixture(scope="module")
def company():
    model = ShiftedBetaGeometric(0.7, 2.1)
    return valued(pd.concat([base(model, 13, 200, 1), base(model, 8, 200, 2, first=2015)]))


@pytest.mark.parametrize(
    ("ended", "age"),
    [
        (None, [3, 3, 0]),
        ("2023-03-01", [2, 3, 1]),
        ("2023-02-28", [2, 3, 1]),
        ("2022-04-15", [2, 3, 1]),
        ("2022-03-01", [1, 2, 1]),
        ("2020-03-01", [0, 1, 1]),
        ("2023-03-02", [3, 3, 0]),
        ("2024-01-31", [3, 3, 0]),
    ],
)
def test_a_contract_counts_for_the_renewals_that_were_due(ended, age):
    assert ages(valued(table(("a", "2020-03-01", ended, 1.0)))) == [age]


def test_months_of_different_length_are_periods_of_one_month():
    start = np.array(["2024-01-31"], "M8[D]")
    days = ["2024-02-28", "2024-02-29", "2024-03-30", "2024-03-31"]
    assert [int(renewals_until(start, np.datetime64(day), 1)[0]) for day in days] == [0, 1, 1, 2]
    assert int(renewals_before(start, np.datetime64("2024-02-29"), 1)[0]) == 0


def test_rows_without_a_gap_are_one_contract_and_rows_with_a_gap_are_two():
    rows = [("a", "2020-01-01", "2020-12-31", 5.0), ("a", "2021-01-01", None, 7.0)]
    joined = valued(table(*rows))
    assert ages(joined) == [[3, 3, 0]]
    assert joined.table["value_per_period"].tolist() == [7.0]
    assert "1 row continues an earlier contract" in said(joined.warnings)
    apart = valued(table(("a", "2020-01-01", "2020-12-31", 5.0), ("a", "2021-01-02", None, 7.0)))
    assert ages(apart) == [[0, 1, 1], [2, 2, 0]]


def test_a_value_by_hand():
    result = valued(table(("a", "2021-07-01", None, 100.0)), discount_rate=0.21, horizon_months=18)
    row = result.table.iloc[0]
    assert (row["renewals"], row["renewals_ahead"]) == (1, 2)
    wait = 1 / 365.25
    models = result_models(result)
    chances = [(m.retention(2), m.retention(2) * m.retention(3)) for m in models]
    first, second = np.mean(chances, axis=0)
    expected = 100 * (first / 1.21**wait + second / 1.21 ** (1 + wait))
    assert row["clv"] == pytest.approx(expected)
    assert row["p_renewal"] == pytest.approx(first)


def result_models(result):
    """The models that a value without a fit averages over."""
    from customer_value.clv.counts import Renewals
    from customer_value.clv.sbg import plausible_models

    rng = np.random.default_rng([result.options.seed, 9])
    return plausible_models(Renewals.of(result.contracts), 400, rng)


def test_a_half_yearly_contract_is_discounted_by_half_years(company):
    contracts = base(ShiftedBetaGeometric(0.7, 2.1), 13, 200, 1)
    half = valued(contracts, period_months=6, discount_rate=0.21, horizon_months=12)
    row, model = half.table.iloc[0], half.fit.model
    assert row["renewals_ahead"] == 2
    stay = model.retention(row["renewals"] + 1)
    wait = (row["next_renewal"] - pd.Timestamp(AS_OF)).days / (365.25 / 2)
    both = stay * (1 + model.retention(row["renewals"] + 2) / 1.1) / 1.1**wait
    assert row["clv"] == pytest.approx(float(100 * both))


def test_a_base_has_values_that_follow_from_its_model(company):
    model, row = company.fit.model, company.table.iloc[0]
    wait = (row["next_renewal"] - pd.Timestamp(AS_OF)).days / 365.25
    derl = model.discounted_expected_residual_lifetime(row["renewals"], discount_rate=0.1, wait=wait)
    assert row["expected_periods"] == pytest.approx(float(derl))
    assert row["endless_value"] == pytest.approx(100 * float(derl))
    low, high = company.interval
    assert low < company.equity < high
    assert (company.table["clv_low"] <= company.table["clv"]).all()
    assert (company.table["clv"] <= company.table["clv_high"]).all()
    assert company.totals.mean() == pytest.approx(company.equity, rel=0.01)
    assert company.facts["equity"] == company.equity
    assert company.warnings == ()


def test_older_contracts_are_worth_more(company):
    by_age = company.table.groupby("renewals")["expected_periods"].first()
    assert by_age.is_monotonic_increasing
    assert len(by_age) == 2


def test_the_interval_of_the_total_holds_what_happens():
    truth, inside = ShiftedBetaGeometric(0.7, 2.1), []
    for seed in range(24):
        history = pd.concat([base(truth, y, 80, 10 * seed + y, first=2023 - y) for y in (3, 5, 9)])
        result = valued(history, discount_rate=0.0)
        rng = np.random.default_rng([seed, 99])
        passed, ahead = (result.table[name].to_numpy() for name in ("renewals", "renewals_ahead"))
        happened = 100.0 * truth.lifetimes(rng, passed, ahead).sum()
        low, high = result.interval
        inside.append(low <= happened <= high)
    assert abs(np.mean(inside) - 0.95) < 0.12


def test_renewal_rates_by_cohort_by_hand():
    rows = [
        ("a", "2020-01-01", "2021-01-01", 1.0), ("b", "2020-01-01", None, 1.0),
        ("c", "2020-02-01", "2022-02-01", 1.0), ("d", "2021-01-01", None, 1.0),
    ]  # fmt: skip
    rates = valued(table(*rows)).retention
    assert rates[["cohort", "period", "at_risk", "renewed"]].to_numpy().tolist() == [
        ["all", 1, 4, 3], ["all", 2, 3, 2], ["all", 3, 1, 1],
        ["2020", 1, 3, 2], ["2020", 2, 2, 1], ["2020", 3, 1, 1],
        ["2021", 1, 1, 1], ["2021", 2, 1, 1],
    ]  # fmt: skip
    assert rates["survival"].head(3).tolist() == pytest.approx([3 / 4, 1 / 2, 1 / 2])


def test_churn_by_year_by_hand():
    rows = [
        ("a", "2020-01-01", "2023-01-01", 1.0), ("b", "2021-01-01", None, 1.0),
        ("c", "2022-12-01", "2023-03-01", 1.0), ("d", "2021-06-30", "2021-12-01", 1.0),
    ]  # fmt: skip
    result = valued(table(*rows))
    assert result.churn[["open_at_start", "ended"]].to_numpy().tolist() == [[2, 1], [3, 1], [1, 0]]
    assert result.facts["churn_last_year"] == 0.5


def test_wilson_has_the_textbook_figures():
    low, high = wilson(np.array([0, 5, 10]), np.array([10, 10, 10]))
    assert low == pytest.approx([0, 0.2366, 0.7225], abs=1e-4)
    assert high == pytest.approx([0.2775, 0.7634, 1], abs=1e-4)


def test_a_constant_rate_is_the_limit_of_the_model():
    model = ShiftedBetaGeometric(2e8, 8e8)
    in_one = model.discounted_expected_residual_lifetime(0, discount_rate=0.1, wait=1)
    assert float(in_one) == pytest.approx(constant_value(1, 0.8, 0.1), rel=1e-6)
    assert constant_value(1, 0.8, 0.1, pays_now=True) == pytest.approx(1 + constant_value(1, 0.8, 0.1))
    with pytest.raises(InputError, match="no finite value"):
        constant_value(1, 1.0, 0.0)


def months(rows):
    return pd.DataFrame(rows, columns=["customer_id", "month", "net_revenue"])


def test_money_comes_from_the_orders_of_completed_periods():
    orders = months(
        [("a", "2020-01-01", 5.0), ("a", "2020-03-01", 100.0), ("a", "2021-05-01", 80.0),
         ("a", "2023-03-01", 20.0), ("a", "2023-04-01", 999.0), ("x", "2019-01-01", 1.0)]
    )  # fmt: skip
    rows = [("a", "2020-03-01", None, None), ("b", "2023-01-01", None, None), ("c", "2021-01-01", None, 9.0)]
    result = valued(table(*rows), customer_months=orders)
    assert result.table["value_per_period"].tolist() == [60.0, 60.0, 9.0]
    assert result.table["value_from"].tolist() == ["own orders", "mean", "stated"]
    assert "1 of 3 open contracts has no value stated" in said(result.warnings)


def test_the_mean_of_stated_values_stands_in_where_there_are_no_orders():
    result = valued(
        table(("a", "2020-01-01", None, 4.0), ("b", "2020-01-01", None, 8.0), ("c", "2020-01-01", None, None))
    )
    assert result.table["value_per_period"].tolist() == [4.0, 8.0, 6.0]
    assert "the mean of the others stands in for its value" in said(result.warnings)


def test_periods_before_the_first_order_of_the_company_do_not_count():
    orders = months([("a", "2021-06-01", 80.0), ("a", "2022-06-01", 40.0)])
    result = valued(table(("a", "2018-03-01", None, None)), customer_months=orders)
    assert result.table["value_per_period"].tolist() == [40.0]


def test_margin_counts_where_it_is_known():
    orders = months([("a", "2021-01-01", 80.0)]).assign(margin=30.0)
    result = valued(
        table(("a", "2021-01-01", None, None), ("b", "2021-01-01", None, 5.0)), customer_months=orders
    )
    assert result.basis == "margin"
    assert result.table["value_per_period"].tolist() == [15.0, 5.0]
    assert "must be margins too" in said(result.warnings)


@given(st.permutations(range(60)))
@settings(max_examples=4, deadline=None)
def test_the_order_of_rows_does_not_matter(order):
    contracts = base(ShiftedBetaGeometric(0.7, 2.1), 6, 60, 1, first=2016)
    first, second = valued(contracts), valued(contracts.iloc[list(order)])
    pd.testing.assert_frame_equal(first.table, second.table)
    assert np.array_equal(first.totals, second.totals)


def test_cohorts_that_differ_are_said_to():
    good = base(ShiftedBetaGeometric(0.5, 6.0), 8, 150, 1, first=2015).assign(cohort="direct")
    bad = base(ShiftedBetaGeometric(1.5, 2.0), 8, 150, 2, first=2015).assign(cohort="broker")
    apart = valued(pd.concat([good, bad.assign(customer_id="X" + bad["customer_id"])]))
    assert apart.cohorts_differ < 0.001
    assert "best direct, worst broker" in said(apart.warnings)
    assert "what cohort direct has" in said(apart.next_steps)
    alike = base(ShiftedBetaGeometric(0.7, 2.1), 8, 300, 3, first=2015)
    same = valued(alike.assign(cohort=np.resize(["direct", "broker"], 300)))
    assert same.cohorts_differ > 0.001
    assert "do not renew alike" not in said(same.warnings)


def test_rising_and_falling_renewal_get_opposite_words():
    def told(lost):
        left, rows = 300, []
        for period, number in enumerate(lost, start=1):
            rows += [(f"{period}-{i}", "2018-01-01", f"{2018 + period}-01-01", 1.0) for i in range(number)]
            left -= number
        return valued(table(*rows, *((f"o{i}", "2018-01-01", None, 1.0) for i in range(left))))

    rising, falling = told([150, 30, 10, 5]), told([10, 30, 60, 90])
    assert "more likely to stay again" in said(rising.findings)
    assert "lost later, not at the start" in said(falling.findings)
    assert "Renewal falls with the age" in said(falling.warnings)
    assert "Renewal falls with the age" not in said(rising.warnings)


SHAPES = {
    "none": ([], "holds no contract"),
    "one in its first year": ([("a", "2023-01-01", None, 10.0)], "No contract has come up for renewal"),
    "all ended": ([("a", "2019-01-01", "2020-01-01", 1.0)] , "The only contract has ended"),
    "money unknown": ([("a", "2019-01-01", None, None)], "Nothing is known of the money"),
    "one customer": ([("a", "2019-01-01", None, 10.0)], "The only open contract is expected to bring EUR"),
    "never ended": ([(str(i), "2019-01-01", None, 10.0) for i in range(12)], "The 12 open contracts are"),
    "never renewed": (
        [(str(i), "2019-01-01", "2020-01-01", 10.0) for i in range(12)] + [("x", "2023-01-01", None, 5.0)],
        "The only open contract is expected to bring EUR 0.",
    ),
    "at a loss": ([(str(i), "2019-01-01", None, -10.0) for i in range(3)], "expected to make a loss of EUR"),
    "worth nothing": ([(str(i), "2019-01-01", None, 0.0) for i in range(3)], "expected to bring EUR 0 in"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_base_of_any_shape_is_told_in_plain_words(shape):
    rows, opening = SHAPES[shape]
    result = valued(table(*rows))
    sentences = [*map(said, result.findings), *map(said, result.next_steps), *map(said, result.warnings)]
    assert opening in said(result.findings[0])
    assert not any("nan" in text.lower().split() or "None" in text for text in sentences)
    assert not any("1 contracts" in text or "1 renewals" in text for text in sentences)
    assert (result.equity is None) == bool(result.why_no_value) == (len(result.totals) == 0)
    assert isinstance(show(contract_survival, result), Picture if len(result.retention) else Prose)
    plt.close("all")


def test_without_churn_the_values_keep_a_chance_of_it():
    few, many = (valued(table(*((str(i), "2019-01-01", None, 1.0) for i in range(n)))) for n in (3, 300))
    assert few.table["p_renewal"].iloc[0] < many.table["p_renewal"].iloc[0] < 1
    assert few.fit is None
    assert "always renewed" in said(few.warnings[0])


def test_no_end_and_no_discount_may_have_no_value():
    contracts = base(ShiftedBetaGeometric(0.5, 2.0), 8, 300, 1, first=2015)
    result = valued(contracts, discount_rate=0.0)
    assert result.endless_value is None
    assert "no finite sum" in said(result.findings)
    assert result.equity > 0


def test_an_end_after_the_date_of_the_report_is_not_known_yet():
    result = valued(table(("a", "2020-01-01", "2023-12-31", 1.0), ("b", "2023-08-01", None, 1.0)))
    assert result.table["customer_id"].tolist() == ["a"]
    assert "1 contract has an end after 30 June 2023 and counts as open" in said(result.warnings)


def test_the_chart_tells_its_figures(company):
    picture = show(contract_survival, company)
    assert "Share of contracts still there" in picture.alt
    assert "cohorts 2010 and 2015" in picture.alt


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("a", "2020-01-01", "2019-12-31", 1)],
            r"row 1: customer 'a' has a contract that ended on 31 December",
        ),
        ([("a", "2020-01-01", None, 1), ("a", "2021-01-01", None, 1)], r"row 1 and row 2: customer 'a'"),
        ([("a", "2020-01-01", "2021-06-01", 1), ("a", "2021-01-01", None, 1)], r"runs until 1 June 2021"),
    ],
)
def test_contracts_that_cannot_be_are_named(rows, message):
    with pytest.raises(InputError, match=message):
        valued(table(*rows))


def test_contracts_reach_the_run_and_the_ledger(desk):
    desk.orders("a,2021-01-01,10.00", "a,2022-03-01,30.00", "b,2023-06-30,20.00")
    desk.settings("as_of: 2023-06-30\n" + desk.config.read_text() + CONTRACTS)
    desk.file(
        "contracts.csv",
        "who,since,until\na,2021-01-01,\nb,2020-01-01,2022-12-31\nz,2022-01-01,\n"
        "b,2024-01-01,\nb,,2021-01-01\nb,2023-01-01,soon\n",
    )
    inputs = desk.check()
    assert inputs.ledger.rows("contracts", "kept") == 3
    reasons = {line.reason: line.rows for line in inputs.ledger.of("contracts", "excluded")}
    assert reasons == {"date after as_of": 1, "unreadable date": 1, "unreadable ended_on": 1}
    assert "contracts: 1 customer has no order." in inputs.warnings
    workbook = Workbook(load_settings(desk.config), desk.run())
    result = contract_value_of(workbook, horizon_months=12)
    assert result.table["customer_id"].tolist() == ["a", "z"]
    assert result.table["value_per_period"].tolist() == pytest.approx([20.0, 40 / 3])
    assert result.customer_ids == {"a", "b", "z"}
    assert workbook.state.provenance["parameters"]["contracts"] == {"period_months": 12}


def test_a_report_without_contracts_has_no_contract_value(desk):
    desk.orders("a,2021-01-01,10.00")
    assert contract_value_of(Workbook(load_settings(desk.config), desk.run())) is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "a,2020-01-01,2020-12-31\nb,2020-01-01,\na,2020-06-01,\n",
            r"contracts.csv, row 2 and contracts.csv, row 4: customer 'a' has a contract from 1 June 2020",
        ),
        (
            "b,2020-01-01,\na,2020-01-01,2019-01-01\n",
            r"contracts.csv, row 3: customer 'a' has a contract that",
        ),
        ("a,2020-01-01,\na,2020-01-01,\n", r"row 2 and contracts.csv, row 3"),
    ],
)
def test_impossible_contracts_are_named_by_file_and_row(desk, lines, message):
    desk.orders("a,2021-01-01,10.00", "b,2021-01-01,10.00")
    desk.settings(desk.config.read_text() + CONTRACTS)
    desk.file("contracts.csv", "who,since,until\n" + lines)
    with pytest.raises(InputError, match=message):
        desk.check()
