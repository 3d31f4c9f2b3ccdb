"""The peers by name, what each needs installed, and what is said about a name that is none."""

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

from . import encoder, factorized, glove, ours, predicted, retrofitted

__all__ = ["ALREADY", "ENCODER", "NAMES", "Peer", "check_names", "find_peer"]

ALREADY = ("original", "bm25")
"""Stand in the table of a run without being asked for."""

ENCODER = "encoder:"
"""Before the name or path of a sentence-transformers model."""

Trained = Callable[[TokenBatch, Vectors, int, int], NDArray[np.float32]]


@dataclass(frozen=True)
class Peer:
    """One way to make word vectors from a corpus.

    Parameters
    ----------
    table : callable
        From a `TokenBatch`, the `Vectors` of its types before, a seed and a number of threads to a (V, d)
        float32 table, zeros for words it knows nothing about.
    package, extra : str, optional
        What has to be installed for it, and the extra that brings it.
    warm : bool
        Whether a first run on a handful of words loads and compiles what it needs, outside the measured time.
    """

    table: Trained
    package: str | None = None
    extra: str = "peers"
    warm: bool = True

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


NAMES: dict[str, Peer] = {
    "paper": Peer(ours.paper),
    "online": Peer(ours.online),
    "decorrelated": Peer(ours.decorrelated),
    "ppmi-svd": Peer(factorized.ppmi_svd, "sklearn"),
    "word2vec-sg": Peer(partial(predicted.word2vec, skip_gram=True, continued=False), "gensim"),
    "word2vec-sg-continued": Peer(partial(predicted.word2vec, skip_gram=True, continued=True), "gensim"),
    "word2vec-cbow": Peer(partial(predicted.word2vec, skip_gram=False, continued=False), "gensim"),
    "word2vec-cbow-continued": Peer(partial(predicted.word2vec, skip_gram=False, continued=True), "gensim"),
    "fasttext": Peer(partial(predicted.fasttext, continued=False), "gensim"),
    "fasttext-continued": Peer(partial(predicted.fasttext, continued=True), "gensim"),
    "glove": Peer(glove.glove),
    "mittens": Peer(glove.mittens),
    "retrofit": Peer(retrofitted.retrofit),
}
"""Peers by name. One more, `ENCODER` and the name of a model, is made when asked for."""


def find_peer(name: str) -> Peer:
    """The peer of a name.

    Raises
    ------
    OptionError
        If there is none; lists the names.
    """
    if name.startswith(ENCODER) and len(name) > len(ENCODER):
        encode = encoder.of(name.removeprefix(ENCODER))
        return Peer(encode, "sentence_transformers", "encoder", warm=False)
    if name not in NAMES:
        raise OptionError(
            f"{name!r} is no peer",
            field="against",
            remedy=f"choose from {', '.join(NAMES)}, {ENCODER}MODEL or all",
        )
    return NAMES[name]


def check_names(names: Sequence[str]) -> list[str]:
    """The peers to be trained, each once: ``all`` is `NAMES`, what is there `ALREADY` needs no training.

    Raises
    ------
    OptionError
        If a name is none.
    MissingExtra
        If what a peer needs is not installed; known before anything is trained.
    """
    wanted = dict.fromkeys(each for name in names for each in (NAMES if name == "all" else (name,)))
    found = {name: find_peer(name) for name in wanted if name not in ALREADY}
    for name, peer in found.items():
        if peer.package is not None and find_spec(peer.package) is None:
            raise MissingExtra(peer.package.replace("_", "-"), peer.extra, f"the peer {name}")
    return list(found)
