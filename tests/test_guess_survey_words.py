"""Answers in words, demographics, and what questions ask for, in the languages of common questionnaires."""

import pandas as pd
import pytest

from customer_value.errors import InputError
from customer_value.guess import survey_draft
from customer_value.guess.answer_words import _data, _plain, places, word_scale
from customer_value.guess.headings import aspect_of, is_about_the_person, is_purchase_share, recommends
from customer_value.inputs import check_inputs

SATISFIED = {
    "en": "Very dissatisfied|Dissatisfied|Neither satisfied nor dissatisfied|Satisfied|Very satisfied",
    "de": "Sehr unzufrieden|Eher unzufrieden|Teils/teils|Eher zufrieden|Sehr zufrieden",
    "fr": "Pas du tout satisfait|Plutôt pas satisfait|Neutre|Plutôt satisfait|Tout à fait satisfait",
    "es": "Muy insatisfecho|Insatisfecho|Neutral|Satisfecho|Muy satisfecho",
    "pt": "Muito insatisfeito|Insatisfeito|Neutro|Satisfeito|Muito satisfeito",
    "it": "Molto insoddisfatto|Insoddisfatto|Neutrale|Soddisfatto|Molto soddisfatto",
    "nl": "Zeer ontevreden|Ontevreden|Neutraal|Tevreden|Zeer tevreden",
    "zh-Hans": "非常不满意|不满意|一般|满意|非常满意",
    "zh-Hant": "非常不滿意|不滿意|普通|滿意|非常滿意",
    "ja": "非常に不満|やや不満|どちらともいえない|やや満足|非常に満足",
}
AGREED = {
    "en": "Strongly disagree|Disagree|Neutral|Agree|Strongly agree",
    "de": "Stimme gar nicht zu|Stimme eher nicht zu|Weder noch|Stimme eher zu|Stimme voll und ganz zu",
    "fr": "Pas du tout d'accord|Plutôt pas d'accord|Neutre|Plutôt d'accord|Tout à fait d'accord",
    "ja": "全くそう思わない|あまりそう思わない|どちらともいえない|ややそう思う|強くそう思う",
}
OVERALL = (
    "Overall, how satisfied are you with us?", "Gesamtzufriedenheit", "Wie zufrieden sind Sie insgesamt?",
    "Dans l'ensemble, êtes-vous satisfait ?", "En general, ¿qué tan satisfecho está?", "Satisfação geral",
    "Soddisfazione complessiva", "Hoe tevreden bent u over het algemeen?", "总体满意度",
    "整體滿意度", "総合満足度", "CSAT",
)  # fmt: skip
RECOMMEND = (
    "How likely are you to recommend us?", "NPS", "Würden Sie uns weiterempfehlen?", "Recommanderiez-vous ceci ?",
    "¿Nos recomendaría?", "Você nos recomendaria?", "Ci raccomanderebbe?", "Zou u ons aanbevelen?",
    "您会推荐我们吗",    "您會推薦我們嗎", "友人に薦めますか",
)  # fmt: skip


def drafted(folder, frame):
    frame.to_csv(folder / "answers.csv", index=False)
    draft = survey_draft(folder / "answers.csv")
    draft.codebook.to_csv(folder / draft.codebook_name, index=False)
    (folder / "my.yml").write_text(draft.settings, encoding="utf-8")
    return draft.settings, draft.codebook.set_index("item")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [*SATISFIED.values(), *AGREED.values()])
def test_words_are_put_in_their_order_and_read(folder, words):
    steps = words.split("|")
    settings, book = drafted(folder, pd.DataFrame({"F1": steps, "F2": steps[::-1], "comment": list("vwxyz")}))
    assert book.loc["F1", ["scale_min", "scale_max"]].tolist() == ["1", "5"]
    assert book.loc["F1", "words"] == ";".join(f"{word}={n}" for n, word in enumerate(steps, 1))
    assert "comment: words that are on no known scale" in settings
    inputs = check_inputs(folder / "my.yml")
    answers = inputs.companions["survey"].rows.execute()
    assert sorted(answers.loc[answers["item"] == "F1", "score"]) == [1, 2, 3, 4, 5]


def test_a_step_that_nobody_ticked_still_counts(folder):
    _, book = drafted(folder, pd.DataFrame({"sat": ["satisfied", "very satisfied", "satisfied"]}))
    assert book.loc["sat", "scale_max"] == "5"
    assert "very dissatisfied=1" in book.loc["sat", "words"]
    _, book = drafted(folder, pd.DataFrame({"sat": ["Extremely satisfied", "Somewhat satisfied", "Neutral"]}))
    assert book.loc["sat", "words"].startswith("extremely dissatisfied=1;somewhat dissatisfied=2;Neutral=3;")


def test_scales_have_as_many_steps_as_their_words():
    four = {word: place for word, place in places(AGREED["de"].split("|"))["agreement"].items() if place}
    assert word_scale("agreement", four).size == 4
    seven = [
        "Strongly disagree",
        "Disagree",
        "Somewhat disagree",
        "Neutral",
        "Somewhat agree",
        "Agree",
        "Strongly agree",
    ]
    assert list(word_scale("agreement", places(seven)["agreement"]).steps) == seven
    poor = ["Poor", "Fair", "Good", "Very good", "Excellent"]
    assert list(word_scale("quality", places(poor)["quality"]).steps) == poor


def test_words_for_no_answer_and_unknown_ones_become_codes(folder):
    column = ["Satisfied", "Don't know", "N/A", "Dissatisfied", "satisifed"] + ["Neutral"] * 8
    _, book = drafted(folder, pd.DataFrame({"sat": column}))
    assert book.loc["sat", "missing_codes"] == "don't know;satisifed"
    assert book.loc["sat", "not_applicable_codes"] == "n/a"
    assert check_inputs(folder / "my.yml").ledger.rows("survey", "kept") == 13


def test_numbers_with_labels_are_read(folder):
    _, book = drafted(
        folder, pd.DataFrame({"rec_nps": ["0 - not at all", "3", "7", "10 - extremely likely"]})
    )
    assert book.loc["rec_nps", ["words", "scale"]].tolist() == [
        "0 - not at all=0;10 - extremely likely=10",
        "nps",
    ]
    assert check_inputs(folder / "my.yml").ledger.rows("survey", "kept") == 4


def test_demographics_ids_and_dummies_are_no_items(folder):
    people = {
        "Case": range(101, 121), "Age": range(20, 40), "您的性别": [1, 2] * 10, "Member": [0, 1] * 10,
        "Branch": [1, 2] * 10,
        "Q1": [1, 2, 3, 4.5, 5] * 4, "Q2": [1, 2] * 10, "Number of products: how good?": [1, 2, 3, 4, 5] * 4,
    }  # fmt: skip
    settings, book = drafted(folder, pd.DataFrame(people))
    assert list(book.index) == ["Q1", "Q2", "Number of products: how good?"]
    assert "Member: 0 and 1 only" in settings
    assert "columns:" not in settings


def test_questions_with_scales_of_their_own_keep_them(folder):
    _, book = drafted(folder, pd.DataFrame({"Q1": [1, 2, 5] * 5, "Q2": [0, 7, 10] * 5}))
    assert book["scale_max"].tolist() == ["5", "10"]


@pytest.mark.parametrize("heading", OVERALL)
def test_questions_on_overall_satisfaction_are_marked(heading):
    assert aspect_of(heading) == "overall"
    assert not is_about_the_person(heading)


@pytest.mark.parametrize("heading", RECOMMEND)
def test_questions_on_recommendation_are_marked(heading):
    assert recommends(heading)
    assert aspect_of(heading) == "other"


@pytest.mark.parametrize(
    "heading",
    [
        "Satisfaction with the delivery",
        "Zufriedenheit mit dem Preis",
        "How satisfied are you with our prices?",
    ],
)
def test_satisfaction_with_one_thing_is_not_overall(heading):
    assert aspect_of(heading) == "perceived"


def test_an_item_on_recommendation_that_begins_at_one_is_no_net_promoter_score(folder):
    asked = "Would you recommend us?"
    _, book = drafted(folder, pd.DataFrame({asked: [1] * 5 + [4, 10, 9]}))
    assert book.loc[asked, ["scale", "scale_min"]].tolist() == ["likert", "1"]
    _, book = drafted(folder, pd.DataFrame({asked: [4, 10, 9, 8]}))
    assert book.loc[asked, ["scale", "scale_min"]].tolist() == ["nps", "0"]


def test_the_questions_below_the_headings_of_a_survey_tool_are_read(folder):
    rows = {
        "Q1": [
            "Overall, how satisfied are you?",
            '{"ImportId":"QID1"}',
            *["Satisfied", "Very satisfied"] * 6,
        ],
        "Q2": ["Would you recommend us?", '{"ImportId":"QID2"}', *["9", "10"] * 6],
        "Q3": ["What is your age?", '{"ImportId":"QID3"}', *["3", "4"] * 6],
    }
    _, book = drafted(folder, pd.DataFrame(rows))
    assert book["aspect"].to_dict() == {"Q1": "overall", "Q2": "other"}
    assert book.loc["Q2", ["scale", "wording_en"]].tolist() == ["nps", "Would you recommend us?"]
    assert check_inputs(folder / "my.yml").ledger.rows("survey", "kept") == 28


def test_a_purchase_share_is_told_from_other_percentages():
    assert is_purchase_share("What share of your purchases in this category do you make with us?")
    assert is_purchase_share("Welchen Anteil Ihrer Einkäufe tätigen Sie bei uns?")
    assert not is_purchase_share("At which price difference in % would you leave?")


def test_a_file_without_answers_tells_what_each_column_holds(folder):
    (folder / "people.csv").write_text("name,taste\nAnn,sweet\nBob,sour\n")
    with pytest.raises(
        InputError, match=r"'name': about the person.*'taste': words that are on no known scale, such as"
    ):
        survey_draft(folder / "people.csv")


def test_no_word_stands_at_two_places_of_one_scale():
    for kind, spec in _data()["scales"].items():
        for language, by_place in spec["words"].items():
            words = [word for listed in by_place.values() for word in {_plain(one) for one in listed}]
            assert len(words) == len(set(words)), (kind, language)
