"""Encodings are told by what they make of a file; where two make as good a text, the reader is asked."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_value.errors import InputError
from customer_value.sources.encodings import detect_encoding
from sources_kit import message_of, numbers, opened, rows, told

WEST = ["Hélène Béranger", "Jürgen Großmann", "Núria Peña", "João Simões", "Søren Østergaard", "Åsa Sjögren"]
CENTRAL = ["Łukasz Wójcik", "Jiří Dvořák", "Zoltán Győri", "Božena Šťastná", "Świnoujście", "Kraków"]
RUSSIAN = ["Иван Смирнов", "Ольга Кузнецова", "ООО Ромашка", "Санкт-Петербург"]
CHINESE = ["张伟", "李娜", "杭州某某贸易有限公司", "蓝牙耳机", "保温杯"]
TAIWANESE = ["陳怡君", "林志明", "統一超商股份有限公司", "鳳梨酥", "臺北市"]
JAPANESE = ["佐々木 健", "任天堂株式会社", "コーヒー豆", "東京都港区", "ﾔﾏﾀﾞ商店"]
KOREAN = ["김민준", "이서연", "삼성전자 주식회사", "무선이어폰", "서울특별시"]
QUOTED = "l’offre “rouge” – réservée"

FAMILY = [
    ("cp1252", [*WEST, "1\u00a0234,50\u00a0€", "£12.50", "2½ kg", QUOTED]),
    ("iso8859-15", [*WEST, "1\u00a0234,50\u00a0€", "£12.50", "Cœur & Œuvre"]),
    ("cp850", [*WEST, "£12.50", "2½ kg", "¥1480"]),
    ("mac_roman", [*WEST, "1\u00a0234,50\u00a0€", "£12.50", "¥1480", QUOTED]),
    ("cp1250", [*CENTRAL, "1\u00a0234,50 €", "„zboží“"]),
    ("iso8859-2", CENTRAL),
    ("cp1251", [*RUSSIAN, "«Альфа»", "1\u00a0234,50 €", "№ 7"]),
    ("koi8-r", RUSSIAN),
    ("cp866", RUSSIAN),
    ("cp1253", ["Γεωργίου Νίκος", "Θεσσαλονίκη", "12,50 €"]),
    ("cp1254", ["Ayşe Yılmaz", "İstanbul", "Çağrı Öztürk", "12,50 €"]),
    ("cp932", JAPANESE),
    ("euc_jp", JAPANESE),
    ("gb18030", [*CHINESE, "￥12.50", "“红色”", "€5"]),
    ("big5", [*TAIWANESE, "「紅色」"]),
    ("euc_kr", KOREAN),
    ("utf-16", [*WEST, *CHINESE]),
    ("utf-16-le", [*WEST, *CHINESE]),
    ("utf-16-be", [*WEST, *CHINESE]),
    ("utf-8", [*WEST, *CHINESE]),
    ("utf-8-sig", [*WEST, *CHINESE]),
]


def table(values):
    return "id;name;day;sum\n" + "".join(f"{n};{v};2024-01-02;5,50\n" for n, v in enumerate(values))


@pytest.mark.parametrize(("encoding", "values"), FAMILY)
@pytest.mark.parametrize("times", [1, 40])
def test_short_and_long_texts_are_read_in_their_encoding(tmp_path, encoding, values, times):
    text = table(values * times)
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    found = detect_encoding(tmp_path / "a.csv", "a.csv")
    assert text.encode(encoding).decode(found) == text


@pytest.mark.parametrize(("encoding", "values"), FAMILY)
def test_one_value_is_read_right_or_asked_for_and_never_read_wrong(tmp_path, encoding, values):
    for value in values:
        text = table([value, "Smith"])
        (tmp_path / "a.csv").write_bytes(text.encode(encoding))
        with suppress(InputError):
            found = detect_encoding(tmp_path / "a.csv", "a.csv")
            assert text.encode(encoding).decode(found) == text


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        ("cp1252", "Müller"), ("cp1252", "José"), ("cp1252", "12,50 €"), ("cp1252", "12\u00a0412,00"),
        ("cp1252", "Stick\u00a0black"), ("cp1252", "L’Oréal"), ("cp1252", "2½"), ("cp1252", "£5.00"),
        ("mac_roman", "José"), ("mac_roman", "François"), ("mac_roman", "12,50 €"), ("cp850", "Müller"),
        ("cp850", "François"), ("cp1250", "Dvořák"), ("cp1251", "Смирнов"), ("gb18030", "张伟"), ("big5", "陳怡君"),
        ("cp932", "田中"), ("euc_kr", "김민준"), ("utf-16-le", "张伟"), ("utf-16-be", "Müller"),
    ],
)  # fmt: skip
def test_one_value_is_enough_for_what_is_usual(tmp_path, encoding, value):
    text = table([value, "Smith"])
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert text.encode(encoding).decode(detect_encoding(tmp_path / "a.csv", "a.csv")) == text


def test_hard_blanks_do_not_make_windows_dos(tmp_path):
    text = "client;montant;produit\nA;12\u00a0412,00;Stick\u00a08GB\nB;80,25;phone\u00a0black\n"
    source = opened(tmp_path, {"a.csv": text.encode("cp1252")})
    assert told(source)["encoding"] == "Windows-1252"
    assert numbers(source, "montant") == [12412, 80.25]
    assert [row[2] for row in rows(source)] == ["Stick\u00a08GB", "phone\u00a0black"]


def test_two_readings_of_a_name_are_asked_for_with_both(tmp_path):
    raw = b"id;name\n1;Kr\x8aft\n2;Smith\n"  # Kräft of a Macintosh, Krèft of DOS
    text = message_of(lambda: opened(tmp_path, {"a.csv": raw}), InputError)
    assert text.startswith("a.csv, line 2: '")
    assert "'Kräft'" in text
    assert "'Krèft'" in text
    assert "encoding: mac_roman" in text
    assert "encoding: cp850" in text
    assert rows(opened(tmp_path, {"a.csv": raw}, encoding="mac_roman"))[0] == ("1", "Kräft")


def test_a_late_line_counts_as_well(tmp_path):
    lines = [b"%d;Smith" % n for n in range(20_000)]
    raw = (
        b"id;name\n"
        + b"\n".join([*lines, "9;Dvořák".encode("cp1250"), "10;Šťastný".encode("cp1250")])
        + b"\n"
    )
    (tmp_path / "a.csv").write_bytes(raw)
    assert detect_encoding(tmp_path / "a.csv", "a.csv") == "cp1250"


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: not raw.isascii()))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_found_can_be_read_and_is_found_again(tmp_path, raw):
    (tmp_path / "a.csv").write_bytes(b"id;name\n1;" + raw + b"\n")
    try:
        found = detect_encoding(tmp_path / "a.csv", "a.csv")
    except InputError:
        return
    (tmp_path / "a.csv").read_bytes().decode(found)
    assert detect_encoding(tmp_path / "a.csv", "a.csv") == found
