"""model2vec's distillation: each word alone through an encoder, principal axes, weights by Zipf's law."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.data.vectors import Vectors
from selfvec.numerics.whitening import axes_of_moment, covariance

from .contextual_encoder import EncoderSource, FromEncoder, encoder_folder, sentence_encoder
from .corpus_words import Texts, read_words

__all__ = ["Model2Vec", "zipf_weighted"]


class Model2Vec(FromEncoder):
    """Encode each word of a text by a sentence encoder.

    This is how model2vec distils vectors (Tulkens and van Dongen, 2024), for the words of a text. Each
    word goes through the encoder as a text of its own. The vectors are centred, rotated to their
    principal axes, and multiplied by log(1 + rank), so that frequent words count less in a mean.

    Parameters
    ----------
    corpus : path, paths, texts or Corpus
        Files or folders of text. Its words are the vocabulary, and their counts give the ranks.
    dimensions : int, at least 1
        Number of axes kept, at most.
    min_count : int, at least 1
        Leave out words that occur less often.
    text_field : str, optional
        Fields that hold the text, separated by commas.
    """

    corpus: Texts
    dimensions: int = 256
    min_count: int = 1
    text_field: str | None = None

    def fit_transform(self, vectors: EncoderSource) -> Vectors:
        """Vectors (V, dimensions) of the words of the corpus, from the folder of an encoder."""
        encode = sentence_encoder(encoder_folder(vectors))
        words = read_words(self.corpus, self.text_field, self.min_count).batch
        with self.progress.stage("Encoding", len(words.types), "words") as advance:
            alone = encode(words.types, advance)
        rows, kept = zipf_weighted(alone, self.dimensions)
        self.report_ = {"variance_kept": kept}
        return Vectors(words.types, rows, counts=words.counts)


def zipf_weighted(
    rows: Rows,  # (V, d), the most frequent word first
    dimensions: int,
) -> tuple[Rows, float]:
    """The first principal axes of centred rows, times log(1 + rank), (V, dimensions); variance kept."""
    mean, spread = covariance(rows)
    values, axes = axes_of_moment(spread)
    ranks = np.arange(1, len(rows) + 1)
    rotated = (rows - mean) @ axes[:, :dimensions] * np.log1p(ranks)[:, None]
    return rotated.astype(np.float32), float(values[:dimensions].sum() / max(values.sum(), 1e-300))
