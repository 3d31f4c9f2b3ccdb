"""Compiled functions are kept on disk, call each other, and are compiled when they are first called."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import selfvec

CODE = """
import sys
import numpy as np
from selfvec.base.compiled import kernel

@kernel
def doubled(number):
    return 2 * number

@kernel
def double(numbers, out):
    for i in range(len(numbers)):
        out[i] = doubled(numbers[i])
    return len(numbers)

@kernel
def halved(numbers):
    return numbers / 2

if __name__ == "__main__":
    import doubling
    out = np.empty(3)
    assert "numba" not in sys.modules
    print(doubling.double(np.arange(3.0), out), out.tolist(), doubling.halved(out).tolist())
"""


def test_a_kernel_that_is_called_loads_numba_and_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "doubling.py").write_text(CODE)
    command = [sys.executable, tmp_path / "doubling.py"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    kept = []
    for _ in range(2):
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert said.stdout == "3 [0.0, 2.0, 4.0] [0.0, 1.0, 2.0]\n"
        kept.append({path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")})
    assert len(kept[0]) == 4  # each kernel and its index; a kernel that others call is kept with them
    assert kept[0] == kept[1]


VISITS = """
import sys
from selfvec.apps.cli import main
for command in (
    "similar run hail", "run info run", "run health run", "run trajectory run hail", "search run hail",
    "text topics run", "update run new.jsonl --vectors keep", "search run brand-new",
):
    assert main(command.split()) in (0, 1), command
    assert "numba" not in sys.modules, command
"""


def test_visits_of_a_run_that_need_no_kernel_load_no_numba(tmp_path: Path, storms: list[str]) -> None:
    made = selfvec.refine(storms, "none", "decorrelated", history="pass", output=tmp_path / "run")
    made.search("hail")  # makes the index
    made.topics()
    (tmp_path / "new.jsonl").write_text('{"id": "new", "text": "Hail as large as a brand-new ball."}\n')
    done = subprocess.run([sys.executable, "-c", VISITS], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


SEARCH = "from selfvec.apps.cli import main; main(['search', 'run', 'Grêle and hail, 3 inches', '--json'])"


@pytest.mark.soak
def test_search_gives_the_same_with_and_without_numba(tmp_path: Path, storms: list[str]) -> None:
    texts = [*storms, "Grêle: « la grêle » l’orage. " * 400, "短い文。雹が降った。" * 300]  # with passages
    selfvec.refine(texts, "none", "decorrelated", output=tmp_path / "run").search("hail")
    found = {
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True).stdout
        for code in (SEARCH, f"import numba; {SEARCH}")
    }
    assert len(found) == 1
    assert b"hail" in found.pop()
