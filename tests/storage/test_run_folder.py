"""Run folders: saving and opening is identity, and what is damaged or of another format is refused."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.damage import sealed_again
from tests.refusals import refused

from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.base.versions import RUN_FORMAT
from selfvec.data.run import Run
from selfvec.data.run_text import DATE, FINGERPRINT, ID, SLICE, TEXT, RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import map_tensors, write_tensors
from selfvec.storage import run_folder
from selfvec.storage.formats import load
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import save_run
from selfvec.storage.text_file import TextWriter
from selfvec.storage.verification import verify

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
    write_tensors(path, kept)


def change_json(folder: Path, changes: dict[str, Any]) -> None:
    described = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(described | changes))


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
    assert before.report == after.report
    for ours, theirs in zip(before.require_text().batches(), after.require_text().batches(), strict=True):
        assert ours.equals(theirs)
    assert before.trajectory("storm").updates.tolist() == after.trajectory("storm").updates.tolist()
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
        with pytest.raises(
            InputError, match=f"has not kept its {what}, .*; refine again, with the default of keep"
        ):
            require()


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
    with pytest.raises(FormatError, match=rf"run\.json: the format .* reads format {RUN_FORMAT}; {remedy}"):
        open_run(folder)


def test_an_existing_folder_is_replaced_on_request_only(folder: Path) -> None:
    refused(lambda: save_run(a_run(), folder), TargetError, "exists already")
    save_run(a_run(history=None), folder, overwrite=True)
    assert open_run(folder).history is None


def test_the_vectors_of_a_run_are_a_format(folder: Path) -> None:
    for path in (folder, folder / "vectors.safetensors"):
        vectors = load(path)
        assert_same(a_run().vectors, vectors, "index_to_key vectors sources counts")
        assert not vectors.vectors.flags.owndata
    assert load(folder).provenance["format"] == "run"
    assert_same(a_run().original, load(folder / "original.safetensors"), "index_to_key vectors")


def test_damaged_folders(folder: Path) -> None:
    for content, message in ((b"storm\n", "1 words for 4 rows"), (b"a\nb\xff\nc\nd\n", "UTF-8")):
        (folder / "vocabulary.txt").write_bytes(content)
        refused(lambda: load(folder), FormatError, message)
        refused(lambda: open_run(folder), FormatError)
    (folder / "vectors.safetensors").unlink()
    for read, message in (
        (lambda: load(folder), "is in no known format; it holds history"),
        (lambda: load(folder, "run"), "a run folder holds"),
    ):
        refused(read, FormatError, message)
    (folder / "run.json").write_text("[]")
    refused(lambda: open_run(folder), FormatError, "JSON object")


SHAPE = r"the tensor '{}' is .*, this one is "
TOKENS = "the tensor|does not fit the run"


@pytest.mark.parametrize(
    ("file", "name", "value", "rule"),
    [
        ("vectors", "vectors", np.nan, r"the vector of 'back\\\\slash' \(row 2\) holds NaN or inf"),
        ("vectors", "counts", -1, "'counts' holds invalid numbers"),
        ("vectors", "counts", 2**62, "'counts' holds invalid numbers"),
        ("vectors", "counts", np.ones((2, 2), np.int64), r"of shape \(4\), this one is .* \(2, 2\)"),
        ("vectors", "sources", np.ones((2, 2), np.uint8), r"of shape \(4\), this one is .* \(2, 2\)"),
        ("original", "vectors", -np.inf, r"\(row 2\) holds NaN or inf"),
        ("original", "vectors", 1e30, r"\(row 2\) is longer than 1"),
        ("original", "sources", 6, "the tensor 'sources' has numbers up to 5"),
        ("history", "vectors", np.inf, r"row 2 of the tensor 'vectors' holds NaN or inf"),
        ("history", "vectors", np.ones(3, np.float16), SHAPE.format("vectors")),
        ("history", "vectors", np.ones((3, 4), np.float32), SHAPE.format("vectors")),
        ("history", "updates", np.array([1, 2]), SHAPE.format("vectors")),
        ("history", "starts", np.array([0.0, 2, 2, 3, 3]), SHAPE.format("starts")),
        ("history", "starts", np.array([0, 2, 2, 3]), SHAPE.format("starts")),
        ("history", "starts", np.array([0, 3, 2, 3, 3]), "does not hold the recorded states"),
        ("history", "starts", np.array([0, 2, 2, 3, 9]), "does not hold the recorded states"),
        ("tokens", "days", 1 << 40, "dates are not all of the years 1 to 9999"),
        ("tokens", "days", np.zeros(1, np.int64), TOKENS),
        ("tokens", "sentences", -2, "a number of sentences is negative"),
        ("tokens", "sentences", np.zeros(1, np.int32), TOKENS),
        ("tokens", "ids", np.zeros(6, np.int64), TOKENS),
        ("tokens", "ids", np.full(6, 99, np.int32), TOKENS),
        ("tokens", "ids", np.full(6, -1, np.int32), TOKENS),
        ("tokens", "offsets", np.array([0, 20]), TOKENS),
        ("tokens", "offsets", np.array([0, 8, 3, 6]), TOKENS),
        ("tokens", "offsets", np.zeros((2, 2), np.int64), TOKENS),
        ("tokens", "slices", np.full(3, 7, np.int32), TOKENS),
        ("tokens", "slices", np.zeros(1, np.int32), TOKENS),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    folder: Path, file: str, name: str, value: Any, rule: str
) -> None:
    path = folder / f"{file}.safetensors"
    change_tensors(path, {name: value})
    assert [damage.rule for damage in verify(sealed_again(folder)).damaged]
    refused(lambda: open_run(folder).tokens, FormatError, rf"{path.name}: .*({rule}).*; make the run again")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"options": {"lemmatize": ["en"]}}, "options.lemmatize"),
        ({"options": {"tokenizer": "a\0"}}, "options.tokenizer"),
        ({"options": {"slice": "week"}}, "options.slice"),
        ({"corpus": {"files": [{"path": "a.csv"}, {"path": None}]}}, "corpus.files.1.path"),
        ({"corpus": {"files": {"path": "a.csv"}}}, "corpus.files"),
        ({"phrases": {"rows": [{"term": 3}]}}, "phrases.rows.0.term"),
        ({"timings": {"read": "long"}}, "timings.read"),
        ({"tokens": 2.5}, "tokens"),
        *(({"epochs": epochs}, "epochs") for epochs in ("2", 1.5, 10**20, -1, None)),
        ({"method": "guess"}, "method"),
        ({"grown": [3]}, "grown.0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_run_json_has_the_types_of_its_schema(folder: Path, change: dict[str, Any], place: str) -> None:
    change_json(folder, change)
    with pytest.raises(FormatError, match=rf"run\.json: field '{place}': .*; make the run again") as error:
        open_run(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 100_000, "{", "3"])
def test_json_that_cannot_be_written_again_is_refused(folder: Path, text: str) -> None:
    described = (folder / "run.json").read_text()
    for name in ("run.json", "report.json"):
        (folder / "run.json").write_text(described)
        change_json(folder, {"files": {}})
        (folder / name).write_text(text)
        refused(lambda: open_run(folder), FormatError, rf"{name}: is not (JSON|a JSON object)")


def test_a_large_table_is_checked_when_its_rows_are_first_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.eye(4, dtype=np.float32)
    rows[3, 0] = np.nan
    change_tensors(folder / "vectors.safetensors", {"vectors": rows})
    monkeypatch.setattr(run_folder, "_QUICK", 0)
    run = open_run(folder)
    assert run.original.unit.shape == (4, 4)
    with pytest.raises(FormatError, match=r"the vector of 'é' \(row 4\) holds NaN or inf"):
        run.vectors.most_similar("storm")
