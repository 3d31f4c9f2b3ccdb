"""Topics that are merged, and names of one's own that a run keeps."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.concepts.subjects import subject_table
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.corpus_topics import few_with_growth, topics
from selfvec.analysis.concepts.subjects import few_subjects, merged
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.apps.functions.live import undo
from selfvec.apps.mcp.tools import Tools
from selfvec.base.errors import InputError, TargetError
from selfvec.data.run import Run, TopicName
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import RunWriter, save_topic_names


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
    assert sorted(topic.documents for topic in two.topics) == sorted(
        [whole.topics[1].documents, sum(whole.topics[i].documents for i in (0, 2, 3))]
    )
    assert sum(topic.share for topic in two.topics) == pytest.approx(1)
    assert len(two.topics[0].finer) == 3
    assert two.topics[1] == whole.topics[1]
    place = np.array([0, 1, 0, 0])
    assert two.of_documents.tolist() == place[whole.of_documents].tolist()
    first = [topic.terms[0] for topic in whole.topics]
    assert {first[i] for i in (0, 2, 3)} == set(two.topics[0].terms[:3])


def test_few_subjects_are_no_more_than_asked_and_none_is_small(subject_run: Run) -> None:
    few = few_subjects(topics(subject_run, 12), 4)
    assert len(few) == 4
    assert all(topic.share >= 0.01 and topic.documents >= 10 for topic in few.topics)
    assert few_subjects(topics(subject_run, 4), 4).topics == topics(subject_run, 4).topics


def test_what_is_not_similar_is_not_named_as_one_subject(subject_run: Run) -> None:
    found = topics(subject_run, 4)  # four subjects without a word in common
    few = few_subjects(found, 3)
    (others,) = [topic for topic in few.topics if topic.others]
    assert (others.name, len(few)) == ("other subjects", 3)
    assert not others.named  # by a person, whose names stay
    assert others.documents == sum(sorted(topic.documents for topic in found.topics)[:2])
    kept = [topic.name for topic in few.topics if not topic.others]
    assert sorted([*kept, *others.finer]) == sorted(topic.name for topic in found.topics)
    assert few.subjects == [name.split(", ")[0] for name in kept]


@pytest.mark.parametrize(("number", "documents", "most"), [(24, 480, 12), (12, 96, 4)])
def test_other_subjects_are_no_larger_part_of_a_report_than_a_fifth(
    number: int, documents: int, most: int
) -> None:
    """Many subjects of 20 documents, or a dozen of 8, which are too few to be told by themselves."""
    draw = np.random.default_rng(5)
    words = ["".join(draw.choice([*"abcdefghijklmnopqrstuvwxyz"], 7)) for _ in range(number * 6)]
    texts = [" ".join(draw.choice(words[i % number :: number], 8)) for i in range(documents)]
    many = topics(selfvec.refine(texts, vectors="none", method="decorrelated"), number)
    assert sum(topic.share for topic in few_subjects(many).topics if topic.others) > 0.2
    assert many.run is not None
    few = few_with_growth(many.run, many, None)
    assert len(few) <= most
    assert sum(topic.share for topic in few.topics if topic.others) <= 0.2


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
    assert {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*")} == kept
    other = selfvec.open(folder)
    assert other.present.stamp == run.present.stamp
    undo(folder)  # the state before has no names; each open run takes the names of now
    assert "Weather" not in names_of(topics(open_run(folder), 4))
    assert "Weather" not in names_of(other.topics(4))
    undo(folder)
    assert names_of(run.topics(4)) == named
    told = run.topics(4, names="none").messages
    assert told == ["The run keeps no names of topics, for its report and page, too."]
    for undone in (True, False, True):
        assert undo(folder)["undone"] == undone
    run.add([{"id": "new", "text": "The hail and the wind near the roof."}])
    assert "Weather" in names_of(run.topics(4))
    assert "Weather" in names_of(topics(open_run(folder), 4))


def test_names_wait_for_another_writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.files.file_system.WAIT", 0.0)
    with RunWriter(folder, overwrite=True):
        refused(lambda: topics(folder, 4, names="none"), TargetError, "another process is writing")


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


def test_a_persons_topics_are_not_merged_by_a_report(folder: Path) -> None:
    found = topics(open_run(folder), 4)
    table = edited(folder, ["Weather", *names_of(found)[1:]])
    named = topics(open_run(folder), 4, names=table)
    assert [topic.named for topic in named.topics].count(
        True
    ) == 1  # the others are called as they were found
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
