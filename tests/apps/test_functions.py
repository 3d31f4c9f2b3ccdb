"""The commands as functions: one shape of result, runs in memory and in folders, errors for wrong calls."""

import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest
from tests.commands import called, ran
from tests.refusals import refused

import selfvec
from selfvec import SelfvecError, Vectors
from selfvec.base.answer import Answer

TEXTS = ["hail broke the roof", "wind broke a tree", "hail fell on a tree", "the river rose over a road"] * 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example text, a run of it, vectors, word pairs and a lexicon."""
    folder = tmp_path_factory.mktemp("functions")
    example = selfvec.example(folder / "storms.jsonl")
    lines = example.read_text("utf-8").splitlines(keepends=True)
    example.write_text("".join(lines[::4]), "utf-8")
    selfvec.refine(folder / "storms.jsonl", method="decorrelated", output=folder / "run")
    selfvec.save(Vectors(["hail", "snow", "road"], np.eye(3, dtype=np.float32)), folder / "a.vec")
    (folder / "pairs.tsv").write_text("storm\tgale\t9\nstorm\train\t7\nstorm\troad\t1\n", "utf-8")
    (folder / "lexicon.tsv").write_text("hail\tsynonym\tsnow\n", "utf-8")
    return folder


# ---- One shape of result

RESULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "similar": ("run", {"words": ["storm", "flood"], "compare": True}),
    "search": ("run", {"query": "damage", "top": 3}),
    "drift": ("run", {"slice": "year", "top": 5, "examples": 1, "permutations": 20}),
    "monitor": ("run", {"documents": ["a virus infected people"] * 30, "permutations": 99}),
    "evaluate": ("run", {"similarity": "pairs.tsv", "bias": True}),
    "compare": ("run", {"b": "default", "top": 3}),
    "senses": ("run", {"word": "stream"}),
    "topics": ("run", {"number": 4, "by": "year"}),
    "phrases": ("run", {"top": 9}),
    "keyness": ("run", {"between": ["..2009", "2010.."], "top": 9}),
    "frequency": ("run", {"by": "year", "top": 9}),
    "ngrams": ("run", {"n": 4, "slot": True, "by": "decade", "top": 9}),
    "dispersion": ("run", {"words": ["hail", "storm", "snoww"]}),
    "concordance": ("run", {"query": "storm*", "top": 9}),
    "collocates": ("run", {"word": "storm"}),
    "graph": ("run", {"top": 30}),
    "why": ("run", {"a": "storm", "b": "rain"}),
    "health": ("run", {}),
    "info": ("run", {}),
    "verify": ("run", {}),
    "trajectory": ("run", {"words": ["storm", "flood"]}),
    "align": ("run", {"b": "default"}),
    "compress": ("a.vec", {"output": "small.safetensors", "similarity": "pairs.tsv", "overwrite": True}),
    "convert": ("a.vec", {"output": "b.vec", "overwrite": True}),
    "export": ("run", {"to": "word2vec", "output": "words.bin", "overwrite": True}),
}


def asked(name: str) -> Answer:
    """What a function returns."""
    of, options = RESULTS[name]
    return getattr(selfvec, name)(of, **options)


@pytest.fixture(scope="module")
def result() -> Callable[[str], Answer]:
    """What a function returns, which is asked once."""
    return cache(asked)


def is_short(printed: object) -> bool:
    """Whether an object takes three lines at most where it is printed."""
    return len(repr(printed).splitlines()) <= 3 and len(repr(printed)) <= 300


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_sequences_of_their_rows(
    name: str, inside: Path, result: Callable[[str], Answer]
) -> None:
    table = result(name)
    assert isinstance(table, Answer)
    rows = table.rows
    assert (len(table), list(table), table[:2]) == (len(rows), rows, rows[:2])
    assert not rows or (table[0], table[-1]) == (rows[0], rows[-1])
    columns = list(dict.fromkeys(key for row in rows for key in row))
    frame = table.to_polars()  # in which a dict becomes columns
    assert list(dict.fromkeys(name.partition(".")[0] for name in frame.columns)) == columns
    assert len(frame) == len(rows)
    stream = pyarrow.RecordBatchReader.from_stream(table)
    assert (stream.schema.names, stream.read_all().num_rows) == (frame.columns, len(rows))
    json.dumps(table.as_dict(), allow_nan=False)
    assert is_short(table)
    theirs = pandas.DataFrame(table)
    pandas.testing.assert_frame_equal(theirs, table.to_pandas())
    assert list(theirs.columns) == columns
    for column in columns:
        values = [row[column] for row in rows if row.get(column) is not None]
        if values and all(isinstance(value, int | float) for value in values):
            assert pandas.api.types.is_numeric_dtype(theirs[column]) or theirs[column].dtype == bool


def test_a_row_has_its_values_as_attributes(inside: Path, result: Callable[[str], Answer]) -> None:
    hit, found = result("search")[0], result("search")
    assert (hit.id, hit["id"], hit.fields) == (found.hits[0].id, found.hits[0].id, found.hits[0].fields)
    assert [hit] == found.rows[:1] == found.as_dict()["hits"][:1]
    assert [topic.name for topic in result("topics")] == [topic.name for topic in result("topics").topics]
    assert pickle.loads(pickle.dumps(hit)) == hit
    assert not hasattr(hit, "nothing")


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_tables_in_a_notebook(name: str, inside: Path, result: Callable[[str], Answer]) -> None:
    import selfvec.analysis.views.notebook  # noqa: F401 (a notebook imports it)

    shown = result(name)._repr_html_()  # type: ignore[attr-defined]
    assert "<table" in shown or "<svg" in shown or "<section" in shown or "all as they were" in shown
    assert "<script" not in shown


PRINTED = {
    "similar": "similar run storm flood --compare",
    "search": "search run damage --topn 3",
    "phrases": "phrases run --topn 9",
    "why": "why run storm rain",
    "health": "health run",
    "info": "info run",
    "verify": "verify run",
    "trajectory": "trajectory run storm flood",
}


@pytest.mark.parametrize("name", PRINTED)
def test_as_dict_is_what_the_command_prints(name: str, inside: Path) -> None:
    printed = ran(called(f"{PRINTED[name]} --json")).json
    table = asked(name)  # again: since `result` was made, other tests have added to the run's cache
    assert printed == json.loads(json.dumps(table.as_dict()))


def test_example_sentences_are_those_of_the_first_words(inside: Path) -> None:
    found = selfvec.drift("run", slice="year", top=4, examples=1, permutations=20)
    assert all("examples_a" in row for row in found.as_dict()["rows"])
    every = selfvec.drift("run", slice="year", examples=1, permutations=20)
    shown = ["examples_a" in row for row in every.as_dict()["rows"]]
    assert shown == [place < 20 for place in range(len(shown))]


def test_objects_are_short_too(inside: Path) -> None:
    run = selfvec.open("run")
    objects = [run, run.vectors, run.tokens, selfvec.run_index(run), selfvec.Encoder.of(run)]
    objects.append(selfvec.refine(TEXTS, "none", "paper", history="every:1").history)
    assert [printed for printed in objects if not is_short(printed)] == []


def test_a_run_is_shown_with_its_health(inside: Path) -> None:
    import selfvec.analysis.views.notebook

    shown = selfvec.open("run")._repr_html_()  # type: ignore[attr-defined]
    assert "Run: decorrelated" in shown
    assert "read 500 documents" in shown
    assert "adapted with the method decorrelated" in shown


def test_completion_offers_what_is_public(inside: Path) -> None:
    run = selfvec.open("run")
    assert {"search", "health", "vectors", "text"} <= set(dir(run))
    assert not {"derived", "held", "becomes", "present", "stamp", "require_text"} & set(dir(run))
    assert all(hasattr(run, name) for name in dir(run))
    assert dir(selfvec) == sorted(selfvec.__all__)


def test_a_run_in_memory_has_info_and_no_files() -> None:
    run = selfvec.refine(TEXTS, "none", "decorrelated")
    found = run.info()
    assert (found.about["documents"], found.rows) == (len(TEXTS), [])
    refused(run.verify, SelfvecError, "in memory")


def test_what_is_opened_has_the_kind_that_is_named(inside: Path) -> None:
    assert selfvec.open("run", selfvec.Run).vectors.vector_size == 256
    refused(lambda: selfvec.open("run", selfvec.Index), SelfvecError, "holds Run, not Index")


def test_an_index_is_pickled_with_its_documents(inside: Path) -> None:
    index = selfvec.run_index("run")
    copy = pickle.loads(pickle.dumps(index))
    assert copy.search("hail", top=3).rows == index.search("hail", top=3).rows


# ---- Runs in memory and in folders


def test_a_run_in_memory_is_the_run_in_a_folder(tmp_path: Path) -> None:
    run = selfvec.refine(TEXTS, "none", "decorrelated", window=5)
    assert run.folder is None
    kept = selfvec.refine(TEXTS, "none", "decorrelated", window=5, output=tmp_path / "run")
    assert kept.folder == tmp_path / "run"
    np.testing.assert_array_equal(run.vectors.vectors, kept.vectors.vectors)
    model = selfvec.Refiner("decorrelated", window=5).fit(TEXTS, "none")
    np.testing.assert_array_equal(run.vectors.vectors, model.vectors_.vectors)
    assert selfvec.open(tmp_path / "run").vectors.index_to_key == run.vectors.index_to_key


def test_an_update_in_place_of_a_link_changes_the_run_behind_it(tmp_path: Path) -> None:
    selfvec.refine(TEXTS, "none", "decorrelated", output=tmp_path / "run")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "run")
    new = selfvec.update(link, ["a gale blew the roof off"], output=link)
    assert link.is_symlink()
    assert selfvec.open_run(tmp_path / "run").present.fingerprint == new.present.fingerprint
    assert (tmp_path / "run" / "previous.json").is_file()


def test_a_file_is_monitored_by_the_field_that_is_named(inside: Path) -> None:
    (inside / "new.csv").write_text("note\n" + "a virus infected people\n" * 30)
    found = selfvec.monitor("run", ["new.csv"], text_field="note", permutations=999)
    assert found.alarm


@pytest.mark.parametrize(("name", "kind"), [("run", "Run"), ("encoder", "Encoder"), ("a.vec", "Vectors")])
def test_open_opens_what_was_written(name: str, kind: str, inside: Path) -> None:
    if name == "encoder" and not Path(name).exists():
        selfvec.export("run", "encoder", name)
    assert type(selfvec.open(name)).__name__ == kind


@pytest.mark.soak
def test_functions_are_there_whatever_was_imported_before() -> None:
    code = """
import importlib, pkgutil, random, sys, types
import selfvec
names = [m.name for m in pkgutil.walk_packages(selfvec.__path__, "selfvec.") if "__main__" not in m.name]
random.Random(1).shuffle(names)
for name in names:
    importlib.import_module(name)
for name in selfvec.__all__:
    value = getattr(selfvec, name)
    assert not isinstance(value, types.ModuleType), name
    home = sys.modules["selfvec." + selfvec._homes()[name]]
    assert not isinstance(getattr(home, name, None), types.ModuleType), name
assert dir(selfvec) == sorted(selfvec.__all__)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- Wrong calls

WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: selfvec.refine("Hail broke the roof."), "as a list, as in [text]"),
    (lambda: selfvec.refine("Hail broke the roof. " * 999), "there is no such file or folder; check"),
    (lambda: selfvec.refine([]), ""),
    (lambda: selfvec.refine(TEXTS, 5), "vectors: "),
    (
        lambda: selfvec.refine(TEXTS, "my-run", overwrite=True),
        "overwrite: a run in memory is not written: the second argument is its vectors",
    ),
    (lambda: selfvec.merge("run"), "runs: are several"),
    (lambda: selfvec.topics("storms.jsonl"), "it is text; refine it first"),
    (lambda: selfvec.similar("run", []), "words: the list is empty"),
    (lambda: selfvec.similar("a.vec", "hail", compare=True), "compare: vectors do not hold"),
    (lambda: selfvec.drift(Vectors(["a"], [[1.0]])), "vectors hold no text"),
    (lambda: selfvec.monitor("run", 5), ""),
    (lambda: selfvec.evaluate("run", bias=True, against="glov"), ""),
    (lambda: selfvec.export("run", "lancdb"), "did you mean lancedb"),
    (lambda: selfvec.convert("a.vec", "x.strange"), ""),
    (lambda: selfvec.compress("a.vec", "x.safetensors", below="big"), "below: is a size"),
    (lambda: selfvec.retrofit("a.vec", "nothing.tsv"), "nothing.tsv"),
    (lambda: selfvec.join("a.vec", []), ""),
    (lambda: selfvec.why("run", "storm", "storm"), "the same word"),
    (lambda: selfvec.health("a.vec"), "it is a file of vectors"),
    (lambda: selfvec.open("storms.jsonl"), "text"),
    (lambda: selfvec.fetch("glov"), ""),
    (lambda: selfvec.update("run", withdraw=5), "withdraw: are ids"),
    (lambda: selfvec.Encoder.of(5), "run: is a Run"),
    (lambda: selfvec.Encoder.open(5), "path: is a path"),
    (lambda: selfvec.Index.open(5), "folder: is a path"),
    (lambda: selfvec.Refiner().fit(5), ""),
    (lambda: selfvec.open("run").similar("stomr"), "did you mean storm"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_calls_raise_selfvec_errors(number: int, inside: Path) -> None:
    call, said = WRONG[number]
    before = sorted(inside.iterdir())
    with pytest.raises(SelfvecError) as error:
        call()
    assert said in str(error.value)
    assert sorted(inside.iterdir()) == before


FUNCTIONS = sorted(name for name in selfvec.__all__ if inspect.isfunction(getattr(selfvec, name)))
ARGUMENTS = {"lexicon": "lexicon.tsv", "to": "encoder", "output": "x.safetensors"}
MORE = {
    "similar": {"words": "hail"},
    "evaluate": {"bias": True},
    "tokenizer": {"add_words": 1, "vectors": "default", "output": "x"},
}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "watch"])  # which begins when asked
def test_a_number_is_refused_as_the_first_argument(name: str, inside: Path) -> None:
    function = getattr(selfvec, name)
    first, *others = inspect.signature(function).parameters.values()
    needed = [one.name for one in others if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    given = {argument: ARGUMENTS.get(argument, "run") for argument in needed}
    refused(lambda: function(5, **given | MORE.get(name, {})), SelfvecError, f"^{first.name}: ")
