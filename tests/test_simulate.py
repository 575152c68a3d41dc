"""The sample data: made again byte for byte, and true to the relations that they claim."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from customer_value.config import load_settings
from customer_value.errors import InputError
from customer_value.simulate import (
    Parameters,
    cdnow_source,
    cdnow_tidy,
    simulate_company,
    write_cdnow,
    write_company,
)
from customer_value.simulate.__main__ import main
from customer_value.simulate.catalogue import INDUSTRIES, PRODUCTS

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def company():
    return simulate_company()


@pytest.fixture(scope="module")
def lines(company):
    """Readable product lines booked to an account, each once."""
    table = company.orders
    table = table[(table["customer_id"] != "") & (table["product_id"] != "FREIGHT")].drop_duplicates()
    dates = pd.to_datetime(table["order_date"], format="%Y-%m-%d", errors="coerce")
    return table.assign(date=dates, margin=table["amount"] - table["cost"]).dropna(subset=["date"])


@pytest.fixture(scope="module")
def money(company, lines):
    table = lines.groupby("customer_id")[["amount", "margin"]].sum()
    table["service"] = company.service_costs.groupby("customer_id")["cost"].sum()
    table["service"] = table["service"].fillna(0)
    return table.assign(profit=table["margin"] - table["service"])


@pytest.fixture(scope="module")
def purchase_days(lines):
    bought = lines[lines["amount"] > 0]
    return bought.drop_duplicates(["customer_id", "date"]).sort_values(["customer_id", "date"])


@pytest.fixture(scope="module")
def hidden(company):
    return company.truth_accounts.set_index("customer_id")


@pytest.fixture(scope="module")
def answers(company):
    """Readable scores by respondent and item, with reversed items turned."""
    table = company.survey.merge(company.survey_items, on="item").dropna(subset=["score"])
    codes = table["missing_codes"].str.split(";")
    asked = [str(score) not in missing for score, missing in zip(table["score"], codes, strict=True)]
    table = table[asked]
    turned = table["scale_min"] + table["scale_max"] - table["score"]
    score = table["score"].astype("float64").where(table["reversed"] == "false", turned.astype("float64"))
    return table.assign(score=score).pivot_table(
        index=["respondent_id", "customer_id"], columns="item", values="score"
    )


# ------------------------------------------------------------------ files


def test_shipped_files_are_what_the_seed_gives(company, tmp_path):
    for made in write_company(company, tmp_path):
        assert made.read_bytes() == (SAMPLE / made.name).read_bytes(), made.name


def test_other_seeds_give_other_companies_and_the_same_seed_the_same():
    first, again, other = (simulate_company(seed, 60) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first.orders, again.orders)
    assert not first.orders.equals(other.orders)


def test_sample_data_stay_small_and_have_unix_line_ends():
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    assert not [path.name for path in files if b"\r" in path.read_bytes()]


@pytest.mark.parametrize("name", ["company.yml", "cdnow.yml"])
def test_settings_name_columns_that_the_files_have(name):
    settings = load_settings(SAMPLE / name)
    for table in ("orders", "customers", "service_costs", "survey", "survey_items", "referrals", "feedback"):
        source = getattr(settings, table)
        if source is None:
            continue
        mapped = {column for column in source.columns.model_dump().values() if column}
        assert mapped <= set(pd.read_csv(SAMPLE / source.path[0], nrows=1).columns), table


def test_command_writes_a_folder(tmp_path, capsys):
    assert main([str(tmp_path / "new"), "--seed", "4", "--accounts", "3"]) == 0
    assert len(pd.read_csv(tmp_path / "new" / "customers.csv")) == 3
    assert capsys.readouterr().out.count("\n") == 11


@pytest.mark.parametrize("wrong", [["--accounts", "0"], ["--accounts", "many"], ["--seed", "-1"]])
def test_command_refuses_numbers_that_make_no_company(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), *wrong])
    assert "needs a whole number of at least" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [{"accounts": 0}, {"seed": -1}])
def test_function_refuses_them_too(arguments):
    with pytest.raises(ValueError, match="at least one account"):
        simulate_company(**arguments)


@pytest.mark.parametrize("accounts", [1, 2, 7])
def test_tiny_companies_work(accounts):
    made = simulate_company(seed=2, accounts=accounts)
    assert len(made.customers) == len(made.truth_accounts) == accounts


# ------------------------------------------------------------------ orders


def test_amounts_follow_from_price_quantity_and_discount(company):
    o = company.orders
    expected = [
        round(q * p * (1 - d), 2)
        for q, p, d in zip(o["quantity"], o["list_price"], o["discount"], strict=True)
    ]
    assert o["amount"].tolist() == expected
    assert ((o["amount"] < 0) == (o["cost"] < 0)).all()


def test_prices_move_in_steps_that_keep_amounts_in_whole_cents():
    assert all(round(product.list_price * 100) % 20 == 0 for product in PRODUCTS)
    assert sum(industry.share for industry in INDUSTRIES) == pytest.approx(1)


def test_history_spans_three_years_and_ends_on_the_last_day(company, lines):
    assert lines["date"].min() == pd.Timestamp("2022-01-03")
    assert lines["date"].max() == pd.Timestamp(company.truth["as_of"]) == pd.Timestamp("2024-12-31")
    assert (lines["date"].dt.day_of_week < 5).all()


def test_nobody_orders_before_joining_and_many_joined_before_the_books(company, purchase_days):
    first = purchase_days.groupby("customer_id")["date"].min()
    joined = pd.to_datetime(company.customers.set_index("customer_id")["acquired_on"])
    assert (joined.reindex(first.index) <= first).all()
    assert 0.35 < (joined < "2022-01-03").mean() < 0.55


def test_file_has_the_size_that_was_asked_for(company, purchase_days):
    days = purchase_days.groupby("customer_id").size()
    assert len(company.customers) == 1_200
    assert 30_000 < len(company.orders) < 40_000
    assert 0.15 < (days == 1).mean() < 0.25
    assert (days > 1).sum() > 800


def test_revenue_is_concentrated_but_not_by_the_book(money):
    ranked = money["amount"].sort_values(ascending=False)
    assert 0.70 < ranked.head(len(ranked) // 5).sum() / ranked.sum() < 0.82
    assert ranked.iloc[0] / ranked.sum() < 0.10


def test_some_large_accounts_lose_money_while_the_company_earns_it(company, money):
    top = money.sort_values("amount", ascending=False).head(100)
    losing = top.index[top["profit"] < 0]
    assert len(losing) >= 10
    assert set(losing) <= set(company.truth["planted"]["loss_makers_in_top_100"])
    assert 0.10 < money["profit"].sum() / money["amount"].sum() < 0.25


def test_list_prices_rise_once_by_six_percent(lines):
    rise = Parameters().price_rise
    prices = lines[lines["quantity"] > 0].groupby(["product_id", lines["date"] >= str(rise.list_price_on)])
    assert (prices["list_price"].min() == prices["list_price"].max()).all()
    before, after = (prices["list_price"].min().xs(dearer, level="date") for dearer in (False, True))
    assert (after / before).median() == pytest.approx(rise.list_price_factor, abs=0.005)


def test_promotions_raise_quantities_where_the_truth_says_so(lines, hidden):
    sold = lines[lines["quantity"] > 0].join(hidden[["usual_discount", "price_response"]], on="customer_id")
    extra = sold["discount"] - sold["usual_discount"]
    worth = np.log(sold["quantity"] * sold["list_price"])
    worth = worth - worth.groupby(sold["customer_id"]).transform("mean")
    promoted = worth[extra > 0.07].groupby(sold["price_response"] > 2).mean()
    assert promoted[True] > 0.25
    assert abs(promoted[False]) < 0.10


def test_seasonal_accounts_keep_to_their_quarters(company, purchase_days):
    ids = company.truth["planted"]["seasonal"]
    quarters = purchase_days[purchase_days["customer_id"].isin(ids)]
    years = quarters.groupby("customer_id")["date"].agg(lambda day: day.dt.year.nunique())
    used = quarters.groupby("customer_id")["date"].agg(lambda day: day.dt.quarter.nunique())
    assert (used <= 2).mean() > 0.95
    assert (years >= 2).sum() >= 30


def test_reactivated_accounts_were_silent_for_half_a_year(company, purchase_days):
    for account in company.truth["planted"]["reactivated"]:
        days = purchase_days.loc[purchase_days["customer_id"] == account, "date"]
        gap = days.diff().dt.days
        assert ((gap >= 180) & (days >= "2024-10-03")).any(), account


def test_regular_buyers_have_steadier_gaps_than_random_ones(purchase_days, hidden):
    gap = purchase_days.groupby("customer_id")["date"].diff().dt.days
    stats = gap.groupby(purchase_days["customer_id"]).agg(["mean", "std", "count"])
    variation = (stats["std"] / stats["mean"])[stats["count"] >= 10].groupby(hidden["pattern"]).median()
    assert variation["regular"] < 0.6
    assert variation["random"] > 0.9


def test_seasons_show_in_the_months(purchase_days, company):
    industry = purchase_days["customer_id"].map(company.customers.set_index("customer_id")["industry"])
    hotels = purchase_days[industry == "Hotel"]["date"].dt.month.isin([5, 6, 7]).mean()
    assert hotels > 0.30


# ------------------------------------------------------------------ dirt


def test_truth_names_the_dirt(company):
    dirt, orders = company.truth["planted"]["dirt_in_orders"], company.orders
    blank = orders[orders["customer_id"] == ""]
    assert dirt["lines"] == len(orders)
    assert dirt["blank_customer_ids"] == {"lines": len(blank), "amount": round(blank["amount"].sum(), 2)}
    assert dirt["freight"]["lines"] == (orders["product_id"] == "FREIGHT").sum() > 100
    unreadable = pd.to_datetime(orders["order_date"], format="%Y-%m-%d", errors="coerce").isna()
    assert orders.loc[unreadable, "order_date"].tolist() == [d["text"] for d in dirt["unreadable_dates"]]
    repeated = orders[orders.duplicated()]
    assert repeated["order_id"].tolist() == [d["order_id"] for d in dirt["duplicate_lines"]]
    assert len(repeated) == 3


def test_blank_customers_are_under_one_percent_of_revenue(company):
    orders = company.orders
    assert 0 < orders.loc[orders["customer_id"] == "", "amount"].sum() / orders["amount"].sum() < 0.01


def test_truth_names_accounts_without_purchases(company, purchase_days, lines):
    planted, bought = company.truth["planted"], set(purchase_days["customer_id"])
    assert len(planted["returns_only"]) == 3
    assert not bought & {*planted["returns_only"], *planted["never_ordered"]}
    assert set(planted["returns_only"]) <= set(lines["customer_id"])


def test_wrong_potentials_are_the_ones_named(company, lines):
    year = lines[lines["date"].dt.year == 2024].groupby("customer_id")["amount"].sum()
    potential = company.customers.set_index("customer_id")["annual_potential"].dropna()
    over = year.reindex(potential.index).fillna(0) > potential.astype("float64")
    assert sorted(over.index[over]) == sorted(company.truth["planted"]["potential_is_a_month"])
    assert 0.08 < company.customers["annual_potential"].isna().mean() < 0.18


def test_truth_is_plain_json_with_every_parameter(company):
    written = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert written == company.truth
    assert written["parameters"]["lives"]["regular_k"] == Parameters().lives.regular_k
    assert all(relation["in_words"] and relation["coefficient"] for relation in written["relations"].values())


def test_totals_of_the_truth_are_those_of_the_files(company, money):
    totals = company.truth["totals"]
    assert totals["file_amount"] == pytest.approx(company.orders["amount"].sum(), abs=0.005)
    assert totals["service_cost"] == pytest.approx(company.service_costs["cost"].sum())
    assert totals["revenue"] == pytest.approx(money["amount"].sum(), rel=0.001)


# ------------------------------------------------------------------ customers, service, voices


def test_customer_file_is_complete_and_hangs_together(company):
    file = company.customers
    ids = set(file["customer_id"])
    assert file["customer_id"].is_unique
    assert file["name"].is_unique
    assert {*file.loc[file["parent_id"] != "", "parent_id"]} <= set(
        file.loc[file["parent_id"] == "", "customer_id"]
    )
    assert 10 <= file["account_manager"].nunique() <= 15
    assert 0.2 < (file["contract_end"] != "").mean() < 0.4
    for table, column in (
        (company.service_costs, "customer_id"),
        (company.survey, "customer_id"),
        (company.referrals, "referrer_id"),
        (company.referrals, "referred_id"),
        (company.feedback, "customer_id"),
    ):
        assert set(table[column]) <= ids


def test_attitude_drives_retention(hidden):
    bought = hidden[hidden["pattern"].isin(["random", "regular", "seasonal", "trial"])]
    alive = bought["alive"] == "true"
    assert spearmanr(bought["relative_attitude"], alive).statistic > 0.3


def test_surveyed_attitude_goes_with_later_purchases(answers, purchase_days):
    own, rivals = _attitudes(answers)
    relative = (own - rivals.max(axis=1)).groupby("customer_id").mean().dropna()
    stayed = purchase_days.groupby("customer_id")["date"].max().reindex(relative.index) > "2024-07-01"
    found = spearmanr(relative, stayed)
    assert found.statistic > 0.1
    assert found.pvalue < 0.01


def test_contracts_and_open_complaints_change_the_dropout_rate(company, hidden):
    assert Parameters().lives.churn_factor_contract < 1
    complaints = company.feedback[company.feedback["kind"] == "complaint"].set_index("customer_id")
    alive = (
        (hidden["alive"] == "true").reindex(complaints.index).groupby(complaints["resolved_on"] != "").mean()
    )
    assert alive[True] > alive[False] + 0.1


def test_service_cost_is_not_proportional_to_revenue(money):
    assert np.corrcoef(money["service"], money["amount"])[0, 1] ** 2 < 0.25
    share = (money["service"] / money["amount"])[money["amount"] > 10_000]
    assert share.quantile(0.95) > 8 * share.quantile(0.25)


def test_referrers_are_more_satisfied(company, answers, hidden):
    referrers = set(company.referrals["referrer_id"])
    overall = answers[["sat_overall", "sat_ideal", "sat_disappointed"]].mean(axis=1)
    overall = overall.groupby("customer_id").mean()
    refers = overall.index.isin(referrers)
    assert overall[refers].mean() > overall[~refers].mean() + 0.5
    assert hidden.loc[sorted(referrers), "attitude"].mean() > hidden["attitude"].mean() + 0.5


def test_referrals_precede_the_referred_and_follow_the_referrer(company):
    joined = company.customers.set_index("customer_id")["acquired_on"]
    table = company.referrals
    assert (table["date"].to_numpy() <= joined[table["referred_id"]].to_numpy()).all()
    assert (table["date"].to_numpy() > joined[table["referrer_id"]].to_numpy()).all()
    assert table["referred_id"].is_unique
    assert {*table["incentive"]} == {0, 100, 200}


def test_feedback_has_values_for_ideas_and_dates_for_resolved_complaints(company):
    table = company.feedback
    assert {*table["kind"]} == {"complaint", "idea", "praise"}
    assert {*table.loc[table["estimated_value"].notna(), "kind"]} == {"idea"}
    closed = table[table["resolved_on"] != ""]
    assert {*closed["kind"]} == {"complaint"}
    assert (closed["resolved_on"] >= closed["date"]).all()
    assert len(closed) < (table["kind"] == "complaint").sum()


# ------------------------------------------------------------------ survey


def test_codebook_knows_every_item_and_every_score(company):
    items = company.survey_items.set_index("item")
    assert items.index.is_unique
    assert set(company.survey["item"]) == set(items.index)
    table = company.survey.dropna(subset=["score"]).join(items, on="item")
    within = table["score"].between(table["scale_min"], table["scale_max"])
    outside = table[~within]
    assert len(outside)
    assert all(
        str(score) in codes.split(";")
        for score, codes in zip(outside["score"], outside["missing_codes"], strict=True)
    )
    assert 0 < company.survey["score"].isna().mean() < 0.01


def test_missing_codes_are_never_valid_scores(company):
    for item in company.survey_items.to_dict("records"):
        codes = [int(code) for code in item["missing_codes"].split(";")]
        assert not [code for code in codes if item["scale_min"] <= code <= item["scale_max"]], item["item"]


def test_codebook_covers_components_competitors_scales_and_languages(company):
    items = company.survey_items
    perceived = items[items["aspect"] == "perceived"].groupby("target")["component"].agg(set)
    eight = {"product", "service", "personnel", "image", "money", "time", "energy", "psychic"}
    assert len(perceived) == 3
    assert all(components == eight for components in perceived)
    attitudes = items[items["aspect"] == "attitude"].groupby("target")["attribute"].agg(list)
    assert attitudes.tolist() == [attitudes["own"]] * 3
    assert {*items["scale"]} == {"likert", "semantic_differential", "nps", "percentage"}
    assert (items["scale"] == "nps").sum() == 1
    overall = items[items["aspect"] == "overall"]
    assert (len(overall), (overall["reversed"] == "true").sum()) == (3, 1)
    assert items["wording_en"].is_unique
    assert items["wording_zh"].is_unique
    assert items["wording_zh"].str.contains(r"[\u4e00-\u9fff]{3}").all()


def test_expected_and_perceived_versions_share_an_attribute(company):
    items = company.survey_items
    own = items[items["target"] == "own"]
    expected = set(own.loc[own["aspect"] == "expected", "attribute"])
    assert expected <= set(own.loc[own["aspect"] == "perceived", "attribute"])
    assert len(expected) == 7


def test_about_two_in_five_accounts_answered_and_some_twice(company):
    people = company.survey.drop_duplicates("respondent_id")
    assert len(people) <= 500
    assert 0.35 < people["customer_id"].nunique() / 1_200 < 0.42
    assert 20 < people["customer_id"].duplicated().sum() < 80


def test_only_accounts_that_had_bought_were_asked(company, purchase_days):
    first = purchase_days.groupby("customer_id")["date"].min()
    people = company.survey.drop_duplicates("respondent_id")
    assert (first[people["customer_id"]].to_numpy() < pd.to_datetime(people["date"]).to_numpy()).all()


def test_constructs_are_reliable(company, answers):
    groups = company.survey_items.groupby(["construct", "aspect", "target"])["item"].agg(list)
    alphas = {key: _alpha(answers[items]) for key, items in groups.items() if len(items) > 2}
    assert len(alphas) == 9
    assert all(0.70 < alpha < 0.92 for alpha in alphas.values()), alphas


def test_competitors_differ_as_told(answers):
    mean = answers.mean()
    assert mean["tessaly_price"] < mean["own_price"] < mean["brackwater_price"]
    assert mean["tessaly_quality"] < mean["brackwater_quality"]


# ------------------------------------------------------------------ CDNOW


def test_shipped_cdnow_is_a_fresh_conversion(tmp_path):
    source = cdnow_source()
    if source is None:
        pytest.skip("the package lifetimes, which holds the source, is not installed")
    assert write_cdnow(source, tmp_path).read_bytes() == (SAMPLE / "cdnow" / "orders.csv").read_bytes()


def test_cdnow_has_the_published_size():
    table = pd.read_csv(SAMPLE / "cdnow" / "orders.csv", dtype={"customer_id": str})
    assert (len(table), table["customer_id"].nunique()) == (6_919, 2_357)
    assert table["amount"].sum() == pytest.approx(244_091.94)
    assert table["customer_id"].str.fullmatch(r"\d{4}").all()
    assert (table["order_date"].min(), table["order_date"].max()) == ("1997-01-01", "1998-06-30")


def test_a_broken_cdnow_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_text(" 00004 0001 19970101  2   29.33\n 00004 0001\n", encoding="ascii")
    with pytest.raises(InputError, match=r"broken.txt, line 2: expected 5 fields, found 2"):
        cdnow_tidy(path)


# ------------------------------------------------------------------ helpers


def _attitudes(answers):
    means = {
        name: answers[[f"{name}_liking", f"{name}_trust", f"{name}_choice"]].mean(axis=1)
        for name in ("own", "tessaly", "brackwater")
    }
    return means["own"], pd.DataFrame({name: means[name] for name in ("tessaly", "brackwater")})


def _alpha(scores):
    scores = scores.dropna()
    k = scores.shape[1]
    return k / (k - 1) * (1 - scores.var().sum() / scores.sum(axis=1).var())
