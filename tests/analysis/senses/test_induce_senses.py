"""Senses of planted words: found, described, told in other texts; and what is said where there are none."""

from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from planted_senses import SENSES, USES
from sklearn.metrics import adjusted_rand_score
from tests.commands import ran
from tests.refusals import refused
from threadpoolctl import threadpool_limits

import selfvec
from selfvec.analysis.usage.contexts import occurrences, padded_windows
from selfvec.analysis.word_senses import (
    SenseSpace,
    cluster_cosines,
    cluster_occurrences,
    fit_senses,
    neighbour_weights,
    senses,
    typical_occurrences,
)
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows


def topics_of(run: Run, documents: np.ndarray) -> np.ndarray:
    """The topic most words of a document belong to."""
    batch = run.tokens
    topics = np.array([int(w[1]) if w[0] == "t" and w[1].isdigit() else -1 for w in batch.types])
    out = []
    for document in documents.tolist():
        told = topics[batch.ids[batch.offsets[document] : batch.offsets[document + 1]]]
        out.append(np.bincount(told[told >= 0]).argmax())
    return np.array(out)


@pytest.mark.parametrize("word", SENSES)
def test_planted_senses_are_found_and_described(sense_run: Run, word: str) -> None:
    found = senses(sense_run, word)
    topics = SENSES[word]
    assert len(found) == len(topics)
    assert adjusted_rand_score(topics_of(sense_run, found.documents), found.assigned) > 0.95
    assert sum(sense.count for sense in found.senses) == len(found.assigned) == USES * len(topics)
    assert sum(sense.share for sense in found.senses) == pytest.approx(1)
    assert [s.share for s in found.senses] == sorted((s.share for s in found.senses), reverse=True)
    seen = set()
    for number, sense in enumerate(found.senses):
        told = {label[:2] for label in sense.label}
        assert len(told) == 1, sense.label
        seen |= told
        assert sense.vector.dtype == np.float32
        assert np.linalg.norm(sense.vector) == pytest.approx(1, abs=1e-5)
        assert len(sense.examples) == 2
        for example in sense.examples:  # sentences, as they were written
            assert example.endswith(".")
            assert word in example.lower().split()
            assert example.lower().count(next(iter(told))) >= 3
        assert found.probabilities[found.assigned == number, number].min() >= 1 / len(found)
    assert seen == {f"t{topic}" for topic in topics}


def test_examples_are_near_their_centre_away_from_others_and_have_words_of_the_label() -> None:
    """By hand: one sense at 0 with occurrences 0 to 5, another at 10; distances are squared."""
    places = np.array([0.0, 1.0, -1.0, -4.0, 4.0, 9.0, 10.0])
    distances = np.stack([places**2, (places - 10) ** 2], axis=1)
    assigned = distances.argmin(axis=1)
    none = np.zeros(7, np.int64)
    first, second = typical_occurrences(distances, assigned, [none, none])
    assert first.tolist() == [2, 0, 1]  # -1 is the farthest from 10; -4 is not in the nearer half
    assert second.tolist() == [6]
    fitting = np.array([0, 3, 0, 5, 0, 0, 0])
    assert typical_occurrences(distances, assigned, [fitting, none])[0].tolist() == [1, 2, 0]
    distances[1] = np.inf  # without context: no example
    assert typical_occurrences(distances, assigned, [none, none])[0].tolist() == [2, 0]
    (only,) = typical_occurrences(distances[:, :1], np.zeros(7, np.int64), [none])
    assert only.tolist() == [0, 2, 3]


def test_a_word_with_a_new_sense_has_it_in_later_periods(example_run: selfvec.Run) -> None:
    """The *mast* of a boat is the only one before 2010 in the example, that of mobile phones comes then."""
    found = selfvec.senses(example_run, "mast")
    (phones,) = [sense for sense in found.senses if "mobile" in sense.label]
    shares = {one["period"]: one["share"] for one in phones.periods}
    assert len(shares) > 3
    assert all(share < 0.1 for period, share in shares.items() if period[-4:] < "2010")
    assert all(share > 0.6 for period, share in shares.items() if period[:4] >= "2012")
    for one in zip(*(sense.periods for sense in found.senses), strict=True):
        counts = [period["count"] for period in one]
        assert [period["share"] for period in one] == pytest.approx(np.divide(counts, sum(counts)))
    assert sum(period["count"] for sense in found.senses for period in sense.periods) == len(found.assigned)
    for sense in found.senses:
        assert len(set(sense.examples)) == len(sense.examples)
        assert all(set(sense.label) & set(example.lower().split()) for example in sense.examples)
    assert "period" in ran(["text", "senses", example_run.folder, "mast"]).out


def test_a_sense_has_a_vector_among_its_own_words(sense_run: Run) -> None:
    found = senses(sense_run, "twin", examples=0)
    keys = sense_run.vectors.index_to_key
    own = [np.array([key.startswith(sense.label[0][:2] + "w") for key in keys]) for sense in found.senses]
    cosines = [
        [float((sense_run.vectors.unit[part] @ s.vector).mean()) for part in own] for s in found.senses
    ]
    assert cosines[0][0] > cosines[0][1]
    assert cosines[1][1] > cosines[1][0]
    single = senses(sense_run, "single", examples=0)
    assert_allclose(single.senses[0].vector, sense_run.vectors.unit[sense_run.index("single")], atol=1e-5)


def test_the_sense_in_other_texts(sense_run: Run) -> None:
    found = senses(sense_run, "twin", examples=0)
    first, second = (sense.label[0][:2] for sense in found.senses)
    text = f"Über: {first}w1, {first}w2 «TWIN» {first}w3 unknown. {'c1 ' * 12} {second}w1 twin’s {second}w5!"
    readings = found.disambiguate(text)
    assert [reading.sense for reading in readings] == [0, 1]
    assert [text[reading.start : reading.end] for reading in readings] == ["TWIN", "twin’s"]
    for reading in readings:
        assert reading.probability == max(reading.probabilities) > 0.6
        assert sum(reading.probabilities) == pytest.approx(1)
    assert found.disambiguate("") == found.disambiguate("nothing of it") == []
    [alone] = found.disambiguate("twin")
    assert alone.probabilities == pytest.approx([sense.share for sense in found.senses], abs=0.05)


def test_a_seed_gives_the_same_senses_for_any_number_of_threads_and_others_the_same_groups(
    sense_run: Run,
) -> None:
    with threadpool_limits(2):
        one = senses(sense_run, "triple")
        sense_run.derived.pop("sense space")
        assert one.as_dict() == senses(sense_run, "triple").as_dict()
    with threadpool_limits(1):
        same = senses(sense_run, "triple")
    for a, b in zip(one.senses, same.senses, strict=True):
        assert (a.label, a.count, a.examples) == (b.label, b.count, b.examples)
        assert_allclose(a.vector, b.vector, atol=2e-6)
    assert_array_equal(one.assigned, same.assigned)
    assert_allclose(one.probabilities, same.probabilities, atol=1e-4)
    other = senses(sense_run, "triple", seed=5)
    assert adjusted_rand_score(one.assigned, other.assigned) > 0.95


def test_stems_are_met_by_words_that_share_them(tmp_path: Path) -> None:
    texts = [f"storms hit the village and {w} roofs" for w in ("broke", "lifted", "took")] * 10
    run = selfvec.refine(texts, "none", "decorrelated", stem="en")
    found = senses(run, "storms", examples=1)
    assert len(found.senses[0].examples) == 1
    assert "storm" in found.senses[0].examples[0]  # no file to read the sentence from: the words around
    text = "A storm was storming."
    assert [text[r.start : r.end] for r in found.disambiguate(text)] == ["storm", "storming"]


def test_a_word_in_a_phrase_is_not_the_word(tmp_path: Path) -> None:
    listed = tmp_path / "phrases.txt"
    listed.write_text("flash flood\nflash flood watch\n", "utf-8")
    texts = [
        "a flash flood hit the road",
        "a flood hit the farm",
        "flash-flood watch over, the flood went",
    ] * 10
    run = selfvec.refine(texts, "none", "decorrelated", phrases=str(listed))
    text = "Flood! Flash flood. Flash, flood; flash\n\nflood, flash-flood watch"
    starts = [reading.start for reading in senses(run, "flood").disambiguate(text)]
    assert starts == [0, 27, 41]
    assert senses(run, "flood").disambiguate("FLASH FLOOD") == []


def test_pieces_of_words_have_senses_and_texts_are_refused(sense_run: Run) -> None:
    options = sense_run.provenance["options"] | {"tokenizer": "tokenizer.json", "stem": None}
    pieces = sense_run.present.replace(provenance=sense_run.provenance.replace(options=options))
    found = senses(pieces, "twin", examples=0)
    assert len(found) == 2
    refused(lambda: found.disambiguate("twin"), InputError, "are subwords")


def test_words_without_senses_are_said(sense_run: Run) -> None:
    refused(
        lambda: senses(sense_run, "rare"),
        InputError,
        "'rare' occurs 7 times, senses need at least 20 occurrences",
    )
    refused(lambda: senses(sense_run, "twinn"), InputError, r"did you mean twin")
    refused(
        lambda: senses(sense_run, "single", number=13),
        OptionError,
        "from 1 to 12 for a word with 60 occurrences, not 13",
    )


def test_the_command_prints_senses_and_readings(sense_folder: Path) -> None:
    run = sense_folder / "run"
    found = selfvec.senses(run, "twin").as_dict()
    assert [len(sense["vector"]) for sense in found["senses"]] == [48, 48]
    assert {"label", "share", "count", "examples"} <= found["senses"][0].keys()
    assert found["count"] == 2 * USES
    label = found["senses"][1]["label"]
    asked = ["text", "senses", run, "twin", "--text"]
    [read] = ran([*asked, f"{label[0]} twin {label[1]}", "--json"]).json["texts"]
    assert read["readings"][0]["sense"] == 1
    shown = ran([*asked, f"{label[0]} twin", "--text", "none"]).out
    assert label[0] in shown
    assert "twin does not occur here" in shown


@pytest.mark.soak
def test_real_words_of_two_senses(shared_data: Path) -> None:
    corpus = selfvec.Corpus.open([shared_data / "noaa" / "events.jsonl.gz"])
    texts = [text for batch in corpus.batches() for text in batch.texts.to_list() if " line" in text]
    run = selfvec.refine(texts, "default", "decorrelated")
    found = senses(run, "line", number=2, examples=0)
    told = [set(sense.label) for sense in found.senses]
    squall = next(i for i, label in enumerate(told) if "squall" in label)
    [reading] = found.disambiguate("A squall line of severe thunderstorms moved across Iowa.")
    assert reading.sense == squall
    [reading] = found.disambiguate("A tree was blown down across a power line near Main Street.")
    assert reading.sense == 1 - squall


def toy() -> tuple[SenseSpace, np.ndarray]:
    """Word 0 near 1 or 2, and 3 anywhere."""
    documents = [[1, 0, 3], [3, 0, 1], [2, 0, 3], [3, 3], [3, 1, 3, 2]]
    ids = np.array([i for document in documents for i in document], np.int32)
    batch = selfvec.TokenBatch(ids, np.cumsum([0, *map(len, documents)]), ["x", "left", "right", "any"])
    space = SenseSpace.of(batch, np.eye(4, dtype=np.float32))
    return space, padded_windows(batch, occurrences(batch, 0))


def test_a_neighbour_is_weighted_by_its_association_with_the_word() -> None:
    space, windows = toy()
    weights = neighbour_weights(space, windows)
    # 2 of the 6 neighbours are "left", which is 3 of the 15 tokens: log((2 + ½) / (6 · 3/15 + ½))
    assert weights[1] == pytest.approx(np.log(2.5 / 1.7))
    assert weights[2] < weights[1]
    assert 0 < weights[3] < 0.1  # "any" is only frequent
    uses = space.occurrence_vectors(windows, weights)
    assert_allclose(np.linalg.norm(uses, axis=1), 1, atol=1e-6)
    assert uses[0] @ uses[1] > 0.99 > uses[0] @ uses[2]


def test_the_cosine_of_two_means_does_not_shrink_with_noise() -> None:
    rng = default_rng(0)
    a, b = np.array([1.0, 0, 0] + [0] * 97), np.array([0.6, 0.8, 0] + [0] * 97)
    labels = np.repeat([0, 1], 400)
    rows = (np.stack([a, b])[labels] + rng.standard_normal((800, 100))).astype(np.float32)
    assert cluster_cosines(rows, labels).max() == pytest.approx(0.6, abs=0.15)
    naive = [rows[labels == label].mean(axis=0) for label in (0, 1)]
    assert naive[0] @ naive[1] / np.linalg.norm(naive[0]) / np.linalg.norm(naive[1]) < 0.55
    exact = np.stack([a, b, a, b]).astype(np.float32)
    exact_cosines = cluster_cosines(exact, np.array([0, 1, 0, 2]))  # two clusters of one row
    assert exact_cosines.max(axis=1) == pytest.approx([0.6, 1, 1], abs=1e-6)
    assert (np.diag(exact_cosines) == -np.inf).all()


@pytest.mark.parametrize("rare", [5, 8, 10])
def test_a_rare_sense_is_found_although_two_clusters_divide_the_frequent_one(rare: int) -> None:
    rng = default_rng(0)
    gold = np.repeat([0, 1], [100 - rare, rare])
    rows = np.array([[0.7, 0], [-0.3, 0.6]])[gold] @ np.eye(2, 60)
    rows[gold == 0, 10] += rng.choice([-0.4, 0.4], 100 - rare)
    rows = (rows + 0.07 * rng.standard_normal(rows.shape)).astype(np.float32)
    *_, labels = cluster_occurrences(unit_rows(rows), rows, None, rng)
    assert adjusted_rand_score(gold, labels) > 0.95
    halves, _ = k_means(unit_rows(rows).astype(np.float64), 2, repeat(rng, 6))
    assert adjusted_rand_score(gold, halves) < 0.5


@pytest.mark.parametrize("uses", [25, 80, 200])
def test_one_gaussian_is_one_cluster_as_a_rule(uses: int) -> None:
    split = []
    for seed in range(20):
        rng = default_rng(seed)
        mean = unit_rows(rng.standard_normal((1, 60)).astype(np.float32)) * 0.6
        spread = rng.standard_normal((60, 60)) / np.sqrt(60) * rng.uniform(0.3, 1, 60)  # not a sphere
        rows = (mean + 0.12 * rng.standard_normal((uses, 60)) @ spread).astype(np.float32)
        *_, labels = cluster_occurrences(unit_rows(rows), rows, None, rng)
        split.append(labels.max() > 0)
    assert np.mean(split) <= 0.1


def test_as_many_senses_as_asked_for(sense_run: Run) -> None:
    merged = senses(sense_run, "triple", number=2, examples=0)
    assert sorted(sense.count for sense in merged.senses) == [USES, 2 * USES]


def test_few_uses_are_one_sense_and_a_given_number_is_kept() -> None:
    rng = default_rng(0)
    rows = (np.repeat(np.eye(2, 40) * 0.7, 9, axis=0) + 0.1 * rng.standard_normal((18, 40))).astype(
        np.float32
    )
    for number, expected in ((None, 1), (1, 1), (2, 2), (5, 5), (18, 18), (40, 18)):
        *_, labels = cluster_occurrences(unit_rows(rows), rows, number, default_rng(0))
        assert len(np.unique(labels)) == expected


def test_probabilities_add_up_and_a_use_without_context_gets_the_shares() -> None:
    space, windows = toy()
    model = fit_senses(space, windows, 2)
    assert_allclose(model.posterior(windows).sum(axis=1), 1)
    assert model.shares.tolist() == sorted(model.shares, reverse=True)
    alone = np.full((1, 20), -1, np.int32)
    assert_allclose(model.posterior(alone), model.shares[None])
    assert model.posterior(alone[:0]).shape == (0, 2)
    assert fit_senses(space, alone).shares.tolist() == [1.0]


def test_the_seed_draws_the_occurrences_that_are_clustered() -> None:
    others = default_rng(0).integers(1, 40, (1200, 2))
    batch = selfvec.TokenBatch.from_documents([[f"w{a}", "x", f"w{b}"] for a, b in others])
    space = SenseSpace.of(batch, default_rng(1).standard_normal((len(batch.types), 8), np.float32))
    windows = padded_windows(batch, occurrences(batch, batch.types.index("x")))
    one, same, other = (fit_senses(space, windows, 2, seed).landmarks for seed in (3, 3, 4))
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)
