"""Where in a text a query occurs: what all counts of words and the concordance ask; see `query_language`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import folded, plain, without_accents
from selfvec.base.compiled import kernel
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import InputError, NotFound
from selfvec.base.threads import cut, stop_if_cancelled
from selfvec.corpus.filters import filtered_documents
from selfvec.data.run import Run
from selfvec.data.token_batch import bounds_of
from selfvec.storage.cache import cached_result
from selfvec.text.languages import english_lemmas, lemmas_of_forms, without_elision
from selfvec.text.phrases import parts, row_of, units_of
from selfvec.text.tagger import OTHER, UNIVERSAL
from selfvec.text.tokenizers import SPLITS, find_words, parts_of

from .counted_text import AskedText, CountedText, codes_of, looked_up
from .query_language import ANY, TAGS, Automaton, Condition, Reading, Word, matching, parsed

_BLOCK = 1 << 17  # words that are searched at once
_LACKING = "Without selfvec[pos], forms such as left are found under a noun, and not under their verb."
_OTHERS = "choose others, or all"
_OF_FIELD = re.compile(r'(?:match\.)?(\w[\w.]*)\s*(!?=|[<>]=?)\s*("[^"]*"|-?\d+(?:\.\d+)?)')
_ORDER = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_CONSTRAINT = re.compile(rf"\s*::\s*{_OF_FIELD.pattern}(\s*&\s*{_OF_FIELD.pattern})*\s*$")
_FAR = np.int32(2**31 - 1)


def _filter(name: str, sign: str, value: str) -> str:
    """A test of a field as a filter."""
    if order := _ORDER.get(sign):
        return f'{{"{name}": {{"{order}": {value}}}}}'
    return f"{name}{sign}{value.strip(chr(34))}"


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
    remedy: str  # if it occurs nowhere; empty for none
    several: Mask | None  # (V,), written words that it asks for by one of several lemmas; None without lemmas
    language: str
    passing: Mask | None  # (D,), documents of the run that it asks for; None for all
    asked: str  # the query

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

        def words(phrase: str) -> list[str]:
            if tokenizer not in SPLITS:  # a piece of a tokenizer.json is typed as it is
                return [phrase]
            found = find_words([phrase], tokenizer)
            return [found.names[i] for i in found.ids.tolist()]

        joints = " " if tokenizer == "whitespace" else " -" if tokenizer in SPLITS else ""
        written = " ".join(parts(query)) if query in units_of(run.provenance) else query
        passing = None
        if constraint := _CONSTRAINT.search(written):
            written = written[: constraint.start()]
            tests = _OF_FIELD.findall(constraint[0])
            passing = filtered_documents(run, [_filter(*test) for test in tests])
        node, within, remedy = parsed(written, Reading(words, tagsets_of(text), case, lemma, joints))
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
        return cls(within, made, remedy, vocabulary.several, run.provenance.language, passing, query)

    def written_hits(self, text: CountedText) -> Hits:
        """Where it occurs among the written words: at each beginning the shortest sequence that fits."""
        bounds = text.as_written.offsets
        if self.within_sentences:
            if (sentences := text.written_sentences) is None:
                rule = "the sentences of the text are not known"
                raise InputError(rule, field="query", remedy="leave within s out")
            bounds = sentences
        ids, _ = text.as_written.read_only
        starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for first, last in cut(np.diff(bounds), _BLOCK):
            stop_if_cancelled()
            begin = bounds[first]
            out = np.full(bounds[last] - begin, _FAR)
            _write_ends(ids[begin : bounds[last]], bounds[first : last + 1] - begin, *self.automaton, out)
            hits = np.flatnonzero(out < _FAR)
            starts.append(begin + hits)
            ends.append(begin + out[hits])
        everywhere = Hits(np.concatenate(starts), np.concatenate(ends))
        if self.passing is None:
            return everywhere
        passing = self.passing if text.numbers is None else self.passing[text.numbers]
        return everywhere.chosen(passing[text.as_written.document_of(everywhere.starts)])

    def hits(self, text: CountedText) -> Hits:
        """The same among the words as they are counted, where a phrase of the run is one word."""
        return self.counted(text, self.written_hits(text))

    def notes(self, text: CountedText, written: Hits) -> list[str]:
        """What is said of its occurrences: that there are none, or how many have a form of several lemmas."""
        if not len(written.starts):
            told = f"To find it, {self.remedy}" if self.remedy else self.in_longer_words(text)
            return [f"{told}."] * bool(told)
        if self.several is None:
            return []
        before = bounds_of(self.several[text.as_written.ids])
        number = np.count_nonzero(before[written.ends] - before[written.starts])
        said = f"{number:,} of {count_of(len(written.starts), 'occurrence')} have a form of several lemmas."
        lacking = self.language == "en" and not english_lemmas()
        return [said] * bool(number) + [_LACKING] * lacking

    def in_longer_words(self, text: CountedText) -> str:
        """How often its words are parts of identifiers, and what finds these; empty for never."""
        words, counts = self.asked.replace('"', "").split(), text.as_written.counts
        among = f" {' '.join(words)} ".casefold()
        longer = {
            name: count
            for name, count in zip(text.as_written.types, counts.tolist(), strict=True)
            if count and among in f" {' '.join(parts_of(name))} ".casefold()
        }
        if not longer:
            return ""
        times, often = count_of(sum(longer.values()), "time"), max(longer, key=longer.__getitem__)
        return f"*{'*'.join(words)}* finds it in longer words, {times}, as in {escape_for_display(often)}"

    def counted(self, text: CountedText, written: Hits) -> Hits:
        if text.widths is None:
            return written
        begins = bounds_of(text.widths)
        last = np.searchsorted(begins, written.ends - 1, "right")
        return Hits(np.searchsorted(begins, written.starts, "right") - 1, last)


def tagsets_of(text: CountedText) -> dict[str, list[str]]:
    """The parts of speech and tags for which a query may ask: those of the text's words, if it is tagged."""
    if not text.tags:
        return {"pos": list(TAGS), "tag": []}
    pos, tags = sorted({*text.told("pos")}), sorted({*text.told("tag")})
    return {"pos": [*pos, *TAGS] if "NOUN" in pos else pos, "tag": tags}


def asked_query(asked: AskedText, query: str) -> tuple[CorpusQuery, Hits]:
    """A query over the documents that are asked for, and where it occurs in them.

    `NotFound`, for a word with words spelt like it, if it does not occur.
    """
    run = asked.run
    made = CorpusQuery.of(run, asked.text, query, run.provenance.tokenizer)
    written = made.written_hits(asked.text)
    hits = made.counted(asked.text, written)
    if not len(hits.starts):
        longer = made.in_longer_words(asked.text)
        if not longer and re.fullmatch(r"[\w' -]+", query):
            row_of(run, query)  # an error with words spelt like it
        raise NotFound(
            f"{query!r} does not occur in these documents", remedy=made.remedy or longer or _OTHERS
        )
    asked.text.remarks.extend(made.notes(asked.text, written))
    return made, hits


def name_of(text: CountedText, query: str, hits: Hits) -> str:
    """What a query asks for: the word that all its occurrences are counted as, or the query."""
    first, *others = np.unique(text.batch.ids[hits.starts]).tolist()
    several = others or (hits.ends - hits.starts).max() > 1
    # Of prisoner, those that are written prisoner's are some.
    return query if several or len(hits.starts) < text.batch.counts[first] else text.batch.types[first]


@dataclass
class _Vocabulary:
    """The different words of a text, and their attributes."""

    run: Run
    text: CountedText
    tokenizer: str
    several: Mask | None = None  # (V,), words that were asked for by one of several lemmas

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
        value, attribute = test.value, test.attribute
        if attribute == "word" and re.search("'" if test.kind == "regex" else "(?i)'s$", folded(value)):
            value, attribute = folded(value), "spelling"  # with the possessive that is asked for
            value = value if test.case or test.kind == "regex" else lower(value, self._language)
        if attribute == "lemma" and not self.text.tags:
            return self._having_lemma(test)
        names = self._attribute(attribute, test.case)
        if not test.marks:
            names = pl.Series([without_accents(name) for name in names])
            value = without_accents(value)
        if test.kind == "regex":
            fitting = matching(names, test._replace(value=value))
            if attribute == "pos" and self.text.tags and not fitting.any():
                return self._matching(test._replace(attribute="class"))
            return fitting
        if attribute != "spelling":
            value = self._key(value, test.case)
        if ANY in value:
            pattern = ".*".join(map(re.escape, value.split(ANY)))
            return matching(names, test._replace(value=pattern, case=True))
        return (names == value).to_numpy() | self._counted_as(value)

    def _counted_as(self, value: str) -> Mask:
        """Which written words are counted as a word, if the run has merged those of a lemma or stem."""
        fitting, text = np.zeros(len(self._names), bool), self.text
        options = self.run.provenance.options
        if (options.get("lemmatize") or options.get("stem")) and not text.tags:
            is_it = np.array([lower(name, self._language) == value for name in text.batch.types])
            places = np.flatnonzero(is_it[text.batch.ids])
            if text.widths is not None:
                places = bounds_of(text.widths)[places[text.widths[places] == 1]]
            fitting[text.as_written.ids[places]] = True
        return fitting

    @property
    def _names(self) -> Sequence[str]:
        return self.text.as_written.types

    @property
    def _language(self) -> str:
        return self.run.provenance.language

    def _key(self, word: str, case: bool) -> str:
        """A word as it is compared: `plain`, without what an apostrophe joins to it; variants as one."""
        key = word
        if self.tokenizer != "whitespace" and not (key.isascii() and key.isalnum()):
            key = without_elision(plain(key), self._language)
        key = key if case else lower(key, self._language)
        return self.run.provenance.variants.get(key, key)

    def _having_lemma(self, test: Condition) -> Mask:
        """Which words have a lemma, which is taken of the query as of the text."""
        lemmas = self._attribute("lemma", False)
        value = test.value if test.kind == "regex" else ".*".join(map(re.escape, test.value.split(ANY)))
        value = re.sub(r"(?<![^|])[\w']+(?![^|])", lambda word: "|".join(self._lemmas(word[0])), value)
        names = lemmas.explode()
        if not test.marks:
            names = pl.Series(map(without_accents, names))
            value = without_accents(value)
        of_each = lemmas.list.len().to_numpy()
        owners = np.repeat(np.arange(len(lemmas)), of_each)
        fitting: Mask = np.bincount(owners, matching(names, test._replace(value=value, case=False))) > 0
        more = fitting & (of_each > 1)
        self.several = more if self.several is None else self.several | more
        return fitting

    def _lemmas(self, word: str) -> list[str]:
        """A word that is a lemma, or the lemmas that it is a form of."""
        key = self._key(word, case=False)
        lemmas = self._attribute("lemma", False).filter(self._attribute("word", False) == key)
        # The dictionaries take a second to read.
        several = (
            lemmas.explode().unique() if len(lemmas) else lemmas_of_forms(codes_of(self.run.provenance))(key)
        )
        return [key] if key in several else list(map(re.escape, several))

    @property
    def _dictionaries(self) -> Callable[[str], list[str]]:
        """A function from a word to all its lemmas."""
        return lemmas_of_forms(codes_of(self.run.provenance))

    def _attribute(self, name: str, case: bool) -> pl.Series:
        """An attribute of each word, held as long as the run is."""
        cased = case and name in ("word", "spelling", "lemma")
        of = (name, cased, self.text.repeats, self.tokenizer)

        def make() -> pl.Series:
            if name == "spelling":
                return pl.Series([word if cased else lower(word, self._language) for word in self._names])
            names = [self._key(word, cased) for word in self._names]
            if name == "word":
                return pl.Series(names, dtype=pl.String)
            if self.text.tags:
                told = self.text.told("pos" if name == "class" else name)
                if name == "class":
                    told = [UNIVERSAL.get(tag, OTHER).upper() for tag in told]
                elif name == "lemma" and not cased:
                    told = [lower(lemma, self._language) for lemma in told]
                return pl.Series(told)

            def look_up() -> dict[str, Any]:
                of_each = (
                    map(lemmas_of_forms(codes_of(self.run.provenance)), names) if name == "lemma" else ()
                )
                return {"of each": list(of_each) or looked_up(self.run.provenance, names, name)}

            # It takes seconds.
            key = (*of, len(names), bool(english_lemmas()))
            made = pl.Series(cached_result(self.run, name, key, look_up)["of each"])
            return made.str.to_uppercase() if name == "pos" else made

        return self.run.held("attributes of words", make, of, most=6)


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
