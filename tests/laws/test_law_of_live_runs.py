"""Whatever is added, replaced, deleted or undone while vectors stay: answers are those of an index made anew.

Every view has exactly the documents that are present; what is deleted is gone at once, and with ``erase``
from all files.
"""

import copy
import pickle
import random
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.encoders.tiny_encoder import write_encoder
from tests.examples import TIMES
from tests.heard import Heard
from tests.refusals import refused
from tests.rows import unit

import selfvec
from selfvec.apps.web.documents import points
from selfvec.apps.web.first_view import overview
from selfvec.apps.web.page_data import PageData
from selfvec.apps.web.words import complete
from selfvec.base.errors import NotFound, OptionError
from selfvec.base.progress import Progress
from selfvec.corpus.filters import filtered_documents
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.retrieval.documents import gather

ALL = "storm"  # a word of every document
WORDS = ["hail", "roof", "wind", "tree", "river", "flood", "road", "snow", "ice", "power", "line", "barn"]
NEW = ["drone", "tsunami", "wildfire"]  # words that the run lacks
QUESTIONS = ["hail on a roof", "tsunami near the river", '"storm hail" -snow']
Row = dict[str, Any]


def row(name: str, seed: int, new: bool = False) -> Row:
    """A document of some words; every fourth is long enough to have passages."""
    draw = random.Random(seed)
    words = draw.choices(WORDS + NEW * new, k=400 if seed % 4 == 0 else draw.randint(2, 12))
    return {"id": name, "text": f"{ALL} {' '.join(words)} {seed}", "year": str(2000 + seed % 9)}


BASE = [row(f"b{n}", n) for n in range(24)]


def refined(rows: list[Row] = BASE, **options: Any) -> selfvec.Run:
    return selfvec.refine(rows, "none", "decorrelated", jobs=1, **options)


@pytest.fixture(scope="module")
def made(own: Path) -> Path:
    refined(output=own / "run").search("hail")
    return own / "run"


def weighted(vectors: selfvec.Vectors, words: str) -> list[Any]:
    """Vectors of words with the weight that they have in a document."""
    return [vectors[word] * vectors.counts[vectors.get_index(word)] ** -0.4 for word in words.split()]


def copied(made: Path, folder: Path) -> Path:
    shutil.rmtree(folder / "run", ignore_errors=True)
    return shutil.copytree(made, folder / "run")


Step = tuple[str, list[int]]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from(["add", "upsert", "delete", "undo", "open", "keep", "save"]),
        st.lists(st.integers(0, 35), min_size=1, max_size=4, unique=True),
    ),
    min_size=1,
    max_size=7,
)


class Model:
    """A run, and the rows that it must have, also for who opened it before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run, self.other = selfvec.open(folder), selfvec.open(folder)
        self.rows = list(BASE)
        self.before: list[Row] | None = None
        self.seed = 1000

    def step(self, kind: str, numbers: list[int]) -> None:
        if kind == "undo":
            if self.before is not None:
                selfvec.undo(self.folder)
                self.rows, self.before = self.before, self.rows
        elif kind == "open":
            self.run = selfvec.open(self.folder)
        elif kind == "save":
            selfvec.save_run(self.run, place := self.folder.with_name(f"copy{self.seed}"), overwrite=True)
            saved = Model(place)
            saved.rows = self.rows
            saved.check()
            assert selfvec.verify(place).damaged == selfvec.verify(place).unchecked == []
        elif kind == "delete":
            there = {one["id"] for one in self.rows}
            names = [name for name in (f"b{n}" for n in numbers) if name in there]
            if names and len(names) < len(self.rows):
                self.run.delete(names)
                self.becomes(names)
        else:
            new = []
            for number in numbers:
                self.seed += 1
                new.append(row(f"b{number}", self.seed, new=True))
            if kind == "keep":
                selfvec.update(self.run, new, vectors="keep", output=self.folder)
            else:
                getattr(self.run, kind)(new)
            self.becomes([one["id"] for one in new], *new)

    def becomes(self, gone: Sequence[str], *new: Row) -> None:
        """The documents with these ids are gone, and new ones have come."""
        left = [one for one in self.rows if one["id"] not in gone]
        self.rows, self.before = [*left, *new], self.rows

    def check(self) -> None:
        run, rows = self.run, self.rows
        frame = run.text.read(("id", "text", "year"))
        assert frame.rows() == [(one["id"], one["text"], one["year"]) for one in rows]
        assert run.provenance.documents == run.tokens.documents == len(run.text) == len(rows)
        joined = " ".join(one["text"] for one in rows).split()
        for word in (*WORDS, *NEW):
            counted = int(run.vectors.counts[run.present.index(word)]) if word in run.vectors else 0
            assert counted == joined.count(word), word
        assert set(run.vectors) <= set(joined)  # a word of no present document is no word of the run
        assert run.vectors.counts.all()
        assert len(run.vectors) == len(run.original) == len(run.history.starts) - 1
        assert run.concordance(ALL)["hits"] == len(rows)
        passing = filtered_documents(run.present, ["year=2003.."])
        assert passing.tolist() == [one["year"] >= "2003" for one in rows]
        some = [0, len(rows) // 2, len(rows) - 1]
        assert run.text.texts(some) == [rows[number]["text"] for number in some]
        same_answers(run)
        hits = self.other.search(ALL, top=99, mode="bm25").hits
        assert {hit.id for hit in hits} == {one["id"] for one in rows}
        assert self.other.present.fitted_run.stamp == run.present.fitted_run.stamp


def same_answers(run: selfvec.Run) -> None:
    """Whether a run answers as an index made anew of its documents does."""
    index = selfvec.run_index(run)
    anew = index.of_parts([index.indexed(run.present, gather(run.present))])
    for question, mode in (*product(QUESTIONS, ["hybrid"]), *product(QUESTIONS[1:2], ["bm25", "dense"])):
        here, there = (one.search(question, 60, mode=mode) for one in (index, anew))
        assert [hit.id for hit in here.hits] == [hit.id for hit in there.hits], (question, mode)
        scores = ([hit.score for hit in one.hits] for one in (here, there))
        assert_allclose(*scores, atol=1e-6)
        assert [hit.snippet for hit in here.hits] == [hit.snippet for hit in there.hits]


@settings(max_examples=6 * TIMES, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(STEPS)
def test_any_sequence_of_changes(
    made: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    model = Model(copied(made, tmp_path_factory.getbasetemp()))
    for kind, numbers in steps:
        model.step(kind, numbers)
        model.check()
    model.run = selfvec.open(model.folder)
    model.check()
    assert not selfvec.verify(model.folder).damaged


def test_many_additions_are_joined_and_the_cache_may_be_deleted(made: Path, tmp_path: Path) -> None:
    model = Model(copied(made, tmp_path))
    for number in range(100, 130):
        model.step("add", [number])
    model.check()
    assert 1 <= len(model.run.present.present.segments) - 1 <= 8
    shutil.rmtree(model.folder / "cache")
    model.run = selfvec.open(model.folder)
    model.check()


def test_the_index_of_many_new_documents_is_kept(made: Path, tmp_path: Path) -> None:
    folder = copied(made, tmp_path)
    for first in (1, 5000):  # after an undo a segment may have the number of another one
        selfvec.open(folder).add([row(f"n{n}", first + 4 * n, new=True) for n in range(300)])
        for _ in range(2):
            same_answers(selfvec.open(folder))
            assert [*folder.glob("cache/segment-*")]
        selfvec.undo(folder)
    assert not selfvec.verify(folder).damaged


def test_a_later_word_has_the_mean_of_its_documents_wherever_it_comes_again() -> None:
    run = refined()
    hail, roof, wind = weighted(run.vectors, "hail roof wind")
    run.add([{"id": "n", "text": "hail tsunami roof drone"}, {"id": "m", "text": "wind hail tsunami"}])
    first, second = unit(hail + roof), unit(hail + wind)
    assert_allclose(run.vectors["tsunami"], unit(first + second), atol=1e-6)
    assert_allclose(run.vectors["drone"], first, atol=1e-6)
    kept = run.vectors["tsunami"].copy()
    run.add([{"id": "o", "text": "tsunamis took a road and a tsunami warning"}])
    for word in ("tsunami", "tsunamis"):  # words of one stem are one in search
        assert_array_equal(run.vectors[word], kept)
    assert not run.original.vectors[run.present.index("tsunami")].any()
    assert {"n", "m", "o"} == {hit.id for hit in run.search("tsunami", top=3, mode="dense").hits}
    same_answers(run)
    run.delete(["n", "m"])
    assert_array_equal(run.vectors["tsunami"], kept)
    same_answers(run)


def test_a_later_word_has_also_what_refining_would_make_of_its_initial_row() -> None:
    initial = selfvec.load("default")
    run = selfvec.refine(BASE, method="decorrelated", jobs=1)
    vectors = run.vectors
    words = [word for word in vectors if word in initial]
    before, after = unit(initial[words]), vectors[words]
    shift, mean = before.mean(axis=0), after.mean(axis=0)
    penalty = np.eye(256)  # ridge regression is least squares with further rows: W should be 0
    rows = np.vstack([before - shift, penalty]), np.vstack([after - mean, 0 * penalty])
    change = np.linalg.lstsq(*rows, rcond=None)[0]
    hail, roof, wind = weighted(vectors, "hail roof wind")
    first, second = unit(hail + roof), unit(hail + wind)
    means = unit(np.array([first + second, first, second]))  # of the documents of hail, roof and wind
    alike = float((means * vectors[["hail", "roof", "wind"]]).sum() / 3)
    expected = (unit(initial.embed("drone")) - shift) @ change + mean  # of its pieces
    run.add(["hail drone roof", "drone wind hail"])
    assert_allclose(run.vectors["drone"], unit(alike * means[0] + expected), atol=1e-5)

    assert "graupel" not in initial  # and pieces of words are not wanted
    other = selfvec.refine(BASE, method="decorrelated", oov="zero", jobs=1)
    one, two = weighted(other.vectors, "hail roof")
    other.add(["hail graupel roof"])
    assert_allclose(other.vectors["graupel"], unit(one + two), atol=1e-5)


def test_a_word_of_no_present_document_is_nowhere_until_it_comes_again(tmp_path: Path) -> None:
    secret = {"id": "s", "text": "storm hail Zanzibarova hail Zanzibarova"}
    run = refined([secret, *BASE], output=tmp_path / "run")
    path, near = run.present.path("hail").vectors, run.vectors["hail"].copy()
    own = run.vectors["zanzibarova"].copy()
    run.add([{"id": "q", "text": "hail quixotova roof"}, {"id": "r", "text": "hail broke a roof"}])
    later = run.vectors["quixotova"].copy()
    assert {"zanzibarova", "quixotova"} <= set(run.vectors)
    run.delete(["s", "q"])
    assert_array_equal(run.vectors["hail"], near)
    assert_array_equal(run.present.path("hail").vectors, path)
    page = PageData(run.present, 1)
    run.export("projector", tmp_path / "export")
    shown = [
        *run.vectors,
        str(run.similar("hail", top=99).as_dict()),
        str(run.frequency().as_dict()),
        str([complete(page, typed) for typed in ("zanz", "quix")]),
        str(overview(page)),
        str(points(page)),
        *(file.read_text() for file in (tmp_path / "export").rglob("*") if file.suffix in (".tsv", ".json")),
    ]
    assert not [each for each in shown if "zanzibarova" in each or "quixotova" in each]
    for word in ("zanzibarov", "quixotov"):  # nor is it offered to those who mistype it
        refused(lambda: run.present.index(word), NotFound, r"does not occur in this run; (?!.*ova\b)")
    for state in (run, selfvec.open(tmp_path / "run")):
        state.add([{"id": "t", "text": "quixotova and Zanzibarova"}])
        assert_array_equal(state.vectors["zanzibarova"], own)
        assert_array_equal(state.vectors["quixotova"], later)
        state.delete("t")
        assert not {"zanzibarova", "quixotova"} & set(state.vectors)


def test_refining_again_is_one_run_of_all(made: Path, tmp_path: Path) -> None:
    model = Model(copied(made, tmp_path))
    for kind, numbers in (("add", [3, 60]), ("delete", [5, 60]), ("upsert", [7])):
        model.step(kind, numbers)
    more = row("x", 77, new=True)
    grown = selfvec.update(model.run, [more], output=model.folder)
    whole = refined([*model.rows, more])
    assert grown.vectors.index_to_key == whole.vectors.index_to_key
    assert_array_equal(grown.vectors.vectors, whole.vectors.vectors)
    assert_array_equal(grown.tokens.ids, whole.tokens.ids)
    assert not grown.provenance.live
    assert not list(model.folder.glob("added*.safetensors")) or selfvec.undo(model.folder)["undone"]


def test_what_is_erased_is_in_no_file(made: Path, tmp_path: Path) -> None:
    model = Model(copied(made, tmp_path))
    secret = {"id": "s", "text": f"{ALL} quixotically vexed zymurgist", "year": "2001"}
    model.run.add([secret])
    model.becomes((), secret)
    model.check()
    model.run.delete(["s", "b3"], erase=True)
    model.becomes(("s", "b3"))
    model.check()
    for file in model.folder.rglob("*"):
        if file.suffix == ".parquet":
            assert not set(pl.read_parquet(file)["text"]) & {secret["text"], BASE[3]["text"]}
        elif file.is_file():
            assert b"zymurgist" not in file.read_bytes(), file


def test_the_same_again_changes_nothing_and_ids_may_be_kept_or_refused(made: Path, tmp_path: Path) -> None:
    run = selfvec.open(copied(made, tmp_path))
    number = len(BASE)
    assert run.add([BASE[3], {"text": BASE[4]["text"]}])["skipped"] == 2
    assert run.add([])["documents"] == len(run.text) == number
    again = BASE[3] | {"year": "1999"}
    assert run.add([again])["replaced"] == 1  # another field
    refused(
        lambda: run.add([BASE[3]], duplicates="error"), OptionError, "the run has documents with the id 'b3'"
    )
    twice = [{"id": "e", "text": "storm first"}, {"id": "e", "text": "storm second"}]
    refused(
        lambda: run.add(twice, duplicates="error"), OptionError, "several of the documents have the id 'e'"
    )
    assert run.add([BASE[3]], duplicates="keep")["documents"] == number + 1
    told = run.upsert([BASE[3]])  # one document of an id is left
    assert (told["replaced"], told["documents"]) == (1, number)
    assert run.text.read(("year",), [run.text.ids().index("b3")])["year"].to_list() == [BASE[3]["year"]]
    run.add([{"id": 7, "text": "storm seven"}, again], duplicates="keep")
    assert run.delete([7, "b3"])["withdrawn"] == 3
    refused(lambda: run.delete(["b4", "b3"]), NotFound, "no document of the run has the id 'b3'")
    refused(lambda: run.delete(run.text.ids()), OptionError, "no document would be left")
    assert len(run.text) == number - 1


@pytest.mark.parametrize("seed", range(2))
def test_a_shown_id_stays_and_is_given_once(seed: int, tmp_path: Path) -> None:
    """Also that of documents without an id, whatever comes, goes and is undone."""
    draw = random.Random(seed)
    own = {0: "3", 3: "x", 6: "#7", 9: "#4"}
    base = [{"id": own.get(n), "text": f"{ALL} {n}"} for n in range(12)]
    folder = tmp_path / "run"
    run = refined(base, output=folder)
    shown = {own.get(n, str(n)): f"{ALL} {n}" for n in range(12)}
    given = set(shown) - set(own.values())  # to documents without an id
    before = None
    for turn in range(60):
        kind = draw.choice(["add", "add", "upsert", "delete", "undo", "open", "save"])
        state = dict(shown), set(given)
        text = f"{ALL} came {turn}"
        if kind == "add":
            new = [text, f"{text} too"]
            come = {
                name: f"{text} as {name}"
                for name in draw.choice([[], [f"a{turn}"], ["a1"], [f"#{12 + turn}"]])
            }
            run.add([{"id": name, "text": come[name]} for name in come] + [{"text": one} for one in new])
            shown |= come
            names = dict(zip(run.text.texts(), run.text.names(), strict=True))
            for one in new:
                assert names[one] not in given | set(shown)
                given.add(names[one])
                shown[names[one]] = one
        elif kind == "upsert" and (own := sorted(set(shown) - given)):
            name = draw.choice(own)
            assert run.upsert([{"id": name, "text": text}])["replaced"] == 1
            shown[name] = text
        elif kind == "delete" and len(shown) > 4:
            names = draw.sample(sorted(shown), 2)
            assert run.delete(names)["withdrawn"] == 2
            shown = {name: text for name, text in shown.items() if name not in names}
        elif kind == "undo" and before is not None:
            selfvec.undo(folder)
            (shown, given), before = before, state
        elif kind == "open":
            run = selfvec.open(folder)
        elif kind == "save":  # further changes are those of the copy
            folder = tmp_path / f"copy{turn}"
            selfvec.save_run(run, folder)
            run, before = selfvec.open(folder), None
        if (shown, given) != state and kind != "undo":
            before = state
        assert dict(zip(run.text.names(), run.text.texts(), strict=True)) == shown
    assert {hit.id: hit.text for hit in run.search(ALL, top=999, mode="bm25").hits} == shown
    assert run.similar_documents(next(iter(shown)), top=1)
    index = selfvec.run_index(run)
    assert all(index.documents.text(index.number(name)) == text for name, text in shown.items())
    anew = selfvec.update(run, withdraw=[next(iter(shown))])
    whole = refined(anew.text.read(("id", "text")).to_dicts())
    assert anew.text.names() == whole.text.names()
    assert_array_equal(anew.vectors.vectors, whole.vectors.vectors)
    assert anew.text.columns == whole.text.columns


class Beside(Progress):
    """Starts a thread when new documents are read, and gives it time to end before."""

    def __init__(self, thread: Thread) -> None:
        self.thread = thread

    def stage(self, label: str, total: int | None, unit: str) -> AbstractContextManager[Any]:
        if not self.thread.ident:  # at the first stage
            self.thread.start()
            self.thread.join(0.5)
        return super().stage(label, total, unit)


@pytest.mark.parametrize(
    "copied_by", [None, copy.copy, copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))]
)
def test_changes_of_one_run_in_memory_follow_one_another(copied_by: Any) -> None:
    first = refined()
    run = first if copied_by is None else copied_by(first)
    deletes = Thread(target=lambda: run.delete(["b1", "b2"]))
    run.add([row("n", 1)], progress=Beside(deletes))
    deletes.join()
    assert run.text.ids() == ["b0", *(one["id"] for one in BASE[3:]), "n"]
    assert len(first.text) == (len(BASE) if copied_by else len(BASE) - 1)
    same_answers(run)


def test_names_of_topics_stay_whatever_comes_while_they_are_given(tmp_path: Path) -> None:
    text = selfvec.example(tmp_path / "weather.jsonl")
    run, same = (selfvec.refine(text, "none", "decorrelated") for _ in range(2))
    terms = ",".join(term for term, _ in selfvec.topics(same, 4).topics[0].terms)
    pl.DataFrame({"name": ["Mine"], "terms": [terms]}).write_csv(tmp_path / "names.csv")
    adds = Thread(target=lambda: run.add([row("n", 1)]))
    selfvec.topics(run, 4, names=tmp_path / "names.csv", progress=Beside(adds))
    adds.join()
    assert run.text.ids()[-1] == "n"
    assert [own.name for own in run.present.topic_names] == ["Mine"]


def test_an_update_replaces_the_same_id_from_anywhere(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": "d5", "text": "hail broke a roof"}\n{"id": "d6", "text": "wind broke a tree"}\n')
    run = selfvec.refine(file, "none", "decorrelated")
    for vectors in (None, "keep"):
        newer = selfvec.update(run, [{"id": "d5", "text": "snow fell"}], vectors)
        assert sorted(newer.text.texts()) == ["snow fell", "wind broke a tree"]
        assert (newer.change["added"], newer.change["changed"]) == (1, 1)


def test_an_update_without_an_output_is_in_memory(made: Path, tmp_path: Path) -> None:
    folder = copied(made, tmp_path)
    before = sorted(selfvec.open(folder).text.texts())
    mine = selfvec.update(folder, [{"id": "t", "text": "a tsunami"}], "keep")
    assert mine.folder is None
    mine.add([{"id": "u", "text": "another tsunami"}])
    assert {hit.id for hit in mine.search("tsunami", mode="bm25").hits} == {"t", "u"}
    assert sorted(selfvec.open(folder).text.texts()) == before


@pytest.mark.parametrize(
    "place", ["save_text", "write_tokens", "write_tensors", "checksums", "_replace", "seal"]
)
def test_what_ends_early_leaves_the_run_as_it_was(
    place: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a change does last: the state before stands, and the next change leaves nothing behind."""
    model = Model(copied(made, tmp_path))
    model.step("delete", [1])
    with monkeypatch.context() as broken:

        def end(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        broken.setattr(f"selfvec.storage.run_writer.{place}", end)
        refused(lambda: model.run.upsert([row("b2", 99)]), KeyboardInterrupt)
    model.run = selfvec.open(model.folder)
    model.check()
    model.step("upsert", [2])
    model.check()
    assert not selfvec.verify(model.folder).unchecked


def test_documents_that_come_to_a_run_with_an_encoder(tmp_path: Path) -> None:
    """Answers are those of an index made anew; without the encoder documents come without its vectors."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    encoder = write_encoder(tmp_path / "encoder")
    refined(output=tmp_path / "run", encoder=encoder)
    model = Model(tmp_path / "run")
    read = encoded_texts_of(model.run.present)
    passages = model.run.provenance.encoder["passages"]
    for kind, numbers in (("add", [60]), ("upsert", [3, 61]), ("delete", [60]), ("open", [0]), ("add", [62])):
        model.step(kind, numbers)
        model.check()
    made = model.run.provenance
    assert encoded_texts_of(model.run.present).has(read.hashes).all()
    assert made.encoder["passages"] > passages
    assert made.live["not_encoded"] == 0

    more = row("more", 778)
    copies = [selfvec.update(model.run, [more], "keep", output=tmp_path / "copy")]
    for run in (selfvec.update(model.run, [more], "keep"), copies[0]):  # in memory, and from its folder
        run.save(tmp_path / f"copy{len(copies)}")
        copies.append(selfvec.open(tmp_path / f"copy{len(copies)}"))
    for each in copies:
        assert len(encoded_texts_of(each.present).kept([more["text"], BASE[5]["text"]])) == 2
        same_answers(each)

    encoder.rename(tmp_path / "moved")
    model.run = selfvec.open(model.folder)
    heard = Heard()
    model.run.add([row("later", 777)], progress=heard)
    assert heard.said == [
        f"there is no vector of 1 passage, and the encoder {str(encoder)!r} of the run is not here"
    ]
    model.becomes((), row("later", 777))
    model.check()
    assert "; 1 passage not encoded" in selfvec.info(model.folder).about["since the vectors were made"]
    assert not selfvec.verify(model.folder).damaged


def lengths(texts: list[str]) -> list[list[float]]:
    return [[1.0, float(len(text)), float(text.count("hail"))] for text in texts]


def test_an_encoder_reads_only_what_is_new() -> None:
    read: list[str] = []

    def encoder(texts: list[str]) -> list[list[float]]:
        read.extend(texts)
        return lengths(texts)

    run = refined(encoder=encoder)
    read.clear()
    run.add([row("b3", 101), BASE[4], row("new", 102)])
    assert read == [row("b3", 101)["text"], row("new", 102)["text"]]
    same_answers(run)


def test_what_goes_needs_no_encoder(tmp_path: Path) -> None:
    """A function is lost with its process: documents go without it, and what is left keeps its vectors."""
    folder = tmp_path / "run"
    refined(encoder=lengths, output=folder)
    model = Model(folder)
    kept, gone = BASE[5]["text"], BASE[3]["text"]
    vector = encoded_texts_of(model.run.present).kept([kept]).rows
    new = {"id": "n", "text": f"{ALL} tsunami", "year": "2003"}
    model.run.add([new])
    heard = Heard()
    model.run.delete("b3", erase=True, progress=heard)
    selfvec.update(model.run, withdraw="b4", output=folder, no_undo=True)
    model.becomes(("b3", "b4"), new)
    model.check()
    assert heard.said == [
        "there is no vector of 1 passage and 1 word, and the encoder 'lengths' of the run is not here"
    ]
    encoded = encoded_texts_of(model.run.present)
    assert_array_equal(encoded.kept([kept]).rows, vector)
    assert encoded.missing([kept, gone, new["text"], "hail", "tsunami"]) == [gone, new["text"], "tsunami"]
    assert model.run.provenance.encoder["passages"] < model.run.provenance.encoder["of"]
    assert not selfvec.verify(folder).damaged
    refused(lambda: selfvec.update(folder, [row("o", 55)], output=folder), selfvec.SelfvecError, "not here")
    selfvec.update(folder, [row("o", 55)], output=folder, encoder=lengths)
    assert encoded_texts_of(model.run.present).missing([new["text"], "tsunami"]) == []
