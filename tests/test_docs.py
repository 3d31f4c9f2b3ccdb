"""Every command and code block of the README and the documentation runs; links and make targets exist.

A page is run from top to bottom in a workshop of its own: its ``console`` lines by the command line, its
``python`` blocks in one namespace. ``sh`` and ``text`` blocks are not run. `make soak` runs the pages;
`make test` runs README.md, in test_examples.py, and sees that what the others call exists.
"""

import ast
import inspect
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.tiny_encoder import ROWS, model_bytes, write_encoder
from tests.places import ROOT
from tests.rows import normal_vectors
from tools import reference_pages, shown_output

import selfvec
from selfvec.apps.cli import main
from selfvec.text.repeats import LEAST_DOCUMENTS, NGRAM

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
PASTED = shown_output.PAGES  # run by test_examples.py
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXTRAS = {  # packages without which a page cannot run
    "export-and-serve.md": ("model2vec", "lancedb", "faiss", "qdrant_client"),
    "questions-for-a-store.md": ("lancedb", "model2vec", "onnx", "onnxruntime"),
    "measure.md": ("sklearn",),
    "your-vectors.md": ("sklearn",),
    "search-a-text.md": ("mcp",),
    "change-vectors.md": ("scipy", "pronto", "model2vec"),
    "describe-a-corpus.md": ("scipy",),
}


CLIENTS = ROOT / "docs" / "how-to" / "other-tools.md"  # each block needs a library of its own


def name_of(page: Path) -> str:
    """The path of a page in the documentation, or its name beside it."""
    return page.relative_to(ROOT / "docs").as_posix() if page.is_relative_to(ROOT / "docs") else page.name


_MORE = [
    "The river rose above its bank and closed a bridge near the school.",
    "Snow and ice made the highway slippery before sunrise.",
    "Lightning set fire to a barn, and nobody was hurt.",
    "Dry ground and heat killed corn in several fields.",
    "Fog over the airport delayed flights until noon.",
]


def write_files(folder: Path, storms: list[str]) -> None:
    """The files that the pages name."""
    storms = [f"{text} {_MORE[i % len(_MORE)]}" for i, text in enumerate(storms)]
    example = selfvec.example(folder / "storms.jsonl")
    every = example.read_text("utf-8").splitlines()
    # As many as every command needs, with the words whose change pages ask for.
    lines = [line for i, line in enumerate(every) if i % 4 == 0 or "mast" in line or "stream" in line]
    example.write_text("\n".join(lines) + "\n", "utf-8")
    rows = [json.loads(line) for line in lines]
    words = sorted({word.strip(".,").lower() for text in storms for word in text.split()})
    table = normal_vectors(words, 32)
    selfvec.save(table, folder / "vectors.vec", format="word2vec-text")

    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((32, 32)))[0].astype(np.float32)
    selfvec.save(selfvec.Vectors([word[::-1] for word in words], table.vectors @ turn), folder / "other.vec")

    def write(name: str, lines: list[str]) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n", "utf-8")

    french = [
        "La grêle a brisé les toits des maisons du village.",
        "La rivière est montée sur la route après des jours de pluie.",
        "L'école est restée fermée, l'hôpital aussi.",
    ]
    write("rapports.txt", french * 6)

    def records(name: str, values: list[dict[str, object]]) -> None:
        write(name, [json.dumps(value) for value in values])

    write("reports.txt", storms)
    records(
        "new.jsonl",
        [{**row, "id": f"n{i}", "text": row["text"] + " Later."} for i, row in enumerate(rows[:9])],
    )
    write("early.txt", storms[:120])
    write("late.txt", [text.replace("hail", "snow") for text in storms[120:]])
    write(
        "pairs.tsv",
        ["hail\tstorm\t8", "wind\ttrees\t5", "roofs\ttornado\t4", "road\thail\t2", "farm\train\t1"],
    )
    write("dictionary.tsv", [f"{word}\t{word[::-1]}" for word in words[::2]])
    write("lexicon.tsv", [f"{word}\t{word[::-1]}" for word in words[1::2]])
    write("new-words.txt", ["hailstorm", "rooftop"])
    write("questions.txt", ["hail storm wind roofs", "roofs wind storm hail"])
    write("topics/train.tsv", ["a\thail storm", "b\tvillage road"] * 6)
    write("topics/test.tsv", ["a\thail", "b\troad"] * 3)
    records(
        "collection/corpus.jsonl", [{"_id": row["id"], "title": "", "text": row["text"]} for row in rows[:40]]
    )
    records(
        "collection/queries.jsonl",
        [{"_id": "q1", "text": "hail broke windows"}, {"_id": "q2", "text": "tornado"}],
    )
    relations = [("hail", "is-a", "rain"), ("rain", "is-a", "weather"), ("storm", "synonym", "tornado")]
    relations += [("heavy", "antonym", "dry"), ("wind", "related", "storm"), ("large", "synonym", "heavy")]
    write("relations.tsv", ["\t".join(one) for one in [*relations, ("sleet", "definition", "rain and ice")]])
    terms = "[Term]\nid: W:1\nname: storm\n[Term]\nid: W:2\nname: tornado\nis_a: W:1"
    write("weather.obo", ["format-version: 1.2", terms])
    if find_spec("onnx") is not None:
        write_minilm(folder / "minilm")
    write("sets.toml", ['pairs = [["hail", "rain"], ["wind", "storm"]]'])
    write(
        "collection/qrels/test.tsv",
        ["query-id\tcorpus-id\tscore", f"q1\t{rows[0]['id']}\t1", f"q2\t{rows[1]['id']}\t1"],
    )


def write_minilm(folder: Path) -> None:
    """An encoder under the name of a public one, of three numbers, all finite."""
    from onnx import numpy_helper

    rows = np.nan_to_num(np.array(list(ROWS.values()), np.float32))
    model = model_bytes(rows=numpy_helper.from_array(rows, "rows"))
    (write_encoder(folder) / "onnx" / "model.onnx").write_bytes(model)


@pytest.fixture(scope="module")
def prepared(own: Path, storms: list[str]) -> Path:
    """The files and runs that the pages name, made once, and what several pages would derive from them."""
    write_files(own, storms)
    start = ["--vectors", str(own / "vectors.vec")]
    runs = {
        "run": ["storms.jsonl", "--method", "decorrelated", *start],
        "dated": ["storms.jsonl", "--slice", "year", *start],
        "shard1": ["early.txt", "--method", "decorrelated", *start],
        "shard2": ["late.txt", "--method", "decorrelated", *start],
    }
    for name, (corpus, *options) in runs.items():
        assert main(["refine", str(own / corpus), "-o", str(own / name), *options]) == 0
    made = selfvec.open_run(own / "run")
    made.search("hail")  # this index and the encoder lie in the run's own, for all pages
    selfvec.Encoder.of(made)
    return own


@pytest.fixture
def workshop(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "workshop"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    return folder


def run_line(line: str, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One ``$ selfvec …`` line; a run that the page makes itself replaces the prepared one."""
    if not line.startswith("$ selfvec") or "demo-run" in line:
        return
    arguments = shlex.split(line.removeprefix("$ "), comments=True)[1:]
    command = arguments[1] if arguments[0] == "run" else arguments[0]
    if command in ("refine", "merge"):
        shutil.rmtree(arguments[arguments.index("-o") + 1], ignore_errors=True)
    elif command == "example":
        Path(arguments[1]).unlink(missing_ok=True)
    status = main(arguments)
    assert status in ((0, 1) if command in ("health", "migrate", "monitor") else (0,)), (
        f"{page.name}: {line}: {capsys.readouterr().err}"
    )


@pytest.mark.soak
@pytest.mark.parametrize("page", [page for page in PAGES if page not in (*PASTED, CLIENTS)], ids=name_of)
def test_the_page_runs(page: Path, workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall(page.read_text("utf-8"))
    if not blocks:
        return
    for package in EXTRAS.get(page.name, ()):
        pytest.importorskip(package)
    names: dict[str, object] = {}
    for language, code in blocks:
        if language == "python":
            exec(compile(code, page.name, "exec", dont_inherit=True), names)
        else:
            for line in code.splitlines():
                run_line(line, page, capsys)


_CLIENTS = re.findall(r"^## (\S+)\n[^#]*?^```python\n(.*?)^```", CLIENTS.read_text("utf-8"), re.M | re.S)


@pytest.mark.soak
@pytest.mark.parametrize("code", [code for _, code in _CLIENTS], ids=[name for name, _ in _CLIENTS])
def test_the_client_runs(code: str, workshop: Path) -> None:
    for package in re.findall(r"^(?:from|import) (\w+)", code, re.M):
        pytest.importorskip(package)
    exec(compile(code, CLIENTS.name, "exec", dont_inherit=True), {})


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "examples").glob("*.ipynb"))], ids=name_of)
def test_calls_of_python_blocks_exist_and_take_what_they_are_given(page: Path) -> None:
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        blocks = [
            "".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"
        ]
    else:
        blocks = [code for language, code in BLOCK.findall(text) if language == "python"]
    for call in filter(lambda node: isinstance(node, ast.Call), ast.walk(ast.parse("\n".join(blocks)))):
        name = ast.unparse(call.func)
        if re.fullmatch(r"selfvec\.\w+", name):
            taken = inspect.signature(getattr(selfvec, name.removeprefix("selfvec.")))
            taken.bind(*call.args, **{one.arg: one.value for one in call.keywords if one.arg})


@pytest.mark.soak  # `make dist` runs the demonstration from the wheel
def test_the_demo_shows_before_and_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "demo-run"
    assert main(["demo", "-o", str(run)]) == 0
    output = capsys.readouterr()
    for word in ("string", "thread", "class", "exception", "generator", "pickle"):
        assert word in output.out
    assert "scored best on held-out text" in output.err
    assert "Try next" in output.err
    page = tmp_path / "demo-run.html"
    assert str(page) in output.err
    assert "Worth reading" in page.read_text("utf-8")
    assert selfvec.open_run(run).provenance["tokens"] > 100_000


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        target, _, heading = link.partition("#")
        if target.startswith("http"):
            continue
        place = page.parent / target if target else page
        assert place.exists(), f"{page.name}: {link}"
        if heading:
            prose = re.sub(r"^```.*?^```", "", place.read_text("utf-8"), flags=re.DOTALL | re.M)
            titles = [title.strip().lower() for title in re.findall(r"^#+ (.*)", prose, re.M)]
            slugs = [re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title)) for title in titles]
            assert heading in slugs, f"{page.name}: {link}"


def test_every_page_is_in_the_navigation_of_its_site() -> None:
    pages = {"mkdocs": ["results/index.md"], "mkdocs-results": []}
    pages["mkdocs"] += ["cli.md", "index.md", "reference.md"]  # made by tools/reference_pages.py
    for page in map(name_of, DOCS):
        pages["mkdocs-results" if page.startswith("results/") else "mkdocs"].append(page)
    for site, expected in pages.items():
        listed = re.findall(r"[\w/-]+\.md", (ROOT / f"{site}.yml").read_text("utf-8"))
        assert sorted(listed) == sorted(expected)


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    pages = [*PAGES, ROOT / "CONTRIBUTING.md"]
    named = {name for page in pages for name in re.findall(r"(?:\$ |`)make (\w+)", page.read_text("utf-8"))}
    assert {"demo", "test"} <= named
    for name in named:
        assert re.search(rf"^(?:[\w-]+ )*{name}(?: [\w-]+)*:", makefile, re.MULTILINE), name


@pytest.mark.parametrize("name", ["docs/guides.md", "docs/results/index.md"])
def test_an_index_names_every_page(name: str) -> None:
    index = ROOT / name
    folder = index.parent
    pages = [page for page in DOCS if ("results" in page.parts) == (folder.name == "results")]
    named = {index.name, *re.findall(r"\]\(([^)#]+)", index.read_text("utf-8"))}
    assert {page.relative_to(folder).as_posix() for page in pages} <= named


def test_the_glossary_defines_each_term_once_in_order() -> None:
    terms = re.findall(r"^\*\*(.+?)\.\*\*", (ROOT / "docs/reference/glossary.md").read_text("utf-8"), re.M)
    assert terms == sorted(set(terms), key=lambda term: term.lower().replace("-", ""))


def test_the_size_of_a_repeated_passage_is_that_of_the_code() -> None:
    assert (NGRAM, LEAST_DOCUMENTS) == (12, 10)
    for name in ("how-to/your-text.md", "reference/glossary.md"):
        text = " ".join((ROOT / "docs" / name).read_text("utf-8").split())
        assert "welve tokens in a row that occur in ten documents or more" in text


def test_the_table_of_extras_is_complete() -> None:
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    )
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "install.md").read_text("utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named | {"stores", "docs", "dev", "cluster"} == extras


def test_the_reference_names_every_command_and_public_name() -> None:
    text = "\n".join(reference_pages.command_line())
    assert all(f"## selfvec {command}" in text for command in ("refine", "vectors fetch", "vectors retrofit"))
    assert "  --method auto|paper" in text
    names = re.findall(r"^(?:::: selfvec\.|## )(\w+)$", "\n".join(reference_pages.python()), re.MULTILINE)
    assert names == [name for name in selfvec.__all__ if name != "__version__"]


def test_the_two_commands_of_a_checkout_stand_in_the_readme_and_ci_runs_the_tests_by_theirs() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.findall(r"^make (\w+)", readme, re.MULTILINE) == ["demo", "test"]
    ci = ROOT / ".ci" / "run"
    assert not ci.exists() or "\nmake test\n" in ci.read_text("utf-8")


def test_make_without_a_target_lists_the_targets() -> None:
    listed = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    assert {"make demo", "make test"} <= {line[:9] for line in listed.splitlines()}


def test_no_file_has_markers_of_a_conflict() -> None:
    command = ["git", "grep", "-nIE", "^(<{7}|>{7}|[|]{7}) "]
    marked = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if marked.returncode > 1:
        pytest.skip("no git checkout")
    assert not marked.stdout


def test_the_description_of_the_first_picture_names_what_the_picture_shows() -> None:
    ((told, path),) = re.findall(
        r"^!\[(.*?)\]\((\S+\.svg)\)$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    named = re.findall('"(.+?)"', told)
    assert len(named) >= 4
    assert not [name for name in named if name not in (ROOT / path).read_text("utf-8")]
