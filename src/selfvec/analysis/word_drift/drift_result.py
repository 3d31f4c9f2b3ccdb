"""`Drift`: the words between two states, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfvec.analysis.kernels import LEAST_BLOCKS
from selfvec.analysis.usage.quotations import Quotation
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

from .evidence import kept_examples
from .permutation_test import LEVEL
from .sentence_distance import kept_distances
from .word_choice import is_significant


@dataclass(frozen=True, eq=False, repr=False)
class Drift(ResultTable):
    """Words between two states, significant ones first, by their change.

    Attributes
    ----------
    a, b : str
        Names of the states: two slices, or "original" and "refined".
    rows : list of dict
        One dict per word, as in ``selfvec drift --json``.
    tested, significant : int
        Number of words that were tested and would be listed, and of those with q ≤ 0.05.
    only_a, only_b : int
        Words that occur often enough, but in one slice only; they have no row.
    left_out : dict
        Number of words that are not listed, by reason. Other spellings of a listed word are tested all the
        same.
    unknown : list of dict
        Named words without a row: word, reason, and their counts.
    why : str
        Why these states are compared, if nobody named them.
    filters : list of str
        What documents had to pass.
    new, gone : list of dict
        Words too rare in the first slice, or the second, to be compared, that are frequent in the other.
    confounded : list of dict
        Fields of the documents that go with the slices, the most uneven first: ``field``, the ``value`` that
        differs most, its shares ``share_a`` and ``share_b`` of the documents, p, and ``within``, a value that
        both sides have.
    """

    order = (
        f"words with q ≤ {LEVEL} first; of these, names, numbers and other spellings of a word last, and "
        f"before them words in fewer than {LEAST_BLOCKS} documents of a side; "
        "then by change, the largest first"
    )

    a: str
    b: str
    rows: list[dict[str, Any]]
    tested: int = 0
    significant: int = 0
    only_a: int = 0
    only_b: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    slices: tuple[Slice, ...] = ()  # that occurrences come from; none if the run has not kept its corpus
    seed: int = 0
    state: str = ""  # the stamp of the run that was measured; empty for one in memory
    why: str = ""
    filters: list[str] = field(default_factory=list)
    new: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)
    confounded: list[dict[str, Any]] = field(default_factory=list)
    quotes: dict[str, list[Quotation]] = field(default_factory=dict)  # by word, see `illustrate`

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, word: str) -> dict[str, Any]:
        """The row of a word."""
        return self.select(word=word).rows[0]

    def __repr__(self) -> str:
        significant = sum(map(is_significant, self.rows))
        title = f"Drift from {self.a} to {self.b}: {len(self):,} words, {significant:,} with q ≤ {LEVEL}"
        return short_repr(title, [row["word"] for row in self.rows], "see .rows or .to_polars()")

    def select(self, top: int | None = None, fdr: float | None = None, word: str | None = None) -> Drift:
        """The first ``top`` rows, and new and gone words, up to a q of ``fdr``; or the row of one word.

        Raises
        ------
        KeyError
            If the word has no row.
        """
        if fdr is not None and not 0 < fdr <= 1:
            raise OptionError(f"is a share above 0, at most 1, not {fdr!r}", field="fdr")
        kept, new, gone = self.rows, self.new, self.gone
        if fdr is not None:
            kept = [row for row in kept if row["q"] is not None and row["q"] <= fdr]
            new, gone = ([row for row in rows if row["q"] <= fdr] for rows in (new, gone))
        if word is not None:
            kept = [row for row in kept if row["word"] == word]
            if not kept:
                raise KeyError(f"no row for {word!r}")
        return replace(self, rows=kept[:top], new=new[:top], gone=gone[:top])

    def illustrate(
        self, run: Run, top: int | None = None, number: int = 1, progress: Progress | None = None
    ) -> Drift:
        """Add ``examples_a`` and ``examples_b`` to the first rows: occurrences that show the change.

        They are sentences if the run keeps its text, otherwise the words around the occurrence. `InputError`
        if the run has another state than the one that was measured.
        """
        if not self.slices:
            return self
        run = run.present
        if self.state not in ("", run.stamp):
            rule = "the run has changed since drift was measured, so its documents are others"
            raise InputError(rule, path=run.folder, remedy="measure drift again")
        words = self._first(top)
        quotes: dict[str, list[Quotation]] = {}
        for one in kept_examples(run, self.slices, words, number, self.seed, progress or Progress()):
            quotes.setdefault(one.word, []).append(one)
        added = [
            {
                f"examples_{name}": [one.text for one in quotes.get(word, ()) if one.side == side]
                for side, name in enumerate("ab")
            }
            for word in words
        ]
        return replace(self._extended(added), quotes=quotes)

    def compare_sentences(self, run: Run, top: int | None = None, progress: Progress | None = None) -> Drift:
        """Add ``sentences`` to the first rows: how far the sentence encoder finds those of both slices apart.

        The drift itself without an encoder, without the text, or if no slices are compared.
        """
        found = kept_distances(run, self.slices, self._first(top), self.seed, progress or Progress())
        return self._extended([{"sentences": distance} for distance in found])

    def _first(self, top: int | None) -> list[str]:
        """The first words."""
        return [row["word"] for row in self.rows[:top]]

    def _extended(self, added: Sequence[dict[str, Any]]) -> Drift:
        """The same with more keys in its first rows."""
        first = [row | more for row, more in zip(self.rows, added, strict=False)]
        return replace(self, rows=[*first, *self.rows[len(added) :]])

    def as_dict(self) -> dict[str, Any]:
        """The result as ``selfvec drift --json`` prints it."""
        named = (
            "a",
            "b",
            "why",
            "filters",
            "confounded",
            "tested",
            "significant",
            "only_a",
            "only_b",
            "left_out",
            "unknown",
            "order",
        )
        tables = ("rows", "new", "gone")
        return {name: getattr(self, name) for name in (*named, *tables)}
