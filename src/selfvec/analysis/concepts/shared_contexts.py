"""Why two words are similar: the contexts that they share, and what each adds to their similarity.

A word is represented by the positive pointwise mutual information of its neighbours
(`PositivePMI`). The cosine of two such rows is a sum over contexts, which shows what each context
contributes:

    cos(a, b) = Σ_c PPMI(a, c) · PPMI(b, c) / (|PPMI(a)| · |PPMI(b)|)

Neighbours that occur once or twice may be chance and are left out, like stop words and the two words
themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import numpy as np

from selfvec.analysis.usage.contexts import SAMPLED, occurrences, padded_windows
from selfvec.analysis.usage.examples import best_occurrences, distinct_texts, sentences
from selfvec.base.answer import Answer, short_repr
from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.declarations import Bounds, Count, Natural, NotEmpty, checked
from selfvec.base.display import escape_for_display, printable
from selfvec.base.errors import OptionError
from selfvec.base.view import COUNT, Column, Part, Pieces, Table, View, figure
from selfvec.cooccurrence.counts import PositivePMI, count_near
from selfvec.cooccurrence.scan import neighbour_totals
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.passages import marked
from selfvec.text.phrases import LINK, parts, row_of
from selfvec.text.repeats import repeated_tokens

from .terms import stop_words

CONTEXT_WINDOW = 21  # tokens, the centre included
_REPEATED = 0.001  # least share of repeated passages that is said
_LEAST = 3  # times that a context occurs near a word
_SHOWN = 5  # contexts that example sentences show
_TRIED = 5  # times as many occurrences are looked at as are shown, because sentences may be alike


@dataclass(frozen=True)
class SharedContext:
    """A context that two words share."""

    context: str
    contribution: float  # its part of the cosine of the two rows
    ppmi_a: float  # natural logarithm of how much more often than by chance it occurs near either word
    ppmi_b: float
    count_a: int  # number of times it occurs there
    count_b: int


@dataclass(frozen=True)
class Occurrence:
    """An occurrence of one of the words near contexts that both share."""

    word: str
    document: int  # its number in the run's corpus
    text: str  # the sentence if the run keeps its text, otherwise the words around the occurrence
    contexts: list[str]  # the shared contexts in it


@dataclass(frozen=True, repr=False)
class Why(Answer):
    """Why two words are similar.

    Attributes
    ----------
    a, b : str
    count_a, count_b : int
    before, after : float or None
        Cosine of the original and of the refined vectors; None if a word has no vector.
    context_cosine : float
        Cosine of their rows of PPMI: the sum of all contributions.
    contexts : list of SharedContext
        The largest contribution first.
    rest : float
        Contribution of the contexts that are not listed.
    together : int
        Number of times that one occurs near the other.
    together_ppmi : float
        PPMI of one occurring near the other.
    uses : list of Occurrence
    repeated : float
        Share of the text that repeats passages of other documents.
    repeats : str
        Whether such passages are counted "once" or "all".
    """

    columns = (
        Column("context", "shared context", width=28),
        Column("contribution", "adds", figure(4)),
        Column("ppmi_a", "PPMI of a", figure(1)),
        Column("ppmi_b", "of b", figure(1)),
        Column("count_a", "times near a", COUNT),
        Column("count_b", "near b", COUNT),
    )

    a: str
    b: str
    count_a: int
    count_b: int
    before: float | None
    after: float | None
    context_cosine: float
    contexts: list[SharedContext]
    rest: float
    together: int
    together_ppmi: float
    uses: list[Occurrence]
    repeated: float = 0.0
    repeats: str = "once"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict for each context."""
        return [asdict(context) for context in self.contexts]

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec text why --json`` prints it."""
        return asdict(self)

    def __repr__(self) -> str:
        title = (
            f"Why {self.a!r} and {self.b!r} are similar: cosine {self.context_cosine:.2f} of their contexts"
        )
        return short_repr(title, [f"{row.context} {row.contribution:.3f}" for row in self.contexts])

    def view(self, top: int | None = None) -> View:
        """The cosines of the two words, the contexts that they share, and sentences with these."""
        a, b = escape_for_display(self.a), escape_for_display(self.b)
        sizes = (f" ({self.count_a:,}) and ", f" ({self.count_b:,})")
        parts: list[Part] = [[(a, "strong"), (sizes[0], ""), (b, "strong"), (sizes[1], "")]]
        before, after = (
            "unknown (no vector)" if x is None else f"{x:.3f}" for x in (self.before, self.after)
        )
        parts.append(f"cosine before refining {before}, after {after}")
        together = f"within a window {self.together:,} times, PPMI {self.together_ppmi:.2f}"
        parts.append(together if self.together else "never within a window")
        if self.repeated >= _REPEATED:
            counted = "each counted once" if self.repeats == "once" else "every occurrence counted"
            parts.append(f"{self.repeated:.1%} of the text repeats passages of other documents, {counted}")
        others = {"context": "others", "contribution": self.rest}
        total = {"context": "sum: cosine of contexts", "contribution": self.context_cosine}
        parts.append(Table(self.columns, [*self.rows[:top], others, total]))
        for use in self.uses:
            styles = dict.fromkeys((one.replace("_", " ") for one in use.contexts), "related")
            marked = _highlighted(use.text, styles | {use.word.replace("_", " "): "mark"})
            parts.append([(f"{escape_for_display(use.word)}: ", "quiet"), *marked])
        return View(f"Why {a} and {b} are similar", parts, records=self.rows)


def _highlighted(text: str, styles: Mapping[str, str]) -> Pieces:
    """A text in pieces: words with a style, in any case, and what is between them.

    >>> _highlighted("Hail fell.", {"hail": "strong"})
    (('Hail', 'strong'), (' fell.', ''))
    """
    pattern, text = "|".join(map(re.escape, sorted(styles, key=len, reverse=True))), printable(text)
    by_case = {word.lower(): style for word, style in styles.items()}
    words = re.finditer(pattern, text, re.IGNORECASE)
    return marked(text, ((*word.span(), by_case.get(word[0].lower(), "")) for word in words))


@checked
def why(
    run: GivenRun,
    a: NotEmpty,
    b: NotEmpty,
    top: Count = 12,
    *,
    window: Annotated[int, Bounds(at_least=3)] = 21,
    examples: Natural = 2,
) -> Why:
    """Explain why two words are similar: list the contexts they share.

    Parameters
    ----------
    run : Run or path
    a : str, not empty
        A word or phrase of the run.
    b : str, not empty
        Another word or phrase.
    top : int, at least 1
        Shared contexts listed.
    window : int, at least 3
        Tokens around a word that count as its context.
    examples : int, at least 0
        Example sentences of each word.

    Returns
    -------
    Why

    Raises
    ------
    InputError
        If a word is not in the run, or the run has not kept its tokens.
    OptionError
        If both are the same word, or a number is too small.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.why(run, "hail", "graupel", top=3)
    Why 'hail' and 'graupel' are similar: cosine 0.84 of their contexts
      single 0.026, size 0.023, sky 0.022
    """
    run = as_run(run)
    rows = (row_of(run, a), row_of(run, b))
    if rows[0] == rows[1]:
        name = run.vectors.index_to_key[rows[0]]
        raise OptionError(f"{a!r} and {b!r} are the same word in this run, {name!r}", remedy="name two words")
    batch = run.require_tokens()
    counts, ppmi = neighbour_ppmi(batch, rows, window)
    stops = stop_words(run.provenance)
    contributions = _contributions(batch.types, stops, rows, counts, ppmi)
    order = np.argsort(-contributions, kind="stable")[:top]
    listed = [int(c) for c in order if contributions[c] > 0]
    total = float(contributions.sum())
    repeats = run.provenance.repeats or {}
    return Why(
        a=batch.types[rows[0]],
        b=batch.types[rows[1]],
        count_a=int(batch.counts[rows[0]]),
        count_b=int(batch.counts[rows[1]]),
        before=_cosine(run.original.unit, rows),
        after=_cosine(run.vectors.unit, rows),
        context_cosine=total,
        contexts=[
            SharedContext(
                batch.types[c], float(contributions[c]), *ppmi[:, c].tolist(), *counts[:, c].tolist()
            )
            for c in listed
        ],
        rest=total - float(contributions[listed].sum()),
        together=int(counts[0, rows[1]]),
        together_ppmi=float(ppmi[0, rows[1]]),
        uses=_occurrences(run, rows, contributions, listed[:_SHOWN], window // 2, examples),
        repeated=float(repeats.get("share", 0)),
        repeats=str(repeats.get("counted", "all")),
    )


def neighbour_ppmi(
    batch: TokenBatch, rows: Sequence[int], window: int, columns: Sequence[int] | None = None
) -> tuple[Ints, Doubles]:
    """Counts of words (all by default) as neighbours of n others in a window, and their PPMI, (n, m) each.

    >>> batch = TokenBatch.from_documents([["a", "b"], ["a", "b"], ["c", "d"]])
    >>> counts, ppmi = neighbour_ppmi(batch, [0], 3)
    >>> counts.tolist(), ppmi.round(3).tolist()
    ([[0, 2, 0, 0]], [[0.0, 1.16, 0.0, 0.0]])
    """
    counts = count_near(batch, window, rows, columns)
    pmi = PositivePMI(neighbour_totals(batch, window))
    others = np.arange(len(batch.types)) if columns is None else np.array(columns)
    return counts, pmi(counts, np.array(rows)[:, None], others[None])


def _contributions(
    types: Sequence[str], stops: Collection[str], rows: Sequence[int], counts: Ints, ppmi: Doubles
) -> Doubles:
    """What each context adds to the cosine of the ``rows`` of two words, (V,), by counts and PPMI, (2, V).

    The words themselves add nothing, nor do stop words and contexts that are near a word by chance.
    """
    kept = np.where(counts >= _LEAST, ppmi, 0.0)
    kept[:, list(rows)] = 0.0
    kept[:, [c for c in np.flatnonzero(kept.any(axis=0)).tolist() if types[c].lower() in stops]] = 0.0
    lengths = np.linalg.norm(kept, axis=1)
    out: Doubles = kept[0] * kept[1] / max(float(lengths[0] * lengths[1]), 1e-12)
    return out


def _cosine(vectors: Rows, rows: Sequence[int]) -> float | None:
    """The cosine of two unit rows; None if one is zero."""
    a, b = vectors[rows[0]], vectors[rows[1]]
    return float(a @ b) if a.any() and b.any() else None


def _occurrences(
    run: Run, rows: Sequence[int], contributions: Doubles, contexts: Sequence[int], half: int, most: int
) -> list[Occurrence]:
    """Occurrences of either word with the largest contributions around them, no two sentences alike.

    They come from different documents, if these have others.
    """
    if not most or not contexts:
        return []
    shown: list[Occurrence] = []
    for row in rows:
        best = _best_occurrences(run, row, contributions, contexts, half, _TRIED * most)
        documents = {occurrence.document for occurrence in shown}
        best.sort(key=lambda occurrence: occurrence.document in documents)
        texts = distinct_texts([occurrence.text for occurrence in [*shown, *best]], len(shown) + most)
        shown += [best[i - len(shown)] for i in texts if i >= len(shown)]
    return shown


def _best_occurrences(
    run: Run, row: int, contributions: Doubles, contexts: Sequence[int], half: int, most: int
) -> list[Occurrence]:
    """Occurrences of a word with the largest contributions around them, from different documents."""
    batch = run.require_tokens()
    word = batch.types[row]
    places = occurrences(batch, row, most=SAMPLED)
    windows = padded_windows(batch, places, half)
    windows = np.sort(np.where(np.isin(windows, contexts), windows, -1), axis=1)
    windows[:, 1:][windows[:, 1:] == windows[:, :-1]] = -1  # a context counts once per occurrence
    scores = np.where(windows >= 0, contributions[windows], 0.0).sum(axis=1)
    found = []  # shared contexts of each quote, and the quote in words
    marks, repeated = dict.fromkeys(contexts, "shared"), repeated_tokens(run)
    for quote in best_occurrences(batch, repeated, places, scores, most, marks=marks):
        shared = list(dict.fromkeys(token for token, mark in quote.pieces if mark == "shared"))
        words = tuple((" ".join(parts(token)) or token, "") for token, _ in quote.pieces)
        found.append((shared, replace(quote, word=word.split(LINK)[0], pieces=words)))
    told = sentences(run.text, run.provenance, [quote for _, quote in found])
    return [Occurrence(word, of.document, of.text, own) for (own, _), of in zip(found, told, strict=True)]
