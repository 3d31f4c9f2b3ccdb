"""A run as a part of a larger corpus: its text in forms, its words' rows, and whether it may be one.

Runs grow together where their text would have become the same in one go: the same options, the same vectors,
and no rule that had to see all of the text at once.
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
from selfvec.refine.preparation import option_files
from selfvec.storage.run_folder import open_run
from selfvec.text.unstemmed import unstemmed_tokens

__all__ = [
    "GROWN",
    "Part",
    "part_of",
    "refuse_changed_files",
    "refuse_different",
    "refuse_same_files",
    "settings_of",
]

GROWN = "grown"
"""Where the provenance tells how a run grew."""

_WHOLE = {
    "tagger": "tells parts of speech by the beginning of the text",
    "phrases": "finds its terms in the whole text",
}
"""Options whose rule has to see all text at once."""


_TEXTS, _LISTS = ("lemmatize", "stem", "stop_words", "tagger"), ("pos", "history")
"""Options that are a name or nothing, and those that are several."""


@dataclass(frozen=True)
class Part:
    """A run and its corpus before anything was settled that only the whole corpus can decide.

    Parameters
    ----------
    name : str
        For people.
    run : Run
    settings : Settings
    forms : TokenBatch
        In the order of the run's vocabulary, or of first appearance.
    """

    name: str
    run: Run
    settings: Settings
    forms: TokenBatch

    @property
    def known(self) -> list[str]:
        """The run's words that have a vector of their own."""
        original = self.run.original
        own = np.flatnonzero(original.sources == Source.KNOWN)
        return [original.index_to_key[i] for i in own.tolist()]

    @property
    def counted(self) -> dict[str, int]:
        """How many documents, tokens and types the run has."""
        counts = self.run.vectors.counts
        tokens = 0 if counts is None else int(counts.sum())
        return {"documents": self.forms.documents, "tokens": tokens, "types": len(self.run.vectors)}

    def told(self, name: str) -> dict[str, Any]:
        """What the provenance says of the ``corpus``, its ``text``, the ``vectors`` or ``option_files``."""
        told = self.run.provenance.get(name)
        return told if isinstance(told, dict) else {}

    @property
    def steps(self) -> list[Any]:
        """How the run grew so far."""
        told = self.run.provenance.get(GROWN)
        return told if isinstance(told, list) else []


def settings_of(run: Run) -> Settings:
    """The options a run was made with.

    Raises
    ------
    FormatError
        If it does not say.
    """
    told = run.provenance.get("options")
    options: dict[str, Any] = told if isinstance(told, dict) else {"tokenizer": None}
    texts = [options.get("tokenizer", ""), *(options.get(name) or "" for name in _TEXTS)]
    for name in _LISTS:
        values = options.get(name, [])
        texts += values if isinstance(values, list) else [None]
    if not all(isinstance(text, str) for text in texts):
        rule = "a run says which options it was made with"
        raise FormatError(rule, path=run.folder, remedy="make the run again")
    return Settings(**{name: options[name] for name in options if name in Settings.__dataclass_fields__})


def part_of(run: Run | str | os.PathLike[str], number: int = 0) -> Part:
    """Take up a run, or its folder.

    Raises
    ------
    InputError
        If it forgot its tokens. `FormatError` if files in it are damaged.
    OptionError
        If one of its options had to see the whole text at once.
    """
    run = run if isinstance(run, Run) else open_run(run)
    name = f"run {number + 1}" if run.folder is None else os.fspath(run.folder)
    settings = settings_of(run)
    for option, why in _WHOLE.items():
        if getattr(settings, option, None):
            rule = f"{why}, so that a run made with it cannot grow"
            raise OptionError(rule, field=option, remedy="refine all of the text together")
    tokens, forms = run.tokens, unstemmed_tokens(run)
    if tokens is None:
        rule = "the run has not kept its tokens, so that it cannot grow"
        remedy = "refine all of the text together, without --forget-tokens"
        raise InputError(rule, path=name, remedy=remedy)
    if tokens.fingerprints is None:
        rule = "a run that can grow has a number for each document's text, this one has none"
        raise FormatError(rule, path=name, remedy="make the run again")
    if forms is not None:
        tokens = forms.batch(tokens)
    elif settings.stem or settings.min_count > 1:
        rule = "a run with stems or a minimal count has a folder of forms, it is missing"
        raise FormatError(rule, path=name, remedy="make the run again")
    return Part(name, run, settings, tokens)


def refuse_different(parts: Sequence[Part]) -> None:
    """Refuse runs that were made with different options or vectors, and name the first difference.

    Raises
    ------
    OptionError
    """
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
    """Options by name; of files that they name, what these held, wherever they lay."""
    return part.settings.as_dict() | part.told("option_files")


def _table(part: Part) -> dict[str, Any]:
    """What tells two vectors files apart, wherever they lay."""
    told = part.told("vectors")
    if "sha256" in told:
        return {"sha256": told["sha256"]}
    return {name: told[name] for name in told if name not in ("name", "path", "notes")}


def _called(part: Part) -> str:
    return repr(part.told("vectors").get("name"))


def refuse_changed_files(part: Part) -> None:
    """Refuse to read more text by other stop words or pieces than the run's own.

    Raises
    ------
    OptionError
        Naming the option whose file was changed.
    """
    now = option_files(part.settings)
    for option, digest in part.told("option_files").items():
        if now.get(option) != digest:
            raise OptionError(
                f"names the file {getattr(part.settings, option, None)!r}, which is gone or was "
                f"changed since the run was made",
                field=option,
                remedy="bring it back, or refine all of the text together",
            )


def refuse_same_files(corpora: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to count a file twice.

    Parameters
    ----------
    corpora : sequence of mapping
        Accounts of what was read, as `selfvec.corpus.Summary.as_dict` gives them.

    Raises
    ------
    CorpusError
        Naming the first file that stands in two of them.
    """
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
