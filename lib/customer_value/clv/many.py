"""Lifetime value of more customers than fit into memory.

What is fitted, compared, checked and drawn rests on a random sample of the customers, chosen by a hash of
their ids. The model then scores each *distinct* history once, the engine joins the scores back to the
customers, and only sums, distinct histories and the customers that are listed leave the engine. The value
of each customer and customer equity are therefore those of everybody; what stands on the sample are the
parameters and the intervals.

The interval of a customer is that of a typical history with as many purchases, observed as long and as
likely still active: relative to what is expected, spend does not change how uncertain a value is
(`relative_intervals`). What is uncertain about the kept share is added to it as an independent deviation.
The interval of customer equity is that of the sample, taken in proportion. It holds the chance of the sample's
customers, which is a little more than that of all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from customer_value import words
from customer_value.alignment import Unordered
from customer_value.clv.analysis import LifetimeValue, lifetime_value
from customer_value.clv.both import distinct_histories
from customer_value.clv.classes import CLASSES, MOST_COHORTS, written_groups
from customer_value.clv.contracts import ContractValue
from customer_value.clv.figures import Crowd, ValueFigures, figures_of, figures_on
from customer_value.clv.fitting import Fit
from customer_value.clv.in_order import scored_in_order
from customer_value.clv.inputs import Array
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.realised import SURELY_EARLIER, Realised, earned_so_far
from customer_value.clv.simulation import Base, simulate_values
from customer_value.clv.tracking import tracking_table
from customer_value.clv.units import DAYS, discount_rate_per_unit, in_time_unit, months_in_units
from customer_value.clv.validation import Newcomers
from customer_value.clv.value import SpendModel, Valuation, beyond_share, sensitivity
from customer_value.expressions import as_table, column_values, exact_sum, kept, on_spark, steps
from customer_value.kept import KeptShare, kept_share_of, stated_rate
from customer_value.pareto.classes import ABC, PYRAMID, abc_bounds, pyramid_bounds
from customer_value.settings import ClvSettings

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["MOST_IN_MEMORY", "lifetime_value_of_many", "relative_intervals", "sampled", "too_many"]

MOST_IN_MEMORY = 200_000
"""Customers up to which everything is computed of every customer."""

SAMPLE = 100_000
"""About so many customers are taken where there are more."""

_HISTORY = ["frequency", "recency", "T"]
_REPLICATES = 400
_EXACT_COUNT, _COUNT_STEP = 12, 0.2
_DAYS_STEP, _ALIVE_STEP = 56.0, 0.04
_DIGITS = 6
_NORMAL_95 = 1.96
_KEPT = ("customer_id", "frequency")
_MOST_NAMED = 10_000
_SCORES = ("p_alive", "expected_purchases", "discounted_purchases", "endless_purchases", "low", "high")
_COLUMNS = (
    "customer_id", "frequency", "p_alive", "expected_purchases", "discounted_purchases", "expected_spend",
    "kept_share", "clv", "clv_low", "clv_high", "clv_endless", "value_at_risk", "realised_value",
    "acquisition_cost",
)  # fmt: skip


def too_many(workbook: Workbook) -> bool:
    """Whether a report has more customers than are held in memory."""
    return bool(workbook.table("customers").count().to_pyarrow().as_py() > MOST_IN_MEMORY)


def lifetime_value_of_many(
    workbook: Workbook, options: ClvSettings, contracts: ContractValue | None = None
) -> LifetimeValue:
    """The lifetime value of many customers.

    Parameters
    ----------
    workbook
        As `open_workbook` returns it.
    options
        Horizon, yearly discount rate, time unit and seed.
    contracts
        What customers under contract are worth; they are taken out of everything else.

    Returns
    -------
    LifetimeValue
        With a ``crowd``: ``customers`` is the sample, ``table`` a lazy table of everybody.
    """
    people = _People.of(workbook, contracts)
    share = SAMPLE / max(people.number, 1)
    found = _of_the_sample(workbook, people, options, share, contracts)
    if found.fit is None or found.spend is None or found.valuation is None:
        missing = {name: ibis.null("float64") for name in found.table.columns if name not in _KEPT}
        table = people.now.select(people.now.customer_id, people.now.frequency, **missing).order_by(
            "customer_id"
        )
        crowd = _crowd(people, table, figures_of(found.table), None)
        return replace(
            found, returns_only=people.returns_only, start=people.start, realised=None, crowd=crowd
        )
    spend = replace(found.spend, average=people.average, left_out=people.left_out)
    kept_share = kept_share_of(people.here, margin_rate=stated_rate(workbook.settings))
    scores = _scored(workbook, people, found.fit, spend, options)
    joined, in_order = _joined(people, scores, spend, kept_share, options.discount_rate)
    joined = joined.cast({"_kept": "float64", "_spend": "float64"})
    table = _valued(people, joined, kept_share, endless=not found.why_not_endless)
    listed = table.select(*(name for name in _columns(joined) if name in table.columns))
    figures = figures_on(listed)
    everybody = listed if in_order else listed.order_by("customer_id")
    crowd = _crowd(people, everybody, figures, people.names(figures.listed))
    return replace(
        found,
        returns_only=people.returns_only,
        start=people.start,
        spend=spend,
        kept=kept_share,
        valuation=_valuation(found, table, figures, scores, options, people),
        realised=_realised(table, kept_share.basis, people),
        tracking=_tracking(workbook, people, found, options),
        holdout=found.holdout and replace(found.holdout, came=people.came, newcomers=people.came.customers),
        crowd=crowd,
    )


def sampled(customer_id: Any, share: float) -> Any:
    """Whether a customer is in a random sample, as an Ibis expression that is the same on every engine.

    Examples
    --------
    >>> ids = ibis.memtable({"customer_id": [str(i) for i in range(1000)]})
    >>> int(sampled(ids.customer_id, 0.5).sum().execute())
    495
    """
    places = 16**_DIGITS
    below = min(int(share * places), places)
    if below >= places:
        return ibis.literal(True)
    return customer_id.hexdigest("md5").substr(0, _DIGITS) < f"{below:0{_DIGITS}x}"


def relative_intervals(
    fit: Fit[PurchaseModel],
    spend: SpendModel,
    histories: pd.DataFrame,
    p_alive: Array,
    *,
    horizon: float,
    rate: float,
    seed: int,
) -> tuple[Array, Array]:
    """Bounds of the 95 % interval of a customer's value as multiples of what is expected.

    Parameters
    ----------
    fit, spend
        What purchases and spend are expected to be.
    histories
        Distinct frequency, recency, T in the unit of the model.
    p_alive
        Of each history.
    horizon, rate
        Time ahead, discount rate per unit of time.
    seed
        Of the simulation.

    Returns
    -------
    low, high
        A history shares them with those of as many purchases (single counts up to 12, then in steps of a
        fifth), observed as long (in steps of eight weeks) and as likely still active (in steps of 4 %).
        One of each such group is simulated; spend scales its values and their mean alike.
    """
    x, t_x, T = (histories[name].to_numpy(float) for name in _HISTORY)
    count = np.where(
        x <= _EXACT_COUNT, x, _EXACT_COUNT + np.round(np.log(np.maximum(x, 1) / _EXACT_COUNT) / _COUNT_STEP)
    )
    days = DAYS[fit.time_unit or "D"]
    cells = pd.DataFrame(
        {"x": count, "T": np.round(T * days / _DAYS_STEP), "alive": np.round(p_alive / _ALIVE_STEP)}
    )
    cell = cells.groupby(["x", "T", "alive"], sort=True).ngroup().to_numpy()
    order = np.lexsort((t_x, T, x, cell))
    ends = np.flatnonzero(np.diff(cell[order], append=-1))
    starts = np.append(0, ends[:-1] + 1)
    typical = order[(starts + ends) // 2]
    mean = spend.average if spend.fit is None else spend.fit.model.mean_spend
    known = np.where(x[typical] > 0, mean, 0.0)
    base = Base(x[typical], t_x[typical], T[typical], known, np.ones(len(typical)))
    ranges = simulate_values(
        fit, spend.fit if spend.fit is not None else spend.average, base,
        horizon=horizon, force=float(np.log1p(rate)), seed=seed, replicates=_REPLICATES,
    )  # fmt: skip
    expected = fit.model.discounted_expected_purchases(
        base.x, base.t_x, base.T, discount_rate=rate, horizon=horizon
    )
    expected = expected * spend.expected(base.x, base.mean)
    low, high = (
        np.divide(v, expected, out=np.zeros(len(v)), where=expected > 0) for v in (ranges.low, ranges.high)
    )
    return low[cell], high[cell]


@dataclass(frozen=True)
class _People:
    """The customers on the engine, and what a few passes over them tell."""

    here: ibis.Table
    now: ibis.Table
    known: ibis.Table
    months: ibis.Table
    file: ibis.Table | None
    contracts: ibis.Table | None
    classes: Mapping[str, list[str]]
    number: int
    repeaters: int
    returns_only: int
    left_out: int
    purchase_days: float
    net_revenue: float
    gross: float
    start: dt.date | None
    came: Newcomers

    @classmethod
    def of(cls, workbook: Workbook, contracts: ContractValue | None) -> _People:
        here, snapshots, months = map(workbook.table, ("customers", "snapshots", "customer_months"))
        file = _one_row_each(workbook.table("customer_file")) if workbook.has("customer_file") else None
        apart = None
        if contracts is not None and contracts.customer_ids:
            apart = as_table(pd.DataFrame({"customer_id": sorted(contracts.customer_ids)}))
            here, snapshots, months = (t.anti_join(apart, "customer_id") for t in (here, snapshots, months))
        then = snapshots.filter(snapshots.as_of == ibis.literal(workbook.calibration_end)).drop("as_of")
        now, known = (t.filter(t.frequency.notnull()) for t in (here, then))
        now, classes = _classified(now, workbook, file)
        again = now.frequency > 0
        new = now.first_order.cast("date") > ibis.literal(workbook.calibration_end)
        row = _row(
            now.aggregate(
                number=now.count(),
                repeaters=again.sum(),
                left_out=(again & ~(now.monetary_value > 0).fill_null(False)).sum(),
                purchase_days=now.purchase_days.sum(),
                net_revenue=exact_sum(now.net_revenue),
                gross=exact_sum(now.gross),
                start=now.first_order.cast("date").min(),
                newcomers=new.sum(),
                new_revenue=exact_sum(now.net_revenue, where=new),
            )
        )
        before = _row(known.aggregate(money=exact_sum(known.net_revenue)))["money"] or 0.0
        net, new_revenue = row["net_revenue"] or 0.0, row["new_revenue"] or 0.0
        return cls(
            here=here,
            now=now,
            known=known,
            months=months,
            file=file,
            contracts=apart,
            classes=classes,
            number=int(row["number"]),
            repeaters=int(row["repeaters"] or 0),
            returns_only=int(here.count().to_pyarrow().as_py()) - int(row["number"]),
            left_out=int(row["left_out"] or 0),
            purchase_days=float(row["purchase_days"] or 0),
            net_revenue=float(net),
            gross=float(row["gross"] or 0.0),
            start=row["start"],
            came=Newcomers(int(row["newcomers"] or 0), float(new_revenue), float(net - new_revenue - before)),
        )

    @property
    def average(self) -> float:
        """Gross sales per day with a purchase."""
        return self.gross / self.purchase_days if self.purchase_days else 0.0

    def names(self, ids: Sequence[str]) -> Mapping[str, str] | None:
        """Names of some customers; None where no names are known."""
        if self.file is None or "name" not in self.file.columns:
            return None
        wanted = self.file.semi_join(
            as_table(pd.DataFrame({"customer_id": list(ids)}, dtype="str")), "customer_id"
        )
        rows = wanted.select("customer_id", "name").to_pyarrow().to_pylist()
        return {row["customer_id"]: row["name"] for row in rows}

    def has(self, column: str) -> bool:
        """Whether the customer file tells something."""
        return self.file is not None and column in self.file.columns


def _of_the_sample(
    workbook: Workbook, people: _People, options: ClvSettings, share: float, contracts: ContractValue | None
) -> LifetimeValue:
    """The whole analysis on the sample."""
    now = people.now.filter(sampled(people.now.customer_id, share)).order_by("customer_id").to_pyarrow()
    ids = ibis.memtable(now.select(["customer_id"]))
    known = people.known.semi_join(ids, "customer_id").order_by("customer_id").to_pyarrow()
    dated = {workbook.calibration_end: known, workbook.as_of: now}
    frames = [rows.to_pandas().assign(as_of=pd.Timestamp(day)) for day, rows in dated.items()]
    frame = frames[-1][["customer_id", *people.classes]]
    for name, order in people.classes.items():
        frame = frame.assign(**{name: pd.Categorical(frame[name], categories=order, ordered=True)})
    snapshots = pd.concat(frames, ignore_index=True).drop(columns=list(people.classes))
    months = kept(people.months.semi_join(ids, "customer_id"))
    file = None
    if people.file is not None:
        file = people.file.filter(sampled(people.file.customer_id, share)).to_pyarrow().to_pandas()
    found = lifetime_value(
        snapshots,
        distinct_histories(snapshots),
        workbook.frame("weekly_purchases") if people.contracts is None else _NO_WEEKS,
        as_of=workbook.as_of,
        calibration_end=workbook.calibration_end,
        currency=workbook.currency,
        options=options,
        months=months,
        customer_file=file,
        abc_cuts=workbook.settings.pareto.abc_cuts,
        classes=frame,
        margin_rate=stated_rate(workbook.settings),
    )
    return replace(found, contracts=contracts)


_NO_WEEKS = pd.DataFrame(columns=["acquired_week", "week", "customers", "purchase_days"])


def _scored(
    workbook: Workbook, people: _People, fit: Fit[PurchaseModel], spend: SpendModel, options: ClvSettings
) -> pd.DataFrame:
    """Every distinct history of the report's date with what the model says of it."""
    if people.contracts is None:
        patterns = workbook.table("purchase_patterns")
        patterns = patterns.filter(patterns.as_of == ibis.literal(workbook.as_of)).drop("as_of")
    else:
        patterns = people.now.group_by(_HISTORY).aggregate(customers=people.now.count())
    days = patterns.order_by(_HISTORY).to_pyarrow().to_pandas()
    history = in_time_unit(days[_HISTORY], options.time_unit)
    x, t_x, T = (history[name].to_numpy(float) for name in _HISTORY)
    rate = discount_rate_per_unit(options.discount_rate, options.time_unit)
    horizon = months_in_units(options.horizon_months, options.time_unit)
    model, p_alive = fit.model, fit.model.p_alive(x, t_x, T)
    low, high = relative_intervals(
        fit, spend, history, p_alive, horizon=horizon, rate=rate, seed=options.seed
    )
    endless = model.discounted_expected_purchases(x, t_x, T, discount_rate=rate) if rate > 0 else np.nan
    return days.assign(
        p_alive=p_alive,
        expected_purchases=model.conditional_expected_purchases(horizon, x, t_x, T),
        discounted_purchases=model.discounted_expected_purchases(
            x, t_x, T, discount_rate=rate, horizon=horizon
        ),
        endless_purchases=endless,
        low=low,
        high=high,
        identified=(x > 0) | (getattr(model, "chances", 1) > 0),
    )


def _joined(
    people: _People, scores: pd.DataFrame, spend: SpendModel, kept_share: KeptShare, discount_rate: float
) -> tuple[ibis.Table, bool]:
    """Every customer with the scores of its history and money so far; whether in the order of customer_id."""
    told = [name for name in ("acquisition_cost", "acquired_on") if people.has(name)]
    basis = kept_share.basis
    now = people.now.mutate(_kept=kept_share.on(people.now), _spend=_expected_spend(people.now, spend))
    now = now.select("customer_id", "first_order", *_HISTORY, "_kept", "_spend", *people.classes)
    columns = [*_SCORES, "identified"]
    if not told:
        try:
            return scored_in_order(
                now, people.months, scores, columns, discount_rate=discount_rate, basis=basis
            ), True
        except Unordered:
            pass
    scored = ibis.memtable(pa.Table.from_pandas(scores[[*_HISTORY, *columns]], preserve_index=False))
    earned = earned_so_far(people.now, people.months, discount_rate, basis)
    joined = now.inner_join(scored, _HISTORY).left_join(earned, "customer_id").drop("customer_id_right")
    if told and people.file is not None:
        joined = joined.left_join(people.file.select("customer_id", *told), "customer_id")
        joined = joined.drop("customer_id_right")
    return kept(joined), False


def _valued(people: _People, joined: ibis.Table, kept_share: KeptShare, *, endless: bool) -> ibis.Table:
    """Every customer with value, classes and money so far."""
    worth = joined["_spend"] * joined["_kept"]
    value = joined.discounted_purchases * worth
    low, high = _bounds(joined, value, kept_share)
    at_risk = value / ibis.greatest(joined.p_alive, 1e-300) - value
    earned = joined.earned.fill_null(0.0)
    cost = ibis.null("float64")
    if "acquisition_cost" in joined.columns:
        cost = joined.acquisition_cost.cast("float64")
    return joined.select(
        joined.customer_id,
        joined.first_order,
        frequency=joined.frequency.cast("int64"),
        recency=joined.recency,
        T=joined["T"],
        p_alive=joined.p_alive,
        expected_purchases=joined.expected_purchases,
        discounted_purchases=joined.discounted_purchases,
        expected_spend=joined["_spend"],
        kept_share=joined["_kept"],
        worth=worth,
        **{name: joined[name] for name in people.classes},
        clv=value,
        clv_low=low,
        clv_high=high,
        clv_endless=joined.endless_purchases * worth if endless else ibis.null("float64"),
        value_at_risk=ibis.ifelse(joined.identified, at_risk, ibis.null("float64")),
        **{name: joined[name] for name in ("acquired_on",) if name in joined.columns},
        earned=earned,
        acquisition_cost=cost,
        realised_value=earned - cost.fill_null(0.0),
    )


def _bounds(joined: ibis.Table, value: Any, kept_share: KeptShare) -> tuple[Any, Any]:
    """Bounds of the 95 % interval, wider by what is uncertain about the kept share.

    The two deviations are independent, so their squares add up. What has surely no purchases ahead cannot
    be credited either, so the second one is as large as the purchases are at the bound (at most as expected).
    """
    scaled = [value * joined[side] for side in ("low", "high")]
    low, high = ibis.least(*scaled), ibis.greatest(*scaled)
    doubt = kept_share.doubt
    if doubt is None:
        return low, high
    share = doubt.deviation(joined["_kept"], joined.frequency, joined.expected_purchases)
    money = _NORMAL_95 * joined.discounted_purchases * joined["_spend"] * share
    near, far = (ibis.least(joined[side], 1.0) for side in ("low", "high"))
    below = ibis.ifelse(value < 0, far, near) * money
    above = ibis.ifelse(value < 0, near, far) * money
    low, high = low - _more(value - low, below), high + _more(high - value, above)
    return (ibis.greatest(low, 0.0), high) if min(doubt.low, doubt.low + doubt.width) >= 0 else (low, high)


def _more(deviation: Any, other: Any) -> Any:
    """What an independent deviation adds to another one."""
    return (deviation * deviation + other * other).sqrt() - deviation.abs()


def _expected_spend(now: ibis.Table, spend: SpendModel) -> Any:
    """Expected spend per purchase, as `GammaGamma.expected_spend` has it."""
    if spend.fit is None:
        return ibis.literal(spend.average)
    model, x = spend.fit.model, now.frequency.cast("float64")
    mean = ibis.ifelse(now.frequency > 0, ibis.greatest(now.monetary_value.fill_null(0.0), 0.0), 0.0)
    return (x * mean + model.gamma) * model.p / (x * model.p + (model.q - 1))


def _valuation(
    found: LifetimeValue,
    table: ibis.Table,
    figures: ValueFigures,
    scores: pd.DataFrame,
    options: ClvSettings,
    people: _People,
) -> Valuation:
    """The values of everybody, with intervals that deviate as those of the sample do."""
    assert found.valuation is not None
    assert found.fit is not None
    assert people.start is not None
    model, sample = found.fit.model, found.valuation
    by_history = table.group_by(_HISTORY).aggregate(
        worth=exact_sum(table.worth), size=exact_sum(table.worth.abs())
    )
    worth = by_history.order_by(_HISTORY).to_pyarrow().to_pandas()
    history = in_time_unit(worth[_HISTORY], options.time_unit)
    x, t_x, T = (history[name].to_numpy(float) for name in _HISTORY)
    base = Base(x, t_x, T, np.zeros(len(x)), np.ones(len(x)))
    rate = discount_rate_per_unit(options.discount_rate, options.time_unit)
    size, endless = worth["size"].to_numpy(float), scores["endless_purchases"].to_numpy(float)
    days = (found.as_of - people.start).days
    equity = figures["everyone"].clv
    totals = equity + (sample.totals - sample.equity) * people.number / len(found.customers)
    low, high = np.quantile(totals, (0.025, 0.975))
    return Valuation(
        table=table.select(*(name for name in _COLUMNS if name in table.columns)),
        equity=equity,
        low=float(low),
        high=float(high),
        endless=float(np.sum(worth["worth"].to_numpy(float) * endless)) if rate > 0 else None,
        beyond_data_share=beyond_share(
            model, base, endless * size, size, rate, 3 * days / DAYS[options.time_unit]
        ),
        totals=totals,
        classes=_class_equity(table, sample.classes, people.classes, equity),
        sensitivity=sensitivity(model, (x, t_x, T), worth["worth"].to_numpy(float), options),
    )


def _class_equity(
    table: ibis.Table, sample: pd.DataFrame, classes: Mapping[str, list[str]], equity: float
) -> pd.DataFrame:
    """Equity by class; its interval deviates as that of the class in the sample, customer by customer."""
    rows = []
    for name, order in classes.items():
        found = table.group_by(name).aggregate(customers=table.count(), equity=exact_sum(table.clv))
        held = {row[name]: row for row in found.to_pyarrow().to_pylist()}
        seen = sample[sample["by"] == name].set_index("class")
        for label in order:
            if label not in held:
                continue
            own, customers = float(held[label]["equity"] or 0.0), int(held[label]["customers"])
            row = {"by": name, "class": label, "customers": customers, "equity": own}
            for side in ("low", "high"):
                known = label in seen.index
                off = float(seen.loc[label, side] - seen.loc[label, "equity"]) if known else np.nan
                row[side] = own + off * customers / float(seen.loc[label, "customers"] if known else 1)
            rows.append(row | {"share": own / equity if equity > 0 else np.nan})
    names = ["by", "class", "customers", "equity", "low", "high", "share"]
    return pd.DataFrame(rows, columns=names)


def _realised(table: ibis.Table, basis: str, people: _People) -> Realised:
    """What everybody has brought so far."""
    judged = table.acquisition_cost.notnull()
    if "acquired_on" in table.columns:
        late = (
            table.first_order.cast("date").delta(table.acquired_on.cast("date"), unit="day")
            > SURELY_EARLIER.days
        )
        judged = judged & ~late.fill_null(False)
    row = _row(
        table.aggregate(
            earned=exact_sum(table.earned),
            total=exact_sum(table.realised_value),
            cost=exact_sum(table.acquisition_cost),
            costed=table.acquisition_cost.notnull().sum(),
            judged=judged.sum(),
            behind=(judged & (table.realised_value < 0)).sum(),
        )
    )
    return Realised(
        table=table.select("customer_id", "earned", "realised_value", "acquisition_cost"),
        basis=basis,
        customers=people.number,
        earned=float(row["earned"] or 0.0),
        total=float(row["total"] or 0.0),
        cost=float(row["cost"] or 0.0),
        costed=int(row["costed"] or 0),
        judged=int(row["judged"] or 0),
        behind=int(row["behind"] or 0),
    )


def _tracking(
    workbook: Workbook, people: _People, found: LifetimeValue, options: ClvSettings
) -> pd.DataFrame:
    if found.holdout is None or people.contracts is not None:
        return found.tracking
    acquired = (
        people.now.group_by("first_order").aggregate(customers=people.now.count()).order_by("first_order")
    )
    return tracking_table(
        workbook.frame("weekly_purchases"),
        acquired.to_pyarrow().to_pandas(),
        found.holdout.fits[found.holdout.model].model,
        time_unit=options.time_unit,
        calibration_end=found.calibration_end,
        as_of=found.as_of,
    )


def _crowd(
    people: _People, table: ibis.Table, figures: ValueFigures, names: Mapping[str, str] | None
) -> Crowd:
    return Crowd(
        customers=people.number,
        repeaters=people.repeaters,
        purchase_days=people.purchase_days,
        net_revenue=people.net_revenue,
        table=table,
        figures=figures,
        names=names,
    )


def _classified(
    now: ibis.Table, workbook: Workbook, file: ibis.Table | None
) -> tuple[ibis.Table, dict[str, list[str]]]:
    """The customers with the classes that `classes.customer_classes` describes, and their order."""
    everyone = workbook.table("customers")
    earnings = next(name for name in ("profit", "margin", "net_revenue") if name in everyone.columns)
    cuts = abc_bounds(column_values(everyone, "net_revenue"), workbook.settings.pareto.abc_cuts)
    tiers = pyramid_bounds(column_values(everyone, earnings))
    now = now.mutate(abc=steps(now.net_revenue, cuts, ABC[-1]), tier=steps(now[earnings], tiers, PYRAMID[-1]))
    columns = now.columns
    first, more = now.first_order.cast("date"), {}
    orders = {"abc": list(ABC), "tier": list(PYRAMID)}
    if file is not None:
        told = [name for name in ("acquired_on", "region", "industry") if name in file.columns]
        joined = now.left_join(file.select("customer_id", *told), "customer_id")
        now = joined.select(*columns, **{f"_{name}": joined[name] for name in told})
        if "acquired_on" in told:
            acquired = now["_acquired_on"].cast("date")
            first = ibis.ifelse(
                (acquired < now.first_order.cast("date")).fill_null(False), acquired, now.first_order
            )
        else:
            first = now.first_order.cast("date")
        for name in ("region", "industry"):
            if name in told:
                written = _written(now, f"_{name}")
                if written:
                    more[name], orders[name] = written
    cohort, order = _cohorts(now, first)
    now = now.mutate(cohort=cohort, **more).select(*columns, "cohort", *more)
    orders["cohort"] = order
    there = {name: _row(now.aggregate(n=now[name].nunique()))["n"] for name in CLASSES if name in orders}
    return now, {name: orders[name] for name in CLASSES if there.get(name, 0) > 1}


def _written(now: ibis.Table, column: str) -> tuple[Any, list[str]] | None:
    """A group for each customer, the largest by name; None where nothing is stated or too much is."""
    sizes = now.group_by(column).aggregate(customers=now.count())
    if int(sizes.count().to_pyarrow().as_py()) > _MOST_NAMED:
        return None
    rows = sizes.order_by(column).to_pyarrow().to_pylist()
    plain = {row[column]: words.plain(row[column], most=40) for row in rows if row[column] is not None}
    counts: dict[str, int] = {}
    for row in rows:
        label = plain.get(row[column], "")
        if label:
            counts[label] = counts.get(label, 0) + row["customers"]
    if not counts:
        return None
    written, order = written_groups(counts)
    named = {raw: written[label] for raw, label in plain.items() if label in written}
    unknown = any(row[column] not in named for row in rows)
    groups = now[column].cast("string").substitute(named, else_="not stated").fill_null("not stated")
    return groups, [*order, *(["not stated"] if unknown else [])]


def _cohorts(now: ibis.Table, first: Any) -> tuple[Any, list[str]]:
    """Year in which a customer was won, the quarter if all were won in one year."""
    counted = now.mutate(_first=first)
    found = counted.aggregate(low=counted["_first"].min(), high=counted["_first"].max())
    span = _row(found)
    year = first.year()
    if span["low"] is None or span["low"].year == span["high"].year:
        labels = [f"{span['low'].year} Q{q}" for q in range(1, 5)] if span["low"] else []
        return year.cast("string") + " Q" + first.quarter().cast("string"), labels
    oldest = span["high"].year - MOST_COHORTS + 1
    early = _row(counted.aggregate(n=year.nunique(where=year <= oldest)))["n"]
    years = [str(y) for y in range(max(oldest, span["low"].year), span["high"].year + 1)]
    if early < 2:
        return year.cast("string"), [str(y) for y in range(span["low"].year, span["high"].year + 1)]
    label = f"{oldest} and before"
    return ibis.ifelse(year <= oldest, label, year.cast("string")), [label, *years[1:]]


def _one_row_each(file: ibis.Table) -> ibis.Table:
    """A customer file with one row per customer, the first in the order of all columns, in which it was written."""
    if not on_spark(file):
        return file.distinct(on="customer_id", keep="first")
    others = [name for name in file.columns if name != "customer_id"]
    placed = file.mutate(_place=ibis.row_number().over(group_by="customer_id", order_by=others))
    return placed.filter(placed["_place"] == 0).drop("_place")


def _columns(joined: ibis.Table) -> list[str]:
    left_out = {"acquisition_cost"} - set(joined.columns)
    return [name for name in _COLUMNS if name not in left_out]


def _row(aggregates: ibis.Table) -> dict[str, Any]:
    row: dict[str, Any] = aggregates.to_pyarrow().to_pylist()[0]
    return row
