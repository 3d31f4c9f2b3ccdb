"""Static vectors of words from a sentence encoder, by X2Static and by model2vec's distillation.

X2Static trains the vector of a word to score the texts that it occurs in, as the encoder represents them.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Ints, Rows
from selfvec.base.progress import Progress
from selfvec.base.threads import one_core
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.whitening import spectrum

from .contextual_encoder import (
    EncoderSource,
    FromEncoder,
    Texts,
    encoder_folder,
    read_words,
    sentence_encoder,
)

NEGATIVES = 10
PASSES = 20
_RATE = 0.01  # of Adam
_MEAN = 0.9  # decay of the mean of gradients
_SQUARE = 0.999  # decay of the mean of their squares
_BATCH = 256  # texts of a step, at most
_ENTRIES = 1 << 24  # texts of a step times the vocabulary, at most


class Distill(FromEncoder):
    """Train static vectors to imitate a sentence encoder.

    This is X2Static (Gupta and Jaggi, 2021). The encoder is the teacher: its vector of a text stays
    fixed, and a word's vector learns to give the texts that contain the word a high inner product and
    others a low one. This is CBOW with a teacher in place of the sum of context vectors. Unlike there,
    the vectors of texts are centred first.

    Parameters
    ----------
    corpus : path, paths, texts or Corpus
        Files or folders of text, whose words are the vocabulary.
    passes : int, at least 1
        Passes over the text.
    min_count : int, at least 1
        Leave out words that occur less often.
    text_field : str, optional
        Fields that hold the text, separated by commas.
    seed : int, at least 0
        Seed of the order of the texts.
    """

    corpus: Texts
    passes: int = 20
    min_count: int = 1
    text_field: str | None = None
    seed: int = 0

    def fit_transform(self, vectors: EncoderSource) -> Vectors:
        """Vectors (V, d) of the words of the corpus, from the folder of an encoder."""
        encode = sentence_encoder(encoder_folder(vectors))
        words = read_words(self.corpus, self.text_field, self.min_count)
        with self.progress.stage("Encoding", len(words.texts), "texts") as advance:
            teacher = encode(words.texts, advance)
        teacher -= teacher.mean(axis=0)  # the mean of all texts is not specific to a word
        rows, loss = x2static(words.batch, teacher, self.passes, self.seed, self.progress)
        self.report_ = {"texts": len(words.texts), "loss": loss}
        return Vectors(words.batch.types, rows, counts=words.batch.counts)


def x2static(
    batch: TokenBatch,
    teacher: Rows,  # (D, d), the teacher's vector of each text
    passes: int = PASSES,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Rows, float]:
    """Word vectors, (V, d) float32, and the mean loss of the last pass.

    The loss of an occurrence of word w in a text with vector e is, with K negatives n drawn by the root of
    counts,

        -log σ(v_w · e) - Σ_n log σ(-v_n · e)

    Negatives are not drawn. The loss uses their expectation: in a text of N words, each word is a negative
    N · K · P(n) times. So a step needs only two matrix products.
    """
    rng = np.random.default_rng(seed)
    size = len(batch.types)
    width = teacher.shape[1]
    rows = rng.uniform(-1 / width, 1 / width, (size, width)).astype(np.float32)
    share = np.sqrt(batch.counts) / np.sqrt(batch.counts).sum()
    noise = (NEGATIVES * share).astype(np.float32)
    step = AdamStep(rows.shape)
    texts_a_step = max(1, min(_BATCH, _ENTRIES // size))
    loss = 0.0
    with (progress or Progress()).stage("Learning", passes, "passes") as advance, one_core():
        for _ in range(passes):
            order = rng.permutation(batch.documents)
            loss = 0.0
            for start in range(0, len(order), texts_a_step):
                texts = order[start : start + texts_a_step]
                gradient, added = loss_gradient(_word_counts(batch, texts), teacher[texts], rows, noise)
                rows -= step(gradient)
                loss += added
            advance(1)
    return rows, loss / len(batch)


def _word_counts(batch: TokenBatch, texts: Ints) -> Rows:
    """How often each word occurs in each of some texts, (n, V)."""
    counts = np.zeros((len(texts), len(batch.types)), np.float32)
    for row, text in zip(counts, texts.tolist(), strict=True):
        np.add.at(row, batch.ids[batch.offsets[text] : batch.offsets[text + 1]], 1)
    return counts


def loss_gradient(counts: Rows, teacher: Rows, rows: Rows, noise: Rows) -> tuple[Rows, float]:
    """Gradient of the loss per occurrence with respect to the vectors, (V, d), and the loss."""
    negatives = counts.sum(axis=1, keepdims=True) * noise
    scores = np.clip(teacher @ rows.T, -20, 20)
    chance = 1 / (1 + np.exp(-scores))
    loss = np.sum(negatives * scores) - np.sum((counts + negatives) * np.log(chance))
    slope = negatives * chance - counts * (1 - chance)
    return slope.T @ teacher / np.float32(max(float(counts.sum()), 1)), float(loss)


class AdamStep:
    """Steps of Adam (Kingma and Ba, 2015) for one array."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean = np.zeros(shape, np.float32)
        self.square = np.zeros(shape, np.float32)
        self.steps = 0

    def __call__(self, gradient: Rows) -> Rows:
        """The step to subtract."""
        self.steps += 1
        self.mean += (1 - _MEAN) * (gradient - self.mean)
        self.square += (1 - _SQUARE) * (gradient**2 - self.square)
        mean: Rows = self.mean / np.float32(1 - _MEAN**self.steps)
        square: Rows = self.square / np.float32(1 - _SQUARE**self.steps)
        mean *= np.float32(_RATE)
        mean /= np.sqrt(square) + np.float32(1e-8)
        return mean


# ---- model2vec: each word alone through the encoder, principal axes, weights by Zipf's law


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
    mean, values, axes = spectrum(rows, number=rows.shape[1])
    ranks = np.arange(1, len(rows) + 1)
    rotated = (rows - mean) @ axes[:, :dimensions] * np.log1p(ranks)[:, None]
    return rotated.astype(np.float32), float(values[:dimensions].sum() / max(values.sum(), 1e-300))
