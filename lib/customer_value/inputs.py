"""From a settings file to a run: read, judge and reduce every input, and note where it came from."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import reduce, words
from customer_value.companions import COMPANIONS, Companion, read_companions
from customer_value.config import load_settings
from customer_value.contract import Orders, read_orders
from customer_value.errors import InputError
from customer_value.ledger import Ledger, LedgerLine
from customer_value.reduce import Dates
from customer_value.settings import Settings
from customer_value.sources import Source
from customer_value.sources.files import find_files
from customer_value.survey import score_answers
from customer_value.tables import parquet_path, write_json, write_table

__all__ = ["Inputs", "RunState", "check_inputs", "input_files", "read_inputs", "read_state", "write_run"]


_SURVEY = ("survey", "survey_items")


@dataclass(frozen=True)
class Inputs:
    """Everything that was read, judged but not yet reduced."""

    orders: Orders
    companions: dict[str, Companion]
    dates: Dates
    ledger: Ledger
    warnings: tuple[str, ...]

    def sources(self) -> tuple[Source, ...]:
        """The sources in the order of the ledger."""
        return (self.orders.source, *(companion.source for companion in self.companions.values()))


@dataclass(frozen=True)
class RunState:
    """What a run knows about its inputs."""

    dates: Dates
    as_of_stated: bool
    ledger: Ledger
    warnings: tuple[str, ...]
    provenance: dict[str, Any]


def check_inputs(config: Path) -> Inputs:
    """Read and judge the inputs of a settings file and reduce nothing.

    Raises
    ------
    ConfigError, InputError
        If the settings or an input are wrong.
    """
    scratch = Path(tempfile.mkdtemp(prefix="customer-value-"))
    try:
        return read_inputs(load_settings(config), Path(config).parent, ibis.duckdb.connect(), scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read_inputs(settings: Settings, base: Path, con: Any, scratch: Path) -> Inputs:
    """Read and judge all inputs; order rows stay lazy, and need ``scratch`` until they are used."""
    orders = read_orders(settings, base, con, scratch)
    companions = read_companions(settings, base, con, scratch, orders.as_of)
    ledger, warnings = orders.ledger, list(orders.warnings)
    for companion in companions.values():
        ledger = ledger + companion.ledger
        warnings.extend(companion.warnings)
    warnings.extend(_strangers(orders, companions))
    if "survey" in companions:
        answers, items = (_published(name, companions[name].rows).execute() for name in _SURVEY)
        score_answers(answers, items)
    origin = _day(orders.rows.order_date.min().execute())
    dates = reduce.reduction_dates(origin, orders.as_of, settings)
    _refuse_bad_calibration(dates)
    return Inputs(orders, companions, dates, ledger, tuple(warnings))


def input_files(settings: Settings, base: Path) -> list[Path]:
    """The files that a report reads, as they are found now."""
    named = {"orders": settings.orders} | {name: getattr(settings, name) for name in COMPANIONS}
    given = {name: spec for name, spec in named.items() if spec is not None}
    return [file.path for name, spec in given.items() for file in find_files(name, spec, base)]


def write_run(settings: Settings, base: Path, run: Path) -> None:
    """Read all inputs and leave the reduced tables, ledger, state and provenance in ``run``.

    Raises
    ------
    InputError
        If an input is wrong; nothing is left half done that `read_state` would accept.
    """
    scratch = run / "_run" / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    con = ibis.duckdb.connect()
    con.raw_sql(f"SET temp_directory = '{str(scratch).replace(chr(39), chr(39) * 2)}'")
    try:
        inputs = read_inputs(settings, base, con, scratch)
        _reduce(inputs, settings, con, run, scratch)
        inputs.ledger.frame().to_csv(run / "ledger.csv", index=False, lineterminator="\n")
        provenance = _provenance(inputs, settings)
        write_json(run / "provenance.json", provenance)
        state = {
            "dates": asdict(inputs.dates),
            "as_of_stated": inputs.orders.as_of_stated,
            "ledger": [asdict(line) | {"amount": _text(line.amount)} for line in inputs.ledger.lines],
            "warnings": list(inputs.warnings),
            "provenance": provenance,
        }
        write_json(run / "_run" / "state.json", state)
    finally:
        con.disconnect()
        shutil.rmtree(scratch, ignore_errors=True)


def read_state(run: Path) -> RunState:
    """The state that `write_run` left."""
    state = json.loads((run / "_run" / "state.json").read_text(encoding="utf-8"))
    dates = Dates(**{name: dt.date.fromisoformat(value) for name, value in state["dates"].items()})
    lines = tuple(
        LedgerLine(**{**line, "amount": None if line["amount"] is None else Decimal(line["amount"])})
        for line in state["ledger"]
    )
    return RunState(
        dates, state["as_of_stated"], Ledger(lines), tuple(state["warnings"]), state["provenance"]
    )


def _reduce(inputs: Inputs, settings: Settings, con: Any, run: Path, scratch: Path) -> None:
    rows, dates = inputs.orders.rows, inputs.dates
    days_path = scratch / "days.parquet"
    reduce.customer_days(rows, _one_order_is(settings), settings.orders.free_orders).to_parquet(days_path)
    days = con.read_parquet(days_path)
    write_table(run, "customers", _customers(days, dates, settings, inputs))
    write_table(run, "snapshots", _snapshots(days, dates, settings))
    snapshots = con.read_parquet(parquet_path(run, "snapshots"))
    write_table(run, "purchase_patterns", reduce.purchase_patterns(snapshots))
    write_table(run, "customer_months", reduce.customer_months(days, dates.as_of))
    write_table(run, "weekly_purchases", reduce.weekly_purchases(days, dates.origin, dates.as_of))
    if "product_id" in rows.columns:
        write_table(run, "customer_product_years", reduce.customer_product_years(rows, dates.as_of))
    if {"discount", "quantity"} <= set(rows.columns):
        write_table(run, "customer_product_prices", reduce.customer_product_prices(rows, dates.as_of))
    for name, companion in inputs.companions.items():
        write_table(run, _table_name(name), _published(name, companion.rows))


def _one_order_is(settings: Settings) -> str:
    spec = settings.orders
    return spec.one_order_is or ("day" if spec.columns.product_id else "row")


def _window_start(as_of: dt.date, months: int | None) -> dt.date | None:
    return None if months is None else (pd.Timestamp(as_of) - pd.DateOffset(months=months)).date()


def _customers(days: ibis.Table, dates: Dates, settings: Settings, inputs: Inputs) -> ibis.Table:
    window = _window_start(dates.as_of, settings.rfm.window_months)
    table = reduce.customers_at(days, dates.as_of, window)
    if "service_costs" not in inputs.companions:
        return table
    costs = inputs.companions["service_costs"].rows
    per_customer = costs.group_by("customer_id").aggregate(_cost=costs["cost"].sum())
    joined = table.left_join(per_customer, "customer_id")
    served = joined["_cost"].cast("float64").fill_null(0.0)
    columns: dict[str, Any] = {"cost_to_serve": served}
    if "margin" in table.columns:
        columns["profit"] = table.margin - served
    return joined.select(*(table[name] for name in table.columns), **columns).order_by("customer_id")


def _snapshots(days: ibis.Table, dates: Dates, settings: Settings) -> ibis.Table:
    months = settings.rfm.window_months or settings.rfm.migration_months
    parts = []
    for date in dates.snapshots():
        table = reduce.customers_at(days, date, _window_start(date, months))
        parts.append(table.select(as_of=ibis.literal(date), **{name: table[name] for name in table.columns}))
    return reduce.union(parts).order_by("as_of", "customer_id")


def _table_name(name: str) -> str:
    return {"customers": "customer_file", "survey": "survey_answers"}.get(name, name)


def _day(value: object) -> dt.date:
    date: dt.date = pd.Timestamp(value).date()
    return date


def _published(name: str, table: ibis.Table) -> ibis.Table:
    """Money as numbers, in a stated order."""
    columns = {
        column: table[column].cast("float64") if kind.is_decimal() else table[column]
        for column, kind in table.schema().items()
    }
    if name == "survey_items" and "reversed" in columns:
        yes = ["1", "true", "yes", "y", "t", "x", "ja", "是"]
        columns["reversed"] = columns["reversed"].lower().isin(yes).fill_null(False)
    return table.select(**columns).order_by(list(columns))


def _refuse_bad_calibration(dates: Dates) -> None:
    if not dates.origin <= dates.calibration_end <= dates.as_of:
        raise InputError(
            f"clv.calibration_end ({dates.calibration_end.isoformat()}) lies outside the data, which run from "
            f"{dates.origin.isoformat()} to {dates.as_of.isoformat()}; choose a date between them."
        )


def _strangers(orders: Orders, companions: dict[str, Companion]) -> list[str]:
    """Customers of other tables that never ordered, and buyers that the customer file lacks."""
    buyers = orders.rows.select("customer_id").distinct()
    found = []
    for name, companion in companions.items():
        if "customer_id" not in companion.rows.columns or name == "customers":
            continue
        ids = companion.rows.filter(companion.rows.customer_id.notnull()).select("customer_id").distinct()
        unknown = int(ids.anti_join(buyers, "customer_id").count().execute())
        if unknown:
            found.append(f"{name}: {words.count(unknown, 'customer has', 'customers have')} no order.")
    if "customers" in companions:
        known = companions["customers"].rows.select("customer_id")
        missing = int(buyers.anti_join(known, "customer_id").count().execute())
        if missing and missing == int(buyers.count().execute()):
            found.append(
                "None of the customers with orders is in the customer file; are the ids spelt alike in both?"
            )
        elif missing:
            found.append(
                f"{words.count(missing, 'customer with orders is', 'customers with orders are')} "
                "not in the customer file."
            )
    return found


def _provenance(inputs: Inputs, settings: Settings) -> dict[str, Any]:
    dates = inputs.dates
    files = [
        {"table": source.name, "file": file.name, "sha256": file.sha256, "bytes": file.bytes}
        for source in inputs.sources()
        for file in source.files
    ]
    parameters = settings.model_dump(
        mode="json",
        include={
            "currency": True,
            "margin_rate": True,
            "orders": {"returns", "drop_duplicates", "one_order_is", "free_orders", "exclude", "rates"},
            "pareto": True,
            "rfm": True,
            "clv": True,
            "loyalty": True,
        },
        by_alias=True,
        exclude_none=True,
    )
    rows = {name: inputs.ledger.rows(name, "read") for name in inputs.ledger.tables()}
    return {
        "title": settings.title,
        "inputs": files,
        "rows_read": rows,
        "as_of": dates.as_of.isoformat(),
        "first_order": dates.origin.isoformat(),
        "calibration_end": dates.calibration_end.isoformat(),
        "parameters": parameters,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
