"""`Encoder`: the vector of a text is the sum of its words' rows, at length 1.

An encoder is in memory or in a folder. Threads can share it.

    encoder.json           how it was made
    vocabulary.txt         a word per line
    encoder.safetensors    "rows" (R, d) float32, "places" (V,) int32: the row of each word
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ids, Rows
from selfvec.base.checks import StrPath, check_path
from selfvec.base.compiled import read_only
from selfvec.base.errors import FormatError, InputError
from selfvec.base.installed import __version__
from selfvec.base.progress import Progress
from selfvec.base.threads import cut, finish, in_order, threads
from selfvec.data.run import AnyRun
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import read_description, write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.numerics.rows import unit_sums
from selfvec.storage.cache import cached
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import is_run, open_run

from .folding import fold
from .word_lookup import WordLookup, apart, nearest_spellings, no_text

# Chosen on MED, Cranfield and CACM; docs/results/encoders.md compares other choices.
TABLES = ("refined", "topics")
DIMENSIONS = 256

NAME = "learned"  # in the cache

_ABOUT = "encoder.json"
_WORDS = "vocabulary.txt"
_TENSORS = "encoder.safetensors"
_FORMAT = 1
_BLOCK = 1 << 18  # characters read at a time
_AGAIN = "make the encoder again"
_FORMS: Forms = {"rows": Tensor("f4", ("R", "d")), "places": Tensor("i4", ("V",), 0, "R")}


@dataclass(frozen=True, eq=False, repr=False)
class Encoder:
    """Turns texts into unit vectors.

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

    words: Sequence[str]  # V; distinct, in their normal spelling
    places: Ids  # (V,) the row of each word
    rows: Rows  # (R, d) may be a read-only memory map
    split: str = "words"  # how texts are cut: words or whitespace
    about: dict[str, Any] = field(default_factory=dict, repr=False)  # how it was made

    def __post_init__(self) -> None:
        for name in ("places", "rows"):  # read-only, so that kernels see one kind of array
            object.__setattr__(self, name, read_only(np.ascontiguousarray(getattr(self, name))))

    @classmethod
    def of(
        cls,
        run: GivenRun,
        *,
        tables: Sequence[str] = TABLES,
        dimensions: int | None = DIMENSIONS,
        learned: bool = True,
        stop_words: bool = False,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Encoder:
        """The encoder of a run. The default one learns once: it is kept in the run's cache.

        Parameters
        ----------
        run : Run or path
        tables : sequence of str
            Some of ``original``, ``refined`` and ``topics``; only decorrelated runs have topics.
        dimensions : int, optional
            d, at most. None, or a run without tokens, keeps all dimensions of the vectors.
        learned : bool
            Whether the rows learn from the run's texts, if held-out spans of these are then found better.
            ``about["learned"]`` has the figures. A run without tokens has nothing to learn from.
        stop_words : bool
            Whether stop words count, too, by their inverse document frequency like all words: to tell
            questions and short texts apart, not to search.
        seed : int
            Draws 20,000 of the run's texts to compute axes from, if there are more, and what is learned from.
        progress : Progress, optional

        Raises
        ------
        OptionError
            If a name is unknown, or the run has pieces of words.
        """
        run = as_run(run)
        progress = progress or Progress()

        def make() -> Encoder:
            how: dict[str, Any] = {"learned": learned, "stop_words": stop_words}
            return cls(*fold(run, tables, dimensions, **how, seed=seed, progress=progress))

        default = learned and not stop_words and (tuple(tables), dimensions, seed) == (TABLES, DIMENSIONS, 0)
        if not default or run.tokens is None:
            return make()
        return cached(run, NAME, None, make, cls._write, cls.open, progress)

    def __repr__(self) -> str:
        return f"<Encoder: {len(self):,} words × {self.dimensions} dimensions>"

    def __len__(self) -> int:
        return len(self.words)

    @property
    def dimensions(self) -> int:
        """d."""
        return int(self.rows.shape[1])

    @property
    def language(self) -> str | None:
        """Code of the language of the texts, if known."""
        named = self.about.get("language")
        return str(named) if named else None

    @cached_property
    def digest(self) -> str:
        """32 hexadecimal digits that are equal only for encoders that give the same vectors."""
        digest = hashlib.sha256(f"{self.split}\n{self.language}\n{self.rows.shape}\n".encode())
        for part in (self.rows.data, self.places.data, "\n".join(self.words).encode()):
            digest.update(part)
        return digest.hexdigest()[:32]

    @cached_property
    def _lookup(self) -> WordLookup:
        return WordLookup(self.words, self.split, self.language)

    def encode(self, texts: Sequence[str] | str, *, jobs: int | None = None) -> Floats:
        """Texts as vectors.

        Parameters
        ----------
        texts : sequence of n str, or a str
        jobs : int, optional
            Threads, all cores by default. They do not change the result.

        Returns
        -------
        (n, d) float32
            At length 1; zeros for a text without known words (see `encode_query` and `encode_document`). (d,)
            for a single str, as in other libraries.

        Raises
        ------
        InputError
            If an item is not a text.
        """
        if isinstance(texts, str):
            alone: Floats = self.encode([texts], jobs=jobs)[0]
            return alone
        if hasattr(texts, "columns"):  # whose names would be the texts
            rule = "texts are a sequence of str, this is a data frame"
            raise InputError(rule, remedy="give one of its columns")
        texts = list(texts)
        out = np.zeros((len(texts), self.dimensions), np.float32)
        try:
            sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        except TypeError:
            raise no_text(texts) from None

        def work(part: tuple[int, int]) -> None:
            some = slice(*part)
            ids, offsets = self._lookup.find(texts[some])
            unit_sums(ids, offsets, self.places, self.rows, out[some])

        finish(in_order(cut(sizes + 1, _BLOCK), work, threads(jobs)))
        return out

    def encode_document(self, texts: Sequence[str] | str) -> Floats:
        """`encode` for stores that cannot work with zeros: all rows have length 1.

        A text without known words gets a constant direction that is dissimilar to all texts and questions, so
        it is ranked last.
        """
        return _filled(self.encode(texts), -self._apart)

    def encode_query(self, texts: Sequence[str] | str) -> Floats:
        """`encode` for questions to such stores: all rows have length 1.

        A question without known words is replaced by the known words with the most similar spelling. If there
        are none, it gets a constant direction that is dissimilar to all texts. The first such question warns.
        """
        if isinstance(texts, str):
            return np.asarray(self.encode_query([texts])[0])
        vectors = self.encode(texts)
        for number in np.flatnonzero(~vectors.any(axis=1)).tolist():
            words = nearest_spellings(texts[number], self.words, self.language, self.about.get("stop_words"))
            vectors[number] = self.encode(" ".join(words))
            if "_warned" not in self.__dict__:
                self.__dict__["_warned"] = True
                instead = f"{' '.join(words)!r} is asked instead" if words else "nothing is like it"
                rule = f"no word of the question {texts[number][:60]!r} is known: {instead}"
                warnings.warn(f"{rule}; later questions of this kind do not warn", stacklevel=2)
        return _filled(vectors, self._apart)

    @cached_property
    def _apart(self) -> Floats:
        return apart(self.rows)

    def save(self, path: StrPath, *, overwrite: bool = False) -> None:
        """Write a folder, whole or not at all.

        Raises
        ------
        TargetError
            If it exists already, or cannot be written.
        """
        with atomic_folder(path, overwrite=overwrite) as folder:
            self._write(folder)

    def _write(self, folder: Path) -> None:
        head = {"format": _FORMAT, "selfvec": __version__, "tokenizer": self.split}
        head |= {"words": len(self), "dimensions": self.dimensions, "about": self.about}
        write_tensors(folder / _TENSORS, {"rows": self.rows, "places": self.places})
        write_vocabulary(folder / _WORDS, self.words)
        write_sealed(folder / _ABOUT, head)

    @classmethod
    def open(cls, path: StrPath) -> Encoder:
        """Open a folder that `save` wrote; rows are memory-mapped.

        Raises
        ------
        InputError
            If it is not such a folder. `FormatError` if a file in it is damaged.
        """
        check_path("path", path)
        folder = Path(path)
        if not (folder / _ABOUT).is_file():
            remedy = "make one with: selfvec export RUN --to encoder"
            raise InputError("is not the folder of an encoder", path=folder, remedy=remedy)
        head = read_description(folder / _ABOUT, _AGAIN)
        if head.get("format") != _FORMAT:
            rule = f"is an encoder of format {head.get('format')}, this Selfvec reads format {_FORMAT}"
            raise FormatError(rule, path=folder / _ABOUT, remedy=_AGAIN)
        words = read_vocabulary(folder / _WORDS)
        tensors = read_tensors(folder / _TENSORS, _FORMS, _AGAIN, V=len(words))
        if len(words) != len(set(words)):
            raise FormatError("holds each word once", path=folder / _WORDS, remedy=_AGAIN)
        return cls(
            words, tensors["places"], tensors["rows"], str(head["tokenizer"]), dict(head.get("about") or {})
        )


def _filled(rows: Floats, direction: Floats) -> Floats:
    """Rows with a direction in the place of zeros."""
    rows[~rows.any(axis=-1)] = direction
    return rows


def as_encoder(given: Encoder | AnyRun | StrPath) -> Encoder:
    """An encoder from an encoder, a run, or the folder of either."""
    if isinstance(given, Encoder):
        return given
    if isinstance(given, AnyRun):
        return Encoder.of(given)
    return Encoder.of(open_run(given)) if is_run(given) else Encoder.open(given)
