"""Files of tasks and lexicons are foreign: read, or refused by file and line; what every task keeps to."""

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from tests.lab.evaluation.conftest import SET
from tests.refusals import refused
from tests.rows import normal_vectors

import selfvec
from selfvec.base.errors import InputError
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Analogies, Bias, Classification, Retrieval, Similarity, Task
from selfvec.lab.evaluation.bias import BUILT_IN, read_sets
from selfvec.lab.evaluation.classification import read_labelled
from selfvec.lab.evaluation.retrieval import read_collection
from selfvec.lab.evaluation.words import read_pairs, read_questions
from selfvec.lab.transforms.debias import read_debias_sets
from selfvec.lab.transforms.knowledge import read_knowledge
from selfvec.storage.alignment_files import read_dictionary

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels/test.tsv"
READERS = {
    "pairs": lambda folder: read_pairs(folder / "x.tsv"),
    "questions": lambda folder: read_questions(folder / "x.tsv"),
    "dictionary": lambda folder: read_dictionary(folder / "x.tsv"),
    "triples": lambda folder: read_knowledge(folder / "x.tsv"),
    "triples, comma": lambda folder: read_knowledge(folder / "x.csv"),
    "labelled": read_labelled,
    "sets": lambda folder: read_sets(folder / "x.json"),
    "debias, TOML": lambda folder: read_debias_sets(folder / "x.toml"),
    "debias": lambda folder: read_debias_sets(folder / "x.json"),
    **dict.fromkeys(("collection", CORPUS, QUERIES, QRELS), read_collection),
}
FILES_OF = {
    "collection": [CORPUS, QUERIES, QRELS],
    **{name: [name] for name in (CORPUS, QUERIES, QRELS)},
    "labelled": ["train.tsv", "test.tsv"],
    "triples, comma": ["x.csv"],
    "debias, TOML": ["x.toml"],
    "sets": ["x.json"],
    "debias": ["x.json"],
}
PIECES = [b"a", b"q1", b"1", b"-2.5", b"nan", b"\t", b"\t", b"\n", b"\n", b"\r", b" ", b":", b"\xff", b"1_0",
          b"\xc3\xa9", b"[]", b"\x00", b"\xef\xbb\xbf", b"{}", b'{"a": {"targets": {}, "attributes": []}}',
          b'{"_id": "1", "text": "a"}', b'{"_id": 2, "text": null}']  # fmt: skip
FILES = st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)


@pytest.fixture(scope="module")
def folder(own) -> Path:
    (own / "qrels").mkdir()
    return own


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind not in (CORPUS, QUERIES, QRELS)])
@given(files=st.lists(FILES, min_size=3, max_size=3))
def test_read_or_refused_in_one_line(kind: str, folder: Path, files: list[bytes]) -> None:
    names = FILES_OF.get(kind, ["x.tsv"])
    for name, content in zip(names, files, strict=False):
        (folder / name).write_bytes(content)
    try:
        READERS[kind](folder)
    except InputError as error:
        assert any(name in str(error).replace("\\", "/") for name in names)
        assert "\n" not in str(error)


def altered(change) -> str:
    poles = deepcopy(SET)
    change(poles)
    return json.dumps({"poles": poles})


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("pairs", "a\tb\t1\na\tb\n", "x.tsv:2: a row is word<TAB>word<TAB>score"),
        ("pairs", "a b 1\n", "x.tsv:1: a row is word<TAB>word<TAB>score, this one has 1 field;"),
        ("pairs", "a\tb\thigh\n", "x.tsv:1: field 'score': is a number, not 'high'"),
        ("pairs", "a\tb\t1\nb\tc\tnan\n", "x.tsv:2: field 'score'"),
        ("pairs", "a\tb\t1\n\tc\t2\n", "x.tsv:2: field 'word': is empty"),
        ("pairs", "", "x.tsv: a correlation needs pairs with different scores, found 0"),
        ("pairs", "a\tb\t1\na\tc\t1\n", "x.tsv: a correlation needs"),
        ("questions", ": s\na b c d\na b c\n", "x.tsv:3: a question has four words, this one has 3"),
        ("questions", ": s\n: t\n", "x.tsv: holds no question"),
        ("labelled", "a\tx\nno tab\n", "train.tsv:2: a row is label<TAB>text, this one has no tab"),
        ("labelled", "a\tx\n \ty\n", "train.tsv:2: a row is label<TAB>text, this one has no label"),
        ("labelled", "a\tx\na\ty\n", "train.tsv: classification needs two labels"),
        ("sets", "{", "x.json: is not JSON"),
        ("sets", "[" * 100_000, "x.json: is not JSON"),
        ("sets", "{}", "x.json: holds no named word sets"),
        ("sets", '{"poles": 3}', "field 'poles': is an object, not 3"),
        ("sets", '{"poles": {"names": {}}}', "field 'poles.names': is neither targets nor attributes"),
        ("sets", '{"poles": {}}', "field 'poles': lacks 'targets'"),
        ("sets", altered(lambda s: s["targets"].pop("x")), "'poles.targets': is two named lists"),
        ("sets", altered(lambda s: s["targets"].update(x=["x1", " "])), "is two lists of words"),
        ("sets", altered(lambda s: s["targets"].update(x=["x1"])), "'poles.targets': is two named lists"),
        ("sets", altered(lambda s: s["targets"].update(x=["x1", "y2"])), "but 'y2' twice"),
        ("dictionary", "a\tb\nc\n", "x.tsv:2: a row is word<TAB>word"),
        ("dictionary", "a\t\n", "has 1 words"),
        ("dictionary", "", "no pair"),
        ("triples", "hail\tis-a\tice\nhail\tice\n", "x.tsv:2: a row is word, relation, word"),
        ("triples, comma", "hail,is-a,\n", "x.csv:1: a row is word, relation, word, this one has 2 filled"),
        ("triples, comma", 'hail,is-a,"ice\nsleet,is-a,ice"\n', "x.csv:1: "),
        ("debias, TOML", "pairs = [", "is not TOML"),
        ("debias", "[]", "is an object"),
        ("debias", '{"pairs": [["a", "b"]], "other": 1}', "'other': is none of pairs"),
        ("debias", '{"pairs": [["a"]]}', "'pairs.0': is a pair of words"),
        ("debias", '{"pairs": [["a", "b"]], "neutral": [1]}', "'neutral.0': is a word"),
        (CORPUS, '{"_id": "1", "text": "a"}\n{"_id": \n', "corpus.jsonl:2: is not JSON"),
        (CORPUS, "[1]\n", "corpus.jsonl:1: the line is not a JSON object"),
        (CORPUS, '{"text": "a"}\n', "corpus.jsonl:1: field '_id'"),
        (CORPUS, '{"_id": "1", "text": "a"}\n{"_id": 1, "text": "b"}\n', "corpus.jsonl:2: field '_id'"),
        (CORPUS, '{"_id": "1", "title": 3, "text": "a"}\n', "corpus.jsonl:1: field 'title'"),
        (CORPUS, '{"_id": "1", "text": "\\ud800"}\n', "corpus.jsonl:1: is not JSON: it contains half"),
        (CORPUS, "\n", "corpus.jsonl: is empty"),
        (QUERIES, '{"_id": "q1"}\n', "queries.jsonl:1: field 'text'"),
        (QRELS, "query-id\tcorpus-id\tscore\nq1\td1\n", "test.tsv:2: a row is query-id<TAB>"),
        (QRELS, "q1\td1\t1\nq1\td2\thigh\n", "test.tsv:2: field 'score'"),
        (QRELS, "q1\td1\t1\nq99\td1\t1\n", "test.tsv:2: the query 'q99'"),
        (QRELS, "q1\td1\t1\nq1\td1\t0\n", "test.tsv:2: query 'q1' and document 'd1'"),
        (QRELS, "q1\td1\t0\n", "test.tsv: no query has a relevant document"),
        (CORPUS, None, "lacks corpus.jsonl; name a folder that holds corpus.jsonl (_id, text"),
        (QRELS, None, "lacks qrels/test.tsv; name a folder that holds corpus.jsonl"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_one_error_with_its_place(kind, text, expected, beir: Path) -> None:
    for name in FILES_OF.get(kind, ["x.tsv"]):
        if text is None:
            (beir / name).unlink()
        else:
            (beir / name).write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        READERS[kind](beir)
    assert expected in str(error.value).replace("\\", "/")


def test_what_is_not_text_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_bytes(b"a\tb\t1\n\xff\xfe\tb\t2\n")
    refused(lambda: read_pairs(tmp_path / "x.tsv"), InputError, r"x\.tsv:2: is not UTF-8")
    for path in (tmp_path / "nowhere.tsv", tmp_path):
        refused(lambda: read_pairs(path), InputError, "cannot be read")
    refused(lambda: read_sets(tmp_path / "absent.toml"), InputError, "no such file")
    for name in ("s.txt", "s"):
        refused(lambda: read_sets(tmp_path / name), InputError, r"is \.toml or \.json, not")


def test_windows_line_ends_byte_order_mark_and_blank_lines(write) -> None:
    file = write("pairs.tsv", "\ufeffhail\tice\t9\r\n\r\n  \nhail\tinvoice\t1\r\n")
    found = read_pairs(file)
    assert (found.words, found.scores.tolist()) == (["hail", "ice", "invoice"], [9, 1])


def test_sets_are_the_same_in_toml_and_json_and_the_built_in_ones_are_sound(write) -> None:
    toml = '[poles]\ntargets.x = ["x1", "x2"]\ntargets.y = ["y1", "y2"]\n'
    toml += 'attributes.a = ["a1", "a2"]\nattributes.b = ["b1", "b2"]\n'
    same = read_sets(write("a.json", altered(lambda _: None)))
    assert read_sets(write("a.toml", toml)) == same
    sets = read_sets(BUILT_IN)
    assert len(sets) == 4
    for one in sets:
        assert all(len(words) >= 8 for words in one.lists)
        assert len(set().union(*map(set, one.lists))) == sum(map(len, one.lists))


WORDS = ["hail", "storm", "roof", "wind", "fell", "broke", "window", "invoice", "paid", "tax", "loan", "rent"]


@pytest.fixture
def tasks(write, beir: Path) -> dict[str, Task]:
    """One task of every kind that reads files, on the same dozen words."""
    pairs = "".join(f"{a}\t{b}\t{len(a) - len(b)}\n" for a in WORDS for b in WORDS if a < b)
    rng = default_rng(4)
    questions = "".join(" ".join(rng.permutation(WORDS)[:4]) + "\n" for _ in range(60))
    rows = [f"{i % 2}\t{' '.join(rng.choice(WORDS[6 * (i % 2) :], 4))}\n" for i in range(40)]
    for part, own in (("train", rows[:20]), ("test", rows[20:])):
        labelled = write(f"labelled/{part}.tsv", "".join(own)).parent
    sets = """[poles]
targets = {x = ["hail", "storm", "roof"], y = ["invoice", "paid", "tax"]}
attributes = {a = ["wind", "fell"], b = ["loan", "rent"]}
"""
    return {
        "similarity": Similarity(write("pairs.tsv", pairs)),
        "analogy": Analogies(write("questions.txt", questions)),
        "retrieval": Retrieval(beir),
        "classification": Classification(labelled, shots=5),
        "bias": Bias(write("poles.toml", sets)),
    }


KINDS = ["similarity", "analogy", "retrieval", "classification", "bias"]


@pytest.fixture
def table() -> Vectors:
    return normal_vectors(WORDS, 5)


def values(vectors: Vectors, task: Task) -> list[float]:
    return [row["value"] for row in selfvec.evaluate(vectors, [task]).rows]


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_and_their_length_and_a_rotation_change_nothing(kind, tasks, table) -> None:
    expected = pytest.approx(values(table, tasks[kind]), abs=1e-5)
    order = default_rng(1).permutation(len(WORDS))
    rotation, _ = np.linalg.qr(default_rng(2).standard_normal((5, 5)))
    lengths = default_rng(3).uniform(0.5, 4, (len(WORDS), 1))
    assert values(Vectors([WORDS[i] for i in order], table.vectors[order]), tasks[kind]) == expected
    assert values(Vectors(WORDS, (table.vectors @ rotation).astype(np.float32)), tasks[kind]) == expected
    assert values(Vectors(WORDS, (table.vectors * lengths).astype(np.float32)), tasks[kind]) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_against_itself_differs_by_nothing(kind, tasks, table) -> None:
    report = selfvec.evaluate({"a": table, "b": table}, [tasks[kind]])
    same = [row for row in report.comparisons if (row["vectors_a"], row["vectors_b"]) == ("a", "b")]
    assert same
    for row in same:
        assert (row["difference"], row["p"]) == (0, 1)
        assert row["low"] == pytest.approx(-row["high"])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_have_every_key_and_intervals_that_hold_the_value(kind, tasks, table) -> None:
    report = selfvec.evaluate({"mine": table}, [tasks[kind]], dimensions=[2], seed=3)
    keys = {"vectors", "task", "kind", "mode", "metric", "value", "low", "high", "n", "covered"}
    for row in report.rows:
        assert row.keys() >= keys
        assert row["kind"] == kind
        assert row["low"] <= row["value"] <= row["high"]
        assert 0 < row["covered"] <= 1
        assert row["n"] > 0
        assert row["mode"] in ({"dense", "bm25"} if kind == "retrieval" else {None})
        if row["vectors"] == "mine":
            assert row["dimensions"] == (2 if row["truncated"] else 5)
    again = selfvec.evaluate({"mine": table}, [tasks[kind]], dimensions=[2], seed=3)
    assert report.as_dict() == again.as_dict()


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_knows_no_word_covers_nothing(kind, tasks) -> None:
    strangers = Vectors(["z1", "z2"], np.eye(2, dtype=np.float32))
    rows = [row for row in selfvec.evaluate(strangers, [tasks[kind]]).rows if row["vectors"] != "bm25"]
    for row in rows:
        assert row["covered"] == 0
        assert row["value"] == (pytest.approx(0.5, abs=0.2) if kind == "classification" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_nan_never_reaches_a_report(kind, tasks, table) -> None:
    rows = table.vectors.copy()
    rows[::3] = 0
    for row in selfvec.evaluate(Vectors(WORDS, rows), [tasks[kind]]).rows:
        assert np.isfinite([row["value"], row["low"], row["high"], row["covered"]]).all()
