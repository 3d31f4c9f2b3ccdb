"""Agreement with a contextual encoder: does a model that reads whole sentences see the same neighbours?

The encoder sees a word at work: its vector is the mean over passages of the corpus that hold the word, less
what all passages have in common. Spaces of different models cannot be compared by cosines, but their
neighbours can. It is a witness that learned from other text in another way, not a judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.bootstrap import mean
from selfvec.numerics.rows import unit_rows

from .agreement import WHOLE, frequent_words, neighbour_overlap
from .compared_vectors import Table
from .task import Measurement

__all__ = ["Contextual", "Encode", "passages", "sentence_encoder"]

Encode = Callable[[list[str]], NDArray[np.float32]]
"""Vectors of n texts, (n, d)."""

MOST = 2_000  # words, the most frequent: every one costs `USES` passages
USES = 8  # passages a word
_REACH = 10  # tokens before and after the word


@dataclass(frozen=True)
class Contextual:
    """Overlap of a table's neighbours with those that an encoder sees in the same corpus.

    Rows have metric ``overlap@10``, for both tables of every run, so that the refined one can be compared
    with the original. The words are the 2,000 most frequent that occur ten times, each seen in eight passages
    of up to 21 tokens; neighbours are sought among them. ``covered`` is the share that has a vector.

    Parameters
    ----------
    encode : callable
        See `Encode`; `sentence_encoder` gives one by name.
    name : str
        Names the task.
    """

    encode: Encode
    name: str = "encoder"
    most: int = field(default=MOST, repr=False)
    kind: ClassVar[str] = "stability"

    @property
    def path(self) -> Path:
        """Names the task."""
        return Path(self.name)

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row a table.

        Raises
        ------
        OptionError
            If there is no run.
        InputError
            If a run has not kept its corpus, or too little of it to tell.
        """
        of_runs = [(table, table.run) for table in tables if table.run is not None]
        if not of_runs:
            raise OptionError(
                "an encoder reads the corpus of a run, here is none", remedy="give a run folder"
            )
        seen: dict[int, tuple[NDArray[np.int64], NDArray[np.float32]]] = {}
        for table, run in of_runs:
            if id(run) not in seen:
                seen[id(run)] = self._encoded(run, seed)
            words, contextual = seen[id(run)]
            rows = table.vectors.unit[words]
            yield Measurement(
                table.name,
                "overlap@10",
                mean(neighbour_overlap(rows, contextual), seed),
                n=len(words),
                covered=float(rows.any(axis=1).mean()),
                **table.size,
            )

    def _encoded(self, run: Run, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        batch = run.require_tokens()
        words = frequent_words(batch.counts, WHOLE, self.most)
        texts = passages(batch, words, np.random.default_rng(seed))
        encoded = unit_rows(np.asarray(self.encode(texts), np.float32))
        means = encoded.reshape(len(words), USES, -1).mean(axis=1)
        return words, unit_rows(means - means.mean(axis=0))


def passages(batch: TokenBatch, words: NDArray[np.int64], rng: np.random.Generator) -> list[str]:
    """`USES` passages a word, of the tokens around places drawn at random, with replacement."""
    order = np.argsort(batch.ids, kind="stable")
    ends = np.cumsum(batch.counts)
    drawn = [rng.integers(ends[word] - batch.counts[word], ends[word], USES) for word in words.tolist()]
    places = order[np.concatenate(drawn)]
    document = np.searchsorted(batch.offsets, places, side="right") - 1
    starts = np.maximum(places - _REACH, batch.offsets[document]).tolist()
    stops = np.minimum(places + _REACH + 1, batch.offsets[document + 1]).tolist()
    types = batch.types
    return [
        " ".join(types[i] for i in batch.ids[start:stop].tolist())
        for start, stop in zip(starts, stops, strict=True)
    ]


def sentence_encoder(model: str) -> Encode:
    """A model of sentence-transformers, by its folder or by the name under which it is cached.

    Raises
    ------
    MissingExtra
        If sentence-transformers is not installed.
    InputError
        If it cannot load the model.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise MissingExtra("sentence-transformers", "encoder", "a contextual encoder") from None
    try:
        loaded = SentenceTransformer(model)
    except (OSError, ValueError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot be loaded: {said}", path=model, remedy="give a model's folder") from None

    def encode(texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(loaded.encode(texts, show_progress_bar=False), np.float32)

    return encode
