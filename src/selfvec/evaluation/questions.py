"""Retrieval over a run's own documents, from a plain CSV of questions and the documents that answer them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.text_files import read_text

from .compared_vectors import ComparedVectors
from .retrieval import Collection, Retrieval, lacking

__all__ = ["Questions"]

QUESTION = ("question", "query", "text")
ID = ("id", "_id", "document", "doc_id", "document_id", "corpus-id")


@dataclass(frozen=True)
class Questions(Retrieval):
    """nDCG@10, recall@100 and MRR@10 over the documents of the first run that is measured.

    Parameters
    ----------
    path : path
        A CSV file with a header, or a .tsv file: columns ``question`` and ``id``, the id of a document of the
        run that answers the question. A question with several answers has several rows.
    rm3 : bool
        Whether to measure BM25 with RM3, too.
    settings : mapping of str to SearchSetting
        Measure search with these settings instead.
    """

    kind: ClassVar[str] = "retrieval"

    def load_for(self, entries: Sequence[ComparedVectors], seed: int) -> Collection:
        """Read the questions, and the documents of the run."""
        run = next((entry.run for entry in entries if entry.run is not None), None)
        if run is None:
            rule = f"{self.path} has questions about the documents of a run, but no run was given"
            raise OptionError(rule, remedy="give a run folder, or a collection with --retrieval")
        from selfvec.retrieval.documents import gather

        found = gather(run, Progress())
        places = {name: number for number, name in enumerate(found.ids)}
        answers: dict[str, dict[int, float]] = {}
        unknown: dict[str, int] = {}
        rows = list(self._rows())
        for question, name in rows:
            place = places.get(name)
            place = unknown.setdefault(name, -1 - len(unknown)) if place is None else place
            answers.setdefault(question, {})[place] = 1.0
        if unknown and all(place < 0 for gains in answers.values() for place in gains):
            rule = f"the run lacks these documents, for example {next(iter(unknown))!r}"
            example = f"an id of the run is {found.ids[0]!r}"
            raise InputError(rule, path=self.path, field="id", remedy=example)
        lost = lacking((name for _, name in rows), places)
        return Collection(list(found.texts), list(answers), list(answers.values()), lacking=lost)

    def _rows(self) -> Iterator[tuple[str, str]]:
        """Questions and ids, with white space around them removed."""
        tab = Path(self.path).suffix.lower() in (".tsv", ".tab")
        lines = csv.reader(read_text(self.path).splitlines(keepends=True), delimiter="\t" if tab else ",")
        try:
            header = [name.strip().lower() for name in next(lines, [])]
            columns = [self._column(header, names) for names in (QUESTION, ID)]
            for row in lines:
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) != len(header):
                    rule = f"a row has {len(header)} fields like the header, this one has {len(row)}"
                    raise InputError(rule, path=self.path, line=lines.line_num, remedy="quote commas")
                question, name = (row[column].strip() for column in columns)
                if not question or not name:
                    field = QUESTION[0] if not question else ID[0]
                    raise InputError("is empty", path=self.path, line=lines.line_num, field=field)
                yield question, name
        except csv.Error as error:
            raise InputError(f"is not CSV: {error}", path=self.path, line=lines.line_num) from None

    def _column(self, header: Sequence[str], names: Sequence[str]) -> int:
        for name in names:
            if name in header:
                return header.index(name)
        rule = f"the header has no column {names[0]!r}"
        remedy = "begin the file with: question,id"
        raise InputError(rule, path=self.path, line=1, remedy=remedy)
