"""The charts of lifetime value: each draws, says what it shows, and refuses in words."""

import dataclasses

import pytest

from clv_kit import analysed
from clv_kit import cdnow as cdnow_result
from companies import order_lines
from customer_value import clv
from customer_value.display import Picture, Prose, show
from customer_value.plots import clv as charts


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_result()


ONLY_WHERE_GIVEN = ("category_effects", "contract_renewals")


@pytest.mark.parametrize("name", [name for name in charts.__all__ if name not in ONLY_WHERE_GIVEN])
def test_every_chart_has_a_text_alternative_with_numbers(cdnow, name):
    picture = show(getattr(charts, name), cdnow)
    assert isinstance(picture, Picture)
    assert any(character.isdigit() for character in picture.alt)
    assert "nan" not in picture.alt


def test_the_tracking_chart_tells_what_happened(cdnow):
    assert "4,339 happened" in show(charts.tracking_cumulative, cdnow).alt


@pytest.mark.parametrize("shape", ["one customer", "all returns"])
def test_data_without_a_model_give_a_sentence_instead_of_charts(shape):
    result = analysed(order_lines(shape))
    for name in charts.__all__:
        assert isinstance(show(getattr(charts, name), result), Prose)


@pytest.mark.parametrize("shape", ["loses money"])
def test_odd_companies_are_drawn(shape):
    result = analysed(order_lines(shape))
    for name in charts.__all__:
        assert show(getattr(charts, name), result)


@pytest.mark.parametrize(
    ("name", "words"),
    [("category_effects", "name no categories"), ("contract_renewals", "name no contracts")],
)
def test_what_the_settings_do_not_name_is_a_sentence(cdnow, name, words):
    note = show(getattr(charts, name), cdnow)
    assert isinstance(note, Prose)
    assert words in repr(note)


def test_the_map_of_purchases_tells_what_silence_costs(cdnow):
    alt = show(charts.expected_purchases_map, cdnow).alt
    assert "With 8 repeats: 12 expected, after 9 silent months 1.5" in alt


def test_iso_value_curves_show_that_more_purchases_may_mean_less_value(cdnow):
    alt = show(charts.iso_value_curves, cdnow).alt
    assert "After 9 silent months, 4 repeats are worth more than 8" in alt


def test_where_nobody_leaves_more_purchases_mean_more_value(cdnow):
    staying = dataclasses.replace(cdnow.fit, model=clv.BetaGeoNBD(r=0.5, alpha=12.0, a=1e-6, b=10.0))
    alt = show(charts.iso_value_curves, dataclasses.replace(cdnow, fit=staying)).alt
    assert "more repeats mean more value" in alt


def test_equity_is_drawn_by_any_class_that_is_known(cdnow):
    assert "platinum USD" in show(charts.equity_by_class, cdnow, by="tier").alt
    assert "in one class or in none" in repr(show(charts.equity_by_class, cdnow, by="region"))


def test_hostile_names_stay_text(cdnow):
    table = cdnow.customers.assign(name="<b>$x^2$ \u202e=cmd|'/c calc'!A1</b>")
    picture = show(charts.top_accounts, dataclasses.replace(cdnow, customers=table))
    assert isinstance(picture, Picture)
