"""Published figures of the models, on the CDNOW 1/10 sample."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from customer_value.clv import BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD, in_time_unit
from customer_value.clv.simulation import simulate_totals

ORDERS = Path(__file__).parents[1] / "data" / "sample" / "cdnow" / "orders.csv"
CALIBRATION_END = pd.Timestamp("1997-09-30")


def days_of_purchase():
    orders = pd.read_csv(ORDERS, dtype={"customer_id": str}, parse_dates=["order_date"])
    return orders.groupby(["customer_id", "order_date"], as_index=False)["amount"].sum()


@pytest.fixture(scope="module")
def calibration():
    days = days_of_purchase()
    days = days[days["order_date"] <= CALIBRATION_END]
    days["first"] = days.groupby("customer_id")["order_date"].transform("min")
    dates = days.groupby("customer_id")["order_date"].agg(["min", "max", "size"])
    repeats = days[days["order_date"] > days["first"]].groupby("customer_id")["amount"].mean()
    summary = pd.DataFrame(
        {
            "frequency": dates["size"] - 1,
            "recency": (dates["max"] - dates["min"]).dt.days,
            "T": (CALIBRATION_END - dates["min"]).dt.days,
            "monetary_value": repeats.reindex(dates.index),
        }
    )
    return in_time_unit(summary, "W")


# Fader, Hardie & Lee 2005, Marketing Science 24(2), section 7, recomputed from exact days.
# MBG/NBD: test suite of the lifetimes package.
PUBLISHED = [
    (BetaGeoNBD, {"r": 0.242595, "alpha": 4.413602, "a": 0.792922, "b": 2.425907}, 0.0005, -9582.4292),
    (ParetoNBD, {"r": 0.553277, "alpha": 10.57768, "s": 0.60624, "beta": 11.66874}, 0.002, -9594.9762),
    (ModifiedBetaGeoNBD, {"r": 0.524843, "alpha": 6.183086, "a": 0.891359, "b": 1.614002}, 0.001, -9582.1357),
]


@pytest.mark.parametrize(("model", "parameters", "tolerance", "log_likelihood"), PUBLISHED)
def test_parameters_and_likelihood_are_the_published_ones(
    calibration, model, parameters, tolerance, log_likelihood
):
    fit = model.fit(calibration, time_unit="W")
    assert fit.parameters == pytest.approx(parameters, abs=tolerance)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.001)
    assert fit.customers == 2357
    assert fit.undetermined == ()


@pytest.mark.parametrize(
    ("model", "errors"),
    [
        (BetaGeoNBD, {"r": 0.01256, "alpha": 0.3782, "a": 0.1857, "b": 0.7053}),
        (ParetoNBD, {"r": 0.04763, "alpha": 0.8427, "s": 0.1873, "beta": 6.211}),
    ],
)
def test_standard_errors_are_the_published_ones(calibration, model, errors):
    assert model.fit(calibration, time_unit="W").standard_errors == pytest.approx(errors, rel=0.01)


def test_a_new_customer_buys_as_often_as_published(calibration):
    model = BetaGeoNBD.fit(calibration, time_unit="W").model
    published = {1 / 7: 0.0078, 1: 0.0532, 3: 0.1506, 31 + 6 / 7: 1.0405, 32: 1.0437, 78: 1.858}
    expected = model.expected_purchases(list(published))
    assert expected == pytest.approx(list(published.values()), abs=6e-5)


def test_a_known_customer_buys_as_often_as_published(calibration):
    model = BetaGeoNBD.fit(calibration, time_unit="W").model
    expected = model.conditional_expected_purchases(39, x=2, t_x=30.43, T=38.86)
    assert float(expected) == pytest.approx(1.226, abs=5e-4)


def test_customer_1516_is_alive_as_published(calibration):
    model = ParetoNBD.fit(calibration, time_unit="W").model
    assert float(model.p_alive(26, 30.857, 31)) == pytest.approx(0.99787, abs=1e-5)
    expected = model.conditional_expected_purchases(52, 26, 30.857, 31)
    assert float(expected) == pytest.approx(25.456, abs=1e-3)


@pytest.mark.parametrize(
    ("model", "total"), [(BetaGeoNBD, 1653.4), (ParetoNBD, 1665.5), (ModifiedBetaGeoNBD, 1576.7)]
)
def test_the_holdout_total_is_the_published_one(calibration, model, total):
    fitted = model.fit(calibration, time_unit="W").model
    expected = fitted.conditional_expected_purchases(
        39, calibration["frequency"], calibration["recency"], calibration["T"]
    )
    assert float(expected.sum()) == pytest.approx(total, abs=1.0)


def test_what_happened_in_the_holdout_is_known():
    days = days_of_purchase()
    assert (days["order_date"] > CALIBRATION_END).sum() == 1882


def test_the_interval_of_bg_nbd_misses_the_holdout(calibration):
    fit = BetaGeoNBD.fit(calibration, time_unit="W")
    x, t_x, T = (calibration[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    totals = simulate_totals(fit, x, t_x, T, horizon=39.0, seed=1, replicates=300)
    low, high = np.quantile(totals, (0.025, 0.975))
    assert low == pytest.approx(1462, abs=40)
    assert high == pytest.approx(1875, abs=40)
    assert np.mean(totals < 1882) > 0.95


def test_the_spend_model_is_the_published_one(calibration):
    # Fader & Hardie, note 025.
    known = calibration[calibration["frequency"] > 0]
    fit = GammaGamma.fit(known)
    assert len(known) == 946
    assert fit.parameters == pytest.approx({"p": 6.24957, "q": 3.74423, "gamma": 15.4435}, abs=0.005)
    assert fit.log_likelihood == pytest.approx(-4055.91769, abs=0.001)
    assert known["monetary_value"].mean() == pytest.approx(35.08, abs=0.005)
