"""Sentences that show how words differ between two states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from selfvec.analysis.usage.examples import examples
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.usage.quotations import Quotation, sentences
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.storage.cache import cached, read_result, write_result

from .compared_slices import documents_of

_FORMAT = 2  # of kept quotations
_SPARE = 2  # times as many examples as are shown, for those that show a sentence again


def kept_examples(
    run: Run,
    slices: Sequence[Slice],  # two, or all documents as one, which show the state after refining
    words: Sequence[str],
    number: int,  # of each word and slice
    seed: int,
    progress: Progress,
) -> list[Quotation]:
    """Occurrences that show the change of words, as sentences if the run keeps its text.

    They are kept in the run's cache.
    """

    def make() -> list[Quotation]:
        return _make_examples(run, slices, words, number, seed, progress)

    def write(found: list[Quotation], folder: Path) -> None:
        write_result({"quotations": [asdict(one) for one in found]}, folder)

    def read(folder: Path) -> list[Quotation]:
        kept = read_result(folder)["quotations"]
        return [
            Quotation(**one | {"pieces": tuple(map(tuple, one["pieces"])), "cut": tuple(one["cut"])})
            for one in kept
        ]

    key = [_FORMAT, documents_of(slices), seed, words, number]
    found = cached(run, "sentences", key, make, write, read, progress)
    return found if len(slices) == 2 else [replace(example, side=1) for example in found]


def _make_examples(
    run: Run, slices: Sequence[Slice], words: Sequence[str], number: int, seed: int, progress: Progress
) -> list[Quotation]:
    index = run.vectors.key_to_index
    stages = {"Preparing occurrences": 3, "Occurrences": 2, "Sentences": 1}
    with progress.steps("Sentences", stages) as steps:
        space = occurrence_space(run, slices, seed, steps, refined=len(slices) == 2)
        found: list[Quotation] = []
        with steps.stage("Occurrences", len(words), "words") as advance:
            for word in words:
                found += examples(run, space, index[word], _SPARE * number)
                advance(1)
        return _each_sentence_once(sentences(run, found), number)


def _each_sentence_once(found: Sequence[Quotation], number: int) -> list[Quotation]:
    """The first ``number`` examples of each word and side whose sentence no example before has."""
    kept: dict[tuple[str, int], list[Quotation]] = {}
    shown: set[str] = set()
    for example in found:
        mine = kept.setdefault((example.word, example.side), [])
        if len(mine) < number and example.text not in shown:
            shown.add(example.text)
            mine.append(example)
    return [example for mine in kept.values() for example in mine]
