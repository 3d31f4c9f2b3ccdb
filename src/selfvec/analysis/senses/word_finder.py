"""Finding a word of a run in other texts, which are encoded as the run's corpus was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from selfvec.base.errors import InputError
from selfvec.corpus.documents import Documents
from selfvec.data.run import Run
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.lexicon import word_spans
from selfvec.text.phrases import parts, units_of
from selfvec.text.stems import stems
from selfvec.usage.contexts import Contexts

__all__ = ["WordFinder"]

Span = tuple[int, int]


@dataclass(frozen=True)
class WordFinder:
    """Finds a word of a run in texts, with the words around it.

    Parameters
    ----------
    run : Run
    word : int
        Its row in the run's tables.
    """

    run: Run
    word: int

    def find(self, text: str) -> tuple[list[Span], Contexts]:
        """Places of the word in a text, in characters, and the windows around it.

        Raises
        ------
        InputError
            If the run's tokens are pieces of words.
        """
        name = str(self._option("tokenizer") or "words")
        if name not in ("words", "whitespace"):
            raise InputError(
                "the run's tokens are pieces of words, so words cannot be found in texts",
                path=self.run.folder,
                remedy="refine with --tokenizer words",
            )
        documents = [Documents(pl.Series([text], dtype=pl.String))]
        rules, phrases = Rules(lemmatize=self._option("lemmatize")), units_of(self.run.provenance)
        batch = encode(documents, tokenizer(name), rules, self.run.vectors, phrases=phrases)[0]
        units = [batch.types[i] for i in batch.ids.tolist()]
        ids = np.array([self._rows(unit) for unit in units], np.int32)
        kept = np.flatnonzero(ids >= 0)  # without words that the run does not know or left out
        places = np.flatnonzero(ids[kept] == self.word)
        contexts = Contexts.around(ids[kept], np.array([0, len(kept)]), places)
        spans = _unit_spans(text, units, word_spans(text, name), set(phrases))
        return [spans[i] for i in kept[places].tolist()], contexts

    def _option(self, name: str) -> str | None:
        options = self.run.provenance.get("options")
        return str(options[name]) if isinstance(options, dict) and options.get(name) else None

    def _rows(self, name: str) -> int:
        """Row of a word in the run's tables, -1 for an unknown word."""
        row = self.run.vectors.key_to_index.get(name, -1)
        language = self._option("stem")
        return row if row >= 0 or language is None else self._stems.get(stems([name], language)[0], -1)

    @cached_property
    def _stems(self) -> dict[str, int]:
        """The run's words by their stems."""
        names = stems(self.run.vectors.index_to_key, str(self._option("stem")))
        return {stem: row for row, stem in reversed(list(enumerate(names)))}


def _unit_spans(text: str, units: list[str], words: list[Span], phrases: set[str]) -> list[Span]:
    """Places of words and phrases, from the places of the words; a phrase may be written as one word."""
    out, place = [], 0
    for unit in units:
        first, end = words[place]
        written = text[first:end].lower() == unit.lower()
        size = 1 if written or unit not in phrases else len(parts(unit))
        out.append((first, words[place + size - 1][1]))
        place += size
    return out
