"""The kept share: what is left of gross sales after returns and, where cost is known, after cost.

Credits often come days after the sale, so no money per purchase may hang on the day on which they are booked.
A purchase is worth its expected gross spend times the kept share, and that share is net ÷ gross (margin ÷
gross where cost is known) of all rows so far. From three purchase days on it is the customer's own. Before that
three average purchases of the company are added to what the customer bought:
(net + 3ḡK) / (gross + 3ḡ), with ḡ the company's gross per purchase day and K its kept share.

Three purchases of the company beside n of the customer is how an actuary would weigh them (Bühlmann's
credibility) if customers' own shares varied among themselves by a third of what a single purchase's share
varies by. Intervals take the same view: a purchase day counts for as many observations of a beta
distribution as the spread of the shares over the customers tells (moments), so that where all customers keep
the same part of all they buy nothing is uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.expressions import as_table, exact_sum

if TYPE_CHECKING:
    from customer_value.settings import Settings

__all__ = ["LEAST_DAYS", "KeptShare", "ShareDoubt", "kept_share_of", "late_credits", "stated_rate"]

Array = NDArray[Any]

LEAST_DAYS = 3
"""Purchase days from which on a customer's own share counts, and those of the company that it is mixed with before."""

_FINE = "decimal(38, 18)"
_ALIKE = 1e-6
_LEAST_WEIGHT = 0.02
_NEEDED = ("gross", "net_revenue", "purchase_days")
_WORTH_A_WORD = 0.01


@dataclass(frozen=True)
class ShareDoubt:
    """How uncertain kept shares are.

    Shares are seen here on a scale from 0 (the lowest possible) to 1; ``low`` and ``width`` translate. The
    company's own can lie below it, where more was credited than sold.

    Parameters
    ----------
    company, error
        The company's share and its standard error.
    weight
        Observations that a purchase day counts for.
    low, width
        A share is ``low`` + ``width`` × what is on the scale.
    """

    company: float
    error: float
    weight: float
    low: float
    width: float

    def draw_company(self, rng: np.random.Generator, replicates: int) -> Array:
        """The company's share in each replicate, on the scale."""
        return rng.normal(self.company, self.error, replicates)

    def draw(self, rng: np.random.Generator, share: Array, x: Array, ahead: Array, company: float) -> Array:
        """Shares that the customers may keep of their next purchases.

        Parameters
        ----------
        rng
            Random numbers.
        share, x
            The customers' kept shares and repeat purchases.
        ahead
            Purchases that the share is kept of, 1 or more.
        company
            The company's share in this replicate, on the scale.
        """
        middle, size = self._seen(share, x, company)
        likely = _beta(rng, self.weight * size, middle)
        return self.low + self.width * _beta(rng, self.weight * ahead, likely)

    def deviation(self, share: Any, frequency: Any, ahead: Any) -> Any:
        """Standard deviation of the same, as an Ibis expression."""
        size = frequency + 1 + LEAST_DAYS
        scaled = (share - self.low) / self.width
        company = min(max(self.company, 0.0), 1.0)
        mixed = (scaled * (frequency + 1) + company * LEAST_DAYS) / size
        middle = ibis.ifelse(frequency + 1 < LEAST_DAYS, scaled, mixed).clip(0.0, 1.0)
        chance = 1 / (self.weight * size + 1) + 1 / (self.weight * ibis.greatest(ahead, 1.0) + 1)
        common = self.error * LEAST_DAYS / size
        return abs(self.width) * (middle * (1 - middle) * chance + common * common).sqrt()

    def _seen(self, share: Array, x: Array, company: float) -> tuple[Array, Array]:
        """What a customer's purchases and those of the company say together, and how many they are."""
        days = x + 1
        size = days + LEAST_DAYS
        scaled = (share - self.low) / self.width
        own = (scaled * days + min(max(company, 0.0), 1.0) * LEAST_DAYS) / size
        mixed = scaled + (company - self.company) * LEAST_DAYS / size
        return np.clip(np.where(days < LEAST_DAYS, mixed, own), 0.0, 1.0), size


@dataclass(frozen=True)
class KeptShare:
    """What part of gross sales counts as value, for the company and so for each customer.

    Parameters
    ----------
    basis
        ``"margin"`` where cost is known or a margin rate is stated, else ``"revenue"``.
    rate
        The stated margin rate where all margin follows from it; None otherwise.
    company
        Net revenue, or margin, over gross sales of all customers.
    gross_per_day
        Gross sales per purchase day of all customers.
    own
        Customers whose own share is used.
    above
        Customers with a purchase whose credits exceed their sales.
    doubt
        How uncertain the shares are; None where nothing is.
    """

    basis: str
    rate: float | None
    company: float
    gross_per_day: float
    own: int
    above: int
    doubt: ShareDoubt | None

    @property
    def overall(self) -> float:
        """The company's share, a stated margin rate included."""
        return self.company * (1.0 if self.rate is None else self.rate)

    @property
    def lowest(self) -> float:
        """The lowest share that a customer can have before a stated rate."""
        return _lowest(self.basis, self.rate)

    def of(self, customers: pd.DataFrame) -> Array:
        """The kept share of each customer with a purchase.

        Parameters
        ----------
        customers
            gross, net_revenue, purchase_days and, if cost is known, margin.
        """
        names = [name for name in (*_NEEDED, "margin") if name in customers.columns]
        table = as_table(customers[names].assign(_place=np.arange(len(customers))), needs=_NEEDED)
        rows = table.select("_place", share=self.on(table)).order_by("_place")
        return np.asarray(rows.to_pyarrow()["share"].to_numpy(), dtype=float)

    def on(self, table: ibis.Table) -> Any:
        """The same as an Ibis expression."""
        value, gross = _value(table, self.basis, self.rate), table.gross.cast("float64")
        prior = LEAST_DAYS * self.gross_per_day
        mixed = (value + prior * self.company) / (gross + prior) if prior > 0 else ibis.literal(0.0)
        own = value / gross.nullif(0.0)
        raw = ibis.ifelse(table.purchase_days >= LEAST_DAYS, own.fill_null(mixed), mixed)
        share = raw.clip(self.lowest, 1.0)
        return share if self.rate is None else share * self.rate


def kept_share_of(customers: ibis.Table | pd.DataFrame, *, margin_rate: float | None = None) -> KeptShare:
    """The company's kept share, and what a customer's own is made of.

    Parameters
    ----------
    customers
        All customers, also those with returns only: gross, net_revenue, purchase_days and, if cost is
        known, margin.
    margin_rate
        The stated margin rate, if all margin follows from it; it multiplies the share of net.

    Examples
    --------
    >>> table = pd.DataFrame({"gross": [100.0, 50.0, 50.0], "net_revenue": [50.0, 50.0, 40.0],
    ...                       "purchase_days": [4, 1, 2]})
    >>> kept = kept_share_of(table)
    >>> kept.company, [round(float(share), 3) for share in kept.of(table)]
    (0.7, [0.5, 0.811, 0.737])
    """
    table = as_table(customers, needs=_NEEDED)
    known = "margin" in table.columns and bool(table.margin.notnull().any().to_pyarrow().as_py())
    basis = "margin" if known or margin_rate is not None else "revenue"
    bought = table.purchase_days > 0
    row = _row(
        table.aggregate(
            value=exact_sum(_value(table, basis, margin_rate)),
            gross=exact_sum(table.gross),
            days=table.purchase_days.sum(),
            own=((table.purchase_days >= LEAST_DAYS) & (table.gross > 0)).sum(),
            above=(bought & (table.net_revenue < 0)).sum(),
        )
    )
    gross, days = float(row["gross"] or 0.0), float(row["days"] or 0.0)
    company = float(row["value"] or 0.0) / gross if gross > 0 else 0.0
    return KeptShare(
        basis=basis,
        rate=margin_rate,
        company=company,
        gross_per_day=gross / days if days else 0.0,
        own=int(row["own"] or 0),
        above=int(row["above"] or 0),
        doubt=_doubt(table, company, gross, basis, margin_rate),
    )


def stated_rate(settings: Settings) -> float | None:
    """The margin rate of the settings, where margin is known by it alone; None where any cost is known."""
    if settings.orders is None:
        return None
    columns = settings.orders.columns
    return None if columns.cost or columns.unit_cost or columns.margin else settings.margin_rate


def late_credits(months: Any) -> float | None:
    """Share of the money credited that was booked more than 30 days after the purchase before it.

    Only months are known, so a credit of the month after the last one with a purchase counts half. A
    credit for an older purchase than the last before it comes later than this says.

    Parameters
    ----------
    months
        customer_id, month (its first day), purchase_days, gross, returns (pandas or Ibis).

    Returns
    -------
    float or None
        None where hardly anything (under 1 % of gross sales) was credited after a purchase, or it is not
        known.

    Examples
    --------
    >>> months = pd.DataFrame({"customer_id": ["a"] * 3, "purchase_days": [1, 0, 1],
    ...     "month": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-06-01"]),
    ...     "gross": [50.0, 0.0, 50.0], "returns": [0.0, 30.0, 10.0]})
    >>> late_credits(months)
    0.75
    """
    table = as_table(months)
    if not {"gross", "returns"} <= set(table.columns):
        return None
    day = table.month.cast("date")
    number = day.year() * 12 + day.month()
    dated = table.select("customer_id", "purchase_days", "gross", "returns", number=number)
    until = ibis.window(group_by="customer_id", order_by="number", rows=(None, 0))
    bought = ibis.ifelse(dated.purchase_days > 0, dated.number, ibis.null(dated.number.type()))
    lagged = dated.mutate(lag=dated.number - bought.max().over(until))
    row = _row(
        lagged.aggregate(
            gross=exact_sum(lagged.gross),
            credited=exact_sum(lagged.returns, where=lagged.lag.notnull()),
            next=exact_sum(lagged.returns, where=lagged.lag == 1),
            later=exact_sum(lagged.returns, where=lagged.lag > 1),
        )
    )
    gross, credited, following, later = (float(row[n] or 0.0) for n in ("gross", "credited", "next", "later"))
    return (later + following / 2) / credited if credited > _WORTH_A_WORD * gross else None


def _lowest(basis: str, rate: float | None) -> float:
    return -1.0 if basis == "margin" and rate is None else 0.0


def _value(table: ibis.Table, basis: str, rate: float | None) -> Any:
    """What is left of a customer's gross sales, before a stated rate."""
    column = table.margin.fill_null(0.0) if basis == "margin" and rate is None else table.net_revenue
    return column.cast("float64")


def _doubt(
    table: ibis.Table, company: float, gross: float, basis: str, rate: float | None
) -> ShareDoubt | None:
    """How uncertain shares are, from their spread over the customers; None where they are all alike."""
    if gross <= 0 or rate == 0:
        return None
    low = _lowest(basis, rate)
    width = 1.0 - low
    value, own = _value(table, basis, rate), table.gross.cast("float64")
    share = (value / own.nullif(0.0)).clip(low, 1.0)
    off = (share - company) / width
    apart = (value - company * own) / (gross * width)
    buyer = (table.purchase_days > 0) & (own > 0)
    row = _row(
        table.aggregate(
            apart=_fine_sum(apart * apart),
            off=_fine_sum(off * off, where=buyer),
            scale=_fine_sum(1 + LEAST_DAYS / table.purchase_days.nullif(0).cast("float64"), where=buyer),
        )
    )
    spread = float(row["off"] or 0.0) / float(row["scale"] or 1.0)
    error = float(np.sqrt(max(float(row["apart"] or 0.0), 0.0)))
    if spread < _ALIKE**2 and error < _ALIKE:
        return None
    middle = (company - low) / width
    most = max(middle * (1 - middle), 0.0)
    weight = (most / spread - 1) / LEAST_DAYS if spread > 0 else np.inf
    factor = 1.0 if rate is None else rate
    return ShareDoubt(middle, error, float(np.clip(weight, _LEAST_WEIGHT, 1e9)), low * factor, width * factor)


def _beta(rng: np.random.Generator, size: Any, middle: Array) -> Array:
    """Beta numbers with that mean; where it is 0 or 1 they are, too."""
    inside = np.clip(middle, 1e-9, 1 - 1e-9)
    drawn = rng.beta(size * inside, size * (1 - inside))
    return np.where((middle <= 0) | (middle >= 1), middle, drawn)


def _fine_sum(column: Any, **options: Any) -> Any:
    """A sum of small numbers that does not depend on the order of rows."""
    return column.cast(_FINE).sum(**options).cast("float64")


def _row(aggregates: ibis.Table) -> dict[str, Any]:
    row: dict[str, Any] = aggregates.to_pyarrow().to_pylist()[0]
    return row
