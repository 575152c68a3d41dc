"""Making a report: run the notebooks, render them as HTML, publish the folder whole or not at all."""

from __future__ import annotations

from customer_value.report.notebooks import notebooks_folder
from customer_value.report.run import make_report

__all__ = ["make_report", "notebooks_folder"]
