"""How many notebooks run side by side, and in which order."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from customer_value import machine
from customer_value.machine import available_memory
from customer_value.report.memory import jobs_for, memory_of_notebook
from customer_value.report.schedule import run_in_order

GIB = 2**30


@pytest.mark.parametrize(
    ("cores", "free", "jobs"),
    [
        (8, 64 * GIB, 4),
        (2, 64 * GIB, 2),
        (8, 9 * GIB, 2),
        (8, 1 * GIB, 1),
        (1, 64 * GIB, 1),
        (8, 0, 1),
    ],
)
def test_notebooks_side_by_side_are_bounded_by_cores_and_free_memory(
    cores: int, free: int, jobs: int
) -> None:
    assert jobs_for(4 * GIB, cores, free) == jobs


def test_a_notebook_is_taken_to_need_more_with_larger_tables_up_to_the_limit_of_its_engine(
    tmp_path: Path,
) -> None:
    (tmp_path / "small.parquet").write_bytes(bytes(10**6))
    (tmp_path / "small.csv").write_bytes(bytes(10**6))
    assert memory_of_notebook(tmp_path, 4 * GIB) == 400 * 2**20 + 20 * 10**6
    assert memory_of_notebook(tmp_path, 10**7) == 400 * 2**20 + 10**7


def test_a_small_report_runs_side_by_side_on_a_small_machine(tmp_path: Path) -> None:
    assert jobs_for(memory_of_notebook(tmp_path, 4 * GIB), cores=2, memory=GIB) == 2


def system(folder: Path, files: dict[str, str]) -> list[int]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return sorted(machine._available(folder / "proc", folder / "groups"))


MACHINE = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n"}


def test_memory_of_a_container_is_what_its_groups_leave(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "0::/outer/inner\n",
        "groups/outer/memory.max": "5000000\n",
        "groups/outer/memory.current": "2000000\n",
        "groups/outer/memory.stat": "anon 1\ninactive_file 500000\n",
        "groups/outer/inner/memory.max": "max\n",
        "groups/outer/inner/memory.current": "10\n",
    }
    assert system(tmp_path, MACHINE | group) == [3_500_000, 8_192_000]


def test_memory_of_a_container_of_the_first_kind(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "5:cpu:/x\n4:memory:/box\n",
        "groups/memory/box/memory.limit_in_bytes": "4000000\n",
        "groups/memory/box/memory.usage_in_bytes": "1000000\n",
        "groups/memory/box/memory.stat": "total_inactive_file 200000\n",
    }
    assert system(tmp_path, MACHINE | group) == [3_200_000, 8_192_000]


def test_a_system_that_tells_nothing_does_not_bound(tmp_path: Path) -> None:
    assert system(tmp_path, {}) == []
    assert jobs_for(GIB, cores=3, memory=available_memory()) >= 1


def order(waits: dict[str, frozenset[str]], most: int) -> tuple[list[str], int]:
    """In which order notebooks begin, and how many ran at a time."""
    begun: list[str] = []
    turn, running, seen = threading.Lock(), [0], [0]

    def run(path: Path) -> None:
        with turn:
            begun.append(path.stem)
            running[0] += 1
            seen[0] = max(seen[0], running[0])
        threading.Event().wait(0.02)
        with turn:
            running[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        run_in_order(pool, [Path(name) for name in waits], waits, run, lambda: most)
    return begun, seen[0]


FIRST = frozenset({"01"})
WAITS = {"01": frozenset[str](), "02": FIRST, "03": FIRST, "04": FIRST, "05": FIRST | {"04"}}


def test_the_notebook_that_others_wait_for_begins_first() -> None:
    begun, _ = order(WAITS, 1)
    assert begun == ["01", "04", "02", "03", "05"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_more_run_at_a_time_than_may(most: int) -> None:
    assert order(WAITS, most)[1] == most
