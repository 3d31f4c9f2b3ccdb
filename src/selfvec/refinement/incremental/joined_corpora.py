"""Joining the parts of a corpus and their descriptions, with the same result as reading all of it at once.

Words are renumbered in order of first appearance, which breaks ties of frequency. In layouts that hold a text
only once, documents that an earlier part contains are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.errors import CorpusError, FormatError
from selfvec.corpus.summary import NAMED_PLACES, FileRead, Summary
from selfvec.data.token_batch import ONCE, TokenBatch, blocks_of, concatenated, over_one_vocabulary
from selfvec.text import Encoding
from selfvec.text.encoding import RARE, REPEATED, dropped_in_all

__all__ = [
    "joined",
    "joined_corpora",
    "joined_encodings",
    "kept_documents",
    "refuse_same_files",
    "repeated",
    "without_repeats",
]

_COUNTED = ("documents", "empty", "duplicates", "known", "undated", "mended_rows", "bad_rows")
_LISTED = ("files", "mended_places", "bad_places", "skipped_files", "text_fields")
_FLAGS = ("text_given", "date_given", "slice_by_name")
_NAMED = ("date_field", "layout")


def joined(parts: Sequence[TokenBatch]) -> TokenBatch:
    """All documents of the parts in their order; types in order of first appearance.

    ``parts`` are batches before stemming and `min_count`. Types that do not occur are dropped.

    >>> one, two = (TokenBatch.from_documents([text.split()]) for text in ("b a", "c a a"))
    >>> whole = joined([one, two])
    >>> list(whole.types), whole.ids.tolist(), whole.offsets.tolist()
    (['b', 'a', 'c'], [0, 1, 2, 1, 1], [0, 2, 5])
    """
    return _by_appearance(concatenated(over_one_vocabulary(parts)))


def repeated(parts: Sequence[TokenBatch]) -> list[Mask]:
    """For each part, whether each document repeats a text of an earlier part, (D,) bool."""
    seen = np.zeros(0, np.uint64)
    found = []
    for part in parts:
        marks = part.fingerprints
        if marks is None:
            found.append(np.zeros(part.documents, bool))
            continue
        found.append(np.isin(marks | ONCE, seen))
        seen = np.union1d(seen, marks | ONCE)
    return found


def without_repeats(parts: Sequence[TokenBatch]) -> list[TokenBatch]:
    """The parts without the documents of earlier ones, in layouts that hold a text only once."""
    return [
        part if kept.all() else part.part(kept)
        for part, kept in zip(parts, kept_documents(parts), strict=True)
    ]


def kept_documents(parts: Sequence[TokenBatch]) -> list[Mask]:
    """The documents that `without_repeats` keeps of each part, (D,) bool."""
    found = repeated(parts)
    for part, again in zip(parts, found, strict=True):
        if part.fingerprints is not None:
            again &= (part.fingerprints & ONCE).astype(bool)
    return [~again for again in found]


def _by_appearance(batch: TokenBatch) -> TokenBatch:
    """The same corpus with its types in order of first appearance, without those that do not occur."""
    first = np.full(len(batch.types), len(batch), np.int64)
    for part, block in blocks_of(batch.ids):
        np.minimum.at(first, block, np.arange(part.start, part.stop))
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(batch))]
    new = np.zeros(len(first), np.int32)
    new[order] = np.arange(len(order), dtype=np.int32)
    return batch.renumbered(new, [batch.types[i] for i in order.tolist()])


def joined_corpora(
    corpora: Sequence[Mapping[str, Any]],  # from `selfvec.corpus.Summary.as_dict`
    repeats: int = 0,  # texts that occur in an earlier corpus and are not counted as duplicates yet
    left_out: int = 0,  # documents left out because of that
) -> dict[str, Any]:
    """The summary of several corpora as one. If a file was read twice, the later entry is kept."""
    try:
        summaries = [_summary(corpus) for corpus in corpora]
        whole = Summary()
        for name in _COUNTED:
            setattr(whole, name, sum(getattr(summary, name) for summary in summaries))
        for name in _LISTED:
            setattr(whole, name, [value for summary in summaries for value in getattr(summary, name)])
        for name in _FLAGS:
            setattr(whole, name, any(getattr(summary, name) for summary in summaries))
        for name in _NAMED:
            values = [value for summary in summaries for value in (getattr(summary, name) or "").split(", ")]
            setattr(whole, name, ", ".join(dict.fromkeys(filter(None, values))) or None)
        whole.slice_field = next((s.slice_field for s in summaries if s.slice_field), None)
        whole.text_fields = tuple(dict.fromkeys(whole.text_fields))
        del whole.bad_places[NAMED_PLACES:], whole.mended_places[NAMED_PLACES:]
        whole.duplicates += repeats
        whole.documents -= left_out
        latest = {_file_key(file): file for file in whole.files}
        whole.files = [file for file in whole.files if latest[_file_key(file)] is file]
        return whole.as_dict()
    except (TypeError, AttributeError, IndexError) as error:
        rule = f"the summary of a run's corpus is damaged ({error})"
        raise FormatError(rule, field="corpus", remedy="make the run again") from None


def _file_key(file: FileRead) -> object:
    """A key that two readings of one file share; texts from memory and from pipes never share a key."""
    path = Path(file.path)
    return path.absolute() if file.kind not in ("memory", "frame") and path.exists() else id(file)


def _summary(saved: Mapping[str, Any]) -> Summary:
    known = {of.name: saved[of.name] for of in fields(Summary) if of.name in saved}
    summary = Summary(**known | {"files": [FileRead(**file) for file in saved.get("files", [])]})
    texts = [name for name in _LISTED if name != "files"]
    strings = [value for name in texts for value in getattr(summary, name)]
    counts = [getattr(summary, name) for name in _COUNTED]
    if not all(isinstance(value, str) for value in strings) or not all(type(n) is int for n in counts):
        raise TypeError("names must be strings and numbers of documents integers")
    return summary


def joined_encodings(
    texts: Sequence[Mapping[str, Any]],  # from `selfvec.text.Encoding.as_dict`
    unstemmed: TokenBatch,  # the whole text, before stemming and `min_count`
) -> Encoding:
    """The encoding of several corpora as one."""
    dropped = {rule: n for rule, n in dropped_in_all(texts).items() if rule not in (RARE, REPEATED)}
    return Encoding.of(str(texts[0].get("tokenizer")), unstemmed, dropped, None)


def refuse_same_files(corpora: Sequence[Mapping[str, Any]]) -> None:
    """Raise `CorpusError` if two corpora contain the same file."""
    seen: dict[str, str] = {}
    for corpus in corpora:
        files = corpus.get("files")
        files = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
        own = {str(file.get("sha256")): str(file.get("path")) for file in files}
        for digest, path in own.items():
            if digest in seen:
                raise CorpusError(
                    f"was read before with the same content, as {seen[digest]}: documents would count twice",
                    path=path,
                    remedy="leave it out",
                )
        seen |= own
