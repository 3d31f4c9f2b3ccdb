"""Neighbours of several words: in runs, vectors files and aligned tables; rare and unknown words."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.refusals import refused
from tests.rows import normal_rows

import selfvec
from selfvec import Vectors
from selfvec.analysis.views.terminal import draw
from selfvec.apps.cli.streams import show
from selfvec.apps.similar_words import shown_neighbours
from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.vectors import least_count

ENGLISH = ["house", "home", "rain", "hail", "animal", "road"]
SPANISH = ["casa", "hogar", "lluvia", "granizo", "animal", "calle"]


@pytest.fixture(scope="module")
def folder(own: Path, storms: list[str]) -> Path:
    """A run, and tables of two languages with a dictionary."""
    (own / "storms.txt").write_text("\n".join(storms) + "\n", "utf-8")
    made = ["refine", str(own / "storms.txt"), "-o", str(own / "run"), "--vectors", "none"]
    ran([*made, "--method", "decorrelated"])
    rows = normal_rows(6, 4)
    rows[1] = rows[0] + 0.3 * rows[1]  # home is near house
    turn = np.linalg.qr(normal_rows(4, 4, 1))[0]
    selfvec.save(Vectors(ENGLISH, rows), own / "en.vec")
    selfvec.save(Vectors(SPANISH, rows @ turn), own / "es.vec")
    pairs = "".join(f"{one}\t{other}\n" for one, other in zip(ENGLISH, SPANISH, strict=True))
    (own / "pairs.tsv").write_text(pairs, "utf-8")
    return own


def similar(*arguments: str, status: int = 0) -> tuple[dict, str]:
    output = ran(["similar", *arguments, "--json"], status)
    return (json.loads(output.out) if output.out else {}), output.err


def test_an_unknown_word_is_named_and_the_others_are_answered(inside: Path) -> None:
    found, told = similar("run", "hial", "Hail", "zyzzyva", "--compare")
    states = [(row["word"], row["state"]) for row in found["rows"]]
    assert states == [("hail", "original"), ("hail", "refined")]
    first, second = found["unknown"]
    assert (first["word"], first["count"], second["word"]) == ("hial", 0, "zyzzyva")
    assert first["reason"] == "does not occur in this run"
    assert "hail" in first["alike"]
    assert "'hial' does not occur in this run; did you mean hail" in told
    assert "'zyzzyva' does not occur in this run" in told
    assert similar("run", "hail")[0]["unknown"] == []


def test_the_status_is_2_if_no_word_is_known(inside: Path) -> None:
    _, told = similar("run", "hial", "zyzzyva", status=2)
    assert "none of 'hial', 'zyzzyva' occurs in this run; did you mean hail" in told
    _, told = similar("en.vec", "hial", status=2)
    assert "the word 'hial' does not occur in these vectors; did you mean hail" in told


def test_words_similar_in_a_file_are_those_of_its_rows(inside: Path) -> None:
    (row,) = similar("en.vec", "House", "--top", "3")[0]["rows"]
    near = selfvec.load("en.vec").most_similar("house", topn=3)
    assert (row["word"], row["state"]) == ("house", "vectors")
    assert row["neighbours"] == [list(pair) for pair in near]


@pytest.mark.parametrize("out", ["spaces", "es-in-en.vec"])
def test_a_translation_is_a_query_to_what_align_wrote(out: str, inside: Path) -> None:
    ran(["vectors", "align", "en.vec", "es.vec", "--dictionary", "pairs.tsv", "-o", out])
    rows = similar(out, "casa")[0]["rows"]
    assert [(row["word"], row["state"]) for row in rows] == [("casa", "a"), ("casa", "b")]
    assert [word for word, _ in rows[0]["neighbours"]][:2] == ["house", "home"]
    assert rows[1]["neighbours"][0][0] == "hogar"
    rows = similar(out, "hail")[0]["rows"]
    assert [row["state"] for row in rows] == ["b", "a"]
    assert rows[0]["neighbours"][0][0] == "granizo"
    assert similar(out, "animal")[0]["rows"][0]["neighbours"][0][0] == "animal"
    found, told = similar(out, "casa", "cassa")
    assert found["unknown"][0]["alike"][0] == "casa"
    assert "did you mean casa" in told
    shown = ran(["similar", out, "casa", "house"]).out
    assert "granizo" in shown
    assert "came in" not in shown


def test_replacements_are_listed_in_place_of_what_goes_with_a_word(inside: Path) -> None:
    found = similar("run", "hail", "--as", "replacement", "--compare", "--top", "3")[0]["rows"]
    before, after = found
    assert before == similar("run", "hail", "--compare", "--top", "3")[0]["rows"][0]
    assert (after["word"], after["state"], after["as"]) == ("hail", "refined", "replacement")
    assert [len(row["neighbours"]) for row in found] == [3, 3]
    assert all(-1 <= cosine <= 1 for _, cosine in after["neighbours"])
    assert similar("run", "hail", "--as", "topic") == similar("run", "hail")
    _, told = similar("en.vec", "hail", "--as", "replacement", status=2)
    assert "--as: vectors do not hold the text from which replacements are found; name a run folder" in told
    _, told = similar("run", "hail", "--as", "replacment", status=2)
    assert "did you mean replacement?" in told


def run_of(documents: list[str], near: str = "") -> selfvec.Run:
    """A run of some documents; words that are ``near`` the first word are so in both states."""
    tokens = selfvec.TokenBatch.from_documents([text.split() for text in documents])
    names = list(tokens.types)
    rows = normal_rows(len(names), 16)
    for word in near.split():
        row = names.index(word)
        rows[row] = rows[0] + 0.1 * rows[row]
    kept = Vectors(names, rows, counts=tokens.counts)
    return selfvec.Run(Run(kept, Vectors(names, rows), tokens=tokens, provenance={"method": "decorrelated"}))


STORMS = "tornado tornadoes torn tornados storm gust squall colour color café cafã"


def test_other_forms_stand_apart_and_push_no_word_out() -> None:
    run = run_of([STORMS], near="tornadoes tornados storm")
    before, after = selfvec.similar(run, "tornado", top=3, compare=True)["rows"]
    for row in (before, after):
        terms = [term for term, _ in row["neighbours"]]
        assert (row["forms"], len(terms), terms[0]) == (["tornadoes", "tornados"], 3, "storm")
        assert not {"tornado", *row["forms"]} & set(terms)
    assert "forms" not in selfvec.similar(run, "gust", top=3)["rows"][0]
    assert selfvec.similar(run, "color")["rows"][0]["forms"] == ["colour"]


def test_remains_of_a_wrong_encoding_are_near_no_word() -> None:
    run = run_of(["risk riskâ hailâ hail storm"], near="riskâ hail")
    terms = [term for term, _ in selfvec.similar(run, "risk", top=3)["rows"][0]["neighbours"]]
    assert terms == ["hail", "storm"]


# ra in 97 documents of 403, racially in 4, raster and rain in 2
APART = ["ra"] * 97 + ["racially", "racially raster", "rain"] * 2 + ["storm"] * 300


@pytest.mark.parametrize(
    ("shared", "left_out"),
    [
        (["ra rheumatoid"] * 3, ["racially", "raster", "rain"]),
        (["ra rain"] * 3, ["racially", "raster"]),  # three of five with rain have ra; chance gives 1.2
        (["ra rheumatoid"] * 2, []),  # 99 uses are too few to do without spelling
    ],
)
def test_words_that_only_begin_alike_are_near_no_frequent_word(
    shared: list[str], left_out: list[str]
) -> None:
    run = run_of([*APART, *shared], near="racially raster rain")
    row = selfvec.similar(run, "ra", top=2)["rows"][0]
    assert set(row.get("by_spelling", ())) == set(left_out)
    assert not set(left_out) & {term for term, _ in row["neighbours"]}


def test_words_apart_are_printed_under_the_table(capsys) -> None:
    row = {"word": "ra", "state": "refined", "neighbours": [["rheumatoid", 0.6]]}
    apart = {"forms": ["ras"], "by_spelling": [f"ra{i}" for i in range(9)]}
    show(draw(shown_neighbours([row | apart]).view()))
    shown = capsys.readouterr().out
    assert "other forms: ras\n" in shown
    assert "near by spelling only, left out: ra0, ra1" in shown
    assert "ra7, …\n" in shown


def test_a_rare_word_says_so(capsys) -> None:
    row, often = selfvec.similar(many(20), ["w1005", "w3"]).as_dict()["rows"]
    assert row["rare"] == 1
    assert "rare" not in often
    show(draw(shown_neighbours([row, often]).view()))
    assert "w1005 occurs 1 time: too rarely for its vector to mean much" in capsys.readouterr().out


def many(rare: int) -> Vectors:
    """A thousand words that occur five times, and some near the first that occur once."""
    rows = normal_rows(1000 + rare, 8)
    rows[1000:] = rows[0] + 0.01 * rows[1000:]
    words = [f"w{i}" for i in range(len(rows))]
    return Vectors(words, rows, counts=np.repeat([5, 1], [1000, rare]))


def test_rare_words_are_no_neighbours_unless_asked_for() -> None:
    table, plain = many(20), many(20)
    plain.counts = None
    rare = {f"w{i}" for i in range(1000, 1020)}
    found = [word for word, _ in table.most_similar("w0", topn=12)]
    assert len(found) == 12
    assert not rare & set(found)
    assert {word for word, _ in table.most_similar("w0", topn=12, min_count=1)} < rare
    unfiltered = plain.most_similar("w0", topn=60)
    assert table.most_similar("w0", topn=40) == [pair for pair in unfiltered if pair[0] not in rare]
    assert table.most_similar("w0", topn=60, min_count=1) == unfiltered
    assert not rare & {word for word, _ in table.most_similar("w1005", topn=5)}
    assert table.most_similar("w0", topn=5000, min_count=9) == []
    assert len(table.most_similar("w1019", topn=30, restrict_vocab=10)) == 10


def test_the_default_never_empties_a_small_list() -> None:
    table = many(20)
    small = Vectors(table.index_to_key[-30:], table.vectors[-30:], counts=table.counts[-30:])
    assert len(small.most_similar("w1019", topn=99)) == 29
    assert least_count(np.array([4] * 1000 + [9])) == 4
    assert least_count(np.array([4] * 999 + [9])) == 4
    assert least_count(np.array([4] * 998 + [9])) == 1


def test_a_table_without_counts_refuses_a_least_count() -> None:
    table = Vectors(["a", "b"], np.eye(2, dtype=np.float32))
    assert table.most_similar("a", min_count=1)
    refused(lambda: table.most_similar("a", min_count=2), OptionError, "no counts of words; leave it out")


def test_both_tables_of_a_run_leave_out_rare_words(folder: Path) -> None:
    run = selfvec.open_run(folder / "run")
    counts = dict(zip(run.vectors.index_to_key, run.vectors.counts.tolist(), strict=True))
    for table in (run.vectors, run.original):
        found = table.most_similar("hail", topn=len(counts), min_count=40)
        assert {word for word, _ in found} == {word for word, n in counts.items() if n >= 40} - {"hail"}
