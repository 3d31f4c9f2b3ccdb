"""Run folders: saving and opening is identity, and what is damaged or of another format is refused."""

import json
import random
import re
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.damage import damaged_json, described_otherwise, sealed_again
from tests.refusals import refused

from selfvec.apps.functions.inspection import info, verify
from selfvec.apps.run import save_run
from selfvec.base.errors import FormatError, InputError
from selfvec.base.installed import RUN_FORMAT
from selfvec.data.run import Run
from selfvec.data.run_text import DATE, FINGERPRINT, ID, SLICE, TEXT, RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Vectors
from selfvec.files import checksums
from selfvec.files.checksums import seal
from selfvec.files.tensors import map_tensors, read_metadata, write_tensors
from selfvec.storage.formats import load
from selfvec.storage.run_folder import open_run
from selfvec.storage.text_file import TextWriter

WORDS = ["storm", "back\\slash", "line\nbreak", "é"]


def a_run(**changes: Any) -> Run:
    """A run with everything that a folder can hold."""
    tokens = TokenBatch(
        np.array([0, 1, 0, 2, 3, 0], np.int32),
        np.array([0, 3, 3, 6]),
        WORDS,
        dates=np.array(["1993-04-01", "NaT", "2020-05-06"], "datetime64[D]"),
        sentences=3,
        slices=np.array([0, -1, 1], np.int32),
        slice_names=["1993", "2020 é"],
        fingerprints=np.array([3, 2**63, 5], np.uint64),
        sentence_counts=np.array([2, 0, 1], np.int32),
    )
    sources = np.array([1, 2, 0, 1], np.uint8)
    return Run(
        Vectors(WORDS, np.eye(4, dtype=np.float32), counts=tokens.counts, sources=sources),
        Vectors(WORDS, np.ones((4, 4), np.float32) / 2, pieces=np.array([1, 3, 1, 1], np.uint8)),
        History(np.array([0, 2, 2, 3, 3]), np.array([1, 2, 1]), np.ones((3, 4), np.float16)),
        {"method": "paper", "epochs": 2},
        {"health": {"verdicts": [], "findings": []}},
        tokens,
        text=a_text(),
    ).replace(**changes)


def a_text() -> RunText:
    days = [date(1993, 4, 1), None, date(2020, 5, 6)]
    columns = {ID: ["a", None, "é"], TEXT: ["Storm.", "", "é\n"], DATE: days, SLICE: ["1993", None, "2020 é"]}
    with TextWriter() as writer:
        writer.add(pl.DataFrame({**columns, "place": ["x", "", None], FINGERPRINT: [3, 2**63, 5]}))
        return writer.finish()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_run(a_run(), tmp_path / "run")
    return tmp_path / "run"


def change_tensors(path: Path, changes: dict[str, Any]) -> None:
    """Write a file again with other tensors, or with another number in the second row of one."""
    kept = {name: np.array(tensor) for name, tensor in map_tensors(path).items()}
    for name, value in changes.items():
        if isinstance(value, np.ndarray):
            kept[name] = value
        else:
            kept.setdefault(name, np.ones(4, np.uint8))[1] = value
    write_tensors(path, kept, read_metadata(path))


def assert_same(one: object, other: object, names: str) -> None:
    for name in names.split():
        before, after = getattr(one, name), getattr(other, name)
        if isinstance(before, np.ndarray):
            assert before.dtype == after.dtype, name
        np.testing.assert_array_equal(before, after, err_msg=name)


def test_opening_gives_back_what_was_saved(folder: Path) -> None:
    before, after = a_run(), open_run(folder)
    assert_same(before.vectors, after.vectors, "index_to_key vectors sources counts")
    assert_same(before.original, after.original, "index_to_key vectors sources pieces")
    assert_same(before.history, after.history, "starts updates vectors")
    columns = "ids offsets types dates sentences slices slice_names fingerprints sentence_counts counts"
    assert_same(before.tokens, after.tokens, columns)
    assert {**before.provenance, "timings": {}} == {**after.provenance, "timings": {}}
    assert before.report_json == after.report_json
    for ours, theirs in zip(before.text.batches(), after.text.batches(), strict=True):
        assert ours.equals(theirs)
    assert before.path("storm").updates.tolist() == after.path("storm").updates.tolist()
    assert not after.vectors.vectors.flags.owndata


def test_saving_what_was_opened_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    save_run(open_run(folder), tmp_path / "again")
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "run.json"):
        assert (tmp_path / "again" / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_a_run_may_have_neither_history_nor_tokens_nor_text(tmp_path: Path) -> None:
    save_run(a_run(history=None, tokens=None, text=None), tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert run.history is run.tokens is run.text is None
    for require, what in ((run.require_tokens, "tokens"), (run.require_text, "text")):
        refused(require, InputError, f"has not kept its {what}, .*; refine again, with the default of keep")


@pytest.mark.parametrize(
    ("found", "remedy"),
    [
        *((earlier, "refine the text again") for earlier in (None, 0, 1, "2")),
        (RUN_FORMAT + 1, "install a newer Selfvec, or make the run again"),
    ],
)
def test_another_format_is_refused(found: object, remedy: str, folder: Path) -> None:
    provenance = json.loads((folder / "run.json").read_text())
    assert provenance.pop("format") == RUN_FORMAT
    (folder / "run.json").write_text(
        json.dumps(provenance if found is None else {**provenance, "format": found})
    )
    rule = rf"run\.json: the format .* reads format {RUN_FORMAT}; {remedy}"
    refused(lambda: open_run(folder), FormatError, rule)


def test_the_vectors_of_a_run_are_a_format(folder: Path) -> None:
    for path in (folder, folder / "vectors.safetensors"):
        vectors = load(path)
        assert_same(a_run().vectors, vectors, "index_to_key vectors sources counts")
        assert not vectors.vectors.flags.owndata
    assert load(folder).provenance["format"] == "run"
    assert_same(a_run().original, load(folder / "original.safetensors"), "index_to_key vectors")


FILES = ("run.json", "vocabulary.txt", "report.json", "text.parquet")
FILES += ("vectors.safetensors", "original.safetensors", "history.safetensors", "tokens.safetensors")


@pytest.mark.parametrize("name", FILES)
def test_whatever_becomes_of_a_file_it_is_named(name: str, folder: Path) -> None:
    path = folder / name
    content = path.read_bytes()
    for changed in (content[:-1], b"", content.replace(content[-3:-2], b"#"), content[::-1]):
        path.write_bytes(changed)
        for read in (open_run, load, info):
            refused(lambda: read(folder), FormatError, rf"{path.name}: .*; .*make the run again")
    path.write_bytes(content)
    assert len(open_run(folder).vectors) == len(load(folder)) == 4


SHAPE = r"the tensor '{}' is .*, this one is "
TOKENS = "the tensor|does not fit the run"


@pytest.mark.parametrize(
    ("file", "name", "value", "rule"),
    [
        ("vectors", "vectors", np.nan, r"the vector of 'back\\\\slash' \(row 2\) holds NaN or inf"),
        ("vectors", "counts", -1, "'counts' holds numbers of at least 0"),
        ("vectors", "counts", 2**62, "counts of words are missing or impossible"),
        ("vectors", "counts", np.ones((2, 2), np.int64), r"of shape \(4\), this one is .* \(2, 2\)"),
        ("original", "vectors", -np.inf, r"\(row 2\) holds NaN or inf"),
        ("original", "vectors", 1e30, r"\(row 2\) is longer than 1"),
        ("original", "sources", 6, "'sources' holds numbers below 6"),
        ("history", "vectors", np.inf, "the recorded state 2 holds NaN or inf"),
        ("history", "updates", np.array([1, 2]), SHAPE.format("vectors")),
        ("history", "starts", np.array([0, 2, 2, 3]), SHAPE.format("starts")),
        ("history", "starts", np.array([0, 3, 2, 3, 3]), "'starts' never falls"),
        ("history", "starts", np.array([0, 2, 2, 3, 9]), "'starts' goes from 0 to 3"),
        ("tokens", "days", 1 << 40, "'days' holds numbers below 2,932,897"),
        ("tokens", "days", np.zeros(1, np.int64), TOKENS),
        ("tokens", "sentences", -2, "'sentences' holds numbers of at least 0"),
        ("tokens", "ids", np.full(6, 99, np.int32), TOKENS),
        ("tokens", "ids", np.full(6, -1, np.int32), TOKENS),
        ("tokens", "offsets", np.array([0, 20]), TOKENS),
        ("tokens", "offsets", np.array([0, 8, 3, 6]), TOKENS),
        ("tokens", "slices", np.full(3, 7, np.int32), TOKENS),
    ],
)
def test_what_no_run_holds_is_found_by_verify(
    folder: Path, file: str, name: str, value: Any, rule: str
) -> None:
    path = folder / f"{file}.safetensors"
    change_tensors(path, {name: value})
    refused(lambda: open_run(folder), FormatError, rf"{path.name}: has .*; make the run again")
    (damage,) = verify(sealed_again(folder))
    assert damage.file == str(path)
    assert re.search(rule, damage.rule)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"state": 0}, "field 'state': is a whole number of at least 1, not 0"),
        (
            {"files": {"text.parquet": {"bytes": -1, "sha256": ""}}},
            "field 'files.text.parquet.bytes': is a whole",
        ),
        ({"files": ["text.parquet"]}, "field 'files': is an object"),
        ({"tokens": "6"}, "field 'tokens': is a whole number, not '6'"),
        ({"corpus": []}, "field 'corpus': is an object"),
        ({"grown": [3]}, "field 'grown.0': is an object"),
        ({"live": {"base": 3}}, "field 'live.base': is a text, not 3"),
        (
            {"live": {"base": "x", "segments": [0]}},
            "field 'live.segments.0': is a whole number of at least 1",
        ),
        ({"live": {"base": "x", "segments": []}}, "is not a readable description of a run"),
    ],
)
def test_the_form_of_a_sealed_description_is_checked(
    folder: Path, changes: dict[str, Any], rule: str
) -> None:
    described_otherwise(folder, **changes)
    refused(lambda: open_run(folder), FormatError, rf"run\.json: {rule}.*; make the run again")


def test_whatever_a_sealed_description_says_it_is_opened_or_refused(folder: Path) -> None:
    chance, content = random.Random(4), json.loads((folder / "run.json").read_bytes())
    del content["sha256"]
    for _ in range(300):
        with suppress(ValueError):  # what cannot be written
            described = json.loads(damaged_json(json.dumps(content).encode(), chance))
            (folder / "run.json").write_bytes(seal(described))
        with suppress(FormatError):
            assert len(open_run(folder).vectors) == 4


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 100_000, "{", "3"])
def test_what_is_no_json_is_refused(folder: Path, text: str) -> None:
    (folder / "run.json").write_text(text)
    refused(lambda: open_run(folder), FormatError, r"run\.json: is not (JSON|a JSON object)")


def test_of_a_large_file_the_size_is_compared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "_COMPARED", 0)
    path = folder / "vectors.safetensors"
    change_tensors(path, {"counts": 7})
    assert open_run(folder).vectors.counts[1] == 7
    assert [damage.file for damage in verify(folder)] == [str(path)]
    change_tensors(path, {"vectors": np.eye(2, 8, dtype=np.float32)})
    refused(
        lambda: open_run(folder),
        FormatError,
        r"vectors\.safetensors: .*shape \(4, d\), this one is .*\(2, 8\)",
    )
    path.write_bytes(path.read_bytes() + b"x")
    refused(lambda: open_run(folder), FormatError, r"vectors\.safetensors: has .* were written")
