"""A seal says that a file is whole, not that it means well: whatever it holds, an answer or an error comes.

Never a signal, nor an error of a library. An entry of the cache is made again.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.examples import soaked
from tests.processes import PATIENCE

from selfvec.retrieval.build import POOL
from selfvec.retrieval.dense_space import SPACE
from selfvec.retrieval.documents import _FORMS as DOCUMENTS
from selfvec.retrieval.documents import ENCODED
from selfvec.retrieval.encoder_part import PART
from selfvec.storage.run_folder import ADDED_TOKENS, FORMS, HISTORY, ORIGINAL, REFINED, TOKENS

Outcomes = dict[tuple[str, str, str], list[str]]
ROOT = Path(__file__).parents[2]
OTHER = ("dtype", "shape")  # no array may have another one
IMPOSSIBLE = {  # numbers that are no place in another array
    "starts": ("least all", "most all", "next last", "negative last", "shorter"),
    "units": ("least all", "most all", "most last", "next all", "negative all", "shuffled"),
    "owners": ("least all", "most all", "negative last"),
    "ids ends": ("least all", "most last", "shuffled"),
    "texts ends": ("least all", "most last", "shuffled"),
    "field 0": ("least all", "most all", "next last"),
    "pool": ("least all", "most last", "negative all"),
    "days": ("most all",),
    "general": ("shorter", "longer", "most all", "least last"),
    "offsets": ("least all", "most last", "next last", "shuffled"),
}


@pytest.fixture(scope="module", params=soaked([20, 1], 20))
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What came of each nth forgery, by file, array and kind."""
    folder = str(tmp_path_factory.mktemp("forged"))
    command = [sys.executable, "-m", "tests.laws.forged_files", folder, str(request.param)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=False)
    last = done.stdout.splitlines()[-1:]
    assert done.returncode == 0, (done.returncode, last, done.stderr[-2000:])
    rows = [line.split(" | ") for line in done.stdout.splitlines()]
    return {(file, name, kind): said for file, name, kind, *said in rows}


def test_each_array_that_is_declared_is_forged(outcomes: Outcomes) -> None:
    forged = {(file, name) for file, name, _ in outcomes}
    assert {
        ("index/arrays.safetensors", name) for name in {**DOCUMENTS, **ENCODED, **SPACE, **POOL, **PART}
    } <= forged
    assert {("segment/arrays.safetensors", name) for name in DOCUMENTS} <= forged
    for file in (REFINED, ORIGINAL, HISTORY, TOKENS):
        needed = {name for name, form in FORMS[file].items() if not form.optional or file == TOKENS}
        assert {(f"run/{file}", name) for name in needed} <= forged
    added = {*FORMS[TOKENS], *FORMS[ADDED_TOKENS]} - {"slices"}
    assert {("run/added-2.safetensors", name) for name in added} <= forged
    files = {file for file, _ in forged}
    assert {"encoded/encoded.safetensors", "student/student.safetensors"} <= files
    assert {"words/ids.safetensors", "topics/vectors.safetensors", "run/deleted-3.safetensors"} <= files


def test_what_cannot_be_is_an_error_and_is_made_again_in_the_cache(
    outcomes: Outcomes,
) -> None:
    for (file, name, kind), said in outcomes.items():
        impossible = kind in OTHER or (kind in IMPOSSIBLE.get(name, ()))
        if impossible and file.partition("/")[0] in ("segment", "topics", "words", "student"):
            assert said == ["answered", "True"], (file, name, kind)  # the right answer
        elif impossible:
            assert said[0] == "FormatError", (file, name, kind)
