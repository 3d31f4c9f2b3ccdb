"""The tasks of workers: read shards, number their words, sum neighbours, whiten blocks of rows.

The tasks return partials, which `tree` saves and merges, and read everything else from the job's folder:

    job, known          shards and words of the vectors file, from the client
    read/N              shard N as ids of its own words; deleted once tokens/N exists
    words/A-B           partials: counts of words
    passages/A-B        partials: counters of n-grams; ``found`` lists those that may be repeated passages
    repeats             the repeated passages, from the client
    further/A-B         partials: counts of words in further occurrences of these
    vocabulary          the words of all shards and their numbers, from the client
    tokens/N            shard N as ids of the vocabulary
    degrees/A-B         partials: occurrences and neighbours of each word
    pass-P/table/R      rows of the matrix that pass P sums, and ``centre``: weights and mean
    pass-P/sums/A-B     partials: neighbour sums
    pass-P/moments/R-S  partials: moments of the summed rows, and ``whitening``, from the client
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import cast

import numpy as np

from selfvec.base.arrays import Array, Floats, Ids, Ints, Mask
from selfvec.base.errors import InputError
from selfvec.corpus.summary import Summary
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.whitening import whitened
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.repeats import Ngrams, add_counters, left_short, tokens_by_document, without

from .passages import further_in, passages_in, put_together
from .shards import Rows, TextShard, read_shard
from .shared_files import BROKEN, SUFFIX, load, packed_words, remove, save, unpacked_words
from .sums import Partial, Shard, SharedTable, finish, merge, moments, partial

__all__ = [
    "BLOCK",
    "Job",
    "count_further",
    "count_neighbours",
    "count_passages",
    "count_words",
    "keeps_whole",
    "list_passages",
    "moments_of_rows",
    "passage_file",
    "read_batch",
    "row_file",
    "shard_tokens",
    "sum_neighbours",
    "whiten_rows",
]

BLOCK = 1 << 16  # rows of a matrix in one file, written by one task


@dataclass(frozen=True)
class Job:
    """The settings that all tasks of a job share."""

    folder: str  # shared by all workers, used only by this job
    settings: Settings
    rows: Rows
    window: int

    def file(self, *names: object) -> str:
        """The URL of a file of the job."""
        return "/".join([self.folder, *map(str, names)]) + SUFFIX


@lru_cache(maxsize=2)
def _shards(url: str) -> list[TextShard]:
    try:
        listed = json.loads(load(url)[1]["shards"])
    except FileNotFoundError:
        rule = "a worker cannot read the folder that it shares with the client"
        remedy = "write the run to a folder or URL that all workers can read"
        raise InputError(rule, path=url.rpartition("/")[0], remedy=remedy) from None
    return [TextShard(**shard | {"members": tuple(shard["members"])}) for shard in listed]


@lru_cache(maxsize=2)
def _index(url: str) -> dict[str, int]:
    return {word: i for i, word in enumerate(unpacked_words(load(url)[0]))}


@lru_cache(maxsize=2)
def _numbers(url: str) -> tuple[Ids, int, bool]:
    """The number of each word, the size of the vocabulary, and whether passages are counted once."""
    tensors, _ = load(url)
    numbers = np.array(tensors["numbers"])
    return numbers, int(numbers.max(initial=-1)) + 1, bool(tensors["once"][0])


@lru_cache(maxsize=2)
def _passages(url: str) -> dict[str, Array]:
    return {name: np.array(column) for name, column in load(url)[0].items()}


def count_words(job: Job, first: int, last: int) -> Partial:
    """The words of some shards with their counts, and a note about each shard."""
    total = None
    for number in range(first, last):
        tensors, note = _read(job, number)
        words = unpacked_words(tensors)
        counts = np.bincount(tensors["ids"], minlength=len(words)).astype(np.int64)
        sums = {"counts": counts, "pruned": np.zeros(1, np.int64)}
        here = Partial(number, number + 1, sums, words, [note])
        total = here if total is None else merge(total, here)
    assert total is not None
    return total


def _read(job: Job, number: int) -> tuple[Mapping[str, Array], str]:
    """A shard as ids of its own words, and the note about it. Its text is read only once."""
    url = job.file("read", number)
    try:
        tensors, texts = load(url)
        return tensors, texts["note"]
    except BROKEN:
        pass
    shard, summary, settings = _shards(job.file("job"))[number], Summary(), job.settings
    rules, cut = Rules.of(settings), tokenizer(settings.tokenizer, settings.language)
    known = cast(Vectors, SimpleNamespace(key_to_index=_index(job.file("known"))))
    batches = read_shard(shard, job.rows, summary)
    batch, encoding = encode(batches, cut, rules, known, unstemmed=True, jobs=1)
    note = json.dumps({"corpus": summary.as_dict(), "text": encoding.as_dict()})
    tensors = {"ids": batch.ids, "offsets": batch.offsets, **_by_document(batch), **packed_words(batch.types)}
    save(url, tensors, {"note": note})
    return tensors, note


def read_batch(job: Job, number: int) -> TokenBatch:
    """A shard as ids of its own words."""
    return _batch(_read(job, number)[0])


def _batch(tensors: Mapping[str, Array]) -> TokenBatch:
    days = tensors.get("days")
    return TokenBatch(
        np.array(tensors["ids"]),
        np.array(tensors["offsets"]),
        unpacked_words(tensors),
        None if days is None else days.astype("datetime64[D]"),
        sentence_counts=tensors.get("sentences"),
    )


def count_passages(job: Job, bits: int, first: int, last: int) -> Partial:
    """The counts of the n-grams of some shards; n-grams may share a counter."""
    counters = np.zeros(1 << bits, np.uint8)
    for number in range(first, last):
        ngrams = Ngrams(read_batch(job, number), 1, bits)
        ngrams.count()
        add_counters(counters, ngrams.counters)
    return Partial(first, last, {"passages": counters})


def passage_file(job: Job, first: int, last: int) -> str:
    """The URL of the file that `list_passages` writes."""
    return job.file("passages", "found", f"{first:07}-{last:07}")


def list_passages(job: Job, counters: str, first: int, last: int) -> None:
    """Write the n-grams of some shards that may be repeated passages, unless the file exists."""
    target = passage_file(job, first, last)
    try:
        load(target)
    except BROKEN:
        counted = np.array(load(counters)[0]["passages"])
        found = [passages_in(read_batch(job, number), number, counted) for number in range(first, last)]
        save(target, put_together(found))


def count_further(job: Job, first: int, last: int) -> Partial:
    """The words of further occurrences of passages in some shards; the notes count documents."""
    total = None
    for number in range(first, last):
        batch = read_batch(job, number)
        further = _further(job, number, batch)
        counts = np.bincount(batch.ids[further], minlength=len(batch.types)).astype(np.int64)
        words = [batch.types[i] for i in np.flatnonzero(counts).tolist()]
        removed = tokens_by_document(further, batch)
        note = {"documents": int(np.count_nonzero(removed)), "short": left_short(removed, batch.offsets)}
        note["of"] = batch.documents
        sums = {"counts": counts[counts > 0], "pruned": np.zeros(1, np.int64)}
        here = Partial(number, number + 1, sums, words, [json.dumps(note)])
        total = here if total is None else merge(total, here)
    assert total is not None
    return total


def _further(job: Job, number: int, batch: TokenBatch) -> Mask:
    """Which tokens of a shard are further occurrences of repeated passages, (N,) bool."""
    return further_in(batch, number, _passages(job.file("repeats")))


def _by_document(batch: TokenBatch) -> dict[str, Array]:
    """The arrays with one value for each document."""
    days = None if batch.dates is None else batch.dates.astype("datetime64[D]").astype(np.int64)
    found = {"fingerprints": batch.fingerprints, "sentences": batch.sentence_counts, "days": days}
    return {name: array for name, array in found.items() if array is not None}


def shard_tokens(job: Job, number: int) -> dict[str, Array]:
    """A shard as ids of the vocabulary, with its whole text if the counted tokens differ from it."""
    url = job.file("tokens", number)
    try:
        return load(url)[0]
    except BROKEN:
        pass
    read = _read(job, number)[0]
    own: dict[str, Array] = dict(read)
    index, (numbers, _, once) = _index(job.file("vocabulary")), _numbers(job.file("vocabulary"))
    words = unpacked_words({name: own.pop(name) for name in ("text", "lengths")})
    places = np.fromiter((index.get(word, -1) for word in words), np.int32, len(words))
    ids, offsets = own.pop("ids"), own.pop("offsets")
    if keeps_whole(job):
        own["unstemmed"], own["unstemmed_offsets"] = _renumbered(ids, offsets, places)
        own["unstemmed_sentences"] = own["sentences"]
    if once:
        batch = _batch(read)
        counting = without(batch, _further(job, number, batch))
        ids, offsets = counting.ids, counting.offsets
        assert counting.sentence_counts is not None
        own["sentences"] = counting.sentence_counts
    own["ids"], own["offsets"] = _renumbered(ids, offsets, np.append(numbers, np.int32(-1))[places])
    save(url, own)
    remove(job.file("read", number))
    return own


def keeps_whole(job: Job) -> bool:
    """Whether the counted tokens differ from the text, so that the whole text is kept as well."""
    once = _numbers(job.file("vocabulary"))[2]
    return bool(once or job.settings.stem or job.settings.min_count > 1)


def _renumbered(ids: Ids, offsets: Ints, numbers: Array) -> tuple[Ids, Ints]:
    """Ids with new numbers and the bounds of the documents; ids with the number -1 are dropped."""
    new = numbers[ids].astype(np.int32)
    ends = np.concatenate(([0], np.cumsum(new >= 0)))
    return new[new >= 0], ends[offsets]


def _shard(job: Job, number: int) -> Shard:
    tensors = shard_tokens(job, number)
    return Shard(number, tensors["ids"], tensors["offsets"])


def count_neighbours(job: Job, first: int, last: int) -> Partial:
    """Occurrences and neighbours of each word, and the number of documents without any word."""
    shards = [_shard(job, number) for number in range(first, last)]
    counted = partial(shards, SharedTable(_numbers(job.file("vocabulary"))[1], job.window))
    empty = sum(int(np.sum(np.diff(shard.offsets) == 0)) for shard in shards)
    return replace(counted, sums={**counted.sums, "empty": np.array([empty])})


def sum_neighbours(job: Job, folder: str, first: int, last: int) -> Partial:
    """Neighbour sums of the matrix in a folder."""
    centre = load(f"{folder}/centre{SUFFIX}")[0]
    words = len(centre["weights"])
    blocks = [load(row_file(folder, start))[0]["rows"] for start in range(0, words, BLOCK)]
    table = SharedTable(words, job.window, blocks, centre["weights"], centre["mean"])
    return partial([_shard(job, number) for number in range(first, last)], table, jobs=None)


def row_file(folder: str, first: int) -> str:
    """The URL of the rows of a matrix from ``first`` on."""
    return f"{folder}/{first:09}{SUFFIX}"


def _summed(url: str, first: int) -> tuple[Floats, Mask]:
    """The block of A·E that begins at a row, and which of its words have neighbours."""
    total, rows = Partial.of(0, 0, load(url)[0]), slice(first, first + BLOCK)
    return finish(total, rows), total.sums["degrees"][rows] > 0


def moments_of_rows(url: str, first: int, last: int) -> Partial:
    """The moments of some blocks of A·E, computed from sums in a file."""
    total = None
    for number in range(first, last):
        here = moments(number, *_summed(url, number * BLOCK))
        total = here if total is None else merge(total, here)
    assert total is not None
    return total


def whiten_rows(url: str, whitening: str, folder: str, first: int) -> None:
    """Write a block of whitened rows, the last step of a pass, unless its file exists."""
    target = row_file(folder, first)
    try:
        load(target)
    except BROKEN:
        by = load(whitening)[0]
        save(target, {"rows": whitened(*_summed(url, first), by["shift"], by["turn"], jobs=1)})
