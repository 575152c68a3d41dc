"""What lifetime value means here and what to do, in sentences written from the figures and true for any data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.clv.assumptions import LEAST_REPEATERS, worst
from customer_value.clv.covariate_story import covariate_findings
from customer_value.clv.units import DAYS
from customer_value.clv.validation import label_of
from customer_value.clv.validation_tables import holdout_notes

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue
    from customer_value.clv.contracts import ContractValue
    from customer_value.clv.realised import Realised

__all__ = ["choice", "endless", "findings", "next_steps", "only_contracts", "so_far", "too_few"]

_EVENLY = 1.2
_WORTH_A_WORD = 0.005


def too_few(customers: int, repeaters: int) -> str:
    """Why there is no model, when too few customers bought again."""
    if customers == 0:
        return "No customer has a purchase, so there is no lifetime value to speak of."
    if repeaters == 0:
        only = "The only customer" if customers == 1 else f"None of the {words.count(customers, 'customer')}"
        has = "has not bought on a second day" if customers == 1 else "has bought on a second day"
        return f"{only} {has}, so nobody can tell yet how long customers stay. There is no lifetime value."
    who = (
        "There is only one customer."
        if customers == 1
        else f"Only {words.count(repeaters)} of {words.count(customers, 'customer')} bought on a second day."
    )
    return (
        f"{who} With fewer than {LEAST_REPEATERS} repeat customers a model of how long customers stay would be "
        "guesswork, so none is fitted."
    )


def only_contracts(contracts: ContractValue) -> str:
    """Why there is no model, when every customer with a purchase has a contract."""
    return (
        f"All customers with a purchase have a contract ({words.count(len(contracts.customer_ids), 'customer')}), so "
        "there is nobody to whom a model of purchases without a contract would apply."
    )


def findings(result: LifetimeValue) -> tuple[str, ...]:
    """What the figures mean, most important first."""
    if result.valuation is None:
        return (result.why_no_model, *_what_is_known(result), *_contracts(result))
    parts = [
        *_both(result),
        _equity(result),
        *so_far(result)[:1],
        *_active(result),
        *_concentration(result),
        *_by_class(result),
        *_losing(result),
        *_at_risk(result),
        *_one_time(result),
        *(covariate_findings(result.covariates) if result.covariates else ()),
        *_holdout(result),
        *_contracts(result),
    ]
    return tuple(parts)


def next_steps(result: LifetimeValue) -> tuple[str, ...]:
    """What to do, following from the findings."""
    contracts = result.contracts.next_steps if result.contracts else ()
    if result.valuation is None:
        return (*_steps_without_model(result), *contracts)
    return (
        *_mend_margin(result),
        *_protect(result),
        *_second_purchase(result),
        *_use_of_the_model(result),
        *(
            f"{check.remedy} ({_capital(check.name)}: {check.verdict}.)"
            for check in worst(result.checks)
            if check.remedy
        ),
        *contracts,
    )


def choice(result: LifetimeValue) -> tuple[str, ...]:
    """Why the model was chosen, and what a reader must know of the comparison."""
    holdout = result.holdout
    if holdout is None:
        return ()
    failed = (f"{label_of(name)} is not compared. {why}" for name, why in holdout.failures.items())
    return (holdout.because, *holdout_notes(holdout, result.currency), *failed)


def so_far(result: LifetimeValue) -> tuple[str, ...]:
    """What the customers have brought until now, less what it cost to win them."""
    found = result.realised
    if found is None or result.start is None:
        return ()
    who = words.count(found.customers, "customer")
    what = "margin" if found.basis == "margin" else "sales"
    each = "their" if found.customers == 1 else "each customer's"
    discounted = (
        f", discounted at {words.percent(result.options.discount_rate)} a year to {each} first purchase"
        if result.options.discount_rate
        else ""
    )
    earned = found.earned
    brought = (
        f"lost {_money(result, -earned)}" if earned < 0 else f"brought {_money(result, earned)} in {what}"
    )
    since = f"Since {words.day(result.start)} the {who} {brought}{discounted}"
    if not found.costed:
        return (f"{since}: the realised value.",)
    less = (
        f"Less {_money(result, found.cost)} to win {_of_them(found)}, as far as it "
        f"is known, the realised value is {_money(result, found.total)}."
    )
    return f"{since}. {less}", *_paid_back(result)


def endless(result: LifetimeValue) -> tuple[str, ...]:
    """What a value without an end to the horizon would be, and how much of it is far from evidence."""
    value = result.valuation
    if value is None:
        return ()
    far = _far(result, value.beyond_data_share)
    if result.why_not_endless or value.endless is None:
        return (f"{result.why_not_endless}{f' {far}.' if far else ''}",)
    whole = f"Without an end to the horizon, customer equity would be {_money(result, value.endless)}."
    return (f"{whole} {far}, where nothing is known.",) if far else (whole,)


def _far(result: LifetimeValue, share: float | None) -> str:
    if share is None or result.start is None:
        return ""
    months = 3 * (pd.Timestamp(result.as_of) - pd.Timestamp(result.start)).days / DAYS["M"]
    return (
        f"{words.percent(share)} of it would lie later than three times the length of the data, beyond "
        f"{words.count(months, 'month')} from now"
    )


def _of_them(found: Realised) -> str:
    everyone = found.customers
    if found.costed == everyone:
        return "them" if everyone > 1 else "this one"
    return f"{words.count(found.costed)} of them"


def _paid_back(result: LifetimeValue) -> tuple[str, ...]:
    found = result.realised
    if found is None or not found.judged:
        return ()
    known = words.count(found.judged, "customer")
    parts = []
    earlier = found.costed - found.judged
    if found.behind:
        share = words.percent(found.behind / found.judged)
        parts.append(
            f"Of {known} with a known cost and all purchases in the data, {words.count(found.behind)} ({share}) "
            f"{words.verb(found.behind, 'has', 'have')} not earned that cost back yet."
        )
    else:
        parts.append(
            f"All {known} with a known cost and all purchases in the data have earned that cost back."
            if found.judged > 1
            else "The one customer with a known cost and all purchases in the data has earned it back."
        )
    if earlier:
        were = words.verb(earlier, "was", "were")
        parts.append(
            f"{words.count(earlier, 'customer')} with a known cost {were} won before the data begin; what "
            f"{words.verb(earlier, 'that one', 'those')} brought before is not in the realised value."
        )
    return tuple(parts)


def _by_class(result: LifetimeValue) -> tuple[str, ...]:
    """How much of what is to come the customers bring who brought most so far."""
    assert result.valuation is not None
    table = result.valuation.classes
    best = table[(table["by"] == "abc") & (table["class"] == "A")]
    if best.empty or result.valuation.equity <= 0:
        return ()
    row = best.iloc[0]
    bounds = words.interval(_money(result, row["low"]), _money(result, row["high"]))
    who = words.count(row["customers"], "customer")
    whose = " of customers without a contract" if result.contracts is not None else ""
    return (
        f"The {who} of class A, who brought the first {words.percent(result.abc_cuts[0])} of sales so far, "
        f"{words.verb(row['customers'], 'holds', 'hold')} {words.percent(row['share'])} of the value to "
        f"come{whose}: "
        f"{_money(result, row['equity'])} ({bounds}).",
    )


def _what_is_known(result: LifetimeValue) -> tuple[str, ...]:
    customers = result.number
    if not customers or result.spend is None or result.start is None:
        return ()
    days = result.purchase_days
    more = "none" if result.repeaters == 0 else words.count(result.repeaters)
    again = f"{more} of them on more than one day" if customers > 1 else f"on {words.count(days, 'day')}"
    known = f"What can be said: since {words.day(result.start)}, {words.count(customers, 'customer')} bought, {again}."
    net = result.net_revenue
    spent = (
        f"Purchases brought {words.money(net, result.currency)} in all after returns, "
        f"{words.money(net / days, result.currency)} each on average."
    )
    return known, spent


def _steps_without_model(result: LifetimeValue) -> tuple[str, ...]:
    if not result.number and result.contracts is not None:
        return ()
    if not result.number:
        return ("Check that the order file holds sales, not only returns.",)
    steps = ["Take in more order history, if there is any, and run this page again."]
    single = result.number - result.repeaters
    if single:
        steps.append(
            f"Find out what would bring back the {words.count(single, 'customer')} with a single purchase, "
            "and note who returns: that is the data this page needs."
        )
    return tuple(steps)


def _equity(result: LifetimeValue) -> str:
    value = result.valuation
    assert value is not None
    who = words.count(result.number, "customer")
    who = who if result.contracts is None else f"{who} without a contract"
    bounds = words.interval(_money(result, value.low), _money(result, value.high))
    horizon = f"within the next {words.count(result.options.horizon_months, 'month')}"
    worth = f"discounted at {words.percent(result.options.discount_rate)} a year"
    if value.equity < 0:
        return (
            f"The {who} are expected to cost more than they bring: a loss of {_money(result, -value.equity)} "
            f"in margin {horizon}, {worth} ({bounds}). More purchases make it worse."
        )
    after = " after returns" if result.kept.company < 1 else ""
    what = "margin" if result.kept.basis == "margin" else f"sales{after}"
    return (
        f"The {who} {words.verb(result.number, 'is', 'are')} expected to bring "
        f"{_money(result, value.equity)} in {what} {horizon}, {worth} ({bounds})."
    )


def _both(result: LifetimeValue) -> tuple[str, ...]:
    """The sum over both kinds of customers, where there are contracts."""
    equity, found = result.equity, result.contracts
    if found is None or equity is None:
        return ()
    if equity.contracts is None:
        return (f"Customer equity holds customers without a contract only. {found.why_no_value}",)
    bounds = words.interval(_money(result, equity.low), _money(result, equity.high))
    return (
        f"Customers with and without a contract together are worth {_money(result, equity.total)} ({bounds}): "
        f"{_money(result, equity.contracts)} of it is with {words.count(len(found.table), 'open contract')}.",
    )


def _contracts(result: LifetimeValue) -> tuple[str, ...]:
    return result.contracts.findings if result.contracts is not None else ()


def _active(result: LifetimeValue) -> tuple[str, ...]:
    again = result.figures["again"]
    if again.customers - again.p_alive < 0.5:
        return (
            f"All {words.count(again.customers, 'customer')} who bought more than once are still active by the model.",
        )
    return (
        f"Of the {words.count(again.customers, 'customer')} who bought more than once, about "
        f"{words.count(again.p_alive)} ({words.percent(again.p_alive / again.customers)}) are still customers by the "
        "model; the others have been silent for too long, given how often they used to buy.",
    )


def _concentration(result: LifetimeValue) -> tuple[str, ...]:
    figures = result.figures
    customers = figures["everyone"].customers
    top = max(1, round(customers / 10))
    if customers < 10 or figures.positive <= 0:
        return ()
    share = figures.top_positive / figures.positive
    if share < _EVENLY * top / customers:
        return (f"Value is spread evenly: the best tenth of customers holds {words.percent(share)} of it.",)
    return (
        f"The {words.count(top, 'customer')} with the highest value (10%) hold {words.percent(share)} of it.",
    )


def _losing(result: LifetimeValue) -> tuple[str, ...]:
    losing = result.figures["losing"]
    number = losing.customers
    if number in (0, result.figures["everyone"].customers):
        return ()
    return (
        f"{words.count(number, 'customer')} {words.verb(number, 'is', 'are')} expected to lose "
        f"{_money(result, -losing.clv)}: {words.verb(number, 'its', 'their')} margin is negative.",
    )


def _at_risk(result: LifetimeValue) -> tuple[str, ...]:
    figures = result.figures
    known, likely = figures["known"], figures["likely"]
    if known.value_at_risk <= 0.001 * abs(known.clv):
        return ()
    everyone = known.customers == figures["everyone"].customers
    who = "every customer" if everyone else "every customer who bought more than once"
    return (
        f"If {who} were still active, {_money(result, known.value_at_risk)} more would come in: the value at risk. "
        f"{_money(result, likely.value_at_risk)} of it is with {words.count(likely.customers, 'customer')} who "
        f"{words.verb(likely.customers, 'is', 'are')} more likely still active than not; the rest would have to be "
        "won back.",
    )


def _one_time(result: LifetimeValue) -> tuple[str, ...]:
    single = result.figures["once"]
    if not single.customers:
        return ()
    each = _money(result, single.mean)
    return (
        f"{_capital(words.count(single.customers, 'customer'))} bought on one day only. By the model "
        f"{words.verb(single.customers, 'this one is', 'they are')} worth {each} on average, "
        f"{_money(result, single.clv)} together.",
    )


def _holdout(result: LifetimeValue) -> tuple[str, ...]:
    holdout = result.holdout
    if holdout is None:
        return (
            "No time could be kept back to check the model on, so nobody knows yet how well it predicts.",
        )
    predicted = holdout.scores[holdout.model].predicted
    period = f"in the {words.count(holdout.days, 'day')} after {words.day(result.calibration_end)}"
    told = (
        f"Fitted on the time before, {label_of(holdout.model)} expected {words.count(predicted, 'purchase')} "
        f"{period}{_of_the_sample(result)}; {words.count(holdout.actual)} happened."
    )
    bounds = f"{words.count(holdout.total_low)} to {words.count(holdout.total_high)}"
    judged = (
        f"That is outside its 95% interval of {bounds}."
        if holdout.missed
        else f"That is inside its 95% interval of {bounds}."
    )
    return f"{told} {judged}", holdout.because


def _protect(result: LifetimeValue) -> tuple[str, ...]:
    likely, gone = result.figures.likely, result.figures.gone
    steps = []
    if len(likely):
        steps.append(
            f"Call {_names(result, likely)} before they drift away: probably still active, yet "
            f"{_at_risk_of(result, likely)} of their value is at risk."
        )
    if len(gone):
        steps.append(
            f"Ask {_names(result, gone)} why they stopped: probably gone, and "
            f"{_at_risk_of(result, gone)} would come back with them."
        )
    return tuple(steps)


def _mend_margin(result: LifetimeValue) -> tuple[str, ...]:
    figures = result.figures
    if not figures["losing"].customers:
        return ()
    if figures["losing"].customers > figures["everyone"].customers / 2:
        return ("Raise prices or lower the cost of goods before selling more: most customers lose money.",)
    worst_ones = figures.worst
    return (
        f"Look at prices and discounts of {_names(result, worst_ones)}: expected loss "
        f"{_money(result, -float(worst_ones['clv'].sum()))}.",
    )


def _second_purchase(result: LifetimeValue) -> tuple[str, ...]:
    figures = result.figures
    once, twice = figures["once"], figures["twice"]
    if not once.customers or not twice.customers:
        return ()
    more = twice.mean - once.mean
    if more * once.customers < _WORTH_A_WORD * abs(figures["everyone"].clv):
        return ()
    gain = _money(result, more)
    return (
        f"Win a second purchase from the {words.count(once.customers, 'customer')} with one: a customer with two "
        f"purchases is worth {gain} more on average. What is spent on it must cost less, and a trial must show "
        "that it works.",
    )


def _use_of_the_model(result: LifetimeValue) -> tuple[str, ...]:
    holdout = result.holdout
    if holdout is None or result.figures["everyone"].clv <= 0:
        return ()
    rule, model = holdout.scores[holdout.winner].gini or 0.0, holdout.scores[holdout.model].gini or 0.0
    if rule > model:
        return (
            f"For a list of who buys next, use the simple rule '{label_of(holdout.winner)}'; use the values of "
            "the model for budgets, with their intervals.",
        )
    return (
        "Use the values to decide how much an account may cost; look at the interval before a large decision.",
    )


def _of_the_sample(result: LifetimeValue) -> str:
    return f" from {result.sampled}" if result.sampled else ""


def _money(result: LifetimeValue, amount: float) -> str:
    return words.short_money(amount, result.currency)


def _names(result: LifetimeValue, rows: pd.DataFrame) -> str:
    names = words.listing(_name(result, customer) for customer in rows["customer_id"])
    if result.names is not None:
        return names
    return f"{words.verb(len(rows), 'customer', 'customers')} {names}"


def _at_risk_of(result: LifetimeValue, rows: pd.DataFrame) -> str:
    return _money(result, float(rows["value_at_risk"].sum()))


def _name(result: LifetimeValue, customer: str) -> str:
    name = (result.names or {}).get(customer)
    if isinstance(name, str) and name.strip():
        return f"{words.plain(name, most=40)} ({words.plain(customer, most=24)})"
    return words.plain(customer, most=24)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
