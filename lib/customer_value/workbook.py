"""The workbook: one report's settings and reduced tables, and the place where results are kept.

A *run* is a folder with the reduced tables of one settings file and its inputs. A report names its
run folder in the environment variable ``CUSTOMER_VALUE_RUN``. A notebook that is opened by hand has
none; it makes its run once, in the user's cache, and finds it again until the settings, an input file
or the library change, see `customer_value.cache`.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from pydantic import BaseModel

from customer_value import tables, words
from customer_value.cache import cached_run, spill_folder
from customer_value.config import SettingsFile, override
from customer_value.contract import NO_ORDERS
from customer_value.engines import local_engine, saved_table
from customer_value.errors import ConfigError, InputError
from customer_value.inputs import RunState, live_tables, read_state, write_run
from customer_value.order_tables import ORDER_TABLES
from customer_value.reduce import Dates
from customer_value.result import Result
from customer_value.settings import Settings
from customer_value.sources.spark import connect_spark

__all__ = ["RUN_VARIABLE", "Workbook", "load_data", "open_workbook"]

RUN_VARIABLE = "CUSTOMER_VALUE_RUN"


class Workbook:
    """What a notebook works with: settings, dates and lazily read tables.

    Made by `open_workbook`; see there for an example.

    Attributes
    ----------
    settings
        The validated settings of the report.
    folder
        The run's folder.
    base
        The folder of the settings file, to which the paths in it are relative.
    """

    def __init__(
        self, settings: Settings, folder: Path, con: Any = None, *, base: Path | None = None
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.base = base or Path()
        self._con = local_engine(settings.engine, folder) if con is None else con

    def __repr__(self) -> str:
        as_of = self.known_as_of
        date = "without a date" if as_of is None else f"as of {as_of.isoformat()}"
        money = ", no orders"
        if self.settings.orders is not None:
            money = words.with_currency("", self.currency, ", money in {}")
        return f"{self.settings.title}: {date}{money}"

    @cached_property
    def state(self) -> RunState:
        """Dates, ledger, warnings and provenance of the run."""
        return read_state(self.folder)

    @property
    def as_of(self) -> dt.date:
        """The date as of which everything is computed.

        Raises
        ------
        InputError
            If nothing tells it: no orders, answers without dates, and no ``as_of`` in the settings.
        """
        as_of = self.known_as_of
        if as_of is None:
            raise InputError(
                "This needs a date: the survey's answers have none and there are no orders. "
                "State as_of in the settings."
            )
        return as_of

    @property
    def known_as_of(self) -> dt.date | None:
        """`as_of`, or None where nothing tells it."""
        return self.state.as_of

    @property
    def calibration_end(self) -> dt.date:
        """Last day of the calibration period of the lifetime-value models."""
        return self._dates.calibration_end

    @property
    def previous(self) -> dt.date:
        """The date one migration period before `as_of`."""
        return self._dates.previous

    @property
    def currency(self) -> str:
        """ISO code of the report's currency; `customer_value.words.NO_CURRENCY` where it has none to print."""
        return self.settings.currency

    @property
    def _dates(self) -> Dates:
        if self.state.dates is None:
            raise InputError(NO_ORDERS)
        return self.state.dates

    def has(self, name: str) -> bool:
        """Whether the run has that reduced table."""
        return tables.parquet_path(self.folder, name).exists()

    def table(self, name: str) -> ibis.Table:
        """A reduced table, lazily: nothing is read until it is executed.

        Raises
        ------
        InputError
            If the run has no such table; the message lists those it has, or says that orders are missing.
        """
        if not self.has(name) and name in ORDER_TABLES and self.settings.orders is None:
            raise InputError(NO_ORDERS)
        if not self.has(name):
            there = sorted(path.stem for path in tables.tables_folder(self.folder).glob("*.parquet"))
            raise InputError(f"There is no table '{name}' here; there are {', '.join(there)}.")
        return saved_table(self._con, tables.parquet_path(self.folder, name))

    def on_spark(self) -> Workbook:
        """The same run with its tables on Spark, for customers who are too many for one machine.

        Analyses of it compute on Spark: customers are scored and joined there, and `record` lets Spark write
        their tables, where they can be read as before. What comes here are sums, lists to read, samples of bounded
        size, distinct histories and distinct amounts. With Spark on other machines these must see the run's folder
        under the same path. Recency, frequency and money, concentration and lifetime value compute so; the pages
        on loyalty and surveys hold a row per customer in memory.

        Raises
        ------
        ConfigError
            If the settings name another engine, or Spark cannot be started or reached.

        Examples
        --------
        >>> workbook = open_workbook("company.yml").on_spark()  # doctest: +SKIP
        >>> workbook.record(rfm_of(workbook))                   # doctest: +SKIP
        """
        if self.settings.engine.kind != "spark":
            raise ConfigError("The settings name no Spark; state engine: spark, or its address there.")
        con = connect_spark(self.settings.engine)[0]
        return Workbook(self.settings, self.folder, con, base=self.base)

    def frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A reduced table in memory, all columns or those named."""
        table = self.table(name)
        return (table.select(*columns) if columns else table).to_pandas()

    def options(self, section: str, **overrides: Any) -> Any:
        """A section of the settings with a notebook's parameters put in; None keeps the setting."""
        value: BaseModel = getattr(self.settings, section)
        return override(value, **overrides)

    def record(self, result: Result) -> None:
        """Keep a result's facts, sentences and tables in the run, for the index and other programs."""
        tables.write_result(self.folder, result)


def open_workbook(config: str | Path) -> Workbook:
    """Open the run of a settings file.

    Parameters
    ----------
    config
        Path of the settings file (YAML), relative to the working directory. In a report it only names the
        file: all its notebooks work with the settings as they were when the report was begun.

    Returns
    -------
    Workbook

    Raises
    ------
    ConfigError, InputError
        If the settings or the inputs are wrong.

    Examples
    --------
    >>> workbook = open_workbook("data/sample/cdnow.yml")        # doctest: +SKIP
    >>> workbook.frame("customers", ["customer_id", "orders"])   # doctest: +SKIP
    """
    run = _stated_run()
    file = _settings_file(config, run)
    settings = file.settings()
    if run is None:
        return _cached(file, settings)
    if not (run / "_run" / "state.json").exists():
        raise InputError("The data of this report have not been loaded; run 01_data_load first.")
    return Workbook(settings, run, base=file.folder)


def load_data(config: str | Path) -> Workbook:
    """Read, check and reduce the inputs of a settings file and open the result.

    In a report this fills the run's folder; elsewhere it is the same as `open_workbook`, but that tables
    of servers and clusters, which may have changed, are read anew.

    Raises
    ------
    ConfigError, InputError
        If the settings or the inputs are wrong.
    """
    run = _stated_run()
    file = _settings_file(config, run)
    settings = file.settings()
    if run is None:
        return _cached(file, settings, again=bool(live_tables(settings)))
    write_run(settings, file.folder, run)
    return open_workbook(config)


def _stated_run() -> Path | None:
    stated = os.environ.get(RUN_VARIABLE)
    return Path(stated) if stated else None


def _settings_file(config: str | Path, run: Path | None) -> SettingsFile:
    """The settings that a run keeps, else those of the file as it is now."""
    kept = None if run is None else SettingsFile.kept(run)
    return kept or SettingsFile.read(config)


def _cached(file: SettingsFile, settings: Settings, *, again: bool = False) -> Workbook:
    run = cached_run(file, settings, again=again)
    return Workbook(settings, run, local_engine(settings.engine, spill_folder()), base=file.folder)
