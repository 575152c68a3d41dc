"""Who carries the company: concentration of net revenue, margin and profit over the customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import ibis
import pandas as pd

from customer_value.display import Prose, Table
from customer_value.errors import NotEnoughData
from customer_value.expressions import as_fact, as_table, column_values, steps
from customer_value.pareto import reading, story
from customer_value.pareto.accounts import largest_accounts, losing_accounts, loss_by_exit, with_names
from customer_value.pareto.classes import ABC, PYRAMID, tier_matrix
from customer_value.pareto.contracts import ContractEnds, contract_ends
from customer_value.pareto.groups import Rollup, find_heads, largest_groups, rolled_up
from customer_value.pareto.measure import LARGEST, VALUE_NAMES, VALUE_SHARES, Estimate, Measure, measure
from customer_value.pareto.periods import Stability, dated_money, stability
from customer_value.result import Fact, warning_list
from customer_value.settings import ParetoSettings
from customer_value.text import Text
from customer_value.workbook import Workbook

__all__ = ["Concentration", "concentration", "concentration_of"]


@dataclass(frozen=True)
class Concentration:
    """The answer to "is it 80/20 here, and what hangs on the few?".

    Attributes
    ----------
    value
        The headline value column.
    measures
        Value column to its `customer_value.pareto.measure.Measure`; net revenue always, margin and
        profit where they are known.
    currency, start, as_of
        Unit and period of all money; ``start`` is the first order date.
    returns_only
        Customers without a purchase; they count here but not in RFM.
    tiers
        Revenue tier against profit tier (`tier_matrix`); None where no profit or margin is known.
    largest, losing
        The ten largest customers by the headline value, and the ten largest losses
        (`losing_accounts`): customer_id, name (if known) and the values.
    risk
        What leaves with the n largest customers (`loss_by_exit`).
    stability
        Figures per calendar year and quarter (`customer_value.pareto.periods.Stability`); None
        where no months were given or the headline value has no dates.
    moved
        The largest customers that entered and left the top (`Stability.moved`), with their name.
    contracts
        Money by the end of the contract (`customer_value.pareto.contracts.ContractEnds`); None
        where no end is known.
    rollup
        Concentration over groups of accounts (`customer_value.pareto.groups.Rollup`); None where
        no parent account is known.
    classes
        Lazy table, one row per customer: customer_id, the values, abc, and a tier per value.
    options
        The settings used.
    """

    value: str
    measures: Mapping[str, Measure]
    currency: str
    start: dt.date | None
    as_of: dt.date | None
    returns_only: int
    tiers: pd.DataFrame | None
    largest: pd.DataFrame
    losing: pd.DataFrame | None
    risk: pd.DataFrame
    stability: Stability | None
    moved: pd.DataFrame
    contracts: ContractEnds | None
    rollup: Rollup | None
    classes: ibis.Table
    options: ParetoSettings

    @property
    def main(self) -> Measure:
        """The measure of the headline value."""
        return self.measures[self.value]

    @property
    def earnings(self) -> Measure | None:
        """Profit, or margin where the cost to serve is not known, or None."""
        return self.measures.get("profit") or self.measures.get("margin")

    @property
    def pyramid_value(self) -> str:
        """What the customer pyramid goes by: profit, else margin, else the headline value."""
        return self.earnings.value if self.earnings else self.value

    @property
    def periods(self) -> pd.DataFrame | None:
        """The headline value per calendar `period`; None where it has no dates."""
        return self.stability.periods(self.value) if self.stability else None

    @property
    def period(self) -> str:
        """The kind of period that words and charts use: year or quarter."""
        return self.stability.kind if self.stability else "year"

    @property
    def top_retained(self) -> float | None:
        """Share of the top customers that stayed at the top, over the last two complete periods."""
        return reading.last_retained(self.periods)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Headline figures, keyed ``pareto.figure``."""
        return _facts(self)

    @property
    def tables(self) -> Mapping[str, Any]:
        """Tables of the run, in the notebook's order; classes and concentration_groups are lazy.

        ``concentration`` has every figure in long form: value, period (``all``, ``2024``,
        ``2024 Q3``), unit (``customer``, or ``group`` after the roll-up), figure, of (share or
        number that it is for), estimate, and low and high for the whole period. Its figures are
        customers, total, negative_customers, negative_total, top_share, customers_needed,
        customers_needed_of_gains (of those above zero, for what they bring), largest_customers,
        gini, gini_not_negative, herfindahl, effective_customers, whale_peak.
        """
        found = {
            "concentration": reading.figures(self),
            "concentration_risk": self.risk,
            "concentration_periods": self.stability.table if self.stability else None,
            "concentration_moves": self.moved if self.stability else None,
            "concentration_tiers": self.tiers,
            "concentration_contracts": self.contracts.states if self.contracts else None,
            "concentration_groups": _groups_table(self.rollup),
            "classes": self.classes,
        }
        return {name: table for name, table in found.items() if table is not None}

    @property
    def findings(self) -> tuple[Text, ...]:
        """What this means here."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[Text, ...]:
        """What to do next."""
        return story.next_steps(self)

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What a reader must know before believing the figures."""
        return story.warnings(self)

    @property
    def warnings_list(self) -> Prose:
        """The warnings to read, or the sentence that there are none."""
        return warning_list(self)

    @property
    def verdict(self) -> Text:
        """The measured rule in one sentence."""
        return story.verdict(self)

    @property
    def split_table(self) -> Table:
        """Top shares, customers needed and indices of the headline value, with intervals."""
        return reading.split_table(self)

    @property
    def compare_table(self) -> Table:
        """Net revenue, margin and profit side by side."""
        return reading.compare_table(self)

    @property
    def abc_table(self) -> Table:
        """Size and money of the ABC classes."""
        return reading.class_table(self, "abc")

    @property
    def pyramid_table(self) -> Table:
        """Size and money of the tiers of the customer pyramid."""
        return reading.class_table(self, "pyramid")

    @property
    def risk_table(self) -> Table | None:
        """What would be left without the largest customers; None where there is only one."""
        return reading.risk_table(self)

    @property
    def largest_table(self) -> Table:
        """The largest customers."""
        return reading.account_table(self, self.largest, "The largest customers")

    @property
    def losing_table(self) -> Table | Prose:
        """The largest losses among the big buyers."""
        return reading.losing_table(self)

    @property
    def tier_table(self) -> Table | Prose:
        """Revenue tier against profit tier."""
        return reading.tier_table(self)

    @property
    def period_table(self) -> Table | Prose:
        """Concentration per calendar period."""
        return reading.period_table(self)

    @property
    def values_by_period_table(self) -> Table | None:
        """Every value per calendar period; None where only one has dates."""
        return reading.values_by_period_table(self)

    @property
    def moves_table(self) -> Table | None:
        """Who stayed at the top, left and entered, with their money; None without two periods."""
        return reading.moves_table(self)

    @property
    def moved_table(self) -> Table | None:
        """The largest that left and entered the top; None where nobody did."""
        return reading.moved_table(self)

    @property
    def contracts_table(self) -> Table | None:
        """Money by the end of the contract; None where no end is known."""
        return reading.contracts_table(self)

    @property
    def soonest_table(self) -> Table | None:
        """The largest customers whose contract ends within 12 months; None where there are none."""
        return reading.soonest_table(self)

    @property
    def rollup_table(self) -> Table | None:
        """Accounts against groups; None where no accounts share a parent."""
        return reading.rollup_table(self)

    @property
    def groups_table(self) -> Table | None:
        """The largest groups; None where no accounts share a parent."""
        return reading.groups_table(self)


def concentration_of(
    workbook: Workbook,
    *,
    value: str = "net_revenue",
    top_share: float | None = None,
    value_share: float | None = None,
) -> Concentration:
    """`concentration` of a workbook's tables, with its settings.

    Parameters
    ----------
    workbook
        An open workbook.
    value
        The headline value column.
    top_share, value_share
        Override the settings; None keeps them.
    """
    known = {
        name: workbook.table(table) if workbook.has(table) else None
        for name, table in (("names", "customer_file"), ("costs", "service_costs"))
    }
    return concentration(
        workbook.table("customers"),
        months=workbook.table("customer_months"),
        value=value,
        as_of=workbook.as_of,
        currency=workbook.currency,
        options=workbook.options("pareto", top_share=top_share, value_share=value_share),
        **known,
    )


def concentration(
    customers: ibis.Table | pd.DataFrame,
    *,
    currency: str,
    as_of: dt.date | None = None,
    value: str = "net_revenue",
    months: ibis.Table | pd.DataFrame | None = None,
    names: ibis.Table | pd.DataFrame | None = None,
    costs: ibis.Table | pd.DataFrame | None = None,
    options: ParetoSettings | None = None,
) -> Concentration:
    """Measure how value is spread over the customers.

    Parameters
    ----------
    customers
        One row per customer: customer_id, first_order (missing for returns only), the value
        columns (net_revenue and, where known, margin and profit).
    currency
        ISO code of the money.
    as_of
        Date up to which the data count; the last order date if not given.
    value
        The headline value column.
    months
        One row per customer and month (customer_id, month, net_revenue, margin if known), for the
        stability over time.
    names
        Customer file: customer_id, and where known name (for the lists of accounts), parent_id
        (for the roll-up) and contract_end.
    costs
        Costs of service (customer_id, date, cost), for profit per period.
    options
        Shares, ABC cuts, resamples and seed.

    Returns
    -------
    Concentration

    Raises
    ------
    NotEnoughData
        If there is no customer with a value.
    InputError
        If a column is missing.

    Notes
    -----
    Facts ``pareto.top_20_share`` and ``pareto.customers_for_80_share`` always mean 20 % and 80 %;
    with other shares in the options, the figures for those are in ``pareto.top_share_value`` (for
    ``pareto.top_share``) and ``pareto.value_share_customers`` (for ``pareto.value_share``).

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": list("abcde"), "net_revenue": [80.0, 5, 5, 5, 5]})
    >>> concentration(frame, currency="EUR").facts["pareto.top_20_share"]
    0.8
    """
    table = as_table(customers, needs=("customer_id", value))
    chosen = options or ParetoSettings()
    measures = {name: _measured(table, name, chosen) for name in _values(table, value)}
    start, last, returns_only = _dates(table)
    end = as_of or last
    earnings = next((name for name in ("profit", "margin") if name in measures), None)
    known_names = None if names is None else as_table(names)
    revenue = "net_revenue" if "net_revenue" in measures else value
    largest = largest_accounts(table, value, list(measures), known_names)
    money = None
    if months is not None and end is not None:
        dated = dated_money(months, list(measures), as_of=end, costs=costs, customers=table)
        money = dated if value in dated.columns else None
    over_time = None
    if money is not None and start is not None and end is not None:
        over_time = stability(money, value, start=start, as_of=end, options=chosen)
    return Concentration(
        value=value,
        measures=measures,
        currency=currency,
        start=start,
        as_of=end,
        returns_only=returns_only,
        tiers=_tiers(table, revenue, earnings, measures),
        largest=largest,
        losing=_losing(table, revenue, earnings, measures, known_names),
        risk=loss_by_exit(largest, measures),
        stability=over_time,
        moved=_moved(over_time, known_names),
        contracts=_contracts(table, known_names, list(measures), end, money),
        rollup=_rollup(table, known_names, list(measures), earnings, chosen),
        classes=_classes(table, value, measures),
        options=chosen,
    )


def _values(table: ibis.Table, value: str) -> list[str]:
    return [value, *(name for name in VALUE_NAMES if name in table.columns and name != value)]


def _measured(table: ibis.Table, value: str, options: ParetoSettings) -> Measure:
    values = column_values(table, value)
    if not len(values):
        raise NotEnoughData(f"There is no customer with a known {value}, so nothing can be concentrated.")
    everyone = int(table.count().to_pyarrow().as_py())
    return measure(values, value, options, missing=everyone - len(values))


def _dates(table: ibis.Table) -> tuple[dt.date | None, dt.date | None, int]:
    """First and last order date and the number of customers without a purchase, where known."""
    if "first_order" not in table.columns:
        return None, None, 0
    first = table.first_order.cast("date")
    last = table.last_order.cast("date") if "last_order" in table.columns else first
    found = table.aggregate(first=first.min(), last=last.max(), none=first.isnull().sum()).to_pyarrow()
    row = found.to_pylist()[0]
    return row["first"], row["last"], int(row["none"] or 0)


def _losing(
    table: ibis.Table,
    revenue: str,
    earnings: str | None,
    measures: Mapping[str, Measure],
    names: ibis.Table | None,
) -> pd.DataFrame | None:
    if earnings is None:
        return None
    return losing_accounts(table, revenue, earnings, measures[revenue].pyramid["iron"], names)


def _tiers(
    table: ibis.Table, revenue: str, earnings: str | None, measures: Mapping[str, Measure]
) -> pd.DataFrame | None:
    if earnings is None or earnings == revenue:
        return None
    return tier_matrix(table, revenue, earnings, {v: measures[v].pyramid for v in (revenue, earnings)})


def _moved(over_time: Stability | None, names: ibis.Table | None) -> pd.DataFrame:
    if over_time is None:
        return pd.DataFrame(columns=["customer_id", "move", "before", "now"])
    return with_names(over_time.moved, names)


def _contracts(
    table: ibis.Table,
    file: ibis.Table | None,
    values: list[str],
    as_of: dt.date | None,
    money: ibis.Table | None,
) -> ContractEnds | None:
    if as_of is None or not _known(file, "contract_end"):
        return None
    return contract_ends(table, file, values, as_of=as_of, money=money)


def _rollup(
    table: ibis.Table,
    file: ibis.Table | None,
    values: list[str],
    earnings: str | None,
    options: ParetoSettings,
) -> Rollup | None:
    if not _known(file, "parent_id"):
        return None
    heads = find_heads(file)
    rolled = rolled_up(table, values, heads)
    several = rolled.filter(rolled.accounts > 1)
    size = (
        several.aggregate(groups=several.count(), accounts=several.accounts.sum()).to_pyarrow().to_pylist()[0]
    )
    groups = int(size["groups"])
    shown = dict.fromkeys([values[0], earnings or values[0]])
    return Rollup(
        groups=groups,
        accounts=int(size["accounts"] or 0),
        customers=int(rolled.count().to_pyarrow().as_py()),
        measures={value: _measured(rolled, value, options) for value in shown} if groups else {},
        table=rolled,
        largest=largest_groups(rolled, values[0], file),
        circular=heads.circular,
        circular_examples=heads.circular_examples,
    )


def _known(file: ibis.Table | None, column: str) -> TypeGuard[ibis.Table]:
    """Whether the customer file has that column with anything in it."""
    if file is None or column not in file.columns:
        return False
    return bool(file[column].notnull().any().to_pyarrow().as_py())


def _groups_table(rollup: Rollup | None) -> ibis.Table | None:
    if rollup is None or not rollup.groups:
        return None
    return rollup.table.filter(rollup.table.accounts > 1).order_by("customer_id")


def _classes(table: ibis.Table, value: str, measures: Mapping[str, Measure]) -> ibis.Table:
    tiers = {f"{name}_tier": steps(table[name], m.pyramid, PYRAMID[-1]) for name, m in measures.items()}
    abc = steps(table[value], measures[value].abc, ABC[-1])
    return table.select("customer_id", *measures, abc=abc, **tiers).order_by("customer_id")


def _facts(result: Concentration) -> dict[str, Fact]:
    main, options = result.main, result.options
    return {
        "pareto.value": main.value,
        "pareto.customers": main.customers,
        "pareto.total": as_fact(main.total),
        **_with_interval("pareto.top_20_share", main.top[0.2]),
        **{
            key: fact
            for share in VALUE_SHARES
            for key, fact in _with_interval(
                f"pareto.customers_for_{share * 100:.0f}_share", main.needed[share]
            ).items()
        },
        "pareto.top_share": options.top_share,
        **_with_interval("pareto.top_share_value", main.top[options.top_share]),
        "pareto.value_share": options.value_share,
        **_with_interval("pareto.value_share_customers", main.needed[options.value_share]),
        **_with_interval("pareto.gini", main.gini),
        **_with_interval("pareto.gini_without_negative", main.gini_not_negative),
        **_with_interval("pareto.herfindahl", main.herfindahl),
        **_with_interval("pareto.effective_customers", main.effective_customers),
        **{f"pareto.top_{n}_customers_share": as_fact(main.largest[n].value) for n in LARGEST},
        "pareto.abc": _counts(main.abc_table),
        "pareto.negative_customers": main.negative_customers,
        "pareto.zero_customers": main.zero_customers,
        "pareto.pyramid": _counts(result.measures[result.pyramid_value].pyramid_table),
        "pareto.pyramid_value": result.pyramid_value,
        **_earnings_facts(result.earnings),
        "pareto.top_20_retained": as_fact(result.top_retained) if options.top_share == 0.2 else None,
        "pareto.top_retained_period": result.period if result.top_retained is not None else None,
        **_contract_facts(result.contracts),
        **_rollup_facts(result),
    }


def _earnings_facts(earnings: Measure | None) -> dict[str, Fact]:
    if earnings is None:
        names = (
            "whale_peak",
            "whale_peak_low",
            "whale_peak_high",
            "loss_making_customers",
            "loss_making_total",
        )
        return {f"pareto.{name}": None for name in names}
    return {
        **_with_interval("pareto.whale_peak", earnings.peak_multiple),
        "pareto.whale_peak": as_fact(earnings.whale_peak),
        "pareto.loss_making_customers": earnings.negative_customers,
        "pareto.loss_making_total": as_fact(earnings.negative_total),
    }


def _contract_facts(contracts: ContractEnds | None) -> dict[str, Fact]:
    """Customers whose contract ends within 12 months, and their last twelve months."""
    soon = None if contracts is None else contracts.of("ends soon")
    return {
        "pareto.contracts_ending_customers": None if soon is None else int(soon["customers"]),
        "pareto.contracts_ending_last_year": None if soon is None else as_fact(float(soon["last_year"])),
    }


def _rollup_facts(result: Concentration) -> dict[str, Fact]:
    rolled = result.rollup.measures.get(result.value) if result.rollup else None
    return {
        "pareto.groups": result.rollup.groups if result.rollup else None,
        "pareto.rolled_up_customers": rolled.customers if rolled else None,
        "pareto.rolled_up_top_20_share": as_fact(rolled.top[0.2].value) if rolled else None,
        "pareto.rolled_up_effective_customers": as_fact(rolled.effective_customers.value) if rolled else None,
    }


def _with_interval(key: str, figure: Estimate) -> dict[str, Fact]:
    return {
        key: as_fact(figure.value),
        f"{key}_low": as_fact(figure.low),
        f"{key}_high": as_fact(figure.high),
    }


def _counts(classes: pd.DataFrame) -> dict[str, Any]:
    return {str(k): int(n) for k, n in zip(classes["class"], classes["customers"], strict=True)}
