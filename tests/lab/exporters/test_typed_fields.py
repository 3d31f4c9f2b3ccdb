"""Fields of documents keep their types of JSON in stores and filters, and what is changed is said."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.commands import ran
from tests.json_lines import write_lines
from tests.lab.exporters.conftest import stored

import selfvec
from selfvec.stores import passage_rows
from selfvec.stores.databases import typed_column

FIELDS = {
    "flag": [True, False, None],
    "tags": [["a", "b"], [], None],
    "scores": [[1, 2.5], [3], None],
    "place": [{"state": "IOWA", "size": 2}, {"state": "Ohio", "roads": ["I 80"]}, None],
}


@pytest.fixture(scope="module")
def reports(own: Path) -> Path:
    """A run of reports with fields of every type, 20 of each kind."""
    texts = ("Hail broke the roof", "The river rose over the road", "Snow closed the school")
    rows = [
        {"id": f"r{i}", "text": f"{texts[i % 3]} on day {i}."}
        | {name: values[i % 3] for name, values in FIELDS.items()}
        | {"mixed": [1, "a"] if i % 2 else {"x": 1}, "wind speed": i}
        for i in range(60)
    ]
    write_lines(own / "reports.jsonl", rows)
    ran(["refine", own / "reports.jsonl", "-o", own / "run", "--method", "decorrelated"])
    return own


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        (["tags=a"], 0), (["tags=B"], 0), (["flag=true"], 0),
        (["flag=false"], 1), (["scores=2.."], (0, 1)), (["scores=3"], 1), (["place.state=iowa"], 0),
        (["place.size=1..2"], 0), (["place.roads=I 80"], 1), (["tags=a", "flag=false"], ()),
        (["tags=a", "tags=c"], 0), (["mixed=a", "flag=true"], 0),
    ],
)  # fmt: skip
def test_filters_look_into_lists_and_objects(reports: Path, asked: list[str], days) -> None:
    options = [part for one in asked for part in ("--filter", one)]
    command = ["search", str(reports / "run"), "day", "--mode", "bm25", "--topn", "60", "--json"]
    found = {int(hit["id"][1:]) for hit in ran([*command, *options]).json["hits"]}
    kinds = {days} if isinstance(days, int) else set(days)
    expected = {i for i in range(60) if i % 3 in kinds and ("mixed=a" not in asked or i % 2)}
    assert found == expected


def test_a_filter_on_a_key_that_no_object_has_says_so(reports: Path) -> None:
    told = ran(["search", reports / "run", "day", "--filter", "place.none=x"])
    assert told.out == "nothing found in 60 documents\n\nno document has place.none=x; its values are: none\n"


def expected(i: int) -> dict[str, object]:
    kind = i % 3
    place = (
        {"state": "IOWA", "size": 2, "roads": None},
        {"state": "Ohio", "size": None, "roads": ["I 80"]},
        None,
    )[kind]
    return {"flag": FIELDS["flag"][kind], "tags": FIELDS["tags"][kind], "scores": FIELDS["scores"][kind]} | {
        "place": place or {"state": None, "size": None, "roads": None},
        "mixed": '[1, "a"]' if i % 2 else '{"x": 1}',
        "wind_speed": i,
    }


@pytest.mark.parametrize("to", ["parquet-documents", "lancedb", "qdrant"])
def test_stores_keep_types_and_say_what_is_changed(reports: Path, tmp_path: Path, to: str) -> None:
    run = selfvec.open_run(reports / "run")
    if to != "parquet-documents":
        pytest.importorskip({"lancedb": "lancedb", "qdrant": "qdrant_client"}[to])
    done = selfvec.export(run, to, tmp_path / "store")
    assert done["left_out"] == [
        "the field 'wind speed' is the column wind_speed",
        "the field 'mixed' is a column of JSON text: its values are of several types",
    ]
    about = {
        "selfvec.run": run.present.fingerprint,
        "selfvec.name": "run",
        "selfvec.encoder": selfvec.Encoder.of(run).digest,
        "selfvec.dimensions": str(selfvec.Encoder.of(run).dimensions),
    }
    if to == "parquet-documents":
        found = pl.read_parquet_metadata(tmp_path / "store")
        assert {name: found[name] for name in about} == about
    elif to == "lancedb":
        import lancedb

        table = lancedb.connect(tmp_path / "store").open_table("passages")
        assert {k.decode(): v.decode() for k, v in table.schema.metadata.items()} == about
        query = table.search().where("flag AND array_has(tags, 'a') AND place.state = 'IOWA'").limit(60)
        assert {row["id"] for row in query.to_list()} == {f"r{i}" for i in range(0, 60, 3)}
    else:
        from qdrant_client import QdrantClient

        client = QdrantClient(path=str(tmp_path / "store"))
        assert client.get_collection("passages").config.metadata == about
        client.close()
    rows = stored(tmp_path / "store").items()
    assert {key: {name: row[name] for name in expected(0)} for key, row in rows} == {
        f"r{i}": expected(i) for i in range(60)
    }


@pytest.mark.parametrize(
    ("values", "typed"),
    [
        (["true", None], ["true", None]), (["[1]", "[2]"], [[1], [2]]),
        (['[{"a": 1}]'], [[{"a": 1}]]), (['{"a b": {"c": "x"}}'], [{"a_b": {"c": "x"}}]),
        (["[1, true]"], ["[1, true]"]), (["[99999999999999999999]"], ["[99999999999999999999]"]),
        (["{}"], ["{}"]), (["[broken"], ["[broken"]),
    ],
)  # fmt: skip
def test_strings_are_typed_only_if_all_are_of_one_type(values: list[str], typed: list[object]) -> None:
    assert typed_column(pl.Series("x", values, dtype=pl.String)).to_list() == typed


# ---- export --update


def content(path: Path) -> dict[str, tuple[str, list[float], object]]:
    """Text and vector of each passage by its id, and what identifies the row in the store."""
    return {name: (row["text"], row["vector"], row["wind_speed"]) for name, row in stored(path).items()}


def test_update_writes_what_is_new_and_deletes_what_is_gone(reports: Path, here: Path) -> None:
    """Ids and fields change, and the words do not, so the encoder is the same."""
    lancedb = pytest.importorskip("lancedb")
    rows = [json.loads(line) for line in (reports / "reports.jsonl").read_text("utf-8").splitlines()]

    def refine() -> None:
        write_lines(Path("docs.jsonl"), rows)
        ran(["refine", "docs.jsonl", "-o", "run", "--method", "decorrelated", "--overwrite"])

    def exported() -> list[object]:
        done = ran(["export", "run", "--to", "lancedb", "-o", "store", "--update", "--json"]).json
        return [done.get(name) for name in ("added", "changed", "removed", "unchanged", "rewritten")]

    refine()
    assert exported() == [None] * 5  # a new store
    before = content(Path("store"))
    assert exported() == [0, 0, 0, 60, None]
    assert content(Path("store")) == before
    rows[3]["id"], rows[4]["id"] = "r4", "r3"
    rows[5]["wind speed"] = 500
    rows[7]["id"] = "it's new"
    refine()
    assert exported() == [1, 3, 1, 56, None]
    assert {path.name for path in here.iterdir()} == {"docs.jsonl", "run", "store"}
    after = content(Path("store"))
    assert set(after) == before.keys() - {"r7"} | {"it's new"}
    assert after["r4"][0] == rows[3]["text"]
    assert after["r4"][1] != before["r4"][1]
    assert after["r5"][2] == 500
    kept = after.keys() - {"r3", "r4", "r5", "it's new"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    table = lancedb.connect("store").open_table("passages")
    found = table.search("river", query_type="fts").limit(60).to_list()
    assert "it's new" in {row["id"] for row in found}
    rows = [{"id": row["id"], "text": row["text"], "other": "x"} for row in rows]
    refine()
    assert exported() == [60, 0, 0, 0, True]  # other columns


def test_after_an_update_of_the_run_its_store_is_as_if_new(reports: Path, tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    run = selfvec.open_run(reports / "run")
    selfvec.export(run, "lancedb", tmp_path / "store")
    new = [{"id": "new", "text": "Fog closed the airport and the road.", "wind speed": 7}]
    updated = selfvec.update(run, new, withdraw="r0")
    done = selfvec.export(updated, "lancedb", tmp_path / "store", update=True)
    assert (done["rewritten"], done["added"]) == (True, 60)
    rows = passage_rows(updated.present)
    found = content(tmp_path / "store")
    assert {name: one[0] for name, one in found.items()} == dict(rows.table.select("id", "text").iter_rows())
    np.testing.assert_allclose([found[name][1] for name in rows.table["id"]], rows.vectors, atol=1e-6)


def test_update_refuses_other_folders_and_stores(reports: Path, tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    command = ["export", str(reports / "run"), "--update", "-o"]
    assert "is not a LanceDB folder with passages" in ran([*command, reports, "--to", "lancedb"], 2).err
    told = ran([*command, tmp_path / "store", "--to", "faiss"], 2).err
    assert "faiss cannot be updated; use --overwrite" in told
