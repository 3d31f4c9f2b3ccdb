"""Words are tagged in context when they are read, and have their tags whatever their documents become."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from same_runs import assert_same

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.run_text import TAGS
from selfvec.text import tagger

MENU = "home about services contact news careers legal privacy sitemap help press she left login"
TEXTS = [
    "She left early. The left hand was cold, and the leaves fell.",
    "He leaves tomorrow; a blue leaf stays.",
    "",
    "He\u2019d left: they left us the left side.",
    *(f"{MENU} {number}." for number in range(10)),
]
OPTIONS: dict[str, Any] = {"method": "original", "vectors": "none", "tagger": "rules", "repeats": "keep"}


class RuleTagger:
    """*left* and *leaves* are the verb behind a pronoun, or else an adjective and a noun."""

    read: ClassVar[list[str]] = []

    def __init__(self, pipeline: str) -> None:
        assert pipeline == "rules"

    def tokens(self, texts: Sequence[str]) -> list[list[tagger.Token]]:
        self.read.extend(texts)
        return [
            [_token(text, word) for word in re.finditer(r"[\u2019']?\w+|[^\w\s]", text)] for text in texts
        ]


def _token(text: str, word: re.Match[str]) -> tagger.Token:
    known = {"left": ("left", "ADJ\tJJ"), "leaves": ("leaf", "NOUN\tNNS")}
    lemma, tags = known.get(word[0], (word[0], "X\tFW"))
    if lemma in ("left", "leaf") and re.search(r"\b(she|he|he\u2019d|they) $", text[: word.start()].lower()):
        lemma, tags = "leave", "VERB\tVBD"
    return word.start(), f"{lemma}\t{tags}"


@pytest.fixture(autouse=True)
def by_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger, "SpacyTagger", RuleTagger)
    monkeypatch.setattr(tagger, "check_tagger", lambda *_: None)
    RuleTagger.read.clear()


def rows(first: int = 0, last: int | None = None) -> list[dict[str, Any]]:
    return [{"id": f"r{i}", "text": text, "number": i} for i, text in enumerate(TEXTS)][first:last]


def refined(first: int = 0, last: int | None = None, **options: Any) -> selfvec.Run:
    return selfvec.refine(rows(first, last), **OPTIONS | options)


def places(run: selfvec.Run, query: str) -> list[tuple[str, str, int]]:
    found = selfvec.concordance(run, query, top=99).rows
    return [(row["id"], row["word"], row["start"]) for row in found]


LEAVE = [("r0", "left", 4), ("r1", "leaves", 3), ("r3", "left", 5), ("r3", "left", 16)]


@pytest.mark.parametrize("tokenizer", ["words", "wordpunct", "whitespace"])
def test_the_text_decides(tokenizer: str) -> None:
    run = refined(0, 4, tokenizer=tokenizer)
    assert places(run, '[lemma="leave"]')[:2] == LEAVE[:2]
    assert places(run, '[pos="VERB"]') == places(run, '[lemma="leave"]')
    assert places(run, "left_ADJECTIVE") == [("r0", "left", 20), ("r3", "left", 28)]
    assert places(run, '[pos="ADJ"]') == places(run, '[tag="JJ"]') == places(run, "left_ADJ")
    for query, asked in {'[pos="INTJ"]': "part of speech", '[tag="VBG"]': "tag"}.items():
        with pytest.raises(OptionError, match=f"asks for no {asked}"):
            places(run, query)
    assert places(run, '[lemma="leaf" & pos="NOUN"]' + " within s") == [("r0", "leaves", 48)]
    assert not selfvec.concordance(run, '[lemma="leave|left"]')["counted"]
    assert "lemmas and parts of speech are those of rules, in context" in run.provenance.corpus["notes"]


def test_lists_read_what_queries_read() -> None:
    run = refined(0, 4)
    for unit, query in {"lemma": '[lemma="{}"]', "pos": '[pos="{}"]'}.items():
        for row in selfvec.frequency(run, unit=unit).rows:
            assert row["count"] == len(places(run, query.format(re.escape(row["word"]))))
    rows = selfvec.ngrams(run, unit="lemma", word='[lemma="leave"]', min_count=1).rows
    assert {"She leave", "leave early", "they leave"} < {row["ngram"] for row in rows}
    near = selfvec.collocates(run, '[lemma="leave"]', window="1R", unit="lemma").rows
    assert {row["word"] for row in near} == {"early", "tomorrow", "they", "us"}
    texts = [{"text": TEXTS[number], "side": "ab"[number]} for number in [0, 1] * 3]
    sides: Any = {"between": ["a", "b"], "slice_field": "side", "unit": "lemma", "min_count": 1}
    key = selfvec.keyness(selfvec.refine(texts, **OPTIONS), **sides)
    counts = {row["word"]: (row["count_a"], row["count_b"]) for row in key.rows}
    assert (counts["leave"], counts["left"], counts["leaf"]) == ((3, 3), (3, 0), (3, 3))
    assert not any("several lemmas" in note for note in key["counted"])


def test_of_a_word_of_several_tokens_one_is_meant() -> None:
    tokens = [(0, "le"), (2, "homme"), (8, "do"), (10, "not")]
    assert [*tagger._tags("l'homme don't", [(0, 7), (8, 13)], tokens)] == ["homme", "do"]


def test_update_and_merge_give_the_tags_of_one_run() -> None:
    whole, parts = refined(), [refined(0, 2), refined(2)]
    RuleTagger.read.clear()
    merged = selfvec.merge(parts)
    assert not RuleTagger.read
    updated = selfvec.update(parts[0], rows(2), allow_duplicates=True)
    assert RuleTagger.read == TEXTS[3:]
    less = selfvec.update(whole, withdraw=["r0"])
    for made, one in ((merged, whole), (updated, whole), (less, refined(1))):
        assert_same(made, one)
        assert made.text.read((TAGS,)).equals(one.text.read((TAGS,)))
    assert places(less, '[lemma="leave"]')[:3] == LEAVE[1:]


@pytest.mark.parametrize(("repeats", "expected"), [("keep", 1 + 4 + 10), ("once", 4 + 1)])
def test_repeated_passages_and_quoted_lines(repeats: str, expected: int) -> None:
    run = selfvec.refine([{"id": "q", "number": 9, "text": f"I see.\n\n> {TEXTS[0]}\n"}, *rows()], **OPTIONS)
    for lemma, count in {"leave": expected, "see": 1}.items():
        (row,) = selfvec.dispersion(run, f'[lemma="{lemma}"]', repeats=repeats).rows
        assert row["count"] == count


def test_documents_that_come_and_go(tmp_path: Path) -> None:
    selfvec.refine(rows(0, 3), output=tmp_path / "run", **OPTIONS)
    run = selfvec.open_run(tmp_path / "run")
    assert places(run, '[lemma="leave"]') == LEAVE[:2]
    run.add(rows(0, 4))
    assert places(run, '[lemma="leave"]') == LEAVE
    assert len(RuleTagger.read) == 2 + 1
    run.upsert([{"id": "r1", "number": 7}])
    run.upsert([{"id": "r0", "text": "The left one."}])
    run.delete(["r3"])
    reopened = selfvec.open_run(tmp_path / "run")
    for _ in range(2):  # the second time from what was kept of the first
        assert places(reopened, '[lemma="leave"]') == LEAVE[1:2]
    run.undo()
    assert sorted(places(run, '[lemma="leave"]')) == LEAVE[1:]
    assert sorted(places(selfvec.update(run, rows(3, 5)), '[lemma="leave"]'))[:3] == LEAVE[1:]


def test_without_a_tagger_nothing_is_kept() -> None:
    assert TAGS not in refined(tagger=None).text.columns
    assert not RuleTagger.read
