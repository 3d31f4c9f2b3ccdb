"""Runs of a cluster: like those of one machine, the same bytes for any workers, and what is refused."""

import json
import platform
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.commands import ran
from tests.examples import soaked
from tests.json_lines import write_lines
from tests.lab.cluster.conftest import in_threads
from tests.lab.cluster.corpora import jsonl, of_every_kind, sentences, with_menu
from tests.refusals import refused

from selfvec.base.errors import CorpusError, OptionError, TargetError
from selfvec.corpus import Corpus
from selfvec.corpus.fields import FieldNames
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.files import memory
from selfvec.lab.cluster.refine import cluster_settings, output_place
from selfvec.lab.cluster.shards import find_shards
from selfvec.refinement.inputs import Execution
from selfvec.refinement.pipeline import refine
from selfvec.refinement.update import Taken, merge, update
from selfvec.storage.run_folder import open_run

pytestmark = pytest.mark.filterwarnings("ignore")

SETTINGS = Settings("decorrelated", history="none")


@pytest.fixture(scope="module")
def table() -> Vectors:
    rows = np.random.default_rng(5).standard_normal((300, 40), dtype=np.float32)
    return Vectors([f"wort{i}" for i in range(0, 600, 2)], rows)


@pytest.fixture
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small texts are summed in several ranges and blocks of columns."""
    monkeypatch.setattr("selfvec.lab.cluster.tasks.COLUMNS", 16)
    monkeypatch.setattr("selfvec.lab.cluster.tasks.PER_WORD", 4)


def contents(run: Run) -> tuple[list[str], list[tuple]] | None:
    """The columns and rows of a run's text."""
    if run.text is None:
        return None
    frames = list(run.text.batches())
    return frames[0].columns, [row for frame in frames for row in frame.iter_rows()]


OPTIONS = [
    {},
    {"stem": "en", "min_count": 3, "stop_words": "de", "repeats": "keep"},
    {"keep": "tokens", "max_types": 40},
    {"keep": "nothing", "anchor": 0.5},
]


@pytest.mark.parametrize("options", soaked(OPTIONS, OPTIONS[1]))
@pytest.mark.usefixtures("many_tasks")
def test_a_cluster_makes_the_run_of_one_machine(tmp_path: Path, table: Vectors, clustered, options) -> None:
    texts = with_menu([*sentences(280), *sentences(25)], 9)  # 25 come twice
    (notice,) = with_menu(["of nothing, a notice"], 1)
    texts[::25] = [notice] * len(texts[::25])
    paths = of_every_kind(tmp_path, texts)
    settings = replace(SETTINGS, **options)
    alone = refine(Corpus.open(paths, keep_fields=settings.keeps_text), table, settings)
    run = clustered(paths, table, settings)
    assert run.vectors.index_to_key == alone.vectors.index_to_key
    # Whitening enlarges the rounding of so few random words; on real text the difference is 1e-6.
    assert_allclose(run.vectors.vectors, alone.vectors.vectors, atol=5e-5)
    assert_array_equal(run.original.vectors, alone.original.vectors)
    assert run.vectors.counts.tolist() == alone.vectors.counts.tolist()
    same = ("method", "tokens", "types", "documents", "window", "epochs", "coverage", "sources", "options")
    for name in (*same, "repeats"):
        assert run.provenance[name] == alone.provenance[name], name
    texts = [dict(of.provenance["text"]) | {"raw_types": None} for of in (run, alone)]
    assert texts[0] == texts[1]
    corpora = [of.provenance["corpus"] for of in (run, alone)]
    assert contents(run) == contents(alone)
    if settings.keeps_tokens:
        assert_array_equal(run.tokens.ids, alone.tokens.ids)
        assert_array_equal(run.tokens.offsets, alone.tokens.offsets)
        assert_array_equal(run.tokens.fingerprints, alone.tokens.fingerprints)
        assert corpora[0]["description"] == corpora[1]["description"]
    else:
        assert run.tokens is None
    assert [file["path"] for file in corpora[0]["files"]] == [str(path) for path in paths]
    hashes = [[file["sha256"] for file in corpus["files"]] for corpus in corpora]
    assert hashes[0][3:5] == hashes[1][3:5]  # whole files
    said = run.provenance["cluster"]
    assert len(said["shards"]) > len(paths)  # long files are in several
    assert {shard["worker"].split(":")[0] for shard in said["shards"]} == {platform.node()}
    assert re.match(r"dask 20\d\d", said["engine"])
    assert said["workers"] == 2


@pytest.mark.parametrize("last", soaked(["25/03/2020", "03/25/2020", "05/03/2020"], "03/25/2020"))
def test_all_shards_read_dates_as_the_whole_files_tell(
    tmp_path: Path, table: Vectors, clustered, last: str
) -> None:
    texts = sentences(60)
    days = [f"0{n % 9 + 1}/03/2020" for n in range(59)] + [last]
    rows = [json.dumps({"text": t, "date": d}) + "\n" for t, d in zip(texts, days, strict=True)]
    (tmp_path / "a.jsonl").write_text("".join(rows))
    pl.DataFrame({"text": texts[:40], "date": days[:40]}).write_parquet(
        tmp_path / "b.parquet", row_group_size=20
    )
    paths = [tmp_path / "a.jsonl", tmp_path / "b.parquet"]
    alone = refine(Corpus.open(paths), table, SETTINGS)
    run = clustered(paths, table, SETTINGS)
    assert contents(run) == contents(alone)
    day = run.text.read(("date",))["date"][1]
    assert str(day) == ("2020-03-02" if last == "25/03/2020" else "2020-02-03")
    for name in ("notes", "date_orders", "undated", "unread_dates"):
        assert run.provenance.corpus[name] == alone.provenance.corpus[name], name


@pytest.mark.parametrize(("texts", "said"), [(5, 0), (400, 1)])
def test_that_pieces_are_no_words_is_judged_by_the_whole_text(
    tmp_path: Path, clustered, texts: int, said: int
) -> None:
    """A shard of Japanese among English ones is not most of the text."""
    paths = [
        jsonl(tmp_path / "a.jsonl", sentences(10)),
        jsonl(tmp_path / "b.jsonl", ["昨日は雨でした。"] * texts),
    ]
    settings = replace(SETTINGS, tokenizer="characters")
    notes = [refine(Corpus.open(paths), None, settings).provenance.corpus["notes"]]
    notes.append(clustered(paths, settings=settings).provenance.corpus["notes"])
    assert [sum("text without spaces is" in note for note in one) for one in notes] == [said, said]


def test_documents_of_several_shards_that_share_an_id_are_said_once(tmp_path: Path, clustered) -> None:
    paths = [tmp_path / f"{name}.jsonl" for name in "ab"]
    for path in paths:
        rows = [
            {"id": f"d{i % 30}", "text": f"{path.stem} {i} {text}"} for i, text in enumerate(sentences(40))
        ]
        write_lines(path, rows)
    notes = clustered(paths).provenance.corpus["notes"]
    assert [note.partition(":")[0] for note in notes if "the id of an earlier one" in note] == [
        "50 documents have the id of an earlier one, first 'd0'"
    ]


def test_rows_beyond_the_memory_of_a_worker_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    texts = [f"hail {number} fell on the road" for number in range(100)]
    pl.DataFrame({"text": texts}).write_parquet(path)
    monkeypatch.setattr("selfvec.corpus.row_formats.share_of_memory", lambda: 2000)
    monkeypatch.setattr(pl.LazyFrame, "collect", None)
    [shard] = find_shards([str(path)], FieldNames())[0]
    refused(
        lambda: shard.corpus(skip_bad_rows=False),
        CorpusError,
        r"a\.parquet: the rows of its row groups 1 to 1 take 0\.0 GB",
    )


@pytest.mark.usefixtures("many_tasks")
def test_equal_bytes_for_any_number_of_workers(tmp_path: Path, table: Vectors, clustered) -> None:
    path = jsonl(tmp_path / "a.jsonl", sentences(150))
    expected = clustered([path], table)  # by two
    for number in (1, 3):
        with in_threads(number) as workers:
            run = clustered([path], table, by=workers)
        assert run.provenance["cluster"]["workers"] == number
        assert run.vectors.vectors.tobytes() == expected.vectors.vectors.tobytes()
        assert run.require_text("").source == expected.require_text("").source


@pytest.mark.usefixtures("many_tasks")
def test_words_without_a_vector_may_be_rare(tmp_path: Path, clustered) -> None:
    """Their neighbours are then summed alone."""
    path = jsonl(tmp_path / "a.jsonl", [*sentences(100), "selten wort1 wort2 wort3"] * 2)
    names = [f"wort{i}" for i in range(400)]
    known = Vectors(names, np.random.default_rng(1).standard_normal((400, 40), dtype=np.float32))
    settings = replace(SETTINGS, window=3)
    alone = refine(Corpus.open(path), known, settings)
    run = clustered([path], known, settings)
    assert_allclose(run.vectors.vectors, alone.vectors.vectors, atol=5e-5)


@pytest.fixture(params=[memory.IN_MEMORY, 1000])
def saved(request, tmp_path: Path, table: Vectors, clustered, monkeypatch) -> tuple[list[Path], Settings]:
    """The files of a run of a cluster in the folder ``run``, also if its tokens are made in their file."""
    monkeypatch.setattr(memory, "IN_MEMORY", request.param)
    paths = of_every_kind(tmp_path, sentences(150))
    settings = replace(SETTINGS, min_count=2)
    with output_place(str(tmp_path / "run")) as (writer, finish):
        finish(clustered(paths, table, settings, writer=writer))
    return paths, settings


def test_a_run_of_a_cluster_is_updated_and_merged_like_one_of_one_machine(
    tmp_path: Path, table: Vectors, saved
) -> None:
    paths, settings = saved
    more = jsonl(tmp_path / "more.jsonl", sentences(25, seed=9))
    grown = update(
        open_run(tmp_path / "run"), Taken(Corpus.open([more], keep_fields=True)), table, execution=Execution()
    )
    whole = refine(Corpus.open([*paths, more], keep_fields=True), table, settings)
    assert_array_equal(grown.vectors.vectors, whole.vectors.vectors)
    assert contents(grown) == contents(whole)
    other = refine(Corpus.open([more], keep_fields=True), table, settings)
    merged = merge([open_run(tmp_path / "run"), other], table, execution=Execution())
    assert_array_equal(merged.vectors.vectors, whole.vectors.vectors)
    jsonl(paths[0], [f"{text} wort1" for text in sentences(25)])  # a new version of each document
    taken = Taken(Corpus.open([paths[0]], keep_fields=True))
    changed = update(open_run(tmp_path / "run"), taken, table, execution=Execution())
    assert changed.provenance.grown[-1]["changed"] == 25
    out = [paths[3], paths[5] / "0000.txt"]
    left = update(open_run(tmp_path / "run"), Taken(withdraw=out), table, execution=Execution())
    assert left.provenance.grown[-1]["withdrawn"] == 26


def test_a_run_in_a_store(tmp_path: Path, table: Vectors, clustered) -> None:
    files = pytest.importorskip("fsspec").filesystem("memory")
    url = "memory://texts/run"
    paths = of_every_kind(tmp_path, sentences(100))[:5]
    for path in paths:
        files.put_file(str(path), f"/texts/corpus/{path.name}")
    files.pipe_file("/texts/corpus/readme.md", b"nothing")
    with output_place(url) as (writer, finish):
        run = clustered(["memory://texts/corpus"], table, writer=writer)
        assert not files.exists("/texts/run")
        finish(run)
    files.get("/texts/run", str(tmp_path / "fetched"), recursive=True)
    found = open_run(tmp_path / "fetched")
    alone = clustered(paths, table)
    assert found.vectors.vectors.tobytes() == alone.vectors.vectors.tobytes()
    assert set(found.require_text("").read(["_file"])["_file"]) == {
        f"memory:///texts/corpus/{path.name}" for path in paths
    }
    assert run.provenance["corpus"]["skipped_files"] == ["memory:///texts/corpus/readme.md"]
    with pytest.raises(TargetError, match="exists already"), output_place(url):
        pass
    with pytest.raises(TargetError, match="not a run folder"), output_place("memory://texts/corpus"):
        pass
    with pytest.raises(CorpusError), output_place(url, overwrite=True) as (writer, _):
        clustered(["memory://texts/nothing"], table, writer=writer)
    assert files.exists("/texts/run/run.json")
    files.rm("/texts", recursive=True)


def test_fields_that_are_kept(tmp_path: Path, table: Vectors, clustered) -> None:
    paths = of_every_kind(tmp_path, sentences(100))[2:4]
    run = clustered(paths[:1], table, keep_fields="number")
    assert run.require_text("").fields == ["number"]
    assert run.provenance["corpus"]["kept_fields"] == ("number",)
    refused(
        lambda: clustered(paths, table, keep_fields="number"),
        CorpusError,
        r"field 'number': there is no such field; give keep_fields=NAME",
    )


def test_a_long_text_is_kept_without_its_tokens(tmp_path: Path, table, clustered, monkeypatch) -> None:
    monkeypatch.setattr("selfvec.lab.cluster.refine.KEPT_TOKENS", 1000)
    texts = sentences(100)
    run = clustered([jsonl(tmp_path / "a.jsonl", texts)], table)
    assert run.tokens is None
    assert run.require_text("").texts() == texts


def test_shards_hold_every_row_once(tmp_path: Path) -> None:
    texts = [*sentences(200), "wort1 " * 900, *sentences(30, seed=3)]  # one longer than a shard
    paths = of_every_kind(tmp_path, texts)
    for size in (500, 4000, 10**9):
        shards, _ = find_shards([str(path) for path in paths], FieldNames(), size)
        found = []
        for shard in shards:
            corpus = shard.corpus(False)
            found += [text for batch in corpus.batches() for text in batch.texts]
        assert found == texts, size
    assert len(shards) == 6


def test_a_long_text_has_larger_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.lab.cluster.shards.MOST_SHARDS", 5)
    path = jsonl(tmp_path / "a.jsonl", sentences(100))
    assert len(find_shards([str(path)], FieldNames(), 100)[0]) == 6


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("method", "paper"), ("method", "online"),
        ("phrases", "auto"), ("history", "pass"), ("tagger", "en_core"), ("slice", "year"),
        ("half_life", 30.0),
    ],
)  # fmt: skip
def test_what_needs_the_text_in_one_place_is_refused(option: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"^{option}: {value} .* not available on a cluster; [^\n]+$"):
        method = "decorrelated" if option == "half_life" else "auto"
        cluster_settings(Settings(**{"method": method, option: value}))


def test_a_start_that_is_trained_on_the_text_is_refused(tmp_path: Path, clustered) -> None:
    path = jsonl(tmp_path / "a.jsonl", sentences(30))
    refused(
        lambda: clustered([path], "svd"),
        OptionError,
        r"^vectors: vectors by svd are trained with all of the text",
    )


def test_only_a_cluster_writes_to_a_url(tmp_path: Path) -> None:
    said = ran(["refine", tmp_path, "-o", "s3://bucket/run"], 2).err
    assert "--output: s3://bucket/run is a URL, which only a cluster writes" in said


def test_bad_input_is_named(tmp_path: Path, clustered) -> None:
    for name, rule in (("-", "standard input"), (str(tmp_path / "no"), "no such file")):
        refused(lambda: clustered([name]), CorpusError, rule)
    lines = jsonl(tmp_path / "a.jsonl", sentences(100)).read_text().splitlines()
    lines[90] = '{"text": 5}'
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    refused(
        lambda: clustered([tmp_path / "a.jsonl"]),
        CorpusError,
        r"a\.jsonl \(from byte \d+\):\d+: field 'text': text is a string",
    )
    skipping = clustered([tmp_path / "a.jsonl"], skip_bad_rows=True)
    assert skipping.provenance["corpus"]["bad_rows"] == 1
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no parquet PAR1")
    refused(lambda: clustered([tmp_path / "bad.parquet"]), CorpusError, "not a sound Parquet file")
    (tmp_path / "one.txt").write_text("hail hail\nhail\n")
    refused(
        lambda: clustered([tmp_path / "one.txt"], settings=Settings(min_count=1)),
        CorpusError,
        "has only one word, 'hail'",
    )


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_fields_inside_objects_are_read_by_their_paths(
    tmp_path: Path, table: Vectors, clustered, suffix: str
) -> None:
    rows = [
        {"post": {"body": text, "when": f"2020-0{n % 9 + 1}-11", "key": f"k{n}"}}
        for n, text in enumerate(sentences(100))
    ]
    path = tmp_path / f"a{suffix}"
    write = pl.DataFrame.write_ndjson if suffix == ".jsonl" else pl.DataFrame.write_parquet
    write(pl.DataFrame(rows), path)
    fields = {"text_field": "post.body", "date_field": "post.when", "id_field": "post.key"}
    run = clustered([path], table, SETTINGS, **fields)
    assert contents(run) == contents(refine(Corpus.open(path, **fields), table, SETTINGS))
    assert run.text.ids()[:2] == ["k0", "k1"]
    assert str(run.text.read(("date",))["date"][1]) == "2020-02-11"
