"""What reaches the disk, and in which order: the system calls of a real process, as strace records them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
CALLS = "fsync,link,linkat,rename,renameat2,unlink,unlinkat,rmdir"
_CALL = re.compile(r"(\w+)\((.*)\) += 0")


def recorded(script: str, folder: Path) -> list[tuple[str, str]]:
    """The system calls of a script that name something in a folder, with the names relative to it."""
    if STRACE is None:
        pytest.skip("strace is not installed")
    log = folder.with_name("calls")
    command = [
        STRACE, "-f", "--seccomp-bpf", "-y", "-e", f"trace={CALLS}", "-o", log, sys.executable, "-c",
        script, folder,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if "not permitted" in done.stderr:
        pytest.skip("tracing is not permitted here")
    assert done.returncode == 0, done.stderr
    return [_named(call) for call in _finished(log) if call and str(folder) in call[2]]


def _finished(log: Path) -> Iterator[re.Match[str] | None]:
    """Calls in the order in which they ended; those of other threads may lie in between."""
    begun: dict[str, str] = {}
    for line in log.read_text().splitlines():
        process, _, call = line.partition(" ")
        if call.endswith("<unfinished ...>"):
            begun[process] = call.strip().removesuffix("<unfinished ...>")
            continue
        resumed = re.fullmatch(r"<\.\.\. \w+ resumed>(.*)", call.strip())
        yield _CALL.fullmatch(begun.pop(process).strip() + resumed[1] if resumed else call.strip())


def _named(call: re.Match[str]) -> tuple[str, str]:
    """A call, and its arguments without the folders and random numbers in them."""
    arguments = re.sub(r"partial-[0-9a-f]{8}", "partial", call[2])
    return call[1], re.sub(r"(?:AT_FDCWD|\d+)<[^>]*?([^/>]*)>", r"<\1>", arguments)


def place(calls: list[tuple[str, str]], call: str, *names: str) -> int:
    """Where a call that names all of these is; it is the only one, or the first."""
    fits = [i for i, (found, what) in enumerate(calls) if found == call and all(n in what for n in names)]
    assert fits, (call, names, calls)
    return fits[0]


FOLDER = """
import sys
from pathlib import Path
from selfvec.files.atomic_files import atomic_folder
for text in ("old", "new"):
    with atomic_folder(Path(sys.argv[1]) / "run", overwrite=True) as new:
        (new / "sub").mkdir()
        (new / "sub" / "a").write_text(text)
"""


def test_a_folder_is_on_the_disk_before_it_gets_its_name_and_the_old_one_goes_after(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    calls = recorded(FOLDER, folder)
    first = place(calls, "rename", "run")
    assert place(calls, "fsync", "<a>") < first
    assert place(calls, "fsync", "<sub>") < first
    assert place(calls, "fsync", "<.run.partial>") < first
    assert place(calls, "fsync", "<folder>") > first
    second = calls[first + 1 :]
    exchange = place(second, "renameat2", "RENAME_EXCHANGE")
    synced = place(second[exchange:], "fsync", "<folder>")
    assert place(second, "fsync", "<a>") < exchange
    gone = min(i for i, (call, _) in enumerate(second[exchange:]) if call.startswith(("unlink", "rmdir")))
    assert 0 < synced < gone
    assert (folder / "run/sub/a").read_text() == "new"


FILE = """
import sys
from pathlib import Path
from selfvec.files.atomic_files import atomic_file
with atomic_file(Path(sys.argv[1]) / "table") as new:
    new.write_text("text")
"""


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    calls = recorded(FILE, folder)
    named = place([(call.removesuffix("at"), what) for call, what in calls], "link", "table")
    assert place(calls, "fsync", "<table>") < named < place(calls, "fsync", "<folder>")


RUN = """
import sys
from pathlib import Path
import selfvec
from selfvec.storage.run_writer import RunWriter
model = selfvec.Refiner(method="decorrelated", window=3)
texts = ["hail broke roofs of " + "all the houses in that street on a day in June"] * 12
run = model.fit(texts, "none").run_.present
for _ in range(3):
    with RunWriter(Path(sys.argv[1]) / "run", overwrite=True) as writer:
        writer.finish(run)
"""


def test_a_state_is_on_the_disk_before_it_becomes_the_run_and_an_old_one_goes_after(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    calls = recorded(RUN, folder)
    for state in ("", "-2", "-3"):
        became = place(calls, "rename", "/.run.json.partial", "/run.json")
        for name in ("vectors{}.safetensors", "original{}.safetensors", "vocabulary{}.txt"):
            assert place(calls, "fsync", f"<{name.format(state)}>") < became
        for name in ("tokens{}.safetensors", "text{}.parquet", "report{}.json", "repeats{}"):
            assert place(calls, "fsync", f"<{name.format(state)}>") < became
        described = place(calls, "fsync", "<.run.json.partial>")
        if state:
            assert place(calls, "fsync", "<.previous.json.partial>") < described
        assert described < described + place(calls[described:], "fsync", "<run>") < became
        calls = calls[became + 1 :]
        assert place(calls, "fsync", "<run>") == 0
        if state:
            assert place(calls, "rename", "/.previous.json.partial", "/previous.json") == 1
            assert place(calls[1:], "fsync", "<run>") == 1
    gone = [what for call, what in calls if call.startswith("unlink") and "text.parquet" in what]
    assert len(gone) == 1
