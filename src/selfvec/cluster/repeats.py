"""Repeated passages of a text in shards, with the same result as `selfvec.text.repeats` on one machine.

Workers count n-grams, then list those that may be frequent enough. The client joins the lists. Workers then
count the words of further occurrences, which are not part of the vocabulary's counts.

Each row of a list holds an n-gram, the number of its documents, and the document whose occurrence is counted:
the one with the smallest hash, or the first of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from selfvec.base.arrays import Array, Bytes, Hashes, Ints, Mask
from selfvec.data.token_batch import TokenBatch
from selfvec.text.hashed_ngrams import Ngrams, add_counters, counter_bits, cover, first_places
from selfvec.text.repeats import (
    KEPT,
    LEAST_DOCUMENTS,
    Repeats,
    consists_of_templates,
    example_of,
    left_short,
    tokens_by_document,
)

from .job import Job, read_batch
from .shared_files import load, load_or_make, save
from .sums import Partial, merged
from .tree import Engine, Node, reduced, tree

__all__ = ["ShardRepeats", "find_shard_repeats", "further_in"]

PassageRows = dict[str, Array]
"""``values`` of n-grams, ascending; ``numbers`` of documents; ``owners``, ``shards`` and ``documents`` whose
occurrence is counted."""


@dataclass(frozen=True)
class ShardRepeats:
    """The repeated passages of a text in shards, and the occurrences of words that are not counted."""

    repeats: Repeats
    words: Sequence[str]
    counts: Ints  # of these words, in further occurrences of passages


def find_shard_repeats(
    job: Job,
    engine: Engine,
    ranges: Sequence[tuple[int, int]],
    tokens: int,
    dated: bool,  # whether any document has a date
) -> ShardRepeats:
    """Find the passages, and write them to the file ``repeats`` of the job."""
    rows, example, documents = _find_rows(job, engine, ranges, tokens, dated)
    save(job.file("repeats"), rows)
    if not len(rows["values"]):
        return ShardRepeats(Repeats(rows["values"]), [], np.zeros(0, np.int64))
    counter = partial(count_further, job)
    further = reduced(engine, tree(f"{job.folder}/further", ranges), counter, "Counting repeats")
    number = int(further.sums["counts"].sum())
    notes = [json.loads(note) for note in further.notes]
    repeats = Repeats(
        rows["values"][:KEPT],
        tokens=number,
        documents=sum(note["documents"] for note in notes),
        share=number / max(tokens, 1),
        example=example,
        example_documents=documents,
        templates=consists_of_templates(
            sum(note["short"] for note in notes), sum(note["of"] for note in notes)
        ),
    )
    return ShardRepeats(repeats, further.words, np.array(further.sums["counts"]))


def _find_rows(
    job: Job, engine: Engine, ranges: Sequence[tuple[int, int]], tokens: int, dated: bool
) -> tuple[PassageRows, str, int]:
    """The passages; the passage in the most documents as text, and the number of its documents."""
    root = tree(f"{job.folder}/passages", ranges)
    reduced(engine, root, partial(count_passages, job, counter_bits(tokens)), "Counting passages")
    tasks = [
        engine.submit(
            list_passages, job, root.url, dated, *one, share=Node(root.folder, *one).share("shards")
        )
        for one in ranges
    ]
    engine.gather(tasks, "Listing passages", unit="shards")
    rows = _join([load(_list_file(job, *one))[0] for one in ranges], LEAST_DOCUMENTS)
    if not len(rows["values"]):
        return rows, "", 0
    best = int(np.lexsort((rows["values"], -rows["numbers"]))[0])
    batch = read_batch(job, int(rows["shards"][best]))
    place = _place_of(batch, rows["values"][best : best + 1], int(rows["documents"][best]))
    example = example_of(batch, place, Repeats(rows["values"]).tokens_in(batch))
    return rows, example, int(rows["numbers"][best])


def _join(lists: Sequence[Mapping[str, Array]], least: int = 1) -> PassageRows:
    """A row for each n-gram that occurs in at least so many documents."""
    rows = {name: np.concatenate([part[name] for part in lists]) for name in lists[0]}
    order = np.lexsort([rows[name] for name in ("documents", "shards", "owners", "values")])
    rows = {name: column[order] for name, column in rows.items()}
    _, first = np.unique(rows["values"], return_index=True)
    numbers = np.add.reduceat(rows["numbers"], first) if len(first) else rows["numbers"]
    rows = {name: column[first] for name, column in rows.items()} | {"numbers": numbers}
    return {name: column[numbers >= least] for name, column in rows.items()}


def _place_of(batch: TokenBatch, value: Hashes, document: int) -> int:
    """The position at which an n-gram, (1,), begins in a document."""
    ngrams = Ngrams(batch.part(np.arange(batch.documents) == document), 1)
    ngrams.look_for(value)
    places = [places[values == value] for values, places in ngrams.candidates(1)]
    return int(batch.offsets[document] + np.concatenate(places).min())


# ---- Tasks of workers


def count_passages(job: Job, bits: int, first: int, last: int) -> Partial:
    """The counts of the n-grams of some shards; n-grams may share a counter."""
    counters = np.zeros(1 << bits, np.uint8)
    for number in range(first, last):
        ngrams = Ngrams(read_batch(job, number), 1, bits)
        ngrams.count()
        add_counters(counters, ngrams.counters)
    return Partial(first, last, {"passages": counters})


def list_passages(job: Job, counters: str, dated: bool, first: int, last: int) -> None:
    """Write the n-grams of some shards that may be repeated passages, unless the file exists."""

    def found() -> tuple[PassageRows, dict[str, str]]:
        counted = np.array(load(counters)[0]["passages"])
        return _join([_passages_in(job, number, counted, dated) for number in range(first, last)]), {}

    load_or_make(_list_file(job, first, last), found)


def _list_file(job: Job, first: int, last: int) -> str:
    """The URL of the file that `list_passages` writes."""
    return job.file("found", f"{first:07}-{last:07}")


def _passages_in(job: Job, shard: int, counters: Bytes, dated: bool) -> PassageRows:
    """The n-grams of a shard whose counter reaches the threshold."""
    batch = read_batch(job, shard)
    if dated and batch.dates is None:  # the hash of a document includes its date, also an unknown one
        batch = replace(batch, dates=np.full(batch.documents, "NaT", "datetime64[D]"))
    ngrams = Ngrams(batch, 1, len(counters).bit_length() - 1)
    ngrams.counters = counters
    found = []
    for candidates, places in ngrams.candidates(LEAST_DOCUMENTS):
        values, _, documents = first_places(candidates, places, batch)
        distinct, which = np.unique(documents, return_inverse=True)
        found.append(
            {
                "values": values,
                "numbers": np.ones(len(values), np.int64),
                "owners": ngrams.owners(distinct)[which],
                "shards": np.full(len(values), shard, np.int64),
                "documents": documents,
            }
        )
    return _join(found)


def count_further(job: Job, first: int, last: int) -> Partial:
    """The words of further occurrences of passages in some shards; the notes count documents."""
    return merged(_count_further(job, number) for number in range(first, last))


def _count_further(job: Job, number: int) -> Partial:
    batch = read_batch(job, number)
    further = further_in(job, number, batch)
    counts = np.bincount(batch.ids[further], minlength=len(batch.types)).astype(np.int64)
    words = [batch.types[i] for i in np.flatnonzero(counts).tolist()]
    removed = tokens_by_document(further, batch)
    note = {
        "documents": int(np.count_nonzero(removed)),
        "short": left_short(removed, batch.offsets),
        "of": batch.documents,
    }
    sums = {"counts": counts[counts > 0], "pruned": np.zeros(1, np.int64)}
    return Partial(number, number + 1, sums, words, [json.dumps(note)])


def further_in(job: Job, shard: int, batch: TokenBatch) -> Mask:
    """Which tokens of a shard are further occurrences of repeated passages, (N,) bool."""
    rows = _rows(job.file("repeats"))
    further = np.zeros(len(batch), bool)
    if not len(rows["values"]):
        return further
    ngrams = Ngrams(batch, 1)
    ngrams.look_for(rows["values"])
    counted = []  # places of the occurrences that are counted
    for candidates, places in ngrams.candidates(1):
        repeated = np.isin(candidates, rows["values"])
        cover(further, places[repeated], True)
        values, first, documents = first_places(candidates[repeated], places[repeated], batch)
        row = np.searchsorted(rows["values"], values)
        counted.append(first[(rows["shards"][row] == shard) & (rows["documents"][row] == documents)])
    cover(further, np.concatenate(counted), False)
    return further


@lru_cache(maxsize=2)
def _rows(url: str) -> PassageRows:
    return {name: np.array(column) for name, column in load(url)[0].items()}
