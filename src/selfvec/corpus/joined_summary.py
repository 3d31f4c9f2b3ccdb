"""The descriptions of several corpora as one: those of merged runs, of updates and of shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from selfvec.base.casing import different_names
from selfvec.base.errors import CorpusError, FormatError

from .summary import NAMED_PLACES, FileRead, Summary

_COUNTED = ("documents", "empty", "duplicates", "known", "undated", "mended_rows", "bad_rows")
_LISTED = ("files", "mended_places", "bad_places", "skipped_files", "text_fields", "unread_fields")
_FLAGS = ("text_given", "date_given", "slice_by_name")
_NAMED = ("date_field", "layout")


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
            setattr(whole, name, ", ".join(different_names(filter(None, values))) or None)
        whole.kept_fields = next((s.kept_fields for s in summaries if s.kept_fields is not None), None)
        for name in ("slice_field", "id_field"):
            setattr(whole, name, next(filter(None, (getattr(s, name) for s in summaries)), None))
        for name in ("text_fields", "unread_fields"):
            setattr(whole, name, tuple(dict.fromkeys(getattr(whole, name))))
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
