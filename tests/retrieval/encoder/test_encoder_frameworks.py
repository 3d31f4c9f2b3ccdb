"""Encoders where other frameworks want them; what is not installed here is skipped."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.langchain import SelfvecEmbeddings

TEXTS = ["Hail broke the farm's windows.", "", "the river closed the road", "xyzzy"]


def test_langchain(encoder: Encoder, tmp_path: Path) -> None:
    Embeddings = pytest.importorskip("langchain_core.embeddings").Embeddings
    from langchain_core.vectorstores import InMemoryVectorStore

    encoder.save(tmp_path / "e")
    embeddings = SelfvecEmbeddings(tmp_path / "e")
    assert isinstance(embeddings, Embeddings)
    np.testing.assert_array_equal(
        np.float32(embeddings.embed_documents(TEXTS)), encoder.encode_document(TEXTS)
    )
    assert embeddings.embed_query(TEXTS[0]) == embeddings.embed_documents(TEXTS)[0]
    assert asyncio.run(embeddings.aembed_query(TEXTS[0])) == embeddings.embed_query(TEXTS[0])
    store = InMemoryVectorStore.from_texts([TEXTS[0], TEXTS[2]], embeddings)
    ((found, score),) = store.similarity_search_with_score("windows on a farm", k=1)
    assert found.page_content == TEXTS[0]
    assert score == pytest.approx(float(np.dot(*encoder.encode(["windows on a farm", TEXTS[0]]))), abs=1e-5)


def changed(encoder: Encoder) -> Encoder:
    """The same words with other numbers."""
    rows = encoder.rows.copy()
    rows[:, 0] += 0.5
    return Encoder(encoder.words, encoder.places, rows, encoder.split, encoder.about)


def test_a_digest_tells_encoders_apart(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "e")
    assert Encoder.open(tmp_path / "e").digest == encoder.digest
    words = [*encoder.words[:-1], "another"]
    others = [
        changed(encoder),
        Encoder(words, encoder.places, encoder.rows, encoder.split, encoder.about),
        Encoder(encoder.words, encoder.places[::-1], encoder.rows, encoder.split, encoder.about),
        Encoder(encoder.words, encoder.places, encoder.rows, "whitespace", encoder.about),
        Encoder(encoder.words, encoder.places, encoder.rows, encoder.split, {"language": "tr"}),
    ]
    assert len({one.digest for one in (encoder, *others)}) == 6
