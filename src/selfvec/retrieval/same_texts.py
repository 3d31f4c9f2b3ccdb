"""The best documents of a search, each text once: copies are named with the first of their text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from selfvec.base.arrays import Mask

from .indexed_documents import IndexedDocuments
from .scoring import Scored

_FIRST = 5  # words that are compared before whole texts are


class Best(NamedTuple):
    """A document that was found, its best passage, and the documents behind it with the same passage."""

    document: int
    text: str  # of the passage; the whole text of a short document
    span: tuple[int, int]  # characters
    alike: list[int]


def different_texts(documents: IndexedDocuments, scored: Scored, passing: Mask, top: int) -> list[Best]:
    """The best documents of ``top`` different texts, best first.

    Texts that differ only in case and white space are the same. Copies are looked for down to the first
    document of one text more, and not beyond.
    """
    wanted = top + 1
    while True:
        best = scored.best_documents(passing, wanted)
        found: dict[Hashable, Best] = {}
        passages = [_best_passage(documents, scored, document) for document in best]
        for passage, key in zip(passages, _keys([one.text for one in passages]), strict=True):
            if key in found:
                found[key].alike.append(passage.document)
            elif len(found) == top:
                return list(found.values())
            else:
                found[key] = passage
        if len(best) < wanted:
            return list(found.values())
        wanted *= 2


def _best_passage(documents: IndexedDocuments, scored: Scored, document: int) -> Best:
    """The best passage of a document; short documents are passages themselves."""
    text = documents.text(document)
    best = int(scored.best[document])
    start, end = (0, len(text)) if best < 0 else documents.arrays["spans"][best].tolist()
    return Best(document, text[start:end], (start, end), [])


def _keys(texts: Sequence[str]) -> Iterator[Hashable]:
    """Equal for equal texts: a few first words if no other text begins so, else the whole.

    >>> [*_keys(["Hail  fell.", "hail fell.", "Fog in the bay at noon and at night"])]
    ['hail fell.', 'hail fell.', ('fog', 'in', 'the', 'bay', 'at')]
    """
    firsts = [tuple(text.casefold().split(None, _FIRST)[:_FIRST]) for text in texts]
    number = Counter(firsts)
    for text, first in zip(texts, firsts, strict=True):
        yield first if number[first] == 1 else plain(text)


def plain(text: str) -> str:
    """Equal for texts that differ only in case and white space."""
    return " ".join(text.casefold().split())
