"""Does it predict? What the customers of each segment and score did in the period that followed.

The segmentation is made at an earlier date from what was known then. The period after it shows
whether its groups behave differently: how many bought, how often, for how much. *Lift* is the figure
of a group over that of all. A segmentation separates the future if the difference between its groups
is both unlikely to be chance (p under 0.01) and not tiny: Cramér's V of group and buying of at least
0.1, or for money a share of the differences between customers (eta squared) of at least 1 %.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from scipy import stats

from customer_value.rfm.names import SEGMENTATIONS
from customer_value.rfm.people import earlier, moment
from customer_value.settings import RfmSettings
from customer_value.text import say

__all__ = ["GROUPINGS", "GROUPINGS_FIRST", "Prediction", "Separation", "look_ahead", "shown_groups"]

SCORE_COLUMNS = {
    "recency_score": "Recency score",
    "frequency_score": "Frequency score",
    "monetary_score": "Money score",
    "weighted_score": "Weighted score",
}
GROUPINGS = {
    "segment": say("the eleven segments"),
    "eight_class": say("the eight classes"),
    "portfolio_group": say("the portfolio groups"),
    "recency_score": say("the recency scores"),
    "frequency_score": say("the frequency scores"),
    "monetary_score": say("the money scores"),
    "weighted_score": say("the weighted scores"),
}
"""Grouping to its name within a sentence."""

GROUPINGS_FIRST = {
    "segment": say("The eleven segments"),
    "eight_class": say("The eight classes"),
    "portfolio_group": say("The portfolio groups"),
    "recency_score": say("The recency scores"),
    "frequency_score": say("The frequency scores"),
    "monetary_score": say("The money scores"),
    "weighted_score": say("The weighted scores"),
}
"""Grouping to its name at the beginning of a sentence."""

FEW = 30
"""Customers below which a group, or a base, is not judged."""

_SMALLEST_V = 0.1
_SMALLEST_ETA = 0.01
_CHANCE = 0.01


@dataclass(frozen=True)
class Separation:
    """How far a grouping separates the period that followed.

    Attributes
    ----------
    grouping
        Key of `GROUPINGS`.
    cramers_v, buying_p
        Strength and p-value for who bought; missing where all or nobody did, or the same share of each group
        that is large enough to be judged: nothing can be said then.
    eta_squared, money_p
        Share of the differences in money between the groups, and its p-value.
    backwards
        For scores: whether higher ones bought less.
    """

    grouping: str
    cramers_v: float | None
    buying_p: float | None
    eta_squared: float | None
    money_p: float | None
    backwards: bool

    @property
    def judged(self) -> bool:
        """Whether it can be said if it separates who buys."""
        return self.cramers_v is not None

    @property
    def buying(self) -> bool:
        """Whether it separates who buys."""
        return _both(self.cramers_v, self.buying_p, _SMALLEST_V)

    @property
    def money(self) -> bool:
        """Whether it separates how much they spend."""
        return _both(self.eta_squared, self.money_p, _SMALLEST_ETA)


@dataclass(frozen=True)
class Prediction:
    """The period after an earlier date, by the groups of that date.

    Attributes
    ----------
    previous, as_of
        First day before, and last day of, the period that is looked at.
    customers, buyers, orders, net_revenue
        Of the whole base: scored at ``previous``; that bought after it; what they ordered.
    groups
        grouping, group, customers, buyers, orders, net_revenue (sums of the period), buying_share,
        orders_per_customer, net_revenue_per_customer, and the lift of these three.
    separations
        One for each grouping.
    """

    previous: dt.date
    as_of: dt.date
    customers: int
    buyers: int
    orders: int
    net_revenue: float
    groups: pd.DataFrame
    separations: dict[str, Separation]

    def of(self, grouping: str) -> pd.DataFrame:
        """The groups of one grouping that had customers."""
        own = self.groups[(self.groups["grouping"] == grouping) & (self.groups["customers"] > 0)]
        return own.reset_index(drop=True)

    @property
    def judged(self) -> bool:
        """Whether there are customers enough for a verdict."""
        return self.customers >= FEW


def look_ahead(
    people: ibis.Table, *, as_of: dt.date, previous: dt.date, options: RfmSettings
) -> Prediction | None:
    """Segment the customers as of the earlier date and see what they did after it.

    Parameters
    ----------
    people
        As `customer_value.rfm.people.gather` returns it, with snapshots.
    as_of, previous
        End of the period, and the date of the segmentation.
    options
        As for the report; quantiles are those of the earlier date.

    Returns
    -------
    Prediction
        None where nobody was scored at the earlier date.
    """
    before = earlier(people, window=options.window_months is not None)
    summary = moment(before, previous, options, begun=False).summary
    summary = summary[summary["recency_score"].notna()]
    if not len(summary):
        return None
    frames, separations = [], {}
    for name in (name for name in GROUPINGS if name in summary):
        sums = _sums(summary, name)
        separations[name] = _separation(name, sums)
        frames.append(_lifts(name, sums))
    whole = frames[0][["customers", "buyers", "orders", "net_revenue"]].sum()
    return Prediction(
        previous=previous,
        as_of=as_of,
        customers=int(whole["customers"]),
        buyers=int(whole["buyers"]),
        orders=int(whole["orders"]),
        net_revenue=round(float(whole["net_revenue"]), 4),
        groups=pd.concat(frames, ignore_index=True),
        separations=separations,
    )


def _sums(summary: pd.DataFrame, grouping: str) -> pd.DataFrame:
    """Customers, and what they did, of each group; the weighted score is rounded to a whole one."""
    key, order = summary[grouping], SEGMENTATIONS.get(grouping)
    if order is None:
        key = np.floor(key.astype("float64") + 0.5).astype("int64").astype(str)
        order = ("5", "4", "3", "2", "1")
    figures = {"orders": "next_orders", "net_revenue": "next_net_revenue"}
    sums = (
        summary.assign(group=key)
        .groupby("group")[["customers", "buyers", *figures.values(), "squares"]]
        .sum()
    )
    frame = sums.reindex(list(order), fill_value=0).rename_axis("group").reset_index()
    frame = frame.rename(columns={column: name for name, column in figures.items()})
    whole = dict.fromkeys(["customers", "buyers", "orders"], "int64")
    return frame.astype({**whole, "net_revenue": "float64", "squares": "float64"}).round({"net_revenue": 4})


def _lifts(grouping: str, sums: pd.DataFrame) -> pd.DataFrame:
    frame = sums.drop(columns="squares")
    number = frame["customers"].where(frame["customers"] > 0)
    total = sums["customers"].sum()
    for name, figure in (
        ("buying_share", "buyers"), ("orders_per_customer", "orders"), ("net_revenue_per_customer", "net_revenue"),
    ):  # fmt: skip
        frame[name] = frame[figure] / number
        mean = frame[figure].sum() / total
        frame[f"{name}_lift"] = frame[name] / mean if mean > 0 else math.nan
    frame.insert(0, "grouping", grouping)
    return frame


def _separation(grouping: str, sums: pd.DataFrame) -> Separation:
    held = sums[sums["customers"] > 0]
    v, v_p = (None, None) if _alike(held) else _cramers_v(held)
    eta, eta_p = _eta_squared(held)
    return Separation(grouping, v, v_p, eta, eta_p, grouping in SCORE_COLUMNS and _falls(held))


def shown_groups(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups whose shares are worth comparing: those with `FEW` customers, if there are two."""
    enough = groups[groups["customers"] >= FEW]
    return enough if len(enough) >= 2 else groups


def _alike(held: pd.DataFrame) -> bool:
    """Whether nobody bought, or all did, in each group that is worth comparing."""
    shown = shown_groups(held)
    return bool((shown["buyers"] == 0).all() or (shown["buyers"] == shown["customers"]).all())


def _cramers_v(held: pd.DataFrame) -> tuple[float | None, float | None]:
    buyers, others = held["buyers"].to_numpy(), (held["customers"] - held["buyers"]).to_numpy()
    if len(held) < 2 or not buyers.sum() or not others.sum():
        return None, None
    found = stats.chi2_contingency([buyers, others], correction=False)
    return math.sqrt(float(found.statistic) / float(held["customers"].sum())), float(found.pvalue)


def _eta_squared(held: pd.DataFrame) -> tuple[float | None, float | None]:
    number, groups = int(held["customers"].sum()), len(held)
    mean = held["net_revenue"].sum() / number
    total = float(held["squares"].sum() - number * mean**2)
    between = float((held["customers"] * (held["net_revenue"] / held["customers"] - mean) ** 2).sum())
    if groups < 2 or number <= groups or total <= 1e-9 * max(1.0, float(held["squares"].sum())):
        return None, None
    eta = min(max(between / total, 0.0), 1.0)
    if eta >= 1:
        return 1.0, 0.0
    ratio = (eta / (groups - 1)) / ((1 - eta) / (number - groups))
    return eta, float(stats.f.sf(ratio, groups - 1, number - groups))


def _falls(held: pd.DataFrame) -> bool:
    """Whether the share that bought falls as the score rises, over all customers."""
    score, size = held["group"].astype(float), held["customers"]
    mean = (score * size).sum() / size.sum()
    return float(((score - mean) * held["buyers"]).sum()) < 0


def _both(size: float | None, chance: float | None, smallest: float) -> bool:
    return size is not None and chance is not None and size >= smallest and chance < _CHANCE
