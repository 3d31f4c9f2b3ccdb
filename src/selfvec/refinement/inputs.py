"""The inputs of a refinement, read from documents and vectors: token ids and initial vectors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from selfvec.base.casing import language_of
from selfvec.base.checksums import sha256
from selfvec.base.errors import CorpusError
from selfvec.base.memory import return_freed_memory
from selfvec.base.provenance import BESIDE, Timings
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.training import NO_TABLE, check_installed

from .kernels import load_kernels
from .resume import Execution
from .unknown_words import by_token, initial_vectors

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.corpus.documents import Seen
    from selfvec.corpus.known_documents import Intake, KnownDocuments
    from selfvec.text import Encoding
    from selfvec.text.phrase_finding import Finder
    from selfvec.text.repeats import Repeats
    from selfvec.text.stems import UnstemmedTokens

__all__ = [
    "InputProvenance",
    "Inputs",
    "Start",
    "by_frequency",
    "inputs_from",
    "load_start",
    "option_files",
    "read_inputs",
    "read_unstemmed",
    "starts",
]

Start = Vectors | str | os.PathLike[str] | None
"""The initial vectors: `Vectors`, their path, or a name in `selfvec.training.NO_TABLE`; None is "none"."""
_RENUMBERED = 1 << 22  # tokens at a time


@dataclass(frozen=True)
class InputProvenance:
    """The description of the inputs in ``run.json``."""

    corpus: dict[str, Any]  # from `selfvec.corpus.Summary.as_dict`
    text: Encoding
    vectors: dict[str, Any]  # name, hash and size of the vectors file
    option_files: dict[str, str]  # SHA-256 of the files that options name
    phrases: dict[str, Any] | None = None  # the phrases that became tokens
    repeats: dict[str, Any] | None = None  # from `selfvec.text.repeats.Repeats.as_dict`
    steps: list[Any] = field(default_factory=list)  # the updates and merges that made the run, in order


@dataclass(frozen=True)
class Inputs:
    """The inputs of a refinement."""

    batch: TokenBatch  # types by falling frequency
    original: Vectors  # the initial vector of each word
    described: InputProvenance
    unstemmed: UnstemmedTokens | None = None  # the whole text, if the counted tokens differ from it
    repeats: Repeats | None = None
    documents: KnownDocuments | None = None

    def with_steps(self, steps: list[Any]) -> Inputs:
        """The same inputs with the list of the updates and merges that made them."""
        return replace(self, described=replace(self.described, steps=steps))


def read_inputs(
    corpus: Corpus,
    vectors: Start,
    settings: Settings,
    execution: Execution,
) -> Inputs:
    """Read a corpus and, at the same time, the initial vectors."""
    from selfvec.corpus.known_documents import Intake

    finder, intake = _phrase_finder(settings), Intake()
    described: dict[str, Any] = {}

    def load() -> Vectors | None:
        with execution.timings.stage(f"{BESIDE}load"):
            loaded, found = load_start(vectors, settings)
        described.update(found)
        return loaded

    with ThreadPoolExecutor(2) as pool:
        pool.submit(load_kernels, settings)
        loading = pool.submit(load)
        try:
            unstemmed, encoding = read_unstemmed(
                corpus, loading, settings, execution, finder=finder, intake=intake
            )
        except CorpusError:
            loading.result()  # if the vectors cannot be read either, their error is raised first
            raise
    return_freed_memory()
    known = loading.result()
    about = InputProvenance(corpus.summary.as_dict(), encoding, described, option_files(settings))
    words = known.key_to_index if known is not None else {}

    def start(batch: TokenBatch) -> Vectors:
        phrases = finder.found.joined(batch).terms if finder else ()
        return initial_vectors(batch, known, settings, phrases, name=described["name"])

    with execution.timings.stage("count"):
        inputs = inputs_from(unstemmed, words, settings, about, start, execution.jobs)
    if finder:
        phrases = finder.found.joined(inputs.batch).as_dict()
        inputs = replace(inputs, described=replace(inputs.described, phrases=phrases))
    return replace(inputs, documents=intake.documents)


def read_unstemmed(
    corpus: Corpus,
    known: Vectors | Future[Vectors | None] | None,
    settings: Settings,
    execution: Execution,
    *,
    finder: Finder | None = None,
    seen: Seen | None = None,
    intake: Intake | None = None,
) -> tuple[TokenBatch, Encoding]:
    """Read a corpus as token ids, before stemming and `min_count`, which need the whole corpus.

    If ``finder`` is given, stemming and `min_count` are applied, because it finds phrases among stemmed
    words. ``seen`` holds texts read before the corpus; ``intake`` selects documents and records them.
    """
    from selfvec.text import Rules, encode, tokenizer

    if corpus.tokenized and settings.tokenizer != "whitespace":
        raise CorpusError(
            f"its documents are tokens already: the tokeniser {settings.tokenizer} would split them again",
            path=corpus.name,
            remedy="use the tokeniser whitespace, or give texts",
        )
    rules = Rules.of(settings)
    timings = execution.timings
    started, read_before = time.perf_counter(), timings.get("read", 0.0)
    with execution.progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        batches = _timed(corpus.batches(advance, seen=seen, select=intake), timings, known)
        read = encode(
            batches,
            tokenizer(settings.tokenizer, settings.language),
            rules,
            known,
            phrases=finder or (),
            unstemmed=finder is None,
            jobs=execution.jobs,
        )
    elapsed = time.perf_counter() - started
    timings["tokenize"] = elapsed - (timings.get("read", 0.0) - read_before)
    return read


def inputs_from(
    unstemmed: TokenBatch,  # types in order of first appearance
    known: Mapping[str, int],  # words with a vector
    settings: Settings,
    described: InputProvenance,
    vectors_of: Callable[[TokenBatch], Vectors],  # unit vectors for the types of a batch
    jobs: int | None = None,
) -> Inputs:
    """Apply the rules that need the whole corpus and look up the vectors of its words.

    The ids of ``unstemmed`` may be overwritten, because a second array of ids would double the memory.
    """
    from selfvec.text.stems import UnstemmedTokens

    from .counted_text import counted

    batch, repeats = counted(unstemmed, known, settings, jobs)
    _check_tokens(batch)
    _check_slices(batch, settings)
    kept = None
    if settings.keep_tokens and batch is not unstemmed:
        kept = UnstemmedTokens.of(unstemmed)
    batch = by_frequency(batch, in_place=True)
    once = repeats.tokens if repeats.once(settings) else 0
    described = replace(
        described, text=described.text.of_counted(batch, once), repeats=repeats.as_dict(settings)
    )
    return Inputs(batch, vectors_of(batch), described, kept, repeats)


def by_frequency(batch: TokenBatch, *, in_place: bool = False) -> TokenBatch:
    """The same corpus with its types by falling frequency, ties in order of first appearance.

    ``in_place`` overwrites the ids of a batch that is no longer needed.
    """
    order = np.argsort(-batch.counts, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ids = batch.ids if in_place and batch.ids.flags.writeable else np.empty_like(batch.ids)
    for start in range(0, len(ids), _RENUMBERED):
        part = slice(start, start + _RENUMBERED)
        ids[part] = rank[batch.ids[part]]
    return replace(batch, ids=ids, types=[batch.types[i] for i in order.tolist()])


def option_files(settings: Settings) -> dict[str, str]:
    """SHA-256 of the files named by options. Their content affects the result."""
    from selfvec.text.languages import STOP_WORDS

    listed = settings.phrases if isinstance(settings.phrases, str) else None
    named = {"tokenizer": settings.tokenizer, "stop_words": settings.stop_words, "phrases": listed}
    names = {"words", "whitespace", "auto", None, *STOP_WORDS}
    paths = {name: Path(value) for name, value in named.items() if value and value not in names}
    paths = {name: path / "tokenizer.json" if path.is_dir() else path for name, path in paths.items()}
    return {name: sha256(path) for name, path in paths.items() if path.is_file()}


def _phrase_finder(settings: Settings) -> Finder | None:
    """The phrase finder for ``--phrases``, or None."""
    if settings.phrases is None:
        return None
    from selfvec.text.languages import STOP_WORDS
    from selfvec.text.phrase_finding import Finder
    from selfvec.text.phrases import read_phrases

    language = language_of(settings.as_dict())
    stop_words = settings.stop_words or (language if language in STOP_WORDS else "en")
    asked = settings.phrases
    if isinstance(asked, int) or asked == "auto":
        return Finder(asked if isinstance(asked, int) else None, stop_words=stop_words)
    return Finder(stop_words=stop_words, listed=read_phrases(asked))


def _timed(batches: Iterator[Any], timings: Timings, known: object) -> Iterator[Any]:
    """Count the time of producing batches as reading, not as tokenising; raise if loading has failed."""
    while True:
        if isinstance(known, Future) and known.done():
            known.result()
        with timings.stage("read"):
            try:
                batch = next(batches)
            except StopIteration:
                return
        yield batch


def starts(vectors: Start | Sequence[Start]) -> list[Start]:
    """One or several initial vectors as a list."""
    return list(vectors) if isinstance(vectors, list | tuple) else [cast(Start, vectors)]


def load_start(vectors: Start, settings: Settings) -> tuple[Vectors | None, dict[str, Any]]:
    """The initial vectors, with rows for the corpus' kind of tokens, and their provenance."""
    loaded, described = _load(vectors, settings.vectors_errors)
    return loaded if loaded is None else by_token(loaded, settings), described


def _load(vectors: Start, errors: str) -> tuple[Vectors | None, dict[str, Any]]:
    """The vectors as they are stored, and their provenance."""
    vectors = "none" if vectors is None else vectors
    if isinstance(vectors, str) and vectors in NO_TABLE:
        check_installed(vectors)
        return None, {"name": vectors}
    if isinstance(vectors, Vectors):
        return vectors, {"name": "memory"} | vectors.provenance
    from selfvec.storage.fetched_vectors import locate
    from selfvec.storage.formats import load

    place = locate(vectors)
    loaded = load(place, errors=errors)
    described: dict[str, Any] = {"name": os.fspath(vectors)}
    if place.is_file():
        described |= {"bytes": place.stat().st_size, "sha256": sha256(place)}
    return loaded, described | {"words": len(loaded), "dimensions": loaded.vector_size} | loaded.provenance


def _check_tokens(batch: TokenBatch) -> None:
    if len(batch) == 0:
        raise CorpusError(
            "no words of the corpus remain after filtering",
            remedy="loosen --min-count, --pos or --stop-words, or add more text",
        )
    if len(batch.types) < 2:
        raise CorpusError(
            f"the corpus has only one word, {batch.types[0]!r}: there are no neighbours to learn from",
            remedy="add more text, or check --text-field and --tokenizer",
        )


def _check_slices(batch: TokenBatch, settings: Settings) -> None:
    if settings.slice and (batch.dates is None or np.all(np.isnat(batch.dates))):
        raise CorpusError(
            f"there are no dates to divide the corpus into slices by {settings.slice}",
            remedy="give --date-field FIELD, or leave out --slice",
        )
