"""Writing: whole or not at all, and one clear error."""

import errno
import os
import stat

import pytest
from tests.refusals import refused

from selfvec.base.errors import CleanupWarning, FormatError, TargetError
from selfvec.files import atomic_files as module
from selfvec.files.atomic_files import (
    FolderKind,
    atomic_file,
    atomic_files,
    atomic_folder,
    check_target,
    locked_sibling,
    needing,
    writing,
)
from selfvec.files.checksums import unchanged
from selfvec.files.file_system import own_folder, remove_folder


def leftovers(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_or_not_at_all(tmp_path) -> None:
    for text in ("old", "new"):
        with atomic_file(tmp_path / "f", overwrite=True) as path:
            path.write_text(text)
            assert leftovers(tmp_path)[1:] == ["f"] * (text == "new")
        assert (tmp_path / "f").read_text() == text
    with pytest.raises(RuntimeError), atomic_file(tmp_path / "f", overwrite=True) as path:
        path.write_text("half")
        raise RuntimeError
    assert (tmp_path / "f").read_text() == "new"
    assert leftovers(tmp_path) == ["f"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EROFS, "the file system is read-only; write elsewhere"),
        (errno.EACCES, "permission is denied; check the permissions"),
        (errno.ENAMETOOLONG, "the name is too long for a file; choose a shorter one"),
        (errno.EIO, "the disk cannot be read or written; check the disk"),
        (errno.ENOENT, "the folder it should go into does not exist; create it first"),
    ],
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
    refused(atomic_folder(tmp_path / "d").__enter__, TargetError, "exists already")
    with atomic_folder(tmp_path / "d", overwrite=True) as folder:
        (folder / "a").write_text("2")
    assert (tmp_path / "d/a").read_text() == "2"
    (tmp_path / "d/a-diary").write_text("mine")
    with (
        pytest.raises(TargetError, match="holds 'a-diary'"),
        atomic_folder(tmp_path / "d", overwrite=True) as folder,
    ):
        (folder / "a").write_text("3")
    some = FolderKind("a", "kind", "a kind")
    with atomic_folder(tmp_path / "d", overwrite=True, kind=some) as folder:
        (folder / "b").write_text("3")
    assert leftovers(tmp_path / "d") == ["b"]
    refused(atomic_folder(tmp_path / "d", overwrite=True, kind=some).__enter__, TargetError, "is not a kind")
    assert leftovers(tmp_path) == ["d"]


@pytest.mark.parametrize("links", [True, False])
def test_what_others_make_meanwhile_is_not_replaced(tmp_path, monkeypatch, links: bool) -> None:
    if not links:  # as on file systems that have no hard links

        def refused(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "link", refused)
    for write in (atomic_file, atomic_files):
        with pytest.raises(TargetError, match="exists already"), write(tmp_path / "f") as path:
            path.write_text("ours")
            (tmp_path / "f").write_text("theirs")
        assert (tmp_path / "f").read_text() == "theirs"
        (tmp_path / "f").unlink()
    with pytest.raises(TargetError), atomic_folder(tmp_path / "d") as folder:
        (folder / "a").write_text("ours")
        (tmp_path / "d").mkdir()
        (tmp_path / "d/a").write_text("theirs")
    assert (tmp_path / "d/a").read_text() == "theirs"
    assert leftovers(tmp_path) == ["d"]


def test_modes_are_kept(tmp_path) -> None:
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o600)
    with atomic_file(tmp_path / "f", overwrite=True) as path:
        path.write_text("new")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    with atomic_folder(tmp_path / "d") as folder:
        (folder / "a").write_text("1")
    (tmp_path / "d").chmod(0o750)
    with atomic_folder(tmp_path / "d", overwrite=True) as folder:
        (folder / "a").write_text("2")
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750


def test_a_new_file_and_folder_have_the_usual_modes(tmp_path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_file(tmp_path / "f") as path:
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            path.write_text("new")
        with atomic_folder(tmp_path / "d") as folder:
            assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750


def test_links_pipes_and_devices_are_not_replaced(tmp_path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("mine")
    (tmp_path / "folder-link").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    for name, rule in (("link", "is a link"), ("pipe", "is a pipe"), ("folder", "is a folder")):
        refused(atomic_file(tmp_path / name, overwrite=True).__enter__, TargetError, rule)
    for name, rule in (("folder-link", "is a link"), ("mine", "is a file"), ("pipe", "is a file")):
        refused(atomic_folder(tmp_path / name, overwrite=True).__enter__, TargetError, rule)
    refused(atomic_file(tmp_path / "link").__enter__, TargetError, f"name {tmp_path / 'mine'} instead")
    assert (tmp_path / "mine").read_text() == "mine"
    assert leftovers(tmp_path) == ["folder", "folder-link", "link", "mine", "pipe"]


def test_what_a_killed_process_left_is_deleted_and_what_is_being_written_is_not(tmp_path) -> None:
    (tmp_path / ".d.partial-01234567").mkdir()
    (tmp_path / ".d.partial-01234567/half").write_text("half")
    (tmp_path / ".d.partial-89abcdef").symlink_to(tmp_path)
    (tmp_path / ".d.1.partial").mkdir()  # of somebody else
    with atomic_folder(tmp_path / "d", overwrite=True) as one:
        with atomic_folder(tmp_path / "d", overwrite=True) as other:
            assert one.is_dir()
            (other / "a").write_text("other")
        (one / "a").write_text("one")
    assert (tmp_path / "d/a").read_text() == "one"
    assert leftovers(tmp_path) == [".d.1.partial", ".d.partial-89abcdef", "d"]


def test_a_folder_that_is_replaced_while_it_is_read_is_read_again(tmp_path) -> None:
    for name in ("run", "new"):
        (tmp_path / name).mkdir()
        for part in ("a", "b", "about.json"):
            (tmp_path / name / part).write_text(name)
    seen = []

    def read() -> str:
        seen.append((tmp_path / "run/a").read_text())
        if len(seen) == 1:
            (tmp_path / "run").rename(tmp_path / "old")
            (tmp_path / "new").rename(tmp_path / "run")
            raise FormatError("does not fit", path=tmp_path)
        return seen[-1] + (tmp_path / "run/b").read_text()

    assert unchanged(tmp_path / "run/about.json", read) == "newnew"
    assert seen == ["run", "new"]


def test_what_fails_once_a_file_has_its_name_is_no_error(tmp_path, monkeypatch) -> None:
    def fails(folder) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(module, "sync_names", fails)
    with pytest.warns(CleanupWarning, match="may not outlast a power cut .*; the result is complete"):
        with atomic_file(tmp_path / "f") as path:
            path.write_text("new")
    assert (tmp_path / "f").read_text() == "new"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_neither_used_nor_deleted(tmp_path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a").write_text("theirs")
    os.chown(tmp_path / "d", 12345, 12345)
    with (
        pytest.raises(TargetError, match="belongs to another user"),
        atomic_folder(tmp_path / "d", overwrite=True) as folder,
    ):
        (folder / "a").write_text("ours")
    assert (tmp_path / "d/a").read_text() == "theirs"
    remove_folder(tmp_path / "d")
    assert (tmp_path / "d/a").exists()
    refused(lambda: own_folder(tmp_path / "d"), TargetError, "is in the way")


def test_a_full_disk_is_told_of_the_target_and_what_it_needs(tmp_path) -> None:
    with (
        pytest.raises(TargetError) as caught,
        writing(tmp_path / "t"),
        locked_sibling(tmp_path / "t") as folder,
        atomic_file(folder / "t"),
        needing(3_200_000),
    ):
        raise OSError(errno.ENOSPC, "full")
    assert str(caught.value).startswith(
        f"{tmp_path / 't'}: cannot write: the disk is full; 3.2 MB are needed;"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("folder", [False, True])
def test_what_belongs_to_another_user_is_not_replaced(tmp_path, folder: bool) -> None:
    target = tmp_path / "x"
    target.mkdir() if folder else target.write_text("theirs")
    os.chown(target, 12345, 12345)
    for overwrite in (False, True):
        rule = r"x: belongs to another user, .* choose another name, or run this"
        refused(lambda: check_target(target, overwrite=overwrite), TargetError, rule)
    os.chown(target, os.geteuid(), -1)
    check_target(target, overwrite=True)
