"""The command line as a user types it: results, exit status, and one line for every mistake."""

import importlib
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.commands import PATHS, called, ran
from tests.places import DOCS

import selfvec
from selfvec.apps.cli import main
from selfvec.apps.cli.shown import demo
from selfvec.apps.cli.streams import program
from selfvec.base.installed import install_command
from selfvec.storage.run_folder import open_run

REPORTS = {
    "refine": "later.txt -o new --vectors none --overwrite",
    "update": "later storms.txt -o grown --overwrite",
    "merge": "first later -o merged --overwrite",
    "similar": "run hail Tornado --compare",
    "similar in a file": "vectors.vec hail Storm",
    "health": "run",
    "trajectory": "run hail",
    "trajectory by slice": "run hail --slices",
    "drift": "run",
    "drift of no word": "run --fdr 0.000001",
    "monitor": "run later.txt --level 0.2",
    "evaluate": "run --similarity pairs.tsv",
    "evaluate bias": "vectors.vec --bias",
    "evaluate oov": "run --oov",
    "search": "run hail",
    "search of a text": "storms.txt hail",
    "search for nothing": "run zyzzyva",
    "phrases": "storms.txt",
    "topics": "run --min-count 1 --number 2",
    "topics of documents": "run --min-count 1 --number 2 --documents topics.csv --overwrite",
    "frequency": "run --unit lemma --by slice",
    "ngrams": "run --n 3 --slot",
    "dispersion": "run hail",
    "keyness": "run --against later --sort q",
    "concordance": "run hail --sort left --csv hail.csv --overwrite",
    "collocates": "run hail --window 3L0R --measure delta_p",
    "variants": "run -o variants.tsv --overwrite",
    "graph": "run -o graph.json --top 10",
    "why": "run hail storm",
    "senses": "run hail --number 2",
    "report": "run -o report.html --overwrite",
    "align": "run later -o aligned.safetensors",
    "align compass": "run later -o compass --method compass ",
    "align relative": "run later -o relative --method relative",
    "compare": "run later",
    "compare files": "vectors.vec vectors.vec",
    "join": "vectors.vec joined.safetensors --with vectors.vec --overwrite",
    "compress": "run small.safetensors --overwrite",
    "fetch": "",
    "convert": "run out.bin --to word2vec --overwrite",
    "export": "run --to word2vec --overwrite",
    "info": "run",
    "verify": "run",
}


def documented(section: str) -> set[str]:
    """The keys in the table of a section of the page on fields of results."""
    page = (DOCS / "reference" / "output.md").read_text("utf-8")
    cells = re.findall(r"^\| (`.*?) \|", page.partition(f"\n## {section}\n")[2].partition("\n## ")[0], re.M)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


KEYS = {
    "similar": ("rows", {"word", "state", "neighbours"}),
    "health": (
        "",
        {"verdicts", "mean_cosine_to_original", "anisotropy", "effective_rank", "oov", "oov_empty"},
    ),
    "search": ("hits", documented("search")),
    "drift": ("rows", documented("drift") - {"sentences", "texts"}),  # of runs with an encoder
    "monitor": ("", documented("monitor")),
    "compare": ("rows", {"word", "distance", "p", "q", "count_a", "count_b", "gained", "lost"}),
    "evaluate": ("rows", documented("evaluate") - {"seconds", "question"}),  # of baselines, of an encoder
}
"""Keys that the JSON of a report, or the first of its rows, keeps in all versions 1.x; more may come."""


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_one_json_document_and_fits_a_terminal(
    name: str, inside: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # without it nothing is wrapped in a pipe
    command = called(f"{name.split()[0]} {REPORTS[name]}")
    status = main([*command, "--json"])
    output = capsys.readouterr()
    assert status in (0, int(name in ("health", "monitor"))), output.err
    document = json.loads(output.out)
    assert document
    if name in KEYS:
        place, keys = KEYS[name]
        assert keys
        assert keys - set(document[place][0] if place else document) == set()
    if "-o" not in command:
        assert max(map(len, ran(command, status).out.splitlines()), default=0) <= 80


def test_quiet_leaves_results_and_errors(inside: Path) -> None:
    given = ["later.txt", "-o", "new", "--vectors", "none", "--method", "decorrelated", "--overwrite"]
    for words in (["-q", "refine"], ["refine", "--quiet"]):
        assert ran([*words, *given]) == ("new\n", "")
    assert ran(["refine", *given]).err.startswith("read ")
    assert ran(["run", "-q", "info", "nowhere"], 2).err.startswith("selfvec: nowhere")


def test_verbose_says_what_the_library_logs(inside: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = ["search", "first", "hail", "--top", "1"]
    for words, said in (
        (["-v", *given], "made, as the cache has none"),
        ([*given, "--verbose"], "read from"),
    ):
        assert f"search: {said}" in ran(words).err
    assert "cache" not in ran(given).err
    with caplog.at_level(logging.INFO, "selfvec"):
        selfvec.refine("later.txt", "none", "decorrelated", jobs=1, output="logged")
    assert "threads: 1" in caplog.messages
    assert re.match(r"seconds: .*read \d+\.\d\d, ", caplog.messages[-1])
    assert any(re.fullmatch(r"Refining: \d+\.\d\d s", said) for said in caplog.messages)


def test_the_version_names_the_format_of_run_folders() -> None:
    assert ran(["--version"]).out == f"selfvec {selfvec.__version__} (run format 2)\n"


def test_every_command_that_reports_is_tested() -> None:
    others = {"demo", "serve", "mcp", "migrate", "example"}  # in tests of their own
    others |= {"retrofit", "define", "debias", "distill", "tokenizer"}
    assert {name.split()[0] for name in REPORTS} == PATHS.keys() - others


REFINE_MISTAKES = [
    ("nowhere.txt -o run", "nowhere.txt"),
    ("empty.txt -o run", "empty.txt"),
    ("one.txt -o run --vectors none", "has only one word"),
    ("storms.txt --vectors other.vec -o run", "none of the corpus"),
    ("binary.txt -o run", "binary.txt"),
    ("storms.txt --vectors nan.vec -o run", "nan.vec:3"),
    ("bad.jsonl --vectors nan.vec -o run", "nan.vec:3"),
    ("storms.txt --vectors evil.pkl -o run", "evil.pkl"),
    ("storms.txt -o no/where/run", "does not exist"),
    ("rows.csv --text-field body -o run", "'body'"),
    ("bad.jsonl -o run", "bad.jsonl:2"),
    ("storms.txt --learning-rate nan -o run", "--learning-rate"),
    ("storms.txt --passes 3 -o run", "even number"),
    ("storms.txt --history all -o run", "--history"),
    ("storms.txt --history every:1;limit:1KB -o run", "--history"),
    ("storms.txt --lemmatize xx -o run", "'xx'"),
    ("storms.txt --windw 5 -o run", "--window"),
    ("storms.txt", "--output"),
    ("rows.csv --slice year --slice-field id -o run", "both"),
    (
        "rows.csv --slice-field nowhere -o run",
        "--slice-field NAME; its fields are: id, text",
    ),
    ("storms.txt --slice year -o run", "--date-field"),
    (
        "storms.txt --phrases nowhere.txt -o run",
        "--phrases: no file is called 'nowhere.txt'",
    ),
    ("storms.txt --min-count 9999 -o run", "no words of the corpus remain"),
]


def refused(arguments: list[str], expected: str) -> None:
    """Exit status 2, nothing on standard output, one line on standard error."""
    output = ran(arguments, 2)
    assert output.out == ""
    assert len(output.err.strip().splitlines()) == 1, output.err
    assert expected in output.err


@pytest.mark.parametrize(("arguments", "expected"), REFINE_MISTAKES)
def test_a_mistake_in_refining_leaves_nothing(
    arguments: str, expected: str, here: Path, storm_file: Path
) -> None:
    Path("empty.txt").write_text("\n\n")
    Path("one.txt").write_text("hail hail hail\nhail\n")
    Path("other.vec").write_text("2 2\nxyzzy 1 0\nplugh 0 1\n")
    Path("nan.vec").write_text("2 2\nhail 1 0\nstorm nan 1\n")
    Path("binary.txt").write_bytes(bytes(range(256)) * 40)
    Path("evil.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'echo'\ntR.")
    Path("rows.csv").write_text("id,text\n1,hail fell\n")
    Path("bad.jsonl").write_text('{"text": "hail fell"}\n{"text": \n{"text": "wind blew"}\n')
    before = sorted(path.name for path in here.iterdir())
    refused(["refine", *arguments.split()], expected)
    assert sorted(path.name for path in here.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("health nothing", "not a run folder"),
        ("trajectory run hail --plot x.docx", "x.docx"),
        ("trajectory run hail --plot no/x.svg", "does not exist; create it first"),
        ("drift run --between spring autumn", "'spring'"),
        ("drift run --min-count 5000", "--min-count"),
        ("search run hail --filter county=X", "--filter"),
        ("search run hail --filter corpus", "--filter: a filter is field=value"),
        ("topics run --min-count 1 --number 300", "--number"),
        ("topics run --by county", "--by: the documents have no field 'county'"),
        ("graph run -o x.doc", "x.doc"),
        ("why run hail hial", "did you mean hail"),
        ("why run hail storm --window 2", "window"),
        ("senses run hail --number 99", "--number: is from 1 to"),
        ("phrases nowhere.txt", "nowhere.txt"),
        ("evaluate --similarity pairs.tsv run", "VECTORS"),
        ("evaluate run --similarity nothing.tsv", "nothing.tsv: cannot be read"),
        ("evaluate run --similarity storms.txt", "storms.txt:1: "),
        ("evaluate run --retrieval pairs.tsv", "pairs.tsv: is not a folder"),
        ("evaluate run --similarity pairs.tsv --dimensions 25", "cannot be cut to 25"),
        ("evaluate run --similarity pairs.tsv --report r.docx", "r.docx"),
        ("evaluate run --similarity pairs.tsv --against magic", "--against: 'magic' is not a baseline"),
        ("evaluate vectors.vec --similarity pairs.tsv --against paper", "one run, 0 were"),
        ("evaluate run later --similarity pairs.tsv --against paper", "2 were given"),
        ("fetch noaa --years soon -o x", "--years"),
        ("similr run hail", "did you mean selfvec similar?"),
        ("serve nothing", "not a run folder"),
    ],
)
def test_other_mistakes(arguments: str, expected: str, inside: Path) -> None:
    refused(called(arguments), expected)


def test_files_hold_subcorpora_and_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f'{{"text": "hail fell in {place}", "place": "{place}"}}\n' for place in ("Iowa", "Ohio", "Utah")]
    Path("rows.jsonl").write_text("".join(rows))
    Path("plains").write_text("place=Iowa\n\nplace=Utah\n")
    Path("fall.cql").write_text('"hail"\n  "fell"\n')
    ran(called("refine rows.jsonl -o run --vectors none --method original"))
    found = ran(called("concordance run @fall.cql --filter @plains --json")).json
    assert (found["query"], found["hits"]) == ('"hail" "fell"', 2)
    refused(called("frequency run --filter @hills"), "hills: cannot be read: there is no such file")


def test_a_failed_check_is_exit_status_1(inside: Path) -> None:
    ran(
        called("refine later.txt -o still --vectors vectors.vec --method paper --learning-rate 0 --overwrite")
    )
    assert "unmoved" in ran(called("health still --json"), 1).json["verdicts"]
    assert "unmoved" in ran(called("health still"), 1).out


def test_trajectory_as_numbers_table_and_figure(inside: Path) -> None:
    row = ran(called("trajectory run hail --json")).json["rows"][0]
    run = open_run("run")
    count = run.vectors.counts[run.index("hail")]
    assert row["updates"] == [*range(0, count, 2), count]
    assert row["cosine_to_original"][0] == pytest.approx(1)
    for more in ([], ["--slices"]):
        assert "hail" in ran([*called("trajectory run hail"), *more]).out
    ran(called("trajectory run hail tornado --plot hail.svg --overwrite"))
    assert Path("hail.svg").stat().st_size > 1000


def test_convert_and_export_write_the_same_model2vec_folder(inside: Path) -> None:
    ran(called("convert run one --to model2vec"))
    ran(called("export run --to model2vec -o two"))
    one, two = (
        {file.name: file.read_bytes() for file in Path(n).iterdir() if file.is_file()} for n in ("one", "two")
    )
    assert one == two
    smaller = "three --to model2vec --dtype float16"
    refused(called(f"convert run {smaller}"), "convert the file of its vectors")
    ran(called(f"convert run/vectors.safetensors {smaller}"))
    assert list(selfvec.load("three")) == list(open_run("run").vectors)


def test_bad_rows_are_skipped_only_on_request(inside: Path) -> None:
    Path("bad.jsonl").write_text('{"text": "hail fell"}\n{"text": \n{"text": "wind blew"}\n')
    assert "1 bad row," in ran(["refine", "bad.jsonl", "-o", "bad", "--skip-bad-rows"]).err
    assert json.loads(Path("bad/run.json").read_text())["corpus"]["bad_rows"] == 1


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("serve run", "uvicorn", "serve"),
        ("serve run", "fastapi", "serve"),
        ("mcp run", "mcp", "mcp"),
        ("export run --to faiss", "faiss", "faiss"),
        ("trajectory run hail --plot x.png", "vl_convert", "plot"),
    ],
)
def test_a_missing_package_names_its_extra(command, package, extra, inside: Path, monkeypatch) -> None:
    ours = ("selfvec.apps.mcp", "selfvec.apps.web")
    for name in [name for name in sys.modules if name.split(".")[0] == package or name.startswith(ours)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert f"[{extra}]'" in ran(called(command), 2).err


INTERRUPTED = """
import sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
from selfvec.apps.cli import main
sys.exit(main(["similar", "nowhere", "hail"]))
"""


@pytest.mark.parametrize("module", ["click", "numpy"])
def test_an_interrupt_while_modules_are_imported_prints_no_traceback(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, module], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.returncode == 130 or "nowhere" in done.stderr


@pytest.mark.parametrize("to", ["encoder", "model2vec", "parquet-documents", "word2vec", "lancedb"])
def test_what_export_suggests_opens_what_it_wrote(to: str, inside: Path, tmp_path: Path) -> None:
    if to == "word2vec":
        pytest.importorskip("gensim")
    target = tmp_path / ("out.parquet" if to == "parquet-documents" else "out")
    suggested = ran(["export", "run", "--to", to, "-o", target]).err.partition("next, in Python: ")[2].strip()
    library = importlib.import_module(suggested.partition(".")[0])
    assert eval(suggested, {library.__name__: library}) is not None


@pytest.mark.parametrize(
    "command",
    [["search", "{}", "run"], ["similar", "{}", "word"], ["run", "info", "{}"], ["demo", "-o", "{}"]],
)
def test_a_text_where_a_folder_is_wanted_is_one_error(command: list[str]) -> None:
    question = "which treatments of the failing heart were tried " * 8
    said = ran([part.format(question) for part in command], 2).err
    assert said.count("\n") == 1
    assert re.search(r"name (is )?too long|nothing has this name", said)  # the last since Python 3.14


def test_a_suggested_command_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = tmp_path / "bin" / "selfvec"
    called.parent.mkdir()
    called.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(called)])
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(called.parent))
    assert program() == "selfvec"
    monkeypatch.setenv("UV", "uv")  # as under uvx: the shell does not have this PATH
    assert program() == "bin/selfvec"
    monkeypatch.delenv("UV")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == "bin/selfvec"


def installed(place: Path, origin: str | None, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    """Let Selfvec be installed in a folder, from an origin, with commands in bin/ of the working folder."""
    folder = place / "selfvec-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: selfvec\nVersion: 1\n", "utf-8")
    if origin is not None:
        (folder / "direct_url.json").write_text(origin.replace("HERE", f"file://{here}"), "utf-8")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(place)


@pytest.mark.parametrize(
    ("origin", "typed"),
    [
        (
            '{"url": "file:///opt/a%20b/selfvec-1-py3-none-any.whl"}',
            "uvx --from '/opt/a b/selfvec-1-py3-none-any.whl' selfvec",
        ),
        ('{"url": "HERE/checkout"}', "uvx --from ./checkout selfvec"),
        ('{"url": "HERE"}', "uvx --from . selfvec"),
        ('{"url": "https://example.org/selfvec.whl"}', "uvx --from https://example.org/selfvec.whl selfvec"),
        (None, "uvx selfvec"),
    ],
)
def test_a_command_suggested_under_uvx_calls_uvx(
    origin: str | None, typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "archive-v0" / "abc"
    installed(cache / "lib", origin, monkeypatch, tmp_path)
    monkeypatch.setattr(sys, "prefix", str(cache))
    monkeypatch.setattr(sys, "argv", [str(cache / "bin" / "selfvec")])
    monkeypatch.setenv("UV", "uv")
    assert program() == typed


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ('{"url": "HERE", "dir_info": {"editable": true}}', "-e '.[serve]'"),
        ('{"url": "HERE/selfvec-1.whl"}', "'./selfvec-1.whl[serve]'"),
        (
            '{"url": "https://example.org/s", "vcs_info": {"vcs": "git"}}',
            "'selfvec[serve] @ git+https://example.org/s'",
        ),
        (None, "'selfvec[serve]'"),
    ],
)
def test_an_extra_is_added_to_what_was_installed(
    origin: str | None, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, origin, monkeypatch, tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert install_command("serve") == f"bin/python -m pip install {source}"
    called = tmp_path / "bin" / "pip"
    called.parent.mkdir()
    called.touch(mode=0o755)
    assert install_command("serve") == f"pip install {source}"


@pytest.mark.parametrize("served", [True, False])
def test_the_demonstration_recommends_what_is_installed(served: bool, monkeypatch, capsys) -> None:
    if not served:
        monkeypatch.setitem(sys.modules, "fastapi", None)
    run = selfvec.refine(["the string of a thread raised an exception"] * 20, "none", "decorrelated")
    demo(run, {})
    said = capsys.readouterr().err
    assert f"{program()} serve " in said
    assert ("[serve]'" in said) != served
    monkeypatch.setenv("UV", "uv")
    monkeypatch.setattr(sys, "prefix", "/cache/archive-v0/abc")
    demo(run, {})
    assert ("[serve]' selfvec serve " in capsys.readouterr().err) != served


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sea", ["search"]),
        ("text to", ["topics"]),
        ("search run hail --mode ", ["hybrid", "bm25", "dense"]),
        ("drift run --fd", ["--fdr"]),
    ],
)
def test_a_shell_completes_commands_options_and_values(typed: str, completed: list[str]) -> None:
    words = f"selfvec {typed}"
    asked = {"_SELFVEC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-c", "from selfvec.apps.cli import main; main([])"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **asked}, check=True)
    assert done.stdout.split() == [f"plain,{word}" for word in completed]


def test_the_help_of_everything_names_how_to_complete() -> None:
    shown = ran(["--help-all"]).out
    assert "_SELFVEC_COMPLETE=bash_source" in shown
    for command in ("search RUN|TEXT QUERY", "text topics RUN", "vectors retrofit IN"):
        assert f"Usage: selfvec {command}" in shown
