"""A small planted corpus: two topics that share no word but the glue."""

from __future__ import annotations

import numpy as np
import pytest
from planted_corpus import GLUE, TOPICS

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows


@pytest.fixture(scope="session")
def planted() -> TokenBatch:
    """400 documents of a dozen words, each on one topic, with some glue."""
    rng = np.random.default_rng(0)
    documents = []
    for i in range(400):
        words = rng.choice(TOPICS[i % 2], 9).tolist() + rng.choice(GLUE, 3).tolist()
        documents.append([words[k] for k in rng.permutation(12)])
    return TokenBatch.from_documents(documents)


@pytest.fixture(scope="session")
def start(planted: TokenBatch) -> Vectors:
    """Random directions that say nothing about the topics; none for one word of each."""
    rows = np.random.default_rng(1).standard_normal((len(planted.types), 24)).astype(np.float32)
    unknown = [planted.types.index(topic[-1]) for topic in TOPICS]
    rows[unknown] = 0
    sources = np.full(len(rows), Source.KNOWN, np.uint8)
    sources[unknown] = Source.NONE
    return Vectors(planted.types, unit_rows(rows), sources=sources, normalized=True)
