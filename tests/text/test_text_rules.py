"""Lemmas, stems, stop words, parts of speech and minimal counts: what each leaves out, merges and refuses."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.refusals import refused

import selfvec
from selfvec.analysis.views.run_summary import run_summary
from selfvec.base.errors import InputError, OptionError
from selfvec.text import Rules
from selfvec.text.rules import Keys, Rulebook, same_stem
from selfvec.text.tagger import LexiconTagger, can_be, english_lexicon, tagger
from selfvec.text.tokenizers import Casing


def keys(
    words: str,
    rules: Rules,
    known: Sequence[str] = (),
    counts: list[int] | None = None,
    casing: Casing = "lower",
) -> Keys:
    index = {word: i for i, word in enumerate(known)}
    types = words.split()
    return Rulebook(rules, casing).keys(types, np.array(counts or [1] * len(types), np.int64), index)


def kept(words: str, rules: Rules, known: str = "") -> str:
    """The key of each word, - where it is dropped."""
    found = keys(words, rules, known.split())
    return " ".join(found.types[place] if place >= 0 else "-" for place in found.places)


def test_lemmas_merge_forms_and_add_their_counts() -> None:
    found = keys(
        "Storms storm stormed THUNDERSTORMS 58 f0",
        Rules(lemmatize="en"),
        counts=[5, 7, 1, 2, 3, 4],
    )
    assert " ".join(found.types) == "storm thunderstorm 58 f0"
    assert found.places.tolist() == [0, 0, 0, 1, 2, 3]


def test_a_lemma_is_the_key_unless_only_the_form_has_a_vector() -> None:
    known = "storms Bush house developed"
    found = kept("storms Bush Houses Developed trees", Rules(lemmatize="en"), known)
    assert found == "storms Bush house developed tree"


def test_lemmas_in_several_languages() -> None:
    assert kept("Häuser houses", Rules(lemmatize="de,en"), "Haus") == "Haus house"


@pytest.mark.parametrize(
    ("rule", "also"), [("lemmatize", ["en,xx"]), ("stop_words", []), ("stem", []), ("language", [""])]
)
def test_an_unknown_language_lists_the_known(rule: str, also: list[str]) -> None:
    for wrong in ("xx", "english", "../en", ".", *also):
        refused(
            lambda: Rulebook(Rules(**{rule: wrong}), "lower"),
            OptionError,
            rf"{rule}: (there is )?no .*language.*\bde\b.*\ben\b",
        )


def test_stop_words_of_a_language_with_contractions() -> None:
    rules = Rules(stop_words="en")
    words = "The THE hail we're don't I'm can't o'clock storm is"
    assert kept(words, rules) == "- - hail - - - - o'clock storm -"
    assert kept("der Hagel und", Rules(stop_words="de")) == "- hagel -"


def test_stop_words_leave_topical_words_alone() -> None:
    topical = "fire ring state system computer information well test words"
    assert kept(topical, Rules(stop_words="en")) == topical


def test_stop_words_catch_the_form_and_its_lemma(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_text("was\nstorm\n")
    words = "was were storms hail"
    assert kept(words, Rules(lemmatize="en", stop_words=str(path))) == "- be - hail"
    assert kept(words, Rules(stop_words=str(path))) == "- were storms hail"


def test_a_file_of_stop_words(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_bytes("\ufeff# ours\r\nHail\r\n\r\n  don’t  \r\nnai\u0308ve".encode())
    assert kept("hail don't naïve ours storm", Rules(stop_words=str(path))) == "- - - ours storm"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hail\nwind gust\n", r"stop\.txt:2: a line holds one word, this one has 2"),
        (b"hail\n\nna\xefve\n", r"stop\.txt:3: is not UTF-8"),
    ],
)
def test_a_broken_file_of_stop_words_names_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "stop.txt"
    path.write_bytes(content)
    refused(lambda: Rulebook(Rules(stop_words=str(path)), "lower"), InputError, message)


@pytest.mark.parametrize(("rule", "key"), [("lemmatize", "storm"), ("stem", "storms")])
def test_minimal_count_is_of_the_key(rule: str, key: str) -> None:
    found = keys("storm storms hail Hail rain", Rules(min_count=3, **{rule: "en"}), counts=[1, 2, 1, 1, 9])
    assert found.types == [key, "rain"]
    assert found.places.tolist() == [0, 0, -1, -1, 1]
    assert found.dropped == {"minimal count": 2}


def test_a_token_counts_for_the_first_rule_that_drops_it() -> None:
    pytest.importorskip("textblob")
    rules = Rules(stop_words="en", pos=("noun",), min_count=2)
    found = keys("the fell storm hail", rules, counts=[10, 5, 1, 3])
    assert found.dropped == {"stop words": 10, "part of speech": 5, "minimal count": 1}
    assert found.types == ["hail"]


@pytest.mark.parametrize(
    "rules", [Rules(lemmatize="en"), Rules(stop_words="en"), Rules(pos=("noun",)), Rules(stem="en")], ids=repr
)
def test_pieces_take_no_rules_for_words(rules: Rules) -> None:
    refused(lambda: Rulebook(rules, "exact"), OptionError, "is a rule for words")


def test_pieces_may_have_a_minimal_count() -> None:
    assert keys("▁Hail ##s", Rules(min_count=2), counts=[2, 1], casing="exact").types == ["▁Hail"]


WORDS = {
    "noun": "hail Iowa tornado thunderstorms county computer window",
    "verb": "destroyed said gave write explains",
    "adjective": "large severe beautiful significant smaller",
    "adverb": "quickly severely often very",
    "other": "the The of and was is would don't wasn't we're with seven",
}


@pytest.mark.parametrize("part", WORDS)
def test_the_lexicon_knows_plain_cases(part: str) -> None:
    pytest.importorskip("textblob")
    words = WORDS[part].split()
    assert dict(zip(words, LexiconTagger().parts(words), strict=True)) == dict.fromkeys(words, part)


def test_the_lexicon_is_that_of_its_package() -> None:
    parser = pytest.importorskip("textblob.en").parser
    assert parser.find_tags(["the"])  # loads it
    assert english_lexicon() == dict(parser.lexicon)
    assert can_be("Damage") == {"noun", "verb"}
    assert can_be("briefly") == {"adverb"}
    assert can_be("xyzzy") == frozenset()


@pytest.mark.parametrize(
    "rules", [Rules(lemmatize="de", pos=("noun",)), Rules(stop_words="de", pos=("noun",))]
)
def test_the_lexicon_is_english_only(rules: Rules) -> None:
    rule = r"pos: the part-of-speech lexicon is English, the text is de;.*spaCy"
    refused(lambda: Rulebook(rules, "lower"), OptionError, rule)


def test_a_spacy_pipeline_tags_in_context_and_alone(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("attribute_ruler")
    ruler.add([[{"LOWER": "hail"}]], {"POS": "NOUN"})
    ruler.add([[{"LOWER": "to"}, {"LOWER": "hail"}]], {"POS": "VERB", "LEMMA": "hail"}, index=1)
    ruler.add([[{"LOWER": "iowa"}]], {"POS": "PROPN"})
    ruler.add([[{"LOWER": "to"}]], {"POS": "PART"})
    pipeline.to_disk(tmp_path / "rules")
    by_name = tagger(str(tmp_path / "rules"), ["de"])
    words = ["hail", "Iowa", "to", "unseen"]
    assert by_name.parts(words) == ["noun", "noun", "other", "other"]
    tagged = [(0, "\tPART\t"), (3, "hail\tVERB\t"), (8, "\tNOUN\t")]
    assert by_name.tokens(["to Hail hail", "Iowa"]) == [tagged, [(0, "\tPROPN\t")]]


def test_a_missing_pipeline_says_how_to_get_it(tmp_path: Path) -> None:
    pytest.importorskip("spacy")
    refused(
        lambda: tagger("en_nowhere"), OptionError, r"tagger: no spaCy pipeline.*spacy download en_nowhere"
    )


@pytest.mark.parametrize(
    ("words", "counts", "known", "expected"),
    [
        ("storm storms storming", [1, 5, 2], "", "storms storms storms"),  # the most frequent
        ("storm storms", [1, 5], "storm", "storm storm"),  # one with a vector comes before it
        ("hails rain", [3, 1], "rain hail hailing", "hail rain"),  # a relative of the table lends its vector
        ("storm storms storm", [2, 3, 2], "", "storm storm storm"),  # counts of one word add up
        ("storms storm", [2, 2], "", "storms storms"),  # ties go to the first
    ],
)
def test_which_word_stands_for_a_stem(words: str, counts: list[int], known: str, expected: str) -> None:
    index = {word: i for i, word in enumerate(known.split())}
    assert same_stem(words.split(), np.array(counts, np.int64), index, "en") == expected.split()


@pytest.mark.parametrize(
    ("most", "left"), [(5, "abcde"), (4, "abc"), (3, "abc"), (2, "a"), (1, "a"), (0, "")]
)
def test_at_most_so_many_types_and_those_as_frequent_go_together(most: int, left: str) -> None:
    counts = [9, 4, 4, 2, 2]
    found = keys("a b c d e", Rules(max_types=most), counts=counts)
    assert found.types == list(left)
    assert found.dropped.get("minimal count", 0) == sum(counts[len(left) :])


def test_what_was_left_out_for_a_limit_is_said() -> None:
    texts = ["hail hail hail fell fell", "hail fell on roofs"]
    run = selfvec.refine(texts, "none", "original", max_types=2)
    assert run.vectors.index_to_key == ["hail", "fell"]
    said = run_summary(run.provenance)[1]
    assert said.startswith(
        "left out words that occur fewer than 2 times, 22.2% of the text, to keep at most 2 "
    )
    everything = selfvec.refine(texts, "none", "original", min_count=2)
    assert len(run_summary(everything.provenance)) == 2
