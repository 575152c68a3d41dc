"""A wheel works from any folder: notebooks, templates and sample generator travel inside it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from companies import order_lines
from customer_value.report.notebooks import find_notebooks, inputs_needed
from report_company import SETTINGS

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


def test_the_sample_is_written_and_its_settings_fit(installed, tmp_path):
    made = command(installed, "sample", "company", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    checked = command(installed, "check", "company/company.yml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "survey" in checked.stdout


def test_a_report_is_made_from_any_folder_even_of_a_company_without_a_single_sale(installed, tmp_path):
    (tmp_path / "my.yml").write_text(SETTINGS)
    (tmp_path / "orders.csv").write_text(order_lines("all returns"))
    report = command(installed, "report", "my.yml", "--output", "out", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    pages = [path for path in find_notebooks(ROOT / "notebooks") if set(inputs_needed(path)) <= {"orders"}]
    assert {path.stem for path in (tmp_path / "out").glob("*.html")} == {"index", *(p.stem for p in pages)}
    assert "Loyalty matrix: needs survey and survey_items" in (tmp_path / "out" / "index.html").read_text()
    facts = json.loads((tmp_path / "out" / "facts.json").read_text())
    assert facts["data.rows_kept"] == facts["data.rows_read"] == 12
    assert facts["clv.customer_equity"] is None
    where = "import customer_value, pathlib; print(pathlib.Path(customer_value.__file__).parents[1])"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert Path(found.stdout.strip()) == installed
