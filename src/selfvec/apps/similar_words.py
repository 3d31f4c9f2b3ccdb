"""`similar`: the words nearest to some words, in a run, in vectors, or in two aligned sets of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from selfvec.base.checks import check_texts, check_whole, is_path
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.data.run import Run, rows_of, similar_row, similar_rows
from selfvec.data.vectors import Vectors
from selfvec.storage.aligned_vectors import find_aligned
from selfvec.storage.formats import load
from selfvec.storage.opened import GivenVectors, opened

if TYPE_CHECKING:
    from selfvec.analysis.alignment import Aligned

__all__ = ["KINDS", "Similar", "similar"]

KINDS = ("topic", "replacement")


@dataclass(frozen=True, repr=False)
class Similar(ResultTable):
    """The words nearest to some words.

    Attributes
    ----------
    lists : list of dict
        ``word``, ``state`` ("original", "refined", "vectors"; "a" or "b" of aligned vectors) and
        ``neighbours``, pairs of a word and its cosine. Replacements also have ``as``, and ``abbreviations``
        if some neighbours abbreviate the word or are abbreviated by it.
    unknown : list of dict
        Words that do not occur: ``word``, ``reason``, ``count`` and words spelled ``alike``.
    """

    lists: list[dict[str, Any]]
    unknown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per neighbour."""
        return [
            {"word": one["word"], "state": one["state"], "rank": rank, "neighbour": term, "cosine": cosine}
            for one in self.lists
            for rank, (term, cosine) in enumerate(one["neighbours"], 1)
        ]

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec similar --json`` prints it, one row per list."""
        return {"rows": self.lists, "unknown": self.unknown}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.lists)

    def __getitem__(self, place: int) -> dict[str, Any]:
        """A list, by its place."""
        return self.lists[place]

    def __len__(self) -> int:
        return len(self.lists)

    def __repr__(self) -> str:
        words = ", ".join(dict.fromkeys(one["word"] for one in self.lists))
        last = self.lists[-1]["neighbours"] if self.lists else []
        return short_repr(f"Similar to {words}", [f"{term} {cosine:.2f}" for term, cosine in last])


def similar(
    vectors: GivenVectors | Aligned,
    words: str | Sequence[str],
    *,
    top: int = 10,
    compare: bool = False,
    min_count: int | None = None,
    as_: str = "topic",
    progress: Progress | None = None,
) -> Similar:
    """The words nearest to some words.

    Parameters
    ----------
    vectors : Run, Vectors, path or name
        A run, vectors, or what `align` made or wrote. There a word of either set of vectors is looked for in
        both; a word that both have is taken from b. The list of the other set, its translations, comes first.
    words : str or sequence of str
    top : int
        Neighbours of each word.
    compare : bool
        Whether to add the neighbours before refining.
    min_count : int, optional
        Leave out neighbours that occur less often; by default 5, or fewer in a small text.
    as_ : {"topic", "replacement"}
        "topic": words that go with the word, as `refine` places them. "replacement": words that can stand in
        its place, by the two words on either side too; abbreviations and their words find each other. The
        first call reads the run's text, in a second or two; the result is kept in the run folder.
    progress : Progress, optional

    Returns
    -------
    Similar

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
    names = check_texts("words", words, "words")
    check_whole("top", top)
    check_whole("min_count", 1 if min_count is None else min_count)
    if as_ not in KINDS:
        raise OptionError.one_of(as_, KINDS, field="as_")
    several = _aligned(vectors)
    found = opened(cast("GivenVectors", vectors)) if several is None else None
    if isinstance(found, Run):
        places, unknown = found.rows(names)
        if as_ == "replacement":
            return Similar(_replacements(found, places, top, compare, min_count, progress), unknown)
        known = [found.vectors.index_to_key[place] for place in places]
        lists = [similar_rows(found, name, top, compare=compare, min_count=min_count) for name in known]
        return Similar([row for one in lists for row in one], unknown)
    for field_name, asked, rule in (
        ("compare", compare, "vectors do not hold their state before refining"),
        ("as_", as_ != "topic", "vectors do not hold the text from which replacements are found"),
    ):
        if asked:
            path = vectors if is_path(vectors) else None
            raise OptionError(rule, field=field_name, path=path, remedy="name a run folder")
    if found is not None:
        several = {"vectors": found}
    assert several is not None
    rows, unknown = rows_of(names, list(several.values()), where="these vectors")
    lists = [_in_each(several, list(several)[place], row, top, min_count) for place, row in rows]
    return Similar([row for one in lists for row in one], unknown)


def _replacements(
    run: Run,
    places: Sequence[int],
    top: int,
    compare: bool,
    min_count: int | None,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """A row for each word, after its neighbours in the original vectors if ``compare``."""
    from selfvec.analysis.replacements import replacement_row  # seldom used

    rows = []
    for place in places:
        rows += [similar_row("original", run.original, place, top, min_count)] if compare else []
        rows.append(replacement_row(run, place, top, min_count, progress))
    return rows


def _aligned(given: Any) -> dict[str, Vectors] | None:
    """Two aligned sets of vectors, b first; None if something else was given."""
    if is_path(given):
        pair = find_aligned(given)
        return None if pair is None else {"b": load(pair[1]), "a": load(pair[0])}
    if isinstance(given, Vectors | Run):
        return None
    from selfvec.analysis.alignment import Aligned  # its kernels take long to import

    return {"b": given.b, "a": given.a} if isinstance(given, Aligned) else None


def _in_each(
    vectors: Mapping[str, Vectors], name: str, row: int, top: int, min_count: int | None
) -> list[dict[str, Any]]:
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
