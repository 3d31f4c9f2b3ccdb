"""Names of topics that read as subjects: the phrases and nouns most typical of the documents of each.

*High water, flooding* says more than *flooded, closed*. How typical a phrase or noun is of a topic, is the
log-likelihood of the number of its documents with it, against those of other topics (Dunning, 1993, *Accurate
methods for the statistics of surprise and coincidence*). Of a large text some documents of each topic are
read, as many of each, so that small topics have names as good as those of large ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from selfvec.analysis.replacements import lexicon
from selfvec.analysis.word_kinds import garbled_words
from selfvec.base.arrays import Doubles, Ints
from selfvec.base.casing import language_of
from selfvec.data.run import Run
from selfvec.text import encode, tokenizer
from selfvec.text.languages import STOP_WORDS
from selfvec.text.phrase_finding import PAST, Finder
from selfvec.text.phrases import LINK, Running, join
from selfvec.text.preprocessing import Preprocessing

from .terms import stop_words

NAMED = 3  # phrases and nouns in a name
PHRASE = 2.0  # weight of a phrase; that of a noun is 1
SURE = 10.8  # log-likelihood of what may be in a name: p = .001
_LONGEST = 60  # characters of a name
_DOCUMENTS = 400  # of a topic that are read
_CHARACTERS = 2_000_000  # of all of them
_SHORTEST = 3  # letters of a noun; a phrase has a word with one more


def phrase_names(run: Run, topic_of: Ints, terms: Sequence[Sequence[str]]) -> list[list[str]]:
    """The phrases and nouns that name each of topics, the most telling first; none where none is sure.

    ``topic_of``, (D,), are the topics of the documents, -1 for none, and ``terms`` those of each topic: no
    other single words can be in its name.
    """
    number = len(terms)
    read = _evenly(topic_of, number)
    if not len(read) or Preprocessing.of(run.provenance).tokenizer not in ("words", "whitespace"):
        return [[] for _ in range(number)]
    text = _running(run, read)
    language = language_of(run.provenance.options)
    phrases = Finder(stop_words=language if language in STOP_WORDS else "en")(text)
    ids, offsets, types = join(text, phrases)
    names, places = np.unique([name.lower() for name in types], return_inverse=True)
    counts = documents_with(places[ids], offsets, len(names), topic_of[read], number)
    scores = log_likelihoods(counts, np.bincount(topic_of[read], minlength=number))
    subject = can_name(run)
    joined = np.array([LINK in name for name in names.tolist()], bool)
    out = []
    for topic, own in enumerate(terms):
        listed = np.isin(names, [term.lower() for term in own])
        weight = np.where(joined, PHRASE, listed) * scores[:, topic]
        order = np.argsort(-weight, kind="stable")
        able = (str(names[i]) for i in order.tolist() if weight[i] and scores[i, topic] >= SURE)
        out.append(list(_short(distinct(filter(subject, able), NAMED))))
    return out


def documents_with(ids: Ints, offsets: Ints, types: int, topic_of: Ints, number: int) -> Ints:
    """How many documents of each topic have each type, (types, number).

    >>> documents_with(np.array([0, 0, 1, 1]), np.array([0, 3, 4]), 2, np.array([0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    documents = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    once = np.unique(documents * types + ids)
    cells = (once % types) * number + topic_of[once // types]
    return np.bincount(cells, minlength=types * number).reshape(types, number)


def log_likelihoods(counts: Ints, sizes: Ints) -> Doubles:
    """G² of ``counts``, (n, K) documents of each topic with a word, of ``sizes`` (K,); 0 where it is rare.

    Six of ten documents against two of twenty, where eight of thirty is the rule, is 2 · (6 ln(6 / 2⅔) + 4
    ln(4 / 7⅓) + 2 ln(2 / 5⅓) + 18 ln(18 / 14⅔)):

    >>> log_likelihoods(np.array([[6, 2]]), np.array([10, 20])).round(2).tolist()
    [[8.33, 0.0]]
    """
    total = counts.sum(axis=1, keepdims=True)
    share = total / max(int(sizes.sum()), 1)
    out = np.zeros(counts.shape)
    for here, size in ((counts, sizes), (total - counts, sizes.sum() - sizes)):
        for seen, expected in ((here, size * share), (size - here, size * (1 - share))):
            ratio = np.divide(seen, expected, out=np.ones(counts.shape), where=(seen > 0) & (expected > 0))
            out += 2 * seen * np.log(ratio)
    return np.where(counts > sizes * share, out, 0)


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
    some = [
        part[np.linspace(0, len(part) - 1, min(len(part), _DOCUMENTS)).astype(np.int64)] for part in parts
    ]
    return np.sort(np.concatenate(some)) if some else np.zeros(0, np.int64)


def _running(run: Run, documents: Ints) -> Running:
    """The beginnings of some documents with their punctuation, or their tokens if the text was not kept."""
    if run.text is None:
        part = np.zeros(run.require_tokens().documents, bool)
        part[documents] = True
        batch = run.require_tokens().part(part)
        return Running.plain(batch.ids, batch.offsets, batch.types)
    import polars as pl

    from selfvec.corpus.documents import Documents

    longest = _CHARACTERS // len(documents)
    texts = [text[:longest] for text in run.text.texts(documents.tolist())]
    heard: list[Running] = []

    def hear(text: Running) -> list[str]:
        heard.append(text)
        return []

    cut = tokenizer(Preprocessing.of(run.provenance).tokenizer)
    encode([Documents(pl.Series(texts, dtype=pl.String))], cut, phrases=hear)
    return heard[0]


def can_name(run: Run) -> Callable[[str], bool]:
    """Tells which phrases and words can name a subject: nouns, as far as the lexicon knows, no numbers."""
    stops, broken, can_be = stop_words(run), garbled_words(run), lexicon(run)

    def is_subject(name: str) -> bool:
        words = name.split(LINK)
        letters = max(sum(map(str.isalpha, word)) for word in words)
        if letters < _SHORTEST + (len(words) > 1) and name.isascii():
            return False
        ends = {words[0], words[-1]}
        if not all(map(str.isalpha, ends)) or words[0] in PAST or not stops.isdisjoint(ends):
            return False
        parts = can_be(words[-1])
        return (not parts or "noun" in parts) and broken.isdisjoint(words)

    return is_subject
