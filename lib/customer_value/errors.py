"""The errors of the workbook: each says what was wrong, where, and what to do."""

from __future__ import annotations

from customer_value.words import one_line

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
    r"""Base of every error that the workbook raises on purpose.

    The message is one or two plain sentences for the person who runs the report. It may quote the input: so it is
    put on one line, without control or direction marks, and what no reader would read to its end is shortened.

    Examples
    --------
    >>> print(InputError(f"'a\r\nb' is no \x1b[31mscore\u202e, nor is '{'y' * 10_000}'."))
    'a  b' is no [31mscore, nor is 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…'.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message)))


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
