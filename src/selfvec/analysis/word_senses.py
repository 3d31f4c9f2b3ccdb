"""Senses of a word, induced from its occurrences in a corpus and recognised in other texts.

occurrences ──▶ neighbours weighted by association ──▶ clusters ──▶ labels, vectors, examples

A neighbour is weighted by how much more often it occurs near this word than its frequency predicts, because
such words distinguish occurrences. Each occurrence is smoothed by the occurrences most similar to it.
Occurrences are clustered by k-means along their main axes.

The number of senses depends on the directions of the clusters. The means of two clusters with one meaning
share the subject of the word; those of two meanings share no more than any two words do. Their cosine is
computed without the mean of all words and without the effect of chance on the length of means. Clusters are
added as long as all these cosines are below a bound. K-means divides a frequent sense before it finds a rare
one. So if two clusters are not apart, the occurrences are put into six, and the two of the largest cosine are
merged until all cosines are below a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import repeat
from typing import TypedDict

import numpy as np

from selfvec.base.answer import Answer, Json, short_repr
from selfvec.base.arrays import Doubles, Ids, Ints, Rows
from selfvec.base.declarations import Count, Natural, NotEmpty, checked
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.errors import InputError, OptionError
from selfvec.base.threads import one_core
from selfvec.base.view import COUNT, Column, Part, Table, View, escaped, share
from selfvec.corpus.slices import Slice
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.kmeans import k_means, squared_distances
from selfvec.numerics.rows import filled_rows, sampled, unit_rows
from selfvec.numerics.statistics import log_likelihood_scores
from selfvec.numerics.whitening import spectrum
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import inverse_document_frequency, smooth_by_neighbours
from selfvec.text.passages import marked
from selfvec.text.phrases import parts, units_of
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.repeats import repeated_tokens
from selfvec.text.rules import first_of_stems, stems
from selfvec.text.tokenizers import SPLITS, word_spans

from .comparison.chosen_slices import comparable_slices
from .kernels import sum_windows
from .usage.contexts import count_present, padded_windows, window_counts
from .usage.contexts import occurrences as occurrences_of
from .usage.examples import (
    Example,
    best_occurrences,
    distinct_texts,
    sentences,
)
from .word_kinds import stop_words_of

# Chosen on pseudo-words and words of one sense; see docs/results/senses.md.
APART = 0.2  # largest cosine of the means of two senses, lowered for n occurrences
MERGED = 0.03  # the same for senses that were merged from more clusters, which exploits chance more
DOUBT = 1.3  # by this over √n, because k-means exploits chance
LEAST = 20  # fewest occurrences for more than one sense
SMALLEST = 5  # fewest occurrences of a sense, or
SHARE = 0.04  # this share of all occurrences, if that is more
MOST = 6  # senses
PRIOR = 0.5  # added to a neighbour's count and to its expected count
BASE = 0.1  # weight of the rarest word if it is no more frequent here than elsewhere
SAMPLE = 20_000  # tokens that the mean is taken over
LANDMARKS = 1_000  # occurrences that are clustered, and that others are smoothed by
AXES = 16  # main ones, along which occurrences are clustered
STRENGTH = 1.2  # of smoothing: occurrences are few and are expected to form groups
STARTS = 6  # of k-means
TEMPER = 8.0  # divides log-probabilities, because smoothing makes occurrences look more certain

LABEL = 8  # words of a label
FEWEST = 2  # least number of documents in which a label word occurs near the word, or
COMMON = 0.02  # this share of the documents, if that is more
SUREST = 2.0  # standard errors beyond chance, at least
SPARE = 4  # times as many occurrences are looked at as examples are shown: some sentences are alike
FITTING = 2  # words of the label near an example; more make it no better
MOVE = 2.0  # distance of a sense's vector from the word's, in differences of their means

_KINDS = 6  # colours of senses
_NAMED = 4  # words of a sense's label after a text

Span = tuple[int, int]


class SharePeriod(TypedDict):
    """How often a word has a sense in a period or slice of the text."""

    period: str
    share: float  # of the word's occurrences in the period
    count: int  # occurrences in the period that have the sense


@dataclass(frozen=True)
class Sense:
    """One sense of a word."""

    label: list[str]  # words near it that distinguish it from other senses, or from other text
    share: float  # of the word's occurrences
    count: int  # number of occurrences
    vector: Rows = field(repr=False)  # (d,), unit vector in the space of the refined ones
    examples: list[str] = field(default_factory=list)  # typical sentences, or words around occurrences
    periods: list[SharePeriod] = field(default_factory=list)  # in which the word occurs, in order

    def as_dict(self) -> Json:
        """JSON-serialisable."""
        return asdict(self) | {"vector": [round(x, 6) for x in self.vector.tolist()]}


@dataclass(frozen=True)
class RecognisedSense:
    """One occurrence of the word in a text, with its sense."""

    start: int  # its place in the text, in characters
    end: int
    sense: int  # number of its sense, from 0, as in `Senses.senses`
    probability: float  # of that sense
    probabilities: list[float]  # of all senses

    def as_dict(self) -> Json:
        """JSON-serialisable."""
        return asdict(self)


def _kind(number: int) -> str:
    """The style of a sense."""
    return f"kind{number % _KINDS}"


def _label(sense: Sense, most: int | None = None) -> str:
    return escaped(sense.label[:most]) or "(no characteristic words)"


@dataclass(frozen=True, repr=False)
class Senses(Answer):
    """The senses of a word in a corpus, the most frequent first.

    Attributes
    ----------
    word : str
    senses : list of Sense
    documents : (n,) int64
        The document of each occurrence in the corpus, in reading order.
    assigned : (n,) int64
        The sense of each occurrence.
    probabilities : (n, K) float64
        Probabilities of the senses of each occurrence.
    readings : list of (str, list of RecognisedSense)
        The texts that were given, and the senses of the word in each.
    """

    word: str
    senses: list[Sense]
    documents: Ints = field(repr=False)
    assigned: Ints = field(repr=False)
    probabilities: Doubles = field(repr=False)
    model: SenseModel = field(repr=False)
    run: Run = field(repr=False)
    readings: list[tuple[str, list[RecognisedSense]]] = field(default_factory=list)

    def __repr__(self) -> str:
        title = f"Senses of {self.word!r}: {len(self)} in {len(self.assigned):,} occurrences"
        return short_repr(title, [f"{sense.share:.0%} {'/'.join(sense.label[:3])}" for sense in self.senses])

    def __len__(self) -> int:
        return len(self.senses)

    @property
    def rows(self) -> list[Json]:
        """One dict per sense."""
        return [
            {"word": self.word, "sense": number} | sense.as_dict() for number, sense in enumerate(self.senses)
        ]

    def view(self, top: int | None = None) -> View:
        """The senses with their sentences, and their shares in periods; or the texts that were given."""
        title = f"Senses of {escape_for_display(self.word)}"
        if self.readings:
            parts = [part for text, read in self.readings for part in self._reading(text, read)]
            return View(title, parts, records=self.rows)
        size = f"  {count_of(len(self.assigned), 'occurrence')}, {count_of(len(self), 'sense')}"
        parts = [[(escape_for_display(self.word), "strong"), (size, "")]]
        for number, sense in enumerate(self.senses[:top]):
            parts.append([(f"{number + 1:>2}  {sense.share:4.0%}  ", _kind(number)), (_label(sense), "")])
            parts += [[(f"      {printable(example)}", "quiet")] for example in sense.examples]
        if len(self) > 1 and self.senses[0].periods:
            parts.append(self._periods())
        return View(title, parts, records=self.rows)

    def _reading(self, text: str, read: Sequence[RecognisedSense]) -> list[Part]:
        """A text with each occurrence of the word marked, then its senses."""
        pieces = marked(text, ((one.start, one.end, _kind(one.sense)) for one in read))
        lines: list[Part] = [[(printable(piece), style) for piece, style in pieces]]
        for one in read:
            figures = f"  {one.sense + 1}  {one.probability:4.0%}  "
            lines.append([(figures, _kind(one.sense)), (_label(self.senses[one.sense], _NAMED), "")])
        if not read:
            lines.append([(f"  {escape_for_display(self.word)} does not occur here", "quiet")])
        return lines

    def _periods(self) -> Table:
        """The shares of the senses in each period."""
        names = [f"{number}" for number in range(1, len(self) + 1)]
        columns = [Column("period", width=24), Column("uses", form=COUNT)]
        columns += [Column(name, form=share()) for name in names]
        rows = []
        for here in zip(*(sense.periods for sense in self.senses), strict=True):
            shares = {name: one["share"] for name, one in zip(names, here, strict=True)}
            rows.append({"period": here[0]["period"], "uses": sum(one["count"] for one in here)} | shares)
        return Table(columns, rows)

    def disambiguate(self, text: str) -> list[RecognisedSense]:
        """The sense of each occurrence of the word in a text, in order; empty if it does not occur.

        Raises
        ------
        InputError
            If the run's tokens are subwords.
        """
        spans, windows = self._find(text)
        if not spans:
            return []
        return [
            RecognisedSense(start, end, int(row.argmax()), float(row.max()), row.tolist())
            for (start, end), row in zip(spans, self.model.posterior(windows), strict=True)
        ]

    def as_dict(self) -> Json:
        """JSON-serialisable."""
        out: Json = {
            "word": self.word,
            "count": len(self.assigned),
            "senses": [s.as_dict() for s in self.senses],
        }
        if self.readings:
            out["texts"] = [
                {"text": text, "readings": [reading.as_dict() for reading in read]}
                for text, read in self.readings
            ]
        return out

    def _find(self, text: str) -> tuple[list[Span], Ids]:
        """Places of the word in a text, in characters, and the words around it.

        The text is encoded like the run's corpus, but all words are kept, so that their positions are known.
        """
        run = self.run
        name = run.provenance.tokenizer
        if name not in SPLITS:
            rule = "the run's tokens are subwords, so words cannot be found in texts"
            raise InputError(rule, path=run.folder, remedy="refine with --tokenizer words")
        preprocessing = replace(Preprocessing.of(run.provenance), stop_words=None, stemmed=False)
        batch = encode_texts([text], preprocessing, run.vectors)
        units = [batch.types[i] for i in batch.ids.tolist()]
        ids = np.array([self._row(unit) for unit in units], np.int32)
        kept = np.flatnonzero(ids >= 0)  # without words that the run does not know or left out
        known = TokenBatch(ids[kept], np.array([0, len(kept)]), run.vectors.index_to_key)
        places = np.flatnonzero(known.ids == run.index(self.word))
        words = word_spans(text, preprocessing.tokenizer)
        spans = _unit_spans(text, units, words, set(units_of(run.provenance)))
        return [spans[i] for i in kept[places].tolist()], padded_windows(known, places)

    @property
    def _stem(self) -> str | None:
        """The language whose stems are the run's words."""
        return self.run.provenance.options.get("stem") or None

    def _row(self, name: str) -> int:
        """Row of a word in the run's vectors, -1 for an unknown word."""
        row = self.run.vectors.key_to_index.get(name, -1)
        return row if row >= 0 else self._stems.get(stems([name], self._stem)[0], -1)

    @cached_property
    def _stems(self) -> dict[str, int]:
        """The run's words by their stems."""
        return first_of_stems(self.run.vectors.index_to_key, self._stem)


def _unit_spans(text: str, units: list[str], words: list[Span], phrases: set[str]) -> list[Span]:
    """Spans of words and phrases, from the spans of the words; a phrase may be written as one word."""
    out = []
    place = 0
    for unit in units:
        first, end = words[place]
        written = text[first:end].lower() == unit.lower()
        size = 1 if written or unit not in phrases else len(parts(unit))
        out.append((first, words[place + size - 1][1]))
        place += size
    return out


@checked
def senses(
    run: GivenRun,
    word: NotEmpty,
    *,
    number: Count | None = None,
    examples: Natural = 2,
    text: str | Sequence[str] = (),
    seed: Natural = 0,
) -> Senses:
    """List the senses of a word, found by clustering its occurrences.

    If the text has dates or slices, each sense also says its share in each of up to eight periods.

    Parameters
    ----------
    run : Run or path
    word : str, not empty
        A word of the run.
    number : int, at least 1, optional
        Number of senses; by default estimated from the occurrences.
    examples : int, at least 0
        Example sentences of each sense.
    text : str or sequence of str
        Name the sense of the word in this text; may be repeated. The result has them as ``readings``.

    Other Parameters
    ----------------
    seed : int, at least 0

    Returns
    -------
    Senses

    Raises
    ------
    InputError
        If the run has not kept its corpus, or the word occurs fewer than 20 times.
    OptionError
        If the word occurs too rarely for so many senses.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.senses(run, "mast")
    Senses of 'mast': 2 in 220 occurrences
      60% boat/wooden/clung, 40% mobile/phone/broadband
    """
    run = as_run(run)
    index = run.index(word)
    name = run.vectors.index_to_key[index]
    space = run.held("sense space", lambda: sense_space(run, seed), seed)  # for further words
    places = occurrences_of(space.batch, index)
    _check(name, len(places), number)
    windows = padded_windows(space.batch, places)
    model = fit_senses(space, windows, number, seed)
    probabilities = model.posterior(windows)
    assigned = probabilities.argmax(axis=1)
    documents = space.batch.document_of(places)
    count = len(model.shares)
    labels = _labels(run.provenance, space, windows, documents, assigned, count)
    occurring = space.occurrence_vectors(windows, space.weights)
    vectors = _sense_vectors(run.vectors.unit[index], occurring, assigned, count)
    listed = [[run.vectors.key_to_index[name] for name in label] for label in labels]
    fitting = [count_present(windows, rows) for rows in listed]
    typical = typical_occurrences(model.distances(windows), assigned, fitting)
    texts = _examples(run, places, typical, examples)
    periods = shares_by_period(comparable_slices(run), documents, assigned, count)
    counts = np.bincount(assigned, minlength=count)
    listed_senses = [
        Sense(labels[i], float(counts[i] / len(places)), int(counts[i]), vectors[i], texts[i], periods[i])
        for i in range(count)
    ]
    made = Senses(name, listed_senses, documents, assigned, probabilities, model, run)
    texts_given = [text] if isinstance(text, str) else text
    return replace(made, readings=[(part, made.disambiguate(part)) for part in texts_given])


def _check(word: str, uses: int, number: int | None) -> None:
    if uses < LEAST:
        rule = f"{word!r} occurs {count_of(uses, 'time')}, senses need at least {LEAST} occurrences"
        raise InputError(rule, remedy="choose a more frequent word, or refine on more text")
    if number is not None and not 1 <= number <= uses // SMALLEST:
        rule = f"is from 1 to {uses // SMALLEST} for a word with {uses:,} occurrences, not {number}"
        raise OptionError(rule, field="number")


def _labels(
    made: Provenance, space: SenseSpace, windows: Ids, documents: Ints, assigned: Ints, number: int
) -> list[list[str]]:
    """Words that distinguish each sense from the others, or the only one from the rest of the corpus.

    They are counted by documents: ten occurrences in one document are one observation.
    """
    words = space.batch.types
    language = Preprocessing.of(made).stem
    stops = stop_words_of(made)

    def stem(word: str) -> str:
        return stems([word], language)[0]

    corpus = space.batch.counts
    parts = [np.flatnonzero(assigned == i) for i in range(number)]
    near = [window_counts(windows[part], len(words), documents[part]) for part in parts]
    whole = np.sum(near, axis=0)
    out = []
    for part, counts in zip(parts, near, strict=True):
        others = corpus - np.minimum(counts, corpus) if number == 1 else whole - counts
        scores = log_likelihood_scores(counts, others)
        fewest = max(FEWEST, COMMON * len(np.unique(documents[part])))
        able = np.flatnonzero((scores >= SUREST) & (counts >= fewest))
        ranked = able[np.argsort(-(scores * space.weights)[able], kind="stable")]
        out.append(label_words([words[i] for i in ranked.tolist()], stops, stem))
    return out


def label_words(
    ranked: Sequence[str], stops: Collection[str], stem: Callable[[str], str], most: int = LABEL
) -> list[str]:
    """The first words that are not stop words (in lower case), one per stem.

    >>> label_words(["storm", "storms", "The", "hail", "rain"], {"the"}, lambda word: word.rstrip("s"), 2)
    ['storm', 'hail']
    """
    out: dict[str, str] = {}
    for word in ranked:
        if len(out) == most:
            break
        if word.lower() not in stops:
            out.setdefault(stem(word), word)
    return list(out.values())


def _sense_vectors(
    word: Rows,  # (d,), its refined vector
    occurring: Rows,  # (n, d), vectors of its occurrences
    assigned: Ints,  # (n,)
    number: int,
) -> Rows:
    """The word's vector, moved by the difference between the mean of each sense and that of the word.

    (K, d) float32 unit rows. Senses without occurrences get the word's vector.
    """
    sums = np.zeros((number, occurring.shape[1]))
    np.add.at(sums, assigned, occurring)
    counts = np.bincount(assigned, minlength=number)[:, None]
    mean = occurring.mean(axis=0, dtype=np.float64)
    apart = np.where(counts > 0, sums / np.maximum(counts, 1) - mean, 0)
    return unit_rows(word + MOVE * apart)


def shares_by_period(
    slices: Sequence[Slice],
    documents: Ints,  # (n,), of each occurrence
    assigned: Ints,  # (n,)
    number: int,  # of senses
) -> list[list[SharePeriod]]:
    """The share of each sense in each of the slices in which the word occurs.

    >>> years = {"1990": [True, True, False], "1995": [False] * 3, "2000": [False, False, True]}
    >>> slices = [Slice(name, np.array(inside)) for name, inside in years.items()]
    >>> shares = shares_by_period(slices, np.array([0, 0, 1, 2]), np.array([0, 1, 0, 1]), 2)
    >>> [[(one["period"], round(one["share"], 2), one["count"]) for one in sense] for sense in shares]
    [[('1990', 0.67, 2), ('2000', 0.0, 0)], [('1990', 0.33, 1), ('2000', 1.0, 1)]]
    """
    periods: list[list[SharePeriod]] = [[] for _ in range(number)]
    for part in slices:
        counts = np.bincount(assigned[part.documents[documents]], minlength=number)
        if counts.any():
            for sense, count in zip(periods, counts.tolist(), strict=True):
                sense.append({"period": part.name, "share": count / int(counts.sum()), "count": count})
    return periods


def typical_occurrences(
    distances: Doubles,  # (n, K), to the centres of the senses
    assigned: Ints,  # (n,)
    fitting: Sequence[Ints],  # (n,) each: how many words of the label of each sense are near an occurrence
) -> list[Ints]:
    """The occurrences that are examples of each sense, the best first.

    They are the half of its occurrences that is nearest to its centre. First come those with label words
    near them, and of these, those that are nearer to its centre than to any other by the largest margin.
    """
    typical = []
    for sense, words in enumerate(fitting):
        own = np.flatnonzero((assigned == sense) & np.isfinite(distances[:, sense]))
        near = own[np.argsort(distances[own, sense], kind="stable")[: -(-len(own) // 2)]]
        others = np.delete(distances[near], sense, axis=1).min(axis=1, initial=np.inf)
        margin = others - distances[near, sense] if distances.shape[1] > 1 else -distances[near, sense]
        typical.append(near[np.lexsort((-margin, -np.minimum(words[near], FITTING)))])
    return typical


def _examples(run: Run, places: Ints, typical: Sequence[Ints], number: int) -> list[list[str]]:
    """Sentences of each sense, the best first, from different documents and in different words."""
    chosen: list[Example] = []
    batch, repeated = run.require_tokens(), repeated_tokens(run)
    for sense, order in enumerate(typical):
        scores = -np.arange(len(order), dtype=np.float64)
        chosen += best_occurrences(batch, repeated, places[order], scores, SPARE * number, sense)
    texts: list[list[str]] = [[] for _ in typical]
    for example in sentences(run.text, run.provenance, chosen):
        texts[example.side].append(example.text)
    return [[own[i] for i in distinct_texts(own, number)] for own in texts]


# ---- The clusters of occurrences, and their number


@dataclass(frozen=True)
class SenseSpace:
    """A space in which the occurrences of one word are compared.

    The vector of an occurrence is the sum of the refined vectors around it, which describe the text better
    than the original ones.
    """

    batch: TokenBatch
    rows: Rows  # (V, d), unit rows of its types, zeros for words without a vector
    weights: Rows  # (V,), inverse document frequencies
    centre: Rows  # (d,), mean over the occurrences of all words

    @classmethod
    def of(cls, batch: TokenBatch, rows: Rows, seed: int = 0) -> SenseSpace:
        """The space of a corpus over vectors of its words; ``seed`` draws the tokens for the centre."""
        origin = np.zeros(rows.shape[1], np.float32)
        space = cls(batch, rows, inverse_document_frequency(batch), origin)
        places = sampled(np.arange(len(batch)), SAMPLE, np.random.default_rng(seed))
        occurring = space.occurrence_vectors(padded_windows(batch, places), space.weights)
        occurring = occurring[filled_rows(occurring)]
        if not len(occurring):
            return space
        return replace(space, centre=occurring.mean(axis=0, dtype=np.float64).astype(np.float32))

    def occurrence_vectors(self, windows: Ids, weights: Rows) -> Rows:
        """Unit vectors of n occurrences, (n, d) float32, by the weight of each word as a neighbour, (V,).

        Rows are zero if no neighbour has a weight and a vector.
        """
        out = np.zeros((len(windows), self.rows.shape[1]), np.float32)
        sum_windows(windows, self.rows, weights, out)
        return unit_rows(out)


def sense_space(run: Run, seed: int = 0) -> SenseSpace:
    """The space of a run's corpus."""
    return SenseSpace.of(run.require_tokens("from which senses are induced"), run.vectors.unit, seed)


@dataclass(frozen=True)
class SenseModel:
    """The K clusters of a word's occurrences, from which the sense of an occurrence is inferred."""

    space: SenseSpace
    weights: Rows  # (V,), weight of each word as a neighbour
    landmarks: Rows  # (m, d), occurrences that others are smoothed by
    mean: Rows  # (d,)
    axes: Rows  # (d, p)
    centres: Doubles  # (K, p), the most frequent sense first
    shares: Doubles  # (K,)
    variance: float  # mean squared distance of an occurrence to the centre of its sense, per axis

    def posterior(self, windows: Ids) -> Doubles:
        """Probabilities of the senses of n occurrences, (n, K); the senses' shares for those without context.

        The nearest sense is the most likely. Clusters are assumed to be equally wide and, given a context,
        equally frequent, so that a rare sense is not lost.
        """
        squares = self.distances(windows)
        logs = -squares / (2 * self.variance * TEMPER)
        logs[~np.isfinite(squares).all(axis=1)] = np.log(self.shares)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def distances(self, windows: Ids) -> Doubles:
        """Squared distances of n occurrences to the centres, (n, K); infinite for those without context."""
        rows = self.space.occurrence_vectors(windows, self.weights)
        own = len(self.landmarks)
        with one_core():
            smoothed: Rows = smooth_by_neighbours(
                np.concatenate([self.landmarks, rows]), own, strength=STRENGTH
            )[own:]
            points = ((smoothed - self.mean) @ self.axes).astype(np.float64)
        squares: Doubles = squared_distances(points, self.centres).astype(np.float64, copy=False)
        squares[~filled_rows(rows)] = np.inf
        return squares


def fit_senses(space: SenseSpace, windows: Ids, number: int | None = None, seed: int = 0) -> SenseModel:
    """Cluster the occurrences of a word; the number of senses is chosen if it is not given.

    ``seed`` draws the first centres, and the occurrences to cluster if there are more than 1,000.
    """
    rng = np.random.default_rng(seed)
    weights = neighbour_weights(space, windows)
    windows = windows[sampled(np.arange(len(windows)), LANDMARKS, rng)]
    rows = space.occurrence_vectors(windows, weights)
    used = filled_rows(rows)
    landmarks = rows[used]
    plain = space.occurrence_vectors(windows, space.weights)[used] - space.centre
    with one_core():
        mean, axes, points, labels = cluster_occurrences(landmarks, plain, number, rng)
    centres, shares = _centres(points, labels)
    variance = float(squared_distances(points, centres).min(axis=1).sum()) / max(points.size, 1)
    return SenseModel(space, weights, landmarks, mean, axes, centres, shares, max(variance, 1e-9))


def neighbour_weights(space: SenseSpace, windows: Ids) -> Rows:
    """Weight of each word as a neighbour, (V,) float32: its pointwise mutual information, or a small base.

    PMI = log((n + ½) / (m + ½)) for a word that occurs near n occurrences where its frequency predicts m
    (Church and Hanks, 1990, smoothed). The base is up to 0.1 for the rarest words.
    """
    counts = window_counts(windows, len(space.weights)).astype(np.float64)
    frequency = space.batch.counts / max(len(space.batch), 1)
    pmi = np.log((counts + PRIOR) / (counts.sum() * frequency + PRIOR))
    base = BASE * space.weights / max(float(space.weights.max(initial=0)), 1e-9)
    return np.asarray(np.maximum(pmi, base), np.float32)


def cluster_occurrences(
    rows: Rows,  # (n, d), unit rows: occurrences by the neighbours that distinguish them
    plain: Rows,  # (n, d), occurrences by all neighbours, less the mean; they decide the number of clusters
    number: int | None,
    rng: np.random.Generator,
) -> tuple[Rows, Rows, Doubles, Ints]:
    """Cluster occurrences: mean (d,) and axes (d, p) of the smoothed rows, points (n, p), labels (n,)."""
    smoothed = smooth_by_neighbours(rows, len(rows), strength=STRENGTH)
    centre, _, first = spectrum(smoothed, number=min(AXES, smoothed.shape[1]))
    mean = centre.astype(np.float32)
    axes = np.ascontiguousarray(first, np.float32)
    points = ((smoothed - mean) @ axes).astype(np.float64)
    return mean, axes, points, _cluster_labels(points, plain, number, rng)


def _cluster_labels(points: Doubles, plain: Rows, number: int | None, rng: np.random.Generator) -> Ints:
    """The cluster of each occurrence, (n,)."""
    chosen = np.zeros(len(points), np.int64)
    if number is not None:
        number = min(number, len(points))
        return k_means(points, number, repeat(rng, STARTS))[0] if number > 1 else chosen
    if len(points) < LEAST:
        return chosen
    least = max(SMALLEST, SHARE * len(points))
    bound = APART - DOUBT / np.sqrt(len(points))
    for count in range(2, MOST + 1):
        labels, _ = k_means(points, count, repeat(rng, STARTS))
        if np.bincount(labels, minlength=count).min() < least or cluster_cosines(plain, labels).max() > bound:
            break
        chosen = labels
    if chosen.any():
        return chosen
    many, _ = k_means(points, MOST, repeat(rng, STARTS))
    return _merged(plain, many, least, bound - APART + MERGED)


def _merged(rows: Rows, labels: Ints, least: float, bound: float) -> Ints:
    """Merge clusters until each has ``least`` members and no two have a cosine above ``bound``."""
    while True:
        labels = np.unique(labels, return_inverse=True)[1]
        sizes = np.bincount(labels)
        if len(sizes) == 1:
            return labels
        cosines = cluster_cosines(rows, labels)
        joined = int(np.argmin(sizes))
        if sizes[joined] >= least:
            if cosines.max() <= bound:
                return labels
            joined = int(np.argmax(cosines.max(axis=1)))
        labels[labels == joined] = np.argmax(cosines[joined])


def _centres(points: Doubles, labels: Ints) -> tuple[Doubles, Doubles]:
    """Mean and share of each cluster that is not empty, the largest first; one zero mean without points."""
    if not len(points):
        return np.zeros((1, points.shape[1])), np.ones(1)
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    centres = np.stack([points[labels == label].mean(axis=0) for label in order.tolist()])
    return centres, sizes[order] / len(points)


def cluster_cosines(rows: Rows, labels: Ints) -> Doubles:
    """Cosines of the means of K clusters, (K, K), corrected for chance; -inf on the diagonal.

    The squared length of a mean of n vectors is that of the true mean plus an n-th of their variance; the
    product of two different means has no such term. A single row is its own mean.
    """
    sizes = np.bincount(labels)
    members = (labels == np.arange(len(sizes))[:, None]).astype(np.float64)
    sums = members @ rows.astype(np.float64)
    lengths = np.bincount(labels, np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    means = sums / sizes[:, None]
    pairs = np.einsum("ij,ij->i", sums, sums) - np.where(sizes > 1, lengths, 0)
    norms = np.sqrt(np.maximum(pairs / np.maximum(sizes * (sizes - 1), 1), 1e-9))
    cosines = (means @ means.T) / norms[:, None] / norms
    np.fill_diagonal(cosines, -np.inf)
    return np.asarray(cosines)
