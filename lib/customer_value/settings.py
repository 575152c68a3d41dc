"""The settings of a report: one YAML file, validated into one object.

Every key has a default but the two that nobody can guess: where the orders are and in which
currency they are.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = [
    "ClvSettings",
    "CustomersTable",
    "Exclusion",
    "FeedbackTable",
    "LoyaltySettings",
    "OrdersTable",
    "ParetoSettings",
    "ReferralsTable",
    "RfmSettings",
    "ServiceCostsTable",
    "Settings",
    "SurveyItemsTable",
    "SurveyTable",
    "TableSource",
]

Share = Annotated[float, Field(ge=0, le=1)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("is not a date; write it as 2024-12-31")
    return value


Day = Annotated[dt.date, BeforeValidator(_no_number)]
Paths = Annotated[list[str], Field(min_length=1), BeforeValidator(_as_list)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Exclusion(_Strict):
    """Rows to leave out of the analysis, by the value of one source column.

    Exactly one of the conditions is given. A blank never matches ``is`` or ``starts_with`` and
    always matches ``is_not``.
    """

    reason: str = Field("filtered out", min_length=1, max_length=60)
    column: str
    is_: Annotated[list[str | int | float] | None, BeforeValidator(_as_list)] = Field(None, alias="is")
    is_not: Annotated[list[str | int | float] | None, BeforeValidator(_as_list)] = None
    starts_with: Annotated[list[str] | None, BeforeValidator(_as_list)] = None
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        given = [self.is_, self.is_not, self.starts_with, self.below, self.above]
        if sum(value is not None for value in given) != 1:
            raise ValueError("needs exactly one of is, is_not, starts_with, below, above")
        return self


class TableSource(_Strict):
    """Where the rows of one input table come from and how to read them.

    ``path`` is a file, a pattern such as ``orders-*.csv``, or a list of either, relative to the
    YAML. ``path_env`` names an environment variable that holds the path instead, for addresses
    that must not be written down. What is not stated is detected, and the ledger says so.
    """

    path: Paths | None = None
    path_env: str | None = None
    format: Literal["csv", "parquet", "excel", "sqlite", "duckdb"] | None = None
    table: str | None = Field(None, description="table or view of a SQLite or DuckDB file")
    sheet: str | int | None = Field(None, description="sheet of an Excel file, by name or number from 1")
    separator: str | None = Field(None, description="of a CSV: one character, 'tab', or 'whitespace'")
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    dates: str | None = Field(
        None,
        description="'iso', 'year-month-day', 'day-first', 'month-first', 'excel-serial', or e.g. '%d.%m.%Y'",
    )
    header: bool | None = Field(None, description="false: the columns are called 1, 2, 3, …")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.path_env is None):
            raise ValueError("needs either path or path_env")
        return self


class OrderColumns(_Strict):
    """Which source column holds what. ``amount`` or ``quantity`` with ``unit_price`` is needed."""

    customer_id: str
    order_date: str
    amount: str | None = None
    order_id: str | None = None
    product_id: str | None = None
    quantity: str | None = None
    unit_price: str | None = None
    cost: str | None = None
    unit_cost: str | None = None
    margin: str | None = None
    list_price: str | None = None
    discount: str | None = None
    currency: str | None = None
    channel: str | None = None

    @model_validator(mode="after")
    def _money(self) -> Self:
        if self.amount is None and (self.quantity is None or self.unit_price is None):
            raise ValueError("needs amount, or both quantity and unit_price")
        if sum(c is not None for c in (self.cost, self.unit_cost, self.margin)) > 1:
            raise ValueError("takes only one of cost, unit_cost and margin")
        if self.unit_cost is not None and self.quantity is None:
            raise ValueError("unit_cost needs quantity")
        return self


class OrdersTable(TableSource):
    """The order history: one row per order or per order line.

    ``amount`` is net of tax, negative for a return or credit; ``cost`` is the cost of the whole
    row with the sign of its amount; ``discount`` is a fraction of the list price.
    """

    columns: OrderColumns
    returns: Literal["net", "drop", "error"] = "net"
    drop_duplicates: Literal[False, True, "across_files"] = False
    one_order_is: Literal["row", "day"] | None = Field(
        None,
        description="one order if there is no order_id; default: a row, or a day if rows have a product",
    )
    free_orders: Literal["ignore", "count"] = Field(
        "ignore", description="whether an order for nothing is a purchase (a sample, a replacement: no)"
    )
    exclude: list[Exclusion] = []
    rates: dict[CurrencyCode, Annotated[float, Field(gt=0)]] = Field(
        {}, description="report currency per unit of a foreign currency"
    )


class CustomerColumns(_Strict):
    customer_id: str
    name: str | None = None
    industry: str | None = None
    region: str | None = None
    parent_id: str | None = None
    account_manager: str | None = None
    acquired_on: str | None = None
    acquisition_cost: str | None = None
    annual_potential: str | None = None
    contract_end: str | None = None


class CustomersTable(TableSource):
    """The customer file: one row per customer."""

    columns: CustomerColumns


class ServiceCostColumns(_Strict):
    customer_id: str
    date: str
    cost: str
    activity: str | None = None


class ServiceCostsTable(TableSource):
    """Cost of serving a customer (visits, delivery, support), a row per booking."""

    columns: ServiceCostColumns


class SurveyColumns(_Strict):
    respondent_id: str
    customer_id: str | None = None
    date: str | None = None
    item: str
    score: str
    weight: str | None = None


class SurveyTable(TableSource):
    """Survey answers in long form: one answer per row."""

    columns: SurveyColumns


class SurveyItemColumns(_Strict):
    item: str = "item"
    construct_: str = Field("construct", alias="construct")
    aspect: str = "aspect"
    scale_min: str = "scale_min"
    scale_max: str = "scale_max"
    attribute: str | None = None
    component: str | None = None
    target: str | None = None
    reversed: str | None = None
    missing_codes: str | None = None
    scale: str | None = None
    wording_en: str | None = None
    wording_zh: str | None = None


class SurveyItemsTable(TableSource):
    """The codebook of the survey: one row per item."""

    columns: SurveyItemColumns = SurveyItemColumns()


class ReferralColumns(_Strict):
    referrer_id: str
    referred_id: str
    date: str
    incentive: str | None = None


class ReferralsTable(TableSource):
    """Who brought whom."""

    columns: ReferralColumns


class FeedbackColumns(_Strict):
    customer_id: str
    date: str
    kind: str
    estimated_value: str | None = None
    resolved_on: str | None = None


class FeedbackTable(TableSource):
    """Complaints, ideas and praise."""

    columns: FeedbackColumns


class ParetoSettings(_Strict):
    """How concentration is measured (`customer_value.pareto`)."""

    top_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    value_share: Annotated[float, Field(gt=0, lt=1)] = 0.8
    abc_cuts: tuple[Share, Share] = (0.80, 0.95)
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2_000
    seed: int = 20_240_101

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.abc_cuts[0] < self.abc_cuts[1] <= 1:
            raise ValueError("abc_cuts must rise, for instance [0.8, 0.95]")
        return self


class RfmSettings(_Strict):
    """How customers are scored (`customer_value.rfm`). ``window_months`` null: all history."""

    window_months: Annotated[int, Field(ge=1, le=240)] | None = None
    migration_months: Annotated[int, Field(ge=1, le=120)] = 12


class ClvSettings(_Strict):
    """How lifetime value is computed (`customer_value.clv`)."""

    horizon_months: Annotated[int, Field(ge=1, le=600)] = 36
    discount_rate: Annotated[float, Field(ge=0, le=5)] = 0.10
    time_unit: Literal["D", "W", "M"] = "W"
    holdout_share: Annotated[float, Field(gt=0, lt=0.9)] = 0.30
    calibration_end: Day | None = None
    seed: int = 20_240_101


class LoyaltySettings(_Strict):
    """How the loyalty matrix is cut (`customer_value.loyalty`)."""

    cuts: Literal["fixed", "median"] = "fixed"
    share_of_wallet_cut: Annotated[float, Field(gt=0, lt=1)] = 0.5


class Settings(_Strict):
    """All settings of one report."""

    title: str = Field("Customer value", min_length=1, max_length=120)
    currency: CurrencyCode
    as_of: Day | None = None
    timezone: str | None = None
    margin_rate: Annotated[float, Field(gt=-1, le=1)] | None = None
    orders: OrdersTable
    customers: CustomersTable | None = None
    service_costs: ServiceCostsTable | None = None
    survey: SurveyTable | None = None
    survey_items: SurveyItemsTable | None = None
    referrals: ReferralsTable | None = None
    feedback: FeedbackTable | None = None
    pareto: ParetoSettings = ParetoSettings()
    rfm: RfmSettings = RfmSettings()
    clv: ClvSettings = ClvSettings()
    loyalty: LoyaltySettings = LoyaltySettings()

    @model_validator(mode="after")
    def _rates_have_a_use(self) -> Self:
        if self.orders.rates and self.orders.columns.currency is None:
            raise ValueError(
                "orders.rates needs orders.columns.currency, the column with each row's currency"
            )
        if self.orders.rates.get(self.currency, 1) != 1:
            raise ValueError(f"orders.rates: {self.currency} is the report's own currency, so its rate is 1")
        return self

    @model_validator(mode="after")
    def _survey_has_codebook(self) -> Self:
        if (self.survey is None) != (self.survey_items is None):
            raise ValueError("survey and survey_items (its codebook) go together")
        return self
