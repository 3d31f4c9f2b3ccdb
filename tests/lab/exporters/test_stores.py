"""The contract of all stores: the rows, order and cosines of NumPy, and nothing half-written."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.commands import ran
from tests.json_lines import write_lines
from tests.lab.exporters.conftest import stored
from tests.places import ROOT
from tests.refusals import refused

from selfvec.base.errors import InputError, MissingExtra, OptionError, SelfvecError, TargetError
from selfvec.numerics.rows import unit_rows
from selfvec.stores import STORES, StoreRows, write_rows

D = 24
FITS = (pl.col("state") == "IOWA") & (pl.col("size") >= 100) & (pl.col("date") >= date(2000, 1, 1))
Asked = list[tuple[str, float]]
"""Ids and cosines, best first."""


def rows(number: int = 300, *, dated: bool = True, zeros: int = 4) -> StoreRows:
    """Rows with ties, ids of every script, gaps in every field, and some without a vector."""
    rng = np.random.default_rng(5)
    vectors = unit_rows(rng.standard_normal((number, D)))
    vectors[20:30] = vectors[10:20]  # ten pairs that are equal
    vectors[number - zeros :] = 0
    names = ["é", "Ж-7", "名前", "a b", "x/y", "'q'", '"r"', "🌪", "id,1", "#2"]
    days = [date(1990 + i % 30, 1 + i % 12, 1 + i % 28) if i % 7 else None for i in range(number)]
    table = pl.DataFrame(
        {
            "id": [f"{names[i % 10]}{i}" for i in range(number)],
            "document": [f"d{i // 2}" for i in range(number)],
            "text": [
                f"hail broke window {i} of the farm" if i % 3 else f"rain on road {i}" for i in range(number)
            ],
            "date": pl.Series(days if dated else [None] * number, dtype=pl.Date),
            "state": [None if i % 11 == 0 else ("IOWA", "Ohio", "São Tomé")[i % 3] for i in range(number)],
            "size": pl.Series(range(number), dtype=pl.Int64),
        }
    )
    return StoreRows(table, vectors, "en")


def questions() -> np.ndarray:
    """Unit vectors: random ones, and one that is a row that stands there twice."""
    found = unit_rows(np.random.default_rng(6).standard_normal((5, D)))
    found[4] = rows().vectors[12]
    return found


def ask_lancedb(path: Path, question: np.ndarray, topn: int, filtered: bool = False) -> Asked:
    import lancedb

    query = lancedb.connect(path).open_table("passages").search(question).distance_type("cosine").limit(topn)
    if filtered:
        query = query.where("state = 'IOWA' AND size >= 100 AND date >= date '2000-01-01'")
    return [(row["id"], 1 - row["_distance"]) for row in query.to_list()]


def ask_parquet(path: Path, question: np.ndarray, topn: int, filtered: bool = False) -> Asked:
    frame = pl.read_parquet(path)
    if filtered:
        frame = frame.filter(FITS)
    assert frame["vector"].dtype == pl.Array(pl.Float32, len(question))
    cosines = frame["vector"].to_numpy() @ question
    return [(frame["id"][int(i)], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:topn]]


def ask_faiss(path: Path, question: np.ndarray, topn: int, filtered: bool = False) -> Asked:
    import faiss

    index, table = faiss.read_index(str(path / "index.faiss")), pl.read_parquet(path / "rows.parquet")
    wanted = None
    if filtered:
        wanted = faiss.SearchParameters(
            sel=faiss.IDSelectorBatch(table.select(FITS.arg_true())["state"].to_numpy())
        )
    cosines, places = index.search(question[None], topn, params=wanted)
    return [(table["id"][int(i)], float(c)) for i, c in zip(places[0], cosines[0], strict=True) if i >= 0]


def ask_qdrant(path: Path, question: np.ndarray, topn: int, filtered: bool = False) -> Asked:
    from qdrant_client import QdrantClient, models

    conditions: list = []
    if filtered:
        conditions = [
            models.FieldCondition(key="state", match=models.MatchValue(value="IOWA")),
            models.FieldCondition(key="size", range=models.Range(gte=100)),
            models.FieldCondition(key="date", range=models.DatetimeRange(gte="2000-01-01")),
        ]
    client = QdrantClient(path=str(path))
    try:
        kept = models.Filter(must=conditions)
        found = client.query_points("passages", query=question.tolist(), limit=topn, query_filter=kept)
        return [(point.payload["id"], point.score) for point in found.points]
    finally:
        client.close()


ASK: dict[str, Callable[..., Asked]] = {
    "lancedb": ask_lancedb,
    "parquet-documents": ask_parquet,
    "faiss": ask_faiss,
    "qdrant": ask_qdrant,
}
every = pytest.mark.parametrize("name", sorted(STORES))


def target(name: str, folder: Path, data: StoreRows | None = None) -> Path:
    """A store of that name, written; the test is skipped where its library is absent."""
    store, path = STORES[name], folder / f"to-{name}"
    if store.module:
        pytest.importorskip(store.module, reason=f"needs selfvec[{store.name}]")
    if data is not None:
        write_rows(data, name, path)
        assert path.is_dir() == (not store.suffix)
    return path


def expected(data: StoreRows, question: np.ndarray, among: np.ndarray) -> Asked:
    """By NumPy, in double precision, of some rows."""
    cosines = data.vectors.astype(np.float64) @ question
    order = np.argsort(-cosines, kind="stable")
    return [(data.table["id"][i], float(cosines[i])) for i in order.tolist() if among[i]]


def same(found: Asked, wanted: Asked) -> None:
    """The same ids in the same order by the same cosines; rows that tie may change places."""
    scores = dict(wanted)
    assert [score for _, score in found] == pytest.approx(
        [score for _, score in wanted[: len(found)]], abs=1e-5
    )
    for name, score in found:
        assert score == pytest.approx(scores[name], abs=1e-5)
    assert len({name for name, _ in found}) == len(found)


def test_every_store_is_asked_here_and_on_the_page() -> None:
    assert ASK.keys() == STORES.keys()
    page = (ROOT / "docs" / "how-to" / "export-and-serve.md").read_text("utf-8")
    for store in STORES.values():
        assert not store.module or f"`{store.name}`" in page


@every
@pytest.mark.parametrize("dated", [True, False])
def test_the_same_ids_order_and_cosines_as_numpy(name: str, dated: bool, tmp_path: Path) -> None:
    data = rows(dated=dated)
    path = target(name, tmp_path, data)
    for question in questions():
        wanted = expected(data, question, ~data.empty)
        for topn in (1, 10, 250):
            found = ASK[name](path, question, topn)
            assert len(found) == topn
            directed = [one for one in found if one[0] in dict(wanted)]
            assert topn == 250 or directed == found
            same(directed, wanted)  # nothing with a direction is passed over for what has none


@every
def test_filters(name: str, tmp_path: Path) -> None:
    data = rows()
    path = target(name, tmp_path, data)
    among = data.table.select(FITS.fill_null(False)).to_series().to_numpy() & ~data.empty
    assert 10 < np.count_nonzero(among) < 100
    for question in questions():
        same(ASK[name](path, question, 8, filtered=True), expected(data, question, among))


@every
def test_every_field_comes_back(name: str, tmp_path: Path) -> None:
    data = rows()
    path = target(name, tmp_path, data)
    found = pl.DataFrame(list(stored(path).values()), infer_schema_length=None).drop("vector", strict=False)
    if name == "qdrant":
        found = found.with_columns(pl.col("date").str.to_date())
    assert found.equals(data.table)


@every
def test_an_existing_target_is_kept_or_replaced_whole(name: str, tmp_path: Path) -> None:
    path = target(name, tmp_path, rows(40))
    refused(lambda: write_rows(rows(50), name, path), TargetError, "exists already")
    assert len(ASK[name](path, questions()[0], 100)) >= 36
    write_rows(rows(60), name, path, overwrite=True)
    assert len(ASK[name](path, questions()[0], 100)) >= 56
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", sorted(STORES))
@pytest.mark.usefixtures("small_disk")
def test_a_write_that_fails_half_way_leaves_nothing(name: str, tmp_path: Path) -> None:
    path = target(name, tmp_path)
    refused(lambda: write_rows(rows(), name, path), TargetError, rf"to-{name}: cannot write")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["faiss", "parquet-documents"])
def test_the_same_rows_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    def content() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    path = target(name, tmp_path, rows())
    before = content()
    write_rows(rows(), name, path, overwrite=True)
    assert content() == before


@pytest.mark.parametrize("name", sorted(name for name, store in STORES.items() if store.module))
def test_a_missing_library_names_its_extra(name: str, tmp_path: Path, monkeypatch) -> None:
    store = STORES[name]
    monkeypatch.setitem(sys.modules, store.module, None)
    package = {"faiss": "faiss-cpu"}.get(store.module, store.module.replace("_", "-"))
    refused(
        lambda: write_rows(rows(40), name, tmp_path / "out"),
        MissingExtra,
        rf"'{package}'.*pip install .*\[{store.name}\]'",
    )
    assert list(tmp_path.iterdir()) == []


def test_lancedb_finds_words_and_both_together(tmp_path: Path) -> None:
    data = rows()
    lancedb = pytest.importorskip("lancedb", reason="needs selfvec[lancedb]")
    table = lancedb.connect(target("lancedb", tmp_path, data)).open_table("passages")
    found = table.search("windows", query_type="fts").limit(500).to_list()  # by its stem
    assert {row["id"] for row in found} == set(data.table.filter(pl.col("text").str.contains("window"))["id"])
    assert table.search("the of", query_type="fts").limit(5).to_list() == []  # stop words
    unknown = data.table["text"][-2]  # no vector, found by its words all the same
    assert table.search(unknown, query_type="fts").limit(1).to_list()[0]["text"] == unknown
    question = questions()[0]
    best = [name for name, _ in expected(data, question, ~data.empty)][:3]
    both = table.search(query_type="hybrid").vector(question).text("road").distance_type("cosine").limit(30)
    told = both.to_list()
    assert set(best) <= {row["id"] for row in told}
    assert any("road" in row["text"] for row in told)
    relevance = [row["_relevance_score"] for row in told]
    assert relevance == sorted(relevance, reverse=True)
    where = table.search(query_type="hybrid").vector(question).text("road").where("size < 50").limit(30)
    assert all(row["size"] < 50 for row in where.to_list())


def test_what_cannot_be_stored_is_said(tmp_path: Path) -> None:
    data = rows(40)
    refused(
        lambda: StoreRows(data.table.clear(), data.vectors[:0]), InputError, "there are no passages to store"
    )
    refused(lambda: StoreRows(data.table, data.vectors[:39]), InputError, "a vector each")
    refused(
        lambda: write_rows(data, "milvus", tmp_path / "out"),
        OptionError,
        r"to: is one of lancedb, .*, not 'milvus'",
    )
    refused(
        lambda: write_rows(data, "parquet-documents", tmp_path / "no" / "out.parquet"),
        SelfvecError,
        "does not exist",
    )


def test_arrow_maps_the_parquet_file(tmp_path: Path) -> None:
    data = rows()
    arrow = pytest.importorskip("pyarrow", reason="comes with selfvec[lancedb]")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(target("parquet-documents", tmp_path, data), memory_map=True)
    assert table.schema.field("vector").type == arrow.list_(arrow.float32(), D)
    column = table.column("vector").combine_chunks()
    np.testing.assert_array_equal(column.flatten().to_numpy().reshape(-1, D), data.vectors)
    kinds = parquet.ParquetFile(tmp_path / "to-parquet-documents").metadata.row_group(0)
    assert {kinds.column(i).compression for i in range(kinds.num_columns)} == {"UNCOMPRESSED"}


def test_what_is_left_out_is_reported(here: Path, storms: list[str]) -> None:
    reports = [
        {"id": f"r{i}", "text": text, "cause": "long " * 40, "n": i} for i, text in enumerate(storms[:60])
    ]
    reports[5]["text"] = "!!!"
    write_lines(Path("reports.jsonl"), reports)
    ran(["refine", "reports.jsonl", "-o", "run", "--method", "original"])
    done = ran(["export", "run", "--to", "parquet-documents", "--json"]).json
    assert done["unknown"] == 1
    assert done["left_out"] == [
        "the field 'cause' is not a column: its values are too long",
        "1 of 60 passages have no known word and no vector",
    ]
