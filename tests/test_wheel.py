"""A wheel works from any folder: notebooks, templates and sample generator travel inside it."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from companies import order_lines
from customer_value.report.notebooks import find_notebooks, inputs_needed
from report_company import SETTINGS

ROOT = Path(__file__).parents[1]
PACKED = ("lib", "notebooks", "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", ".gitignore")
LYING_ABOUT = (
    "notebooks/.ipynb_checkpoints/01_data_load-checkpoint.ipynb", "notebooks/my_customers.ipynb",
    "notebooks/01_data_load-Copy1.ipynb", "notebooks/07_own.ipynb", "notebooks/orders.csv",
    "lib/customer_value/.ipynb_checkpoints/a.py", "lib/customer_value/rfm/policy.csv~", "lib/.hidden/a.py",
    "lib/customer_value/cli.py~", "lib/customer_value/__pycache__/cli.cpython-311.pyc", "lib/customer_value/orders.csv",
    "lib/customer_value/rfm/private.xlsx", "lib/customer_value/guess/layouts/ours.yml.orig", "data/private.csv",
    "reports/company/index.html", "customers.parquet", ".env", "lib/customer_value/.cli.py.swp",
)  # fmt: skip
"""What an editor, a notebook server and a day's work leave in a clone."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """What git tracks, with other files lying about."""
    folder = tmp_path_factory.mktemp("clone")
    for name in tracked(*PACKED):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for name in LYING_ABOUT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    return folder


@pytest.fixture(scope="module")
def packed(clone, tmp_path_factory):
    """A folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("packed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)]
    subprocess.run(build, cwd=clone, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def installed(packed):
    """A folder into which the wheel was installed, away from the clone."""
    (wheel,) = packed.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packed / "site")
    return packed / "site"


def tracked(*paths):
    listed = subprocess.run(
        ["git", "ls-files", "-z", *paths], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {name for name in listed.stdout.split("\0") if name}


def command(installed, *words, cwd):
    environment = os.environ | {"PYTHONPATH": str(installed)}
    start = "import sys; from customer_value.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *words], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_the_wheel_holds_what_git_tracks_of_the_package_and_nothing_else(installed):
    names = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    package = {name.removeprefix("lib/") for name in tracked("lib")}
    notebooks = {f"customer_value/_notebooks/{Path(name).name}" for name in tracked("notebooks")}
    assert {name for name in names if ".dist-info/" not in name} == package | notebooks


def test_the_source_archive_holds_only_what_git_tracks(packed):
    (archive,) = packed.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert names - {"PKG-INFO"} == tracked(*PACKED)


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
