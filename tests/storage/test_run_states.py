"""States of a run folder: a new one, undo and redo, locks, what is swept, and what is never touched."""

import errno
import json
import os
import pickle
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.commands import ran
from tests.heard import Heard
from tests.places import ROOT, files_in
from tests.refusals import refused

import selfvec
from selfvec.apps.functions.inspection import verify
from selfvec.apps.run import open_run, save_run
from selfvec.base.errors import CleanupWarning, FormatError, InputError, TargetError
from selfvec.base.progress import Progress, shown
from selfvec.data.run import Run, TopicName, split_state
from selfvec.data.run_text import TEXT
from selfvec.storage import run_writer
from selfvec.storage.run_writer import RunWriter, save_topic_names
from selfvec.text.repeats import repeats_of

SECRET = "zanzibar"
ROWS = [{"id": f"d{i}", "text": f"hail {'broke' if i % 2 else 'dented'} roof {i % 7}"} for i in range(20)]
NEW = [{"id": "new", "text": f"the {SECRET} storm broke a roof"}]
PASSAGE = "the roofs of all the houses in that street were seen to shake"
REPEATING = [{"id": f"p{i}", "text": f"{PASSAGE} {i}"} for i in range(12)]
"""Of such texts a run keeps a part in a folder, its repeated passages."""


@pytest.fixture(scope="module")
def made(own: Path) -> Path:
    return selfvec.refine(ROWS, "none", "original", output=own / "run").folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """The folder of a run of 20 documents."""
    return shutil.copytree(made, tmp_path / "run")


def updated(run: Path, *texts: str, **options: object) -> Run:
    """The run in the folder after an update with new texts."""
    rows = [{"id": f"n-{text}", "text": text} for text in texts]
    return selfvec.update(run, rows or None, output=run, **options)  # type: ignore[arg-type]


def documents(run: Path) -> int:
    return len(open_run(run).text)


def named(run: Path, *descriptions: str) -> set[str]:
    """The files of some states, and those of every run folder that exist."""
    found = {name for one in descriptions for name in json.loads((run / one).read_text())["files"]}
    return found | {"lock", *descriptions}


def states(run: Path) -> list[int | None]:
    """The numbers of the present state and of the one before."""
    places = [run / name for name in ("run.json", "previous.json")]
    return [json.loads(place.read_text())["state"] if place.exists() else None for place in places]


def undo(run: Path) -> None:
    with RunWriter(run, overwrite=True) as writer:
        writer.undo()


def test_a_folder_holds_two_states_and_nothing_else(run: Path) -> None:
    assert set(files_in(run)) == named(run, "run.json")
    for number in range(2, 5):
        updated(run, f"new report {number}")
        assert states(run) == [number, number - 1]
        assert set(files_in(run)) == named(run, "run.json", "previous.json")
        assert (run / f"text-{number}.parquet").exists()
        assert verify(run).damaged == verify(run).unchecked == []
    assert documents(run) == 23


def test_undo_and_redo_exchange_the_states_and_a_new_one_ends_the_redo(run: Path) -> None:
    refused(lambda: undo(run), TargetError, "run: the run has no state before this one")
    before = files_in(run)
    updated(run, "new report")
    after = files_in(run)
    for present, expected in (([1, 2], 20), ([2, 1], 21)) * 2:
        undo(run)
        assert states(run) == present
        assert documents(run) == expected
        assert not verify(run).damaged
    assert files_in(run) == after
    undo(run)
    assert before.items() <= files_in(run).items()
    assert updated(run, "another report").text.texts()[-1] == "another report"
    assert states(run) == [3, 1]
    assert set(files_in(run)) == named(run, "run.json", "previous.json")


def test_after_the_description_is_replaced_nothing_is_an_error_of_the_change(run: Path, monkeypatch) -> None:
    """Otherwise it would be made again: an undo would take itself back."""
    updated(run, "new report")
    before, sync = (run / "run.json").read_bytes(), run_writer.sync_names

    def fails_once_replaced(folder: Path) -> None:
        if (run / "run.json").read_bytes() != before:
            raise OSError(errno.EIO, "Input/output error")
        sync(folder)

    monkeypatch.setattr(run_writer, "sync_names", fails_once_replaced)
    with pytest.warns(CleanupWarning) as heard:
        undo(run)
    said = [str(warning.message) for warning in heard]
    assert ["may not outlast a power cut" in said[0], "the state before" in said[1]] == [True, True]
    assert states(run) == [1, 2]
    assert documents(run) == 20


def test_an_undo_of_a_damaged_state_is_not_redone(run: Path) -> None:
    updated(run, "new report")
    (run / "run.json").write_bytes(b"{")
    assert selfvec.undo(run)["undone"]
    assert documents(run) == 20
    refused(lambda: undo(run), TargetError, "no state before")


def test_everything_that_reads_a_run_reads_its_present_state(tmp_path: Path) -> None:
    run, options = tmp_path / "run", {"window": 5}
    selfvec.refine(ROWS, "none", "decorrelated", output=run, **options)
    for number in (2, 3):
        menu = " ".join(f"{letter}word{number}" for letter in "abcdefghijklmno")
        grown = updated(run, *(f"{menu} {menu} roof {i}" for i in range(12)))
        held = selfvec.update(open_run(run), withdraw=["d1"])
        assert len(held.text) == len(grown.text) - 1 == 12 * number + 7
        for vectors in (selfvec.load(run), selfvec.load(run / f"vectors-{number}.safetensors")):
            assert f"aword{number}" in vectors
            assert vectors.index_to_key == grown.vectors.index_to_key
            assert (vectors.vectors == grown.vectors.vectors).all()
        opened = open_run(run).present
        whole = selfvec.refine(opened.text.texts(), "none", "decorrelated", **options).present
        assert len(repeats_of(opened).passages) > 0
        assert repeats_of(opened).passages.tolist() == repeats_of(whole).passages.tolist()
        assert selfvec.info(run).about["documents"] == 12 * number + 8


KILLED = """
import os, signal, sys, selfvec
from selfvec.data.run import TopicName
from selfvec.files import atomic_files
from selfvec.storage.run_writer import save_topic_names

def end(folder): os.kill(os.getpid(), signal.SIGKILL)

atomic_files.sync_tree = end
save_topic_names(selfvec.open(sys.argv[1]), [TopicName("Weather", ("hail", "roof"))])
"""


def test_what_a_killed_writer_left_is_named_and_swept(run: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, run])
    left = verify(run).unchecked
    assert any(Path(path).relative_to(run).parts[0].startswith(".topics-2.csv.partial-") for path in left)
    selfvec.delete(run, "d1", erase=True)
    assert verify(run).unchecked == []
    assert [path.name for path in run.glob(".*")] == []


def test_a_second_writer_is_refused_and_readers_are_not(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfvec.files.file_system.WAIT", 0.0)
    for place in (run, tmp_path / "first"):
        with RunWriter(place, overwrite=place == run):
            rule = f"{place.name}: another process is writing this, also after 0 s; try again later"
            refused(lambda: RunWriter(place, overwrite=True), TargetError, rule)
            if place == run:
                error = ran(["update", run, "--withdraw", "d1"], 2).err
                assert error.count("\n") == 1
                assert "another process is writing this" in error
                assert documents(run) == 20
    assert not (tmp_path / "first").exists()
    assert updated(run, "new report").provenance.documents == 21


class Releasing(Heard):
    """Lets another writer end when it is told of it."""

    def __init__(self, writer: RunWriter) -> None:
        super().__init__()
        self.writer = writer

    def say(self, message: str) -> None:
        super().say(message)
        if message.startswith(("waiting for another process", "not taken yet")):
            self.writer.close()


def with_names(run: Path, told: Progress) -> None:
    with shown(told):
        save_topic_names(open_run(run), [TopicName("Hail", ("hail",))])


CHANGES: dict[str, Callable[[Path, Heard], object]] = {
    "refine": lambda run, told: selfvec.refine(ROWS, "none", output=run, overwrite=True, progress=told),
    "update": lambda run, told: selfvec.update(run, NEW, output=run, progress=told),
    "update keep": lambda run, told: selfvec.update(run, NEW, "keep", output=run, progress=told),
    "add": lambda run, told: selfvec.add(run, NEW, progress=told),
    "delete": lambda run, told: selfvec.delete(run, "d1", progress=told),
    "erase": lambda run, told: selfvec.delete(run, "d1", erase=True, progress=told),
    "undo": lambda run, told: selfvec.undo(run, progress=told),
    "names": with_names,
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_a_run_waits_for_another_writer_and_says_so(name: str, run: Path) -> None:
    updated(run, "new report")
    before = (run / "run.json").read_bytes()
    told = Releasing(RunWriter(run, overwrite=True))
    CHANGES[name](run, told)
    assert told.said[0] == f"waiting for another process that writes {run}"
    assert (run / "run.json").read_bytes() != before


def test_a_watcher_outlasts_another_writer(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfvec.files.file_system.WAIT", 0.0)
    (tmp_path / "new.txt").write_text("the storm broke a roof\n")
    told = Releasing(RunWriter(run, overwrite=True))
    for newer in selfvec.watch(run, tmp_path / "new.txt", every=1, progress=told):
        assert newer.change["added"] == 1
        break
    assert f"not taken yet: {run}: another process is writing this" in told.said[1]
    assert documents(run) == 21


@pytest.mark.parametrize("exists", [True, False])
def test_a_writer_that_does_not_finish_leaves_what_was_there(run: Path, exists: bool, tmp_path: Path) -> None:
    place = run if exists else tmp_path / "new"
    before = files_in(run)
    with pytest.raises(KeyboardInterrupt), RunWriter(place, overwrite=exists) as writer:
        writer.keep(open_run(run).original)
        writer.path("text.parquet").write_text("half")
        writer.path("repeats").mkdir()
        raise KeyboardInterrupt
    assert files_in(run) == before
    assert (tmp_path / "new").exists() is False


@pytest.mark.parametrize("left", [[], ["lock"], ["lock", "text.parquet", "text.parquet.1", "repeats/a.npy"]])
def test_what_a_killed_first_writer_left_is_taken_over(left: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in left:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text("half")
    selfvec.refine(ROWS, "none", "original", output=run)
    assert set(files_in(run)) == named(run, "run.json")


def test_a_folder_of_something_else_is_not_taken_over(tmp_path: Path) -> None:
    for name in ("text.parquet", "lock", "repeats"):
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text("mine")
        (tmp_path / "mine/notes.md").write_text("mine")
        refused(
            lambda: RunWriter(tmp_path / "mine", overwrite=True),
            TargetError,
            "exists already and is not a run folder",
        )
    assert set(files_in(tmp_path / "mine").values()) == {b"mine"}


def test_a_persons_own_files_stay(run: Path) -> None:
    own = [
        "notes.md", "repeats.csv", "report.json.bak", "text.parquet.gz", "text-1.parquet",
        "sub/vectors.txt",
    ]  # fmt: skip
    own += ["text-0002.parquet", "run-2.json", "history/old.txt", "vocabulary-2.md", ".hidden"]
    for name in own:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text("mine")
    (run / "empty").mkdir()
    updated(run, "new report")
    updated(run, "another report")
    undo(run)
    updated(run, withdraw=["d1"], no_undo=True)
    assert {(run / name).read_text() for name in own} == {"mine"}
    assert sorted(verify(run).unchecked) == sorted(str(run / name) for name in [*own, "empty"])


def test_a_link_under_the_name_of_a_new_file_is_not_written_through(run: Path, tmp_path: Path) -> None:
    victim, place = tmp_path / "victim", tmp_path / "place"
    victim.write_text("mine")
    place.mkdir()
    (place / "mine").write_text("mine")
    for name in ("text", "new"):
        (run / f"{name}-2.parquet").symlink_to(victim)
    for name in ("vectors-2.safetensors", "vocabulary-2.txt", "report-2.json", "text-2.parquet.1"):
        (run / name).symlink_to(victim)
    for name in ("repeats-2", "cache"):
        (run / name).symlink_to(place)
    assert updated(run, "new report", no_undo=True).provenance.documents == 21
    assert not any(path.is_symlink() for path in run.iterdir())
    assert (victim.read_text(), files_in(place)) == ("mine", {"mine": b"mine"})


@pytest.mark.parametrize("name", ["lock", "previous.json", "run.json"])
def test_a_link_in_the_place_of_a_description_or_the_lock_is_refused(
    name: str, run: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    shutil.copyfile(run / name if name != "previous.json" else run / "run.json", victim)
    content = victim.read_bytes()
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(victim)
    before = files_in(run)
    refused(lambda: updated(run, "new report"), TargetError)
    assert victim.read_bytes() == content
    assert files_in(run) == before


def everything(run: Path) -> bytes:
    """All bytes of a folder, and the documents in its compressed files, in lower case."""
    found = b"".join(files_in(run).values())
    for path in run.rglob("*.parquet"):
        found += repr(pl.read_parquet(path).to_dicts()).encode()
    return found.lower()


def test_without_undo_withdrawn_text_is_gone_at_once(run: Path) -> None:
    selfvec.update(run, NEW, output=run)
    assert selfvec.search(run, SECRET).hits  # makes an index, which is kept
    assert SECRET.encode() in everything(run)
    updated(run, withdraw=["new"])
    assert SECRET.encode() in everything(run)  # it can be undone
    undo(run)
    updated(run, withdraw=["new"], no_undo=True)
    assert SECRET.encode() not in everything(run)
    assert set(files_in(run)) == named(run, "run.json")
    assert documents(run) == 20
    refused(lambda: undo(run), TargetError, "no state before")


def test_a_state_that_is_open_stays_usable_while_the_folder_changes(run: Path) -> None:
    opened, other, unread = (open_run(run).present for _ in range(3))
    rows = opened.vectors.vectors.copy()
    assert other.tokens is not None
    updated(run, "new report")
    assert opened.tokens.documents == len(opened.text.texts()) == 20
    assert selfvec.search(opened, "hail").hits
    updated(run, "another report")  # deletes the files of the first state
    assert (opened.vectors.vectors == rows).all()
    assert opened.vectors.most_similar("hail")
    assert opened.tokens.counts.sum() == opened.provenance.tokens
    assert other.tokens.counts.sum() == opened.provenance.tokens
    assert unread.tokens.counts.sum() == opened.provenance.tokens
    refused(
        lambda: opened.text.texts(),
        FormatError,
        "the run has been changed since it was opened; open it again",
    )
    assert open_run(run).provenance.documents == 22


def test_an_open_run_is_what_its_folder_holds_now(run: Path) -> None:
    opened = open_run(run)
    for number in range(1, 4):
        updated(run, f"the {SECRET} storm {number}")
        assert len(opened.text) == opened.provenance.documents == 20 + number
        assert opened.tokens.documents == 20 + number
        assert SECRET in opened.vectors
        assert opened.search(SECRET).rows[0]["id"].startswith("n-")
    updated(run, withdraw=[f"n-the {SECRET} storm {number}" for number in range(1, 4)], no_undo=True)
    assert SECRET not in opened.vectors
    assert opened.search(SECRET).rows == []
    assert SECRET not in " ".join(opened.text.texts())
    refused(lambda: opened.similar(SECRET), InputError, "does not occur")
    assert pickle.loads(pickle.dumps(opened)).search("hail").rows == opened.search("hail").rows
    run.rename(run.with_name("away"))
    refused(lambda: opened.similar("hail"), InputError, "run: is no longer there")
    assert repr(opened).startswith("Run: original")
    run.with_name("away").rename(run)
    assert opened.similar("hail").rows


def test_an_open_index_is_refused_when_its_run_has_another_state(run: Path, tmp_path: Path) -> None:
    selfvec.search(run, "hail")
    (entry,) = (run / "cache").glob("search-*")
    opened = selfvec.open(entry)
    opened.saved(tmp_path / "copy")  # belongs to no run
    (run / "run.json").touch()
    assert opened.search("hail").hits
    assert opened.text("d1")
    for options in ({}, {"no_undo": True}):
        updated(run, withdraw=["d1"], **options)
        for ask in (lambda: opened.search("hail"), lambda: opened.text("d1")):
            refused(ask, InputError, "belongs to another state of the run")
        if not options:
            undo(run)
            assert opened.text("d1")
    assert selfvec.open(tmp_path / "copy").text("d1")


def test_an_open_run_does_not_depend_on_the_working_directory(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parent)
    opened = selfvec.open("run")
    monkeypatch.chdir("/")
    updated(run, withdraw=["d1"])
    assert opened.provenance.documents == 19


def test_a_run_in_memory_keeps_its_text_without_the_folder(run: Path) -> None:
    held = selfvec.refine(ROWS, "none", "original")
    grown = selfvec.update(held, NEW)
    assert grown.search(SECRET).hits[0].id == "new"
    save_run(grown, run, overwrite=True)
    shutil.rmtree(run)
    assert grown.text.texts()[-1] == NEW[0][TEXT]


def test_a_run_is_saved_over_itself(run: Path, tmp_path: Path) -> None:
    opened = selfvec.refine(ROWS + REPEATING, "none", "original", output=tmp_path / "made")
    assert (tmp_path / "made/repeats").is_dir()
    save_run(opened, tmp_path / "made", overwrite=True)
    first, second = (named(tmp_path / "made", name) for name in ("previous.json", "run.json"))
    assert {split_state(name.split("/")[0])[0] for name in second} >= {
        name.split("/")[0] for name in first
    } - {"previous.json"}
    assert not verify(tmp_path / "made").damaged
    again = open_run(tmp_path / "made")
    assert again.text.texts() == opened.text.texts()
    assert (again.vectors.vectors == opened.vectors.vectors).all()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"format": 1}', '{"format": 2}', '{"format": 2, "files": 5, "state": "x"}']
)
def test_a_damaged_description_costs_no_file_until_the_new_run_is_whole(content: str, run: Path) -> None:
    (run / "run.json").write_text(content)
    before = files_in(run)
    with pytest.raises(KeyboardInterrupt), RunWriter(run, overwrite=True) as writer:
        writer.keep(selfvec.refine(ROWS, "none", "original").original)
        raise KeyboardInterrupt
    assert files_in(run) == before | {"lock": b""}
    selfvec.refine(ROWS[:9], "none", "original", output=run, overwrite=True)
    assert documents(run) == 9
    assert set(files_in(run)) == named(run, "run.json")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_others_may_read_a_run_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        for mask, mode in ((0o022, 0o755), (0o077, 0o700), (0o002, 0o775)):
            os.umask(mask)
            run = tmp_path / f"{mask}"
            selfvec.refine(ROWS, "none", "original", output=run)
            updated(run, "new report")
            assert stat.S_IMODE(run.stat().st_mode) == mode
    finally:
        os.umask(before)


def test_a_full_disk_changes_nothing(run: Path, small_disk: None) -> None:
    before = files_in(run)
    with pytest.raises(TargetError, match=r"run: cannot write: ") as error:
        updated(run, "new report")
    assert "\n" not in str(error.value)
    assert files_in(run) == before


CLOSED = """
import sys
from benchmarks.robustness.inputs import without_privileges
from selfvec.apps.cli import main
from selfvec.files.checksums import write_sealed
without_privileges()
sys.exit([main(["update", sys.argv[1], what]) for what in ("new.txt", "--undo")] != [2, 2])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities of Linux")
def test_a_folder_that_is_read_only_is_one_line(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("new report\n")
    updated(run, "another report")
    before = files_in(run)
    run.chmod(0o500)
    try:
        command = [sys.executable, "-c", CLOSED, run]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        lines = done.stderr.splitlines()
        assert ["cannot write: permission is denied" in line for line in lines] == [True, True]
        assert files_in(run) == before
    finally:
        run.chmod(0o700)
