"""What a refinement starts from, `Inputs`, what is decided before a vector changes, `Plan`, and `Execution`.

Inputs are the counted tokens of a text and their initial vectors.

Repeated passages are counted once, words are stemmed, and rare words dropped. These rules need the whole
corpus, so they run after all others, in one pass. Initial vectors are rows of the given vectors, or built
from subwords, or zeros: refining adds their neighbours to words without a vector, in the first update or
before the first pass (`Anchors.first_rows`). The decorrelated method adds words spelled alike (`spelling`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.base.errors import CorpusError, InputError, require
from selfvec.base.progress import Progress, Timings
from selfvec.data.provenance import Provenance
from selfvec.data.run_text import RunText
from selfvec.data.settings import METHODS, Settings
from selfvec.data.token_batch import (
    TokenBatch,
    changed,
    frequency_order,
    occurrences_of_each,
    occurrences_of_merged,
)
from selfvec.data.vectors import Source, Vectors
from selfvec.files.memory import release
from selfvec.numerics.rows import filled_rows, unit_in_place, unit_rows
from selfvec.storage.run_folder import TEXT
from selfvec.storage.run_writer import RunWriter
from selfvec.storage.text_file import TextWriter
from selfvec.text import auto_window
from selfvec.text.repeats import Repeats, find_repeats, with_fewer_sentences
from selfvec.text.rules import DROPPED, keep_all, merged_types
from selfvec.text.tokenizers import SPLITS

from .history import HistoryPlan, parse_history
from .selection import Choice

if TYPE_CHECKING:
    from selfvec.cooccurrence.scan import ScanOperator
    from selfvec.encoders.encoded_texts import EncodedTexts


@dataclass(frozen=True)
class Inputs:
    """The inputs of a refinement."""

    batch: TokenBatch  # types by falling frequency
    original: Vectors  # the batch's types in their order, with the initial vector of each
    provenance: Provenance = field(default_factory=Provenance)  # what is known before refining
    repeats: Repeats | None = None
    text: RunText | None = None  # the documents, if the run keeps them
    general: Sequence[str] = ()  # words of the initial vectors, in or out of the text
    encoded: EncodedTexts | None = None  # a sentence encoder's vectors of the texts
    # Makes the operator for a window, if the tokens are elsewhere and the batch has only their counts.
    scan: Callable[[int], ScanOperator] | None = None


def check_tokens(batch: TokenBatch, notes: Sequence[str]) -> None:
    """Raise `CorpusError` for a text of fewer than two words, also if only their counts are there.

    ``notes`` say that the text is not cut into words, which is then why.
    """
    if not batch.counts.any():
        raise CorpusError(
            "no words of the corpus remain after filtering",
            remedy="loosen --min-count, --pos or --stop-words, or add more text",
        )
    if len(batch.types) < 2:
        raise CorpusError(
            f"the corpus has only one word, {batch.types[0]!r}: there are no neighbours to learn from",
            remedy="; ".join(notes) or "add more text, or check --text-field and --tokenizer",
        )


def check_slices(batch: TokenBatch, settings: Settings) -> None:
    """Raise `CorpusError` if slices are asked for and no document has a date."""
    if settings.slice and batch.period is None:
        raise CorpusError(
            f"there are no dates to divide the corpus into slices by {settings.slice}",
            remedy="give --date-field FIELD, or leave out --slice",
        )


# ---- The tokens that are counted


def counted(
    whole: TokenBatch,  # types in order of first appearance; its ids may be overwritten
    pretrained: Mapping[str, int],  # words with a vector
    settings: Settings,
    jobs: int | None = None,
) -> tuple[TokenBatch, Repeats, int]:
    """Apply the rules that need the whole corpus.

    Returns the counted tokens with types by falling frequency, ties in order of first appearance; the
    repeated passages; and the count from which types are kept.
    """
    repeats, further = find_repeats(whole, jobs)
    once = bool(repeats.once(settings) and repeats.tokens)
    counts = whole.counts
    if once:
        counts = counts - occurrences_of_each(whole.ids, len(counts), further)
    words, places, least = vocabulary(whole.types, counts, pretrained, settings)
    size = int(words.counts.sum())
    named = with_fewer_sentences(whole, further) if once else whole
    # A second array of ids would double the memory.
    out = whole.ids if whole.ids.flags.writeable else None

    def new(part: slice, ids: Ids) -> Ids:
        numbers = places[ids]
        if once:
            numbers[further[part]] = DROPPED
            release(further[part])
        return numbers

    ids, offsets = changed(whole.ids, whole.offsets, size, new, out)
    batch = replace(named, ids=ids, offsets=offsets, types=words.types).with_counts(words.counts)
    return batch, repeats, least


def vocabulary(
    types: Sequence[str],  # U types in order of first appearance
    counts: Ints,  # (U,)
    pretrained: Mapping[str, int],  # words with a vector
    settings: Settings,
) -> tuple[TokenBatch, Ids, int]:
    """The words by falling frequency with their counts; the number of each type, (U,) int32, -1 if dropped.

    The third value is the count from which words are kept.
    """
    numbers, kept, least = np.arange(len(counts), dtype=np.int32), types, 1
    rules = settings.stem, settings.min_count, settings.max_types
    # With phrases, the words were stemmed before phrases were searched for.
    if settings.phrases is None and not keep_all(len(types), *rules):
        numbers, kept, least = merged_types(types, counts, pretrained, *rules)
    totals = occurrences_of_merged(counts, numbers, len(kept))
    order, rank = frequency_order(totals)
    places = np.append(rank, np.int32(DROPPED))[numbers]  # -1 takes the last: it stays dropped
    words = TokenBatch.of_counts([kept[i] for i in order.tolist()], totals[order])
    return words, places, least


# ---- The initial vectors


def by_token(vectors: Vectors, settings: Settings) -> Vectors:
    """The vectors themselves, or their rows for subword tokens if the corpus has such tokens."""
    token_vectors = getattr(vectors.composer, "token_vectors", None)
    if settings.tokenizer in SPLITS or token_vectors is None:
        return vectors
    rows: Vectors = token_vectors()
    rows.provenance |= vectors.provenance
    return rows


def initial_vectors(
    batch: TokenBatch,
    pretrained: Vectors | None,
    settings: Settings,
    phrases: Sequence[str] = (),
    keys: Sequence[str] | None = None,
    name: str = "none",
) -> Vectors:
    """The initial vectors of a corpus' words with their sources: unit rows, zeros for words without a vector.

    Without ``pretrained`` they are computed from the text alone by ``name``, one of
    `FROM_TEXT`. ``phrases`` are types; those without a vector are built from their words.
    ``keys`` are the words to look up in ``pretrained`` for each type, by default the types themselves.
    """
    if pretrained is None:
        return vectors_from_text(batch, name, settings.seed)
    keys = batch.types if keys is None else keys
    rows, sources, pieces = pretrained.lookup_pieces(keys, settings.oov == "subwords")
    if phrases and settings.oov == "subwords":
        from selfvec.text.phrases import compose

        compose(rows, sources, batch.types, phrases, pretrained)
        units = set(phrases)
        joined = np.fromiter((word in units for word in batch.types), bool, len(batch.types))
        pieces[joined & (sources == Source.SUBWORDS)] = 0
    if not filled_rows(rows).any():
        example = ", ".join(repr(word) for word in batch.types[:3])
        raise InputError(
            f"none of the corpus' {len(batch.types):,} words has a vector (as {example})",
            remedy="choose vectors with the language and casing of the corpus, or --vectors none",
        )
    parts = pieces if np.any(pieces != 1) else None
    return Vectors(batch.types, unit_in_place(rows), sources=sources, normalized=True, pieces=parts)


def joined_vectors(original: Vectors, encoded: EncodedTexts) -> Vectors:
    """Initial vectors and an encoder's vectors of the words side by side, (V, d + h), each half at length 1.

    Of the encoder's vectors their mean over the words is subtracted. A word without a vector of its own has
    the encoder's, which is made of pieces: so it counts as built from subwords, but is held to its vector
    like a phrase, which is built from words.
    """
    from selfvec.encoders.run_encoder import word_text

    words, there = encoded.lookup([word_text(word) for word in original.index_to_key])
    width = original.vector_size
    rows = np.empty((len(words), width + words.shape[1]), np.float32)
    rows[:, :width] = original.unit
    words -= (words.sum(axis=0, dtype=np.float64) / max(np.count_nonzero(there), 1)).astype(np.float32)
    words[~there] = 0
    rows[:, width:] = unit_in_place(words)
    unit_in_place(rows)
    own = np.isin(original.sources, (Source.KNOWN, Source.RANDOM))
    sources = np.where(own, original.sources, np.where(filled_rows(rows), Source.SUBWORDS, Source.NONE))
    pieces = np.where(own, 1, 0).astype(np.uint8)
    return Vectors(original, rows, sources=sources.astype(np.uint8), normalized=True, pieces=pieces)


# ---- The plan


@dataclass(frozen=True)
class Plan:
    """The inputs of a refinement, and its settings resolved for them."""

    inputs: Inputs
    settings: Settings  # as given
    method: str  # never "auto"
    window: int  # tokens, the word itself included
    decision: Choice | None = None  # of ``auto``

    @classmethod
    def of(cls, settings: Settings, inputs: Inputs, method: str, decision: Choice | None = None) -> Plan:
        """The plan of a method, whose options come from ``settings`` or are its defaults."""
        return cls(inputs, settings, method, window_of(settings, inputs.batch, method), decision)

    @property
    def passes(self) -> int:
        """Number of passes over the corpus."""
        name = METHODS[self.method].passes
        return 0 if name is None else int(getattr(self.settings, name))

    @property
    def learning_rate(self) -> float:
        """α; 0 for a method without a learning rate."""
        default, asked = METHODS[self.method].learning_rate, self.settings.learning_rate
        return float(asked) if default and asked is not None else default

    @property
    def anchor(self) -> float:
        """The weight of the original vectors: β of ``online``, λ of ``decorrelated``; 0 for other methods."""
        default, asked = METHODS[self.method].anchor, self.settings.anchor
        return float(asked) if default and asked is not None else default

    @cached_property
    def history(self) -> HistoryPlan:
        """Which states are recorded."""
        return parse_history(self.settings.history_texts)


def window_of(settings: Settings, batch: TokenBatch, method: str) -> int:
    """The window of a method, as given or its default."""
    if settings.window != "auto":
        return int(settings.window)
    return METHODS[method].window or auto_window(batch)


@dataclass
class Execution:
    """Options of execution that do not change the result."""

    writer: RunWriter | None = None  # of a run folder, where long data lie while they are made
    progress: Progress = field(default_factory=Progress)
    jobs: int | None = None  # threads; all cores if None
    timings: Timings = field(default_factory=Timings)  # seconds by stage

    def text_writer(self, name: str = TEXT, kinds: Mapping[str, str] | None = None) -> TextWriter:
        """Writes documents into a file of the run, or into memory; see `TextWriter`."""
        return TextWriter(None if self.writer is None else self.writer.path(name), kinds)


# ---- Initial vectors from the text alone: word2vec, fastText, GloVe, PPMI-SVD and sums of codes


DIMENSIONS = 256  # of vectors from the text alone, as of the built-in ones


class Trainer(NamedTuple):
    """A way to make vectors from text alone."""

    function: str  # of lab.training; it maps a batch, vectors of the same width, seed and threads to (V, d)
    options: Mapping[str, object] = MappingProxyType({})
    package: str | None = None  # that it needs


FROM_TEXT = {
    "none": Trainer("random_directions"),
    "svd": Trainer("ppmi_svd", package="sklearn"),
    "glove": Trainer("glove"),
    "word2vec": Trainer("by_gensim", {"kind": "word2vec-sg", "continued": False}, "gensim"),
    "fasttext": Trainer("by_gensim", {"kind": "fasttext", "continued": False}, "gensim"),
}
"""By name, as in ``--vectors``. Their module is imported when it is used, since it compiles a kernel."""


def check_installed(name: str) -> None:
    """Raise `MissingExtra` if the package that one of `FROM_TEXT` needs is not installed."""
    package = FROM_TEXT[name].package
    if package is not None:
        require(package, "baselines", f"--vectors {name}")


def vectors_from_text(batch: TokenBatch, name: str = "none", seed: int = 0) -> Vectors:
    """Vectors of the words of a corpus by one of `FROM_TEXT`: unit rows, (V, 256), or zeros.

    One thread trains. Several would write to the same rows, and a seed would not reproduce the vectors.
    """
    check_installed(name)
    trainer = FROM_TEXT[name]
    width = Vectors(batch.types, np.zeros((len(batch.types), DIMENSIONS), np.float32))
    train = resolve_name(f"selfvec.lab.training:{trainer.function}")
    rows = unit_rows(train(batch, width, seed, 1, **trainer.options))
    sources = np.where(rows.any(axis=1), Source.RANDOM, Source.NONE).astype(np.uint8)
    return Vectors(batch.types, rows, sources=sources, normalized=True)
