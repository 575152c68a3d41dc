"""Reading a settings file: YAML to `Settings`, with errors that name the key and the line."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from customer_value.errors import ConfigError
from customer_value.settings import Settings

__all__ = ["load_settings", "override", "read_yaml"]

Location = tuple[str | int, ...]
Section = TypeVar("Section", bound=BaseModel)


def load_settings(path: Path | str) -> Settings:
    """Read and validate the settings file of a report.

    Parameters
    ----------
    path
        A YAML file. Words such as ``NO`` and codes such as ``0010`` stay text; only ``true``,
        ``false``, ``null``, plain numbers and ISO dates mean anything else.

    Returns
    -------
    Settings

    Raises
    ------
    ConfigError
        If the file cannot be read, is not YAML, or holds a key or value that is not allowed. The
        message names file, line and key, and the nearest valid key where one was misspelt.
    """
    path = Path(path)
    try:
        text = _decoded(path.read_bytes(), path.name)
    except FileNotFoundError:
        raise ConfigError(f"The settings file {path} does not exist.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder; name the settings file (YAML) inside it.") from None
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from None
    root = _compose(text, path.name, "it needs at least 'currency:' and 'orders:'")
    values = _Loader("").construct_document(root)
    if not isinstance(values, dict):
        raise ConfigError(f"{path.name}: expected keys such as 'orders:' and 'currency:' at the top.")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, root, path.name)) from None


def read_yaml(content: bytes, name: str) -> Any:
    """What another YAML file of a report says, by the same rules as the settings.

    Parameters
    ----------
    content
        The bytes of the file.
    name
        Of the file, for messages.

    Raises
    ------
    ConfigError
        If it is not UTF-8, empty, not YAML, or gives a key twice; the message names file and line.

    Examples
    --------
    >>> read_yaml(b"Q1: {reversed: true, missing_codes: [-99, NO]}", "items.yml")
    {'Q1': {'reversed': True, 'missing_codes': [-99, 'NO']}}
    """
    return _Loader("").construct_document(_compose(_decoded(content, name), name))


def override(section: Section, **values: object) -> Section:
    """A settings section with the values that are not None put in place, validated again.

    Parameters
    ----------
    section
        For instance ``settings.pareto``.
    **values
        Parameters of a notebook; None means "as in the settings file".

    Raises
    ------
    ConfigError
        If a value is not allowed; the message names it.

    Examples
    --------
    >>> from customer_value.settings import ParetoSettings
    >>> override(ParetoSettings(), top_share=0.1, seed=None).top_share
    0.1
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return type(section).model_validate({**section.model_dump(by_alias=True), **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or type(section).__name__
        raise ConfigError(f"Parameter {name}: {_reason(first)}") from None


class _Loader(yaml.SafeLoader):
    """YAML without the surprises: no octal, no sexagesimal, no yes/no/on/off."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


def _day(loader: _Loader, node: yaml.ScalarNode) -> dt.date | str:
    """A date, or the text as it stands where there is no such day."""
    text = str(loader.construct_scalar(node))
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)

for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9_]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    ("timestamp", r"^\d{4}-\d{2}-\d{2}$", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not UTF-8 text; save it as UTF-8.") from None


def _compose(text: str, name: str, needed: str = "") -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=_Loader)
        if root is not None:
            _refuse_repeated_keys(root, name)
            _Loader("").construct_document(root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigError(f"{name}{line}: {problem}; check indentation, colons and quotes.") from None
    except (ValueError, RecursionError) as error:
        what = "an anchor contains itself" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"{name}: {what}.") from None
    if root is None:
        raise ConfigError(f"{name} is empty{'; ' if needed else ''}{needed}.")
    return root


def _refuse_repeated_keys(node: yaml.Node, name: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise ConfigError(f"{name}, line {line}: the key '{key.value}' is given twice.")
            seen.add(key.value)
            _refuse_repeated_keys(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, name)


def _explain(error: ValidationError, root: yaml.Node, name: str) -> str:
    details = error.errors()
    first = min(details, key=lambda d: (d["type"] != "extra_forbidden", _line(root, d["loc"])))
    location = first["loc"]
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in location)
    where = f"{name}, line {_line(root, location)}"
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key '{key}'{_nearest(location)}."
    if first["type"] == "missing":
        return f"{where}: the key '{key}' is missing."
    return f"{where}: {key + ': ' if key else ''}{_reason(first)}"


_PLAIN = (
    ("date", "is not a date; write it as 2024-12-31"),
    ("string_pattern_mismatch", "needs three capital letters such as EUR"),
    ("string_type", "needs text; put it in quotes"),
    ("model_type", "needs keys of its own below it"),
    ("dict_type", "needs keys of its own below it"),
    ("tuple_type", "needs a list such as [0.8, 0.95]"),
    ("list_type", "needs a list such as [a, b]"),
    ("too_short", "needs at least one entry"),
    ("too_long", "has too many entries"),
)
"""Kind of a validation error, by the beginning of its name, to what a person should do."""


def _reason(detail: ErrorDetails) -> str:
    plain = next((words for kind, words in _PLAIN if detail["type"].startswith(kind)), "")
    message = plain or detail["msg"].removeprefix("Value error, ")
    given = detail.get("input")
    shown = "" if isinstance(given, dict | BaseModel) else f" (given: {given!r})"
    return f"{message[0].lower()}{message[1:]}{shown}."


def _line(root: yaml.Node, location: Location) -> int:
    node, line = root, root.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return int(line)


def _nearest(location: Location) -> str:
    names = _keys_at(location[:-1])
    close = difflib.get_close_matches(str(location[-1]), names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; possible here: {', '.join(names)}" if names else ""


def _keys_at(location: Location) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        model = _model_in(model.model_fields[str(part)].annotation) if model else None
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
