"""Tasks of words: similarity, analogies, translations, and words that are hidden.

Similarity: do cosines rank pairs of words as people do? Analogies: a is to b as c is to what? Dictionaries
(bilingual lexicon induction): is the nearest word of the other language a translation of the word?

Out-of-vocabulary words: how good are the vectors induced for them? The right vector of an unknown word is not
known. So known words are hidden, treated as unknown, and the vectors induced for them are compared with their
own: how many words are nearer than the right one?
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.data.word_lookup import find_rows
from selfvec.files.text_files import text_lines
from selfvec.numerics.nearest import ANALOGY_METHODS, best_columns, mean_of_nearest, solve_analogies
from selfvec.numerics.rows import filled_rows, ranks_among, sampled, unit_rows
from selfvec.numerics.statistics import mean, median, rank_correlation, spearman
from selfvec.storage.alignment_files import read_dictionary
from selfvec.storage.formats import load

from .compared_vectors import ComparedVectors, word_vectors
from .task import Measurement, Task, number, rows

# ---- Similarity


class Pairs(NamedTuple):
    """n scored pairs of W distinct words."""

    words: list[str]  # W
    numbers: Ints  # (n, 2) of the words of a pair
    scores: Doubles  # (n,)


@dataclass(frozen=True)
class Similarity(Task):
    """Spearman's rank correlation of cosines with human scores.

    All pairs count in ``value``. A pair with a word that has no vector gets cosine 0, and ``covered`` is the
    share of pairs with both vectors. ``value_known`` is over these alone, None if they are fewer than two.
    ``value_common``, from ``low_common`` to ``high_common``, is over the ``n_common`` pairs of all compared
    vectors, and None if these are fewer than two; most papers report this figure.

    Parameters
    ----------
    path : path
        Rows of word<TAB>word<TAB>score.
    """

    kind: ClassVar[str] = "similarity"

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """A row of metric ``spearman`` for all vectors."""
        pairs = read_pairs(self.path)
        a, b = pairs.numbers.T
        looked_up = [word_vectors(entry.vectors, pairs.words) for entry in entries]
        # Truncated vectors have the same words as the full ones.
        whole = [
            present for entry, (_, present) in zip(entries, looked_up, strict=True) if not entry.truncated
        ]
        everywhere = np.all(whole, axis=0)
        common = everywhere[a] & everywhere[b]
        n_common = int(common.sum())
        for entry, (vectors, present) in zip(entries, looked_up, strict=True):
            cosines = np.einsum("ij,ij->i", vectors[a], vectors[b], dtype=np.float64)
            both = present[a] & present[b]
            over_known = rank_correlation(cosines[both], pairs.scores[both]) if both.sum() > 1 else None
            measured = Measurement.of(
                entry,
                "spearman",
                spearman(cosines, pairs.scores, seed),
                n=len(cosines),
                covered=float(both.mean()),
                value_known=over_known,
            )
            over_common = spearman(cosines[common], pairs.scores[common], seed) if n_common > 1 else None
            yield replace(measured, common=over_common, n_common=n_common)


def read_pairs(path: Path) -> Pairs:
    """Read scored pairs of words."""
    index: dict[str, int] = {}
    numbers = []
    scores = []
    for line, (*pair, score) in rows(path, ("word", "word", "score")):
        numbers.append([index.setdefault(word, len(index)) for word in pair])
        scores.append(number(score, path, line, "score"))
    if len(set(scores)) < 2:
        rule = f"a correlation needs pairs with different scores, found {len(set(scores))}"
        raise InputError(rule, path=path, remedy="give rows of word<TAB>word<TAB>score")
    return Pairs(list(index), np.array(numbers, np.int64), np.array(scores))


# ---- Analogies


class AnalogyQuestions(NamedTuple):
    """Q questions over W distinct words."""

    words: list[str]
    numbers: Ints  # (Q, 4) a, b, c and the answer, as places in ``words``
    sections: dict[str, list[int]]  # questions by section, in the file's order


@dataclass(frozen=True)
class Analogies(Task):
    """Share of questions answered exactly, by 3CosAdd and by 3CosMul.

    Every question counts. A question with a word without a vector is wrong; ``covered`` is the share of the
    others. The three words of a question are never its answer. Extra keys: ``method`` (3cosadd or 3cosmul)
    and ``sections``, the accuracy and size of each section.

    Parameters
    ----------
    path : path
        As Google's questions-words.txt or MSR's: four words a line, sections after ``:``.
    most : int
        Candidates are the first ``most`` rows, usually the most frequent words.
    """

    most: int = 300_000
    kind: ClassVar[str] = "analogy"

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """A row of metric ``accuracy`` for all vectors and each method."""
        questions = read_questions(self.path)
        for entry in entries:
            answered, right = answer(entry.vectors, questions, self.most)
            for method, correct in right.items():
                sections = {
                    name: {"value": float(correct[members].mean()), "n": len(members)}
                    for name, members in questions.sections.items()
                }
                figure = mean(correct, seed), len(correct), float(answered.mean())
                yield Measurement.of(entry, "accuracy", *figure, method=method, sections=sections)


def read_questions(path: Path) -> AnalogyQuestions:
    """Read a file of questions."""
    index: dict[str, int] = {}
    numbers: list[list[int]] = []
    sections: dict[str, list[int]] = {}
    section = "all"
    for line, text in text_lines(path):
        if text.startswith(":"):
            section = text[1:].strip() or "all"
            continue
        words = text.split()
        if len(words) != 4:
            rule = f"a question has four words, this one has {len(words)}"
            raise InputError(rule, path=path, line=line, remedy="correct the line; a section begins with ':'")
        sections.setdefault(section, []).append(len(numbers))
        numbers.append([index.setdefault(word, len(index)) for word in words])
    if not numbers:
        raise InputError("holds no question", path=path, remedy="give lines of four words")
    return AnalogyQuestions(list(index), np.array(numbers, np.int64), sections)


def answer(vectors: Vectors, questions: AnalogyQuestions, most: int) -> tuple[Mask, dict[str, Mask]]:
    """Which of Q questions have four words with vectors, and which each method answers right; (Q,) bool."""
    candidates = np.flatnonzero(filled_rows(vectors.vectors[:most]))
    place = np.full(len(vectors) + 1, -1, np.int64)  # of a row among the candidates; the last is for row -1
    place[candidates] = np.arange(len(candidates))
    words = place[find_rows(vectors, questions.words)]
    asked = words[questions.numbers]
    answered = np.all(asked >= 0, axis=1)
    right = {method: np.zeros(len(asked), bool) for method in ANALOGY_METHODS}
    if not answered.any():
        return answered, right
    used, numbers = np.unique(questions.numbers[answered, :3], return_inverse=True)
    solved = solve_analogies(
        vectors.vectors,
        candidates,
        words=candidates[words[used]],
        questions=numbers.reshape(-1, 3),
        excluded=asked[answered, :3],
    )
    for method, answers in solved.items():
        right[method][answered] = answers == asked[answered, 3]
    return answered, right


# ---- Translations


_RANKS = (1, 5)  # of precision@1 and @5, which papers on dictionaries report
_MOST = 200_000  # first rows of b that are candidates, as in MUSE
_ASKING = 50_000  # first rows of a, which determine hubs
_REMEDY = "give the folder that align wrote, or both vectors: selfvec evaluate A ALIGNED_B --dictionary FILE"


@dataclass(frozen=True)
class Dictionary(Task):
    """Precision at 1 and 5: share of words with a translation among the nearest words of the other language.

    Words of a are translated by the nearest rows of b, by cosine (mode ``nn``) and by CSLS (mode
    ``csls``). A word with several translations is one item. Every item counts. An item whose word or whose
    translations all lack a vector is wrong, and lowers ``covered``; ``value_covered`` is the precision
    over the others, and ``unused`` counts these words by the vectors that lack them. A first row that names
    the columns is left out.

    Candidates are the first 200,000 rows of b; its hubs are determined by the first 50,000 of a.

    The vectors are a and b of a folder that ``align`` wrote, or a file in which ``align`` noted the vectors
    that it is aligned to. Otherwise each of the given vectors is compared with the first.

    Parameters
    ----------
    path : path
        Rows of word<TAB>word: a word of a, a word of b.
    """

    kind: ClassVar[str] = "lexicon"

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """Two rows of each mode for all aligned vectors; `OptionError` if none are aligned."""
        whole = [entry for entry in entries if not entry.truncated and (entry.run is None or entry.refined)]
        compared = [entry for entry in whole if entry.aligned_to is not None] or whole[1:]
        if not compared:
            raise OptionError("a lexicon is measured on two sets of vectors in one space", remedy=_REMEDY)
        words: dict[str, list[str]] = defaultdict(list)
        for word, translation in read_dictionary(self.path):
            words[word].append(translation)
        for entry in compared:
            a = whole[0].vectors if entry.aligned_to is None else load(entry.aligned_to)
            yield from self._translated(a, entry, words, seed)

    def _translated(
        self, a: Vectors, entry: ComparedVectors, words: Mapping[str, list[str]], seed: int
    ) -> Iterator[Measurement]:
        """The rows of words of a among those of vectors."""
        b = entry.vectors
        if a.vector_size != b.vector_size:
            rule = f"{entry.name} has {b.vector_size} dimensions, the others {a.vector_size}"
            raise InputError(f"{rule}: they are not in one space", remedy=_REMEDY)
        asked = find_rows(a, list(words))
        wanted = [find_rows(b, translations) for translations in words.values()]
        translated = np.array([bool(np.any(rows >= 0)) for rows in wanted])
        answerable = (asked >= 0) & translated
        unused = {
            "words": int(np.sum(~answerable)),
            "without_vector_in_a": int(np.sum(asked < 0)),
            "without_vector_in_b": int(np.sum(~translated)),
        }
        right = [wanted[i] for i in np.flatnonzero(answerable).tolist()]
        for mode, best in _translations(a, b, asked[answerable]).items():
            hits = np.array([np.isin(nearest, rows) for nearest, rows in zip(best, right, strict=True)], bool)
            for rank in _RANKS:
                correct = np.zeros(len(words))
                correct[answerable] = hits.reshape(-1, max(_RANKS))[:, :rank].any(axis=1)
                covered = float(correct[answerable].mean()) if answerable.any() else None
                more: dict[str, Any] = {"value_covered": covered, "unused": unused}
                figure = mean(correct, seed), len(words), float(answerable.mean())
                yield Measurement.of(entry, f"precision@{rank}", *figure, mode, **more)


def _translations(a: Vectors, b: Vectors, asked: Ints) -> dict[str, Ints]:
    """The rows of b nearest to some rows of a, best first, by mode, each (n, 5)."""
    some_a = np.flatnonzero(filled_rows(a.vectors[:_ASKING]))
    some_b = np.flatnonzero(filled_rows(b.vectors[:_MOST]))
    pool = unit_rows(b.vectors[some_b])
    queries = unit_rows(a.vectors[asked])
    hubness = mean_of_nearest(pool, unit_rows(a.vectors[some_a]))
    rows = np.append(some_b, -1)
    return {
        mode: rows[best_columns(queries, pool, max(_RANKS), by)]
        for mode, by in (("nn", None), ("csls", hubness))
    }


# ---- Hidden words


_MOST_HIDDEN = 1000  # words hidden
_SHARE = 5  # at most one known word in so many is hidden, so that enough remain to learn from
_LEAST_HIDDEN = 10  # hidden words, for a median
_STEM = 5  # first letters that related words share
_BLOCK = 512  # vectors that are compared with all others at a time


@dataclass(frozen=True)
class HiddenWords(Task):
    """Hide a sample of known words, induce a vector for each, and rank the true vector.

    Each way to induce vectors has two rows. ``median_rank`` is the rank of a word's true vector, by cosine to
    the induced one, among all words of the run that have a vector of their own: 1 is best; without an induced
    vector, a word has the middle rank. ``mrr`` is the mean of 1 / rank. ``candidates`` is the number of words
    ranked, ``share`` the median rank divided by it. A hidden word often has a related form that is not hidden
    (*storm*, *storms*), unlike many unknown words: ``median_rank_alone`` is over the ``alone`` hidden words
    that share their first five letters with no known word.

    The ways: ``zero start`` is the paper's rule, by which unknown words are zeros at first, ``refined`` the
    run's own method. Both are ranked among the original vectors, because the refined ones already contain
    information of the text about the words. Words built from subwords are hidden, too, because their subwords
    would reveal the hidden ones.
    """

    path: Path = Path("hidden words")
    kind: ClassVar[str] = "oov"

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """Two rows for each run and way to induce vectors."""
        of_runs = [entry for entry in entries if entry.refined and not entry.truncated]
        if not of_runs:
            rule = f"{self.path} is measured on runs, none was given"
            raise OptionError(rule, remedy="give a run folder")
        for entry in of_runs:
            assert entry.run is not None  # as of all refined vectors
            yield from _found_again(entry.name.removesuffix("refined"), entry.run, seed)


def _found_again(prefix: str, run: Run, seed: int) -> Iterator[Measurement]:
    batch = run.require_tokens()
    original = run.original
    pretrained = original.sources == Source.KNOWN
    hidden = words_to_hide(pretrained, batch, seed)
    alone = without_relatives(batch.types, pretrained, hidden)
    candidates = np.flatnonzero(pretrained)
    place = np.searchsorted(candidates, hidden)
    for name, vectors in induced(run, batch, hidden, seed):
        ranked = ranks(vectors, original.unit[candidates], place)
        covered = float(filled_rows(vectors).mean())
        extra = {
            "candidates": len(candidates),
            "share": float(np.median(ranked)) / len(candidates),
            "alone": int(alone.sum()),
            "median_rank_alone": float(np.median(ranked[alone])) if alone.any() else None,
        }
        for metric, estimate in (("median_rank", median(ranked, seed)), ("mrr", mean(1 / ranked, seed))):
            size = original.vector_size
            n = len(hidden)
            yield Measurement(prefix + name, metric, estimate, n, covered, dimensions=size, extra=extra)


def induced(run: Run, batch: TokenBatch, hidden: Ints, seed: int) -> Iterator[tuple[str, Rows]]:
    """The name of each way, and its vectors of the h hidden words, (h, d)."""
    from selfvec.refinement.methods.sequential import PaperRefinement
    from selfvec.refinement.pipeline import refine_again
    from selfvec.text import auto_window

    unknown = without_hidden(run.original, hidden)
    paper = PaperRefinement(batch, unknown, window=auto_window(batch))
    while not paper.done:
        paper.advance()
    yield "zero start", paper.table[hidden]
    refined = refine_again(run.replace(original=unknown, tokens=batch), batch, seed)
    yield "refined", refined.unit[hidden]


def without_hidden(original: Vectors, hidden: Ints) -> Vectors:
    """Initial vectors in which some words, and all words built from subwords, are unknown.

    *Storms*, built from *storm* and *s*, would reveal a hidden *storm*.
    """
    seen = original.sources == Source.KNOWN
    seen[hidden] = False
    sources = np.where(seen, Source.KNOWN, Source.NONE).astype(np.uint8)
    rows = np.where(seen[:, None], original.unit, np.float32(0))
    return Vectors(original.index_to_key, rows, sources=sources, normalized=True)


def words_to_hide(pretrained: Mask, batch: TokenBatch, seed: int) -> Ints:
    """The words to hide: words with a pretrained vector that occur, (h,), rising."""
    pool = np.flatnonzero(pretrained & (batch.counts > 0))
    number = min(_MOST_HIDDEN, len(pool) // _SHARE)
    if number < _LEAST_HIDDEN:
        needed = _LEAST_HIDDEN * _SHARE
        rule = f"hiding words needs {needed} words with a vector of their own, this run has {len(pool)}"
        raise InputError(rule, remedy="give more text, or vectors of its language")
    return sampled(pool, number, np.random.default_rng(seed))


def without_relatives(types: Sequence[str], pretrained: Mask, hidden: Ints) -> Mask:
    """Which hidden words share their first letters with no pretrained word that is not hidden, (h,)."""
    left = pretrained.copy()
    left[hidden] = False
    stems = {types[i][:_STEM].lower() for i in np.flatnonzero(left).tolist()}
    return np.array([types[i][:_STEM].lower() not in stems for i in hidden.tolist()], bool)


def ranks(vectors: Rows, rows: Rows, places: Ints) -> Doubles:
    """Rank of the right row among (n, d) by cosine to each of h vectors, (h, d): (h,), from 1.

    Rows exactly as near as the right one count half; a vector of zeros gets the middle rank.

    >>> rows = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    >>> ranks(np.array([[1, 0.1], [1, 0.1], [0, 0]], np.float32), rows, np.array([0, 2, 1])).tolist()
    [1.0, 3.0, 2.0]
    """
    unit = unit_rows(rows)
    vectors = unit_rows(vectors)
    out = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        part = slice(start, start + _BLOCK)
        cosines = vectors[part] @ unit.T
        out[part] = ranks_among(cosines, cosines[np.arange(len(cosines)), places[part]])
    return out
