"""Helpers that several test files share."""

import gc
import os
import warnings
from pathlib import Path

import pytest

import servers
from customer_value.config import load_settings
from customer_value.inputs import check_inputs, write_run

SAMPLE = Path(__file__).parents[1] / "data" / "sample"

SETTINGS = """\
currency: EUR
orders:
  path: orders.csv
  columns:
    customer_id: customer
    order_date: date
    amount: amount
"""

FIRST = (
    "test_engines", "test_reports_of_companies", "test_sample_reports", "test_spark", "test_spark_connect",
    "test_guess_exports", "test_guess", "test_batch", "test_rfm_periods", "test_kept", "test_clv_analysis",
    "test_wheel", "test_faults", "test_rfm_classes", "04_clv", "03_rfm", "test_rfm", "test_pareto",
    "test_pareto_outlook", "test_loyalty_waves", "test_report", "test_servers", "test_clv_value", "test_clv_validation",
    "test_satisfaction", "test_browser",
)  # fmt: skip
"""The files that take longest, most of them with few tests: begun last, one worker would wait for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))


class Desk:
    """A folder with input files and a settings file, as a user would have it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "my.yml"
        self._checked = None
        self.settings(SETTINGS)

    def settings(self, text: str):
        """Write the settings file."""
        self.config.write_text(text, encoding="utf-8")
        return self

    def file(self, name: str, content: str | bytes):
        """Write an input file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def orders(self, *rows: str, header: str = "customer,date,amount"):
        """Write orders.csv from lines of text."""
        return self.file("orders.csv", "\n".join([header, *rows]) + "\n")

    def check(self):
        """Read and judge the inputs; files that have not changed since the last time are not read again."""
        files = {path: path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}
        on_server = b"database" in files[self.config]
        if self._checked is None or self._checked[0] != files or on_server:
            self._checked = files, check_inputs(self.config)
        return self._checked[1]

    def ledger(self) -> dict[str, int]:
        """Rows of the orders by status or reason of exclusion."""
        lines = [line for line in self.check().ledger.of("orders") if line.status != "note"]
        return {line.reason or line.status: line.rows for line in lines}

    def run(self) -> Path:
        """Reduce the inputs into a run folder."""
        run = self.folder / "run"
        write_run(load_settings(self.config), self.folder, run)
        return run


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def collected():
    """What PySpark and Ibis leave open is closed here, where its warning is no error, not in a later test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server."""
    server = servers.Postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    """A MariaDB server."""
    server = servers.MariaDb(tmp_path_factory.mktemp("mariadb"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A Spark in this process, made for little data: its queries are not compiled."""
    yield (session := servers.spark_session(tmp_path_factory.mktemp("spark")))
    session.stop()


@pytest.fixture(scope="session")
def spark_connect(tmp_path_factory):
    """A Spark in another process that answers at an address."""
    server = servers.SparkConnect(tmp_path_factory.mktemp("spark_connect"))
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory):
    """Keep notes of folders apart from the user's; each worker has its own, so that none clears up for another."""
    os.environ["CUSTOMER_VALUE_STATE"] = str(folder := tmp_path_factory.mktemp("state"))
    yield folder
    os.environ.pop("CUSTOMER_VALUE_STATE", None)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep runs that tests make out of the user's cache; workers share one, so the sample is read once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["CUSTOMER_VALUE_CACHE"] = str(folder)
    yield folder
    os.environ.pop("CUSTOMER_VALUE_CACHE", None)
