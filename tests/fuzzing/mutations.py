"""What may happen to a table, a text, the bytes of a file or the members of a zip."""

from __future__ import annotations

import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable

from fuzzing.grids import Grid
from fuzzing.typed import TYPES
from fuzzing.values import EDGES, HOSTILE, NUMBERS

__all__ = ["ON_BYTES", "ON_GRIDS", "ON_MEMBERS", "ON_TEXT", "PLAIN"]

ANY_VALUE = (*HOSTILE, *NUMBERS, *EDGES)


def _place(grid: Grid, dice: random.Random) -> tuple[int, int]:
    return dice.randrange(len(grid.rows) or 1), dice.randrange(len(grid.headings) or 1)


def odd_cells(grid: Grid, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 2, 5))):
        row, column = _place(grid, dice)
        if row < len(grid.rows) and column < len(grid.rows[row]):
            grid.rows[row][column] = dice.choice(ANY_VALUE)


def odd_column(grid: Grid, dice: random.Random) -> None:
    """Every cell of a column from one list of oddities, or all the same."""
    values = dice.choice((HOSTILE, NUMBERS, EDGES, (dice.choice(ANY_VALUE),)))
    column = _place(grid, dice)[1]
    for row in grid.rows:
        if column < len(row) and dice.random() < 0.8:
            row[column] = dice.choice(values)


def other_notation(grid: Grid, dice: random.Random) -> None:
    """Dates and numbers as another country or program writes them."""
    day = dice.choice(
        (
            "{2}.{1}.{0}",
            "{1}/{2}/{0}",
            "{2}/{1}/{0}",
            "{0}{1}{2}",
            "{0}-{1}-{2} 13:45:00",
            "{0}-{1}-{2}T23:30:00Z",
        )
    )
    number = dice.choice(
        ("{0},{1}", "{0}.{1}-", "({0}.{1})", "{0}.{1} EUR", "{0}.{1}0000", "1.{0},{1}", "{0}.{1} Dr")
    )
    share = dice.choice((1.0, 1.0, 0.5))
    for row in grid.rows:
        if dice.random() < share:
            for place, cell in enumerate(row):
                if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", cell):
                    row[place] = day.format(*found.groups())
                elif found := re.fullmatch(r"(\d+)\.(\d\d)", cell):
                    row[place] = number.format(*found.groups())


def odd_headings(grid: Grid, dice: random.Random) -> None:
    place = dice.randrange(len(grid.headings))
    name = grid.headings[place]
    other = dice.choice(grid.headings)
    grid.headings[place] = dice.choice((other, name.upper(), f" {name} ", "", name + "\n(EUR)", *HOSTILE))


def no_headings(grid: Grid, dice: random.Random) -> None:
    if grid.rows:
        grid.headings = list(grid.rows.pop(0)) or grid.headings


def repeated_rows(grid: Grid, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 3, 30))):
        if grid.rows:
            grid.rows.insert(dice.randrange(len(grid.rows) + 1), list(dice.choice(grid.rows)))


def fewer_rows(grid: Grid, dice: random.Random) -> None:
    grid.rows = grid.rows[: dice.choice((0, 0, 1, 2))]


def ragged_rows(grid: Grid, dice: random.Random) -> None:
    for row in grid.rows:
        if dice.random() < 0.2:
            row[:] = dice.choice((row[:-1], row[:1], [*row, "more"], row * 3, []))


def blank_rows(grid: Grid, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 4))):
        grid.rows.insert(dice.randrange(len(grid.rows) + 1), [""] * len(grid.headings))


def totals(grid: Grid, dice: random.Random) -> None:
    grid.rows.append(
        [dice.choice(("Total", "Summe", "", "Sum:"))] + [""] * (len(grid.headings) - 2) + ["1234.50"]
    )


def preamble(grid: Grid, dice: random.Random) -> None:
    """A title and blank lines above the headings."""
    grid.rows.insert(0, grid.headings)
    grid.headings = [dice.choice(("Report of all sales", *HOSTILE[:20]))] + [""] * dice.choice((0, 5))


def other_columns(grid: Grid, dice: random.Random) -> None:
    """Columns lost, doubled or moved."""
    order = list(range(len(grid.headings)))
    way = dice.choice(("lost", "doubled", "moved", "many"))
    if way == "lost" and len(order) > 1:
        order.pop(dice.randrange(len(order)))
    elif way == "moved":
        dice.shuffle(order)
    else:
        order += dice.choices(order, k=1 if way == "doubled" else 200)
    grid.headings = [grid.headings[place] for place in order]
    grid.rows = [[row[place] if place < len(row) else "" for place in order] for row in grid.rows]


def odd_type(grid: Grid, dice: random.Random) -> None:
    grid.types[dice.randrange(len(grid.headings))] = dice.choice(TYPES)


def many_rows(grid: Grid, dice: random.Random) -> None:
    grid.rows = [list(row) for row in grid.rows * (1 + 3000 // (len(grid.rows) or 1))]


ON_GRIDS: dict[str, Callable[[Grid, random.Random], None]] = {
    function.__name__: function
    for function in (
        odd_cells, odd_column, other_notation, odd_headings, no_headings, repeated_rows, fewer_rows,
        ragged_rows, blank_rows, totals, preamble, other_columns, odd_type, many_rows,
    )
}  # fmt: skip

PLAIN = frozenset({"odd_cells", "odd_column", "other_notation", "repeated_rows", "blank_rows", "many_rows"})
"""After these a plain reader knows how many rows a CSV has."""


def flipped(content: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 2, 8, 40))):
        if content:
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def overwritten(content: bytearray, dice: random.Random) -> None:
    start, length = _stretch(content, dice)
    content[start : start + length] = bytes([dice.choice((0, 255, 34, 44, 10, dice.randrange(256)))]) * length


def cut(content: bytearray, dice: random.Random) -> None:
    start, length = _stretch(content, dice)
    del content[start : dice.choice((start + length, start + length, len(content)))]


def inserted(content: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(content) + 1)
    content[start:start] = dice.randbytes(dice.choice((1, 2, 16, 300)))


def doubled(content: bytearray, dice: random.Random) -> None:
    start, length = _stretch(content, dice)
    content[start:start] = content[start : start + length] * dice.choice((1, 1, 50))


def swapped(content: bytearray, dice: random.Random) -> None:
    one, length = _stretch(content, dice)
    other = dice.randrange(len(content) + 1)
    one, other = sorted((one, other))
    length = min(length, other - one, len(content) - other)
    first, second = content[one : one + length], content[other : other + length]
    content[one : one + length], content[other : other + length] = second, first


def at_the_ends(content: bytearray, dice: random.Random) -> None:
    """Where formats keep their index: the first and the last bytes."""
    for _ in range(dice.choice((1, 2, 4))):
        if content:
            reach = min(len(content), dice.choice((8, 100, 600)))
            place = dice.randrange(reach)
            content[place if dice.random() < 0.5 else -1 - place] = dice.randrange(256)


def emptied(content: bytearray, dice: random.Random) -> None:
    content[:] = dice.choice((b"", b"\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", bytes(5000), content[:4]))


def with_rubbish(content: bytearray, dice: random.Random) -> None:
    rubbish = dice.choice(
        (bytes(4096), b"<!doctype html><html>", dice.randbytes(500), b"PK\x03\x04", b"\x1f\x8b")
    )
    content[:] = dice.choice((rubbish + content, content + rubbish))


def _stretch(content: bytearray, dice: random.Random) -> tuple[int, int]:
    start = dice.randrange(len(content) + 1)
    return start, min(dice.choice((1, 4, 64, 512, 4096)), len(content) - start)


ON_BYTES: dict[str, Callable[[bytearray, random.Random], None]] = {
    function.__name__: function
    for function in (
        flipped, overwritten, cut, inserted, doubled, swapped, at_the_ends, emptied, with_rubbish,
    )
}  # fmt: skip


def odd_token(text: str, dice: random.Random) -> str:
    """A word, number or sign of the text replaced by an oddity."""
    found = list(re.finditer(r"[\w.+-]+|[^\w\s]", text))
    if not found:
        return text
    for place in sorted(
        dice.sample(found, min(len(found), dice.choice((1, 1, 3)))), key=lambda m: -m.start()
    ):
        text = text[: place.start()] + dice.choice(ANY_VALUE) + text[place.end() :]
    return text


def other_line_order(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    place = dice.randrange(len(lines) or 1)
    way = dice.choice(("doubled", "lost", "moved", "joined"))
    if not lines:
        return text
    line = lines[place]
    if way == "doubled":
        lines.insert(place, line)
    elif way == "joined":
        lines[place] = line.rstrip("\n")
    else:
        lines.pop(place)
        if way == "moved":
            lines.insert(dice.randrange(len(lines) + 1), line)
    return "".join(lines)


def other_signs(text: str, dice: random.Random) -> str:
    """A sign with meaning replaced everywhere, or once."""
    sign, other = (
        dice.choice(',;\t|":\n-[]{}'),
        dice.choice(("", ",", ";", "\t", "'", '"', '""', "\r\n", "\r", ": ", "  ")),
    )
    if dice.random() < 0.5:
        return text.replace(sign, other)
    return text.replace(sign, other, dice.choice((1, 3)))


def nested(text: str, dice: random.Random) -> str:
    depth = dice.choice((3, 100, 3000))
    start, end = dice.choice((("[", "]"), ('{"a":', "}"), ("(", ")"), ('"', '"')))
    place = dice.randrange(len(text) + 1)
    return text[:place] + start * depth + text[place : place + 10] + end * depth + text[place + 10 :]


ON_TEXT: dict[str, Callable[[str, random.Random], str]] = {
    function.__name__: function for function in (odd_token, other_line_order, other_signs, nested)
}


def in_a_member(content: bytes, dice: random.Random) -> bytes:
    """Bytes of one member of a zip changed; the zip itself is sound."""

    def change(name: str, inner: bytes) -> bytes:
        changed = bytearray(inner)
        dice.choice(list(ON_BYTES.values()))(changed, dice)
        return bytes(changed)

    return _rezipped(content, dice, change)


def in_markup(content: bytes, dice: random.Random) -> bytes:
    """An attribute, number or tag in the XML of a workbook changed."""

    def change(name: str, inner: bytes) -> bytes:
        text = inner.decode("utf-8", "replace")
        found = list(re.finditer(r'(?<=")[^"<>]*(?=")|(?<=>)[^<>]+(?=<)|<[^<>]*>', text))
        for place in sorted(
            dice.sample(found, min(len(found), dice.choice((1, 1, 3)))), key=lambda m: -m.start()
        ):
            new = dice.choice((*_MARKUP, place.group() * 2, ""))
            text = text[: place.start()] + new + text[place.end() :]
        return text.encode("utf-8", "replace")

    return _rezipped(content, dice, change)


def other_members(content: bytes, dice: random.Random) -> bytes:
    """A member lost, or one too many."""
    members = _members(content)
    if not members:
        return content
    way = dice.choice(("lost", "extra", "outside", "double"))
    if way == "lost":
        members.pop(dice.randrange(len(members)))
    else:
        name = {"extra": "more.csv", "outside": "../outside.csv", "double": members[0][0]}[way]
        members.insert(dice.randrange(len(members) + 1), (name, dice.choice(members)[1]))
    return _zipped(members)


ON_MEMBERS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    function.__name__: function for function in (in_a_member, in_markup, other_members)
}

_MARKUP = (
    "XFD1048576", "A1048576", "ZZZZ99999999", "A0", "0", "-1", "99999999999999999999", "1e308", "NaN", "s",
    "d", "e", "b", "inlineStr", "A1:XFD1048576", "#REF!", "&amp;", "&lol;",
    "<c r='XFD1048576'><v>1</v></c>", "<row r='1048577'/>", "x" * 40_000, "</sheetData>",
)  # fmt: skip


def _members(content: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # damaged by a step before
        return []


def _zipped(members: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)  # two members of one name
        for name, inner in members:
            archive.writestr(zipfile.ZipInfo(name), inner, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _rezipped(content: bytes, dice: random.Random, change: Callable[[str, bytes], bytes]) -> bytes:
    members = _members(content)
    if not members:
        return content
    data = [place for place, (name, _) in enumerate(members) if "sheet" in name or "String" in name]
    place = dice.choice(data) if data and dice.random() < 0.7 else dice.randrange(len(members))
    members[place] = (members[place][0], change(*members[place]))
    return _zipped(members)
