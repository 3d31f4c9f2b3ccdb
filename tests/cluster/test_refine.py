"""Runs of a cluster: like those of one machine, their place, damaged files, and what is refused."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from tests.cluster.corpora import jsonl, of_every_kind, sentences

from selfvec.apps.cli import main
from selfvec.base import scratch
from selfvec.base.errors import CorpusError, OptionError, TargetError
from selfvec.base.progress import LineProgress
from selfvec.cluster import neighbour_sums, shards, shared_files
from selfvec.cluster.dask_engine import dask_engine
from selfvec.cluster.output import output_place
from selfvec.cluster.refine import refine_on_cluster
from selfvec.cluster.shards import RowOptions, find_shards, read_shard
from selfvec.cluster.tree import Here, Share
from selfvec.cooccurrence import scan
from selfvec.corpus import Corpus
from selfvec.corpus.summary import Summary
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.refinement.pipeline import refine
from selfvec.refinement.update import merge, update
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import SHARED

CUT = (4000, 2)  # bytes of a shard, shards of a task


@pytest.fixture(scope="module")
def table() -> Vectors:
    rows = np.random.default_rng(5).standard_normal((300, 40), dtype=np.float32)
    return Vectors([f"wort{i}" for i in range(0, 600, 2)], rows)


@pytest.fixture
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small texts are summed in several ranges, blocks of columns and blocks of rows."""
    for module in (neighbour_sums, shared_files):
        monkeypatch.setattr(module, "ROWS", 128)
    monkeypatch.setattr(neighbour_sums, "COLUMNS", 16)
    monkeypatch.setattr(neighbour_sums, "PER_WORD", 4)


def clustered(paths, work, table, settings=None, **more) -> Run:
    settings = settings or Settings(history="none")
    return refine_on_cluster(
        [str(path) for path in paths], table, settings, Here(), str(work), cut=CUT, **more
    )


def contents(run: Run) -> tuple[list[str], list[tuple]] | None:
    """The columns and rows of a run's text."""
    if run.text is None:
        return None
    frames = list(run.text.batches())
    return frames[0].columns, [row for frame in frames for row in frame.iter_rows()]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stem": "en", "min_count": 3, "stop_words": "de"},
        {"keep": "tokens", "max_types": 40},
        {"keep": "nothing", "anchor": 0.5},
    ],
)
@pytest.mark.usefixtures("many_tasks")
def test_a_cluster_makes_the_run_of_one_machine(tmp_path: Path, table: Vectors, options) -> None:
    texts = [*sentences(500), *sentences(100)]  # 100 come twice
    menu = " ".join(f"wort{i}" for i in range(40, 60))
    texts = [f"{menu} {text}" if i % 9 == 0 else text for i, text in enumerate(texts)]
    texts[::25] = [f"notice {menu} of nothing"] * len(texts[::25])
    paths = of_every_kind(tmp_path, texts)
    settings = Settings("decorrelated", history="none", **options)
    alone = refine(Corpus.open(paths, keep_fields=settings.keeps_text), table, settings)
    run = clustered(paths, tmp_path / "work", table, settings)
    assert run.vectors.index_to_key == alone.vectors.index_to_key
    np.testing.assert_allclose(run.vectors.vectors, alone.vectors.vectors, atol=2e-3)
    assert np.sum(run.vectors.vectors * alone.vectors.vectors, axis=1).min() > 0.99999
    assert np.array_equal(run.original.vectors, alone.original.vectors)
    assert run.vectors.counts.tolist() == alone.vectors.counts.tolist()
    same = (
        "method",
        "tokens",
        "types",
        "documents",
        "window",
        "epochs",
        "coverage",
        "sources",
        "options",
        "repeats",
    )
    assert {name: run.provenance[name] for name in same} == {name: alone.provenance[name] for name in same}
    for name in ("documents", "sentences", "empty", "raw_tokens", "tokens", "types", "dropped", "kept_from"):
        assert run.provenance["text"][name] == alone.provenance["text"][name], name
    corpora = [of.provenance["corpus"] for of in (run, alone)]
    assert contents(run) == contents(alone)
    if settings.keeps_tokens:
        assert np.array_equal(run.tokens.ids, alone.tokens.ids)
        assert np.array_equal(run.tokens.offsets, alone.tokens.offsets)
        assert np.array_equal(run.tokens.fingerprints, alone.tokens.fingerprints)
        assert corpora[0]["description"] == corpora[1]["description"]
    else:
        assert run.tokens is None
    assert [file["path"] for file in corpora[0]["files"]] == [str(path) for path in paths]
    hashes = [[file["sha256"] for file in corpus["files"]] for corpus in corpora]
    assert hashes[0][3:5] == hashes[1][3:5]  # whole files
    assert len(run.provenance["cluster"]["shards"]) > 10


@pytest.mark.usefixtures("many_tasks")
def test_rare_words_are_summed_alone(tmp_path: Path, table: Vectors, monkeypatch) -> None:
    path = jsonl(tmp_path / "a.jsonl", sentences(300))
    whole = clustered([path], tmp_path / "work", table)
    monkeypatch.setattr(scan, "_FEW", np.inf)  # all words count as rare
    rare = clustered([path], tmp_path / "other", table)
    assert rare.vectors.vectors.tobytes() != whole.vectors.vectors.tobytes()  # in the last bits
    np.testing.assert_allclose(rare.vectors.vectors, whole.vectors.vectors, atol=2e-3)


@pytest.fixture(params=[scratch.IN_MEMORY, 1000])
def saved(request, tmp_path: Path, table: Vectors, monkeypatch) -> tuple[list[Path], Settings]:
    """The files of a run of a cluster in the folder ``run``, also if its tokens are made in their file."""
    monkeypatch.setattr(scratch, "IN_MEMORY", request.param)
    paths = of_every_kind(tmp_path, sentences(300))
    settings = Settings("decorrelated", history="none", min_count=2)
    with output_place(str(tmp_path / "run")) as place:
        place.finish(clustered(paths, place.shared, table, settings, writer=place.writer))
    return paths, settings


def test_a_run_of_a_cluster_is_updated_like_one_of_one_machine(tmp_path: Path, table: Vectors, saved) -> None:
    paths, settings = saved
    more = jsonl(tmp_path / "more.jsonl", sentences(50, seed=9))
    grown = update(open_run(tmp_path / "run"), Corpus.open([more], keep_fields=True), table)
    whole = refine(Corpus.open([*paths, more], keep_fields=True), table, settings)
    assert np.array_equal(grown.vectors.vectors, whole.vectors.vectors)
    assert contents(grown) == contents(whole)
    jsonl(paths[0], [f"{text} wort1" for text in sentences(50)])  # a new version of each document
    changed = update(open_run(tmp_path / "run"), Corpus.open([paths[0]], keep_fields=True), table)
    assert changed.provenance.steps[-1]["changed"] == 50
    out = [paths[3], paths[5] / "0000.txt"]
    left = update(open_run(tmp_path / "run"), None, table, withdraw=out)
    assert left.provenance.steps[-1]["withdrawn"] == 51


def test_a_run_of_a_cluster_is_merged(tmp_path: Path, table: Vectors, saved) -> None:
    paths, settings = saved
    more = jsonl(tmp_path / "more.jsonl", sentences(50, seed=9))
    other = refine(Corpus.open([more], keep_fields=True), table, settings)
    whole = refine(Corpus.open([*paths, more], keep_fields=True), table, settings)
    merged = merge([tmp_path / "run", other], table)
    assert np.array_equal(merged.vectors.vectors, whole.vectors.vectors)


def test_the_shared_folder_goes_with_its_writer(tmp_path: Path, table: Vectors, saved) -> None:
    paths, settings = saved
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert not any(name.startswith(SHARED) for name in names)
    with pytest.raises(CorpusError), output_place(str(tmp_path / "run"), overwrite=True) as place:
        clustered(paths, place.shared, table, settings, writer=place.writer)
        assert any(Path(place.shared).iterdir())
        raise CorpusError("something else is wrong")
    assert {path.name for path in (tmp_path / "run").iterdir()} == names
    with pytest.raises(KeyboardInterrupt), output_place(str(tmp_path / "new")) as place:
        clustered(paths, place.shared, table, settings, writer=place.writer)
        raise KeyboardInterrupt
    assert not (tmp_path / "new").exists()


def test_a_late_task_does_not_make_the_folder_again(tmp_path: Path) -> None:
    shared_files.make_folder(str(tmp_path / "run" / "job"))
    late = str(tmp_path / "run" / "job" / "read" / "1.safetensors")
    shared_files.save(late, {"ids": np.arange(3)})
    shared_files.remove(str(tmp_path / "run"))
    with pytest.raises(FileNotFoundError):
        shared_files.save(late, {"ids": np.arange(3)})
    assert not (tmp_path / "run").exists()


def test_a_run_in_a_store(tmp_path: Path, table: Vectors) -> None:
    files = pytest.importorskip("fsspec").filesystem("memory")
    url = "memory://texts/run"
    path = jsonl(tmp_path / "a.jsonl", sentences(300))
    files.put_file(str(path), "/texts/corpus/a.jsonl")
    with output_place(url) as place:
        run = clustered(["memory://texts/corpus"], place.shared, table, writer=place.writer)
        assert files.exists("/texts/.run.shared")
        assert not files.exists("/texts/run")
        place.finish(run)
    assert not files.exists("/texts/.run.shared")
    files.get("/texts/run", str(tmp_path / "fetched"), recursive=True)
    found = open_run(tmp_path / "fetched")
    alone = clustered([path], tmp_path / "work", table)
    assert found.vectors.vectors.tobytes() == alone.vectors.vectors.tobytes()
    assert set(found.require_text("").read(["_file"])["_file"]) == {"memory:///texts/corpus/a.jsonl"}
    with pytest.raises(TargetError, match="exists already"), output_place(url):
        pass
    with pytest.raises(CorpusError), output_place(url, overwrite=True) as place:
        clustered(["memory://texts/nothing"], place.shared, table, writer=place.writer)
    assert files.exists("/texts/run/run.json")
    files.rm("/texts", recursive=True)


def test_fields_that_are_kept(tmp_path: Path, table: Vectors) -> None:
    paths = of_every_kind(tmp_path, sentences(300))[2:4]
    named = RowOptions(keep_fields=("number",))
    run = clustered(paths[:1], tmp_path / "work", table, rows=named)
    assert run.require_text("").fields == ["number"]
    assert run.provenance["corpus"]["kept_fields"] == ["number"]
    with pytest.raises(CorpusError, match=r"field 'number': there is no such field; give keep_fields=NAME"):
        clustered(paths, tmp_path / "work", table, rows=named)


def test_a_long_text_is_kept_without_its_tokens(tmp_path: Path, table: Vectors, monkeypatch) -> None:
    monkeypatch.setattr("selfvec.cluster.refine.KEPT_TOKENS", 1000)
    texts = sentences(300)
    run = clustered([jsonl(tmp_path / "a.jsonl", texts)], tmp_path / "work", table)
    assert run.tokens is None
    assert run.require_text("").texts() == texts


def test_shards_hold_every_row_once(tmp_path: Path) -> None:
    texts = [*sentences(200), "wort1 " * 900, *sentences(30, seed=3)]  # one longer than a shard
    paths = of_every_kind(tmp_path, texts)
    for size in (500, 4000, 10**9):
        shards, _ = find_shards([str(path) for path in paths], size)
        found = []
        for shard in shards:
            found += [text for batch in read_shard(shard, RowOptions(), Summary()) for text in batch.texts]
        assert found == texts, size
    assert len(shards) == 6


class Harming(Here):
    """Damages files that tasks have made, before other tasks read them."""

    def __init__(self, after: str, pattern: str) -> None:
        self.after = after  # the label of the tasks
        self.pattern = pattern
        self.folder = Path()
        self.harmed: list[str] = []

    def gather(self, promises, label, *_, **__):
        if label == self.after and not self.harmed:
            for path in self.folder.glob(f"*/{self.pattern}.safetensors"):
                path.write_bytes(path.read_bytes()[:-5])
                self.harmed.append(path.name)
        return promises


@pytest.mark.usefixtures("many_tasks")
@pytest.mark.parametrize(
    ("after", "pattern", "number"),
    [
        ("Reading", "words/*", 1),
        ("Reading", "text/*", 13),
        ("Counting", "tokens/3", 1),
        ("Counting", "degrees/*", 1),
        ("Summing neighbours", "pass-1-sums-*/*", 15),
        ("Whitening", "pass-1-summed/*128", 1),
    ],
)
def test_damaged_files_are_made_again(tmp_path: Path, table: Vectors, after, pattern, number) -> None:
    path = jsonl(tmp_path / "a.jsonl", sentences(300))
    first = clustered([path], tmp_path / "work", table)
    engine = Harming(after, pattern)
    engine.folder = tmp_path / "other"
    again = refine_on_cluster(
        [str(path)], table, Settings(history="none"), engine, str(engine.folder), cut=CUT
    )
    assert len(engine.harmed) == number
    assert again.vectors.vectors.tobytes() == first.vectors.vectors.tobytes()
    assert contents(again) == contents(first)
    if "summed" not in pattern:
        assert not list(engine.folder.glob("*/pass-*-sums-*"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("method", "paper"),
        ("method", "online"),
        ("operator", "counts"),
        ("operator", "ppmi"),
        ("phrases", "auto"),
        ("history", "epoch"),
        ("tagger", "en_core"),
        ("slice", "year"),
    ],
)
def test_what_needs_the_text_in_one_place_is_refused(option: str, value: str) -> None:
    with pytest.raises(OptionError, match=f"^{option}: {value} .* not available on a cluster; [^\n]+$"):
        refine_on_cluster(["nothing"], "none", Settings(**{option: value}), Here(), "nowhere")


def test_a_start_that_is_trained_on_the_text_is_refused(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", sentences(30))
    with pytest.raises(OptionError, match=r"^vectors: vectors by svd are trained with all of the text"):
        clustered([path], tmp_path / "work", "svd")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--slice", "year"], "--slice: "),
        (["--slice", "corpus"], "--slice: "),
        (["--slice-field", "state"], "--slice-field: "),
        (["--vectors", "default", "--vectors", "none"], "--vectors: "),
        (["--method", "online"], "--method: "),
        (["--history", "every:3"], "--history: "),
        (["--operator", "counts", "--method", "decorrelated"], "; use the scan"),
    ],
)
def test_the_command_refuses_in_one_line(tmp_path: Path, capsys, options, named: str) -> None:
    (tmp_path / "a.txt").write_text("hail fell\n")
    output = ["-o", str(tmp_path / "run"), "--cluster", "tcp://127.0.0.1:9"]
    assert main(["refine", str(tmp_path / "a.txt"), *output, *options]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert named in error
    assert not list(tmp_path.glob(".run*"))


def test_only_a_cluster_writes_to_a_url(tmp_path: Path, capsys) -> None:
    assert main(["refine", str(tmp_path), "-o", "s3://bucket/run"]) == 2
    assert "--output: s3://bucket/run is a URL, which only a cluster writes" in capsys.readouterr().err


def test_bad_input_is_named(tmp_path: Path) -> None:
    for name, rule in (("-", "standard input"), (str(tmp_path / "no"), "no such file")):
        with pytest.raises(CorpusError, match=rule):
            clustered([name], tmp_path / "work", "none")
    lines = jsonl(tmp_path / "a.jsonl", sentences(300)).read_text().splitlines()
    lines[250] = '{"text": 5}'
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    with pytest.raises(CorpusError, match=r"a\.jsonl \(from byte \d+\):\d+: field 'text': text is a string"):
        clustered([tmp_path / "a.jsonl"], tmp_path / "work", "none")
    skipping = clustered(
        [tmp_path / "a.jsonl"], tmp_path / "other", "none", rows=RowOptions(skip_bad_rows=True)
    )
    assert skipping.provenance["corpus"]["bad_rows"] == 1
    (tmp_path / "noaa.csv").write_text("EPISODE_NARRATIVE,EVENT_NARRATIVE\na,b\n")
    with pytest.raises(CorpusError, match="repeated texts"):
        clustered([tmp_path / "noaa.csv"], tmp_path / "more", "none")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no parquet PAR1")
    with pytest.raises(CorpusError, match="not a sound Parquet file"):
        find_shards([str(tmp_path / "bad.parquet")])


def test_the_work_of_tasks_depends_on_the_number_of_shards_alone(monkeypatch) -> None:
    monkeypatch.setattr(shards, "MOST_TASKS", 10)
    assert shards.task_ranges(5, 2) == [(0, 2), (2, 4), (4, 5)]
    assert len(shards.task_ranges(95, 2)) == 10


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_makes_the_same_bytes(tmp_path: Path, table: Vectors) -> None:
    pytest.importorskip("distributed")
    path = jsonl(tmp_path / "a.jsonl", sentences(300))
    expected = clustered([path], tmp_path / "here", table)
    with dask_engine("local", workers=1) as engine:
        run = refine_on_cluster([str(path)], table, Settings(), engine, str(tmp_path / "work"), cut=CUT)
        lines: list[str] = []
        engine.progress = LineProgress(lines.append, every=0.3)
        shares = Share("shards 0–3", 4), Share("shards 4–7", 4)
        naps = [engine.submit(sleep, n, share=share) for n, share in zip((0.1, 1), shares, strict=True)]
        engine.gather(naps, "Reading", unit="shards")
    assert run.vectors.vectors.tobytes() == expected.vectors.vectors.tobytes()
    pattern = r"Reading: 50 %, \d s left; 4 of 8 shards done; tcp://127\.0\.0\.1:\d+ has shards 4–7"
    assert re.fullmatch(pattern, lines[-1]), lines
    said = run.provenance["cluster"]
    assert {re.sub(r"\d+$", "", shard["worker"]) for shard in said["shards"]} == {f"{platform.node()}:"}
    assert re.match(r"dask 20\d\d", said["engine"])
    assert (said["workers"], said["tasks"]) == (1, len(said["shards"]) // 2 + len(said["shards"]) % 2)
