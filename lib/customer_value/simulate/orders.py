"""The order file of the sample company: baskets, prices, returns, freight, and a little dirt."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.simulate.catalogue import CATEGORIES, INDUSTRIES, PRODUCTS
from customer_value.simulate.parameters import DAYS, Baskets, Parameters, day_of, iso, stream
from customer_value.simulate.visits import business_day, calendar

__all__ = ["OrderFile", "add_price_traits", "draw_order_file"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class OrderFile:
    """The order lines as in the file, and what was planted among them.

    ``lines`` are the clean product lines (money in cents) with ``account`` and ``day``;
    ``table`` is the file; ``planted`` names the dirt.
    """

    lines: pd.DataFrame
    table: pd.DataFrame
    planted: dict[str, object]


def add_price_traits(accounts: pd.DataFrame, seed: int, p: Baskets) -> None:
    """Add ``discount`` (usual discount in steps of 5 %) and ``price_response`` to the accounts.

    ``price_response`` is the rise of log quantity per unit of extra discount.
    """
    rng = stream(seed, "traits")
    n = len(accounts)
    step = p.discount_mean_step + p.discount_per_size * accounts["size"].to_numpy() + rng.normal(0, 0.8, n)
    accounts["discount"] = 5 * np.clip(np.rint(step), 0, 5).astype("int64")
    sensitive = rng.random(n) < p.price_sensitive_share
    strong = rng.normal(p.price_response_mean, p.price_response_sd, n)
    weak = rng.normal(p.price_response_others_mean, p.price_response_others_sd, n)
    accounts["price_response"] = np.where(sensitive, strong, weak)


def draw_order_file(
    accounts: pd.DataFrame, visits: pd.DataFrame, seed: int, parameters: Parameters
) -> OrderFile:
    """Fill the purchase days with order lines and write the order file.

    Prices move in steps of 20 cents and discounts in steps of 5 %, so that every amount is a whole
    number of cents and ``amount = quantity × list_price × (1 − discount)`` holds exactly.

    Parameters
    ----------
    accounts
        As from `draw_accounts`, with the traits of `add_price_traits`.
    visits
        As from `customer_value.simulate.visits.draw_visits`.
    seed, parameters
        As there.

    Returns
    -------
    OrderFile
        Its ``table`` has the columns ``order_id, order_date, customer_id, product_id, quantity,
        list_price, discount, amount, cost`` (money in EUR; a return is negative).
    """
    rng = stream(seed, "baskets")
    sold = _sales(accounts, visits, rng, parameters)
    returned = _returns(accounts, sold, stream(seed, "returns"), parameters.baskets)
    dirt = stream(seed, "dirt")
    cash = _cash_sales(sold, len(accounts), dirt, parameters)
    freight = _freight(sold, dirt, parameters.baskets)
    lines = pd.concat([sold, returned], ignore_index=True)
    everything = pd.concat([sold, freight, returned, cash], ignore_index=True)
    everything = everything.sort_values(["day", "order", "freight", "line"], ignore_index=True)
    table = _as_file(everything, accounts)
    return OrderFile(lines, *_soiled(table, dirt, parameters))


def _sales(
    accounts: pd.DataFrame, visits: pd.DataFrame, rng: np.random.Generator, p: Parameters
) -> pd.DataFrame:
    baskets = p.baskets
    size = accounts["size"].to_numpy()
    more = baskets.extra_lines * np.exp(np.clip(baskets.extra_lines_per_size * size, -1, 1))
    count = 1 + rng.poisson(more[visits["account"].to_numpy()])
    visit = np.repeat(np.arange(len(visits)), count)
    who = visits["account"].to_numpy()[visit]
    day = visits["day"].to_numpy()[visit]
    product = _choose_products(accounts, who, day, rng)
    price, unit_cost = _prices(product, day, p)
    discount = _discounts(accounts["discount"].to_numpy()[who], day, rng, baskets)
    quantity = _quantities(accounts, who, price, discount, rng, baskets)
    second = rng.random(len(visits)) < baskets.second_order_same_day
    line = np.arange(len(visit))
    late = second[visit] & np.concatenate([[False], visit[1:] == visit[:-1]])
    lines = pd.DataFrame(
        {
            "account": who,
            "day": day,
            "order": 2 * visit + late,
            "line": line,
            "freight": False,
            "product": product,
            "quantity": quantity,
            "price": price,
            "discount": discount,
            "unit_cost": unit_cost,
        }
    )
    return lines.drop_duplicates(["order", "product"], ignore_index=True)


def _choose_products(
    accounts: pd.DataFrame, who: Integers, day: Integers, rng: np.random.Generator
) -> Integers:
    """A category after the needs of the industry, then one of the account's favourites in it."""
    wants = np.array([kind.wants for kind in INDUSTRIES], dtype="float64")
    upto = np.cumsum(wants / wants.sum(axis=1, keepdims=True), axis=1)
    draw = rng.random(len(who))
    category = (draw[:, None] >= upto[accounts["industry"].to_numpy()[who]]).sum(axis=1)
    category = np.minimum(category, len(CATEGORIES) - 1)
    sizes = np.array([len(c.products) for c in CATEGORIES])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    favourite = rng.integers(0, 1_000, (len(accounts), len(CATEGORIES)))[who, category]
    rank = np.floor(sizes[category] * rng.random(len(who)) ** 2.2).astype("int64")
    product = starts[category] + (favourite + rank) % sizes[category]
    return _available(product, day, starts[category], sizes[category])


def _available(product: Integers, day: Integers, start: Integers, size: Integers) -> Integers:
    """The product, or its neighbour in the catalogue while it is not sold."""
    launched = np.array([_day(p.launched, -1) for p in PRODUCTS])
    withdrawn = np.array([_day(p.withdrawn, DAYS + 1) for p in PRODUCTS])
    for _ in range(2):
        missing = (day < launched[product]) | (day > withdrawn[product])
        product = np.where(missing, start + (product - start + 1) % size, product)
    return product


def _day(text: str, otherwise: int) -> int:
    return day_of(dt.date.fromisoformat(text)) if text else otherwise


def _prices(product: Integers, day: Integers, p: Parameters) -> tuple[Integers, Integers]:
    """List price and unit cost on a day, in cents."""
    rise = p.price_rise
    before = np.array([round(article.list_price * 100) for article in PRODUCTS])
    after = 20 * np.rint(before * rise.list_price_factor / 20).astype("int64")
    cost = np.rint([article.list_price * 100 * article.cost_share for article in PRODUCTS]).astype("int64")
    dearer_cost = np.rint(cost * rise.unit_cost_factor).astype("int64")
    price = np.where(day >= day_of(rise.list_price_on), after[product], before[product])
    unit_cost = np.where(day >= day_of(rise.unit_cost_on), dearer_cost[product], cost[product])
    return price, unit_cost


def _discounts(usual: Integers, day: Integers, rng: np.random.Generator, p: Baskets) -> Integers:
    """The usual discount in percent, and 5 or 10 points more in a promotion."""
    campaign = np.isin(calendar()["month"].to_numpy()[day], p.campaign_months)
    share = np.where(campaign, p.promotion_share_in_campaign, p.promotion_share)
    promoted = rng.random(len(day)) < share
    return usual + np.where(promoted, 5 * rng.integers(1, 3, len(day)), 0)


def _quantities(
    accounts: pd.DataFrame,
    who: Integers,
    price: Integers,
    discount: Integers,
    rng: np.random.Generator,
    p: Baskets,
) -> Integers:
    """Enough pieces for the account's usual line value, more of them in a promotion."""
    usual = np.log(p.line_value_median * 100) + accounts["size"].to_numpy()[who] - np.log(price)
    extra = (discount - accounts["discount"].to_numpy()[who]) / 100
    response = accounts["price_response"].to_numpy()[who] * extra
    noise = p.quantity_sd * rng.standard_normal(len(who))
    quantity: Integers = np.maximum(np.rint(np.exp(usual + response + noise)), 1).astype("int64")
    return quantity


def _returns(
    accounts: pd.DataFrame, sold: pd.DataFrame, rng: np.random.Generator, p: Baskets
) -> pd.DataFrame:
    """Credits one to six weeks after the sale; some accounts return more than others."""
    share = p.return_share * rng.gamma(1.0, 1.0, len(accounts))
    back = sold[rng.random(len(sold)) < share[sold["account"].to_numpy()]].copy()
    back["day"] = business_day((back["day"] + rng.integers(5, 43, len(back))).to_numpy())
    part = np.where(rng.random(len(back)) < 0.5, 1.0, rng.random(len(back)))
    back["quantity"] = -np.maximum(np.rint(back["quantity"] * part), 1).astype("int64")
    back = back[back["day"] < DAYS]
    old = _credits_for_old_sales(accounts, sold, rng)
    back = pd.concat([back, old], ignore_index=True)
    back["order"] = 10_000_000 + np.arange(len(back))
    return back


def _credits_for_old_sales(
    accounts: pd.DataFrame, sold: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Accounts that only sent back what they had bought before the books were opened."""
    chosen = np.flatnonzero(accounts["pattern"] == "returns_only")
    old = sold.head(len(chosen)).copy()
    old["account"] = chosen[: len(old)]
    old["day"] = business_day(rng.integers(10, 60, len(old)))
    old["quantity"] = -np.minimum(old["quantity"], 5)
    return old


def _cash_sales(sold: pd.DataFrame, accounts: int, rng: np.random.Generator, p: Parameters) -> pd.DataFrame:
    """Small sales over the counter that nobody booked to an account."""
    wanted = round(accounts * p.dirt.cash_sale_orders)
    like = sold[sold["day"] >= day_of(p.price_rise.list_price_on)]
    cash = like.iloc[np.sort(rng.permutation(len(like))[:wanted])].copy()
    cash["account"] = -1
    cash["quantity"] = np.minimum(cash["quantity"], 3)
    cash["discount"] = 0
    cash["order"] = 20_000_000 + np.arange(len(cash))
    return cash


def _freight(sold: pd.DataFrame, rng: np.random.Generator, p: Baskets) -> pd.DataFrame:
    orders = sold.drop_duplicates("order")
    freight = orders[rng.random(len(orders)) < p.freight_share].copy()
    heavy = rng.random(len(freight)) < 0.3
    freight["product"] = -1
    freight["freight"] = True
    freight["quantity"] = 1
    freight["price"] = np.where(heavy, 3900, 1480)
    freight["discount"] = 0
    freight["unit_cost"] = np.where(heavy, 3600, 1310)
    return freight


def _as_file(lines: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    quantity, price = lines["quantity"].to_numpy(), lines["price"].to_numpy()
    discount = lines["discount"].to_numpy()
    number = pd.factorize(lines["order"])[0] + 1
    width = max(5, len(str(int(number.max(initial=0)))))
    customer = np.append(accounts["customer_id"].to_numpy(dtype=object), "")
    product = np.append(np.array([article.product_id for article in PRODUCTS], dtype=object), "FREIGHT")
    days = np.array([iso(day) for day in range(DAYS + 1)], dtype=object)
    return pd.DataFrame(
        {
            "order_id": [f"O{n:0{width}d}" for n in number],
            "order_date": days[lines["day"].to_numpy()],
            "customer_id": customer[lines["account"].to_numpy()],
            "product_id": product[lines["product"].to_numpy()],
            "quantity": quantity,
            "list_price": price / 100,
            "discount": discount / 100,
            "amount": quantity * price * (100 - discount) // 100 / 100,
            "cost": quantity * lines["unit_cost"].to_numpy() / 100,
        }
    )


def _soiled(
    table: pd.DataFrame, rng: np.random.Generator, p: Parameters
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Put in unreadable dates and repeated lines, and say where."""
    plain = np.flatnonzero((table["customer_id"] != "") & (table["product_id"] != "FREIGHT"))
    chosen = rng.permutation(plain)[: len(p.dirt.unreadable_dates) + p.dirt.duplicate_lines]
    dates, copies = np.split(chosen, [len(p.dirt.unreadable_dates)])
    texts = dict(zip(dates.tolist(), p.dirt.unreadable_dates, strict=False))
    for position, text in texts.items():
        table.loc[position, "order_date"] = text
    times = np.ones(len(table), dtype="int64")
    times[copies] = 2
    planted: dict[str, object] = {
        "lines": int(times.sum()),
        "blank_customer_ids": _named(table[table["customer_id"] == ""]),
        "freight": _named(table[table["product_id"] == "FREIGHT"]),
        "unreadable_dates": [
            {"order_id": table.loc[i, "order_id"], "text": t, "amount": float(table.loc[i, "amount"])}
            for i, t in sorted(texts.items())
        ],
        "duplicate_lines": [
            {"order_id": table.loc[i, "order_id"], "amount": float(table.loc[i, "amount"])}
            for i in np.sort(copies).tolist()
        ],
    }
    return table.loc[np.repeat(np.arange(len(table)), times)].reset_index(drop=True), planted


def _named(lines: pd.DataFrame) -> dict[str, object]:
    cents = int(np.rint(lines["amount"].to_numpy() * 100).sum())
    return {"lines": len(lines), "amount": cents / 100}
