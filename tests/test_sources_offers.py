import pytest

from customer_value.settings import TableSource
from customer_value.sources import offers
from sources_kit import of_values, opened

SPEC = TableSource(path="a.csv")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["113/05/06", "112/12/31"], ("dates", "minguo", "113/05/06")),
        (["1130506", "1121231"], ("dates", "minguo", "1130506")),
        (["06/05/2567", "31/12/2566"], ("dates", "buddhist", "06/05/2567")),
        (["05/31/2567", "12/31/2566"], ("dates", "buddhist", "05/31/2567")),
        (["R6.5.6", "R5.12.31"], ("dates", "reiwa", "R6.5.6")),
        (["02/01/2023", "44928", "44930"], ("dates", "mixed", "44928")),
        (["2023-01-02", "25/01/2023"], ("dates", "mixed", "25/01/2023")),
        (["5.00 Cr", "1.00 Dr", "2.00 Dr"], ("dr_cr", "debit-positive", "5.00 Cr")),
        (["2023-01-05 10:00:00 -0500", "2023-07-05 10:00:00 -0400"],
         ("timezone", "as written", "2023-01-05 10:00:00 -0500")),
    ],
)  # fmt: skip
def test_what_would_read_a_column_is_offered_with_a_value(tmp_path, values, expected):
    found = offers(of_values(tmp_path, values), "x", SPEC)
    assert (found[0].setting, found[0].value, found[0].example) == expected
    assert found[0].share == 1


@pytest.mark.parametrize(
    "values",
    [["2023-01-02", "2023-12-31"], ["31/12/2023"], ["12.50", "13.00"], ["A", "B"], ["1234567", "7654321"], [""],
     ["44928", "44929"], ["12 S", "14 S"]],
)  # fmt: skip
def test_nothing_is_offered_for_a_column_that_reads_or_that_nothing_reads(tmp_path, values):
    assert offers(of_values(tmp_path, values), "x", SPEC) == []


def test_what_is_stated_is_not_offered(tmp_path):
    source = of_values(tmp_path, ["113/05/06", "112/12/31"])
    assert offers(source, "x", SPEC.model_copy(update={"dates": "minguo"})) == []


def test_numbers_of_a_sheet_are_looked_at_as_well(tmp_path):
    source = opened(tmp_path, {"a.json": '[{"x": 1130506}, {"x": 1121231}]'})
    assert [offer.value for offer in offers(source, "x", SPEC)] == ["minguo"]
