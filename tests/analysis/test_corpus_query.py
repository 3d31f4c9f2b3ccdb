"""What a query finds is what a plain regular expression finds in the texts, for all that count words."""

import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.refusals import refused

import selfvec
from selfvec.analysis.corpus_query import _write_ends, _write_ends_by_columns
from selfvec.analysis.query_language import Automaton, Reading, parsed
from selfvec.base.errors import InputError, NotFound, OptionError

TEXTS = [
    "Hail fell. The hail damaged roofs, and damages were paid: hail!",
    "Small hail did damage; large hail damaged cars. He used a car.",
    "She uses the roof. The cars use roads; the road was used. Hailstorms fell.",
    "hail hail Hail. A flash-flood took the road and a Flash Flood took cars",
]
WORDS = sorted({word for text in TEXTS for word in re.findall(r"\w+", text)})


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    rows = [{"text": text, "kind": "ab"[i % 2]} for i, text in enumerate(TEXTS)]
    return selfvec.refine(pl.DataFrame(rows), "none", method="original", stop_words="en")


# ---- Queries, each with the same as a regular expression over words with a blank after each


def _either(words: list[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, words))}) " if words else "(?!)"


def _leaf(regex: str, flag: str) -> tuple[str, str]:
    pattern = re.compile(regex, re.IGNORECASE if flag else 0)
    return f'"{regex}"{flag}', _either([word for word in WORDS if pattern.fullmatch(word)])


def _bracket(regex: str, other: str, sign: str) -> tuple[str, str]:
    fits = [bool(re.fullmatch(regex, word)) for word in WORDS]
    others = [not re.fullmatch(other, word, re.IGNORECASE) for word in WORDS]
    both = [a and b if sign == "&" else a or b for a, b in zip(fits, others, strict=True)]
    chosen = [word for word, fit in zip(WORDS, both, strict=True) if fit]
    return f'[word="{regex}" {sign} word!="{other}"%c]', _either(chosen)


def _phrase(word: str) -> tuple[str, str]:
    pattern = re.compile(re.escape(word.lstrip("!")).replace(r"\*", r"\w*"), re.IGNORECASE)
    excluded = word.startswith("!")
    return word, _either([each for each in WORDS if bool(pattern.fullmatch(each)) != excluded])


def _around(before: tuple[str, str], gap: str, after: tuple[str, str]) -> tuple[str, str]:
    return f"{before[0]} {gap} {after[0]}", rf"{before[1]}(?:\w+ ){gap}{after[1]}"


REGEX = st.sampled_from(
    ["hail", "Hail.*", ".*s", "[a-f].*", "(the|a)", "roads?", "[^h]+", "use.?", "F.*|road"]
)
PLAIN = st.sampled_from(["hail", "HAIL*", "*s", "the", "c*", "dam*e*", "!the", "!c*"]).map(_phrase)
QUOTED = st.one_of(
    st.builds(_leaf, REGEX, st.sampled_from(["", "%c"])),
    st.builds(_bracket, REGEX, REGEX, st.sampled_from("&|")),
    st.just(("[]", r"\w+ ")),
)
BARE = st.one_of(PLAIN, st.builds(_around, PLAIN, st.sampled_from(["{0,2}", "{1}"]), PLAIN))
TIMES = st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,3}", "{1,}"])


def _nested(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: (" ".join(q for q, _ in parts), "".join(r for _, r in parts))),
        several.map(
            lambda parts: (f"({' | '.join(q for q, _ in parts)})", f"(?:{'|'.join(r for _, r in parts)})")
        ),
        st.tuples(inner, TIMES).map(
            lambda given: (f"({given[0][0]}){given[1]}", f"(?:{given[0][1]}){given[1]}")
        ),
    )


QUERY = st.one_of(*(st.recursive(words, _nested, max_leaves=5) for words in (QUOTED, BARE)))


def _by_hand(regex: str, sentences: bool) -> list[tuple[int, str]]:
    """From each word the shortest match: the number of the text, and its words."""
    found = []
    pattern = re.compile(regex)
    for number, text in enumerate(TEXTS):
        for part in re.split(r"(?<=[.!]) " if sentences else r"$^", text):
            line = "".join(f"{word} " for word in re.findall(r"\w+", part))
            ends = [match.end() for match in re.finditer(" ", line)]
            for start in [match.start() for match in re.finditer(r"\w+", line)]:
                fits = (end for end in ends if end > start and pattern.fullmatch(line, start, end))
                if (end := next(fits, None)) is not None:
                    found.append((number, line[start:end].strip()))
    return found


@settings(max_examples=40)
@given(QUERY, st.booleans())
def test_a_query_finds_what_a_regular_expression_finds(
    run: selfvec.Run, query: tuple[str, str], sentences: bool
) -> None:
    written, regex = query
    expected = _by_hand(regex, sentences)
    try:
        result = selfvec.concordance(run, written + " within s" * sentences)
    except OptionError:  # every word fits, or none is needed
        assert re.fullmatch(r"[\[\](){}?*+|,\d ]*", written) or re.fullmatch(regex, "")
        return
    found = [(row["id"], " ".join(re.findall(r"\w+", row["word"]))) for row in result.rows]
    assert found == [(f"#{number}", words) for number, words in expected] or [
        words for _, words in found
    ] == [words for _, words in expected]


@given(
    QUERY,
    st.lists(st.lists(st.integers(0, len(WORDS) - 1), max_size=9), max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_the_kernel_finds_what_the_reference_finds(
    query: tuple[str, str], texts: list[list[int]], seed: int
) -> None:
    try:
        automaton = Automaton.of(parsed(query[0], Reading(str.split, {"pos": []}))[0])
    except OptionError:
        return
    numbers = range(len(automaton.words))
    arguments = (
        np.array([word for text in texts for word in text], np.int32),
        np.cumsum([0, *map(len, texts)]),
        np.arange(len(numbers), dtype=np.int32),
        np.random.default_rng(seed).random((len(WORDS), len(numbers))) < 0.5,
        np.array([leaf in automaton.first for leaf in numbers]),
        np.array([leaf in automaton.last for leaf in numbers]),
        np.cumsum([0, *map(len, automaton.follows)], dtype=np.int32),
        np.array([after for follows in automaton.follows for after in sorted(follows)], np.int32),
    )
    ours, plain = (np.full(len(arguments[0]), 2**31 - 1, np.int32) for _ in range(2))
    _write_ends.compiled(*arguments, ours)
    _write_ends_by_columns(*arguments, plain)
    np.testing.assert_array_equal(ours, plain)


# ---- What is in the language, and what is not


def of_text(text: str) -> selfvec.Run:
    return selfvec.refine([{"text": text}], "none", method="original")


def words(run: selfvec.Run, query: str, **options: Any) -> list[str]:
    return [row["word"] for row in selfvec.concordance(run, query, **options).rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('[lemma="use"]', ["used", "uses", "use", "used"]),
        ('[lemma="used"]', ["used", "uses", "use", "used"]),
        ('[lemma="Use|took"]', ["used", "uses", "use", "used", "took", "took"]),
        ('[lemma!="use" & word=".*us.*|to.*"]', ["took", "took"]),
        ('[!(word="h.*" | word="[^c].*")]', ["cars", "car", "cars", "cars"]),
        ("/flash[- ]?flood/", ["flash-flood", "Flash Flood"]),
        ("/hail( |)s?torms?|did damage/", ["did damage"]),
        ('"flash flood"', ["flash-flood"]),
        ("flash-flood", ["flash-flood", "Flash Flood"]),
        ("(flash | small) *", ["Small hail", "flash-flood", "Flash Flood"]),
        ('"paid" []* "hail" within s', ["paid: hail"]),
        ('"large" "x"{0} "hail"', ["large hail"]),
        ("fell within", []),
        ("(" * 9 + "){99}" * 9 + "large hail", ["large hail"]),
    ],
)
def test_the_language(run: selfvec.Run, query: str, expected: list[str]) -> None:
    if query.startswith("/hail( "):
        refused(lambda: selfvec.concordance(run, query), OptionError, "elsewhere than between two words")
        return
    assert words(run, query) == expected


@pytest.mark.parametrize(
    ("lemma", "expected", "several"),
    [
        ("find", ["found", "Found", "find"], 2),
        ("found", ["found", "Found", "founded"], 2),
        ("Waren", ["Waren"], 1),
        ("wolf|goose", ["wolves"], 0),
    ],
)
def test_a_form_of_several_lemmas_is_found_under_each(lemma: str, expected: list[str], several: int) -> None:
    rows = [{"text": "They found wolves. Found what? We find towns that he founded. Waren"}]
    run = selfvec.refine(rows, "none", method="original", lemmatize="en,de" if lemma == "Waren" else None)
    asked = selfvec.concordance(run, f'[lemma="{lemma}"]')
    assert [row["word"] for row in asked.rows] == expected
    said = (
        f"{several} of {len(expected)} occurrence{'s' * (len(expected) > 1)} have a form of several lemmas."
    )
    assert (said in asked["counted"]) == (several > 0)
    assert (said in selfvec.frequency(run, f'[lemma="{lemma}"]')["counted"]) == (several > 0)


def test_past_tenses_that_are_nouns_too() -> None:
    pytest.importorskip("lemminflect")
    text = "He left and felt ill; leaves rose, shots were shot. She bore it and lay there: a left, felt"
    run = of_text(text)
    found = {"leave": 3, "feel": 2, "rise": 1, "shoot": 1, "bear": 1, "lie": 1, "leaf": 1, "left": 2}
    assert {lemma: len(words(run, f'[lemma="{lemma}"]')) for lemma in found} == found
    counted = selfvec.frequency(run, unit="lemma")["counted"]
    assert "9 of 19 words of the run are forms of several lemmas, counted under one." in counted


def test_parts_of_speech(run: selfvec.Run) -> None:
    pytest.importorskip("textblob")
    assert words(run, '[pos="ADJ.*"] "hail"') == ["Small hail", "large hail"]
    assert words(run, '[lemma="use" & pos="V.*"] [] [pos="NOUN"]') == ["used a car", "uses the roof"]


def test_letters_with_marks_may_be_as_without() -> None:
    run = of_text("Café cafe CAFÉ")
    assert words(run, '"cafe"') == ["cafe"]
    assert words(run, '"cafe"%d') == ["cafe"]
    assert words(run, '"cafe"%cd') == ["Café", "cafe", "CAFÉ"]


POSSESSIVE = ["prisoner's", "prisoner\u2019s", "PRISONER'S"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("prisoner's", POSSESSIVE),
        ("PRIS*\u2019s", POSSESSIVE),
        ("/prisoner's/", POSSESSIVE),
        ('"prisoner\'s"', POSSESSIVE[:2]),
        ('"prisoner(\'s)?"', [*POSSESSIVE[:2], "prisoner"]),
        ("prisoner", [*POSSESSIVE[:2], "prisoner", POSSESSIVE[2]]),
        ("/well-known/", ["well-known"]),
        (r'"HTTP/2" | "U\.S\." | "C\+\+"', ["HTTP/2", "U.S", "C++"]),
        ('"[A-Z]+/[0-9]"', []),
    ],
)
def test_what_stands_in_the_text_is_found(query: str, expected: list[str]) -> None:
    text = "The prisoner's well-known HTTP/2. A prisoner\u2019s prisoner, U.S. PRISONER'S C++"
    run = of_text(text)
    assert words(run, query) == expected
    if expected:
        assert sum(row["count"] for row in selfvec.frequency(run, query).rows) == len(expected)
    else:
        refused(lambda: selfvec.frequency(run, query), NotFound, "one string for each word: none has /")
        assert "none has /" in selfvec.concordance(run, query)["counted"][0]


def test_words_within_longer_ones_are_said() -> None:
    text = "MAX_RETRY_COUNT of #retryCount as max_retry_count, MAX_RETRY_COUNT; no countRetry, retryCounts"
    run = of_text(text)
    said = "*retry*count* finds it in longer words, 4 times, as in MAX_RETRY_COUNT"
    for query in ("retry count", '"retry" "count"'):
        assert selfvec.concordance(run, query)["counted"] == [f"{said}."]
        refused(lambda: selfvec.frequency(run, query), NotFound, re.escape(said))
    assert selfvec.concordance(run, "*retry*count*")["hits"] == 5  # and retryCounts
    assert selfvec.concordance(run, "retry max")["counted"] == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('[foo="x"]', 'has neither word, lemma, pos nor tag: [‸foo="x"] (character 2)'),
        (
            '"hail" [pos="ADJ"]',
            'asks for no part of speech: "hail" [pos=‸"ADJ"] (character 13); use NOUN, VERB',
        ),
        ('"hail', "has no string in quotes: ‸"),
        ('[word="hail"', 'has neither &, | nor ]: [word="hail"‸ (character 13)'),
        ("[word hail]", "has neither = nor !=: [word‸ hail]"),
        ("/(?=a)/", "has no regular expression"),
        ("/(a b)c/", "elsewhere than between two words"),
        ('"' + "a-?" * 34 + 'b"', "over 64 readings"),
        ('[word="a b"]', "has what parts words: [word=‸"),
        ('[word="a/b"]', "has what parts words: [word=‸"),
        ("(hail", "has a ( without a ): ‸(hail"),
        ("hail)", "has a ) without a (: hail‸)"),
        ('"hail" within 5', "has 'within', which is not in"),
        ("/hail/ within 5", "has 'within', which is not in"),
        ("<s> hail", "has '<s>', which is not in the query language"),
        ('"hail" :: year~1850', "has '::', after which come FIELD="),
        ('MU(meet "hail" "damage" -2 2)', "has 'MU', which is not in the query language"),
        ('"hail" cut 10', "has 'cut', which is not in the query language"),
        ('"hail"%l', "has '%l', which is not in the query language"),
        ('"hail" within 2 s', "has 'within', which is"),
        ('"hail" expand to s', "has 'expand'"),
        ('A = "hail"', "has 'A'"),
        ('?"hail"', "has '?\"hail\"'"),
        ('a:[word="b"]', "has 'a:[word=\"b\"]', which is not in the query language"),
        ('"hail" {0,2} "x"', "has '{0,2}', which is not a gap"),
        ('"hail"{3,1}', "from 3 to 1"),
        ('"a)|(b"', "has no regular expression"),
        ('"a ??b"', "has no regular expression"),
        ("(" * 60 + "hail", "more than 50 parentheses"),
        ('"hail"*', "fits where no word is"),
        ("[]{0,3}", "has no word"),
        ('(([]{0,99}){0,99}) "hail"', "repeats too much"),
    ],
)
def test_what_is_not_in_the_language_is_shown(run: selfvec.Run, query: str, says: str) -> None:
    refused(lambda: selfvec.concordance(run, query), OptionError, re.escape(says))


# ---- All that count words


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lemmatize": "en"},
        {"stem": "en"},
        {"phrases": 2},
        {"tokenizer": "whitespace"},
        {"tokenizer": "wordpunct", "phrases": 2},
        {"repeats": "once", "min_count": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("query", ["hail", "hail*", '[lemma="use"]', '"(the|a)"%c [] []', "flash flood"])
def test_every_result_counts_the_same_occurrences(options: dict[str, Any], query: str) -> None:
    rows = [{"text": text, "kind": "ab"[i % 2]} for i, text in enumerate([*TEXTS, *TEXTS])]
    run = selfvec.refine(pl.DataFrame(rows), "none", method="original", **options)
    for chosen in ({}, {"filter": "kind=b"}):
        lines = selfvec.concordance(run, query, **chosen)
        if not lines["hits"]:
            refused(lambda: selfvec.collocates(run, query, **chosen), NotFound, "")
            continue
        grouped = selfvec.frequency(run, query, by="kind", **chosen)
        assert sum(row["count"] for row in grouped.rows) == lines["hits"]
        by_group = [group["count"] for row in grouped.rows for group in row["groups"]]
        assert sum(by_group) == lines["hits"]
        near = selfvec.collocates(run, query, by="kind", **chosen)
        assert near["count"] == sum(group["count"] for group in near["groups"]) == lines["hits"]
        (spread,) = selfvec.dispersion(run, query, **chosen).rows
        assert (spread["count"], spread["documents"]) == (lines["hits"], lines["documents"])
        assert sum(spread["where"]) == lines["hits"]
        single = selfvec.ngrams(run, n=6, word=query, min_count=1, by="kind", **chosen).rows
        assert all(row["count"] == sum(group["count"] for group in row["groups"]) for row in single)


@pytest.mark.parametrize("by", [None, "kind"])
def test_a_query_may_ask_for_documents(run: selfvec.Run, by: str | None) -> None:
    query = '"hail"%c :: kind="b"' + ("" if by else ' & kind!="a"')
    asked = selfvec.concordance(run, query)
    assert (asked["hits"], asked["documents"]) == (5, 2)
    counted = selfvec.frequency(run, query, by=by)
    assert (counted["tokens"], counted.rows[0]["count"]) == (52, 5)
    spread = selfvec.dispersion(run, [query, '"hail"%c'], by=by)
    assert [row["count"] for row in spread.rows] == [5, 8]
    if by:
        assert [[g["count"] for g in row["groups"]] for row in spread.rows] == [[0, 5], [3, 5]]
        assert spread.rows[0]["groups"][0]["dp"] is None
        (alone,) = selfvec.dispersion(run, "hail", filter="kind=b").rows
        group = spread.rows[1]["groups"][1]
        assert {name: group[name] for name in ("dp", "dp_norm", "where")}.items() <= alone.items()
    refused(lambda: selfvec.concordance(run, '"hail" :: kin="b"'), NotFound, "no field 'kin'")


def test_a_field_may_be_less_or_more() -> None:
    rows = [{"text": f"hail {year}", "year": year} for year in range(1960, 1970)]
    run = selfvec.refine(rows, "none", method="original")
    for test, expected in {"<": 5, "<=": 6, ">": 4, ">=": 5, "=": 1, "!=": 9}.items():
        assert len(selfvec.concordance(run, f'"hail" :: match.year {test} 1965')) == expected
    assert len(selfvec.concordance(run, '"hail" :: year >= 1962 & year < 1964')) == 2


def test_collocates_are_around_all_words_of_an_occurrence(run: selfvec.Run) -> None:
    near = selfvec.collocates(run, '"hail" "damage.*"', window=1)
    assert {row["word"]: (row["left"], row["right"]) for row in near.rows} == {
        "the": (1, 0), "large": (1, 0), "roofs": (0, 1), "cars": (0, 1)
    }  # fmt: skip
    assert (near["word"], near["count"]) == ('"hail" "damage.*"', 2)


def test_punctuation_may_be_words(tmp_path: Any) -> None:
    rows = [{"text": text} for text in TEXTS]
    run = selfvec.refine(
        pl.DataFrame(rows), "none", method="original", tokenizer="wordpunct", output=tmp_path / "run"
    )
    assert words(run, '"used" "a" "car" "\\."') == ["used a car."]
    assert words(run, "/flash[- ]flood/") == ["flash-flood", "Flash Flood"]
    assert words(run, '"[,;:]" [] "hail" within s') == ["; large hail"]
    assert words(run, '"[,;:]" "hail|large" within s') == [": hail", "; large"]
    near = selfvec.collocates(run, '"cars?"', window="0L1R").rows
    assert {row["word"]: row["together"] for row in near} == {".": 2, "use": 1}
    assert selfvec.search(run, "damaged cars").rows[0]["id"]


def test_ngrams_hold_the_whole_occurrence(run: selfvec.Run) -> None:
    def grams(**options: Any) -> set[str]:
        return {row["ngram"] for row in selfvec.ngrams(run, min_count=1, **options).rows}

    assert grams(n=2, word='"hail" "damage.*"') == {"hail damaged"}
    assert grams(n=3, word='"large" "hail"') == {"damage large hail", "large hail damaged"}
    assert grams(n=3, slot=True, word='"large" "hail"') == set()  # the slot would be one of its words
    assert grams(n=3, slot=True, word='"large"') == {"large * damaged", "did * large", "damage * hail"} - {
        "damage * hail"
    }


def test_a_run_without_its_text_has_no_sentences() -> None:
    run = selfvec.refine([{"text": text} for text in TEXTS], "none", method="original").present.replace(
        text=None
    )
    assert selfvec.frequency(run, "hail").rows[0]["count"] == 8
    refused(lambda: selfvec.collocates(run, "hail within s"), InputError, "sentences")
