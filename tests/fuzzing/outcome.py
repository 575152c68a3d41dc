"""What came of a seed, and where it is kept if something was wrong."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["Outcome", "kept"]


@dataclass(frozen=True)
class Outcome:
    """The complaints of a seed, none if all is well; ``what`` tells what the seed stands for."""

    seed: int
    what: str
    status: int
    complaints: tuple[str, ...]
    seconds: float = 0.0
    sentence: str = ""
    kept: str = ""


def kept(outcome: Outcome, root: Path, keep: Path, skipped: Sequence[int] = ()) -> Outcome:
    """Put a failing case where people find it, with the command that runs it again."""
    target = keep / f"seed-{outcome.seed}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(root, target, symlinks=True, ignore_dangling_symlinks=True)
    options = "".join(f" --skip {number}" for number in skipped)
    again = f"again: PYTHONPATH=tests python -m fuzzing --only {outcome.seed}{options}"
    text = "\n".join([outcome.what, *outcome.complaints, "", outcome.sentence, "", again, ""])
    (target / "AGAIN.txt").write_text(text, encoding="utf-8", errors="backslashreplace")
    return replace(outcome, kept=str(target))
