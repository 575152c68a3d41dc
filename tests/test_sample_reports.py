"""The shipped sample through the real notebooks: the contract of the output, same bytes."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from browser_kit import faults, opened_browser
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
def company(tmp_path_factory):
    """Made with one notebook after the other."""
    return make_report(SAMPLE / "company.yml", tmp_path_factory.mktemp("company") / "report", jobs=1).parent


@pytest.fixture
def side_by_side(tmp_path):
    """Made with notebooks side by side: by whoever runs the tests, who says where, or here."""
    made = os.environ.get("CUSTOMER_VALUE_SAMPLE_REPORT")
    return Path(made) if made else make_report(SAMPLE / "company.yml", tmp_path / "report", jobs=2).parent


def facts_of(folder):
    return json.loads((folder / "facts.json").read_text(encoding="utf-8"))


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_axe_finds_no_fault_on_any_page(company):
    with opened_browser() as page:
        found = [(name, fault) for name in PAGES for fault in faults(page, company / f"{name}.html")]
    assert found == []


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


def test_the_simulated_truth_is_recovered_where_it_can_be(company):
    truth = pd.read_csv(SAMPLE / "truth_accounts.csv", dtype={"customer_id": str})
    clv = pd.read_parquet(company / "tables" / "clv.parquet").merge(truth, on="customer_id")
    repeaters = clv[clv["frequency"] > 0] if "frequency" in clv else clv
    gone = ~repeaters["alive"]
    assert repeaters.loc[~gone, "p_alive"].mean() > repeaters.loc[gone, "p_alive"].mean() + 0.2


def test_the_same_input_gives_the_same_bytes_one_notebook_after_the_other_or_side_by_side(
    company, side_by_side
):
    first, second = files_of(company), files_of(side_by_side)
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
        table = pd.read_csv(path, dtype=str).select_dtypes("str")
        for column in table:
            values = table[column].dropna()
            assert not values.str.match(r"\s*[=@]|\s*[+-](?![\d.])").any(), (path.name, column)
