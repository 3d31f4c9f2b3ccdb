"""Counts in a run: the same vectors as by scan, kept in the folder, checked when they are taken up again."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_counts import assert_same, random_batch
from tests.examples import TIMES
from tests.heard import Interrupting
from tests.refusals import refused

import selfvec
from selfvec.base.declarations import declared
from selfvec.base.errors import FormatError, Interrupted, OptionError
from selfvec.cooccurrence import count, operator, run_counts
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.methods.decorrelated import DecorrelatedRefinement
from selfvec.refinement.pipeline import refine


def choices(name: str) -> tuple[str, ...]:
    """The values that an option can have."""
    return declared(Settings).parameters[name].kind.choices


def refined(storm_file: Path, run: Path, **how: str) -> Path:
    selfvec.refine(storm_file, "none", "decorrelated", window=9, output=run, operator="counts", **how)
    return run


@settings(max_examples=6 * TIMES)
@given(seed=st.integers(0, 1000), window=st.integers(2, 30), passes=st.integers(1, 4))
def test_counts_and_scan_make_the_same_vectors(seed: int, window: int, passes: int) -> None:
    batch = random_batch(seed, 6000, 150)
    rows = unit_rows(np.random.default_rng(seed).standard_normal((150, 24)))
    sources = np.where(np.arange(150) % 5 == 0, Source.NONE, Source.KNOWN).astype(np.uint8)
    rows[sources == Source.NONE] = 0
    original = Vectors(list(batch.types), rows, sources=sources, normalized=True)

    def table(name: str) -> np.ndarray:
        made = operator(name, batch, window, gamma=0.4)
        run = DecorrelatedRefinement(batch, original, window=window, passes=passes, operator=made)
        while not run.done:
            run.advance()
        return run.table

    np.testing.assert_allclose(table("counts"), table("scan"), atol=1e-3)


@pytest.mark.parametrize("weights", choices("distance_weights"))
def test_kept_counts_are_those_of_the_corpus(storm_file: Path, tmp_path: Path, weights: str) -> None:
    folder = refined(storm_file, tmp_path / "run", distance_weights=weights)
    run = selfvec.open_run(folder)
    assert not run_counts(run).data.flags.writeable  # mapped
    assert_same(run_counts(run), count(run.tokens, 9, weighting=weights))
    selfvec.save_run(run, tmp_path / "copy")
    kept = run_counts(selfvec.open_run(tmp_path / "copy"))
    assert_same(kept, run_counts(run))


@pytest.mark.parametrize("name", choices("operator"))
def test_a_run_is_interrupted_with_every_operator(
    name: str, storms: list[str], storm_vectors: Vectors
) -> None:
    chosen = Settings(method="decorrelated", window=9, passes=4, operator=name)
    with pytest.raises(Interrupted, match=r"after .* of .* tokens"):
        refine(Corpus.from_texts(storms), storm_vectors, chosen, progress=Interrupting())


def test_counts_that_have_changed_are_named(storm_file: Path, tmp_path: Path) -> None:
    folder = refined(storm_file, tmp_path / "run")
    count(random_batch(1, 100, 10), 9).save(folder / "counts", overwrite=True)
    damaged = {Path(damage.file).name for damage in selfvec.verify(folder).damaged}
    assert damaged == {"counts.safetensors", "vocabulary.txt"}
    refused(lambda: selfvec.open_run(folder), FormatError, r"run/counts/.*make the run again")
    shutil.rmtree(folder / "counts")
    refused(lambda: selfvec.open_run(folder), FormatError, r"run/counts/.*: is missing; make the run again")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"operator": "matrix"}, "operator: is one of scan, counts, ppmi, not 'matrix'"),
        ({"distance_weights": "square"}, "distance_weights"),
        ({"distance_weights": "linear"}, "choose the operator counts or ppmi"),
    ],
)
def test_senseless_operators_are_refused(options: dict[str, str], said: str) -> None:
    refused(lambda: Settings(**options), OptionError, said)
