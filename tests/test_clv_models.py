"""The models: against exact arithmetic, against a peer, and against their own laws."""

import warnings

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    from customer_value.clv.gamma_gamma import _likelihood

    spend = Spend(np.array([1.0, 3, 50]), np.array([10.0, 40, 400]), np.array([2.0, 1, 1]))
    values = np.array([6.25, 3.74, 15.44])
    for place, found in enumerate(_likelihood(values, spend)[1]):
        step = np.zeros(3)
        step[place] = values[place] * 1e-5
        rise = _likelihood(values + step, spend)[0] - _likelihood(values - step, spend)[0]
        assert found == pytest.approx(rise / (2 * step[place]), rel=1e-6)


# ---------------------------------------------------------------- against a peer


def peer(kind, **parameters):
    fitter = kind()
    fitter.params_ = parameters
    return fitter


@settings(max_examples=40, deadline=None)
@given(positive, positive, positive, positive, histories)
def test_bg_nbd_agrees_with_a_peer(r, alpha, a, b, history):
    other = peer(lifetimes.BetaGeoFitter, r=r, alpha=alpha, a=a, b=b)
    alive = other.conditional_probability_alive(*history)
    found = clv.BetaGeoNBD(r, alpha, a, b).p_alive(*history)
    assert float(found) == pytest.approx(float(np.ravel(alive)[0]), rel=1e-8)


@settings(max_examples=40, deadline=None)
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
