"""No text is kept with ``--keep nothing``, and commands on local files open no connection."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfvec.apps.cli import main
from selfvec.storage.inspection import info

RARE = ("zanzibar", "quokka", "marmalade")  # words that are left out by --min-count, each in one document


@pytest.fixture
def corpus(tmp_path: Path, storms: list[str]) -> Path:
    texts = [*storms, *(f"{storms[i]} {word} secret" for i, word in enumerate(RARE))]
    rows = [{"id": f"r{i}", "text": t, "date": f"{1990 + i % 2}-05-01"} for i, t in enumerate(texts)]
    path = tmp_path / "reports.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()).lower()


def test_a_run_that_keeps_nothing_keeps_no_text_whatever_is_asked_of_it(
    tmp_path: Path, corpus: Path, capsys
) -> None:
    run = tmp_path / "run"
    options = ["--keep", "nothing", "--min-count", "4", "--method", "decorrelated", "--slice", "year"]
    assert main(["refine", str(corpus), "-o", str(run), *options]) == 0
    new = corpus.with_name("new.jsonl")
    new.write_text(corpus.read_text().replace("r1", "n1").replace("hail", "hail and ice"))
    capsys.readouterr()
    for command in (["search", str(run), "hail"], ["update", str(run), str(new)]):
        assert main(command) == 2
        assert "the run has not kept its text" in capsys.readouterr().err
    for command in (
        f"similar {run} hail",
        f"drift {run}",
        f"run health {run}",
        f"text topics {run}",
        f"text phrases {run}",
        f"monitor {run} {new}",
    ):
        main(command.split())
    main(["export", str(run), "--to", "encoder"])
    kept = bytes_of(run)
    for piece in (*RARE, "golf ball size hail", "storm moved east", "hail broke windows"):
        assert piece.encode() not in kept, piece
    assert info(run).text == []
    assert not {"tokens.safetensors", "text.parquet"} & {path.name for path in run.iterdir()}
    assert not list(run.glob("cache/search-*"))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


OFFLINE = """
import socket, sys

def refused(*arguments, **named):
    raise AssertionError(f"a connection: {arguments}")

class Refused(socket.socket):
    def __init__(self, family=socket.AF_INET, *arguments, **named):
        if family in (socket.AF_INET, socket.AF_INET6):
            refused(family)
        super().__init__(family, *arguments, **named)

socket.socket = Refused
socket.create_connection = socket.getaddrinfo = refused
from selfvec.apps.cli import main
for line in sys.stdin.read().splitlines():
    status = main(line.split())
    assert status in (0, 1), (line, status)
"""


def test_commands_on_local_files_open_no_connection(tmp_path: Path, corpus: Path) -> None:
    commands = [
        "refine reports.jsonl -o run --slice year",
        "search run hail",
        "similar run hail --compare",
        "drift run",
        "run health run",
        "run info run",
        "run verify run",
        "text topics run",
        "update run reports.jsonl -o larger",
        "export run --to encoder",
        "export run --to word2vec",
        "text phrases run",
    ]
    environment = os.environ | {"HF_HUB_OFFLINE": ""}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
