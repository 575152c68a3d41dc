"""Survey answers as numbers: the codebook is checked, each score put on one scale from 0 to 1.

A survey arrives as one answer per row, with a codebook that says what each item asks, on which scale,
whether agreeing is good or bad (reversed), and which codes mean "no answer". Nothing is guessed: an
item that the codebook does not know or a score outside its scale is an error that names the
respondent; declared missing codes and blanks are taken out and counted.

Answers of different surveys are kept apart as *waves*: a new wave starts after 60 days without any
answer, and a wave that would last longer than six months (a survey that never stops) is cut at
calendar quarters.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from customer_value import reliability, words
from customer_value.codebook import (
    check_codebook,
    need_columns,
    rows_of,
    suggestion,
    text_column,
    word_numbers,
)
from customer_value.constructs import MINIMUM, PERSON, construct_correlations
from customer_value.errors import InputError

__all__ = ["MINIMUM", "PERSON", "SurveyScores", "score_answers"]

_QUIET_DAYS = 60
_LONGEST_DAYS = 183


@dataclass(frozen=True)
class SurveyScores:
    """Checked survey answers on the scale from 0 to 1, with what was left out and how reliable it is.

    Parameters
    ----------
    scores
        One valid answer per row: ``customer_id`` (missing where the survey names no account),
        ``respondent_id``, ``wave``, ``date``, ``weight``, ``item``, ``construct``, ``aspect``,
        ``attribute``, ``component``, ``target``, ``score`` (0 for the low and 1 for the high end of the
        scale, turned round for reversed items), ``scale_name``, ``scale`` (its kind).
    items
        The checked codebook, see `customer_value.codebook`.
    waves
        ``wave`` (1 is the oldest, 0 holds answers without a date), ``name``, ``first_day``,
        ``last_day``, ``respondents``, ``accounts``, ``answers``.
    missing
        Per item: ``item``, ``answers``, ``blank``, ``missing_code``, ``valid``, ``not_applicable``.
    ledger
        Where every answer ended: ``reason``, ``answers``.
    """

    scores: pd.DataFrame
    items: pd.DataFrame
    waves: pd.DataFrame
    missing: pd.DataFrame
    ledger: pd.DataFrame

    @property
    def reliability(self) -> pd.DataFrame:
        """How well the items of each scale hang together.

        Per wave and scale: ``wave``, ``scale``, ``items``, ``n`` (respondents who answered all of
        them), ``alpha``, ``low``, ``high`` (95 % interval), ``spearman_brown`` (two items),
        ``reliability`` (the figure that counts: alpha from three items, Spearman-Brown for two),
        ``omega``, ``omega_low``, ``omega_high`` (McDonald's omega from three items, 95 % interval), ``ave``
        (average variance extracted; of two items their correlation), ``omega_problem`` (why there is no
        omega, as a sentence, or blank), ``opposed`` (items that run against the others, see
        `customer_value.reliability.opposed`, a line each, or blank).
        """
        return self._measured[0]

    @property
    def item_rest(self) -> pd.DataFrame:
        """Per ``wave``, ``scale`` and ``item``: ``item_rest``, ``alpha_if_dropped``."""
        return self._measured[1]

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """How the scales go together, see `customer_value.constructs.construct_correlations`.

        Per wave and pair of scales: ``wave``, ``construct``, ``other`` (names of scales), ``r``, ``low``,
        ``high`` (95 % interval), ``n``, ``disattenuated``, ``smaller_ave``.
        """
        return construct_correlations(self.scores, self.reliability)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, as sentences."""
        reading = _reading_warnings(self.ledger, self.items)
        return (*reading, *_reliability_warnings(self.latest_reliability))

    @cached_property
    def _measured(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return _reliability(self.scores)

    @property
    def latest_reliability(self) -> pd.DataFrame:
        """The rows of ``reliability`` from the latest wave in which each scale could be measured."""
        return _latest(self.reliability)


def score_answers(
    answers: pd.DataFrame, items: pd.DataFrame, *, as_of: dt.date | None = None
) -> SurveyScores:
    """Check answers against their codebook and put them on one scale from 0 to 1.

    Parameters
    ----------
    answers
        One answer per row: ``respondent_id``, ``item``, ``score`` (number, or text that may be a
        missing code or a word of the scale), and where known ``customer_id``, ``date``, ``weight`` (of the respondent,
        0 or more; blank counts as 1), ``code`` (the word that stands instead of a score).
    items
        The codebook, see `customer_value.codebook`.
    as_of
        Answers after this day are left out and counted.

    Returns
    -------
    SurveyScores
        Scores ``(score − scale_min) / (scale_max − scale_min)``, or one minus that for reversed items.

    Raises
    ------
    InputError
        For an error of the codebook, an item that it does not have, a score that is no number or is
        outside its scale, two different answers to one item on one day, a negative weight, or
        different weights of one respondent within a wave.

    Notes
    -----
    Of several answers of one respondent to one item within a wave the last counts.

    Examples
    --------
    >>> items = pd.DataFrame({"item": ["Q1", "Q2"], "construct": "service", "aspect": "perceived",
    ...                       "scale_min": 1, "scale_max": 5, "reversed": [False, True]})
    >>> answers = pd.DataFrame({"respondent_id": "R1", "item": ["Q1", "Q2"], "score": [4, 4]})
    >>> score_answers(answers, items).scores[["item", "score"]].values.tolist()
    [['Q1', 0.75], ['Q2', 0.25]]
    """
    codebook = check_codebook(items)
    read = _read_answers(answers, codebook)
    status = _status(read, as_of)
    valid = read[status == "kept"]
    valid = valid.assign(wave=_waves(valid["date"]))
    _check_weights(valid)
    key = [*PERSON, "wave", "item"]
    last = valid.sort_values([*key, "date"], na_position="first").drop_duplicates(key, keep="last")
    status = status.where(~status.index.isin(valid.index.difference(last.index)), "answered again later")
    scores = _rescaled(last, codebook)
    ledger = status.value_counts().rename_axis("reason").reset_index(name="answers")
    ledger = ledger.sort_values(["answers", "reason"], ascending=[False, True], ignore_index=True)
    return SurveyScores(
        scores=scores,
        items=codebook,
        waves=_wave_table(scores),
        missing=_missing_table(read["item"], status, codebook),
        ledger=ledger,
    )


_ANSWERS = "Survey answers (survey)"


def _read_answers(answers: pd.DataFrame, book: pd.DataFrame) -> pd.DataFrame:
    need_columns(answers, ("respondent_id", "item", "score"), _ANSWERS)
    read = pd.DataFrame({name: text_column(answers, name) for name in (*PERSON, "item")})
    written = text_column(answers, "score").fillna(text_column(answers, "code"))
    read["code"] = written.str.replace("−", "-").str.casefold()
    read["number"] = pd.to_numeric(read["code"], errors="coerce").fillna(_worded(read, book)).astype(float)
    dates = answers["date"] if "date" in answers.columns else pd.Series(pd.NaT, index=answers.index)
    read["date"] = pd.to_datetime(dates).astype("datetime64[us]").dt.normalize().to_numpy()
    weight = text_column(answers, "weight").fillna("1")
    read["weight"] = pd.to_numeric(weight, errors="coerce").astype(float)
    read = read.sort_values([*PERSON, "date", "item", "number"], ignore_index=True)
    _check_items(read, book)
    read["missing_code"] = _declared(read, book, "missing_codes")
    read["not_applicable"] = _declared(read, book, "not_applicable_codes")
    _check_scores(read, book)
    for row in rows_of(read[~read["weight"].between(0, sys.float_info.max)]):
        raise InputError(f"{_ANSWERS}, {_who(row.respondent_id)}: the weight must be a number of 0 or more.")
    return read


def _worded(read: pd.DataFrame, book: pd.DataFrame) -> pd.Series:
    """The numbers of answers in words, as the codebook states them."""
    numbers = word_numbers(book)
    if not numbers:
        return pd.Series(math.nan, index=read.index)
    keys = zip(read["item"], read["code"], strict=True)
    return pd.Series([numbers.get(key, math.nan) for key in keys], index=read.index, dtype=float)


def _declared(read: pd.DataFrame, book: pd.DataFrame, column: str) -> Any:
    codes = [(row.item, code) for row in rows_of(book) for code in getattr(row, column)]
    numbers = [(item, float(code)) for item, code in codes if _is_number(code)]
    by_text = pd.MultiIndex.from_frame(read[["item", "code"]]).isin(codes or [("", "")])
    return by_text | pd.MultiIndex.from_frame(read[["item", "number"]]).isin(numbers or [("", 0.0)])


def _says_something(read: pd.DataFrame) -> pd.Series:
    return read["code"].notna() & ~read["missing_code"] & ~read["not_applicable"]


def _who(respondent: Any) -> str:
    return "a blank respondent" if pd.isna(respondent) else f"respondent {respondent!r}"


def _is_number(code: str) -> bool:
    try:
        return math.isfinite(float(code))
    except ValueError:
        return False


def _check_items(read: pd.DataFrame, book: pd.DataFrame) -> None:
    known = book["item"].tolist()
    unknown = read[~read["item"].isin(known)]
    if len(unknown):
        first = unknown.iloc[0]
        item = "" if pd.isna(first["item"]) else str(first["item"])
        same = int((unknown["item"].fillna("") == item).sum())
        raise InputError(
            f"{_ANSWERS}: item {item!r} ({words.count(same, 'answer')}, first from "
            f"{_who(first['respondent_id'])}) is not in the codebook.{suggestion(item, known)}"
        )


def _check_scores(read: pd.DataFrame, book: pd.DataFrame) -> None:
    ends = book.set_index("item")[["scale_min", "scale_max"]].loc[read["item"]]
    low, high = ends["scale_min"].to_numpy(), ends["scale_max"].to_numpy()
    wrong = read[_says_something(read) & ~read["number"].between(low, high)]
    if wrong.empty:
        return
    first = wrong.iloc[0]
    scale = book[book["item"] == first["item"]].iloc[0]
    what = "is no number and none of its words" if len(scale["words"]) else "is no number"
    what = what if pd.isna(first["number"]) else "is outside the scale"
    more = f" {words.count(len(wrong) - 1, 'more answer')} likewise." if len(wrong) > 1 else ""
    raise InputError(
        f"{_ANSWERS}, {_who(first['respondent_id'])}, item {first['item']!r}: score {first['code']!r} "
        f"{what}; the scale goes from {scale['scale_min']:g} to {scale['scale_max']:g}.{more} Correct the "
        "answer, or declare the value in missing_codes (or not_applicable_codes) of the codebook if it means "
        "no answer, or in words with its number."
    )


def _status(read: pd.DataFrame, as_of: dt.date | None) -> pd.Series:
    status = pd.Series("kept", index=read.index, dtype="str")
    same_day = [*PERSON, "date", "item"]
    valid = read[_says_something(read)]
    repeated = valid[valid.duplicated([*same_day, "number"])]
    clash = valid.drop(repeated.index)
    for row in rows_of(clash[clash.duplicated(same_day, keep=False)]):
        raise InputError(
            f"{_ANSWERS}, {_who(row.respondent_id)}, item {row.item!r}: two different answers on one day."
        )
    status[repeated.index] = "the same answer twice"
    status[read["missing_code"]] = "declared missing code"
    status[read["not_applicable"]] = "not applicable"
    status[read["code"].isna()] = "blank"
    status[read["respondent_id"].isna()] = "no respondent"
    if as_of is not None:
        status[read["date"] > pd.Timestamp(as_of)] = "after the report's date"
    return status


def _waves(dates: pd.Series) -> pd.Series:
    days = pd.Series(dates.dropna().sort_values().unique())
    block = (days.diff().dt.days > _QUIET_DAYS).cumsum()
    long = (days.groupby(block).transform("max") - days.groupby(block).transform("min")).dt.days
    quarter = (days.dt.year * 4 + days.dt.quarter).where(long > _LONGEST_DAYS, 0)
    number = (block * 100_000 + quarter).rank(method="dense").astype(int)
    return dates.map(dict(zip(days, number, strict=True))).fillna(0).astype(int)


def _check_weights(valid: pd.DataFrame) -> None:
    several = valid.groupby([*PERSON, "wave"], dropna=False)["weight"].agg(["min", "max"])
    several = several[several["min"] < several["max"]]
    for (_, respondent, _), low, high in rows_of(several):
        raise InputError(
            f"{_ANSWERS}, {_who(respondent)}: weights {low:g} and {high:g} in one wave; give one weight."
        )


def _rescaled(valid: pd.DataFrame, book: pd.DataFrame) -> pd.DataFrame:
    told = ["item", "construct", "scale_name", "scale", "aspect", "attribute", "component", "target"]
    ends = ["scale_min", "scale_max", "reversed"]
    joined = valid.merge(book[told + ends], on="item", how="left")
    share = (joined["number"] - joined["scale_min"]) / (joined["scale_max"] - joined["scale_min"])
    joined["score"] = share.where(~joined["reversed"], 1 - share)
    order = [*PERSON, "wave", "date", "weight", *told, "score"]
    return joined[order].sort_values([*PERSON, "wave", "item"], ignore_index=True)


def _wave_table(scores: pd.DataFrame) -> pd.DataFrame:
    table = scores.groupby("wave", as_index=False).agg(
        first_day=("date", "min"),
        last_day=("date", "max"),
        accounts=("customer_id", "nunique"),
        answers=("item", "size"),
    )
    people = scores.drop_duplicates([*PERSON, "wave"])["wave"].value_counts()
    table.insert(3, "respondents", table["wave"].map(people).astype(int))
    table.insert(1, "name", [_wave_name(row.first_day, row.last_day) for row in rows_of(table)])
    return table


def _wave_name(first: pd.Timestamp, last: pd.Timestamp) -> str:
    if pd.isna(first):
        return "no date"
    if first == last:
        return words.day(first.date())
    return f"{words.day(first.date())} to {words.day(last.date())}"


def _missing_table(item: pd.Series, status: pd.Series, book: pd.DataFrame) -> pd.DataFrame:
    table = pd.crosstab(item, status).reindex(index=book["item"], fill_value=0)
    shown = {
        "blank": "blank",
        "missing_code": "declared missing code",
        "valid": "kept",
        "not_applicable": "not applicable",
    }
    counts = {name: table[s].tolist() if s in table else [0] * len(table) for name, s in shown.items()}
    return pd.DataFrame({"item": book["item"], "answers": table.sum(axis=1).tolist(), **counts})


def _reliability(scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, parts = [], []
    key: Any
    for key, group in scores.groupby(["wave", "scale_name"]):
        asked = sorted(group["item"].unique())
        table = group.set_index([*PERSON, "item"])["score"].unstack("item")[asked].dropna()  # noqa: PD010
        table = table.sort_values(asked)  # what people are called decides no digit
        enough = len(table) >= MINIMUM and len(asked) > 1
        single = reliability.omega(table) if enough and len(asked) > 2 else None
        alpha = reliability.cronbach_alpha(table) if enough else None
        pair = reliability.spearman_brown(table) if enough else None
        ends = (None, None) if alpha is None else reliability.alpha_interval(alpha, len(table), len(asked))
        counts = pair if len(asked) == 2 else alpha
        against = "\n".join(reliability.opposed(table)) if enough else ""
        cells = (*_omega_cells(single, pair), against)
        rows.append((*key, len(asked), len(table), alpha, *ends, pair, counts, *cells))
        if enough:
            parts.append(reliability.item_rest(table).assign(wave=key[0], scale=key[1]))
    columns = ["wave", "scale", "items", "n", "alpha", "low", "high", "spearman_brown", "reliability"]
    columns += ["omega", "omega_low", "omega_high", "ave", "omega_problem", "opposed"]
    by_scale = pd.DataFrame(rows, columns=columns)
    by_scale[columns[4:-2]] = by_scale[columns[4:-2]].astype(float)
    order = ["wave", "scale", "item", "item_rest", "alpha_if_dropped"]
    return by_scale, pd.concat(parts)[order].reset_index(drop=True) if parts else pd.DataFrame(columns=order)


def _omega_cells(single: reliability.Omega | None, pair: float | None) -> tuple[float | str | None, ...]:
    """Omega of three items or more; of two, whose common cause explains their correlation, only the ave."""
    single = single or reliability.Omega(ave=None if pair is None else pair / (2 - pair))
    return single.omega, single.low, single.high, single.ave, single.problem


def _latest(by_scale: pd.DataFrame) -> pd.DataFrame:
    table = by_scale.assign(measured=by_scale["reliability"].notna())
    latest = table.sort_values(["measured", "wave"]).drop_duplicates("scale", keep="last")
    return latest.drop(columns="measured").sort_values("scale", ignore_index=True)


def _reading_warnings(ledger: pd.DataFrame, book: pd.DataFrame) -> tuple[str, ...]:
    counts = dict(zip(ledger["reason"], ledger["answers"], strict=True))
    told = []
    total, used = int(ledger["answers"].sum()), counts.get("kept", 0)
    if total and used < 0.8 * total:
        told.append(f"Only {words.count(used)} of {words.count(total, 'survey answer')} could be used.")
    for reason, what in _LEFT_OUT.items():
        if n := counts.get(reason, 0):
            told.append(f"{words.count(n, 'survey answer')} {words.verb(n, 'was', 'were')} left out: {what}.")
    for row in rows_of(book):
        codes = (*row.missing_codes, *row.not_applicable_codes)
        inside = [code for code in codes if _inside(code, row.scale_min, row.scale_max)]
        if inside:
            told.append(
                f"Item {words.plain(row.item)}: the missing code {words.listing(inside)} lies inside the "
                f"scale {row.scale_min:g} to {row.scale_max:g}, so true answers of that value are lost."
            )
    return tuple(told)


_LEFT_OUT = {
    "no respondent": "no respondent is named",
    "the same answer twice": "the same answer is there twice",
    "answered again later": "the item was answered again later in the same wave",
    "after the report's date": "the date is after that of the report",
}


def _inside(code: str, low: float, high: float) -> bool:
    return _is_number(code) and low <= float(code) <= high


def _reliability_warnings(latest: pd.DataFrame) -> tuple[str, ...]:
    told = []
    for row in rows_of(latest[latest["reliability"] < reliability.GOOD]):
        figure = "Cronbach's alpha" if row.items > 2 else "the Spearman-Brown figure"
        told.append(
            f"The {words.count(row.items, 'item')} of the scale {words.plain(row.scale)} do not hang "
            f"together well: {figure} is {words.decimal(row.reliability)} ({words.count(row.n, 'respondent')}), "
            f"under {words.decimal(reliability.GOOD)}. Read its means with care."
        )
    told += [
        f"Scale {words.plain(row.scale)}: {row.omega_problem}"
        for row in rows_of(latest[(latest["omega_problem"] != "") & (latest["n"] > latest["items"])])
    ]
    told += [
        _turned_round(row.scale, row.opposed.split("\n"), row.items)
        for row in rows_of(latest[latest["opposed"] != ""])
    ]
    return tuple(told)


def _turned_round(scale: str, opposed: list[str], items: int) -> str:
    """Which items of a scale may be reversed wordings that nobody declared; the other side is not named."""
    these, name = words.listing(map(words.plain, opposed), most=12), words.plain(scale)
    rest = words.verb(items - len(opposed), "the other item", "the rest")
    if len(opposed) == 1:
        return f"Item {these} runs against {rest} of its scale {name}. Is it a reversed wording that is not declared?"
    return (
        f"Items {these} run against {rest} of their scale {name}. Are they, or the others instead, reversed wordings "
        "that are not declared? Until that is settled the means of the scale say nothing."
    )
