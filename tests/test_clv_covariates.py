"""Covariates: what they find where there is something, and where there is nothing."""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from customer_value import clv
from customer_value.clv.covariate_candidate import covariate_candidate
from customer_value.clv.covariate_story import covariate_findings, covariate_table, sure_differences, times
from customer_value.clv.covariates import covariate_fits, fit_with_covariates, with_categories
from customer_value.display import Prose, show
from customer_value.errors import ConfigError, FitError, InputError
from customer_value.plots.covariates import covariate_effects
from customer_value.settings import ClvSettings
from customer_value.text import NOTHING
from text_kit import said

BG = clv.BetaGeoNBD(0.6, 6.0, 0.8, 2.4)
MBG = clv.ModifiedBetaGeoNBD(0.6, 6.0, 0.8, 2.4)
PARETO = clv.ParetoNBD(0.6, 8.0, 0.7, 12.0)
MODELS = [BG, MBG, PARETO]
LONG = np.linspace(40, 104, 9)


def simulated(model, customers, seed, buying=(), leaving=(), names="abcdefgh"):
    """Customers of as many industries as there are factors, the first one the model's own."""
    parts = []
    for place, (often, soon) in enumerate(zip((1.0, *buying), (1.0, *leaving), strict=True)):
        end = {"beta": model.beta / soon} if hasattr(model, "beta") else {"a": model.a * soon}
        own = replace(model, alpha=model.alpha / often, **end)
        T = np.resize(LONG, customers[place] if isinstance(customers, tuple) else customers)
        parts.append(own.simulate(T, 100 * seed + place).assign(industry=names[place]))
    return pd.concat(parts, ignore_index=True)


def fitted(table, covariates=("industry",), model=BG, **options):
    return fit_with_covariates(type(model), table, covariates=covariates, time_unit="W", **options)


def effects(fit, column="estimate"):
    return fit.coefficients.set_index(["part", "covariate", "level"])[column].to_dict()


@pytest.fixture(scope="module")
def different():
    """Industry b buys twice as often and leaves half as readily; c is as a, and south as north."""
    table = simulated(BG, (500, 450), 2, (2.0,), (0.5,))
    third = table[table["industry"] == "a"].assign(industry="c")
    table = pd.concat([table, third], ignore_index=True)
    return pd.concat([table.assign(region=region) for region in ("north", "south")], ignore_index=True)


@pytest.fixture(scope="module")
def fit(different):
    return fitted(different, ("industry", "region"))


# ---------------------------------------------------------------- against plain models


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_without_covariates_it_is_the_plain_model(model):
    table = model.simulate(np.resize(LONG, 800), 3)
    plain = type(model).fit(table, time_unit="W")
    found = fitted(table, (), model)
    assert found.parameters == pytest.approx(plain.parameters, rel=1e-5)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert found.standard_errors == pytest.approx(plain.standard_errors, rel=1e-4)
    assert (found.degrees_of_freedom, found.p_value, found.coefficients.empty) == (0, 1.0, True)


@pytest.mark.parametrize(
    ("model", "leaving"), [(BG, 1.0), (MBG, 1.0), (PARETO, 0.5)], ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"]
)
def test_the_same_histories_at_half_the_speed_have_half_the_rate_exactly(model, leaving):
    fast = model.simulate(np.resize(LONG, 600), 4)
    slow = fast.assign(recency=fast["recency"] * 2, T=fast["T"] * 2)
    found = fitted(pd.concat([fast.assign(industry="a"), slow.assign(industry="b")]), model=model)
    apart = sum(type(model).fit(part, time_unit="W").log_likelihood for part in (fast, slow))
    assert found.log_likelihood == pytest.approx(apart, abs=1e-5)
    assert np.exp(effects(found)["buying rate", "industry", "b"]) == pytest.approx(0.5, rel=1e-4)
    assert np.exp(effects(found)["leaving", "industry", "b"]) == pytest.approx(leaving, rel=1e-3)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_the_likelihood_lies_between_one_model_for_all_and_one_for_each(model):
    table = simulated(model, 500, 5, (1.6,), (0.7,))
    found = fitted(table, model=model)
    apart = [type(model).fit(part, time_unit="W").log_likelihood for _, part in table.groupby("industry")]
    assert found.plain.log_likelihood <= found.log_likelihood <= sum(apart) + 1e-6
    assert found.likelihood_ratio == pytest.approx(2 * (found.log_likelihood - found.plain.log_likelihood))


def test_it_equals_a_fit_of_two_rates_by_hand():
    table = simulated(BG, 400, 6, (2.0,), (0.6,))
    groups = [part for _, part in table.groupby("industry")]

    def height(logs):
        r, b, *own = np.exp(logs)
        models = [clv.BetaGeoNBD(r, own[i], own[i + 2], b) for i in range(2)]
        return -sum(model.log_likelihood(part) for model, part in zip(models, groups, strict=True))

    found = minimize(height, np.log([BG.r, BG.b, 6, 6, 0.8, 0.8]), options={"gtol": 1e-2})
    fit = fitted(table)
    by_hand = found.x[2] - found.x[3], found.x[5] - found.x[4]
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-4)
    assert tuple(effects(fit).values()) == pytest.approx(by_hand, abs=2e-3)


# ---------------------------------------------------------------- exact derivatives


def test_standard_errors_are_exact():
    histories = {"frequency": [0, 1, 1, 3, 3, 8, 15], "recency": [0, 2, 28, 5, 36, 38, 9], "T": 40}
    table = pd.concat(
        [
            pd.DataFrame(histories).assign(industry="a", weight=[60, 25, 9, 9, 6, 5, 2]),
            pd.DataFrame(histories).assign(industry="b", weight=[30, 20, 15, 9, 9, 9, 2]),
        ]
    )
    fit = fitted(table)
    rows = [tuple(row) for row in table[["frequency", "recency", "T", "industry", "weight"]].to_numpy()]

    def height(*logs):
        r, alpha, a, b = (mp.exp(v) for v in logs[:4])
        total = mp.mpf(0)
        for x, t_x, T, industry, weight in rows:
            rate = alpha * mp.exp(-logs[4]) if industry == "b" else alpha
            odds = a * mp.exp(logs[5]) if industry == "b" else a
            stays = mp.beta(odds, b + x) / mp.beta(odds, b) * (rate + T) ** -(r + x)
            if x:
                stays += mp.beta(odds + 1, b + x - 1) / mp.beta(odds, b) * (rate + t_x) ** -(r + x)
            total += weight * mp.log(stays * mp.gamma(r + x) / mp.gamma(r) * rate**r)
        return total

    with mp.workdps(40):
        top = mp.matrix([mp.log(v) for v in fit.parameters.values()])
        step = mp.mpf(10) ** -10
        move = [mp.matrix([step if k == i else 0 for k in range(6)]) for i in range(6)]
        slope = [(height(*(top + m)) - height(*(top - m))) / (2 * step) for m in move]
        bend = mp.matrix(6, 6)
        for i, j in zip(*np.triu_indices(6), strict=True):
            plus, minus = move[i] + move[j], move[i] - move[j]
            corners = (
                height(*(top + plus))
                + height(*(top - plus))
                - height(*(top + minus))
                - height(*(top - minus))
            )
            bend[i, j] = bend[j, i] = -corners / (4 * step**2)
        exact = np.array((bend**-1).tolist(), dtype=float)
    assert (fit.base, fit.undetermined) == ({"industry": "a"}, ())
    assert max(abs(float(v)) for v in slope) < 1e-5
    assert fit.covariance == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_the_covariance_is_that_of_the_likelihood_of_the_groups(model):
    table = simulated(model, 300, 7, (1.5,), (0.8,))
    fit = fitted(table, model=model)
    parts = dict(tuple(table.groupby("industry")))

    def height(shift):
        base = {n: v * np.exp(s) for (n, v), s in zip(fit.model.base.items(), shift[:4], strict=True)}
        moved = {key: v + s for (key, v), s in zip(fit.model.effects.items(), shift[4:], strict=True)}
        other = replace(fit.model, base=base, effects=moved)
        return sum(other.model_for({"industry": i}).log_likelihood(part) for i, part in parts.items())

    move = np.eye(6) * 2e-3
    slope = [(height(m) - height(-m)) / 4e-3 for m in move]
    bend = np.zeros((6, 6))
    for i, j in zip(*np.triu_indices(6), strict=True):
        plus, minus = move[i] + move[j], move[i] - move[j]
        bend[i, j] = bend[j, i] = (height(plus) - height(minus) - height(-minus) + height(-plus)) / (4 * 4e-6)
    assert np.abs(slope).max() < 2e-2
    assert np.linalg.inv(-bend) == pytest.approx(fit.covariance, rel=5e-3, abs=1e-4)


# ---------------------------------------------------------------- laws


def test_weights_count_as_repeated_rows(different):
    some = different.iloc[::5].assign(recency=lambda t: t["recency"].round())
    some = some[(some["frequency"] == 0) | (some["recency"] > 0)].reset_index(drop=True)
    weight = np.resize([1, 2, 3], len(some))
    weighted = fitted(some.assign(weight=weight))
    repeated = fitted(some.loc[some.index.repeat(weight)])
    pd.testing.assert_frame_equal(weighted.coefficients, repeated.coefficients)
    assert weighted.customers == repeated.customers == weight.sum()


def test_the_order_of_rows_does_not_matter(different, fit):
    other = fitted(different.sample(frac=1, random_state=1), ("industry", "region"))
    pd.testing.assert_frame_equal(other.coefficients, fit.coefficients, check_exact=True)
    assert other.simulate(1).equals(fit.simulate(1))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.label)
def test_coefficients_do_not_depend_on_the_time_unit(model):
    table = simulated(model, 400, 8, (1.5,), (0.8,))
    days = fit_with_covariates(
        type(model), table.assign(recency=table["recency"] * 7, T=table["T"] * 7),
        covariates=["industry"], time_unit="D",
    )  # fmt: skip
    weeks = fitted(table, model=model)
    assert effects(days) == pytest.approx(effects(weeks), abs=1e-5)
    assert effects(days, "standard_error") == pytest.approx(effects(weeks, "standard_error"), rel=1e-5)
    assert days.model.base["alpha"] == pytest.approx(7 * weeks.model.base["alpha"], rel=1e-5)


def test_another_base_says_the_same_the_other_way_round(different, fit):
    other = fitted(different, ("industry", "region"), base={"industry": "b"})
    assert other.base == {"industry": "b", "region": "north"}
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert effects(other)["buying rate", "industry", "a"] == pytest.approx(
        -effects(fit)["buying rate", "industry", "b"], abs=1e-6
    )
    table = different.head(50)
    assert other.model.p_alive(table) == pytest.approx(fit.model.p_alive(table), abs=1e-7)


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize(
    ("model", "runs"), [(BG, 8), (MBG, 5), (PARETO, 3)], ids=lambda m: getattr(m, "label", "")
)
def test_95_percent_intervals_hold_the_truth(model, runs):
    buying, leaving = (1.7, 0.7), (0.6, 1.4)
    held = []
    for seed in range(runs):
        found = fitted(simulated(model, (900, 700, 600), 20 + seed, buying, leaving), model=model)
        truth = np.array([*buying, *leaving])
        held += list((found.coefficients["low"] < truth) & (truth < found.coefficients["high"]))
    miss = 1 - np.mean(held)
    assert len(held) == 4 * runs
    assert miss < 0.05 + 2.5 * (0.05 * 0.95 / len(held)) ** 0.5


def test_chance_is_taken_for_a_difference_about_as_often_as_it_should():
    p_values = [fitted(simulated(BG, 250, 60 + seed, (1.0,), (1.0,))).p_value for seed in range(20)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.15
    assert 0.25 < np.median(p_values) < 0.75


def test_opposite_data_get_opposite_verdicts(fit):
    told = [said(sentence) for sentence in covariate_findings(fit)]
    factor = times(np.exp(effects(fit)["buying rate", "industry", "b"]))
    assert len(told) == 4
    assert told[0].startswith("Industry and region tell customers apart: chance alone makes differences as")
    assert told[1].startswith(
        f"Customers in b buy {factor} times as often as those in a with the same region (95%"
    )
    assert told[2].startswith(
        "Customers in b leave less readily after a purchase than those in a with the same"
    )
    assert told[3] == (
        "Region makes no difference, neither to how often customers buy nor to when they leave, that chance does "
        "not explain."
    )
    same = BG.simulate(np.resize(LONG, 300), 61)
    alike = fitted(pd.concat([same.assign(industry=name) for name in "ab"]))
    assert said(covariate_findings(alike)) == (
        "Industry makes no difference to buying or leaving that chance does not explain: chance alone makes "
        "differences as large as these in 100% of cases."
    )
    assert covariate_findings(fitted(same, ())) == ()


def test_leaving_is_told_as_a_speed_for_pareto_nbd():
    told = map(said, covariate_findings(fitted(simulated(PARETO, 900, 62, (1.0,), (4.0,)), model=PARETO)))
    assert any(
        "leave for good" in sentence and "times as fast as those in a (95%" in sentence for sentence in told
    )


def test_only_sure_differences_are_called_so(fit):
    sure = sure_differences(fit)
    assert set(sure["covariate"]) == {"industry"}
    assert set(sure["level"]) == {"b"}
    assert (sure["p_value"] < 0.05).all()


# ---------------------------------------------------------------- levels


def test_small_levels_count_together_and_a_level_without_repeats_is_one_of_them():
    table = simulated(BG, (400, 400, 20, 15, 12), 9, (1.0,) * 4, (1.0,) * 4)
    silent = table["industry"] == "e"
    table = table.assign(
        frequency=table["frequency"].where(~silent, 0), recency=table["recency"].where(~silent, 0.0)
    )
    found = fitted(table, least=25)
    covariate = found.model.covariates[0]
    assert covariate.levels == ("a", "b", "other")
    assert covariate.merged == ("c", "d", "e")
    assert covariate.customers == (400, 400, 47)
    assert found.notes == (
        "industry: c, d and e count together as 'other', because a level needs 25 customers who bought again and "
        "at most 20 levels are told apart.",
    )
    assert found.model_for({"industry": "e"}) == found.model_for({"industry": "never seen"})


def test_the_next_smallest_level_joins_where_the_small_ones_are_still_too_few():
    table = simulated(BG, (400, 300, 60, 5), 10, (1.0,) * 3, (1.0,) * 3)
    assert fitted(table).model.covariates[0].levels == ("a", "b", "other")


def test_missing_and_blank_are_not_stated_and_never_the_base():
    table = simulated(BG, (300, 500), 11, (1.0,), (1.0,))
    table.loc[table["industry"] == "b", "industry"] = None
    table.loc[table.index[-100:], "industry"] = "  "
    found = fitted(table)
    assert found.base == {"industry": "a"}
    assert found.model.covariates[0].levels == ("a", "not stated")


def test_the_base_is_the_most_frequent_level_and_the_first_by_name_of_equals():
    assert fitted(simulated(BG, (300, 400), 12, (1.0,), (1.0,))).base == {"industry": "b"}
    assert fitted(simulated(BG, 300, 12, (1.0,), (1.0,), names="zy")).base == {"industry": "y"}


def test_a_covariate_that_follows_from_another_is_left_out_in_a_sentence():
    table = simulated(BG, 300, 13, (1.5, 1.0), (1.0, 1.0))
    table = table.assign(region=table["industry"].map({"a": "north", "b": "south", "c": "south"}))
    for order in (("industry", "region"), ("region", "industry")):
        found = fitted(table, order)
        assert found.notes == (
            "region is left out: it follows from industry, so their effects cannot be told apart.",
        )
        assert list(found.base) == ["industry"]


def test_customers_who_lack_both_columns_have_one_effect():
    table = simulated(BG, 300, 14, (1.5, 1.0), (1.0, 1.0))
    table = table.assign(region=np.resize(["n", "s"], len(table))).astype({"industry": object})
    table.loc[table["industry"] == "c", ["industry", "region"]] = None
    found = fitted(table, ("industry", "region"))
    assert found.notes == (
        "region 'not stated' has no effect of its own: these customers are already told apart by industry.",
    )
    assert found.degrees_of_freedom == 6


def test_a_group_that_never_leaves_is_told_to_be_open():
    stay = clv.BetaGeoNBD(2.0, 10.0, 1e-4, 50.0).simulate(np.resize(LONG, 300), 15)
    table = pd.concat([simulated(BG, 500, 15), stay.assign(industry="loyal")])
    found = fitted(table)
    assert found.undetermined == ("leaving: industry = loyal",)
    assert found.coefficients["p_value"].isna().tolist() == [False, True]
    assert (
        "For customers in loyal the data do not tell when they leave."
        in said(covariate_findings(found)).splitlines()
    )
    assert "not determined by these data" in str(covariate_table(found))
    assert "nan" not in str(covariate_table(found)).lower()


@pytest.mark.parametrize(
    ("change", "covariates", "error", "sentence"),
    [
        (
            {},
            ("colour",),
            InputError,
            "The table has no column colour; it has frequency, recency, T and industry.",
        ),
        ({}, ("industry", "industry"), InputError, "The covariates industry and industry must differ"),
        (
            {"industry": "a"},
            ("industry",),
            FitError,
            "industry is left out: it is the same for all customers",
        ),
        ({"frequency": 0, "recency": 0.0}, ("industry",), FitError, "none of 200 customers bought again"),
        ({"recency": 1e9}, ("industry",), InputError, "Row 1: recency 1000000000 is after T 40"),
    ],
)
def test_what_cannot_be_is_one_clear_sentence(change, covariates, error, sentence):
    table = simulated(BG, 100, 16, (1.0,), (1.0,)).sort_values(
        "frequency", ascending=False, ignore_index=True
    )
    table["T"] = 40.0
    table["recency"] = table["recency"].clip(upper=40)
    with pytest.raises(error, match=sentence.replace("(", "\\(")):
        fitted(table.assign(**change), covariates)


def test_too_few_repeats_in_all_levels_are_said():
    with pytest.raises(
        FitError, match="a level needs 1,000 customers who bought again, and fewer than two levels"
    ):
        fitted(simulated(BG, 100, 16, (1.0,), (1.0,)), least=1000)


def test_unknown_levels_and_covariates_are_said(fit):
    with pytest.raises(InputError, match="industry 'q' is not among the levels of the fit: a, c and b"):
        fit.model_for({"industry": "q"})
    with pytest.raises(InputError, match="colour is not a covariate"):
        fit.model_for({"colour": "red"})
    with pytest.raises(InputError, match="no column region"):
        fit.model.p_alive(pd.DataFrame({"frequency": [0], "recency": [0], "T": [9], "industry": ["a"]}))
    with pytest.raises(InputError, match="the base 'q' is not one of a, c and b"):
        fitted(fit.simulate(1), base={"industry": "q"})


# ---------------------------------------------------------------- scoring and simulation


def test_customers_are_scored_by_the_model_of_their_levels(different, fit):
    table = different.iloc[::97].reset_index(drop=True)
    p_alive = fit.model.p_alive(table)
    expected = fit.model.conditional_expected_purchases(26, table)
    value = fit.model.discounted_expected_purchases(table, discount_rate=0.002, horizon=100)
    for row, got in zip(table.to_dict("records"), zip(p_alive, expected, value, strict=True), strict=True):
        model = fit.model_for({"industry": row["industry"], "region": row["region"]})
        history = row["frequency"], row["recency"], row["T"]
        assert got == pytest.approx(
            (
                float(model.p_alive(*history)),
                float(model.conditional_expected_purchases(26, *history)),
                float(model.discounted_expected_purchases(*history, discount_rate=0.002, horizon=100)),
            )
        )


def test_draws_spread_as_the_standard_errors_say(fit):
    models = fit.draw(4000, np.random.default_rng(1))
    key = ("buying rate", "industry", "b")
    drawn = np.array([model.effects[key] for model in models])
    assert drawn.mean() == pytest.approx(fit.model.effects[key], abs=0.01)
    assert drawn.std() == pytest.approx(effects(fit, "standard_error")[key], rel=0.05)


def test_simulated_customers_have_the_levels_and_the_purchases_of_the_fit(different, fit):
    again = fit.simulate(7)
    assert again.equals(fit.simulate(7))
    assert (
        again.groupby(["industry", "region"]).size().equals(different.groupby(["industry", "region"]).size())
    )
    means = [table.groupby("industry")["frequency"].mean() for table in (again, different)]
    assert means[0].to_numpy() == pytest.approx(means[1].to_numpy(), rel=0.2)


def test_simulated_totals_lie_around_the_expectation_and_forget_the_order(different, fit):
    table = different.iloc[::5]
    expected = fit.model.conditional_expected_purchases(26, table).sum()
    totals = fit.simulate_totals(table, horizon=26, seed=3, replicates=60)
    assert totals.mean() == pytest.approx(expected, rel=0.03)
    assert (totals == fit.simulate_totals(table[::-1], horizon=26, seed=3, replicates=60)).all()


def test_a_model_with_covariates_stands_in_the_comparison(different, fit):
    candidate = covariate_candidate(clv.BetaGeoNBD, ["industry"])
    table = different.head(40)
    found = candidate.fit(different, "W")
    rng = np.random.default_rng(1)
    future = candidate.future(candidate.draw(found, 1, rng)[0], table, np.arange(40), 26.0, rng)
    assert candidate.columns == ("frequency", "recency", "T", "industry")
    assert candidate.predict(found, table, 26.0).shape == future.shape == (40,)


# ---------------------------------------------------------------- from the settings to the reader


def test_covariates_come_from_the_customer_file(different):
    customers = different[["frequency", "recency", "T"]].assign(
        customer_id=[str(i) for i in range(len(different))]
    )
    customers = clv.in_time_unit(customers, "W").assign(
        recency=different["recency"] * 7, T=different["T"] * 7
    )
    file = pd.DataFrame({"customer_id": customers["customer_id"], "industry": different["industry"]})
    options = ClvSettings(covariates=["industry"])
    found, reason = covariate_fits(customers, file.iloc[::-1], options)
    assert reason == NOTHING
    assert effects(found) == pytest.approx(effects(fitted(different)), abs=1e-5)
    assert covariate_fits(customers, file, ClvSettings()) == (None, NOTHING)
    assert said(covariate_fits(customers, None, options)[1]).startswith("There is no customer file")
    nobody, reason = covariate_fits(customers, file.head(0), options)
    assert nobody is None
    assert "industry is left out: it is the same for all customers" in said(reason)
    with pytest.raises(InputError, match="the customer file has no column region"):
        with_categories(customers, file, ["region"])


@pytest.mark.parametrize(
    ("clv_settings", "sentence"),
    [
        ("[region]", "clv.covariates needs customers.columns.region, the column of the customer file with"),
        (
            "[colour]",
            r"clv.covariates.1: input should be 'industry', 'region', 'channel' or 'account_manager'",
        ),
        ("[channel, channel]", "clv: covariates names a column twice"),
    ],
)
def test_covariates_that_are_not_in_the_customer_file_are_refused(desk, clv_settings, sentence):
    desk.orders("a,2024-01-01,5").file("customers.csv", "id,channel\na,web\n")
    text = (
        desk.config.read_text()
        + "customers: {path: customers.csv, columns: {customer_id: id, channel: channel}}\n"
    )
    desk.settings(f"{text}clv: {{covariates: {clv_settings}}}\n")
    with pytest.raises(ConfigError, match=sentence):
        desk.check()


def test_the_channel_of_a_customer_reaches_the_customer_file(desk):
    desk.orders("a,2024-01-01,5").file("customers.csv", "id,way\na,web\n")
    text = (
        desk.config.read_text()
        + "customers: {path: customers.csv, columns: {customer_id: id, channel: way}}\n"
    )
    desk.settings(f"{text}clv: {{covariates: channel}}\n")
    table = pd.read_parquet(desk.run() / "tables" / "customer_file.parquet")
    assert table.to_dict("records") == [{"customer_id": "a", "channel": "web"}]


def test_the_chart_says_the_strongest_difference_and_the_table_has_every_level(fit):
    picture = show(covariate_effects, fit)
    factor = times(np.exp(effects(fit)["buying rate", "industry", "b"]))
    assert f"industry b, buying rate: {factor} (" in picture.alt
    text = str(covariate_table(fit))
    assert "BG/NBD by industry and region: each level against the base of its column" in text
    assert text.count("base\n") + text.count(" base ") >= 4


def test_without_covariates_there_is_nothing_to_draw():
    nothing = fitted(BG.simulate(np.resize(LONG, 300), 17), ())
    assert isinstance(show(covariate_effects, nothing), Prose)
    assert isinstance(covariate_table(nothing), Prose)


def test_hostile_level_names_stay_text():
    table = simulated(BG, 300, 18, (3.0,), (1.0,))
    table["industry"] = table["industry"].map({"a": "<b>\u202e$x$", "b": "{0}\n=cmd"})
    found = fitted(table)
    told = said(covariate_findings(found)[1])
    assert "<b>$x$" in told or "{0} =cmd" in told
    assert "<b>" not in covariate_table(found)._repr_html_()
    assert show(covariate_effects, found).png
