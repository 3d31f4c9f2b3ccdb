"""`drift` and `trajectory` between values of a field that a finished run has kept."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.json_lines import write_lines
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

FEW = {"permutations": 30}
TOPICS = {"court": "judge law trial jury verdict lawyer", "kitchen": "oven bread flour butter salt sugar"}


def rows() -> list[dict[str, str]]:
    """*cell* is in the court's documents of kind Appeal, and in the kitchen's of kind Incident.

    Six documents are of kind Other, six have none. The field "Desk" has the same values for other documents.
    """
    rng = np.random.default_rng(0)
    out = []
    for i in range(252):
        kind = "Other" if i < 6 else None if i < 12 else ("Incident", "Appeal")[i % 2]
        topic = tuple(TOPICS)[(i // 2) % 2]
        words = rng.choice(TOPICS[topic].split(), 12).tolist()
        if topic == ("court" if kind == "Appeal" else "kitchen"):
            words.insert(6, "cell")
        desk = ("Appeal", "Incident")[(i // 3) % 2]
        row = {"id": f"d{i}", "text": " ".join(words) + " .", "date": f"20{i % 10:02}-01-01"}
        out.append(row | {"Desk": desk, "Single": "yes"} | ({"Kind": kind} if kind else {}))
    return out


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    write_lines(own / "rows.jsonl", rows())
    return own


def refined(folder: Path, **options: object) -> Run:
    return selfvec.refine(folder / "rows.jsonl", method="decorrelated", **options)


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    made = refined(folder)
    made.save(folder / "run")
    return selfvec.open_run(folder / "run")


def figures(found: Sequence[dict]) -> list[tuple]:
    return [(row["word"], row["distance"], row["p"], row["count_a"], row["documents_b"]) for row in found]


def test_it_is_what_a_run_refined_with_this_field_finds(run: Run, folder: Path) -> None:
    sliced = refined(folder, slice_field="Kind")
    asked = ["Appeal", "Incident"]
    there = selfvec.drift(sliced, asked, **FEW)
    found = selfvec.drift(run, ["appeal", "INCIDENT"], slice_field="kind", **FEW)  # in any case
    assert (found.a, found.b) == ("Appeal", "Incident")
    assert figures(found.rows) == figures(there.rows)
    assert found.rows[0]["word"] == "cell"


def test_by_default_the_two_values_with_the_most_text_are_compared(run: Run) -> None:
    found = run.drift(slice_field="Kind", **FEW)
    assert (found.a, found.b) == ("Incident", "Appeal")  # in the order of the text, in which Other is first
    kinds = [row.get("Kind") for row in rows()]
    numbers = [int(part.documents.sum()) for part in found.slices]
    assert numbers == [kinds.count(found.a), kinds.count(found.b)]


def test_another_field_with_the_same_values_is_another_result(run: Run, monkeypatch) -> None:
    asked = ["Appeal", "Incident"]
    kind = run.drift(asked, slice_field="Kind", **FEW)
    desk = run.drift(asked, slice_field="Desk", **FEW)
    assert figures(kind.rows) != figures(desk.rows)
    monkeypatch.setattr(
        "selfvec.analysis.word_drift.drift.measure_words", lambda *_, **__: pytest.fail("was computed again")
    )
    assert figures(run.drift(asked, slice_field="Kind", **FEW).rows) == figures(kind.rows)
    assert figures(run.drift(asked, slice_field="Desk", **FEW).rows) == figures(desk.rows)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"slice_field": "Kinds"}, NotFound, r"no field 'Kinds'; .* are id, .*Kind.*; did you mean Kind"),
        ({"slice_field": "Kind", "between": ["Apeal", "Other"]}, NotFound, "'Incident'.*mean Appeal"),
        ({"slice_field": "Kind", "between": ["original", "refined"]}, NotFound, "'original' is not a value"),
        ({"slice_field": "Kind", "between": ["Other"]}, OptionError, "two slices are compared, not 1"),
        ({"slice_field": "Kind", "between": "year"}, OptionError, "or periods such as year; leave one"),
        ({"slice_field": "Kind", "slice": "year"}, OptionError, "or periods such as year; leave one"),
        ({"slice_field": "Single"}, InputError, "has only the value 'yes'; name another"),
    ],
)
def test_what_cannot_be_compared_is_said(run: Run, given: dict, kind: type, said: str) -> None:
    refused(lambda: selfvec.drift(run, **given), kind, said)


def test_a_field_of_too_many_values_is_refused(run: Run, monkeypatch) -> None:
    monkeypatch.setattr("selfvec.corpus.slices.MOST_VALUES", 2)
    refused(
        lambda: run.drift(slice_field="Kind"), OptionError, "'Kind' has 3 values, more than the limit of 2"
    )


def test_a_word_is_followed_through_the_values_of_a_field(run: Run) -> None:
    found = selfvec.trajectory(run, "cell", slice_field="kind").rows
    assert [row["slice"] for row in found] == ["Other", "Incident", "Appeal"]
    kinds = [row.get("Kind") for row in rows() if "cell" in row["text"]]
    assert [row["documents"] for row in found] == [kinds.count(row["slice"]) for row in found]
    refused(lambda: selfvec.trajectory(run, "cell", slice_field="Kin"), NotFound, "no field 'Kin'")


def test_a_slice_may_be_given_itself(run: Run) -> None:
    part = Slice("Appeal", np.zeros(252, bool))
    assert selfvec.drift(run, [part, "Incident"], slice_field="Kind", **FEW).a == "Appeal"
