"""Settings files: what is read, and the sentence for every way of getting one wrong."""

import datetime as dt
import json

import pytest

from customer_value.config import load_settings, override
from customer_value.errors import ConfigError
from customer_value.settings import ParetoSettings

SMALL = """\
currency: EUR
orders:
  path: orders.csv
  columns:
    customer_id: customer
    order_date: date
    amount: net
"""


def settings_of(tmp_path, text):
    path = tmp_path / "my.yml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_the_two_needed_keys_are_enough(tmp_path):
    settings = settings_of(tmp_path, SMALL)
    assert settings.orders.path == ["orders.csv"]
    assert settings.as_of is None
    assert settings.clv.horizon_months == 36


SURVEY = """\
survey:
  path: answers.csv
  layout: wide
survey_items:
  path: items.csv
"""


def test_a_survey_with_its_codebook_is_enough_and_needs_no_currency(tmp_path):
    settings = settings_of(tmp_path, SURVEY)
    assert (settings.orders, settings.currency, settings.survey.layout) == (None, "XXX", "wide")


def test_words_and_codes_stay_text(tmp_path):
    exclude = "  exclude:\n    - {column: country, is: [NO, 0010, 12:30, 7]}\n"
    settings = settings_of(tmp_path, SMALL + exclude)
    assert settings.orders.exclude[0].is_ == ["NO", "0010", "12:30", 7]


def test_dates_are_dates(tmp_path):
    assert settings_of(tmp_path, SMALL + "as_of: 2024-12-31\n").as_of == dt.date(2024, 12, 31)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("- a\n- b\n", "expected keys"),
        ("currency: [EUR\n", "line 2"),
        (SMALL + "curency: USD\n", "line 8: unknown key 'curency'; did you mean 'currency'?"),
        (SMALL + "currency: USD\n", "line 8: the key 'currency' is given twice"),
        (
            SMALL.replace("amount: net", "amont: net"),
            "unknown key 'orders.columns.amont'; did you mean 'amount'?",
        ),
        (SMALL.replace("    amount: net\n", ""), "line 4: orders.columns: needs amount, or both quantity"),
        (SMALL.replace("currency: EUR\n", ""), "the key 'currency' is missing"),
        (SMALL.replace("EUR", "Euro"), "line 1: currency: needs three capital letters such as EUR"),
        (SMALL + "as_of: 31.12.2024\n", "line 8: as_of:"),
        (SMALL + "as_of: 2024-02-31\n", "line 8: as_of: is not a date; write it as 2024-12-31"),
        (SMALL + "as_of: 20241231\n", "line 8: as_of: is not a date; write it as 2024-12-31"),
        (SMALL + "title: 10\n", "line 8: title: needs text; put it in quotes"),
        (SMALL.replace("path: orders.csv", "path: []"), "line 3: orders.path: needs at least one entry"),
        ("currency: EUR\norders: [a]\n", "line 2: orders: needs keys of its own below it"),
        (SMALL + "x: &a [*a]\n", "contains itself"),
        (
            SMALL + "    currency: c\n  rates: {USD: -1}\n",
            "orders.rates.USD: input should be greater than or equal to 0.00000001",
        ),
        (SMALL + "    currency: c\n  rates: {EUR: 2}\n", "EUR is the report's own currency"),
        (SMALL + "  rates: {USD: 0.9}\n", "orders.rates needs orders.columns.currency"),
        (SMALL + "pareto:\n  abc_cuts: [0.9, 0.8]\n", "line 8: pareto: abc_cuts must rise"),
        (SMALL + "clv:\n  horizon: 3\n", "did you mean 'horizon_months'?"),
        (SMALL + "survey:\n  path: s.csv\n  columns: {respondent_id: r, item: i, score: s}\n", "go together"),
        ("title: Nothing\n", "the key 'orders' is missing; a report needs orders, or a survey"),
        ("currency: EUR\nsurvey_items:\n  path: i.csv\n", "a report needs orders, or a survey"),
        (
            SURVEY.replace("  layout: wide\n", ""),
            "line 1: survey: needs columns with respondent_id, item and score",
        ),
        (SURVEY.replace("wide", "broad"), "line 3: survey.layout: input should be 'long' or 'wide'"),
        (SURVEY.replace("wide\n", "wide\n  columns: {item: i}\n"), "layout wide has a column per item"),
        (SURVEY.replace("wide\n", "wide\n  items: [a, a]\n"), "line 1: survey: items names a column twice"),
        (
            SURVEY + "customers:\n  path: c.csv\n  columns: {customer_id: c, annual_potential: p}\n",
            "the key 'currency' is missing; name the currency of all money",
        ),
        (SMALL + "  exclude:\n    - {column: c, is: a, above: 3}\n", "exactly one of"),
    ],
)
def test_a_wrong_file_gets_one_sentence_with_its_line(tmp_path, text, sentence):
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text)
    message = str(caught.value)
    assert sentence in message
    assert "my.yml" in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(tmp_path / "nothing.yml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "my.yml").write_bytes(b"\xff\xfe\x00currency")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(tmp_path / "my.yml")


def test_overrides_are_validated_and_none_keeps_the_setting():
    changed = override(ParetoSettings(top_share=0.3), top_share=None, resamples=500)
    assert (changed.top_share, changed.resamples) == (0.3, 500)
    with pytest.raises(ConfigError, match="top_share"):
        override(ParetoSettings(), top_share=2)
    with pytest.raises(ConfigError, match="top_sahre"):
        override(ParetoSettings(), top_sahre=0.2)


def test_what_a_message_quotes_stays_on_its_line_and_is_cut_where_nobody_reads_on(desk):
    hostile = "two\r\nlines \x1b[31m\u202e" + "y" * 100_000
    desk.settings(f"currency: EUR\norders: {{path: a.csv, columns: {{? {json.dumps(hostile)}\n : x}}}}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(desk.config)
    said = str(caught.value)
    assert "orders.columns.two lines [31myyy" in said
    assert said.isprintable()
    assert len(said) < 1000
