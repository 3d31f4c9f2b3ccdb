"""Does split-half reliability say better than counts how far a word should move? Fills docs/results/gains.md.

Two decorrelated updates that differ in their last steps only. There a word seen n times has the evidence
n / (n + 20). The rival takes the reliability of its vector: the cosine of its vectors from the even and from
the odd documents, corrected to the whole text (Spearman and Brown, 1910).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks import datasets
from benchmarks.datasets import JUDGED, SIMILARITY, STARTS
from benchmarks.page import table
from benchmarks.refining import Table, refined
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.methods import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.lab.evaluation.words import read_pairs
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import rank_correlation
from selfvec.numerics.whitening import whitened, whitening
from selfvec.refinement.decorrelation import GAMMA, POWER, decorrelate
from selfvec.refinement.methods.decorrelated import Anchors
from selfvec.refinement.spelling import EVIDENCE

SETS = ("SimLex-999", "MEN", "RW", "UMNSRS")
BANDS = ((5, 20), (20, 200), (200, 10**9))
"""Occurrences of the rarer word of a pair."""
FEWEST = 25  # pairs of a cell
_DEFAULTS = METHODS["decorrelated"]


def texts() -> dict[str, list[str]]:
    """The collections."""
    small = [text for name in JUDGED for text in datasets.texts(name)]
    return {"PubMed": datasets.texts("PubMed"), "NOAA": datasets.texts("NOAA"), "MED, Cranfield, CACM": small}


def both_ways(batch: TokenBatch, anchors: Anchors) -> tuple[Table, Table]:
    """The refined rows, (V, d), with evidence from counts and from reliability."""
    scan = ScanOperator(batch, _DEFAULTS.window, GAMMA)
    contexts = decorrelate(anchors.first_rows(scan, batch.counts), scan)
    summed = scan.apply(contexts)
    shift, whitener = whitening(summed, POWER, scan.degrees > 0)
    even = np.arange(batch.documents) % 2 == 0
    halves = []
    for part in (even, ~even):
        half = ScanOperator(batch.part(part), _DEFAULTS.window, GAMMA)
        halves.append(unit_rows(whitened(half.apply(contexts), half.degrees > 0, shift, whitener)))
    agreement = np.clip(np.einsum("ij,ij->i", *halves), 0, 0.98)
    reliability = 2 * agreement / (1 + agreement)
    # A word with this many occurrences has this evidence by the formula of counts.
    alike = np.rint(EVIDENCE * reliability / (1 - reliability)).astype(np.int64)
    rows = whitened(summed, scan.degrees > 0, shift, whitener)
    by_counts, by_halves = rows.copy(), rows.copy()
    for out, counts in ((by_counts, batch.counts), (by_halves, alike)):
        anchors.finish(out, TokenBatch.of_counts(batch.types, counts), _DEFAULTS.anchor)
    return by_counts, by_halves


def correlations(
    batch: TokenBatch, rows: tuple[Table, Table], name: str
) -> list[tuple[int, NDArray[np.float64]]]:
    """For each band, the number of pairs and Spearman's correlation for both tables."""
    place = {word: i for i, word in enumerate(batch.types)}
    pairs = read_pairs(SIMILARITY[name])
    where = np.array([place.get(word, -1) for word in pairs.words])[pairs.numbers]
    rarer = np.where((where >= 0).all(axis=1), batch.counts[where].min(axis=1), 0)
    found = []
    for least, most in BANDS:
        chosen = (rarer >= least) & (rarer < most)
        one, other = where[chosen].T
        scores = pairs.scores[chosen]
        each = [rank_correlation(np.einsum("ij,ij->i", t[one], t[other]), scores) for t in rows]
        found.append((len(scores), np.array(each, float)))
    return found


def by_occurrences() -> str:
    """Spearman's correlation by evidence from counts → from reliability."""
    rows = []
    for label, start in STARTS.items():
        for name, items in texts().items():
            run = refined(items, start, method="original", min_count=3 if name == "PubMed" else 1)
            assert run.tokens is not None
            ways = both_ways(run.tokens, Anchors(run.original))
            by_set = [correlations(run.tokens, ways, one) for one in SETS]
            for band, (least, most) in enumerate(BANDS):
                cells = [found[band] for found in by_set]
                if any(pairs >= FEWEST for pairs, _ in cells):
                    shown = [f"{c:.3f} → {h:.3f}" if n >= FEWEST else "–" for n, (c, h) in cells]
                    seen = f"{least} to {most - 1}" if most < 10**9 else f"{least} and more"
                    rows.append([label, name, seen, *shown])
    return table(["initial vectors", "corpus", "occurrences", *SETS], rows)


NEEDS_DATA = True
PAGES = {"gains.md": {"evidence": by_occurrences}}
