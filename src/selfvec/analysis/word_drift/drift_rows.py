"""`drift`: the words that changed between two slices of a corpus, or by refining."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from selfvec.analysis.kernels import LEAST_BLOCKS
from selfvec.analysis.word_kinds import languages
from selfvec.base.arrays import Ints, Mask
from selfvec.base.checks import check_names, check_texts
from selfvec.base.declarations import checked
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.base.text_files import misfit
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.storage.cache import cached, read_result, write_result
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.tagger import PARTS, check_tagger
from selfvec.usage.examples import Example, examples, sentences
from selfvec.usage.occurrence_vectors import OccurrenceSpace, occurrence_space

from .changed_neighbours import NEIGHBOURS, changed_neighbours, known_rows, possible_neighbours
from .compared_slices import chosen_slices, documents_of, field_slices, slices_of, sources_of, without_slices
from .permutation_test import (
    LEVEL,
    Distances,
    DriftTest,
    permutation_test,
    refinement_drift,
    usual_distances,
)
from .sentence_distance import kept_distances
from .word_choice import WORD, chosen_words, left_out_words, mark_words, measurable

_NAME = "drift"  # in the cache, which holds the measures of every word; a choice is made when it is read
_STEPS = {  # with their relative durations
    "Preparing occurrences": 2,
    "Choosing words": 1,
    "Splitting": 5,
    "Splitting again": 1,
    "Neighbours": 3,
}
_SHOWN = 20  # words with example sentences, if all are listed
BY_REFINING = ["original", "refined"]  # names the states before and after refining, unless slices do
_SPARE = 2  # times as many examples as are shown, for those that show a sentence again
_FIELDS = ("a", "b", "only_a", "only_b", "reasons", "rows")  # of a cached result


@dataclass(frozen=True, eq=False, repr=False)
class Drift(ResultTable):
    """Words between two states, significant ones first, by their change.

    Attributes
    ----------
    a, b : str
        Names of the states: two slices, or "original" and "refined".
    rows : list of dict
        One dict per word, as in ``selfvec drift --json``.
    only_a, only_b : int
        Words that occur often enough, but in one slice only; they have no row.
    left_out : dict
        Number of words that are not listed, by reason. Other spellings of a listed word are tested all the
        same.
    unknown : list of dict
        Named words without a row: word, reason, and their counts.
    """

    order = (
        f"words with q ≤ {LEVEL} first; of these, names, numbers and other spellings of a word last, and "
        f"before them words in fewer than {LEAST_BLOCKS} documents of a side; "
        "then by change, the largest first"
    )

    a: str
    b: str
    rows: list[dict[str, Any]]
    only_a: int = 0
    only_b: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)  # by word, of words that are not listed by default
    min_count: int = 5
    slices: tuple[Slice, ...] = ()  # that occurrences come from; none if the run has not kept its corpus
    seed: int = 0
    state: str = ""  # the stamp of the run that was measured; empty for one in memory
    space: OccurrenceSpace | None = None  # of the slices, if it was made
    quotes: dict[str, list[Example]] = field(default_factory=dict)  # by word, see `illustrate`

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, word: str) -> dict[str, Any]:
        """The row of a word."""
        return self.select(word=word).rows[0]

    def __repr__(self) -> str:
        significant = sum(row["q"] is not None and row["q"] <= LEVEL for row in self.rows)
        title = f"Drift from {self.a} to {self.b}: {len(self):,} words, {significant:,} with q ≤ {LEVEL}"
        return short_repr(title, [row["word"] for row in self.rows], "see .rows or .to_polars()")

    def choose(
        self, run: Run, words: Sequence[str] = (), pos: Sequence[str] = (), every: bool = False
    ) -> Drift:
        """The rows of a choice of words, with their q, in order.

        If ``words`` are named, only these are listed, whether or not they are stop words or numbers; their q
        is that among all words. ``every`` includes stop words, numbers and words of repeated text.
        """
        sides = self.slices if len(self.slices) == 2 else ()
        named, unknown = named_words(run, sides, words, self.min_count)
        by_word = {row["word"]: row for row in self.rows}
        measured = sorted(by_word, key=run.vectors.key_to_index.__getitem__)
        tested, left_out = chosen_words(run, measured, self.reasons, pos, every, named)
        rows = [by_word[word] for word in tested]
        q = benjamini_hochberg(np.array([row["p"] for row in rows], np.float64)).tolist()
        rows = sorted((row | {"q": _known(of)} for row, of in zip(rows, q, strict=True)), key=order_key)
        if words:
            rows = [row for row in rows if row["word"] in named]
        elif not every:
            rows = _each_once(rows)
            left_out["other spellings"] = len(tested) - len(rows)
        return replace(self, rows=rows, left_out=left_out, unknown=unknown)

    def select(self, top: int | None = None, fdr: float | None = None, word: str | None = None) -> Drift:
        """The first ``top`` rows, without words of a larger q than ``fdr``; or the row of one word.

        Raises
        ------
        KeyError
            If the word has no row.
        """
        if fdr is not None and not 0 < fdr <= 1:
            raise OptionError(f"is a share above 0, at most 1, not {fdr!r}", field="fdr")
        kept = self.rows
        if fdr is not None:
            kept = [row for row in kept if row["q"] is not None and row["q"] <= fdr]
        if word is not None:
            kept = [row for row in kept if row["word"] == word]
            if not kept:
                raise KeyError(f"no row for {word!r}")
        return replace(self, rows=kept[:top])

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
        quotes: dict[str, list[Example]] = {}
        for example in self._examples(run, top, number, progress or Progress()):
            side = example.side if len(self.slices) == 2 else 1
            quotes.setdefault(example.word, []).append(replace(example, side=side))
        added = [
            {
                f"examples_{name}": [one.text for one in quotes.get(row["word"], ()) if one.side == side]
                for side, name in enumerate("ab")
            }
            for row in self.rows[:top]
        ]
        return replace(self._extended(added), quotes=quotes)

    def compare_sentences(self, run: Run, top: int | None = None, progress: Progress | None = None) -> Drift:
        """Add ``sentences`` to the first rows: how far the sentence encoder finds those of both slices apart.

        The drift itself without an encoder, without the text, or if no slices are compared.
        """
        words = [row["word"] for row in self.rows[:top]]
        found = kept_distances(run, self.slices, words, self.seed, progress or Progress())
        return self._extended([{"sentences": distance} for distance in found])

    def _extended(self, added: Sequence[dict[str, Any]]) -> Drift:
        """The same with more keys in its first rows."""
        first = [row | more for row, more in zip(self.rows, added, strict=False)]
        return replace(self, rows=[*first, *self.rows[len(added) :]])

    def _examples(self, run: Run, top: int | None, number: int, progress: Progress) -> list[Example]:
        """Occurrences that show the change of the first words, as sentences; kept in the run's cache."""
        words = [row["word"] for row in self.rows[:top]]

        def make() -> list[Example]:
            return self._make_examples(run, words, number, progress)

        def write(found: list[Example], folder: Path) -> None:
            write_result({"examples": [asdict(one) for one in found]}, folder)

        def read(folder: Path) -> list[Example]:
            kept = read_result(folder)["examples"]
            return [Example(**one | {"mark": tuple(one["mark"])}) for one in kept]

        key = [documents_of(self.slices), self.seed, words, number]
        return cached(run, "sentences", key, make, write, read, progress)

    def _make_examples(
        self, run: Run, words: Sequence[str], number: int, progress: Progress
    ) -> list[Example]:
        index = run.vectors.key_to_index
        made = {} if self.space else {"Preparing occurrences": 3}
        with progress.steps("Sentences", {**made, "Occurrences": 2, "Sentences": 1}) as steps:
            sliced = len(self.slices) == 2
            space = self.space or occurrence_space(run, self.slices, self.seed, steps, refined=sliced)
            found: list[Example] = []
            with steps.stage("Occurrences", len(words), "words") as advance:
                for word in words:
                    found += examples(space, index[word], _SPARE * number)
                    advance(1)
            return _each_sentence_once(sentences(run, found), number)

    def as_dict(self) -> dict[str, Any]:
        """The result as ``selfvec drift --json`` prints it."""
        named = ("a", "b", "only_a", "only_b", "left_out", "unknown", "order", "rows")
        return {name: getattr(self, name) for name in named}


class Test(TypedDict, total=False):
    """How changes are tested.

    Other Parameters
    ----------------
    permutations : int, at least 1
        Random splits of the documents in the first round of the test; by default 1,000.
    seed : int, at least 0
        Seed of all random choices.
    jobs : int, at least 1, optional
        Threads; by default all cores.
    """

    permutations: int
    seed: int
    jobs: int | None


class Listed(TypedDict, total=False):
    """Words that are compared.

    Parameters
    ----------
    words : str or sequence of str
        Show these words only.

    Other Parameters
    ----------------
    pos : sequence of {"noun", "verb", "adjective", "adverb"}
        Compare these parts of speech only.
    all_words : bool
        Keep stop words, numbers and words of repeated text.
    """

    words: str | Sequence[str]
    pos: str | Sequence[str]
    all_words: bool


@checked
def drift(
    run: GivenRun,
    between: str | Sequence[str | Slice] | None = None,
    *,
    slice: str | None = None,
    slice_field: str | None = None,
    top: int | None = None,
    examples: int = 0,
    fdr: float | None = None,
    min_count: int = 5,
    progress: Progress | None = None,
    **which: Any,
) -> Drift:
    """List words whose meaning changed, and whether by chance.

    Results are kept in the run folder, and computed once.

    Parameters
    ----------
    run : Run or path
    between : sequence of slices, optional
        The two slices; by default first and last, or before and after refining. Dates as 1976..1979, 2020-05,
        2020Q2, 2000.., or labels; or original refined. In Python also a single period, such as "year".
    slice : str, optional
        Compare the first month, quarter, year … with the last. Neighbouring periods are joined up to 2,000
        words of text.
    slice_field : str, optional
        Compare two values of this field of the documents. They are named by --between, or are the two with
        the most text. Documents without a value are left out.
    top : int, at least 1, optional
        Words listed; by default all, on a terminal 20.
    examples : int, at least 0
        Example sentences of each side, of as many words as are listed, or 20.
    fdr : float, above 0, at most 1, optional
        Leave out words with a higher false discovery rate.
    min_count : int, at least 1
        Leave out words rarer on either side.
    progress : Progress, optional
    **which
        Those of `Listed`, the words that are compared, and of `Test`, how they are tested.

    Returns
    -------
    Drift
        From the cache in the run's folder if it is there. A dict for each word. Of several spellings of a
        word only the first in order is listed, unless words are named or ``which`` is every word.

        ``word``
            As the run has it.
        ``distance``
            1 - cosine of the means of its occurrences in both slices.
        ``low``, ``high``
            The 95 % interval of what it would be with many occurrences; None for words of few documents.
        ``expected``
            The mean distance in random splits of the same documents.
        ``apd``
            The mean distance of two occurrences, one of each slice.
        ``change``
            ``distance`` less half of what chance explains: ``expected``, or what that usually is for words
            with as many occurrences and documents if this is larger.
        ``p``, ``q``
            The share of random splits that are as far apart, never 0: if none is, it is read from a
            distribution with the moments of the splits. q is the false discovery rate among tested words.
        ``count_a``, ``count_b``, ``documents_a``, ``documents_b``
            Occurrences of the word, and documents with it, in each slice.
        ``gained``, ``lost``
            Neighbours among the ten nearest in the second slice only, and in the first only. A neighbour
            is no stop word or number, and one of the 10,000 most frequent words of the slice or tested.
        ``kind``
            "word", "name", "number" or "variant" (of a more frequent spelling).
        ``variants``, ``spellings_a``, ``spellings_b``
            Other spellings of the word, and the occurrences of all its spellings.

        Between the original and the refined vectors, ``distance`` is that of the two vectors of the word,
        ``apd`` the mean distance of an occurrence to the original vector, and ``p`` the share of random signs
        of the documents under which they agree as well on the direction of the move. ``low`` and ``high``
        are None, ``expected`` is 0, both sides have the same counts. For a run that has not kept its tokens,
        ``apd``, ``p``, ``q`` and the occurrences of spellings are None, too, and documents 0.

        If the run has a sentence encoder, as many rows as are listed, or 20, have ``sentences``, too: 1 -
        cosine of the mean vectors of the word's sentences in both slices, at most 40 drawn from each, less
        the mean of each slice's sentences. The order does not depend on it. With ``examples`` the first rows
        have ``examples_a`` and ``examples_b``.

    Raises
    ------
    InputError
        If a slice does not exist, or no word can be measured. `OptionError` if an option is wrong.
    """
    run = as_run(run)
    if between is not None and slice is not None:
        raise OptionError("the slices are those of --between or of --slice", remedy="leave one of them out")
    sides = slice if between is None else _named_sides(between)
    if slice_field is not None:
        sides = _of_field(run, slice_field, sides)
    check_names(which, [*Listed.__annotations__, *Test.__annotations__])
    chosen = _named_words_and_parts(run, which)
    if sides == BY_REFINING and not set(BY_REFINING) <= {part.name for part in slices_of(run)}:
        run = without_slices(run)
        sides = None
    test = DriftTest(min_count, which.get("permutations", 1000), which.get("seed", 0))
    work = {"Drift": 12, "Encoding sentences": 6, "Sentences": int(examples > 0)}
    with as_progress(progress).steps("Drift", work) as steps:
        slices = chosen_slices(run, sides)
        named_words(run, slices, chosen.get("words", ()), min_count)  # an error if none can be measured
        measured = _measured(run, slices, test, which.get("jobs"), steps)
        found = measured.choose(run, **chosen, every=which.get("all_words", False)).select(top, fdr)
        found = found.compare_sentences(run, top or _SHOWN, steps)
        return found.illustrate(run, top or _SHOWN, examples, steps) if examples else found


def _named_words_and_parts(run: Run, which: Mapping[str, Any]) -> dict[str, list[str]]:
    """The words and the parts of speech that are named, if any; an error if a part cannot be told."""
    chosen = {
        name: check_texts(name, which[name], what)
        for name, what in (("words", "words"), ("pos", "parts of speech"))
        if which.get(name)
    }
    if "pos" in chosen:
        for part in chosen["pos"]:
            if part not in PARTS:
                raise OptionError.one_of(part, PARTS, field="pos")
        check_tagger(run.provenance.options.get("tagger"), languages(run))
    return chosen


def _measured(
    run: Run, slices: Sequence[Slice], test: DriftTest, jobs: int | None, progress: Progress
) -> Drift:
    """The measures of every word, from the cache in the run's folder if they are there."""
    made: list[Drift] = []  # it holds more than is written

    def make() -> dict[str, Any]:
        made.append(measure_all(run, slices, test, jobs=jobs, progress=progress))
        return {name: getattr(made[0], name) for name in _FIELDS}

    def read(folder: Path) -> dict[str, Any]:
        return _of_words(read_result(folder), run, folder)

    key = [documents_of(slices), asdict(test)]
    figures = cached(run, _NAME, key, make, write_result, read, progress)
    if made:
        return made[0]
    sources = sources_of(run, slices)
    return Drift(**figures, min_count=test.min_count, slices=sources, seed=test.seed, state=run.stamp)


def _named_sides(between: Any) -> Any:
    """A period, or two slices."""
    if isinstance(between, str):
        return between
    several = list(between) if isinstance(between, Sequence) else []
    if not several or not all(isinstance(one, str | Slice) for one in several):
        rule = f"is two slices, such as ['1990..1999', '2010..2019'], or a period, not {between!r:.80}"
        raise OptionError(rule, field="between")
    return several


def _of_field(run: Run, field: str, sides: str | list[str | Slice] | None) -> list[Slice]:
    """Two values of a field as slices: those that are named, or those with the most text."""
    if isinstance(sides, str):
        rule = f"the slices are values of {field!r}, or periods such as {sides}"
        raise OptionError(rule, field="slice_field", remedy="leave one of them out")
    names = None if sides is None else [one.name if isinstance(one, Slice) else one for one in sides]
    return field_slices(run, field, names, 2)


def _of_words(found: dict[str, Any], run: Run, folder: Path) -> dict[str, Any]:
    """The fields of a result; `FormatError` unless its rows are those of words of the run."""
    rows = found["rows"]
    shape = {...: ("word", "change"), "word": str, "change": float}
    if misfit(rows, [shape]) or any(row["word"] not in run.vectors for row in rows):
        raise FormatError("is no result of this run", path=folder, remedy="remove it")
    return {name: found[name] for name in _FIELDS}


def named_words(
    run: Run, slices: Sequence[Slice], words: Sequence[str], min_count: int
) -> tuple[set[str], list[dict[str, Any]]]:
    """The named words that can be measured; for the other named words, the reason and their counts.

    Raises `InputError` if words are named and none can be measured.
    """
    if not words:
        return set(), []
    return measurable(run, words, *_sides(run, slices, min_count), min_count)


def measure_all(
    run: Run,
    slices: Sequence[Slice],
    test: DriftTest,
    *,
    neighbours: int = NEIGHBOURS,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """Measure every word that occurs often enough, including words that are not listed by default."""
    sources = sources_of(run, slices)
    with (progress or Progress()).steps("Drift", _STEPS) as steps:
        space = None
        if sources:
            space = occurrence_space(run, sources, test.seed, steps, refined=bool(slices))
        names, counts, able = _sides(run, slices, test.min_count)
        with steps.stage("Choosing words", None, "words"):
            reasons = left_out_words(run, slices, able)
        words = np.flatnonzero(able)
        listed = possible_neighbours(run, counts, test.min_count)
        often = np.flatnonzero(listed.any(axis=0) | able)
        how: dict[str, Any] = {"permutations": test.permutations, "seed": test.seed}
        how |= {"jobs": threads(jobs), "progress": steps}
        if slices and space is not None:
            found = permutation_test(space, words, among=often, **how)
            means = found.means
        else:
            found = refinement_drift(run, space, words, **how)
            means = [vectors.unit[often] for vectors in (run.original, run.vectors)]
        sides = [known_rows(often, rows) for rows in means]
        space = None if space is None else space.light()
        keys = run.vectors.index_to_key
        near = changed_neighbours(keys, words, sides, listed, neighbours, steps)
        rows = _rows(keys, found, counts, near)
        mark_words(run, sources, rows, test.min_count)
    only = [int(np.sum((counts[i] >= test.min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    return Drift(
        a=names[0],
        b=names[1],
        rows=rows,
        only_a=only[0],
        only_b=only[1],
        reasons=reasons,
        min_count=test.min_count,
        slices=sources,
        seed=test.seed,
        state=run.stamp,
        space=space,
    )


def _sides(run: Run, slices: Sequence[Slice], min_count: int) -> tuple[list[str], Ints, Mask]:
    """The names of both sides, the counts of all words there, (2, V), and the words that can be measured."""
    if slices:
        counts = slice_counts(run.require_tokens(), slices)
        return [part.name for part in slices], counts, _in_both(counts, min_count, slices)
    own = run.vectors.counts
    counts = np.stack([np.zeros(len(run.vectors), np.int64) if own is None else own] * 2)
    able = (counts[0] >= min_count) | (own is None)
    able &= run.original.unit.any(axis=1) & run.vectors.unit.any(axis=1)
    return BY_REFINING, counts, able


def _in_both(counts: Ints, least: int, slices: Sequence[Slice]) -> Mask:
    able: Mask = counts.min(axis=0) >= least
    if not able.any():
        raise InputError(
            f"no word occurs {least} times in both {slices[0].name} and {slices[1].name}",
            remedy="compare larger slices, or lower --min-count",
        )
    return able


def order_key(row: Mapping[str, Any]) -> tuple[bool, bool, bool, float]:
    """The sort key of a row, see `Drift.order`. With few documents a large change is often chance."""
    significant = row["q"] is not None and row["q"] <= LEVEL
    few = min(row["documents_a"], row["documents_b"]) < LEAST_BLOCKS
    return not significant, significant and row["kind"] != WORD, significant and few, -row["change"]


def _each_sentence_once(found: Sequence[Example], number: int) -> list[Example]:
    """The first ``number`` examples of each word and side whose sentence no example before has."""
    kept: dict[tuple[str, int], list[Example]] = {}
    shown: set[str] = set()
    for example in found:
        mine = kept.setdefault((example.word, example.side), [])
        if len(mine) < number and example.text not in shown:
            shown.add(example.text)
            mine.append(example)
    return [example for mine in kept.values() for example in mine]


def _each_once(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sorted rows without other spellings of a word above."""
    listed: set[str] = set()
    kept = []
    for row in rows:
        if listed.isdisjoint(row["variants"]):
            listed.add(row["word"])
            kept.append(row)
    return kept


def _rows(
    keys: Sequence[str], found: Distances, counts: Ints, neighbours: Sequence[dict[str, list[str]]]
) -> list[dict[str, Any]]:
    usual = usual_distances(found.expected, counts[:, found.words].T, found.documents)
    figures = {
        "distance": found.distance,
        "low": found.low,
        "high": found.high,
        "expected": found.expected,
        "apd": found.apd,
        "change": found.distance - np.maximum(found.expected, usual) / 2,
        "p": found.p,
        "q": np.full(len(found.words), np.nan),  # of a choice of words
        "count_a": counts[0, found.words],
        "count_b": counts[1, found.words],
        "documents_a": found.documents[:, 0],
        "documents_b": found.documents[:, 1],
    }
    columns = [values.tolist() for values in figures.values()]
    return [
        {"word": keys[word]} | {name: _known(value) for name, value in zip(figures, row, strict=True)} | near
        for word, row, near in zip(found.words.tolist(), zip(*columns, strict=True), neighbours, strict=True)
    ]


def _known(value: float) -> float | None:
    """A figure; None for NaN."""
    return None if value != value else value
