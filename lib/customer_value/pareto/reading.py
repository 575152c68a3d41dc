"""The tables of concentration as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.display import Prose, Table
from customer_value.pareto.measure import (
    LARGEST,
    Estimate,
    Figures,
    Measure,
    value_name,
)
from customer_value.pareto.phrases import multiple

if TYPE_CHECKING:
    from customer_value.pareto.analysis import Concentration

__all__ = [
    "account_table",
    "class_table",
    "compare_table",
    "contracts_table",
    "figures",
    "groups_table",
    "last_retained",
    "losing_table",
    "moved_table",
    "moves_table",
    "period_table",
    "risk_table",
    "rollup_table",
    "soonest_table",
    "split_table",
    "tier_table",
    "values_by_period_table",
]

_CLASS_COLUMNS = {
    "class": "Class",
    "customers": "Customers",
    "customer_share": "Share of customers",
    "value": "Money",
    "value_share": "Share of money",
    "lowest": "Lowest in class",
}


def figures(result: Concentration) -> pd.DataFrame:
    """Every figure of every value, period and unit in long form (see `Concentration.tables`).

    Figures that are not defined are missing.
    """
    rows = [row for value, found in result.measures.items() for row in _of_measure(found, value, "customer")]
    if result.rollup:
        measures = result.rollup.measures
        rows += [row for value, found in measures.items() for row in _of_measure(found, value, "group")]
    if result.stability:
        table = result.stability.table
        for record in table.to_dict("records"):
            start = (record["value"], record["period"], "customer")
            rows += [(*start, name, None, Estimate(record[name])) for name in _COUNTED]
            found_then = result.stability.figures[record["value"], record["period"]]
            rows += [(*start, *row) for row in _of_figures(found_then)]
    records = [(*row[:5], row[5].value, row[5].low, row[5].high) for row in rows]
    columns = ["value", "period", "unit", "figure", "of", "estimate", "low", "high"]
    return pd.DataFrame(records, columns=columns).astype(dict.fromkeys(columns[4:], "float64"))


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
        *_gains(result, main),
    ]
    records = {
        "Figure": [label for label, _, _ in rows],
        "Measured": [write(e.value) if e.value is not None else "not defined" for _, e, write in rows],
        "95% interval": [_interval(e, write) for _, e, write in rows],
    }
    caption = f"Concentration of {main.name} over {words.count(main.customers, 'customer')}{_span(result)}"
    return Table(pd.DataFrame(records), caption=caption)


def compare_table(result: Concentration) -> Table:
    """Net revenue, margin and profit side by side, with intervals where there are any."""
    measures = list(result.measures.values())
    compared = _compared(result.main.customers)
    columns: dict[str, list[str]] = {"Figure": list(compared)}
    for found in measures:
        columns[_title(found.value)] = [write(found, result.currency) for write in compared.values()]
    known = any(found.top[0.2].low is not None for found in measures)
    brackets = ", 95% intervals in brackets" if known else ""
    caption = f"Concentration of {words.listing(found.name for found in measures)}{brackets}{_span(result)}"
    return Table(pd.DataFrame(columns), caption=caption)


def class_table(result: Concentration, kind: str) -> Table:
    """Size and money of the ABC classes or of the pyramid's tiers."""
    if kind == "abc":
        found, frame = result.main, result.main.abc_table
        caption = f"ABC classes by {found.name}"
    else:
        found = result.measures[result.pyramid_value]
        frame, caption = found.pyramid_table, f"Customer pyramid by {found.name}"
    money = _money(result.currency)
    formats: dict[str, Callable[[float], str]] = {
        "Share of customers": words.percent,
        "Share of money": multiple,
        "Money": money,
        "Lowest in class": money,
    }
    shown = frame.rename(columns=_CLASS_COLUMNS)
    return Table(
        shown, formats, f"{words.with_currency(caption, result.currency, ', money in {}')}{_span(result)}"
    )


def risk_table(result: Concentration) -> Table | None:
    """What would be left without the largest customers; None where there is only one customer."""
    if not len(result.risk):
        return None
    columns: dict[str, object] = {"Without the largest": [words.count(n) for n in result.risk["leaving"]]}
    formats: dict[str, Callable[[float], str]] = {}
    for value, found in result.measures.items():
        left, gone = f"{_title(value)} left", f"{_title(value)} gone"
        columns[left] = result.risk[f"{value}_remaining"]
        formats[left] = formats[gone] = _money(result.currency)
        columns[gone] = result.risk[value]
        if found.has_shares:
            columns[f"Share of {found.name}"] = result.risk[f"{value}_share"]
            formats[f"Share of {found.name}"] = multiple
    caption = f"What is left without the largest customers by {result.main.name}{_span(result)}"
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
    revenue = result.measures.get("net_revenue", result.main)
    who = "Customers in the top 20% by revenue" if revenue.peak > 0 else "Customers"
    caption = f"{who} with negative {result.earnings.name}, largest loss first"
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
            result.period.capitalize(): _periods(result.periods),
            "Active customers": result.periods["customers"],
            "Money": result.periods["total"],
            f"Top {share} hold": result.periods["top_share_value"],
            "80% comes from": result.periods["customers_for_80_share"],
            "Gini": result.periods["gini"],
            f"Of the top {share} before, still there": result.periods["retained"],
        }
    )
    shares = [name for name in shown.columns if name.endswith(("hold", "from", "there"))]
    formats: dict[str, Callable[[float], str]] = dict.fromkeys(shares, multiple)
    formats["Money"] = _money(result.currency)
    caption = f"{result.main.name.capitalize()} by {result.period}"
    return Table(shown, formats, words.with_currency(caption, result.currency))


def values_by_period_table(result: Concentration) -> Table | None:
    """Total and top share of every value per calendar period, side by side."""
    if result.stability is None or len(result.measures) < 2:
        return None
    by_value = {value: result.stability.periods(value) for value in result.measures}
    dated = {value: frame for value, frame in by_value.items() if len(frame)}
    if len(dated) < 2:
        return None
    share = words.percent(result.options.top_share)
    columns: dict[str, object] = {result.period.capitalize(): _periods(dated[result.value])}
    formats: dict[str, Callable[[float], str]] = {}
    for value, frame in dated.items():
        names = (_title(value), f"Top {share} hold of {value_name(value)}")
        columns |= {names[0]: frame["total"], names[1]: frame["top_share_value"]}
        formats |= {names[0]: _money(result.currency), names[1]: multiple}
    first = dated[result.value]
    for value, frame in dated.items():
        if not frame["period"].equals(first["period"]):
            return None
        if result.earnings is not None and value == result.earnings.value:
            columns[f"Customers with negative {value_name(value)}"] = frame["negative_customers"]
    return Table(
        pd.DataFrame(columns), formats, words.with_currency(f"All values by {result.period}", result.currency)
    )


def moves_table(result: Concentration) -> Table | None:
    """Who stayed at the top, left and entered between neighbouring periods; None where there is no pair."""
    moves = None if result.periods is None else result.periods[result.periods["retained"].notna()]
    if moves is None or not len(moves):
        return None
    shown = pd.DataFrame(
        {
            result.period.capitalize(): _periods(moves),
            "Stayed": moves["stayed"].astype("int64"),
            "Left": moves["left"].astype("int64"),
            "Theirs before": moves["left_before"],
            "Theirs now": moves["left_now"],
            "Entered": moves["entered"].astype("int64"),
            "Their money before": moves["entered_before"],
            "Their money now": moves["entered_now"],
        }
    )
    money = _money(result.currency)
    formats = {str(name): money for name in shown.columns if str(name).startswith("Their")}
    share = words.percent(result.options.top_share)
    caption = (
        f"Who stayed in the top {share} by {result.main.name} of the {result.period} before, who left it and "
        f"who entered, with {result.main.name} in both"
    )
    return Table(shown, formats, caption)


def moved_table(result: Concentration) -> Table | None:
    """The largest that left and entered the top between the last two complete periods."""
    if not len(result.moved):
        return None
    before, now = _last_pair(result)
    names = {"customer_id": "Customer", "name": "Name", "move": "Move", "before": before, "now": now}
    shown = result.moved.rename(columns=names)
    formats = dict.fromkeys([before, now], _money(result.currency))
    share = words.percent(result.options.top_share)
    caption = f"The largest that left and entered the top {share}: {result.main.name} in {before} and {now}"
    return Table(shown, formats, caption)


def contracts_table(result: Concentration) -> Table | None:
    """Customers and money by the end of the contract."""
    found = result.contracts
    if found is None or result.as_of is None:
        return None
    columns: dict[str, object] = {
        "Contract": [_STATES[state] for state in found.states["state"]],
        "Customers": found.states["customers"],
    }
    formats: dict[str, Callable[[float], str]] = {}
    for value in (*result.measures, *(["last_year"] if found.last_year_from else [])):
        name = _title(value) if value in result.measures else _last_year(result)
        columns[name] = found.states[value]
        formats[name] = _money(result.currency)
    caption = f"Customers by the end of their contract, as of {words.day(result.as_of)}"
    return Table(pd.DataFrame(columns), formats, caption)


def soonest_table(result: Concentration) -> Table | None:
    """The largest customers whose contract ends within 12 months."""
    found = result.contracts
    if found is None or not len(found.soonest):
        return None
    names = {"customer_id": "Customer", "name": "Name", "contract_end": "Contract ends"}
    names |= {value: _title(value) for value in result.measures} | {"last_year": _last_year(result)}
    shown = found.soonest.rename(columns=names)
    if found.last_year_from is None:
        shown = shown.drop(columns=names["last_year"])
    formats: dict[str, Callable[[Any], str]] = {
        name: _money(result.currency) for name in shown.columns if name not in list(names.values())[:3]
    }
    formats["Contract ends"] = lambda date: words.day(date.date())
    caption = f"The largest customers whose contract ends within 12 months{_span(result)}"
    return Table(shown, formats, caption)


def rollup_table(result: Concentration) -> Table | None:
    """The figures over accounts and over groups side by side."""
    if result.rollup is None or not result.rollup.groups:
        return None
    values = list(dict.fromkeys([result.value, result.pyramid_value]))
    compared = _compared(result.rollup.customers, intervals=False)
    columns: dict[str, list[str]] = {"Figure": ["Customers", *compared]}
    for value in values:
        for unit, measures in (("accounts", result.measures), ("groups", result.rollup.measures)):
            found = measures[value]
            figures = [write(found, result.currency) for write in compared.values()]
            columns[f"{_title(value)}: {unit}"] = [words.count(found.customers), *figures]
    caption = f"Concentration over accounts, and over groups with one parent account{_span(result)}"
    return Table(pd.DataFrame(columns), caption=caption)


def groups_table(result: Concentration) -> Table | None:
    """The largest groups of accounts."""
    if result.rollup is None or not result.rollup.groups:
        return None
    names = {"customer_id": "Head of the group", "name": "Name", "accounts": "Accounts"}
    names |= {value: _title(value) for value in result.measures}
    formats = dict.fromkeys([names[value] for value in result.measures], _money(result.currency))
    return Table(result.rollup.largest.rename(columns=names), formats, f"The largest groups{_span(result)}")


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


_COUNTED = ("customers", "total", "negative_customers", "negative_total")

_STATES = {
    "ended": "has ended",
    "ends soon": "ends within 12 months",
    "ends later": "ends later",
    "no end known": "no end known",
}

Row = tuple[str, float | None, Estimate]


def _of_measure(
    found: Measure, value: str, unit: str
) -> list[tuple[str, str, str, str, float | None, Estimate]]:
    counted: list[Row] = [(name, None, Estimate(float(getattr(found, name)))) for name in _COUNTED]
    return [(value, "all", unit, *row) for row in (*counted, *_of_figures(found))]


def _of_figures(found: Figures) -> list[Row]:
    groups: dict[str, Mapping[float, Estimate] | Mapping[int, Estimate]] = {
        "top_share": found.top,
        "customers_needed": found.needed,
        "customers_needed_of_gains": found.gains,
        "largest_customers": found.largest,
    }
    rows: list[Row] = [(name, float(of), e) for name, group in groups.items() for of, e in group.items()]
    single = ("gini", "gini_not_negative", "herfindahl", "effective_customers")
    return [
        *rows,
        *((name, None, getattr(found, name)) for name in single),
        ("whale_peak", None, found.peak_multiple),
    ]


def _compared(customers: int, intervals: bool = True) -> dict[str, Callable[[Measure, str], str]]:
    """Label to a function that writes the figure of a measure."""
    estimates: dict[str, tuple[Callable[[Measure], Estimate], Callable[[float], str]]] = {
        "Top 20% of customers hold": (lambda m: m.top[0.2], _percent),
        "50% comes from this share of customers": (lambda m: m.needed[0.5], _percent),
        "80% comes from this share of customers": (lambda m: m.needed[0.8], _percent),
        "90% comes from this share of customers": (lambda m: m.needed[0.9], _percent),
        "95% comes from this share of customers": (lambda m: m.needed[0.95], _percent),
        **{
            "Largest customer holds" if n == 1 else f"{n} largest hold": (
                partial(_of_largest, number=n),
                _percent,
            )
            for n in LARGEST
            if n < customers
        },
        "Gini coefficient": (lambda m: m.gini, words.decimal),
        "Gini coefficient without those below zero": (lambda m: m.gini_not_negative, words.decimal),
        "Herfindahl index": (lambda m: m.herfindahl, words.significant),
        "As concentrated as this many equal customers": (lambda m: m.effective_customers, words.count),
        "80% of gains comes from this share of those above zero": (lambda m: m.gains[0.8], _percent),
        "Peak of the cumulative curve, of the total": (lambda m: m.peak_multiple, multiple),
    }
    return {
        "Total": lambda m, currency: words.money(m.total, currency),
        **{label: _writer(pick, write, intervals) for label, (pick, write) in estimates.items()},
        "Peak of the cumulative curve": lambda m, currency: words.money(m.peak, currency),
        "Customers below zero": lambda m, _: words.count(m.negative_customers),
        "Their sum": lambda m, currency: words.money(m.negative_total, currency),
    }


def _of_largest(found: Measure, number: int) -> Estimate:
    return found.largest[number]


def _writer(
    pick: Callable[[Measure], Estimate], write: Callable[[float], str], intervals: bool
) -> Callable[[Measure, str], str]:
    def written(found: Measure, currency: str) -> str:
        estimate = pick(found)
        text = _figure(estimate, write)
        return f"{text} ({_interval(estimate, write)})" if intervals and estimate.low is not None else text

    return written


def _gains(result: Concentration, main: Measure) -> list[tuple[str, Estimate, Callable[[float], str]]]:
    """What counts where losses blur the shares of the total."""
    if not main.negative_customers or not main.positive_customers:
        return []
    share = result.options.value_share
    who = words.count(main.positive_customers, "customer")
    return [(f"{share * 100:g}% of what the {who} above zero bring comes from", main.gains[share], _of_them)]


def _of_them(share: float) -> str:
    return f"{words.percent(share, 1)} of these"


def _periods(frame: pd.DataFrame) -> list[str]:
    """Labels of periods, those that are not complete marked."""
    return [p if c else f"{p} (part)" for p, c in zip(frame["period"], frame["complete"], strict=True)]


def _last_pair(result: Concentration) -> tuple[str, str]:
    """Labels of the last two neighbouring complete periods."""
    frame = result.periods
    assert frame is not None
    both = frame["complete"] & frame["complete"].shift(fill_value=False)
    last = int(frame.index[both][-1])
    return str(frame.loc[last - 1, "period"]), str(frame.loc[last, "period"])


def _last_year(result: Concentration) -> str:
    begin = result.contracts.last_year_from if result.contracts else None
    name = _title(result.value)
    return f"{name} since {words.day(begin)}" if begin else f"{name} of the last year"


def _title(value: str) -> str:
    name = value_name(value)
    return name[:1].upper() + name[1:]


def _gini_of_others(main: Measure) -> list[tuple[str, Estimate, Callable[[float], str]]]:
    if not main.negative_customers or main.gini_not_negative.value is None:
        return []
    others = words.count(main.customers - main.negative_customers, "customer")
    return [(f"Gini coefficient of the {others} not below zero", main.gini_not_negative, _two_decimals)]


def _percent(share: float) -> str:
    return words.percent(share, 1) if abs(share) < 10 else multiple(share)


def _of_customers(share: float) -> str:
    return f"{words.percent(share, 1)} of customers"


def _two_decimals(value: float) -> str:
    return words.decimal(value)


def _interval(estimate: Estimate, write: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return "–"
    short = _percent if write in (_of_customers, _of_them) else write
    return f"{short(estimate.low)} to {short(estimate.high)}"


def _money(currency: str) -> Callable[[float], str]:
    return lambda amount: words.money(amount, currency)


def _span(result: Concentration) -> str:
    if result.start is None or result.as_of is None:
        return ""
    return f", {words.day(result.start)} to {words.day(result.as_of)}"
