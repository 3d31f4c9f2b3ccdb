"""Studies say what refining does, row for row, and their tables and figures say the rows."""

from __future__ import annotations

import csv
import doctest
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures need selfvec[plot]")

from selfvec import Vectors, save
from selfvec.cli import main
from selfvec.corpus import Corpus
from selfvec.errors import InputError, OptionError, TargetError
from selfvec.preparation import Prepared, prepare
from selfvec.progress import Progress
from selfvec.provenance import Timings
from selfvec.refiner import refine
from selfvec.settings import Settings
from selfvec.studies import across_domains, over_epochs, over_rates, over_windows
from selfvec.studies.domains import marking_words
from selfvec.studies.material import by_epoch, refined, shuffled
from selfvec.studies.measures import held_out, scatter
from selfvec.studies.study import Column, Study

PAPER = Settings(method="paper", window=5, oov="zero", history="none")
TOPICS = {"sea": "wave tide fish ship coast sail", "farm": "cow field grain barn plough hay"}
GLUE = "the a of and in on"


def texts(topic: str, number: int = 60, seed: int = 0) -> list[str]:
    """Short texts of a topic's words and of words all topics have."""
    rng = np.random.default_rng([seed, *topic.encode()])
    own, glue = TOPICS[topic].split(), GLUE.split()
    return [
        " ".join(rng.choice(own if rng.random() < 0.6 else glue) for _ in range(12)) for _ in range(number)
    ]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    words = " ".join([*TOPICS.values(), GLUE]).split()
    return Vectors(words, np.random.default_rng(0).standard_normal((len(words), 16)).astype(np.float32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vectors: Vectors) -> Path:
    """A file for each topic, and vectors."""
    made = tmp_path_factory.mktemp("topics")
    for topic in TOPICS:
        (made / f"{topic}.txt").write_text("\n".join(texts(topic)) + "\n", encoding="utf-8")
    save(vectors, made / "vectors.vec")
    return made


def prepared_from(corpus: Corpus, vectors: Vectors) -> Prepared:
    return prepare(corpus, vectors, PAPER, Timings(), Progress(), None)


@pytest.fixture(scope="module")
def prepared(vectors: Vectors) -> Prepared:
    return prepared_from(Corpus.from_texts(texts("sea", 240)), vectors)


@pytest.fixture(scope="module")
def domains(folder: Path, vectors: Vectors) -> Prepared:
    corpus = Corpus.open([folder / "sea.txt", folder / "farm.txt"], slice_by_name=True)
    return prepared_from(corpus, vectors)


@pytest.mark.parametrize("name", ["study", "domains"])
def test_examples_hold(name: str) -> None:
    outcome = doctest.testmod(import_module(f"selfvec.studies.{name}"))
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.parametrize("method", ["paper", "online", "decorrelated"])
def test_refining_in_a_study_is_refining(method: str, vectors: Vectors) -> None:
    settings = Settings(method=method, window=5, history="none")
    run = refine(Corpus.from_texts(texts("sea")), vectors, settings)
    again = refined(
        prepare(Corpus.from_texts(texts("sea")), vectors, settings, Timings(), Progress(), None), settings
    )
    np.testing.assert_array_equal(again.vectors.vectors, run.vectors.vectors)
    assert {k: v for k, v in again.health.items() if k != "findings"} == {
        k: v for k, v in run.health.items() if k != "findings"
    }


def test_rows_of_a_rate_are_those_of_the_product(prepared: Prepared) -> None:
    study = over_rates(prepared, PAPER, [0.1, 0.02], shuffles=2)
    assert [row["learning_rate"] for row in study.rows] == [0, 0.02, 0.1]
    training, _ = held_out(prepared, 0)
    assert training.batch.documents == 228
    for row in study.rows[1:]:
        health = refined(training, replace(PAPER, learning_rate=row["learning_rate"], history="auto")).health
        for key in ("mean_cosine_to_original", "anisotropy", "effective_rank", "saturated", "verdicts"):
            assert row[key] == health[key]
    moved = [row["mean_cosine_to_original"] for row in study.rows]
    assert moved == sorted(moved, reverse=True)


def test_a_rate_of_nothing_moves_nothing_and_leaves_nothing_to_chance(prepared: Prepared) -> None:
    original, still = over_rates(prepared, PAPER, [0.0], shuffles=2).rows
    for key in ("mean_cosine_to_original", "anisotropy", "effective_rank"):
        assert still[key] == pytest.approx(original[key], rel=1e-5)
    assert still["variance"] == pytest.approx(0, abs=1e-6)


def test_epochs_are_looked_at_on_the_way_of_one_run(prepared: Prepared) -> None:
    rows = over_epochs(prepared, PAPER, [1, 3]).rows
    assert [row["epochs"] for row in rows] == [0, 1, 3]
    training, asked = held_out(prepared, 0)
    for row in rows[1:]:
        run = refined(training, replace(PAPER, epochs=row["epochs"]))
        assert row["anisotropy"] == pytest.approx(run.health["anisotropy"], rel=1e-5)
        if asked is not None:
            assert row["context"] == pytest.approx(asked.score(run.vectors.unit).mean())


def test_every_epoch_is_given_once(prepared: Prepared) -> None:
    assert [epoch for epoch, _ in by_epoch(prepared, replace(PAPER, epochs=4))] == [1, 2, 3, 4]


def test_windows_are_those_asked_for(prepared: Prepared) -> None:
    study = over_windows(prepared, replace(PAPER, method="decorrelated"), [9, 3], shuffles=2)
    assert [row["window"] for row in study.rows] == [0, 3, 9]
    for row in study.rows[1:]:  # batches of sums do not know an order
        assert row["variance"] == pytest.approx(0, abs=1e-5)


def test_an_automatic_window_is_settled_before_documents_are_shuffled(vectors: Vectors) -> None:
    sentences = [f"{a}. {b}." for a, b in zip(texts("sea"), texts("farm"), strict=True)]
    prepared = prepared_from(Corpus.from_texts(sentences), vectors)
    automatic = replace(PAPER, window="auto")
    study = over_rates(prepared, automatic, [0.05], shuffles=2)
    fixed = over_rates(prepared, replace(PAPER, window=13), [0.05], shuffles=2)
    assert study.settings["window"] != fixed.settings["window"] or study.rows == fixed.rows
    assert isinstance(study.settings["window"], int)


def test_scatter_is_the_mean_distance_of_two_ends(prepared: Prepared) -> None:
    found = scatter(prepared, PAPER, 3)
    ends = [refined(shuffled(prepared, seed), PAPER).vectors.unit.astype(np.float64) for seed in range(3)]
    distances = [1 - np.einsum("ij,ij->i", ends[a], ends[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found.trace, np.mean(distances, axis=0), atol=1e-6)


def test_words_that_mark_a_domain_are_its_own(domains: Prepared) -> None:
    study = across_domains(domains, PAPER, shuffles=2)
    marks = study.settings["marking_words"]
    assert {name: set(words) for name, words in marks.items()} == {
        f"{topic}.txt" if f"{topic}.txt" in marks else topic: set(words.split())
        for topic, words in TOPICS.items()
    }


def test_domains_are_seen_before_alone_and_mixed(domains: Prepared) -> None:
    study = across_domains(domains, replace(PAPER, learning_rate=0.05), shuffles=2)
    assert [row["state"] for row in study.rows] == ["original", "alone", "mixed"] * 2
    for original, alone, mixed in (study.rows[:3], study.rows[3:]):
        assert original["drift"] == pytest.approx(0, abs=1e-6)
        assert original["coherence"] == pytest.approx(0, abs=0.2)
        assert original["chance"] is None
        assert alone["chance"] > 0
        assert alone["coherence"] > original["coherence"] + 0.2
        assert mixed["within"] > original["within"]
    for row in study.rows:
        assert row["coherence"] == pytest.approx(row["within"] - row["across"])


def test_coherence_by_hand(domains: Prepared) -> None:
    study = across_domains(domains, PAPER, shuffles=2)
    unit, index = domains.original.unit, domains.original.key_to_index
    sea, farm = ([index[w] for w in TOPICS[topic].split()] for topic in TOPICS)
    across = float(np.mean(unit[sea] @ unit[farm].T))
    within = float(np.mean([unit[a] @ unit[b] for a in sea for b in sea if a != b]))
    row = study.rows[0]
    assert (row["within"], row["across"]) == pytest.approx((within, across), abs=1e-5)


def test_marking_words_need_occurrences_and_go_to_one_domain() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 40, (3, 200))
    marks = marking_words(counts, most=7)
    together = np.concatenate(marks)
    assert len(set(together.tolist())) == len(together)
    for row, words in zip(counts, marks, strict=True):
        assert len(words) <= 7
        assert np.all(row[words] >= 10)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda p: over_rates(p, replace(PAPER, method="decorrelated")), "paper and online have a learning"),
        (lambda p: over_epochs(p, replace(PAPER, method="decorrelated")), "paper and online have epochs"),
        (lambda p: over_rates(p, PAPER, shuffles=1), "'shuffles': is at least 2"),
        (lambda p: across_domains(p, PAPER, shuffles=1), "'shuffles': is at least 2"),
        (lambda p: across_domains(p, PAPER), "here is 1; give a corpus for each domain"),
    ],
)
def test_what_cannot_be_studied_is_said(call, rule: str, prepared: Prepared) -> None:
    with pytest.raises((OptionError, InputError), match=rule):
        call(prepared)


def test_a_domain_of_few_words_is_refused(folder: Path, tmp_path: Path, vectors: Vectors) -> None:
    (tmp_path / "small.txt").write_text("wave tide the\n", encoding="utf-8")
    files = [folder / "farm.txt", folder / "sea.txt", tmp_path / "small.txt"]
    corpus = Corpus.open(files, slice_by_name=True)
    with pytest.raises(InputError, match=r"'small.*' has 0 words"):
        across_domains(prepared_from(corpus, vectors), PAPER)


def test_files_say_what_the_rows_say(prepared: Prepared, tmp_path: Path) -> None:
    study = over_epochs(prepared, PAPER, [1, 2])
    study.save(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"epochs.{suffix}" for suffix in ("csv", "json", "md", "svg", "png")
    }
    with (tmp_path / "out" / "epochs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["anisotropy"]) for row in rows] == [row["anisotropy"] for row in study.rows]
    stored = json.loads((tmp_path / "out" / "epochs.json").read_text(encoding="utf-8"))
    assert stored["rows"] == study.rows
    assert stored["settings"]["method"] == "paper"
    page = (tmp_path / "out" / "epochs.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {study.title}\n\n![{study.title}](epochs.svg)\n")
    assert f"| {study.rows[1]['anisotropy']:.3f} |".replace("-", "−") in page
    drawing = (tmp_path / "out" / "epochs.svg").read_text(encoding="utf-8")
    for chart in study.charts:
        assert f">{chart.title}<" in drawing
    study.save(tmp_path / "again")
    for name in ("epochs.svg", "epochs.png", "epochs.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_only_a_study_is_replaced(prepared: Prepared, tmp_path: Path) -> None:
    study = over_epochs(prepared, PAPER, [1])
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(TargetError, match="so it is not replaced"):
        study.save(tmp_path / "own", overwrite=True)
    assert (tmp_path / "own" / "diary.txt").exists()
    study.save(tmp_path / "out")
    with pytest.raises(TargetError, match="exists already"):
        study.save(tmp_path / "out")
    study.save(tmp_path / "out", overwrite=True)


def test_cells() -> None:
    column = Column("x", "x", ".2f")
    assert [column.text(v) for v in (None, -0.5, -0.001, 0.25)] == ["–", "−0.50", "0.00", "0.25"]
    study = Study("s", "S", (Column("name", "name"), column), [{"name": "a|b\x1b", "x": 1}])
    assert "| a\\|b\\\\x1b | 1.00 |" in study.to_markdown()


@pytest.mark.parametrize(
    ("name", "options", "values"),
    [
        ("learning-rate", ["--rates", "0.01,0.2", "--shuffles", "2"], [0, 0.01, 0.2]),
        ("window", ["--windows", "3,5", "--shuffles", "2", "--method", "online"], [0, 3, 5]),
        ("epochs", ["--epochs", "1,2", "--window", "5"], [0, 1, 2]),
        ("domains", ["--shuffles", "2"], None),
    ],
)
def test_commands(name: str, options: list[str], values, folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    files = [str(folder / f"{topic}.txt") for topic in TOPICS]
    command = ["study", name, *files, "-o", str(out), "--vectors", str(folder / "vectors.vec"), *options]
    assert main([*command, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["study"] == name
    if values is not None:
        assert [next(iter(row.values())) for row in printed["rows"]] == values
    assert (out / f"{name}.png").stat().st_size > 1000
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert capsys.readouterr().out.startswith("# ")


def test_domains_by_a_field(folder: Path, tmp_path: Path, capsys) -> None:
    rows = [{"text": text, "kind": topic} for topic in TOPICS for text in texts(topic)]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = [
        "study",
        "domains",
        str(path),
        "--domain-field",
        "kind",
        "-o",
        str(tmp_path / "out"),
        "--shuffles",
    ]
    assert main([*command, "2", "--vectors", str(folder / "vectors.vec"), "--json"]) == 0
    assert {row["domain"] for row in json.loads(capsys.readouterr().out)["rows"]} == set(TOPICS)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["learning-rate", "--rates", "a,b"], "--rates: is numbers with commas"),
        (["learning-rate", "--method", "magic"], "--method: is one of"),
        (["window", "--windows", "3,x"], "--windows: is whole numbers"),
        (["epochs", "--epochs", "0"], "--epochs: is a whole number of at least 1"),
        (["window", "--windows", "0"], "--window"),
        (["learning-rate", "--rates", "-1"], "--learning-rate"),
    ],
)
def test_mistakes_are_told_in_a_line(options: list[str], said: str, folder: Path, tmp_path, capsys) -> None:
    files = [str(folder / "sea.txt"), "--vectors", str(folder / "vectors.vec")]
    assert main(["study", options[0], *files, "-o", str(tmp_path / "out"), *options[1:]]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()
