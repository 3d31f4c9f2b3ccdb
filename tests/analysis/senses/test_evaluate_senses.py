"""``evaluate --senses``: files read line by line, figures of planted senses, baselines beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_senses import SENSES, USES, sentence

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.evaluation import SenseInduction
from selfvec.evaluation.sense_file import Use, read_uses


@pytest.fixture(scope="module")
def sense_file(tmp_path_factory) -> Path:
    """New sentences of the planted words, with the topic as the sense."""
    rng, rows = np.random.default_rng(9), []
    for word, topics in SENSES.items():
        for topic in topics:
            rows += [f"{word}.n\tt{topic}\t{sentence(topic, f'[[{word}s]]', rng)}" for _ in range(USES // 2)]
    path = tmp_path_factory.mktemp("uses") / "planted.tsv"
    path.write_text("\n".join(rng.permutation(rows).tolist()) + "\n", encoding="utf-8")
    return path


def test_a_row_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "uses.tsv"
    lines = [
        "# lemma, sense, text",
        "bank.n\triver\tThey sat on the [[bank]] and fished.",
        "bank.n\tmoney/3 river/1\tthe <head>Banks</head> were closed",
        "bank\triver\t16:20\tThey sat on the bank; the bank",
        "bank\tmoney\tBankers met at the bank, banks closed",
        "close.v\tend\tThey were closing early",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert read_uses(path) == [
        Use("bank.n", {"river": 1.0}, "They sat on the ", "bank", " and fished."),
        Use("bank.n", {"money": 0.75, "river": 0.25}, "the ", "Banks", " were closed"),
        Use("bank", {"river": 1.0}, "They sat on the ", "bank", "; the bank"),
        Use("bank", {"money": 1.0}, "Bankers met at the ", "bank", ", banks closed"),
        Use("close.v", {"end": 1.0}, "They were ", "closing", " early"),
    ]
    assert read_uses(path)[1].sense == "money"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no uses"),
        ("bank\triver", ":1: a row is lemma<TAB>sense"),
        ("bank\ts\tthe bank\nbank\t\tthe bank", ":2: field 'sense': is empty"),
        ("bank\ts\tno such word", ":1: no word of the text looks like 'bank'"),
        ("bank\ts\t9:4\tthe bank", "a place is start:end"),
        ("bank\ts\tfour\tthe bank", "a place is start:end"),
        ("bank\ts/0\tthe bank", "applies by a number above 0"),
        ("bank\ts/-1\tthe bank", "applies by a number above 0"),
        ("bank\ts/inf\tthe bank", "applies by a number above 0"),
        ("bank\ts\tthe bank\nbonk\ts\tthe bonk", "no lemma has two"),
    ],
)
def test_files_that_cannot_be_scored_are_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "uses.tsv"
    path.write_text(text, encoding="utf-8")
    table = selfvec.Vectors(["bank"], np.ones((1, 2), np.float32))
    with pytest.raises(InputError, match=r"uses\.tsv") as caught:
        selfvec.evaluate(table, [SenseInduction(path)])
    assert said in str(caught.value)


PIECES = [b"a", b"bank.n", b"\t", b"\t", b"\t", b"\n", b"\r", b" ", b"/", b"/2", b"1:3", b"9:1", b"[[a]]",
          b"<b>a</b>", b"[[", b"#", b"nan", b"\xff", b"\xc3\xa9", b"\x00",
          b"\xef\xbb\xbf", b"a bank"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=16).map(b"".join))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.tsv"
    path.write_bytes(data)
    try:
        found = read_uses(path)
    except InputError as error:
        assert "fuzz.tsv" in str(error)
        assert "\n" not in str(error)
        return
    for use in found:
        assert use.lemma
        assert use.word
        assert sum(use.senses.values()) == pytest.approx(1)


def test_planted_senses_score_high_and_baselines_do_not(sense_run: Run, sense_file: Path) -> None:
    report = selfvec.evaluate(sense_run, [SenseInduction(sense_file)])
    rows = {(row["vectors"], row["method"], row["metric"]): row for row in report.rows}
    assert {key[0] for key in rows} == {"refined", "original", "one sense", "random"}
    for metric in ("v_measure", "paired_f", "adjusted_rand", "bcubed"):
        for method in ("chosen", "known", "corpus"):
            row = rows["refined", method, metric]
            assert row["value"] > 0.9
            assert row["low"] <= row["value"] <= row["high"]
            assert (row["kind"], row["n"], row["uses"]) == ("senses", len(SENSES), 7 * USES // 2)
            assert row["covered"] == 1
            assert row["senses"] == pytest.approx(7 / 4) == pytest.approx(row["induced"], abs=0.3)
    # two lemmas have one sense: for them one sense is right, for the others V and Rand are 0
    assert rows["one sense", "chosen", "v_measure"]["value"] == 0.5
    assert rows["one sense", "chosen", "adjusted_rand"]["value"] == 0.5
    assert rows["one sense", "chosen", "paired_f"]["induced"] == 1
    assert rows["random", "known", "adjusted_rand"]["value"] == pytest.approx(0.5, abs=0.05)


def test_senses_by_degrees_add_fuzzy_figures(sense_run: Run, sense_file: Path, tmp_path: Path) -> None:
    graded = tmp_path / "graded.tsv"
    rows = [line.split("\t") for line in sense_file.read_text(encoding="utf-8").splitlines()]
    lines = [
        f"{lemma}\t{sense}{'/4 other/1' if i % 9 == 0 else ''}\t{text}"
        for i, (lemma, sense, text) in enumerate(rows)
    ]
    graded.write_text("\n".join(lines), encoding="utf-8")
    found = {
        (r["metric"], r["vectors"]): r["value"]
        for r in selfvec.evaluate(sense_run, [SenseInduction(graded)]).rows
        if r["method"] == "known"
    }
    assert found["fuzzy_nmi", "refined"] > found["fuzzy_nmi", "random"]
    assert found["fuzzy_bcubed", "refined"] > found["fuzzy_bcubed", "random"]
    assert found["v_measure", "refined"] > 0.9


def test_vectors_without_a_run_and_texts_they_know_nothing_of(sense_file: Path, tmp_path: Path) -> None:
    blind = selfvec.Vectors(["zzz"], np.ones((1, 4), np.float32))
    report = selfvec.evaluate({"blind": blind}, [SenseInduction(sense_file)])
    rows = [row for row in report.rows if row["vectors"] == "blind"]
    assert {row["covered"] for row in rows} == {0.0}
    assert {row["induced"] for row in rows} == {1.0}
    assert {row["method"] for row in rows} == {"chosen", "known"}


def test_a_lemma_that_the_corpus_has_not_enough_of_has_one_sense_there(
    sense_run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "uses.tsv"
    told = [
        f"{lemma}\t{i % 2}\tt0w1 t0w{i} [[{lemma}]] t0w3" for lemma in ("rare", "never") for i in range(9)
    ]
    path.write_text("\n".join(told), encoding="utf-8")
    rows = [
        row
        for row in selfvec.evaluate(sense_run, [SenseInduction(path)]).rows
        if row["vectors"] in ("refined", "original")
    ]
    assert {row["induced"] for row in rows if row["method"] == "corpus"} == {1.0}
    assert {row["induced"] for row in rows if row["method"] == "known"} == {2.0}


def test_the_command_has_rows_and_a_report(
    sense_folder: Path, sense_file: Path, tmp_path: Path, capsys
) -> None:
    run, page = str(sense_folder / "run"), tmp_path / "report.md"
    assert main(["evaluate", run, "--senses", str(sense_file), "--report", str(page), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["kind"] for row in rows} == {"senses"}
    assert "v_measure" in page.read_text(encoding="utf-8")
