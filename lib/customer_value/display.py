"""How results look in a notebook: prose, tables and pictures, each with a plain-text form.

Every object here shows as escaped HTML in JupyterLab and in reports and as plain text elsewhere.
Text that came from a customer's data is therefore always text, never markup.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.text import ENGLISH, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Picture", "Prose", "Table", "show", "written"]

DOTS_PER_INCH = 130
_MARGIN = 0.4
"""Around a figure, in heights of its text."""


@dataclass(frozen=True)
class Prose:
    """Sentences written from a result.

    Parameters
    ----------
    parts
        One sentence or paragraph each, as plain text or not written yet.
    kind
        ``"text"`` for paragraphs, ``"list"`` for bullet points, ``"note"`` for a marked remark,
        ``"warning"`` for one that must not be missed.

    Examples
    --------
    >>> Prose(("A & B bought <nothing>.",))
    A & B bought <nothing>.
    """

    parts: tuple[Text | str, ...]
    kind: str = "text"

    def __repr__(self) -> str:
        bullet = "- " if self.kind == "list" else ""
        return "\n".join(f"{bullet}{written(part)}" for part in self.parts)

    def _repr_html_(self) -> str:
        safe = [html.escape(written(part)) for part in self.parts]
        if self.kind == "list":
            inner = "".join(f"<li>{part}</li>" for part in safe)
            return f'<ul class="cv-list">{inner}</ul>'
        inner = "".join(f"<p>{part}</p>" for part in safe)
        return f'<div class="cv-{self.kind}">{inner}</div>'


@dataclass(frozen=True)
class Table:
    """A table for reading: formatted numbers, a caption, text escaped.

    Parameters
    ----------
    frame
        What to show; its columns become headings as they are.
    formats
        Column name to a function that writes one value (for instance ``words.percent``).
        Missing values show as a dash.
    caption
        What the table says and in which unit.
    most
        Longest number of rows shown; the caption says how many there are in all.

    Examples
    --------
    >>> Table(pd.DataFrame({"share": [0.5]}), {"share": words.percent}, "Half of it")
    Half of it
    share
      50%
    """

    frame: pd.DataFrame
    formats: Mapping[str, Callable[[Any], str]] | None = None
    caption: str = ""
    most: int = 30

    def text(self) -> pd.DataFrame:
        """The shown rows with every value written out as text."""
        shown = self.frame.head(self.most)
        formats = self.formats or {}
        columns = {
            str(name): [_written(value, formats.get(str(name), _default)) for value in shown[name]]
            for name in shown.columns
        }
        return pd.DataFrame(columns, dtype=object)

    def full_caption(self) -> str:
        """The caption, with the number of rows left out if there are any."""
        left = len(self.frame) - self.most
        if left <= 0:
            return self.caption
        return f"{self.caption} (first {self.most} of {words.count(len(self.frame))} rows)".strip()

    def __repr__(self) -> str:
        body = self.text().to_string(index=False) if len(self.frame) else "(no rows)"
        return "\n".join(part for part in (self.full_caption(), body) if part)

    def _repr_html_(self) -> str:
        text = self.text()
        numeric = [pd.api.types.is_numeric_dtype(self.frame[c]) for c in self.frame.columns]
        sides = [' class="cv-number"' if is_number else "" for is_number in numeric]
        head = "".join(
            f'<th scope="col"{side}>{html.escape(c)}</th>'
            for c, side in zip(text.columns, sides, strict=True)
        )
        rows = "".join(
            "<tr>"
            + "".join(f"<td{s}>{html.escape(v)}</td>" for v, s in zip(row, sides, strict=True))
            + "</tr>"
            for row in text.itertuples(index=False)
        )
        caption = f"<caption>{html.escape(self.full_caption())}</caption>" if self.caption else ""
        return (
            '<div class="cv-table tex2jax_ignore"><table>'
            f"{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


@dataclass(frozen=True)
class Picture:
    """A drawn figure as PNG with its text alternative."""

    png: bytes
    alt: str
    width: int

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, object]]]:
        image = base64.b64encode(self.png).decode("ascii")
        data = {"text/plain": self.alt, "image/png": image}
        return data, {"image/png": {"alt": self.alt, "width": self.width}}


def show(
    plot: Callable[..., Axes],
    result: object,
    *,
    size: tuple[float, float] = (8.0, 4.5),
    **options: Any,
) -> Picture | Prose:
    """Draw one chart of a result; where the data do not allow it, the reason in words.

    Parameters
    ----------
    plot
        A function of `customer_value.plots` that takes a result and an axes.
    result
        The result to draw.
    size
        Width and height in inches.
    **options
        Passed on to the plot function.

    Returns
    -------
    Picture
        The figure as PNG with its text alternative, or a `Prose` note that says why there is none.

    Raises
    ------
    ValueError
        If the plot function gave the figure no text alternative.
    """
    # here, so that what draws nothing does not wait for it
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import TightLayoutEngine

    from customer_value.plots import style

    with style.applied():
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout=TightLayoutEngine(pad=_MARGIN))
        canvas = FigureCanvasAgg(figure)
        try:
            plot(result, figure.subplots(), **options)
        except NotEnoughData as reason:
            return Prose((str(reason),), kind="note")
        alt = str(figure.get_label())
        if not alt:
            raise ValueError(f"{plot.__name__} draws a figure without a text alternative")
        buffer = io.BytesIO()
        canvas.print_png(  # type: ignore[no-untyped-call]
            buffer, metadata={"Software": None}, pil_kwargs={"compress_level": 3}
        )
    return Picture(buffer.getvalue(), alt, round(size[0] * 96))


def written(sentence: Text | str) -> str:
    """A sentence in English; pages whose sentences are not data yet hold them as they are read."""
    return ENGLISH.read(sentence) if isinstance(sentence, Text) else sentence


def _written(value: object, write: Callable[[Any], str]) -> str:
    missing = value is None or value is pd.NA or value is pd.NaT
    if missing or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return write(value)


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return words.decimal(value)
    if pd.api.types.is_integer(value):
        return f"{value:,}"
    if hasattr(value, "date") and callable(value.date):
        return str(value.date())
    return words.plain(value, most=120)
