"""Encoders where other frameworks want them; what is not installed here is skipped."""

import asyncio
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.refusals import refused

from selfvec.base.errors import InputError, MissingExtra
from selfvec.data.run import Run
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.langchain import SelfvecEmbeddings
from selfvec.retrieval.encoder.llamaindex import SelfvecEmbedding
from selfvec.retrieval.encoder.mteb import MTEBEncoder

TEXTS = ["Hail broke the farm's windows.", "", "the river closed the road", "xyzzy"]
EXTRAS = {"langchain": "langchain_core", "llamaindex": "llama_index", "mteb": "mteb"}


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


def test_mteb_hands_over_texts_or_batches(encoder: Encoder, tmp_path: Path) -> None:
    """By both protocols: lists of texts with a prompt's name, and batches with the task."""
    model = MTEBEncoder(replace(encoder), "7", device="cpu")  # a copy has not warned yet
    exact = encoder.encode_document(TEXTS)
    np.testing.assert_array_equal(
        model.encode(TEXTS, batch_size=2, prompt_name="passage", task_name="x"), exact
    )
    with pytest.warns(UserWarning, match="no word of the question"):
        asked = model.encode(TEXTS, batch_size=2, prompt_name="query", task_name="x")
    np.testing.assert_array_equal(asked, model.encoder.encode_query(TEXTS))
    batches = [{"text": TEXTS[:3], "id": ["a", "b", "c"]}, {"text": TEXTS[3:], "id": ["d"]}]
    np.testing.assert_array_equal(
        model.encode(batches, task_metadata=None, hf_split="test", hf_subset="en", prompt_type=None), exact
    )
    encoder.save(tmp_path / "storms")
    models = [MTEBEncoder(tmp_path / "storms"), MTEBEncoder(encoder, "7"), MTEBEncoder(changed(encoder), "7")]
    names = [(model.name, model.revision) for model in models]
    other = changed(encoder).digest
    assert names == [
        ("selfvec/storms", encoder.digest),
        ("selfvec/encoder", f"7-{encoder.digest}"),
        ("selfvec/encoder", f"7-{other}"),
    ]
    refused(lambda: MTEBEncoder(Path(__file__).parent), InputError, "not the folder")


@needs("mteb")
def test_mteb_takes_the_model(encoder: Encoder) -> None:
    from mteb.models.model_meta import ModelMeta
    from mteb.models.models_protocols import EncoderProtocol

    model = MTEBEncoder(encoder, name="ours/storms")
    assert isinstance(model, EncoderProtocol)
    assert isinstance(model.mteb_model_meta, ModelMeta)
    assert (model.mteb_model_meta.name, model.mteb_model_meta.revision) == ("ours/storms", encoder.digest)
    assert model.mteb_model_meta.embed_dim == encoder.dimensions
    rows = encoder.encode([TEXTS[0], TEXTS[2]])
    np.testing.assert_allclose(np.asarray(model.similarity(rows, rows)), rows @ rows.T, atol=1e-5)
    np.testing.assert_allclose(np.asarray(model.similarity_pairwise(rows, rows)), [1, 1], atol=1e-5)


@pytest.mark.parametrize(
    ("extra", "use"),
    [
        ("langchain", SelfvecEmbeddings),
        ("llamaindex", SelfvecEmbedding),
        ("mteb", lambda encoder: MTEBEncoder(encoder).mteb_model_meta),
    ],
)
def test_what_is_missing_names_its_extra(extra: str, use, encoder: Encoder) -> None:
    if importlib.util.find_spec(EXTRAS[extra]) is not None:
        pytest.skip(f"the extra {extra} is installed")
    refused(lambda: use(encoder), MissingExtra, rf"\[{extra}\]")
