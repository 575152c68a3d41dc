"""Real servers for tests: PostgreSQL and MariaDB started in a folder, Spark in the test's process."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

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
        self.programs = programs[-1]
        self.folder = folder
        self.port = free_port()
        self.user = _owner(folder)
        self._run("initdb", "-D", str(folder / "data"), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "stop", check=False)

    @property
    def address(self) -> str:
        """Its address, as an environment variable holds it."""
        return f"postgresql://owner@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """The process number of the server."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def execute(self, *statements: str):
        """Run statements, each in a transaction of its own; returns the rows of the last one."""
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self.programs / program), *arguments]
        user = {} if self.user is None else {"user": self.user, "group": self.user}
        subprocess.run(
            command, check=check, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", timeout=60, **user,
        )  # fmt: skip


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _owner(folder: Path) -> int | None:
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
