"""What customers under contract are worth from now on.

A contract runs until it is not renewed, so that it is known who is a customer and who is not. The
sBG model learns from the contracts so far how likely each renewal is; the value of a contract is the
money of its future renewals, each counted when it is paid, at the start of its period. The period that
is running has been paid for.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from customer_value.clv import contract_story as story
from customer_value.clv.counts import Renewals
from customer_value.clv.fitting import Fit
from customer_value.clv.inputs import Array, distinct
from customer_value.clv.retention import churn_by_year, retention_by_cohort
from customer_value.clv.sbg import ShiftedBetaGeometric, plausible_models
from customer_value.clv.simulation import replicates_for
from customer_value.clv.survival import endless_stay, log_stay
from customer_value.clv.units import DAYS
from customer_value.contract_spans import add_months, continued, first_fault, renewals_before, renewals_until
from customer_value.display import written
from customer_value.errors import FitError, InputError
from customer_value.kept import kept_share_of, stated_rate
from customer_value.result import Fact
from customer_value.settings import ClvSettings
from customer_value.text import NOTHING, Text

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["ContractValue", "contract_value", "contract_value_of"]

_LEAST_LOST = 10
_SURE = 0.01
_LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class ContractValue:
    """The value of the open contracts, and what stands behind it.

    Attributes
    ----------
    as_of, currency, options, period_months
        Date, unit of money, horizon and discount rate, months of a contract period.
    contracts
        Every contract: customer_id, cohort, started_on, ended_on (missing while open), rows (of the
        input that it joins), passed (renewals so far), periods and churned (what it tells the model),
        value_per_period and value_from (``stated``, ``own orders``, ``mean`` or ``unknown``).
    table
        One row per customer with an open contract, by customer_id: customer_id, cohort, renewals,
        value_per_period, value_from, next_renewal, renewals_ahead (within the horizon), p_renewal
        (chance of the next one), expected_renewals (within the horizon, discounted),
        expected_periods (the same without end: DERL), clv, clv_low, clv_high (which reach at least to
        the expected value), endless_value. Money is missing where nothing is known of it,
        expected_periods and endless_value where they have no finite value.
    totals
        Simulated total value within the horizon, one per replicate; empty without values.
    retention, churn
        Renewal rates by cohort and number; contracts ended by year.
    fit
        The fitted sBG model, or None with the reason in ``why_no_fit``; the values then average over
        all models that agree with the data.
    why_no_value
        Why there are no values at all; empty if there are.
    cohorts_differ
        p-value of the test that all cohorts renew alike; None if it could not be made.
    ends_later
        Contracts with an end after ``as_of``, which count as open.
    basis
        What money means: ``margin`` or ``revenue``.
    """

    as_of: dt.date
    currency: str
    options: ClvSettings
    period_months: int
    contracts: pd.DataFrame
    table: pd.DataFrame
    totals: Array
    retention: pd.DataFrame
    churn: pd.DataFrame
    fit: Fit[ShiftedBetaGeometric] | None
    why_no_fit: Text
    why_no_value: Text
    cohorts_differ: float | None
    ends_later: int
    basis: str

    @property
    def equity(self) -> float | None:
        """Value of all open contracts within the horizon, or None if there is none to state."""
        return float(self.table["clv"].sum()) if not self.why_no_value else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of `equity`: what the data leave open, and chance."""
        if self.why_no_value:
            return None
        low, high = np.quantile(self.totals, _LEVELS)
        return float(low), float(high)

    @property
    def endless_value(self) -> float | None:
        """Value of all open contracts without end, or None where it has no finite value."""
        values = self.table["endless_value"]
        return None if self.why_no_value or values.isna().any() else float(values.sum())

    @property
    def customer_ids(self) -> frozenset[str]:
        """Customers with a contract, open or ended."""
        return frozenset(self.contracts["customer_id"])

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Headline figures, without a prefix; null where nothing honest can be said."""
        low, high = self.interval or (None, None)
        latest = self.churn[self.churn["to_day"] == pd.Timestamp(self.as_of)]
        year = latest.iloc[0] if len(latest) else None
        everyone = self.retention[self.retention["cohort"] == "all"]
        at_risk = int(everyone["at_risk"].sum())
        return {
            "contracts": len(self.contracts),
            "open": len(self.table),
            "renewals_due": at_risk,
            "renewal_rate": float(everyone["renewed"].sum()) / at_risk if at_risk else None,
            "parameters": dict(self.fit.parameters) if self.fit else None,
            "log_likelihood": self.fit.log_likelihood if self.fit else None,
            "equity": self.equity,
            "equity_low": low,
            "equity_high": high,
            "endless_value": self.endless_value,
            "churn_last_year": float(year["churn"]) if year is not None else None,
            "churn_last_year_low": float(year["low"]) if year is not None else None,
            "churn_last_year_high": float(year["high"]) if year is not None else None,
            "period_months": self.period_months,
            "horizon_months": self.options.horizon_months,
            "discount_rate": self.options.discount_rate,
            "value_basis": self.basis,
            "warnings": [written(sentence) for sentence in self.warnings],
        }

    @property
    def tables(self) -> Mapping[str, Any]:
        """Tables of the run; those without rows are left out, but for the customers."""
        found = {"clv_contract_retention": self.retention, "clv_contract_churn": self.churn}
        return {"clv_contracts": self.table} | {name: table for name, table in found.items() if len(table)}

    @property
    def findings(self) -> tuple[Text, ...]:
        """What the contracts say, most important first."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do, following from the findings."""
        return story.next_steps(self)

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What a reader must know before believing the values."""
        return story.warnings(self)


def contract_value_of(
    workbook: Workbook, *, replicates: int | None = None, **overrides: Any
) -> ContractValue | None:
    """The value of a report's contracts, or None if its settings name none.

    Parameters
    ----------
    workbook
        The opened report.
    replicates
        Simulated totals; fewer for many contracts if not given.
    **overrides
        Values to put in place of settings of the section ``clv``, for instance ``horizon_months=24``.
    """
    spec = workbook.settings.contracts
    if spec is None:
        return None
    months = workbook.table("customer_months")
    first = months.month.min().execute()
    ids = workbook.table("contracts").select("customer_id").distinct()
    everyone = workbook.table("customers")
    kept = kept_share_of(everyone, margin_rate=stated_rate(workbook.settings))
    bound = everyone.semi_join(ids, "customer_id").to_pandas()
    return contract_value(
        workbook.frame("contracts"),
        workbook.as_of,
        workbook.options("clv", **overrides),
        period_months=spec.period_months,
        currency=workbook.currency,
        customer_months=months.semi_join(ids, "customer_id").to_pandas(),
        orders_from=pd.Timestamp(first).date(),
        kept_shares=pd.Series(kept.of(bound), index=bound["customer_id"]),
        replicates=replicates,
    )


def contract_value(
    contracts: pd.DataFrame,
    as_of: dt.date,
    options: ClvSettings,
    *,
    period_months: int = 12,
    currency: str = "",
    customer_months: pd.DataFrame | None = None,
    orders_from: dt.date | None = None,
    kept_shares: pd.Series | None = None,
    replicates: int | None = None,
) -> ContractValue:
    """What each open contract, and all of them, are worth from now on.

    A renewal counts if its day lies within the horizon (its last day included), and then with its whole
    period: it is paid at its start. A contract that ended before its next renewal was due counts in the
    model once that day has passed, so that early and late enders weigh alike.

    Parameters
    ----------
    contracts
        customer_id, started_on, ended_on (missing while open) and, optionally, cohort (year of start
        if not given) and value (money per period).
    as_of
        The date from which values count; contracts that start later are left out.
    options
        Horizon, yearly discount rate and seed.
    period_months
        Months of a contract period.
    currency
        ISO code, for sentences.
    customer_months
        customer_id, month, net_revenue and, if cost is known, margin; needed where a contract has no
        value of its own. It is the customer's mean over the periods completed while there were
        orders, or the mean of all such contracts.
    orders_from
        Since when there are orders; the first month of ``customer_months`` if not given.
    kept_shares
        Share of gross money that each customer keeps (`customer_value.kept`), by customer_id. With it
        money of a period is the gross money of its months (``gross`` in ``customer_months``) times that
        share, so that it does not hang on when credits are booked.
    replicates
        Simulated totals; fewer for many contracts if not given.

    Returns
    -------
    ContractValue

    Raises
    ------
    InputError
        If a column is missing, a contract ends before it starts, or two of one customer overlap.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "customer_id": ["a", "b", "c"], "started_on": ["2019-03-01"] * 3,
    ...     "ended_on": ["2021-02-28", None, None], "value": [100.0, 100.0, 200.0]})
    >>> result = contract_value(table, dt.date(2023, 6, 30), ClvSettings(), currency="EUR")
    >>> result.table[["customer_id", "renewals", "renewals_ahead"]].values.tolist()
    [['b', 4, 3], ['c', 4, 3]]
    """
    _refuse_faults(contracts)
    known = contracts[pd.to_datetime(contracts["started_on"]) <= pd.Timestamp(as_of)]
    spans, ends_later = _aged(continued(known), as_of, period_months)
    spans, basis = _valued(spans, _kept_months(customer_months, kept_shares), orders_from, period_months)
    data = Renewals.of(spans)
    fit, why_no_fit = _fitted(spans, data)
    open_ones = spans[spans["ended_on"].isna()].reset_index(drop=True)
    why_no_value = _why_no_value(spans, open_ones, data)
    table = _ahead(open_ones, as_of, options, period_months)
    totals = np.zeros(0)
    if not why_no_value:
        table, totals = _worth(table, fit, data, options, period_months, replicates)
    return ContractValue(
        as_of=as_of,
        currency=currency,
        options=options,
        period_months=period_months,
        contracts=spans,
        table=table.reindex(columns=list(_COLUMNS)),
        totals=totals,
        retention=_with_fit(retention_by_cohort(spans), fit),
        churn=churn_by_year(spans, as_of),
        fit=fit,
        why_no_fit=why_no_fit,
        why_no_value=why_no_value,
        cohorts_differ=_cohorts_differ(spans),
        ends_later=ends_later,
        basis=basis,
    )


_COLUMNS = (
    "customer_id", "cohort", "renewals", "value_per_period", "value_from", "next_renewal", "renewals_ahead",
    "p_renewal", "expected_renewals", "expected_periods", "clv", "clv_low", "clv_high", "endless_value",
)  # fmt: skip


def _refuse_faults(contracts: pd.DataFrame) -> None:
    for name in ("customer_id", "started_on", "ended_on"):
        if name not in contracts.columns:
            there = ", ".join(map(str, contracts.columns))
            raise InputError(f"The contracts have no column {name}; they have {there}.")
    numbered = contracts.reset_index(drop=True)
    fault = first_fault(numbered)
    if fault is not None:
        rows = " and ".join(f"row {row + 1}" for row in sorted(fault.rows))
        customer = numbered["customer_id"].iloc[fault.rows[0]]
        raise InputError(f"Contracts, {rows}: customer {customer!r} {fault.why}")


def _aged(spans: pd.DataFrame, as_of: dt.date, months: int) -> tuple[pd.DataFrame, int]:
    """Contracts with the renewals that they passed and what they tell the model; those that end later."""
    day = np.datetime64(as_of, "D")
    starts, ends = (spans[name].to_numpy().astype("M8[D]") for name in ("started_on", "ended_on"))
    later = ends > day
    ends = np.where(later, np.datetime64("NaT"), ends)
    gone = ~np.isnat(ends)
    passed = renewals_until(starts, day, months)
    passed[gone] = renewals_before(starts[gone], ends[gone], months)
    due = add_months(starts, (passed + 1) * months)
    churned = gone & (due <= day)
    year = pd.Series(starts.astype("M8[Y]").astype(str), index=spans.index)
    cohort = spans["cohort"].astype("object").where(spans["cohort"].notna(), year).astype(str)
    return spans.assign(
        ended_on=ends.astype("M8[s]"), cohort=cohort, passed=passed, periods=passed + churned, churned=churned
    ), int(later.sum())


def _valued(
    spans: pd.DataFrame, customer_months: pd.DataFrame | None, since: dt.date | None, months: int
) -> tuple[pd.DataFrame, str]:
    """Contracts with their money per period and where it is from, and what money means."""
    stated = spans["value"]
    own, mean, basis = _from_orders(spans, customer_months, since, months)
    if mean is None and stated.notna().any():
        mean = float(stated.mean())
    value = stated.fillna(own)
    origin = np.select(
        [stated.notna(), own.notna()], ["stated", "own orders"], "mean" if mean is not None else "unknown"
    )
    value = value if mean is None else value.fillna(mean)
    return spans.drop(columns="value").assign(value_per_period=value, value_from=origin), basis


def _kept_months(months: pd.DataFrame | None, shares: pd.Series | None) -> pd.DataFrame | None:
    """Months with what is kept of their gross money in place of what was booked in them."""
    if months is None or shares is None:
        return months
    money = months["gross"] * months["customer_id"].map(shares).fillna(0.0)
    known = [name for name in ("net_revenue", "margin") if name in months.columns]
    return months.assign(**{name: money.where(months[name].notna()) for name in known})


def _from_orders(
    spans: pd.DataFrame, customer_months: pd.DataFrame | None, since: dt.date | None, months: int
) -> tuple[pd.Series, float | None, str]:
    """Mean money per completed period of each contract, and of all, from the orders."""
    none = pd.Series(np.nan, index=spans.index)
    if customer_months is None or customer_months.empty or spans.empty:
        return none, None, "revenue"
    margin = "margin" in customer_months.columns and customer_months["margin"].notna().any()
    basis, column = ("margin", "margin") if margin else ("revenue", "net_revenue")
    table = customer_months.assign(month=pd.to_datetime(customer_months["month"]).to_numpy().astype("M8[M]"))
    starts = spans["started_on"].to_numpy().astype("M8[D]")
    first = np.datetime64(since or table["month"].min(), "D")
    skipped = np.where(starts < first, renewals_before(starts, first, months) + 1, 0)
    number = np.maximum(spans["passed"].to_numpy() - skipped, 0)
    seen = pd.DataFrame(
        {
            "customer_id": spans["customer_id"],
            "place": spans.index,
            "from": add_months(starts, skipped * months).astype("M8[M]").astype("M8[s]"),
            "to": add_months(starts, (skipped + number) * months).astype("M8[M]").astype("M8[s]"),
        }
    ).merge(table[["customer_id", "month", column]], on="customer_id")
    inside = (seen["month"] >= seen["from"]) & (seen["month"] < seen["to"])
    money = seen[inside].groupby("place")[column].sum()
    total = money.reindex(spans.index).fillna(0.0).where(number > 0)
    bought = spans["customer_id"].isin(table["customer_id"])
    own = (total / np.maximum(number, 1)).where(bought)
    counted = own.notna()
    if not counted.any():
        return none, None, basis
    return own, float(total[counted].sum() / number[counted].sum()), basis


def _fitted(spans: pd.DataFrame, data: Renewals) -> tuple[Fit[ShiftedBetaGeometric] | None, Text]:
    lost = int(data.lost.sum())
    try:
        fit = ShiftedBetaGeometric.fit(spans[["periods", "churned"]])
    except FitError:
        return None, story.one_sided(data)
    if fit.undetermined or lost < _LEAST_LOST:
        return None, story.too_thin(data, lost < _LEAST_LOST)
    return fit, NOTHING


def _why_no_value(spans: pd.DataFrame, open_ones: pd.DataFrame, data: Renewals) -> Text:
    if spans.empty:
        return story.NO_CONTRACTS
    if open_ones.empty:
        return story.none_open(len(spans))
    if data.at_risk.sum() == 0:
        return story.NO_RENEWAL
    if open_ones["value_per_period"].isna().any():
        return story.no_money(int(open_ones["value_per_period"].isna().sum()), len(open_ones))
    return NOTHING


def _ahead(open_ones: pd.DataFrame, as_of: dt.date, options: ClvSettings, months: int) -> pd.DataFrame:
    """Open contracts with their next renewal and how many lie within the horizon."""
    starts, passed = open_ones["started_on"].to_numpy().astype("M8[D]"), open_ones["passed"].to_numpy()
    end = add_months(np.array([as_of], dtype="M8[D]"), options.horizon_months)[0]
    return pd.DataFrame(
        {
            "customer_id": open_ones["customer_id"],
            "cohort": open_ones["cohort"],
            "renewals": passed,
            "value_per_period": open_ones["value_per_period"],
            "value_from": open_ones["value_from"],
            "next_renewal": add_months(starts, (passed + 1) * months).astype("M8[s]"),
            "renewals_ahead": renewals_until(starts, end, months) - passed,
        }
    ).assign(
        _wait=_periods_between(np.datetime64(as_of, "D"), add_months(starts, (passed + 1) * months), months)
    )


def _periods_between(day: np.datetime64, later: Array, months: int) -> Array:
    return np.asarray((later - day).astype(float) / (DAYS["M"] * months))


def _worth(
    table: pd.DataFrame,
    fit: Fit[ShiftedBetaGeometric] | None,
    data: Renewals,
    options: ClvSettings,
    months: int,
    replicates: int | None,
) -> tuple[pd.DataFrame, Array]:
    rate = math.expm1(math.log1p(options.discount_rate) * months / 12)
    draws = _drawn(fit, data, replicates or replicates_for(len(table)), options.seed)
    models = draws if fit is None else [fit.model]
    passed, ahead, wait, value = (
        table[name].to_numpy(float) for name in ("renewals", "renewals_ahead", "_wait", "value_per_period")
    )
    (distinct_passed, distinct_ahead), place = distinct(passed, ahead)
    kinds = list(zip(distinct_passed.astype(int).tolist(), distinct_ahead.astype(int).tolist(), strict=True))
    within = _within(models, kinds, rate)[place] * np.exp((1 - wait) * math.log1p(rate))
    endless = _endless(models, passed, rate) * np.exp((1 - wait) * math.log1p(rate))
    low, high = _bounds(draws, kinds)[:, place]
    paid = np.stack([value * _paid(low, wait, rate), value * _paid(high, wait, rate)])
    table = table.assign(
        p_renewal=np.mean([model.retention(passed + 1) for model in models], axis=0),
        expected_renewals=within,
        expected_periods=endless,
        clv=value * within,
        clv_low=np.minimum(paid.min(axis=0), value * within),
        clv_high=np.maximum(paid.max(axis=0), value * within),
        endless_value=value * endless,
    )
    order = np.lexsort((value, wait, ahead, passed))
    totals = _totals(draws, passed[order], ahead[order], wait[order], value[order], rate, options.seed)
    return table, totals


def _drawn(
    fit: Fit[ShiftedBetaGeometric] | None, data: Renewals, number: int, seed: int
) -> list[ShiftedBetaGeometric]:
    rng = np.random.default_rng([seed, 9])
    if fit is None:
        return plausible_models(data, number, rng)
    drawn = fit.draw(number, rng)
    return [
        ShiftedBetaGeometric(float(a), float(b)) for a, b in zip(drawn["alpha"], drawn["beta"], strict=True)
    ]


def _within(models: list[ShiftedBetaGeometric], kinds: list[tuple[int, int]], rate: float) -> Array:
    """Expected renewals within the horizon, discounted as if the next were a period away."""
    force = math.log1p(rate)
    return np.array(
        [
            float(np.sum(there[1:] * np.exp(-force * np.arange(1, len(there)))))
            for there in _stays(models, kinds)
        ]
    )


def _endless(models: list[ShiftedBetaGeometric], passed: Array, rate: float) -> Array:
    """The same without end; missing where it has no finite value."""
    alpha, beta = (np.array([[getattr(model, name)] for model in models]) for name in ("alpha", "beta"))
    values, place = np.unique(passed, return_inverse=True)
    mean = endless_stay(alpha, beta + values, rate).mean(axis=0)
    return np.asarray(np.where(np.isfinite(mean), mean, np.nan)[place])


def _bounds(draws: list[ShiftedBetaGeometric], kinds: list[tuple[int, int]]) -> Array:
    """95 % interval of the number of renewals that happen, over what is unknown and over chance."""
    return np.array([_quantiles(there) for there in _stays(draws, kinds)]).reshape(-1, 2).T


def _stays(models: list[ShiftedBetaGeometric], kinds: list[tuple[int, int]]) -> Iterator[Array]:
    """Chance to be there after 0, 1, … more renewals, by kind (passed, ahead), averaged over models."""
    longest = max((passed + ahead for passed, ahead in kinds), default=0)
    logs = np.array([log_stay(model.alpha, model.beta, longest) for model in models])
    for passed, ahead in kinds:
        yield np.exp(logs[:, passed : passed + ahead + 1] - logs[:, [passed]]).mean(axis=0)


def _quantiles(at_least: Array) -> tuple[int, int]:
    """Quantiles of a number that is at least 0, 1, 2, … with these probabilities and has an end."""
    up_to = 1 - np.append(at_least[1:], 0.0)
    return int(np.searchsorted(up_to, _LEVELS[0])), int(np.searchsorted(up_to, _LEVELS[1]))


def _paid(number: Array, wait: Array, rate: float) -> Array:
    """Present value of that many payments of 1, the first after ``wait`` periods."""
    if rate == 0:
        return np.asarray(number, float)
    force = math.log1p(rate)
    return np.asarray(np.exp(-force * wait) * np.expm1(-force * number) / math.expm1(-force))


def _totals(
    draws: list[ShiftedBetaGeometric],
    passed: Array,
    ahead: Array,
    wait: Array,
    value: Array,
    rate: float,
    seed: int,
) -> Array:
    """Simulated totals: the parameters once per replicate, then each contract's own end."""
    rng = np.random.default_rng([seed, 10])
    return np.array(
        [float(np.sum(value * _paid(model.lifetimes(rng, passed, ahead), wait, rate))) for model in draws]
    )


def _with_fit(retention: pd.DataFrame, fit: Fit[ShiftedBetaGeometric] | None) -> pd.DataFrame:
    if fit is None or retention.empty:
        return retention
    period = retention["period"].to_numpy()
    return retention.assign(
        fitted_rate=fit.model.retention(period), fitted_survival=fit.model.survival(period)
    )


def _cohorts_differ(spans: pd.DataFrame) -> float | None:
    """p-value of a likelihood-ratio test of one model for all cohorts against one for each."""
    logs, used = [], []
    for _, rows in spans.groupby("cohort", sort=True):
        if rows["churned"].sum() < _LEAST_LOST:
            continue
        try:
            logs.append(ShiftedBetaGeometric.fit(rows[["periods", "churned"]]).log_likelihood)
        except FitError:
            continue
        used.append(rows)
    if len(logs) < 2:
        return None
    try:
        together = ShiftedBetaGeometric.fit(pd.concat(used)[["periods", "churned"]]).log_likelihood
    except FitError:
        return None
    return float(chi2.sf(max(2 * (sum(logs) - together), 0.0), 2 * (len(logs) - 1)))
