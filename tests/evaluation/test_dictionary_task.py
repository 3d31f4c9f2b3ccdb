"""Bilingual lexicon induction, by hand."""

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.conftest import at

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Dictionary


@pytest.fixture
def lexicon(write) -> Path:
    rows = ["hail\tHagel", "hail\tGraupel", "storm\tSturm", "rain\tRegen", "fog\tNebel", "hail\tunbekannt"]
    return write("de.tsv", "\n".join(rows))


def test_several_translations_are_one_item_and_unknown_words_are_wrong(lexicon: Path) -> None:
    a = at({"hail": 0, "storm": 60, "rain": 120})
    others = {"a": 58, "b": 61, "c": 62, "d": 63, "e": 65}  # storm's translation is the sixth
    b = at({"graupel": 5, "sturm": 115, "regen": 122, **others})
    rows = selfvec.evaluate({"a": a, "b": b}, [Dictionary(lexicon)]).rows
    found = {(row["mode"], row["metric"]): row for row in rows}
    assert {row["vectors"] for row in rows} == {"b"}
    assert {(row["n"], row["covered"], row["task"]) for row in rows} == {(4, 0.75, "de")}
    assert found["nn", "precision@1"]["value"] == 0.5  # hail and rain; storm and fog are wrong
    assert found["nn", "precision@5"]["value"] == 0.5
    assert found["nn", "precision@1"]["value_covered"] == pytest.approx(2 / 3)


def test_one_table_or_two_spaces_are_refused_with_what_to_do(lexicon: Path) -> None:
    with pytest.raises(OptionError, match="two sets of vectors in one space; give the folder"):
        selfvec.evaluate(at({"hail": 0}), [Dictionary(lexicon)])
    wide = Vectors(["hagel"], np.ones((1, 3), np.float32))
    with pytest.raises(InputError, match="has 3 dimensions, the others 2"):
        selfvec.evaluate({"a": at({"hail": 0}), "b": wide}, [Dictionary(lexicon)])


def test_nothing_known_is_zero(lexicon: Path) -> None:
    rows = selfvec.evaluate({"a": at({"x": 0}), "b": at({"y": 0})}, [Dictionary(lexicon)]).rows
    assert {(row["value"], row["covered"], row["value_covered"]) for row in rows} == {(0.0, 0.0, None)}
