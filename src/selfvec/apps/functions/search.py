"""`search`: the documents of a run that answer a question."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Literal

from selfvec.base.declarations import checked
from selfvec.base.progress import Progress
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.retrieval.run_search import run_index
from selfvec.retrieval.scoring import Mode
from selfvec.retrieval.snippets import Found
from selfvec.storage.opened import GivenRun, as_run


@checked
def search(
    run: GivenRun,
    query: str,
    *,
    top: int = 10,
    mode: Mode = "hybrid",
    question: Literal["encoder", "rows"] | None = None,
    filter: GivenFilter = (),
    variants: str | os.PathLike[str] | None = None,
    passage_words: int = 200,
    overlap: int = 40,
    progress: Progress | None = None,
) -> Found:
    """Find documents by their words and their meaning, and show why.

    Parameters
    ----------
    run : Run or path
        A run folder. Its index is made when it is first searched, and kept there.
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
        compared, for a run with an encoder.

    Raises
    ------
    OptionError
        If the query is empty, or an option is wrong.
    InputError
        If there is no run, or it has not kept its text; if the encoder is asked for and is not here, or has
        changed since the run was made.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> run = selfvec.Refiner(method="decorrelated").fit(texts).run_
    >>> search(run, "hail on roofs", top=1).rows[0]["id"]
    '0'
    """
    named = given_filters(filter)
    run = as_run(run)
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
    return replace(hits, corpus=run.provenance.corpus_name, notes=notes)
