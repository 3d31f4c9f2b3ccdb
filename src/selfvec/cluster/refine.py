"""`refine_on_cluster`: the decorrelated method on text that many workers read.

    shards ──▶ words, passages ──▶ vocabulary ──▶ ids, neighbours ──▶ pass: sums ──▶ moments ──▶ rows ──▶ Run

The client holds the vocabulary and the vectors, and a shard of the text while it joins the documents that
workers have read. It plans the tasks and performs the steps of `selfvec.refinement` between and after the
passes. The result is that of `selfvec.refinement.pipeline` up to rounding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from typing import Any
from uuid import uuid4

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.memory import release
from selfvec.base.progress import Progress
from selfvec.base.scratch import scratch_array
from selfvec.base.threads import in_order, threads
from selfvec.corpus.files import require_fields
from selfvec.corpus.joined_summary import joined_corpora
from selfvec.corpus.summary import FileRead
from selfvec.data.methods import METHODS
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, concatenated, frequency_order
from selfvec.data.vectors import Vectors
from selfvec.refinement.execution import Execution
from selfvec.refinement.initial_vectors import initial_vectors
from selfvec.refinement.input_reading import Start, load_start, option_files
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.method_choice import make_plan
from selfvec.refinement.methods import decorrelated
from selfvec.refinement.pipeline import run_of
from selfvec.storage.run_writer import RunWriter
from selfvec.text import Encoding
from selfvec.text.encoding import RARE, REPEATED, dropped_in_all
from selfvec.text.repeats import Repeats
from selfvec.text.stems import merged_types

from .job import Job, as_batch, read_text
from .neighbour_sums import ClusterScan, pass_ranges
from .repeats import ShardRepeats, find_shard_repeats
from .shards import SHARD_BYTES, RowOptions, TextShard, find_shards, joined_files, task_ranges
from .shared_files import make_folder, packed_words, save
from .sums import Partial
from .tasks import count_neighbours, count_words, shard_tokens
from .tree import Engine, reduced, tree

__all__ = ["KEPT_TOKENS", "cluster_settings", "refine_on_cluster"]

SHARDS_PER_TASK = 4
KEPT_TOKENS = 1 << 28  # a run with more tokens does not keep them, because they would pass through the client

_REFUSED: dict[str, tuple[tuple[Any, ...], str, str]] = {
    "method": (("auto", "decorrelated"), "reads the text in order", "choose decorrelated"),
    "operator": (("scan",), "holds counts of pairs of words, which do not fit one machine", "use the scan"),
    "phrases": ((None,), "needs all of the text in one place", "leave it out"),
    "tagger": ((None,), "learns from the beginning of the text", "leave it out"),
    "slice": ((None,), "needs all tokens in one place", "leave it out"),
    "history": (("auto", "none"), "records states while the text is read in order", "leave it out"),
}
"""Options that are limited on a cluster: the allowed values, why the others are refused, and the remedy."""


def refine_on_cluster(
    sources: Sequence[str],
    vectors: Start,
    settings: Settings,
    engine: Engine,
    work: str,
    *,
    rows: RowOptions | None = None,
    progress: Progress | None = None,
    writer: RunWriter | None = None,
    cut: tuple[int, int] = (SHARD_BYTES, SHARDS_PER_TASK),
) -> Run:
    """Refine vectors on files that the workers of an engine read.

    Parameters
    ----------
    sources : sequence of str
        Files, folders and URLs that every worker can read.
    vectors : Vectors, path, "default", "none" or None
        The initial vectors; only the client reads them.
    settings : Settings
        The method is decorrelated. Raises `OptionError` for options that need all of the text in one place.
    engine : Engine
        See `selfvec.cluster.tree.Engine`.
    work : str
        A folder or URL that every worker can write. The caller deletes what is left in it.
    rows : RowOptions, optional
        How rows are read as documents.
    progress : Progress, optional
    writer : RunWriter, optional
        That of the run folder: the client then holds initial vectors and text in its files.
    cut : (int, int)
        Bytes of a shard and the least number of shards in a task. The last bits of the result depend on it.

    Returns
    -------
    Run
    """
    settings = cluster_settings(settings)
    progress = progress or Progress()
    execution = Execution(writer, progress)
    timings = execution.timings
    with timings.stage("load"):
        shards, skipped = find_shards(sources, cut[0])
        rows = rows or RowOptions()
        require_fields([shard.kind for shard in shards], ", ".join(sources), rows.names.asked)
        known, described = load_start(vectors, settings)
        if known is None and described["name"] != "none":
            rule = f"vectors by {described['name']} are trained with all of the text in one place"
            raise OptionError(rule, field="vectors", remedy="give a file of vectors, default or none")
        job = _job(shards, known, settings, rows, work)
    ranges = task_ranges(len(shards), cut[1])
    with timings.stage("read"):
        words = reduced(engine, tree(f"{job.folder}/words", ranges), partial(count_words, job), "Reading")
        notes = [json.loads(note) for note in words.notes]
        dated = any(note["dated"] for note in notes)
        repeated = find_shard_repeats(job, engine, ranges, int(words.sums["counts"].sum()), dated)
    with timings.stage("count"):
        types, kept_from = _vocabulary(job, words, known, repeated)
        counter = partial(count_neighbours, job)
        with ThreadPoolExecutor(1) as pool:  # the client looks words up while workers count
            looking_up = pool.submit(_original, types, known, settings, writer)
            counted = reduced(engine, tree(f"{job.folder}/degrees", ranges), counter, "Counting")
            original = looking_up.result()
        batch = _batch(job, types, np.array(counted.sums["counts"]), len(shards), execution)
        empty = int(counted.sums["empty"][0])
        texts = [note["text"] for note in notes]
        text = _encoding(texts, batch, empty, kept_from, repeated.repeats, settings)
        provenance = Provenance(
            corpus=_corpus_summary([note["corpus"] for note in notes], batch, shards, skipped),
            text=text.as_dict(),
            vectors=described,
            option_files=option_files(settings),
            repeats=repeated.repeats.as_dict(settings),
        )
        sizes = np.array([text["tokens"] for text in texts])
        kept = _joined_text(job, len(shards), execution)
        inputs = Inputs(batch, original, provenance, repeated.repeats, kept)
    if pruned := int(words.sums["pruned"][0]):
        progress.say(f"{pruned:,} tokens of the rarest words were left out of the vocabulary")
    operator = ClusterScan(job, engine, pass_ranges(sizes, len(batch.types)), counted.sums["degrees"])
    plan = make_plan(settings, inputs)
    with timings.stage("refine"):
        refinement = decorrelated.start(plan, operator=operator)
        while not refinement.done:
            refinement.advance()
    shared_work = {
        "engine": engine.name,
        "workers": engine.workers,
        "tasks": len(ranges),
        "shards": [
            shard.as_dict() | {"sha256": note["corpus"]["files"][0]["sha256"], "worker": note["worker"]}
            for shard, note in zip(shards, notes, strict=True)
        ],
    }
    made = run_of(plan, refinement, execution, cluster=shared_work)
    return made if len(batch) else made.replace(tokens=None)


def cluster_settings(settings: Settings) -> Settings:
    """The settings with the method for clusters; `OptionError` for options that a cluster cannot apply."""
    for name, (allowed, why, remedy) in _REFUSED.items():
        for value in settings.history_texts if name == "history" else [getattr(settings, name)]:
            if value not in allowed:
                rule = f"{value} {why}, so it is not available on a cluster"
                raise OptionError(rule, field=name, remedy=remedy)
    return replace(settings, method="decorrelated")


def _job(
    shards: Sequence[TextShard],
    known: Vectors | None,
    settings: Settings,
    rows: RowOptions,
    work: str,
) -> Job:
    """The job in a new folder. No job before had its name, because workers remember what they have read."""
    if not shards:
        raise CorpusError("it has no documents", remedy="give a corpus with text")
    listed_shards = json.dumps([shard.as_dict() | {"members": shard.members} for shard in shards])
    auto = METHODS["decorrelated"].window
    window = auto if settings.window == "auto" else int(settings.window)
    rows = rows if settings.keeps_text else replace(rows, keep_fields=False)
    job = Job(f"{work.rstrip('/')}/{uuid4().hex[:8]}", settings, rows, window)
    make_folder(job.folder)
    save(job.file("known"), packed_words([] if known is None else known.index_to_key))
    save(job.file("job"), {}, {"shards": listed_shards})
    return job


def _vocabulary(
    job: Job, words: Partial, known: Vectors | None, repeated: ShardRepeats
) -> tuple[list[str], int]:
    """The types by falling frequency, and the least count of one that is kept.

    The number of each word of the text is written to a file.
    """
    settings = job.settings
    occurrences = np.array(words.sums["counts"])
    once = repeated.repeats.once(settings) and bool(repeated.repeats.tokens)
    if once:
        further = dict(zip(repeated.words, repeated.counts.tolist(), strict=True))
        occurrences -= np.fromiter((further.get(word, 0) for word in words.words), np.int64)
    index = {} if known is None else known.key_to_index
    rules = settings.stem, settings.min_count, settings.max_types
    numbers, types, kept_from = merged_types(words.words, occurrences, index, *rules)
    counts = np.zeros(len(types) + 1, np.int64)
    np.add.at(counts, numbers, occurrences)  # dropped words are counted in the last place
    if len(types) < 2:
        raise CorpusError(
            f"{len(types)} words of the corpus remain after filtering, at least two are needed",
            remedy="loosen --min-count, --max-types, --pos or --stop-words, or add more text",
        )
    order, rank = frequency_order(counts[:-1])
    tensors = {
        **packed_words(words.words),
        "numbers": np.append(rank, np.int32(-1))[numbers],
        "once": np.array([once], np.uint8),
    }
    save(job.file("vocabulary"), tensors)
    return [types[i] for i in order.tolist()], kept_from


def _original(
    types: list[str], known: Vectors | None, settings: Settings, writer: RunWriter | None
) -> Vectors:
    """The initial vectors of the types, in a file of the run."""
    original = initial_vectors(TokenBatch.of_counts(types, np.ones(len(types), np.int64)), known, settings)
    if writer is not None:
        writer.keep(original)
        writer.map_kept(original)
    return original


def _batch(job: Job, types: list[str], counts: Ints, shards: int, execution: Execution) -> TokenBatch:
    """The tokens if the run keeps them, otherwise the words with their counts, (V,)."""
    total = int(counts.sum())
    if not job.settings.keeps_tokens or total > KEPT_TOKENS:
        return TokenBatch.of_counts(types, counts)
    ids = execution.token_ids(total)
    ids = scratch_array(total, np.int32) if ids is None else ids
    parts = []
    start = 0
    for tensors in in_order(range(shards), partial(shard_tokens, job), threads(None)):
        own = ids[start : start + len(tensors["ids"])]
        own[:] = tensors["ids"]
        parts.append(as_batch({**tensors, "ids": own}, types))
        release(own)
        start += len(own)
    return concatenated(parts, out=ids).with_counts(counts)  # workers have counted them


def _joined_text(job: Job, shards: int, execution: Execution) -> RunText | None:
    """The documents of all shards, if the run keeps them."""
    if not job.settings.keeps_text:
        return None
    with execution.text_writer() as text:
        for number in range(shards):
            for documents in read_text(job, number).batches():
                text.add(documents)
        return text.finish()


def _corpus_summary(
    summaries: Sequence[dict[str, Any]],  # of each shard
    batch: TokenBatch,
    shards: Sequence[TextShard],
    skipped: list[str],
) -> dict[str, Any]:
    """The summary of the whole corpus; texts that several shards contain are duplicates."""
    read = [FileRead(**summary["files"][0]) for summary in summaries]
    repeated = 0
    if batch.fingerprints is not None:
        known = sum(summary["duplicates"] for summary in summaries)
        repeated = len(batch.fingerprints) - len(np.unique(batch.fingerprints)) - known
    corpus = joined_corpora([summary | {"files": []} for summary in summaries], repeated)
    files = [asdict(file) for file in joined_files(shards, read)]
    return corpus | {"files": files, "skipped_files": skipped}


def _encoding(
    texts: Sequence[dict[str, Any]],  # of each shard
    batch: TokenBatch,
    empty: int,  # documents without any word
    kept_from: int,
    repeats: Repeats,
    settings: Settings,
) -> Encoding:
    """The description of the whole text as tokens."""
    dropped = dropped_in_all(texts)
    if repeats.once(settings) and repeats.tokens:
        dropped[REPEATED] = repeats.tokens
    raw = sum(text["raw_tokens"] for text in texts)
    tokens = int(batch.counts.sum())
    documents = sum(text["documents"] for text in texts)
    if rare := raw - tokens - sum(dropped.values()):
        dropped[RARE] = rare
    sentences = sum(text["sentences"] for text in texts)
    name = texts[0]["tokenizer"]
    types = len(batch.types)
    return Encoding(name, documents, sentences, empty, raw, tokens, dropped, None, types, kept_from)
