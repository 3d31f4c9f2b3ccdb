"""word2vec and fastText by gensim, from the corpus alone or continued from given vectors.

Five negative samples, subsampling of frequent words (1e-3) and five words on each side are the authors'
defaults. All words are kept, since every word needs a row. gensim reads the text from a file with one
document per line, its fastest input. With one thread the vectors are the same for the same seed. Several
threads write to the same rows.

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
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

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


def epochs_of(tokens: int) -> int:
    """Number of passes: five, the authors' default, or enough to read five million tokens, at most 50."""
    return min(_MOST, max(_EPOCHS, -(-_ENOUGH // max(tokens, 1))))


def trained(
    batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, kind: str, continued: bool
) -> Rows:
    """The vectors of one of `KINDS`, from random rows or continued from the original vectors."""
    from gensim import models

    name, array, own = KINDS[kind]
    model = getattr(models, name)(**_options(original, seed, jobs), **own)
    _train(model, batch, original, array if continued else None)
    return np.asarray(model.wv.vectors, np.float32)


def _options(original: Vectors, seed: int, jobs: int) -> dict[str, Any]:
    size = original.vector_size
    fixed = {"window": 5, "negative": 5, "sample": 1e-3, "alpha": _ALPHA, "min_count": 1, "sorted_vocab": 0}
    return {"vector_size": size, "seed": seed + 1, "workers": jobs, **fixed}  # gensim takes 0 for no seed


def _train(model: Any, batch: TokenBatch, original: Vectors, continued: str | None) -> None:
    """Train on the batch; ``continued`` names the array whose known rows begin with the original vectors."""
    keys = distinct_keys(batch.types)
    counts = np.maximum(batch.counts, 1).tolist()
    model.build_vocab_from_freq(dict(zip(keys, counts, strict=True)))
    epochs = epochs_of(len(batch))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        lines = write_lines(batch, keys, path)
        given = {"corpus_file": str(path), "total_examples": lines, "total_words": len(batch)}
        if continued is not None:
            filled = original.unit.any(axis=1)
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
