"""Delivered value: what customers get (four benefits) minus what it costs them (four costs).

Kotler's balance of a customer: benefits of product, service, personnel and image against costs in
money, time, energy and worry. The supplier whose balance is best has the order. The difference to a
competitor is the sum of eight parts, so it can be said which part makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value.codebook import COST_COMPONENTS, OWN
from customer_value.errors import NotEnoughData
from customer_value.satisfaction.panel import Panel, row_means
from customer_value.satisfaction.resampling import ends, estimates, resampled_means, weighted_means
from customer_value.survey import MINIMUM

__all__ = ["BENEFITS", "COMPONENTS", "DeliveredValue", "delivered_value", "value_of_accounts"]

Floats = npt.NDArray[np.float64]

BENEFITS = ("product", "service", "personnel", "image")
COMPONENTS = (*BENEFITS, *COST_COMPONENTS)
_STREAM = 64
_PARTS = ["competitor", "component", "kind", "weight", "own", "score", "difference", "low", "high", "n"]
_TOTALS = ["competitor", "own", "value", "advantage", "low", "high", "own_ratio", "ratio", "n"]


@dataclass(frozen=True)
class DeliveredValue:
    """Value delivered by this company, and by each competitor in the eyes of the same respondents.

    Parameters
    ----------
    own
        Per component: ``component``, ``kind`` (``benefit`` or ``cost``), ``weight``, ``score`` (mean from
        0 to 100), ``low``, ``high``, ``n``.
    value, low, high, ratio
        Weighted benefits minus weighted costs over those components with its 95 % interval; benefits
        divided by costs (None where one side is not asked).
    parts
        Per competitor and component, of the respondents who rated both on the same attributes:
        ``own``, ``score`` (of the competitor), ``difference`` (what the component adds to the
        advantage: weight × (own − score), turned round for costs), ``low``, ``high``, ``n``.
    totals
        Per competitor, the strongest first: ``own``, ``value`` (of the competitor), ``advantage``
        (own − value, the sum of the differences) with ``low``, ``high``; ``own_ratio``, ``ratio``; ``n``
        (fewest respondents behind a component).
    people
        Value of each respondent who rated every component: ``customer_id``, ``weight``, ``value``.
    weights
        Component to weight.
    missing
        Components that the survey does not ask.
    too_few
        Competitors that fewer than five respondents rated on every component asked.
    """

    own: pd.DataFrame
    value: float
    low: float
    high: float
    ratio: float | None
    parts: pd.DataFrame
    totals: pd.DataFrame
    people: pd.DataFrame
    weights: Mapping[str, float]
    missing: tuple[str, ...]
    too_few: tuple[str, ...]

    @property
    def kinds(self) -> str:
        """``both``, or ``benefit`` or ``cost`` if only one side was asked."""
        kinds = sorted(self.own["kind"].unique())
        return kinds[0] if len(kinds) == 1 else "both"

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest value that is possible with these components and weights."""
        sums = self.own.groupby("kind")["weight"].sum()
        return -100 * float(sums.get("cost", 0.0)), 100 * float(sums.get("benefit", 0.0))


def delivered_value(panel: Panel, weights: Mapping[str, float], *, seed: int) -> DeliveredValue:
    """Benefits minus costs of this company and of each competitor.

    Parameters
    ----------
    panel
        The respondents of one wave; items on perceived performance with a component count.
    weights
        Component to weight, 0 or more.
    seed
        Of the intervals.

    Returns
    -------
    DeliveredValue

    Raises
    ------
    NotEnoughData
        If no component has five respondents.

    Notes
    -----
    Value = Σ w·(product, service, personnel, image) − Σ w·(money, time, energy, psychic), each from 0 to
    100 (Kotler, Marketing Management). Against a competitor only attributes asked of both count, and
    each component is a mean over respondents who rated both.
    """
    scores = 100 * _component_scores(panel, panel.of("perceived", OWN))
    table = estimates(scores, panel.weight, seed=seed, stream=_STREAM)
    asked = [name for name in COMPONENTS if name in table.index and table.loc[name, "n"] >= MINIMUM]
    if not asked or not sum(weights[name] for name in asked) > 0:
        raise NotEnoughData(
            "No item on perceived performance belongs to a component of delivered value (column component of the "
            f"codebook) and was answered by at least {MINIMUM} respondents, so delivered value is not computed."
        )
    own = table.loc[asked].rename(columns={"value": "score"}).rename_axis("component").reset_index()
    own.insert(1, "kind", _kinds(asked))
    own.insert(2, "weight", [float(weights[name]) for name in asked])
    signed = _signed(asked, weights)
    sampled = resampled_means(scores[asked].to_numpy(), panel.weight.to_numpy(), seed=seed, stream=_STREAM)
    low, high = ends(sampled @ signed)
    people = panel.people.assign(value=(scores[asked].to_numpy() @ signed).round(9))
    parts, totals, too_few = _against_competitors(panel, weights, seed)
    return DeliveredValue(
        own=own,
        value=round(float(own["score"] @ signed), 9),
        low=low,
        high=high,
        ratio=_ratio(own["score"].to_numpy(), asked, weights),
        parts=parts,
        totals=totals,
        people=people[people["value"].notna()].drop(columns="respondent_id").reset_index(drop=True),
        weights=dict(weights),
        missing=tuple(name for name in COMPONENTS if name not in asked and weights[name] > 0),
        too_few=too_few,
    )


def value_of_accounts(people: pd.DataFrame) -> pd.Series:
    """Delivered value of each account, the weighted mean over its respondents, by ``customer_id``.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "a"], "weight": [1.0, 3.0], "value": [0.0, 100.0]})
    >>> value_of_accounts(people).to_dict()
    {'a': 75.0}
    """
    named = people[people["customer_id"] != ""]
    sums = (
        named.assign(part=named["value"] * named["weight"]).groupby("customer_id")[["part", "weight"]].sum()
    )
    return (sums["part"] / sums["weight"]).round(9)


def _component_scores(panel: Panel, items: pd.DataFrame) -> pd.DataFrame:
    items = items[items["component"].notna()]
    by_key = panel.by_key(items, good=False)
    homes = items.drop_duplicates("key").set_index("key")["component"].reindex(by_key.columns)
    return row_means(by_key, homes)


def _against_competitors(
    panel: Panel, weights: Mapping[str, float], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    perceived = panel.items[(panel.items["aspect"] == "perceived") & panel.items["component"].notna()]
    rivals = sorted(set(perceived["target"]) - {OWN})
    parts, totals, too_few = [], [], []
    for rival in rivals:
        pairs = _pairs(panel, rival)
        pairs = {c: pair for c, pair in pairs.items() if pair.notna().all(axis=1).sum() >= MINIMUM}
        if not pairs or not sum(weights[name] for name in pairs) > 0:
            too_few.append(rival)
            continue
        table, total = _comparison(panel, pairs, weights, seed)
        parts.append(table.assign(competitor=rival))
        totals.append({"competitor": rival, **total})
    columns = pd.concat(parts, ignore_index=True)[_PARTS] if parts else pd.DataFrame(columns=_PARTS)
    frame = pd.DataFrame(totals, columns=_TOTALS).sort_values(["advantage", "competitor"], ignore_index=True)
    return columns, frame, tuple(too_few)


def _pairs(panel: Panel, rival: str) -> dict[str, pd.DataFrame]:
    """Per component, own and competitor's score of each respondent on the attributes rated for both."""
    sides = [panel.of("perceived", target) for target in (OWN, rival)]
    found = {}
    for name in COMPONENTS:
        own, other = (items[items["component"] == name] for items in sides)
        if own.empty or other.empty:
            continue
        shared = sorted(set(own["attribute"].dropna()) & set(other["attribute"].dropna()))
        if shared:
            ours, theirs = (
                panel.by_key(items[items["attribute"].isin(shared)], good=False) for items in (own, other)
            )
        elif own["attribute"].isna().any() and other["attribute"].isna().any():
            ours, theirs = (
                row_means(panel.scores[list(items.index)], pd.Series("all", index=items.index))
                for items in (own, other)
            )
        else:
            continue
        both = ours.notna() & theirs.notna()
        found[name] = 100 * pd.DataFrame(
            {"own": ours.where(both).mean(axis=1), "score": theirs.where(both).mean(axis=1)}
        )
    return found


def _comparison(
    panel: Panel, pairs: dict[str, pd.DataFrame], weights: Mapping[str, float], seed: int
) -> tuple[pd.DataFrame, dict[str, object]]:
    names, signed = list(pairs), _signed(list(pairs), weights)
    values = np.column_stack([pairs[name][side] for side in ("own", "score") for name in names])
    weight, k = panel.weight.to_numpy(), len(names)
    means = weighted_means(values, weight).round(9)
    sampled = resampled_means(values, weight, seed=seed, stream=_STREAM)
    gains = (sampled[:, :k] - sampled[:, k:]) * signed
    spans = [ends(gains[:, i]) for i in range(k)]
    own, rival = means[:k], means[k:]
    n = [int(pairs[name].notna().all(axis=1).sum()) for name in names]
    table = pd.DataFrame(
        {
            "component": names,
            "kind": _kinds(names),
            "weight": [float(weights[name]) for name in names],
            "own": own,
            "score": rival,
            "difference": ((own - rival) * signed).round(9) + 0.0,
            "low": [low for low, _ in spans],
            "high": [high for _, high in spans],
            "n": n,
        }
    )
    low, high = ends(gains.sum(axis=1))
    total: dict[str, object] = {
        "own": round(float(own @ signed), 9),
        "value": round(float(rival @ signed), 9),
        "advantage": round(float(table["difference"].sum()), 9),
        "low": low,
        "high": high,
        "own_ratio": _ratio(own, names, weights),
        "ratio": _ratio(rival, names, weights),
        "n": min(n),
    }
    return table, total


def _kinds(names: list[str]) -> list[str]:
    return ["cost" if name in COST_COMPONENTS else "benefit" for name in names]


def _signed(names: list[str], weights: Mapping[str, float]) -> Floats:
    return np.array(
        [-weights[name] if name in COST_COMPONENTS else weights[name] for name in names], dtype=float
    )


def _ratio(scores: Floats, names: list[str], weights: Mapping[str, float]) -> float | None:
    """Benefits divided by costs; None where one side is not asked or the costs are nothing."""
    signed = _signed(names, weights) * scores
    costs = -float(signed[[name in COST_COMPONENTS for name in names]].sum())
    benefits = [name for name in names if name in BENEFITS]
    if not benefits or costs <= 1e-9:
        return None
    return round((float(signed.sum()) + costs) / costs, 12)
