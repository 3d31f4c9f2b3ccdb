"""Which part-of-speech tagger: ``python -m benchmarks.tagging`` prints the table in docs/text.md.

Measured on the development part of the English Web Treebank (Universal Dependencies), on which we tuned none
of them; gruut's was trained on another part of the same collection, which flatters it. A candidate that is
not installed is listed with the reason.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from benchmarks.common import SHARED_DATA

TREEBANK = SHARED_DATA / "tagging" / "en_ewt-ud-dev.conllu"
OTHER = "other"
UNIVERSAL = {"NOUN": "noun", "PROPN": "noun", "VERB": "verb", "ADJ": "adjective", "ADV": "adverb"}
PENN = {"NN": "noun", "VB": "verb", "JJ": "adjective", "RB": "adverb", "WR": "adverb"}
CLAWS = {
    "NN": "noun",
    "NP": "noun",
    "VV": "verb",
    "VH": "verb",
    "AJ": "adjective",
    "AV": "adverb",
    "OR": "adjective",
}
BE = frozenset(["be", "am", "is", "are", "was", "were", "been", "being", "'s", "'re", "'m"])
SUFFIXES = {
    "adverb": ("ly",),
    "adjective": ("ous", "ful", "ive", "able", "ible", "al", "ic", "less", "est"),
    "verb": ("ed", "ing", "ize", "ise", "ify"),
}

Sentence = list[str]
ByWord = Callable[[str], str]
BySentence = Callable[[Sentence], list[str]]


@dataclass(frozen=True)
class Candidate:
    """One tagger: ``load`` gives the function by word and the one by sentence, either may be missing."""

    name: str
    load: Callable[[], tuple[ByWord | None, BySentence | None]]
    packages: tuple[str, ...] = ()
    licence: str = ""


def treebank(path: Path = TREEBANK) -> list[list[tuple[str, str]]]:
    """Sentences of (word, part of speech), contracted words in their parts; punctuation is "other"."""
    sentences: list[list[tuple[str, str]]] = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if not line:
            sentences.append([])
        elif fields[0].isdigit():  # neither a comment nor a range such as 1-2
            sentences[-1].append((fields[1], UNIVERSAL.get(fields[3], OTHER)))
    return [sentence for sentence in sentences if sentence]


def penn(word: str, tag: str) -> str:
    """From the Penn Treebank's tags. Forms of *be* and *not* are function words in Universal Dependencies."""
    if word.lower() in BE or word.lower() in ("not", "n't"):
        return OTHER
    return PENN.get(tag[:2], OTHER)


def claws(tag: str) -> str:
    """From the CLAWS 5 tags of the British National Corpus; AVP are particles (give *up*)."""
    return OTHER if tag == "AVP" else CLAWS.get(tag[:2], OTHER)


def nouns() -> tuple[ByWord | None, BySentence | None]:
    return lambda _: "noun", None


def suffixes() -> tuple[ByWord | None, BySentence | None]:
    def tag(word: str) -> str:
        for part, endings in SUFFIXES.items():
            if len(word) > 4 and word.endswith(endings):
                return part
        return "noun" if len(word) > 3 else OTHER

    return tag, None


def textblob() -> tuple[ByWord | None, BySentence | None]:
    from textblob.en import parser

    from selfvec.text.tagger import LexiconTagger

    lexicon = LexiconTagger()

    def in_context(sentence: Sentence) -> list[str]:
        return [penn(word, tag[1]) for word, tag in zip(sentence, parser.find_tags(sentence), strict=True)]

    return lambda word: lexicon.parts([word])[0], in_context


def hanta() -> tuple[ByWord | None, BySentence | None]:
    from HanTa.HanoverTagger import HanoverTagger

    tagger = HanoverTagger("morphmodel_en.pgz")
    return (
        lambda word: claws((tagger.tag_word(word) or [("NN1", 0.0)])[0][0]),
        lambda sentence: [claws(tag) for tag in tagger.tag_sent(sentence, taglevel=0)],
    )


def lemminflect() -> tuple[ByWord | None, BySentence | None]:
    from lemminflect import getAllLemmas

    return lambda word: UNIVERSAL.get(next(iter(getAllLemmas(word.lower())), "NOUN"), OTHER), None


def gruut() -> tuple[ByWord | None, BySentence | None]:
    import gruut_lang_en
    from gruut.pos import PartOfSpeechTagger

    tagger = PartOfSpeechTagger(Path(gruut_lang_en.__file__).parent / "pos" / "model.crf")

    def in_context(sentence: Sentence) -> list[str]:
        return [penn(word, tag) for word, tag in zip(sentence, tagger(sentence), strict=True)]

    return lambda word: in_context([word])[0], in_context


def nltk() -> tuple[ByWord | None, BySentence | None]:
    from nltk.tag.perceptron import PerceptronTagger

    tagger = PerceptronTagger()

    def in_context(sentence: Sentence) -> list[str]:
        return [penn(word, tag) for word, tag in tagger.tag(sentence)]

    return lambda word: in_context([word])[0], in_context


def spacy() -> tuple[ByWord | None, BySentence | None]:
    import spacy

    pipeline = spacy.load("en_core_web_sm", exclude=["ner", "parser", "lemmatizer"])

    def in_context(sentence: Sentence) -> list[str]:
        document = spacy.tokens.Doc(pipeline.vocab, words=sentence)
        return [UNIVERSAL.get(token.pos_, OTHER) for token in pipeline(document)]

    return lambda word: in_context([word])[0], in_context


CANDIDATES = (
    Candidate("every word a noun", nouns),
    Candidate("suffixes", suffixes),
    Candidate("TextBlob's lexicon", textblob, ("textblob", "nltk", "regex"), "MIT"),
    Candidate("HanTa", hanta, ("HanTa",), "LGPL-3.0"),
    Candidate("lemminflect", lemminflect, ("lemminflect",), "MIT"),
    Candidate("gruut (CRF)", gruut, ("gruut", "gruut-lang-en", "python-crfsuite"), "MIT"),
    Candidate("NLTK perceptron", nltk, ("nltk", "regex"), "Apache-2.0"),
    Candidate("spaCy en_core_web_sm", spacy, ("spacy", "en-core-web-sm"), "MIT"),
)


def megabytes(packages: Iterable[str]) -> str:
    """Installed size of the packages, or nothing where there is none."""
    total = 0.0
    for package in packages:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            continue
        located = (Path(str(file.locate())) for file in files)
        total += sum(path.stat().st_size for path in located if path.is_file()) / 1e6
    return f"{total:.0f}" if total else ""


def scores(gold: list[list[tuple[str, str]]], tagged: list[list[str]]) -> list[str]:
    """Accuracy over words, precision and recall of content words, and of nouns alone."""
    pairs: Counter[tuple[str, str]] = Counter()
    for sentence, parts in zip(gold, tagged, strict=True):
        for (word, right), part in zip(sentence, parts, strict=True):
            if any(map(str.isalnum, word)):
                pairs[right, part] += 1

    def share(of: Callable[[str, str], bool], among: Callable[[str, str], bool]) -> str:
        hits = sum(n for (a, b), n in pairs.items() if of(a, b) and among(a, b))
        return f"{hits / max(1, sum(n for (a, b), n in pairs.items() if among(a, b))):.3f}"

    return [
        share(lambda a, b: a == b, lambda _a, _b: True),
        share(lambda a, _: a != OTHER, lambda _, b: b != OTHER),
        share(lambda _, b: b != OTHER, lambda a, _: a != OTHER),
        share(lambda a, _: a == "noun", lambda _, b: b == "noun"),
        share(lambda _, b: b == "noun", lambda a, _: a == "noun"),
    ]


def majority(gold: list[list[tuple[str, str]]], tagged: list[list[str]]) -> list[list[str]]:
    """Each word's most frequent part in ``tagged``, wherever it stands."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sentence, parts in zip(gold, tagged, strict=True):
        for (word, _), part in zip(sentence, parts, strict=True):
            counts[word][part] += 1
    return [[counts[word].most_common(1)[0][0] for word, _ in sentence] for sentence in gold]


def rows(gold: list[list[tuple[str, str]]], candidate: Candidate) -> list[list[str]]:
    """The table's rows for one candidate."""
    size = megabytes(candidate.packages)
    try:
        by_word, by_sentence = candidate.load()
    except Exception as error:
        reason = f"not measured: {' '.join(str(error).replace('*', '').split())[:58]}"
        return [[candidate.name, reason, *[""] * 6, size, candidate.licence]]
    out = []
    if by_word is not None:
        words = sorted({word for sentence in gold for word, _ in sentence})
        start = time.perf_counter()
        tags = {word: by_word(word) for word in words}
        rate = f"{len(words) / (time.perf_counter() - start) / 1e3:,.0f} K types/s"
        tagged = [[tags[word] for word, _ in sentence] for sentence in gold]
        out.append([candidate.name, "per type", *scores(gold, tagged), rate, size, candidate.licence])
    if by_sentence is not None:
        start = time.perf_counter()
        tagged = [by_sentence([word for word, _ in sentence]) for sentence in gold]
        rate = f"{sum(map(len, gold)) / (time.perf_counter() - start) / 1e3:,.0f} K tokens/s"
        for how, parts in (("in context", tagged), ("majority in context", majority(gold, tagged))):
            out.append([candidate.name, how, *scores(gold, parts), rate, size, candidate.licence])
    return out


def main() -> None:
    """Print the comparison as a Markdown table."""
    if not TREEBANK.exists():
        raise SystemExit("shared/data/tagging is not beside this checkout: nothing to measure on")
    gold = treebank()
    right = [[part for _, part in sentence] for sentence in gold]
    table = [["perfect tags", "majority in context", *scores(gold, majority(gold, right)), "", "", ""]]
    for candidate in CANDIDATES:
        table += rows(gold, candidate)
    head = [
        "tagger",
        "how",
        "accuracy",
        "content P",
        "content R",
        "noun P",
        "noun R",
        "speed",
        "MB",
        "licence",
    ]
    print("|", " | ".join(head), "|")
    print("|", " | ".join(["---"] * len(head)), "|")
    for row in table:
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
