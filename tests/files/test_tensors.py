"""Tensor files: ours and the library's read each other, and hostile headers are refused before allocation."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from selfvec.base.errors import FormatError
from selfvec.files.memory import release
from selfvec.files.tensors import map_tensors, read_metadata, write_tensors

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
        np.testing.assert_array_equal(array, TENSORS[name])
        assert array.dtype == TENSORS[name].dtype
    assert read_metadata(tmp_path / "t") == {"who": "we"}


def test_we_read_what_the_library_writes(tmp_path) -> None:
    save_file({name: np.array(array) for name, array in TENSORS.items()}, tmp_path / "t")
    mapped = map_tensors(tmp_path / "t")
    assert mapped.keys() == TENSORS.keys()
    for name, array in mapped.items():
        np.testing.assert_array_equal(array, TENSORS[name])
        assert not array.flags.writeable


TABLE = np.arange(60, dtype=np.float32).reshape(6, 10)


@pytest.mark.parametrize("view", [TABLE[:-1, :7], TABLE.T, TABLE[::-2, ::3], TABLE[:, 0]])
def test_strided_views_are_written_as_their_values(tmp_path, view) -> None:
    write_tensors(tmp_path / "t", {"v": view})
    np.testing.assert_array_equal(map_tensors(tmp_path / "t")["v"], view)


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
    with pytest.raises(FormatError):
        map_tensors(tmp_path / "t")


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
