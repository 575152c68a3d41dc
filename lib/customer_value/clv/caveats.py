"""What a reader must know before believing the figures of lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.clv.assumptions import worst

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue

__all__ = ["warnings"]

_USUALLY = 0.5
_BUYING, _LEAVING = {"r", "alpha"}, {"a", "b", "s", "beta"}


def warnings(result: LifetimeValue) -> tuple[str, ...]:
    """What a reader must know before believing the figures."""
    found: list[str] = []
    if result.valuation is None:
        found.append(result.why_no_model)
    if result.sampled:
        found.append(
            f"What is fitted, compared, checked and drawn here rests on {result.sampled}; counts in those parts are "
            "of them. Values, totals and lists are those of every customer."
        )
    if result.kept.basis == "revenue" and result.number:
        found.append("Cost is not known, so value means revenue here, not earnings.")
    if result.returns_only:
        found.append(
            f"{_capital(words.count(result.returns_only, 'customer'))} without a purchase, with returns or void "
            f"orders only, {words.verb(result.returns_only, 'has', 'have')} no lifetime value."
        )
    if result.contracts is not None:
        found += result.contracts.warnings
    if result.valuation is None:
        return tuple(found)
    found += [*_spend_warnings(result), *_fit_warnings(result), *_reach_warnings(result)]
    found += [f"{_capital(check.name)}: {check.verdict}. {check.evidence}" for check in worst(result.checks)]
    return tuple(found)


def _spend_warnings(result: LifetimeValue) -> list[str]:
    spend, found = result.spend, []
    assert spend is not None
    if spend.fit is None:
        found.append(
            f"{spend.why_not} Every purchase is therefore counted with the average of all customers, "
            f"{words.money(spend.average, result.currency)}{' before returns' if result.kept.company < 1 else ''}."
        )
    elif spend.left_out:
        found.append(
            f"{_capital(words.count(spend.left_out, 'customer'))} who bought again paid nothing for it. "
            f"{words.verb(spend.left_out, 'It stays', 'They stay')} out of the spend model and "
            f"{words.verb(spend.left_out, 'is', 'are')} valued as if the repeat purchases had brought 0."
        )
    return [*found, *_kept_warnings(result)]


def _kept_warnings(result: LifetimeValue) -> list[str]:
    """What part of sales counts as value, and whose share it is."""
    kept, found = result.kept, []
    if kept.basis == "margin" or kept.company < 1:
        found.append(_kept_rule(result))
    if kept.above:
        least = (
            "From three purchase days on, nothing of such a customer's purchases counts as kept."
            if kept.lowest == 0
            else "No customer's share counts as less than −100% of sales."
        )
        whose = words.verb(kept.above, "its", "their")
        found.append(f"The credits of {words.count(kept.above, 'customer')} exceed {whose} sales. {least}")
    if kept.basis == "revenue" and kept.company <= 0:
        found.append(
            "As much was credited as was sold, or more, so purchases to come are worth nothing or little."
        )
    if result.late_credits is not None and result.late_credits > _USUALLY:
        found.append(
            "Credits usually come more than 30 days after the customer's last purchase before them. Recent sales "
            "may still be credited, so that values are rather too high."
        )
    return found


def _kept_rule(result: LifetimeValue) -> str:
    kept = result.kept
    margin = kept.basis == "margin"
    after = "after returns and cost of goods" if margin and kept.rate is None else "after returns"
    times = f", times the margin rate of {words.percent(kept.rate)}" if kept.rate is not None else ""
    company, own = words.percent(kept.company), words.count(kept.own, "customer")
    others = result.number - kept.own
    whose = f"the customer's own for {own} with three or more purchase days"
    if not kept.own:
        whose = f"the company's, {company}, mixed with the customer's own, as nobody has three purchase days"
    elif others:
        whose += f"; for the other {words.count(others)} it is mixed with the company's, {company}"
    meaning, served = ("margin: ", " Cost to serve is not taken off.") if margin else ("", "")
    return f"Value is {meaning}expected sales times the share of them that is kept {after}, {whose}{times}.{served}"


def _fit_warnings(result: LifetimeValue) -> list[str]:
    found: list[str] = []
    assert result.valuation is not None
    if result.fit is not None and result.fit.undetermined:
        loose = result.fit.undetermined
        unclear = [
            what
            for names, what in (
                (_BUYING, "in how often they buy"),
                (_LEAVING, "in when they leave"),
            )
            if names & set(loose)
        ]
        found.append(
            f"The data leave {words.listing(loose)} of {result.fit.model.label} open: customers hardly "
            f"differ {words.listing(unclear)}. Values are usable, these parameters are not."
        )
    figures = result.figures
    if figures.least_alive is None or figures.least_alive > 0.999:
        found.append(
            "The model sees nobody leave, however long they have been silent. Longer data would show whether "
            f"that is so; if some do leave, the {'loss' if result.valuation.equity < 0 else 'values'} here "
            f"{words.verb(1 if result.valuation.equity < 0 else 2, 'is', 'are')} too large."
        )
    single = figures["once"].customers
    if single and figures["known"].customers == figures["again"].customers:
        found.append(
            f"BG/NBD counts every customer with one purchase as active, whatever happens. For "
            f"{words.count(single, 'customer')} the value at risk is therefore not known, and their value is "
            "counted as if all of them were active."
        )
    holdout = result.holdout
    if holdout is None:
        return found
    if holdout.missed:
        side = "more" if holdout.actual > holdout.total_high else "fewer"
        found.append(
            f"The model missed the time kept back: {side} purchases happened than its 95% interval allows. "
            "Expect the intervals on this page to be too narrow as well."
        )
    return found


def _reach_warnings(result: LifetimeValue) -> list[str]:
    found = []
    assert result.start is not None
    days = (pd.Timestamp(result.as_of) - pd.Timestamp(result.start)).days
    if days < result.options.horizon_months * 30:
        found.append(
            f"The horizon of {words.count(result.options.horizon_months, 'month')} is longer than the data, "
            f"which cover {words.count(days, 'day')}."
        )
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
