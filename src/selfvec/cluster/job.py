"""`Job`: what the tasks of a job share, and the shards that they have read.

A task returns a partial, which `tree` saves and merges, or writes a file. It reads everything else from the
job's folder:

    job, known          shards and words of the vectors file, from the client
    text/N              the documents of shard N, as in ``text.parquet`` of a run, if the run keeps its text
    read/N              shard N as ids of its own words; deleted once tokens/N exists
    words/A-B           partials: counts of words
    passages/A-B        partials: counters of n-grams
    found/A-B           the n-grams that may be repeated passages
    repeats             the repeated passages, from the client
    further/A-B         partials: counts of words in further occurrences of these
    vocabulary          the words of all shards and their numbers, from the client
    tokens/N            shard N as ids of the vocabulary
    degrees/A-B         partials: occurrences and neighbours of each word
    pass-P-table/R      rows of the matrix that pass P sums, pass 0 the base of the vectors, from the client;
                        ``centre``: weights, mean and degrees
    pass-P-sums-C/A-B   partials: neighbour sums of the columns from C on, deleted once they are added
    pass-P-summed/R     rows of all sums, added
    pass-P-moments/R-S  partials: moments of the summed rows, and ``whitening``, from the client
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import cast

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.errors import InputError
from selfvec.corpus.summary import Summary
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.input_reading import also_written
from selfvec.storage.text_file import TextWriter
from selfvec.text import Rules, encode, tokenizer

from .shards import RowOptions, TextShard, read_shard
from .shared_files import BROKEN, SUFFIX, Tensors, load, load_or_make, packed_words, save, unpacked_words

__all__ = ["Job", "as_batch", "read_batch", "read_text", "read_words", "word_index"]

_PARQUET = "parquet"


@dataclass(frozen=True)
class Job:
    """The settings that all tasks of a job share."""

    folder: str  # shared by all workers, used only by this job
    settings: Settings
    rows: RowOptions
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
def word_index(url: str) -> dict[str, int]:
    """The words of a file and their numbers."""
    return {word: i for i, word in enumerate(unpacked_words(load(url)[0]))}


def read_words(job: Job, number: int) -> tuple[Tensors, str]:
    """A shard as ids of its own words, and a note about it. Its text is read only once."""
    tensors, texts = load_or_make(job.file("read", number), lambda: _read(job, number))
    return tensors, texts["note"]


def _read(job: Job, number: int) -> tuple[Tensors, dict[str, str]]:
    settings = job.settings
    summary = Summary()
    batches = read_shard(_shards(job.file("job"))[number], job.rows, summary)
    cut = tokenizer(settings.tokenizer, settings.language)
    known = cast(Vectors, SimpleNamespace(key_to_index=word_index(job.file("known"))))
    with TextWriter() as text:
        read = also_written(batches, text if settings.keeps_text else None)
        batch, encoding = encode(read, cut, Rules.of(settings), known, unstemmed=True, jobs=1)
        if settings.keeps_text:
            _save_text(job, number, text.finish())
    worker = f"{platform.node()}:{os.getpid()}"
    found = {"corpus": summary.as_dict(), "text": encoding.as_dict(), "dated": batch.dates is not None}
    note = json.dumps({**found, "worker": worker})
    tensors: Tensors = {"ids": batch.ids, "offsets": batch.offsets}
    return {**tensors, **_by_document(batch), **packed_words(batch.types)}, {"note": note}


def _save_text(job: Job, number: int, text: RunText) -> None:
    assert isinstance(text.source, bytes)
    save(job.file("text", number), {_PARQUET: np.frombuffer(text.source, np.uint8)})


def read_text(job: Job, number: int) -> RunText:
    """The documents of a shard. They are read again if their file is damaged or missing."""
    url = job.file("text", number)
    try:
        tensors, _ = load(url)
    except BROKEN:
        _read(job, number)
        tensors, _ = load(url)
    return RunText(tensors[_PARQUET].tobytes())


def _by_document(batch: TokenBatch) -> Tensors:
    """The arrays with one value for each document."""
    days = None if batch.dates is None else batch.dates.astype("datetime64[D]").astype(np.int64)
    found = {"fingerprints": batch.fingerprints, "sentences": batch.sentence_counts, "days": days}
    return {name: array for name, array in found.items() if array is not None}


def read_batch(job: Job, number: int) -> TokenBatch:
    """A shard as ids of its own words."""
    return as_batch(read_words(job, number)[0])


def as_batch(tensors: Mapping[str, Array], types: Sequence[str] | None = None) -> TokenBatch:
    """The shard that `read_words` stored, or the tokens of one as ids of ``types``."""
    days = tensors.get("days")
    sentences = tensors.get("sentences")
    return TokenBatch(
        np.require(tensors["ids"], requirements="W"),  # kernels are compiled for arrays that can be written
        np.require(tensors["offsets"], requirements="W"),
        unpacked_words(tensors) if types is None else types,
        None if days is None else days.astype("datetime64[D]"),
        sentences=0 if sentences is None else int(sentences.sum()),
        fingerprints=tensors.get("fingerprints"),
        sentence_counts=sentences,
    )
