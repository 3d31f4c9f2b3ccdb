"""``selfvec drift``: its JSON, what it says to a person, the sentences behind it, and its errors."""

from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.json_lines import write_lines
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError
from selfvec.storage.run_folder import open_run

OLD = ["The hail broke a window of the barn.", "Hail dented the door of a barn.", "A storm broke the roof."]
NEW = [
    "The hail app sent a code to my phone.",
    "Hail the driver by phone, with a code.",
    "A storm broke the roof.",
]
STABLE = {"word", "distance", "apd", "p", "q", "count_a", "count_b", "gained", "lost"}


@pytest.fixture
def corpus(here: Path) -> Path:
    """Hail was weather in 1993 and is an app in 2020."""
    rng = np.random.default_rng(0)
    rows = []
    for year, texts in ((1993, OLD), (2020, NEW)):
        for i in range(90):
            order = rng.permutation(["near", "town", "late", "again", "today", "then"])[:3]
            rows.append(
                {
                    "text": f"{texts[i % 3]} So it went {' '.join(order)}.",
                    "date": f"{year}-05-{i % 28 + 1:02}",
                }
            )
    path = here / "reports.jsonl"
    write_lines(path, rows)
    words = sorted({w.strip(".,").lower() for row in rows for w in row["text"].split()})
    table = rng.standard_normal((len(words), 24)).astype(np.float32)
    selfvec.save(selfvec.Vectors(words, table), "vectors.vec", format="word2vec-text")
    return path


def refine(path: Path, *more: str) -> str:
    run = str(path.with_name("run"))
    options = ["--vectors", "vectors.vec", "--method", "decorrelated", "--window", "7", "--repeats", "keep"]
    ran(["refine", path.name, "-o", run, *options, *more])
    return run


def rows_of(*arguments: str) -> dict:
    return ran(["drift", *arguments, "--json"]).json


def test_the_json_between_two_periods(corpus: Path) -> None:
    found = rows_of(refine(corpus, "--slice", "year"))
    assert (found["a"], found["b"]) == ("1993", "2020")
    first = found["rows"][0]
    assert first["word"] == "hail"
    assert set(first) >= STABLE | {"low", "high", "expected", "documents_a", "documents_b"}
    assert first["q"] < 0.05 < first["distance"] - first["expected"]
    assert (first["count_a"], first["count_b"]) == (60, 60)
    assert "barn" in first["lost"] or "window" in first["lost"]
    assert {"phone", "code", "app", "driver"} & set(first["gained"])
    assert first["examples_a"][0] in OLD
    assert first["examples_b"][0] in NEW
    order = [(row["q"] > 0.05, -row["change"]) for row in found["rows"]]
    assert order == sorted(order)
    for row in found["rows"]:
        assert 0 < row["p"] <= 1
        assert row["p"] <= row["q"] <= 1
        assert min(row["count_a"], row["count_b"]) >= 5
        assert 0 <= row["low"] <= row["distance"] <= row["high"] <= 2


def test_a_pipe_gets_the_sentence_the_table_and_no_blanks_at_the_end_of_lines(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # a width wraps lines in a pipe, too
    run = refine(corpus, "--slice", "year")
    lines = ran(["drift", run, "--words", "hail"]).out.splitlines()
    found = selfvec.drift(open_run(run), words="hail")
    # Six sentences are no two texts of one kind: how they are written differs as well, and is said before.
    place = next(number for number, line in enumerate(lines) if line.startswith("From "))
    assert lines[place : place + 2] == [
        "From 1993 to 2020, the uses of no word of 1 surely differ more than is usual "
        "(1 word differs beyond chance).",
        f"Most words differ much, as the text did as a whole (median {found.general:.2f} beyond chance).",
    ]
    assert max(len(line) - len(line.rstrip()) for line in lines) < 10
    assert any(line.startswith("  1993: ") for line in lines)


def test_slices_may_be_named(corpus: Path) -> None:
    run = refine(corpus)
    for form in (["--between", "..1999", "2000.."], ["--between", "1993", "--between", "2020-05"]):
        found = rows_of(run, *form, "--top", "1")
        assert [row["word"] for row in found["rows"]] == ["hail"]
        assert (found["a"], found["b"]) == (form[1], form[-1])


BY_REFINING = ("--between", "original", "refined")


def test_original_and_refined_are_compared(corpus: Path) -> None:
    run = refine(corpus)
    found = rows_of(run, *BY_REFINING)
    assert (found["a"], found["b"]) == ("original", "refined")
    opened = open_run(run)
    for row in found["rows"]:
        index = opened.index(row["word"])
        cosine = opened.original.unit[index] @ opened.vectors.unit[index]
        assert row["distance"] == pytest.approx(1 - cosine, abs=1e-5)
        assert set(row) >= STABLE
        assert 0 < row["p"] <= 1
        assert row["count_a"] == row["count_b"] == opened.vectors.counts[index]


def test_words_that_stayed_where_they_were_have_not_changed(corpus: Path) -> None:
    found = rows_of(refine(corpus, "--method", "original"), *BY_REFINING)
    assert {row["p"] for row in found["rows"]} == {1.0}
    assert all(row["distance"] < 1e-6 for row in found["rows"])


def test_a_run_that_keeps_nothing_tells_distances_only(corpus: Path) -> None:
    found = rows_of(refine(corpus, "--keep", "nothing"))
    assert all(row["p"] is None and row["apd"] is None and row["distance"] >= 0 for row in found["rows"])


def test_a_model_tells_its_drift(corpus: Path) -> None:
    from selfvec.corpus import Corpus

    model = selfvec.Refiner("original", slice="year", repeats="keep").fit(Corpus.open(corpus), "vectors.vec")
    assert model.drift_.rows[0]["word"] == "hail"
    assert model.drift_["hail"]["count_b"] == 60
    assert model.drift_ is model.drift_
    refused(lambda: model.drift_["barn"], KeyError)


def test_slices_that_cannot_be_compared(corpus: Path) -> None:
    run = open_run(refine(corpus))
    undated = "no document is dated 1994..2000; the dates run from 1993-05-01 to"
    refused(lambda: selfvec.drift(run, ["1993", "1994..2000"]), InputError, undated)
    refused(lambda: selfvec.drift(run, ["1993", "1993-05"]), InputError, "share 90 documents")
