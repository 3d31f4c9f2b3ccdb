"""`search`: the documents of a run, or of a folder of text, that answer a question."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated, Any, Literal

from selfvec.base.declarations import Bounds, Count, Natural, NotEmpty, checked
from selfvec.base.progress import Progress
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.data.run import Run
from selfvec.retrieval.run_search import run_index
from selfvec.retrieval.snippets import Found
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import is_run, open_run


@checked
def search(
    run: GivenRun,
    query: NotEmpty,
    *,
    top: Count = 10,
    mode: Literal["hybrid", "bm25", "dense"] = "hybrid",
    question: Literal["encoder", "rows"] | None = None,
    filter: GivenFilter = (),
    variants: Literal["auto"] | str | os.PathLike[str] | None = None,
    passage_words: Annotated[int, Bounds(at_least=20)] = 200,
    overlap: Natural = 40,
    progress: Progress | None = None,
) -> Found:
    """Find documents by their words and their meaning, and show why.

    Parameters
    ----------
    run : Run or path
        A run folder, or a file or folder of text, which is refined first and kept.
    query : str, not empty
        A question or some words. Documents with a phrase in quotes come higher, those with -word or NOT word
        last. After a plus, as in +"heat pump", or alone, they are conditions.
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
    progress : Progress, optional

    Other Parameters
    ----------------
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
    'r0221'
    """
    named = given_filters(filter)
    omitted: dict[str, Any] = {}

    def refined(text: str | os.PathLike[str]) -> Run:
        if is_run(text) or not os.fspath(text):
            return open_run(text)
        # Only who has no run yet waits for the import of what reads and refines a text.
        from .cached_run import cached_run

        made, of_text = cached_run(text, progress)
        omitted.update(of_text)
        return made

    run = as_run(run, of_text=refined)
    counted: list[str] = []
    if variants is not None:
        # Only who asks for it waits for the import of what compares two sides.
        from selfvec.analysis.comparison.joined import joined_sentences, split_pairs
        from selfvec.analysis.variants import with_variants

        run = with_variants(run, variants)
        met, lacking = split_pairs(run.provenance.variants, run.vectors)
        counted += [f"{variant} counts as {word}" for variant, word in met.items()]
        counted += joined_sentences({}, lacking)
    index = run_index(run, progress, cut=(passage_words, overlap))
    hits = index.search(query, top, mode=mode, filter=named, question=question)
    notes = [*hits.notes, *counted]
    return replace(hits, corpus=run.provenance.corpus_name, notes=notes, **omitted)
