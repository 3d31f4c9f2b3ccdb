"""Stores that are damaged or hostile: an error that names the store or its file, and no code runs."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from selfvec.base.errors import SelfvecError
from selfvec.exporters import STORES, StoreRows
from selfvec.exporters.store import Database
from selfvec.exporters.store_rows import RUN


def rows(number: int = 40, first: int = 0) -> StoreRows:
    """Passages with numbered ids."""
    names = [f"d{i}" for i in range(first, first + number)]
    table = pl.DataFrame({"id": names, "document": names, "text": [f"hail {name}" for name in names]})
    vectors = np.eye(number, 8, dtype=np.float32)
    return StoreRows("passages", table, vectors, about={RUN: "it"})


def stored(folder: Path) -> tuple[Database, Path]:
    """A store of 40 rows."""
    store = STORES["lancedb"]
    assert isinstance(store, Database)
    pytest.importorskip(store.module, reason=f"needs selfvec[{store.extra}]")
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
