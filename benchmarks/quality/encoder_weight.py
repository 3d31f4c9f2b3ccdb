"""What does the best weight of an encoder in search depend on?

Fills parts of docs/results/teacher.md, from the collections of `benchmarks.quality.encoder` and folders in
BEIR's layout below the one that COLLECTIONS names: longer and shorter documents, subjects and paraphrases. A
rule is compared with the one that search had before, question by question. What was measured of a collection
is kept in a folder of temporary files, so that a benchmark that was stopped goes on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import table
from benchmarks.quality.encoder import ENCODER, WEIGHED
from benchmarks.rankings import SEED, by_index, differs
from selfvec.apps.functions.refine import refine
from selfvec.base.arrays import Doubles
from selfvec.lab.evaluation.collection import Collection, ndcg, read_collection
from selfvec.numerics.statistics import Estimate, difference, mean
from selfvec.retrieval import Index, encoder_part
from selfvec.retrieval.build import agreement
from selfvec.retrieval.encoder_part import ENCODER as ENCODED
from selfvec.retrieval.encoder_part import QUESTIONS, Asked, EncoderPart, weight_of
from selfvec.text.vocabulary import Query

KEPT = Path(tempfile.gettempdir()) / f"selfvec-encoder-weight-{os.getuid()}"
MOST = 400  # questions of a collection, drawn at random
WEIGHTS = (0, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5)
SHOWN = (0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FALL = 0.005  # what a rule may cost a collection


@dataclass(frozen=True)
class Measured:
    """nDCG@10 of a collection's Q questions by the weight of the encoder, or by the dense share."""

    encoder: Doubles  # (Q, WEIGHTS) of questions by the encoder, with the whole weight
    rows: Doubles  # (Q, WEIGHTS) of questions by their rows
    shares: Doubles  # (Q, SHARES) without an encoder
    share: float  # that search has
    quotient: float  # of agreements, by which search weighs the encoder
    counted: float  # words of a document without stop words, in the mean
    length: float  # words of a document, in the mean
    asked: Doubles  # (Q,) words of a question

    def at(self, way: str, weight: Doubles | float) -> Estimate:
        """With a weight for all questions, or one for each, (Q,), between those measured."""
        figures, measured = (self.shares, SHARES) if way == "shares" else (getattr(self, way), WEIGHTS)
        each = np.broadcast_to(weight, len(figures)).tolist()
        pairs = zip(each, figures, strict=True)
        return mean(np.array([np.interp(own, measured, row) for own, row in pairs]), SEED)


Rule = Callable[[Measured], "Doubles | float"]


def constant(weight: float) -> Rule:
    """The same weight everywhere."""
    return lambda _: weight


def by_quotient(none: float, short: float) -> Rule:
    """The weight that search has, with other constants."""

    def weight(one: Measured) -> float:
        quotient = one.quotient + short / one.counted
        return float(np.clip(encoder_part.SLOPE * (quotient - none), encoder_part.LEAST, encoder_part.MOST))

    return weight


def before(one: Measured) -> float:
    """1.5, or less of it: what search had on 2026-11-29."""
    return 1.5 * float(np.clip((one.quotient - 0.65) / 0.15, 0.1, 1))


BEFORE = "1.5 or less, as it was"
CONSTANTS = [constant(weight) for weight in (0.5, 1, 1.5, 2, 2.5, 3, 4, 5)]
BY_QUOTIENT = [by_quotient(none, short) for none in (0.6, 0.65, 0.7, 0.75) for short in (0, 0.5, 1, 1.5, 2)]
RULES: dict[str, Rule | list[Rule]] = {
    BEFORE: before,
    **{f"{weight:g}": constant(weight) for weight in (1, 1.5, 2, 3, 5)},
    "30 / √(words of a document), 1 to 3": lambda one: float(np.clip(30 / one.length**0.5, 1, 3)),
    "6 / √(words asked), 1 to 5": lambda one: np.clip(6 / one.asked**0.5, 1, 5),
    "by the quotient": lambda one: weight_of(one.quotient, one.counted),
    "by the quotient, at most 1.5": lambda one: 1.5 * min(1, weight_of(one.quotient, one.counted)),
    "the best constant of the others": CONSTANTS,
    "by the quotient, chosen on the others": BY_QUOTIENT,
}


def collections() -> Iterator[tuple[str, Path]]:
    """Every collection with its name and folder."""
    for name, folder in WEIGHED.items():
        yield name, SHARED_DATA / "retrieval" / folder
    if others := os.environ.get("COLLECTIONS"):
        yield from ((folder.name, folder) for folder in sorted(Path(others).iterdir()))


@cache
def measured() -> dict[str, Measured]:
    """Every collection by its name."""
    return {name: _kept(name, folder) for name, folder in collections()}


def _kept(name: str, folder: Path) -> Measured:
    file = KEPT / f"{name}.npz"
    if not file.exists():
        KEPT.mkdir(exist_ok=True)
        np.savez(file, **vars(_measure(_sampled(read_collection(folder)))))
    return Measured(**np.load(file))


def _sampled(every: Collection) -> Collection:
    drawn = np.random.default_rng(SEED).permutation(len(every.queries))[:MOST].tolist()
    queries, relevant = ([column[i] for i in drawn] for column in (every.queries, every.relevant))
    return Collection(every.documents, queries, relevant)


def _measure(collection: Collection) -> Measured:
    bare = Index.memory(refine(collection.documents), collection.documents)
    index = Index.memory(refine(collection.documents, encoder=ENCODER), collection.documents)
    by_question = []
    for question in QUESTIONS:
        weighed = (with_weight(index, weight) for weight in WEIGHTS[1:])
        alone = _each(collection, replace(index, encoder_part=None))
        by_question.append(np.stack([alone, *(_each(collection, one, question) for one in weighed)], axis=1))
    blends = (replace(bare, space=replace(bare.space, share=share)) for share in SHARES)
    shares = np.stack([_each(collection, one) for one in blends], axis=1)
    length = float(np.mean([len(text.split()) for text in collection.documents]))
    asked = np.array([len(text.split()) for text in collection.queries], np.float64)
    agreed = agreement(index.vocabulary, index.scorer, collection.documents)
    assert agreed is not None
    assert agreed.encoder is not None
    quotient, counted = agreed.encoder / agreed.words, float(index.documents.lengths[: len(index)].mean())
    encoder, rows = by_question
    return Measured(encoder, rows, shares, bare.space.share, quotient, counted, length, asked)


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

    def asked_by_rows(self, query: Query, language: str | None) -> Asked | None:
        asked = super().asked_by_rows(query, language)
        return asked and asked._replace(weight=self.weight)


def by_weight() -> str:
    """A row a collection and way to compare questions, a column a weight."""
    lines = []
    for way in QUESTIONS:
        for name, one in measured().items():
            sizes = f"{one.length:.0f}", f"{one.asked.mean():.0f}", f"{one.quotient:.2f}"
            values = (f"{one.at(way, weight).value:.3f}" for weight in SHOWN)
            lines.append([f"{name}{_by(way)}", *sizes, *values])
    return table(
        ["nDCG@10 by weight", "words", "asked", "quotient", *(f"{weight:g}" for weight in SHOWN)], lines
    )


def rules() -> str:
    """A row a rule: its mean, what it gains over the one before, and which collections lose by it."""
    lines = []
    for way in QUESTIONS:
        usual = _with(way, before)
        for label, rule in RULES.items():
            lines.append([f"{label}{_by(way)}", *_compared(usual, _with(way, rule))])
    return table(["weight", "mean", "gain", "largest fall", "falls beyond chance"], lines)


def _with(way: str, rule: Rule | list[Rule]) -> dict[str, Estimate]:
    """Each collection with a rule, or with that of several which has the best mean of the others.

    Questions by rows have two thirds of the weight by the encoder, as the constants had.
    """
    share = 1 if way == ENCODED else 2 / 3

    def estimates(one_rule: Rule) -> dict[str, Estimate]:
        return {name: one.at(way, share * one_rule(one)) for name, one in measured().items()}

    if not isinstance(rule, list):
        return estimates(rule)
    every = [estimates(one_rule) for one_rule in rule]
    values = np.array([[one.value for one in found.values()] for found in every])
    others = values.sum(axis=1, keepdims=True) - values
    return {
        name: every[best][name]
        for name, best in zip(measured(), np.argmax(others, axis=0).tolist(), strict=True)
    }


def shares() -> str:
    """A row a collection, a column a share of the dense part, without an encoder."""
    lines = [
        [name, f"{one.share:.2f}", *(f"{one.at('shares', share).value:.3f}" for share in SHARES)]
        for name, one in measured().items()
    ]
    lines.append(["mean", "", *(f"{np.mean([float(row[i]) for row in lines]):.3f}" for i in range(2, 11))])
    return table(["nDCG@10 by dense share", "in search", *map(str, SHARES)], lines)


def _by(way: str) -> str:
    return "" if way == ENCODED else ", questions by rows"


def _compared(usual: Mapping[str, Estimate], after: Mapping[str, Estimate]) -> list[str]:
    apart = {name: difference(after[name], usual[name]) for name in usual}
    worst = min(apart, key=lambda name: apart[name].value)
    falls = [name for name, one in apart.items() if one.value < -FALL and one.high < 0]
    return [
        f"{np.mean([one.value for one in after.values()]):.3f}",
        f"{np.mean([one.value for one in apart.values()]):+.3f}",
        f"{worst} {differs(after[worst], usual[worst])}" if apart[worst].value < 0 else "none",
        ", ".join(falls) or "none",
    ]


NEEDS_DATA = True
PAGES = {"teacher.md": {"by-weight": by_weight, "rules": rules, "by-share": shares}}
