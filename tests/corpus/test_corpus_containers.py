"""The same rows in every container are the same documents, with the same ids and notes."""

import datetime
import decimal
import enum
import re
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from corpus_reader import CONTAINERS, Columns, collect, fields_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import TIMES
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import as_corpus
from selfvec.corpus.columns import is_missing


def read(data: Any, **options: Any) -> dict[str, Any]:
    """What a person gets: texts, ids, fields, and what is said of them."""
    corpus = as_corpus(data, **options)
    batches = list(corpus.batches())
    texts = [text for batch in batches for text in batch.texts]
    ids = [name for batch in batches for name in batch.rows.get_column("id", default=[])]
    kept: dict[str, list[Any]] = {}
    for batch in batches:
        for name, values in fields_of(batch).items():
            kept.setdefault(name, []).extend(value or None for value in values)
    place = rf"{re.escape(corpus.name)}(:\d+)?"  # a CSV has a header
    notes = [re.sub(place, "HERE", note) for note in corpus.summary.notes]
    return {"texts": texts, "ids": ids, "fields": kept, "empty": corpus.summary.empty, "notes": notes}


TEXT = st.none() | st.sampled_from(["hail fell on the roof", "it rained all day", "snow lay", " "])
ID = st.none() | st.sampled_from(["a1", "a2", "7", " "])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10 * TIMES)
@given(st.lists(st.tuples(ID, TEXT, TEXT), min_size=1, max_size=5))
@pytest.mark.parametrize("names", [("id", "title", "text"), ("id", "headline", "said by him")])
def test_the_same_rows_are_the_same_documents(
    tmp_path: Path, names: tuple[str, ...], rows: list[tuple[str | None, ...]]
) -> None:
    rows = [("a0", "Storm", "a storm came over the hill"), *rows]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    found = {name: read(make(columns, tmp_path)) for name, make in CONTAINERS.items()}
    for name, one in found.items():
        assert one == found["rows"], name


class Kind(enum.Enum):
    HAIL = "hail"


HOURS = datetime.timedelta(hours=26)
NAME = uuid.UUID(int=5)
VALUES: dict[str, tuple[Any, str | None]] = {  # a value, and what is kept of it; None: nothing, which is said
    "duration": (HOURS, "1 day, 2:00:00"),
    "pandas duration": (pd.Timedelta(HOURS), "1 day, 2:00:00"),
    "uuid": (NAME, str(NAME)),
    "interval": (pd.Interval(0.0, 1.0), "(0.0, 1.0]"),
    "enumeration": (Kind.HAIL, "hail"),
    "decimal": (decimal.Decimal("1.50"), "1.50"),
    "time": (datetime.time(1, 2, 3), "01:02:03"),
    "datetime": (datetime.datetime(2020, 1, 2, 3, 4), "2020-01-02 03:04:00"),
    "whole number": (2.0, "2"),
    "number": (2.5, "2.5"),
    "small number": (np.float32(3), "3"),
    "truth": (True, "true"),
    "list": (["a"], '["a"]'),
    "object": ({"k": 1}, '{"k": 1}'),
    "path": (Path("a"), "a"),
    "bytes": (b"\xff", None),
    "vector": ([0.5, 1.0], None),
    "mute": (object(), None),
}


@pytest.mark.parametrize("container", ["rows", "pandas", "polars"])
@pytest.mark.parametrize("name", VALUES)
def test_a_column_of_any_type_is_kept_or_named(tmp_path: Path, name: str, container: str) -> None:
    value, kept = VALUES[name]
    found = read(CONTAINERS[container]({"text": ["hail fell"], "v": [value]}, tmp_path))
    assert found["fields"] == ({} if kept is None else {"v": [kept]})
    assert [note.startswith("not kept: v (") for note in found["notes"]] == [True] * (kept is None)


@pytest.mark.parametrize("container", ["rows", "pandas", "polars"])
@pytest.mark.parametrize(
    "name", [name for name in VALUES if name not in ("list", "object", "vector", "mute")]
)
def test_a_value_of_any_type_can_be_an_id(tmp_path: Path, name: str, container: str) -> None:
    value, kept = VALUES[name]
    data = CONTAINERS[container]({"text": ["hail fell"], "key": [value]}, tmp_path)
    assert read(data, id_field="key")["ids"] == [kept or "ff"]


@pytest.mark.parametrize("container", ["rows", "pandas", "polars", "arrow", "parquet"])
def test_a_usual_name_over_values_of_another_kind_is_passed_over_or_said(
    tmp_path: Path, container: str
) -> None:
    columns: Columns = {"subject": [12, 13], "text": ["hail fell", "it rained"], "id": [["a"], ["b"]]}
    if container == "rows":
        del columns["subject"]  # of rows that are read one by one, the types are not known
    found = read(CONTAINERS[container](columns, tmp_path))
    assert (found["texts"], found["ids"]) == (["hail fell", "it rained"], [])
    (note,) = found["notes"]
    assert note.startswith("ids are not read: id (")


def test_types_of_arrow_and_of_polars(tmp_path: Path) -> None:
    kinds = pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"]))
    none = pl.Series([None, None], dtype=pl.Null)
    frame = pl.DataFrame({"text": kinds, "title": none, "category": kinds.cast(pl.Categorical), "gone": none})
    frame.write_parquet(tmp_path / "x.parquet")
    for data in (frame, tmp_path / "x.parquet"):
        found = read(data)
        assert (found["texts"], found["fields"]["category"]) == (["a", "b"], ["a", "b"])
    table = pa.table({"text": ["hail"], "uuid": pa.array([NAME.bytes], pa.uuid())})
    assert read(table)["ids"] == [str(NAME)]
    for kind in (pl.Time, pl.Duration):
        day = pl.Series([1], dtype=pl.Int64).cast(kind)
        (note,) = read(pl.DataFrame({"text": ["hail"], "date": day}))["notes"]
        assert note.startswith("dates are not read: date (")


MISSING = [
    None, float("nan"), pd.NA, pd.NaT, np.datetime64("NaT", "D"), np.float32("nan"),
    decimal.Decimal("nan"),
]  # fmt: skip


@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize("make", [list, tuple, iter, lambda items: pd.Series(items, dtype=object)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_missing_value_is_judged_alike_in_every_place(missing: Any, make: Any, place: int) -> None:
    assert is_missing(missing)
    for items, texts in (
        (["hail fell", "it rained"], ["hail fell", "it rained"]),
        ([["hail", "fell"], ["it", "rained"]], ["hail fell", "it rained"]),
        ([{"text": "hail fell"}, {"text": "it rained"}], ["hail fell", "it rained"]),
    ):
        items = [*items[:place], missing, *items[place:]]
        found = read(make(items))
        assert (found["texts"], found["empty"]) == (texts, 1)
    found = read(pd.DataFrame({"text": ["hail fell", missing]}, dtype=object))
    assert (found["texts"], found["empty"]) == (["hail fell"], 1)
    assert read([{"text": "hail", "kind": missing}, {"text": missing}])["texts"] == ["hail"]


@pytest.mark.parametrize("odd", [5, 2.5, True, b"hail", object(), Path])
@pytest.mark.parametrize("make", [list, tuple, iter])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_no_text_is_named_by_its_place_or_left_out(odd: Any, make: Any, place: int) -> None:
    items = ["hail fell", "it rained"]
    items.insert(place, odd)
    rule = rf"^memory:{place + 1}: text is a string, this is {type(odd).__name__}"
    refused(lambda: read(make(items)), CorpusError, rule)
    corpus = as_corpus(make(items), skip_bad_rows=True)
    assert collect(corpus)["texts"] == ["hail fell", "it rained"]
    assert corpus.summary.bad_rows == 1
