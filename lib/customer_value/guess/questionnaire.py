"""First codebook and settings for a file with survey answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from customer_value import words
from customer_value.codebook import check_codebook
from customer_value.errors import InputError
from customer_value.guess.answer_words import is_not_applicable
from customer_value.guess.answers import Answers, answers_to
from customer_value.guess.headings import aspect_of, is_purchase_share, is_question, recommends, says
from customer_value.guess.names import tokens_of, weight
from customer_value.guess.opening import looking
from customer_value.guess.scales import Scale, guess_scale, plain_number
from customer_value.guess.writing import commented, scalar
from customer_value.settings import TableSource
from customer_value.sources import Source, open_source
from customer_value.sources.identifiers import id_formulas
from customer_value.sources.many import rows_of

__all__ = ["SurveyDraft", "first_survey"]

_ID = {"id", "uid", "no", "nr", "number", "index", "编号", "序号"}
_COLUMNS = [
    "item", "construct", "aspect", "attribute", "component", "target", "reversed", "scale_min", "scale_max", "words",
    "missing_codes", "not_applicable_codes", "scale", "wording_en", "wording_zh", "note",
]  # fmt: skip
_NUMBERED = frozenset({"unsorted", "q", "question", "item", "v", "var", "f", "frage", "p", "s", "x", "col"})
"""Letters that number questions and do not say what they measure."""

_ENOUGH, _FEW, _TWO = 10, 5, 2
_MOST_TOLD = 12


@dataclass(frozen=True)
class SurveyDraft:
    """A codebook and the settings that go with it.

    Parameters
    ----------
    settings
        YAML with the keys ``survey`` and ``survey_items``.
    codebook
        A row per item, as a frame of text with a column ``note`` on what to check.
    codebook_name
        The name of the CSV file that the settings give it.
    """

    settings: str
    codebook: pd.DataFrame
    codebook_name: str


def first_survey(path: Path, written: str) -> SurveyDraft:
    """Look at a file with survey answers, long or wide, and draft a codebook and settings for it.

    Parameters
    ----------
    path
        A file of any readable kind.
    written
        How the settings name it.

    Raises
    ------
    InputError
        If the file cannot be read or no column looks like answers; it says what each column holds.
    """
    spec = TableSource(path=[str(path)])
    with looking("survey", spec) as (con, scratch):
        source = open_source("survey", spec, Path.cwd(), con, scratch)
        frame = _texts(source)
    roles = _roles(frame)
    asked = _headings(frame)
    answers, left = answers_to(_columns(frame, roles), asked, by_item="item" in roles)
    if not answers:
        raise InputError(_nothing(source.files[0].name, left))
    book = _codebook(answers, asked)
    check_codebook(book)
    name = f"{Path(written).name.split('.')[0]}_items.csv"
    return SurveyDraft(_settings(written, name, roles, len(frame), len(book), left), book, name)


def _texts(source: Source) -> pd.DataFrame:
    names = [str(name) for name in source.table.columns if name != "_file"]
    return pd.DataFrame(rows_of(source.table, id_formulas(source, names)), dtype="str")


def _headings(frame: pd.DataFrame) -> dict[str, str]:
    """Name of a column to its question, where the first rows hold the questions and the notes of a survey tool."""
    notes = (
        frame.head(_TWO).apply(lambda column: column.str.contains('"ImportId"', regex=False)).fillna(False)
    )
    if len(frame) <= _TWO or not notes.iloc[-1].all():
        return {}
    return {str(name): str(text) for name, text in frame.iloc[0].items()}


def _roles(frame: pd.DataFrame) -> dict[str, str]:
    """Field of the survey to its column; item and score only if there is one answer per row."""
    found: dict[str, str] = {}
    rows = len(frame)
    for name in frame.columns:
        values = frame[name].dropna()
        short = not is_question(name)
        single = len(tokens_of(name)) == 1
        if short and says(name, "respondent"):
            found.setdefault("respondent_id", name)
        elif _are_dates(values) and (says(name, "date") or "date" not in found):
            found["date"] = name
        elif short and weight("customer_id", name) >= 2 and _are_many(values):
            found.setdefault("customer_id", name)
        elif short and says(name, "weight"):
            found.setdefault("weight", name)
        elif single and says(name, "item") and values.nunique() < max(rows / 2, 2):
            found.setdefault("item", name)
        elif single and says(name, "score"):
            found.setdefault("score", name)
    if "item" not in found or "score" not in found:
        found.pop("item", None)
        found.pop("score", None)
    if "respondent_id" not in found:
        one = _unnamed_respondent(frame, found, long="item" in found)
        found |= {"respondent_id": one} if one else {}
    if (
        "item" not in found
        and "respondent_id" in found
        and not _tells_rows_apart(frame[found["respondent_id"]])
    ):
        del found["respondent_id"]
    if "item" in found and "respondent_id" not in found:
        raise InputError(
            "No column looks like the respondent; write survey.columns.respondent_id in the settings yourself, with "
            f"item: {found['item']} and score: {found['score']}."
        )
    return found


def _are_many(values: pd.Series) -> bool:
    """Whether a column has more different values than a flag or a kind of customer."""
    different = values.nunique()
    return bool(different >= min(_FEW, max(len(values) / 2, _TWO)))


def _tells_rows_apart(values: pd.Series) -> bool:
    """Whether a column can name the respondents of a file with one of them per row, or per wave."""
    return bool(values.notna().all()) and 2 * values.nunique() >= len(values)


def _unnamed_respondent(frame: pd.DataFrame, found: Mapping[str, str], *, long: bool) -> str | None:
    """A column called like an id that is different in every row or, with an answer per row, comes again."""
    for name in frame.columns:
        if name in found.values() or is_question(name) or not set(tokens_of(name)) & _ID:
            continue
        again = frame[name].nunique() < len(frame)
        if frame[name].notna().all() and again == long:
            return str(name)
    return None


def _are_dates(values: pd.Series) -> bool:
    dates = values.str.match(r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?$")
    return len(values) > 0 and bool(dates.mean() > 0.9)


def _columns(frame: pd.DataFrame, roles: Mapping[str, str]) -> dict[str, pd.Series]:
    """Item to the answers given, in the order of the file."""
    if "item" in roles:
        groups = frame[frame[roles["item"]].notna()].groupby(roles["item"], sort=False)[roles["score"]]
        return {str(item): values.dropna() for item, values in groups}
    columns = {name: frame[name].dropna() for name in frame.columns if name not in roles.values()}
    return {name: values for name, values in columns.items() if not _are_dates(values)}


def _nothing(file: str, left: Mapping[str, str]) -> str:
    looked = "; ".join(f"'{words.plain(name)}': {reason}" for name, reason in list(left.items())[:_MOST_TOLD])
    more = f"; and {words.count(len(left) - _MOST_TOLD, 'more column')}" if len(left) > _MOST_TOLD else ""
    return (
        f"{file}: no column looks like answers on a scale, in numbers such as 1 to 5 or in words such as 'very "
        f"satisfied'. Looked at: {looked or 'nothing'}{more}. If one of them holds answers, write a codebook with its "
        "name as the item and, for words, their numbers in the column words, such as low=1;high=2."
    )


def _codebook(answers: Mapping[str, Answers], asked: Mapping[str, str]) -> pd.DataFrame:
    shared = _on_shared_scales(answers, asked)
    rows = [_row(item, asked.get(item, item), given) for item, given in shared.items()]
    return pd.DataFrame(rows).reindex(columns=_COLUMNS, fill_value="")


def _row(item: str, heading: str, given: Answers) -> dict[str, str]:
    scale = given.scale
    codes = [plain_number(code) for code in scale.codes if (given.numbers == code).any()]
    kind = _kind(heading, scale)
    chinese = bool(re.search(r"[\u4e00-\u9fff]", heading))
    japanese = bool(re.search(r"[\u3040-\u30ff]", heading))
    return {
        "item": item,
        "construct": _construct(item, heading, kind),
        "aspect": aspect_of(heading),
        "target": "own",
        "reversed": "no",
        "scale_min": plain_number(scale.low),
        "scale_max": plain_number(scale.high),
        "words": ";".join(f"{word}={plain_number(number)}" for word, number in given.steps.items()),
        "missing_codes": ";".join([*codes, *(word for word in given.silent if not is_not_applicable(word))]),
        "not_applicable_codes": ";".join(word for word in given.silent if is_not_applicable(word)),
        "scale": kind,
        "wording_en": heading if " " in heading.strip() and not chinese else "",
        "wording_zh": heading if chinese and is_question(heading) and not japanese else "",
        "note": _note(item, heading, given, kind, [*codes, *given.silent]),
    }


def _on_shared_scales(answers: Mapping[str, Answers], asked: Mapping[str, str]) -> dict[str, Answers]:
    """One scale for the items of a construct, so that an answer that nobody gave does not shorten it."""
    shared: dict[tuple[str, bool], set[float]] = {}
    for item, given in answers.items():
        if not given.whole_scale and not recommends(asked.get(item, item)):
            shared.setdefault(_group(item, given.scale), set()).update(given.numbers.dropna())
    found = {}
    for item, given in answers.items():
        scale, heading = given.scale, asked.get(item, item)
        if recommends(heading) and not given.whole_scale:
            scale = _recommendation(heading, given)
        elif not given.whole_scale and not _stands_alone(item, given):
            scale = guess_scale(shared[_group(item, scale)]) or scale
        found[item] = replace(given, scale=scale)
    return found


def _recommendation(heading: str, given: Answers) -> Scale:
    """From 0 to 10, as such questions are asked, unless many answers are 1 and none is 0."""
    scale = given.scale
    if scale.high != 10 or scale.low not in (0, 1):
        return scale
    answered = given.numbers[~given.numbers.isin(scale.codes)]
    named = "nps" in tokens_of(heading) or bool(re.search(r"(?<!\d)0(?!\d)", heading))
    begins_at_one = int((answered == 1).sum()) >= _FEW and not bool((answered == 0).any())
    return Scale(1 if begins_at_one and not named else 0, 10, scale.codes)


def _stands_alone(item: str, given: Answers) -> bool:
    """Whether an item is only numbered with its neighbours, and its own answers reach the end of a scale."""
    numbered = _letters(item).casefold() in _NUMBERED
    return numbered and len(given.numbers) >= _ENOUGH and bool((given.numbers == given.scale.high).any())


def _group(item: str, scale: Scale) -> tuple[str, bool]:
    return _letters(item), scale.high <= 10


def _letters(item: str) -> str:
    """The letters of a name before its number.

    >>> _letters("CUSA1"), _letters("Q12_a"), _letters("exp_quality"), _letters("17")
    ('CUSA', 'Q', 'exp_quality', 'unsorted')
    """
    if " " in item or is_question(item):
        return "unsorted"
    letters = re.match(r"[^\d]*", item)
    name = letters.group().strip(" _-.:") if letters else ""
    return name or "unsorted"


def _construct(item: str, heading: str, kind: str) -> str:
    """What an item measures: by its letters or by what it asks for; an item that tells neither stands for itself."""
    if _letters(item).casefold() not in _NUMBERED:
        return _letters(item)
    if kind == "percentage" and is_purchase_share(heading):
        return "purchase share"
    if recommends(heading):
        return "recommendation"
    return "satisfaction" if aspect_of(heading) == "overall" else item


def _kind(heading: str, scale: Scale) -> str:
    if (scale.low, scale.high) == (0, 100):
        return "percentage"
    if (scale.low, scale.high) == (0, 10) and recommends(heading):
        return "nps"
    return "likert" if scale.low >= 0 else "semantic_differential"


def _note(item: str, heading: str, given: Answers, kind: str, codes: Sequence[str]) -> str:
    scale = given.scale
    aspect = aspect_of(heading)
    letters = _letters(item) != item and _letters(item).casefold() not in _NUMBERED
    parts = [
        f"check {'the order of the words' if given.steps else 'the scale'} ({_seen(given)})",
        "construct from the letters of the name" if letters else "",
        "0 to 10 because it asks for a recommendation"
        if kind == "nps" and given.numbers.min() > scale.low
        else "",
        "it may be the share of purchases made here"
        if kind == "percentage" and is_purchase_share(item)
        else "",
        "aspect and reversal"
        if aspect == "other" and kind != "nps"
        else f"aspect {aspect} from the wording, and reversal",
    ]
    if kind == "nps":
        parts[-1] = "that it is the question for the net promoter score"
    if codes:
        parts.append(f"that {words.listing([words.plain(code) for code in codes])} means no answer")
    return "; ".join(part for part in parts if part)


def _seen(given: Answers) -> str:
    scale, numbers = given.scale, given.numbers
    inside = numbers[numbers.between(scale.low, scale.high) & ~numbers.isin(scale.codes)]
    if inside.empty:
        return "no value on the scale seen"
    low, high = plain_number(inside.min()), plain_number(inside.max())
    return f"values {low} to {high} seen in {words.count(len(inside), 'answer')}"


def _settings(
    written: str, codebook: str, roles: Mapping[str, str], rows: int, items: int, left: Mapping[str, str]
) -> str:
    wide = "item" not in roles
    lines = [
        f"# Check {words.plain(codebook)} first: its constructs, scales and codes are guesses.",
        "survey:",
    ]
    lines.append(f"  path: {scalar(written)}")
    if wide:
        told = f"one respondent per row: {words.count(rows, 'row')}, {words.count(items, 'item')}"
        lines.append(commented("  layout: wide", told))
    if roles:
        lines.append("  columns:")
        order = ("respondent_id", "customer_id", "date", "item", "score", "weight")
        lines += [f"    {field}: {scalar(roles[field])}" for field in order if field in roles]
    lines += ["survey_items:", f"  path: {scalar(codebook)}"]
    if left:
        what = "columns" if wide else "items"
        lines.append(
            f"# Taken for no answers; to use one of these {what} after all, add a row for it to the codebook:"
        )
        lines += [f"#   {words.plain(name)}: {reason}" for name, reason in list(left.items())[:_MOST_TOLD]]
        if len(left) > _MOST_TOLD:
            lines.append(f"#   and {words.count(len(left) - _MOST_TOLD, 'more')}")
    return "\n".join(lines) + "\n"
