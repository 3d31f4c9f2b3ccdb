"""The example text and Python's documentation, corpora of demonstrations: the same everywhere."""

import hashlib
import re
import sys
from pathlib import Path

import pytest
from benchmarks.example_pictures import LACKED, WAYS
from corpus_reader import collect
from tests.commands import ran

import selfvec
from selfvec.base.errors import TargetError
from selfvec.corpus import example_text
from selfvec.corpus.example_text import planted, reports
from selfvec.corpus.python_docs import python_documentation
from selfvec.data.run import Run

SHA256 = "e79f72688b9dec4365db930238d5553ba888658196cf352765ba617be542221e"


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def test_the_bytes_are_those_of_the_seed(tmp_path: Path) -> None:
    path = selfvec.example(tmp_path / "storms.jsonl")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    other = selfvec.example(tmp_path / "other.jsonl", seed=1)
    assert other.read_bytes() != path.read_bytes()


def test_the_rows_have_ids_dates_and_fields() -> None:
    rows = reports()
    assert len({row["id"] for row in rows}) == len(rows) == planted()["documents"] == 2000
    assert all(list(row) == ["id", "title", "text", "date", "region", "kind"] for row in rows)
    dates = [row["date"] for row in rows]
    assert dates == sorted(dates)
    assert (dates[0][:4], dates[-1][:4]) == ("2000", "2019")
    assert len({row["text"] for row in rows}) == len(rows)
    assert len({row["region"] for row in rows}) == 5
    assert len({row["kind"] for row in rows}) == 10


def test_the_first_picture_shows_what_words_alone_miss(example_run: Run) -> None:
    words, ours = (
        ["horses" in hit.snippet for hit in selfvec.search(example_run, LACKED, top=10, mode=mode).hits]
        for mode in WAYS
    )
    assert words == [False] * 10
    assert all(ours[:3])


def test_every_word_is_in_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(example_text.__file__).parent
    ours = words_of(" ".join(path.read_text("utf-8") for path in folder.glob("*.toml")))
    found = planted()
    ours |= {found["new"], *found["replaced"], *found["synonyms"].values()}
    monkeypatch.setattr(example_text, "_MISSPELT", 0)
    made = reports.__wrapped__()  # those that are kept may have been made before, with their mistakes
    assert words_of(" ".join(row["title"] + " " + row["text"] for row in made)) <= ours


def test_refining_is_chosen_on_held_out_text(example_run: Run) -> None:
    assert example_run.provenance["method"] == "decorrelated"
    assert example_run.health()["verdicts"] == []


@pytest.mark.soak
def test_drift_finds_the_planted_words_and_few_others(example_run: Run) -> None:
    rows = selfvec.drift(example_run, "decade").rows
    changed = [row["word"] for row in rows if row["q"] <= 0.05]
    assert set(planted()["changed"]) <= set(changed)
    assert len(changed) <= 0.05 * len(rows)
    farthest = sorted((row for row in rows if row["q"] <= 0.001), key=lambda row: -row["distance"])
    assert {row["word"] for row in farthest[:4]} == set(planted()["changed"])


@pytest.mark.parametrize(("word", "meaning"), [("derecho", "gale"), ("spate", "flood"), ("graupel", "hail")])
def test_the_text_teaches_what_a_new_word_means(example_run: Run, word: str, meaning: str) -> None:
    near = {row["state"]: dict(row["neighbours"]) for row in example_run.similar(word, compare=True)["rows"]}
    assert meaning in near["refined"]
    assert meaning not in near["original"]


def test_the_planted_words_come_first_between_the_decades(example_run: Run) -> None:
    rows = selfvec.drift(example_run, ["2000..2009", "2010..2019"], top=4).rows
    assert {row["word"] for row in rows} == set(planted()["changed"])


def test_synonyms_share_contexts_but_no_window(example_run: Run) -> None:
    found = selfvec.why(example_run, "hail", "graupel")
    assert found.together == 0
    assert found.context_cosine > 0.1


def test_mast_has_the_senses_of_boats_and_of_mobile_phones(example_run: Run) -> None:
    labels = [set(sense.label) for sense in selfvec.senses(example_run, "mast")]
    assert any("boat" in label for label in labels)
    assert any({"mobile", "phone"} <= label for label in labels)


@pytest.mark.parametrize(
    ("question", "by_words", "kind", "word", "top"),
    [
        ("crash on the street", "surge", "snow", "ice", 4),  # waves crashed
        ("wind at the greenhouses", "hail", "wind", "greenhouses", 2),
    ],
)
def test_search_finds_what_bm25_alone_does_not(
    example_run: Run, question: str, by_words: str, kind: str, word: str, top: int
) -> None:
    every = {row["id"]: row for row in reports()}
    index = selfvec.run_index(example_run)
    assert every[index.search(question, mode="bm25").hits[0].id]["kind"] == by_words
    for hit in index.search(question, mode="hybrid").hits[:top]:
        assert every[hit.id]["kind"] == kind
        assert word in words_of(every[hit.id]["text"])


def test_no_report_says_what_the_readme_asks_for() -> None:
    texts = [words_of(f"{row['title']} {row['text']}") for row in reports()]
    assert not any({"wind", "greenhouses"} <= words for words in texts)


def test_the_command_says_what_is_planted(tmp_path: Path) -> None:
    said = ran(["example", tmp_path / "storms.jsonl"]).err
    for word in ("stream", "derecho", "email for fax", "haar for fog", "selfvec refine"):
        assert word in said


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"name a file\.jsonl"):
        selfvec.example(tmp_path / "storms.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
def test_the_documentation_of_this_python():
    corpus = python_documentation()
    rows = collect(corpus)
    assert sum(len(text.split()) for text in rows["texts"]) > 200_000
    assert len(set(rows["texts"])) == len(set(rows["ids"])) == len(rows["ids"])
    documents = dict(zip(rows["ids"], rows["texts"], strict=True))
    assert documents["json.loads"].startswith("Deserialize")
    assert "iterator" in documents["builtins.map"]
    assert documents["collections.Counter"].startswith("Dict subclass for counting")
    assert any(name.startswith("itertools.") for name in documents)
    assert documents["reference:with"].startswith('The "with" statement')
    assert not [name for name in documents if name.startswith(("test.", "idlelib.", "site-packages"))]


def test_what_is_missing_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    sources = {
        "b.py": 'class C:\n    """A\n       class."""\n    async def f(self):\n        """Does it."""\n',
        "pkg/__init__.py": '"""A package."""\nif True:\n    def f():\n        "Does it."\n',
        "pkg/broken.py": "def (",
        "pkg/test/x.py": '"""A test."""\n',
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    rows = collect(python_documentation(tmp_path))
    assert rows == collect(python_documentation(tmp_path))
    assert rows["ids"][:3] == ["b.C", "b.C.f", "pkg"]
    assert rows["texts"][:3] == ["A\nclass.", "Does it.", "A package."]
    assert not [name for name in rows["ids"] if name.startswith("reference:")]
    assert len(rows["ids"]) > 1000  # what is built in
    assert collect(python_documentation(tmp_path / "nothing"))["ids"] == rows["ids"][3:]


def test_hooks_that_programs_leave_are_not_documentation(tmp_path, monkeypatch):
    def hook():
        """A hook of ours."""

    monkeypatch.setattr(sys, "excepthook", hook)
    assert "A hook of ours." not in collect(python_documentation(tmp_path))["texts"]
