"""Baselines: vectors of other methods from the same tokens, for comparison.

A baseline is a row of `BASELINES`: a function from a corpus as ids and the initial vectors to vectors of the
same words. `selfvec.evaluate` accepts the results like any other `Vectors`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import OptionError, require
from selfvec.base.progress import stage
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders.given import as_sentence_encoder
from selfvec.lab import training
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.methods import refined_rows
from selfvec.refinement.pipeline import CANDIDATES, make_plan

ALREADY = ("original", "bm25")  # measured without training
ENCODER = "encoder:"  # prefix of the name or folder of a sentence encoder


@dataclass(frozen=True)
class Baseline:
    """One way to make word vectors from a corpus."""

    # Arguments: a batch, the original vectors of its types, a seed. Result: (V, d) rows, zeros for words
    # without a vector.
    train: Callable[[TokenBatch, Vectors, int], Rows]
    package: str | None = None  # required package
    extra: str = "baselines"  # extra of Selfvec with the package

    def __call__(self, batch: TokenBatch, original: Vectors, seed: int = 0) -> Vectors:
        """Unit rows for the words of the batch, in their order."""
        rows = unit_rows(self.train(batch, original, seed))
        sources = np.where(filled_rows(rows), Source.CONTEXT, Source.NONE).astype(np.uint8)
        return Vectors(batch.types, rows, sources=sources, counts=batch.counts, normalized=True)


def _refined(batch: TokenBatch, original: Vectors, seed: int, *, method: str) -> Rows:
    """The original refined by one of our methods with default options; the same for any seed and threads."""
    del seed
    plan = make_plan(Settings.given(method=method, history="none"), Inputs(batch, original))
    return refined_rows(plan)


def _encoded(batch: TokenBatch, original: Vectors, seed: int, *, model: str) -> Rows:
    """Each word encoded as a text of its own by a sentence encoder, without its contexts."""
    del original, seed
    return as_sentence_encoder(model).encode(batch.types)


BASELINES: dict[str, Baseline] = {
    **{name: Baseline(partial(_refined, method=name)) for name in CANDIDATES},
    "ppmi-svd": Baseline(training.ppmi_svd, "sklearn"),
    **{
        kind + suffix: Baseline(partial(training.by_gensim, kind=kind, continued=bool(suffix)), "gensim")
        for kind in training.KINDS
        for suffix in ("", "-continued")
    },
    "glove": Baseline(training.glove),
}
"""Baselines by name. Others, `ENCODER` followed by a model, are made on request."""


def find_baseline(name: str) -> Baseline:
    """The baseline of this name; raises `OptionError` for an unknown name."""
    if name.startswith(ENCODER) and len(name) > len(ENCODER):
        encode = partial(_encoded, model=name.removeprefix(ENCODER))
        return Baseline(encode, "onnxruntime", "encoder")
    if name not in BASELINES:
        remedy = f"choose from {', '.join(BASELINES)}, {ENCODER}MODEL or all"
        raise OptionError(f"{name!r} is not a baseline", field="against", remedy=remedy)
    return BASELINES[name]


def check_names(names: Sequence[str]) -> list[str]:
    """The baselines to train, each once: ``all`` means `BASELINES`; those `ALREADY` reported are left out.

    Unknown names and missing packages are errors before anything is trained.
    """
    wanted = dict.fromkeys(each for name in names for each in (BASELINES if name == "all" else (name,)))
    baselines = {name: find_baseline(name) for name in wanted if name not in ALREADY}
    for name, baseline in baselines.items():
        if baseline.package is not None:
            require(baseline.package, baseline.extra, f"the baseline {name}")
    return list(baselines)


# ---- Training


def train(
    run: Run,
    names: Sequence[str],
    *,
    seed: int = 0,
) -> dict[str, Vectors]:
    """Train baselines on a run's own tokens, from its original vectors: vectors of its words by name.

    ``provenance["seconds"]`` is what training took. gensim and GloVe are reproducible with one thread
    only. `InputError` if the run did not keep its tokens.
    """
    wanted = check_names(names)
    tokens = run.require_tokens("on which baselines are trained")
    batch = replace(tokens, ids=np.array(tokens.ids), offsets=np.array(tokens.offsets))
    # In memory and as they are: no baseline builds others from subwords.
    rows, sources = np.array(run.original.vectors), np.array(run.original.sources)
    original = Vectors(batch.types, rows, sources=sources, normalized=True)
    trained: dict[str, Vectors] = {}
    with stage("Baselines", len(wanted), "baselines") as advance:
        for name in wanted:
            trained[name] = _timed(name, run, batch, original, seed)
            advance(1)
    return trained


def _timed(name: str, run: Run, batch: TokenBatch, original: Vectors, seed: int) -> Vectors:
    """One baseline, with the seconds of its training, without those of importing its package."""
    baseline = find_baseline(name)
    if baseline.package is not None:
        import_module(baseline.package)
    start = time.perf_counter()
    made = baseline(batch, original, seed)
    seconds = time.perf_counter() - start
    return Vectors(
        run.vectors.index_to_key,
        made.vectors,
        sources=made.sources,
        counts=run.vectors.counts,
        provenance={**run.provenance, "baseline": name, "seconds": seconds},  # texts are cut as the run's
        normalized=True,
    )
