"""Words of order states: what is plainly no sale is left out, all others are shown with rows and money."""

import ibis
import pytest

from customer_value.guess.looking import look_at
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


@pytest.mark.parametrize(
    ("reason", "examples"),
    [
        ("cancelled", "Stornata|Fattura stornata|annulés|Commande annulée|canceladas|anulada|storniert"
                      "|geannuleerde order|Cancelada pelo comprador"),
        ("failed", "Erreur de paiement|Échec du paiement|Error en el pago|Errore di pagamento|Zahlungsfehler"),
        ("declined", "Paiement refusé|recusada|rifiutata|拒收"),
        ("draft", "Bozze|borradores|rascunhos"),
        ("refunded in full", "Remboursées|reembolsada|rimborsate|已发货，退款成功"),
        ("returned", "Shipped - Returned to Seller|Devolução concluída"),
        ("other", "Saldata|Da saldare|emessa|scadute|pagado|cobrada|pendientes|vencida|待付款|待发货|交易成功"
                  "|openstaand|Nicht storniert|Remboursé partiellement|Cancelación solicitada|退款中"),
        ("no purchase", "view|add_to_cart"),
    ],
)  # fmt: skip
def test_words_are_known_in_every_form(reason, examples):
    found = {word: meaning_of(word) for word in examples.split("|")}
    assert {word: meaning and meaning.reason for word, meaning in found.items()} == dict.fromkeys(
        found, reason
    )


def test_a_status_is_listed_though_no_word_of_it_is_known(rules):
    found = rules("Stato", "Alfa", "Alfa", "Beta", "Gamma")
    assert not found.excluded
    assert told(found.listed) == [("Alfa", "is", "Alfa"), ("Beta", "is", "Beta"), ("Gamma", "is", "Gamma")]


def test_states_of_a_country_are_not_listed(rules):
    assert rules("state", "NY", "CA", "TX").listed == ()


def test_the_status_of_a_customer_leaves_out_no_order(rules):
    found = rules("Customer Status", "Cancelled", "Active", "Active")
    assert found.excluded == ()
    assert len(found.listed) == 2


@pytest.mark.parametrize(
    ("heading", "yes", "no", "reason"),
    [
        ("Fully Refunded?", "1", "0", "refunded in full"), ("Remboursée", "oui", "non", "refunded in full"),
        ("Erstattet", "x", "", "refunded in full"), ("是否退款", "是", "否", "refunded in full"),
        ("Storniert", "Ja", "Nein", "cancelled"), ("Annullato", "sì", "no", "cancelled"),
        ("Cancelado", "true", "false", "cancelled"), ("キャンセル", "はい", "いいえ", "cancelled"),
        ("Void?", "TRUE", "FALSE", "cancelled"), ("Chargeback", "Y", "N", "charged back"),
        ("Test mode", "yes", "no", "test"), ("Testbestelling", "ja", "nee", "test"),
    ],
)  # fmt: skip
def test_flags_of_nine_languages(rules, heading, yes, no, reason):
    assert told(rules(heading, yes, no, no).excluded) == [(reason, "is", yes)]


def test_a_dispute_may_be_a_sale(rules):
    found = rules("Disputed?", "1", "0", "0")
    assert found.excluded == ()
    assert told(found.listed) == [("disputed", "is", "1")]


def test_codes_of_credits_are_taken_where_all_codes_are_known_and_else_asked_for(rules):
    assert told(rules("Fakturaart", "F2", "F2", "G2").credits) == [("credit", "is", "G2")]
    asked = rules("Type", "FA", "FA", "AV", "ZZ")
    assert asked.credits == ()
    assert told(asked.asked) == [("credit", "is", "AV")]
