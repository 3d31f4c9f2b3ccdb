"""A retrieval collection in the layout of BEIR: corpus.jsonl, queries.jsonl, qrels/test.tsv."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError

from .task_files import json_objects, number, text_lines

__all__ = ["Collection", "read_collection"]


@dataclass(frozen=True)
class Collection:
    """D documents and the Q queries that have a relevant one.

    Parameters
    ----------
    documents : list of D str
        Title and text.
    queries : list of Q str
    relevant : list of Q dict
        Gain (above 0) of each relevant document of a query, by its number. Judged documents that the corpus
        lacks have negative numbers: nobody can find them, and they stay in what was to be found.
    own : list of Q int, or empty
        The document that a query was taken from, by its number, or -1: one of the same id that holds its text
        and is not judged relevant. It is no answer, and not counted as found.
    """

    documents: list[str]
    queries: list[str]
    relevant: list[dict[int, float]]
    own: list[int] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Relevant documents that the corpus lacks."""
        return sum(document < 0 for gains in self.relevant for document in gains)


def read_collection(folder: Path) -> Collection:
    """Read a folder.

    Raises
    ------
    InputError
        If a file is missing or malformed; names the line.
    """
    if not folder.is_dir():
        raise InputError("is not a folder", path=folder, remedy="name a folder in BEIR's layout")
    documents = _texts(folder / "corpus.jsonl", titled=True)
    queries = _texts(folder / "queries.jsonl", titled=False)
    places = {name: i for i, name in enumerate(documents)}
    judged = _judgements(folder / "qrels" / "test.tsv", places, queries)
    if not judged:
        rule = "no query has a relevant document, one of a score above 0"
        raise InputError(rule, path=folder / "qrels" / "test.tsv", remedy="check the scores")
    own = [_own(name, queries[name], documents, places, gains) for name, gains in judged.items()]
    asked = [queries[name] for name in judged]
    return Collection(list(documents.values()), asked, list(judged.values()), own)


def _own(
    name: str, query: str, documents: dict[str, str], places: dict[str, int], gains: dict[int, float]
) -> int:
    """Number of the document that a query was taken from; ids alone may agree by chance, as numbers do."""
    place = places.get(name, -1)
    same = place >= 0 and bool(query.strip()) and query.strip() in documents[name]
    return place if same and place not in gains else -1


def _texts(path: Path, *, titled: bool) -> dict[str, str]:
    """Texts by id, in the file's order."""
    out: dict[str, str] = {}
    for line, row in json_objects(path, ("_id", "text")):
        name = _text(row | {"_id": str(row["_id"])}, "_id", path, line)
        if name in out:
            raise InputError(f"the id {name!r} stands here twice", path=path, line=line, field="_id")
        parts = [_text(row, field, path, line) for field in (("title", "text") if titled else ("text",))]
        out[name] = "\n\n".join(part for part in parts if part)
    if not out:
        raise InputError("is empty", path=path, remedy="give an object a line with _id and text")
    return out


def _text(row: dict[str, Any], field: str, path: Path, line: int) -> str:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise InputError("text is a string, this is none", path=path, line=line, field=field)
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        rule = "holds half of a surrogate pair, which is no Unicode text"
        raise InputError(rule, path=path, line=line, field=field, remedy="mend the row") from None
    return value or ""


def _judgements(path: Path, places: dict[str, int], queries: dict[str, str]) -> dict[str, dict[int, float]]:
    """Gains by query and document number; queries in the file's order."""
    out: dict[str, dict[int, float]] = {}
    seen: set[tuple[str, str]] = set()
    unknown: dict[str, int] = {}
    for position, (line, text) in enumerate(text_lines(path)):
        fields = text.split("\t")
        if len(fields) != 3:
            rule = f"a row is query-id<TAB>corpus-id<TAB>score, this one has {len(fields)} fields"
            raise InputError(rule, path=path, line=line, remedy="separate three fields by tabs")
        query, document, score = (field.strip() for field in fields)
        if position == 0 and score == "score":
            continue
        gain = number(score, path, line, "score")
        if query not in queries:
            rule = f"the query {query!r} is not in queries.jsonl"
            raise InputError(rule, path=path, line=line, remedy="add the query or remove the row")
        if (query, document) in seen:
            raise InputError(
                f"query {query!r} and document {document!r} stand here twice", path=path, line=line
            )
        seen.add((query, document))
        if gain > 0:
            place = places.get(document)
            place = unknown.setdefault(document, -1 - len(unknown)) if place is None else place
            out.setdefault(query, {})[place] = gain
    return out
