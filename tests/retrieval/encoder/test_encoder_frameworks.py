"""Encoders where other frameworks want them; what is not installed here is skipped."""

import asyncio
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tests.refusals import refused

from selfvec.base.errors import InputError, MissingExtra
from selfvec.data.run import Run
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.langchain import SelfvecEmbeddings
from selfvec.retrieval.encoder.llamaindex import SelfvecEmbedding

TEXTS = ["Hail broke the farm's windows.", "", "the river closed the road", "xyzzy"]
EXTRAS = {"langchain": "langchain_core", "llamaindex": "llama_index"}


def needs(extra: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(EXTRAS[extra]) is None
    return pytest.mark.skipif(missing, reason=f"the extra {extra} is not installed")


@needs("langchain")
def test_langchain(encoder: Encoder, tmp_path: Path) -> None:
    from langchain_core.embeddings import Embeddings
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


@needs("llamaindex")
def test_llamaindex(report_run: Run, encoder: Encoder) -> None:
    from llama_index.core.embeddings import BaseEmbedding

    embedding = SelfvecEmbedding(report_run, embed_batch_size=3)
    assert isinstance(embedding, BaseEmbedding)
    assert (embedding.model_name, embedding.encoder, embedding.embed_batch_size) == ("selfvec", "", 3)
    np.testing.assert_array_equal(
        np.float32(embedding.get_text_embedding_batch(TEXTS)), encoder.encode_document(TEXTS)
    )
    alone = [embedding.get_query_embedding(TEXTS[0]), embedding.get_text_embedding(TEXTS[0])]
    alone += [asyncio.run(embedding.aget_query_embedding(TEXTS[0]))]
    np.testing.assert_array_equal(np.float32(alone), encoder.encode([TEXTS[0]] * 3))
    refused(lambda: SelfvecEmbedding.from_dict(embedding.to_dict()), InputError, "was in memory")


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


@needs("llamaindex")
def test_llamaindex_opens_the_encoder_again(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "e")
    stored = SelfvecEmbedding(tmp_path / "e", embed_batch_size=3).to_dict()
    again = SelfvecEmbedding.from_dict(stored)
    assert again.to_dict() == stored
    assert again.get_text_embedding(TEXTS[0]) == encoder.encode(TEXTS[0]).tolist()
    assert (again.model_name, again.embed_batch_size) == ("selfvec/e", 3)
    changed(encoder).save(tmp_path / "e", overwrite=True)
    refused(lambda: SelfvecEmbedding.from_dict(stored), InputError, "is not the encoder that was stored")


@pytest.mark.parametrize(
    ("extra", "use"),
    [
        ("langchain", SelfvecEmbeddings),
        ("llamaindex", SelfvecEmbedding),
    ],
)
def test_what_is_missing_names_its_extra(extra: str, use, encoder: Encoder) -> None:
    if importlib.util.find_spec(EXTRAS[extra]) is not None:
        pytest.skip(f"the extra {extra} is installed")
    refused(lambda: use(encoder), MissingExtra, rf"\[{extra}\]")
