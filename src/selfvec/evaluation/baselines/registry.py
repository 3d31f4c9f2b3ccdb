"""The baselines by name, and what each needs installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import MissingExtra, OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from . import gensim_models, glove, ppmi, refinement, sentence_encoder

__all__ = ["ALREADY", "ENCODER", "NAMES", "Baseline", "check_names", "find_baseline"]

ALREADY = ("original", "bm25")
"""Always reported for a run, so they need no training."""

ENCODER = "encoder:"
"""Prefix of the name or path of a sentence-transformers model."""

Train = Callable[[TokenBatch, Vectors, int, int], NDArray[np.float32]]


@dataclass(frozen=True)
class Baseline:
    """One way to make word vectors from a corpus.

    Parameters
    ----------
    table : callable
        From a `TokenBatch`, the original `Vectors` of its types, a seed and a number of threads to a (V, d)
        float32 table, zeros for words without a vector.
    package, extra : str, optional
        What has to be installed, and the extra that installs it.
    warm_up : bool
        Whether to train on a handful of words first, so that imports and compilation are not timed.
    """

    table: Train
    package: str | None = None
    extra: str = "baselines"
    warm_up: bool = True

    def __call__(self, batch: TokenBatch, original: Vectors, seed: int = 0, jobs: int = 1) -> Vectors:
        """Unit rows for the words of the batch, in their order.

        Raises
        ------
        MissingExtra
            If a package is not installed.
        """
        table = unit_rows(self.table(batch, original, seed, jobs))
        sources = np.where(table.any(axis=1), Source.CONTEXT, Source.NONE).astype(np.uint8)
        return Vectors(batch.types, table, sources=sources, counts=batch.counts, normalized=True)


def _word2vec(*, skip_gram: bool, continued: bool) -> Baseline:
    return Baseline(partial(gensim_models.word2vec, skip_gram=skip_gram, continued=continued), "gensim")


NAMES: dict[str, Baseline] = {
    "paper": Baseline(partial(refinement.refined, method="paper")),
    "online": Baseline(partial(refinement.refined, method="online")),
    "decorrelated": Baseline(partial(refinement.refined, method="decorrelated")),
    "ppmi-svd": Baseline(ppmi.ppmi_svd, "sklearn"),
    "word2vec-sg": _word2vec(skip_gram=True, continued=False),
    "word2vec-sg-continued": _word2vec(skip_gram=True, continued=True),
    "word2vec-cbow": _word2vec(skip_gram=False, continued=False),
    "word2vec-cbow-continued": _word2vec(skip_gram=False, continued=True),
    "fasttext": Baseline(partial(gensim_models.fasttext, continued=False), "gensim"),
    "fasttext-continued": Baseline(partial(gensim_models.fasttext, continued=True), "gensim"),
    "glove": Baseline(glove.glove),
    "mittens": Baseline(glove.mittens),
    "retrofit": Baseline(ppmi.retrofit),
}
"""Baselines by name. Further ones, `ENCODER` followed by a model, are made when asked for."""


def find_baseline(name: str) -> Baseline:
    """The baseline of this name.

    Raises
    ------
    OptionError
        If there is none; lists the names.
    """
    if name.startswith(ENCODER) and len(name) > len(ENCODER):
        encode = partial(sentence_encoder.encoded, model=name.removeprefix(ENCODER))
        return Baseline(encode, "sentence_transformers", "encoder", warm_up=False)
    if name not in NAMES:
        remedy = f"choose from {', '.join(NAMES)}, {ENCODER}MODEL or all"
        raise OptionError(f"{name!r} is not a baseline", field="against", remedy=remedy)
    return NAMES[name]


def check_names(names: Sequence[str]) -> list[str]:
    """The baselines to be trained, each once: ``all`` means `NAMES`, and those `ALREADY` there are left out.

    Raises
    ------
    OptionError
        If there is no baseline of a name.
    MissingExtra
        If a required package is not installed; checked before anything is trained.
    """
    wanted = dict.fromkeys(each for name in names for each in (NAMES if name == "all" else (name,)))
    found = {name: find_baseline(name) for name in wanted if name not in ALREADY}
    for name, baseline in found.items():
        if baseline.package is not None and find_spec(baseline.package) is None:
            package = baseline.package.replace("_", "-")
            raise MissingExtra(package, baseline.extra, f"the baseline {name}")
    return list(found)
