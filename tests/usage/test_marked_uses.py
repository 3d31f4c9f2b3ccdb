"""Uses of a word with the words that explain a change marked, as tokens and as written."""

from __future__ import annotations

import numpy as np

from selfvec.data.token_batch import TokenBatch
from selfvec.usage.contexts import occurrences, padded_windows
from selfvec.usage.marked_uses import marked_uses, pair_places, quoted, shared_neighbours


def test_windows_stay_in_their_document_and_leave_the_word_out() -> None:
    batch = TokenBatch.from_documents([["a", "b", "a"], ["c", "a", "d"]])
    places = occurrences(batch, 0)
    assert padded_windows(batch, places, 2).tolist() == [[-1, -1, 1, -1], [-1, 1, -1, -1], [-1, 2, 3, -1]]


def test_uses_are_the_best_of_different_documents() -> None:
    batch = TokenBatch.from_documents([["x", "a", "y", "a"], ["a", "z"], ["a", "z"], ["q", "a"]])
    word = list(batch.types).index("a")
    z = list(batch.types).index("z")
    places = occurrences(batch, word)
    found = marked_uses(batch, places, np.array([0.1, 0.4, 0.9, 0.8, 0.2]), {z: "came"}, 5)
    assert [use["document"] for use in found] == [1, 0, 3]  # document 2 says what document 1 said
    assert found[0]["tokens"] == [["a", "self"], ["z", "came"]]
    assert found[0]["cut"] == [False, False]


def test_words_that_stand_together_are_counted_and_what_they_share_is_told() -> None:
    documents = [["a", "b", "m"], ["a", "m", "n"], ["b", "m", "n"], ["a", "m"], ["b", "m"], ["c", "k"]] * 2
    batch = TokenBatch.from_documents([*documents, *[["c", "k", "k", "k"]] * 10])
    index = {word: i for i, word in enumerate(batch.types)}
    places, looked_at = pair_places(batch, index["a"], index["b"])
    assert (len(places), looked_at) == (2, 6)
    assert [batch.types[i] for i in shared_neighbours(batch, index["a"], index["b"])] == ["m", "n"]


def test_a_sentence_takes_the_place_of_its_tokens() -> None:
    use = {
        "document": 3,
        "cut": [True, True],
        "tokens": [["raise", "self"], ["valueerror", "came"], ["late", ""]],
    }
    text = "Nothing here. They raise a ValueError if it is late! Raise it."
    told = quoted(use, {3: text})
    assert told["written"] is True
    assert "".join(piece for piece, _ in told["tokens"]) == "They raise a ValueError if it is late!"
    assert [piece for piece in told["tokens"] if piece[1]] == [["raise", "self"], ["ValueError", "came"]]
    assert quoted(use, {}) == use
    assert quoted(use, {3: "no such word"}) == use
