"""A company so small that its report takes seconds, with names that no report should believe."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HOSTILE = (
    "<script>window.__pwned = 1</script>",
    '"><img src=x onerror="window.__pwned = 2">',
    "</td></table><h1>taken over</h1>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "{{ 7 * 7 }} {% raw %}",
    "$\\alpha$ & <b>bold</b> `code`",
    "🦊 شركة 有限公司",
)

SETTINGS = """\
title: Acme & <Sons>
currency: EUR
orders:
  path: orders.csv
  columns: {customer_id: customer, order_date: date, amount: amount}
"""

BESIDE = """\
import json, os, pathlib
os.chdir(json.loads(pathlib.Path(os.environ["CUSTOMER_VALUE_RUN"], "_run", "settings.json").read_text())["folder"])
"""
"""For a cell that is to work in the folder of the settings."""

PARAMETERS = 'config = "../data/sample/company.yml"\n'

LOAD = f"""\
import json, os
from pathlib import Path

run = Path(os.environ["CUSTOMER_VALUE_RUN"])
(run / "tables").mkdir()
(run / "facts").mkdir()
(run / "_run" / "state.json").write_text("{{}}")
names = {HOSTILE!r}
(run / "tables" / "customers.csv").write_text("customer_id\\n" + "\\n".join(names))
(run / "ledger.csv").write_text("table,status,reason,rows\\norders,read,,8\\n")
provenance = {{
    "as_of": "2025-12-31",
    "rows_read": {{"orders": 8}},
    "inputs": [{{"table": "orders", "file": names[0], "sha256": "ab" * 32, "bytes": 123}}],
    "parameters": {{"pareto": {{"top_share": 0.2}}}},
}}
(run / "provenance.json").write_text(json.dumps(provenance))
facts = {{"data.customers": 8, "data.amount_kept": 1234567.0, "data.as_of": "2025-12-31"}}
recorded = {{"facts": facts, "findings": ["We found " + names[0]], "warnings": ["Mind " + names[1]]}}
(run / "facts" / "data.json").write_text(json.dumps(recorded))
print("loaded", config)
"""

SHOW = f"""\
import pandas as pd
from customer_value.display import Prose, Table, show
from customer_value.plots import style

names = {HOSTILE!r}
frame = pd.DataFrame({{"Customer": names, "Net revenue (EUR)": range(8)}})
for number in range(1, 7):
    frame[f"Column {{number}}"] = "unremarkable"
"""

PLOT = """\
def bars(names, ax):
    ax.barh([style.label(name) for name in names], range(len(names)))
    return style.describe(ax, "Eight bars, the last is " + names[0])
"""

RECORD = """\
import json, os
from pathlib import Path

facts = {"pareto.customers_for_80_share": 0.21, "pareto.top_20_share": 0.79, "pareto.gini": 0.5}
recorded = {"facts": facts, "findings": ["Few bring much."], "next_steps": ["Call " + names[2]]}
_ = Path(os.environ["CUSTOMER_VALUE_RUN"], "facts", "pareto.json").write_text(json.dumps(recorded))
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path there."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def markdown(text: str) -> nbformat.NotebookNode:
    return new_markdown_cell(text)


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    return new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


def write_notebook(folder: Path, name: str, *cells: nbformat.NotebookNode) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    start = [markdown(f"# {name[3:].replace('_', ' ').capitalize()}"), code(PARAMETERS, "parameters")]
    book = new_notebook(cells=[*start, *cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / f"{name}.ipynb")


def write_settings(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "acme.yml"
    config.write_text(SETTINGS, encoding="utf-8")
    return config


def write_company(folder: Path) -> tuple[Path, Path]:
    """A settings file, and a folder with two notebooks that show what a report must withstand."""
    notebooks = folder / "notebooks"
    write_notebook(notebooks, "01_data_load", markdown("## Where rows end"), code(LOAD))
    write_notebook(
        notebooks,
        "02_pareto",
        markdown("Is it 80/20 here? Costs $5 or $6.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Who they are"),
        code(SHOW),
        code('Table(frame, caption="Customers " + names[0])'),
        code(PLOT),
        code("show(bars, names)", "headline"),
        markdown("## What this means here\n\n## What this means here"),
        code('Prose(tuple(names), kind="warning")'),
        code(RECORD),
    )
    return write_settings(folder / "input"), notebooks
