"""Does ``similar --as replacement`` find words that can stand in a word's place? Fills replacements.md.

Abbreviations and their words: those that the texts define in brackets, as in "magnetic resonance imaging
(MRI)", with these brackets removed before refining, and 200 words of each collection that were abbreviated in
a third of its texts. Word similarity: Spearman correlation with human judgements. The constants were chosen
on these four collections; those of `LETTERS` and `NARROW` with each left out in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from benchmarks.abbreviations import defined, planted
from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, texts
from benchmarks.page import interval, table
from benchmarks.refining import refined, refined_rows
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
BANDS = ((5, 20), (20, 100), (100, 1000))  # occurrences of the rarer word
WEIGHTS = (0.25, 0.5, 0.75, 1.0)  # tried for `NARROW`
BONUSES = (0.1, 0.2, 0.3, 0.5)  # tried for `LETTERS`
ALLOWED = 0.01  # loss at which a constant is still chosen
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
                row[abbreviations_among(run, word, np.array(top_indices(row, NEAR)), row)] += self.bonus
        return scores


def _sum(tables: Tables) -> float:
    return sum(weight for weight, _ in tables)


def topic(run: Run) -> Tables:
    """The refined vectors."""
    return [(1, run.vectors.unit)]


def window_5(run: Run) -> Tables:
    """Vectors refined with a window of 5 words."""
    if "window 5" not in run.derived:
        settings = replace(run.settings, window=5)
        run.derived["window 5"] = refined_rows(run.require_tokens(), run.original, settings)
    return [(1, run.derived["window 5"])]


def mixed(weight: float) -> Callable[[Run], Tables]:
    """The refined vectors, and the narrow ones with a weight."""
    return lambda run: [(1, run.vectors.unit), (weight, narrow_vectors(run).unit)]


WAYS = {
    "original": Way(lambda run: [(1, run.original.unit)]),
    "topic": Way(topic),
    "refined with `--window 5`": Way(window_5),
    "narrow vectors alone": Way(lambda run: [(1, narrow_vectors(run).unit)]),
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
    return Collection(name, refined(left, history="none"), pairs, refined(shortened, history="none"), of)


def _often(run: Run, words: Sequence[str]) -> list[int]:
    """The rows of those words that occur often enough."""
    rows = [run.vectors.key_to_index[word] for word in words if word in run.vectors]
    return [row for row in rows if run.vectors.counts is not None and run.vectors.counts[row] >= OFTEN]


def _judged(
    run: Run, name: str, bounds: tuple[float, float] = (LEAST, np.inf)
) -> list[tuple[int, int, float]]:
    """The pairs of a set whose words the run has, the rarer one between two bounds."""
    lines = [line.split("\t") for line in SETS[name].read_text(encoding="utf-8").splitlines()]
    pairs = [(a.lower(), b.lower(), float(score)) for a, b, score, *_ in lines]
    rows = run.vectors.key_to_index
    counts = run.vectors.counts
    assert counts is not None
    found = [(rows[a], rows[b], score) for a, b, score in pairs if a in rows and b in rows]
    return [one for one in found if bounds[0] <= min(counts[one[0]], counts[one[1]]) < bounds[1]]


def correlation(
    run: Run, way: Way, name: str, bounds: tuple[float, float] = (LEAST, np.inf)
) -> Estimate | None:
    """Correlation of a way's scores with human judgements; None for fewer than 40 pairs."""
    pairs = _judged(run, name, bounds)
    if len(pairs) < FEWEST:
        return None
    a, b, judged = (np.array(column) for column in zip(*pairs, strict=True))
    return spearman(way.of_pairs(run, a, b), judged, SEED)


def reciprocal_rank(run: Run, pairs: Pairs, way: Way) -> float:
    """Mean of `reciprocal_ranks`; NaN for fewer than 10 words."""
    return float(np.mean(reciprocal_ranks(run, pairs, way))) if len(pairs) >= 10 else float("nan")


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
        for label in ("original", "topic", "refined with `--window 5`", "replacement without letters"):
            rows.append([name, label, *(_cell(correlation(run, WAYS[label], one)) for one in SETS)])
    return table(["collection", "neighbours by", *SETS], rows)


def frequency() -> str:
    """Correlation by the occurrences of the rarer word, PubMed."""
    run = collection("PubMed").run
    rows = []
    for bounds in BANDS:
        for label in ("original", "topic", "replacement without letters"):
            cells = [_cell(correlation(run, WAYS[label], one, bounds)) for one in SETS]
            rows.append([f"{bounds[0]}–{bounds[1] - 1}", label, *cells])
    return table(["occurrences", "neighbours by", *SETS], rows)


def _general(name: str, way: Way) -> float:
    """Mean correlation over the general sets."""
    found = [correlation(collection(name).run, way, one) for one in GENERAL]
    return float(np.mean([one.value for one in found if one is not None]))


def _synonyms(name: str, way: Way) -> float:
    return reciprocal_rank(*collection(name).tasks["synonyms"], way)


def _planted(name: str, way: Way) -> float:
    tasks = [collection(name).tasks[head] for head in ("planted", "planted, word given")]
    return float(np.mean([reciprocal_rank(*task, way) for task in tasks]))


@cache
def _tried() -> list[tuple[str, float, dict[str, tuple[float, float]]]]:
    """For every value: by collection, the loss of what should stay, and the figure of what should rise."""
    found: list[tuple[str, float, dict[str, tuple[float, float]]]] = []
    for constant, base, kept, ways in (
        ("NARROW", WAYS["topic"], _general, {value: Way(mixed(value)) for value in WEIGHTS}),
        ("LETTERS", Way(mixed(NARROW)), _synonyms, {value: Way(mixed(NARROW), value) for value in BONUSES}),
    ):
        before = {name: kept(name, base) for name in COLLECTIONS}
        for value, way in ways.items():
            cells = {name: (before[name] - kept(name, way), _planted(name, way)) for name in COLLECTIONS}
            found.append((constant, value, cells))
    return found


def curves() -> str:
    """Each value of both constants: the change of what should stay, and the planted abbreviations."""
    rows = [
        [
            f"`{constant}` = {value:g}",
            f"{-np.mean([loss for loss, _ in cells.values()]):+.3f}",
            *(f"{gain:.3f}" for _, gain in cells.values()),
        ]
        for constant, value, cells in _tried()
    ]
    return table(["value", "change of what should stay", *COLLECTIONS], rows)


def left_out() -> str:
    """What would be chosen without each collection, and what that gives there."""

    def choices() -> Iterator[list[str]]:
        for name in COLLECTIONS:
            cells = [name]
            for constant in ("NARROW", "LETTERS"):
                tried = {value: by for of, value, by in _tried() if of == constant}
                others = [one for one in COLLECTIONS if one != name]
                lost = {value: np.mean([by[one][0] for one in others]) for value, by in tried.items()}
                chosen = max([value for value in tried if lost[value] <= ALLOWED], default=min(tried))
                cells += [f"{chosen:g}", f"{-tried[chosen][name][0]:+.3f}", f"{tried[chosen][name][1]:.3f}"]
            yield cells

    heads = ["`NARROW`", "similarity", "planted", "`LETTERS`", "synonyms", "planted with letters"]
    return table(["left out", *heads], choices())


NEEDS_DATA = True
PAGES = {
    "replacements.md": {
        "abbreviations": abbreviations,
        "similarity": similarity,
        "frequency": frequency,
        "curves": curves,
        "left-out": left_out,
    }
}
