"""A store on a disk without space: one line that says so, and nothing half-written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from selfvec.base.errors import MissingExtra
from selfvec.exporters import STORES

WRITE = """
import json, os, sys
import numpy as np, polars as pl
from selfvec.base.errors import SelfvecError
from selfvec.exporters import StoreRows, write_rows
store, folder, *frees = sys.argv[1:]
texts = [f"hail fell on {i} " * 40 for i in range(40)]
table = pl.DataFrame({"id": [f"a{i}" for i in range(40)], "text": texts})
rows = StoreRows("passages", table, np.random.default_rng(0).normal(size=(40, 64)).astype("f4"))
for free in map(int, frees):
    with open(f"{folder}/filled", "wb") as file:
        try:
            while True:
                os.write(file.fileno(), bytes(4096))
        except OSError:
            file.truncate(file.tell() - free)
    try:
        write_rows(rows, store, f"{folder}/out")
        said = "written"
    except SelfvecError as error:
        said = str(error)
    print(json.dumps([free, said, sorted(os.listdir(folder))]))
    os.remove(f"{folder}/filled")
"""
FREE = {"faiss": (0, 4096), "usearch": (4096, 8192)}  # bytes; smaller than the file of the store


@pytest.fixture(scope="module")
def mounting() -> list[str]:
    """The command under which a small file system can be mounted."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        there = shutil.which("unshare") and shutil.which("mount")
        tried = [*command, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
        if there and subprocess.run(tried, capture_output=True).returncode == 0:
            return command
    pytest.skip("needs the right to mount a file system")


@pytest.mark.parametrize("store", STORES)
def test_a_full_disk_is_said_and_nothing_is_left(store: str, mounting: list[str], tmp_path: Path) -> None:
    try:
        STORES[store].require()
    except MissingExtra:
        pytest.skip(f"needs the library of {store}")
    frees = FREE.get(store, (0, 4096, 12288))
    mount = 'mount -t tmpfs -o size=1m none "$3" && exec "$0" -c "$@"'
    command = [*mounting, "sh", "-c", mount, sys.executable, WRITE, store, str(tmp_path), *map(str, frees)]
    done = subprocess.run(command, capture_output=True, text=True)
    full = f"{tmp_path}/out: cannot write: the disk is full; free some space or write elsewhere"
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told == [[free, full, ["filled"]] for free in frees], done.stderr
