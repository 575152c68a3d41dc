"""A base with both kinds of customers: those under contract apart, the others modelled, the values summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd

from customer_value.clv.inputs import Array
from customer_value.clv.value import Valuation
from customer_value.expressions import as_table

if TYPE_CHECKING:
    from customer_value.clv.contracts import ContractValue

__all__ = ["Equity", "customer_equity", "distinct_histories", "with_contracts", "without_customers"]

_LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Equity:
    """Customer equity of both kinds of customers with its 95 % interval, and the part under contract."""

    total: float
    low: float
    high: float
    contracts: float | None


def customer_equity(valuation: Valuation | None, contracts: ContractValue | None) -> Equity | None:
    """The values of customers with and without a contract together; None where neither has one.

    The futures of the two are independent, so their interval is taken over the sums of all pairs of
    simulated totals.
    """
    parts: list[tuple[float, Array]] = []
    if valuation is not None:
        parts.append((valuation.equity, valuation.totals))
    under_contract = contracts.equity if contracts is not None else None
    if contracts is not None and under_contract is not None:
        parts.append((under_contract, contracts.totals))
    if not parts:
        return None
    totals = parts[0][1]
    for _, more in parts[1:]:
        totals = np.add.outer(totals, more).ravel()
    low, high = np.quantile(totals, _LEVELS)
    return Equity(sum(value for value, _ in parts), float(low), float(high), under_contract)


def without_customers(
    snapshots: pd.DataFrame, months: Any | None, ids: frozenset[str]
) -> tuple[pd.DataFrame, pd.DataFrame, Any | None]:
    """Snapshots, patterns and months of the customers who have no contract.

    Returns
    -------
    snapshots, patterns, months
        The patterns are the distinct histories of the snapshots that are left.
    """
    left = snapshots[~snapshots["customer_id"].isin(ids)]
    if months is not None:
        table = as_table(months)
        months = table.filter(~table.customer_id.isin(sorted(ids))) if ids else table
    return left, distinct_histories(left), months


def distinct_histories(snapshots: pd.DataFrame) -> pd.DataFrame:
    """Distinct (as_of, frequency, recency, T) with their customers, as `reduce` counts them."""
    keys = ["as_of", "frequency", "recency", "T"]
    bought = snapshots[snapshots["frequency"].notna()]
    return bought.groupby(keys, sort=True).size().rename("customers").reset_index()


def with_contracts(table: Any, contracts: ContractValue | None) -> Any:
    """The customers without a contract and below them those with an open one, told apart by ``kind``.

    The table may be a frame or a lazy Ibis table, and so is what is returned.
    """
    if contracts is None:
        return table
    names = {"endless_value": "clv_endless"}
    there = contracts.table[["customer_id", "clv", "clv_low", "clv_high", "endless_value"]].rename(
        columns=names
    )
    if isinstance(table, ibis.Table):
        return _below(table, there)
    parts = [table.assign(kind="no contract"), there.assign(kind="contract")]
    joined = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return joined.astype({"frequency": "Int64"}) if "frequency" in joined.columns else joined


def _below(table: ibis.Table, there: pd.DataFrame) -> ibis.Table:
    under = as_table(there.astype({"customer_id": "str"}))
    schema = table.schema()
    columns = {
        name: under[name].cast(kind) if name in under.columns else ibis.null(kind)
        for name, kind in schema.items()
    }
    parts = (
        table.mutate(kind=ibis.literal("no contract")),
        under.select(**columns, kind=ibis.literal("contract")),
    )
    return ibis.union(*parts).order_by(ibis.desc("kind"), "customer_id")
