"""The contents of ``run.json``: inputs with their hashes, decisions and results.

`run_provenance` writes them once, after the refinement. `joined_corpora` and `joined_encodings` combine those
of several runs for `selfvec.refine.incremental`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError, OptionError
from selfvec.base.provenance import Timings, environment
from selfvec.corpus.summary import NAMED_PLACES, FileRead, Summary
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.text import Encoding

from .plan import Plan
from .refinement import Refinement

__all__ = ["InputProvenance", "joined_corpora", "joined_encodings", "run_provenance", "settings_of"]

_COUNTED = ("documents", "empty", "duplicates", "undated", "mended_rows", "bad_rows")
_LISTED = ("files", "mended_places", "bad_places", "skipped_files", "text_fields")
_FLAGS = ("text_given", "date_given", "slice_by_name")
_NAMED = ("date_field", "layout")


@dataclass(frozen=True)
class InputProvenance:
    """The description of the inputs in ``run.json``."""

    corpus: dict[str, Any]  # from `selfvec.corpus.Summary.as_dict`
    text: Encoding
    vectors: dict[str, Any]  # name, hash and size of the vectors file
    option_files: dict[str, str]  # SHA-256 of the files that options name
    phrases: dict[str, Any] | None = None  # the phrases that became tokens
    grown: list[Any] = field(default_factory=list)  # the updates and merges that made the run, in order


def run_provenance(
    plan: Plan,
    described: InputProvenance,
    refinement: Refinement,
    sources: NDArray[np.uint8],
    timings: Timings,
) -> dict[str, Any]:
    """The contents of ``run.json``."""
    batch, options = plan.batch, plan.settings.as_dict()
    if plan.learning_rate is not None and plan.decision is None:
        options["learning_rate"] = plan.learning_rate
    said: dict[str, Any] = {
        "method": plan.method,
        "tokens": len(batch),
        "types": len(batch.types),
        "documents": batch.documents,
        "window": plan.window,
        "epochs": plan.rounds,
        "learning_rate": plan.learning_rate,
        "seed": plan.settings.seed,
        "dimensions": plan.original.vector_size,
        "options": options,
        "corpus": described.corpus,
        "text": described.text.as_dict(),
        "vectors": described.vectors,
        "option_files": described.option_files,
        "sources": {source.name.lower(): int(np.sum(sources == source)) for source in Source},
        "history": refinement.recorder.as_dict(),
        "environment": environment(),
        "timings": timings,
    }
    if described.phrases is not None:
        said["phrases"] = described.phrases
    if plan.decision is not None:
        said["decision"] = plan.decision.as_dict()
    if described.grown:
        said["grown"] = described.grown
    return said


def settings_of(run: Run) -> Settings:
    """The options that a run was made with, from ``run.json``."""
    try:
        return Settings(**run.provenance["options"])
    except (KeyError, TypeError, OptionError) as error:
        rule = f"the options in run.json are damaged ({error})"
        raise FormatError(rule, path=run.folder, remedy="make the run again") from None


def joined_corpora(
    corpora: Sequence[Mapping[str, Any]],  # from `selfvec.corpus.Summary.as_dict`
    repeats: int,  # texts that occur in an earlier corpus and are not counted as duplicates yet
    left_out: int,  # documents left out because of that
) -> dict[str, Any]:
    """The summary of several corpora as one."""
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
        return whole.as_dict()
    except (TypeError, AttributeError, IndexError) as error:
        rule = f"the summary of a run's corpus is damaged ({error})"
        raise FormatError(rule, field="corpus", remedy="make the run again") from None


def _summary(saved: Mapping[str, Any]) -> Summary:
    known = {of.name: saved[of.name] for of in fields(Summary) if of.name in saved}
    summary = Summary(**known | {"files": [FileRead(**file) for file in saved.get("files", [])]})
    texts = [name for name in _LISTED if name != "files"]
    strings = [value for name in texts for value in getattr(summary, name)]
    counts = [getattr(summary, name) for name in _COUNTED]
    if not all(isinstance(value, str) for value in strings) or not all(type(n) is int for n in counts):
        raise TypeError("names are strings, numbers of documents whole numbers")
    return summary


def joined_encodings(
    texts: Sequence[Mapping[str, Any]],  # from `selfvec.text.Encoding.as_dict`
    unstemmed: TokenBatch,  # the whole text, before stemming and `min_count`
) -> Encoding:
    """The encoding of several corpora as one."""
    dropped: dict[str, int] = {}
    for text in texts:
        counted = text.get("dropped")
        for rule, tokens in counted.items() if isinstance(counted, dict) else ():
            if rule != "minimal count" and isinstance(tokens, int):
                dropped[rule] = dropped.get(rule, 0) + tokens
    return Encoding(
        tokenizer=str(texts[0].get("tokenizer")),
        documents=unstemmed.documents,
        sentences=unstemmed.sentences,
        empty=0,
        raw_tokens=len(unstemmed) + sum(dropped.values()),
        tokens=len(unstemmed),
        dropped=dropped,
        raw_types=None,
        types=len(unstemmed.types),
        known_types=0,
        known_tokens=0,
    )
