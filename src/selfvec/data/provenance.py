"""`Provenance`: how a run was made. It is the content of ``run.json``.

Each field is declared once, with its type, its name in the file and the values that a file may hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from functools import cached_property
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from selfvec.base.casing import language_of
from selfvec.files.text_files import COUNT, Schema

from .methods import METHODS
from .settings import Settings, stored_option

Json = Mapping[str, Any]

_ABSENT: Json = MappingProxyType({})
"""The value of a field that is not in the file."""

_TEXT_OR_NONE = (str, None)
_FIGURE = (float, None)

_FILE = {
    "path": str,
    "kind": str,
    "bytes": (COUNT, None),
    "sha256": str,
    "text_fields": [str],
    "date_field": _TEXT_OR_NONE,
}
_CORPUS = {
    "description": str,
    "files": [_FILE],
    "documents": COUNT,
    "bad_rows": COUNT,
    "date_orders": [str],
    "text_fields": [str],
    "text_given": bool,
    "date_field": _TEXT_OR_NONE,
    "date_given": bool,
    "slice_field": _TEXT_OR_NONE,
    "id_field": _TEXT_OR_NONE,
    "slice_by_name": bool,
    "unread_fields": [str],
    "kept_fields": ([str], None),
    "notes": [str],
}
_TEXT = {
    "tokenizer": str,
    **dict.fromkeys(("documents", "sentences", "empty", "raw_tokens", "tokens", "types"), COUNT),
    "raw_types": (COUNT, None),
    "kept_from": COUNT,
    "language": _TEXT_OR_NONE,
    "dropped": {str: COUNT},
}
_VECTORS: dict[Any, Any] = {
    ...: ("name",),
    "name": str,
    "path": str,
    "bytes": COUNT,
    "sha256": str,
    "words": COUNT,
    "dimensions": COUNT,
    "notes": [str],
}
_PHRASE: dict[Any, Any] = {
    ...: ("term",),
    "term": str,
    "count": COUNT,
    "pmi": _FIGURE,
    "npmi": _FIGURE,
    "c_value": _FIGURE,
}
_ENCODER: dict[Any, Any] = {
    ...: ("name", "digest", "dimensions"),
    **dict.fromkeys(("name", "digest", "reason"), str),
    "path": _TEXT_OR_NONE,
    **dict.fromkeys(("dimensions", "passages", "of", "words"), COUNT),
    "initial": bool,
    "scores": {"usual": float, "joined": float},
}
_REPEATS = {
    "counted": ("once", "all"),
    **dict.fromkeys(("passages", "documents", "tokens", "example_documents"), COUNT),
    "share": float,
    "example": str,
    "templates": bool,
}


def _stored(schema: Schema, default: Any = None, *, key: str | None = None, required: bool = False) -> Any:
    """A field of ``run.json``: the values it may hold, and its name there if it differs from the field's."""
    metadata = {"schema": schema, "key": key, "required": required}
    if default is _ABSENT:  # a mapping, which dataclasses refuse as a default
        return field(default_factory=lambda: _ABSENT, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, eq=False, kw_only=True)
class Provenance(Mapping[str, Any]):
    """How a run was made: its method, options, text, initial vectors, versions and timings.

    The fields are read as attributes. ``provenance["tokens"]`` and ``dict(provenance)`` give the content of
    ``run.json``, in which a few fields have other names. Fields that are None are not in the file.
    """

    method: str | None = _stored(tuple(METHODS), required=True)  # never "auto"
    tokens: int | None = _stored(COUNT, required=True)
    types: int | None = _stored(COUNT, required=True)
    documents: int | None = _stored(COUNT)
    window: int | None = _stored(range(1, 1 << 31), required=True)  # tokens, the word itself included
    passes: int | None = _stored(range(1 << 17), key="epochs", required=True)
    learning_rate: float | None = _stored(_FIGURE)  # None: the method has none
    seed: int = _stored(range(1 << 128), 0, required=True)
    dimensions: int | None = _stored(range(1 << 31), required=True)
    options: Json = _stored({of.name: stored_option(of.name) for of in fields(Settings)}, _ABSENT)
    corpus: Json = _stored(_CORPUS, _ABSENT)  # from `selfvec.corpus.summary.Summary`
    text: Json = _stored(_TEXT, _ABSENT)  # from `selfvec.text.Encoding`
    vectors: Json = _stored(_VECTORS, _ABSENT, required=True)  # name, hash and size of the initial vectors
    option_files: Json = _stored({str: str}, _ABSENT)  # SHA-256 of the files that options name
    coverage: Json = _stored({str: {str: COUNT}}, _ABSENT)  # from `selfvec.data.vectors`
    sources: Json = _stored({str: COUNT}, _ABSENT)  # number of words by source of their refined vector
    history: Json = _stored({"records": COUNT, "bytes": COUNT}, _ABSENT)
    environment: Json = _stored({}, _ABSENT)  # versions of software
    timings: Mapping[str, float] = _stored({str: float}, _ABSENT)  # seconds by stage
    repeats: Json | None = _stored(_REPEATS)  # from `selfvec.text.repeats`
    phrases: Json | None = _stored({"rows": [_PHRASE], "tokens": COUNT})  # that became tokens
    decision: Json | None = _stored({})  # how ``auto`` chose the method
    steps: Sequence[Json] = _stored([{}], (), key="grown")  # updates and merges, the oldest first
    vectors_decision: Json | None = _stored({}, key="table_decision")  # how the initial vectors were chosen
    cluster: Json | None = _stored({})  # shards and workers
    encoder: Json | None = _stored(_ENCODER)  # see `selfvec.encoders.run_encoder`
    others: Json = field(default_factory=dict)  # names that this version does not know

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Provenance:
        """The record of the content of a ``run.json``; empty for a run of unknown origin."""
        if isinstance(content, Provenance):
            return content
        names = {_key(of): of.name for of in fields(cls) if of.metadata}
        known = {names[key]: value for key, value in content.items() if key in names}
        others = {key: value for key, value in content.items() if key not in names}
        return cls(**known, others=others)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What ``run.json`` may hold, for `selfvec.files.text_files.check`."""
        return {_key(of): of.metadata["schema"] for of in fields(cls) if of.metadata}

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Names that a ``run.json`` with options has."""
        return tuple(_key(of) for of in fields(cls) if of.metadata.get("required"))

    def replace(self, **changes: Any) -> Provenance:
        """A copy with other values for some fields."""
        return replace(self, **changes)

    @property
    def language(self) -> str:
        """The language of the text; English if no option gives it."""
        return language_of(self.options)

    @property
    def notes_on_vectors(self) -> list[str]:
        """What there is to know about the initial vectors, a sentence each."""
        name = self.vectors.get("name")
        return [f"vectors {name}: {note}" for note in self.vectors.get("notes", ())]

    @property
    def corpus_name(self) -> str:
        """The files that the text was read from, without their folders, or else a description of it."""
        files = [PurePath(str(file.get("path", ""))).name for file in self.corpus.get("files", [])]
        if not files:
            return str(self.corpus.get("description", "a text"))
        return f"{files[0]}{f' and {len(files) - 1:,} more' if len(files) > 1 else ''}"

    @cached_property
    def _content(self) -> dict[str, Any]:
        """The content of ``run.json``: the fields that are there, then unknown names."""
        content = {_key(of): getattr(self, of.name) for of in fields(self) if of.metadata}
        kept = {key: value for key, value in content.items() if not (value is None or value is _ABSENT)}
        if not self.steps:
            del kept["grown"]
        if self.method is None:
            del kept["seed"]
        else:
            kept = {key: content[key] for key in content if key in kept or key == "learning_rate"}
        return {**kept, **self.others}

    def __getitem__(self, name: str) -> Any:
        return self._content[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


def _key(of: Field[Any]) -> str:
    """The name of a field in ``run.json``."""
    key: str | None = of.metadata["key"]
    return key or of.name
