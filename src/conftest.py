"""Examples of docstrings know `selfvec` and `np`, and run in a folder and with a cache of their own."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import selfvec

_refine = selfvec.refine


@cache
def _weather(text: bytes) -> selfvec.Run:
    Path("weather.jsonl").write_bytes(text)
    return _refine("weather.jsonl", method="decorrelated")


def _refined(text: Any, *args: Any, **options: Any) -> selfvec.Run:
    """What `selfvec.refine` returns; the run with which most examples begin is made once."""
    if isinstance(text, os.PathLike) and not args and options == {"method": "decorrelated"}:
        return _weather(Path(text).read_bytes())
    return _refine(text, *args, **options)


@pytest.fixture(autouse=True)
def _examples(doctest_namespace: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doctest_namespace.update(selfvec=selfvec, np=np, Path=Path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(selfvec, "refine", _refined)
