"""The true parameters of the sample company, and its streams of random numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "AS_OF",
    "COMPANY",
    "DAYS",
    "OPENING",
    "YEAR",
    "Attitudes",
    "Baskets",
    "Dirt",
    "Lives",
    "Parameters",
    "PriceRise",
    "Service",
    "Survey",
    "day_of",
    "iso",
    "stream",
]

COMPANY = "Nordwind Supplies"
OPENING = dt.date(2022, 1, 3)
AS_OF = dt.date(2024, 12, 31)
DAYS = (AS_OF - OPENING).days
YEAR = 365.25

_TOPICS = (
    "accounts", "attitudes", "lives", "patterns", "visits", "baskets", "returns", "dirt",
    "names", "groups", "file", "potential", "service", "referrals", "feedback", "survey", "traits",
    "respondents",
)  # fmt: skip


@dataclass(frozen=True)
class Attitudes:
    """How accounts feel about the company and its two competitors (standard normal scale)."""

    own_mean: float = 0.10
    own_sd: float = 1.0
    competitor_means: tuple[float, float] = (-0.40, -0.55)
    competitor_sd: float = 0.75
    referred_bonus: float = 0.4
    share_of_wallet_intercept: float = 0.70
    share_of_wallet_per_relative_attitude: float = 0.65
    share_of_wallet_contract_bonus: float = 0.8
    share_of_wallet_sd: float = 0.6


@dataclass(frozen=True)
class Lives:
    """When accounts arrive, how often they order, and how long they stay (rates per year).

    The order rate of random buyers is gamma (``rate_shape``, ``rate_mean``) times
    exp(``rate_per_size`` × log size); regular buyers have a lognormal rate and Erlang gaps. The
    dropout rate is gamma (``churn_shape``, ``churn_mean``) times the factors named ``churn_…``,
    ``churn_mean`` being that at a relative attitude of zero. Logits and slopes are per unit of the
    attitude.
    """

    legacy_share: float = 0.45
    rate_mean: float = 8.5
    rate_shape: float = 0.85
    rate_per_size: float = 0.15
    regular_rate_median: float = 13.0
    regular_rate_sd: float = 0.45
    regular_k: int = 4
    seasonal_visits_in_season: tuple[float, float] = (4.0, 9.0)
    churn_mean: float = 0.13
    churn_shape: float = 2.0
    churn_per_relative_attitude: float = -1.2
    churn_factor_contract: float = 0.6
    churn_factor_after_open_complaint: float = 4.0
    churn_factor_after_resolved_complaint: float = 0.9
    trial_share: float = 0.16
    churn_factor_trial: float = 40.0
    one_time_logit: float = -2.6
    one_time_per_attitude: float = -0.5
    never_ordered_share: float = 0.007
    returns_only_share: float = 0.0025
    reactivated_share: float = 0.03
    complaints_per_year: float = 0.11
    complaints_per_attitude: float = -0.45
    complaint_resolved: float = 0.65


@dataclass(frozen=True)
class PriceRise:
    """One price rise for all products; the cost of goods had risen half a year before."""

    list_price_on: dt.date = dt.date(2023, 7, 3)
    list_price_factor: float = 1.06
    unit_cost_on: dt.date = dt.date(2023, 1, 2)
    unit_cost_factor: float = 1.05
    order_rate_factor: float = 0.93


@dataclass(frozen=True)
class Baskets:
    """What is in an order: lines, money, discounts, returns (money in EUR).

    Log size is normal around the mean of the industry. An order has one line and a Poisson number
    of more; log quantity is normal (``quantity_sd``) around what makes the usual line value, plus
    the price response × extra discount. The usual discount is a whole number of 5 % steps.
    """

    line_value_median: float = 195.0
    size_sd: float = 0.92
    extra_lines: float = 0.95
    extra_lines_per_size: float = 0.3
    quantity_sd: float = 0.45
    discount_mean_step: float = 1.2
    discount_per_size: float = 0.95
    promotion_share: float = 0.12
    promotion_share_in_campaign: float = 0.5
    campaign_months: tuple[int, ...] = (3, 9, 11)
    price_sensitive_share: float = 0.35
    price_response_mean: float = 5.0
    price_response_sd: float = 1.2
    price_response_others_mean: float = 0.3
    price_response_others_sd: float = 0.5
    return_share: float = 0.025
    second_order_same_day: float = 0.05
    freight_share: float = 0.05


@dataclass(frozen=True)
class Service:
    """What serving an account costs per year: only loosely tied to what it buys (EUR).

    Usual accounts: lognormal (``cost_median``, ``cost_sd``) × (revenue ÷ median revenue) to the
    power ``cost_per_log_revenue``; demanding ones ``demanding_factor`` times as much, but those in
    the top tenth by revenue have a lognormal cost of their own, whatever they buy.
    """

    cost_median: float = 340.0
    cost_per_log_revenue: float = 0.15
    cost_sd: float = 0.8
    demanding_share: float = 0.05
    demanding_factor: float = 4.0
    demanding_share_top_decile: float = 0.24
    demanding_cost_top_decile: float = 12_000.0
    demanding_sd_top_decile: float = 0.6
    bookings_per_year: float = 2.6


@dataclass(frozen=True)
class Survey:
    """How the survey measures the hidden attitudes.

    What a respondent thinks of a component is ``component_loading`` × the feeling about the company
    and a part of its own; an item shows it with ``item_loading`` (attitudes:
    ``preference_loading``), noise, and the respondent's habit of ticking high or low
    (``style_sd``). Overall satisfaction weighs the components with ``weights``.
    """

    first_day: dt.date = dt.date(2023, 9, 4)
    last_day: dt.date = dt.date(2023, 9, 29)
    accounts_share: float = 0.377
    second_respondent_share: float = 0.102
    response_per_attitude: float = 0.25
    response_if_still_buying: float = 1.8
    respondent_sd: float = 0.3
    style_sd: float = 0.25
    component_loading: float = 0.7
    item_loading: float = 0.8
    preference_loading: float = 0.88
    weights: dict[str, float] = field(
        default_factory=lambda: {
            "product": 0.20,
            "service": 0.35,
            "personnel": 0.20,
            "image": 0.05,
            "burden": -0.20,
        }
    )
    satisfaction_noise_sd: float = 0.35
    competitor_unknown: tuple[float, float] = (0.12, 0.25)
    no_answer: float = 0.015
    blank: float = 0.003


@dataclass(frozen=True)
class Dirt:
    """What is wrong with the order file, on purpose."""

    cash_sale_orders: float = 0.03
    unreadable_dates: tuple[str, str] = ("2023-02-30", "pending")
    duplicate_lines: int = 3
    wrong_potential: int = 6
    potential_unknown: float = 0.12


@dataclass(frozen=True)
class Parameters:
    """All true parameters, by topic."""

    attitudes: Attitudes = Attitudes()
    lives: Lives = Lives()
    price_rise: PriceRise = PriceRise()
    baskets: Baskets = Baskets()
    service: Service = Service()
    survey: Survey = field(default_factory=Survey)
    dirt: Dirt = Dirt()


def stream(seed: int, topic: str) -> np.random.Generator:
    """The random numbers of one topic, so that a change in one leaves the others as they are.

    >>> stream(1, "visits").random() == stream(1, "visits").random()
    True
    >>> stream(1, "visits").random() == stream(1, "baskets").random()
    False
    """
    return np.random.Generator(np.random.PCG64([seed, _TOPICS.index(topic)]))


def day_of(date: dt.date) -> int:
    """A date as days since the books were opened.

    >>> day_of(dt.date(2022, 1, 5))
    2
    """
    return (date - OPENING).days


def iso(day: float) -> str:
    """Days since the books were opened as an ISO date; blank for never.

    >>> iso(2.7), iso(float("inf"))
    ('2022-01-05', '')
    """
    if not np.isfinite(day):
        return ""
    return (OPENING + dt.timedelta(days=int(np.floor(day)))).isoformat()
