"""First settings for files with orders: what their columns seem to be, and why.

A guess that would be a gamble is not made: the open choice is marked in the draft, with the candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from customer_value import words
from customer_value.config import OPEN, load_settings
from customer_value.errors import ConfigError, InputError
from customer_value.guess.drafting import drafted
from customer_value.guess.layouts import load_layout, recognised, require_headings
from customer_value.guess.opening import choose, looking, opened
from customer_value.guess.profile import Table
from customer_value.guess.questionnaire import SurveyDraft, first_survey
from customer_value.scratch import scratch_folder

__all__ = ["OrdersDraft", "SurveyDraft", "first_settings", "survey_draft"]


@dataclass(frozen=True)
class OrdersDraft:
    """Settings for files with orders.

    Parameters
    ----------
    text
        YAML with a comment for every guess. Without questions `customer_value.config.load_settings` accepts it;
        else each open choice is marked ``???`` with what can be meant.
    question
        What is asked, in one sentence or a few; empty if nothing is.
    remark
        Which columns were not compared, as there are too many, in a sentence; empty if all were.
    """

    text: str
    question: str
    remark: str = ""


def first_settings(
    paths: Path | Sequence[Path], *, sheet: str | None = None, layout: Path | None = None
) -> OrdersDraft:
    """Look at files with orders and write first settings for them.

    Parameters
    ----------
    paths
        A file of any readable kind, several with the same columns, or a folder of such; the settings name them
        as they are given, relative to the current folder.
    sheet
        Of a workbook, if it is known.
    layout
        A file with a layout of your own, which the file must have.

    Returns
    -------
    OrdersDraft
        The settings, complete but for what is asked.

    Raises
    ------
    InputError
        If a file cannot be read at all, or is not of the layout that is named.
    ConfigError
        If the layout cannot be read.
    """
    own = None if layout is None else load_layout(layout)
    chosen = choose([paths] if isinstance(paths, Path) else list(paths), sheet)
    with looking("orders", chosen.spec()) as (con, scratch):
        table = opened(chosen, con, scratch)
        known = recognised(table) if own is None else require_headings(own, table, str(layout))
        draft = drafted(table, chosen, known)
    text, name, remark = draft.text(), table.source.files[0].name, _not_compared(table)
    questions = draft.questions
    if not questions:
        _require_valid(text, name)
        return OrdersDraft(text, "", remark)
    return OrdersDraft(text, f"{name}: {_asked(questions)} Choose where the draft says {OPEN}.", remark)


def survey_draft(path: Path) -> SurveyDraft:
    """Look at a file with survey answers and draft a codebook and settings for it.

    Parameters
    ----------
    path
        A file with one answer per row or one respondent per row; the settings name it as it is given,
        relative to the current folder.

    Returns
    -------
    SurveyDraft
        Every guess that a person has to check is noted in the codebook.

    Raises
    ------
    InputError
        If the file cannot be read or no column looks like answers.
    """
    draft = first_survey(path, choose([path], None).written[0])
    _require_valid(draft.settings, path.name)
    return draft


def _not_compared(table: Table) -> str:
    """The columns that were left out of sums and other comparisons; their names are looked at all the same."""
    told = []
    for what, left in {"of numbers with signs around them": table.unread, **table.left_out}.items():
        listed = words.listing([f"'{words.plain(name, 40)}'" for name in left], most=4)
        count = f"{words.count(len(left), 'column')} {what} {words.verb(len(left), 'was', 'were')}"
        told += [f"{count} not compared with the others: {listed}"] if left else []
    return f"{table.source.files[0].name}: {'; '.join(told)}." if told else ""


def _asked(questions: Sequence[str]) -> str:
    """The questions one after the other; a sentence each."""
    sentences = [question if question.endswith("?") else f"{question}." for question in questions]
    return " ".join(
        sentence[0].upper() + sentence[1:] if n else sentence for n, sentence in enumerate(sentences)
    )


def _require_valid(text: str, name: str) -> None:
    """Refuse to print settings that would not be accepted."""
    with scratch_folder() as folder:
        config = folder / "settings.yml"
        config.write_text(text, encoding="utf-8")
        try:
            load_settings(config)
        except ConfigError as error:
            raise InputError(f"{name}: no valid settings could be guessed ({error}).") from error
