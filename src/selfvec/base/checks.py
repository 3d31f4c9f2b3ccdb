"""Checks of arguments: a wrong value raises `OptionError`, which names the argument and its rule."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, TypeGuard

from .display import code_of
from .errors import OptionError, did_you_mean

StrPath = str | os.PathLike[str]
Paths = StrPath | Sequence[StrPath]
"""A path, or several."""


def as_paths(given: Paths | None) -> list[Path]:
    several = [given] if isinstance(given, str | os.PathLike) else given
    return [Path(one) for one in several or ()]


def is_path(given: object) -> TypeGuard[StrPath]:
    return isinstance(given, str | os.PathLike)


OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "number": ("k", "n", "n_topics", "num_topics", "nr_topics", "n_clusters", "n_components"),
    "top": ("k", "n", "topn", "topk", "top_k", "top_n", "limit", "size", "n_results", "max_results"),
    "text_field": ("text_column", "text_col", "text", "column", "field", "content"),
    "date_field": ("date_column", "date_col", "date", "time", "timestamp"),
    "id_field": ("id_column", "id_col", "id", "doc_id"),
    "slice_field": ("slice_column", "group", "groupby", "group_by"),
    "keep_fields": ("keep_columns", "columns", "fields", "metadata"),
    "corpus": ("sentences", "texts", "documents", "docs", "data"),
    "documents": ("corpus", "texts", "docs", "data"),
    "vectors": ("embeddings", "embedding", "model", "wv", "keyed_vectors"),
    "encoder": ("model", "embedder", "embedding_model", "sentence_transformer"),
    "path": ("file", "filename", "fname", "filepath", "folder", "name", "source"),
    "run": ("model", "folder", "path", "run_path"),
    "limit": ("n", "nrows", "n_rows", "max_rows"),
    "lexicon": ("relations", "pairs", "file", "path", "knowledge"),
    "output": ("out", "path", "output_path", "output_dir", "filename", "save_to"),
    "query": ("q", "text", "question"),
    "question": ("query", "q"),
    "words": ("word", "terms", "keywords"),
    "document": ("doc", "doc_id", "id"),
    "filter": ("filters", "where"),
    "min_count": ("min_df", "min_freq", "min_frequency"),
    "dimensions": ("dims", "dim", "vector_size", "size", "n_components"),
    "window": ("window_size", "context_size"),
    "passes": ("iterations", "n_iter", "max_iter", "epochs"),
    "learning_rate": ("alpha", "lr"),
    "method": ("algorithm", "strategy"),
    "language": ("lang",),
    "seed": ("random_state", "random_seed"),
    "jobs": ("n_jobs", "workers", "threads", "num_workers"),
    "overwrite": ("force", "exist_ok"),
    "progress": ("verbose", "show_progress", "progress_bar"),
    "retrieval": ("qrels", "judgements", "judgments"),
}
"""What other libraries call an option, by its name here."""


def no_such_option(name: str, known: Collection[str]) -> OptionError:
    """The error for the name of an option that is not known, which suggests the one that is meant.

    >>> no_such_option("k", ["query", "top"]).message()
    'k: there is no such option; did you mean top?'
    """
    meant = [ours for ours, others in OTHER_NAMES.items() if name.lower() in others and ours in known]
    near = f"did you mean {meant[0]}?" if meant else did_you_mean(name, known, most=1)
    return OptionError("there is no such option", field=name, remedy=near or "leave it out")


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise no_such_option(name, known)


def check_path(name: str, given: object, what: str = "a path or a name") -> None:
    if not is_path(given):
        raise OptionError(f"is {what}, not {type(given).__name__}", field=name)


def seconds_to_wait(usual: float) -> float:
    """The seconds that the environment variable ``SELFVEC_WAIT`` names; `OptionError` if it has no number."""
    asked = os.environ.get("SELFVEC_WAIT", f"{usual:.0f}")
    if not asked.isdecimal():
        raise OptionError(f"SELFVEC_WAIT is a whole number of seconds, not {asked!r}")
    return float(asked)


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Raise `OptionError` unless a value is a whole number from ``least`` up.

    >>> check_whole("top", 10)
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise OptionError(f"is a whole number of at least {least}, not {value!r}", field=name)


def check_text(name: str, value: Any, *, empty: bool = False) -> None:
    """Raise `OptionError` unless a value is a text; an empty text is allowed only with ``empty``."""
    if not isinstance(value, str):
        raise OptionError(f"is a text, not {type(value).__name__}", field=name)
    if not empty and not value.strip():
        raise OptionError("is empty", field=name, remedy="write some words")


def check_texts(name: str, value: Any, what: str = "texts") -> list[str]:
    """One or several texts as a list; `OptionError` for anything else and for an empty list.

    >>> check_texts("words", "hail"), check_texts("words", ("hail", "snow"))
    (['hail'], ['hail', 'snow'])
    """
    several = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else None
    if several is None or not all(isinstance(text, str) for text in several):
        raise OptionError(f"are {what}, not {code_of(value)}", field=name)
    if not several:
        raise OptionError(f"the list is empty, at least one of these {what} is needed", field=name)
    return several
