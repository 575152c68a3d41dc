"""Settings as YAML text with a comment for every guess; any column name is safe in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from customer_value import words
from customer_value.config import OPEN
from customer_value.guess.choice import Choice, Found, Question
from customer_value.guess.remarks import Currency, Exclusion
from customer_value.guess.yaml_text import commented, scalar

__all__ = ["FIELDS", "Draft", "commented", "scalar"]

FIELDS = (
    "customer_id", "order_date", "amount", "quantity", "unit_price", "order_id", "product_id", "cost", "unit_cost",
    "margin", "list_price", "discount", "deduct", "refund", "currency", "channel",
)  # fmt: skip


@dataclass
class Draft:
    """Settings in the making.

    Parameters
    ----------
    paths
        Of the files with orders, as they are to be written.
    source
        Key of ``orders`` that says how the files are read, to its value and a comment.
    fields
        Field to its column, or to what is asked.
    options
        Further keys of ``orders``: a value and a comment, or what is asked.
    offered
        Such keys that are written as comments only.
    currency
        The report's currency.
    timezone
        The time zone and a comment, if times carry an offset.
    excluded, suggested
        Rows to leave out; and rules that are written as comments only.
    asked, asked_credits
        Rules that a person has to decide on, with why: to leave rows out, or to count them as credits.
    credits
        Rows whose amounts count as negative.
    said
        What a reader should know first, such as which export was recognised.
    notes
        What is written below the settings, as comments.
    """

    paths: list[str]
    source: dict[str, tuple[Any, str]] = field(default_factory=dict)
    fields: dict[str, Found] = field(default_factory=dict)
    options: dict[str, tuple[Any, str] | Question] = field(default_factory=dict)
    offered: dict[str, tuple[Any, str]] = field(default_factory=dict)
    currency: Currency = field(default_factory=lambda: Currency("XXX", ""))
    timezone: tuple[str, str] | None = None
    excluded: list[Exclusion] = field(default_factory=list)
    asked: list[tuple[Exclusion, Question]] = field(default_factory=list)
    asked_credits: list[tuple[Exclusion, Question]] = field(default_factory=list)
    suggested: list[Exclusion] = field(default_factory=list)
    credits: list[Exclusion] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def questions(self) -> list[str]:
        """What a person has to decide, a sentence each without a full stop."""
        fields = [self.fields[role] for role in FIELDS if role in self.fields]
        found = [found.sentence for found in fields if isinstance(found, Question)]
        found += [option.sentence for option in self.options.values() if isinstance(option, Question)]
        found += [question.sentence for _, question in [*self.asked, *self.asked_credits]]
        if self.currency.others:
            codes = words.listing(sorted({self.currency.code, *self.currency.others}))
            found.append(
                f"amounts are in {codes} (column '{words.plain(self.currency.column or '', 40)}'), and their rates are "
                "not in the file"
            )
        return list(dict.fromkeys(found))

    def columns(self) -> dict[str, str]:
        """Field to column, of those that are decided."""
        return {role: found.column for role, found in self.fields.items() if isinstance(found, Choice)}

    def meanwhile(self) -> dict[str, str]:
        """Field to column, with the first option of what is asked."""
        asked = {role: found.meanwhile for role, found in self.fields.items() if isinstance(found, Question)}
        return self.columns() | {role: column for role, column in asked.items() if column}

    def text(self) -> str:
        """The settings."""
        lines = [f"# {words.plain(said, 400)}" for said in self.said]
        lines.append(commented(f"currency: {self.currency.code}", self.currency.reason))
        if self.timezone is not None:
            lines.append(commented(f"timezone: {scalar(self.timezone[0])}", self.timezone[1]))
        lines += ["", "orders:", *_paths(self.paths)]
        lines += [_option(key, value) for key, value in (self.source | self.options).items()]
        lines += [
            f"  # {key}: {scalar(value)}  # {words.plain(why, 400)}"
            for key, (value, why) in self.offered.items()
        ]
        lines += ["  columns:", *_columns(self.fields), *_rates(self.currency)]
        lines += _rules("credits", self.credits, self.asked_credits)
        lines += _rules("exclude", self.excluded, self.asked)
        lines += _suggestions(self.suggested, inside=bool(self.excluded or self.asked))
        lines += [f"# {words.plain(note, 400)}" for note in self.notes]
        return "\n".join(lines) + "\n"


def _paths(paths: Sequence[str]) -> list[str]:
    if len(paths) == 1:
        return [f"  path: {scalar(paths[0])}"]
    return ["  path:", *(f"    - {scalar(path)}" for path in paths)]


def _option(key: str, option: tuple[Any, str] | Question) -> str:
    if isinstance(option, Question):
        return commented(f"  {key}: {OPEN}", option.choices)
    return commented(f"  {key}: {scalar(option[0])}", option[1])


def _columns(fields: Mapping[str, Found]) -> list[str]:
    lines = []
    for name in FIELDS:
        found = fields.get(name)
        if isinstance(found, Question):
            lines.append(commented(f"    {name}: {OPEN}", found.choices))
        elif found is not None:
            lines.append(commented(f"    {name}: {scalar(found.column)}", found.reason))
    return lines


def _rates(currency: Currency) -> list[str]:
    if not currency.others:
        return []
    told = f"what one of it is worth in {currency.code}"
    return ["  rates:", *(f"    {code}: {OPEN}  # {told}, for instance 0.9" for code in currency.others)]


def _rules(key: str, rules: Sequence[Exclusion], asked: Sequence[tuple[Exclusion, Question]]) -> list[str]:
    if not rules and not asked:
        return []
    lines = [f"  {key}:"]
    lines += [commented(f"    - {_flow(rule, named=key == 'exclude')}", _counted(rule)) for rule in rules]
    for rule, question in asked:
        lines.append(
            commented(
                f"    - {OPEN}",
                f"one of: {_flow(rule, named=key == 'exclude')} ({question.hint}); or take this line away",
            )
        )
    return lines


def _suggestions(suggested: Sequence[Exclusion], *, inside: bool) -> list[str]:
    if not suggested:
        return []
    lines = ["  # To leave out more rows, take the '# ' in front of a line away:"]
    if not inside:
        lines.append("  # exclude:")
    return [*lines, *(f"  #   - {_flow(rule)}  # {_counted(rule)}" for rule in suggested)]


def _counted(rule: Exclusion) -> str:
    money = f", {rule.money:,.2f}" if rule.money is not None else ""
    told = f": {rule.told}" if rule.told else ""
    return f"{words.count(rule.rows, 'row')}{money}{told}"


def _flow(rule: Exclusion, *, named: bool = True) -> str:
    values = ", ".join(scalar(value) for value in rule.values)
    reason = f"reason: {scalar(rule.reason)}, " if named else ""
    more = ", no_order: true" if rule.no_order else ""
    return f"{{{reason}column: {scalar(rule.column)}, {rule.how}: [{values}]{more}}}"
