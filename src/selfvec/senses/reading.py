"""Texts from anywhere as the words of a run: cut and named as its corpus was, with the place of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..run import Run
from ..search.lexicon import located
from ..text.rules import Rulebook
from ..text.tokenizers import Tokenizer
from .contexts import Contexts

__all__ = ["Reader"]


@dataclass(frozen=True)
class Reader:
    """Finds a word of a run in texts, and what stands around it.

    Parameters
    ----------
    run : Run
    word : int
        Its number.
    """

    run: Run
    word: int

    @property
    def _options(self) -> dict[str, object]:
        options = self.run.provenance.get("options")
        return options if isinstance(options, dict) else {}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from ..text import tokenizer

        name = str(self._options.get("tokenizer") or "words")
        if name not in ("words", "whitespace"):
            raise InputError(
                "the run is made of pieces of words, in which no words can be found",
                path=self.run.folder,
                remedy="refine with --tokenizer words",
            )
        return tokenizer(name)

    @cached_property
    def _rules(self) -> Rulebook:
        from ..text import Rules

        names = ("lemmatize", "stop_words", "stem")
        given = {name: str(value) for name in names if (value := self._options.get(name))}
        return Rulebook(Rules(**given), self._tokenizer.casing)  # type: ignore[arg-type]

    @cached_property
    def _stems(self) -> dict[str, int]:
        """The run's words by their stems, where its words are stems."""
        from ..text.stems import stems

        if self._rules.stem is None:
            return {}
        keys = self.run.vectors.index_to_key
        return {stem: i for i, stem in reversed(list(enumerate(stems(keys, self._rules.stem))))}

    def read(self, text: str) -> tuple[list[tuple[int, int]], Contexts]:
        """Where the word stands in a text, in characters, and what is around it."""
        ids, spans = self._encode(text)
        kept = np.flatnonzero(ids >= 0)  # words that the run lacks or left out were not there for it, either
        within = ids[kept].astype(np.int32)
        places = np.flatnonzero(within == self.word)
        contexts = Contexts.around(within, np.array([0, len(within)]), places)
        return [spans[i] for i in kept[places].tolist()], contexts

    def _encode(self, text: str) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
        """Numbers of the words of a text, -1 where the run has none, and where they stand."""
        import polars as pl

        raw = self._tokenizer(pl.Series([text], dtype=pl.String))
        if not len(raw.ids):
            return np.zeros(0, np.int64), []
        counts = np.bincount(raw.ids, minlength=len(raw.types)).astype(np.int64)
        keys = self._rules.keys(raw.types, counts, self.run.vectors.key_to_index)
        numbers = np.array([*self._numbers(keys.types), -1], np.int64)
        spans = list(zip(*located(text, self._tokenizer.name), strict=True))
        return numbers[keys.places][raw.ids], spans

    def _numbers(self, keys: Sequence[str]) -> list[int]:
        index = self.run.vectors.key_to_index
        found = [index.get(key, -1) for key in keys]
        if self._stems:
            from ..text.stems import stems

            assert self._rules.stem is not None
            named = stems(keys, self._rules.stem)
            found = [i if i >= 0 else self._stems.get(stem, -1) for i, stem in zip(found, named, strict=True)]
        return found
