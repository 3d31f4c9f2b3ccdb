"""What a refinement starts from, `Inputs`, what is decided before a vector changes, `Plan`, and `Execution`.

Inputs are the counted tokens of a text and their initial vectors, which are loaded while the text is read.

Repeated passages are counted once, words are stemmed, and rare words dropped. These rules need the whole
corpus, so they run after all others, in one pass. Initial vectors are rows of the given vectors, or built
from subwords, or zeros: refining adds their neighbours to words without a vector, in the first update or
before the first pass (`Anchors.first_rows`). The decorrelated method adds words spelled alike (`spelling`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.arrays import Ids, Ints
from selfvec.base.casing import case_forms, language_of
from selfvec.base.errors import CorpusError, InputError, require
from selfvec.base.progress import BESIDE, Timings, stage
from selfvec.base.threads import limited, prefetched
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
from selfvec.data.vectors import Source, Vectors, coverage
from selfvec.files.checksums import sha256
from selfvec.files.memory import release, return_freed_memory
from selfvec.numerics.rows import filled_rows, unit_in_place, unit_rows
from selfvec.storage.formats import load
from selfvec.storage.public_vectors import locate
from selfvec.storage.run_folder import TEXT
from selfvec.storage.run_writer import RunWriter
from selfvec.storage.text_file import TextWriter
from selfvec.text import Encoding, Rules, auto_window, encode, tokenizer
from selfvec.text.language_recognition import language_of_text, note_on_language
from selfvec.text.languages import STOP_WORDS
from selfvec.text.repeats import Repeats, find_repeats, with_fewer_sentences
from selfvec.text.rules import DROPPED, merged_types
from selfvec.text.segmentation import cut_by, segmenter
from selfvec.text.tokenizers import SPLITS

from .history import HistoryPlan, parse_history
from .selection import Choice

if TYPE_CHECKING:
    import polars as pl

    from selfvec.cooccurrence.scan import ScanOperator
    from selfvec.corpus import Corpus
    from selfvec.data.documents import Documents
    from selfvec.encoders.encoded_texts import EncodedTexts
    from selfvec.storage.text_file import TextWriter
    from selfvec.text.phrase_finding import Finder

Start = Vectors | str | os.PathLike[str] | None
"""The initial vectors: `Vectors`, their path, or a name in `FROM_TEXT`; None is "none"."""


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


@dataclass
class Execution:
    """Options of execution that do not change the result."""

    writer: RunWriter | None = None  # of a run folder, where long data lie while they are made
    timings: Timings = field(default_factory=Timings)  # seconds by stage

    def text_writer(self, name: str = TEXT, kinds: Mapping[str, str] | None = None) -> TextWriter:
        """Writes documents into a file of the run, or into memory; see `TextWriter`."""
        return TextWriter(None if self.writer is None else self.writer.path(name), kinds)


# ---- Reading: documents become token ids


def read_inputs(
    corpus: Corpus,
    vectors: Start,
    settings: Settings,
    execution: Execution,
    kinds: Mapping[str, str] | None = None,
) -> Inputs:
    """Read a corpus and, at the same time, the initial vectors. The kinds of some fields may be known."""
    finder = _phrase_finder(settings)

    def load() -> tuple[Vectors | None, dict[str, Any]]:
        with execution.timings.stage(f"{BESIDE}load"):
            return load_start(vectors, settings)

    with (
        execution.text_writer(kinds=kinds or {}) if settings.keeps_text else nullcontext() as text,
        ThreadPoolExecutor(1) as pool,
    ):
        described_load = pool.submit(load)
        loading = pool.submit(lambda: described_load.result()[0])  # runs after it, in the same thread
        try:
            unstemmed, encoding = read_unstemmed(
                corpus, loading, settings, execution, finder=finder, text=text
            )
        except CorpusError:
            loading.result()  # if the vectors cannot be read either, their error is raised first
            raise
        kept = None if text is None else text.finish(corpus.days)
    if settings.tagger and kept is not None:
        corpus.summary.note(f"lemmas and parts of speech are those of {settings.tagger}, in context")
    # Here, because counting overwrites the words that were read.
    words_read = list(zip(unstemmed.types, unstemmed.counts.tolist(), strict=True))
    encoding, uncut = with_language(encoding, words_read, settings)
    for note in uncut:
        corpus.summary.note(note)
    listed = settings.stop_words
    if listed and listed not in STOP_WORDS and not encoding.dropped.get("stop words"):
        corpus.summary.note(f"no word of the text is in the stop words of {listed}: is it the list you mean?")
    del words_read
    return_freed_memory()
    pretrained, described = described_load.result()
    words = pretrained.key_to_index if pretrained is not None else {}
    with execution.timings.stage("count"):
        # The ids are overwritten, because a second array of ids would double the memory.
        batch, repeats, kept_from = counted(unstemmed, words, settings)
        check_tokens(batch, uncut)
        check_slices(batch, settings)
        phrases = finder.recorded(batch) if finder else None
        terms = [row["term"] for row in phrases["rows"]] if phrases else ()
        original = initial_vectors(batch, pretrained, settings, terms, name=described["name"])
    once = repeats.tokens if repeats.once(settings) else 0
    encoding = encoding.of_counted(batch, batch.empty, once, kept_from)
    about = {"corpus": corpus.summary.as_dict(), "phrases": phrases}
    provenance = provenance_of(described, original, batch, repeats, settings, encoding, **about)
    general = general_words(pretrained.index_to_key) if pretrained is not None else ()
    return Inputs(batch, original, provenance, repeats, kept, general)


def read_unstemmed(
    corpus: Corpus,
    pretrained: Vectors | Future[Vectors | None] | None,
    settings: Settings,
    execution: Execution,
    *,
    finder: Finder | None = None,
    text: TextWriter | None = None,
) -> tuple[TokenBatch, Encoding]:
    """Read a corpus as token ids, before stemming and `min_count`, which need the whole corpus.

    If ``finder`` is given, stemming and `min_count` are applied, because it finds phrases among stemmed
    words. The documents are also given to ``text``.
    """
    refuse_tokens(corpus, settings)
    rules = Rules.of(settings)
    timings = execution.timings
    started = time.perf_counter()
    read_before = timings.get("read", 0.0)

    def keep(documents: pl.DataFrame) -> None:
        if text is not None:
            text.add(with_tags(documents, settings))

    with (
        stage("Reading", corpus.total_bytes, "bytes") as advance,
        closing(prefetched(corpus.batches(advance))) as ahead,
    ):
        tokens, encoding = encode(
            _timed(ahead, timings, pretrained, keep),
            tokenizer(settings.tokenizer),
            rules,
            pretrained,
            phrases=finder or (),
            unstemmed=finder is None,
        )
    elapsed = time.perf_counter() - started
    timings["tokenize"] = elapsed - (timings.get("read", 0.0) - read_before)
    return with_days(tokens, corpus.days), encoding


def with_days(tokens: TokenBatch, days: pl.Series | None) -> TokenBatch:
    """A text with the days of its documents, if these were known only when all of it was read."""
    return tokens if days is None else replace(tokens, dates=days.to_numpy().astype("datetime64[D]"))


def with_language(
    encoding: Encoding, words: list[tuple[str, int]], settings: Settings
) -> tuple[Encoding, list[str]]:
    """The figures of a whole text with its language, and what cut it, by its words; a note on pieces."""
    cut, said = cut_by(words, encoding.tokenizer)
    return replace(encoding, language=language_of_text(words, settings), tokenizer=cut), said


def provenance_of(
    described: Json,  # the initial vectors as they were read
    original: Vectors,
    batch: TokenBatch,
    repeats: Repeats,
    settings: Settings,
    encoding: Encoding,
    **more: Any,
) -> Provenance:
    """What a run says of its inputs, with a note if vectors of the text's language would be better."""
    if described["name"] not in FROM_TEXT:
        tokens = coverage(original, batch.counts)["tokens"]
        share = tokens["known"] / max(sum(tokens.values()), 1)
        note = note_on_language(encoding.language, described["name"], share, settings)
        if note is not None:
            described = described | {"notes": [*described.get("notes", ()), note]}
    return Provenance(
        text=encoding.as_dict(),
        vectors=described,
        option_files=option_files(settings),
        repeats=repeats.as_dict(settings),
        **more,
    )


def refuse_tokens(corpus: Corpus, settings: Settings) -> None:
    """Raise `CorpusError` if the documents are tokens, and the tokeniser would split them."""
    if corpus.tokenized and settings.tokenizer != "whitespace":
        raise CorpusError(
            f"its documents are tokens already: the tokeniser {settings.tokenizer} would split them again",
            path=corpus.name,
            remedy="use the tokeniser whitespace, or give texts",
        )


def option_files(settings: Settings) -> dict[str, str]:
    """SHA-256 of the files named by options. Their content affects the result."""
    listed = settings.phrases if isinstance(settings.phrases, str) else None
    named = {"tokenizer": settings.tokenizer, "stop_words": settings.stop_words, "phrases": listed}
    names = {*SPLITS, "auto", None, *STOP_WORDS}
    paths = {name: Path(value) for name, value in named.items() if value and value not in names}
    paths = {name: path / "tokenizer.json" if path.is_dir() else path for name, path in paths.items()}
    return {name: sha256(path) for name, path in paths.items() if path.is_file()}


def _phrase_finder(settings: Settings) -> Finder | None:
    if settings.phrases is None:
        return None
    from selfvec.text.phrase_finding import Finder

    language = language_of(settings.as_dict())
    stop_words = settings.stop_words or (language if language in STOP_WORDS else "en")
    asked = settings.phrases
    if isinstance(asked, int) or asked == "auto":
        return Finder(asked if isinstance(asked, int) else None, stop_words=stop_words)
    from selfvec.text.phrases import read_phrases

    return Finder(stop_words=stop_words, listed=read_phrases(asked))


def _timed(
    batches: Iterator[Documents], timings: Timings, loading: object, keep: Callable[[pl.DataFrame], None]
) -> Iterator[Documents]:
    """The same batches, which ``keep`` gets too; waiting for them is reading. Raise if loading has failed."""
    while True:
        if isinstance(loading, Future) and loading.done():
            loading.result()
        with timings.stage("read"):
            try:
                batch = next(batches)
            except StopIteration:
                return
        keep(batch.rows)
        yield batch


def with_tags(documents: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Documents with the tags of their words, if a pipeline is named; those that have them keep them."""
    if settings.tagger is None:
        return documents
    from selfvec.text.tagger import tagged

    return tagged(documents, settings.tagger, settings.tokenizer)


def starts(vectors: Start | Sequence[Start]) -> list[Start]:
    """One or several initial vectors as a list."""
    return list(vectors) if isinstance(vectors, list | tuple) else [cast(Start, vectors)]


def checked_starts(vectors: Start | Sequence[Start], settings: Settings) -> list[Start]:
    """`starts`; `MissingExtra` before anything is read if a package is needed that is not installed."""
    if settings.pos or settings.tagger:
        from selfvec.text.tagger import check_tagger

        check_tagger(settings.tagger)
    segmenter(settings.tokenizer)
    candidates = starts(vectors)
    for name in candidates:
        if isinstance(name, str) and name in FROM_TEXT:
            check_installed(name)
    return candidates


def inputs_to_compare(
    corpus: Corpus, candidates: Sequence[Start], settings: Settings
) -> tuple[TokenBatch, Iterator[Vectors]]:
    """A corpus as tokens, independently of vectors, so in lower case; and the initial vectors of its words.

    Candidates may have these words in title case.
    """
    plain = replace(settings, phrases=None)
    batch = counted(read_unstemmed(corpus, None, plain, Execution())[0], {}, plain)[0]
    forms = [case_forms(word, settings.language) for word in batch.types]

    def original(pretrained: Vectors | None) -> Vectors:
        keys = [next((form for form in some if form in (pretrained or ())), some[0]) for some in forms]
        return initial_vectors(batch, pretrained, settings, keys=keys)

    return batch, (original(load_start(vectors, settings)[0]) for vectors in candidates)


def load_start(vectors: Start, settings: Settings) -> tuple[Vectors | None, dict[str, Any]]:
    """The initial vectors, with rows for the corpus' kind of tokens, and their provenance."""
    vectors = "none" if vectors is None else vectors
    if isinstance(vectors, str) and vectors in FROM_TEXT:
        return None, {"name": vectors}
    if isinstance(vectors, Vectors):
        return by_token(vectors, settings), {"name": "memory"} | vectors.provenance
    place = locate(vectors)
    loaded = load(place)
    described: dict[str, Any] = {"name": os.fspath(vectors)}
    if place.is_file():
        described |= {"bytes": place.stat().st_size, "sha256": sha256(place)}
    described |= {"words": len(loaded), "dimensions": loaded.vector_size} | loaded.provenance
    return by_token(loaded, settings), described


_GENERAL = 10_000


def general_words(words: Iterable[str]) -> tuple[str, ...]:
    """The first words of vectors that consist of letters, in lower case, each once.

    >>> general_words(["The", "##ing", "the", "hail"])
    ('the', 'hail')
    """
    return tuple(dict.fromkeys(word.lower() for word in words if word.isalpha()))[:_GENERAL]


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
) -> tuple[TokenBatch, Repeats, int]:
    """Apply the rules that need the whole corpus.

    Returns the counted tokens with types by falling frequency, ties in order of first appearance; the
    repeated passages; and the count from which types are kept.
    """
    repeats, further = find_repeats(whole)
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
    # With phrases, the words were stemmed before phrases were searched for.
    unmerged = settings.phrases is None
    rules: tuple[Any, ...] = (
        (settings.stem, settings.min_count, settings.max_types) if unmerged else (None, 0)
    )
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


# ---- Initial vectors from the text alone: word2vec, fastText, GloVe, PPMI-SVD and sums of codes


DIMENSIONS = 256  # of vectors from the text alone, as of the built-in ones


class Trainer(NamedTuple):
    """A way to make vectors from text alone."""

    function: str  # of lab.training; it maps a batch, vectors of the same width and a seed to (V, d)
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
    with limited(1):
        rows = unit_rows(train(batch, width, seed, **trainer.options))
    sources = np.where(rows.any(axis=1), Source.RANDOM, Source.NONE).astype(np.uint8)
    return Vectors(batch.types, rows, sources=sources, normalized=True)


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
        window = METHODS[method].window if settings.window == "auto" else int(settings.window)
        return cls(inputs, settings, method, window or auto_window(inputs.batch), decision)

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
