"""The real notebooks on companies of every shape: each page is honest, and none says nan."""

import datetime as dt
import re

import pytest

from cells import NOTEBOOKS, shown_by
from companies import SHAPES, order_lines
from customer_value.report.notebooks import inputs_needed

SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, order_id: invoice, amount: amount, cost: cost}
"""
NONSENSE = re.compile(
    r"\b(nan|NaN|inf|NaT|None(?! of))\b|<NA>|\{\}|\b1 (customers|rows|orders|months|days|accounts)\b"
)


DAY = re.compile(r"\d{4}-\d\d-\d\d")


def days_of_a_spreadsheet(day):
    return (dt.date.fromisoformat(day) - dt.date(1899, 12, 30)).days


def nonsense(text):
    return [text[max(0, found.start() - 60) : found.end() + 30] for found in NONSENSE.finditer(text)]


def pages_for(*inputs):
    return [path for path in NOTEBOOKS if set(inputs_needed(path)) <= set(inputs)]


SURVEY_ONLY = """\
survey:
  path: answers.csv
  layout: wide
survey_items:
  path: items.csv
"""


def test_a_survey_without_orders_fills_its_pages(desk):
    items = [("Q1", "service", "expected", "speed"), ("Q2", "service", "perceived", "speed")]
    items += [("Q3", "liking", "attitude", "liking"), ("Q4", "content", "overall", "content")]
    lines = [f"{item},{construct},{aspect},{attribute},1,10" for item, construct, aspect, attribute in items]
    desk.settings(SURVEY_ONLY)
    desk.file("items.csv", "item,construct,aspect,attribute,scale_min,scale_max\n" + "\n".join(lines) + "\n")
    rows = [f"{9 - i % 2},{5 + i % 4},{6 + i % 5},{4 + i % 6}" for i in range(40)]
    desk.file("answers.csv", "Q1,Q2,Q3,Q4\n" + "\n".join(rows) + "\n")
    pages = pages_for("survey", "survey_items")
    assert [path.stem for path in pages] == [
        "01_data_load",
        "05_loyalty_matrix",
        "06_satisfaction_and_value",
    ]
    for notebook in pages:
        shown = [repr(value) for value in shown_by(notebook, desk.config)]
        assert [found for text in shown for found in nonsense(text)] == [], notebook.name
        assert any("orders" in text for text in shown), notebook.name


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_says_something_sensible_about_every_shape_of_company(desk, shape):
    desk.settings(SETTINGS).file("orders.csv", order_lines(shape))
    if shape == "even and regular":
        desk.settings(SETTINGS.replace("  columns", "  dates: excel-serial\n  columns"))
        desk.file("orders.csv", DAY.sub(lambda day: str(days_of_a_spreadsheet(day[0])), order_lines(shape)))
    for notebook in pages_for("orders"):
        shown = shown_by(notebook, desk.config)
        assert len(shown) > 5
        assert [found for value in shown for found in nonsense(repr(value))] == [], notebook.name
