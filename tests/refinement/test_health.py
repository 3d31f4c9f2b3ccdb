"""Health: measures with known values, and a verdict for each of the failures by a table that has it."""

import re

import numpy as np
import pytest

import selfvec
from selfvec.data.trajectory import History
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import anisotropy, unit_rows
from selfvec.refinement.health import Health, check_health, effective_rank

RNG = np.random.default_rng(0)
SPREAD = unit_rows(RNG.standard_normal((400, 60)))


def table(rows, sources=None) -> Vectors:
    words = [f"w{i}" for i in range(len(rows))]
    counts = np.arange(len(rows), 0, -1).astype(np.int64)
    return Vectors(words, np.asarray(rows, np.float32), counts=counts, sources=sources)


def after_moving(rows: np.ndarray = SPREAD) -> np.ndarray:
    """Where the rows are after they have moved, and stayed spread."""
    return unit_rows(rows + 0.8 * unit_rows(RNG.standard_normal(rows.shape)))


def names(health) -> list[str]:
    return [finding.kind for finding in health.findings]


def test_anisotropy_equals_the_mean_over_all_pairs() -> None:
    rows = SPREAD[:50]
    cosines = rows @ rows.T
    expected = cosines[~np.eye(50, dtype=bool)].mean()
    assert anisotropy(rows) == pytest.approx(expected, abs=1e-6)
    with_empty = np.vstack([rows, np.zeros((5, 60), np.float32)])
    assert anisotropy(with_empty) == pytest.approx(expected, abs=1e-6)


def test_effective_rank_counts_directions() -> None:
    assert effective_rank(np.repeat(np.eye(8, dtype=np.float32), 3, axis=0)) == pytest.approx(8)
    assert effective_rank(np.ones((9, 4), np.float32) / 2) == pytest.approx(1)
    assert effective_rank(np.zeros((3, 4), np.float32)) == 0


def test_a_moved_and_spread_table_is_healthy() -> None:
    health = check_health(table(SPREAD), table(after_moving()))
    assert names(health) == ["healthy"]
    assert not health.verdicts
    assert 0.7 < health.mean_cosine_to_original < 0.85


def test_one_shared_direction_is_a_collapse() -> None:
    health = check_health(table(SPREAD), table(unit_rows(SPREAD + 5 * SPREAD[0])))
    assert "collapsed" in names(health)
    assert health.verdicts
    assert health.saturated < 1
    assert health.effective_rank < health.effective_rank_original / 2


def test_a_collapse_of_the_frequent_words_alone_is_a_collapse() -> None:
    moved = after_moving()
    noise = unit_rows(RNG.standard_normal((210, 60)))
    moved = np.vstack([unit_rows(SPREAD[0] + 0.05 * noise), *[moved] * 9])
    before = unit_rows(RNG.standard_normal(moved.shape))
    health = check_health(table(before), table(moved))
    assert health.anisotropy < 0.1
    assert "collapsed" in names(health)


def test_an_untouched_table_is_unafter_moving() -> None:
    assert names(check_health(table(SPREAD), table(SPREAD))) == ["unmoved"]


def test_vectors_that_were_kept_on_purpose_are_not_called_unafter_moving() -> None:
    health = check_health(table(SPREAD), table(SPREAD), method="original")
    assert names(health) == ["original"]
    assert not health.verdicts


DAYS = np.arange(np.datetime64("2010-01-01"), np.datetime64("2010-07-20"))  # 200, one document each
DATES = {
    "no date written as 1970": (
        [*["1970-01-01"] * 50],
        ["50 documents are dated 1970-01-01, 20% of all, and at most 1 any other day"],
    ),
    "a day with 19 documents": (["2010-07-20"] * 19, []),
    "a slip of the pen": (["2100-01-01"], ["1 document is dated 2100-01-01, 89 years from all others"]),
    "both ends": (
        ["1900-01-01", "2100-01-01"],
        [
            "1 document is dated 1900-01-01, 110 years from all others",
            "1 document is dated 2100-01-01, 89 years from all others",
        ],
    ),
    "nothing": (["2010-07-20", "NaT"], []),
}


@pytest.mark.parametrize("case", DATES)
def test_a_date_that_stands_out_is_a_warning(case: str) -> None:
    added, expected = DATES[case]
    days = np.concatenate([DAYS, np.array(added, "datetime64[D]")])
    batch = selfvec.TokenBatch(np.zeros(len(days), np.int32), np.arange(len(days) + 1), ["hail"], days)
    health = check_health(table(SPREAD), table(after_moving()), batch=batch)
    told = [finding for finding in health.findings if finding.kind == "a date that stands out"]
    assert [finding.says for finding in told] == expected
    assert {finding.level for finding in told} <= {"warn"}


GERMAN = "das dach ist in der nacht auf die straße gefallen und es war nicht zu sehen"
ENGLISH = "the roof was on the road in the night and it could not be seen"


@pytest.mark.parametrize(
    ("german", "english", "told"), [(5, 20, "20%"), (4, 20, ""), (5, 100, ""), (0, 9, "")]
)
def test_documents_in_another_language_are_a_warning(german: int, english: int, told: str) -> None:
    batch = selfvec.TokenBatch.from_documents([*[GERMAN.split()] * german, *[ENGLISH.split()] * english])
    health = check_health(table(SPREAD), table(after_moving()), batch=batch, language="en")
    expected = [f"{told} of the documents are in German"] * bool(told)
    assert [one.says for one in health.findings if one.kind == "another language"] == expected


@pytest.mark.parametrize("title", ["", "Trees down\n\n", "Tree down\n\n"])
@pytest.mark.parametrize(
    ("cut", "whole", "end", "told"),
    [
        (30, 70, " near", "30%"),
        (19, 0, " near", ""),
        (30, 700, " near", ""),  # 4 %
        (30, 70, "town.", ""),  # they end with a sentence, and happen to be of one length
        (30, 70, "", ""),  # too short to be cut: numbers have one length
    ],
)
def test_documents_that_end_at_one_length_are_a_warning(
    cut: int, whole: int, end: str, told: str, title: str
) -> None:
    long = " of a house in the north" if end else ""
    texts = [f"hail fell on roof {i:03}{long}{end}" for i in range(cut)]  # 50 characters
    texts += [f"hail {i:03}{' x' * (i % 5)}." for i in range(whole)]
    titles = [title] * len(texts) if len(title) != 11 else [title, "Storm over town\n\n"] * (len(texts) // 2)
    run = selfvec.refine([a + b for a, b in zip(titles, texts, strict=False)], "none", "original")
    said = [row["says"] for row in run.health()["findings"] if row["kind"] == "texts cut off"]
    ending = "in the middle of a sentence, and none is longer"
    assert [re.sub(r"(after the title )?at \d+ characters ", "", message) for message in said] == [
        f"{told} of the documents stop {ending}"
    ] * bool(told)


def test_nothing_left_of_the_original_is_runaway() -> None:
    other = unit_rows(RNG.standard_normal(SPREAD.shape))
    assert names(check_health(table(SPREAD), table(other))) == ["runaway"]


def test_words_that_stay_empty_are_an_oov_cascade() -> None:
    sources = np.full(len(SPREAD), Source.KNOWN, np.uint8)
    sources[:100] = Source.NONE
    before = SPREAD.copy()
    before[:100] = 0
    moved = unit_rows(before + 0.5 * unit_rows(RNG.standard_normal(SPREAD.shape)) * (before != 0))
    health = check_health(table(before, sources), table(moved, sources))
    assert names(health) == ["OOV cascade"]
    assert (health.oov, health.oov_empty) == (100, 100)


def covered(composed: int, unknown: int, frequent: bool = True, language: str | None = None):
    """The health of a table that moved, of whose 400 words so many are composed and unknown."""
    sources = np.full(len(SPREAD), Source.KNOWN, np.uint8)
    order = np.arange(len(SPREAD)) if frequent else np.arange(len(SPREAD))[::-1]
    sources[order[:composed]] = Source.SUBWORDS
    sources[order[composed : composed + unknown]] = Source.NONE
    before = np.where((sources == Source.NONE)[:, None], np.float32(0), SPREAD)
    return check_health(table(before, sources), table(after_moving(), sources), language=language)


def test_a_table_that_lacks_most_words_is_said_plainly() -> None:
    health = covered(336, 0)
    assert (health.known, health.composed, health.oov) == (64, 336, 0)
    assert names(health) == ["healthy", "built from subwords"]
    assert not health.verdicts
    finding = health.findings[1]
    assert (finding.level, finding.says) == (
        "warn",
        "336 words (84%, and 97% of the text) are built from subwords; "
        "spelling says little here, so neighbours come from your text",
    )
    both = covered(100, 120).findings[-1]
    assert both.says == (
        "100 words (25%, and 44% of the text) are built from subwords and "
        "120 words (30%, and 36% of the text) are not in the initial vectors"
    )


@pytest.mark.parametrize(
    ("language", "remedy"),
    [
        (None, "vectors of its language do better: selfvec vectors fetch names them"),
        ("en", "vectors of more words do better: selfvec vectors fetch glove-6b-300"),
        ("de", "vectors of its language do better: selfvec vectors fetch cc.de.300"),
        ("zh-hant", "vectors of its language do better: selfvec vectors fetch cc.zh.300"),
        ("lo", "vectors of its language do better: selfvec vectors fetch names them"),
    ],
)
def test_no_vectors_of_another_language_are_recommended(language: str | None, remedy: str) -> None:
    assert covered(100, 120, language=language).findings[-1].remedy == remedy


def test_a_table_that_has_most_words_or_most_of_the_text_is_not_blamed() -> None:
    assert names(covered(190, 0)) == ["healthy"]
    assert names(covered(210, 0)) == ["healthy", "built from subwords"]
    health = covered(400 // 4, 0, frequent=False)
    assert health.composed_tokens == pytest.approx(100 * 101 / (400 * 401))
    assert names(health) == ["healthy"]


def after_states(rows: np.ndarray, method: str = "") -> Health:
    """The health of a table whose words went through these states, (words, states, 60)."""
    words, states, _ = rows.shape
    history = History(
        np.arange(0, words * states + 1, states),
        np.tile(np.arange(1, states + 1), words),
        unit_rows(rows.reshape(-1, 60)).astype(np.float16),
    )
    return check_health(table(SPREAD[:words]), table(unit_rows(rows[:, -1])), history, method=method)


@pytest.mark.parametrize(
    ("noise", "method", "verdict"),
    [
        (1.0, "paper", True),
        (0.02, "paper", False),
        (0.3, "paper", True),
        (0.3, "online", False),
        (0.5, "online", True),
    ],
)
def test_words_thrown_about_a_point_oscillate(noise: float, method: str, verdict: bool) -> None:
    words, states = 60, 10
    centre = SPREAD[:words, None]
    rows = centre + noise * RNG.standard_normal((words, states, 60)) / np.sqrt(60)
    health = after_states(rows, method)
    assert health.turning == pytest.approx(-0.5, abs=0.05)
    assert health.wander == pytest.approx(noise**2 / (1 + noise**2), rel=0.2)
    assert ("oscillating" in names(health)) is verdict


def test_words_walking_one_way_do_not_oscillate() -> None:
    words, states = 60, 10
    rows = SPREAD[:words, None] + np.linspace(0, 1, states)[:, None] * SPREAD[words : 2 * words, None]
    health = after_states(rows)
    assert health.turning > 0.8
    assert "oscillating" not in names(health)


def test_numbers_that_do_not_exist_are_null_in_json() -> None:
    sources = np.full(3, Source.NONE, np.uint8)
    health = check_health(table(np.zeros((3, 4)), sources), table(np.zeros((3, 4)), sources))
    assert health.as_dict()["mean_cosine_to_original"] is None


def test_a_sample_of_a_large_table_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = unit_rows(RNG.standard_normal((6000, 30)))
    moved = after_moving(rows)
    collapsed = unit_rows(rows + 5 * rows[0])
    whole = [check_health(table(rows), table(after)) for after in (moved, collapsed)]
    monkeypatch.setattr("selfvec.refinement.health._SAMPLE", 1500)
    part = [check_health(table(rows), table(after)) for after in (moved, collapsed)]
    for exact, sampled in zip(whole, part, strict=True):
        assert sampled.verdicts == exact.verdicts
        assert sampled.mean_cosine_to_original == pytest.approx(exact.mean_cosine_to_original, abs=0.01)
        assert sampled.mean_cosine_frequent == exact.mean_cosine_frequent
        assert sampled.anisotropy == pytest.approx(exact.anisotropy, abs=0.01)
        assert sampled.effective_rank == pytest.approx(exact.effective_rank, rel=0.02)
