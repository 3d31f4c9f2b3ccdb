"""The folders in which a user's programs keep data and caches."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

_ELSEWHERE = {"data": ("XDG_DATA_HOME", ".local/share"), "cache": ("XDG_CACHE_HOME", ".cache")}
_MACOS = {"data": "Application Support", "cache": "Caches"}


def user_folder(kind: Literal["data", "cache"], name: str) -> Path:
    """The folder ``name`` in ``SELFVEC_DATA`` or ``SELFVEC_CACHE``, or else in the user's own folder."""
    if given := os.environ.get(f"SELFVEC_{kind.upper()}"):
        return Path(given, name)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / _MACOS[kind]
    else:
        variable, usual = _ELSEWHERE[kind]
        base = Path(os.environ.get(variable) or Path.home() / usual)
    return base / "selfvec" / name
