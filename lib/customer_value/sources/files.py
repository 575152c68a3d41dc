"""Which files an input table means, what kind they are, and their fingerprints."""

from __future__ import annotations

import difflib
import gzip
import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

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
    "sql_text",
    "unchanged",
    "unpacked",
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
    try:
        with gzip.open(file.path, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (EOFError, gzip.BadGzipFile, OSError):
        raise InputError(f"{file.name} is damaged: it cannot be unpacked with gzip.") from None
    return target


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
    if whole.is_file():
        return [(whole, shown)]
    if whole.is_dir():
        key = "path_env" if hidden else "path"
        raise InputError(f"{table}.{key}: {shown} is a folder; name the files, for instance {shown}/*.csv.")
    hits = _glob(path, base) if re.search(r"[*?\[]", pattern) else []
    if not hits:
        raise InputError(_nothing_found(table, pattern, shown, hidden, whole))
    folder = PurePath(pattern).parent
    return [(hit, shown if hidden else _shown(str(folder / hit.name), hit, base)) for hit in hits]


def _glob(path: Path, base: Path) -> list[Path]:
    root = Path(path.anchor) if path.is_absolute() else base
    parts = path.relative_to(path.anchor) if path.is_absolute() else path
    while len(parts.parts) > 1 and (root / parts.parts[0]).is_dir():  # such a folder may be called data[1]
        root, parts = root / parts.parts[0], Path(*parts.parts[1:])
    return sorted(
        hit for hit in root.glob(str(parts)) if hit.is_file() and not hit.name.startswith((".", "~$"))
    )


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
    if whole.parent.is_dir():
        names = sorted(entry.name for entry in whole.parent.iterdir() if entry.is_file())
        near = difflib.get_close_matches(whole.name, names, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'?" if near else "paths are relative to the folder of the settings file."
    what = "no file matches" if re.search(r"[*?\[]", pattern) else "there is no file"
    return f"{table}.path: {what} '{shown}'; {hint}"


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
