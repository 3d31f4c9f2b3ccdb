"""A run as a part of a larger corpus, and the checks that it can be.

Runs can be merged if they have the same options and vectors and no option depends on the whole text at once:
reading all of the text together must give the same tokens.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.errors import CorpusError, FormatError, InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.refine.inputs import option_files
from selfvec.refine.provenance import settings_of
from selfvec.storage.run_folder import open_run
from selfvec.text.stems import unstemmed_tokens

__all__ = ["Part", "part_of", "refuse_changed_files", "refuse_different", "refuse_same_files"]

_WHOLE = {
    "tagger": "finds parts of speech from the beginning of the text",
    "phrases": "finds its terms in the whole text",
}
"""Options whose rule depends on the whole text."""


@dataclass(frozen=True)
class Part:
    """A run and its corpus before stemming and `min_count`, which only the whole corpus can decide."""

    name: str  # for messages
    run: Run
    settings: Settings
    unstemmed: TokenBatch  # types by falling frequency, or in order of first appearance

    @property
    def known(self) -> list[str]:
        """The words of the run that have a pretrained vector."""
        original = self.run.original
        own = np.flatnonzero(original.sources == Source.KNOWN)
        return [original.index_to_key[i] for i in own.tolist()]

    @property
    def counted(self) -> dict[str, int]:
        """Numbers of documents, tokens and types."""
        counts = self.run.vectors.counts
        tokens = 0 if counts is None else int(counts.sum())
        return {"documents": self.unstemmed.documents, "tokens": tokens, "types": len(self.run.vectors)}

    def recorded(self, name: str) -> dict[str, Any]:
        """``corpus``, ``text``, ``vectors`` or ``option_files`` of the run's provenance."""
        found = self.run.provenance.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def steps(self) -> list[Any]:
        """The updates and merges that made the run."""
        found = self.run.provenance.get("grown")
        return found if isinstance(found, list) else []


def part_of(run: Run | str | os.PathLike[str], number: int = 0) -> Part:
    """Open a run as a part; raise an error if it cannot be extended."""
    run = run if isinstance(run, Run) else open_run(run)
    name = f"run {number + 1}" if run.folder is None else os.fspath(run.folder)
    settings = settings_of(run)
    for option, why in _WHOLE.items():
        if getattr(settings, option, None):
            rule = f"{why}, so a run made with it cannot be updated or merged"
            raise OptionError(rule, field=option, remedy="refine all of the text together")
    tokens, unstemmed = run.tokens, unstemmed_tokens(run)
    if tokens is None:
        rule = "the run has not kept its tokens, so it cannot be updated or merged"
        remedy = "refine all of the text together, without --forget-tokens"
        raise InputError(rule, path=name, remedy=remedy)
    missing = None
    if tokens.fingerprints is None:
        missing = "the fingerprints of the documents are missing"
    elif unstemmed is not None:
        tokens = unstemmed.batch(tokens)
    elif settings.stem or settings.min_count > 1:
        missing = "the folder of unstemmed tokens is missing"
    if missing:
        raise FormatError(missing, path=name, remedy="make the run again")
    return Part(name, run, settings, tokens)


def refuse_different(parts: Sequence[Part]) -> None:
    """Raise `OptionError` if runs have different options or vectors; name the first difference."""
    first = parts[0]
    for part in parts[1:]:
        here, there = _options(first), _options(part)
        for option in dict.fromkeys((*here, *there)):
            if here.get(option) != there.get(option):
                raise OptionError(
                    f"runs that are merged have the same options, {first.name} has {here.get(option)!r} and "
                    f"{part.name} has {there.get(option)!r}",
                    field=option,
                    remedy="refine one of them again",
                )
        if _table(first) != _table(part):
            raise OptionError(
                f"runs that are merged start from the same vectors, {first.name} from {_called(first)} and "
                f"{part.name} from {_called(part)}",
                field="vectors",
                remedy="refine one of them again",
            )


def _options(part: Part) -> dict[str, Any]:
    """Options by name, with the content hash of files that they name."""
    return part.settings.as_dict() | part.recorded("option_files")


def _table(part: Part) -> dict[str, Any]:
    """The identity of the vectors: the content of the file, not its path."""
    recorded = part.recorded("vectors")
    if "sha256" in recorded:
        return {"sha256": recorded["sha256"]}
    return {name: recorded[name] for name in recorded if name not in ("name", "path", "notes")}


def _called(part: Part) -> str:
    return repr(part.recorded("vectors").get("name"))


def refuse_changed_files(part: Part) -> None:
    """Raise `OptionError` if a stop word or word piece file of the run has changed."""
    now = option_files(part.settings)
    for option, digest in part.recorded("option_files").items():
        if now.get(option) != digest:
            raise OptionError(
                f"names the file {getattr(part.settings, option, None)!r}, which is gone or was "
                f"changed since the run was made",
                field=option,
                remedy="bring it back, or refine all of the text together",
            )


def refuse_same_files(corpora: Sequence[Mapping[str, Any]]) -> None:
    """Raise `CorpusError` if two corpora (`Summary.as_dict` each) contain the same file."""
    seen: dict[str, str] = {}
    for corpus in corpora:
        files = corpus.get("files")
        files = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
        own = {str(file.get("sha256")): str(file.get("path")) for file in files}
        for digest, path in own.items():
            if digest in seen:
                raise CorpusError(
                    f"was read before, byte for byte, as {seen[digest]}: its documents would count twice",
                    path=path,
                    remedy="leave it out",
                )
        seen |= own
