"""A run without one of its files, with changed bytes, or a path that is something else: it is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.base.errors import FormatError, SelfvecError
from selfvec.data.run import state_name

ROWS = [
    {
        "id": f"d{i}",
        "text": f"hail {'broke' if i % 2 else 'dented'} roof {i % 7}{said}",
        "date": f"{2000 + i % 4}",
    }
    for i in range(40)
    for said in [" of the house that stands at the end of the street by the harbour" * (i % 3 == 0)]
]
OPTIONS = {"method": "decorrelated", "window": 5}
FILES = ("vectors.safetensors", "original.safetensors", "vocabulary.txt", "tokens.safetensors")
FILES += ("text.parquet", "report.json", "repeats/")
COMMANDS: dict[str, Callable[[str, Path], list[str]]] = {
    "info": lambda run, _: ["run", "info", run],
    "health": lambda run, _: ["run", "health", run],
    "search": lambda run, _: ["search", run, "hail"],
    "similar": lambda run, _: ["similar", run, "hail"],
    "documents": lambda run, _: ["similar", run, "--document", "d1"],
    "drift": lambda run, _: ["drift", run],
    "topics": lambda run, _: ["text", "topics", run],
    "senses": lambda run, _: ["text", "senses", run, "hail"],
    "export": lambda run, to: ["export", run, "--to", "parquet-documents", "-o", str(to / "out.parquet")],
    "merge": lambda run, to: ["run", "merge", run, str(to / "other"), "-o", str(to / "merged")],
    "update": lambda run, _: ["update", run, "--withdraw", "d1"],
}


@pytest.fixture(scope="module")
def made(own: Path) -> Path:
    """A run in its second state, and another one."""
    selfvec.refine(ROWS, "none", output=own / "run", **OPTIONS)
    selfvec.update(own / "run", [{"id": "new", "text": "wind broke a roof"}], output=own / "run")
    selfvec.refine(ROWS[:9], "none", output=own / "other", **OPTIONS)
    return own


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "made"))


def remove(run: Path, name: str, state: int) -> Path:
    """Remove a file of a state, or one in a folder of it."""
    path = run / state_name(name.rstrip("/"), state)
    if path.is_dir():
        path = sorted(path.iterdir())[0]
    path.unlink()
    return path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", FILES)
def test_it_is_named(name: str, command: str, place: Path) -> None:
    gone = remove(place / "run", name, 2)
    before = sorted(place.rglob("*"))
    (line,) = ran(COMMANDS[command](str(place / "run"), place), 2).err.splitlines()
    assert f"{gone.name}: is missing" in line
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("name", FILES)
def test_undo_does_not_lead_to_it_and_leads_out_of_it(name: str, place: Path) -> None:
    run = place / "run"
    described = (run / "run.json").read_bytes()
    kept = shutil.copytree(run, place / "kept")
    gone = remove(run, name, 1)
    for undo in (lambda: selfvec.undo(run), lambda: selfvec.undo(selfvec.open_run(run))):
        refused(undo, FormatError, f"{gone.name}: is missing; the state before cannot be brought")
    assert (run / "run.json").read_bytes() == described
    assert len(selfvec.open_run(run).text) == 41
    remove(kept, name, 2)
    assert selfvec.undo(kept).as_dict()["undone"] is True
    assert len(selfvec.open_run(kept).text) == 40
    refused(lambda: selfvec.undo(kept), FormatError, "is missing")


def test_undo_does_not_lead_to_a_damaged_state(place: Path) -> None:
    run = place / "run"
    content = bytearray((run / "text.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (run / "text.parquet").write_bytes(content)
    refused(lambda: selfvec.undo(run), FormatError, r"text\.parquet: has changed since it was written")
    described = json.loads((run / "previous.json").read_bytes())
    (run / "previous.json").write_text(json.dumps(described | {"state": 7}))
    refused(lambda: selfvec.undo(run), FormatError, r"previous\.json: has changed since it was written")
    assert len(selfvec.open_run(run).text) == 41


def test_a_run_that_is_open_does_not_miss_what_it_has_mapped(place: Path) -> None:
    opened = selfvec.open_run(place / "run")
    gone = remove(place / "run", "text.parquet", 2)
    assert opened.similar("hail").rows
    refused(lambda: opened.search("hail"), SelfvecError, gone.name)


@pytest.fixture
def folder(here: Path) -> Path:
    Path("reports.jsonl").write_text('{"text": "hail fell on the roof"}\n')
    Path("notes").mkdir()
    Path("notes/a.md").write_text("hail fell on the roof")
    Path("empty").mkdir()
    Path("table.vec").write_text("2 2\nhail 1 0\nroof 0 1\n")
    return here


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("drift reports.jsonl", "it is text; refine it first: selfvec refine reports.jsonl -o run"),
        ("drift notes", "run folder, it is text; refine it first: selfvec refine notes -o run"),
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
def test_the_error_says_what_it_is_and_what_to_type(folder: Path, command: str, said: str) -> None:
    error = ran(command.split(), 2).err.strip()
    assert said in error
    assert "\n" not in error
    assert sorted(path.name for path in folder.iterdir()) == ["empty", "notes", "reports.jsonl", "table.vec"]
