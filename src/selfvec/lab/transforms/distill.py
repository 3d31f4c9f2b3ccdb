"""`Distill`: static vectors of the words of a text, from a sentence encoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask, Rows
from selfvec.base.characters import plain
from selfvec.base.errors import CorpusError, OptionError
from selfvec.corpus import Corpus, as_corpus
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders import as_sentence_encoder
from selfvec.encoders.given import GivenSentenceEncoder
from selfvec.encoders.run_encoder import passages_of
from selfvec.encoders.sentence_encoder import Advance, SentenceEncoder, unwatched
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.text.tokenizers import find_words

from .method import Transform, as_function

# ---- Vectors of words from a sentence encoder: of each word alone, and of its uses in texts
#
# A use is the mean of the states of a word's pieces, as the encoder read them in their text (Bommasani, Davis
# and Cardie, 2020). The mean of all words says nothing about any of them and is subtracted.


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
        words = find_words(texts)
        index: dict[str, int] = {}
        keys = np.array([index.setdefault(plain(word).lower(), len(index)) for word in words.names], np.int32)
        whole = by_frequency(TokenBatch(words.ids, words.bounds, words.names).renumbered(keys, list(index)))
        size = int((whole.counts >= min_count).sum())
        if not size:
            raise CorpusError(
                f"no word occurs {min_count} times", remedy="lower --min-count or bring more text"
            )
        numbers = np.arange(len(whole.types), dtype=np.int32)
        batch = whole.renumbered(np.where(numbers < size, numbers, np.int32(-1)), whole.types[:size])
        return cls(texts, batch, np.stack([words.starts, words.ends], axis=1)[whole.ids < size])


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
    from selfvec.encoders.onnx_encoder import OnnxEncoder

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


Texts = Corpus | Sequence[str | os.PathLike[str]]
"""A corpus, or the paths of its files and folders."""


class Distill(Transform):
    """Make static vectors of words from a sentence encoder.

    A long text is read in passages.

    Parameters
    ----------
    corpus : path, paths, texts or Corpus
        Files or folders of text, whose words are the vocabulary.
    from_ : {"student", "states", "words"}
        What a word's vector is. student: rows whose weighted sums come near the encoder's vectors of the
        passages, by one linear solve; best for search. states: the mean of the encoder's states of the word's
        pieces, over all uses (Bommasani et al., 2020). words: the vector of the word as a text of its own.
    min_count : int, at least 1
        Leave out words that occur less often.
    text_field : str, optional
        Fields that hold the text, separated by commas.

    Examples
    --------
    >>> def encode(texts):  # or a folder, a SentenceTransformer, …
    ...     return np.array([[text.count("hail"), text.count("rain"), 1] for text in texts])
    >>> selfvec.distill(encode, ["hail fell", "rain fell"]).index_to_key
    ['fell', 'hail', 'rain']
    """

    corpus: Texts
    from_: str = "student"
    min_count: int = 1
    text_field: str | None = None

    def open(self, source: Any) -> Any:
        """The encoder as it was given, which `fit_transform` opens."""
        return source

    def made_of(self, source: GivenSentenceEncoder) -> Vectors:
        """Vectors of the words of the corpus, from an encoder."""
        return super().made_of(cast(Any, source))

    def fit_transform(self, vectors: Any) -> Vectors:
        """Vectors (V, h) of the words of the corpus, from an encoder: see `as_sentence_encoder`."""
        encoder = as_sentence_encoder(vectors)
        words = self._words()
        self.report_ = {"from": self.from_, "passages": len(words.texts)}
        rows = {"student": self._learned, "states": self._states, "words": self._alone}[self.from_](
            encoder, words
        )
        sources = np.where(filled_rows(rows), Source.KNOWN, Source.NONE).astype(np.uint8)
        return Vectors(words.batch.types, rows, sources=sources, counts=words.batch.counts)

    def _words(self) -> TextWords:
        corpus = self.corpus
        if not isinstance(corpus, Corpus):
            corpus = as_corpus(corpus, "corpus", text_field=self.text_field, keep_fields=False)
        texts = (text for batch in corpus.batches() for text in batch.texts.to_list())
        return TextWords.of(list(passages_of(texts)), self.min_count)

    def _alone(self, encoder: SentenceEncoder, words: TextWords) -> Rows:
        with self.shown.stage("Encoding words", len(words.batch.types), "words") as advance:
            return alone(encoder, words.batch.types, advance=advance)

    def _states(self, encoder: SentenceEncoder, words: TextWords) -> Rows:
        with self.shown.stage("Reading", len(words.texts), "passages") as advance:
            return in_texts(encoder, words, advance=advance)

    def _learned(self, encoder: SentenceEncoder, words: TextWords) -> Rows:
        """The student's rows; its prior is each word alone, with its states where the encoder has them."""
        from selfvec.encoders.onnx_encoder import OnnxEncoder
        from selfvec.encoders.student import learn

        with self.shown.stage("Encoding", len(words.texts), "passages") as advance:
            teacher = encoder.encode(words.texts, advance=advance)
        priors = {"words": self._alone(encoder, words)}
        if isinstance(encoder, OnnxEncoder) and encoder.has_states:
            priors["words and states"] = centred(priors["words"] + self._states(encoder, words))
        student = learn(words.batch, teacher, priors, progress=self.shown)
        explained = {name: round(share, 3) for name, share in student.explained.items()}
        self.report_ |= {"prior": student.prior, "ridge": student.ridge, "explained": explained}
        return student.rows


distill = as_function("distill", Distill, Distill.made_of, "encoder")
