"""`verify` finds a flipped bit in any file, and `info` says what a folder holds and where its text is."""

import json
import random
import re
import shutil
from pathlib import Path

import pytest
from tests.commands import ran
from tests.damage import described_otherwise
from tests.refusals import refused

import selfvec
from selfvec.apps.functions.inspection import HELD, info, verify
from selfvec.base.errors import FormatError, InputError
from selfvec.files.checksums import is_sealed, seal
from selfvec.storage.run_folder import open_run

TEXTS = ["text-2.parquet", "text.parquet", "tokens-2.safetensors", "tokens.safetensors"]
SOURCES = Path(selfvec.__file__).parent
CACHED = re.compile(
    r'\b(?:cached|cached_result|kept_result)\(\s*\w+,\s*"(\w+)"'
)  # what is kept in a run's cache


@pytest.fixture(scope="module")
def made(own: Path, storms: list[str]) -> Path:
    """A run with two states and all that a own can hold, and an encoder."""
    rows = [{"text": f"{text} of {i}", "date": f"{1990 + i % 2}-05-01"} for i, text in enumerate(storms)]
    lines = [json.dumps(row) + "\n" for row in rows]
    for name, part in (("first", lines[:230]), ("storms", lines)):
        (own / f"{name}.jsonl").write_text("".join(part))
    run = str(own / "run")
    how = {"method": "decorrelated", "stem": "en", "slice": "year"}
    selfvec.refine(own / "first.jsonl", output=run, **how)
    ran(["update", run, own / "storms.jsonl"])
    for command in ("search {} hail", "drift {}", "similar {} hail --as replacement"):
        ran(command.format(run).split())
    selfvec.Encoder.of(open_run(run)).save(own / "encoder")
    return own


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "run", tmp_path / "run")
    return tmp_path / "run"


def files_of(folder: Path) -> list[Path]:
    """All files but the empty one that is locked."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")


def index_of(run: Path) -> Path:
    (index,) = run.glob("cache/search-*")
    return index


def flip(path: Path, at: float) -> None:
    content = bytearray(path.read_bytes())
    bit = int(at * 8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_what_was_written_is_verified(made: Path, run: Path) -> None:
    found = verify(run)
    assert found.damaged == found.unchecked == []
    assert found.files == len(files_of(run))
    parts = {path.name for path in run.iterdir()}
    assert {"repeats", "text.parquet", "previous.json", "cache"} <= parts
    assert {"repeats-2", "text-2.parquet", "history-2.safetensors"} <= parts
    for folder, kind in ((index_of(run), "index"), (made / "encoder", "encoder")):
        assert (verify(folder).kind, verify(folder).damaged) == (kind, [])


def test_a_flipped_bit_is_found_in_any_file_wherever_it_is(made: Path, run: Path) -> None:
    chance = random.Random(5)
    for folder in (run, made / "encoder"):
        contents = {path: path.read_bytes() for path in files_of(folder)}
        descriptions = [[path] for path in contents if path.suffix == ".json"]  # these name the others
        for paths in [*descriptions, [path for path in contents if path.suffix != ".json"]]:
            for at in (0, 0.999999, chance.random()):
                for path in paths:
                    flip(path, at)
                found = {damage.file for damage in verify(folder)}
                assert set(map(str, paths)) <= found, (paths, at)
                for path in paths:
                    path.write_bytes(contents[path])
    assert verify(run).damaged == []


def test_every_damaged_file_is_named_and_the_exit_status_says_so(run: Path) -> None:
    assert "all as they were written" in ran(["run", "verify", run]).out
    flip(run / "vocabulary.txt", 0.5)
    index = index_of(run).relative_to(run)
    flip(run / index / "arrays.safetensors", 0.5)
    (run / "history-2.safetensors").unlink()
    (run / "note.txt").write_text("mine")
    found = ran(["run", "verify", run, "--json"], 1).json
    names = ["vocabulary.txt", "history-2.safetensors", f"{index}/arrays.safetensors"]
    assert sorted(one["file"] for one in found["damaged"]) == sorted(str(run / name) for name in names)
    assert found["unchecked"] == [str(run / "note.txt")]
    assert "history-2.safetensors: is missing" in "".join(ran(["run", "verify", run], 1).out.split("\n"))


def test_what_has_no_checksums_is_no_run(run: Path, tmp_path: Path) -> None:
    refused(lambda: verify(tmp_path), InputError, "is not a run folder")
    described = json.loads((run / "run.json").read_text())
    del described["files"], described["sha256"]
    (run / "run.json").write_text(json.dumps(described))
    refused(lambda: open_run(run), FormatError, r"run\.json: has changed since it was written")
    assert Path(verify(run)[0].file).name == "run.json"


def test_a_path_that_leads_out_of_the_folder_is_not_read(run: Path, tmp_path: Path) -> None:
    entry = json.loads((run / "run.json").read_text())["files"]["vocabulary-2.txt"]
    described_otherwise(run, files={"../secret": entry, str(tmp_path / "secret"): entry})
    (tmp_path / "secret").write_text("secret")
    assert {one.rule for one in verify(run)} == {"is not a file of this folder"}
    refused(lambda: open_run(run), FormatError, r"secret: is not a file of this folder; make the run again")


@pytest.mark.parametrize("name", ["text-2.parquet", "repeats-2/repeats.safetensors", "repeats-2"])
def test_links_are_not_followed(run: Path, tmp_path: Path, name: str) -> None:
    (run / name).rename(tmp_path / "away")
    (run / name).symlink_to(tmp_path / "away")
    rule = "is a link, or in one"
    refused(lambda: open_run(run), FormatError, rf"{name}.*: {rule}; make the run again")
    assert {one.rule for one in verify(run)} == {rule}


def test_a_file_that_run_json_does_not_name_is_not_read(run: Path) -> None:
    files = json.loads((run / "run.json").read_text())["files"]
    for name, read in (("history-2.safetensors", False), ("vectors-2.safetensors", True)):
        described_otherwise(run, files={key: entry for key, entry in files.items() if key != name})
        if read:
            refused(
                lambda: open_run(run), FormatError, r"run\.json: names no vectors-2.*; make the run again"
            )
        else:
            assert open_run(run).history is None


def test_a_seal_covers_every_byte() -> None:
    content = seal({"a": "0" * 64, "b": {"sha256": "x"}}, indent=1)
    assert is_sealed(content)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 4
        assert not is_sealed(bytes(changed)), place
    assert not is_sealed(b"")


def test_info_says_what_a_run_holds_and_where_its_text_is(run: Path) -> None:
    found = info(run)
    kinds = "sentences", "sides", "words"
    kept = [*run.glob("cache/events-*"), *run.glob("cache/passages-*"), index_of(run)]
    kept += [path for kind in kinds for path in run.glob(f"cache/{kind}-*")]
    texts = [*(path.relative_to(run).as_posix() for path in kept), *TEXTS]
    assert (found.kind, found.text) == ("run", texts)
    assert found.bytes == sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert all(file.holds for file in found)
    keys = {key for path in SOURCES.rglob("*.py") for key in CACHED.findall(path.read_text("utf-8"))}
    assert len(keys) > 7
    assert {f"cache/{key}" for key in keys} <= {*HELD}
    assert found.about["dates"] == ["1990-05-01", "1991-05-01"]
    assert found.about["documents"] == 240
    assert ran(["run", "info", run, "--json"]).json["provenance"]["method"] == "decorrelated"
    shown = " ".join(ran(["run", "info", run]).out.split())
    assert f"can be read from: {', '.join(texts)}" in shown
    assert "storms.jsonl" in shown.replace(" ", "")  # long paths are folded


def test_info_of_an_index_an_encoder_and_vectors(made: Path, run: Path, tmp_path: Path) -> None:
    assert info(index_of(run)).about["documents"] == 240
    assert info(index_of(run)).text == ["arrays.safetensors"]
    assert info(made / "encoder").kind == "encoder"
    selfvec.save(open_run(run).vectors, tmp_path / "a.vec")
    found = info(tmp_path / "a.vec")
    assert (found.kind, found.about["format"], found.text) == ("vectors", "word2vec-text", [])
    assert found.about["words"] == len(open_run(run).vectors)
    facts = [row["name"] for row in found.view().parts[0].rows]
    assert facts == ["format", "words", "dimensions", "dtype", "counts"]
    for path in (made / "encoder", tmp_path / "a.vec"):
        assert "Documents" not in ran(["run", "info", path]).out
    ran(["run", "info", tmp_path / "nothing"], 2)
