"""Pooling: a word's vector is the mean of its states in an encoder, over all its uses in a text."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Floats, Ints
from selfvec.data.vectors import Source, Vectors

from .contextual_encoder import (
    ContextualEncoder,
    EncoderSource,
    FromEncoder,
    Texts,
    Window,
    encoder_folder,
    read_words,
)

__all__ = ["Pooling"]


class Pooling(FromEncoder):
    """Average a language model's states over occurrences.

    Bommasani, Davis and Cardie (2020), section 3. The state of an occurrence is the mean over the word's
    pieces; the vector of a word is the mean over its occurrences. A piece belongs to the word in which it
    ends.

    Parameters
    ----------
    corpus : path, paths, texts or Corpus
        Files or folders of text, whose words are the vocabulary.
    layers : str
        Layers that are averaged: last4, all, first, a number, or numbers with weights.
    pooling : {"mean", "cls"}
        States of a word's pieces, or of the text's first token.
    min_count : int, at least 1
        Leave out words that occur less often.
    text_field : str, optional
        Fields that hold the text, separated by commas.
    """

    corpus: Texts
    layers: str = "last4"
    pooling: str = "mean"
    min_count: int = 1
    text_field: str | None = None

    def fit_transform(self, vectors: EncoderSource) -> Vectors:
        """Vectors (V, d) of the words of the corpus, from the folder of an encoder."""
        encoder = ContextualEncoder(encoder_folder(vectors), self.layers)
        words = read_words(self.corpus, self.text_field, self.min_count)
        batch = words.batch
        bounds = batch.offsets.tolist()
        sums = np.zeros((len(batch.types), encoder.dimensions), np.float32)
        occurrences = np.zeros(len(batch.types), np.int64)
        with self.progress.stage("Encoding", len(words.texts), "texts") as advance:
            for window in encoder.windows(words.texts, advance):
                mine = slice(bounds[window.text], bounds[window.text + 1])
                places, states = word_states(window, words.texts[window.text], words.spans[mine])
                ids = batch.ids[mine][places]
                np.add.at(sums, ids, states if self.pooling == "mean" else window.first)
                np.add.at(occurrences, ids, 1)
        sources = np.where(occurrences > 0, Source.KNOWN, Source.NONE).astype(np.uint8)
        self.report_ = {"texts": len(words.texts), "uses": int(occurrences.sum())}
        rows = sums / np.maximum(occurrences, 1).astype(np.float32)[:, None]
        return Vectors(batch.types, rows, sources=sources, counts=batch.counts)


def word_states(
    window: Window,
    text: str,
    spans: Ints,  # (N, 2) bytes of the text where its words start and end
) -> tuple[Ints, Floats]:
    """The words of a text that are in a window, (n,), and the mean state of the pieces of each, (n, d)."""
    last = window.ends - 1  # the last character of each piece
    if not text.isascii():
        last = np.cumsum([0, *(len(character.encode()) for character in text)])[last]
    owners = np.searchsorted(spans[:, 0], last, side="right") - 1
    inside = np.flatnonzero((window.ends > 0) & (owners >= 0))
    inside = inside[last[inside] < spans[owners[inside], 1]]
    places, first, pieces = np.unique(owners[inside], return_index=True, return_counts=True)
    if not len(places):
        return places, window.states[:0]
    sums: Floats = np.add.reduceat(window.states[inside], first)
    return places, sums / pieces.astype(np.float32)[:, None]
