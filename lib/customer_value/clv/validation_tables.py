"""The checks on time kept back as tables and sentences for readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.clv.tracking import holdout_histogram
from customer_value.clv.validation import method
from customer_value.display import Prose, Table, written
from customer_value.text import NOTHING, Money, Share, Text, say, say_for

if TYPE_CHECKING:
    from customer_value.clv.analysis import LifetimeValue
    from customer_value.clv.validation import Holdout

__all__ = ["calibration_table", "coverage_table", "holdout_histogram_table", "holdout_notes", "season_table"]

NO_HOLDOUT = say(
    "There is no check on time kept back: either none was kept back, or too few customers had bought again "
    "before it."
)


def coverage_table(result: LifetimeValue) -> Table | Prose:
    """How often the intervals of the chosen model held what happened, for customers and for the total."""
    holdout = result.holdout
    if holdout is None:
        return Prose((NO_HOLDOUT,), kind="note")
    found = holdout.coverage
    shown = pd.DataFrame(
        {
            "Interval": [words.percent(level) for level in found["nominal"]],
            "Customers it held": found["covered"],
            "95% interval": [
                f"{words.percent(low)} to {words.percent(high)}"
                for low, high in zip(found["covered_low"], found["covered_high"], strict=True)
            ],
            "Verdict": found["verdict"],
            "Total from": found["total_low"],
            "Total to": found["total_high"],
            "Total inside": ["yes" if inside else "no" for inside in found["total_inside"]],
        }
    )
    caption = (
        f"Intervals of {holdout.label} on the {words.count(holdout.days, 'day')} kept back: "
        f"{words.count(holdout.customers, 'customer')}, {words.count(holdout.actual, 'purchase')}"
    )
    formats = {
        "Customers it held": lambda v: words.percent(v, 1),
        "Total from": words.count,
        "Total to": words.count,
    }
    return Table(shown, formats, caption)


def calibration_table(result: LifetimeValue) -> Table | Prose:
    """Predicted against actual purchases by tenths of the predictions, lowest first."""
    holdout = result.holdout
    if holdout is None:
        return Prose((NO_HOLDOUT,), kind="note")
    found = holdout.calibration
    inside = found["predicted"].between(found["actual_low"], found["actual_high"])
    part = group_name(holdout)
    shown = pd.DataFrame(
        {
            part.capitalize(): found["group"],
            "Customers": found["customers"],
            "Predicted": found["predicted"],
            "Actual": found["actual"],
            "95% interval of actual": [
                f"{words.decimal(low)} to {words.decimal(high)}"
                for low, high in zip(found["actual_low"], found["actual_high"], strict=True)
            ],
            "Prediction inside": ["yes" if held else "no" for held in inside],
        }
    )
    caption = (
        f"Purchases per customer in the {words.count(holdout.days, 'day')} kept back, by {part}s of the "
        f"predictions of {holdout.label}"
    )
    formats: dict[str, Callable[[Any], str]] = {
        "Customers": words.count,
        "Predicted": words.decimal,
        "Actual": words.decimal,
    }
    return Table(shown, formats, caption)


def holdout_histogram_table(result: LifetimeValue) -> Table | Prose:
    """Customers by purchases in the time kept back, actual against expected."""
    if result.holdout is None:
        return Prose((NO_HOLDOUT,), kind="note")
    found = holdout_histogram(result.holdout.forecast)
    shown = pd.DataFrame(
        {
            "Purchases": found["purchases"],
            "Customers": found["actual"],
            "Expected": found["expected"],
            "95% interval": [
                f"{words.count(low)} to {words.count(high)}"
                for low, high in zip(found["low"], found["high"], strict=True)
            ],
        }
    )
    caption = f"Customers by purchases in the time kept back, against {result.holdout.label}"
    return Table(shown, {"Customers": words.count, "Expected": words.count}, caption)


def season_table(result: LifetimeValue) -> Table | Prose:
    """Repeat purchases by month of the year against an average month, or why it cannot be told."""
    season = result.holdout.season if result.holdout else None
    if season is None or season.index.empty:
        told = season.evidence if season else say("Purchases by month are not known, or there are too few.")
        return Prose((told,), kind="note")
    shown = pd.DataFrame(
        {"Month": season.month_names, "Against an average month": season.index.to_numpy() - 1}
    )
    return Table(shown, {"Against an average month": words.percent}, written(season.evidence))


def group_name(holdout: Holdout) -> str:
    """What to call a group of the calibration table: "tenth", or "group" where there are fewer."""
    return "tenth" if holdout.groups == 10 else "group"


def holdout_notes(holdout: Holdout, currency: str) -> tuple[Text, ...]:
    """What a reader must know of the comparison: newcomers, season, intervals, models not tried."""
    notes = [_newcomers(holdout, currency), holdout.season_note, _intervals(holdout)]
    return (*(note for note in notes if note), *(_left_out(holdout)))


def _newcomers(holdout: Holdout, currency: str) -> Text:
    came = holdout.came
    if not came.customers:
        return NOTHING
    if came.revenue is None or came.known_revenue is None:
        return say_for(
            came.customers,
            "{n} customer came only in the time kept back; no model can foresee newcomers.",
            "{n} customers came only in the time kept back; no model can foresee newcomers.",
        )
    share = NOTHING if came.share is None else say(" ({share} of all)", share=Share(came.share))
    return say_for(
        came.customers,
        "{n} customer came only in the time kept back; no model can foresee newcomers. This one brought {brought} of "
        "revenue{share}, beside {known} from the customers known before.",
        "{n} customers came only in the time kept back; no model can foresee newcomers. They brought {brought} of "
        "revenue{share}, beside {known} from the customers known before.",
        brought=Money(came.revenue, currency),
        share=share,
        known=Money(came.known_revenue, currency),
    )


def _intervals(holdout: Holdout) -> Text:
    found = holdout.coverage.set_index("nominal")
    row = found.loc[0.95]
    if row["verdict"] == "holds":
        return NOTHING
    held = Share(float(row["covered"]), 1)
    if row["verdict"] == "too narrow":
        return say(
            "Intervals meant to hold 95% of customers held {held}: they are too narrow here. Read the intervals of "
            "single customers as wider than printed.",
            held=held,
        )
    return say(
        "Intervals meant to hold 95% of customers held {held}: they are wider than needed here.", held=held
    )


def _left_out(holdout: Holdout) -> list[Text]:
    return [
        say("{model} was not compared. {reason}", model=method(name), reason=reason)
        for name, reason in holdout.left_out.items()
    ]
