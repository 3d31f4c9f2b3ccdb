"""Subjects that grow, and groups that differ: planted changes of share and of size, and of nothing."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.analysis.concepts.subjects import SUBJECTS, subject_table
from tests.commands import ran
from tests.examples import soaked
from tests.html_pages import Html
from tests.refusals import refused

import selfvec
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.group_differences import GroupDifference, group_differences
from selfvec.analysis.concepts.growth import (
    Grown,
    ShareChange,
    exact_p,
    exact_ratios,
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
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import LEVEL, NORMAL, ratios_of_shares, stratified_ratios

EVEN = [0.25] * 4
DOUBLED = [0.4, 0.2, 0.2, 0.2]  # of storm, which had a quarter less before


def dated_run(before: list[float], after: list[float], sizes: tuple[int, int], seed: int = 0) -> Run:
    """Documents of two years, with shares of the subjects in each."""
    rng = np.random.default_rng(seed)
    rows = []
    for year, shares, size in zip((2001, 2002), (before, after), sizes, strict=True):
        for i in range(size):
            subject = list(SUBJECTS)[rng.choice(4, p=shares)]
            day = date(year, 1, 1) + timedelta(days=365 * i // size)
            text = f"The {' '.join(rng.choice(SUBJECTS[subject], 12))}."
            rows.append({"id": f"{year}-{i}", "date": str(day), "text": text})
    return selfvec.refine(rows, subject_table(), method="decorrelated")


def grown(run: Run) -> Topics:
    return topics(run, 4, by="year")


def test_a_subject_whose_share_doubles_is_named_and_no_other() -> None:
    result = grown(dated_run([0.2, 0.8 / 3, 0.8 / 3, 0.8 / 3], DOUBLED, (300, 300)))
    (storm,) = [topic for topic in result.topics if topic.growth and topic.growth.moved]
    assert storm.terms[0][0] in SUBJECTS["storm"]
    assert storm.growth.low < 2 < storm.growth.high
    assert storm.growth.q < 0.001
    assert storm.growth.share_last / storm.growth.share_first == pytest.approx(storm.growth.ratio)
    grew, size = result.findings()
    names = [topic.name.split(", ")[0] for topic in result.topics]
    assert re.fullmatch(
        rf"More about {names[0]}: \d+% of the documents of 2002, \d+% of those of 2001: "
        r"[\d.]+ times the share \([\d.]+ to [\d.]+\)\.",
        grew.says,
    )
    assert result.topics[0] == storm
    assert not any(name in grew.says for name in names[1:])
    assert (grew.kind, grew.effect, grew.low, grew.q) == (
        "subject",
        storm.growth.ratio,
        storm.growth.low,
        storm.growth.q,
    )
    assert set(grew.words) <= set(SUBJECTS["storm"])
    assert size.says.startswith("The text itself stayed about as large: 300 → 300")


def test_where_only_the_documents_are_more_no_subject_is_named() -> None:
    result = grown(dated_run(EVEN, EVEN, (100, 400)))
    assert {finding.kind: finding.says for finding in result.findings()} == {
        "none": "No topic has a larger or smaller share of the documents beyond chance from 2001 to 2002.",
        "size": "The text itself grew to 4.0 times the size: 100 → 400 documents a year. "
        "Shares of the documents do not change by that.",
    }
    assert result.sentences == [finding.says for finding in result.findings()]


def moved(*sides: Any) -> Mask:
    return q_beside_others(*exact_ratios(*sides)[1:], exact_p(*sides)) <= LEVEL


def test_where_nothing_changes_a_subject_is_named_in_at_most_five_of_a_hundred_texts() -> None:
    draw = np.random.default_rng(0)
    shares = [draw.dirichlet(np.full(8, 5.0)) for _ in range(200)]
    both = [(draw.multinomial(200, share), draw.multinomial(500, share)) for share in shares]
    assert np.mean([moved(a, 200, b, 500).any() for a, b in both]) <= 0.05


@pytest.mark.parametrize(("documents", "texts", "most"), [(1_000, 500, 0.05), (100_000, 100, 0.08)])
@pytest.mark.parametrize("grown", soaked([1, 3], 3))
def test_however_long_the_text_is_the_others_are_not_named_because_some_grew(
    documents: int, texts: int, most: float, grown: int
) -> None:
    draw, named = np.random.default_rng(0), []
    for _ in range(texts):
        before = draw.dirichlet(np.full(8, 9.0))
        before[:grown] = 0.1
        before[grown:] *= (1 - 0.1 * grown) / before[grown:].sum()
        after = np.append(before[:grown] * 2, before[grown:] * (1 - 0.2 * grown) / (1 - 0.1 * grown))
        sides = draw.multinomial(documents, before), draw.multinomial(documents, after)
        named.append(moved(sides[0], documents, sides[1], documents))
    assert np.mean(np.array(named)[:, :grown]) > 0.98
    assert np.mean(np.any(np.array(named)[:, grown:], axis=1)) <= most


def test_where_many_shrink_those_that_stayed_are_what_they_are_compared_with() -> None:
    """They would have grown beside the others. Left out as well, only those that shrank would be left."""
    low, high = np.array([[0.19, 0.29], [0.75, 1.1], [0.02, 0.19], [10.5, 22], [0.04, 0.33]]).T
    p = np.array([0, 0.32, 0, 0, 0])
    assert (q_beside_others(low, high, p) <= LEVEL).tolist() == [True, False, True, True, True]


def test_of_subjects_without_documents_none_moved() -> None:
    for number in (1, 2, 3, 4):
        counts = np.array([20] + [0] * (number - 1))
        assert not moved(counts, 20, counts * 2, 40).any()


def test_of_two_subjects_both_moved_or_none() -> None:
    assert moved(np.array([50, 50]), 100, np.array([80, 20]), 100).all()
    assert not moved(np.array([50, 50]), 100, np.array([52, 48]), 100).any()


def sides_of(first: int, last: int) -> Comparison:
    days = np.array(["2001-03-01"] * first + ["2004-05-01"] * last, "datetime64[D]")
    number = first + last
    batch = TokenBatch(np.zeros(number, np.int32), np.arange(number + 1), ["a"], days)
    early = np.arange(number) < first
    return Comparison.of(batch, [Slice("2001", early), Slice("2004", ~early)])


def test_one_stratum_is_compared_as_all() -> None:
    draw = np.random.default_rng(0)
    first, last = draw.integers(0, 30, (2, 50))
    ratio, low, high = ratios_of_shares(first, 40, last, 90)
    made = stratified_ratios(first[:, None], np.array([40]), last[:, None], np.array([90]))
    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_allclose(made.share_last / made.share_first, ratio)
    np.testing.assert_allclose((made.low, made.high), (low, high))


def test_within_strata_that_do_not_change_a_subject_is_named_in_at_most_five_of_a_hundred_texts() -> None:
    draw, named = np.random.default_rng(0), []
    for _ in range(200):
        shares = draw.dirichlet(np.full(8, 2.0), 3)
        sizes = draw.multinomial(300, [0.6, 0.3, 0.1]), draw.multinomial(300, [0.1, 0.3, 0.6])
        tables = [
            np.stack([draw.multinomial(*pair) for pair in zip(of, shares, strict=True)], axis=1)
            for of in sizes
        ]
        made = stratified_ratios(tables[0], sizes[0], tables[1], sizes[1])
        named.append((q_beside_others(made.low, made.high, made.p) <= LEVEL).any())
    assert np.mean(named) <= 0.05


def test_a_subject_that_grows_with_a_kind_of_document_does_not_grow_by_itself() -> None:
    sides = sides_of(100, 100)
    kind = np.array([0] * 80 + [1] * 20 + [0] * 20 + [1] * 80)
    subject = kind.astype(bool)  # only ever in kind 1: four times the share, 1.0 times within
    subject[[80, 120]] = False
    sides = replace(sides, fields=["kind"], strata=kind)
    (change,) = share_changes([subject], sides, shares_add_up=False)
    assert (change.ratio, change.moved, change.equal.moved) == (pytest.approx(79 / 19), True, False)
    # Weights are 80 · 20 / 100 = 16 for either kind, so shares are means of those of the kinds.
    assert change.equal.share_first == pytest.approx((0 + 19 / 20) / 2)
    assert change.equal.share_last == pytest.approx((0 + 79 / 80) / 2)
    said = {finding.kind: finding.says for finding in growth_findings([Grown("Valves", change)])}
    assert said == {
        "mix": "In all documents, whose mix changed: Valves 19% → 79%, 4.2 times (1.0 times with the mix "
        "equal).",
        "none": "No subject has a larger or smaller share of the documents beyond chance from 2001 to 2004, "
        "with the same mix of kind.",
    }


def test_a_subject_that_is_new_has_no_ratio_but_a_lower_bound() -> None:
    sides = sides_of(60, 40)
    (change,) = share_changes([np.arange(100) >= 80], sides)
    assert (change.ratio, change.documents_first, change.documents_last) == (None, 0, 20)
    assert 1 < change.low < change.high
    assert change.shown.startswith("new (at least ")
    (said,) = growth_findings([Grown("Valves", replace(change, moved=True))])
    expected = "More about Valves: 50% of the documents of 2004, 0% of those of 2001: new (at least "
    assert said.says.startswith(expected)
    assert (said.effect, said.low) == (None, change.low)
    assert growth_findings([]) == []


def test_a_subject_that_is_new_in_a_fifth_of_few_documents_is_named() -> None:
    sides = np.array([0, 29, 29, 29, 29, 29]), 145, np.array([29, 26, 25, 25, 25, 25]), 155
    assert moved(*sides).tolist() == [True] + [False] * 5


def test_shares_are_of_all_documents_also_of_those_without_a_topic() -> None:
    found = grown(dated_run(EVEN, EVEN, (40, 40)))
    lacking = replace(found, of_documents=np.where(np.arange(80) < 20, -1, found.of_documents))
    some = lacking.among(np.ones(80, bool))
    assert sum(topic.share for topic in some.topics) == pytest.approx(0.75)
    assert some.without[0].startswith("20 documents have no topic: ")


def test_of_many_subjects_that_moved_the_surest_are_said_and_the_others_counted() -> None:
    def change(low: float) -> ShareChange:
        return ShareChange("2001", "2004", 10, 20, 0.1, 0.2, 2.0, low, 9.9, 0.01, 0.01, True)

    found = growth_findings([Grown(f"Subject {i}", change(1 + i / 10)) for i in range(1, 9)])
    assert [finding.low for finding in found] == [1 + i / 10 for i in range(8, 0, -1)]
    *first, last = told_of_growth(found)
    assert [said.split(":")[0] for said in first] == [f"More about Subject {i}" for i in range(8, 2, -1)]
    assert last == "2 other subjects moved, as the table shows."


# ---- Documents that are one observation


def drawn_units(draw: np.random.Generator, counts: tuple[int, int]) -> tuple[Comparison, list[Mask]]:
    """Units of 1 to 20 documents, whole on a side, of which all documents are of one of four subjects."""
    sizes = draw.integers(1, 21, sum(counts))
    units = np.repeat(np.arange(len(sizes)), sizes)
    early = units < counts[0]
    subject = draw.choice(4, len(sizes))[units]
    batch = TokenBatch(np.zeros(len(units), np.int32), np.arange(len(units) + 1), ["a"])
    sides = Comparison.of(batch, [Slice("2001", early), Slice("2004", ~early)])
    return replace(sides, unit=units), [subject == i for i in range(4)]


@pytest.mark.soak
def test_documents_that_come_together_name_a_subject_in_at_most_six_of_a_hundred_texts() -> None:
    draw, found = np.random.default_rng(0), []
    for _ in range(150):
        sides, subjects = drawn_units(draw, (40, 60))
        together = share_changes(subjects, sides)
        apart = share_changes(subjects, replace(sides, unit=np.arange(len(sides.unit))))
        found.append([[a.p <= 0.05, b.p <= 0.05] for a, b in zip(together, apart, strict=True)])
    of_units, of_documents = np.mean(found, axis=(0, 1))
    assert of_units <= 0.06
    assert of_documents > 0.3  # how often they would be named if each were an observation


def test_units_of_one_document_are_as_good_as_none() -> None:
    sides = sides_of(300, 300)
    subject = np.arange(600) % 5 == 0
    subject[300:340] = True
    (alone,) = share_changes([subject], sides, shares_add_up=False)
    units = np.append(np.arange(599) + 7, 605)  # two documents of 600 are one
    (single,) = share_changes([subject], replace(sides, unit=units), shares_add_up=False)
    assert (single.ratio, single.moved) == (alone.ratio, True)
    assert np.log([single.low, single.high]) == pytest.approx(np.log([alone.low, alone.high]), abs=0.01)
    assert single.p == pytest.approx(alone.p, rel=0.5)


def test_p_and_interval_of_units_by_hand() -> None:
    """Two units of five documents on each side, all or none of the subject: 1 of 2, then 2 of 2."""
    sides = sides_of(10, 10)
    subject = np.repeat([True, False, True, True], 5)
    sides = replace(sides, unit=np.repeat(np.arange(4), 5))
    (change,) = share_changes([subject], sides, shares_add_up=False)
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


def test_units_count_within_the_values_of_a_field_too() -> None:
    draw = np.random.default_rng(1)
    sides, subjects = drawn_units(draw, (40, 60))
    sides = replace(sides, fields=["kind"], strata=(sides.unit % 2).astype(np.int32))
    alone = share_changes(subjects, replace(sides, unit=np.arange(len(sides.unit))))
    for one, other in zip(share_changes(subjects, sides), alone, strict=True):
        assert one.equal.share_first == other.equal.share_first
        assert one.equal.low < other.equal.low < other.equal.high < one.equal.high
        assert one.equal.p > other.equal.p


def test_words_and_topics_are_compared_between_the_same_two_parts() -> None:
    run = dated_run(EVEN, DOUBLED, (700, 700))
    found = topics(run, 4, by="month")  # whatever the groups are
    change = selfvec.drift(run)
    assert {(topic.growth.first, topic.growth.last) for topic in found.topics} == {(change.a, change.b)}
    assert (change.a, change.b) == ("2001", "2002")
    assert all(topic.growth is None for topic in topics(place_run(EVEN), 4, by="place").topics)


def test_the_json_of_topics_has_growth_and_intervals(tmp_path: Path) -> None:
    run = dated_run(EVEN, EVEN, (80, 80))
    selfvec.save_run(run, tmp_path / "run")
    given = ["text", "topics", str(tmp_path / "run"), "--number", "4"]
    shown = ran([*given, "--by", "year", "--json"]).json
    assert {"ratio", "low", "high", "q", "first", "last"} <= set(shown["rows"][0]["growth"])
    assert shown["groups"]["growth"]["documents_first"] == 80
    assert {row["kind"]: row["effect"] for row in shown["findings"]} == {"size": 1.0, "none": None}
    for row in shown["groups"]["rows"]:
        assert row["documents"] / row["of"] == pytest.approx(row["share"])
        assert 0 <= row["low"] < row["share"] < row["high"] <= 1
    assert "growth" not in json.dumps(ran([*given, "--json"]).json)


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
    return {row.name: row for row in group_differences(run.present, topics(run, 4), parts)}


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
    shares = f"{percent(change.share_last)} are about {name.split(', ')[0]}, {percent(change.share_first)}"
    assert found["north"].sentence == f"north (100 documents): {shares} of the others."


@pytest.mark.soak
def test_where_groups_are_alike_hardly_any_is_said_to_differ() -> None:
    texts = [differences(place_run([0.25] * 4, seed)) for seed in range(20)]
    named = [any(row.larger or row.words for row in found.values()) for found in texts]
    assert sum(named) <= 2  # of 20, at 5 %
    quiet = texts[named.index(False)]["west"]
    assert quiet.sentence == "west (100 documents): nothing more than the others."


def test_a_report_counts_the_subjects_of_groups(tmp_path: Path) -> None:
    run = place_run([0.7, 0.1, 0.1, 0.1])
    made = selfvec.report(run, tmp_path / "report.html", groups="place", words="hail")
    assert [row["group"] for row in made["groups"]] == ["north", "south", "west"]
    assert {row["kind"] for row in made["growth"]} == {"subject", "word"}
    read = Html((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Subjects by place" in read.texts["h2"]
    assert "Words that were asked for" in read.texts["h2"]
    cells = read.texts["td"]
    start = cells.index("all subjects")
    assert cells[start + 1 : start + 5] == ["300", "100", "100", "100"]
    more = made["groups"][0]["more"][0]
    assert (more["kind"], more["share"]) == ("subject", more["documents"] / 100)
    place = cells.index(more["name"], start)
    assert cells[place + 2] == f"{more['documents']} {percent(more['share'])}"
    (first,) = [text for text in read.texts["p"] if text.startswith("place north (100 documents): ")]
    assert f"{percent(more['share'])} are about" in first
    two = selfvec.report(run, tmp_path / "two.html", groups="place=west,north")
    assert {row["group"] for row in two["groups"]} == {"north", "west"}


def test_groups_that_cannot_be(tmp_path: Path) -> None:
    run, path = place_run([0.25] * 4), tmp_path / "report.html"
    refused(lambda: selfvec.report(run, path, groups="place=west"), OptionError, "FIELD=A,B")
    refused(lambda: selfvec.report(run, path, groups="place=west,east"), NotFound, "groups: 'east'")
    refused(lambda: selfvec.report(run, path, groups="county"), OptionError, "groups: .*fields are")
    assert not path.exists()


def test_mails_of_a_thread_are_one_observation() -> None:
    """Threads of ten have a subject each, one of them 8 of 20 and then 5: of 80 and 50 mails, p is small."""
    rng, rows = np.random.default_rng(4), []
    for i in range(400):
        thread = i // 10
        subject = list(SUBJECTS)[[0, 1, 2, 3, 0, 0, 1, 2, 0, 3][thread % 10] if thread < 20 else thread % 4]
        text = f"The {' '.join(rng.choice(SUBJECTS[subject], 12))}."
        rows.append({"thread": f"t{thread}", "date": f"{2001 + i // 200}-0{1 + i % 9}-03", "text": text})
    run = selfvec.refine(rows, subject_table(), method="decorrelated", keep_fields="thread")
    found = {finding.kind: finding for finding in grown(run.present).findings()}
    assert found["unit"].says.endswith("documents with the same thread are one observation.")
    assert "subject" not in found
    assert exact_p(np.array([80]), 200, np.array([50]), 200) < 0.01
    assert min(topic.growth.p for topic in grown(run.present).topics) > 0.1
