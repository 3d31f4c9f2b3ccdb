"""Why two words are similar: by hand and as laws."""

import numpy as np
import pytest
from tests.cooccurrence.plain import count_reference, ppmi_reference

import selfvec
from selfvec.analysis.concepts.shared_contexts import neighbour_ppmi, why
from selfvec.data.run import Run


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
    for use in why(subject_run.present.replace(text=None), "hail", "flash flood").uses:
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
