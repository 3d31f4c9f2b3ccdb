"""Bilingual dictionaries: files of word pairs.

A row is a word of A and a word of B, separated by a tab, or by blanks as in the dictionaries of MUSE. A word
may have several rows.
"""

from __future__ import annotations

import os
from pathlib import Path

from selfvec.base.errors import InputError
from selfvec.base.files import text_lines

__all__ = ["read_dictionary"]


def read_dictionary(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """The pairs of a file, in its order; `InputError` names a line that is none."""
    path, pairs = Path(path), []
    for line, text in text_lines(path):
        fields = [field.strip() for field in text.split("\t")] if "\t" in text else text.split()
        if len(fields) != 2 or "" in fields:
            rule = f"a row is word<TAB>word, this one has {len([field for field in fields if field])} words"
            raise InputError(rule, path=path, line=line, remedy="put a word of A and a word of B on a line")
        pairs.append((fields[0], fields[1]))
    if not pairs:
        raise InputError("holds no pair of words", path=path, remedy="give rows of word<TAB>word")
    return pairs
