"""Vectors of words from a sentence encoder: of each word alone, and of its uses in texts.

A use is the mean of the states of a word's pieces, as the encoder read them in their text (Bommasani, Davis
and Cardie, 2020). The mean of all words says nothing about any of them and is subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask, Rows
from selfvec.base.characters import plain
from selfvec.base.errors import CorpusError, OptionError
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.text.tokenizers import find_words

from .sentence_encoder import Advance, SentenceEncoder, unwatched


@dataclass(frozen=True)
class TextWords:
    """D texts and their N words that are frequent enough."""

    texts: Sequence[str]  # D
    batch: TokenBatch  # types by falling frequency, in lower case
    spans: Ints  # (N, 2) where each word starts and ends, in characters of its text

    @classmethod
    def of(cls, texts: Sequence[str], min_count: int = 1) -> TextWords:
        """Find words as ``refine --tokenizer words`` does without vectors.

        Raises `CorpusError` if no word occurs ``min_count`` times.
        """
        found = find_words(texts)
        index: dict[str, int] = {}
        keys = np.array([index.setdefault(plain(word).lower(), len(index)) for word in found.names], np.int32)
        whole = by_frequency(TokenBatch(found.ids, found.bounds, found.names).renumbered(keys, list(index)))
        size = int((whole.counts >= min_count).sum())
        if not size:
            raise CorpusError(
                f"no word occurs {min_count} times", remedy="lower --min-count or bring more text"
            )
        numbers = np.arange(len(whole.types), dtype=np.int32)
        batch = whole.renumbered(np.where(numbers < size, numbers, np.int32(-1)), whole.types[:size])
        return cls(texts, batch, np.stack([found.starts, found.ends], axis=1)[whole.ids < size])


def alone(
    encoder: SentenceEncoder, words: Sequence[str], *, jobs: int | None = None, advance: Advance = unwatched
) -> Rows:
    """Each word as a text of its own, less the mean of all: (V, h) unit rows."""
    return centred(encoder.encode(words, jobs=jobs, advance=advance))


def in_texts(
    encoder: SentenceEncoder, words: TextWords, *, jobs: int | None = None, advance: Advance = unwatched
) -> Rows:
    """The mean of all uses of each word, less the mean of all words: (V, h) unit rows.

    A word without a piece has zeros. `OptionError` unless the encoder gives the states of pieces.
    """
    from .onnx_encoder import OnnxEncoder

    if not isinstance(encoder, OnnxEncoder):
        rule = f"{encoder.name} gives vectors of whole texts, not the states of their pieces"
        raise OptionError(rule, field="encoder", remedy="give a folder, or a name")
    batch = words.batch
    bounds = batch.offsets.tolist()
    sums = np.zeros((len(batch.types), encoder.dimensions))
    uses = np.zeros(len(batch.types), np.int64)
    for text, ends, states in encoder.states(words.texts, jobs=jobs, advance=advance):
        mine = slice(bounds[text], bounds[text + 1])
        places, rows = use_states(ends, states, words.spans[mine])
        np.add.at(sums, batch.ids[mine][places], rows)
        np.add.at(uses, batch.ids[mine][places], 1)
    return centred(sums / np.maximum(uses, 1)[:, None])


def use_states(
    ends: Ints,  # (p,) where each piece of a text ends, in characters
    states: Rows,  # (p, h)
    spans: Ints,  # (N, 2) where the words of the text start and end
) -> tuple[Ints, Floats]:
    """The words that have pieces, (n,), and the mean state of the pieces of each, (n, h).

    A piece belongs to the word in which it ends.
    """
    last = ends - 1  # the last character of each piece
    owners = np.searchsorted(spans[:, 0], last, side="right") - 1
    inside = np.flatnonzero((ends > 0) & (owners >= 0))
    inside = inside[last[inside] < spans[owners[inside], 1]]
    places, first, pieces = np.unique(owners[inside], return_index=True, return_counts=True)
    if not len(places):
        return places, states[:0]
    sums: Floats = np.add.reduceat(states[inside], first)
    return places, sums / pieces.astype(np.float32)[:, None]


def centred(rows: AnyFloats) -> Rows:
    """Rows less the mean of those that are not zeros, at length 1; zeros stay zeros. (V, h) -> (V, h)."""
    known: Mask = filled_rows(rows)
    if not known.any():
        return np.zeros(rows.shape, np.float32)
    mean = rows[known].mean(axis=0, dtype=np.float64)
    return unit_rows(np.where(known[:, None], rows - mean, 0))
