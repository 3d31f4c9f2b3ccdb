"""Short editorial pieces that recur, such as ``[See original image.]``: no evidence of how a word is used.

An n-gram of twelve tokens is a repeated passage (`selfvec.text.repeats`). These are shorter, and known by the
bracket that ends them. Tokens have no brackets, so the pieces are found in the text that a run keeps.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Ints, Mask
from selfvec.data.run import Run
from selfvec.data.run_text import TEXT
from selfvec.data.token_batch import TokenBatch

from .preprocessing import Preprocessing, encode_texts

LEAST_DOCUMENTS = 10  # with a piece
_PIECE = r"(?:\[|\p{Lu})[^\[\].!?\n]{2,80}[.!?]?\]"  # in brackets, or a sentence that ends in one
_MOST = 200  # pieces, those in the most documents
_FEWEST = 2  # tokens: a single word, such as [laughter], is used elsewhere, too


def editorial_pieces(run: Run) -> dict[str, int]:
    """The pieces in brackets that occur in ten documents or more, and in how many, most frequent first."""
    if run.text is None:
        return {}
    counted: dict[str, int] = {}
    for rows in run.text.batches((TEXT,)):
        marked = rows[TEXT].filter(rows[TEXT].str.contains("]", literal=True))
        found = marked.str.extract_all(_PIECE).list.unique().explode(empty_as_null=False).drop_nulls()
        for piece, number in found.value_counts().iter_rows():
            counted[piece] = counted.get(piece, 0) + number
    often = sorted((-number, piece) for piece, number in counted.items() if number >= LEAST_DOCUMENTS)
    return {piece: -number for number, piece in often[:_MOST]}


def editorial_tokens(run: Run) -> Mask | None:
    """Which tokens of a run are part of such a piece, (N,) bool; None without any.

    The words of a piece that mostly occur without its brackets are not marked.
    """
    pieces = editorial_pieces(run)
    batch = run.tokens
    if batch is None or not pieces:
        return None
    words = encode_texts(list(pieces), Preprocessing.of(run.provenance), run.vectors)
    index = {word: i for i, word in enumerate(batch.types)}
    found: Mask = np.zeros(len(batch), bool)
    for number, documents in enumerate(pieces.values()):
        mine = words.ids[words.offsets[number] : words.offsets[number + 1]].tolist()
        ids = [index.get(words.types[i], -1) for i in mine]
        if len(ids) >= _FEWEST and -1 not in ids:
            places = _places_of(batch, ids)
            if len(places) <= 2 * documents:
                found[places[:, None] + np.arange(len(ids))] = True
    return found if found.any() else None


def _places_of(batch: TokenBatch, ids: list[int]) -> Ints:
    """Where a sequence of types begins within a document."""
    rarest = int(np.argmin(batch.counts[ids]))
    starts = np.flatnonzero(batch.ids == ids[rarest]) - rarest
    starts = starts[(starts >= 0) & (starts + len(ids) <= len(batch))]
    for offset, wanted in enumerate(ids):
        starts = starts[batch.ids[starts + offset] == wanted]
    same = batch.document_of(starts) == batch.document_of(starts + len(ids) - 1)
    within: Ints = starts[same]
    return within
