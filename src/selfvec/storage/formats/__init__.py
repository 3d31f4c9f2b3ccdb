"""Vectors files: `load`, `save` and the formats."""

from __future__ import annotations

from selfvec.data.vectors import Vectors

from .load_and_save import FORMATS, Format, check_save, load, save

__all__ = ["FORMATS", "Format", "check_save", "load", "save"]

Vectors.register_files(load, save)
