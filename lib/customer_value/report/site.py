"""The finished folder of a report: pages, ``facts.json``, ``provenance.json``."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from customer_value.errors import NotebookError
from customer_value.report.index import Section, index_html
from customer_value.report.publish import GENERATOR, MANIFEST
from customer_value.report.render import Link, figures, name_and_title, page_html

__all__ = ["Fragment", "versions", "write_site"]

_REPORTED_VERSIONS = ("customer-value", "pandas", "duckdb")


@dataclass(frozen=True)
class Fragment:
    """What a notebook recorded: its facts, and its words for the index page."""

    facts: Mapping[str, Any]
    findings: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def write_site(
    folder: Path,
    notebooks: Mapping[str, NotebookNode],
    title: str,
    currency: str,
    overrides: Mapping[str, object],
    missing: Mapping[Path, Sequence[str]] | None = None,
) -> None:
    """Complete the folder that the notebooks wrote into.

    Parameters
    ----------
    folder
        Holds ``tables/``, ``ledger.csv``, ``provenance.json`` and ``facts/PREFIX.json`` with what
        the notebooks recorded; the last are merged into ``facts.json`` and removed, and so is
        whatever begins with ``_`` or a dot.
    notebooks
        Name to executed notebook, in the order of the pages.
    title, currency
        Of the report.
    overrides
        Parameters given on the command line.
    missing
        Notebook files that were left out, with the input tables that they need.

    Raises
    ------
    NotebookError
        If two notebooks record different values for one fact, or a file cannot be read.
    """
    fragments = _fragments(folder / "facts")
    recorded = _assigned(fragments, notebooks)
    facts = _merged(fragments)
    provenance = _provenance(folder / MANIFEST)
    provenance.update(generator=GENERATOR, versions=versions())
    if overrides:
        provenance["overrides"] = dict(overrides)
    _remove((folder / "facts", *folder.glob("[._]*")))
    _write_json(folder / "facts.json", facts)
    links = [name_and_title(name, notebook) for name, notebook in notebooks.items()]
    for link, notebook in zip(links, notebooks.values(), strict=True):
        _write(folder / link.file, page_html(notebook, link, links, title))
    sections = [
        _section(link, notebook, recorded.get(name, Fragment({})))
        for link, (name, notebook) in zip(links, notebooks.items(), strict=True)
    ]
    files = sorted({*_files(folder), MANIFEST, "index.html"})
    left_out = [
        (name_and_title(path.stem, nbformat.read(path, as_version=4)).title, needs)
        for path, needs in (missing or {}).items()
    ]
    index = index_html(title, currency, facts, sections, provenance, files, left_out)
    _write(folder / "index.html", index)
    _write_json(folder / MANIFEST, {**provenance, "files": files})


def versions() -> dict[str, str]:
    """The versions that a report was made with."""
    found = {"Python": platform.python_version()}
    for package in _REPORTED_VERSIONS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def _section(link: Link, notebook: NotebookNode, own: Fragment) -> Section:
    return Section(link, figures(notebook), own.findings, own.next_steps, own.warnings)


def _fragments(folder: Path) -> dict[str, Fragment]:
    found = {}
    for path in sorted(folder.glob("*.json")):
        content = _read_json(path)
        facts = content.get("facts", {})
        lists = (tuple(content.get(key, ())) for key in ("findings", "next_steps", "warnings"))
        found[path.stem] = Fragment(facts, *lists)
    return found


def _merged(fragments: Mapping[str, Fragment]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name, fragment in fragments.items():
        for key, value in fragment.facts.items():
            if key in merged and merged[key] != value:
                raise NotebookError(f"Notebook {name} records '{key}' again, with another value.")
            merged[key] = value
    return merged


def _assigned(fragments: Mapping[str, Fragment], notebooks: Iterable[str]) -> dict[str, Fragment]:
    """Notebook to what it recorded: facts are named after the notebook that finds them.

    ``facts/loyalty.json`` belongs to ``05_loyalty_matrix``.
    """
    found = {}
    for prefix, fragment in fragments.items():
        owners = [name for name in notebooks if f"{name.partition('_')[2]}_".startswith(f"{prefix}_")]
        if not owners:
            raise NotebookError(
                f"Facts named '{prefix}.…' were recorded, but no notebook has a name like that."
            )
        found[owners[0]] = fragment
    return found


def _provenance(path: Path) -> dict[str, Any]:
    return _read_json(path) if path.exists() else {}


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except ValueError as error:
        raise NotebookError(f"{path.name}, written by a notebook, is not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise NotebookError(f"{path.name}, written by a notebook, is not an object.")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    _write(path, text + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _files(folder: Path) -> Sequence[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
