"""The public vectors and sentence encoders that ``selfvec vectors fetch`` downloads, and the fetched ones.

Fetched vectors are a folder with the vectors and ``table.json``, which holds licence, source and SHA-256
checksums. An encoder is a folder as `selfvec.encoders.onnx_encoder` reads it, with such a record.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from selfvec.base.casing import in_any_case
from selfvec.base.errors import FormatError, OptionError, did_you_mean
from selfvec.files.checksums import damaged_files
from selfvec.files.file_system import user_folder
from selfvec.files.text_files import read_json

RECORD = "table.json"

_GENSIM = "https://github.com/RaRe-Technologies/gensim-data/releases/download/"
_FASTTEXT = "https://dl.fbaipublicfiles.com/fasttext/"
_HUB = "https://huggingface.co"
_HUB_FILES = ("model.safetensors", "tokenizer.json")
_ENCODER_FILES = ("onnx/model_quantized.onnx", "tokenizer.json", "tokenizer_config.json", "config.json")
_LANGUAGES = """
af als am an ar arz as ast az azb ba bar bcl be bg bh bn bo bpy br bs ca ce ceb ckb co cs cv cy da de diq dv
el eml en eo es et eu fa fi fr frr fy ga gd gl gom gu gv he hi hif hr hsb ht hu hy ia id ilo io is it ja jv
ka kk km kn ko ku ky la lb li lmo lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne
new nl nn no nso oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru sa sah sc scn sco sd sh si sk sl so sq sr
su sv sw ta te tg th tk tl tr tt ug uk ur uz vec vi vls vo wa war xmf yi yo zea zh
"""


Kind = Literal["vectors", "encoder"]
_KINDS: dict[Kind, str] = {"vectors": "vectors", "encoder": "a sentence encoder"}


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

    kind: ClassVar[Kind] = "vectors"

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
        folder = f"{self.file}/" if self.file else ""
        base = f"{(mirror or _HUB).rstrip('/')}/{self.base}/resolve/main/{folder}"
        return {name: base + name for name in self._hub_files()}

    def _hub_files(self) -> tuple[str, ...]:
        """The files of a repository; a folder in it is part of a model and has no configuration."""
        return _HUB_FILES if self.file else (*_HUB_FILES, "config.json")

    def as_dict(self) -> dict[str, Any]:
        """The values for ``selfvec vectors --json`` and ``table.json``."""
        names = ("name", "kind", "description", "language", "licence", "source")
        sizes = ("megabytes", "words", "dimensions")
        return {name: getattr(self, name) for name in (*names, *sizes)}


@dataclass(frozen=True)
class PublicEncoder(PublicVectors):
    """A sentence encoder in a repository of the Hub. ``words`` are the pieces of its tokenizer."""

    settings: Mapping[str, Any] = field(default_factory=dict)  # files that the repository lacks, by name

    kind: ClassVar[Kind] = "encoder"

    def _hub_files(self) -> tuple[str, ...]:
        return _ENCODER_FILES


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


def _encoder(
    name: str,
    about: str,
    repository: str,  # with the model in int8
    megabytes: int,
    pieces: int,
    *,
    language: str = "en",
    licence: str = "MIT",
    longest: int = 512,
    pooling: str = "mean_tokens",
    prompts: Mapping[str, str] | None = None,
) -> PublicEncoder:
    settings = {
        "1_Pooling/config.json": {f"pooling_mode_{pooling}": True},
        "sentence_bert_config.json": {"max_seq_length": longest},
        "config_sentence_transformers.json": {"prompts": dict(prompts or {})},
    }
    base = f"Xenova/{repository}"
    about = f"sentence encoder, {about}"
    return PublicEncoder(name, about, language, licence, base, "", megabytes, pieces, 384, settings)


_BGE = {"query": "Represent this sentence for searching relevant passages: "}
_E5 = {"query": "query: ", "passage": "passage: "}
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
    _encoder("minilm", "all-MiniLM-L6-v2", "all-MiniLM-L6-v2", 24, 30_522, licence="Apache-2.0", longest=256),
    _encoder(
        "bge-small-en",
        "bge-small-en-v1.5, made for search",
        "bge-small-en-v1.5",
        35,
        30_522,
        pooling="cls_token",
        prompts=_BGE,
    ),
    _encoder("gte-small", "gte-small, made for search", "gte-small", 35, 30_522),
    _encoder(
        "multilingual-e5-small",
        "100 languages, made for search",
        "multilingual-e5-small",
        136,
        250_037,
        language="many",
        prompts=_E5,
    ),
)
PUBLIC_VECTORS = {row.name: row for row in _ROWS}


def find(name: str) -> PublicVectors:
    """The public vectors or encoder of this name; an unknown one is an `OptionError` that suggests others."""
    spelt = in_any_case(name, PUBLIC_VECTORS)
    if spelt is not None:
        return PUBLIC_VECTORS[spelt]
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
    path = folder / names[0] if len(names) == 1 else folder
    return {"kind": "vectors"} | record | {"path": str(path)}


def all_fetched() -> list[dict[str, Any]]:
    """The records of all vectors in `data_folder`, by name."""
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
        what = "public vectors that have" if kind == "vectors" else "a public encoder that has"
        raise FormatError(f"names {what} not been fetched", path=name, remedy=remedy)
    for file, _ in damaged_files(folder, record):
        raise FormatError("has changed since it was fetched", path=file, remedy=remedy)
    return Path(record["path"])
