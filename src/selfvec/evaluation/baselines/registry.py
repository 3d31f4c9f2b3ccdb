"""The baselines by name, and the packages that they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import OptionError
from selfvec.base.extras import require
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.method_choice import CANDIDATES, make_plan
from selfvec.refinement.methods import refined_rows
from selfvec.training import gensim_models, glove, ppmi_models
from selfvec.transforms.contextual_encoder import sentence_encoder

__all__ = ["ALREADY", "BASELINES", "Baseline", "check_names", "find_baseline"]

ALREADY = ("original", "bm25", "bm25-rm3")  # measured without training, the last only on request
ENCODER = "encoder:"  # prefix of the name or path of a sentence-transformers model


@dataclass(frozen=True)
class Baseline:
    """One way to make word vectors from a corpus."""

    # Arguments: a batch, the original vectors of its types, a seed, a number of threads. Result: (V, d) rows,
    # zeros for words without a vector.
    train: Callable[[TokenBatch, Vectors, int, int], Rows]
    package: str | None = None  # required package
    extra: str = "baselines"  # extra of Selfvec with the package
    warm_up: bool = True  # train on a handful of words first, so that imports and compilation are not timed

    def __call__(self, batch: TokenBatch, original: Vectors, seed: int = 0, jobs: int = 1) -> Vectors:
        """Unit rows for the words of the batch, in their order."""
        rows = unit_rows(self.train(batch, original, seed, jobs))
        sources = np.where(rows.any(axis=1), Source.CONTEXT, Source.NONE).astype(np.uint8)
        return Vectors(batch.types, rows, sources=sources, counts=batch.counts, normalized=True)


def _refined(batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, method: str) -> Rows:
    """The original refined by one of our methods with default options; the same for any seed and threads."""
    del seed
    plan = make_plan(Settings(method, history="none"), Inputs(batch, original), jobs=jobs)
    return refined_rows(plan, jobs)


def _encoded(batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, model: str) -> Rows:
    """Each word encoded as a text of its own by a sentence-transformers model, without its contexts."""
    del original, seed, jobs
    return np.asarray(sentence_encoder(model)(batch.types), np.float32)


BASELINES: dict[str, Baseline] = {
    **{name: Baseline(partial(_refined, method=name)) for name in CANDIDATES},
    "ppmi-svd": Baseline(ppmi_models.ppmi_svd, "sklearn"),
    **{
        kind + suffix: Baseline(partial(gensim_models.trained, kind=kind, continued=bool(suffix)), "gensim")
        for kind in gensim_models.KINDS
        for suffix in ("", "-continued")
    },
    "glove": Baseline(glove.glove),
    "mittens": Baseline(glove.mittens),
    "retrofit": Baseline(ppmi_models.retrofit),
}
"""Baselines by name. Others, `ENCODER` followed by a model, are made on request."""


_OTHER_NAMES = {
    **dict.fromkeys(("sgns", "skipgram", "skip-gram", "sg", "word2vec"), "word2vec-sg"),
    "cbow": "word2vec-cbow",
    "svd": "ppmi-svd",
    "retrofitting": "retrofit",
}
"""Other names of baselines."""


def find_baseline(name: str) -> Baseline:
    """The baseline of this name; raises `OptionError` for an unknown name."""
    if name.startswith(ENCODER) and len(name) > len(ENCODER):
        encode = partial(_encoded, model=name.removeprefix(ENCODER))
        return Baseline(encode, "sentence_transformers", "encoder", warm_up=False)
    if name not in BASELINES:
        other = _OTHER_NAMES.get(name.lower().replace("_", "-"))
        meant = f"did you mean {other}? Otherwise " if other else ""
        remedy = meant + f"choose from {', '.join(BASELINES)}, {ENCODER}MODEL or all"
        raise OptionError(f"{name!r} is not a baseline", field="against", remedy=remedy)
    return BASELINES[name]


def check_names(names: Sequence[str]) -> list[str]:
    """The baselines to train, each once: ``all`` means `BASELINES`; those `ALREADY` reported are left out.

    Unknown names and missing packages are errors before anything is trained.
    """
    wanted = dict.fromkeys(each for name in names for each in (BASELINES if name == "all" else (name,)))
    found = {name: find_baseline(name) for name in wanted if name not in ALREADY}
    for name, baseline in found.items():
        if baseline.package is not None:
            require(baseline.package, baseline.extra, f"the baseline {name}")
    return list(found)
