"""Strings that are packed come back, from memory and from a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.files import memory
from selfvec.files.packed_strings import PackedStrings, Packer

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
        with pytest.raises(IndexError):
            packed[number]


def test_more_than_are_read_at_a_time() -> None:
    texts = [f"text {number}" for number in range(9000)]
    some = PackedStrings.of(texts)
    packer = Packer()
    packer.add(some.data, some.ends)
    packed = packer.packed()
    assert list(packed) == texts == list(packed)
    np.testing.assert_array_equal(packed.data, some.data)
