"""What must hold whatever the input is."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from fuzzing.cases import SECRET, Case
from fuzzing.forked import Ran, Snapshot

__all__ = ["STATE", "changes", "complaints", "of_the_ledger", "of_what_is_said"]

_LONGEST = 4_010
_CLASS = re.compile(r"\b[A-Z]\w+(?:Error|Exception|Warning)\b|\b(?:Error|Exception): |[Pp]anic|Traceback")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{9,}\b|<[\w. ]+ object at|site-packages|\.py\b")
_MONEY = re.compile(r"-?\d{1,12}\.\d\d")

STATE = r"home/\.local(/state(/customer_value(/folders)?)?)?"
"""Where living runs are noted; nothing stands in it once they have ended."""

CACHE = r"home/\.(cache|config)(/(customer_value|matplotlib)(/.*)?)?"
"""What is kept from run to run: which fonts there are."""


def complaints(case: Case, ran: Ran, root: Path, before: Snapshot, after: Snapshot) -> list[str]:
    """What is wrong with a run, the kind first; nothing if all is well."""
    if ran.ended:
        return [ran.ended]
    found = [] if ran.status in (0, 2) else [f"status {ran.status}"]
    found += of_what_is_said(ran)
    found += changes(before, after, _allowed(case))
    if ran.status == 0 and case.command == "check":
        found += of_the_ledger(root / "notes")
    return list(dict.fromkeys(found))


def of_what_is_said(ran: Ran) -> Iterator[str]:
    """Whether the words are for people."""
    lines = ran.stderr.split("\n")
    drafted = lines[:1] if lines[0].startswith("Drafted the codebook ") else []
    sentence = "\n".join(lines[len(drafted) :])
    if ran.status == 0 and sentence:
        yield "words on standard error at status 0"
    if ran.status != 0:
        if not sentence.endswith("\n") or sentence.count("\n") != 1:
            yield f"{sentence.count(chr(10))} lines on standard error"
        if not re.search(r"[.?]$", sentence.rstrip("\n")):
            yield "no full stop"
        if len(sentence) > _LONGEST:
            yield "endless sentence"
        if name := _CLASS.search(_without_quotes(sentence)):
            yield f"words of a library: {name.group()}"
        if _ADDRESS.search(_without_quotes(sentence)):
            yield "an address"
    said = ran.stdout + ran.stderr
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Cf", "Zl", "Zp") for sign in said.replace("\n", "")):
        yield "control characters"
    if SECRET in said:
        yield "the secret path"


def changes(before: Snapshot, after: Snapshot, allowed: re.Pattern[str]) -> Iterator[str]:
    """What appeared, went or changed around a run."""
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name) and not allowed.fullmatch(name):
            what = "left behind" if name not in before else "changed" if name in after else "gone"
            yield f"{what}: {re.sub(r'(?<=[-.])[0-9a-z_]{8}(?=/|$)', '########', name)}"


def of_the_ledger(notes: Path) -> Iterator[str]:
    """Whether every row and every cent that was read is found again, also by a plain reader."""
    lines = json.loads((notes / "ledger.json").read_text())
    for table in dict.fromkeys(line["table"] for line in lines):
        for measure, number in (("rows", int), ("amount", Decimal)):
            totals = dict.fromkeys(("read", "added", "kept", "excluded", "note"), number(0))
            for line in lines:
                if line["table"] == table:
                    totals[line["status"]] += number(line[measure] or 0)
            if totals["read"] + totals["added"] != totals["kept"] + totals["excluded"]:
                yield f"the ledger of {table} does not add up in {measure}"
    plain = json.loads((notes / "case.json").read_text())["plain"]
    if plain:
        yield from _by_a_plain_reader(notes.parent, plain, lines)


def _by_a_plain_reader(root: Path, plain: dict[str, str], lines: list[dict[str, Any]]) -> Iterator[str]:
    csv.field_size_limit(10**8)
    with (root / plain["file"]).open(encoding=plain["encoding"], errors="replace", newline="") as file:
        headings, *rows = csv.reader(file, delimiter=plain["separator"])
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    read = [line for line in lines if (line["table"], line["status"]) == ("orders", "read")]
    if sum(line["rows"] for line in read) != len(rows):
        yield f"rows by a plain reader: {len(rows)}, by the ledger: {sum(line['rows'] for line in read)}"
    amounts = [row[headings.index("amount")] for row in rows]
    if all(map(_MONEY.fullmatch, amounts)):
        total = sum(map(Decimal, amounts), Decimal(0))
        told = sum((Decimal(line["amount"]) for line in read if line["amount"]), Decimal(0))
        if total != told:
            yield f"money by a plain reader: {total}, by the ledger: {told}"


def _allowed(case: Case) -> re.Pattern[str]:
    drafts = case.command == "init" and "survey" in case.table
    more = r"cwd/[^/]*_items\.csv" if drafts else CACHE if case.command == "report" else r"(?!)"
    return re.compile(f"{STATE}|{more}")


def _without_quotes(sentence: str) -> str:
    """What we say ourselves: without what is quoted from the input."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|‘[^’]*’|“[^”]*”", "''", sentence)
