"""Real servers for tests: PostgreSQL, MariaDB and Spark Connect in a folder, Spark in the test's process."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest

from engine_kit import csv_text

REQUIRE_ALL = "CUSTOMER_VALUE_REQUIRE_ALL"
"""Set where nothing may be skipped."""


def missing(what: str):
    """Skip with a reason, or fail where everything must be there."""
    if os.environ.get(REQUIRE_ALL):
        pytest.fail(f"{what} is not installed, and {REQUIRE_ALL} says that nothing may be skipped")
    pytest.skip(f"{what} is not installed")


class Postgres:
    """A PostgreSQL server of its own, listening on a free port of this machine only."""

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [
            Path(found).parent for name in ("postgres",) if (found := shutil.which(name))
        ]
        if not programs:
            missing("PostgreSQL")
        if find_spec("psycopg") is None:
            missing("psycopg")
        self.programs = programs[-1]
        self.folder = folder
        self.port = free_port()
        self.user = owner(folder)
        setup = ["-D", str(folder / "data"), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([str(self.programs / "initdb"), *setup], check=True, timeout=60, **as_user(self.user))
        (folder / "data" / "pg_hba.conf").write_text(
            "host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        options = [part for setting in settings for part in ("-c", setting)]
        self._process = lasting(
            [
                str(self.programs / "postgres"),
                "-D",
                str(self.folder / "data"),
                "-p",
                str(self.port),
                *options,
            ],
            self.user,
        )
        answering(lambda: self.execute("SELECT 1"))

    def revived(self) -> None:
        """Wait until it answers again, started anew if it is gone."""
        time.sleep(0.1)
        if self._process.poll() is not None:
            (self.folder / "data" / "postmaster.pid").unlink()
            self.start()
        answering(lambda: self.execute("SELECT 1"))

    def stop(self) -> None:
        """Stop it."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    @property
    def address(self) -> str:
        """Its address, as an environment variable holds it."""
        return f"postgresql://owner@127.0.0.1:{self.port}/postgres"

    def address_of(self, user: str, password: str, database: str = "postgres") -> str:
        """The address for somebody else."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def fill(self, name: str, rows: pa.Table) -> None:
        """Make a table."""
        import psycopg

        columns = ", ".join(f'"{field.name}" {kind_of(field, POSTGRES)}' for field in rows.schema)
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE TABLE {name} ({columns})")
            with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copying:
                copying.write(csv_text(rows, header=False))

    @property
    def pid(self) -> int:
        """The process number of the server."""
        return self._process.pid

    def execute(self, *statements: str):
        """Run statements, each in a transaction of its own; returns the rows of the last one."""
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


class MariaDb:
    """A MariaDB server of its own, listening on a free port of this machine only."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
        install = shutil.which("mariadb-install-db")
        if program is None or install is None:
            missing("MariaDB")
        if find_spec("pymysql") is None:
            missing("pymysql")
        self.program = program
        self.folder = folder
        self.port = free_port()
        self.user = owner(folder)
        self._basics = ["--no-defaults", f"--datadir={folder / 'data'}", "--innodb-flush-log-at-trx-commit=0"]
        setup = [install, *self._basics[:2], "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(setup, check=True, timeout=120, **as_user(self.user))
        self.start()
        self.execute("CREATE DATABASE shop", database="")

    def start(self) -> None:
        """Start it and wait until it answers."""
        here = [f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}"]
        self._process = lasting(
            [self.program, *self._basics, f"--port={self.port}", "--bind-address=127.0.0.1", *here], self.user
        )
        answering(lambda: self.execute("SELECT 1", database=""))

    def stop(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait(30)

    @property
    def address(self) -> str:
        """Its address, as an environment variable holds it."""
        return f"mysql://root@127.0.0.1:{self.port}/shop"

    def address_of(self, user: str, password: str, database: str = "shop") -> str:
        """The address for somebody else."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def fill(self, name: str, rows: pa.Table) -> None:
        """Make a table, whose text ignores case as MariaDB's does unless told otherwise."""
        columns = ", ".join(f"`{field.name}` {kind_of(field, MARIADB)}" for field in rows.schema)
        marks = ", ".join(["%s"] * rows.num_columns)
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(
                f"CREATE TABLE {name} ({columns}) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
            )
            cursor.executemany(
                f"INSERT INTO {name} VALUES ({marks})", [list(row.values()) for row in rows.to_pylist()]
            )

    @property
    def pid(self) -> int:
        """The process number of the server."""
        return self._process.pid

    def execute(self, *statements: str, database: str = "shop"):
        """Run statements; returns the rows of the last one."""
        with self.connection(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def connection(self, database: str = "shop"):
        """A connection of its owner."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            database=database or None,
            autocommit=True,
            charset="utf8mb4",
        )


class SparkConnect:
    """A Spark of its own behind Spark Connect, on a free port of this machine only, for little data."""

    def __init__(self, folder: Path) -> None:
        spark_here()
        if find_spec("grpc_status") is None:
            missing("grpcio-status, which Spark Connect needs,")
        home = Path(find_spec("pyspark").origin).parent
        self.port = free_port()
        here = ("spark.driver.host", "spark.driver.bindAddress", "spark.connect.grpc.binding.address")
        options = {
            **SMALL_SPARK,
            **dict.fromkeys(here, "127.0.0.1"),
            "spark.connect.grpc.binding.port": self.port,
            "spark.driver.memory": "1g",
            "spark.local.dir": folder,
            "spark.log.level": "ERROR",
            "spark.master": "local[2]",
            "spark.sql.warehouse.dir": folder / "warehouse",
            "spark.ui.enabled": False,
        }
        options["spark.driver.extraJavaOptions"] += f" -Djava.io.tmpdir={folder}"
        (folder / "options").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        server = "org.apache.spark.sql.connect.service.SparkConnectServer"
        given = ["--properties-file", str(folder / "options"), "--class", server, "spark-internal"]
        command = ["env", f"SPARK_HOME={home}", str(home / "bin" / "spark-submit"), *given]
        self._process = lasting(command, None)
        answering(self.greet, seconds=120)

    @property
    def address(self) -> str:
        """Its address, as settings name it."""
        return f"sc://127.0.0.1:{self.port}"

    def greet(self) -> None:
        """Fail if it does not listen."""
        socket.create_connection(("127.0.0.1", self.port), timeout=5).close()

    def stop(self) -> None:
        """Stop it, with time to remove its files."""
        self._process.terminate()
        self._process.wait(30)


def as_user(user: int | None):
    """How a program is run: silently, and not as root."""
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    return {"cwd": "/", **quiet, **({} if user is None else {"user": user, "group": user})}


def lasting(command: list[str], user: int | None) -> subprocess.Popen:
    """A server that ends with the tests, however these end."""
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    return subprocess.Popen([*guard, *command], **as_user(user))


def answering(ask, seconds: int = 30) -> None:
    """Wait until a server answers."""
    for _ in range(10 * seconds):
        try:
            ask()
            return
        except Exception:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def spark_here() -> None:
    """Skip where Spark cannot run."""
    if find_spec("pyspark") is None:
        missing("PySpark")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        missing("Java")


def spark_session(folder: Path):
    """Spark in this process, made for little data: its queries are not compiled."""
    spark_here()
    from customer_value.settings import EngineSettings
    from customer_value.sources.spark import connect_spark

    options = {**SMALL_SPARK, "spark.sql.warehouse.dir": str(folder)}
    con, _ = connect_spark(
        EngineSettings(kind="spark", master="local[2]", memory_limit="1GB", options=options)
    )
    return con._session


SMALL_SPARK = {
    "spark.sql.shuffle.partitions": 1,
    "spark.default.parallelism": 1,
    "spark.sql.codegen.wholeStage": False,
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": False,
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
POSTGRES = {
    "string": "text",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamptz",
    "double": "float8",
}
MARIADB = {"string": "text", "timestamp[us]": "datetime(6)", "timestamp[us, tz=UTC]": "timestamp(6) NULL"}


def kind_of(field: pa.Field, kinds: dict[str, str]) -> str:
    """The SQL type of a column."""
    plain = {"date32[day]": "date", "int64": "bigint", "double": "double"} | kinds
    return plain.get(str(field.type), "numeric(18, 4)")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def owner(folder: Path) -> int | None:
    """Who runs the server: root must not, so that somebody else gets the folder."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    user = names.get("postgres", names.get("nobody", 65534))
    os.chown(folder, user, -1)
    for parent in (folder, *folder.parents):
        if parent == Path("/tmp") or not parent.is_relative_to("/tmp"):
            break
        parent.chmod(parent.stat().st_mode | 0o111)
    return user
