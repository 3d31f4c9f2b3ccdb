"""Stores that are damaged or hostile, or on a full disk: one error that names the store or its file."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from selfvec.base.errors import MissingExtra, SelfvecError
from selfvec.stores import STORES, StoreRows
from selfvec.stores.databases import RUN, LanceDB


def rows(number: int = 40, first: int = 0) -> StoreRows:
    """Passages with numbered ids."""
    names = [f"d{i}" for i in range(first, first + number)]
    table = pl.DataFrame({"id": names, "document": names, "text": [f"hail {name}" for name in names]})
    vectors = np.eye(number, 8, dtype=np.float32)
    return StoreRows(table, vectors, about={RUN: "it"})


def stored(folder: Path) -> tuple[LanceDB, Path]:
    """A store of 40 rows."""
    store = STORES["lancedb"]
    assert isinstance(store, LanceDB)
    pytest.importorskip(store.module, reason=f"needs selfvec[{store.name}]")
    store.put(rows(), folder / "store")
    return store, folder / "store"


def test_an_update_of_lancedb_is_one_version(tmp_path) -> None:
    import lancedb

    store, path = stored(tmp_path)
    store.update(rows(first=10), path)
    table = lancedb.connect(path).open_table("passages")
    sizes = []
    for version in table.list_versions():
        table.checkout(version["version"])
        sizes.append({row["id"] for row in table.to_arrow().to_pylist()})
    assert {len(ids) for ids in sizes} == {40}


@pytest.mark.parametrize("cut", [0, 1, 200])
def test_files_that_are_cut_are_an_error_that_names_the_store(cut: int, tmp_path, capfd) -> None:
    store, path = stored(tmp_path)
    for file in sorted(file for file in path.rglob("*") if file.is_file() and file.name != ".lock"):
        content = file.read_bytes()
        if len(content) <= cut:
            continue
        file.write_bytes(content[:cut])
        try:
            store.about(path)
            store.read(path)
        except SelfvecError as error:
            assert str(path) in str(error)
        file.write_bytes(content)
    capfd.readouterr()  # a panic prints where it was
    assert len(store.read(path).texts) == 40


WRITE = """
import json, os, sys
import numpy as np, polars as pl
from selfvec.base.errors import SelfvecError
from selfvec.stores import StoreRows, write_rows
folder, stores = sys.argv[1:]
texts = [f"hail fell on {i} " * 40 for i in range(40)]
table = pl.DataFrame({"id": [f"a{i}" for i in range(40)], "text": texts})
rows = StoreRows(table, np.random.default_rng(0).normal(size=(40, 64)).astype("f4"))
for store, free in [(store, free) for store, frees in json.loads(stores).items() for free in frees]:
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
    print(json.dumps([store, free, said, sorted(os.listdir(folder))]))
    os.remove(f"{folder}/filled")
"""
FREE = {"faiss": (0, 4096)}  # bytes; smaller than the file of the store


@pytest.fixture(scope="module")
def mounting() -> list[str]:
    """The command under which a small file system can be mounted."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        there = shutil.which("unshare") and shutil.which("mount")
        tried = [*command, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
        if there and subprocess.run(tried, capture_output=True).returncode == 0:
            return command
    pytest.skip("needs the right to mount a file system")


@pytest.mark.soak
def test_a_full_disk_is_said_and_nothing_is_left(mounting: list[str], tmp_path: Path) -> None:
    frees = {}
    for name, store in STORES.items():
        with suppress(MissingExtra):
            store.require()
            frees[name] = FREE.get(name, (0, 4096, 12288))
    mount = 'mount -t tmpfs -o size=1m none "$2" && exec "$0" -c "$@"'
    command = [*mounting, "sh", "-c", mount, sys.executable, WRITE, str(tmp_path), json.dumps(frees)]
    done = subprocess.run(command, capture_output=True, text=True)
    full = f"{tmp_path}/out: cannot write: the disk is full; free some space or write elsewhere"
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told == [[name, free, full, ["filled"]] for name in frees for free in frees[name]], done.stderr
