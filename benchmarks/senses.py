"""Senses of pseudo-words: regenerates the figures of docs/senses.md.

A pseudo-word is two or three words of a corpus under one name; its senses are which word it was. The corpus
is refined again after the words were merged, so that nothing of them is left in the vectors. The constants of
`selfvec.analysis.senses` were chosen on PubMed abstracts; the other collections had no say.

    python -m benchmarks.senses      (or: make senses)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix, pair_confusion_matrix

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import fill
from selfvec.analysis.drift import Slice
from selfvec.analysis.senses import SenseSpace, clustering, induce, sense_space
from selfvec.analysis.senses.induction import sense_vectors
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.bootstrap import mean
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows
from selfvec.refine.pipeline import refine, refine_again
from selfvec.text.rules import Rulebook, Rules
from selfvec.usage.contexts import Contexts
from selfvec.usage.use_vectors import use_space

PAGE = Path(__file__).resolve().parents[1] / "docs" / "senses.md"
ABSTRACTS = 8_000
SETS = {  # file, uses a component has at least and at most, uses of a pseudo-word
    "PubMed": ("pubmed/abstracts.jsonl.gz", (120, 1500), 200),
    "NOAA": ("noaa/events.jsonl.gz", (100, 1500), 200),
    "MED": ("retrieval/med", (30, 1500), 60),
    "Cranfield": ("retrieval/cran", (30, 1500), 60),
    "CACM": ("retrieval/cacm", (30, 1500), 60),
}
KINDS = {"two, far": 2, "two, near": 2, "three": 3}
SHARES = {2: (0.5, 0.8), 3: (1 / 3,)}  # of the first word
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
Space = Callable[[Rows], Rows]
"""Directions of the uses at some tokens."""


@dataclass(frozen=True)
class Pseudo:
    """Uses of a pseudo-word: where they stand, and which word each was."""

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
    before: Run
    space: SenseSpace
    words: list[Pseudo] = field(default_factory=list)
    single: list[Pseudo] = field(default_factory=list)


def collection(name: str) -> Run:
    """A run of a collection; of PubMed, some abstracts."""
    corpus = Corpus.open([SHARED_DATA / SETS[name][0]])
    if name == "PubMed":
        texts = [text for batch in corpus.batches() for text in batch.texts.to_list()]
        chosen = np.sort(np.random.default_rng(0).permutation(len(texts))[:ABSTRACTS])
        corpus = Corpus.from_texts([texts[i] for i in chosen.tolist()])
    return refine(corpus, "default", Settings(method="decorrelated"))


def planted(name: str, seed: int = 0) -> Planted:
    """Merge words, refine again, draw uses."""
    run, rng = collection(name), np.random.default_rng(seed)
    batch, uses = run.tokens, SETS[name][2]
    assert batch is not None
    single = [batch.types.index(w) for w in SINGLE.get(name, "").split() if w in run.vectors]
    groups = list(_components(run, SETS[name][1], set(single), rng))
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
    out = Planted(name, again, run, sense_space(again))
    for number, (kind, words) in enumerate(groups):
        for share in SHARES[len(words)]:
            places, gold = _drawn(batch, words, share, uses, rng)
            out.words.append(Pseudo(kind, share, len(batch.types) + number, words, places, gold))
    for word in single:
        places, gold = _drawn(batch, [word], 1.0, uses, rng)
        if len(places) >= clustering.LEAST:
            out.single.append(Pseudo("one", 1.0, word, [word], places, gold))
    return out


def _components(
    run: Run, counts: tuple[int, int], taken: set[int], rng: np.random.Generator
) -> Iterator[tuple[str, list[int]]]:
    """Words to be merged: any two or three, or two of which one is among the nearest of the other."""
    batch = run.tokens
    assert batch is not None
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


def contexts_of(found: Planted, places: Rows, half: int = 10) -> Contexts:
    batch = found.space.batch
    return Contexts.around(batch.ids, batch.offsets, places, half)


def spaces(found: Planted) -> dict[str, Space]:
    """Ways to make directions of uses, ours last."""
    run, batch = found.run, found.space.batch
    rng = np.random.default_rng(0)
    some = np.sort(rng.choice(len(batch), min(20_000, len(batch)), replace=False))

    def of(table: Rows, weights: Rows) -> Space:
        space = SenseSpace(batch, table, weights, np.zeros(table.shape[1], np.float32))
        return lambda places: space.uses(contexts_of(found, places), weights)

    known = np.array(run.original.unit)
    missing = ~known.any(axis=1)
    known[missing] = run.vectors.unit[missing]
    idf, flat = found.space.weights, np.ones(len(batch.types), np.float32)
    original, refined = of(known, idf), of(run.vectors.unit, idf)
    sample = original(some)
    centre = sample.mean(axis=0)
    strongest = np.linalg.eigh((sample - centre).T.astype(np.float64) @ (sample - centre))[1][:, -2:]
    off = (np.eye(len(centre)) - strongest @ strongest.T).astype(np.float32)
    drift = use_space(run, [Slice("all", np.ones(batch.documents, bool))])

    def associated(places: Rows) -> Rows:
        contexts = contexts_of(found, places)
        return found.space.uses(contexts, clustering.neighbour_weights(found.space, contexts))

    return {
        "original, unweighted": of(known, flat),
        "original, idf": original,
        "original, idf, less two main axes": lambda places: unit_rows((original(places) - centre) @ off),
        "original, idf, whitened (as drift)": drift.directions,
        "refined, idf": refined,
        "refined, by association": associated,
    }


def grouped(rows: Rows, number: int, how: str) -> Rows:
    """Groups of uses, their number known."""
    rng = np.random.default_rng(0)
    if how == "smoothed":
        return clustering.cluster_uses(rows, rows, number, rng)[3]
    points = rows.astype(np.float64)
    groups, _ = k_means(points, number, repeat(rng, clustering.STARTS))
    return hartigan(points, groups) if how == "Hartigan" else groups


def hartigan(points: Rows, groups: Rows) -> Rows:
    """Move single points as long as that lowers the sum of squares (Hartigan, 1975)."""
    groups, number = groups.copy(), int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=number).astype(float)
    sums = np.stack([points[groups == k].sum(axis=0) for k in range(number)])
    moved = True
    while moved:
        moved = False
        for i, point in enumerate(points):
            own = int(groups[i])
            if sizes[own] == 1:
                continue
            squares = ((point - sums / sizes[:, None]) ** 2).sum(axis=1)
            costs = squares * sizes / (sizes + 1)
            costs[own] = squares[own] * sizes[own] / (sizes[own] - 1)
            best = int(costs.argmin())
            if costs[best] < costs[own] - 1e-9:
                for group, sign in ((own, -1), (best, 1)):
                    sizes[group] += sign
                    sums[group] += sign * point
                groups[i], moved = best, True
    return groups


def cell(values: list[float], digits: int = 2) -> str:
    """A mean and its 95 % interval."""
    estimate = mean(np.array(values), 0)
    low, high = estimate.interval
    return f"{estimate.value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def known_number(sets: list[Planted]) -> str:
    """Adjusted Rand of groupings into as many senses as there are, by space."""
    lines = [
        f"| uses | groups | {' | '.join(found.name for found in sets)} |",
        f"|---|---|{'---:|' * len(sets)}",
    ]
    cells: dict[tuple[str, str], list[str]] = {}
    for found in sets:
        for label, space in spaces(found).items():
            rows = [space(word.places) for word in found.words]
            hows = ["Hartigan"] if label == "original, unweighted" else ["k-means", "smoothed"]
            for how in hows:
                values = [
                    adjusted_rand_score(word.gold, grouped(part, len(word.words), how))
                    for word, part in zip(found.words, rows, strict=True)
                ]
                cells.setdefault((label, how), []).append(cell(values))
    lines += [f"| {label} | {how} | {' | '.join(values)} |" for (label, how), values in cells.items()]
    return "\n".join(lines)


def window_sizes(sets: list[Planted]) -> str:
    """The same by window."""
    lines = [f"| neighbours | {' | '.join(found.name for found in sets)} |", f"|---:|{'---:|' * len(sets)}"]
    for half in (3, 5, 10, 20, 40):
        cells = []
        for found in sets:
            space, values = replace(found.space, half=half), []
            for word in found.words:
                contexts = contexts_of(found, word.places, half)
                rows = space.uses(contexts, clustering.neighbour_weights(space, contexts))
                values.append(adjusted_rand_score(word.gold, grouped(rows, len(word.words), "smoothed")))
            cells.append(cell(values))
        lines.append(f"| {half} | {' | '.join(cells)} |")
    return "\n".join(lines)


def paired_f(gold: Rows, found: Rows) -> float:
    """F of the pairs of uses put together (Artiles et al., 2009)."""
    (_, wrong), (missed, right) = pair_confusion_matrix(gold, found)
    return float(2 * right / max(2 * right + wrong + missed, 1))


def bcubed(gold: Rows, found: Rows) -> float:
    """F of each use's share of right companions (Bagga and Baldwin, 1998)."""
    counts = contingency_matrix(gold, found).astype(float)
    precision, recall = ((counts**2 / counts.sum(axis=axis, keepdims=True)).sum() for axis in (0, 1))
    return float(2 * precision * recall / (precision + recall) / counts.sum())


METRICS = {"V": v_measure_score, "paired F": paired_f, "adj. Rand": adjusted_rand_score, "B³": bcubed}


def chosen_number(sets: list[Planted]) -> str:
    """What is told where the number of senses is not."""
    lines = [
        f"| collection | pseudo-words | parted | senses told | {' | '.join(METRICS)} |",
        f"|---|---|---:|---:|{'---:|' * len(METRICS)}",
    ]
    for found in sets:
        told: dict[str, list[tuple[Pseudo, Rows]]] = {}
        for word in found.words:
            contexts = contexts_of(found, word.places)
            groups = clustering.fit_senses(found.space, contexts).posterior(contexts).argmax(axis=1)
            shares = "equal" if word.share != 0.8 else "4 : 1"
            told.setdefault(f"{word.kind}, {shares}", []).append((word, groups))
        everything = [pair for pairs in told.values() for pair in pairs]
        baselines = {
            "all; one sense": [(word, np.zeros(len(word.gold))) for word, _ in everything],
            "all; random": [
                (word, np.random.default_rng(i).integers(len(word.words), size=len(word.gold)))
                for i, (word, _) in enumerate(everything)
            ],
        }
        for label, pairs in (told | {"all": everything} | baselines).items():
            numbers = [len(np.unique(groups)) for _, groups in pairs]
            cells = [cell([score(w.gold, groups) for w, groups in pairs]) for score in METRICS.values()]
            parted = np.mean([n > 1 for n in numbers])
            lines.append(
                f"| {found.name} | {label} | {parted:.0%} | {np.mean(numbers):.1f} | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def false_splits(sets: list[Planted]) -> str:
    """How often words of one sense are parted, and uses drawn from one Gaussian with their moments."""
    lines = ["| collection | uses | words | parted | Gaussians parted |", "|---|---:|---:|---:|---:|"]
    for found in sets:
        for uses in (30, 60, 120, 200):
            rng = np.random.default_rng(0)
            split, drawn = [], []
            for word in found.single:
                if len(word.places) < uses:
                    continue
                contexts = contexts_of(found, np.sort(rng.choice(word.places, uses, replace=False)))
                model = clustering.fit_senses(found.space, contexts)
                split.append(float(len(model.shares) > 1))
                drawn.append(float(_gaussian_split(found.space, contexts, model, rng)))
            if split:
                lines.append(f"| {found.name} | {uses} | {len(split)} | {cell(split)} | {cell(drawn)} |")
    return "\n".join(lines)


def _gaussian_split(
    space: SenseSpace, contexts: Contexts, model: clustering.SenseModel, rng: np.random.Generator
) -> bool:
    rows = space.uses(contexts, model.weights)
    used, width = rows.any(axis=1), rows.shape[1]
    both = np.hstack([rows, space.uses(contexts, space.weights) - space.centre])[used]
    centred = both - both.mean(axis=0)
    noise = rng.standard_normal((len(both), len(both))).astype(np.float32)
    drawn = both.mean(axis=0) + noise @ centred / np.float32(np.sqrt(len(both)))
    groups = clustering.cluster_uses(unit_rows(drawn[:, :width]), drawn[:, width:], None, rng)[3]
    return bool(groups.max() > 0)


def disambiguation(sets: list[Planted]) -> str:
    """Uses that induction has not seen: how often the sense is right, and how sure it is said to be."""
    lines = [
        "| collection | pseudo-words | right | always the more frequent | mean probability | "
        "sense vector nearer to its word |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for found in sets:
        by_kind: dict[str, list[list[float]]] = {}
        for word in found.words:
            if len(word.words) != 2:
                continue
            half = np.random.default_rng(0).permutation(len(word.places))
            seen, new = np.sort(half[::2]), np.sort(half[1::2])
            inside, outside = (contexts_of(found, word.places[part]) for part in (seen, new))
            model = clustering.fit_senses(found.space, inside, 2)
            groups = model.posterior(inside).argmax(axis=1)
            swapped = np.mean(groups == word.gold[seen]) < 0.5
            rows = model.posterior(outside)
            truth = 1 - word.gold[new] if swapped else word.gold[new]
            right = rows.argmax(axis=1) == truth
            most = max(np.mean(word.gold[new]), 1 - np.mean(word.gold[new]))
            figures = [
                right.mean(),
                most,
                rows.max(axis=1).mean(),
                _nearer(found, word, inside, groups, swapped),
            ]
            by_kind.setdefault(f"{word.kind}, {'equal' if word.share == 0.5 else '4 : 1'}", []).append(
                figures
            )
        for kind, values in by_kind.items():
            right, most, sure, nearer = np.array(values).T.tolist()
            cells = f"{cell(right)} | {np.mean(most):.2f} | {cell(sure)} | {cell(nearer)}"
            lines.append(f"| {found.name} | {kind} | {cells} |")
    return "\n".join(lines)


def _nearer(found: Planted, word: Pseudo, contexts: Contexts, groups: Rows, swapped: bool) -> float:
    """Share of senses whose vector is nearer to that of their own word before merging than to the other's."""
    uses = found.space.uses(contexts, found.space.weights)
    own = found.run.vectors.unit[word.number]
    vectors = sense_vectors(own, uses, groups, 2)
    words = found.before.vectors.unit[word.words[::-1] if swapped else word.words]
    return float(np.mean([np.argmax(words @ vectors[group]) == group for group in np.unique(groups)]))


def speed() -> str:
    """Seconds for words of the whole of PubMed."""
    run = refine(Corpus.open([SHARED_DATA / SETS["PubMed"][0]]), "default", Settings(method="decorrelated"))
    start = time.process_time()
    space = sense_space(run)
    lines = ["| | uses | processor seconds |", "|---|---:|---:|"]
    lines.append(
        f"| the space, once a run ({len(space.batch):,} tokens) | | {time.process_time() - start:.2f} |"
    )
    for word in ("cell", "model", "tolerance"):
        induce(run, word, examples=0, space=space)
        start = time.process_time()
        found = induce(run, word, examples=0, space=space)
        lines.append(f"| {word} | {len(found.assigned):,} | {time.process_time() - start:.2f} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    sets = [planted(name) for name in SETS]
    parts = {
        "spaces": known_number(sets),
        "windows": window_sizes(sets),
        "chosen": chosen_number(sets),
        "single": false_splits([found for found in sets if found.single]),
        "readings": disambiguation(sets),
        "speed": speed(),
    }
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
