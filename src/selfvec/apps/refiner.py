"""`Refiner`: refining as an estimator, as scikit-learn users expect it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from selfvec.analysis.drift import Drift, drift
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.refine.pipeline import refine
from selfvec.storage.run_folder import save_run

__all__ = ["Refiner"]


class Refiner:
    """Adapts vectors to a corpus, in scikit-learn's manners.

    Parameters are those of `Settings`, by name.

    Attributes
    ----------
    run_ : Run
    vectors_, original_ : Vectors
        After and before, the corpus' words, most frequent first.
    health_ : dict
        As ``selfvec health --json``.
    drift_ : Drift
        Made when first asked for.

    Examples
    --------
    >>> model = Refiner(window=5).fit(["the storm broke trees", "the storm broke roofs"] * 20)
    >>> "storm" in model.vectors_
    True
    """

    def __init__(self, method: str = "auto", **options: Any) -> None:
        self.settings = Settings(method=method, **options)

    def fit(
        self,
        corpus: Corpus | str | os.PathLike[str] | Iterable[str],
        vectors: Vectors | str | os.PathLike[str] | None = "default",
    ) -> Refiner:
        """Refine ``vectors`` on ``corpus``.

        Parameters
        ----------
        corpus : path, `Corpus` or iterable of str
            A file or folder, or the documents themselves.
        vectors : `Vectors`, path, "default" or None
            None starts from random directions.
        """
        if isinstance(corpus, str | os.PathLike):
            corpus = Corpus.open([corpus])
        elif not isinstance(corpus, Corpus):
            corpus = Corpus.from_texts(corpus)
        self.__dict__.pop("drift_", None)
        self.run_ = refine(corpus, vectors, self.settings)
        self.vectors_, self.original_ = self.run_.vectors, self.run_.original
        self.health_ = self.run_.health
        return self

    @cached_property
    def drift_(self) -> Drift:
        """What changed between the first and the last slice, or by refining."""
        return drift(self.run_)

    def trajectory(self, word: str) -> Trajectory:
        """The recorded path of a word."""
        return self.run_.trajectory(word)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a run folder."""
        save_run(self.run_, path, overwrite=overwrite)
