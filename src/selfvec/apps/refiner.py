"""`Refiner`: refining as a scikit-learn estimator."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from selfvec.analysis.drift import Drift, drift
from selfvec.base.errors import NotFittedError, OptionError
from selfvec.base.progress import Progress
from selfvec.corpus import Corpus, as_corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings, check_name, list_options
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.refine.inputs import Start, starts
from selfvec.refine.pipeline import refine
from selfvec.storage.run_folder import save_run

__all__ = ["Refiner"]


@list_options
class Refiner(Settings):
    """Adapts word vectors to a corpus: a scikit-learn estimator.

    Attributes
    ----------
    run_ : Run
        Everything about the refinement; `selfvec.save_run` writes it.
    vectors_, original_ : Vectors
        The words of the corpus after and before refining, most frequent first.
    health_ : dict
        What ``selfvec health --json`` prints.
    drift_ : Drift
        How words changed between the first and the last slice, or by refining if there are no slices.
        Computed when first used.

    Raises
    ------
    OptionError
        If a parameter is misspelt, has a value it cannot have, or is not used by the chosen method.

    Examples
    --------
    >>> model = Refiner(window=5).fit(["the storm broke trees", "the storm broke roofs"] * 20)
    >>> model
    Refiner(window=5)
    >>> "storm" in model.vectors_
    True
    """

    run_: Run

    def fit(
        self,
        corpus: Corpus | str | os.PathLike[str] | Iterable[Any],
        vectors: Start | Sequence[Start] = None,
        *,
        text_fields: Sequence[str] | None = None,
        progress: Progress | bool | None = None,
    ) -> Refiner:
        """Refine ``vectors`` on ``corpus``.

        Parameters
        ----------
        corpus : path, `Corpus`, data frame or iterable
            A file or folder; or the documents themselves as strings or lists of tokens, a data frame or a
            list of paths: see `selfvec.corpus.as_corpus`. Lists of tokens are taken as they are (tokenizer
            ``whitespace``).
        vectors : `Vectors`, path or name, optional
            Where the words start. The default table if None, which a scikit-learn `Pipeline` passes in the
            place of labels; "none" starts from random directions, "svd", "cipher", "glove", "word2vec" or
            "fasttext" from vectors trained on the text itself. Of a list of these the one that suits the
            text best is taken; ``run_.provenance["table_decision"]`` says why.
        text_fields : sequence of str, optional
            Columns of a file or data frame that hold the text; the usual names are recognised.
        progress : bool or `Progress`, optional
            True shows progress bars on standard error.

        Returns
        -------
        Refiner
            Itself.

        Raises
        ------
        OptionError
            If ``vectors`` is none of these, or a parameter is wrong.
        CorpusError, InputError
            If the text or the vectors cannot be used.
        """
        if vectors is None:
            vectors = "default"
        several = starts(vectors)
        wrong = [one for one in several if not isinstance(one, Vectors | str | os.PathLike)]
        if wrong or not several:
            what = type(wrong[0] if wrong else vectors).__name__
            raise OptionError(
                f'are a Vectors, a path, "default" or "none", or a list of these, not {what}',
                field="vectors",
                remedy="give them as vectors=..., and no labels: these are not used",
            )
        settings, documents = Settings(**self.get_params()), as_corpus(corpus, text_fields=text_fields)
        if documents.tokenized and settings.tokenizer == "words":
            settings = replace(settings, tokenizer="whitespace")
        self.__dict__.pop("drift_", None)
        self.run_ = refine(documents, vectors, settings, progress=_progress(progress))
        self.vectors_, self.original_ = self.run_.vectors, self.run_.original
        self.health_ = self.run_.health
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; ``deep`` is for scikit-learn and changes nothing."""
        del deep
        return {of.name: getattr(self, of.name) for of in fields(Settings)}

    def set_params(self, **parameters: Any) -> Refiner:
        """Change parameters; `fit` checks their values."""
        for name, value in parameters.items():
            check_name(name)
            setattr(self, name, value)
        return self

    def __getattr__(self, name: str) -> Any:
        """`drift_` when first used; an error for other results before `fit`."""
        if name == "drift_" and "run_" in self.__dict__:
            self.drift_: Drift = drift(self.run_)
            return self.drift_
        if name in ("run_", "vectors_", "original_", "health_", "drift_"):
            raise NotFittedError(f"{name} exists only after fitting", remedy="call fit(corpus) first")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        return "run_" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks an estimator; only called by scikit-learn."""
        from sklearn.utils import InputTags, Tags, TargetTags

        target, text = TargetTags(required=False), InputTags(string=True, two_d_array=False)
        return Tags(estimator_type=None, target_tags=target, input_tags=text)

    def trajectory(self, word: str) -> Trajectory:
        """The recorded path of a word."""
        return self.run_.trajectory(word)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a run folder."""
        save_run(self.run_, path, overwrite=overwrite)


def _progress(wanted: Progress | bool | None) -> Progress:
    if isinstance(wanted, Progress):
        return wanted
    if not wanted:
        return Progress()
    from .cli.output import TerminalProgress

    return TerminalProgress()
