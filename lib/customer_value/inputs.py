"""From a settings file to a run: read, judge and reduce every input, and note where it came from."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import reduce, words
from customer_value.codebook import OWN, check_codebook
from customer_value.companions import Companion, read_companions
from customer_value.config import SettingsFile
from customer_value.contract import Orders, read_orders
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.ledger import Ledger, LedgerLine
from customer_value.order_tables import Noticed, OrderTables
from customer_value.page_settings import refuse_unusable_files, refuse_unusable_items
from customer_value.people_csv import csv_of
from customer_value.purchase_share import share_item
from customer_value.reduce import Dates
from customer_value.reduction import NUMBER
from customer_value.scratch import scratch_folder
from customer_value.settings import OrdersTable, Settings, TableSource
from customer_value.sources import Source
from customer_value.sources.damage import explained
from customer_value.sources.files import Found, beside, find_files, unchanged
from customer_value.sources.parquet import read_saved
from customer_value.spellings import spelling_warnings
from customer_value.survey import MINIMUM, SurveyScores, score_answers
from customer_value.tables import parquet_path, write_json, write_table

__all__ = [
    "Inputs",
    "RunState",
    "check_inputs",
    "input_files",
    "known_parts",
    "live_tables",
    "policy_file",
    "read_inputs",
    "read_state",
    "write_run",
]

_SURVEY = ("survey", "survey_items")


@dataclass(frozen=True)
class Inputs:
    """Everything that was read, judged but not yet reduced.

    Without orders ``orders`` and ``dates`` are None, and ``as_of`` is the date that the settings state,
    else the last day of the survey, else None. ``waves`` is the number of survey waves with enough respondents.
    """

    orders: Orders | None
    companions: dict[str, Companion]
    dates: Dates | None
    as_of: dt.date | None
    ledger: Ledger
    warnings: tuple[str, ...]
    waves: int = 0

    def sources(self) -> tuple[Source, ...]:
        """The sources in the order of the ledger."""
        orders = () if self.orders is None else (self.orders.source,)
        return (*orders, *(companion.source for companion in self.companions.values()))

    def with_more(self, notes: Iterable[LedgerLine], warnings: Iterable[str]) -> Inputs:
        """The same with further notes and warnings."""
        return replace(self, ledger=self.ledger.noting(notes), warnings=(*self.warnings, *warnings))


@dataclass(frozen=True)
class RunState:
    """What a run knows about its inputs; ``dates`` is None without orders, ``as_of`` if nothing tells it."""

    dates: Dates | None
    as_of: dt.date | None
    as_of_stated: bool
    ledger: Ledger
    warnings: tuple[str, ...]
    provenance: dict[str, Any]


def check_inputs(config: Path | SettingsFile) -> Inputs:
    """Read and judge the inputs of a settings file, which may have been read, and reduce nothing.

    Raises
    ------
    ConfigError, InputError
        If the settings or an input are wrong.
    """
    file = config if isinstance(config, SettingsFile) else SettingsFile.read(config)
    settings, base = file.settings(), file.folder
    with scratch_folder() as scratch, _reading(settings, base, scratch) as engine:
        inputs = read_inputs(settings, base, engine, scratch)
        notes, warnings = _looked_up(inputs, settings, engine, scratch)
        return inputs.with_more(notes, warnings)


def read_inputs(settings: Settings, base: Path, engine: Engine, scratch: Path) -> Inputs:
    """Read and judge all inputs; order rows stay lazy, and need ``scratch`` until they are used."""
    refuse_unusable_files(settings, base)
    orders = None if settings.orders is None else read_orders(settings, base, engine, scratch)
    as_of = settings.as_of if orders is None else orders.as_of
    spellings = None if orders is None else orders.spellings
    companions = read_companions(settings, base, engine, scratch, as_of, spellings)
    ledger = Ledger(()) if orders is None else orders.ledger
    warnings = [] if orders is None else list(orders.warnings)
    waves = 0
    for companion in companions.values():
        ledger = ledger + companion.ledger
        warnings.extend(companion.warnings)
        if companion.name == "survey":
            answers, items = (_published(companions[name].rows).execute() for name in _SURVEY)
            scored = score_answers(answers, items)
            refuse_unusable_items(settings, scored)
            ledger = ledger + _what_answers_hold(scored)
            waves = int((scored.waves["respondents"] >= MINIMUM).sum())
            as_of = as_of or _last_day(answers)
    if orders is None:
        return Inputs(None, companions, None, as_of, ledger, tuple(warnings), waves)
    dates = reduce.reduction_dates(orders.first_date, orders.as_of, settings)
    _refuse_bad_calibration(dates)
    return Inputs(orders, companions, dates, as_of, ledger, tuple(warnings), waves)


def input_files(settings: Settings, base: Path) -> list[Path]:
    """The files that a report reads, as they are found now; `live_tables` are read from elsewhere."""
    return [path for file in _found(settings, base) for path in (file.path, *beside(file))]


def policy_file(settings: Settings, base: Path) -> list[Found]:
    """The file of ``rfm.policy``, if there is one: a page reads it, not the reduction."""
    path = settings.rfm.policy
    return [Found(base / path, Path(path).name)] if path and (base / path).is_file() else []


def live_tables(settings: Settings) -> list[str]:
    """The input tables on servers and clusters, whose content can change without a file changing."""
    on_spark = {"orders"} if settings.engine.kind == "spark" else set()
    return [
        name
        for name, spec in settings.tables().items()
        if not spec.in_files or name in on_spark or spec.format in ("delta", "iceberg")
    ]


def write_run(settings: Settings, base: Path, run: Path) -> None:
    """Read all inputs and leave the reduced tables, ledger, state and provenance in ``run``.

    Raises
    ------
    InputError
        If an input is wrong; nothing is left half done that `read_state` would accept.
    """
    scratch = run / "_run" / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        with _reading(settings, base, scratch) as engine:
            inputs = read_inputs(settings, base, engine, scratch)
            inputs = inputs.with_more(*_reduce(inputs, settings, engine, run, scratch))
        (run / "ledger.csv").write_text(csv_of(inputs.ledger.frame()), encoding="utf-8", newline="")
        provenance = _provenance(inputs, settings)
        write_json(run / "provenance.json", provenance)
        state = {
            "dates": None if inputs.dates is None else asdict(inputs.dates),
            "as_of": inputs.as_of,
            "as_of_stated": settings.as_of is not None,
            "ledger": [asdict(line) | {"amount": _text(line.amount)} for line in inputs.ledger.lines],
            "warnings": list(inputs.warnings),
            "known": _known(inputs, settings),
            "provenance": provenance,
        }
        write_json(run / "_run" / "state.json", state)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read_state(run: Path) -> RunState:
    """The state that `write_run` left."""
    state = json.loads((run / "_run" / "state.json").read_text(encoding="utf-8"))
    dates = {name: dt.date.fromisoformat(value) for name, value in (state["dates"] or {}).items()}
    as_of = None if state["as_of"] is None else dt.date.fromisoformat(state["as_of"])
    lines = tuple(
        LedgerLine(**{**line, "amount": None if line["amount"] is None else Decimal(line["amount"])})
        for line in state["ledger"]
    )
    return RunState(
        Dates(**dates) if dates else None,
        as_of,
        state["as_of_stated"],
        Ledger(lines),
        tuple(state["warnings"]),
        state["provenance"],
    )


def known_parts(run: Path) -> frozenset[str]:
    """What the inputs of a run hold, by name; empty before it has been read.

    Beside the names of the tables: ``repeat_purchase`` (orders, or a stated share of purchases), ``customer_groups``
    (orders, or a customer file, so that groups of customers can be told apart), ``expectations`` (items on what was
    expected and on what was perceived), ``attributes`` (items on how attributes are perceived beside overall
    satisfaction), ``components`` (items on components of delivered value) and ``waves`` (a survey that was held twice).
    """
    path = run / "_run" / "state.json"
    if not path.is_file():
        return frozenset()
    return frozenset(json.loads(path.read_text(encoding="utf-8")).get("known", ()))


def _known(inputs: Inputs, settings: Settings) -> list[str]:
    known = set(inputs.companions)
    if inputs.orders is not None:
        known |= {"orders", "repeat_purchase"}
    if "survey_items" in known:
        items = check_codebook(inputs.companions["survey_items"].rows.execute())
        known |= {"repeat_purchase"} if share_item(items, settings.loyalty.stated_share) else set()
        aspects = set(items.loc[items["target"] == OWN, "aspect"])
        known |= {"expectations"} if aspects >= {"expected", "perceived"} else set()
        known |= {"attributes"} if aspects >= {"perceived", "overall"} else set()
        known |= {"components"} if items["component"].notna().any() else set()
    if inputs.waves > 1:
        known.add("waves")
    if known & {"orders", "customers"}:
        known.add("customer_groups")
    return sorted(known)


@contextmanager
def _reading(settings: Settings, base: Path, scratch: Path) -> Iterator[Engine]:
    """An engine to read the inputs with; what goes wrong is told of a file, or of the machine."""
    with (
        unchanged(_found(settings, base)),
        explained(_in_files(settings), base, scratch),
        Engine(settings.engine, scratch) as engine,
    ):
        yield engine


def _in_files(settings: Settings) -> dict[str, TableSource]:
    live = live_tables(settings)
    return {name: spec for name, spec in settings.tables().items() if name not in live}


def _found(settings: Settings, base: Path) -> list[Found]:
    return [file for name, spec in _in_files(settings).items() for file in find_files(name, spec, base)]


def _looked_up(
    inputs: Inputs, settings: Settings, engine: Engine, scratch: Path
) -> tuple[tuple[LedgerLine, ...], tuple[str, ...]]:
    """The notes and warnings that a run finds while it reduces, where nothing is reduced."""
    if inputs.orders is None or inputs.dates is None or settings.orders is None:
        return (), ()
    rows, spec = inputs.orders.rows, settings.orders
    noticed = OrderTables(inputs.orders, inputs.dates, settings, spec, None, engine, scratch, scratch).look()
    buyers = rows.select("customer_id").distinct()
    if inputs.orders.source.engine != "duckdb":
        engine.save(buyers, scratch / "buyers.parquet")
        buyers = read_saved(engine.local, scratch / "buyers.parquet")
    return _said(noticed, inputs, settings, spec, buyers)


def _reduce(
    inputs: Inputs, settings: Settings, engine: Engine, run: Path, scratch: Path
) -> tuple[tuple[LedgerLine, ...], tuple[str, ...]]:
    """Write all tables; returns what was found to note and to warn of on the way."""
    for name, companion in inputs.companions.items():
        write_table(run, _table_name(name), _published(companion.rows))
    orders = inputs.orders
    if orders is None or inputs.dates is None or settings.orders is None:
        return (), ()
    costs = _service_costs(inputs.companions)
    noticed = OrderTables(orders, inputs.dates, settings, settings.orders, costs, engine, run, scratch).write(
        inputs.ledger.amount("orders", "kept")
    )
    buyers = read_saved(engine.local, parquet_path(run, "customers")).select("customer_id")
    return _said(noticed, inputs, settings, settings.orders, buyers)


def _said(
    noticed: Noticed, inputs: Inputs, settings: Settings, spec: OrdersTable, buyers: ibis.Table
) -> tuple[tuple[LedgerLine, ...], tuple[str, ...]]:
    """Notes and warnings of order lines that have been looked at, and of who ordered."""
    assert inputs.orders is not None
    spelt = () if NUMBER in inputs.orders.rows.columns else spelling_warnings(buyers)
    warnings = (*noticed.warnings(spec, settings.currency), *spelt)
    return noticed.notes(spec), (*warnings, *_strangers(buyers, inputs.companions))


def _service_costs(companions: dict[str, Companion]) -> ibis.Table | None:
    """Cost to serve of each customer, as the column _cost, where it is known."""
    if "service_costs" not in companions:
        return None
    costs = companions["service_costs"].rows
    return costs.group_by("customer_id").aggregate(_cost=costs["cost"].sum())


def _table_name(name: str) -> str:
    return {"customers": "customer_file", "survey": "survey_answers"}.get(name, name)


def _last_day(answers: pd.DataFrame) -> dt.date | None:
    last = pd.to_datetime(answers["date"]).max() if "date" in answers.columns else pd.NaT
    return None if pd.isna(last) else pd.Timestamp(last).date()


def _what_answers_hold(scored: SurveyScores) -> Ledger:
    """A line that tells how many of the kept answers say something."""
    parts = [f"{words.count(row.answers)} {row.reason}" for row in scored.ledger.itertuples()]
    found = scored.missing.loc[scored.missing["valid"] > 0, "item"]
    detail = f"{words.listing(parts)}, on {words.count(len(found), 'item')}".replace(" kept", " valid", 1)
    return Ledger((LedgerLine("survey", "note", "kept answers", detail=detail),) if parts else ())


def _published(table: ibis.Table) -> ibis.Table:
    """Money as numbers, in a stated order."""
    columns = {
        column: table[column].cast("float64") if kind.is_decimal() else table[column]
        for column, kind in table.schema().items()
    }
    return table.select(**columns).order_by(list(columns))


def _refuse_bad_calibration(dates: Dates) -> None:
    if not dates.origin <= dates.calibration_end <= dates.as_of:
        raise InputError(
            f"clv.calibration_end ({dates.calibration_end.isoformat()}) lies outside the data, which run from "
            f"{dates.origin.isoformat()} to {dates.as_of.isoformat()}; choose a date between them."
        )


def _strangers(buyers: ibis.Table, companions: dict[str, Companion]) -> list[str]:
    """Customers of other tables that never ordered, and buyers that the customer file lacks.

    ``buyers`` holds each customer with an order line once, in the column customer_id.
    """
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
    rows = {name: inputs.ledger.rows(name, "read") for name in inputs.ledger.tables()}
    told = {
        "title": settings.title,
        "inputs": files,
        "rows_read": rows,
        "as_of": None if inputs.as_of is None else inputs.as_of.isoformat(),
        "parameters": _parameters(settings),
    }
    if dates is None:
        return told
    return told | {
        "first_order": dates.origin.isoformat(),
        "calibration_end": dates.calibration_end.isoformat(),
    }


def _parameters(settings: Settings) -> dict[str, Any]:
    """The settings that decide figures, without where the files are."""
    with_orders = {
        "currency": True,
        "margin_rate": True,
        "orders": {
            *("amount_is", "credits", "join_spellings", "returns", "drop_duplicates", "one_order_is"),
            *("free_orders", "exclude", "rates", "void_days", "order_number_days", "max_unread"),
        },
        "pareto": True,
        "rfm": True,
        "clv": True,
    }
    chosen: dict[str, Any] = {"loyalty": True, "survey": {"layout"}, "contracts": {"period_months"}}
    if settings.survey is not None:
        chosen |= {"satisfaction": True, "delivered_value": True}
    if settings.orders is not None:
        chosen |= with_orders
    told = settings.model_dump(mode="json", include=chosen, by_alias=True, exclude_none=True)
    return told | ({"currency": "none"} if told.get("currency") == words.NO_CURRENCY else {})


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
