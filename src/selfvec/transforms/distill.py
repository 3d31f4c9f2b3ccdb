"""`Distill`: static vectors of the words of a text, from a sentence encoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.corpus import Corpus, as_corpus
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders import SentenceEncoder, as_sentence_encoder
from selfvec.encoders.given import GivenSentenceEncoder
from selfvec.encoders.run_encoder import passages_of
from selfvec.encoders.word_vectors import TextWords, alone, centred, in_texts
from selfvec.numerics.rows import filled_rows

from .method import Transform, as_function

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
        """The words of all passages."""
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
