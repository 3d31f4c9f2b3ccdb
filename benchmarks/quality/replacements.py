"""Does ``similar --as replacement`` find words that can stand in a word's place? Fills replacements.md.

Abbreviations and their words: those that the texts define in brackets, as in "magnetic resonance imaging
(MRI)", with these brackets removed before refining, and 200 words of each collection that were abbreviated in
a third of its texts. Word similarity: Spearman correlation with human judgements. The constants were chosen
on these four collections; those of `LETTERS` and `NARROW` with each left out in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from benchmarks.abbreviations import defined, planted
from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, texts
from benchmarks.page import interval, table
from benchmarks.refining import refined
from selfvec.analysis.word_neighbours import LETTERS, NARROW, NEAR, abbreviations_among
from selfvec.data.run import Run
from selfvec.numerics.rows import top_indices
from selfvec.numerics.statistics import Estimate, mean, spearman
from selfvec.refinement.derived_vectors import narrow_vectors

JUDGED_TOGETHER = "MED, Cranfield, CACM"
COLLECTIONS = ("PubMed", "Ohsumed", "NOAA", JUDGED_TOGETHER)
SETS = {
    "SimLex-999": SIMILARITY["SimLex-999"],
    "SimVerb-3500": SHARED_DATA / "similarity/simverb3500.tsv",
    "WordSim, similar": SHARED_DATA / "similarity/ws353_sim.tsv",
    "MEN": SIMILARITY["MEN"],
    "RW": SIMILARITY["RW"],
    "UMNSRS": SIMILARITY["UMNSRS"],
}
GENERAL = tuple(SETS)[:5]  # that all collections have enough words of
SYNONYMS = 7.0  # pairs of SimLex and SimVerb with at least this score, of ten
LEAST = 5  # occurrences of a neighbour
OFTEN = 10  # occurrences of an abbreviation, and of a word it stands for
FEWEST = 40  # pairs of a set
SEED = 0  # of the intervals
BLOCK = 64  # words scored at a time

Pairs = list[tuple[int, list[int]]]
Tables = list[tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Way:
    """Scores of words: the weighted mean of their cosines in some vectors, and a bonus for abbreviations."""

    tables: Callable[[Run], Tables]
    bonus: float = 0.0

    def of_pairs(self, run: Run, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Cosines of pairs of words, (n,)."""
        tables = self.tables(run)
        return sum(weight * np.einsum("ij,ij->i", rows[a], rows[b]) for weight, rows in tables) / _sum(tables)

    def to_all(self, run: Run, words: np.ndarray) -> np.ndarray:
        """Scores of words and all words that occur often enough, (n, V); -1 for others and themselves."""
        tables = self.tables(run)
        scores = sum(weight * (rows[words] @ rows.T) for weight, rows in tables) / _sum(tables)
        assert run.vectors.counts is not None
        scores[:, run.vectors.counts < LEAST] = -1
        for word, row in zip(words.tolist(), scores, strict=True):
            row[word] = -1
            if self.bonus:
                row[abbreviations_among(run.original, word, np.array(top_indices(row, NEAR)), row)] += (
                    self.bonus
                )
        return scores


def _sum(tables: Tables) -> float:
    return sum(weight for weight, _ in tables)


def topic(run: Run) -> Tables:
    """The refined vectors."""
    return [(1, run.vectors.unit)]


def mixed(weight: float) -> Callable[[Run], Tables]:
    """The refined vectors, and the narrow ones with a weight."""
    return lambda run: [(1, run.vectors.unit), (weight, narrow_vectors(run).unit)]


WAYS = {
    "original": Way(lambda run: [(1, run.original.unit)]),
    "topic": Way(topic),
    "replacement without letters": Way(mixed(NARROW)),
    "replacement": Way(mixed(NARROW), LETTERS),
}


@dataclass(frozen=True)
class Collection:
    """A collection's runs: without definitions, and with planted abbreviations."""

    name: str
    run: Run
    pairs: dict[str, list[str]]
    planted_run: Run
    planted_pairs: dict[str, str]

    @cached_property
    def tasks(self) -> dict[str, tuple[Run, Pairs]]:
        """Words and those that should be among their neighbours, by the head of the column."""
        defined_pairs = [
            (short[0], long, len(words) == 1)
            for one, words in self.pairs.items()
            if (short := _often(self.run, [one])) and (long := _often(self.run, words))
        ]
        both = [
            (short[0], long[0])
            for one, word in self.planted_pairs.items()
            if (short := _often(self.planted_run, [one])) and (long := _often(self.planted_run, [word]))
        ]
        synonyms = [pair for name in GENERAL[:2] for pair in _judged(self.run, name) if pair[2] >= SYNONYMS]
        return {
            "a word": (self.run, [(short, long) for short, long, single in defined_pairs if single]),
            "a phrase": (self.run, [(short, long) for short, long, single in defined_pairs if not single]),
            "planted": (self.planted_run, [(short, [long]) for short, long in both]),
            "planted, word given": (self.planted_run, [(long, [short]) for short, long in both]),
            "synonyms": (self.run, [(a, [b]) for a, b, _ in synonyms] + [(b, [a]) for a, b, _ in synonyms]),
        }


@cache
def collection(name: str) -> Collection:
    """A collection by name."""
    if name == JUDGED_TOGETHER:
        found = [text for one in JUDGED for text in texts(one)]
    elif name == "Ohsumed":
        folder = SHARED_DATA / "classification/ohsumed"
        lines = [
            line for part in ("train", "test") for line in (folder / f"{part}.tsv").open(encoding="utf-8")
        ]
        found = [line.partition("\t")[2] for line in lines]
    else:
        found = texts(name)
    left, pairs = defined(found)
    # A quarter of PubMed is as large as the others.
    shortened, of = planted(left[::4] if name == "PubMed" else left)
    plain, abbreviated = (refined(texts, history="none").present for texts in (left, shortened))
    return Collection(name, plain, pairs, abbreviated, of)


def _often(run: Run, words: Sequence[str]) -> list[int]:
    """The rows of those words that occur often enough."""
    rows = [run.vectors.key_to_index[word] for word in words if word in run.vectors]
    return [row for row in rows if run.vectors.counts is not None and run.vectors.counts[row] >= OFTEN]


def _judged(run: Run, name: str) -> list[tuple[int, int, float]]:
    """The pairs of a set whose words the run has, often enough."""
    lines = [line.split("\t") for line in SETS[name].read_text(encoding="utf-8").splitlines()]
    pairs = [(a.lower(), b.lower(), float(score)) for a, b, score, *_ in lines]
    rows, counts = run.vectors.key_to_index, run.vectors.counts
    assert counts is not None
    found = [(rows[a], rows[b], score) for a, b, score in pairs if a in rows and b in rows]
    return [one for one in found if min(counts[one[0]], counts[one[1]]) >= LEAST]


def correlation(run: Run, way: Way, name: str) -> Estimate | None:
    """Correlation of a way's scores with human judgements; None for fewer than 40 pairs."""
    pairs = _judged(run, name)
    if len(pairs) < FEWEST:
        return None
    a, b, judged = (np.array(column) for column in zip(*pairs, strict=True))
    return spearman(way.of_pairs(run, a, b), judged, SEED)


def reciprocal_ranks(run: Run, pairs: Pairs, way: Way) -> np.ndarray:
    """1 / rank of the nearest of the wanted words, for each word."""
    found = []
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        scores = way.to_all(run, np.array([word for word, _ in block]))
        for (_, wanted), row in zip(block, scores, strict=True):
            found.append(1 / (1 + np.count_nonzero(row > row[wanted].max())))
    return np.array(found)


def _with_interval(run: Run, pairs: Pairs, way: Way) -> str:
    """The mean with its 95 % interval, for ten words or more."""
    return _cell(mean(reciprocal_ranks(run, pairs, way), SEED) if len(pairs) >= 10 else None)


def _cell(found: Estimate | None) -> str:
    return "" if found is None else interval(found.value, *found.interval)


def abbreviations() -> str:
    """Mean reciprocal rank of words that should be near."""
    rows = []
    heads: list[str] = []
    for name in COLLECTIONS:
        tasks = collection(name).tasks
        heads = list(tasks)
        rows.append([name, "*pairs*", *(f"{len(pairs)}" for _, pairs in tasks.values())])
        for label, way in WAYS.items():
            rows.append([name, label, *(_with_interval(*task, way) for task in tasks.values())])
    return table(["collection", "neighbours by", *heads], rows)


def similarity() -> str:
    """Correlation with human judgements."""
    rows = []
    for name in COLLECTIONS:
        run = collection(name).run
        for label in ("original", "topic", "replacement without letters"):
            rows.append([name, label, *(_cell(correlation(run, WAYS[label], one)) for one in SETS)])
    return table(["collection", "neighbours by", *SETS], rows)


NEEDS_DATA = True
PAGES = {"replacements.md": {"abbreviations": abbreviations, "similarity": similarity}}
