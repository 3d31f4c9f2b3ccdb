"""Why two words are similar: what they share, and the contribution of each part to their similarity.

By contexts, a word is represented by the positive pointwise mutual information of its neighbours
(`PositivePMI`). The cosine of two such rows is a sum over contexts, which shows what each context
contributes:

    cos(a, b) = Σ_c PPMI(a, c) · PPMI(b, c) / (|PPMI(a)| · |PPMI(b)|)

Neighbours that occur once or twice may be chance and are left out, like stop words and the two words
themselves.

By concepts, it is the same with documents about one subject, such as articles of an encyclopaedia. The vector
of a word has a number for each concept, the tf-idf of the word in it; the vector of a text is the sum over
its words. After E. Gabrilovich and S. Markovitch (2007), *Computing Semantic Relatedness using
Wikipedia-based Explicit Semantic Analysis*, with the idf of BM25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from selfvec.analysis.usage.contexts import SAMPLED, occurrences, padded_windows
from selfvec.analysis.usage.quotations import best_occurrences, distinct_texts, sentences
from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.checks import check_whole
from selfvec.base.declarations import checked
from selfvec.base.display import escape_for_display, whole_words
from selfvec.base.errors import InputError, OptionError
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.base.view import COUNT, Column, Part, Table, View, figure, highlighted
from selfvec.cooccurrence.counts import PositivePMI, count_near
from selfvec.cooccurrence.scan import neighbour_totals
from selfvec.corpus import as_corpus
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import inverse_document_frequency, word_documents
from selfvec.text.phrases import LINK, parts, row_of
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems

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
class Why(RecordTable):
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

    listed = "contexts"
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
            marked = highlighted(use.text, styles | {use.word.replace("_", " "): "mark"})
            parts.append([(f"{escape_for_display(use.word)}: ", "quiet"), *marked])
        return View(f"Why {a} and {b} are similar", parts, records=self.rows)


@overload
def why(run: GivenRun, a: str, b: str, top: int = ..., *, window: int = ..., examples: int = ...) -> Why: ...
@overload
def why(run: GivenRun, a: str, b: str, top: int = ..., *, concepts: object) -> WhyConcepts: ...
@checked
def why(
    run: GivenRun,
    a: str,
    b: str,
    top: int = 12,
    *,
    window: int = 21,
    examples: int = 2,
    concepts: object = None,
) -> Why | WhyConcepts:
    """Explain why two words are similar: list the contexts they share.

    Parameters
    ----------
    run : Run or path
    a : str, not empty
        A word or phrase of the run; with concepts any text.
    b : str, not empty
        Another word or phrase, or text.
    top : int, at least 1
        Shared contexts or concepts listed.
    window : int, at least 3
        Tokens around a word that count as its context.
    examples : int, at least 0
        Example sentences of each word.
    concepts : path, texts, data frame or `Corpus`, optional
        List shared concepts instead: a file with a text for each, its name first.

    Returns
    -------
    Why, or WhyConcepts with ``concepts``

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
    if concepts is not None:
        return ConceptVectors.of(concepts, run).why(a, b, top)
    rows = (row_of(run, a), row_of(run, b))
    if rows[0] == rows[1]:
        name = run.vectors.index_to_key[rows[0]]
        raise OptionError(f"{a!r} and {b!r} are the same word in this run, {name!r}", remedy="name two words")
    batch = run.require_tokens()
    counts, ppmi = neighbour_ppmi(batch, rows, window)
    contributions = _contributions(run, rows, counts, ppmi)
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
                context=batch.types[c],
                contribution=float(contributions[c]),
                ppmi_a=float(ppmi[0, c]),
                ppmi_b=float(ppmi[1, c]),
                count_a=int(counts[0, c]),
                count_b=int(counts[1, c]),
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


def _contributions(run: Run, rows: Sequence[int], counts: Ints, ppmi: Doubles) -> Doubles:
    """What each context adds to the cosine of the ``rows`` of two words, (V,), by counts and PPMI, (2, V).

    The words themselves add nothing, nor do stop words and contexts that are near a word by chance.
    """
    types, stops = run.require_tokens().types, stop_words(run)
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
    for quote in best_occurrences(run, places, scores, most, marks=dict.fromkeys(contexts, "shared")):
        shared = list(dict.fromkeys(token for token, mark in quote.pieces if mark == "shared"))
        words = tuple((" ".join(parts(token)) or token, "") for token, _ in quote.pieces)
        found.append((shared, replace(quote, word=word.split(LINK)[0], pieces=words)))
    told = sentences(run, [quote for _, quote in found])
    return [Occurrence(word, of.document, of.text, own) for (own, _), of in zip(found, told, strict=True)]


# ---- By concepts


_NAME = 60  # characters of the name of a text


@dataclass(frozen=True)
class SharedConcept:
    """A concept that two texts share."""

    concept: str
    contribution: float  # its part of the cosine of the two vectors
    weight_a: float  # its number in either unit vector
    weight_b: float


@dataclass(frozen=True, repr=False)
class WhyConcepts(RecordTable):
    """The concepts that make two words or texts similar.

    Attributes
    ----------
    a, b : str
    concept_cosine : float
        The sum of all contributions.
    concepts : list of SharedConcept
        The largest contribution first.
    rest : float
        Contribution of the concepts that are not listed.
    """

    listed = "concepts"
    columns = (
        Column("concept", "shared concept", width=60),
        Column("contribution", "adds", figure(4)),
        Column("weight_a", "weight in a", figure(3)),
        Column("weight_b", "in b", figure(3)),
    )

    a: str
    b: str
    concept_cosine: float
    concepts: list[SharedConcept]
    rest: float

    def __repr__(self) -> str:
        title = f"Why {self.a!r} and {self.b!r} are similar: cosine {self.concept_cosine:.2f} of concepts"
        return short_repr(title, [f"{row.concept} {row.contribution:.3f}" for row in self.concepts])

    def view(self, top: int | None = None) -> View:
        """The concepts that two words or texts share."""
        others = {"concept": "others", "contribution": self.rest}
        total = {"concept": "sum: cosine of concepts", "contribution": self.concept_cosine}
        title = f"Why {escape_for_display(self.a)} and {escape_for_display(self.b)} are similar"
        return View(title, [Table(self.columns, [*self.rows[:top], others, total])], records=self.rows)


class ConceptVectors:
    """Vectors over concepts, each a text whose first line is its name.

    Attributes
    ----------
    names : list of str
        One for each of the C concepts.

    >>> found = ConceptVectors(["Ice: hail and snow", "Bank: a loan of cash"]).why("snow", "hail")
    >>> round(found.concept_cosine, 3), found.concepts[0].concept
    (1.0, 'Ice: hail and snow')
    """

    def __init__(self, texts: Sequence[str], preprocessing: Preprocessing | None = None) -> None:
        """Count the words of the concepts, tokenised by ``preprocessing`` like a run's corpus."""
        self._cut = (preprocessing or Preprocessing()).by_words
        self.names = [_name(text) for text in texts]
        batch = self._words(texts)
        if len(batch) == 0:
            raise InputError("the concepts hold no words", remedy="name a file with a text for each concept")
        self._index = {word: i for i, word in enumerate(batch.types)}
        self._concepts, counts, self._starts = word_documents(batch.ids, batch.offsets, len(batch.types))
        self._idf = inverse_document_frequency(batch).astype(np.float64)
        weights = (1 + np.log(counts)) * np.repeat(self._idf, np.diff(self._starts))
        lengths = np.sqrt(np.bincount(self._concepts, weights**2, minlength=len(texts)))
        self._weights = weights / lengths[self._concepts]

    @classmethod
    def of(cls, corpus: Any, run: Run) -> ConceptVectors:
        """The concepts of a corpus, see `selfvec.as_corpus`, tokenised like the corpus of a run."""
        read = as_corpus(corpus, "corpus", keep_fields=False)
        texts = [text or "" for batch in read.batches() for text in batch.texts]
        return cls(texts, Preprocessing.of(run.provenance))

    def vector(self, text: str) -> Doubles:
        """The unit vector of a word or text, (C,) float64; zeros if its words occur in no concept."""
        out = np.zeros(len(self.names))
        batch = self._words([text])
        for word, count in zip(batch.types, batch.counts.tolist(), strict=True):
            row = self._index.get(word)
            if row is not None and count:
                own = slice(self._starts[row], self._starts[row + 1])
                out[self._concepts[own]] += (1 + np.log(count)) * self._idf[row] * self._weights[own]
        return out / max(float(np.linalg.norm(out)), 1e-300)

    def why(self, a: str, b: str, top: int = 12) -> WhyConcepts:
        """The concepts that make two words or texts similar.

        Raises
        ------
        InputError
            If the words of a text occur in no concept.
        """
        check_whole("top", top)
        vector_a = self.vector(a)
        vector_b = self.vector(b)
        for text, vector in ((a, vector_a), (b, vector_b)):
            if not vector.any():
                remedy = "choose other words, or give concepts that contain them"
                raise InputError(f"no concept has a word of {text!r}", remedy=remedy)
        shared = vector_a * vector_b
        order = np.argsort(-shared, kind="stable")[:top]
        listed = order[shared[order] > 0].tolist()
        rows = [
            SharedConcept(self.names[c], float(shared[c]), float(vector_a[c]), float(vector_b[c]))
            for c in listed
        ]
        return WhyConcepts(a, b, float(shared.sum()), rows, float(shared.sum() - shared[listed].sum()))

    def _words(self, texts: Sequence[str]) -> TokenBatch:
        return merge_stems(encode_texts(texts, self._cut), self._cut)


def _name(text: str) -> str:
    """The first line of a text, or its first words.

    >>> _name("Hail\\n\\nBalls of ice that fall in storms.")
    'Hail'
    """
    return whole_words(text.strip().partition("\n")[0].strip(), _NAME)
