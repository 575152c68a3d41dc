"""The look of every figure: colours, fonts, number formats."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import seaborn as sns
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from customer_value import words

__all__ = [
    "ACCENT",
    "GREY",
    "INK",
    "LIGHT",
    "PALETTE",
    "WARN",
    "applied",
    "describe",
    "label",
    "money_axis",
    "percent_axis",
]

INK = "#1f2a37"
ACCENT = "#1d5f8a"
WARN = "#b4431f"
GREY = "#8a94a0"
LIGHT = "#d7dee6"
PALETTE = ("#1d5f8a", "#d9822b", "#3f8f5f", "#8a5a9e", "#b4431f", "#5f6b7a", "#c9a227", "#4aa3b5")
"""Categories in order; told apart by people with the common kinds of colour blindness in pairs
of neighbours, and never the only carrier of meaning."""

_WIDE_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC")


@contextmanager
def applied() -> Iterator[None]:
    """The workbook's style for the figures drawn inside the block."""
    settings = {
        **sns.axes_style("whitegrid"),
        "axes.edgecolor": GREY,
        "axes.grid": True,
        "axes.labelcolor": INK,
        "axes.prop_cycle": cycler(color=PALETTE),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlecolor": INK,
        "axes.titley": 1.0,  # where it is anyway; looking for room costs a fifth of the time of a chart
        "figure.facecolor": "white",
        "font.family": [*_installed_wide_fonts()],
        "font.size": 10,
        "grid.color": LIGHT,
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "text.parse_math": False,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)  # a fallback font without a bold face is no news to a reader
    try:
        with mpl.rc_context(settings):
            yield
    finally:
        fonts.setLevel(level)


def label(text: object, most: int = 28) -> str:
    """Text from a customer's data, fit for a figure: one line, cut, undrawable glyphs as a box.

    The tables keep the full text.
    """
    line = words.plain(text, most=most)
    return "".join(c if ord(c) < 0x2000 or _drawable(c) else "□" for c in line)


def describe(ax: Axes, text: str) -> Axes:
    """Give the figure of an axes its text alternative and return the axes.

    Every plot function calls this with what a reader would see, numbers included.
    """
    ax.figure.set_label(text)
    return ax


def percent_axis(ax: Axes, which: str = "y") -> None:
    """Write an axis of fractions as percentages."""
    _format(ax, which, lambda value, _: f"{value * 100:.0f}%")


def money_axis(ax: Axes, currency: str, which: str = "y") -> None:
    """Write an axis of money in short form, with the currency."""
    _format(ax, which, lambda value, _: words.short_money(value, currency))


def _format(ax: Axes, which: str, write: Callable[[float, int], str]) -> None:
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(write))


def _installed_wide_fonts() -> list[str]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _WIDE_FONTS if name in installed)]


def _drawable(character: str) -> bool:
    for family in _installed_wide_fonts():
        path = font_manager.findfont(family)
        if ord(character) in font_manager.get_font(path).get_charmap():
            return True
    return False
