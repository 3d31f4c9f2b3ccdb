"""Writing: whole or not at all, and one clear error."""

from __future__ import annotations

import errno
import os

import pytest

from selfvec.base.errors import TargetError
from selfvec.base.files import atomic_file, atomic_folder


def leftovers(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path) -> None:
    with atomic_file(tmp_path / "f") as path:
        path.write_text("half")
        assert not (tmp_path / "f").exists()
    assert (tmp_path / "f").read_text() == "half"
    assert leftovers(tmp_path) == ["f"]


def test_a_failure_leaves_the_old_file(tmp_path) -> None:
    (tmp_path / "f").write_text("old")
    with pytest.raises(RuntimeError), atomic_file(tmp_path / "f") as path:
        path.write_text("new")
        raise RuntimeError
    assert (tmp_path / "f").read_text() == "old"
    assert leftovers(tmp_path) == ["f"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")],
)
def test_what_the_system_says_becomes_one_line(tmp_path, number: int, words: str) -> None:
    with pytest.raises(TargetError, match=words) as caught, atomic_file(tmp_path / "f") as path:
        path.write_text("new")
        raise OSError(number, os.strerror(number))
    assert str(tmp_path / "f") in str(caught.value)
    assert leftovers(tmp_path) == []


def test_a_folder_replaces_only_when_asked(tmp_path) -> None:
    with atomic_folder(tmp_path / "d") as folder:
        (folder / "a").write_text("1")
    with pytest.raises(TargetError, match="exists already"), atomic_folder(tmp_path / "d"):
        pass
    with atomic_folder(tmp_path / "d", overwrite=True) as folder:
        (folder / "b").write_text("2")
    assert leftovers(tmp_path / "d") == ["b"]
    assert leftovers(tmp_path) == ["d"]


def test_a_missing_parent_is_told(tmp_path) -> None:
    with pytest.raises(TargetError, match="does not exist"), atomic_folder(tmp_path / "no" / "d"):
        pass
