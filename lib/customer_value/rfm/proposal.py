"""Fixed cut-offs for a base that is too small for quantiles, as round numbers to paste into settings."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from customer_value.rfm.scores import DIMENSIONS

__all__ = ["proposed_cutoffs"]

_DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730, 1095, 1460, 1825, 2555, 3650)
_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def proposed_cutoffs(steps: pd.DataFrame) -> Mapping[str, tuple[float, ...]]:
    """Four rising round numbers near the quantiles of each dimension.

    Parameters
    ----------
    steps
        Realised cut-offs (`customer_value.rfm.cutoffs`).

    Returns
    -------
    dict
        recency: most days for scores 5, 4, 3, 2; frequency and monetary: least orders and money for
        scores 2, 3, 4, 5. Where equal values leave scores empty, the gaps are filled with the next
        round numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> steps = pd.DataFrame({"dimension": "recency", "score": [5, 4, 3, 2, 1],
    ...                       "lowest": [0, 33, 95, 170, 400], "highest": [28, 88, 160, 350, 900]})
    >>> proposed_cutoffs(steps)
    {'recency': (30, 90, 180, 365)}
    """
    present = [name for name in DIMENSIONS if (steps["dimension"] == name).any()]
    return {name: _rising(_bounds(steps, name) or _half(steps, name), name) for name in present}


def _bounds(steps: pd.DataFrame, name: str) -> list[float]:
    """The limits that are realised, from low values to high."""
    own = steps[(steps["dimension"] == name) & (steps["customers"] > 0)] if "customers" in steps else steps
    own = own[own["dimension"] == name].sort_values("lowest")
    column = own["highest"].iloc[:-1] if name == "recency" else own["lowest"].iloc[1:]
    return [float(value) for value in column]


def _half(steps: pd.DataFrame, name: str) -> list[float]:
    """Where all have the same value, half of it to begin with."""
    highest = steps.loc[steps["dimension"] == name, "highest"].max()
    return [float(highest) / 2] if highest > 0 else []


def _rising(bounds: list[float], name: str) -> tuple[float, ...]:
    found = sorted({_round(bound, name) for bound in bounds if bound > 0 or name == "recency"})
    if not found:
        found = [_round(1.0, name)]
    while len(found) < 4:
        found.append(_next(found[-1], name))
    return tuple(found[:4])


def _round(value: float, name: str) -> float:
    if name == "recency":
        return min(_DAYS, key=lambda days: (abs(math.log(days / max(value, 1.0))), days))
    if name == "frequency":
        return max(2, round(value)) if value < 10 else int(_nearest(value))
    return _nearest(value)


def _nearest(value: float) -> float:
    """The closest number of one or two digits and zeros, a hundredth at least: nobody pays less."""
    value = max(value, 0.01)
    scale = 10 ** math.floor(math.log10(value))
    number = min((*_STEPS, 10.0), key=lambda step: (abs(step - value / scale), step)) * scale
    return int(number) if number == int(number) else round(number, 6)


def _next(value: float, name: str) -> float:
    if name == "recency":
        later = [days for days in _DAYS if days > value]
        return later[0] if later else int(value) * 2
    return int(value) + 1 if name == "frequency" and value < 5 else _nearest(value * 2)
