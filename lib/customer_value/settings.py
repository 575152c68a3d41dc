"""The settings of a report: one YAML file, validated into one object.

Every key has a default but those that nobody can guess: where the orders are and in which currency
they are, or, for a questionnaire that is joined to no orders, where the survey and its codebook are.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from customer_value.words import NO_CURRENCY

__all__ = [
    "NO_CURRENCY",
    "ClvSettings",
    "ContractsTable",
    "Credits",
    "CustomersTable",
    "DeliveredValueSettings",
    "EngineSettings",
    "Exclusion",
    "FeedbackTable",
    "LoyaltySettings",
    "OrdersTable",
    "ParetoSettings",
    "ReferralsTable",
    "ReportSettings",
    "RfmCutoffs",
    "RfmSettings",
    "RfmThresholds",
    "SatisfactionSettings",
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


def _of_our_times(day: dt.date) -> dt.date:
    if not 1900 <= day.year < 2200:
        raise ValueError("needs a day from 1900 to 2199")
    return day


def _four_rising(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if len(numbers) != 4 or sorted(set(numbers)) != list(numbers):
        raise ValueError("needs four numbers that rise, such as [30, 90, 180, 365]")
    return numbers


def _a_name(variable: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*", variable):
        raise ValueError("takes the name of an environment variable, such as ORDERS_PLACE, not what it holds")
    return variable


def _code_of_none(value: object) -> object:
    return NO_CURRENCY if _is_none(value) else value


def _is_none(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() == "none"


Day = Annotated[dt.date, BeforeValidator(_no_number), AfterValidator(_of_our_times)]
Paths = Annotated[list[str], Field(min_length=1), BeforeValidator(_as_list)]
Variable = Annotated[str, AfterValidator(_a_name)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Currency = Annotated[CurrencyCode, BeforeValidator(_code_of_none)]
FourNumbers = Annotated[tuple[float, ...], AfterValidator(_four_rising)]
Weight = Annotated[float, Field(ge=0)]
Category = Literal["industry", "region", "channel", "account_manager"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Exclusion(_Strict):
    """Rows to leave out of the analysis, by the value of one source column.

    Exactly one of the conditions is given. A blank never matches ``is`` or ``starts_with`` and
    always matches ``is_not``. Rows with ``no_order`` (totals, transfers) are told before anything else is asked of
    them; others only if they have a customer, a date and an amount.
    """

    reason: str = Field("filtered out", min_length=1, max_length=60)
    column: str
    is_: Annotated[list[str | int | float] | None, BeforeValidator(_as_list)] = Field(None, alias="is")
    is_not: Annotated[list[str | int | float] | None, BeforeValidator(_as_list)] = None
    starts_with: Annotated[list[str] | None, BeforeValidator(_as_list)] = None
    below: float | None = None
    above: float | None = None
    no_order: bool = False

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        given = [self.is_, self.is_not, self.starts_with, self.below, self.above]
        if sum(value is not None for value in given) != 1:
            raise ValueError("needs exactly one of is, is_not, starts_with, below, above")
        return self


class Credits(_Strict):
    """Rows that are credits by the value of one source column: their amount is negative whatever its sign."""

    column: str
    is_: Annotated[list[str | int | float], Field(alias="is", min_length=1), BeforeValidator(_as_list)]


_ADDRESS = re.compile(
    r"(?:postgres|mysql|mariadb|mssql|oracle|jdbc:)[^/]*://|[^/]*://[^/@]*:[^/]*@", re.IGNORECASE
)
"""Where the settings would hold what belongs into an environment variable."""


class TableSource(_Strict):
    """Where the rows of one input table come from and how to read them.

    ``path`` is a file, a pattern such as ``orders-*.csv``, or a list of either, relative to the
    YAML. ``path_env`` names an environment variable that holds the path instead, for addresses
    that must not be written down. ``database_env`` names one that holds the address of a server,
    such as ``postgresql://user:password@host/database``. With Spark, ``table`` alone is a table of
    its catalog. What is not stated is detected, and the ledger says so.
    """

    path: Paths | None = None
    path_env: Variable | None = None
    database_env: Variable | None = None
    format: Literal["csv", "json", "parquet", "excel", "sqlite", "duckdb", "delta", "iceberg"] | None = None
    table: str | None = Field(
        None, description="table or view of a database, with its schema if needed: sales.orders"
    )
    sheet: str | int | Annotated[list[str | int], Field(min_length=1)] | None = Field(
        None,
        description="sheet of an Excel file, by name or number from 1; a list, or 'all', are read as one",
    )
    separator: str | None = Field(None, description="of a CSV: one character, 'tab', or 'whitespace'")
    encoding: str | None = Field(
        None,
        description="of text in files, or in a PostgreSQL database that takes text for bytes (SQL_ASCII)",
    )
    decimal: Literal[".", ","] | None = None
    dr_cr: Literal["debit-positive", "credit-positive"] | None = Field(
        None, description="of amounts such as '52.50 Dr' and '20.00 Cr': which of them is positive"
    )
    dates: str | None = Field(
        None,
        description="'iso', 'year-month-day', 'day-first', 'month-first', 'excel-serial', 'mixed', 'minguo', "
        "'buddhist', 'reiwa', or e.g. '%d.%m.%Y'",
    )
    header: bool | None = Field(None, description="false: the columns are called 1, 2, 3, …")
    fill_down: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        [], description="columns of a file in which a blank takes the value above"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = (self.path, self.path_env, self.database_env)
        if sum(place is not None for place in places) > 1:
            raise ValueError("takes only one of path, path_env and database_env")
        if self.database_env is not None and self.table is None:
            raise ValueError("database_env needs table, the table or view of the database")
        if not any(places) and self.table is None:
            raise ValueError("needs path, path_env or database_env")
        if any(_ADDRESS.match(path) for path in self.path or ()):
            raise ValueError(
                "path holds the address of a server, or a password; put it into an environment variable and name that "
                "one by database_env (or path_env, if it leads to files)"
            )
        return self

    @property
    def in_catalog(self) -> bool:
        """Whether it is a table that only Spark's catalog knows."""
        return self.path is None and self.path_env is None and self.database_env is None

    @property
    def in_files(self) -> bool:
        """Whether it is read from files."""
        return not self.in_catalog and self.database_env is None


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
    refund: str | None = Field(None, description="money given back on the row's amount, counted as a return")
    deduct: str | None = Field(None, description="money off that the amount still holds, such as a coupon")

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

    ``amount_is`` tells whether the amount is that of the row, the order's total repeated on each of
    its lines (it counts once), or the order's total on its first line only (blanks on the others are
    no unreadable amounts, and take the order's customer, date and status). The rows that ``credits``
    names are negative whatever their sign. With ``join_spellings`` customer ids that differ only in
    capitals, spaces and punctuation are one customer, shown under the most frequent spelling.
    """

    columns: OrderColumns
    amount_is: Literal["row", "order_on_each_line", "order_on_first_line"] = "row"
    credits: list[Credits] = []
    join_spellings: bool = False
    returns: Literal["net", "drop", "error"] = "net"
    drop_duplicates: Literal[False, True, "across_files"] = False
    one_order_is: Literal["row", "day"] | None = Field(
        None,
        description="one order if there is no order_id; default: a row, or a day if rows have a product",
    )
    free_orders: Literal["ignore", "count"] = Field(
        "ignore", description="whether an order for nothing is a purchase (a sample, a replacement: no)"
    )
    void_days: Annotated[int, Field(ge=0, le=366)] = Field(
        0, description="most days from a sale to the credit that takes it back as if it had never been"
    )
    order_number_days: Annotated[int, Field(ge=1, le=36_600)] = Field(
        31, description="an order number that comes again later than this is another order"
    )
    max_unread: Share = Field(
        0.05, description="most rows, or money, that may be lost to dates or amounts that cannot be read"
    )
    exclude: list[Exclusion] = []
    rates: dict[CurrencyCode, Annotated[float, Field(ge=1e-8, le=1e8)]] = Field(
        {}, description="report currency per unit of a foreign currency"
    )

    @model_validator(mode="after")
    def _totals_belong_to_orders(self) -> Self:
        if self.amount_is == "row":
            return self
        columns = self.columns
        if columns.order_id is None or columns.amount is None:
            raise ValueError(f"amount_is: {self.amount_is} needs columns.amount and columns.order_id")
        if columns.margin is not None:
            raise ValueError(
                f"columns.margin cannot be taken from amounts that are orders' totals (amount_is: {self.amount_is}); "
                "map cost instead, which is that of each row"
            )
        return self


class CustomerColumns(_Strict):
    customer_id: str
    name: str | None = None
    industry: str | None = None
    region: str | None = None
    channel: str | None = Field(None, description="through which the customer buys or was won")
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
    respondent_id: str | None = Field(None, description="wide: the number of the row if not given")
    customer_id: str | None = None
    date: str | None = None
    item: str | None = None
    score: str | None = None
    weight: str | None = None


class SurveyTable(TableSource):
    """Survey answers: one answer per row (long), or one respondent per row with a column per item (wide)."""

    layout: Literal["long", "wide"] = "long"
    columns: SurveyColumns = SurveyColumns()
    items: Annotated[list[str], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        None, description="wide: the columns with answers; default: all items of the codebook"
    )

    @model_validator(mode="after")
    def _fits_layout(self) -> Self:
        columns = self.columns
        if self.layout == "wide":
            if columns.item is not None or columns.score is not None:
                raise ValueError("layout wide has a column per item, so columns takes no item and no score")
            if self.items is not None and len(set(self.items)) < len(self.items):
                raise ValueError("items names a column twice")
        elif self.items is not None:
            raise ValueError("items goes with layout: wide, one respondent per row")
        elif None in (columns.respondent_id, columns.item, columns.score):
            raise ValueError(
                "needs columns with respondent_id, item and score, or layout: wide if the file has one "
                "respondent per row"
            )
        return self


class SurveyItemColumns(_Strict):
    """Which column of the codebook holds what; one that is not named is found if it is called so."""

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
    not_applicable_codes: str | None = None
    words: str | None = Field(None, description="answers in words with their numbers: low=1;high=2")
    scale: str | None = Field(None, description="likert, semantic_differential, nps or percentage")
    wording_en: str | None = None
    wording_zh: str | None = None


class SurveyItemsTable(TableSource):
    """The codebook of the survey: one row per item of a table, or a YAML file."""

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


class ContractColumns(_Strict):
    customer_id: str
    started_on: str
    ended_on: str
    cohort: str | None = None
    value: str | None = Field(None, description="money that one period of the contract brings")


class ContractsTable(TableSource):
    """Contracts that run from period to period until they are ended, a row each.

    ``ended_on`` is blank while a contract is open; an end on a renewal day or before it means that
    the contract was not renewed. A row that starts no later than the day after the one before it
    ended continues that contract; after a longer gap it is a new one. ``cohort`` groups contracts
    (their year of start if not given). ``value`` counts as it stands: a margin where the report
    knows costs, else revenue; without it the orders under the contract tell.
    """

    columns: ContractColumns
    period_months: Annotated[int, Field(ge=1, le=120)] = 12


STATEMENT_SECONDS = 900
"""How long a query may take if the settings do not say it: a quarter of an hour, half of what a cell may."""


class EngineSettings(_Strict):
    """What reads and reduces the orders: DuckDB in this process, or Spark for what outgrows one machine.

    ``master`` (``local[*]``, ``spark://host:7077``, ``yarn``, ``k8s://...``) or ``remote`` (Spark Connect,
    ``sc://host:15002``; ``remote_env`` where the address holds a token) says which Spark; ``options``
    are passed on to it. ``memory_limit`` holds for each DuckDB process and for the driver of a
    Spark that runs here; what does not fit goes to disk. ``statement_timeout_seconds`` ends a view that never
    ends: it holds for each query of a PostgreSQL, MySQL or MariaDB server, and for opening a table of a SQLite or
    DuckDB file.
    """

    kind: Literal["duckdb", "spark"] = "duckdb"
    memory_limit: str = "4GB"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = Field(None, description="default: all cores")
    statement_timeout_seconds: Annotated[int, Field(ge=1, le=604_800)] = Field(
        STATEMENT_SECONDS,
        description="longest time for one query of a database; one that takes longer is ended",
    )
    master: str | None = None
    remote: str | None = None
    remote_env: Variable | None = None
    options: dict[str, str | int | float | bool] = {}

    @field_validator("memory_limit")
    @classmethod
    def _possible(cls, limit: str) -> str:
        if not re.fullmatch(_SIZE, limit) or not 10**7 <= bytes_of(limit) <= 10**15:
            raise ValueError("must be a size from 10MB to 1000TB, for instance 4GB")
        return limit

    @model_validator(mode="after")
    def _one_engine(self) -> Self:
        for_spark = (self.master, self.remote, self.remote_env)
        if self.kind != "spark" and (any(for_spark) or self.options):
            raise ValueError("master, remote and options need kind: spark")
        if sum(place is not None for place in for_spark) > 1:
            raise ValueError("takes only one of master, remote and remote_env")
        return self

    @property
    def memory_bytes(self) -> int:
        """`memory_limit` as a number."""
        return int(bytes_of(self.memory_limit))


_SIZE = r"([0-9]+(?:\.[0-9]+)?) ?([MGT]i?B)"


def bytes_of(written: str) -> float:
    """A size such as 4GB or 1.5 GiB as a number.

    Raises
    ------
    ValueError
        If it is no such size.
    """
    found = re.fullmatch(_SIZE, written)
    if found is None:
        raise ValueError("is not a size such as 4GB")
    number, unit = found.groups()
    base = 1024 if "i" in unit else 1000
    power = {"M": 2, "G": 3, "T": 4}[unit[0]]
    return float(number) * float(base**power)


def _engine_by_name(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


class ParetoSettings(_Strict):
    """How concentration is measured (`customer_value.pareto`)."""

    top_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    value_share: Annotated[float, Field(gt=0, lt=1)] = 0.8
    abc_cuts: tuple[Share, Share] = (0.80, 0.95)
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20_240_101

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.abc_cuts[0] < self.abc_cuts[1] <= 1:
            raise ValueError("abc_cuts must rise, for instance [0.8, 0.95]")
        return self


class RfmCutoffs(_Strict):
    """Fixed cut-offs of the scores, four for each dimension that has some; the others are quantiles.

    ``recency``: most days for the scores 5, 4, 3 and 2. ``frequency`` and ``monetary``: least orders
    and money for the scores 2, 3, 4 and 5. What reaches none scores 1.
    """

    recency: FourNumbers | None = None
    frequency: FourNumbers | None = None
    monetary: FourNumbers | None = None


class RfmThresholds(_Strict):
    """Fixed thresholds of the eight classes; above them (recency: below) is high."""

    recency: Annotated[float, Field(ge=0)] | None = None
    frequency: Annotated[float, Field(ge=0)] | None = None
    monetary: float | None = None


class RfmSettings(_Strict):
    """How customers are scored (`customer_value.rfm`). ``window_months`` null: all history."""

    window_months: Annotated[int, Field(ge=1, le=240)] | None = None
    migration_months: Annotated[int, Field(ge=1, le=120)] = 12
    monetary_is: Literal["total", "per_order"] = Field(
        "total",
        description="M is net spend; per_order: mean amount per order, as far as it is kept, instead (RFA)",
    )
    quantiles: FourNumbers = Field(
        (0.2, 0.4, 0.6, 0.8), description="shares of customers below the scores 2, 3, 4 and 5"
    )
    cutoffs: RfmCutoffs = RfmCutoffs()
    weights: tuple[Weight, Weight, Weight] = Field(
        (1, 1, 1), description="of recency, frequency and money in the weighted score"
    )
    thresholds: Literal["mean", "median"] = Field("mean", description="of the eight classes")
    fixed_thresholds: RfmThresholds = RfmThresholds()
    high_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.10, description="of customers: high contribution in the portfolio groups"
    )
    low_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.50, description="of customers: low contribution in the portfolio groups"
    )
    growth: Annotated[float, Field(gt=1, le=100)] = Field(
        1.2, description="times the 12 months before from which a customer counts as growing"
    )
    policy: str | None = Field(
        None, description="CSV file with your own treatments: segmentation, segment, treatment"
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not 0 < self.quantiles[0] < self.quantiles[-1] < 1:
            raise ValueError("quantiles lie between 0 and 1, for instance [0.2, 0.4, 0.6, 0.8]")
        if not sum(self.weights) > 0:
            raise ValueError("weights cannot all be zero")
        if self.high_share + self.low_share > 1:
            raise ValueError("high_share and low_share together cannot be more than 1")
        return self


class ClvSettings(_Strict):
    """How lifetime value is computed (`customer_value.clv`)."""

    horizon_months: Annotated[int, Field(ge=1, le=600)] = 36
    discount_rate: Annotated[float, Field(ge=0, le=5)] = 0.10
    time_unit: Literal["D", "W", "M"] = "W"
    holdout_share: Annotated[float, Field(gt=0, lt=0.9)] = 0.30
    calibration_end: Day | None = None
    covariates: Annotated[list[Category], BeforeValidator(_as_list)] = Field(
        [], description="columns of the customer file that may change how customers buy and leave"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20_240_101

    @model_validator(mode="after")
    def _each_covariate_once(self) -> Self:
        if len(set(self.covariates)) < len(self.covariates):
            raise ValueError("covariates names a column twice")
        return self


class LoyaltySettings(_Strict):
    """How the loyalty matrix is cut (`customer_value.loyalty`)."""

    cuts: Literal["fixed", "median"] = "fixed"
    share_of_wallet_cut: Annotated[float, Field(gt=0, lt=1)] = 0.5
    stated_share: str | None = Field(
        None,
        description="item of the survey that asks which share of its purchases a customer makes here; where it is "
        "named, it is the axis of repeat purchase",
    )


class SatisfactionSettings(_Strict):
    """How satisfaction is measured (`customer_value.satisfaction`)."""

    index_weights: dict[str, Weight] = Field(
        {}, description="item on overall satisfaction to its weight in the index; equal weights if empty"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20_240_101


class DeliveredValueSettings(_Strict):
    """Weights of the components of delivered value: four benefits, then four costs to the customer."""

    product: Weight = 1
    service: Weight = 1
    personnel: Weight = 1
    image: Weight = 1
    money: Weight = 1
    time: Weight = 1
    energy: Weight = 1
    psychic: Weight = 1

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not sum(self.model_dump().values()) > 0:
            raise ValueError("weights cannot all be zero")
        return self


class ReportSettings(_Strict):
    """How the notebooks of a report are run (`customer_value.report`)."""

    cell_timeout_seconds: Annotated[int, Field(ge=1, le=604_800)] = Field(
        1800, description="longest time for one cell; a notebook that takes longer is ended"
    )


class Settings(_Strict):
    """All settings of one report.

    ``currency`` is a code, or ``none`` if no code is to be printed.
    """

    title: str = Field("Customer value", min_length=1, max_length=120)
    currency: Currency = NO_CURRENCY
    as_of: Day | None = None
    timezone: str | None = Field(
        None,
        description="in which instants become dates, such as Europe/Berlin; 'as written' keeps their days",
    )
    margin_rate: Annotated[float, Field(gt=-1, le=1)] | None = None
    engine: Annotated[EngineSettings, BeforeValidator(_engine_by_name)] = EngineSettings()
    orders: OrdersTable | None = None
    customers: CustomersTable | None = None
    service_costs: ServiceCostsTable | None = None
    survey: SurveyTable | None = None
    survey_items: SurveyItemsTable | None = None
    referrals: ReferralsTable | None = None
    feedback: FeedbackTable | None = None
    contracts: ContractsTable | None = None
    pareto: ParetoSettings = ParetoSettings()
    rfm: RfmSettings = RfmSettings()
    clv: ClvSettings = ClvSettings()
    loyalty: LoyaltySettings = LoyaltySettings()
    satisfaction: SatisfactionSettings = SatisfactionSettings()
    delivered_value: DeliveredValueSettings = DeliveredValueSettings()
    report: ReportSettings = ReportSettings()

    _says_none: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _none_is_said(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        settings = handler(values)
        if isinstance(values, dict):
            settings._says_none = _is_none(values.get("currency"))
        return settings

    @property
    def currency_is_open(self) -> bool:
        """Whether there is money and nobody has said in which currency, or that none is to be named."""
        return self.currency == NO_CURRENCY and not self._says_none and self._holds_money()

    @model_validator(mode="after")
    def _something_to_analyse(self) -> Self:
        if self.orders is None and self.survey is None:
            raise ValueError(
                "the key 'orders' is missing; a report needs orders, or a survey with survey_items"
            )
        return self

    @model_validator(mode="after")
    def _money_has_a_currency(self) -> Self:
        if "currency" not in self.model_fields_set and self._holds_money():
            raise ValueError(
                "the key 'currency' is missing; name the currency of all money, such as EUR, or none"
            )
        return self

    @model_validator(mode="after")
    def _rates_have_a_use(self) -> Self:
        if self.orders is None:
            return self
        if self.orders.rates and self.orders.columns.currency is None:
            raise ValueError(
                "orders.rates needs orders.columns.currency, the column with each row's currency"
            )
        if self.orders.rates.get(self.currency, 1) != 1:
            raise ValueError(f"orders.rates: {self.currency} is the report's own currency, so its rate is 1")
        return self

    @model_validator(mode="after")
    def _covariates_are_mapped(self) -> Self:
        for name in self.clv.covariates:
            if self.customers is None or getattr(self.customers.columns, name) is None:
                raise ValueError(
                    f"clv.covariates needs customers.columns.{name}, the column of the customer file with each "
                    f"customer's {name.replace('_', ' ')}"
                )
        return self

    @model_validator(mode="after")
    def _spark_where_it_is_needed(self) -> Self:
        if self.engine.kind == "spark":
            return self
        for name, spec in self.tables().items():
            if spec.in_catalog or spec.format in ("delta", "iceberg"):
                what = f"format: {spec.format}" if spec.format else "a table without path or database_env"
                raise ValueError(f"{name}: {what} is read by Spark; set engine: spark")
        return self

    @model_validator(mode="after")
    def _survey_has_codebook(self) -> Self:
        if (self.survey is None) != (self.survey_items is None):
            raise ValueError("survey and survey_items (its codebook) go together")
        return self

    def tables(self) -> dict[str, TableSource]:
        """The input tables that the settings name, orders first."""
        return {name: value for name, value in self if isinstance(value, TableSource)}

    def _holds_money(self) -> bool:
        if self.orders is not None or self.service_costs is not None:
            return True
        tables = (self.customers, self.referrals, self.feedback, self.contracts)
        columns = [table.columns for table in tables if table is not None]
        return any(getattr(part, name, None) is not None for part in columns for name in _MONEY_COLUMNS)


_MONEY_COLUMNS = ("acquisition_cost", "annual_potential", "incentive", "estimated_value", "value")
