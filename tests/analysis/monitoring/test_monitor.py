"""`monitor`: its level on shuffled text, planted change, units that count once, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.examples import soaked
from tests.refusals import refused

import selfvec
from selfvec.analysis.monitoring import monitor
from selfvec.base.errors import CorpusError, InputError, OptionError
from selfvec.data.run import Run

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


def threads(number: int, rng: np.random.Generator) -> list[dict[str, str]]:
    """Up to seven documents each, that have words and a name of their thread."""
    words, rows = np.array([f"word{i}" for i in range(300)]), []
    for thread in rng.integers(1 << 40, size=number):
        own = rng.dirichlet(np.full(300, 0.05))
        for _ in range(rng.integers(2, 8)):
            text = " ".join([*rng.choice(words, 25, p=own), f"name{thread}x"])
            rows.append({"text": text, "thread": str(thread)})
    return rows


def by_chance(kind: str, seed: int) -> tuple[list, list]:
    """Documents of a run and new ones that are alike."""
    if kind == "threads":
        rows = threads(90, np.random.default_rng(seed))
        border = next(i for i, row in enumerate(rows[240:], 240) if row["thread"] != rows[i - 1]["thread"])
        return rows[:border], rows[border:]
    old, new = ((120, 30), (60, 120))[seed % 2]
    texts = [{"text": text} for text in reports(old + new, seed)]
    return texts[:old], texts[old:]


@pytest.mark.parametrize(
    ("kind", "trials"), soaked([("threads", 5), ("threads", 40), ("documents", 30)], ("threads", 5))
)
def test_false_alarms_come_at_their_rate(kind: str, trials: int) -> None:
    p, bias = [], []
    for seed in range(trials):
        old, new = by_chance(kind, seed)
        run = selfvec.refine(old, "none", "original", keep_fields="thread" if kind == "threads" else None)
        found = monitor(run, new, seed=seed, permutations=99)
        assert ("unit" in {finding.kind for finding in found.findings}) == (kind == "threads")
        p.append(found.p)
        bias.append(found.unknown_share - found.unknown_expected)
    assert np.sum(np.array(p) <= 0.05) <= 2 + trials // 10  # of 30 more than 5 have a probability of .003
    assert np.sum(np.array(p) <= 0.2) <= 2 + trials // 3
    assert np.mean(p) == pytest.approx(0.5, abs=1 / np.sqrt(trials))  # threads divided by documents: all .01
    # Unknown words are as many as documents that are left out of the run in turn say.
    assert kind == "threads" or np.mean(bias) == pytest.approx(0, abs=3 * np.std(bias) / np.sqrt(trials))


def test_planted_change_is_found_and_shown(run: Run) -> None:
    new = [*reports(120, 1), *reports(80, 2, ("kitchen",))]
    found = monitor(run, new)
    assert found.alarm
    assert found.p <= found.level == 0.01
    assert found.unknown_share > (found.unknown_expected or 0)
    (said,) = [finding for finding in found.findings if finding.says.startswith("The new text uses more: ")]
    assert {*said.words} < {*SUBJECTS["kitchen"].split()}
    assert {row["word"] for row in found.rows if not row["count_a"]} == {*SUBJECTS["kitchen"].split()}
    assert [row["q"] for row in found.rows] == sorted(row["q"] for row in found.rows if row["q"] <= 0.05)
    assert len(monitor(run, new, top=3).rows) == 3
    assert monitor(run, new).as_dict() == found.as_dict()


def test_a_change_of_subjects_without_new_words_is_found(run: Run) -> None:
    found = monitor(run, reports(150, 3, ("storm", "storm", "storm", "court")))
    each = {row["test"]: row["p"] for row in found.tests}
    assert found.alarm
    assert each["unknown"] > 0.01 >= min(each["words"], each["topics"])
    words = {row["word"]: row["key_of"] for row in found.rows}
    assert words == {word: "a" if word in SUBJECTS["court"].split() else "b" for word in words}
    assert {*words.values()} == {"a", "b"}


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


def test_fields_and_documents_that_came_since_are_compared() -> None:
    run = selfvec.refine([{"text": text, "kind": "a"} for text in reports(200, 0)], "none", "original")
    run.add([{"text": text, "kind": "b"} for text in reports(50, 3)])
    kinds = zip(reports(100, 5), "ab" * 50, strict=True)
    found = monitor(run, [{"text": text.upper(), "kind": kind} for text, kind in kinds])
    assert [finding.kind for finding in found.findings] == ["writing", "mix", "none"]


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
    assert (found.p, found.alarm, found.tests, found.findings, found.rows) == (None, False, [], [], [])
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
    refused(
        lambda: monitor(run_of(reports(5, 0)), ["hail"]),
        InputError,
        "1 new documents and 2 of the run are too few",
    )
    refused(
        lambda: monitor(run, ["hail"], level=0.001, permutations=500),
        OptionError,
        r"permutations: is at least 999 for an alarm at level 0\.001",
    )


@pytest.fixture(scope="module")
def folder(own: Path, run: Run) -> Path:
    selfvec.save_run(run, own / "run")
    (own / "same.txt").write_text("\n".join(reports(100, 8)), "utf-8")
    strange = [f"{text} <script>alert(1) | b" for text in reports(60, 9, ("kitchen",))]
    (own / "other.txt").write_text("\n".join(strange), "utf-8")
    (own / "empty.txt").write_text("\n", "utf-8")
    return own


@pytest.mark.parametrize(("name", "status"), [("same", 0), ("other", 1), ("empty", 2), ("absent", 2)])
def test_exit_status_and_json(folder: Path, name: str, status: int) -> None:
    out = ran(["monitor", folder / "run", folder / f"{name}.txt", "--json"], status).out
    if status == 2:
        assert out == ""
        return
    found = json.loads(out)
    assert {"alarm", "p", "unknown_share", "rows"} <= found.keys()
    assert found["alarm"] == bool(status) == (found["p"] <= found["level"])
    assert {"kind", "says", "p", "q", "words", "documents", "remedy"} <= found["findings"][0].keys()


def test_reports_have_the_findings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # without it nothing is wrapped in a pipe
    arguments = ["monitor", folder / "run", folder / "other.txt", "--report"]
    shown = "".join(ran([*arguments, folder / name], 1).out for name in ("r.html", "r.md"))
    assert "ALARM" in shown
    assert max(map(len, shown.splitlines())) <= 80
    page = (folder / "r.html").read_text("utf-8")
    said = "documents of the new text and 0% of the run have strings such as “&lt;script&gt;”"
    assert f"100% of the {said}" in page
    assert not any(part in page for part in ("<script", "http", "src=", "href="))
    ran([*arguments, folder / "r.pdf"], 2)
