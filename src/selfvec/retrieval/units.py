"""The units that are searched, whole documents and the passages of long ones, as the stems of their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.files.memory import PackedStrings
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems
from selfvec.text.rules import stems
from selfvec.text.vocabulary import Vocabulary

from .documents import GatheredDocuments


def vocabulary_and_units(
    run: Run, found: GatheredDocuments, owners: Ids, spans: Ids
) -> tuple[Vocabulary, TokenBatch, Ints]:
    """The stems of documents and run, all units as these stems, and the stem of each run word, (V,)."""
    preprocessing = Preprocessing.of(run.provenance).by_words
    pieces, bounds = _cut(found.texts, owners, spans)
    merged = merge_stems(encode_texts(pieces, preprocessing, run.vectors), preprocessing)
    words: Sequence[str] = run.vectors.index_to_key
    names = words if preprocessing.stem is None else stems(words, preprocessing.stem)
    vocabulary = Vocabulary(preprocessing, list(dict.fromkeys([*merged.types, *names])))
    stem_of = np.array([vocabulary.index[name] for name in names], np.int64)
    starts, ends = merged.offsets[bounds]
    of_passages = zip(starts[len(found.texts) :].tolist(), ends[len(found.texts) :].tolist(), strict=True)
    ids = np.concatenate([merged.ids, *(merged.ids[a:b] for a, b in of_passages)])  # all are of documents
    offsets = np.concatenate(([0], np.cumsum(ends - starts)))
    return vocabulary, TokenBatch(ids, offsets, vocabulary.types), stem_of


def _cut(texts: PackedStrings, owners: Ids, spans: Ids) -> tuple[PackedStrings, Ints]:
    """The texts of D documents, cut where any of their P passages begins or ends: each is read once.

    And for each document, and then each passage, its first piece and the one after its last, (2, D + P).
    """
    of_documents = np.searchsorted(owners, np.arange(len(texts) + 1))
    documents: list[int] = [0]  # their first pieces
    passages: list[tuple[int, int]] = []

    def pieces() -> Iterator[str]:
        for document, text in enumerate(texts):
            own = spans[of_documents[document] : of_documents[document + 1]].tolist()
            own = [(_word_end(text, start), stop) for start, stop in own]
            places = sorted({0, len(text), *(place for span in own for place in span)})
            number = {place: documents[-1] + i for i, place in enumerate(places)}
            passages.extend((number[start], number[stop]) for start, stop in own)
            documents.append(documents[-1] + max(len(places) - 1, 1))
            yield from (text[a:b] for a, b in pairwise(places)) if text else [""]

    packed = PackedStrings.of(pieces())
    return packed, np.array([*pairwise(documents), *passages], np.int64).reshape(-1, 2).T


def _word_end(text: str, place: int) -> int:
    """Where the word before a place ends. A tokeniser of subwords expects the blanks before a word, too."""
    while place > 0 and text[place - 1].isspace():
        place -= 1
    return place
