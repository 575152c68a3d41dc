"""Runs: made once, found again, made anew when something changes; tables that spreadsheets cannot execute."""

import json
from pathlib import Path

import pandas as pd
import pytest

from customer_value import tables
from customer_value.engines import local_engine
from customer_value.errors import ConfigError, InputError
from customer_value.settings import EngineSettings
from customer_value.workbook import RUN_VARIABLE, load_data, open_workbook

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-5",
    "@SUM(A1)",
    "<script>x</script>",
    "../../etc",
    "\t=1",
    "😀 ‏עברית",
    'a"b,c',
]


def test_a_run_is_made_once_and_again_when_an_input_changes(desk):
    desk.orders("a,2024-01-01,1.00")
    first = open_workbook(desk.config)
    assert open_workbook(desk.config).folder == first.folder
    desk.orders("a,2024-01-01,2.50")
    second = open_workbook(desk.config)
    assert second.folder != first.folder
    assert second.frame("customers")["net_revenue"].sum() == 2.5


def test_a_wrong_input_leaves_nothing_in_the_cache(desk, own_cache):
    before = set(own_cache.iterdir())
    desk.orders("a,someday,1.00")
    with pytest.raises(InputError):
        open_workbook(desk.config)
    assert set(own_cache.iterdir()) == before


def test_in_a_report_the_run_folder_is_stated(desk, tmp_path, monkeypatch):
    desk.orders("a,2024-01-01,1.00")
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path / "run"))
    with pytest.raises(InputError, match="run 01_data_load first"):
        open_workbook(desk.config)
    assert load_data(desk.config).folder == tmp_path / "run"
    assert open_workbook(desk.config).as_of.isoformat() == "2024-01-01"
    assert not (tmp_path / "run" / "_run" / "scratch").exists()


def test_an_unknown_table_or_option_is_named(desk):
    workbook = open_workbook(desk.orders("a,2024-01-01,1.00").config)
    with pytest.raises(InputError, match="no table 'custmers' here; there are customer_months, customers"):
        workbook.table("custmers")
    with pytest.raises(ConfigError, match="top_share"):
        workbook.options("pareto", top_share=7)
    assert workbook.options("pareto", top_share=None).top_share == 0.2


def test_two_runs_of_the_same_input_are_byte_identical(desk, tmp_path):
    desk.orders(
        *[f"{c},2024-{m:02d}-{d:02d},{d}.{m:02d}" for c in "abcdef" for m in range(1, 13) for d in (3, 17)]
    )
    runs = []
    for name in ("one", "two"):
        run = desk.run().rename(tmp_path / name)
        runs.append({p.relative_to(run): p.read_bytes() for p in sorted(run.rglob("*")) if p.is_file()})
    assert runs[0] == runs[1]


def test_hostile_text_is_data_in_parquet_and_never_a_formula_in_csv(desk, tmp_path):
    frame = pd.DataFrame({"customer_id": HOSTILE, "net_revenue": range(len(HOSTILE))})
    tables.write_table(tmp_path, "names", frame)
    assert list(pd.read_parquet(tmp_path / "tables" / "names.parquet")["customer_id"]) == HOSTILE
    written = list(pd.read_csv(tmp_path / "tables" / "names.csv", dtype=str)["customer_id"])
    assert [text for text in written if text.lstrip()[0] in "=+-@"] == ["+1", "-5"]
    assert written[4] == HOSTILE[4]


def test_hostile_ids_survive_the_whole_way(desk):
    quoted = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    run = desk.orders(*[f"{name},2024-01-0{n % 3 + 1},1.00" for n, name in enumerate(quoted)]).run()
    kept = set(pd.read_parquet(run / "tables" / "customers.parquet")["customer_id"])
    assert kept == {name.strip() for name in HOSTILE}


def test_facts_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(ValueError, match="finite"):
        tables.write_json(tmp_path / "x.json", {"a": float("nan")})


def test_the_run_says_where_its_data_came_from(desk):
    desk.file("customers.csv", "id,name\na,Acme\n")
    desk.settings(
        desk.config.read_text()
        + "customers:\n  path: customers.csv\n  columns: {customer_id: id, name: name}\n"
    )
    run = desk.orders("a,2024-01-01,1.00").run()
    provenance = json.loads((run / "provenance.json").read_text())
    assert [entry["file"] for entry in provenance["inputs"]] == ["orders.csv", "customers.csv"]
    assert all(len(entry["sha256"]) == 64 for entry in provenance["inputs"])
    assert provenance["rows_read"] == {"customers": 1, "orders": 1}
    assert str(desk.folder) not in (run / "provenance.json").read_text()


def test_engines_of_notebooks_side_by_side_do_not_share_their_files(tmp_path):
    engines = [local_engine(EngineSettings(), tmp_path) for _ in range(2)]
    folders = {con.raw_sql("SELECT current_setting('temp_directory')").fetchone()[0] for con in engines}
    assert len(folders) == 2
    assert all(Path(folder).parent == tmp_path for folder in folders)


def test_the_memory_limit_of_the_settings_holds(tmp_path):
    con = local_engine(EngineSettings(memory_limit="512 MiB", threads=1), tmp_path)
    read = "SELECT current_setting('memory_limit'), current_setting('threads')"
    assert con.raw_sql(read).fetchone() == ("512.0 MiB", 1)
