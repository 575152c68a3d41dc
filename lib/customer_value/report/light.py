"""Importing without what takes long and is not needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["light_imports"]

_HEAVY = "rfc3987_syntax"


@contextmanager
def light_imports() -> Iterator[None]:
    """Let a module not be found while others are imported that try it and can do without.

    The validator of notebook files tries one that compiles a grammar for web addresses, for seconds.
    """
    if _HEAVY in sys.modules:
        yield
        return
    sys.modules[_HEAVY] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(_HEAVY, None)
