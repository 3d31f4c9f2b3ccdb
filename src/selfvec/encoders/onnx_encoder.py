"""`OnnxEncoder`: runs the model of an `EncoderFolder` by onnxruntime, on the CPU.

Texts are read in a thread for each core, one at a time. Padded batches are slower on a CPU. Short ones that
are cut into as many pieces are read together if the model gives them the same vectors, to the bit: in
quantised models a batch may have one scale for all of its texts, so that a vector depends on those beside it.

Weights are data: no operators are registered, and onnxruntime refuses files of weights outside the folder of
the model (since 1.24; earlier versions read any file).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from selfvec.base.arrays import Array, Ints, Rows
from selfvec.base.declarations import Kind
from selfvec.base.errors import FormatError, require
from selfvec.base.progress import Advance
from selfvec.base.threads import cut, ended_by, in_order, stop_if_cancelled
from selfvec.files.checksums import sha256
from selfvec.files.text_files import Schema, check
from selfvec.files.untrusted import decoding, parse_json
from selfvec.storage.folder_kinds import similar_paths, snapshot_of
from selfvec.storage.formats.subwords import load_tokenizer
from selfvec.storage.public_vectors import PUBLIC_VECTORS

from . import SentenceEncoder, unwatched

# ---- What the folder says: its model, how a text is cut, and what becomes of the states
#
#     onnx/*.onnx                           the model, or *.onnx beside the other files
#     tokenizer.json
#     modules.json, 1_Pooling/config.json   how the states of the pieces become one vector
#     sentence_bert_config.json             pieces read at most, whether texts are lower-cased
#     tokenizer_config.json, config.json    pieces read at most, where the former does not say
#     config_sentence_transformers.json     what is put before questions and passages
#
# This is the layout of a repository of the Hugging Face Hub. All files but the first two may be missing.

AGAIN = "get the folder again, or another encoder"
_PREFERRED = ("model_quantized", "model_int8", "model_quint8*", "model_qint8*", "model")
"""Names of models, the one to read first: the smaller ones are several times as fast on a CPU."""
_MODEL_BYTES = 4 << 30  # at most, with its data files
_TOKENIZER_BYTES = 256 << 20  # so that no file fills the memory
_SETTINGS_BYTES = 64 << 20  # those of a tokenizer may list all of its added tokens
_LONGEST = 512  # pieces, if no file says
_MOST = 1 << 20  # a larger number in a file means that there is no limit
_MODULES = ("Transformer", "Pooling", "Normalize")
_POOLINGS = ("mean", "cls")
_SHIFTED = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer")
"""Models whose positions begin after that of padding: 514 of them hold 512 pieces."""
_PASSAGE = ("document", "passage", "corpus")
_TEXT, _BOOL, _COUNT, _NUMBER = (Kind(kind).fault for kind in ("str", "bool", "Natural", "float"))
_SCHEMA: Schema = {
    "modules.json": [{"type": _TEXT, "path": _TEXT, ...: ("type",)}],
    "sentence_bert_config.json": {"max_seq_length": _COUNT, "do_lower_case": _BOOL},
    "tokenizer_config.json": {"model_max_length": _NUMBER},  # tokenizers without a limit have 1e30
    "config.json": {"max_position_embeddings": _NUMBER, "model_type": _TEXT, "pad_token_id": _COUNT},
    "config_sentence_transformers.json": {"prompts": {str: _TEXT}, "default_prompt_name": _TEXT},
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
        cut = _cut_settings(path)
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


def _cut_settings(path: Path) -> dict[str, Any]:
    """How texts are cut: in the folder of the module that modules.json names first, or in this one."""
    modules = [module for module in _settings(path, "modules.json") if module["type"].endswith("Transformer")]
    for place in dict.fromkeys((*(_inside(path, module) for module in modules[:1]), path)):
        # sentence_bert_config.json, sentence_roberta_config.json: older versions name it by the model
        for file in sorted(place.glob("sentence_*_config.json")):
            return dict(_checked_json(file, _SCHEMA["sentence_bert_config.json"]))
    return {}


def _inside(path: Path, module: dict[str, str]) -> Path:
    place = Path(module.get("path", ""))
    if place.is_absolute() or ".." in place.parts or "\0" in str(place):
        raise FormatError("names a folder outside this one", path=path / "modules.json", remedy=AGAIN)
    return path / place


def _model(path: Path) -> Path:
    """The model to read. `_PREFERRED` decides between several, the alphabet between those of one pattern."""
    models = sorted((path / "onnx").glob("*.onnx")) or sorted(path.glob("*.onnx"))
    preferred = [file for pattern in _PREFERRED for file in models if file.match(f"{pattern}.onnx")]
    if not models:
        rule = "is not the folder of a sentence encoder: it has no model in onnx/"
        remedy = snapshot_of(path) or "export the model to onnx/model.onnx"
        raise FormatError(rule, path=path, remedy=remedy)
    if not preferred and len(models) > 1:
        rule = f"has several models: {', '.join(file.name for file in models[:5])}"
        raise FormatError(rule, path=models[0].parent, remedy="keep one of them, or name it model.onnx")
    model = (preferred or models)[0]
    _check_size(model, _MODEL_BYTES, sum(file.stat().st_size for file in _with_data(model)[1:]))
    return model


def _with_data(model: Path) -> list[Path]:
    """A model, and the files of weights beside it, such as model.onnx_data."""
    files = (file for file in model.parent.iterdir() if file.is_file())
    return sorted(file for file in files if file.name.startswith(model.name))


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
        content = parse_json(file.read_bytes())
    if isinstance(content, dict):  # null stands for what is not said
        content = {name: value for name, value in content.items() if value is not None}
    check(content, schema, file, AGAIN)
    return content


def _pooling(path: Path) -> str:
    """How the states of a text become its vector; the mean if the folder does not say."""
    modules = _settings(path, "modules.json")
    for module in modules:
        kind = module["type"].rpartition(".")[2]
        if kind not in _MODULES:
            rule = f"has a module {kind!r}; an encoder that can be read has {', '.join(_MODULES)}"
            raise FormatError(rule, path=path / "modules.json", remedy="choose another encoder")
    places = [_inside(path, module) for module in modules if module["type"].endswith("Pooling")]
    file = (places[0] if places else path / "1_Pooling") / "config.json"
    return _pooling_of(file) if places or file.is_file() else "mean"


def _pooling_of(file: Path) -> str:
    schema = {"pooling_mode": _TEXT, "include_prompt": _BOOL}
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
    """The pieces of a text that are read, never more than the model has positions for."""
    config = _settings(path, "config.json")
    positions = config.get("max_position_embeddings")
    if positions is not None and config.get("model_type") in _SHIFTED:
        positions -= 1 + config.get("pad_token_id", 1)
    named = cut.get("max_seq_length")
    if named is None:
        named = _settings(path, "tokenizer_config.json").get("model_max_length")
    limits = (int(limit) for limit in (named, positions) if limit is not None and 1 <= limit <= _MOST)
    return min(limits, default=_LONGEST)


def _prompts(settings: dict[str, Any]) -> tuple[str, str]:
    """What is put before a question and before a passage, as sentence-transformers does."""
    prompts = settings.get("prompts", {})
    default = prompts.get(settings.get("default_prompt_name"), "")
    passage = next((prompts[name] for name in _PASSAGE if name in prompts), default)
    return prompts.get("query", default), passage


_REMEDY = "export it again with the inputs and outputs of a sentence encoder, or choose another encoder"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_STATES = ("last_hidden_state", "token_embeddings")
_VECTOR = "sentence_embedding"
_WHOLE = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_REAL = ("tensor(float)", "tensor(float16)")
_FATAL = 4  # of onnxruntime: errors are raised, so they are not printed, too
_CHARACTERS = 2048  # that a thread takes at a time, at most; a longer text is taken alone
_SAME = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (.*Status Message: |.*\. Error: )?", re.DOTALL)

_SHORT = 16  # pieces of texts that are read together: longer ones take as long each
_TOGETHER, _FEW = 16, 4  # texts; fewer than four take less time alone

Pieces = Sequence[Sequence[int]]
"""A number of each piece of some texts, which have as many pieces each."""


class _Piece(NamedTuple):
    ids: list[int]
    type_ids: list[int]


Out = TypeVar("Out")


class OnnxEncoder(SentenceEncoder):
    """A sentence encoder of a folder, see `EncoderFolder`. Threads can share it.

    `MissingExtra` if onnxruntime is not installed, `FormatError` if the folder holds no encoder that can be
    used.
    """

    def __init__(self, folder: str | os.PathLike[str], name: str | None = None) -> None:
        require("onnxruntime", "encoder", "a sentence encoder")
        self.folder = EncoderFolder.read(Path(folder))
        self.name = os.fspath(folder) if name is None else name
        self._tokenizer = _tokenizer(self.folder)
        self._session = _session(self.folder.model)
        self._run_options = _onnxruntime().RunOptions
        self._types = _input_types(self._session, self.folder.model)
        outputs = {output.name: output.type for output in self._session.get_outputs()}
        self._states = next((output for output in _STATES if outputs.get(output) in _REAL), None)
        self._vector = _VECTOR if outputs.get(_VECTOR) in _REAL else None
        if not self._states and not self._vector:
            wanted = ", ".join((*_STATES, _VECTOR))
            rule = f"has the outputs {', '.join(outputs)}; an encoder has one of {wanted}"
            raise FormatError(rule, path=self.folder.model, remedy=_REMEDY)
        self.pieces: int = self._tokenizer.get_vocab_size()  # that its tokenizer knows
        self.digest = self.folder.digest()
        self.place = os.fspath(Path(folder).absolute())
        # Its tokenizer may cut "a" into no pieces, as one of another script does; any has a piece 0.
        pieces = self._cut("a")
        pieces = pieces if pieces.ids else _Piece([0], [0])
        self._together: dict[int, bool] = {}  # by the number of pieces, once that is known
        self.dimensions = _alone(lambda: self._pooled([pieces])).shape[1]
        self._check_last_piece()

    def _check_last_piece(self) -> None:
        """Raise `FormatError` if the model lacks a piece, rather than when a text has it after an hour."""
        last = max(0, self._tokenizer.get_vocab_size(with_added_tokens=False) - 1)
        try:
            _alone(lambda: self._outputs(self._vector or str(self._states), [[last]], [[0]]))
        except Exception as error:  # of onnxruntime, which has several
            rule = f"does not read piece {last:,} of its tokenizer.json: the two are not of one encoder"
            raise FormatError(rule, path=self.folder.model, remedy=AGAIN) from error

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled by its folder: a session of onnxruntime is neither."""
        return OnnxEncoder, (self.place, self.name)  # another process may have another working directory

    @property
    def has_states(self) -> bool:
        """Whether the model gives the states of pieces, and not only vectors of whole texts."""
        return self._states is not None

    def states(
        self, texts: Sequence[str], *, advance: Advance = unwatched
    ) -> Iterator[tuple[int, Ints, Rows]]:
        """The states of the pieces of texts, without those that the tokenizer adds.

        They are the number of a text, where each piece ends in its characters, (p,), and states, (p, h). The
        texts come in order; one that is too long to be read at once comes in parts. `FormatError` if the
        model gives one vector for the whole text and no states.
        """
        if self._states is None:
            rule = "gives vectors of whole texts, not the states of pieces"
            raise FormatError(rule, path=self.folder.model, remedy="choose another encoder, or other vectors")
        number = 0
        for block in _in_threads(texts, lambda few: list(map(self._parts, few))):
            for parts in block:
                yield from ((number, *part) for part in parts)
                number += 1
            advance(len(block))

    def _blocks(self, texts: Sequence[str], question: bool) -> Iterator[Rows]:
        prompt = self.folder.question if question else self.folder.passage

        yield from _in_threads(texts, lambda few: self._encoded([prompt + text for text in few]))

    def _encoded(self, texts: Sequence[str]) -> Rows:
        """The vectors of texts, (n, h), of any length; zeros if its tokenizer cuts a text into no pieces."""
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        pieces = list(map(self._cut, texts))
        alike: dict[int, list[int]] = {}  # by the number of pieces
        for number, own in enumerate(pieces):
            alike.setdefault(len(own.ids), []).append(number)
        alike.pop(0, None)  # no model is made for this: a mean of nothing, and some fail
        for length, numbers in alike.items():
            for first in range(0, len(numbers), _TOGETHER):
                block = numbers[first : first + _TOGETHER]
                rows[block] = self._vectors([pieces[number] for number in block], length)
        return rows

    def _vectors(self, texts: Sequence[Any], length: int) -> Rows:
        """The vectors of texts that are cut into as many pieces each, (n, h).

        Short ones are read together, several times as fast, if that gives the same to the bit: it does where
        each number comes from one text, and not in a model that rounds all numbers of a block by one scale.
        """
        if length > _SHORT or len(texts) < _FEW or not self._together.get(length, True):
            return self._each(texts)
        # As many in each block as in the one that was compared, since sums may depend on the shape.
        filled = [*texts, *([texts[-1]] * (_TOGETHER - len(texts)))]
        if length in self._together:
            return self._pooled(filled)[: len(texts)]
        rows = self._each(texts)
        with suppress(FormatError):  # a model may read one text at a time only
            self._together[length] = np.array_equal(self._pooled(filled)[: len(texts)], rows)
        self._together.setdefault(length, False)
        return rows

    def _each(self, texts: Sequence[Any]) -> Rows:
        """The vectors of texts that are read one at a time, (n, h)."""
        return np.concatenate([self._pooled([text]) for text in texts])

    def _pooled(self, texts: Sequence[Any]) -> Rows:
        """The vectors of texts that are cut into as many pieces each, (n, h)."""
        ids, kinds = [text.ids for text in texts], [text.type_ids for text in texts]
        if self._vector is not None:
            return self._run(self._vector, ids, kinds, 2)
        states = self._run(str(self._states), ids, kinds, 3)
        with np.errstate(over="ignore"):  # the sum of large numbers may be infinite, which is refused
            pooled: Rows = states[:, 0] if self.folder.pooling == "cls" else states.mean(axis=1)
        self._check_finite("mean of the states", pooled)
        return pooled

    def _parts(self, text: str) -> list[tuple[Ints, Rows]]:
        """Ends and states of the pieces of a text, in parts that can be read at once."""
        before = len(self.folder.passage)
        whole = self._cut(self.folder.passage + text)
        parts = []
        for pieces in (whole, *whole.overflowing):
            ends = np.array(pieces.offsets, np.int64).reshape(-1, 2)[:, 1] - before
            kept = (np.array(pieces.special_tokens_mask) == 0) & (ends > 0)
            if kept.any():
                states = self._run(str(self._states), [pieces.ids], [pieces.type_ids], 3)
                parts.append((ends[kept], states[0, kept]))
        return parts

    def _cut(self, text: str) -> Any:
        with decoding(self.folder.tokenizer, "tokenizer.json"):
            return self._tokenizer.encode(text)

    def _run(self, output: str, ids: Pieces, kinds: Pieces, axes: int) -> Rows:
        """An output of the model for the pieces of texts: the states (n, p, h), or the vectors (n, h)."""
        with decoding(self.folder.model, "model of a sentence encoder", _REMEDY), _in_short():
            output_rows = self._outputs(output, ids, kinds)
        self._check(output, output_rows, (len(ids), len(ids[0]))[: axes - 1])
        rows: Rows = output_rows.astype(np.float32, copy=False)
        return rows

    def _outputs(self, output: str, ids: Pieces, kinds: Pieces) -> Any:
        """An output of the model, which may take for ever."""
        values = {"input_ids": np.array(ids, np.int64), "token_type_ids": np.array(kinds, np.int64)}
        values["attention_mask"] = np.ones_like(values["input_ids"])
        inputs = {name: values[name].astype(kind, copy=False) for name, kind in self._types.items()}
        options = self._run_options()
        with ended_by(lambda: setattr(options, "terminate", True)):
            return self._session.run([output], inputs, options)[0]

    def _check(self, output: str, rows: Array, first: tuple[int, ...]) -> None:
        """Raise `FormatError` for an output of another shape than (n, h) or (n, p, h), or without numbers."""
        shape = rows.shape
        if shape[:-1] != first or not shape[-1] or self.dimensions not in (0, shape[-1]):
            expected = ", ".join(map(str, (*first, self.dimensions or "h")))
            rule = f"the output {output} has the shape {shape}, expected ({expected})"
            raise FormatError(rule, path=self.folder.model, remedy=_REMEDY)
        self._check_finite(f"output {output}", rows)

    def _check_finite(self, name: str, values: Array) -> None:
        if not np.isfinite(values).all():
            rule = f"the {name} has values that are not finite numbers"
            raise FormatError(rule, path=self.folder.model, remedy="choose another encoder")


def _tokenizer(folder: EncoderFolder) -> Any:
    """The tokenizer, which cuts texts at the encoder's limit and not at its own."""
    tokenizer = load_tokenizer(folder.tokenizer, AGAIN)
    added = tokenizer.num_special_tokens_to_add(is_pair=False)
    if folder.longest <= added:
        rule = (
            f"reads {folder.longest} pieces of a text, and {added} of them are those that its tokenizer adds"
        )
        raise FormatError(
            rule, path=folder.path, remedy="correct max_seq_length in sentence_bert_config.json"
        )
    tokenizer.enable_truncation(folder.longest)
    if folder.lower:
        from tokenizers import normalizers

        others = [] if tokenizer.normalizer is None else [tokenizer.normalizer]
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *others])
    return tokenizer


def _session(model: Path) -> Any:
    """A session that runs a model in the thread that calls it."""
    onnxruntime = _onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    with decoding(model, "ONNX model", AGAIN), _in_short():
        return onnxruntime.InferenceSession(os.fspath(model), options, providers=["CPUExecutionProvider"])


@contextmanager
def _in_short() -> Iterator[None]:
    """Errors of onnxruntime without what is the same in all of them."""
    try:
        yield
    except Exception as error:
        raise RuntimeError(_SAME.sub("", str(error))) from error


def _onnxruntime() -> Any:
    """The module, which sends no reports to its maker: since 1.29 it does unless it is told not to."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when the module is imported
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # somebody else may have imported it before
    return onnxruntime


def _input_types(session: Any, model: Path) -> dict[str, Any]:
    """The type of each input; `FormatError` if the model needs others than an encoder."""
    given = {needed.name: needed.type for needed in session.get_inputs()}
    other = [name for name, kind in given.items() if name not in _INPUTS or kind not in _WHOLE]
    if other or "input_ids" not in given:
        listed = ", ".join(f"{name} ({kind})" for name, kind in given.items())
        rule = f"has the inputs {listed}; an encoder has whole numbers {', '.join(_INPUTS)}"
        raise FormatError(rule, path=model, remedy=_REMEDY)
    return {name: _WHOLE[kind] for name, kind in given.items()}


def _in_threads(texts: Sequence[str], work: Callable[[Sequence[str]], Out]) -> Iterator[Out]:
    """The results of ``work`` for all texts in order, some texts at a time.

    A thread takes so few texts at a time that all threads end together.
    """

    def share(part: tuple[int, int]) -> Out:
        stop_if_cancelled()
        return work(texts[slice(*part)])

    sizes = np.array([len(text) for text in texts], np.int64)
    # An iterator, since a list of one item would be worked on in this thread.
    return in_order(iter(cut(sizes, _CHARACTERS)), share)


def _alone(work: Callable[[], Out]) -> Out:
    """The result of a function that runs in a thread, so that Ctrl-C ends it whatever a model does."""
    return next(in_order(iter([work]), lambda work: work(), 1))
