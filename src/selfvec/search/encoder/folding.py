"""Everything a run knows of meaning, folded into one table: word -> row.

A text's vector is the sum of its words' rows. A row is what `selfvec.text.document_vectors` would give a
word,
done beforehand: the mean direction of the words of its stem in each of the run's tables, side by side, times
the inverse document frequency of the stem, turned to the axes in which the run's own texts vary most, of
which the first are kept. What needs other texts beside it (smoothing by similar texts) cannot be folded.

A text may say *storming* where the run says *storm*. So the words are those of the run and, of a word list of
the language, those that become one of the run's words or share its stem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.principal_axes import principal_axes
from selfvec.search.dense_space import run_tables
from selfvec.text.document_vectors import bm25_weight, document_vectors, inverse_document_frequency
from selfvec.text.phrases import parts, units_of
from selfvec.text.preprocessing import Preprocessing, mean_rows_by_stem
from selfvec.text.rules import Rulebook, Rules
from selfvec.text.stems import stems
from selfvec.text.tokenizers import plain, tokenizer

from .reading import SPLITS, normal, readable

if TYPE_CHECKING:
    from selfvec.data.vectors import Vectors

__all__ = ["Folded", "fold"]

_SAMPLE = 20_000  # texts that tell the axes
_BLOCK = 50_000  # words of a dictionary looked at in one go

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Folded:
    """What an encoder is made of.

    Parameters
    ----------
    words : list of V str
        As texts spell them, the run's first, most frequent first.
    places : (V,) int32
        The row of each word: words of one stem share it.
    rows : (R, d) float32
    split : {"words", "whitespace"}
        How texts are cut.
    about : dict
        How it was made, JSON-serialisable.
    """

    words: list[str]
    places: NDArray[np.int32]
    rows: Rows
    split: str
    about: dict[str, Any]


def fold(run: Run, tables: Sequence[str], dimensions: int | None, seed: int) -> Folded:
    """Fold a run; see `selfvec.search.encoder.Encoder.of`.

    Raises
    ------
    OptionError
        If there is no such table, or the run is of pieces of words.
    """
    if dimensions is not None and dimensions < 1:
        raise OptionError(f"is at least 1, not {dimensions}", field="dimensions")
    preprocessing = Preprocessing.of(run.provenance)
    if preprocessing.tokenizer not in SPLITS:
        raise OptionError(
            "an encoder reads words, this run is of the pieces of a tokenizer.json",
            field="tokenizer",
            remedy="refine with --tokenizer words",
        )
    reads = _Rules(preprocessing, run)
    grouped = _Grouped.of(run, reads)
    chosen = _tables(run, tables)
    wide = np.hstack([grouped.means(table.unit) for table in chosen.values()])
    texts = grouped.texts(run)
    weights = inverse_document_frequency(texts) if texts is not None else grouped.rarity(run)
    if texts is not None and dimensions is not None and dimensions < wide.shape[1]:
        with one_core():  # the axes, too, are the same for any number of threads
            wide = wide @ principal_axes(_sample(texts, wide, weights, seed))[:, :dimensions]
    rows = wide * weights[:, None]
    words, places = _spellings(grouped, reads, np.any(rows != 0, axis=1))
    used, places = np.unique(places, return_inverse=True)
    about = {
        "tables": list(chosen),
        **{name: getattr(preprocessing, name) for name in ("lemmatize", "stop_words", "stem")},
        "documents": run.provenance.get("documents"),
        "run_words": len(run.vectors),
    }
    rows = np.ascontiguousarray(rows[used], np.float32)
    return Folded(words, places.astype(np.int32), rows, preprocessing.tokenizer, about)


class _Rules:
    """From a word to the name of its stem, by the rules of a run; None for stop words."""

    def __init__(self, preprocessing: Preprocessing, run: Run) -> None:
        self.preprocessing, self.known = preprocessing, run.vectors.key_to_index
        rules = Rules(lemmatize=preprocessing.lemmatize, stop_words=preprocessing.stop_words)
        self.rulebook = Rulebook(rules, tokenizer(preprocessing.tokenizer).casing)

    def names(self, words: Sequence[str]) -> list[str | None]:
        keys = self.rulebook.keys(words, np.ones(len(words), np.int64), self.known)
        named = _stems(keys.types, self.preprocessing.stem)
        return [named[place] if place >= 0 else None for place in keys.places.tolist()]


def _stems(words: Sequence[str], language: str | None) -> list[str]:
    return stems(words, language) if language else [normal(word) for word in words]


def _tables(run: Run, names: Sequence[str]) -> dict[str, Vectors]:
    """Tables by name; topic vectors of decorrelated runs only."""
    decorrelated = run.provenance.get("method") == "decorrelated"
    usable = [name for name in names if name != "topics" or decorrelated]
    return run_tables(run, usable if usable or not names else ("refined",)) or {"refined": run.vectors}


@dataclass(frozen=True)
class _Grouped:
    """The words of a run by stem. A phrase that is a word of the run stands for each of its words.

    Parameters
    ----------
    words : list of str
        Distinct, most frequent first.
    counts : (K,) int64
        How often each key of the run occurs.
    keys, groups : (M,) int64
        Key and group of every pair of these, in order of keys; stop words are in none.
    index : dict of str to int
        Groups by name.
    """

    words: list[str]
    counts: NDArray[np.int64]
    keys: NDArray[np.int64]
    groups: NDArray[np.int64]
    index: dict[str, int]

    @classmethod
    def of(cls, run: Run, reads: _Rules) -> _Grouped:
        keys, phrases = run.vectors.index_to_key, frozenset(units_of(run.provenance))
        units = [parts(key) if key in phrases else [key] for key in keys]
        words = [word for unit in units for word in unit]
        owners = np.repeat(np.arange(len(keys)), [len(unit) for unit in units])
        names = reads.names(words)
        index = {name: i for i, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
        groups = np.array([-1 if name is None else index[name] for name in names], np.int64)
        counts = run.vectors.counts if run.vectors.counts is not None else np.ones(len(keys), np.int64)
        kept = groups >= 0
        return cls(list(dict.fromkeys(words)), counts, owners[kept], groups[kept], index)

    def means(self, rows: Rows) -> Rows:
        """Mean directions of each group's words, by their counts, (K, d) -> (G, d) float32, unit or zero."""
        return mean_rows_by_stem(rows[self.keys], self.groups, self.counts[self.keys] + 1, len(self.index))

    def texts(self, run: Run) -> TokenBatch | None:
        """The run's texts as groups; None where it forgot its tokens."""
        if run.tokens is None:
            return None
        each = np.bincount(self.keys, minlength=len(self.counts))  # groups of a key, from ``first`` on
        first = np.cumsum(each) - each
        lengths = each[run.tokens.ids]
        ends = np.concatenate(([0], np.cumsum(lengths)))
        places = np.arange(ends[-1]) + np.repeat(first[run.tokens.ids] - ends[:-1], lengths)
        ids = self.groups[places].astype(np.int32)
        return TokenBatch(ids, ends[run.tokens.offsets].astype(np.int64), list(self.index))

    def rarity(self, run: Run) -> Rows:
        """Inverse document frequencies of a run that forgot its tokens, (G,) float32.

        It knows how often a word occurs, not in how many of D texts: in as many as if c occurrences fell on
        texts at random, D · (1 − exp(−c / D)).
        """
        counts = np.zeros(len(self.index))
        np.add.at(counts, self.groups, self.counts[self.keys])
        total = float(run.provenance.get("documents") or max(1.0, counts.max(initial=1.0)))
        occurs = total * -np.expm1(-counts / total)
        return bm25_weight(total, occurs).astype(np.float32)


def _sample(batch: TokenBatch, rows: Rows, weights: Rows, seed: int) -> Rows:
    """The texts' own vectors, of a part of them where there are many, (D, d) float32."""
    if batch.documents > _SAMPLE:
        chosen = np.zeros(batch.documents, bool)
        chosen[np.random.default_rng(seed).choice(batch.documents, _SAMPLE, replace=False)] = True
        batch = batch.part(chosen)
    return document_vectors(batch, rows, weights)


def _spellings(
    grouped: _Grouped, reads: _Rules, filled: NDArray[np.bool_]
) -> tuple[list[str], NDArray[np.int64]]:
    """The words that texts may say, in their normal spelling, and the group of each."""
    split = reads.preprocessing.tokenizer
    words = list(dict.fromkeys([*grouped.words, *_listed(reads.preprocessing, grouped.index)]))
    if split == "words":
        words = [plain(word) for word in words]
    words = [word for word, whole in zip(words, readable(words, split).tolist(), strict=True) if whole]
    found: dict[str, int] = {}
    for word, name in zip(words, reads.names(words), strict=True):
        group = -1 if name is None else grouped.index.get(name, -1)
        if group >= 0 and filled[group]:
            found.setdefault(normal(word), group)
    return list(found), np.fromiter(found.values(), np.int64, len(found))


def _listed(preprocessing: Preprocessing, index: Mapping[str, int]) -> Iterator[str]:
    """Words of the lemmatiser's dictionary, inflected ones too, that may be of a known stem."""
    for language in (preprocessing.lemmatize or preprocessing.stem or "").split(","):
        entries = iter(_dictionary(language).items())
        while some := dict(islice(entries, _BLOCK)):  # some languages list millions
            named = _stems(list(some.values() if preprocessing.lemmatize else some), preprocessing.stem)
            yield from (word for word, name in zip(some, named, strict=True) if name in index)


def _dictionary(language: str) -> Mapping[str, str]:
    """Words of a language and their lemmas; none where there is no dictionary."""
    from simplemma import strategies
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    if language not in SUPPORTED_LANGUAGES:
        return {}
    # From version 2 on there is one for the process, which the lemmatiser reads too.
    shared = getattr(strategies, "DEFAULT_DICTIONARY_FACTORY", None)
    factory: Any = strategies.DefaultDictionaryFactory() if shared is None else shared
    dictionary: Mapping[str, str] = factory.get_dictionary(language)
    return dictionary
