"""Surveys without orders, one respondent per row, and codebooks as YAML."""

import datetime as dt
import itertools
import json

import pandas as pd
import pytest

from customer_value import data_load, plots
from customer_value.display import Prose, show
from customer_value.errors import ConfigError, InputError
from customer_value.workbook import open_workbook
from text_kit import said

LONG = """\
survey:
  path: answers.csv
  columns: {respondent_id: who, customer_id: account, date: on, item: item, score: score}
survey_items:
  path: items.csv
"""
WIDE = """\
survey:
  path: answers.csv
  layout: wide
  columns: {respondent_id: who, customer_id: account, date: on}
survey_items:
  path: items.csv
"""
ITEMS = """\
item,construct,aspect,scale_min,scale_max,reversed,missing_codes
Q1,service,perceived,1,5,no,-99;None
Q2,service,perceived,1,5,ja,-99
Q3,price,overall,1,5,,0
"""
ROWS = [
    ("r1", "a", "2024-03-01", (4, 2, 5)),
    ("r2", "b", "2024-03-02", ("None", -99, 0)),
    ("r3", "b", "2024-03-05", ("", 1, 3)),
    ("r4", "", "2024-03-04", (5, 5, 5)),
]


def wide(desk, header="who,account,on,Q1,Q2,Q3", rows=ROWS):
    lines = [",".join([*map(str, row[:3]), *map(str, row[3])]) for row in rows]
    return (
        desk.settings(WIDE).file("answers.csv", "\n".join([header, *lines]) + "\n").file("items.csv", ITEMS)
    )


def long(desk):
    lines = [
        f"{who},{account},{day},Q{n},{score}"
        for who, account, day, scores in ROWS
        for n, score in enumerate(scores, 1)
    ]
    desk.settings(LONG).file("answers.csv", "\n".join(["who,account,on,item,score", *lines]) + "\n")
    return desk.file("items.csv", ITEMS)


def answers_of(run):
    return pd.read_parquet(run / "tables" / "survey_answers.parquet")


def test_wide_and_long_answers_of_the_same_people_are_the_same_table(desk):
    one = answers_of(wide(desk).run())
    (desk.folder / "run").rename(desk.folder / "first")
    other = answers_of(long(desk).run())
    pd.testing.assert_frame_equal(one[other.columns], other)
    assert len(one) == 12


def test_check_shows_where_every_answer_ended(desk):
    inputs = wide(desk, rows=[*ROWS, ("", "c", "2024-03-01", (1, 1, 1))]).check()
    rows = {
        line.reason or line.status: line.rows for line in inputs.ledger.of("survey") if line.rows is not None
    }
    assert rows == {"read": 15, "kept": 12, "no respondent id": 3}
    notes = {line.reason: line.detail for line in inputs.ledger.of("survey", "note")}
    assert notes["layout"] == "one respondent per row: 5 rows with 3 items each; this ledger counts answers"
    assert notes["kept answers"] == "8 valid, 3 declared missing code and 1 blank, on 3 items"


def test_the_report_is_as_of_the_last_day_of_the_survey(desk):
    assert wide(desk).check().as_of == dt.date(2024, 3, 5)
    late = desk.settings("as_of: 2024-03-03\n" + WIDE).check()
    assert late.as_of == dt.date(2024, 3, 3)
    assert late.ledger.rows("survey", "excluded") == 6


def test_respondents_without_an_id_are_called_by_their_row(desk):
    wide(desk).settings("survey:\n  path: answers.csv\n  layout: wide\nsurvey_items:\n  path: items.csv\n")
    run = desk.run()
    assert sorted(set(answers_of(run)["respondent_id"])) == ["row 2", "row 3", "row 4", "row 5"]
    desk.file("answers.csv", "Q1,Q2,Q3\n1,2,3\n4,6,1\n")
    with pytest.raises(InputError, match=r"respondent 'row 3', item 'Q2': score '6' is outside the scale"):
        desk.check()
    desk.file("b.csv", "Q1,Q2,Q3\n1,2,9\n").file("answers.csv", "Q1,Q2,Q3\n1,2,3\n")
    desk.settings(desk.config.read_text().replace("answers.csv", "[answers.csv, b.csv]"))
    with pytest.raises(InputError, match=r"respondent 'row 2 of b.csv', item 'Q3': score '9'"):
        desk.check()


def test_columns_that_nobody_reads_are_named_and_missing_ones_are_an_error(desk):
    wide(desk, "who,account,on,Q1,Q2,Q3,age", [(*row[:3], (*row[3], 40)) for row in ROWS])
    notes = {line.reason: line.detail for line in desk.check().ledger.of("survey", "note")}
    assert notes["columns not read"] == "age"
    wide(desk, "who,account,on,Q1,q2,Q4")
    with pytest.raises(
        InputError, match=r"answers.csv has no column for these items of the codebook: Q2 and Q3\."
    ):
        desk.check()


def test_the_columns_with_answers_may_be_listed(desk):
    wide(desk).settings(WIDE.replace("layout: wide", "layout: wide\n  items: [Q1, Q3]"))
    assert set(answers_of(desk.run())["item"]) == {"Q1", "Q3"}
    desk.settings(WIDE.replace("layout: wide", "layout: wide\n  items: [Q1, account]"))
    with pytest.raises(InputError, match=r"survey.items: column 'account' is not in the codebook"):
        desk.check()


def test_a_reversal_counts_though_its_column_is_not_mapped(desk):
    assert list(open_workbook(wide(desk).config).frame("survey_items")["reversed"]) == [False, True, False]
    wide(desk).file("items.csv", ITEMS.replace("ja", "perhaps"))
    with pytest.raises(InputError, match="item 'Q2': reversed is 'perhaps'"):
        desk.check()


CODEBOOK = """\
defaults: {aspect: perceived, scale_min: 1, scale_max: 5}
items:
  Q1: {construct: service, missing_codes: [-99, None]}
  Q2: {construct: service, missing_codes: -99, reversed: true}
  Q3: {construct: price, aspect: overall, missing_codes: 0, wording_zh: 价格合理}
"""


def test_a_codebook_as_yaml_says_the_same_as_the_table(desk):
    table = open_workbook(wide(desk).config).frame("survey_items")
    desk.file("items.yml", CODEBOOK).settings(WIDE.replace("items.csv", "items.yml"))
    written = open_workbook(desk.config).frame("survey_items")
    pd.testing.assert_frame_equal(
        written[table.columns].drop(columns="missing_codes"), table.drop(columns="missing_codes")
    )
    assert written["wording_zh"].tolist()[2] == "价格合理"
    listed = "".join(f"- {{item: Q{n}, construct: c, aspect: other, kind: percentage}}\n" for n in (1, 2, 3))
    desk.file("items.yml", listed).file("answers.csv", "who,account,on,Q1,Q2,Q3\nr1,a,2024-01-01,1,99,100\n")
    assert open_workbook(desk.config).frame("survey_items")["scale_max"].tolist() == [100, 100, 100]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Q1: {constructs: c}\n",
            "items.yml, item 'Q1': unknown key 'constructs'; did you mean 'construct'?",
        ),
        ("Q1: service\n", "items.yml, item 'Q1': expected keys such as construct"),
        ("7\n", "items.yml: expected items"),
        ("Q1: {construct: c}\nQ1: {construct: d}\n", "items.yml, line 2: the key 'Q1' is given twice"),
        ("Q1: {construct: c, aspect: other, scale_min: 1}\n", "no column scale_max"),
    ],
)
def test_a_wrong_yaml_codebook_gets_one_sentence(desk, text, told):
    wide(desk).file("items.yml", text).settings(WIDE.replace("items.csv", "items.yml"))
    with pytest.raises((ConfigError, InputError)) as caught:
        desk.check()
    assert told in str(caught.value)


def test_tables_of_orders_do_not_exist_and_asking_for_them_is_answered(desk):
    workbook = open_workbook(wide(desk).config)
    assert (workbook.has("customers"), workbook.has("survey_answers"), workbook.currency) == (
        False,
        True,
        "XXX",
    )
    for ask in (
        lambda: workbook.table("customers"),
        lambda: workbook.previous,
        lambda: workbook.frame("snapshots"),
    ):
        with pytest.raises(InputError, match=r"^This needs orders; the settings file has none\.$"):
            ask()
    assert "as of 2024-03-05, no orders" in repr(workbook)


def test_answers_without_dates_leave_the_report_without_a_date(desk):
    desk.settings(WIDE.replace(", date: on", "")).file("items.csv", ITEMS)
    desk.file("answers.csv", "who,account,Q1,Q2,Q3\nr1,a,1,2,3\n")
    workbook = open_workbook(desk.config)
    assert workbook.known_as_of is None
    assert "without a date" in repr(workbook)
    with pytest.raises(InputError, match="State as_of in the settings"):
        _ = workbook.as_of
    assert json.loads((workbook.folder / "provenance.json").read_text())["as_of"] is None


def test_the_first_page_accounts_for_a_survey_alone(desk):
    loaded = data_load.overview_of(open_workbook(wide(desk).config))
    assert loaded.facts["data.rows_read"] == 12
    assert loaded.facts["data.answers_missing"] == {"blank": 1, "missing_code": 3, "not_applicable": 0}
    assert "has no orders" in said(loaded.findings[0])
    assert "8 of 12 answers count (67%), from 3 respondents on 3 items" in said(loaded.findings[1])
    assert "from 1 March 2024 to 5 March 2024" in said(loaded.findings[2])
    assert "fewer than 5 respondents are never averaged" in said(loaded.next_steps[0])
    assert "XXX" not in "".join(map(repr, (loaded.summary, loaded.ledger_table, loaded.readings_table)))
    chart = show(plots.revenue_by_month, loaded)
    assert isinstance(chart, Prose)
    assert "no orders" in repr(chart)


def test_a_survey_and_a_customer_file_go_without_orders(desk):
    wide(desk).file("customers.csv", "id,name\na,Acme\n")
    desk.settings(WIDE + "customers:\n  path: customers.csv\n  columns: {customer_id: id, name: name}\n")
    assert open_workbook(desk.config).has("customer_file")


def test_runs_without_orders_are_byte_identical(desk):
    runs = []
    for name in ("one", "two"):
        run = wide(desk).run().rename(desk.folder / name)
        runs.append([path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()])
    assert list(itertools.starmap(bytes.__eq__, zip(*runs, strict=True))) == [True] * len(runs[0])
