"""Charts of lifetime value: tracking, fit, who is alive, spend, values, risk, and what would change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from customer_value import words
from customer_value.clv.analysis import require_model
from customer_value.clv.reading import NO_HOLDOUT
from customer_value.clv.units import DAYS
from customer_value.clv.validation import Holdout, label_of
from customer_value.errors import NotEnoughData
from customer_value.plots import style

if TYPE_CHECKING:
    from customer_value.clv import LifetimeValue

__all__ = [
    "alive_map",
    "conditional_expectation",
    "equity_by_assumption",
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
        raise NotEnoughData(NO_HOLDOUT)
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
    """P(alive) over the number of repeat purchases and the time since the last one."""
    fit, _ = require_model(result)
    customers = result.customers
    observed = int(customers["T"].max())
    most = int(max(4, np.quantile(customers["frequency"], 0.95)))
    x = np.unique(np.linspace(1, most, 60).round())
    silence = np.linspace(0, 0.98, 80) * observed
    unit = DAYS[result.options.time_unit]
    chance = fit.model.p_alive(x[None, :], (observed - silence[:, None]) / unit, observed / unit)
    mesh = ax.pcolormesh(x, silence / 30.4375, chance, cmap="Blues", vmin=0, vmax=1, shading="nearest")
    levels = [level for level in (0.25, 0.5, 0.75) if chance.min() < level < chance.max()]
    if levels:
        lines = ax.contour(x, silence / 30.4375, chance, levels=levels, colors=style.INK, linewidths=0.9)
        ax.clabel(lines, fmt=words.percent, fontsize=8)
    bar = ax.figure.colorbar(mesh, ax=ax)
    style.percent_axis(bar.ax)
    bar.set_label("P(alive)")
    ax.set_xlabel("Repeat purchases so far")
    ax.set_ylabel("Months since the last purchase")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(visible=False)
    half = silence[len(silence) // 2]
    few, many = float(chance[len(silence) // 2, 0]), float(chance[len(silence) // 2, -1])
    told = (
        f"After {words.decimal(half / 30.4375, 0)} silent months: {words.percent(few)} active with 1 repeat, "
        f"{words.percent(many)} with {words.count(x[-1])}"
    )
    ax.set_title(told)
    return style.describe(
        ax,
        f"Map of the probability of being active for a customer observed for {words.count(observed, 'day')}. "
        f"{told}.{' Silence tells more about customers who used to buy often.' if many < few - 0.01 else ''}",
    )


def spend_distribution(result: LifetimeValue, ax: Axes) -> Axes:
    """Mean spend per repeat purchase of customers, actual against the spend model."""
    spend = result.spend
    if spend is None or spend.fit is None:
        raise NotEnoughData(f"There is no spend model to draw. {spend.why_not if spend else ''}".strip())
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
        f"Histogram of mean spend of {words.count(len(means), 'customer')} who bought again, with the curve of "
        f"the spend model. The middle half of customers spends {middle_half[0]} to {middle_half[1]}; the model's "
        f"mean is {mean}.",
    )


def value_by_decile(result: LifetimeValue, ax: Axes) -> Axes:
    """Lifetime value by tenths of the customers, most valuable first."""
    _, value = require_model(result)
    values = value.table["clv"].sort_values(ascending=False).to_numpy()
    if len(values) < 10:
        raise NotEnoughData(f"{words.count(len(values), 'customer')} cannot be cut into tenths.")
    parts = np.array([part.sum() for part in np.array_split(values, 10)])
    colors = [style.ACCENT if part >= 0 else style.WARN for part in parts]
    bars = ax.bar(range(10), parts, color=colors)
    positive = value.equity > 0 and parts.min() >= 0
    texts = [
        words.percent(p / value.equity) if positive else words.short_money(p, result.currency) for p in parts
    ]
    ax.bar_label(bars, texts, padding=3, fontsize=8.5)
    ax.set_xticks(range(10), [f"{10 * i}–{10 * i + 10}%" for i in range(10)], fontsize=8.5)
    ax.set_xlabel("Customers by lifetime value, best first")
    ax.set_ylabel(f"Lifetime value ({result.margins.basis})")
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
        f"Lifetime value by tenths of {words.count(len(values), 'customer')}, best first: {', '.join(texts)}. "
        f"All together {words.money(value.equity, result.currency)}.",
    )


def top_accounts(result: LifetimeValue, ax: Axes, *, most: int = 12) -> Axes:
    """The customers with the highest lifetime value, with value at risk and 95 % interval."""
    _, value = require_model(result)
    table = value.table.sort_values(["clv", "customer_id"], ascending=[False, True]).head(most).iloc[::-1]
    names = result.customers.set_index("customer_id")
    shown = [_account(names, customer) for customer in table["customer_id"]]
    places = np.arange(len(table))
    risk = table["value_at_risk"].fillna(0).clip(lower=0)
    ax.barh(places, table["clv"], color=style.ACCENT, height=0.62, label="Lifetime value")
    ax.barh(places, risk, left=table["clv"], color=style.WARN, height=0.62, alpha=0.8, label="Value at risk")
    ax.hlines(
        places, table["clv_low"], table["clv_high"], color=style.INK, linewidth=1.1, label="95% interval"
    )
    ax.set_yticks(places, shown, fontsize=8.5)
    ax.set_xlabel(
        f"Value over {words.count(result.options.horizon_months, 'month')} ({result.margins.basis})"
    )
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
        raise NotEnoughData(NO_HOLDOUT)
    if len(result.tracking) < 2:
        raise NotEnoughData("The data cover less than two weeks to track.")
    return result.tracking, result.holdout


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


def _account(names: pd.DataFrame, customer: str) -> str:
    name = names.loc[customer, "name"] if "name" in names.columns else None
    return style.label(name if isinstance(name, str) and name.strip() else customer)


def _round_steps(low: float, high: float) -> list[float]:
    steps = [m * 10.0**e for e in range(-3, 13) for m in (1, 2, 5)]
    kept = [s for s in steps if low * 0.9 <= s <= high * 1.1]
    return kept if len(kept) <= 7 else [s for s in kept if str(f"{s:e}")[0] in "15"]
