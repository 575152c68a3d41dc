"""Tables that Spark reads: Parquet, Delta and Iceberg files, and tables of its catalog by name."""

from __future__ import annotations

import os
import re
import socket
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import ibis
import ibis.expr.datatypes as dtypes

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.secrecy import redacted, secret
from customer_value.settings import EngineSettings, TableSource
from customer_value.sources.files import BY_SUFFIX
from customer_value.sources.native import native_source
from customer_value.sources.parquet import spark_frame
from customer_value.sources.parts import sql_name
from customer_value.sources.source import Source

__all__ = ["as_view", "connect_spark", "kept_by_spark", "open_with_spark", "spark_address", "spark_sentence"]

_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_NEEDED = {"spark.sql.session.timeZone": "UTC", "spark.sql.execution.arrow.pyspark.enabled": "true"}
_NOISE = re.compile(
    rb"^WARNING: Using incubator modules|^Using Spark's default log4j|^Setting default log level|^To adjust logging"
    rb"|^Setting Spark log level| WARN (Utils|NativeCodeLoader): "
)
_FAULT = re.compile(rb"^(?:Exception in thread.*?|Error: )(?:[\w.$]+(?:Exception|Error): )?(.*)")
_SAID = {
    "PATH_NOT_FOUND": "there is no such file or folder",
    "UNABLE_TO_INFER_SCHEMA": "it holds no such file",
    "TABLE_OR_VIEW_NOT_FOUND": "its catalog has no such table; write CATALOG.SCHEMA.TABLE where needed",
    "SCHEMA_NOT_FOUND": "its catalog has no such schema",
    "DATA_SOURCE_NOT_FOUND": "it has no reader for that format; name its package under engine.options, in "
    "spark.jars.packages, with the spark.sql.extensions that it asks for",
    "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER": "a file is damaged or not a Parquet file",
    "FAILED_READ_FILE": "a file is damaged, not of the stated format, or changed while it was read",
    "PARQUET_TYPE_ILLEGAL": "a column has a type that Spark does not read, such as times in nanoseconds",
    "INSUFFICIENT_PERMISSIONS": "its user may not read it",
}
_ENDS = ("Py4JNetworkError", "RetriesExceeded")
_GONE = "stopped answering, so nothing was published; see its own log for the reason, and run again"


def connect_spark(settings: EngineSettings) -> tuple[Any, bool]:
    """Start Spark here, or reach the cluster that the settings name; a session that is open is used.

    Returns
    -------
    tuple
        ibis.backends.pyspark.Backend, and whether the session was opened here.

    Raises
    ------
    ConfigError
        If PySpark or Java is missing, or the cluster cannot be reached.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError(
            "engine: spark needs PySpark and Java 17; install them with: pip install 'customer-value[spark]' "
            "(Debian: openjdk-17-jre-headless)."
        ) from None
    warnings.filterwarnings("ignore", "The copy keyword is deprecated", module=r"pyspark\.")
    warnings.filterwarnings("ignore", "'verifySchema' is ignored", module=r"pyspark\.")
    warnings.filterwarnings("ignore", r"\s*\w+ attempted Arrow optimization", module=r"pyspark\.")
    active = SparkSession.getActiveSession()
    if active is not None:
        return ibis.pyspark.connect(active), False
    builder = _addressed(SparkSession.builder.appName("customer-value"), settings)
    last: deque[bytes] = deque(maxlen=200)
    try:
        with _quiet(last):
            session = builder.getOrCreate()
        _do_not_wait_for_ever(session)
        for name, value in _NEEDED.items():
            session.conf.set(name, value)
        return ibis.pyspark.connect(session), True
    except ImportError as error:
        raise ConfigError(
            "engine.remote: Spark Connect needs more packages; install them with: pip install 'customer-value[spark]' "
            f"({words.first_line(str(error))})."
        ) from None
    except Exception as error:
        if spark_sentence(error) is None and not isinstance(error, OSError | RuntimeError):
            raise
        raise ConfigError(f"Spark cannot be started or reached: {_why(error, last)}.") from None


def _do_not_wait_for_ever(session: Any) -> None:
    """Ask a Spark Connect that does not answer again for half a minute, not for ten."""
    if not type(session).__module__.startswith("pyspark.sql.connect"):
        return
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session.client.set_retry_policies([DefaultPolicy(max_retries=6, max_backoff=5_000)])


def open_with_spark(name: str, spec: TableSource, base: Path, con: Any) -> Source:
    """An input table, lazily on Spark.

    Parameters
    ----------
    name
        The input table.
    spec
        ``table`` alone is a table of the catalog; ``path`` is one or several files, folders or patterns of
        Parquet (default), Delta or Iceberg, on this file system or by address (``s3a://...``).
    base
        Folder that relative paths start from.
    con
        Ibis backend of Spark.

    Raises
    ------
    InputError
        If Spark cannot read it, it has no rows, or it is of a kind that Spark is not asked to read.
    """
    kind = spec.format or _kind(spec)
    if kind not in ("parquet", "delta", "iceberg"):
        raise InputError(
            f"{name}: Spark reads parquet, delta and iceberg; leave out engine: spark for {kind} files."
        )
    shown = words.plain(spec.table or "") if spec.in_catalog else _shown(spec)
    addresses = [] if spec.in_catalog else _addresses(name, spec, base)
    session = con._session
    try:
        frame = session.table(str(spec.table)) if spec.in_catalog else _loaded(session, kind, addresses)
        if not frame.take(1):
            raise InputError(f"{name}: {shown} has no rows.")
        table = _readable(frame, f"source_{name}", con)
    except Exception as error:
        sentence = spark_sentence(error, f"cannot read {shown}")
        if sentence is None:
            raise
        raise InputError(f"{name}: {_without(sentence, addresses)}") from None
    return native_source(name, table, shown, "Spark", kind if not spec.in_catalog else "table")


def spark_sentence(error: BaseException | None, what: str = "stopped") -> str | None:
    """What Spark says, for people; None if an error is not one of Spark's.

    Parameters
    ----------
    error
        The error.
    what
        What Spark did, behind its name.
    """
    module = type(error).__module__.split(".")[0]
    if module in ("pyspark", "py4j", "grpc") or isinstance(error, ConnectionError):
        gone = isinstance(error, ConnectionError) or type(error).__name__ in _ENDS
        return f"Spark {_GONE}." if gone else f"Spark {what}: {_said(error)}."
    return None


def as_view(table: ibis.Table, name: str) -> ibis.Table:
    """The same table under a name, so that what is made of it does not repeat its expressions."""
    spark_frame(table).createOrReplaceTempView(name)
    return table.get_backend().table(name)


def kept_by_spark(table: ibis.Table) -> ibis.Table:
    """A table that Spark computes once and keeps, in memory and on disk, for as long as it is referred to."""
    con = table.get_backend()
    frame = spark_frame(table).cache()
    name = ibis.util.gen_name("kept")
    frame.createOrReplaceTempView(name)
    found = con.table(name)
    weakref.finalize(found.op(), _let_go, con._session, frame, name, table).atexit = False
    return found


def spark_address(path: Path) -> str:
    """A path of this machine as Spark understands it, its characters taken as they are."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path.absolute()))


def _let_go(session: Any, frame: Any, name: str, _made_of: ibis.Table) -> None:
    """Free what Spark kept, unless Spark is gone; what it was made of must stay until then."""
    with suppress(Exception):
        session.catalog.dropTempView(name)
        frame.unpersist()


def _readable(frame: Any, view: str, con: Any) -> ibis.Table:
    """The columns as Ibis knows them: instants as such, text that compares byte by byte, other things as text."""
    from ibis.backends.pyspark.datatypes import PySparkType
    from pyspark.sql import types

    frame.createOrReplaceTempView(view)
    plain = (types.NumericType, types.BooleanType, types.DateType, types.TimestampNTZType)
    schema, listed = {}, []
    for field in frame.schema.fields:
        name, kind = sql_name(field.name, "`"), field.dataType
        if isinstance(kind, types.TimestampType):
            schema[field.name] = dtypes.Timestamp(timezone="UTC")
        elif isinstance(kind, plain):
            schema[field.name] = PySparkType.to_ibis(kind)
        else:
            schema[field.name] = dtypes.string
            name = f"{_text_of(name, kind)} AS {name}"
        listed.append(name)
    return con.sql(f"SELECT {', '.join(listed)} FROM {view}", schema=schema)


def _text_of(name: str, kind: Any) -> str:
    if kind.typeName() == "binary":
        return f"hex({name})"
    if getattr(kind, "collation", "UTF8_BINARY") != "UTF8_BINARY":
        return f"collate({name}, 'UTF8_BINARY')"
    return f"CAST({name} AS STRING)"


def _loaded(session: Any, kind: str, addresses: list[str]) -> Any:
    if kind == "iceberg":
        return session.read.format(kind).load(addresses[0])
    return session.read.format(kind).load(addresses if kind == "parquet" else addresses[0])


def _kind(spec: TableSource) -> str:
    """By the ending of the name, which a folder of Parquet files need not have."""
    suffixes = {PurePath(path.removesuffix(".gz")).suffix.lower() for path in spec.path or []}
    return next((BY_SUFFIX[suffix] for suffix in sorted(suffixes) if suffix in BY_SUFFIX), "parquet")


def _addressed(builder: Any, settings: EngineSettings) -> Any:
    remote = settings.remote
    if settings.remote_env is not None:
        remote = secret(settings.remote_env)
        if not remote:
            raise ConfigError(
                f"engine.remote_env: the environment variable {settings.remote_env} is not set."
            )
    options = {**_NEEDED, **settings.options}
    if remote is not None:
        _require_reachable(remote)
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


def _require_reachable(remote: str) -> None:
    """Spark Connect would try for ten minutes to reach a server that is not there."""
    if not remote.startswith("sc://"):
        raise ConfigError("engine.remote must be the address of Spark Connect: sc://HOST:PORT.")
    try:
        parts = urlsplit(remote.split(";")[0])
        place = (parts.hostname or "", parts.port or 15002)
    except ValueError:
        raise ConfigError("engine.remote is not a valid address of Spark Connect: sc://HOST:PORT.") from None
    if getproxies():
        return
    try:
        socket.create_connection(place, timeout=20).close()
    except OSError:
        raise ConfigError(
            "Spark cannot be reached; check host and port of Spark Connect, and that it runs."
        ) from None


def _addresses(name: str, spec: TableSource, base: Path) -> list[str]:
    paths = [secret(spec.path_env, base)] if spec.path_env else list(spec.path or [])
    if not all(paths):
        raise InputError(f"{name}.path_env: the environment variable {spec.path_env} is not set.")
    return [_address(path, base) for path in paths]


def _address(path: str, base: Path) -> str:
    """An address as it is; a file or folder of this machine, or else a pattern of such."""
    if "://" in path:
        return path
    here = (base / path).absolute()
    return spark_address(here) if here.exists() else f"file://{here}"


def _shown(spec: TableSource) -> str:
    if spec.path_env:
        return f"${spec.path_env}"
    return words.listing([words.plain(PurePath(path).name or path) for path in spec.path or []], most=3)


@contextmanager
def _quiet(last: deque[bytes]) -> Iterator[None]:
    """Keep back what a starting Spark always prints; whatever else it writes to standard error is passed on.

    The last lines are kept, as they hold the reason if Spark does not start.
    """
    try:
        outer = os.dup(2)
    except OSError:
        yield
        return
    reading, writing = os.pipe()
    relay = threading.Thread(target=_relay, args=(reading, outer, last), daemon=True, name="spark-stderr")
    relay.start()
    os.dup2(writing, 2)
    os.close(writing)
    try:
        yield
    except Exception:
        os.dup2(outer, 2)
        relay.join(timeout=2)
        raise
    finally:
        os.dup2(outer, 2)


def _relay(reading: int, outer: int, last: deque[bytes]) -> None:
    starting = True
    with open(reading, "rb", closefd=True) as lines:
        for line in lines:
            last.append(line)
            fault = _FAULT.match(line)
            starting = starting and not fault
            if not _NOISE.search(line) and starting:
                os.write(outer, os.fsencode(redacted(os.fsdecode(line))))


def _why(error: BaseException, last: deque[bytes]) -> str:
    """The reason that Spark printed, if it ended before it could say it otherwise."""
    if "JAVA_GATEWAY_EXITED" in str(error):
        printed = next((found for line in last if (found := _FAULT.match(line))), None)
        if printed is not None:
            return words.plain(redacted(printed.group(1).decode("utf-8", "replace")).strip(), 200).rstrip(".")
        if any(b"JAVA_HOME is not set" in line or b"java: " in line for line in last):
            return "Java is missing; install Java 17 (Debian: openjdk-17-jre-headless)"
        if any(b"UnsupportedClassVersionError" in line for line in last):
            return "this Java is too old; install Java 17 (Debian: openjdk-17-jre-headless)"
    return _said(error)


def _said(error: BaseException | None) -> str:
    """The reason in Spark's own words, without its codes, or in plainer ones where it is a usual one."""
    text = redacted(str(error))
    for condition, plain in _SAID.items():
        if f"[{condition}" in text:
            return plain
    causes = [line for line in text.splitlines() if line.startswith(("Caused by: ", ": "))]
    line = causes[-1] if causes else words.first_line(text)
    line = re.sub(r"^(Caused by)?: |^[\w.$]+(Exception|Error): |^\[[A-Z0-9_.]+\] | SQLSTATE: \w+$", "", line)
    return words.plain(line, 200).rstrip(". ")


def _without(sentence: str, addresses: list[str]) -> str:
    for address in addresses:
        for written in (address, address.replace("file://", "file:"), address.removeprefix("file://")):
            sentence = sentence.replace(written, "…")
    return sentence
