"""`Refiner` as a transformer of scikit-learn."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError as TheirNotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from tests.commands import ran
from tests.refusals import refused
from tests.retrieval.encoder import reports

import selfvec
from selfvec.base.errors import CorpusError, InputError, NotFittedError

TEXTS = reports.texts()
LABELS = ["farm" if "farm" in text or "road" in text else "town" for text in TEXTS]


def test_transform_gives_the_vectors_of_the_runs_encoder() -> None:
    model = selfvec.Refiner("decorrelated")
    for kind in (NotFittedError, TheirNotFittedError):
        refused(lambda: model.transform(TEXTS), kind, "exists only after fitting")
    rows = model.fit_transform(TEXTS, LABELS)
    assert_array_equal(rows, selfvec.Encoder.of(model.run_, stop_words=True).encode(TEXTS))
    assert (rows.dtype, rows.shape) == (np.float32, (len(TEXTS), len(model.get_feature_names_out())))
    assert not model.transform(["", None, "xyzzy"]).any()
    assert_array_equal(model.transform([["hail", "broke"]]), model.transform(["hail broke"]))
    assert_array_equal(model.transform(np.array(TEXTS[:3])), rows[:3])
    model.fit(TEXTS[:80])
    assert model.transform(TEXTS).shape == (len(TEXTS), len(model.get_feature_names_out()))
    for wrong in ("hail", [3]):
        refused(lambda: model.transform(wrong), InputError, "texts are")


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_set_output_gives_frames_as_scikit_learns_transformers_do(kind: str) -> None:
    model = selfvec.Refiner("decorrelated").fit(TEXTS)
    rows, names = model.transform(TEXTS[:3]), model.get_feature_names_out().tolist()
    made = clone(make_pipeline(model).set_output(transform=kind)).fit(TEXTS).transform(TEXTS[:3])
    assert type(made).__module__.split(".")[0] == kind
    assert list(made.columns) == names
    assert_array_equal(made.to_numpy(), rows)
    with config_context(transform_output=kind):
        assert list(model.transform(TEXTS[:3]).columns) == names
    assert isinstance(model.set_output(transform="default").transform(TEXTS[:3]), np.ndarray)
    refused(
        lambda: model.set_output(transform="arrow"),
        InputError,
        "is one of default, pandas, polars, not 'arrow'",
    )


def test_in_a_pipeline() -> None:
    pipeline = make_pipeline(selfvec.Refiner("decorrelated"), LogisticRegression())
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=2).mean() > 0.75
    pipeline.fit(TEXTS, LABELS)
    assert pipeline.predict(["hail broke windows at the farm"])[0] == "farm"
    copied = clone(pipeline.set_params(refiner__window=3))
    assert copied[0].get_params() == pipeline[0].get_params()
    assert copied[0].window == 3


def test_vectors_may_be_given_in_the_place_of_labels() -> None:
    table = selfvec.Refiner("decorrelated").fit(TEXTS).vectors_
    by_name = selfvec.Refiner("original").fit(TEXTS, vectors=table)
    for model in (
        selfvec.Refiner("original").fit(TEXTS, table),
        selfvec.Refiner("original").fit(TEXTS, LABELS, vectors=table),
    ):
        assert_array_equal(model.vectors_.vectors, by_name.vectors_.vectors)
    assert selfvec.Refiner("original").fit(TEXTS, "none").run_.provenance["vectors"]["name"] == "none"


def test_names_that_are_empty_or_remote_are_refused(here: Path) -> None:
    Path("a.txt").write_text("hail fell")
    for given in ("", [Path("a.txt"), ""]):
        refused(lambda: selfvec.Corpus.open(given), CorpusError, "the name of a file is empty")
    refused(lambda: selfvec.Refiner().fit(""), CorpusError, "the name of a file is empty")
    refused(
        lambda: selfvec.Refiner().fit("s3://bucket/reports"),
        CorpusError,
        r"^s3://bucket/reports: is on a remote file system",
    )
    said = "s3://bucket/reports: is on a remote file system; read it with --cluster local"
    assert said in ran(["refine", "s3://bucket/reports", "-o", "run"], 2).err


FORKED = """
import multiprocessing, warnings
warnings.simplefilter("ignore")
import selfvec

TEXTS = ["hail broke the roof", "wind broke a tree"] * 20

def fitted(queue):
    try:
        selfvec.Refiner("original").fit(TEXTS, "none")
        queue.put("fitted")
    except selfvec.SelfvecError as error:
        queue.put(str(error))

def told(method):
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=fitted, args=(queue,))
    child.start()
    print(queue.get(timeout=200))
    child.join(200)

if __name__ == "__main__":
    told("fork")
    selfvec.Refiner("original").fit(TEXTS, "none")
    told("fork")
    told("spawn")
"""


@pytest.mark.soak
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_that_was_forked_after_its_parent_read_says_that_it_cannot(tmp_path: Path) -> None:
    """It would wait for the threads of Polars for good."""
    script = tmp_path / "job.py"
    script.write_text(FORKED)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=True)
    before, after, spawned = done.stdout.splitlines()
    assert before == spawned == "fitted"
    assert "was forked after its parent had" in after
    assert "get_context('spawn')" in after


def test_questions_of_function_words_are_told_apart() -> None:
    texts = ["who broke the roof", "where is the roof", "what hail broke", "where did hail fall"] * 9
    model = selfvec.Refiner("decorrelated").fit(texts)
    who, where, mixed = model.transform(["who", "where is the", "where hail"])
    assert who.any()
    assert where.any()
    assert float(where @ mixed) > float(who @ mixed)
