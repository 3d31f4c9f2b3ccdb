"""`Refiner`: refining as a scikit-learn estimator."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.views.terminal_progress import TerminalProgress
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.base.arrays import Floats
from selfvec.base.checks import StrPath, check_names
from selfvec.base.errors import InputError, NotFittedError, OptionError
from selfvec.base.installed import install_command
from selfvec.base.progress import GivenProgress, shown
from selfvec.corpus import Corpus
from selfvec.corpus.fields import FieldOptions
from selfvec.data.settings import Settings, suggest_names
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.encoders.given import EMBEDDINGS
from selfvec.encoders.run_encoder import read_documents
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.inputs import Start
from selfvec.refinement.pipeline import refine
from selfvec.retrieval.encoder import Encoder

from .functions.inspection import health
from .functions.refine import initial_vectors, open_text
from .run import Run

_OUTPUTS = ("default", "pandas", "polars")


def _with_parameters(cls: type[Refiner]) -> type[Refiner]:
    """Add the parameters that `Settings` describes before the class's own in the docstring."""
    opening, own, rest = (inspect.getdoc(cls) or "").partition("Parameters\n----------\n")
    described = (inspect.getdoc(Settings) or "").partition(own)[2].partition("\n\nRaises\n")[0]
    cls.__doc__ = f"{opening}{own}{described}\n{rest}"
    return cls


@_with_parameters
@suggest_names
@dataclass(repr=False, eq=False)
class Refiner(Settings):
    """Adapts word vectors to a corpus: a scikit-learn estimator, and a transformer of texts to vectors.

    Parameters
    ----------
    encoder : name, path, object or callable, optional
        Sentence encoder that teaches the run. The name of a fetched encoder, a folder, an object with
        ``encode`` or ``embed``, or a function of a list of texts.

    Attributes
    ----------
    run_ : Run
        Everything about the refinement; `selfvec.save_run` writes it.
    vectors_, original_ : Vectors
        The words of the corpus after and before refining, most frequent first.
    health_ : dict
        What `selfvec.health` returns.
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

    _: KW_ONLY
    encoder: Any = None

    def fit(
        self,
        corpus: Corpus | StrPath | Iterable[Any],
        y: Start | Sequence[Start] | Any = None,
        *,
        vectors: Start | Sequence[Start] = None,
        embeddings: Any = None,
        progress: GivenProgress = None,
        **fields: Unpack[FieldOptions],
    ) -> Refiner:
        """Refine ``vectors`` on ``corpus``.

        Parameters
        ----------
        corpus, vectors, embeddings, **fields
            As in `selfvec.refine`. Lists of tokens are taken as they are (tokenizer ``whitespace``). Which of
            several ``vectors`` were taken, and why, is in ``run_.provenance["table_decision"]``.
        y : optional
            ``vectors``, or labels, which are ignored: one for each document, as a scikit-learn `Pipeline`
            gives them.
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
            vectors = "default" if y is None or _are_labels(y, corpus) else y
        several = initial_vectors(vectors)
        settings = self._settings()
        documents = open_text(corpus, fields, keep=settings.keeps_text)
        for kept in ("drift_", "_encoder"):
            self.__dict__.pop(kept, None)
        with shown(TerminalProgress() if progress is True else progress):
            run = refine(documents, several, settings, encoder=self.encoder, embeddings=embeddings)
        self.run_ = Run(run)
        self.vectors_ = run.vectors
        self.original_ = run.original
        self.health_ = health(run)
        return self

    def _settings(self) -> Settings:
        return Settings(**{of.name: getattr(self, of.name) for of in fields(Settings)})

    def transform(self, texts: Iterable[Any]) -> Any:
        """Texts as vectors.

        Parameters
        ----------
        texts : iterable of n str, or of lists of tokens
            A text that is None counts as empty.

        Returns
        -------
        (n, d) float32, or a frame of them, see `set_output`
            The vectors of ``Encoder.of(run_, stop_words=True)``: of length 1, or zeros for a text without
            known words. Stop words count, since *who* and *where* tell questions apart. With a sentence
            encoder its vectors stand beside them.

        Raises
        ------
        NotFittedError
            Before `fit`.
        InputError
            If something is not a text.
        """
        rows = self._encoded(texts)
        wanted = self.__dict__.get("_sklearn_output_config", {}).get("transform")
        if wanted is None and "sklearn" in sys.modules:
            wanted = sys.modules["sklearn"].get_config()["transform_output"]
        if wanted == "pandas":
            import pandas as pd

            index = getattr(texts, "index", None) if hasattr(texts, "iloc") else None
            return pd.DataFrame(rows, columns=self.get_feature_names_out(), index=index)
        if wanted == "polars":
            import polars as pl

            return pl.DataFrame(rows, schema=self.get_feature_names_out().tolist())
        return rows

    def _encoded(self, texts: Iterable[Any]) -> Floats:
        if "_encoder" not in self.__dict__:
            self._encoder = Encoder.of(self.run_, stop_words=True)
        listed = _texts(texts)
        rows = self._encoder.encode(listed)
        described = self.run_.provenance.encoder
        if described is None or described["name"] == EMBEDDINGS:
            return rows
        read = read_documents(self.run_.present, listed)
        if read is None:
            rule = f"the sentence encoder {described['name']!r} is not here"
            raise InputError(
                rule, remedy=f"run: {install_command('encoder')}; and put its folder where it was"
            )
        return unit_rows(np.hstack([rows, read]))

    def set_output(self, *, transform: str | None = None) -> Refiner:
        """Choose what `transform` gives: "default" (an array), "pandas" or "polars"; None changes nothing."""
        if transform is not None:
            if transform not in _OUTPUTS:
                raise OptionError.one_of(transform, _OUTPUTS, field="transform")
            self._sklearn_output_config = {
                "transform": transform
            }  # the name that scikit-learn's clone copies
        return self

    def fit_transform(self, corpus: Iterable[Any], y: Any = None, **options: Any) -> Any:
        """`fit`, then `transform` of the same texts."""
        given = list(corpus) if isinstance(corpus, Iterator) else corpus
        return self.fit(given, y, **options).transform(given)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns that `transform` gives: refiner0, refiner1, ..."""
        del input_features
        width = self._encoded([]).shape[1]
        return np.array([f"refiner{number}" for number in range(width)], object)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; ``deep`` is for scikit-learn and changes nothing."""
        del deep
        return {of.name: getattr(self, of.name) for of in fields(self)}

    def set_params(self, **parameters: Any) -> Refiner:
        """Change parameters; `fit` checks their values."""
        check_names(parameters, self.get_params())
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __getattr__(self, name: str) -> Any:
        """`drift_` when first used; an error for other results before `fit`."""
        if name == "drift_" and "run_" in self.__dict__:
            self.drift_: Drift = drift(self.run_)
            return self.drift_
        if name in ("run_", "vectors_", "original_", "health_", "drift_"):
            raise _not_fitted()(f"{name} exists only after fitting", remedy="call fit(corpus) first")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_is_fitted__(self) -> bool:
        return "run_" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks an estimator; only called by scikit-learn."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(string=True, one_d_array=True, two_d_array=False),
        )

    def trajectory(self, word: str) -> Trajectory:
        """The recorded path of a word."""
        return self.run_.present.path(word)

    def save(self, path: StrPath, *, overwrite: bool = False) -> None:
        """Write a run folder."""
        self.run_.save(path, overwrite=overwrite)


def _not_fitted() -> type[NotFittedError]:
    """Our error, and scikit-learn's too where scikit-learn is in use."""
    theirs = sys.modules.get("sklearn.exceptions")
    ours = NotFittedError
    return ours if theirs is None else type(ours.__name__, (ours, theirs.NotFittedError), {})


def _are_labels(given: Any, corpus: Any) -> bool:
    """Whether an argument of `fit` holds a label for each document, instead of vectors to start from."""
    if isinstance(given, Vectors | str | os.PathLike) or not hasattr(given, "__len__"):
        return False
    if hasattr(given, "index_to_key") or any(isinstance(each, Vectors | os.PathLike) for each in given):
        return False
    return hasattr(corpus, "__len__") and not isinstance(corpus, str) and len(given) == len(corpus)


def _texts(given: Any) -> list[str]:
    """Texts of an iterable; lists of tokens are joined."""
    plain = isinstance(given, str | bytes | os.PathLike) or not isinstance(given, Iterable)
    if plain or hasattr(given, "columns"):
        rule = f"texts are a list of strings, this is {type(given).__name__}"
        raise InputError(rule, remedy="give a list of texts, or the column of a data frame that holds them")
    return [
        "" if text is None else " ".join(text) if isinstance(text, list | tuple) else text for text in given
    ]
