"""Which files an input table means, what kind they are, and their fingerprints."""

from __future__ import annotations

import difflib
import fnmatch
import gzip
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO

from customer_value import words
from customer_value.errors import InputError
from customer_value.secrecy import secret
from customer_value.settings import TableSource
from customer_value.sources.source import SourceFile

__all__ = [
    "BY_SUFFIX",
    "Found",
    "at_home",
    "beside",
    "find_files",
    "fingerprint",
    "format_of",
    "refuse_bomb",
    "sql_text",
    "unchanged",
    "unpacked",
    "write_unpacked",
]

BY_SUFFIX = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".tab": "csv", ".dat": "csv", ".asc": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "excel",
    ".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db3": "sqlite",
    ".duckdb": "duckdb", ".ddb": "duckdb",
}  # fmt: skip
"""The kind of a file by the ending of its name."""
_WEB_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta|style)\b",
    re.IGNORECASE | re.DOTALL,
)
_WILD = r"[*?\[]"
_LARGE, _MOST_TIMES = 1 << 26, 200
_LOGS = ("-wal", "-journal", ".wal")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Found:
    """A file that was found, and the name under which it is shown."""

    path: Path
    name: str


def find_files(table: str, spec: TableSource, base: Path) -> list[Found]:
    """The files of an input table.

    Parameters
    ----------
    table
        Name of the input table, for messages.
    spec
        Its settings; patterns are relative to `base`.
    base
        Folder of the settings file.

    Returns
    -------
    list of Found
        In the order of the settings, files of one pattern sorted by name, none twice.

    Raises
    ------
    InputError
        If a file is missing, a pattern matches nothing, or the environment variable is not set.
    """
    found: dict[Path, Found] = {}
    for pattern in _patterns(table, spec, base):
        shown = f"${spec.path_env}" if spec.path_env else _shown(pattern)
        try:
            for path, name in _matches(table, pattern, shown, spec.path_env is not None, base):
                found.setdefault(path.resolve(), Found(path, name))
        except OSError as error:
            raise InputError(f"{words.plain(shown)} cannot be read: {error.strerror}.") from None
    return _told_apart(list(found.values()))


def at_home(path: Path) -> Path:
    """The path with the home for ``~`` alone; other names that begin so are those of files."""
    return path.expanduser() if path.parts[:1] == ("~",) else path


def fingerprint(file: Found) -> SourceFile:
    """Hash and size of a file."""
    with file.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return SourceFile(file.name, digest, file.path.stat().st_size)


@contextmanager
def unchanged(files: Sequence[Found]) -> Iterator[None]:
    """Refuse what was read inside the block if a file changed meanwhile: passes would not agree.

    Raises
    ------
    InputError
        At the end of the block, or in place of the error that reading such a file led to.
    """
    before = [_stamp(file) for file in files]
    try:
        yield
    except Exception as error:
        _require_same(files, before, error)
        raise
    _require_same(files, before)


def beside(file: Found) -> list[Path]:
    """The logs of changes that a database keeps beside its file, as far as something stands in them."""
    with suppress(OSError, RuntimeError):
        path = file.path.resolve()
        logs = [path.with_name(f"{path.name}{ending}") for ending in _LOGS]
        return [log for log in logs if log.is_file() and log.stat().st_size]
    return []


def format_of(file: Found, spec: TableSource) -> str:
    """The kind of a file: as declared, or by its first bytes, or by the ending of its name.

    Raises
    ------
    InputError
        If the file is empty or its kind cannot be told.
    """
    with file.path.open("rb") as stream:
        head = stream.read(256)
    if not head:
        raise InputError(f"{file.name} is empty.")
    if spec.format is not None:
        return spec.format
    if _WEB_PAGE.match(head):
        raise InputError(
            f"{file.name} is a web page (HTML), whatever its name; open it in a spreadsheet and save it as .xlsx "
            "or .csv."
        )
    by_content = _by_content(head)
    if by_content is not None:
        return by_content
    suffix = PurePath(file.path.name.lower().removesuffix(".gz")).suffix
    kind = BY_SUFFIX.get(suffix, "csv" if suffix == "" else None)
    if kind in ("csv", "json"):
        return kind
    if kind is None:
        raise InputError(
            f"{file.name}: the ending '{suffix}' is not one of a known kind; "
            "state format: csv, json, parquet, excel, sqlite or duckdb."
        )
    raise InputError(f"{file.name} is named like {kind} but is not one; if it is text, state format: csv.")


def unpacked(file: Found, scratch: Path, number: int) -> Path:
    """The path of a file's plain content: itself, or a copy without gzip compression."""
    with file.path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return file.path
    target = scratch / f"unpacked-{number}"
    with gzip.open(file.path, "rb") as packed, target.open("wb") as plain:
        write_unpacked(file, packed, plain, file.path.stat().st_size)
    return target


def write_unpacked(file: Found, packed: IO[bytes] | gzip.GzipFile, plain: IO[bytes], size: int) -> None:
    """Copy what unpacks from ``size`` bytes, as long as it is no bomb.

    Raises
    ------
    InputError
        As `refuse_bomb`.
    """
    written = 0
    while chunk := packed.read(1 << 20):
        written += len(chunk)
        refuse_bomb(file, written, size)
        plain.write(chunk)


def refuse_bomb(file: Found, unpacked: int, packed: int) -> None:
    """Refuse what unpacks to many times its size, as no table of a company does.

    Raises
    ------
    InputError
        If it is large and unpacks to more than 200 times its size.
    """
    if unpacked > _LARGE and unpacked > _MOST_TIMES * packed:
        raise InputError(
            f"{file.name} unpacks to more than {_MOST_TIMES} times its size, as no table does; if it is meant so, "
            "unpack it yourself."
        )


def sql_text(text: object) -> str:
    """Text as a literal of SQL.

    >>> sql_text("O'Hara")
    "'O''Hara'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def _patterns(table: str, spec: TableSource, base: Path) -> list[str]:
    if spec.path_env is None:
        return list(spec.path or [])
    value = secret(spec.path_env, base)
    if not value:
        raise InputError(f"{table}.path_env: the environment variable {spec.path_env} is not set.")
    if "://" in value:
        raise InputError(
            f"{table}.path_env: {spec.path_env} holds the address of a server; "
            "write database_env instead of path_env, and table."
        )
    return [value]


def _matches(table: str, pattern: str, shown: str, hidden: bool, base: Path) -> list[tuple[Path, str]]:
    path = at_home(Path(pattern)) if pattern.startswith("~/") else Path(pattern)
    whole = path if path.is_absolute() else base / path
    key = f"{table}.path_env" if hidden else f"{table}.path"
    many = re.search(_WILD, pattern) is not None
    try:
        mode = _mode(whole)
        hits = _glob(path, base) if mode is None and many else []
    except (OSError, ValueError) as error:
        what = f"{'what matches ' if many else ''}{words.plain(shown, 80)}"
        reason = error.strerror if isinstance(error, OSError) else "no path holds such characters"
        raise InputError(f"{key}: {what} cannot be read: {reason}.") from None
    if mode is None and not hits:
        raise InputError(_nothing_found(table, pattern, shown, hidden, whole))
    folder = PurePath(pattern).parent
    found = [(hit, shown if hidden else _shown(str(folder / hit.name), hit, base)) for hit in hits]
    for each, name in found or [(whole, shown)]:
        _refuse_unless_file(key, each, name)
    return found or [(whole, shown)]


def _mode(path: Path) -> int | None:
    """What the system says that a path is; None if nothing is there."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _refuse_unless_file(key: str, path: Path, shown: str) -> None:
    """Refuse what cannot be read twice from its beginning, or has a name that no library takes."""
    mode = _mode(path) or 0
    if stat.S_ISDIR(mode):
        raise InputError(f"{key}: {shown} is a folder; name the files, for instance {shown}/*.csv.")
    if not stat.S_ISREG(mode):
        raise InputError(f"{key}: {shown} is a pipe or device; save what it gives as a file.")
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = os.fsencode(shown).decode("utf-8", "backslashreplace")
        raise InputError(
            f"{key}: the path of {words.plain(name)} is not valid UTF-8; rename the file, or the folder it is in."
        ) from None


def _glob(path: Path, base: Path) -> list[Path]:
    """The files of a pattern, and no folder left out because it may not be read."""
    root = Path(path.anchor) if path.is_absolute() else base
    parts = path.relative_to(path.anchor).parts if path.is_absolute() else path.parts
    hits = dict.fromkeys(_matching(root, parts))
    return sorted(hit for hit in hits if not hit.name.startswith((".", "~$")))


def _matching(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """What is no folder below a folder, along the parts of a pattern; ``**`` follows no link."""
    mode = _mode(folder)
    if not parts:
        if mode is not None and not stat.S_ISDIR(mode):
            yield folder
    elif mode is None or not stat.S_ISDIR(mode):
        return
    elif parts[0] == "**":
        yield from _matching(folder, parts[1:])
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                yield from _matching(folder / entry.name, parts)
    elif not re.search(_WILD, parts[0]) or (len(parts) > 1 and _mode(folder / parts[0]) is not None):
        yield from _matching(folder / parts[0], parts[1:])  # a folder may be called data[1]
    else:
        for entry in _entries(folder):
            if fnmatch.fnmatch(entry.name, parts[0]):
                yield from _matching(folder / entry.name, parts[1:])


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _shown(pattern: str, hit: Path | None = None, base: Path | None = None) -> str:
    """The name as written; of an absolute path only the last part."""
    path = PurePath(pattern)
    if path.is_absolute() or pattern.startswith("~/"):
        return path.name
    if hit is not None and base is not None and hit.is_relative_to(base):
        return hit.relative_to(base).as_posix()
    return path.as_posix()


def _nothing_found(table: str, pattern: str, shown: str, hidden: bool, whole: Path) -> str:
    if hidden:
        return f"{table}.path_env: the file that {shown} names does not exist."
    near: list[str] = []
    with suppress(OSError):
        names = sorted(entry.name for entry in _entries(whole.parent) if entry.is_file())
        near = difflib.get_close_matches(whole.name, names, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'?" if near else "paths are relative to the folder of the settings file."
    what = "no file matches" if re.search(_WILD, pattern) else "there is no file"
    return f"{table}.path: {what} '{words.plain(shown, 120)}'; {hint}"


def _told_apart(files: list[Found]) -> list[Found]:
    names = [file.name for file in files]
    result = []
    for number, file in enumerate(files, 1):
        twice = names.count(file.name) > 1
        label = f"{file.name} (file {number})" if twice else file.name
        result.append(Found(file.path, label))
    return result


def _stamp(file: Found) -> tuple[int, ...]:
    """What changes when a file, or the log of a database beside it, is written to, replaced or removed."""
    try:
        found = [path.stat() for path in (file.path, *beside(file))]
    except OSError:
        return ()
    return tuple(mark for one in found for mark in (one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns))


def _require_same(
    files: Sequence[Found], before: Sequence[tuple[int, ...]], cause: Exception | None = None
) -> None:
    changed = [file.name for file, stamp in zip(files, before, strict=True) if _stamp(file) != stamp]
    if changed:
        raise InputError(
            f"{words.listing(changed, most=3)} changed while being read, so nothing was made of it; "
            "run again when nobody writes to it."
        ) from cause


def _by_content(head: bytes) -> str | None:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith((b"PK\x03\x04", _OLD_OFFICE)):
        return "excel"
    if re.match(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"', head):
        return "json"
    return None
