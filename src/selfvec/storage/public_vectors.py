"""The public vectors and sentence encoders that ``selfvec vectors fetch`` downloads, and the fetched ones.

Fetched vectors are a folder with the vectors and ``table.json``, which holds licence, source and SHA-256
checksums. An encoder is a folder as `selfvec.encoders.onnx_encoder` reads it, with such a record.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from selfvec.base.casing import in_any_case
from selfvec.base.errors import FormatError, OptionError, did_you_mean
from selfvec.files.checksums import damaged_files
from selfvec.files.file_system import user_folder
from selfvec.files.text_files import check, read_json

RECORD = "table.json"

_HUB = "https://huggingface.co"
_HUB_FILES = ("model.safetensors", "tokenizer.json")
_ENCODER_FILES = ("onnx/model_quantized.onnx", "tokenizer.json", "tokenizer_config.json", "config.json")

BUILT_IN = {
    "default": ("the built-in vectors: both of those below", "MIT, Apache-2.0, WordNet's"),
    "wordllama": ("rows of language models", "MIT"),
    "glosses": ("what a sentence encoder knows of words, learned from WordNet", "Apache-2.0, WordNet's"),
}
"""Vectors that need no file, all in English: what they are and their licences."""

_ENTRY = {...: ("bytes", "sha256")}
_RECORD = {
    ...: ("files", "download", "name", "words", "dimensions"),
    "files": {str: _ENTRY},
    "download": _ENTRY,
}
Kind = Literal["vectors", "encoder"]
_KINDS: dict[Kind, str] = {"vectors": "vectors", "encoder": "a sentence encoder"}


@dataclass(frozen=True)
class PublicVectors:
    """Vectors or an encoder to download. ``words``, of an encoder its pieces, and the size are rounded."""

    name: str
    description: str
    language: str
    licence: str
    base: str  # address that `file` is in; or a repository of the Hugging Face Hub, OWNER/NAME
    file: str  # the file to download; in a repository the folder of the vectors
    megabytes: int  # to download, at most
    words: int  # at most
    dimensions: int
    settings: Mapping[str, Any]  # files that the repository of an encoder lacks, by name

    @property
    def kind(self) -> Kind:
        return "encoder" if self.settings else "vectors"

    @property
    def on_hub(self) -> bool:
        """Whether `base` is a repository of the Hugging Face Hub; its files are not compressed."""
        return "://" not in self.base

    @property
    def source(self) -> str:
        return f"{_HUB}/{self.base}" if self.on_hub else self.base + self.file

    @property
    def cost(self) -> str:
        """What a download costs and is, in two lines."""
        unit = "pieces" if self.kind == "encoder" else "words"
        return (
            f"{self.name}: {self.description}; {self.source}\n"
            f"at most {self.megabytes:,} MB to download; language {self.language}; "
            f"at most {self.words:,} {unit} × {self.dimensions} dimensions; licence {self.licence}"
        )

    def addresses(self, mirror: str | None = None) -> dict[str, str]:
        """The files to download and their addresses, the largest file first.

        ``mirror`` is the folder that holds the file, or another endpoint of the Hub.
        """
        if not self.on_hub:
            base = self.base if mirror is None else mirror.rstrip("/") + "/"
            return {self.file: base + self.file}
        folder = f"{self.file}/" if self.file else ""
        base = f"{(mirror or _HUB).rstrip('/')}/{self.base}/resolve/main/{folder}"
        names = _ENCODER_FILES if self.settings else _HUB_FILES
        if not (self.settings or self.file):  # a folder in a repository is part of a model, without it
            names = (*names, "config.json")
        return {name: base + name for name in names}

    def as_dict(self) -> dict[str, Any]:
        """The values for ``selfvec vectors --json`` and ``table.json``."""
        names = ("name", "kind", "description", "language", "licence", "source")
        sizes = ("megabytes", "words", "dimensions")
        return {name: getattr(self, name) for name in (*names, *sizes)}


def _rows(group: Mapping[str, Any]) -> Iterator[PublicVectors]:
    every = [{"language": code} for code in group.get("languages", "").split()] or group.get("rows", [{}])
    for row in every:
        of_row = {**group, **row}
        for key in ("name", "description", "base", "file"):  # the name first, which others may hold
            of_row[key] = of_row.get(key, "").format(**of_row)
        of_row["settings"] = _settings(of_row) if "encoder" in group else {}
        yield PublicVectors(**{of.name: of_row[of.name] for of in fields(PublicVectors)})


def _settings(row: Mapping[str, Any]) -> dict[str, Any]:
    """The files of settings that a repository lacks, as `selfvec.encoders.onnx_encoder` reads them."""
    return {
        "1_Pooling/config.json": {f"pooling_mode_{row.get('pooling', 'mean_tokens')}": True},
        "sentence_bert_config.json": {"max_seq_length": row.get("longest", 512)},
        "config_sentence_transformers.json": {"prompts": row.get("prompts", {})},
    }


_GROUPS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PUBLIC_VECTORS = {row.name: row for group in _GROUPS.values() for row in _rows(group)}


def find(name: str) -> PublicVectors:
    """The public vectors or encoder of this name; an unknown one is an `OptionError` that suggests others."""
    spelt = in_any_case(name, PUBLIC_VECTORS)
    if spelt is not None:
        return PUBLIC_VECTORS[spelt]
    near = did_you_mean(name, PUBLIC_VECTORS)
    remedy = f"{near} selfvec vectors fetch lists all".strip()
    raise OptionError(f"there are no public vectors {name!r}", remedy=remedy)


def data_folder() -> Path:
    """The folder of fetched vectors: ``SELFVEC_DATA``, or the user's folder for data of programs."""
    return user_folder("data", "vectors")


def fetched(folder: Path) -> dict[str, Any] | None:
    """The record of fetched vectors, with their ``path``; None if the folder has no record."""
    path = folder / RECORD
    if not path.is_file():
        return None
    remedy = "remove the folder and fetch the vectors again"
    record = read_json(path, remedy)
    check(record, _RECORD, path, remedy)
    names = list(record["files"])
    path = folder / names[0] if len(names) == 1 else folder
    return {"kind": "vectors"} | record | {"path": str(path)}


def all_fetched() -> list[dict[str, Any]]:
    folder = data_folder()
    records = map(fetched, sorted(folder.iterdir())) if folder.is_dir() else ()
    return [record for record in records if record is not None]


def locate(path: str | os.PathLike[str], kind: Kind = "vectors") -> Path:
    """The path of vectors or of an encoder: a path unchanged, a public name as the path of what was fetched.

    `FormatError` if that has not been fetched, has changed since, or is not of this kind.
    """
    name = os.fspath(path)
    if name not in PUBLIC_VECTORS or Path(name).exists():
        return Path(name)
    its_kind = PUBLIC_VECTORS[name].kind
    if its_kind != kind:
        rule = f"names {_KINDS[its_kind]}, not {_KINDS[kind]}"
        raise FormatError(rule, path=name, remedy=f"give it as --{its_kind}, or choose another name")
    folder = data_folder() / name
    remedy = f"run: selfvec vectors fetch {name}"
    record = fetched(folder)
    if record is None:
        raise FormatError(f"names {_KINDS[kind]}, not fetched yet", path=name, remedy=remedy)
    for file, _ in damaged_files(folder, record):
        raise FormatError("has changed since it was fetched", path=file, remedy=remedy)
    return Path(record["path"])
