"""Databases get vectors of another run: whole or not at all, resumed, and searched meanwhile."""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.lab.exporters.conftest import stored
from tests.lab.exporters.test_stores import ASK
from tests.refusals import refused
from tests.retrieval.encoder import reports

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError, Interrupted, OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.retrieval.encoder import Adapter, Encoder
from selfvec.stores import databases, migrate, passage_rows, question_encoder

lancedb = pytest.importorskip("lancedb", reason="needs selfvec[lancedb]")
module = sys.modules[migrate.__module__]
QUESTION = "hail damaged roofs near the school"


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    """An old and a newer run of the same documents, and a narrower one."""
    texts = [f"{text} County{i % 40} and town{i % 7}." for i, text in enumerate(reports.texts())]
    rows = [{"id": f"r{i}", "text": text, "n": i} for i, text in enumerate(texts)]
    rows[7]["text"] = "!!!"  # no known word
    for name, options in {"old": {"window": 3}, "new": {"stem": "en"}}.items():
        selfvec.save_run(reports.refined(rows, **options), own / name)
    wide = selfvec.open_run(own / "old")
    selfvec.save_run(
        wide.present.replace(provenance=wide.provenance.replace(method="online")), own / "narrow"
    )
    return own


@pytest.fixture(scope="module")
def old(folder: Path) -> Run:
    return selfvec.open_run(folder / "old")


@pytest.fixture(scope="module")
def new(folder: Path) -> Run:
    return selfvec.open_run(folder / "new")


@pytest.fixture
def path(old: Run, tmp_path: Path) -> Path:
    """A database of the old run."""
    selfvec.export(old, "lancedb", tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.stores.databases._BLOCK", 64)


def content(path: Path) -> dict[str, tuple[int, list[float]]]:
    """The field n and the vector of every id."""
    return {name: (row["n"], row["vector"]) for name, row in stored(path).items()}


def found(path: Path, question: np.ndarray) -> str:
    """The id of the nearest row."""
    return ASK["lancedb"](path, question, 1)[0][0]


def same(path: Path, run: Run) -> None:
    """The database has all rows, with the vectors that an export of the run would have."""
    rows = passage_rows(run.present)
    got = content(path)
    assert len(got) == len(rows)
    assert [got[name][0] for name in rows.table["id"]] == rows.table["n"].to_list()
    np.testing.assert_allclose([got[name][1] for name in rows.table["id"]], rows.vectors, atol=1e-6)


def files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.usefixtures("small_blocks")
def test_all_vectors_are_replaced_and_the_map_is_written(
    old: Run, new: Run, path: Path, tmp_path: Path
) -> None:
    refused(lambda: same(path, new), AssertionError)
    done = migrate(path, old, new)
    same(path, new)
    assert (done["passages"], done["done"], done["notes"]) == (240, True, [])
    assert done["recall"]["questions"] == 60
    assert done["map"] == f"{path}-map.safetensors"
    assert Adapter.load(done["map"]).about["to"] == new.present.fingerprint
    assert files(tmp_path) == [path.name, f"{path.name}-map.safetensors"]
    again = migrate(path, old, new)  # nothing is left to do
    assert (again["done"], again["passages"]) == (True, None)


def test_the_number_of_dimensions_may_change(new: Run, folder: Path, path: Path) -> None:
    narrow = selfvec.open_run(folder / "narrow")
    selfvec.export(narrow, "lancedb", path, overwrite=True)
    widths = {Encoder.of(run).dimensions for run in (narrow, new)}
    assert len(widths) == 2
    assert migrate(path, narrow, new)["recall"]["unmapped"] is None
    same(path, new)


class Broken(Progress):
    """Stops the work at its n-th report, as Ctrl-C does."""

    def __init__(self, last: int) -> None:
        self.left = last

    @contextmanager
    def stage(self, label: str, *size: object):
        del label, size
        self.count()
        yield lambda _: self.count()

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("small_blocks")
def test_an_interrupted_migration_goes_on_and_ends_the_same(
    old: Run, new: Run, path: Path, tmp_path: Path
) -> None:
    asked = Encoder.of(old).encode(QUESTION)
    nearest, before = found(path, asked), content(path)
    for last in range(2, 30, 4):
        try:
            migrate(path, old, new, progress=Broken(last))
            break
        except Interrupted as error:
            assert "repeat the command to continue" in str(error)
            assert found(path, asked) == nearest
            assert content(path) == before
            for file in (tmp_path / f".{path.name}.migrate").glob("?" * 64):  # half of a row, as after a kill
                os.truncate(file, max(0, file.stat().st_size - 3))
    else:
        pytest.fail("it never ends")
    assert last > 6  # it was stopped in several places
    same(path, new)
    assert files(tmp_path) == [path.name, f"{path.name}-map.safetensors"]


def test_rows_that_come_meanwhile_are_kept(old: Run, new: Run, path: Path) -> None:
    row = Encoder.of(old).encode(text := "Hail broke windows at the airport.").tolist()

    class Busy(Broken):
        def count(self) -> None:
            self.left -= 1
            if self.left:
                return
            columns = {"id": "late", "document": "late", "text": text, "n": 999, "vector": row}
            lancedb.connect(path).open_table("passages").add([columns])

    assert migrate(path, old, new, progress=Busy(4))["done"]
    got = content(path)
    assert len(got) == 241
    assert got["late"][0] == 999
    assert float(np.array(got["late"][1]) @ Encoder.of(new).encode(text)) > 0.8  # smoothed


def test_questions_fit_what_the_database_has(old: Run, new: Run, folder: Path, path: Path) -> None:
    refused(lambda: question_encoder(path, new), InputError, "no such file")
    assert migrate(path, old, new, map_only=True)["done"] is False
    mapped = question_encoder(path, new).encode(QUESTION)
    assert mapped.shape == Encoder.of(old).encode(QUESTION).shape
    expected = Adapter.load(f"{path}-map.safetensors").transform(Encoder.of(new).encode([QUESTION]))[0]
    np.testing.assert_allclose(mapped, expected, atol=1e-5)
    assert found(path, mapped)
    other = selfvec.open_run(folder / "narrow").present
    refused(
        lambda: question_encoder(path, other),
        InputError,
        "is not a map from this run to the database",
    )
    migrate(path, old, new)
    np.testing.assert_array_equal(
        question_encoder(path, new).encode(QUESTION), Encoder.of(new).encode(QUESTION)
    )


def test_a_database_of_another_run_is_refused(
    old: Run, new: Run, folder: Path, path: Path, tmp_path: Path
) -> None:
    before = content(path)
    refused(
        lambda: migrate(path, selfvec.open_run(folder / "narrow"), new),
        OptionError,
        "old: the vectors of the database are of another run",
    )
    refused(lambda: migrate(path, old, old), OptionError, "both runs have the same vectors")
    refused(lambda: migrate(path, old, new, keep=101), OptionError, "keep: is a number")
    rows = passage_rows(old.present, encode=Encoder.of(old).encode)
    assert not rows.about
    databases.STORES["lancedb"].put(rows, tmp_path / "nameless")
    refused(
        lambda: migrate(tmp_path / "nameless", old, new),
        OptionError,
        r"does not name its run; .*export the new one with overwrite=True",
    )
    for name in ("absent", "empty"):
        refused(
            lambda: migrate(tmp_path / name, old, new), InputError, "is not a LanceDB folder with passages"
        )
    assert content(path) == before
    assert files(tmp_path) == ["nameless", path.name]


def test_the_command_and_its_gate(
    old: Run, folder: Path, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "migrate", str(path), "--from", str(folder / "old"), "--to", str(folder / "new")]
    printed = ran([*command, "--dry-run"]).out
    assert "recall@10 (60 questions, 60 passages that the map was not fitted on)" in printed
    assert printed.endswith(": safe\n")
    assert files(tmp_path) == [path.name]
    assert main([*command, "--map-only", "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert told["safe"] == (told["recall"]["kept"] >= 0.95)
    assert (told["from"], told["done"]) == (str(folder / "old"), False)
    assert files(tmp_path) == [path.name, f"{path.name}-map.safetensors"]
    assert "240 passages have the vectors of" in ran(command).err
    assert "already" in ran(command).out
    told = ran([*command[:4], folder / "narrow", *command[5:-1], folder / "old"], 2).err
    assert "--old: the vectors of the database are of another run" in told


def test_lancedb_keeps_other_tables_readers_words_and_the_old_version(old: Run, new: Run, path: Path) -> None:
    database = lancedb.connect(path)
    database.create_table("own", [{"a": 1}])
    reader = database.open_table("passages")
    reader.create_index("n", config=lancedb.index.BTree())
    asked, before = Encoder.of(old).encode(QUESTION), reader.version
    nearest = found(path, asked)
    done = migrate(path, old, new)
    assert done["notes"] == ["not carried over, make it again: n_idx, the index of n"]
    assert database.open_table("own").count_rows() == 1
    assert reader.search(asked).distance_type("cosine").limit(1).to_list()[0]["id"] == nearest
    table = database.open_table("passages")
    assert len(table.search("hail", query_type="fts").limit(9).to_list()) == 9
    table.drop_index("text_idx")  # as if killed before the index was made
    migrate(path, old, new)
    assert database.open_table("passages").search("hail", query_type="fts").limit(1).to_list()
    table.restore(before)  # an undo
    same(path, old)


def test_a_row_written_during_the_switch_of_lancedb_is_kept(
    old: Run, new: Run, path: Path, monkeypatch
) -> None:
    connect, busy = lancedb.connect, [True]

    def late(place):
        database = connect(place)
        create = database.create_table

        def create_table(name, data, **options):
            if busy.pop() if busy else False:
                table = database.open_table(name)
                table.add(table.to_arrow().slice(0, 1).to_pylist())
            return create(name, data, **options)

        monkeypatch.setattr(database, "create_table", create_table)
        return database

    monkeypatch.setattr(lancedb, "connect", late)
    assert migrate(path, old, new)["done"]
    assert lancedb.connect(path).open_table("passages").count_rows() == 241


def test_a_migration_that_was_killed_after_the_switch_is_finished(
    old: Run, new: Run, path: Path, tmp_path: Path, monkeypatch
) -> None:

    switch = databases.LanceDB.switch

    def killed(*arguments: object) -> None:
        assert switch(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(databases.LanceDB, "switch", killed)
        refused(lambda: migrate(path, old, new), Interrupted)
    same(path, new)
    assert migrate(path, old, new)["done"]
    same(path, new)
    assert files(tmp_path) == [path.name, f"{path.name}-map.safetensors"]
