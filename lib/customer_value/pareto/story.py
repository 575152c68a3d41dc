"""Sentences about concentration, written from the figures and true for any data."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from customer_value.pareto import outlook
from customer_value.pareto.measure import FEWEST, Estimate, Measure
from customer_value.pareto.phrases import bracket, names, part, ranks, rule, share, value_label
from customer_value.text import (
    NOTHING,
    Count,
    Day,
    Listing,
    Money,
    Multiple,
    Series,
    Share,
    Text,
    Value,
    say,
    say_for,
)
from customer_value.text.phrases import customers

if TYPE_CHECKING:
    from customer_value.pareto.analysis import Concentration

__all__ = ["findings", "next_steps", "verdict", "warnings"]

_BANDS = (0.05, 0.15, 0.25, 0.40)
"""Share of customers that brings 80 %: where one reading ends and the next begins."""

_READINGS = (
    say("far more concentrated than 80/20"),
    say("more concentrated than 80/20"),
    say("80/20"),
    say("more even than 80/20"),
    say("far more even than 80/20"),
)
_FAIR, _FAR = 2, 4
_HEAVY_CUSTOMER, _HEAVY_TEN = 0.10, 0.50


def verdict(result: Concentration) -> Text:
    """The measured rule in one sentence, with its interval and how it compares with 80/20."""
    main, value_share = result.main, result.options.value_share
    number, value = main.customers, value_label(main.value)
    total = Money(main.total, result.currency)
    if not main.has_shares:
        return say_for(
            number,
            "{n} customer together has {value} of {total}, which is not above zero: there are no shares to speak of, "
            "only amounts.{gains}",
            "{n} customers together have {value} of {total}, which is not above zero: there are no shares to speak of, "
            "only amounts.{gains}",
            value=value,
            total=total,
            gains=_of_gains(result),
        )
    if number < FEWEST:
        return say_for(
            number,
            "{n} customer is too few to speak of a rule: it takes at least {fewest}. The largest brings {part}.",
            "{n} customers are too few to speak of a rule: it takes at least {fewest}. The largest brings {part}.",
            fewest=Count(FEWEST),
            part=part(main, main.money_of_largest[1], result.currency),
        )
    if main.all_equal:
        return say(
            "All {customers} bring the same {value}: this is as far from 80/20 as can be.",
            customers=customers(number),
            value=value,
        )
    if main.heavy_losses:
        return say(
            "The customers above zero bring {gained} of {value}, the others lose {lost} of it: losses are larger than "
            "the total of {total}, so shares of that total say little.{gains}",
            gained=Money(main.peak, result.currency),
            value=value,
            lost=Money(-main.negative_total, result.currency),
            total=total,
            gains=_of_gains(result),
        )
    needed = main.needed[value_share]
    return say(
        "{share} of customers bring {value_share} of {value}{interval}; {reading}.",
        share=share(needed),
        value_share=Share(value_share),
        value=value,
        interval=bracket(needed),
        reading=_reading(main.needed[0.8]),
    )


def findings(result: Concentration) -> tuple[Text, ...]:
    """What the figures mean, most important first."""
    parts = [
        _base(result),
        verdict(result),
        _spread(result),
        _classes(result),
        _dependence(result),
        _earnings(result),
        _below_zero(result),
        *outlook.findings(result),
    ]
    return tuple(part for part in parts if part)


def next_steps(result: Concentration) -> tuple[Text, ...]:
    """What to do, following from the findings."""
    parts = [_care(result), _cover(result), _mend(result), _credit(result), *outlook.next_steps(result)]
    return tuple(part for part in parts if part)


def warnings(result: Concentration) -> tuple[Text, ...]:
    """What limits the figures."""
    parts = [_too_few(result), _unknown(result), _with_losses(result), _pyramid_without_profit(result)]
    return (*(part for part in (*parts, _blurred(result)) if part), *outlook.warnings(result))


def _too_few(result: Concentration) -> Text:
    number = result.main.customers
    if number >= FEWEST:
        return NOTHING
    return say_for(
        number,
        "There is only {n} customer: shares of customers say little and no interval is given (from {fewest} customers "
        "on).",
        "There are only {n} customers: shares of customers say little and no interval is given (from {fewest} "
        "customers on).",
        fewest=Count(FEWEST),
    )


def _unknown(result: Concentration) -> Text:
    main = result.main
    if not main.missing:
        return NOTHING
    return say_for(
        main.missing,
        "{n} customer has no known {value} and is left out.",
        "{n} customers have no known {value} and are left out.",
        value=value_label(main.value),
    )


def _with_losses(result: Concentration) -> Text:
    main = result.main
    if not main.negative_customers or not main.has_shares:
        return NOTHING
    return say_for(
        main.negative_customers,
        "{n} customer has negative {value}. Shares are of the net total; the Gini coefficient and the Lorenz curve are "
        "not defined with negative values, so the cumulative (whale) curve stands in for them.",
        "{n} customers have negative {value}. Shares are of the net total; the Gini coefficient and the Lorenz curve "
        "are not defined with negative values, so the cumulative (whale) curve stands in for them.",
        value=value_label(main.value),
    )


def _pyramid_without_profit(result: Concentration) -> Text:
    if result.pyramid_value == "profit" or "profit" in result.measures:
        return NOTHING
    return say(
        "Profit per customer is not known, so the customer pyramid goes by {value}.",
        value=value_label(result.pyramid_value),
    )


def _blurred(result: Concentration) -> Text:
    blurred = [
        value_label(value)
        for value in dict.fromkeys([result.value, result.pyramid_value])
        if _is_blurred(result.measures[value])
    ]
    if not blurred:
        return NOTHING
    return say(
        "Losses leave a total {values} that is small beside the amounts that it is made of: shares of it are no guide, "
        "and have no interval where a resample has no total above zero.",
        values=Listing(tuple(blurred)),
    )


def _is_blurred(found: Measure) -> bool:
    without_interval = found.has_shares and found.customers >= FEWEST and found.top[0.2].low is None
    return found.heavy_losses or without_interval


def _of_gains(result: Concentration) -> Text:
    """The rule among the customers above zero, for what these bring; with a space before it."""
    main, value_share = result.main, result.options.value_share
    needed = main.gains[value_share]
    if main.positive_customers < FEWEST or needed.value is None:
        return NOTHING
    return say(
        " Among the {customers} above zero, {share} bring {value_share} of what they bring{interval}; {reading}.",
        customers=customers(main.positive_customers),
        share=share(needed),
        value_share=Share(value_share),
        interval=bracket(needed),
        reading=_reading(main.gains[0.8]),
    )


def _base(result: Concentration) -> Text:
    main = result.main
    without = NOTHING
    if result.returns_only:
        without = say_for(
            result.returns_only,
            " ({n} of them without a purchase, only returns or orders for nothing; it counts here)",
            " ({n} of them without a purchase, only returns or orders for nothing; they count here)",
        )
    brought: dict[str, Value] = {
        "customers": customers(main.customers),
        "value": value_label(main.value),
        "total": Money(main.total, result.currency),
        "without": without,
    }
    if result.start and result.as_of:
        return say(
            "From {start} to {as_of}, {customers} brought {value} of {total}{without}.",
            start=Day(result.start),
            as_of=Day(result.as_of),
            **brought,
        )
    return say("{customers} brought {value} of {total}{without}.", **brought)


def _spread(result: Concentration) -> Text:
    main = result.main
    if not ranks(main) or main.heavy_losses:
        return NOTHING
    top = main.top[result.options.top_share]
    return say(
        "The top {top} of customers hold {held} of {value}{interval}{alike}.",
        top=Share(result.options.top_share),
        held=share(top),
        value=value_label(main.value),
        interval=bracket(top),
        alike=_alike(main.effective_customers.value),
    )


def _alike(few: float | None) -> Text:
    """How many equal customers would be just as concentrated."""
    if few is None:
        return NOTHING
    if few < 1.5:
        return say(", almost as if one customer brought it all")
    return say_for(
        few,
        "; the money is as concentrated as if {n} equal customer shared it",
        "; the money is as concentrated as if {n} equal customers shared it",
    )


def _classes(result: Concentration) -> Text:
    main = result.main
    if not main.peak > 0:
        return NOTHING
    parts = [
        say(
            "{class_} has {customers} ({share}) with {part}",
            class_=say(row["class"]),
            customers=customers(row["customers"]),
            share=Share(row["customer_share"]),
            part=part(main, row["value"], result.currency),
        )
        for row in main.abc_table.to_dict("records")
        if row["customers"]
    ]
    return say("ABC classes: {classes}.", classes=Series(tuple(parts)))


def _dependence(result: Concentration) -> Text:
    main = result.main
    if not main.peak > 0 or main.customers <= 1:
        return NOTHING
    one, ten = (main.money_of_largest[n] for n in (1, 10))
    heavy = one >= _HEAVY_CUSTOMER * main.peak or (main.customers > 10 and ten >= _HEAVY_TEN * main.peak)
    tail = say("the company depends on very few") if heavy else say("no single customer decides the result")
    largest = part(main, one, result.currency)
    if main.customers <= 10:
        return say("The largest customer brings {largest}: {tail}.", largest=largest, tail=tail)
    amount = NOTHING
    if main.has_shares and not main.heavy_losses:
        amount = say(" ({money})", money=_amount(result, 10))
    return say(
        "The largest customer brings {largest}, the ten largest {ten}{amount}: {tail}.",
        largest=largest,
        ten=part(main, ten, result.currency),
        amount=amount,
        tail=tail,
    )


def _earnings(result: Concentration) -> Text:
    found = result.earnings
    if found is None:
        return NOTHING
    beside = NOTHING
    if found is not result.main and ranks(found) and ranks(result.main):
        beside = _beside(result, found)
    return (
        say("{beside} {losses}", beside=beside, losses=_whale(result, found))
        if beside
        else _whale(result, found)
    )


def _beside(result: Concentration, found: Measure) -> Text:
    """Whether what is earned hangs on fewer customers than what is bought, losses apart."""
    mine, other = found.gains[0.8].value, result.main.gains[0.8].value
    if mine is None or other is None or found.heavy_losses:
        return NOTHING
    needed = found.needed[0.8]
    among = NOTHING
    if found.negative_customers:
        among = say(
            "; among the {n} above zero {share} bring 80% of what these bring",
            n=Count(found.positive_customers),
            share=share(found.gains[0.8]),
        )
    values: dict[str, Value] = {
        "share": share(needed),
        "value": value_label(found.value),
        "interval": bracket(needed),
        "among": among,
        "other": value_label(result.value),
    }
    if mine < 0.9 * other:
        return say(
            "{share} of customers bring 80% of {value}{interval}{among}: {value} is more concentrated than {other}.",
            **values,
        )
    if mine > other / 0.9:
        return say(
            "{share} of customers bring 80% of {value}{interval}{among}: {value} is less concentrated than {other}.",
            **values,
        )
    return say(
        "{share} of customers bring 80% of {value}{interval}{among}: {value} is as concentrated as {other}.",
        **values,
    )


def _whale(result: Concentration, found: Measure) -> Text:
    number, currency, value = found.negative_customers, result.currency, value_label(found.value)
    total = Money(found.total, currency)
    if not number:
        return say("No customer has negative {value}; the total is {total}.", value=value, total=total)
    return say_for(
        number,
        "{n} customer ({share}) loses money: {lost} of {value} in all. {others}",
        "{n} customers ({share}) lose money: {lost} of {value} in all. {others}",
        share=Share(number / found.customers),
        lost=Money(found.negative_total, currency),
        value=value,
        others=_others(found, currency),
    )


def _others(found: Measure, currency: str) -> Text:
    """What the customers earn who lose nothing."""
    earned, total = Money(found.peak, currency), Money(found.total, currency)
    if not found.peak > 0:
        return say("Nobody earns money.")
    if found.whale_peak is None:
        return say(
            "That uses up the {earned} that the others earn: the total is {total}.",
            earned=earned,
            total=total,
        )
    values: dict[str, Value] = {
        "earned": earned,
        "multiple": Multiple(found.whale_peak),
        "value": value_label(found.value),
    }
    if found.whale_peak < 10:
        return say("The others earn {earned}, {multiple} of the total {value}.", **values)
    return say("The others earn {earned}, {multiple} the total {value}.", **values)


def _below_zero(result: Concentration) -> Text:
    main = result.main
    if not main.negative_customers or main is result.earnings:
        return NOTHING
    return say_for(
        main.negative_customers,
        "{n} customer has negative {value}, {money} in all: more came back than was bought in this period.",
        "{n} customers have negative {value}, {money} in all: more came back than was bought in this period.",
        value=value_label(main.value),
        money=Money(main.negative_total, result.currency),
    )


def _care(result: Concentration) -> Text:
    main = result.main
    if not main.has_shares:
        return _why_nothing(main)
    if main.customers < FEWEST:
        return say("Decide for each customer by name; a classification adds nothing at this size.")
    best = main.abc_table.iloc[0]
    number, held = int(best["customers"]), part(main, best["value"], result.currency)
    band = _FAR if main.all_equal else _band(rule(main, 0.8))
    if band < _FAIR:
        return say_for(
            number,
            "Give the {n} class A customer ({held}) a named contact and a yearly plan: very few customers decide the "
            "result.",
            "Give the {n} class A customers ({held}) a named contact and a yearly plan: very few customers decide the "
            "result.",
            held=held,
        )
    if band == _FAIR:
        return say_for(
            number,
            "Serve the {n} class A customer ({held}) apart from the others, and keep the service of class C simple and "
            "cheap.",
            "Serve the {n} class A customers ({held}) apart from the others, and keep the service of class C simple "
            "and cheap.",
            held=held,
        )
    size = say("{customers} ({share})", customers=customers(number), share=Share(best["customer_share"]))
    if band == _FAR:
        return say(
            "Do not plan around a few large customers: even class A is {size}. Work with the broad base.",
            size=size,
        )
    top = main.pyramid_table.head(2)
    return say(
        "Class A is {size}, too many for personal care: give the {n} in the top 5% a named contact ({held}) and reach "
        "the others with offers.",
        size=size,
        n=Count(top["customers"].sum()),
        held=part(main, top["value"].sum(), result.currency),
    )


def _why_nothing(main: Measure) -> Text:
    value = value_label(main.value)
    if not main.negative_customers:
        return say(
            "Find out why {value} is not above zero in total before ranking customers: no customer brought any.",
            value=value,
        )
    return say(
        "Find out why {value} is not above zero in total before ranking customers; start with the {customers} below "
        "zero.",
        value=value,
        customers=customers(main.negative_customers),
    )


def _cover(result: Concentration) -> Text:
    main = result.main
    if not main.has_shares or main.customers <= 1:
        return NOTHING
    one, ten = (main.money_of_largest[n] for n in (1, 10))
    if one >= _HEAVY_CUSTOMER * main.peak:
        held = NOTHING
        if not main.heavy_losses:
            held = say(" ({share} of {value})", share=Share(one / main.total), value=value_label(main.value))
        return say(
            "Secure the largest customer, {name}: {money}{held} would leave with it. Agree terms early and have a "
            "second contact there.",
            name=names(result.largest, 1),
            money=_amount(result, 1),
            held=held,
        )
    if main.customers > 10 and ten >= _HEAVY_TEN * main.peak:
        return say(
            "Secure the ten largest customers: {money} would leave with them.", money=_amount(result, 10)
        )
    return NOTHING


def _mend(result: Concentration) -> Text:
    found = result.earnings
    if found is None or not found.negative_customers or result.tiers is None or result.losing is None:
        return NOTHING
    big = result.tiers.iloc[:12]
    number, lost, value = int(big["losing"].sum()), float(big["loss"].sum()), value_label(found.value)
    if not number:
        return say(
            "Make small customers cheaper to serve: all {n} that lose money ({lost} of {value}) are outside the top "
            "20% by revenue.",
            n=Count(found.negative_customers),
            lost=Money(found.negative_total, result.currency),
            value=value,
        )
    return say_for(
        number,
        "Review prices, discounts and cost to serve of the {n} customer in the top 20% by revenue that loses money "
        "({lost} of {value}), first {names}.",
        "Review prices, discounts and cost to serve of the {n} customers in the top 20% by revenue that lose money "
        "({lost} of {value}), first {names}.",
        lost=Money(lost, result.currency),
        value=value,
        names=names(result.losing),
    )


def _credit(result: Concentration) -> Text:
    main = result.main
    if not main.negative_customers or main.value != "net_revenue" or not main.has_shares:
        return NOTHING
    below = customers(main.negative_customers)
    if not result.start:
        return say("Look at the returns of the {customers} below zero.", customers=below)
    return say(
        "Look at the returns of the {customers} below zero: the purchases may lie before {start}.",
        customers=below,
        start=Day(result.start),
    )


def _band(needed: Estimate) -> int:
    return bisect_right(_BANDS, needed.value if needed.value is not None else 0.8)


def _reading(needed: Estimate) -> Text:
    """How the share of customers that brings 80 % compares with the rule."""
    band = _band(needed)
    text = say("this is {reading}", reading=_READINGS[band])
    if band == _FAIR:
        text = say("80/20 is a fair description here")
    if band == _FAR:
        text = say(
            "this is {reading}, so the rule does not describe these customers", reading=_READINGS[band]
        )
    if needed.low is None or needed.high is None:
        return text
    ends = {bisect_right(_BANDS, needed.low), bisect_right(_BANDS, needed.high)}
    others = sorted(ends - {band})
    if not others:
        return text
    also = Listing(tuple(_READINGS[other] for other in others))
    return say("{reading}, though the interval also allows {also}", reading=text, also=also)


def _amount(result: Concentration, number: int) -> Money:
    return Money(result.main.money_of_largest[number], result.currency)
