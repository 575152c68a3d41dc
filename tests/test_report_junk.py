"""What may lie about where a report is made: junk among the notebooks, damaged files of earlier runs."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from customer_value.errors import ConfigError
from customer_value.report.notebooks import find_notebooks, parameters_of
from customer_value.report.progress import BatchPace, ReportPace, read_log
from customer_value.report.publish import MANIFEST, read_json, workspace

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "x = 1"}
DEEP = "[" * 100_000


def notebook(version: int = 4, metadata: object = PYTHON, **cell: object) -> str:
    kept = {key: value for key, value in {**CELL, **cell}.items() if value != "left out"}
    return json.dumps({"nbformat": version, "nbformat_minor": 4, "metadata": metadata, "cells": [kept]})


JUNK: dict[str, str | Callable[[Path], object]] = {
    "it is damaged or no notebook": "no JSON",
    "it is damaged or": DEEP,
    "it is damaged": "[1]",
    "it is damaged or no": notebook(version=5),
    "it is no valid notebook": notebook(source="left out"),
    "it is no valid": notebook(source={"a": 1}),
    "it does not say its language": notebook(metadata={}),
    "it is in R, not in Python": notebook(metadata={"language_info": {"name": "R"}}),
    "its metadata 'customer_value' are": notebook(metadata={**PYTHON, "customer_value": {"after": 1}}),
    "it is a folder": lambda path: path.mkdir(),
    "a link to one that is gone": lambda path: path.symlink_to("gone"),
    "it has more than 50 MB; clear its outputs": lambda path: (path.touch(), os.truncate(path, 51 << 20)),
}


@pytest.mark.parametrize("fault", JUNK)
def test_a_notebook_that_cannot_be_run_is_named(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "01_junk.ipynb"
    content = JUNK[fault]
    if isinstance(content, str):
        path.write_text(content)
    else:
        content(path)
    with pytest.raises(ConfigError) as caught:
        find_notebooks(tmp_path)
    message = str(caught.value)
    assert message.startswith("The notebook 01_junk.ipynb cannot be run: ")
    assert fault in message
    assert "\n" not in message


def test_a_notebook_of_an_older_version_is_read(tmp_path: Path) -> None:
    old = nbformat.convert(nbformat.from_dict(json.loads(notebook())), 3)
    nbformat.write(old, tmp_path / "01_old.ipynb")
    assert find_notebooks(tmp_path)
    with pytest.raises(ConfigError, match="01_old has no parameter 'config' in a cell tagged 'parameters'"):
        parameters_of(find_notebooks(tmp_path), {})


@pytest.mark.parametrize(
    "text", ["", "{", DEEP, "[]", "null", '{"generator": "customer-value", "files": 3}', "\0"]
)
def test_a_folder_with_a_damaged_manifest_is_not_replaced(tmp_path: Path, text: str) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / MANIFEST).write_text(text)
    with pytest.raises(ConfigError, match="holds no report of customer-value"), workspace(report):
        pass
    assert (report / MANIFEST).read_text() == text


def test_what_is_no_object_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, content in {"a": b"\xff", "b": DEEP.encode(), "c": b"3"}.items():
        (tmp_path / name).write_bytes(content)
    assert [read_json(tmp_path / name) for name in ("a", "b", "c", "folder", "none")] == [{}] * 5


def test_a_damaged_log_of_an_earlier_run_tells_no_time(tmp_path: Path) -> None:
    log = tmp_path / "report.log.jsonl"
    first = '{"time": "2024-01-01", "since_start": 0, "kind": "run started"}'
    junk = [
        '{"kind": "cell finished", "notebook": 3}',
        '{"kind": "published", "since_start": "soon"}',
        '{"kind": "report finished", "report": "a", "seconds": NaN}',
        '{"kind": "report finished", "report": "a", "seconds": null}',
        DEEP,
        "no JSON",
    ]
    log.write_text("\n".join([first, *junk]))
    assert read_log(log) == [json.loads(first)]
    assert (ReportPace(read_log(log)).seconds(), BatchPace(read_log(log)).seconds()) == (None, None)
