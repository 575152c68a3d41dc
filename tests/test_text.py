"""Sentences as data: messages with named places, typed values, and a reader that writes both."""

import datetime as dt
import pickle

import pytest

from customer_value.text import (
    ENGLISH,
    NOTHING,
    Count,
    Day,
    Interval,
    Listing,
    Money,
    Month,
    Multiple,
    Name,
    Number,
    Paragraph,
    Series,
    Share,
    Signed,
    say,
    say_for,
)

LEFT = say_for(
    3, "{n} customer left with {money}.", "{n} customers left with {money}.", money=Money(1234, "EUR")
)


def test_a_text_is_data():
    again = pickle.loads(pickle.dumps(LEFT))
    assert again == LEFT
    assert len({again, LEFT}) == 1
    assert LEFT.value("money") == Money(1234, "EUR")
    assert not NOTHING
    assert LEFT


@pytest.mark.parametrize("write", [str, "{}".format, lambda text: f"{text}", lambda text: "".join([text])])
def test_a_text_never_becomes_words_by_accident(write):
    with pytest.raises(TypeError):
        write(LEFT)


def test_the_number_decides_the_form():
    assert ENGLISH.read(LEFT) == "3 customers left with EUR 1,234."
    one = say_for(1.2, "The customer is alone.", "The {n} customers are not.")
    assert ENGLISH.read(one) == "The customer is alone."


@pytest.mark.parametrize(
    ("message", "values"),
    [("{a} and {b}", {"a": Count(1)}), ("nothing", {"a": Count(1)}), ("{a}", {"b": Count(1)})],
)
def test_places_and_values_are_the_same(message, values):
    with pytest.raises(TypeError, match="the places of the message"):
        say(message, **values)
    with pytest.raises(TypeError, match="the places of the message"):
        say_for(2, message, message, **values)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Count(1234.0), "1,234"),
        (Share(0.2134), "21%"),
        (Share(0.2134, 1), "21.3%"),
        (Multiple(5.2), "520%"),
        (Multiple(-12), "−12 times"),
        (Money(12.5, "USD"), "USD 12.50"),
        (Money(1234567.0, "EUR", short=True), "EUR 1.23 million"),
        (Number(-0.001), "0.00"),
        (Day(dt.date(2025, 3, 1)), "1 March 2025"),
        (Name("Acme\n{n} Ltd"), "Acme {n} Ltd"),
        (Interval(Share(0.1), Share(0.2)), "95% interval 10% to 20%"),
        (Listing((Name("a"), Name("b"), Name("c")), most=2), "a, b and 1 more"),
        (Listing((Name("a"), Share(0.5)), either=True), "a or 50%"),
        (Month(dt.date(2025, 3, 1)), "March 2025"),
        (Series((say("one {n}", n=Count(1)), say("two"))), "one 1; two"),
        (Signed(2.04), "+2.0"),
        (Signed(-2.0, 0), "−2"),
        (Signed(0.01), "0.0"),
        (Paragraph((say("One {n}.", n=Count(1)), say("Two."))), "One 1. Two."),
    ],
)
def test_values_are_written_by_their_kind(value, written):
    assert ENGLISH.write(value) == written
    assert ENGLISH.read(say("<{v}>", v=value)) == f"<{written}>"


def test_texts_stand_in_texts():
    inner = say("{part} of profit", part=Share(0.5))
    assert (
        ENGLISH.read(say("It brings {held}{more}.", held=inner, more=NOTHING)) == "It brings 50% of profit."
    )
