"""Tensor files: ours and the library's read each other, and hostile headers are refused before allocation."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import load_file, save_file
from tests.refusals import refused

from selfvec.base.errors import FormatError
from selfvec.files import tensors as tensors_module
from selfvec.files.memory import release
from selfvec.files.tensors import (
    NO_DAY,
    Forms,
    Tensor,
    days,
    map_tensors,
    packed,
    read_metadata,
    read_tensors,
    write_tensors,
)

TENSORS = {
    "a": np.arange(12, dtype=np.float32).reshape(3, 4),
    "half": np.ones((2, 0, 3), np.float16),
    "n": np.array([1, -2], np.int64),
    "flag": np.array(True),
    "bytes": np.frombuffer(b"abc", np.uint8),
}


def test_the_library_reads_what_we_write(tmp_path) -> None:
    write_tensors(tmp_path / "t", TENSORS, {"who": "we"})
    for name, array in load_file(tmp_path / "t").items():
        assert_array_equal(array, TENSORS[name])
        assert array.dtype == TENSORS[name].dtype
    assert read_metadata(tmp_path / "t") == {"who": "we"}


def test_we_read_what_the_library_writes(tmp_path) -> None:
    save_file({name: np.array(array) for name, array in TENSORS.items()}, tmp_path / "t")
    mapped = map_tensors(tmp_path / "t")
    assert mapped.keys() == TENSORS.keys()
    for name, array in mapped.items():
        assert_array_equal(array, TENSORS[name])
        assert not array.flags.writeable


TABLE = np.arange(60, dtype=np.float32).reshape(6, 10)


@pytest.mark.parametrize("view", [TABLE[:-1, :7], TABLE.T, TABLE[::-2, ::3], TABLE[:, 0]])
def test_strided_views_are_written_as_their_values(tmp_path, view) -> None:
    write_tensors(tmp_path / "t", {"v": view})
    assert_array_equal(map_tensors(tmp_path / "t")["v"], view)


def header(data: object, length: int | None = None, body: bytes = b"") -> bytes:
    text = json.dumps(data).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def tensor(**changes: object) -> dict[str, object]:
    return {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        header({}, length=2**62),
        header([1]),
        (4).to_bytes(8, "little") + b"{no}",
        header(tensor()),  # promises 8 bytes, holds none
        header(tensor(shape=[10**12]), body=b"12345678"),
        header(tensor(shape=[-2]), body=b"12345678"),
        header(tensor(shape=[True, 2]), body=b"12345678"),
        header(tensor(dtype="F8"), body=b"12345678"),
        header(tensor(data_offsets=[4, 12]), body=b"12345678"),
        header(tensor(data_offsets=[8, 0]), body=b"12345678"),
        header(tensor(shape=[1] * 99, data_offsets=[0, 4]), body=b"12345678"),
        header(tensor(shape=[2.0]), body=b"12345678"),
        header(tensor(shape=2), body=b"12345678"),
        header(tensor(shape=[0, 2**70], data_offsets=[0, 0])),
        header({"x": 3}, body=b"12345678"),
        header({"x": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}, body=b"12345678"),
    ],
)
def test_damaged_files_are_refused(tmp_path, data: bytes) -> None:
    (tmp_path / "t").write_bytes(data)
    refused(lambda: map_tensors(tmp_path / "t"), FormatError)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_released_rows_leave_memory_and_can_be_read_again(on_disk: Path) -> None:
    def mapped_pages() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssFile"))

    write_tensors(on_disk / "t", {"vectors": np.ones((20_000, 300), np.float32)})
    table = map_tensors(on_disk / "t")["vectors"]
    before = mapped_pages()
    assert table.sum() == table.size
    assert mapped_pages() - before > 0.9 * table.nbytes
    release(table[10:-10])
    assert mapped_pages() - before < 0.1 * table.nbytes
    assert table.sum() == table.size
    own = np.ones((3, 4))
    release(own)  # not mapped: nothing to do
    assert own.all()


FORMS: Forms = {  # of postings: three types in units 0 to 4, of which two are documents
    "starts": Tensor("i8", ("V + 1",), ends="N"),
    "units": Tensor("i4", ("N",), 0, "D + P", step=1, within="starts"),
    "days": days("D"),
    "owners": Tensor("i4", ("P",), 0, "D", step=0),
    "scales": Tensor("f4", ("D + P",), finite=True),
    "more": Tensor("u1", ("D", 2), optional=True),
    **packed("ids", "D"),
}


def postings() -> dict[str, np.ndarray]:
    return {
        "starts": np.array([0, 2, 2, 5]),
        "units": np.array([1, 4, 0, 1, 3], np.int32),
        "days": np.array([NO_DAY, 0]),
        "owners": np.array([0, 0, 1], np.int32),
        "scales": np.ones(5, np.float32),
        "ids": np.frombuffer("aé".encode(), np.uint8),
        "ids ends": np.array([0, 1, 3]),
    }


def test_what_fits_its_forms_is_read(tmp_path: Path) -> None:
    write_tensors(tmp_path / "t", postings())
    assert read_tensors(tmp_path / "t", FORMS, "again", V=3).keys() == postings().keys()


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("starts", [0, 2, 1, 5], "'starts' never falls"),
        ("starts", [0, 2, 2, 4], "'starts' goes from 0 to 5"),
        ("starts", [1, 2, 2, 5], "'starts' goes from 0 to 5"),
        ("starts", [0, 2, 5], r"is int64 of shape \(4\), this one is int64 of shape \(3\)"),
        ("starts", [0, -(2**63), 2, 5], "'starts' never falls"),
        ("units", [1, 4, 0, 1, 5], "'units' holds numbers below 5"),
        ("units", [1, 4, 0, 1, -1], "'units' holds numbers of at least 0"),
        ("units", [1, 4, 0, 3, 3], "'units' rises within 'starts'"),
        ("units", [4, 1, 0, 1, 3], "'units' rises within 'starts'"),
        ("owners", [0, 1, 0], "'owners' never falls"),
        ("owners", [0, 0, 2], "'owners' holds numbers below 2"),
        ("days", [0, 4_000_000], "'days' holds numbers below 2,932,897"),
        ("days", [[0, 1]], r"is int64 of shape \(D\), this one is int64 of shape \(1, 2\)"),
        ("scales", [1, 1, 1, 1, np.nan], "'scales' holds finite numbers"),
        ("scales", [1, 1, 1, 1], r"is float32 of shape \(5\), this one is float32 of shape \(4\)"),
        ("more", [[1], [2]], r"is uint8 of shape \(2, 2\), this one is uint8 of shape \(2, 1\)"),
        ("ids ends", [0, 1, 4], "'ids ends' goes from 0 to 3"),
        ("ids", None, r"'ids' is uint8 of shape \(bytes of ids\), this one is missing"),
    ],
)
def test_what_does_not_is_named(name: str, value: list[object] | None, rule: str, tmp_path: Path) -> None:
    tensors = postings()
    if value is None:
        del tensors[name]
    else:
        tensors[name] = np.array(value, FORMS[name].dtype)
    write_tensors(tmp_path / "t", tensors)
    refused(lambda: read_tensors(tmp_path / "t", FORMS, "again", V=3), FormatError, rf"t: .*{rule}.*; again")


def test_long_tensors_are_looked_at_to_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors_module, "_CHECKED", 3)
    forms = {"rising": Tensor("i4", ("n",), 0, 100, step=1)}
    for place in range(1, 20):
        numbers = np.arange(20, dtype=np.int32)
        write_tensors(tmp_path / "t", {"rising": numbers})
        read_tensors(tmp_path / "t", forms, "again")
        numbers[place] = numbers[place - 1]
        write_tensors(tmp_path / "t", {"rising": numbers})
        refused(lambda: read_tensors(tmp_path / "t", forms, "again"), FormatError, "'rising' rises")
