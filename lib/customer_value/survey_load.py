"""What was loaded where a report has a survey and no orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.display import Prose, Table, written
from customer_value.errors import NotEnoughData
from customer_value.ledger import Ledger
from customer_value.result import Fact, warning_list
from customer_value.survey import MINIMUM, SurveyScores, score_answers
from customer_value.text import Count, Day, Listing, Name, Share, Text, Value, say, say_for
from customer_value.text.phrases import respondents

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["SurveyLoad", "survey_load", "survey_load_of"]

MANY_UNUSED = 0.2
"""Above this share of answers that say nothing, an item is worth a remark."""

_KINDS = {"blank": "blank", "missing_code": "a code for no answer", "not_applicable": "not applicable"}


@dataclass(frozen=True)
class SurveyLoad:
    """The survey of a report without orders, accounted for.

    Attributes
    ----------
    ledger
        Where every answer ended.
    survey
        The checked answers.
    as_of, as_of_stated
        The report's date, None if the answers have no dates, and whether the settings gave it.
    currency
        Of the report; nothing here is money.
    inputs
        Names of the input tables that were given.
    """

    ledger: Ledger
    survey: SurveyScores
    as_of: dt.date | None
    as_of_stated: bool
    currency: str
    input_warnings: tuple[Text | str, ...]
    inputs: tuple[str, ...]

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Facts ``data.*``: answers and who gave them; there is no money."""
        excluded = self.ledger.of("survey", "excluded")
        return {
            "data.rows_read": self.ledger.rows("survey", "read"),
            "data.rows_kept": self.ledger.rows("survey", "kept"),
            "data.rows_excluded": {line.reason: line.rows for line in excluded},
            "data.orders": None,
            "data.respondents": self._respondents,
            "data.accounts": int(self.survey.scores["customer_id"].nunique()),
            "data.items": self._items,
            "data.answers": len(self.survey.scores),
            "data.answers_missing": {name: int(self.survey.missing[name].sum()) for name in _KINDS},
            "data.first_answer": _iso(self._days[0]),
            "data.last_answer": _iso(self._days[1]),
            "data.as_of": _iso(self.as_of),
            "data.warnings": [written(warning) for warning in self.warnings],
        }

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Table ``survey_missing``: answers by item and kind."""
        return {"survey_missing": self.survey.missing}

    @property
    def months(self) -> pd.DataFrame:
        """Revenue by month, which is not known here.

        Raises
        ------
        NotEnoughData
            Always, with the sentence that says why.
        """
        raise NotEnoughData("The settings file has no orders, so there is no revenue and no buyer to draw.")

    @property
    def summary(self) -> Table:
        """The size of what is analysed."""
        first, last = self._days
        counts = self.survey.missing
        rows = [
            ("Orders", "none given"),
            ("Respondents", words.count(self._respondents)),
            ("Items", words.count(self._items)),
            ("Constructs", words.count(self.survey.scores["construct"].nunique())),
            ("Answers that count", words.count(len(self.survey.scores))),
            *((f"… {what}", words.count(counts[name].sum())) for name, what in _KINDS.items()),
            ("First answer", "no dates" if first is None else words.day(first)),
            ("Last answer", "no dates" if last is None else words.day(last)),
            ("As of", "no date" if self.as_of is None else words.day(self.as_of)),
        ]
        if accounts := self.survey.scores["customer_id"].nunique():
            rows.insert(2, ("Accounts that they speak for", words.count(accounts)))
        return Table(
            pd.DataFrame(rows, columns=["Figure", "Value"]), caption="What is analysed: a survey alone"
        )

    @property
    def ledger_table(self) -> Table:
        """Where every row ended."""
        return self.ledger.rows_table(self.currency)

    @property
    def readings_table(self) -> Table:
        """How the files were read."""
        return self.ledger.notes_table()

    @property
    def warnings_list(self) -> Prose:
        """The warnings as a list to read, or the sentence that there are none."""
        return warning_list(self)

    @property
    def warnings(self) -> tuple[Text | str, ...]:
        """What a reader must know before believing the figures."""
        return (*self.input_warnings, *self.survey.warnings)

    @property
    def findings(self) -> tuple[Text, ...]:
        """What this means here."""
        alone = say(
            "The settings file has no orders. The survey is analysed alone; the pages on revenue, purchases and "
            "lifetime value are left out."
        )
        return (alone, self._answered(), self._when())

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next, most important first."""
        steps = []
        if self._respondents < MINIMUM:
            steps.append(
                say(
                    "Win more answers: fewer than {least} respondents are never averaged.",
                    least=Count(MINIMUM),
                )
            )
        table = self.survey.missing
        unused = 1 - table["valid"] / table["answers"].where(table["answers"] > 0)
        worst = table[(unused > MANY_UNUSED) & (table["answers"] >= MINIMUM)]
        if len(worst):
            steps.append(
                say(
                    "Ask why so many did not answer {items}: more than {share} of the answers say nothing.",
                    items=Listing(tuple(Name(item) for item in worst["item"])),
                    share=Share(MANY_UNUSED),
                )
            )
        if self._days[0] is None:
            steps.append(
                say("Keep the day of each answer, so that a later wave can be compared with this one.")
            )
        if not self.survey.scores["customer_id"].notna().any():
            steps.append(
                say("Keep the customer id of each respondent, so that answers can be joined to orders.")
            )
        steps.append(
            say("Add the orders of these customers, to see whether what they say shows in what they buy.")
        )
        return tuple(steps)

    @property
    def _respondents(self) -> int:
        return len(self.survey.scores.drop_duplicates(["customer_id", "respondent_id"]))

    @property
    def _items(self) -> int:
        return int(self.survey.scores["item"].nunique())

    @property
    def _days(self) -> tuple[dt.date | None, dt.date | None]:
        dates = self.survey.scores["date"].dropna()
        return (None, None) if dates.empty else (dates.min().date(), dates.max().date())

    def _answered(self) -> Text:
        read, valid = self.ledger.rows("survey", "read"), len(self.survey.scores)
        if not read:
            return say("The survey has no answer.")
        who: dict[str, Value] = {
            "respondents": respondents(self._respondents),
            "items": say_for(self._items, "{n} item", "{n} items"),
        }
        if valid >= read:
            return say_for(
                read,
                "All {n} answer count, from {respondents} on {items}.",
                "All {n} answers count, from {respondents} on {items}.",
                **who,
            )
        return say_for(
            read,
            "{valid} of {n} answer count ({share}), from {respondents} on {items}. The others are blank, stand for no "
            "answer, or were left out for a reason that the ledger names.",
            "{valid} of {n} answers count ({share}), from {respondents} on {items}. The others are blank, stand for no "
            "answer, or were left out for a reason that the ledger names.",
            valid=Count(valid),
            share=Share(valid / read),
            **who,
        )

    def _when(self) -> Text:
        first, last = self._days
        if first is None or last is None:
            if self.as_of is None:
                return say(
                    "The answers have no dates, so they are one wave and nothing can be said about change."
                )
            return say(
                "The answers have no dates, so they are one wave and nothing can be said about change. The settings "
                "state {as_of} as the date.",
                as_of=Day(self.as_of),
            )
        waves = int((self.survey.waves["wave"] > 0).sum())
        if first == last:
            return say_for(
                waves,
                "The answers were given on {day}, in {n} wave.",
                "The answers were given on {day}, in {n} waves.",
                day=Day(first),
            )
        return say_for(
            waves,
            "The answers were given from {first} to {last}, in {n} wave.",
            "The answers were given from {first} to {last}, in {n} waves.",
            first=Day(first),
            last=Day(last),
        )


def survey_load(
    answers: pd.DataFrame,
    items: pd.DataFrame,
    *,
    ledger: Ledger,
    as_of: dt.date | None,
    as_of_stated: bool,
    currency: str,
    input_warnings: tuple[Text | str, ...] = (),
    inputs: tuple[str, ...] = ("survey", "survey_items"),
) -> SurveyLoad:
    """Sum up a survey that is all a report has; parameters as in `customer_value.data_load.overview`."""
    scored = score_answers(answers, items)
    return SurveyLoad(ledger, scored, as_of, as_of_stated, currency, input_warnings, inputs)


def survey_load_of(workbook: Workbook) -> SurveyLoad:
    """`survey_load` of what a workbook has loaded."""
    state = workbook.state
    return survey_load(
        workbook.frame("survey_answers"),
        workbook.frame("survey_items"),
        ledger=state.ledger,
        as_of=state.as_of,
        as_of_stated=state.as_of_stated,
        currency=workbook.currency,
        input_warnings=state.warnings,
        inputs=state.ledger.tables(),
    )


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
