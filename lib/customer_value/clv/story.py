"""What lifetime value means here and what to do, in sentences written from the figures and true for any data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value.clv.assumptions import LEAST_REPEATERS, worst
from customer_value.clv.covariate_story import covariate_findings
from customer_value.clv.phrases import between, money, open_contracts, reported
from customer_value.clv.units import DAYS
from customer_value.clv.validation import method
from customer_value.clv.validation_tables import holdout_notes
from customer_value.text import NOTHING, Count, Day, Listing, Money, Name, Share, Text, Value, say, say_for
from customer_value.text.phrases import customers, days, months

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue
    from customer_value.clv.contracts import ContractValue
    from customer_value.clv.realised import Realised

__all__ = ["choice", "endless", "findings", "next_steps", "only_contracts", "so_far", "too_few"]

_EVENLY = 1.2
_WORTH_A_WORD = 0.005


def too_few(customers: int, repeaters: int) -> Text:
    """Why there is no model, when too few customers bought again."""
    if customers == 0:
        return say("No customer has a purchase, so there is no lifetime value to speak of.")
    if repeaters == 0:
        return say_for(
            customers,
            "The only customer has not bought on a second day, so nobody can tell yet how long customers stay. There "
            "is no lifetime value.",
            "None of the {n} customers has bought on a second day, so nobody can tell yet how long customers stay. "
            "There is no lifetime value.",
        )
    least = Count(LEAST_REPEATERS)
    if customers == 1:
        return say(
            "There is only one customer. With fewer than {least} repeat customers a model of how long customers stay "
            "would be guesswork, so none is fitted.",
            least=least,
        )
    return say(
        "Only {repeaters} of {customers} customers bought on a second day. With fewer than {least} repeat customers a "
        "model of how long customers stay would be guesswork, so none is fitted.",
        repeaters=Count(repeaters),
        customers=Count(customers),
        least=least,
    )


def only_contracts(contracts: ContractValue) -> Text:
    """Why there is no model, when every customer with a purchase has a contract."""
    return say(
        "All customers with a purchase have a contract ({customers}), so there is nobody to whom a model of purchases "
        "without a contract would apply.",
        customers=customers(len(contracts.customer_ids)),
    )


def findings(result: LifetimeValue) -> tuple[Text, ...]:
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


def next_steps(result: LifetimeValue) -> tuple[Text, ...]:
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
            say("{remedy} ({check}.)", remedy=check.remedy, check=check.judged)
            for check in worst(result.checks)
            if check.remedy
        ),
        *contracts,
    )


def choice(result: LifetimeValue) -> tuple[Text, ...]:
    """Why the model was chosen, and what a reader must know of the comparison."""
    holdout = result.holdout
    if holdout is None:
        return ()
    failed = (
        say("{model} is not compared. {why}", model=method(name), why=reported(why))
        for name, why in holdout.failures.items()
    )
    return (holdout.because, *holdout_notes(holdout, result.currency), *failed)


def so_far(result: LifetimeValue) -> tuple[Text, ...]:
    """What the customers have brought until now, less what it cost to win them."""
    found = result.realised
    if found is None or result.start is None:
        return ()
    since = say_for(
        found.customers,
        "Since {start} the {n} customer {brought}{discounted}",
        "Since {start} the {n} customers {brought}{discounted}",
        start=Day(result.start),
        brought=_brought(result, found),
        discounted=_discounted(result, found),
    )
    if not found.costed:
        return (say("{since}: the realised value.", since=since),)
    less = say(
        "{since}. Less {cost} to win {whom}, as far as it is known, the realised value is {total}.",
        since=since,
        cost=_money(result, found.cost),
        whom=_of_them(found),
        total=_money(result, found.total),
    )
    return less, *_paid_back(result)


def endless(result: LifetimeValue) -> tuple[Text, ...]:
    """What a value without an end to the horizon would be, and how much of it is far from evidence."""
    value = result.valuation
    if value is None:
        return ()
    far = _far(result, value.beyond_data_share)
    if result.why_not_endless or value.endless is None:
        why = result.why_not_endless
        return (say("{why} {far}.", why=why, far=far) if far else why,)
    whole = say(
        "Without an end to the horizon, customer equity would be {equity}.",
        equity=_money(result, value.endless),
    )
    return (say("{whole} {far}, where nothing is known.", whole=whole, far=far) if far else whole,)


def _far(result: LifetimeValue, share: float | None) -> Text:
    if share is None or result.start is None:
        return NOTHING
    return say_for(
        3 * (pd.Timestamp(result.as_of) - pd.Timestamp(result.start)).days / DAYS["M"],
        "{share} of it would lie later than three times the length of the data, beyond {n} month from now",
        "{share} of it would lie later than three times the length of the data, beyond {n} months from now",
        share=Share(share),
    )


def _brought(result: LifetimeValue, found: Realised) -> Text:
    if found.earned < 0:
        return say("lost {money}", money=_money(result, -found.earned))
    earned = _money(result, found.earned)
    if found.basis == "margin":
        return say("brought {money} in margin", money=earned)
    return say("brought {money} in sales", money=earned)


def _discounted(result: LifetimeValue, found: Realised) -> Text:
    rate = result.options.discount_rate
    if not rate:
        return NOTHING
    if found.customers == 1:
        return say(", discounted at {rate} a year to their first purchase", rate=Share(rate))
    return say(", discounted at {rate} a year to each customer's first purchase", rate=Share(rate))


def _of_them(found: Realised) -> Text:
    if found.costed == found.customers:
        return say("them") if found.customers > 1 else say("this one")
    return say("{n} of them", n=Count(found.costed))


def _paid_back(result: LifetimeValue) -> tuple[Text, ...]:
    found = result.realised
    if found is None or not found.judged:
        return ()
    parts = []
    if found.behind:
        parts.append(
            say_for(
                found.behind,
                "Of {known} with a known cost and all purchases in the data, {n} ({share}) has not earned that cost "
                "back yet.",
                "Of {known} with a known cost and all purchases in the data, {n} ({share}) have not earned that cost "
                "back yet.",
                known=customers(found.judged),
                share=Share(found.behind / found.judged),
            )
        )
    else:
        parts.append(
            say_for(
                found.judged,
                "The one customer with a known cost and all purchases in the data has earned it back.",
                "All {n} customers with a known cost and all purchases in the data have earned that cost back.",
            )
        )
    earlier = found.costed - found.judged
    if earlier:
        parts.append(
            say_for(
                earlier,
                "{n} customer with a known cost was won before the data begin; what that one brought before is not in "
                "the realised value.",
                "{n} customers with a known cost were won before the data begin; what those brought before is not in "
                "the realised value.",
            )
        )
    return tuple(parts)


def _by_class(result: LifetimeValue) -> tuple[Text, ...]:
    """How much of what is to come the customers bring who brought most so far."""
    assert result.valuation is not None
    table = result.valuation.classes
    best = table[(table["by"] == "abc") & (table["class"] == "A")]
    if best.empty or result.valuation.equity <= 0:
        return ()
    row = best.iloc[0]
    return (
        say_for(
            row["customers"],
            "The {n} customer of class A, who brought the first {cut} of sales so far, holds {share} of the value to "
            "come{without}: {equity} ({interval}).",
            "The {n} customers of class A, who brought the first {cut} of sales so far, hold {share} of the value to "
            "come{without}: {equity} ({interval}).",
            cut=Share(result.abc_cuts[0]),
            share=Share(row["share"]),
            without=NOTHING if result.contracts is None else say(" of customers without a contract"),
            equity=_money(result, row["equity"]),
            interval=between(row["low"], row["high"], result.currency),
        ),
    )


def _what_is_known(result: LifetimeValue) -> tuple[Text, ...]:
    number = result.number
    if not number or result.spend is None or result.start is None:
        return ()
    if number == 1:
        again = say("on {days}", days=days(result.purchase_days))
    elif result.repeaters == 0:
        again = say("none of them on more than one day")
    else:
        again = say("{n} of them on more than one day", n=Count(result.repeaters))
    known = say(
        "What can be said: since {start}, {customers} bought, {again}.",
        start=Day(result.start),
        customers=customers(number),
        again=again,
    )
    spent = say(
        "Purchases brought {all} in all after returns, {each} each on average.",
        all=Money(result.net_revenue, result.currency),
        each=Money(result.net_revenue / result.purchase_days, result.currency),
    )
    return known, spent


def _steps_without_model(result: LifetimeValue) -> tuple[Text, ...]:
    if not result.number and result.contracts is not None:
        return ()
    if not result.number:
        return (say("Check that the order file holds sales, not only returns."),)
    steps = [say("Take in more order history, if there is any, and run this page again.")]
    single = result.number - result.repeaters
    if single:
        steps.append(
            say_for(
                single,
                "Find out what would bring back the {n} customer with a single purchase, and note who returns: that is "
                "the data this page needs.",
                "Find out what would bring back the {n} customers with a single purchase, and note who returns: that "
                "is the data this page needs.",
            )
        )
    return tuple(steps)


def _equity(result: LifetimeValue) -> Text:
    value = result.valuation
    assert value is not None
    told: dict[str, Value] = {
        "without": NOTHING if result.contracts is None else say(" without a contract"),
        "months": months(result.options.horizon_months),
        "rate": Share(result.options.discount_rate),
        "interval": between(value.low, value.high, result.currency),
    }
    if value.equity < 0:
        return say_for(
            result.number,
            "The {n} customer{without} are expected to cost more than they bring: a loss of {loss} in margin within "
            "the next {months}, discounted at {rate} a year ({interval}). More purchases make it worse.",
            "The {n} customers{without} are expected to cost more than they bring: a loss of {loss} in margin within "
            "the next {months}, discounted at {rate} a year ({interval}). More purchases make it worse.",
            loss=_money(result, -value.equity),
            **told,
        )
    return say_for(
        result.number,
        "The {n} customer{without} is expected to bring {equity} in {what} within the next {months}, discounted at "
        "{rate} a year ({interval}).",
        "The {n} customers{without} are expected to bring {equity} in {what} within the next {months}, discounted at "
        "{rate} a year ({interval}).",
        equity=_money(result, value.equity),
        what=_what(result),
        **told,
    )


def _what(result: LifetimeValue) -> Text:
    if result.kept.basis == "margin":
        return say("margin")
    return say("sales after returns") if result.kept.company < 1 else say("sales")


def _both(result: LifetimeValue) -> tuple[Text, ...]:
    """The sum over both kinds of customers, where there are contracts."""
    equity, found = result.equity, result.contracts
    if found is None or equity is None:
        return ()
    if equity.contracts is None:
        return (
            say("Customer equity holds customers without a contract only. {why}", why=found.why_no_value),
        )
    return (
        say(
            "Customers with and without a contract together are worth {total} ({interval}): {part} of it is with "
            "{contracts}.",
            total=_money(result, equity.total),
            interval=between(equity.low, equity.high, result.currency),
            part=_money(result, equity.contracts),
            contracts=open_contracts(len(found.table)),
        ),
    )


def _contracts(result: LifetimeValue) -> tuple[Text, ...]:
    return result.contracts.findings if result.contracts is not None else ()


def _active(result: LifetimeValue) -> tuple[Text, ...]:
    again = result.figures["again"]
    who = customers(again.customers)
    if again.customers - again.p_alive < 0.5:
        return (
            say("All {customers} who bought more than once are still active by the model.", customers=who),
        )
    return (
        say(
            "Of the {customers} who bought more than once, about {active} ({share}) are still customers by the model; "
            "the others have been silent for too long, given how often they used to buy.",
            customers=who,
            active=Count(again.p_alive),
            share=Share(again.p_alive / again.customers),
        ),
    )


def _concentration(result: LifetimeValue) -> tuple[Text, ...]:
    figures = result.figures
    everyone = figures["everyone"].customers
    top = max(1, round(everyone / 10))
    if everyone < 10 or figures.positive <= 0:
        return ()
    share = figures.top_positive / figures.positive
    if share < _EVENLY * top / everyone:
        return (
            say(
                "Value is spread evenly: the best tenth of customers holds {share} of it.", share=Share(share)
            ),
        )
    return (
        say(
            "The {customers} with the highest value (10%) hold {share} of it.",
            customers=customers(top),
            share=Share(share),
        ),
    )


def _losing(result: LifetimeValue) -> tuple[Text, ...]:
    losing = result.figures["losing"]
    number = losing.customers
    if number in (0, result.figures["everyone"].customers):
        return ()
    return (
        say_for(
            number,
            "{n} customer is expected to lose {loss}: its margin is negative.",
            "{n} customers are expected to lose {loss}: their margin is negative.",
            loss=_money(result, -losing.clv),
        ),
    )


def _at_risk(result: LifetimeValue) -> tuple[Text, ...]:
    figures = result.figures
    known, likely = figures["known"], figures["likely"]
    if known.value_at_risk <= 0.001 * abs(known.clv):
        return ()
    who = say("every customer who bought more than once")
    if known.customers == figures["everyone"].customers:
        who = say("every customer")
    return (
        say_for(
            likely.customers,
            "If {who} were still active, {more} more would come in: the value at risk. {part} of it is with {n} "
            "customer who is more likely still active than not; the rest would have to be won back.",
            "If {who} were still active, {more} more would come in: the value at risk. {part} of it is with {n} "
            "customers who are more likely still active than not; the rest would have to be won back.",
            who=who,
            more=_money(result, known.value_at_risk),
            part=_money(result, likely.value_at_risk),
        ),
    )


def _one_time(result: LifetimeValue) -> tuple[Text, ...]:
    single = result.figures["once"]
    if not single.customers:
        return ()
    return (
        say_for(
            single.customers,
            "{n} customer bought on one day only. By the model this one is worth {each} on average, {all} together.",
            "{n} customers bought on one day only. By the model they are worth {each} on average, {all} together.",
            each=_money(result, single.mean),
            all=_money(result, single.clv),
        ),
    )


def _holdout(result: LifetimeValue) -> tuple[Text, ...]:
    holdout = result.holdout
    if holdout is None:
        return (
            say(
                "No time could be kept back to check the model on, so nobody knows yet how well it predicts."
            ),
        )
    told = say_for(
        holdout.scores[holdout.model].predicted,
        "Fitted on the time before, {model} expected {n} purchase in the {days} after {day}{sample}; {actual} "
        "happened.",
        "Fitted on the time before, {model} expected {n} purchases in the {days} after {day}{sample}; {actual} "
        "happened.",
        model=method(holdout.model),
        days=days(holdout.days),
        day=Day(result.calibration_end),
        sample=say(" from {sample}", sample=result.sampled) if result.sampled else NOTHING,
        actual=Count(holdout.actual),
    )
    bounds: dict[str, Value] = {"low": Count(holdout.total_low), "high": Count(holdout.total_high)}
    if holdout.missed:
        judged = say("{told} That is outside its 95% interval of {low} to {high}.", told=told, **bounds)
    else:
        judged = say("{told} That is inside its 95% interval of {low} to {high}.", told=told, **bounds)
    return judged, holdout.because


def _protect(result: LifetimeValue) -> tuple[Text, ...]:
    likely, gone = result.figures.likely, result.figures.gone
    steps = []
    if len(likely):
        steps.append(
            say(
                "Call {names} before they drift away: probably still active, yet {risk} of their value is at risk.",
                names=_names(result, likely),
                risk=_at_risk_of(result, likely),
            )
        )
    if len(gone):
        steps.append(
            say(
                "Ask {names} why they stopped: probably gone, and {risk} would come back with them.",
                names=_names(result, gone),
                risk=_at_risk_of(result, gone),
            )
        )
    return tuple(steps)


def _mend_margin(result: LifetimeValue) -> tuple[Text, ...]:
    figures = result.figures
    if not figures["losing"].customers:
        return ()
    if figures["losing"].customers > figures["everyone"].customers / 2:
        return (
            say("Raise prices or lower the cost of goods before selling more: most customers lose money."),
        )
    return (
        say(
            "Look at prices and discounts of {names}: expected loss {loss}.",
            names=_names(result, figures.worst),
            loss=_money(result, -float(figures.worst["clv"].sum())),
        ),
    )


def _second_purchase(result: LifetimeValue) -> tuple[Text, ...]:
    figures = result.figures
    once, twice = figures["once"], figures["twice"]
    if not once.customers or not twice.customers:
        return ()
    more = twice.mean - once.mean
    if more * once.customers < _WORTH_A_WORD * abs(figures["everyone"].clv):
        return ()
    return (
        say(
            "Win a second purchase from the {customers} with one: a customer with two purchases is worth {gain} more "
            "on average. What is spent on it must cost less, and a trial must show that it works.",
            customers=customers(once.customers),
            gain=_money(result, more),
        ),
    )


def _use_of_the_model(result: LifetimeValue) -> tuple[Text, ...]:
    holdout = result.holdout
    if holdout is None or result.figures["everyone"].clv <= 0:
        return ()
    rule, model = holdout.scores[holdout.winner].gini or 0.0, holdout.scores[holdout.model].gini or 0.0
    if rule > model:
        return (
            say(
                "For a list of who buys next, use the simple rule '{rule}'; use the values of the model for budgets, "
                "with their intervals.",
                rule=method(holdout.winner),
            ),
        )
    return (
        say(
            "Use the values to decide how much an account may cost; look at the interval before a large decision."
        ),
    )


def _money(result: LifetimeValue, amount: float) -> Money:
    return money(amount, result.currency)


def _names(result: LifetimeValue, rows: pd.DataFrame) -> Value:
    names = Listing(tuple(_name(result, customer) for customer in rows["customer_id"]))
    if result.names is not None:
        return names
    return say("customer {names}", names=names) if len(rows) == 1 else say("customers {names}", names=names)


def _at_risk_of(result: LifetimeValue, rows: pd.DataFrame) -> Money:
    return _money(result, float(rows["value_at_risk"].sum()))


def _name(result: LifetimeValue, customer: str) -> Value:
    name, number = (result.names or {}).get(customer), Name(str(customer), most=24)
    if isinstance(name, str) and name.strip():
        return say("{name} ({id})", name=Name(name, most=40), id=number)
    return number
