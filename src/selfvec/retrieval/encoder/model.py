"""`Encoder`: the vector of a text is the sum of its words' rows, at length 1.

A row is the contribution of a word in `selfvec.text.document_vectors`: the mean directions of the words of
its stem in the original, refined and topic vectors of a run, concatenated, in the axes along which the run's
texts vary most, times the inverse document frequency of the stem. Before it is weighted, the row learns from
the run's texts (`selfvec.retrieval.inverse_cloze`). Smoothing by similar texts needs other texts, so a row
cannot hold it.

A text may contain *storming* if the run has *storm*. So the encoder has the words of the run, and those of a
dictionary of the language that share a stem with them.

An encoder is in memory or in a folder. Threads can share it.

    encoder.json           how it was made
    vocabulary.txt         a word per line
    encoder.safetensors    "rows" (R, d) float32, "places" (V,) int32: the row of each word
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from itertools import compress, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Mask, Rows
from selfvec.base.characters import plain
from selfvec.base.checks import StrPath, check_path
from selfvec.base.compiled import read_only
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.installed import __version__
from selfvec.base.progress import GivenProgress, shown
from selfvec.base.threads import at_once, cut, finish, in_order, limited, one_core
from selfvec.data.field_types import coded
from selfvec.data.run import AnyRun, Run
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import read_description, write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.numerics.rows import unit_sums
from selfvec.numerics.whitening import principal_axes
from selfvec.retrieval.dense_space import run_tables, sample_documents
from selfvec.retrieval.inverse_cloze import learn
from selfvec.storage.cache import cached
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import is_run, open_run
from selfvec.text.document_vectors import bm25_weight, document_vectors, inverse_document_frequency
from selfvec.text.languages import lemma_code
from selfvec.text.phrases import parts, units_of
from selfvec.text.preprocessing import Preprocessing, mean_rows_by_stem
from selfvec.text.rules import Rulebook, stems
from selfvec.text.tokenizers import SPLITS, WORDS, tokenizer

from .word_lookup import WordLookup, apart, nearest_spellings, no_text, normal, readable

# Chosen on MED, Cranfield and CACM; docs/results/encoders.md compares other choices.
TABLES = ("refined", "topics")
DIMENSIONS = 256

NAME = "learned"  # in the cache

_ABOUT = "encoder.json"
_WORDS = "vocabulary.txt"
_TENSORS = "encoder.safetensors"
_FORMAT = 1
_BLOCK = 1 << 18  # characters read at a time
_READ = 50_000  # words of a dictionary read at a time
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
        progress: GivenProgress = None,
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
        progress : Progress or bool, optional

        Raises
        ------
        OptionError
            If a name is unknown, or the run has pieces of words.
        """
        run = as_run(run)

        def make() -> Encoder:
            return _made(run, tables, dimensions, learned, stop_words, seed)

        default = learned and not stop_words and (tuple(tables), dimensions, seed) == (TABLES, DIMENSIONS, 0)
        with shown(progress):
            if not default or run.tokens is None:
                return make()
            return cached(run, NAME, None, make, cls._write, cls.open)

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
            alone: Floats = self.encode([texts])[0]
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

        with limited(jobs):
            finish(in_order(cut(sizes + 1, _BLOCK), work))
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


# ---- Rows of words, of the vectors of a run


def _made(
    run: Run,
    tables: Sequence[str],
    dimensions: int | None,
    learned: bool,
    stop_words: bool,
    seed: int,
) -> Encoder:
    """See `Encoder.of`. The words of the run come first, most frequent first."""
    if dimensions is not None and dimensions < 1:
        raise OptionError(f"is at least 1, not {dimensions}", field="dimensions")
    preprocessing = _of_words(Preprocessing.of(run.provenance))
    if stop_words:
        preprocessing = replace(preprocessing, stop_words=None)
    groups = _StemGroups.of(run, preprocessing)
    chosen = _tables(run, tables)
    each = in_order([vectors.unit for vectors in chosen.values()], groups.means)
    wide = np.hstack(list(each))
    texts = groups.texts(run)
    weights = inverse_document_frequency(texts) if texts is not None else groups.estimated_weights(run)
    if texts is not None and dimensions is not None and dimensions < wide.shape[1]:
        with one_core():  # the axes are the same for any number of threads
            sample = document_vectors(sample_documents(texts, seed), wide, weights)
            wide = wide @ principal_axes(sample, dimensions)
    about: dict[str, Any] = {}

    def learn_rows() -> Rows:
        if not learned or texts is None:
            return wide
        rows, about["learned"] = learn(texts, wide, weights, seed=seed)
        return rows

    filled = np.any(wide != 0, axis=1)  # rows of zeros learn nothing
    find_words = partial(_spellings, groups.words, groups.index, filled, run, preprocessing)
    # The rows learn in compiled loops, the words are found in Python.
    rows, (words, places) = at_once(learn_rows, find_words)
    about["tables"] = list(chosen)
    return _of_rows(words, places, rows * weights[:, None], run, preprocessing, about)


def taught_encoder(
    run: Run,
    stems: Sequence[str],  # G
    rows: Rows,  # (G + O, h) weighted rows: of the stems, then of the others
    others: Sequence[str],  # O words; those whose stem is among the stems have its row, save stop words
) -> Encoder:
    """An encoder of the words of a run, with rows that a sentence encoder taught.

    >>> from selfvec import Refiner
    >>> run = Refiner(method="decorrelated").fit(["hail fell on the roofs"] * 20, "none").run_
    >>> encoder = taught_encoder(run, ["hail", "roof"], np.eye(4, dtype=np.float32), ["how", "toast"])
    >>> [encoder.words[encoder.places.tolist().index(row)] for row in range(4)]
    ['hail', 'roofs', 'how', 'toast']
    >>> "on" in encoder.words  # a stop word has a row only if it is among the others
    False
    """
    preprocessing = _of_words(Preprocessing.of(run.provenance))
    index = {name: i for i, name in enumerate(stems)}
    rows_of_others = {normal(word, preprocessing.language): i for i, word in enumerate(others, len(stems))}
    of_run = [word for unit in _units(run) for word in unit]
    filled = np.any(rows != 0, axis=1)
    words, places = _spellings([*of_run, *others], index, filled, run, preprocessing, rows_of_others)
    return _of_rows(words, places, rows, run, preprocessing, {})


def _of_words(preprocessing: Preprocessing) -> Preprocessing:
    """The preprocessing of a run, whose tokens are words; `OptionError` if they are pieces of words."""
    if preprocessing.tokenizer not in SPLITS:
        rule = "an encoder reads words, this run has the pieces of a tokenizer.json"
        raise OptionError(rule, field="tokenizer", remedy="refine with --tokenizer words")
    return preprocessing


def _of_rows(
    words: list[str],
    places: Ints,  # the row of each
    rows: Rows,  # of which some may be of no word
    run: Run,
    preprocessing: Preprocessing,
    about: Mapping[str, Any],
) -> Encoder:
    used, places = np.unique(places, return_inverse=True)
    of_text = {name: getattr(preprocessing, name) for name in ("lemmatize", "stop_words", "stem", "language")}
    of_run = {"documents": run.provenance.documents, "run_words": len(run.vectors)}
    rows = np.ascontiguousarray(rows[used], np.float32)
    split = preprocessing.tokenizer
    return Encoder(words, places.astype(np.int32), rows, split, {**about, **of_text, **of_run})


def _stem_names(words: Sequence[str], run: Run, preprocessing: Preprocessing) -> list[str | None]:
    """The stem of each word by the rules of a run; None for stop words."""
    rulebook = Rulebook(preprocessing.rules, tokenizer(preprocessing.tokenizer).casing)
    keys = rulebook.keys(words, np.ones(len(words), np.int64), run.vectors.key_to_index)
    names = _stems(keys.types, preprocessing.stem)
    return [names[place] if place >= 0 else None for place in keys.places.tolist()]


def _stems(words: Sequence[str], language: str | None) -> list[str]:
    return stems(words, language) if language else [normal(word) for word in words]


def _tables(run: Run, names: Sequence[str]) -> dict[str, Vectors]:
    """Vectors by name; only whitened vectors have topic vectors, which are whitened too."""
    method = METHODS.get(run.provenance.method or "")
    whitened = method is not None and method.whitens
    usable = [name for name in names if name != "topics" or whitened]
    return run_tables(run, usable if usable or not names else ("refined",)) or {"refined": run.vectors}


@dataclass(frozen=True)
class _StemGroups:
    """The words of a run by stem. A phrase of the run belongs to the groups of all its words."""

    words: list[str]  # distinct, most frequent first
    counts: Ints  # (K,) of each word or phrase of the run
    keys: Ints  # (M,) pairs of a word or phrase, in order, and its group
    groups: Ids  # (M,) stop words are in no group
    index: dict[str, int]  # groups by stem

    @classmethod
    def of(cls, run: Run, preprocessing: Preprocessing) -> _StemGroups:
        units = _units(run)
        words = [word for unit in units for word in unit]
        owners = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
        groups, names = coded(_stem_names(words, run, preprocessing))
        index = {name: i for i, name in enumerate(names)}
        counts = run.vectors.counts if run.vectors.counts is not None else np.ones(len(units), np.int64)
        counted = groups >= 0
        return cls(list(dict.fromkeys(words)), counts, owners[counted], groups[counted], index)

    def means(self, rows: Rows) -> Rows:
        """Mean directions of each group's words, weighted by counts, (K, d) -> (G, d) float32."""
        return mean_rows_by_stem(rows[self.keys], self.groups, self.counts[self.keys] + 1, len(self.index))

    def texts(self, run: Run) -> TokenBatch | None:
        """The run's texts as groups; None for a run without tokens."""
        if run.tokens is None:
            return None
        ends = np.cumsum(np.bincount(self.keys, minlength=len(self.counts)))
        words = TokenBatch(self.groups, np.concatenate(([0], ends)), list(self.index))
        tokens = words.part(run.tokens.ids)
        return TokenBatch(tokens.ids, tokens.offsets[run.tokens.offsets], tokens.types)

    def estimated_weights(self, run: Run) -> Rows:
        """Inverse document frequencies for a run without tokens, (G,) float32.

        Such a run has the occurrences c of a word, not the number of texts that contain it. If occurrences
        fall on D texts at random, that is D · (1 − exp(−c / D)).
        """
        counts = np.zeros(len(self.index))
        np.add.at(counts, self.groups, self.counts[self.keys])
        total = float(run.provenance.documents or max(1.0, counts.max(initial=1.0)))
        occurs = total * -np.expm1(-counts / total)
        return bm25_weight(total, occurs).astype(np.float32)


def _units(run: Run) -> list[list[str]]:
    """The words of each word or phrase of a run."""
    phrases = frozenset(units_of(run.provenance))
    return [parts(key) if key in phrases else [key] for key in run.vectors.index_to_key]


def _spellings(
    words: Sequence[str],
    index: Mapping[str, int],  # rows by stem
    filled: Mask,  # rows that are not zeros
    run: Run,
    preprocessing: Preprocessing,
    others: Mapping[str, int] = MappingProxyType({}),  # rows by spelling, of words without a known stem
) -> tuple[list[str], Ints]:
    """The words of the encoder, in their normal spelling, and the row of each."""
    split = preprocessing.tokenizer
    words = list(dict.fromkeys([*words, *_inflected(preprocessing, index)]))
    if split in WORDS:
        words = [plain(word) for word in words]
    whole = readable(words, split, preprocessing.language)
    words = [word for word, is_whole in zip(words, whole.tolist(), strict=True) if is_whole]
    row_of: dict[str, int] = {}
    for word, name in zip(words, _stem_names(words, run, preprocessing), strict=True):
        spelling = normal(word, preprocessing.language)
        row = index.get(name or "", others.get(spelling, -1))
        if row >= 0 and filled[row]:
            row_of.setdefault(spelling, row)
    return list(row_of), np.fromiter(row_of.values(), np.int64, len(row_of))


def _inflected(preprocessing: Preprocessing, index: Mapping[str, int]) -> Iterator[str]:
    """Words of the lemmatiser's dictionary, inflected ones included, that may have a known stem."""
    of_run = np.fromiter(map(hash, index), np.int64, len(index))
    for code in (preprocessing.lemmatize or preprocessing.stem or "").split(","):
        language = lemma_code(code)
        hashes = _stem_hashes(language, bool(preprocessing.lemmatize), preprocessing.stem)
        yield from compress(_dictionary(language), np.isin(hashes, of_run).tolist())


@lru_cache(maxsize=8)  # as many dictionaries as simplemma keeps
def _stem_hashes(language: str, lemmatize: bool, stem: str | None) -> Ints:
    """The hash of the stem of each word of a dictionary, (N,); kept, because stemming takes long.

    Hashes are enough to find the words that may have a stem, and are smaller than millions of stems.
    """
    dictionary = _dictionary(language)
    words = iter(dictionary)
    hashes = np.empty(len(dictionary), np.int64)
    for first in range(0, len(dictionary), _READ):
        some = list(islice(words, _READ))
        # A lemma is unpacked from bytes when it is read: only if it is asked for.
        names = _stems([dictionary[word] for word in some] if lemmatize else some, stem)
        hashes[first : first + len(some)] = np.fromiter(map(hash, names), np.int64, len(some))
    return hashes


def _dictionary(language: str) -> Mapping[str, str]:
    """Words of a language and their lemmas; empty if there is no dictionary."""
    from simplemma.strategies import DEFAULT_DICTIONARY_FACTORY
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    if language not in SUPPORTED_LANGUAGES:
        return {}
    dictionary: Mapping[str, str] = DEFAULT_DICTIONARY_FACTORY.get_dictionary(language)
    return dictionary
