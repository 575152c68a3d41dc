"""Sentences about concentration, written from the figures and true for any data."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from customer_value import words
from customer_value.pareto import outlook
from customer_value.pareto.measure import FEWEST, Estimate, Measure
from customer_value.pareto.phrases import bracket, multiple, names, part, ranks, rule, share

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
    main, value_share = result.main, result.options.value_share
    who = words.count(main.customers, "customer")
    if not main.has_shares:
        return (
            f"{who[:1].upper() + who[1:]} together {words.verb(main.customers, 'has', 'have')} {main.name} of "
            f"{words.money(main.total, result.currency)}, which is not above zero: there are no shares to "
            f"speak of, only amounts.{_of_gains(result)}"
        )
    if main.customers < FEWEST:
        return (
            f"{who} {words.verb(main.customers, 'is', 'are')} too few to speak of a rule: it takes at least "
            f"{FEWEST}. The largest brings {part(main, main.money_of_largest[1], result.currency)}."
        )
    if main.all_equal:
        return f"All {who} bring the same {main.name}: this is as far from 80/20 as can be."
    if main.heavy_losses:
        return (
            f"The customers above zero bring {words.money(main.peak, result.currency)} of {main.name}, the others "
            f"lose {words.money(-main.negative_total, result.currency)} of it: losses are larger than the total of "
            f"{words.money(main.total, result.currency)}, so shares of that total say little.{_of_gains(result)}"
        )
    needed = main.needed[value_share]
    measured = (
        f"{share(needed)} of customers bring {words.percent(value_share)} of {main.name}{bracket(needed)}"
    )
    return f"{measured}; {_reading(main.needed[0.8])}."


def _of_gains(result: Concentration) -> str:
    """The rule among the customers above zero, for what these bring."""
    main, value_share = result.main, result.options.value_share
    needed = main.gains[value_share]
    if main.positive_customers < FEWEST or needed.value is None:
        return ""
    return (
        f" Among the {words.count(main.positive_customers, 'customer')} above zero, {share(needed)} bring "
        f"{words.percent(value_share)} of what they bring{bracket(needed)}; {_reading(main.gains[0.8])}."
    )


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
        *outlook.findings(result),
    ]
    return tuple(part for part in parts if part)


def next_steps(result: Concentration) -> tuple[str, ...]:
    """What to do, following from the findings."""
    parts = [_care(result), _cover(result), _mend(result), _credit(result), *outlook.next_steps(result)]
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
    blurred = [
        found.name
        for found in {main.value: main, result.pyramid_value: result.measures[result.pyramid_value]}.values()
        if found.heavy_losses
        or (found.has_shares and found.customers >= FEWEST and found.top[0.2].low is None)
    ]
    if blurred:
        parts.append(
            f"Losses leave a total {words.listing(blurred)} that is small beside the amounts that it is made of: "
            f"shares of it are no guide, and have no interval where a resample has no total above zero."
        )
    return (*parts, *outlook.warnings(result))


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
    if not ranks(main) or main.heavy_losses:
        return []
    top = main.top[result.options.top_share]
    text = (
        f"The top {words.percent(result.options.top_share)} of customers hold {share(top)} of "
        f"{main.name}{bracket(top)}"
    )
    few = main.effective_customers
    if few.value is not None:
        alike = f"as if {words.count(few.value, 'equal customer')} shared it"
        alone = "almost as if one customer brought it all"
        text += f"; the money is as concentrated {alike}" if few.value >= 1.5 else f", {alone}"
    return [f"{text}."]


def _classes(result: Concentration) -> str:
    main = result.main
    if not main.peak > 0:
        return ""
    parts = [
        f"{row['class']} has {words.count(row['customers'], 'customer')} "
        f"({words.percent(row['customer_share'])}) with {part(main, row['value'], result.currency)}"
        for row in main.abc_table.to_dict("records")
        if row["customers"]
    ]
    return f"ABC classes: {'; '.join(parts)}."


def _dependence(result: Concentration) -> str:
    main = result.main
    if not main.peak > 0 or main.customers <= 1:
        return ""
    one, ten = (main.money_of_largest[n] for n in (1, 10))
    text = f"The largest customer brings {part(main, one, result.currency)}"
    if main.customers > 10:
        text += f", the ten largest {part(main, ten, result.currency)}"
        text += f" ({_amount(result, 10)})" if main.has_shares and not main.heavy_losses else ""
    heavy = one >= _HEAVY_CUSTOMER * main.peak or (main.customers > 10 and ten >= _HEAVY_TEN * main.peak)
    tail = "the company depends on very few" if heavy else "no single customer decides the result"
    return f"{text}: {tail}."


def _earnings(result: Concentration) -> str:
    found = result.earnings
    if found is None:
        return ""
    beside = (
        _beside(result, found) if found is not result.main and ranks(found) and ranks(result.main) else ""
    )
    return f"{beside}{_whale(result, found)}"


def _beside(result: Concentration, found: Measure) -> str:
    """Whether what is earned hangs on fewer customers than what is bought, losses apart."""
    mine, other = found.gains[0.8].value, result.main.gains[0.8].value
    if mine is None or other is None or found.heavy_losses:
        return ""
    compared = "as concentrated as"
    if mine < 0.9 * other:
        compared = "more concentrated than"
    if mine > other / 0.9:
        compared = "less concentrated than"
    needed = found.needed[0.8]
    text = f"{share(needed)} of customers bring 80% of {found.name}{bracket(needed)}"
    if found.negative_customers:
        text += (
            f"; among the {words.count(found.positive_customers)} above zero {share(found.gains[0.8])} bring 80% of "
            f"what these bring"
        )
    return f"{text}: {found.name} is {compared} {result.main.name}. "


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
        f"{multiple(found.whale_peak)} {'of ' if found.whale_peak < 10 else ''}the total {found.name}."
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
    held = part(main, best["value"], result.currency)
    group = f"the {words.count(best['customers'], 'class A customer')} ({held})"
    band = 4 if main.all_equal else _band(rule(main, 0.8))
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
            f"({part(main, top['value'].sum(), result.currency)}) and reach the others with offers."
        )
    return f"Do not plan around a few large customers: even class A is {size}. Work with the broad base."


def _cover(result: Concentration) -> str:
    main = result.main
    if not main.has_shares or main.customers <= 1:
        return ""
    one, ten = (main.money_of_largest[n] for n in (1, 10))
    if one >= _HEAVY_CUSTOMER * main.peak:
        held = "" if main.heavy_losses else f" ({words.percent(one / main.total)} of {main.name})"
        return (
            f"Secure the largest customer, {names(result.largest, 1)}: {_amount(result, 1)}{held} would leave with "
            f"it. Agree terms early and have a second contact there."
        )
    if main.customers > 10 and ten >= _HEAVY_TEN * main.peak:
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
    return (
        f"Review prices, discounts and cost to serve of the {words.count(number, 'customer')} in the top 20% by "
        f"revenue that {words.verb(number, 'loses', 'lose')} money "
        f"({words.money(lost, result.currency)} of {found.name}), first {names(result.losing)}."
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


def _amount(result: Concentration, number: int) -> str:
    return words.money(result.main.money_of_largest[number], result.currency)
