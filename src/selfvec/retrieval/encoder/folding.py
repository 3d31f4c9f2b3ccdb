"""`fold`: the vectors of a run as one row per word, so that the vector of a text is the sum of its rows.

A row is the contribution of a word in `selfvec.text.document_vectors`: the mean directions of the words of
its stem in the original, refined and topic vectors, concatenated, in the axes along which the run's texts
vary most, times the inverse document frequency of the stem. Before it is weighted, the row learns from the
run's texts (`selfvec.retrieval.inverse_cloze`). Smoothing by similar texts needs other texts and cannot be
folded.

A text may contain *storming* if the run has *storm*. So the encoder has the words of the run, and those of a
dictionary of the language that share a stem with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import compress, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Ids, Ints, Mask, Rows
from selfvec.base.characters import plain
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import at_once, in_order, one_core, threads
from selfvec.data.run import Run
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.whitening import principal_axes
from selfvec.retrieval.dense_space import run_tables, sample_documents
from selfvec.retrieval.inverse_cloze import learn
from selfvec.text.document_vectors import bm25_weight, document_vectors, inverse_document_frequency
from selfvec.text.languages import lemma_code
from selfvec.text.phrases import parts, units_of
from selfvec.text.preprocessing import Preprocessing, mean_rows_by_stem
from selfvec.text.rules import Rulebook, stems
from selfvec.text.tokenizers import tokenizer

from .word_lookup import SPLITS, normal, readable

if TYPE_CHECKING:
    from selfvec.data.vectors import Vectors

_BLOCK = 50_000  # words of a dictionary read at a time


def fold(
    run: Run,
    tables: Sequence[str],
    dimensions: int | None,
    *,
    learned: bool,
    stop_words: bool,
    seed: int,
    progress: Progress,
) -> tuple[list[str], Ids, Rows, str, dict[str, Any]]:
    """The fields of an `Encoder`; see `Encoder.of`. The words of the run come first, most frequent first."""
    if dimensions is not None and dimensions < 1:
        raise OptionError(f"is at least 1, not {dimensions}", field="dimensions")
    preprocessing = _of_words(Preprocessing.of(run.provenance))
    if stop_words:
        preprocessing = replace(preprocessing, stop_words=None)
    groups = _StemGroups.of(run, preprocessing)
    chosen = _tables(run, tables)
    each = in_order([vectors.unit for vectors in chosen.values()], groups.means, threads(None))
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
        rows, about["learned"] = learn(texts, wide, weights, seed=seed, progress=progress)
        return rows

    filled = np.any(wide != 0, axis=1)  # rows of zeros learn nothing
    find_words = partial(_spellings, groups.words, groups.index, filled, run, preprocessing)
    # The rows learn in compiled loops, the words are found in Python.
    rows, (words, places) = at_once(learn_rows, find_words)
    about |= {"tables": list(chosen), **_about(run, preprocessing)}
    return words, *_used(places, rows * weights[:, None]), preprocessing.tokenizer, about


def fold_rows(
    run: Run,
    stems: Sequence[str],  # G
    rows: Rows,  # (G + O, h) weighted rows: of the stems, then of the others
    others: Sequence[str] = (),  # O words; those whose stem is among the stems have its row, save stop words
) -> tuple[list[str], Ids, Rows, str, dict[str, Any]]:
    """The fields of an `Encoder` with given rows, such as those that a sentence encoder taught.

    >>> from selfvec import Refiner
    >>> run = Refiner(method="decorrelated").fit(["hail fell on the roofs"] * 20, "none").run_
    >>> words, places, *_ = fold_rows(run, ["hail", "roof"], np.eye(4, dtype=np.float32), ["how", "toast"])
    >>> [words[places.tolist().index(row)] for row in range(4)]
    ['hail', 'roofs', 'how', 'toast']
    >>> "on" in words  # a stop word has a row only if it is among the others
    False
    """
    preprocessing = _of_words(Preprocessing.of(run.provenance))
    index = {name: i for i, name in enumerate(stems)}
    own = {normal(word, preprocessing.language): len(stems) + i for i, word in enumerate(others)}
    of_run = [word for unit in _units(run) for word in unit]
    filled = np.any(rows != 0, axis=1)
    words, places = _spellings([*of_run, *others], index, filled, run, preprocessing, own)
    return words, *_used(places, rows), preprocessing.tokenizer, _about(run, preprocessing)


def _of_words(preprocessing: Preprocessing) -> Preprocessing:
    """The same; `OptionError` for the preprocessing of a run of pieces."""
    if preprocessing.tokenizer not in SPLITS:
        rule = "an encoder reads words, this run has the pieces of a tokenizer.json"
        raise OptionError(rule, field="tokenizer", remedy="refine with --tokenizer words")
    return preprocessing


def _used(places: Ints, rows: Rows) -> tuple[Ids, Rows]:
    """Rows that words have, and which each word has."""
    used, places = np.unique(places, return_inverse=True)
    return places.astype(np.int32), np.ascontiguousarray(rows[used], np.float32)


def _about(run: Run, preprocessing: Preprocessing) -> dict[str, Any]:
    return {
        **{name: getattr(preprocessing, name) for name in ("lemmatize", "stop_words", "stem", "language")},
        "documents": run.provenance.documents,
        "run_words": len(run.vectors),
    }


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
    groups: Ints  # (M,) stop words are in no group
    index: dict[str, int]  # groups by stem

    @classmethod
    def of(cls, run: Run, preprocessing: Preprocessing) -> _StemGroups:
        units = _units(run)
        words = [word for unit in units for word in unit]
        owners = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
        names = _stem_names(words, run, preprocessing)
        index = {name: i for i, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
        groups = np.array([-1 if name is None else index[name] for name in names], np.int64)
        counts = run.vectors.counts if run.vectors.counts is not None else np.ones(len(units), np.int64)
        kept = groups >= 0
        return cls(list(dict.fromkeys(words)), counts, owners[kept], groups[kept], index)

    def means(self, rows: Rows) -> Rows:
        """Mean directions of each group's words, weighted by counts, (K, d) -> (G, d) float32."""
        return mean_rows_by_stem(rows[self.keys], self.groups, self.counts[self.keys] + 1, len(self.index))

    def texts(self, run: Run) -> TokenBatch | None:
        """The run's texts as groups; None for a run without tokens."""
        if run.tokens is None:
            return None
        ends = np.cumsum(np.bincount(self.keys, minlength=len(self.counts)))
        words = TokenBatch(self.groups.astype(np.int32), np.concatenate(([0], ends)), list(self.index))
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
    if split == "words":
        words = [plain(word) for word in words]
    whole = readable(words, split, preprocessing.language)
    words = [word for word, is_whole in zip(words, whole.tolist(), strict=True) if is_whole]
    row_of: dict[str, int] = {}
    for word, name in zip(words, _stem_names(words, run, preprocessing), strict=True):
        spelling = normal(word, preprocessing.language)
        row = index.get(name, -1) if name is not None else -1
        row = others.get(spelling, -1) if row < 0 else row
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
    for first in range(0, len(dictionary), _BLOCK):
        some = list(islice(words, _BLOCK))
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
