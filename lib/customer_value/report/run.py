"""Making a report from a settings file: the one function behind ``customer-value report``.

What takes long to import is imported in `customer_value.report.steps`, after the process that forks
kernels has been started, so that both get ready at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from customer_value.report.light import light_imports
from customer_value.report.progress import Listener, silent
from customer_value.report.starter import can_fork, warm_process

if TYPE_CHECKING:
    from customer_value.config import SettingsFile

__all__ = ["KernelKind", "make_report"]

KernelKind = Literal["fresh", "forked"]


def make_report(
    config: Path | str | SettingsFile,
    output: Path | str,
    *,
    parameters: Mapping[str, object] | None = None,
    notebooks: Path | None = None,
    progress: Listener = silent,
    jobs: int | None = None,
    cell_timeout: int | None = None,
    kernels: KernelKind | None = None,
) -> Path:
    """Run the notebooks on one company's data and publish the report.

    The first notebook runs alone (it reads and reduces the input), the others side by side, each as
    soon as its `prerequisites` are done. Each starts in an empty folder, with ``config`` as the name
    of the settings file, and writes to the folder that the environment variable ``CUSTOMER_VALUE_RUN``
    names, where `customer_value.open_workbook` finds the settings as they were when the report was
    begun. A notebook that needs an input which the settings do not have is left out, and the index
    page says what would add it.

    Parameters
    ----------
    config
        The settings file (YAML), or one that has been read.
    output
        The report's folder; an earlier report there is replaced at the very end, in one step.
    parameters
        Further parameters of notebooks; each must exist in at least one.
    notebooks
        Folder of the notebooks; by default those of the project.
    progress
        Hears of every `Event` of the run.
    jobs
        How many notebooks may run side by side. By default as many as there are cores, at most 4,
        and no more than free memory can hold: a notebook is taken to need 20 times the size of the
        reduced tables, at most what its engine may hold.
    cell_timeout
        Seconds that one cell may take; by default ``report.cell_timeout_seconds`` of the settings.
    kernels
        ``"forked"`` forks the process of a notebook from one that has imported everything;
        ``"fresh"`` starts a new one, which takes seconds. Both give the same report. By default
        forked on Linux, fresh elsewhere, where forking is not possible.

    Returns
    -------
    pathlib.Path
        The report's ``index.html``. Times are in ``NAME.log.jsonl`` beside the report's folder.

    Raises
    ------
    ConfigError, InputError
        If settings, parameters or input are wrong, also where a notebook found out, or the report's
        folder cannot be written.
    NotebookError
        If a notebook stopped; the message names notebook and cell. The report that was there stays.
        ``NAME-failed`` beside the report's folder keeps the notebook as far as it ran.
    """
    forked = kernels != "fresh" and can_fork()
    if forked:
        warm_process()
    with light_imports():
        from customer_value.config import SettingsFile
        from customer_value.report import steps
    return steps.make(
        config if isinstance(config, SettingsFile) else SettingsFile.read(config),
        Path(output),
        dict(parameters or {}),
        notebooks,
        progress,
        steps.Ways(jobs, cell_timeout, forked),
    )
