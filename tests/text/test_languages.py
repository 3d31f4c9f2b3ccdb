"""Languages: words, case, stems, stop words and sentence ends, on short texts of our own."""

import re
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES
from tests.examples import soaked
from tests.places import ROOT
from tests.spelled import spelled
from tests.text.texts import QUESTIONS, REPORTS
from tokenizers import Tokenizer

import selfvec
from selfvec.base.casing import case_forms, lower
from selfvec.base.errors import OptionError
from selfvec.data.word_lookup import rows_of
from selfvec.lab.exporters import tokenizer_json, write_encoder
from selfvec.storage.public_vectors import PUBLIC_VECTORS
from selfvec.text import Rules, tokenizer
from selfvec.text.language_recognition import (
    function_words,
    language_name,
    other_languages,
    recognised_language,
)
from selfvec.text.languages import (
    LANGUAGES,
    STEMMERS,
    STOP_WORDS,
    elision,
    lemma_code,
    stop_words_of_language,
)
from selfvec.text.passages import sentence_spans
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, stems
from selfvec.text.tokenizers import find_words

SPACELESS = ("ja", "th", "zh")


def words(text: str, name: str = "words") -> list[str]:
    return spelled(tokenizer(name)(pl.Series([text])))


@pytest.mark.parametrize("code", REPORTS)
def test_other_forms_of_a_word_find_its_report(code: str) -> None:
    index = selfvec.Index.words_only(REPORTS[code], Preprocessing.of({"options": {"language": code}}))
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


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("fr", "L'école qu'il a vue aujourd'hui, d’où", "école il a vue aujourd'hui où"),
        ("it", "Dell'acqua c'è un'onda", "acqua è onda"),
        ("ca", "l'aigua d'avui", "aigua avui"),
        ("tr", "Ankara'dan İzmir'e", "ankara izmir"),
        ("en", "o'clock don't", "o'clock don't"),
    ],
)
def test_elided_words_are_cut_off(code: str, text: str, expected: str) -> None:
    assert Rulebook(Rules(language=code), "lower").names(words(text), {}) == expected.split()


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
    assert (elision(code) is None) == (one.elided is None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("昨天北京 AI 下雨2020年", "昨天 北京 AI 下雨 2020 年"),
        ("東京で雨が降りました。", "東京 で 雨 が 降り ま した"),
        ("ฝนตกหนักมาก 12", "ฝน ตกหนัก มาก 12"),
        ("ລົດໄຟມາຊ້າ", "ລົດໄຟ ມາ ຊ້າ"),
        ("រថភ្លើងលេខ", "រថភ្លើង លេខ"),
        ("ရထားအမှတ်", "ရထား အမှတ်"),
        ("𠀀年", "𠀀 年"),
    ],
)
def test_words_without_spaces_between_them(text: str, expected: str) -> None:
    pytest.importorskip("icu4py")
    found = find_words([text, "", text], "words")
    places = zip(found.starts.tolist(), found.ends.tolist(), strict=True)
    spelt = [text[a:b] for a, b in places]
    assert spelt == [found.names[i] for i in found.ids] == words(text) * 2
    assert "".join(spelt[: len(spelt) // 2]) == text.replace(" ", "").rstrip("。")
    assert found.bounds.tolist() == [0, len(spelt) // 2, len(spelt) // 2, len(spelt)]
    assert words(text) == expected.split()


@pytest.mark.parametrize("name", ["characters", "dictionary"])
@pytest.mark.parametrize(
    ("texts", "asked"),
    [
        (["我们在图书馆学习中文。", "台风导致列车停运。", "医院需要更多护士。"], "醫院的護士"),
        (["圖書館開放時間", "颱風導致列車停運", "醫院需要更多護士"], "医院"),
        (["昨日は雨でした。", "サーバーの設定", "病院は看護師を募集する"], "看護師"),
        (["รถไฟมาช้าในวันนี้", "ฝนตกหนักมาก", "โรงพยาบาลต้องการพยาบาล"], "พยาบาล"),
        (["ລົດໄຟມາຊ້າ", "ຝົນຕົກໜັກ", "ໂຮງໝໍຕ້ອງການພະຍາບານ"], "ພະຍາບານ"),
    ],
)
def test_text_without_spaces_is_found_with_no_option(texts: list[str], asked: str, name: str) -> None:
    pytest.importorskip("icu4py")
    pytest.importorskip("opencc")
    run = selfvec.refine(texts * 9, "none", "decorrelated", tokenizer=name, window=3)
    assert {int(hit.id) % 3 for hit in run.search(asked, top=9, mode="bm25").hits} == {2}
    said = " ".join(run.frequency()["counted"])
    assert ("not in words of a dictionary" in said) == (name == "characters")


@pytest.mark.parametrize(
    ("texts", "questions"),
    [
        (["اتاق ۴۲۵", "कमरा ४२५", "room ４２５", "Zimmer 425"], ["425", "٤٢٥"]),
        (["in Muenchen", "bei München"], ["München", "Muenchen"]),
        (["サーバの設定", "サーバーを買う"], ["サーバー", "サーバ"]),
        (["the l\u2019hotel"], ["l`hotel"]),
    ],
)
def test_spellings_of_a_word_find_each_other(texts: list[str], questions: list[str]) -> None:
    pytest.importorskip("icu4py")
    run = selfvec.refine([*texts, "the storm"], "none", "decorrelated")
    for asked in questions:
        found = {int(hit.id) for hit in run.search(asked, mode="bm25").hits}
        assert found == set(range(len(texts)))


@pytest.mark.parametrize("code", soaked(["tr", "fr", "el", "ar", "ja"], "tr", "ja"))
def test_an_encoder_reads_a_language_as_search_does(code: str, tmp_path) -> None:
    texts = list(REPORTS[code])
    run = selfvec.refine(texts * 5, "none", "decorrelated", language=code)
    selfvec.Encoder.of(run).save(tmp_path / "encoder")
    encoder = selfvec.Encoder.open(tmp_path / "encoder")
    scores = encoder.encode(list(QUESTIONS[code])) @ encoder.encode(texts).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]
    if code in SPACELESS:
        with pytest.raises(OptionError, match="no tokenizer that cuts text without spaces"):
            write_encoder(encoder, tmp_path / "folder", "model2vec")
        return
    theirs = Tokenizer.from_str(tokenizer_json(encoder))
    for text in (*texts, *QUESTIONS[code], texts[0].upper() if code != "ar" else texts[0]):
        ids, _ = encoder._lookup.find([text])
        found = [i for i in theirs.encode(text).ids if i < len(encoder)]
        assert found == [i for i in ids.tolist() if i >= 0]


def test_the_documented_table_is_the_table() -> None:
    text = (ROOT / "docs" / "reference" / "languages.md").read_text("utf-8")
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


TEXTS = {  # one short story, told in each language
    "en": "The hail broke the roofs of the village and it was dark when they came out of the house.",
    "de": "Der Hagel zerschlug die Dächer des Dorfes, und es war dunkel, als sie aus dem Haus kamen.",
    "fr": "La grêle a cassé les toits du village et il faisait nuit quand ils sont sortis de la maison.",
    "es": "El granizo rompió los techos del pueblo y ya era de noche cuando ellos salieron de la casa.",
    "it": "La grandine ha rotto i tetti del paese ed era buio quando sono usciti dalla casa con il cane.",
    "pt": "O granizo quebrou os telhados da aldeia e já era noite quando eles saíram da casa com o cão.",
    "nl": "De hagel brak de daken van het dorp en het was donker toen zij uit het huis kwamen.",
    "af": "Die hael het die dakke gebreek en dit was donker toe hulle kom, maar dit was nie so erg nie.",
    "sv": "Haglet slog sönder taken i byn och det var mörkt när de kom ut ur huset med hunden.",
    "da": "Haglen slog tagene i stykker, og det var mørkt, da de kom ud af huset efter et par timer.",
    "no": "Haglet slo i stykker takene i bygda, og det var mørkt da de kom ut av huset etter noen timer.",
    "fi": "Rakeet rikkoivat katot ja oli jo pimeää kun he tulivat ulos mutta se ei ollut niin paha.",
    "pl": "Grad zniszczył dachy we wsi i było już ciemno, kiedy oni wyszli z domu, ale nie było tak źle.",
    "cs": "Kroupy rozbily střechy a už byla tma, když vyšli z domu, ale nebylo to tak zlé, jak se zdá.",
    "sk": "Krúpy rozbili strechy a už bola tma, keď vyšli z domu, ale nebolo to také zlé, ako sa zdá.",
    "hu": "A jég összetörte a tetőket, és már sötét volt, amikor kijöttek, de nem volt az olyan rossz.",
    "tr": "Dolu köyün çatılarını kırdı ve çıktıkları zaman hava çok karanlıktı ama bu kadar kötü değil.",
    "ro": "Grindina a spart acoperișurile din sat și era deja noapte când au ieșit, dar nu a fost rău.",
    "ru": "Град разбил крыши деревни, и было уже темно, когда они вышли из дома, но это было не так плохо.",
    "uk": "Град розбив дахи села, і було вже темно, коли вони вийшли з хати, але це було не так погано.",
    "bg": "Градът разби покривите на селото и беше вече тъмно, когато те излязоха, но не е толкова зле.",
    "el": "Το χαλάζι έσπασε τις στέγες του χωριού και ήταν σκοτάδι όταν βγήκαν από το σπίτι.",
    "ar": "كسر البرد سقوف القرية وكان الظلام قد حل عندما خرجوا من البيت ولكن لم يكن ذلك سيئا في هذا اليوم",
    "fa": "تگرگ سقف خانه های روستا را شکست و هوا تاریک بود که آنها از خانه بیرون آمدند اما این بد نبود",
    "he": "הברד שבר את הגגות של הכפר והיה כבר חושך כאשר הם יצאו מן הבית אבל זה לא היה כל כך רע",
    "hi": "ओलों ने गाँव की छतें तोड़ दीं और जब वे घर से निकले तो अंधेरा था लेकिन यह इतना बुरा नहीं था और वह भी साथ था",
    "ja": "ひょうが村の屋根をこわし、家を出たときはもう暗かった。でもそれほどひどくはなかった。",
    "zh": "冰雹打破了村庄的屋顶，他们走出房子的时候天已经黑了。",
    "ko": "우박이 마을의 지붕을 부수었고 그들이 집에서 나왔을 때는 어두웠다.",
    "th": "ลูกเห็บทำให้หลังคาของหมู่บ้านแตก และมืดแล้วเมื่อพวกเขาออกจากบ้าน",
    "id": "Hujan es memecahkan atap di desa itu dan sudah gelap ketika mereka keluar dari rumah ini.",
}


def words_of(text: str) -> list[tuple[str, int]]:
    return list(Counter(re.findall(r"[\w'\u0300-\u036f\u0900-\u097f\u0e00-\u0e7f]+", text)).items())


@pytest.mark.parametrize("code", TEXTS)
def test_a_sentence_tells_its_language(code: str) -> None:
    words = words_of(TEXTS[code])
    assert recognised_language(words) == code
    assert recognised_language([(word.upper(), 3 * count) for word, count in reversed(words)]) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42 17 3.5 2024",
        "GET index html timeout error retry connection refused port socket",
        "Lorem dolor amet consectetur adipiscing elit tempor labore dolore magna aliqua veniam",
        "hail hail hail",
        "ქ",
    ],
)
def test_what_is_no_text_of_a_known_language_is_none(text: str) -> None:
    assert recognised_language(words_of(text)) in (None, "ka")


def test_two_languages_in_equal_parts_are_none() -> None:
    half = [*words_of(TEXTS["de"]), *words_of(TEXTS["fr"])]
    assert recognised_language(half) is None


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(1, 99)), max_size=30))
def test_any_words_are_read(words: list[tuple[str, int]]) -> None:
    code = recognised_language(words)
    assert code is None or language_name(code)


def test_every_language_but_lao_has_a_name_and_public_vectors() -> None:
    codes = {*function_words(), "am", "bn", "el", "hy", "ka", "km", "ko", "lo", "my", "ta", "te"}
    for code in codes:
        assert language_name(code) != code
        assert f"cc.{code.partition('-')[0]}.300" in PUBLIC_VECTORS or code == "lo"
    assert all(len(words) >= 20 for words in function_words().values())
    assert function_words().keys() - LANGUAGES.keys() == {
        "af", "be", "gl", "hr", "mk", "sq", "sw", "tl", "ur", "vi",
    }  # fmt: skip


LETTERS = [  # language, spellings of one word, as it is shown
    ("fa", ("كتابي", "کتابی"), "کتابی"),
    (None, ("كتابي", "کتابی"), "کتابی"),  # a run without a language
    ("ar", ("كتابي", "کتابی"), "كتابي"),
    ("ro", ("şcoli", "școli"), "școli"),
    (None, ("naţie", "nație"), "nație"),
    ("az", ("kǝnd", "kənd"), "kənd"),
    ("ca", ("col·legi", "coŀlegi"), "col·legi"),
]


@pytest.mark.parametrize(("language", "spellings", "shown"), LETTERS)
def test_a_letter_with_two_encodings_is_one_letter_in_texts_and_questions(language, spellings, shown) -> None:
    run = selfvec.refine([f"{word} x" for word in spellings], "none", language=language, min_count=1)
    assert run.vectors.index_to_key == [shown, "x"]
    for spelling in spellings:
        assert rows_of([spelling], [run.vectors], language) == ([(0, 0)], [])
        assert len(run.search(spelling, mode="bm25").hits) == len(spellings)


def test_letters_of_other_languages_and_the_spelling_of_vectors_stay() -> None:
    rules = Rulebook(Rules(language="tr"), "lower")
    assert rules.names(["ışık", "işçi"], {}) == ["ışık", "işçi"]
    for language, written, pretrained in (("ar", "کتاب", "کتاب"), ("fa", "کتاب", "كتاب"), ("ro", "și", "şi")):
        assert Rulebook(Rules(language=language), "lower").names([written], {pretrained: 0}) == [pretrained]


def test_short_documents_are_told_beside_longer_ones_of_their_language() -> None:
    english, german = "the roof of a barn is in the road", "das ist die farbe und der rest"
    texts = [text.split() for text in (*[english] * 20, "die rechnung fehlt noch", *[german] * 2)]
    assert other_languages(selfvec.TokenBatch.from_documents(texts), "en") == ({"de": [21, 22, 20]}, 23)
    assert other_languages(selfvec.TokenBatch.from_documents(texts[:21]), "en") == ({}, 21)
