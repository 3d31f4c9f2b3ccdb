"""The documents of a run by their ids, and how many pass a filter: `get` and `count`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.declarations import checked
from selfvec.base.display import code_of
from selfvec.base.errors import OptionError
from selfvec.corpus.filters import allowed
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.kept_documents import RunDocuments
from selfvec.data.field_types import plain_fields
from selfvec.data.run_text import column_of
from selfvec.retrieval.documents import typed_fields
from selfvec.retrieval.index import unknown_document
from selfvec.retrieval.snippets import title_among
from selfvec.storage.opened import GivenRun, as_run

Ids = str | int | Sequence[str | int]


@dataclass(frozen=True)
class Document:
    """A document of a run."""

    id: str
    title: str | None  # the field of that name
    date: str | None
    text: str  # as it came
    fields: dict[str, Any]  # of their types: numbers, dates, lists of texts

    def as_dict(self) -> Json:
        """JSON-serialisable."""
        return asdict(self) | {"fields": plain_fields(self.fields)}


def as_ids(ids: Ids) -> list[str]:
    """Ids as they are shown; `OptionError` for anything else."""
    several = [ids] if isinstance(ids, str | int) else [*ids] if isinstance(ids, Iterable) else [ids]
    if not all(isinstance(one, str | int) for one in several):
        raise OptionError(f"are ids, not {code_of(ids)}", field="ids")
    return [*map(str, several)]


@overload
def get(run: GivenRun, ids: str | int) -> Document: ...  # type: ignore[overload-overlap]


@overload
def get(run: GivenRun, ids: Sequence[str | int]) -> list[Document]: ...


@checked
def get(run: GivenRun, ids: Ids) -> Document | list[Document]:
    """A document of a run by its id, or several in the order of their ids.

    Parameters
    ----------
    run : Run or path
    ids : str or int, or sequence of these
        As they are shown, also the numbers of documents without one.

    Returns
    -------
    Document or list of Document
        Each with ``id``, ``title``, ``date``, ``text`` and ``fields``, whose values have their types.

    Raises
    ------
    NotFound
        If there is no document with an id.
    InputError
        If the run has not kept its text.

    Examples
    --------
    >>> run = selfvec.refine([{"id": "a", "text": "hail broke the roof", "year": 2019}], "none")
    >>> run.get("a").text, run.get("a").fields
    ('hail broke the roof', {'year': 2019})
    """
    state, names = as_run(run), as_ids(ids)
    segments, text = state.segments, state.require_text()
    having, missing = RunDocuments(segments).with_ids(names)
    if missing:
        raise unknown_document(missing[0], text.names())
    present = [mask[part.present] for mask, part in zip(having, segments, strict=True)]
    numbers = np.flatnonzero(np.concatenate(present)).tolist()
    rows = text.named((*map(column_of, text.fields),), numbers).iter_rows(named=True)
    made: dict[str, Document] = {}
    for row, date, given in zip(rows, text.dates(numbers), text.as_given(numbers), strict=True):
        fields = typed_fields({name: row[column_of(name)] for name in text.fields}, text.kinds)
        made.setdefault(row["id"], Document(row["id"], title_among(fields), date, given, fields))
    return made[names[0]] if isinstance(ids, str | int) else [made[name] for name in names]


def has(run: GivenRun, id: str | int) -> bool:
    """Whether a document of a run has this id."""
    return not RunDocuments(as_run(run).segments).with_ids([str(id)])[1]


@checked
def count(run: GivenRun, *, filter: GivenFilter = ()) -> int:
    """How many documents of a run pass a filter.

    Parameters
    ----------
    run : Run or path
    filter : str or dict, or sequence of them
        As of `search`; by default all documents pass.

    Returns
    -------
    int

    Raises
    ------
    OptionError
        If the filter is none; `NotFound` if the documents have no field of this name.
    InputError
        If the run has not kept its text.

    Examples
    --------
    >>> rows = [{"text": "hail fell", "year": 2019}, {"text": "it rained", "year": 2020}]
    >>> run = selfvec.refine(rows, "none")
    >>> len(run), run.count(filter="year=2020"), "1" in run
    (2, 1, True)
    """
    return int(np.count_nonzero(allowed(as_run(run), given_filters(filter))))
