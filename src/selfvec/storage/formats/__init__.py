"""Vectors files: `load`, `save` and the formats; `Vectors`, whose methods `load` and `save` are these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.lazy import deferred, lazily
from selfvec.data.vectors import Vectors

if TYPE_CHECKING:
    from .load_and_save import FORMATS, Format, check_save, load, save

__all__ = ["FORMATS", "Format", "Vectors", "check_save", "load", "save"]

if not TYPE_CHECKING:
    __getattr__ = lazily(__name__, dict.fromkeys(__all__, "load_and_save"))

Vectors.register_files(*(deferred(f"{__name__}.load_and_save.{name}") for name in ("load", "save")))
