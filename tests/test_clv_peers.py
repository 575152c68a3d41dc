"""The models against clvkit, fitted on the same random customers; lifetimes is compared with the models' tests."""

import numpy as np
import pandas as pd
import pytest
from clvkit.clv import bgnbd, gamma_gamma, mbgnbd
from clvkit.customer_base import CustomerBase

from customer_value import clv

TRUTH = {
    "often": {"r": 1.4, "alpha": 6.0, "a": 0.6, "b": 3.0},
    "seldom": {"r": 0.3, "alpha": 5.0, "a": 0.9, "b": 2.0},
}


def customers(model, seed: int, number: int = 600) -> pd.DataFrame:
    """Histories in whole days, told in weeks, of customers won within half a year; with what they spend."""
    rng = np.random.default_rng(seed)
    table = model.simulate(rng.integers(20, 52, number).astype(float), seed=seed)
    days = np.ceil(table["recency"] * 7)
    spend = rng.gamma(6, 1, number) * rng.gamma(4, 8, number)
    return table.assign(
        recency=np.minimum(days / 7, table["T"]), monetary_value=np.where(table["frequency"] > 0, spend, 0.0)
    )


def of_peer(table: pd.DataFrame) -> CustomerBase:
    """The same customers as clvkit takes them."""
    return CustomerBase(
        table.assign(customer_id=[f"K{number}" for number in range(len(table))]).set_index("customer_id"),
        time_unit="W",
        observation_period_end=pd.Timestamp("2024-12-31"),
        has_monetary=True,
        on_negative="net",
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", TRUTH)
@pytest.mark.parametrize(
    ("ours", "theirs"), [(clv.BetaGeoNBD, bgnbd.BGNBD), (clv.ModifiedBetaGeoNBD, mbgnbd.MBGNBD)]
)
def test_fits_and_predictions_agree_with_clvkit(ours, theirs, kind):
    table = customers(ours(**TRUTH[kind]), seed=5)
    fit = ours.fit(table, time_unit="W")
    peer = theirs().fit(of_peer(table))
    assert fit.log_likelihood >= ours(**peer.params_).log_likelihood(table) - 1e-6
    assert fit.parameters == pytest.approx(dict(peer.params_), rel=2e-2)
    history = [table[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    same = ours(**peer.params_)
    expected = peer.predict(26.0).to_pandas().to_numpy(float).ravel()
    assert same.conditional_expected_purchases(26, *history) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    alive = peer.probability_alive().to_pandas().to_numpy(float).ravel()
    assert same.p_alive(*history) == pytest.approx(alive, rel=1e-8, abs=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_spend_agrees_with_clvkit():
    table = customers(clv.BetaGeoNBD(**TRUTH["often"]), seed=7)
    again = table[table["frequency"] > 0]
    fit = clv.GammaGamma.fit(again)
    peer = gamma_gamma.GammaGamma().fit(of_peer(table))
    assert fit.parameters == pytest.approx(dict(peer.params_), rel=2e-2)
    same = clv.GammaGamma(**peer.params_)
    assert same.mean_spend == pytest.approx(peer.population_mean())
    spend = peer.predict().to_pandas().to_numpy(float).ravel()
    expected = same.expected_spend(table["frequency"], table["monetary_value"])
    assert expected == pytest.approx(spend, rel=1e-6)
