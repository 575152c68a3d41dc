"""Many reports in one go: what is made, what is left alone, what the overview says."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import report_company as company
from companies import order_lines
from customer_value import cli
from customer_value.config import SettingsFile, load_settings
from customer_value.errors import ConfigError
from customer_value.report import batch as batching
from customer_value.report import make_batch, notebooks_folder
from customer_value.report.batch import Batch
from customer_value.report.overview import FIGURES, Entry, overview_csv, overview_html, overview_json
from customer_value.report.progress import BatchPace, Event, ReportPace, batch_console, console, time_left

COMMON = """\
common:
  title: Acme
  currency: EUR
  orders:
    path: north.csv
    columns: {customer_id: customer, order_date: date, amount: amount}
reports:
"""
NORTH = "  - name: north\n"
SOUTH = "  - name: South & West\n    currency: USD\n    orders: {path: south.csv}\n"
BAD = "  - name: bad\n    orders: {path: bad.csv}\n"

LOAD = """\
import json, os, time
from pathlib import Path
from customer_value.config import SettingsFile
from customer_value.errors import InputError

kept = SettingsFile.kept(Path(os.environ["CUSTOMER_VALUE_RUN"]))
os.chdir(kept.folder)
settings = kept.settings()
with open("ran.txt", "a") as file:
    print(settings.title, os.getpid(), file=file)
while settings.title == "Acme: slow" and not Path("go").exists():
    time.sleep(0.05)
lines = Path(settings.orders.path[0]).read_text().splitlines()[1:]
if not lines:
    raise InputError(f"{settings.orders.path[0]} has no rows.")
folder = Path(os.environ["CUSTOMER_VALUE_RUN"], "facts")
folder.mkdir()
amount = sum(float(line.split(",")[2]) for line in lines)
facts = {"data.customers": len(lines), "data.amount_kept": amount, "data.as_of": "2024-12-31"}
_ = (folder / "data.json").write_text(json.dumps({"facts": facts}))
"""


class Desk:
    """A folder with a list of reports, their orders, and one small notebook that counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.list = folder / "regions.yml"
        self.books = folder / "books"
        company.write_notebook(self.books, "01_data_load", company.code(LOAD))
        self.reports(NORTH, SOUTH)
        self.orders("north.csv", 10, 20)
        self.orders("south.csv", 5)
        self.orders("bad.csv")

    def reports(self, *entries: str) -> None:
        self.list.write_text(COMMON + "".join(entries), encoding="utf-8")

    def orders(self, name: str, *amounts: float) -> None:
        rows = [f"K{number},2024-01-0{number},{amount}" for number, amount in enumerate(amounts, start=1)]
        (self.folder / name).write_text("\n".join(["customer,date,amount", *rows]) + "\n")

    def make(self, *files: object, **options: object) -> Batch:
        named = [self.folder / str(file) for file in files or ("regions.yml",)]
        options = {"notebooks": self.books, **options}
        return make_batch(named, self.folder / "out", **options)  # type: ignore[arg-type]

    def ran(self) -> list[str]:
        """The titles of the reports whose notebook has run, since the last time that this was asked."""
        path = self.folder / "ran.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return sorted(line.rpartition(" ")[0] for line in lines)

    def text(self, name: str) -> str:
        return (self.folder / "out" / name).read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def statuses(batch: Batch) -> dict[str, str]:
    return {outcome.name: outcome.status for outcome in batch.outcomes}


# ---------------------------------------------------------------- a file that lists reports


def test_a_report_of_a_list_has_the_common_settings_and_its_own(desk: Desk) -> None:
    north, south = (load_settings(f"{desk.list}#{name}") for name in SettingsFile.read(desk.list).reports())
    assert (north.title, north.currency, north.orders.path) == ("Acme: north", "EUR", ["north.csv"])
    assert (south.title, south.currency, south.orders.path) == ("Acme: South & West", "USD", ["south.csv"])
    assert south.orders.columns.amount == "amount"


def test_a_report_may_have_its_own_title_and_do_without_a_common_table(desk: Desk) -> None:
    survey = "  survey: {path: a.csv, layout: wide}\n  survey_items: {path: b.csv}\n"
    own = "  - {name: one, title: Mine, survey: null, survey_items: null}\n"
    desk.list.write_text(COMMON.replace("reports:\n", survey + "reports:\n") + own)
    settings = load_settings(f"{desk.list}#one")
    assert (settings.title, settings.survey) == ("Mine", None)


def test_an_error_in_a_list_names_its_own_line(desk: Desk) -> None:
    desk.reports(NORTH, "  - name: south\n    pareto: {top_shar: 0.1}\n")
    with pytest.raises(
        ConfigError, match=r"regions.yml, line 10: unknown key 'pareto.top_shar'; did you mean"
    ):
        load_settings(f"{desk.list}#south")


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (
            "",
            r"lists 2 reports; name one, such as 'regions.yml#north', or make all with: customer-value batch",
        ),
        ("#nort", r"lists no report 'nort'; did you mean 'north'\?"),
        ("#zzz", r"it lists north and South & West\."),
    ],
)
def test_one_report_of_a_list_must_be_named(desk: Desk, named: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_settings(f"{desk.list}{named}")


def test_settings_of_one_report_take_no_name(desk: Desk) -> None:
    path = company.write_settings(desk.folder / "one")
    assert SettingsFile.read(path).reports() == []
    with pytest.raises(ConfigError, match=r"acme\.yml lists no reports, so it is named without '#north'"):
        load_settings(f"{path}#north")


def test_a_sign_in_the_name_of_a_file_is_no_name_of_a_report(desk: Desk) -> None:
    path = company.write_settings(desk.folder / "one").rename(desk.folder / "a#1.yml")
    assert load_settings(path).currency == "EUR"


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", r"a\b", "a#b", ".hidden", "con", "x\u202ey", "a-failed", "index.html", " a", "<b>", ""],
)
def test_names_that_lead_elsewhere_or_deceive_are_refused(desk: Desk, name: str) -> None:
    desk.reports(f"  - name: {json.dumps(name, ensure_ascii=True)}\n")
    with pytest.raises(ConfigError, match=r"regions.yml, line 8: the name '.*' (cannot|needs)"):
        desk.make()
    assert not (desk.folder / "out").exists()


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ("  - name: a\n  - name: a\n", "line 9: the name 'a' is given twice"),
        ("  - name: North\n  - name: north\n", "line 9: the name 'north' and 'North' would share a folder"),
        ("  - name: a b\n  - name: a&b\n", "would share a folder"),
        ("  - currency: EUR\n", "line 8: report 1 of the list needs a 'name:'"),
        ("  []\n", "'reports:' lists no report"),
        ("  - name: a\ncurrency: EUR\n", "line 9: .* put 'currency:' under 'common:'"),
    ],
)
def test_a_wrong_list_is_explained_before_anything_is_made(desk: Desk, entries: str, sentence: str) -> None:
    desk.reports(entries)
    with pytest.raises(ConfigError, match=sentence):
        desk.make()
    assert not (desk.folder / "out").exists()


# ---------------------------------------------------------------- what is made


def test_each_report_has_a_folder_and_the_overview_compares_them(desk: Desk) -> None:
    batch = desk.make()
    assert statuses(batch) == {"north": "made", "South & West": "made"}
    assert {path.name for path in (desk.folder / "out").iterdir()} == {
        "north", "north.log.jsonl", "South-West", "South-West.log.jsonl",
        "index.html", "overview.csv", "overview.json", "batch.json", "batch.log.jsonl",
    }  # fmt: skip
    rows = list(csv.DictReader(desk.text("overview.csv").splitlines()))
    for row, told in zip(rows, json.loads(desk.text("overview.json"))["reports"], strict=True):
        facts = json.loads(desk.text(f"{told['folder']}/facts.json"))
        assert float(row["net_revenue"]) == told["figures"]["net_revenue"] == facts["data.amount_kept"]
        assert int(row["customers"]) == told["figures"]["customers"] == facts["data.customers"]
        assert row["as_of"] == told["as_of"] == facts["data.as_of"]
    assert [row["currency"] for row in rows] == ["EUR", "USD"]
    page = desk.text("index.html")
    assert 'href="South-West/index.html">South &amp; West</a>' in page
    assert "EUR 30" in page
    assert "USD 5.00" in page
    assert "35" not in page.partition("<main")[2]


def test_one_failure_does_not_stop_the_others(desk: Desk) -> None:
    desk.reports(BAD, NORTH)
    batch = desk.make(jobs=1)
    assert statuses(batch) == {"bad": "failed", "north": "made"}
    assert batch.failed[0].sentence == "bad.csv has no rows."
    assert not (desk.folder / "out" / "bad").exists()
    assert "<strong>bad</strong>: bad.csv has no rows." in desk.text("index.html")
    lines = [json.loads(line) for line in desk.text("batch.log.jsonl").splitlines()]
    assert [line["report"] for line in lines if line["kind"] == "report failed"] == ["bad"]


def test_settings_files_and_lists_go_together(desk: Desk) -> None:
    company.write_settings(desk.folder)
    desk.orders("orders.csv", 1)
    (desk.folder / "broken.yml").write_text("currency: [")
    batch = desk.make("acme.yml", "regions.yml#north", "broken.yml")
    assert statuses(batch) == {"acme": "made", "north": "made", "broken": "failed"}
    assert "broken.yml, line 1" in batch.failed[0].sentence


def test_a_file_that_cannot_be_read_is_one_failure(desk: Desk) -> None:
    laughs = "".join(f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]\n" for number in range(1, 40))
    (desk.folder / "laughs.yml").write_text(f"a0: &a0 x\n{laughs}")
    (desk.folder / "list.yml").write_text("reports: []\n")
    batch = desk.make("laughs.yml", "list.yml", "regions.yml#north")
    assert statuses(batch) == {"laughs": "failed", "list": "failed", "north": "made"}
    assert "<strong>laughs</strong>: laughs.yml, line 3: its aliases" in desk.text("index.html")
    assert "<strong>list</strong>: list.yml, line 1: &#39;reports:&#39; lists no report" in desk.text(
        "index.html"
    )


def test_files_of_one_name_are_told_apart_by_the_user(desk: Desk) -> None:
    for folder in ("a", "b"):
        company.write_settings(desk.folder / folder)
    with pytest.raises(ConfigError, match="share a name, and each report needs its own folder; rename one"):
        desk.make("a/acme.yml", "b/acme.yml")


def test_a_folder_with_something_else_is_refused(desk: Desk) -> None:
    out = desk.folder / "out"
    out.mkdir()
    (out / "index.html").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds another index\.html"):
        desk.make()
    (out / "provenance.json").write_text("{}")
    with pytest.raises(ConfigError, match="holds a single report"):
        desk.make()
    assert (out / "index.html").read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["index.html", "overview.csv", "batch.json", "batch.log.jsonl", ".overview.ready"]
)
def test_a_file_of_the_user_among_those_of_a_batch_is_not_lost(desk: Desk, name: str) -> None:
    (mine := desk.folder / "out" / name).parent.mkdir()
    (desk.folder / "out" / "overview.json").write_text('{"generator": "customer-value"}')
    mine.write_text("mine")
    with pytest.raises(ConfigError, match=f"{name}.*; (move it away, or )?choose another --output"):
        desk.make()
    assert mine.read_text() == "mine"


def test_a_file_of_the_user_in_a_report_is_not_lost(desk: Desk) -> None:
    desk.make()
    (desk.folder / "out" / "north" / "notes.docx").touch()
    batch = desk.make()
    assert statuses(batch) == {"north": "failed", "South & West": "up to date"}
    assert "The report made before is still here" in desk.text("index.html")
    assert (desk.folder / "out" / "north" / "notes.docx").exists()


def test_real_notebooks_of_small_companies(desk: Desk) -> None:
    books = desk.folder / "real"
    books.mkdir()
    for name in ("01_data_load", "02_pareto"):
        shutil.copy(notebooks_folder() / f"{name}.ipynb", books)
    for shape in ("thirty customers", "one customer"):
        text = company.SETTINGS.replace("orders.csv", f"{shape}.csv")
        (desk.folder / f"{shape}.yml").write_text(text)
        (desk.folder / f"{shape}.csv").write_text(order_lines(shape))
    batch = desk.make("thirty customers.yml", "one customer.yml", notebooks=books)
    assert [outcome.status for outcome in batch.outcomes] == ["made", "made"]
    for told in json.loads(desk.text("overview.json"))["reports"]:
        facts = json.loads(desk.text(f"{told['folder']}/facts.json"))
        expected = {figure.name: figure.value(facts) for figure in FIGURES}
        assert told["figures"] == {name: value for name, value in expected.items() if value is not None}
        assert told["figures"]["customers_for_80_share"] == facts["pareto.customers_for_80_share"]


# ---------------------------------------------------------------- what is not made again


def test_a_finished_report_is_made_again_only_if_something_has_changed(desk: Desk) -> None:
    desk.make()
    assert desk.ran() == ["Acme: South & West", "Acme: north"]
    page = desk.text("index.html")
    assert statuses(desk.make()) == {"north": "up to date", "South & West": "up to date"}
    assert (desk.ran(), desk.text("index.html")) == ([], page)

    desk.orders("south.csv", 6)
    assert statuses(desk.make()) == {"north": "up to date", "South & West": "made"}
    assert "USD 6.00" in desk.text("index.html")

    desk.reports(NORTH, SOUTH + "    pareto: {top_share: 0.1}\n")
    assert statuses(desk.make()) == {"north": "up to date", "South & West": "made"}

    with (desk.folder / "out" / "north" / "facts.json").open("a") as file:
        file.write(" ")
    assert statuses(desk.make()) == {"north": "made", "South & West": "up to date"}

    company.write_notebook(desk.books, "01_data_load", company.code(LOAD), company.code("1"))
    assert set(statuses(desk.make()).values()) == {"made"}
    assert set(statuses(desk.make(again=True)).values()) == {"made"}


def test_a_damaged_state_makes_the_reports_again_and_another_file_is_kept(desk: Desk) -> None:
    desk.reports(NORTH)
    desk.make()
    state = desk.folder / "out" / "batch.json"
    state.write_text('{"generator": "customer-value", "reports": [1]}')
    assert statuses(desk.make()) == {"north": "made"}
    assert statuses(desk.make()) == {"north": "up to date"}
    state.write_text("[" * 100_000)
    with pytest.raises(ConfigError, match=r"holds another batch\.json; choose another --output"):
        desk.make()


def test_a_change_while_a_report_is_made_makes_it_again(desk: Desk) -> None:
    desk.reports(NORTH)

    def change(event: Event) -> None:
        if event.kind == "notebook finished" and not (desk.folder / "changed").exists():
            (desk.folder / "changed").touch()
            desk.orders("north.csv", 1, 2, 3)

    desk.make(progress=change)
    assert statuses(desk.make()) == {"north": "made"}
    assert statuses(desk.make()) == {"north": "up to date"}


def test_a_failed_report_is_tried_again_and_the_earlier_one_stays(desk: Desk) -> None:
    desk.make()
    desk.orders("north.csv")
    assert statuses(desk.make()) == {"north": "failed", "South & West": "up to date"}
    assert (desk.folder / "out" / "north" / "index.html").exists()
    assert "The report made before is still here" in desk.text("index.html")
    desk.orders("north.csv", 10, 20)
    assert statuses(desk.make()) == {"north": "made", "South & West": "up to date"}


def test_the_overview_is_replaced_whole_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.make()
    names = ("index.html", "overview.csv", "overview.json")
    before = [desk.text(name) for name in names]
    desk.orders("north.csv", 7)

    def full(*arguments: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(batching, "overview_html", full)
        with pytest.raises(OSError, match="No space"):
            desk.make()
    assert [desk.text(name) for name in names] == before
    assert not list((desk.folder / "out").glob(".*"))

    with monkeypatch.context() as broken:
        broken.setattr(batching, "_finish_overview", lambda target: None)
        desk.make()  # as if killed after the overview was complete, before it was put in place
    assert [desk.text(name) for name in names] == before
    desk.make()
    assert "EUR 7.00" in desk.text("index.html")
    assert not list((desk.folder / "out").glob(".*"))


# ---------------------------------------------------------------- the command line, and ends in the middle


def run(desk: Desk, *arguments: str) -> tuple[int, str, str]:
    options = ["--output", str(desk.folder / "out"), "--notebooks", str(desk.books)]
    result = CliRunner().invoke(cli.app, ["batch", *arguments, *options])
    return result.exit_code, result.stdout, result.stderr


def test_exit_status_and_summary_tell_a_failure(desk: Desk) -> None:
    desk.reports(NORTH, BAD)
    status, said, failed = run(desk, str(desk.list))
    assert (status, failed) == (1, "bad: bad.csv has no rows.\n")
    assert said.splitlines()[-2] == "2 reports: 1 made and 1 failed."
    assert said.splitlines()[-1].endswith("index.html")
    desk.reports(NORTH)
    assert run(desk, str(desk.list))[:2][0] == 0


@pytest.mark.parametrize("named", ["no.yml", "regions.yml#nort", "empty.yml"])
def test_a_wrong_command_line_is_status_2(desk: Desk, named: str) -> None:
    (desk.folder / "empty.yml").touch()
    status, said, failed = run(desk, str(desk.folder / named))
    assert (status, said, failed.count("\n")) == (2, "", 1)


def test_check_takes_one_report_of_a_list(desk: Desk) -> None:
    checked = CliRunner().invoke(cli.app, ["check", f"{desk.list}#north"])
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert "30.00" in checked.stdout
    every = CliRunner().invoke(cli.app, ["check", str(desk.list)])
    assert every.exit_code == 2
    assert "lists 2 reports; name one, such as 'regions.yml#north'" in every.stderr


def begun(desk: Desk) -> subprocess.Popen[str]:
    """A batch in its own process whose first report is done and whose second is in the middle."""
    desk.reports(NORTH, "  - name: slow\n", SOUTH)
    arguments = [
        "batch",
        str(desk.list),
        "--output",
        str(desk.folder / "out"),
        "--notebooks",
        str(desk.books),
    ]
    command = [sys.executable, "-m", "customer_value.cli", *arguments, "--jobs", "1"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    signal.signal(signal.SIGINT, before)
    ran, end = desk.folder / "ran.txt", time.monotonic() + 60
    while not ran.exists() or "slow" not in ran.read_text():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
    return process


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_batch_goes_on_where_it_was(desk: Desk, number: int) -> None:
    process = begun(desk)
    kernel = int((desk.folder / "ran.txt").read_text().split()[-1])
    with pytest.raises(ConfigError, match="Another run is writing"):
        desk.make()
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    if number == signal.SIGINT:
        sentence = "Stopped. Finished reports are kept; the same command makes the rest.\n"
        assert (process.returncode, said) == (130, sentence)
        assert not list((desk.folder / "out").glob(".*"))
    end = time.monotonic() + 10
    while not is_gone(kernel):
        assert time.monotonic() < end, "the kernel lives on"
        time.sleep(0.05)
    assert (desk.folder / "out" / "north" / "index.html").exists()
    assert not (desk.folder / "out" / "index.html").exists()
    assert desk.ran() == ["Acme: north", "Acme: slow"]
    (desk.folder / "go").touch()
    batch = desk.make()
    assert statuses(batch) == {"north": "up to date", "slow": "made", "South & West": "made"}
    assert desk.ran() == ["Acme: South & West", "Acme: slow"]
    assert not list((desk.folder / "out").glob(".*"))


# ---------------------------------------------------------------- the overview itself

FACTS = {
    "data.customers": 1200,
    "data.amount_kept": 1_500_000.0,
    "data.as_of": "2024-12-31",
    "pareto.customers_for_80_share": 0.21,
    "pareto.top_20_share": 0.79,
    "clv.customers": 1000,
    "clv.repeat_customers": 600,
    "clv.expected_active": 700.0,
    "clv.customer_equity": 400_000.0,
    "clv.value_basis": "margin",
    "clv.horizon_months": 36,
    "rfm.segments": {"Champion": 60, "At risk": 30, "Can't lose": 10},
}


def test_every_headline_figure_is_told_with_what_one_must_know() -> None:
    page = overview_html("Overview", [Entry("a", "a", "A", "EUR", FACTS)])
    for text in ("1,200", "EUR 1.50 million", "21%", "79%", "60%", "40%", "30%", "EUR 400 thousand"):
        assert f">{text}<" in page
    assert "margin over 36 months" in page
    assert "1 report, as of 31 December 2024, money in EUR" in page


def test_lowest_and_highest_are_named_only_for_what_can_be_compared() -> None:
    other = FACTS | {"pareto.customers_for_80_share": 0.4, "clv.repeat_customers": 600}
    page = overview_html("Overview", [Entry("a", "a", "A", "EUR", FACTS), Entry("b", "b", "B", "USD", other)])
    assert "80% comes from so many customers: from 21% (a) to 40% (b)." in page
    assert "Bought again: 60% in every report." in page
    assert "Net revenue: from" not in page
    assert "money in EUR and USD, each report in its own" in page
    mixed = overview_html(
        "O",
        [
            Entry("a", "a", "A", "EUR", FACTS),
            Entry("b", "b", "B", "EUR", {**other, "pareto.value": "profit"}),
        ],
    )
    assert "80% comes from so many customers: from" not in mixed
    assert "of profit" in mixed


@pytest.mark.parametrize("text", company.HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    entries = [Entry("a", "a", text, "EUR", FACTS), Entry("b", "b", text, "", {}, failure=text)]
    page = overview_html("Overview", entries)
    for markup in ("<script", "<img", "<h1>taken", "<b>bold"):
        assert markup not in page.partition("<body")[2]
    _, made, failed = csv.reader(overview_csv(entries).splitlines())
    assert not made[1].startswith("=")
    assert failed[4].removeprefix("'") == text
    assert json.loads(overview_json(entries))["reports"][0]["title"] == text


def test_same_reports_give_the_same_overview_and_it_needs_nothing_from_outside() -> None:
    entries = [Entry("a", "a", "A", "EUR", FACTS)]
    page = overview_html("Overview", entries)
    assert page == overview_html("Overview", entries)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_a_survey_without_orders_has_no_money() -> None:
    facts = {"data.respondents": 500, "satisfaction.index": 75.4, "satisfaction.nps": 24.6}
    page = overview_html("Overview", [Entry("a", "a", "A", "XXX", facts)])
    assert ">500<" in page
    assert "XXX" not in page
    assert "Net revenue" not in page


# ---------------------------------------------------------------- time left


def test_times_are_said_as_people_say_them() -> None:
    seconds = (None, 3, 42, 58, 150, 3580, 3700, 7200)
    assert [time_left(number) for number in seconds] == [
        "", "under 10 s left", "about 40 s left", "about 1 min left", "about 3 min left", "about 1 h left",
        "about 1 h left", "about 2 h left",
    ]  # fmt: skip


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def log_of(*cells: tuple[str, int, float], end: float) -> list[dict[str, object]]:
    starts = {name: at for name, _, at in reversed(cells)}
    lines: list[dict[str, object]] = [
        {"kind": "notebook started", "notebook": name, "since_start": 0.0} for name in starts
    ]
    lines += [{"kind": "cell finished", "notebook": n, "cell": c, "since_start": at} for n, c, at in cells]
    return [*lines, {"kind": "published", "since_start": end}]


def test_an_earlier_run_tells_the_time_left_from_the_first_cell_on() -> None:
    clock = Clock()
    pace = ReportPace(log_of(("a", 1, 10.0), ("a", 2, 40.0), end=100), clock)
    pace(Event("run started", cells=1))
    assert pace.seconds() is None
    clock.now = 10
    pace(Event("cell finished", "a", 1, 2))
    assert pace.seconds() == pytest.approx(90)
    clock.now = 20
    assert pace.seconds() == pytest.approx(80)


def test_a_run_twice_as_slow_as_the_earlier_one_takes_longer() -> None:
    clock = Clock()
    pace = ReportPace(log_of(("a", 1, 50.0), ("a", 2, 90.0), end=100), clock)
    pace(Event("run started", cells=1))
    clock.now = 100
    pace(Event("cell finished", "a", 1, 2))
    assert 70 < pace.seconds() < 100


def test_without_an_earlier_run_two_notebooks_must_be_done() -> None:
    clock = Clock()
    pace = ReportPace(clock=clock)
    pace(Event("run started", cells=4))
    for name in ("a", "b"):
        pace(Event("notebook started", name, cells=1))
        clock.now += 10
        assert pace.seconds() is None
        pace(Event("notebook finished", name, 1, 1, seconds=10))
    pace(Event("notebook started", "c", cells=1))
    assert pace.seconds() == pytest.approx(20)


def test_reports_that_are_done_tell_how_long_a_batch_takes() -> None:
    clock = Clock()
    pace = BatchPace(clock=clock)
    pace(Event("batch started", cells=5))
    pace(Event("report started", report="a"))
    assert pace.seconds() is None
    clock.now = 30
    pace(Event("report finished", report="a", seconds=30))
    pace(Event("report started", report="b"))
    assert pace.seconds() == pytest.approx(120)
    known = BatchPace([{"kind": "report finished", "report": "a", "seconds": 60}], clock)
    known(Event("batch started", cells=1))
    known(Event("report started", report="a"))
    assert known.seconds() == pytest.approx(60)


def test_plain_lines_tell_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with batch_console() as tell:
        tell(Event("batch started", cells=3))
        tell(Event("report started", report="a"))
        tell(Event("report started", report="b"))
        tell(Event("report finished", report="a", seconds=200))
        tell(Event("report failed", report="b", text="No."))
        tell(Event("report up to date", report="c"))
    assert (
        capsys.readouterr().out
        == "[1/3] a  done in 200.0 s, about 3 min left\n[2/3] b  failed\n[3/3] c  up to date\n"
    )


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def test_bars_show_every_report_and_escape_its_name() -> None:
    stream = Terminal()
    with batch_console(stream) as tell:  # type: ignore[arg-type]
        tell(Event("batch started", cells=2))
        tell(Event("report started", report="[red]a"))
        tell(Event("notebook started", "01_a", cells=4, report="[red]a"))
        tell(Event("cell finished", "01_a", 3, 4, report="[red]a"))
        tell(Event("report finished", report="[red]a", seconds=3))
        tell(Event("report failed", report="b", text="No."))
    assert "[red]a" in stream.text
    assert "3/4" in stream.text
    assert "2/2" in stream.text
    assert "failed" in stream.text


def test_bars_of_a_report_show_every_notebook() -> None:
    stream = Terminal()
    with console(stream) as tell:  # type: ignore[arg-type]
        tell(Event("run started", cells=1))
        tell(Event("notebook started", "01_a", cells=4))
        tell(Event("cell finished", "01_a", 4, 4))
        tell(Event("notebook finished", "01_a", 4, 4, seconds=1))
        tell(Event("published"))
    assert "01_a" in stream.text
    assert "1/1" in stream.text
