"""Topics that are merged, and names of one's own that a run keeps."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.concepts.subjects import subject_table
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.subjects import joined
from selfvec.analysis.concepts.topic_clusters import subjects_of
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.apps.mcp.tools import Tools
from selfvec.base.errors import InputError
from selfvec.data.run import Run, TopicName
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import save_topic_names


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
    two = joined(whole, [0, 1, 0, 0])
    assert sorted(topic.documents for topic in two.topics) == sorted(
        [whole.topics[1].documents, sum(whole.topics[i].documents for i in (0, 2, 3))]
    )
    assert sum(topic.share for topic in two.topics) == pytest.approx(1)
    assert len(two.topics[0].finer) == 3
    assert [row for row in two.topics if not row.finer] == [whole.topics[1]]
    place = np.array([0, 1, 0, 0])
    assert two.of_documents.tolist() == place[whole.of_documents].tolist()
    first = [topic.terms[0] for topic in whole.topics]
    assert {first[i] for i in (0, 2, 3)} == set(two.topics[0].terms[:3])


def test_subjects_are_ten_of_near_topics_and_none_is_too_large() -> None:
    """Ten directions with two topics each, of which the first two are a fifth of the documents together."""
    rng = np.random.default_rng(0)
    centres = (np.repeat(np.eye(10, 40), 2, axis=0) + rng.normal(0, 0.01, (20, 40))).astype(np.float32)
    sizes = np.array([100, 90] + [60, 60] * 7 + [20, 20] * 2)
    of = subjects_of(centres, sizes)
    assert of[0] != of[1]
    assert all(of[i] == of[i + 1] for i in range(2, 20, 2))
    assert len(set(of.tolist())) == 10  # so that two others are joined
    assert np.bincount(of, sizes).max() <= 0.15 * sizes.sum()
    assert subjects_of(centres[:10], sizes[:10]).tolist() == [*range(10)]  # as few as subjects are


def test_each_topic_is_part_of_a_subject(subject_run: Run) -> None:
    whole = topics(subject_run, 24)
    assert whole.subjects is not None
    assert len(whole.subjects) <= 24
    of = np.array([topic.subject for topic in whole.topics])
    assert whole.subjects.of_documents.tolist() == of[whole.of_documents].tolist()
    for number, subject in enumerate(whole.subjects.topics):
        own = [topic for topic in whole.topics if topic.subject == number]
        assert subject.documents == sum(topic.documents for topic in own)
        assert len(own) == 1 or sorted(subject.finer) == sorted(topic.name for topic in own)
    few = topics(subject_run, 4)
    assert few.subjects is not None
    assert names_of(few.subjects) == names_of(few)
    assert [row["subject"] for row in few.rows] == [0, 1, 2, 3]


def test_a_run_keeps_names_and_merges_through_an_update(folder: Path) -> None:
    table = edited(folder, ["Weather", "Home", "Money", "Home"])
    named = topics(open_run(folder), 4, names=table)
    assert sorted(topic.name for topic in named.topics) == ["Home", "Money", "Weather"]
    (home,) = [topic for topic in named.topics if topic.name == "Home"]
    assert (len(home.finer), home.named) == (2, True)
    assert topics(open_run(folder), 4).rows == named.rows
    again = edited(folder, [{"Home": "House"}.get(topic.name, topic.name) for topic in named.topics])
    named = topics(open_run(folder), 4, names=again)  # the table of merged topics
    assert sorted(topic.name for topic in named.topics) == ["House", "Money", "Weather"]
    more = ["The hail and the wind near the roof and the tornado."] * 3
    selfvec.update(folder, more, output=folder, vectors=subject_table())
    assert [topic.name for topic in topics(open_run(folder), 4).topics] == [
        topic.name for topic in named.topics
    ]
    selfvec.update(folder, more, output=folder.parent / "other", vectors=subject_table())
    assert "Weather" in names_of(topics(open_run(folder.parent / "other"), 4))
    assert len(topics(open_run(folder), 4, names="none")) == 4
    assert "Weather" not in names_of(topics(open_run(folder), 4))


def test_names_are_a_state_of_the_run_that_leaves_what_was_derived_from_it(folder: Path) -> None:
    table = edited(folder, ["Weather", "Home", "Money", "Home"])
    run = selfvec.open(folder)
    kept = {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*")}
    named = names_of(run.topics(4, names=table))
    assert selfvec.verify(folder).rows == []
    now = {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*")}
    assert kept.items() <= now.items()
    other = selfvec.open(folder)
    assert other.present.stamp == run.present.stamp
    selfvec.undo(folder)  # the state before has no names; each open run takes the names of now
    assert "Weather" not in names_of(topics(open_run(folder), 4))
    assert "Weather" not in names_of(other.topics(4))
    selfvec.undo(folder)
    assert names_of(run.topics(4)) == named
    told = run.topics(4, names="none").messages
    assert told == ["The run keeps no names of topics, for its report and page, too."]
    for undone in (True, False, True):
        assert selfvec.undo(folder)["undone"] == undone
    run.add([{"id": "new", "text": "The hail and the wind near the roof."}])
    assert "Weather" in names_of(run.topics(4))
    assert "Weather" in names_of(topics(open_run(folder), 4))


def test_erased_words_leave_the_terms_of_names(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "hail broke the roof"}, {"id": "b", "text": "hail and a secret"}]
    run = selfvec.refine(rows, "none", "decorrelated", output=tmp_path / "run")
    save_topic_names(run, [TopicName("Mine", ("hail", "secret")), TopicName("Lost", ("secret",))])
    run.delete("b", erase=True)
    assert open_run(tmp_path / "run").topic_names == [TopicName("Mine", ("hail",))]
    assert not any(b"secret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def names_of(whole: Topics) -> list[str]:
    return [topic.name for topic in whole.topics]


def test_a_report_and_the_assistant_have_the_names(folder: Path) -> None:
    found = topics(open_run(folder))
    rows = [TopicName("My subject", tuple(term for term, _ in found.topics[0].terms))]
    save_topic_names(open_run(folder), rows)
    selfvec.report(folder, folder.parent / "report.html")
    assert "My subject" in (folder.parent / "report.html").read_text(encoding="utf-8")
    assert "My subject" in [row["name"] for row in Tools(open_run(folder)).topics()["rows"]]


def test_a_persons_name_stands_beside_those_that_were_found(folder: Path) -> None:
    found = topics(open_run(folder), 4)
    named = topics(open_run(folder), 4, names=edited(folder, ["Weather", *names_of(found)[1:]]))
    assert [topic.named for topic in named.topics] == [True, False, False, False]
    assert named.subjects is not None
    assert "Weather" in names_of(named.subjects)


def test_names_that_cannot_be_given(folder: Path, tmp_path: Path) -> None:
    run = open_run(folder)
    for content, rule in (
        ("name\nhail\n", "columns name and terms"),
        ("name,terms\nPhysics,quark\n", "no topic of this run"),
    ):
        (tmp_path / "names.csv").write_text(content)
        refused(lambda: topics(run, 4, names=tmp_path / "names.csv"), InputError, rule)
    assert not (folder / "topics.csv").exists()
