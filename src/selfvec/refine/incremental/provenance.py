"""What a grown run says of itself: all inputs with their hashes, and how it came to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from selfvec.base.errors import FormatError
from selfvec.corpus.summary import NAMED_PLACES, FileRead, Summary
from selfvec.data.token_batch import TokenBatch
from selfvec.text import Encoding

__all__ = ["encoding_of", "summed"]

_COUNTED = ("documents", "empty", "duplicates", "undated", "mended_rows", "bad_rows")
_LISTED = ("files", "mended_places", "bad_places", "skipped_files", "text_fields")
_TOLD = ("text_given", "date_given", "slice_by_name")
_NAMED = ("date_field", "layout")


def summed(corpora: Sequence[Mapping[str, Any]], repeats: int, left_out: int) -> dict[str, Any]:
    """One account of several corpora.

    Parameters
    ----------
    corpora : sequence of mapping
        `selfvec.corpus.Summary.as_dict` of each.
    repeats : int
        Texts that stand in an earlier one of them, and were not counted as such.
    left_out : int
        Documents that are left out for that.

    Raises
    ------
    FormatError
        If an account is none.
    """
    try:
        summaries = [_summary(corpus) for corpus in corpora]
        whole = Summary()
        for name in _COUNTED:
            setattr(whole, name, sum(getattr(summary, name) for summary in summaries))
        for name in _LISTED:
            setattr(whole, name, [value for summary in summaries for value in getattr(summary, name)])
        for name in _TOLD:
            setattr(whole, name, any(getattr(summary, name) for summary in summaries))
        for name in _NAMED:
            values = [value for summary in summaries for value in (getattr(summary, name) or "").split(", ")]
            setattr(whole, name, ", ".join(dict.fromkeys(filter(None, values))) or None)
        whole.slice_field = next((s.slice_field for s in summaries if s.slice_field), None)
        whole.text_fields = tuple(dict.fromkeys(whole.text_fields))
        del whole.bad_places[NAMED_PLACES:], whole.mended_places[NAMED_PLACES:]
        whole.duplicates += repeats
        whole.documents -= left_out
        return whole.as_dict()
    except (TypeError, AttributeError, IndexError) as error:
        rule = f"a run tells what it was made of ({error})"
        raise FormatError(rule, field="corpus", remedy="make the run again") from None


def _summary(told: Mapping[str, Any]) -> Summary:
    known = {field.name: told[field.name] for field in fields(Summary) if field.name in told}
    summary = Summary(**known | {"files": [FileRead(**file) for file in told.get("files", [])]})
    texts = [name for name in _LISTED if name != "files"]
    strings = [value for name in texts for value in getattr(summary, name)]
    counts = [getattr(summary, name) for name in _COUNTED]
    if not all(isinstance(value, str) for value in strings) or not all(type(n) is int for n in counts):
        raise TypeError("names are strings, numbers of documents whole numbers")
    return summary


def encoding_of(texts: Sequence[Mapping[str, Any]], forms: TokenBatch) -> Encoding:
    """What became of the text of several corpora, of which ``forms`` is the whole, before it is settled.

    Parameters
    ----------
    texts : sequence of mapping
        `selfvec.text.Encoding.as_dict` of each.
    """
    dropped: dict[str, int] = {}
    for told in texts:
        counted = told.get("dropped")
        for rule, tokens in counted.items() if isinstance(counted, dict) else ():
            if rule != "minimal count" and isinstance(tokens, int):
                dropped[rule] = dropped.get(rule, 0) + tokens
    return Encoding(
        tokenizer=str(texts[0].get("tokenizer")),
        documents=forms.documents,
        sentences=forms.sentences,
        empty=0,
        raw_tokens=len(forms) + sum(dropped.values()),
        tokens=len(forms),
        dropped=dropped,
        raw_types=None,
        types=len(forms.types),
        known_types=0,
        known_tokens=0,
    )
