"""What the folder of a sentence encoder says: its model, how a text is cut, and what becomes of the states.

    onnx/*.onnx                           the model, or *.onnx beside the other files
    tokenizer.json
    modules.json, 1_Pooling/config.json   how the states of the pieces become one vector
    sentence_bert_config.json             pieces read at most, whether texts are lower-cased
    tokenizer_config.json, config.json    pieces read at most, where the former does not say
    config_sentence_transformers.json     what is put before questions and passages

This is the layout of a repository of the Hugging Face Hub. All files but the first two may be missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfvec.base.errors import FormatError
from selfvec.files.checksums import sha256
from selfvec.files.text_files import COUNT, Schema, check
from selfvec.files.untrusted import decoding, parse_json
from selfvec.storage.folder_kinds import similar_paths
from selfvec.storage.public_vectors import PUBLIC_VECTORS

AGAIN = "get the folder again, or another encoder"
_PREFERRED = ("model_quantized", "model_int8", "model_quint8*", "model_qint8*", "model")
"""Names of models, the one to read first: the smaller ones are several times as fast on a CPU."""
_MODEL_BYTES = 4 << 30  # at most, with its data files
_TOKENIZER_BYTES = 256 << 20
_SETTINGS_BYTES = 64 << 20  # those of a tokenizer may list all of its added tokens
_LONGEST = 512  # pieces, if no file says
_MOST = 1 << 20  # a larger number in a file means that there is no limit
_MODULES = ("Transformer", "Pooling", "Normalize")
_POOLINGS = ("mean", "cls")
_LIMIT = (COUNT, float, None)  # tokenizers without a limit have 1e30
_PASSAGE = ("document", "passage", "corpus")
_SCHEMA: Schema = {
    "modules.json": [{"type": str, "path": str, ...: ("type",)}],
    "sentence_bert_config.json": {"max_seq_length": (COUNT, None), "do_lower_case": bool},
    "tokenizer_config.json": {"model_max_length": _LIMIT},
    "config.json": {"max_position_embeddings": _LIMIT},
    "config_sentence_transformers.json": {
        "prompts": ({str: str}, None),
        "default_prompt_name": (str, None),
    },
}


@dataclass(frozen=True)
class EncoderFolder:
    """The folder of a sentence encoder, whose small files have been read."""

    path: Path
    model: Path  # an .onnx file
    pooling: str  # "mean" of the states of all pieces, or "cls", that of the first one
    longest: int  # pieces of a text that are read, with those that the tokenizer adds
    lower: bool  # whether texts are lower-cased before they are cut
    question: str  # put before a question
    passage: str  # put before any other text

    @classmethod
    def read(cls, path: Path) -> EncoderFolder:
        """Read the small files; `FormatError` if this is no folder of an encoder that can be used."""
        if not path.is_dir():
            names = [name for name, public in PUBLIC_VECTORS.items() if public.kind == "encoder"]
            near = "" if path.exists() else similar_paths(path, names)
            remedy = (
                near or "name a folder with tokenizer.json and onnx/model.onnx, or one to be fetched: minilm"
            )
            raise FormatError("is not the folder of a sentence encoder", path=path, remedy=remedy)
        model = _model(path)
        _check_size(path / "tokenizer.json", _TOKENIZER_BYTES)
        cut = _settings(path, "sentence_bert_config.json")
        question, passage = _prompts(_settings(path, "config_sentence_transformers.json"))
        lower = bool(cut.get("do_lower_case"))
        return cls(path, model, _pooling(path), _longest(path, cut), lower, question, passage)

    @property
    def tokenizer(self) -> Path:
        """Its tokenizer.json."""
        return self.path / "tokenizer.json"

    def digest(self) -> str:
        """SHA-256 of what decides the vectors: the model with its data files, the tokenizer, the settings."""
        files = {file.name: sha256(file) for file in (*_with_data(self.model), self.tokenizer)}
        settings = (self.pooling, self.longest, self.lower, self.question, self.passage)
        return hashlib.sha256(json.dumps([files, settings], sort_keys=True).encode()).hexdigest()


def _model(path: Path) -> Path:
    """The model to read. `_PREFERRED` decides between several, the alphabet between those of one pattern."""
    found = sorted((path / "onnx").glob("*.onnx")) or sorted(path.glob("*.onnx"))
    named = [one for pattern in _PREFERRED for one in found if one.match(f"{pattern}.onnx")]
    if not found:
        rule = "is not the folder of a sentence encoder: it has no model in onnx/"
        raise FormatError(rule, path=path, remedy="export the model to onnx/model.onnx")
    if not named and len(found) > 1:
        rule = f"has several models: {', '.join(one.name for one in found[:5])}"
        raise FormatError(rule, path=found[0].parent, remedy="keep one of them, or name it model.onnx")
    model = (named or found)[0]
    _check_size(model, _MODEL_BYTES, sum(one.stat().st_size for one in _with_data(model)[1:]))
    return model


def _with_data(model: Path) -> list[Path]:
    """A model, and the files of weights beside it, such as model.onnx_data."""
    return sorted(one for one in model.parent.iterdir() if one.is_file() and one.name.startswith(model.name))


def _check_size(path: Path, most: int, more: int = 0) -> None:
    """Raise `FormatError` for a file that is missing, or too large with ``more`` bytes of others."""
    if not path.is_file():
        raise FormatError("is missing", path=path, remedy=AGAIN)
    size = path.stat().st_size + more
    if size > most:
        rule = f"has {size:,} bytes, at most {most:,} are read"
        raise FormatError(rule, path=path, remedy="choose a smaller encoder")


def _settings(path: Path, name: str) -> Any:
    """The content of a file of settings; an empty one if it is missing."""
    schema = _SCHEMA[name]
    file = path / name
    if not file.is_file():
        return type(schema)()
    return _checked_json(file, schema)


def _checked_json(file: Path, schema: Schema) -> Any:
    _check_size(file, _SETTINGS_BYTES)
    with decoding(file, "JSON file", AGAIN):
        found = parse_json(file.read_bytes())
    check(found, schema, file, AGAIN)
    return found


def _pooling(path: Path) -> str:
    """How the states of a text become its vector; the mean if the folder does not say."""
    modules = _settings(path, "modules.json")
    for module in modules:
        kind = module["type"].rpartition(".")[2]
        if kind not in _MODULES:
            rule = f"has a module {kind!r}; an encoder that can be read has {', '.join(_MODULES)}"
            raise FormatError(rule, path=path / "modules.json", remedy="choose another encoder")
    places = [Path(module.get("path", "")) for module in modules if module["type"].endswith("Pooling")]
    place = places[0] if places else Path("1_Pooling")
    if place.is_absolute() or ".." in place.parts:
        raise FormatError("names a folder outside this one", path=path / "modules.json", remedy=AGAIN)
    file = path / place / "config.json"
    return _pooling_of(file) if places or file.is_file() else "mean"


def _pooling_of(file: Path) -> str:
    schema = {"pooling_mode": str, "include_prompt": bool}
    settings = _checked_json(file, schema)
    modes = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    flags = [name for name, value in settings.items() if name.startswith("pooling_mode_") and value is True]
    chosen = {modes.get(flag, flag.removeprefix("pooling_mode_")) for flag in flags}
    chosen |= {settings["pooling_mode"]} if "pooling_mode" in settings else set()
    if len(chosen) != 1 or not chosen <= set(_POOLINGS) or settings.get("include_prompt") is False:
        listed = " and ".join(sorted(chosen)) or "nothing"
        without = " without the prompt" if settings.get("include_prompt") is False else ""
        rule = f"an encoder pools by mean or cls, this one by {listed}{without}"
        raise FormatError(rule, path=file, remedy="choose another encoder")
    return str(chosen.pop())


def _longest(path: Path, cut: dict[str, Any]) -> int:
    """The pieces of a text that are read."""
    if cut.get("max_seq_length") is not None:
        return min(int(cut["max_seq_length"]), _MOST)
    named = (
        _settings(path, "tokenizer_config.json").get("model_max_length"),
        _settings(path, "config.json").get("max_position_embeddings"),
    )
    return min((int(number) for number in _limits(named)), default=_LONGEST)


def _limits(named: tuple[float | None, ...]) -> Iterator[float]:
    return (number for number in named if number is not None and 1 <= number <= _MOST)


def _prompts(settings: dict[str, Any]) -> tuple[str, str]:
    """What is put before a question and before a passage, as sentence-transformers does."""
    prompts = settings.get("prompts") or {}
    default = prompts.get(settings.get("default_prompt_name"), "")
    passage = next((prompts[name] for name in _PASSAGE if name in prompts), default)
    return prompts.get("query", default), passage
