"""What the page tells: golden values by hand, and a run whose changes were planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import COMMON, TOPICS, Site

from selfvec.analysis.drift import drift
from selfvec.apps.web.atlas import LARGEST, atlas, history_states, table_state
from selfvec.apps.web.comparison import Comparison, changes
from selfvec.apps.web.study import Study
from selfvec.apps.web.view import Filter, view_of
from selfvec.apps.web.words import Completion
from selfvec.base.errors import InputError, OptionError
from selfvec.data.history import History
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.numerics.rows import unit_rows
from selfvec.usage.original_text import retold
from selfvec.usage.sentences import occurrences, pair_uses, shared_company, uses, windows


def comparison(before: np.ndarray, after: np.ndarray) -> Comparison:
    words = [f"w{i}" for i in range(len(before))]
    counts = np.full((2, len(before)), 9)
    told = np.ones(len(before), bool)
    return Comparison(words, unit_rows(before), unit_rows(after), counts, ("a", "b"), told)


def test_neighbours_are_the_nearest_rows_and_never_the_word_itself_or_empty() -> None:
    before = np.array([[1, 0], [0.9, 0.1], [0, 1], [0, 0]], np.float32)
    made = comparison(before, before[[2, 1, 0, 3]])
    (had, has) = made.near(0, 5)
    assert [row for row, _ in had] == [1, 2]
    assert had[0][1] == pytest.approx(0.9 / np.hypot(0.9, 0.1))
    assert [row for row, _ in has] == [1, 2]
    assert made.near(3) == [[], []]


@given(st.integers(0, 2**32 - 1))
def test_neighbours_agree_with_most_similar_and_with_those_of_many_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = comparison(*rng.standard_normal((2, 12, 4)).astype(np.float32))
    rows = np.arange(12)
    many = changes(made, rows, 3)
    for row in rows.tolist():
        for side, table in enumerate((made.before, made.after)):
            order = [i for i in np.argsort(-(table @ table[row]), kind="stable").tolist() if i != row][:3]
            assert [i for i, _ in made.near(row, 3)[side]] == order
            assert (many.had, many.has)[side][row].tolist() == order
        gained, lost = many.gained_and_lost(row)
        assert len(gained) == len(lost)
        assert not set(gained) & set(lost)


def test_company_is_nothing_where_nothing_changed_and_more_the_more_neighbours_did() -> None:
    rng = np.random.default_rng(0)
    before = rng.standard_normal((60, 8)).astype(np.float32)
    after = before.copy()
    after[0] = before[1] + 0.1 * before[0]  # goes and stands beside another
    after[2] += 0.3 * rng.standard_normal(8)
    made = changes(comparison(before, after), np.arange(60), 5)
    assert made.company[0] > made.company[2] > np.median(made.company[3:])
    same = changes(comparison(before, before), np.arange(60), 5)
    np.testing.assert_allclose(same.company, 0, atol=1e-6)
    np.testing.assert_allclose(same.distance, 0, atol=1e-6)


def test_company_by_hand() -> None:
    # Word 0 leaves word 1 for word 2; the mean of all rows is zero, so that nothing is taken off.
    before = np.array([[1, 0], [1, 0], [0, 1], [-1, 0], [-1, -1], [0, 0]], np.float32)
    before[5] = -before[:5].sum(axis=0)
    after = before.copy()
    made = comparison(before, after)
    shift = [table.mean(axis=0) for table in made.compact]
    found = changes(made, np.array([0]), 2)
    around = np.union1d(found.had[0], found.has[0])
    sides = []
    for table, mean in zip((made.before, made.after), shift, strict=True):
        centred = unit_rows(table - mean)
        sides.append(centred[around] @ centred[0])
    expected = 1 - sides[0] @ sides[1] / np.linalg.norm(sides[0]) / np.linalg.norm(sides[1])
    assert found.company[0] == pytest.approx(expected, abs=1e-6)


def test_a_ranking_is_filtered_and_sorted() -> None:
    rng = np.random.default_rng(3)
    before, noise = rng.standard_normal((2, 40, 6)).astype(np.float32)
    made = comparison(before, before + 0.5 * noise)
    made.counts[:, :20] = 3
    view = view_of(made)
    every = view.ranking(Filter(seen=1), 0, 100)
    sizes = [row["size"] for row in every["rows"]]
    assert sizes == sorted(sizes, reverse=True)
    assert every["total"] == every["ranked"] == len(every["rows"]) == 40
    often = view.ranking(Filter(seen=5), 0, 100)["rows"]
    assert {row["word"] for row in often} == {f"w{i}" for i in range(20, 40)}
    found = view.ranking(Filter(seen=1, text="W1", sort="word"), 0, 100)["rows"]
    assert [row["word"] for row in found] == sorted(["w1", *(f"w1{i}" for i in range(10))])
    assert view.ranking(Filter(seen=1, size=sizes[4]), 0, 100)["total"] in (4, 5, 6)  # rounded
    assert [row["word"] for row in view.ranking(Filter(seen=1), 5, 3)["rows"]] == [
        row["word"] for row in every["rows"][5:8]
    ]


def test_tests_add_figures_and_a_filter() -> None:
    from dataclasses import replace

    rng = np.random.default_rng(3)
    view = view_of(comparison(*rng.standard_normal((2, 10, 4)).astype(np.float32)), "excess")
    tests = {f"w{i}": {"q": i / 20, "p": i / 40, "apd": 0.5, "expected": 0.25} for i in range(8)}
    tested = replace(view, tests=tests)
    sure = tested.ranking(Filter(q=0.1, sort="q"), 0, 100)["rows"]
    assert [row["word"] for row in sure] == ["w0", "w1", "w2"]
    assert sure[2]["p"] == pytest.approx(0.05)
    by_word = {row["word"]: row for row in tested.ranking(Filter(), 0, 100)["rows"]}
    assert by_word["w9"]["q"] is None
    assert by_word["w9"]["size"] == 0
    assert by_word["w3"]["size"] == pytest.approx(max(by_word["w3"]["distance"] - 0.25, 0), abs=1e-3)


def test_windows_stay_in_their_document_and_leave_the_word_out() -> None:
    batch = TokenBatch.from_documents([["a", "b", "a"], ["c", "a", "d"]])
    places = occurrences(batch, 0)
    assert windows(batch, places, 2).tolist() == [[-1, -1, 1, -1], [-1, 1, -1, -1], [-1, 2, 3, -1]]


def test_uses_are_the_best_of_different_documents() -> None:
    batch = TokenBatch.from_documents([["x", "a", "y", "a"], ["a", "z"], ["a", "z"], ["q", "a"]])
    word = list(batch.types).index("a")
    z = list(batch.types).index("z")
    places = occurrences(batch, word)
    found = uses(batch, places, np.array([0.1, 0.4, 0.9, 0.8, 0.2]), {z: "came"}, 5)
    assert [use["document"] for use in found] == [1, 0, 3]  # document 2 says what document 1 said
    assert found[0]["tokens"] == [["a", "self"], ["z", "came"]]
    assert found[0]["cut"] == [False, False]


def test_words_that_stand_together_are_counted_and_what_they_share_is_told() -> None:
    documents = [["a", "b", "m"], ["a", "m", "n"], ["b", "m", "n"], ["a", "m"], ["b", "m"], ["c", "k"]] * 2
    batch = TokenBatch.from_documents([*documents, *[["c", "k", "k", "k"]] * 10])
    index = {word: i for i, word in enumerate(batch.types)}
    places, looked_at = pair_uses(batch, index["a"], index["b"])
    assert (len(places), looked_at) == (2, 6)
    assert [batch.types[i] for i in shared_company(batch, index["a"], index["b"])] == ["m", "n"]


@given(
    st.lists(st.text("abcAB\n", min_size=1, max_size=4), unique=True, max_size=12), st.text("abA", max_size=3)
)
def test_completion_finds_what_begins_and_then_what_contains(words: list[str], typed: str) -> None:
    words = [word for word in words if "\n" not in word]
    counts = np.arange(len(words), 0, -1)
    found = [word for word, _ in Completion(words, counts)(typed, 50)]
    lower = typed.lower()
    fits = [word for word in words if typed and lower in word.lower()]
    assert sorted(found) == sorted(fits)
    exact = [word for word in words if typed and word.lower() == lower]
    assert found[: len(exact)] == exact
    starts = [word.lower().startswith(lower) for word in found]
    assert starts == sorted(starts, reverse=True)


def test_a_map_keeps_one_frame_and_shape_for_all_states() -> None:
    table = np.array([[2, 0, 0], [-2, 0, 0], [0, 1, 0], [0, -1, 0]], np.float32)
    turned = table * np.array([0.5, 1, 1], np.float32) + 5  # what all words share is not shown
    common = np.arange(4)
    states = [table_state("one", table, common), table_state("two", turned, common)]
    made = atlas(common, states)
    assert made.frames == ("one", "two")
    assert made.points[0, :, 0].tolist() == [LARGEST, -LARGEST, 0, 0]
    assert made.points[1, :, 0].tolist() == [LARGEST // 2, -LARGEST // 2, 0, 0]
    assert made.points[0].tolist()[2] == [0, LARGEST // 2]
    assert made.edges == (LARGEST, LARGEST // 2)
    assert sum(made.explained) == pytest.approx(1)


def test_states_on_the_way_are_the_last_recorded_before() -> None:
    original = np.zeros((2, 3), np.float32)
    recorded = np.arange(18, dtype=np.float16).reshape(6, 3)
    history = History(np.array([0, 4, 6]), np.array([1, 2, 3, 4, 5, 10]), recorded)
    states = history_states(history, original, np.array([4, 10]), np.arange(2), epochs=1)
    assert states[0].name == "12 % of the way"
    rows = [state.rows(np.arange(2)) for state in states]
    assert [row[0].tolist() for row in rows[:3]] == [[0, 0, 0], recorded[0].tolist(), recorded[0].tolist()]
    assert rows[-1][0].tolist() == recorded[2].tolist()
    assert rows[2][1].tolist() == [0, 0, 0]  # the fourth update of ten: nothing recorded yet
    assert rows[-1][1].tolist() == recorded[4].tolist()
    assert history_states(None, original, np.array([4, 10]), np.arange(2), 1) == []


def test_a_sentence_takes_the_place_of_its_tokens() -> None:
    use = {
        "document": 3,
        "cut": [True, True],
        "tokens": [["raise", "self"], ["valueerror", "came"], ["late", ""]],
    }
    text = "Nothing here. They raise a ValueError if it is late! Raise it."
    told = retold(use, {3: text})
    assert told["written"] is True
    assert "".join(piece for piece, _ in told["tokens"]) == "They raise a ValueError if it is late!"
    assert [piece for piece in told["tokens"] if piece[1]] == [["raise", "self"], ["ValueError", "came"]]
    assert retold(use, {}) == use
    assert retold(use, {3: "no such word"}) == use


def test_the_planted_changes_are_found_with_their_reasons(site: Site) -> None:
    study = site.study
    ranking = study.ranking("refined", Filter(seen=20), 0, 50)
    top = ranking["rows"][0]
    assert top["word"] == "cell"
    assert set(top["lost"]) <= set(TOPICS["court"]) | {"charge", *COMMON}
    assert set(top["gained"]) & set(TOPICS["weather"] + TOPICS["kitchen"])
    told = study.word("refined", "Cell")
    assert told["word"] == "cell"
    assert told["rank"] == 1
    assert told["gained"] == top["gained"]
    for use in study.uses("refined", "cell")["texts"][0]["uses"]:
        marks = [mark for _, mark in use["tokens"]]
        assert "self" in marks
        assert "came" in marks
        assert use["written"]  # the file is there: the sentence is shown as it stands


def test_two_years_are_compared_as_drift_compares_them(site: Site, run: Run) -> None:
    rows = site.study.ranking("1990|2020", Filter(), 0, 200)["rows"]
    assert rows[0]["word"] == "cell"
    told = {row["word"]: row for row in drift(run, ("1990", "2020"), min_count=1).rows}
    for row in rows:
        if row["q"] is not None:
            assert row["count_a"] == told[row["word"]]["count_a"]
            assert row["count_b"] == told[row["word"]]["count_b"]
            assert row["distance"] == pytest.approx(told[row["word"]]["distance"], rel=1e-3, abs=1e-5)
            assert row["p"] == pytest.approx(told[row["word"]]["p"], rel=1e-3)
    assert rows[0]["q"] <= 0.05
    texts = site.study.uses("1990|2020", "cell")["texts"]
    assert [text["name"] for text in texts] == ["1990", "2020"]
    for text, topic in zip(texts, ("weather", "kitchen"), strict=True):
        assert {use["date"][:4] for use in text["uses"]} == {text["name"]}
        for use in text["uses"]:
            assert sum(word in TOPICS[topic] for word, _ in use["tokens"]) > 3 or use["written"]


def test_a_map_of_three_years_has_three_frames(site: Site) -> None:
    described, points = site.study.map("1990|2020", "cell")
    assert list(described["frames"]) == ["1990", "2005", "2020"]
    assert points.shape == (3, len(described["words"]), 2)
    assert described["words"][0] == "cell"
    assert described["marks"][0] == "self"
    near = site.study.word("1990|2020", "cell")
    marks = dict(zip(described["words"], described["marks"], strict=True))
    assert all(marks[word] in ("came", "stayed") for word in near["gained"])


def test_all_states_of_a_map_are_waited_for(run: Run) -> None:
    points = Study(run, jobs=1).map("1990|2020", "cell", whole=True)[1]
    assert len(points) == 3


def test_unknown_words_say_where_they_come_from(site: Site, run: Run) -> None:
    found = site.study.unknown(None, 1, "", 0, 50)
    lacked = int(np.sum(run.original.sources != Source.KNOWN))
    assert found["total"] == lacked == sum(found["sources"].values())
    zest = next(row for row in found["rows"] if row["word"] == "zest")
    assert zest["source"] == "none"
    assert zest["source_after"] in ("context", "mixed", "subwords")
    assert set(zest["near"]) <= set(TOPICS["kitchen"]) | {"cell"}
    only = site.study.unknown(zest["source_after"], 1, "ZES", 0, 50)["rows"]
    assert [row["word"] for row in only] == ["zest"]
    with pytest.raises(OptionError, match="is one of none, known"):
        site.study.unknown("magic", 1, "", 0, 5)


def test_texts_are_found_by_meaning_before_and_after(site: Site, run: Run) -> None:
    found = site.study.texts("zest dough nonsense", 5)
    assert found["unknown"] == ["nonsense"]
    before, after = found["sides"]
    assert len(before) == len(after) == 5
    texts = (run.folder.parent / "reports.jsonl").read_text().splitlines()
    assert all(set(TOPICS["kitchen"]) & set(texts[hit["document"]].split()) for hit in after)
    assert [hit["score"] for hit in after] == sorted((hit["score"] for hit in after), reverse=True)


def test_what_is_not_there_is_said(site: Site, run: Run) -> None:
    with pytest.raises(InputError, match="does not occur in this run"):
        site.study.word("refined", "cello")
    with pytest.raises(InputError, match="no document is dated 1800"):
        site.study.ranking("1800|1990", Filter(), 0, 5)
    with pytest.raises(OptionError, match="is no comparison"):
        site.study.ranking("1990", Filter(), 0, 5)


def test_a_run_that_forgot_its_text_is_still_shown(run: Run) -> None:
    forgetful = Study(Run(run.vectors, run.original, None, run.provenance, run.report), jobs=1)
    forgetful.start()
    assert forgetful.about()["has_text"] is False
    assert [entry["key"] for entry in forgetful.comparisons.named()] == ["refined"]
    forgetful.comparisons.subject("refined")
    assert forgetful.ranking("refined", Filter(seen=20), 0, 5)["rows"][0]["word"] == "cell"
    assert forgetful.word("refined", "cell")["gained"]
    with pytest.raises(InputError, match="has not kept its corpus"):
        forgetful.uses("refined", "cell")
