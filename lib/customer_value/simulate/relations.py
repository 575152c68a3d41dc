"""What the sample company knows about its accounts beside their orders."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.simulate.catalogue import ACTIVITIES, GIVEN_STEMS, INDUSTRIES, MANAGERS, REGIONS
from customer_value.simulate.parameters import DAYS, YEAR, Parameters, iso, stream
from customer_value.simulate.visits import business_day

__all__ = [
    "add_potential",
    "customer_file",
    "draw_feedback",
    "draw_groups",
    "draw_referrals",
    "draw_service_costs",
    "revenue_by_year",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def revenue_by_year(accounts: pd.DataFrame, lines: pd.DataFrame) -> Floats:
    """Net revenue in EUR of each account (rows) in each year of the books (columns)."""
    cents = lines["quantity"] * lines["price"] * (100 - lines["discount"]) // 100
    years = np.array([iso(day)[:4] for day in range(DAYS + 1)])[lines["day"].to_numpy()].astype("int64")
    revenue = np.zeros((len(accounts), 3))
    np.add.at(revenue, (lines["account"].to_numpy(), years - 2022), cents.to_numpy() / 100)
    return revenue


def draw_groups(accounts: pd.DataFrame, seed: int) -> Integers:
    """The position of the parent account of each account, or −1.

    One account in twenty heads a group of two to six accounts of the same industry.
    """
    rng = stream(seed, "groups")
    n = len(accounts)
    parent = np.full(n, -1)
    heads = np.sort(rng.permutation(n)[: n // 20])
    free = np.ones(n, dtype=bool)
    free[heads] = False
    industry = accounts["industry"].to_numpy()
    for head in heads:
        near = np.flatnonzero(free & (industry == industry[head]))
        members = rng.permutation(near)[: rng.integers(1, 6)]
        parent[members] = head
        free[members] = False
    return parent


def add_potential(accounts: pd.DataFrame, revenue: Floats, seed: int, parameters: Parameters) -> None:
    """Add ``share_of_wallet`` (true) and ``potential`` (EUR per year; as the company knows it).

    Potential is what the account bought from us in a good year, divided by its share of wallet.
    The company does not know it for some accounts, and for a few it holds the figure of a month.
    """
    rng = stream(seed, "potential")
    n = len(accounts)
    p = parameters.attitudes
    logit = (
        p.share_of_wallet_intercept
        + p.share_of_wallet_per_relative_attitude * accounts["relative_attitude"].to_numpy()
        + p.share_of_wallet_contract_bonus * accounts["contract"].to_numpy()
        + p.share_of_wallet_sd * rng.standard_normal(n)
    )
    share = np.clip(1 / (1 + np.exp(-logit)), 0.03, 0.96)
    active = np.minimum(accounts["dropout"].to_numpy(), DAYS) - accounts["first"].to_numpy()
    with np.errstate(invalid="ignore"):
        years = np.where(np.isfinite(active), np.clip(active / YEAR, 0.5, None), 1.0)
    yearly = np.maximum(revenue.max(axis=1), revenue.sum(axis=1) / years)
    guess = 2_000 * np.exp(accounts["size"].to_numpy()) * np.exp(0.4 * rng.standard_normal(n))
    potential = np.where(yearly > 0, yearly / share, guess)
    digits = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(potential, 1))) - 1, 2)
    potential = np.ceil(potential / digits) * digits
    large = np.flatnonzero(revenue[:, 2] > 0.3 * potential)
    wrong = np.zeros(n, dtype=bool)
    wrong[rng.permutation(large)[: parameters.dirt.wrong_potential]] = True
    potential[wrong] = np.rint(potential[wrong] / 12)
    unknown = (rng.random(n) < parameters.dirt.potential_unknown) & ~wrong
    accounts["share_of_wallet"] = share
    accounts["potential"] = np.where(unknown, np.nan, potential)
    accounts["potential_wrong"] = wrong


def customer_file(accounts: pd.DataFrame, parent: Integers, seed: int) -> pd.DataFrame:
    """The customer file: one row per account, money in EUR, blank where the company does not know.

    Parameters
    ----------
    accounts
        As from `draw_accounts`, with the traits of `add_potential`.
    parent
        As from `draw_groups`.
    seed
        As there.

    Returns
    -------
    DataFrame
        ``customer_id, name, industry, region, parent_id, account_manager, acquired_on,
        acquisition_cost, annual_potential, contract_end``.
    """
    rng = stream(seed, "file")
    n = len(accounts)
    ids = accounts["customer_id"].to_numpy(dtype=object)
    region = accounts["region"].to_numpy()
    abroad = rng.random(n) < 0.06
    manager = np.where(abroad, rng.integers(0, len(MANAGERS), n), 2 * region + rng.integers(0, 2, n))
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": _names(accounts, parent, seed),
            "industry": np.array([kind.name for kind in INDUSTRIES])[accounts["industry"].to_numpy()],
            "region": np.array(REGIONS)[region],
            "parent_id": np.where(parent >= 0, ids[parent], ""),
            "account_manager": np.array(MANAGERS)[manager],
            "acquired_on": [iso(day) for day in accounts["acquired"]],
            "acquisition_cost": _acquisition_cost(accounts, rng),
            "annual_potential": accounts["potential"].astype("Int64"),
            "contract_end": _contract_ends(accounts, rng),
        }
    )


def draw_service_costs(
    accounts: pd.DataFrame, revenue: Floats, seed: int, parameters: Parameters
) -> pd.DataFrame:
    """Bookings of account service: how demanding an account is counts more than what it buys.

    Adds ``demanding`` to the accounts: those that cost several times as much as others. They are
    more frequent among the largest, which is why some large accounts lose money.

    Returns
    -------
    DataFrame
        ``customer_id, date, activity, cost`` (EUR), by date.
    """
    rng = stream(seed, "service")
    p = parameters.service
    n = len(accounts)
    total = revenue.sum(axis=1)
    top = total >= np.quantile(total, 0.9)
    demanding = rng.random(n) < np.where(top, p.demanding_share_top_decile, p.demanding_share)
    relative = np.maximum(total, 100) / max(np.median(total), 100)
    usual = p.cost_median * relative**p.cost_per_log_revenue * np.exp(p.cost_sd * rng.standard_normal(n))
    large = p.demanding_cost_top_decile * np.exp(p.demanding_sd_top_decile * rng.standard_normal(n))
    per_year = np.select([demanding & top, demanding], [large, p.demanding_factor * usual], usual)
    accounts["demanding"] = demanding
    never = accounts["pattern"].isin(["never_ordered", "returns_only"]).to_numpy()
    start = np.where(never, np.maximum(accounts["acquired"].to_numpy(), 0), accounts["first"].to_numpy())
    stop = np.where(never, start + 120, np.minimum(accounts["dropout"].to_numpy() + 60, DAYS))
    stop = np.minimum(stop, DAYS)
    years = np.maximum(stop - start, 1) / YEAR
    expected = p.bookings_per_year * years * np.select([demanding & top, demanding], [6.0, 1.8], 1.0)
    count = rng.poisson(expected)
    who = np.repeat(np.arange(n), count)
    activity = rng.choice(len(ACTIVITIES), len(who), p=[share for _, share, _ in ACTIVITIES])
    relative = np.array([cost for _, _, cost in ACTIVITIES])[activity] / _mean_relative_cost()
    cost = (per_year * years / expected)[who] * relative * rng.gamma(4, 1 / 4, len(who))
    day = start[who] + (stop - start)[who] * rng.random(len(who))
    table = pd.DataFrame(
        {
            "customer_id": accounts["customer_id"].to_numpy(dtype=object)[who],
            "day": business_day(np.floor(day).astype("int64")),
            "activity": np.array([name for name, _, _ in ACTIVITIES], dtype=object)[activity],
            "cost": np.maximum(np.rint(cost * 2) / 2, 5.0),
        }
    )
    return _dated(table)


def draw_referrals(accounts: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Who brought whom: satisfied accounts refer more often (weight e to the attitude).

    Only accounts that are customers at that time refer. A reward is paid from March 2023.

    Returns
    -------
    DataFrame
        ``referrer_id, referred_id, date, incentive`` (EUR), by date.
    """
    rng = stream(seed, "referrals")
    ids = accounts["customer_id"].to_numpy(dtype=object)
    first, dropout = accounts["first"].to_numpy(), accounts["dropout"].to_numpy()
    weight = np.exp(accounts["attitude"].to_numpy())
    once = (accounts["pattern"] == "one_time").to_numpy()
    rows = []
    for referred in np.flatnonzero(accounts["referred"]):
        acquired = accounts["acquired"].iloc[referred]
        day = max(acquired - rng.integers(3, 50), 1)
        chance = weight * ((first < day - 30) & (dropout > day) & ~once)
        if chance.sum() == 0:
            continue
        referrer = rng.choice(len(ids), p=chance / chance.sum())
        incentive = rng.choice([0, 100, 200], p=[0.4, 0.4, 0.2]) if day > 420 else 0
        rows.append((ids[referrer], ids[referred], day, int(incentive)))
    table = pd.DataFrame(rows, columns=["referrer_id", "referred_id", "day", "incentive"])
    table = _dated(table)
    return table[["referrer_id", "referred_id", "date", "incentive"]]


def draw_feedback(accounts: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Complaints, ideas and praise of accounts while they are customers.

    The first complaint of an account is the one that may drive it away; a third are never
    resolved. Ideas and praise come from those who like the company.

    Returns
    -------
    DataFrame
        ``customer_id, date, kind, estimated_value`` (EUR; some ideas only), ``resolved_on``
        (some complaints), by date.
    """
    rng = stream(seed, "feedback")
    stop = np.minimum(accounts["dropout"].to_numpy(), DAYS)
    start = accounts["first"].to_numpy()
    attitude = accounts["attitude"].to_numpy()
    with np.errstate(invalid="ignore"):
        years = np.where(np.isfinite(start), np.maximum(stop - start, 0) / YEAR, 0)
    complaint = accounts["complaint"].to_numpy()
    who = np.flatnonzero(complaint <= stop)
    resolved = accounts["resolved"].to_numpy()[who]
    tables = [_voices(who, complaint[who], "complaint", resolved=resolved)]
    for kind, rate, slope in (("idea", 0.055, 0.35), ("praise", 0.08, 0.5)):
        voice = np.repeat(np.arange(len(accounts)), rng.poisson(rate * np.exp(slope * attitude) * years))
        day = np.floor(start[voice] + (stop - start)[voice] * rng.random(len(voice)))
        value = np.rint(np.exp(rng.normal(6.8, 0.9, len(voice))) / 50) * 50
        unknown = (rng.random(len(voice)) < 0.25) | (kind != "idea")
        tables.append(_voices(voice, day, kind, value=np.where(unknown, np.nan, value)))
    table = pd.concat(tables, ignore_index=True)
    ids = accounts["customer_id"].to_numpy(dtype=object)
    table.insert(0, "customer_id", ids[table.pop("account").to_numpy()])
    return _dated(table)


def _voices(
    who: Integers, day: Floats, kind: str, value: Floats | None = None, resolved: Floats | None = None
) -> pd.DataFrame:
    closed = np.full(len(who), np.inf) if resolved is None else resolved
    values = np.full(len(who), np.nan) if value is None else value
    return pd.DataFrame(
        {
            "account": who,
            "day": day,
            "kind": kind,
            "estimated_value": pd.array(values, dtype="Float64").astype("Int64"),
            "resolved_on": [iso(d) if d <= DAYS else "" for d in closed],
        }
    )


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Sorted by day, with the day as an ISO date in second place."""
    table = table.sort_values("day", kind="stable", ignore_index=True)
    table.insert(1, "date", [iso(day) for day in table.pop("day")])
    return table


def _mean_relative_cost() -> float:
    return sum(share * cost for _, share, cost in ACTIVITIES)


def _acquisition_cost(accounts: pd.DataFrame, rng: np.random.Generator) -> pd.Series[int]:
    """What it cost to win the account; cheaper if referred; unknown before 2017."""
    n = len(accounts)
    cost = 420 * np.exp(0.3 * accounts["size"].to_numpy() + 0.5 * rng.standard_normal(n))
    cost = np.maximum(np.rint(cost * np.where(accounts["referred"], 0.35, 1.0) / 10) * 10, 10)
    known = (accounts["acquired"] > -5 * YEAR).to_numpy()
    return pd.Series(np.where(known, cost, np.nan)).astype("Int64")


def _contract_ends(accounts: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """Two-year contracts, renewed while the account stays; the last end is what the file shows."""
    n = len(accounts)
    term = 2 * YEAR
    start = accounts["acquired"].to_numpy() + 60 * rng.random(n)
    last = np.minimum(accounts["dropout"].to_numpy(), DAYS)
    renewals = np.ceil(np.maximum(last - start, 1) / term)
    end = np.where(
        accounts["contract"] & (accounts["pattern"] != "one_time"), start + renewals * term, np.inf
    )
    return [iso(day) for day in end]


def _names(accounts: pd.DataFrame, parent: Integers, seed: int) -> list[str]:
    """A stem and an ending each; members of a group carry the name of its head and a place."""
    rng = stream(seed, "names")
    names = [""] * len(accounts)
    for position, kind in enumerate(INDUSTRIES):
        own = np.flatnonzero(accounts["industry"] == position)
        pairs = len(GIVEN_STEMS) * len(kind.endings)
        order = rng.permutation(pairs)
        for count, account in enumerate(own):
            stem, ending = divmod(int(order[count % pairs]), len(kind.endings))
            again = f" {count // pairs + 1}" if count >= pairs else ""
            names[account] = f"{GIVEN_STEMS[stem]} {kind.endings[ending]}{again}"
    places = rng.integers(0, 40, len(accounts))
    taken = set(names)
    for member in np.flatnonzero(parent >= 0):
        name = f"{names[parent[member]]}, {GIVEN_STEMS[places[member]]}"
        names[member] = name if name not in taken else f"{name} {member}"
        taken.add(names[member])
    return names
