"""Tables that Spark reads: Parquet, Delta and Iceberg files, and tables of its catalog by name."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Any

import ibis

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.settings import EngineSettings, TableSource
from customer_value.sources.files import BY_SUFFIX
from customer_value.sources.native import native_source
from customer_value.sources.source import Source

__all__ = ["connect_spark", "open_with_spark"]

_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_NEEDED = {"spark.sql.session.timeZone": "UTC"}


def connect_spark(settings: EngineSettings) -> Any:
    """Start Spark here, or reach the cluster that the settings name.

    Returns
    -------
    ibis.backends.pyspark.Backend

    Raises
    ------
    ConfigError
        If PySpark or Java is missing, or the cluster cannot be reached.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError(
            "engine: spark needs PySpark and Java 17; install them with: pip install 'customer-value[spark]' "
            "(Debian: openjdk-17-jre-headless)."
        ) from None
    builder = SparkSession.builder.appName("customer-value")
    try:
        session = _addressed(builder, settings).getOrCreate()
        for name, value in _NEEDED.items():
            session.conf.set(name, value)
        return ibis.pyspark.connect(session)
    except (PySparkException, OSError, RuntimeError) as error:
        raise ConfigError(f"Spark cannot be started or reached: {_first_line(error)}.") from None


def open_with_spark(name: str, spec: TableSource, base: Path, con: Any) -> Source:
    """An input table, lazily on Spark.

    Parameters
    ----------
    name
        The input table.
    spec
        ``table`` alone is a table of the catalog; ``path`` is one or several files or folders of
        Parquet (default), Delta or Iceberg, on this file system or by address (``s3a://...``).
    base
        Folder that relative paths start from.
    con
        Ibis backend of Spark.

    Raises
    ------
    InputError
        If Spark cannot read it, or it is of a kind that Spark is not asked to read.
    """
    kind = spec.format or _kind(spec)
    if kind not in ("parquet", "delta", "iceberg"):
        raise InputError(
            f"{name}: Spark reads parquet, delta and iceberg; leave out engine: spark for {kind} files."
        )
    shown = words.plain(spec.table or "") if spec.in_catalog else _shown(spec)
    session = con._session
    try:
        if spec.in_catalog:
            frame = session.table(str(spec.table))
        else:
            frame = session.read.format(kind).load(_addresses(name, spec, base))
        frame.createOrReplaceTempView(f"source_{name}")
        table = con.table(f"source_{name}")
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("pyspark", "py4j", "ibis"):
            raise
        raise InputError(f"{name}: Spark cannot read {shown}: {_first_line(error)}.") from None
    return native_source(name, table, shown, "Spark", kind if not spec.in_catalog else "table")


def _kind(spec: TableSource) -> str:
    """By the ending of the name, which a folder of Parquet files need not have."""
    suffixes = {PurePath(path.removesuffix(".gz")).suffix.lower() for path in spec.path or []}
    return next((BY_SUFFIX[suffix] for suffix in sorted(suffixes) if suffix in BY_SUFFIX), "parquet")


def _addressed(builder: Any, settings: EngineSettings) -> Any:
    remote = settings.remote
    if settings.remote_env is not None:
        remote = os.environ.get(settings.remote_env, "").strip()
        if not remote:
            raise ConfigError(
                f"engine.remote_env: the environment variable {settings.remote_env} is not set."
            )
    options = {**_NEEDED, **settings.options}
    if remote is not None:
        builder = builder.remote(remote)
    else:
        cores = "*" if settings.threads is None else settings.threads
        master = settings.master or f"local[{cores}]"
        here = {"spark.driver.memory": f"{settings.memory_bytes >> 20}m", **_QUIET}
        if master.startswith("local"):
            here["spark.driver.bindAddress"] = here["spark.driver.host"] = "127.0.0.1"
        builder, options = builder.master(master), {**here, **options}
    for option, value in options.items():
        builder = builder.config(option, str(value).lower() if isinstance(value, bool) else value)
    return builder


def _addresses(name: str, spec: TableSource, base: Path) -> list[str]:
    paths = [os.environ.get(spec.path_env, "").strip()] if spec.path_env else list(spec.path or [])
    if not all(paths):
        raise InputError(f"{name}.path_env: the environment variable {spec.path_env} is not set.")
    return [path if "://" in path else str((base / path).absolute()) for path in paths]


def _shown(spec: TableSource) -> str:
    if spec.path_env:
        return f"${spec.path_env}"
    return words.listing([PurePath(path).name for path in spec.path or []], most=3)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return words.plain(lines[0] if lines else type(error).__name__, 200).rstrip(".")
