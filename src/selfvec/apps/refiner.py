"""`Refiner`: refining as an estimator, as scikit-learn users expect it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from selfvec.analysis.drift import Drift, drift
from selfvec.base.errors import OptionError
from selfvec.corpus import Corpus, as_corpus
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
        corpus: Corpus | str | os.PathLike[str] | Iterable[Any],
        vectors: Vectors | str | os.PathLike[str] | None = None,
        *,
        text_fields: Sequence[str] | None = None,
    ) -> Refiner:
        """Refine ``vectors`` on ``corpus``.

        Parameters
        ----------
        corpus : path, `Corpus`, data frame or iterable
            A file or folder, or the documents themselves: strings or lists of tokens, a data frame, a list of
            paths; see `selfvec.corpus.as_corpus`. Tokens are taken as they are, by the tokeniser
            ``whitespace``.
        vectors : `Vectors`, path, "default" or "none"
            "none" starts from random directions. Where none are given, or None as by a scikit-learn
            `Pipeline` in the place of labels, it is the default table.
        text_fields : sequence of str, optional
            Columns of a file or data frame; without it the usual names are recognised.

        Raises
        ------
        OptionError
            If ``vectors`` are something else.
        CorpusError, InputError
            If the text or the vectors cannot be used.
        """
        if vectors is None:
            vectors = "default"
        elif not isinstance(vectors, Vectors | str | os.PathLike):
            raise OptionError(
                f'are a Vectors, a path, "default" or "none", not {type(vectors).__name__}',
                field="vectors",
                remedy="give them as vectors=..., and no labels: these are not used",
            )
        documents, settings = as_corpus(corpus, text_fields=text_fields), self.settings
        if documents.tokenized and settings.tokenizer == "words":
            settings = replace(settings, tokenizer="whitespace")
        self.__dict__.pop("drift_", None)
        self.run_ = refine(documents, vectors, settings)
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
