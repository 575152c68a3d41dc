"""What is true about the sample company: written beside its data, so that a model can be checked."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.simulate.catalogue import COMPETITORS, INDUSTRIES, PRODUCTS
from customer_value.simulate.orders import OrderFile
from customer_value.simulate.parameters import AS_OF, COMPANY, DAYS, OPENING, YEAR, Parameters, iso

__all__ = ["hidden_accounts", "truth"]

_RELATIONS = {
    "attitude_drives_retention": (
        "The yearly dropout rate is multiplied by exp(coefficient × relative attitude); relative attitude "
        "is the attitude to the company less that to the better-liked competitor."
    ),
    "complaints_drive_churn": (
        "After its first complaint an account drops out at the stated multiple of its rate: faster if "
        "the complaint stays open, slightly slower if it is resolved."
    ),
    "contracts_keep_accounts": "A contract multiplies the dropout rate, whatever the attitude.",
    "attitude_drives_share_of_wallet": (
        "The log odds of the share of wallet rise by the coefficient per unit of relative attitude."
    ),
    "referrals_follow_satisfaction": (
        "Among the customers of the day, the chance to be the referrer is proportional to exp(attitude)."
    ),
    "service_cost_is_not_proportional": (
        "The median service cost per year grows with total revenue to the power of the coefficient; a "
        "demanding account costs several times as much, and about one large account in four is demanding."
    ),
    "discounts_move_quantities": (
        "Price-sensitive accounts order exp(response × extra discount) times their usual quantity; the "
        "others hardly react. The response of each account is in truth_accounts.csv."
    ),
    "satisfaction_comes_from_components": (
        "Overall satisfaction is the weighted sum of the perceived components and noise."
    ),
    "spend_and_frequency_are_linked": (
        "Larger accounts order somewhat more often: the rate of random buyers grows by the coefficient "
        "per unit of log size, so that spend and frequency are not independent."
    ),
}


def hidden_accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    """The hidden traits of every account.

    Returns
    -------
    DataFrame
        ``customer_id, pattern, attitude, competitor_1, competitor_2, relative_attitude,
        orders_per_year`` (while active), ``churn_per_year, first_day, dropout_day`` (ISO; blank if
        none), ``alive`` at the end, ``share_of_wallet`` (when it was a customer), ``usual_discount,
        price_response, demanding``.
    """
    dropout = accounts["dropout"].to_numpy()
    bought = np.isfinite(accounts["first"].to_numpy())
    return pd.DataFrame(
        {
            "customer_id": accounts["customer_id"],
            "pattern": accounts["pattern"],
            **{name: accounts[name].round(3) for name in ("attitude", "competitor_1", "competitor_2")},
            "relative_attitude": accounts["relative_attitude"].round(3),
            "orders_per_year": accounts["rate"].round(3),
            "churn_per_year": accounts["churn"].round(4),
            "first_day": [iso(day) for day in accounts["first"]],
            "dropout_day": [iso(day) if day <= DAYS else "" for day in dropout],
            "alive": np.where(bought & (dropout > DAYS), "true", "false"),
            "share_of_wallet": accounts["share_of_wallet"].round(3),
            "usual_discount": accounts["discount"] / 100,
            "price_response": accounts["price_response"].round(3),
            "demanding": np.where(accounts["demanding"], "true", "false"),
        }
    )


def truth(
    accounts: pd.DataFrame,
    orders: OrderFile,
    service_costs: pd.DataFrame,
    seed: int,
    parameters: Parameters,
) -> dict[str, Any]:
    """The true parameters, the relations in words, what was planted, and the totals of the files."""
    return {
        "company": COMPANY,
        "competitors": list(COMPETITORS),
        "seed": seed,
        "accounts": len(accounts),
        "first_day": OPENING.isoformat(),
        "as_of": AS_OF.isoformat(),
        "parameters": _plain(dataclasses.asdict(parameters)),
        "relations": _relations(parameters),
        "industries": [_industry(i) for i in range(len(INDUSTRIES))],
        "departures_from_the_models": _departures(accounts, parameters),
        "planted": _planted(accounts, orders, service_costs),
        "totals": _totals(accounts, orders, service_costs),
    }


def _relations(p: Parameters) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "attitude_drives_retention": p.lives.churn_per_relative_attitude,
        "complaints_drive_churn": {
            "open": p.lives.churn_factor_after_open_complaint,
            "resolved": p.lives.churn_factor_after_resolved_complaint,
        },
        "contracts_keep_accounts": p.lives.churn_factor_contract,
        "attitude_drives_share_of_wallet": p.attitudes.share_of_wallet_per_relative_attitude,
        "referrals_follow_satisfaction": 1.0,
        "service_cost_is_not_proportional": p.service.cost_per_log_revenue,
        "discounts_move_quantities": {
            "sensitive": p.baskets.price_response_mean,
            "others": p.baskets.price_response_others_mean,
        },
        "satisfaction_comes_from_components": dict(p.survey.weights),
        "spend_and_frequency_are_linked": p.lives.rate_per_size,
    }
    return {name: {"in_words": _RELATIONS[name], "coefficient": numbers[name]} for name in _RELATIONS}


def _industry(position: int) -> dict[str, Any]:
    kind = INDUSTRIES[position]
    return {
        "name": kind.name,
        "share": kind.share,
        "log_size": kind.size,
        "regular_share": kind.regular,
        "seasonal_share": kind.seasonal,
        "contract_share": kind.contract,
        "monthly_factors": list(kind.seasons),
        "season_quarters": list(kind.quarters),
    }


def _departures(accounts: pd.DataFrame, p: Parameters) -> dict[str, Any]:
    return {
        "regular_buyers": {
            "in_words": "Gaps between their orders are Erlang with this k, not exponential.",
            "k": p.lives.regular_k,
            "accounts": int((accounts["pattern"] == "regular").sum()),
        },
        "seasons": "The order rate follows the monthly factors of the industry (regular buyers excepted).",
        "price_rise": {
            "in_words": "All list prices rose; unit costs had risen before; random buyers order less since.",
            "on": p.price_rise.list_price_on.isoformat(),
            "list_price_factor": p.price_rise.list_price_factor,
            "unit_cost_on": p.price_rise.unit_cost_on.isoformat(),
            "unit_cost_factor": p.price_rise.unit_cost_factor,
            "order_rate_factor": p.price_rise.order_rate_factor,
        },
        "left_truncation": {
            "in_words": "These accounts were customers before the books were opened.",
            "accounts": int(accounts["legacy"].sum()),
        },
        "one_time_buyers": "They never meant to return; their share falls with the attitude.",
        "trial_accounts": {
            "in_words": "They try the company and drop out at a multiple of the usual rate.",
            "churn_factor": p.lives.churn_factor_trial,
            "accounts": int((accounts["pattern"] == "trial").sum()),
        },
    }


def _planted(accounts: pd.DataFrame, orders: OrderFile, service_costs: pd.DataFrame) -> dict[str, Any]:
    ids = accounts["customer_id"]
    patterns = {
        name: ids[accounts["pattern"] == name].tolist()
        for name in ("seasonal", "reactivated", "one_time", "returns_only", "never_ordered")
    }
    table = _account_money(accounts, orders, service_costs)
    top = table.sort_values(["revenue", "customer_id"], ascending=[False, True]).head(100)
    launched = {p.product_id: p.launched for p in PRODUCTS if p.launched}
    withdrawn = {p.product_id: p.withdrawn for p in PRODUCTS if p.withdrawn}
    return {
        **patterns,
        "potential_is_a_month": ids[accounts["potential_wrong"]].tolist(),
        "loss_makers_in_top_100": top.loc[top["profit"] < 0, "customer_id"].tolist(),
        "products_launched": launched,
        "products_withdrawn": withdrawn,
        "dirt_in_orders": orders.planted,
    }


def _totals(accounts: pd.DataFrame, orders: OrderFile, service_costs: pd.DataFrame) -> dict[str, Any]:
    """Of product lines booked to an account, before unreadable dates and duplicates."""
    table = _account_money(accounts, orders, service_costs)
    return {
        "file_lines": len(orders.table),
        "file_amount": _cents(orders.table["amount"]) / 100,
        "accounts_alive": int(((accounts["dropout"] > DAYS) & np.isfinite(accounts["first"])).sum()),
        "revenue": round(float(table["revenue"].sum()), 2),
        "margin": round(float(table["margin"].sum()), 2),
        "service_cost": round(float(table["service_cost"].sum()), 2),
        "profit": round(float(table["profit"].sum()), 2),
        "years": round(DAYS / YEAR, 3),
    }


def _account_money(accounts: pd.DataFrame, orders: OrderFile, service_costs: pd.DataFrame) -> pd.DataFrame:
    lines = orders.lines
    who = lines["account"].to_numpy()
    amount = (lines["quantity"] * lines["price"] * (100 - lines["discount"]) // 100).to_numpy()
    cost = (lines["quantity"] * lines["unit_cost"]).to_numpy()
    served = service_costs.groupby("customer_id")["cost"].sum().reindex(accounts["customer_id"]).fillna(0)
    revenue, margin = _summed(who, amount, len(accounts)), _summed(who, amount - cost, len(accounts))
    return pd.DataFrame(
        {
            "customer_id": accounts["customer_id"],
            "revenue": revenue / 100,
            "margin": margin / 100,
            "service_cost": served.to_numpy(),
            "profit": margin / 100 - served.to_numpy(),
        }
    )


def _summed(who: NDArray[np.int64], cents: NDArray[np.int64], accounts: int) -> NDArray[np.int64]:
    total = np.zeros(accounts, dtype="int64")
    np.add.at(total, who, cents)
    return total


def _cents(amount: pd.Series[float]) -> int:
    return int(np.rint(amount.to_numpy() * 100).sum())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
