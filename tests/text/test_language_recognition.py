"""The language of a text: recognised by a few sentences, and not told where it cannot be."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.storage.public_vectors import PUBLIC_VECTORS
from selfvec.text.language_recognition import _function_words, language_name, recognised_language
from selfvec.text.languages import LANGUAGES

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
    codes = {*_function_words(), "am", "bn", "el", "hy", "ka", "km", "ko", "lo", "my", "ta", "te"}
    for code in codes:
        assert language_name(code) != code
        assert f"cc.{code.partition('-')[0]}.300" in PUBLIC_VECTORS or code == "lo"
    assert all(len(words) >= 20 for words in _function_words().values())
    assert _function_words().keys() - LANGUAGES.keys() == {
        "af",
        "be",
        "gl",
        "hr",
        "mk",
        "sq",
        "sw",
        "tl",
        "ur",
        "vi",
    }
