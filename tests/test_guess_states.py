"""Words of order states: what is plainly no sale is left out, all others are shown with rows and money."""

import ibis
import pytest

from customer_value.guess.profile import look_at
from customer_value.guess.states import meaning_of, state_rules
from customer_value.settings import TableSource
from customer_value.sources import open_source


@pytest.fixture
def rules(tmp_path):
    """What the values of one further column suggest, beside order, customer, date and amount."""
    con = ibis.duckdb.connect()

    def suggest(heading, *values, amounts=None):
        lines = [f"order,customer,date,amount,{heading}"]
        for number, value in enumerate(values):
            amount = amounts[number] if amounts else 10
            lines.append(f'{number},c{number},2024-01-{number % 28 + 1:02d},{amount},"{value}"')
        (tmp_path / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        spec = TableSource(path=["orders.csv"])
        table = look_at(open_source("orders", spec, tmp_path, con, tmp_path), spec)
        return state_rules(table, "amount", {"order", "customer", "date", "amount"})

    yield suggest
    con.disconnect()


def told(found):
    return [(rule.reason, rule.how, *rule.values) for rule in found]


@pytest.mark.parametrize(
    ("reason", "examples"),
    [
        ("cancelled", "wc-cancelled|CANCELED|Cancelled by seller|storniert|Zwischenstorno|Annulée|cancelado"
                      "|Annullato|geannuleerd"
                      "|已取消|交易关闭|交易關閉|キャンセル|キャンセル済み"),
        ("voided", "Voided|VOID|无效|無効"),
        ("failed", "failed|wc-failed|fehlgeschlagen|échoué|支付失败|決済失敗"),
        ("declined", "Denied|declined|abgelehnt|rechazado|recusada|rifiutato|已拒绝"),
        ("draft", "Draft|Entwurf|Brouillon|borrador|rascunho|bozza|草稿|下書き"),
        ("quote", "Quote|Estimate|Angebot|Devis|presupuesto|orçamento|preventivo|offerte|报价|見積"),
        ("lost", "Closed Lost|closedlost|verloren|perdu|fechado perdido|输单|失注"),
        ("expired", "expired|abgelaufen|expirée|caducado|scaduto|verlopen|已过期|期限切れ"),
        ("refunded in full", "refunded|vollständig erstattet|remboursé|reembolsado|rimborsato"
                             "|terugbetaald|退款成功|返金済み"),
        ("deleted", "(删除)等待出库|trash|gelöscht"),
        ("credit memo", "Credit Memo|credit_note|Gutschrift|Avoir|nota de crédito|nota di credito|creditnota"
                        "|退款|貸方|赤伝"),
        ("won", "Closed Won|closedwon|gewonnen|gagné|ganado|Fechado e ganho|vinto|赢单"),
        ("other", "partially_refunded|Cancellation requested|待付款|発送済み|bezahlt|en attente|pendiente"
                  "|não pago|in attesa"),
    ],
)  # fmt: skip
def test_words_of_nine_languages(reason, examples):
    found = {word: meaning_of(word) for word in examples.split("|")}
    assert {word: meaning and meaning.reason for word, meaning in found.items()} == dict.fromkeys(
        found, reason
    )


@pytest.mark.parametrize("word", ["Net 30", "Hamburg", "online", "Credit", "Visa", "New Business"])
def test_other_words_mean_nothing(word):
    assert meaning_of(word) is None


@pytest.mark.parametrize("heading", ["status", "payment_status", "whatever", "注文ステータス"])
def test_no_sales_are_left_out_and_the_others_listed_with_money(rules, heading):
    found = rules(heading, "paid", "paid", "cancelled", "Draft", "pending")
    assert told(found.excluded) == [("draft", "is", "Draft"), ("cancelled", "is", "cancelled")]
    assert [(rule.reason, rule.rows, rule.money) for rule in found.listed] == [
        ("paid", 2, 20),
        ("pending", 1, 10),
    ]


def test_columns_of_other_words_say_nothing(rules):
    assert rules("city", "Void", "Ulm", "Berlin", "Bonn", "Kiel", "Köln").excluded == ()
    assert rules("shipped", "yes", "no", "no").excluded == ()
    assert rules("status", "cancelled", "cancelled").excluded == ()  # nothing would be left


@pytest.mark.parametrize(
    ("yes", "no"), [("yes", "no"), ("1", "0"), ("true", "false"), ("Y", "N"), ("是", "否"), ("X", "")]
)
@pytest.mark.parametrize("heading", ["cancelled", "is_canceled", "storniert", "是否取消", "IsDeleted"])
def test_flags_of_cancelled_orders(rules, heading, yes, no):
    found = rules(heading, yes, no, no, no, no)
    assert told(found.excluded) == [("cancelled", "is", yes)]
    assert found.excluded[0].rows == 1


def test_a_day_of_cancellation_says_that_an_order_was_cancelled(rules):
    found = rules("Cancelled at", "2024-01-02", "2024-02-03", "", "", "")
    assert told(found.excluded) == [("cancelled", "starts_with", "2")]
    assert found.excluded[0].rows == 2


def test_only_deals_that_were_won_count(rules):
    found = rules("Stage", "Closed Won", "Closed Lost", "Negotiation/Review", "")
    assert told(found.excluded) == [("not won", "is_not", "Closed Won")]
    assert (found.excluded[0].rows, found.listed) == (3, ())
    assert told(rules("Is Closed Won", "true", "false").excluded) == [("not won", "is", "false")]
    assert told(rules("进度", "受注", "失注", "提案中").excluded) == [("not won", "is_not", "受注")]


def test_credit_memos_with_a_positive_amount_are_credits(rules):
    found = rules("type", "Invoice", "Invoice", "Credit Memo")
    assert (told(found.credits), found.excluded) == ([("credit", "is", "Credit Memo")], ())
    assert rules("type", "Invoice", "Invoice", "Credit Memo", amounts=[5, 5, -5]).credits == ()


def test_payments_beside_invoices_are_no_sales(rules):
    found = rules("Transaction type", "Invoice", "Payment", "Journal Entry", "Credit Memo")
    assert told(found.excluded) == [("payment or transfer", "is", "Journal Entry", "Payment")]
    assert rules("type", "Payment", "Refund", "Payment", amounts=[5, -5, 5]).excluded == ()


def test_refunded_orders_are_left_out_unless_their_rows_are_the_credits(rules):
    assert told(rules("status", "paid", "refunded", "退款").excluded) == [
        ("refunded in full", "is", "refunded", "退款")
    ]
    assert rules("status", "paid", "refunded", amounts=[10, -10]).excluded == ()
