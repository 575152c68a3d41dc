"""The tables of RFM as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.display import Prose, Table, written
from customer_value.rfm.classes import are_high
from customer_value.rfm.names import BEST, CHINESE, LEVELS, PORTFOLIO, STATES, TEXTBOOK_GROUPS
from customer_value.rfm.phrases import labels
from customer_value.rfm.prediction import GROUPINGS
from customer_value.text import say

if TYPE_CHECKING:
    from customer_value.rfm.analysis import Rfm

__all__ = [
    "class_table",
    "cohort_table",
    "customer_table",
    "cutoff_table",
    "fixed_limits",
    "lift_table",
    "migration_table",
    "movers_table",
    "portfolio_table",
    "segment_table",
    "span",
    "threshold_table",
    "treatment_table",
]

_TITLES = {"segment": "Segment", "eight_class": "Class", "portfolio_group": "Group"}
_COLUMNS = (
    "customer_id", "recency_days", "usual_gap_days", "orders", "net_revenue", "net_revenue_per_order", "margin",
    "recency_score", "frequency_score", "monetary_score", "rfm", "weighted_score",
    "segment", "eight_class", "portfolio_group", "level", "state", "contribution",
    "previous_segment", "comparable_segment",
)  # fmt: skip

Writers = dict[str, Callable[[Any], str]]


def customer_table(everybody: ibis.Table, *, in_order: bool = False) -> ibis.Table:
    """One row per customer that ever bought, for programs, ordered by customer_id (as it may be already)."""
    table = everybody.select(*(name for name in _COLUMNS if name in everybody.columns))
    return table if in_order else table.order_by("customer_id")


def cutoff_table(result: Rfm) -> Table:
    """The range of values and the number of customers behind each score."""
    writers: dict[str, Callable[[float], str]] = {
        "recency": words.count,
        "frequency": words.count,
        "monetary": words.decimal,
    }
    titles = {
        "recency": "Days since last order",
        "frequency": "Orders",
        "monetary": _money_title(result),
    }
    columns: dict[str, list[object]] = {"Score": [5, 4, 3, 2, 1]}
    for name, write in writers.items():
        rows = result.cutoffs[result.cutoffs["dimension"] == name].to_dict("records")
        columns[titles[name]] = [
            _range(r["lowest"], r["highest"], write) if r["customers"] else "empty" for r in rows
        ]
        columns[f"Customers ({name})"] = [int(r["customers"]) for r in rows]
    caption = f"What each score means (5 is best){span(result)}{fixed_limits(result)}"
    return Table(pd.DataFrame(columns), caption=caption)


def segment_table(result: Rfm) -> Table | Prose:
    """Size, money and means of each of the eleven segments, tied to the money of all orders."""
    return class_table(result, "segment")


def class_table(result: Rfm, of: str) -> Table | Prose:
    """Size, money and means of each segment of a segmentation, tied to the money of all orders.

    Parameters
    ----------
    result
        What to show.
    of
        ``"segment"``, ``"eight_class"`` or ``"portfolio_group"``.

    Returns
    -------
    Table
        A note where the segmentation is not known.
    """
    if of not in result.classes:
        return Prose(
            (say("The months of the customers are not known, so there are no portfolio groups."),),
            kind="note",
        )
    frame = result.classes[of]
    if of == "portfolio_group":
        frame = frame[(frame["customers"] > 0) | frame[of].isin(TEXTBOOK_GROUPS)]
    columns: dict[str, Any] = {_TITLES[of]: frame[of]}
    if of == "eight_class":
        columns["中文"] = [CHINESE[name][0] for name in frame[of]]
    columns |= {"Customers": frame["customers"], "Share of customers": frame["customer_share"]}
    columns |= {"Net revenue": frame["net_revenue"], "Share of revenue": frame["revenue_share"]}
    if result.has_margin:
        columns |= {"Margin": frame["margin"], "Share of margin": frame["margin_share"]}
    columns["Days since last order (mean)"] = frame["recency_days"]
    columns["Orders (mean)"] = frame["orders"]
    if result.per_order:
        columns["Net revenue per order"] = frame["net_revenue_per_customer"] / frame["orders"].where(
            frame["orders"] > 0
        )
    columns["Net revenue per customer"] = frame["net_revenue_per_customer"]
    shown = pd.concat([pd.DataFrame(columns), _tie_rows(result, of)], ignore_index=True)
    return Table(shown.astype({"Customers": "Int64"}), _writers(result), _class_caption(result, of))


def threshold_table(result: Rfm) -> Table:
    """The thresholds of the eight classes and how many customers are better than each."""
    titles = {
        "recency": ("Days since last order", "so many or fewer"),
        "frequency": ("Orders", "so many or more, but never one"),
        "monetary": (_money_title(result), "so much or more"),
    }
    flags = are_high(result.scored, result.thresholds)
    sums = result.scored.aggregate(**{name: flag.sum() for name, flag in flags.items()})
    high = {name: int(number or 0) for name, number in sums.to_pyarrow().to_pylist()[0].items()}
    rows = []
    for name, (title, better) in titles.items():
        fixed = getattr(result.options.fixed_thresholds, name) is not None
        limit = result.thresholds.get(name)
        rows.append(
            {
                "Measure": title,
                "Threshold": "fixed" if fixed else result.options.thresholds,
                "Value": limit,
                "High is": better,
                "Customers high": high[name],
                "Customers low": result.customers - high[name],
            }
        )
    caption = f"High and low in the eight classes{span(result)}"
    return Table(pd.DataFrame(rows), {"Value": words.decimal}, caption)


def treatment_table(result: Rfm, of: str = "segment") -> Table | Prose:
    """What to do for each segment that has customers, by the policy in force."""
    if of not in result.classes:
        return class_table(result, of)
    frame = result.classes[of]
    held = frame[frame["customers"] > 0]
    shown = held[[of, "customers", "treatment"]]
    shown = shown.rename(columns={of: _TITLES[of], "customers": "Customers", "treatment": "What to do"})
    source = "the company's own policy" if result.options.policy else "a starting point"
    return Table(
        shown,
        {"What to do": lambda v: words.plain(v, most=400)},
        f"What to do for each {_TITLES[of].lower()}: {source}",
    )


def portfolio_table(result: Rfm) -> Table | Prose:
    """Customers by level of contribution and by state."""
    if "portfolio_group" not in result.classes:
        return class_table(result, "portfolio_group")
    frame = result.classes["portfolio_group"].set_index("portfolio_group")["customers"]
    columns = {
        state.capitalize(): [int(frame[PORTFOLIO[level, state]]) for level in LEVELS] for state in STATES
    }
    total = [sum(column[row] for column in columns.values()) for row in range(len(LEVELS))]
    shown = pd.DataFrame(
        {"Contribution": [_level_name(result, level) for level in LEVELS], **columns, "All": total}
    )
    return Table(shown, caption=f"Customers by contribution and state on {words.day(result.as_of)}")


def migration_table(result: Rfm, of: str = "customers") -> Table | None:
    """The matrix of segments then and now, as customers or as money; None without an earlier date.

    Parameters
    ----------
    result
        What to show.
    of
        ``"customers"``, ``"net_revenue_then"`` or ``"net_revenue_now"``.
    """
    found = result.migration
    if found is None:
        return None
    held = found.matrix("customers")
    wide = found.matrix(of).loc[held.sum(axis=1) > 0, held.sum() > 0]
    wide = wide.assign(All=wide.sum(axis=1))
    wide.loc["All"] = wide.sum()
    shown = wide.reset_index(names=f"On {words.day(found.previous)}")
    formats = {str(name): words.count for name in shown.columns[1:]}
    money = words.with_currency("Net revenue", result.currency, " in {}")
    what = {
        "customers": "Customers",
        "net_revenue_then": f"{money} of the window to {words.day(found.previous)}",
        "net_revenue_now": f"{money} of the window to {words.day(found.as_of)}",
    }[of]
    caption = (
        f"{what}: segment on {words.day(found.previous)} (rows) and on {words.day(found.as_of)} (columns), both "
        f"from windows of {words.count(found.window_months, 'month')} and the same cut-offs"
    )
    return Table(shown, formats, caption)


def movers_table(result: Rfm, which: str = "left") -> Table | Prose | None:
    """The customers with most money among those that left the best segments, or are new in them.

    None without an earlier date.

    Parameters
    ----------
    result
        What to show.
    which
        ``"left"`` or ``"joined"``.
    """
    found = result.migration
    if found is None:
        return None
    frame = found.leavers if which == "left" else found.newcomers
    if not len(frame):
        none = say("Nobody joined the segments {best} between the two dates.", best=labels(BEST))
        if which == "left":
            none = say("Nobody left the segments {best} between the two dates.", best=labels(BEST))
        return Prose((none,), kind="note")
    names = {
        "name": "Customer",
        "segment_then": "Segment then",
        "segment_now": "Segment now",
        "net_revenue_then": "Net revenue then",
        "net_revenue_now": "Net revenue now",
        "change": "Change",
    }
    if (frame["name"] != frame["customer_id"]).any():
        names = {"customer_id": "Number", **names}
    shown = frame[list(names)].rename(columns=names)
    money = ("Net revenue then", "Net revenue now", "Change")
    number = found.moves[which][0]
    verb = "left" if which == "left" else "are new in"
    caption = (
        f"{'Largest losses' if which == 'left' else 'Largest gains'} among the "
        f"{words.count(number, 'customer')} that {verb} {words.listing(BEST)} between "
        f"{words.day(found.previous)} and {words.day(found.as_of)}"
    )
    return Table(shown, {name: lambda v: words.money(v, result.currency) for name in money}, caption)


def lift_table(result: Rfm, of: str = "segment") -> Table | None:
    """What each group of the earlier date did in the period that followed; None without such a date.

    Parameters
    ----------
    result
        What to show.
    of
        A key of `customer_value.rfm.prediction.GROUPINGS`.
    """
    found = result.prediction
    if found is None or of not in GROUPINGS or not len(found.of(of)):
        return None
    frame = found.of(of)
    names = {
        "group": _TITLES.get(of, "Score"),
        "customers": "Customers",
        "buying_share": "Bought again",
        "buying_share_lift": "Lift of buying",
        "orders_per_customer": "Orders per customer",
        "net_revenue_per_customer": "Net revenue per customer",
        "net_revenue_per_customer_lift": "Lift of money",
    }
    formats: Writers = {
        "Bought again": words.percent,
        "Lift of buying": words.decimal,
        "Orders per customer": words.decimal,
        "Net revenue per customer": lambda v: words.money(v, result.currency),
        "Lift of money": words.decimal,
    }
    whole = {
        "group": "All",
        "customers": found.customers,
        "buying_share": found.buyers / found.customers,
        "buying_share_lift": 1.0 if found.buyers else float("nan"),
        "orders_per_customer": found.orders / found.customers,
        "net_revenue_per_customer": found.net_revenue / found.customers,
        "net_revenue_per_customer_lift": 1.0 if found.net_revenue > 0 else float("nan"),
    }
    shown = pd.concat([frame[list(names)], pd.DataFrame([whole])], ignore_index=True).rename(columns=names)
    title = written(GROUPINGS[of]).removeprefix("the ").capitalize()
    caption = (
        f"{title} of {words.day(found.previous)} and what they did until "
        f"{words.day(found.as_of)} (lift 1 is the mean of all)"
    )
    return Table(shown, formats, caption)


def cohort_table(result: Rfm) -> Table | Prose:
    """Size of the latest cohorts and how many of each bought 1, 3, 6, 12 months later."""
    found = result.cohorts
    if found is None:
        return Prose((say("Nobody bought, so there are no cohorts."),), kind="note")
    wide = found.triangle("retention", most=None).iloc[-24:]
    shown = pd.DataFrame({"First purchase in": [f"{one:%Y-%m}" for one in wide.index]})
    shown["Customers"] = found.sizes.loc[wide.index].to_numpy() if len(wide) else []
    names = {m: f"Bought after {words.count(m, 'month')}" for m in (1, 3, 6, 12, 24)}
    for month, title in names.items():
        if month in wide.columns and wide[month].notna().any():
            shown[title] = wide[month].to_numpy()
    formats = dict.fromkeys(names.values(), words.percent)
    return Table(shown, formats, "Share of each cohort that bought in that month; a dash is not known yet")


def span(result: Rfm) -> str:
    """The window and date of the scores, to end a caption."""
    if result.window_months is None:
        return f", all orders to {words.day(result.as_of)}"
    return f", orders of the {words.count(result.window_months, 'month')} to {words.day(result.as_of)}"


def fixed_limits(result: Rfm) -> str:
    """The fixed cut-offs in force, to end a caption; empty where all are quantiles."""
    parts = []
    for name, title in (("recency", "days"), ("frequency", "orders"), ("monetary", "money")):
        four = getattr(result.options.cutoffs, name)
        if four is not None:
            bound = "at most" if name == "recency" else "at least"
            parts.append(f"{title} {bound} {', '.join(f'{value:,.12g}' for value in four)}")
    return f"; fixed: {'; '.join(parts)}" if parts else ""


def _tie_rows(result: Rfm, of: str) -> pd.DataFrame:
    """The lines below the segments, from their sum to all orders."""
    first = _TITLES[of]
    whole = result.tie.set_index("line")
    outside = "Customers without an order in the window"
    if of == "portfolio_group":
        whole.loc["Scored customers"] += whole.loc[outside]
        whole = whole.drop(index=outside).rename({"Scored customers": "All that ever bought"})
    rows = []
    for number, (line, row) in enumerate(whole.iterrows()):
        last = line == "All orders"
        if not (number == 0 or last or row["customers"] or row["net_revenue"]):
            continue
        shown: dict[str, Any] = {
            first: line,
            "Customers": int(row["customers"]),
            "Net revenue": row["net_revenue"],
        }
        if line == "Orders and returns before the window":
            shown["Customers"] = None
        if number == 0:
            shown |= _shares_of_all(result, of)
        rows.append(shown)
    if len(rows) == 2:
        rows = rows[:1]
    return pd.DataFrame(rows)


def _shares_of_all(result: Rfm, of: str) -> dict[str, float]:
    frame = result.classes[of]
    shares: dict[str, float] = {}
    if frame["customers"].sum():
        shares["Share of customers"] = float(frame["customer_share"].sum())
    if frame["revenue_share"].notna().any():
        shares["Share of revenue"] = float(frame["revenue_share"].sum())
    if "margin" in frame:
        shares["Margin"] = float(frame["margin"].sum())
        if frame["margin_share"].notna().any():
            shares["Share of margin"] = float(frame["margin_share"].sum())
    return {name: round(share, 12) if "Share" in name else share for name, share in shares.items()}


def _class_caption(result: Rfm, of: str) -> str:
    name = {"segment": "Segments", "eight_class": "Eight classes", "portfolio_group": "Portfolio groups"}[of]
    number = int(result.classes[of]["customers"].sum())
    caption = f"{name} of {words.count(number, 'customer')}{span(result)}"
    if of != "portfolio_group":
        return caption
    high, low = words.percent(result.options.high_share), words.percent(result.options.low_share)
    return (
        f"{caption}; by {result.contribution_is} of 24 months, high is the top {high}, low the bottom {low}"
    )


def _level_name(result: Rfm, level: str) -> str:
    low, high = result.levels or (None, None)
    bound = {"High": high, "Middle": low, "Low": None}[level]
    return level if bound is None else f"{level}: {words.money(bound, result.currency)} or more"


def _money_title(result: Rfm) -> str:
    return words.with_currency(f"Net revenue{' per order' if result.per_order else ''}", result.currency)


def _writers(result: Rfm) -> Writers:
    def money(value: float) -> str:
        return words.money(value, result.currency)

    return {
        "Share of customers": words.percent,
        "Share of revenue": words.percent,
        "Share of margin": words.percent,
        "Net revenue": money,
        "Margin": money,
        "Net revenue per order": money,
        "Net revenue per customer": money,
        "Days since last order (mean)": words.count,
        "Orders (mean)": lambda v: words.decimal(v, 1),
    }


def _range(low: float, high: float, write: Callable[[float], str]) -> str:
    first, last = write(low), write(high)
    return first if first == last else f"{first} to {last}"
