"""A package that is needed and missing is asked for before anything is read or computed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.refusals import refused

import selfvec
from selfvec.analysis.views.figure import check_figure
from selfvec.analysis.views.graphs import check_suffix
from selfvec.analysis.views.projection import check_method
from selfvec.apps.functions.refine import open_text
from selfvec.base.errors import MissingExtra, OptionError, require
from selfvec.base.progress import Advance, Progress
from selfvec.data.run import Run
from selfvec.lab.cluster.scheduler import connected
from selfvec.lab.evaluation import Classification
from selfvec.stores.databases import find_database

TEXTS = ["hail broke the roof", "wind broke a tree", "hail fell on a tree", "the river rose over a road"] * 30
NOWHERE = "no/such/vectors.txt"  # if it were opened first, this would be the error


class Untouched(Progress):
    """The work that is reported must not begin."""

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        del total, unit
        raise AssertionError(f"{label} has begun")
        yield

    def say(self, message: str) -> None:
        raise AssertionError(message)


LATE = {"progress": Untouched()}


@pytest.fixture(scope="module")
def run() -> Run:
    return selfvec.refine(TEXTS, method="decorrelated")


@pytest.fixture
def inside(here: Path) -> None:
    """A folder with lexicons and labelled texts."""
    for name in ("a.tsv", "a.obo", "labels.tsv"):
        Path(name).write_text("hail\tsynonym\tsnow\n", "utf-8")


def refined(**options: Any) -> Callable[[Run], Any]:
    return lambda _: selfvec.refine(TEXTS, **{"vectors": NOWHERE, **options}, **LATE)


def lexicon(by: str, path: str) -> Callable[[Run], Any]:
    return lambda _: getattr(selfvec, by)(NOWHERE, path)


def evaluated(**options: Any) -> Callable[[Run], Any]:
    return lambda _: selfvec.evaluate(NOWHERE, **options, **LATE)


def on_cluster(_: Run) -> None:
    with connected("local"):
        pytest.fail("workers were started")


CASES: dict[str, tuple[str, str, Callable[[Run], Any]]] = {
    "drift, parts of speech": ("textblob", "pos", lambda run: selfvec.drift(run, pos="noun", **LATE)),
    "refine, parts of speech": ("textblob", "pos", refined(pos=("noun",))),
    "refine, tagger": ("spacy", "spacy", refined(tagger="en_core_web_sm")),
    "refine, a dictionary": ("icu4py", "segment", refined(tokenizer="dictionary")),
    "refine, word2vec": ("gensim", "baselines", refined(vectors="word2vec")),
    "refine, one of several": ("gensim", "baselines", refined(vectors=["default", "fasttext"])),
    "refine, svd": ("sklearn", "baselines", refined(vectors="svd")),
    "graph": ("networkx", "plot", lambda run: selfvec.graph(run, **LATE)),
    "graph file": ("networkx", "plot", lambda _: check_suffix("a.graphml")),
    "figure": ("vl_convert", "plot", lambda _: check_figure("a.png")),
    "t-SNE": ("sklearn", "plot", lambda _: check_method("tsne")),
    "UMAP": ("umap", "umap", lambda _: check_method("umap")),
    "retrofit": ("scipy", "knowledge", lexicon("retrofit", "a.tsv")),
    "concepts": ("scipy", "knowledge", lambda _: selfvec.define(NOWHERE, "a.tsv", rows="concepts")),
    "OBO": ("pronto", "knowledge", lexicon("retrofit", "a.obo")),
    "classification": ("sklearn", "evaluate", evaluated(classification="labels.tsv")),
    "classification as a task": ("sklearn", "evaluate", lambda _: Classification("labels.tsv")),
    "baseline": ("gensim", "baselines", evaluated(bias=True, against="word2vec-sg")),
    "encoder as baseline": ("onnxruntime", "encoder", evaluated(bias=True, against="encoder:x")),
    "export": ("faiss", "faiss", lambda run: selfvec.export(run, "faiss", "out", **LATE)),
    "cluster": ("distributed", "dask", on_cluster),
    "files of a cluster": ("fsspec", "dask", on_cluster),
    "Parquet on a cluster": ("pyarrow", "dask", on_cluster),
    "PDF": ("pypdf", "documents", lambda _: open_text("a.pdf", {})),
}


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("name", CASES)
def test_a_missing_package_is_asked_for_first(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    module, extra, call = CASES[name]
    Path("a.pdf").write_bytes(b"%PDF-1.4")
    monkeypatch.setitem(sys.modules, module, None)  # Python's own sign for "not installed"
    refused(lambda: call(run), MissingExtra, rf"pip install .*\[{extra}\]'")


@pytest.mark.usefixtures("inside")
def test_a_database_asks_for_its_library_before_runs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("store", "passages.lance")
    folder.mkdir(parents=True)
    monkeypatch.setitem(sys.modules, "lancedb", None)
    refused(lambda: find_database(folder.parent), MissingExtra, "lancedb")


def test_the_language_of_the_lexicon_is_checked_before_words_are_compared() -> None:
    german = selfvec.refine(["hagel traf das dach", "wind brach den baum"] * 20, "none", language="de")
    refused(
        lambda: selfvec.drift(german, pos="noun", **LATE),
        OptionError,
        "the part-of-speech lexicon is English, the text is de",
    )


@pytest.mark.parametrize(
    ("module", "package"), [("sklearn", "scikit-learn"), ("qdrant_client", "qdrant-client")]
)
def test_a_package_has_the_name_that_is_installed(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    refused(lambda: require(module, "all", "a thing"), MissingExtra, f"a thing needs the package '{package}'")
