"""Nothing that exists is replaced unless `--overwrite` was given: every command and function that writes."""

import ast
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.apps.cli.test_cli import REPORTS
from tests.commands import PATHS, ROWS, called, commands
from tests.refusals import refused

import selfvec
from selfvec.apps.cli.tree import run
from selfvec.base.errors import TargetError
from selfvec.base.view import View
from selfvec.files.report_page import save_page
from selfvec.lab.evaluation import Similarity, evaluate
from selfvec.retrieval.encoder.adapter import Adapter
from selfvec.stores import write_rows
from selfvec.stores.databases import passage_rows

SOURCES = Path(selfvec.__file__).parent
RUNS = {  # commands that write a run; OUT is their target
    "refine": "refine storms.txt -o OUT --vectors vectors.vec --method paper --history none",
    "update": "update run storms.txt -o OUT --allow-duplicates",
    "merge": "merge first later -o OUT",
    "demo": "demo -o OUT",
}
FILES = {
    "example": "example OUT.jsonl",
    "align": "align run later -o OUT.vec",
    "join": "join vectors.vec OUT.vec --with vectors.vec",
    "compress": "compress vectors.vec OUT.safetensors --similarity pairs.tsv",
    "convert": "convert run OUT.bin --to word2vec",
    "export": "export run --to word2vec -o OUT.bin",
    "graph": "graph run -o OUT.json --top 10",
    "trajectory": "trajectory run hail --plot OUT.svg",
    "report": "report run -o OUT.html",
    "topics": "topics run --min-count 1 --number 2 --documents OUT.csv",
    "concordance": "concordance run hail --csv OUT.csv",
    "variants": "variants run -o OUT.tsv",
    "concordance report": "concordance run hail --report OUT.html",
}
FOLDERS = {
    "align to a folder": "align run later -o OUT",
    "convert to a folder": "convert run OUT --to projector",
    "export of an encoder": "export run --to encoder -o OUT",
    "tokenizer": "tokenizer model OUT --vectors default --add-words words.txt",
}
REPORTED = {"drift": "html", "monitor": "md", "evaluate": "html"}
REPORTED |= dict.fromkeys(("search", "phrases", "topics", "compare"), "csv")
REPORTED |= dict.fromkeys(("keyness", "collocates", "frequency", "ngrams", "dispersion"), "csv")
FILES |= {f"{name} report": f"{name} {REPORTS[name]} --report OUT.{kind}" for name, kind in REPORTED.items()}
COMMANDS = RUNS | FILES | FOLDERS
ELSEWHERE = {"fetch", "retrofit", "define", "debias", "distill"}
"""Commands that are tested with what they do."""


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Path:
    """Reports, vectors, three runs, and the folder of a static model."""
    selfvec.save(selfvec.load(folder / "vectors.vec"), folder / "model", "model2vec")
    (folder / "words.txt").write_text("hailstorm\nrooftop\n", "utf-8")
    return folder


@pytest.fixture
def inside(prepared: Path, here: Path, capsys) -> Path:
    """An empty working folder with links to what was prepared."""
    for path in prepared.iterdir():
        (here / path.name).symlink_to(path)
    capsys.readouterr()
    return here


def state(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Time of change and content of all that is in a folder."""
    return {
        path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def put(kind: str, target: Path, prepared: Path) -> None:
    """Something of a person, or a run, at a target."""
    if kind == "file":
        target.write_text("mine", "utf-8")
    else:
        target.mkdir()
        (target / "diary.txt").write_text("mine", "utf-8")
    if kind == "run":
        (target / "run.json").write_bytes((prepared / "later/run.json").read_bytes())
        for name in ("vocabulary.txt", "vectors.safetensors", "original.safetensors"):
            (target / name).write_bytes((prepared / "later" / name).read_bytes())


def named(command: str) -> tuple[list[str], Path]:
    """A command line and its target."""
    words = [
        "mine" + word.removeprefix("OUT") if word.startswith("OUT") else word for word in called(command)
    ]
    return words, Path(next(word for word in words if word.startswith("mine")))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pair
        for pair in product(COMMANDS, ("file", "folder", "run"))
        if pair[0] != "demo" or pair[1] == "file"  # it is slow, and refuses as refine does
    ],
)
def test_a_command_refuses_what_exists(name: str, kind: str, inside: Path, prepared: Path, capsys) -> None:
    command, target = named(COMMANDS[name])
    put(kind, target, prepared)
    before = state(inside)
    assert run(command) == 2
    output = capsys.readouterr()
    assert state(inside) == before
    assert output.out == ""
    (message,) = output.err.splitlines()
    assert message.startswith(f"selfvec: {target}: ")
    assert "--overwrite" in message
    if kind == ("file" if name in FILES else "run" if name in RUNS else "folder"):
        assert "exists already" in message


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_with_overwrite_a_command_replaces_its_like(name: str, inside: Path, prepared: Path, capsys) -> None:
    command, target = named(COMMANDS[name])
    if name in FOLDERS:
        assert run(command) == 0, capsys.readouterr().err
        assert run([*command, "--overwrite"]) == 0
        return
    put("file" if name in FILES else "run", target, prepared)
    before = state(target.parent)
    highest = int(name.startswith("monitor"))  # 1: alarm
    assert run([*command, "--overwrite"]) <= highest, capsys.readouterr().err
    assert state(target.parent) != before
    assert target.is_dir() == (name in RUNS)
    if name in RUNS:  # a person's file in a run folder stays
        assert (target / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize("name", [*RUNS, *FOLDERS])
def test_a_folder_of_a_person_is_never_replaced(name: str, inside: Path, prepared: Path, capsys) -> None:
    if name == "demo":
        pytest.skip("the folder is refused before the run is made, as that of refine")
    command, target = named(COMMANDS[name])
    put("folder", target, prepared)
    before = state(inside)
    assert run([*command, "--overwrite"]) == 2
    assert state(inside) == before
    assert str(target) in capsys.readouterr().err


def test_every_command_with_an_output_is_tried() -> None:
    for command, path in PATHS.items():
        if command in ELSEWHERE:
            continue
        options = {one.name for one in commands()[" ".join(path)].params}
        if command == "example" or options & {"output", "report", "plot", "documents"}:
            assert "overwrite" in options
            assert command in {name.split()[0] for name in COMMANDS}


@cache
def made(prepared: Path) -> SimpleNamespace:
    """Objects that can be written."""
    found = selfvec.open_run(prepared / "run")
    model = selfvec.Refiner(method="paper", window=3).fit(["hail broke roofs", "hail fell"] * 9, "none")
    return SimpleNamespace(
        run=found,
        model=model,
        table=found.vectors,
        aligned=selfvec.align(prepared / "run", prepared / "later"),
        report=evaluate(found, [Similarity(prepared / "pairs.tsv")]),
    )


FUNCTIONS: dict[str, tuple[str, Callable[..., object]]] = {
    "save": ("a.npy", lambda m, path, **how: selfvec.save(m.table, path, **how)),
    "Vectors.save": ("a.vec", lambda m, path, **how: m.table.save(path, **how)),
    "save_word2vec_format": ("a", lambda m, path, **how: m.table.save_word2vec_format(path, **how)),
    "save_run": ("a", lambda m, path, **how: selfvec.save_run(m.run, path, **how)),
    "Refiner.save": ("a", lambda m, path, **how: m.model.save(path, **how)),
    "Encoder.save": ("a", lambda m, path, **how: selfvec.Encoder.of(m.run).save(path, **how)),
    "Adapter.save": ("a", lambda _, path, **how: Adapter(np.eye(2, dtype=np.float32), {}).save(path, **how)),
    "Index.saved": (
        "a",
        lambda m, path, **how: selfvec.Index.memory(m.run, ["hail fell"]).saved(path, **how),
    ),
    "Aligned.save": ("a.vec", lambda m, path, **how: m.aligned.save(path, **how)),
    "Aligned.save, a folder": ("a", lambda m, path, **how: m.aligned.save(path, **how)),
    "Report.save": ("a.html", lambda m, path, **how: m.report.save(path, **how)),
    "save_page": ("a.csv", lambda _, path, **how: save_page(View("A", [], records=[{"a": 1}]), path, **how)),
    "save_page, Markdown": ("a.md", lambda _, path, **how: save_page(View("A", []), path, **how)),
    "write_rows": (
        "a",
        lambda m, path, **how: write_rows(passage_rows(m.run.present), "parquet-documents", path, **how),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_refuses_what_exists(name: str, inside: Path, prepared: Path) -> None:
    target, write = FUNCTIONS[name]
    for kind in ("file", "folder"):
        path = inside / f"{kind}-{target}"
        put(kind, path, prepared)
        before = state(inside)
        refused(lambda: write(made(prepared), path), TargetError, r"overwrite")
        assert state(inside) == before
    path = inside / target
    write(made(prepared), path)
    refused(lambda: write(made(prepared), path), TargetError, r"exists already; .*overwrite=True")
    write(made(prepared), path, overwrite=True)


def test_every_function_that_can_overwrite_is_tried() -> None:
    tested = {name.split(",")[0].rpartition(".")[2] for name in FUNCTIONS}
    elsewhere = {
        *("fetch_vectors", "fetch_noaa"),  # tests/storage/test_fetch_vectors.py, tests/corpus
        *("write_index", "save_aligned", "output_place", "replaced", "write"),
        *("save_graph", "save_paths", "save_figure", "save_rows", "run_writer", "refine_on"),  # behind others
        *(row.name for row in ROWS.values()),  # tried as commands
    }
    for path in SOURCES.rglob("*.py"):
        if path.parent.name in ("base", "files", "cli", "commands") and path.name != "report_page.py":
            continue
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "overwrite" in text else ():
            if isinstance(node, ast.FunctionDef) and not node.name.startswith(("_", "check_")):
                asked = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
                assert "overwrite" not in asked or node.name in tested | elsewhere, f"{path}: {node.name}"


def test_demo_replaces_what_demo_wrote_and_nothing_else(inside: Path, monkeypatch, capsys) -> None:
    from selfvec.corpus import Corpus
    from selfvec.corpus.python_docs import NAME

    texts = ["a string is a sequence", "a thread runs a class", "an exception ends a generator"] * 9
    short = Corpus.from_texts(texts, ids=[str(i) for i in range(27)], name=f"{NAME} 3")
    monkeypatch.setattr("selfvec.corpus.python_docs.python_documentation", lambda: short)
    for _ in range(2):
        assert run(["demo", "-o", "shown"]) == 0
    assert run(["update", "shown", "later.txt"]) == 0
    before = state(inside)
    assert run(["demo", "-o", "shown"]) == 2
    assert state(inside) == before
    assert "shown: exists already" in capsys.readouterr().err
    assert run(["demo", "-o", "shown", "--overwrite"]) == 0
    assert selfvec.open_run("shown").provenance["documents"] == 27
