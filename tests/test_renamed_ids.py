"""What customers are called changes the order of rows and no figure."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from customer_value import clv, data_load, load_data, loyalty, pareto, rfm, satisfaction
from customer_value.simulate import simulate_company, write_company

IDS = ["customer_id", "parent_id", "referrer_id", "referred_id", "respondent_id"]
WHO = {*IDS, "group", "head_id", "name"}
ANALYSES = (
    data_load.overview_of, pareto.concentration_of, rfm.rfm_of, clv.lifetime_value_of, loyalty.matrix_of,
    satisfaction.satisfaction_of,
)  # fmt: skip


def figures(folder: Path) -> dict[str, object]:
    """All facts of a company, and its tables without who is meant."""
    workbook, found = load_data(folder / "company.yml"), {}
    for analysis in ANALYSES:
        workbook.record(result := analysis(workbook))
        found |= result.facts
    for path in sorted((workbook.folder / "tables").glob("*.parquet")):
        table = pd.read_parquet(path)
        table = table.drop(columns=[name for name in table if name in WHO])
        found[path.stem] = table.sort_values(list(table.columns)).to_csv(index=False).splitlines()
    return json.loads(json.dumps(found))


def renamed(folder: Path, to: Path) -> Path:
    """A copy with the same ids, each given to another."""
    to.mkdir()
    tables = {path: pd.read_csv(path, dtype=str, keep_default_na=False) for path in folder.glob("*.csv")}
    for column in (IDS[:4], IDS[4:]):
        ids = sorted(
            {name for table in tables.values() for c in column if c in table for name in table[c]} - {""}
        )
        new = dict(zip(ids, np.random.default_rng(3).permutation(ids), strict=True)) | {"": ""}
        for table in tables.values():
            own = [c for c in column if c in table]
            table[own] = table[own].apply(lambda names, new=new: names.map(new))
    for path, table in tables.items():
        table.to_csv(to / path.name, index=False)
    (to / "company.yml").write_bytes((folder / "company.yml").read_bytes())
    return to


def test_ids_that_are_renamed_change_no_figure(tmp_path: Path) -> None:
    write_company(simulate_company(seed=5, accounts=60), tmp_path / "before")
    before, after = figures(tmp_path / "before"), figures(renamed(tmp_path / "before", tmp_path / "after"))
    assert len(before) > 100
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}
