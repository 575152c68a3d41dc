"""From a seed to a case: a folder with input, something odd in it, and the command that meets it."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fuzzing.grids import BASES, ENDINGS, Dialect, packed, written
from fuzzing.mutations import ON_BYTES, ON_GRIDS, ON_MEMBERS, ON_TEXT, PLAIN
from fuzzing.settings import COLUMNS, ON_TREES, ON_YAML, as_yaml

__all__ = ["SECRET", "Case", "build", "case_of"]

SECRET = "s3cr3t-place"
"""The folder of the file that `path_env` names: it may not be printed."""

FORMATS = ("csv", "csv", "csv", "json", "jsonl", "parquet", "xlsx", "xls", "sqlite", "duckdb")
_ZIPPED = ("xlsx",)
_COMPANIONS = ("customers", "contracts", "service_costs", "feedback", "referrals")


@dataclass(frozen=True)
class Case:
    """What a seed stands for; ``steps`` are the mutations in their order, each with dice of its own.

    ``command`` is check, init or report; ``table`` is what is mutated, ``format`` and ``pack`` how it is written.
    """

    seed: int
    command: str
    table: str
    format: str
    pack: str
    steps: tuple[str, ...]
    with_tables: tuple[str, ...]
    also_reduced: bool

    def without(self, number: int) -> Case:
        """The same with one step left out; the dice of the others stay."""
        steps = tuple("" if place == number else step for place, step in enumerate(self.steps))
        return Case(**{**asdict(self), "steps": steps})

    def told(self) -> str:
        """The case in a line."""
        where = " ".join(part for part in (self.command, self.table, self.format, self.pack) if part)
        return f"{where}; {', '.join(step for step in self.steps if step) or 'nothing changed'}"

    def dice(self, what: object) -> random.Random:
        """Dice that depend on nothing but the seed and what they are for."""
        return random.Random(f"{self.seed} {what}")


def case_of(seed: int) -> Case:
    """The case of a seed."""
    dice = random.Random(f"{seed} case")
    what = dice.choices(("orders", "companion", "survey", "settings", "policy"), (55, 10, 15, 17, 3))[0]
    kind, pack = "csv", ""
    if what == "orders":
        kind = dice.choice(FORMATS)
        pack = dice.choice(
            ("", "", "gz", "zip") if kind in ("csv", "json", "jsonl") else ("",) * 9 + ("gz", "zip")
        )
    elif what == "survey":
        kind = dice.choice(("csv", "csv", "xlsx", "parquet"))
    table = {
        "companion": dice.choice(_COMPANIONS),
        "survey": dice.choice(("survey", "wide_survey", "survey_items", "yaml_items")),
        "settings": "orders",
    }.get(what, what)
    kind = "csv" if table == "yaml_items" else kind
    command = "check"
    if what in ("orders", "survey") and table != "yaml_items" and dice.random() < 0.25:
        command = "init"
    elif dice.random() < 0.005:
        command = "report"
    steps = [] if what != "settings" else _settings_steps(dice)
    if not steps:
        steps = _file_steps(dice, table, kind, pack)
        if dice.random() < 0.3:
            steps.append(f"tree {dice.choice(('more_columns', 'other_options', 'other_sections'))}")
    companions = tuple(dice.sample(_COMPANIONS, dice.choice((0, 0, 1, 2))))
    return Case(seed, command, table, kind, pack, tuple(steps), companions, dice.random() < 0.35)


def _settings_steps(dice: random.Random) -> list[str]:
    count = dice.choice((1, 1, 2, 3))
    names = [f"tree {name}" for name in ON_TREES] + [f"yaml {name}" for name in (*ON_YAML, *ON_TEXT)]
    return [dice.choice([*names, f"settings {dice.choice(list(ON_BYTES))}"]) for _ in range(count)]


def _file_steps(dice: random.Random, table: str, kind: str, pack: str) -> list[str]:
    of_grids = [f"grid {name}" for name in ON_GRIDS if name != "odd_type" or kind in ("parquet", "sqlite")]
    of_text = [f"text {name}" for name in ON_TEXT] if kind in ("csv", "json", "jsonl") else []
    of_bytes = [f"bytes {name}" for name in ON_BYTES]
    of_members = [f"member {name}" for name in ON_MEMBERS] if kind in _ZIPPED else []
    if table == "yaml_items":
        of_grids, of_members = [], []
        of_text += [f"text {name}" for name in ON_YAML]
    groups = [group for group in (*[of_grids] * 4, of_text, of_bytes, of_members, of_members) if group]
    groups += [of_bytes] * 2 if not of_text else []
    groups += [["grid odd_type"]] * (3 if kind == "parquet" else kind == "sqlite")
    steps = [dice.choice(dice.choice(groups)) for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3)))]
    order = ("grid", "text", "bytes", "member")
    steps.sort(key=lambda step: order.index(step.split()[0]))
    packs = [f"packed {name}" for name in ON_BYTES]
    packs += [f"zipped {name}" for name in ON_MEMBERS] * 2 if pack == "zip" else []
    return [*steps, dice.choice(packs)] if dice.random() < (0.4 if pack else 0.05) else steps


def build(case: Case, root: Path) -> None:
    """Write the folders of a case: ``in``, ``home``, ``tmp``, ``cwd``, and ``notes`` with what is expected."""
    for name in ("in", SECRET, "home", "tmp", "cwd"):
        (root / name).mkdir(parents=True)
    tree = _written_tables(case, root)
    expected = _expected(case, root, tree)
    for number, step in _of(case, "tree"):
        ON_TREES[step](tree, case.dice(number))
    text = as_yaml(tree, case.dice("yaml"))
    for number, step in _of(case, "yaml"):
        text = (ON_YAML | ON_TEXT)[step](text, case.dice(number))
    content = bytearray(text.encode("utf-8", "surrogatepass"))
    for number, step in _of(case, "settings"):
        ON_BYTES[step](content, case.dice(number))
    (root / "in" / "my.yml").write_bytes(content)
    (root / "notes").mkdir(exist_ok=True)
    (root / "notes" / "case.json").write_text(json.dumps(asdict(case) | expected, indent=1))


def _written_tables(case: Case, root: Path) -> dict[str, Any]:
    """Write all tables, the mutated one among them, and give settings that fit them."""
    tree: dict[str, Any] = {"currency": "EUR"}
    of_survey = case.table in ("survey", "wide_survey", "survey_items", "yaml_items")
    tables = {case.table, "orders", *case.with_tables} if not of_survey else {case.table}
    if of_survey:
        tables |= {"survey_items"} if case.table in ("survey", "wide_survey") else {"survey"}
    for table in sorted(tables):
        kind = case.format if table == case.table else "csv"
        name, dialect = _written_table(case, table, kind, table == case.table, root)
        key = {"wide_survey": "survey", "yaml_items": "survey_items"}.get(table, table)
        if table == "policy":
            tree["rfm"] = {"policy": name}
            continue
        tree[key] = {"path": name} | ({"table": "orders"} if kind in ("sqlite", "duckdb") else {})
        if table in COLUMNS:
            tree[key]["columns"] = copy.deepcopy(COLUMNS[table])
        if table == "wide_survey":
            tree[key]["layout"] = "wide"
        if table == "orders" and case.dice("stated").random() < 0.5 and kind == "csv":
            separator = {"\t": "tab"}.get(dialect.separator, dialect.separator)
            tree[key] |= {"separator": separator, "header": True, "encoding": dialect.encoding}
    if "orders" in tree and case.command == "check" and case.dice("secret").random() < 0.1:
        name = tree["orders"].pop("path")
        (root / "in" / name).rename(root / SECRET / name)
        tree["orders"] = {"path_env": "FUZZ_FILE"} | tree["orders"]
    return tree


def _written_table(case: Case, table: str, kind: str, mutated: bool, root: Path) -> tuple[str, Dialect]:
    dice = case.dice(f"table {table}")
    dialect = Dialect()
    if table == "orders":
        encodings = ("utf-8", "utf-8", "cp1252", "utf-16", "utf-8-sig")
        newline = dice.choice(("\n", "\n", "\r\n"))
        dialect = Dialect(dice.choice(",,,;\t|"), dice.choice(encodings), newline, dice.choice((0, 0, 1)))
    if table == "yaml_items":
        content, name = _codebook_yaml().encode(), "items.yml"
    else:
        grid = BASES[table](dice)
        if kind == "parquet":
            grid.types = {place: "date" for place, name in enumerate(grid.headings) if name == "date"}
            grid.types |= {place: "decimal" for place, name in enumerate(grid.headings) if name == "amount"}
        for number, step in _of(case, "grid") if mutated else ():
            ON_GRIDS[step](grid, case.dice(number))
        if dialect.encoding == "cp1252":
            grid.rows = [
                [cell.encode("cp1252", "replace").decode("cp1252") for cell in row] for row in grid.rows
            ]
            grid.headings = [cell.encode("cp1252", "replace").decode("cp1252") for cell in grid.headings]
        content, name = written(grid, kind, dialect, case.dice("written")), f"{table}{ENDINGS[kind]}"
    if mutated:
        for number, step in _of(case, "text"):
            encoding = dialect.encoding if kind == "csv" else "utf-8"
            text = content.decode(encoding, "replace")
            content = (ON_TEXT | ON_YAML)[step](text, case.dice(number)).encode(encoding, "replace")
        content = _damaged(case, content, "bytes")
        for number, step in _of(case, "member"):
            content = ON_MEMBERS[step](content, case.dice(number))
        content, name = packed(content, case.pack, name)
        for number, step in _of(case, "zipped"):
            content = ON_MEMBERS[step](content, case.dice(number))
        content = _damaged(case, content, "packed")
    (root / "in" / name).write_bytes(content)
    return name, dialect


def _damaged(case: Case, content: bytes, stage: str) -> bytes:
    changed = bytearray(content)
    for number, step in _of(case, stage):
        ON_BYTES[step](changed, case.dice(number))
    return bytes(changed)


def _of(case: Case, stage: str) -> list[tuple[int, str]]:
    """The steps of a stage, each with its number."""
    parts = [(number, *step.split()) for number, step in enumerate(case.steps) if step]
    return [(number, name) for number, kind, name in parts if kind == stage]


def _codebook_yaml() -> str:
    aspects = ("expected", "perceived", "perceived", "overall", "attitude")
    return "".join(
        f"Q{n}:\n  construct: service\n  aspect: {aspect}\n  scale_min: 1\n  scale_max: 5\n  missing_codes: [-99, NO]\n"
        for n, aspect in enumerate(aspects, 1)
    )


def _expected(case: Case, root: Path, tree: dict[str, Any]) -> dict[str, Any]:
    """What a plain reader can tell: whether rows of the orders' CSV may be counted, and how it is written."""
    steps = [step for step in case.steps if step]
    plain = (case.table, case.format, case.pack) == ("orders", "csv", "") and "separator" in tree["orders"]
    if not plain or any(step.removeprefix("grid ") not in PLAIN for step in steps):
        return {"plain": None}
    place = "in" if "path" in tree["orders"] else SECRET
    orders = tree["orders"]
    separator = {"tab": "\t"}.get(orders["separator"], orders["separator"])
    told = {"file": f"{place}/orders.csv", "separator": separator, "encoding": orders["encoding"]}
    return {"plain": told}
