"""Reading a settings file: YAML to `Settings`, with errors that name the key and the line.

A file may hold the settings of one report, or those of many: under ``common`` what they share, under
``reports`` a list with the ``name`` of each report and what differs. One of them is named by the file
and its name, ``regions.yml#north``, wherever a settings file may be named.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from customer_value import words
from customer_value.errors import ConfigError
from customer_value.secrecy import remember
from customer_value.settings import Settings
from customer_value.yaml_file import compose, construct, decoded, read_bounded

__all__ = ["OPEN", "SettingsFile", "folder_name", "load_settings", "override"]

OPEN = "???"
"""What stands for a choice that has yet to be made, in a draft of `customer-value init`."""

_KEPT = Path("_run", "settings.json")
"""Where a run keeps its settings; what is in ``_run`` is not published."""

LONGEST_NAME = 60
"""Characters of a report's name."""

Location = tuple[str | int, ...]
Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True)
class SettingsFile:
    """A settings file as it was when it was read.

    A run reads it once and keeps it, so that an edit meanwhile changes nothing.

    Attributes
    ----------
    file
        Its name, for messages.
    report
        Which report of a list it stands for.
    folder
        Where it lies; the paths in it are relative to that.
    text
        What it says.
    """

    file: str
    report: str | None
    folder: Path
    text: str

    @classmethod
    def read(cls, path: Path | str) -> SettingsFile:
        """Read a YAML file, or ``FILE.yml#NAME`` for one report of a file that lists several.

        Raises
        ------
        ConfigError
            If the file cannot be read or is not UTF-8.
        """
        file, report = _told_apart(Path(path))
        return cls(file.name, report, file.parent.absolute(), _text_of(file))

    @classmethod
    def kept(cls, run: Path) -> SettingsFile | None:
        """What `keep` left in a run's folder; None if there is nothing."""
        path = run / _KEPT
        if not path.is_file():
            return None
        told = json.loads(path.read_text(encoding="ascii"))
        return cls(**{**told, "folder": Path(told["folder"])})

    def keep(self, run: Path) -> None:
        """Leave it in the folder of a run, for the notebooks of that run."""
        path = run / _KEPT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**asdict(self), "folder": str(self.folder)}), encoding="ascii")

    @property
    def name(self) -> str:
        """The file's name, with that of the report where it lists several."""
        return f"{self.file}#{self.report}" if self.report else self.file

    def reports(self) -> list[str]:
        """The names of the reports that the file lists, in its order.

        None if it holds the settings of one report, or is no YAML; what is wrong with it `settings` says.

        Raises
        ------
        ConfigError
            If it lists no report, or a name is missing, given twice or cannot be the name of a folder.
        """
        try:
            root = self._root()
        except ConfigError:
            return []
        return list(_reports(root, self.file)) if _lists_reports(root) else []

    def settings(self) -> Settings:
        """The settings of the report, validated, as `load_settings` gives them."""
        root = self._root()
        if _lists_reports(root):
            root = _listed(root, self.file, self.report)
        elif self.report:
            raise ConfigError(
                f"{self.file} lists no reports, so it is named without '#{words.plain(self.report)}'."
            )
        _refuse_open_choices(root, self.file)
        values = construct(root)
        if not isinstance(values, dict):
            raise ConfigError(f"{self.file}: expected keys such as 'orders:' and 'currency:' at the top.")
        try:
            settings = Settings.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_explain(error, root, self.file)) from None
        remember(settings.model_dump(), self.folder)
        return settings

    def for_report(self) -> Settings:
        """`settings`, if a report can be made of them.

        Raises
        ------
        ConfigError
            Also if nothing says in which currency the money is.
        """
        settings = self.settings()
        if settings.currency_is_open:
            raise ConfigError(
                f"{self.file}: nothing says in which currency the money is; write for instance currency: EUR, or "
                "currency: none to print amounts without one."
            )
        return settings

    def _root(self) -> yaml.Node:
        return compose(self.text, self.file, "it needs at least 'currency:' and 'orders:'")


def load_settings(path: Path | str) -> Settings:
    """Read and validate the settings file of a report.

    Parameters
    ----------
    path
        A YAML file, or ``FILE.yml#NAME`` for one report of a file that lists several. Words such as
        ``NO`` and codes such as ``0010`` stay text; only ``true``, ``false``, ``null``, plain numbers
        and ISO dates mean anything else.

    Returns
    -------
    Settings
        A report of a list that states no title of its own has its name in it.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not YAML, or holds a key or value that is not allowed. The
        message names file, line and key, and the nearest valid key where one was misspelt. Also if
        the file lists reports and none, or one that it does not hold, is named, and if a choice is open.
    """
    return SettingsFile.read(path).settings()


def folder_name(name: str) -> str:
    """The folder for a report of that name.

    Letters and digits of any script, dots, hyphens and underscores stay; what lies between becomes
    a hyphen.

    Raises
    ------
    ConfigError
        If the name is empty, too long, or holds what could lead elsewhere or deceive a reader.

    Examples
    --------
    >>> folder_name("North & South"), folder_name("2025-01"), folder_name("华东")
    ('North-South', '2025-01', '华东')
    """
    tidy = unicodedata.normalize("NFC", name)
    shown = f"'{words.plain(name, most=40)}'"
    if not tidy.strip() or len(tidy) > LONGEST_NAME:
        raise ConfigError(f"the name {shown} needs 1 to {LONGEST_NAME} characters.")
    if any(not _may_be_in_name(character) for character in tidy) or tidy != tidy.strip():
        raise ConfigError(
            f"the name {shown} cannot name a folder; use letters, digits, spaces and any of {_SIGNS}."
        )
    folder = re.sub(r"[^\w.-]+", "-", tidy).strip("-")
    if not folder or folder[0] == "." or folder[-1] == "." or _TAKEN.fullmatch(folder):
        raise ConfigError(f"the name {shown} cannot be used for a folder; choose another.")
    return folder


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


_SIGNS = ". - _ , & + ( ) '"
"""What may stand in the name of a report beside letters, digits and spaces."""

_TAKEN = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|batch\..*|overview\..*|index\..*|.*\.log\.jsonl|.*-failed",
    flags=re.IGNORECASE,
)
"""Names that a batch needs itself, that lie beside a report, or that some systems do not allow."""


def _may_be_in_name(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LN" or kind in ("Mn", "Mc") or character == " " or character in _SIGNS.split()


def _told_apart(path: Path) -> tuple[Path, str | None]:
    """File and name of ``FILE.yml#NAME``; a file whose own name has that sign is taken as it is."""
    file, sign, name = path.name.rpartition("#")
    if not sign or not file or path.exists():
        return path, None
    return path.with_name(file), name


def _text_of(path: Path) -> str:
    try:
        return decoded(read_bounded(path), path.name)
    except FileNotFoundError:
        raise ConfigError(f"The settings file {path} does not exist.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder; name the settings file (YAML) inside it.") from None
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from None


def _refuse_open_choices(root: yaml.Node, file: str) -> None:
    """Name every choice that a draft left open, with the candidates that stand beside it."""
    found = [f"line {_number(node)}, {key}{_beside(node)}" for key, node in _open_choices(root, "")]
    if found:
        count = words.count(len(found), "choice is", "choices are")
        raise ConfigError(f"{file}: {count} still open ('{OPEN}'): {'; '.join(found)}.")


def _open_choices(node: yaml.Node, key: str) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _open_choices(value, f"{key}.{name.value}".removeprefix("."))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _open_choices(value, key)
    elif node.value == OPEN:
        yield key, node


def _beside(node: yaml.Node) -> str:
    """The comment on the line of a node."""
    lines = (node.start_mark.buffer or "").rstrip("\0").splitlines()
    line = lines[_number(node) - 1] if len(lines) >= _number(node) else ""
    comment = line.partition(f"{OPEN}  # ")[2].strip()
    return f" ({words.plain(comment, 300)})" if comment else ""


def _lists_reports(root: yaml.Node) -> bool:
    return isinstance(root, yaml.MappingNode) and any(key.value == "reports" for key, _ in root.value)


def _reports(root: yaml.Node, file: str) -> dict[str, yaml.MappingNode]:
    """Name of each report to its settings, without the name."""
    at_top = _entries(root)
    for key, (node, _) in at_top.items():
        if key not in ("common", "reports"):
            raise ConfigError(
                f"{file}, line {_number(node)}: a file that lists reports has 'common:' and 'reports:' at "
                f"the top; put '{words.plain(key)}:' under 'common:', or into a report."
            )
    found: dict[str, yaml.MappingNode] = {}
    folders: dict[str, str] = {}
    for name, node, settings in _each_report(at_top["reports"][1], file):
        where = f"{file}, line {_number(node)}"
        try:
            folder = folder_name(name).casefold()
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from None
        if folder in folders:
            other = folders[folder]
            alike = "" if name == other else f" and '{other}' would share a folder"
            raise ConfigError(
                f"{where}: the name '{name}'{alike or ' is given twice'}; each report needs its own."
            )
        folders[folder], found[name] = name, settings
    return found


def _each_report(reports: yaml.Node, file: str) -> Iterator[tuple[str, yaml.Node, yaml.MappingNode]]:
    if not isinstance(reports, yaml.SequenceNode) or not reports.value:
        raise ConfigError(
            f"{file}, line {_number(reports)}: 'reports:' lists no report; write '- name: …' for each."
        )
    for number, report in enumerate(reports.value, start=1):
        entries = _entries(report) if isinstance(report, yaml.MappingNode) else {}
        named = entries.pop("name", (None, None))[1]
        if not isinstance(named, yaml.ScalarNode) or named.tag == "tag:yaml.org,2002:null":
            raise ConfigError(
                f"{file}, line {_number(report)}: report {number} of the list needs a 'name:', such as north."
            )
        rest = yaml.MappingNode(report.tag, list(entries.values()), report.start_mark, report.end_mark)
        yield str(named.value), named, rest


def _listed(root: yaml.Node, file: str, name: str | None) -> yaml.MappingNode:
    """The settings of one report of a list: the common ones with its own put in place."""
    reports = _reports(root, file)
    if name is None:
        first = next(iter(reports))
        raise ConfigError(
            f"{file} lists {words.count(len(reports), 'report')}; name one, such as '{file}#{first}', or make "
            "all with: customer-value batch."
        )
    if name not in reports:
        close = difflib.get_close_matches(name, reports, n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'?" if close else f"it lists {words.listing(reports)}."
        raise ConfigError(f"{file} lists no report '{words.plain(name)}'; {hint}")
    report = reports[name]
    settings = _merged(_common(root, file), report)
    if "title" not in _entries(report):
        _entitle(settings, name)
    return settings


def _common(root: yaml.Node, file: str) -> yaml.MappingNode:
    """What the reports of a list share; an empty mapping if that is nothing."""
    key, node = _entries(root).get("common", (root, None))
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return yaml.MappingNode("tag:yaml.org,2002:map", [], key.start_mark, key.end_mark)
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{file}, line {_number(node)}: 'common:' needs keys of its own below it.")
    return node


def _merged(common: yaml.Node, own: yaml.Node) -> yaml.MappingNode:
    """The keys of both; where both have keys below one, those are merged, else ``own`` counts."""
    entries = _entries(common)
    for name, (key, value) in _entries(own).items():
        both = name in entries and all(
            isinstance(node, yaml.MappingNode) for node in (value, entries[name][1])
        )
        entries[name] = (key, _merged(entries[name][1], value) if both else value)
    return yaml.MappingNode(own.tag, list(entries.values()), own.start_mark, own.end_mark)


def _entitle(settings: yaml.MappingNode, name: str) -> None:
    """Put the report's name into its title."""
    entries = _entries(settings)
    mark = settings.start_mark
    key, value = entries.get("title", (yaml.ScalarNode(_TEXT, "title", mark, mark), None))
    shared = value.value if isinstance(value, yaml.ScalarNode) else ""
    title = words.plain(f"{shared}: {name}" if shared else name, most=120)
    entries["title"] = (key, yaml.ScalarNode(_TEXT, title, key.start_mark, key.end_mark))
    settings.value = list(entries.values())


_TEXT = "tag:yaml.org,2002:str"


def _entries(node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Key to the nodes of key and value; where merging gave a key twice, the later counts."""
    return {str(key.value): (key, value) for key, value in node.value}


def _number(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _explain(error: ValidationError, root: yaml.Node, name: str) -> str:
    details = error.errors()
    first = min(details, key=lambda d: (d["type"] != "extra_forbidden", _line(root, d["loc"])))
    location = first["loc"]
    key = ".".join(str(part + 1) if isinstance(part, int) else words.plain(part) for part in location)
    where = f"{name}, line {_line(root, location)}"
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key '{key}'{_nearest(location)}"
    if first["type"] == "invalid_key":
        return f"{where}: {words.plain(first['input'])} is no name of a setting."
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
    hidden = any(str(part).endswith("_env") for part in detail["loc"])
    shown = "" if hidden or isinstance(given, dict | BaseModel) else f" (given: {words.plain(repr(given))})"
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
    return f"; possible here: {', '.join(names)}." if names else "."


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
