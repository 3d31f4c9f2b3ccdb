"""Where in a text a query occurs: what all counts of words and the concordance ask; see `query_language`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from selfvec.analysis.counted_text import AskedText, CountedText
from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import plain, without_accents
from selfvec.base.compiled import kernel
from selfvec.base.errors import InputError, NotFound
from selfvec.base.threads import cut, stop_if_cancelled
from selfvec.data.run import Run
from selfvec.storage.cache import cached_result
from selfvec.text.languages import lemmatizer, without_elision
from selfvec.text.phrases import parts, row_of, units_of
from selfvec.text.tagger import tagger
from selfvec.text.tokenizers import SPLITS, find_words

from .query_language import ANY, Automaton, Condition, Reading, Word, matching, parsed

_BLOCK = 1 << 17  # words that are searched at once
_FAR = np.int32(2**31 - 1)


class Hits(NamedTuple):
    """Where something occurs: words from ``starts``, which rise, to before ``ends``, (n,) each."""

    starts: Ints
    ends: Ints

    def chosen(self, which: Mask | Ints) -> Hits:
        return Hits(self.starts[which], self.ends[which])


@dataclass(frozen=True, eq=False)
class CorpusQuery:
    """A query over the written words of a text."""

    within_sentences: bool
    automaton: tuple[Ids, Mask, Mask, Mask, Ids, Ids]  # as `_write_ends` takes it, from leaves to follows

    @classmethod
    def of(
        cls,
        run: Run,
        text: CountedText,
        query: str,
        tokenizer: str,
        *,
        case: bool = False,
        lemma: bool = False,
    ) -> CorpusQuery:
        """The query over a text that a tokeniser has cut; `OptionError` if it is not in the language."""
        language = run.provenance.language

        def words(phrase: str) -> list[str]:
            if tokenizer not in SPLITS:  # a piece of a tokenizer.json is typed as it is
                return [phrase]
            found = find_words([phrase], tokenizer, language)
            return [found.names[i] for i in found.ids.tolist()]

        joints = {"whitespace": " ", "words": " -", "wordpunct": " -"}.get(tokenizer, "")
        written = " ".join(parts(query)) if query in units_of(run.provenance) else query
        node, within = parsed(written, Reading(words, case, lemma, joints))
        automaton = Automaton.of(node)
        vocabulary = _Vocabulary(run, text, tokenizer)
        columns = {word: number for number, word in enumerate(dict.fromkeys(automaton.words))}
        follows = [sorted(after) for after in automaton.follows]
        numbers = range(len(follows))
        made = (
            np.array([columns[word] for word in automaton.words], np.int32),
            np.stack([vocabulary.fitting(word) for word in columns], axis=1),
            np.array([leaf in automaton.first for leaf in numbers]),
            np.array([leaf in automaton.last for leaf in numbers]),
            np.cumsum([0, *map(len, follows)], dtype=np.int32),
            np.array([leaf for after in follows for leaf in after], np.int32),
        )
        return cls(within, made)

    def written_hits(self, text: CountedText) -> Hits:
        """Where it occurs among the written words: at each beginning the shortest sequence that fits."""
        assert text.written is not None
        bounds = text.written.offsets
        if self.within_sentences:
            if text.sentences is None:
                rule = "the sentences of the text are not known"
                raise InputError(rule, field="query", remedy="leave within s out")
            bounds = text.sentences if text.widths is None else _ends(text.widths)[text.sentences]
        ids, _ = text.written.read_only
        starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for first, last in cut(np.diff(bounds), _BLOCK):
            stop_if_cancelled()
            begin = bounds[first]
            out = np.full(bounds[last] - begin, _FAR)
            _write_ends(ids[begin : bounds[last]], bounds[first : last + 1] - begin, *self.automaton, out)
            hits = np.flatnonzero(out < _FAR)
            starts.append(begin + hits)
            ends.append(begin + out[hits])
        return Hits(np.concatenate(starts), np.concatenate(ends))

    def hits(self, text: CountedText) -> Hits:
        """The same among the words as they are counted, where a phrase of the run is one word."""
        written = self.written_hits(text)
        if text.widths is None:
            return written
        begins = _ends(text.widths)
        last = np.searchsorted(begins, written.ends - 1, "right")
        return Hits(np.searchsorted(begins, written.starts, "right") - 1, last)


def asked_query(asked: AskedText, query: str) -> tuple[CorpusQuery, Hits]:
    """A query over the documents that are asked for, and where it occurs in them.

    `NotFound`, for a word with words spelt like it, if it does not occur.
    """
    run = asked.run
    made = CorpusQuery.of(run, asked.text, query, str(run.provenance.options.get("tokenizer") or "words"))
    hits = made.hits(asked.text)
    if not len(hits.starts):
        if re.fullmatch(r"[\w' -]+", query):
            row_of(run, query)  # an error with words spelt like it
        raise NotFound(f"{query!r} does not occur in these documents", remedy="choose others, or all")
    return made, hits


def name_of(text: CountedText, query: str, hits: Hits) -> str:
    """What a query asks for: the word that all its occurrences are counted as, or the query."""
    if (hits.ends - hits.starts).max() > 1:
        return query
    first, *others = np.unique(text.batch.ids[hits.starts]).tolist()
    return query if others else text.batch.types[first]


@dataclass(frozen=True)
class _Vocabulary:
    """The different words of a text, and their attributes."""

    run: Run
    text: CountedText
    tokenizer: str

    def fitting(self, word: Word | Condition) -> Mask:
        """Which words fit, (V,) bool."""
        if isinstance(word, Condition):
            fitting = self._matching(word)
        elif not word.tests:
            fitting = np.ones(len(self._names), bool)
        else:
            combine = np.logical_and if word.every else np.logical_or
            fitting = combine.reduce([self.fitting(test) for test in word.tests])
        return ~fitting if word.negated else fitting

    def _matching(self, test: Condition) -> Mask:
        value = test.value
        names = self._attribute(test.attribute, test.case)
        if not test.marks:
            names = pl.Series([without_accents(name) for name in names])
            value = without_accents(value)
        if test.kind == "regex":
            if test.attribute == "lemma":  # of the query as of the text
                value = re.sub(r"(?<![^|])[\w']+(?![^|])", lambda word: self._lemma(word[0]), value)
            return matching(names, test._replace(value=value))
        value = self._key(value, test.case)
        if ANY in value:
            pattern = ".*".join(map(re.escape, value.split(ANY)))
            return matching(names, test._replace(value=pattern, case=True))
        if test.attribute == "lemma":
            return (names == self._lemma(value)).to_numpy()
        return (names == value).to_numpy() | self._counted_as(value)

    def _counted_as(self, value: str) -> Mask:
        """Which written words are counted as a word, if the run has merged those of a lemma or stem."""
        fitting = np.zeros(len(self._names), bool)
        options = self.run.provenance.options
        if options.get("lemmatize") or options.get("stem"):
            text = self.text
            assert text.written is not None
            is_it = np.array([lower(name, self._language) == value for name in text.batch.types])
            places = np.flatnonzero(is_it[text.batch.ids])
            if text.widths is not None:
                places = _ends(text.widths)[places[text.widths[places] == 1]]
            fitting[text.written.ids[places]] = True
        return fitting

    @property
    def _names(self) -> Sequence[str]:
        assert self.text.written is not None
        return self.text.written.types

    @property
    def _language(self) -> str:
        return self.run.provenance.language

    def _key(self, word: str, case: bool) -> str:
        """A word as it is compared: `plain`, without what an apostrophe joins to it; variants as one."""
        key = word
        if not (key.isascii() and key.isalnum()):
            key = without_elision(plain(key), self._language)
        key = key if case else lower(key, self._language)
        return self.run.provenance.variants.get(key, key)

    def _lemma(self, word: str) -> str:
        key = self._key(word, case=False)
        lemmas = self._attribute("lemma", False).filter(self._attribute("word", False) == key)
        # The dictionaries take half a second to read.
        return lemmas[0] if len(lemmas) else looked_up(self.run, [key], "lemma")[0]

    def _attribute(self, name: str, case: bool) -> pl.Series:
        """An attribute of each word, held as long as the run is."""
        of = (name, case and name == "word", self.text.repeats, self.tokenizer)

        def make() -> pl.Series:
            names = [self._key(word, case and name == "word") for word in self._names]
            if name == "word":
                return pl.Series(names, dtype=pl.String)
            # It takes seconds, and is kept.
            kept = cached_result(self.run, name, of, lambda: {"of each": looked_up(self.run, names, name)})
            made = pl.Series(kept["of each"], dtype=pl.String)
            return made.str.to_uppercase() if name == "pos" else made

        return self.run.held("attributes of words", make, of, most=6)


def looked_up(run: Run, words: Sequence[str], attribute: str) -> list[str]:
    """The lemma or the part of speech of each word, by the dictionaries of a run."""
    codes = _codes(run)
    if attribute == "lemma":
        return list(map(lemmatizer(codes), words))
    chosen = tagger(run.provenance.options.get("tagger"), codes)
    sample = range(min(len(run.text), 1 + chosen.sample // 100) if run.text and chosen.sample else 0)
    return chosen.parts(words, run.text.texts(sample) if run.text and sample else [])


def _codes(run: Run) -> tuple[str, ...]:
    return tuple(str(run.provenance.options.get("lemmatize") or run.provenance.language).split(","))


def _ends(widths: Ids) -> Ints:
    """Where each counted word begins among the written ones, and the end, (N + 1,)."""
    return np.concatenate(([0], np.cumsum(widths, dtype=np.int64)))


def _write_ends_by_columns(
    ids: Ids,
    bounds: Ints,
    leaves: Ids,
    fits: Mask,
    begins: Mask,
    may_end: Mask,
    offsets: Ids,
    follows: Ids,
    out: Ids,
) -> None:
    """What `_write_ends` writes, a leaf after the other: the nearest end of a match that goes on from it."""
    ends = np.full((len(leaves), len(ids) + 1), _FAR)
    last = bounds[1:] - 1  # of each part, or of one before it that is empty
    changed = True
    while changed:  # once, and once more for each time that a loop is gone through
        changed = False
        for leaf in reversed(range(len(leaves))):
            onward = ends[follows[offsets[leaf] : offsets[leaf + 1]], 1:].min(axis=0, initial=_FAR)
            onward[last[last >= 0]] = _FAR
            if may_end[leaf]:
                onward = np.arange(1, len(ids) + 1, dtype=np.int32)
            onward[~fits[ids, leaves[leaf]]] = _FAR
            changed |= not np.array_equal(onward, ends[leaf, :-1])
            ends[leaf, :-1] = onward
    out[:] = ends[begins, :-1].min(axis=0)


@kernel(instead=_write_ends_by_columns)
def _write_ends(
    ids: Ids,  # (n,)
    bounds: Ints,  # (S + 1,), that nothing crosses
    leaves: Ids,  # (m,), column of fits
    fits: Mask,  # (V, T)
    begins: Mask,  # (m,)
    may_end: Mask,  # (m,)
    offsets: Ids,  # (m + 1,)
    follows: Ids,  # leaves that may follow leaf k are [offsets[k] : offsets[k + 1]]
    out: Ids,  # (n,), where the shortest match that begins here ends; as it is without one
) -> None:
    far = 2**31 - 1
    m = len(leaves)
    # Of the shortest match that goes on from a leaf at a place, and at the next one.
    ends = np.empty((2, m), np.int32)
    for part in range(len(bounds) - 1):
        ends[:] = far
        reached = False  # whether a match may go on from here
        for place in range(bounds[part + 1] - 1, bounds[part] - 1, -1):
            here, later = ends[place % 2], ends[1 - place % 2]
            reaches = False
            for leaf in range(m):
                end = far
                if (reached or may_end[leaf]) and fits[ids[place], leaves[leaf]]:
                    if may_end[leaf]:
                        end = place + 1
                    else:
                        for k in range(offsets[leaf], offsets[leaf + 1]):
                            end = min(end, later[follows[k]])
                here[leaf] = end
                reaches |= end < far
                if begins[leaf] and end < out[place]:
                    out[place] = end
            reached = reaches
