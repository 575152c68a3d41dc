"""The tables beside the orders: typed, accounted for, and refused with a sentence when wrong."""

from decimal import Decimal

import pandas as pd
import pytest

from customer_value.errors import InputError

SERVICE = """\
service_costs:
  path: service.csv
  columns: {customer_id: customer, date: on, cost: cost}
"""
SURVEY = """\
survey:
  path: survey.csv
  columns: {respondent_id: who, customer_id: customer, date: on, item: item, score: score}
survey_items:
  path: items.csv
"""
FILE = """\
customers:
  path: customers.csv
  columns: {customer_id: id, name: name, acquired_on: since, annual_potential: potential}
"""


@pytest.fixture
def company(desk):
    return desk.orders("a,2024-01-01,10.00", "b,2024-02-01,20.00")


def test_service_costs_reach_the_customers_and_the_ledger(company):
    company.settings(company.config.read_text() + "margin_rate: 0.5\n" + SERVICE)
    company.file(
        "service.csv",
        "customer,on,cost\na,2024-01-02,7.00\na,2024-01-03,1.00\nz,2024-01-03,2\n,2024-01-01,3\n",
    )
    inputs = company.check()
    assert inputs.ledger.rows("service_costs", "excluded") == 1
    assert inputs.ledger.amount("service_costs", "kept") == Decimal("10.00")
    assert "service_costs: 1 customer has no order." in inputs.warnings
    customers = pd.read_parquet(company.run() / "tables" / "customers.parquet").set_index("customer_id")
    assert list(customers["cost_to_serve"]) == [8.0, 0.0]
    assert list(customers["profit"]) == [-3.0, 10.0]


def test_a_customer_file_with_gaps_is_read_and_a_repeated_id_is_named(company):
    company.settings(company.config.read_text() + FILE)
    company.file("customers.csv", "id,name,since,potential\na,Acme,2020-01-31,1000\nc,,,\n")
    file = pd.read_parquet(company.run() / "tables" / "customer_file.parquet")
    assert list(file["name"].fillna("")) == ["Acme", ""]
    assert "1 customer with orders is not in the customer file." in company.check().warnings
    company.file("customers.csv", "id,name,since,potential\na,Acme,,\nb,,,\na,Acme 2,,\n")
    with pytest.raises(InputError, match=r"customers.csv, row 2, column 'id': 'a' stands in 2 rows;"):
        company.check()


def test_survey_scores_are_numbers_and_words_must_be_declared(company):
    company.settings(company.config.read_text() + SURVEY)
    items = "item,construct,aspect,scale_min,scale_max,missing_codes\nq1,S,overall,1,5,{}\n"
    company.file(
        "survey.csv",
        "who,customer,on,item,score\n1,a,2024-01-05,q1,4\n2,a,2024-01-05,q1,None\n3,a,2024-01-05,q1,\n",
    )
    text = company.config.read_text()
    company.settings(
        text.replace("  path: items.csv\n", "  path: items.csv\n  columns: {missing_codes: missing_codes}\n")
    )
    company.file("items.csv", items.format("-99;None"))
    answers = pd.read_parquet(company.run() / "tables" / "survey_answers.parquet")
    assert sorted(answers["score"].fillna(-1)) == [-1.0, -1.0, 4.0]
    company.file("items.csv", items.format("-99"))
    with pytest.raises(InputError, match="respondent '2', item 'q1': the score 'None' is not a number"):
        company.check()


def test_a_survey_that_the_loyalty_page_would_refuse_is_refused_when_it_is_read(company):
    company.settings(company.config.read_text() + SURVEY)
    company.file("items.csv", "item,construct,aspect,scale_min,scale_max\nq1,S,overall,1,5\n")
    company.file("survey.csv", "who,customer,on,item,score\n1,a,2024-01-05,q1,7\n")
    with pytest.raises(InputError, match="q1"):
        company.check()
    company.file("survey.csv", "who,customer,on,item,score\n1,a,2024-01-05,q9,3\n")
    with pytest.raises(InputError, match="q9"):
        company.check()


def test_a_customer_file_that_matches_nobody_is_told(company):
    company.settings(company.config.read_text() + FILE)
    company.file("customers.csv", "id,name,since,potential\nA,Acme,,\nB,,,\n")
    assert "None of the customers with orders is in the customer file" in company.check().warnings[0]
