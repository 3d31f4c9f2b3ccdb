"""An encoder as a folder of model2vec or sentence-transformers.

Both libraries take the mean of a text's token rows and bring it to length 1, which is the direction of the
encoder's sum.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from selfvec.search.encoder import Encoder
from selfvec.storage.formats.model2vec import write_encoder_folder

from .tokenizer import tokenizer_json

__all__ = ["Library", "write_encoder"]

Library = Literal["model2vec", "sentence-transformers"]


def write_encoder(encoder: Encoder, folder: Path, library: Library) -> None:
    """Write a new folder that the library loads."""
    folder.mkdir()
    rows = encoder.rows[encoder.places]  # a row per word
    write_encoder_folder(folder, rows, tokenizer_json(encoder), normalize=True, library=library)
