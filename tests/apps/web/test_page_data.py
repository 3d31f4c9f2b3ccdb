"""What the page is told about a run: laws of its parts, and a run whose changes were planted."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import COMMON, TOPICS, Site, fitted
from tests.commands import ran
from tests.processes import PATIENCE
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts import corpus_topics
from selfvec.analysis.concepts.growth import percent
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.analysis.word_kinds import stop_words_of
from selfvec.apps.mcp.tools import Tools
from selfvec.apps.run import save_run
from selfvec.apps.web import comparison, document_map, documents, page_data, times, words
from selfvec.apps.web.comparison import REFINED, Comparisons, Filter, PairedVectors, Ranking, compare_slices
from selfvec.apps.web.document_map import colours
from selfvec.apps.web.domain_words import _Readable
from selfvec.apps.web.first_view import about
from selfvec.apps.web.page_data import PageData
from selfvec.apps.web.words import Completion
from selfvec.apps.web.work import Busy, Tasks
from selfvec.base.errors import InputError, NotFound
from selfvec.base.progress import Progress
from selfvec.data.run import Run, TopicName
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.storage.inspection import verify
from selfvec.storage.run_folder import open_run


def tables(before: np.ndarray, after: np.ndarray) -> PairedVectors:
    names = [f"w{i}" for i in range(len(before))]
    every = np.ones(len(before), bool)
    sides = (unit_rows(before), unit_rows(after))
    return PairedVectors(names, *sides, ("a", "b"), np.stack([every] * 2))


def ranking_of(data: PageData, key: str) -> Ranking:
    return data.comparisons.tasks(key).tested.result()


def changed(word: str, **figures: object) -> dict[str, object]:
    """A row of drift."""
    usual = {"q": 0.01, "apd": 0.5, "change": 0.1, "distance": 0.2, "count_a": 9, "count_b": 9}
    return {"word": word, "kind": "word"} | usual | figures


def test_rows_are_filtered_and_sorted_and_unknown_figures_are_last() -> None:
    names = ["Hail", "rain", "storm", "wind", "maria"]
    rows = [
        changed("Hail", change=0.5, q=0.03, apd=None),
        changed("rain", change=0.4, q=None, count_a=5, distance=0.9),
        changed("storm", change=0.2, q=0.03, apd=0.9),
        changed("wind", change=-0.1, q=0.9, count_b=30),
        changed("maria", kind="name", count_a=40, count_b=30),
    ]
    vectors = Vectors(names, np.eye(5, dtype=np.float32))
    ranking = Ranking(Run(vectors, vectors), ["a", "b"], Drift("a", "b", rows, tested=5))

    def listed(offset: int = 0, limit: int = 9, **wanted: object) -> list[str]:
        return [row["word"] for row in ranking.page(Filter(**wanted), offset, limit)["rows"]]

    assert listed() == names  # the order of drift
    assert listed(1, 2) == names[1:3]
    assert listed(seen=6) == ["Hail", "storm", "wind", "maria"]
    assert listed(size=0.2) == ["Hail", "rain", "storm"]
    assert listed(q=0.05) == ["Hail", "storm", "maria"]
    assert listed(text="AI") == ["Hail", "rain"]
    assert listed(names=False) == names[:4]
    assert listed(sort="word") == sorted(names)
    assert listed(sort="q") == ["maria", "Hail", "storm", "wind", "rain"]
    assert listed(sort="distance")[0] == "rain"
    assert listed(sort="apd")[0] == "storm"
    assert listed(sort="count") == ["maria", "Hail", "storm", "wind", "rain"]
    assert ranking.page(Filter(size=0.2), 0, 1)["total"] == 3
    assert ranking.of_word("storm")[0] == 3


@given(st.integers(0, 2**32 - 1))
def test_neighbours_are_the_nearest_rows_without_stop_words(seed: int) -> None:
    made = tables(*np.random.default_rng(seed).standard_normal((2, 30, 4)).astype(np.float32))
    made = replace(made, listed=np.stack([np.arange(30) % 7 != 3] * 2))
    for row in range(30):
        for table, near in zip((made.before, made.after), made.near(row), strict=True):
            order = np.argsort(-(table @ table[row]), kind="stable").tolist()
            assert [i for i, _ in near] == [i for i in order if i != row and i % 7 != 3][:10]
        gained, lost = made.gained_and_lost(row)
        assert len(gained) == len(lost)
        assert not set(gained) & set(lost)


def test_a_word_without_a_vector_has_no_neighbours_and_is_nobodys() -> None:
    before = np.array([[1, 0], [0.9, 0.1], [0, 1], [0, 0]], np.float32)
    made = tables(before, before[[2, 1, 0, 3]])
    had, _ = made.near(0)
    assert [row for row, _ in had] == [1, 2]
    assert had[0][1] == pytest.approx(0.9 / np.hypot(0.9, 0.1))
    assert made.near(3) == ([], [])


@pytest.mark.parametrize("word", ["storms", "hail", "the"])
def test_the_page_shows_the_nearest_words_without_stop_words(tmp_path: Path, word: str) -> None:
    lines = [
        "the hail of the storms broke roofs and it was the worst storm when hail fell",
        "the judge of the court asked the jury when the trial was over and it was late",
        "a storm with hail and snow came when the river was high and the roofs were weak",
    ]
    data = PageData(fitted(tmp_path, lines * 9, repeats="keep"), jobs=1)
    shown = words.word(data, REFINED, word)
    stops = stop_words_of(data.run.provenance)
    for side, table in (("before", data.run.original), ("after", data.run.vectors)):
        near = table.most_similar(word, topn=30, min_count=5)
        assert [other for other, _ in shown[side]] == [other for other, _ in near if other not in stops][:10]


def test_a_list_and_the_page_of_a_word_have_one_rule_for_forms_of_the_word() -> None:
    """Refining parted *tornado* from its forms: they are no neighbours any longer, as in the list."""
    names = ["tornado", "tornadoes", "tornados", *(f"w{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    after = np.random.default_rng(0).standard_normal((len(names), 16)).astype(np.float32)
    before = after.copy()
    before[1:3] = before[0] + 0.1 * before[1:3]
    after[1:3] = -after[0]
    run = Run(Vectors(names, after), Vectors(names, before), provenance={"method": "decorrelated"})
    row = drift(run)["tornado"]
    assert {"tornadoes", "tornados"} <= set(row["lost"])
    data = PageData(run, jobs=1)
    found = words.word(data, REFINED, "tornado")
    assert set(row["lost"]).isdisjoint(near for near, _ in found["after"])
    assert (set(found["gained"]), set(found["lost"])) == (set(row["gained"]), set(row["lost"]))
    assert not found["tested"]
    data.comparisons.tasks(REFINED).tested.result()
    assert words.word(data, REFINED, "tornado")["change"] == row | {"mark": "", "subwords": False}


def test_words_built_from_subwords_are_ranked_and_said_to_be(tmp_path: Path) -> None:
    lines = ["the hail of the thunderstorm broke the roof", "the judge asked the jury about the appellant"]
    run = fitted(tmp_path, lines * 12, repeats="keep")
    rows = ranking_of(PageData(run, jobs=1), REFINED).page(Filter(), 0, 99)["rows"]
    built = {row["word"] for row in rows if row["subwords"]}
    assert built == {
        row["word"] for row in rows if run.original.sources[run.index(row["word"])] == Source.SUBWORDS
    }
    assert built


def test_progress_counts_every_step() -> None:
    seen = []

    def work(progress: Progress) -> int:
        with progress.steps("All", {"Reading": 1, "Counting": 1}) as steps:
            for label in ("Reading", "Counting"):
                with steps.stage(label, 4, "words") as advance:
                    for _ in range(4):
                        advance(1)
                        seen.append(task.share)
        return 1

    task = Tasks().task(work)
    assert task.share == 0
    task.result()
    assert seen == [1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 0.99]
    assert task.share == 1


def test_the_page_the_command_and_the_assistant_share_the_results_of_drift(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    save_run(run, folder)
    data = PageData(open_run(folder), 1)
    key = data.comparisons.default
    first, last = key.split("|")
    command = ran(["drift", folder, "--json", "--examples", "0"]).json
    rows = command["rows"]
    assert (command["a"], command["b"]) == (first, last)
    (kept,) = (folder / "cache").glob("drift-*")
    stamp = kept.stat().st_mtime_ns
    shown = ranking_of(data, key).page(Filter(), 0, 500)
    assert [{name: row[name] for name in rows[0]} for row in shown["rows"]] == rows  # words, order, figures
    assert (shown["new"], shown["gone"]) == (command["new"], command["gone"])
    assert len(rows) > 20
    every = ran(["drift", folder, "--json", "--examples", "0", "--all-words"]).json["rows"]
    listed = ranking_of(data, key).page(Filter(stops=True), 0, 500)["rows"]
    assert [{name: row[name] for name in every[0]} for row in listed] == every
    found = words.word(data, key, rows[0]["word"])
    assert (found["rank"], found["change"]["q"]) == (1, rows[0]["q"])
    for name in ("gained", "lost"):
        assert set(found[name]) == set(rows[0][name])
    told = Tools(open_run(folder)).drift(top=3)
    assert (told["a"], told["b"]) == (first, last)
    assert [one["word"] for one in told["rows"]] == [row["word"] for row in rows[:3]]
    for one, row in zip(told["rows"], rows, strict=False):
        assert one["distance"] == pytest.approx(row["distance"], rel=1e-3)
    assert list((folder / "cache").glob("drift-*")) == [kept]
    assert kept.stat().st_mtime_ns == stamp
    assert verify(folder).damaged == []

    ranking_of(data, REFINED)  # what the page computes is there for the command
    made = {entry.name: entry.stat().st_mtime_ns for entry in (folder / "cache").glob("drift-*")}
    drift(open_run(folder), ["original", "refined"])
    assert {entry.name: entry.stat().st_mtime_ns for entry in (folder / "cache").glob("drift-*")} == made


def test_progress_of_a_comparison_and_its_tests_counts_every_step(run: Run) -> None:
    run = run.replace(folder=None)  # whose results are not cached
    every = Comparisons(run, 1).slices
    pair = [every[0], every[-1]]

    def compare(progress: Progress) -> object:
        return compare_slices(run, pair, 1, progress)

    def test(progress: Progress) -> object:
        return Ranking.of(run, pair, 1, progress)

    for work in (compare, test):
        shares = []

        def watched(progress: Progress, work=work, shares=shares) -> object:
            progress.check = lambda: shares.append(progress.share)
            return work(progress)

        task = Tasks().task(watched)
        assert task.result()
        assert shares == sorted(shares)
        assert len({round(value, 2) for value in shares}) >= 4
        assert task.share == 1


def test_a_long_text_is_compared_after_it_is_indexed_and_progress_counts_both(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for longest, index_first in ((1 << 40, False), (0, True)):
        monkeypatch.setattr(page_data, "_LONG_TEXT", longest)
        data = PageData(run)
        comparison = data.comparisons.tasks(data.comparisons.default).comparison
        assert comparison.needs == ((data.index,) if index_first else ())
        comparison.result()
        assert data.index.done() == index_first


def test_the_overview_needs_no_comparison(site: Site, run: Run) -> None:
    found = site.json("/api/overview")
    counts = [number for _, number in found["words"]]
    assert counts == sorted(counts, reverse=True)
    periods = [(part["name"], part["documents"], part["from"]) for part in found["time"]]
    assert periods == [("1990", 240, 1990), ("2005", 240, 2005), ("2020", 240, 2020)]
    assert "." not in [word for word, _ in found["words"]]
    course = site.json("/api/time?w=cell")["time"]
    assert sum(part["count"] for part in course) == run.vectors.counts[run.index("cell")]
    assert sum(part["tokens"] for part in course) == len(run.tokens)


def test_domain_words_are_of_the_text_and_near_words_that_can_be_read(tmp_path: Path) -> None:
    """No stop words, numbers, names or other forms of a word; words built from subwords are among them."""
    topics = (
        "compost heap straw manure worms soil spade weeds mulch barrow",
        "judge jury verdict trial appeal witness lawyer prison court bail",
        "trawler harbour tide gale mast anchor crew deck sail rudder",
    )
    rng = np.random.default_rng(1)
    lines = []
    for number in range(240):
        words = rng.choice(topics[number % 3].split(), 6).tolist()
        lines.append(f"There the {words[0]} of Mary and {' '.join(words[1:])} too, when 20 more in Ohio.")
    rows = PageData(fitted(tmp_path, lines, window=9), jobs=1).domain.result()
    assert 3 <= len(rows) <= 8
    shown = {word for row in rows for word in (row["word"], *row["before"], *row["after"])}
    assert shown <= set(" ".join(topics).split()) | {"there"}
    assert not shown & {"the", "of", "and", "too", "more", "when", "in", "20", "mary", "ohio"}
    for row in rows:
        assert set(row["gained"]) == set(row["after"]) - set(row["before"])
    assert any(row["subwords"] for row in rows)


def test_nouns_are_the_first_domain_words_of_a_topic_where_parts_of_speech_are_known(tmp_path: Path) -> None:
    pytest.importorskip("textblob", reason="needs selfvec[pos]")
    rng = np.random.default_rng(1)
    nouns = ["printer", "invoice", "password", "account", "delivery", "keyboard"]
    verbs = ["asked", "opened", "replied", "wrote", "agreed", "began"]
    lines = []
    for number in range(300):
        (noun, other), (one, two) = rng.choice(nouns, 2), rng.choice(verbs, 2)
        lines.append(f"The customer {one} about the {noun} and {two} the {other}, number {number}.")
    rows = PageData(fitted(tmp_path, lines, window=9), jobs=1).domain.result()
    assert rows
    for topic in {row["topic"] for row in rows}:
        found = [row["word"] in nouns for row in rows if row["topic"] == topic]
        assert found[0]
        assert found == sorted(found, reverse=True)


def test_rare_words_say_nothing_to_a_newcomer(run: Run) -> None:
    counts = np.asarray(run.vectors.counts).copy()
    rare = run.index("hail")
    counts[rare] = 4
    counts[run.index("rain")] = 200_000
    vectors = Vectors(run.vectors.index_to_key, run.vectors.unit, counts=counts)
    changed = Run(vectors, run.original, None, run.provenance, run.report_json, run.tokens)
    names = np.zeros(len(counts), bool)
    assert not _Readable(changed, names).of_text(rare)
    assert _Readable(run, names).of_text(rare)


@given(
    st.lists(st.text("abcAB", min_size=1, max_size=4), unique=True, max_size=12), st.text("abA", max_size=3)
)
def test_completion_finds_what_begins_and_then_what_contains(words: list[str], typed: str) -> None:
    found = [word for word, _ in Completion(words, np.arange(len(words), 0, -1))(typed, 50)]
    lower = typed.lower()
    assert sorted(found) == sorted(word for word in words if typed and lower in word.lower())
    exact = sorted(
        (word for word in words if typed and word.lower() == lower), key=lambda word: word != typed
    )
    assert found[: len(exact)] == exact
    starts = [word.lower().startswith(lower) for word in found]
    assert starts == sorted(starts, reverse=True)


def test_the_planted_changes_are_found_with_their_reasons(site: Site) -> None:
    data = site.data
    rows = words.ranking(data, "refined", Filter(), 0, 50)["rows"]
    assert [row["word"] for row in rows] == [
        row["word"] for row in drift(data.run, ["original", "refined"]).rows
    ][:50]
    (top,) = (row for row in rows if row["word"] == "cell")
    assert len(top["lost"]) == 10
    assert set(top["lost"]) <= set(TOPICS["court"]) | {"charge", *COMMON}
    assert set(top["gained"]) & set(TOPICS["weather"] + TOPICS["kitchen"])
    found = words.word(data, "refined", "Cell")
    assert (found["word"], found["rank"]) == ("cell", 1 + rows.index(top))
    assert set(found["gained"]) <= {near for near, _ in found["after"]}
    for use in words.uses(data, "refined", "cell")["texts"][0]["uses"]:
        assert {"self", "came"} <= {mark for _, mark in use["tokens"]}
        assert use["written"]  # the run keeps its text: the sentence is shown as it was written
        assert "".join(text for text, _ in use["tokens"]) in documents.document(data, use["id"])["text"]


def test_two_years_are_compared_as_drift_compares_them(site: Site, run: Run) -> None:
    rows = words.ranking(site.data, "1990|2020", Filter(), 0, 200)["rows"]
    assert rows[0]["word"] == "cell"
    assert rows[0]["q"] <= 0.05
    measured = {row["word"]: row for row in drift(run, ("1990", "2020"), all_words=True, min_count=1).rows}
    for row in rows:
        if row["q"] is not None:
            expected = measured[row["word"]]
            assert (row["count_a"], row["count_b"]) == (expected["count_a"], expected["count_b"])
            assert row["distance"] == pytest.approx(expected["distance"], rel=1e-3, abs=1e-5)
            assert row["p"] == pytest.approx(expected["p"], rel=1e-3)
    texts = words.uses(site.data, "1990|2020", "cell")["texts"]
    assert [text["name"] for text in texts] == ["1990", "2020"]
    for text, topic in zip(texts, ("weather", "kitchen"), strict=True):
        assert {use["date"][:4] for use in text["uses"]} == {text["name"]}
        for use in text["uses"]:
            assert sum(word in TOPICS[topic] for word, _ in use["tokens"]) > 3 or use["written"]


def test_documents_of_a_topic_are_together_on_the_map(site: Site) -> None:
    shown = document_map.points(site.data)
    assert shown["documents"] == len(shown["ids"]) == 720
    places = np.array(shown["points"])
    assert np.abs(places).max() <= 1
    assert np.ptp(places, axis=0) == pytest.approx([2, 2], abs=0.4)  # the map is filled
    (topic,) = (one for one in colours(site.data)["colours"] if one["name"] == "topic")
    codes = np.array(topic["codes"])
    far = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    nearest = codes[np.argsort(far, axis=1)[:, :3]]
    assert np.mean((nearest == codes[:, None])[codes >= 0]) > 0.8


def test_documents_are_coloured_by_topic_and_date(site: Site) -> None:
    by_name = {one["name"]: one for one in colours(site.data)["colours"]}
    assert list(by_name) == ["topic", "date"]
    for one in by_name.values():
        assert len(one["codes"]) == 720
        assert set(one["codes"]) <= set(range(-1, len(one["values"])))
    shown, dates = document_map.points(site.data), by_name["date"]
    for place in (0, 300, 719):
        date = documents.document(site.data, shown["ids"][place])["date"]
        assert dates["values"][dates["codes"][place]] == date[:4]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_few_documents_have_a_map(tmp_path: Path, number: int) -> None:
    lines = ["hail broke the roof", "the river rose over the road", "an invoice was paid"][:number]
    shown = document_map.points(PageData(fitted(tmp_path, lines, "none"), jobs=1))
    assert len({tuple(point) for point in shown["points"]}) == number
    assert shown["texts"] == lines


def test_the_tests_of_a_comparison_are_dropped_with_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate = threading.Event(), threading.Event()

    def waiting(*given: object, **options: object) -> Drift:
        begun.set()
        gate.wait(PATIENCE)
        return drift(*given, **options)

    monkeypatch.setattr(comparison, "drift", waiting)
    data = PageData(run.replace(folder=None), jobs=1)  # has no folder that may hold the result
    asked = []
    for year in range(1991, 1991 + comparison.KEPT + 3):
        tasks = data.comparisons.tasks(f"1990|{year}..2020")
        asked.append(tasks.tested)
        tasks.comparison.result(PATIENCE)
    assert begun.wait(PATIENCE)
    gate.set()
    for task in asked[: -comparison.KEPT]:
        refused(lambda task=task: task.result(PATIENCE), Busy)
    assert all(task.result(PATIENCE) for task in asked[-comparison.KEPT :])


def test_the_comparison_with_options_that_was_used_last_is_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "KEPT", 1)
    data = PageData(run, jobs=1)
    first, last = (data.comparisons.tested(key, {"mix": "raw"}) for key in (REFINED, "1990|2020"))
    assert data.comparisons.tested("1990|2020", {"mix": "raw"}) is last
    assert data.comparisons.tested(REFINED, {"mix": "raw"}) is not first


def test_unknown_words_say_where_their_vectors_come_from(site: Site, run: Run) -> None:
    found = words.unknown(site.data, None, 1, "", 0, 50)
    lacked = int(np.sum(run.original.sources != Source.KNOWN))
    assert found["total"] == lacked == sum(found["sources"].values())
    zest = next(row for row in found["rows"] if row["word"] == "zest")
    assert zest["source"] == "none"
    assert zest["source_after"] in ("context", "mixed", "subwords")
    assert set(zest["near"]) <= set(TOPICS["kitchen"]) | {"cell"}
    only = words.unknown(site.data, zest["source_after"], 1, "ZES", 0, 50)["rows"]
    assert [row["word"] for row in only] == ["zest"]


def test_nearly_identical_hits_are_one_row(tmp_path: Path) -> None:
    lines = [
        f"Wind of {number} mph blew down {some} trees." for number in range(50, 56) for some in ("", "a few")
    ]
    lines += ["Wind bent the mast of a small boat in the harbour during the afternoon of that long day."]
    data = PageData(fitted(tmp_path, lines, repeats="keep"), jobs=1)
    rows = documents.search(data, "wind", 10, "bm25", (), fold=True)["rows"]
    assert len(rows) == 2
    assert sorted(len(row["alike"]) for row in rows) == [0, 11]
    assert len(documents.search(data, "wind", 10, "bm25", ())["rows"]) == 10


def test_a_small_text_of_many_years_opens_with_a_comparison_that_can_be_made() -> None:
    texts = [{"text": f"hail fell on roof {year}", "date": f"{year}"} for year in range(1980, 2020)]
    page = PageData(selfvec.refine(texts, "none", "decorrelated", slice="year"))
    assert words.word(page, page.comparisons.default, "hail")["count"] == 40
    with pytest.raises(NotFound, match=r"no word occurs 5 times in 1980, or in 2019; compare larger slices"):
        page.comparisons.get("1980|2019")


def test_a_run_without_its_text_is_still_shown(run: Run) -> None:
    data = PageData(Run(run.vectors, run.original, None, run.provenance, run.report_json), jobs=1)
    assert about(data)["has_tokens"] is about(data)["has_documents"] is False
    assert [entry["key"] for entry in data.comparisons.choices()] == ["refined"]
    data.comparisons.get("refined")
    assert "cell" in [row["word"] for row in words.ranking(data, "refined", Filter(seen=20), 0, 9)["rows"]]
    assert words.word(data, "refined", "cell")["gained"]
    refused(lambda: words.uses(data, "refined", "cell"), InputError, "has not kept its tokens")


def test_topics_and_words_are_counted_by_period(site: Site) -> None:
    site.data.topics.result()
    found = site.json("/api/topics?unit=year")
    assert [part["name"] for part in found["periods"]] == ["1990", "2005", "2020"]
    assert [part["documents"] for part in found["periods"]] == [240] * 3
    sums = np.sum([topic["counts"] for topic in found["topics"]], axis=0)
    assert sums.tolist() == [240] * 3
    typical = site.json("/api/typical")["topics"]
    assert len(typical) == len(found["topics"])
    for row, quotes in zip(found["topics"], typical, strict=True):
        terms = {term.replace("_", " ") for term in row["terms"]}
        assert 1 <= len(quotes) <= 3
        for quote in quotes:
            text = "".join(piece for piece, _ in quote["tokens"])
            assert any(term and piece.lower() in terms for piece, term in quote["tokens"]), text
            assert text in " ".join(site.json(f"/api/document?id={quote['id']}")["text"].split())
    decades = [part["name"] for part in site.json("/api/time?w=bread&unit=decade")["time"]]
    assert decades == ["1990..1999", "2000..2009", "2020..2029"]
    assert site.json("/api/about")["units"] == ["month", "quarter", "year", "decade"]
    status, _, body = site.get("/api/time?w=bread&unit=century")
    assert status == 404
    assert b"month, quarter, year, decade" in body


def test_of_a_subject_the_page_says_what_a_report_says(site: Site, tmp_path: Path) -> None:
    site.data.topics.result()
    made = selfvec.report(site.data.run, tmp_path / "report.html")
    rows = {row["name"]: row for row in made["growth"]}
    page = {row["name"]: row["growth"] for row in site.json("/api/topics")["topics"]}
    assert page.keys() == rows.keys()
    for name, said in page.items():
        row = rows[name]
        shares = [f"{percent(row[f'share_{side}'])} of" for side in ("last", "first")]
        assert said.startswith(
            f"{shares[0]} the documents of {row['last']}, {shares[1]} those of {row['first']}"
        )
        assert ("times the share" in said) == row["moved"] == (row["q"] <= 0.05)
    default = next(choice for choice in site.json("/api/about")["comparisons"])
    assert {(row["first"], row["last"]) for row in rows.values()} == {(default["a"], default["b"])}


def test_a_topic_that_a_report_joins_with_others_is_tested_by_itself(site: Site) -> None:
    found = site.data.topics.result()
    assert found is not None
    run = site.data.run.replace()
    run.topic_names = [TopicName("both", tuple(term for term, _ in row.terms)) for row in found.topics[:2]]
    alone, joined = (times.topics(PageData(each, jobs=1))["topics"] for each in (site.data.run, run))
    assert [row["own"] for row in joined[:3]] == ["both", "both", None]
    for row, by_itself in zip(joined, alone, strict=True):
        assert row["growth"].partition(":")[0] == by_itself["growth"].partition(":")[0]
        assert row["direction"] in (-1, 0, 1)


def test_names_are_words_with_a_capital_letter_in_mid_sentence(tmp_path: Path) -> None:
    lines = [
        "Hail hit the farm of Jones, and rain fell.",
        "Then the old Smith and his brother saw hail.",
    ] * 30
    data = PageData(fitted(tmp_path, lines, "none"), jobs=1)
    data.index.result()
    every = np.array(data.run.vectors.index_to_key)
    assert set(every[data.names.result()]) == {"jones", "smith"}
    listed = {row["word"] for row in words.ranking(data, REFINED, Filter(seen=1, names=False), 0, 99)["rows"]}
    assert listed
    assert not listed & {"jones", "smith"}


def test_the_map_and_topics_are_kept_for_the_next_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown() -> list[object]:
        data = PageData(open_run(run.folder), jobs=1)
        return [document_map.points(data), times.topics(data), colours(data)]

    first = shown()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("was computed again")

    monkeypatch.setattr(page_data, "pacmap", refuse)
    monkeypatch.setattr(corpus_topics, "cluster_terms", refuse)
    assert shown() == first
    assert not verify(run.folder).damaged
    for file in run.folder.glob("cache/page-*/*"):
        file.write_bytes(b"{}")
    refused(lambda: shown(), Exception, "computed again")
