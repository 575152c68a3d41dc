"""What a reader must know before believing the figures of lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value.clv.assumptions import worst
from customer_value.clv.phrases import model
from customer_value.text import NOTHING, Count, Listing, Money, Name, Share, Text, Value, say, say_for
from customer_value.text.phrases import customers, days, months

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue

__all__ = ["warnings"]

_USUALLY = 0.5
_BUYING, _LEAVING = {"r", "alpha"}, {"a", "b", "s", "beta"}


def warnings(result: LifetimeValue) -> tuple[Text, ...]:
    """What a reader must know before believing the figures."""
    found: list[Text] = []
    if result.valuation is None:
        found.append(result.why_no_model)
    if result.sampled:
        found.append(
            say(
                "What is fitted, compared, checked and drawn here rests on {sample}; counts in those parts are of "
                "them. Values, totals and lists are those of every customer.",
                sample=result.sampled,
            )
        )
    if result.kept.basis == "revenue" and result.number:
        found.append(say("Cost is not known, so value means revenue here, not earnings."))
    if result.returns_only:
        found.append(
            say_for(
                result.returns_only,
                "{n} customer without a purchase, with returns or void orders only, has no lifetime value.",
                "{n} customers without a purchase, with returns or void orders only, have no lifetime value.",
            )
        )
    if result.contracts is not None:
        found += result.contracts.warnings
    if result.valuation is None:
        return tuple(found)
    found += [*_spend_warnings(result), *_fit_warnings(result), *_reach_warnings(result)]
    found += [check.told for check in worst(result.checks)]
    return tuple(found)


def _spend_warnings(result: LifetimeValue) -> list[Text]:
    spend, found = result.spend, []
    assert spend is not None
    if spend.fit is None:
        average: dict[str, Value] = {
            "why": spend.why_not,
            "average": Money(spend.average, result.currency),
        }
        if result.kept.company < 1:
            found.append(
                say(
                    "{why} Every purchase is therefore counted with the average of all customers, {average} before "
                    "returns.",
                    **average,
                )
            )
        else:
            found.append(
                say(
                    "{why} Every purchase is therefore counted with the average of all customers, {average}.",
                    **average,
                )
            )
    elif spend.left_out:
        found.append(
            say_for(
                spend.left_out,
                "{n} customer who bought again paid nothing for it. It stays out of the spend model and is valued as "
                "if the repeat purchases had brought 0.",
                "{n} customers who bought again paid nothing for it. They stay out of the spend model and are valued "
                "as if the repeat purchases had brought 0.",
            )
        )
    return [*found, *_kept_warnings(result)]


def _kept_warnings(result: LifetimeValue) -> list[Text]:
    """What part of sales counts as value, and whose share it is."""
    kept, found = result.kept, []
    if kept.basis == "margin" or kept.company < 1:
        found.append(_kept_rule(result))
    if kept.above:
        least = say("No customer's share counts as less than −100% of sales.")
        if kept.lowest == 0:
            least = say("From three purchase days on, nothing of such a customer's purchases counts as kept.")
        found.append(
            say_for(
                kept.above,
                "The credits of {n} customer exceed its sales. {least}",
                "The credits of {n} customers exceed their sales. {least}",
                least=least,
            )
        )
    if kept.basis == "revenue" and kept.company <= 0:
        found.append(
            say(
                "As much was credited as was sold, or more, so purchases to come are worth nothing or little."
            )
        )
    if result.late_credits is not None and result.late_credits > _USUALLY:
        found.append(
            say(
                "Credits usually come more than 30 days after the customer's last purchase before them. Recent sales "
                "may still be credited, so that values are rather too high."
            )
        )
    return found


def _kept_rule(result: LifetimeValue) -> Text:
    kept = result.kept
    told: dict[str, Value] = {
        "whose": _whose_share(result),
        "times": NOTHING
        if kept.rate is None
        else say(", times the margin rate of {rate}", rate=Share(kept.rate)),
    }
    if kept.basis != "margin":
        return say(
            "Value is expected sales times the share of them that is kept after returns, {whose}{times}.",
            **told,
        )
    if kept.rate is None:
        return say(
            "Value is margin: expected sales times the share of them that is kept after returns and cost of goods, "
            "{whose}{times}. Cost to serve is not taken off.",
            **told,
        )
    return say(
        "Value is margin: expected sales times the share of them that is kept after returns, {whose}{times}. Cost to "
        "serve is not taken off.",
        **told,
    )


def _whose_share(result: LifetimeValue) -> Text:
    kept = result.kept
    company, others = Share(kept.company), result.number - kept.own
    if not kept.own:
        return say(
            "the company's, {company}, mixed with the customer's own, as nobody has three purchase days",
            company=company,
        )
    if not others:
        return say(
            "the customer's own for {customers} with three or more purchase days",
            customers=customers(kept.own),
        )
    return say(
        "the customer's own for {customers} with three or more purchase days; for the other {others} it is mixed with "
        "the company's, {company}",
        customers=customers(kept.own),
        others=Count(others),
        company=company,
    )


def _fit_warnings(result: LifetimeValue) -> list[Text]:
    assert result.valuation is not None
    found = [_undetermined(result)]
    figures = result.figures
    if figures.least_alive is None or figures.least_alive > 0.999:
        if result.valuation.equity < 0:
            found.append(
                say(
                    "The model sees nobody leave, however long they have been silent. Longer data would show whether "
                    "that is so; if some do leave, the loss here is too large."
                )
            )
        else:
            found.append(
                say(
                    "The model sees nobody leave, however long they have been silent. Longer data would show whether "
                    "that is so; if some do leave, the values here are too large."
                )
            )
    single = figures["once"].customers
    if single and figures["known"].customers == figures["again"].customers:
        found.append(
            say(
                "BG/NBD counts every customer with one purchase as active, whatever happens. For {customers} the value "
                "at risk is therefore not known, and their value is counted as if all of them were active.",
                customers=customers(single),
            )
        )
    found.append(_missed(result))
    return [warning for warning in found if warning]


def _undetermined(result: LifetimeValue) -> Text:
    if result.fit is None or not result.fit.undetermined:
        return NOTHING
    loose = result.fit.undetermined
    unclear = [
        what
        for names, what in (
            (_BUYING, say("in how often they buy")),
            (_LEAVING, say("in when they leave")),
        )
        if names & set(loose)
    ]
    return say(
        "The data leave {parameters} of {model} open: customers hardly differ {unclear}. Values are usable, these "
        "parameters are not.",
        parameters=Listing(tuple(map(Name, loose))),
        model=model(result.fit.model.label),
        unclear=Listing(tuple(unclear)),
    )


def _missed(result: LifetimeValue) -> Text:
    holdout = result.holdout
    if holdout is None or not holdout.missed:
        return NOTHING
    if holdout.actual > holdout.total_high:
        return say(
            "The model missed the time kept back: more purchases happened than its 95% interval allows. Expect the "
            "intervals on this page to be too narrow as well."
        )
    return say(
        "The model missed the time kept back: fewer purchases happened than its 95% interval allows. Expect the "
        "intervals on this page to be too narrow as well."
    )


def _reach_warnings(result: LifetimeValue) -> list[Text]:
    assert result.start is not None
    covered = (pd.Timestamp(result.as_of) - pd.Timestamp(result.start)).days
    if covered >= result.options.horizon_months * 30:
        return []
    return [
        say(
            "The horizon of {months} is longer than the data, which cover {days}.",
            months=months(result.options.horizon_months),
            days=days(covered),
        )
    ]
