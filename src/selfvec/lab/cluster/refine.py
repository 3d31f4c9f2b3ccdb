"""`refine_on`: the decorrelated method on text that many workers read.

    shards ──▶ words, passages ──▶ vocabulary ──▶ ids ──▶ pass: neighbour sums ──▶ Run

Workers read shards and sum neighbours. The client joins what they found and does all else as one machine
does, with the functions of `selfvec.refinement`. So the result is that of one machine up to rounding.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.errors import CorpusError, OptionError, TargetError
from selfvec.base.progress import say
from selfvec.base.threads import one_core
from selfvec.corpus.conversion import paths_of
from selfvec.corpus.dates import decided
from selfvec.corpus.fields import FieldNames, FieldOptions
from selfvec.corpus.files import LeftOut
from selfvec.corpus.kept_documents import notes_on_ids
from selfvec.corpus.summary import joined_corpora
from selfvec.data.run import Run
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, concatenated
from selfvec.refinement.inputs import (
    Execution,
    Inputs,
    Start,
    check_tokens,
    initial_vectors,
    load_start,
    provenance_of,
    vocabulary,
    with_language,
)
from selfvec.refinement.pipeline import refine_inputs
from selfvec.storage.run_folder import LOCK, open_run
from selfvec.storage.run_writer import RunWriter
from selfvec.text import Encoding

from .scheduler import LOCAL, Future, Scheduler, connected
from .shards import SHARD_BYTES, Shard, filesystem, find_shards, is_remote, joined_files
from .tasks import (
    COUNT,
    NUMBER,
    WORD,
    ClusterScan,
    KnownWords,
    ShardRead,
    add_counts,
    count_words,
    find_shard_repeats,
    numbered,
    pass_ranges,
    read_shard,
    settle_shard,
)

KEPT_TOKENS = 1 << 28  # a run with more tokens does not keep them, because they would pass through the client

_ONE_PLACE = "needs all of the text in one place"
_ONE_TABLE = "are compared on one machine; a cluster starts from one table"
_REFUSED: dict[str, tuple[tuple[Any, ...], str, str]] = {
    "method": (("auto", "decorrelated"), "reads the text in order", "choose decorrelated"),
    "phrases": ((None,), _ONE_PLACE, "leave it out"),
    "tagger": ((None,), _ONE_PLACE, "leave it out"),
    "slice": ((None,), _ONE_PLACE, "leave it out"),
    "half_life": ((None,), _ONE_PLACE, "leave it out"),
    "history": (("auto", "none"), "records states while the text is read in order", "leave it out"),
}
"""Options that are limited on a cluster: the allowed values, why the others are refused, and the remedy."""


def cluster_settings(settings: Settings) -> Settings:
    """The settings with the method for clusters; `OptionError` for options that a cluster cannot apply."""
    for name, (allowed, why, remedy) in _REFUSED.items():
        for value in settings.history_texts if name == "history" else [getattr(settings, name)]:
            if value not in allowed:
                rule = f"{value} {why}, so it is not available on a cluster"
                raise OptionError(rule, field=name, remedy=remedy)
    return replace(settings, method="decorrelated")


def refine_on(
    cluster: str,
    corpus: Any,
    vectors: Sequence[Start],
    settings: Settings,
    fields: FieldOptions,
    output: Any,
    *,
    overwrite: bool,
    encoder: Any = None,
    embeddings: Any = None,
) -> Run:
    """The run that the workers of a cluster make of files, as `selfvec.refine` takes them."""
    paths, taught = paths_of(corpus), encoder is not None or embeddings is not None
    sliced = f"{_ONE_PLACE}, so it is not done on a cluster"
    for refused, field, rule, remedy in (
        (taught, "encoder", "is for runs that one machine makes, not for a cluster", "leave out --cluster"),
        (paths is None, "corpus", "on a cluster is the paths of files", "name files or folders"),
        (output is None, "output", "is needed on a cluster: a folder or URL", "name one"),
        (len(vectors) > 1, "vectors", _ONE_TABLE, "name one of them"),
        (fields.get("slice_by_name"), "slice", sliced, "leave it out"),
        (fields.get("slice_field"), "slice_field", sliced, "leave it out"),
    ):
        if refused:
            raise OptionError(rule, field=field, remedy=remedy)
    sources = [str(path) for path in paths or ()]
    if cluster != LOCAL:  # workers elsewhere have another current folder
        sources = [name if is_remote(name) or name == "-" else str(Path(name).absolute()) for name in sources]
    allowed = cluster_settings(settings)  # before anything is started
    with (
        output_place(str(output), overwrite=overwrite) as (writer, finish),
        connected(cluster) as scheduler,
    ):
        if settings.method == "auto":
            say("on a cluster the method is decorrelated; auto compares methods on one machine only")
        run = refine_shards(sources, vectors[0], allowed, scheduler, Execution(writer), fields)
        return finish(run)


@one_core()
def refine_shards(
    sources: Sequence[str],  # files, folders and URLs that every worker can read
    vectors: Start,  # only the client reads them
    settings: Settings,  # those of `cluster_settings`
    scheduler: Scheduler,
    execution: Execution,
    fields: FieldOptions,
    shard_bytes: int = SHARD_BYTES,  # the last bits of the result depend on it
) -> Run:
    """Refine vectors on files that the workers of a scheduler read."""
    names = _names(fields, settings)
    timings = execution.timings
    with timings.stage("load"):
        skip = bool(fields.get("skip_bad_rows"))
        shards, left_out = find_shards(sources, names, shard_bytes, skip_bad_rows=skip)
        if not shards:
            raise CorpusError("it has no documents", remedy="give a corpus with text")
        known, described = load_start(vectors, settings)
        if known is None and described["name"] != "none":
            rule = f"vectors by {described['name']} are trained with all of the text in one place"
            raise OptionError(rule, field="vectors", remedy="give a file of vectors, default or none")
        index = {} if known is None else known.key_to_index
    with timings.stage("read"):
        about, tokens, counted, text = _read(scheduler, shards, skip, settings, index, execution)
        encoding = Encoding.joined([one.encoding for one in about])
        encoding, uncut = with_language(encoding, counted.select(WORD, COUNT).rows(), settings)
    with timings.stage("count"):
        repeats, further, repeated = find_shard_repeats(scheduler, tokens, int(counted[COUNT].sum()))
        once = repeated is not None and repeats.once(settings) and repeats.tokens > 0
        if repeated is not None and once:
            counted = add_counts(counted, repeated.with_columns(-pl.col(COUNT)))
        occurrences = counted[COUNT].to_numpy()
        words, numbers, least = vocabulary(counted[WORD].to_list(), occurrences, index, settings)
        check_tokens(words, uncut)
        table = counted.select(WORD, pl.Series(NUMBER, numbers))
        numbered_words = scheduler.keep(table)
        size = len(words.types)
        ranges = [
            scheduler.run(numbered, tokens[part], further[part] if once else [], numbered_words, size)
            for part in pass_ranges(np.array([one.encoding.tokens for one in about]), size)
        ]
        asked = [scheduler.run(attrgetter("empty"), one) for one in ranges]
        del tokens, further  # so that workers need not hold them
        original = initial_vectors(words, known, settings, name=described["name"])  # while workers number
        empty = sum(scheduler.results(asked, "Numbering"))
        batch = _batch(scheduler, words, ranges, settings)
    encoding = encoding.of_counted(words, empty, repeats.tokens if once else 0, least)
    described_shards = [  # with the worker that read each
        {**shard.as_dict(), "sha256": one.summary.files[0].sha256, "worker": one.worker}
        for shard, one in zip(shards, about, strict=True)
    ]
    more = {
        "corpus": _corpus_summary(about, batch, text, shards, left_out, uncut),
        "cluster": {**scheduler.as_dict(), "tasks": len(shards), "shards": described_shards},
    }
    provenance = provenance_of(described, original, words, repeats, settings, encoding, **more)

    def scan(window: int) -> ClusterScan:
        return ClusterScan(words, window, scheduler, ranges)

    return refine_inputs(Inputs(batch, original, provenance, repeats, text, scan=scan), settings, execution)


def _names(fields: FieldOptions, settings: Settings) -> FieldNames:
    """The fields that are named; all others are kept unless some are named, or no text is kept."""
    kept = fields.get("keep_fields")
    keep = settings.keeps_text and (kept is None or kept)
    text, date = fields.get("text_field"), fields.get("date_field")
    return FieldNames.of(text, date, id_field=fields.get("id_field"), keep_fields=keep)


def _read(
    scheduler: Scheduler,
    shards: Sequence[Shard],
    skip_bad_rows: bool,
    settings: Settings,
    index: Mapping[str, int],  # words with a vector
    execution: Execution,
) -> tuple[list[ShardRead], list[Future], pl.DataFrame, RunText | None]:
    """Let workers read shards. The client writes the documents of one after the other.

    What is known about each shard; its tokens, as `TokenBatch`; the words of all, and their occurrences; the
    documents of all, if the run keeps them.
    """
    known = scheduler.keep(KnownWords(pl.Series(list(index), dtype=pl.String)))

    def apart(task: Callable[..., Any], *given: Any, number: int) -> list[Future]:
        """What a task returns, a future for each: what is known about a shard, its tokens, its documents."""
        whole = scheduler.run(task, *given)
        return [scheduler.run(itemgetter(place), whole) for place in range(number)]

    how = (skip_bad_rows, settings, known)
    parts = [apart(read_shard, shard, *how, number=4) for shard in shards]
    # Documents stay with the workers: how dates are written may be known from the last shard only.
    about: list[ShardRead] = list(scheduler.results([part[0] for part in parts], "Reading"))
    dated = {number: one.evidence for number, one in enumerate(about) if one.evidence is not None}
    columns = [(shards[n].fields.date or "", shards[n].source.path, values) for n, values in dated.items()]
    for number, decision in zip(dated, decided(columns), strict=True):
        parts[number] = apart(settle_shard, *parts[number], decision, skip_bad_rows, number=3)
    for number in dated:
        about[number] = scheduler.result(parts[number][0])
    tokens = [part[1] for part in parts]
    counted = scheduler.added([scheduler.run(count_words, one) for one in tokens], add_counts)
    asked = [*([part[2] for part in parts] if settings.keeps_text else ()), counted]
    del parts, counted  # so that workers need not hold them
    results = scheduler.results(asked, "Collecting")
    joined: RunText | None = None
    if settings.keeps_text:
        with execution.text_writer(kinds={}) as writer:
            for text in islice(results, len(shards)):
                for documents in text.batches():
                    writer.add(documents)
            joined = writer.finish()
    (counts,) = results
    return about, tokens, counts, joined


def _batch(scheduler: Scheduler, words: TokenBatch, ranges: list[Future], settings: Settings) -> TokenBatch:
    """The tokens if the run keeps them, otherwise the words with their counts."""
    size = int(words.counts.sum())
    if not settings.keeps_tokens or size > KEPT_TOKENS:
        return words
    parts = list(scheduler.results([*ranges], "Collecting"))
    return concatenated(parts, types=words.types).with_counts(words.counts)


def _corpus_summary(
    about: Sequence[ShardRead],
    batch: TokenBatch,
    text: RunText | None,
    shards: Sequence[Shard],
    left_out: LeftOut,
    notes: Sequence[str],  # on the whole corpus
) -> dict[str, Any]:
    repeated = 0
    if batch.fingerprints is not None:
        known = sum(one.summary.duplicates for one in about)
        repeated = len(batch.fingerprints) - len(np.unique(batch.fingerprints)) - known
    on_ids = None if text is None else notes_on_ids([(text, None)])
    parts = [one.summary.as_dict() | {"files": []} for one in about]
    corpus = joined_corpora(parts, repeated, on_ids=on_ids)
    files = joined_files(shards, [one.summary.files[0] for one in about])
    said = {"notes": [*left_out.notes, *notes, *corpus["notes"]]}
    return corpus | {"files": list(map(asdict, files)), "skipped_files": left_out.names} | said


@contextmanager
def output_place(output: str, *, overwrite: bool = False) -> Iterator[tuple[RunWriter, Callable[[Run], Run]]]:
    """The writer of a run, and the function that makes it what was written; for a URL in a temporary folder.

    If the block ends before the run is finished, nothing has changed.
    """
    if not is_remote(output):
        with RunWriter(output, overwrite=overwrite) as writer:

            def opened(run: Run) -> Run:
                writer.finish(run)
                return open_run(writer.target)

            yield writer, opened
        return
    url = output.rstrip("/")
    files, target = filesystem(url)
    if files.exists(target) and not files.exists(f"{target}/run.json"):
        rule = "exists already and is not a run folder; it is not replaced even with --overwrite"
        raise TargetError(rule, path=url, remedy="choose another name")
    if files.exists(target) and not overwrite:
        remedy = "choose another name, or replace it with --overwrite"
        raise TargetError("exists already", path=url, remedy=remedy)
    with tempfile.TemporaryDirectory(prefix="selfvec-") as folder, RunWriter(Path(folder, "run")) as writer:

        def finish(run: Run) -> Run:
            writer.finish(run)
            if files.exists(target):
                files.rm(target, recursive=True)
            written = [path for path in writer.target.rglob("*") if path.is_file() and path.name != LOCK]
            for path in sorted(written, key=lambda path: path.name == "run.json"):  # which completes the run
                files.put_file(str(path), f"{target}/{path.relative_to(writer.target).as_posix()}")
            return run

        yield writer, finish
