"""What the page is told about a run: laws of its parts, and a run whose changes were planted."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import TOPICS, Site, fitted
from tests.commands import ran
from tests.processes import PATIENCE
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts import corpus_topics
from selfvec.analysis.concepts.shares import percent
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.apps.mcp.tools import Tools
from selfvec.apps.web import documents, page_data, times, words
from selfvec.apps.web.addresses import ADDRESSES
from selfvec.apps.web.documents import colours
from selfvec.apps.web.first_view import about
from selfvec.apps.web.page_data import REFINED, ComparisonTasks, PageData
from selfvec.apps.web.words import Completion
from selfvec.apps.web.work import ServerBusy, Tasks
from selfvec.base.errors import InputError
from selfvec.data.run import Run, TopicName
from selfvec.storage.run_folder import open_run


def test_the_page_the_command_and_the_assistant_share_the_results_of_drift(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    selfvec.save_run(run, folder)

    def cached() -> dict[str, int]:
        return {entry.name: entry.stat().st_mtime_ns for entry in (folder / "cache").glob("drift-*")}

    data = PageData(open_run(folder), 1)
    key = data.comparisons.default
    command = ran(["drift", folder, "--json", "--examples", "0"]).json
    rows = command["rows"]
    assert f"{command['a']}|{command['b']}" == key
    made = cached()
    assert len(made) == 1
    changes = data.comparisons.drift(key).result()
    shown = ADDRESSES["/api/ranking"].function(data, key=key, top=200)
    columns = [column.as_dict() for column in changes.columns]
    assert [{name: row[name] for name in rows[0]} for row in shown["rows"]] == rows  # words, order, figures
    assert {name: shown[name] for name in command} | {"rows": rows} == command
    assert [column for column in shown["columns"] if column["name"] != "size"] == columns
    sizes = {row["size"] for row in shown["rows"] if row["q"] > 0.05}
    assert sizes == {"no clear change"}
    for row in shown["rows"][: shown["changed"]]:
        assert row["size"].endswith(
            f"({100 * row['differing_low']:.0f} to {100 * row['differing_high']:.0f} %)"
        )
    assert len(rows) > 20
    found = words.word(data, key, rows[0]["word"])
    assert found["change"] == shown["rows"][0]
    near = ran(["similar", folder, rows[0]["word"], "--compare", "--json"]).json["rows"]
    assert [found["before"], found["after"]] == [row["neighbours"] for row in near]
    assert Tools(open_run(folder)).drift(top=3)["a"] == command["a"]
    assert cached() == made
    assert selfvec.verify(folder).damaged == []

    data.comparisons.drift(REFINED).result()  # what the page computes is there for the command
    made = cached()
    selfvec.drift(open_run(folder), ["original", "refined"])
    assert cached() == made


def test_progress_of_a_comparison_counts_every_step(run: Run) -> None:
    state = run.present.replace(folder=None)  # whose results are not cached
    made = ComparisonTasks(state, 1).drift("1990|2020")
    shares = []

    def watched() -> object:
        stage = task.stage

        @contextmanager
        def noted(*about: Any) -> Iterator[Callable[[int], None]]:
            with stage(*about) as advance:
                yield lambda number: shares.append(advance(number) or task.share)

        task.stage = noted  # type: ignore[method-assign]
        return made.work()

    task = Tasks().task(watched)
    assert task.share == 0
    assert task.result()
    assert shares == sorted(shares)
    assert len({round(value, 2) for value in shares}) >= 4
    assert shares[-1] == 0.99  # until there is the result
    assert task.share == 1


def test_a_long_text_is_compared_after_it_is_indexed_and_progress_counts_both(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for longest, index_first in ((1 << 40, False), (0, True)):
        monkeypatch.setattr(page_data, "_LONG_TEXT", longest)
        data = PageData(run)
        comparison = data.comparisons.drift(data.comparisons.default)
        assert comparison.needs == ((data.index,) if index_first else ())
        comparison.result()
        assert data.index.done() == index_first


def test_the_overview_needs_no_comparison(site: Site, run: Run) -> None:
    found = site.json("/api/overview")
    counts = [number for _, number in found["words"]]
    assert counts == sorted(counts, reverse=True)
    assert "." not in [word for word, _ in found["words"]]
    course = site.json("/api/time?w=cell")["time"]
    periods = [(part["name"], part["documents"], part["from"]) for part in course]
    assert periods == [("1990", 240, 1990), ("2005", 240, 2005), ("2020", 240, 2020)]
    having = np.unique(run.tokens.document_of(np.flatnonzero(run.tokens.ids == run.index("cell"))))
    assert sum(part["count"] for part in course) == len(having)


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


def test_the_planted_change_is_found_with_sentences_of_both_years(site: Site) -> None:
    data = site.data
    data.comparisons.occurrences("1990|2020").result()
    texts = words.uses(data, "1990|2020", "cell")["texts"]
    assert [text["name"] for text in texts] == ["1990", "2020"]
    for text, topic in zip(texts, ("weather", "kitchen"), strict=True):
        assert {use["date"][:4] for use in text["uses"]} == {text["name"]}
        for use in text["uses"]:
            shown = "".join(piece for piece, _ in use["tokens"])
            assert sum(word in TOPICS[topic] for word in shown.split()) > 3
            assert use["written"]  # the run keeps its text: the sentence is shown as it was written
            assert shown in documents.document(data, use["id"])["text"]
    examples = selfvec.drift(data.run, ["1990", "2020"], words="cell", examples=5).rows[0]
    told = ["".join(piece for piece, _ in use["tokens"]) for use in texts[1]["uses"]]
    assert set(told) == set(examples["examples_b"])


def test_the_result_that_was_used_last_is_kept_and_others_are_dropped(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def waiting(*given: object, **options: object) -> Drift:
        begun.set()
        gate.wait(PATIENCE)
        return selfvec.drift(*given, **options)

    monkeypatch.setattr(page_data, "drift", waiting)
    monkeypatch.setattr(page_data, "KEPT", 2)
    made = ComparisonTasks(run.present.replace(folder=None), 1)  # has no folder that may hold the result
    first, second = (made.drift(key, mix="raw") for key in (REFINED, "1990|2020"))
    assert begun.wait(PATIENCE)
    assert made.drift("1990|2020", mix="raw") is second  # who waits keeps the place
    gate.set()
    assert first.result(PATIENCE)
    assert second.result(PATIENCE)
    assert made.drift(REFINED, mix="raw") is first
    made.drift("1990|2005").result(PATIENCE)
    assert made.drift(REFINED, mix="raw") is first
    assert made.drift("1990|2020", mix="raw") is not second


def test_a_comparison_that_nobody_asks_for_ends_and_who_asks_seldom_gets_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(
        page_data, "drift", lambda *given, **how: gate.wait(PATIENCE) and selfvec.drift(*given, **how)
    )
    made = ComparisonTasks(run.present.replace(folder=None), 1)
    first, second = made.drift(REFINED), made.drift("1990|2020")
    assert first.unwanted.patience == page_data.ABANDONED
    first.unwanted.asked -= 20  # seconds that seem to have passed
    again = made.drift(REFINED)
    assert again is not first
    assert 40 <= again.unwanted.patience < 41
    gate.set()
    for task in (again, second):
        assert task.result(PATIENCE)
        task.unwanted.asked -= 1000
    refused(lambda: first.result(PATIENCE), ServerBusy)
    assert made.drift(REFINED) is again  # a result stays


def test_a_small_text_of_many_years_opens_with_a_comparison_that_can_be_made() -> None:
    texts = [{"text": f"hail fell on roof {year}", "date": f"{year}"} for year in range(1980, 2020)]
    page = PageData(selfvec.refine(texts, "none", "decorrelated", slice="year").present)
    assert page.comparisons.drift(page.comparisons.default).result().tested == 3
    assert words.word(page, page.comparisons.default, "hail")["count"] == 40
    refused(lambda: page.comparisons.drift("1980|2019").result(), InputError)
    assert words.word(page, "1980|2019", "hail")["change"] is None


def test_a_run_without_its_text_is_still_shown(run: Run) -> None:
    data = PageData(run.present.replace(folder=None, text=None, tokens=None), jobs=1)
    assert about(data)["has_tokens"] is about(data)["has_documents"] is False
    assert [entry["key"] for entry in data.comparisons.choices()] == [REFINED]
    assert "cell" in [row["word"] for row in data.comparisons.drift(REFINED).result().rows]
    assert words.word(data, REFINED, "cell")["change"]["word"] == "cell"
    refused(lambda: words.uses(data, REFINED, "cell"), InputError, "has not kept its tokens")


def test_documents_of_a_topic_are_together_on_the_map(site: Site) -> None:
    shown = documents.points(site.data)
    assert shown["documents"] == len(shown["ids"]) == 720
    places = np.array(shown["points"])
    assert np.abs(places).max() <= 1
    assert np.ptp(places, axis=0) == pytest.approx([2, 2], abs=0.4)  # the map is filled
    (topic,) = (one for one in colours(site.data)["colours"] if one["name"] == "subject")
    codes = np.array(topic["codes"])
    far = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    nearest = codes[np.argsort(far, axis=1)[:, :3]]
    assert np.mean((nearest == codes[:, None])[codes >= 0]) > 0.7


def test_documents_are_coloured_by_topic_and_date(site: Site) -> None:
    by_name = {one["name"]: one for one in colours(site.data)["colours"]}
    assert list(by_name) == ["subject", "date"]
    for one in by_name.values():
        assert len(one["codes"]) == 720
        assert set(one["codes"]) <= set(range(-1, len(one["values"])))
    shown, dates = documents.points(site.data), by_name["date"]
    for place in (0, 300, 719):
        date = documents.document(site.data, shown["ids"][place])["date"]
        assert dates["values"][dates["codes"][place]] == date[:4]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_few_documents_have_a_map(number: int) -> None:
    lines = ["hail broke the roof", "the river rose over the road", "an invoice was paid"][:number]
    shown = documents.points(PageData(fitted(lines, "none"), jobs=1))
    assert np.unique(shown["points"], axis=0).shape == (number, 2)
    assert shown["texts"] == lines


def test_nearly_identical_hits_are_one_row() -> None:
    lines = [
        f"Wind of {number} mph blew down {some} trees." for number in range(50, 56) for some in ("", "a few")
    ]
    lines += ["Wind bent the mast of a small boat in the harbour during the afternoon of that long day."]
    data = PageData(fitted(lines, repeats="keep"), jobs=1)
    rows = documents.search(data, "wind", mode="bm25", fold=True)["rows"]
    assert len(rows) == 2
    assert sorted(len(row["alike"]) for row in rows) == [0, 11]
    assert len(documents.search(data, "wind", mode="bm25")["rows"]) == 10


def test_an_index_is_finished_though_the_next_state_has_come() -> None:
    data = PageData(fitted(["hail broke the roof of the barn", "a drone flew"] * 9), jobs=1)
    data.tasks.close()  # as a run does with each change
    assert len(data.index.result()) == 18
    refused(lambda: data.topics.result(), ServerBusy, "nobody asked")


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
    page = {row["name"]: row["growth"] for row in site.json("/api/topics")["subjects"]}
    site.data.report(site.data.comparisons.default).result()
    begins, written = site.json("/api/report"), (tmp_path / "report.html").read_text()
    assert begins["lines"]
    for said in (begins["about"], *(text.strip() for line in begins["lines"] for text, _ in line)):
        assert escape(said, quote=False) in written
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


def test_a_filter_narrows_headline_subjects_and_sentences(site: Site) -> None:
    site.data.topics.result()
    site.data.report(site.data.comparisons.default, ("date=2005..2020",)).result()
    asked = "?filter=date%3D2005..2020"
    assert site.json(f"/api/report{asked}")["about"].startswith("480 documents of 2005-05-01 to 2020-05-01")
    found = site.json(f"/api/topics{asked}")
    assert sum(row["share"] for row in found["subjects"]) == pytest.approx(1)
    assert [part["name"] for part in found["periods"]] == ["2005", "2020"]
    assert {row["direction"] for row in found["subjects"]} <= {-1, 0, 1}
    quoted = [one for quotes in site.json(f"/api/typical{asked}")["topics"] for one in quotes]
    assert {one["date"][:4] for one in quoted} <= {"2005", "2020"}
    site.data.report(site.data.comparisons.default, ("date=2020",)).result()
    assert "Nothing is compared" in site.json("/api/report?filter=date%3D2020")["missing"][0]


def topics_of(data: PageData) -> dict[str, list[dict[str, object]]]:
    return times.topics(data, data.comparisons.default)


def test_a_topic_that_a_report_joins_with_others_is_tested_by_itself(site: Site) -> None:
    found = site.data.topics.result()
    assert found is not None
    run = site.data.run.replace()
    run.topic_names = [TopicName("both", tuple(term for term, _ in row.terms)) for row in found.topics[:2]]
    alone, joined = (topics_of(PageData(each, jobs=1))["topics"] for each in (site.data.run, run))
    assert [row["own"] for row in joined[:3]] == ["both", "both", None]
    for row, by_itself in zip(joined, alone, strict=True):
        assert row["growth"].partition(":")[0] == by_itself["growth"].partition(":")[0]
        assert row["direction"] in (-1, 0, 1)


def test_the_map_and_topics_are_kept_for_the_next_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown() -> list[object]:
        data = PageData(open_run(run.folder), jobs=1)
        return [documents.points(data), topics_of(data), colours(data)]

    first = shown()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("was computed again")

    monkeypatch.setattr(page_data, "pacmap", refuse)
    monkeypatch.setattr(corpus_topics, "cluster_documents", refuse)
    assert shown() == first
    assert not selfvec.verify(run.folder).damaged
    for file in run.folder.glob("cache/page-*/*"):
        file.write_bytes(b"{}")
    refused(lambda: shown(), Exception, "computed again")
