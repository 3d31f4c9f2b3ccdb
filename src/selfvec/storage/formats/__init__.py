"""Vectors files: `load`, `save` and the formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selfvec.base.lazy import lazily
from selfvec.data.vectors import Vectors

if TYPE_CHECKING:
    from .load_and_save import FORMATS, Format, check_save, load, save

__all__ = ["FORMATS", "Format", "check_save", "load", "save"]

if not TYPE_CHECKING:
    __getattr__ = lazily(__name__, dict.fromkeys(__all__, "load_and_save"))


def _load(*given: Any, **options: Any) -> Any:
    from .load_and_save import load

    return load(*given, **options)


def _save(*given: Any, **options: Any) -> list[str]:
    from .load_and_save import save

    return save(*given, **options)


Vectors.register_files(_load, _save)
