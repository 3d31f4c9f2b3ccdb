"""How groups differ: one group that is planted to, and none where nothing differs."""

import re
from pathlib import Path

import numpy as np
from tests.analysis.concepts.subjects import SUBJECTS, subject_table
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.group_differences import GroupDifference, group_differences
from selfvec.base.errors import NotFound, OptionError
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run


def place_run(special: list[float], seed: int = 0) -> Run:
    """300 documents of three places; the first has these shares of the subjects, the others even ones."""
    rng, rows = np.random.default_rng(seed), []
    for i in range(300):
        place = ("north", "south", "west")[i % 3]
        shares = special if place == "north" else [0.25] * 4
        words = rng.choice(SUBJECTS[list(SUBJECTS)[rng.choice(4, p=shares)]], 12)
        row = {"id": f"d{i}", "place": place, "date": f"20{i % 20:02}-01-05"}
        rows.append(row | {"text": f"The {' '.join(words)}."})
    return selfvec.refine(rows, subject_table(), method="decorrelated", keep_fields="place")


def differences(run: Run) -> dict[str, GroupDifference]:
    parts = [
        Slice(name, np.arange(300) % 3 == number) for number, name in enumerate(("north", "south", "west"))
    ]
    return {row.name: row for row in group_differences(run, topics(run, 4), parts)}


def test_the_group_that_differs_is_named_with_the_subject_and_its_words() -> None:
    found = differences(place_run([0.7, 0.1, 0.1, 0.1]))
    (name, change), *more = found["north"].larger
    assert not more
    assert change.low < change.ratio < change.high
    assert (change.documents_last, change.share_last) == (change.documents_last, change.documents_last / 100)
    assert change.share_last > 2 * change.share_first
    words = [word for word, _ in found["north"].words]
    assert words
    assert set(words) <= set(SUBJECTS["storm"])
    assert found["north"].sentence.startswith("north (100 documents, 33 %): more of ")
    assert name.split(", ")[0] in found["north"].sentence


def test_where_groups_are_alike_hardly_any_is_said_to_differ() -> None:
    texts = [differences(place_run([0.25] * 4, seed)) for seed in range(20)]
    named = [any(row.larger or row.words for row in found.values()) for found in texts]
    assert sum(named) <= 2  # of 20, at 5 %
    quiet = texts[named.index(False)]["west"]
    assert quiet.sentence == "west (100 documents, 33 %): nothing more than the others."


def test_a_report_answers_four_questions_and_says_what_it_cannot(tmp_path: Path) -> None:
    run = place_run([0.7, 0.1, 0.1, 0.1])
    made = selfvec.report(run, tmp_path / "report.html", groups="place", words="hail")
    assert [row["group"] for row in made["groups"]] == ["north", "south", "west"]
    assert {row["kind"] for row in made["growth"]} == {"subject", "word"}
    text = re.sub(r"<[^>]*>", " ", (tmp_path / "report.html").read_text(encoding="utf-8"))
    places = [
        text.index(part)
        for part in (
            "Which subjects grow?",
            "Is that only because there are more documents?",
            "How do the groups differ?",
            "Which documents to read?",
            "What it is about",
            "What this cannot say",
        )
    ]
    assert places == sorted(places)
    first = made["read"][0]
    assert f"{first['id']} · {first['date']}" in text
    assert first["sentence"].startswith("The ")  # from the beginning of a sentence
    two = selfvec.report(run, tmp_path / "two.html", groups="place=west,north")
    assert {row["group"] for row in two["groups"]} == {"north", "west"}


def test_groups_that_cannot_be(tmp_path: Path) -> None:
    run, path = place_run([0.25] * 4), tmp_path / "report.html"
    refused(lambda: selfvec.report(run, path, groups="place=west"), OptionError, "FIELD=A,B")
    refused(lambda: selfvec.report(run, path, groups="place=west,east"), NotFound, "groups: 'east'")
    refused(lambda: selfvec.report(run, path, groups="county"), OptionError, "groups: .*fields are")
    assert not path.exists()
