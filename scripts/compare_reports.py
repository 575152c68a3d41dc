#!/usr/bin/env python3
"""Compare reports made before and after a change: facts, tables and every word on the pages.

    customer-value batch data/sample/company.yml data/sample/cdnow.yml --output before
    (change the code)
    customer-value batch data/sample/company.yml data/sample/cdnow.yml --output after
    python scripts/compare_reports.py before after

Both folders hold reports, at any depth. What is the same is counted, what differs is printed, and the
exit status is 1 if anything does. Pictures are compared by their text alternatives.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

MANIFEST = "provenance.json"
"""The file by which a folder is known to hold a report."""


def main() -> int:
    """Print the differences of two folders; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--most", type=int, default=40, help="lines printed per file (default 40)")
    chosen = parser.parse_args()
    before, after = _files(chosen.before), _files(chosen.after)
    if not before and not after:
        print(f"Neither {chosen.before} nor {chosen.after} holds a report.", file=sys.stderr)
        return 2
    different = 0
    for name in sorted(before | after):
        lines = _difference(before.get(name), after.get(name))
        if lines:
            different += 1
            print(f"{name}: differs", *lines[: chosen.most], sep="\n    ")
            if len(lines) > chosen.most:
                print(f"    ... {len(lines) - chosen.most} lines more")
    print(f"{len(before | after) - different} files are the same, {different} differ.")
    return int(different > 0)


def _files(root: Path) -> dict[str, Path]:
    """What is compared of every report under a folder, by path."""
    reports = [path.parent for path in root.rglob(MANIFEST)]
    patterns = ("*.json", "*.html", "*.csv", "tables/*")
    found = {path for report in reports for pattern in patterns for path in report.glob(pattern)}
    return {path.relative_to(root).as_posix(): path for path in found if path.name != MANIFEST}


def _difference(before: Path | None, after: Path | None) -> list[str]:
    if before is None or after is None:
        return ["is new" if before is None else "is gone"]
    if before.read_bytes() == after.read_bytes():
        return []
    read = _READERS.get(before.suffix)
    if read is None:
        return ["other bytes"]
    found = difflib.unified_diff(list(read(before)), list(read(after)), n=0, lineterm="")
    lines = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    return lines or ([] if before.suffix == ".html" else ["other bytes"])


def _facts(path: Path) -> Iterator[str]:
    yield from json.dumps(json.loads(path.read_text("utf-8")), indent=1, ensure_ascii=False).splitlines()


def _rows(path: Path) -> Iterator[str]:
    yield from path.read_text("utf-8").splitlines()


def _words(path: Path) -> Iterator[str]:
    """The text of a page from top to bottom, a picture by its alternative; code and style are no text."""
    page = BeautifulSoup(path.read_bytes(), "html.parser")
    for element in page.find_all(["script", "style"]):
        element.decompose()
    for picture in page.find_all("img"):
        if isinstance(picture, Tag):
            picture.replace_with(f"[{picture.get('alt', '')}]")
    for text in page.stripped_strings:
        yield " ".join(text.split())


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {".json": _facts, ".csv": _rows, ".html": _words}


if __name__ == "__main__":
    sys.exit(main())
