"""The encoding of a text file: found from its bytes, then turned into UTF-8.

The engine reads UTF-8. A file in another encoding, or with mixed line endings, is copied once.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import charset_normalizer

from customer_value.errors import InputError

__all__ = ["detect_encoding", "encoding_name", "known_encoding", "needs_copy", "utf8_copy"]

_CHUNK = 1 << 22
_SAMPLE = 1 << 16
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
    "cp932": "Shift JIS", "euc_jp": "EUC-JP", "euc_kr": "EUC-KR", "cp949": "EUC-KR", "cp850": "DOS 850",
    "mac_roman": "Mac Roman",
}  # fmt: skip
_WESTERN = "àâäáãåæçèéêëìíîïñòóôöõøùúûüýÿßœ¿¡€£°§²³«»–—’‘“”…®©™·ÄÖÜÉÈÀÇÑØÅÁÍÓÚÂÊÎÔÛÃÕÆŒª º"
_CENTRAL = "ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűŐŰăâîşţĂÂÎŞŢäöüÄÖÜßľĺŕĽđĐ€§–„”…"
_TURKISH = "ğışçöüİĞŞÇÖÜâîûé€–’"
_ODD = re.compile(
    "[a-zà-ÿ][À-Þ](?=[a-zà-ÿ])|[а-я][А-Я]"  # a capital inside a word
    "|[A-Za-z][Ά-ώА-я]|[Ά-ώА-я](?=[A-Za-z])"  # a word in two alphabets
    "|[À-ž]{3,}"  # accents without a plain letter between them
)
_COMMON = {
    "gb18030": lambda c: _pair(c, "gb2312", 0xB0, 0xD7) or c in "，。、（）：；！？￥“”《》—…·年月日",
    "euc_jp": lambda c: "ぁ" <= c <= "ヿ" or _pair(c, "euc_jp", 0xB0, 0xCF) or c in "、。「」（）・￥",
    "big5": lambda c: _pair(c, "big5", 0xA4, 0xC6) or c in "，。、（）：；！？＄「」",
    "cp932": lambda c: "ぁ" <= c <= "ヿ" or _pair(c, "cp932", 0x88, 0x97) or c in "、。「」（）・￥",
    "euc_kr": lambda c: "가" <= c <= "힣",
    "cp1252": _WESTERN.__contains__,
    "cp1250": _CENTRAL.__contains__,
    "cp1254": _TURKISH.__contains__,
    "cp1251": lambda c: "А" <= c <= "я" or c in "ёЁіїєґІЇЄҐ№«»–—",
    "koi8-r": lambda c: "А" <= c <= "я" or c in "ёЁ",
    "cp1253": lambda c: "Ά" <= c <= "ώ" or c in "€–«»",
    "cp850": "äöüÄÖÜßéèàçñÉáíóúâêîôû".__contains__,
    "mac_roman": "äöüÄÖÜßéèàçñÉáíóúâêîôû".__contains__,
}


def detect_encoding(path: Path, name: str) -> str:
    """Find the encoding of a text file.

    A byte order mark decides, else UTF-8 if the whole file is valid, else the encoding in which
    the characters beyond ASCII are most often common letters of a language that uses it.

    Raises
    ------
    InputError
        If the file holds NUL bytes or is UTF-8 with some lines in another encoding.
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
    return _legacy(_beyond_ascii(path), path, name)


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
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 3 + len(head) * 0.02 and even < odd / 10:
        return "utf-16-le"
    if even > 3 + len(head) * 0.02 and odd < even / 10:
        return "utf-16-be"
    raise InputError(_nul(name))


def _beyond_ascii(path: Path) -> bytes:
    """The first lines that hold bytes beyond ASCII."""
    kept: list[bytes] = []
    size = 0
    with path.open("rb") as stream:
        for line in stream:
            if not line.isascii():
                kept.append(line)
                size += len(line)
                if size > _SAMPLE:
                    break
    return b"".join(kept)


def _legacy(sample: bytes, path: Path, name: str) -> str:
    valid = sample.decode("utf-8", "replace")
    broken = valid.count("\ufffd")
    whole = sum(not c.isascii() for c in valid) - broken
    if whole >= 3 and whole > 3 * broken:
        raise InputError(
            f"{name}, line {_first_broken_line(path):,}: not valid UTF-8, though other lines are; "
            "mend the line or state the encoding."
        )
    scores = [(_score(sample, encoding), -rank, encoding) for rank, encoding in enumerate(_COMMON)]
    best, _, encoding = max(scores)
    if encoding == "gb18030" and _score(sample, "euc_kr") == best and len(_hangul(sample)) >= 8:
        return "euc_kr"  # all of it Hangul, which Chinese of any length would not be
    return encoding if best > 0.5 else _undecided(sample)


def _score(sample: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII that are common; 0 if the bytes are not valid."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    beyond = [c for c in text if not c.isascii()]
    if not beyond:
        return 0.0
    common = _COMMON[encoding]
    odd = sum(len(run) for run in _ODD.findall(text))
    return max(0.0, (sum(bool(common(c)) for c in beyond) - odd) / len(beyond))


def _undecided(sample: bytes) -> str:
    """For encodings that are seldom met: what a general detector thinks."""
    best = charset_normalizer.from_bytes(sample).best()
    return best.encoding if best is not None else "latin-1"


def _pair(character: str, encoding: str, low: int, high: int) -> bool:
    try:
        raw = character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return len(raw) == 2 and low <= raw[0] <= high


def _first_broken_line(path: Path) -> int:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _hangul(sample: bytes) -> set[str]:
    return {c for c in sample.decode("euc_kr") if not c.isascii()}
