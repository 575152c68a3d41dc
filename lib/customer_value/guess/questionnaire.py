"""First codebook and settings for a file with survey answers."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis
import pandas as pd

from customer_value import words
from customer_value.codebook import check_codebook
from customer_value.errors import InputError
from customer_value.guess.names import tokens_of, weight
from customer_value.guess.scales import Scale, guess_scale, plain_number
from customer_value.guess.writing import commented, scalar
from customer_value.settings import TableSource
from customer_value.sources import Source, id_column, open_source

__all__ = ["SurveyDraft", "first_survey"]

_RESPONDENT = {
    "respondent", "respondents", "person", "participant", "interview", "subject", "befragter", "befragte", "teilnehmer",
    "resp", "受访者", "受訪者", "答题人",
}  # fmt: skip
_ITEM = {
    "item",
    "items",
    "question",
    "variable",
    "frage",
    "indicator",
    "statement",
    "题目",
    "题",
    "問題",
    "问题",
}
_SCORE = {
    "score",
    "answer",
    "value",
    "response",
    "rating",
    "antwort",
    "wert",
    "punkte",
    "得分",
    "分数",
    "答案",
    "评分",
}
_DATE = {"date", "datum", "day", "time", "timestamp", "submitted", "fecha", "日期", "时间"}
_WEIGHT = {"weight", "weights", "gewicht", "wt", "poids", "权重"}
_ABOUT_PEOPLE = {
    "age", "gender", "sex", "income", "education", "year", "birth", "alter", "geschlecht", "region", "country", "zip",
    "duration", "seconds", "tenure", "size", "employees", "年龄", "性别", "id", "no", "nr", "number", "index",
}  # fmt: skip
_NOT_APPLICABLE = {"na", "n/a", "not applicable", "entfällt", "trifft nicht zu", "不适用", "不適用"}
_ASPECTS = (
    ("expected", ("expect", "exp", "erwart", "期望")),
    ("perceived", ("perceiv", "perc", "perf", "wahrgenomm", "感知")),
    ("attitude", ("attitud", "att", "einstellung", "态度")),
    ("overall", ("overall", "satisf", "zufried", "满意")),
)
_RECOMMEND = ("nps", "recommend", "empfehl", "推荐", "推薦")
_NUMERIC = 0.5
_MOST_WORDS = 5
_COLUMNS = [
    "item", "construct", "aspect", "attribute", "component", "target", "reversed", "scale_min", "scale_max",
    "missing_codes", "not_applicable_codes", "scale", "wording_en", "wording_zh", "note",
]  # fmt: skip


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
        If the file cannot be read or no column looks like answers.
    """
    with tempfile.TemporaryDirectory() as scratch:
        con = ibis.duckdb.connect()
        try:
            source = open_source("survey", TableSource(path=[str(path)]), Path.cwd(), con, Path(scratch))
            frame = _texts(source)
        finally:
            con.disconnect()
    roles = _roles(frame)
    answers = _answers(frame, roles)
    if not answers:
        raise InputError(
            f"{source.files[0].name}: no column looks like answers, numbers on a scale such as 1 to 5. Answers in "
            "words have to be turned into numbers first."
        )
    book = _codebook(answers)
    check_codebook(book)
    name = f"{Path(written).name.split('.')[0]}_items.csv"
    return SurveyDraft(_settings(written, name, roles, len(frame), len(book)), book, name)


def _texts(source: Source) -> pd.DataFrame:
    names = [str(name) for name in source.table.columns if name != "_file"]
    columns = {f"c{n}": id_column(source, name) for n, name in enumerate(names)}
    return source.table.select(**columns).execute().set_axis(names, axis=1).astype("str")


def _roles(frame: pd.DataFrame) -> dict[str, str]:
    """Field of the survey to its column; item and score only if there is one answer per row."""
    found: dict[str, str] = {}
    rows = len(frame)
    for name in frame.columns:
        tokens = set(tokens_of(name))
        values = frame[name].dropna()
        if tokens & _RESPONDENT:
            found.setdefault("respondent_id", name)
        elif _are_dates(values) and (tokens & _DATE or "date" not in found):
            found["date"] = name
        elif weight("customer_id", name) >= 2:
            found.setdefault("customer_id", name)
        elif tokens & _WEIGHT:
            found.setdefault("weight", name)
        elif tokens & _ITEM and values.nunique() < max(rows / 2, 2) and len(tokens) == 1:
            found.setdefault("item", name)
        elif tokens & _SCORE and len(tokens) == 1:
            found.setdefault("score", name)
    if "item" not in found or "score" not in found:
        found.pop("item", None)
        found.pop("score", None)
    if "respondent_id" not in found:
        one = _unnamed_respondent(frame, found, long="item" in found)
        found |= {"respondent_id": one} if one else {}
    if "item" in found and "respondent_id" not in found:
        raise InputError(
            "No column looks like the respondent; write survey.columns.respondent_id in the settings yourself, with "
            f"item: {found['item']} and score: {found['score']}."
        )
    return found


def _unnamed_respondent(frame: pd.DataFrame, found: Mapping[str, str], *, long: bool) -> str | None:
    """A column called like an id that is different in every row or, with an answer per row, comes again."""
    for name in frame.columns:
        if name in found.values() or not set(tokens_of(name)) & {
            "id",
            "uid",
            "no",
            "nr",
            "number",
            "index",
            "编号",
        }:
            continue
        again = frame[name].nunique() < len(frame)
        if frame[name].notna().all() and again == long:
            return str(name)
    return None


def _are_dates(values: pd.Series) -> bool:
    dates = values.str.match(r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?$")
    return len(values) > 0 and bool(dates.mean() > 0.9)


def _answers(frame: pd.DataFrame, roles: Mapping[str, str]) -> dict[str, pd.Series]:
    """Item to the answers given, in the order of the file."""
    if "item" in roles:
        groups = frame[frame[roles["item"]].notna()].groupby(roles["item"], sort=False)[roles["score"]]
        return {str(item): values.dropna() for item, values in groups}
    columns = {name: frame[name].dropna() for name in frame.columns if name not in roles.values()}
    return {
        name: values
        for name, values in columns.items()
        if not set(tokens_of(name)) & _ABOUT_PEOPLE and _is_item(values)
    }


def _is_item(values: pd.Series) -> bool:
    numbers = _numbers(values)
    spoken = values[numbers.isna()]
    if numbers.notna().mean() < _NUMERIC or spoken.nunique() > _MOST_WORDS or spoken.str.contains(";").any():
        return False
    return guess_scale(numbers.dropna()) is not None


def _numbers(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values.str.replace("−", "-"), errors="coerce")


def _codebook(answers: Mapping[str, pd.Series]) -> pd.DataFrame:
    scales = _scales(answers)
    rows = []
    for item, values in answers.items():
        scale = scales[item]
        numbers = _numbers(values)
        spoken = sorted({word.casefold() for word in values[numbers.isna()]})
        codes = [plain_number(code) for code in scale.codes if (numbers == code).any()]
        rows.append(
            {
                "item": item,
                "construct": _construct(item),
                "aspect": _aspect(item),
                "target": "own",
                "reversed": "no",
                "scale_min": plain_number(scale.low),
                "scale_max": plain_number(scale.high),
                "missing_codes": ";".join(
                    [*codes, *(word for word in spoken if word not in _NOT_APPLICABLE)]
                ),
                "not_applicable_codes": ";".join(word for word in spoken if word in _NOT_APPLICABLE),
                "scale": _kind(item, scale),
                "wording_en": item if " " in item else "",
                "note": _note(item, numbers, scale, [*codes, *spoken]),
            }
        )
    return pd.DataFrame(rows).reindex(columns=_COLUMNS, fill_value="")


def _scales(answers: Mapping[str, pd.Series]) -> dict[str, Scale]:
    """One scale for the items of a construct, so that an answer that nobody gave does not shorten it."""
    own = {item: guess_scale(_numbers(values).dropna()) or Scale(0, 100) for item, values in answers.items()}
    shared: dict[tuple[str, bool], set[float]] = {}
    for item, values in answers.items():
        shared.setdefault(_group(item, own[item]), set()).update(_numbers(values).dropna())
    return {item: guess_scale(shared[_group(item, scale)]) or scale for item, scale in own.items()}


def _group(item: str, scale: Scale) -> tuple[str, bool]:
    return _construct(item), scale.high <= 10


def _construct(item: str) -> str:
    """The letters of a name before its number.

    >>> _construct("CUSA1"), _construct("Q12_a"), _construct("exp_quality"), _construct("17")
    ('CUSA', 'Q', 'exp_quality', 'unsorted')
    """
    if " " in item:
        return "unsorted"
    letters = re.match(r"[^\d]*", item)
    name = letters.group().strip(" _-.:") if letters else ""
    return name or "unsorted"


def _aspect(item: str) -> str:
    """What the name says that an item asks for.

    >>> _aspect("exp_quality"), _aspect("PerceivedService2"), _aspect("CUSA1")
    ('expected', 'perceived', 'other')
    """
    tokens = tokens_of(item)
    for aspect, stems in _ASPECTS:
        if any(
            token == stem or (len(stem) > 4 and token.startswith(stem)) for token in tokens for stem in stems
        ):
            return aspect
        if any(not stem.isascii() and stem in item for stem in stems):
            return aspect
    return "other"


def _kind(item: str, scale: Scale) -> str:
    if (scale.low, scale.high) == (0, 100):
        return "percentage"
    if (scale.low, scale.high) == (0, 10) and any(word in item.casefold() for word in _RECOMMEND):
        return "nps"
    return "likert" if scale.low >= 0 else "semantic_differential"


def _note(item: str, numbers: pd.Series, scale: Scale, codes: list[str]) -> str:
    inside = numbers[numbers.between(scale.low, scale.high) & ~numbers.isin(scale.codes)]
    seen = "no value on the scale seen"
    if len(inside):
        low, high = plain_number(inside.min()), plain_number(inside.max())
        seen = f"values {low} to {high} seen in {words.count(len(inside), 'answer')}"
    parts = [
        f"check the scale ({seen})",
        "construct from the letters of the name" if _construct(item) != item else "",
    ]
    parts.append("aspect and reversal" if _aspect(item) == "other" else "reversal")
    if codes:
        parts.append(f"that {words.listing([words.plain(code) for code in codes])} means no answer")
    return "; ".join(part for part in parts if part)


def _settings(written: str, codebook: str, roles: Mapping[str, str], rows: int, items: int) -> str:
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
    return "\n".join([*lines, "survey_items:", f"  path: {scalar(codebook)}"]) + "\n"
