"""Notebook files: where they are, what they take as parameters, how they are kept tidy."""

from __future__ import annotations

import difflib
import itertools
import json
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from customer_value import words
from customer_value.errors import ConfigError
from customer_value.secrecy import redacted

__all__ = [
    "find_notebooks",
    "fitting",
    "inputs_needed",
    "normalised",
    "notebooks_folder",
    "papermill_path",
    "parameters_of",
    "prerequisites",
    "without_secrets",
]

_NEEDS, _WITHOUT = "needs-", "without-"
_KEPT_METADATA = ("tags", "jupyter", "slideshow")
_OWN_METADATA = "customer_value"
_MOST_BYTES = 50 << 20


def notebooks_folder() -> Path:
    """Where the notebooks are: beside the library in a clone, inside the package once installed."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "_notebooks"
    return packed if packed.is_dir() else package.parents[1] / "notebooks"


def find_notebooks(folder: Path) -> list[Path]:
    """The notebooks of a report in the order of their numbers.

    Raises
    ------
    ConfigError
        If there are none, two have one number, as a copy has that an editor made, or one cannot be run: it is
        damaged, of an unknown version, or not in Python.
    """
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise ConfigError(f"There are no notebooks (such as 01_data_load.ipynb) in {folder}.")
    for one, other in itertools.pairwise(found):
        if one.name[:2] == other.name[:2]:
            raise ConfigError(
                f"{folder.name} holds two notebooks with one number, {one.name} and {other.name}; "
                "give one of them another number, or a name without one."
            )
    for path in found:
        if fault := _fault(path):
            raise ConfigError(f"The notebook {words.plain(path.name)} cannot be run: {fault}.")
    return found


def prerequisites(notebooks: Sequence[Path]) -> dict[str, frozenset[str]]:
    """Which notebooks each one waits for.

    The first reads the input, so all others wait for it. A notebook that uses what others found
    names them in its metadata: ``{"customer_value": {"after": ["04_clv"]}}``.

    Parameters
    ----------
    notebooks
        Files in the order of their numbers.

    Returns
    -------
    dict
        Name of the notebook (without ending) to the names it waits for.

    Raises
    ------
    ConfigError
        If a notebook names one that does not come before it.
    """
    waits: dict[str, frozenset[str]] = {}
    for path in notebooks:
        named = _own_metadata(path, "after")
        unknown = [name for name in named if name not in waits]
        if unknown:
            raise ConfigError(
                f"Notebook {path.stem} waits for {words.listing(unknown)}, which does not come before it."
            )
        waits[path.stem] = frozenset([*named, *list(waits)[:1]])
    return waits


def inputs_needed(notebook: Path) -> tuple[str, ...]:
    """The input tables without which a notebook has nothing to show.

    They stand in its metadata: ``{"customer_value": {"needs": ["survey", "survey_items"]}}``.
    """
    return tuple(_own_metadata(notebook, "needs"))


def fitting(notebook: NotebookNode, known: Collection[str]) -> NotebookNode:
    """A notebook without the cells that this report has nothing for.

    A cell tagged ``needs-NAME`` is left out if NAME is not known, one tagged ``without-NAME`` if it is. On a cell
    that begins with a heading the tag holds for all of its section, up to the next heading of the same or a higher
    level.

    Parameters
    ----------
    notebook
        Not changed.
    known
        Names of input tables and of what they hold, see `customer_value.inputs.known_parts`.
    """
    kept, above = [], 0
    for cell in notebook.cells:
        level = _heading_level(cell)
        if above and (not level or level > above):
            continue
        above = 0
        if _fits(cell.metadata.get("tags", []), known):
            kept.append(cell)
        else:
            above = level
    return nbformat.from_dict({**notebook, "cells": kept})


def parameters_of(notebooks: Sequence[Path], values: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Which of the given parameters each notebook takes.

    Parameters
    ----------
    notebooks
        Files with a cell tagged ``parameters``; each must have a parameter ``config``.
    values
        Parameter name to a JSON scalar or list.

    Returns
    -------
    dict
        Name of the notebook (without ending) to its parameters.

    Raises
    ------
    ConfigError
        If no notebook has a parameter of that name, a value is no JSON value, or a notebook cannot be told
        which settings to use.
    """
    from papermill import inspect_notebook

    known = {path.stem: set(inspect_notebook(papermill_path(path))) for path in notebooks}
    for name, own in known.items():
        if "config" not in own:
            raise ConfigError(f"Notebook {name} has no parameter 'config' in a cell tagged 'parameters'.")
    every = sorted(set().union(*known.values()) - {"config"})
    for name, value in values.items():
        if name not in every and name != "config":
            close = difflib.get_close_matches(name, every, n=1, cutoff=0.5)
            hint = f"did you mean '{close[0]}'?" if close else f"there are: {words.listing(every, most=12)}."
            raise ConfigError(f"No notebook has a parameter '{words.plain(name)}'; {hint}")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise ConfigError(
                f"Parameter {name}: {words.plain(repr(value))} is not a number, text, true, false or list of these."
            ) from None
    return {name: {key: values[key] for key in values if key in own} for name, own in known.items()}


def normalised(notebook: NotebookNode) -> NotebookNode:
    """A copy without times, paths and random ids, so that equal runs give equal files."""
    tidy: NotebookNode = nbformat.from_dict(json.loads(json.dumps(notebook)))
    own = {_OWN_METADATA: tidy.metadata[_OWN_METADATA]} if _OWN_METADATA in tidy.metadata else {}
    tidy.metadata = nbformat.from_dict(
        {
            **own,
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(tidy.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        kept = {key: cell.metadata[key] for key in _KEPT_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
    return tidy


def without_secrets(notebook: NotebookNode) -> NotebookNode:
    """A copy in which errors and what was printed, which may be the words of other programs, tell no secret."""
    copy: NotebookNode = nbformat.from_dict(notebook)
    for output in (output for cell in copy.cells for output in cell.get("outputs", [])):
        for key in ("text", "evalue"):
            if isinstance(output.get(key), str):
                output[key] = redacted(output[key])
        if "traceback" in output:
            output["traceback"] = [redacted(line) for line in output["traceback"]]
    return copy


def papermill_path(path: Path) -> str:
    """A path as papermill wants it: it takes braces for placeholders, and a dash at the start for standard input."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")


def _fault(path: Path) -> str:
    """Why a file is no notebook that can be run; empty if it is one."""
    try:
        if not path.is_file():
            return "it is a folder" if path.is_dir() else "it is no file, or a link to one that is gone"
        if path.stat().st_size > _MOST_BYTES:
            return f"it has more than {_MOST_BYTES >> 20} MB; clear its outputs"
        with warnings.catch_warnings(action="ignore"):
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
    except OSError as error:
        return error.strerror or "it cannot be read"
    except nbformat.ValidationError as error:
        return f"it is no valid notebook ({words.first_line(error.message, 100)})"
    except Exception:  # whatever a converter of old versions stumbles over
        return "it is damaged or no notebook"
    own = notebook.metadata
    language = own.get("kernelspec", {}).get("language") or own.get("language_info", {}).get("name")
    if language != "python":
        return (
            f"it is in {words.plain(language)}, not in Python" if language else "it does not say its language"
        )
    known = own.get(_OWN_METADATA, {})
    if not isinstance(known, dict) or not all(_are_names(known.get(key, [])) for key in ("after", "needs")):
        return f"its metadata '{_OWN_METADATA}' are no lists of names"
    return ""


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _own_metadata(path: Path, key: str) -> list[str]:
    own: list[str] = nbformat.read(path, as_version=4).metadata.get(_OWN_METADATA, {}).get(key, [])
    return own


def _fits(tags: Sequence[str], known: Collection[str]) -> bool:
    needed = [tag.removeprefix(_NEEDS) for tag in tags if tag.startswith(_NEEDS)]
    unwanted = [tag.removeprefix(_WITHOUT) for tag in tags if tag.startswith(_WITHOUT)]
    return all(name in known for name in needed) and not any(name in known for name in unwanted)


def _heading_level(cell: NotebookNode) -> int:
    """How deep the heading is that a cell begins with; 0 without one."""
    found = re.match(r"\s*(#{1,6}) ", cell.source) if cell.cell_type == "markdown" else None
    return len(found[1]) if found else 0
