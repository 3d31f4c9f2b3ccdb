"""Documents that came to their side together are one observation; those that came by themselves are not."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from planted_text import reports

import selfvec
from selfvec.analysis.comparison.compared import compared
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.units import copies_of, wholeness
from selfvec.base.errors import NotFound, OptionError
from selfvec.base.finding import Finding
from selfvec.corpus.slices import Slice

Fields = Callable[[int, int], dict[str, str]]


def made_of(
    number: int, fields: Fields, *, whole: bool = True, size: int = 5, **given: str
) -> tuple[Comparison, selfvec.Run]:
    """Reports in groups of ``size``, each group on one side by chance, or each report."""
    rng = np.random.default_rng(0)
    sides = rng.random(number) < 0.5
    rows, later = [], []
    for i, row in enumerate(reports(number)):
        side = int(sides[i // size] if whole else sides[i])
        later.append(side == 1)
        rows.append({"text": row["text"], **fields(i, side)})
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    parts = [Slice("2001", ~np.array(later)), Slice("2011", np.array(later))]
    return compared(run.present, parts, given), run


def findings(rows: Sequence[dict[str, str]]) -> list[Finding]:
    """Those of a drift between two halves of the reports."""
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    return selfvec.drift(run, ["2000..2008", "2009..2018"]).findings


def units(comparison: Comparison) -> int:
    return len(np.unique(comparison.unit))


def kinds(comparison: Comparison) -> list[str]:
    return [finding.kind for finding in comparison.findings]


def test_how_whole_groups_lie_by_hand() -> None:
    side = np.array([0, 0, 0, 1, 1, 1] * 20, np.int32)
    pairs = np.arange(120) // 3
    lies = wholeness(pairs, side)
    assert lies is not None
    assert (lies.correlation, lies.groups, lies.whole, lies.p) == (pytest.approx(1), 40, 40, 0.005)
    assert lies.units.tolist() == [20, 20]
    mixed = wholeness(np.arange(120) % 40, side)  # 0, 40 and 80: sides 0, 1 and 0
    assert mixed is not None
    assert mixed.p > 0.5
    assert wholeness(np.arange(120), side) is None  # each alone


def test_mails_of_a_thread_are_one_observation_without_being_asked() -> None:
    made, _ = made_of(600, lambda i, _: {"thread": f"t{i // 5}"})
    assert units(made) == 120
    (said,) = made.sentences
    assert said == (
        "120 of the 120 values of thread with several documents lie on one side: documents with the same "
        "thread are one observation."
    )


def test_threads_whose_mails_are_divided_by_chance_make_no_difference() -> None:
    made, _ = made_of(600, lambda i, _: {"thread": f"t{i // 5}"}, whole=False)
    assert units(made) == 600
    assert made.sentences == []


def test_what_the_text_and_its_dates_are_from_ties_no_documents() -> None:
    day = np.datetime64("2001-01-01")
    made, _ = made_of(600, lambda i, _: {"title": f"Mail {i // 5}", "timestamp": str(day + i // 5)})
    assert (units(made), made.sentences) == (600, [])


def test_a_field_is_named_by_hand() -> None:
    def fields(i: int, _: int) -> dict[str, str]:
        return {"site": "" if i < 10 else f"s{i % 40}"}

    made, _ = made_of(600, fields, whole=False, together="site")
    assert units(made) == 10 + 40
    assert made.sentences == [
        "Documents with the same site are one observation, as asked for; 10 documents have none."
    ]
    with pytest.raises(NotFound, match="site"):
        made_of(60, fields, together="sight")
    with pytest.raises(OptionError, match="several values"):
        made_of(60, lambda *_: {"site": "one"}, together="site")


def test_two_speakers_cannot_be_told_from_the_two_sides() -> None:
    made, _ = made_of(300, lambda _, side: {"speaker": ("Ann", "Bob")[side]}, whole=False)
    assert made.nested
    assert kinds(made)[0] == "unit"
    assert made.sentences[0].startswith(
        "speaker and the two sides cannot be told apart: 2001 has 1 value of it"
    )


def test_values_that_differ_by_case_alone_are_one() -> None:
    made, _ = made_of(
        300, lambda i, side: {"section": (("sport", "Sport")[side], "news")[i % 2]}, whole=False
    )
    assert (made.nested, made.findings) == (False, [])


@pytest.mark.parametrize(("field", "nested"), [("offence_sub", False), ("speaker", True)])
def test_a_subdivision_of_what_is_compared_is_no_news(field: str, nested: bool) -> None:
    rows = [
        {"text": row["text"], "offence": offence, field: f"{offence} {i % 2}"}
        for i, row in enumerate(reports(300))
        for offence in [("theft", "fraud", "arson")[i % 3]]
    ]
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    found = selfvec.keyness(run, ["theft", "fraud"], slice_field="offence").findings
    assert [finding.kind for finding in found] == [("none", "unit")[nested]]


@pytest.mark.parametrize(("field", "nested"), [("editor", True), ("period", False)])
def test_an_editor_who_follows_another_cannot_be_told_from_the_date(field: str, nested: bool) -> None:
    """A period is the date by another name."""
    found = {
        finding.kind
        for finding in findings(
            [{**row, field: "Old" if row["date"] < "2009" else "New"} for row in reports(300)]
        )
    }
    assert ("unit" in found) == nested
    assert not {"unit", "word"} <= found


def test_threads_of_which_one_side_has_few_are_still_one_observation() -> None:
    """120 alone before, and 120 mails of 24 threads among 2,400 later."""
    side = np.repeat(np.array([0, 1], np.int32), [120, 2400])
    threads = np.arange(len(side))
    threads[:120] = np.repeat(np.arange(24), 5)
    assert wholeness(threads, side) is not None


def test_years_are_the_periods_themselves() -> None:
    found = findings([{**row, "year": row["date"][:4]} for row in reports(400)])
    assert {finding.kind for finding in found}.isdisjoint({"unit", "mix"})


def test_documents_without_a_date_are_said_to_be_on_no_side() -> None:
    rows = [{**row, "date": row["date"] if i % 3 else ""} for i, row in enumerate(reports(300))]
    (first, *_) = findings(rows)
    assert (first.kind, first.says) == (
        "missing",
        "100 of 300 documents have no date, so they are on neither side.",
    )


def test_one_document_with_half_of_the_words_is_named() -> None:
    rows = list(reports(200))
    rows[-1]["text"] = " ".join(row["text"] for row in reports(90, 3))
    named = findings([{**row, "id": f"r{i}"} for i, row in enumerate(rows)])
    (found,) = [finding for finding in named if finding.kind == "document"]
    assert found.documents == ("r199",)
    assert found.says.startswith("One of 99 documents of 2009..2018, r199, has ")


def test_copies_are_one_text_and_short_ones_are_alike_by_chance() -> None:
    first, second = (
        "one two three four five six seven eight nine ten eleven twelve",
        "the same thirteen words " * 4,
    )
    others = [row["text"] for row in reports(60, 7)]
    texts = [first] * 20 + ["short text"] * 20 + [second] * 20 + others
    side = np.array([0] * 40 + [1] * 20 + [0, 1] * 30, np.int32)
    copies = copies_of(selfvec.TokenBatch.from_documents([*map(str.split, texts)]), side)
    assert copies is not None
    assert sorted(map(len, copies.clusters))[-2:] == [20, 20]
    assert copies.weights(side)[:60].tolist() == [1, *[0] * 19, *[1] * 20, 1, *[0] * 19]
    assert len(np.unique(copies.units(len(side))[:60])) == 1 + 20 + 1
