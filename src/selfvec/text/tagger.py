"""Parts of speech, one per type: noun, verb, adjective or adverb.

Tagging every token would take longer than all the rest of Selfvec. The most frequent part of speech of each
type is right for nearly all tokens.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from selfvec.base.errors import MissingExtra, OptionError

__all__ = ["PARTS", "LexiconTagger", "SpacyTagger", "Tagger", "tagger"]

PARTS = ("noun", "verb", "adjective", "adverb")
OTHER = "other"

_PENN = {"NN": "noun", "VB": "verb", "JJ": "adjective", "RB": "adverb", "WR": "adverb"}
# Forms of "be" are auxiliaries; the clitics are separate tokens in pre-tokenised text.
_FUNCTION_WORDS = frozenset(
    ["be", "am", "is", "are", "was", "were", "been", "being", "not", "'s", "'re", "'m"]
)
_UNIVERSAL = {"NOUN": "noun", "PROPN": "noun", "VERB": "verb", "ADJ": "adjective", "ADV": "adverb"}


class Tagger(Protocol):
    """Assigns parts of speech; ``sample`` is the number of characters of sample text it needs."""

    sample: int

    def parts(self, words: Sequence[str], texts: Sequence[str]) -> list[str]:
        """One of `PARTS` or "other" for each word, given documents they occur in."""
        ...


def tagger(pipeline: str | None, languages: Sequence[str] = ()) -> Tagger:
    """The tagger of an installed spaCy pipeline (name or path), or the English lexicon by default.

    ``languages`` are those of the text, as far as known. The lexicon requires English among them, or none.
    """
    if pipeline is not None:
        return SpacyTagger(pipeline)
    if languages and "en" not in languages:
        raise OptionError(
            f"the part-of-speech lexicon is English, the text is {', '.join(languages)}",
            field="pos",
            remedy="leave the part-of-speech filter out, or name a spaCy pipeline of that language as tagger",
        )
    return LexiconTagger()


class LexiconTagger:
    """English, from the lexicon and suffix rules in TextBlob; a tag per word, without context."""

    sample = 0

    def __init__(self) -> None:
        try:
            from textblob.en import parser
        except ImportError as error:
            raise MissingExtra("textblob", "pos", "the part-of-speech filter") from error
        self._parser = parser
        with warnings.catch_warnings():  # the library does not close the file of its lexicon
            warnings.simplefilter("ignore", ResourceWarning)
            parser.find_tags(["the"])

    def parts(self, words: Sequence[str], texts: Sequence[str] = ()) -> list[str]:
        """See `Tagger`. Forms of *be*, modal verbs, *not* and contractions with it are "other"."""
        del texts
        return [self._part(word) for word in words]

    def _part(self, word: str) -> str:
        lower = word.lower()
        if lower in _FUNCTION_WORDS or lower.endswith("n't"):
            return OTHER
        head = word.split("'")[0] or word  # we'll: the tag of "we"
        tag: str = self._parser.find_tags([head])[0][1]
        return _PENN.get(tag[:2], OTHER)


class SpacyTagger:
    """Any language with a spaCy pipeline: the most frequent part of speech in a sample of text."""

    sample = 1_000_000
    longest = 100_000  # characters of one document; spaCy's memory grows with it

    def __init__(self, pipeline: str) -> None:
        try:
            import spacy
        except ImportError as error:
            raise MissingExtra("spacy", "spacy", "a part-of-speech tagger by name") from error
        try:
            self._pipeline: Any = spacy.load(pipeline, exclude=["ner", "parser", "lemmatizer"])
        except (OSError, ValueError) as error:
            raise OptionError(
                f"no spaCy pipeline {pipeline!r} can be loaded ({str(error).splitlines()[0]})",
                field="tagger",
                remedy=f"run: python -m spacy download {pipeline}",
            ) from error

    def parts(self, words: Sequence[str], texts: Sequence[str]) -> list[str]:
        """See `Tagger`. A word that is not in the sample is tagged alone."""
        wanted = set(words)
        seen: dict[str, Counter[str]] = {}
        for word, part in self._tagged(text[: self.longest] for text in texts):
            if word in wanted:
                seen.setdefault(word, Counter())[part] += 1
        alone = [word for word in words if word not in seen]
        for word, document in zip(alone, self._pipeline.pipe(alone), strict=True):
            seen[word] = Counter([_UNIVERSAL.get(document[0].pos_, OTHER)])
        # Ties are broken by name, so that the order of the text does not matter.
        return [min(seen[word].items(), key=lambda item: (-item[1], item[0]))[0] for word in words]

    def _tagged(self, texts: Iterator[str]) -> Iterator[tuple[str, str]]:
        for document in self._pipeline.pipe(texts):
            for token in document:
                yield token.text, _UNIVERSAL.get(token.pos_, OTHER)
