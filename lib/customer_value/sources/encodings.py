"""The encoding of a text file: found from its bytes, then turned into UTF-8.

The engine reads UTF-8. A file in another encoding, or with mixed line endings, is copied once.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from customer_value import words
from customer_value.errors import InputError
from customer_value.sources.evidence import CANDIDATES, Candidate, evidence

__all__ = ["detect_encoding", "encoding_name", "known_encoding", "needs_copy", "utf8_copy"]

_CHUNK = 1 << 22
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "ascii": "ASCII", "utf-16": "UTF-16", "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16", "utf-32": "UTF-32", "cp1252": "Windows-1252", "cp1250": "Windows-1250",
    "cp1251": "Windows-1251", "cp1253": "Windows-1253", "cp1254": "Windows-1254", "latin-1": "ISO 8859-1",
    "iso8859-1": "ISO 8859-1", "gb18030": "GB 18030", "big5": "Big5", "cp950": "Big5", "big5hkscs": "Big5",
    "iso8859-15": "ISO 8859-15", "iso8859-2": "ISO 8859-2", "iso8859-5": "ISO 8859-5", "cp949": "EUC-KR",
    "cp1255": "Windows-1255", "cp1256": "Windows-1256", "cp1257": "Windows-1257", "cp874": "Windows-874",
    "cp437": "DOS 437", "cp852": "DOS 852", "cp857": "DOS 857", "cp866": "DOS 866", "mac_latin2": "Mac Latin 2",
    "mac_cyrillic": "Mac Cyrillic", "cp932": "Shift JIS", "euc_jp": "EUC-JP", "euc_kr": "EUC-KR", "cp850": "DOS 850",
    "mac_roman": "Mac Roman",
}  # fmt: skip
_UNITS, _FIRST_UNITS, _HOPELESS = 1_500, 100, 60.0
_SEPARATORS = re.compile(rb"[,;\t\r\n\"\0]+")
_DIGIT = re.compile(rb"(?<![\x80-\xff])[0-9]")
_DECIDES = 3.0
"""How much likelier a reading must be than the next (as a logarithm) to be taken without asking."""


def detect_encoding(path: Path, name: str) -> str:
    """Find the encoding of a text file.

    A byte order mark decides, else UTF-8 if the whole file is valid, else the encoding in which what is
    beyond ASCII makes the likeliest text (`customer_value.sources.evidence`) and the whole file is valid.

    Raises
    ------
    InputError
        If the file holds NUL bytes, is UTF-8 with some lines in another encoding, or reads as well in two
        encodings that make different text of it.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _utf16_without_mark(head, name)
    if _is_utf8(path, name):
        return "utf-8"
    units = _units(path)
    _refuse_broken_utf8(units, path, name)
    return _legacy(units, path, name)


def known_encoding(encoding: str, name: str) -> str:
    """The codec for a declared encoding.

    Raises
    ------
    InputError
        If Python has no such codec.
    """
    try:
        codec = codecs.lookup(encoding).name
        "".encode(codec)
    except LookupError as error:
        raise InputError(
            f"{name}: the encoding '{encoding}' is not known; write for instance utf-8, windows-1252 or gb18030."
        ) from error
    return "utf-8-sig" if codec == "utf-8" else codec


def encoding_name(encoding: str) -> str:
    """The name of an encoding as people write it.

    >>> encoding_name("cp1252"), encoding_name("koi8-r")
    ('Windows-1252', 'KOI8-R')
    """
    return _NAMES.get(encoding, encoding.upper())


def needs_copy(path: Path, encoding: str) -> bool:
    """Whether the engine cannot read the bytes as they are."""
    if encoding != "utf-8":
        return True
    returns = pairs = lines = 0
    last = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            returns += chunk.count(b"\r")
            lines += chunk.count(b"\n")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            last = chunk[-1:]
    return returns > 0 and not (returns == lines == pairs)


def utf8_copy(path: Path, encoding: str, target: Path, name: str) -> Path:
    """Copy a text file to UTF-8 with one kind of line ending.

    Raises
    ------
    InputError
        If the bytes are not valid in the encoding.
    """
    done = 0
    try:
        with (
            path.open(encoding=encoding, newline=None) as text,
            target.open("w", encoding="utf-8", newline="\n") as copy,
        ):
            while chunk := text.read(_CHUNK):
                if "\0" in chunk:
                    raise InputError(_nul(name))
                copy.write(chunk)
                done += chunk.count("\n")
    except UnicodeError as error:
        raise InputError(
            f"{name}, after line {done:,}: not readable as {encoding_name(encoding)}; state the right encoding."
        ) from error
    return target


def _is_utf8(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if b"\0" in chunk:
                raise InputError(_nul(name))
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _nul(name: str) -> str:
    return f"{name} holds NUL bytes, so it is not plain text or is damaged; export it again."


def _utf16_without_mark(head: bytes, name: str) -> str:
    """UTF-16 by its ASCII: whatever its language, a table has separators and ends of lines."""
    readings = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = head[: len(head) // 2 * 2].decode(encoding, "replace")
        readings[encoding] = sum(sign.isascii() and (sign.isprintable() or sign in "\t\r\n") for sign in text)
        readings[encoding] -= 5 * sum(sign in "\0\ufffd" for sign in text)
    best = max(readings, key=lambda encoding: readings[encoding])
    if readings[best] >= max(2, len(head) // 40):
        return best
    raise InputError(_nul(name))


def _refuse_broken_utf8(units: list[bytes], path: Path, name: str) -> None:
    """A file that is UTF-8 but for some lines is damaged, not in another encoding."""
    valid = b"\n".join(units).decode("utf-8", "replace")
    broken = valid.count("\ufffd")
    whole = sum(not c.isascii() for c in valid) - broken
    if whole >= 3 and whole > 3 * broken:
        raise InputError(
            f"{name}, line {_first_broken_line(path):,}: not valid UTF-8, though other lines are; "
            "mend the line or state the encoding."
        )


def _units(path: Path) -> list[bytes]:
    """Different fields with bytes beyond ASCII, their digits made equal, in the order of the file."""
    units: dict[bytes, None] = {}
    with path.open("rb") as stream:
        for line in stream:
            if line.isascii():
                continue
            for field in _SEPARATORS.split(line):
                if not field.isascii():
                    units[_DIGIT.sub(b"0", field)] = None
            if len(units) >= _UNITS:
                break
    return list(units)


def _legacy(units: list[bytes], path: Path, name: str) -> str:
    ranked = _ranked(units)
    found = [reading for reading in ranked if _is_valid(path, reading[1])][:1]
    if not found:
        raise InputError(
            f"{name}: the encoding cannot be told; state it, for instance encoding: windows-1252."
        )
    score, best, text = found[0]
    for other_score, other, other_text in ranked:
        if other_text != text and score - other_score < _DECIDES and _is_valid(path, other):
            raise InputError(_undecided(path, name, best, other))
    return best


def _ranked(units: list[bytes]) -> list[tuple[float, str, str]]:
    """The encodings that units are valid in, the likeliest first: score, encoding, text.

    Encodings that are out of the question after some units are not scored on the others.
    """
    few = [(_score(units[:_FIRST_UNITS], candidate), candidate) for candidate in CANDIDATES]
    best = max((score for score, _ in few if score is not None), default=0.0)
    hopeful = [candidate for score, candidate in few if score is not None and score > best - _HOPELESS]
    scored = [(_score(units, candidate), candidate) for candidate in hopeful]
    ranked = [
        (score, candidate.encoding, b"\n".join(units).decode(candidate.encoding))
        for score, candidate in scored
        if score is not None
    ]
    return sorted(ranked, key=lambda reading: -reading[0])


def _score(units: list[bytes], candidate: Candidate) -> float | None:
    try:
        texts = [unit.decode(candidate.encoding) for unit in units]
    except UnicodeDecodeError:
        return None
    return candidate.prior + evidence(texts, candidate.kind)


def _is_valid(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _undecided(path: Path, name: str, first: str, second: str) -> str:
    number, one, other = _first_difference(path, first, second)
    return (
        f"{name}, line {number:,}: '{one}' if the file is in {encoding_name(first)}, '{other}' if it is in "
        f"{encoding_name(second)}, and nothing in it decides; state encoding: {first} or encoding: {second}."
    )


def _first_difference(path: Path, first: str, second: str) -> tuple[int, str, str]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            for field in [] if line.isascii() else _SEPARATORS.split(line):
                one, other = field.decode(first, "replace"), field.decode(second, "replace")
                if one != other:
                    return number, words.plain(one, 40), words.plain(other, 40)
    return 1, "", ""


def _first_broken_line(path: Path) -> int:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
