"""`Provenance`: how a run was made. It is the content of ``run.json``.

A file is checked for the types of the fields, see `schema`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from selfvec.base.casing import language_of
from selfvec.base.declarations import Kind
from selfvec.base.display import count_of

Json = Mapping[str, Any]

_ABSENT: Json = MappingProxyType({})
"""The value of a field that is not in the file."""

# When refining again is worth it, see docs/results/search.md#documents-that-came-later. Documents of the
# same kind cost search little up to a fifth of all: 3 to 5 % of their words are new to the vectors. Of those
# of another kind 10 to 15 % are, and search loses from a twentieth of all on.
_MANY = 0.2  # of the documents
_SOME = 0.05
_LACKING = 0.075  # of the words that came


def _absent() -> Any:
    """A mapping that is not in the file by default."""
    return field(default_factory=lambda: _ABSENT)  # dataclasses refuse a mapping itself as a default


PIECES = "counted in pieces of characters, not in words of a dictionary"
"""What every table of such counts says."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Provenance(Mapping[str, Any]):
    """How a run was made: its method, options, text, initial vectors, versions and timings.

    The fields are read as attributes. ``provenance["tokens"]`` and ``dict(provenance)`` give the content of
    ``run.json``. Fields that are None are not in the file.
    """

    method: str | None = None  # never "auto"; None for a run of unknown origin
    tokens: int | None = None
    types: int | None = None
    documents: int | None = None
    window: int | None = None  # tokens, the word itself included
    epochs: int | None = None  # passes over the text
    learning_rate: float | None = None  # None: the method has none
    seed: int = 0
    dimensions: int | None = None
    options: Json = _absent()  # from `selfvec.data.settings.Settings`
    corpus: Json = _absent()  # from `selfvec.corpus.summary.Summary`
    text: Json = _absent()  # from `selfvec.text.Encoding`
    vectors: Json = _absent()  # name, hash and size of the initial vectors
    option_files: Json = _absent()  # SHA-256 of the files that options name
    coverage: Json = _absent()  # from `selfvec.data.vectors`
    sources: Json = _absent()  # number of words by source of their refined vector
    history: Json = _absent()  # numbers of records and bytes
    environment: Json = _absent()  # versions of software
    timings: Mapping[str, float] = _absent()  # seconds by stage
    repeats: Json | None = None  # from `selfvec.text.repeats`
    phrases: Json | None = None  # that became tokens, and these tokens
    decision: Json | None = None  # how ``auto`` chose the method
    grown: Sequence[Json] = ()  # updates and merges, the oldest first
    table_decision: Json | None = None  # how the initial vectors were chosen
    cluster: Json | None = None  # shards and workers
    encoder: Json | None = None  # see `selfvec.encoders.run_encoder`
    variants: Mapping[str, str] = _absent()  # the word of each, in a run in memory that counts them as one
    live: Json = _absent()  # what came since the vectors were made, see `selfvec.data.live_run`
    others: Json = field(default_factory=dict)  # names that this version does not know

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Provenance:
        """The record of the content of a ``run.json``; empty for a run of unknown origin."""
        if isinstance(content, Provenance):
            return content
        names = _names()
        given = {name: value for name, value in content.items() if name in names}
        others = {name: value for name, value in content.items() if name not in names}
        return cls(**given, others=others)

    def replace(self, **changes: Any) -> Provenance:
        return replace(self, **changes)

    @property
    def language(self) -> str:
        """The language of the text; English if no option gives it."""
        return language_of(self.options)

    @property
    def tokenizer(self) -> str:
        """What cut the text: the option, and for "words" what that was in text without spaces."""
        asked = str(self.options.get("tokenizer") or "words")
        return str(self.text.get("tokenizer", asked)) if asked == "words" else asked

    @property
    def notes_on_pieces(self) -> list[str]:
        """What was said of a text that is counted in pieces of characters, if it is."""
        return [note for note in self.corpus.get("notes", ()) if PIECES in note]

    @property
    def notes_on_vectors(self) -> list[str]:
        """What there is to know about the initial vectors, a sentence each."""
        name = self.vectors.get("name")
        return [f"vectors {name}: {note}" for note in self.vectors.get("notes", ())]

    @property
    def worth_refining(self) -> bool:
        """Whether so much came since the vectors were made that search gains by making them again."""
        if not self.live:
            return False
        share = self.live["documents"] / max(self.documents or 0, 1)
        return bool(share > _MANY or (share >= _SOME and self._lacking(self.live) > _LACKING))

    @staticmethod
    def _lacking(came: Json) -> float:
        """The share of the words that came which the vectors lack."""
        return float(came["without_vector"] / max(came["tokens"], 1))

    @property
    def since_vectors(self) -> str:
        """What came since the vectors were made, and whether refining is worth it; empty if nothing came."""
        if not self.live:
            return ""
        came = self.live
        parts = [
            f"{count_of(came['documents'], 'document')} came, {came['gone']:,} went",
            f"{self._lacking(came):.1%} of the words that came have no vector of their own",
        ]
        if not_encoded := came.get("not_encoded"):
            parts.append(f"{count_of(not_encoded, 'passage')} not encoded")
        before = (self.documents or 0) - came["documents"]
        least = f"from {count_of(math.ceil(before * _MANY / (1 - _MANY)), 'document')} on"
        parts.append(f"refining again is worth it {'now' if self.worth_refining else least}")
        return "; ".join(parts)

    @property
    def corpus_name(self) -> str:
        """The files that the text was read from, without their folders, or else a description of it.

        >>> given = [[{"path": f"a/{i}.csv"} for i in range(n)] for n in (1, 3)]
        >>> [Provenance.of({"corpus": {"files": files}}).corpus_name for files in given]
        ['0.csv', '0.csv and 2 more']
        """
        files = [PurePath(str(file.get("path", ""))).name for file in self.corpus.get("files", [])]
        if not files:
            return str(self.corpus.get("description", "a text"))
        return f"{files[0]}{f' and {len(files) - 1:,} more' if len(files) > 1 else ''}"

    @cached_property
    def _content(self) -> dict[str, Any]:
        """The content of ``run.json``: the fields that are there, then unknown names."""
        content = {name: getattr(self, name) for name in _names()}
        kept = {key: value for key, value in content.items() if not (value is None or value is _ABSENT)}
        if not self.grown:
            del kept["grown"]
        if self.method is None:
            del kept["seed"]
        else:
            # Null says that the method has no rate.
            kept = {key: content[key] for key in content if key in kept or key == "learning_rate"}
        return {**kept, **self.others}

    def __reduce__(self) -> tuple[Any, ...]:
        """What `pickle` keeps: the content, because the value of absent fields cannot be pickled."""
        return Provenance.of, (dict(self),)

    def __getitem__(self, name: str) -> Any:
        return self._content[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


_TYPES: Mapping[str, Any] = {
    **{name: Kind(name).fault for name in ("str", "int", "float")},
    "Json": {},
    "Mapping[str, float]": {str: Kind("float").fault},
    "Mapping[str, str]": {str: Kind("str").fault},
    "Sequence[Json]": [{}],
}
"""The schemas of the types of the fields."""


def schema() -> dict[Any, Any]:
    """What is in a ``run.json``, if it is there, as `selfvec.files.text_files` describes it."""
    types = {of.name: str(of.type).removesuffix(" | None") for of in fields(Provenance)}
    return {name: _TYPES[types[name]] for name in _names()}


def _names() -> list[str]:
    return [of.name for of in fields(Provenance) if of.name != "others"]
