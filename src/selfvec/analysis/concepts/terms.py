"""Terms: the words of a run that describe the subject of a text; and names of topics that read as subjects.

A content word recurs in the documents about its subject; a function word is spread over all documents.
Residual idf measures how many fewer documents contain a word than by chance (Church and Gale, 1995, *Inverse
document frequency: a measure of deviations from Poisson*):

    RIDF    -log₂(df / D) + log₂(1 - exp(-cf / D))

The weight of a term is RIDF · √df, so that neither the rarest nor the most frequent words come first. Words
that occur once in each of their documents have an RIDF near 0; it is set to at least 0.05.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from selfvec.analysis.kernels import sum_of_rests
from selfvec.analysis.word_kinds import garbled_words, has_letter, spoken, stop_words_of, with_letters
from selfvec.analysis.word_neighbours import lexicon
from selfvec.base.arrays import AnyInts, Doubles, Floats, Ints, Mask, Rows
from selfvec.base.display import whole_words
from selfvec.base.errors import InputError
from selfvec.base.threads import finish, in_order, one_core
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, over_one_vocabulary
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.encoders.run_encoder import document_rows, read_documents, word_text
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import cross_counts, ratios_of_shares
from selfvec.numerics.whitening import principal_axes
from selfvec.refinement.derived_vectors import topic_vectors
from selfvec.text import encode, tokenizer
from selfvec.text.document_vectors import (
    WordDocuments,
    document_frequencies,
    document_vectors,
    inverse_document_frequency,
    places_among,
    weighted_sums,
    word_documents,
)
from selfvec.text.languages import STOP_WORDS
from selfvec.text.phrase_finding import EMPTY, PAST, Finder
from selfvec.text.phrases import LINK, Running, join
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.tagger import english_lexicon
from selfvec.text.tokenizers import SPLITS

LEAST_RIDF = 0.05  # RIDF of any word
CALENDAR = frozenset(
    """
    january february march april may june july august september october november december jan feb mar apr jun
    jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu
    thurs fri sat sun am pm est edt cst cdt mst mdt pst pdt gmt utc
    """.split()  # noqa: SIM905
)
"""English words of dates and times, which describe no subject."""
TERMS = 1500  # that may name topics
COMMON = 0.3  # words in a larger share of the documents are not terms


@dataclass(frozen=True)
class Terms:
    """n terms of a run, the largest weight first."""

    rows: Ints  # (n,), their rows in the run's vectors
    names: list[str]

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, places: Ints) -> Terms:
        """Some of the terms."""
        return Terms(self.rows[places], [self.names[i] for i in places.tolist()])


def terms(run: Run, most: int, *, min_count: int = 5) -> Terms:
    """The first terms of a run that occur in ``min_count`` documents.

    Stop words, numbers, remains of a wrong encoding, and words in more than 30 % of the documents are
    left out.
    """
    batch = run.require_tokens()
    weight, occurs = term_weights(batch)
    stops = stop_words(run.provenance)
    able = (occurs >= min_count) & (occurs <= max(min_count, COMMON * batch.documents))
    able &= np.any(run.vectors.unit != 0, axis=1)
    names = [(i, batch.types[i]) for i in np.flatnonzero(able).tolist()]
    broken = garbled_words(run)
    rows = [
        i
        for i, name in names
        if name.lower() not in stops and name not in broken and sum(map(str.isalpha, name)) > 1
    ]
    order = np.array(rows, np.int64)
    order = order[np.argsort(-weight[order], kind="stable")[:most]]
    return Terms(order, [batch.types[i] for i in order.tolist()])


def term_weights(batch: TokenBatch) -> tuple[Floats, Ints]:
    """RIDF · √df and df of every type, (V,) each.

    >>> batch = TokenBatch.from_documents([["a", "a", "a", "b"], ["b"], ["b"], ["c"]])
    >>> found, occurs = term_weights(batch)
    >>> [round(float(weight), 2) for weight in found], occurs.tolist()
    ([1.08, 0.09, 0.05], [1, 3, 1])
    """
    occurs = document_frequencies(batch)
    documents = max(batch.documents, 1)
    share = np.maximum(occurs, 1) / documents
    by_chance = -np.expm1(-np.maximum(batch.counts, 1) / documents)
    residual = np.log2(by_chance) - np.log2(share)
    found = np.where(occurs > 0, np.maximum(residual, LEAST_RIDF) * np.sqrt(occurs), 0)
    return found.astype(np.float32), occurs


def stop_words(made: Provenance) -> frozenset[str]:
    """Words of a run that describe no subject, in lower case: stop words and, in English, some more."""
    listed = stop_words_of(made)
    return listed | EMPTY | CALENDAR if Preprocessing.of(made).stop_words == "en" else listed


def content_words(words: Sequence[str], made: Provenance) -> Mask:
    """True for words that are neither numbers nor `stop_words`, (V,) bool."""
    stops = stop_words(made)
    return np.array([word.lower() not in stops and has_letter(word) for word in words], bool)


def topic_rows(run: Run) -> Rows:
    """Topic vectors of all words, (V, d) float32 unit rows; see `selfvec.refinement.derived_vectors`."""
    run.require_tokens()  # raises an error if the run did not keep its tokens
    topics = topic_vectors(run)
    assert topics is not None
    return np.asarray(topics.unit, np.float32)


# ---- Where words occur


def counts_in(batch: TokenBatch, rows: Ints, group_of: Ints, number: int) -> Ints:
    """Occurrences of words in the documents of each group, (n, number); ``group_of`` is -1 for none."""
    groups = np.repeat(group_of, np.diff(batch.offsets))
    return cross_counts(places_among(batch, rows)[batch.ids], groups, (len(rows), number))


# ---- Words of subjects, and words of formulas
# The documents of a subject's word are about that subject. The documents of a word of a formula (*resulted*,
# *regards*, the months, who signs) are about anything. So the coherence of a word is the mean cosine of two
# of its documents, each without the words around its occurrences, of which formulas are made, and without
# the mean of all documents. It is near 0 for documents drawn at random, in any language, and needs no list.


# Agreement of topics with classes is the same from .15 to .25 on six collections, and .07 larger than without
# on tickets with signatures.
LEAST_COHERENCE = 0.15  # of a word of a subject, beside the median of words with what stands around them
_NAMING = 0.2  # the same, of a word that names a topic: some greetings have a little
DOCUMENTS = 200  # of a word, evenly spaced, whose coherence is computed
AROUND = 6  # words on either side of an occurrence that are left out
_REST = 3  # words of a document that are left, at least
_SURE = 40  # documents of which so much is left, at least: otherwise nothing is known of a word
_FORMULA = 0.005  # of the documents have a word that is left out of documents, if it is of a formula
_WORDS = 64  # that a thread measures at a time
_SAMPLED = 400  # words whose median is taken
COMMON_PART = 0.5  # share of the mean of all documents that is left out of each
_AXES = 128  # of the documents
LEARNED = 16_384  # documents that axes and centres are learned from; the others go to the nearest


def topical_terms(run: Run, *, min_count: int = 5) -> tuple[Terms, Floats]:
    """The terms that may name topics: without those of low coherence; the coherence of each, (n,), at most 1.

    A coherence of 1 is the median or more, or not known; the smallest is `LEAST_COHERENCE`. All terms are
    kept if fewer than two would be left.
    """

    def found() -> tuple[Terms, Floats]:
        chosen = terms(run, TERMS, min_count=min_count)
        coherent = _in_medians(run, chosen.rows)
        kept = np.flatnonzero(coherent >= LEAST_COHERENCE)
        if len(kept) < 2:
            kept = np.arange(len(chosen))
        return chosen.part(kept), np.clip(coherent[kept], LEAST_COHERENCE, 1)

    return run.held("topical terms", found, min_count)


def subject_weights(run: Run) -> Floats:
    """The weight of each word in a document, (V,): inverse document frequency, 0 for words of formulas."""
    weights = _weights(run).copy()
    often, coherent = _of_frequent_words(run)
    weights[often[coherent < LEAST_COHERENCE]] = 0
    return weights


def _weights(run: Run) -> Floats:
    """The inverse document frequency of each word, (V,)."""
    return run.held("weights of words", lambda: inverse_document_frequency(run.require_tokens()))


def _of_frequent_words(run: Run) -> tuple[Ints, Floats]:
    """The words of so many documents that these may have them from a formula, and their coherence, (n,)."""
    often = _frequent_words(run)
    return often, _in_medians(run, often)


def _frequent_words(run: Run) -> Ints:
    batch = run.require_tokens()
    least = max(_SURE, _FORMULA * batch.documents)
    return run.held("words of many documents", lambda: np.flatnonzero(document_frequencies(batch) >= least))


def _formula_words(run: Run) -> frozenset[str]:
    """The words of formulas, which name nothing, in lower case."""
    often, coherent = _of_frequent_words(run)
    none = often[coherent < _NAMING]
    return frozenset(run.require_tokens().types[i].lower() for i in none.tolist())


def _in_medians(run: Run, words: Ints) -> Floats:
    """The coherence of words, (n,), in medians of that with what stands around them; 1 if not known."""
    batch = run.require_tokens()
    usual, beside = run.held("coherence", lambda: np.full((2, len(batch.types)), np.inf, np.float32))
    both = words, _frequent_words(run)  # which are asked for next: all are measured at once
    sampled = [each[_regular(len(each), _SAMPLED)] for each in both]
    new, some = (
        np.unique(every[np.isinf(of[every])])
        for every, of in ((np.concatenate(both), beside), (np.concatenate(sampled), usual))
    )
    if len(new) + len(some):
        around = np.repeat([AROUND, 0], [len(new), len(some)])
        measured = coherence(batch, document_space(run), _weights(run), np.append(new, some), around)
        beside[new], usual[some] = measured[: len(new)], measured[len(new) :]
    known = usual[sampled[0]]
    median = np.float32(np.median(known[known > 0]) if (known > 0).any() else np.inf)
    in_medians: Floats = np.nan_to_num(beside[words] / median, nan=1)
    return in_medians


def _regular(number: int, most: int) -> Ints:
    """At most so many of some places, at regular intervals."""
    return np.linspace(0, number - 1, min(number, most)).astype(np.int64)


def coherence(batch: TokenBatch, rows: Rows, weights: Floats, words: Ints, around: Ints) -> Floats:
    """The coherence of n words, (n,) float32, at most 1; nan for words of which too little is known.

    ``rows`` are the vectors of all words, (V, d), and ``weights`` theirs. So many words ``around`` each of
    the n, (n,), are left out.
    """
    rows = np.ascontiguousarray(rows)
    sums = weighted_sums(batch, rows, weights)
    mean = unit_rows(sums).mean(axis=0, dtype=np.float64)
    owner = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    text = *batch.read_only, owner, rows, weights
    asked, numbers = np.unique(words, return_inverse=True)
    place = places_among(batch, asked)[batch.ids]
    order = np.flatnonzero(place >= 0)
    place = place[order].astype(np.min_scalar_type(len(asked)))  # small numbers are sorted by their digits
    by_word = np.argsort(place, kind="stable")
    order, place = order[by_word], place[by_word].astype(np.int64)
    firsts = np.flatnonzero(np.diff(place * batch.documents + owner[order], prepend=-1))
    bounds = np.searchsorted(place[firsts], np.arange(len(asked) + 1))
    firsts = np.append(firsts, len(order))
    cosines = np.full(len(words), np.nan, np.float32)

    def measure(first: int) -> None:
        rest = np.empty_like(sums[0])
        for i in range(first, min(first + _WORDS, len(words))):
            begin, end = bounds[numbers[i]], bounds[numbers[i] + 1]
            number = min(end - begin, DOCUMENTS)
            chosen = firsts[begin + np.arange(number) * (end - begin) // max(number, 1)]
            places, total = order[: firsts[end]], np.zeros_like(mean)
            left, n = sum_of_rests(places, chosen, around[i], _REST, *text, sums, rest, total)
            if left >= _SURE:
                cosines[i] = _mean_cosine(total, n, mean)

    with one_core():
        finish(in_order(range(0, len(words), _WORDS), measure))
    return cosines


def _mean_cosine(total: Doubles, n: int, mean: Doubles) -> float:
    """The mean cosine of two different ones of n unit rows, less ``mean`` (d,); ``total`` is their sum."""
    lengths = n + (n * mean - 2 * total) @ mean
    if n < 2 or lengths <= 1e-9 * n:
        return 0.0
    return float((((total - n * mean) ** 2).sum() - lengths) / (n - 1) / lengths)


# ---- Names of topics: the phrases and nouns that most documents of a topic have, and few others
# How well one tells the topic is the share of the topic's documents with it, times the logarithm of how many
# times as large that is as its share of the others, at the lower end of a 95 % interval: what it contributes
# to the divergence of the two (Kullback and Leibler, 1951, *On information and sufficiency*), as far as that
# is sure. Each word of a phrase tells as much. Of a large text some documents of each topic are read, as many
# of each, so that small topics have names as good as those of large ones.
#
# Several may tell a topic about as well. Of these, a general word, which is not surely twice as frequent in
# the topic as in the others, comes last; and first the one that the run's encoder, if it has one, finds
# nearest to what the documents of the topic say and others do not.
#
# Who signs, is answered or stands in a head or trailer is in most documents of a topic, too, but always
# between the same words. What a text is about stands in sentences, between others each time. So in a topic a
# phrase counts once between the same words: persons name a topic that is about them, and formulas none.


NAMED = 3  # phrases and nouns in a name
_BESIDE = (
    2  # words of content on either side that are compared: of three, a trailer's first are the message's
)
_LONGEST = 60  # characters of a name
_DOCUMENTS = 400  # of a topic that are read, as many of each: small topics are named as well as large ones
_CHARACTERS = 2_000_000  # of all of them, but of each the first
_SHORTEST_READ = 400
_ABOUT_AS_WELL = 0.5  # of the score of the best
_TYPICAL = 2  # times the share in other topics, surely: a single word that is less typical is general
_CANDIDATES = 24  # names of a topic that are compared
_SHORTEST = 3  # letters of a noun; a phrase has a word with one more
_VERBS = frozenset(("VB", "VBP", "VBZ", "VBD", "VBN"))  # tags of what is a verb first
_NO_BEGINNING = frozenset(("VB", "VBP", "VBZ", "VBD", "CD"))  # tags of finite verbs and numbers
_NO_MIDDLE = frozenset(("VBP", "VBZ", "VBD", "VBN"))
_ADDRESS = re.compile(r"(?<!\S)(?:[^\s@]*@|[^\s:]*://)\S*")


def phrase_names(run: Run, topic_of: Ints, number: int) -> list[list[str]]:
    """The phrases and nouns that name each of some topics, the most telling first; none if none is sure.

    ``topic_of``, (D,), are the topics of the documents, -1 for none.
    """
    read = _evenly(topic_of, number)
    if not len(read) or Preprocessing.of(run.provenance).tokenizer not in SPLITS:
        return [[] for _ in range(number)]
    text, of_read = _read(run, read), topic_of[read]
    new = _between_other_words(text.words, text.offsets, of_read, with_letters(text.names))
    pairs = word_documents(np.where(new, text.words, -1), text.offsets, len(text.names))
    counts, sizes = documents_with(pairs, of_read, number), np.bincount(of_read, minlength=number)
    weights = text.weights
    subject, candidates, total = can_name(run), [], counts.sum(axis=1)
    for column, size in zip(counts.T, sizes.tolist(), strict=True):
        own = np.flatnonzero(column * weights)
        here = column[own]
        _, low, _ = ratios_of_shares(total[own] - here, len(read) - size, here, size)
        scores = weights[own] * here * np.log(np.maximum(low, 1))
        general = (weights[own] == 1) & (low < _TYPICAL)
        order = (i for i in np.argsort(-scores, kind="stable").tolist() if scores[i])
        able = islice((i for i in order if subject(text.names[own[i]])), _CANDIDATES)
        candidates.append([_Candidate(text.names[own[i]], float(scores[i]), bool(general[i])) for i in able])
    near = _nearness(run, read, of_read, candidates)
    return [list(_short(_chosen(*pair))) for pair in zip(candidates, near, strict=True)]


class _Named(NamedTuple):
    """The words and phrases of documents, by their number."""

    names: list[str]  # V, in lower case
    words: Ints  # (N,), those of content
    offsets: Ints  # (D + 1,), of documents
    weights: Ints  # (V,), the words of a phrase; 0 for what names nothing


def _read(run: Run, read: Ints) -> _Named:
    text = _running(run, read)
    language = spoken(run.provenance)[0]
    phrases = Finder(stop_words=language if language in STOP_WORDS else "en")(text)
    # The words that rules drop stay: they tell what a word is, and what stands beside it. They name nothing.
    ids, offsets, types = join(replace(text, kept=np.ones_like(text.kept)), phrases)
    dropped = {text.types[i].lower() for i in np.flatnonzero(~text.kept).tolist()}
    lower = [name.lower() for name in types]
    names = sorted(set(lower))
    place = {name: i for i, name in enumerate(names)}
    words = np.array([place[name] for name in lower], np.int64)[ids]
    stops, formula = stop_words(run.provenance), _formula_words(run)
    content = np.array([name not in stops for name in names], bool)[words]
    weights = np.array(
        [
            0 if name in dropped or not formula.isdisjoint((own[0], own[-1])) else len(own)
            for name, own in zip(names, map(_words, names), strict=True)
        ]
    )
    if lexicon(run.provenance)("the"):
        weights[_verbs(names, words)] = 0
    return _Named(names, words[content], np.concatenate(([0], np.cumsum(content)))[offsets], weights)


class _Candidate(NamedTuple):
    """What may name a topic."""

    name: str
    score: float  # how well it tells the topic
    general: bool


def _chosen(candidates: Sequence[_Candidate], near: Mapping[str, float]) -> list[str]:
    """The names of a topic: again and again the best of those that tell it about as well as the first left.

    >>> rows = ("test", 9, True), ("unit_test", 8, False), ("mock", 5, False), ("run", 1, False)
    >>> test, unit_test, mock, run = (_Candidate(*row) for row in rows)
    >>> _chosen([test, unit_test, mock, run], {}), _chosen([test, unit_test, mock], {"mock": 0.5})
    (['unit_test', 'mock', 'run'], ['mock', 'unit_test'])
    >>> _chosen([test, run], {})
    ['test', 'run']
    """
    out: list[str] = []
    while candidates and len(out) < NAMED:
        alike = [each for each in candidates if each.score >= _ABOUT_AS_WELL * candidates[0].score]
        best = max(alike, key=lambda each: (not each.general, near.get(each.name, 0.0), each.score))
        out.append(best.name)
        candidates = [each for each in candidates if len(distinct([best.name, each.name], 2)) > 1]
    return out


def _nearness(
    run: Run, read: Ints, of_read: Ints, candidates: Sequence[Sequence[_Candidate]]
) -> list[dict[str, float]]:
    """How near the run's encoder finds names to the documents of their topic, less all; empty without it."""
    encoded, phrases = encoded_texts_of(run), sorted({each.name for own in candidates for each in own})
    rows = None
    with suppress(InputError):  # the encoder has changed since the run: counts alone name topics
        rows = read_documents(run, [word_text(name) for name in phrases])
    if rows is None or encoded is None or run.text is None:
        return [{} for _ in candidates]
    documents = document_rows(encoded, run.text.texts(read.tolist()))
    has = documents.any(axis=1)  # the others were not encoded
    own = [documents[has & (of_read == topic)] for topic in range(len(candidates))]
    sums, sizes = np.stack([each.sum(axis=0) for each in own]), np.array([len(each) for each in own])
    means = sums / np.maximum(sizes, 1)[:, None] - sums.sum(axis=0) / max(sizes.sum(), 1)
    return [dict(zip(phrases, near, strict=True)) for near in (means @ rows.T).tolist()]


def _between_other_words(words: Ints, offsets: Ints, group_of: Ints, letters: Mask) -> Mask:
    """Which of N words stand between others than before in their group of documents, (N,) bool.

    Neither the words before it nor those after it have been there with the same word. Words without
    ``letters``, (V,), are all alike there; the beginning and the end of a document are like nothing.

    Word 9 after 1, 2, 3 again, and after others:

    >>> words = np.array([1, 2, 3, 9, 4, 1, 2, 3, 9, 5, 6, 7, 8, 9, 4])
    >>> new = _between_other_words(words, np.array([0, 5, 10, 15]), np.zeros(3, int), np.ones(10, bool))
    >>> new[words == 9].tolist()
    [True, False, True]
    """
    import polars as pl

    document = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    beside = np.where(letters, np.arange(len(letters)), len(letters))[words]
    new = np.ones(len(words), bool)
    for side in (-1, 1):
        columns = [words, group_of[document]]
        for distance in range(1, _BESIDE + 1):
            at = np.arange(len(words)) + side * distance
            inside = (at >= offsets[document]) & (at < offsets[document + 1])
            columns.append(np.where(inside, beside[np.where(inside, at, 0)], len(letters) + 1 + document))
        new &= pl.DataFrame(columns).select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()
    return new


def _verbs(names: Sequence[str], words: Ints) -> Mask:
    """English words that are verbs, (V,) bool: by the lexicon, and no more often after an article than *to*.

    So *take* is one, and *merge* is none where a text is about merges.
    """
    tags = english_lexicon()
    out = np.array([tags.get(name) in _VERBS for name in names], bool)
    articles, to = (
        np.bincount(words[1:][np.isin(names, before)[words[:-1]]], minlength=len(names))
        for before in (("a", "an", "the"), ("to",))
    )
    return out & (articles <= to)


def documents_with(pairs: WordDocuments, group_of: AnyInts, number: int) -> Ints:
    """How many documents of each group have each word, (n, number).

    >>> pairs = word_documents(np.array([0, 0, 1, 1]), np.array([0, 3, 4]), 2)
    >>> documents_with(pairs, np.array([0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    total = len(pairs.bounds) - 1
    words = np.repeat(np.arange(total), np.diff(pairs.bounds))
    return cross_counts(words, group_of[pairs.documents], (total, number))


def distinct(names: Iterable[str], most: int) -> list[str]:
    """The first names, without those of which a word begins like one of an earlier name.

    >>> distinct(iter(["flash_flood", "flooding", "high_water", "waters"]), 3)
    ['flash_flood', 'high_water']
    """
    out: list[str] = []
    for name in names:
        words = [word for other in out for word in _words(other)]
        if not any(_same_beginning(one, word) for one in _words(name) for word in words):
            out.append(name)
        if len(out) == most:
            break
    return out


def _words(name: str) -> list[str]:
    return name.replace(LINK, " ").split()


def _same_beginning(a: str, b: str) -> bool:
    """Whether two words begin alike; short ones are the same."""
    a, b = sorted((a.lower(), b.lower()), key=len)
    return b.startswith(a[: max(4, len(a) - 2)])


def _short(names: Sequence[str]) -> Iterator[str]:
    """The names that fit a line, at least one, as they are written."""
    length = 0
    for name in names:
        length += len(name)
        if length > _LONGEST and length > len(name):
            break
        yield name.replace(LINK, " ")


def _evenly(topic_of: Ints, number: int) -> Ints:
    """Documents of each topic at regular intervals, as many of each as there are, in rising order."""
    parts = [np.flatnonzero(topic_of == topic) for topic in range(number)]
    some = [part[_regular(len(part), _DOCUMENTS)] for part in parts]
    return np.sort(np.concatenate(some)) if some else np.zeros(0, np.int64)


def _running(run: Run, documents: Ints) -> Running:
    """The beginnings of some documents with their punctuation, or their tokens if the text was not kept."""
    if run.text is None:
        batch = run.require_tokens().part(documents)
        return Running.plain(batch.ids, batch.offsets, batch.types)
    import polars as pl

    from selfvec.data.documents import Documents

    longest = max(_CHARACTERS // len(documents), _SHORTEST_READ)
    # The words of an address are numbers here, which name nothing.
    texts = [
        _ADDRESS.sub(lambda of: re.sub(r"\w+", "0", of[0]), whole_words(text, longest))
        for text in run.text.texts(documents.tolist())
    ]
    heard: list[Running] = []

    def hear(text: Running) -> list[str]:
        heard.append(text)
        return []

    made = Preprocessing.of(run.provenance)
    rules = replace(made.rules, stop_words=None)
    encode([Documents(pl.Series(texts, dtype=pl.String))], tokenizer(made.tokenizer), rules, phrases=hear)
    return heard[0]


def can_name(run: Run) -> Callable[[str], bool]:
    """Tells what can name a subject: nouns and noun phrases, as far as the lexicon knows, no numbers."""
    stops, broken, can_be = stop_words(run.provenance), garbled_words(run), lexicon(run.provenance)
    tags = english_lexicon() if can_be("the") else {}

    def is_subject(name: str) -> bool:
        words = name.split(LINK)
        letters = max(sum(map(str.isalpha, word)) for word in words)
        if letters < _SHORTEST + (len(words) > 1) and name.isascii():
            return False
        ends = {words[0], words[-1]}
        if not all(map(str.isalpha, ends)) or not PAST.isdisjoint(words) or not stops.isdisjoint(ends):
            return False
        kinds = [tags.get(word.lower()) for word in words]
        if len(words) > 1 and (kinds[0] in _NO_BEGINNING or not _NO_MIDDLE.isdisjoint(kinds[1:-1])):
            return False  # *make clear*, *four feet*, *teachers walked home*
        parts = can_be(words[-1])
        return (not parts or "noun" in parts) and broken.isdisjoint(words)

    return is_subject


# ---- Texts in the space of topics


def encoded(run: Run, texts: Sequence[str]) -> TokenBatch:
    """Texts as words of a run; those that it lacks have numbers after its own."""
    new = encode_texts(texts, Preprocessing.of(run.provenance), run.vectors)
    return over_one_vocabulary([run.require_tokens(), new])[1]


def document_space(run: Run) -> Rows:
    """All words in the space of documents, (V, d) float32: their topic and their refined vectors.

    Topic vectors are strong on the subjects of a large text, refined ones on those of a small one. Of both
    the first 128 axes of the documents are taken; the others are noise to subjects.
    """

    def made() -> Rows:
        batch = run.require_tokens()
        topics, refined = tables = topic_rows(run), run.vectors.unit
        some = np.zeros(batch.documents, bool)
        some[_regular(batch.documents, LEARNED)] = True
        part, weights = batch.part(some), _weights(run)
        documents = unit_rows(np.hstack([weighted_sums(part, rows, weights) for rows in tables]))
        documents -= COMMON_PART * documents.mean(axis=0, dtype=np.float64).astype(np.float32)
        axes = principal_axes(documents, min(_AXES, documents.shape[1]))
        with one_core():
            return topics @ axes[: topics.shape[1]] + refined @ axes[topics.shape[1] :]

    return run.held("space of documents", made)


def topic_text_vectors(run: Run, batch: TokenBatch) -> Rows:
    """Vectors of documents by `document_space` and a run's document frequencies, (D, d): unit rows or zeros.

    Words after those of the run have no vector.
    """
    more = len(batch.types) - len(run.vectors)
    rows, weights = document_space(run), subject_weights(run)
    if more:
        rows, weights = np.pad(rows, ((0, more), (0, 0))), np.pad(weights, (0, more))
    return document_vectors(batch, rows, weights)
