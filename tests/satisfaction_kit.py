"""Small surveys that tests of satisfaction and delivered value share."""

from __future__ import annotations

import pandas as pd

from customer_value import satisfaction
from customer_value.satisfaction.panel import Panel, panels_of
from customer_value.survey import score_answers
from text_kit import said


def codebook(**items: str) -> pd.DataFrame:
    """Items from short texts: "construct aspect attribute component target low high scale", "-" for none."""
    names = ["construct", "aspect", "attribute", "component", "target", "scale_min", "scale_max", "scale"]
    rows = [[None if part == "-" else part for part in text.split()] for text in items.values()]
    table = pd.DataFrame(rows, columns=names).astype({"scale_min": float, "scale_max": float})
    table.insert(0, "item", list(items))
    return table


def answers(items: pd.DataFrame, *rows: tuple[float | None, ...], **more: object) -> pd.DataFrame:
    """One respondent (and account) per row of scores, in the order of the codebook."""
    told = [
        (f"R{i:03d}", f"C{i:03d}", item, score)
        for i, row in enumerate(rows)
        for item, score in zip(items["item"], row, strict=True)
    ]
    return pd.DataFrame(told, columns=["respondent_id", "customer_id", "item", "score"]).assign(**more)


def panel(items: pd.DataFrame, *rows: tuple[float | None, ...]) -> Panel:
    return panels_of(score_answers(answers(items, *rows), items))[0]


def measure(
    items: pd.DataFrame, *rows: tuple[float | None, ...], **more: object
) -> satisfaction.Satisfaction:
    return satisfaction.satisfaction_and_value(answers(items, *rows), items, **more)


def words_of(result: satisfaction.Satisfaction) -> str:
    """Everything that a result says."""
    parts = [said(result.findings), said(result.next_steps), said(result.warnings)]
    shown = [
        "scores",
        "groups",
        "waves",
        "gaps",
        "importance",
        "weights",
        "competitors",
        "complaints",
        "money",
    ]
    parts += [repr(getattr(result, f"{name}_table")) for name in shown]
    parts += [repr(part) for part in (result.mend_first, result.about_complaints, result.what_if)]
    return "\n".join(parts)
