"""Lexicons of every kind, and what retrofitting, counter-fitting and the like make of them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.commands import ran
from tests.refusals import refused
from tests.rows import normal_rows, unit

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.lab.transforms.knowledge import Knowledge, read_knowledge, row_pairs
from selfvec.lab.transforms.written import figures_of

pytest.importorskip("scipy")

TRIPLES = """# weather
hail\tis_a\tprecipitation
precipitation\tis-a\tweather
sleet\tsynonym\thail
hot\tantonym\tcold
sleet\tdefinition\train that freezes
"""
OBO = """format-version: 1.2
ontology: weather

[Term]
id: W:1
name: weather

[Term]
id: W:2
name: hail
def: "Balls of ice that fall." []
synonym: "hailstones" EXACT []
synonym: "storm debris" RELATED []
is_a: W:1 ! weather

[Term]
id: W:3
name: gone
is_obsolete: true
"""
DATA = {  # a WordNet of four synsets, by the rules of wndb(5WN)
    "data.noun": '00000001 19 n 02 hail 0 hailstones 0 001 @ 00000002 n 0000 | balls of ice; "it hailed"\n'
    "00000002 19 n 01 weather 0 001 ~ 00000001 n 0000 | the state of the air\n",
    "data.adj": "00000003 00 a 01 hot 0 001 ! 00000004 a 0101 | warm\n"
    "00000004 00 a 01 cold(p) 0 001 ! 00000003 a 0101 | not warm\n",
    "data.verb": "",
    "data.adv": "",
    "index.noun": "hail n 1 1 @ 1 0 00000001\nhailstones n 1 1 @ 1 0 00000001\n"
    "weather n 1 1 ~ 1 0 00000002\n",
    "index.adj": "hot a 1 1 ! 1 0 00000003\ncold a 1 1 ! 1 0 00000004\n",
    "index.verb": "",
    "index.adv": "",
}


def words(*angles: float, names: str = "abcdefgh") -> Vectors:
    """Words a, b, ... by their angle in degrees."""
    turned = np.deg2rad(angles)
    return Vectors(
        list(names[: len(angles)]), np.stack([np.cos(turned), np.sin(turned)], 1).astype(np.float32)
    )


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    folder = tmp_path / "wordnet"
    folder.mkdir()
    for name, text in DATA.items():
        (folder / name).write_text("  1 This file has no licence.\n" + text)
    return folder


# ---- Readers


def test_triples_are_read_with_their_kinds_and_definitions(write) -> None:
    found = read_knowledge([write("a.tsv", TRIPLES)])
    assert found.edges["is-a"] == [("hail", "precipitation"), ("precipitation", "weather")]
    assert found.edges["antonym"] == [("hot", "cold")]
    assert found.definitions == {"sleet": "rain that freezes"}
    comma = read_knowledge([write("a.csv", 'hail,definition,"ice, in balls"\n\nhail,related,storm\n')])
    assert comma.definitions == {"hail": "ice, in balls"}
    assert comma.edges == {"related": [("hail", "storm")]}
    lone = 'hail\tdefinition\t"ice" in balls\nsleet\trelated\t"rain\nhail\tis-a\tweather\n'
    found = read_knowledge([write("lone.tsv", lone)])
    assert found.definitions == {"hail": '"ice" in balls'}
    assert found.edges == {"related": [("sleet", '"rain')], "is-a": [("hail", "weather")]}


@pytest.mark.parametrize("kind", ["wordnet", "obo"])
def test_every_format_yields_the_same_relations(kind: str, wordnet: Path, write) -> None:
    if kind == "obo":
        pytest.importorskip("pronto")
    found = read_knowledge([wordnet if kind == "wordnet" else write("t.obo", OBO)])
    assert found.senses["hail"] == found.senses["hailstones"]
    assert next(iter(found.definitions.values())).lower().startswith("balls of ice")
    rows = {"hail": 0, "hailstones": 1, "weather": 2, "hot": 3, "cold": 4, "storm": 5, "storm debris": 6}
    assert row_pairs(found, rows, "synonym").tolist() == [[0, 1]]
    assert row_pairs(found, rows, ["is-a"]).tolist() == [[0, 2], [1, 2]]
    if kind == "wordnet":
        assert row_pairs(found, rows, "antonym").tolist() == [[3, 4]]
    else:
        assert row_pairs(found, rows, "related").tolist() == [[0, 6], [1, 6]]


def test_files_that_are_no_lexicon_are_refused_with_their_place(write, wordnet: Path) -> None:
    refused(lambda: read_knowledge([write("a.xyz", "x")]), InputError, r"ends in \.xyz")
    refused(lambda: read_knowledge(["nowhere.tsv"]), InputError, "no such file")
    (wordnet / "data.verb").write_text("00000009 29 v 03 rain\n")
    refused(lambda: read_knowledge([wordnet]), InputError, r"data\.verb:1: is not a line of a WordNet file")
    (wordnet / "data.verb").write_text("")
    (wordnet / "index.verb").write_text("rain v\n")
    refused(lambda: read_knowledge([wordnet]), InputError, r"index\.verb:1: is not a line")


def test_a_lexicon_of_other_words_is_refused(write) -> None:
    refused(
        lambda: selfvec.retrofit(words(0, 90), lexicon=[write("a.tsv", TRIPLES)]),
        OptionError,
        "relates no two words",
    )


# ---- Retrofitting and smoothing


def test_retrofitting_solves_the_paper_s_equations() -> None:
    table = words(0, 40, 90, 200)
    lexicon = Knowledge(edges={"synonym": [("a", "b"), ("b", "c")]})
    made = selfvec.retrofit(table, lexicon=lexicon)
    # q_a = (a + q_b) / 2, q_c = (c + q_b) / 2, q_b = (b + (q_a + q_c) / 2) / 2;
    # q_b = (2 b + (a + c) / 2) / 3
    a, b, c, d = table.vectors
    middle = (2 * b + (a + c) / 2) / 3
    for row, wanted in enumerate(((a + middle) / 2, middle, (c + middle) / 2, d)):
        assert_allclose(made.vectors[row], unit(wanted), atol=1e-3)


def test_lengths_and_words_without_relations_are_kept(plane: Vectors) -> None:
    table = Vectors(plane.index_to_key, plane.vectors * np.float32(3), composer=lambda _: np.ones((1, 2)))
    for method in ("retrofit", "smooth"):
        made = selfvec.retrofit(
            table, method=method, lexicon=Knowledge(edges={"related": [("hail", "storm")]})
        )
        assert made.similarity("hail", "storm") > table.similarity("hail", "storm")
        assert_allclose(np.linalg.norm(made.vectors[:5], axis=1), 3, rtol=1e-5)
        assert_allclose(made["Rome"], table["Rome"], atol=1e-5)
        assert made.composer is table.composer


def test_smoothing_gives_a_word_of_zeros_the_vector_of_its_surroundings(plane: Vectors) -> None:
    lexicon = Knowledge(edges={"is-a": [("blank", "ice")]})
    made = selfvec.retrofit(plane, method="smooth", lexicon=lexicon)
    assert made.similarity("blank", "ice") == pytest.approx(1, abs=1e-3)
    assert not selfvec.retrofit(plane, method="smooth", lexicon=Knowledge(edges={"is-a": [("ice", "hail")]}))[
        "blank"
    ].any()


@pytest.mark.parametrize("method", ["retrofit", "smooth"])
def test_more_weight_pulls_further(method: str) -> None:
    table, lexicon = words(0, 80), Knowledge(edges={"synonym": [("a", "b")]})

    def made(weight: float) -> Vectors:
        return selfvec.retrofit(table, method=method, lexicon=lexicon, weight=weight)

    near = [made(weight).similarity("a", "b") for weight in (0.1, 0.5, 0.9)]
    assert near == sorted(near)


@pytest.mark.parametrize(("method", "weight"), [("smooth", 1.0), ("counter-fit", 1.5), ("attract-repel", 2)])
def test_a_weight_has_the_bound_of_its_method(method: str, weight: float) -> None:
    pairs = Knowledge(edges={"synonym": [("a", "b")]})
    given = {"lexicon": pairs, "method": method, "weight": weight}
    refused(lambda: selfvec.retrofit(words(0, 80), **given), OptionError, "is at most")


# ---- Counter-fitting and attract-repel


@pytest.mark.parametrize("method", ["counter-fit", "attract-repel"])
def test_synonyms_come_together_and_antonyms_go_apart(method: str) -> None:
    table = Vectors([f"w{i}" for i in range(60)], normal_rows(60, 12))
    table.vectors[41:50:2] = table.vectors[40:50:2] + 0.5 * table.vectors[41:50:2]
    pairs, apart = ([(f"w{i}", f"w{i + 1}") for i in range(*ends, 2)] for ends in ((0, 40), (40, 50)))
    lexicon = Knowledge(edges={"synonym": pairs, "antonym": apart})
    made = selfvec.retrofit(table, method=method, lexicon=lexicon, weight=1.0)
    assert made.similarity("w40", "w41") < table.similarity("w40", "w41") - 0.1
    gained = [made.similarity(a, b) - table.similarity(a, b) for a, b in pairs]
    assert np.mean(gained) > 0.1
    assert_allclose(made.unit[50:], table.unit[50:], atol=1e-5)  # in no pair
    part = selfvec.retrofit(table, method=method, lexicon=lexicon, weight=0.5)
    assert made.similarity("w40", "w41") < part.similarity("w40", "w41") < table.similarity("w40", "w41")
    again = selfvec.retrofit(table, method=method, lexicon=lexicon, weight=0.5)
    assert_array_equal(part.vectors, again.vectors)


def test_a_step_of_counter_fitting_follows_the_gradient() -> None:
    table = words(0, 60)
    from selfvec.lab.transforms.retrofit import Pairs, counter_fitted

    pairs = Pairs(np.zeros((0, 2), np.int64), np.array([[0, 1]]))
    a, b = table.vectors.astype(float)
    moved = a - 0.1 * (b - (a @ b) * a)
    made = counter_fitted(table.unit, pairs, steps=1)
    assert_allclose(made[0], unit(moved), atol=1e-5)


@pytest.mark.parametrize("method", ["retrofit", "smooth", "counter-fit", "attract-repel", "aspect"])
def test_the_report_says_how_near_pairs_are_in_the_vectors_that_are_returned(method: str) -> None:
    table = words(0, 60, 90, 200)
    lexicon = Knowledge(edges={"synonym": [("a", "b")], "antonym": [("c", "d")]})
    made = selfvec.retrofit(table, lexicon, method)
    figures = figures_of(made)
    assert figures["pairs_before"] == pytest.approx(table.similarity("a", "b"), abs=1e-5)
    assert figures["pairs_after"] == pytest.approx(made.similarity("a", "b"), abs=1e-5)
    if method not in ("retrofit", "smooth"):
        assert figures["pushed_after"] == pytest.approx(made.similarity("c", "d"), abs=1e-5)


def test_a_pair_that_both_pulls_and_pushes_only_pushes() -> None:
    both = Knowledge(edges={"antonym": [("a", "b")], "synonym": [("a", "b"), ("c", "d")]})
    antonyms = Knowledge(edges={"antonym": [("a", "b")], "synonym": [("c", "d")]})
    made = [
        selfvec.retrofit(words(0, 60, 90, 200), method="counter-fit", lexicon=lexicon).vectors
        for lexicon in (both, antonyms)
    ]
    assert_array_equal(*made)


# ---- Definitions, nodes, aspects


def test_an_unknown_word_gets_the_mean_of_its_definition() -> None:
    table = words(0, 90, 45, names=["rain", "ice", "house"])
    lexicon = Knowledge(definitions={"sleet": "rain and ice", "house": "a house"})
    made = selfvec.define(table, lexicon=lexicon)
    assert list(made) == ["rain", "ice", "house", "sleet"]
    assert made.similarity("sleet", "house") == pytest.approx(1, abs=1e-5)  # halfway between rain and ice
    assert made.sources[3] == Source.CONTEXT
    assert_array_equal(made.vectors[:3], table.vectors)
    alone = selfvec.define(table, lexicon=Knowledge(definitions={"sleet": "rain and ice"}))
    assert alone.similarity("sleet", "house") == pytest.approx(1, abs=1e-5)
    refused(
        lambda: selfvec.define(table, lexicon=Knowledge(edges={"is-a": [("rain", "ice")]})),
        OptionError,
        "no definitions",
    )


def test_definitions_of_known_words_teach_a_map() -> None:
    rng = default_rng(2)
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    parts = rng.standard_normal((40, 8)).astype(np.float32)
    wholes = np.array([parts[i] + parts[(i * 7 + 1) % 40] for i in range(40)])
    rows = np.concatenate([parts, wholes @ turn]).astype(np.float32)
    names = [f"p{i}" for i in range(40)] + [f"q{i}" for i in range(40)]
    lexicon = Knowledge(definitions={f"q{i}": f"p{i} p{(i * 7 + 1) % 40}" for i in range(40)})
    hidden = Vectors(names[:-5], rows[:-5])
    made = selfvec.define(hidden, lexicon=lexicon)
    whole = Vectors(names, rows)
    cosines = [
        float(made.get_vector(f"q{i}", norm=True) @ whole.get_vector(f"q{i}", norm=True))
        for i in range(35, 40)
    ]
    assert min(cosines) > 0.6


def test_nodes_stand_beside_words_and_unnamed_ones_take_their_surroundings(write) -> None:
    pytest.importorskip("pronto")
    table = words(0, 30, 120, names=["hail", "weather", "tax"])
    made = selfvec.define(
        table,
        rows="concepts",
        lexicon=[write("w.obo", OBO + "\n[Term]\nid: W:4\nname: zyx\nis_a: W:2\n")],
    )
    assert set(made) - set(table) == {"W:1", "W:2", "W:4"}
    assert made.most_similar("W:4", topn=1)[0][0] == "W:2"
    assert made.similarity("W:2", "hail") > made.similarity("W:2", "tax")
    plain = Knowledge(edges={"is-a": [("hail storm", "weather")]}, definitions={"hail storm": "hail"})
    assert list(selfvec.define(table, rows="concepts", lexicon=plain)) == [*table, "hail_storm"]
    with pytest.raises(OptionError, match="every node"):
        lexicon = Knowledge(edges={"is-a": [("hail", "weather")]})
        selfvec.define(table, rows="concepts", lexicon=lexicon)
    refused(
        lambda: selfvec.define(table, lexicon=plain, relations="is-a"),
        OptionError,
        "relations: are for rows of concepts",
    )


def test_an_aspect_keeps_one_relation_and_pushes_another_also_for_unseen_pairs() -> None:
    rng = default_rng(3)
    base = rng.standard_normal((60, 10)).astype(np.float32)
    kept, pushed = base.copy(), base.copy()
    kept[:, :2] += 2 * rng.standard_normal((60, 2))
    pushed[:, 8:] += 2 * rng.standard_normal((60, 2))
    names = [f"{kind}{i}" for kind in "akp" for i in range(60)]
    table = Vectors(names, np.concatenate([base, kept, pushed]).astype(np.float32))
    lexicon = Knowledge(
        edges={
            "synonym": [(f"a{i}", f"k{i}") for i in range(40)],
            "antonym": [(f"a{i}", f"p{i}") for i in range(40)],
        }
    )
    made = selfvec.retrofit(table, method="aspect", lexicon=lexicon)

    def gap(of: Vectors) -> float:
        unseen = range(40, 60)
        near = np.mean([of.similarity(f"a{i}", f"k{i}") for i in unseen])
        return float(near - np.mean([of.similarity(f"a{i}", f"p{i}") for i in unseen]))

    assert gap(made) > gap(table) + 0.1
    refused(
        lambda: selfvec.retrofit(table, method="aspect", lexicon=lexicon, push="synonym"),
        OptionError,
        "must differ",
    )


# ---- The command


def test_the_command_takes_several_lexicons_and_kinds(write, tmp_path: Path) -> None:
    selfvec.save(words(0, 60, 90, names=["hail", "sleet", "precipitation"]), tmp_path / "in.vec")
    first, second = write("a.tsv", TRIPLES), write("b.csv", "hail,part-of,sleet\n")
    given = ["vectors", "retrofit", str(tmp_path / "in.vec"), str(tmp_path / "out.vec"), "--json"]
    given += ["--overwrite"]
    assert ran([*given, "--lexicon", first, second, "--relations", "is-a,part-of"]).json["pairs"] == 2
    assert ran([*given, "--lexicon", first]).json["pairs"] == 2  # a synonym and is-a
    assert "lexicon" in ran(given, 2).err


def test_relations_that_are_not_used_are_counted(tmp_path: Path) -> None:
    table = Vectors(["hail", "ice", "storm", "rain"], np.eye(4, dtype=np.float32))
    lines = ["word1\trelation\tword2", "hail\tsynonym\tice", "hail\tsynonym\tgraupel", "sleet\tis-a\train"]
    lines += ["storm\trelated\train", "hail\tantonym\tstorm", "hail\tpart-of\tstorm"]
    path = tmp_path / "lexicon.tsv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    figures = figures_of(selfvec.retrofit(table, [str(path)]))
    assert (figures["pairs"], figures["unused"]) == (2, 5)
    why = figures["why_unused"]
    assert "2 with words that have no vector: graupel, sleet" in why
    assert "1 of another kind: antonym; 1 of another kind: part-of" in why
    assert "1 of another kind: relation" in why  # the names of the columns
