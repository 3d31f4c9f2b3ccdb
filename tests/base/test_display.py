"""What is displayed has no character that moves a cursor or turns the order of a line."""

import json
import os
import pty
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.commands import ran
from tests.processes import PATIENCE

from selfvec.base.display import escape_controls, escape_json
from selfvec.base.errors import InputError
from selfvec.base.progress import LineProgress

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
def test_an_argument_is_escaped_in_an_error(arguments: list[str], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
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


def test_json_is_escaped_in_a_pipe_too(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ran(["example", NAME, "--json"]).out
    assert set(hostile(printed)) == {"\n"}
    assert json.loads(printed)["path"] == NAME
