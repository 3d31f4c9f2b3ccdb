"""How two sides are written is told by its cause, in words with the figures of both, and by nothing else."""

import random
import re
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import polars as pl
import pytest
from planted_text import reports
from tests.examples import soaked

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.writing_figures import SENTENCES
from selfvec.analysis.comparison.writing_rules import pairs_between
from selfvec.analysis.comparison.written import how_written
from selfvec.base.finding import Finding
from selfvec.corpus.example_text import reports as storms
from selfvec.corpus.slices import Slice
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.text_file import text_of

Change = Callable[[str], str]
STORMS = [report["text"] for report in storms()]
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def texts(number: int, seed: int = 0) -> list[str]:
    return [report["text"] for report in reports(number, seed)]


def told(
    a: Sequence[str], b: Sequence[str], *, unit: np.ndarray | None = None, names: str = "AB"
) -> list[Finding]:
    """What is said of the texts of two sides."""
    every = [*a, *b]
    batch = TokenBatch.from_documents([WORD.findall(text.lower()) for text in every])
    side = np.arange(len(every)) >= len(a)
    slices = [Slice(names[0], ~side), Slice(names[1], side)]
    made = Comparison.of(batch, slices, text_of(pl.DataFrame({"text": every}, {"text": pl.String}), {}))
    if unit is not None:
        object.__setattr__(made, "unit", unit)
    pairs = pairs_between(made.parts, np.ones(len(batch.types), bool))
    return how_written(made, {}, pairs, {}, {})


def said(a: Sequence[str], b: Sequence[str], **given: str) -> list[str]:
    return [finding.says for finding in told(a, b, **given)]


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


def adding(words: str) -> Change:
    return lambda text: f"{text} {words}"


def writing(old: str, new: str) -> Change:
    return lambda text: re.sub(old, new, text)


ALL = "100% of the documents of B and 0% of A "
MOST = r"(?:[5-9]\d|100)% of the documents of B and 0% of A "
STRINGS = "have strings such as "
SHARE = r"\d+\.\d% of the {} of B and 0\.0% of A "
OFFICE = "This message is only meant for the one it is sent to and must not be passed on."
# What is said, how B is written and, if not as it is, how A is.
FIGURES: dict[str, tuple[str, Change] | tuple[str, Change, Change]] = {
    "capitals": (r"9\d\.\d% of the words of B and 0\.0% of A are in capitals\.", str.upper),
    "small letters": (r"6\.\d% of the words of A and 0\.0% of B begin with a capital\.", str.lower),
    "initial capitals": (r"100\.0% of the words of B and 6\.\d% of A begin with a capital\.", str.title),
    "punctuation": (
        r"1\.\d% of the characters of A and 0\.0% of B are punctuation\.",
        writing(r"[^\w\s]", ""),
    ),
    "other stops": (
        r"1\.4% of the characters of . and 0\.0% of . are “[!.]”, 0\.0% and 1\.4% “[!.]”\.",
        writing(r"\.", "!"),
    ),
    "braces": (
        r"1\.4% of the characters of . and 0\.0% of . are “[{.]”, 0\.0% and 1\.4% “[{.]”\.",
        writing(r"\.", "{"),
    ),
    "no function words": (
        r"1\d\.\d% of the words of A and 0\.0% of B are “the”, .*“and”, .*“a”, and more\.",
        writing(r"(?i)\b(?:the|and|a|was) ", ""),
    ),
    "links": (
        f"{ALL}{STRINGS}“https://example.org/",
        lambda text: f"{text} https://example.org/2018/{len(text)}",
    ),
    "emoji": (f"{ALL}{STRINGS}“\N{CLOUD WITH RAIN}”", adding("\N{CLOUD WITH RAIN}")),
    "masks": (
        rf"{MOST}{STRINGS}“\[REDACTED\]”",
        lambda text: replaced(text, r"\b[a-z]{4,}", 0.2, lambda *_: "[REDACTED]"),
    ),
    "crosses": (
        f"{MOST}{STRINGS}“XXXX”",
        lambda text: replaced(text, r"\b[a-z]{4,}", 0.2, lambda *_: "XXXX"),
    ),
    "markup": (
        rf"{ALL}{STRINGS}“<p class=\"x\">”, 100% and 0% “</p>”\.",
        lambda text: f'<p class="x">{text}</p>',
    ),
    "decimals": (
        f"{ALL}{STRINGS}“1,5”, 0% and 100% “1.5”",
        adding("It took 1,5 hours."),
        adding("It took 1.5 hours."),
    ),
    "thousands": (
        f"{ALL}{STRINGS}“1.250”, 0% and 100% “1,250”",
        adding("It took 1.250 hours."),
        adding("It took 1,250 hours."),
    ),
    "sentences": (
        r"B has longer sentences: in the median \d\d words, not 1\d\.",
        lambda text: re.sub(r"\. ([A-Z])", lambda found: f" and {found[1].lower()}", text),
    ),
    "sentences that touch": (rf"{MOST}{STRINGS}“\w+\.The”", writing(r"\. ", ".")),
    "documents": (
        r"B has longer documents: in the median \d+ words, not \d+\.",
        lambda text: " ".join([text] * 3),
    ),
    "halves": (rf"{MOST}{STRINGS}“\w+-”\.", lambda text: replaced(text, r"[a-z]{6,}", 0.4, halved)),
    "misread": (
        SHARE.format("words") + "are in no other document and .* as if misread",
        lambda text: replaced(text, r"[a-z]{4,}", 0.4, misread),
    ),
    "accents": (
        SHARE.format("letters") + "have accents",
        lambda text: replaced(text, "a", 0.1, lambda *_: "á"),
    ),
    "another script": (SHARE.format("letters") + "are Cyrillic", adding("Мы были в Москве и в Туле.")),
    "line breaks": (
        r"2\.\d% of the characters of B and 0\.0% of A are line breaks\.",
        writing(r"(.{30,50}) ", r"\1\n"),
    ),
    "habit": (SHARE.format("words") + "are “very”", writing(r"\b(was|were|is) ", r"\1 very ")),
    "a last line": (
        f"{ALL}have lines that (?:begin|end) with “kind regards”",
        adding("\nKind regards"),
        lambda text: f"{text}\n{text[:15]}",
    ),
    "a passage": (f"{ALL}hold “{OFFICE[:52]} …”", adding(OFFICE)),
    "cut off": (
        f"{MOST}stop at one and the same length, without the end of a sentence",
        lambda text: text[:120],
    ),
}
PAIRS = {
    "spelling": (
        r"A is written with 1 word that B writes otherwise \(harbour → harbor\)\.",
        writing("our", "or"),
    ),
    "apostrophes": (
        r"A is written with 2 words that B writes otherwise \(",
        adding("It’s O’Hara’s."),
        adding("It's O'Hara's."),
    ),
    "misread letters": ("A writes “rn” where B writes “m”, in 3 words .return → retum, ", writing("rn", "m")),
    "words in two": (
        r"B is written with 2 words in two that A writes in one \((?:run way|air craft) → ",
        lambda text: text.replace("aircraft", "air craft").replace("runway", "run way"),
    ),
    "another word": (
        "B has 1 word where A has another: fax → email",
        adding("We sent it by email."),
        adding("We sent it by fax."),
    ),
}
CAUSES = FIGURES | PAIRS


@pytest.mark.parametrize(("what", "number"), [*product(FIGURES, [60]), *product(PAIRS, [300])])
def test_a_cause_is_told_and_not_what_it_brings_along(what: str, number: int) -> None:
    """The same if the sides are exchanged, but for pairs, which go from one side to the other."""
    sentence, change, *before = (FIGURES | PAIRS)[what]
    a, b = [*map((before or [str])[0], texts(number, 1))], [*map(change, texts(number, 2))]
    (finding,) = told(a, b)
    assert re.match(sentence, finding.says), finding.says
    assert finding.kind == "writing"
    if what in FIGURES:
        assert finding.p <= 0.01
        assert said(b, a, names="BA") == [finding.says]
    else:
        assert {*finding.words} <= {*WORD.findall(" ".join([*a, *b]).lower())}


RULES: dict[str, tuple[Change, tuple[str, str, str]]] = {
    "a sign at the end": (writing(r"(?<=[dnrt])\b", "ъ"), ("nothing", "“ъ”", " at the end")),
    "at the beginning": (writing(r"\bs(?=\w)", "z"), ("“s”", "“z”", " at the beginning")),
    "two letters": (writing("oo", "ou"), ("“oo”", "“ou”", "")),
    "numbers": (writing("o", "0"), ("“o”", "“0”", "")),
}


@pytest.mark.parametrize("what", RULES)
def test_a_rule_is_told_with_its_place_and_words(what: str) -> None:
    change, (went, came, place) = RULES[what]
    a, b = STORMS[:600:2], [*map(change, STORMS[1:600:2])]
    for rule, (x, y) in ((told(a, b)[0], (went, came)), (told(b, a)[0], (came, went))):
        number = re.match(rf"A writes {x}{place} where B writes {y}, in (\d+) words \(", rule.says)
        assert number is not None
        assert int(number[1]) >= 12
        new = {change(word) for word in rule.words if change(word) != word}
        right = [word in new or change(word) in new for word in rule.words]
    assert np.mean(right) >= 0.95  # names have small letters here


def test_signs_blanks_and_forms_of_one_word_tell_nothing() -> None:
    for change in (writing(" ", "\u00a0"), writing(r"\bwind(s|y|ed|)\b", r"wund\1")):
        assert not any("writes" in says for says in said(STORMS[:300], [*map(change, STORMS[300:600])]))
    assert said(texts(60, 1), [text.replace(" ", "\u2009") for text in texts(60, 2)]) == []


def test_two_causes_are_told_apart_and_no_more_than_three_are_told() -> None:
    link, capitals = said(texts(200, 1), [f"{text.upper()} https://example.org" for text in texts(200, 2)])
    assert link == f"{ALL}{STRINGS}“https://example.org”."
    assert capitals.endswith(" of the words of B and 0.0% of A are in capitals.")
    other = [
        f"@ann2000 <p>{text.upper().replace(' ', '  ')} ;;; 12/05/2003 https://x.org"
        for text in texts(200, 3)
    ]
    assert len(said(texts(200, 1), other)) <= SENTENCES


@pytest.mark.parametrize("share", [0.2, 0.0])
def test_a_passage_is_told_from_a_fifth_of_a_side_on(share: float) -> None:
    """Once, as it stands, and nothing that comes of it; where both sides hold it, it is none."""
    for seed in range(6):
        drawn = random.Random(seed).sample(STORMS, 400)
        held = [f"{text} {OFFICE}" if i % 5 == 0 else text for i, text in enumerate(drawn)]
        quoted = f"20% of the documents of B and 0% of A hold “{OFFICE[:52]} …”."
        assert said(drawn[:200] if share else held[:200], held[200:]) == [quoted] * bool(share)


def test_figures_are_those_of_the_texts_as_they_stand() -> None:
    """Also where a cause that was said before has been taken out: dashes, with which words would meet."""
    a = [re.sub(r"\bthe (\w+) (?=\w)", r"the \1—", text) for text in texts(200, 1)]
    first, second, *_ = said(a, [re.sub(r"(?i)\bthe ", "", text) for text in texts(200, 2)])
    share = np.mean([(words := re.findall(r"\w+", text.lower())).count("the") / len(words) for text in a])
    assert "—" in first
    assert f"{share:.1%} of the words of A and 0.0% of B are “the”" in second


SIZES = [(15, 15), (40, 40), (150, 150), (24, 216), (216, 24)]


@pytest.mark.parametrize("source", ["reports", "storms"])
@pytest.mark.parametrize(("one", "other"), soaked(SIZES, (15, 15)))
def test_sides_that_are_written_alike_are_told_nothing(source: str, one: int, other: int) -> None:
    """Of a small side most words are rare, and each of them is on it alone."""
    every = [texts(1_000), STORMS][source == "storms"]
    drawn = [random.Random(seed).sample(every, one + other) for seed in range(20)]
    assert sum(bool(said(of[:one], of[one:])) for of in drawn) <= 1


@pytest.mark.parametrize("what", ["sense", "subject", "mix"])
def test_subjects_and_uses_are_no_writing(what: str) -> None:
    rows = list(reports(600, planted=[what]))
    assert (
        said(*([row["text"] for row in rows if (row["date"] >= "2009") == later] for later in (False, True)))
        == []
    )


def copies(seed: int) -> tuple[list[str], list[str], np.ndarray]:
    """Texts beside fifteen copies each of twelve others, and which are one; all end with another line."""
    lines = iter(texts(400, seed + 100))
    own, few = texts(180, seed), texts(12, seed + 200)
    a, b = ([f"{text} {next(lines)}" for text in side] for side in (own, few * 15))
    return a, b, np.append(np.arange(180), 180 + np.arange(180) % 12)


@pytest.mark.soak
def test_copies_with_another_last_line_are_one_observation() -> None:
    drawn = [copies(seed) for seed in range(10)]
    assert sum(bool(told(a, b, unit=unit)) for a, b, unit in drawn) <= 1
    assert sum(bool(told(a, b)) for a, b, _ in drawn) >= 3


def test_equal_texts_are_one_observation() -> None:
    assert said(texts(200), texts(20, 5) * 10) == []
    a, b, unit = copies(0)
    assert told(a, [text.upper() for text in b], unit=unit)[0].says.endswith("are in capitals.")


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
