"""Topics that are merged, and names of one's own that a run keeps."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.concepts.subjects import subject_table
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts import topics
from selfvec.analysis.concepts.subjects import few_subjects, merged
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run


@pytest.fixture
def folder(subject_run: Run, tmp_path: Path) -> Path:
    selfvec.save_run(subject_run, tmp_path / "run")
    return tmp_path / "run"


def edited(folder: Path, names: list[str]) -> Path:
    """The table of four topics, with other names."""
    table = folder.parent / "topics.csv"
    ran(["text", "topics", folder, "--number", "4", "--report", table, "--overwrite"])
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "name": name} for row, name in zip(rows, names, strict=True))
    return table


def test_merged_topics_hold_the_documents_words_and_terms_of_their_parts(subject_run: Run) -> None:
    whole = topics(subject_run, 4)
    two = merged(whole, [0, 1, 0, 0])
    assert sorted(topic.documents for topic in two) == sorted(
        [whole[1].documents, sum(whole[i].documents for i in (0, 2, 3))]
    )
    assert sum(topic.share for topic in two) == pytest.approx(1)
    assert len(two[0].finer) == 3
    assert two[1] == whole[1]
    place = np.array([0, 1, 0, 0])
    assert two.of_documents.tolist() == place[whole.of_documents].tolist()
    first = [topic.terms[0] for topic in whole]
    assert {first[i] for i in (0, 2, 3)} == set(two[0].terms[:3])


def test_few_subjects_are_no_more_than_asked_and_none_is_small(subject_run: Run) -> None:
    few = few_subjects(topics(subject_run, 12), 4)
    assert len(few) == 4
    assert all(topic.share >= 0.01 and topic.documents >= 10 for topic in few)
    assert few_subjects(topics(subject_run, 4), 4).topics == topics(subject_run, 4).topics


def test_a_run_keeps_names_and_merges_through_an_update(folder: Path) -> None:
    table = edited(folder, ["Weather", "Home", "Money", "Home"])
    named = topics(open_run(folder), 4, names=table)
    assert sorted(topic.name for topic in named) == ["Home", "Money", "Weather"]
    (home,) = [topic for topic in named if topic.name == "Home"]
    assert (len(home.finer), home.named) == (2, True)
    assert topics(open_run(folder), 4).rows == named.rows
    again = edited(folder, [{"Home": "House"}.get(topic.name, topic.name) for topic in named])
    named = topics(open_run(folder), 4, names=again)  # the table of merged topics
    assert sorted(topic.name for topic in named) == ["House", "Money", "Weather"]
    more = ["The hail and the wind near the roof and the tornado."] * 3
    selfvec.update(folder, more, output=folder, vectors=subject_table())
    assert [topic.name for topic in topics(open_run(folder), 4)] == [topic.name for topic in named]
    selfvec.update(folder, more, output=folder.parent / "other", vectors=subject_table())
    assert "Weather" in names_of(topics(open_run(folder.parent / "other"), 4))
    assert len(topics(open_run(folder), 4, names="none")) == 4
    assert "Weather" not in names_of(topics(open_run(folder), 4))


def names_of(whole: Topics) -> list[str]:
    return [topic.name for topic in whole]


def test_a_persons_topics_are_not_merged_by_a_report(folder: Path) -> None:
    found = topics(open_run(folder), 4)
    table = edited(folder, ["Weather", *names_of(found)[1:]])
    named = topics(open_run(folder), 4, names=table)
    assert [topic.named for topic in named].count(True) == 1  # the others are called as they were found
    assert "Weather" in names_of(few_subjects(named, 2))


def test_names_that_cannot_be_given(folder: Path, tmp_path: Path) -> None:
    run = open_run(folder)
    for content, rule in (
        ("name\nhail\n", "columns name and terms"),
        ("name,terms\nPhysics,quark\n", "no topic of this run"),
    ):
        (tmp_path / "names.csv").write_text(content)
        refused(lambda: topics(run, 4, names=tmp_path / "names.csv"), InputError, rule)
    assert not (folder / "topics.csv").exists()
