"""Are the senses of pseudo-words found? Fills docs/results/senses.md.

A pseudo-word is two or three words of a corpus merged under one name; its senses are which word it was.
The corpus is refined again after merging, so that nothing of the words is left in the vectors. The bound of
`selfvec.analysis.word_senses` was chosen on these collections, Ohsumed and SST-2, leaving each out in turn;
its other constants on PubMed abstracts only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from benchmarks import datasets
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.analysis.usage.contexts import padded_windows
from selfvec.analysis.word_senses import LEAST, SenseSpace, fit_senses, sense_space
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import mean
from selfvec.refinement.pipeline import refine_again
from selfvec.text.rules import Rulebook, Rules

ABSTRACTS = 8_000
SETS = {  # occurrences of a merged word, at least and at most; uses of a pseudo-word
    "PubMed": ((120, 1500), 200),
    "NOAA": ((100, 1500), 200),
    "MED": ((30, 1500), 60),
    "Cranfield": ((30, 1500), 60),
    "CACM": ((30, 1500), 60),
}
KINDS = {"two, far": 2, "two, near": 2, "three": 3}
SHARES = {2: (0.5, 0.8, 0.9), 3: (1 / 3,)}  # of the first word
EACH = 25  # pseudo-words of a kind
SINGLE = {  # words of one sense in their collection, listed before anything was measured
    "PubMed": "epilepsy insulin hypertension children kidney asthma pneumonia hospital nurses rats mice "
    "liver obesity diabetes smoking alcohol vaccine cholesterol glucose cancer pregnancy brain skin infants "
    "women hepatitis malaria tuberculosis dental antibiotics testosterone schizophrenia serum urine collagen "
    "calcium leukemia pediatric stroke anxiety ventricular neurons lung myocardial bacteria protein rabbits "
    "adults depression pain",
    "NOAA": "hail tornado rain snow lightning thunderstorm flooding roof vehicles trees injured winds damage "
    "barn highway homes creek bridge ice temperatures rainfall tree roads river thunderstorms gusts windows "
    "inches mph",
}

Rows = np.ndarray


@dataclass(frozen=True)
class Pseudo:
    """Uses of a pseudo-word: the places of their tokens, and which word each was."""

    kind: str
    share: float
    number: int
    words: list[int]
    places: Rows
    gold: Rows


@dataclass
class Planted:
    """A collection with pseudo-words in it."""

    name: str
    run: Run
    space: SenseSpace
    words: list[Pseudo] = field(default_factory=list)
    single: list[Pseudo] = field(default_factory=list)


@cache
def planted(name: str, seed: int = 0) -> Planted:
    """Merge words, refine again, draw uses."""
    source = datasets.sample(datasets.texts(name), ABSTRACTS) if name == "PubMed" else name
    run, rng = refined(source), np.random.default_rng(seed)
    batch, (counts, uses) = run.tokens, SETS[name]
    single = [batch.types.index(w) for w in SINGLE.get(name, "").split() if w in run.vectors]
    groups = list(_components(run, counts, set(single), rng))
    place = np.arange(len(batch.types))
    for number, (_, words) in enumerate(groups):
        place[words] = len(place) + number
    names = [*batch.types, *(f"pseudo {i}" for i in range(len(groups)))]
    merged = TokenBatch(place[batch.ids].astype(np.int32), batch.offsets, names, sentences=batch.sentences)
    rows = np.concatenate([run.original.unit, np.zeros((len(groups), run.original.vector_size), np.float32)])
    sources = np.concatenate([run.original.sources, np.zeros(len(groups), np.uint8)])
    original = Vectors(names, rows, sources=sources, counts=merged.counts, normalized=True)
    again = Run(original, original, provenance=run.provenance, tokens=merged)
    again = Run(refine_again(again, merged, 0), original, provenance=run.provenance, tokens=merged)
    out = Planted(name, again, sense_space(again))
    for number, (kind, words) in enumerate(groups):
        for share in SHARES[len(words)]:
            places, gold = _drawn(batch, words, share, uses, rng)
            out.words.append(Pseudo(kind, share, len(batch.types) + number, words, places, gold))
    for word in single:
        places, gold = _drawn(batch, [word], 1.0, uses, rng)
        if len(places) >= LEAST:
            out.single.append(Pseudo("one", 1.0, word, [word], places, gold))
    return out


def _components(
    run: Run, counts: tuple[int, int], taken: set[int], rng: np.random.Generator
) -> Iterator[tuple[str, list[int]]]:
    """Words to be merged: any two or three, or two of which one is among the nearest of the other."""
    batch = run.tokens
    stops = Rulebook(Rules(stop_words="en"), "lower").stop_words
    able = [
        i
        for i, (word, count) in enumerate(zip(batch.types, batch.counts.tolist(), strict=True))
        if counts[0] <= count <= counts[1] and word.isalpha() and len(word) > 3 and word not in stops
    ]
    order, taken = rng.permutation(able), set(taken)
    each = min(EACH, len(able) // 10)
    for kind, parts in KINDS.items():
        made = 0
        for word in order.tolist():
            if word in taken or made == each:
                continue
            if kind == "two, near":
                near = order[np.argsort(-(run.vectors.unit[order] @ run.vectors.unit[word]))][1:60].tolist()
                alike = [o for o in near if batch.types[o][:4] != batch.types[word][:4]]
                others = rng.permutation([o for o in alike if o not in taken][:10])[:1].tolist()
            else:
                others = [o for o in order.tolist() if o not in taken and o != word][: parts - 1]
            if len(others) == parts - 1:
                made += 1
                taken |= {word, *others}
                yield kind, [word, *others]


def _drawn(
    batch: TokenBatch, words: list[int], share: float, uses: int, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    rest = (1 - share) / max(len(words) - 1, 1)
    places, gold = [], []
    for number, word in enumerate(words):
        found = np.flatnonzero(batch.ids == word)
        wanted = min(len(found), round(uses * (rest if number else share)))
        places.append(rng.choice(found, wanted, replace=False))
        gold.append(np.full(wanted, number))
    joined = np.concatenate(places)
    order = np.argsort(joined)
    return joined[order], np.concatenate(gold)[order]


def contexts_of(found: Planted, places: Rows) -> Rows:
    """The neighbours of the uses at these tokens."""
    return padded_windows(found.space.batch, places)


def scores(gold: Rows, found: Rows) -> dict[str, float]:
    """Adjusted Rand index, and B-cubed (Bagga and Baldwin, 1998)."""
    both = contingency_matrix(gold, found).astype(float)
    precision, recall = ((both**2 / both.sum(axis=axis, keepdims=True)).sum() / both.sum() for axis in (0, 1))
    return {
        "adj. Rand": adjusted_rand_score(gold, found),
        "B³": 2 * precision * recall / (precision + recall),
    }


def cell(values: list[float]) -> str:
    """A mean and its 95 % interval."""
    estimate = mean(np.array(values), 0)
    low, high = estimate.interval
    return f"{estimate.value:.2f} ({low:.2f}–{high:.2f})"


def chosen_number() -> str:
    """Groups of uses with the number of senses estimated, by kind of pseudo-word."""
    groups: dict[tuple[str, str], list[tuple[Pseudo, Rows]]] = {}
    for found in map(planted, SETS):
        name = "PubMed" if found.name == "PubMed" else "the others"
        for word in found.words:
            contexts = contexts_of(found, word.places)
            made = fit_senses(found.space, contexts).posterior(contexts).argmax(axis=1)
            groups.setdefault((name, word.kind, f"{word.share:.0%}"), []).append((word, made))
    rows = []
    for label, pairs in groups.items():
        numbers = [len(np.unique(made)) for _, made in pairs]
        figures = [scores(word.gold, made) for word, made in pairs]
        cells = [cell([figure[name] for figure in figures]) for name in figures[0]]
        split = f"{np.mean([n > 1 for n in numbers]):.0%}"
        rows.append([*label, len(pairs), split, f"{np.mean(numbers):.1f}", *cells])
    heads = ["collection", "merged words", "first", "pseudo-words", "split", "senses", "adj. Rand", "B³"]
    return table(heads, rows)


def false_splits() -> str:
    """How often words of one sense are split."""
    rows = []
    for found in map(planted, SINGLE):
        for uses in (30, 60, 120, 200):
            rng, split = np.random.default_rng(0), []
            for word in found.single:
                if len(word.places) >= uses:
                    contexts = contexts_of(found, np.sort(rng.choice(word.places, uses, replace=False)))
                    split.append(float(len(fit_senses(found.space, contexts).shares) > 1))
            if split:
                rows.append([found.name, uses, len(split), cell(split)])
    return table(["collection", "occurrences", "words", "split"], rows)


NEEDS_DATA = True
PAGES = {"senses.md": {"chosen": chosen_number, "single": false_splits}}
