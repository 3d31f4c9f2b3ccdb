"""Near-copies are one text, different texts are not; what a mail quotes is left out of it, and no more."""

import random
import re
import textwrap
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import soaked
from tests.places import SHARED_DATA
from tests.spelled import spelled_texts

import selfvec
from selfvec.analysis.comparison import recurring
from selfvec.analysis.comparison.recurring import own_words, without_quotations
from selfvec.corpus.example_text import reports as storms
from selfvec.text.copies import near_copies
from selfvec.text.rules import stems

Words = list[str]
_TEXTS = [row["text"] for row in storms()]
STORMS = [text.split() for text in _TEXTS[:600]]
REPORTS = [text.replace("\n", " ") for text in _TEXTS[600:1000]]
OTHER = [word for text in _TEXTS[1000:1300] for word in text.split()]


def numbers_of(texts: Sequence[Words]) -> list[int]:
    return near_copies(selfvec.TokenBatch.from_documents(texts)).tolist()


def changed(text: Words, share: float, rng: random.Random) -> Words:
    return [rng.choice(OTHER) if rng.random() < share else word for word in text]


EDITS: dict[str, Callable[[Words, random.Random], Words]] = {
    "another last line": lambda text, rng: [*text, *rng.choices(OTHER, k=8)],
    "a header and a footer": lambda text, _: [*OTHER[:15], *text, *OTHER[90:110]],
    "a few words changed": lambda text, rng: changed(text, 0.02, rng),
    "cut off": lambda text, _: text[: len(text) * 2 // 3],
    "the same": lambda text, _: list(text),
}


@pytest.mark.parametrize("edit", EDITS)
def test_three_copies_of_each_text_are_one_and_no_others(edit: str) -> None:
    rng = random.Random(0)
    texts = [EDITS[edit](text, rng) for text in STORMS for _ in range(3)]
    numbers = np.array(numbers_of(texts)).reshape(-1, 3)
    together = (numbers == numbers[:, :1]).all(axis=1)
    assert together.mean() >= 0.97
    assert len(set(numbers[:, 0].tolist())) == len(STORMS)  # no text is in the cluster of another


APART: dict[str, Callable[[], list[Words]]] = {
    "different texts": lambda: STORMS,
    "texts with a common paragraph": lambda: [
        [*text[:60], *OTHER[:40]] for text in STORMS if len(text) >= 60
    ],
    "a volume and the texts that stand in it": lambda: [[*chain(*STORMS[:5])], *STORMS[:5]],
    "texts of which thousands have a passage": lambda: [
        [*OTHER[:25], *map(str, own)] for own in np.random.default_rng(0).integers(0, 50_000, (5_000, 35))
    ],
    "short texts and empty ones": lambda: [STORMS[0][:10], STORMS[0][:11], [], []],
}


@pytest.mark.parametrize("texts", APART)
def test_what_is_no_copy_has_a_number_of_its_own_in_order(texts: str) -> None:
    apart = APART[texts]()
    assert numbers_of(apart) == list(range(len(apart)))


def test_changes_upon_changes_do_not_lead_to_another_text() -> None:
    versions = [[f"old{i}" for i in range(60)]]
    for place in range(0, 60, 3):  # each version has three other words than the one before it
        new = [f"new{place + i}" for i in range(3)]
        versions.append([*versions[-1][:place], *new, *versions[-1][place + 3 :]])
    numbers = numbers_of(versions)
    assert numbers[0] == numbers[1]
    assert numbers[0] != numbers[-1]  # they have no word in common
    for number in set(numbers):
        words = [set(text) for text, own in zip(versions, numbers, strict=True) if own == number]
        assert all(len(one & other) >= 20 for one in words for other in words)


def test_copies_of_a_lost_original_are_found_through_each_other() -> None:
    """Changed in 4 % of their words each, two copies alone may differ too much."""
    rng = random.Random(1)
    text = [f"w{i}" for i in range(200)]
    assert len(set(numbers_of([text, *(changed(text, 0.04, rng) for _ in range(8))]))) == 1


@pytest.mark.parametrize("length", [10, 40])
def test_equal_texts_are_copies_however_short_if_they_are_compared(length: int) -> None:
    batch = selfvec.TokenBatch.from_documents([STORMS[0][:length]] * 4)
    assert near_copies(batch).tolist() == [0] * 4
    assert near_copies(batch, np.array([True, False, True, False])).tolist() == [0, 1, 0, 2]


@given(st.integers(0, 1 << 30))
def test_clusters_do_not_depend_on_the_order(seed: int) -> None:
    rng = random.Random(seed)
    texts = [
        changed(text, 0.08 * rng.random(), rng) for text in STORMS[:25] for _ in range(rng.randint(1, 4))
    ]
    order = rng.sample(range(len(texts)), len(texts))
    numbers = np.array(numbers_of(texts))
    mixed = np.empty_like(numbers)
    mixed[order] = numbers_of([texts[i] for i in order])
    assert ((numbers[:, None] == numbers) == (mixed[:, None] == mixed)).all()


# ---- Quotations

WROTE = {
    "English": "On 2 March 2020, Ann Example wrote:",
    "German": "Am 02.03.2020 um 10:15 schrieb Ann Example <ann@example.org>:",
    "French": "Le 2 mars 2020 à 10:15, Ann Example a écrit :",
    "Spanish": "El 2 mar 2020, a las 10:15, Ann Example escribió:",
    "Polish": "W dniu 2.03.2020 o 10:15, Ann Example pisze, a raczej napisała:",
    "Russian": "2 марта 2020 г. Ann Example написала:",
    "two lines": "On Mon, Mar 2, 2020 at 10:15 AM Ann Example <ann@example.org>\nwrote:",
    "a header": "-----Original Message-----\nFrom: Ann Example\nSent: 2 March 2020\nSubject: Re: hail",
    "a German header": "Von: Ann Example\nGesendet: Montag, 2. März 2020\nAn: Bob\nBetreff: Hagel",
    "an address": "2020年3月2日(月) 10:15 Ann Example <ann@example.org>:",
}


def run_of(texts: Sequence[str], days: Sequence[str] | None = None, **options: object) -> selfvec.Run:
    dated = [str(np.datetime64("2020-01-01") + i) for i in range(len(texts))] if days is None else days
    rows = [{"text": text, "date": day} for text, day in zip(texts, dated, strict=True)]
    return selfvec.refine(rows, "none", "original", **{"repeats": "keep", **options})  # type: ignore[arg-type]


def plain(batch: selfvec.TokenBatch | None) -> list[str]:
    assert batch is not None
    return [" ".join(words).lower() for words in spelled_texts(batch)]


def left_of(texts: Sequence[str], days: Sequence[str] | None = None) -> list[str]:
    """The words that are left of each document, in lower case."""
    run = run_of(texts, days)
    found = without_quotations(run.present)
    return plain(run.tokens if found is None else found.batch)


def threads(wrote: str, wrap: int | None = None) -> tuple[list[str], list[str]]:
    """Mails that quote the whole thread below what they say, and the same without what they quote."""
    texts: list[str] = []
    for number, own in enumerate(REPORTS):
        quoted = texts[-1] if number % 4 else ""
        if wrap and quoted:
            quoted = "\n".join(textwrap.fill(each, wrap) for each in quoted.split("\n"))
        texts.append(f"{own}\n\n{wrote}\n\n{quoted}" if quoted else own)
    return texts, REPORTS


@pytest.mark.parametrize("wrote", soaked(WROTE, "English", "Russian", "a header"))
def test_what_mails_quote_is_left_out_with_who_wrote_it(wrote: str) -> None:
    texts, own = threads(WROTE[wrote])
    assert left_of(texts) == plain(run_of(own).tokens)


def test_a_quotation_that_is_wrapped_anew_is_one() -> None:
    texts, own = threads(WROTE["English"], wrap=60)
    same = [a == b for a, b in zip(left_of(texts), plain(run_of(own).tokens), strict=True)]
    assert np.mean(same) >= 0.97


HAIL = "Hail as large as golf balls broke the windows of nine cars on the main street."
WIND = "In the evening a gust of wind took the roof off an old barn near the river."
RAIN = "It rained for two days without an end and the cellar was full of water."
FREE = "We have no damage here but the power is out since noon."
BOTH, THREE, ASKED = f"{HAIL}\n{WIND}", f"{HAIL}\n{WIND}\n{RAIN}", "Did you see the hail?"
SAID = WROTE["English"]
QUOTING: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str] | None]] = {
    "with marks": (
        [BOTH, f"{FREE}\n\n> {HAIL}\n> {WIND}", f"{RAIN}\n\n| > {HAIL}\n| > {WIND}"],
        [BOTH, FREE, RAIN],
        None,
    ),
    "with answers between": (
        [BOTH, f"{SAID}\n\n{HAIL}\n\nYes.\n\n{WIND}\n\nI saw it.\n"],
        [BOTH, "Yes.\nI saw it."],
        None,
    ),
    "a short line": ([ASKED, f"{SAID}\n{ASKED}\n\n{FREE}"], [ASKED, FREE], None),
    "the earlier one by dates": (
        [f"{FREE}\n{HAIL}", HAIL, f"{RAIN}\n{HAIL}"],
        [FREE, HAIL, RAIN],
        ["2020-03-02", "2020-03-01", ""],
    ),
    "without dates, the first one, and no copy": (
        [f"{FREE}\n{HAIL}", HAIL, f"{RAIN}\n{HAIL}"],
        [f"{FREE}\n{HAIL}", HAIL, RAIN],
        [""] * 3,
    ),
    "of one day, the one that does not quote": (
        [f"{FREE}\n\n{SAID}\n\n{HAIL}", BOTH],
        [FREE, BOTH],
        ["2020-03-01"] * 2,
    ),
    "only forwarded": (
        [BOTH, f"---------- Forwarded message ---------\n{WROTE['a header']}\n\n{BOTH}"],
        [BOTH, ""],
        None,
    ),
    "beside its neighbour": ([THREE, f"{FREE}\n{BOTH}"], [THREE, FREE], None),
    "a whole document": ([WIND, f"{FREE}\n{WIND}"], [WIND, FREE], None),
}


@pytest.mark.parametrize("kind", QUOTING)
def test_what_is_quoted_is_left_out_and_the_rest_stays(kind: str) -> None:
    texts, own, days = QUOTING[kind]
    assert left_of(texts, days) == [" ".join(re.findall(r"\w+", text.lower())) for text in own]


NOTHING = {
    "sentences that are equal by chance": [text.replace(". ", ".\n") for text in REPORTS],
    "whole copies": [BOTH] * 3,
    "copies of one line": [HAIL, HAIL, WIND],
    "mails with a header of their own": [
        f"Date: {day} March 2020\nFrom: Ann\nSubject: hail\n\n{text}\n\nPlease call me if you need more."
        for day, text in enumerate((HAIL, WIND, RAIN, FREE), 1)
    ],
    "a greeting": [f"{text}\nKind regards,\nAnn" for text in (HAIL, WIND, RAIN, FREE)],
    "who wrote what no document has": [f"{HAIL}\n\n{SAID}\n\n{WIND}", RAIN],
    "a question in the same words, above who signs": [HAIL, f"{HAIL}\nRegards,\nAnn", f"{HAIL}\nThanks\nBob"],
    "a template that a hundredth of the mails have": [
        f"{text}\nThank you for getting in touch, we are sorry for the trouble and a member of our team will "
        "look into your case within two working days from now on"
        if place < 12
        else text
        for place, text in enumerate(REPORTS)
    ],
    "headings": [
        f"Please describe the damage and what you have done about it\n{text}" for text in REPORTS[:40]
    ],
    "a short line that nobody introduces": [ASKED, f"{FREE}\n{ASKED}"],
    "a line alone": [THREE, WIND],
    "a line below another one than there": [THREE, f"{FREE}\n{WIND}"],
    "two lines that are apart there": [THREE, f"{HAIL}\n{FREE}\n{WIND}"],
}


@pytest.mark.parametrize("kind", NOTHING)
def test_nothing_is_quoted(kind: str) -> None:
    assert without_quotations(run_of(NOTHING[kind]).present) is None


def test_the_words_are_counted_and_the_rest_of_the_batch_stays() -> None:
    run = run_of([HAIL, f"{FREE}\n{HAIL}", RAIN])
    tokens, found = run.tokens, without_quotations(run.present)
    assert found is not None
    assert found.words.tolist() == [0, 16, 0]
    assert found.share == 16 / len(tokens)
    assert found.batch.types is tokens.types
    assert (found.batch.dates == tokens.dates).all()


OPTIONS: list[dict[str, object]] = [
    {"repeats": None},
    {"stop_words": "en", "repeats": None},
    {"stem": "en"},
    {"min_count": 3},
    {},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_words_are_those_of_a_run_of_the_texts_without_quotations(options: dict[str, object]) -> None:
    """Documents that quote nothing keep their words, also if passages count once or words are left out."""
    texts, own = threads(SAID)
    run = run_of(texts, **options)
    found = without_quotations(run.present)
    assert found is not None
    expected = spelled_texts(run_of(own, **{**options, "min_count": 1}).tokens)

    def named(types: Sequence[str]) -> Sequence[str]:  # which word stands for a stem depends on the counts
        return stems(types, "en") if "stem" in options else types

    known = set(named(run.tokens.types))
    left = [list(named(words)) for words in spelled_texts(found.batch)]
    assert left == [[word for word in named(words) if word in known] for words in expected]


def test_phrases_are_found_as_they_were() -> None:
    run = run_of(threads(SAID)[0], phrases="auto")
    found = without_quotations(run.present)
    assert found is not None
    assert any("_" in word for word in run.tokens.types)
    pairs = zip(spelled_texts(run.tokens), found.words.tolist(), strict=True)
    assert spelled_texts(found.batch) == [words[: len(words) - gone] for words, gone in pairs]


def test_it_is_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_of(threads(SAID)[0]).save(tmp_path / "run")
    first = without_quotations(selfvec.open(tmp_path / "run").present)
    monkeypatch.setattr(recurring, "_made", lambda *_: pytest.fail("it is made again"))
    again = without_quotations(selfvec.open(tmp_path / "run").present)
    assert first is not None
    assert again is not None
    assert (again.words.tolist(), again.share) == (first.words.tolist(), first.share)
    assert spelled_texts(again.batch) == spelled_texts(first.batch)


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="needs the data beside the checkout")
def test_mails_have_the_words_that_they_have_without_what_they_quote() -> None:
    names = ("gt", "own")
    quoting, own = (
        selfvec.refine(SHARED_DATA / f"inputs2/threads_{name}.csv", "none", "original") for name in names
    )
    assert plain(own_words(quoting.present).tokens) == plain(own.tokens)
