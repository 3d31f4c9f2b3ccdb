"""Languages: words, case, stems, stop words and sentence ends, on short texts of our own."""

import re

import numpy as np
import polars as pl
import pytest
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES
from tests.places import ROOT
from tests.text.texts import QUESTIONS, REPORTS
from tokenizers import Tokenizer

import selfvec
from selfvec.base.casing import case_forms, lower
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.exporters.encoder_folders import tokenizer_json, write_encoder
from selfvec.retrieval import Index
from selfvec.retrieval.encoder import Encoder
from selfvec.text import Rules, tokenizer
from selfvec.text.languages import (
    LANGUAGES,
    STEMMERS,
    STOP_WORDS,
    elision,
    lemma_code,
    stop_words_of_language,
)
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, stems
from selfvec.text.segmentation import segmenter
from selfvec.text.sentences import sentence_spans
from selfvec.text.tokenizers import find_words

SPACELESS = ("ja", "th", "zh")


def words(text: str, code: str) -> list[str]:
    raw = tokenizer("words", code)(pl.Series([text]))
    return [raw.types[i] for i in raw.ids]


@pytest.mark.parametrize("code", REPORTS)
def test_other_forms_of_a_word_find_its_report(code: str) -> None:
    if code in SPACELESS:
        pytest.importorskip("budoux")
    index = Index.words_only(REPORTS[code], Preprocessing.of({"options": {"language": code}}))
    found = [[hit.id for hit in index.search(question, mode="bm25").hits] for question in QUESTIONS[code]]
    assert [hits[:1] for hits in found] == [["0"], ["1"], ["2"]]


@pytest.mark.parametrize("code", sorted(set(REPORTS) - {"th"}))  # Thai has spaces where sentences end
def test_each_report_has_two_sentences(code: str) -> None:
    counts = tokenizer("words")(pl.Series(REPORTS[code])).sentence_counts.tolist()
    assert counts == [2, 2, 2]
    assert [len(sentence_spans(text)) for text in REPORTS[code]] == [2, 2, 2]


@pytest.mark.parametrize(
    "text",
    [
        "Das gilt z. B. für Dächer, d.h. für Häuser in der Nr. 7 usw.",
        "Dit geldt bijv. voor daken.",
        "M. Dupont et Mme. Durand sont venus.",
        "Pl. a tetők és kb. húsz ház megsérült.",
        "Bkz. Yrd. Doç. Dr. Yılmaz'ın raporu.",
        "Ö. Öztürk geldi.",
        "См. рис. Он сломан",
    ],
)
def test_abbreviations_end_no_sentence(text: str) -> None:
    assert len(sentence_spans(text)) == 1


def test_a_sentence_does_not_begin_with_a_lower_case_letter_of_any_script() -> None:
    assert len(sentence_spans("Es war ... übel. Ja.")) == 2
    assert len(sentence_spans("Он пришёл ... поздно. Да.")) == 2


def test_marks_that_need_no_space_end_sentences() -> None:
    text = "雨でした！「本当？」晴れです。"
    assert [text[a:b] for a, b in sentence_spans(text)] == ["雨でした！", "「本当？」", "晴れです。"]
    assert tokenizer("words")(pl.Series([text])).sentence_counts.tolist() == [3]


@pytest.mark.parametrize(
    ("word", "tr", "other"),
    [("ISPARTA", "ısparta", "isparta"), ("İZMİR", "izmir", "i̇zmi̇r"), ("Iğdır", "ığdır", "iğdır")],
)
def test_dotted_and_dotless_i(word: str, tr: str, other: str) -> None:
    assert lower(word, "tr") == lower(word, "az") == tr
    assert lower(word) == other


def test_a_turkish_word_finds_every_way_a_table_may_spell_it() -> None:
    for known, word in (("ısı", "ISI"), ("İzmir", "İZMİR"), ("internet", "INTERNET"), ("i̇zmir", "İzmir")):
        assert next(form for form in case_forms(word, "tr") if form in {known}) == known
    book = Rulebook(Rules(language="tr", stop_words="tr"), "lower")
    assert [book.key(word, {}) for word in ("ISI", "İl")] == ["ısı", "il"]
    assert book.names(["Iğdır'da", "İSTANBUL'un"], {}) == ["ığdır", "istanbul"]


def test_a_run_is_asked_for_words_in_the_case_of_its_language() -> None:
    table = Vectors(["ısı", "ev"], np.eye(2, dtype=np.float32))
    settings = {"method": "decorrelated", "tokenizer": "words"}
    run = selfvec.Refiner(language="tr", **settings).fit(["ISI evi. EV ısı."] * 5, table).run_
    assert run.vectors.index_to_key[run.index("ISI")] == "ısı"
    plain = selfvec.Refiner(**settings).fit(["ISI evi. EV ısı."] * 5, table).run_
    assert "isi" in plain.vectors
    assert "isi" not in run.vectors


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("fr", "L'école qu'il a vue aujourd'hui, d’où", ["école", "il", "a", "vue", "aujourd'hui", "où"]),
        ("it", "Dell'acqua c'è un'onda", ["acqua", "è", "onda"]),
        ("ca", "l'aigua d'avui", ["aigua", "avui"]),
        ("tr", "Ankara'dan İzmir'e", ["ankara", "izmir"]),
        ("en", "o'clock don't", ["o'clock", "don't"]),
    ],
)
def test_elided_words_are_cut_off(code: str, text: str, expected: list[str]) -> None:
    assert Rulebook(Rules(language=code), "lower").names(words(text, code), {}) == expected


def test_an_unknown_language_is_named() -> None:
    for wrong in ("xx", "turkish", ""):
        with pytest.raises(OptionError, match=r"language: there is no language.*use one of ar, .*tr"):
            Rulebook(Rules(language=wrong), "lower")


@pytest.mark.parametrize("code", STOP_WORDS)
def test_stop_words_are_single_words_in_lower_case(code: str) -> None:
    listed = stop_words_of_language(code)
    assert len(listed) > 80
    assert all(word == lower(word, code) and len(word.split()) == 1 for word in listed)


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_the_table_names_exists(code: str) -> None:
    one = LANGUAGES[code]
    assert len(stems(["abc"], code)) == 1 if one.stemmer else code not in STEMMERS
    if one.lemmas:
        assert lemma_code(code) in SUPPORTED_LANGUAGES
    if one.segmenter:
        pytest.importorskip("budoux")
        assert segmenter(code) is not None
    assert (elision(code) is None) == (one.elided is None)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("zh", "昨天北京 AI 下雨2020年", ["昨天", "北京", "AI", "下雨", "2020", "年"]),
        ("ja", "東京で雨が降りました。", ["東京", "で", "雨", "が", "降り", "まし", "た"]),
        ("th", "ฝนตกหนักมาก", ["ฝนตก", "หนัก", "มาก"]),
    ],
)
def test_words_without_spaces_between_them(code: str, text: str, expected: list[str]) -> None:
    pytest.importorskip("budoux")
    found = find_words([text, "", text], code=code)
    places = zip(found.starts.tolist(), found.ends.tolist(), strict=True)
    spelt = [text[a:b] for a, b in places]
    assert spelt == [found.names[i] for i in found.ids] == words(text, code) * 2
    assert "".join(spelt[: len(spelt) // 2]) == text.replace(" ", "").rstrip("。")
    assert found.bounds.tolist() == [0, len(spelt) // 2, len(spelt) // 2, len(spelt)]
    assert words(text, code) == expected


@pytest.mark.parametrize("code", ["tr", "fr", "el", "ar", "ja"])
def test_an_encoder_reads_a_language_as_search_does(code: str, tmp_path) -> None:
    if code in SPACELESS:
        pytest.importorskip("budoux")
    texts = list(REPORTS[code])
    run = selfvec.Refiner(method="decorrelated", language=code).fit(texts * 5, "none").run_
    Encoder.of(run).save(tmp_path / "encoder")
    encoder = Encoder.open(tmp_path / "encoder")
    scores = encoder.encode(list(QUESTIONS[code])) @ encoder.encode(texts).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]
    if code in SPACELESS:
        with pytest.raises(OptionError, match="no tokenizer that cuts Japanese text into words"):
            write_encoder(encoder, tmp_path / "folder", "model2vec")
        return
    theirs = Tokenizer.from_str(tokenizer_json(encoder))
    for text in (*texts, *QUESTIONS[code], texts[0].upper() if code != "ar" else texts[0]):
        ids, _ = encoder._lookup.find([text])
        found = [i for i in theirs.encode(text).ids if i < len(encoder)]
        assert found == [i for i in ids.tolist() if i >= 0]


def test_the_documented_table_is_the_table() -> None:
    text = (ROOT / "docs" / "reference" / "languages.md").read_text(encoding="utf-8")
    rows = text.partition("<!-- table:languages -->\n")[2].partition("<!-- /table -->")[0].split("\n")[2:-1]
    found = {}
    for row in rows:
        marks, named = [cell.strip() for cell in row.strip("|").split("|")]
        for name, code in re.findall(r"(\w.*?) `([\w-]+)`", named):
            found[code] = (name, *(mark in marks for mark in ("stems", "stop words", "lemmas")))
    assert found == {
        code: (
            one.name.replace(", traditional", " (traditional)"),
            bool(one.stemmer),
            bool(one.stop_words),
            bool(one.lemmas),
        )
        for code, one in LANGUAGES.items()
    }
