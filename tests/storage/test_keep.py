"""What a run keeps, text, tokens or nothing: what works then, what is said, and that nothing else is kept."""

import random
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.commands import ran
from tests.examples import soaked
from tests.json_lines import write_lines

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.stores import passage_rows

KEEPS = ("text", "tokens", "nothing")
SUBJECTS = [[f"{a}{b}" for b in ("ban", "cor", "dim", "fel", "gos", "hul", "jin")] for a in "pqrst"]
SUBJECTS[0][:2] = ["hail", "wind"]


def rows(number: int, seed: int = 0) -> list[dict[str, str]]:
    """Documents about one of five subjects, in two years and two places."""
    chance, found = random.Random(seed), []
    for i in range(number):
        words = " ".join(chance.choices(SUBJECTS[i % 5], k=9))
        row = {"id": f"{seed}-{i}", "text": f"{words.capitalize()}.", "date": f"20{i // 2 % 2}0-05-01"}
        found.append(row | {"place": "IOWA" if i % 3 else "OHIO", "size": str(i)})
    return found


def refined(path: Path, keep: str, output: Path | None = None, seed: int = 0) -> Run:
    lines = [",".join(row.values()) for row in rows(120, seed)]
    path.write_text("\n".join(["id,text,date,place,size", *lines]))
    options = {"method": "decorrelated", "window": 5, "slice": "year", "repeats": "keep"}
    return selfvec.refine(path, "none", output=output, keep=keep, **options)


NEEDED: dict[str, tuple[str, Callable[[Run], object]]] = {
    "search": ("text", lambda run: run.search("hail").hits[0]),
    "update": ("text", lambda run: run.update(["hail fell"])),
    "withdraw": ("text", lambda run: run.update(withdraw="0-1")),
    "merge": (
        "text",
        lambda run: selfvec.merge([run, refined(run.folder.with_name("more.csv"), "text", seed=1)]),
    ),  # type: ignore[union-attr]
    "topics by field": ("text", lambda run: run.topics(2, by="place")),
    "drift of a field": ("text", lambda run: run.drift(slice_field="place", permutations=20)),
    "passages": ("text", lambda run: passage_rows(run.present)),
    "topics": ("tokens", lambda run: run.topics(2)),
    "topics by year": ("tokens", lambda run: run.topics(2, by="year")),
    "drift of slices": ("tokens", lambda run: run.drift(["2000", "2010"])),
    "senses": ("tokens", lambda run: run.senses("hail")),
    "why": ("tokens", lambda run: run.why("hail", "wind")),
    "graph": ("tokens", lambda run: run.graph()),
    "phrases": ("tokens", lambda run: run.phrases()),
    "replacements": ("tokens", lambda run: run.similar("hail", as_="replacement")),
    "monitor": ("nothing", lambda run: run.monitor([row["text"] for row in rows(40, 2)])),
    "similar": ("nothing", lambda run: run.similar("hail")),
    "drift": ("nothing", lambda run: run.drift()),
    "health": ("nothing", lambda run: run.health()),
    "verify": ("nothing", lambda run: selfvec.verify(str(run.folder))),
    "info": ("nothing", lambda run: selfvec.info(str(run.folder)).files),
}


@pytest.fixture(scope="module")
def runs(own: Path) -> dict[str, Run]:
    """A run for each value of ``keep``."""
    return {keep: refined(own / "rows.csv", keep, own / keep) for keep in KEEPS}


@pytest.mark.parametrize("feature", NEEDED)
@pytest.mark.parametrize("keep", KEEPS)
def test_each_feature_works_or_says_what_is_missing(keep: str, feature: str, runs: dict[str, Run]) -> None:
    needed, use = NEEDED[feature]
    if KEEPS.index(keep) <= KEEPS.index(needed):
        assert use(runs[keep]) is not None
        return
    with pytest.raises(InputError) as error:
        use(runs[keep])
    said = str(error.value)
    missing = {"tokens": "text", "nothing": "(text|tokens)"}[keep] if needed == "text" else needed
    assert re.search(f"the run has not kept its {missing}, ", said)
    assert said.endswith("; refine again, with the default of keep")
    assert error.value.message(flags=True).endswith("; refine again, with the default of --keep")
    assert "\n" not in said


def test_the_folder_holds_what_is_kept_and_vectors_are_the_same(runs: dict[str, Run]) -> None:
    for keep, run in runs.items():
        names = {path.name for path in run.folder.iterdir()}
        assert ("text.parquet" in names) == (keep == "text")
        assert ("tokens.safetensors" in names) == (keep != "nothing")
        assert (run.vectors.vectors == runs["text"].vectors.vectors).all()
        assert selfvec.info(str(run.folder)).about["keeps"] == keep


def test_an_example_is_the_sentence_or_the_words_around(runs: dict[str, Run]) -> None:
    whole, words = (runs[keep].drift(["2000", "2010"]).select(1).illustrate(runs[keep]) for keep in KEEPS[:2])
    assert whole.rows[0]["examples_a"][0] in {row["text"] for row in rows(120)}
    assert words.rows[0]["examples_a"][0].islower()


@pytest.mark.parametrize(
    ("fields", "kept"), [(None, ["place", "size"]), ("place", ["place"]), (["size"], ["size"])]
)
def test_fields_are_kept_all_or_those_named(fields: Any, kept: list[str]) -> None:
    given = [{name: row[name] for name in ("id", "text", "place", "size")} for row in rows(9)]
    run = selfvec.refine(given, "none", "original", keep_fields=fields)
    assert run.text.fields == kept
    assert selfvec.refine(given, "none", "original").text.fields == ["place", "size"]
    grown = run.update([{"id": "x", "text": "rain fell", "place": "UTAH", "size": "9", "new": "y"}])
    assert set(grown.text.fields) == {*kept, *([] if fields else ["new"])}
    assert grown.text.field(kept[0])[-1] in ("UTAH", "9")


def test_wrong_values_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,place\nhail,IOWA\n")
    (line,) = ran(["refine", path, "-o", tmp_path / "run", "--keep-fields", "palce"], 2).err.splitlines()
    assert "palce" in line
    assert "place" in line
    assert not (tmp_path / "run").exists()


RARE = ("zanzibar", "quokka", "marmalade")  # words that are left out by --min-count, each in one document


@pytest.fixture
def corpus(tmp_path: Path, storms: list[str]) -> Path:
    texts = [*storms, *(f"{storms[i]} {word} secret" for i, word in enumerate(RARE))]
    rows = [{"id": f"r{i}", "text": t, "date": f"{1990 + i % 2}-05-01"} for i, t in enumerate(texts)]
    return write_lines(tmp_path / "reports.jsonl", rows)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()).lower()


def test_a_run_that_keeps_nothing_keeps_no_text_whatever_is_asked_of_it(tmp_path: Path, corpus: Path) -> None:
    run = tmp_path / "run"
    options = ["--keep", "nothing", "--min-count", "4", "--method", "decorrelated", "--slice", "year"]
    ran(["refine", corpus, "-o", run, *options])
    new = corpus.with_name("new.jsonl")
    new.write_text(corpus.read_text().replace("r1", "n1").replace("hail", "hail and ice"))
    for command in (["search", str(run), "hail"], ["update", str(run), str(new)]):
        assert "the run has not kept its text" in ran(command, 2).err
    for command in (
        f"similar {run} hail",
        f"drift {run}",
        f"run health {run}",
        f"text topics {run}",
        f"text phrases {run}",
        f"monitor {run} {new}",
    ):
        main(command.split())
    main(["export", str(run), "--to", "encoder"])
    kept = bytes_of(run)
    for piece in (*RARE, "golf ball size hail", "storm moved east", "hail broke windows"):
        assert piece.encode() not in kept, piece
    assert selfvec.info(run).text == []
    assert not {"tokens.safetensors", "text.parquet"} & {path.name for path in run.iterdir()}
    assert not list(run.glob("cache/search-*"))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


class NoConnection(socket.socket):
    """A socket of this machine only."""

    def __init__(self, family: int = socket.AF_INET, *arguments: Any, **named: Any) -> None:
        assert family not in (socket.AF_INET, socket.AF_INET6), "a connection"
        super().__init__(family, *arguments, **named)


def no_connection(*arguments: object, **named: object) -> None:
    raise AssertionError(f"a connection: {arguments}")


COMMANDS = (
    *("refine reports.jsonl -o run --slice year", "search run hail", "run verify run"),
    *("similar run hail --compare", "drift run", "run health run", "run info run", "text topics run"),
    *("update run reports.jsonl -o larger", "export run --to encoder", "export run --to word2vec"),
    "text phrases run",
)


@pytest.mark.parametrize("number", soaked([3, len(COMMANDS)], 3))
def test_commands_on_local_files_open_no_connection(
    number: int, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "socket", NoConnection)
    monkeypatch.setattr(socket, "create_connection", no_connection)
    monkeypatch.setattr(socket, "getaddrinfo", no_connection)
    for line in COMMANDS[:number]:
        assert main(line.split()) in (0, 1), line
