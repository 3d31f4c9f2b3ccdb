"""What killed commands left: the next reader completes or removes it."""

from __future__ import annotations

from pathlib import Path

from selfvec.base.temporary_files import locked_sibling
from selfvec.storage.leftovers import clean, tidy


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_leftovers_are_removed_by_the_next_reader_but_not_what_is_being_written(tmp_path) -> None:
    (tmp_path / "d/search").mkdir(parents=True)
    for left in (".d.partial-00000000", "d/search/.own.partial-00000000", "d/.x.json.partial-00000000"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "file").write_text("")
    (tmp_path / "d/.mine.partial").write_text("of another program")
    with locked_sibling(tmp_path / "d", folder=True) as (folder, _):
        tidy(tmp_path / "d")
        assert folder.is_dir()
    assert names(tmp_path) == ["d"]
    assert sorted(path.name for path in (tmp_path / "d").rglob("*")) == [".mine.partial", "search"]


def test_a_working_folder_is_removed_unless_it_is_locked_or_can_be_resumed(tmp_path) -> None:
    (tmp_path / "run").mkdir()
    folder = tmp_path / ".run.partial"
    folder.mkdir(mode=0o700)
    (folder / "lock").write_text("")
    (folder / "state.safetensors").write_text("")
    assert clean(tmp_path / "run") == ([], [str(folder)])
    (folder / "state.safetensors").unlink()
    assert clean(tmp_path / "run") == ([str(folder)], [])
    assert names(tmp_path) == ["run"]
