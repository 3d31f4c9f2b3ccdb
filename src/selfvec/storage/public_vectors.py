"""The public vectors that ``selfvec vectors fetch`` can download, a row for each, and the fetched ones.

Fetched vectors are a folder with the vectors and ``table.json``, which holds licence, source and SHA-256
checksums.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfvec.base.casing import in_any_case
from selfvec.base.checksums import damaged_files
from selfvec.base.errors import FormatError, OptionError, did_you_mean
from selfvec.base.file_system import user_folder
from selfvec.base.text_files import read_json

RECORD = "table.json"

_GENSIM = "https://github.com/RaRe-Technologies/gensim-data/releases/download/"
_FASTTEXT = "https://dl.fbaipublicfiles.com/fasttext/"
_HUB = "https://huggingface.co"
_HUB_FILES = ("model.safetensors", "tokenizer.json")
_LANGUAGES = """
af als am an ar arz as ast az azb ba bar bcl be bg bh bn bo bpy br bs ca ce ceb ckb co cs cv cy da de diq dv
el eml en eo es et eu fa fi fr frr fy ga gd gl gom gu gv he hi hif hr hsb ht hu hy ia id ilo io is it ja jv
ka kk km kn ko ku ky la lb li lmo lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne
new nl nn no nso oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru sa sah sc scn sco sd sh si sk sl so sq sr
su sv sw ta te tg th tk tl tr tt ug uk ur uz vec vi vls vo wa war xmf yi yo zea zh
"""


@dataclass(frozen=True)
class PublicVectors:
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
        """Whether `base` is a repository of the Hugging Face Hub; its files are not compressed."""
        return "://" not in self.base

    @property
    def source(self) -> str:
        """The address for people."""
        return f"{_HUB}/{self.base}" if self.on_hub else self.base + self.file

    def addresses(self, mirror: str | None = None) -> dict[str, str]:
        """The files to download and their addresses, the largest file first.

        ``mirror`` is the folder that holds the file, or another endpoint of the Hub.
        """
        if not self.on_hub:
            base = self.base if mirror is None else mirror.rstrip("/") + "/"
            return {self.file: base + self.file}
        folder = f"{self.file}/" if self.file else ""  # that of a part of a model, which has no configuration
        names = _HUB_FILES if folder else (*_HUB_FILES, "config.json")
        base = f"{(mirror or _HUB).rstrip('/')}/{self.base}/resolve/main/{folder}"
        return {name: base + name for name in names}

    def as_dict(self) -> dict[str, Any]:
        """The values for ``selfvec vectors --json`` and ``table.json``."""
        names = ("name", "description", "language", "licence", "source", "megabytes", "words", "dimensions")
        return {name: getattr(self, name) for name in names}


def _glove(dimensions: int, megabytes: int) -> PublicVectors:
    file = f"glove-wiki-gigaword-{dimensions}"
    return PublicVectors(
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


def _fasttext(language: str) -> PublicVectors:
    about = "fastText, Common Crawl and Wikipedia"
    base = f"{_FASTTEXT}vectors-crawl/"
    name = f"cc.{language}.300"
    return PublicVectors(name, about, language, "CC BY-SA 3.0", base, f"{name}.vec.gz", 1300, 2_000_000, 300)


def _english(name: str, about: str, megabytes: int, words: int) -> PublicVectors:
    base = f"{_FASTTEXT}vectors-english/"
    licence = "CC BY-SA 3.0"
    about = f"fastText, {about}"
    return PublicVectors(name, about, "en", licence, base, f"{name}.vec.zip", megabytes, words, 300)


def _potion(name: str, about: str, megabytes: int, pieces: int, dimensions: int) -> PublicVectors:
    language = "many" if "multilingual" in name else "en"
    repository = f"minishlab/{name}"
    return PublicVectors(
        name, f"model2vec, {about}", language, "MIT", repository, "", megabytes, pieces, dimensions
    )


def _static(name: str, about: str, language: str, megabytes: int, pieces: int) -> PublicVectors:
    folder = "0_StaticEmbedding"
    repository = f"sentence-transformers/{name}"
    about = f"sentence-transformers, {about}"
    return PublicVectors(name, about, language, "Apache-2.0", repository, folder, megabytes, pieces, 1024)


_ROWS = (
    _glove(50, 69),
    _glove(100, 134),
    _glove(200, 264),
    _glove(300, 394),
    PublicVectors(
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
PUBLIC_VECTORS = {row.name: row for row in _ROWS}


def find(name: str) -> PublicVectors:
    """The public vectors of this name; an unknown name is an `OptionError` that suggests similar ones."""
    found = in_any_case(name, PUBLIC_VECTORS)
    if found is not None:
        return PUBLIC_VECTORS[found]
    near = did_you_mean(name, PUBLIC_VECTORS)
    remedy = f"{near} selfvec vectors lists all" if near else "selfvec vectors lists all"
    raise OptionError(f"there are no public vectors {name!r}", remedy=remedy)


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


def all_fetched() -> list[dict[str, Any]]:
    """The records of all vectors in `data_folder`, by name."""
    folder = data_folder()
    found = map(fetched, sorted(folder.iterdir())) if folder.is_dir() else ()
    return [record for record in found if record is not None]


def locate(path: str | os.PathLike[str]) -> Path:
    """The path of vectors: a path unchanged, the name of public vectors as the path of the fetched file.

    `FormatError` if the public vectors have not been fetched, or have changed since.
    """
    name = os.fspath(path)
    if name not in PUBLIC_VECTORS or Path(name).exists():
        return Path(name)
    folder = data_folder() / name
    remedy = f"run: selfvec vectors fetch {name}"
    record = fetched(folder)
    if record is None:
        raise FormatError("names public vectors that have not been fetched", path=name, remedy=remedy)
    for file, _ in damaged_files(folder, record):
        raise FormatError("has changed since it was fetched", path=file, remedy=remedy)
    return Path(record["path"])
