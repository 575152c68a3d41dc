"""The models: against exact arithmetic, against a peer, and against their own laws."""

import warnings

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from customer_value import clv
from customer_value.clv.inputs import History, Spend, distinct
from customer_value.clv.integrals import mean_power
from customer_value.errors import FitError, InputError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import lifetimes

BG = clv.BetaGeoNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
MBG = clv.ModifiedBetaGeoNBD(r=0.525, alpha=6.183, a=0.891, b=1.614)
PARETO = clv.ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)
MODELS = [BG, MBG, PARETO]

positive = st.floats(0.05, 20)
histories = st.tuples(st.integers(0, 60), st.floats(0.01, 0.99), st.floats(1, 300)).map(
    lambda h: (h[0], h[1] * h[2] if h[0] else 0.0, h[2])
)


# ---------------------------------------------------------------- exact arithmetic

EXTREMES = [
    (0, 0, 39),
    (1, 0.01, 200),
    (26, 30.857, 31),
    (60, 38.9999, 39),
    (900, 120, 130),
    (5000, 9000, 10000),
    (5000, 9999.99, 10000),
]


def mp_alive_odds(model, x, t_x, T):
    """Odds of having dropped out, in 30 digits."""
    with mp.workdps(30):
        if isinstance(model, clv.ParetoNBD):
            r, alpha, s, beta = (mp.mpf(v) for v in (model.r, model.alpha, model.s, model.beta))

            def ending(u):
                return mp.exp(
                    (r + x) * mp.log((alpha + T) / (alpha + u)) + s * mp.log((beta + T) / (beta + u))
                ) / (beta + u)

            width = (alpha + t_x) / (r + x + 1)
            points = [mp.mpf(t_x), *(t_x + width * 3**k for k in range(-2, 14)), mp.mpf(T)]
            return s * mp.quad(ending, sorted(p for p in points if t_x <= p <= T))
        chances = model.chances
        if x + chances == 0:
            return mp.mpf(0)
        base = (mp.mpf(model.alpha) + T) / (mp.mpf(model.alpha) + mp.mpf(t_x))
        return mp.mpf(model.a) / (mp.mpf(model.b) + x - 1 + chances) * base ** (mp.mpf(model.r) + x)


def mp_ahead(model, x, t_x, T, horizon, force):
    """Discounted purchases of a customer alive at T, in 30 digits."""
    with mp.workdps(30):
        if isinstance(model, clv.ParetoNBD):

            def rate(u):
                return (
                    (model.r + x)
                    / (model.alpha + T)
                    * ((model.beta + T) / (model.beta + T + u)) ** mp.mpf(model.s)
                )

        else:
            b = mp.mpf(model.b) + x + model.chances

            def rate(u):
                w = u / (mp.mpf(model.alpha) + T)
                decay = mp.hyp2f1(model.a + b - model.r - x - 1, model.a, model.a + b, w / (1 + w))
                return (model.r + x) / (mp.mpf(model.alpha) + T) * decay * (1 + w) ** -mp.mpf(model.a)

        end = mp.mpf(horizon) if horizon is not None else 60 / mp.mpf(force)
        points = [mp.mpf(0), *(end * mp.mpf(4) ** -k for k in range(12, 0, -1)), end]
        return mp.quad(lambda u: rate(u) * mp.exp(-force * u), points)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
@pytest.mark.parametrize(("x", "t_x", "T"), EXTREMES)
def test_p_alive_is_exact_at_extremes(model, x, t_x, T):
    exact = 1 / (1 + mp_alive_odds(model, x, t_x, T))
    assert float(model.p_alive(x, t_x, T)) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
@pytest.mark.parametrize(
    ("x", "T", "horizon", "rate"), [(0, 39, 39, 0.0), (7, 39, None, 0.0018), (2000, 3000, 500, 0.001)]
)
def test_discounted_purchases_are_exact(model, x, T, horizon, rate):
    exact = float(mp_ahead(model, x, T, T, horizon, np.log1p(rate)))
    t_x = T if x else 0
    found = model.discounted_expected_purchases(x, t_x, T, discount_rate=rate, horizon=horizon)
    assert float(found / model.p_alive(x, t_x, T)) == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("model", [clv.BetaGeoNBD(0.3, 5, 0.999, 2), clv.BetaGeoNBD(0.3, 5, 1.0, 2)])
def test_nothing_happens_where_the_closed_form_has_a_pole(model):
    near = clv.BetaGeoNBD(0.3, 5, 1.0005, 2).expected_purchases(50)
    assert float(model.expected_purchases(50)) == pytest.approx(float(near), rel=2e-3)


@pytest.mark.parametrize(
    ("k", "a", "b", "w"),
    [
        (2.5, 0.8, 3.0, 0.5),
        (1.2, 8.0, 1.5, 150.0),
        (30.0, 0.02, 180.0, 900.0),
        (4.0, 60.0, 300.0, 3.0),
        (9.0, 1e-4, 9e4, 2.0),
    ],
)
def test_the_mean_over_dropout_rates_is_exact(k, a, b, w):
    with mp.workdps(40):
        z = mp.mpf(w) / (1 + mp.mpf(w))
        exact = mp.hyp2f1(mp.mpf(a) + b - k, a, mp.mpf(a) + b, z) * (1 + mp.mpf(w)) ** -mp.mpf(a)
    assert float(mean_power(k, a, b, w)) == pytest.approx(float(exact), rel=1e-8)


def test_purchases_without_end_and_discount_have_their_closed_form():
    model = clv.BetaGeoNBD(0.3, 5, 3.0, 2.0)
    found = model.discounted_expected_purchases(4, 30, 39, discount_rate=0.0)
    assert float(found) == pytest.approx(float(model.p_alive(4, 30, 39)) * (3 + 2 + 4 - 1) / (3 - 1))
    with pytest.raises(InputError, match="no finite sum"):
        BG.discounted_expected_purchases(4, 30, 39, discount_rate=0.0)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_gradients_are_the_derivatives_of_the_likelihood(model):
    history = History(
        np.array([0.0, 1, 4, 40, 400]),
        np.array([0.0, 3, 30, 38.9, 30]),
        np.array([20.0, 35, 39, 39, 36]),
        np.ones(5),
    )
    values = model._values()
    found = model._likelihood(values, history)[1]
    for place in range(4):
        step = np.zeros(4)
        step[place] = values[place] * 1e-5
        rise = model._likelihood(values + step, history)[0] - model._likelihood(values - step, history)[0]
        assert found[place] == pytest.approx(rise / (2 * step[place]), rel=1e-5, abs=1e-6)


def test_the_spend_gradient_is_the_derivative_of_its_likelihood():
    from customer_value.clv.gamma_gamma import _bend, _likelihood

    spend = Spend(np.array([1.0, 3, 50]), np.array([10.0, 40, 400]), np.array([2.0, 1, 1]))
    values = np.array([6.25, 3.74, 15.44])
    for place, found in enumerate(_likelihood(values, spend)[1]):
        step = np.zeros(3)
        step[place] = values[place] * 1e-5
        rise = _likelihood(values + step, spend)[0] - _likelihood(values - step, spend)[0]
        assert found == pytest.approx(rise / (2 * step[place]), rel=1e-6)
        exact = np.imag(_likelihood(values + 1j * np.eye(3)[place] * 1e-30, spend)[1]) / 1e-30
        assert _bend(values, spend)[place] == pytest.approx(exact, rel=1e-10)


# ---------------------------------------------------------------- against a peer


def peer(kind, **parameters):
    fitter = kind()
    fitter.params_ = parameters
    return fitter


@settings(max_examples=30, deadline=None)
@given(positive, positive, positive, positive, histories)
def test_bg_nbd_agrees_with_a_peer(r, alpha, a, b, history):
    other = peer(lifetimes.BetaGeoFitter, r=r, alpha=alpha, a=a, b=b)
    alive = other.conditional_probability_alive(*history)
    found = clv.BetaGeoNBD(r, alpha, a, b).p_alive(*history)
    assert float(found) == pytest.approx(float(np.ravel(alive)[0]), rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(positive, positive, positive, positive, histories, st.floats(0.5, 60))
def test_pareto_nbd_agrees_with_a_peer(r, alpha, s, beta, history, t):
    other = peer(lifetimes.ParetoNBDFitter, r=r, alpha=alpha, s=s, beta=beta)
    model = clv.ParetoNBD(r, alpha, s, beta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alive = float(np.ravel(other.conditional_probability_alive(*history))[0])
    if 1e-6 < alive < 1:
        assert float(model.p_alive(*history)) == pytest.approx(alive, rel=1e-4)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_chances_of_a_number_of_purchases_agree_with_a_peer(n):
    other = peer(lifetimes.BetaGeoFitter, r=0.243, alpha=4.414, a=0.793, b=2.426)
    expected = other.probability_of_n_purchases_up_to_time(39, n)
    assert float(BG.probability_of_purchases(n, 39)) == pytest.approx(expected, rel=1e-9)


# ---------------------------------------------------------------- laws


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(MODELS), histories, st.floats(0, 100), st.floats(0.1, 100))
def test_alive_is_a_probability_and_expectations_rise(model, history, t, more):
    assert 0 <= float(model.p_alive(*history)) <= 1
    less = float(model.conditional_expected_purchases(t, *history))
    assert 0 <= less <= float(model.conditional_expected_purchases(t + more, *history))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
@pytest.mark.parametrize("t", [0.0, 1.0, 39.0])
def test_chances_sum_to_one_and_their_mean_is_the_expectation(model, t):
    n = np.arange(4000)
    chances = model.probability_of_purchases(n, t)
    assert chances.sum() == pytest.approx(1, abs=1e-8)
    assert float(chances @ n) == pytest.approx(float(model.expected_purchases(t)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_the_sooner_the_last_purchase_the_less_alive(model):
    chances = model.p_alive(5, np.linspace(1, 39, 20), 39)
    assert (np.diff(chances) > 0).all()


def some_customers(model, number=600, seed=3):
    """Customers simulated from a model of the beta-geometric kind, as a summary in weeks."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(number):
        rate, leave = rng.gamma(model.r) / model.alpha, rng.beta(model.a, model.b)
        T, last, x = rng.uniform(20, 100), 0.0, 0
        gone = model.chances == 1 and rng.random() < leave
        now = rng.exponential(1 / max(rate, 1e-9))
        while not gone and now < T:
            x, last = x + 1, now
            gone = rng.random() < leave
            now += rng.exponential(1 / rate)
        rows.append((x, last, T))
    return pd.DataFrame(rows, columns=["frequency", "recency", "T"])


def test_a_fit_does_not_depend_on_row_order_or_weights():
    table = some_customers(BG).round({"recency": 0, "T": 0})
    table = table[(table["frequency"] == 0) | (table["recency"] > 0)]
    counted = table.groupby(["frequency", "recency", "T"]).size().rename("weight").reset_index()
    one = clv.BetaGeoNBD.fit(table, time_unit="W")
    other = clv.BetaGeoNBD.fit(counted.sample(frac=1, random_state=1), time_unit="W")
    assert one.parameters == other.parameters
    assert one.log_likelihood == other.log_likelihood


@pytest.mark.parametrize("model", [clv.BetaGeoNBD, clv.ParetoNBD])
def test_a_fit_in_days_is_the_fit_in_weeks_in_another_unit(model):
    table = some_customers(BG)
    weeks = model.fit(table, time_unit="W")
    days = model.fit(table.assign(recency=table["recency"] * 7, T=table["T"] * 7), time_unit="D")
    assert days.model.alpha == pytest.approx(weeks.model.alpha * 7, rel=1e-6)
    history = (3, 20, 39)
    in_days = days.model.conditional_expected_purchases(70, 3, 140, 273)
    assert float(weeks.model.conditional_expected_purchases(10, *history)) == pytest.approx(
        float(in_days), rel=1e-6
    )


@pytest.mark.parametrize("true", [BG, MBG], ids=lambda m: m.label)
def test_a_fit_recovers_the_truth_within_its_intervals(true):
    fit = type(true).fit(some_customers(true, 3000), time_unit="W")
    for name, (low, high) in fit.interval(0.999).items():
        assert low < getattr(true, name) < high


def test_drawn_parameters_spread_like_the_standard_errors():
    fit = clv.BetaGeoNBD.fit(some_customers(BG, 3000), time_unit="W")
    drawn = fit.draw(4000, np.random.default_rng(1))
    for name, error in fit.standard_errors.items():
        spread = float(np.log(drawn[name]).std()) * fit.parameters[name]
        assert spread == pytest.approx(error, rel=0.06)


def test_simulated_futures_average_to_the_expectation():
    rng = np.random.default_rng(5)
    size = 60_000
    x, T = np.full(size, 6.0), np.full(size, 39.0)
    for model in MODELS:
        alive = np.full(size, float(model.p_alive(6, 33, 39)))
        future = model.simulate_ahead(rng, alive, x, T, 52.0)
        mean = float((future.number + future.last).mean())
        expected = float(model.conditional_expected_purchases(52, 6, 33, 39))
        assert mean == pytest.approx(expected, rel=0.03)


# ---------------------------------------------------------------- spend


def test_expected_spend_shrinks_towards_the_mean_of_all():
    model = clv.GammaGamma(p=6.25, q=3.74, gamma=15.44)
    found = model.expected_spend([0, 1, 10, 1000], [0, 80, 80, 80])
    assert found[0] == pytest.approx(model.mean_spend)
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(80, rel=0.001)


def test_spend_without_a_mean_is_refused():
    with pytest.raises(InputError, match=r"q is 0\.9, not above 1"):
        clv.GammaGamma(p=6, q=0.9, gamma=15).expected_spend(1, 10)


def test_a_spend_fit_follows_the_currency():
    rng = np.random.default_rng(2)
    x = rng.integers(1, 20, 500)
    mean = rng.gamma(5 * x) / rng.gamma(3, 1 / 30, 500) / x
    one = clv.GammaGamma.fit(pd.DataFrame({"frequency": x, "monetary_value": mean}))
    other = clv.GammaGamma.fit(pd.DataFrame({"frequency": x, "monetary_value": mean * 1000}))
    assert other.model.gamma == pytest.approx(one.model.gamma * 1000, rel=1e-5)
    assert other.model.p == pytest.approx(one.model.p, rel=1e-5)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ((1.5, 2, 3), "Row 1: frequency 1.5 is not a whole number."),
        ((-1, 2, 3), "Row 1: frequency -1 is below 0."),
        ((1, 4, 3), "Row 1: recency 4 is after T 3."),
        ((1, 0, 3), "Row 1: recency 0 although there are repeat purchases."),
        ((0, 2, 3), "Row 1: recency 2 although there is no repeat purchase."),
        ((1, np.nan, 3), "Row 1: recency missing is not a number."),
        (([1, 2], [1, 2], [3, -5]), "Row 2: T -5 is negative."),
        (("two", 2, 3), "frequency has values that are not numbers."),
    ],
)
def test_an_impossible_history_is_named(history, message):
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        BG.p_alive(*history)


def test_a_parameter_outside_its_domain_is_named():
    with pytest.raises(InputError, match="BG/NBD: alpha is -4, but must be a finite number above 0"):
        clv.BetaGeoNBD(r=1, alpha=-4, a=1, b=1)


def test_a_table_without_a_column_is_refused():
    with pytest.raises(InputError, match="no column recency"):
        clv.BetaGeoNBD.fit(pd.DataFrame({"frequency": [1], "T": [3]}), time_unit="W")


def test_an_unknown_time_unit_is_refused():
    with pytest.raises(InputError, match="use 'D', 'W' or 'M'"):
        clv.BetaGeoNBD.fit(some_customers(BG, 10), time_unit="weeks")


def test_a_fit_without_repeat_purchases_says_what_to_do():
    table = pd.DataFrame({"frequency": [0, 0], "recency": [0, 0], "T": [3, 4]})
    with pytest.raises(FitError, match=r"none of 2 customers bought again.*Use more history"):
        clv.ParetoNBD.fit(table, time_unit="W")


def test_customers_all_alike_leave_parameters_open_but_give_predictions():
    table = pd.DataFrame({"frequency": [13] * 60, "recency": [39.0] * 60, "T": [40.0] * 60})
    fit = clv.BetaGeoNBD.fit(table, time_unit="W")
    assert {"r", "alpha"} <= set(fit.undetermined)
    assert fit.standard_errors["r"] == float("inf")
    assert float(fit.model.conditional_expected_purchases(40, 13, 39, 40)) == pytest.approx(13, rel=0.05)


def test_distinct_rows_are_sorted_and_point_back():
    first, second = np.array([3.0, 1, 3, 2]), np.array([1.0, 5, 1, 0])
    rows, place = distinct(first, second)
    assert rows[0].tolist() == [1, 2, 3]
    assert (rows[0][place] == first).all()
    assert (rows[1][place] == second).all()


def test_yearly_rates_and_months_convert():
    assert (1 + clv.discount_rate_per_unit(0.1, "W")) ** (365.25 / 7) == pytest.approx(1.1)
    assert clv.months_in_units(12, "D") == pytest.approx(365.25)


# ---------------------------------------------------------------- exact arithmetic, further out

FAR = [
    clv.BetaGeoNBD(0.243, 4.414, 0.7, 2.4),
    clv.BetaGeoNBD(3.0, 40.0, 1.6, 0.5),
    clv.ModifiedBetaGeoNBD(0.5, 6.0, 1.0, 1.6),
    clv.ModifiedBetaGeoNBD(2.0, 900.0, 4.0, 30.0),
    clv.ParetoNBD(0.55, 10.6, 0.6, 11.7),
    clv.ParetoNBD(2.0, 8.0, 1.5, 8.0),
    clv.ParetoNBD(1.2, 5000.0, 0.8, 0.5),
    clv.ParetoNBD(0.9, 0.7, 1.0, 4000.0),
]


@pytest.mark.parametrize("model", FAR, ids=repr)
@pytest.mark.parametrize(
    ("x", "t_x", "T"), [(0, 0, 10000), (3, 38.99999, 39), (1, 0.01, 9999), (5000, 9000, 10000)]
)
def test_p_alive_is_exact_for_parameters_far_apart(model, x, t_x, T):
    exact = 1 / (1 + mp_alive_odds(model, x, t_x, T))
    assert float(model.p_alive(x, t_x, T)) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("model", FAR, ids=repr)
@pytest.mark.parametrize(("x", "T", "horizon", "rate"), [(2, 39, 10000, 0.0), (5000, 10000, 39, 0.0018)])
def test_expectations_are_exact_for_parameters_far_apart(model, x, T, horizon, rate):
    exact = float(mp_ahead(model, x, T, T, horizon, np.log1p(rate)))
    alive = float(model.p_alive(x, T, T))
    found = model.discounted_expected_purchases(x, T, T, discount_rate=rate, horizon=horizon)
    assert float(found) == pytest.approx(exact * alive, rel=1e-8)
    if rate == 0:
        plain = model.conditional_expected_purchases(horizon, x, T, T)
        assert float(plain) == pytest.approx(exact * alive, rel=1e-8)


def mp_chance(model, n, t):
    """Probability of n purchases of a new customer within t, in 30 digits."""
    with mp.workdps(30):
        if isinstance(model, clv.ParetoNBD):
            r, alpha, s, beta = (mp.mpf(v) for v in (model.r, model.alpha, model.s, model.beta))

            def bought(u):
                return mp.binomial(n + r - 1, n) * (alpha / (alpha + u)) ** r * (u / (alpha + u)) ** n

            def left(u):
                return bought(u) * s / beta * (beta / (beta + u)) ** (s + 1)

            points = [
                mp.mpf(0),
                *(t * mp.mpf(4) ** -k for k in range(14, 2, -1)),
                *mp.linspace(t / 16, t, 16),
            ]
            return bought(mp.mpf(t)) * (beta / (beta + t)) ** s + mp.quad(left, points)
        r, alpha, a, b = (mp.mpf(v) for v in (model.r, model.alpha, model.a, model.b))
        z, d = t / (alpha + t), n + model.chances
        exactly = mp.binomial(n + r - 1, n) * (1 - z) ** r * z**n
        stayed = mp.beta(a, b + d) / mp.beta(a, b) * exactly
        if d == 0:
            return stayed
        more = mp.betainc(n, r, 0, z, regularized=True) if n else 1
        return stayed + mp.beta(a + 1, b + d - 1) / mp.beta(a, b) * more


@pytest.mark.parametrize("model", FAR, ids=repr)
@pytest.mark.parametrize(("n", "t"), [(0, 39), (7, 39), (300, 10000)])
def test_chances_of_a_number_of_purchases_are_exact(model, n, t):
    exact = float(mp_chance(model, n, t))
    assert float(model.probability_of_purchases(n, t)) == pytest.approx(exact, rel=1e-7, abs=1e-300)


# ---------------------------------------------------------------- exact derivatives


def mp_log_likelihood(kind, parameters, row):
    x, t_x, T = (mp.mpf(float(v)) for v in row)
    if kind is clv.ParetoNBD:
        r, alpha, s, beta = parameters

        def ended(u):
            power = mp.hyp2f1(1, r + x, r + s + x + 1, (alpha - beta) / (alpha + u))
            return power / (r + s + x) / ((alpha + u) ** (r + x) * (beta + u) ** s)

        stayed = 1 / ((alpha + T) ** (r + x) * (beta + T) ** s)
        silent = stayed + s * (ended(t_x) - ended(T))
        return mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha) + s * mp.log(beta) + mp.log(silent)
    r, alpha, a, b = parameters
    d = x + kind.chances
    bought = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha) - mp.log(mp.beta(a, b))
    silent = mp.beta(a, b + d) * (alpha + T) ** -(r + x)
    if d > 0:
        silent += mp.beta(a + 1, b + d - 1) * (alpha + t_x) ** -(r + x)
    return bought + mp.log(silent)


@pytest.mark.parametrize("model", [*MODELS, clv.ParetoNBD(2.0, 8.0, 1.5, 8.0)], ids=lambda m: m.label)
def test_likelihood_and_both_derivatives_are_exact(model):
    rows = np.array([(0.0, 0.0, 20.0), (1, 3, 35), (40, 38.9, 39), (12, 9, 36)])
    values = model._values()
    history = History(*rows.T, np.array([1.0, 2, 1, 3]))
    value, slope, bend = type(model)._curvature(values, history)
    with mp.workdps(30):

        def exact(*parameters):
            each = (mp_log_likelihood(type(model), parameters, row) for row in rows)
            return sum(w * v for w, v in zip(history.weight, each, strict=True))

        point = tuple(mp.mpf(float(v)) for v in values)
        assert value == pytest.approx(float(exact(*point)), rel=1e-12)
        for i in range(4):
            order = np.eye(4, dtype=int)[i]
            assert slope[i] == pytest.approx(float(mp.diff(exact, point, tuple(order.tolist()))), rel=1e-8)
            for j in range(i, 4):
                both = tuple((order + np.eye(4, dtype=int)[j]).tolist())
                assert bend[i, j] == pytest.approx(float(mp.diff(exact, point, both)), rel=1e-7, abs=1e-10)


# ---------------------------------------------------------------- closed forms

away_from_one = st.floats(0.2, 4).filter(lambda v: abs(v - 1) > 0.02)
moderate = st.tuples(st.integers(0, 30), st.floats(0.05, 0.99), st.floats(5, 150)).map(
    lambda h: (h[0], h[1] * h[2] if h[0] else 0.0, h[2])
)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.5, 40), away_from_one, st.floats(1.05, 8), moderate, st.floats(1, 150))
def test_bg_expectation_has_its_closed_form(r, alpha, a, b, history, t):
    model, (x, _, T) = clv.BetaGeoNBD(r, alpha, a, b), history
    z = t / (alpha + T + t)
    decay = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
    closed = float(model.p_alive(*history)) * (a + b + x - 1) / (a - 1) * (1 - decay)
    assert float(model.conditional_expected_purchases(t, *history)) == pytest.approx(closed, rel=1e-7)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.5, 40), away_from_one, st.floats(0.5, 40), moderate, st.floats(1, 150))
def test_pareto_expectation_and_p_alive_have_their_closed_forms(r, alpha, s, beta, history, t):
    model, (x, t_x, T) = clv.ParetoNBD(r, alpha, s, beta), history

    def ends_first(u):
        power = hyp2f1(1, r + x, r + s + x + 1, (alpha - beta) / (alpha + u))
        if alpha < beta:
            power = hyp2f1(1, s + 1, r + s + x + 1, (beta - alpha) / (beta + u)) * (alpha + u) / (beta + u)
        return s / (r + s + x) * power

    silence = (r + x) * np.log((alpha + T) / (alpha + t_x)) + s * np.log((beta + T) / (beta + t_x))
    alive = 1 / (1 - ends_first(T) + np.exp(silence) * ends_first(t_x))
    assert float(model.p_alive(*history)) == pytest.approx(alive, rel=1e-8)
    rest = 1 - ((beta + T) / (beta + T + t)) ** (s - 1)
    closed = alive * (r + x) * (beta + T) / (alpha + T) / (s - 1) * rest
    assert float(model.conditional_expected_purchases(t, *history)) == pytest.approx(closed, rel=1e-7)


@pytest.mark.parametrize("model", FAR, ids=repr)
def test_many_customers_are_scored_as_one_alone(model):
    T = np.linspace(0.5, 1500, 400)
    x = np.arange(400) % 3
    t_x = np.where(x > 0, T * 0.4, 0.0)
    for horizon, rate in ((39.0, 0.0), (None, 0.002)):
        many = model.discounted_expected_purchases(x, t_x, T, discount_rate=rate, horizon=horizon)
        for i in (0, 1, 200, 398):
            one = model.discounted_expected_purchases(x[i], t_x[i], T[i], discount_rate=rate, horizon=horizon)
            assert many[i] == pytest.approx(float(one), rel=1e-10)


# ---------------------------------------------------------------- against a peer, everything it has

PEERS = [
    (clv.BetaGeoNBD, lifetimes.BetaGeoFitter),
    (clv.ModifiedBetaGeoNBD, lifetimes.ModifiedBetaGeoFitter),
    (clv.ParetoNBD, lifetimes.ParetoNBDFitter),
]


@pytest.mark.parametrize(("kind", "other"), PEERS, ids=lambda k: k.__name__)
@settings(max_examples=25, deadline=None)
@given(
    parameters=st.tuples(st.floats(0.1, 4), st.floats(1, 40), away_from_one, st.floats(1.05, 20)),
    history=moderate,
    t=st.floats(1, 60),
)
def test_scores_and_likelihood_agree_with_a_peer(kind, other, parameters, history, t):
    model = kind(*parameters)
    fitter = peer(other, **dict(zip(kind.names, parameters, strict=True)))
    x, t_x, T = (np.array([float(v)]) for v in history)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ahead = fitter.conditional_expected_number_of_purchases_up_to_time(t, x, t_x, T)
        alive = float(np.ravel(fitter.conditional_probability_alive(x, t_x, T))[0])
        new = float(np.ravel(fitter.expected_number_of_purchases_up_to_time(t))[0])
        if kind is clv.ParetoNBD:
            value = float(np.ravel(other._conditional_log_likelihood(parameters, x, t_x, T))[0])
        else:
            value = -float(other._negative_log_likelihood(np.log(parameters), x, t_x, T, np.ones(1), 0.0))
    summary = pd.DataFrame({"frequency": x, "recency": t_x, "T": T})
    assert float(model.expected_purchases(t)) == pytest.approx(new, rel=1e-6)
    if np.isfinite(value) and 1e-6 < alive < 1:
        assert model.log_likelihood(summary) == pytest.approx(value, rel=1e-4)
        assert float(model.p_alive(*history)) == pytest.approx(alive, rel=1e-4)
        found = float(model.conditional_expected_purchases(t, *history))
        assert found == pytest.approx(float(np.ravel(ahead)[0]), rel=1e-4)


# ---------------------------------------------------------------- simulate, fit, bootstrap


@pytest.mark.parametrize("true", MODELS, ids=lambda m: m.label)
def test_intervals_of_simulated_customers_hold_the_truth_as_often_as_they_say(true):
    sets, T = 40, np.repeat([20.0, 40.0, 60.0, 80.0], 1000)
    held = np.zeros((sets, 4))
    for seed in range(sets):
        history = History.of(true.simulate(T, seed))
        fit = type(true)._fit(history, "W", near=true)
        for i, (name, (low, high)) in enumerate(fit.interval(0.95).items()):
            held[seed, i] = low < getattr(true, name) < high
    assert held.mean() == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / sets))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_simulated_customers_buy_as_often_as_the_model_says(model):
    table = model.simulate(np.full(40_000, 39.0), seed=4)
    counts = np.bincount(table["frequency"], minlength=4)[:4] / len(table)
    chances = model.probability_of_purchases(np.arange(4), 39)
    assert counts == pytest.approx(chances, abs=4 * np.sqrt(0.25 / len(table)))
    alive = model.p_alive(table["frequency"], table["recency"], table["T"])
    ahead = model.conditional_expected_purchases(39, table["frequency"], table["recency"], table["T"])
    new = float(model.expected_purchases(78) - model.expected_purchases(39))
    assert float(ahead.mean()) == pytest.approx(new, rel=0.05)
    assert 0 < alive.mean() < 1


def test_the_same_seed_gives_the_same_customers():
    fit = clv.BetaGeoNBD.fit(some_customers(BG), time_unit="W")
    assert fit.simulate(3).equals(fit.simulate(3))
    assert not fit.simulate(3).equals(fit.simulate(4))
    assert sorted(fit.simulate(3)["T"]) == sorted(np.repeat(fit.data.T, fit.data.weight.astype(int)))


@pytest.mark.parametrize("kind", ["parametric", "cases"])
def test_bootstrapped_parameters_spread_like_the_standard_errors(kind):
    fit = clv.BetaGeoNBD.fit(BG.simulate(np.tile([30.0, 40, 50, 60], 750), seed=2), time_unit="W")
    table = fit.bootstrap(80, seed=1, kind=kind)
    assert not table.isna().any(axis=None)
    for name, error in fit.standard_errors.items():
        assert np.log(table[name]).std() == pytest.approx(error / fit.parameters[name], rel=0.25)
    assert fit.bootstrap(3, seed=1, kind=kind).equals(table.head(3))


def test_the_spend_model_simulates_and_bootstraps():
    true = clv.GammaGamma(6.25, 3.74, 15.44)
    fit = clv.GammaGamma.fit(true.simulate(np.tile([1, 2, 5, 9], 400), seed=1))
    for name, (low, high) in fit.interval(0.999).items():
        assert low < getattr(true, name) < high
    table = fit.bootstrap(40, seed=1)
    assert np.log(table["q"]).std() == pytest.approx(fit.standard_errors["q"] / fit.model.q, rel=0.4)
    assert list(fit.simulate(1).columns) == ["frequency", "monetary_value"]


def test_a_refit_that_fails_leaves_a_row_of_missing_values():
    table = pd.DataFrame({"frequency": [0] * 40 + [1], "recency": [0.0] * 40 + [3.0], "T": 30.0})
    drawn = clv.BetaGeoNBD.fit(table, time_unit="W").bootstrap(12, seed=1, kind="cases")
    assert len(drawn) == 12
    assert 0 < drawn.isna().all(axis=1).sum() < 12


def test_what_cannot_be_bootstrapped_is_said():
    fit = clv.BetaGeoNBD.fit(some_customers(BG).assign(weight=1.5), time_unit="W")
    with pytest.raises(InputError, match="weights are not whole numbers of customers"):
        fit.bootstrap(2, seed=1)
    with pytest.raises(InputError, match="kind of bootstrap 'jackknife' is unknown"):
        fit.bootstrap(2, seed=1, kind="jackknife")


@pytest.mark.parametrize("model", [clv.BetaGeoNBD, clv.ModifiedBetaGeoNBD, clv.ParetoNBD])
def test_no_fit_depends_on_order_weights_or_unit(model):
    table = BG.simulate(np.tile([20.0, 45.0], 700), seed=9)
    one = model.fit(table, time_unit="W")
    shuffled = model.fit(table.sample(frac=1, random_state=1), time_unit="W")
    assert shuffled.parameters == one.parameters
    assert model.fit(table.assign(weight=1), time_unit="W").parameters == one.parameters
    heavy = model.fit(table.assign(weight=1e6), time_unit="W")
    assert list(heavy.parameters.values()) == pytest.approx(list(one.parameters.values()), rel=1e-5)
    days = model.fit(table.assign(recency=table["recency"] * 7, T=table["T"] * 7), time_unit="D")
    for name, value in one.parameters.items():
        unit = 7 if name in model.timed else 1
        assert days.parameters[name] == pytest.approx(value * unit, rel=1e-6)


def test_few_repeaters_among_very_many_customers_are_not_overlooked():
    table = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": np.linspace(10, 60, 6_000)})
    table.loc[::1000, ["frequency", "recency"]] = [2, 5.0]
    small = clv.BetaGeoNBD.fit(table, time_unit="W")
    assert float(small.model.expected_purchases(35)) == pytest.approx(0.002, rel=0.5)


# ---------------------------------------------------------------- what else is refused


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"frequency": [1, np.nan]}, "Row 2: frequency missing is not a number."),
        ({"frequency": [1, -2]}, "Row 2: frequency -2 is below 0."),
        ({"frequency": [0.5, 1]}, "Row 1: frequency 0.5 is not a whole number."),
        ({"recency": [2.0, 50.0]}, "Row 2: recency 50 is after T 30."),
        ({"recency": [2.0, 0.0]}, "Row 2: recency 0 although there are repeat purchases."),
        ({"T": [np.inf, 30]}, "Row 1: T inf is not a number."),
        ({"T": [30, np.nan]}, "Row 2: T missing is not a number."),
        ({"weight": [1, -1]}, "Row 2: weight -1 is negative."),
    ],
)
@pytest.mark.parametrize("model", [clv.BetaGeoNBD, clv.ParetoNBD])
def test_an_impossible_row_of_a_table_is_named(model, columns, message):
    table = pd.DataFrame({"frequency": [1, 1], "recency": [2.0, 2.0], "T": [30.0, 30.0]} | columns)
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        model.fit(table, time_unit="W")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: clv.ParetoNBD(1, 1, float("nan"), 1), "Pareto/NBD: s is nan"),
        (lambda: clv.ModifiedBetaGeoNBD(1, 1, float("inf"), 1), "MBG/NBD: a is inf"),
        (lambda: clv.GammaGamma(0, 1, 1), "Gamma-Gamma: p is 0"),
        (lambda: BG.expected_purchases([1, -1]), "Row 2: t -1 is negative"),
        (lambda: BG.probability_of_purchases(1.5, 10), "Row 1: n 1.5 is not a whole number"),
        (lambda: BG.conditional_expected_purchases(np.nan, 0, 0, 1), "Row 1: t missing is not a number"),
        (lambda: BG.discounted_expected_purchases(0, 0, 1, discount_rate=-0.1), "discount rate -0.1 must be"),
        (
            lambda: BG.discounted_expected_purchases(0, 0, 1, discount_rate=0, horizon=-1),
            "horizon -1 must be",
        ),
        (lambda: BG.simulate([3, np.nan], seed=1), "Row 2: T missing is not a number"),
        (lambda: clv.GammaGamma(6, 4, 15).simulate([0], seed=1), "Row 1: frequency 0 is below 1"),
        (lambda: clv.discount_rate_per_unit(-1, "W"), "must be a number above -1"),
    ],
)
def test_an_impossible_question_is_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask()
