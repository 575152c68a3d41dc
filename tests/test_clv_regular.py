"""The model for regular buyers: against arithmetic, against purchases drawn one by one, and its laws."""

from pathlib import Path

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betainc, betaln, gammaln, roots_genlaguerre, roots_jacobi

from customer_value import clv
from customer_value.clv import renewals
from customer_value.clv.mbg_cnbd import ModifiedBetaGeoCNBD, summary_with_gaps
from customer_value.clv.rhythm import Rhythm
from customer_value.errors import FitError, InputError

CDNOW = Path(__file__).parents[1] / "data" / "sample" / "cdnow" / "orders.csv"

THREE = ModifiedBetaGeoCNBD(r=0.85, alpha=1.45, a=0.79, b=2.42, k=3)
REGULAR = ModifiedBetaGeoCNBD(r=3.0, alpha=3.0, a=0.8, b=6.0, k=4)

positive = st.floats(0.05, 20)
histories = st.tuples(st.integers(0, 60), st.floats(0.01, 0.99), st.floats(1, 300)).map(
    lambda h: (h[0], h[1] * h[2] if h[0] else 0.0, h[2])
)


def table(x, t_x, T, gaps=None):
    one = {"frequency": [x], "recency": [t_x], "T": [T]}
    return pd.DataFrame(one if gaps is None else one | {"gap_log_sum": [np.log(gaps).sum()]})


def drawn_one_by_one(model, number, T, ahead, seed, most=200):
    """Customers whose purchases are drawn one by one: histories, purchases ahead, whether still there."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(model.r, 1 / model.alpha, number), rng.beta(model.a, model.b, number)
    gaps = rng.gamma(model.k, 1, (number, most)) / rate[:, None]
    stays = np.cumprod(rng.random((number, most)) >= leave[:, None], axis=1).astype(bool)
    at = np.where(stays, np.cumsum(gaps, axis=1), np.inf)
    seen = at <= T
    x = seen.sum(axis=1)
    last = np.where(seen, at, 0.0).max(axis=1)
    logs = np.where(seen, np.log(gaps), 0.0).sum(axis=1)
    summary = pd.DataFrame({"frequency": x, "recency": last, "T": float(T), "gap_log_sum": logs})
    later = ((at > T) & (at <= T + ahead)).sum(axis=1)
    return summary, later, stays[np.arange(number), x]


# ---------------------------------------------------------------- likelihood


def mp_log_likelihood(parameters, k, x, t_x, T):
    r, alpha, a, b = parameters
    start = mp.gamma(r + k * x) / mp.gamma(r) * alpha**r / mp.beta(a, b)
    waiting = mp.fsum(
        mp.rf(r + k * x, j) / mp.factorial(j) * (T - t_x) ** j * (alpha + T) ** -(r + k * x + j)
        for j in range(k)
    )
    there = mp.beta(a, b + x + 1) * waiting
    gone = mp.beta(a + 1, b + x) * (alpha + t_x) ** -(r + k * x)
    return mp.log(start * (there + gone))


@pytest.mark.parametrize(("k", "gaps", "T"), [(2, [4.0], 9.0), (3, [4.0, 5.0], 16.0), (5, [], 8.0)])
def test_the_likelihood_is_the_integral_over_rates_and_dropout(k, gaps, T):
    model, t_x = ModifiedBetaGeoCNBD(1.7, 2.1, 1.3, 2.5, k), sum(gaps)
    density = np.prod([g ** (k - 1) for g in gaps]) / np.exp(gammaln(k)) ** len(gaps)

    leave, leave_weights = roots_jacobi(40, model.b - 1, model.a - 1)
    rate, rate_weights = roots_genlaguerre(120, model.r - 1)
    p, rate = (leave + 1) / 2, rate[:, None] / (model.alpha + t_x)
    silent = rate * (T - t_x)
    wait = np.exp(-silent) * sum(silent**j / np.exp(gammaln(j + 1)) for j in range(k))
    bought = rate ** (k * len(gaps)) * density * (1 - p) ** len(gaps)
    rates = rate_weights / rate_weights.sum() * (model.alpha / (model.alpha + t_x)) ** model.r
    mean = rates @ (bought * (p + (1 - p) * wait)) @ (leave_weights / leave_weights.sum())
    exact = np.log(mean)
    assert model.log_likelihood(table(len(gaps), t_x, T, gaps)) == pytest.approx(exact, rel=1e-7)


def test_without_gaps_the_likelihood_is_that_of_the_last_purchase():
    def of_gap(first):
        return np.exp(THREE.log_likelihood(table(2, 9.0, 16.0, [first, 9.0 - first])))

    found = np.exp(THREE.log_likelihood(table(2, 9.0, 16.0)))
    assert found * 9.0 == pytest.approx(quad(of_gap, 0, 9)[0], rel=1e-9)


@pytest.mark.parametrize("k", [2, 5])
def test_slopes_and_second_derivatives_are_exact(k):
    rows = [(0, 0.0, 20.0), (1, 3.0, 35.0), (4, 30.0, 39.0), (40, 38.9, 39.0)]
    values = np.array([0.85, 1.45, 0.79, 2.42])
    rhythm = Rhythm.of(pd.DataFrame(rows, columns=["frequency", "recency", "T"]), k)
    with mp.workdps(30):

        def log_likelihood(*parameters):
            return mp.fsum(mp_log_likelihood(parameters, k, *map(mp.mpf, row)) for row in rows)

        order = [tuple(int(n) for n in step) for step in np.eye(4)]
        slope = [float(mp.diff(log_likelihood, tuple(values), n)) for n in order]
        own = [float(mp.diff(log_likelihood, tuple(values), tuple(2 * i for i in n))) for n in order]
        cross = float(mp.diff(log_likelihood, tuple(values), (1, 1, 0, 0)))
        level = float(log_likelihood(*values))
    value, found, bend = ModifiedBetaGeoCNBD._curvature(values, rhythm)
    assert value - rhythm.timing == pytest.approx(level, rel=1e-12)
    assert found == pytest.approx(slope, rel=1e-9)
    assert np.diag(bend) == pytest.approx(own, rel=1e-8)
    assert bend[0, 1] == pytest.approx(cross, rel=1e-8)
    assert bend == pytest.approx(bend.T, rel=1e-9, abs=1e-12)


# ---------------------------------------------------------------- p(alive)


@pytest.mark.parametrize("k", [1, 2, 12])
@pytest.mark.parametrize(
    ("x", "t_x", "T"),
    [
        (0, 0, 39),
        (1, 0.01, 200),
        (26, 30.857, 31),
        (60, 38.9999, 39),
        (900, 129, 130),
        (5000, 9999.99, 10000),
    ],
)
def test_p_alive_is_exact_at_extremes(k, x, t_x, T):
    model = ModifiedBetaGeoCNBD(0.525, 6.183 / k, 0.891, 1.614, k)
    with mp.workdps(30):
        r, alpha, a, b = (mp.mpf(v) for v in model._values())
        share = (T - mp.mpf(t_x)) / (alpha + T)
        stages = mp.fsum(mp.rf(r + k * x, j) / mp.factorial(j) * share**j for j in range(k))
        odds = a / (b + x) * ((alpha + T) / (alpha + t_x)) ** (r + k * x) / stages
        exact = float(1 / (1 + odds))
    assert float(model.p_alive(x, t_x, T)) == pytest.approx(exact, rel=1e-11)


@settings(max_examples=20, deadline=None)
@given(positive, positive, positive, positive, st.integers(1, 12), histories, st.floats(0, 50))
def test_the_longer_the_silence_the_less_alive(r, alpha, a, b, k, history, longer):
    x, t_x, T = history
    now, later = ModifiedBetaGeoCNBD(r, alpha, a, b, k).p_alive(x, t_x, [T, T + longer])
    assert 0 <= later <= now + 1e-12
    assert now <= 1


def test_silence_tells_more_of_regular_buyers():
    soon, late = [], []
    for k in (1, 2, 4, 8):
        model = ModifiedBetaGeoCNBD(3.0, 12.0 / k, 0.8, 6.0, k)
        chances = model.p_alive(8, 32, [34, 44])
        soon.append(chances[0])
        late.append(chances[1])
    assert (np.diff(late) < 0).all()
    assert (np.diff(soon) > 0).all()


# ---------------------------------------------------------------- purchases ahead


def sum_of_incomplete_betas(model, x, t_x, T, t):
    """Expected purchases of a customer alive at T: over stages and over the n-th purchase ahead."""
    k, start = model.k, model.alpha + T
    stage, shape = np.arange(k), model.r + k * x + np.arange(k)
    logs = gammaln(shape) - gammaln(stage + 1)
    weights = np.exp(logs - logs.max()) * ((T - t_x) / start) ** stage
    n = np.arange(1, 6000)[:, None]
    stay = model.b + x + 1
    there = np.exp(betaln(model.a, stay + n - 1) - betaln(model.a, stay))
    within = betainc(n * k - stage, shape, t / (start + t))
    return float((there * within).sum(axis=0) @ weights / weights.sum())


@pytest.mark.parametrize("k", [1, 2, 3, 7, 12])
@pytest.mark.parametrize(
    ("x", "t_x", "T", "t"),
    [(0, 0, 39, 39), (0, 0, 0, 300), (3, 20, 39, 52), (20, 38, 39, 5), (3, 5, 100, 20)],
)
def test_purchases_ahead_are_the_sum_over_stages_and_purchases(k, x, t_x, T, t):
    model = ModifiedBetaGeoCNBD(0.525, 6.183, 0.891, 1.614, k)
    found = model.conditional_expected_purchases(t, x, t_x, T) / model.p_alive(x, t_x, T)
    assert float(found) == pytest.approx(sum_of_incomplete_betas(model, x, t_x, T, t), rel=1e-10)


@pytest.mark.parametrize(
    ("k", "x", "t_x", "T", "t"),
    [
        (2, 900, 129, 130, 100),
        (3, 5000, 9990, 10000, 300),
        (12, 5000, 9999, 10000, 50),
        (3, 40, 100, 104, 1500),
    ],
)
def test_purchases_ahead_are_exact_at_extremes(k, x, t_x, T, t):
    model = ModifiedBetaGeoCNBD(0.525, 6.183 / k, 0.891, 1.614, k)
    found = model.conditional_expected_purchases(t, x, t_x, T) / model.p_alive(x, t_x, T)
    with mp.workdps(30):
        assert float(found) == pytest.approx(mp_purchases_ahead(model, x, t_x, T, t), rel=2e-10)


def mp_purchases_ahead(model, x, t_x, T, t):
    """The mean over hidden events within t, in exact arithmetic."""
    k, start, stay = model.k, mp.mpf(model.alpha) + T, mp.mpf(model.b) + x + 1
    share, z, total, whole = (T - mp.mpf(t_x)) / start, t / (start + t), mp.mpf(0), mp.mpf(0)
    for stage in range(k):
        shape = mp.mpf(model.r) + k * x + stage
        weight = mp.rf(shape - stage, stage) / mp.factorial(stage) * share**stage
        exactly, expected, there, mean, event = (1 - z) ** shape, mp.mpf(0), mp.mpf(1), shape * z / (1 - z), 0
        purchases, n = mp.mpf(0), 0
        while event < mean or exactly * event > mp.mpf(10) ** -15:
            if (event + stage) // k > n:
                purchases, n = purchases + there, n + 1
                there *= (stay + n - 1) / (model.a + stay + n - 1)
            expected += exactly * purchases
            exactly *= (shape + event) / (event + 1) * z
            event += 1
        total, whole = total + weight * expected, whole + weight
    return float(total / whole)


@pytest.mark.parametrize("k", [1, 3, 12])
@pytest.mark.parametrize(("leave", "stay"), [(0.8, 2.6), (20.0, 100.0), (1e-5, 1e5)])
def test_very_many_purchases_are_summed_as_an_integral(k, leave, stay):
    for force in (0.0, 30.0):
        rates = np.array([2e4, 6e4])
        given = rates + force, -np.log1p(force / rates), leave, stay
        assert renewals._sum_over_many(k, *given) == pytest.approx(
            renewals._sum_over_events(k, *given), rel=3e-10
        )


@pytest.mark.parametrize(("k", "history"), [(2, (0, 0, 0)), (3, (3, 20, 39)), (12, (6, 30, 33))])
def test_discounted_purchases_follow_from_the_undiscounted(k, history):
    model, force, horizon = ModifiedBetaGeoCNBD(0.85, 1.45, 0.79, 2.42, k), 0.01, 80.0
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u = (nodes + 1) * horizon / 2
    within = model.conditional_expected_purchases(u, *history) * np.exp(-force * u)
    last = float(model.conditional_expected_purchases(horizon, *history)) * np.exp(-force * horizon)
    exact = last + force * float(within @ weights) * horizon / 2
    found = model.discounted_expected_purchases(*history, discount_rate=np.expm1(force), horizon=horizon)
    assert float(found) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("a", [0.05, 0.49, 0.51, 1.0, 40.0])
@pytest.mark.parametrize("k", [1, 3, 12])
def test_a_far_horizon_is_all_future(a, k):
    model, history = ModifiedBetaGeoCNBD(0.85, 1.45, a, 2.42, k), ([0, 3, 30], [0, 20, 36], 39)
    far = model.discounted_expected_purchases(*history, discount_rate=np.expm1(0.05), horizon=44 / 0.05)
    found = model.discounted_expected_purchases(*history, discount_rate=np.expm1(0.05))
    assert found == pytest.approx(far, rel=1e-10)


def test_nothing_happens_where_dropout_passes_one():
    near, at = (ModifiedBetaGeoCNBD(0.9, 1.5, a, 2.4, 3) for a in (1.0 - 1e-9, 1.0))
    assert float(at.expected_purchases(50)) == pytest.approx(float(near.expected_purchases(50)), rel=1e-8)


def test_purchases_without_end_and_discount_have_their_closed_form():
    model = ModifiedBetaGeoCNBD(0.9, 1.5, 3.0, 2.4, 3)
    found = model.discounted_expected_purchases(4, 30, 39, discount_rate=0.0)
    assert float(found) == pytest.approx(float(model.p_alive(4, 30, 39)) * (3 + 2.4 + 4) / (3 - 1))
    with pytest.raises(InputError, match="no finite sum"):
        THREE.discounted_expected_purchases(4, 30, 39, discount_rate=0.0)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), histories, st.floats(0, 100), st.floats(0.1, 100))
def test_more_time_brings_more_purchases(k, history, t, more):
    model = ModifiedBetaGeoCNBD(0.85, 1.45, 0.79, 2.42, k)
    less, longer = model.conditional_expected_purchases([t, t + more], *history)
    assert 0 <= less <= longer * (1 + 1e-12)


# ---------------------------------------------------------------- k = 1 is MBG/NBD


@settings(max_examples=15, deadline=None)
@given(positive, positive, positive, positive, histories, st.floats(0.5, 60))
def test_with_random_timing_all_is_as_in_mbg_nbd(r, alpha, a, b, history, t):
    one, other = ModifiedBetaGeoCNBD(r, alpha, a, b, 1), clv.ModifiedBetaGeoNBD(r, alpha, a, b)
    summary = table(*history)
    assert one.log_likelihood(summary) == pytest.approx(other.log_likelihood(summary), rel=1e-10, abs=1e-10)
    for question in (
        lambda model: model.p_alive(*history),
        lambda model: model.expected_purchases(t),
        lambda model: model.conditional_expected_purchases(t, *history),
        lambda model: model.discounted_expected_purchases(*history, discount_rate=0.002, horizon=3 * t),
        lambda model: model.probability_of_purchases([0, 1, 7], t),
    ):
        assert question(one) == pytest.approx(question(other), rel=1e-8, abs=1e-200)


def test_with_random_timing_all_future_is_as_in_mbg_nbd():
    values = (0.525, 6.183, 0.891, 1.614)
    history = ([0, 3, 60, 900], [0, 20, 38, 39], 39)
    one, other = (
        model.discounted_expected_purchases(*history, discount_rate=0.0018)
        for model in (ModifiedBetaGeoCNBD(*values, 1), clv.ModifiedBetaGeoNBD(*values))
    )
    assert one == pytest.approx(other, rel=1e-8)


# ---------------------------------------------------------------- counts of new customers


@pytest.mark.parametrize("k", [1, 3, 12])
@pytest.mark.parametrize("t", [0.0, 1.0, 39.0])
def test_chances_sum_to_one_and_their_mean_is_the_expectation(k, t):
    model, n = ModifiedBetaGeoCNBD(0.85, 1.45, 0.79, 2.42, k), np.arange(3000)
    chances = model.probability_of_purchases(n, t)
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    assert float(chances @ n) == pytest.approx(float(model.expected_purchases(t)), rel=1e-8, abs=1e-12)


# ---------------------------------------------------------------- against purchases drawn one by one


def test_predictions_hold_among_customers_with_a_like_history():
    summary, later, there = drawn_one_by_one(REGULAR, 25_000, 40.0, 20.0, seed=1, most=120)
    for x, soonest, latest in [(0, 0, 0), (4, 30, 36), (4, 16, 24), (8, 34, 40)]:
        alike = (summary["frequency"] == x) & summary["recency"].between(soonest, latest)
        history = [summary.loc[alike, name] for name in ("frequency", "recency", "T")]
        error = 4 / np.sqrt(alike.sum())
        assert abs(REGULAR.p_alive(*history).mean() - there[alike].mean()) < error / 2
        expected = REGULAR.conditional_expected_purchases(20.0, *history).mean()
        assert abs(expected - later[alike].mean()) < error * later[alike].std()


def test_simulated_customers_follow_the_law_of_the_model():
    found = REGULAR.simulate(np.full(40_000, 40.0), seed=2)
    shares = np.bincount(found["frequency"], minlength=15)[:15] / 40_000
    chances = REGULAR.probability_of_purchases(np.arange(15), 40.0)
    assert np.abs(shares - chances).max() < 4 * np.sqrt(0.25 / 40_000)
    other = drawn_one_by_one(REGULAR, 20_000, 40.0, 1.0, seed=3, most=120)[0]
    for x in (1, 3, 8):
        one, two = (s.loc[s["frequency"] == x] for s in (found, other))
        for name in ("recency", "gap_log_sum"):
            error = np.hypot(one[name].sem(), two[name].sem())
            assert abs(one[name].mean() - two[name].mean()) < 4 * error


@pytest.mark.parametrize("history", [(6, 33.0, 39.0), (6, 38.5, 39.0), (0, 0.0, 4.0)])
def test_simulated_futures_average_to_the_expectation_and_its_present_value(history):
    size = 40_000
    x, t_x, T = (np.full(size, float(v)) for v in history)
    rng = np.random.default_rng(5)
    future = REGULAR.simulate_ahead(rng, REGULAR.p_alive(x, t_x, T), x, T, 26.0, t_x=t_x)
    assert len(future.times) == future.number.sum()
    assert future.number.mean() == pytest.approx(
        float(REGULAR.conditional_expected_purchases(26, *history)), rel=0.03
    )
    owner = np.repeat(np.arange(size), future.number)
    assert (np.diff(future.times)[np.diff(owner) == 0] > 0).all()
    worth = REGULAR.discounted_expected_purchases(*history, discount_rate=np.expm1(0.1), horizon=26)
    assert np.exp(-0.1 * future.times).sum() / size == pytest.approx(float(worth), rel=0.03)


def test_the_next_purchase_ahead_comes_when_it_is_due():
    size = 20_000
    x, T = np.full(size, 12.0), np.full(size, 48.0)
    first = []
    for silence in (0.1, 3.0):
        t_x = T - silence
        future = REGULAR.simulate_ahead(np.random.default_rng(6), np.ones(size), x, T, 500.0, t_x=t_x)
        starts = np.cumsum(future.number) - future.number
        first.append(future.times[starts].mean())
    assert first[1] < first[0] - 1


# ---------------------------------------------------------------- fits


@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_a_fit_finds_how_regularly_customers_buy(k):
    customers = ModifiedBetaGeoCNBD(2.0, 8.0 / k, 0.8, 4.0, k).simulate(np.full(800, 60.0), seed=k)
    fit = ModifiedBetaGeoCNBD.fit(customers, time_unit="W")
    assert fit.model.k == k
    given = ModifiedBetaGeoCNBD.fit(customers, time_unit="W", k=k)
    assert given.parameters == fit.parameters
    assert given.log_likelihood == fit.log_likelihood
    for other in {max(k - 1, 1), k + 1} - {k}:
        assert ModifiedBetaGeoCNBD.fit(customers, time_unit="W", k=other).log_likelihood < fit.log_likelihood


def test_intervals_of_a_fit_hold():
    true, held = ModifiedBetaGeoCNBD(1.2, 2.0, 0.8, 3.0, 3), 0
    for seed in range(30):
        fit = ModifiedBetaGeoCNBD.fit(true.simulate(np.linspace(20, 80, 400), seed), time_unit="W", k=3)
        held += sum(low < getattr(true, name) < high for name, (low, high) in fit.interval().items())
    assert 0.90 <= held / 120 <= 0.99


def test_regular_buyers_who_fall_silent_are_given_up_in_time():
    summary, later, there = drawn_one_by_one(REGULAR, 3_000, 52.0, 52.0, seed=4)
    history = [summary[name] for name in ("frequency", "recency", "T")]
    gap = summary["recency"] / summary["frequency"].clip(lower=1)
    silent = (summary["frequency"] >= 2) & (summary["T"] - summary["recency"]).between(2 * gap, 4 * gap)
    alive, bias, error = {}, {}, {}
    for kind in (ModifiedBetaGeoCNBD, clv.ModifiedBetaGeoNBD):
        model = kind.fit(summary, time_unit="W").model
        expected = model.conditional_expected_purchases(52, *history)
        alive[model.label] = model.p_alive(*history)[silent].mean()
        bias[model.label] = expected.sum() / later.sum() - 1
        error[model.label] = np.abs(expected - later).mean()
    actual = there[silent].mean()
    assert alive["MBG/CNBD-k"] == pytest.approx(actual, abs=0.06)
    assert alive["MBG/NBD"] > actual + 0.3
    assert abs(bias["MBG/CNBD-k"]) < 0.05
    assert bias["MBG/NBD"] > 0.08
    assert error["MBG/CNBD-k"] < 0.9 * error["MBG/NBD"]


def test_buyers_at_cdnow_are_not_regular():
    orders = pd.read_csv(
        CDNOW, usecols=["customer_id", "order_date"], parse_dates=["order_date"]
    ).drop_duplicates()
    orders = orders[orders["order_date"] <= "1997-09-30"].sort_values(["customer_id", "order_date"])
    gap = orders.groupby("customer_id")["order_date"].diff().dt.days
    whole = orders.assign(logs=np.log(gap)).groupby("customer_id")
    first, last = whole["order_date"].min(), whole["order_date"].max()
    x = whole.size() - 1
    days = pd.DataFrame({"frequency": x, "recency": (last - first).dt.days})
    days["T"] = (pd.Timestamp("1997-09-30") - first).dt.days
    days["gap_log_mean"] = whole["logs"].mean()
    fit = ModifiedBetaGeoCNBD.fit(summary_with_gaps(days, "W"), time_unit="W")
    assert fit.model.k == 1
    assert fit.model.r == pytest.approx(0.5248, abs=1e-3)


# ---------------------------------------------------------------- invariances


def some_customers():
    return THREE.simulate(np.random.default_rng(7).integers(20, 100, 500), seed=8)


def test_a_fit_does_not_depend_on_row_order_or_weights():
    customers = pd.concat([some_customers()] * 2)
    names = ["frequency", "recency", "T"]
    grouped = customers.groupby(names)["gap_log_sum"].agg(weight="size", gap_log_sum="sum").reset_index()
    one = ModifiedBetaGeoCNBD.fit(customers, time_unit="W")
    other = ModifiedBetaGeoCNBD.fit(grouped.sample(frac=1, random_state=1), time_unit="W")
    shuffled = ModifiedBetaGeoCNBD.fit(customers.sample(frac=1, random_state=2), time_unit="W")
    assert one.parameters == other.parameters == shuffled.parameters
    assert one.log_likelihood == shuffled.log_likelihood
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


def test_a_fit_in_days_is_the_fit_in_weeks_in_another_unit():
    weeks = some_customers()
    days = weeks.assign(
        recency=weeks["recency"] * 7,
        T=weeks["T"] * 7,
        gap_log_sum=weeks["gap_log_sum"] + weeks["frequency"] * np.log(7),
    )
    one, other = (ModifiedBetaGeoCNBD.fit(s, time_unit=u) for s, u in ((weeks, "W"), (days, "D")))
    assert other.model.k == one.model.k
    assert other.model.alpha == pytest.approx(7 * one.model.alpha, rel=1e-6)
    assert other.log_likelihood == pytest.approx(
        one.log_likelihood - weeks["frequency"].sum() * np.log(7), rel=1e-9
    )
    ahead = [
        one.model.conditional_expected_purchases(10, 3, 20, 24),
        other.model.conditional_expected_purchases(70, 3, 140, 168),
    ]
    assert float(ahead[0]) == pytest.approx(float(ahead[1]), rel=1e-6)


def test_bootstraps_keep_the_regularity():
    fit = ModifiedBetaGeoCNBD.fit(some_customers(), time_unit="W", k=3)
    for kind in ("parametric", "cases"):
        refits = fit.bootstrap(3, seed=1, kind=kind)
        assert refits.notna().all(axis=None)
        assert refits["alpha"].between(fit.model.alpha / 3, fit.model.alpha * 3).all()


def test_answers_have_the_shape_of_the_questions():
    t, x = np.array([[1.0], [2.0]]), np.array([0, 1, 2])
    assert THREE.conditional_expected_purchases(t, x, x * 2, 9).shape == (2, 3)
    assert (
        THREE.discounted_expected_purchases(x, x * 2, 9, discount_rate=0.1, horizon=0.0).tolist() == [0] * 3
    )
    assert THREE.expected_purchases([]).shape == (0,)
    assert THREE.p_alive([], [], []).shape == (0,)


def test_gaps_in_days_become_sums_in_the_unit():
    days = pd.DataFrame(
        {"frequency": [2, 0], "recency": [28, 0], "T": [35, 7], "gap_log_mean": [np.log(14), np.nan]}
    )
    found = summary_with_gaps(days, "W")
    assert found["gap_log_sum"].tolist() == pytest.approx([2 * np.log(2), 0])
    assert found["recency"].tolist() == [4, 0]


# ---------------------------------------------------------------- what is refused


def test_the_regularity_is_not_guessed_without_gaps():
    with pytest.raises(InputError, match=r"no column gap_log_sum.*Add it, or give k"):
        ModifiedBetaGeoCNBD.fit(some_customers().drop(columns="gap_log_sum"), time_unit="W")


@pytest.mark.parametrize("k", [0, -2, 2.5, True])
def test_a_regularity_that_is_not_a_whole_number_is_named(k):
    with pytest.raises(InputError, match=rf"k is {k}, but must be a whole number of 1 or more"):
        ModifiedBetaGeoCNBD(1.0, 1.0, 1.0, 1.0, k)


def test_a_parameter_outside_its_domain_is_named():
    with pytest.raises(InputError, match="MBG/CNBD-k: alpha is -4, but must be a finite number above 0"):
        ModifiedBetaGeoCNBD(r=1, alpha=-4, a=1, b=1, k=2)


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        ([0.0, np.nan], "Row 2: gap_log_sum missing is not a number."),
        ([0.0, 3.2], "Row 2: gap_log_sum 3.2 is more than equal gaps give: 2.772588722. Is it in the unit"),
    ],
)
def test_gaps_that_cannot_be_are_named(logs, message):
    summary = pd.DataFrame({"frequency": [0, 2], "recency": [0, 8], "T": [9, 9], "gap_log_sum": logs})
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        ModifiedBetaGeoCNBD.fit(summary, time_unit="W")


def test_a_single_gap_must_be_the_recency():
    with pytest.raises(InputError, match=r"Row 1: gap_log_sum 0\.1 is less than its one gap gives"):
        THREE.log_likelihood(table(1, 8.0, 9.0).assign(gap_log_sum=0.1))


def test_impossible_questions_are_refused():
    with pytest.raises(InputError, match="Row 1: recency 4 is after T 3"):
        THREE.p_alive(1, 4, 3)
    with pytest.raises(InputError, match="t -1 is negative"):
        THREE.conditional_expected_purchases(-1, 1, 2, 3)
    with pytest.raises(InputError, match=r"discount rate -0\.1"):
        THREE.discounted_expected_purchases(1, 2, 3, discount_rate=-0.1)
    with pytest.raises(InputError, match="give t_x"):
        THREE.simulate_ahead(np.random.default_rng(1), np.ones(1), np.ones(1), np.ones(1), 1.0)


def test_a_fit_without_repeat_purchases_says_what_to_do():
    none = pd.DataFrame({"frequency": [0, 0], "recency": [0, 0], "T": [3, 4], "gap_log_sum": [0.0, 0.0]})
    with pytest.raises(FitError, match=r"none of 2 customers bought again.*Use more history"):
        ModifiedBetaGeoCNBD.fit(none, time_unit="W")


def test_customers_all_alike_leave_parameters_open_but_give_predictions():
    alike = pd.DataFrame({"frequency": [13] * 60, "recency": [39.0] * 60, "T": [40.0] * 60})
    fit = ModifiedBetaGeoCNBD.fit(alike, time_unit="W", k=4)
    assert {"r", "alpha"} <= set(fit.undetermined)
    assert float(fit.model.conditional_expected_purchases(39, 13, 39, 40)) == pytest.approx(13, rel=0.05)


def test_clockwork_gets_the_highest_regularity():
    rng = np.random.default_rng(9)
    every, x = rng.uniform(2, 6, 200), rng.integers(3, 12, 200)
    clock = pd.DataFrame({"frequency": x, "recency": x * every, "gap_log_sum": x * np.log(every)})
    clock["T"] = clock["recency"] + every * rng.uniform(0, 0.9, 200)
    assert ModifiedBetaGeoCNBD.fit(clock, time_unit="W").model.k == 12
