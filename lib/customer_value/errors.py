"""The errors of the workbook: each says what was wrong, where, and what to do."""

from __future__ import annotations

import re
import unicodedata

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
        super().__init__(_one_line(str(message)))


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


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not seen, or that move or hide what stands around them."""

_LONG_RUN = re.compile(r"[^\s'\"/\\]{300,}")
_LONGEST = 4_000


def _one_line(message: str) -> str:
    shown = "".join(
        sign if unicodedata.category(sign) not in _HIDDEN else " " if sign.isspace() else ""
        for sign in message
    )
    shown = _LONG_RUN.sub(lambda run: f"{run.group()[:60]}…", shown)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 500]} … {shown[-490:]}"
