"""Repeated passages and editorial pieces: against plain loops, in any order, with any number of threads."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.in_threads import in_threads

import selfvec
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.text.encoding import auto_window
from selfvec.text.repeats import (
    LEAST_DOCUMENTS,
    NGRAM,
    editorial_pieces,
    find_repeats,
    repeated_tokens,
    without,
)

MENU = ["naïve", "東京", "\ud800", "a\nb", "a\x00b", *(f"menu{i}" for i in range(15))]
PASSAGES = [MENU, MENU[5:], [f"notice{i}" for i in range(12)], ["short", "words"], ["again"] * 15]


@st.composite
def corpora(draw: st.DrawFn) -> list[list[str]]:
    """Documents of passages, some of which are in many, and words of their own."""
    made = []
    for i in range(draw(st.integers(8, 40))):
        parts = draw(st.lists(st.integers(0, len(PASSAGES)), max_size=4))
        document: list[str] = []
        for k, part in enumerate(parts):
            document += PASSAGES[part] if part < len(PASSAGES) else [f"own{i}", f"own{k}"]
        made.append(document)
    return made


def ngrams(document: list[str]) -> list[tuple[str, ...]]:
    return [tuple(document[i : i + NGRAM]) for i in range(len(document) - NGRAM + 1)]


def frequent(documents: list[list[str]]) -> dict[tuple[str, ...], int]:
    """The number of documents of each repeated n-gram, by plain loops."""
    found: dict[tuple[str, ...], int] = defaultdict(int)
    for document in documents:
        for ngram in set(ngrams(document)):
            found[ngram] += 1
    return {ngram: number for ngram, number in found.items() if number >= LEAST_DOCUMENTS}


def left_in(documents: list[list[str]], further: np.ndarray) -> list[list[str]]:
    bounds = np.cumsum([0, *map(len, documents)])
    kept = [~further[a:b] for a, b in pairwise(bounds)]
    return [[w for w, k in zip(d, mask, strict=True) if k] for d, mask in zip(documents, kept, strict=True)]


@given(corpora())
def test_as_plain_loops_count(documents: list[list[str]]) -> None:
    batch = TokenBatch.from_documents(documents)
    repeats, further = find_repeats(batch)
    expected = frequent(documents)
    assert len(repeats.passages) == len(expected)
    place, inside, whole = 0, np.zeros(len(batch), bool), Counter[tuple[str, ...]]()
    for document in documents:
        for i, ngram in enumerate(ngrams(document), place):
            if ngram in expected:
                inside[i : i + NGRAM] = True
                whole[ngram] += not further[i : i + NGRAM].any()
        place += len(document)
    assert not further[~inside].any()
    # Each passage is left whole at least once. More than once only where it lies inside what others keep.
    assert set(whole) == set(expected)
    assert all(whole.values())
    assert repeats.example_documents == max(expected.values(), default=0)
    assert repeats.tokens == further.sum()
    # They are known in another text, too, with any number of documents.
    words = [word for document in documents for word in ("new", *document)]
    known = repeats.tokens_in(TokenBatch.from_documents([["new", *document] for document in documents]))
    assert known[np.array(words) != "new"].tolist() == inside.tolist()
    assert not known[np.array(words) == "new"].any()


@given(corpora(), st.randoms())
def test_what_is_left_does_not_depend_on_the_order(documents: list[list[str]], random) -> None:
    _, further = find_repeats(TokenBatch.from_documents(documents))
    shuffled = documents.copy()
    random.shuffle(shuffled)
    _, again = find_repeats(TokenBatch.from_documents(shuffled))
    left = Counter(tuple(document) for document in left_in(documents, further))
    assert left == Counter(tuple(document) for document in left_in(shuffled, again))


@given(corpora(), st.integers(1, 5))
def test_neither_threads_nor_shares_of_the_memory_matter(documents: list[list[str]], jobs: int) -> None:
    batch = TokenBatch.from_documents(documents)
    repeats, further = in_threads(jobs, find_repeats, batch)
    other, again = in_threads(2, find_repeats, batch, at_once=7)
    np.testing.assert_array_equal(further, again)
    np.testing.assert_array_equal(repeats.passages, other.passages)
    assert repeats.as_dict(Settings()) == other.as_dict(Settings())


def test_of_equal_texts_the_date_and_the_slice_decide() -> None:
    batch = TokenBatch.from_documents([MENU] * 12)
    days = np.arange(12).astype("datetime64[D]")
    for name, values in {"dates": days, "slices": np.arange(12, dtype=np.int32)}.items():
        more = {"slice_names": [f"s{i}" for i in range(12)]} if name == "slices" else {}
        one = replace(batch, **{name: values}, **more)
        other = replace(batch, **{name: values[::-1].copy()}, **more)
        kept = [without(b, find_repeats(b)[1]) for b in (one, other)]
        first, second = (getattr(b, name)[np.diff(b.offsets) > 0].tolist() for b in kept)
        assert first == second


def test_the_mean_length_of_sentences_stays() -> None:
    documents = [[*MENU, *(f"own{i}-{k}" for k in range(20))] for i in range(50)]
    counts = np.full(50, 4, np.int32)
    batch = replace(TokenBatch.from_documents(documents), sentences=200, sentence_counts=counts)
    left = without(batch, find_repeats(batch)[1])
    assert auto_window(left) == auto_window(batch) == 11
    assert left.sentences == left.sentence_counts.sum() == 102


NOTED = "The thief number {} was taken. [See original image.] He ran. Guilty. See summary.]"
PLAIN = "A watch was stolen. [An image of Ned.] We saw an original picture."
MARKED: dict[str, tuple[list[str], set[str], dict[str, int]]] = {
    "however short": (
        [*(NOTED.format(n) for n in range(12)), *[PLAIN] * 3],
        {"see original image see summary", ""},
        {"See summary.]": 12, "[See original image.]": 12},
    ),
    "no single words, and none that are mostly without brackets": (
        [f"The [federal reserve] met {n} times [laughter] and [see image]" for n in range(12)]
        + [f"The federal reserve met the federal reserve in room {n}" for n in range(12)],
        {"see image", ""},
        {"[federal reserve]": 12, "[laughter]": 12, "[see image]": 12},
    ),
}


@pytest.mark.parametrize("kind", MARKED)
def test_pieces_in_brackets_that_recur_are_marked(kind: str) -> None:
    texts, expected, pieces = MARKED[kind]
    run = selfvec.refine([{"text": text} for text in texts], "none", "original", repeats="keep")
    assert editorial_pieces(run.present) == pieces
    batch, mask = run.tokens, repeated_tokens(run.present)
    assert mask is not None
    places = [np.arange(a, b) for a, b in pairwise(batch.offsets)]
    assert {" ".join(batch.types[batch.ids[at]] for at in mine if mask[at]) for mine in places} == expected


def test_they_are_no_evidence_unless_there_is_nothing_else() -> None:
    rows = []
    for year in (2001, 2002):
        for n in range(40):
            text = f"The image hung in hall {n} of the house, {'where a lamp burnt' if n % 2 else 'there'}."
            rows.append({"text": f"{text} [See original image.]", "date": f"{year}-05-01"})
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    found = selfvec.drift(run, ["2001", "2002"], words="image", examples=3)
    quoted = [text for side in "ab" for text in found.rows[0][f"examples_{side}"]]
    assert len(quoted) == 6
    assert all("hung" in text for text in quoted)
