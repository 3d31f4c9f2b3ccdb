"""What is derived from a run and kept in its folder: one contract for everything that is kept there."""

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.commands import ran
from tests.damage import damaged, described_otherwise
from tests.examples import TIMES
from tests.heard import Heard
from tests.json_lines import write_lines
from tests.processes import PATIENCE

import selfvec
from selfvec.analysis.word_drift.drift import drift as measured_drift
from selfvec.apps.web.documents import points
from selfvec.apps.web.page_data import PageData
from selfvec.base.progress import Progress, shown
from selfvec.data.run import Run
from selfvec.files.checksums import write_sealed
from selfvec.refinement.derived_vectors import narrow_vectors
from selfvec.storage import cache as cache_module
from selfvec.storage.cache import CACHE, RESULT, cached, cached_result, read_result
from selfvec.storage.run_folder import open_run


def search(run: Run, progress: Progress, words: int = 120) -> Any:
    index = selfvec.run_index(run, progress=progress, cut=(words, 20))
    return [(hit.id, hit.score, hit.snippet) for hit in index.search("hail on roofs").hits]


def narrow(run: Run, progress: Progress) -> Any:
    with shown(progress):
        return narrow_vectors(run).vectors.tolist()


def learned(run: Run, progress: Progress) -> Any:
    return selfvec.Encoder.of(run, progress=progress).digest


def drift(run: Run, progress: Progress, seed: int = 0) -> Any:
    return measured_drift(run, permutations=20, seed=seed, progress=progress).as_dict()


def clusters(run: Run, progress: Progress, seed: int = 0) -> Any:
    return selfvec.topics(run, seed=seed, progress=progress).as_dict()


def page(run: Run, progress: Progress) -> Any:
    del progress  # the page has its own
    return points(PageData(run, jobs=1))


class Use(NamedTuple):
    ask: Callable[..., Any]  # of a run and a progress
    options: dict[str, Any]  # that make another entry


USES = {
    "search": Use(search, {"words": 40}),
    "narrow": Use(narrow, {}),
    "learned": Use(learned, {}),
    "drift": Use(drift, {"seed": 1}),
    "clusters": Use(clusters, {"seed": 1}),
    "page": Use(page, {}),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, storms: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("cached")
    rows = [{"text": f"{text} of {i}", "date": f"{1990 + i % 2}-05-01"} for i, text in enumerate(storms[:80])]
    write_lines(folder / "storms.jsonl", rows)
    options = ["--method", "decorrelated", "--slice", "year"]
    ran(["refine", folder / "storms.jsonl", "-o", folder / "run", *options])
    return folder / "run"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


class Kept(NamedTuple):
    folder: Path  # with one entry
    answer: Any


@pytest.fixture(scope="module")
def kept_once(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kept]:
    """A run with one entry and what it answers, by name; each is made once."""

    @cache
    def kept(name: str) -> Kept:
        folder = Path(shutil.copytree(made, tmp_path_factory.mktemp(name) / "run"))
        return Kept(folder, asked(name, folder)[0])

    return kept


@pytest.fixture
def kept(name: str, kept_once: Callable[[str], Kept], tmp_path: Path) -> Kept:
    """A copy of such a run."""
    folder, answer = kept_once(name)
    return Kept(Path(shutil.copytree(folder, tmp_path / "run")), answer)


@pytest.fixture(params=USES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(name: str, folder: Path, **options: Any) -> tuple[Any, str]:
    """An answer about a run that has just been opened, and what was said meanwhile."""
    heard = Heard()
    return USES[name].ask(open_run(folder), heard, **options), "\n".join(heard.said)


def entries(folder: Path, name: str) -> dict[str, int]:
    """The entries of a name, each with what changes if it is made again; nothing else is left beside them."""
    assert [path.name for path in (folder / CACHE).glob(".*")] == []
    return {path.name: path.stat().st_ino for path in (folder / CACHE).glob(f"{name}-*")}


def change(folder: Path, state: str) -> None:
    """Another state of the run, with the same words and vectors."""
    described_otherwise(folder, about=state)


def test_it_is_made_once_and_then_read(name: str, folder: Path) -> None:
    first, said = asked(name, folder)
    assert said == ""
    kept = entries(folder, name)
    assert len(kept) == 1
    assert asked(name, folder) == (first, "")
    assert entries(folder, name) == kept
    assert selfvec.verify(folder).damaged == selfvec.verify(folder).unchecked == []


def test_other_options_are_another_entry(name: str, kept: Kept) -> None:
    options = USES[name].options
    if not options:
        pytest.skip("has no options")
    before = entries(kept.folder, name)
    other, _ = asked(name, kept.folder, **options)
    assert asked(name, kept.folder, **options)[0] == other
    both = entries(kept.folder, name)
    assert len(both) == 2
    assert both.items() > before.items()


def test_another_state_of_the_run_is_another_entry_and_one_earlier_state_is_kept(
    name: str, folder: Path
) -> None:
    states = []
    for state in "abc":
        change(folder, state)
        asked(name, folder)
        states.append(entries(folder, name))
    first, second, third = states
    assert second.items() > first.items()
    assert set(third) & set(second) == set(second) - set(first)
    assert len(third) == 2
    change(folder, "b")  # as an undo does
    asked(name, folder)
    assert entries(folder, name) == third


def test_other_code_makes_it_again_and_what_the_former_made_is_gone(
    name: str, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = entries(kept.folder, name)
    monkeypatch.setattr("selfvec.storage.cache.code_digest", lambda *_: "another")
    assert asked(name, kept.folder) == (kept.answer, "")
    (now,) = entries(kept.folder, name)
    assert "-another-" in now
    assert now not in before


IMPORTED = {  # the modules of a package, and whether the first imports them
    "a.py": (True, "\nfrom selfvec.inner import (\n    b,\n    made,\n)"),
    "inner/__init__.py": (True, "\nfrom .c import made"),
    "inner/b.py": (True, "\nfrom numpy import array\ndef late():\n    from ..d import one"),
    "inner/c.py": (True, ""),
    "inner/e.py": (False, ""),
    "d.py": (True, ""),
    "made.py": (False, "\nfrom .a import late"),
}


@pytest.mark.parametrize("changed", IMPORTED)
def test_code_is_that_of_a_module_and_of_all_that_it_imports(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest() -> str:
        for known in (cache_module.code_digest, cache_module._source, cache_module._file):
            known.cache_clear()
        return cache_module.code_digest("selfvec.a", "tests.of_others")

    real = digest()
    (tmp_path / "selfvec" / "inner").mkdir(parents=True)
    for place, (_, content) in IMPORTED.items():
        (tmp_path / "selfvec" / place).write_text(content)
    with monkeypatch.context() as patched:
        patched.setattr(cache_module, "_ROOT", tmp_path)
        before = digest()
        with (tmp_path / "selfvec" / changed).open("a") as file:
            file.write("\n# another comment")
        assert (digest() != before) == IMPORTED[changed][0]
    assert digest() == real


def test_a_run_that_is_no_longer_in_its_folder_leaves_nothing(name: str, folder: Path) -> None:
    run = open_run(folder)
    change(folder, "new")
    USES[name].ask(run, Progress())
    assert not (folder / CACHE).exists()


def test_what_was_made_while_the_run_changed_is_not_kept(tmp_path: Path) -> None:
    """An update without undo has deleted what was derived from the state before."""
    folder = tmp_path / "run"

    def made() -> dict[str, Any]:
        selfvec.update(folder, withdraw=["3"], output=folder, no_undo=True)
        return {"text": "withdrawn"}

    def write(result: dict[str, Any], entry: Path) -> None:
        write_sealed(entry / RESULT, result)

    def write_late(result: dict[str, Any], entry: Path) -> None:
        write(result, entry)
        made()

    ids = [f"d{i}" for i in range(8)]
    selfvec.refine([{"id": one, "text": f"hail broke roof {one}"} for one in ids], "none", output=folder)
    for make, way in ((made, write), (lambda: {"text": "withdrawn"}, write_late)):
        selfvec.update(folder, [{"id": "3", "text": "withdrawn"}], output=folder)
        assert cached(open_run(folder), "some", [], make, way, read_result) == {"text": "withdrawn"}
        assert not (folder / CACHE).exists()


def changed(file: Path, chance: random.Random) -> bytes:
    """Other content of a file: any damage, or a value of a description that is possible, too."""
    content = file.read_bytes()
    if file.suffix != ".json" or chance.random() < 0.5:
        return damaged(file.name, content, chance)
    numbers = list(re.finditer(rb"(?<=[0-9.])[1-8](?=[0-9]*[,}\\s])", content))
    at = chance.choice(numbers).start() if numbers else len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_whatever_becomes_of_a_file_the_answer_is_that_without_a_cache(name: str, kept: Kept) -> None:
    folder, first = kept
    (entry,) = (folder / CACHE / one for one in entries(folder, name))
    chance = random.Random(name)
    for file in sorted(entry.iterdir()):
        content = file.read_bytes()
        for other in (b"", b"{}", *(changed(file, chance) for _ in range(TIMES))):
            file.unlink()  # it may be mapped
            file.write_bytes(other)
            again, said = asked(name, folder)
            assert again == first, file.name
            assert (
                other == content
                or name == "page"
                or "is damaged or of another version, so it is made again" in said
            )
            assert selfvec.verify(folder).damaged == []
        for instead in (
            None,
            Path.mkdir,
            getattr(os, "mkfifo", None),
        ):  # a read of a pipe would wait for ever
            file.unlink()
            if instead is not None:
                instead(file)
            assert asked(name, folder)[0] == first
            assert file.is_file()


@pytest.mark.parametrize("linked", ["cache", "entry"])
def test_a_link_is_neither_read_nor_written_through(name: str, kept: Kept, linked: str) -> None:
    folder, first = kept
    (entry,) = entries(folder, name)
    link = folder / CACHE if linked == "cache" else folder / CACHE / entry
    away = folder.with_name("away")
    link.rename(away)
    link.symlink_to(away)
    for file in away.rglob("*"):
        if file.is_file():
            file.write_bytes(b"theirs")
    before = sorted((str(path), path.stat().st_mtime_ns) for path in away.rglob("*"))
    again, said = asked(name, folder)
    assert again == first
    assert name == "page" or said.count("is a file, a link or belongs to another user") == 1
    assert link.is_symlink()
    assert sorted((str(path), path.stat().st_mtime_ns) for path in away.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_an_entry_of_another_user_is_not_used_but_one_of_the_owner_of_the_run_is(folder: Path) -> None:
    first, _ = asked("drift", folder)
    kept = entries(folder, "drift")
    (entry,) = kept
    os.chown(folder / CACHE / entry, 12345, -1)
    again, said = asked("drift", folder)
    assert again == first
    assert "belongs to another user" in said
    os.chown(folder, 12345, -1)
    assert asked("drift", folder) == (first, "")
    assert entries(folder, "drift") == kept


def test_what_cannot_be_kept_is_used_all_the_same(name: str, kept: Kept) -> None:
    folder, first = kept
    shutil.rmtree(folder / CACHE)
    (folder / CACHE).write_text("in the way")
    again, said = asked(name, folder)
    assert again == first
    assert name == "page" or "so the result is not kept" in said
    assert (folder / CACHE).read_text() == "in the way"


def test_a_full_disk_is_no_error(name: str, folder: Path, small_disk: None) -> None:
    del small_disk
    found, said = asked(name, folder)
    assert found
    if not (folder / CACHE).exists():  # else it was small enough
        assert name == "page" or "the result is not kept" in said


def test_a_run_in_memory_is_asked_without_a_word(name: str, kept: Kept) -> None:
    if name == "search":
        pytest.skip("its documents are looked for beside its folder")
    heard = Heard()
    run = open_run(kept.folder).present.replace(folder=None)
    assert USES[name].ask(run, heard) == kept.answer
    assert heard.said == []


COUNTED = """
import sys
from pathlib import Path
from selfvec.base.progress import LineProgress, shown
from selfvec.storage.cache import cached_result
from selfvec.storage.run_folder import open_run

def make():
    print("made", flush=True)
    sys.stdin.readline()
    return {"answer": 42}

with shown(LineProgress(lambda line: print(line, flush=True))):
    print(cached_result(open_run(sys.argv[1]), "slow", [], make)["answer"])
"""


def test_of_two_processes_one_makes_it_and_the_other_waits(folder: Path) -> None:
    command = [sys.executable, "-c", COUNTED, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as first, subprocess.Popen(command, **pipes) as second:
        lines = {first.stdout.readline(), second.stdout.readline()}
        assert lines == {"made\n", "slow: waiting for another process that makes it\n"}
        assert not list((folder / CACHE).glob("slow-*"))
        for one in (first, second):
            one.stdin.write("\n")
            one.stdin.flush()
        assert [one.communicate(timeout=PATIENCE)[0] for one in (first, second)] == ["42\n", "42\n"]
    assert len(entries(folder, "slow")) == 1


def test_two_entries_are_made_at_the_same_time(folder: Path) -> None:
    """One may need the other: the map of documents needs their index."""
    run = open_run(folder)

    def outer() -> dict[str, Any]:
        return {"of": cached_result(run, "inner", [], lambda: {"a": 1})}

    assert cached_result(run, "outer", [], outer) == {"of": {"a": 1}}


def test_a_stop_leaves_nothing_and_what_a_kill_left_is_removed(folder: Path) -> None:
    run = open_run(folder)

    def stopped() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_result(run, "some", [], stopped)
    assert not (folder / CACHE).exists()
    for left in (".some-0-0.partial-0123abcd", ".some-0-0.partial-00000000"):  # unfinished, and a lock
        (folder / CACHE / left).mkdir(parents=True)
    cached_result(run, "some", [], lambda: {"a": 1})
    assert len(entries(folder, "some")) == 1
