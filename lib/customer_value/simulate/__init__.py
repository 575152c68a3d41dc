"""The sample company: a simulated distributor whose truth is known.

Nordwind Supplies sells gloves, drills, bed linen and copy paper to workshops, builders, hotels,
schools, hospitals, farms, shops and town councils. Its books run from January 2022 to December
2024. Nearly half of its accounts were customers before; the others joined over the three years,
some of them brought by a satisfied customer. Each orders at a rate of its own until, one day and
without a word, it no longer does: sooner if it likes a competitor better or if a complaint was
never resolved, later if it has a contract. That is the world of the buy-till-you-die models.

But it is not quite their world. Hospitals order like clockwork, hotels live in summer and schools
in August; some accounts come once and never meant to return; some come back after a long silence;
in July 2023 all list prices rose and orders fell a little. Large accounts order more often and
have larger discounts, and about one large account in four is so demanding that it may cost more
than it brings. In September 2023 two accounts in five answered how they see the company and its
two competitors, the cheap Tessaly Trade and the well-regarded Brackwater Depot.

Everything comes from a seed: the same seed gives the same files, byte for byte. The true
parameters are written beside the data.

    python -m customer_value.simulate FOLDER [--seed N] [--accounts N]
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from customer_value.simulate import relations, survey
from customer_value.simulate.accounts import draw_accounts
from customer_value.simulate.catalogue import CATEGORIES, PRODUCTS
from customer_value.simulate.cdnow import cdnow_source, cdnow_tidy, write_cdnow
from customer_value.simulate.orders import add_price_traits, draw_order_file
from customer_value.simulate.parameters import Parameters
from customer_value.simulate.truth import hidden_accounts, truth
from customer_value.simulate.visits import draw_visits

__all__ = [
    "SEED",
    "Company",
    "Parameters",
    "cdnow_source",
    "cdnow_tidy",
    "simulate_company",
    "write_cdnow",
    "write_company",
]

SEED = 28


@dataclass(frozen=True)
class Company:
    """The tables of the sample company as they are in its files, and the truth behind them.

    Dates are ISO text (two order dates are not readable, on purpose), money is in EUR.
    """

    orders: pd.DataFrame
    customers: pd.DataFrame
    products: pd.DataFrame
    service_costs: pd.DataFrame
    survey: pd.DataFrame
    survey_items: pd.DataFrame
    referrals: pd.DataFrame
    feedback: pd.DataFrame
    truth: dict[str, Any]
    truth_accounts: pd.DataFrame


def simulate_company(
    seed: int = SEED, accounts: int = 1_200, parameters: Parameters | None = None
) -> Company:
    """Simulate the sample company.

    Parameters
    ----------
    seed
        Of all random numbers (NumPy's PCG64).
    accounts
        How many accounts the customer file has; at least 1.
    parameters
        The true parameters; default: `Parameters()`.

    Returns
    -------
    Company
        Its tables and its truth.

    Raises
    ------
    ValueError
        If ``accounts`` is under 1 or ``seed`` is negative.

    Examples
    --------
    >>> company = simulate_company(seed=1, accounts=40)
    >>> company.customers["customer_id"].iloc[-1], company.orders["order_date"].iloc[-1]
    ('K1040', '2024-12-31')
    """
    if accounts < 1 or seed < 0:
        raise ValueError("needs at least one account and a seed that is not negative")
    p = parameters or Parameters()
    hidden = draw_accounts(accounts, seed, p)
    add_price_traits(hidden, seed, p.baskets)
    visits = draw_visits(hidden, seed, p)
    orders = draw_order_file(hidden, visits, seed, p)
    revenue = relations.revenue_by_year(hidden, orders.lines)
    relations.add_potential(hidden, revenue, seed, p)
    service_costs = relations.draw_service_costs(hidden, revenue, seed, p)
    respondents = survey.draw_respondents(hidden, visits, seed, p.survey)
    return Company(
        orders=orders.table,
        customers=relations.customer_file(hidden, relations.draw_groups(hidden, seed), seed),
        products=_catalogue(),
        service_costs=service_costs,
        survey=survey.draw_answers(hidden, respondents, seed, p),
        survey_items=survey.codebook(),
        referrals=relations.draw_referrals(hidden, seed),
        feedback=relations.draw_feedback(hidden, seed),
        truth=truth(hidden, orders, service_costs, seed, p),
        truth_accounts=hidden_accounts(hidden),
    )


def write_company(company: Company, folder: Path | str) -> list[Path]:
    """Write the company's tables, its truth and a settings file into a folder.

    Parameters
    ----------
    company
        As from `simulate_company`.
    folder
        Made if it does not exist; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files written: UTF-8 with LF line ends.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ("orders", "customers", "products", "service_costs", "survey", "survey_items",
                 "referrals", "feedback"):  # fmt: skip
        written.append(folder / f"{name}.csv")
        _write_csv(getattr(company, name), written[-1], "%.2f")
    written.append(folder / "truth_accounts.csv")
    _write_csv(company.truth_accounts, written[-1], None)
    text = json.dumps(company.truth, ensure_ascii=False, indent=1) + "\n"
    written += [folder / "truth.json", folder / "company.yml"]
    written[-2].write_bytes(text.encode())
    written[-1].write_bytes(files(__name__).joinpath("company.yml").read_bytes())
    return written


def _write_csv(table: pd.DataFrame, path: Path, decimals: str | None) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", float_format=decimals)


def _catalogue() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": [p.product_id for p in PRODUCTS],
            "name": [p.name for p in PRODUCTS],
            "category": [CATEGORIES[p.category].code for p in PRODUCTS],
            "list_price_2022": [p.list_price for p in PRODUCTS],
            "launched": [p.launched for p in PRODUCTS],
            "withdrawn": [p.withdrawn for p in PRODUCTS],
        }
    )
