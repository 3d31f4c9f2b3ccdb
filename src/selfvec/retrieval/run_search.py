"""The documents of a run, found by a question (`search`) or by one of them (`similar_documents`).

Both use the index of the run, which is kept in its cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.declarations import Count, NotEmpty, checked
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress, as_progress
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.data.live_run import LiveRun, Part
from selfvec.data.run import BASE
from selfvec.encoders.encoded_texts import encoded_texts_of_segment
from selfvec.files.checksums import file_state
from selfvec.numerics.rows import unit_rows
from selfvec.storage.cache import cached
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.passages import CUT, Cut, check_cut
from selfvec.text.vocabulary import Query

from .build import build_index
from .documents import gather, gathered_text
from .index import VERSION, Index
from .scoring import saturated_counts
from .segments import IndexedPart, SearchedDocuments
from .snippets import Found, describe, different_texts, text_key

_FEW = 256  # documents of a segment that are indexed again whenever the run is opened: it takes a moment
_MOST = 16  # indexes of segments that are kept
_HELD = "index"  # in `Run.derived`


@checked
def run_index(
    run: GivenRun,
    progress: Progress | None = None,
    *,
    cut: Cut = CUT,
) -> Index:
    """The index of a run's documents.

    It is kept in the run's cache, and built again if the run or the version have changed. If several
    processes need it, one builds it and the others wait. The run holds it until it gets another state.

    Parameters
    ----------
    run : Run or path
    progress : Progress, optional
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.

    Returns
    -------
    Index

    Raises
    ------
    InputError
        If the run has not kept its text.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.run_index(run)
    <Index: 2,000 documents>
    """
    run = as_run(run)
    base = run.base
    progress = as_progress(progress)
    check_cut(cut)

    def make() -> Index:
        gathered = replace(gather(base, progress), cut=cut)
        return Index(*build_index(base, gathered, progress=progress))

    def read(folder: Path) -> Index:
        return Index.read(folder, base.vectors.vector_size)

    def opened() -> Index:
        index = cached(base, "search", list(cut), make, Index.write, read, progress)
        index.documents.dated = base.provenance.corpus.get("date_field")
        return index.asking(run)

    index = base.held(_HELD, opened, tuple(cut))
    if not isinstance(run, LiveRun):
        return index
    live = run
    return run.held(_HELD, lambda: _with_segments(index, live, cut), tuple(cut))


def _with_segments(index: Index, run: LiveRun, cut: Cut) -> Index:
    """The index of the documents that a run has now."""

    def whole(part: Part) -> IndexedPart:
        if part.segment.name == BASE:
            return index.first_part
        text = part.segment.text

        def make() -> IndexedPart:
            gathered = replace(gathered_text(text, Progress()), cut=cut)
            return index.indexed(run, gathered, part.segment.later, encoded_texts_of_segment(part.segment))

        if len(text) < _FEW or not isinstance(text.source, Path):
            return make()
        # A number may come again after an undo, in a file of another time.
        of = [*cut, *file_state(text.source)[1:], VERSION]
        return cached(run.base, "segment", of, make, IndexedPart.write, index.read_part, most=_MOST)

    def of_part(part: Part) -> IndexedPart:
        """The same as for the state before if no further document of the segment is gone."""
        held: tuple[Ints, IndexedPart] | None = part.segment.derived.get(("indexed", *cut))
        if held is None or not np.array_equal(held[0], part.gone):
            of_all = part.segment.held(("index", *cut), lambda: whole(part))
            held = part.gone, replace(of_all, present=part.present)
            part.segment.derived["indexed", *cut] = held
        return held[1]

    return index.of_parts([of_part(part) for part in run.segments])


# ---- Documents near a document


_TELLING = 16  # words of the document that are looked for in those found


@checked
def similar_documents(
    run: GivenRun,
    document: NotEmpty,
    *,
    top: Count = 10,
    filter: GivenFilter = (),
    progress: Progress | None = None,
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
    progress : Progress, optional

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
    return nearest_documents(run_index(as_run(run), progress), document, top, named)


def nearest_documents(index: Index, document: str, top: int = 10, filters: Sequence[str] = ()) -> Found:
    """The documents of an index that are nearest to one of them, see `similar_documents`."""
    number = index.number(document)
    notes: list[str] = []
    passing = index.documents.passing(filters, notes)
    vector = unit_rows(index.documents.vectors(np.array([number])))[0]
    asked = None if index.encoder_part is None else index.encoder_part.asked_by_text(number)
    if not vector.any() and asked is None:
        rule = f"no word of the document {document!r} has a vector, so no document is near it by meaning"
        raise InputError(rule, remedy="search for some of its words, or choose another document")
    same = list(_same_texts(index.documents, number))
    passing[[number, *same]] = False
    scored = index.scorer.near(vector, asked).among(passing)
    query = _telling(index, number)
    best = different_texts(index.documents, scored, top)
    hits = describe(index.vocabulary, index.scorer, query, scored, best, "dense")
    alike = list(map(index.documents.name, same))
    return Found(document, "dense", len(index), query.words, query.unknown, hits, alike=alike, notes=notes)


def _same_texts(documents: SearchedDocuments, number: int) -> Iterator[int]:
    """The other documents with the same text, but for case and white space."""
    # The same text has as many tokens; few others have, so that few texts are read.
    lengths = documents.lengths[: len(documents)]
    own = text_key(documents.text(number))
    for other in np.flatnonzero(lengths == lengths[number]).tolist():
        if other != number and text_key(documents.text(other)) == own:
            yield other


def _telling(index: Index, number: int) -> Query:
    """The words of a document that tell most about it, of those that others have, too; as a query."""
    query = index.vocabulary.parse(index.documents.text(number))
    weights = index.scorer.weights[query.types] * saturated_counts(query.counts)
    # A word that no other document has tells most about this one, but nothing about what is near it.
    weights[index.scorer.weights[query.types] > bm25_weight(len(index), np.array(1.5))] = 0
    best = [i for i in np.argsort(-weights, kind="stable")[:_TELLING].tolist() if weights[i] > 0]
    words = [query.words[i] for i in best]
    return replace(query, types=query.types[best], counts=query.counts[best], words=words)
