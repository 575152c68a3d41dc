"""``python -m customer_value.simulate FOLDER``: write the sample company into a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from customer_value.simulate import SEED, cdnow_source, simulate_company, write_cdnow, write_company


def main(arguments: list[str] | None = None) -> int:
    """Write the files that the command line asks for and name them."""
    options = _parser().parse_args(arguments)
    written = write_company(simulate_company(options.seed, options.accounts), options.folder)
    if options.cdnow:
        source = cdnow_source()
        if source is None:
            print(
                "The package lifetimes is not installed; the CDNOW sample was left as it is.", file=sys.stderr
            )
        else:
            written.append(write_cdnow(source, options.folder / "cdnow"))
    for path in written:
        print(path)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m customer_value.simulate",
        description="Simulate the sample company and write its files and its truth into a folder.",
    )
    parser.add_argument("folder", type=Path, help="where to write; made if it does not exist")
    parser.add_argument(
        "--seed", type=_at_least(0), default=SEED, help=f"of the random numbers (default {SEED})"
    )
    parser.add_argument(
        "--accounts", type=_at_least(1), default=1_200, help="how many accounts (default 1200)"
    )
    parser.add_argument(
        "--cdnow",
        action="store_true",
        help="also write cdnow/orders.csv from the file inside the installed package lifetimes",
    )
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"needs a whole number of at least {least}, not {text!r}")
        return int(text)

    return read


if __name__ == "__main__":
    sys.exit(main())
