"""Small surveys and customer tables, for tests of the loyalty matrix."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from customer_value import loyalty

AS_OF = dt.date(2024, 12, 31)
ITEMS = pd.DataFrame(
    {
        "item": ["own_quality", "own_service", "rival_quality", "rival_service"],
        "construct": "preference",
        "aspect": "attitude",
        "attribute": ["quality", "service"] * 2,
        "target": ["own", "own", "Rival", "Rival"],
        "scale_min": 1,
        "scale_max": 5,
        "missing_codes": "0",
    }
)


def customers(frequency: list[int | None], revenue: list[float] | None = None) -> pd.DataFrame:
    n = len(frequency)
    return pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(n)],
            "first_order": pd.Timestamp("2023-01-01"),
            "last_order": pd.Timestamp("2024-06-30"),
            "net_revenue": revenue or [100.0 * (i + 1) for i in range(n)],
            "frequency": pd.array(frequency, dtype="Int64"),
            "T": 730,
        }
    )


def survey(*scores: tuple[int, int, int, int], people: int = 1) -> pd.DataFrame:
    """One account C0, C1, … per row of answers to the four items."""
    rows = [
        (f"R{i}.{person}", f"C{i}", item, score)
        for i, row in enumerate(scores)
        for person in range(people)
        for item, score in zip(ITEMS["item"], row, strict=True)
    ]
    return pd.DataFrame(rows, columns=["respondent_id", "customer_id", "item", "score"])


def place(base: pd.DataFrame, answers: pd.DataFrame | None = None, **more: object) -> loyalty.LoyaltyMatrix:
    items = None if answers is None else more.pop("items", ITEMS)
    return loyalty.matrix(base, answers, items, as_of=AS_OF, currency="EUR", **more)


def cell_of(result: loyalty.LoyaltyMatrix) -> dict[str, str]:
    return dict(zip(result.customers["customer_id"], result.customers["cell"], strict=True))


PREFERS, LEVEL, DISLIKES = (5, 5, 3, 3), (3, 3, 3, 3), (2, 2, 4, 4)


def wallet(potential: list[float | None]) -> dict[str, pd.DataFrame]:
    ids = [f"C{i}" for i in range(len(potential))]
    months = pd.DataFrame(
        {"customer_id": ids * 2, "month": ["2024-01-01"] * len(ids) + ["2023-12-01"] * len(ids)}
    )
    file = pd.DataFrame(
        {"customer_id": ids, "name": [f"Name {i}" for i in ids], "annual_potential": potential}
    )
    return {
        "customer_file": file,
        "customer_months": months.assign(month=pd.to_datetime(months["month"]), net_revenue=60.0),
    }


def show_title(chart, result) -> str:
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    try:
        return chart(result, ax).get_title(loc="left") or ax.get_title()
    finally:
        plt.close(figure)
