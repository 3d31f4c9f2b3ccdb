"""Query expansion: terms of the query's subject, weights by hand, phrases, and what is left out."""

import numpy as np
import pytest

import selfvec
from selfvec.analysis.concepts import expand
from selfvec.analysis.concepts.query_expansion import EVIDENCE
from selfvec.base.errors import OptionError
from selfvec.data.run import Run


def test_terms_are_of_the_subject_of_the_query(subject_run: Run, subject_of: dict[str, str]) -> None:
    for query, subject in (("hail on the roof", "storm"), ("the baker", "kitchen"), ("a loan", "money")):
        found = expand(subject_run, query, 8)
        assert {subject_of[row.term] for row in found} == {subject}
        weights = [row.weight for row in found]
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1 for weight in weights)
        assert all(row.near in found.known for row in found)


def test_weights_are_the_mean_cosine_less_for_rare_terms(subject_run: Run) -> None:
    found = expand(subject_run, "hail", 5)
    place = subject_run.vectors.key_to_index
    for row in found:
        meaning = float(subject_run.vectors.unit[place["hail"]] @ subject_run.vectors.unit[place[row.term]])
        assert row.meaning == pytest.approx(meaning, abs=1e-5)
        assert row.count == subject_run.vectors.counts[place[row.term]]
        share = row.count / (row.count + EVIDENCE)
        assert row.weight == pytest.approx((row.meaning + row.topic) / 2 * share, abs=1e-5)


def test_phrases_are_read_and_found(subject_run: Run) -> None:
    found = expand(subject_run, "Flash flood", 30)
    assert found.known == ["flash_flood"]
    assert found.expanded.startswith('"flash flood" ')
    assert '"flash flood"^' in expand(subject_run, "hail", 30).expanded
    assert "flash_flood" not in [row.term for row in found]


def test_unknown_words_and_stop_words(subject_run: Run) -> None:
    found = expand(subject_run, "the hail and zyzzyva", 20)
    assert (found.known, found.unknown) == (["hail"], ["zyzzyva"])
    assert not {"hail", "the", "and", "near", "with"} & {row.term for row in found}


def test_words_of_one_stem_stand_once() -> None:
    texts = ["hail broke windows", "hail breaks window", "rain broke no windows", "rain breaks a window"] * 8
    run = selfvec.Refiner(method="decorrelated", window=5).fit(texts, "none").run_
    found = [row.term for row in expand(run, "hail", 20, min_count=1)]
    assert len({"windows", "window"} & set(found)) <= 1
    assert len({"broke", "breaks"} & set(found)) <= 2
    assert not {"no", "a"} & set(found)


def test_what_cannot_be_asked(subject_run: Run) -> None:
    with pytest.raises(OptionError):
        expand(subject_run, "hail", 0)
    np.testing.assert_equal(len(expand(subject_run, "hail", 1)), 1)
