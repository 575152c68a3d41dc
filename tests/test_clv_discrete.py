"""BG/BB and sBG: published figures, extremes against mpmath, invariants, recovery, errors."""

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_value.clv import bg_bb, sbg
from customer_value.clv.bg_bb import BetaGeoBetaBinomial
from customer_value.clv.counts import Opportunities, Renewals
from customer_value.clv.sbg import ShiftedBetaGeometric, plausible_models
from customer_value.clv.survival import expected_stay
from customer_value.errors import FitError, InputError

# Fader, Hardie & Shang 2010, Marketing Science 29(6), table 1: 11,104 people who first gave in 1995,
# by gifts in the six years after, year of the last gift, and number of people.
DONORS = pd.DataFrame(
    [
        (0, 0, 3464), (1, 1, 1091), (1, 2, 277), (1, 3, 129), (1, 4, 78), (1, 5, 119), (1, 6, 129),
        (2, 2, 613), (2, 3, 255), (2, 4, 155), (2, 5, 173), (2, 6, 234), (3, 3, 322), (3, 4, 181),
        (3, 5, 225), (3, 6, 357), (4, 4, 240), (4, 5, 284), (4, 6, 512), (5, 5, 335), (5, 6, 728),
        (6, 6, 1203),
    ],
    columns=["frequency", "recency", "weight"],
).assign(opportunities=6)  # fmt: skip

# Fader & Hardie 2007, Journal of Interactive Marketing 21(1): customers left of 1,000 after each year.
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]

rate = st.floats(0.05, 30)
history = st.integers(0, 12).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n)).flatmap(
        lambda p: st.tuples(st.just(p[0]), st.just(p[1]), st.integers(min(p[1], 1), p[1]))
    )
)


def renewals(left):
    return pd.DataFrame({"periods": range(1, len(left)), "at_risk": left[:-1], "lost": -np.diff(left)})


def contracts(left):
    """The same customers, one row per kind of contract."""
    lost = -np.diff(left)
    return pd.DataFrame(
        {
            "periods": [*range(1, len(left)), len(left) - 1],
            "churned": [1] * len(lost) + [0],
            "weight": [*lost, left[-1]],
        }
    )


@pytest.fixture(scope="module")
def donors():
    return BetaGeoBetaBinomial.fit(DONORS)


def test_donors_are_fitted_as_published(donors):
    published = {"alpha": 1.203522, "beta": 0.749716, "gamma": 0.656718, "delta": 2.783442}
    assert donors.parameters == pytest.approx(published, abs=0.001)
    assert donors.log_likelihood == pytest.approx(-33225.5813, abs=0.001)
    assert donors.customers == 11104
    assert donors.undetermined == ()


def test_a_new_donor_gives_as_often_as_published(donors):
    published = [
        0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887,
    ]  # fmt: skip
    assert donors.model.expected_purchases(range(1, 12)) == pytest.approx(published, abs=6e-5)


def test_known_donors_give_as_often_as_published(donors):
    # Same paper, table of expected gifts in 2002-2006 as a function of recency and frequency.
    x, t_x = [0, 1, 2, 3, 4, 5, 6], [0, 6, 6, 6, 6, 6, 6]
    expected = donors.model.conditional_expected_purchases(5, x, t_x, 6)
    assert expected == pytest.approx([0.07, 1.15, 1.67, 2.19, 2.71, 3.23, 3.75], abs=0.006)
    assert float(donors.model.p_alive(0, 0, 6, ahead=1)) == pytest.approx(0.11, abs=0.005)


@pytest.mark.parametrize(
    ("left", "alpha", "beta", "log_likelihood"),
    [(REGULAR, 0.704077, 1.182043, -1680.2652), (HIGH_END, 0.668088, 3.806095, -1611.1581)],
)
def test_contracts_are_fitted_as_published(left, alpha, beta, log_likelihood):
    fit = ShiftedBetaGeometric.fit(renewals(left))
    assert fit.parameters == pytest.approx({"alpha": alpha, "beta": beta}, abs=0.001)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.001)
    assert fit.customers == 1000


def test_the_survival_of_regular_customers_is_foretold():
    model = ShiftedBetaGeometric.fit(renewals(REGULAR)).model
    later = [0.223, 0.207, 0.194, 0.183, 0.173]
    assert model.survival(range(8, 13)) == pytest.approx(later, abs=0.006)


def test_residual_lifetimes_are_the_published_ones():
    # Fader & Hardie 2010, Marketing Science 29(1): coming renewal 1 to 5.
    model = ShiftedBetaGeometric(3.8, 15.2)
    derl = model.discounted_expected_residual_lifetime(range(5), discount_rate=0.1)
    assert derl == pytest.approx([3.31, 3.45, 3.59, 3.72, 3.84], abs=0.006)


def test_a_tiny_base_by_hand():
    model = ShiftedBetaGeometric(1.0, 1.0)
    assert model.survival([0, 1, 2, 3]) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert model.churn([1, 2, 3]) == pytest.approx([1 / 2, 1 / 6, 1 / 12])
    assert model.retention([1, 2]) == pytest.approx([1 / 2, 2 / 3])
    assert model.expected_lifetime(3) == pytest.approx(1 + 1 / 2 + 1 / 3)
    due_now = model.discounted_expected_residual_lifetime(1, discount_rate=0.25, horizon=2)
    assert float(due_now) == pytest.approx(2 / 3 + 0.5 / 1.25)
    in_half = model.discounted_expected_residual_lifetime(1, discount_rate=0.25, horizon=2, wait=0.5)
    assert float(in_half) == pytest.approx((2 / 3 + 0.5 / 1.25) / 1.25**0.5)


def test_one_opportunity_by_hand():
    model = BetaGeoBetaBinomial(1.0, 3.0, 1.0, 4.0)
    there = 4 / 5
    assert model.probability_of_purchases([0, 1, 2], 1) == pytest.approx([1 - there / 4, there / 4, 0])
    assert float(model.p_alive(0, 0, 1)) == pytest.approx(there * 0.75 / (1 - there / 4))
    assert float(model.p_alive(1, 1, 1)) == 1
    assert float(model.p_alive(1, 1, 1, ahead=1)) == pytest.approx(5 / 6)
    assert float(model.expected_purchases(1)) == pytest.approx(there / 4)


EXTREME = [
    (0.5, 0.5, 0.7, 2.0, 0, 0, 3000), (0.5, 0.5, 0.7, 2.0, 5000, 5000, 5000),
    (3.0, 900.0, 0.02, 40.0, 7, 4999, 5000), (1e-3, 1e-3, 1e-3, 1e-3, 3, 20, 1500),
    (1e5, 2e5, 1e4, 1e5, 30, 90, 120), (2.0, 1.0, 1.0, 1.0, 1, 1, 2000),
]  # fmt: skip


@pytest.mark.parametrize("case", EXTREME)
def test_bg_bb_agrees_with_mpmath_at_extremes(case):
    *parameters, x, t_x, n = case
    model = BetaGeoBetaBinomial(*parameters)
    with mp.workdps(40):
        exact, alive = precise_bg_bb(parameters, x, t_x, n)
    assert float(model.log_likelihood(x, t_x, n)) == pytest.approx(float(exact), rel=1e-10)
    assert float(model.p_alive(x, t_x, n)) == pytest.approx(float(alive), rel=1e-9)


@pytest.mark.parametrize("case", [(1.2, 0.7, 0.6, 2.8, 2, 3, 9), (5.0, 80.0, 0.1, 9.0, 1, 40, 300)])
def test_gradients_of_bg_bb_agree_with_mpmath(case):
    *parameters, x, t_x, n = case
    data = Opportunities(*(np.array([float(v)]) for v in (x, t_x, n)), np.ones(1))
    slopes = bg_bb._likelihood(np.array(parameters), data)[1]
    with mp.workdps(40):
        exact = [
            mp.diff(lambda v, i=i: precise_bg_bb([*parameters[:i], v, *parameters[i + 1 :]], x, t_x, n)[0], p)
            for i, p in enumerate(parameters)
        ]
    assert slopes == pytest.approx([float(value) for value in exact], rel=1e-9)


def test_the_information_of_bg_bb_is_that_of_finite_differences(donors):
    data, size = Opportunities.of(DONORS), 1e-5

    def slope(logs):
        return bg_bb._likelihood(np.exp(logs), data)[1] * np.exp(logs)

    logs = np.log(list(donors.parameters.values()))
    moves = size * np.eye(4)
    matrix = np.array([(slope(logs + move) - slope(logs - move)) / (2 * size) for move in moves])
    assert np.linalg.inv(-matrix) == pytest.approx(donors.covariance, rel=1e-4)


@pytest.mark.parametrize("alpha", [0.02, 1.0, 40.0])
@pytest.mark.parametrize("beta", [0.3, 500.0])
@pytest.mark.parametrize("discount", [2.6e-4, 0.1])
def test_endless_lifetimes_agree_with_mpmath(alpha, beta, discount):
    ours = expected_stay(alpha, beta, np.array([7.0]), discount_rate=discount, horizon=None)[0]
    with mp.workdps(30):
        b, z = mp.mpf(beta) + 7, 1 / (1 + mp.mpf(discount))
        exact = z * b / (alpha + b) * mp.hyp2f1(1, b + 1, alpha + b + 1, z)
    assert ours == pytest.approx(float(exact), rel=1e-10)


def test_gradients_of_sbg_agree_with_mpmath():
    data = Renewals.of(contracts(HIGH_END))
    slopes = sbg._likelihood(0.6, 3.1, np.arange(7), data)[1]

    def exact(a, b):
        lost, kept = data.lost.tolist(), (data.at_risk - data.lost).tolist()
        terms = [out * mp.log(a / (a + b + t)) + stay * mp.log((b + t) / (a + b + t))
                 for t, (out, stay) in enumerate(zip(lost, kept, strict=True))]  # fmt: skip
        return mp.fsum(terms)

    by_alpha, by_beta = mp.diff(lambda a: exact(a, 3.1), 0.6), mp.diff(lambda b: exact(0.6, b), 3.1)
    assert slopes == pytest.approx([float(by_alpha), float(by_beta)], rel=1e-8)


def test_huge_parameters_are_a_constant_rate():
    model = ShiftedBetaGeometric(2e8, 8e8)
    assert model.survival([1, 10, 100]) == pytest.approx([0.8, 0.8**10, 0.8**100], rel=1e-6)
    derl = model.discounted_expected_residual_lifetime([0, 50], discount_rate=0.1)
    assert derl == pytest.approx([0.8 * 1.1 / 0.3] * 2, rel=1e-6)


@given(rate, rate, rate, rate, st.integers(0, 25))
@settings(max_examples=40, deadline=None)
def test_probabilities_of_purchases_sum_to_one(alpha, beta, gamma, delta, n):
    model = BetaGeoBetaBinomial(alpha, beta, gamma, delta)
    chances = model.probability_of_purchases(np.arange(n + 1), n)
    assert chances.min() >= 0
    assert chances.sum() == pytest.approx(1, rel=1e-11)
    assert np.sum(chances * np.arange(n + 1)) == pytest.approx(float(model.expected_purchases(n)), rel=1e-9)


@given(rate, rate, rate, rate, history, st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_being_alive_is_a_probability_and_purchases_rise(alpha, beta, gamma, delta, seen, ahead):
    n, t_x, x = seen
    model = BetaGeoBetaBinomial(alpha, beta, gamma, delta)
    alive = model.p_alive(x, t_x, n, ahead=range(5))
    assert alive.min() >= 0
    assert alive.max() <= 1
    assert np.all(np.diff(alive) <= 0)
    steps = model.conditional_expected_purchases(range(ahead + 1), x, t_x, n)
    assert np.all(np.diff(steps) >= 0)
    worth = model.discounted_expected_purchases(x, t_x, n, discount_rate=0.1, horizon=ahead)
    assert float(worth) <= float(steps[-1]) + 1e-12
    assert float(worth) <= float(model.discounted_expected_purchases(x, t_x, n, discount_rate=0.1))


@given(rate, rate, st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_lifetimes_are_a_distribution_and_retention_rises(alpha, beta, t):
    model, times = ShiftedBetaGeometric(alpha, beta), np.arange(1, t + 1)
    assert model.churn(times).sum() + float(model.survival(t)) == pytest.approx(1)
    assert np.all(np.diff(model.retention(times)) > 0)
    assert model.expected_lifetime(t) == pytest.approx(model.survival(np.arange(t)).sum())


@given(st.permutations(range(len(DONORS))))
@settings(max_examples=3, deadline=None)
def test_the_order_of_rows_does_not_matter(order):
    shuffled = BetaGeoBetaBinomial.fit(DONORS.iloc[list(order)])
    assert shuffled.parameters == BetaGeoBetaBinomial.fit(DONORS).parameters


def test_weights_are_repeated_rows(donors):
    repeated = DONORS.loc[DONORS.index.repeat(DONORS["weight"])].drop(columns="weight")
    assert BetaGeoBetaBinomial.fit(repeated).parameters == donors.parameters
    kinds = contracts(REGULAR)
    single = kinds.loc[kinds.index.repeat(kinds["weight"])].drop(columns="weight")
    fits = [ShiftedBetaGeometric.fit(table).parameters for table in (kinds, single, renewals(REGULAR))]
    assert fits[0] == fits[1] == fits[2]


def test_cohorts_of_different_age_count_as_far_as_they_were_seen():
    young, old = contracts(REGULAR[:3]), contracts(REGULAR)
    both = ShiftedBetaGeometric.fit(pd.concat([young, old])).parameters
    table = pd.concat([renewals(REGULAR[:3]), renewals(REGULAR)])
    assert ShiftedBetaGeometric.fit(table).parameters == both


def test_contracts_that_are_first_seen_late_do_not_bend_the_fit():
    everyone = ShiftedBetaGeometric(0.7, 2.0).simulate(np.full(20_000, 8), seed=3)
    late = everyone[everyone["periods"] > 2].assign(entered=2)
    fit = ShiftedBetaGeometric.fit(late)
    low, high = fit.interval()["alpha"]
    assert low < 0.7 < high
    assert not low < ShiftedBetaGeometric.fit(late.drop(columns="entered")).model.alpha < high


def test_intervals_of_sbg_hold_the_truth_nineteen_times_in_twenty():
    truth, inside = ShiftedBetaGeometric(0.8, 2.4), []
    watched = np.repeat([3, 5, 8], 300)
    for seed in range(80):
        bounds = ShiftedBetaGeometric.fit(truth.simulate(watched, seed)).interval()
        inside.append([low < getattr(truth, name) < high for name, (low, high) in bounds.items()])
    assert np.all(np.abs(np.mean(inside, axis=0) - 0.95) < 0.073)


def test_intervals_of_bg_bb_hold_the_truth_nineteen_times_in_twenty():
    truth, inside = BetaGeoBetaBinomial(1.2, 0.75, 0.66, 2.8), []
    for seed in range(30):
        bounds = BetaGeoBetaBinomial.fit(truth.simulate(np.full(1500, 6), seed)).interval()
        inside.append([low < getattr(truth, name) < high for name, (low, high) in bounds.items()])
    assert np.all(np.abs(np.mean(inside, axis=0) - 0.95) < 0.12)


def test_simulated_histories_have_the_expected_counts():
    model = BetaGeoBetaBinomial(1.2, 0.75, 0.66, 2.8)
    counts = np.bincount(model.simulate(np.full(40_000, 6), seed=1)["frequency"], minlength=7) / 40_000
    assert counts == pytest.approx(model.probability_of_purchases(np.arange(7), 6), abs=0.008)


def test_a_fit_of_donors_can_be_simulated_and_refitted(donors):
    assert len(donors.simulate(seed=1)) == 11104
    spread = donors.bootstrap(10, seed=1).std()
    assert spread["alpha"] == pytest.approx(donors.standard_errors["alpha"], rel=0.7)


def test_churn_that_does_not_fall_with_age_leaves_both_parameters_open():
    left = [100_000, 80_000, 64_000, 51_200, 40_960]
    fit = ShiftedBetaGeometric.fit(renewals(left))
    assert fit.undetermined == ("alpha", "beta")
    assert fit.standard_errors["alpha"] == float("inf")
    assert fit.model.retention([1, 4]) == pytest.approx([0.8, 0.8], abs=0.001)


def test_models_that_agree_with_thin_data_are_spread_as_the_data_allow():
    rng = np.random.default_rng(1)
    rates = {}
    for number in (4, 400):
        seen = Renewals.of(
            pd.DataFrame({"periods": [1, 1], "churned": [1, 0], "weight": [number, 3 * number]})
        )
        rates[number] = np.array([m.alpha / (m.alpha + m.beta) for m in plausible_models(seen, 2000, rng)])
    assert rates[400].mean() == pytest.approx(0.25, abs=0.003)
    assert rates[400].std() == pytest.approx(np.sqrt(0.25 * 0.75 / 1600), rel=0.1)
    assert rates[4].std() == pytest.approx(np.sqrt(5 * 13 / 18**2 / 19), rel=0.1)  # beta(5, 13)


WRONG = [
    (
        {"frequency": [1, 2], "recency": [2, 7], "opportunities": [3, 6]},
        "Row 2: recency 7 is after the last of 6",
    ),
    ({"frequency": [3], "recency": [2], "opportunities": [6]}, "Row 1: frequency 3 is more than the 2"),
    (
        {"frequency": [1], "recency": [0], "opportunities": [6]},
        "Row 1: recency 0 although there are purchases",
    ),
    (
        {"frequency": [0], "recency": [1], "opportunities": [6]},
        "Row 1: recency 1 although there is no purchase",
    ),
    (
        {"frequency": [0, 1.5], "recency": [0, 2], "opportunities": [6, 6]},
        "Row 2: frequency 1.5 is not a whole",
    ),
    ({"frequency": [1], "recency": [np.nan], "opportunities": [6]}, "Row 1: recency missing"),
    ({"frequency": [1], "recency": [1]}, "no column opportunities"),
]


@pytest.mark.parametrize(("table", "message"), WRONG)
def test_histories_that_cannot_be_are_named(table, message):
    with pytest.raises(InputError, match=message):
        BetaGeoBetaBinomial.fit(pd.DataFrame(table))


WRONG_CONTRACTS = [
    ({"periods": [2, 0], "churned": [1, 1]}, "Row 2: periods 0 although the contract ended"),
    ({"periods": [1], "churned": [2]}, "Row 1: churned 2 is neither"),
    ({"periods": [1], "churned": [1], "entered": [1]}, "Row 1: entered 1 leaves no renewal"),
    ({"periods": [1, 2], "at_risk": [5, 4], "lost": [1, 5]}, "Row 2: lost 5 is more than were at risk"),
    ({"periods": [0], "at_risk": [5], "lost": [1]}, "Row 1: periods 0 is below 1"),
    ({"periods": [1]}, "no column churned"),
]


@pytest.mark.parametrize(("table", "message"), WRONG_CONTRACTS)
def test_contracts_that_cannot_be_are_named(table, message):
    with pytest.raises(InputError, match=message):
        ShiftedBetaGeometric.fit(pd.DataFrame(table))


@pytest.mark.parametrize(
    ("periods", "churned", "why"),
    [(0, 0, "come up for renewal"), (2, 0, "no contract has ended"), (1, 1, "every contract ended")],
)
def test_contracts_that_tell_nothing_are_refused_in_words(periods, churned, why):
    with pytest.raises(FitError, match=why):
        ShiftedBetaGeometric.fit(pd.DataFrame({"periods": [periods] * 9, "churned": [churned] * 9}))


def test_other_requests_that_cannot_be_are_refused():
    model = ShiftedBetaGeometric(0.9, 2.0)
    with pytest.raises(InputError, match=r"alpha is 0\.9, not above 1"):
        model.expected_lifetime()
    with pytest.raises(InputError, match=r"discount rate -0\.1"):
        model.discounted_expected_residual_lifetime(1, discount_rate=-0.1)
    with pytest.raises(InputError, match="sBG: beta is -1"):
        ShiftedBetaGeometric(1.0, -1.0)
    with pytest.raises(InputError, match="no finite sum"):
        BetaGeoBetaBinomial(1, 1, 0.5, 1).discounted_expected_purchases(0, 0, 3, discount_rate=0)
    with pytest.raises(FitError, match="none of 3 customers bought"):
        BetaGeoBetaBinomial.fit(pd.DataFrame({"frequency": [0] * 3, "recency": 0, "opportunities": 4}))


def precise_bg_bb(parameters, x, t_x, n):
    """Log likelihood and P(alive) as the paper writes them, in high precision."""
    a, b, c, d = (mp.mpf(v) for v in parameters)

    def log_beta(u, v):
        return mp.loggamma(u) + mp.loggamma(v) - mp.loggamma(u + v)

    whole = log_beta(a, b) + log_beta(c, d)
    stayed = mp.exp(log_beta(a + x, b + n - x) + log_beta(c, d + n) - whole)
    term = mp.exp(log_beta(a + x, b + t_x - x) + log_beta(c + 1, d + t_x) - whole)
    total = stayed
    for m in range(t_x, n):
        total += term
        term *= (b + m - x) / (a + b + m) * (d + m) / (c + d + m + 1)
    return mp.log(total), stayed / total
