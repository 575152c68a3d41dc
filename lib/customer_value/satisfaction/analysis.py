"""Satisfaction and delivered value, from the survey alone or joined to orders, feedback and lifetime value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import ibis
import numpy as np
import pandas as pd

from customer_value.clv_values import customer_values
from customer_value.display import Prose, Table
from customer_value.errors import InputError, NotEnoughData
from customer_value.expressions import as_fact, as_table
from customer_value.pareto import abc_bounds
from customer_value.result import Fact, warning_list
from customer_value.satisfaction import display, steps, story
from customer_value.satisfaction.complaints import Complaints, after_complaints
from customer_value.satisfaction.delivered import DeliveredValue, delivered_value, value_of_accounts
from customer_value.satisfaction.differences import COLUMNS as DIFFERENCE_COLUMNS
from customer_value.satisfaction.differences import between_groups
from customer_value.satisfaction.gaps import COLUMNS as GAP_COLUMNS
from customer_value.satisfaction.gaps import gaps_of
from customer_value.satisfaction.importance import Importance, importance_of
from customer_value.satisfaction.link import MoneyLink, money_link
from customer_value.satisfaction.panel import Panel, headline_panel, panels_of
from customer_value.satisfaction.scores import (
    COLUMNS,
    index_weights,
    satisfaction_of_accounts,
    scores_by_group,
    scores_by_wave,
    scores_of,
)
from customer_value.satisfaction.winwin import WinWin, win_win
from customer_value.settings import DeliveredValueSettings, SatisfactionSettings
from customer_value.survey import MINIMUM, SurveyScores, score_answers
from customer_value.text import Text

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["Satisfaction", "satisfaction_and_value", "satisfaction_of"]

GROUPS = ("industry", "region", "abc")
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Satisfaction:
    """What customers think of this company, why, and what it is worth.

    A part that cannot be computed is the sentence that says why.

    Parameters
    ----------
    survey
        The checked answers.
    panel
        The latest wave with at least five respondents, or None.
    scores
        Index, top-2-box and net promoter score: ``by`` (``all``, ``industry``, ``region``, ``abc``,
        ``wave``), ``group``, ``measure`` (``index``, ``top_two``, ``nps``), ``value``, ``low``, ``high``, ``n``.
    differences
        Which groups differ in the index, see `customer_value.satisfaction.differences.between_groups`.
    hidden
        Groups with fewer than five respondents, which are not shown: ``by`` to their number.
    gaps
        Perceived minus expected, see `customer_value.satisfaction.gaps.gaps_of`.
    importance, delivered, winwin, complaints, link
        The other parts, or why there is none.
    respondents, accounts
        In the panel.
    currency
        ISO code of all money.
    with_orders
        Whether the report has orders.
    """

    survey: SurveyScores
    panel: Panel | None
    scores: pd.DataFrame
    differences: pd.DataFrame
    hidden: Mapping[str, int]
    gaps: pd.DataFrame
    importance: Importance | str
    delivered: DeliveredValue | str
    winwin: WinWin | str
    complaints: Complaints | str
    link: MoneyLink | str
    respondents: int
    accounts: int
    currency: str
    with_orders: bool

    @property
    def status(self) -> str:
        """``measured``, or ``too_few`` if no wave has five respondents."""
        return "too_few" if self.panel is None else "measured"

    def score(self, measure: str, by: str = "all") -> pd.DataFrame:
        """The rows of ``scores`` of one measure and grouping."""
        return self.scores[(self.scores["measure"] == measure) & (self.scores["by"] == by)]

    @cached_property
    def headline(self) -> dict[str, pd.Series]:
        """Measure to its row for all respondents of the latest wave."""
        rows = self.scores[self.scores["by"] == "all"]
        return {str(row["measure"]): row for _, row in rows.iterrows()}

    @property
    def facts(self) -> dict[str, Fact]:
        """Headline figures, keyed ``satisfaction.figure`` and ``value.figure``."""
        found = self.headline
        value = {
            name: as_fact(found[name]["value"]) if name in found else None
            for name in ("index", "top_two", "nps")
        }
        ends = {
            f"satisfaction.{name}_{end}": as_fact(found[name][end]) if name in found else None
            for name in ("index", "nps", "top_two")
            for end in ("low", "high")
        }
        return {
            "satisfaction.index": value["index"],
            "satisfaction.nps": value["nps"],
            "satisfaction.top_two": value["top_two"],
            **ends,
            "satisfaction.respondents": self.respondents,
            "satisfaction.accounts": self.accounts,
            "satisfaction.gap": _gap_fact(self.gaps),
            **_importance_facts(self.importance),
            **_value_facts(self.delivered),
            **_link_facts(self.link),
            "satisfaction.status": self.status,
        }

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables for other programs; those without rows are left out, but for the first."""
        found: dict[str, pd.DataFrame] = {"satisfaction": self.scores, "satisfaction_gaps": self.gaps}
        if isinstance(self.importance, Importance):
            found["satisfaction_importance"] = self.importance.table
        if isinstance(self.delivered, DeliveredValue):
            found["delivered_value"] = display.delivered_rows(self.delivered)
        if isinstance(self.winwin, WinWin):
            found["win_win"] = self.winwin.accounts.drop(columns="name")
        if isinstance(self.complaints, Complaints):
            found["complaint_effects"] = self.complaints.effects
        if len(self.differences):
            found["satisfaction_differences"] = self.differences
        if isinstance(self.link, MoneyLink):
            found["satisfaction_money"] = self.link.table
        return {name: table for name, table in found.items() if len(table) or name == "satisfaction"}

    @property
    def scores_table(self) -> Table | Prose:
        """Index, top-2-box and net promoter score of all respondents."""
        return display.scores_table(self)

    @property
    def groups_table(self) -> Table | Prose:
        """The same by industry, region and ABC class."""
        return display.groups_table(self)

    @property
    def waves_table(self) -> Table | Prose:
        """The same wave by wave."""
        return display.waves_table(self)

    @property
    def gaps_table(self) -> Table | Prose:
        """Expected, perceived and the gap."""
        return display.gaps_table(self)

    @property
    def importance_table(self) -> Table | Prose:
        """Importance and performance of each attribute, the most urgent first."""
        return display.importance_table(self)

    @property
    def mend_first(self) -> Prose:
        """Which attribute to mend first, and why."""
        return Prose(story.mend_first(self))

    @property
    def weights_table(self) -> Table | Prose:
        """The components of delivered value, with their weights."""
        return display.weights_table(self)

    @property
    def competitors_table(self) -> Table | Prose:
        """Delivered value of this company and of each competitor, as difference and as ratio."""
        return display.competitors_table(self)

    def quadrant_table(self, quadrant: str) -> Table | Prose:
        """Accounts of one quadrant of the win-win map (``both``, ``customer``, ``company``, ``neither``)."""
        return display.quadrant_table(self, quadrant)

    @property
    def complaints_table(self) -> Table | Prose:
        """Retention and spend after a complaint."""
        return display.complaints_table(self)

    @property
    def about_complaints(self) -> Prose:
        """What the comparison of complaints says, and what it cannot say."""
        return Prose(story.complaints(self))

    @property
    def money_table(self) -> Table | Prose:
        """Retention and lifetime value by satisfaction."""
        return display.money_table(self)

    @property
    def what_if(self) -> Prose:
        """The value of moving the middle up one step."""
        return Prose(story.what_if(self))

    @property
    def warnings_list(self) -> Prose:
        """The warnings, to read."""
        return warning_list(self)

    @property
    def findings(self) -> tuple[Text, ...]:
        """What this means here."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next, with names."""
        return steps.next_steps(self)

    @property
    def warnings(self) -> tuple[Text | str, ...]:
        """What to know before believing it."""
        return story.warnings(self)


def satisfaction_and_value(
    answers: pd.DataFrame,
    items: pd.DataFrame,
    *,
    customers: pd.DataFrame | None = None,
    customer_file: pd.DataFrame | None = None,
    customer_months: ibis.Table | pd.DataFrame | None = None,
    feedback: pd.DataFrame | None = None,
    values: Callable[[], pd.DataFrame | None] | pd.DataFrame | None = None,
    as_of: dt.date | None = None,
    currency: str = "XXX",
    abc_cuts: tuple[float, float] = (0.80, 0.95),
    options: SatisfactionSettings | None = None,
    value_options: DeliveredValueSettings | None = None,
) -> Satisfaction:
    """Measure satisfaction and delivered value.

    Parameters
    ----------
    answers, items
        Survey answers and codebook (`customer_value.survey.score_answers`).
    customers
        ``customer_id``, ``net_revenue`` and, where known, ``margin`` and ``profit``; None without orders.
    customer_file
        ``customer_id`` with ``name``, ``industry``, ``region`` where known, or None.
    customer_months
        ``customer_id``, ``month``, ``purchase_days``, ``net_revenue``; None without orders.
    feedback
        ``customer_id``, ``date``, ``kind``, ``resolved_on``, or None.
    values
        ``customer_id``, ``clv``, or a function that returns it, called only if it is needed; None if
        not known.
    as_of, currency
        Date and currency of the report.
    abc_cuts
        Shares of net revenue at which the classes A and B end.
    options, value_options
        Weights and seed.

    Returns
    -------
    Satisfaction
        Figures of the latest wave with at least five respondents; fewer are never averaged.

    Raises
    ------
    InputError
        If survey or codebook are wrong, or a weight is given for an item that is not there.
    """
    options = options or SatisfactionSettings()
    weights = (value_options or DeliveredValueSettings()).model_dump()
    survey = score_answers(answers, items, as_of=as_of)
    panels = panels_of(survey)
    panel = headline_panel(panels)
    if panel is None:
        return _without_a_panel(survey, currency, with_orders=customers is not None)
    given, seed = options.index_weights, options.seed
    index_weights(list(panel.of("overall").index), given)
    labels = _labels(panel, customers, customer_file, abc_cuts)
    groups, hidden = _by_groups(panel, labels, given, seed)
    waves, hidden["wave"] = scores_by_wave(panels, given, seed=seed)
    everyone = scores_of(panel, given, seed=seed).assign(by="all", group="all")
    delivered = _part(lambda: delivered_value(panel, weights, seed=seed))
    months = None if customer_months is None else as_table(customer_months)
    return Satisfaction(
        survey=survey,
        panel=panel,
        scores=_typed(pd.concat([t for t in (everyone, groups, waves) if len(t)] or [groups])[COLUMNS]),
        differences=between_groups(_satisfaction(panel, given), panel.people, labels),
        hidden={by: number for by, number in hidden.items() if number},
        gaps=gaps_of(panel, seed=seed),
        importance=_part(lambda: importance_of(panel, _satisfaction(panel, given), seed=seed)),
        delivered=delivered,
        winwin=_part(lambda: _win_win(delivered, customers, customer_file)),
        complaints=_part(lambda: _complaints(feedback, months, as_of, seed)),
        link=_part(lambda: _money(panel, given, months, values, as_of, seed)),
        respondents=len(panel),
        accounts=int(panel.people.loc[panel.people["customer_id"] != "", "customer_id"].nunique()),
        currency=currency,
        with_orders=customers is not None or months is not None,
    )


def satisfaction_of(workbook: Workbook) -> Satisfaction:
    """Satisfaction and delivered value of a workbook, from the tables that its run has.

    Parameters
    ----------
    workbook
        Opened with `customer_value.open_workbook`; it needs a survey.

    Returns
    -------
    Satisfaction

    Raises
    ------
    InputError
        Without a survey.
    """
    if not workbook.has("survey_answers"):
        raise InputError(
            "This page needs a survey: name its file and codebook in the settings (survey, survey_items)."
        )

    def given(name: str) -> pd.DataFrame | None:
        return workbook.frame(name) if workbook.has(name) else None

    customers = None
    if workbook.has("customers"):
        there = workbook.table("customers").columns
        money = [name for name in ("net_revenue", "margin", "profit") if name in there]
        customers = workbook.frame("customers", ["customer_id", *money])
    return satisfaction_and_value(
        workbook.frame("survey_answers"),
        workbook.frame("survey_items"),
        customers=customers,
        customer_file=given("customer_file"),
        customer_months=workbook.table("customer_months") if workbook.has("customer_months") else None,
        feedback=given("feedback"),
        values=lambda: customer_values(workbook),
        as_of=workbook.known_as_of,
        currency=workbook.currency,
        abc_cuts=workbook.settings.pareto.abc_cuts,
        options=workbook.options("satisfaction"),
        value_options=workbook.options("delivered_value"),
    )


def _part(compute: Callable[[], _Part]) -> _Part | str:
    """A part of the result, or the sentence that says why there is none."""
    try:
        return compute()
    except NotEnoughData as reason:
        return str(reason)


def _without_a_panel(survey: SurveyScores, currency: str, *, with_orders: bool) -> Satisfaction:
    people = survey.scores.drop_duplicates(["customer_id", "respondent_id"])
    why = f"No survey wave has {MINIMUM} respondents, so nothing is averaged."
    return Satisfaction(
        survey=survey,
        panel=None,
        scores=_typed(pd.DataFrame(columns=COLUMNS)),
        differences=pd.DataFrame(columns=DIFFERENCE_COLUMNS),
        hidden={},
        gaps=pd.DataFrame(columns=GAP_COLUMNS),
        importance=why,
        delivered=why,
        winwin=why,
        complaints=why,
        link=why,
        respondents=len(people),
        accounts=int(people["customer_id"].nunique()),
        currency=currency,
        with_orders=with_orders,
    )


def _typed(scores: pd.DataFrame) -> pd.DataFrame:
    kinds = {
        "by": "str",
        "group": "str",
        "measure": "str",
        "value": float,
        "low": float,
        "high": float,
        "n": int,
    }
    return scores.astype(kinds).reset_index(drop=True)


def _labels(
    panel: Panel,
    customers: pd.DataFrame | None,
    customer_file: pd.DataFrame | None,
    cuts: tuple[float, float],
) -> dict[str, pd.Series]:
    """Group of each respondent's account, where it is known."""
    accounts, found = panel.people["customer_id"], {}
    if customer_file is not None:
        known = customer_file.drop_duplicates("customer_id").set_index("customer_id")
        found = {name: accounts.map(known[name]) for name in GROUPS if name in known.columns}
    if customers is not None and len(customers):
        money = customers.drop_duplicates("customer_id").set_index("customer_id")["net_revenue"].astype(float)
        bounds = abc_bounds(money.to_numpy(), cuts)
        found["abc"] = accounts.map(money).map(lambda value: _class(value, bounds))
    return found


def _class(value: float, bounds: Mapping[str, float | None]) -> str | None:
    if pd.isna(value):
        return None
    return next((name for name, low in bounds.items() if low is not None and value >= low), "C")


def _by_groups(
    panel: Panel, labels: Mapping[str, pd.Series], given: Mapping[str, float], seed: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    parts, hidden = [pd.DataFrame(columns=COLUMNS)], {}
    for by, groups in labels.items():
        table, hidden[by] = scores_by_group(panel, groups, by, given, seed=seed)
        parts.append(table)
    kept = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(kept, ignore_index=True), hidden


def _satisfaction(panel: Panel, given: Mapping[str, float]) -> pd.Series:
    """Overall satisfaction of each respondent: mean of the overall items that count."""
    weights = index_weights(list(panel.of("overall").index), given)
    used = list(weights.index[weights > 0])
    if not used:
        return pd.Series(np.nan, index=panel.scores.index)
    scores = panel.scores[used]
    size = scores.notna().to_numpy() @ weights[used].to_numpy()
    total = scores.fillna(0.0).to_numpy() @ weights[used].to_numpy()
    return pd.Series(np.divide(total, size, out=np.full(len(scores), np.nan), where=size > 0))


def _win_win(
    delivered: DeliveredValue | str, customers: pd.DataFrame | None, customer_file: pd.DataFrame | None
) -> WinWin:
    if customers is None:
        raise NotEnoughData(
            "The win-win map needs orders: without them it is not known what an account brings."
        )
    if isinstance(delivered, str):
        raise NotEnoughData(delivered)
    names = None
    if customer_file is not None and "name" in customer_file.columns:
        names = customer_file.drop_duplicates("customer_id").set_index("customer_id")["name"]
    return win_win(value_of_accounts(delivered.people), customers, names)


def _complaints(
    feedback: pd.DataFrame | None, months: ibis.Table | None, as_of: dt.date | None, seed: int
) -> Complaints:
    if months is None or as_of is None:
        raise NotEnoughData("What follows a complaint needs orders: without them it is not known who stayed.")
    if feedback is None:
        raise NotEnoughData("The report has no feedback table, so nothing is known about complaints.")
    return after_complaints(feedback, months, as_of=as_of, seed=seed)


def _money(
    panel: Panel,
    given: Mapping[str, float],
    months: ibis.Table | None,
    values: Callable[[], pd.DataFrame | None] | pd.DataFrame | None,
    as_of: dt.date | None,
    seed: int,
) -> MoneyLink:
    if months is None or as_of is None:
        raise NotEnoughData(
            "Setting satisfaction against money needs orders, which this report does not have."
        )
    satisfaction = satisfaction_of_accounts(panel, given)
    if len(satisfaction) < 2 * MINIMUM:
        return money_link(satisfaction, months, None, last_day=panel.last_day, as_of=as_of, seed=seed)
    worth = values() if callable(values) else values
    return money_link(satisfaction, months, worth, last_day=panel.last_day, as_of=as_of, seed=seed)


def _gap_fact(gaps: pd.DataFrame) -> Fact:
    if gaps.empty:
        return None
    shown = gaps[gaps["level"] != "attribute"]
    names = ["gap", "low", "high"]
    return {
        str(row["name"]): {**{name: as_fact(row[name]) for name in names}, "n": int(row["n"])}
        for _, row in shown.iterrows()
    }


def _importance_facts(found: Importance | str) -> dict[str, Fact]:
    first = None if isinstance(found, str) else found.first
    return {
        "satisfaction.r_squared": None if isinstance(found, str) else as_fact(found.r_squared),
        "satisfaction.mend_first": None if first is None else str(first["attribute"]),
        **{
            f"satisfaction.mend_first_{name}": None if first is None else as_fact(first[name])
            for name in ("share", "performance", "first")
        },
    }


def _value_facts(found: DeliveredValue | str) -> dict[str, Fact]:
    """``value.delivered`` on the same attributes and from the same respondents for each competitor."""
    if isinstance(found, str):
        return {"value.delivered": None, "value.advantage": None, "value.compared": None}
    rivals = {str(row["competitor"]): row for _, row in found.totals.iterrows()}
    delivered: dict[str, Any] = {"own": as_fact(found.value)}
    delivered["competitors"] = {name: as_fact(row["value"]) for name, row in rivals.items()}
    names = ("own", "value", "advantage", "low", "high")
    strongest = None if found.totals.empty else as_fact(found.totals.iloc[0]["advantage"])
    return {
        "value.delivered": delivered,
        "value.advantage": strongest,
        "value.compared": {
            name: {**{key: as_fact(row[key]) for key in names}, "n": int(row["n"])}
            for name, row in rivals.items()
        },
    }


def _link_facts(found: MoneyLink | str) -> dict[str, Fact]:
    what = None if isinstance(found, str) else found.what_if
    return {"satisfaction.one_step_value": None if what is None else as_fact(what.value)}
