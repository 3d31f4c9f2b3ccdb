"""Run folders with changed bytes, JSON values and numbers: one error that names the file."""

import random
from pathlib import Path

import pytest
from tests.damage import damaged

import selfvec
from selfvec.base.errors import FormatError
from selfvec.storage.inspection import info

DAMAGED = 120
TEXTS = [{"text": f"hail and wind broke roof {i % 7}", "date": f"{1990 + i % 4}-05-06"} for i in range(40)]


def test_damaged_run_folders(tmp_path: Path) -> None:
    chance, run = random.Random(12), tmp_path / "run"
    selfvec.refine(TEXTS, "none", "paper", operator="scan", history="epoch", slice="year", output=run)
    files = sorted(file for file in run.rglob("*") if file.is_file() and file.name != "lock")
    for _ in range(DAMAGED):
        file = chance.choice(files)
        content = file.read_bytes()
        changed = damaged(file.name, content, chance)
        file.write_bytes(changed)
        for read in (selfvec.open_run, selfvec.load, info):
            if changed == content:
                read(run)
                continue
            with pytest.raises(FormatError, match=file.name) as error:
                read(run)
            assert "\n" not in str(error.value)
        file.unlink()  # the sound one may be mapped still
        file.write_bytes(content)
