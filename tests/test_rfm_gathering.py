"""Tables put side by side in the order of their customers: the same as the engine's joins."""

import datetime as dt
import gc

import hypothesis.strategies as st
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings

from customer_value import alignment
from customer_value.expressions import as_table
from customer_value.rfm import people
from customer_value.rfm.cohorts import cohorts

AS_OF, PREVIOUS = dt.date(2024, 5, 15), dt.date(2023, 5, 15)
MONEY = st.integers(-50_000, 90_000).map(lambda units: units / 10_000)


@st.composite
def companies(draw):
    """Customers, snapshots and months that agree in nothing but their ids, sorted."""
    ids = sorted(draw(st.sets(st.text("aZ'ü0", min_size=1, max_size=4), min_size=1, max_size=9)))
    day = st.dates(dt.date(2021, 1, 1), AS_OF)
    counts = st.integers(0, 5)
    first_days = st.dates(dt.date(2021, 1, 1), dt.date(2024, 6, 1)).map(lambda date: date.replace(day=1))

    def customer(one, last):
        return {
            "customer_id": one, "last_order": last, "first_order": min(last, draw(day)) if last else None,
            "last_gap": draw(st.none() | counts), "orders": draw(counts), "window_orders": draw(counts),
            "net_revenue": draw(MONEY), "window_net_revenue": draw(MONEY), "margin": draw(MONEY),
        }  # fmt: skip

    customers = [customer(one, draw(st.none() | day)) for one in ids]
    earlier = [customer(one, draw(st.none() | day)) for one in ids if draw(st.booleans())]
    months = [
        {"customer_id": one, "month": month, "orders": draw(counts), "net_revenue": draw(MONEY), "margin": draw(MONEY)}
        for one in ids
        for month in sorted(draw(st.sets(first_days, max_size=5)))
    ]  # fmt: skip
    snapshots = [row | {"as_of": AS_OF} for row in customers] + [row | {"as_of": PREVIOUS} for row in earlier]
    return (
        frame(customers),
        frame(snapshots),
        frame(months, ["customer_id", "month", "orders", "net_revenue", "margin"]),
    )


def frame(rows: list[dict[str, object]], columns: list[str] | None = None) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=columns)
    dates = [name for name in ("as_of", "first_order", "last_order") if name in made]
    whole = {name: "Int64" for name in ("orders", "window_orders", "last_gap") if name in made}
    made = made.astype(
        {"customer_id": "str"} | whole | ({"month": "datetime64[us]"} if "month" in made else {})
    )
    return made.assign(**{name: pd.to_datetime(made[name]).astype("datetime64[us]") for name in dates})


def gathered(customers: pd.DataFrame, snapshots: pd.DataFrame, months: pd.DataFrame) -> people.Gathered:
    return people.gather(
        as_table(customers), AS_OF, snapshots=as_table(snapshots), months=as_table(months), previous=PREVIOUS
    )


def rows_of(found: people.Gathered) -> list[dict[str, object]]:
    bits = {name: 0 for name in found.table.columns if name.endswith("quarters")}
    table = found.table.fill_null(bits) if bits else found.table
    return sorted(table.to_pyarrow().to_pylist(), key=lambda row: row["customer_id"])


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(companies(), st.sampled_from([1, 2, 1000]))
def test_what_is_put_side_by_side_is_what_the_engine_joins(company, size):
    customers, snapshots, months = company
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "CUSTOMERS_PER_RANGE", size)
        quick = gathered(customers, snapshots, months)
    assert quick.in_order
    assert [row["customer_id"] for row in quick.table.to_pyarrow().to_pylist()] == [
        row["customer_id"] for row in rows_of(quick)
    ]

    def give_up(*_: object) -> None:
        raise alignment.Unordered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "joined_in_order", give_up)
        joined = gathered(customers, snapshots, months)
    assert not joined.in_order
    assert rows_of(quick) == rows_of(joined)
    plain = cohorts(customers, months, as_of=AS_OF, currency="EUR")
    known = cohorts(customers, months, as_of=AS_OF, currency="EUR", cells=quick.cells)
    assert (plain is None) == (known is None)
    if plain is not None:
        pd.testing.assert_frame_equal(plain.cells, known.cells)
        assert plain.returns_only == known.returns_only


def test_customers_in_another_order_are_joined_by_the_engine():
    day = dt.date(2024, 5, 1)
    rows = {"customer_id": ["b", "a"], "last_order": [day] * 2, "first_order": [day] * 2, "last_gap": [None, 3],
            "window_orders": [1, 2], "window_net_revenue": [1.0, 2.0]}  # fmt: skip
    months = frame([{"customer_id": one, "month": day, "orders": 1, "net_revenue": 1.5} for one in "ab"])
    found = people.gather(pd.DataFrame(rows), AS_OF, months=as_table(months))
    assert not found.in_order
    assert [row["recent"] for row in rows_of(found)] == [0.0, 0.0]
    assert [row["contribution"] for row in rows_of(found)] == [1.5, 1.5]


def test_the_table_of_customers_keeps_its_order_when_it_is_written(tmp_path):
    number = 300_000
    con = ibis.duckdb.connect()
    ids = [f"C{place:06d}" for place in range(number)]
    days = np.array(["2024-05-01", "2022-01-01"], dtype="datetime64[D]")[np.arange(number) % 2]
    customers = pa.table({
        "customer_id": ids, "last_order": days, "first_order": days, "last_gap": pa.nulls(number, pa.int64()),
        "window_orders": np.ones(number, dtype=np.int64), "window_net_revenue": np.arange(number) / 4,
        "net_revenue": np.arange(number) / 4,
    })  # fmt: skip
    months = pa.table({
        "customer_id": ids, "month": days, "orders": np.ones(number, dtype=np.int64),
        "net_revenue": np.arange(number) / 4,
    })  # fmt: skip
    from customer_value.rfm import rfm

    result = rfm(
        con.create_table("customers", customers),
        as_of=AS_OF,
        currency="EUR",
        months=con.create_table("months", months),
    )
    result.tables["rfm"].to_parquet(tmp_path / "rfm.parquet")
    assert result.in_order
    assert con.read_parquet(tmp_path / "rfm.parquet").customer_id.to_pyarrow().to_pylist() == ids


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["a", None]])
def test_rows_in_another_order_are_noticed(ids):
    table = as_table(pd.DataFrame({"customer_id": ids}))
    with pytest.raises(alignment.Unordered):
        [alignment.InOrder(table).rows(bounds) for bounds in alignment.ranges(table)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9).map(lambda n: (2 * n + 1) / 20_000), min_size=1
    )
)
def test_money_is_rounded_as_the_engine_rounds_it(values):
    table = ibis.memtable(pa.table({"money": pa.array(values, pa.float64())}))
    rounded = table.select(money=table.money.cast("decimal(38, 4)")).to_pyarrow()["money"].to_pylist()
    assert alignment.ten_thousandths(pa.array(values, pa.float64())).tolist() == [
        int(m * 10_000) for m in rounded
    ]


def test_what_is_kept_goes_with_its_last_reference_and_nothing_stays_after_a_failure():
    con = ibis.duckdb.connect()
    ids = pa.table({"customer_id": ["a", "b"]})
    people_there = con.create_table("people_there", ids)
    kept = alignment.kept_by_range(people_there, lambda bounds: ids)
    derived = kept.filter(kept.customer_id > "a")
    del kept
    assert derived.count().execute() == 1
    assert temporary_tables(con) == 1
    del derived
    gc.collect()
    assert temporary_tables(con) == 0

    def failing(bounds):
        raise alignment.Unordered

    with pytest.raises(alignment.Unordered):
        alignment.kept_by_range(people_there, failing)
    assert temporary_tables(con) == 0


def temporary_tables(con):
    return con.raw_sql("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall()[0][0]
