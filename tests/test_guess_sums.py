"""Drafts where sums between columns, flags or groups decide what a row is worth and whose it is; or a question."""

from decimal import Decimal

import pytest

from guess_kit import NAMES, SALES, TOTAL, Case, customers_of, drafted, ledger, of_sales, table

TWO = Decimal("0.01")


def taxed(amount, rate="0.20"):
    return (amount * Decimal(rate)).quantize(TWO)


def comma(number):
    return f"{number:.2f}".replace(".", ",")


def us(day):
    return day.strftime("%m/%d/%Y")


def minguo(day):
    return f"{day.year - 1911}/{day:%m/%d}"


def of_groups():
    """A report in which a customer stands on a row of its own above the lines, and a total below them."""
    rows = []
    for who, name in enumerate(NAMES):
        theirs = [s for s in SALES if s.who == who]
        rows.append([name, "", "", "", "", ""])
        rows += [["", us(s.day), 1000 + s.n, s.quantity, s.price, s.amount] for s in theirs]
        rows.append([f"Total for {name}", "", "", "", "", sum(s.amount for s in theirs)])
    rows.append(["TOTAL", "", "", "", "", TOTAL])
    return table(["", "Date", "Num", "Qty", "Sales Price", "Amount"], rows)


CASES = {
    "pieces, shipping and tax make the total": Case(
        of_sales(["Order Number", "Buyer Username", "Sale Date", "Quantity", "Hammer", "Shipping", "Collected Tax",
                  "Total Price"],
                 lambda s: [s.n, f"b{s.who}", s.day, s.quantity, s.price, "4.99", taxed(s.amount),
                            s.amount + taxed(s.amount) + Decimal("4.99")]),
        TOTAL, {"quantity": "Quantity", "unit_price": "Hammer", "amount": None}),
    "a net after fees beside a price, and flags": Case(
        of_sales(["Purchase ID", "Buyer Name", "Purchase Email", "Purchase Date", "Item Price ($)", "Fees ($)",
                  "Net Total ($)", "Fully Refunded?", "Disputed?"],
                 lambda s: [f"p{s.n}", s.name, s.mail, s.day, s.amount, taxed(s.amount, "0.1"),
                            s.amount - taxed(s.amount, "0.1"), int(s.n % 10 == 0), int(s.n % 10 == 1)]),
        sum(s.amount for s in SALES if s.n % 10), {"amount": "Item Price ($)", "customer_id": "Purchase Email"},
        excluded={"refunded in full": 6}, currency="USD"),
    "taxes that are called charges, too": Case(
        of_sales(["ID", "Customer", "Date", "Net Total", "Total Taxes and Charges", "Grand Total"],
                 lambda s: [s.n, s.name, s.day, s.amount, taxed(s.amount), s.amount + taxed(s.amount)]),
        TOTAL, {"amount": "Net Total"}),
    "what was paid, all or nothing": Case(
        of_sales(["Invoice Number", "Customer Id", "Status", "Invoice Date", "Sub Total", "Tax Total", "Total",
                  "Amount Paid"],
                 lambda s: [s.n, f"cus_{s.who}", "Paid" if s.n % 5 else "Not Paid", s.day, s.amount, taxed(s.amount),
                            s.amount + taxed(s.amount), s.amount + taxed(s.amount) if s.n % 5 else 0]),
        TOTAL, {"amount": "Sub Total"}),
    "a discount in money that the goods still hold": Case(
        of_sales(["Nº Pedido", "Emissão", "Cliente", "Vlr Produtos", "Vlr Desconto", "Vlr Frete", "Valor Total"],
                 lambda s: [s.n, f"{s.day:%d/%m/%Y}", s.name, comma(s.amount), comma(5 * (s.n % 3 == 0)),
                            comma(20 * (s.n % 2)), comma(s.amount - 5 * (s.n % 3 == 0) + 20 * (s.n % 2))], ";"),
        TOTAL - 5 * 20, {"amount": "Vlr Produtos", "deduct": "Vlr Desconto"}),
    "a discount that was taken off before": Case(
        of_sales(["主订单编号", "买家ID", "商品金额", "优惠总金额", "订单应付金额", "订单提交时间"],
                 lambda s: [s.n, f"u{s.who}", s.amount + 5 * (s.n % 3 == 0), 5 * (s.n % 3 == 0), s.amount,
                            f"{s.day} 10:00:00"]),
        TOTAL, {"amount": "订单应付金额", "deduct": None}),
    "codes of invoices and credits under A/C": Case(
        of_sales(["No", "Type", "A/C", "N/C", "Date", "Ref", "Net Amount", "Tax Amount"],
                 lambda s: [s.n + 1, "SC" if s.n % 6 == 5 else "SI", f"{s.name.upper()}01", 4000, s.day, f"{s.n:05d}",
                            s.amount, taxed(s.amount)]),
        sum(-s.amount if s.n % 6 == 5 else s.amount for s in SALES), {"customer_id": "A/C", "amount": "Net Amount"}),
    "events of which only purchases count": Case(
        of_sales(["event_time", "event_type", "product_id", "price", "user_id"],
                 lambda s: [f"{s.day} 10:00:00", "purchase" if s.n % 2 else "view", s.product, s.amount,
                            500 + s.who]),
        sum(s.amount for s in SALES if s.n % 2), excluded={"no purchase": 30}),
    "an ERP in traditional characters": Case(
        of_sales(["銷貨日期", "銷貨單號", "客戶代號", "客戶名稱", "品號", "數量", "單價", "未稅金額", "業務員"],
                 lambda s: [minguo(s.day), f"SO{s.n}", f"C{s.who}", s.name, s.product, s.quantity, s.price, s.amount,
                            "陳"], encoding="big5"),
        TOTAL, {"customer_id": "客戶代號", "order_id": "銷貨單號", "product_id": "品號", "amount": "未稅金額"},
        asked="dates: minguo", answers={"dates": "minguo"}),
    "dates of another calendar under a heading that is not known": Case(
        of_sales(["客戶代號", "記帳", "金額"], lambda s: [f"C{s.who}", minguo(s.day), s.amount]),
        TOTAL, {"order_date": "記帳"}, asked="dates: minguo", answers={"dates": "minguo"}),
    "the day of the last change": Case(
        of_sales(["id_order", "id_customer", "total_paid_tax_excl", "date_add", "date_upd"],
                 lambda s: [s.n, s.who, s.amount, f"{s.day} 09:00:00", "2024-06-01 10:00:00"]),
        TOTAL, {"order_date": "date_add"}),
    "who buys and who pays": Case(
        of_sales(["Document No.", "Sell-to Customer No.", "Bill-to Customer No.", "Posting Date", "Line Amount"],
                 lambda s: [f"PSI{s.n}", f"D{s.who}", f"D{s.who if s.n % 3 else 0}", s.day, s.amount]),
        TOTAL, {"customer_id": "Sell-to Customer No."}, customers=12),
    "a customer above its lines in a column without a heading": Case(
        of_groups(), TOTAL, {"amount": "Amount", "unit_price": "Sales Price"}, {"fill_down": ["1"]},
        asked="column '1' (without a heading) stands alone on a row above the lines", answers={"customer_id": "'1'"},
        excluded={"total of a group": 12, "total": 1}, customers=12),
    "a column that behaves like a customer": Case(
        of_sales(["invoice", "wer", "date", "amount"], lambda s: [s.n, s.name, s.day, s.amount]),
        TOTAL, asked="values that come again as those of customers do have 'wer'", answers={"customer_id": "wer"},
        customers=12),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_draft_reads_what_is_meant_or_asks(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    expected = CASES[case]
    draft, settings = drafted(tmp_path, expected)
    assert expected.asked in draft.question
    assert bool(expected.asked) == bool(draft.question), draft.question
    orders = settings["orders"]
    assert {role: orders["columns"].get(role) for role in expected.columns} == expected.columns
    assert {key: orders.get(key) for key in expected.options} == expected.options
    assert expected.currency in (None, settings["currency"])
    found = ledger(tmp_path, draft.text, expected.answers)
    assert round(found["kept"][1], 2) == round(expected.kept, 2)
    assert {reason: found[reason][0] for reason in expected.excluded} == expected.excluded
    assert expected.customers in (None, customers_of(tmp_path))


def test_plain_numbers_of_a_small_file_need_no_query_for_each_column(tmp_path, monkeypatch):
    def asked(*_):
        raise AssertionError("a column of plain numbers was looked at by itself")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("customer_value.guess.profile.number_column", asked)
    header = ["order", "customer", "date", "amount", *(f"trait {n}" for n in range(30))]
    content = of_sales(header, lambda s: [s.n, s.name, s.day, s.amount, *(s.n + n for n in range(30))])
    draft, settings = drafted(tmp_path, Case(content))
    assert not draft.question
    assert settings["orders"]["columns"]["amount"] == "amount"
