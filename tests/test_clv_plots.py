"""The charts of lifetime value: each draws, says what it shows, and refuses in words."""

import dataclasses

import pytest

from clv_kit import analysed
from clv_kit import cdnow as cdnow_result
from companies import order_lines
from customer_value.display import Picture, Prose, show
from customer_value.plots import clv as charts


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_result()


@pytest.mark.parametrize("name", charts.__all__)
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


@pytest.mark.parametrize("shape", ["even and regular", "loses money"])
def test_odd_companies_are_drawn(shape):
    result = analysed(order_lines(shape))
    for name in charts.__all__:
        assert show(getattr(charts, name), result)


def test_hostile_names_stay_text(cdnow):
    table = cdnow.customers.assign(name="<b>$x^2$ \u202e=cmd|'/c calc'!A1</b>")
    picture = show(charts.top_accounts, dataclasses.replace(cdnow, customers=table))
    assert isinstance(picture, Picture)
