"""Parts of speech: noun, verb, adjective or adverb, one per type; with a spaCy pipeline also one per word.

Tagging every word takes longer than all the rest of Selfvec, and the most frequent part of speech of each
type is right for nearly all. So words are tagged in context, with lemmas, only if a pipeline is named.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.errors import OptionError, require
from selfvec.data.run_text import TAGS, TEXT, RunText, column_or_nulls

from .passages import sentence_spans
from .tokenizers import find_words

if TYPE_CHECKING:
    import polars as pl

PARTS = ("noun", "verb", "adjective", "adverb")
OTHER = "other"

_PENN = {"NN": "noun", "VB": "verb", "JJ": "adjective", "RB": "adverb", "WR": "adverb"}
# Forms of "be" are auxiliaries; the clitics are separate tokens in pre-tokenised text.
_FUNCTION_WORDS = frozenset(
    ["be", "am", "is", "are", "was", "were", "been", "being", "not", "'s", "'re", "'m"]
)
_CAN_BE = {  # most nouns are verbs, too, and the other way round: *damage*, *report*; the lexicon has one tag
    **dict.fromkeys(("NN", "NNS", "VB", "VBP", "VBZ"), frozenset(["noun", "verb"])),
    **dict.fromkeys(("VBD", "VBN"), frozenset(["past", "adjective"])),
    "VBG": frozenset(["noun", "verb", "adjective"]),
}
UNIVERSAL = {"NOUN": "noun", "PROPN": "noun", "VERB": "verb", "ADJ": "adjective", "ADV": "adverb"}
COLUMNS = ("lemma", "pos", "tag")  # of a line of `TAGS`
UNKNOWN = "\tX\tX"


Token = tuple[int, str]
"""Where it begins, in characters, and its tags as in `TAGS`; a tagger has one at each letter."""


def tagger(pipeline: str | None, languages: Sequence[str] = ()) -> Tagger:
    """The tagger of an installed spaCy pipeline (name or path), or the English lexicon by default.

    ``languages`` are those of the text, as far as known. The lexicon requires English among them, or none.
    """
    check_tagger(pipeline, languages)
    return LexiconTagger() if pipeline is None else _loaded(pipeline)


def check_tagger(pipeline: str | None, languages: Sequence[str] = ()) -> None:
    """Raise the errors of `tagger` that are known before it is made: a missing package, another language."""
    if pipeline is not None:
        require("spacy", "spacy", "a part-of-speech tagger by name")
        return
    require("textblob", "pos", "the part-of-speech filter")
    if languages and "en" not in languages:
        rule = f"the part-of-speech lexicon is English, the text is {', '.join(languages)}"
        remedy = "leave the part-of-speech filter out, or name a spaCy pipeline of that language as tagger"
        raise OptionError(rule, field="pos", remedy=remedy)


class LexiconTagger:
    """English, from the lexicon and suffix rules in TextBlob; a tag per word, without context."""

    def __init__(self) -> None:
        from textblob.en import parser

        self._parser = parser
        with warnings.catch_warnings():  # the library does not close the file of its lexicon
            warnings.simplefilter("ignore", ResourceWarning)
            parser.find_tags(["the"])

    def parts(self, words: Sequence[str]) -> list[str]:
        """One of `PARTS` or "other" of each word: forms of *be*, modal verbs, *not*, contractions with it."""
        return [self._part(word) for word in words]

    def _part(self, word: str) -> str:
        lower = word.lower()
        if lower in _FUNCTION_WORDS or lower.endswith("n't"):
            return OTHER
        head = word.split("'")[0] or word  # we'll: the tag of "we"
        tag: str = self._parser.find_tags([head])[0][1]
        return _part_of(head.lower(), tag)


@cache
def english_lexicon() -> dict[str, str]:
    """The tag of each word of TextBlob's lexicon; empty without TextBlob.

    The file is read without the package, which takes two seconds to load NLTK, scikit-learn and SciPy.
    """
    package = find_spec("textblob")
    if package is None or not package.submodule_search_locations:
        return {}
    path = Path(package.submodule_search_locations[0], "en", "en-lexicon.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith(";;;"))
    return {word: tag for word, tag, *_ in pairs}


def can_be(word: str) -> frozenset[str]:
    """What an English word can be, *past* (form of a verb) included; empty if the lexicon lacks the word."""
    lower = word.lower()
    tag = english_lexicon().get(lower)
    if tag is None:
        return frozenset()
    own = frozenset([_part_of(lower, tag)])
    return own if "adverb" in own else _CAN_BE.get(tag, own)


def _part_of(lower: str, tag: str) -> str:
    """The part of speech of a word; the lexicon has *briefly* as a noun, and *brief*."""
    is_adverb = tag == "NN" and lower.endswith("ly")
    if is_adverb and english_lexicon().get(lower[:-2], "").startswith("JJ"):
        return "adverb"
    return _PENN.get(tag[:2], OTHER)


class SpacyTagger:
    """Any language with a spaCy pipeline."""

    longest = 100_000  # characters of one document; spaCy's memory grows with it

    def __init__(self, pipeline: str) -> None:
        import spacy

        try:
            self._pipeline: Any = spacy.load(pipeline, exclude=["ner", "parser"])
        except (OSError, ValueError) as error:
            rule = f"no spaCy pipeline {pipeline!r} can be loaded ({str(error).splitlines()[0]})"
            remedy = f"run: python -m spacy download {pipeline}"
            raise OptionError(rule, field="tagger", remedy=remedy) from error

    def parts(self, words: Sequence[str]) -> list[str]:
        """One of `PARTS` or "other" of each word, alone."""
        return [UNIVERSAL.get(document[0].pos_, OTHER) for document in self._pipeline.pipe(words)]

    def tokens(self, texts: Sequence[str]) -> list[list[Token]]:
        """The tokens of each text, by sentences; what is longer than a document may be is cut."""
        spans = [
            (number, start, min(start + self.longest, last))
            for number, text in enumerate(texts)
            for first, last in sentence_spans(text)
            for start in range(first, last, self.longest)
        ]
        documents = self._pipeline.pipe(texts[number][first:last] for number, first, last in spans)
        out: list[list[Token]] = [[] for _ in texts]
        for (number, first, _), document in zip(spans, documents, strict=True):
            out[number] += [
                (first + token.idx, f"{token.lemma_}\t{token.pos_}\t{token.tag_}") for token in document
            ]
        return out


def mostly(text: RunText | None, options: Mapping[str, Any]) -> dict[str, str]:
    """The tags that each word of a text, in lower case, has most often; empty without `TAGS`."""
    counts: Counter[tuple[str, str]] = Counter()
    for rows in text.batches((TEXT, TAGS)) if text is not None and TAGS in text.columns else ():
        told = rows.drop_nulls()
        words = find_words(told[TEXT].to_list(), options["tokenizer"])
        tags = filter(None, "\n".join(told[TAGS]).split("\n"))
        for word, tag in zip(words.ids.tolist(), tags, strict=False):
            counts[words.names[word].lower(), tag] += 1
    # Of several, the last stays; what is as frequent is in an order by name, whatever that of the text.
    return dict(sorted(counts, key=lambda pair: (counts[pair], pair)))


Tagger = LexiconTagger | SpacyTagger


@lru_cache(maxsize=1)  # it takes a second
def _loaded(pipeline: str) -> SpacyTagger:
    return SpacyTagger(pipeline)


def tagged(documents: pl.DataFrame, pipeline: str, tokenizer: str) -> pl.DataFrame:
    """Documents with the `TAGS` of their words, where they lack them, by a pipeline."""
    import polars as pl

    there = column_or_nulls(documents, TAGS)
    if not there.null_count():
        return documents.with_columns(there)
    texts = documents[TEXT].filter(there.is_null()).to_list()
    words = find_words(texts, tokenizer, sizes=())
    spans = list(zip(words.starts.tolist(), words.ends.tolist(), strict=True))
    bounds = pairwise(words.bounds.tolist())
    new = iter(
        "\n".join(_tags(text, spans[first:last], tokens))
        for text, tokens, (first, last) in zip(texts, _loaded(pipeline).tokens(texts), bounds, strict=True)
    )
    tags = [next(new) if tags is None else tags for tags in there]
    return documents.with_columns(pl.Series(TAGS, tags, pl.String))


def _tags(text: str, spans: Sequence[tuple[int, int]], tokens: Sequence[Token]) -> Iterator[str]:
    """The tag of each word: of the token that it begins with, as *do* of *don't*; of *l'homme* of *homme*."""
    begins = [begin for begin, _ in tokens]
    for start, end in spans:
        place = bisect_right(begins, start) - 1
        inner = range(place + 1, bisect_left(begins, end))
        yield tokens[next((i for i in inner if text[begins[i] - 1] in "'\u2019"), place)][1]
