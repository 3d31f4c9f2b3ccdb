"""How two sides are written is told by its cause, in words with the figures of both, and by nothing else."""

import random
import re
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from planted_text import reports
from tests.examples import soaked

from selfvec.analysis.comparison.writing import SENTENCES, writing
from selfvec.analysis.comparison.writing_features import Texts
from selfvec.corpus.example_text import reports as storms

Change = Callable[[str], str]
NAMES = ("A", "B")
STORMS = [report["text"] for report in storms()]


def texts(number: int, seed: int = 0) -> list[str]:
    return [report["text"] for report in reports(number, seed)]


def said(a: list[str], b: list[str], *, seed: int = 0) -> list[str]:
    return [finding.says for finding in writing(a, b, NAMES, language="en", seed=seed)]


def replaced(text: str, pattern: str, share: float, new: Callable[[random.Random, str], str]) -> str:
    """A text in which a share of what a pattern finds is written otherwise; the same for the same text."""
    rng = random.Random(text)
    return re.sub(pattern, lambda found: new(rng, found[0]) if rng.random() < share else found[0], text)


def misread(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word))
    return word[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]


def halved(rng: random.Random, word: str) -> str:
    at = rng.randrange(2, len(word) - 1)
    return f"{word[:at]}- {word[at:]}"


ALL = "100% of the documents of B and 0% of A "
HAVE = rf"{ALL}have strings such as "
CAUSES: dict[str, tuple[Change, str]] = {
    "capitals": (str.upper, r"9\d\.\d% of the words of B and 0\.0% of A are in capitals\."),
    "small letters": (str.lower, r"6\.\d% of the words of A and 0\.0% of B begin with a capital\."),
    "initial capitals": (str.title, r"100\.0% of the words of B and 6\.\d% of A begin with a capital\."),
    "punctuation gone": (
        lambda text: re.sub(r"[^\w\s]", "", text),
        r"1\.\d% of the characters of A and 0\.0% of B are punctuation\.",
    ),
    "other stops": (
        lambda text: text.replace(".", "!"),
        r"1\.\d% of the characters of . and 0\.0% of . are “[!.]”, 0\.0% and 1\.\d% “[!.]”\.",
    ),
    "digits": (
        lambda text: text.replace("altitude", "altitud3").replace("runway", "runw4y"),
        r"\d\d% of the documents of B and 0% of A have strings such as “\w+3\w*”\.",
    ),
    "no function words": (
        lambda text: re.sub(r"\b(?:the|and|a|was) ", "", text, flags=re.IGNORECASE),
        r"1\d\.\d% of the words of A and 0\.0% of B are “the”, .*“and”, .*“a”, and more\.",
    ),
    "links": (lambda text: f"{text} https://example.org/2018/{len(text)}", rf"{HAVE}“https://example.org/"),
    "emoji": (lambda text: f"{text} \N{CLOUD WITH RAIN}", f"{HAVE}“\N{CLOUD WITH RAIN}”"),
    "masks": (
        lambda text: replaced(text, r"\b[a-z]{4,}", 0.2, lambda *_: "[REDACTED]"),
        r"(?:9\d|100)% of the documents of B and 0% of A have strings such as “\[REDACTED\]”\.",
    ),
    "crosses": (
        lambda text: replaced(text, r"\b[a-z]{4,}", 0.2, lambda *_: "XXXX"),
        r"(?:9\d|100)% of the documents of B and 0% of A have strings such as “XXXX”\.",
    ),
    "markup": (lambda text: f'<p class="x">{text}</p>', rf"{HAVE}“<p class=\"x\">”, 100% and 0% “</p>”\."),
    "sentences": (
        lambda text: re.sub(r"\. ([A-Z])", lambda found: f" and {found[1].lower()}", text),
        r"B has longer sentences: in the median \d\d words, not 1\d\.",
    ),
    "documents": (
        lambda text: " ".join([text] * 3),
        r"B has longer documents: in the median \d+ words, not \d+\.",
    ),
    "halves": (
        lambda text: replaced(text, r"[a-z]{6,}", 0.4, halved),
        r"(?:9\d|100)% of the documents of B and 0% of A have strings such as “\w+-”\.",
    ),
    "misread": (
        lambda text: replaced(text, r"[a-z]{4,}", 0.4, misread),
        r"\d\d\.\d% of the words of B and 0\.0% of A are in no other document and .* as if misread",
    ),
    "accents": (
        lambda text: text.replace("a", "á"),
        r"9\.\d% of the letters of B and 0\.0% of A have accents\.",
    ),
    "script": (
        lambda text: text.translate(str.maketrans("abeo", "авео")),
        r"\d\d\.\d% of the letters of B and 0\.0% of A are Cyrillic\.",
    ),
    "line breaks": (
        lambda text: re.sub(r"(.{30,50}) ", r"\1\n", text),
        r"2\.\d% of the characters of B and 0\.0% of A are line breaks\.",
    ),
    "habit": (
        lambda text: re.sub(r"\b(was|were|is) ", r"\1 very ", text),
        r"2\.\d% of the words of B and 0\.0% of A are “very”\.",
    ),
}


@pytest.mark.parametrize(("what", "number"), soaked(product(CAUSES, [300, 60]), *product(CAUSES, [60])))
def test_a_cause_is_told_and_not_what_it_brings_along(what: str, number: int) -> None:
    change, sentence = CAUSES[what]
    a, b = texts(number, 1), [change(text) for text in texts(number, 2)]
    (told,) = writing(a, b, NAMES, language="en")
    assert re.match(sentence, told.says), told.says
    assert told.kind == "writing"
    assert told.p is not None
    assert told.p <= 0.01


@pytest.mark.parametrize("what", ["capitals", "punctuation gone", "masks", "halves", "misread"])
def test_swapped_sides_are_told_the_same_and_so_is_a_second_time(what: str) -> None:
    a, b = texts(80, 1), [CAUSES[what][0](text) for text in texts(80, 2)]
    once = said(a, b)
    assert once
    assert said(a, b) == once
    assert [finding.says for finding in writing(b, a, NAMES[::-1], language="en")] == once


def test_signs_are_told_as_they_are() -> None:
    a, b = ([text.replace(".", sign) for text in texts(80, i)] for i, sign in enumerate("{}"))
    told = " ".join(said(a, b))
    assert re.search(r"“\w*\{”", told)
    assert re.search(r"“\w*\}”", told)


def test_two_causes_are_told_apart_and_no_more_than_three_are_told() -> None:
    a, b = texts(200, 1), [f"{text.upper()} https://example.org" for text in texts(200, 2)]
    link, capitals = said(a, b)
    assert link == f"{HAVE}“https://example.org”."
    assert capitals.endswith(" of the words of B and 0.0% of A are in capitals.")
    other = [
        f"@ann2000 <p>{text.upper().replace(' ', '  ')} ;;; 12/05/2003 https://x.org"
        for text in texts(200, 3)
    ]
    assert len(said(a, other)) <= SENTENCES


OFFICE = "This message is only meant for the one it is sent to and must not be passed on."


@pytest.mark.parametrize("share", [0.2, 0.0])
def test_a_passage_is_told_from_a_fifth_of_a_side_on(share: float) -> None:
    """Once, as it stands, and nothing that comes of it; where both sides hold it, it is none."""
    for seed in range(6):
        drawn = random.Random(seed).sample(STORMS, 400)
        told = [f"{text} {OFFICE}" if i % 5 == 0 else text for i, text in enumerate(drawn)]
        quoted = f"20% of the documents of B and 0% of A hold “{OFFICE[:52]} …”."
        assert said(drawn[:200] if share else told[:200], told[200:], seed=seed) == [quoted] * bool(share)


def test_figures_are_those_of_the_texts_as_they_stand() -> None:
    """Also where a cause that was said before has been taken out: dashes, with which words would meet."""
    a = [re.sub(r"\bthe (\w+) (?=\w)", r"the \1—", text) for text in texts(200, 1)]
    b = [re.sub(r"(?i)\bthe ", "", text) for text in texts(200, 2)]
    first, second, *_ = (finding.says for finding in writing(a, b, NAMES))
    words = [re.findall(r"\w+", text.lower()) for text in a]
    share = np.mean([of.count("the") / len(of) for of in words])
    assert "—" in first
    assert f"{share:.1%} of the words of A and 0.0% of B are “the”" in second


@pytest.mark.parametrize("source", ["reports", "storms"])
@pytest.mark.parametrize("number", soaked([15, 40, 150], 15))
def test_sides_that_are_written_alike_are_told_nothing(source: str, number: int) -> None:
    alarms = 0
    for seed in range(20):
        drawn = (
            texts(2 * number, seed) if source == "reports" else random.Random(seed).sample(STORMS, 2 * number)
        )
        alarms += bool(said(drawn[:number], drawn[number:], seed=seed))
    assert alarms <= 1


@pytest.mark.soak
def test_sides_of_other_sizes_are_told_nothing_either() -> None:
    """Of a small side most words are rare, and each of them is on it alone."""
    alarms = 0
    for seed in range(12):
        drawn = random.Random(seed).sample(STORMS, 240)
        alarms += bool(said(drawn[:24], drawn[24:], seed=seed)) + bool(
            said(drawn[48:], drawn[:48], seed=seed)
        )
    assert alarms <= 1


ELSEWHERE: dict[str, Change] = {  # what is said elsewhere, or is nothing of writing
    "spelling": lambda text: text.replace("harbour", "harbor"),
    "misread letters": lambda text: text.replace("rn", "m"),
    "words in two": lambda text: text.replace("aircraft", "air craft").replace("runway", "run way"),
    "one word": lambda text: text.replace("crew", "zebra"),
    "cut off": lambda text: text[:120],
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_is_said_elsewhere_is_not_repeated(what: str) -> None:
    assert said(texts(200, 1), [ELSEWHERE[what](text) for text in texts(200, 2)]) == []


@pytest.mark.parametrize("what", ["sense", "subject", "mix"])
def test_subjects_and_uses_are_no_writing(what: str) -> None:
    rows = list(reports(600, planted=[what]))
    sides = [[row["text"] for row in rows if (row["date"] >= "2009") == later] for later in (False, True)]
    assert said(*sides) == []


def copies(seed: int) -> tuple[list[str], list[str], tuple[np.ndarray, np.ndarray]]:
    """Texts beside fifteen copies each of twelve others; all end with another line."""
    lines = iter(texts(400, seed + 100))
    own, few = texts(180, seed), texts(12, seed + 200)
    a, b = ([f"{text} {next(lines)}" for text in side] for side in (own, few * 15))
    return a, b, (np.arange(180), 180 + np.arange(180) % 12)


@pytest.mark.soak
def test_copies_with_another_last_line_are_one_observation() -> None:
    alarms = {"units": 0, "documents": 0}
    for seed in range(10):
        a, b, units = copies(seed)
        alarms["units"] += bool(writing(a, b, NAMES, language="en", units=units))
        alarms["documents"] += bool(writing(a, b, NAMES, language="en"))
    assert alarms["units"] <= 1
    assert alarms["documents"] >= 3


def test_equal_texts_are_one_observation() -> None:
    few = texts(20, 5)
    assert said(texts(200), few * 10) == []
    a, b, units = copies(0)
    told = writing(a, [text.upper() for text in b], NAMES, language="en", units=units)
    assert told[0].says.endswith("are in capitals.")


def test_without_known_function_words_short_ones_stand_for_them() -> None:
    b = [re.sub(r"\b(?:the|and|a|was) ", "", text, flags=re.IGNORECASE) for text in texts(200, 2)]
    told, *_ = writing(texts(200, 1), b, NAMES)
    assert "of the words of A and 0.0% of B are “the”" in told.says


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([], []),
        (texts(40), []),
        ([""] * 40, [""] * 40),
        (["", "\0", " "] * 20, texts(60)),
        (["！？。"] * 30, ["東京へ行った。"] * 30),
    ],
)
def test_there_may_be_little_to_read(a: list[str], b: list[str]) -> None:
    assert len(said(a, b)) <= SENTENCES


def test_a_word_is_known_again() -> None:
    read = Texts(["The harbour’s gate", "the GATE of Har bour's"], np.arange(2))
    assert [read.types[word] for word in read.ids.tolist()] == [
        *("the", "harbour's", "gate", "the", "gate", "of", "har", "bour's")
    ]
    assert read.frequencies[read.ids].tolist() == [2, 1, 2, 2, 2, 1, 1, 1]
