"""Join phrases into tokens while the text is read, and give them starting vectors.

Phrases are found or listed. A phrase starts with its vector in the table (GoogleNews contains
``flash_flood``) or, if it has none, with the mean direction of its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from .phrase_finding import Finder, Phrase, Phrases
from .phrases import LINK, Running, parts, read_phrases

__all__ = ["Units", "compose"]


class Units:
    """Chooses the phrases that `selfvec.text.encode` joins, and describes them for the provenance.

    ``asked`` is the value of ``--phrases``; ``stop_words`` is a language code or file.
    """

    def __init__(self, asked: int | str, stop_words: str = "en") -> None:
        found = isinstance(asked, int) or asked == "auto"
        self.listed = None if found else read_phrases(asked)  # type: ignore[arg-type]
        self._finder = Finder(asked if isinstance(asked, int) else None, stop_words=stop_words)

    def __call__(self, text: Running) -> Sequence[str]:
        """The phrases of a text."""
        if self.listed is None:
            return self._finder(text)
        self._finder.found = Phrases([Phrase(term, 0) for term in self.listed], len(text.ids))
        return self.listed

    def told(self, batch: TokenBatch) -> Phrases:
        """The phrases that became tokens of a text, spelt as in its vocabulary."""
        units = {word.lower(): i for i, word in enumerate(batch.types) if LINK in word}
        rows = []
        for row in self._finder.found:
            if row.term in units:
                place = units[row.term]
                count = int(batch.counts[place])
                rows.append(replace(row, term=batch.types[place], units=count, count=row.count or count))
        return Phrases(rows, self._finder.found.tokens)


def compose(
    rows: NDArray[np.float32],  # (V, d) float32
    sources: NDArray[np.uint8],  # (V,) uint8, becomes Source.SUBWORDS for composed vectors
    types: Sequence[str],
    units: Sequence[str],  # the phrases among the types
    known: Vectors,
) -> None:
    """Give phrases without a vector the mean direction of their words, in place."""
    place = {word: i for i, word in enumerate(types)}
    lacking = [place[unit] for unit in units if sources[place[unit]] != Source.KNOWN]
    if not lacking:
        return
    words = [parts(types[i]) for i in lacking]
    names = list(dict.fromkeys(_form(word, known) for phrase in words for word in phrase))
    directions = unit_rows(known.lookup(names)[0])
    number = {name: i for i, name in enumerate(names)}
    for i, phrase in zip(lacking, words, strict=True):
        rows[i] = unit_rows(directions[[number[_form(word, known)] for word in phrase]].sum(axis=0)[None])[0]
        sources[i] = Source.SUBWORDS if rows[i].any() else Source.NONE


def _form(word: str, known: Vectors) -> str:
    return next((form for form in (word, word.lower(), word.title()) if form in known), word)
