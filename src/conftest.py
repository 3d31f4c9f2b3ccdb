"""Examples of docstrings know `selfvec` and `np`, and run in a folder and with a cache of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import selfvec


@pytest.fixture(autouse=True)
def _examples(doctest_namespace: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doctest_namespace.update(selfvec=selfvec, np=np, Path=Path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "cache"))
