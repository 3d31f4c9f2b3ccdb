"""How groups of documents differ: sizes, and the subjects and words that one has more of than the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Doubles, Ints
from selfvec.base.display import count_of, printable
from selfvec.base.view import COUNT, PROSE, STRONG, Cell, Column, Form, Table, sentence
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.run import Run
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg, cross_counts, g_squared, ratios_of_shares
from selfvec.text.document_vectors import word_documents
from selfvec.text.phrases import LINK

from .growth import ShareChange, changes_of_counts, exact_p, percent, q_beside_others
from .terms import content_words, documents_with
from .topic_result import Topics

OTHERS = "the others"
_LISTED = 6  # words of a group
_LEAST = 5  # documents with a word
_NAMED = 2  # subjects in a sentence
_POSSIBLE = 3.84  # G² below which p is above .05, so that no exact p is needed


@dataclass(frozen=True)
class GroupDifference:
    """What one group has more of than the others, the surest first."""

    name: str
    documents: int
    share: float  # of the documents of all groups
    subjects: list[tuple[str, ShareChange]]  # all of them, as the topics are in order
    words: list[tuple[str, ShareChange]]

    @property
    def larger(self) -> list[tuple[str, ShareChange]]:
        """The subjects that it has more of."""
        more = [(name, change) for name, change in self.subjects if change.moved and change.grew]
        return sorted(more, key=lambda row: -row[1].low)

    @property
    def sentence(self) -> str:
        """Its size and what it has more of, in words."""
        told = [
            f"{percent(change.share_last)} are about {sentence(name.split(', ')[0])}, "
            f"{percent(change.share_first)} of the others"
            for name, change in self.larger[:_NAMED]
        ]
        if not told and self.words:
            told = [f"more of the words {_listed(self.words[:_LISTED])}"]
        size = f"{self.name} ({count_of(self.documents, 'document')})"
        return printable(f"{size}: {'; '.join(told) or 'nothing more than the others'}.")

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        """What it has more of, for a table: subjects, then words."""
        for kind, listed in (("subject", self.larger), ("word", self.words)):
            for name, change in listed:
                yield {
                    "group": self.name,
                    "kind": kind,
                    "name": name.replace(LINK, " "),
                    "documents": change.documents_last,
                    "share": change.share_last,
                    "share_of_others": change.share_first,
                    "ratio": change.ratio,
                    "low": change.low,
                    "high": change.high,
                    "q": change.q,
                    "shown": change.shown,
                }


def pivot_table(groups: Sequence[GroupDifference]) -> Table:
    """How many documents of each group are about each subject; bold is what a group has more of."""
    columns = [Column("name", "subject", PROSE), Column("all", form=COUNT)]
    columns += [Column(str(i), group.name, _CELL) for i, group in enumerate(groups)]
    rows: list[dict[str, Any]] = [{"name": "all subjects", "all": sum(group.documents for group in groups)}]
    rows[0] |= {str(i): (group.documents, None, False) for i, group in enumerate(groups)}
    for number, (name, _) in enumerate(groups[0].subjects):
        changes = [group.subjects[number][1] for group in groups]
        cells = [(row.documents_last, row.share_last, row.moved and row.grew) for row in changes]
        count = sum(row.documents_last for row in changes)
        rows.append({"name": name, "all": count} | {str(i): cell for i, cell in enumerate(cells)})
    return Table(
        columns, rows, notes=["Documents, and their share of the group. Bold: more than the others have."]
    )


def _count_and_share(cell: tuple[int, float | None, bool]) -> Cell:
    count, of_group, more = cell
    if of_group is None or not count:
        return f"{count:,}"
    return [(f"{count:,}", "strong" if more else ""), (f" {percent(of_group)}", "quiet")]


_CELL = Form("text", _count_and_share, is_figure=True)


def word_table(groups: Sequence[GroupDifference]) -> Table:
    """The words that each group has more of than the others, beyond chance."""
    rows = [{"group": group.name, "words": _listed(group.words)} for group in groups if group.words]
    columns = (Column("group", form=STRONG), Column("words", form=PROSE))
    return Table(
        columns, rows, "Words that each has more of than the others, and in how many of its documents"
    )


def _listed(words: Sequence[tuple[str, ShareChange]]) -> str:
    return ", ".join(f"{word.replace(LINK, ' ')} {percent(change.share_last)}" for word, change in words)


class _Compared(NamedTuple):
    """The documents with each of n things in the others and in a group, (n,), of all that these have."""

    first: Ints
    of_first: int
    last: Ints
    of_last: int

    def at(self, rows: Ints) -> _Compared:
        """Some of the things."""
        return self._replace(first=self.first[rows], last=self.last[rows])


def group_differences(run: Run, topics: Topics | None, groups: Sequence[Slice]) -> list[GroupDifference]:
    """What each of some groups has more of than the others together.

    False discoveries are counted over all groups, so that more groups do not name more by chance.
    """
    group_of = slice_of_each(groups)
    able = content_words(run.vectors.index_to_key, run.provenance)
    batch = run.require_tokens()
    counts = documents_with(word_documents(batch.ids, batch.offsets, len(batch.types)), group_of, len(groups))
    often = np.flatnonzero((counts.sum(axis=1) >= _LEAST) & able)
    words, counts = [batch.types[row] for row in often.tolist()], counts[often]
    sizes = np.bincount(group_of[group_of >= 0], minlength=len(groups))
    of_words = _against_others(counts, sizes)
    p_of_words = [_possible_p(each) for each in of_words]
    q_of_words = benjamini_hochberg(np.concatenate(p_of_words)).reshape(len(groups), -1)
    names = [] if topics is None else [topic.name for topic in topics.topics]
    of_topics: list[_Compared] = []
    if topics is not None:
        table = cross_counts(topics.of_documents, group_of, (len(names), len(groups)))
        of_topics = _against_others(table, sizes)
    p_of_topics = [exact_p(*each) for each in of_topics]
    out = []
    total = int((group_of >= 0).sum())
    for number, group in enumerate(groups):
        sides = OTHERS, group.name
        subjects: list[ShareChange] = []
        if of_topics:
            p = p_of_topics[number]
            _, low, high = ratios_of_shares(*of_topics[number])
            q = np.minimum(q_beside_others(low, high, p) * len(groups), 1)
            subjects = changes_of_counts(*of_topics[number], sides, p, q, q <= LEVEL)
        q = q_of_words[number]
        low = ratios_of_shares(*of_words[number])[1]
        low[(q > LEVEL) | (low <= 1)] = 0  # the surest of which it has more are by the lower end of the ratio
        best = np.argsort(-low, kind="stable")[: min(_LISTED, np.count_nonzero(low))]
        p, q = p_of_words[number][best], q[best]
        changes = changes_of_counts(*of_words[number].at(best), sides, p, q, q <= LEVEL)
        size = int((group_of == number).sum())
        out.append(
            GroupDifference(
                group.name,
                size,
                size / max(total, 1),
                list(zip(names, subjects, strict=True)),
                [(words[i], change) for i, change in zip(best.tolist(), changes, strict=True)],
            )
        )
    return sorted(out, key=lambda group: -group.documents)


def _against_others(counts: Ints, sizes: Ints) -> list[_Compared]:
    """For each group the counts in the others and in it."""
    total, whole = counts.sum(axis=1), int(sizes.sum())
    return [
        _Compared(total - counts[:, i], whole - size, counts[:, i], size)
        for i, size in enumerate(sizes.tolist())
    ]


def _possible_p(compared: _Compared) -> Doubles:
    """The exact p of each word, (n,); 1 for those of which G² excludes a p below .05."""
    p = np.ones(len(compared.first))
    pair = np.stack([compared.first, compared.last], axis=1)
    sizes = np.array([compared.of_first, compared.of_last])
    tested = np.flatnonzero(log_likelihoods(pair, sizes).max(axis=1) >= _POSSIBLE)
    p[tested] = exact_p(*compared.at(tested))
    return p


def log_likelihoods(counts: Ints, sizes: Ints) -> Doubles:
    """G² of ``counts``, (n, K) documents of each topic with a word, of ``sizes`` (K,); 0 where it is rare.

    Six of ten documents against two of twenty, where eight of thirty is the rule, is 2 · (6 ln(6 / 2⅔) + 4
    ln(4 / 7⅓) + 2 ln(2 / 5⅓) + 18 ln(18 / 14⅔)):

    >>> log_likelihoods(np.array([[6, 2]]), np.array([10, 20])).round(2).tolist()
    [[8.33, 0.0]]
    """
    total = counts.sum(axis=1, keepdims=True)
    share = total / max(int(sizes.sum()), 1)
    both = ((counts, sizes), (total - counts, sizes.sum() - sizes))
    cells = (
        cell for here, size in both for cell in ((here, size * share), (size - here, size * (1 - share)))
    )
    return np.where(counts > sizes * share, g_squared(cells), 0)
