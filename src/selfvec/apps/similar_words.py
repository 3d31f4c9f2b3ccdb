"""`similar`: the words nearest to some words, in a run, in a table of vectors, or in two aligned tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.data.run import Run, rows_of, similar_row
from selfvec.data.vectors import Vectors
from selfvec.storage.aligned_tables import find_aligned
from selfvec.storage.formats import load
from selfvec.storage.opened import opened

__all__ = ["similar_words"]


def similar_words(
    path: str | os.PathLike[str],
    words: Sequence[str],
    topn: int = 10,
    *,
    compare: bool = False,
    min_count: int | None = None,
) -> dict[str, Any]:
    """What ``selfvec similar --json`` prints.

    Parameters
    ----------
    path : path
        A run folder, a vectors file, or what `align` wrote. There a word of either table is looked for in
        both; a word that both have is taken from b. The list of the other table, its translations, comes
        first.
    words : sequence of str
    topn, min_count
        As for `Vectors.most_similar`.
    compare : bool
        Whether to add the neighbours before refining.

    Returns
    -------
    dict
        ``rows`` have word, state ("original", "refined", "vectors"; "a" or "b" of aligned tables) and
        neighbours. ``unknown`` says for each other word the reason, its count and words spelled alike.

    Raises
    ------
    InputError
        If none of the words occurs.
    OptionError
        If ``compare`` is asked of vectors, or ``min_count`` of vectors without counts.
    """
    pair = find_aligned(path)
    found = opened(path) if pair is None else load(pair[1])
    if isinstance(found, Run):
        places, unknown = found.rows(words)
        names = [found.vectors.index_to_key[place] for place in places]
        lists = [found.similar(name, topn, compare=compare, min_count=min_count) for name in names]
    elif compare:
        rule = "vectors do not hold their state before refining"
        raise OptionError(rule, field="compare", path=path, remedy="name a run folder")
    else:
        tables = {"vectors": found} if pair is None else {"b": found, "a": load(pair[0])}
        rows, unknown = rows_of(words, list(tables.values()), where="these vectors")
        lists = [_in_each(tables, place, row, topn, min_count) for place, row in rows]
    return {"rows": [row for one in lists for row in one], "unknown": unknown}


def _in_each(
    tables: Mapping[str, Vectors], place: int, row: int, topn: int, min_count: int | None
) -> list[dict[str, Any]]:
    """Rows for one word: its neighbours in the other table, if there is one, then in the table it is from."""
    names, all_tables = list(tables), list(tables.values())
    own = all_tables[place]
    word, vector = own.index_to_key[row], own.unit[row]
    rows = []
    for state, table in zip(names, all_tables, strict=True):
        if table is not own:
            near = table.most_similar(vector, topn=topn, min_count=min_count) if vector.any() else []
            rows.append({"word": word, "state": state, "neighbours": [list(pair) for pair in near]})
    return [*rows, similar_row(names[place], own, row, topn, min_count)]
