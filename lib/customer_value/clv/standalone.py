"""Lifetime value of a table of customers, without settings file, workbook or report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from customer_value.clv.fitting import Fit
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.inputs import Array, checked_history
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.value import SpendModel, Valuation, value_histories
from customer_value.errors import FitError, InputError
from customer_value.settings import ClvSettings

__all__ = ["clv"]


def clv(
    customers: pd.DataFrame,
    fit: Fit[PurchaseModel],
    spend: Fit[GammaGamma] | float | None = None,
    *,
    horizon_months: int = 36,
    discount_rate: float = 0.10,
    margin_rate: float | None = None,
    seed: int = 20_240_101,
) -> Valuation:
    """Value of each customer from now on: over a horizon, to infinity, and with intervals.

    A customer's value is the sum of their expected purchases, each discounted to now, times the
    expected gross spend per purchase, times the share of it that is kept. The intervals hold the uncertainty of the
    parameters and the chance of the future: in each replicate the parameters are drawn once for all
    customers, and then for each customer whether they are alive, how fast they buy, when they
    leave, what they buy and for how much.

    Parameters
    ----------
    customers
        One row per customer: ``frequency`` (repeat purchases), ``recency`` and ``T`` in the time unit
        of the fit (`in_time_unit` converts days), ``monetary_value`` (mean gross spend per repeat
        purchase, before returns; not needed where ``spend`` is an amount), and optionally
        ``customer_id``, ``kept_share`` (share of gross spend that is kept after returns; 1 where it is
        not given) and ``margin_rate`` (share of what is kept that is earned). The customers need not be
        those of the fit.
    fit
        A fitted purchase model, for instance ``BetaGeoNBD.fit(...)``.
    spend
        A fitted spend model, or one amount per purchase for all. None: a Gamma-Gamma model is fitted
        to the repeat customers of the table whose ``monetary_value`` is above 0.
    horizon_months
        How far ahead ``clv`` looks.
    discount_rate
        Effective rate per year.
    margin_rate
        One margin rate for all, instead of a column; with neither, value means revenue. It multiplies
        the kept share; a ``kept_share`` that holds the margin already needs none.
    seed
        Of the intervals: the same seed gives the same figures.

    Returns
    -------
    Valuation
        Its ``table`` has, per customer, p_alive, expected_purchases, discounted_purchases,
        expected_spend, kept_share (times the margin rate), clv with clv_low and clv_high (95 % interval),
        clv_endless and value_at_risk. ``equity``, ``low`` and ``high`` are the total and its interval,
        ``endless`` the total to infinity, and ``beyond_data_share`` the share of that which lies later
        than three times the longest history: read it before quoting anything endless.

    Raises
    ------
    InputError
        If a column is missing or a row is impossible; names row and value.
    FitError
        If a spend model is wanted and cannot be fitted, or has no mean.

    Notes
    -----
    Expectations are those of Fader, Hardie & Lee 2005 (Marketing Science 24 and Journal of Marketing
    Research 42), computed by one integral for every model; the spend model is Fader & Hardie's
    note 025.

    Examples
    --------
    >>> from customer_value import clv
    >>> shop = pd.DataFrame({
    ...     "frequency": [0, 0, 1, 2, 5, 9], "recency": [0.0, 0, 9, 30, 30, 37],
    ...     "T": [30.0, 39, 35, 38, 31, 39], "monetary_value": [0.0, 0, 20, 35, 15, 50],
    ... })
    >>> fit = clv.BetaGeoNBD.fit(shop, time_unit="W")
    >>> value = clv.clv(shop, fit, spend=30.0, horizon_months=12, margin_rate=0.4)
    >>> list(value.table.columns)[:5]
    ['frequency', 'p_alive', 'expected_purchases', 'discounted_purchases', 'expected_spend']
    >>> bool(value.low < value.equity < value.endless)
    True
    """
    unit = fit.time_unit or "W"
    options = ClvSettings(
        horizon_months=horizon_months, discount_rate=discount_rate, time_unit=unit, seed=seed
    )
    table = _checked(customers, needs_spend=not isinstance(spend, int | float))
    within = 3 * float(table["T"].max())
    return value_histories(table, fit, _spend(table, spend), _shares(table, margin_rate), options, within)


def _checked(customers: pd.DataFrame, *, needs_spend: bool) -> pd.DataFrame:
    if not len(customers):
        raise InputError("The table has no customers to value.")
    needed = ["frequency", "recency", "T", *(["monetary_value"] if needs_spend else [])]
    missing = [name for name in needed if name not in customers.columns]
    if missing:
        there = ", ".join(map(str, customers.columns))
        raise InputError(f"The table has no column {', '.join(missing)}; it has {there}.")
    checked_history(*(customers[name] for name in ("frequency", "recency", "T")))
    without = {} if "monetary_value" in customers.columns else {"monetary_value": 0.0}
    return customers.reset_index(drop=True).assign(**without)


def _spend(table: pd.DataFrame, spend: Fit[GammaGamma] | float | None) -> SpendModel:
    if isinstance(spend, int | float):
        if not (np.isfinite(spend) and spend >= 0):
            raise InputError(f"The spend per purchase {spend} must be a number of 0 or more.")
        return SpendModel(None, float(spend), 0, 0)
    again = table[table["frequency"] > 0]
    usable = again[again["monetary_value"] > 0]
    model = GammaGamma.fit(usable[["frequency", "monetary_value"]]) if spend is None else spend
    if model.model.q <= 1:
        raise FitError(
            "Spend differs so much between customers that the Gamma-Gamma model has no mean (q is not above "
            "1); give `spend` as an amount per purchase instead."
        )
    return SpendModel(model, model.model.mean_spend, len(usable), len(again) - len(usable))


def _shares(table: pd.DataFrame, margin_rate: float | None) -> Array:
    """The share of gross spend that counts as value, for each customer."""
    rate = np.full(len(table), margin_rate) if margin_rate is not None else _share(table, "margin_rate")
    return _share(table, "kept_share") * _checked_share("margin_rate", rate)


def _share(table: pd.DataFrame, name: str) -> Array:
    if name not in table.columns:
        return np.ones(len(table))
    return _checked_share(name, table[name].to_numpy(float))


def _checked_share(name: str, shares: Array) -> Array:
    wrong = np.flatnonzero(~(np.isfinite(shares) & (shares <= 1)))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(f"Row {row + 1}: {name} {shares[row]:.10g} must be a number of 1 or less.")
    return shares
