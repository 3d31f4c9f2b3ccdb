"""`similar`: the words nearest to some words, in a run, in vectors, or in two aligned sets of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from selfvec.base.answer import Answer, Json, why_unknown
from selfvec.base.checks import check_texts, is_path
from selfvec.base.declarations import Count, checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import OptionError
from selfvec.base.progress import GivenProgress
from selfvec.base.view import PIECES, Column, Row, Table, escaped, figure
from selfvec.data.run import AnyRun, Run
from selfvec.data.vectors import Vectors
from selfvec.data.word_lookup import rows_of, similar_row
from selfvec.storage.alignment_files import find_aligned
from selfvec.storage.formats import load
from selfvec.storage.opened import GivenRun, GivenVectors, opened

if TYPE_CHECKING:
    from selfvec.lab.align import Aligned
    from selfvec.retrieval.snippets import Found


_STATES = ("original", "refined")
_CHANGED = {"original": ("- ", "went"), "refined": ("+ ", "came")}
"""The sign and style of a neighbour that the other state lacks."""
_MARKS = {  # of neighbours, and what they mean
    "from_subwords": ("*", "built from subwords: the initial vectors lack the word"),
    "abbreviations": ("=", "abbreviates the word, or is abbreviated by it"),
}
_APART = {  # words that stand apart from the neighbours
    "forms": "other forms",
    "by_spelling": "near by spelling only, left out",
}
_LISTED = 8  # forms of a word


def shown_neighbours(lists: list[Json], unknown: Sequence[Json] = ()) -> Answer:
    """A table for each word of ``lists``; original and refined side by side if both are there."""
    compared = {row["state"] for row in lists} == set(_STATES)
    words = list(dict.fromkeys(row["word"] for row in lists))
    notes = ["+ came in, - went"] if compared else []
    for key, (mark, meaning) in _MARKS.items():
        notes += [f"{mark} {meaning}"] * any(key in row for row in lists)
    rare = {row["word"]: count_of(row["rare"], "time") for row in lists if "rare" in row}
    for word, times in rare.items():
        notes.append(f"{escape_for_display(word)} occurs {times}: too rarely for its vector to mean much")
    rows = [
        {"word": near["word"], "state": near["state"], "rank": rank, "neighbour": term, "cosine": cosine}
        for near in lists
        for rank, (term, cosine) in enumerate(near["neighbours"], 1)
    ]
    return Answer(
        f"Similar to {', '.join(words)}",
        {"rows": lists, "unknown": unknown},
        rows=rows,
        columns=(Column("neighbour"), Column("cosine", form=figure(3))),
        parts=[_word_table(word, [row for row in lists if row["word"] == word], compared) for word in words],
        notes=notes,
        messages=[*map(why_unknown, unknown)],
    )


def _word_table(word: str, rows: Sequence[Row], compared: bool) -> Table:
    """The neighbours of a word, a column for each state; what changed is marked if both are there."""
    neighbours = {row["state"]: row["neighbours"] for row in rows}
    states = _STATES if compared else tuple(neighbours)
    lists = [neighbours.get(state, []) for state in states]
    kept = set.intersection(*({term for term, _ in near} for near in lists))
    indent = "  " * compared  # as wide as a sign
    marks = _marks_of(rows)
    columns: list[Column] = []
    table: list[Json] = [{} for _ in range(max(1, *map(len, lists)))]
    for state, near in zip(states, lists, strict=True):
        columns.append(Column(state, indent + state, PIECES, width=26))
        columns.append(Column(f"cosine_{state}", "cosine", figure(3)))
        if not near:
            table[0][state] = [(f"{indent}(no vector)", "quiet")]
        for cells, (term, cosine) in zip(table, near, strict=False):  # the other list may be longer
            sign, style = _CHANGED[state] if compared and term not in kept else (indent, "")
            shown = escape_for_display(term) + marks.get(term, "")
            cells |= {state: [(sign, style), (shown, style)], f"cosine_{state}": cosine}
    return Table(columns, table, escape_for_display(word), list(_apart(rows)))


def _marks_of(rows: Sequence[Row]) -> dict[str, str]:
    """The marks of neighbours that have any."""
    marks: dict[str, str] = {}
    for key, (mark, _) in _MARKS.items():
        for term in {term for row in rows for term in row.get(key, ())}:
            marks[term] = marks.get(term, "") + mark
    return marks


def _apart(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each kind of words that stand apart from the neighbours."""
    for key, kind in _APART.items():
        words = list(dict.fromkeys(word for row in rows for word in row.get(key, ())))
        if words:
            yield f"{kind}: {escaped(words[:_LISTED])}{', …' * (len(words) > _LISTED)}"


@overload
def similar(
    vectors: GivenVectors | Aligned,
    words: str | Sequence[str],
    *,
    as_: Literal["topic", "replacement"] = ...,
    top: int = ...,
    compare: bool = ...,
    min_count: int | None = ...,
    progress: GivenProgress = ...,
) -> Answer: ...
@overload
def similar(
    vectors: GivenVectors, *, document: str, top: int = ..., progress: GivenProgress = ...
) -> Found: ...
@checked
def similar(
    vectors: GivenVectors | Aligned,
    words: str | Sequence[str] = (),
    *,
    as_: Literal["topic", "replacement"] = "topic",
    top: Count = 10,
    compare: bool = False,
    min_count: Count | None = None,
    document: str | None = None,
    progress: GivenProgress = None,
) -> Answer | Found:
    """List the words most similar to a word.

    Of aligned vectors of two languages it lists translations.

    Of a run, other forms and spellings of the word stand in a list of their own, since they would push other
    words out. If the word occurs a hundred times, so do words that are near by their spelling alone: they
    begin alike, refining brought them no nearer, and hardly any document has both. Remains of a wrong
    encoding are left out.

    Parameters
    ----------
    vectors : Run, Vectors, path or name
        A run folder, a vectors file, default, or aligned vectors. In aligned vectors, a word
        is looked for in both sets; a word that both have is taken from b. The list of the other set, its
        translations, comes first.
    words : str or sequence of str
        Words of the run.
    as_ : {"topic", "replacement"}
        Words that go with the word, or that can replace it. "replacement" compares the two words on either
        side, too; abbreviations and their words find each other. Stop words are left out, and English words
        that the lexicon of the extra pos, where it is installed, knows as other parts of speech; neither if
        the word itself is a stop word. The first call reads the run's text, in a second or two; the result
        is kept in the run folder.
    top : int, at least 1
        Neighbours of each word.
    compare : bool
        Show the neighbours before and after refining.
    min_count : int, at least 1, optional
        Leave out neighbours that occur less often; by default 5, or fewer in a small text.
    document : str, optional
        List documents similar to the one with this id.
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        A row for each neighbour. ``answer["rows"]``, as in the JSON, has one for each word and ``state``
        ("original", "refined", "vectors"; "a" or "b" of aligned vectors), with ``neighbours``, pairs of a
        word and its cosine. Where they apply: ``forms``, other forms and spellings of the word, which are no
        neighbours; ``by_spelling``, words left out because only their spelling is near; ``from_subwords``,
        neighbours that the initial vectors lack; ``rare``, how often the word occurs if that is too rarely
        for its vector to mean much; of replacements ``as``, and ``abbreviations``, the neighbours that
        abbreviate the word or are abbreviated by it. ``unknown`` are words that do not occur: ``word``,
        ``reason``, ``count`` and words spelled ``alike``.

    Raises
    ------
    InputError
        If none of the words occurs, or if replacements are asked of a run without its tokens.
    OptionError
        If ``compare`` or replacements are asked of vectors, or ``min_count`` of vectors without counts.

    Examples
    --------
    >>> similar("default", "storm", top=2).to_polars().columns
    ['word', 'state', 'rank', 'neighbour', 'cosine']
    """
    if document is not None:
        from .functions.search import similar_documents

        if words:
            raise OptionError("is asked for, or words are", field="document", remedy="leave one of them out")
        return similar_documents(cast("GivenRun", vectors), document, top=top)
    names = check_texts("words", words, "words")
    given = _opened(vectors)
    if isinstance(given, Run):
        places, unknown = given.rows(names)
        return shown_neighbours(_in_run(given, places, top, compare, min_count, as_), unknown)
    for field_name, asked, rule in (
        ("compare", compare, "vectors do not hold their state before refining"),
        ("as_", as_ != "topic", "vectors do not hold the text from which replacements are found"),
    ):
        if asked:
            path = vectors if is_path(vectors) else None
            raise OptionError(rule, field=field_name, path=path, remedy="name a run folder")
    rows, unknown = rows_of(names, list(given.values()), where="these vectors")
    lists = [_in_each(given, list(given)[place], row, top, min_count) for place, row in rows]
    return shown_neighbours([row for of_word in lists for row in of_word], unknown)


def _opened(given: Any) -> Run | dict[str, Vectors]:
    """A run, or sets of vectors by what they are called: of two that are aligned, b first."""
    if is_path(given) and (pair := find_aligned(given)) is not None:
        return {"b": load(pair[1]), "a": load(pair[0])}
    if not is_path(given) and not isinstance(given, Vectors | AnyRun):
        from selfvec.lab.align import Aligned

        if isinstance(given, Aligned):
            return {"b": given.b, "a": given.a}
    found = opened(given)
    return found if isinstance(found, Run) else {"vectors": found}


def _in_run(
    run: Run,
    places: Sequence[int],
    top: int,
    compare: bool,
    min_count: int | None,
    as_: str,
) -> list[Json]:
    """A row for each word, after its neighbours in the original vectors if ``compare``."""
    # Here, since its stemmers take long to import
    from selfvec.analysis.word_neighbours import neighbours_row, replacement_row

    rows = []
    for place in places:
        rows += [neighbours_row(run, "original", place, top, min_count)] if compare else []
        if as_ == "replacement":
            rows.append(replacement_row(run, place, top, min_count))
        else:
            rows.append(neighbours_row(run, "refined", place, top, min_count))
    return rows


def _in_each(
    vectors: Mapping[str, Vectors], name: str, row: int, top: int, min_count: int | None
) -> list[Json]:
    """Rows for the word of a row: its neighbours in the other vectors, if there are any, then in its own."""
    own = vectors[name]
    word = own.index_to_key[row]
    direction = own.unit[row]
    rows = []
    for state, other in vectors.items():
        if other is not own:
            near = other.most_similar(direction, topn=top, min_count=min_count) if direction.any() else []
            rows.append({"word": word, "state": state, "neighbours": [list(pair) for pair in near]})
    return [*rows, similar_row(name, own, row, top, min_count)]
