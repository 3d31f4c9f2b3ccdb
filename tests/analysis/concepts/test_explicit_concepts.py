"""Explicit semantic analysis: vectors over named concepts, by hand and as laws."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.shared_contexts import ConceptVectors
from selfvec.base.errors import InputError, OptionError
from selfvec.text.preprocessing import Preprocessing

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


def test_the_command_names_concepts(tmp_path: Path, storms: list[str]) -> None:
    selfvec.save_run(selfvec.Refiner("decorrelated").fit(storms, "none").run_, tmp_path / "run")
    rows = (text.split("\n\n") for text in CONCEPTS)
    lines = [json.dumps({"title": title, "text": text}) for title, text in rows]
    (tmp_path / "concepts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    command = [
        "text",
        "why",
        str(tmp_path / "run"),
        "hail",
        "storm",
        "--concepts",
        str(tmp_path / "concepts.jsonl"),
    ]
    found = ran([*command, "--json"]).json
    assert {row["concept"] for row in found["concepts"]} == {"Hail", "Storm"}
    shown = ran(command).out
    assert "Hail" in shown
    assert f"{found['concept_cosine']:.4f}" in shown
