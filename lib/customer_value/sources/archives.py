"""A zip that holds one file is read as that file."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from customer_value import words
from customer_value.errors import InputError, MachineError
from customer_value.sources.files import BY_SUFFIX, Found, refuse_bomb, write_unpacked
from customer_value.sources.source import Reading

__all__ = ["unzipped"]

_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_OFFICE = {"[Content_Types].xml", "mimetype"}
_NO_DATA = {"thumbs.db", "desktop.ini"}
_ENCRYPTED = 0x1


def unzipped(file: Found, scratch: Path, number: int) -> tuple[Found, tuple[Reading, ...]]:
    """The file that a zip holds, copied to a folder; any other file as it is.

    Workbooks, which are zips themselves, are left alone.

    Parameters
    ----------
    file
        The file.
    scratch
        Folder for the copy.
    number
        Position of the file, which names the copy.

    Raises
    ------
    InputError
        If the zip has a password, holds no file, or several.
    MachineError
        If its file is too large for the disk.
    """
    with file.path.open("rb") as stream:
        if not stream.read(4).startswith(_MARKS) or BY_SUFFIX.get(file.path.suffix.lower()) == "excel":
            return file, ()
    try:
        with zipfile.ZipFile(file.path) as archive:
            if _OFFICE & set(archive.namelist()):
                return file, ()
            member = _only_member(archive, file, shutil.disk_usage(scratch).free)
            target = scratch / f"unzipped-{number}{_suffixes(member.filename)}"
            with archive.open(member) as packed, target.open("wb") as plain:
                write_unpacked(file, packed, plain, member.compress_size)
    except zipfile.BadZipFile:
        if BY_SUFFIX.get(file.path.suffix.lower()) == "excel":
            return file, ()
        raise
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{file.name} cannot be unpacked ({words.first_line(str(error))}); zip it again."
        ) from None
    name = words.plain(PurePosixPath(member.filename).name, 60)
    return Found(target, file.name), (Reading("file in the zip", name, declared=False),)


def _only_member(archive: zipfile.ZipFile, file: Found, room: int) -> zipfile.ZipInfo:
    held = [member for member in archive.infolist() if _is_data(member)]
    if not held:
        raise InputError(f"{file.name} is empty: it holds no file.")
    if len(held) > 1:
        listed = words.listing([f"'{words.plain(member.filename, 60)}'" for member in held], most=6)
        raise InputError(
            f"{file.name} holds several files: {listed}; unpack it and name in path those that are meant."
        )
    member = held[0]
    if member.flag_bits & _ENCRYPTED:
        raise InputError(f"{file.name} has a password; unpack it first.")
    refuse_bomb(file, member.file_size, member.compress_size)
    if member.file_size > room:
        raise MachineError(
            f"{file.name} unpacks to {member.file_size / 1e6:,.1f} MB, more than the disk has room for; make "
            "room on it, or choose another one by --output or the variable TMPDIR."
        )
    return member


def _is_data(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = path.name.startswith(".") or path.name.lower() in _NO_DATA
    return not member.is_dir() and not hidden and "__MACOSX" not in path.parts


def _suffixes(name: str) -> str:
    """The ending of a name, with that of what it is packed with; nothing that could lead elsewhere."""
    path = PurePosixPath(name.lower())
    packed = path.suffix if path.suffix == ".gz" else ""
    inner = PurePosixPath(path.stem).suffix if packed else path.suffix
    known = inner if inner.removeprefix(".").isalnum() and inner.isascii() else ""
    return known + packed
