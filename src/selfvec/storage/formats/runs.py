"""A Selfvec run folder as vectors: its refined table, mapped."""

from __future__ import annotations

from pathlib import Path

from selfvec.data.vectors import Vectors

from .source import Input, decoding, open_input

__all__ = ["read", "sniff", "words"]

_FILES = ("run.json", "vocabulary.txt", "vectors.safetensors")


def sniff(source: Input) -> bool:
    """A folder with a run's three files."""
    return all((source.path / name).is_file() for name in _FILES)


def read(source: Input, errors: str) -> Vectors:
    """Read ``vectors.safetensors`` with the words of ``vocabulary.txt``."""
    if not sniff(source):
        raise source.error(
            f"a run folder holds {', '.join(_FILES)}, this one does not", remedy="name the folder of a run"
        )
    from . import safetensors

    return safetensors.read(open_input(source.path / "vectors.safetensors"), errors)


def words(folder: Path) -> list[str]:
    """The words of a run, whose vocabulary has its own way with line breaks."""
    from selfvec.base.vocabulary import read_vocabulary

    path = folder / "vocabulary.txt"
    with decoding(path, "vocabulary"):
        return read_vocabulary(path)
