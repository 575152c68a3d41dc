"""Sentences about concentration, written from the figures and true for any data."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.pareto.measure import FEWEST, Estimate, Measure

if TYPE_CHECKING:
    from customer_value.pareto.analysis import Concentration

__all__ = ["findings", "next_steps", "verdict", "warnings"]

_BANDS = (0.05, 0.15, 0.25, 0.40)
"""Share of customers that brings 80 %: where one reading ends and the next begins."""

_READINGS = (
    "far more concentrated than 80/20",
    "more concentrated than 80/20",
    "80/20 is a fair description here",
    "more even than 80/20",
    "far more even than 80/20, so the rule does not describe these customers",
)
_FAIR = 2
_HEAVY_CUSTOMER, _HEAVY_TEN = 0.10, 0.50


def verdict(result: Concentration) -> str:
    """The measured rule in one sentence, with its interval and how it compares with 80/20."""
    main, share = result.main, result.options.value_share
    who = words.count(main.customers, "customer")
    if not main.has_shares:
        return (
            f"{who[:1].upper() + who[1:]} together {words.verb(main.customers, 'has', 'have')} {main.name} of "
            f"{words.money(main.total, result.currency)}, which is not above zero: there are no shares to "
            f"speak of, only amounts."
        )
    if main.customers < FEWEST:
        return (
            f"{who} {words.verb(main.customers, 'is', 'are')} too few to speak of a rule: it takes at least "
            f"{FEWEST}. The largest brings {_share(main.largest[1])} of {main.name}."
        )
    if main.all_equal:
        return f"All {who} bring the same {main.name}: this is as far from 80/20 as can be."
    needed = main.needed[share]
    measured = f"{_share(needed)} of customers bring {words.percent(share)} of {main.name}{_bracket(needed)}"
    return f"{measured}; {_reading(main.needed[0.8])}."


def findings(result: Concentration) -> tuple[str, ...]:
    """What the figures mean, most important first."""
    parts = [
        _base(result),
        verdict(result),
        *_spread(result),
        _classes(result),
        _dependence(result),
        _earnings(result),
        _below_zero(result),
        _stability(result),
    ]
    return tuple(part for part in parts if part)


def next_steps(result: Concentration) -> tuple[str, ...]:
    """What to do, following from the findings."""
    parts = [_care(result), _cover(result), _mend(result), _credit(result), _renew(result)]
    return tuple(part for part in parts if part)


def warnings(result: Concentration) -> tuple[str, ...]:
    """What limits the figures."""
    main, parts = result.main, []
    if main.customers < FEWEST:
        parts.append(
            f"There {words.verb(main.customers, 'is', 'are')} only "
            f"{words.count(main.customers, 'customer')}: shares of customers say little and no interval "
            f"is given (from {FEWEST} customers on)."
        )
    if main.missing:
        parts.append(
            f"{words.count(main.missing, 'customer')} {words.verb(main.missing, 'has', 'have')} no known "
            f"{main.name} and {words.verb(main.missing, 'is', 'are')} left out."
        )
    if main.negative_customers and main.has_shares:
        parts.append(
            f"{words.count(main.negative_customers, 'customer')} "
            f"{words.verb(main.negative_customers, 'has', 'have')} negative {main.name}. Shares are of the "
            f"net total; the Gini coefficient and the Lorenz curve are not defined with negative values, "
            f"so the cumulative (whale) curve stands in for them."
        )
    if result.pyramid_value != "profit" and "profit" not in result.measures:
        parts.append(
            f"Profit per customer is not known, so the customer pyramid goes by "
            f"{result.measures[result.pyramid_value].name}."
        )
    return tuple(parts)


def _base(result: Concentration) -> str:
    main = result.main
    span = ""
    if result.start and result.as_of:
        span = f"From {words.day(result.start)} to {words.day(result.as_of)}, "
    text = (
        f"{span}{words.count(main.customers, 'customer')} brought {main.name} of "
        f"{words.money(main.total, result.currency)}"
    )
    if result.returns_only:
        text += (
            f" ({words.count(result.returns_only)} of them without a purchase, only returns or orders for nothing; "
            f"{words.verb(result.returns_only, 'it counts', 'they count')} here)"
        )
    return f"{text}."


def _spread(result: Concentration) -> list[str]:
    main = result.main
    if not _ranks(main):
        return []
    top = main.top[result.options.top_share]
    text = (
        f"The top {words.percent(result.options.top_share)} of customers hold {_share(top)} of "
        f"{main.name}{_bracket(top)}"
    )
    few = main.effective_customers
    if few.value is not None:
        alike = f"as if {words.count(few.value, 'equal customer')} shared it"
        alone = "almost as if one customer brought it all"
        text += f"; the money is as concentrated {alike}" if few.value >= 1.5 else f", {alone}"
    return [f"{text}."]


def _classes(result: Concentration) -> str:
    main = result.main
    if not main.has_shares:
        return ""
    parts = [
        f"{row['class']} has {words.count(row['customers'], 'customer')} "
        f"({words.percent(row['customer_share'])}) with {words.percent(row['value_share'])} of {main.name}"
        for row in main.abc_table.to_dict("records")
        if row["customers"]
    ]
    return f"ABC classes: {'; '.join(parts)}."


def _dependence(result: Concentration) -> str:
    main = result.main
    if not main.has_shares or main.customers <= 1:
        return ""
    one, ten = main.largest[1], main.largest[10]
    text = f"The largest customer brings {_share(one)} of {main.name}"
    if main.customers > 10:
        text += f", the ten largest {_share(ten)} ({_amount(result, 10)})"
    heavy = (one.value or 0) >= _HEAVY_CUSTOMER or (main.customers > 10 and (ten.value or 0) >= _HEAVY_TEN)
    tail = "the company depends on very few" if heavy else "no single customer decides the result"
    return f"{text}: {tail}."


def _earnings(result: Concentration) -> str:
    found = result.earnings
    if found is None or found.value == result.value:
        return _whale(result, result.main) if result.earnings else ""
    return _whale(result, found)


def _whale(result: Concentration, found: Measure) -> str:
    number = found.negative_customers
    if not number:
        return f"No customer has negative {found.name}; the total is {words.money(found.total, result.currency)}."
    text = (
        f"{words.count(number, 'customer')} ({words.percent(number / found.customers)}) "
        f"{words.verb(number, 'loses', 'lose')} money: {words.money(found.negative_total, result.currency)} of "
        f"{found.name} in all"
    )
    if not found.peak > 0:
        return f"{text}. Nobody earns money."
    if found.whale_peak is None:
        total = words.money(found.total, result.currency)
        return (
            f"{text}. That uses up the {words.money(found.peak, result.currency)} that the others earn: "
            f"the total is {total}."
        )
    return (
        f"{text}. The others earn {words.money(found.peak, result.currency)}, "
        f"{words.percent(found.whale_peak)} of the total {found.name}."
    )


def _below_zero(result: Concentration) -> str:
    main = result.main
    if not main.negative_customers or main is result.earnings:
        return ""
    number = main.negative_customers
    return (
        f"{words.count(number, 'customer')} {words.verb(number, 'has', 'have')} negative {main.name}, "
        f"{words.money(main.negative_total, result.currency)} in all: more came back than was bought in "
        f"this period."
    )


def _stability(result: Concentration) -> str:
    complete = None if result.periods is None else result.periods[result.periods["complete"]]
    if complete is None or len(complete) < 2 or not _ranks(result.main):
        return ""
    shares = complete["top_share_value"].dropna()
    share = words.percent(result.options.top_share)
    parts = []
    if len(shares) >= 2:
        parts.append(
            f"Over the {words.count(len(shares), f'complete {result.period}')} the top {share} of active "
            f"customers held {_range(shares)} of {result.main.name}"
        )
    if result.top_retained is not None:
        parts.append(
            f"{words.percent(result.top_retained)} of the top {share} of the {result.period} before the "
            f"latest complete one were in the top {share} again"
        )
    return f"{'; '.join(parts)}." if parts else ""


def _care(result: Concentration) -> str:
    main = result.main
    if not main.has_shares:
        text = f"Find out why {main.name} is not above zero in total before ranking customers"
        if not main.negative_customers:
            return f"{text}: no customer brought any."
        return f"{text}; start with the {words.count(main.negative_customers, 'customer')} below zero."
    if main.customers < FEWEST:
        return "Decide for each customer by name; a classification adds nothing at this size."
    best = main.abc_table.iloc[0]
    share = f"{words.percent(best['value_share'])} of {main.name}"
    group = f"the {words.count(best['customers'], 'class A customer')} ({share})"
    band = 4 if main.all_equal else _band(main.needed[0.8])
    if band < _FAIR:
        return f"Give {group} a named contact and a yearly plan: very few customers decide the result."
    if band == _FAIR:
        return f"Serve {group} apart from the others, and keep the service of class C simple and cheap."
    size = f"{words.count(best['customers'], 'customer')} ({words.percent(best['customer_share'])})"
    if band == _FAIR + 1:
        top = main.pyramid_table.head(2)
        return (
            f"Class A is {size}, too many for personal care: give the "
            f"{words.count(top['customers'].sum())} in the top 5% a named contact "
            f"({words.percent(top['value_share'].sum())} of {main.name}) and reach the others with offers."
        )
    return f"Do not plan around a few large customers: even class A is {size}. Work with the broad base."


def _cover(result: Concentration) -> str:
    main = result.main
    one, ten = main.largest[1].value or 0, main.largest[10].value or 0
    if not main.has_shares or main.customers <= 1:
        return ""
    if one >= _HEAVY_CUSTOMER:
        name = words.plain(result.largest.iloc[0].get("name") or result.largest.iloc[0]["customer_id"])
        return (
            f"Secure the largest customer, {name}: {_amount(result, 1)} ({words.percent(one)} of {main.name}) "
            f"would leave with it. Agree terms early and have a second contact there."
        )
    if main.customers > 10 and ten >= _HEAVY_TEN:
        return f"Secure the ten largest customers: {_amount(result, 10)} would leave with them."
    return ""


def _mend(result: Concentration) -> str:
    found = result.earnings
    if found is None or not found.negative_customers or result.tiers is None or result.losing is None:
        return ""
    big = result.tiers.iloc[:12]
    number, lost = int(big["losing"].sum()), float(big["loss"].sum())
    if not number:
        return (
            f"Make small customers cheaper to serve: all {words.count(found.negative_customers)} that lose money "
            f"({words.money(found.negative_total, result.currency)} of {found.name}) are outside the top 20% by "
            f"revenue."
        )
    first = result.losing.head(3)
    labels = first["name"].fillna(first["customer_id"]) if "name" in first else first["customer_id"]
    names = words.listing(words.plain(label) for label in labels)
    return (
        f"Review prices, discounts and cost to serve of the {words.count(number, 'customer')} in the top 20% by "
        f"revenue that {words.verb(number, 'loses', 'lose')} money "
        f"({words.money(lost, result.currency)} of {found.name}), first {names}."
    )


def _credit(result: Concentration) -> str:
    main = result.main
    if not main.negative_customers or main.value != "net_revenue" or not main.has_shares:
        return ""
    return (
        f"Look at the returns of the {words.count(main.negative_customers, 'customer')} below zero: the "
        f"purchases may lie before {words.day(result.start)}."
        if result.start
        else f"Look at the returns of the {words.count(main.negative_customers, 'customer')} below zero."
    )


def _renew(result: Concentration) -> str:
    kept = result.top_retained
    if kept is None or not _ranks(result.main):
        return ""
    share = words.percent(result.options.top_share)
    if kept < 0.6:
        return (
            f"Renew the list of top customers every {result.period}: only {words.percent(kept)} of the top "
            f"{share} stayed at the top, so a list made once is soon wrong."
        )
    return (
        f"The list of top customers can stand for a {result.period}: {words.percent(kept)} of the top "
        f"{share} stayed at the top."
    )


def _ranks(main: Measure) -> bool:
    """Whether there are enough different customers for a top group to mean something."""
    return main.has_shares and main.customers >= FEWEST and not main.all_equal


def _band(needed: Estimate) -> int:
    return bisect_right(_BANDS, needed.value if needed.value is not None else 0.8)


def _reading(needed: Estimate) -> str:
    """How the share of customers that brings 80 % compares with the rule."""
    band = _band(needed)
    text = _READINGS[band] if band == _FAIR else f"this is {_READINGS[band]}"
    if needed.low is None or needed.high is None:
        return text
    ends = {bisect_right(_BANDS, needed.low), bisect_right(_BANDS, needed.high)}
    others = sorted(ends - {band})
    if not others:
        return text
    also = words.listing(
        _READINGS[other].split(",")[0].removesuffix(" is a fair description here") for other in others
    )
    return f"{text}, though the interval also allows {also}"


def _range(shares: pd.Series) -> str:
    low, high = words.percent(shares.min()), words.percent(shares.max())
    return low if low == high else f"{low} to {high}"


def _amount(result: Concentration, number: int) -> str:
    return words.money(result.main.money_of_largest[number], result.currency)


def _share(estimate: Estimate) -> str:
    return "an unknown share" if estimate.value is None else words.percent(estimate.value)


def _bracket(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f" ({words.interval(words.percent(estimate.low), words.percent(estimate.high))})"
