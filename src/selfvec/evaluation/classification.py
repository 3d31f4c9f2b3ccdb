"""Classification: can a simple model tell labels from document vectors, and from how few examples?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.numerics.bootstrap import mean
from selfvec.text.document_vectors import embed

from .compared_vectors import Table, as_path
from .task import Measurement
from .task_files import text_lines

__all__ = ["Classification"]

DRAWS = 5
_STRENGTH = 10.0  # C of the logistic regression


@dataclass(frozen=True)
class Texts:
    """Labelled texts: those to learn from, then those to be told."""

    texts: list[str]
    labels: NDArray[np.int64]
    train: int


@dataclass(frozen=True)
class Classification:
    """Accuracy of logistic regression on idf-weighted document vectors of length 1.

    Nothing is chosen by looking at the test part. The vectors are moved to the training examples' mean and
    divided by their mean distance from it, so that one strength of penalty (C = 10) means the same for tables
    of any spread. How common words are, and which texts are alike, is learned of all training texts, which
    takes no labels. The interval is over test documents. ``covered`` is the share of the texts' tokens that
    have a vector, stop words left out.

    Parameters
    ----------
    path : path
        A folder with train.tsv and test.tsv, rows of label<TAB>text; or one such file, which is split in
        halves with the labels' shares kept.
    shots : int, optional
        Learn from so many documents a label (all where it has fewer); accuracy is the mean over five draws.
    """

    path: Path
    shots: int | None = None
    kind: ClassVar[str] = "classification"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))
        shots = self.shots
        if shots is not None and (not isinstance(shots, int) or isinstance(shots, bool) or shots < 1):
            raise OptionError(f"is a whole number of at least 1, not {shots!r}", field="shots")

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row of metric ``accuracy`` a table; extra key ``shots``.

        Raises
        ------
        InputError
            If a file is not as it should be; names the line.
        MissingExtra
            If scikit-learn is not installed.
        """
        data = read_labelled(self.path, seed)
        labels, n = data.labels, data.train
        draws = _draws(labels[:n], self.shots, seed)
        for table in tables:
            rows, covered = embed(data.texts, table.texts, table.preprocessing, collection=n)
            right = np.zeros(len(labels) - n)
            for draw in draws:
                right += _predicted(rows[draw], labels[draw], rows[n:]) == labels[n:]
            yield Measurement(
                table.name,
                "accuracy",
                mean(right / len(draws), seed),
                n=len(right),
                covered=covered,
                extra={"shots": self.shots},
                **table.size,
            )


def _draws(labels: NDArray[np.int64], shots: int | None, seed: int) -> list[NDArray[np.int64]]:
    """Examples to learn from, by number: all once, or ``shots`` a label five times."""
    if shots is None:
        return [np.arange(len(labels))]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(DRAWS):
        order = rng.permutation(len(labels))
        parts = [order[labels[order] == label][:shots] for label in np.unique(labels)]
        draws.append(np.sort(np.concatenate(parts)))
    return draws


def _predicted(
    rows: NDArray[np.float32], labels: NDArray[np.int64], test: NDArray[np.float32]
) -> NDArray[Any]:
    """Labels of test rows by logistic regression on the others."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "evaluate", "classification") from error
    centre = rows.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->", rows - centre, rows - centre) / len(rows)) or 1.0
    model = LogisticRegression(C=_STRENGTH, max_iter=1000).fit((rows - centre) / spread, labels)
    found: NDArray[Any] = model.predict((test - centre) / spread)
    return found


def read_labelled(path: Path, seed: int) -> Texts:
    """Read a folder or file of labelled texts.

    Raises
    ------
    InputError
        If a file is not as it should be, or there is only one label to learn.
    """
    if path.is_dir():
        train, test = _labelled(path / "train.tsv"), _labelled(path / "test.tsv")
    else:
        train, test = _halves(_labelled(path), seed)
    names = sorted({label for label, _ in train})
    if len(names) < 2 or not test:
        where = path / "train.tsv" if path.is_dir() else path
        rule = (
            f"telling labels apart takes two of them and texts to tell, here are {len(names)} and {len(test)}"
        )
        raise InputError(rule, path=where, remedy="give rows of label<TAB>text")
    number = {name: i for i, name in enumerate(names)}
    labels = np.array([number.get(label, -1) for label, _ in train + test], np.int64)
    return Texts([text for _, text in train + test], labels, len(train))


def _labelled(path: Path) -> list[tuple[str, str]]:
    out = []
    for line, row in text_lines(path):
        label, tab, text = row.partition("\t")
        if not tab or not label.strip():
            rule = "a row is label<TAB>text, this one has no " + ("label" if tab else "tab")
            raise InputError(rule, path=path, line=line, remedy="mend the row")
        out.append((label.strip(), text))
    return out


def _halves(data: list[tuple[str, str]], seed: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Every second text of each label, in an order of chance, to learn from."""
    order = np.random.default_rng(seed).permutation(len(data)).tolist()
    order.sort(key=lambda i: data[i][0])
    return [data[i] for i in order[::2]], [data[i] for i in order[1::2]]
