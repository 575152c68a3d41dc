"""The real notebooks on companies of every shape: a report comes out, and it never says nan."""

import json
import re

import pytest

from companies import SHAPES, order_lines
from customer_value.report.run import make_report

SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, order_id: invoice, amount: amount, cost: cost}
"""


def text_of(page):
    hidden = r'<(style|script).*?</\1>|<svg.*?</svg>|<div class="code">.*?</pre>'
    body = re.sub(hidden, " ", page.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r'<[^>]*?alt="([^"]*)"[^>]*>|<[^>]*>', r" \1 ", body))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_company_gets_an_honest_report(desk, shape):
    desk.settings(SETTINGS).file("orders.csv", order_lines(shape))
    index = make_report(desk.config, desk.folder / "out")
    pages = sorted(index.parent.glob("*.html"))
    assert len(pages) == 6
    for page in pages:
        text = text_of(page)
        assert not re.search(r"\b(nan|NaN|inf|None|NaT|<NA>)\b", text), page.name
        assert not re.search(r"\b1 (customers|rows|orders|months|days|accounts|files)\b", text), page.name
    facts = json.loads((index.parent / "facts.json").read_text())
    assert facts["data.rows_kept"] == facts["data.rows_read"]
    assert sum(facts["loyalty.cells"].values()) <= facts["data.customers"]
