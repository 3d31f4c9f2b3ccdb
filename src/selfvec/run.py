"""`Run`: a refinement and everything needed to look at it, in memory or as a self-contained folder.

    run.json               provenance: inputs with hashes, every option, versions, seed, timings
    vocabulary.txt         a word per line, most frequent first; \\n, \\r and \\ are escaped
    vectors.safetensors    "vectors" (V, d) float32, "counts" (V,) int64, "sources" (V,) uint8
    original.safetensors   "vectors" (V, d) float32, "sources" (V,) uint8
    tokens.safetensors     the corpus as ids: "ids" (N,) int32, "offsets" (D + 1,), "days" (D,) int64,
                           "slices" (D,) int32 with their names, "texts" (D,) uint64, a number per
                           text, "sentences" (D,) int32
    forms/                 the corpus before stems and rare words were settled, where these were asked for
    counts/                exact co-occurrence counts, where they were made
    history/               recorded states, where kept
    report.json            health

Everything large is memory-mapped when a folder is opened.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import FormatError, InputError
from .history.store import History
from .history.trajectory import Trajectory
from .tensors import map_tensors, read_metadata, write_tensors
from .tokens import TokenBatch
from .vectors import Vectors

if TYPE_CHECKING:
    from .neighbours import Counts
    from .text.settling import Forms

__all__ = ["Run", "is_run", "read_vocabulary", "write_vocabulary"]

_TOKENS, _COUNTS, _FORMS = "tokens.safetensors", "counts", "forms"
_AGAIN = "make the run again"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a path looks like a run folder."""
    return (Path(path) / "run.json").is_file()


def write_vocabulary(path: Path, words: Sequence[str]) -> None:
    """Write a word per line, UTF-8; line breaks inside a word are escaped."""
    text = "".join(f"{word}\n" for word in words)
    if "\\" in text or "\r" in text or text.count("\n") > len(words):
        text = "".join(f"{word.translate(_ESCAPES)}\n" for word in words)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_vocabulary(path: Path) -> list[str]:
    """Read what `write_vocabulary` wrote."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"a vocabulary is UTF-8 text: {error.reason}", path=path) from None
    words = text.removesuffix("\n").split("\n") if text else []
    if "\\" not in text:
        return words
    plain = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
    return [_unescape(word, plain) if "\\" in word else word for word in words]


def _unescape(word: str, plain: dict[str, str]) -> str:
    out, i = [], 0
    while i < len(word):
        pair = word[i : i + 2]
        out.append(plain.get(pair, word[i]))
        i += 2 if pair in plain else 1
    return "".join(out)


@dataclass(frozen=True)
class Run:
    """What a refinement made.

    Attributes
    ----------
    vectors : Vectors
        The refined table; ``vectors.counts`` says how often each word occurred.
    original : Vectors
        The same words before.
    history : History or None
        Recorded states, where kept.
    provenance : dict
        What ``run.json`` holds.
    report : dict
        What ``report.json`` holds: ``{"health": ...}``.
    batch : TokenBatch or None
        The corpus as ids, where the run was made in memory; see `tokens`.
    counted : Counts or None
        The co-occurrence counts, likewise; see `counts`.
    formed : Forms or None
        The corpus in forms, likewise; see `forms`.
    folder : Path or None
        Where the run was opened.
    """

    vectors: Vectors
    original: Vectors
    history: History | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    batch: TokenBatch | None = field(default=None, repr=False)
    counted: Counts | None = field(default=None, repr=False)
    formed: Forms | None = field(default=None, repr=False)
    folder: Path | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Run:
        """Open a run folder; tables are memory-mapped.

        Raises
        ------
        InputError
            If the path is no run folder. `FormatError` if a file in it is damaged.
        """
        folder = Path(path)
        if not is_run(folder):
            raise InputError(
                "is not a run folder", path=folder, remedy="make one with: selfvec refine CORPUS -o RUN"
            )
        provenance = _read_json(folder / "run.json")
        words = read_vocabulary(_required(folder / "vocabulary.txt"))
        return cls(
            _load_table(folder / "vectors.safetensors", words, provenance),
            _load_table(folder / "original.safetensors", words, provenance),
            History.load(folder / "history"),
            provenance,
            _read_json(folder / "report.json") if (folder / "report.json").exists() else {},
            folder=folder,
        )

    def write(self, folder: Path) -> None:
        """Write all files into an existing folder (made whole by the caller, see `files.atomic_folder`)."""
        start = time.perf_counter()
        write_vocabulary(folder / "vocabulary.txt", self.vectors.index_to_key)
        sources = self.original.sources
        write_tensors(folder / "original.safetensors", {"vectors": self.original.vectors, "sources": sources})
        counts = self.vectors.counts
        assert counts is not None
        tensors = {"vectors": self.vectors.vectors, "counts": counts, "sources": self.vectors.sources}
        write_tensors(folder / "vectors.safetensors", tensors)
        if self.tokens is not None:
            _write_tokens(folder / _TOKENS, self.tokens)
        if self.counts is not None:
            self.counts.save(folder / _COUNTS)
        if self.forms is not None:
            self.forms.save(folder / _FORMS)
        if self.history is not None and len(self.history):
            self.history.save(folder / "history")
        _write_json(folder / "report.json", self.report)
        self.provenance.setdefault("timings", {})["save"] = time.perf_counter() - start
        _write_json(folder / "run.json", self.provenance)  # last: its presence says that the folder is a run

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a run folder, whole or not at all."""
        from .files import atomic_folder

        with atomic_folder(path, overwrite=overwrite) as folder:
            self.write(folder)

    @cached_property
    def health(self) -> dict[str, Any]:
        """The health report, as ``selfvec health --json`` prints it."""
        if "health" in self.report:
            return dict(self.report["health"])
        from .refine.health import check_health

        return check_health(self.original, self.vectors, self.history).as_dict()

    @cached_property
    def tokens(self) -> TokenBatch | None:
        """The corpus as ids of the run's words, to measure and refine it again; None if not kept.

        Raises
        ------
        FormatError
            If the file in the run folder is damaged.
        """
        if self.batch is not None or self.folder is None or not (self.folder / _TOKENS).is_file():
            return self.batch
        return _read_tokens(self.folder / _TOKENS, self.vectors.index_to_key)

    def corpus(self, why: str = "which this needs") -> TokenBatch:
        """`tokens`; `InputError`, with the reason why they are needed, where the run did not keep them."""
        if self.tokens is None:
            rule = f"the run has not kept its corpus, {why}"
            raise InputError(rule, path=self.folder, remedy="refine again without --forget-tokens")
        return self.tokens

    @cached_property
    def counts(self) -> Counts | None:
        """Who stood near whom, how often, memory-mapped; None where no counts were made.

        Raises
        ------
        FormatError
            If the files in the run folder are damaged, or are another vocabulary's.
        """
        if self.counted is not None or self.folder is None or not (self.folder / _COUNTS).is_dir():
            return self.counted
        from .neighbours import Counts

        counts = Counts.load(self.folder / _COUNTS)
        if counts.types != self.vectors.index_to_key:
            raise FormatError(
                "counts in a run folder have the words of the run in the same order, these have others",
                path=self.folder / _COUNTS,
                remedy=_AGAIN,
            )
        return counts

    @cached_property
    def forms(self) -> Forms | None:
        """The corpus before stems and rare words were settled, by which the run can grow; None where they
        changed nothing, or were not kept.

        Raises
        ------
        FormatError
            If the files in the run folder are damaged.
        """
        if self.formed is not None or self.folder is None or not (self.folder / _FORMS).is_dir():
            return self.formed
        from .text.settling import Forms

        return Forms.load(self.folder / _FORMS, 0 if self.tokens is None else self.tokens.documents)

    @property
    def topics(self) -> Vectors | None:
        """`subjects`, which belong to the method; None for a run of another one."""
        return self.subjects if self.provenance.get("method") == "decorrelated" else None

    @cached_property
    def subjects(self) -> Vectors | None:
        """The same words by what the texts they stand in are about, for vectors of whole texts.

        Two decorrelated passes over windows as wide as a text, without an anchor; made when first asked for
        (as long as refining took). None for a run that forgot its tokens.
        """
        if self.tokens is None:
            return None
        from .refine.topics import topical

        rows = topical(self.tokens, self.original)
        return Vectors(self.vectors.index_to_key, rows, counts=self.vectors.counts, normalized=True)

    def trajectory(self, word: str) -> Trajectory:
        """The recorded path of a word, from its original to its final vector.

        Raises
        ------
        InputError
            If the word is not in the run.
        """
        index = self.index(word)
        original, final = self.original.unit[index], self.vectors.unit[index]
        assert self.vectors.counts is not None
        updates = int(self.vectors.counts[index]) * int(self.provenance.get("epochs", 1))
        if self.history is None:
            rows = np.stack([original, final])
            return Trajectory(word, np.array([0, updates], np.int64), rows)
        return self.history.trajectory(word, index, original, final, updates)

    def index(self, word: str) -> int:
        """Row of a word as written, or in lower case.

        Raises
        ------
        InputError
            If the word is not in the run; names words that look alike.
        """
        for form in (word, word.lower(), word.title()):
            if form in self.vectors:
                return self.vectors.key_to_index[form]
        import difflib

        alike = difflib.get_close_matches(word.lower(), self.vectors.index_to_key, n=3)
        remedy = f"did you mean {', '.join(alike)}?" if alike else "see vocabulary.txt in the run folder"
        raise InputError(f"the word {word!r} does not occur in this run", remedy=remedy)

    def similar(
        self, word: str, topn: int = 10, *, compare: bool = False, min_count: int = 1
    ) -> list[dict[str, Any]]:
        """Nearest words after, and before where ``compare`` is set, as rows of ``selfvec similar --json``."""
        index = self.index(word)
        tables = [("original", self.original), ("refined", self.vectors)]
        return [
            {
                "word": self.vectors.index_to_key[index],
                "state": state,
                "neighbours": self._neighbours(table, index, topn, min_count),
            }
            for state, table in (tables if compare else tables[1:])
        ]

    def _neighbours(self, table: Vectors, index: int, topn: int, min_count: int) -> list[list[Any]]:
        if not table.unit[index].any():
            return []
        counts = self.vectors.counts
        rare = (
            set(np.flatnonzero(counts < min_count).tolist())
            if counts is not None and min_count > 1
            else set()
        )
        nearest = table.most_similar(table.index_to_key[index], topn=topn + len(rare))
        kept = [[w, c] for w, c in nearest if table.key_to_index[w] not in rare]
        return kept[:topn]


def _required(path: Path) -> Path:
    if not path.is_file():
        raise FormatError("a run folder holds this file, it is missing", path=path, remedy=_AGAIN)
    return path


def _load_table(path: Path, words: list[str], provenance: dict[str, Any]) -> Vectors:
    tensors = map_tensors(_required(path))
    matrix = tensors.get("vectors")
    if matrix is None or matrix.ndim != 2 or len(matrix) != len(words):
        raise FormatError(
            f"the tensor 'vectors' has a row for each of the {len(words):,} words in vocabulary.txt",
            path=path,
            remedy=_AGAIN,
        )
    return Vectors(
        words,
        matrix,
        sources=tensors.get("sources"),
        counts=tensors.get("counts"),
        provenance=provenance,
        normalized=True,
    )


def _write_tokens(path: Path, batch: TokenBatch) -> None:
    tensors: dict[str, NDArray[Any]] = {"ids": batch.ids, "offsets": batch.offsets}
    if batch.dates is not None:
        tensors["days"] = batch.dates.astype("datetime64[D]").astype(np.int64)
    described = {"sentences": str(batch.sentences)}
    if batch.slices is not None:
        tensors["slices"] = batch.slices
        described["slices"] = json.dumps(list(batch.slice_names), ensure_ascii=False)
    if batch.fingerprints is not None:
        tensors["texts"] = batch.fingerprints
    if batch.spoken is not None:
        tensors["sentences"] = batch.spoken
    write_tensors(path, tensors, described)


def _read_tokens(path: Path, words: Sequence[str]) -> TokenBatch:
    tensors = map_tensors(path)
    kept = {name: tensors.get(name, np.zeros(0, np.float32)) for name in ("ids", "offsets")}
    days, slices, described = tensors.get("days"), tensors.get("slices"), read_metadata(path)
    texts, spoken = tensors.get("texts"), tensors.get("sentences")
    if kept["ids"].dtype != np.int32 or any(t.ndim != 1 for t in tensors.values()):
        raise FormatError("holds the one-dimensional tensors ids and offsets", path=path, remedy=_AGAIN)
    try:
        return TokenBatch(
            kept["ids"],
            kept["offsets"].astype(np.int64, copy=False),
            words,
            dates=None if days is None else days.astype(np.int64).astype("datetime64[D]"),
            sentences=int(described.get("sentences", 0)),
            slices=None if slices is None else slices.astype(np.int32, copy=False),
            slice_names=[str(name) for name in json.loads(described.get("slices", "[]"))],
            fingerprints=None if texts is None else texts.astype(np.uint64, copy=False),
            spoken=None if spoken is None else spoken.astype(np.int32, copy=False),
        )
    except (InputError, ValueError, TypeError) as error:
        raise FormatError(f"does not fit the run: {error}", path=path, remedy=_AGAIN) from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is not JSON: {error}", path=path, remedy=_AGAIN) from None
    if not isinstance(data, dict):
        raise FormatError("holds a JSON object", path=path, remedy=_AGAIN)
    return data


def _write_json(path: Path, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
