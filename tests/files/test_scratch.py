"""Long arrays and strings in memory or in files: what comes back is what was kept."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

from selfvec.base.errors import TargetError
from selfvec.files import memory
from selfvec.files.memory import FileMap, PackedStrings, Packer, release

BLOCKS = st.lists(st.lists(st.integers(0, 9), max_size=20), max_size=8)


def joined(blocks: list[list[int]], most: int) -> tuple[list[int], bool]:
    """The numbers of all blocks, and whether they are in a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "IN_MEMORY", most)
        patch.setattr(memory, "_BLOCK", 16)
        spool = memory.Spool()
        for block in blocks:
            spool.append(np.array(block, np.int32))
        found = spool.joined()
    release(found)
    return found.tolist(), in_file(found)


def in_file(array: np.ndarray) -> bool:
    owner = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return isinstance(owner, FileMap)


@given(BLOCKS)
def test_a_spool_in_a_file_holds_what_one_in_memory_holds(blocks: list[list[int]]) -> None:
    expected = [number for block in blocks for number in block]
    assert joined(blocks, most=1 << 20) == (expected, False)
    assert joined(blocks, most=0) == (expected, any(map(len, blocks)))


@pytest.mark.parametrize("dtype", [np.int32, bool])
def test_an_array_in_a_file_begins_with_zeros_and_keeps_what_is_written(dtype, monkeypatch) -> None:
    monkeypatch.setattr(memory, "IN_MEMORY", 0)
    array = memory.scratch_array(100_000, dtype)
    assert in_file(array)
    assert not array.any()
    array[5::7] = 1
    release(array)
    assert np.flatnonzero(array).tolist() == list(range(5, 100_000, 7))


def test_a_full_disk_is_an_error_at_once(monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(memory, "IN_MEMORY", 0)
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    refused(
        lambda: memory.scratch_array(1_000_000, np.int32), TargetError, r"disk is full; 4\.0 MB are needed"
    )


def test_files_are_in_the_folder_that_the_user_names(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(memory, "IN_MEMORY", 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    refused(lambda: memory.scratch_array(10, np.int32), TargetError, "missing")


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=40)


@pytest.mark.parametrize("in_memory", [memory.IN_MEMORY, 0])
@given(TEXTS, TEXTS)
def test_strings_come_back(in_memory: int, first: list[str], second: list[str]) -> None:
    packer = Packer()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(memory, "IN_MEMORY", in_memory)
        for part in (first, second):
            some = PackedStrings.of(part)
            packer.add(some.data, some.ends)
    texts = first + second
    for packed in (PackedStrings.of(texts), packer.packed()):
        assert list(packed) == texts
        assert len(packed) == len(texts)
        assert [packed[i] for i in range(-len(texts), len(texts))] == texts * 2
        assert packed[1:-1] == texts[1:-1]
        assert packed[3:1] == []


def test_numbers_out_of_range() -> None:
    packed = PackedStrings.of(["hail"])
    for number in (1, -2):
        refused(lambda: packed[number], IndexError)


def test_more_than_are_read_at_a_time() -> None:
    texts = [f"text {number}" for number in range(9000)]
    some = PackedStrings.of(texts)
    packer = Packer()
    packer.add(some.data, some.ends)
    packed = packer.packed()
    assert list(packed) == texts == list(packed)
    np.testing.assert_array_equal(packed.data, some.data)
