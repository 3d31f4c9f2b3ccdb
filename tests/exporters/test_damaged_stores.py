"""Stores that are damaged or hostile: an error that names the store or its file, and no code runs."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from selfvec.base.errors import FormatError, SelfvecError, TargetError
from selfvec.exporters import STORES, StoreRows
from selfvec.exporters.store import Database
from selfvec.exporters.store_rows import RUN

KINDS = ("lancedb", "qdrant")


def rows(number: int = 40, first: int = 0) -> StoreRows:
    """Passages with numbered ids."""
    names = [f"d{i}" for i in range(first, first + number)]
    table = pl.DataFrame({"id": names, "document": names, "text": [f"hail {name}" for name in names]})
    vectors = np.eye(number, 8, dtype=np.float32)
    return StoreRows("passages", table, vectors, about={RUN: "it"})


def stored(kind: str, folder: Path) -> tuple[Database, Path]:
    """A store of 40 rows."""
    store = STORES[kind]
    assert isinstance(store, Database)
    pytest.importorskip(store.module, reason=f"needs selfvec[{store.extra}]")
    store.put(rows(), folder / kind)
    return store, folder / kind


def test_an_update_of_lancedb_is_one_version(tmp_path) -> None:
    import lancedb

    store, path = stored("lancedb", tmp_path)
    store.update(rows(first=10), path)
    table = lancedb.connect(path).open_table("passages")
    sizes = []
    for version in table.list_versions():
        table.checkout(version["version"])
        sizes.append({row["id"] for row in table.to_arrow().to_pylist()})
    assert {len(ids) for ids in sizes} == {40}


def test_a_pickle_with_code_is_not_opened(tmp_path) -> None:
    store, path = stored("qdrant", tmp_path)

    class Code:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    with sqlite3.connect(path / "collection/passages/storage.sqlite") as database:
        database.execute("UPDATE points SET point = ? WHERE rowid = 3", (pickle.dumps(Code()),))
    database.close()
    with pytest.raises(FormatError, match="which could run code") as caught:
        store.read(path)
    assert str(path / "collection/passages/storage.sqlite") in str(caught.value)
    with pytest.raises(FormatError, match="which could run code"):
        store.update(rows(first=10), path)
    assert not (tmp_path / "ran").exists()


def test_a_collection_outside_the_folder_is_refused(tmp_path) -> None:
    store, path = stored("qdrant", tmp_path)
    text = (path / "meta.json").read_text()
    (path / "meta.json").write_text(text.replace('"passages": {', '"../../other": {}, "passages": {', 1))
    with pytest.raises(FormatError, match="not in the folder"):
        store.read(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [0, 1, 200])
def test_files_that_are_cut_are_an_error_that_names_the_store(kind: str, cut: int, tmp_path, capfd) -> None:
    store, path = stored(kind, tmp_path)
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


@pytest.mark.parametrize("value", [7, [], {"passages": 7}, {"passages": {"vectors": "x"}}])
def test_a_description_of_another_kind_is_an_error(value: object, tmp_path) -> None:
    import json

    store, path = stored("qdrant", tmp_path)
    (path / "meta.json").write_text(json.dumps({"collections": value}))
    with pytest.raises(SelfvecError, match=str(path)):
        store.read(path)
        store.about(path)


def test_a_store_that_is_open_elsewhere_is_not_changed(tmp_path) -> None:
    store, path = stored("qdrant", tmp_path)
    from qdrant_client import QdrantClient

    client = QdrantClient(path=str(path))
    with pytest.raises(TargetError, match="open in another program"):
        store.change(rows(first=10), path, [0], [])
    client.close()
