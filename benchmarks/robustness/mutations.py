"""Damaged files: each reader gives an answer or one of Selfvec's errors, within bounds of time and memory.

A worker is a process with a bound on its memory. It damages one file of a sound input, reads the input,
and puts the file back. A worker that dies leaves the damaged file behind.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from tests.corpus.corpus_reader import COMPRESSIONS
from tests.damage import damaged
from tests.lab.language_models import word_piece
from tests.storage.formats import format_tables

import selfvec
from selfvec.apps.functions.inspection import verify
from selfvec.base.errors import SelfvecError
from selfvec.corpus import Corpus
from selfvec.lab.evaluation import words
from selfvec.lab.evaluation.retrieval import read_collection
from selfvec.retrieval import Index
from selfvec.retrieval.encoder import Encoder
from selfvec.storage.alignment_files import read_dictionary
from selfvec.storage.formats import FORMATS, load, save
from selfvec.text.tokenizers import tokenizer

SECONDS = 20  # of one read, on a busy machine
MEMORY = 1 << 30  # bytes that a worker may take beyond what it has


@dataclass(frozen=True)
class Reader:
    """Something that is read, and the files it consists of."""

    name: str
    path: Path
    read: Callable[[Path], object]
    files: list[Path] = field(default_factory=list)

    def parts(self) -> list[Path]:
        """The files that are damaged."""
        below = sorted(path for path in self.path.rglob("*") if path.is_file()) if self.path.is_dir() else []
        return self.files or below or [self.path]


@dataclass
class Outcome:
    """What came of some damaged files."""

    counts: Counter[str] = field(default_factory=Counter)  # by reader and "answer" or "error"
    faults: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


def readers(folder: Path, run: Path, index: Path, encoder: Path) -> list[Reader]:
    """A small sound input for every reader."""
    made = [*_tables(folder), *_corpora(folder), *_task_files(folder)]
    for name, path, read in (
        ("run", run, _open_run),
        ("index", index, _search),
        ("encoder", encoder, _encode),
    ):
        sealed = folder / name
        shutil.copytree(path, sealed)
        made += [Reader(name, sealed, read), Reader(f"verify {name}", sealed, verify)]
    return made


def _tables(folder: Path) -> Iterator[Reader]:
    for row in FORMATS:
        place = folder / f"table-{row.name}"
        place.mkdir()
        if row.name == "run":
            continue
        if row.name == "fasttext":
            path = place / "a.bin"
            rows = np.random.default_rng(1).standard_normal((56, 3)).astype(np.float32)
            path.write_bytes(format_tables.fasttext_model(rows))
        elif row.name == "compressed":
            path = place / "table"
            save(format_tables.table(), path, "safetensors", "int8")
        elif row.write:
            path = format_tables.written(row, place)
        else:
            continue
        yield Reader(f"vectors: {row.name}", path, load, format_tables.parts(path))
        if path.is_file() and row.name in ("word2vec", "word2vec-text", "glove"):
            for suffix, pack in COMPRESSIONS.items():
                packed = place / f"packed{suffix}"
                packed.write_bytes(pack(path.read_bytes()))
                yield Reader(f"vectors: {row.name}{suffix}", packed, load)


def _corpora(folder: Path) -> Iterator[Reader]:
    rows = [{"id": str(i), "date": f"20{i:02}-03-04", "text": f"Hail « {i} » fell"} for i in range(12)]
    table = pl.DataFrame(rows)
    texts = {
        "txt": "\n".join(row["text"] for row in rows),
        "csv": table.write_csv(),
        "tsv": table.write_csv(separator="\t"),
        "jsonl": table.write_ndjson(),
    }
    for kind, text in texts.items():
        for suffix, pack in COMPRESSIONS.items():
            path = folder / f"corpus.{kind}{suffix}"
            path.write_bytes(pack(text.encode()))
            yield Reader(f"corpus: {kind}{suffix}", path, _documents)
    path = folder / "corpus.parquet"
    table.with_columns(day=pl.col("date").str.to_date()).write_parquet(path)
    yield Reader("corpus: parquet", path, _documents)
    many = folder / "texts"
    many.mkdir()
    for row in rows[:3]:
        (many / f"{row['id']}.txt").write_text(row["text"])
    yield Reader("corpus: folder", many, _documents)


def _task_files(folder: Path) -> Iterator[Reader]:
    files: tuple[tuple[str, str, Callable[[Path], object]], ...] = (
        ("similarity", "hail\tice\t7.5\nstorm\twind\t6\n", words.read_pairs),
        ("analogies", ": capital\nParis France Rome Italy\na b c d\n", words.read_questions),
        ("dictionary", "hail\tHagel\nstorm\tSturm\n", read_dictionary),
    )
    for name, text, read in files:
        path = folder / f"{name}.tsv"
        path.write_text(text)
        yield Reader(f"task: {name}", path, read)
    beir = folder / "beir"
    (beir / "qrels").mkdir(parents=True)
    (beir / "corpus.jsonl").write_text('{"_id": "1", "title": "Hail", "text": "fell"}\n' * 1)
    (beir / "queries.jsonl").write_text('{"_id": "q", "text": "what fell?"}\n')
    (beir / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\t1\t1\n")
    yield Reader("task: retrieval", beir, read_collection)
    pieces = folder / "tokenizer.json"
    word_piece(["[UNK]", "hail", "fell", "##s"]).save(str(pieces))
    yield Reader("tokenizer", pieces, tokenizer)


def _documents(path: Path) -> object:
    return [len(batch) for batch in Corpus.open(path, skip_bad_rows=path.stat().st_size % 2 == 0).batches()]


def _open_run(path: Path) -> object:
    run = selfvec.open_run(path)
    word = run.vectors.index_to_key[2]
    run.similar(word)
    run.trajectory(word)
    return run.tokens, run.health()


def _search(path: Path) -> object:
    found = Index.open(path).search("bababa dodo kilumo", 3)
    return [hit.as_dict() if hasattr(hit, "as_dict") else hit for hit in found.hits]


def _encode(path: Path) -> object:
    return Encoder.open(path).encode(["bababa dodo", ""])


def worker(inputs: list[Reader], seed: int, count: int, folder: Path) -> None:
    """Damage and read ``count`` times; write the outcome as JSON."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 4 * MEMORY, -1))
    chance, outcome, at = random.Random(seed), Outcome(), folder.with_suffix(".at")
    signal.signal(signal.SIGALRM, _too_long)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        reader = inputs[number % len(inputs)]
        parts = reader.parts()
        file = parts[chance.randrange(len(parts))]
        content = file.read_bytes()
        file.write_bytes(damaged(file.name, content, chance))
        if number % 100 == 0:
            at.write_text(f"{number} of {count}, seed {seed}\n" + "\n".join(outcome.faults))
        began = time.perf_counter()
        signal.alarm(SECONDS)
        try:
            reader.read(reader.path)
            kind = "answer"
        except SelfvecError as error:
            kind = "error" if "\n" not in str(error) else "fault"
        except BaseException as error:
            kind = "fault"
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            what = f"{reader.name}: {type(error).__name__} at {where}: {error}"
            outcome.faults[what[:200].replace("\n", " ")] += 1
            shutil.copyfile(file, folder.parent / "faults" / f"{seed}-{number}-{file.name}")
        signal.alarm(0)
        outcome.slowest = max(outcome.slowest, time.perf_counter() - began)
        outcome.counts[f"{reader.name}|{kind}"] += 1
        _put_back(file, content)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if grown > MEMORY >> 10:
            outcome.faults[f"{reader.name}: memory grew by {grown >> 10} MB"] += 1
            before += grown
    report = [outcome.counts, outcome.faults, outcome.slowest]
    folder.with_suffix(".json").write_text(json.dumps(report))


def _put_back(file: Path, content: bytes) -> None:
    """As a new file: the damaged one may be mapped still."""
    fresh = file.with_name(file.name + ".sound")
    fresh.write_bytes(content)
    fresh.replace(file)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"took more than {SECONDS} s")


def run_mutations(place: Path, made: dict[str, Path], count: int, workers: int, seed: int) -> Outcome:
    """Read ``count`` damaged files in several processes, started anew since Polars does not stand a fork."""
    total, started = Outcome(), []
    (place / "faults").mkdir()
    for number in range(workers):
        folder = place / f"mutations-{number}"
        folder.mkdir()
        inputs = [str(made[name]) for name in ("run", "index", "encoder")]
        command = [sys.executable, "-m", __spec__.name, folder, str(seed + number), str(count // workers)]
        # Panics of Rust libraries, which become errors, are printed too.
        started.append((subprocess.Popen([*command, *inputs], stderr=subprocess.DEVNULL), folder))
    for process, folder in started:
        report = folder.with_suffix(".json")
        if process.wait() or not report.exists():
            what = f"a process died with status {process.returncode}: {folder.with_suffix('.at').read_text()}"
            total.faults[what] += 1
            continue
        counts, faults, slowest = json.loads(report.read_text())
        total.counts.update(counts)
        total.faults.update(faults)
        total.slowest = max(total.slowest, slowest)
    return total


if __name__ == "__main__":  # a worker that `run_mutations` started
    place, seed, count, *made = sys.argv[1:]
    worker(readers(Path(place), *map(Path, made)), int(seed), int(count), Path(place))
