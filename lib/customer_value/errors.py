"""The errors of the workbook: each says what was wrong, where, and what to do."""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "CustomerValueError",
    "FitError",
    "InputError",
    "MachineError",
    "NotEnoughData",
    "NotebookError",
]


class CustomerValueError(Exception):
    """Base of every error that the workbook raises on purpose.

    The message is one or two plain sentences for the person who runs the report.
    """


class ConfigError(CustomerValueError):
    """The settings (YAML) are wrong; the message names the key and the line."""


class InputError(CustomerValueError):
    """An input table is wrong; the message names the file, column and row where known."""


class MachineError(CustomerValueError):
    """Disk, memory or another thing of the machine ran out, or a limit set to it; the input may be right."""


class NotEnoughData(CustomerValueError):
    """A figure or chart cannot be computed honestly from these data; the message says why."""


class FitError(CustomerValueError):
    """A model could not be fitted; the message says what was tried and what to do."""


class NotebookError(CustomerValueError):
    """A notebook stopped while a report was made; the message names notebook and cell."""
