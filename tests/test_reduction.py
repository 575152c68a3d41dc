"""The fast reduction on DuckDB: every table, every value and every type as `customer_value.reduce` gives them."""

import datetime as dt
import hashlib
import random
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from customer_value import reduce
from customer_value.reduce import Dates
from customer_value.reduction import NUMBER, ORDER_NUMBER, partitions, reduce_orders, reducing, survey
from customer_value.reduction.identifiers import DigitIdentifiers
from customer_value.reduction.money import as_double
from customer_value.reduction.sorting import first_occurrences, sort_order

DAY = dt.date
START = DAY(2024, 1, 1)
TABLES = ("customers", "snapshots", "purchase_patterns", "customer_months", "weekly_purchases")


def money(value):
    return Decimal(value).scaleb(-4)


def order_rows(con, records):
    """Order rows as the contract leaves them."""
    money_type = pa.decimal128(18, 4)
    kinds = {"customer_id": pa.string(), "order_date": pa.date32(), "amount": money_type, "cost": money_type}
    kinds |= {"order_id": pa.string(), "_hash": pa.uint64(), NUMBER: pa.int64(), ORDER_NUMBER: pa.int64()}
    kinds |= {"_void": pa.bool_()}
    names = [name for name in kinds if name in records[0]]
    table = pa.Table.from_pylist(records, schema=pa.schema([(name, kinds[name]) for name in names]))
    return con.create_table("orders", table, overwrite=True)


def expected(rows, dates, windows, window_start, order, free):
    """The tables of `customer_value.reduce`, as `inputs` writes them."""
    con = rows.get_backend()
    days = con.create_table("days", reduce.customer_days(rows, order, free), overwrite=True)
    snapshots = reduce.snapshots_at(days, {date: windows[date] for date in dates.snapshots()})
    return {
        "customers": reduce.customers_at(days, dates.as_of, window_start),
        "snapshots": snapshots,
        "purchase_patterns": reduce.purchase_patterns(snapshots),
        "customer_months": reduce.customer_months(days, dates.as_of),
        "weekly_purchases": reduce.weekly_purchases(days, dates.origin, dates.as_of),
    }


def reduced(rows, folder, dates, order="row", free="ignore", rows_per_part=None, threads=2, memory=10**9):
    """The fast way's account and tables; with ``rows_per_part`` in many parts."""
    windows = {date: date - dt.timedelta(10) for date in dates.snapshots()}
    with pytest.MonkeyPatch.context() as patch:
        if rows_per_part:
            patch.setattr(partitions, "ROWS_PER_PART", rows_per_part)
            patch.setattr(survey, "SAMPLED", 1)
        account = reduce_orders(
            rows,
            dates=dates,
            window_start=dates.calibration_end,
            snapshot_windows=windows,
            one_order_is=order,
            free_orders=free,
            folder=folder,
            scratch=folder,
            threads=threads,
            memory_bytes=memory,
        )
    return account, {name: pq.read_table(folder / f"{name}.parquet") for name in TABLES}


def report_dates(records):
    origin, last = (f([record["order_date"] for record in records]) for f in (min, max))
    return Dates(origin, last, origin + (last - origin) // 2, origin + (last - origin) // 3)


def assert_alike(records, folder, order="row", free="ignore", **how):
    """Both ways make the same of the same orders; returns the account."""
    con = ibis.duckdb.connect()
    rows, dates = order_rows(con, records), report_dates(records)
    account, fast = reduced(rows, folder, dates, order, free, **how)
    windows = {date: date - dt.timedelta(10) for date in dates.snapshots()}
    for name, table in expected(rows, dates, windows, dates.calibration_end, order, free).items():
        table.to_parquet(folder / "slow.parquet")
        slow = pq.read_table(folder / "slow.parquet")
        assert fast[name].schema == slow.schema
        assert fast[name].equals(slow), (name, fast[name].to_pylist(), slow.to_pylist())
    con.disconnect()
    assert account.rows == len(records)
    assert account.net_revenue == sum(record["amount"] for record in records)
    return account


def some_orders(count, names, days=300, orders=40, seed=1):
    """Random order rows with returns, free ones, blank order_ids, and orders over several days."""
    draw = random.Random(seed)
    return [
        {
            "customer_id": draw.choice(names),
            "order_date": START + dt.timedelta(draw.randrange(days)),
            "amount": money(draw.choice([0, draw.randint(-20_000, 50_000), draw.randint(1, 10**9)])),
            "cost": money(draw.randint(-5_000, 20_000)),
            "order_id": draw.choice([None, *(str(number) for number in range(orders))]),
        }
        for _ in range(count)
    ]


record = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["a", "ab", "b", "Ä", "客戶", "zz-000000001", "zz-000000002", "😀"]),
        "order_date": st.integers(0, 60).map(lambda days: START + dt.timedelta(days)),
        "amount": st.integers(-20_000, 50_000).map(money),
        "cost": st.integers(-5_000, 20_000).map(money),
        "order_id": st.sampled_from([None, "1", "2", "3", "4"]),
    }
)
few = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)


@given(
    st.lists(record, min_size=1, max_size=40),
    st.sampled_from(["ignore", "count"]),
    st.sampled_from([None, 5]),
)
@few
def test_any_orders_give_the_same_tables(tmp_path, records, free, rows_per_part):
    assert_alike(records, tmp_path, free=free, rows_per_part=rows_per_part)


@given(
    st.lists(st.tuples(record, st.booleans()), min_size=1, max_size=40),
    st.sampled_from(["ignore", "count"]),
    st.sampled_from([None, 5]),
)
@few
def test_any_void_rows_give_the_same_tables(tmp_path, records, free, rows_per_part):
    told = [{**row, "_void": void} for row, void in records]
    assert_alike(told, tmp_path, free=free, rows_per_part=rows_per_part)


def test_void_rows_are_in_the_money_and_are_neither_sale_nor_return(tmp_path):
    row = {"customer_id": "a", "order_date": START, "amount": money(500_000), "_void": True}
    other = {**row, "amount": money(100_000), "_void": False}
    assert_alike([row, {**row, "amount": money(-500_000)}, other], tmp_path)
    customers = pq.read_table(tmp_path / "customers.parquet").to_pylist()
    assert [(c["gross"], c["returns"], c["net_revenue"], c["orders"]) for c in customers] == [(10, 0, 10, 1)]


@pytest.mark.parametrize("order", ["row", "day"])
def test_so_do_orders_without_order_id_and_cost(tmp_path, order):
    names = ("customer_id", "order_date", "amount")
    records = some_orders(300, ["a", "b", "c", "d"], days=40)
    assert_alike([{name: r[name] for name in names} for r in records], tmp_path, order=order)


def digest(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


IDS = {
    "digits": [f"C{number:07}" for number in range(0, 10_000, 77)],
    "of all lengths": [str(number) for number in range(0, 2_000, 17)] + ["", "0", "00"],
    "random": [digest(number)[:36] for number in range(100)],
    "alike for long": [f"customer-{place}-{number:030}" for place in "ab" for number in range(40)],
    "very long": [f"{'x' * number}{digest(number)}" for number in range(100)],
    "with zero bytes": ["a", "a\0", "a\0b", "a\0\0", "b"],
    "in many scripts": ["é", "e", "客戶", "客", "😀", "\uffff", "z", "Я", "ß"],
    "one only": ["only"],
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_of_all_kinds_keep_their_order_and_spelling(tmp_path, kind):
    assert_alike(some_orders(400, IDS[kind]), tmp_path, rows_per_part=50)


NUMBERS = {
    "of all lengths": [*range(0, 2_000, 17), 10, 100, 1_000, 19, 190],
    "the longest that fit": [10**18 - 1, 10**17, 10**17 + 1, 10**18 - 2, 1, 0],
    "too long": [10**18, 10**18 - 1, 7, 2**63 - 1],
    "below zero": [-1, -10, -2, 0, 5, 10],
    "one only": [42],
}


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("rows_per_part", [None, 50])
def test_ids_that_are_numbers_are_sorted_as_their_digits(tmp_path, kind, rows_per_part):
    records = some_orders(400, NUMBERS[kind])
    for record in records:
        order = record["order_id"]
        record |= {NUMBER: record["customer_id"], ORDER_NUMBER: None if order is None else int(order)}
        record["customer_id"] = str(record["customer_id"])
    assert_alike(records, tmp_path, rows_per_part=rows_per_part)


@given(st.lists(st.integers(0, 10**18 - 1), min_size=1, max_size=50))
@settings(max_examples=100, deadline=None)
def test_words_of_numbers_give_the_numbers_back(numbers):
    ids = DigitIdentifiers(len(str(max(numbers))))
    words = np.sort(ids.words_of(np.array(numbers))[0])
    assert ids.names_of(words[:, None]).to_pylist() == sorted(str(number) for number in numbers)


def test_returns_alone_are_in_no_purchase_table(tmp_path):
    records = some_orders(20, ["a", "b"])
    assert_alike([{**r, "amount": -abs(r["amount"])} for r in records], tmp_path)


def test_amounts_that_no_64_bits_hold_are_summed_exactly(tmp_path):
    largest = 10**18 - 1
    draw = random.Random(2)
    amounts = [largest] * 30 + [-largest] * 10 + [draw.randint(-largest, largest) for _ in range(100)]
    records = [{**r, "cost": money(0)} for r in some_orders(140, ["a", "b", "c"], days=50)]
    assert_alike([{**r, "amount": money(a)} for r, a in zip(records, amounts, strict=True)], tmp_path)


def test_a_history_of_centuries(tmp_path):
    assert_alike(some_orders(200, ["a", "b", "c"], days=300_000), tmp_path)


def test_exact_copies_are_counted_with_what_they_amount_to(tmp_path):
    row = {
        "customer_id": "a",
        "order_date": START,
        "amount": Decimal("2.5000"),
        "order_id": "1",
        "_hash": 2**63,
    }
    other = {**row, "amount": Decimal("3.0000"), "_hash": 5}
    account = assert_alike([row, other, row, other, row, {**row, "customer_id": "b", "_hash": 7}], tmp_path)
    assert (account.surplus_rows, account.surplus_amount) == (3, Decimal("8.0000"))


def test_rows_without_hashes_tell_nothing_of_copies(tmp_path):
    account = assert_alike(some_orders(5, ["a"]), tmp_path)
    assert (account.surplus_rows, account.surplus_amount) == (None, None)


def test_files_are_the_same_whatever_the_order_threads_and_memory(tmp_path):
    records = some_orders(500, IDS["digits"])
    seen = set()
    for seed, threads, memory in [(0, 1, 10**9), (1, 4, 10**9), (2, 2, 1_000)]:
        random.Random(seed).shuffle(records)
        con = ibis.duckdb.connect()
        rows = order_rows(con, records)
        reduced(rows, tmp_path, report_dates(records), rows_per_part=60, threads=threads, memory=memory)
        seen.add(b"".join((tmp_path / f"{name}.parquet").read_bytes() for name in TABLES))
        con.disconnect()
    assert len(seen) == 1


def test_later_rows_are_left_out(tmp_path):
    con = ibis.duckdb.connect()
    records = some_orders(50, ["a", "b"])
    dates = report_dates(records)
    later = {**records[0], "order_date": dates.as_of + dt.timedelta(1)}
    with_it, _ = reduced(order_rows(con, [*records, later]), tmp_path, dates)
    assert with_it.rows == 50


def test_a_failure_in_one_part_leaves_the_old_files_and_no_new_ones(tmp_path, monkeypatch):
    con = ibis.duckdb.connect()
    records = some_orders(300, IDS["digits"])
    (tmp_path / "customers.parquet").write_bytes(b"of the last run")
    done = []

    def failing(*arguments):
        done.append(1)
        if len(done) == 3:
            raise MemoryError("no room")
        return usual(*arguments)

    usual = reducing.weeks_of
    monkeypatch.setattr(reducing, "weeks_of", failing)
    with pytest.raises(MemoryError, match="no room"):
        reduced(order_rows(con, records), tmp_path, report_dates(records), rows_per_part=20)
    assert (tmp_path / "customers.parquet").read_bytes() == b"of the last run"
    assert [path.name for path in tmp_path.glob("*.parquet")] == ["customers.parquet"]


@pytest.mark.parametrize("decimals", [4, 9])
def test_doubles_are_those_of_the_engine(decimals):
    draw = random.Random(3)
    edge = [2**53 + step for step in (-1, 0, 1, 2, 12_345)] + [10**18 - 1, 10**37 + 12_345, 2**64, 2**64 + 1]
    numbers = [draw.randint(-(10**digits), 10**digits) for digits in range(1, 30) for _ in range(20)]
    numbers += edge + [-number for number in edge]
    con = ibis.duckdb.connect()
    column = pa.array([Decimal(n).scaleb(-decimals) for n in numbers], pa.decimal128(38, decimals))
    table = con.create_table("numbers", pa.table({"number": column, "row": range(len(numbers))}))
    found = table.order_by("row").select(double=table.number.cast("float64")).to_pyarrow()["double"]
    assert as_double(np.array(numbers, dtype=object), decimals).tolist() == found.to_pylist()
    small = [number for number in numbers if abs(number) < 2**63]
    wide = as_double(np.array(small, dtype=object), decimals)
    assert as_double(np.array(small, dtype=np.int64), decimals).tolist() == wide.tolist()


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 64), st.integers(2, 200))
@settings(max_examples=60, deadline=None)
def test_rows_are_sorted_by_all_keys(seed, keys, bits, rows):
    draw = np.random.default_rng(seed)
    words = [draw.integers(0, 2**bits, rows, dtype=np.uint64, endpoint=bits < 64) for _ in range(keys - 1)]
    words.append(draw.integers(0, 5, rows).astype(np.uint64))
    assert sort_order(words).tolist() == np.lexsort(words[::-1]).tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_first_of_each_kind_is_found_even_if_hashes_crowd(pairs):
    group, key = (np.array([pair[place] for pair in pairs], dtype=np.uint64) for place in (0, 1))
    wanted = [pair not in pairs[:place] for place, pair in enumerate(pairs)]
    assert first_occurrences(group, key).tolist() == wanted
