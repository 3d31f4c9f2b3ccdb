"""Does drift find real change, and none where there is none?

Fills docs/results/drift.md. Planted changes of known size in real text, the share of significant words when
slices are shuffled, and the words that changed most (PubMed 1976-79 against 2021, NOAA 1993 against later).
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import interval, table
from benchmarks.rankings import over
from benchmarks.refining import refined
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import (
    BlockSums,
    WordBlocks,
    block_sums,
    occurrence_space,
)
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.permutation_test import (
    DriftTest,
    block_figures,
    changes_of,
    distance_intervals,
    document_blocks,
    permutation_test,
)
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.view import probability
from selfvec.corpus import Corpus
from selfvec.corpus.slices import Slice, named_slice, slice_counts
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import Estimate, benjamini_hochberg, rank_correlation, spearman

SETS = {  # the two slices, and uses of a pseudo-word
    "PubMed": (("1976..1979", "2021"), 100),
    "NOAA": (("1993", "1994.."), 30),
}
TRIALS, PAIRS = 5, 40
SHUFFLES = 5
DRAWN = (11, 30, 100)  # documents of a simulated word in each slice
SIMULATED, OFTEN = 1500, 200  # simulated words; documents of the words that they are drawn from, at least
LISTED = 8

PEOPLE = ("no1", "no2", "ru1", "ru2")  # collections with judgements: Norwegian, Russian
PERIODS = ("1800..1900", "1901..2020")
SEEDS = 3

run_of = cache(lambda name: refined(name, history="none"))


def divergence(a: float, b: float) -> float:
    """Jensen-Shannon divergence, in bits, of two senses whose shares are a and b in the two slices."""
    middle = (a + b) / 2

    def information(p: float) -> float:
        terms = ((p, middle), (1 - p, 1 - middle))
        return sum(x * math.log2(x / y) for x, y in terms if x > 0)

    return (information(a) + information(b)) / 2


def with_pseudo_words(run: Run, slices: list[Slice], uses: int, seed: int) -> tuple[Run, np.ndarray]:
    """The run with 40 words more: each is two words of like frequency, in shares of their own in each slice.

    So many uses of a pseudo-word are drawn in each slice; the shares tell how far its meaning changed.
    """
    rng = np.random.default_rng(seed)
    batch = run.tokens
    counts = slice_counts(batch, slices)
    plain = np.array([word.isalpha() and len(word) > 2 for word in batch.types])
    able = np.flatnonzero((counts.min(axis=0) >= uses) & plain)
    able = able[able >= 100]  # not the most common words of all
    able = able[: len(able) // 2 * 2][-max(4 * PAIRS, len(able) // 2 * 2) :]
    pairs = rng.permutation(able.reshape(-1, 2))[:PAIRS]  # neighbours in order of frequency
    ids, degrees = np.array(batch.ids), []
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    for number, pair in enumerate(pairs):
        shares = rng.random(2) if rng.random() > 0.2 else np.repeat(rng.random(), 2)
        degrees.append(divergence(*shares))
        for part, share in zip(slices, shares, strict=True):
            wanted = round(share * uses)
            for word, count in zip(pair.tolist(), (wanted, uses - wanted), strict=True):
                places = np.flatnonzero(batch.ids == word)
                places = places[part.documents[documents[places]]]
                ids[rng.choice(places, count, replace=False)] = len(batch.types) + number
    names = [f"pseudo {i}" for i in range(len(pairs))]
    more = TokenBatch(ids.astype(np.int32), batch.offsets, [*batch.types, *names], batch.dates)
    made = []
    for vectors in (run.original, run.vectors):
        rows = np.concatenate([vectors.unit, np.zeros((len(names), vectors.vector_size), np.float32)])
        sources = np.append(vectors.sources, np.zeros(len(names), np.uint8))
        made.append(Vectors(more.types, rows, sources=sources, counts=more.counts, normalized=True))
    return Run(made[1], made[0], tokens=more), np.array(degrees)


def planted() -> str:
    """Rank correlation of the measured sizes with the size planted, mean over trials."""
    rows = []
    for name, (bounds, uses) in SETS.items():
        found = []
        for trial in range(TRIALS):
            slices = [named_slice(run_of(name).tokens, text) for text in bounds]
            run, degrees = with_pseudo_words(run_of(name), slices, uses, trial)
            words = np.arange(len(run.vectors) - len(degrees), len(run.vectors))
            space = occurrence_space(Comparison.of(run.tokens, slices), WordTable.of(run), trial)
            test = DriftTest(permutations=50, seed=trial)
            sizes = permutation_test(space, words, words, test)
            chance = changes_of(sizes, np.full((len(words), 2), uses), words >= 0).chance
            measured = (sizes.apd, *(sizes.distance - less for less in (0, chance, sizes.expected)))
            found.append([rank_correlation(size, degrees) for size in measured])
        rows.append([name, uses, *(f"{value:.2f}" for value in np.mean(found, axis=0))])
    sizes = ["APD", "distance", "change", "distance − expected"]
    return table(["collection", "occurrences", *sizes], rows)


def judged() -> str:
    """Rank correlations with the change that people judged in four collections, mean of seeds."""
    every, rows = [], []
    for name in PEOPLE:
        degrees = degrees_of(name)
        of_seeds = [measured(uses_of(name), degrees, seed) for seed in range(SEEDS)]
        every.append([over(dict(enumerate(figures))) for figures in zip(*of_seeds, strict=True)])
        rows.append([name, len(degrees), *map(with_interval, every[-1])])
    means = [over(dict(enumerate(figures))) for figures in zip(*every, strict=True)]
    rows.append(["mean", "", *map(with_interval, means)])
    heads = ["distance", "distance − expected", "change", "order of the list"]
    return table(["collection", "words", *heads], rows)


def uses_of(name: str) -> Path:
    """The uses of the words of a collection."""
    return SHARED_DATA / "drift" / name / "usages.jsonl.gz"


def degrees_of(name: str) -> dict[str, float]:
    """The degree of change of each word, as people judged it."""
    lines = (SHARED_DATA / "drift" / name / "truth_graded.tsv").read_text("utf-8").splitlines()
    return {word: float(degree) for word, degree in (line.split("\t") for line in lines)}


def measured(path: Path, degrees: dict[str, float], seed: int) -> list[Estimate]:
    """The agreement of each figure with the degrees; a word that is not measured has the last rank."""
    corpus = Corpus.open([path], date_field="date")
    run = refined(corpus, method="auto", min_count=1, seed=seed, history="none")
    found = drift(run, PERIODS, all_words=True, seed=seed)
    rows = {row["word"]: (row, -place) for place, row in enumerate(found)}
    figures = []
    for word in degrees:
        row, place = rows.get(word, (None, -len(rows)))
        known = (row["distance"], row["distance"] - row["expected"], row["change"]) if row else (-1.0,) * 3
        figures.append([*known, place])
    return [spearman(column, np.array(list(degrees.values())), 0) for column in np.array(figures).T]


def with_interval(of: Estimate) -> str:
    """A figure with its 95 % interval."""
    return interval(of.value, *of.interval, ".2f")


def coverage() -> str:
    """How often the interval holds the true distance, for words whose documents are drawn with replacement.

    A word's documents are those of a real word in each slice, or of two real words in shares of their own.
    The truth is the distance of the means of all these documents.
    """
    rows = []
    for name, (bounds, _) in SETS.items():
        slices = [named_slice(run_of(name).tokens, text) for text in bounds]
        sources = document_sums(run_of(name), slices)
        for number in DRAWN:
            rng = np.random.default_rng(number)
            drawn = [simulated(sources, number, rng) for _ in range(SIMULATED)]
            blocks = document_blocks(np.full((SIMULATED, 2), number))
            low, high = intervals_of([word for word, _ in drawn], blocks)
            truth = np.array([distance for _, distance in drawn])
            inside = np.mean((low <= truth) & (truth <= high))
            figures = [inside, np.mean(truth < low), np.mean(truth > high), np.median(high - low)]
            agrees = rank_correlation(low, truth)
            rows.append([name, number, *(f"{value:.3f}" for value in figures), f"{agrees:.2f}"])
    heads = ["coverage", "truth below", "truth above", "median width", "lower end with truth"]
    return table(["collection", "documents", *heads], rows)


def document_sums(run: Run, slices: list[Slice]) -> list[list[np.ndarray]]:
    """Sums of the occurrences of frequent words by document, for each slice; the last column counts them."""
    space = occurrence_space(Comparison.of(run.tokens, slices), WordTable.of(run))
    documents = space.documents
    plain = np.array([word.isalpha() and len(word) > 2 for word in run.vectors.index_to_key])
    able = np.flatnonzero((documents.min(axis=1) >= OFTEN) & plain)
    words = np.sort(np.random.default_rng(0).permutation(able)[: 4 * PAIRS])
    blocks = WordBlocks(np.minimum(documents, 5 * OFTEN), np.ones(len(documents), np.int64))
    found = []
    for part in block_sums(space, words, blocks, 0):
        counted = np.column_stack([part.rows, part.counts]).astype(np.float32)
        for i, word in enumerate(part.words.tolist()):
            mine = counted[part.starts[i] : part.starts[i + 1]]
            found.append(np.split(mine, [int(blocks.number[word, 0])]))
    return found


def simulated(
    sources: list[list[np.ndarray]], number: int, rng: np.random.Generator
) -> tuple[list[np.ndarray], float]:
    """Documents drawn from both slices, and the true distance."""
    one, other = (sources[i] for i in rng.integers(len(sources), size=2))
    shares = np.repeat(rng.random(), 2) if rng.random() < 0.2 else rng.random(2)
    shares = np.ones(2) if rng.random() < 0.4 else shares
    drawn, means = [], []
    for side, share in enumerate(shares):
        mine = [rows[rng.integers(len(rows), size=number)] for rows in (one[side], other[side])]
        drawn.append(np.where(rng.random((number, 1)) < share, *mine))
        means.append(share * one[side].mean(axis=0)[:-1] + (1 - share) * other[side].mean(axis=0)[:-1])
    a, b = means
    return drawn, 1 - float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))


def intervals_of(words: list[list[np.ndarray]], blocks: WordBlocks) -> tuple[np.ndarray, np.ndarray]:
    """The intervals that `drift` would give to words with these documents."""
    noise = []
    for i, sides in enumerate(words):
        size, numbers = int(blocks.size[i]), blocks.number[i]
        dealt = [rows[: n * size].reshape(n, size, -1) for rows, n in zip(sides, numbers, strict=True)]
        sums = np.concatenate([rows.sum(axis=1) for rows in dealt])
        starts = np.array([0, len(sums)])
        part = BlockSums(np.array([i]), starts, np.ascontiguousarray(sums[:, :-1]), sums[:, -1])
        noise.append(block_figures(part, blocks, 0, 0, np.ones(len(part.words), bool))[1])
    found = np.concatenate(noise)
    return distance_intervals(found[:, :3], found[:, 3:], blocks.number)


def calibration() -> str:
    """How often p < .05 if the slices are random."""
    rows = []
    for name, (bounds, _) in SETS.items():
        shares, words, discovered = [], 0, 0
        run = run_of(name)
        batch = run.tokens
        slices = [named_slice(batch, text) for text in bounds]
        either = slices[0].documents | slices[1].documents
        for shuffle in range(SHUFFLES):
            rng = np.random.default_rng(shuffle)
            one = np.zeros(batch.documents, bool)
            one[rng.permutation(np.flatnonzero(either))[: int(slices[0].documents.sum())]] = True
            parts = [Slice("a", one), Slice("b", either & ~one)]
            frequent = np.flatnonzero(slice_counts(batch, parts).min(axis=0) >= 5)
            chosen = np.sort(np.random.default_rng(shuffle).permutation(frequent)[:3000])
            space = occurrence_space(Comparison.of(batch, parts), WordTable.of(run), shuffle)
            sizes = permutation_test(space, chosen, chosen, DriftTest(seed=shuffle))
            shares.append(float(np.mean(sizes.p < 0.05)))
            words += len(chosen)
            discovered += int(np.sum(benjamini_hochberg(sizes.p) <= 0.05))
        mean, error = np.mean(shares), np.std(shares, ddof=1) / math.sqrt(SHUFFLES)
        rows.append([name, SHUFFLES, words, f"{mean:.3f} ± {1.96 * error:.3f}", discovered])
    return table(["collection", "shuffles", "words", "share of p < .05", "q ≤ .05"], rows)


def changed(name: str) -> str:
    """The words that changed most."""
    found = drift(run_of(name), SETS[name][0])
    significant = [row for row in found if row["q"] <= 0.05]
    rows = []
    for row in significant[:LISTED]:
        figures = [f"{row[key]:.2f}" for key in ("differing", "differing_low", "change", "distance")]
        near = [", ".join(row[key][:4]) for key in ("lost", "gained")]
        rows.append([row["word"], *figures, probability(row["q"]), row["count_a"], row["count_b"], *near])
    heads = [
        "word",
        "differ",
        "at least",
        "change",
        "distance",
        "q",
        found.a,
        found.b,
        "lost",
        "gained",
    ]
    answer = next(finding.says for finding in found.findings if finding.kind in ("word", "none"))
    said = (
        f"{answer} {len(significant):,} words have q ≤ .05; {found.only_a:,} occur only in {found.a} "
        f"and {found.only_b:,} only in {found.b}."
    )
    return f"{said}\n\n{table(heads, rows)}"


NEEDS_DATA = True
PAGES = {
    "drift.md": {
        "noaa": lambda: changed("NOAA"),
        "calibration": calibration,
        "coverage": coverage,
        "planted": planted,
        "judged": judged,
        "pubmed": lambda: changed("PubMed"),
    }
}
