"""Reading the inputs of a refinement: documents become token ids while the initial vectors are loaded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from selfvec.base.answer import Json
from selfvec.base.casing import language_of
from selfvec.base.errors import CorpusError
from selfvec.base.progress import BESIDE, Timings
from selfvec.base.threads import prefetched
from selfvec.data.provenance import Provenance
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors, coverage
from selfvec.files.checksums import sha256
from selfvec.files.memory import return_freed_memory
from selfvec.storage.formats import load
from selfvec.storage.public_vectors import locate
from selfvec.text import Encoding, Rules, encode, tokenizer
from selfvec.text.language_recognition import language_of_text, note_on_language
from selfvec.text.languages import STOP_WORDS
from selfvec.text.repeats import Repeats
from selfvec.text.segmentation import segmenter, unsegmented
from selfvec.text.tokenizers import SPLITS

from .inputs import (
    FROM_TEXT,
    Execution,
    Inputs,
    by_token,
    check_installed,
    check_slices,
    check_tokens,
    counted,
    initial_vectors,
)

if TYPE_CHECKING:
    import polars as pl

    from selfvec.corpus import Corpus
    from selfvec.data.documents import Documents
    from selfvec.storage.text_file import TextWriter
    from selfvec.text.phrase_finding import Finder

Start = Vectors | str | os.PathLike[str] | None
"""The initial vectors: `Vectors`, their path, or a name in `training.FROM_TEXT`; None is "none"."""


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
    language, uncut = language_and_notes(words_read, settings)
    for note in uncut:
        corpus.summary.note(note)
    listed = settings.stop_words
    if listed and listed not in STOP_WORDS and not encoding.dropped.get("stop words"):
        corpus.summary.note(f"no word of the text is in the stop words of {listed}: is it the list you mean?")
    del words_read
    encoding = replace(encoding, language=language)
    return_freed_memory()
    pretrained, described = described_load.result()
    words = pretrained.key_to_index if pretrained is not None else {}
    with execution.timings.stage("count"):
        # The ids are overwritten, because a second array of ids would double the memory.
        batch, repeats, kept_from = counted(unstemmed, words, settings, execution.jobs)
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
        execution.progress.stage("Reading", corpus.total_bytes, "bytes") as advance,
        closing(prefetched(corpus.batches(advance))) as ahead,
    ):
        tokens, encoding = encode(
            _timed(ahead, timings, pretrained, keep),
            tokenizer(settings.tokenizer, settings.language),
            rules,
            pretrained,
            phrases=finder or (),
            unstemmed=finder is None,
            jobs=execution.jobs,
        )
    elapsed = time.perf_counter() - started
    timings["tokenize"] = elapsed - (timings.get("read", 0.0) - read_before)
    return with_days(tokens, corpus.days), encoding


def with_days(tokens: TokenBatch, days: pl.Series | None) -> TokenBatch:
    """A text with the days of its documents, if these were known only when all of it was read."""
    return tokens if days is None else replace(tokens, dates=days.to_numpy().astype("datetime64[D]"))


def language_and_notes(words: list[tuple[str, int]], settings: Settings) -> tuple[str | None, list[str]]:
    """The language of a whole text, from its words and their counts; a note if it is not cut into words."""
    sentence = unsegmented(words, settings.language, "the text") if settings.tokenizer == "words" else None
    return language_of_text(words, settings), [sentence] if sentence else []


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

    return tagged(documents, settings.tagger, settings.tokenizer, settings.language)


def starts(vectors: Start | Sequence[Start]) -> list[Start]:
    """One or several initial vectors as a list."""
    return list(vectors) if isinstance(vectors, list | tuple) else [cast(Start, vectors)]


def check_packages(candidates: Sequence[Start], settings: Settings) -> None:
    """Raise `MissingExtra` before anything is read if a package is needed that is not installed."""
    if settings.pos or settings.tagger:
        from selfvec.text.tagger import check_tagger

        check_tagger(settings.tagger)
    if settings.tokenizer == "words":
        segmenter(settings.language)
    for vectors in candidates:
        if isinstance(vectors, str) and vectors in FROM_TEXT:
            check_installed(vectors)


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


def general_words(words: Iterable[str], most: int = 10_000) -> tuple[str, ...]:
    """The first words of vectors that consist of letters, in lower case, each once.

    >>> general_words(["The", "##ing", "the", "hail"])
    ('the', 'hail')
    """
    return tuple(dict.fromkeys(word.lower() for word in words if word.isalpha()))[:most]
