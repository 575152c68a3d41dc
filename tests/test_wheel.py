"""A wheel works from any folder: notebooks, templates and sample generator travel inside it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the wheel was installed, away from the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def command(installed, *words, cwd):
    environment = os.environ | {"PYTHONPATH": str(installed)}
    start = "import sys; from customer_value.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *words], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_the_wheel_holds_what_a_report_needs_and_no_data(installed):
    names = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    notebooks = {f"customer_value/_notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks <= names
    assert any(name.startswith("customer_value/report/templates/") for name in names)
    assert "customer_value/py.typed" in names
    assert not any(name.endswith((".parquet", "orders.csv")) for name in names)


def test_a_report_is_made_from_any_folder(installed, tmp_path):
    made = command(installed, "sample", "company", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    options = ("--output", "out")
    report = command(installed, "report", "company/company.yml", *options, cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    assert (tmp_path / "out" / "index.html").exists()
    where = "import customer_value, pathlib; print(pathlib.Path(customer_value.__file__).parents[1])"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert Path(found.stdout.strip()) == installed
