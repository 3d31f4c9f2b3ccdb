"""The embedding function of LanceDB: a table keeps its encoder, and words beat what is empty."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfvec.base.errors import InputError
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.lancedb import SelfvecFunction

lancedb = pytest.importorskip("lancedb", reason="the extra lancedb is not installed")

TEXTS = ["Hail broke the farm's windows.", "", "the river closed the road", "xyzzy"]


def table_of(function: Any, place: Path) -> Any:
    from lancedb.pydantic import LanceModel, Vector

    class Text(LanceModel):
        text: str = function.SourceField()
        vector: Vector(function.ndims()) = function.VectorField()  # type: ignore[valid-type]

    table = lancedb.connect(place).create_table("texts", schema=Text)
    table.add([{"text": text} for text in TEXTS])
    return table


def asked(table: Any, question: str, distance: str) -> list[str]:
    return [row["text"] for row in table.search(question).distance_type(distance).limit(4).to_list()]


@pytest.mark.parametrize("distance", ["cosine", "l2", "dot"])
def test_an_empty_text_is_found_last(distance: str, encoder: Encoder, tmp_path: Path) -> None:
    replace(encoder).save(tmp_path / "e")
    table = table_of(SelfvecFunction.create(encoder=str(tmp_path / "e")), tmp_path / "db")
    assert asked(table, "hail on windows", distance)[0] == TEXTS[0]
    assert {*asked(table, "a closed river", distance)[2:]} == {"", "xyzzy"}
    with pytest.warns(UserWarning, match="no word of the question"):
        found = asked(table, "qqqq", distance)
    assert {*found[2:]} == {"", "xyzzy"}


def test_a_table_refuses_another_encoder_in_the_place_of_its_own(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "e")
    function = SelfvecFunction.create(encoder=str(tmp_path / "e"))
    table_of(function, tmp_path / "db")
    rows = encoder.rows.copy()
    rows[:, 0] += 0.5
    replace(encoder, rows=rows).save(tmp_path / "e", overwrite=True)
    vector = np.asarray(function.compute_query_embeddings("hail on windows")[0])
    np.testing.assert_array_equal(vector, encoder.encode("hail on windows"))
    with pytest.raises(InputError, match="is not the encoder that was stored; embed"):
        again = lancedb.connect(tmp_path / "db").open_table("texts")
        asked(again, "hail on windows", "cosine")
    with pytest.raises(InputError, match="not the encoder"):
        lancedb.connect(tmp_path / "db").open_table("texts").add([{"text": "snow"}])


def test_a_relative_path_is_found_from_elsewhere(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder.save(tmp_path / "e")
    monkeypatch.chdir(tmp_path)
    table_of(SelfvecFunction.create(encoder=Path("e")), tmp_path / "db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    table = lancedb.connect(tmp_path / "db").open_table("texts")
    assert asked(table, "hail on windows", "cosine")[0] == TEXTS[0]
