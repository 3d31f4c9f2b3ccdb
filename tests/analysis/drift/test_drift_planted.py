"""What changed is found, told in order, named first; what did not is not; names and spellings are marked."""

import io
import json
import re

import numpy as np
import pytest
from drift_corpus import planted_run
from numpy.random import default_rng
from rich.console import Console
from tests.analysis.planted_topics import topic_text, topic_vectors
from tests.examples import soaked

from selfvec.analysis.views.terminal import draw
from selfvec.analysis.word_drift.drift import drift
from selfvec.corpus import Corpus
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.refinement.pipeline import refine

DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("seed", soaked(range(3), 0))
def test_changes_of_known_size_are_told_in_order(seed: int) -> None:
    found = drift(planted_run([(0, degree) for degree in DEGREES], seed=seed))
    rows = [found[f"x{i}"] for i in range(len(DEGREES))]
    for size in ("distance", "apd", "change"):
        assert [row[size] for row in rows] == sorted(row[size] for row in rows)
    assert rows[0]["distance"] < rows[0]["expected"] * 2
    assert all(row["q"] <= 0.05 for row in rows[1:])
    assert rows[0]["p"] > 0.01
    assert [row["word"] for row in found][:2] == ["x4", "x3"]


@pytest.mark.parametrize("seeds", soaked([2, 6], 2))
def test_what_did_not_change_is_significant_as_often_as_it_should_be(seeds: int) -> None:
    values: list[float] = []
    for seed in range(seeds):
        run = planted_run([(0.5, 0.5)] * 10, seed=seed)
        rng = default_rng(seed)
        chosen = rng.random(run.tokens.documents) < 0.4
        parts = [Slice("a", chosen), Slice("b", ~chosen)]
        values += [row["p"] for row in drift(run, parts, permutations=200)]
    share, n = np.mean(np.array(values) < 0.05), len(values)
    # Words of one document share its topic; a fifth of them as good as independent is a cautious count.
    assert n > 150 * seeds
    assert abs(share - 0.05) < 1.96 * np.sqrt(0.05 * 0.95 / (n / 5))


def test_frequency_alone_is_no_change() -> None:
    uses = (12, 160)
    found = drift(planted_run([(0.5, 0.5)] * 8, uses=uses))
    rows = [found[f"x{i}"] for i in range(8)]
    assert all((row["count_a"], row["count_b"]) == uses for row in rows)
    assert np.mean([row["p"] < 0.05 for row in rows]) <= 0.25
    # The shares of the topics are the same in both slices exactly, closer than random splits are.
    assert 0.3 < np.mean([row["distance"] / row["expected"] for row in rows]) < 1.35


def test_neighbours_gained_and_lost_are_those_of_the_topics() -> None:
    row = drift(planted_run([(0, 1)], uses=(200, 200), documents=(1500, 1500)))["x0"]
    gained = [word for word in row["gained"] if word.startswith("t1")]
    lost = [word for word in row["lost"] if word.startswith("t0")]
    assert len(gained) >= 0.8 * len(row["gained"]) > 0
    assert len(lost) >= 0.8 * len(row["lost"]) > 0


@pytest.mark.parametrize("permutations", [50, 1000])
def test_few_changed_words_among_many_get_a_fine_enough_p(permutations: int) -> None:
    found = drift(planted_run([(0, 1)]), permutations=permutations)
    assert found["x0"]["p"] < 1 / (permutations + 1)
    assert found["x0"]["q"] < 0.05


def test_rows_are_the_same_for_any_number_of_threads_and_another_seed_changes_chance_alone() -> None:
    run = planted_run([(0, 0.3), (0, 1)])
    one, two, other = drift(run, jobs=1), drift(run, jobs=2), drift(run, seed=9)
    assert one.rows == two.rows
    assert one.rows != other.rows
    for word in ("x0", "x1"):
        assert one[word]["distance"] == pytest.approx(other[word]["distance"], abs=0.05)


WEATHER = ["rain", "wind", "hail", "roof", "barn", "tree", "storm", "flood", "river", "snow"]
PHONES = ["phone", "code", "app", "email", "screen", "data", "cable", "call", "plan", "text"]
CHANGED = ["mast", "Drayton", "colour", "2nd"]  # from weather to phones
SAME = ["color", "favour", "favor"]  # favour is mostly spelled favor in 2020


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rng = default_rng(0)
    documents = []
    for year, topic in ((1990, WEATHER), (2020, PHONES)):
        for word in CHANGED:
            documents += [(year, sentence(rng, topic, word)) for _ in range(20)]
        for other in (WEATHER, PHONES):
            documents += [(year, sentence(rng, other, "color")) for _ in range(15)]
        for spelling, usual in (("favour", 1990), ("favor", 2020)):
            number = 20 if year == usual else 6
            documents += [(year, sentence(rng, WEATHER, spelling)) for _ in range(number)]
    path = tmp_path_factory.mktemp("marks") / "texts.jsonl"
    lines = [json.dumps({"text": text, "date": f"{year}-01-01"}) for year, text in documents]
    path.write_text("\n".join(lines), "utf-8")
    words = [*WEATHER, *PHONES, *(word.lower() for word in CHANGED), *SAME]
    vectors = Vectors(words, rng.standard_normal((len(words), 24)).astype(np.float32))
    return refine(Corpus.open([path]), vectors, Settings(method="original", repeats="keep"))


@pytest.fixture(scope="module")
def rows(run: Run) -> list[dict]:
    return drift(run, ["1990", "2020"], all_words=True).rows


def sentence(rng: np.random.Generator, topic: list[str], word: str) -> str:
    words = rng.choice(topic, 8).tolist()
    return " ".join([*words[:4], word, *words[4:]])


def test_each_row_says_what_its_word_is(rows: list[dict]) -> None:
    found = {row["word"]: (row["kind"], row["variants"]) for row in rows}
    assert found["mast"] == ("word", [])
    assert found["drayton"] == ("name", [])
    assert found["2nd"] == ("number", [])
    assert found["colour"] == ("variant", ["color"])
    assert found["color"] == ("word", ["colour"])


def test_marked_words_are_not_on_top(rows: list[dict]) -> None:
    significant = [row for row in rows if row["q"] <= 0.05]
    assert {row["word"] for row in significant} >= {"mast", "drayton", "colour", "2nd"}
    kinds = [row["kind"] != "word" for row in significant]
    assert kinds == sorted(kinds)


def test_a_word_that_changed_its_spelling_only_is_listed_once_and_not_on_top(run: Run) -> None:
    found = drift(run, ["1990", "2020"])
    words = [row["word"] for row in found.rows]
    (spelling,) = {"favour", "favor"} & set(words)
    row = found[spelling]
    assert row["q"] > 0.05
    assert words.index(spelling) > max(words.index(word) for word in ("mast", "drayton", "2nd", "colour"))
    assert {spelling, *row["variants"]} == {"favour", "favor"}
    assert {row["count_a"], row["count_b"]} == {6, 20}
    assert (row["spellings_a"], row["spellings_b"]) == (26, 26)


def test_a_word_is_listed_once_where_its_strongest_spelling_is(run: Run, rows: list[dict]) -> None:
    """Colour changed and color did not, so colour is listed."""
    found = drift(run, ["1990", "2020"])
    words = [row["word"] for row in found.rows]
    assert "colour" in words
    assert "color" not in words
    assert [row["word"] for row in rows if row["word"] in words] == words
    assert found.left_out["other spellings"] == 2
    assert found["colour"]["spellings_a"] == 50
    named = drift(run, ["1990", "2020"], words=["color", "colour"])
    assert {row["word"] for row in named} == {"color", "colour"}


def test_without_the_text_no_word_is_a_name() -> None:
    texts = [f"rain fell in Drayton on roof {i % 3}" for i in range(40)]
    corpus = Corpus.from_texts(texts, slices=["a", "b"] * 20)
    run = refine(corpus, "none", Settings(method="original", repeats="keep"))
    assert {row["kind"] for row in drift(run).rows} == {"name", "word"}
    assert {row["kind"] for row in drift(run.present.replace(text=None)).rows} == {"word"}


STAYS = (0.5, 0.5)


@pytest.mark.parametrize(("documents", "uses"), [(100, 16), (1200, 100)])
def test_a_word_that_changed_is_named_alone(documents: int, uses: int) -> None:
    """Of three words one is used in another topic: 296 documents, and 3,000."""
    run = planted_run([(0, 1), STAYS, STAYS], documents=(documents,) * 2, uses=(uses,) * 2)
    found = drift(run)
    assert found.general <= 0.05
    assert found.named == found.as_dict()["named"] == ["x0"]
    changed = f"From old to new, the uses of 1 of {found.tested} words differ more than is usual: x0"
    share = r"of x0, nearly all of the uses differ \(\d+ to 100 %\): "
    share += r"beside it came t1w\d+ \(\d% → \d+%\) and t1.*, and went t0.*, in shares of its documents"
    none = "No word is more frequent in old or new beyond chance"
    most = r"(no more than by chance|a little \(median 0.0\d beyond chance\))"
    assert re.fullmatch(
        rf"{changed}; {share}\. {none}\. Most words differ {most}\.", " ".join(found.introduction)
    )
    (section,) = (part for part in found.view(20).parts if hasattr(part, "quotes"))
    assert section.head[0][0] == "x0"


@pytest.mark.parametrize("runs", soaked([1, 2], 1))
def test_where_nothing_changed_no_word_is_named(runs: int) -> None:
    named = 0
    for seed in range(runs):
        run = planted_run([STAYS] * 6, documents=(150, 150), uses=(20, 20), seed=seed)
        for split in range(10):
            one = default_rng(split).random(run.tokens.documents) < 0.5
            found = drift(run, [Slice("a", one), Slice("b", ~one)], seed=split)
            named += bool(found.changed)
            if not found.significant:
                assert f"No word of {found.tested} changed from a to b beyond chance." in found.introduction
    assert named <= 0.05 * 10 * runs


def said_of_texts_alike(old: int, new: int, added: str = "") -> str:
    """What is said of documents whose words are as frequent as in language: that of rank r by 1 / r."""
    share = 1 / np.arange(1, 3001)
    drawn = default_rng(0).choice(3000, (old + new, 30), p=share / share.sum())
    texts = [" ".join(f"w{number}x" for number in document) for document in drawn.tolist()]
    texts[old:] = [f"{text} {added}" for text in texts[old:]]
    corpus = Corpus.from_texts(texts, slices=["old"] * old + ["new"] * new)
    return " ".join(drift(refine(corpus, "none", Settings(method="original"))).introduction)


def test_a_side_that_is_too_small_to_tell_is_said_to_be_before_that_no_word_changed() -> None:
    small = "new is too small to tell which words changed: 17 words are in enough of its 20 documents"
    said = said_of_texts_alike(600, 20)
    assert re.match(
        rf"{small} to be sure, and 520 are frequent in old\. .*the uses of no word of 18 surely differ", said
    ), said


@pytest.mark.parametrize(
    ("added", "first"),
    [
        ("", "No word"),
        ("overview", r"new uses more: overview .*; overview in 600 of 600 documents, against 0"),
    ],
)
def test_words_that_are_used_more_are_named_where_none_changed(added: str, first: str) -> None:
    said = said_of_texts_alike(600, 600, added)
    assert re.match(first, said), said
    assert re.search(r"No word of \d+ changed from old to new beyond chance\.", said), said


def test_a_text_that_changed_as_a_whole_is_said_to_and_no_word_stands_out() -> None:
    """Each text of the new side has every other word from another topic."""
    rng = default_rng(0)
    texts, slices = [], []
    for side in ("old", "new"):
        for topic in rng.integers(6, size=400).tolist():
            text = topic_text(topic, "", 14, rng)
            if side == "new":
                other = topic_text((topic + 3) % 6, "", 14, rng).split()
                text = " ".join(
                    a if i % 2 else b for i, (a, b) in enumerate(zip(text.split(), other, strict=True))
                )
            texts.append(text)
            slices.append(side)
    run = refine(
        Corpus.from_texts(texts, slices=slices), topic_vectors(6, [], rng), Settings(method="original")
    )
    found = drift(run)
    assert found.general > 0.1
    assert found.introduction[-1].startswith("Most words differ")
    assert f"(median {found.general:.2f} beyond chance)." in found.introduction[-1]
    assert found.changed <= 0.05 * found.tested


def test_figures_are_printed_with_the_interval_of_the_share() -> None:
    run = planted_run([(0, 1), (0, 0.5), STAYS], documents=(200, 200), uses=(30, 30))
    found = drift(run)
    known = [row for row in found if row["differing"] is not None]
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(draw(found.view(1000)))
    printed = console.export_text()
    rows = re.findall(r"^(\S+) +(\d+)% +(\d+)-(\d+)% +(-?\d\.\d\d) +(\d\.\d\d) ", printed, re.MULTILINE)
    assert len(rows) == len(known) > 30
    for word, share, low, high, change, distance in rows:
        row = found[word]
        shares = [100 * row[f"differing{end}"] for end in ("", "_low", "_high")]
        assert [float(share), float(low), float(high)] == pytest.approx(shares, abs=0.51)
        assert [float(change), float(distance)] == pytest.approx([row["change"], row["distance"]], abs=0.0051)


def test_a_distance_that_chance_explains_has_no_section() -> None:
    """Few uses look far apart by themselves."""
    found = drift(planted_run([(0, 1), (0.3, 0.7)], documents=(200, 200), uses=(5, 5)))
    heads = {part.head[0][0] for part in found.view(50).parts if hasattr(part, "quotes")}
    changed = {row["word"] for row in found if row["q"] <= 0.05 and (row["differing_low"] or 0) > 0.2}
    assert heads == changed
    assert not any(row["expected"] > row["distance"] for row in found if row["word"] in changed)
