"""Vectors of the words of a text by other models, trained on it alone or on from given vectors.

Counts: positive pointwise mutual information (PPMI), by its SVD.

GloVe (Pennington, Socher and Manning, 2014, *GloVe: Global Vectors for Word Representation*), which has no
maintained library, minimises

    J = Σ_ij f(X_ij) · (w_i·c_j + a_i + b_j - log X_ij)²,   f(x) = min(1, (x / 100)^¾)

X counts a neighbour at distance δ as 1/δ. AdaGrad has a rate of .05. A word's vector is w + c.

word2vec and fastText are trained by gensim. Five negative samples, subsampling of frequent words (1e-3) and
five words on each side are the authors' defaults. All words are kept, since every word needs a row. gensim
reads the text from a file with one document per line, its fastest input. With one thread the vectors are the
same for the same seed. Several threads write to the same rows.

In continued training, rows of words with a vector are initialised with it, at length 13: a step turns a
longer row less, and at length 1 gensim's default rate overwrites what the vectors knew. Other rows are
initialised with small random numbers and the output weights with zero, as in any training. Zero output
weights would distort the known rows. So known rows are frozen in the first pass, while the output weights and
the rows of new words are fitted to them. The following passes train everything. In fastText this applies to
the rows of whole words; n-grams are initialised with random numbers, as in its own ``-pretrainedVectors``.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Rows
from selfvec.base.compiled import SUMS, kernel
from selfvec.base.threads import threads
from selfvec.cooccurrence.counts import HARMONIC_UNIT, Counts, count, ppmi_matrix
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import filled_rows

WINDOW = 11  # tokens, the word itself included: five on each side, as in word2vec

# ---- Random directions and counts


def random_directions(batch: TokenBatch, original: Vectors, seed: int) -> Floats:
    """A normal random row for each word, in as many dimensions as the original."""
    shape = len(batch.types), original.vector_size
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def ppmi_svd(batch: TokenBatch, original: Vectors, seed: int) -> Rows:
    """U · Σ^½ of the PPMI matrix, in as many dimensions as the original, from the corpus alone.

    Context-distribution smoothing .75 and the square root of the singular values follow Levy, Goldberg and
    Dagan (2015, *Improving Distributional Similarity with Lessons Learned from Word Embeddings*). The SVD is
    randomised (Halko, Martinsson and Tropp, 2011), with four power iterations. With fewer words than
    dimensions the last columns are zero.
    """
    from scipy.sparse import csr_array  # type: ignore[import-untyped]
    from sklearn.utils.extmath import randomized_svd

    ppmi = ppmi_matrix(count(batch, WINDOW))
    size = len(batch.types)
    matrix = csr_array((ppmi.values, ppmi.indices, ppmi.indptr), shape=(size, size))
    kept = min(original.vector_size, size)
    left, values, _ = randomized_svd(matrix, kept, n_iter=4, random_state=seed)
    out = np.zeros((size, original.vector_size), np.float32)
    out[:, :kept] = left * np.sqrt(values)
    return out


# ---- GloVe

EPOCHS = 15  # as the authors' script
RATE = np.float32(0.05)
# of f
ENOUGH = 100.0
POWER = 0.75


class Entries(NamedTuple):
    """The n entries of the counts X that are larger than 0."""

    words: Ids  # (n,) int32
    contexts: Ids  # (n,) int32
    logs: Rows  # (n,) float32, log X
    weights: Rows  # (n,) float32, f(X)


class Model(NamedTuple):
    """What is learned, and AdaGrad's sums of squared gradients of it. All are (V, d + 1) float32."""

    words: Rows  # w, and a in the last column
    contexts: Rows  # c, and b in the last column
    word_squares: Rows
    context_squares: Rows


def glove(batch: TokenBatch, original: Vectors, seed: int) -> Rows:
    """w + c after `EPOCHS`, in as many dimensions as the original, (V, d) float32.

    With one thread the vectors are the same for the same seed. Several threads write to the same rows, as in
    the authors' own program.
    """
    entries = _entries(count(batch, WINDOW, weighting="harmonic"))
    rng = np.random.default_rng(seed)
    shape = len(batch.types), original.vector_size + 1
    words, contexts = _small(shape, rng), _small(shape, rng)
    model = Model(words, contexts, np.ones_like(words), np.ones_like(contexts))
    with ThreadPoolExecutor(threads()) as pool:
        for _ in range(EPOCHS):
            parts = np.array_split(rng.permutation(len(entries.words)), threads())
            list(pool.map(lambda part: descend(part, entries, model, RATE), parts))
    return words[:, :-1] + contexts[:, :-1]


def _small(shape: tuple[int, int], rng: np.random.Generator) -> Rows:
    """Small random numbers, (V, d + 1) float32."""
    out: Rows = rng.random(shape, dtype=np.float32)
    out -= 0.5
    out /= shape[1]
    return out


def _entries(counts: Counts) -> Entries:
    words = np.repeat(np.arange(len(counts), dtype=np.int32), np.diff(counts.indptr))
    occurrences = (counts.data / HARMONIC_UNIT).astype(np.float32)
    weights = np.minimum(np.float32(1), (occurrences / ENOUGH) ** POWER).astype(np.float32)
    return Entries(words, counts.indices, np.log(occurrences), weights)


@kernel(fastmath=SUMS)
def descend(
    order: Ints,  # of entries
    entries: Entries,
    model: Model,  # changed
    rate: np.float32,
) -> None:
    """AdaGrad steps on some entries, one after the other."""
    width = model.words.shape[1] - 1
    for entry in order:
        i = entries.words[entry]
        j = entries.contexts[entry]
        w = model.words[i]
        c = model.contexts[j]
        product = w[width] + c[width] - entries.logs[entry]
        for n in range(width):
            product += w[n] * c[n]
        error = entries.weights[entry] * product
        squares_w = model.word_squares[i]
        squares_c = model.context_squares[j]
        for n in range(width):
            # Both gradients before either row changes.
            to_word = error * c[n]
            to_context = error * w[n]
            w[n] -= rate * to_word / np.sqrt(squares_w[n])
            c[n] -= rate * to_context / np.sqrt(squares_c[n])
            squares_w[n] += to_word * to_word
            squares_c[n] += to_context * to_context
        # The biases.
        w[width] -= rate * error / np.sqrt(squares_w[width])
        c[width] -= rate * error / np.sqrt(squares_c[width])
        squares_w[width] += error * error
        squares_c[width] += error * error


# ---- word2vec and fastText by gensim

_ALPHA = 0.025  # gensim's first learning rate
_LENGTH = 13.0  # of given rows; the better of 1 and 13, see docs/results/baselines.md
_LONGEST = 10_000  # tokens of a line; gensim ignores the rest
_BUCKETS = 1 << 18  # for fastText's n-grams; its default of 2,000,000 would be mostly empty
_EPOCHS = 5  # gensim's own number
_MOST = 50  # however short the text is
_ENOUGH = 5_000_000  # tokens that are read in all, so that a short text is read more often

KINDS: dict[str, tuple[str, str, dict[str, int]]] = {
    "word2vec-sg": ("Word2Vec", "vectors", {"sg": 1}),
    "word2vec-cbow": ("Word2Vec", "vectors", {"sg": 0}),
    "fasttext": ("FastText", "vectors_vocab", {"sg": 1, "bucket": _BUCKETS}),
}
"""gensim's class, the array of its rows of words, and options.

Skip-gram and continuous bag of words (Mikolov et al., 2013); skip-gram of words and their n-grams of 3 to 6
letters (Bojanowski et al., 2017).
"""


def by_gensim(batch: TokenBatch, original: Vectors, seed: int, *, kind: str, continued: bool) -> Rows:
    """The vectors of one of `KINDS`, from random rows or continued from the original vectors."""
    from gensim import models

    name, array, own = KINDS[kind]
    model = getattr(models, name)(**_options(original, seed), **own)
    _train(model, batch, original, array if continued else None)
    return np.asarray(model.wv.vectors, np.float32)


def _options(original: Vectors, seed: int) -> dict[str, Any]:
    size = original.vector_size
    fixed = {"window": 5, "negative": 5, "sample": 1e-3, "alpha": _ALPHA, "min_count": 1, "sorted_vocab": 0}
    own = {"vector_size": size, "seed": seed + 1, "workers": threads()}  # gensim takes 0 for no seed
    return own | fixed


def _train(model: Any, batch: TokenBatch, original: Vectors, continued: str | None) -> None:
    """Train on the batch; ``continued`` names the array whose known rows begin with the original vectors."""
    keys = distinct_keys(batch.types)
    counts = np.maximum(batch.counts, 1).tolist()
    model.build_vocab_from_freq(dict(zip(keys, counts, strict=True)))
    # The authors' default, or enough to read five million tokens.
    epochs = min(_MOST, max(_EPOCHS, -(-_ENOUGH // max(len(batch), 1))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        lines = write_lines(batch, keys, path)
        given = {"corpus_file": str(path), "total_examples": lines, "total_words": len(batch)}
        if continued is not None:
            filled = filled_rows(original.unit)
            getattr(model.wv, continued)[filled] = _LENGTH * original.unit[filled]
            held = (~filled).astype(np.float32)  # learning rate factor of each row
            setattr(model.wv, f"{continued}_lockf", held)
            model.train(**given, epochs=1, start_alpha=_ALPHA, end_alpha=_ALPHA)
            setattr(model.wv, f"{continued}_lockf", np.ones(1, np.float32))
            epochs -= 1
        model.train(**given, epochs=epochs)


def distinct_keys(types: Sequence[str]) -> list[str]:
    """Words as distinct keys without white space, for a text file.

    >>> distinct_keys(["new york", "new_york", "hail", ""])
    ['new_york_', 'new_york', 'hail', '_']
    """
    taken = {word for word in types if word and not re.search(r"\s", word)}
    keys = []
    for word in types:
        key = word
        if word not in taken:
            key = re.sub(r"\s", "_", word) or "_"
            while key in taken:
                key += "_"
            taken.add(key)
        keys.append(key)
    return keys


def write_lines(batch: TokenBatch, keys: Sequence[str], path: Path) -> int:
    """Write one document per line, long ones as several lines; returns the number of lines."""
    lines = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for lo, hi in pairwise(batch.offsets.tolist()):
            for start in range(lo, hi, _LONGEST):
                ids = batch.ids[start : min(start + _LONGEST, hi)].tolist()
                file.write(" ".join([keys[i] for i in ids]) + "\n")
                lines += 1
    return lines
