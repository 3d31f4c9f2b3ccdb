"""A run as a part of a larger corpus, and the checks that it can be updated or merged.

Runs can be merged if they have the same options and initial vectors and no option depends on the whole text
at once: reading all of the text together must give the same tokens. The initial vectors of words come from
the parts, or from the file of vectors that the parts were refined from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Ints, Mask
from selfvec.base.checksums import sha256
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.corpus.known_documents import known_documents
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.refinement.initial_vectors import by_token, initial_vectors
from selfvec.refinement.input_reading import option_files
from selfvec.refinement.kept_sums import kept_sums
from selfvec.storage.fetched_vectors import locate
from selfvec.storage.formats import load
from selfvec.storage.run_folder import open_run
from selfvec.text.encoding import RARE, dropped_in_all
from selfvec.text.repeats import repeats_of
from selfvec.text.unstemmed import unstemmed_tokens
from selfvec.training import FROM_TEXT

__all__ = [
    "MovedVectors",
    "SourceRun",
    "gathered",
    "leaves_out_rare",
    "refuse_changed_files",
    "refuse_different",
    "source_run",
    "source_vectors",
]

MovedVectors = Vectors | str | os.PathLike[str] | None
"""The initial vectors of a run, if their file has moved; else None."""

_BLOCK = 4096
_AGAIN = "give their path with --vectors PATH"
_WHOLE = {
    "tagger": "finds parts of speech from the beginning of the text",
    "phrases": "finds its terms in the whole text",
}
"""Options whose rule depends on the whole text."""


@dataclass(frozen=True)
class SourceRun:
    """A run to update or merge, with its whole text before the rules that need all of it (`counted_text`)."""

    name: str  # for messages
    run: Run
    settings: Settings

    @cached_property
    def unstemmed(self) -> TokenBatch:
        """The whole text; types by falling frequency, or in order of first appearance."""
        tokens = self.run.tokens
        kept = unstemmed_tokens(self.run)
        if tokens is None:
            return TokenBatch.of_counts([], np.zeros(0, np.int64))
        return tokens if kept is None else kept.batch(tokens)

    @property
    def known(self) -> list[str]:
        """The words of the run that have a row in the initial vectors."""
        original = self.run.original
        own = np.flatnonzero(original.sources == Source.KNOWN)
        return [original.index_to_key[i] for i in own.tolist()]

    @property
    def counted(self) -> dict[str, int]:
        """Numbers of documents, tokens and types."""
        counts = self.run.vectors.counts
        tokens = 0 if counts is None else int(counts.sum())
        documents = 0 if self.run.tokens is None else self.run.tokens.documents
        return {"documents": documents, "tokens": tokens, "types": len(self.run.vectors)}

    @property
    def without_tokens(self) -> InputError:
        """The error of operations that need the tokens."""
        rule = "the run has not kept its tokens, so it cannot be updated or merged"
        if kept_sums(self.run) is not None:
            rule = (
                "the run has not kept its tokens, so it cannot be merged, and only little text can be added"
            )
        remedy = "refine all of the text together, without --forget-tokens"
        return InputError(rule, path=self.name, remedy=remedy)

    @property
    def steps(self) -> list[Any]:
        """The updates and merges that made the run."""
        return list(self.run.provenance.steps)


def source_run(run: Run | str | os.PathLike[str], number: int = 0, *, forgotten: bool = False) -> SourceRun:
    """Open a run to update or merge; raise an error if this is not possible.

    With ``forgotten`` a run without its tokens is accepted, with an empty text, if it has sums to add to.
    """
    run = run if isinstance(run, Run) else open_run(run)
    name = f"run {number + 1}" if run.folder is None else os.fspath(run.folder)
    settings = run.settings
    for option, why in _WHOLE.items():
        if getattr(settings, option, None):
            rule = f"{why}, so a run made with it cannot be updated or merged"
            raise OptionError(rule, field=option, remedy="refine all of the text together")
    part = SourceRun(name, run, settings)
    if run.tokens is None:
        if forgotten and kept_sums(run) and known_documents(run):
            return part
        raise part.without_tokens
    missing = None
    if run.tokens.fingerprints is None:
        missing = "the fingerprints of the documents are missing"
    elif unstemmed_tokens(run) is None and (
        settings.stem or settings.min_count > 1 or _counts_less(run, settings)
    ):
        missing = "the folder of unstemmed tokens is missing"
    if missing:
        raise FormatError(missing, path=name, remedy="make the run again")
    return part


def _counts_less(run: Run, settings: Settings) -> bool:
    """Whether a run has repeated passages and counts each once, or has left out rare words."""
    repeats = repeats_of(run)
    return (bool(repeats.tokens) and repeats.once(settings)) or leaves_out_rare(run)


def leaves_out_rare(run: Run) -> bool:
    """Whether a run has left out words that are rare in its text."""
    return bool(dropped_in_all([run.provenance.text]).get(RARE))


def refuse_different(parts: Sequence[SourceRun]) -> None:
    """Raise `OptionError` if runs have different options or vectors; name the first difference."""
    first = parts[0]
    for part in parts[1:]:
        here, there = _options(first), _options(part)
        for option in dict.fromkeys((*here, *there)):
            if here.get(option) != there.get(option):
                raise OptionError(
                    f"merged runs must have the same options, but {first.name} has {here.get(option)!r} and "
                    f"{part.name} has {there.get(option)!r}",
                    field=option,
                    remedy="refine one of them again",
                )
        if _table(first) != _table(part):
            raise OptionError(
                f"merged runs must have the same initial vectors, but {first.name} has {_called(first)} and "
                f"{part.name} has {_called(part)}",
                field="vectors",
                remedy="refine one of them again",
            )


def _options(part: SourceRun) -> dict[str, Any]:
    """Options by name, with the hashes of the files that they name."""
    return {**part.settings.as_dict(), **part.run.provenance.option_files}


def _table(part: SourceRun) -> dict[str, Any]:
    """The identity of the initial vectors: the content of their file, not its path."""
    recorded = part.run.provenance.vectors
    if "sha256" in recorded:
        return {"sha256": recorded["sha256"]}
    return {name: recorded[name] for name in recorded if name not in ("name", "path", "notes")}


def _called(part: SourceRun) -> str:
    return repr(part.run.provenance.vectors.get("name"))


def refuse_changed_files(part: SourceRun) -> None:
    """Raise `OptionError` if a file named by the run's options, such as stop words, has changed."""
    now = option_files(part.settings)
    for option, digest in part.run.provenance.option_files.items():
        if now.get(option) != digest:
            raise OptionError(
                f"names the file {getattr(part.settings, option, None)!r}, which was removed or "
                f"changed since the run was made",
                field=option,
                remedy="restore it, or refine all of the text together",
            )


def source_vectors(part: SourceRun, given: MovedVectors = None) -> Vectors | None:
    """The initial vectors of a run, read again and checked.

    ``given`` replaces the recorded path. Raises `InputError` if they are not found, `FormatError` if they
    differ.
    """
    recorded = part.run.provenance.vectors
    if str(recorded.get("name")) in FROM_TEXT:
        return None
    source = _recorded_source(part, recorded) if given is None else given
    if isinstance(source, Vectors):
        vectors = source
    else:
        source = locate(source)
        if "sha256" in recorded and (not Path(source).is_file() or sha256(source) != recorded["sha256"]):
            raise _different(os.fspath(source), f"the file that {part.name} was refined from")
        vectors = load(source, errors=part.settings.vectors_errors)
    vectors = by_token(vectors, part.settings)
    if "sha256" not in recorded or isinstance(given, Vectors):
        _check_rows(vectors, part)
    return vectors


def _recorded_source(part: SourceRun, recorded: Mapping[str, Any]) -> str | Path:
    """The name or path of the initial vectors: as recorded, or in the folder that contains the run."""
    name = str(recorded.get("name", "memory"))
    if name == "memory":
        raise InputError(
            f"the vectors that {part.name} was refined from were given in memory",
            remedy="give them again (vectors=...)",
        )
    if name == "default":
        return name
    neighbours = [] if part.run.folder is None else [part.run.folder.parent / name]
    for path in (locate(name), *neighbours):
        if path.exists():
            return path
    raise InputError(f"the vectors that {part.name} was refined from are not found", path=name, remedy=_AGAIN)


def _check_rows(vectors: Vectors, part: SourceRun) -> None:
    """Raise `FormatError` if vectors differ from the initial vectors of a run for the run's words."""
    original = part.run.original
    own = np.flatnonzero(original.sources == Source.KNOWN)
    for block in _blocks(own):
        words = [original.index_to_key[i] for i in block.tolist()]
        rows, _ = vectors.lookup(words, compose=False)
        if vectors.vector_size != original.vector_size or not np.array_equal(
            unit_rows(rows), original.vectors[block]
        ):
            raise _different(None, f"the vectors that {part.name} was refined from")


def _different(path: str | None, which: str) -> FormatError:
    return FormatError(f"is not {which}" if path else f"these are not {which}", path=path, remedy=_AGAIN)


def gathered(batch: TokenBatch, parts: Sequence[SourceRun], vectors: Vectors | None) -> Vectors:
    """The initial vectors of a joined corpus, the same as `initial_vectors` of all of the text.

    Words of the ``parts`` keep their rows. Other words are looked up in ``vectors``, the initial vectors of
    the parts. Raises `FormatError` if two parts have different rows for a word.
    """
    settings = parts[0].settings
    if any(np.any(part.run.original.sources == Source.RANDOM) for part in parts):
        return initial_vectors(batch, None, settings, name=parts[0].run.provenance.vectors["name"])
    index = {word: i for i, word in enumerate(batch.types)}
    rows = np.zeros((len(index), parts[0].run.original.vector_size), np.float32)
    sources = np.full(len(index), Source.NONE, np.uint8)
    pieces = np.ones(len(index), np.uint8)
    filled = np.zeros(len(index), bool)
    for part in parts:
        original = part.run.original
        places = np.fromiter((index.get(word, -1) for word in original.index_to_key), np.int64)
        for block in _blocks(np.flatnonzero(places >= 0)):
            here = places[block]
            _check_equal(rows[here], original.vectors[block], filled[here], part)
            rows[here] = original.vectors[block]
            sources[here] = original.sources[block]
            filled[here] = True
            if original.pieces is not None:
                pieces[here] = original.pieces[block]
    missing = np.flatnonzero(~filled)
    if len(missing) and vectors is not None:
        words = [batch.types[i] for i in missing.tolist()]
        found, sources[missing], pieces[missing] = vectors.lookup_pieces(words, settings.oov == "subwords")
        rows[missing] = unit_in_place(found)
    numbers = pieces if np.any(pieces != 1) else None
    return Vectors(batch.types, rows, sources=sources, normalized=True, pieces=numbers)


def _check_equal(rows: Array, more: Array, filled: Mask, part: SourceRun) -> None:
    if rows.shape != more.shape or not np.array_equal(rows[filled], more[filled]):
        raise FormatError(
            "merged runs must have the same initial vectors, but this one has other rows for the same words",
            path=part.name,
            remedy="refine it again",
        )


def _blocks(places: Ints) -> Iterator[Ints]:
    return (places[start : start + _BLOCK] for start in range(0, len(places), _BLOCK))
