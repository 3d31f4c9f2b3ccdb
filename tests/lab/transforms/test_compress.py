"""`compress`: what is written, what it keeps, and what is said where nothing keeps enough."""

from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.lab.transforms.compress import (
    Candidate,
    Packed,
    candidates,
    compress,
    kept,
    measures,
)
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean
from selfvec.storage.formats.safetensors import packed_words

SUBJECTS, EACH, WIDTH = 12, 60, 64


@pytest.fixture(scope="module")
def table() -> Vectors:
    """Words of twelve subjects, each near its subject's direction."""
    rng = np.random.default_rng(0)
    subjects = unit_rows(rng.standard_normal((SUBJECTS, WIDTH)).astype(np.float32))
    rows = np.repeat(subjects, EACH, axis=0) + 0.15 * rng.standard_normal((SUBJECTS * EACH, WIDTH))
    order = rng.permutation(len(rows))  # so that the first words are of all subjects
    return Vectors([f"s{i // EACH}word{i}" for i in order], rows[order].astype(np.float32))


@pytest.fixture(scope="module")
def run(table: Vectors, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on documents of one subject each."""
    rng = np.random.default_rng(1)
    texts = [
        " ".join(f"s{s}word{s * EACH + i}" for i in rng.integers(EACH, size=24))
        for s in range(SUBJECTS)
        for _ in range(9)
    ]
    return selfvec.refine(texts, table, "decorrelated")


def test_the_smallest_table_that_keeps_enough_is_written_and_read_back(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "small.safetensors"
    found = compress(run, target, keep=80)
    assert found["enough"]
    assert found["kept"] >= 80
    assert target.stat().st_size == found["bytes"] < found["bytes_before"] / 5
    assert [row["kept"] >= 80 for row in found["tried"]] == [False] * (len(found["tried"]) - 1) + [True]
    assert all((row["groups"] is not None) == (row["method"] == "pq") for row in found["tried"])
    sizes = [row["bytes"] for row in found["tried"]]
    assert sizes == sorted(sizes)
    small = selfvec.load(target)
    assert small.index_to_key == run.vectors.index_to_key
    fidelity = float(np.einsum("ij,ij->i", small.unit, run.vectors.unit).mean())
    if small.vector_size == run.vectors.vector_size:
        assert fidelity == pytest.approx(found["fidelity"], abs=1e-5)
    (one,) = measures(run.present)
    assert one.of(small).value == found["measured_on"][0]["compressed"]
    assert one.of(run.vectors).value == found["measured_on"][0]["original"]
    assert small.provenance["options"]["tokenizer"] == "words"  # texts are cut as the run's


def test_under_a_size_the_nearest_table_is_tried_first(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "small"
    found = compress(run, target, below=60_000, keep=50)
    assert target.stat().st_size <= 60_000
    assert len(found["tried"]) == 1
    vocabulary = packed_words(run.vectors)
    rivals = candidates(len(run.vectors), run.vectors.vector_size, vocabulary.nbytes, 60_000)
    assert found["fidelity"] == max(Packed(run.vectors, one, vocabulary, 0).fidelity for one in rivals)


def test_where_nothing_keeps_enough_the_best_is_written_and_said(table: Vectors, tmp_path: Path) -> None:
    vocabulary = packed_words(table).nbytes
    least = candidates(len(table), WIDTH, vocabulary, None)[0].bytes(len(table), vocabulary)
    found = compress(table, tmp_path / "small", below=least, keep=100)
    assert not found["enough"]
    assert found["kept"] == max(row["kept"] for row in found["tried"]) < 100
    assert len(selfvec.load(tmp_path / "small")) == len(table)
    with pytest.raises(OptionError, match=r"below: the smallest file of these words takes [\d,]+ bytes"):
        compress(table, tmp_path / "none", below=least - 1)
    assert not (tmp_path / "none").exists()


def test_sizes_are_known_before_anything_is_packed(table: Vectors, tmp_path: Path) -> None:
    vocabulary = packed_words(table)
    for one in candidates(len(table), WIDTH, vocabulary.nbytes, None):
        said, true = one.bytes(len(table), vocabulary.nbytes), Packed(table, one, vocabulary, 0).bytes
        assert true <= said <= true + 1024 + 4 * 3


def test_a_word_without_a_row_of_its_own_takes_that_of_the_nearest_word(table: Vectors) -> None:
    half = len(table) // 2
    small = Packed(table, Candidate("float16", half, WIDTH), packed_words(table), 0).decoded()
    cosines = table.unit[half:] @ table.unit[:half].T
    np.testing.assert_array_equal(small.vectors[half:], small.vectors[cosines.argmax(axis=1)])
    np.testing.assert_allclose(small.vectors[:half], table.unit[:half], atol=1e-3)


def test_fewer_dimensions_are_principal_axes(table: Vectors) -> None:
    small = Packed(table, Candidate("float16", 300, 16), packed_words(table), 0).decoded()
    axes = selfvec.principal_axes(table, 16)
    np.testing.assert_allclose(small.vectors[:300], axes.vectors[:300], atol=1e-3)


def test_tasks_that_are_named_are_measured_instead(table: Vectors, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    words = table.index_to_key
    pairs.write_text(
        "".join(f"{words[i]}\t{words[i + 1]}\t{table.similarity(i, i + 1)}\n" for i in range(40))
    )
    found = compress(table, tmp_path / "small", similarity=[pairs], keep=90)
    (one,) = found["measured_on"]
    assert (one["task"], one["metric"]) == ("pairs", "spearman")
    assert one["original"] == pytest.approx(1)
    assert one["low"] <= one["kept"] <= one["high"]
    assert one["kept"] >= 90


def test_the_share_kept_and_its_interval() -> None:
    whole, part = (mean(np.array(values), 0) for values in ([1.0, 0.5] * 50, [0.75, 0.25] * 50))
    share, low, high = kept(whole, part)  # each loses .25, the mean is .75
    assert low < share < high
    assert share == pytest.approx(200 / 3)
    assert kept(whole, whole)[0] == 100
    share, low, high = kept(whole, mean(np.array([0.75, 0.0] * 50), 0))
    assert 0 < low < share == 50 < high < 100
    assert kept(mean(np.zeros(9), 0), mean(np.zeros(9), 0))[0] == 100


def test_documents_that_cannot_be_told_apart_are_no_measure(storms: list[str]) -> None:
    """240 reports are made of eight sentences: a part of one finds many."""
    (one,) = measures(selfvec.refine(storms, "none", "decorrelated").present)
    assert one.metric == "kept@10"


def test_the_command(table: Vectors, tmp_path: Path) -> None:
    selfvec.save(table, tmp_path / "in.safetensors")
    given = ["vectors", "compress", str(tmp_path / "in.safetensors"), str(tmp_path / "out")]
    found = ran([*given, "--keep", "70%", "--below", "1MB", "--json"]).json
    assert found["enough"]
    assert found["measured_on"][0]["metric"] == "kept@10"
    told = ran([*given, "--below", "40kB", "--keep", "100", "--overwrite"], 1).out
    assert "no compressed vectors under 0.04 MB keep 100%: these keep most" in told
    for wrong in (["--below", "much"], ["--keep", "most"], ["--keep", "0"]):
        assert wrong[0] in ran([*given, *wrong], 2).err
