"""Which language a text is in, and what helps where the initial vectors do not know it.

A language is recognised by its function words or its script.

A few dozen words make up a third of most texts, and hardly two languages share them. So the language is the
one whose list holds most of the text, if that is enough of the text, and twice as much of it as what only the
next language's list holds. Where a script is used by one language, it tells.
"""

from __future__ import annotations

import heapq
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path

import numpy as np

from selfvec.base.casing import in_letters, lower
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import KNOWN_TEXT
from selfvec.storage.public_vectors import BUILT_IN, PUBLIC_VECTORS

from .languages import LANGUAGES, STOP_WORDS, language_name, letters_of_scripts, stop_words_of_language
from .tokenizers import SPLITS

ENOUGH = 0.15  # share of a text that is function words of its language; of English prose it is .4
LEAST = 5  # different ones of them
_FEW = 2  # the same, of a document whose language is one of a few
APART = 2  # times as much of the text is in the list of its language alone as in that of another alone
_READ = 2000  # most frequent words that are looked at: more would tell the same
_KANA = 0.1  # share of the letters of Japanese, at least


def recognised_language(words: Iterable[tuple[str, int]]) -> str | None:
    """The code of the language of a text, by its words and their counts; None if it is not told.

    >>> german = "der hagel fiel auf das dach und die straße und nicht in den garten, wie es war"
    >>> recognised_language(Counter(german.replace(",", "").split()).items())
    'de'
    >>> recognised_language([("error", 9), ("timeout", 7), ("GET", 7)]) is None
    True
    """
    frequent = heapq.nlargest(_READ, words, key=itemgetter(1))
    return _by_script(frequent) or _by_function_words(frequent)


IN_PART = 0.05
"""Share of the documents that are in another language, if it is said: fewer hardly move a word."""

_DOCUMENTS = 1_000  # looked at, at most


def other_languages(
    batch: TokenBatch, usual: str | None, most: int = _DOCUMENTS
) -> tuple[dict[str, list[int]], int]:
    """The documents in another language than that of the text, of a sample; and its size.

    >>> english, german = "the roof of a barn is in the road", "das ist die farbe und der rest"
    >>> documents = [text.split() for text in (english, german, english, english)]
    >>> other_languages(TokenBatch.from_documents(documents), "en")
    ({'de': [1]}, 4)
    """
    if usual is None:
        return {}, 0
    drawn = np.random.default_rng(0).permutation(batch.documents)[:most]
    drawn.sort()
    some = batch.part(drawn)
    # Most documents have enough words of the text's language: they need not be compared with all others.
    words = function_words().get(usual, frozenset())
    is_usual = np.zeros(len(batch.types), bool)
    used = np.unique(some.ids)
    is_usual[used] = [lower(batch.types[i]) in words for i in used.tolist()]
    own = np.bincount(some.document_of(np.flatnonzero(is_usual[some.ids])), minlength=some.documents)
    odd = np.flatnonzero(own < ENOUGH * some.lengths)
    documents: dict[str, list[int]] = {}
    short: list[tuple[int, Counter[str]]] = []
    for number in odd.tolist():
        ids = some.ids[some.offsets[number] : some.offsets[number + 1]]
        counts = Counter(batch.types[i] for i in ids.tolist())
        code = recognised_language(counts.items())
        if code is not None:
            documents.setdefault(code, []).append(int(drawn[number]))
        else:
            short.append((int(drawn[number]), counts))
    documents.pop(usual, None)  # which its script tells
    # Of a short one fewer words tell it from the usual language if others are in its own.
    known = [code for code, of in documents.items() if len(of) >= IN_PART * some.documents]
    for number, counts in short if known else ():
        code = _by_function_words(counts.items(), (usual, *known), _FEW)
        if code in known:
            documents[code].append(number)
    return dict(sorted(documents.items(), key=lambda of: -len(of[1]))), some.documents


def _by_script(words: Sequence[tuple[str, int]]) -> str | None:
    letters = letters_of_scripts(words)
    if letters["ja"] >= _KANA * (letters["ja"] + letters["zh"]):  # kana among Chinese characters
        letters["ja"] += letters["zh"]
    code, most = max(letters.items(), key=itemgetter(1), default=("", 0))
    return code if 2 * most > sum(count * len(word) for word, count in words) else None


def _by_function_words(
    words: Iterable[tuple[str, int]], among: Iterable[str] = (), least: int = LEAST
) -> str | None:
    counts: Counter[str] = Counter()
    for word, count in words:
        counts[lower(word)] += count
    seen = set(counts)
    lists = function_words()
    words_of = {code: lists.get(code, frozenset()) & seen for code in among or lists}
    shares = {code: sum(counts[word] for word in own) for code, own in words_of.items()}
    code = max(shares, key=shares.__getitem__)
    if len(words_of[code]) < least or shares[code] < ENOUGH * counts.total():
        return None
    for other in words_of.keys() - {code}:
        alone, theirs = (
            sum(counts[word] for word in difference)
            for difference in (words_of[code] - words_of[other], words_of[other] - words_of[code])
        )
        if alone < APART * theirs:
            return None
    return code


@cache
def function_words() -> dict[str, frozenset[str]]:
    """The most frequent words of each language that can be recognised by them."""
    text = Path(__file__).with_name("function_words.toml").read_text(encoding="utf-8")
    listed = {code: frozenset(words.split()) for code, words in tomllib.loads(text).items()}
    words_of = {code: stop_words_of_language(code) for code in STOP_WORDS} | listed
    # In the letters in which a text is counted whose language nobody has named.
    return {code: frozenset(map(in_letters, words)) for code, words in words_of.items()}


# What `refine` says about it

ENCODER = "multilingual-e5-small"  # of a hundred languages


def language_of_text(words: Iterable[tuple[str, int]], settings: Settings) -> str | None:
    """The code of the language that an option names, or else the one that the words tell; None for neither.

    ``words`` are those of the text with their counts. Stop words that were left out tell nothing any more, so
    their language is the last that is believed.
    """
    named = (settings.language, settings.lemmatize, settings.stem)
    asked = next((str(code).split(",")[0] for code in named if code), None)
    if asked in LANGUAGES:
        return asked
    if settings.tokenizer not in SPLITS:
        return None
    listed = settings.stop_words if settings.stop_words in LANGUAGES else None
    return recognised_language(words) or listed


def vectors_of(language: str | None) -> str | None:
    name = f"cc.{(language or '').partition('-')[0]}.300"
    return name if name in PUBLIC_VECTORS else None


def note_on_language(language: str | None, vectors: str, share: float, settings: Settings) -> str | None:
    """What to do if the initial vectors are of another language, or know less than half of a text in it.

    ``vectors`` is their name, and ``share`` the share of the text that is in them.
    """
    row = PUBLIC_VECTORS.get(vectors)
    theirs = "en" if vectors in BUILT_IN else row.language if row else None
    if language is None or theirs in (language, language.partition("-")[0], "many"):
        return None
    if theirs is None and (language == "en" or share >= KNOWN_TEXT):
        return None
    name = language_name(language)
    of = f"are of {language_name(theirs)}" if theirs in LANGUAGES else f"know {share:.0%} of the text"
    better = vectors_of(language)
    ways = [f"--vectors {better} (selfvec vectors fetch {better})"] if better else []
    ways.append(f"--encoder {ENCODER} (selfvec vectors fetch {ENCODER})")
    is_named = language not in LANGUAGES or any((settings.language, settings.lemmatize, settings.stem))
    named = "" if is_named else f"; name the language: --language {language}"
    return f"they {of}, and the text is {name}; better: {' or '.join(ways)}{named}"
