"""Words that are written in two ways: found, written to a file, read again, and counted as one."""

from pathlib import Path

import numpy as np
import pytest
from planted_text import LONG, reports

import selfvec
from selfvec.analysis.sides.joined import joined, read_variants
from selfvec.analysis.sides.written import written
from selfvec.apps.cli import main
from selfvec.base.errors import InputError
from selfvec.corpus.slices import named_slice

BETWEEN = ["2000..2008", "2009..2018"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> selfvec.Run:
    folder = tmp_path_factory.mktemp("notation") / "run"
    return selfvec.refine(list(reports(900, planted=["notation"])), "none", "original", output=folder)


def test_what_was_planted_is_found_whole_and_joined_nothing_has_changed(run: selfvec.Run) -> None:
    assert {row["variant"]: row["word"] for row in selfvec.variants(run, BETWEEN).rows} == LONG
    told = selfvec.drift(run, BETWEEN)
    assert "with 8 abbreviations that 2009..2018 writes out" in told.introduction[0]
    assert told.introduction[0].endswith("--variants auto.")
    assert told.significant > 20
    found = selfvec.drift(run, BETWEEN, variants="auto")
    assert found.sides.joined == LONG
    assert found.significant <= 1
    assert not found.new
    assert not found.gone
    assert {row["word"] for row in found.rows}.isdisjoint(LONG)
    key = selfvec.keyness(run, BETWEEN, variants="auto")
    assert min(row["q"] for row in key.rows) > 0.01


def test_a_joined_run_counts_both_spellings_and_a_question_means_both(run: selfvec.Run) -> None:
    pairs = joined(run.present, LONG)
    rows = run.vectors.key_to_index
    counts = run.require_tokens().counts
    for variant, word in LONG.items():
        assert pairs.require_tokens().counts[rows[word]] == counts[rows[word]] + counts[rows[variant]]
        assert pairs.require_tokens().counts[rows[variant]] == 0
    assert np.array_equal(pairs.vectors.counts, pairs.require_tokens().counts)
    answers = [selfvec.search(run, q, variants="auto") for q in ("acft on rwy", "aircraft on runway")]
    assert [hit.id for hit in answers[0]] == [hit.id for hit in answers[1]]
    assert "acft counts as aircraft" in answers[0].notes
    assert [hit.id for hit in answers[0]] != [hit.id for hit in selfvec.search(run, "acft on rwy")]


def test_the_file_can_be_edited(run: selfvec.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "variants.tsv"
    command = ["text", "variants", str(run.folder), "--between", *BETWEEN, "-o", str(file)]
    assert main(command) == 0
    assert main(command) == 2  # it exists
    lines = file.read_text(encoding="utf-8").splitlines()
    assert read_variants(file) == LONG
    file.write_text("\n".join(line for line in lines if "rwy" not in line), encoding="utf-8")
    capsys.readouterr()
    assert main(["text", "keyness", str(run.folder), "--between", *BETWEEN, "--variants", str(file)]) == 0
    shown = capsys.readouterr()
    assert "rwy" in shown.out
    assert "Counted as one word: 7 pairs" in " ".join(shown.err.split())


def test_pairs_of_which_the_text_lacks_a_word_are_counted_and_said(
    run: selfvec.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "variants.tsv"
    file.write_text("aircraft\tacft\naircraft\taeroplane\ntower\ttwr\n", encoding="utf-8")
    said = "2 pairs have a word that the text does not have: aeroplane → aircraft, twr → tower."
    told = selfvec.drift(run, BETWEEN, variants=file)
    assert said in told.sides.sentences
    assert told.sides.joined == {"acft": "aircraft"}
    assert said in selfvec.search(run, "acft", variants=file).notes
    for command in (["keyness"], ["frequency"], ["topics", "--number", "4"]):
        name, *more = command
        assert main(["text", name, str(run.folder), *more, "--variants", str(file)]) == 0
        shown = capsys.readouterr()
        assert said in " ".join((shown.out + shown.err).split())
    file.write_text("tower\ttwr\n", encoding="utf-8")
    (note,) = selfvec.search(run, "acft", variants=file).notes
    assert note == "1 pair has a word that the text does not have: twr → tower."


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("aircraft", "is not word<TAB>variant"),
        ("a\tx\nb\tx", "is a variant of 'a' already"),
        ("a\tb\nb\ta", "is a variant of itself"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, rule: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rule):
        read_variants(file)


def test_a_word_that_replaces_another_is_listed_and_not_joined(tmp_path: Path) -> None:
    run = selfvec.refine(selfvec.example(tmp_path / "storms.jsonl"), "none", "original")
    sides = written(run.present, [named_slice(run.require_tokens(), y) for y in ("2000..2004", "2015..2019")])
    assert {"email": "fax"}.items() <= {row["word"]: row["variant"] for row in sides.variants}.items()
    assert sides.certain == {}
    assert sides.sentences == []
