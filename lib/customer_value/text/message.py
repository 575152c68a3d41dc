"""Making a `Text`: an English message, and the values that belong at its places."""

from __future__ import annotations

import string
from functools import lru_cache

from customer_value.text.values import Count, Text, Value

__all__ = ["NOTHING", "places_of", "say", "say_for"]


NOTHING = Text("")
"""What stands where a sentence has nothing to add."""


def say(message: str, /, **values: Value) -> Text:
    """A sentence with these values at its places.

    Parameters
    ----------
    message
        English, word for word in the code, so that the catalogues of other languages find it.
    **values
        One for each place of the message.

    Raises
    ------
    TypeError
        If a place has no value or a value no place.

    Examples
    --------
    >>> from customer_value.text import ENGLISH, Share
    >>> ENGLISH.read(say("{part} of customers bring it", part=Share(0.2)))
    '20% of customers bring it'
    """
    _refuse_unless_filled(message, values.keys())
    return Text(message, tuple(values.items()))


def say_for(number: float, one: str, many: str, /, **values: Value) -> Text:
    """A sentence whose form depends on a number, which stands at the place ``{n}``.

    Parameters
    ----------
    number
        Rounded to a whole number, it decides between the forms.
    one, many
        The English messages for one and for any other number; both have the same places, but that
        the first need not name the number.
    **values
        As in `say`.

    Raises
    ------
    TypeError
        As in `say`.

    Examples
    --------
    >>> from customer_value.text import ENGLISH
    >>> [ENGLISH.read(say_for(n, "{n} customer is", "{n} customers are")) for n in (1, 1200)]
    ['1 customer is', '1,200 customers are']
    """
    filled: dict[str, Value] = {"n": Count(number), **values}
    _refuse_unless_filled(many, filled.keys())
    _refuse_unless_filled(one, filled.keys() if "n" in places_of(one) else filled.keys() - {"n"})
    return Text(one, tuple(filled.items()), many, number)


@lru_cache(maxsize=4096)
def places_of(message: str) -> frozenset[str]:
    """The places of a message.

    >>> sorted(places_of("{b} of {a}"))
    ['a', 'b']
    """
    return frozenset(name for _, name, _, _ in string.Formatter().parse(message) if name is not None)


def _refuse_unless_filled(message: str, given: object) -> None:
    if places_of(message) != given:
        raise TypeError(f"the places of the message {message!r} are not the values that are given")
