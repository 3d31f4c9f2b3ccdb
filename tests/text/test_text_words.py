"""The tokenisers of words: by hand, against a readable reference, and their laws."""

import re
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.spelled import spelled, spelled_texts

from selfvec.base.characters import APOSTROPHES, NEVER_ALONE, UNSEEN, folded, plain, without_accents
from selfvec.text import tokenizer
from selfvec.text.kernels import STRONG, table
from selfvec.text.tokenizers import find_words

TRICKY = "aBz19_'’.,-! \n\t\u00ad\u200d\u0301éß²½Ⅳ٣ह्日🙂\x00"
ordinary = st.characters(exclude_categories=["Cs"], exclude_characters='+#&"\u201d\u200b\u00b7')
texts = st.text(st.one_of(st.sampled_from(TRICKY), ordinary), max_size=40)


def tokens(text: str, name: str = "runs") -> list[str]:
    return spelled(tokenizer(name)(pl.Series([text])))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't DON’T o'clock rock'n'roll", "don't DON'T o'clock rock'n'roll"),
        ("county's COUNTY'S county’s counties' it's", "county COUNTY county counties it"),
        ("EF0 1990s .5 5. 3.x x.3 1..2", "EF0 1990s 5 5 3 x x 3 1 2"),
        ("Straße Ἀθῆναι हिन्दी می\u200cخواهم", "Straße Ἀθῆναι हिन्दी می\u200cخواهم"),
        ("a@b.org http://x.y/z?q=1", "a b org http://x.y/z?q=1"),
        (
            "(https://t.co/Ab1). <ftp://a.b> x:// http://a.b/雨",
            "https://t.co/Ab1 ftp://a.b x http://a.b 雨",
        ),
        (
            "abcdefghijklmnop abcdefghijklmnopq abcdefghijklmnopr",
            "abcdefghijklmnop abcdefghijklmnopq abcdefghijklmnopr",
        ),  # 16 bytes and more
        # What readers do not see is folded.
        ("ﬁre oﬃce ﬀ", "fire office ff"),  # ligatures
        ("ＡＢＣ １．７５ ｶﾞｽ ﾊﾟﾝ", "ABC 1.75 ガス パン"),  # full and half width
        ("H₂O m² xⁿ", "H2O m2 xn"),  # sub- and superscripts
        ("µm 𝐛𝐨𝐥𝐝 Ⅳ K", "μm bold IV K"),  # letters of other styles
        ("❤️love 1️⃣ 葛󠄀城", "love 1 葛城"),  # variation selectors
        ("ha­il ha​il ha⁠il ha﻿il ‏hail‏ ‪hail‬", "hail hail hail hail hail hail"),
        ("well‐known non‑stop", "well known non stop"),  # U+2010, U+2011
        ("a b c", "a b c"),  # spaces that do not break
        ("don’t don´t donʼt don＇t", "don't don't don't don't"),
        ("café café", "café café"),
        ("3½ ½ ⑴", "3½ ½ ⑴"),  # not 31⁄2
        ("ប​ខ ก​ข", "ប ខ ก ข"),  # a zero-width space parts words of these scripts
        ("น้ำ น้ํา", "น้ำ น้ำ"),
        ("می‌روم क्‍ष", "می\u200cروم क्\u200dष"),  # joiners that shape letters
        ("auf‌fallen", "auffallen"),
        ("שָׁלוֹם שלום", "שלום שלום"),  # points
        ('צה"ל צה״ל צה”ל "שלום" ב"הארץ"', 'צה"ל צה"ל צה"ל שלום ב הארץ'),
        ("צ׳ק צ'ק", "צ'ק צ'ק"),
        ("مُحَمَّد مـحـمـد محمد آب", "محمد محمد محمد آب"),
        ("(́a ️love ـ ﾞ ㅤ", "a love"),  # a mark begins no word and is none
        # Signs of names belong to words.
        ("C++ and C# or F#.", "C++ and C# or F#"),
        ("g++ notepad++ and Ca++, Mg++", "g++ notepad++ and Ca Mg"),
        ("C++17, C+, a+b, x+++", "C++ 17 C a b x"),
        ("CD4+ cells", "CD4 cells"),
        (".NET (.csv) end.Next ...what .Next", ".NET .csv end Next what Next"),
        (".5 .gitignored", "5 gitignored"),
        ("R&D AT&T's q&a PB&J S&P500", "R&D AT&T q&a PB&J S P500"),
        ("fish&chips a&lt;b ?x&y=1", "fish chips a lt b x y 1"),
        ("R&amp;D A & B", "R amp D A B"),
        ("#tag @user item#3 ##", "tag user item 3"),
    ],
)
def test_words_by_hand(text: str, expected: str) -> None:
    assert tokens(text) == expected.split(" ")


def test_every_letter_has_a_key_that_is_a_word_and_its_own_key() -> None:
    letters = map(chr, np.flatnonzero(table("words") & STRONG).tolist())
    keys = list(dict.fromkeys(map(plain, letters)))
    assert tokens("\n".join(keys)) == keys  # one text: each alone takes a hundred times as long
    assert [key for key in keys if plain(key) != key] == []


@given(texts)
def test_words_are_found_where_they_are_written(text: str) -> None:
    found = find_words([text])
    written = [text[a:b] for a, b in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]
    assert written == [found.names[i] for i in found.ids.tolist()]
    assert list(map(plain, written)) == tokens(text)
    assert not any(unicodedata.category(word[0]).startswith("M") for word in tokens(text))


@given(texts | st.text("ab's\u2019é. ", max_size=30), st.sets(st.integers(1, 6), min_size=1, max_size=2))
def test_of_words_of_some_lengths_none_is_left_unnamed(text: str, sizes: set[int]) -> None:
    every, some = find_words([text]), find_words([text], sizes=sizes)
    assert (every.starts.tolist(), every.ends.tolist()) == (some.starts.tolist(), some.ends.tolist())
    for whole, named in zip(every.ids.tolist(), some.ids.tolist(), strict=True):
        word = every.names[whole]
        assert some.names[named] == word if named >= 0 else len(plain(word)) not in sizes


def test_other_words_of_ascii_are_not_named() -> None:
    found = find_words(["the cat's tail is naïve, isn't it"], sizes={3})
    assert found.ids.tolist() == [0, 1, -1, -1, 2, 3, -1]
    assert found.names == ["the", "cat's", "naïve", "isn't"]


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        *(
            ("café", "cafe"),
            ("Zürich", "Zurich"),
            ("Łódź", "Lodz"),
            ("København", "Kobenhavn"),
            ("ёлка", "елка"),
        ),
        *(("чай", "чай"), ("ガ", "ガ"), ("हिन्दी", "हिन्दी"), ("Αθήνα", "Αθηνα"), ("Straße", "Strasse")),
    ],
)
def test_words_without_their_accents(word: str, bare: str) -> None:
    assert without_accents(word) == bare
    assert without_accents(bare) == bare


def reference(text: str) -> list[str]:
    """The rule as a regular expression over kinds of characters: Number, Letter, mark, apostrophe, point."""

    def kind(character: str) -> str:
        category = unicodedata.category(character)
        if character in APOSTROPHES + "\u05f4":
            return "a"
        if character in ".,．，":
            return "p"
        if character == "_":
            return "u"
        if character in NEVER_ALONE or any(first <= ord(character) <= last for first, last in UNSEEN):
            return "m"
        if category == "Nd":
            return "N"
        return {"L": "L", "N": "L", "M": "m"}.get(category[0], " ")

    kinds = "".join(map(kind, text))
    found = re.finditer(r"[NLu][NLmu]*(?:(?:a(?=[NLmu])|(?<=N)p(?=N))[NLmu]+)*", kinds)
    words = [text[m.start() : m.end()] for m in found if re.search("[NL]", m.group())]
    plain = list(map(folded, words))
    owner = re.compile("(.*)'[sS]")
    cut = [m[1] if (m := owner.fullmatch(w)) and any(map(str.isalnum, m[1])) else w for w in plain]
    return [word.strip("'") for word in cut]


@given(texts)
def test_words_follow_the_readable_rule(text: str) -> None:
    assume(not re.search(r"(?:^|[\x00-\x20(])\.[A-Za-z]{2}", text))  # such as .NET
    assert tokens(text) == reference(text)


@given(texts)
def test_whitespace_is_str_split(text: str) -> None:
    assert tokens(text, "whitespace") == text.split()


@given(texts)
def test_wordpunct_has_the_words_and_every_other_sign(text: str) -> None:
    words, every = find_words([text], "words"), find_words([text], "wordpunct")
    places = {
        name: set(zip(cut.starts, cut.ends, strict=True)) for name, cut in (("words", words), ("all", every))
    }
    assert places["words"] <= places["all"]
    signs = [text[a:b] for a, b in places["all"] - places["words"]]
    assert all(len(sign) == 1 and not sign.isspace() and not sign.isalnum() for sign in signs)


def test_signs_that_share_bytes_with_a_zero_width_space_are_kept_as_words() -> None:
    assert tokens("x ∋ y ​ ⁋", "wordpunct") == ["x", "∋", "y", "⁋"]


def test_punctuation_is_kept_as_words() -> None:
    text = "Hail, AT&T's “C++”... flash-flood: don't (1.5)! \u200b"
    expected = "Hail , AT&T “ C++ \" . . . flash - flood : don't ( 1.5 ) !"
    assert tokens(text, "wordpunct") == expected.split()


@pytest.mark.parametrize("name", ["words", "wordpunct", "whitespace"])
@given(documents=st.lists(texts, max_size=8), cut=st.integers(0, 8))
def test_the_whole_is_its_batches(name: str, documents: list[str], cut: int) -> None:
    split = tokenizer(name)
    whole = split(pl.Series(documents, dtype=pl.String))
    parts = [split(pl.Series(part, dtype=pl.String)) for part in (documents[:cut], documents[cut:])]
    assert spelled_texts(whole) == [words for part in parts for words in spelled_texts(part)]
    assert whole.offsets[-1] == len(whole.ids)
    assert whole.sentence_counts.sum() == sum(part.sentence_counts.sum() for part in parts)


def test_many_long_and_many_short_types_stay_apart() -> None:
    words = [f"{i}{'x' * 30}" for i in range(20_000)] + [f"{'x' * 30}{i}" for i in range(20_000)]
    words += [str(i) for i in range(20_000)]
    raw = tokenizer("words")(pl.Series([" ".join(words), " ".join(reversed(words))]))
    assert raw.types == words
    assert spelled_texts(raw)[1] == words[::-1]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Hail fell. It was bad! Was it? Yes", 4),
        ("It was 1.75 inches. Then it stopped.", 2),
        ("One... two", 1),  # the next word is in lower case
        ("J. Smith of the U.S. Army came.", 1),  # initials
        ('He said "Stop." Then he left.', 2),
        ("A title\n\nThe text begins. It ends.", 3),
        ("A title\n \nThe text.", 2),
        ("wrapped\nlines are\none sentence.", 1),
        ("Wait!!! What?! No.", 3),
        ("it hit . It was bad .", 2),  # pre-tokenised
        ("... !!! ?", 0),
        ("", 0),
        ("पहला वाक्य। दूसरा वाक्य।", 2),
    ],
)
def test_sentences_by_hand(text: str, count: int) -> None:
    for name in ("words", "whitespace", "wordpunct"):
        assert tokenizer(name)(pl.Series([text])).sentence_counts.sum() == count


@given(texts)
def test_there_are_sentences_where_there_are_words(text: str) -> None:
    raw = tokenizer("words")(pl.Series([text]))
    assert min(1, len(raw.ids)) <= raw.sentence_counts.sum() <= len(raw.ids)
