"""A trial reading of a workbook, in a process of its own because the reader may end the process.

`customer_value.sources.trials` runs this file as a script, without the packages of this library, so that it
starts in an instant. It prints a line of JSON when it is ready, when it begins with a sheet and when it has
read one.

On standard input, where nobody else sees the path, it is given one JSON object: ``packages`` (the folder that holds
python-calamine), ``path``, ``memory`` (bytes), ``seconds`` (of the processor), ``sheets`` (names and numbers from 1;
null for all).
"""

from __future__ import annotations

import collections
import json
import sys
from typing import Any


def main() -> None:
    """Read the sheets that are asked for and tell of each how it went."""
    order = json.load(sys.stdin)
    _limit(order["memory"], order["seconds"])
    sys.path.append(order["packages"])
    import python_calamine

    _tell(ready=True)
    try:
        book = python_calamine.CalamineWorkbook.from_path(order["path"])
    except BaseException as error:  # a panic of the reader is none of the usual exceptions
        _tell(sheet="", error=str(error)[:300])
        return
    for number, sheet in enumerate(book.sheets_metadata, 1):
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet and _is_wanted(
            order["sheets"], sheet.name, number
        ):
            _tell(sheet=sheet.name)
            try:
                read = book.get_sheet_by_name(sheet.name)
                collections.deque(read.iter_rows(), maxlen=0)
                _tell(sheet=sheet.name, rows=read.height)
            except BaseException as error:
                _tell(sheet=sheet.name, error=str(error)[:300])


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # a system without such limits
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))


def _is_wanted(wanted: list[str | int] | None, name: str, number: int) -> bool:
    return wanted is None or name in wanted or number in wanted


def _tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
