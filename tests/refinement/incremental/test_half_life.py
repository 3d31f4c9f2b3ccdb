"""Older documents count less: as so many copies of them."""

from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from same_runs import distinct, table
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError, OptionError
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refinement.inputs import Execution
from selfvec.refinement.methods.decorrelated import half_life_weights
from selfvec.refinement.pipeline import refine
from selfvec.refinement.update import Taken, update
from selfvec.storage.run_folder import open_run

TEXTS = distinct(40)
DAYS = [f"2020-{1 + i // 20:02}-{1 + i % 20:02}" for i in range(40)]


def refined(days: float | None, last: int = 40) -> Run:
    chosen = Settings("decorrelated", half_life=days, window=5)
    return refine(Corpus.from_texts(TEXTS[:last], DAYS[:last]), table(), chosen)


def same(one: Run, other: Run) -> bool:
    return np.array_equal(one.vectors.vectors, other.vectors.vectors)


def test_weights_by_hand() -> None:
    dates = np.array(["2020-01-31", "2020-01-21", "2020-01-11", "NaT", "1900-01-01"], "datetime64[D]")
    batch = selfvec.TokenBatch(np.zeros(0, np.int32), np.zeros(6, np.int64), ["a"], dates)
    assert_allclose(half_life_weights(batch, 10), [1, 0.5, 0.25, 1, 2.0**-20])
    assert half_life_weights(batch, 1e9).tolist() == [1] * 5


def test_a_document_of_weight_two_is_two_documents() -> None:
    rng = np.random.default_rng(0)
    one = selfvec.TokenBatch(rng.integers(0, 9, 40).astype(np.int32), np.array([0, 25, 40]), [*"abcdefghi"])
    two = selfvec.TokenBatch(np.concatenate([one.ids[:25], one.ids]), np.array([0, 25, 50, 65]), one.types)
    rows = rng.standard_normal((9, 20)).astype(np.float32)
    weighed = ScanOperator(one, 5, 0.4, np.array([2.0, 1.0]))
    copied = ScanOperator(two, 5, 0.4)
    assert_array_equal(weighed.degrees, copied.degrees)
    assert_array_equal(weighed.occurrences, two.counts)
    assert_allclose(weighed.apply(rows), copied.apply(rows), rtol=1e-4, atol=1e-5)


def test_an_endless_half_life_is_none() -> None:
    assert same(refined(1e12), refined(None))
    assert not same(refined(10), refined(None))


def test_updates_keep_and_change_it() -> None:
    old, new = refined(10, 30), Taken(Corpus.from_texts(TEXTS[30:], DAYS[30:]))
    assert same(update(old, new, table(), execution=Execution()), refined(10))
    assert update(old, Taken(Corpus.from_texts(TEXTS[:9])), table(), execution=Execution()) is old
    for days in (10, 25):  # kept and changed, without new text
        changed = update(refined(10), Taken(), table(), half_life=days, execution=Execution())
        assert same(changed, refined(days))
        assert changed.provenance["options"]["half_life"] == days


def test_without_dates_or_with_another_method(tmp_path: Path, monkeypatch) -> None:
    refused(
        lambda: refine(Corpus.from_texts(TEXTS), table(), Settings("decorrelated", half_life=9)),
        CorpusError,
        "there are no dates to weight documents by half_life",
    )
    for wrong in ({"method": "paper"}, {"method": "auto"}):
        refused(lambda: Settings(**wrong, half_life=9), OptionError, "half_life")
    refused(lambda: Settings("decorrelated", half_life=0), OptionError, "above 0")
    monkeypatch.chdir(tmp_path)
    selfvec.save(table(), "t.vec", format="word2vec-text")
    Path("a.csv").write_text("text,date\n" + "".join(f"{t},{d}\n" for t, d in zip(TEXTS, DAYS, strict=True)))
    options = ["--vectors", "t.vec", "--method", "decorrelated", "--window", "5"]
    ran(["refine", "a.csv", "-o", "run", *options])
    ran(["update", "run", "--half-life", "10"])
    assert same(open_run("run"), refined(10))
    assert "--half-life: is a number above 0, not 0" in ran(["update", "run", "--half-life", "0"], 2).err
