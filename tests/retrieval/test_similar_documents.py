"""`similar_documents`: what is near by meaning, without copies, and the questions that have no answer."""

from functools import partial

import numpy as np
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.data.run import Run
from selfvec.retrieval import Index

HAIL = "hail broke the windows of the barn"
COPY = "Hail broke  the windows\nof the BARN"


@pytest.fixture(scope="module")
def small_run() -> Run:
    """Two subjects. Document 1 is document 0 in other case and space, document 2 has no known word."""
    storms = [
        f"{a} {b} the {c}"
        for a in ("hail", "wind", "snow")
        for b in ("broke", "hit")
        for c in ("roof", "barn")
    ]
    bills = [
        f"{a} was {b} by the {c}"
        for a in ("invoice", "bill")
        for b in ("paid", "sent")
        for c in ("bank", "clerk")
    ]
    texts = [HAIL, COPY, "?!", *storms * 2, *bills * 2]
    return selfvec.Refiner(method="decorrelated", oov="zero").fit(texts).run_


def test_scores_are_the_cosines_of_the_documents(index: Index) -> None:
    found = index.near_document("r7", top=200)
    units = index.documents.dense.at(np.arange(len(index)))
    cosines = units @ (units[7] / np.linalg.norm(units[7]))
    short = [hit for hit in found.hits if int(hit.id[1:]) % 20]  # a long one is half its best passage
    assert [hit.score for hit in short] == pytest.approx(
        [cosines[int(hit.id[1:])] for hit in short], abs=1e-3
    )
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert len(found) == 199
    assert "r7" not in {hit.id for hit in found.hits}
    assert (found.query, found.mode, found.documents, found.alike) == ("r7", "dense", 200, [])
    assert {"id", "score", "date", "title", "snippet", "fields"} <= set(found.rows[0])


def test_a_copy_is_named_and_not_listed(small_run: Run) -> None:
    found = selfvec.similar_documents(small_run, "0", top=5)
    assert found.alike == ["1"]
    assert all("barn" in hit.text or "roof" in hit.text for hit in found.hits)
    assert not {"0", "1"} & {hit.id for hit in selfvec.similar_documents(small_run, "0", top=1000).hits}
    assert selfvec.similar_documents(small_run, "1").alike == ["0"]


def test_marks_are_words_that_tell_about_the_document(index: Index) -> None:
    assert len(index.near_document("r20").asked) == 16  # of a long document
    found = index.near_document("r77")
    assert "77" in index.text("r77")
    assert "77" not in found.asked  # the number of the report, which no other document has
    assert {mark.query for hit in found.hits for mark in hit.marks} <= set(found.asked)
    assert any(hit.marks for hit in found.hits)


def test_filters_limit_what_is_found(index: Index) -> None:
    found = index.near_document("r7", filters=["state=IOWA", "date=1990..1994"], top=200)
    assert len(found) > 0
    assert {hit.fields["state"] for hit in found.hits} == {"IOWA"}
    every = {hit.id: hit.score for hit in index.near_document("r7", top=200).hits}
    assert all(every[hit.id] == hit.score for hit in found.hits)


def test_an_unknown_id_suggests_ids(index: Index) -> None:
    refused(
        lambda: index.near_document("R17x"),
        NotFound,
        "the document 'R17x' does not occur in this run; did you mean r17",
    )
    refused(lambda: index.near_document("zzz"), NotFound, "check the id")


def test_a_document_without_known_words_is_near_none(small_run: Run) -> None:
    refused(
        lambda: selfvec.similar_documents(small_run, "2"),
        InputError,
        r"no word of the document '2' has a vector.*search for some",
    )


def test_a_vector_is_a_question(storm_run: Run) -> None:
    vector, search = storm_run.vectors["hail"], partial(selfvec.search, storm_run)
    found, other = search([vector, 3 * vector], top=5, filter="state=IOWA", mode="dense")
    assert found.mode == "dense"
    assert [hit.id for hit in found.hits] == [hit.id for hit in other.hits]
    assert {hit.fields["state"] for hit in found.hits} == {"IOWA"}
    assert all("hail" in hit.text.lower() for hit in found.hits)
    for wrong in (np.ones(3), np.full(256, np.nan), vector[None]):
        refused(partial(search, wrong), OptionError, "a vector of 256 finite numbers")
    refused(partial(search, vector, mode="bm25"), OptionError, "a vector has no words")
