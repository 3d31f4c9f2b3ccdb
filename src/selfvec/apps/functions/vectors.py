"""Functions that make vectors of vectors: one for each method of `selfvec.transforms`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from selfvec.base.checks import check_names, is_path
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import Figures
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, save
from selfvec.storage.opened import GivenVectors, as_vectors
from selfvec.transforms import make_transform
from selfvec.transforms.knowledge import Knowledge

from .files import GivenPath
from .texts import open_text

__all__ = [
    "aspect",
    "attract_repel",
    "counter_fit",
    "debias",
    "define",
    "distill",
    "join",
    "model2vec",
    "nodes",
    "pool",
    "principal_axes",
    "retrofit",
    "smooth",
    "tokenizer",
]

Lexicon = Any
"""Paths of relations in any format that is read, see `selfvec.transforms.lexicon_files.read_knowledge`."""
Relations = str | Sequence[str] | None


class Writing(TypedDict, total=False):
    """Where new vectors are written, besides being returned."""

    output: GivenPath | None
    to: str | None
    overwrite: bool
    progress: Progress | None


def _made(by: str, source: Any, writing: Writing, **options: Any) -> Vectors:
    """The vectors that a method makes of others, written if an output is named."""
    check_names(writing, Writing.__annotations__)
    output = writing.get("output")
    to = writing.get("to")
    overwrite = writing.get("overwrite", False)
    chosen = make_transform(by, **{name: value for name, value in options.items() if value is not None})
    chosen.progress = as_progress(writing.get("progress"))
    if output is not None:
        check_save(output, to, overwrite=overwrite)
    made = chosen.fit_transform(source)
    if output is not None:
        save(made, output, format=to, overwrite=overwrite)
    return made


def _by_lexicon(
    by: str, vectors: GivenVectors, lexicon: Lexicon, writing: Writing, **options: Any
) -> Vectors:
    """The vectors that a method makes of others by relations between words."""
    return _made(by, as_vectors(vectors), writing, lexicon=_lexicon(lexicon), **options)


def retrofit(
    vectors: GivenVectors,
    lexicon: Lexicon,
    *,
    relations: Relations = None,
    weight: float | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Move words toward the words that a lexicon relates them to, see `selfvec.transforms.retrofit`.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
    lexicon : path or paths
        Triples, OBO, OWL, SKOS, WN-LMF or WordNet's folder.
    relations : str or sequence of str, optional
        The kinds of relations that pull.
    weight : float, optional
        Of all words related to a word together; its own vector has 1.
    **writing
        ``output``, ``to``, ``overwrite``: where the new vectors are written, besides being returned.
    """
    return _by_lexicon("retrofit", vectors, lexicon, writing, relations=relations, weight=weight)


def counter_fit(
    vectors: GivenVectors,
    lexicon: Lexicon,
    *,
    relations: Relations = None,
    weight: float | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Pull synonyms together and push antonyms apart; parameters as in `retrofit`."""
    return _by_lexicon("counter-fit", vectors, lexicon, writing, relations=relations, weight=weight)


def attract_repel(
    vectors: GivenVectors,
    lexicon: Lexicon,
    *,
    relations: Relations = None,
    weight: float | None = None,
    seed: int = 0,
    **writing: Unpack[Writing],
) -> Vectors:
    """Attract synonyms and repel antonyms against the nearest other words; parameters as in `retrofit`."""
    more: dict[str, Any] = {"relations": relations, "weight": weight, "seed": seed}
    return _by_lexicon("attract-repel", vectors, lexicon, writing, **more)


def smooth(
    vectors: GivenVectors,
    lexicon: Lexicon,
    *,
    relations: Relations = None,
    weight: float | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Spread vectors over the graph of a lexicon; parameters as in `retrofit`, ``weight`` below 1."""
    return _by_lexicon("smooth", vectors, lexicon, writing, relations=relations, weight=weight)


def define(vectors: GivenVectors, lexicon: Lexicon, **writing: Unpack[Writing]) -> Vectors:
    """Give words of a lexicon without a vector one from their definitions; parameters as in `retrofit`."""
    return _by_lexicon("define", vectors, lexicon, writing)


def nodes(
    vectors: GivenVectors, lexicon: Lexicon, *, relations: Relations = None, **writing: Unpack[Writing]
) -> Vectors:
    """Add a vector for each concept of an ontology; parameters as in `retrofit`."""
    return _by_lexicon("nodes", vectors, lexicon, writing, relations=relations)


def aspect(
    vectors: GivenVectors,
    lexicon: Lexicon,
    *,
    pull: str = "synonym",
    push: str = "antonym",
    **writing: Unpack[Writing],
) -> Vectors:
    """A space in which one relation is kept near and another is pushed apart.

    ``pull`` and ``push`` are kinds of relations; other parameters as in `retrofit`.
    """
    return _by_lexicon("aspect", vectors, lexicon, writing, pull=pull, push=push)


def debias(
    vectors: GivenVectors,
    method: str = "hard",
    *,
    bias_sets: Any = None,
    seed: int = 0,
    **writing: Unpack[Writing],
) -> Vectors:
    """Take the direction of a bias out of the words that should not have it.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
    method : {"hard", "soft", "double-hard", "inlp"}
    bias_sets : path, optional
        Word sets, TOML or JSON; by default a small set for gender in English.
    seed : int
    **writing
        As in `retrofit`.
    """
    return _made("debias", as_vectors(vectors), writing, method=method, bias_sets=bias_sets, seed=seed)


def join(
    vectors: GivenVectors,
    others: GivenVectors | Sequence[GivenVectors],
    *,
    method: str = "average",
    vocabulary: str = "union",
    dimensions: int | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Join several sets of vectors into one.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
    others : the same, or several
        On the command line ``--with``.
    method : {"average", "concatenate", "gcca"}
    vocabulary : {"union", "intersection"}
        Words of any of them, or of all.
    dimensions : int, optional
        With "gcca" only.
    **writing
        As in `retrofit`.
    """
    several: list[Any] = list(others) if isinstance(others, list | tuple) else [others]
    if not several:
        raise OptionError("none was given", field="others", remedy="name the vectors to join with")
    tables = [as_vectors(one, "others") for one in several]
    more: dict[str, Any] = {"method": method, "vocabulary": vocabulary, "dimensions": dimensions}
    return _made("join", as_vectors(vectors), writing, others=tables, **more)


def principal_axes(
    vectors: GivenVectors, dimensions: int | None = None, **writing: Unpack[Writing]
) -> Vectors:
    """Vectors in their first principal axes; further parameters as in `retrofit`."""
    return _made("principal-axes", as_vectors(vectors), writing, dimensions=dimensions)


def pool(
    encoder: GivenPath,
    corpus: Any,
    *,
    layers: str | None = None,
    pooling: str | None = None,
    min_count: int = 1,
    text_field: str | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Vectors of words from the states of a transformer in a text, averaged over their occurrences.

    Parameters
    ----------
    encoder : path
        The folder of a local model.
    corpus : path, paths, texts or `Corpus`
    layers : str, optional
        "last4", "all", "first", a number, or numbers with weights.
    pooling : {"mean", "cls"}, optional
    min_count : int
        Leave out words that occur less often.
    text_field : str, optional
        Fields that hold the text, with commas.
    **writing
        As in `retrofit`.
    """
    more: dict[str, Any] = {"layers": layers, "pooling": pooling, "min_count": min_count}
    return _made("pool", _folder(encoder), writing, corpus=_text(corpus, text_field), **more)


def distill(
    encoder: GivenPath,
    corpus: Any,
    *,
    passes: int | None = None,
    min_count: int = 1,
    text_field: str | None = None,
    seed: int = 0,
    **writing: Unpack[Writing],
) -> Vectors:
    """Vectors of words whose means are near the text vectors of an encoder; parameters as in `pool`.

    ``passes`` over the texts are 20 by default.
    """
    more: dict[str, Any] = {"passes": passes, "min_count": min_count, "seed": seed}
    return _made("distill", _folder(encoder), writing, corpus=_text(corpus, text_field), **more)


def model2vec(
    encoder: GivenPath,
    corpus: Any,
    *,
    dimensions: int = 256,
    min_count: int = 1,
    text_field: str | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Vectors of the words of a text, each encoded alone, as in model2vec; parameters as in `pool`."""
    more: dict[str, Any] = {"dimensions": dimensions, "min_count": min_count}
    return _made("model2vec", _folder(encoder), writing, corpus=_text(corpus, text_field), **more)


def tokenizer(
    model: GivenPath,
    output: GivenPath,
    *,
    vectors: Vectors | GivenPath,
    tokenizer: GivenPath | None = None,
    add_words: GivenPath | int | None = None,
    overwrite: bool = False,
) -> Figures:
    """Give a language model a new tokenizer, or more words, with rows estimated from static vectors.

    Parameters
    ----------
    model : path
        The folder of a model.
    output : path
        The folder to write.
    vectors : Vectors or path
        Static vectors that know the tokens; or two aligned sets of vectors.
    tokenizer : path, optional
        The new tokenizer.
    add_words : path or int, optional
        Words to add to the old tokenizer, or how many of ``vectors``.
    overwrite : bool
        Whether to replace what exists.

    Returns
    -------
    Figures
        A dict: numbers of rows by how they were made, and what was ``left_out``.
    """
    options = {"vectors": vectors, "tokenizer": tokenizer, "add_words": add_words}
    chosen = make_transform(
        "tokenizer", **{name: value for name, value in options.items() if value is not None}
    )
    left_out = chosen.transform_file(os.fspath(_folder(model)), Path(output), overwrite=overwrite)
    return Figures("Tokenizer", {"target": os.fspath(output), **chosen.report_, "left_out": left_out})


def _lexicon(given: Any) -> Any:
    """Paths as a list; knowledge that was read as it is."""
    several = [given] if is_path(given) else given
    if not isinstance(several, Knowledge | Sequence) or not several:
        raise OptionError(f"is a path, or several, not {type(given).__name__}", field="lexicon")
    return several


def _text(corpus: Any, text_field: str | None) -> Any:
    return open_text(corpus, {"text_field": text_field})


def _folder(given: Any) -> Path:
    if not is_path(given):
        rule = f"is the folder of a local model, not {type(given).__name__}"
        raise OptionError(rule, field="encoder")
    return Path(given)
