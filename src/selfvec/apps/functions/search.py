"""`search`: the documents of a run, or of a folder of text, that answer a question; `similar_documents`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, TypedDict, Unpack, overload

import numpy as np

from selfvec.base.checks import StrPath, check_text
from selfvec.base.declarations import Bounds, Count, Natural, NotEmpty, checked
from selfvec.base.progress import GivenProgress
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.data.run import Run
from selfvec.retrieval.index import run_index
from selfvec.retrieval.snippets import Found
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import is_run, open_run

Vector = np.ndarray[Any, Any]


class _Options(TypedDict, total=False):
    top: int
    offset: int
    mode: Literal["hybrid", "bm25", "dense"]
    question: Literal["encoder", "rows"] | None
    filter: GivenFilter
    variants: StrPath | None
    passage_words: int
    overlap: int
    progress: GivenProgress


@overload
def search(run: GivenRun, query: str | Vector, **options: Unpack[_Options]) -> Found: ...  # type: ignore[overload-overlap]


@overload
def search(run: GivenRun, query: Sequence[str | Vector], **options: Unpack[_Options]) -> list[Found]: ...


@checked
def search(
    run: GivenRun,
    query: NotEmpty | Vector | Sequence[str | Vector],
    *,
    top: Count = 10,
    offset: Natural = 0,
    mode: Literal["hybrid", "bm25", "dense"] = "hybrid",
    question: Literal["encoder", "rows"] | None = None,
    filter: GivenFilter = (),
    variants: Literal["auto"] | StrPath | None = None,
    passage_words: Annotated[int, Bounds(at_least=20)] = 200,
    overlap: Natural = 40,
    progress: GivenProgress = None,
) -> Found | list[Found]:
    """Find documents by their words and their meaning, and show why.

    Parameters
    ----------
    run : Run or path
        A run folder, or a file or folder of text, which is refined first and kept.
    query : str, not empty
        A question or some words. Documents with a phrase in quotes come higher, those with -word or NOT word
        last. After a plus, as in +"heat pump", or alone, they are conditions. Also a vector like those of the
        run, of which the nearest documents are found. Also a list of these, which gives a list of results.
    mode : {"hybrid", "bm25", "dense"}
        Use words and vectors, words only, or vectors only.
    question : {"encoder", "rows"}, optional
        Of a run with an encoder: let it read the question, or compare it by what its words have learned; by
        default the encoder, if it is here.
    top : int, at least 1
        Documents shown, of different texts. Copies are named with the first of their text.
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    progress : Progress or bool, optional

    Other Parameters
    ----------------
    offset : int, at least 0
        Documents left out before these.
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    passage_words : int, at least 20
        Words of the passages that a long document is cut into.
    overlap : int, at least 0
        Words that a passage repeats from the one before.

    Returns
    -------
    Found
        ``hits`` has marks and reasons, too, which ``rows`` leave out. ``question`` says by what it was
        compared, for a run with an encoder; ``left_out``, what of a text was mended or is not searched.

    Raises
    ------
    OptionError
        If the query is empty, or an option is wrong.
    InputError
        If there is neither a run nor text, the text cannot be read, or the run has not kept it; if the
        encoder is asked for and is not here, or has changed since the run was made.
    TargetError
        If another process refines the same text, or the cache cannot be written.

    Examples
    --------
    >>> path = selfvec.example("weather.jsonl")
    >>> search(path, "damage to roofs", top=1).rows[0]["id"]
    'r0904'
    """
    named = given_filters(filter)
    omitted: dict[str, Any] = {}

    def refined(text: StrPath) -> Run:
        if is_run(text) or not os.fspath(text):
            return open_run(text)
        # Only who has no run yet waits for the import of what reads and refines a text.
        from .cached_run import cached_run

        made, of_text = cached_run(text)
        omitted.update(of_text)
        return made

    run = as_run(run, of_text=refined)
    counted: list[str] = []
    if variants is not None:
        # Only who asks for it waits for the import of what compares two sides.
        from selfvec.analysis.comparison.variants import joined_sentences, split_pairs, with_variants

        run = with_variants(run, variants)
        met, lacking = split_pairs(run.provenance.variants, run.vectors)
        counted += [f"{variant} counts as {word}" for variant, word in met.items()]
        counted += joined_sentences({}, lacking)
    index = run_index(run, cut=(passage_words, overlap))

    def answer(asked: Any) -> Found:
        if isinstance(asked, str):  # of a list
            check_text("query", asked)
        found = index.search(asked, top, offset=offset, mode=mode, filter=named, question=question)
        notes = [*found.notes, *counted]
        return replace(found, corpus=run.provenance.corpus_name, notes=notes, **omitted)

    return [*map(answer, query)] if isinstance(query, list | tuple) else answer(query)


@checked
def similar_documents(
    run: GivenRun,
    document: NotEmpty,
    *,
    top: Count = 10,
    filter: GivenFilter = (),
    progress: GivenProgress = None,
) -> Found:
    """Find the documents nearest to one of them by meaning.

    They need not share words with it. Documents with the same text as the given one are left out and named.

    Parameters
    ----------
    run : Run or path
        Its index is made when it is first searched, and kept in the run folder.
    document : str, not empty
        The id of a document, as `search` shows it.
    top : int, at least 1
        Documents shown.
    filter : str or dict, or sequence of them
        Only documents with this value or date, such as state=IOWA, size=2..5 or date=1996..1998.
    progress : Progress or bool, optional

    Returns
    -------
    Found
        As of `search`: ``query`` is the id, the score of a hit the cosine of the vectors of both documents
        (of a long one: half of its whole, half of its best passage); for a run with an encoder, the mean of
        that and of the cosine of the encoder's vectors. Marks and reasons are those of the words that tell
        most about the document; ``alike`` holds the ids of documents with the same text.

    Raises
    ------
    NotFound
        If there is no document with this id.
    InputError
        If no word of the document has a vector, or the run has not kept its text. `OptionError` if an option
        is wrong.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "a storm tore the roof off", "a bridge opened", "a tax was due"] * 20
    >>> run = selfvec.Refiner(method="decorrelated").fit(texts).run_
    >>> found = similar_documents(run, "0", top=1)
    >>> found.rows[0]["snippet"], len(found.alike)
    ('a storm tore the roof off', 19)
    """
    named = given_filters(filter)
    return run_index(as_run(run)).near_document(document, top, named)
