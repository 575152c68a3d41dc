"""Values and comments as YAML on one line."""

from __future__ import annotations

import yaml

from customer_value import words

__all__ = ["commented", "scalar"]


def commented(text: str, comment: str) -> str:
    """A line of YAML with a comment after it, if there is something to say."""
    return f"{text}  # {words.plain(comment, 600)}" if comment else text


def scalar(value: object) -> str:
    """A value as YAML on one line.

    >>> scalar("order: #1"), scalar("12"), scalar(False), scalar("a, b")
    ("'order: #1'", "'12'", 'false', "'a, b'")
    """
    safe = not isinstance(value, str) or value.isprintable()
    style = None if safe else '"'
    text = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=safe, width=10**6, default_style=style
    ).strip()
    return text[1:-1]
