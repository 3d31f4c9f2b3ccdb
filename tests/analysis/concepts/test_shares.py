"""Subjects that grow, and groups that differ: planted changes of share and of size, and of nothing."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng
from tests.analysis.concepts.subjects import SUBJECTS, subject_table
from tests.commands import ran
from tests.examples import soaked
from tests.html_pages import Html
from tests.refusals import refused

import selfvec
from selfvec.analysis.comparison.chosen_slices import asked_slices
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.concepts.corpus_topics import with_groups
from selfvec.analysis.concepts.shares import (
    Grown,
    group_differences,
    growth_findings,
    percent,
    q_beside_others,
    share_changes,
    told_of_growth,
)
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.base.arrays import Mask
from selfvec.base.errors import NotFound, OptionError
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.statistics import LEVEL, NORMAL, StratifiedRatios, ratios_of_shares


def sides_of(early: Mask, **columns: Any) -> Comparison:
    """Documents before and after, with other columns of their comparison."""
    days = np.where(early, np.datetime64("2001-03-01"), np.datetime64("2004-05-01"))
    batch = selfvec.TokenBatch(np.zeros(len(early), np.int32), np.arange(len(early) + 1), ["a"], days)
    return replace(Comparison.of(batch, [Slice("2001", early), Slice("2004", ~early)]), **columns)


def first(number: int, of: int) -> Mask:
    return np.arange(of) < number


# ---- The law: what was planted is named, and of what was not, something in at most one of twenty texts

KINDS = [
    0.6,
    0.3,
    0.1,
]  # shares of kinds of documents in the first part, and the other way round in the second


def picked(draw: np.random.Generator, shares: Any) -> Any:
    """The number of one of several in each row, by their shares."""
    ends = (shares / shares.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return (draw.random((len(shares), 1)) > ends[:, :-1]).sum(axis=1)


def drawn(
    draw: np.random.Generator, sizes: tuple[int, int], before: Any, after: Any, kinds: bool, largest: int
) -> tuple[Comparison, list[Mask]]:
    """Units of documents that have one subject each, whose shares are drawn and changed by factors."""
    early = first(sizes[0], sum(sizes))[:, None]
    kind = picked(draw, np.where(early, KINDS, KINDS[::-1])) if kinds else np.zeros(len(early), int)
    shares = draw.dirichlet(np.full(len(before), 9.0), len(KINDS))[kind]
    subject = picked(draw, shares * np.where(early, before, after))
    unit = np.repeat(np.arange(len(early)), draw.integers(1, largest + 1, len(early)))
    strata = {"fields": ["kind"], "strata": kind[unit]} if kinds else {}
    return sides_of(early[unit, 0], unit=unit, **strata), [subject[unit] == i for i in range(len(before))]


SAME, LAST_NEW = [1] * 8, [1] * 7 + [0]
PLANTED: dict[str, tuple[tuple[int, int], list[int], list[int], bool, int, float]] = {
    "nothing": ((200, 500), SAME, SAME, False, 1, 0.05),
    "two": ((200, 500), [1, 1], [1, 1], False, 1, 0.05),
    "one": ((3_000, 3_000), SAME, [2] + [1] * 7, False, 1, 0.05),
    "three": ((3_000, 3_000), SAME, [2] * 3 + [1] * 5, False, 1, 0.05),
    "long": ((20_000, 20_000), SAME, [2] * 3 + [1] * 5, False, 1, 0.08),
    "new": ((300, 300), LAST_NEW, SAME, False, 1, 0.05),
    "kinds": ((300, 300), SAME, SAME, True, 1, 0.05),
    "units": ((40, 60), SAME, SAME, False, 20, 0.05),
    "units of kinds": ((100, 120), SAME, SAME, True, 9, 0.05),
}


@pytest.mark.parametrize("name", soaked(PLANTED, "nothing", "three", "new", "kinds"))
def test_what_was_planted_is_named_and_others_in_at_most_one_of_twenty_texts(name: str) -> None:
    *planted, most = PLANTED[name]
    draw, named = default_rng(0), []
    for _ in range(60 if name == "long" else 200):
        sides, subjects = drawn(draw, *planted)
        named.append([change.like_for_like.moved for change in share_changes(subjects, sides)])
    changed = np.not_equal(*planted[1:3])
    assert np.all(np.mean(named, axis=0)[changed] > 0.9)
    assert np.mean(np.any(np.array(named)[:, ~changed], axis=1)) <= most
    if name == "two":  # both moved or none
        assert all(one == other for one, other in named)


def test_where_many_shrink_those_that_stayed_are_what_they_are_compared_with() -> None:
    """They would have grown beside the others. Left out as well, only those that shrank would be left."""
    low, high = np.array([[0.19, 0.29], [0.75, 1.1], [0.02, 0.19], [10.5, 22], [0.04, 0.33]]).T
    tested = StratifiedRatios(low, low, low, high, np.array([0, 0.32, 0, 0, 0]))
    assert (q_beside_others(tested) <= LEVEL).tolist() == [True, False, True, True, True]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_of_subjects_without_documents_none_moved(number: int) -> None:
    subjects = [np.full(60, i == 0) for i in range(number)]
    assert not any(change.moved for change in share_changes(subjects, sides_of(first(20, 60))))


def test_a_subject_that_grows_with_a_kind_of_document_does_not_grow_by_itself() -> None:
    kind = np.array([0] * 80 + [1] * 20 + [0] * 20 + [1] * 80)
    subject = kind.astype(bool)  # only ever in kind 1: four times the share, 1.0 times within
    subject[[80, 120]] = False
    sides = sides_of(first(100, 200), fields=["kind"], strata=kind)
    (change,) = share_changes([subject], sides, shares_add_up=False)
    assert (change.ratio, change.moved, change.equal.moved) == (pytest.approx(79 / 19), True, False)
    # Weights are 80 · 20 / 100 = 16 for either kind, so shares are means of those of the kinds.
    assert change.equal.share_first == pytest.approx((0 + 19 / 20) / 2)
    assert change.equal.share_last == pytest.approx((0 + 79 / 80) / 2)
    assert {finding.kind: finding.says for finding in growth_findings([Grown("Valves", change)])} == {
        "mix": "In all documents, whose mix changed: Valves 19% → 79%, 4.2 times (1.0 times with the mix "
        "equal).",
        "none": "No subject has a larger or smaller share of the documents beyond chance from 2001 to 2004, "
        "with the same mix of kind.",
    }


def test_a_subject_that_is_new_has_no_ratio_but_a_lower_bound() -> None:
    (change,) = share_changes([~first(80, 100)], sides_of(first(60, 100)))
    assert (change.ratio, change.documents_first, change.documents_last) == (None, 0, 20)
    assert 1 < change.low < change.high
    (said,) = growth_findings([Grown("Valves", replace(change, moved=True))])
    expected = "More about Valves: 50% of the documents of 2004, 0% of those of 2001: new (at least "
    assert said.says.startswith(expected)
    assert (said.effect, said.low) == (None, change.low)
    assert growth_findings([]) == []


def test_of_many_subjects_that_moved_the_surest_are_said_and_the_others_counted() -> None:
    (change,) = share_changes([first(8, 60) | ~first(44, 60)], sides_of(first(40, 60)), shares_add_up=False)
    changes = [replace(change, low=1 + i / 10) for i in range(1, 9)]
    found = growth_findings([Grown(f"Subject {i}", each) for i, each in enumerate(changes, 1)])
    assert [finding.low for finding in found] == [1 + i / 10 for i in range(8, 0, -1)]
    *said, last = told_of_growth(found)
    assert [each.split(":")[0] for each in said] == [f"More about Subject {i}" for i in range(8, 2, -1)]
    assert last == "2 other subjects moved, as the table shows."


# ---- Documents that are one observation


def test_p_and_interval_of_units_by_hand() -> None:
    """Two units of five documents on each side, all or none of the subject: 1 of 2, then 2 of 2."""
    sides = sides_of(first(10, 20), unit=np.repeat(np.arange(4), 5))
    (change,) = share_changes([np.repeat([True, False, True, True], 5)], sides, shares_add_up=False)
    # 3 of 4 documents have it; what a unit has beyond that, / 10, with a minus on the first side:
    parts = np.array([-5 * 0.25, 5 * 0.75, 5 * 0.25, 5 * 0.25]) / 10
    error = np.sqrt((parts**2).sum() * 4 / 3)
    t = parts.sum() / error
    assert parts.sum() == pytest.approx(0.5)  # the difference of the shares
    assert change.p == pytest.approx(2 * (0.5 - np.arctan(t) / np.pi))  # Student's t with a degree of freedom
    of_documents = np.sqrt((np.array([0.25, 0.75, 0.25, 0.25]) ** 2 / 100) @ [5, 5, 5, 5])
    (_,), (low,), (high,) = ratios_of_shares(np.array([5]), 10, np.array([10]), 10)
    wider = error / of_documents * 12.706 / NORMAL
    assert np.log(change.high / change.low) == pytest.approx(np.log(high / low) * wider, rel=1e-3)


def test_units_make_all_less_sure_and_change_no_share() -> None:
    sides, subjects = drawn(default_rng(1), (40, 60), SAME, SAME, True, 20)
    alone = share_changes(subjects, replace(sides, unit=np.arange(len(sides.unit))))
    for one, other in zip(share_changes(subjects, sides), alone, strict=True):
        for mine, each in ((one, other), (one.equal, other.equal)):
            assert (mine.share_first, mine.share_last) == (each.share_first, each.share_last)
            assert mine.low < each.low < each.high < mine.high


# ---- In texts


EVEN = [0.25] * 4


def text_of(shares: Sequence[Sequence[float]], sizes: Sequence[int], **fields: Sequence[str]) -> Run:
    """Documents of parts with these shares of the subjects; a field has a value for each part."""
    rng, rows = default_rng(0), []
    for part, size in enumerate(sizes):
        for i in range(size):
            words = rng.choice(SUBJECTS[list(SUBJECTS)[rng.choice(4, p=shares[part])]], 12)
            day = np.datetime64(f"{2001 + part}-01-01") + 365 * i // size
            row = {"id": f"{part}-{i}", "date": str(day), "text": f"The {' '.join(words)}."}
            rows.append({**row, **{name: values[part] for name, values in fields.items()}})
    return selfvec.refine(rows, subject_table(), method="decorrelated", keep_fields=",".join(fields) or None)


def grown(run: Run, between: Sequence[str] = ("2001", "2002")) -> Topics:
    """Topics whose subjects are compared in two parts."""
    whole = replace(selfvec.topics(run, 4), events=())
    return with_groups(run.present, whole, (), asked_slices(run.present, between))


@pytest.fixture(scope="module")
def doubled() -> Run:
    """The share of storms doubles, and the others have a quarter less."""
    return text_of([[0.2, 0.8 / 3, 0.8 / 3, 0.8 / 3], [0.4, 0.2, 0.2, 0.2]], (700, 700))


def test_a_subject_whose_share_doubles_is_named_and_no_other(doubled: Run) -> None:
    result = grown(doubled)
    (storm,) = [topic for topic in result.topics if topic.growth and topic.growth.moved]
    assert result.topics[0] == storm
    assert storm.terms[0][0] in SUBJECTS["storm"]
    assert storm.growth.low < 2 < storm.growth.high
    assert storm.growth.q < 0.001
    grew, size = result.findings()
    name, *others = [topic.name.split(", ")[0] for topic in result.topics]
    shares = r"\d+% of the documents of 2002, \d+% of those of 2001: "
    assert re.fullmatch(
        rf"More about {name}: {shares}[\d.]+ times the share \([\d.]+ to [\d.]+\)\.", grew.says
    )
    assert not any(other in grew.says for other in others)
    figures = (grew.kind, grew.effect, grew.low, grew.q)
    assert figures == ("subject", storm.growth.ratio, storm.growth.low, storm.growth.q)
    assert set(grew.words) <= set(SUBJECTS["storm"])
    assert size.says.startswith("The text itself stayed about as large: 700 → 700")


def test_words_and_topics_are_compared_between_the_same_two_parts(doubled: Run) -> None:
    found = selfvec.topics(doubled, 4, by="month")  # whatever the groups are
    change = selfvec.drift(doubled)
    assert {(topic.growth.first, topic.growth.last) for topic in found.topics} == {(change.a, change.b)}
    assert (change.a, change.b) == ("2001", "2002")


def test_where_only_the_documents_are_more_no_subject_is_named(tmp_path: Path) -> None:
    run = text_of([EVEN, EVEN], (100, 400))
    result = grown(run)
    assert {finding.kind: finding.says for finding in result.findings()} == {
        "none": "No topic has a larger or smaller share of the documents beyond chance from 2001 to 2002.",
        "size": "The text itself grew to 4.0 times the size: 100 → 400 documents a year. "
        "Shares of the documents do not change by that.",
    }
    assert result.sentences == [finding.says for finding in result.findings()]
    lacking = replace(result, of_documents=np.where(np.arange(500) < 125, -1, result.of_documents))
    some = lacking.among(np.ones(500, bool))  # shares are of all, also of those without a topic
    assert sum(topic.share for topic in some.topics) == pytest.approx(0.75)
    assert some.without[0].startswith("125 documents have no topic: ")
    selfvec.save_run(run, tmp_path / "run")
    given = ["text", "topics", tmp_path / "run", "--number", "4"]
    shown = ran([*given, "--by", "year", "--json"]).json
    assert {"ratio", "low", "high", "q", "first", "last"} <= set(shown["rows"][0]["growth"])
    growth = shown["groups"]["growth"]
    assert growth["documents_first"] + growth["documents_last"] == 500
    assert {row["kind"]: row["effect"] for row in shown["findings"]} == {
        "size": growth["ratio"],
        "none": None,
    }
    for row in shown["groups"]["rows"]:
        assert row["documents"] / row["of"] == pytest.approx(row["share"])
        assert 0 <= row["low"] < row["share"] < row["high"] <= 1
    assert "growth" not in ran([*given, "--json"]).out


def test_mails_of_a_thread_are_one_observation() -> None:
    """Threads of ten have a subject each, one of them 8 of 20 and then 5: of 80 and 50 mails, p is small."""
    rng, rows = default_rng(4), []
    for i in range(400):
        thread = i // 10
        subject = list(SUBJECTS)[[0, 1, 2, 3, 0, 0, 1, 2, 0, 3][thread % 10] if thread < 20 else thread % 4]
        text = f"The {' '.join(rng.choice(SUBJECTS[subject], 12))}."
        rows.append({"thread": f"t{thread}", "date": f"{2001 + i // 200}-0{1 + i % 9}-03", "text": text})
    run = selfvec.refine(rows, subject_table(), method="decorrelated", keep_fields="thread")
    result = grown(run)
    found = {finding.kind: finding for finding in result.findings()}
    assert found["unit"].says.endswith("documents with the same thread are one observation.")
    assert "subject" not in found
    assert min(topic.growth.p for topic in result.topics) > 0.1


PLACES = ("north", "south", "west")


def places(north: list[float]) -> Run:
    return text_of([north, EVEN, EVEN], [100] * 3, place=PLACES)


@pytest.fixture(scope="module")
def stormy() -> Run:
    """Three places, of which the first has more of storms."""
    return places([0.7, 0.1, 0.1, 0.1])


def test_where_groups_are_alike_hardly_any_is_said_to_differ() -> None:
    run, draw, named = places(EVEN), default_rng(0), []
    whole = selfvec.topics(run, 4)
    for _ in range(100):
        group = draw.permutation(np.arange(300) % 3)
        parts = [Slice(place, group == i) for i, place in enumerate(PLACES)]
        found = group_differences(run.present, parts, whole.with_documents)
        named.append(any(row.larger or row.words for row in found))
    assert np.mean(named) <= 0.1
    assert "nothing more than the others." in found[-1].sentence or named[-1]


def test_a_report_counts_the_subjects_of_groups(stormy: Run, tmp_path: Path) -> None:
    made = selfvec.report(stormy, tmp_path / "report.html", groups="place", words="hail")
    assert [row["group"] for row in made["groups"]] == [*PLACES]
    assert {row["kind"] for row in made["growth"]} == {"subject", "word"}
    subject, *more = made["groups"][0]["more"]
    assert subject["kind"] == "subject"
    assert {row["name"] for row in more if row["kind"] == "word"} <= set(SUBJECTS["storm"])
    assert subject["low"] < subject["ratio"] < subject["high"]
    assert subject["share"] == subject["documents"] / 100 > 2 * subject["share_of_others"]
    read = Html((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert {"Subjects by place", "Words that were asked for"} <= {*read.texts["h2"]}
    cells = read.texts["td"]
    start = cells.index("all subjects")
    assert cells[start + 1 : start + 5] == ["300", "100", "100", "100"]
    share, others = percent(subject["share"]), percent(subject["share_of_others"])
    assert cells[cells.index(subject["name"], start) + 2] == f"{subject['documents']} {share}"
    about = f"{share} are about {subject['name'].split(', ')[0]}, {others} of the others"
    assert any(text.startswith(f"place north (100 documents): {about}") for text in read.texts["p"])
    two = selfvec.report(stormy, tmp_path / "two.html", groups="place=west,north")
    assert {row["group"] for row in two["groups"]} == {"north", "west"}


@pytest.mark.parametrize(
    ("groups", "kind", "said"),
    [
        ("place=west", OptionError, "FIELD=A,B"),
        ("place=west,east", NotFound, "groups: 'east'"),
        ("county", OptionError, "groups: .*fields are"),
    ],
)
def test_groups_that_cannot_be(stormy: Run, tmp_path: Path, groups: str, kind: type, said: str) -> None:
    refused(lambda: selfvec.report(stormy, tmp_path / "report.html", groups=groups), kind, said)
    assert not [*tmp_path.iterdir()]
