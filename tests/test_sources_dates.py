import datetime as dt
from dataclasses import replace

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_value.errors import ConfigError, InputError
from customer_value.settings import TableSource
from customer_value.sources import date_column, open_source
from sources_kit import CON, dates, message_of, of_values, opened

QUIET = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.parametrize(
    "values",
    [
        ["2024-12-31", "2024-01-02"],
        ["2024-12-31 23:59:59", "2024-1-2"],
        ["2024-12-31T23:59:59.123456", "2024-01-02T00:00"],
        ["2024/12/31", "2024/1/2 8:05"],
        ["2024.12.31", "2024.01.02"],
        ["20241231", "20240102"],
        ["20241231 2359", "20240102"],
        ["20241231.0", "20240102.0"],
        ["31/12/2024", "2/1/2024"],
        ["31/12/24", "02/01/24"],
        ["31.12.2024 14:05", "02.01.2024 14:05"],
        ["31-12-2024", "02-01-2024"],
        ["12/31/2024 8:26", "1/2/2024 18:00"],
        ["12/31/2024 8:26 PM", "1/2/2024 1:00:05 a.m."],
        ["31 Dec 2024", "2 January 2024"],
        ["31-Dec-24", "02-Jan-24"],
        ["Tuesday, 31 December 2024", "Tue, 2 Jan 2024"],
        ["31. Dezember 2024", "2. Jänner 2024"],
        ["31 déc. 2024", "2 janv. 2024"],
        ["31 de diciembre de 2024", "2 de enero de 2024"],
        ["Dec 31, 2024", "January 2nd, 2024"],
        ["2024年12月31日", "2024年1月2日 下午3:05"],
        ["2024年12月31日", "2024 年 1 月 2 日"],
        ["  2024-12-31  ", "\t2024-01-02\u00a0"],
    ],
)
def test_notations(tmp_path, values):
    assert dates(of_values(tmp_path, values)) == ["2024-12-31", "2024-01-02"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["31/12/2024"], "day first (31/12/2024)"),
        (["12/31/2024"], "month first (12/31/2024)"),
        (["31/12/24"], "day first (31/12/2024), years 69 to 99 are 19xx and 00 to 68 are 20xx"),
        (["2024-12-31"], "year-month-day (2024-12-31)"),
        (["03/03/2024", "04/04/2024"], "day first (31/12/2024)"),
    ],
)
def test_the_notation_is_stated(tmp_path, values, told):
    _, reading = date_column(of_values(tmp_path, values), "x", TableSource(path="a.csv"), None)
    assert (reading.aspect, reading.value, reading.declared) == ("date order of x", told, False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["01/02/2024", "03/04/2024"], "cannot be told apart, as in '01/02/2024' (row 2 of a.csv)"),
        (["13/01/2024", "01/13/2024"], "'13/01/2024' (row 2 of a.csv) and '01/13/2024' (row 3 of a.csv)"),
        (["2024-12-31", "31/12/2024"], "'2024-12-31' (row 2 of a.csv) and '31/12/2024' (row 3 of a.csv)"),
        (["31.12.2024", "31/12/2024"], "written in different ways"),
        (["20241231", "2024-12-31"], "written in different ways"),
        (["31 Dec 2024", "Dec 31, 2024"], "written in different ways"),
        (["2024-31-12", "2024-30-12", "2024-01-02"], "state dates: '%Y-%d-%m'"),
        (["21-03-04", "21-03-05", "22-03-13"], "the year may come first or last"),
        (["soon", "later"], "no row can be read as a date, as 'soon' (row 2 of a.csv)"),
        (["45657", "45658"], "state dates: excel-serial"),
        (["31122024", "30122024"], "no row can be read"),
        (["2024-02-30", "2024-02-31"], "no row can be read"),
        (["2024-12-31T10:00Z", "2024-12-31T10:00"], "some times carry an offset"),
        (["2024-12-31T10:00Z", "2024-12-31"], "some times carry an offset"),
        (["2024-12-31T10:00+01:00"], "for instance timezone: Europe/Berlin"),
    ],
)
def test_what_would_be_a_guess_is_an_error(tmp_path, values, words):
    source = of_values(tmp_path, values)
    assert words in message_of(lambda: dates(source), InputError)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-12-31", "soon", "", "2024-02-30"], ["2024-12-31", None, None, None]),
        (["31/12/2024", "32/12/2024", "0/1/2024"], ["2024-12-31", None, None]),
        (["31/12/1824", "31/12/2024", "31/12/2924"], [None, "2024-12-31", None]),
        (["31/12/68", "31/12/69", "29/02/00"], ["2068-12-31", "1969-12-31", "2000-02-29"]),
        (["31 Dec 2024", "31 Foo 2024"], ["2024-12-31", None]),
        (["2024-12-31", "2024-12-31 (or later)"], ["2024-12-31", None]),
        (["", " "], [None, None]),
    ],
)
def test_what_is_no_date_is_null(tmp_path, values, expected):
    assert dates(of_values(tmp_path, values)) == expected


@pytest.mark.parametrize(
    ("declared", "values", "expected"),
    [
        ("day-first", ["01/02/2024", "03.04.2024"], ["2024-02-01", "2024-04-03"]),
        ("month-first", ["01/02/2024", "3/4/24"], ["2024-01-02", "2024-03-04"]),
        ("day-first", ["31/01/2024", "01/31/2024"], ["2024-01-31", None]),
        ("day-first", ["2024-12-31"], ["2024-12-31"]),
        ("iso", ["2024-12-31", "01/02/2024"], ["2024-12-31", None]),
        ("year-month-day", ["20241231"], ["2024-12-31"]),
        ("%d.%m.%Y", ["01.02.2024", "soon"], ["2024-02-01", None]),
        ("%y-%m-%d", ["21-03-04"], ["2021-03-04"]),
        ("%Y/%d/%m", ["2024/31/12"], ["2024-12-31"]),
        ("excel-serial", ["45657", "45657.75", "x", "-1"], ["2024-12-31", "2024-12-31", None, None]),
    ],
)
def test_declared_notation(tmp_path, declared, values, expected):
    assert dates(of_values(tmp_path, values), dates=declared) == expected


@pytest.mark.parametrize(
    ("declared", "words"),
    [("european", "orders.dates: 'european' is not known"), ("%Q-%d", "'%Q-%d' is not a valid pattern")],
)
def test_unknown_declarations(tmp_path, declared, words):
    source = of_values(tmp_path, ["2024-12-31"])
    assert words in message_of(lambda: dates(source, dates=declared), ConfigError)


def test_unknown_time_zone(tmp_path):
    source = of_values(tmp_path, ["2024-12-31"])
    assert "'Mars/Base' is not known" in message_of(lambda: dates(source, timezone="Mars/Base"), ConfigError)


@pytest.mark.parametrize(
    "value", ["2024-12-31T23:30:00Z", "2024-12-31 18:30-05:00", "2025-01-01T00:30:00.5+0100"]
)
@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Berlin", "2025-01-01"), ("America/New_York", "2024-12-31")]
)
def test_instants_become_dates_in_the_time_zone(tmp_path, value, zone, day):
    assert dates(of_values(tmp_path, [value]), timezone=zone) == [day]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DATE '2024-12-31'", "2024-12-31"),
        ("TIMESTAMP '2024-12-31 23:30'", "2024-12-31"),
        ("TIMESTAMPTZ '2024-12-31 23:30:00+00'", "2025-01-01"),
        ("20241231", "2024-12-31"),
        ("20241231.0::DOUBLE", "2024-12-31"),
        ("DATE '1024-12-31'", None),
    ],
)
def test_types_of_the_engine(tmp_path, sql, expected):
    CON.raw_sql(f"COPY (SELECT {sql} AS x) TO '{tmp_path}/a.parquet'")
    source = open_source("orders", TableSource(path="a.parquet"), tmp_path, CON, tmp_path / "s")
    assert dates(source, timezone="Europe/Berlin") == [expected]


def test_typed_instants_need_a_time_zone(tmp_path):
    CON.raw_sql(f"COPY (SELECT TIMESTAMPTZ '2024-12-31 23:30:00+00' AS x) TO '{tmp_path}/a.parquet'")
    source = open_source("orders", TableSource(path="a.parquet"), tmp_path, CON, tmp_path / "s")
    assert "timezone: Europe/Berlin" in message_of(lambda: dates(source), InputError)


DAYS = st.lists(st.dates(dt.date(1970, 1, 1), dt.date(2068, 12, 31)), max_size=6)
PATTERNS = [
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%y",
    "%d-%m-%Y",
    "%Y%m%d",
    "%d %b %Y",
    "%B %d, %Y",
    "%Y年%m月%d日",
]


@given(DAYS, st.sampled_from(PATTERNS))
@QUIET
def test_dates_with_evidence_come_back(tmp_path, days, pattern):
    days = [*days, dt.date(2024, 12, 31), dt.date(1999, 1, 30), dt.date(1999, 1, 29)]
    source = of_values(tmp_path, [day.strftime(pattern) for day in days])
    assert dates(source) == [day.isoformat() for day in days]


@pytest.mark.parametrize(
    ("stated", "values", "expected"),
    [
        ("minguo", ["113/05/06", "民國113年5月6日", "1130506", "99.12.31", "113/13/01"],
         ["2024-05-06", "2024-05-06", "2024-05-06", "2010-12-31", None]),
        ("buddhist", ["2567-05-06", "06/05/2567", "31/12/2566", "6 พ.ค. 2567", "6 พฤษภาคม 67", "31/12/2024"],
         ["2024-05-06", "2024-05-06", "2023-12-31", "2024-05-06", "2024-05-06", None]),
        ("buddhist", ["12/31/2566", "05/06/2567"], ["2023-12-31", "2024-05-06"]),
        ("reiwa", ["R6.5.6", "令和6年5月6日", "令和元年5月1日", "H31/4/30", "昭和64年1月7日", "R060506", "X6.5.6"],
         ["2024-05-06", "2024-05-06", "2019-05-01", "2019-04-30", "1989-01-07", "2024-05-06", None]),
        ("mixed", ["44928", "25/01/2023", "2023-01-04", "44930.5", "3/2/2023", "7", "soon"],
         ["2023-01-02", "2023-01-25", "2023-01-04", "2023-01-04", "2023-02-03", None, None]),
        ("mixed-month-first", ["44928", "01/03/2023"], ["2023-01-02", "2023-01-03"]),
    ],
)  # fmt: skip
def test_calendars_and_mixtures_are_read_when_stated(tmp_path, stated, values, expected):
    assert dates(of_values(tmp_path, values), dates=stated) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["113/05/06", "113/05/07"], "state dates: minguo if these are years of the Republic of China"),
        (["06/05/2567", "2567-05-07"], "state dates: buddhist if these"),
        (["R6.5.6", "令和6年5月6日"], "state dates: reiwa if these"),
        (["44928", "44929", "02/01/2023", "25/01/2023"], "'02/01/2023' (row 4 of a.csv) and '44928' (row 2 of a.csv); "
         "state dates: mixed"),
        (["2023-01-05", "25/01/2023"], "or dates: mixed to read both"),
    ],
)  # fmt: skip
def test_calendars_and_mixtures_are_never_guessed(tmp_path, values, words):
    assert words in message_of(lambda: dates(of_values(tmp_path, values)), InputError)


def test_one_stray_number_among_dates_is_unreadable_only(tmp_path):
    values = [f"2024-01-{day:02}" for day in range(1, 32)]
    assert dates(of_values(tmp_path, [*values, "45657"]))[-1] is None


def test_a_spreadsheet_that_took_days_for_months_is_found(tmp_path):
    text = [f"{day}/03/2024" for day in range(13, 23)]
    serial = [str(45292 + day) for day in range(10)]
    source = of_values(tmp_path, text + serial)
    words = message_of(lambda: dates(source, dates="mixed"), InputError)
    assert "it seems to have taken days for months" in words
    assert dates(source, dates="mixed-day-first")[0] == "2024-03-13"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024/5/6 下午 3:05", "2024/5/31 上午10:00"], ["2024-05-06", "2024-05-31"]),
        (["2024年5月6日 下午3:05", "2024年5月31日(金)"], ["2024-05-06", "2024-05-31"]),
        (["2024年5月6日 15時05分"], ["2024-05-06"]),
        (["2024. 5. 6. 오후 3:05", "2024. 5. 31."], ["2024-05-06", "2024-05-31"]),
        (["2024년 5월 6일"], ["2024-05-06"]),
        (["2024/05/06(月) 10:00"], ["2024-05-06"]),
        (["２０２４／０５／０６"], ["2024-05-06"]),
        (["31/05/2024 3:05 p. m.", "06/05/2024 10:00 a. m."], ["2024-05-31", "2024-05-06"]),
    ],
)
def test_east_asian_dates_and_times_of_day(tmp_path, values, expected):
    assert dates(of_values(tmp_path, values)) == expected


@pytest.mark.parametrize("zone", ["-0500", "-05:00", "UTC", "+09:00"])
def test_days_stay_as_written_whatever_their_offset(tmp_path, zone):
    values = [f"2023-01-05 23:30:00 {zone}", "2023-07-05 00:10:00 -0400", "2023-08-01 00:10:00"]
    source = of_values(tmp_path, values)
    assert dates(source, timezone="as written") == ["2023-01-05", "2023-07-05", "2023-08-01"]


def test_days_as_written_by_a_pattern(tmp_path):
    source = of_values(tmp_path, ["05.01.2023 23:30 +0100", "06.01.2023 00:10 -0400"])
    assert dates(source, timezone="as written", dates="%d.%m.%Y %H:%M %z") == ["2023-01-05", "2023-01-06"]


@pytest.mark.parametrize(
    "values",
    [
        ["Jan 5, 2023 11:30:00 PM PST", "Jul 15, 2023 12:10:00 AM PDT"],
        ["05/01/2023 23:30 +01:00", "15/07/2023 00:10 +02:00"],
        ["2023-01-05 23:30 GMT+01:00", "2023-07-15T00:10:00.000Z"],
    ],
)
def test_names_of_zones_behind_any_notation(tmp_path, values):
    assert dates(of_values(tmp_path, values), timezone="as written") == ["2023-01-05", "2023-07-15"]


@pytest.mark.parametrize("value", ["2023-01-05 23:30:00 -0500", "Jan 5, 2023 11:30:00 PM PST"])
def test_a_missing_time_zone_can_be_as_written(tmp_path, value):
    source = of_values(tmp_path, [value])
    assert "timezone: as written" in message_of(lambda: dates(source), InputError)


def test_cells_of_the_buddhist_era(tmp_path):
    source = opened(tmp_path, {"a.csv": "x\n1\n"})
    table = ibis.memtable({"x": [dt.date(2567, 2, 28), dt.date(2566, 12, 31), None]}, schema={"x": "date"})
    source = replace(
        source, table=CON.create_table("era", table, overwrite=True).mutate(_file=ibis.literal(0, "int16"))
    )
    assert dates(source, dates="buddhist") == ["2024-02-28", "2023-12-31", None]
    assert "state dates: buddhist" in message_of(lambda: dates(source), InputError)


@pytest.mark.parametrize("stated", ["excel-serial", "mixed", "minguo"])
def test_what_is_read_as_a_date_is_one_for_the_engine(tmp_path, stated):
    source = of_values(tmp_path, ["44928", "1120102"])
    value, _ = date_column(source, "x", TableSource(path="a.csv", dates=stated), None)
    kinds = CON.raw_sql(f"DESCRIBE {CON.compile(source.table.select(value=value))}").fetchall()
    assert [kind[1] for kind in kinds] == ["DATE"]
