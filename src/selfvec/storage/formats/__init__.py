"""Vectors files: `load`, `save` and the formats."""

from __future__ import annotations

from selfvec.data.vectors import Vectors

from .format_table import FORMATS, Format
from .loading import load
from .saving import check_save, save

__all__ = ["FORMATS", "Format", "check_save", "load", "save"]

Vectors.register_files(load, save)
