"""Explicit semantic analysis: concepts are PubMed's abstracts; against vectors refined on the same text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, PUBMED, SIMILARITY, documents
from benchmarks.vectors import Row, compared
from selfvec.analysis.concepts.shared_contexts import ConceptVectors
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.words import Similarity, read_pairs
from selfvec.numerics.statistics import spearman
from selfvec.text.preprocessing import Preprocessing


def rows() -> Iterator[Row]:
    """Similarity by shared abstracts against the original and the refined table."""
    run = selfvec.Refiner("decorrelated").fit(PUBMED, GOOGLENEWS).run_
    cut = Preprocessing.of(run.provenance)
    concepts = ConceptVectors(documents()[0].to_list(), cut)
    for name in ("UMNSRS", "MEN"):
        pairs = read_pairs(SIMILARITY[name])
        vectors = np.array([concepts.vector(word) for word in pairs.words], np.float32)
        a, b = pairs.numbers.T
        explicit = spearman(np.einsum("ij,ij->i", vectors[a], vectors[b]), pairs.scores, 0)
        for label, table in (("the original vectors", run.original), ("the refined vectors", run.vectors)):
            (dense,) = Similarity(SIMILARITY[name]).measure([ComparedVectors(label, table, cut)], 0)
            yield compared(
                "Readable concept vectors (ESA)",
                "Gabrilovich and Markovitch 2007",
                "selfvec text why run hail snow --concepts abstracts.jsonl",
                f"{name}, Spearman",
                label,
                dense.estimate,
                explicit,
                verdicts=("better", "no sure difference", "worse"),
                note=f"{len(concepts.names):,} abstracts as concepts",
            )
