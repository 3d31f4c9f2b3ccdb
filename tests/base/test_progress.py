"""What is shown: progress in steps and lines, and no character that moves a cursor or turns a line."""

import json
import os
import pty
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.commands import ran
from tests.processes import PATIENCE

from selfvec.analysis.views.terminal_progress import TerminalProgress
from selfvec.base import progress as module
from selfvec.base.display import escape_controls, escape_json
from selfvec.base.errors import InputError
from selfvec.base.progress import LineProgress, Progress, shown, shown_bytes, stage, steps


class Recorded(Progress):
    """Keeps what was done of the first stage, after every report."""

    def __init__(self) -> None:
        self.done, self.total, self.stages = [0], 0, 0

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        del label, unit
        self.total, self.stages = total or 0, self.stages + 1
        yield lambda number: self.done.append(self.done[-1] + number)

    @property
    def share(self) -> float:
        return self.done[-1] / self.total


def test_steps_advance_one_stage_by_their_weights() -> None:
    display = Recorded()
    with shown(display), steps("All", {"Reading": 1, "Testing": 3}):
        with stage("Reading", 10, "lines") as advance:
            advance(5)
            assert display.share == pytest.approx(1 / 8)
        assert display.share == pytest.approx(1 / 4)
        with steps("Testing", {"a": 1, "b": 1}):
            with stage("a", None, "words") as advance:
                advance(7)
            assert display.share == pytest.approx(1 / 4 + 3 / 8)
            with stage("b", 2, "words") as advance:
                advance(1)
                assert display.share == pytest.approx(1 / 4 + 3 * 3 / 16)
    assert display.share == 1
    assert display.stages == 1
    assert display.done == sorted(display.done)


def test_a_step_that_is_left_out_or_overrun_does_not_move_the_stage_back() -> None:
    display = Recorded()
    with shown(display), steps("All", {"a": 1, "b": 1, "c": 2}):
        with stage("b", 2, "words") as advance:
            assert display.share == pytest.approx(1 / 4)
            advance(5)
            assert display.share == pytest.approx(1 / 2)
        with stage("unplanned", 5, "words") as advance:
            advance(5)
        assert display.share == pytest.approx(1 / 2)
    assert display.done == sorted(display.done)


def waited_for(lines: list[str], number: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(lines) < number and time.monotonic() < end:
        time.sleep(0.002)
    assert len(lines) >= number


def test_lines_name_the_stage_the_share_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    before = set(threading.enumerate())
    monkeypatch.setattr(module, "EVERY", 0.01)
    display = LineProgress(lines.append)
    with display.stage("Reading", 4, "bytes") as advance:
        advance(1)
        waited_for(lines, 2)
        assert lines[-1].startswith("Reading: 25 %, ")
        assert lines[-1].endswith(" left")
        with display.stage("Encoding", 2, "texts") as within:
            within(1)
            lines.clear()
            waited_for(lines, 4)
            assert all(line.startswith("Encoding: 50 %") for line in lines[1:])
    lines.clear()
    with display.stage("Relating texts", None, "words"):
        waited_for(lines, 1)
    assert lines[0].startswith("Relating texts: ")
    assert lines[0].endswith(" so far")
    assert set(threading.enumerate()) <= before  # nothing prints lines after the stage


def test_short_work_prints_no_line(capsys) -> None:
    with TerminalProgress().stage("Reading", 4, "bytes") as advance:
        advance(4)
    assert capsys.readouterr().err == ""


def printed(capsys: pytest.CaptureFixture[str], wanted: str) -> bool:
    """Whether a text is printed."""
    end, found = time.monotonic() + PATIENCE, ""
    while wanted not in found and time.monotonic() < end:
        time.sleep(0.002)
        found += capsys.readouterr().err
    return wanted in found


def test_long_work_prints_lines_where_standard_error_is_no_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    with TerminalProgress().stage("Splitting", 10, "words") as advance:
        advance(5)
        assert printed(capsys, "Splitting: 50 %, ")


def test_downloads_print_lines_too(capsys, monkeypatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    with shown(TerminalProgress()):
        for file, done, share in (("one.gz", 10, 25), ("two.gz", 30, 75)):
            with shown_bytes(file) as update:
                update(done, 40)
                assert printed(capsys, f"{file}: {share} %")


HOSTILE = "a\x1b[31m\x07\x7f\x85\x9b\u202e\u2028"
TEXTS = st.text(st.characters(categories=["L", "N", "P", "Cc", "Cf", "Cs", "Zl", "Zp", "Cn"]))
NAME = "a\x1b]0;x\x07\x9b\u202e.jsonl"


def hostile(text: str) -> list[str]:
    """Controls, line breaks, lone surrogates and what changes the direction of a text."""
    bidirectional = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    return [
        one
        for one in text
        if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(one) in bidirectional
    ]


@given(TEXTS)
@example(HOSTILE)
def test_every_hostile_character_is_escaped_and_no_other(text: str) -> None:
    assert hostile(escape_controls(text)) == []
    assert set(hostile(escape_controls(text, lines=True))) <= {"\n"}
    if not hostile(text) and text.isprintable():
        assert escape_controls(text) == text


@given(st.dictionaries(TEXTS, st.lists(TEXTS)))
@example({HOSTILE: [HOSTILE, "\U0001ffff\udcff"]})
def test_escaped_json_says_the_same(data: dict[str, list[str]]) -> None:
    escaped = escape_json(json.dumps(data, ensure_ascii=False, indent=1))
    assert set(hostile(escaped)) <= {"\n"}
    assert json.loads(escaped) == data


def test_an_error_is_one_line_whatever_its_names_are() -> None:
    error = InputError(f"no {HOSTILE}", path=f"{HOSTILE}\n.txt", field=HOSTILE, remedy=HOSTILE)
    assert hostile(str(error)) == []
    assert str(error).startswith(r"a\x1b[31m\x07\x7f\x85\x9b\u202e\u2028\x0a.txt: field")


def test_what_progress_says_is_escaped() -> None:
    written: list[str] = []
    LineProgress(written.append).say(f"{HOSTILE}\n")
    assert hostile(written[0]) == ["\n"]


@pytest.mark.parametrize("arguments", [["refine", NAME, "-o", "x"], [NAME], ["refine", f"--{NAME}"]])
def test_an_argument_is_escaped_in_an_error(arguments: list[str], here: Path) -> None:
    said = ran(arguments, 2).err
    assert r"a\x1b]0;x\x07\x9b\u202e.jsonl" in said
    assert hostile(said) == ["\n"]


def test_a_path_is_escaped_on_a_terminal_and_whole_in_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "selfvec", "example", NAME]
    piped = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=True)
    assert piped.stdout.decode() == f"{NAME}\n"
    assert set(hostile(piped.stderr.decode())) == {"\n"}
    terminal, its_end = pty.openpty()
    subprocess.run([*command, "--overwrite"], cwd=tmp_path, stdout=its_end, timeout=PATIENCE, check=True)
    os.close(its_end)
    shown = os.read(terminal, 1000).decode()
    os.close(terminal)
    assert shown == "a\\x1b]0;x\\x07\\x9b\\u202e.jsonl\r\n"


def test_json_is_escaped_in_a_pipe_too(here: Path) -> None:
    (here / NAME).write_text("hail 1 0\nroof 0 1\n", "utf-8")
    printed = ran(["vectors", "convert", NAME, "-o", "x.bin", "--json"]).out
    assert set(hostile(printed)) == {"\n"}
    assert NAME in json.loads(printed).values()
