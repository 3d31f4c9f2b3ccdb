"""The vectors to compare: opened, given distinct names, and truncated to fewer dimensions.

A run has two, ``refined`` and ``original``; a folder of ``align`` has ``a`` and ``b``; a vectors file has
one, named after the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Floats, Mask
from selfvec.base.checks import StrPath, is_path
from selfvec.base.errors import OptionError
from selfvec.base.progress import stage
from selfvec.data.run import AnyRun, Run
from selfvec.data.settings import METHODS
from selfvec.data.vectors import Vectors, on_principal_axes
from selfvec.data.word_lookup import find_rows
from selfvec.encoders.given import as_sentence_encoder
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.storage.alignment_files import find_aligned
from selfvec.storage.formats import load
from selfvec.storage.opened import GivenVectors, is_table, opened
from selfvec.text.document_vectors import embed, known_share, smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing

if TYPE_CHECKING:
    from selfvec.retrieval.encoder import Encoder

_TASK_SUFFIXES = {".tsv", ".txt", ".toml", ".json"}


@dataclass(frozen=True)
class ComparedVectors:
    """Vectors, and their name in figures."""

    name: str
    vectors: Vectors
    preprocessing: Preprocessing = field(default_factory=Preprocessing)  # how texts are cut into its words
    truncated: bool = False  # whether cut to the first principal axes
    run: Run | None = field(default=None, repr=False)  # the run of the vectors
    refined: bool = False  # of a run; its topic vectors are used for documents, too
    aligned_to: str | None = None  # path of the vectors whose space this is
    encoder: str | None = None  # name or folder of a sentence encoder that encodes texts instead

    @cached_property
    def texts(self) -> list[Vectors]:
        """The vectors whose document vectors are concatenated where no encoder reads the texts."""
        from selfvec.refinement.derived_vectors import run_topics

        topics = run_topics(self.run) if self.run is not None and self.refined else None
        if topics is None:
            return [self.vectors]
        if self.truncated:
            topics = on_principal_axes(topics, self.vectors.vector_size)
        return [self.vectors, topics]

    @cached_property
    def _run_encoder(self) -> Encoder | None:
        """The encoder of the run, which learns from its texts.

        None for other vectors, for pieces, and for a run by a rule that does not whiten: what that rule did
        to the vectors would be hidden.
        """
        from selfvec.retrieval.encoder import Encoder
        from selfvec.text.tokenizers import SPLITS

        if self.run is None or self.run.tokens is None or not self.refined or self.truncated:
            return None
        method = METHODS.get(self.run.provenance.method or "")
        if method is None or not method.whitens or self.preprocessing.tokenizer not in SPLITS:
            return None
        return Encoder.of(self.run)

    def text_rows(
        self, texts: Sequence[str], collection: int, *, questions: bool = False
    ) -> tuple[Floats, float]:
        """Vectors of texts, (D, d) float32 unit rows or zeros, and the share of known tokens.

        Refined vectors of a run: what its encoder gives, smoothed. Others: `embed`. A sentence
        encoder reads whole texts, so all of their tokens are known. That of a run stands beside its vectors,
        but in search, where it is compared by itself.
        """
        own, covered = self._own_rows(texts, collection, questions)
        if self.run is None or not self.refined or self.truncated or questions:
            return own, covered
        from selfvec.encoders.run_encoder import read_documents

        read = read_documents(self.run, texts)
        return (own, covered) if read is None else (unit_rows(np.hstack([unit_rows(own), read])), 1.0)

    def _own_rows(self, texts: Sequence[str], collection: int, questions: bool) -> tuple[Floats, float]:
        if self.encoder is not None and not self.truncated:
            encoder = as_sentence_encoder(self.encoder)
            with stage(f"Encoding with {encoder.name}", len(texts), "texts") as advance:
                documents = encoder.encode(texts[:collection], advance=advance)
                others = encoder.encode(texts[collection:], question=questions, advance=advance)
            return np.vstack([documents, others]), 1.0
        own = self._run_encoder
        if own is None:
            words = self.preprocessing
            return embed(texts, self.texts, words, collection, questions=questions)
        rows = own.encode(texts)
        end = collection if questions else len(rows)
        rows[:end] = smooth_by_neighbours(rows[:end], collection)
        return rows, known_share(texts, self.vectors, self.preprocessing)


def open_entries(
    given: GivenVectors | Mapping[str, GivenVectors] | Sequence[GivenVectors],
) -> list[ComparedVectors]:
    """Open what was given, in order; names are those of a mapping, or else the ends of the paths.

    The vectors of one run are called ``refined`` and ``original``; with several, the run's name comes first.
    """
    if isinstance(given, Mapping) and not is_table(given):
        named = _all_opened(given.items())
        plain = len(named) == 1
    else:
        listed = isinstance(given, Sequence) and not isinstance(given, str) and not is_table(given)
        several: Any = given if listed else [given]
        values = [value if is_path(value) else opened(value) for value in several]
        names = distinct_names([_path_or_kind(value) for value in values])
        named = _all_opened(zip(names, values, strict=True))
        plain = sum(isinstance(value, Run) for value, _ in named.values()) == 1
    if not named:
        raise OptionError("there are no vectors to measure", remedy="name a run folder or a vectors file")
    return [entry for name, (value, to) in named.items() for entry in _entries_of(name, value, plain, to)]


def _all_opened(given: Iterable[tuple[str, GivenVectors]]) -> dict[str, tuple[Vectors | Run, str | None]]:
    """Vectors and runs by name, each with the path of the vectors that it is aligned to, if known."""
    by_name: dict[str, tuple[Vectors | Run, str | None]] = {}
    for name, value in given:
        aligned = None if isinstance(value, Vectors | AnyRun) else find_aligned(value)
        if isinstance(value, Vectors | AnyRun) or aligned is None:
            by_name[name] = opened(value), None
        elif Path(value).is_dir():
            by_name[f"{name}/a"] = load(aligned[0]), None
            by_name[f"{name}/b"] = load(aligned[1]), aligned[0]
        else:
            by_name[name] = load(aligned[1]), aligned[0]
    return by_name


def _path_or_kind(value: GivenVectors) -> str:
    if isinstance(value, AnyRun):
        return "run"
    if isinstance(value, Vectors):
        return str(value.provenance.get("path", "vectors"))
    return os.fspath(value)


def _entries_of(
    name: str, value: Vectors | Run, plain: bool, aligned_to: str | None
) -> Iterator[ComparedVectors]:
    preprocessing = Preprocessing.of(value.provenance)
    if isinstance(value, Vectors):
        yield ComparedVectors(name, value, preprocessing, aligned_to=aligned_to)
        return
    prefix = "" if plain else f"{name}/"
    yield ComparedVectors(f"{prefix}refined", value.vectors, preprocessing, run=value, refined=True)
    yield ComparedVectors(f"{prefix}original", value.original, preprocessing, run=value)


def distinct_names(paths: Sequence[StrPath], *, stem: bool = False) -> list[str]:
    """The shortest distinct ends of paths; equal paths are numbered. ``stem`` drops a task file's suffix.

    >>> distinct_names(["a/run", "b/run", "c/glove.bin"]), distinct_names(["x.tsv"], stem=True)
    (['a/run', 'b/run', 'glove.bin'], ['x'])
    """
    whole = [Path(path).resolve() if os.fspath(path) in ("", ".", "..") else Path(path) for path in paths]
    parts = [path.parts for path in whole]
    names = []
    for i, own in enumerate(parts):
        others = [other for other in parts if other != own]
        n = next((n for n in range(1, len(own)) if all(other[-n:] != own[-n:] for other in others)), len(own))
        name = Path(*own[-n:])
        name = name.with_suffix("") if stem and name.suffix in _TASK_SUFFIXES else name
        before = parts[:i].count(own)
        names.append(f"{name.as_posix()}{f' ({before + 1})' if before else ''}")
    return names


def truncated(entry: ComparedVectors, dimensions: int) -> ComparedVectors:
    """The vectors in their first principal axes; see `on_principal_axes`."""
    vectors = entry.vectors
    if not 1 <= dimensions <= vectors.vector_size:
        raise OptionError(
            f"{entry.name} has {vectors.vector_size} dimensions, it cannot be cut to {dimensions}",
            field="dimensions",
            remedy=f"choose numbers from 1 to {vectors.vector_size}",
        )
    return replace(entry, vectors=on_principal_axes(vectors, dimensions), truncated=True)


def word_vectors(vectors: Vectors, words: Sequence[str]) -> tuple[Floats, Mask]:
    """Unit vectors of n words, (n, d) float32, zeros for those without; and which have one, (n,) bool."""
    places = find_rows(vectors, words)
    out = np.zeros((len(words), vectors.vector_size), np.float32)
    present = places >= 0
    out[present] = unit_rows(vectors.vectors[places[present]])
    missing = np.flatnonzero(~present)
    if len(missing) and vectors.composer is not None:
        out[missing] = unit_rows(vectors.composer([words[i] for i in missing.tolist()]))
    return out, filled_rows(out)
