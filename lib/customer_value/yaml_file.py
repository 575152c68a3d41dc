"""What a YAML file says: by rules without surprises, and in bounded time, size and depth.

Words such as ``NO`` and codes such as ``0010`` stay text; only ``true``, ``false``, ``null``, plain numbers and ISO
dates mean anything else. A file has at most `MOST_BYTES`, `MOST_VALUES` keys and values with those that its aliases
stand for, and `MOST_DEPTH` levels, so that no file takes long, whatever it holds.
"""

from __future__ import annotations

import datetime as dt
import errno
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from customer_value import words
from customer_value.errors import ConfigError

__all__ = ["all_as_text", "compose", "construct", "decoded", "read_bounded", "read_yaml"]

MOST_BYTES, MOST_VALUES, MOST_DEPTH = 2 << 20, 50_000, 50
_MOST_BITS = 256


def read_bounded(path: Path) -> bytes:
    """The bytes of a file, one more than `MOST_BYTES` at most; what may never end is not opened.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a pipe or device; save what it gives as a file", str(path))
    with path.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def decoded(content: bytes, name: str) -> str:
    """The text of a file.

    Raises
    ------
    ConfigError
        If it is not UTF-8, or has more than `MOST_BYTES`.
    """
    if len(content) > MOST_BYTES:
        raise ConfigError(
            f"{name} has more than {MOST_BYTES >> 20} MB, as no settings have; is it another file?"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not UTF-8 text; save it as UTF-8.") from None


def read_yaml(content: bytes, name: str) -> Any:
    """What a YAML file of a report says.

    Parameters
    ----------
    content
        The bytes of the file.
    name
        Of the file, for messages.

    Raises
    ------
    ConfigError
        As `decoded` and `compose`.

    Examples
    --------
    >>> read_yaml(b"Q1: {reversed: true, missing_codes: [-99, NO]}", "items.yml")
    {'Q1': {'reversed': True, 'missing_codes': [-99, 'NO']}}
    """
    return construct(compose(decoded(content, name), name))


@lru_cache(maxsize=4)
def compose(text: str, name: str, needed: str = "") -> yaml.Node:
    """The nodes of a YAML file, which know their lines and can be constructed.

    Parameters
    ----------
    text
        What the file says.
    name
        Of the file, for messages.
    needed
        What an empty file lacks, for the message.

    Raises
    ------
    ConfigError
        If it is empty, not YAML, larger or deeper than anything that people write, or gives a key
        twice; the message names file and line.
    """
    with _told(text, name, _Loader) as loader:
        root: yaml.Node | None = loader.get_single_node()
        if root is None:
            raise ConfigError(f"{name} is empty{'; ' if needed else ''}{needed}.")
        _Expanded().visit(root, ())
        construct(root)
        return root


def construct(node: yaml.Node) -> Any:
    """What a node stands for."""
    return _Loader("").construct_document(node)


def all_as_text(content: bytes, name: str) -> list[Any]:
    """The documents of a YAML file (parted by ``---``), with every scalar as the text that it is.

    Raises
    ------
    ConfigError
        As `compose`.
    """
    documents = []
    with _told(decoded(content, name), name, _Plain) as loader:
        while loader.check_node():
            node = loader.get_node()
            _Expanded().visit(node, ())
            documents.append(loader.construct_document(node))
    return documents


@contextmanager
def _told(text: str, name: str, kind: type) -> Iterator[Any]:
    """A loader for a file; what is wrong with the file becomes a sentence with its line."""
    loader: Any = None
    try:
        loader = kind(text)
        yield loader
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = f"U+{ord(text[error.position]):04X}"
        raise ConfigError(
            f"{name}, line {line}: the character {character} cannot stand in it; save it as UTF-8 text."
        ) from None
    except yaml.MarkedYAMLError as error:
        where = f"{name}, line {error.problem_mark.line + 1}" if error.problem_mark else name
        hint = "" if isinstance(error, _Refused) else "; check indentation, colons and quotes"
        raise ConfigError(f"{where}: {words.plain(error.problem or 'not valid YAML', 200)}{hint}.") from None
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{name}, line {loader.line + 1}: '\\U' is followed by no character's number."
        ) from None


class _Refused(yaml.MarkedYAMLError):
    """What is YAML, but no file of ours."""

    def __init__(self, problem: str, node: Any) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


class _Bounded(yaml.composer.Composer):
    """Stops where a file nests or holds more than anybody writes."""

    _depth = _values = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._values += 1
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise _Refused(f"it nests deeper than {MOST_DEPTH} levels", self.peek_event())  # type: ignore[attr-defined]
        if self._values > MOST_VALUES:
            raise _Refused(f"it holds more than {MOST_VALUES:,} keys and values", self.peek_event())  # type: ignore[attr-defined]
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Plain(_Bounded, yaml.BaseLoader):
    """YAML in which everything is text, a list or a mapping."""


class _Loader(_Bounded, yaml.SafeLoader):
    """YAML without the surprises: no octal, no sexagesimal, no yes/no/on/off."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As the base, but a value that its tag does not fit is told with its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError):
            kind = node.tag.rpartition(":")[2]
            wanted = {"int": "a whole number", "float": "a number", "bool": "true or false"}.get(kind, kind)
            shown = words.plain(node.value, 40) if isinstance(node, yaml.ScalarNode) else "what follows"
            raise _Refused(f"'{shown}' cannot be read as {words.plain(wanted)}", node) from None


def _day(loader: _Loader, node: yaml.ScalarNode) -> dt.date | str:
    """A date, or the text as it stands where there is no such day."""
    text = str(loader.construct_scalar(node))
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    number: int = loader.construct_yaml_int(node)
    if number.bit_length() > _MOST_BITS:
        raise ValueError
    return number


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)

for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9_]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    ("timestamp", r"^\d{4}-\d{2}-\d{2}$", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class _Expanded:
    """A walk over nodes as often as aliases name them, which finds what no settings can hold."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def visit(self, node: yaml.Node, above: tuple[int, ...]) -> None:
        """Refuse, below a node, keys given twice, and what an alias makes endless, too deep or too much."""
        self._left -= 1
        if id(node) in above:
            raise _Refused("an anchor contains itself", node)
        if len(above) > MOST_DEPTH:
            raise _Refused(f"it nests deeper than {MOST_DEPTH} levels", node)
        if self._left < 0:
            raise _Refused(f"its aliases (*name) stand for more than {MOST_VALUES:,} keys and values", node)
        if isinstance(node, yaml.MappingNode):
            self._keys(node)
            for _, value in node.value:
                self.visit(value, (*above, id(node)))
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self.visit(value, (*above, id(node)))
        elif strange := re.search("[\0\ud800-\udfff]", node.value):
            raise _Refused(f"the character U+{ord(strange[0]):04X} cannot stand in a text", node)

    def _keys(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _Refused("a key is a list or has keys of its own", key)
            self.visit(key, ())
            if key.value in seen:
                raise _Refused(f"the key '{words.plain(key.value)}' is given twice", key)
            seen.add(key.value)
