"""What the contracts say and what to do, in sentences written from the figures and true for any data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.counts import Renewals
from customer_value.clv.retention import wilson

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

NO_CONTRACTS = "The contract table holds no contract that started by the report's date."
NO_RENEWAL = (
    "No contract has come up for renewal yet, so nobody can tell how many are renewed. There is no value."
)
_DIFFERENT = 0.01
_SOON_DAYS = 92
_LARGE = 0.05


def none_open(contracts: int) -> str:
    """Why there is no value, when all contracts have ended."""
    if contracts == 1:
        return "The only contract has ended, so there is nothing left to come from it."
    return (
        f"The {words.count(contracts)} contracts have all ended, so there is nothing left to come from them."
    )


def no_money(unknown: int, contracts: int) -> str:
    """Why there is no value, when money is not known."""
    return (
        f"Nothing is known of the money of {words.count(unknown)} of "
        f"{words.count(contracts, 'open contract')}: no value is stated and no orders fall under it. "
        "Map the column value of the contracts."
    )


def one_sided(data: Renewals) -> str:
    """Why there is no fit, when all contracts or none ended."""
    asked, lost = float(data.at_risk.sum()), float(data.lost.sum())
    if asked == 0:
        return "No contract has come up for renewal, so no model of renewals is fitted."
    times = words.count(asked, "time")
    if lost == 0:
        return (
            f"Contracts came up for renewal {times} and were always renewed. How many will end one day cannot "
            "be fitted; the values average over all churn rates that agree with this."
        )
    if lost == asked:
        return (
            f"Contracts came up for renewal {times} and were never renewed. How many would stay cannot be "
            "fitted; the values average over all renewal rates that agree with this."
        )
    return "No best model of renewals was found; the values average over all models that agree with the data."


def too_thin(data: Renewals, few: bool) -> str:
    """Why there is no fit, when the data do not determine one."""
    if few:
        lost = float(data.lost.sum())
        return (
            f"Only {words.count(lost, 'contract')} {words.verb(lost, 'was', 'were')} not renewed, too few for one "
            "best model; the values average over all models that agree with the data."
        )
    return (
        "The data do not tell how much customers differ in their chance to leave; the values average over all "
        "models that agree with the data."
    )


def findings(result: ContractValue) -> tuple[str, ...]:
    """What the contracts say, most important first."""
    return (
        *_value(result),
        *_renewal(result),
        *_by_age(result),
        *_churn(result),
        *_endless(result),
        *_largest(result),
    )


def next_steps(result: ContractValue) -> tuple[str, ...]:
    """What to do, following from the findings."""
    return (
        *_without_value(result),
        *_renewals_due(result),
        *_first_renewal(result),
        *_look_apart(result),
    )


def warnings(result: ContractValue) -> tuple[str, ...]:
    """What a reader must know before believing the values."""
    contracts = result.contracts
    found = [result.why_no_fit] if result.why_no_fit and not result.why_no_value else []
    if result.ends_later:
        found.append(
            f"{words.count(result.ends_later, 'contract')} {words.verb(result.ends_later, 'has', 'have')} an end "
            f"after {words.day(result.as_of)} and {words.verb(result.ends_later, 'counts', 'count')} as open: what "
            "is known only later is not used."
        )
    joined = int((contracts["rows"] - 1).sum())
    if joined:
        found.append(
            f"{words.count(joined, 'row')} {words.verb(joined, 'continues', 'continue')} an earlier contract of the "
            f"same customer and {words.verb(joined, 'counts', 'count')} as its renewal."
        )
    means = int((result.table["value_from"] == "mean").sum())
    if means and not result.why_no_value:
        found.append(
            f"{words.count(means)} of {words.count(len(result.table), 'open contract')} "
            f"{words.verb(means, 'has', 'have')} no value stated and no completed period with orders; "
            f"the mean of the others stands in for {words.verb(means, 'its', 'their')} value."
        )
    stated = int((result.table["value_from"] == "stated").sum())
    if stated and result.basis == "margin" and not result.why_no_value:
        found.append(
            "Contract values are taken as they stand in the contract table; the rest of the report counts margin, "
            "so they must be margins too."
        )
    if result.cohorts_differ is not None and result.cohorts_differ < _DIFFERENT:
        found.append(_different(result))
    if _falls_with_age(result):
        found.append(
            "Renewal falls with the age of contracts, which the model does not know: it expects old contracts to "
            "stay longer than these data show."
        )
    return tuple(found)


def _value(result: ContractValue) -> tuple[str, ...]:
    if result.why_no_value:
        return (result.why_no_value,)
    assert result.equity is not None
    assert result.interval is not None
    low, high = (_money(result, bound) for bound in result.interval)
    number = len(result.table)
    who = "The only open contract is" if number == 1 else f"The {words.count(number, 'open contract')} are"
    cost = result.equity < 0
    brings = (
        f"make a loss of {_money(result, -result.equity)}"
        if cost
        else f"bring {_money(result, result.equity)} in {_what(result)}"
    )
    return (
        f"{who} expected to {brings} from renewals within the next "
        f"{words.count(result.options.horizon_months, 'month')}, discounted at "
        f"{words.percent(result.options.discount_rate)} a year ({words.interval(low, high)}). "
        f"Each renewal counts on its day, for {_period(result)}; what is running has been paid for.",
    )


def _renewal(result: ContractValue) -> tuple[str, ...]:
    everyone = _everyone(result)
    asked, renewed = int(everyone["at_risk"].sum()), int(everyone["renewed"].sum())
    if not asked:
        return ()
    return (
        f"Of {words.count(asked, 'renewal')} that came up so far, {words.count(renewed)} happened "
        f"({words.percent(renewed / asked)}).",
    )


def _by_age(result: ContractValue) -> tuple[str, ...]:
    everyone = _everyone(result)
    if len(everyone) < 2:
        return ()
    first, (rate, lowest, highest) = everyone.iloc[0], _later(everyone)
    bounds = words.interval(words.percent(first["low"]), words.percent(first["high"]))
    told = (
        f"At the first renewal {words.percent(first['rate'])} stay ({bounds}), at later ones "
        f"{words.percent(rate)}"
    )
    if first["high"] < lowest:
        return (f"{told}: whoever has stayed once is more likely to stay again.",)
    if first["low"] > highest:
        return (f"{told}: contracts are lost later, not at the start.",)
    return (f"{told}: no clear difference.",)


def _churn(result: ContractValue) -> tuple[str, ...]:
    if result.churn.empty:
        return ()
    year = result.churn.iloc[0]
    bounds = words.interval(words.percent(year["low"]), words.percent(year["high"]))
    return (
        f"In the year to {words.day(year['to_day'].date())}, {words.count(year['ended'])} of "
        f"{words.count(year['open_at_start'], 'contract')} ended: "
        f"a churn of {words.percent(year['churn'])} ({bounds}).",
    )


def _endless(result: ContractValue) -> tuple[str, ...]:
    if result.why_no_value:
        return ()
    endless, equity = result.endless_value, result.equity
    if endless is None or equity is None:
        return ("Without an end and without a discount the value has no finite sum, so none is stated.",)
    if endless <= 0:
        return ()
    return (
        f"Without an end it would be {_money(result, endless)}; {words.percent(1 - equity / endless)} of that "
        f"lies beyond the {words.count(result.options.horizon_months, 'month')}.",
    )


def _largest(result: ContractValue) -> tuple[str, ...]:
    if result.why_no_value or len(result.table) < 2 or not result.equity or result.equity <= 0:
        return ()
    row = result.table.sort_values(["clv", "customer_id"], ascending=[False, True]).iloc[0]
    if row["clv"] < _LARGE * result.equity or (result.table["clv"] == row["clv"]).sum() > 1:
        return ()
    return (
        f"The most valuable contract is that of {words.plain(row['customer_id'], most=24)}: "
        f"{_money(result, row['clv'])}, {words.percent(row['clv'] / result.equity)} of the total.",
    )


def _without_value(result: ContractValue) -> tuple[str, ...]:
    if not result.why_no_value:
        return ()
    if result.contracts.empty:
        return ("Check the dates of the contract table, or set a later as_of.",)
    if result.table.empty:
        return ("Ask the customers whose contracts ended why they left, and what would bring them back.",)
    if result.retention.empty:
        first = result.table["next_renewal"].min()
        return (f"Run this page again after {words.day(first.date())}, when the first renewal is due.",)
    return ("Add the money per period to the contract table and map it as value.",)


def _renewals_due(result: ContractValue) -> tuple[str, ...]:
    if result.why_no_value:
        return ()
    days = (result.table["next_renewal"] - pd.Timestamp(result.as_of)).dt.days
    due = result.table[(days <= _SOON_DAYS) & (result.table["value_per_period"] > 0)]
    if due.empty:
        return ()
    risk = (due["value_per_period"] * (1 - due["p_renewal"])).rename("risk")
    order = due.assign(risk=risk).sort_values(["risk", "customer_id"], ascending=[False, True])
    names = words.listing(
        f"{words.plain(row.customer_id, most=24)} ({words.day(row.next_renewal.date())})"
        for row in order.head(5).itertuples()
    )
    return (
        f"Prepare the {words.count(len(due), 'renewal')} of the next three months "
        f"({_money(result, float(due['value_per_period'].sum()))} for {_period(result)} at stake, "
        f"{_money(result, float(risk.sum()))} of it expected to be lost), starting with {names}.",
    )


def _first_renewal(result: ContractValue) -> tuple[str, ...]:
    everyone = _everyone(result)
    if len(everyone) < 2 or result.why_no_value:
        return ()
    young = int((result.table["renewals"] == 0).sum())
    if young and everyone.iloc[0]["high"] < _later(everyone)[1]:
        return (
            f"Look after the {words.count(young, 'contract')} in {words.verb(young, 'its', 'their')} first period: "
            "contracts are most at risk at their first renewal.",
        )
    return ()


def _look_apart(result: ContractValue) -> tuple[str, ...]:
    if result.cohorts_differ is None or result.cohorts_differ >= _DIFFERENT:
        return ()
    best, worst = _extremes(result)
    return (f"Find out what cohort {best} has that cohort {worst} lacks, and look at the two apart.",)


def _different(result: ContractValue) -> str:
    best, worst = _extremes(result)
    return (
        f"The cohorts do not renew alike (best {best}, worst {worst}), yet one model stands for all: contracts of "
        "good cohorts are worth more than it says, those of bad ones less."
    )


def _extremes(result: ContractValue) -> tuple[str, str]:
    """Cohorts with the highest and the lowest renewals over those that the model expects of them."""
    table = result.retention[result.retention["cohort"] != "all"]
    everyone = _everyone(result).set_index("period")["rate"]
    expected = table["at_risk"] * table["period"].map(everyone)
    sums = table.assign(expected=expected).groupby("cohort")[["renewed", "expected", "at_risk"]].sum()
    gap = ((sums["renewed"] - sums["expected"]) / sums["at_risk"]).sort_index()
    return words.plain(gap.idxmax(), most=24), words.plain(gap.idxmin(), most=24)


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


def _what(result: ContractValue) -> str:
    if (result.table["value_from"] == "stated").all():
        return "contract value"
    return "margin" if result.basis == "margin" else "sales"


def _period(result: ContractValue) -> str:
    months = result.period_months
    return "a year" if months == 12 else "a month" if months == 1 else f"{words.count(months, 'month')}"


def _money(result: ContractValue, amount: float) -> str:
    return words.short_money(amount, result.currency)
