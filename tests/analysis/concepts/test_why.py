"""Why two words are similar, also by named concepts: by hand and as laws."""

import math

import numpy as np
import pytest
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.shared_contexts import ConceptVectors, neighbour_ppmi, why
from selfvec.base.errors import InputError, OptionError
from selfvec.cooccurrence.reference import count_reference, ppmi_reference
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.preprocessing import Preprocessing


def test_ppmi_by_hand() -> None:
    # a b twice, c d once, windows of one neighbour: r = 2, 2, 1, 1 and the sum of r^.75 = 2 · 2^.75 + 2.
    batch = TokenBatch.from_documents([["a", "b"], ["a", "b"], ["c", "d"]])
    counts, ppmi = neighbour_ppmi(batch, [0, 2], 3)
    assert counts.tolist() == [[0, 2, 0, 0], [0, 0, 0, 1]]
    total = 2 * 2**0.75 + 2
    assert ppmi[0].tolist() == pytest.approx([0, math.log(2 * total / (2 * 2**0.75)), 0, 0])
    assert ppmi[1].tolist() == pytest.approx([0, 0, 0, math.log(total)])


def test_the_context_cosine_is_what_the_counts_say(subject_run: Run) -> None:
    batch = subject_run.tokens
    exact = count_reference(batch, 9)
    rows = [0, 5, 11]
    counts, ppmi = neighbour_ppmi(batch, rows, 9)
    np.testing.assert_array_equal(counts, exact[rows])
    np.testing.assert_allclose(ppmi, ppmi_reference(exact)[rows], atol=1e-5)


def test_contributions_add_up_to_the_cosine(subject_run: Run) -> None:
    few, all_of_them = (why(subject_run, "hail", "rain", topn, window=9) for topn in (3, 100))
    assert few.context_cosine == all_of_them.context_cosine > 0.1
    for found in (few, all_of_them):
        listed = sum(row.contribution for row in found.contexts)
        assert listed + found.rest == pytest.approx(found.context_cosine)
    assert all_of_them.rest == pytest.approx(0, abs=1e-12)
    assert few.contexts == all_of_them.contexts[:3]
    values = [row.contribution for row in all_of_them.contexts]
    assert values == sorted(values, reverse=True)
    for row in all_of_them.contexts:
        assert min(row.count_a, row.count_b) >= 3
        assert row.context not in ("hail", "rain", "the", "and", "with")
    assert why(subject_run, "hail", "flour", window=9).context_cosine < few.context_cosine


def test_both_ways_tell_the_same(subject_run: Run) -> None:
    one, other = why(subject_run, "hail", "rain"), why(subject_run, "rain", "hail")
    assert one.context_cosine == pytest.approx(other.context_cosine)
    assert one.together == other.together
    assert (one.before, one.after) == (pytest.approx(other.before), pytest.approx(other.after))
    assert one.after == pytest.approx(subject_run.vectors.similarity("hail", "rain"), abs=1e-5)


def test_uses_are_sentences_where_the_text_is_kept(subject_run: Run, subject_texts: list[str]) -> None:
    found = why(subject_run, "hail", "flash flood")
    assert found.b == "flash_flood"
    assert why(subject_run, "hail", "Flash-Flood").b == "flash_flood"
    assert [use.word for use in found.uses] == ["hail", "hail", "flash_flood"]  # the next one is like these
    for use in found.uses:
        assert use.text == subject_texts[use.document]
        assert use.contexts
        assert all(context in use.text for context in use.contexts)
    for use in why(subject_run.replace(text=None), "hail", "flash flood").uses:
        assert use.word.replace("_", " ") in use.text
        assert set(use.text.split()) <= set(subject_texts[use.document].lower().strip(".").split())


def test_a_sentence_is_shown_once() -> None:
    both = "At noon hail and rain fell on the old barn by the river."
    nearly = [
        "Hail 3 mm wide fell on the long road to town.",
        "Hail 9 mm wide fell on the long road to town.",
    ]
    others = ["Much rain fell on that barn.", "Before dawn the rain fell upon fields and orchards."]
    run = selfvec.Refiner(method="original").fit([both] * 4 + nearly * 3 + others * 3, "none").run_
    found = why(run, "hail", "rain", examples=3).uses
    texts = [use.text for use in found]
    assert len(set(texts)) == len(texts)
    assert sum(text in nearly for text in texts) == 1
    assert sum(text == both for text in texts) == 1
    assert {text for text in texts if "Hail" not in text and text != both} == set(others)


def test_a_word_without_a_vector_has_no_cosine() -> None:
    table = selfvec.Vectors(["hail", "fell", "rain"], np.eye(3, dtype=np.float32))
    texts = ["hail fell hard", "rain fell hard", "graupel fell hard"] * 4
    run = selfvec.Refiner(method="original").fit(texts, table).run_
    found = why(run, "hail", "graupel", examples=0)
    assert found.before is None
    assert found.uses == []
    assert {row.context for row in found.contexts} <= {"fell", "hard"}


PLAIN = Preprocessing(stop_words=None, stem=None)
CONCEPTS = [
    "Storm\n\nA storm brings wind, hail and rain.",
    "Hail\n\nHail is ice that falls in a storm. Hail dents cars.",
    "Bank\n\nA bank lends cash; rent is paid by a loan.",
    "Ice\n\nIce is frozen water.",
]


def test_a_vector_by_hand() -> None:
    """Two concepts of two words: idf of BM25, lengths 1 in each concept, then in the vector."""
    found = ConceptVectors(["hail hail ice", "ice cash"], PLAIN)
    rare, shared = np.log(2), np.log(1.2)  # log(1 + (2 - df + ½) / (df + ½)) for df of 1 and 2
    hail = (1 + np.log(2)) * rare
    ice = np.array([shared / np.hypot(hail, shared), shared / np.hypot(shared, rare)])
    np.testing.assert_allclose(found.vector("hail"), [1, 0], atol=1e-6)
    np.testing.assert_allclose(found.vector("ice"), ice / np.linalg.norm(ice), rtol=1e-6)
    both = np.array([hail / np.hypot(hail, shared), 0]) * rare + ice * shared
    np.testing.assert_allclose(found.vector("ice hail"), both / np.linalg.norm(both), rtol=1e-6)
    assert not found.vector("snow").any()


def test_the_contributions_add_up_to_the_cosine() -> None:
    found = ConceptVectors(CONCEPTS)
    why = found.why("hail", "ice")
    assert [row.concept for row in why.concepts] == ["Hail"]
    assert why.concept_cosine == pytest.approx(float(found.vector("hail") @ found.vector("ice")))
    for topn in (1, 2, 9):
        cut = found.why("hail and storms", "storm of ice", topn)
        assert len(cut.concepts) <= topn
        assert sum(row.contribution for row in cut.concepts) + cut.rest == pytest.approx(cut.concept_cosine)
        for row in cut.concepts:
            assert row.contribution == pytest.approx(row.weight_a * row.weight_b)
    assert found.why("hail", "hail").concept_cosine == pytest.approx(1)
    assert found.why("hail", "cash").concepts == []


def test_words_are_cut_as_the_texts_of_a_run() -> None:
    assert ConceptVectors(CONCEPTS).why("hails", "storms").concept_cosine > 0.5  # English stems
    with pytest.raises(InputError, match="no concept has a word of 'hails'"):
        ConceptVectors(CONCEPTS, PLAIN).why("hails", "storm")


def test_bad_input_is_named() -> None:
    refused(lambda: ConceptVectors([]), InputError, "hold no words")
    refused(lambda: ConceptVectors(CONCEPTS).why("hail", "ice", 0), OptionError, "top")
