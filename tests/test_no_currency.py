"""Money without a currency is printed without a code, and only where the settings say so."""

import pytest
from typer.testing import CliRunner

from customer_value import open_workbook, rfm
from customer_value.cli import app
from customer_value.config import load_settings
from customer_value.data_load import overview_of
from customer_value.errors import ConfigError
from customer_value.pareto.analysis import concentration_of
from text_kit import said

ROWS = [
    f"{name},2024-0{month}-1{n},{10 * n + month}.50"
    for n, name in enumerate("abcdefg", 1)
    for month in (1, 3, 6)
]


@pytest.fixture
def stated(desk):
    """A desk whose settings state a currency, which they do not have."""

    def of(currency):
        desk.config.write_text(desk.config.read_text().replace("currency: EUR", f"currency: {currency}"))
        return desk.orders(*ROWS, ",2024-01-01,9.00")

    return of


@pytest.mark.parametrize("currency", ["none", "XXX"], ids=["none", "nothing"])
def test_nothing_prints_a_code(stated, currency):
    desk = stated(currency)
    checked = CliRunner().invoke(app, ["check", str(desk.config)])
    workbook = open_workbook(desk.config)
    results = (overview_of(workbook), rfm.rfm_of(workbook), concentration_of(workbook))
    tables = [
        rfm.threshold_table(results[1]),
        rfm.migration_table(results[1]),
        rfm.class_table(results[1], "segment"),
    ]
    tables += [results[1].cutoff_table, results[0].summary, results[0].ledger_table]
    told = [said([*one.findings, *one.next_steps, *one.warnings, str(one.facts)]) for one in results]
    files = [path.read_text() for path in workbook.folder.rglob("*") if path.suffix in (".csv", ".json")]
    everything = "\n".join([checked.stdout, repr(workbook), *map(repr, tables), *told, *files])
    assert "XXX" not in everything
    assert (" 9.00\n" in checked.stdout) == (currency == "none")
    assert "money" not in repr(workbook)


@pytest.mark.parametrize("make", ["report", "batch", "check"])
def test_a_report_asks_for_the_currency(stated, make, tmp_path):
    config = stated("XXX").config
    where = [] if make == "check" else ["--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [make, str(config), *where])
    assert result.exit_code != 0
    assert (
        "nothing says in which currency the money is; write for instance currency: EUR, or currency: none"
        in (" ".join(result.output.split()))
    )


@pytest.mark.parametrize(("currency", "is_open"), [("XXX", True), ("none", False), ("EUR", False)])
def test_what_the_settings_say_of_the_currency(stated, currency, is_open):
    assert load_settings(stated(currency).config).currency_is_open == is_open


def test_none_may_have_a_capital(stated, desk):
    none = load_settings(stated("none").config)
    desk.settings(desk.config.read_text().replace("none", "None"))
    assert load_settings(desk.config) == none


def test_settings_of_orders_say_something(desk):
    desk.settings(desk.config.read_text().replace("currency: EUR\n", ""))
    with pytest.raises(ConfigError, match="name the currency of all money, such as EUR, or none"):
        desk.orders(*ROWS).check()


def test_a_column_with_one_currency_needs_no_rates(stated):
    desk = stated("none")
    desk.settings(desk.config.read_text() + "    currency: cur\n")
    desk.orders("a,2024-01-01,10.00,EUR", "a,2024-01-02,10.00,EUR", header="customer,date,amount,cur")
    assert desk.ledger()["kept"] == 2
