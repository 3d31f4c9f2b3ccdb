"""Output that cannot be written: a line and status 2 for results; what cannot be shown stops nothing."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.examples import soaked

from selfvec.apps.cli import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and a shell")

NO_SPACE = "selfvec: standard output: cannot be written: No space left on device; "
CLOSED = "selfvec: standard output: cannot be written: Bad file descriptor; "

Command = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    text = "Hail number {} broke the roof of a house near the Güell river"
    (own / "text.txt").write_text("\n".join(text.format(number % 7) for number in range(40)), "utf-8")
    target = ["-o", str(own / "run"), "--vectors", "none"]
    assert main(["refine", str(own / "text.txt"), *target]) == 0
    return own


def sh(
    folder: Path, command: str, redirect: str = "", more: Mapping[str, str] | None = None, before: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """A command in a shell, with its streams redirected."""
    line = f"{before}{sys.executable} -m selfvec {command} {redirect}"
    usual = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, env=usual | dict(more or {}))


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process: its status, and what it prints."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(command: str) -> tuple[int, str]:
        capsys.readouterr()
        return main(shlex.split(command)), capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("command", "redirect", "said"),
    [
        ("similar run hail", ">/dev/full", NO_SPACE),
        ("similar run hail --json", ">/dev/full", NO_SPACE),
        ("similar run hail", ">&-", CLOSED),
    ],
)
def test_a_result_that_cannot_be_written_is_an_error_in_one_line(
    folder: Path, command: str, redirect: str, said: str
) -> None:
    done = sh(folder, command, redirect)
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (2, b"")
    assert lines[-1].startswith(said)
    assert not any("Traceback" in line or "Exception" in line for line in lines)
    assert len([line for line in lines if line.startswith("selfvec:")]) == 1


@pytest.mark.parametrize(
    ("text", "redirect", "status"),
    soaked(
        [("-", "<text.txt 2>/dev/full", 0), ("text.txt", ">&- 2>&- <&-", 2)], ("text.txt", ">&- 2>&- <&-", 2)
    ),
)
def test_a_run_is_written_whole_whatever_can_be_shown(
    folder: Path, text: str, redirect: str, status: int, here: Command
) -> None:
    done = sh(folder, f"refine {text} -o quiet --vectors none --json", redirect)
    assert (done.returncode, done.stderr) == (status, b"")
    assert done.stdout == b"" if status else json.loads(done.stdout)["sources"]["random"] == 18
    assert json.loads(here("run verify quiet --json")[1])["damaged"] == []
    shutil.rmtree(folder / "quiet")


@pytest.mark.parametrize(
    ("redirect", "status"),
    soaked([("2>/dev/full", 0), ("2>&- <&-", 0), (">/dev/full 2>/dev/full", 2)], ("2>/dev/full", 0)),
)
def test_what_cannot_be_shown_stops_nothing(folder: Path, redirect: str, status: int, here: Command) -> None:
    done = sh(folder, "similar run hail --json", redirect)
    shown = "" if status else here("similar run hail --json")[1]
    assert (done.returncode, done.stdout.decode(), done.stderr) == (status, shown, b"")


def test_standard_input_that_is_closed_is_named(folder: Path) -> None:
    done = sh(folder, "refine - -o none --vectors none", "<&-")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("selfvec: standard input: cannot be read: Bad file descriptor")
    assert not (folder / "none").exists()


@pytest.mark.parametrize("command", ["similar run hail", "run info run", "search run hail"])
def test_a_terminal_of_no_width_is_taken_for_a_usual_one(
    command: str, here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, usual = here(command)
    assert len(usual.splitlines()) > 3
    for columns in ("0", "1"):
        monkeypatch.setenv("COLUMNS", columns)
        assert here(command)[1] == usual


@pytest.mark.parametrize(
    ("command", "encoding"),
    [
        ("similar run güell", "ascii"),
        ("similar run hagelstürme", "ascii"),
        ("similar run güell --json", "ascii"),
        ("similar run güell", "cp437"),  # which has some of the letters
    ],
)
def test_letters_that_a_terminal_lacks_are_replaced(
    folder: Path, command: str, encoding: str, here: Command
) -> None:
    done = sh(folder, command, more={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    status, plain = here(command)
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    if "--json" in command:
        assert json.loads(done.stdout) == json.loads(plain)
        assert "güell" in json.dumps(json.loads(done.stdout), ensure_ascii=False)
    else:
        assert done.stdout.split() == plain.encode(encoding, "replace").split()


@pytest.mark.parametrize(
    ("command", "limit"),
    soaked(
        [("similar run hail", 5), ("similar run hail", 14), ("refine text.txt -o few --vectors none", 16)],
        ("similar run hail", 5),  # before any command begins
    ),
)
def test_few_open_files_are_enough_or_said_in_one_line(folder: Path, command: str, limit: int) -> None:
    done = sh(folder, command, before=f"ulimit -n {limit}; ")
    shutil.rmtree(folder / "few", ignore_errors=True)
    if done.returncode:
        assert done.returncode == 2
        assert b"oo many" in done.stderr
        assert b"raise the limit: ulimit -n 1024" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert b"Traceback" not in done.stderr


ASKED = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from selfvec.apps.cli import main
told = []
for name in ("run.json", "vocabulary.txt", "tokens.safetensors", "text.parquet"):
    file = Path("run", name)
    mode = file.stat().st_mode
    file.chmod(0)
    for command in sys.argv[1:]:
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
            status = main(command.split())
        told.append((name, command, status, error.getvalue() or out.getvalue()))
    file.chmod(mode)
print(json.dumps(told))
"""


def test_a_file_of_a_run_that_may_not_be_read_is_named(folder: Path) -> None:
    before = []
    if os.geteuid() == 0:  # whom permissions do not bind
        caps = "-dac_override,-dac_read_search"
        before = ["setpriv", f"--inh-caps={caps}", f"--bounding-set={caps}"]
        if not shutil.which("setpriv"):
            pytest.skip("root may read everything")
    commands = ["update run text.txt", "similar run hail", "run verify run"]
    asked = [*before, sys.executable, "-c", ASKED, *commands]
    told = json.loads(subprocess.run(asked, cwd=folder, capture_output=True, check=True).stdout)
    assert len(told) == 12
    for name, command, status, said in told:
        if name == "text.parquet" and command.startswith("similar"):
            assert status == 0  # which needs no text
            continue
        assert status == (1 if "verify" in command and name != "run.json" else 2)
        assert said.count("\n") == 1
        assert name in said
        assert "permission" in said.lower()
        assert "again" not in said


def test_in_a_pipe_paths_are_one_line_and_messages_come_before_the_path_of_the_run(
    folder: Path, here: Command
) -> None:
    text = folder / ("a folder " + "x" * 90) / ("y" * 90) / "text.txt"
    text.parent.mkdir(parents=True)
    shutil.copy(folder / "text.txt", text)
    run = text.parent / "run"
    done = sh(folder, f"refine '{text}' -o '{run}' --vectors none", "2>&1", {"PYTHONUNBUFFERED": ""})
    lines = done.stdout.decode().splitlines()
    assert any(line.startswith("read ") for line in lines[: lines.index(str(run))])
    assert str(text) in here(f"run info '{run}'")[1]
    shutil.rmtree(text.parents[1])


@pytest.mark.parametrize(
    "command", soaked(["similar run hail", "similar run hail --json"], "similar run hail")
)
def test_a_reader_that_leaves_ends_a_command_quietly(folder: Path, command: str) -> None:
    done = sh(folder, command, "| head -c 1; exit ${PIPESTATUS[0]}")
    assert done.returncode in (0, 1)
    assert len(done.stdout) == 1
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr
