"""Layouts of known exports as they stand in YAML files, one in each document of a file."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from customer_value import words
from customer_value.errors import ConfigError
from customer_value.settings import CurrencyCode, OrderColumns
from customer_value.yaml_file import all_as_text, read_bounded

__all__ = ["Layout", "Status", "Words", "heading_key", "known_layouts", "load_layout"]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], Field(min_length=1), BeforeValidator(_as_list)]
"""A name, or several of which any will do, the best first."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(_Strict):
    """What the words of a column mean.

    Either ``only`` these words are sales, all others being left out for one ``reason``; or ``sale`` and, by the reason
    on the ledger, ``no_sale``. A word that is in neither is looked up among the words of states.
    """

    column: Names
    sale: list[str] = []
    no_sale: dict[Annotated[str, Field(max_length=60)], list[str]] = {}
    no_order: list[str] = Field(
        [], description="reasons of rows that are no orders at all, such as transfers"
    )
    only: list[str] = []
    reason: str = Field("not won", max_length=60)


class Words(_Strict):
    """Rows by the values of a column."""

    column: Names
    is_: list[str] = Field([], alias="is")
    starts_with: list[str] = []
    reason: str = Field("credit", min_length=1, max_length=60)
    no_order: bool = False


class Layout(_Strict):
    """One kind of export.

    Attributes
    ----------
    name, export
        The program and what it exports.
    headings
        All of these must be there; of a list any one.
    columns
        Field of ``orders.columns`` to its column; of several the first that its values bear out.
    deduct
        Column of the amount to the column with money off that it still holds.
    why
        Field to a comment for the draft.
    amount_is
        As in the settings.
    dates
        How dates are written, where that is not seen; of several the first by which all can be read.
    timezone
        For times that carry an offset.
    currency
        Where the export is in one only.
    status, credits, exclude
        What words of columns mean.
    remarks
        What a reader of the draft should know.
    """

    name: str = Field(min_length=1, max_length=60)
    export: str = "orders"
    headings: Annotated[list[Names], Field(min_length=2)]
    columns: dict[str, Names]
    deduct: dict[str, str] = {}
    why: dict[str, str] = {}
    amount_is: Literal["row", "order_on_each_line", "order_on_first_line"] = "row"
    dates: Annotated[list[str], BeforeValidator(_as_list)] = []
    timezone: str | None = None
    currency: CurrencyCode | None = None
    status: list[Status] = []
    credits: list[Words] = []
    exclude: list[Words] = []
    remarks: list[str] = []

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        for key in (*self.columns, *self.why):
            if key not in OrderColumns.model_fields:
                raise ValueError(f"'{key}' is no field of orders.columns")
        return self

    @property
    def told(self) -> str:
        """The layout in words."""
        return f"{self.name} ({self.export})"


@cache
def known_layouts() -> tuple[Layout, ...]:
    """The layouts of the package, in the order of their files."""
    folder = resources.files("customer_value.guess") / "layouts"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yml")), key=lambda file: file.name
    )
    return tuple(layout for file in files for layout in _read(file.read_bytes(), file.name))


def load_layout(path: Path) -> tuple[Layout, ...]:
    """The layouts of a YAML file of the user, one in each of its documents (parted by ``---``).

    Raises
    ------
    ConfigError
        If it cannot be read, is not YAML, or holds a key or value that is not allowed; in one sentence.
    """
    try:
        content = read_bounded(Path(path))
    except OSError as error:
        raise ConfigError(f"{Path(path).name} cannot be read: {error.strerror}.") from None
    found = _read(content, Path(path).name)
    if not found:
        raise ConfigError(f"{Path(path).name}: holds no layout; it needs name, headings and columns.")
    return found


def heading_key(name: str) -> str:
    """A heading without capitals and needless blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _read(content: bytes, name: str) -> tuple[Layout, ...]:
    found = []
    for document in filter(None, all_as_text(content, name)):
        try:
            found.append(Layout.model_validate(document))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            said = str(first["msg"]).removeprefix("Value error, ")
            raise ConfigError(f"{name}: {words.plain(f'{place}: {said}' if place else said, 200)}.") from None
    return tuple(found)
