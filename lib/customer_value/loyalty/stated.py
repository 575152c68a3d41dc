"""The share of its purchases that a respondent says it makes here: repeat purchase in its own words.

Without orders nobody's purchases are known, but a questionnaire may ask "What share of your purchases in this
category do you make with us?". Then the answer is the axis of repeat purchase, and the matrix can be drawn from the
survey alone. What people say about their purchases is less sure than an order history, and the result says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from customer_value.loyalty.repeat_purchase import STATED_SHARE, RepeatPurchase
from customer_value.survey import SurveyScores
from customer_value.text import Name, say

__all__ = ["respondents_as_customers", "stated_purchases", "stated_shares"]


def respondents_as_customers(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers in which every respondent is a customer of its own, if the survey names no accounts."""
    if "customer_id" in answers.columns and answers["customer_id"].notna().any():
        return answers
    return answers.assign(customer_id=answers["respondent_id"])


def stated_shares(survey: SurveyScores, item: str) -> pd.DataFrame:
    """Per account and wave the stated share: the mean of its respondents by their weights.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``wave``, ``share`` (0 to 1).
    """
    rows = survey.scores[(survey.scores["item"] == item) & survey.scores["customer_id"].notna()]
    rows = rows[rows["weight"] > 0]
    rows = rows.assign(part=rows["score"] * rows["weight"])
    sums = rows.groupby(["customer_id", "wave"], as_index=False)[["part", "weight"]].sum()
    return sums.assign(share=(sums["part"] / sums["weight"]).round(12))[["customer_id", "wave", "share"]]


def stated_purchases(
    buyers: pd.DataFrame, shares: pd.DataFrame, item: str, cut: float, *, with_orders: bool
) -> RepeatPurchase:
    """Repeat purchase as the respondents state it, from the latest wave in which they did.

    Parameters
    ----------
    buyers
        ``customer_id``.
    shares
        As `stated_shares` returns it.
    item
        That was asked.
    cut
        Above it a share is high.
    with_orders
        Whether there is an order history beside it.
    """
    latest = shares.sort_values(["customer_id", "wave"]).drop_duplicates("customer_id", keep="last")
    values = buyers[["customer_id"]].merge(latest[["customer_id", "share"]], on="customer_id", how="left")
    values = values.rename(columns={"share": "repeat_purchase"}).assign(
        year_revenue=np.nan, annual_potential=np.nan
    )
    definition = say(
        "Repeat purchase is the share of purchases in the category that respondents say they make here (item {item}), "
        "{why}. It is what people say, not what was measured.",
        item=Name(item),
        why=say("as the settings ask") if with_orders else say("because there are no orders"),
    )
    return RepeatPurchase(
        values.astype({"repeat_purchase": float}),
        STATED_SHARE,
        cut,
        "Stated share of purchases made here",
        definition,
        (),
    )
