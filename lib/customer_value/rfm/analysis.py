"""Recency, frequency and money: who bought lately, often and much, and what to do for each group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd

from customer_value.display import Prose, Table
from customer_value.expressions import as_fact, as_table, exact_sum
from customer_value.result import Fact, warning_list
from customer_value.rfm import reading, story
from customer_value.rfm.cohorts import Cohorts, cohorts
from customer_value.rfm.distribution import distributions
from customer_value.rfm.migration import Migration, migrate, with_segments_then_and_now
from customer_value.rfm.names import SEGMENTATIONS
from customer_value.rfm.people import Moment, gather, moment
from customer_value.rfm.policy import Policy, read_policy, standard_policy
from customer_value.rfm.prediction import Prediction, look_ahead
from customer_value.rfm.scores import DIMENSIONS, NEEDED
from customer_value.rfm.segments import GRID, segment_of
from customer_value.settings import RfmSettings
from customer_value.text import Text

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["Rfm", "rfm", "rfm_of"]

_SUMS = ("customers", "net_revenue", "recency_days", "orders")


@dataclass(frozen=True)
class Rfm:
    """Scores, segments and what follows from them.

    Attributes
    ----------
    currency, as_of, window_months
        Unit of money, date, and length of the window (None: all history).
    customers
        Customers that are scored.
    never_bought, outside_window
        Customers left out: without any purchase, and without an order in the window.
    total
        Net revenue of the scored customers in the window.
    one_order
        Scored customers with a single order in the window.
    median_recency
        Half of the scored customers ordered within this many days.
    cutoffs
        Realised steps of the scores (`customer_value.rfm.scores.cutoffs`).
    grid
        All 25 cells: recency_score, frequency_score, segment (of most of its customers), customers, net_revenue,
        recency_days and orders (sums).
    classes
        Segmentation (segment, eight_class, and portfolio_group where the months are known) to a frame
        with all of its segments, which are its first column: customers, customer_share, net_revenue,
        revenue_share, [margin, margin_share], recency_days, orders, net_revenue_per_customer,
        weighted_score (means), treatment. Portfolio groups hold all who ever bought.
    not_away
        Scored customers of recency 1 to 3 whose silence is no longer than usual: they have the name that
        recency 4 gives (`customer_value.rfm.absence`).
    tie
        From the money of the scored customers to that of all orders: line, customers, net_revenue.
    distributions
        Dimension to a histogram: start, end, customers.
    scored
        Lazy table, one row per scored customer: customer_id, recency_days, orders, net_revenue, the
        three scores, rfm, weighted_score, segment, eight_class, and more where it is known.
    everybody
        The same for all that ever bought; without an order in the window scores are missing.
    in_order
        Whether it lies in the order of customer_id.
    options
        The settings in force.
    thresholds
        Of the eight classes: days, orders, money.
    levels
        Lowest contribution of the portfolio levels middle and high; None where they are unknown.
    contribution_is
        "margin" or "net revenue".
    shrinking
        Customers in the portfolio state "stable" whose last 12 months brought less than 80 % of the 12
        before, and how much less in all.
    migration, prediction, cohorts
        Missing where the tables for them were not given or hold nobody.
    previous
        The earlier date of migration and prediction, if asked for.
    origin
        Day of the first purchase of all, where it is known.
    """

    currency: str
    as_of: dt.date
    window_months: int | None
    customers: int
    never_bought: int
    outside_window: int
    total: float
    one_order: int
    median_recency: float | None
    cutoffs: pd.DataFrame
    grid: pd.DataFrame
    not_away: int
    classes: Mapping[str, pd.DataFrame]
    tie: pd.DataFrame
    distributions: Mapping[str, pd.DataFrame]
    scored: ibis.Table
    everybody: ibis.Table
    in_order: bool = False
    options: RfmSettings = field(default_factory=RfmSettings)
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    levels: tuple[float | None, float | None] | None = None
    contribution_is: str = "net revenue"
    shrinking: tuple[int, float] = (0, 0.0)
    migration: Migration | None = None
    prediction: Prediction | None = None
    cohorts: Cohorts | None = None
    previous: dt.date | None = None
    origin: dt.date | None = None

    @property
    def segments(self) -> pd.DataFrame:
        """The eleven segments, as in `classes`."""
        return self.classes["segment"]

    def segment(self, name: str, of: str = "segment") -> dict[str, Any]:
        """The row of one segment of a segmentation."""
        frame = self.classes[of]
        found = frame[frame[of] == name]
        return {str(key): value for key, value in found.to_dict("records")[0].items()}

    @property
    def per_order(self) -> bool:
        """Whether the mean amount per order takes the place of money (RFA)."""
        return self.options.monetary_is == "per_order"

    @property
    def has_margin(self) -> bool:
        """Whether the margin of the segments is known."""
        return "margin" in self.segments.columns

    @property
    def empty_scores(self) -> tuple[tuple[str, int], ...]:
        """Dimensions and scores that nobody has, because equal values share a score."""
        empty = self.cutoffs[self.cutoffs["customers"] == 0]
        return tuple((str(d), int(s)) for d, s in zip(empty["dimension"], empty["score"], strict=True))

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Headline figures, keyed ``rfm.figure``."""
        names = self.segments["segment"]
        migration, prediction = self.migration, self.prediction
        return {
            "rfm.customers": self.customers,
            "rfm.never_bought": self.never_bought,
            "rfm.outside_window": self.outside_window,
            "rfm.window_months": self.window_months,
            "rfm.total": as_fact(self.total),
            "rfm.one_order_share": as_fact(self.one_order / self.customers) if self.customers else None,
            "rfm.median_recency_days": as_fact(self.median_recency),
            "rfm.segments": self._counts("segment"),
            "rfm.segments_revenue": dict(zip(names, map(as_fact, self.segments["net_revenue"]), strict=True)),
            "rfm.eight_classes": self._counts("eight_class"),
            "rfm.seven_groups": self._counts("portfolio_group"),
            "rfm.cutoffs": {name: _cutoff_fact(self.cutoffs, name) for name in DIMENSIONS},
            "rfm.thresholds": {name: as_fact(value) for name, value in self.thresholds.items()},
            "rfm.migration_lost_value": as_fact(migration.lost_value) if migration else None,
            "rfm.migration_left_best": migration.moves["left"][0] if migration else None,
            "rfm.migration_new_in_best": migration.moves["joined"][0] if migration else None,
            "rfm.previous": self.previous.isoformat() if migration and self.previous else None,
            "rfm.separates": _separates(prediction),
        }

    @property
    def tables(self) -> Mapping[str, Any]:
        """Tables of the run: rfm (lazy, per customer), cohorts, and those behind the report's tables."""
        own: dict[str, Any] = {
            "rfm": reading.customer_table(self.everybody, in_order=self.in_order),
            "rfm_segments": self.segments,
            "rfm_eight_classes": self.classes["eight_class"],
            "rfm_cutoffs": self.cutoffs,
            "rfm_grid": self.grid,
            "rfm_tie": self.tie,
        }
        if "portfolio_group" in self.classes:
            own["rfm_portfolio_groups"] = self.classes["portfolio_group"]
        if self.migration is not None:
            own["rfm_migration"] = self.migration.flows
        if self.prediction is not None:
            own["rfm_prediction"] = self.prediction.groups
        if self.cohorts is not None:
            own["cohorts"] = self.cohorts.cells
        return own

    @property
    def findings(self) -> tuple[Text, ...]:
        """What this means here."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next."""
        return story.next_steps(self)

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What a reader must know before believing the scores."""
        return story.warnings(self)

    @property
    def warnings_list(self) -> Prose:
        """The warnings to read, or the sentence that there are none."""
        return warning_list(self)

    @property
    def cutoff_table(self) -> Table:
        """The range of values and the number of customers behind each score."""
        return reading.cutoff_table(self)

    @property
    def segment_table(self) -> Table | Prose:
        """Size, money and means of each segment."""
        return reading.segment_table(self)

    @property
    def treatment_table(self) -> Table | Prose:
        """What to do for each segment that has customers."""
        return reading.treatment_table(self)

    def _counts(self, of: str) -> dict[str, Any] | None:
        if of not in self.classes:
            return None
        frame = self.classes[of]
        return dict(zip(frame[of], map(int, frame["customers"]), strict=True))


def rfm(
    customers: ibis.Table | pd.DataFrame,
    *,
    as_of: dt.date,
    currency: str,
    options: RfmSettings | None = None,
    steps: pd.DataFrame | None = None,
    snapshots: ibis.Table | pd.DataFrame | None = None,
    months: ibis.Table | pd.DataFrame | None = None,
    previous: dt.date | None = None,
    names: ibis.Table | pd.DataFrame | None = None,
    policy: Policy | None = None,
) -> Rfm:
    """Score customers by recency, frequency and money and name the segments of each.

    Parameters
    ----------
    customers
        One row per customer: customer_id, last_order (missing without a purchase), window_orders,
        window_net_revenue; with first_order, last_gap, net_revenue and margin there is more to say. For
        RFA also gross, purchase_days and window_gross.
    as_of
        Date from which recency is counted back, in days.
    currency
        ISO code of the money.
    options
        How to score; states the length of the window that the columns were made for.
    steps
        Fixed cut-offs (`customer_value.rfm.cutoffs` of another date); by default those of the
        options, else the customers' own quantiles.
    snapshots, previous
        The customer table at ``as_of`` and at ``previous``, with a column as_of: for migration and
        for the check whether the segments predict.
    months
        customer_id, month, orders, net_revenue, [margin]: for portfolio groups and cohorts.
    names
        customer_id and name, for the lists of customers.
    policy
        What to do for each segment (`customer_value.rfm.read_policy`).

    Returns
    -------
    Rfm

    Where no customer ordered in the window, all counts are zero and the findings say so.

    Examples
    --------
    >>> rows = {"customer_id": ["a", "b"], "last_order": [dt.date(2024, 5, 1), dt.date(2023, 1, 9)],
    ...         "window_orders": [4, 1], "window_net_revenue": [90.0, 10.0]}
    >>> result = rfm(pd.DataFrame(rows), as_of=dt.date(2024, 5, 31), currency="EUR")
    >>> [name for name, n in result.facts["rfm.segments"].items() if n]
    ['Loyal', 'Hibernating']
    """
    options = options or RfmSettings()
    policy = policy or standard_policy()
    table = as_table(customers, needs=NEEDED)
    snapshots = None if snapshots is None else as_table(snapshots)
    months = None if months is None else as_table(months)
    gathered = gather(
        table, as_of, snapshots=snapshots, months=months, previous=previous,
        window_months=options.window_months, per_order=options.monetary_is == "per_order",
    )  # fmt: skip
    people = gathered.table
    now = moment(people, as_of, options, steps=steps)
    origin = _origin(table)
    migration, prediction, everybody = _compared(people, now, as_of, previous, options, names, origin)
    inside = now.summary[now.summary["recency_score"].notna()]
    classes = {
        key: _class_frame(now.summary if key == "portfolio_group" else inside, key, policy)
        for key in SEGMENTATIONS
        if key in now.summary
    }
    totals, left_out = _totals(inside, now.bought), _left_out(table)
    return Rfm(
        currency=currency,
        as_of=as_of,
        window_months=options.window_months,
        **totals,
        **left_out,
        cutoffs=now.cutoffs,
        grid=_grid(inside),
        not_away=_not_away(inside),
        classes=classes,
        tie=_tie(table, totals, left_out),
        distributions=distributions(now.bought, now.cutoffs),
        scored=everybody.filter(everybody.orders > 0),
        everybody=everybody,
        in_order=gathered.in_order,
        options=options,
        thresholds=now.thresholds,
        levels=now.levels,
        contribution_is="margin" if months is not None and "margin" in months.columns else "net revenue",
        shrinking=_shrinking(now.summary),
        migration=migration,
        prediction=prediction,
        cohorts=_cohorts(table, months, as_of, currency, gathered.cells),
        previous=previous,
        origin=origin,
    )


def rfm_of(workbook: Workbook, **overrides: Any) -> Rfm:
    """RFM of a workbook's customers, with all that its tables allow.

    Parameters
    ----------
    workbook
        As `open_workbook` returns it.
    **overrides
        Instead of the settings, for instance ``monetary_is="per_order"``; None keeps the setting.

    Returns
    -------
    Rfm

    Raises
    ------
    ConfigError
        If an override is not allowed, or the policy file is wrong.

    Examples
    --------
    >>> result = rfm_of(open_workbook("data/sample/company.yml"))  # doctest: +SKIP
    >>> result.segment_table                                       # doctest: +SKIP
    """
    options = workbook.options("rfm", **overrides)
    return rfm(
        workbook.table("customers"),
        as_of=workbook.as_of,
        currency=workbook.currency,
        options=options,
        snapshots=workbook.table("snapshots"),
        months=workbook.table("customer_months"),
        previous=workbook.previous,
        names=workbook.table("customer_file") if workbook.has("customer_file") else None,
        policy=read_policy(options.policy, workbook.base),
    )


def _compared(
    people: ibis.Table,
    now: Moment,
    as_of: dt.date,
    previous: dt.date | None,
    options: RfmSettings,
    names: ibis.Table | pd.DataFrame | None,
    origin: dt.date | None,
) -> tuple[Migration | None, Prediction | None, ibis.Table]:
    """Migration and prediction, and everybody with the segments of the comparison."""
    if previous is None or "then_orders" not in people.columns:
        return None, None, now.everybody
    migration = migrate(people, as_of=as_of, previous=previous, options=options, names=names, origin=origin)
    found = look_ahead(people, as_of=as_of, previous=previous, options=options)
    marked = with_segments_then_and_now(now.everybody, migration.steps if migration else None)
    everybody = marked.rename(previous_segment="segment_then", comparable_segment="segment_now")
    return migration, found, everybody


def _origin(table: ibis.Table) -> dt.date | None:
    if "first_order" not in table.columns:
        return None
    first: dt.date | None = table.first_order.cast("date").min().to_pyarrow().as_py()
    return first


def _cohorts(
    table: ibis.Table, months: ibis.Table | None, as_of: dt.date, currency: str, cells: pd.DataFrame | None
) -> Cohorts | None:
    if months is None or "first_order" not in table.columns:
        return None
    return cohorts(table, months, as_of=as_of, currency=currency, cells=cells)


def _totals(inside: pd.DataFrame, bought: ibis.Table) -> dict[str, Any]:
    median = bought.recency_days.median().cast("float64").to_pyarrow().as_py()
    return {
        "customers": int(inside["customers"].sum()),
        "total": round(float(inside["net_revenue"].sum()), 4) + 0.0,
        "one_order": int(inside["one_order"].sum()),
        "median_recency": median,
    }


def _left_out(table: ibis.Table) -> dict[str, int]:
    never = table.last_order.isnull()
    row = table.aggregate(
        never_bought=never.sum().fill_null(0).cast("int64"),
        outside_window=(~never & ~(table.window_orders > 0).fill_null(False))
        .sum()
        .fill_null(0)
        .cast("int64"),
    )
    found: dict[str, int] = row.to_pyarrow().to_pylist()[0]
    return found


def _tie(table: ibis.Table, totals: Mapping[str, Any], left_out: Mapping[str, int]) -> pd.DataFrame:
    """The steps from the scored money to the money of all orders."""
    net = table["net_revenue" if "net_revenue" in table.columns else "window_net_revenue"]
    never = table.last_order.isnull()
    outside = ~never & ~(table.window_orders > 0).fill_null(False)
    sums = {
        "never": exact_sum(net, where=never),
        "outside": exact_sum(table.window_net_revenue, where=outside),
        "all": exact_sum(net),
    }
    found = table.aggregate(**{name: value.fill_null(0.0) for name, value in sums.items()})
    row = found.to_pyarrow().to_pylist()[0]
    before = round(row["all"] - row["never"] - row["outside"] - totals["total"], 4)
    number = int(totals["customers"])
    lines: list[tuple[str, int, float]] = [
        ("Scored customers", number, totals["total"]),
        ("Customers without an order in the window", left_out["outside_window"], row["outside"]),
        ("Customers without a purchase", left_out["never_bought"], row["never"]),
        ("Orders and returns before the window", 0, before + 0.0),
        ("All orders", number + sum(left_out.values()), row["all"]),
    ]
    return pd.DataFrame(lines, columns=["line", "customers", "net_revenue"])


def _shrinking(summary: pd.DataFrame) -> tuple[int, float]:
    if "shrinking" not in summary:
        return 0, 0.0
    return int(summary["shrinking"].sum()), round(float(summary["shrinkage"].sum()), 4)


def _grid(inside: pd.DataFrame) -> pd.DataFrame:
    keys = ["recency_score", "frequency_score"]
    found = inside.astype(dict.fromkeys(keys, "int64")).groupby(keys)
    sums = found[["customers", "net_revenue", "recency_days", "orders"]].sum()
    cells = pd.MultiIndex.from_product([sorted(GRID, reverse=True), range(1, 6)], names=keys)
    frame = sums.reindex(cells, fill_value=0).reset_index()
    places = zip(frame["recency_score"], frame["frequency_score"], strict=True)
    held = inside.astype(dict.fromkeys(keys, "int64")).groupby([*keys, "segment"])["customers"].sum()
    frame.insert(2, "segment", [_cell_name(held, int(r), int(f)) for r, f in places])
    whole = dict.fromkeys(["customers", "recency_days", "orders"], "int64")
    return frame.astype({**whole, "net_revenue": "float64"}).round({"net_revenue": 4})


def _not_away(inside: pd.DataFrame) -> int:
    """Customers whose name is not that of their cell."""
    scores = zip(inside["recency_score"], inside["frequency_score"], strict=True)
    renamed = inside["segment"] != pd.Series(
        [segment_of(int(r), int(f)) for r, f in scores], inside.index, dtype=object
    )
    return int(inside.loc[renamed, "customers"].sum())


def _cell_name(held: pd.Series, recency: int, frequency: int) -> str:
    """The segment of most customers of a cell; its name in the grid where it has none, or as many."""
    own = segment_of(recency, frequency)
    other = segment_of(recency, frequency, away=False)
    sizes = [held.get((recency, frequency, name), 0) for name in (own, other)]
    return other if sizes[1] > sizes[0] else own


def _class_frame(summary: pd.DataFrame, key: str, policy: Policy) -> pd.DataFrame:
    """All segments of a segmentation with their size, money and means."""
    names = [*_SUMS, *(["margin"] if "margin" in summary else [])]
    scored = summary["customers"].where(summary["recency_score"].notna(), 0)
    weighted = summary["weighted_score"].fillna(0.0).astype("float64") * scored
    extended = summary.assign(scored=scored, weighted=weighted)
    summed = extended.groupby(key)[[*names, "scored", "weighted"]].sum()
    summed = summed.reindex(list(SEGMENTATIONS[key]), fill_value=0).astype("float64").round(4) + 0.0
    number = summed["customers"].where(summed["customers"] > 0)
    columns: dict[str, Any] = {
        "customers": summed["customers"].astype("int64"),
        "customer_share": summed["customers"] / max(summed["customers"].sum(), 1),
        "net_revenue": summed["net_revenue"],
        "revenue_share": _shares(summed["net_revenue"]),
    }
    if "margin" in names:
        columns |= {"margin": summed["margin"], "margin_share": _shares(summed["margin"])}
    columns |= {
        "recency_days": summed["recency_days"] / number,
        "orders": summed["orders"] / number,
        "net_revenue_per_customer": summed["net_revenue"] / number,
        "weighted_score": summed["weighted"] / summed["scored"].where(summed["scored"] > 0),
        "treatment": pd.Series(policy[key]).reindex(summed.index),
    }
    return pd.DataFrame(columns, index=summed.index).rename_axis(key).reset_index()


def _shares(money: pd.Series) -> Any:
    total = money.sum()
    return money / total if total > 0 else np.nan


def _separates(prediction: Prediction | None) -> dict[str, Any] | None:
    if prediction is None or not prediction.judged:
        return None
    return {
        name: {"buying": found.buying if found.judged else None, "money": found.money}
        for name, found in prediction.separations.items()
    }


def _cutoff_fact(steps: pd.DataFrame, dimension: str) -> dict[str, Any]:
    own = steps[steps["dimension"] == dimension]
    return {
        str(row["score"]): {
            "customers": int(row["customers"]),
            "lowest": as_fact(row["lowest"]),
            "highest": as_fact(row["highest"]),
        }
        for row in own.to_dict("records")
    }
