"""Relevance judgements in memory, as ranx and ir-measures have them."""

import math
from typing import Any

import pandas as pd
import polars as pl
import pytest

import selfvec
from selfvec.base.errors import OptionError
from selfvec.evaluation import Judgements

GAINS = {"q1": {"a": 1, "b": 2}}
QUERIES = {"q1": "hail", "q2": "is not judged"}
ROWS = {"doc_id": ["a", "b"], "score": [1, 2]}


@pytest.mark.parametrize(
    ("judged", "queries"),
    [
        (GAINS, QUERIES),
        (pd.DataFrame({"q_id": ["q1", "q1"], **ROWS}), QUERIES),  # ranx
        (
            pl.DataFrame(
                {"query_id": ["q1", "q1"], "doc_id": ["a", "b"], "relevance": [1, 2]}
            ),  # ir-measures
            pl.DataFrame({"query_id": ["q1"], "text": ["hail"]}),
        ),
    ],
)
def test_figures_are_those_worked_out_by_hand(judged: Any, queries: Any) -> None:
    """Words find a, of gain 1, and not b, of gain 2."""
    rows = [{"id": "a", "text": "hail broke the roof"}, {"id": "b", "text": "the river rose"}]
    run = selfvec.refine(rows, "none", "decorrelated")
    task = Judgements(judged=judged, queries=queries)
    found = {row["metric"]: row["value"] for row in selfvec.evaluate(run, task).rows if row["mode"] == "bm25"}
    assert found["ndcg@10"] == pytest.approx(1 / (2 + 1 / math.log2(3)))
    assert found["recall@100"] == pytest.approx(1 / 2)
    assert found["mrr@10"] == 1


def test_documents_may_be_given_and_what_is_lacking_is_said() -> None:
    task = Judgements(judged={"q1": {"a": 1, "x": 1}}, queries=QUERIES, documents={"a": "hail fell"})
    assert task.read([]).missing == {"missing": 1, "lacking": {"ids": 1, "of": 2, "first": ["x"]}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"judged": {"q9": {"a": 1}}}, "queries: the judged query 'q9' is not there"),
        ({"judged": {"q1": {"a": 0}}}, "judged: no query has a relevant document"),
        ({"judged": 3}, "judged: is a mapping, or a data frame with a column q_id"),
        ({"documents": None}, "documents: are needed where no run is measured"),
    ],
)
def test_wrong_judgements_are_named(given: dict[str, Any], said: str) -> None:
    task = Judgements(**{"judged": GAINS, "queries": QUERIES, "documents": {"a": "hail"}, **given})
    with pytest.raises(OptionError, match=f"^{said}"):
        task.read([])
