"""A path that is something else than what is wanted: the error says what it is, and what to type."""

from pathlib import Path

import pytest

from selfvec.apps.cli import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("reports.jsonl").write_text('{"text": "hail fell on the roof"}\n')
    Path("notes").mkdir()
    Path("notes/a.md").write_text("hail fell on the roof")
    Path("empty").mkdir()
    Path("table.vec").write_text("2 2\nhail 1 0\nroof 0 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("drift reports.jsonl", "it is text; refine it first: selfvec refine reports.jsonl -o run"),
        ("search notes hail", "run folder, it is text; refine it first: selfvec refine notes -o run"),
        ("serve empty", "it is an empty folder; name a run or vectors, or make a run with: selfvec refine"),
        ("run health report.jsonl", "is not a run folder, nothing has this name; did you mean"),
        ("text topics table.vec", "selfvec refine TEXT --vectors table.vec -o run"),
        ("similar reports.jsonl hail", "is text, not vectors; refine it first: selfvec refine reports.jsonl"),
        ("similar notes hail", "is text, not vectors; refine it first"),
        ("similar empty hail", "is an empty folder"),
        ("similar tabel.vec hail", "does not exist; did you mean table.vec?"),
        ("refine notes -o run --vectors glove-6b-30", "did you mean glove-6b-300 or glove-6b-50"),
        ("refine empty -o run", "the folder is empty"),
        ("refine notes -o run --method decorelated", "did you mean decorrelated?"),
        ("refine notes -o run --slice yaer", "did you mean year?"),
        ("vectors retrofitt table.vec out", "did you mean selfvec vectors retrofit?"),
    ],
)  # fmt: skip
def test_the_error_says_what_it_is_and_what_to_type(place: Path, command: str, said: str, capsys) -> None:
    assert main(command.split()) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert sorted(path.name for path in place.iterdir()) == ["empty", "notes", "reports.jsonl", "table.vec"]
