"""Vectors of gensim, or objects shaped like them, are where a `Refiner` starts; and vectors that are cut."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.refusals import refused
from tests.rows import normal_rows, unit

import selfvec
from selfvec.base.errors import OptionError

TEXTS = ["hail broke roofs in the village", "rain filled the river", "hail and rain fell on roofs"] * 20


def keyed() -> SimpleNamespace:
    """What `fit` needs of a ``KeyedVectors``."""
    words = sorted({word for text in TEXTS for word in text.split()})
    return SimpleNamespace(index_to_key=words, vectors=normal_rows(len(words), 8))


def test_keyed_vectors_are_where_refining_starts() -> None:
    theirs = keyed()
    ours = selfvec.Vectors(theirs.index_to_key, theirs.vectors)
    found = selfvec.Refiner(method="decorrelated").fit(TEXTS, vectors=theirs)
    expected = selfvec.Refiner(method="decorrelated").fit(TEXTS, vectors=ours)
    assert_array_equal(found.vectors_.vectors, expected.vectors_.vectors)
    assert found.run_.provenance["coverage"]["types"]["unknown"] == 0
    assert selfvec.Refiner(method="original").fit(TEXTS, vectors=[theirs, "none"]).run_ is not None


def test_a_model_stands_for_its_vectors_and_their_n_grams() -> None:
    models = pytest.importorskip("gensim.models")
    texts = [text.split() for text in TEXTS] * 9
    how = {"vector_size": 8, "min_count": 1, "epochs": 1, "seed": 0}
    for model in (models.Word2Vec(texts, **how), models.FastText(texts, bucket=200, **how)):
        found = selfvec.Refiner(method="original").fit([*TEXTS, "a hailstorm"], vectors=model).original_
        theirs = model.wv
        assert_allclose(found["hail"], unit(theirs["hail"]), atol=1e-6)
    assert found["hailstorm"].any()
    ours = selfvec.Vectors.from_gensim(theirs)
    for word in ("hailstorm", "hail"):
        assert_allclose(ours.embed(word), theirs[word], atol=1e-6)


def test_a_static_encoder_stands_for_the_rows_of_its_tokens(tmp_path: Path) -> None:
    model2vec = pytest.importorskip("model2vec")
    ours = selfvec.Vectors(keyed().index_to_key, keyed().vectors)
    selfvec.convert(ours, tmp_path / "encoder", to="model2vec")
    model = model2vec.StaticModel.from_pretrained(tmp_path / "encoder")
    found = selfvec.Refiner(method="original").fit(TEXTS, vectors=model).original_
    assert_allclose(found["hail"], ours.get_vector("hail", norm=True), atol=1e-6)


def test_what_is_no_vectors_is_refused() -> None:
    rule = r"model of gensim, a static encoder.*not list; give them as vectors="
    refused(lambda: selfvec.Refiner().fit(TEXTS, vectors=[[1, 2, 3]]), OptionError, rule)


@pytest.mark.parametrize(("first", "told"), [(1, True), (2, False), (3, False), (None, False)])
def test_first_dimensions_that_hold_little_are_said_to(tmp_path: Path, first: int | None, told: bool) -> None:
    """Squares by dimension: 2, 8 and 2 of 12. The first holds 17 %, the first two 83 %."""
    vectors = selfvec.Vectors(["hail", "rain"], np.array([[1, 2, 1], [1, -2, 1]], np.float32))
    done = selfvec.convert(vectors, tmp_path / "short.vec", dimensions=first)
    notes = [note for note in done["notes"] if "squared lengths" in note]
    assert len(notes) == told
    assert all(note.startswith("the first 1 of 3 dimensions hold 17% of the rows'") for note in notes)
