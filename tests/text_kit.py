"""Sentences as they are read, for tests that look at what a page says."""

from __future__ import annotations

from collections.abc import Iterable

from customer_value.display import written
from customer_value.text import Text


def said(sentences: Iterable[Text | str] | Text) -> str:
    """One sentence, or several on a line each, in English."""
    several = (sentences,) if isinstance(sentences, Text) else sentences
    return "\n".join(map(written, several))
