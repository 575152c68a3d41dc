"""Values that no reader should trip over."""

from __future__ import annotations

__all__ = ["EDGES", "HOSTILE", "NUMBERS", "hostile_names"]

HOSTILE = (
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "+1-1", "-2+3", "<script>alert(1)</script>",
    '"><img src=x onerror=1>', "</td></table><h1>", "'; drop table orders; --", '" or ""="', "O'Hara",
    'say "hello"', "a,b;c\td|e", "two\nlines", "two\r\nlines", "\r", "\x00", "nul\x00inside",
    "\x1b[31mred\x1b[0m", "\x07\x08", "\x7f\x9b", "\u202egnp.exe", "\u2066left\u2069", "\ud800",
    "\udfff lone", "\ufeff", "\u200b", "\u00a0", "\u3000", "\u2028", "🦊 شركة 有限公司", "e\u0301" * 40,
    "Z\u0351\u0352" * 200, "x" * 5_000, "y" * 200_000, "{{ 7 * 7 }}", "{0}", "%s%n", "${HOME}",
    "../../etc/passwd", "/dev/null", "C:\\temp\\x", "\\", "\\N", "`id`", "$(id)", "***", "???", "#",
    "# comment", "None", "null", "NaN", "nan", "inf", "-Infinity", "TRUE", "no", "N/A", "-", "", " ", "\t",
    "Total", "Sum", "Summe", "[]", "{}", "[[" * 500, "!!python/object/apply:os.system ['id']", "*alias",
    "&anchor", "<<", "%YAML 9.9", "---", "...",
)  # fmt: skip
"""Text that somebody may put into a cell, a heading or a setting."""

NUMBERS = (
    "0", "-0", "-0.00", "0.001", "0.00005", "00012", "1e5", "1E-400", "1e400", "9" * 40, "-" + "9" * 400,
    "99999999999999.99", "999999999999999.9999", "12345678901234567890.12", "1,234.50", "1.234,50",
    "1'234.50", "1 234,50", "1\u202f234,50", "12,50", ",5", "5.", ".5", "--5", "5-", "(12.50)", "$5.00",
    "5 €", "EUR 5", "5%", "١٢٫٥", "１２．５", "0x10", "1_000", "½", "52.50 Dr", "20.00 Cr", "1/2", "12.5.3",
    "12:30", "+7", "1e", "∞",
)  # fmt: skip
"""Numbers, and what looks like some."""

EDGES = (
    "0000-00-00", "0001-01-01", "1582-10-10", "1899-12-31", "1900-02-29", "1970-01-01", "2024-02-30",
    "2023-13-01", "9999-12-31", "10000-01-01", "99999-12-31", "-0044-03-15", "31.12.2024", "12/31/2024",
    "31/12/24", "1/2/3", "20241231", "45657", "45657.75", "1704067200", "1704067200000",
    "2024-12-31T23:59:60Z", "2024-06-01T12:00:00+14:00", "2024-06-01 24:00:00", "Dec 31, 2024",
    "31 décembre 2024", "2024年12月31日", "113/12/31", "R6.5.1", "2024-W01-1", "2024-001", "yesterday",
    "2024-1-5", "3000000",
)  # fmt: skip
"""Dates, days that are none, and notations that only some people use."""


def hostile_names() -> tuple[str, ...]:
    """Names of files, tables and columns as settings may give them."""
    return (
        "missing.csv", "***", "*", "?", "[", "[!", "..", ".", "", "/", "~", "~nobody/x.csv", "x" * 300,
        "x/" * 3000 + "y", "nul\0name.csv", "\udcff.csv", "orders.csv/inside.csv", "/dev/null", "/dev/tty",
        "/proc/self/mem", "file://x", "http://127.0.0.1:1/x.csv", "s3://bucket/x", "**/*.csv", "ord*rs.csv",
        "-", "con", "ORDERS.CSV", "orders.csv ",
    )  # fmt: skip
