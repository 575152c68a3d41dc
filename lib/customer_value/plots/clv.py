"""Charts of lifetime value: tracking, fit, who is alive, spend, values, risk, and what would change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from scipy.ndimage import binary_dilation

from customer_value import words
from customer_value.clv.analysis import require_model
from customer_value.clv.classes import CLASSES
from customer_value.clv.inputs import Array
from customer_value.clv.units import DAYS, discount_rate_per_unit, months_in_units
from customer_value.clv.validation import Holdout, label_of
from customer_value.clv.validation_tables import NO_HOLDOUT
from customer_value.display import written
from customer_value.errors import NotEnoughData
from customer_value.plots import style
from customer_value.plots.contracts import contract_survival
from customer_value.plots.covariates import covariate_effects

if TYPE_CHECKING:
    from customer_value.clv import LifetimeValue

_COARSE = 4
_PALE = 0.35

__all__ = [
    "alive_map",
    "category_effects",
    "conditional_expectation",
    "contract_renewals",
    "equity_by_assumption",
    "equity_by_class",
    "expected_purchases_map",
    "iso_value_curves",
    "repeat_histogram",
    "spend_distribution",
    "top_accounts",
    "tracking_cumulative",
    "tracking_weekly",
    "value_by_decile",
]


def tracking_cumulative(result: LifetimeValue, ax: Axes) -> Axes:
    """Repeat purchases since the beginning, as they were and as the calibrated model expects them."""
    table, holdout = _tracked(result)
    _lines(ax, table, "actual_total", "expected_total", holdout)
    ax.set_ylabel("Repeat purchases since the start")
    ax.set_ylim(bottom=0)
    end = table.iloc[-1]
    off = _share_off(end["expected_total"], end["actual_total"])
    ax.set_title(f"At the end the model is {off} what happened")
    return style.describe(
        ax,
        f"Cumulative repeat purchases by week: {words.count(end['actual_total'])} happened by "
        f"{words.day(end['week_end'].date())}, {words.count(end['expected_total'])} were expected by "
        f"{label_of(holdout.model)} fitted on the time before {words.day(result.calibration_end)}.",
    )


def tracking_weekly(result: LifetimeValue, ax: Axes) -> Axes:
    """Repeat purchases per week, as they were and as the calibrated model expects them."""
    table, holdout = _tracked(result)
    _lines(ax, table, "actual", "expected", holdout)
    ax.set_ylabel("Repeat purchases per week")
    ax.set_ylim(bottom=0)
    later = table[table["in_holdout"]]
    if later.empty:
        raise NotEnoughData("The time kept back is shorter than a week.")
    actual, expected = float(later["actual"].mean()), float(later["expected"].mean())
    ax.set_title(
        f"In the time kept back: {words.decimal(actual, 1)} a week happened, "
        f"{words.decimal(expected, 1)} were expected"
    )
    return style.describe(
        ax,
        f"Repeat purchases by week. In the {words.count(len(later), 'week')} kept back "
        f"{words.decimal(actual, 1)} a week happened and {words.decimal(expected, 1)} were expected; the "
        f"busiest week had {words.count(table['actual'].max())}.",
    )


def repeat_histogram(result: LifetimeValue, ax: Axes) -> Axes:
    """Customers by number of repeat purchases, actual beside fitted."""
    fit, _ = require_model(result)
    table = result.repeats
    _pairs(ax, table["repeats"], table["actual"], table["expected"], fit.model.label)
    ax.set_xlabel("Repeat purchases so far")
    ax.set_ylabel("Customers")
    customers = float(table["actual"].sum())
    moved = float((table["actual"] - table["expected"]).abs().sum()) / 2 / customers
    ax.set_title(f"The model places all but {words.percent(moved)} of customers in the right class")
    pairs = "; ".join(
        f"{row['repeats']}: {words.count(row['actual'])} against {words.count(row['expected'])}"
        for row in table.to_dict("records")
    )
    return style.describe(ax, f"Customers by repeat purchases, actual against {fit.model.label}. {pairs}.")


def conditional_expectation(result: LifetimeValue, ax: Axes) -> Axes:
    """Purchases in the time kept back by repeat purchases before it, actual beside expected."""
    if result.holdout is None or result.conditional.empty:
        raise NotEnoughData(written(NO_HOLDOUT))
    table, name = result.conditional, label_of(result.holdout.model)
    _pairs(ax, table["repeats"], table["actual"], table["expected"], name)
    ax.set_xlabel(f"Repeat purchases up to {words.day(result.calibration_end)}")
    ax.set_ylabel(f"Purchases per customer in the next {words.count(result.holdout.days, 'day')}")
    gaps = (table["expected"] - table["actual"]) * table["customers"]
    place = int(gaps.abs().to_numpy().argmax())
    row = table.iloc[place]
    side = "too few" if gaps.iloc[place] < 0 else "too many"
    ax.set_title(f"Largest miss: {side} purchases expected of customers with {row['repeats']}")
    pairs = "; ".join(
        f"{r['repeats']}: {words.decimal(r['actual'])} against {words.decimal(r['expected'])}"
        for r in table.to_dict("records")
    )
    return style.describe(
        ax,
        f"Mean purchases per customer in the time kept back, actual against expected, by repeats. {pairs}.",
    )


def alive_map(result: LifetimeValue, ax: Axes) -> Axes:
    """P(alive) over the number of repeat purchases and the time since the last one.

    Fields far from any customer are pale.
    """
    fit, _ = require_model(result)
    grid = _grid(result)
    chance = fit.model.p_alive(grid.x, grid.t_x, grid.observed)
    levels = [level for level in (0.25, 0.5, 0.75) if chance.min() < level < chance.max()]
    bar = _map(ax, grid, chance, most=1.0, levels=levels, write=words.percent)
    style.percent_axis(bar)
    bar.set_ylabel("P(alive)")
    few, many = float(chance[grid.half, 0]), float(chance[grid.half, -1])
    told = (
        f"After {grid.told_half}: {words.percent(few)} active with 1 repeat, "
        f"{words.percent(many)} with {words.count(grid.most)}"
    )
    ax.set_title(told)
    return style.describe(
        ax,
        f"Map of the probability of being active for a customer observed for {grid.told_observed}. "
        f"{told}.{' Silence tells more about customers who used to buy often.' if many < few - 0.01 else ''}",
    )


def expected_purchases_map(result: LifetimeValue, ax: Axes) -> Axes:
    """Purchases expected within the horizon over repeat purchases and the time since the last one.

    Fields far from any customer are pale.
    """
    fit, _ = require_model(result)
    grid = _grid(result)
    ahead = months_in_units(result.options.horizon_months, result.options.time_unit)
    expected = fit.model.conditional_expected_purchases(ahead, grid.x, grid.t_x, grid.observed)
    bar = _map(ax, grid, expected, most=float(expected.max()), levels=_steps(expected), write=_short_number)
    horizon = words.count(result.options.horizon_months, "month")
    bar.set_ylabel(f"Purchases expected in the next {horizon}")
    just, late = float(expected[0, -1]), float(expected[grid.half, -1])
    told = (
        f"With {words.count(grid.most, 'repeat')}: {_short_number(just)} expected, after {grid.told_half} "
        f"{_short_number(late)}"
    )
    ax.set_title(told)
    return style.describe(
        ax,
        f"Map of the purchases expected in the next {horizon} of a customer observed for "
        f"{grid.told_observed}. {told}; with 1 repeat {_short_number(float(expected[0, 0]))} and "
        f"{_short_number(float(expected[grid.half, 0]))}.",
    )


def iso_value_curves(result: LifetimeValue, ax: Axes) -> Axes:
    """Lines of equal lifetime value over repeat purchases and the time since the last one.

    The value is that of a customer with the average spend and margin of all, so that only the timing
    of purchases differs. Points are customers. After Fader, Hardie & Lee 2005, Journal of Marketing
    Research 42.
    """
    fit, value = require_model(result)
    grid = _grid(result)
    options = result.options
    ahead = months_in_units(options.horizon_months, options.time_unit)
    rate = discount_rate_per_unit(options.discount_rate, options.time_unit)
    purchases = fit.model.discounted_expected_purchases(
        grid.x, grid.t_x, grid.observed, discount_rate=rate, horizon=ahead
    )
    bought = result.figures["everyone"].discounted_purchases
    each = value.equity / bought if bought > 0 else 0.0
    if each <= 0:
        raise NotEnoughData("A purchase brings nothing on average, so there are no lines of equal value.")
    worth = purchases * each
    levels = _steps(worth)
    if not levels:
        raise NotEnoughData("All customers would be worth nearly the same, so there are no lines to draw.")
    ax.scatter(grid.dots_x, grid.dots_silence, s=7, color=style.GREY, alpha=0.35, linewidths=0)
    lines = ax.contour(grid.across, grid.down, worth, levels=levels, colors=style.ACCENT, linewidths=1.3)
    ax.clabel(lines, fmt=lambda v: words.short_money(v, result.currency), fontsize=8)
    _map_axes(ax, grid)
    told, best = _paradox(grid, worth, result.currency)
    ax.set_title(told)
    shown = words.listing((words.short_money(v, result.currency) for v in levels), most=8)
    return style.describe(
        ax,
        f"Lines of equal lifetime value at {shown}, for customers observed for {grid.told_observed} whose "
        f"purchases bring {words.money(each, result.currency)} each. {told}.{best}",
    )


def equity_by_class(result: LifetimeValue, ax: Axes, *, by: str = "abc") -> Axes:
    """Customer equity by class, with its 95 % interval.

    Parameters
    ----------
    result, ax
        What to draw, and where.
    by
        ``"abc"``, ``"tier"``, ``"cohort"``, ``"region"`` or ``"industry"``.
    """
    _, value = require_model(result)
    table = value.classes[value.classes["by"] == by].iloc[::-1]
    if table.empty:
        raise NotEnoughData(
            f"By {CLASSES[by]}, all customers are in one class or in none, so nothing is split."
        )
    places = np.arange(len(table))
    colors = [style.ACCENT if equity >= 0 else style.WARN for equity in table["equity"]]
    ax.barh(places, table["equity"], color=colors, height=0.6, alpha=0.85)
    ax.hlines(places, table["low"], table["high"], color=style.INK, linewidth=1.4, label="95% interval")
    for place, row in zip(places, table.to_dict("records"), strict=True):
        ax.annotate(
            _class_label(row, result.currency), (max(row["high"], row["equity"], 0), place),
            xytext=(5, 0), textcoords="offset points", va="center", fontsize=8.5,
        )  # fmt: skip
    names = [style.label(name) for name in table["class"]]
    ax.set_yticks(places, [f"{n} ({words.count(c)})" for n, c in zip(names, table["customers"], strict=True)])
    ax.set_ylabel(f"{CLASSES[by][:1].upper()}{CLASSES[by][1:]} (customers)")
    ax.set_xlabel(
        f"Customer equity over {words.count(result.options.horizon_months, 'month')} ({result.kept.basis})"
    )
    style.money_axis(ax, result.currency, "x")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.grid(visible=False, axis="y")
    ax.margins(x=0.18)
    ax.axvline(0, color=style.INK, linewidth=0.9)
    ax.legend(loc="best")
    top = table.loc[table["equity"].idxmax()]
    held = _class_label(top, result.currency)
    ax.set_title(f"{CLASSES[by][:1].upper()}{CLASSES[by][1:]} {style.label(top['class'])} holds most: {held}")
    each = "; ".join(
        f"{words.plain(row['class'])} {words.short_money(row['equity'], result.currency)} "
        f"({words.short_money(row['low'], result.currency)} to {words.short_money(row['high'], result.currency)})"
        for row in table.iloc[::-1].to_dict("records")
    )
    return style.describe(ax, f"Customer equity by {CLASSES[by]} with 95% interval. {each}.")


def category_effects(result: LifetimeValue, ax: Axes) -> Axes:
    """What the categories that the settings name change; a sentence where they name none."""
    if result.covariates is None:
        raise NotEnoughData(
            written(result.why_no_covariates)
            or "The settings name no categories of customers to compare (clv.covariates), such as industry or region."
        )
    return covariate_effects(result.covariates, ax)


def contract_renewals(result: LifetimeValue, ax: Axes) -> Axes:
    """How many contracts pass each renewal; a sentence where there are no contracts."""
    if result.contracts is None:
        raise NotEnoughData(
            "The settings name no contracts, so every customer here is taken as free to come and go unannounced."
        )
    return contract_survival(result.contracts, ax)


def spend_distribution(result: LifetimeValue, ax: Axes) -> Axes:
    """Mean spend per repeat purchase of customers, actual against the spend model."""
    spend = result.spend
    if spend is None or spend.fit is None:
        raise NotEnoughData(
            f"There is no spend model to draw. {written(spend.why_not) if spend else ''}".strip()
        )
    known = result.customers[(result.customers["frequency"] > 0) & (result.customers["monetary_value"] > 0)]
    means, x = known["monetary_value"].to_numpy(float), known["frequency"].to_numpy(float)
    low, high = np.quantile(means, (0.005, 0.995))
    edges = np.geomspace(low, max(high, low * 1.01), 31)
    ax.hist(np.clip(means, low, high), edges.tolist(), color=style.GREY, alpha=0.55, label="Actual")
    middle = np.sqrt(edges[1:] * edges[:-1])
    counts, weight = np.unique(x, return_counts=True)
    density = spend.fit.model.density_of_means(counts[:, None], middle[None, :])
    ax.plot(middle, weight @ density * np.diff(edges), color=style.ACCENT, linewidth=2, label="Gamma-Gamma")
    ax.set_xscale("log")
    style.money_axis(ax, result.currency, "x")
    ax.xaxis.set_major_locator(FixedLocator(_round_steps(low, high)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("Mean spend per repeat purchase (log scale)")
    ax.set_ylabel("Customers")
    ax.legend()
    middle_half = [words.money(v, result.currency) for v in np.quantile(means, (0.25, 0.75))]
    mean = words.money(spend.fit.model.mean_spend, result.currency)
    ax.set_title(f"A purchase of a customer we know nothing of: {mean} on average")
    return style.describe(
        ax,
        f"Histogram of mean spend of {words.count(len(means), 'customer')} who bought again"
        f"{f' (of {written(result.sampled)})' if result.sampled else ''}, with the curve of "
        f"the spend model. The middle half of customers spends {middle_half[0]} to {middle_half[1]}; the model's "
        f"mean is {mean}.",
    )


def value_by_decile(result: LifetimeValue, ax: Axes) -> Axes:
    """Lifetime value by tenths of the customers, most valuable first."""
    _, value = require_model(result)
    customers, parts = result.figures["everyone"].customers, np.array(result.figures.tenths)
    if customers < 10:
        raise NotEnoughData(f"{words.count(customers, 'customer')} cannot be cut into tenths.")
    colors = [style.ACCENT if part >= 0 else style.WARN for part in parts]
    bars = ax.bar(range(10), parts, color=colors)
    positive = value.equity > 0 and parts.min() >= 0
    texts = [
        words.percent(p / value.equity) if positive else words.short_money(p, result.currency) for p in parts
    ]
    ax.bar_label(bars, texts, padding=3, fontsize=8.5)
    ax.set_xticks(range(10), [f"{10 * i}–{10 * i + 10}%" for i in range(10)], fontsize=8.5)
    ax.set_xlabel("Customers by lifetime value, best first")
    ax.set_ylabel(f"Lifetime value ({result.kept.basis})")
    style.money_axis(ax, result.currency)
    ax.margins(y=0.12)
    best = texts[0]
    title = (
        f"The best tenth of customers holds {best} of the value"
        if positive
        else f"The best tenth brings {best}"
    )
    ax.set_title(title)
    return style.describe(
        ax,
        f"Lifetime value by tenths of {words.count(customers, 'customer')}, best first: {', '.join(texts)}. "
        f"All together {words.money(value.equity, result.currency)}.",
    )


def top_accounts(result: LifetimeValue, ax: Axes, *, most: int = 12) -> Axes:
    """The customers with the highest lifetime value, with value at risk and 95 % interval."""
    _, value = require_model(result)
    table = result.figures.best.head(most).iloc[::-1]
    names = result.names or {}
    shown = [_account(names.get(customer), customer) for customer in table["customer_id"]]
    places = np.arange(len(table))
    risk = table["value_at_risk"].fillna(0).clip(lower=0)
    ax.barh(places, table["clv"], color=style.ACCENT, height=0.62, label="Lifetime value")
    ax.barh(places, risk, left=table["clv"], color=style.WARN, height=0.62, alpha=0.8, label="Value at risk")
    ax.hlines(
        places, table["clv_low"], table["clv_high"], color=style.INK, linewidth=1.1, label="95% interval"
    )
    ax.set_yticks(places, shown, fontsize=8.5)
    ax.set_xlabel(f"Value over {words.count(result.options.horizon_months, 'month')} ({result.kept.basis})")
    style.money_axis(ax, result.currency, "x")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.grid(visible=False, axis="y")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.13), ncol=3)
    together = float(table["clv"].sum())
    share = f" ({words.percent(together / value.equity)} of all)" if 0 < together <= value.equity else ""
    ax.set_title(
        f"The top {words.count(len(table), 'account')}: {words.short_money(together, result.currency)}{share}"
    )
    each = "; ".join(
        f"{words.plain(c, most=24)} {words.short_money(v, result.currency)}"
        for c, v in zip(table["customer_id"][::-1], table["clv"][::-1], strict=True)
    )
    return style.describe(ax, f"Accounts with the highest lifetime value: {each}.")


def equity_by_assumption(result: LifetimeValue, ax: Axes) -> Axes:
    """Customer equity when one assumption changes."""
    _, value = require_model(result)
    table = value.sensitivity.iloc[::-1]
    places = np.arange(len(table))
    left = [row["assumption"] + ": " + row["changed_to"] for row in table.to_dict("records")]
    colors = [style.ACCENT if change >= 0 else style.WARN for change in table["change"]]
    bars = ax.barh(places, table["change"], color=colors, height=0.6)
    ax.bar_label(
        bars, [words.short_money(v, result.currency) for v in table["change"]], padding=4, fontsize=8.5
    )
    ax.axvline(0, color=style.INK, linewidth=0.9)
    ax.set_yticks(places, left)
    style.money_axis(ax, result.currency, "x")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    reach = 1.6 * max(float(table["change"].abs().max()), 1e-9)
    ax.set_xlim(-reach, reach)
    ax.grid(visible=False, axis="y")
    equity = words.short_money(value.equity, result.currency)
    ax.set_xlabel(f"Change from {equity}")
    largest = table.loc[table["change"].abs().idxmax()]
    ax.set_title(f"The {largest['assumption']} matters most for the {equity}")
    changes = "; ".join(
        f"{name} {words.short_money(change, result.currency)}"
        for name, change in zip(left[::-1], table["change"][::-1], strict=True)
    )
    return style.describe(ax, f"Change of customer equity when one assumption changes. {changes}.")


def _tracked(result: LifetimeValue) -> tuple[pd.DataFrame, Holdout]:
    if result.holdout is None:
        raise NotEnoughData(written(NO_HOLDOUT))
    if len(result.tracking) < 2:
        raise NotEnoughData("The data cover less than two weeks to track.")
    return result.tracking, result.holdout


@dataclass(frozen=True)
class _Grid:
    """Histories to draw: repeat purchases across, silence downwards, for the longest observation."""

    across: Array
    down: Array
    x: Array
    t_x: Array
    observed: float
    days: int
    filled: Array
    dots_x: Array
    dots_silence: Array

    @property
    def most(self) -> float:
        return float(self.across[-1])

    @property
    def half(self) -> int:
        return len(self.down) // 2

    @property
    def told_half(self) -> str:
        return f"{words.count(self.down[self.half])} silent months"

    @property
    def told_observed(self) -> str:
        return words.count(self.days, "day")


def _grid(result: LifetimeValue) -> _Grid:
    customers, unit = result.customers, DAYS[result.options.time_unit]
    days = int(customers["T"].max())
    most = int(max(4, np.quantile(customers["frequency"], 0.95)))
    across = np.unique(np.linspace(1, most, 60).round())
    silence = np.linspace(0, 0.98, 80) * days
    again = customers[customers["frequency"].between(1, most)]
    quiet = (again["T"] - again["recency"]).to_numpy(float)
    bought = again["frequency"].to_numpy(float)
    columns, rows = _edges(across), _edges(silence)
    filled = np.histogram2d(quiet, bought, bins=[rows[::_COARSE], columns])[0] > 0
    filled = binary_dilation(filled, iterations=2)
    filled = np.repeat(filled, _COARSE, axis=0)[: len(silence)]
    dots = np.unique(np.column_stack([bought, quiet]), axis=0)
    return _Grid(
        across=across,
        down=silence / DAYS["M"],
        x=across[None, :],
        t_x=(days - silence[:, None]) / unit,
        observed=days / unit,
        days=days,
        filled=filled,
        dots_x=dots[:, 0],
        dots_silence=dots[:, 1] / DAYS["M"],
    )


def _map(
    ax: Axes, grid: _Grid, values: Array, *, most: float, levels: list[float], write: Callable[[float], str]
) -> Axes:
    """Draw values over the grid and return the axes of the colour bar."""
    pale: Any = np.where(grid.filled, 1.0, _PALE)
    mesh = ax.pcolormesh(
        grid.across, grid.down, values, cmap="Blues", vmin=0, vmax=most, shading="nearest", alpha=pale
    )
    if levels:
        lines = ax.contour(grid.across, grid.down, values, levels=levels, colors=style.INK, linewidths=0.9)
        ax.clabel(lines, fmt=write, fontsize=8)
    bar = ax.figure.colorbar(ScalarMappable(mesh.norm, mesh.cmap), ax=ax)
    _map_axes(ax, grid)
    return bar.ax


def _map_axes(ax: Axes, grid: _Grid) -> None:
    ax.set_xlabel("Repeat purchases so far")
    ax.set_ylabel("Months since the last purchase")
    ax.set_xlim(float(_edges(grid.across)[0]), float(_edges(grid.across)[-1]))
    ax.set_ylim(0, float(grid.down[-1]))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(visible=False)


def _edges(places: Array) -> Array:
    middle = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - middle[0]], middle, [2 * places[-1] - middle[-1]]])


def _steps(values: Array) -> list[float]:
    """At most five round levels inside the values, closer together where they are small."""
    low, high = float(values.min()), float(values.max())
    if high <= 0 or high - low < 0.02 * high:
        return []
    steps = [m * 10.0**e for e in range(-6, 13) for m in (1, 2, 5)]
    return [step for step in steps if low < step < high][-5:]


def _paradox(grid: _Grid, worth: Array, currency: str) -> tuple[str, str]:
    """Whether more purchases mean less value after a long silence, and where the value is highest."""
    late = worth[grid.half]
    peak = int(late.argmax())
    best = words.count(grid.across[peak], "repeat")
    worth_more = words.verb(grid.across[peak], "is worth", "are worth")
    if peak > 0 and late[-1] < 0.8 * late[peak]:
        told = f"After {grid.told_half}, {best} {worth_more} more than {words.count(grid.most)}"
    elif peak == 0 and late[-1] < 0.8 * late[0]:
        told = f"After {grid.told_half} more repeats mean less value"
    else:
        told = f"Even after {grid.told_half} more repeats mean more value"
    values = (
        f" After {grid.told_half}: {_short_value(late[0], currency)} with 1 repeat, "
        f"{_short_value(late[peak], currency)} with {words.count(grid.across[peak])}, "
        f"{_short_value(late[-1], currency)} with {words.count(grid.most)}."
    )
    return told, values


def _class_label(row: Mapping[str, Any] | pd.Series, currency: str) -> str:
    money = words.short_money(row["equity"], currency)
    return money if np.isnan(row["share"]) else f"{money} ({words.percent(row['share'])})"


def _short_number(value: float) -> str:
    if value < 0.005:
        return "almost none"
    return words.significant(value, 2) if value < 100 else words.count(value)


def _short_value(value: float, currency: str) -> str:
    return words.short_money(value, currency) if value >= 0.005 else "almost nothing"


def _lines(ax: Axes, table: pd.DataFrame, actual: str, expected: str, holdout: Holdout) -> None:
    ax.plot(table["week_end"], table[actual], color=style.GREY, linewidth=1.6, label="Actual")
    ax.plot(
        table["week_end"], table[expected], color=style.ACCENT, linewidth=2, linestyle="--",
        label=f"Expected ({label_of(holdout.model)})",
    )  # fmt: skip
    known = table[~table["in_holdout"]]
    if len(known) and len(known) < len(table):
        ax.axvspan(
            known["week_end"].max(), table["week_end"].max(), color=style.LIGHT, alpha=0.45, label="Kept back"
        )
    ax.set_xlabel("Week")
    ax.legend(loc="best")


def _pairs(ax: Axes, labels: pd.Series, actual: pd.Series, expected: pd.Series, model: str) -> None:
    places = np.arange(len(labels))
    ax.bar(places - 0.2, actual, 0.4, color=style.GREY, label="Actual")
    ax.bar(places + 0.2, expected, 0.4, color=style.ACCENT, label=model)
    ax.set_xticks(places, labels)
    ax.grid(visible=False, axis="x")
    ax.legend()


def _share_off(expected: float, actual: float) -> str:
    if actual <= 0:
        return f"at {words.count(expected)} purchases, against none of"
    share = expected / actual - 1
    if abs(share) < 0.01:
        return "within 1% of"
    return f"{words.percent(abs(share))} {'above' if share > 0 else 'below'}"


def _account(name: object, customer: str) -> str:
    return style.label(name if isinstance(name, str) and name.strip() else customer)


def _round_steps(low: float, high: float) -> list[float]:
    steps = [m * 10.0**e for e in range(-3, 13) for m in (1, 2, 5)]
    kept = [s for s in steps if low * 0.9 <= s <= high * 1.1]
    return kept if len(kept) <= 7 else [s for s in kept if str(f"{s:e}")[0] in "15"]
