import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from customer_value.errors import ConfigError
from customer_value.report import publish as publishing
from customer_value.report.publish import Workspace, publish, workspace
from customer_value.scratch import sweep


def write_site(place: Workspace, text: str) -> None:
    (place.site / "index.html").write_text(text)
    files = ["index.html", "provenance.json"]
    (place.site / "provenance.json").write_text(json.dumps({"generator": "customer-value", "files": files}))


def nothing(place: Workspace) -> None:
    pass


def publish_text(output: Path, text: str, meanwhile: Callable[[Workspace], object] = nothing) -> None:
    with workspace(output) as place:
        write_site(place, text)
        meanwhile(place)
        publish(place)


def fail(place: Workspace) -> None:
    raise ZeroDivisionError


@pytest.fixture
def report(tmp_path: Path) -> Path:
    publish_text(tmp_path / "report", "old")
    return tmp_path / "report"


def text_of(report: Path) -> str:
    return (report / "index.html").read_text()


def test_first_report_appears_and_nothing_else_stays(report: Path) -> None:
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_missing_parents_are_made(tmp_path: Path) -> None:
    publish_text(tmp_path / "a" / "b" / "report", "new")
    assert text_of(tmp_path / "a" / "b" / "report") == "new"


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    publish_text(tmp_path / "report", "new")
    assert text_of(tmp_path / "report") == "new"


def test_report_is_replaced_whole(report: Path) -> None:
    (report / ".DS_Store").touch()
    publish_text(report, "new")
    assert text_of(report) == "new"
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_report_is_replaced_where_folders_cannot_be_exchanged(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_exchange", lambda one, other: False)
    publish_text(report, "new")
    assert text_of(report) == "new"
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_report_survives_a_failed_rename(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_exchange", lambda one, other: False)
    with pytest.raises(FileNotFoundError):
        publish_text(report, "new", lambda place: shutil.rmtree(place.site))
    assert text_of(report) == "old"


def test_failed_run_leaves_the_report_alone(report: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        publish_text(report, "new", fail)
    assert text_of(report) == "old"
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_link_to_a_folder_stays_a_link(report: Path) -> None:
    link = report.parent / "latest"
    link.symlink_to(report)
    publish_text(link, "new")
    assert link.is_symlink()
    assert text_of(report) == "new"


def test_second_run_into_the_same_folder_is_refused(report: Path) -> None:
    with workspace(report), pytest.raises(ConfigError, match="Another run is writing to"):
        workspace(report).__enter__()
    publish_text(report, "new")
    assert text_of(report) == "new"


@pytest.mark.parametrize("name", ["report.2", "report 2", "x"])
def test_runs_into_neighbouring_folders_do_not_meet(report: Path, name: str) -> None:
    with workspace(report) as one, workspace(report.with_name(name)) as other:
        assert one.folder.is_dir()
        assert other.folder.is_dir()


KILLED = """\
import os, signal, sys
from pathlib import Path
from customer_value.report import publish
from test_report_publish import publish_text

at, rename, count = int(sys.argv[2]), Path.rename, iter(range(9))
def killed(*names):
    if next(count) == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(*names)
Path.rename, publish._exchange = killed, lambda one, other: False
publish_text(Path(sys.argv[1]), "new")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize(("renames", "text"), [(0, "old"), (1, "old"), (2, "new")])
def test_a_kill_between_two_renames_leaves_the_old_report_or_the_new(
    report: Path, renames: int, text: str
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", KILLED, str(report), str(renames)]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    sweep()
    assert text_of(report) == text
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_a_report_is_brought_back_where_no_note_tells_of_it(report: Path) -> None:
    report.rename(report.with_name(".report.0123abcd.previous"))
    with workspace(report):
        assert text_of(report) == "old"


@pytest.mark.parametrize(
    "name", [".report.lock", ".report.previous", ".report.0123abcd.partial", ".report.0123abcd.previous"]
)
def test_what_the_user_has_beside_the_report_stays(report: Path, name: str) -> None:
    mine = report.with_name(name)
    if name.endswith("lock"):
        mine.write_text("mine")
    else:
        mine.mkdir()
        (mine / "thesis.docx").touch()
    publish_text(report, "new")
    assert text_of(report) == "new"
    assert mine.read_text() == "mine" if mine.is_file() else (mine / "thesis.docx").exists()


def test_a_link_in_the_place_of_the_lock_is_told(report: Path) -> None:
    report.with_name(".report.lock").symlink_to(report.parent / "elsewhere")
    with pytest.raises(
        ConfigError, match=r"report\.lock is in the way of a lock file of that name; move it away"
    ):
        publish_text(report, "new")
    assert not (report.parent / "elsewhere").exists()


@pytest.mark.parametrize("name", ["notes.docx", "tables/notes.csv", "index.html"])
def test_folder_with_other_files_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine" / name).parent.mkdir(parents=True)
    (tmp_path / "mine" / name).touch()
    with pytest.raises(ConfigError, match="is not empty and holds no report"):
        publish_text(tmp_path / "mine", "new")
    assert (tmp_path / "mine" / name).exists()


def test_file_that_somebody_put_into_a_report_is_not_lost(report: Path) -> None:
    (report / "notes.docx").touch()
    with pytest.raises(ConfigError, match=r"not part of the report \(notes.docx\)"):
        publish_text(report, "new")
    assert text_of(report) == "old"


def test_file_put_there_while_the_run_lasts_is_not_lost(report: Path) -> None:
    with pytest.raises(ConfigError, match="not part of the report"):
        publish_text(report, "new", lambda place: (report / "notes.docx").touch())
    assert text_of(report) == "old"


def test_output_must_not_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        publish_text(tmp_path / "file", "new")
    with pytest.raises(ConfigError, match="inside a file"):
        publish_text(tmp_path / "file" / "report", "new")


def test_root_of_the_file_system_is_refused() -> None:
    with pytest.raises(ConfigError, match="name a folder of its own"):
        publish_text(Path(os.sep), "new")
