"""Public vectors that ``selfvec vectors fetch`` downloads, and the folder where they are stored.

Fetched vectors are a folder with the vectors and ``table.json``: licence, source and SHA-256 checksums.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfvec.base.checksums import sha256
from selfvec.base.errors import FormatError, OptionError
from selfvec.base.text_files import read_json
from selfvec.base.user_folders import user_folder

__all__ = [
    "RECORD",
    "TABLES",
    "PublicTable",
    "damaged",
    "data_folder",
    "fetched",
    "fetched_tables",
    "find",
    "locate",
]

RECORD = "table.json"

_GENSIM = "https://github.com/RaRe-Technologies/gensim-data/releases/download/"
_FASTTEXT = "https://dl.fbaipublicfiles.com/fasttext/"
_LANGUAGES = """
af als am an ar arz as ast az azb ba bar bcl be bg bh bn bo bpy br bs ca ce ceb ckb co cs cv cy da de diq dv
el eml en eo es et eu fa fi fr frr fy ga gd gl gom gu gv he hi hif hr hsb ht hu hy ia id ilo io is it ja jv
ka kk km kn ko ku ky la lb li lmo lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne
new nl nn no nso oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru sa sah sc scn sco sd sh si sk sl so sq sr
su sv sw ta te tg th tk tl tr tt ug uk ur uz vec vi vls vo wa war xmf yi yo zea zh
"""


@dataclass(frozen=True)
class PublicTable:
    """Vectors that can be downloaded. ``words`` and ``megabytes`` are rounded."""

    name: str
    description: str
    language: str
    licence: str
    base: str  # address that `file` is in; or a repository of the Hugging Face Hub, OWNER/NAME
    file: str  # the file to download; in a repository the folder of the vectors
    megabytes: int  # to download, at most
    words: int  # at most
    dimensions: int

    @property
    def on_hub(self) -> bool:
        """Whether `base` is a repository of the Hugging Face Hub."""
        return "://" not in self.base

    @property
    def source(self) -> str:
        """The address for people."""
        return f"https://huggingface.co/{self.base}" if self.on_hub else self.base + self.file

    def as_dict(self) -> dict[str, Any]:
        """The values for ``selfvec vectors --json`` and ``table.json``."""
        names = ("name", "description", "language", "licence", "source", "megabytes", "words", "dimensions")
        return {name: getattr(self, name) for name in names}


def _glove(dimensions: int, megabytes: int) -> PublicTable:
    file = f"glove-wiki-gigaword-{dimensions}"
    return PublicTable(
        f"glove-6b-{dimensions}",
        "GloVe, Wikipedia 2014 and Gigaword 5, lower-case",
        "en",
        "PDDL 1.0",
        _GENSIM + f"{file}/",
        f"{file}.gz",
        megabytes,
        400_000,
        dimensions,
    )


def _fasttext(language: str) -> PublicTable:
    about = "fastText, Common Crawl and Wikipedia"
    base, name = f"{_FASTTEXT}vectors-crawl/", f"cc.{language}.300"
    return PublicTable(name, about, language, "CC BY-SA 3.0", base, f"{name}.vec.gz", 1300, 2_000_000, 300)


def _english(name: str, about: str, megabytes: int, words: int) -> PublicTable:
    base, licence = f"{_FASTTEXT}vectors-english/", "CC BY-SA 3.0"
    about = f"fastText, {about}"
    return PublicTable(name, about, "en", licence, base, f"{name}.vec.zip", megabytes, words, 300)


def _potion(name: str, about: str, megabytes: int, pieces: int, dimensions: int) -> PublicTable:
    language = "many" if "multilingual" in name else "en"
    repository = f"minishlab/{name}"
    return PublicTable(
        name, f"model2vec, {about}", language, "MIT", repository, "", megabytes, pieces, dimensions
    )


def _static(name: str, about: str, language: str, megabytes: int, pieces: int) -> PublicTable:
    folder, repository = "0_StaticEmbedding", f"sentence-transformers/{name}"
    about = f"sentence-transformers, {about}"
    return PublicTable(name, about, language, "Apache-2.0", repository, folder, megabytes, pieces, 1024)


_ALL = (
    _glove(50, 69),
    _glove(100, 134),
    _glove(200, 264),
    _glove(300, 394),
    PublicTable(
        "glove-840b-300",
        "GloVe, Common Crawl, with upper case",
        "en",
        "PDDL 1.0",
        "https://nlp.stanford.edu/data/",
        "glove.840B.300d.zip",
        2177,
        2_200_000,
        300,
    ),
    _english("wiki-news-300d-1M", "Wikipedia 2017 and news", 682, 1_000_000),
    _english("crawl-300d-2M", "Common Crawl", 1524, 2_000_000),
    _potion("potion-base-8M", "English texts", 32, 29_500, 256),
    _potion("potion-base-32M", "English texts", 135, 63_000, 512),
    _potion("potion-retrieval-32M", "made for search", 135, 63_000, 512),
    _potion("potion-multilingual-128M", "101 languages", 540, 500_000, 256),
    _static("static-retrieval-mrl-en-v1", "made for search", "en", 130, 30_500),
    _static("static-similarity-mrl-multilingual-v1", "50 languages", "many", 450, 106_000),
    *map(_fasttext, _LANGUAGES.split()),
)
TABLES = {table.name: table for table in _ALL}


def find(name: str) -> PublicTable:
    """The public vectors of this name; an unknown name is an `OptionError` that suggests similar ones."""
    if name in TABLES:
        return TABLES[name]
    lower = {known.lower(): known for known in TABLES}
    if name.lower() in lower:
        return TABLES[lower[name.lower()]]
    near = [lower[other] for other in difflib.get_close_matches(name.lower(), lower, 3, 0.5)]
    remedy = f"did you mean {' or '.join(near)}? " if near else ""
    raise OptionError(f"there are no public vectors {name!r}", remedy=f"{remedy}selfvec vectors lists all")


def data_folder() -> Path:
    """The folder of fetched vectors: ``SELFVEC_DATA``, or the user's folder for data of programs."""
    return user_folder("data", "vectors")


def fetched(folder: Path) -> dict[str, Any] | None:
    """The record of fetched vectors, with their ``path``; None if the folder has no record."""
    path = folder / RECORD
    if not path.is_file():
        return None
    record = read_json(path, "remove the folder and fetch the vectors again")
    try:
        for entry in (*record["files"].values(), record["download"]):
            entry["bytes"], entry["sha256"]
        record["name"], record["words"], record["dimensions"]
        names = list(record["files"])
    except (LookupError, TypeError, AttributeError):
        rule = "is not a record of fetched vectors"
        raise FormatError(rule, path=path, remedy="remove the folder and fetch the vectors again") from None
    return record | {"path": str(folder / names[0] if len(names) == 1 else folder)}


def fetched_tables() -> list[dict[str, Any]]:
    """The records of all vectors in `data_folder`, by name."""
    folder = data_folder()
    found = map(fetched, sorted(folder.iterdir())) if folder.is_dir() else ()
    return [record for record in found if record is not None]


def damaged(folder: Path, record: dict[str, Any]) -> str | None:
    """The first file of fetched vectors that has changed since, or None."""
    for name, entry in record["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != entry["bytes"] or sha256(path) != entry["sha256"]:
            return str(name)
    return None


def locate(path: str | os.PathLike[str]) -> Path:
    """The path of vectors: a path unchanged, the name of public vectors as the path of the fetched file.

    `FormatError` if the public vectors have not been fetched, or have changed since.
    """
    name = os.fspath(path)
    if name not in TABLES or Path(name).exists():
        return Path(name)
    folder, remedy = data_folder() / name, f"run: selfvec vectors fetch {name}"
    record = fetched(folder)
    if record is None:
        raise FormatError("names public vectors that have not been fetched", path=name, remedy=remedy)
    if file := damaged(folder, record):
        raise FormatError("has changed since it was fetched", path=folder / file, remedy=remedy)
    return Path(record["path"])
