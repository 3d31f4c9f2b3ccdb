"""`Encoder`: the vector of a text is the sum of its words' rows, at length 1.

An encoder is a table in memory or in a folder, which threads can share.

    encoder.json           how it was made
    vocabulary.txt         a word per line
    encoder.safetensors    "rows" (R, d) float32, "places" (V,) int32: the row of each word
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError, InputError
from selfvec.base.files import atomic_folder, read_vocabulary, write_vocabulary
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.run_folder import is_run, open_run

from .reading import SPLITS, Reader, no_text

__all__ = ["Encoder", "as_encoder"]

# Chosen on MED, Cranfield and CACM; docs/encoders.md compares other choices.
TABLES = ("refined", "topics")
DIMENSIONS = 256

_ABOUT, _WORDS, _TENSORS = "encoder.json", "vocabulary.txt", "encoder.safetensors"
_FORMAT = 1
_BLOCK = 1 << 18  # characters read at a time
_AGAIN = "make the encoder again"


@dataclass(frozen=True, eq=False)
class Encoder:
    """Turns texts into unit vectors.

    Parameters
    ----------
    words : sequence of V str
        Distinct, in their normal spelling (`selfvec.search.encoder.reading.normal`).
    places : (V,) int32
        The row of each word.
    rows : (R, d) float32
        May be a read-only memory map.
    split : {"words", "whitespace"}
        How texts are cut.
    about : dict
        How it was made.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> encoder = Encoder.of(selfvec.Refiner(method="decorrelated").fit(texts).run_)
    >>> vectors = encoder.encode(["Hail on roofs!", "the"])
    >>> vectors.shape == (2, encoder.dimensions), round(float(vectors[0] @ vectors[0]), 5)
    (True, 1.0)
    >>> bool(vectors[1].any())  # a stop word
    False
    """

    words: Sequence[str]
    places: NDArray[np.int32]
    rows: NDArray[np.float32]
    split: str = "words"
    about: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("places", "rows"):  # read-only, so that kernels see one kind of array
            view = np.ascontiguousarray(getattr(self, name)).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @classmethod
    def of(
        cls,
        run: Run,
        *,
        tables: Sequence[str] = TABLES,
        dimensions: int | None = DIMENSIONS,
        seed: int = 0,
    ) -> Encoder:
        """The encoder of a run.

        Parameters
        ----------
        run : Run
        tables : sequence of str
            Some of ``original``, ``refined`` and ``topics``; only decorrelated runs have topics.
        dimensions : int, optional
            d, at most. None, or a run without tokens, keeps all dimensions of the tables.
        seed : int
            Draws 20,000 of the run's texts to compute axes from, if there are more.

        Raises
        ------
        OptionError
            If a table is unknown, or the run is of pieces of words.
        """
        from .folding import fold

        return cls(*fold(run, tables, dimensions, seed))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._numbers

    @cached_property
    def _numbers(self) -> frozenset[str]:
        return frozenset(self.words)

    @property
    def dimensions(self) -> int:
        """d."""
        return int(self.rows.shape[1])

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.words, self.split)

    def encode(self, texts: Sequence[str] | str, *, jobs: int | None = None) -> NDArray[np.float32]:
        """Texts as vectors.

        Parameters
        ----------
        texts : sequence of n str, or a str
            A single text is a sequence of one.
        jobs : int, optional
            Threads, all cores by default. They do not change the result.

        Returns
        -------
        (n, d) float32
            At length 1; zeros for a text without known words.

        Raises
        ------
        InputError
            If something is not a text.
        """
        from selfvec.base.threads import cut, threads

        from . import kernels

        texts = [texts] if isinstance(texts, str) else list(texts)
        out = np.zeros((len(texts), self.dimensions), np.float32)
        try:
            sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        except TypeError:
            raise no_text(texts) from None

        def work(part: tuple[int, int]) -> None:
            ids, offsets = self._reader.read(texts[part[0] : part[1]])
            kernels.sums(ids, offsets, self.places, self.rows, out[part[0] : part[1]])

        parts = cut(sizes + 1, _BLOCK)
        if len(parts) < 2:
            for part in parts:
                work(part)
            return out
        with ThreadPoolExecutor(min(threads(jobs), len(parts))) as pool:
            list(pool.map(work, parts))
        return out

    def read(self, texts: Sequence[str]) -> TokenBatch:
        """The known words of texts, in order."""
        ids, offsets = self._reader.read(texts)
        known = ids >= 0
        ends = np.concatenate(([0], np.cumsum(known)))[offsets].astype(np.int64)
        return TokenBatch(ids[known], ends, self.words)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder, whole or not at all.

        Raises
        ------
        TargetError
            If it exists already, or cannot be written.
        """
        from selfvec.base.provenance import __version__

        head = {
            "format": _FORMAT,
            "selfvec": __version__,
            "tokenizer": self.split,
            "words": len(self),
            "dimensions": self.dimensions,
        }
        with atomic_folder(path, overwrite=overwrite) as folder:
            write_tensors(folder / _TENSORS, {"rows": self.rows, "places": self.places})
            write_vocabulary(folder / _WORDS, self.words)
            text = json.dumps(head | {"about": self.about}, ensure_ascii=False, indent=1)
            (folder / _ABOUT).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Encoder:
        """Open a folder that `save` wrote; rows are memory-mapped.

        Raises
        ------
        InputError
            If it is not such a folder. `FormatError` if a file in it is damaged.
        """
        folder = Path(path)
        if not (folder / _ABOUT).is_file():
            raise InputError(
                "is not the folder of an encoder",
                path=folder,
                remedy="make one with: selfvec export RUN --to encoder",
            )
        head = _read_head(folder / _ABOUT)
        for name in (_WORDS, _TENSORS):
            if not (folder / name).is_file():
                raise FormatError("belongs to an encoder and is missing", path=folder / name, remedy=_AGAIN)
        words, tensors = read_vocabulary(folder / _WORDS), map_tensors(folder / _TENSORS)
        rows, places = tensors.get("rows"), tensors.get("places")
        fits = (
            rows is not None
            and places is not None
            and rows.ndim == 2
            and rows.dtype == np.float32
            and places.shape == (len(words),)
            and places.dtype == np.int32
            and (not len(places) or 0 <= places.min() <= places.max() < len(rows))
            and len(set(words)) == len(words)
        )
        if not fits:
            rule = f"gives each of the {len(words):,} distinct words of {_WORDS} a row"
            raise FormatError(rule, path=folder / _TENSORS, remedy=_AGAIN)
        assert rows is not None
        assert places is not None
        return cls(words, places, rows, str(head["tokenizer"]), dict(head.get("about") or {}))


def _read_head(path: Path) -> dict[str, Any]:
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is not JSON: {error}", path=path, remedy=_AGAIN) from None
    if not isinstance(head, dict) or head.get("tokenizer") not in SPLITS:
        raise FormatError(f"names a tokeniser, one of {', '.join(SPLITS)}", path=path, remedy=_AGAIN)
    if head.get("format") != _FORMAT or not isinstance(head.get("about"), dict | None):
        rule = f"is of format {head.get('format')!r}, this version of Selfvec reads format {_FORMAT}"
        raise FormatError(rule, path=path, remedy=_AGAIN)
    return head


def as_encoder(given: Encoder | Run | str | os.PathLike[str]) -> Encoder:
    """An encoder from an encoder, a run, or the folder of either."""
    if isinstance(given, Encoder):
        return given
    if isinstance(given, Run):
        return Encoder.of(given)
    return Encoder.of(open_run(given)) if is_run(given) else Encoder.open(given)
