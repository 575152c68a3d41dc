"""Values that came from the environment and must never be written down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

__all__ = ["redactor"]

SHORTEST = 4
"""Shorter values are left alone: they occur in ordinary text."""


def redactor(settings: BaseModel, environment: Mapping[str, str] = os.environ) -> Callable[[str], str]:
    """A function that replaces the secrets of a run by the names of their variables.

    Parameters
    ----------
    settings
        Every key that ends in ``_env`` names an environment variable whose value is secret; if the
        value is an address with a password, so is the password alone.
    environment
        The variables.

    Examples
    --------
    >>> from customer_value.settings import TableSource
    >>> hide = redactor(TableSource(path_env="ADDRESS"), {"ADDRESS": "db://me:s3cret@host/x"})
    >>> hide("cannot open db://me:s3cret@host/x: s3cret is wrong")
    'cannot open <ADDRESS>: <ADDRESS> is wrong'
    """
    names = {str(name) for name in _named(settings.model_dump())}
    secrets = {part: name for name in sorted(names) for part in _parts(environment.get(name, ""))}
    longest_first = sorted(secrets, key=lambda secret: (-len(secret), secret))

    def redact(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, f"<{secrets[secret]}>")
        return text

    return redact


def _named(values: object) -> Iterator[object]:
    if isinstance(values, dict):
        for key, value in values.items():
            if str(key).endswith("_env") and value:
                yield value
            else:
                yield from _named(value)
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _named(value)


def _parts(value: str) -> list[str]:
    try:
        password = urlsplit(value).password or ""
    except ValueError:
        password = ""
    return [part for part in dict.fromkeys((value, password, unquote(password))) if len(part) >= SHORTEST]
