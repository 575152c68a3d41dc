"""Known exports: recognised by their headings, read as their values bear out, and told in the ledger."""

from decimal import Decimal

import ibis
import pytest
import yaml

from customer_value.errors import ConfigError, InputError
from customer_value.guess.layouts import (
    apply_layout,
    known_layouts,
    load_layout,
    recognised,
    require_headings,
)
from customer_value.guess.looking import look_at
from customer_value.inputs import check_inputs
from customer_value.settings import OrderColumns, TableSource
from customer_value.sources import open_source


@pytest.fixture
def table(tmp_path):
    """A file with a header and lines, as it is looked at."""
    con = ibis.duckdb.connect()

    def write(header, *lines):
        (tmp_path / "orders.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        spec = TableSource(path=["orders.csv"])
        return look_at(open_source("orders", spec, tmp_path, con, tmp_path), spec)

    yield write
    con.disconnect()


def ledger_of(table, folder):
    """Rows and money by ledger line, when the file is read as its layout says."""
    found = apply_layout(recognised(table), table)
    rules = [
        {"reason": rule.reason, "column": rule.column, rule.how: list(rule.values), "no_order": rule.no_order}
        for rule in found.rules.excluded
    ]
    orders = {"path": "orders.csv", "columns": found.columns, "exclude": rules}
    orders["credits"] = [{"column": rule.column, "is": list(rule.values)} for rule in found.rules.credits]
    orders |= {key: value for key, (value, _) in found.options.items()}
    settings = {"currency": found.currency or "EUR", "timezone": "UTC", "orders": orders}
    (folder / "my.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    lines = check_inputs(folder / "my.yml").ledger.of("orders")
    return {line.reason or line.status: (line.rows, line.amount) for line in lines if line.status != "note"}


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,"
    "Refunded Amount"
)
WOO = "order_id,order_date,status,order_total,order_subtotal,discount_total,payment_method,customer_id,billing_email"
FILES = {
    "Shopify": (
        SHOPIFY,
        (
            "#1,a@x.com,paid,,EUR,30,40,2024-01-01 10:00:00 -0500,1,Cup,0",
            "#1,a@x.com,,,,,,2024-01-01 10:00:00 -0500,2,Pot,",
            "#2,b@x.com,partially_refunded,,EUR,20,30,2024-01-02 10:00:00 -0500,1,Cup,5",
            "#3,c@x.com,refunded,,EUR,9,9,2024-01-03 10:00:00 -0500,1,Cup,9",
            "#3,c@x.com,,,,,,2024-01-03 10:00:00 -0500,1,Pot,",
            "#4,a@x.com,voided,,EUR,7,7,2024-01-04 10:00:00 -0500,1,Cup,0",
        ),
        {"read": (6, 66), "money given back": (1, -5), "kept": (4, 45), "refunded in full": (2, 9), "voided": (1, 7)},
    ),
    "WooCommerce": (
        WOO,
        (
            "1,2024-01-01,wc-completed,12,10,1,card,0,a@x.com",
            "2,2024-01-02,wc-on-hold,12,10,0,card,5,b@x.com",
            "3,2024-01-03,wc-processing,12,10,0,card,0,c@x.com",
            "4,2024-01-04,wc-cancelled,12,10,0,card,0,d@x.com",
        ),
        {"read": (4, 39), "kept": (2, 19), "on hold": (1, 10), "cancelled": (1, 10)},
    ),
    "Etsy": (
        "Sale Date,Order ID,Buyer User ID,Number of Items,Currency,Order Value,Discount Amount,"
        "Order Total,Status,Order Net,Adjusted Order Total",
        ("01/02/24,1,u1,1,EUR,30,3,35,,30,0", "01/13/24,2,u2,1,EUR,10,0,12,,11,0"),
        {"read": (2, 37), "kept": (2, 37)},
    ),
    "Amazon": (
        "order-id,order-item-id,purchase-date,buyer-email,sku,quantity-purchased,currency,item-price",
        ("1,1,2024-01-01T23:00:00-08:00,a@x,S1,2,EUR,20", "2,2,2024-01-02T00:00:00-08:00,b@x,S1,1,EUR,10"),
        {"read": (2, 30), "kept": (2, 30)},
    ),
    "Stripe": (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID",
        ("c1,2024-01-01 10:00:00,50,0,eur,Paid,k1", "c2,2024-01-02 10:00:00,40,15,eur,Partial Refund,k2",
         "c3,2024-01-03 10:00:00,9,0,eur,Failed,k1", "c4,2024-01-04 10:00:00,8,8,eur,Refunded,k2"),
        {"read": (4, 107), "money given back": (1, -15), "kept": (3, 75), "failed": (1, 9), "refunded in full": (1, 8)},
    ),
    "PayPal": (
        "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,Transaction ID",
        ("01/13/2024,10:00,PST,Ann,Express Checkout Payment,Completed,EUR,100,-3,97,a@x,T1",
         "01/14/2024,10:00,PST,Ann,Payment Refund,Completed,EUR,-20,0,-20,shop@x,T2",
         "01/15/2024,10:00,PST,,General Withdrawal,Completed,EUR,-70,0,-70,,T3",
         "01/16/2024,10:00,PST,Ben,Express Checkout Payment,Denied,EUR,40,0,40,b@x,T4"),
        {"read": (4, 50), "kept": (2, 80), "payment or transfer": (1, -70), "declined": (1, 40)},
    ),
    "Xero": (
        "ContactName,InvoiceNumber,InvoiceDate,Total,Quantity,UnitAmount,LineAmount,TaxAmount,Currency,Type,Status",
        ("A,I1,2024-01-01,11,1,10,10,1,EUR,Sales invoice,Paid",
            "B,I2,2024-01-02,22,1,20,20,2,EUR,Sales invoice,Awaiting Payment",
         "A,I3,2024-01-03,5,1,5,5,0,EUR,Sales invoice,Draft",
            "A,I4,2024-01-04,4,1,4,4,0,EUR,Sales credit note,Paid"),
        {"read": (4, 31), "kept": (3, 26), "draft": (1, 5)},
    ),
    "NetSuite": (
        "Date,Document Number,Type,Name,Account,Amount (Net),Status",
        ("1/13/2024,I1,Invoice,A,4000,100.00,Open", "1/14/2024,C1,Credit Memo,A,4000,(20.00),Open",
         "1/15/2024,P1,Payment,A,1000,80.00,Deposited", "Overall Total,,,,,160.00,"),
        {"read": (4, 320), "kept": (2, 80), "payment or transfer": (1, 80), "total": (1, 160)},
    ),
    "Odoo": (
        "Number,Invoice Partner Display Name,Invoice/Bill Date,Tax Excluded Signed,Total Signed,"
        "Payment Status,Status",
        ("I1,A,2024-01-01,10,12,Paid,Posted", "I2,B,2024-01-02,20,24,Not Paid,Posted",
            "I3,B,2024-01-03,5,6,Not Paid,Draft",
         "I4,B,2024-01-03,6,7,Not Paid,Cancelled"),
        {"read": (4, 41), "kept": (2, 30), "draft": (1, 5), "cancelled": (1, 6)},
    ),
    "Magento": (
        "ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base),Status,Customer Email,"
        "Subtotal,Total Refunded",
        ('1,Main,"Jan 3, 2024, 1:05:09 PM",A,€12.00,Complete,a@x,€10.00,€0.00',
         '2,Main,"Jan 4, 2024, 1:05:09 PM",B,€22.00,Closed,b@x,€20.00,€22.00',
         '3,Main,"Feb 4, 2024, 1:05:09 AM",B,€32.00,Pending,b@x,€30.00,€0.00',
         '4,Main,"Feb 5, 2024, 1:05:09 AM",B,€32.00,Processing,b@x,€30.00,€4.00'),
        {"read": (4, 90), "money given back": (1, -4), "kept": (3, 36), "refunded in full": (1, 20),
         "pending": (1, 30)},
    ),
    "Salesforce": (
        "Account Name,Opportunity Name,Stage,Amount,Close Date,Created Date",
        ("A,D1,Closed Won,100,2024-01-05,2023-01-01", "B,D2,Closed Lost,50,2024-01-06,2023-01-01",
            "B,D3,Prospecting,70,2024-01-07,2023-01-01"),
        {"read": (3, 220), "kept": (1, 100), "not won": (2, 120)},
    ),
    "HubSpot": (
        "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Company,Is Closed Won",
        ("1,D1,closedwon,2024-01-05 10:00,100,A,true", "2,D2,Contract Sent,2024-01-06 10:00,70,B,false"),
        {"read": (2, 170), "kept": (1, 100), "not won": (1, 70)},
    ),
    "Taobao / Tmall": (
        "订单编号,买家会员名,买家应付货款,总金额,买家实际支付金额,订单状态,订单创建时间,宝贝标题",
        ("1,甲,50,56,56.00,交易成功,2024-01-01 10:00:00,杯", "2,乙,50,56,0.00,交易关闭,2024-01-02 10:00:00,杯",
         "3,乙,40,46,46.00,卖家已发货，等待买家确认,2024-01-03 10:00:00,杯",
         "4,丙,40,46,0.00,等待买家付款,2024-01-04 10:00:00,杯"),
        {"read": (4, 102), "kept": (2, 102), "closed": (1, 0), "awaiting payment": (1, 0)},
    ),
    "JD (京东)": (
        "订单号,商品ID,订购数量,下单时间,应付金额,订单状态,下单帐号,客户姓名",
        ("1,5,1,2024-01-01 10:00:00,59.9,完成,jd_1,张", "2,5,1,2024-01-02 10:00:00,10,(删除)等待出库,jd_2,李"),
        {"read": (2, Decimal("69.9")), "kept": (1, Decimal("59.9")), "deleted": (1, 10)},
    ),
    "Square": (
        "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Total Collected,Source,"
        "Transaction ID,Payment ID,Event Type,Customer Name",
        ("2024-01-13,10:00,Pacific,20,-2,18,1,19,Register,T1,P1,Payment,Ann",
            "2024-01-14,10:00,Pacific,-5,0,-5,0,-5,Register,T2,P2,Refund,Ann"),
        {"read": (2, 13), "kept": (2, 13)},
    ),
    "QuickBooks Online": (
        "Customer,Transaction Date,Transaction Type,Num,Product/Service,Qty,Sales Price,Amount,Balance",
        ("A,2024-01-13,Invoice,1,Cup,2,10,20,20", "A,2024-01-14,Credit Memo,2,Cup,1,5,5,15",
            "A,2024-01-15,Payment,3,,,,15,0"),
        {"read": (3, 30), "kept": (2, 15), "payment or transfer": (1, 15)},
    ),
    "UCI Online Retail": (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        ("1,85123A,Cup,2,2011-01-13 10:00,5,17850,UK", "C2,85123A,Cup,-1,2011-01-14 10:00,5,17850,UK",
            "3,POST,Post,1,2011-01-14 10:00,7,17850,UK",
         "A4,B,Adjust bad debt,1,2011-01-14 10:00,9,17851,UK"),
        {"read": (4, 21), "kept": (2, 5), "service code": (2, 16), "bad-debt adjustment": (0, 0)},
    ),
    "AdventureWorks": (
        "ProductKey,OrderDateKey,CustomerKey,SalesOrderNumber,OrderQuantity,UnitPrice,"
        "TotalProductCost,SalesAmount,TaxAmt,OrderDate",
        ("310,20110113,21768,SO1,1,30,20,30,2,2011-01-13 00:00:00",
            "310,20110114,21769,SO2,1,30,20,30,2,2011-01-14 00:00:00"),
        {"read": (2, 60), "kept": (2, 60)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_known_exports_are_read_right(name, table, tmp_path):
    header, lines, expected = FILES[name]
    written = table(header, *lines)
    assert recognised(written).name == name
    assert ledger_of(written, tmp_path) == expected


def test_no_layout_fits_where_one_heading_is_missing(table):
    header, lines, _ = FILES["Shopify"]
    written = table(header.replace("Financial Status", "State"), *lines)
    assert recognised(written) is None


def test_the_customer_is_a_column_that_tells_guests_apart(table):
    header, lines, _ = FILES["WooCommerce"]
    found = apply_layout(recognised(table(header, *lines)), table(header, *lines))
    assert found.columns["customer_id"] == "billing_email"
    members = [line.replace(",card,0,", f",card,{number},") for number, line in enumerate(lines, 1)]
    written = table(header, *members)
    assert apply_layout(recognised(written), written).columns["customer_id"] == "customer_id"


def test_a_column_of_zeros_is_no_amount_and_no_money_off(table):
    header, lines, _ = FILES["WooCommerce"]
    zeros = [",".join([*line.split(",")[:4], "0", "0", *line.split(",")[6:]]) for line in lines]
    written = table(header, *zeros)
    columns = apply_layout(recognised(written), written).columns
    assert columns["amount"] == "order_total"
    assert "deduct" not in columns


def test_what_is_not_excluded_is_listed_with_rows_and_money(table):
    written = table(FILES["Stripe"][0], *FILES["Stripe"][1])
    listed = apply_layout(recognised(written), written).rules.listed
    assert [(rule.reason, rule.rows, rule.money) for rule in listed] == [
        ("Paid", 1, 50),
        ("Partial Refund", 1, 40),
    ]


def test_times_keep_the_day_that_the_shop_wrote(table):
    written = table(FILES["Shopify"][0], *FILES["Shopify"][1])
    found = apply_layout(recognised(written), written)
    assert found.timezone[0] == "as written"
    assert found.remarks[0] == "Recognised as an export of Shopify (orders)"
    assert apply_layout(recognised(written), written).options["amount_is"][0] == "order_on_first_line"


def test_the_layouts_of_the_package_name_what_they_hold():
    layouts = known_layouts()
    assert {"Shopify", "Amazon", "QuickBooks Desktop", "Taobao / Tmall"} <= {
        layout.name for layout in layouts
    }
    assert len({layout.told for layout in layouts}) == len(layouts)
    for layout in layouts:
        assert layout.columns.keys() <= OrderColumns.model_fields.keys()
        assert set(layout.deduct) <= {name for names in layout.columns.values() for name in names}


MINE = """\
name: My shop
headings: [Kunde, Kaufdatum, [Summe, Total]]
columns: {customer_id: Kunde, order_date: Kaufdatum, amount: [Summe]}
"""


def test_a_layout_of_ones_own(table, tmp_path):
    (tmp_path / "my-shop.yml").write_text(MINE, encoding="utf-8")
    mine = load_layout(tmp_path / "my-shop.yml")
    written = table("Kunde,Kaufdatum,Summe,x", "A,2024-01-01,5,1", "B,2024-01-02,6,1")
    assert recognised(written) is None
    assert require_headings(mine, written, "my-shop.yml").name == "My shop"
    assert apply_layout(mine[0], written).columns["amount"] == "Summe"
    with pytest.raises(
        InputError, match=r"orders.csv is no file of my-shop.yml: it lacks the column 'Kunde'"
    ):
        require_headings(mine, table("Kaufdatum,Summe,x", "2024-01-01,5,1"), "my-shop.yml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nheadings: [a, b]\n", r"^my.yml: columns: Field required\.$"),
        (MINE.replace("amount:", "amuont:"), r"^my.yml: 'amuont' is no field of orders.columns\.$"),
        (MINE + "colour: red\n", r"^my.yml: colour: Extra inputs are not permitted\.$"),
        ("name: [x\n", r"^my.yml, line 2: expected .*; check indentation, colons and quotes\.$"),
        ("", "holds no layout"),
    ],
)
def test_a_wrong_layout_is_told_in_a_sentence(tmp_path, text, said):
    (tmp_path / "my.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_layout(tmp_path / "my.yml")
    with pytest.raises(ConfigError, match=r"^none.yml cannot be read"):
        load_layout(tmp_path / "none.yml")
