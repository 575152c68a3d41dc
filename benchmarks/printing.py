"""How the benchmarks print their tables."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["markdown"]


def markdown(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, padded so that it can be read as it is."""
    widths = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]
    every = [titles, ["-" * width for width in widths], *lines]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in every
    )
