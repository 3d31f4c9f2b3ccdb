"""`Run`: the result of a refinement, with the data needed to inspect it.

It is a plain record; `selfvec.storage.run_folder` reads and writes it, and `selfvec.apps.run` adds methods.
Once documents have come or gone since its vectors were made, it is a `selfvec.data.live_run.LiveRun`.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from inspect import signature
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

import numpy as np

from selfvec.base.answer import short_repr
from selfvec.base.arrays import Ints, Mask
from selfvec.base.checks import check_text
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.files.memory import release

from .provenance import Provenance
from .run_text import RunText
from .settings import Settings
from .token_batch import TokenBatch
from .trajectory import History, Trajectory
from .vectors import Vectors
from .word_lookup import rows_of

if TYPE_CHECKING:
    pass

_STATE = re.compile(r"-([2-9]|[1-9]\d{1,8})(?=$|\.)")


def state_name(name: str, state: int) -> str:
    """The name of a file or folder in a state of a run.

    >>> state_name("text.parquet", 1), state_name("text.parquet", 2), state_name("repeats", 2)
    ('text.parquet', 'text-2.parquet', 'repeats-2')
    """
    path = Path(name)
    return name if state == 1 else f"{path.stem}-{state}{path.suffix}"


def split_state(name: str) -> tuple[str, int]:
    """The name of a file or folder in the first state of a run, and the state that it belongs to.

    >>> split_state("text.parquet"), split_state("text-12.parquet"), split_state("repeats-2")
    (('text.parquet', 1), ('text.parquet', 12), ('repeats', 2))
    """
    number = _STATE.search(name)
    if number is None:
        return name, 1
    return name[: number.start()] + name[number.end() :], int(number[1])


T = TypeVar("T")

BASE = "base"
"""The name of the segment that the vectors were made of."""


class TopicName(NamedTuple):
    """A name that a person gave to a topic, and the terms by which the topic is found again."""

    name: str
    terms: tuple[str, ...]


class RunPart(Protocol):
    """Data of a run that are saved in a subfolder of the run folder."""

    def save(self, folder: Path) -> None:
        """Write into ``folder``, which does not exist yet."""


class AnyRun:
    """What functions take as a run: a state of one, or what takes one state after the other."""

    @property
    def present(self) -> Run:
        """What a function works on from its beginning to its end."""
        raise NotImplementedError

    @contextmanager
    def changing(self) -> Iterator[Callable[[Run], None]]:
        """Let nobody else give the run another state meanwhile; what is yielded gives it the next one."""
        yield lambda _: None


class Holder:
    """What never changes, and holds what is derived from it."""

    derived: dict[Any, Any]

    def __getstate__(self) -> dict[str, Any]:
        """The state that `pickle` and `copy` keep; what is derived or computed is made again."""
        names = chain.from_iterable(vars(cls).items() for cls in type(self).__mro__)
        computed = {name for name, value in names if isinstance(value, cached_property)}
        kept = {name: value for name, value in vars(self).items() if name not in computed}
        return kept | {"derived": {}}


@dataclass(frozen=True, eq=False)
class Segment(Holder):
    """Documents that came together. They never change, so what is computed from them is held with them."""

    name: str  # `BASE`, or the name of its file
    text: RunText
    read: TokenBatch | Callable[[], TokenBatch]  # its tokens, over types of its own
    later: Vectors | None = None  # its words that the vectors lack, with their rows; None of the first one
    encoded: RunPart | Path | None = None  # vectors of its texts by the run's encoder, or their folder
    derived: dict[Any, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def tokens(self) -> TokenBatch:
        """Its documents as ids of its own types."""
        return self.read() if callable(self.read) else self.read

    def __len__(self) -> int:
        return len(self.text)

    def held(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` returns, held as long as the segment is."""
        if key not in self.derived:
            self.derived[key] = make()
        value: T = self.derived[key]
        return value


@dataclass(frozen=True, eq=False)
class Part:
    """A segment, and which of its documents are gone."""

    segment: Segment
    gone: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # rising numbers

    def __len__(self) -> int:
        """Documents that are present."""
        return len(self.segment) - len(self.gone)

    @cached_property
    def present(self) -> Mask:
        """Which documents of the segment are present, (D,) bool."""
        present = np.ones(len(self.segment), bool)
        present[self.gone] = False
        return present

    @cached_property
    def numbers(self) -> Ints:
        """The numbers of the documents that are present, rising."""
        return np.flatnonzero(self.present)

    @cached_property
    def counts(self) -> Ints:
        """Occurrences of each type of the segment in the documents that are present, (V,)."""
        tokens = self.segment.tokens
        return tokens.counts - tokens.part(self.gone).counts if len(self.gone) else tokens.counts

    def without(self, gone: Mask) -> Part:
        """The same without further documents, (D,) bool; itself if there are none."""
        return replace(self, gone=np.flatnonzero(~self.present | gone)) if gone.any() else self


class Run(AnyRun, Holder):
    """The result of a refinement.

    Parameters
    ----------
    vectors : Vectors
        The refined vectors; ``vectors.counts`` holds the word counts.
    original : Vectors
        The vectors of the same words before refining; the run gives them the counts of ``vectors``.
    history : History, optional
        Recorded states.
    provenance : Provenance or mapping, optional
        How the run was made: the content of ``run.json``.
    report_json : mapping, optional
        The content of ``report.json``: ``{"health": ...}``.
    tokens : TokenBatch or callable, optional
        The corpus as ids of the run's words, or a function that loads it when it is first needed.
    text : RunText, optional
        The documents as they were written.
    parts : mapping, optional
        Further data by name (``repeats``, ``encoded``), saved with the run.
    folder : Path, optional
        The run folder, if the run was opened from one.
    state : int
        The number of the state that was opened; it is part of the names of files.
    stamp : str
        The checksum of the ``run.json`` that was opened, which tells this state from any other.

    Attributes
    ----------
    opened_from : tuple, optional
        The place of the ``run.json`` that was opened, and what tells whether it has been replaced since.
    derived : dict
        What `held` keeps: computed from this state of the run, and gone with it.
    topic_names : sequence of TopicName
        The names that a person gave to topics; topics with the same name are one.
    change : dict, optional
        What the update that returned this run has changed: numbers of documents, tokens and types.
    """

    def __init__(
        self,
        vectors: Vectors,
        original: Vectors,
        history: History | None = None,
        provenance: Mapping[str, Any] | None = None,
        report_json: Mapping[str, Any] | None = None,
        tokens: TokenBatch | Callable[[], TokenBatch | None] | None = None,
        text: RunText | None = None,
        parts: Mapping[str, RunPart] | None = None,
        folder: Path | None = None,
        state: int = 1,
        stamp: str = "",
    ) -> None:
        self.vectors = vectors
        if original.counts is not vectors.counts:  # lists of neighbours leave out the same rare words
            original = original if original.counts is None else copy.copy(original)
            original.counts = vectors.counts
        self.original = original
        self.history = history
        self.provenance = Provenance.of(provenance or {})
        self.report_json: dict[str, Any] = dict(report_json or {})
        self.parts: dict[str, RunPart] = dict(parts or {})
        self.text = text
        self.folder = folder
        self.state = state
        self.stamp = stamp
        self.opened_from: tuple[Path, object] | None = None
        self.derived = {}
        self.change: dict[str, Any] | None = None
        self.topic_names: Sequence[TopicName] = ()
        self._tokens = tokens

    @property
    def present(self) -> Run:
        """This state of the run."""
        return self

    @property
    def fitted_run(self) -> Run:
        """The run that the vectors were made with: itself, unless documents came or went since."""
        return self

    @property
    def segments(self) -> tuple[Part, ...]:
        """Its documents in parts, of which those that the vectors were made of are the first.

        `InputError` if the run has not kept its text.
        """
        reason = "so its documents cannot be changed"
        text, tokens = self.require_text(reason), partial(self.require_tokens, reason)
        return (Part(self.held("first segment", lambda: Segment(BASE, text, tokens))),)

    @property
    def later(self) -> Vectors | None:
        """The words that came since the vectors were made, with their rows; None if no document came."""
        return None

    def whole(self) -> Run:
        """The same in one piece: itself, unless documents came or went since the vectors were made.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.whole() is run
        True
        """
        return self

    def replace(self, **changes: Any) -> Self:
        """A copy with some of the constructor's arguments changed; `derived` is empty in the copy.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.replace(report_json={}).report_json
        {}
        """
        same = {name: getattr(self, name) for name in signature(Run).parameters if name != "tokens"}
        made = type(self)(**{**same, "tokens": self._tokens, **changes})
        made.topic_names = self.topic_names
        return made

    def held(self, name: str, make: Callable[[], T], of: Hashable = None, most: int = 1) -> T:
        """What `make` returns, held as long as this state of the run is.

        Of several with the same name, which differ in what they are ``of``, the latest ``most`` are held.
        Threads that need one at the same time may each make it, and no lock is left behind in a forked child.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.held("longest", lambda: max(run.vectors, key=len))
        'broke'
        """
        values: dict[Hashable, T] = self.derived.get(name, {})
        if of not in values:
            kept = islice(values.items(), most - 1)
            values = {of: make(), **dict(kept)}  # a new one, because threads may read the old
            self.derived[name] = values
        return values[of]

    def __repr__(self) -> str:
        method = self.provenance.method or "unknown method"
        tokens = self.provenance.tokens
        size = "" if tokens is None else f", {tokens:,} tokens"
        table = f"{len(self.vectors):,} words × {self.vectors.vector_size} dimensions"
        return short_repr(f"Run: {method}, {table}{size}", [], str(self.folder or ""))

    def as_dict(self) -> dict[str, Any]:
        """How the run was made, and its health.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.as_dict()["tokens"]
        8
        """
        made = {"run": str(self.folder or ""), **self.provenance, "health": self.health_report}
        return made | ({} if self.change is None else {"change": self.change})

    @cached_property
    def tokens(self) -> TokenBatch | None:
        """The corpus as ids of the run's words; None if the run does not hold it.

        Raises
        ------
        FormatError
            If the file in the run folder is damaged.
        """
        return self._tokens() if callable(self._tokens) else self._tokens

    def require_tokens(self, reason: str = "which this needs") -> TokenBatch:
        """`tokens`, or an `InputError` with the reason why they are needed.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.require_tokens().documents
        2
        """
        if self.tokens is None:
            rule = f"the run has not kept its tokens, {reason}"
            raise InputError(rule, path=self.folder, remedy="refine again, with the default of --keep")
        return self.tokens

    @property
    def _documents_of_tokens(self) -> int | None:
        return None if self.tokens is None else self.tokens.documents

    def require_text(self, reason: str = "which this needs") -> RunText:
        """`text`, or an `InputError` with the reason why it is needed.

        `FormatError` if it has another number of documents than the tokens.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> len(run.require_text())
        2
        """
        if self.text is None:
            rule = f"the run has not kept its text, {reason}"
            raise InputError(rule, path=self.folder, remedy="refine again, with the default of --keep")
        if (counted := self._documents_of_tokens) not in (None, len(self.text)):
            rule = f"the text has {len(self.text):,} documents, the tokens {counted:,}"
            raise FormatError(rule, path=self.folder, remedy="make the run again")
        return self.text

    def part(self, name: str) -> Path | None:
        """The folder of one of the run's parts; None if it is not there, or is a link.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.part("topics") is None
        True
        """
        path = None if self.folder is None else self.folder / state_name(name, self.state)
        return path if path is not None and path.is_dir() and not path.is_symlink() else None

    @cached_property
    def fingerprint(self) -> str:
        """A hash that is equal for runs with the same words, counts, refined vectors, method and options."""
        how = [self.provenance.get(name) for name in ("method", "options")]
        digest = hashlib.sha256(json.dumps([self.vectors.index_to_key, how], default=str).encode())
        counts = np.zeros(0) if self.vectors.counts is None else self.vectors.counts
        for array in (counts, self.vectors.vectors):
            digest.update(np.ascontiguousarray(array).data)
            release(array)  # a mapped matrix would stay in memory as a whole
        return digest.hexdigest()

    @property
    def health_report(self) -> dict[str, Any]:
        """The figures of the health report, with its findings.

        Raises
        ------
        InputError
            If the run has no health report.
        """
        if "health" not in self.report_json:
            raise InputError("the run has no health report", path=self.folder, remedy="make the run again")
        figures: dict[str, Any] = self.report_json["health"]
        if since := self.provenance.since_vectors:
            worth = self.provenance.worth_refining
            level, remedy = ("warn", "refine again: selfvec update RUN") if worth else ("ok", None)
            finding = {"kind": "new documents", "says": since, "level": level, "remedy": remedy}
            figures = {**figures, "since": self.provenance.live, "findings": [*figures["findings"], finding]}
        return figures

    def path(self, word: str) -> Trajectory:
        """The recorded path of a word, from its original to its final vector.

        Raises
        ------
        InputError
            If the word is not in the run.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.path("hail")
        Trajectory of 'hail': 3 states, at last 0.929 to the first
        """
        index = self.index(word)
        original = self.original.unit[index]
        final = self.vectors.unit[index]
        assert self.vectors.counts is not None
        passes = 1 if self.provenance.epochs is None else self.provenance.epochs
        updates = int(self.vectors.counts[index]) * passes
        if self.history is None:
            rows = np.stack([original, final])
            return Trajectory(word, np.array([0, updates], np.int64), rows)
        return self.history.trajectory(word, index, original, final, updates)

    def index(self, word: str) -> int:
        """Row of a word, looked up as written, in lower case and in title case.

        Raises
        ------
        InputError
            If the word is not in the run. The error suggests similar spellings.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> run.index("Hail")
        1
        """
        check_text("word", word)
        return rows_of([word], [self.vectors], self.provenance.language)[0][0][1]

    def rows(self, words: Sequence[str]) -> tuple[list[int], list[dict[str, Any]]]:
        """Rows of the words that occur in the run, and the reasons why others are left out, see `rows_of`.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated").present
        >>> rows, unknown = run.rows(["hail", "snow"])
        >>> len(rows), unknown[0]["word"]
        (1, 'snow')
        """
        rows, unknown = rows_of(words, [self.vectors], self.provenance.language)
        return [row for _, row in rows], unknown

    @cached_property
    def settings(self) -> Settings:
        """The options that the run was made with.

        Raises
        ------
        FormatError
            If they do not go together.
        """
        try:
            return Settings(**self.provenance.options)
        except (TypeError, OptionError) as error:
            rule = f"the options in run.json are damaged ({error})"
            raise FormatError(rule, path=self.folder, remedy="make the run again") from None
