"""`refine_on_cluster`: the decorrelated method on text that many workers read.

    shards ──▶ words, passages ──▶ vocabulary ──▶ ids, neighbours ──▶ pass: sums ──▶ moments ──▶ rows ──▶ Run

The client holds the vocabulary and the vectors, but not the text. It plans the tasks, decomposes a d × d
matrix and performs the steps of `selfvec.refinement` between and after the passes. The result is that of
`selfvec.refinement.pipeline` up to rounding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.provenance import Timings
from selfvec.cooccurrence.scan import Centring
from selfvec.corpus.summary import FileRead
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.whitening import whitening_matrix
from selfvec.refinement.decorrelated import GAMMA, WINDOW
from selfvec.refinement.inputs import InputProvenance, Inputs, Start, load_start, option_files
from selfvec.refinement.joining import joined_corpora
from selfvec.refinement.pipeline import run_of
from selfvec.refinement.plan import make_plan
from selfvec.refinement.unknown_words import initial_vectors
from selfvec.text import Encoding
from selfvec.text.encoding import RARE, REPEATED
from selfvec.text.repeats import Repeats
from selfvec.text.stems import UnstemmedTokens, merged_types

from .repeats import ShardRepeats, find_shard_repeats
from .shards import SHARD_BYTES, Rows, TextShard, find_shards, joined_files
from .shared_files import BROKEN, SUFFIX, exists, listed, load, packed_words, save
from .sums import Partial, finish
from .tasks import (
    BLOCK,
    Job,
    count_neighbours,
    count_words,
    keeps_whole,
    moments_of_rows,
    row_file,
    shard_tokens,
    sum_neighbours,
    whiten_rows,
)
from .tree import Engine, reduced, tree

__all__ = ["KEPT_TOKENS", "cluster_settings", "refine_on_cluster"]

SHARDS_PER_TASK = 4
MOST_TASKS = 1024  # of a reduction; a larger corpus has more shards per task
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
    rows: Rows | None = None,
    progress: Progress | None = None,
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
        A folder or URL that every worker can write. Finished tasks are saved there, and a job with the same
        sources and options continues from them.
    rows : Rows, optional
        How rows are read as documents.
    progress : Progress, optional
    cut : (int, int)
        Bytes of a shard and the least number of shards in a task. The last bits of the result depend on it.

    Returns
    -------
    Run
    """
    settings, progress = cluster_settings(settings), progress or Progress()
    timings = Timings()
    with timings.stage("load"):
        shards, skipped = find_shards(sources, cut[0])
        known, described = load_start(vectors, settings)
        if known is None and described["name"] != "none":
            rule = f"vectors by {described['name']} are trained with all of the text in one place"
            raise OptionError(rule, field="vectors", remedy="give a file of vectors, default or none")
        job = _job(shards, known, described, settings, rows or Rows(), work)
    ranges = _ranges(len(shards), cut[1])
    with timings.stage("read"):
        words = reduced(engine, tree(f"{job.folder}/words", ranges), partial(count_words, job), "Reading")
        repeated = find_shard_repeats(job, engine, ranges, int(words.sums["counts"].sum()))
    with timings.stage("count"):
        types = _vocabulary(job, words, known, repeated)
        counter = partial(count_neighbours, job)
        counted = reduced(engine, tree(f"{job.folder}/degrees", ranges), counter, "Counting")
        batch = _batch(job, types, counted, words, len(shards))
        empty = int(counted.sums["empty"][0])
        inputs = _inputs(batch, empty, job, words, known, described, (shards, skipped), repeated.repeats)
    if pruned := int(words.sums["pruned"][0]):
        progress.say(f"{pruned:,} tokens of the rarest words were left out of the vocabulary")
    operator = ClusterScan(job, engine, ranges, counted.sums["degrees"])
    plan = make_plan(settings, inputs.batch, inputs.original)
    with timings.stage("refine"):
        refinement = replace(plan, operator=operator).start()
        while not refinement.done:
            refinement.advance()
    run = run_of(plan, refinement, inputs, timings)
    run.provenance["cluster"] = {
        "engine": engine.name,
        "workers": engine.workers,
        "tasks": len(ranges),
        "shards": [
            shard.as_dict() | {"sha256": json.loads(note)["corpus"]["files"][0]["sha256"]}
            for shard, note in zip(shards, words.notes, strict=True)
        ],
    }
    return run


def cluster_settings(settings: Settings) -> Settings:
    """The settings with the method for clusters; `OptionError` for options that a cluster cannot apply."""
    for name, (allowed, why, remedy) in _REFUSED.items():
        for value in settings.history_texts if name == "history" else [getattr(settings, name)]:
            if value not in allowed:
                rule = f"{value} {why}, so it is not available on a cluster"
                raise OptionError(rule, field=name, remedy=remedy)
    return replace(settings, method="decorrelated")


def _ranges(shards: int, least: int) -> list[tuple[int, int]]:
    """The range of shards of each task. It depends only on the number of shards."""
    size = max(least, -(-shards // MOST_TASKS))
    return [(first, min(first + size, shards)) for first in range(0, shards, size)]


def _job(
    shards: Sequence[TextShard],
    known: Vectors | None,
    described: dict[str, Any],
    settings: Settings,
    rows: Rows,
    work: str,
) -> Job:
    """The job in its folder, which is named by a hash of everything that the result depends on."""
    if not shards:
        raise CorpusError("it has no documents", remedy="give a corpus with text")
    listed_shards = json.dumps([shard.as_dict() | {"members": shard.members} for shard in shards])
    inputs = [listed_shards, settings.as_dict(), repr(rows), described, option_files(settings)]
    digest = hashlib.sha256(json.dumps(inputs, default=str, sort_keys=True).encode())
    if isinstance(known, Vectors) and "sha256" not in described:
        digest.update(np.ascontiguousarray(known.vectors[:1000]).data)
    window = WINDOW if settings.window == "auto" else int(settings.window)
    job = Job(f"{work.rstrip('/')}/{digest.hexdigest()[:16]}", settings, rows, window)
    others = listed(work.rstrip("/")) - {job.folder}
    if others:
        raise OptionError(
            "the interrupted run had another corpus, other vectors or other options",
            remedy="repeat its command with --resume, or start over without --resume",
        )
    if not exists(job.file("job")):
        save(job.file("known"), packed_words([] if known is None else known.index_to_key))
        save(job.file("job"), {}, {"shards": listed_shards})
    return job


def _vocabulary(job: Job, words: Partial, known: Vectors | None, repeated: ShardRepeats) -> list[str]:
    """The types by falling frequency. The number of each word of the text is written to a file."""
    settings, occurrences = job.settings, np.array(words.sums["counts"])
    once = repeated.repeats.once(settings) and bool(repeated.repeats.tokens)
    if once:
        further = dict(zip(repeated.words, repeated.counts.tolist(), strict=True))
        occurrences -= np.fromiter((further.get(word, 0) for word in words.words), np.int64)
    index = {} if known is None else known.key_to_index
    numbers, types = merged_types(words.words, occurrences, index, settings.stem, settings.min_count)
    counts = np.zeros(len(types) + 1, np.int64)
    np.add.at(counts, numbers, occurrences)  # dropped words are counted in the last place
    if len(types) < 2:
        raise CorpusError(
            f"{len(types)} words of the corpus remain after filtering, at least two are needed",
            remedy="loosen --min-count, --pos or --stop-words, or add more text",
        )
    order = np.argsort(-counts[:-1], kind="stable")
    rank = np.full(len(types) + 1, -1, np.int32)
    rank[order] = np.arange(len(types), dtype=np.int32)
    if not exists(job.file("vocabulary")):
        tensors = {**packed_words(words.words), "numbers": rank[numbers], "once": np.array([once], np.uint8)}
        save(job.file("vocabulary"), tensors)
    return [types[i] for i in order.tolist()]


@dataclass(frozen=True)
class WordCounts(TokenBatch):
    """A vocabulary with counts, without the ids of the text."""

    occurrences: Ints | None = None  # (V,)
    texts: int = 0  # documents

    def __post_init__(self) -> None:
        assert self.occurrences is not None
        object.__setattr__(self, "counts", self.occurrences)

    def __len__(self) -> int:
        return int(self.counts.sum())

    @property
    def documents(self) -> int:
        """Number of documents, empty ones included."""
        return self.texts


def _batch(job: Job, types: list[str], counted: Partial, words: Partial, shards: int) -> TokenBatch:
    """The tokens if the run keeps them, otherwise the words with their counts."""
    counts = np.array(counted.sums["counts"])
    texts = sum(json.loads(note)["text"]["documents"] for note in words.notes)
    if not job.settings.keep_tokens or counts.sum() > KEPT_TOKENS:
        nothing = np.zeros(0, np.int32), np.zeros(1, np.int64)
        return WordCounts(*nothing, types, occurrences=counts, texts=texts)
    parts = [shard_tokens(job, number) for number in range(shards)]
    days = [
        part.get("days", np.full(len(part["sentences"]), "NaT", "M8[D]").astype(np.int64)) for part in parts
    ]
    return TokenBatch(
        np.concatenate([part["ids"] for part in parts]),
        _bounds([part["offsets"] for part in parts]),
        types,
        np.concatenate(days).astype("datetime64[D]") if any("days" in part for part in parts) else None,
        int(sum(part["sentences"].sum() for part in parts)),
        fingerprints=np.concatenate([part["fingerprints"] for part in parts]),
        sentence_counts=np.concatenate([part["sentences"] for part in parts]),
    )


def _bounds(parts: Sequence[Ints]) -> Ints:
    """The bounds of the documents of consecutive shards."""
    starts = np.cumsum([0, *(part[-1] for part in parts)])
    return np.concatenate([[0], *(start + part[1:] for start, part in zip(starts, parts, strict=False))])


def _unstemmed(job: Job, words: Partial, shards: int) -> UnstemmedTokens | None:
    """The whole text, which updates of the run need if the counted tokens differ from it."""
    if not keeps_whole(job):
        return None
    parts = [shard_tokens(job, number) for number in range(shards)]
    ids, sentences = (np.concatenate([p[f"unstemmed{of}"] for p in parts]) for of in ("", "_sentences"))
    bounds = _bounds([part["unstemmed_offsets"] for part in parts])
    return UnstemmedTokens(words.words, ids, bounds, sentences)


def _inputs(
    batch: TokenBatch,
    empty: int,  # documents without any word
    job: Job,
    words: Partial,
    known: Vectors | None,
    described: dict[str, Any],
    found: tuple[list[TextShard], list[str]],  # shards, and files of other kinds
    repeats: Repeats,
) -> Inputs:
    """The inputs of a refinement, with the same provenance as on one machine."""
    shards, skipped = found
    notes = [json.loads(note) for note in words.notes]
    read = [FileRead(**note["corpus"]["files"][0]) for note in notes]
    marks = batch.fingerprints
    again = 0 if marks is None else len(marks) - len(np.unique(marks))
    again -= 0 if marks is None else sum(note["corpus"]["duplicates"] for note in notes)
    corpus = joined_corpora([note["corpus"] | {"files": []} for note in notes], again)
    corpus |= {"files": [asdict(file) for file in joined_files(shards, read)], "skipped_files": skipped}
    texts = [note["text"] for note in notes]
    dropped: dict[str, int] = {}
    for text in texts:
        for rule, tokens in text["dropped"].items():
            dropped[rule] = dropped.get(rule, 0) + tokens
    raw, tokens = sum(text["raw_tokens"] for text in texts), len(batch)
    if repeats.once(job.settings) and repeats.tokens:
        dropped[REPEATED] = repeats.tokens
    if rare := raw - tokens - sum(dropped.values()):
        dropped[RARE] = rare
    sentences = sum(text["sentences"] for text in texts)
    about = Encoding(
        texts[0]["tokenizer"], batch.documents, sentences, empty, raw, tokens, dropped, None, len(batch.types)
    )
    original = initial_vectors(batch, known, job.settings)
    kept = None if isinstance(batch, WordCounts) else _unstemmed(job, words, len(shards))
    passages = repeats.as_dict(job.settings)
    provenance = InputProvenance(corpus, about, described, option_files(job.settings), repeats=passages)
    return Inputs(batch, original, provenance, kept, repeats)


class ClusterScan:
    """The neighbour operator A of a text in shards. Workers whiten the rows that they sum."""

    def __init__(self, job: Job, engine: Engine, ranges: Sequence[tuple[int, int]], degrees: Ints) -> None:
        self.job, self.engine, self.ranges = job, engine, ranges
        self.degrees = degrees.astype(np.float64)
        self._passes = 0

    @property
    def _folder(self) -> str:
        return f"{self.job.folder}/pass-{self._passes}"

    def apply(self, table: AnyFloats, out: Floats | None = None) -> Floats:
        """Sum every word's neighbours; (V, d) -> (V, d) float32."""
        total = self._sum(table)
        self._passes += 1
        if out is None:
            return finish(total)
        out[:] = finish(total)
        return out

    def decorrelated(self, table: Floats, power: float, out: Floats | None = None) -> Floats:
        """One pass: unit rows of the whitened neighbour sums."""
        out = np.empty_like(table) if out is None else out
        following = f"{self.job.folder}/pass-{self._passes + 1}/table"
        try:
            _assemble(following, out)
        except BROKEN:  # usually missing
            self._sum(table)
            self._whiten(power, following, range(0, len(table), BLOCK))
            _assemble(following, out)
        self._passes += 1
        return out

    def _sum(self, table: AnyFloats) -> Partial:
        """The neighbour sums of a matrix, whose rows the previous pass may have written."""
        shared = f"{self._folder}/table"
        centre, written = f"{shared}/centre{SUFFIX}", listed(shared)
        for start in range(0, len(table), BLOCK):
            if row_file(shared, start) not in written:
                save(row_file(shared, start), {"rows": table[start : start + BLOCK].astype(np.float32)})
        if centre not in written:
            centring = Centring(self.degrees, GAMMA, table)
            save(centre, {"weights": centring.weights, "mean": centring.mean})
        root = tree(f"{self._folder}/sums", self.ranges)
        return reduced(self.engine, root, partial(sum_neighbours, self.job, shared), "Summing neighbours")

    def _whiten(self, power: float, following: str, starts: Sequence[int]) -> None:
        root = tree(f"{self._folder}/sums", self.ranges).url
        blocks = tree(f"{self._folder}/moments", [(n, n + 1) for n in range(len(starts))])
        sums = reduced(self.engine, blocks, partial(moments_of_rows, root), "Whitening").sums
        mean = sums["total"] / np.maximum(sums["number"], 1)
        spread = sums["moment"] / np.maximum(sums["number"], 1) - np.outer(mean, mean)
        whitening = f"{self._folder}/whitening{SUFFIX}"
        save(whitening, {"shift": mean.astype(np.float32), "turn": whitening_matrix(spread, power)})
        tasks = [self.engine.submit(whiten_rows, root, whitening, following, start) for start in starts]
        self.engine.gather(tasks, "Writing rows")


def _assemble(folder: str, out: Floats) -> None:
    """Fill a matrix from its blocks of rows; raise one of `BROKEN` if a block is missing or damaged."""
    blocks = {start: load(row_file(folder, start))[0]["rows"] for start in range(0, len(out), BLOCK)}
    for start, rows in blocks.items():
        out[start : start + BLOCK] = rows
