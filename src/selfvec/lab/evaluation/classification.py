"""Classification: can a linear model learn labels from document vectors, and from how few examples?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import Array, Floats, Ints
from selfvec.base.checks import check_whole
from selfvec.base.errors import InputError, require
from selfvec.files.text_files import text_lines
from selfvec.numerics.statistics import mean_of_draws

from .compared_vectors import ComparedVectors
from .task import Measurement, Task

DRAWS = 5  # of few documents; their mean is the figure, since one draw may be lucky
_C = 10.0  # inverse strength of the penalty


class LabelledTexts(NamedTuple):
    """Texts and labels by number, (n,); the first ``train`` are to learn from. -1: a label not among them."""

    texts: list[str]
    labels: Ints
    train: int


@dataclass(frozen=True)
class Classification(Task):
    """Accuracy of logistic regression on idf-weighted document vectors of length 1.

    The test part is not used for tuning. Vectors are centred at the mean of the training examples and divided
    by their mean distance from it, so that one penalty (C = 10) suits all vectors. Document
    frequencies and similar texts are taken from all training texts, without their labels. The interval is
    over test documents, with ``shots`` also over the draws of examples. ``covered`` is the share of tokens
    that have a vector, stop words excluded. The baseline ``encoder:MODEL`` encodes whole texts.

    Parameters
    ----------
    path : path
        A folder with train.tsv and test.tsv, rows of label<TAB>text.
    shots : int, optional
        Number of training documents for each label (all if it has fewer); accuracy is the mean over five
        draws.
    """

    shots: int | None = None
    kind: ClassVar[str] = "classification"

    def __post_init__(self) -> None:
        require("sklearn", "evaluate", "classification")
        super().__post_init__()
        if self.shots is not None:
            check_whole("shots", self.shots)

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """A row of metric ``accuracy`` for all vectors; extra key ``shots``."""
        data = read_labelled(self.path)
        labels = data.labels
        n = data.train
        draws = draw_examples(labels[:n], self.shots, seed)
        for entry in entries:
            rows, covered = entry.text_rows(data.texts, n)
            right = [predicted_labels(rows[draw], labels[draw], rows[n:]) == labels[n:] for draw in draws]
            estimate = mean_of_draws(np.array(right), seed)
            yield Measurement.of(entry, "accuracy", estimate, len(labels) - n, covered, shots=self.shots)


def draw_examples(labels: Ints, shots: int | None, seed: int) -> list[Ints]:
    """Numbers of the examples to learn from: all of them, or five times ``shots`` of each label."""
    if shots is None:
        return [np.arange(len(labels))]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(DRAWS):
        order = rng.permutation(len(labels))
        parts = [order[labels[order] == label][:shots] for label in np.unique(labels)]
        draws.append(np.sort(np.concatenate(parts)))
    return draws


def predicted_labels(rows: Floats, labels: Ints, test: Floats) -> Array:
    """Labels of the test rows, (n,)."""
    from sklearn.linear_model import LogisticRegression

    centre = rows.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->", rows - centre, rows - centre) / len(rows)) or 1.0
    model = LogisticRegression(C=_C, max_iter=1000).fit((rows - centre) / spread, labels)
    predicted: Array = model.predict((test - centre) / spread)
    return predicted


def read_labelled(folder: Path) -> LabelledTexts:
    """Read a folder of labelled texts."""
    source = folder / "train.tsv"
    train, test = _labelled(source), _labelled(folder / "test.tsv")
    names = sorted({label for label, _ in train})
    if len(names) < 2 or not test:
        rule = (
            f"classification needs two labels to learn and texts to test, found {len(names)} and {len(test)}"
        )
        raise InputError(rule, path=source, remedy="give rows of label<TAB>text")
    numbers = {name: i for i, name in enumerate(names)}
    labels = np.array([numbers.get(label, -1) for label, _ in train + test], np.int64)
    return LabelledTexts([text for _, text in train + test], labels, len(train))


def _labelled(path: Path) -> list[tuple[str, str]]:
    out = []
    for line, row in text_lines(path):
        label, tab, text = row.partition("\t")
        if not tab or not label.strip():
            rule = "a row is label<TAB>text, this one has no " + ("label" if tab else "tab")
            raise InputError(rule, path=path, line=line, remedy="correct the row")
        out.append((label.strip(), text))
    return out
