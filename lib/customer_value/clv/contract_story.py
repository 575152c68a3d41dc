"""What the contracts say and what to do, in sentences written from the figures and true for any data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from customer_value.clv.counts import Renewals
from customer_value.clv.phrases import between, money, open_contracts
from customer_value.clv.retention import wilson
from customer_value.text import Count, Day, Listing, Name, Share, Text, say, say_for
from customer_value.text.phrases import months, shares

if TYPE_CHECKING:
    from customer_value.clv.contracts import ContractValue

__all__ = [
    "NO_CONTRACTS",
    "NO_RENEWAL",
    "findings",
    "next_steps",
    "no_money",
    "none_open",
    "one_sided",
    "too_thin",
    "warnings",
]

NO_CONTRACTS = say("The contract table holds no contract that started by the report's date.")
NO_RENEWAL = say(
    "No contract has come up for renewal yet, so nobody can tell how many are renewed. There is no value."
)
_DIFFERENT = 0.01
_SOON_DAYS = 92
_LARGE = 0.05


def none_open(contracts: int) -> Text:
    """Why there is no value, when all contracts have ended."""
    return say_for(
        contracts,
        "The only contract has ended, so there is nothing left to come from it.",
        "The {n} contracts have all ended, so there is nothing left to come from them.",
    )


def no_money(unknown: int, contracts: int) -> Text:
    """Why there is no value, when money is not known."""
    return say(
        "Nothing is known of the money of {unknown} of {contracts}: no value is stated and no orders fall under it. "
        "Map the column value of the contracts.",
        unknown=Count(unknown),
        contracts=open_contracts(contracts),
    )


def one_sided(data: Renewals) -> Text:
    """Why there is no fit, when all contracts or none ended."""
    asked, lost = float(data.at_risk.sum()), float(data.lost.sum())
    if asked == 0:
        return say("No contract has come up for renewal, so no model of renewals is fitted.")
    if lost == 0:
        return say_for(
            asked,
            "Contracts came up for renewal {n} time and were always renewed. How many will end one day cannot be "
            "fitted; the values average over all churn rates that agree with this.",
            "Contracts came up for renewal {n} times and were always renewed. How many will end one day cannot be "
            "fitted; the values average over all churn rates that agree with this.",
        )
    if lost == asked:
        return say_for(
            asked,
            "Contracts came up for renewal {n} time and were never renewed. How many would stay cannot be fitted; the "
            "values average over all renewal rates that agree with this.",
            "Contracts came up for renewal {n} times and were never renewed. How many would stay cannot be fitted; "
            "the values average over all renewal rates that agree with this.",
        )
    return say(
        "No best model of renewals was found; the values average over all models that agree with the data."
    )


def too_thin(data: Renewals, few: bool) -> Text:
    """Why there is no fit, when the data do not determine one."""
    if few:
        return say_for(
            float(data.lost.sum()),
            "Only {n} contract was not renewed, too few for one best model; the values average over all models that "
            "agree with the data.",
            "Only {n} contracts were not renewed, too few for one best model; the values average over all models that "
            "agree with the data.",
        )
    return say(
        "The data do not tell how much customers differ in their chance to leave; the values average over all models "
        "that agree with the data."
    )


def findings(result: ContractValue) -> tuple[Text, ...]:
    """What the contracts say, most important first."""
    return (
        *_value(result),
        *_renewal(result),
        *_by_age(result),
        *_churn(result),
        *_endless(result),
        *_largest(result),
    )


def next_steps(result: ContractValue) -> tuple[Text, ...]:
    """What to do, following from the findings."""
    return (
        *_without_value(result),
        *_renewals_due(result),
        *_first_renewal(result),
        *_look_apart(result),
    )


def warnings(result: ContractValue) -> tuple[Text, ...]:
    """What a reader must know before believing the values."""
    contracts = result.contracts
    found = [result.why_no_fit] if result.why_no_fit and not result.why_no_value else []
    if result.ends_later:
        found.append(
            say_for(
                result.ends_later,
                "{n} contract has an end after {as_of} and counts as open: what is known only later is not used.",
                "{n} contracts have an end after {as_of} and count as open: what is known only later is not used.",
                as_of=Day(result.as_of),
            )
        )
    joined = int((contracts["rows"] - 1).sum())
    if joined:
        found.append(
            say_for(
                joined,
                "{n} row continues an earlier contract of the same customer and counts as its renewal.",
                "{n} rows continue an earlier contract of the same customer and count as its renewal.",
            )
        )
    means = int((result.table["value_from"] == "mean").sum())
    if means and not result.why_no_value:
        found.append(
            say_for(
                means,
                "{n} of {all} has no value stated and no completed period with orders; the mean of the others stands "
                "in for its value.",
                "{n} of {all} have no value stated and no completed period with orders; the mean of the others stands "
                "in for their value.",
                all=open_contracts(len(result.table)),
            )
        )
    stated = int((result.table["value_from"] == "stated").sum())
    if stated and result.basis == "margin" and not result.why_no_value:
        found.append(
            say(
                "Contract values are taken as they stand in the contract table; the rest of the report counts margin, "
                "so they must be margins too."
            )
        )
    if result.cohorts_differ is not None and result.cohorts_differ < _DIFFERENT:
        found.append(_different(result))
    if _falls_with_age(result):
        found.append(
            say(
                "Renewal falls with the age of contracts, which the model does not know: it expects old contracts to "
                "stay longer than these data show."
            )
        )
    return tuple(found)


def _value(result: ContractValue) -> tuple[Text, ...]:
    if result.why_no_value:
        return (result.why_no_value,)
    assert result.equity is not None
    assert result.interval is not None
    return (
        say_for(
            len(result.table),
            "The only open contract is expected to {bring} from renewals within the next {months}, discounted at "
            "{rate} a year ({interval}). Each renewal counts on its day, for {period}; what is running has been paid "
            "for.",
            "The {n} open contracts are expected to {bring} from renewals within the next {months}, discounted at "
            "{rate} a year ({interval}). Each renewal counts on its day, for {period}; what is running has been paid "
            "for.",
            bring=_brings(result, result.equity),
            months=months(result.options.horizon_months),
            rate=Share(result.options.discount_rate),
            interval=between(*result.interval, result.currency),
            period=_period(result),
        ),
    )


def _brings(result: ContractValue, equity: float) -> Text:
    if equity < 0:
        return say("make a loss of {money}", money=money(-equity, result.currency))
    earned = money(equity, result.currency)
    if (result.table["value_from"] == "stated").all():
        return say("bring {money} in contract value", money=earned)
    if result.basis == "margin":
        return say("bring {money} in margin", money=earned)
    return say("bring {money} in sales", money=earned)


def _renewal(result: ContractValue) -> tuple[Text, ...]:
    everyone = _everyone(result)
    asked, renewed = int(everyone["at_risk"].sum()), int(everyone["renewed"].sum())
    if not asked:
        return ()
    return (
        say_for(
            asked,
            "Of {n} renewal that came up so far, {renewed} happened ({share}).",
            "Of {n} renewals that came up so far, {renewed} happened ({share}).",
            renewed=Count(renewed),
            share=Share(renewed / asked),
        ),
    )


def _by_age(result: ContractValue) -> tuple[Text, ...]:
    everyone = _everyone(result)
    if len(everyone) < 2:
        return ()
    first, (rate, lowest, highest) = everyone.iloc[0], _later(everyone)
    reading = say("no clear difference")
    if first["high"] < lowest:
        reading = say("whoever has stayed once is more likely to stay again")
    elif first["low"] > highest:
        reading = say("contracts are lost later, not at the start")
    return (
        say(
            "At the first renewal {first} stay ({interval}), at later ones {later}: {reading}.",
            first=Share(first["rate"]),
            interval=shares(first["low"], first["high"]),
            later=Share(rate),
            reading=reading,
        ),
    )


def _churn(result: ContractValue) -> tuple[Text, ...]:
    if result.churn.empty:
        return ()
    year = result.churn.iloc[0]
    return (
        say_for(
            year["open_at_start"],
            "In the year to {day}, {ended} of {n} contract ended: a churn of {churn} ({interval}).",
            "In the year to {day}, {ended} of {n} contracts ended: a churn of {churn} ({interval}).",
            day=Day(year["to_day"].date()),
            ended=Count(year["ended"]),
            churn=Share(year["churn"]),
            interval=shares(year["low"], year["high"]),
        ),
    )


def _endless(result: ContractValue) -> tuple[Text, ...]:
    if result.why_no_value:
        return ()
    endless, equity = result.endless_value, result.equity
    if endless is None or equity is None:
        return (say("Without an end and without a discount the value has no finite sum, so none is stated."),)
    if endless <= 0:
        return ()
    return (
        say(
            "Without an end it would be {money}; {share} of that lies beyond the {months}.",
            money=money(endless, result.currency),
            share=Share(1 - equity / endless),
            months=months(result.options.horizon_months),
        ),
    )


def _largest(result: ContractValue) -> tuple[Text, ...]:
    if result.why_no_value or len(result.table) < 2 or not result.equity or result.equity <= 0:
        return ()
    row = result.table.sort_values(["clv", "customer_id"], ascending=[False, True]).iloc[0]
    if row["clv"] < _LARGE * result.equity or (result.table["clv"] == row["clv"]).sum() > 1:
        return ()
    return (
        say(
            "The most valuable contract is that of {customer}: {money}, {share} of the total.",
            customer=_named(row["customer_id"]),
            money=money(row["clv"], result.currency),
            share=Share(row["clv"] / result.equity),
        ),
    )


def _without_value(result: ContractValue) -> tuple[Text, ...]:
    if not result.why_no_value:
        return ()
    if result.contracts.empty:
        return (say("Check the dates of the contract table, or set a later as_of."),)
    if result.table.empty:
        return (
            say("Ask the customers whose contracts ended why they left, and what would bring them back."),
        )
    if result.retention.empty:
        first = result.table["next_renewal"].min()
        return (
            say("Run this page again after {day}, when the first renewal is due.", day=Day(first.date())),
        )
    return (say("Add the money per period to the contract table and map it as value."),)


def _renewals_due(result: ContractValue) -> tuple[Text, ...]:
    if result.why_no_value:
        return ()
    days = (result.table["next_renewal"] - pd.Timestamp(result.as_of)).dt.days
    due = result.table[(days <= _SOON_DAYS) & (result.table["value_per_period"] > 0)]
    if due.empty:
        return ()
    risk = (due["value_per_period"] * (1 - due["p_renewal"])).rename("risk")
    order = due.assign(risk=risk).sort_values(["risk", "customer_id"], ascending=[False, True])
    first = (
        say("{customer} ({day})", customer=_named(row.customer_id), day=Day(row.next_renewal.date()))
        for row in order.head(5).itertuples()
    )
    return (
        say_for(
            len(due),
            "Prepare the {n} renewal of the next three months ({stake} for {period} at stake, {lost} of it expected "
            "to be lost), starting with {first}.",
            "Prepare the {n} renewals of the next three months ({stake} for {period} at stake, {lost} of it expected "
            "to be lost), starting with {first}.",
            stake=money(float(due["value_per_period"].sum()), result.currency),
            period=_period(result),
            lost=money(float(risk.sum()), result.currency),
            first=Listing(tuple(first)),
        ),
    )


def _first_renewal(result: ContractValue) -> tuple[Text, ...]:
    everyone = _everyone(result)
    if len(everyone) < 2 or result.why_no_value:
        return ()
    young = int((result.table["renewals"] == 0).sum())
    if young and everyone.iloc[0]["high"] < _later(everyone)[1]:
        return (
            say_for(
                young,
                "Look after the {n} contract in its first period: contracts are most at risk at their first renewal.",
                "Look after the {n} contracts in their first period: contracts are most at risk at their first "
                "renewal.",
            ),
        )
    return ()


def _look_apart(result: ContractValue) -> tuple[Text, ...]:
    if result.cohorts_differ is None or result.cohorts_differ >= _DIFFERENT:
        return ()
    best, worst = _extremes(result)
    return (
        say(
            "Find out what cohort {best} has that cohort {worst} lacks, and look at the two apart.",
            best=best,
            worst=worst,
        ),
    )


def _different(result: ContractValue) -> Text:
    best, worst = _extremes(result)
    return say(
        "The cohorts do not renew alike (best {best}, worst {worst}), yet one model stands for all: contracts of good "
        "cohorts are worth more than it says, those of bad ones less.",
        best=best,
        worst=worst,
    )


def _extremes(result: ContractValue) -> tuple[Name, Name]:
    """Cohorts with the highest and the lowest renewals over those that the model expects of them."""
    table = result.retention[result.retention["cohort"] != "all"]
    everyone = _everyone(result).set_index("period")["rate"]
    expected = table["at_risk"] * table["period"].map(everyone)
    sums = table.assign(expected=expected).groupby("cohort")[["renewed", "expected", "at_risk"]].sum()
    gap = ((sums["renewed"] - sums["expected"]) / sums["at_risk"]).sort_index()
    return _named(gap.idxmax()), _named(gap.idxmin())


def _falls_with_age(result: ContractValue) -> bool:
    everyone = _everyone(result)
    if len(everyone) < 2:
        return False
    first, later = everyone.iloc[0], everyone.iloc[1:].sum(numeric_only=True)
    rates = first["rate"], later["renewed"] / later["at_risk"]
    pooled = (first["renewed"] + later["renewed"]) / (first["at_risk"] + later["at_risk"])
    error = np.sqrt(pooled * (1 - pooled) * (1 / first["at_risk"] + 1 / later["at_risk"]))
    return bool(rates[0] - rates[1] > 2.6 * error)


def _later(everyone: pd.DataFrame) -> tuple[float, float, float]:
    """Renewal rate after the first renewal, with its interval."""
    renewed, at_risk = (everyone[name].iloc[1:].sum() for name in ("renewed", "at_risk"))
    low, high = wilson(np.array([renewed]), np.array([at_risk]))
    return float(renewed / at_risk), float(low[0]), float(high[0])


def _everyone(result: ContractValue) -> pd.DataFrame:
    return result.retention[result.retention["cohort"] == "all"]


def _period(result: ContractValue) -> Text:
    length = result.period_months
    if length == 12:
        return say("a year")
    return say("a month") if length == 1 else months(length)


def _named(text: object) -> Name:
    return Name(str(text), most=24)
