"""`distill`: static vectors of the words of a text, from a sentence encoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.characters import plain
from selfvec.base.declarations import Count, checked
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.progress import stage
from selfvec.corpus import Corpus, as_corpus
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.given import GivenSentenceEncoder, as_sentence_encoder
from selfvec.encoders.run_encoder import passages_of
from selfvec.numerics.rows import filled_rows
from selfvec.refinement.common_space import centred
from selfvec.text.tokenizers import find_words

from .written import Writing, check_writing, written

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


def alone(encoder: SentenceEncoder, words: TextWords) -> Rows:
    """Each word as a text of its own, less the mean of all: (V, h) unit rows."""
    types = words.batch.types
    with stage("Encoding words", len(types), "words") as advance:
        return centred(encoder.encode(types, advance=advance))


def in_texts(encoder: SentenceEncoder, words: TextWords) -> Rows:
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
    with stage("Reading", len(words.texts), "passages") as advance:
        for text, ends, states in encoder.states(words.texts, advance=advance):
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


Texts = Corpus | Sequence[str | os.PathLike[str]]
"""A corpus, or the paths of its files and folders."""


@checked
def distill(
    encoder: GivenSentenceEncoder,
    corpus: Texts,
    from_: Literal["student", "states", "words"] = "student",
    min_count: Count = 1,
    text_field: str | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Make static vectors of words from a sentence encoder.

    A long text is read in passages.

    Parameters
    ----------
    encoder : path, name or encoder
        The folder of an encoder, or its name.
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
    **writing
        See `Writing`.

    Returns
    -------
    Vectors
        Vectors (V, h) of the words of the corpus.

    Raises
    ------
    OptionError
        If an option is wrong, or names nothing that the words have.
    InputError
        If a file cannot be read or is damaged.
    TargetError
        If ``output`` exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> def encode(texts):  # or a folder, a SentenceTransformer, …
    ...     return np.array([[text.count("hail"), text.count("rain"), 1] for text in texts])
    >>> selfvec.distill(encode, ["hail fell", "rain fell"]).index_to_key
    ['fell', 'hail', 'rain']
    """
    check_writing(writing)
    opened = as_sentence_encoder(encoder)
    words = _words_of(corpus, min_count, text_field)
    figures: dict[str, Any] = {"from": from_, "passages": len(words.texts)}
    if from_ == "words":
        rows = alone(opened, words)
    elif from_ == "states":
        rows = in_texts(opened, words)
    else:
        rows, learned = _learned(opened, words)
        figures |= learned
    sources = np.where(filled_rows(rows), Source.KNOWN, Source.NONE).astype(np.uint8)
    made = Vectors(words.batch.types, rows, sources=sources, counts=words.batch.counts)
    return written(made, "distill", figures, writing)


def _words_of(corpus: Texts, min_count: int, text_field: str | None) -> TextWords:
    """The passages of a corpus, and their words."""
    if not isinstance(corpus, Corpus):
        corpus = as_corpus(corpus, "corpus", text_field=text_field, keep_fields=False)
    texts = (text for batch in corpus.batches() for text in batch.texts.to_list())
    return TextWords.of(list(passages_of(texts)), min_count)


def _learned(encoder: SentenceEncoder, words: TextWords) -> tuple[Rows, dict[str, Any]]:
    """The student's rows, and what it tells of its learning.

    Its prior is each word alone, with its states where the encoder has them.
    """
    from selfvec.encoders.onnx_encoder import OnnxEncoder
    from selfvec.encoders.student import learn

    with stage("Encoding", len(words.texts), "passages") as advance:
        teacher = encoder.encode(words.texts, advance=advance)
    priors = {"words": alone(encoder, words)}
    if isinstance(encoder, OnnxEncoder) and encoder.has_states:
        priors["words and states"] = centred(priors["words"] + in_texts(encoder, words))
    student = learn(words.batch, teacher, priors)
    explained = {name: round(share, 3) for name, share in student.explained.items()}
    return student.rows, {"prior": student.prior, "ridge": student.ridge, "explained": explained}
