"""The real notebooks on companies of every shape: each page is honest, and none says nan."""

import json
import re

import pytest

from cells import NOTEBOOKS, shown_by
from companies import SHAPES, order_lines
from customer_value.report.run import make_report

SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, order_id: invoice, amount: amount, cost: cost}
"""
NONSENSE = re.compile(
    r"\b(nan|NaN|inf|NaT|None(?! of))\b|<NA>|\{\}|\b1 (customers|rows|orders|months|days|accounts)\b"
)


def nonsense(text):
    return [text[max(0, found.start() - 60) : found.end() + 30] for found in NONSENSE.finditer(text)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_says_something_sensible_about_every_shape_of_company(desk, shape):
    desk.settings(SETTINGS).file("orders.csv", order_lines(shape))
    for notebook in NOTEBOOKS:
        shown = shown_by(notebook, desk.config)
        assert len(shown) > 5
        assert [found for value in shown for found in nonsense(repr(value))] == [], notebook.name


def test_a_company_without_a_single_sale_still_gets_a_report(desk):
    desk.settings(SETTINGS).file("orders.csv", order_lines("all returns"))
    folder = make_report(desk.config, desk.folder / "out").parent
    assert len(list(folder.glob("*.html"))) == 6
    facts = json.loads((folder / "facts.json").read_text())
    assert facts["data.rows_kept"] == facts["data.rows_read"] == 12
    assert facts["clv.customer_equity"] is None
    assert sum(facts["loyalty.cells"].values()) == 0
