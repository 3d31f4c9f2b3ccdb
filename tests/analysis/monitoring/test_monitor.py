"""`monitor`: its level on shuffled text, planted change, units that count once, and what it refuses."""

import json
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.analysis.monitoring import Monitoring, monitor
from selfvec.analysis.monitoring_evidence import document_keys
from selfvec.analysis.views import notebook
from selfvec.apps.cli import main
from selfvec.base.errors import CorpusError, InputError, OptionError
from selfvec.base.view import Table
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.files.report_page import page_markdown
from selfvec.numerics.statistics import hypergeometric_p

assert notebook  # registers how results are shown

SUBJECTS = {
    "storm": "hail wind tornado roof tree gust rain flood road power",
    "court": "judge appeal verdict jury trial lawyer statute ruling witness plea",
    "kitchen": "oven flour butter recipe onion sauce salt knife bread sugar",
}


def reports(number: int, seed: int, subjects: tuple[str, ...] = ("storm", "court")) -> list[str]:
    """Documents of one subject each, with common words, a number, and rare words of their own."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(number):
        own = SUBJECTS[subjects[rng.integers(len(subjects))]].split()
        words = [*rng.choice(own, 8), *rng.choice(["the", "a", "of", "and", "was", "near", "with", "in"], 8)]
        words += [f"rare{rng.integers(4000)}x" for _ in range(rng.integers(3))]
        rng.shuffle(words)
        out.append(" ".join([*words, str(rng.integers(1000))]))
    return out


def run_of(texts: list[str], **options: object) -> Run:
    return selfvec.Refiner("original", **options).fit(texts, "none").run_


@pytest.fixture(scope="module")
def run() -> Run:
    return run_of(reports(300, 0))


@pytest.mark.soak
def test_false_alarms_come_at_their_rate() -> None:
    trials, p, bias = 30, [], []
    for seed in range(trials):
        old, new = ((120, 30), (60, 120))[seed % 2]
        texts = reports(old + new, seed)
        found = monitor(run_of(texts[:old]), texts[old:], seed=seed, permutations=99)
        p.append(found.p)
        bias.append(found.unknown_share - (found.unknown_expected or 0))
    assert np.sum(np.array(p) <= 0.05) <= 5  # of 30; more have a probability of .003
    assert np.sum(np.array(p) <= 0.2) <= 12  # .003
    assert np.mean(p) == pytest.approx(0.5, abs=0.17)
    # Unknown words are as many as documents that are left out of the run in turn say.
    assert np.mean(bias) == pytest.approx(0, abs=3 * np.std(bias) / np.sqrt(trials))


def test_planted_change_is_found_and_shown(run: Run) -> None:
    new = [*reports(180, 1), *reports(20, 2, ("kitchen",))]
    found = monitor(run, new)
    assert found.alarm
    assert found.p <= found.level == 0.01
    assert found.unknown_share > (found.unknown_expected or 0)
    kitchen = set(SUBJECTS["kitchen"].split())
    words = [row for row in found.rows if row["kind"] == "word"]
    assert {row["name"] for row in words[:5]} <= kitchen
    assert {row["text"] for row in words[:5]} == {"unknown to the run"}
    documents = [row for row in found.rows if row["kind"] == "document"]
    assert {int(row["name"]) for row in documents[:15]} <= set(range(181, 201))
    assert kitchen & set(documents[0]["text"].split())
    assert [row["p"] for row in words] == sorted(row["p"] for row in words)
    assert monitor(run, new).as_dict() == found.as_dict()
    assert "<table>" in found._repr_html_()


def test_the_first_line_and_the_table_show_one_figure(run: Run) -> None:
    found = monitor(run, [*reports(180, 1), *reports(20, 2, ("kitchen",))])
    shown = page_markdown(found.view())
    table = next(line for line in shown.splitlines() if line.startswith("| unknown words"))
    old, new = (cell.strip() for cell in table.split("|")[2:4])
    assert f"{new} unknown words, {old} in the run's documents" in found.verdict
    assert new.endswith("%")


def test_a_change_of_subjects_without_new_words_is_found(run: Run) -> None:
    found = monitor(run, reports(150, 3, ("storm", "storm", "storm", "court")))
    each = {row["test"]: row["p"] for row in found.tests}
    assert found.alarm
    assert each["unknown"] > 0.01 >= min(each["words"], each["topics"])
    topics = {row["name"]: row["change"] for row in found.rows if row["kind"] == "topic"}
    assert any(
        change < 0
        for name, change in topics.items()
        if set(name.split(", ")) & {"judge", "appeal", "jury"}
        or set(name.split(", ")) & set(SUBJECTS["court"].split())
    )


def test_the_runs_own_documents_are_not_new(run: Run) -> None:
    texts = reports(300, 0)
    found = monitor(run, texts)
    assert (found.alarm, found.p, found.compared, found.unknown_share) == (False, None, 0, 0.0)
    assert found.verdict.startswith("nothing was compared, so there is no alarm and no p")
    assert found.note == "the run already has all of these documents"
    assert found.left_out["in the run already"] == 300
    more = monitor(run, [*texts, *reports(60, 1)])
    assert more.compared == 60
    assert not more.alarm


def test_a_repeated_document_counts_once(run: Run) -> None:
    new = reports(80, 4)
    spam = [f"buy sugar and salt at {n} o'clock" for n in range(300)]
    found = monitor(run, [*new, *spam])
    assert found.compared == 81
    assert found.left_out["repeated"] == 299
    # One long document is one of 81, however many unknown words it has.
    long = monitor(run, [*new, " ".join(f"strange{n}y" for n in range(3000))])
    assert long.unknown_share > 0.5
    assert {row["test"]: row["p"] for row in long.tests}["words"] > 0.01


def test_rare_words_that_the_run_dropped_are_unknown_on_both_sides() -> None:
    texts = reports(400, 5)
    frequent = run_of(texts[:300], min_count=3, stem="en")
    found = monitor(frequent, texts[300:])
    assert found.unknown_share == pytest.approx(found.unknown_expected, abs=0.02)
    assert not found.alarm


def test_a_run_without_tokens_counts_unknown_words_only() -> None:
    found = monitor(run_of(reports(300, 0), keep="nothing"), reports(50, 6, ("kitchen",)))
    assert (found.p, found.alarm, found.tests, found.rows) == (None, False, [], [])
    assert "only unknown words are counted" in found.note
    assert found.unknown_share > (found.unknown_expected or 1)


@pytest.mark.parametrize(("least", "tested"), [(1, True), (2, False)])
def test_tokens_alone_are_enough_if_no_word_was_left_out(least: int, tested: bool) -> None:
    texts, new = reports(300, 0), reports(50, 6, ("kitchen", "court"))
    whole = monitor(run_of(texts, min_count=least), new)
    found = monitor(run_of(texts, min_count=least, keep="tokens"), new)
    assert (found.p is not None) == tested
    assert not tested or (found.p, found.unknown_expected) == (whole.p, whole.unknown_expected)


def test_more_documents_than_the_sample(run: Run) -> None:
    found = monitor(run, (text for text in reports(500, 7)), sample=100)
    assert (found.documents, found.compared) == (500, 100)


def test_what_cannot_be_tested_is_an_error(run: Run) -> None:
    refused(lambda: monitor(run, []), CorpusError, "it contains no documents")
    refused(lambda: monitor(run, ["...", "?!"]), InputError, "no words of the new documents remain")
    with pytest.raises(InputError, match="1 new documents and 2 of the run are too few"):
        monitor(run_of(reports(5, 0)), ["hail"])
    with pytest.raises(OptionError, match=r"permutations: is at least 999 for an alarm at level 0\.001"):
        monitor(run, ["hail"], level=0.001, permutations=500)


def test_p_of_shares_is_exact() -> None:
    # Three of three documents with a word are among 4 new ones of 10: C(4, 3) / C(10, 3) ways.
    assert hypergeometric_p(np.array([3]), np.array([3]), 4, 10)[0] == pytest.approx(2 * 4 / comb(10, 3))
    assert hypergeometric_p(np.array([0]), np.array([3]), 4, 10)[0] == pytest.approx(
        2 * comb(6, 3) / comb(10, 3)
    )


def test_keys_leave_numbers_out_and_keep_documents_apart() -> None:
    batch = TokenBatch.from_documents([["a", "1", "b"], ["2", "a", "b"], ["a"], ["b"], ["a", "b", "b"]])
    keys = document_keys(batch)
    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    folder = tmp_path_factory.mktemp("monitor")
    selfvec.save_run(run, folder / "run")
    (folder / "same.txt").write_text("\n".join(reports(100, 8)), encoding="utf-8")
    strange = [f"{text} <script>alert(1)</script> | b" for text in reports(60, 9, ("kitchen",))]
    (folder / "other.txt").write_text("\n".join(strange), encoding="utf-8")
    (folder / "empty.txt").write_text("\n", encoding="utf-8")
    return folder


def test_exit_status_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, status in (("same", 0), ("other", 1), ("empty", 2), ("absent", 2)):
        assert main(["monitor", str(folder / "run"), str(folder / f"{name}.txt"), "--json"]) == status
        out = capsys.readouterr().out
        if status == 2:
            assert out == ""
            continue
        found = json.loads(out)
        assert {"alarm", "p", "unknown_share", "rows"} <= found.keys()
        assert found["alarm"] == bool(status) == (found["p"] <= found["level"])
        for row in found["rows"]:
            assert list(row) == ["kind", "name", "old", "new", "change", "p", "q", "text"]


def test_reports_are_escaped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # without it nothing is wrapped in a pipe
    arguments = ["monitor", str(folder / "run"), str(folder / "other.txt"), "--as-is", "--report"]
    shown = "".join(ran([*arguments, folder / name], 1).out for name in ("r.html", "r.md"))
    assert "ALARM" in shown
    assert max(map(len, shown.splitlines())) <= 80
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "&lt;script&gt;alert(1)" in page
    assert not any(part in page for part in ("<script", "http", "src=", "href="))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\|" in (folder / "r.md").read_text(encoding="utf-8")
    assert main([*arguments, str(folder / "r.pdf")]) == 2


def tables(found: Monitoring) -> list[Table]:
    return [part for part in found.view().parts if isinstance(part, Table)]


def test_without_an_alarm_few_words_are_shown(run: Run) -> None:
    found = monitor(run, reports(120, 5))
    assert not found.alarm
    row = {"kind": "word", "old": 0.1, "new": 0.3, "change": 1.5, "p": 0.01, "text": ""}
    usual = row | {"name": "usual", "q": 1.0}
    near = [row | {"name": f"near{n}", "q": 0.2 + n / 100} for n in range(9)]
    (table,) = [part for part in tables(replace(found, rows=[*near, usual])) if part.title != "Tests"]
    assert [cells[0] for cells in table.cells] == [f"near{n}" for n in range(5)]
    assert table.title.startswith("No alarm.")
    assert [part.title for part in tables(replace(found, rows=[usual]))] == ["Tests"]


def test_what_is_too_small_to_resolve_is_a_bound(run: Run) -> None:
    found = monitor(run, reports(60, 9, ("kitchen",)))
    tiny = [row | {"p": 2e-26, "q": 3e-25} for row in found.rows]
    tests = [row | {"p": 0.0004} for row in found.tests]
    parts = tables(replace(found, tests=tests, rows=tiny))
    shown = {
        column.cell(row)
        for part in parts
        for column in part.columns
        for row in part.rows
        if column.name in "pq"
    }
    assert shown == {"<.001"}
