"""Which words drift lists, in which order, the evidence it shows, and results that are kept."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drift_corpus import planted_run
from tests.commands import ran
from tests.json_lines import write_lines
from tests.refusals import refused

import selfvec
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import in_order_of_change, is_changed, order_key
from selfvec.analysis.word_drift.measures import Measures, measure_words
from selfvec.base.errors import InputError
from selfvec.data.run import Run

WORDS = [f"{a}{b}" for a in ("ba", "ke", "lo", "mi", "nu") for b in ("dar", "fel", "gon", "pir", "sut")]
NOTICE = "Copyright by the Society and all its members. All rights reserved."


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    """Running text of made-up words; *rain* has two uses; a notice ends half of the later documents."""
    rng = np.random.default_rng(0)
    path = own / "texts.jsonl"
    lines = []
    for i in range(240):
        later = i % 2 == 1
        half = WORDS[12:] if later else WORDS[:12]
        drawn = [str(word) for word in rng.choice(WORDS, 30)]
        near = [str(word) for word in rng.choice(half, 6)]
        text = f"{' '.join(drawn[:15])} the {i % 7 + 10}. {' '.join(near[:3])} Rain {' '.join(near[3:])}. "
        text += f"{' '.join(drawn[5:10])} quickly {drawn[16]} train. Dr. Rain {' '.join(drawn[20:])}. "
        if i % 9 == 0:
            text += f"{' '.join(drawn[17:23])} reserved {' '.join(drawn[11:16])}. "
        if later and i % 4 == 1:
            text += NOTICE
        lines.append({"text": text, "date": f"{2005 if later else 1985 + i % 3}-03-0{i % 9 + 1}"})
    write_lines(path, lines)
    options = ["--vectors", "none", "--method", "original", "--slice", "decade"]
    ran(["refine", path, "-o", path.with_name("run"), *options])
    return path.with_name("run")


@pytest.fixture
def run(folder: Path) -> Run:
    return selfvec.open_run(folder)


def listed(*arguments: object) -> dict:
    return ran(["drift", *arguments, "--json"]).json


def test_stop_words_numbers_and_repeated_text_are_left_out_unless_they_are_kept(folder) -> None:
    found, every = listed(folder), listed(folder, "--all-words")
    words, all_words = ({row["word"] for row in one["rows"]} for one in (found, every))
    assert {"the", "10", "reserved"} <= all_words
    assert all_words - words == {"the", "all", "and", "its", "by", "of", "reserved"} & all_words | {
        str(number) for number in range(10, 17)
    }
    assert {"rain", "train", "quickly", *WORDS} <= words
    assert sum(found["left_out"].values()) == len(all_words - words)
    assert found["left_out"]["repeated text"] == 1
    assert every["left_out"] == {}


def test_a_change_that_is_not_sure_comes_after_the_others() -> None:
    rows = [
        {"word": word, "q": q, "kind": kind, "change": change, "differing_low": low}
        for word, q, kind, change, low in (
            ("few", 0.01, "word", 0.9, None),
            ("unsure", 0.01, "word", 0.8, 0.15),
            ("name", 0.01, "name", 0.8, 0.7),
            ("less", 0.01, "word", 0.3, 0.21),
            ("more", 0.01, "word", 0.4, 0.21),
            ("chance", 0.2, "word", 0.7, 0.3),
        )
    ]
    order = ["more", "less", "few", "unsure", "name", "chance"]
    assert [row["word"] for row in sorted(rows, key=order_key)] == order


def test_ranks_by_texts_are_added_within_a_group() -> None:
    same = {"q": 0.01, "kind": "word", "differing_low": 0.3}
    rows = [
        {**same, "word": word, "change": change, "texts": texts} | other
        for word, change, texts, other in (
            ("third", 0.4, 0.2, {}),  # third by change and second by texts
            ("first", 0.5, 0.9, {}),  # second and first
            ("second", 0.6, 0.1, {}),  # first and third
            ("last", 0.3, None, {}),
            ("chance", 0.9, 1.9, {"q": 0.2}),
        )
    ]
    assert [row["word"] for row in in_order_of_change(rows)] == ["first", "second", "third", "last", "chance"]


def test_the_order_is_that_which_is_stated(folder) -> None:
    found = listed(folder)
    assert found["order"] == (
        "words with q ≤ 0.05 first; of these, names, numbers and other spellings of a word last, and in both "
        "groups words with a differing_low above 0.2 and a p_contexts up to 0.01, or a q_contexts up to "
        "0.01, a p up to 0.05 and a differing_low above 0, first; then by change, the largest first"
    )
    assert found["rows"] == sorted(found["rows"], key=order_key)
    assert "Sorted by change; words with q ≤ 0.05 come first" in ran(["drift", folder]).out


def test_words_may_be_named(folder) -> None:
    rows = {row["word"]: row for row in listed(folder)["rows"]}
    found = listed(folder, "--words", "Rain,badar")["rows"]
    assert {row["word"] for row in found} == {"rain", "badar"}
    assert all(row["q"] == rows[row["word"]]["q"] for row in found)
    (stop,) = listed(folder, "--words", "the")["rows"]
    assert stop["word"] == "the"


def test_a_word_that_cannot_be_measured_is_named_with_its_counts(folder) -> None:
    for _ in range(2):  # computed, then kept
        output = ran(["drift", folder, "--words", "badar,society,nothing", "--json"])
        found = json.loads(output.out)
        assert [row["word"] for row in found["rows"]] == ["badar"]
        unknown = {word["word"]: word for word in found["unknown"]}
        assert unknown["nothing"]["reason"] == "does not occur in this run"
        society = unknown["society"]
        assert society["count"] == society["count_b"] > society["count_a"] == 0
        reason = f"occurs too rarely in {found['a']} to be measured: 0 times, and 5 are needed"
        assert society["reason"] == reason
        assert f"'society' {reason}" in output.err
        assert "'nothing' does not occur in this run" in output.err


def test_an_error_is_raised_if_no_word_can_be_measured(run: Run) -> None:
    refused(
        lambda: drift(run, words=["nothing", "society"]),
        InputError,
        "'nothing' does not occur in this run; 'society' occurs too rarely",
    )


def test_parts_of_speech(folder) -> None:
    pytest.importorskip("textblob")
    found = listed(folder, "--pos", "adverb")
    assert [row["word"] for row in found["rows"]] == ["quickly"]
    assert found["left_out"]["other parts of speech"] > len(WORDS)


def test_periods(folder) -> None:
    found = listed(folder)
    assert (found["a"], found["b"]) == ("1980..1989", "2000..2009")
    found = listed(folder, "--slice", "century")
    assert (found["a"], found["b"]) == ("1900..1999", "2000..2099")
    found = listed(folder, "--between", "1985..1986", "2000..")
    assert (found["a"], found["b"]) == ("1985..1986", "2000..")
    ran(["drift", folder, "--slice", "year", "--between", "1985", "2005"], 2)
    ran(["drift", folder, "--slice", "fortnight"], 2)


def test_every_sentence_contains_its_word(run: Run) -> None:
    found = drift(run).illustrate(run, number=3)
    texts = [(row["word"], text) for row in found for side in "ab" for text in row[f"examples_{side}"]]
    assert len(texts) > 100
    for word, text in texts:
        assert re.search(rf"\b{word}\b", text, re.IGNORECASE), (word, text)
    rain = [text for word, text in texts if word == "rain"]
    assert all("Rain" in text for text in rain)


def test_forms_of_a_word_are_evidence_for_its_lemma(tmp_path: Path) -> None:
    texts = ["He was running to the barn quickly.", "The roof fell and the barn burnt."] * 30
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), "utf-8")
    run = selfvec.refine(str(path), "none", "original", lemmatize="en")
    found = drift(run, words=["run"]).illustrate(run)
    assert found["run"]["examples_b"] == [texts[0]]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of times that words were measured."""
    times = [0]
    measure = measure_words

    def counting(*args: Any, **options: Any) -> Measures:
        times[0] += 1
        return measure(*args, **options)

    monkeypatch.setattr("selfvec.analysis.word_drift.drift.measure_words", counting)
    return times


def test_a_result_is_kept_and_made_again_if_anything_differs(run: Run, measured: list[int]) -> None:
    first = drift(run, seed=3)
    assert measured == [1]
    again = drift(run, seed=3, jobs=1)
    assert measured == [1]
    assert again.rows == first.rows
    assert {**again.as_dict(), "rows": []} == {**first.as_dict(), "rows": []}
    shown = first.illustrate(run, 3).rows[0]["examples_a"]
    assert again.illustrate(run, 3).rows[0]["examples_a"] == shown
    for file in (run.folder / "cache").glob("sentences-*/*"):
        file.write_text("{}", "utf-8")
    assert again.illustrate(run, 3).rows[0]["examples_a"] == shown
    for number, different in enumerate(({"seed": 4}, {"min_count": 6}, {"between": "year"}), 2):
        drift(run, **{"seed": 3, **different})
        assert measured == [number]
    for file in (run.folder / "cache").glob("drift-*/*"):
        file.write_text("{", "utf-8")
    assert drift(run, seed=3).rows == first.rows


def test_q_ranks_words_beyond_all_splits() -> None:
    found = drift(planted_run([(0, 0.25), (0, 1.0), (0, 1.0)]))
    some, most, same = (found[f"x{i}"]["p"] for i in range(3))
    assert some > most > 0
    assert 1 / 1001 > most != same


def test_one_result_serves_every_choice_of_words(run: Run, measured: list[int]) -> None:
    drift(run, seed=5)
    for number, which in enumerate(({"all_words": True}, {"words": ["the", "rain"]}, {"words": "rain"}), 1):
        found = drift(run, seed=5, **which)
        assert measured == [number]
        anew = drift(run.present.replace(folder=None), seed=5, **which)
        assert measured == [number + 1]
        assert found.rows == anew.rows


@pytest.mark.parametrize(
    ("q", "low", "changed"),
    [(0.05, 0.21, True), (0.05, 0.2, False), (0.06, 0.9, False), (None, 0.9, False), (0.01, None, False)],
)
def test_a_word_changed_if_that_is_significant_and_surely_more_than_a_fifth(q, low, changed) -> None:
    assert is_changed({"q": q, "differing_low": low}) == changed
