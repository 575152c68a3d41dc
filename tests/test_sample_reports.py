"""The shipped samples through the real notebooks: the contract of the output, published figures, same bytes."""

import json

import numpy as np
import pandas as pd
import pytest

from conftest import SAMPLE
from customer_value.report.run import make_report

PAGES = [
    "01_data_load", "02_pareto", "03_rfm", "04_clv", "05_loyalty_matrix", "06_satisfaction_and_value", "index",
]  # fmt: skip

CUSTOMER_COLUMNS = {
    "customer_id",
    "first_order",
    "last_order",
    "orders",
    "gross",
    "returns",
    "net_revenue",
    "frequency",
    "recency",
    "T",
    "monetary_value",
}


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory):
    return make_report(SAMPLE / "cdnow.yml", tmp_path_factory.mktemp("cdnow") / "report").parent


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return make_report(SAMPLE / "company.yml", tmp_path_factory.mktemp("company") / "report").parent


def facts_of(folder):
    return json.loads((folder / "facts.json").read_text(encoding="utf-8"))


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_what_others_rely_on(company):
    assert sorted(path.stem for path in company.glob("*.html")) == PAGES
    for parquet in (company / "tables").glob("*.parquet"):
        assert parquet.with_suffix(".csv").exists()
    customers = pd.read_parquet(company / "tables" / "customers.parquet")
    assert CUSTOMER_COLUMNS | {"margin"} <= set(customers.columns)
    assert customers["customer_id"].is_unique
    ledger = pd.read_csv(company / "ledger.csv")
    orders = ledger[ledger["table"] == "orders"].groupby("status")["rows"].sum()
    assert orders["read"] == orders["kept"] + orders["excluded"]


def test_every_promised_fact_is_there_and_they_agree(company):
    facts = facts_of(company)
    for key in ("data.rows_read", "data.amount_kept", "pareto.customers_for_80_share", "clv.horizon_months"):
        assert isinstance(facts[key], int | float)
    assert facts["data.as_of"] == "2024-12-31"
    assert facts["pareto.total"] == pytest.approx(facts["data.amount_kept"])
    assert sum(facts["rfm.segments"].values()) == facts["data.customers_with_purchase"]
    assert len(facts["rfm.segments"]) == 11
    assert set(facts["loyalty.cells"]) == {"true", "latent", "inert", "none", "not_surveyed"}
    assert sum(facts["loyalty.cells"].values()) == facts["data.customers_with_purchase"]
    assert facts["clv.customer_equity_low"] < facts["clv.customer_equity"] < facts["clv.customer_equity_high"]
    clv = pd.read_parquet(company / "tables" / "clv.parquet")
    assert clv["clv"].sum() == pytest.approx(facts["clv.customer_equity"])


def test_published_figures_of_cdnow_come_out_of_the_report(cdnow):
    """Fader, Hardie & Lee 2005, Marketing Science 24(2); Fader & Hardie, note 025."""
    facts = facts_of(cdnow)
    assert (facts["data.rows_kept"], facts["data.customers"]) == (6919, 2357)
    assert facts["data.amount_kept"] == 244091.94
    assert facts["pareto.top_20_share"] == pytest.approx(0.674229, abs=5e-7)
    fitted = facts["clv.calibration"]["BG/NBD"]
    assert fitted["log_likelihood"] == pytest.approx(-9582.4292, abs=1e-3)
    published = {"r": 0.242595, "alpha": 4.413602, "a": 0.792922, "b": 2.425907}
    assert fitted["parameters"] == pytest.approx(published, abs=5e-4)
    assert facts["clv.holdout_actual"] == 1882
    predicted = {name: row["predicted"] for name, row in facts["clv.holdout"].items()}
    assert predicted["BG/NBD"] == pytest.approx(1653.4, abs=1)
    assert predicted["Pareto/NBD"] == pytest.approx(1665.5, abs=1)
    assert predicted["MBG/NBD"] == pytest.approx(1576.7, abs=1)


def test_the_simulated_truth_is_recovered_where_it_can_be(company):
    truth = pd.read_csv(SAMPLE / "truth_accounts.csv", dtype={"customer_id": str})
    clv = pd.read_parquet(company / "tables" / "clv.parquet").merge(truth, on="customer_id")
    repeaters = clv[clv["frequency"] > 0] if "frequency" in clv else clv
    gone = ~repeaters["alive"]
    assert repeaters.loc[~gone, "p_alive"].mean() > repeaters.loc[gone, "p_alive"].mean() + 0.2


def test_the_same_input_gives_the_same_bytes_one_notebook_after_the_other(company, tmp_path):
    again = make_report(SAMPLE / "company.yml", tmp_path / "report", jobs=1).parent
    first, second = files_of(company), files_of(again)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


HOSTILE = [
    "<script>window.pwned=1</script>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "a\"'b",
    "😀 עברית",
    "$x^2$ **b**",
]


def test_hostile_names_and_ids_stay_text_on_every_page(desk):
    generator = np.random.default_rng(3)
    lines = []
    for number, name in enumerate(HOSTILE * 10):
        quoted = '"' + (name + str(number // 6)).replace('"', '""') + '"'
        days = np.datetime64("2024-01-01") + np.sort(generator.choice(360, 6, replace=False))
        lines.extend(f"{quoted},{day},{generator.gamma(2, 50 + number):.2f}" for day in days)
    desk.orders(*lines)
    ids = sorted({line.rsplit(",", 2)[0] for line in lines})
    desk.file("customers.csv", "id,name\n" + "".join(f"{identifier},{identifier}\n" for identifier in ids))
    desk.settings(
        desk.config.read_text()
        + "customers:\n  path: customers.csv\n  columns: {customer_id: id, name: name}\n"
    )
    folder = make_report(desk.config, desk.folder / "out").parent
    shown = ""
    for page in folder.glob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "<script>window" not in html, page.name
        shown += html
    assert "&lt;script&gt;window.pwned=1&lt;/script&gt;" in shown
    for path in (folder / "tables").glob("*.csv"):
        for column in pd.read_csv(path, dtype=str).select_dtypes("str"):
            values = pd.read_csv(path, dtype=str)[column].dropna()
            assert not values.str.match(r"\s*[=@]|\s*[+-](?![\d.])").any(), (path.name, column)
