"""Finding a word of a run in other texts, which are tokenised as the run's corpus was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.text.lexicon import word_spans
from selfvec.text.phrases import parts, units_of
from selfvec.text.rules import Rulebook
from selfvec.text.stems import stems
from selfvec.text.tokenizers import Tokenizer
from selfvec.usage.contexts import Contexts

__all__ = ["WordFinder"]

Span = tuple[int, int]

_HYPHENS = ("-", "\u2010", "\u2011")


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

    @property
    def _options(self) -> dict[str, object]:
        options = self.run.provenance.get("options")
        return options if isinstance(options, dict) else {}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from selfvec.text import tokenizer

        name = str(self._options.get("tokenizer") or "words")
        if name not in ("words", "whitespace"):
            raise InputError(
                "the run's tokens are pieces of words, so words cannot be found in texts",
                path=self.run.folder,
                remedy="refine with --tokenizer words",
            )
        return tokenizer(name)

    @cached_property
    def _rules(self) -> Rulebook:
        """Rules that map words to types of the run. Words it left out are not in its vocabulary anyway."""
        from selfvec.text import Rules

        given = {name: str(value) for name in ("lemmatize", "stem") if (value := self._options.get(name))}
        return Rulebook(Rules(**given), self._tokenizer.casing)  # type: ignore[arg-type]

    @cached_property
    def _stems(self) -> dict[str, int]:
        """The run's words by their stems, if its words are stems."""
        if self._rules.stem is None:
            return {}
        keys = self.run.vectors.index_to_key
        return {stem: i for i, stem in reversed(list(enumerate(stems(keys, self._rules.stem))))}

    @cached_property
    def _phrases(self) -> dict[tuple[str, ...], str]:
        """The run's phrases by their words."""
        return {tuple(parts(unit.lower())): unit for unit in units_of(self.run.provenance)}

    def find(self, text: str) -> tuple[list[tuple[int, int]], Contexts]:
        """Places of the word in a text, in characters, and the windows around it."""
        names, spans = self._joined(*self._named(text))
        ids = np.array(self._numbers(names), np.int64)
        kept = np.flatnonzero(ids >= 0)  # without words that the run does not know or left out
        within = ids[kept].astype(np.int32)
        places = np.flatnonzero(within == self.word)
        contexts = Contexts.around(within, np.array([0, len(within)]), places)
        return [spans[i] for i in kept[places].tolist()], contexts

    def _named(self, text: str) -> tuple[list[str], list[Span], list[bool]]:
        """Words of a text as types of the run, their places, and whether each directly follows the last."""
        import polars as pl

        raw = self._tokenizer(pl.Series([text], dtype=pl.String))
        counts = np.bincount(raw.ids, minlength=len(raw.types)).astype(np.int64)
        keys = self._rules.keys(raw.types, counts, self.run.vectors.key_to_index)
        names = [keys.types[i] for i in keys.places[raw.ids].tolist()]
        spans = word_spans(text, self._tokenizer.name)
        gaps = (text[end:start] for (_, end), (start, _) in pairwise(spans))
        return names, spans, [gap in _HYPHENS or _is_space(gap) for gap in gaps]

    def _joined(
        self, names: list[str], spans: list[Span], follows: list[bool]
    ) -> tuple[list[str], list[Span]]:
        """The same with phrases as one word, the longest first, from left to right."""
        if not self._phrases:
            return names, spans
        longest, place = max(map(len, self._phrases)), 0
        out: list[str] = []
        where: list[Span] = []
        lower = [name.lower() for name in names]
        while place < len(names):
            end = place + 1
            while end < len(names) and end - place < longest and follows[end - 1]:
                end += 1
            while end - place > 1 and tuple(lower[place:end]) not in self._phrases:
                end -= 1
            out.append(self._phrases.get(tuple(lower[place:end]), names[place]))
            where.append((spans[place][0], spans[end - 1][1]))
            place = end
        return out, where

    def _numbers(self, keys: Sequence[str]) -> list[int]:
        """Rows of words in the run's tables, -1 for unknown words."""
        index = self.run.vectors.key_to_index
        found = [index.get(key, -1) for key in keys]
        if self._rules.stem is None:
            return found
        named = stems(keys, self._rules.stem)
        return [i if i >= 0 else self._stems.get(stem, -1) for i, stem in zip(found, named, strict=True)]


def _is_space(gap: str) -> bool:
    """Whether two words are separated by white space without a blank line."""
    return gap.isspace() and gap.count("\n") < 2
