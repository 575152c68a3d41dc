"""The tables of concentration as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.display import Prose, Table
from customer_value.pareto.measure import Estimate, Measure, value_name

if TYPE_CHECKING:
    from customer_value.pareto.analysis import Concentration

__all__ = [
    "account_table",
    "class_table",
    "compare_table",
    "figures",
    "last_retained",
    "losing_table",
    "period_table",
    "risk_table",
    "split_table",
    "tier_table",
]

_CLASS_COLUMNS = {
    "class": "Class",
    "customers": "Customers",
    "customer_share": "Share of customers",
    "value": "Money",
    "value_share": "Share of money",
    "lowest": "Lowest in class",
}


def figures(measures: Mapping[str, Measure]) -> pd.DataFrame:
    """Every figure of every value: value, figure, of (share or number it is for), estimate, low, high.

    ``figure`` is top_share, customers_needed, largest_customers, gini, gini_not_negative, herfindahl,
    effective_customers; figures that are not defined are missing.
    """
    rows: list[tuple[str, str, float | None, Estimate]] = []
    for value, found in measures.items():
        groups: dict[str, Mapping[float, Estimate] | Mapping[int, Estimate]] = {
            "top_share": found.top,
            "customers_needed": found.needed,
            "largest_customers": found.largest,
        }
        rows += [(value, name, float(of), e) for name, group in groups.items() for of, e in group.items()]
        single = ("gini", "gini_not_negative", "herfindahl", "effective_customers")
        rows += [(value, name, None, getattr(found, name)) for name in single]
    records = [(value, name, of, e.value, e.low, e.high) for value, name, of, e in rows]
    frame = pd.DataFrame(records, columns=["value", "figure", "of", "estimate", "low", "high"])
    return frame.astype(dict.fromkeys(["of", "estimate", "low", "high"], "float64"))


def split_table(result: Concentration) -> Table:
    """Top shares, customers needed and indices of the headline value, with intervals."""
    main = result.main
    rows: list[tuple[str, Estimate, Callable[[float], str]]] = [
        (f"Top {s * 100:g}% of customers hold", e, _percent) for s, e in main.top.items()
    ]
    rows += [(f"{s * 100:g}% of {main.name} comes from", e, _of_customers) for s, e in main.needed.items()]
    rows += [
        ("The largest customer holds" if n == 1 else f"The {n} largest customers hold", e, _percent)
        for n, e in main.largest.items()
        if n < main.customers
    ]
    rows += [
        ("Gini coefficient (0 even, 1 one customer has all)", main.gini, _two_decimals),
        *_gini_of_others(main),
        ("Herfindahl index (sum of squared shares)", main.herfindahl, words.significant),
        ("As concentrated as this many equal customers", main.effective_customers, words.count),
    ]
    records = {
        "Figure": [label for label, _, _ in rows],
        "Measured": [write(e.value) if e.value is not None else "not defined" for _, e, write in rows],
        "95% interval": [_interval(e, write) for _, e, write in rows],
    }
    caption = f"Concentration of {main.name} over {words.count(main.customers, 'customer')}{_span(result)}"
    return Table(pd.DataFrame(records), caption=caption)


def compare_table(result: Concentration) -> Table:
    """Net revenue, margin and profit side by side."""
    columns: dict[str, list[str]] = {"Figure": list(_COMPARED)}
    for found in result.measures.values():
        name = found.name[:1].upper() + found.name[1:]
        columns[name] = [write(found, result.currency) for write in _COMPARED.values()]
    names = words.listing(found.name for found in result.measures.values())
    return Table(pd.DataFrame(columns), caption=f"Concentration of {names}{_span(result)}")


def class_table(result: Concentration, kind: str) -> Table:
    """Size and money of the ABC classes or of the pyramid's tiers."""
    if kind == "abc":
        found, frame = result.main, result.main.abc_table
        caption = f"ABC classes by {found.name}"
    else:
        found = result.measures[result.pyramid_value]
        frame, caption = found.pyramid_table, f"Customer pyramid by {found.name}"
    money = _money(result.currency)
    formats = {
        "Share of customers": words.percent,
        "Share of money": words.percent,
        "Money": money,
        "Lowest in class": money,
    }
    shown = frame.rename(columns=_CLASS_COLUMNS)
    return Table(shown, formats, f"{caption}, money in {result.currency}{_span(result)}")


def risk_table(result: Concentration) -> Table:
    """What would leave with the largest customers."""
    columns: dict[str, object] = {"If these leave": [f"largest {n}" for n in result.risk["leaving"]]}
    formats: dict[str, Callable[[float], str]] = {}
    for value in result.measures:
        name = value_name(value)
        columns[f"Lost {name}"] = result.risk[value]
        columns[f"Share of {name}"] = result.risk[f"{value}_share"]
        formats |= {f"Lost {name}": _money(result.currency), f"Share of {name}": words.percent}
    caption = f"What leaves with the largest customers by {result.main.name}{_span(result)}"
    return Table(pd.DataFrame(columns), formats, caption)


def account_table(result: Concentration, accounts: pd.DataFrame, caption: str) -> Table:
    """A list of accounts with their money."""
    names = {"customer_id": "Customer", "name": "Name"}
    names |= {v: value_name(v)[:1].upper() + value_name(v)[1:] for v in accounts.columns if v not in names}
    formats = {name: _money(result.currency) for v, name in names.items() if v not in ("customer_id", "name")}
    return Table(accounts.rename(columns=names), formats, f"{caption}{_span(result)}")


def losing_table(result: Concentration) -> Table | Prose:
    """The largest losses among the big buyers."""
    if result.losing is None or result.earnings is None:
        return _note("Costs are not known, so no customer can be said to lose money.")
    if not len(result.losing):
        return _note(f"No customer in the top 20% by revenue has negative {result.earnings.name}.")
    caption = f"Customers in the top 20% by revenue with negative {result.earnings.name}, largest loss first"
    return account_table(result, result.losing, caption)


def tier_table(result: Concentration) -> Table | Prose:
    """Revenue tier (rows) against profit tier (columns), in customers."""
    if result.tiers is None or result.earnings is None:
        return _note("Costs are not known, so there is no second tier to compare with.")
    row, column = result.tiers.columns[:2]
    wide = result.tiers.pivot_table("customers", row, column, sort=False, observed=False).astype("int64")
    wide.columns = [f"{result.earnings.name}: {tier}" for tier in wide.columns]
    wide.insert(0, "Tier", [f"{value_name(row.removesuffix('_tier'))}: {tier}" for tier in wide.index])
    return Table(wide.reset_index(drop=True), caption=f"Customers by their tier in both{_span(result)}")


def period_table(result: Concentration) -> Table | Prose:
    """Concentration per calendar period."""
    if result.periods is None:
        return _note(f"There are no months of {result.main.name} to compare.")
    share = words.percent(result.options.top_share)
    shown = pd.DataFrame(
        {
            result.period.capitalize(): [
                name if complete else f"{name} (part)"
                for name, complete in zip(result.periods["period"], result.periods["complete"], strict=True)
            ],
            "Active customers": result.periods["customers"],
            "Money": result.periods["total"],
            f"Top {share} hold": result.periods["top_share_value"],
            "80% comes from": result.periods["customers_for_80_share"],
            "Gini": result.periods["gini"],
            f"Of the top {share} before, still there": result.periods["retained"],
        }
    )
    shares = [name for name in shown.columns if name.endswith(("hold", "from", "there"))]
    formats: dict[str, Callable[[float], str]] = dict.fromkeys(shares, words.percent)
    formats["Money"] = _money(result.currency)
    return Table(shown, formats, f"{result.main.name.capitalize()} by {result.period}, {result.currency}")


def last_retained(periods: pd.DataFrame | None) -> float | None:
    """Share of the top that stayed, for the last complete period after a complete one."""
    if periods is None:
        return None
    both = periods["complete"] & periods["complete"].shift(fill_value=False)
    kept = periods.loc[both, "retained"].dropna()
    return float(kept.iloc[-1]) if len(kept) else None


def _note(sentence: str) -> Prose:
    return Prose((sentence,), kind="note")


def _figure(estimate: Estimate, write: Callable[[float], str]) -> str:
    return "not defined" if estimate.value is None else write(estimate.value)


_COMPARED: dict[str, Callable[[Measure, str], str]] = {
    "Total": lambda m, currency: words.money(m.total, currency),
    "Top 20% of customers hold": lambda m, _: _figure(m.top[0.2], _percent),
    "80% comes from": lambda m, _: _figure(m.needed[0.8], _of_customers),
    "Largest customer holds": lambda m, _: _figure(m.largest[1], _percent),
    "Gini coefficient": lambda m, _: _figure(m.gini, _two_decimals),
    "As concentrated as this many equal customers": lambda m, _: _figure(m.effective_customers, words.count),
    "Customers below zero": lambda m, _: words.count(m.negative_customers),
    "Their sum": lambda m, currency: words.money(m.negative_total, currency),
    "Peak of the cumulative curve": lambda m, _: (
        "no positive total" if m.whale_peak is None else words.percent(m.whale_peak)
    ),
}


def _gini_of_others(main: Measure) -> list[tuple[str, Estimate, Callable[[float], str]]]:
    if not main.negative_customers or main.gini_not_negative.value is None:
        return []
    others = words.count(main.customers - main.negative_customers, "customer")
    return [(f"Gini coefficient of the {others} not below zero", main.gini_not_negative, _two_decimals)]


def _percent(share: float) -> str:
    return words.percent(share, 1)


def _of_customers(share: float) -> str:
    return f"{words.percent(share, 1)} of customers"


def _two_decimals(value: float) -> str:
    return words.decimal(value)


def _interval(estimate: Estimate, write: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return "–"
    short = _percent if write is _of_customers else write
    return f"{short(estimate.low)} to {short(estimate.high)}"


def _money(currency: str) -> Callable[[float], str]:
    return lambda amount: words.money(amount, currency)


def _span(result: Concentration) -> str:
    if result.start is None or result.as_of is None:
        return ""
    return f", {words.day(result.start)} to {words.day(result.as_of)}"
