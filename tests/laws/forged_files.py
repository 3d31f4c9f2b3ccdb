"""For each array of a run and of its indexes, the file is forged, sealed, opened and used.

Run with a folder and a number: each nth forgery of an array is tried, others of each array, and its type.
Prints a line for each: its file, array and kind, and what came of it. It is a process of its own
because what trusts such numbers may write anywhere.
"""

import hashlib
import json
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numba  # noqa: F401 - kernels are compiled then, not interpreted
import numpy as np
from tests.damage import sealed_again

import selfvec
from selfvec.analysis.comparison.recurring import without_quotations
from selfvec.base.errors import FormatError
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.files.checksums import seal
from selfvec.files.tensors import map_tensors, read_metadata, write_tensors
from selfvec.retrieval import index as runs
from selfvec.text.repeats import repeats_of

STEP = int(sys.argv[2]) if __name__ == "__main__" else 1
QUESTIONS = ("hail on a roof", "tsunami", '"storm hail" -snow')
WORDS = ["hail", "roof", "wind", "tree", "river", "flood", "road", "snow", "ice", "power", "line", "barn"]


def encoder(texts: list[str]) -> list[list[float]]:
    return [[1.0, float(len(text)), float(text.count("hail"))] for text in texts]


def rows(names: range, more: str = "") -> list[dict[str, str]]:
    """Documents of some words; some are long enough to have passages, and some have a field or a date."""
    draw = np.random.default_rng(names.start)
    out = []
    for n in names:
        words = " ".join(draw.choice(WORDS, 300 if n % 8 == 0 else 9).tolist())
        dated = {"date": f"199{n % 10}-04-01"} if n % 3 else {}
        out.append(
            {"id": f"d{n}", "text": f"storm {words} {more}", "state": "IOWA" if n % 2 else "OHIO", **dated}
        )
    return out


def made(folder: Path) -> None:
    """A run with a cached index, documents that came later, and some that are gone."""
    runs._FEW = 1  # so that the index of few documents is kept
    how = {"encoder": encoder, "slice_field": "state", "jobs": 1}
    selfvec.refine(rows(range(40)), "none", "decorrelated", output=folder, **how)
    run = selfvec.open(folder)
    run.add(rows(range(50, 60), "a tsunami came"))
    run.delete(["d3", "d51"])
    used(folder)


def asked(index: selfvec.Index) -> list[list[str]]:
    found = []
    for mode, questions in (("hybrid", QUESTIONS), ("bm25", QUESTIONS[2:]), ("dense", QUESTIONS[:1])):
        for question in questions:
            hits = index.search(question, 9, mode=mode, filter=["state=IOWA"]).hits
            found.append([f"{hit.id} {hit.date} {hit.snippet}" for hit in hits])
    index.documents.ordered("newest")
    return found


def used(folder: Path) -> list[list[str]]:
    """What a run answers; whatever its files hold is used."""
    run = selfvec.open(folder)
    answers = asked(runs.run_index(run))
    run.present.tokens.part(np.array([0, 1]))
    selfvec.similar(run, "hail")
    selfvec.trajectory(run, "hail")
    selfvec.dispersion(run, "hail")
    selfvec.collocates(run, "hail", repeats="once")
    without_quotations(run.present)
    encoded_texts_of(run.present)
    repeats_of(run.present)
    return answers


def forgeries(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays that could stand in the place of one."""
    chance = np.random.default_rng(3)
    other = {"i": np.float32, "u": np.int64, "f": np.int64}[array.dtype.kind]
    yield "dtype", array.astype(other)
    yield "shape", array[None]
    if not len(array):
        return
    yield "shorter", array[:-1]
    yield "longer", np.concatenate([array, array[-1:]])
    yield "shuffled", chance.permutation(array)
    about = np.finfo(array.dtype) if array.dtype.kind == "f" else np.iinfo(array.dtype)
    odd = [about.min, about.max] if array.dtype.kind != "f" else [np.nan, np.inf]
    for name, value in [("least", odd[0]), ("most", odd[1]), ("negative", -1), ("next", array.max() + 1)]:
        if array.dtype.kind == "u" and name == "negative":
            continue
        for part, place in (("all", ...), ("last", -1)):
            with np.errstate(over="ignore"):
                changed = np.array(array)
                changed[place] = np.asarray(value).astype(array.dtype)
            yield f"{name} {part}", changed


def forged(path: Path, seal_again: Callable[[], object], use: Callable[[], object], only: str = "") -> None:
    """Use each forgery of each array of a file, or of one; the file is then what it was."""
    content, about = path.read_bytes(), read_metadata(path)
    tensors = {name: np.array(tensor) for name, tensor in map_tensors(path).items()}
    for number, (name, tensor) in enumerate(tensors.items()):
        if only not in ("", name):
            continue
        for turn, (kind, other) in enumerate(forgeries(tensor)):
            if turn and (turn + number) % STEP:
                continue
            path.unlink()  # it may be mapped
            write_tensors(path, {**tensors, name: other}, about)
            seal_again()
            place = f"{path.parent.name.partition('-')[0]}/{path.name}"
            print(place, name, kind, sep=" | ", end=" | ", flush=True)
            try:
                print("answered", use(), sep=" | ")
            except FormatError as error:
                assert None not in (error.path, error.remedy), error
                print(type(error).__name__, error.rule, sep=" | ")
    path.unlink()
    path.write_bytes(content)
    seal_again()


def reseal(folder: Path, description: str) -> None:
    """Seal an index or an entry of the cache again, with the checksums of its files as they are now."""
    described = json.loads((folder / description).read_text())
    del described["sha256"]
    for name in described["files"]:
        content = (folder / name).read_bytes()
        described["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / description).write_bytes(seal(described, indent=1))


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")  # numbers that are no numbers
    runs._FEW = 1
    run = folder / "run"
    made(run)
    right = used(run)

    bare = selfvec.refine(rows(range(40)), "none", "decorrelated", output=folder / "bare", jobs=1)
    runs.run_index(bare)
    for made_of, only in (run, ""), (folder / "bare", "general"):  # which an index with an encoder lacks
        (entry,) = made_of.glob("cache/search-*")
        index = folder / "index" / made_of.name / "index"
        shutil.copytree(entry, index)
        forged(
            index / "arrays.safetensors",
            partial(reseal, index, "index.json"),
            partial(lambda opened: bool(asked(selfvec.Index.open(opened))), index),
            only,
        )
    for name, file in (
        ("segment", "arrays"),
        ("topics", "vectors"),
        ("words", "ids"),
        ("student", "student"),
    ):
        for entry in run.glob(f"cache/{name}-*"):
            kept = folder / "kept"
            shutil.copytree(entry, kept)

            def again(entry: Path = entry) -> None:
                reseal(entry, "result.json")

            def answer(entry: Path = entry, kept: Path = kept) -> bool:
                same = used(run) == right
                shutil.rmtree(entry)
                shutil.copytree(kept, entry)
                return same

            forged(entry / f"{file}.safetensors", again, answer)
            shutil.rmtree(kept)
    shutil.rmtree(run / "cache")
    for path in sorted(run.rglob("*.safetensors")):
        forged(path, lambda: sealed_again(run), lambda: bool(used(run)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
