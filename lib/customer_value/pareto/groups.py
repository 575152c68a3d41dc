"""Parent accounts: how concentration changes when accounts of one group count as one customer.

A chain of parents is followed to the account at its head. An account whose chain runs in a circle
has no head; it stays an account of its own and is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import pandas as pd

from customer_value.expressions import exact_sum, kept
from customer_value.pareto.accounts import with_names
from customer_value.pareto.measure import Measure

__all__ = ["Heads", "Rollup", "find_heads", "largest_groups", "rolled_up"]

_LISTED = 10


@dataclass(frozen=True)
class Heads:
    """Which account heads the group of each account that has a parent.

    Attributes
    ----------
    table
        customer_id, group_id (the id of its head); only accounts that are not their own head.
    circular
        Accounts whose chain of parents runs in a circle.
    circular_examples
        Up to five of their ids.
    """

    table: ibis.Table
    circular: int
    circular_examples: tuple[str, ...]


@dataclass(frozen=True)
class Rollup:
    """Concentration over groups of accounts.

    Attributes
    ----------
    groups, accounts
        Groups of two accounts or more with money, and the accounts in them.
    customers
        Groups and accounts on their own together: what is counted after the roll-up.
    measures
        Value column to its measure over groups, for the headline value and what is earned.
    table
        Lazy table, a row per group: customer_id (of its head), accounts, the values.
    largest
        The ten largest groups: customer_id, name (if known), accounts, the values.
    circular, circular_examples
        See `Heads`.
    """

    groups: int
    accounts: int
    customers: int
    measures: Mapping[str, Measure]
    table: ibis.Table
    largest: pd.DataFrame
    circular: int
    circular_examples: tuple[str, ...]


def find_heads(file: ibis.Table) -> Heads:
    """Follow the parents in a customer file to the head of each group.

    Each step doubles the length of the chains that are followed, so that their length hardly
    matters. A parent that is not in the file, or is its own parent, is a head.

    Parameters
    ----------
    file
        customer_id and parent_id.

    Examples
    --------
    >>> chain = {"customer_id": ["a", "b", "c"], "parent_id": ["b", "c", None]}
    >>> find_heads(ibis.memtable(pd.DataFrame(chain))).table.order_by("customer_id").group_id.to_list()
    ['c', 'c']
    """
    edges = file.filter(file.parent_id.notnull() & (file.parent_id != file.customer_id))
    edges = kept(edges.group_by("customer_id").aggregate(group_id=edges.parent_id.min()))
    below = edges.select("customer_id")
    current, open_before = edges, -1
    while (still_open := _count(_unresolved(current, below))) not in (0, open_before):
        current, open_before = _one_step(current), still_open
    if not still_open:
        return Heads(current, 0, ())
    circular = kept(_unresolved(current, below).select("customer_id"))
    examples = circular.order_by("customer_id").limit(5).customer_id.to_pyarrow().to_pylist()
    return Heads(current.anti_join(circular, "customer_id"), still_open, tuple(examples))


def rolled_up(customers: ibis.Table, values: Sequence[str], heads: Heads) -> ibis.Table:
    """The customer table with one row per group or account of its own.

    Returns
    -------
    ibis.Table
        customer_id (of the head), accounts (that it stands for), the values.
    """
    joined = customers.left_join(heads.table, "customer_id")
    named = joined.select(
        customer_id=ibis.coalesce(heads.table.group_id, customers.customer_id),
        **{value: customers[value] for value in values},
    )
    sums = {value: exact_sum(named[value]) for value in values}
    return kept(named.group_by("customer_id").aggregate(accounts=named.count(), **sums))


def largest_groups(rolled: ibis.Table, value: str, names: ibis.Table) -> pd.DataFrame:
    """The ten largest groups of two accounts or more by a value."""
    groups = rolled.filter((rolled.accounts > 1) & rolled[value].notnull())
    others = [name for name in rolled.columns if name not in ("customer_id", "accounts", value)]
    order = [*(ibis.desc(name) for name in (value, *others, "accounts")), "customer_id"]
    return with_names(groups.order_by(order).limit(_LISTED).to_pyarrow().to_pandas(), names)


def _one_step(current: ibis.Table) -> ibis.Table:
    """Replace each head by the head of that head."""
    above = current.select(via="customer_id", further="group_id")
    joined = current.left_join(above, current.group_id == above.via)
    return kept(joined.select(current.customer_id, group_id=ibis.coalesce(above.further, current.group_id)))


def _unresolved(current: ibis.Table, below: ibis.Table) -> ibis.Table:
    """Accounts whose head so far has a parent of its own."""
    return current.semi_join(below.select(group_id="customer_id"), "group_id")


def _count(table: ibis.Table) -> int:
    return int(table.count().to_pyarrow().as_py())
