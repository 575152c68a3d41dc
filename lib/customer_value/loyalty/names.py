"""Words that tables, sentences and steps of the loyalty page share."""

from __future__ import annotations

from customer_value.codebook import rows_of
from customer_value.display import written
from customer_value.survey import SurveyScores
from customer_value.text import NOTHING, Day, Number, Text, Value, say
from customer_value.text.phrases import accounts, customers, respondents

__all__ = [
    "CLASS_NAMES",
    "NAMES",
    "RANKED_BY",
    "points",
    "title",
    "unit",
    "units",
    "wave_name",
]

NAMES = {
    "true": say("truly loyal"),
    "latent": say("latent loyal"),
    "inert": say("inert loyal"),
    "none": say("not loyal"),
    "not_surveyed": say("not surveyed or not placed"),
}
"""Names of the cells as they stand in a sentence."""

RANKED_BY = {
    "annual_potential": say("yearly potential"),
    "clv": say("lifetime value"),
    "margin": say("margin"),
    "net_revenue": say("net revenue"),
}
"""What a list of customers is sorted by."""

CLASS_NAMES = {"abc": "ABC class", "industry": "industry", "region": "region"}
"""Classifications of customers."""

_UNIT = {"customer": say("customer"), "account": say("account"), "respondent": say("respondent")}
_UNITS = {"customer": say("customers"), "account": say("accounts"), "respondent": say("respondents")}


def title(cell: str) -> str:
    """The name of a cell at the start of a line.

    >>> title("true")
    'Truly loyal'
    """
    name = written(NAMES[cell])
    return name[:1].upper() + name[1:]


def unit(kind: str, number: float = 1) -> Text:
    """What is placed (``customer``, ``account``, ``respondent``), without the number that it agrees with."""
    return (_UNIT if round(number) == 1 else _UNITS)[kind]


def units(kind: str, number: float) -> Text:
    """A number of what is placed."""
    return {"customer": customers, "account": accounts, "respondent": respondents}[kind](number)


def points(share: float) -> Text:
    """A difference of two shares."""
    return say("{n} points", n=Number(share * 100, 0))


def wave_name(survey: SurveyScores | None, wave: int) -> Value:
    """The days on which a dated wave was answered."""
    if survey is None:
        return NOTHING
    row = next(rows_of(survey.waves[survey.waves["wave"] == wave]))
    first, last = Day(row.first_day.date()), Day(row.last_day.date())
    if row.first_day == row.last_day:
        return first
    return say("{first} to {last}", first=first, last=last)
