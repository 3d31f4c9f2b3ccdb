"""The best documents of a search, each text once: copies are named with the first of their text."""

from __future__ import annotations

from typing import NamedTuple

from selfvec.base.arrays import Mask

from .indexed_documents import IndexedDocuments
from .scoring import Scored


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
        found: dict[str, Best] = {}
        for document in best:
            passage = _best_passage(documents, scored, document)
            key = plain(passage.text)
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


def plain(text: str) -> str:
    """Equal for texts that differ only in case and white space."""
    return " ".join(text.casefold().split())
