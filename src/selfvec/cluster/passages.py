"""Repeated passages of one shard, as `selfvec.text.repeats` finds them in a text on one machine.

`put_together` joins the rows of shards. Each row holds an n-gram, the number of its documents, and the
document whose occurrence is counted: the one with the smallest hash, or the first of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from selfvec.base.arrays import Array, Bytes, Hashes, Mask
from selfvec.data.token_batch import TokenBatch
from selfvec.text.repeat_kernels import cover
from selfvec.text.repeats import LEAST_DOCUMENTS, NGRAM, Ngrams, first_places

__all__ = ["Rows", "further_in", "passages_in", "place_of", "put_together"]

Rows = dict[str, Array]
"""``values`` of n-grams, ascending; ``numbers`` of documents; ``owners``, ``shards`` and ``documents`` whose
occurrence is counted."""


def passages_in(batch: TokenBatch, shard: int, counters: Bytes) -> Rows:
    """The n-grams of a shard whose counter reaches the threshold."""
    ngrams = Ngrams(batch, 1, len(counters).bit_length() - 1)
    ngrams.counters = counters
    found = []
    for values, places in ngrams.candidates(LEAST_DOCUMENTS):
        values, _, documents = first_places(values, places, batch)
        some, which = np.unique(documents, return_inverse=True)
        ones = np.ones(len(values), np.int64)
        owners = ngrams.owners(some)[which]
        found.append(
            {
                "values": values,
                "numbers": ones,
                "owners": owners,
                "shards": ones * shard,
                "documents": documents,
            }
        )
    return put_together(found)


def put_together(found: Sequence[Mapping[str, Array]], least: int = 1) -> Rows:
    """A row for each n-gram that occurs in at least so many documents."""
    rows = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    order = np.lexsort([rows[name] for name in ("documents", "shards", "owners", "values")])
    rows = {name: column[order] for name, column in rows.items()}
    _, first = np.unique(rows["values"], return_index=True)
    numbers = np.add.reduceat(rows["numbers"], first) if len(first) else rows["numbers"]
    rows = {name: column[first] for name, column in rows.items()} | {"numbers": numbers}
    return {name: column[numbers >= least] for name, column in rows.items()}


def further_in(batch: TokenBatch, shard: int, rows: Mapping[str, Array]) -> Mask:
    """Which tokens of a shard are further occurrences of repeated passages, (N,) bool."""
    further = np.zeros(len(batch), bool)
    if not len(rows["values"]):
        return further
    ngrams, kept = Ngrams(batch, 1), []
    ngrams.look_for(rows["values"])
    for values, places in ngrams.candidates(1):
        repeated = np.isin(values, rows["values"])
        cover(further, places[repeated], NGRAM, True)
        values, places, documents = first_places(values[repeated], places[repeated], batch)
        row = np.searchsorted(rows["values"], values)
        kept.append(places[(rows["shards"][row] == shard) & (rows["documents"][row] == documents)])
    cover(further, np.concatenate(kept), NGRAM, False)
    return further


def place_of(batch: TokenBatch, value: Hashes, document: int) -> int:
    """The position at which an n-gram, (1,), begins in a document."""
    ngrams = Ngrams(batch.part(np.arange(batch.documents) == document), 1)
    ngrams.look_for(value)
    places = [places[values == value] for values, places in ngrams.candidates(1)]
    return int(batch.offsets[document] + np.concatenate(places).min())
