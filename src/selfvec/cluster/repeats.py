"""Finding the repeated passages of all shards, with the same result as on one machine.

Workers count n-grams, then list those that may be frequent enough. The client joins the lists. Workers then
count the words of further occurrences, which are not part of the vocabulary's counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.text.repeats import (
    KEPT,
    LEAST_DOCUMENTS,
    Repeats,
    consists_of_templates,
    counter_bits,
    example_of,
)

from .passages import Rows, place_of, put_together
from .shared_files import BROKEN, load, save
from .tasks import Job, count_further, count_passages, list_passages, passage_file, read_batch
from .tree import Engine, reduced, tree

__all__ = ["ShardRepeats", "find_shard_repeats"]


@dataclass(frozen=True)
class ShardRepeats:
    """The repeated passages of a text in shards, and the occurrences of words that are not counted."""

    repeats: Repeats
    words: Sequence[str]
    counts: Ints  # of these words, in further occurrences of passages


def find_shard_repeats(
    job: Job, engine: Engine, ranges: Sequence[tuple[int, int]], tokens: int
) -> ShardRepeats:
    """Find the passages, and write them to the file ``repeats`` of the job."""
    rows, example, documents = _rows(job, engine, ranges, tokens)
    if not len(rows["values"]):
        return ShardRepeats(Repeats(rows["values"]), [], np.zeros(0, np.int64))
    counter = partial(count_further, job)
    further = reduced(engine, tree(f"{job.folder}/further", ranges), counter, "Counting repeats")
    number, notes = int(further.sums["counts"].sum()), [json.loads(note) for note in further.notes]
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


def _rows(job: Job, engine: Engine, ranges: Sequence[tuple[int, int]], tokens: int) -> tuple[Rows, str, int]:
    """The passages, the passage in the most documents as text, and the number of its documents."""
    try:
        tensors, texts = load(job.file("repeats"))
        return dict(tensors), texts["example"], int(texts["documents"])
    except BROKEN:
        pass
    root = tree(f"{job.folder}/passages", ranges)
    reduced(engine, root, partial(count_passages, job, counter_bits(tokens)), "Counting passages")
    tasks = [engine.submit(list_passages, job, root.url, *one) for one in ranges]
    engine.gather(tasks, "Listing passages")
    found: list[Rows] = [dict(load(passage_file(job, *one))[0]) for one in ranges]
    rows, example, documents = put_together(found, LEAST_DOCUMENTS), "", 0
    if len(rows["values"]):
        best = int(np.lexsort((rows["values"], -rows["numbers"]))[0])
        batch = read_batch(job, int(rows["shards"][best]))
        place = place_of(batch, rows["values"][best : best + 1], int(rows["documents"][best]))
        example = example_of(batch, place, Repeats(rows["values"]).tokens_in(batch))
        documents = int(rows["numbers"][best])
    save(job.file("repeats"), rows, {"example": example, "documents": str(documents)})
    return rows, example, documents
