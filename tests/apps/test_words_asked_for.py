"""Words that somebody asks for are read as texts are, by whatever asks for them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import selfvec
from selfvec.apps.web.words import Completion
from selfvec.base.errors import NotFound
from selfvec.data.run import Run
from selfvec.data.word_lookup import find_rows
from selfvec.lab.transforms import knowledge
from selfvec.text.phrases import row_of

DAYS = [f"{year}-0{month}-01" for year in (1990, 2010) for month in range(1, 6)]
SENTENCES = ("The fire at the café burned down.", "A fire near the café, a report.", "A café has a fire.")


@pytest.fixture(scope="module")
def run() -> Run:
    rows = [{"text": text, "date": day} for day in DAYS for text in SENTENCES]
    return selfvec.refine(rows, "none", "decorrelated", slice="year")


def listed(rows: Iterable[Any]) -> set[str]:
    return {row["word"] if isinstance(row, dict) else row.word for row in rows}


ASKING: dict[str, Callable[[Run, str], set[str]]] = {
    "similar": lambda run, word: listed(selfvec.similar(run, word)["rows"]),
    "drift": lambda run, word: listed(selfvec.drift(run, words=[word]).rows),
    "trajectory": lambda run, word: {run.vectors.index_to_key[run.present.index(word)]},
    "terms": lambda run, word: {run.vectors.index_to_key[row_of(run.present, word)]},
    "pairs of words": lambda run, word: {run.vectors.index_to_key[find_rows(run.vectors, [word])[0]]},
    "lexicons": lambda run, word: {
        run.vectors.index_to_key[row] for row in knowledge.rows_of(run.vectors.key_to_index, [word])
    },
    "completion": lambda _, word: {Completion(["fire", "café"], np.ones(2))(word)[0][0]},
}


@pytest.mark.parametrize("asking", ASKING.values(), ids=list(ASKING))
@pytest.mark.parametrize(
    ("word", "meant"),
    [("\ufb01re", "fire"), ("\uff26ire", "fire"), ("fi\u00adre", "fire"), ("cafe\u0301", "café")],
)
def test_a_word_is_found_however_its_characters_are_written(
    run: Run, asking: Callable[[Run, str], set[str]], word: str, meant: str
) -> None:
    assert asking(run, word) == {meant}


@pytest.mark.parametrize("asking", ["similar", "drift", "trajectory", "terms"])
def test_a_word_without_its_accents_is_suggested_with_them(run: Run, asking: str) -> None:
    with pytest.raises(NotFound, match="did you mean café"):
        ASKING[asking](run, "cafe")


def test_vectors_are_looked_up_as_written() -> None:
    """As in gensim: a table of other origin may have both."""
    table = selfvec.Vectors(["fire", "\ufb01re"], np.eye(2, dtype=np.float32))
    assert [table.get_index(word) for word in table] == [0, 1]
