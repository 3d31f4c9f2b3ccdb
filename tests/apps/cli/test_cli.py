"""The command line as a user types it: results, exit status, and the one line for every mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.apps.cli import main
from selfvec.data.vectors import Vectors
from selfvec.storage.run_folder import open_run


@pytest.fixture
def vectors_file(tmp_path: Path, storms: list[str]) -> Path:
    """Random vectors for most words of the reports, in word2vec text."""
    words = sorted({word.strip(".,").lower() for text in storms for word in text.split()})[3:]
    rows = np.random.default_rng(0).standard_normal((len(words), 24)).astype(np.float32)
    path = tmp_path / "vectors.vec"
    selfvec.save(Vectors(words, rows), path, format="word2vec-text")
    return path


@pytest.fixture
def run_folder(tmp_path: Path, storm_file: Path, vectors_file: Path) -> Path:
    run = tmp_path / "run"
    arguments = ["refine", storm_file, "--vectors", vectors_file, "-o", run, "--history", "every:2"]
    arguments += ["--method", "paper"]
    assert main([str(argument) for argument in arguments]) == 0
    return run


def json_of(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_a_run_folder_is_whole_and_self_contained(run_folder: Path) -> None:
    assert sorted(path.name for path in run_folder.iterdir()) == [
        "history", "original.safetensors", "report.json", "run.json", "tokens.safetensors",
        "vectors.safetensors", "vocabulary.txt"
    ]  # fmt: skip
    provenance = json.loads((run_folder / "run.json").read_text())
    assert provenance["tokens"] == sum(open_run(run_folder).vectors.counts)
    assert provenance["types"] == len((run_folder / "vocabulary.txt").read_text().splitlines())
    assert {"read", "tokenize", "count", "refine", "save"} <= provenance["timings"].keys()
    assert provenance["options"]["learning_rate"] == 0.01
    assert len(provenance["corpus"]["files"][0]["sha256"]) == 64
    assert len(provenance["vectors"]["sha256"]) == 64
    counts = open_run(run_folder).vectors.counts
    assert list(counts) == sorted(counts, reverse=True)


def test_the_same_command_makes_the_same_bytes(tmp_path, storm_file, vectors_file, run_folder) -> None:
    again = tmp_path / "again"
    arguments = [
        "refine",
        storm_file,
        "--vectors",
        vectors_file,
        "-o",
        again,
        "--history",
        "every:2",
        "--method",
        "paper",
        "--jobs",
        "1",
    ]
    assert main([str(argument) for argument in arguments]) == 0
    for name in (
        "vectors.safetensors",
        "original.safetensors",
        "vocabulary.txt",
        "history/history.safetensors",
    ):
        assert (again / name).read_bytes() == (run_folder / name).read_bytes(), name


def test_similar_before_and_after(run_folder: Path, capsys) -> None:
    assert main(["similar", str(run_folder), "hail", "Tornado", "--compare", "--topn", "4", "--json"]) == 0
    rows = json_of(capsys)["rows"]
    assert [(row["word"], row["state"]) for row in rows] == [
        ("hail", "original"), ("hail", "refined"), ("tornado", "original"), ("tornado", "refined")
    ]  # fmt: skip
    for row in rows:
        cosines = [cosine for _, cosine in row["neighbours"]]
        assert len(cosines) == 4
        assert cosines == sorted(cosines, reverse=True)
        assert row["word"] not in [word for word, _ in row["neighbours"]]
    assert main(["similar", str(run_folder), "hail"]) == 0
    assert "hail" in capsys.readouterr().out


def test_similar_leaves_rare_neighbours_out_on_request(run_folder: Path, capsys) -> None:
    main(["similar", str(run_folder), "hail", "--min-count", "60", "--topn", "100", "--json"])
    run = open_run(run_folder)
    found = [word for word, _ in json_of(capsys)["rows"][0]["neighbours"]]
    frequent = {w for w, n in zip(run.vectors.index_to_key, run.vectors.counts, strict=True) if n >= 60}
    assert set(found) == frequent - {"hail"}


def test_health_tells_by_its_status(run_folder: Path, tmp_path, storm_file, vectors_file, capsys) -> None:
    status = main(["health", str(run_folder), "--json"])
    report = json_of(capsys)
    assert status == int(bool(report["verdicts"]))
    for key in ("mean_cosine_to_original", "anisotropy", "effective_rank", "oov", "oov_empty"):
        assert isinstance(report[key], int | float)
    still = tmp_path / "still"
    arguments = ["refine", storm_file, "--vectors", vectors_file, "-o", still, "--learning-rate", "0"]
    main([str(argument) for argument in arguments])
    capsys.readouterr()
    assert main(["health", str(still), "--json"]) == 1
    assert "unmoved" in json_of(capsys)["verdicts"]
    assert main(["health", str(still)]) == 1
    assert "unmoved" in capsys.readouterr().out


def test_trajectory_as_numbers_table_and_figure(run_folder: Path, tmp_path: Path, capsys) -> None:
    assert main(["trajectory", str(run_folder), "hail", "--json"]) == 0
    row = json_of(capsys)["rows"][0]
    count = open_run(run_folder).vectors.counts[open_run(run_folder).index("hail")]
    assert row["updates"] == [*range(0, count, 2), count]
    assert row["cosine_to_original"][0] == pytest.approx(1)
    assert main(["trajectory", str(run_folder), "hail"]) == 0
    assert "hail" in capsys.readouterr().out
    for suffix in ("png", "svg", "html"):
        file = tmp_path / f"hail.{suffix}"
        assert main(["trajectory", str(run_folder), "hail", "tornado", "--plot", str(file)]) == 0
        assert file.stat().st_size > 1000


def test_convert_keeps_the_vectors(run_folder: Path, tmp_path: Path, capsys) -> None:
    target = tmp_path / "out.bin"
    assert main(["convert", str(run_folder), str(target), "--to", "word2vec", "--json"]) == 0
    assert json_of(capsys)["words"] == len(open_run(run_folder).vectors)
    np.testing.assert_allclose(selfvec.load(target).vectors, open_run(run_folder).vectors.vectors, atol=1e-7)


def test_doubled_words_are_mended_on_request_and_told(tmp_path: Path, capsys) -> None:
    file = tmp_path / "twice.vec"
    file.write_text("3 2\na 1 0\nb 0 1\na 1 1\n")
    assert main(["convert", str(file), str(tmp_path / "x.npz")]) == 2
    assert "--vectors-errors replace" in capsys.readouterr().err
    assert main(["convert", str(file), str(tmp_path / "x.npz"), "--vectors-errors", "replace"]) == 0
    assert "'a'" in capsys.readouterr().err
    np.testing.assert_array_equal(selfvec.load(tmp_path / "x.npz")["a"], [1, 0])


def test_standard_input_and_no_vectors(tmp_path: Path, storms: list[str]) -> None:
    command = [sys.executable, "-m", "selfvec", "refine", "-", "--vectors", "none", "-o", "run", "--json"]
    done = subprocess.run(
        command, input="\n".join(storms), text=True, capture_output=True, cwd=tmp_path, check=True
    )
    assert json.loads(done.stdout)["sources"]["random"] > 20
    assert "Traceback" not in done.stderr


def test_lemmas_and_stop_words(tmp_path: Path, storm_file: Path) -> None:
    run = tmp_path / "run"
    arguments = [
        "refine",
        storm_file,
        "-o",
        run,
        "--lemmatize",
        "en",
        "--stop-words",
        "en",
        "--vectors",
        "none",
    ]
    assert main([str(argument) for argument in arguments]) == 0
    words = (run / "vocabulary.txt").read_text().split()
    assert "the" not in words
    assert "tree" in words
    assert "trees" not in words


MISTAKES = {
    "missing file": (["nowhere.txt", "-o", "run"], "nowhere.txt"),
    "empty corpus": (["empty.txt", "-o", "run"], "empty.txt"),
    "one word": (["one.txt", "-o", "run", "--vectors", "none"], "one word only"),
    "no overlap": (["storms.txt", "--vectors", "other.vec", "-o", "run"], "none of the corpus"),
    "binary as text": (["binary.txt", "-o", "run"], "binary.txt"),
    "nan vectors": (["storms.txt", "--vectors", "nan.vec", "-o", "run"], "nan.vec:3"),
    "pickle as vectors": (["storms.txt", "--vectors", "evil.pkl", "-o", "run"], "evil.pkl"),
    "existing target": (["storms.txt", "-o", "taken"], "exists already"),
    "a target that is no run": (["storms.txt", "-o", "taken", "--overwrite"], "not a run folder"),
    "no such folder": (["storms.txt", "-o", "no/where/run"], "does not exist"),
    "missing field": (["rows.csv", "--text-field", "body", "-o", "run"], "'body'"),
    "bad row": (["bad.jsonl", "-o", "run"], "bad.jsonl:2"),
    "unknown method": (["storms.txt", "--method", "magic", "-o", "run"], "--method"),
    "bad window": (["storms.txt", "--window", "wide", "-o", "run"], "--window"),
    "negative rate": (["storms.txt", "--learning-rate", "-1", "-o", "run"], "--learning-rate"),
    "nan rate": (["storms.txt", "--learning-rate", "nan", "-o", "run"], "--learning-rate"),
    "unknown history": (["storms.txt", "--history", "all", "-o", "run"], "--history"),
    "history too large": (["storms.txt", "--history", "every:1;limit:1KB", "-o", "run"], "--history"),
    "unknown language": (["storms.txt", "--lemmatize", "xx", "-o", "run"], "'xx'"),
    "unknown part of speech": (["storms.txt", "--pos", "noun,thing", "-o", "run"], "--pos"),
    "unknown option": (["storms.txt", "--colour", "red", "-o", "run"], "--colour"),
    "no output": (["storms.txt"], "--output"),
    "not a number": (["storms.txt", "--epochs", "many", "-o", "run"], "--epochs"),
    "everything too rare": (["storms.txt", "--min-count", "9999", "-o", "run"], "no word is left"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_line_and_leaves_nothing(name, tmp_path, storm_file, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("\n\n")
    Path("one.txt").write_text("hail hail hail\nhail\n")
    Path("other.vec").write_text("2 2\nxyzzy 1 0\nplugh 0 1\n")
    Path("nan.vec").write_text("2 2\nhail 1 0\nstorm nan 1\n")
    Path("binary.txt").write_bytes(bytes(range(256)) * 40)
    Path("evil.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'echo'\ntR.")
    Path("taken").mkdir()
    Path("taken", "mine").write_text("keep")
    Path("rows.csv").write_text("id,text\n1,hail fell\n")
    Path("bad.jsonl").write_text('{"text": "hail fell"}\n{"text": \n{"text": "wind blew"}\n')
    before = sorted(path.name for path in tmp_path.iterdir())
    arguments, expected = MISTAKES[name]
    assert main(["refine", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.strip().splitlines()) == 1, output.err
    assert expected in output.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert Path("taken", "mine").read_text() == "keep"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["similar", "nothing", "hail"], "not a run folder"),
        (["similar", "run", "hial"], "did you mean hail"),
        (["health", "nothing"], "not a run folder"),
        (["trajectory", "run", "hail", "--plot", "x.docx"], "x.docx"),
        (["trajectory", "run", "hail", "--projection", "magic"], "magic"),
        (["convert", "run", "x.unknown"], "x.unknown"),
        (["convert", "nothing.vec", "x.npz"], "nothing.vec"),
        (["fetch", "noaa", "--years", "soon", "-o", "x"], "soon"),
        (["nonsense"], "nonsense"),
    ],
)
def test_other_mistakes(arguments, expected, run_folder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(run_folder.parent)
    capsys.readouterr()
    arguments = [*arguments, *(["--plot", "x.png"] if "magic" in arguments else [])]
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1, error
    assert expected in error


def test_bad_rows_are_skipped_only_on_request(tmp_path: Path, capsys) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "hail fell"}\n{"text": \n{"text": "wind blew"}\n')
    arguments = ["refine", str(file), "-o", str(tmp_path / "run"), "--skip-bad-rows"]
    assert main(arguments) == 0
    assert "1 bad row," in capsys.readouterr().err
    assert json.loads((tmp_path / "run/run.json").read_text())["corpus"]["bad_rows"] == 1


def test_a_damaged_run_says_which_file(run_folder: Path, capsys) -> None:
    (run_folder / "vectors.safetensors").write_bytes(b"short")
    assert main(["similar", str(run_folder), "hail"]) == 2
    assert "vectors.safetensors" in capsys.readouterr().err


def test_a_read_only_place_is_told(tmp_path: Path, storm_file: Path, capsys) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anywhere")
    tmp_path.chmod(0o500)
    try:
        assert main(["refine", str(storm_file), "-o", str(tmp_path / "run")]) == 2
    finally:
        tmp_path.chmod(0o700)
    assert "permission" in capsys.readouterr().err


def test_start_up_is_light() -> None:
    """Nothing heavy is imported before it is needed."""
    heavy = {
        "numba",
        "polars",
        "numpy",
        "networkx",
        "vl_convert",
        "sklearn",
        "rich",
        "typer",
        "fastapi",
        "dask",
    }
    code = "import sys, selfvec; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not heavy & set(loaded)
    code = "import sys; from selfvec.apps.cli import main; main(['--version']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not (heavy - {"rich", "typer"}) & set(loaded)
