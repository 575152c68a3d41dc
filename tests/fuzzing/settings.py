"""Settings of the made-up company, and what may happen to them before they are YAML."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import yaml

from fuzzing.values import EDGES, HOSTILE, NUMBERS, hostile_names

__all__ = ["COLUMNS", "ON_TREES", "ON_YAML", "as_yaml"]

COLUMNS: dict[str, dict[str, str]] = {
    "orders": {"customer_id": "customer", "order_date": "date", "amount": "amount"},
    "customers": {
        "customer_id": "id", "name": "name", "industry": "industry", "acquired_on": "acquired",
        "annual_potential": "potential",
    },
    "contracts": {"customer_id": "customer", "started_on": "started", "ended_on": "ended", "value": "value"},
    "service_costs": {"customer_id": "customer", "date": "date", "activity": "activity", "cost": "cost"},
    "feedback": {
        "customer_id": "customer", "date": "date", "kind": "kind", "estimated_value": "worth",
        "resolved_on": "resolved",
    },
    "referrals": {"referrer_id": "by", "referred_id": "whom", "date": "date"},
    "survey": {
        "respondent_id": "who", "customer_id": "account", "date": "on", "item": "item", "score": "score",
    },
    "wide_survey": {"respondent_id": "who", "customer_id": "account", "date": "on"},
    "survey_items": {"reversed": "reversed", "missing_codes": "missing_codes", "words": "words"},
}  # fmt: skip
"""Which column of a table holds what."""

_CHOICES: dict[str, tuple[object, ...]] = {
    "as_of": ("2024-06-30", "9999-12-31", "0001-01-01"),
    "timezone": ("Europe/Berlin", "as written", "Mars/Olympus"), "margin_rate": (0.3, -0.5, 1),
    "title": HOSTILE, "currency": ("EUR", "none", "eur", "XXX", "EURO"),
    "engine": (
        {"memory_limit": "64MB"}, {"memory_limit": "0MB"}, {"memory_limit": "99999999999TB"},
        {"threads": 64}, "duckdb",
    ),
    "rfm": (
        {"policy": "policy.csv"}, {"policy": "missing.csv"}, {"window_months": 240}, {"weights": [0, 0, 0]},
    ),
    "clv": (
        {"calibration_end": "2023-12-31"}, {"calibration_end": "1900-01-01"}, {"covariates": ["industry"]},
        {"horizon_months": 600},
    ),
    "loyalty": ({"stated_share": "Q1"}, {"stated_share": "nothing"}),
    "satisfaction": ({"index_weights": {"Q4": 0}}, {"index_weights": {"Q9": 1}}),
    "report": ({"cell_timeout_seconds": 1}, {"cell_timeout_seconds": 10**30}),
    "reports": ([{"name": "north"}], [], "x"),
}  # fmt: skip
"""Sections at the top of the settings."""

_OF_ORDERS: dict[str, tuple[object, ...]] = {
    "dates": (
        "iso", "day-first", "month-first", "excel-serial", "mixed", "minguo", "buddhist", "reiwa",
        "%d.%m.%Y", "%Q", "%", "%%%s",
    ),
    "decimal": (".", ","), "separator": (";", "tab", "whitespace", "::", ""), "header": (True, False),
    "sheet": (1, 99, "all", "Sheet", 0),
    "encoding": ("utf-8", "cp1252", "utf-16", "latin-1", "utf-7", "base64", "no such", "gb18030"),
    "dr_cr": ("debit-positive",),
    "format": ("csv", "json", "parquet", "excel", "sqlite", "duckdb", "delta", "iceberg"),
    "table": ("orders", "none", "a.b.c", 'o"; x'), "returns": ("net", "drop", "error"),
    "drop_duplicates": (True, "across_files"), "one_order_is": ("day", "row"), "void_days": (0, 366),
    "order_number_days": (1,), "free_orders": ("count",), "join_spellings": (True,), "max_unread": (0, 1),
    "fill_down": ("customer", "none"), "amount_is": ("order_on_each_line", "order_on_first_line"),
    "rates": ({"USD": 0.9}, {"usd": 1}, {"EUR": 1e-300}),
    "exclude": (
        [{"column": "product", "is": "P1"}], [{"column": "none", "is": 1}],
        [{"column": "amount", "below": 100}], [{"column": "date", "starts_with": "2023"}],
    ),
    "credits": ([{"column": "product", "is": "P1"}],),
    "path_env": ("FUZZ_FILE", "FUZZ_UNSET", "HOME", "a=b"), "database_env": ("FUZZ_FILE",),
}  # fmt: skip
"""Keys of ``orders``."""

_MORE_COLUMNS = {
    "order_id": "order", "product_id": "product", "quantity": "quantity", "cost": "cost",
    "unit_price": "amount", "unit_cost": "cost", "margin": "cost", "list_price": "amount",
    "discount": "quantity", "currency": "product", "channel": "product", "refund": "cost", "deduct": "cost",
    "order_date": "customer", "customer_id": "date",
}  # fmt: skip

Tree = dict[str, Any]


def as_yaml(tree: Tree, dice: random.Random) -> str:
    """The settings as people write them, in block or in flow style."""
    style = dice.choice((None, None, False, True))
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, default_flow_style=style, width=200)


def more_columns(tree: Tree, dice: random.Random) -> None:
    if isinstance(tree.get("orders"), dict) and isinstance(tree["orders"].get("columns"), dict):
        names = dice.sample(list(_MORE_COLUMNS), dice.choice((1, 2, 4)))
        tree["orders"]["columns"] |= {name: _MORE_COLUMNS[name] for name in names}


def other_options(tree: Tree, dice: random.Random) -> None:
    if isinstance(tree.get("orders"), dict):
        for name in dice.sample(list(_OF_ORDERS), dice.choice((1, 1, 2, 3))):
            tree["orders"][name] = dice.choice(_OF_ORDERS[name])


def other_sections(tree: Tree, dice: random.Random) -> None:
    for name in dice.sample(list(_CHOICES), dice.choice((1, 2))):
        tree[name] = dice.choice(_CHOICES[name])


def odd_scalar(tree: Tree, dice: random.Random) -> None:
    where, key = dice.choice(_leaves(tree) or [(tree, "orders")])
    where[key] = dice.choice(
        (*HOSTILE, *NUMBERS, *EDGES, None, True, 0, -1, 1.5, 10**40, [], {}, [1], {"a": 1})
    )


def odd_name(tree: Tree, dice: random.Random) -> None:
    tables = [value for value in tree.values() if isinstance(value, dict) and "path" in value]
    if tables:
        name = dice.choice(hostile_names())
        dice.choice(tables)["path"] = dice.choice((name, name, [name, "orders.csv"], ["orders.csv"] * 2, []))


def lost_key(tree: Tree, dice: random.Random) -> None:
    where, key = dice.choice(_keys(tree) or [(tree, "")])
    where.pop(key, None)


def odd_key(tree: Tree, dice: random.Random) -> None:
    where, key = dice.choice(_keys(tree) or [(tree, "")])
    value = where.pop(key, None)
    where[
        dice.choice((f"{key}s", str(key).upper(), str(key)[:-1], *HOSTILE, 1, None, True, "2024-01-01"))
    ] = value


ON_TREES: dict[str, Callable[[Tree, random.Random], None]] = {
    function.__name__: function
    for function in (more_columns, other_options, other_sections, odd_scalar, odd_name, lost_key, odd_key)
}


def odd_indent(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(dice.choice((1, 1, 4))):
        place = dice.randrange(len(lines))
        lines[place] = dice.choice((" ", "\t", "    ", "")) + dice.choice(
            (lines[place], lines[place].lstrip())
        )
    return "\n".join(lines)


def aliases(text: str, dice: random.Random) -> str:
    """Anchors and aliases: one that doubles at each step, one that holds itself, merges."""
    rounds = dice.choice((3, 12, 40))
    doubling = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, rounds))
    merging = "b0: &b0 {x: 1}\n" + "".join(
        f"b{n}: &b{n} {{<<: [*b{n - 1}, *b{n - 1}]}}\n" for n in range(1, rounds)
    )
    maps = "c0: &c0 {x: 1}\n" + "".join(
        f"c{n}: &c{n} {{a: *c{n - 1}, b: *c{n - 1}}}\n" for n in range(1, rounds)
    )
    more = dice.choice(
        (
            doubling,
            merging,
            maps,
            "me: &me [*me]\n",
            "me: &me {a: *me}\n",
            "x: *nowhere\n",
            "<<: *x\n",
            "&a a: 1\n*a : 2\n",
        )
    )
    return more + text if dice.random() < 0.5 else text + more


def tags(text: str, dice: random.Random) -> str:
    tag = dice.choice((
        "!!python/object/apply:os.system ['id']", "!!binary '////'", "!!set {a, b}", "!!omap [a: 1]",
        "!!int x", "!!float x", "!!null x", "!own x", "!!timestamp 2024-99-99", "!!bool maybe",
        "!<tag:yaml.org,2002:str> x", "!!str", "!!map x", "!!seq {}", "!!pairs [a: 1]",
    ))  # fmt: skip
    place = [found for found in range(len(text)) if text.startswith(": ", found)]
    if not place:
        return f"x: {tag}\n{text}"
    at = dice.choice(place) + 2
    return text[:at] + tag + dice.choice(("", "\n")) + text[dice.choice((at, text.find("\n", at))) :]


def odd_document(text: str, dice: random.Random) -> str:
    return dice.choice((
        "---\n" + text, text + "---\n" + text, "%YAML 1.1\n---\n" + text, "%YAML 9.9\n---\n" + text,
        text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text, text + "\0",
        text + "\x85\u2028", "[" * 5000 + text, "- " * 5000 + text, "? " * 3000 + text,
        text + "\n" + "x: " * 50, "!!map\n" + text, "just words", "- a\n- b\n", "{}", "[]", "", "#\n",
        "null", text * 2, text + f"\n'{'k' * 300_000}': 1\n",
        text + "".join(f"k{n}: {n}\n" for n in range(5000)),
        "".join(" " * n + f"a{n}:\n" for n in range(1500)),
    ))  # fmt: skip


ON_YAML: dict[str, Callable[[str, random.Random], str]] = {
    function.__name__: function for function in (odd_indent, aliases, tags, odd_document)
}


def _keys(tree: object) -> list[tuple[Any, Any]]:
    """Every mapping with every key of it."""
    if isinstance(tree, dict):
        return [(tree, key) for key in tree] + [pair for value in tree.values() for pair in _keys(value)]
    return [pair for value in tree for pair in _keys(value)] if isinstance(tree, list) else []


def _leaves(tree: object) -> list[tuple[Any, Any]]:
    return [(where, key) for where, key in _keys(tree) if not isinstance(where[key], dict)]
