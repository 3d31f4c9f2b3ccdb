"""`LiveRun`: a run whose documents have changed since its vectors were made.

    the documents that the vectors were made of, and those that were added since, in segments
    − what was deleted or replaced
    ──▶ the tokens, the text and the words of the run

A segment never changes. Adding, replacing and deleting is a new list of segments, each with the numbers of
its documents that are gone, as in Lucene. Vectors stay as they are. A word that they lack has a row by the
documents that it came with, see `selfvec.refinement.live`, which is kept with them: it is the same in all
segments. A word that no present document has is no word of the run, so whatever lists words cannot name it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Floats, Ints
from selfvec.numerics.rows import filled_rows

from .field_types import common_kinds
from .run import BASE, Part, Run
from .run_text import NAME, TEXT, RunText, schema_of
from .token_batch import TokenBatch, by_part, concatenated, kept_numbers
from .trajectory import History
from .vectors import Source, Vectors

if TYPE_CHECKING:
    import polars as pl

_FIGURES = ("documents", "tokens", "without_vector", "gone", "not_encoded")


class PresentText(RunText):
    """Some documents of several texts, one after the other."""

    def __init__(self, parts: Sequence[tuple[RunText, Ints]]) -> None:  # texts and numbers of their documents
        super().__init__(b"")
        self.parts = parts

    @classmethod
    def of_parts(cls, parts: Sequence[Part]) -> PresentText:
        """The documents of parts of a run that are present."""
        return cls([(part.segment.text, part.numbers) for part in parts])

    @property
    def bytes(self) -> int:
        """Size of the files."""
        return sum(text.bytes for text, _ in self.parts)

    def _read(self, columns: Collection[str], numbers: Sequence[int] | None = None) -> pl.DataFrame:
        import polars as pl

        places = range(len(self.parts))
        if numbers is None:
            return pl.concat([self._of_part(place, columns) for place in places])
        if not len(numbers):
            return self._of_part(0, columns, [])
        wanted = list(by_part([present for _, present in self.parts], np.asarray(numbers, np.int64)))
        rows = pl.concat([self._of_part(place, columns, own.tolist()) for place, _, own in wanted])
        return rows[np.argsort(np.concatenate([which for _, which, _ in wanted]))]

    def _of_part(
        self, place: int, columns: Collection[str], numbers: Sequence[int] | None = None
    ) -> pl.DataFrame:
        """Documents of a text by their numbers, by default those present; null where it has no field."""
        import polars as pl

        text, present = self.parts[place]
        own = [name for name in columns if name == NAME or name in text.columns]
        # Polars counts no rows of a frame without columns.
        rows = text._read(own or [TEXT], numbers)
        if numbers is None and len(present) < len(text):
            rows = rows[present]

        def of_kind(name: str) -> pl.Expr:
            column = pl.col(name) if name in own else pl.lit(None)
            return column.cast(self._schema[name]).alias(name)

        # A frame of nulls alone would have one row.
        return rows.with_columns(*map(of_kind, columns)).select(*columns)

    @cached_property
    def _schema(self) -> Mapping[str, Any]:
        """The columns of all texts. The kind of a field is that of the first text with a value of it."""
        kinds = common_kinds(text.kinds for text, _ in self.parts)
        also = [NAME, *chain.from_iterable(text.columns for text, _ in self.parts)]
        return schema_of(list(kinds), kinds, also)

    @cached_property
    def _size(self) -> int:
        return sum(len(present) for _, present in self.parts)


class LiveRun(Run):
    """A run whose documents have changed since its vectors were made.

    Its tokens and its vectors with the words that came since are made when they are first needed: a search
    needs neither.
    """

    def __init__(
        self, base: Run, segments: Sequence[Part], provenance: Mapping[str, Any], stamp: str = ""
    ) -> None:
        super().__init__(
            base.vectors,
            base.original,
            base.history,
            provenance,
            base.report_json,
            parts={name: part for name, part in base.parts.items() if name != "encoded"},
            text=PresentText.of_parts(segments),
            folder=base.folder,
            state=base.state,
            stamp=stamp,
        )
        del self.vectors, self.original, self.history  # those of this class are made when they are needed
        self._fitted_run = base
        self._segments = tuple(segments)

    @property
    def fitted_run(self) -> Run:
        """The run that the vectors were made with."""
        return self._fitted_run

    @property
    def segments(self) -> tuple[Part, ...]:
        """The parts of its documents."""
        return self._segments

    def replace(self, **changes: Any) -> Any:
        """A copy with some of the constructor's arguments changed, as a run like any other."""
        return self.whole().replace(**changes)

    def whole(self) -> Run:
        """The same as a run like any other: its documents and words in one piece."""
        live = {name: number for name, number in self.provenance.live.items() if name in _FIGURES}
        run = self.fitted_run.replace(
            vectors=self.vectors,
            original=self.original,
            history=self.history,
            provenance=self.provenance.replace(live=live),
            tokens=self.tokens,
            text=self.text,
            parts={**self.fitted_run.parts, **self.parts},  # an encoder's vectors of all texts, if asked for
            stamp=self.stamp,
        )
        run.topic_names = self.topic_names
        return run

    @cached_property
    def _counts(self) -> Ints:
        """Occurrences of the words of the vectors, and then of the later ones, in present documents, (n,)."""
        counts = np.zeros(len(self.fitted_run.vectors) + len(self.later), np.int64)
        for part in self.segments:
            counts[self._rows_of(part)] += part.counts
        return counts

    def _rows_of(self, part: Part) -> Ints:
        """The numbers of the types of a part among all these words."""
        types = part.segment.tokens.types
        if part.segment.name == BASE:
            return np.arange(len(types))
        first, later = self.fitted_run.vectors, self.later.key_to_index
        rows = (first.key_to_index[word] if word in first else len(first) + later[word] for word in types)
        return np.fromiter(rows, np.int64, len(types))

    @cached_property
    def _words(self) -> list[str]:
        """Those that a present document has: the words of the run."""
        return list(compress(chain(self.fitted_run.vectors, self.later), self._counts.tolist()))

    @cached_property
    def tokens(self) -> TokenBatch:
        """The documents that are present as ids of the run's words."""
        there = self._counts > 0
        numbers = kept_numbers(there)
        batches = []
        for part in self.segments:
            batch = part.segment.tokens
            batch = batch.part(part.present) if len(part.gone) else batch
            if part.segment.name != BASE or not there.all():
                batch = batch.with_counts(part.counts).renumbered(numbers[self._rows_of(part)], self._words)
            batches.append(batch)
        return concatenated(batches, self._words).with_counts(self._counts[there])

    @property
    def _documents_of_tokens(self) -> int:  # which are not joined to be counted
        return sum(part.segment.tokens.documents - len(part.gone) for part in self.segments)

    @cached_property
    def vectors(self) -> Vectors:  # type: ignore[override]
        """The refined vectors, and rows of the words that came since they were made."""
        return self._of_words(self.fitted_run.vectors, self.later.vectors)

    @cached_property
    def original(self) -> Vectors:  # type: ignore[override]
        """The vectors before refining; a word that came later had none."""
        return self._of_words(self.fitted_run.original, np.zeros_like(self.later.vectors))

    @cached_property
    def history(self) -> History | None:  # type: ignore[override]
        """The recorded states; there are none of the words that came since."""
        history = self.fitted_run.history
        return None if history is None else history.of_words(self._counts > 0)

    def _of_words(self, vectors: Vectors, rows: Floats) -> Vectors:
        """Vectors of the run's words, from those of the base and the rows of later words."""
        new = len(rows)
        kept = slice(None) if self._counts.all() else self._counts > 0  # without a copy if none has gone
        sources = np.where(filled_rows(rows), Source.CONTEXT, Source.NONE).astype(np.uint8)
        pieces = vectors.pieces
        return Vectors(
            self._words,
            (np.concatenate([vectors.vectors, rows]) if new else vectors.vectors)[kept],
            sources=np.append(vectors.sources, sources)[kept],
            counts=self.tokens.counts,
            pieces=None if pieces is None else np.append(pieces, np.zeros(new, pieces.dtype))[kept],
            provenance=self.provenance,
            normalized=True,
        )

    @cached_property
    def later(self) -> Vectors:
        """The words that came since the vectors were made, in the order in which they came."""
        own = [part.segment.later for part in self.segments if part.segment.later is not None]
        rows = {word: row for words in reversed(own) for word, row in zip(words, words.vectors, strict=True)}
        names = list(dict.fromkeys(chain.from_iterable(own)))
        width = self.fitted_run.vectors.vector_size
        matrix = np.array([rows[name] for name in names], np.float32).reshape(len(names), width)
        return Vectors(names, matrix, normalized=True)
