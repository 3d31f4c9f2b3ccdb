"""Which uses are shown, and the sentences in which they are quoted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfvec.data.token_batch import TokenBatch
from selfvec.usage.examples import around, best_sentence, distinct_uses, shortened


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=6), st.integers(0, 4))
def test_shown_uses_are_in_order_and_differ_in_document_and_words(documents, most: int) -> None:
    ids = np.array([word for document in documents for word in document], np.int32)
    batch = TokenBatch(ids, np.cumsum([0, *map(len, documents)]), list("abc"))
    shown = distinct_uses(batch, range(len(batch)), most, reach=1)
    assert len(shown) <= most
    assert shown == sorted(shown)
    windows = [around(batch, place, 1) for place in shown]
    assert len({document for document, _, _ in windows}) == len(shown)
    assert len({tuple(ids[a:b].tolist()) for _, a, b in windows}) == len(shown)
    if most > len(documents):  # all that differ were taken
        others = {document for document, _, _ in windows}
        seen = {tuple(ids[a:b].tolist()) for _, a, b in windows}
        for place in range(len(batch)):
            document, a, b = around(batch, place, 1)
            assert document in others or tuple(ids[a:b].tolist()) in seen


def test_the_best_sentence_has_the_heaviest_words() -> None:
    text = "Hail fell. The hail broke\na roof of a barn. A roof!"
    assert best_sentence(text, {"hail": 5, "roof": 1, "barn": 1}) == "The hail broke a roof of a barn."
    assert best_sentence(text, {"hail": 1, "roof": 1}, least=2) is None
    assert best_sentence(text, {"roof": 9, "fell": 1}, needed={"fell"}) == "Hail fell."
    assert best_sentence("", {"hail": 1}) is None


@given(st.lists(st.text("abcdef", min_size=1, max_size=9), min_size=1, max_size=40), st.integers(0, 300))
def test_shortened_sentences_are_whole_words_around_a_place(words: list[str], place: int) -> None:
    text = " ".join(words)
    before, cut, after = shortened(text, min(place, len(text) - 1), 60)
    assert len(cut) <= 60
    assert f" {cut} " in f" {text} "
    assert text.startswith(cut) or before
    assert text.endswith(cut) or after
    assert (cut == text) == (len(text) <= 60)
