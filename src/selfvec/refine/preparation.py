"""From documents and a vectors file to what a refinement begins with: ids, unit vectors, a window.

corpus ──▶ tokens ──▶ vocabulary ──▶ TokenBatch, by falling frequency
vectors ──▶ a unit row per word of the corpus, and where it came from
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.errors import CorpusError, InputError
from selfvec.base.files import sha256
from selfvec.base.progress import Progress
from selfvec.base.provenance import Timings
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.corpus.documents import Seen
    from selfvec.text import Encoding
    from selfvec.text.phrase_tokens import Units
    from selfvec.text.unstemmed import UnstemmedTokens

__all__ = [
    "Prepared",
    "Told",
    "by_frequency",
    "option_files",
    "prepare",
    "prepared_from",
    "read_forms",
    "starting_vectors",
    "window_of",
]

_RANDOM_DIMENSIONS = 256  # of the random directions that --vectors none starts from


@dataclass
class Prepared:
    """A corpus as integers with its vectors, ready to be refined."""

    batch: TokenBatch  # types by descending frequency
    original: Vectors
    window: int
    provenance: dict[str, Any]
    forms: UnstemmedTokens | None = None  # where stemming or `min_count` changed the tokens


@dataclass
class Told:
    """What the provenance says about the inputs."""

    corpus: dict[str, Any]
    text: Encoding
    vectors: dict[str, Any]
    files: dict[str, str]  # SHA-256 of files that options name


def prepare(
    corpus: Corpus,
    vectors: Vectors | str | os.PathLike[str] | None,
    settings: Settings,
    timings: Timings,
    progress: Progress,
    jobs: int | None,
) -> Prepared:
    units = _units(settings)
    with timings.stage("load"):
        known, described = _load(vectors, settings.vectors_errors)
    forms, encoding = read_forms(corpus, known, settings, timings, progress, jobs, units=units)
    told = Told(corpus.summary.as_dict(), encoding, described, option_files(settings))
    words = known.key_to_index if known is not None else {}

    def start(batch: TokenBatch) -> Vectors:
        return starting_vectors(batch, known, settings, units.told(batch).terms if units else ())

    with timings.stage("count"):
        prepared = prepared_from(forms, words, settings, told, start)
    if units:
        prepared.provenance["phrases"] = units.told(prepared.batch).as_dict()
    return prepared


def option_files(settings: Settings) -> dict[str, str]:
    """SHA-256 of the files that options name: another file of that name would make another run."""
    from selfvec.text.rules import STOP_WORDS

    listed = settings.phrases if isinstance(settings.phrases, str) else None
    named = {"tokenizer": settings.tokenizer, "stop_words": settings.stop_words, "phrases": listed}
    names = {"words", "whitespace", "auto", None, *STOP_WORDS}
    paths = {name: Path(value) for name, value in named.items() if value and value not in names}
    paths = {name: path / "tokenizer.json" if path.is_dir() else path for name, path in paths.items()}
    return {name: sha256(path) for name, path in paths.items() if path.is_file()}


def read_forms(
    corpus: Corpus,
    known: Vectors | None,
    settings: Settings,
    timings: Timings,
    progress: Progress,
    jobs: int | None,
    *,
    units: Units | None = None,
    seen: Seen | None = None,
) -> tuple[TokenBatch, Encoding]:
    """A corpus as ids of forms: all is decided but what the whole corpus has to be known for.

    ``units`` find phrases, and then that is decided too; ``seen`` are texts that came before the corpus.
    """
    from selfvec.text import Rules, encode, tokenizer

    if corpus.tokenized and settings.tokenizer != "whitespace":
        raise CorpusError(
            f"its documents are tokens already, which the tokeniser {settings.tokenizer} would cut again",
            path=corpus.name,
            remedy="use the tokeniser whitespace, or give texts",
        )
    rules = Rules(
        settings.lemmatize,
        settings.stop_words,
        tuple(settings.pos),
        settings.min_count,
        settings.tagger,
        settings.stem,
    )
    started, read_before = time.perf_counter(), timings.get("read", 0.0)
    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        batches = _timed(corpus.batches(advance, seen=seen), timings)
        read = encode(
            batches,
            tokenizer(settings.tokenizer),
            rules,
            known,
            phrases=units or (),
            unstemmed=units is None,
            jobs=jobs,
        )
    elapsed = time.perf_counter() - started
    timings["tokenize"] = elapsed - (timings.get("read", 0.0) - read_before)
    return read


def prepared_from(
    forms: TokenBatch,
    known: Mapping[str, int],
    settings: Settings,
    told: Told,
    vectors_of: Callable[[TokenBatch], Vectors],
) -> Prepared:
    """From the forms of a whole corpus to what a refinement begins with.

    Parameters
    ----------
    forms : TokenBatch
        Types in order of first appearance.
    known : mapping
        Words with a vector.
    settings : Settings
    told : Told
    vectors_of : callable
        Gives the words, by falling frequency, their unit vectors.

    Raises
    ------
    CorpusError
        If there are too few words, or no dates to slice by.
    """
    from selfvec.text.unstemmed import UnstemmedTokens, apply_stem_and_min_count

    batch = forms
    if settings.phrases is None:  # phrases are found among words that are stemmed already
        batch = apply_stem_and_min_count(forms, known, settings.stem, settings.min_count)
    _check_tokens(batch)
    _check_slices(batch, settings)
    kept = None
    if settings.keep_tokens and batch is not forms:
        kept = UnstemmedTokens(forms.types, forms.ids, forms.offsets)
    batch = by_frequency(batch)
    original = vectors_of(batch)
    window = window_of(batch, settings)
    provenance = {
        "method": settings.method,
        "tokens": len(batch),
        "types": len(batch.types),
        "documents": batch.documents,
        "window": window,
        "epochs": settings.rounds,
        "seed": settings.seed,
        "dimensions": original.vector_size,
        "options": settings.as_dict(),
        "corpus": told.corpus,
        "text": told.text.after_stemming(batch, known).as_dict(),
        "vectors": told.vectors,
        "option_files": told.files,
        "sources": {s.name.lower(): int(np.sum(original.sources == s)) for s in Source},
    }
    return Prepared(batch, original, window, provenance, kept)


def _units(settings: Settings) -> Units | None:
    """What finds the phrases that become units, if they are asked for."""
    if settings.phrases is None:
        return None
    from selfvec.text.phrase_tokens import Units
    from selfvec.text.rules import STOP_WORDS

    language = str(settings.lemmatize or settings.stem or "en").split(",")[0]
    return Units(settings.phrases, settings.stop_words or (language if language in STOP_WORDS else "en"))


def window_of(batch: TokenBatch, settings: Settings) -> int:
    """Tokens per window, the centre included."""

    from selfvec.text import auto_window

    if settings.window != "auto":
        return int(settings.window)
    if settings.method not in ("online", "decorrelated"):
        return auto_window(batch)
    from .decorrelated import WINDOW

    return WINDOW


def _timed(batches: Iterator[Any], timings: Timings) -> Iterator[Any]:
    """Count the time spent producing batches as reading, not as tokenising."""
    while True:
        with timings.stage("read"):
            try:
                batch = next(batches)
            except StopIteration:
                return
        yield batch


def _load(
    vectors: Vectors | str | os.PathLike[str] | None, errors: str
) -> tuple[Vectors | None, dict[str, Any]]:
    """The table to start from, and what the provenance says about it."""
    if vectors is None or (isinstance(vectors, str) and vectors == "none"):
        return None, {"name": "none"}
    if isinstance(vectors, Vectors):
        return vectors, {"name": "memory"} | vectors.provenance
    from selfvec.storage.formats import load

    table = load(vectors, errors=errors)
    described: dict[str, Any] = {"name": os.fspath(vectors)}
    if Path(vectors).is_file():
        described |= {"bytes": Path(vectors).stat().st_size, "sha256": sha256(vectors)}
    return table, described | {"words": len(table), "dimensions": table.vector_size} | table.provenance


def _check_tokens(batch: TokenBatch) -> None:
    if len(batch) == 0:
        raise CorpusError(
            "no word is left of the corpus",
            remedy="loosen --min-count, --pos or --stop-words, or bring more text",
        )
    if len(batch.types) < 2:
        raise CorpusError(
            f"the corpus has one word only, {batch.types[0]!r}: there are no neighbours to learn from",
            remedy="bring more text, or check --text-field and --tokenizer",
        )


def _check_slices(batch: TokenBatch, settings: Settings) -> None:
    if settings.slice and (batch.dates is None or np.all(np.isnat(batch.dates))):
        raise CorpusError(
            f"there are no dates to cut it into slices by {settings.slice}",
            remedy="give --date-field FIELD, or leave --slice out",
        )


def by_frequency(batch: TokenBatch) -> TokenBatch:
    """The same corpus with the vocabulary in order of falling frequency, ties by first appearance."""
    order = np.argsort(-batch.counts, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return replace(batch, ids=rank[batch.ids], types=[batch.types[i] for i in order.tolist()])


def starting_vectors(
    batch: TokenBatch, known: Vectors | None, settings: Settings, phrases: Sequence[str] = ()
) -> Vectors:
    """Unit vectors for the corpus' words; zeros for those that have none.

    ``phrases`` are those among the words that start from their words where the table lacks them.
    """
    if known is None:
        rng = np.random.default_rng(settings.seed)
        rows = rng.standard_normal((len(batch.types), _RANDOM_DIMENSIONS), dtype=np.float32)
        sources = np.full(len(batch.types), Source.RANDOM, np.uint8)
    else:
        rows, sources = known.lookup(batch.types, compose=settings.oov == "subwords")
        if phrases and settings.oov == "subwords":
            from selfvec.text.phrase_tokens import compose

            compose(rows, sources, batch.types, phrases, known)
        if not np.any(rows):
            example = ", ".join(repr(word) for word in batch.types[:3])
            raise InputError(
                f"none of the corpus' {len(batch.types):,} words has a vector (as {example})",
                remedy="use vectors of the corpus' language and casing, or --vectors none",
            )
    return Vectors(batch.types, unit_in_place(rows), sources=sources, normalized=True)
