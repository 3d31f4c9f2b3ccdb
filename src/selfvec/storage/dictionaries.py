"""Bilingual dictionaries: files of word pairs.

A row is a word of A and a word of B, separated by a tab, or by blanks as in the dictionaries of MUSE. A word
may have several rows. A header, such as *source* and *target*, is skipped.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from selfvec.base.errors import InputError
from selfvec.base.text_files import text_lines

_COLUMN = re.compile(
    r"((source|target|from|to|head|tail|query|first|second)[ _-]?)?"
    r"(source|target|from|to|head|tail|word|term|translation|lemma|subject|object|query|language|lang)s?"
    r"[ _-]?[12ab]?|english|spanish|german|french|italian|portuguese|dutch|russian|chinese|japanese"
)


class WordPairs(list[tuple[str, str]]):
    """Pairs of words; ``header`` is the first row of their file if it names the columns."""

    header: str | None = None


def names_columns(*cells: str) -> bool:
    """Whether all cells of a first row are usual names of columns of words.

    >>> names_columns("Source", "target"), names_columns("word_1", "word_2"), names_columns("hail", "word")
    (True, True, False)
    """
    return all(_COLUMN.fullmatch(cell.strip().lower()) for cell in cells)


def read_dictionary(path: str | os.PathLike[str]) -> WordPairs:
    """The pairs of a file, in its order; `InputError` names the first invalid line."""
    path = Path(path)
    pairs = WordPairs()
    for line, text in text_lines(path):
        fields = [field.strip() for field in text.split("\t")] if "\t" in text else text.split()
        if len(fields) != 2 or "" in fields:
            rule = f"a row is word<TAB>word, this one has {len([field for field in fields if field])} words"
            raise InputError(rule, path=path, line=line, remedy="put a word of A and a word of B on a line")
        if not pairs and pairs.header is None and names_columns(*fields):
            pairs.header = text.strip()
            continue
        pairs.append((fields[0], fields[1]))
    if not pairs:
        raise InputError("holds no pair of words", path=path, remedy="give rows of word<TAB>word")
    return pairs
