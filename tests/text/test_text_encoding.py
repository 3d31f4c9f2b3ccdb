"""Documents to token ids: casing, rules, what is counted, and that batches and threads change nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simplemma import split_sentences
from tests.in_threads import in_threads
from tests.refusals import refused
from tests.spelled import spelled_texts

from selfvec import Vectors
from selfvec.base.errors import CorpusError, InputError, OptionError
from selfvec.data.documents import Documents
from selfvec.data.token_batch import TokenBatch
from selfvec.files.memory import PackedStrings
from selfvec.text import Encoding, RawTokens, Rules, auto_window, encode, tokenizer


def batches(documents: list[str], size: int = 1000) -> Iterator[Documents]:
    for i in range(0, len(documents), size):
        yield Documents(pl.Series(documents[i : i + size], dtype=pl.String))


def table(*words: str) -> Vectors:
    return Vectors(words, np.eye(len(words), 4, dtype=np.float32))


def encoded(
    documents: list[str], rules: Rules | None = None, known: Vectors | None = None, name: str = "words"
) -> tuple[list[list[str]], Encoding]:
    tokens, encoding = encode(batches(documents), tokenizer(name), rules, known)
    return spelled_texts(tokens), encoding


def test_casing_follows_the_vectors() -> None:
    known = table("hail", "Hail", "rain", "Iowa", "New_York", "us", "US")
    documents, encoding = encoded(
        ["Hail hail HAIL RAIN Rain iowa IOWA new_york US us Us Derecho DERECHO"], None, known
    )
    expected = "Hail hail hail rain rain Iowa Iowa New_York US us us derecho derecho"
    assert [" ".join(words) for words in documents] == [expected]
    assert (encoding.types, encoding.tokens) == (8, 13)


@pytest.mark.parametrize("known", [None, table("hail", "storm")], ids=["none", "uncased"])
def test_without_case_in_the_vectors_words_are_lower(known: Vectors | None) -> None:
    assert encoded(["Hail STORM Iowa"], None, known)[0] == [["hail", "storm", "iowa"]]


def test_pretokenised_text_is_taken_as_it_is() -> None:
    documents, _ = encoded(["U.S. Hail-Storm don’t . ... Rain"], None, table("rain", "u.s."), "whitespace")
    assert documents == [["u.s.", "Hail-Storm", "don’t", ".", "...", "rain"]]
    assert encoded(["Hail HAIL"], None, None, "whitespace")[0] == [["Hail", "HAIL"]]


def test_every_document_stays_empty_ones_too() -> None:
    tokens, encoding = encode(batches(["", "a b", "...", "a"], size=2), tokenizer("words"))
    assert tokens.offsets.tolist() == [0, 0, 2, 2, 3]
    assert (encoding.documents, encoding.empty) == (4, 2)


def test_dates_go_with_their_documents() -> None:
    dated = Documents(pl.DataFrame({"text": ["a", "b"], "date": [date(2020, 2, 29), None]}))
    tokens, _ = encode([Documents(pl.Series(["x"])), dated], tokenizer("words"))
    assert tokens.dates.dtype == "datetime64[D]"
    assert tokens.dates.astype(str).tolist() == ["NaT", "2020-02-29", "NaT"]
    assert encode([Documents(pl.Series(["x"]))], tokenizer("words"))[0].dates is None


words = st.sampled_from(
    ["Hail", "hail", "HAIL", "fell", "falls", "the", "The", "storms", "storm's", "Iowa", "is"]
)
corpora = st.lists(st.lists(words, max_size=12).map(lambda ws: ". ".join(ws)), max_size=12)
KNOWN = table("hail", "Iowa", "fall", "storm")
RULES = [
    Rules(),
    Rules(min_count=3),
    Rules(stop_words="en"),
    Rules(lemmatize="en"),
    Rules(pos=("noun",)),
    Rules(lemmatize="en", stop_words="en", pos=("noun", "verb"), min_count=2),
]


@pytest.mark.parametrize("rules", RULES, ids=repr)
@given(documents=corpora, size=st.integers(1, 12), jobs=st.integers(1, 4))
def test_batches_and_threads_change_nothing(rules: Rules, documents: list[str], size: int, jobs: int) -> None:
    whole, counted = in_threads(1, encode, batches(documents), tokenizer("words"), rules, KNOWN)
    parts, again = in_threads(jobs, encode, batches(documents, size), tokenizer("words"), rules, KNOWN)
    assert counted == again
    assert list(whole.types) == list(parts.types)
    np.testing.assert_array_equal(whole.ids, parts.ids)
    np.testing.assert_array_equal(whole.offsets, parts.offsets)


@pytest.mark.parametrize("rules", RULES, ids=repr)
@given(documents=corpora)
def test_what_is_dropped_is_counted(rules: Rules, documents: list[str]) -> None:
    tokens, encoding = encode(batches(documents), tokenizer("words"), rules, KNOWN)
    raw, plain = encode(batches(documents), tokenizer("words"))
    assert encoding.raw_tokens == plain.tokens == len(raw)
    assert encoding.tokens + sum(encoding.dropped.values()) == encoding.raw_tokens
    assert encoding.documents == tokens.documents == len(documents)
    assert tokens.sentences == encoding.sentences
    assert np.all(tokens.counts >= rules.min_count)
    assert list(dict.fromkeys(tokens.ids.tolist())) == list(range(len(tokens.types)))


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_text_can_be_encoded(documents: list[str]) -> None:
    documents = [text.encode(errors="ignore").decode() for text in documents]
    rules = Rules(lemmatize="en", stop_words="en", pos=("noun", "verb", "adjective", "adverb"))
    tokens, encoding = encode(batches(documents, 2), tokenizer("words"), rules, KNOWN)
    assert tokens.documents == len(documents)
    assert encoding.tokens + sum(encoding.dropped.values()) == encoding.raw_tokens
    assert "" not in tokens.types


def test_an_error_while_reading_comes_through() -> None:
    def broken() -> Iterator[Documents]:
        yield Documents(pl.Series(["a"]))
        raise CorpusError("a row needs 2 fields", path="x.csv", line=2)

    refused(lambda: encode(broken(), tokenizer("words")), CorpusError, r"x\.csv:2")


def test_wrong_options_are_told_before_text_is_read(tmp_path: Path) -> None:
    def never() -> Iterator[Documents]:
        raise AssertionError("read")
        yield

    (tmp_path / "stop.txt").write_text("two words\n")
    for rules in (
        Rules(lemmatize="xx"),
        Rules(stop_words="xx"),
        Rules(stop_words=str(tmp_path / "stop.txt")),
    ):
        refused(lambda: encode(never(), tokenizer("words"), rules), InputError)


@pytest.mark.parametrize(
    ("lengths", "window"),
    [
        ([12, 15], 13), ([12], 13), ([14], 15), ([13], 13), ([11, 12], 11), ([1], 3), ([2], 3), ([0], 3),
        ([], 3),
    ],
)  # fmt: skip
def test_the_window_is_the_mean_sentence_to_the_nearest_odd(lengths: list[int], window: int) -> None:
    assert auto_window(TokenBatch.from_documents([["a"] * n for n in lengths])) == window


def test_the_window_counts_sentences_and_kept_tokens() -> None:
    text = "The hail fell on the road and on roofs. Then the storm moved away from us to the east."
    whole, _ = encode(batches([text]), tokenizer("words"))
    kept, _ = encode(batches([text]), tokenizer("words"), Rules(stop_words="en"))
    assert (whole.sentences, len(whole), auto_window(whole)) == (2, 19, 9)
    assert (kept.sentences, len(kept), auto_window(kept)) == (2, 9, 5)


def test_sentences_agree_with_a_sentence_splitter(shared_data: Path) -> None:
    path = shared_data / "noaa" / "events.jsonl.gz"
    if not path.exists():
        pytest.skip("needs shared/data/noaa")
    texts = pl.read_ndjson(path)["event_narrative"].drop_nulls()[:2000]
    expected = sum(len(split_sentences(text)) for text in texts)
    assert tokenizer("words")(texts).sentence_counts.sum() == pytest.approx(expected, rel=0.01)


def test_rules_name_what_is_wrong() -> None:
    refused(
        lambda: Rules(pos=("nouns",)),
        OptionError,
        "pos: is one of noun, verb, adjective, adverb, not 'nouns'",
    )
    refused(lambda: Rules(min_count=0), OptionError, "min_count")


def test_spellings_that_a_tokenizer_repeats_are_one_type() -> None:
    """As the pieces of a tokenizer.json without a name."""

    class Nameless:
        name = "pieces"
        casing = "exact"

        def __call__(self, _: pl.Series) -> RawTokens:
            ids = np.array([0, 1, 1, 2], np.int32)
            spellings = PackedStrings.of(["", "", "hail"])
            ones = np.ones(1, np.int32)
            return RawTokens(ids, np.array([0, 4]), spellings, ones, lambda: np.zeros(4, bool), str)

    tokens, _ = encode([Documents(pl.Series(["one"])), Documents(pl.Series(["two"]))], Nameless())
    assert list(tokens.types) == ["", "hail"]
    assert tokens.ids.tolist() == [0, 0, 0, 1] * 2
    assert tokens.counts.tolist() == [6, 2]
